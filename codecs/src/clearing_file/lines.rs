//! The lines of a file of any size in constant memory, with the SHA-256 of what was read.
//!
//! One buffer holds the bytes; a line is a piece of it and is not copied. A line longer than its maximum is refused
//! before more of it is read.

use std::io::{BufRead, Read};
use std::ops::Range;

use aws_lc_rs::digest::{Context, Digest, SHA256};

use super::error::{FaultKind, FileError};

/// What is read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// Reads line by line.
pub(crate) struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    /// The line that was read last, with its line end.
    line: Range<usize>,
    /// Up to where the buffer is filled.
    filled: usize,
    /// Up to where the buffer is in the digest.
    hashed: usize,
    digest: Option<Context>,
    /// Bytes of the file before the buffer.
    before: u64,
    number: u64,
    line_max: usize,
    ended: bool,
}

impl<R: Read> Lines<R> {
    /// Lines of at most `line_max` bytes, without a digest.
    pub(crate) fn new(source: R, line_max: usize) -> Self {
        let buffer = vec![0; CHUNK_BYTES.max(2 * line_max)];
        let digest = None;
        Self {
            source,
            buffer,
            line: 0..0,
            filled: 0,
            hashed: 0,
            digest,
            before: 0,
            number: 0,
            line_max,
            ended: false,
        }
    }

    /// The same, with a digest of all that is read.
    pub(crate) fn with_digest(source: R, line_max: usize) -> Self {
        Self { digest: Some(Context::new(&SHA256)), ..Self::new(source, line_max) }
    }

    /// Goes to the next line: where it stands for [`Lines::bytes`], its end (`\n`, `\r\n`) left out, and whether it
    /// had one. `None` at the end of the file.
    pub(crate) fn advance(&mut self) -> Result<Option<(Range<usize>, bool)>, FileError> {
        let mut searched = 0;
        loop {
            let start = self.line.end;
            let mut rest = &self.buffer[start + searched..self.filled];
            // The standard library's memchr, by its public door; a slice in memory cannot fail.
            let found = rest.skip_until(b'\n').unwrap_or(0);
            let end = start + searched + found;
            let has_end = found > 0 && self.buffer[end - 1] == b'\n';
            if end - start > self.line_max + 2 {
                return Err(FileError::new(
                    FaultKind::TooLong,
                    self.number + 1,
                    "line",
                    "the line is too long",
                ));
            }
            if has_end || self.ended {
                if end == start {
                    return Ok(None);
                }
                self.number += 1;
                self.line = start..end;
                return Ok(Some((self.trimmed(has_end), has_end)));
            }
            searched = end - start;
            self.fill()?;
        }
    }

    fn trimmed(&self, has_end: bool) -> Range<usize> {
        let Range { start, mut end } = self.line;
        end -= usize::from(has_end);
        if has_end && end > start && self.buffer[end - 1] == b'\r' {
            end -= 1;
        }
        start..end
    }

    /// Moves what is left to the front and reads more behind it.
    fn fill(&mut self) -> Result<(), FileError> {
        let start = self.line.end;
        self.hash_to(start);
        self.buffer.copy_within(start..self.filled, 0);
        self.before += start as u64;
        self.filled -= start;
        (self.line, self.hashed) = (0..0, 0);
        while self.filled < self.buffer.len() {
            match self.source.read(&mut self.buffer[self.filled..]) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(());
                }
                Ok(read) => {
                    self.filled += read;
                    return Ok(());
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FileError::io(self.number + 1, &error)),
            }
        }
        Ok(())
    }

    fn hash_to(&mut self, place: usize) {
        if let Some(digest) = &mut self.digest {
            digest.update(&self.buffer[self.hashed..place]);
        }
        self.hashed = place;
    }

    /// The bytes of a line of [`Lines::advance`].
    pub(crate) fn bytes(&self, line: Range<usize>) -> &[u8] {
        &self.buffer[line]
    }

    /// The number of the line read last, counted from one.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Where the next line begins in the file.
    pub(crate) fn offset(&self) -> u64 {
        self.before + self.line.end as u64
    }

    /// The digest of every byte before the line read last.
    pub(crate) fn digest_before_line(&mut self) -> Option<Digest> {
        self.hash_to(self.line.start);
        self.digest.clone().map(Context::finish)
    }

    /// The digest of every byte up to the end of the line read last, to go on with.
    pub(crate) fn digest_so_far(&mut self) -> Option<Context> {
        self.hash_to(self.line.end);
        self.digest.clone()
    }

    /// Passes over everything up to `offset`, which is the end of line `number`; false when the file is shorter or
    /// was read beyond it already.
    pub(crate) fn skip_to(&mut self, offset: u64, number: u64) -> Result<bool, FileError> {
        while self.offset() < offset {
            let left = usize::try_from(offset - self.offset()).unwrap_or(usize::MAX);
            let step = left.min(self.filled - self.line.end);
            self.line = self.line.end + step..self.line.end + step;
            if step == 0 {
                if self.ended {
                    return Ok(false);
                }
                self.fill()?;
            }
        }
        self.number = number;
        Ok(self.offset() == offset)
    }
}
