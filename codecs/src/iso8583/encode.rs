//! Writing fields: each value is copied to its place and checked by the rules of reading.

use super::check::{copy_clean, first_fault, is_clean};
use super::field::{Body, Plan, Prefix};
use crate::bcd::{self, OddPad};
use crate::{ErrorKind, ebcdic, hex};

/// The buffer with room ahead of the place of writing, so that appending a field is a plain copy.
pub(super) struct Sink<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    at: usize,
}

impl<'o> Sink<'o> {
    /// Sets room for `len_hint` bytes aside at the end of `out`.
    pub(super) fn new(out: &'o mut Vec<u8>, len_hint: usize) -> Self {
        let start = out.len();
        out.resize(start + len_hint, 0);
        Sink { out, start, at: start }
    }

    /// Gives back the room not used; all of it when the message is refused.
    pub(super) fn finish(self, accepted: bool) {
        self.out.truncate(if accepted { self.at } else { self.start });
    }

    /// The next `len` bytes to be written.
    #[inline]
    pub(super) fn room(&mut self, len: usize) -> &mut [u8] {
        let (start, end) = (self.at, self.at + len);
        if end > self.out.len() {
            self.grow(end);
        }
        self.at = end;
        self.out.get_mut(start..end).unwrap_or_default()
    }

    #[cold]
    fn grow(&mut self, end: usize) {
        self.out.resize(end + 256, 0);
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

    /// The message so far.
    pub(super) fn written(&self) -> &[u8] {
        self.out.get(self.start..self.at).unwrap_or_default()
    }
}

/// Writes prefix and body of `text`, checked as if it had been received.
#[inline(always)]
pub(super) fn put_text_here(plan: Plan, text: &[u8], sink: &mut Sink<'_>) -> Result<(), ErrorKind> {
    if !matches!(plan.body, Body::AsciiDigits | Body::AsciiPrintable | Body::AsciiAlnum | Body::AsciiTrack) {
        return put_converted(plan, text, sink);
    }
    if plan.prefix != Prefix::None || text.len() != usize::from(plan.units) {
        put_prefix(plan, text.len(), sink)?;
    }
    if copy_clean(plan.body, text, sink.room(text.len())) {
        return Ok(());
    }
    fault_of(plan, text)
}

#[inline(never)]
pub(super) fn put_text(plan: Plan, text: &[u8], sink: &mut Sink<'_>) -> Result<(), ErrorKind> {
    put_text_here(plan, text, sink)
}

#[cold]
fn fault_of(plan: Plan, text: &[u8]) -> Result<(), ErrorKind> {
    first_fault(plan.body, text, text.len()).map_or(Ok(()), |(kind, _)| Err(kind))
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
        Body::EbcdicPrintable(page) => convert(text, room, |character| page.of_ascii(character)),
        Body::EbcdicDigits
        | Body::EbcdicAlnum
        | Body::EbcdicAlpha
        | Body::EbcdicTrack
        | Body::EbcdicSigned
        | Body::EbcdicNet => convert(text, room, ebcdic::from_ascii),
        Body::BcdLeft => pack(text, OddPad::LeftZero, false, room)?,
        Body::BcdRight => pack(text, OddPad::RightF, false, room)?,
        Body::BcdTrackLeft => pack(text, OddPad::LeftZero, true, room)?,
        Body::BcdTrackRight => pack(text, OddPad::RightF, true, room)?,
        Body::BcdSigned => pack_signed(text, room)?,
        Body::BcdNet => {
            let ((head, signed), (packed, rest)) =
                text.split_at_checked(4).zip(room.split_at_mut_checked(2)).ok_or(ErrorKind::SignInvalid)?;
            pack(head, OddPad::LeftZero, false, packed)?;
            pack_signed(signed, rest)?;
        }
        Body::Raw => {
            for (byte, [high, low]) in room.iter_mut().zip(text.as_chunks::<2>().0) {
                let (high, low) = hex::value(*high).zip(hex::value(*low)).ok_or(ErrorKind::HexInvalid)?;
                *byte = high << 4 | low;
            }
        }
        Body::Hex | Body::HexPairs => convert(text, room, |character| character.to_ascii_uppercase()),
        Body::AsciiAlpha | Body::AsciiSigned | Body::AsciiNet => convert(text, room, |character| character),
        Body::AsciiDigits | Body::AsciiPrintable | Body::AsciiAlnum | Body::AsciiTrack | Body::Absent => {
            return Err(ErrorKind::FieldUnsupported);
        }
    }
    check(plan.body, room, units)
}

