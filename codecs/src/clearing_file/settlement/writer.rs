//! Writes a settlement file, one record at a time, in constant memory.

use std::io::{Read, Write};

use aws_lc_rs::digest::{Context, SHA256};

use super::checkpoint::Checkpoint;
use super::reader::Reader;
use super::record::{Header, Record, Summary, Totals};
use super::value::{self, Fault};
use super::{Form, array, csv, jsonl};
use crate::clearing_file::error::{FaultKind, FileError};

/// What is gathered before it is hashed and written.
const CHUNK_BYTES: usize = 64 * 1024;

/// Excel takes a CSV file for UTF-8 only when it begins with this.
pub(crate) const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Writes a settlement file to anything that takes bytes. Without [`Writer::finish`] the file has no trailer, and no
/// reader accepts it.
pub struct Writer<W> {
    out: W,
    form: Form,
    header: Header,
    totals: Totals,
    digest: Context,
    pending: Vec<u8>,
    /// Bytes handed to `out`.
    written: u64,
    line: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a file with its header.
    ///
    /// # Errors
    /// A header that no reader would accept; what `out` says.
    pub fn new(out: W, form: Form, header: Header) -> Result<Self, FileError> {
        value::check_header(&header).map_err(value::at_line(1))?;
        let totals = Totals::of(&header.currencies);
        let mut pending = Vec::with_capacity(CHUNK_BYTES + 4096);
        let line = match form {
            Form::Csv { bom } => {
                pending.extend_from_slice(if bom { BOM } else { b"" });
                csv::put_header(&mut pending, &header);
                2
            }
            Form::Jsonl => {
                jsonl::put_header(&mut pending, &header);
                1
            }
        };
        Ok(Self { out, form, header, totals, digest: Context::new(&SHA256), pending, written: 0, line })
    }

    /// Goes on with a file that stopped at `checkpoint`. `written` gives the file from its beginning and is read up
    /// to the checkpoint, to hash it again; `out` takes what comes after it, so the caller first cuts the file to
    /// [`Checkpoint::offset`] bytes.
    ///
    /// # Errors
    /// `Checkpoint` when the bytes up to there are not those that were written; what either stream says.
    pub fn resume(written: impl Read, out: W, checkpoint: &Checkpoint) -> Result<Self, FileError> {
        let mut reader = Reader::resume(written, checkpoint)?;
        let (form, header) = (reader.form(), reader.header().clone());
        let (digest, totals) = (reader.digest_so_far(), reader.totals().clone());
        let pending = Vec::with_capacity(CHUNK_BYTES + 4096);
        Ok(Self {
            out,
            form,
            header,
            totals,
            digest,
            pending,
            written: checkpoint.offset,
            line: checkpoint.line,
        })
    }

    /// Adds a record.
    ///
    /// # Errors
    /// A value that no reader would accept, named by its column; nothing of the record is written then. What `out` says.
    pub fn write(&mut self, record: &Record<'_>) -> Result<(), FileError> {
        let refuse = |fault: Fault| value::at_line(self.line + 1)(fault);
        value::check(record).map_err(refuse)?;
        if self.totals.add(record).is_none() {
            let is_known = self.header.currencies.contains(&record.currency);
            return Err(refuse(if is_known {
                ("amount", "the sum is too large")
            } else {
                ("currency", "it is not a currency of the header")
            }));
        }
        match self.form {
            Form::Csv { .. } => csv::put_record(&mut self.pending, record),
            Form::Jsonl => jsonl::put_record(&mut self.pending, record),
        }
        self.line += 1;
        if self.pending.len() >= CHUNK_BYTES { self.flush() } else { Ok(()) }
    }

    /// Hands what is pending to `out` and says where the file stands: from there [`Writer::resume`] goes on. The
    /// caller makes `out` durable before it keeps the checkpoint.
    ///
    /// # Errors
    /// What `out` says.
    pub fn checkpoint(&mut self) -> Result<Checkpoint, FileError> {
        self.flush()?;
        self.out.flush().map_err(|error| FileError::io(self.line, &error))?;
        let sha256 = array(self.digest.clone().finish().as_ref());
        Ok(Checkpoint::at(self.written, self.line, &self.totals, sha256))
    }

    /// The totals up to now.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Ends the file with its trailer and gives `out` back, flushed and not yet synced.
    ///
    /// # Errors
    /// What `out` says.
    pub fn finish(mut self) -> Result<(W, Summary), FileError> {
        self.flush()?;
        let content_sha256: [u8; 32] = array(self.digest.clone().finish().as_ref());
        match self.form {
            Form::Csv { .. } => csv::put_trailer(&mut self.pending, &self.totals, &content_sha256),
            Form::Jsonl => jsonl::put_trailer(&mut self.pending, &self.totals, &content_sha256),
        }
        self.flush()?;
        self.out.flush().map_err(|error| FileError::io(self.line, &error))?;
        let file_sha256 = array(self.digest.finish().as_ref());
        Ok((self.out, Summary { header: self.header, totals: self.totals, content_sha256, file_sha256 }))
    }

    fn flush(&mut self) -> Result<(), FileError> {
        self.digest.update(&self.pending);
        self.out
            .write_all(&self.pending)
            .map_err(|error| FileError::new(FaultKind::Io, self.line, "file", error.kind().to_string()))?;
        self.written += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }
}
