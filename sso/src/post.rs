//! Messages to people, by SMS and e-mail: written in their language, sealed, queued in the transaction of
//! what they tell of, and delivered by any node, at least once, until they are too old to be of use.
//!
//! Only a [`Courier`] ever sees address and text. Nothing of either is logged, and both are emptied when
//! the message is done with.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use look::{Digits, Language, Value, Words};
use serde::{Deserialize, Serialize};
use switch_core::clock::Timestamp;
use switch_store::{StoreError, Tx, transact};

use crate::Sso;
use crate::fault::Fault;
use crate::person::Person;
use crate::seal::Place;
use crate::store::message::{self as rows, DueMessage, NewMessage};
use crate::words::WORDS;

/// Codes that a number gets a day at most: whoever presses the button a thousand times pays for ten.
const CODES_A_DAY: i64 = 10;
/// Notices that a number or address gets a day at most.
const NOTICES_A_DAY: i64 = 50;
/// A notice is news this long.
const NOTICE_MS: i64 = 3 * DAY_MS;
const DAY_MS: i64 = 86_400_000;
/// Who takes a message has it this long.
const LEASE_MS: i64 = 60_000;
/// A courier that has not answered by then has not sent it, as far as we know.
const COURIER_TIMEOUT: Duration = Duration::from_secs(20);
const TAKEN_AT_ONCE: i64 = 50;

/// Where a message goes.
#[derive(Clone, PartialEq, Eq)]
pub enum Reach {
    /// By SMS, to a number in E.164: `+97059…`.
    Mobile(String),
    /// By e-mail.
    Email(String),
}

impl Reach {
    fn channel(&self) -> &'static str {
        match self {
            Self::Mobile(_) => "sms",
            Self::Email(_) => "email",
        }
    }

    fn address(&self) -> &str {
        match self {
            Self::Mobile(address) | Self::Email(address) => address,
        }
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:****", self.channel())
    }
}

/// What kind of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It carries a code, and is worth nothing after this moment.
    Code {
        /// When the code ends.
        until: Timestamp,
    },
    /// It tells what was done.
    Notice,
}

/// A message, in the key of its words and what they are filled with.
#[derive(Clone)]
pub struct Message<'a> {
    /// Where it goes.
    pub to: Reach,
    /// Whose account it is about.
    pub account: Option<i64>,
    /// The language of the person.
    pub language: Language,
    /// A code, or news.
    pub kind: Kind,
    /// The key in `locales/*/messages.ftl`.
    pub key: &'static str,
    /// What its words are filled with.
    pub values: &'a [(&'static str, Value<'a>)],
}

/// A message that is ready for the queue.
#[derive(Debug, Clone)]
pub struct Letter(NewMessage);

/// What a courier is handed.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The number of the message: the same one twice is the same message.
    pub id: i64,
    /// Where it goes.
    pub to: Reach,
    /// The subject; empty by SMS.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outgoing({}, {:?}, ****)", self.id, self.to)
    }
}

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// It may go through later: no answer, too many at once.
    #[error("not sent yet")]
    Later,
    /// It never will: there is no such number or address.
    #[error("refused for good")]
    Never,
}

/// Who carries messages out of the house: a gateway of SMS, a mail server, a sandbox.
pub trait Courier: Send + Sync {
    /// Sends one message. It may come twice, with the same number, when an answer was lost.
    fn send<'a>(&'a self, letter: &'a Outgoing) -> BoxFuture<'a, Result<(), NotSent>>;
}

/// What became of the messages that were due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Sent.
    pub sent: u64,
    /// To be tried again.
    pub postponed: u64,
    /// Refused for good by the courier.
    pub refused: u64,
    /// Too old to be of use.
    pub expired: u64,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    address: String,
    subject: String,
    text: String,
}

fn place(id: i64) -> Place {
    Place { field: "message.letter", row: id }
}

/// The directional isolates that words put around what they are filled with cost an SMS half its letters.
fn for_sms(text: &str) -> String {
    text.chars().filter(|c| !('\u{2066}'..='\u{2069}').contains(c)).collect()
}

