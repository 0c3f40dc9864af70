//! A card host over ISO 8583, with us as the acquirer's client.
//!
//! `messages.rs` says what is written and read, `response_codes.rs` what a code means, `link.rs` is the multiplexer,
//! `session.rs` the life of a connection, `settings.rs` the file of one host, and `sandbox.rs` the host itself, for
//! tests and the demo. The engine's references go through unchanged; nothing is decided and nothing remembered here.

mod link;
pub(crate) mod messages;
mod pending;
pub mod response_codes;
pub mod sandbox;
mod session;
pub mod settings;

use std::sync::Arc;

use switch_core::clock::Clock;
use switch_core::connector::{
    AttemptRef, Cause, Connector, Enquiry, Evidence, Instruction, Outcome, Payments, Profile, Reply,
    Reversal, ReversalAnswer, SendError, Session,
};
use tokio::task::AbortHandle;

use link::Link;
use pending::{Answer, Asked};
pub use settings::CardSettings;

use crate::Outbound;
use crate::transport::counters::Counters;
use crate::transport::settings::SettingsError;

/// One card host.
pub struct CardIso8583 {
    link: Arc<Link>,
    task: AbortHandle,
}

/// Starts the host of a settings file: the registry's constructor.
pub(crate) fn start(
    settings: &str,
    clock: Arc<dyn Clock>,
    evidence: Arc<dyn Evidence>,
) -> Result<Outbound, SettingsError> {
    let connector = CardIso8583::start(CardSettings::from_toml(settings)?, clock, evidence);
    Ok(Outbound { counters: Arc::clone(&connector.link.counters), connector })
}

impl CardIso8583 {
    /// Connects in the background of the current tokio runtime and keeps the session up.
    #[must_use]
    pub fn start(settings: CardSettings, clock: Arc<dyn Clock>, evidence: Arc<dyn Evidence>) -> Arc<Self> {
        let link = Arc::new(Link::new(settings, clock, evidence));
        let task = tokio::spawn(Arc::clone(&link).run()).abort_handle();
        Arc::new(Self { link, task })
    }

    /// What the link has done.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.link.counters
    }

    /// The business date the host named last, as `MMDD` (field 15).
    #[must_use]
    pub fn business_date(&self) -> Option<u16> {
        self.link.business_date()
    }
}

impl Drop for CardIso8583 {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Connector for CardIso8583 {
    fn profile(&self) -> &Profile {
        &self.link.settings.profile
    }

    fn payments(&self) -> &dyn Payments {
        self
    }

    fn session(&self) -> Option<&dyn Session> {
        Some(self)
    }
}

impl Payments for CardIso8583 {
    fn send<'a>(&'a self, instruction: &'a Instruction) -> Reply<'a, Result<Outcome, SendError>> {
        Box::pin(async move {
            let refs = &instruction.refs;
            let rrn = refs.rrn();
            let answering = {
                let date = self.link.business_date();
                let sale = messages::sale(&self.link.settings, instruction, rrn.as_str(), date);
                self.link.begin(sale, Asked::Sale(refs.clone()))?
            };
            match answering.await? {
                Answer::Sale(outcome) => Ok(outcome),
                Answer::Reversal(_) | Answer::Enquiry(_) => Err(mismatch()),
            }
        })
    }

    fn enquire<'a>(&'a self, attempt: &'a AttemptRef) -> Reply<'a, Result<Enquiry, SendError>> {
        Box::pin(async move {
            let Some(rules) = &self.link.settings.enquiry else {
                return Err(SendError::NotSent(Cause::Unbuildable("this host takes no enquiries".into())));
            };
            let rrn = attempt.rrn();
            let answering = {
                let enquiry = messages::enquiry(&self.link.settings, rules, attempt, rrn.as_str());
                self.link.begin(enquiry, Asked::Enquiry(attempt.clone()))?
            };
            match answering.await? {
                Answer::Enquiry(enquiry) => Ok(enquiry),
                Answer::Sale(_) | Answer::Reversal(_) => Err(mismatch()),
            }
        })
    }

    fn reverse<'a>(&'a self, reversal: &'a Reversal) -> Reply<'a, Result<ReversalAnswer, SendError>> {
        Box::pin(async move {
            let rrn = reversal.original.rrn();
            let answering = {
                let request = messages::reversal(&self.link.settings, reversal, rrn.as_str());
                self.link.begin(request, Asked::Reversal)?
            };
            match answering.await? {
                Answer::Reversal(answer) => Ok(answer),
                Answer::Sale(_) | Answer::Enquiry(_) => Err(mismatch()),
            }
        })
    }
}

impl Session for CardIso8583 {
    fn is_up(&self) -> bool {
        self.link.is_up()
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(self.link.close())
    }
}

/// Cannot happen: the message type is part of the key. Said as unknown all the same.
fn mismatch() -> SendError {
    SendError::Unknown(Cause::Untrusted("the answer is of another kind than the request".into()))
}
