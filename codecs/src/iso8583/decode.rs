//! Reading a message: one pass over the bytes that notes where each field begins and checks every character.

use std::fmt;

use super::bitmap::{Bitmap, bit};
use super::check::is_clean;
use super::field::{Plan, Prefix};
use super::message::Message;
use super::mti::Mti;
use super::spec::{BitmapForm, Charset, Profile};
use crate::{ErrorKind, hex};

/// How much a link's peer is allowed to deviate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Every character is checked and every deviation refused.
    #[default]
    Strict,
    /// Faults that leave the layout certain ([`ErrorKind::is_tolerable`]) are counted instead of refused.
    Lenient,
}

/// A message that cannot be read. Says where and why, never what the bytes were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Field number; 0 is the message type, 1 a bitmap, `None` the message as a whole.
    pub field: Option<u8>,
    /// Offset of the first byte concerned.
    pub offset: usize,
    name: &'static str,
}

/// Reads one message. Allocates nothing; fields are converted when asked for.
///
/// # Errors
/// The first fault in the order of the bytes; a field the profile does not carry is reported before any field is read,
/// because nothing after it could be found.
pub fn decode<'a>(profile: &'a Profile, bytes: &'a [u8], mode: Mode) -> Result<Message<'a>, DecodeError> {
    let mut reader = Reader { profile, bytes, at: 0 };
    let mti = reader.mti()?;
    let bitmap = reader.bitmap()?;
    let mut message = Message::new(profile, bytes, mti, bitmap);
    let mut at = reader.at;
    for n in message.numbers() {
        let plan = profile.plan(n);
        let (start, len, units) = if plan.prefix == Prefix::None {
            (at, usize::from(plan.fixed_len), usize::from(plan.units))
        } else {
            let units = match read_units_quick(plan, bytes, at) {
                Some(units) => units,
                None => {
                    read_units(plan, bytes, at).map_err(|kind| DecodeError::of_field(profile, kind, n, at))?
                }
            };
            (at + plan.prefix.len(), plan.body.wire_len(units.into()), units.into())
        };
        at = start + len;
        let body = bytes.get(start..at);
        let body = body.ok_or_else(|| DecodeError::of_field(profile, ErrorKind::FieldTruncated, n, start))?;
        message.note_start(n, start);
        if !is_clean(plan.body, body, units) {
            message.judge(n, mode)?;
        }
    }
    if at < bytes.len() {
        return Err(DecodeError::whole(ErrorKind::TrailingBytes, at));
    }
    Ok(message)
}

/// The length in front of a variable field when it is of two or three ASCII digits and all is well with it.
#[inline(always)]
fn read_units_quick(plan: Plan, bytes: &[u8], at: usize) -> Option<u16> {
    let digit = |at: usize| Some(bytes.get(at)?.wrapping_sub(b'0')).filter(|digit| *digit <= 9);
    let (tens, ones) = (u16::from(digit(at)?), u16::from(digit(at + 1)?));
    let units = match plan.prefix {
        Prefix::Ascii2 => 10 * tens + ones,
        Prefix::Ascii3 => 100 * tens + 10 * ones + u16::from(digit(at + 2)?),
        _ => return None,
    };
    (units <= plan.units).then_some(units)
}

/// The length in front of a variable field, in the units of its prefix.
#[inline(never)]
pub(super) fn read_units(plan: Plan, bytes: &[u8], at: usize) -> Result<u16, ErrorKind> {
    let prefix =
        bytes.get(at..).and_then(|rest| rest.get(..plan.prefix.len())).ok_or(ErrorKind::LengthTruncated)?;
    let units = match (plan.prefix, prefix) {
        (Prefix::Ascii2 | Prefix::Ascii3 | Prefix::Ascii4, digits) => {
            decimal(digits.iter().map(|digit| digit.wrapping_sub(b'0')))
        }
        (Prefix::Ebcdic2 | Prefix::Ebcdic3 | Prefix::Ebcdic4, digits) => {
            decimal(digits.iter().map(|digit| digit.wrapping_sub(0xF0)))
        }
        (Prefix::Bcd1 | Prefix::Bcd2, packed) => {
            decimal(packed.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]))
        }
        (Prefix::Binary1, [length]) => Some(u16::from(*length)),
        (Prefix::Binary2, [high, low]) => Some(u16::from_be_bytes([*high, *low])),
        (Prefix::None, _) => return Ok(plan.units),
        (Prefix::Binary1 | Prefix::Binary2, _) => None,
    };
    let units = units.ok_or(ErrorKind::LengthInvalid)?;
    if units > plan.units { Err(ErrorKind::LengthTooLong) } else { Ok(units) }
}

