//! The load generator: keep-alive HTTP/1.1 clients on one thread, written by hand
//! so that it costs the machine as little as possible.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::rig::http::Client;

/// Writes the request of a turn; `false` when there are no more.
type Make = dyn Fn(usize, &mut Vec<u8>) -> bool + Send + Sync;

/// Requests ready to be sent, each used once.
pub(crate) struct Requests {
    pub(crate) next: AtomicUsize,
    pub(crate) make: Box<Make>,
}

impl Requests {
    pub(crate) fn new(make: impl Fn(usize, &mut Vec<u8>) -> bool + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { next: AtomicUsize::new(0), make: Box::new(make) })
    }
}

/// What one run saw. Latencies in microseconds, of answers that were expected.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) latencies_us: Vec<u32>,
    pub(crate) shed: usize,
    pub(crate) unexpected: Vec<(u16, String)>,
    pub(crate) seconds: f64,
    pub(crate) ran_out: bool,
}

impl Seen {
    pub(crate) fn per_second(&self) -> f64 {
        self.latencies_us.len() as f64 / self.seconds
    }

    /// Milliseconds at a quantile; sorts.
    pub(crate) fn quantile_ms(&mut self, q: f64) -> f64 {
        self.latencies_us.sort_unstable();
        let place = (self.latencies_us.len() as f64 * q) as usize;
        let place = place.min(self.latencies_us.len().saturating_sub(1));
        f64::from(self.latencies_us.get(place).copied().unwrap_or(0)) / 1000.0
    }

    fn merge(&mut self, other: Self) {
        self.latencies_us.extend(other.latencies_us);
        self.shed += other.shed;
        self.unexpected.extend(other.unexpected);
        self.ran_out |= other.ran_out;
    }
}

/// `clients` connections that each ask again as soon as they are answered.
pub(crate) async fn closed_loop(
    address: SocketAddr,
    clients: usize,
    requests: Arc<Requests>,
    warm_up: Duration,
    measured: Duration,
) -> Seen {
    let begin = Instant::now() + warm_up;
    let end = begin + measured;
    let tasks: Vec<_> =
        (0..clients).map(|_| tokio::spawn(one_client(address, Arc::clone(&requests), begin, end))).collect();
    let mut seen = Seen { seconds: measured.as_secs_f64(), ..Seen::default() };
    for task in tasks {
        seen.merge(task.await.expect("a client does not panic"));
    }
    seen
}

async fn one_client(address: SocketAddr, requests: Arc<Requests>, begin: Instant, end: Instant) -> Seen {
    let mut seen = Seen::default();
    let mut client = Client::connect(address).await.expect("the server listens");
    loop {
        let asked = Instant::now();
        if asked >= end {
            return seen;
        }
        let turn = requests.next.fetch_add(1, Ordering::Relaxed);
        client.out.clear();
        if !(requests.make)(turn, &mut client.out) {
            seen.ran_out = true;
            return seen;
        }
        let status = client.exchange().await;
        record(&mut seen, &client, status, asked, asked >= begin);
        if seen.unexpected.len() > 3 {
            return seen;
        }
    }
}

fn record(seen: &mut Seen, client: &Client, status: std::io::Result<u16>, asked: Instant, counted: bool) {
    match status {
        Ok(200 | 201) if counted => seen.latencies_us.push(asked.elapsed().as_micros() as u32),
        Ok(200 | 201) => {}
        Ok(429 | 503) => seen.shed += usize::from(counted),
        Ok(other) => {
            seen.unexpected.push((other, client.text()));
        }
        Err(error) => seen.unexpected.push((0, error.to_string())),
    }
}

/// So many connections carry so many requests a second.
#[derive(Clone, Copy)]
pub(crate) struct Arrivals {
    pub(crate) connections: usize,
    pub(crate) per_second: f64,
}

/// A constant arrival rate: latency counts from when a request was due, also when
/// no connection was free to send it (no coordinated omission).
pub(crate) async fn open_loop(
    address: SocketAddr,
    Arrivals { connections, per_second }: Arrivals,
    requests: Arc<Requests>,
    warm_up: Duration,
    measured: Duration,
) -> Seen {
    let start = Instant::now();
    let (begin, end) = (start + warm_up, start + warm_up + measured);
    let turn = Arc::new(AtomicUsize::new(0));
    let failed = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            let (requests, turn, failed) = (Arc::clone(&requests), Arc::clone(&turn), Arc::clone(&failed));
            tokio::spawn(async move {
                let mut seen = Seen::default();
                let mut client = Client::connect(address).await.expect("the server listens");
                loop {
                    let arrival = turn.fetch_add(1, Ordering::Relaxed);
                    let due = start + Duration::from_secs_f64(arrival as f64 / per_second);
                    if due >= end || Instant::now() >= end || failed.load(Ordering::Relaxed) {
                        return seen;
                    }
                    tokio::time::sleep_until(due.into()).await;
                    let number = requests.next.fetch_add(1, Ordering::Relaxed);
                    client.out.clear();
                    if !(requests.make)(number, &mut client.out) {
                        seen.ran_out = true;
                        return seen;
                    }
                    let status = client.exchange().await;
                    // By the time of the answer: far above saturation the arrivals lag behind.
                    let counted = (begin..end).contains(&Instant::now());
                    record(&mut seen, &client, status, due, counted);
                    if seen.unexpected.len() > 3 {
                        failed.store(true, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    let mut seen = Seen { seconds: measured.as_secs_f64(), ..Seen::default() };
    for task in tasks {
        seen.merge(task.await.expect("a client does not panic"));
    }
    seen
}
