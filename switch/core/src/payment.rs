//! A payment: what the citizen sees. Its state follows from its attempt; what
//! follows from its state is money, the bill, the card and the news.

use crate::attempt::{self, AttemptEffect, AttemptState, Event, NotNow};
use crate::clock::{BusinessDate, Timestamp};
use crate::connector::{AttemptRef, Method};
use crate::id::{BillId, CardId, ClientId, PaymentId};
use crate::idempotency::{Fingerprint, IdempotencyKey};
use crate::money::Money;

/// A payment as it was taken in: written once, never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Our number.
    pub id: PaymentId,
    /// Who asked for it.
    pub client: ClientId,
    /// Their key: unique with the client.
    pub key: IdempotencyKey,
    /// What the request meant.
    pub fingerprint: Fingerprint,
    /// The bill. `None` only for the tombstone of a payment that never came.
    pub bill: Option<BillId>,
    /// How it is paid.
    pub method: Method,
    /// What is paid.
    pub amount: Money,
    /// Where it came in.
    pub channel: Channel,
    /// The card of the vault, for card methods.
    pub card: Option<CardId>,
    /// When it was taken in.
    pub created_at: Timestamp,
    /// The date it is booked under.
    pub business_date: BusinessDate,
}

/// Where a payment comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The HTTP API.
    Api,
    /// A point of sale.
    Pos,
}

impl Channel {
    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Pos => "pos",
        }
    }

    /// The channel of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Api, Self::Pos].into_iter().find(|c| c.as_str() == word)
    }
}

/// What a payment is at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentState {
    /// The counterparty is being asked.
    Processing,
    /// Not known yet; being found out or taken back.
    Pending,
    /// Not known for too long: a person is named, tries go on.
    ManualReview,
    /// Paid. Final.
    Paid,
    /// The counterparty refused. Final.
    Declined,
    /// Taken back. Final.
    Reversed,
    /// It could not be sent anywhere. Final.
    Failed,
    /// Never started: the bill or the float did not allow it. Final.
    Refused,
}

impl PaymentState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Processing,
        Self::Pending,
        Self::ManualReview,
        Self::Paid,
        Self::Declined,
        Self::Reversed,
        Self::Failed,
        Self::Refused,
    ];

    /// The word in the database and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Pending => "PENDING",
            Self::ManualReview => "MANUAL_REVIEW",
            Self::Paid => "PAID",
            Self::Declined => "DECLINED",
            Self::Reversed => "REVERSED",
            Self::Failed => "FAILED",
            Self::Refused => "REFUSED",
        }
    }

    /// The state of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }

    /// Whether nothing but a new ledger movement can follow.
    #[must_use]
    pub fn is_final(self) -> bool {
        match self {
            Self::Processing | Self::Pending | Self::ManualReview => false,
            Self::Paid | Self::Declined | Self::Reversed | Self::Failed | Self::Refused => true,
        }
    }

    /// What the citizen sees of an attempt.
    #[must_use]
    pub fn of(attempt: &AttemptState) -> Self {
        match attempt {
            AttemptState::Sending => Self::Processing,
            AttemptState::InDoubt(_) | AttemptState::Reversing { .. } => Self::Pending,
            AttemptState::Review { .. } => Self::ManualReview,
            AttemptState::Approved(_) => Self::Paid,
            AttemptState::Declined(_) => Self::Declined,
            AttemptState::Reversed { .. } => Self::Reversed,
            AttemptState::NotSent => Self::Failed,
        }
    }
}

/// Why a payment never started: stored under its key like any other answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedReason {
    /// Another payment of the bill is under way; of an API payment also: it is
    /// paid or was withdrawn.
    BillTaken,
    /// The bill is paid.
    BillPaid,
    /// The department withdrew the bill.
    BillCancelled,
    /// The bill's time is over.
    BillExpired,
    /// Amount or currency are not what is owed.
    AmountDiffers,
    /// Above the limit of the terminal.
    AmountAboveLimit,
    /// The agent's float does not cover it.
    FloatShort,
}

impl RefusedReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::BillTaken,
        Self::BillPaid,
        Self::BillCancelled,
        Self::BillExpired,
        Self::AmountDiffers,
        Self::AmountAboveLimit,
        Self::FloatShort,
    ];

    /// The reason of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BillTaken => "bill_taken",
            Self::BillPaid => "bill_paid",
            Self::BillCancelled => "bill_cancelled",
            Self::BillExpired => "bill_expired",
            Self::AmountDiffers => "amount_differs",
            Self::AmountAboveLimit => "amount_above_limit",
            Self::FloatShort => "float_short",
        }
    }
}

/// The current attempt of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its references, committed before the wire.
    pub refs: AttemptRef,
    /// What is known of it.
    pub state: AttemptState,
}

/// The next state of a payment's attempt and everything that follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is known now.
    pub next: AttemptState,
    /// What to do, all in one commit.
    pub effects: Vec<Effect>,
}

/// What follows from a step. Everything but sending is part of its commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The pending transfer becomes a posting.
    Post,
    /// The pending transfer is voided.
    Void,
    /// The bill may be paid again.
    ReleaseBill,
    /// The card leaves the vault.
    PurgeCard,
    /// Subscribers learn of the new state.
    Publish(PaymentState),
    /// What the attempt asks for.
    Attempt(AttemptEffect),
}

/// Applies one event to a payment's attempt and says what follows for money,
/// bill, card and subscribers. Final states absorb everything.
///
/// # Errors
/// [`NotNow`] when the event has no meaning in the state.
pub fn apply(attempt: &Attempt, event: Event) -> Result<Step, NotNow> {
    let (next, steps) = attempt::apply(&attempt.refs, &attempt.state, event)?;
    let mut effects = Vec::with_capacity(4);
    if next.is_final() && !attempt.state.is_final() {
        let state = PaymentState::of(&next);
        match next {
            AttemptState::Approved(_) => effects.push(Effect::Post),
            _ => effects.extend([Effect::Void, Effect::ReleaseBill]),
        }
        effects.extend([Effect::PurgeCard, Effect::Publish(state)]);
    }
    effects.extend(steps.into_iter().map(Effect::Attempt));
    Ok(Step { next, effects })
}
