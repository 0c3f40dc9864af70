//! Cash at an agent: what a terminal may ask of the switch, and what it is told.
//!
//! The inbound rails (ISO 8583 today) translate their messages into these calls;
//! the engine answers them. Cash needs no counterparty's word: the agent's
//! prepaid float pays at once, so every answer here is final.

use crate::clock::{BusinessDate, Timestamp};
use crate::connector::Reply;
use crate::id::{ClientId, PaymentId};
use crate::idempotency::IdempotencyKey;
use crate::money::Money;
use crate::payment::RefusedReason;

/// A terminal of an agent, as registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminal {
    /// Eight characters (ISO 8583 field 41).
    pub id: String,
    /// The agent it belongs to; owner of the float.
    pub agent: ClientId,
    /// Largest single cash payment, minor units.
    pub amount_max_minor: i64,
}

/// What a terminal shows before it takes the money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillQuote {
    /// The public number of the bill, normalised.
    pub bill: String,
    /// What is owed.
    pub amount: Money,
    /// Department and service codes.
    pub department: String,
    /// Service code.
    pub service: String,
}

/// A cash payment as a terminal asks for it.
#[derive(Debug, Clone)]
pub struct CashOrder {
    /// Who asks.
    pub terminal: Terminal,
    /// Derived from the terminal's own references: a repeat has the same key.
    pub key: IdempotencyKey,
    /// Public number of the bill, as typed.
    pub bill: String,
    /// What the citizen handed over; must be what is owed.
    pub amount: Money,
}

/// A cash payment that is taken back, named by the key of the original.
#[derive(Debug, Clone)]
pub struct CashReversal {
    /// Who asks; must be the terminal of the original.
    pub terminal: Terminal,
    /// The key of the original payment.
    pub original: IdempotencyKey,
    /// The amount of the original.
    pub amount: Money,
}

/// A cash payment that was made. A repeat gets the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashReceipt {
    /// The payment.
    pub payment: PaymentId,
    /// Twelve characters (field 37).
    pub rrn: String,
    /// Six characters (field 38).
    pub approval_code: String,
    /// When it was made.
    pub at: Timestamp,
    /// The date it is booked under (field 15).
    pub business_date: BusinessDate,
}

/// What became of a reversal. Both mean: there is no such payment (any more).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CashReversed {
    /// The payment was taken back, now or before.
    Reversed,
    /// The original was never seen: a tombstone now declines it should it come.
    Tombstone,
}

/// Why a terminal's request is refused. Names are statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CashRefusal {
    /// No terminal of this number, or it is locked.
    #[error("the terminal is not registered")]
    UnknownTerminal,
    /// No bill of this number.
    #[error("there is no such bill")]
    UnknownBill,
    /// It is paid.
    #[error("the bill is paid")]
    BillPaid,
    /// Another channel is paying it at this moment.
    #[error("another payment of the bill is under way")]
    BillInPayment,
    /// The department withdrew it.
    #[error("the bill was withdrawn")]
    BillCancelled,
    /// Its time is over.
    #[error("the bill has expired")]
    BillExpired,
    /// Amount or currency are not what is owed.
    #[error("the amount is not what is owed")]
    AmountDiffers,
    /// Above the limit of the terminal.
    #[error("the amount is above the terminal's limit")]
    AmountAboveLimit,
    /// The agent's prepaid balance does not cover it.
    #[error("the agent's float does not cover the amount")]
    FloatShort,
    /// These references already stand for another request.
    #[error("these references were used for another request")]
    KeyReused,
    /// The original was reversed before it came.
    #[error("the payment was reversed before it came")]
    AlreadyReversed,
    /// Only payments of this business day can be reversed at the terminal.
    #[error("the time for a reversal is over")]
    TooLateToReverse,
    /// The switch cannot answer now; nothing was changed.
    #[error("the switch cannot answer now")]
    Unavailable,
}

/// The words for a refusal that is kept under its key.
impl From<RefusedReason> for CashRefusal {
    fn from(reason: RefusedReason) -> Self {
        match reason {
            RefusedReason::BillTaken => Self::BillInPayment,
            RefusedReason::BillPaid => Self::BillPaid,
            RefusedReason::BillCancelled => Self::BillCancelled,
            RefusedReason::BillExpired => Self::BillExpired,
            RefusedReason::AmountDiffers => Self::AmountDiffers,
            RefusedReason::AmountAboveLimit => Self::AmountAboveLimit,
            RefusedReason::FloatShort => Self::FloatShort,
        }
    }
}

impl CashRefusal {
    /// Every refusal, in the order of precedence.
    pub const ALL: [Self; 13] = [
        Self::UnknownTerminal,
        Self::UnknownBill,
        Self::BillPaid,
        Self::BillInPayment,
        Self::BillCancelled,
        Self::BillExpired,
        Self::AmountDiffers,
        Self::AmountAboveLimit,
        Self::FloatShort,
        Self::KeyReused,
        Self::AlreadyReversed,
        Self::TooLateToReverse,
        Self::Unavailable,
    ];
}

/// What a point of sale can ask of the switch. Implemented by the engine.
pub trait CashDesk: Send + Sync {
    /// The registered terminal of a number, for sign-on.
    fn terminal<'a>(&'a self, id: &'a str) -> Reply<'a, Result<Terminal, CashRefusal>>;
    /// What a bill costs, and that it can be paid. Changes nothing.
    fn inquire<'a>(
        &'a self,
        terminal: &'a Terminal,
        bill: &'a str,
    ) -> Reply<'a, Result<BillQuote, CashRefusal>>;
    /// Pays a bill from the agent's float. A repeat (same key) gets the stored
    /// answer and changes nothing.
    fn pay(&self, order: CashOrder) -> Reply<'_, Result<CashReceipt, CashRefusal>>;
    /// Takes a payment back, or leaves a tombstone for one not seen.
    fn reverse(&self, reversal: CashReversal) -> Reply<'_, Result<CashReversed, CashRefusal>>;
}
