//! `switchd iso20022`: is this document what it says it is?

use std::io::BufReader;
use std::path::PathBuf;

use clap::Subcommand;
use codecs::iso20022::{Limits, check, json};

use super::{Result, Told, open};

/// Messages of ISO 20022 by hand
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Checks a document: XML, schema, and the rules the schema cannot see
    Check {
        /// The document; `-` is standard input
        file: PathBuf,
        /// Print JSON: the name, the count and the sums, or {"error":{"layer":"…","path":"…","reason":"…"}}
        #[arg(long)]
        json: bool,
    },
}

/// Carries it out.
pub(crate) fn run(command: Command) -> Result<Told> {
    let Command::Check { file, json: as_json } = command;
    // Of any size: what it says is not kept.
    let checked = check(BufReader::new(open(&file)?), Limits::statement());
    let text = match &checked {
        _ if as_json => json(&checked),
        Ok(report) => report.to_string(),
        Err(error) => format!("{error}"),
    };
    Ok(if checked.is_ok() { Told::Answer(text) } else { Told::Refusal(text) })
}
