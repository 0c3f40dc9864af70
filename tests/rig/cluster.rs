//! A PostgreSQL of a rig's own, to be killed: on a socket in its folder and on nothing else.
#![expect(clippy::disallowed_methods, reason = "it waits for a real process, outside the switch")]

use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::Connection;

use super::processes::Folder;

/// The server; it ends with its handle.
pub(crate) struct Cluster {
    folder: Folder,
    server: Child,
}

/// A function of the script that also serves `tests/run`.
fn script(function: &str, folder: &Folder) -> Command {
    let mut command = Command::new("bash");
    let text = format!(". tests/support/pg.sh && {function} {}", folder.0.display());
    command.args(["-c", &text]).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

fn serve(folder: &Folder) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.0.join("server.log"));
    let log = log.expect("a log");
    let mut command = script("pg_serve", folder);
    command.stdout(log.try_clone().expect("a log")).stderr(log).spawn().expect("bash is there")
}

impl Cluster {
    pub(crate) async fn start(name: &str) -> Self {
        let folder = Folder::new(name);
        let made = script("pg_init", &folder).status().expect("bash is there");
        assert!(made.success(), "no cluster in {:?}", folder.0);
        let mut cluster = Self { server: serve(&folder), folder };
        cluster.wait_until_it_listens();
        // Until it has started up it turns callers away.
        let give_up = Instant::now() + Duration::from_secs(30);
        while let Err(error) = sqlx::PgConnection::connect(&cluster.url()).await {
            assert!(Instant::now() < give_up, "PostgreSQL does not answer: {error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        cluster
    }

    /// Its maintenance database.
    pub(crate) fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user=postgres", self.folder.0.display())
    }

    /// Stops it as `pg_ctl stop -m immediate` does, with nothing written out, and starts it again.
    pub(crate) fn kill_and_start(&mut self) {
        self.signal("QUIT");
        self.server.wait().expect("it is our child");
        self.server = serve(&self.folder);
        self.wait_until_it_listens();
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.server.id().to_string()]).status();
        assert!(sent.expect("kill is there").success(), "the server was gone");
    }

    /// Its socket is there as soon as it listens; while it recovers it turns its callers away.
    fn wait_until_it_listens(&mut self) {
        let give_up = Instant::now() + Duration::from_secs(30);
        while UnixStream::connect(self.folder.0.join(".s.PGSQL.5432")).is_err() {
            assert_eq!(self.server.try_wait().expect("it is our child"), None, "see its server.log");
            assert!(Instant::now() < give_up, "PostgreSQL does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Ok(None) = self.server.try_wait() {
            self.signal("QUIT");
            let _ended = self.server.wait();
        }
    }
}
