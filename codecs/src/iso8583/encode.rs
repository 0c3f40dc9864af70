//! Writing fields: each value is copied to its place and checked by the rules of reading.

use super::check::{copy_to_ebcdic, first_fault, is_clean};
use super::field::{Body, Plan, Prefix};
use super::words::copy_clean;
use crate::bcd::{self, OddPad};
use crate::{ErrorKind, ebcdic, hex};

/// Room set aside for a message, and again when it is longer.
const ROOM: usize = 320;

/// Room for a message type and one bitmap, which every message has.
const HEAD_MAX: usize = 20;

/// The end of a buffer, with room ahead of the place of writing, so that appending a field is a plain copy. Dropped
/// before [`Sink::keep`] it leaves the buffer as it was.
pub(super) struct Sink<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    at: usize,
    kept: bool,
}

impl<'o> Sink<'o> {
    /// Begins `head` bytes on, at most twenty: they are for [`Sink::patch`].
    #[inline(always)]
    pub(super) fn new(out: &'o mut Vec<u8>, head: usize) -> Self {
        let start = out.len();
        widen(out, start + HEAD_MAX);
        Sink { out, start, at: start + head, kept: false }
    }

    /// What is written stays.
    #[inline(always)]
    pub(super) fn keep(mut self) {
        self.kept = true;
    }

    /// The next `len` bytes to be written.
    #[inline]
    pub(super) fn room(&mut self, len: usize) -> &mut [u8] {
        let (start, end) = (self.at, self.at + len);
        if end > self.out.len() {
            widen(self.out, end);
        }
        self.at = end;
        self.out.get_mut(start..end).unwrap_or_default()
    }

    #[inline]
    pub(super) fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some(room) = self.room(N).first_chunk_mut::<N>() {
            *room = bytes;
        }
    }

    pub(super) fn put_hex(&mut self, bytes: &[u8]) {
        let room = self.room(2 * bytes.len()).as_chunks_mut::<2>().0;
        for (pair, byte) in room.iter_mut().zip(bytes) {
            *pair = [hex::digit(byte >> 4), hex::digit(*byte)];
        }
    }

    /// Writes over bytes from the one at `at` on.
    #[inline(always)]
    pub(super) fn patch(&mut self, at: usize, bytes: &[u8]) {
        let at = self.start + at;
        if let Some(room) = self.out.get_mut(at..at + bytes.len()) {
            room.copy_from_slice(bytes);
        }
    }

    /// Bytes of the message so far.
    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.at - self.start
    }

    /// Takes back what was written after the first `len` bytes.
    pub(super) const fn back_to(&mut self, len: usize) {
        self.at = self.start + len;
    }

    /// The message so far.
    pub(super) fn written(&self) -> &[u8] {
        self.out.get(self.start..self.at).unwrap_or_default()
    }

    /// The message so far.
    pub(super) fn written_mut(&mut self) -> &mut [u8] {
        self.out.get_mut(self.start..self.at).unwrap_or_default()
    }
}

/// Makes room up to `end` and beyond: what the buffer has, when that is enough, or what it is given anew.
#[inline(never)]
fn widen(out: &mut Vec<u8>, end: usize) {
    let (wanted, has) = (end + ROOM, out.capacity());
    out.resize(if end < has { wanted.min(has) } else { wanted }, 0);
}

impl Drop for Sink<'_> {
    fn drop(&mut self) {
        self.out.truncate(if self.kept { self.at } else { self.start });
    }
}

/// Writes prefix and body of a text written as ASCII when all is well and there is room. Else nothing is written, and
/// [`put_text`] knows why.
#[inline(always)]
pub(super) fn put_quick(plan: Plan, text: &[u8], sink: &mut Sink<'_>) -> Option<()> {
    let (len, most) = (text.len(), usize::from(plan.units));
    let mut at = sink.at;
    match plan.body {
        Body::AsciiDigits | Body::AsciiPrintable | Body::AsciiAlnum | Body::AsciiTrack => {}
        _ => return None,
    }
    if plan.prefix != Prefix::None {
        if len > most {
            return None;
        }
        let digits = LENGTHS[len & 1023];
        let (prefix, prefix_len) = match plan.prefix {
            Prefix::Ascii2 => (digits >> 8, 2),
            Prefix::Ascii3 => (digits, 3),
            _ => return None,
        };
        *sink.out.get_mut(at..at + 4)?.first_chunk_mut::<4>()? = prefix.to_le_bytes();
        at += prefix_len;
    } else if len != most {
        return None;
    }
    let room = sink.out.get_mut(at..at + len)?;
    if !copy_clean(plan.body, text, room) {
        return None;
    }
    sink.at = at + len;
    Some(())
}

