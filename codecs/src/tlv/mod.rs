//! BER-TLV as EMV writes it into field 55: data objects read without copying them, nested ones too, and written.

mod names;

pub use names::name;

/// One data object: its tag as a number (`0x9F26`) and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataObject<'a> {
    /// The tag bytes read as a big-endian number, at most four of them.
    pub tag: u32,
    /// The value bytes.
    pub value: &'a [u8],
}

/// Why the walk ended early, or an object cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlvError {
    /// An object runs past the end, or its tag or length is longer than four bytes.
    #[error("a data object runs past the end")]
    Truncated,
    /// A length of 80, which BER allows and EMV does not.
    #[error("a data object has no definite length")]
    IndefiniteLength,
    /// A number given to [`put`] that is the tag of no data object.
    #[error("{0:X} is not the tag of a data object")]
    TagInvalid(u32),
    /// A number that the length of the object cannot hold.
    #[error("the value of data object {0:X} is longer than the object")]
    ValueTooLong(u32),
    /// Templates within templates beyond [`DEPTH_MAX`]; of [`walk`] only.
    #[error("data objects are nested too deeply")]
    TooDeep,
}

/// How deep [`walk`] goes; EMV itself nests four deep.
pub const DEPTH_MAX: usize = 8;

impl<'a> DataObject<'a> {
    /// True for a template, whose value is data objects (bit 6 of the first tag byte, ISO 8825-1 section 8.1.2.5).
    #[must_use]
    pub const fn is_constructed(&self) -> bool {
        is_constructed(self.tag)
    }

    /// The data objects of a template; those a primitive value would be read as, otherwise.
    #[must_use]
    pub fn children(&self) -> Objects<'a> {
        objects(self.value)
    }

    /// What EMV calls it.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        name(self.tag)
    }
}

/// True for the tag of a template.
#[must_use]
pub const fn is_constructed(tag: u32) -> bool {
    first_byte(tag) & 0x20 != 0
}

/// The first of the bytes a tag has: leading zeros are not written.
const fn first_byte(tag: u32) -> u8 {
    let bits = if tag == 0 { 0 } else { 24 - (tag.leading_zeros() & !7) };
    (tag >> bits) as u8
}

/// Walks the data objects of `bytes`; padding bytes 00 and FF between objects are skipped. A length written longer
/// than it needs to be is accepted. After one error the walk ends.
#[must_use]
pub const fn objects(bytes: &[u8]) -> Objects<'_> {
    Objects { rest: bytes }
}

/// True when every object of `bytes` is complete.
#[must_use]
pub fn is_complete(bytes: &[u8]) -> bool {
    objects(bytes).all(|object| object.is_ok())
}

/// Appends one object: tag, shortest length, value. A constructed object is written with the objects inside it, already
/// put together, as its value.
///
/// # Errors
/// A number that is no tag (its bytes would be read as another tag, or as padding); `out` is then left as it was.
pub fn put(out: &mut Vec<u8>, tag: u32, value: &[u8]) -> Result<(), TlvError> {
    let bytes = tag.to_be_bytes();
    let tag_bytes = bytes.get(tag.leading_zeros() as usize / 8..).unwrap_or_default();
    let is_tag = match tag_bytes {
        [] | [0x00 | 0xFF, ..] => false,
        [only] => only & 0x1F != 0x1F,
        // The first byte of a long tag's number has a bit beside the one that says "more" (ISO 8825-1 section 8.1.2.4.2).
        [_, 0x80, ..] => false,
        [first, middle @ .., last] => {
            first & 0x1F == 0x1F && last & 0x80 == 0 && middle.iter().all(|byte| byte & 0x80 != 0)
        }
    };
    let len = u32::try_from(value.len()).ok().filter(|_| is_tag).ok_or(TlvError::TagInvalid(tag))?;
    out.extend_from_slice(tag_bytes);
    let bytes = len.to_be_bytes();
    let long = bytes.get(len.leading_zeros() as usize / 8..).unwrap_or_default();
    match (len, long) {
        (0..=0x7F, _) => out.push(len as u8),
        _ => {
            out.push(0x80 | long.len() as u8);
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(value);
    Ok(())
}

/// Walks all data objects of `bytes`, each template before what is in it, with the number of templates around it.
/// After one error the walk ends.
#[must_use]
pub fn walk(bytes: &[u8]) -> Walk<'_> {
    let mut levels: [Objects<'_>; DEPTH_MAX] = std::array::from_fn(|_| objects(&[]));
    levels[0] = objects(bytes);
    Walk { levels, depth: 0 }
}

/// Iterator of [`walk`]. Allocates nothing.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    levels: [Objects<'a>; DEPTH_MAX],
    depth: usize,
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<(usize, DataObject<'a>), TlvError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let depth = self.depth;
            let object = match self.levels[depth].next() {
                Some(Ok(object)) => object,
                Some(Err(error)) => return self.end(error),
                None if depth == 0 => return None,
                None => {
                    self.depth -= 1;
                    continue;
                }
            };
            if object.is_constructed() && !object.value.is_empty() {
                if depth + 1 == DEPTH_MAX {
                    return self.end(TlvError::TooDeep);
                }
                self.depth += 1;
                self.levels[self.depth] = object.children();
            }
            return Some(Ok((depth, object)));
        }
    }
}

impl<'a> Walk<'a> {
    fn end(&mut self, error: TlvError) -> Option<<Self as Iterator>::Item> {
        self.depth = 0;
        self.levels[0] = objects(&[]);
        Some(Err(error))
    }
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
    /// Bytes that have not been walked over; the value of the last object ends right before them.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_read() {
        for (tag, len) in
            [(0x9A, 3), (0x9F26, 8), (0x00DF_8101, 0x7F), (0x5A, 0x80), (0x70, 0xFF), (0xE1, 0x100)]
        {
            let value = vec![0xAB; len];
            let mut out = vec![];
            put(&mut out, tag, &value).expect("a tag");
            assert_eq!(objects(&out).collect::<Vec<_>>(), [Ok(DataObject { tag, value: &value })]);
        }
    }

    #[test]
    fn what_would_not_be_read_is_not_put() {
        for tag in [0, 0xFF, 0x9F, 0x1F, 0x9F81, 0x9A01, 0x009F_2601, 0xFF01, 0x9F81_8181] {
            let mut out = vec![1];
            assert_eq!(put(&mut out, tag, b""), Err(TlvError::TagInvalid(tag)), "{tag:X}");
            assert_eq!(out, [1]);
        }
    }
}
