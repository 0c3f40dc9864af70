//! What Prometheus reads. Base units, bounded labels, never a number of a person, bill or payment.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};

use connectors::transport::counters::Counters as LinkCounters;
use prometheus::process_collector::ProcessCollector;
use prometheus::{Gauge, Histogram, HistogramOpts, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder};
use switch_core::clock::Timestamp;
use switch_engine::Engine;
use switch_store::StoreError;

use crate::audit_log::Sealed;
use crate::wiring::Link;

const SECONDS: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 35.0];

/// The states of ended payments, as the engine counts them.
const ENDED: [&str; 5] = ["paid", "declined", "reversed", "failed", "refused"];

/// The metrics of a process.
pub(crate) struct Metrics {
    registry: Registry,
    /// From the first byte of a payment's request to its answer.
    pub(crate) payment_seconds: Histogram,
    payments: IntCounterVec,
    counts: IntCounterVecs,
    gauges: Gauges,
    /// Counters are set from counts kept elsewhere; two scrapes must not add the same step.
    scrape: Mutex<()>,
}

struct IntCounterVecs {
    plain: Vec<(&'static str, prometheus::IntCounter)>,
    link_messages: IntCounterVec,
    link_events: IntCounterVec,
}

struct Gauges {
    in_flight: Gauge,
    in_doubt: IntGaugeVec,
    oldest_in_doubt: Gauge,
    outbox: Gauge,
    oldest_outbox: Gauge,
    seal_age: Gauge,
    journal_queue: Gauge,
    up: IntGaugeVec,
    connections: IntGaugeVec,
}

/// What the database says at a scrape.
pub(crate) struct Backlog {
    in_doubt: Vec<(String, i64)>,
    oldest_in_doubt: Option<Timestamp>,
    outbox: i64,
    oldest_outbox: Option<Timestamp>,
}

impl Backlog {
    /// Reads it.
    pub(crate) async fn read(engine: &Engine) -> Result<Self, StoreError> {
        let open = switch_store::attempt::summary(engine.db()).await?;
        let (outbox, oldest_outbox) = switch_store::outbox::backlog(engine.db()).await?;
        let unknown = open.iter().filter(|row| row.state != "SENDING");
        Ok(Self {
            in_doubt: unknown.clone().map(|row| (row.state.clone(), row.open)).collect(),
            oldest_in_doubt: unknown.map(|row| row.oldest).min(),
            outbox,
            oldest_outbox,
        })
    }
}

impl Metrics {
    /// Registers everything.
    ///
    /// # Errors
    /// When two metrics have one name.
    pub(crate) fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let gauge = |name: &str, help: &str| -> Result<Gauge, prometheus::Error> {
            let made = Gauge::new(name, help)?;
            registry.register(Box::new(made.clone())).map(|()| made)
        };
        let gauges = |name: &str, help: &str, label: &str| -> Result<IntGaugeVec, prometheus::Error> {
            let made = IntGaugeVec::new(Opts::new(name, help), &[label])?;
            registry.register(Box::new(made.clone())).map(|()| made)
        };
        let counters =
            |name: &str, help: &str, labels: &[&str]| -> Result<IntCounterVec, prometheus::Error> {
                let made = IntCounterVec::new(Opts::new(name, help), labels)?;
                registry.register(Box::new(made.clone())).map(|()| made)
            };
        let build = gauges("switchd_build_info", "Always 1; the label is the version.", "version")?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let options = HistogramOpts::new("switchd_payment_seconds", "Answer time of payment requests.");
        let payment_seconds = Histogram::with_opts(options.buckets(SECONDS.to_vec()))?;
        registry.register(Box::new(payment_seconds.clone()))?;
        registry.register(Box::new(ProcessCollector::for_self()))?;
        let mut plain = Vec::new();
        for (name, help) in PLAIN {
            let made = prometheus::IntCounter::new(*name, *help)?;
            registry.register(Box::new(made.clone()))?;
            plain.push((*name, made));
        }
        let payments = counters("switchd_payments_total", "Payments by how they ended.", &["state"])?;
        for state in ENDED {
            payments.with_label_values(&[state]);
        }
        Ok(Self {
            payments,
            counts: IntCounterVecs {
                plain,
                link_messages: counters(
                    "switchd_connector_messages_total",
                    "Messages of a link.",
                    &["connector", "direction"],
                )?,
                link_events: counters(
                    "switchd_connector_events_total",
                    "What went wrong on a link.",
                    &["connector", "event"],
                )?,
            },
            gauges: Gauges {
                in_flight: gauge("switchd_in_flight", "Payments in hand.")?,
                in_doubt: gauges("switchd_in_doubt", "Payments whose outcome is not known.", "state")?,
                oldest_in_doubt: gauge(
                    "switchd_in_doubt_oldest_age_seconds",
                    "Age of the oldest of them; 0 when none.",
                )?,
                outbox: gauge("switchd_outbox_waiting", "Events not delivered yet.")?,
                oldest_outbox: gauge(
                    "switchd_outbox_oldest_age_seconds",
                    "Age of the oldest of them; 0 when none.",
                )?,
                seal_age: gauge("switchd_audit_seal_age_seconds", "Since the audit log was sealed.")?,
                journal_queue: gauge("switchd_journal_queued", "Commands waiting for the next commit.")?,
                up: gauges("switchd_connector_up", "1 when payments can pass.", "connector")?,
                connections: gauges(
                    "switchd_connector_connections",
                    "Open connections of a port.",
                    "connector",
                )?,
            },
            payment_seconds,
            registry,
            scrape: Mutex::new(()),
        })
    }

