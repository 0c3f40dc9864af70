//! Reads a file to its end and says what is in it, or what is wrong and where: what an operator asks of a file before
//! anything is done with it.

use std::io::{BufReader, Read};

use serde::Serialize;

use super::acquirer::{self, Profile};
use super::error::FileError;
use super::settlement::{self, Proof, Summary};
use super::statement::{Entry, Event, Opening, decimal};
use super::{camt, ipm, mt940};

/// What kind of file it is.
#[derive(Debug, Clone, Copy)]
pub enum Format<'a> {
    /// MT940, MT942 or MT950.
    Mt940,
    /// camt.052, camt.053 or camt.054.
    Camt,
    /// Mastercard's clearing file.
    Ipm,
    /// An acquirer's CSV.
    Csv(&'a Profile),
    /// Our own settlement file, CSV or JSON Lines.
    Settlement,
}

/// How it is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// MT940: how the bytes are read, and whether balances may be wrong.
    pub mt940: mt940::Options,
    /// camt: balances and summaries may be wrong.
    pub camt_unbalanced: bool,
    /// IPM: its outer form, and whether card numbers are shown.
    pub ipm: ipm::Options,
    /// Our settlement file: the signature it must have.
    pub proof: Option<Proof<'a>>,
}

/// What a right file says, in the form it is printed.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Report {
    /// One statement.
    Statement(Statement),
    /// A file of several, or of none.
    Statements {
        /// In the order of the file.
        statements: Vec<Statement>,
    },
    /// A clearing file of Mastercard's.
    Ipm {
        /// Messages, header and trailer included.
        count: u64,
        /// The sum of element 4, as the trailer counts it: across currencies, in their minor units.
        amount_checksum: u64,
        /// Every message.
        records: Vec<ipm::Record>,
    },
    /// An acquirer's clearing file.
    Csv {
        /// Lines.
        count: u64,
        /// One for each currency, in the order of the file.
        sums: Vec<Sum>,
        /// Each as `[amount, mark, reference, rrn, currency]`.
        entries: Vec<acquirer::Line>,
    },
    /// Our settlement file.
    Settlement(Settlement),
}

/// A statement as it is printed. Amounts are decimal text with the currency's decimals.
#[derive(Debug, Clone, Serialize)]
pub struct Statement {
    /// Of the account.
    pub currency: &'static str,
    /// The balance before the first entry.
    pub opening: Option<String>,
    /// The balance after the last one.
    pub closing: Option<String>,
    /// Each as `[amount, mark, reference, bank reference]`.
    pub entries: Vec<Entry>,
}

/// A settlement file as it is printed.
#[derive(Debug, Clone, Serialize)]
pub struct Settlement {
    /// The header's.
    pub file_id: String,
    /// The header's.
    pub counterparty: String,
    /// The header's, `YYYY-MM-DD`.
    pub business_date: String,
    /// Records.
    pub count: u64,
    /// One for each currency.
    pub sums: Vec<Sum>,
    /// Of everything before the trailer.
    pub sha256: String,
    /// Whether a signature was asked for and is right.
    pub is_signed: bool,
}

/// Sums of one currency as decimal text.
#[derive(Debug, Clone, Serialize)]
pub struct Sum {
    /// The currency.
    pub currency: &'static str,
    /// What was received.
    pub credits: String,
    /// What was paid.
    pub debits: String,
}

