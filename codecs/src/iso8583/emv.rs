//! Chip data in field 55: data objects by their EMV tags, named, read and put together.

use std::borrow::Cow;

use super::decode::DecodeError;
use super::mask::is_sensitive_tag;
use super::message::Message;
use crate::tlv::{self, DataObject, TlvError};

pub use crate::tlv::name as tag_name;

/// The chip data of a message, complete.
#[derive(Clone, PartialEq, Eq)]
pub struct ChipData<'a> {
    bytes: Cow<'a, [u8]>,
}

/// A data object whose value is not what its tag says. Names the tag, never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("data object {tag:X} ({name}): is not {form}", name = tag_name(*tag).unwrap_or("unknown"))]
pub struct ObjectError {
    /// The tag.
    pub tag: u32,
    /// The form EMV gives it.
    pub form: &'static str,
}

impl<'a> ChipData<'a> {
    /// From field 55 of a message; `None` when it carries none.
    ///
    /// # Errors
    /// `TlvTruncated` in field 55 when the objects run past its end.
    pub fn of(message: &Message<'a>) -> Result<Option<Self>, DecodeError> {
        message.check_tlv()?;
        Ok(message.bytes(55).map(|bytes| ChipData { bytes }))
    }

    /// The objects in their order.
    pub fn objects(&self) -> impl Iterator<Item = DataObject<'_>> {
        tlv::objects(&self.bytes).filter_map(Result::ok)
    }

    /// The value under a tag; the first of several.
    #[must_use]
    pub fn get(&self, tag: u32) -> Option<&[u8]> {
        self.objects().find(|object| object.tag == tag).map(|object| object.value)
    }

    /// A value of packed digits (`n` of EMV) as a number: an amount (9F02, in minor units), a currency (5F2A), a date
    /// (9A, YYMMDD), a type (9C).
    ///
    /// # Errors
    /// Other bytes than packed digits, or more than a number holds.
    pub fn number(&self, tag: u32) -> Result<Option<u64>, ObjectError> {
        let Some(value) = self.get(tag) else { return Ok(None) };
        let mut digits = value.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
        let number = digits.try_fold(0_u64, |number, digit| {
            number.checked_mul(10)?.checked_add(digit.into()).filter(|_| digit <= 9)
        });
        number.map(Some).ok_or(ObjectError { tag, form: "packed digits" })
    }

    /// A value of bytes as a number: the transaction counter (9F36), the cryptogram information (9F27).
    ///
    /// # Errors
    /// More than eight bytes.
    pub fn counter(&self, tag: u32) -> Result<Option<u64>, ObjectError> {
        let Some(value) = self.get(tag) else { return Ok(None) };
        if value.len() > 8 {
            return Err(ObjectError { tag, form: "at most eight bytes" });
        }
        Ok(Some(value.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))))
    }

    /// The application cryptogram (9F26).
    ///
    /// # Errors
    /// Another length than eight bytes.
    pub fn cryptogram(&self) -> Result<Option<[u8; 8]>, ObjectError> {
        let Some(value) = self.get(0x9F26) else { return Ok(None) };
        value.try_into().map(Some).map_err(|_| ObjectError { tag: 0x9F26, form: "eight bytes" })
    }

    /// The bytes of field 55.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl std::fmt::Debug for ChipData<'_> {
    /// Tags only: the values are card data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.objects().map(|object| format!("{:X}", object.tag))).finish()
    }
}

/// Field 55 put together, object by object.
#[derive(Clone, Default)]
pub struct ChipDataBuilder {
    bytes: Vec<u8>,
}

impl ChipDataBuilder {
    /// Without objects.
    #[must_use]
    pub const fn new() -> Self {
        ChipDataBuilder { bytes: Vec::new() }
    }

    /// Appends an object.
    ///
    /// # Errors
    /// A number that is no tag.
    pub fn put(&mut self, tag: u32, value: &[u8]) -> Result<&mut Self, TlvError> {
        tlv::put(&mut self.bytes, tag, value)?;
        Ok(self)
    }

    /// Appends a number as `len` bytes of packed digits, zeros on the left.
    ///
    /// # Errors
    /// A number that is no tag, or more digits than fit.
    pub fn put_number(&mut self, tag: u32, number: u64, len: usize) -> Result<&mut Self, TlvError> {
        let mut value = vec![0; len];
        let mut rest = number;
        for byte in value.iter_mut().rev() {
            *byte = (rest / 10 % 10) as u8 * 16 + (rest % 10) as u8;
            rest /= 100;
        }
        if rest > 0 {
            return Err(TlvError::ValueTooLong(tag));
        }
        self.put(tag, &value)
    }

    /// The bytes for [`Draft::set_bytes`](super::Draft::set_bytes).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl std::fmt::Debug for ChipDataBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        ChipData { bytes: Cow::Borrowed(&self.bytes) }.fmt(f)
    }
}

/// True when the value under the tag identifies the card or its holder: it is never shown.
#[must_use]
pub const fn is_sensitive(tag: u32) -> bool {
    is_sensitive_tag(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_the_names_of_emv() {
        assert_eq!((tag_name(0x9F26), tag_name(0x9F99)), (Some("Application cryptogram"), None));
    }
}
