//! Reading a message: one pass over the bytes that notes where each field lies, and accessors that convert on demand.

use std::borrow::Cow;
use std::fmt;

use super::bitmap::{Bitmap, FieldNumbers, bit};
use super::check::{first_fault, is_clean};
use super::draft::Draft;
use super::field::{Body, Plan, Prefix};
use super::mti::Mti;
use super::spec::{BitmapForm, Charset, Profile, slot};
use crate::bcd::{self, OddPad};
use crate::{ErrorKind, ebcdic, hex, tlv};

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

/// Deviations tolerated in [`Mode::Lenient`], at most one a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Warnings {
    counts: [u8; 5],
}

/// A message as received: its bytes are borrowed, its fields are ranges of them.
#[derive(Clone)]
pub struct Message<'a> {
    profile: &'a Profile,
    bytes: &'a [u8],
    mti: Mti,
    bitmap: Bitmap,
    warnings: Warnings,
    /// Where each body begins, by slot; meaningless for fields that are absent. Where it ends is read again from the
    /// dictionary or the length prefix, which keeps a message small enough to move about.
    starts: [u16; 128],
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
    let mut message =
        Message { profile, bytes, mti, bitmap, warnings: Warnings::default(), starts: [0; 128] };
    let mut at = reader.at;
    for n in message.numbers() {
        let plan = profile.plan(n);
        let (start, len, units) = if plan.prefix == Prefix::None {
            (at, usize::from(plan.fixed_len), usize::from(plan.units))
        } else {
            let units =
                read_units(plan, bytes, at).map_err(|kind| DecodeError::of_field(profile, kind, n, at))?;
            (at + plan.prefix.len(), plan.body.wire_len(units.into()), units.into())
        };
        at = start + len;
        let body = bytes.get(start..at);
        let body = body.ok_or_else(|| DecodeError::of_field(profile, ErrorKind::FieldTruncated, n, start))?;
        message.starts[slot(n)] = start as u16;
        if !is_clean(plan.body, body, units) {
            message.judge(n, mode)?;
        }
    }
    if at < bytes.len() {
        return Err(DecodeError::whole(ErrorKind::TrailingBytes, at));
    }
    Ok(message)
}