/// The number at most four digits make, or `None` when one of them is above 9.
fn decimal(digits: impl Iterator<Item = u8>) -> Option<u16> {
    let mut number = 0;
    for digit in digits {
        if digit > 9 {
            return None;
        }
        number = number * 10 + u16::from(digit);
    }
    Some(number)
}

struct Reader<'a> {
    profile: &'a Profile,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn mti(&mut self) -> Result<Mti, DecodeError> {
        if self.bytes.is_empty() {
            return Err(DecodeError::whole(ErrorKind::Empty, 0));
        }
        // Spans are 16-bit: longer than any frame header here can announce.
        if self.bytes.len() > usize::from(u16::MAX) {
            return Err(DecodeError::whole(ErrorKind::FrameTooLarge, usize::from(u16::MAX)));
        }
        let digits = match self.profile.mti_charset() {
            Charset::Bcd => self.take::<2>().map(|[a, b]| [a >> 4, a & 0x0F, b >> 4, b & 0x0F]),
            Charset::Ascii => self.take::<4>().map(|digits| digits.map(|digit| digit.wrapping_sub(b'0'))),
            Charset::Ebcdic => self.take::<4>().map(|digits| digits.map(|digit| digit.wrapping_sub(0xF0))),
        };
        let fault = |kind| DecodeError::of_field(self.profile, kind, 0, 0);
        let digits = digits.ok_or_else(|| fault(ErrorKind::MtiTruncated))?;
        let mti = Mti::from_digits(digits).ok_or_else(|| fault(ErrorKind::MtiInvalid))?;
        if digits[0] != self.profile.mti_version() {
            return Err(fault(ErrorKind::MtiVersionUnsupported));
        }
        Ok(mti)
    }

    fn bitmap(&mut self) -> Result<Bitmap, DecodeError> {
        let mut bits = u128::from(self.bitmap_half()?) << 64;
        if bits & bit(1) != 0 {
            bits |= u128::from(self.bitmap_half()?);
        }
        let bitmap = Bitmap::from_bits(bits);
        match self.profile.first_unsupported(bitmap) {
            Some(n) => Err(DecodeError::of_field(self.profile, ErrorKind::FieldUnsupported, n, self.at)),
            None => Ok(bitmap),
        }
    }

    fn bitmap_half(&mut self) -> Result<u64, DecodeError> {
        let at = self.at;
        let fault = |kind| DecodeError::of_field(self.profile, kind, 1, at);
        match self.profile.bitmap_form() {
            BitmapForm::Binary => {
                self.take::<8>().map(u64::from_be_bytes).ok_or_else(|| fault(ErrorKind::BitmapTruncated))
            }
            BitmapForm::HexAscii => {
                let text = self.take::<16>().ok_or_else(|| fault(ErrorKind::BitmapTruncated))?;
                let bits = text.iter().try_fold(0, |bits, c| Some(bits << 4 | u64::from(hex::value(*c)?)));
                bits.ok_or_else(|| fault(ErrorKind::BitmapInvalid))
            }
        }
    }

    /// The next `N` bytes, or `None` and the place unchanged.
    #[inline(always)]
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let chunk = self.bytes.get(self.at..)?.first_chunk::<N>()?;
        self.at += N;
        Some(*chunk)
    }
}

impl DecodeError {
    pub(super) const fn whole(kind: ErrorKind, offset: usize) -> Self {
        DecodeError { kind, field: None, offset, name: "" }
    }

    #[cold]
    pub(super) fn of_field(profile: &Profile, kind: ErrorKind, n: u8, offset: usize) -> Self {
        DecodeError { kind, field: Some(n), offset, name: profile.field_name(n) }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Some(n) => write!(f, "field {n} ({}): {}, at byte {}", self.name, self.kind, self.offset),
            None => write!(f, "{}, at byte {}", self.kind, self.offset),
        }
    }
}

impl std::error::Error for DecodeError {}
