//! What a document holds, in numbers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use super::super::error::Fault;
use super::amount::{Money, Quantity, decimals};

/// What was read of a document that keeps to all rules. Sums are exact decimal texts by currency, with the decimals of the
/// currency. As JSON: `{"message":"pacs.008.001.08","transactions":1,"sums":{"ILS":"50.00"}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The message, such as `pacs.008.001.08`; that of the document where there is a header too.
    pub message: &'static str,
    /// Transactions ordered or told about; left out for statements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactions: Option<u64>,
    /// What the transactions come to; left out for statements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sums: Option<BTreeMap<String, String>>,
    /// What a statement holds; left out for other messages.
    #[serde(flatten)]
    pub entries: Option<Entries>,
    /// What deserves a look and refuses nothing; the first sixteen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// What statements, reports and notifications hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entries {
    /// How many statements the document has.
    pub statements: u64,
    /// How many entries they have together.
    pub entries: u64,
    /// What the credit entries come to by currency.
    pub credit: BTreeMap<String, String>,
    /// What the debit entries come to by currency.
    pub debit: BTreeMap<String, String>,
}

/// What deserves a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Where.
    pub path: String,
    /// What.
    pub reason: Cow<'static, str>,
}

/// Sums by currency.
#[derive(Debug, Default)]
pub(super) struct Sums(BTreeMap<[u8; 3], Quantity>);

impl Sums {
    pub(super) fn add(&mut self, money: Money) -> Result<(), Fault> {
        self.0.entry(money.currency).or_default().add(money.quantity)
    }

    fn texts(&self) -> BTreeMap<String, String> {
        let text = |(code, sum): (&[u8; 3], &Quantity)| {
            (String::from_utf8_lossy(code).into_owned(), sum.text(decimals(*code)))
        };
        self.0.iter().map(text).collect()
    }
}

/// What is counted on the way.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) message: &'static str,
    pub(super) transactions: u64,
    pub(super) sums: Sums,
    pub(super) statements: u64,
    pub(super) entries: u64,
    pub(super) credit: Sums,
    pub(super) debit: Sums,
    warnings: Vec<Warning>,
}

const WARNINGS_MAX: usize = 16;

impl Tally {
    pub(super) fn begin(&mut self, message: &'static str) {
        self.message = message;
    }

    pub(super) fn warn(&mut self, path: &str, reason: impl Into<Cow<'static, str>>) {
        if self.warnings.len() < WARNINGS_MAX {
            self.warnings.push(Warning { path: path.to_owned(), reason: reason.into() });
        }
    }

    pub(super) fn report(&self, message: &'static str) -> Report {
        let is_statement = self.statements > 0;
        let entries = is_statement.then(|| Entries {
            statements: self.statements,
            entries: self.entries,
            credit: self.credit.texts(),
            debit: self.debit.texts(),
        });
        Report {
            message,
            transactions: (!is_statement).then_some(self.transactions),
            sums: (!is_statement).then(|| self.sums.texts()),
            entries,
            warnings: self.warnings.clone(),
        }
    }
}

/// Counts what answers, inquiries and recalls tell about.
pub(super) fn count_other(inner: &[&str], tally: &mut Tally) {
    let is_transaction = matches!(
        inner,
        ["TxInfAndSts" | "TxInf"]
            | ["OrgnlPmtInfAndSts", "TxInfAndSts"]
            | ["Undrlyg", "TxInf"]
            | ["Undrlyg", "OrgnlPmtInfAndCxl", "TxInf"]
            | ["CxlDtls", "TxInfAndSts"]
            | ["CxlDtls", "OrgnlPmtInfAndSts", "TxInfAndSts"]
    );
    if is_transaction {
        tally.transactions += 1;
    }
}
