//! Payments per second, end to end and durable, beside their yardsticks.
//!
//! `cargo bench --bench pay` starts the daemon and the sandbox card host as
//! processes of their own, lets keep-alive clients pay by card over the HTTP API,
//! and prints payments/s, quantiles, CPU and commits per payment for both engines
//! and, interleaved in the same run, the plain baseline (the same daemon with a
//! transaction per step and payment), the bare commit rate of the engine and the
//! rate of a no-op JSON POST. Ratios count, not seconds: see benches/README.md.
#![expect(clippy::print_stdout, reason = "it is a report")]

#[path = "pay/load.rs"]
mod load;
#[path = "../tests/rig/mod.rs"]
#[expect(dead_code, reason = "the crash loop uses the rest of the rig")]
mod rig;
#[path = "pay/yardsticks.rs"]
mod yardsticks;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use load::{Arrivals, Requests, Seen};
use rig::database::Database;
use rig::processes::{self, CardLinks, Folder, Process, Setup, cpu_seconds, cpu_seconds_of};
use rig::seed::Seeds;

const SWITCHD: &str = env!("CARGO_BIN_EXE_switchd");
const WARM_UP: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct Options {
    engines: Vec<String>,
    seconds: u64,
    rounds: usize,
    stored: usize,
    only: Option<String>,
}

fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let value =
        |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1)).map(String::as_str);
    if let Some(address) = value("--noop-server") {
        yardsticks::noop_server(address.parse().expect("an address"));
        return std::process::ExitCode::SUCCESS;
    }
    if std::env::var_os("SWITCHD_TEST_POSTGRES").is_none() && value("--engine") != Some("sqlite") {
        // The private PostgreSQL of the test command, for as long as this runs.
        let own = std::env::current_exe().expect("this program");
        let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run");
        let status = std::process::Command::new(run).arg("pg").arg(own).args(&args).status();
        let ended_well = status.is_ok_and(|status| status.success());
        return std::process::ExitCode::from(u8::from(!ended_well));
    }
    let number = |name: &str, default| value(name).map_or(default, |v| v.parse().expect(name));
    let options = Options {
        engines: match value("--engine") {
            Some(one) => vec![one.to_owned()],
            None => vec!["postgres".into(), "sqlite".into()],
        },
        seconds: number("--seconds", 5) as u64,
        rounds: number("--rounds", 3),
        stored: number("--stored", 0),
        only: value("--only").map(str::to_owned),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run(options));
    std::process::ExitCode::SUCCESS
}

/// Requests that pay each seeded bill once.
fn payments(seeds: Seeds, run: usize) -> Arc<Requests> {
    Requests::new(move |turn, out| {
        let Some((bill, card)) = seeds.pairs.get(turn) else { return false };
        let key = format!("bench-{run:08}-{turn:08}");
        rig::http::write_payment(out, &seeds.token, &key, bill, card);
        true
    })
}

fn noops() -> Arc<Requests> {
    Requests::new(|turn, out| {
        use std::io::Write;
        let body = format!(r#"{{"bill":"bil_{turn:014}","method":"card","card":"crd_{turn:014}"}}"#);
        let written = write!(
            out,
            "POST /v1/payments HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len(),
        );
        written.is_ok()
    })
}

/// One kind of run with its results over the rounds.
struct Series {
    name: String,
    rates: Vec<f64>,
    p50: Vec<f64>,
    p95: Vec<f64>,
    p99: Vec<f64>,
    daemon_us: Vec<f64>,
    host_us: Vec<f64>,
    database_us: Vec<f64>,
    commits: Vec<f64>,
}

impl Series {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            rates: vec![],
            p50: vec![],
            p95: vec![],
            p99: vec![],
            daemon_us: vec![],
            host_us: vec![],
            database_us: vec![],
            commits: vec![],
        }
    }

    fn add(&mut self, seen: &mut Seen) {
        for (status, text) in &seen.unexpected {
            println!("  UNEXPECTED {} {status}: {text}", self.name);
        }
        if seen.ran_out {
            println!("  {}: ran out of seeded bills; the figure is too low", self.name);
        }
        self.rates.push(seen.per_second());
        self.p50.push(seen.quantile_ms(0.50));
        self.p95.push(seen.quantile_ms(0.95));
        self.p99.push(seen.quantile_ms(0.99));
    }

    fn print(&self) {
        let cpu = |list: &[f64]| {
            if list.is_empty() { String::from("     -") } else { format!("{:6.0}", median(list)) }
        };
        println!(
            "{:<28} {:>8.0} {:>8.0}..{:<8.0} {:>7.2} {:>7.2} {:>7.2}  {} {} {}  {:>6}",
            self.name,
            median(&self.rates),
            self.rates.iter().copied().fold(f64::INFINITY, f64::min),
            self.rates.iter().copied().fold(0.0, f64::max),
            median(&self.p50),
            median(&self.p95),
            median(&self.p99),
            cpu(&self.daemon_us),
            cpu(&self.host_us),
            cpu(&self.database_us),
            if self.commits.is_empty() { "-".to_owned() } else { format!("{:.3}", median(&self.commits)) },
        );
    }
}

