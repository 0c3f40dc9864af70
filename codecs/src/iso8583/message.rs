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
    /// Start and end of each body, by slot; meaningless for fields that are absent.
    spans: [(u16, u16); 128],
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
        Message { profile, bytes, mti, bitmap, warnings: Warnings::default(), spans: [(0, 0); 128] };
    let mut fields = bitmap;
    fields.remove(1);
    for n in fields.numbers() {
        let plan = profile.plan(n);
        let prefix_at = reader.at;
        let units = reader.units(plan).map_err(|kind| DecodeError::of_field(profile, kind, n, prefix_at))?;
        let start = reader.at;
        let body = reader.body(plan, units).ok_or_else(|| reader.error(ErrorKind::FieldTruncated, n))?;
        message.spans[slot(n)] = (start as u16, reader.at as u16);
        if !is_clean(plan.body, body, units) {
            message.judge(n, units, mode)?;
        }
    }
    if reader.at < bytes.len() {
        return Err(DecodeError::whole(ErrorKind::TrailingBytes, reader.at));
    }
    Ok(message)
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
        let unsupported = Bitmap::from_bits(bits & !self.profile.supported() & !bit(1));
        match unsupported.numbers().next() {
            Some(n) => Err(self.error(ErrorKind::FieldUnsupported, n)),
            None => Ok(Bitmap::from_bits(bits)),
        }
    }

    fn bitmap_half(&mut self) -> Result<u64, DecodeError> {
        match self.profile.bitmap_form() {
            BitmapForm::Binary => self.take::<8>().map(u64::from_be_bytes),
            BitmapForm::HexAscii => match self.take::<16>() {
                Some(text) => {
                    let nibbles = text.iter().try_fold(0, |bits, c| Some(bits << 4 | u64::from(hex::value(*c)?)));
                    return nibbles.ok_or_else(|| self.error(ErrorKind::BitmapInvalid, 1));
                }
                None => None,
            },
        }
        .ok_or_else(|| self.error(ErrorKind::BitmapTruncated, 1))
    }

    /// The length of the next field in the units of its prefix.
    #[inline]
    fn units(&mut self, plan: Plan) -> Result<usize, ErrorKind> {
        let units = match plan.prefix {
            Prefix::None => return Ok(plan.units.into()),
            Prefix::Ascii2 => self.take::<2>().map(|digits| decimal(digits.map(|digit| digit.wrapping_sub(b'0')))),
            Prefix::Ascii3 => self.take::<3>().map(|digits| decimal(digits.map(|digit| digit.wrapping_sub(b'0')))),
            Prefix::Ebcdic2 => self.take::<2>().map(|digits| decimal(digits.map(|digit| digit.wrapping_sub(0xF0)))),
            Prefix::Ebcdic3 => self.take::<3>().map(|digits| decimal(digits.map(|digit| digit.wrapping_sub(0xF0)))),
            Prefix::Bcd1 => self.take::<1>().map(|[a]| decimal([a >> 4, a & 0x0F])),
            Prefix::Bcd2 => self.take::<2>().map(|[a, b]| decimal([a >> 4, a & 0x0F, b >> 4, b & 0x0F])),
            Prefix::Binary1 => self.take::<1>().map(|[a]| Some(a.into())),
            Prefix::Binary2 => self.take::<2>().map(|length| Some(u16::from_be_bytes(length).into())),
        };
        let units = units.ok_or(ErrorKind::LengthTruncated)?.ok_or(ErrorKind::LengthInvalid)?;
        if units > usize::from(plan.units) {
            return Err(ErrorKind::LengthTooLong);
        }
        Ok(units)
    }

    #[inline]
    fn body(&mut self, plan: Plan, units: usize) -> Option<&'a [u8]> {
        let len = if plan.prefix == Prefix::None { plan.fixed_len.into() } else { plan.body.wire_len(units) };
        let body = self.bytes.get(self.at..self.at + len)?;
        self.at += len;
        Some(body)
    }

    /// The next `N` bytes, or `None` and the place unchanged.
    #[inline]
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

/// The number the digits make, or `None` when one of them is above 9.
#[inline]
fn decimal<const N: usize>(digits: [u8; N]) -> Option<usize> {
    digits.into_iter().try_fold(0, |number, digit| (digit <= 9).then(|| number * 10 + usize::from(digit)))
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
        Self::KINDS.iter().zip(self.counts).find(|(known, _)| **known == kind).map_or(0, |(_, count)| count.into())
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
    fn judge(&mut self, n: u8, units: usize, mode: Mode) -> Result<(), DecodeError> {
        let (Some(wire), Some((start, _))) = (self.wire(n), self.span(n)) else { return Ok(()) };
        let Some((kind, at)) = first_fault(self.profile.plan(n).body, wire, units) else { return Ok(()) };
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
        let (start, end) = self.span(n)?;
        self.bytes.get(start..end)
    }

    /// Where the body of field `n` lies in [`Message::as_bytes`].
    pub(super) fn span(&self, n: u8) -> Option<(usize, usize)> {
        let (start, end) = self.has(n).then(|| self.spans[slot(n)])?;
        Some((start.into(), end.into()))
    }

    /// Field `n` as text: digits with their leading zeros, text with its spaces, track data with `=` as separator,
    /// `x+n` as sign letter and digits, `b` as capital hexadecimal. Borrowed whenever the wire already says that.
    #[must_use]
    pub fn text(&self, n: u8) -> Option<Cow<'a, str>> {
        let wire = self.wire(n)?;
        let plan = self.profile.plan(n);
        Some(text_of(plan, wire, self.units(n, plan)?))
    }

    /// The number in an `n` field of at most 19 digits, without allocating; `None` when the field is absent, of
    /// another attribute, empty, or (lenient) not a number.
    #[must_use]
    pub fn digits_u64(&self, n: u8) -> Option<u64> {
        let wire = self.wire(n)?;
        let plan = self.profile.plan(n);
        match plan.body {
            Body::AsciiDigits => number(wire.iter().map(|digit| digit.wrapping_sub(b'0'))),
            Body::EbcdicDigits => number(wire.iter().map(|digit| digit.wrapping_sub(0xF0))),
            Body::BcdLeft | Body::BcdRight => number(nibbles(plan.body, wire, self.units(n, plan)?)),
            _ => None,
        }
    }

    /// The bytes of a `b` field; borrowed unless the dialect writes them as hexadecimal text. `None` for other fields.
    #[must_use]
    pub fn bytes(&self, n: u8) -> Option<Cow<'a, [u8]>> {
        let wire = self.wire(n)?;
        match self.profile.plan(n).body {
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
        match (self.bytes(55), self.span(55)) {
            (Some(objects), Some((start, _))) if !tlv::is_complete(&objects) => {
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

    /// The length of field `n` in the units of its prefix, read again from in front of the body.
    pub(super) fn units(&self, n: u8, plan: Plan) -> Option<usize> {
        let (start, _) = self.span(n)?;
        let at = start.checked_sub(plan.prefix.len())?;
        Reader { profile: self.profile, bytes: self.bytes, at }.units(plan).ok()
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
        Body::EbcdicDigits | Body::EbcdicPrintable | Body::EbcdicAlnum | Body::EbcdicAlpha | Body::EbcdicSigned => {
            Cow::Owned(owned(wire, ebcdic::to_ascii))
        }
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