/// Writes prefix and body of `text`, checked as if it had been received.
pub(super) fn put_text(plan: Plan, text: &[u8], sink: &mut Sink<'_>) -> Result<(), ErrorKind> {
    match plan.body {
        Body::AsciiDigits | Body::AsciiPrintable | Body::AsciiAlnum | Body::AsciiTrack
            if put_quick(plan, text, sink).is_some() =>
        {
            Ok(())
        }
        _ => put_converted(plan, text, sink),
    }
}

#[inline(never)]
fn put_converted(plan: Plan, text: &[u8], sink: &mut Sink<'_>) -> Result<(), ErrorKind> {
    let units = match plan.body {
        Body::Raw | Body::Hex | Body::HexPairs if !text.len().is_multiple_of(2) => {
            return Err(ErrorKind::HexInvalid);
        }
        Body::Raw | Body::HexPairs => text.len() / 2,
        _ => text.len(),
    };
    put_prefix(plan, units, sink)?;
    let room = sink.room(plan.body.wire_len(units));
    match plan.body {
        Body::EbcdicDigits => {
            convert(text, room, |digit| digit | 0xC0);
            return digits_only(text);
        }
        Body::EbcdicPrintable
        | Body::Ebcdic037
        | Body::Ebcdic500
        | Body::Ebcdic1047
        | Body::EbcdicAlnum
        | Body::EbcdicAlpha
        | Body::EbcdicTrack => {
            if copy_to_ebcdic(plan.body, text, room) {
                return Ok(());
            }
        }
        Body::BcdLeft => return pack(text, OddPad::LeftZero, room),
        Body::BcdRight => return pack(text, OddPad::RightF, room),
        Body::BcdTrackLeft => return pack_track(text, OddPad::LeftZero, room),
        Body::BcdTrackRight => return pack_track(text, OddPad::RightF, room),
        Body::EbcdicSigned | Body::EbcdicNet => convert(text, room, ebcdic::from_ascii),
        Body::BcdSigned => pack_signed(text, room)?,
        Body::BcdNet => {
            let ((head, signed), (packed, rest)) =
                text.split_at_checked(4).zip(room.split_at_mut_checked(2)).ok_or(ErrorKind::SignInvalid)?;
            pack(head, OddPad::LeftZero, packed)?;
            pack_signed(signed, rest)?;
        }
        Body::Raw => {
            for (byte, [high, low]) in room.iter_mut().zip(text.as_chunks::<2>().0) {
                let (high, low) = hex::value(*high).zip(hex::value(*low)).ok_or(ErrorKind::HexInvalid)?;
                *byte = high << 4 | low;
            }
            return Ok(());
        }
        Body::Hex | Body::HexPairs => convert(text, room, |character| character.to_ascii_uppercase()),
        Body::AsciiDigits
        | Body::AsciiPrintable
        | Body::AsciiAlnum
        | Body::AsciiAlpha
        | Body::AsciiTrack
        | Body::AsciiSigned
        | Body::AsciiNet => room.copy_from_slice(text),
        Body::Absent => return Err(ErrorKind::FieldUnsupported),
    }
    check(plan.body, room, units)
}

fn convert(text: &[u8], room: &mut [u8], to_wire: impl Fn(u8) -> u8) {
    for (byte, character) in room.iter_mut().zip(text) {
        *byte = to_wire(*character);
    }
}

fn digits_only(text: &[u8]) -> Result<(), ErrorKind> {
    if is_clean(Body::AsciiDigits, text, text.len()) { Ok(()) } else { Err(ErrorKind::NotNumeric) }
}

