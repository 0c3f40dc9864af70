//! BER-TLV as EMV writes it into field 55: walks the top-level data objects without copying them.

use crate::ErrorKind;

/// One data object: its tag as a number (`0x9F26`) and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataObject<'a> {
    /// The tag bytes read as a big-endian number, at most four of them.
    pub tag: u32,
    /// The value bytes.
    pub value: &'a [u8],
}

/// Walks the data objects of `bytes`; padding bytes 00 and FF between objects are skipped.
///
/// Yields one `Err(ErrorKind::TlvTruncated)` and ends when an object runs past the end or its tag or length is
/// longer than four bytes.
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
    type Item = Result<DataObject<'a>, ErrorKind>;

    fn next(&mut self) -> Option<Self::Item> {
        while let [0x00 | 0xFF, rest @ ..] = self.rest {
            self.rest = rest;
        }
        if self.rest.is_empty() {
            return None;
        }
        let object = self.read();
        if object.is_none() {
            self.rest = &[];
        }
        Some(object.ok_or(ErrorKind::TlvTruncated))
    }
}

impl<'a> Objects<'a> {
    fn read(&mut self) -> Option<DataObject<'a>> {
        let mut byte = self.take()?;
        let mut tag = u32::from(byte);
        let mut more = byte & 0x1F == 0x1F;
        while more {
            if tag > 0x00FF_FFFF {
                return None;
            }
            byte = self.take()?;
            tag = tag << 8 | u32::from(byte);
            more = byte & 0x80 != 0;
        }
        let len = self.read_len()?;
        let (value, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(DataObject { tag, value })
    }

    /// Short form, or 81 to 84 and that many length bytes; the indefinite form is not EMV.
    fn read_len(&mut self) -> Option<usize> {
        match self.take()? {
            short @ 0..=0x7F => Some(usize::from(short)),
            long @ 0x81..=0x84 => {
                let mut len = 0_usize;
                for _ in 0..long - 0x80 {
                    len = len << 8 | usize::from(self.take()?);
                }
                Some(len)
            }
            _ => None,
        }
    }

    fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read_and_cut_ones_refused() {
        let long = [&[0xDF, 0x81, 0x01, 0x81, 0x02][..], &[0xAB; 2]].concat();
        let table: [(&[u8], Result<usize, ErrorKind>); 6] = [
            (&[], Ok(0)),
            (&[0x9C, 0x01, 0x00], Ok(1)),
            (&[0x9F, 0x26, 0x01, 0xAA, 0x95, 0x00], Ok(2)),
            (&long, Ok(1)),
            (&[0x9F, 0x26, 0x08, 0xAA], Err(ErrorKind::TlvTruncated)),
            (&[0x9F], Err(ErrorKind::TlvTruncated)),
        ];
        for (bytes, expected) in table {
            let read: Result<Vec<_>, _> = objects(bytes).collect();
            assert_eq!(read.map(|objects| objects.len()), expected, "{bytes:02X?}");
        }
    }
}