/// The length in front of a variable field, in the units of its prefix. Apart, to keep the loop over fields tight.
#[inline(never)]
fn read_units(plan: Plan, bytes: &[u8], at: usize) -> Result<u16, ErrorKind> {
    let prefix =
        bytes.get(at..).and_then(|rest| rest.get(..plan.prefix.len())).ok_or(ErrorKind::LengthTruncated)?;
    let units = match (plan.prefix, prefix) {
        (Prefix::Ascii2 | Prefix::Ascii3, digits) => {
            decimal(digits.iter().map(|digit| digit.wrapping_sub(b'0')))
        }
        (Prefix::Ebcdic2 | Prefix::Ebcdic3, digits) => {
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
        let digits = digits.ok_or_else(|| self.error(ErrorKind::MtiTruncated, 0))?;
        let mti = Mti::from_digits(digits).ok_or_else(|| self.error(ErrorKind::MtiInvalid, 0))?;
        if digits[0] != self.profile.mti_version() {
            return Err(self.error(ErrorKind::MtiVersionUnsupported, 0));
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
            Some(n) => Err(self.error(ErrorKind::FieldUnsupported, n)),
            None => Ok(bitmap),
        }
    }

    fn bitmap_half(&mut self) -> Result<u64, DecodeError> {
        match self.profile.bitmap_form() {
            BitmapForm::Binary => self.take::<8>().map(u64::from_be_bytes),
            BitmapForm::HexAscii => match self.take::<16>() {
                Some(text) => {
                    let nibbles =
                        text.iter().try_fold(0, |bits, c| Some(bits << 4 | u64::from(hex::value(*c)?)));
                    return nibbles.ok_or_else(|| self.error(ErrorKind::BitmapInvalid, 1));
                }
                None => None,
            },
        }
        .ok_or_else(|| self.error(ErrorKind::BitmapTruncated, 1))
    }

    /// The next `N` bytes, or `None` and the place unchanged.
    #[inline(always)]
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let chunk = self.bytes.get(self.at..)?.first_chunk::<N>()?;
        self.at += N;
        Some(*chunk)
    }

    #[cold]
    fn error(&self, kind: ErrorKind, n: u8) -> DecodeError {
        DecodeError::of_field(self.profile, kind, n, self.at)
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

impl Warnings {
    const KINDS: [ErrorKind; 5] = [
        ErrorKind::NotNumeric,
        ErrorKind::BcdInvalid,
        ErrorKind::PaddingInvalid,
        ErrorKind::SignInvalid,
        ErrorKind::CharacterInvalid,
    ];

    /// Fields that deviate.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.counts.iter().map(|count| u32::from(*count)).sum()
    }

    /// Fields whose first deviation is of this kind.
    #[must_use]
    pub fn of(&self, kind: ErrorKind) -> u32 {
        Self::KINDS
            .iter()
            .zip(self.counts)
            .find(|(known, _)| **known == kind)
            .map_or(0, |(_, count)| count.into())
    }

    fn count(&mut self, kind: ErrorKind) {
        for (known, count) in Self::KINDS.iter().zip(&mut self.counts) {
            *count += u8::from(*known == kind);
        }
    }
}

impl<'a> Message<'a> {
    /// The message type.
    #[must_use]
    pub const fn mti(&self) -> Mti {
        self.mti
    }

    /// The profile it was read with.
    #[must_use]
    pub const fn profile(&self) -> &'a Profile {
        self.profile
    }

    /// The bytes it was read from.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The bitmap as received, bit 1 included.
    #[must_use]
    pub const fn bitmap(&self) -> Bitmap {
        self.bitmap
    }

    /// The bitmap as it stands on the wire.
    pub(super) fn bitmap_wire(&self) -> &'a [u8] {
        let start = if self.profile.mti_charset() == Charset::Bcd { 2 } else { 4 };
        let per_half = if self.profile.bitmap_form() == BitmapForm::Binary { 8 } else { 16 };
        let len = if self.bitmap.has(1) { 2 * per_half } else { per_half };
        self.bytes.get(start..start + len).unwrap_or_default()
    }

    /// Refuses or counts what is wrong with the body of field `n`.
    #[cold]
    fn judge(&mut self, n: u8, mode: Mode) -> Result<(), DecodeError> {
        let Some(((plan, wire, units), start)) = self.body(n).zip(self.start(n)) else { return Ok(()) };
        let Some((kind, at)) = first_fault(plan.body, wire, units) else { return Ok(()) };
        if mode == Mode::Strict || !kind.is_tolerable() {
            return Err(DecodeError::of_field(self.profile, kind, n, start + at));
        }
        self.warnings.count(kind);
        Ok(())
    }

    /// What a lenient link tolerated; nothing in strict mode.
    #[must_use]
    pub const fn warnings(&self) -> Warnings {
        self.warnings
    }

    /// True when field `n` (2 to 128) is present.
    #[must_use]
    pub const fn has(&self, n: u8) -> bool {
        n != 1 && self.bitmap.has(n)
    }

    /// The numbers of the present fields, ascending, without bit 1.
    #[must_use]
    pub fn numbers(&self) -> FieldNumbers {
        let mut fields = self.bitmap;
        fields.remove(1);
        fields.numbers()
    }

    /// The present fields with their text (see [`Message::text`]).
    pub fn fields(&self) -> impl Iterator<Item = (u8, Cow<'a, str>)> {
        self.numbers().filter_map(|n| Some((n, self.text(n)?)))
    }

    /// The body of field `n` as it stands on the wire, without its length prefix.
    #[must_use]
    pub fn wire(&self, n: u8) -> Option<&'a [u8]> {
        Some(self.body(n)?.1)
    }

    /// Where the body of field `n` begins in [`Message::as_bytes`].
    pub(super) fn start(&self, n: u8) -> Option<usize> {
        self.has(n).then(|| self.starts[slot(n)].into())
    }

    /// Plan, body and length of field `n`, the length in the units of the prefix.
    pub(super) fn body(&self, n: u8) -> Option<(Plan, &'a [u8], usize)> {
        let (plan, start) = (self.profile.plan(n), self.start(n)?);
        let units = read_units(plan, self.bytes, start.checked_sub(plan.prefix.len())?).ok()?.into();
        let body = self.bytes.get(start..start + plan.body.wire_len(units))?;
        Some((plan, body, units))
    }

    /// Field `n` as text: digits with their leading zeros, text with its spaces, track data with `=` as separator,
    /// `x+n` as sign letter and digits, `b` as capital hexadecimal. Borrowed whenever the wire already says that.
    #[must_use]
    pub fn text(&self, n: u8) -> Option<Cow<'a, str>> {
        let (plan, wire, units) = self.body(n)?;
        Some(text_of(plan, wire, units))
    }

    /// The number in an `n` field of at most 19 digits, without allocating; `None` when the field is absent, of
    /// another attribute, empty, or (lenient) not a number.
    #[must_use]
    pub fn digits_u64(&self, n: u8) -> Option<u64> {
        let (plan, wire, units) = self.body(n)?;
        match plan.body {
            Body::AsciiDigits => number(wire.iter().map(|digit| digit.wrapping_sub(b'0'))),
            Body::EbcdicDigits => number(wire.iter().map(|digit| digit.wrapping_sub(0xF0))),
            Body::BcdLeft | Body::BcdRight => number(nibbles(plan.body, wire, units)),
            _ => None,
        }
    }

    /// The bytes of a `b` field; borrowed unless the dialect writes them as hexadecimal text. `None` for other fields.
    #[must_use]
    pub fn bytes(&self, n: u8) -> Option<Cow<'a, [u8]>> {
        let (plan, wire, _) = self.body(n)?;
        match plan.body {
            Body::Raw => Some(Cow::Borrowed(wire)),
            Body::Hex | Body::HexPairs => hex::decode(wire).map(Cow::Owned),
            _ => None,
        }
    }

    /// Whether the EMV data objects of field 55 are complete; true when there is none.
    ///
    /// # Errors
    /// `TlvTruncated` in field 55.
    pub fn check_tlv(&self) -> Result<(), DecodeError> {
        match (self.bytes(55), self.start(55)) {
            (Some(objects), Some(start)) if !tlv::is_complete(&objects) => {
                Err(DecodeError::of_field(self.profile, ErrorKind::TlvTruncated, 55, start))
            }
            _ => Ok(()),
        }
    }

    /// A draft with the same fields. Encoded with the same profile it gives the same bytes.
    #[must_use]
    pub fn to_draft(&self) -> Draft<'a> {
        Draft::from_message(self)
    }
}

