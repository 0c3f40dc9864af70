//! `switchd audit`: lets the auditor in, and signs and verifies daily statements. What is right is the
//! auditor's business; here are options, keys and exit codes: 0 nothing to say, 1 differences, 2 nothing
//! could be said.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use sha2::{Digest, Sha256};
use switch_audit::{AuditError, Book, Options, Report};
use switch_core::clock::BusinessDate;
use switch_store::audit_log::{Act, Entry, hex};

use crate::settings::Loaded;
use crate::wiring::{self, StartError};
use crate::{audit_log, secrets};

const DIFFERENCES: u8 = 1;
const NOTHING_SAID: u8 = 2;
/// What was written so shortly before a statement may still be on its way to the disk, and is in no
/// statement.
const SETTLING_MS: i64 = 60_000;

/// What to compare.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The book of a card host, JSON lines; may be given again
    #[arg(long = "book", value_name = "[CONNECTOR=]FILE")]
    books: Vec<String>,
    /// What clients were told, JSON lines; may be given again
    #[arg(long = "history", value_name = "FILE")]
    histories: Vec<PathBuf>,
    /// What receivers of news took, JSON lines; may be given again
    #[arg(long = "deliveries", value_name = "FILE")]
    deliveries: Vec<PathBuf>,
    /// All work must have ended: what is open is a difference
    #[arg(long)]
    settled: bool,
    /// How long a payment may be open before a person must be named
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8760))]
    open_max_h: u32,
    /// Sign the statement of a business date, beside the audit
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with = "verify")]
    date: Option<String>,
    /// Where the statement goes; standard output when it is not said
    #[arg(long, value_name = "FILE", requires = "date")]
    out: Option<PathBuf>,
    /// Hold a signed statement against the database instead
    #[arg(long, value_name = "STATEMENT")]
    verify: Option<PathBuf>,
}

/// Why nothing could be said.
#[derive(Debug, thiserror::Error)]
enum Unsaid {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    #[error("{0}")]
    Usage(String),
}

impl From<crate::settings::SettingsError> for Unsaid {
    fn from(error: crate::settings::SettingsError) -> Self {
        Self::Start(error.into())
    }
}

/// Runs the command. Its exit code says what was found.
pub(crate) async fn run(
    loaded: Result<Loaded, crate::settings::SettingsError>,
    arguments: Arguments,
) -> ExitCode {
    let said = async { say(&loaded?, arguments).await };
    match said.await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(DIFFERENCES),
        Err(why) => crate::say(&why.to_string(), NOTHING_SAID),
    }
}

/// Whether everything agrees.
async fn say(loaded: &Loaded, arguments: Arguments) -> Result<bool, Unsaid> {
    let clock = wiring::clock(loaded)?;
    let keys = secrets::seal_keys(loaded)?;
    let mut options = Options::new(secrets::database_url(loaded)?, clock.now().0);
    options.resolve_within_ms = i64::from(arguments.open_max_h) * 3_600_000;
    options.settled = arguments.settled;
    options.books = arguments.books.iter().map(|text| book(text)).collect();
    options.histories = arguments.histories;
    options.deliveries = arguments.deliveries;
    options.ids_key = Some(secrets::ids_key(loaded)?);
    options.seal_keys = keys.known().to_vec();

    if let Some(file) = arguments.verify {
        let text = std::fs::read(&file).map_err(|error| Unsaid::File(file.display().to_string(), error))?;
        return told(&switch_audit::verify(&options, &text).await?, &mut std::io::stdout());
    }
    let report = switch_audit::audit(&options).await?;
    let Some(text) = arguments.date else { return told(&report, &mut std::io::stdout()) };
    let date =
        business_date(&text).ok_or_else(|| Unsaid::Usage(format!("--date {text} is no YYYY-MM-DD")))?;
    if date > clock.business_date(clock.now()) {
        return Err(Unsaid::Usage(format!("--date {text} has not begun")));
    }
    let as_of_ms = options.now_ms - SETTLING_MS;
    let statement = switch_audit::statement(&options, date.0.into(), as_of_ms).await?;
    let statement = statement.signed(&keys.seed())?;
    write_down(loaded, &text, &statement).await?;
    match arguments.out {
        Some(file) => std::fs::write(&file, &statement)
            .map_err(|error| Unsaid::File(file.display().to_string(), error))?,
        None => put(&statement, &mut std::io::stdout())?,
    }
    told(&report, &mut std::io::stderr())
}

/// That a statement was signed, and which one, is in the audit log.
async fn write_down(loaded: &Loaded, date: &str, statement: &str) -> Result<(), StartError> {
    let db = wiring::database(loaded, false).await?;
    let entry = Entry {
        at: wiring::clock(loaded)?.now(),
        actor: wiring::operator(),
        act: Act::Statement,
        subject: date.to_owned(),
        detail: format!("SHA-256 {}", hex(&Sha256::digest(statement.as_bytes()))),
    };
    audit_log::append(&db, &entry).await?;
    db.close().await;
    Ok(())
}

fn told(report: &Report, out: &mut impl Write) -> Result<bool, Unsaid> {
    put(&report.to_string(), out)?;
    Ok(report.is_clean())
}

fn put(text: &str, out: &mut impl Write) -> Result<(), Unsaid> {
    out.write_all(text.as_bytes()).map_err(|error| Unsaid::File("standard output".into(), error))
}

fn book(text: &str) -> Book {
    match text.split_once('=') {
        Some((connector, file)) => Book { connector: Some(connector.to_owned()), file: file.into() },
        None => Book { connector: None, file: text.into() },
    }
}

fn business_date(text: &str) -> Option<BusinessDate> {
    let date: jiff::civil::Date = text.parse().ok().filter(|_| text.len() == 10)?;
    Some(BusinessDate(
        i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_ten_characters_of_a_calendar() {
        assert_eq!(business_date("2026-11-22"), Some(BusinessDate(20_261_122)));
        for none in ["2026-02-30", "20261122", "2026-11-22T00:00", "2026-1-2", ""] {
            assert_eq!(business_date(none), None, "{none}");
        }
    }

    #[test]
    fn a_book_may_name_its_connector() {
        assert_eq!(book("card=a.jsonl").connector.as_deref(), Some("card"));
        assert_eq!((book("a.jsonl").connector, book("a.jsonl").file), (None, "a.jsonl".into()));
    }
}
