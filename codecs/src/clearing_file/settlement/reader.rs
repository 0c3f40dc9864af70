//! Reads a settlement file, one record at a time, in constant memory, every field checked.

use std::io::Read;

use aws_lc_rs::digest::{Context, SHA256};

use super::checkpoint::Checkpoint;
use super::record::{Header, Record, Summary, Totals};
use super::value;
use super::writer::BOM;
use super::{Form, array, csv, jsonl};
use crate::clearing_file::error::{FaultKind, FileError};
use crate::clearing_file::lines::Lines;

/// Longest line: fourteen texts of 64 characters of four bytes, each byte of them doubled, fit with room to spare; and
/// so does a trailer with every currency there is.
const LINE_MAX: usize = 16 * 1024;

/// Reads a settlement file from anything that gives bytes. Its buffer is its own: do not put another one around.
pub struct Reader<R> {
    lines: Lines<R>,
    form: Form,
    header: Header,
    totals: Totals,
    summary: Option<Summary>,
}

impl<R: Read> Reader<R> {
    /// Reads the header. Whether the file is CSV or JSON Lines is told by its first byte.
    ///
    /// # Errors
    /// A file that does not begin as a settlement file; what `source` says.
    pub fn new(source: R) -> Result<Self, FileError> {
        let mut lines = Lines::with_digest(source, LINE_MAX);
        let line = line(&mut lines)?.ok_or_else(|| torn(&lines, "the file is empty"))?;
        let whole = lines.bytes(line);
        let bytes = whole.strip_prefix(BOM).unwrap_or(whole);
        let form = match bytes.first() {
            Some(b'{') => Form::Jsonl,
            _ => Form::Csv { bom: bytes.len() < whole.len() },
        };
        let text = utf8(bytes, 1)?;
        let header = match form {
            Form::Csv { .. } => csv::read_header(text),
            Form::Jsonl => jsonl::read_header(text),
        };
        let header = header
            .and_then(|header| value::check_header(&header).map(|()| header))
            .map_err(value::at_line(1))?;
        if let Form::Csv { .. } = form {
            let columns =
                self::line(&mut lines)?.ok_or_else(|| torn(&lines, "the file ends after its header"))?;
            if !csv::is_columns(utf8(lines.bytes(columns), 2)?) {
                return Err(FileError::new(
                    FaultKind::Syntax,
                    2,
                    "columns",
                    "these are not the columns of a settlement file",
                ));
            }
        }
        let totals = Totals::of(&header.currencies);
        Ok(Self { lines, form, header, totals, summary: None })
    }

    /// Goes on with a file that was read up to `checkpoint`. `source` gives the file from its beginning: what was
    /// read is hashed again, not read again.
    ///
    /// # Errors
    /// As [`Reader::new`]; `Checkpoint` when the bytes up to there are not those that were read.
    pub fn resume(source: R, checkpoint: &Checkpoint) -> Result<Self, FileError> {
        let mut reader = Self::new(source)?;
        let changed = |reason| FileError::new(FaultKind::Checkpoint, 0, "checkpoint", reason);
        let totals =
            checkpoint.totals(&reader.header.currencies).ok_or_else(|| changed("it is of another file"))?;
        if !reader.lines.skip_to(checkpoint.offset, checkpoint.line)? {
            return Err(changed("the file ends before it"));
        }
        if !checkpoint.is_of(reader.digest_so_far().finish().as_ref()) {
            return Err(changed("the bytes before it have changed"));
        }
        reader.totals = totals;
        Ok(reader)
    }

    /// The next record; `None` when the trailer was read and count, sums and hash are right.
    ///
    /// Until then nothing read from the file has been proved: see the module.
    ///
    /// # Errors
    /// The first fault, by line and column. `Torn` without a trailer; `Count`, `Sum`, `Hash` when the trailer does
    /// not fit what was read.
    #[expect(clippy::should_implement_trait, reason = "a record borrows from the reader")]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, FileError> {
        if self.summary.is_some() {
            return Ok(None);
        }
        let line = line(&mut self.lines)?.ok_or_else(|| torn(&self.lines, "the file has no trailer"))?;
        let number = self.lines.number();
        let bytes = self.lines.bytes(line.clone());
        let is_trailer = match self.form {
            Form::Csv { .. } => csv::is_trailer(bytes),
            Form::Jsonl => jsonl::is_trailer(bytes),
        };
        if is_trailer {
            return self.end(line).map(|()| None);
        }
        let text = utf8(self.lines.bytes(line), number)?;
        let cells = match self.form {
            Form::Csv { .. } => csv::read_cells(text),
            Form::Jsonl => jsonl::read_cells(text),
        };
        let refuse = value::at_line(number);
        let record =
            cells.and_then(|cells| value::record(cells, &self.header.currencies)).map_err(&refuse)?;
        self.totals.add(&record).ok_or_else(|| refuse(("amount", "the sum is too large")))?;
        Ok(Some(record))
    }

    fn end(&mut self, line: std::ops::Range<usize>) -> Result<(), FileError> {
        let number = self.lines.number();
        let text = utf8(self.lines.bytes(line), number)?;
        let (told, told_sha256) = match self.form {
            Form::Csv { .. } => csv::read_trailer(text, &self.header.currencies),
            Form::Jsonl => jsonl::read_trailer(text, &self.header.currencies),
        }
        .map_err(value::at_line(number))?;
        value::compare(&told, &self.totals, number)?;
        let content_sha256 = array(self.lines.digest_before_line().as_ref().map_or(&[], AsRef::as_ref));
        if told_sha256 != content_sha256 {
            let reason = "the trailer's hash is not that of the bytes before it";
            return Err(FileError::new(FaultKind::Hash, number, "sha256", reason));
        }
        if self.lines.advance()?.is_some() {
            return Err(FileError::new(
                FaultKind::Syntax,
                number + 1,
                "line",
                "something follows the trailer",
            ));
        }
        let file_sha256 = array(self.digest_so_far().finish().as_ref());
        let (header, totals) = (self.header.clone(), self.totals.clone());
        self.summary = Some(Summary { header, totals, content_sha256, file_sha256 });
        Ok(())
    }

    /// What the file said, once [`Reader::next`] has given `None`.
    #[must_use]
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// Where the file stands after the record read last: from there [`Reader::resume`] goes on.
    pub fn checkpoint(&mut self) -> Checkpoint {
        let sha256 = array(self.digest_so_far().finish().as_ref());
        Checkpoint::at(self.lines.offset(), self.lines.number(), &self.totals, sha256)
    }

    /// The first line.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// CSV or JSON Lines.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// Of the records read up to now.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The line read last.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.lines.number()
    }

    pub(crate) fn digest_so_far(&mut self) -> Context {
        self.lines.digest_so_far().unwrap_or_else(|| Context::new(&SHA256))
    }
}

/// The next whole line.
fn line<R: Read>(lines: &mut Lines<R>) -> Result<Option<std::ops::Range<usize>>, FileError> {
    match lines.advance()? {
        Some((line, true)) => Ok(Some(line)),
        Some((_, false)) => {
            Err(FileError::new(FaultKind::Torn, lines.number(), "line", "the file ends inside a line"))
        }
        None => Ok(None),
    }
}

fn torn<R: Read>(lines: &Lines<R>, reason: &'static str) -> FileError {
    FileError::new(FaultKind::Torn, lines.number() + 1, "trailer", reason)
}

fn utf8(bytes: &[u8], line: u64) -> Result<&str, FileError> {
    std::str::from_utf8(bytes)
        .map_err(|_| FileError::new(FaultKind::Encoding, line, "line", "the line is not UTF-8"))
}