/// The body of a field in the conventions of [`Message::text`].
pub(super) fn text_of<'a>(plan: Plan, wire: &'a [u8], units: usize) -> Cow<'a, str> {
    match plan.body {
        Body::AsciiTrack if wire.contains(&b'D') => Cow::Owned(owned(wire, separator_shown)),
        Body::AsciiDigits
        | Body::AsciiPrintable
        | Body::AsciiAlnum
        | Body::AsciiAlpha
        | Body::AsciiTrack
        | Body::AsciiSigned => match std::str::from_utf8(wire) {
            Ok(text) if text.is_ascii() => Cow::Borrowed(text),
            _ => Cow::Owned(owned(wire, |byte| byte)),
        },
        Body::EbcdicDigits
        | Body::EbcdicPrintable
        | Body::EbcdicAlnum
        | Body::EbcdicAlpha
        | Body::EbcdicSigned => Cow::Owned(owned(wire, ebcdic::to_ascii)),
        Body::EbcdicTrack => Cow::Owned(owned(wire, |code| separator_shown(ebcdic::to_ascii(code)))),
        Body::BcdLeft | Body::BcdRight | Body::BcdTrackLeft | Body::BcdTrackRight => {
            Cow::Owned(nibbles(plan.body, wire, units).map(nibble_shown).collect())
        }
        Body::BcdSigned => {
            let (sign, digits) = wire.split_at(wire.len().min(1));
            let digits = nibbles(Body::BcdLeft, digits, units.saturating_sub(1)).map(nibble_shown);
            Cow::Owned(sign.iter().copied().map(char::from).chain(digits).collect())
        }
        Body::Raw | Body::Absent => Cow::Owned(hex::encode(wire)),
        Body::Hex | Body::HexPairs => match std::str::from_utf8(wire) {
            Ok(text) if !text.bytes().any(|c| c.is_ascii_lowercase()) => Cow::Borrowed(text),
            _ => Cow::Owned(owned(wire, |byte| byte.to_ascii_uppercase())),
        },
    }
}

/// The digit nibbles of a packed field, the pad left out.
fn nibbles(body: Body, wire: &[u8], digits: usize) -> impl ExactSizeIterator<Item = u8> {
    let pad = match body {
        Body::BcdRight | Body::BcdTrackRight => OddPad::RightF,
        _ => OddPad::LeftZero,
    };
    let first = bcd::first_nibble(digits, pad);
    (first..first + digits).map(move |index| bcd::nibble(wire, index).unwrap_or(0))
}

fn number(digits: impl ExactSizeIterator<Item = u8>) -> Option<u64> {
    if digits.len() == 0 {
        return None;
    }
    let mut number = 0_u64;
    for digit in digits {
        number = (digit <= 9).then(|| number.checked_mul(10))??.checked_add(digit.into())?;
    }
    Some(number)
}

/// Each byte converted, then read as Latin-1, so that nothing a lenient link lets through is lost.
fn owned(wire: &[u8], convert: impl Fn(u8) -> u8) -> String {
    wire.iter().map(|byte| char::from(convert(*byte))).collect()
}

const fn separator_shown(character: u8) -> u8 {
    if character == b'D' { b'=' } else { character }
}

/// A digit, `=` for the track separator, the hexadecimal letter for what a lenient link lets through.
fn nibble_shown(nibble: u8) -> char {
    if nibble == 0xD { '=' } else { char::from(hex::digit(nibble)) }
}

impl fmt::Debug for Message<'_> {
    /// Type and field numbers only: the contents are card data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.mti)?;
        f.debug_list().entries(self.numbers()).finish()
    }
}
