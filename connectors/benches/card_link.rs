//! What one exchange with a card host costs: client and twin each on a thread of its own, so that the CPU of the two
//! is told apart. `cargo bench -p connectors --bench card_link`
//!
//! Prints exchanges per second and microseconds of CPU per exchange on our side (caller, link, codec, sockets) and on
//! the twin's, for several numbers of payments in flight.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use connectors::card_iso8583::sandbox::{CardHost, HostSettings};
use connectors::card_iso8583::{CardIso8583, CardSettings};
use switch_core::card::{Card, Pan};
use switch_core::clock::{BusinessDate, Clock, Timestamp};
use switch_core::connector::{AttemptRef, Connector, Evidence, Instruction, Outcome, Session};
use switch_core::id::{AttemptId, PaymentId};
use switch_core::money::{Currency, Money};

const NOW: Timestamp = Timestamp(1_795_343_465_250);
const PAYMENTS: u32 = 100_000;

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn business_date(&self, _: Timestamp) -> BusinessDate {
        BusinessDate(20_261_122)
    }
}

struct Silent;

impl Evidence for Silent {
    fn late_response(&self, _: &str, _: AttemptId, _: Outcome) {}
    fn alarm(&self, _: &str, what: &str) {
        eprintln!("alarm: {what}");
    }
}

fn main() {
    let mut settings = CardSettings::from_toml(include_str!("../../config/connectors/card-sandbox.toml"))
        .expect("the committed settings");
    let (started, address) = sync_channel(1);
    let twin = HostSettings { entries_max: 10_000, ..HostSettings::twin_of(&settings, "127.0.0.1:0") };
    std::thread::spawn(move || {
        runtime().block_on(async move {
            let host = CardHost::start(twin).expect("a free port");
            started.send((host.address(), thread_id())).expect("the main thread waits");
            std::future::pending::<()>().await;
        });
    });
    let (address, twin_thread) = address.recv().expect("the twin starts");
    settings.link.address = vec![address.to_string()];
    runtime().block_on(async move {
        let card = CardIso8583::start(settings, Arc::new(StandingClock), Arc::new(Silent));
        while !card.is_up() {
            tokio::task::yield_now().await;
        }
        let mut first = 0;
        for in_flight in [1, 16, 64, 256, 1024] {
            let payments = if in_flight == 1 { PAYMENTS / 10 } else { PAYMENTS };
            run(&card, first, payments / 10, in_flight).await;
            first += payments;
            let (ours, twins, start) = (cpu(thread_id()), cpu(twin_thread), Instant::now());
            run(&card, first, payments, in_flight).await;
            first += payments;
            let (ours, twins, took) = (cpu(thread_id()) - ours, cpu(twin_thread) - twins, start.elapsed());
            let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / f64::from(payments);
            eprintln!(
                "{in_flight:>5} in flight: {:>8.0} exchanges/s, CPU of an exchange: ours {:>5.2} us, twin {:>5.2} us",
                f64::from(payments) / took.as_secs_f64(),
                each(ours),
                each(twins),
            );
        }
    });
}

/// `payments` payments by so many callers at a time.
async fn run(card: &Arc<CardIso8583>, first: u32, payments: u32, in_flight: u32) {
    let callers: Vec<_> = (0..in_flight)
        .map(|caller| {
            let card = Arc::clone(card);
            tokio::spawn(async move {
                let pan = Card::new(Pan::parse("4111111111111111").expect("a test card"), "2812")
                    .expect("an expiry");
                for n in (caller..payments).step_by(in_flight as usize) {
                    let n = first + n;
                    let instruction = Instruction {
                        refs: AttemptRef {
                            payment: PaymentId(n.into()),
                            attempt: AttemptId(1 << 50 | i64::from(n)),
                            stan: n % 999_999 + 1,
                            sent_at: NOW,
                            amount: Money::new(5000, Currency::Ils),
                        },
                        card: Some(pan.clone()),
                    };
                    let outcome = card.payments().send(&instruction).await;
                    assert!(matches!(outcome, Ok(Outcome::Approved(_))), "{outcome:?}");
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("no panic");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// The kernel's number of this thread.
fn thread_id() -> u32 {
    let link = std::fs::read_link("/proc/thread-self").expect("Linux");
    link.file_name().and_then(|name| name.to_str()?.parse().ok()).expect("a number")
}

/// CPU time of a thread of this process.
fn cpu(thread: u32) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).expect("a live thread");
    Duration::from_nanos(text.split(' ').next().and_then(|ns| ns.parse().ok()).expect("nanoseconds"))
}
