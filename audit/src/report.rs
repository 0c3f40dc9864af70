//! What an audit says: sentences about what does not agree, and a list of the work that is open.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::Options;
use crate::money::amount;
use crate::numbers::PublicNumbers;

/// More sentences of one check are counted and not kept: a report must be read by people.
const KEPT_MAX: usize = 100;

macro_rules! checks {
    ($($(#[$doc:meta])* $name:ident = $word:literal)*) => {
        /// What was checked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Check {
            $($(#[$doc])* $name,)*
        }

        impl Check {
            /// Every check.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name for machines.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

checks! {
    /// Debits equal credits per currency: each transfer moves one amount of one currency between two
    /// accounts that exist, and all balances of a currency add up to nothing.
    Balance = "balance"
    /// The stored balance of an account with a floor is what its entries say, and not below the floor.
    Floor = "floor"
    /// A pending transfer has exactly one end of the same amount and accounts, or an open attempt.
    Promise = "promise"
    /// A payment is PAID exactly when its amount was moved, once.
    Posting = "posting"
    /// A transfer has a payment that explains it, or is a top-up from a bank.
    Cause = "cause"
    /// A payment has an outcome or an open attempt; both only while a late approval is taken back.
    End = "end"
    /// A bill is paid at most once, and for what it asks.
    Bill = "bill"
    /// A bill is claimed exactly by its paid or open payment.
    Claim = "claim"
    /// What was moved on a business date is what the payments of that date say.
    BusinessDate = "business-date"
    /// The vault holds no card of an ended payment.
    Vault = "vault"
    /// What is open for too long has a named owner; nothing is open when all is settled.
    Open = "open"
    /// What the outbox holds is true and goes to the owner of the bill.
    Outbox = "outbox"
    /// The book of the card host says the same as the database.
    Book = "book"
    /// What clients were told is so, and stays so.
    History = "history"
    /// The owner of a bill was told, at least once, and nothing else than what happened.
    Delivery = "delivery"
    /// The entries of the audit log follow each other, unchanged.
    Chain = "chain"
    /// A seal is the signature of a known key on all entries before it.
    Seal = "seal"
    /// A signed statement is what the rows of its date say.
    Statement = "statement"
    /// A file can be read.
    File = "file"
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which check found it.
    pub check: Check,
    /// The row, the amount, and what was lost or doubled.
    pub sentence: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.check.word(), self.sentence)
    }
}

/// Work that is open: no difference, but somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenWork {
    /// Number of the payment.
    pub payment: i64,
    /// `SENDING`, `IN_DOUBT`, `REVERSING` or `REVIEW`.
    pub state: String,
    /// Since its message was sent, milliseconds.
    pub age_ms: i64,
    /// What it is about.
    pub sentence: String,
}

/// How much was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Payments by their state.
    pub payments: BTreeMap<String, u64>,
    /// Rows of the ledger.
    pub transfers: u64,
    /// Minor units moved, by currency.
    pub moved_minor: BTreeMap<String, i128>,
    /// Sales in the books of card hosts.
    pub sales: u64,
    /// Answers in the history of clients.
    pub answers: u64,
    /// Deliveries in the logs of receivers.
    pub deliveries: u64,
    /// Entries of the audit log.
    pub entries: u64,
    /// Seals among them.
    pub seals: u64,
    /// Entries after the last seal.
    pub unsealed: u64,
    /// Hash of the last entry, hexadecimal.
    pub head: String,
}

/// What an audit found.
pub struct Report {
    /// The differences, in the order they were found.
    pub findings: Vec<Finding>,
    /// Differences that were counted and not kept, by check.
    pub more: BTreeMap<Check, u64>,
    /// Open work, in the order of the payments.
    pub open: Vec<OpenWork>,
    /// How much was looked at.
    pub counts: Counts,
    pub(crate) options: Options,
    pub(crate) numbers: Option<PublicNumbers>,
    kept: BTreeMap<Check, usize>,
}

impl Report {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            findings: Vec::new(),
            more: BTreeMap::new(),
            open: Vec::new(),
            counts: Counts::default(),
            options: options.clone(),
            numbers: options.ids_key.map(PublicNumbers::new),
            kept: BTreeMap::new(),
        }
    }

    /// Whether everything agrees.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    pub(crate) fn found(&mut self, check: Check, sentence: String) {
        let kept = self.kept.entry(check).or_default();
        if *kept < KEPT_MAX {
            *kept += 1;
            self.findings.push(Finding { check, sentence });
        } else {
            *self.more.entry(check).or_default() += 1;
        }
    }

    pub(crate) fn unreadable(&mut self, file: &Path, lines: u64) {
        if lines > 0 {
            let sentence = format!("{} has {lines} line(s) that nobody can read", file.display());
            self.found(Check::File, sentence);
        }
    }

    /// A payment as people know it.
    pub(crate) fn payment(&self, id: i64) -> String {
        match &self.numbers {
            Some(numbers) => format!("payment {id} ({})", numbers.show("pay", id)),
            None => format!("payment {id}"),
        }
    }
}

/// The report for people.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counts;
        let payments: u64 = counts.payments.values().sum();
        write!(f, "{payments} payments")?;
        let states: Vec<_> = counts.payments.iter().map(|(state, n)| format!("{n} {state}")).collect();
        if !states.is_empty() {
            write!(f, " ({})", states.join(", "))?;
        }
        writeln!(f, ", {} transfers", counts.transfers)?;
        for (currency, minor) in &counts.moved_minor {
            writeln!(f, "moved: {}", amount(*minor, currency))?;
        }
        for (what, number) in [
            ("sales in the book of the host", counts.sales),
            ("answers in the history of the clients", counts.answers),
            ("deliveries in the log of the receiver", counts.deliveries),
        ] {
            if number > 0 {
                writeln!(f, "compared with {number} {what}")?;
            }
        }
        if counts.entries > 0 {
            let (entries, seals, unsealed) = (counts.entries, counts.seals, counts.unsealed);
            writeln!(
                f,
                "audit log: {entries} entries, {seals} seals, {unsealed} not sealed yet, head {}",
                counts.head
            )?;
        }
        if !self.open.is_empty() {
            writeln!(f, "\nopen: {}", self.open.len())?;
        }
        for work in self.open.iter().take(KEPT_MAX) {
            writeln!(f, "  {}", work.sentence)?;
        }
        let differences = self.findings.len() as u64 + self.more.values().sum::<u64>();
        if differences == 0 {
            return writeln!(f, "\nno differences");
        }
        writeln!(f, "\ndifferences: {differences}")?;
        for finding in &self.findings {
            writeln!(f, "  {finding}")?;
        }
        for (check, number) in &self.more {
            writeln!(f, "  [{}] and {number} more", check.word())?;
        }
        Ok(())
    }
}
