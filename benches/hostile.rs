//! A million random and mutated frames and JSON bodies against a running switch:
//! it never panics, never answers 5xx, never grows beyond its limits, and every
//! refusal names what is wrong.
//!
//! `cargo bench --bench hostile` sends 500,000 bodies to the API and 500,000 frames
//! to the port for terminals; `-- --bodies N --frames N --seed S` changes that.
#![expect(clippy::print_stdout, reason = "it is a report")]

#[path = "../tests/rig/mod.rs"]
#[expect(dead_code, reason = "load and crash loop use the rest of the rig")]
mod rig;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use rig::database::Database;
use rig::http::Client;
use rig::processes::{self, CardLinks, Folder, Setup};

const SWITCHD: &str = env!("CARGO_BIN_EXE_switchd");

/// SplitMix64: a seed is the whole run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// One to four changes: a bit, a byte, a cut, a doubled piece, a zero.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let place = self.below(bytes.len());
            match self.below(6) {
                0 if !bytes.is_empty() => bytes[place] ^= 1 << self.below(8),
                1 if !bytes.is_empty() => bytes[place] = self.next() as u8,
                2 => bytes.truncate(place),
                3 => bytes.insert(place.min(bytes.len()), self.next() as u8),
                4 if !bytes.is_empty() => {
                    let end = (place + 1 + self.below(8)).min(bytes.len());
                    let piece = bytes[place..end].to_vec();
                    bytes.splice(place..place, piece);
                }
                _ => bytes.extend(std::iter::repeat_n(b'0', self.below(16))),
            }
        }
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let number = |name: &str, default: usize| {
        let value = args.iter().position(|a| a == name).and_then(|i| args.get(i + 1));
        value.map_or(default, |v| v.parse().expect(name))
    };
    let (bodies, frames) = (number("--bodies", 500_000), number("--frames", 500_000));
    let seed = number("--seed", 1) as u64;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(run(bodies, frames, seed));
}

async fn run(bodies: usize, frames: usize, seed: u64) {
    let folder = Folder::new("hostile");
    let mut database = Database::create("sqlite", "hostile", &folder.0).await;
    let seeds = database.seed(16).await;
    let host = processes::card_host(Path::new(SWITCHD), &folder.0, None);
    let port = processes::free_address();
    let (daemon, ops) = processes::daemon(&Setup {
        switchd: Path::new(SWITCHD),
        folder: &folder.0,
        database: &database.url,
        journal: "group",
        card_host: host.address,
        in_flight_max: 256,
        pos: Some(port),
        card_links: CardLinks::Usual,
        environment: &[],
    });
    let before = processes::resident_mib(daemon.pid());

    let started = Instant::now();
    hostile_bodies(daemon.address, &seeds.token, bodies, seed).await;
    println!("{bodies} bodies in {:.0} s, seed {seed}", started.elapsed().as_secs_f64());

    let started = Instant::now();
    hostile_frames(port, frames, seed);
    println!("{frames} frames in {:.0} s, seed {seed}", started.elapsed().as_secs_f64());

    let ready = processes::get(ops, "/readyz");
    assert!(ready.starts_with("HTTP/1.1 200"), "it is not ready any more: {ready}");
    let after = processes::resident_mib(daemon.pid());
    println!("resident memory {before:.0} MiB before, {after:.0} MiB after");
    assert!(after < before + 64.0, "it grew beyond its limits");
    let log = std::fs::read_to_string(folder.0.join("switchd.log")).unwrap_or_default();
    assert!(!log.contains("panicked"), "it panicked; see its log");
    daemon.stop();
    host.stop();
}

