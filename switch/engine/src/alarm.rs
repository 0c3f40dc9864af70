//! Alarms: a person is called. Each is a line in the log and a count at once; whoever keeps a book of
//! them gets it too, without the story waiting for the ink.

use std::sync::atomic::Ordering::Relaxed;

use switch_core::clock::Timestamp;
use switch_core::id::PaymentId;

use crate::Engine;

/// A person is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// When.
    pub at: Timestamp,
    /// About what: the public number of a payment, or `connector NAME`.
    pub subject: String,
    /// Why, in a word or a sentence.
    pub what: String,
}

/// Where alarms are written down, beside all else that must be provable later.
pub trait AlarmBook: Send + Sync {
    /// Takes one and returns at once: this is called in the middle of a payment.
    fn raised(&self, alarm: Alarm);

    /// Whether what is done now can be proved later. While it cannot, nothing new is begun; what was
    /// begun is brought to its end.
    fn is_kept(&self, now: Timestamp) -> bool;
}

/// No book: for an engine whose alarms are read where they are counted, such as in a simulation.
#[derive(Debug, Default, Clone, Copy)]
pub struct NoBook;

impl AlarmBook for NoBook {
    fn raised(&self, _alarm: Alarm) {}

    fn is_kept(&self, _now: Timestamp) -> bool {
        true
    }
}

impl Engine {
    /// Calls a person to a payment.
    pub(crate) fn alarm(&self, payment: PaymentId, what: &str) {
        let public = self.public_ids.show("pay", payment.0);
        tracing::error!(payment = public, what, "ALARM: a person should look at this payment");
        self.write_down(public, what);
    }

    /// Calls a person to a link.
    pub(crate) fn link_alarm(&self, connector: &str, what: &str) {
        tracing::error!(connector, what, "ALARM: a person should look at this link");
        self.write_down(format!("connector {connector}"), what);
    }

    fn write_down(&self, subject: String, what: &str) {
        self.counters.alarms.fetch_add(1, Relaxed);
        self.alarms.raised(Alarm { at: self.clock.now(), subject, what: what.to_owned() });
    }
}
