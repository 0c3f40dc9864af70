//! What the engine asks of a counterparty, whatever it speaks.
//!
//! A connector is a stateless translator: the engine allocates the references,
//! decides and remembers. A decline is a value, not an error. `NotSent` may be
//! tried elsewhere; `Unknown` may not, until the reversal is acknowledged.

use std::pin::Pin;
use std::sync::Arc;

use crate::card::Card;
use crate::clock::Timestamp;
use crate::id::{AttemptId, PaymentId, Rrn};
use crate::money::{Currency, Money};

/// A future as a trait object can return it.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One counterparty.
pub trait Connector: Send + Sync {
    /// What it is and what it can do: data, read by router and recovery.
    fn profile(&self) -> &Profile;
    /// The money messages.
    fn payments(&self) -> &dyn Payments;
    /// The session under the messages, where there is one.
    fn session(&self) -> Option<&dyn Session> {
        None
    }
}

/// The money messages of a counterparty.
pub trait Payments: Send + Sync {
    /// Asks for the money. Called at most once for an attempt. Ends within the
    /// profile's `response_timeout_ms`.
    fn send<'a>(&'a self, instruction: &'a Instruction) -> Reply<'a, Result<Outcome, SendError>>;
    /// Asks what became of an attempt. Only called when the profile has `enquiry`.
    fn enquire<'a>(&'a self, attempt: &'a AttemptRef) -> Reply<'a, Result<Enquiry, SendError>>;
    /// Takes an attempt back; `reversal.repeat` marks every copy after the first.
    fn reverse<'a>(&'a self, reversal: &'a Reversal) -> Reply<'a, Result<ReversalAnswer, SendError>>;
}

/// A session that is opened and closed apart from the money.
pub trait Session: Send + Sync {
    /// Whether money messages can be sent now.
    fn is_up(&self) -> bool;
    /// Signs off and closes after the messages in flight, at shutdown.
    fn close(&self) -> Reply<'_, ()>;
}

/// Where a connector hands over answers that nobody waits for any more, and
/// what the counterparty starts by itself. Implemented by the engine.
pub trait Evidence: Send + Sync {
    /// An answer that came after its request had been given up, or a second time.
    fn late_response(&self, connector: &str, attempt: AttemptId, outcome: Outcome);
    /// Something a person should look at: `what` is a sentence without secrets.
    fn alarm(&self, connector: &str, what: &str);
}

/// The manifest of a counterparty: facts that routing and recovery act on.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Short name, unique, such as `card-sandbox`; names the configuration file.
    pub id: String,
    /// The methods it takes.
    pub methods: Vec<Method>,
    /// The currencies it takes.
    pub currencies: Vec<Currency>,
    /// Largest amount of one payment, minor units, per currency it takes.
    pub amount_max_minor: i64,
    /// Whole answer time of one payment message.
    pub response_timeout_ms: u64,
    /// Whether `enquire` is understood.
    pub enquiry: bool,
    /// Waits between repeats of a reversal; the last one is kept for ever.
    pub reversal_backoff_ms: Vec<u64>,
    /// After this time without a resolution a person is named; tries go on.
    pub review_after_ms: u64,
    /// Lower is tried first.
    pub priority: u16,
}

/// How a citizen pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Credit or debit card.
    Card,
    /// Cash at an agent.
    Cash,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 2] = [Self::Card, Self::Cash];

    /// The word in the database and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Cash => "cash",
        }
    }

    /// The method of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.as_str() == word)
    }
}

/// The references of an attempt, allocated by the engine and committed before
/// any byte leaves. Constant through answer, enquiry and reversal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRef {
    /// The payment.
    pub payment: PaymentId,
    /// The attempt; its base-36 form is the retrieval reference (field 37).
    pub attempt: AttemptId,
    /// Systems trace audit number, 1 to 999999 (field 11).
    pub stan: u32,
    /// When the request was committed to be sent (fields 7, 12 and 13).
    pub sent_at: Timestamp,
    /// What was asked for (fields 4 and 49).
    pub amount: Money,
}

impl AttemptRef {
    /// The retrieval reference number (field 37).
    #[must_use]
    pub fn rrn(&self) -> Rrn {
        Rrn::of(self.attempt)
    }
}

/// One request for money.
#[derive(Debug, Clone)]
pub struct Instruction {
    /// The references.
    pub refs: AttemptRef,
    /// The card, for card methods; never stored by the connector.
    pub card: Option<Card>,
}

