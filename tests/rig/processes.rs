//! The processes under test, and what they cost the machine.
#![expect(clippy::disallowed_methods, reason = "it waits for real processes, outside the switch")]

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A child that ends with its handle.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, once it has.
    pub(crate) fn has_ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().expect("it is our child")
    }

    /// Waits until it listens; whether it did before it ended.
    pub(crate) fn listens(&mut self) -> bool {
        let give_up = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(self.address).is_err() {
            if self.has_ended().is_some() {
                return false;
            }
            assert!(Instant::now() < give_up, "it does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn wait_for_end(&mut self, why: &str) -> std::process::ExitStatus {
        let give_up = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.has_ended() {
                return status;
            }
            assert!(Instant::now() < give_up, "it does not end: {why}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Kills it where it stands (SIGKILL).
    pub(crate) fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to drain and waits; kills it when it does not.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let give_up = Instant::now() + Duration::from_secs(20);
        while Instant::now() < give_up {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address")
}

fn spawn(command: &mut Command, address: SocketAddr, log: &Path) -> Process {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(log).expect("a log");
    let child = command
        // Every SWITCHD_ variable is a setting; the tests' own is none.
        .env_remove("SWITCHD_TEST_POSTGRES")
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log"))
        .stderr(log)
        .spawn()
        .expect("the program starts");
    Process { child, address }
}

fn start(command: &mut Command, address: SocketAddr, log: &Path) -> Process {
    let mut process = spawn(command, address, log);
    assert!(process.listens(), "it ended at once; see {}", log.display());
    process
}

/// The sandbox card host as a process of its own.
pub(crate) fn card_host(switchd: &Path, folder: &Path, book: Option<&Path>) -> Process {
    card_host_at(switchd, folder, book, free_address(), 0)
}

/// The same at an address it may have had before, and so many milliseconds behind each request: what is killed
/// then has booked what it never answered.
pub(crate) fn card_host_at(
    switchd: &Path,
    folder: &Path,
    book: Option<&Path>,
    address: SocketAddr,
    behind_ms: u64,
) -> Process {
    let mut command = Command::new(switchd);
    command.args(["sandbox", "card-host", "--late-ms", "700", "--listen", &address.to_string()]);
    command.args(["--service-time-ms", &behind_ms.to_string()]);
    if let Some(book) = book {
        command.arg("--book").arg(book);
    }
    start(&mut command, address, &folder.join("card-host.log"))
}

/// How it is connected with the card host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CardLinks {
    /// As the sandbox's file says.
    Usual,
    /// Time-outs and waits in tenths of seconds instead of minutes.
    Impatient,
    /// Two impatient links: one that takes a single payment at a time and may be asked what became of it, and
    /// one for the others that may only be reversed on.
    Two,
}

/// How the daemon is run.
pub(crate) struct Setup<'a> {
    pub(crate) switchd: &'a Path,
    pub(crate) folder: &'a Path,
    pub(crate) database: &'a str,
    pub(crate) journal: &'a str,
    pub(crate) card_host: SocketAddr,
    pub(crate) in_flight_max: usize,
    /// Where terminals may call, if anywhere.
    pub(crate) pos: Option<SocketAddr>,
    pub(crate) card_links: CardLinks,
    /// What the environment says besides.
    pub(crate) environment: &'a [(&'a str, String)],
}

/// The daemon as a process of its own, ready and signed on to the card host.
pub(crate) fn daemon(setup: &Setup<'_>) -> (Process, SocketAddr) {
    let (mut process, ops) = daemon_listening(setup);
    wait_until_signed_on(&mut process, ops);
    (process, ops)
}

/// Waits for the link with the card host.
pub(crate) fn wait_until_signed_on(process: &mut Process, ops: SocketAddr) {
    let give_up = Instant::now() + Duration::from_secs(30);
    while !get(ops, "/metrics").contains("switchd_connector_up{connector=\"card\"} 1") {
        if let Some(status) = process.has_ended() {
            panic!("it ended before it signed on: {status}; see its log");
        }
        assert!(Instant::now() < give_up, "it does not sign on; see its log");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The daemon as soon as it listens.
fn daemon_listening(setup: &Setup<'_>) -> (Process, SocketAddr) {
    let (mut process, ops) = daemon_begun(setup);
    assert!(process.listens(), "it ended at once; see its log");
    (process, ops)
}

/// The daemon as soon as there is a process.
pub(crate) fn daemon_begun(setup: &Setup<'_>) -> (Process, SocketAddr) {
    let (config, http, ops) = configure(setup);
    let mut command = Command::new(setup.switchd);
    command.args(["serve", "--config"]).arg(&config);
    command.envs(setup.environment.iter().map(|(name, value)| (name, value)));
    (spawn(&mut command, http, &setup.folder.join("switchd.log")), ops)
}

/// Writes the daemon's settings: the file, the address of its API and that of its operators.
pub(crate) fn configure(setup: &Setup<'_>) -> (PathBuf, SocketAddr, SocketAddr) {
    let (http, ops) = (free_address(), free_address());
    let config = setup.folder.join(format!("switchd-{}.toml", setup.journal));
    std::fs::write(&config, super::config::text(setup, http, ops)).expect("a file");
    (config, http, ops)
}

/// The body of a plain GET.
pub(crate) fn get(address: SocketAddr, path: &str) -> String {
    use std::io::{Read, Write};
    let Ok(mut stream) = TcpStream::connect(address) else { return String::new() };
    let _ = write!(stream, "GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n");
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    text
}

/// A value of the metrics page.
pub(crate) fn metric(ops: SocketAddr, name: &str) -> f64 {
    let page = get(ops, "/metrics");
    page.lines()
        .filter_map(|line| line.strip_prefix(name))
        .find_map(|rest| rest.trim().parse().ok())
        .unwrap_or(0.0)
}

/// CPU seconds a process has used (ticks of 10 ms).
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = |n: usize| -> f64 {
        after_name.split_whitespace().nth(n).and_then(|t| t.parse().ok()).unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}

/// CPU seconds of all processes of a name, such as PostgreSQL's.
pub(crate) fn cpu_seconds_of(name: &str) -> f64 {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            let comm = std::fs::read_to_string(format!("/proc/{pid}/comm"));
            comm.is_ok_and(|comm| comm.trim() == name)
        })
        .map(cpu_seconds)
        .sum()
}

/// Resident memory, MiB.
pub(crate) fn resident_mib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(0.0, |kib| kib / 1024.0)
}

/// A folder that goes with its handle.
pub(crate) struct Folder(pub PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("switchd-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::env::var_os("RIG_KEEP").is_none() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}
