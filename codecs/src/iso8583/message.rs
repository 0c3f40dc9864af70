//! A message as received: where its fields lie, and accessors that convert on demand.

use std::borrow::Cow;
use std::fmt;

use super::bitmap::{Bitmap, FieldNumbers};
use super::check::first_fault;
use super::decode::{DecodeError, Mode, read_units};
use super::draft::Draft;
use super::field::{Attr, Body, Plan};
use super::mti::Mti;
use super::spec::{BitmapForm, Charset, Profile, slot};
use crate::bcd::{self, OddPad};
use crate::{ErrorKind, ebcdic, hex, tlv};

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
    /// A message none of whose fields has been found yet.
    #[inline]
    pub(super) fn new(profile: &'a Profile, bytes: &'a [u8], mti: Mti, bitmap: Bitmap) -> Self {
        Message { profile, bytes, mti, bitmap, warnings: Warnings::default(), starts: [0; 128] }
    }

    /// Notes where the body of field `n` begins; messages are at most 65,535 bytes long.
    #[inline]
    pub(super) fn note_start(&mut self, n: u8, start: usize) {
        self.starts[slot(n)] = start as u16;
    }

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
    pub(super) fn judge(&mut self, n: u8, mode: Mode) -> Result<(), DecodeError> {
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
            // An amount of 2003 begins with its currency: its digits are no number.
            _ if self.profile.field(n)?.attr != Attr::N => None,
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
        | Body::AsciiSigned
        | Body::AsciiNet => match std::str::from_utf8(wire) {
            Ok(text) if text.is_ascii() => Cow::Borrowed(text),
            _ => Cow::Owned(owned(wire, |byte| byte)),
        },
        Body::EbcdicPrintable | Body::Ebcdic037 | Body::Ebcdic500 | Body::Ebcdic1047 => {
            let page = plan.body.page();
            Cow::Owned(owned(wire, |code| page.to_latin1(code)))
        }
        Body::EbcdicDigits | Body::EbcdicAlnum | Body::EbcdicAlpha | Body::EbcdicSigned | Body::EbcdicNet => {
            Cow::Owned(owned(wire, ebcdic::to_ascii))
        }
        Body::EbcdicTrack => Cow::Owned(owned(wire, |code| separator_shown(ebcdic::to_ascii(code)))),
        Body::BcdLeft | Body::BcdRight | Body::BcdTrackLeft | Body::BcdTrackRight => {
            Cow::Owned(nibbles(plan.body, wire, units).map(nibble_shown).collect())
        }
        Body::BcdSigned => Cow::Owned(signed(wire, units).collect()),
        Body::BcdNet => {
            let (head, rest) = wire.split_at(wire.len().min(2));
            let head = nibbles(Body::BcdLeft, head, 4).map(nibble_shown);
            Cow::Owned(head.chain(signed(rest, units.saturating_sub(4))).collect())
        }
        Body::Raw | Body::Absent => Cow::Owned(hex::encode(wire)),
        Body::Hex | Body::HexPairs => match std::str::from_utf8(wire) {
            Ok(text) if !text.bytes().any(|c| c.is_ascii_lowercase()) => Cow::Borrowed(text),
            _ => Cow::Owned(owned(wire, |byte| byte.to_ascii_uppercase())),
        },
    }
}

/// A sign letter and the packed digits after it.
fn signed(wire: &[u8], units: usize) -> impl Iterator<Item = char> {
    let (sign, digits) = wire.split_at(wire.len().min(1));
    let digits = nibbles(Body::BcdLeft, digits, units.saturating_sub(1)).map(nibble_shown);
    sign.iter().copied().map(char::from).chain(digits)
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
