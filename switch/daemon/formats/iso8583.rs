//! `switchd iso8583`: messages of ISO 8583 as people and programs want to see them.

use std::path::Path;
use std::sync::Arc;

use clap::{Args, Subcommand};
use codecs::iso8583::{DecodeError, Draft, Message, Mode, Mti, Profile, decode, describe, diff, json};

use super::{Result, Told, Usage, given, read};

/// Messages of ISO 8583 by hand
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Explains a message field by field, card data masked
    Decode {
        #[command(flatten)]
        dialect: Dialect,
        /// Print JSON: {"mti":"0200","fields":{"2":"…"}}
        #[arg(long)]
        json: bool,
        /// Show card data too, for test cards; only with --json
        #[arg(long, requires = "json")]
        unmasked: bool,
        /// Put up with what leaves no doubt about the fields
        #[arg(long)]
        lenient: bool,
        /// The message in hexadecimal; standard input without it
        hex: Option<String>,
    },
    /// Writes a message and prints it in hexadecimal
    Encode {
        #[command(flatten)]
        dialect: Dialect,
        /// Read JSON as `decode --json --unmasked` prints it
        #[arg(long)]
        json: bool,
        /// The JSON, or lines such as `mti 0800` and `11 000001`; standard input without it
        message: Option<String>,
    },
    /// Compares two messages field by field, card data masked
    Diff {
        #[command(flatten)]
        dialect: Dialect,
        /// Put up with what leaves no doubt about the fields
        #[arg(long)]
        lenient: bool,
        /// The one message in hexadecimal
        left: String,
        /// The other
        right: String,
    },
}

/// Which dialect.
#[derive(Debug, Args)]
pub(crate) struct Dialect {
    /// A built-in dialect, or a TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "iso87-ascii")]
    profile: String,
}

impl Dialect {
    fn profile(&self) -> Result<Arc<Profile>> {
        if let Some(profile) = Profile::by_name(&self.profile) {
            return Ok(profile);
        }
        let path = Path::new(&self.profile);
        if !path.exists() {
            let known = Profile::NAMES.join(", ");
            return Err(Usage(format!("--profile: {:?} is neither a file nor one of {known}", self.profile)));
        }
        let profile = Profile::from_toml(&read(path)?);
        profile.map(Arc::new).map_err(|error| Usage(format!("{}: {error}", path.display())))
    }
}

/// Carries it out.
pub(crate) fn run(command: Command) -> Result<Told> {
    match command {
        Command::Decode { dialect, json: false, lenient, hex, .. } => {
            let (profile, bytes) = (dialect.profile()?, bytes(&given(hex)?)?);
            Ok(match decode(&profile, &bytes, mode(lenient)) {
                Ok(message) => Told::Answer(explained(&message)),
                Err(error) => refused(&error),
            })
        }
        Command::Decode { dialect, unmasked, lenient, hex, .. } => {
            let (profile, text) = (dialect.profile()?, given(hex)?);
            Ok(match json::decode_json(&profile, &text, mode(lenient), unmasked) {
                Ok(text) => Told::Answer(text),
                Err(fault) => Told::Refusal(fault.to_json()),
            })
        }
        Command::Encode { dialect, json: true, message } => {
            let (profile, text) = (dialect.profile()?, given(message)?);
            Ok(match json::encode_json(&profile, &text) {
                Ok(hex) => Told::Answer(hex),
                Err(fault) => Told::Refusal(fault.to_json()),
            })
        }
        Command::Encode { dialect, message, .. } => {
            let (profile, lines) = (dialect.profile()?, given(message)?);
            written(&profile, &lines)
        }
        Command::Diff { dialect, lenient, left, right } => {
            let (profile, left, right) = (dialect.profile()?, bytes(&left)?, bytes(&right)?);
            let both = decode(&profile, &left, mode(lenient))
                .and_then(|left| Ok((left, decode(&profile, &right, mode(lenient))?)));
            Ok(match both {
                Ok((left, right)) => Told::Answer(diff(&left, &right).to_string()),
                Err(error) => refused(&error),
            })
        }
    }
}

fn mode(lenient: bool) -> Mode {
    if lenient { Mode::Lenient } else { Mode::Strict }
}

fn refused(error: &DecodeError) -> Told {
    Told::Refusal(format!("{}: {error}", error.kind.name()))
}

fn explained(message: &Message<'_>) -> String {
    let mut text = describe(message).to_string();
    if let Err(error) = message.check_tlv() {
        text += &format!("\nwarning {}: {error}", error.kind.name());
    }
    match message.warnings().total() {
        0 => text,
        count => format!("{text}\n{count} fields deviate and were put up with"),
    }
}

/// Spaces and line ends are left out, as people copy them along.
fn bytes(hex: &str) -> Result<Vec<u8>> {
    let digits: Vec<u8> = hex.bytes().filter(|c| !c.is_ascii_whitespace()).collect();
    codecs::hex::decode(&digits).ok_or_else(|| Usage("the message is not hexadecimal".into()))
}

/// A message of lines, each a field's number, a space and its value.
fn written(profile: &Profile, lines: &str) -> Result<Told> {
    let wrong = |line: &str| Usage(format!("{line:?} is not a field's number, a space and its value"));
    let mut lines = lines.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let mti: Mti = first
        .strip_prefix("mti ")
        .and_then(|digits| digits.trim().parse().ok())
        .ok_or_else(|| Usage(format!("the first line must be \"mti\" and four digits, not {first:?}")))?;
    let mut draft = Draft::new(mti);
    for line in lines {
        let (number, value) = line.split_once(' ').ok_or_else(|| wrong(line))?;
        let number = number.parse().map_err(|_| wrong(line))?;
        if draft.has(number) {
            return Err(Usage(format!("field {number} is given twice")));
        }
        draft.set(number, value);
    }
    let mut bytes = Vec::new();
    Ok(match draft.encode(profile, &mut bytes) {
        Ok(()) => Told::Answer(codecs::hex::encode(&bytes)),
        Err(error) => Told::Refusal(format!("{}: {error}", error.kind.name())),
    })
}
