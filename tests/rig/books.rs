//! Lets the auditor in: a crate that shares no code with the switch compares the database, the book of
//! the card host, what clients were told and what receivers of news took.
#![expect(clippy::disallowed_methods, reason = "the auditor is told the present")]

use std::collections::HashMap;
use std::path::Path;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use switch_audit::{Book, Options, Report};

use super::seed::IDS_KEY;

/// The seed of the key that switches under test seal with.
pub(crate) const SEAL_SEED: [u8; 32] = [0x2a; 32];

/// The database of a switch under test; books, histories and deliveries are added by who has them.
pub(crate) fn options(database: &str) -> Options {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now_ms = since.expect("after 1970").as_millis() as i64;
    let key = Ed25519KeyPair::from_seed_unchecked(&SEAL_SEED).expect("a seed");
    Options {
        ids_key: Some(IDS_KEY),
        seal_keys: vec![key.public_key().as_ref().try_into().expect("32 bytes")],
        ..Options::new(database, now_ms)
    }
}

/// Everything has ended, and nobody contradicts anybody: the database, the book of the card host, and
/// what the clients were told of each bill.
pub(crate) async fn all_agree(database: &str, book: &Path, told: &HashMap<String, String>) -> Report {
    let mut options = options(database);
    options.settled = true;
    agree(options, book, told).await
}

/// Nobody contradicts anybody; what is open is open when the options do not say otherwise.
pub(crate) async fn agree(mut options: Options, book: &Path, told: &HashMap<String, String>) -> Report {
    let history = book.with_file_name("history.jsonl");
    let line =
        |(bill, status): (&String, &String)| format!("{{\"bill\":\"{bill}\",\"status\":\"{status}\"}}\n");
    std::fs::write(&history, told.iter().map(line).collect::<String>()).expect("a file");
    options.books = vec![Book { connector: None, file: book.to_path_buf() }];
    options.histories = vec![history];
    let report = switch_audit::audit(&options).await.expect("it can be read");
    assert!(report.is_clean(), "the auditor is not silent:\n{report}");
    report
}
