//! A clock that stands still, evidence that is kept, and waiting for a condition.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use connectors::card_iso8583::sandbox::{CardHost, HostSettings};
use connectors::card_iso8583::{CardIso8583, CardSettings};
use switch_core::card::{Card, Pan};
use switch_core::clock::{BusinessDate, Clock, Timestamp};
use switch_core::connector::{AttemptRef, Evidence, Instruction, Outcome};
use switch_core::id::{AttemptId, PaymentId};
use switch_core::money::{Currency, Money};

/// 2026-11-22T10:31:05.250Z.
pub(crate) const NOW: Timestamp = Timestamp(1_795_343_465_250);

/// Longest any condition of a test may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn business_date(&self, _: Timestamp) -> BusinessDate {
        BusinessDate(20_261_122)
    }
}

#[derive(Default)]
pub(crate) struct KeptEvidence {
    pub(crate) late: Mutex<Vec<(AttemptId, Outcome)>>,
    pub(crate) alarms: Mutex<Vec<String>>,
}

impl Evidence for KeptEvidence {
    fn late_response(&self, _: &str, attempt: AttemptId, outcome: Outcome) {
        self.late.lock().expect("no panic under the lock").push((attempt, outcome));
    }

    fn alarm(&self, _: &str, what: &str) {
        self.alarms.lock().expect("no panic under the lock").push(what.to_owned());
    }
}

/// Waits until `condition` holds.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    let held = tokio::time::timeout(PATIENCE, async {
        while !condition() {
            ticks.tick().await;
        }
    });
    assert!(held.await.is_ok(), "never: {what}");
}

pub(crate) const CARD_SANDBOX: &str = include_str!("../../config/connectors/card-sandbox.toml");

/// A client and its twin, signed on.
pub(crate) struct Pair {
    pub(crate) host: CardHost,
    pub(crate) card: Arc<CardIso8583>,
    pub(crate) evidence: Arc<KeptEvidence>,
}

/// The sandbox's settings with short times, changed by `change`.
pub(crate) fn card_settings(change: impl FnOnce(&mut CardSettings)) -> CardSettings {
    let mut settings = CardSettings::from_toml(CARD_SANDBOX).expect("the committed settings");
    settings.link.response_timeout = Duration::from_millis(400);
    settings.link.reconnect_min = Duration::from_millis(2);
    settings.link.reconnect_max = Duration::from_millis(20);
    change(&mut settings);
    settings
}

pub(crate) fn connect(host: &CardHost, mut settings: CardSettings) -> (Arc<CardIso8583>, Arc<KeptEvidence>) {
    settings.link.address = vec![host.address().to_string()];
    let evidence = Arc::new(KeptEvidence::default());
    (CardIso8583::start(settings, Arc::new(StandingClock), evidence.clone()), evidence)
}

impl Pair {
    pub(crate) async fn start(change: impl FnOnce(&mut CardSettings)) -> Self {
        let settings = card_settings(change);
        let host = CardHost::start(HostSettings::twin_of(&settings, "127.0.0.1:0")).expect("a free port");
        let (card, evidence) = connect(&host, settings);
        let pair = Self { host, card, evidence };
        pair.until_up().await;
        pair
    }

    pub(crate) async fn until_up(&self) {
        until("the link is up", || self.card.counters().up.get()).await;
    }
}

/// The `n`th attempt of a test.
pub(crate) fn attempt(n: u32) -> AttemptRef {
    AttemptRef {
        payment: PaymentId(7_000_000 + i64::from(n)),
        attempt: AttemptId(7_000_000 + i64::from(n)),
        stan: n % 999_999 + 1,
        sent_at: NOW,
        amount: Money::new(5000 + i64::from(n % 100), Currency::Ils),
    }
}

pub(crate) fn card(number: &str) -> Card {
    Card::new(Pan::parse(number).expect("a test card"), "2812").expect("an expiry")
}

pub(crate) fn pay(n: u32, number: &str) -> Instruction {
    Instruction { refs: attempt(n), card: Some(card(number)) }
}