fn pack(text: &[u8], pad: OddPad, room: &mut [u8]) -> Result<(), ErrorKind> {
    digits_only(text)?;
    bcd::pack_text(text, pad, room);
    Ok(())
}

/// Track data may separate with `=` or `D`; both are the nibble D.
fn pack_track(text: &[u8], pad: OddPad, room: &mut [u8]) -> Result<(), ErrorKind> {
    if !is_clean(Body::AsciiTrack, text, text.len()) {
        return Err(ErrorKind::NotNumeric);
    }
    bcd::pack(text.iter().map(|c| if *c == b'D' { 0xD } else { c & 0x0F }), pad, room);
    Ok(())
}

/// A sign as a letter, then packed digits.
fn pack_signed(text: &[u8], room: &mut [u8]) -> Result<(), ErrorKind> {
    let ((sign, digits), (first, rest)) =
        text.split_first().zip(room.split_first_mut()).ok_or(ErrorKind::SignInvalid)?;
    *first = *sign;
    pack(digits, OddPad::LeftZero, rest)
}

/// A body as received, checked again because a lenient link may have let it in.
pub(super) fn put_wire(plan: Plan, wire: &[u8], units: usize, sink: &mut Sink<'_>) -> Result<(), ErrorKind> {
    put_prefix(plan, units, sink)?;
    sink.room(wire.len()).copy_from_slice(wire);
    check(plan.body, wire, units)
}

fn check(body: Body, wire: &[u8], units: usize) -> Result<(), ErrorKind> {
    if is_clean(body, wire, units) {
        return Ok(());
    }
    first_fault(body, wire, units).map_or(Ok(()), |(kind, _)| Err(kind))
}

/// As [`put_text`], filling a fixed field up.
#[inline(never)]
pub(super) fn put_padded(plan: Plan, text: &[u8], sink: &mut Sink<'_>) -> Result<(), ErrorKind> {
    let len = usize::from(plan.units);
    if plan.prefix != Prefix::None || text.len() >= len {
        return put_text(plan, text, sink);
    }
    let (pad, at) = match plan.body {
        Body::AsciiDigits | Body::EbcdicDigits | Body::BcdLeft | Body::BcdRight => (b'0', len - text.len()),
        Body::AsciiPrintable
        | Body::AsciiAlnum
        | Body::AsciiAlpha
        | Body::EbcdicPrintable
        | Body::Ebcdic037
        | Body::Ebcdic500
        | Body::Ebcdic1047
        | Body::EbcdicAlnum
        | Body::EbcdicAlpha => (b' ', 0),
        _ => return put_text(plan, text, sink),
    };
    let lay = |room: &mut [u8]| {
        room.fill(pad);
        if let Some(part) = room.get_mut(at..at + text.len()) {
            part.copy_from_slice(text);
        }
    };
    if matches!(plan.body, Body::AsciiDigits | Body::AsciiPrintable | Body::AsciiAlnum | Body::AsciiAlpha) {
        let room = sink.room(len);
        lay(room);
        return check(plan.body, room, len);
    }
    let mut buffer = [0; 999];
    let Some(filled) = buffer.get_mut(..len) else { return put_text(plan, text, sink) };
    lay(filled);
    put_converted(plan, filled, sink)
}

/// The digits of a number, as many as a fixed field has.
#[inline(never)]
pub(super) fn put_number(plan: Plan, number: u64, sink: &mut Sink<'_>) -> Result<(), ErrorKind> {
    let digits = decimal(number);
    let used = 1 + number.checked_ilog10().unwrap_or(0) as usize;
    let wanted = if plan.prefix == Prefix::None { usize::from(plan.units).max(used) } else { used };
    match digits.get(digits.len().saturating_sub(wanted)..) {
        Some(digits) if digits.len() == wanted => put_text(plan, digits, sink),
        _ => put_padded(plan, &digits, sink),
    }
}