fn convert(text: &[u8], room: &mut [u8], to_wire: impl Fn(u8) -> u8) {
    for (byte, character) in room.iter_mut().zip(text) {
        *byte = to_wire(*character);
    }
}

fn pack(text: &[u8], pad: OddPad, track: bool, room: &mut [u8]) -> Result<(), ErrorKind> {
    let known = |c: &u8| c.is_ascii_digit() || (track && matches!(c, b'=' | b'D'));
    if !text.iter().all(known) {
        return Err(ErrorKind::NotNumeric);
    }
    bcd::pack(text.iter().map(|c| if c.is_ascii_digit() { c & 0x0F } else { 0xD }), pad, room);
    Ok(())
}

/// A sign as a letter, then packed digits.
fn pack_signed(text: &[u8], room: &mut [u8]) -> Result<(), ErrorKind> {
    let ((sign, digits), (first, rest)) =
        text.split_first().zip(room.split_first_mut()).ok_or(ErrorKind::SignInvalid)?;
    *first = *sign;
    pack(digits, OddPad::LeftZero, false, rest)
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

#[inline(never)]
pub(super) fn put_padded(plan: Plan, text: &[u8], sink: &mut Sink<'_>) -> Result<(), ErrorKind> {
    let len = usize::from(plan.units);
    let mut buffer = [b' '; 999];
    let Some(filled) = buffer.get_mut(..len).filter(|_| plan.prefix == Prefix::None && text.len() < len)
    else {
        return put_text(plan, text, sink);
    };
    match plan.body {
        Body::AsciiDigits | Body::EbcdicDigits | Body::BcdLeft | Body::BcdRight => {
            let (zeros, digits) = filled.split_at_mut(len - text.len());
            zeros.fill(b'0');
            digits.copy_from_slice(text);
        }
        Body::AsciiPrintable
        | Body::AsciiAlnum
        | Body::AsciiAlpha
        | Body::EbcdicPrintable(_)
        | Body::EbcdicAlnum
        | Body::EbcdicAlpha => convert(text, filled, |character| character),
        _ => return put_text(plan, text, sink),
    }
    put_text(plan, filled, sink)
}

#[inline(never)]
pub(super) fn put_number(plan: Plan, number: u64, sink: &mut Sink<'_>) -> Result<(), ErrorKind> {
    let mut digits = [b'0'; 20];
    let mut rest = number;
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        if rest == 0 && used > 0 {
            break;
        }
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        used += 1;
    }
    // Twenty digits hold every number and every fixed `n` field of up to twenty.
    let wanted = if plan.prefix == Prefix::None { usize::from(plan.units).max(used) } else { used };
    match digits.get(20_usize.saturating_sub(wanted)..) {
        Some(digits) if wanted <= 20 => put_text(plan, digits, sink),
        _ => put_padded(plan, &digits, sink),
    }
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
#[inline(never)]
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
    let [thousands, hundreds, tens, ones] = [1000, 100, 10, 1].map(|unit| (units / unit % 10) as u8);
    match plan.prefix {
        Prefix::None => {}
        Prefix::Ascii2 => sink.put([tens | b'0', ones | b'0']),
        Prefix::Ascii3 => sink.put([hundreds | b'0', tens | b'0', ones | b'0']),
        Prefix::Ascii4 => sink.put([thousands, hundreds, tens, ones].map(|digit| digit | b'0')),
        Prefix::Ebcdic2 => sink.put([tens | 0xF0, ones | 0xF0]),
        Prefix::Ebcdic3 => sink.put([hundreds | 0xF0, tens | 0xF0, ones | 0xF0]),
        Prefix::Ebcdic4 => sink.put([thousands, hundreds, tens, ones].map(|digit| digit | 0xF0)),
        Prefix::Bcd1 => sink.put([tens << 4 | ones]),
        Prefix::Bcd2 => sink.put([thousands << 4 | hundreds, tens << 4 | ones]),
        Prefix::Binary1 => sink.put([units as u8]),
        Prefix::Binary2 => sink.put((units as u16).to_be_bytes()),
    }
    Ok(())
}
