//! Clients that pay, keep their own history, and come back with the same keys.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::ends::Told;
use super::http::{Client, write_payment};
use super::seed::Seeds;

/// A client that hears nothing for so long asks again.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const CONNECT_AGAIN_AFTER: Duration = Duration::from_millis(20);
/// A client that is turned away comes back after so long, with another payment.
const TURNED_AWAY_FOR: Duration = Duration::from_millis(50);
const RETRIERS: usize = 16;

/// Payments of one rig, in the order of its seeds.
pub(crate) struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

struct Shared {
    seeds: Seeds,
    told: Mutex<Told>,
    next: AtomicUsize,
    /// Payments that were turned away before anything was written (503).
    turned_away: AtomicUsize,
    stop: AtomicBool,
}

impl Load {
    pub(crate) fn new(seeds: Seeds) -> Self {
        let shared = Shared {
            seeds,
            told: Mutex::default(),
            next: AtomicUsize::new(0),
            turned_away: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared), clients: Vec::new() }
    }

    /// So many clients begin, each with one payment at a time.
    pub(crate) fn begin(&mut self, address: SocketAddr, clients: usize) {
        self.shared.stop.store(false, Ordering::Relaxed);
        let client = |_| tokio::spawn(pay_until_cut_off(address, Arc::clone(&self.shared)));
        self.clients.extend((0..clients).map(client));
    }

    /// They end; what they are waiting for they go on to wait for, within bounds.
    pub(crate) async fn end(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for client in self.clients.drain(..) {
            client.await.expect("a client does not panic");
        }
    }

    /// One client makes so many payments, one after the other, until it is cut off; whether it was not.
    pub(crate) async fn pay_in_turn(&self, address: SocketAddr, count: usize) -> bool {
        let Ok(mut client) = Client::connect(address).await else { return false };
        for _ in 0..count {
            let turn = self.shared.next.fetch_add(1, Ordering::Relaxed);
            if !pay_once(&mut client, &self.shared, turn).await {
                return false;
            }
        }
        true
    }

    /// A bill that no client of the load pays, from the end of the seeds.
    pub(crate) fn bill_for_cash(&self, number: usize) -> String {
        self.shared.seeds.pairs.iter().rev().nth(number).expect("more bills").0.clone()
    }

    /// Payments begun.
    pub(crate) fn begun(&self) -> usize {
        self.shared.next.load(Ordering::Relaxed).min(self.shared.seeds.pairs.len())
    }

    /// Payments turned away with 503.
    pub(crate) fn turned_away(&self) -> usize {
        self.shared.turned_away.load(Ordering::Relaxed)
    }

    /// What the clients were told, so far.
    pub(crate) fn told(&self) -> Told {
        self.shared.told.lock().expect("no client panicked").clone()
    }

    /// Payments acknowledged as paid.
    pub(crate) fn paid(&self) -> usize {
        self.told().values().filter(|status| *status == "PAID").count()
    }

    /// Every key once more: a final answer must be the one that was given before.
    pub(crate) async fn retry_everything(&self, address: SocketAddr) {
        let ask_each = |first| {
            let (shared, begun) = (Arc::clone(&self.shared), self.begun());
            tokio::spawn(async move {
                let mut client = Client::connect(address).await.expect("it listens");
                for turn in (first..begun).step_by(RETRIERS) {
                    ask_again(&mut client, &shared, turn).await;
                }
            })
        };
        let retriers: Vec<_> = (0..RETRIERS).map(ask_each).collect();
        for retrier in retriers {
            retrier.await.expect("the answers are as they were");
        }
    }
}

async fn ask_again(client: &mut Client, shared: &Shared, turn: usize) {
    let (bill, card) = &shared.seeds.pairs[turn];
    let told = shared.told.lock().expect("no client panicked").get(bill).cloned();
    // A sample of the acknowledged, and all that were cut off.
    if told.is_some() && !turn.is_multiple_of(17) {
        return;
    }
    write_payment(&mut client.out, &shared.seeds.token, &key_of(turn), bill, card);
    let status = client.exchange().await.expect("it answers");
    assert!(matches!(status, 201 | 202), "{status}: {}", client.text());
    if status == 202 {
        assert_eq!(told, None, "the answer to {} was taken back", key_of(turn));
        return;
    }
    let status = status_of(&client.body());
    assert!(told.is_none_or(|told| told == status), "another answer to {}: {status}", key_of(turn));
    shared.told.lock().expect("no client panicked").insert(bill.clone(), status);
}

/// The status in a payment's JSON.
fn status_of(body: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    json["status"].as_str().unwrap_or_default().to_owned()
}

fn key_of(turn: usize) -> String {
    format!("crash-rig-{turn:08}")
}

async fn pay_until_cut_off(address: SocketAddr, shared: Arc<Shared>) {
    let mut turn = None;
    while !shared.stop.load(Ordering::Relaxed) {
        match timeout(ANSWER_WITHIN, Client::connect(address)).await {
            Ok(Ok(client)) => pay_on(client, &shared, &mut turn).await,
            Ok(Err(_)) | Err(_) => tokio::time::sleep(CONNECT_AGAIN_AFTER).await,
        }
    }
}

/// Pays on one connection until it breaks. A payment without an answer is the first of the next one.
async fn pay_on(mut client: Client, shared: &Shared, unanswered: &mut Option<usize>) {
    while !shared.stop.load(Ordering::Relaxed) {
        let turn = unanswered.take().unwrap_or_else(|| shared.next.fetch_add(1, Ordering::Relaxed));
        if turn >= shared.seeds.pairs.len() {
            return shared.stop.store(true, Ordering::Relaxed);
        }
        if !pay_once(&mut client, shared, turn).await {
            return *unanswered = Some(turn);
        }
    }
}

/// Makes one payment and keeps what was said; whether anything was.
async fn pay_once(client: &mut Client, shared: &Shared, turn: usize) -> bool {
    let (bill, card) = &shared.seeds.pairs[turn];
    write_payment(&mut client.out, &shared.seeds.token, &key_of(turn), bill, card);
    match timeout(ANSWER_WITHIN, client.exchange()).await {
        Ok(Ok(201)) => {
            let status = status_of(&client.body());
            let before = shared.told.lock().expect("no client panicked").insert(bill.clone(), status.clone());
            assert!(before.is_none_or(|before| before == status), "{bill}: another answer, {status}");
        }
        Ok(Ok(503)) => {
            assert!(client.text().contains("retry-after: "), "when to come back: {}", client.text());
            shared.turned_away.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(TURNED_AWAY_FOR).await;
        }
        Ok(Ok(202 | 409)) => {}
        Ok(Ok(other)) => panic!("{other}: {}", client.text()),
        Ok(Err(_)) | Err(_) => return false,
    }
    true
}
