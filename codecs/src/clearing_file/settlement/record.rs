//! What a settlement file says: its header, one record a movement, and the totals that prove them complete.

use std::borrow::Cow;

use crate::date::{Date, Moment};
use crate::iso4217::Currency;

/// The version of the format that is written and read.
pub const VERSION: u32 = 1;

/// The first line: whose file it is and for which day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Ours, unique among all files of all days; at most 64 visible ASCII characters.
    pub file_id: String,
    /// The counterparty or department it is for; at most 64 characters.
    pub counterparty: String,
    /// The business day it settles.
    pub business_date: Date,
    /// The currencies its records may have, each once, in the order of the trailer's sums.
    pub currencies: Vec<Currency>,
    /// When it was made.
    pub created: Moment,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in the file.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// By its word.
            #[must_use]
            pub fn by_name(name: &str) -> Option<Self> {
                match name { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// What moved. A payment is a credit to the department; everything else is a debit.
    Kind {
        /// A citizen paid.
        Payment = "payment",
        /// A payment was taken back as if it had never been.
        Reversal = "reversal",
        /// A payment was given back later.
        Refund = "refund",
        /// What the counterparty keeps of the day, as a line of its own.
        Commission = "commission",
    }
}

words! {
    /// How sure the movement is.
    Status {
        /// In the books.
        Posted = "posted",
        /// Not yet known.
        Pending = "pending",
        /// Known not to have happened.
        Voided = "voided",
        /// In the books and disputed.
        Disputed = "disputed",
    }
}

impl Kind {
    /// True for what the department receives.
    #[must_use]
    pub const fn is_credit(self) -> bool {
        matches!(self, Kind::Payment)
    }
}

/// One movement. Amounts are in minor units of `currency`; an empty text stands for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// What moved.
    pub kind: Kind,
    /// Our public reference: 1 to 64 visible ASCII characters.
    pub reference: Cow<'a, str>,
    /// The counterparty's reference, at most 64 characters.
    pub counterparty_reference: Cow<'a, str>,
    /// Field 37 of ISO 8583: twelve letters or digits, or none.
    pub rrn: Cow<'a, str>,
    /// Field 11 of ISO 8583: six digits, or none.
    pub stan: Cow<'a, str>,
    /// What moved, above zero.
    pub amount_minor: i64,
    /// One of the header's.
    pub currency: Currency,
    /// What the payer paid on top, zero or more.
    pub fee_minor: i64,
    /// What the counterparty keeps of it, zero or more.
    pub commission_minor: i64,
    /// The business day of the movement.
    pub business_date: Date,
    /// When it happened.
    pub occurred_at: Moment,
    /// The service, at most 64 characters.
    pub service: Cow<'a, str>,
    /// The bill, at most 64 characters.
    pub bill: Cow<'a, str>,
    /// How sure it is.
    pub status: Status,
}

/// The columns of a record, in their order: names of CSV columns and keys of JSON.
pub const COLUMNS: [&str; 14] = [
    "kind",
    "reference",
    "counterparty_reference",
    "rrn",
    "stan",
    "amount",
    "currency",
    "fee",
    "commission",
    "business_date",
    "occurred_at",
    "service",
    "bill",
    "status",
];

/// Number of records and sums of their amounts, whatever their status: control totals, not balances.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Records.
    pub count: u64,
    /// One for each currency of the header, in its order.
    pub sums: Vec<Sum>,
}

/// The sums of one currency, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// The currency.
    pub currency: Currency,
    /// Of payments.
    pub credits_minor: i64,
    /// Of everything else.
    pub debits_minor: i64,
}

impl Totals {
    /// Nothing yet, in each of `currencies`.
    #[must_use]
    pub fn of(currencies: &[Currency]) -> Self {
        let nothing = |currency: &Currency| Sum { currency: *currency, credits_minor: 0, debits_minor: 0 };
        Self { count: 0, sums: currencies.iter().map(nothing).collect() }
    }

    /// Counts a record in; `None`, and nothing counted, when its currency is not there or the sum is above 18 digits.
    pub(crate) fn add(&mut self, record: &Record<'_>) -> Option<()> {
        let sum = self.sums.iter_mut().find(|sum| sum.currency == record.currency)?;
        let side = if record.kind.is_credit() { &mut sum.credits_minor } else { &mut sum.debits_minor };
        let total = side.checked_add(record.amount_minor).filter(|total| *total <= MINOR_MAX)?;
        *side = total;
        self.count += 1;
        Some(())
    }
}

/// Eighteen nines: the most that decimal text here may say.
pub(crate) const MINOR_MAX: i64 = 999_999_999_999_999_999;

/// What a whole file that proved right said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The first line.
    pub header: Header,
    /// The trailer's, equal to those of the records.
    pub totals: Totals,
    /// SHA-256 of everything before the trailer, as the trailer says.
    pub content_sha256: [u8; 32],
    /// SHA-256 of the file with its trailer: what the detached signature signs.
    pub file_sha256: [u8; 32],
}