    /// Everything as text for Prometheus.
    pub(crate) fn render(
        &self,
        engine: &Engine,
        links: &[Link],
        sealed: &Sealed,
        backlog: Option<&Backlog>,
    ) -> String {
        let _turn = self.scrape.lock().unwrap_or_else(PoisonError::into_inner);
        self.gauges.seal_age.set(sealed.age_ms(engine.clock().now()).max(0) as f64 / 1000.0);
        let (counters, journal) = (engine.counters(), engine.journal().counts());
        for (state, count) in ENDED.iter().zip(&counters.ended) {
            raise(&self.payments.with_label_values(&[state]), count.load(Relaxed));
        }
        for (name, counter) in &self.counts.plain {
            let value = match *name {
                "switchd_payments_in_doubt_total" => &counters.in_doubt,
                "switchd_reversals_sent_total" => &counters.reversals_sent,
                "switchd_late_answers_total" => &counters.late_answers,
                "switchd_alarms_total" => &counters.alarms,
                "switchd_shed_total" => &counters.shed,
                "switchd_idempotent_replays_total" => &counters.replays,
                "switchd_float_exhausted_total" => &counters.float_exhausted,
                "switchd_events_delivered_total" => &counters.delivered,
                "switchd_journal_commits_total" => &journal.commits,
                "switchd_journal_commands_total" => &journal.commands,
                _ => &journal.failures,
            };
            raise(counter, value.load(Relaxed));
        }
        self.gauges.in_flight.set(engine.payments_in_flight() as f64);
        self.gauges.journal_queue.set(engine.journal().queued() as f64);
        for link in links {
            self.link(link.id(), link.counters());
        }
        if let Some(backlog) = backlog {
            self.backlog(backlog, engine.clock().now());
        }
        let families = self.registry.gather();
        TextEncoder::new().encode_to_string(&families).unwrap_or_default()
    }

    fn link(&self, id: &str, link: &LinkCounters) {
        self.gauges.up.with_label_values(&[id]).set(i64::from(link.up.get()));
        self.gauges.connections.with_label_values(&[id]).set(link.connections.get() as i64);
        for (direction, count) in [("in", &link.messages_in), ("out", &link.messages_out)] {
            raise(&self.counts.link_messages.with_label_values(&[id, direction]), count.get());
        }
        for (event, count) in [
            ("timeout", &link.timeouts),
            ("late", &link.late),
            ("untrusted", &link.untrusted),
            ("reconnect", &link.reconnects),
            ("not_sent", &link.not_sent),
            ("refused", &link.refused),
        ] {
            raise(&self.counts.link_events.with_label_values(&[id, event]), count.get());
        }
    }

    fn backlog(&self, backlog: &Backlog, now: Timestamp) {
        let age = |since: Option<Timestamp>| since.map_or(0.0, |at| now.ms_since(at).max(0) as f64 / 1000.0);
        for state in ["IN_DOUBT", "REVERSING", "REVIEW"] {
            let count =
                backlog.in_doubt.iter().filter(|(name, _)| name == state).map(|(_, count)| count).sum();
            self.gauges.in_doubt.with_label_values(&[&state.to_ascii_lowercase()]).set(count);
        }
        self.gauges.oldest_in_doubt.set(age(backlog.oldest_in_doubt));
        self.gauges.outbox.set(backlog.outbox as f64);
        self.gauges.oldest_outbox.set(age(backlog.oldest_outbox));
    }
}

/// Counters without a label.
const PLAIN: &[(&str, &str)] = &[
    ("switchd_payments_in_doubt_total", "Payments that went in doubt."),
    ("switchd_reversals_sent_total", "Reversals sent, repeats included."),
    ("switchd_late_answers_total", "Answers that came late or twice."),
    ("switchd_alarms_total", "Alarms raised."),
    ("switchd_shed_total", "Payments turned away because too many were in hand."),
    ("switchd_idempotent_replays_total", "Repeats answered from the store."),
    ("switchd_float_exhausted_total", "Cash payments refused because the float was short."),
    ("switchd_events_delivered_total", "Events delivered to subscribers."),
    ("switchd_journal_commits_total", "Transactions made durable by the group commit."),
    ("switchd_journal_commands_total", "Commands in them."),
    ("switchd_journal_failures_total", "Groups that failed."),
];

/// Brings a counter up to a count kept elsewhere.
fn raise(counter: &prometheus::IntCounter, to: u64) {
    counter.inc_by(to.saturating_sub(counter.get()));
}
