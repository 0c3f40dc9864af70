//! What a document holds, in numbers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::super::error::Fault;
use super::amount::{Money, Quantity, decimals};

/// What was read of a document that keeps to all rules. Sums are exact decimal texts by currency, with the decimals of the
/// currency. As JSON: `{"message":"pacs.008.001.08","count":1,"sums":{"ILS":"50.00"}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The message, such as `pacs.008.001.08`; that of the document where there is a header too.
    pub message: &'static str,
    /// Transactions ordered or told about, or the entries of statements.
    pub count: u64,
    /// What they come to; credit and debit entries together.
    pub sums: BTreeMap<String, String>,
    /// What else a statement holds; left out for other messages.
    #[serde(flatten)]
    pub turnover: Option<Turnover>,
    /// What deserves a look and refuses nothing; the first sixteen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
}

/// What statements, reports and notifications hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Turnover {
    /// How many statements the document has.
    pub statements: u64,
    /// What the credit entries come to by currency.
    pub credit: BTreeMap<String, String>,
    /// What the debit entries come to by currency.
    pub debit: BTreeMap<String, String>,
}

impl fmt::Display for Report {
    /// `pacs.008.001.08: 1, ILS 50.00`, then a line a warning.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.count)?;
        self.sums.iter().try_for_each(|(currency, sum)| write!(f, ", {currency} {sum}"))?;
        self.warnings
            .iter()
            .try_for_each(|warning| write!(f, "\nwarning: {}: {}", warning.path, warning.reason))
    }
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
    pub(super) count: u64,
    pub(super) sums: Sums,
    pub(super) statements: u64,
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
        let turnover = (self.statements > 0).then(|| Turnover {
            statements: self.statements,
            credit: self.credit.texts(),
            debit: self.debit.texts(),
        });
        Report {
            message,
            count: self.count,
            sums: self.sums.texts(),
            turnover,
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
        tally.count += 1;
    }
}