impl Sso {
    /// Writes a message in the words of its language and seals it; [`queue`] then takes it along in a
    /// transaction.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn compose(&self, message: &Message<'_>) -> Result<Letter, Fault> {
        self.letter(message, false)
    }

    /// A letter to nobody: as much work as a real one, and never sent. For answers that must take the
    /// same time whether somebody is known or not.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn compose_decoy(&self, message: &Message<'_>) -> Result<Letter, Fault> {
        self.letter(message, true)
    }

    fn letter(&self, message: &Message<'_>, is_decoy: bool) -> Result<Letter, Fault> {
        let words = Words::new(message.language, Digits::Western, &WORDS);
        let text = words.fill(message.key, message.values);
        let (subject, text) = match &message.to {
            Reach::Mobile(_) => (String::new(), for_sms(&text)),
            Reach::Email(_) => (words.say("message-subject"), text),
        };
        let (id, now) = (self.new_id(), self.now());
        let sealed = Sealed { address: message.to.address().to_owned(), subject, text };
        let sealed = serde_json::to_vec(&sealed).map_err(|_| Fault::Corrupt("message.letter"))?;
        let (kind, expires_at) = match message.kind {
            Kind::Code { until } => ("code", until),
            Kind::Notice => ("notice", now.plus_ms(NOTICE_MS)),
        };
        Ok(Letter(NewMessage {
            id,
            account: message.account,
            channel: message.to.channel(),
            reach_index: self.sealer.index("reach", message.to.address()),
            kind,
            letter: self.sealer.seal(place(id), &sealed)?,
            is_decoy,
            queued_at: now,
            expires_at,
        }))
    }

    /// A notice to a person on every way they can be reached: SMS, and e-mail where they gave one.
    ///
    /// # Errors
    /// [`Fault`].
    #[expect(clippy::too_many_arguments, reason = "some callers have the person without the account")]
    pub fn compose_notices(
        &self,
        account: i64,
        person: &Person,
        language: &str,
        key: &'static str,
        values: &[(&'static str, Value<'_>)],
    ) -> Result<Vec<Letter>, Fault> {
        let language = Language::parse(language).unwrap_or(Language::Arabic);
        let email = person.email.clone().map(Reach::Email);
        let all = [Some(Reach::Mobile(person.mobile.clone())), email];
        all.into_iter()
            .flatten()
            .map(|to| {
                let account = Some(account);
                self.compose(&Message { to, account, language, kind: Kind::Notice, key, values })
            })
            .collect()
    }

    /// Sends what is due. Every node calls it, each second or so.
    ///
    /// # Errors
    /// [`Fault`]; what a courier refuses is counted, not an error.
    pub async fn deliver_due(&self, courier: &dyn Courier) -> Result<Delivered, Fault> {
        let mut delivered = Delivered::default();
        for message in rows::due(&self.db, self.now(), TAKEN_AT_ONCE).await? {
            self.deliver(courier, &message, &mut delivered).await?;
        }
        Ok(delivered)
    }

    async fn deliver(
        &self,
        courier: &dyn Courier,
        message: &DueMessage,
        delivered: &mut Delivered,
    ) -> Result<(), Fault> {
        let now = self.now();
        let taken = transact!(self.db, tx => rows::take(tx, message, now.plus_ms(LEASE_MS)).await)?;
        if !taken {
            return Ok(());
        }
        if message.expires_at <= now {
            delivered.expired += 1;
            return self.finish(message.id, "expired").await;
        }
        let letter = self.open(message)?;
        match tokio::time::timeout(COURIER_TIMEOUT, courier.send(&letter)).await {
            Ok(Ok(())) => {
                delivered.sent += 1;
                self.finish(message.id, "sent").await
            }
            Ok(Err(NotSent::Never)) => {
                delivered.refused += 1;
                self.finish(message.id, "refused").await
            }
            Ok(Err(NotSent::Later)) | Err(_) => {
                delivered.postponed += 1;
                let until = self.now().plus_ms(pause_ms(message.attempts));
                Ok(transact!(self.db, tx => rows::postpone(tx, message.id, until).await)?)
            }
        }
    }

    fn open(&self, message: &DueMessage) -> Result<Outgoing, Fault> {
        let opened = self.sealer.open(place(message.id), &message.letter)?;
        let Sealed { address, subject, text } =
            serde_json::from_slice(&opened).map_err(|_| Fault::Corrupt("message.letter"))?;
        let to = match message.channel.as_str() {
            "sms" => Reach::Mobile(address),
            "email" => Reach::Email(address),
            _ => return Err(Fault::Corrupt("message.channel")),
        };
        Ok(Outgoing { id: message.id, to, subject, text })
    }

    async fn finish(&self, id: i64, state: &str) -> Result<(), Fault> {
        let now = self.now();
        Ok(transact!(self.db, tx => rows::finish(tx, id, state, now).await)?)
    }
}

/// The pause after so many attempts: two seconds, doubled up to five minutes.
fn pause_ms(attempts: i64) -> i64 {
    (2_000_i64 << attempts.clamp(0, 10)).min(300_000)
}

/// Puts a letter into the queue, in the transaction of what it tells of. `false`: the number or address
/// has had its messages of the last day.
///
/// # Errors
/// The engine's own.
pub async fn queue(tx: &mut Tx, letter: &Letter) -> Result<bool, StoreError> {
    let message = &letter.0;
    let since = message.queued_at.plus_ms(-DAY_MS);
    let budget = if message.kind == "code" { CODES_A_DAY } else { NOTICES_A_DAY };
    let so_far = rows::count(tx, message.reach_index.clone(), message.kind, since).await?;
    if so_far >= budget {
        return Ok(false);
    }
    rows::add(tx, message).await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_have_an_end() {
        assert_eq!([0, 1, 5, 8, 60].map(pause_ms), [2_000, 4_000, 64_000, 300_000, 300_000]);
    }

    #[test]
    fn no_address_and_no_text_is_ever_printed() {
        let to = Reach::Mobile("+970590000001".into());
        let letter = Outgoing { id: 7, to, subject: "s".into(), text: "code 123456".into() };
        assert_eq!(format!("{letter:?}"), "Outgoing(7, sms:****, ****)");
    }
}
