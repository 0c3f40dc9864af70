//! A bill: what a department asks of a payer. Written once; whether it is open,
//! being paid, paid or cancelled is told by who holds its claim.

use crate::clock::Timestamp;
use crate::id::{BillId, ClientId, PaymentId};
use crate::money::Money;
use crate::person::Payer;

/// A bill as the department made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// Our number.
    pub id: BillId,
    /// The client that made it.
    pub client: ClientId,
    /// Department code of the catalogue, such as `MOI`.
    pub department: String,
    /// Service code of the catalogue, such as `PASS-REN`.
    pub service: String,
    /// The department's own number, unique within the department.
    pub reference: String,
    /// Who owes it.
    pub payer: Payer,
    /// What is owed.
    pub amount: Money,
    /// Free text for the payer.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From this moment it is not accepted any more.
    pub expires_at: Option<Timestamp>,
}

/// The only holder of a bill. A bill has at most one claim, which is how two
/// channels cannot both pay it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// A payment is being made or was made.
    Payment(PaymentId),
    /// The department withdrew it.
    Cancelled,
}

/// What a bill is at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillState {
    /// May be paid.
    Open,
    /// A payment holds it and is not final.
    InPayment,
    /// A payment holds it and is paid.
    Paid,
    /// Withdrawn by the department.
    Cancelled,
    /// Its time is over.
    Expired,
}

impl BillState {
    /// The word in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::InPayment => "IN_PAYMENT",
            Self::Paid => "PAID",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
        }
    }

    /// The state of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Open, Self::InPayment, Self::Paid, Self::Cancelled, Self::Expired]
            .into_iter()
            .find(|state| state.as_str() == word)
    }

    /// The state that follows from the claim, whether its payment is paid, and the time.
    #[must_use]
    pub fn of(bill: &Bill, claim: Option<Claim>, claim_is_paid: bool, now: Timestamp) -> Self {
        match claim {
            Some(Claim::Payment(_)) if claim_is_paid => Self::Paid,
            Some(Claim::Payment(_)) => Self::InPayment,
            Some(Claim::Cancelled) => Self::Cancelled,
            None if bill.expires_at.is_some_and(|end| end <= now) => Self::Expired,
            None => Self::Open,
        }
    }
}
