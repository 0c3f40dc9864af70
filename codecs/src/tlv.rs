//! BER-TLV as EMV writes it into field 55: walks the top-level data objects without copying them.

/// One data object: its tag as a number (`0x9F26`) and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataObject<'a> {
    /// The tag bytes read as a big-endian number, at most four of them.
    pub tag: u32,
    /// The value bytes.
    pub value: &'a [u8],
}

/// Why the walk ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlvError {
    /// An object runs past the end, or its tag or length is longer than four bytes.
    #[error("a data object runs past the end")]
    Truncated,
    /// A length of 80, which BER allows and EMV does not.
    #[error("a data object has no definite length")]
    IndefiniteLength,
}

/// Walks the data objects of `bytes`; padding bytes 00 and FF between objects are skipped. A length written longer
/// than it needs to be is accepted. After one error the walk ends.
#[must_use]
pub fn objects(bytes: &[u8]) -> Objects<'_> {
    Objects { rest: bytes }
}

/// True when every object of `bytes` is complete.
#[must_use]
pub fn is_complete(bytes: &[u8]) -> bool {
    objects(bytes).all(|object| object.is_ok())
}

/// Iterator of [`objects`].
#[derive(Clone, Debug)]
pub struct Objects<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Objects<'a> {
    type Item = Result<DataObject<'a>, TlvError>;

    fn next(&mut self) -> Option<Self::Item> {
        while let [0x00 | 0xFF, rest @ ..] = self.rest {
            self.rest = rest;
        }
        if self.rest.is_empty() {
            return None;
        }
        let object = self.read();
        if object.is_err() {
            self.rest = &[];
        }
        Some(object)
    }
}

impl<'a> Objects<'a> {
    fn read(&mut self) -> Result<DataObject<'a>, TlvError> {
        let mut byte = self.take()?;
        let mut tag = u32::from(byte);
        let mut more = byte & 0x1F == 0x1F;
        while more {
            if tag > 0x00FF_FFFF {
                return Err(TlvError::Truncated);
            }
            byte = self.take()?;
            tag = tag << 8 | u32::from(byte);
            more = byte & 0x80 != 0;
        }
        let len = self.read_len()?;
        let (value, rest) = self.rest.split_at_checked(len).ok_or(TlvError::Truncated)?;
        self.rest = rest;
        Ok(DataObject { tag, value })
    }

    /// Short form, or 81 to 84 and that many length bytes.
    fn read_len(&mut self) -> Result<usize, TlvError> {
        match self.take()? {
            short @ 0..=0x7F => Ok(usize::from(short)),
            0x80 => Err(TlvError::IndefiniteLength),
            long @ 0x81..=0x84 => {
                let mut len = 0_usize;
                for _ in 0..long - 0x80 {
                    len = len << 8 | usize::from(self.take()?);
                }
                Ok(len)
            }
            _ => Err(TlvError::Truncated),
        }
    }

    fn take(&mut self) -> Result<u8, TlvError> {
        let (first, rest) = self.rest.split_first().ok_or(TlvError::Truncated)?;
        self.rest = rest;
        Ok(*first)
    }
}
