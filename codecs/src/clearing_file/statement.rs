//! An account statement as every bank format tells it: opening, entries one at a time, closing.
//!
//! MT940 and camt.053 of the same day give the same events. Amounts are minor units of the statement's currency, never
//! negative: the mark says which way the money went.

use serde::{Serialize, Serializer};

use crate::amount::Decimal;
use crate::date::Date;
use crate::iso4217::Currency;

/// What a statement's reader comes across.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A statement begins.
    Opened(Opening),
    /// One entry of it.
    Entry(Box<Entry>),
    /// It ends, and its balances agree with its entries.
    Closed(Closing),
}

/// How a statement begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The bank's reference of the message (`:20:`, `Stmt/Id`).
    pub reference: String,
    /// The account as the bank writes it (`:25:`, `Acct/Id`).
    pub account: String,
    /// Number of the statement (`:28C:`, `ElctrncSeqNb`), empty where there is none.
    pub number: String,
    /// Of the account.
    pub currency: Currency,
    /// The booked balance before the first entry; a report during the day may have none.
    pub balance: Option<Balance>,
}

/// How a statement ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Closing {
    /// The booked balance after the last entry.
    pub balance: Option<Balance>,
    /// What may be disposed of (`:64:`, `CLAV`).
    pub available: Option<Balance>,
    /// Later values (`:65:`, `FWAV`).
    pub forward: Vec<Balance>,
    /// Information for the account's owner about the whole statement.
    pub narrative: String,
    /// False when more pages of it should follow and the file has none.
    pub is_last_page: bool,
}

/// A balance, below zero when the account is overdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// In minor units of the statement's currency.
    pub minor: i64,
    /// The day it is of.
    pub date: Date,
}

/// Which way the money of an entry went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// The account received it.
    Credit,
    /// The account paid it.
    Debit,
    /// A credit is taken back: the account pays.
    ReversalOfCredit,
    /// A debit is taken back: the account receives.
    ReversalOfDebit,
}

impl Mark {
    /// SWIFT's word: `C`, `D`, `RC`, `RD`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Mark::Credit => "C",
            Mark::Debit => "D",
            Mark::ReversalOfCredit => "RC",
            Mark::ReversalOfDebit => "RD",
        }
    }

    /// True when the account receives.
    #[must_use]
    pub const fn credits_the_account(self) -> bool {
        matches!(self, Mark::Credit | Mark::ReversalOfDebit)
    }

    /// The mark of an entry that credits or debits, and is a reversal or not.
    #[must_use]
    pub const fn of(credits: bool, is_reversal: bool) -> Self {
        match (credits, is_reversal) {
            (true, false) => Mark::Credit,
            (false, false) => Mark::Debit,
            (true, true) => Mark::ReversalOfDebit,
            (false, true) => Mark::ReversalOfCredit,
        }
    }
}

/// Whether an entry is in the books of the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Booking {
    /// It is (`BOOK`); everything in MT940.
    #[default]
    Booked,
    /// Not yet (`PDNG`).
    Pending,
    /// It may never be: for information (`INFO`), expected (`FUTR`).
    Information,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it begins in the file.
    pub line: u64,
    /// Which way.
    pub mark: Mark,
    /// What was booked, in minor units.
    pub amount_minor: i64,
    /// Of the amount.
    pub currency: Currency,
    /// In the books or not.
    pub booking: Booking,
    /// When it counts for interest; a camt entry may have none.
    pub value_date: Option<Date>,
    /// When it was booked.
    pub booking_date: Option<Date>,
    /// The bank's code of what it is: `NTRF`, `PMNT/RRCT/OTHR`.
    pub code: String,
    /// Third letter of the currency or another code of funds (MT940 only).
    pub funds_code: Option<char>,
    /// The account owner's reference, `NONREF` kept as written; in camt the end-to-end identification of a single transaction.
    pub reference: String,
    /// The bank's reference, empty where there is none.
    pub bank_reference: String,
    /// Supplementary details of `:61:`, `AddtlNtryInf` of camt.
    pub details: String,
    /// What it is for: `:86:` with its lines, or the remittance information.
    pub narrative: String,
    /// Charges the bank took before it booked the rest, in minor units (camt only).
    pub charges_minor: i64,
    /// The transactions a camt entry is made of; empty where the bank does not tell.
    pub transactions: Vec<Transaction>,
}

/// One transaction of a batch entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transaction {
    /// `EndToEndId`, empty where there is none.
    pub end_to_end_id: String,
    /// `TxId`, `AcctSvcrRef` or `InstrId`: the first there is.
    pub bank_reference: String,
    /// `UETR`.
    pub uetr: String,
    /// In minor units of `currency`.
    pub amount_minor: Option<i64>,
    /// Of the amount, when it is told.
    pub currency: Option<Currency>,
    /// True when it credits the account.
    pub credits: bool,
    /// The structured creditor reference, else what the payer wrote.
    pub remittance: String,
}

impl Entry {
    /// The amount with its sign: what it adds to the balance.
    #[must_use]
    pub const fn signed_minor(&self) -> i64 {
        if self.mark.credits_the_account() { self.amount_minor } else { -self.amount_minor }
    }
}

impl Serialize for Entry {
    /// As `["50.00", "C", "reference", "bank reference"]`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let amount = decimal(self.amount_minor, self.currency);
        (amount, self.mark.name(), &self.reference, &self.bank_reference).serialize(serializer)
    }
}

/// Minor units as decimal text of the currency.
pub(crate) fn decimal(minor: i64, currency: Currency) -> String {
    Decimal::of_minor(minor, currency).map_or_else(|_| minor.to_string(), |amount| amount.to_string())
}