/// Twenty-four digits, which hold every number.
fn decimal(number: u64) -> [u8; 24] {
    const EIGHT: u64 = 100_000_000;
    let mut digits = [b'0'; 24];
    let mut rest = number;
    for eight in digits.as_chunks_mut::<8>().0.iter_mut().rev() {
        *eight = eight_digits(rest % EIGHT);
        rest /= EIGHT;
        if rest == 0 {
            break;
        }
    }
    digits
}

/// The digits of a number below 10^8. It is halved into two numbers of four digits, four of two and eight of one, all
/// of them side by side in one word; the factors divide by 100 and by 10 (10,486 / 2^20, 103 / 2^10).
const fn eight_digits(number: u64) -> [u8; 8] {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let upper = ((fours * 10_486) >> 20) & 0x0000_007F_0000_007F;
    let twos = upper | ((fours - 100 * upper) << 16);
    let tens = ((twos * 103) >> 10) & 0x000F_000F_000F_000F;
    let ones = tens | ((twos - 10 * tens) << 8);
    (ones | 0x3030_3030_3030_3030).to_le_bytes()
}

pub(super) fn put_bytes(plan: Plan, bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), ErrorKind> {
    let units = match plan.body {
        Body::Raw | Body::HexPairs => bytes.len(),
        Body::Hex => bytes.len() * 2,
        _ => return Err(ErrorKind::HexInvalid),
    };
    put_prefix(plan, units, sink)?;
    match plan.body {
        Body::Raw => sink.room(bytes.len()).copy_from_slice(bytes),
        _ => sink.put_hex(bytes),
    }
    Ok(())
}

/// Checks the length and writes the prefix of a variable field.
fn put_prefix(plan: Plan, units: usize, sink: &mut Sink<'_>) -> Result<(), ErrorKind> {
    if plan.body == Body::Absent {
        return Err(ErrorKind::FieldUnsupported);
    }
    if units > usize::from(plan.units) {
        return Err(ErrorKind::LengthTooLong);
    }
    if plan.prefix == Prefix::None {
        return if units < usize::from(plan.units) { Err(ErrorKind::FieldTruncated) } else { Ok(()) };
    }
    let (prefix, len) = prefix_of(plan.prefix, units);
    for (to, from) in sink.room(len).iter_mut().zip(prefix) {
        *to = from;
    }
    Ok(())
}

/// Three ASCII digits of every length below a thousand, the first in the lowest byte.
static LENGTHS: [u32; 1_024] = {
    let mut lengths = [0; 1_024];
    let mut length = 0;
    while length < 1_000 {
        let digits = [length / 100, length / 10 % 10, length % 10, 0];
        lengths[length] =
            u32::from_le_bytes([b'0' + digits[0] as u8, b'0' + digits[1] as u8, b'0' + digits[2] as u8, 0]);
        length += 1;
    }
    lengths
};

/// The bytes of a prefix, at the beginning of four, and how many they are.
#[inline(always)]
fn prefix_of(prefix: Prefix, units: usize) -> ([u8; 4], usize) {
    let thousands = b'0' + (units / 1_000 % 10) as u8;
    let [a, b, c, _] = LENGTHS[units % 1_000].to_le_bytes();
    let bytes = match prefix {
        Prefix::None => [0; 4],
        Prefix::Ascii2 => [b, c, 0, 0],
        Prefix::Ascii3 => [a, b, c, 0],
        Prefix::Ascii4 => [thousands, a, b, c],
        Prefix::Ebcdic2 => [b | 0xF0, c | 0xF0, 0, 0],
        Prefix::Ebcdic3 => [a | 0xF0, b | 0xF0, c | 0xF0, 0],
        Prefix::Ebcdic4 => [thousands | 0xF0, a | 0xF0, b | 0xF0, c | 0xF0],
        Prefix::Bcd1 => [b << 4 | c & 0x0F, 0, 0, 0],
        Prefix::Bcd2 => [thousands << 4 | a & 0x0F, b << 4 | c & 0x0F, 0, 0],
        Prefix::Binary1 => [units as u8, 0, 0, 0],
        Prefix::Binary2 => [(units >> 8) as u8, units as u8, 0, 0],
    };
    (bytes, prefix.len())
}
