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

/// Why the walk ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlvError {
    /// An object runs past the end, or its tag or length is longer than four bytes.
    #[error("a data object runs past the end")]
    Truncated,
    /// A length of 80, which BER allows and EMV does not.
    #[error("a data object has no definite length")]
    IndefiniteLength,
    /// Templates within templates beyond [`DEPTH_MAX`]; of [`walk`] only.
    #[error("data objects are nested too deeply")]
    TooDeep,
}

/// A number that is no tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:X} is not the tag of a data object")]
pub struct TagError(pub u32);

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

/// Whether the bytes of `tag` end where a reader ends them. 00 and FF at the beginning would pass for padding.
const fn is_tag(tag: u32) -> bool {
    let [a, b, c, d] = tag.to_be_bytes();
    match [a, b, c, d] {
        [0, 0, 0, one] => one != 0 && one & 0x1F != 0x1F,
        [0, 0, one, last] => one & 0x1F == 0x1F && one != 0xFF && last < 0x80,
        [0, one, next, last] => one & 0x1F == 0x1F && one != 0xFF && next > 0x80 && last < 0x80,
        [one, next, more, last] => {
            one & 0x1F == 0x1F && one != 0xFF && next > 0x80 && more >= 0x80 && last < 0x80
        }
    }
}

/// Appends one data object to `out`, its length in the shortest form. A template's value is what was put before.
///
/// # Errors
/// When `tag` is none.
pub fn put(out: &mut Vec<u8>, tag: u32, value: &[u8]) -> Result<(), TagError> {
    if !is_tag(tag) {
        return Err(TagError(tag));
    }
    out.extend(tag.to_be_bytes().into_iter().skip_while(|byte| *byte == 0));
    let len = value.len();
    if len >= 0x80 {
        let bytes = (usize::BITS - len.leading_zeros()).div_ceil(8);
        out.push(0x80 | bytes as u8);
        out.extend(len.to_be_bytes().into_iter().skip_while(|byte| *byte == 0));
    } else {
        out.push(len as u8);
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
