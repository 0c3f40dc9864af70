//! Wire formats by hand: a message explained, written or compared, a file checked.
//!
//! They open no database and need no settings. What is refused is told on standard output where the answer would
//! have stood, so that a program reads one stream, and the exit code is 1. What the command line itself got wrong is
//! told on standard error with exit code 2.

mod file;
mod iso20022;
mod iso8583;

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

pub(crate) use file::{Command as File, run as file};
pub(crate) use iso8583::{Command as Iso8583, run as iso8583};
pub(crate) use iso20022::{Command as Iso20022, run as iso20022};

use crate::wiring::StartError;
use crate::{EXIT_SETTINGS, commands, say};

/// What a command has to say.
pub(crate) enum Told {
    /// The answer.
    Answer(String),
    /// Why there is none.
    Refusal(String),
}

/// The command line cannot be carried out: a sentence.
pub(crate) struct Usage(String);

type Result<T> = std::result::Result<T, Usage>;

/// Prints what was told.
pub(crate) fn tell(told: Result<Told>) -> std::result::Result<ExitCode, StartError> {
    match told {
        Ok(Told::Answer(text)) => commands::print(&text),
        Ok(Told::Refusal(text)) => commands::print(&text).map(|_| ExitCode::FAILURE),
        Err(Usage(sentence)) => Ok(say(&sentence, EXIT_SETTINGS)),
    }
}

/// The longest text taken from an argument's place on standard input.
const INPUT_MAX: u64 = 1 << 20;

/// The argument, or standard input where it is missing or `-`.
fn given(argument: Option<String>) -> Result<String> {
    if let Some(text) = argument.filter(|text| text != "-") {
        return Ok(text);
    }
    let mut text = String::new();
    std::io::stdin()
        .take(INPUT_MAX)
        .read_to_string(&mut text)
        .map_err(|error| Usage(format!("standard input: {error}")))?;
    Ok(text)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| Usage(format!("{}: {error}", path.display())))
}

/// The file, or standard input for `-`.
fn open(path: &Path) -> Result<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin()));
    }
    let opened = std::fs::File::open(path);
    opened.map(|file| Box::new(file) as _).map_err(|error| Usage(format!("{}: {error}", path.display())))
}