/// Mutations of good bodies to every route that takes one.
async fn hostile_bodies(address: SocketAddr, credential: &str, count: usize, seed: u64) {
    let good = [
        ("/v1/payments", r#"{"bill":"bil_0123456789ABCD","method":"card","card":"crd_0123456789ABCD"}"#),
        (
            "/v1/bills",
            r#"{"department":"MOI","service":"PASS-REN","reference":"H-1","payer":{"kind":"national_id","number":"400000006"},"amount":{"amount":"50.00","currency":"ILS"},"description":"x"}"#,
        ),
        ("/v1/cards", r#"{"pan":"4111111111111111","expiry":"3012"}"#),
    ];
    let mut random = Random(seed);
    let mut client = Client::connect(address).await.expect("it listens");
    let mut statuses = std::collections::BTreeMap::<u16, usize>::new();
    for turn in 0..count {
        let (route, body) = good[random.below(good.len())];
        let mut body = body.as_bytes().to_vec();
        if random.below(20) == 0 {
            body = (0..random.below(300)).map(|_| random.next() as u8).collect();
        } else {
            random.mutate(&mut body);
        }
        client.out.clear();
        write!(
            client.out,
            "POST {route} HTTP/1.1\r\nHost: rig\r\nAuthorization: Bearer {credential}\r\n\
             Content-Type: application/json\r\nIdempotency-Key: hostile-{seed:08}-{turn:08}\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        )
        .expect("a vector takes it");
        client.out.extend_from_slice(&body);
        let status = client.exchange().await.expect("it answers on the same connection");
        *statuses.entry(status).or_default() += 1;
        let text = String::from_utf8_lossy(&body).into_owned();
        assert!(status < 500, "{status} to {route} {text}: {}", client.text());
        if status == 400 {
            let answer = client.body();
            let json: serde_json::Value = serde_json::from_str(&answer).expect("a problem is JSON");
            // Every refusal of a body points at the place that is wrong.
            let says = json["errors"].as_array().is_some_and(|errors| {
                !errors.is_empty() && errors.iter().all(|error| error["pointer"].is_string())
            });
            assert!(says, "a refusal that names nothing: {answer} to {route} {text}");
        }
    }
    println!("  statuses {statuses:?}");
}

/// A sign-on and the message behind it, apart.
fn frames_of(bytes: &[u8]) -> Vec<Vec<u8>> {
    let first = 2 + usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    vec![bytes[..first].to_vec(), bytes[first..].to_vec()]
}

/// Mutations of good frames, many on a connection until the port closes it.
fn hostile_frames(port: SocketAddr, count: usize, seed: u64) {
    let settings = connectors::pos_iso8583::PosSettings::from_toml(&rig::config::pos_settings(port));
    let payment = connectors::pos_iso8583::sandbox::CashPayment {
        terminal: "TERM0001".to_owned(),
        bill: "bil_0123456789ABCD".to_owned(),
        amount: switch_core::money::Money::new(5000, switch_core::money::Currency::Ils),
        stan: 7,
        at: switch_core::clock::Timestamp(1_795_343_465_250),
    };
    let messages =
        connectors::pos_iso8583::sandbox::demo_messages(&settings.expect("the sandbox's file"), &payment);
    let messages = messages.expect("the sandbox's terminal");
    let good: Vec<Vec<u8>> = [messages.inquiry, messages.payment, messages.repeat, messages.reversal]
        .iter()
        .flat_map(|hex| frames_of(&codecs::hex::decode(hex.as_bytes()).expect("hex")))
        .collect();
    let mut random = Random(seed);
    let (mut sent, mut connections) = (0, 0);
    let mut answer = vec![0; 64 * 1024];
    while sent < count {
        let mut stream = TcpStream::connect(port).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_millis(2))).expect("a timeout");
        connections += 1;
        for _ in 0..64 {
            let mut frame = good[random.below(good.len())].clone();
            match random.below(10) {
                // Only the payload is changed, so that the frame still is one.
                0..6 => {
                    let mut payload = frame.split_off(2);
                    random.mutate(&mut payload);
                    frame = (payload.len() as u16).to_be_bytes().to_vec();
                    frame.extend(payload);
                }
                6..8 => random.mutate(&mut frame),
                8 => frame = (0..random.below(64)).map(|_| random.next() as u8).collect(),
                _ => {}
            }
            sent += 1;
            if stream.write_all(&frame).is_err() || sent >= count {
                break;
            }
        }
        // Whatever it answers is taken, so that it is never held up by us.
        while stream.read(&mut answer).is_ok_and(|n| n > 0) {}
    }
    println!("  {connections} connections");
}
