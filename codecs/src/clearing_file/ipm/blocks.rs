//! The outer form of an IPM file: records behind a length of four bytes, perhaps in blocks of 1014 bytes of which the
//! last two are padding.

use std::io::Read;

use super::Blocking;
use crate::clearing_file::error::{FaultKind, FileError};

const BLOCK: usize = 1014;
const DATA: usize = 1012;
/// An EBCDIC space, whatever the records are written in.
const PAD: u8 = 0x40;

/// Blocks that are looked at to tell the two forms apart.
const LOOK: usize = 4;

/// Longest record: no message with every element at its longest comes near.
const RECORD_MAX: usize = 32 * 1024;

/// Reads records.
pub(super) struct Records<R> {
    source: R,
    blocking: Blocking,
    /// What was read and not yet taken; in blocks, without their padding.
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    /// The record read last, counted from one.
    number: u64,
    is_closed: bool,
}

impl<R: Read> Records<R> {
    pub(super) fn new(source: R, blocking: Blocking) -> Self {
        Self { source, blocking, buffer: Vec::new(), at: 0, ended: false, number: 0, is_closed: false }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next record, its number and bytes; `None` after the closing length of zero and nothing but padding behind it.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &[u8])>, FileError> {
        if self.is_closed {
            return Ok(None);
        }
        self.number += 1;
        let torn = |number, reason| FileError::new(FaultKind::Torn, number, "length", reason);
        if !self.have(4)? {
            return Err(torn(self.number, "the file ends without its closing length of zero"));
        }
        let length =
            self.buffer[self.at..self.at + 4].iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        self.at += 4;
        if length == 0 {
            self.number -= 1;
            return self.close().map(|()| None);
        }
        if length > RECORD_MAX {
            return Err(FileError::new(
                FaultKind::TooLong,
                self.number,
                "length",
                "the record is longer than any may be",
            ));
        }
        if !self.have(length)? {
            return Err(torn(self.number, "the file ends inside a record"));
        }
        self.at += length;
        Ok(Some((self.number, &self.buffer[self.at - length..self.at])))
    }

    /// Nothing but padding follows the end.
    fn close(&mut self) -> Result<(), FileError> {
        self.is_closed = true;
        loop {
            let rest = &self.buffer[self.at..];
            if rest.iter().any(|byte| !matches!(*byte, PAD | 0)) {
                return Err(FileError::new(
                    FaultKind::Syntax,
                    self.number + 1,
                    "length",
                    "something follows the end of the records",
                ));
            }
            self.at = self.buffer.len();
            if !self.have(1)? {
                return Ok(());
            }
        }
    }

    /// Makes sure that `count` bytes are there; false when the file has no more.
    fn have(&mut self, count: usize) -> Result<bool, FileError> {
        while self.buffer.len() - self.at < count && !self.ended {
            self.buffer.drain(..self.at);
            self.at = 0;
            match self.blocking {
                Blocking::Auto => self.look()?,
                Blocking::None => {
                    let chunk = self.read(BLOCK * LOOK)?;
                    self.buffer.extend_from_slice(&chunk);
                }
                Blocking::Blocks1014 => {
                    let chunk = self.read(BLOCK)?;
                    self.unblock(&chunk)?;
                }
            }
        }
        Ok(self.buffer.len() - self.at >= count)
    }

    /// The file is blocked when each of its first blocks ends with the padding.
    fn look(&mut self) -> Result<(), FileError> {
        let chunk = self.read(BLOCK * LOOK)?;
        let (blocks, rest) = chunk.as_chunks::<BLOCK>();
        let is_blocked = !blocks.is_empty() && blocks.iter().all(|block| block[DATA..] == [PAD; 2]);
        if !is_blocked {
            self.blocking = Blocking::None;
            self.buffer.extend_from_slice(&chunk);
            return Ok(());
        }
        self.blocking = Blocking::Blocks1014;
        blocks.iter().try_for_each(|block| self.unblock(block))?;
        if rest.is_empty() { Ok(()) } else { self.unblock(rest) }
    }

    fn unblock(&mut self, block: &[u8]) -> Result<(), FileError> {
        match block.split_at_checked(DATA) {
            Some((data, pad)) if pad == [PAD; 2] => {
                self.buffer.extend_from_slice(data);
                Ok(())
            }
            _ if block.is_empty() => Ok(()),
            _ => Err(FileError::new(
                if block.len() < BLOCK { FaultKind::Torn } else { FaultKind::Syntax },
                self.number,
                "block",
                "a block is not 1014 bytes that end with its padding",
            )),
        }
    }

    /// Up to `count` bytes, fewer only at the end.
    fn read(&mut self, count: usize) -> Result<Vec<u8>, FileError> {
        let mut chunk = Vec::with_capacity(count);
        let read = self.source.by_ref().take(count as u64).read_to_end(&mut chunk);
        read.map_err(|error| FileError::io(self.number, &error))?;
        self.ended = chunk.len() < count;
        Ok(chunk)
    }
}
