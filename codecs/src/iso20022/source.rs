//! The input on its way to the XML parser: counted, and shown in windows no larger than one token may be.

use std::io::{self, BufRead, Read};

use super::Limits;

/// A limit of the source that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    Token,
    Document,
}

/// Counts bytes and lines, and ends with an error where a limit is reached, so that the parser never buffers more.
#[derive(Debug)]
pub(super) struct Source<R> {
    inner: R,
    /// The first bytes, kept because the parser must not see a mark that arrives in pieces.
    head: [u8; 4],
    head_at: usize,
    head_end: usize,
    token_max: usize,
    token_left: usize,
    document_left: u64,
    consumed: u64,
    line: u64,
    reached: Option<Reached>,
}

impl<R: BufRead> Source<R> {
    pub(super) fn new(inner: R, limits: &Limits) -> Self {
        let token_max = limits.text_max.saturating_add(16);
        let document_left = limits.bytes_max.unwrap_or(u64::MAX);
        Self {
            inner,
            head: [0; 4],
            head_at: 0,
            head_end: 0,
            token_max,
            token_left: token_max,
            document_left,
            consumed: 0,
            line: 1,
            reached: None,
        }
    }

    /// The next token may be as long as any.
    pub(super) fn begin_token(&mut self) {
        self.token_left = self.token_max;
    }

    pub(super) fn reached(&self) -> Option<Reached> {
        self.reached
    }

    /// The line of the next byte, from one.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The bytes read so far.
    pub(super) fn consumed(&self) -> u64 {
        self.consumed
    }

    /// Looks at the first bytes: the byte order mark of UTF-8 is taken away, that of UTF-16 is refused.
    ///
    /// # Errors
    /// Those of the input, and an input of another encoding.
    pub(super) fn begin_document(&mut self) -> Result<(), BeginError> {
        while self.head_end < self.head.len() {
            let window = match self.inner.fill_buf() {
                Ok(window) => window,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(BeginError::Unreadable),
            };
            let Some(first) = window.first() else { break };
            self.head[self.head_end] = *first;
            self.head_end += 1;
            self.inner.consume(1);
        }
        match &self.head[..self.head_end] {
            [0xef, 0xbb, 0xbf, ..] => self.consume(3),
            [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, ..] | [_, 0, ..] => return Err(BeginError::Encoding),
            _ => {}
        }
        Ok(())
    }
}

/// Why a document does not even begin.
#[derive(Debug)]
pub(super) enum BeginError {
    Unreadable,
    Encoding,
}

impl<R: BufRead> Read for Source<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let window = self.fill_buf()?;
        let length = window.len().min(out.len());
        out[..length].copy_from_slice(&window[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl<R: BufRead> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let window = match self.head.get(self.head_at..self.head_end) {
            Some(head) if !head.is_empty() => head,
            _ => self.inner.fill_buf()?,
        };
        if window.is_empty() {
            return Ok(window);
        }
        self.reached = match (self.token_left, self.document_left) {
            (_, 0) => Some(Reached::Document),
            (0, _) => Some(Reached::Token),
            _ => return Ok(&window[..window.len().min(self.token_left).min(as_size(self.document_left))]),
        };
        Err(io::Error::from(io::ErrorKind::FileTooLarge))
    }

    fn consume(&mut self, amount: usize) {
        if amount == 0 {
            return;
        }
        if self.head_at < self.head_end {
            self.line += lines(&self.head[self.head_at..self.head_at + amount]);
            self.head_at += amount;
        } else {
            // What was shown is still there: a filled buffer is not filled again.
            self.line += self.inner.fill_buf().map_or(0, |window| lines(&window[..amount.min(window.len())]));
            self.inner.consume(amount);
        }
        self.token_left = self.token_left.saturating_sub(amount);
        self.document_left = self.document_left.saturating_sub(amount as u64);
        self.consumed = self.consumed.saturating_add(amount as u64);
    }
}

fn as_size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}