fn median(list: &[f64]) -> f64 {
    let mut sorted = list.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

fn heading() {
    println!(
        "{:<28} {:>8} {:>18} {:>7} {:>7} {:>7}  {:>6} {:>6} {:>6}  {:>6}",
        "", "per s", "range", "p50 ms", "p95 ms", "p99 ms", "daemon", "host", "db", "commit"
    );
    println!("{:>89} us of CPU a payment   each", "");
}

struct Bench {
    options: Options,
    folder: Folder,
    runs: usize,
}

impl Bench {
    /// Seeds, starts host and daemon, runs `body`, stops both.
    async fn closed(&mut self, database: &mut Database, journal: &str, clients: usize, series: &mut Series) {
        let expected = if journal == "group" { 22_000 } else { 4_000 };
        let seconds = self.options.seconds + WARM_UP.as_secs();
        let seeds = database.seed(expected * seconds as usize).await;
        let host = processes::card_host(Path::new(SWITCHD), &self.folder.0, None);
        let (daemon, ops) = self.daemon(database, journal, &host, 1024);
        self.runs += 1;
        let requests = payments(seeds, self.runs);
        let before = Cost::of(&daemon, &host, ops);
        let (measured, turns) = (Duration::from_secs(self.options.seconds), Arc::clone(&requests));
        let mut seen = load::closed_loop(daemon.address, clients, requests, WARM_UP, measured).await;
        let done = turns.next.load(std::sync::atomic::Ordering::Relaxed) as f64;
        let after = Cost::of(&daemon, &host, ops);
        series.daemon_us.push((after.daemon - before.daemon) / done * 1e6);
        series.host_us.push((after.host - before.host) / done * 1e6);
        if database.engine != "sqlite" {
            series.database_us.push((after.database - before.database) / done * 1e6);
        }
        series.commits.push((after.commits - before.commits) / done);
        series.add(&mut seen);
        daemon.stop();
        host.stop();
    }

    fn daemon(
        &self,
        database: &Database,
        journal: &str,
        host: &Process,
        in_flight_max: usize,
    ) -> (Process, SocketAddr) {
        processes::daemon(&Setup {
            switchd: Path::new(SWITCHD),
            folder: &self.folder.0,
            database: &database.url,
            journal,
            card_host: host.address,
            in_flight_max,
            pos: None,
            card_links: CardLinks::Usual,
            environment: &[],
        })
    }

    async fn noop(&self, clients: usize, series: &mut Series) {
        let (mut child, address) = yardsticks::start_noop();
        let measured = Duration::from_secs(self.options.seconds.min(3));
        let warm_up = Duration::from_millis(500);
        let mut seen = load::closed_loop(address, clients, noops(), warm_up, measured).await;
        series.add(&mut seen);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// What has been used so far.
struct Cost {
    daemon: f64,
    host: f64,
    database: f64,
    commits: f64,
}

impl Cost {
    fn of(daemon: &Process, host: &Process, ops: SocketAddr) -> Self {
        Self {
            daemon: cpu_seconds(daemon.pid()),
            host: cpu_seconds(host.pid()),
            database: cpu_seconds_of("postgres"),
            commits: processes::metric(ops, "switchd_journal_commits_total"),
        }
    }
}

async fn run(options: Options) {
    let mut bench = Bench { options: options.clone(), folder: Folder::new("bench"), runs: 0 };
    let wants = |name: &str| options.only.as_deref().is_none_or(|only| only == name);
    if wants("closed") {
        closed_loops(&mut bench).await;
    }
    if wants("open") {
        for engine in &options.engines {
            open_loops(&mut bench, engine).await;
        }
    }
    if options.stored > 0 {
        for engine in &options.engines {
            with_history(&mut bench, engine, options.stored).await;
        }
    }
}

async fn closed_loops(bench: &mut Bench) {
    let options = bench.options.clone();
    for engine in &options.engines {
        let mut tuned = Database::create(engine, &format!("{engine}_group"), &bench.folder.0).await;
        // The baseline is always PostgreSQL: it is what one would build first.
        let with_postgres = std::env::var_os("SWITCHD_TEST_POSTGRES").is_some();
        let mut plain = match with_postgres {
            true => {
                let name = format!("{engine}_plain");
                Some(Database::create("postgres", &name, &bench.folder.0).await)
            }
            false => None,
        };
        let mut all = Vec::new();
        for clients in [64, 256] {
            let mut ours = Series::new(&format!("{engine}, {clients} clients"));
            let mut baseline = Series::new(&format!("plain PostgreSQL, {clients} clients"));
            let mut noop = Series::new(&format!("no-op POST, {clients} clients"));
            for _ in 0..options.rounds {
                bench.closed(&mut tuned, "group", clients, &mut ours).await;
                if let Some(plain) = &mut plain {
                    bench.closed(plain, "plain", clients, &mut baseline).await;
                }
                bench.noop(clients, &mut noop).await;
            }
            all.push((ours, baseline, noop));
        }
        let bare = match engine.as_str() {
            "sqlite" => yardsticks::bare_sqlite(&bench.folder.0, 2.0),
            _ => yardsticks::bare_postgres(&tuned.url, 2.0).await,
        };
        println!("\n{engine}: {} rounds of {} s", options.rounds, options.seconds);
        heading();
        for (ours, baseline, noop) in &all {
            ours.print();
            if !baseline.rates.is_empty() {
                baseline.print();
            }
            noop.print();
        }
        println!("bare BEGIN; INSERT; COMMIT   {bare:>8.0}");
        for (ours, baseline, noop) in &all {
            let ratio = |a: &[f64], b: &[f64]| median(a) / median(b);
            println!(
                "  {}: {:.1}x the baseline, p99 {:.2} of it; {:.2} of the no-op; {:.1}x bare commits",
                ours.name,
                ratio(&ours.rates, &baseline.rates),
                ratio(&ours.p99, &baseline.p99),
                ratio(&ours.rates, &noop.rates),
                median(&ours.rates) / bare,
            );
            let (least, most) = (
                baseline.rates.iter().copied().fold(f64::INFINITY, f64::min),
                baseline.rates.iter().copied().fold(0.0, f64::max),
            );
            if most > 2.0 * least {
                println!("  the baseline's own runs differ by more than 2x: no ratio holds");
            }
        }
    }
}

/// Latency at a constant arrival rate, and goodput far above saturation.
async fn open_loops(bench: &mut Bench, engine: &str) {
    let name = format!("{engine}_open");
    let mut database = Database::create(engine, &name, &bench.folder.0).await;
    println!("\n{engine}: constant arrival rate");
    heading();
    let seconds = bench.options.seconds.max(10);
    let measured = Duration::from_secs(seconds);

    let seeds = database.seed(1_000 * (seconds as usize + 4)).await;
    let host = processes::card_host(Path::new(SWITCHD), &bench.folder.0, None);
    let (daemon, _) = bench.daemon(&database, "group", &host, 1024);
    bench.runs += 1;
    let requests = payments(seeds, bench.runs);
    let mut steady = Series::new("1,000 payments/s");
    let mut seen = load::open_loop(
        daemon.address,
        Arrivals { connections: 64, per_second: 1_000.0 },
        requests,
        WARM_UP,
        measured,
    )
    .await;
    steady.add(&mut seen);
    steady.print();
    println!("  p99.9 {:.2} ms", seen.quantile_ms(0.999));
    daemon.stop();

    let measured = Duration::from_secs(bench.options.seconds);
    let seeds = database.seed(22_000 * (bench.options.seconds as usize + 3)).await;
    let (daemon, _) = bench.daemon(&database, "group", &host, 256);
    bench.runs += 1;
    let mut peak = Series::new("peak, 128 clients");
    let requests = payments(seeds, bench.runs);
    let mut seen = load::closed_loop(daemon.address, 128, requests, WARM_UP, measured).await;
    peak.add(&mut seen);
    peak.print();
    daemon.stop();

    let rate = median(&peak.rates) * 4.0;
    let seeds = database.seed((rate * (bench.options.seconds as f64 + 3.0)) as usize).await;
    let (daemon, _) = bench.daemon(&database, "group", &host, 256);
    bench.runs += 1;
    let mut above = Series::new("4x the peak, arriving");
    let requests = payments(seeds, bench.runs);
    let mut seen = load::open_loop(
        daemon.address,
        Arrivals { connections: 1024, per_second: rate },
        requests,
        WARM_UP,
        measured,
    )
    .await;
    let shed = seen.shed as f64 / seen.seconds;
    above.add(&mut seen);
    above.print();
    println!(
        "  goodput {:.2} of the peak, {shed:.0}/s shed with 429 or 503; daemon {:.0} MiB",
        median(&above.rates) / median(&peak.rates),
        processes::resident_mib(daemon.pid()),
    );
    daemon.stop();
    host.stop();
}

/// The same load on ten thousand stored payments and on many, in turns.
async fn with_history(bench: &mut Bench, engine: &str, stored: usize) {
    let mut small = Database::create(engine, &format!("{engine}_small"), &bench.folder.0).await;
    let mut large = Database::create(engine, &format!("{engine}_large"), &bench.folder.0).await;
    small.with_history(10_000).await;
    large.with_history(stored).await;
    let mut few = Series::new("10,000 stored, 64 clients");
    let mut many = Series::new(&format!("{stored} stored, 64 clients"));
    for _ in 0..bench.options.rounds {
        bench.closed(&mut small, "group", 64, &mut few).await;
        bench.closed(&mut large, "group", 64, &mut many).await;
    }
    println!("\n{engine}: the weight of history");
    heading();
    few.print();
    many.print();
    println!("  p99 {:.2} of that with few", median(&many.p99) / median(&few.p99));
}
