//! Recomputes everything from raw rows and says what does not agree.
//!
//! An auditor that shares code with the audited repeats its mistakes. This crate uses nothing of ours:
//! it has its own SQL for both engines, its own reading of the rules, and it only reads, in one
//! snapshot. What it finds are sentences that name the row, the amount and what was lost or doubled.
//!
//! Beside the database it takes three kinds of files, all JSON lines, all optional. A line that a kill
//! cut short is skipped; whatever was appended to the same line after it is still read. Unknown fields
//! are ignored.
//!
//! | file | a line | fields that are read |
//! |---|---|---|
//! | [book](Book) of a card host | the state of a sale after a change; the last line of a sale counts | `rrn` text (field 37), `stan` number, `transmitted` number (field 7), `terminal` text: together the sale; `state` `approved`, `declined`, `reversed` or `tombstone`; `amount_minor` number; `currency` ISO 4217 number as text; `approval_code` text |
//! | history of clients | an answer a client was given, in any order | `key` text (the idempotency key) and optional `client` text (its name), or without a key `bill` text; `status` text; optional `bill` and `payment` text (public numbers) |
//! | deliveries | a request the receiver of news took (answered 2xx) | `event` text (`webhook-id`); `type` text, such as `payment.paid`; `payment` text (public number) |
//!
//! In a history `PAID`, `DECLINED`, `REVERSED` and `FAILED` are final and must be what the database
//! says; `PENDING`, `PROCESSING` and `MANUAL_REVIEW` only say that the payment exists; any other word is
//! an answer that promises nothing (a refusal, an error) and is skipped.
#![forbid(unsafe_code)]

mod book;
mod cases;
mod chain;
mod delivery;
mod history;
mod ledger;
mod lines;
mod money;
mod numbers;
mod report;
mod rules;
mod source;
mod statement;

use std::path::PathBuf;

pub use report::{Check, Counts, Finding, OpenWork, Report};
pub use statement::{Statement, statement, verify};

use crate::cases::Cases;
use crate::source::Source;

/// A day: how long an attempt may be open before it must have a named owner.
pub const RESOLVE_WITHIN_MS: i64 = 86_400_000;

/// What happened so shortly before the audit that a file, which is read before the database, may not
/// tell it yet. Nothing is so young when all is settled.
const FRESH_MS: i64 = 60_000;

/// What to audit.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite:PATH` or a PostgreSQL URL.
    pub database: String,
    /// The present, unix milliseconds: ages are counted from it.
    pub now_ms: i64,
    /// How long an attempt may be open without being in review.
    pub resolve_within_ms: i64,
    /// Whether all work must have ended: then what is open is a finding, and not merely listed.
    pub settled: bool,
    /// Books of card hosts.
    pub books: Vec<Book>,
    /// What clients were told.
    pub histories: Vec<PathBuf>,
    /// What receivers of news took.
    pub deliveries: Vec<PathBuf>,
    /// The key of public numbers: names payments as clients know them, and is needed for deliveries.
    pub ids_key: Option<[u8; 16]>,
    /// Public Ed25519 keys that may seal and sign; empty: any, which only shows that one key did it.
    pub seal_keys: Vec<[u8; 32]>,
}

impl Options {
    /// The database alone.
    #[must_use]
    pub fn new(database: impl Into<String>, now_ms: i64) -> Self {
        Self {
            database: database.into(),
            now_ms,
            resolve_within_ms: RESOLVE_WITHIN_MS,
            settled: false,
            books: Vec::new(),
            histories: Vec::new(),
            deliveries: Vec::new(),
            ids_key: None,
            seal_keys: Vec::new(),
        }
    }

    /// Whether something is too young for a file that was read before the database to tell it.
    fn is_fresh(&self, at_ms: i64) -> bool {
        !self.settled && at_ms > self.now_ms.saturating_sub(FRESH_MS)
    }
}

/// The book of a card host.
#[derive(Debug, Clone)]
pub struct Book {
    /// The connector whose payments it knows; `None`: every card payment.
    pub connector: Option<String>,
    /// The file.
    pub file: PathBuf,
}

/// Why nothing could be said. Differences are not errors: they are in the [`Report`].
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The database cannot be reached or read.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// A file cannot be read.
    #[error("{}: {error}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A value of another type than its column has.
    #[error("the database holds what nothing can read: {0}")]
    Unreadable(String),
    /// What was asked for does not go together.
    #[error("{0}")]
    Usage(String),
}

/// Compares everything with everything and changes nothing.
///
/// Files are read first and the database after them, in one snapshot, so that what a file tells must
/// be in the database.
///
/// # Errors
/// [`AuditError`] when nothing could be compared.
pub async fn audit(options: &Options) -> Result<Report, AuditError> {
    if !options.deliveries.is_empty() && options.ids_key.is_none() {
        return Err(AuditError::Usage(
            "deliveries name payments by public numbers: they need the key".into(),
        ));
    }
    let mut report = Report::new(options);
    let mut books = Vec::new();
    for book in &options.books {
        books.push(book::HostBook::read(book, &mut report)?);
    }
    let mut history = history::History::read(&options.histories, &mut report)?;
    let mut deliveries = delivery::Deliveries::read(&options.deliveries, &mut report)?;

    let mut source = Source::open(&options.database).await?;
    let mut ledger = ledger::Ledger::read(&mut source).await?;
    let outbox = delivery::Outbox::read(&mut source).await?;
    let mut cases = Cases::start(&mut source).await?;
    while let Some(page) = cases.next_page(&mut source).await? {
        for case in page {
            rules::check(&case, &ledger, &mut report);
            ledger.take_in(&case, &mut report);
            for book in &mut books {
                book.compare(&case, &mut report);
            }
            history.compare(&case, &mut report);
            deliveries.compare(&case, &outbox, &mut report);
        }
    }
    ledger.close(&mut report);
    for book in books {
        book.close(&mut report);
    }
    history.close(&mut report);
    deliveries.close(&mut report);
    outbox.close(&mut report);
    rules::check_bills(&mut source, &mut report).await?;
    chain::Chain::check(&mut source, &mut report).await?;
    source.close().await?;
    Ok(report)
}
