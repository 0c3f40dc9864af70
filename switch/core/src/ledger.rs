//! Double entry in two phases, as TigerBeetle does it: a transfer is pending,
//! then posted or voided, each a row of its own. No row is ever changed.
//!
//! One row moves one amount from one account to another, so debits equal
//! credits by construction; the rest of the rules are in [`Ledger::record`].

use std::collections::BTreeMap;

use crate::clock::{BusinessDate, Timestamp};
use crate::id::AccountId;
use crate::money::Money;

/// What a transfer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferKind {
    /// Promises the amount; changes no balance.
    Pending,
    /// Keeps the promise of the row before it.
    Post,
    /// Takes the promise of the row before it back.
    Void,
    /// Moves the amount at once, without a promise.
    Book,
}

impl TransferKind {
    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Post => "POST",
            Self::Void => "VOID",
            Self::Book => "BOOK",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Post, Self::Void, Self::Book].into_iter().find(|k| k.as_str() == word)
    }

    /// Whether balances change.
    #[must_use]
    pub fn moves_money(self) -> bool {
        match self {
            Self::Post | Self::Book => true,
            Self::Pending | Self::Void => false,
        }
    }
}

/// One row of the ledger. `(cause, seq)` is its identity: a second posting or
/// voiding of the same promise is the same row, and cannot be written twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    /// The payment, file or approval that explains it.
    pub cause: i64,
    /// Position among the transfers of the cause.
    pub seq: i32,
    /// What it does.
    pub kind: TransferKind,
    /// The account that gives.
    pub debit: AccountId,
    /// The account that receives.
    pub credit: AccountId,
    /// How much, above zero.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
    /// The date it is booked under.
    pub business_date: BusinessDate,
}

/// The position of the promise of an attempt numbered from 1; its posting or
/// voiding follows it.
#[must_use]
pub fn pending_seq(attempt_no: i32) -> i32 {
    attempt_no * 2 - 1
}

/// The first position after all attempts, for a movement that undoes a payment.
pub const UNWIND_SEQ: i32 = 1000;

impl Transfer {
    /// The row that keeps or takes back this promise.
    #[must_use]
    pub fn ended(&self, kind: TransferKind, at: Timestamp) -> Self {
        Self { seq: self.seq + 1, kind, at, ..*self }
    }
}

/// Why a row may not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Zero, negative, or both sides the same account.
    #[error("a transfer moves an amount above zero between two accounts")]
    Empty,
    /// A row with this cause and position exists.
    #[error("the transfer exists")]
    Exists,
    /// There is no promise at the position before it.
    #[error("nothing is pending")]
    NothingPending,
    /// Accounts or amount are not those of the promise.
    #[error("it differs from what is pending")]
    DiffersFromPending,
    /// An account would fall below its floor.
    #[error("the balance does not cover it")]
    FloorBroken,
}

/// The rules over all rows: a model in memory that tests, the simulation and
/// the auditor hold against the database.
#[derive(Debug, Default, Clone)]
pub struct Ledger {
    rows: BTreeMap<(i64, i32), Transfer>,
    balances: BTreeMap<AccountId, i128>,
    floors: BTreeMap<AccountId, i64>,
}

impl Ledger {
    /// Declares the least an account may owe (credits less debits).
    pub fn set_floor(&mut self, account: AccountId, floor_minor: i64) {
        self.floors.insert(account, floor_minor);
    }

    /// Writes a row, or says which rule it breaks and changes nothing.
    ///
    /// # Errors
    /// [`LedgerError`], in the order of its variants.
    pub fn record(&mut self, row: Transfer) -> Result<(), LedgerError> {
        if row.amount.minor() <= 0 || row.debit == row.credit {
            return Err(LedgerError::Empty);
        }
        if self.rows.contains_key(&(row.cause, row.seq)) {
            return Err(LedgerError::Exists);
        }
        if matches!(row.kind, TransferKind::Post | TransferKind::Void) {
            let pending = self
                .rows
                .get(&(row.cause, row.seq - 1))
                .filter(|before| before.kind == TransferKind::Pending)
                .ok_or(LedgerError::NothingPending)?;
            if (pending.debit, pending.credit, pending.amount) != (row.debit, row.credit, row.amount) {
                return Err(LedgerError::DiffersFromPending);
            }
        }
        if row.kind.moves_money() {
            let amount = i128::from(row.amount.minor());
            let debited = self.balance(row.debit) - amount;
            if self.floors.get(&row.debit).is_some_and(|floor| debited < i128::from(*floor)) {
                return Err(LedgerError::FloorBroken);
            }
            self.balances.insert(row.debit, debited);
            *self.balances.entry(row.credit).or_default() += amount;
        }
        self.rows.insert((row.cause, row.seq), row);
        Ok(())
    }

    /// What an account owes: credits less debits, minor units.
    #[must_use]
    pub fn balance(&self, account: AccountId) -> i128 {
        self.balances.get(&account).copied().unwrap_or(0)
    }

    /// The sum over all accounts: zero, always.
    #[must_use]
    pub fn total(&self) -> i128 {
        self.balances.values().sum()
    }
}
