//! Chip data in field 55: data objects by their EMV tags, named, read and put together.

use std::borrow::Cow;

use super::decode::DecodeError;
use super::mask::is_sensitive_tag;
use super::message::Message;
use crate::tlv::{self, DataObject, TlvError};

/// EMV Book 3 annex A: tags that travel in field 55, in ascending order.
#[rustfmt::skip]
const NAMES: [(u32, &str); 71] = [
    (0x42, "Issuer identification number"),
    (0x4F, "Application identifier, card"),
    (0x50, "Application label"),
    (0x56, "Track 1 data"),
    (0x57, "Track 2 equivalent data"),
    (0x5A, "Application PAN"),
    (0x61, "Application template"),
    (0x6F, "File control information template"),
    (0x70, "Record template"),
    (0x71, "Issuer script template 1"),
    (0x72, "Issuer script template 2"),
    (0x77, "Response message template 2"),
    (0x80, "Response message template 1"),
    (0x81, "Amount, authorised (binary)"),
    (0x82, "Application interchange profile"),
    (0x84, "Dedicated file name"),
    (0x86, "Issuer script command"),
    (0x87, "Application priority indicator"),
    (0x89, "Authorisation code"),
    (0x8A, "Authorisation response code"),
    (0x8E, "Cardholder verification method list"),
    (0x91, "Issuer authentication data"),
    (0x94, "Application file locator"),
    (0x95, "Terminal verification results"),
    (0x98, "Transaction certificate hash"),
    (0x99, "Transaction PIN data"),
    (0x9A, "Transaction date"),
    (0x9B, "Transaction status information"),
    (0x9C, "Transaction type"),
    (0x5F20, "Cardholder name"),
    (0x5F24, "Application expiration date"),
    (0x5F25, "Application effective date"),
    (0x5F28, "Issuer country code"),
    (0x5F2A, "Transaction currency code"),
    (0x5F2D, "Language preference"),
    (0x5F30, "Service code"),
    (0x5F34, "Application PAN sequence number"),
    (0x5F36, "Transaction currency exponent"),
    (0x9F01, "Acquirer identifier"),
    (0x9F02, "Amount, authorised"),
    (0x9F03, "Amount, other"),
    (0x9F06, "Application identifier, terminal"),
    (0x9F07, "Application usage control"),
    (0x9F08, "Application version number, card"),
    (0x9F09, "Application version number, terminal"),
    (0x9F0B, "Cardholder name, extended"),
    (0x9F0D, "Issuer action code, default"),
    (0x9F0E, "Issuer action code, denial"),
    (0x9F0F, "Issuer action code, online"),
    (0x9F10, "Issuer application data"),
    (0x9F12, "Application preferred name"),
    (0x9F15, "Merchant category code"),
    (0x9F16, "Merchant identifier"),
    (0x9F1A, "Terminal country code"),
    (0x9F1C, "Terminal identification"),
    (0x9F1E, "Interface device serial number"),
    (0x9F1F, "Track 1 discretionary data"),
    (0x9F20, "Track 2 discretionary data"),
    (0x9F21, "Transaction time"),
    (0x9F26, "Application cryptogram"),
    (0x9F27, "Cryptogram information data"),
    (0x9F33, "Terminal capabilities"),
    (0x9F34, "Cardholder verification method results"),
    (0x9F35, "Terminal type"),
    (0x9F36, "Application transaction counter"),
    (0x9F37, "Unpredictable number"),
    (0x9F41, "Transaction sequence counter"),
    (0x9F53, "Transaction category code"),
    (0x9F5B, "Issuer script results"),
    (0x9F6B, "Track 2 data, contactless"),
    (0x9F6E, "Form factor indicator"),
];

/// The name EMV gives a tag.
#[must_use]
pub fn tag_name(tag: u32) -> Option<&'static str> {
    let at = NAMES.binary_search_by_key(&tag, |(known, _)| *known).ok()?;
    NAMES.get(at).map(|(_, name)| *name)
}

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
        let digits = value.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
        let number = digits.fold(Some(0_u64), |number, digit| {
            number.filter(|_| digit <= 9)?.checked_mul(10)?.checked_add(digit.into())
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
    fn names_are_in_order() {
        assert!(NAMES.is_sorted_by_key(|(tag, _)| *tag));
        assert_eq!((tag_name(0x9F26), tag_name(0x9F99)), (Some("Application cryptogram"), None));
    }
}
