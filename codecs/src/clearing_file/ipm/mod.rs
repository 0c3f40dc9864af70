//! Mastercard's clearing files (IPM): messages of ISO 8583:1993 between a header (1644/697) and a trailer (1644/695).
//!
//! As records of variable length or in blocks of 1014 bytes, in Latin-1 or EBCDIC (code page 500); each is told by the
//! file itself. Message numbers (element 71) must be consecutive, and the trailer's file id (PDS 0105), sum of amounts
//! (PDS 0301) and number of messages (PDS 0306) must be those of the file. Several files may follow one another.
//!
//! Card numbers and chip data are masked unless asked for. In errors a line is the number of a record.

mod blocks;
mod element;
mod record;

use std::io::Read;

use blocks::Records;
use record::Parser;
pub use record::{Record, Value};

use super::error::{FaultKind, FileError};

/// The outer form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Blocking {
    /// As the first blocks look.
    #[default]
    Auto,
    /// Records only.
    None,
    /// Blocks of 1014 bytes.
    Blocks1014,
}

/// What characters are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// As the first message type looks.
    #[default]
    Auto,
    /// Latin-1.
    Ascii,
    /// Code page 500.
    Ebcdic,
}

/// How a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// The outer form.
    pub blocking: Blocking,
    /// What characters are written in.
    pub encoding: Encoding,
    /// Card numbers and chip data as they are. For the clearing itself, never for a log.
    pub shows_pans: bool,
}

/// Reads a file, one message at a time.
pub struct Reader<R> {
    records: Records<R>,
    encoding: Encoding,
    shows_pans: bool,
    file: Option<File>,
    count: u64,
    files: u64,
    amount: u64,
    is_done: bool,
}

/// What is known of the file between its header and its trailer.
struct File {
    id: String,
    count: u64,
    amount: u64,
    last_number: u64,
}

/// PDS 0301 has 16 digits.
const AMOUNT_WRAPS: u64 = 10_000_000_000_000_000;

impl<R: Read> Reader<R> {
    /// Reads from anything that gives bytes; its buffer is its own.
    pub fn new(source: R, options: Options) -> Self {
        Self {
            records: Records::new(source, options.blocking),
            encoding: options.encoding,
            shows_pans: options.shows_pans,
            file: None,
            count: 0,
            files: 0,
            amount: 0,
            is_done: false,
        }
    }

    /// The next message; `None` at the end, when every trailer was right.
    ///
    /// # Errors
    /// The first fault, with the number of its record and the name of its element.
    #[expect(clippy::should_implement_trait, reason = "errors end it, as in every reader here")]
    pub fn next(&mut self) -> Result<Option<Record>, FileError> {
        if self.is_done {
            return Ok(None);
        }
        let read = self.step();
        self.is_done = !matches!(read, Ok(Some(_)));
        read
    }

    fn step(&mut self) -> Result<Option<Record>, FileError> {
        let Some((number, bytes)) = self.records.next()? else {
            let number = self.records.number();
            return match (&self.file, self.files) {
                (Some(_), _) => {
                    Err(FileError::new(FaultKind::Torn, number, "DE24", "the file has no trailer (1644/695)"))
                }
                (None, 0) => {
                    Err(FileError::new(FaultKind::Torn, number, "DE24", "the file has no header (1644/697)"))
                }
                (None, _) => Ok(None),
            };
        };
        if self.encoding == Encoding::Auto {
            let is_ebcdic = bytes.first().is_some_and(|first| (0xF0..=0xF9).contains(first));
            self.encoding = if is_ebcdic { Encoding::Ebcdic } else { Encoding::Ascii };
        }
        let parser = Parser { bytes, number, encoding: self.encoding, shows_pans: self.shows_pans };
        let record = parser.record()?;
        self.follow(&record)?;
        Ok(Some(record))
    }

    fn follow(&mut self, record: &Record) -> Result<(), FileError> {
        let line = self.records.number();
        let fault =
            |kind, field: &'static str, reason: &'static str| Err(FileError::new(kind, line, field, reason));
        let kind = (record.text("MTI").unwrap_or(""), record.text("DE24").unwrap_or(""));
        let id = record.text("PDS0105").unwrap_or("");
        if kind == ("1644", "697") {
            if self.file.is_some() {
                return fault(FaultKind::Syntax, "DE24", "a header stands inside a file");
            }
            if id.is_empty() {
                return fault(FaultKind::Field, "PDS0105", "the header has no file id");
            }
            self.file = Some(File { id: id.to_owned(), count: 0, amount: 0, last_number: 0 });
        }
        let Some(file) = &mut self.file else {
            return fault(FaultKind::Syntax, "DE24", "a message stands before the header (1644/697)");
        };
        let Some(number) = record.number_of("DE71") else {
            return fault(FaultKind::Field, "DE71", "it is missing");
        };
        if number != file.last_number + 1 {
            return fault(FaultKind::Count, "DE71", "the message numbers are not consecutive");
        }
        file.last_number = number;
        file.count += 1;
        let amount = record.number_of("DE4").unwrap_or(0);
        file.amount = (file.amount + amount) % AMOUNT_WRAPS;
        (self.count, self.amount) = (self.count + 1, (self.amount + amount) % AMOUNT_WRAPS);
        if kind == ("1644", "695") { self.trailer(record, line) } else { Ok(()) }
    }

    fn trailer(&mut self, record: &Record, line: u64) -> Result<(), FileError> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let told = |tag: &str| {
            record
                .text(tag)
                .filter(|text| text.bytes().all(|c| c.is_ascii_digit()))
                .and_then(|text| text.parse::<u64>().ok())
        };
        if record.text("PDS0105") != Some(&file.id) {
            return Err(FileError::field(line, "PDS0105", "the trailer's file id is not that of the header"));
        }
        match told("PDS0306") {
            Some(count) if count == file.count => {}
            Some(_) => {
                return Err(FileError::new(
                    FaultKind::Count,
                    line,
                    "PDS0306",
                    "it counts other messages than there are",
                ));
            }
            None => return Err(FileError::field(line, "PDS0306", "it is missing or not a number")),
        }
        match told("PDS0301") {
            Some(amount) if amount == file.amount => {}
            Some(_) => {
                return Err(FileError::new(
                    FaultKind::Sum,
                    line,
                    "PDS0301",
                    "it is not the sum of the amounts",
                ));
            }
            None => return Err(FileError::field(line, "PDS0301", "it is missing or not a number")),
        }
        self.files += 1;
        Ok(())
    }

    /// Messages up to now, headers and trailers included.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum of element 4 of all of them, across currencies, as the trailers count it.
    #[must_use]
    pub fn amount_checksum(&self) -> u64 {
        self.amount
    }
}