/// What a counterparty said, read but not yet believed: the engine compares it
/// with the request first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It says the money moved.
    Approved(Approval),
    /// It says it did not and will not.
    Declined(Decline),
    /// It does not know yet, or says something we do not know: never success.
    Pending {
        /// The raw code.
        code: String,
    },
}

/// An approval as the counterparty echoed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Echoed amount and currency.
    pub amount: Money,
    /// Echoed trace number.
    pub stan: u32,
    /// Echoed retrieval reference.
    pub rrn: String,
    /// Authorisation code (field 38), may be empty.
    pub approval_code: String,
    /// Raw response code (field 39).
    pub code: String,
}

/// A refusal by the counterparty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    /// Why, in our words.
    pub reason: DeclineReason,
    /// Raw response code.
    pub code: String,
}

/// Why a counterparty refused, as far as a citizen can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclineReason {
    /// Not enough money or credit.
    InsufficientFunds,
    /// Card number, expiry or state is not accepted.
    CardNotAccepted,
    /// Amount or frequency limit of the card.
    LimitExceeded,
    /// The issuer says no without a reason a citizen can use.
    NotPermitted,
    /// The counterparty could not read or place our message.
    Rejected,
}

impl DeclineReason {
    /// Every reason.
    pub const ALL: [Self; 5] = [
        Self::InsufficientFunds,
        Self::CardNotAccepted,
        Self::LimitExceeded,
        Self::NotPermitted,
        Self::Rejected,
    ];

    /// The word in the database and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InsufficientFunds => "insufficient_funds",
            Self::CardNotAccepted => "card_not_accepted",
            Self::LimitExceeded => "limit_exceeded",
            Self::NotPermitted => "not_permitted",
            Self::Rejected => "rejected",
        }
    }

    /// The reason of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == word)
    }
}

/// A request to take an attempt back.
#[derive(Debug, Clone)]
pub struct Reversal {
    /// The attempt, as it was sent.
    pub original: AttemptRef,
    /// The card, while the vault still has it.
    pub card: Option<Card>,
    /// Every copy after the first is a repeat (0421, 0401).
    pub repeat: bool,
    /// Why it is taken back.
    pub reason: ReversalReason,
}

/// Why an attempt is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReversalReason {
    /// No answer in time, or the link broke.
    Timeout,
    /// An answer that does not fit the request.
    InvalidResponse,
    /// An approval came after the payment had ended without it.
    LateApproval,
}

impl ReversalReason {
    /// Whether the attempt may never have reached the counterparty. After an
    /// answer of any kind it has.
    #[must_use]
    pub fn may_be_absent(self) -> bool {
        match self {
            Self::Timeout => true,
            Self::InvalidResponse | Self::LateApproval => false,
        }
    }

    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::InvalidResponse => "invalid_response",
            Self::LateApproval => "late_approval",
        }
    }

    /// The reason of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Timeout, Self::InvalidResponse, Self::LateApproval].into_iter().find(|r| r.as_str() == word)
    }
}

/// What a counterparty said to a reversal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReversalAnswer {
    /// Accepted, or reversed before.
    Reversed {
        /// Raw response code.
        code: String,
    },
    /// There is no such original, and by its profile there never will be. As good
    /// as reversed, unless it has answered the original before or since.
    Absent {
        /// Raw response code.
        code: String,
    },
    /// Try again later.
    Retry {
        /// Raw response code.
        code: String,
    },
    /// A repeat cannot mend it: a person must look.
    Refused {
        /// Raw response code.
        code: String,
    },
}

/// What a counterparty said to an enquiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enquiry {
    /// It knows the attempt and how it ended.
    Found(Outcome),
    /// It proves that it never took it.
    Absent {
        /// Raw response code.
        code: String,
    },
}

/// Why there is no answer. The difference decides whether money may have moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Provably no byte left: may be tried elsewhere.
    #[error("not sent: {0}")]
    NotSent(Cause),
    /// A byte may have left: enquire or reverse, never send as new.
    #[error("no usable answer: {0}")]
    Unknown(Cause),
}

/// What went wrong on the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// No session with the counterparty.
    #[error("the link is down")]
    LinkDown,
    /// More messages in flight than the link may carry.
    #[error("the link is full")]
    LinkFull,
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The link broke with the answer outstanding.
    #[error("the link broke")]
    LinkLost,
    /// An answer that is not from who it says it is (MAC), or not readable.
    #[error("the answer is not trustworthy: {0}")]
    Untrusted(String),
    /// The message could not be built.
    #[error("the request cannot be expressed: {0}")]
    Unbuildable(String),
}

/// The connectors of a process, by profile id.
pub type Connectors = Vec<Arc<dyn Connector>>;
