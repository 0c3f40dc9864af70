//! `switchd file`: is this clearing or settlement file complete and right, and what is in it?

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use codecs::clearing_file::acquirer::Profile;
use codecs::clearing_file::settlement::{Proof, VerifyingKey};
use codecs::clearing_file::{Format, Options, check, to_json};

use super::{Result, Told, Usage, open, read};

/// Clearing and settlement files by hand
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Reads a file to its end: every field, count, sum and hash
    Check {
        /// What kind of file it is
        #[arg(long)]
        format: Kind,
        /// The columns of an acquirer's CSV, a TOML file; without it a CSV is our own settlement file
        #[arg(long, value_name = "FILE")]
        profile: Option<PathBuf>,
        /// The signature a settlement file must have
        #[arg(long, value_name = "FILE", requires = "key")]
        signature: Option<PathBuf>,
        /// Whose it must be: a name, a colon and the public key in 64 hexadecimal digits
        #[arg(long, value_name = "NAME:KEY", requires = "signature")]
        key: Option<String>,
        /// Show card numbers too, for test cards
        #[arg(long)]
        unmasked: bool,
        /// Print JSON on one line
        #[arg(long)]
        json: bool,
        /// The file; `-` is standard input
        file: PathBuf,
    },
}

/// What kind of file.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// SWIFT's MT940, MT942 or MT950
    Mt940,
    /// camt.052, camt.053 or camt.054 of ISO 20022
    Camt,
    /// Mastercard's IPM
    Ipm,
    /// An acquirer's CSV by a profile of its columns
    Csv,
    /// Our own settlement file, CSV or JSON Lines
    Settlement,
}

/// Carries it out.
pub(crate) fn run(command: Command) -> Result<Told> {
    let Command::Check { format, profile, signature, key, unmasked, json, file } = command;
    let profile = profile
        .map(|path| {
            Profile::from_toml(&read(&path)?).map_err(|error| Usage(format!("{}: {error}", path.display())))
        })
        .transpose()?;
    let signature = signature.map(|path| read(&path)).transpose()?;
    let key = key.map(|text| verifying_key(&text)).transpose()?;
    let mut options = Options::default();
    options.ipm.shows_pans = unmasked;
    options.proof = signature.as_deref().zip(key.as_ref()).map(|(signature, key)| Proof { signature, key });
    let format = match (format, &profile) {
        (Kind::Mt940, _) => Format::Mt940,
        (Kind::Camt, _) => Format::Camt,
        (Kind::Ipm, _) => Format::Ipm,
        (Kind::Csv, Some(profile)) => Format::Csv(profile),
        (Kind::Csv, None) | (Kind::Settlement, _) => Format::Settlement,
    };
    let checked = check(format, open(&file)?, &options);
    let text = match &checked {
        Err(error) if !json => error.to_string(),
        _ if json => to_json(&checked).to_string(),
        _ => format!("{:#}", to_json(&checked)),
    };
    Ok(if checked.is_ok() { Told::Answer(text) } else { Told::Refusal(text) })
}

fn verifying_key(text: &str) -> Result<VerifyingKey> {
    let wrong = || Usage("--key must be a name, a colon and 64 hexadecimal digits".into());
    let (id, key) = text.rsplit_once(':').ok_or_else(wrong)?;
    let public_key = codecs::hex::decode(key.as_bytes()).and_then(|key| key.try_into().ok());
    Ok(VerifyingKey { id: id.to_owned(), public_key: public_key.ok_or_else(wrong)? })
}