/// Reads a whole file of `format`.
///
/// # Errors
/// The first fault, by line and field.
pub fn check(format: Format<'_>, source: impl Read, options: &Options<'_>) -> Result<Report, FileError> {
    match format {
        Format::Mt940 => {
            let mut reader = mt940::Reader::new(source, options.mt940);
            statements(|| reader.next())
        }
        Format::Camt => {
            let mut reader = camt::Reader::new(BufReader::new(source), options.camt_unbalanced);
            statements(|| reader.next())
        }
        Format::Ipm => {
            let mut reader = ipm::Reader::new(source, options.ipm);
            let mut records = Vec::new();
            while let Some(record) = reader.next()? {
                records.push(record);
            }
            Ok(Report::Ipm { count: reader.count(), amount_checksum: reader.amount_checksum(), records })
        }
        Format::Csv(profile) => acquirer_report(acquirer::Reader::new(source, profile)),
        Format::Settlement => {
            let summary = settlement::verify(source, options.proof)?;
            Ok(Report::Settlement(settlement_report(&summary, options.proof.is_some())))
        }
    }
}

/// The JSON an operator sees: the report, or `{"error": {"line": ..., "field": ..., "reason": ...}}`.
#[must_use]
pub fn to_json(result: &Result<Report, FileError>) -> String {
    #[derive(Serialize)]
    struct Refused<'a> {
        error: &'a FileError,
    }
    let json = match result {
        Ok(report) => serde_json::to_string(report),
        Err(error) => serde_json::to_string(&Refused { error }),
    };
    json.expect("names are strings and there is no map of anything else")
}

fn statements(mut next: impl FnMut() -> Result<Option<Event>, FileError>) -> Result<Report, FileError> {
    let mut statements: Vec<Statement> = Vec::new();
    let mut currency = None;
    while let Some(event) = next()? {
        match (event, statements.last_mut()) {
            (Event::Opened(opening), _) => {
                currency = Some(opening.currency);
                statements.push(begun(&opening));
            }
            (Event::Entry(entry), Some(statement)) => statement.entries.push(*entry),
            (Event::Closed(closing), Some(statement)) => {
                let balance = closing.balance.zip(currency);
                statement.closing = balance.map(|(balance, currency)| decimal(balance.minor, currency));
            }
            (Event::Entry(_) | Event::Closed(_), None) => {}
        }
    }
    Ok(match <[Statement; 1]>::try_from(statements) {
        Ok([statement]) => Report::Statement(statement),
        Err(statements) => Report::Statements { statements },
    })
}

fn begun(opening: &Opening) -> Statement {
    let opening_balance = opening.balance.map(|balance| decimal(balance.minor, opening.currency));
    let currency = opening.currency.code();
    Statement { currency, opening: opening_balance, closing: None, entries: Vec::new() }
}

fn acquirer_report(mut reader: acquirer::Reader<'_, impl Read>) -> Result<Report, FileError> {
    let mut entries = Vec::new();
    let mut sums: Vec<settlement::Sum> = Vec::new();
    while let Some(line) = reader.next()? {
        let currency = line.currency;
        if !sums.iter().any(|sum| sum.currency == currency) {
            sums.push(settlement::Sum { currency, credits_minor: 0, debits_minor: 0 });
        }
        for sum in sums.iter_mut().filter(|sum| sum.currency == currency) {
            let side = if line.kind.is_credit() { &mut sum.credits_minor } else { &mut sum.debits_minor };
            let total = side.checked_add(line.amount_minor);
            *side = total.ok_or_else(|| {
                FileError::field(line.line, "amount", "the sum of the amounts is too large")
            })?;
        }
        entries.push(line);
    }
    Ok(Report::Csv { count: reader.count(), sums: sums.iter().map(sum).collect(), entries })
}

fn sum(sum: &settlement::Sum) -> Sum {
    Sum {
        currency: sum.currency.code(),
        credits: decimal(sum.credits_minor, sum.currency),
        debits: decimal(sum.debits_minor, sum.currency),
    }
}

fn settlement_report(summary: &Summary, is_signed: bool) -> Settlement {
    Settlement {
        file_id: summary.header.file_id.clone(),
        counterparty: summary.header.counterparty.clone(),
        business_date: summary.header.business_date.to_string(),
        count: summary.totals.count,
        sums: summary.totals.sums.iter().map(sum).collect(),
        sha256: crate::hex::encode(&summary.content_sha256),
        is_signed,
    }
}
