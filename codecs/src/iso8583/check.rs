//! Whether the bytes of a field are in its character set.
//!
//! Two ways to the same answer: [`is_clean`] looks at eight bytes at a time and only says yes or no, because nearly
//! every field of nearly every message is clean; [`first_fault`] looks again, byte by byte, for the place and the kind.

use super::field::Body;
use crate::bcd::{self, OddPad};
use crate::{ErrorKind, ebcdic, hex};

const DIGIT: u8 = 1;
const ALPHA: u8 = 2;
const ALNUM: u8 = 4;
const PRINTABLE: u8 = 8;
const TRACK: u8 = 16;
const HEX: u8 = 32;

/// The sets each ASCII character belongs to.
static ASCII_SETS: [u8; 256] = sets(false);
/// The sets each EBCDIC code belongs to.
static EBCDIC_SETS: [u8; 256] = sets(true);

const fn sets(from_ebcdic: bool) -> [u8; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        let character = if from_ebcdic { ebcdic::TO_ASCII[code] } else { code as u8 };
        let mut set = 0;
        if character.is_ascii_digit() {
            set |= DIGIT;
        }
        if character.is_ascii_alphabetic() || character == b' ' {
            set |= ALPHA;
        }
        if character.is_ascii_alphanumeric() || character == b' ' {
            set |= ALNUM;
        }
        if character.is_ascii_graphic() || character == b' ' {
            set |= PRINTABLE;
        }
        if character.is_ascii_digit() || matches!(character, b'=' | b'D') {
            set |= TRACK;
        }
        if character.is_ascii_hexdigit() {
            set |= HEX;
        }
        table[code] = set;
        code += 1;
    }
    table
}

/// True when `bytes`, the body of a field of `units` units, holds nothing but what `body` allows.
#[inline(always)]
pub(super) fn is_clean(body: Body, bytes: &[u8], units: usize) -> bool {
    match body {
        Body::AsciiDigits | Body::AsciiPrintable | Body::AsciiAlnum | Body::AsciiTrack => {
            is_clean_text(body, bytes)
        }
        Body::Raw => true,
        _ => is_clean_elsewhere(body, bytes, units),
    }
}

/// The sets of the rarer dialects, kept out of the hot loop's code.
#[inline(never)]
fn is_clean_elsewhere(body: Body, bytes: &[u8], units: usize) -> bool {
    match body {
        Body::AsciiAlpha => all_in(&ASCII_SETS, ALPHA, bytes),
        Body::EbcdicDigits => all_words(bytes, digits_ebcdic),
        Body::EbcdicPrintable => all_in(&EBCDIC_SETS, PRINTABLE, bytes),
        Body::EbcdicAlnum => all_in(&EBCDIC_SETS, ALNUM, bytes),
        Body::EbcdicAlpha => all_in(&EBCDIC_SETS, ALPHA, bytes),
        Body::EbcdicTrack => all_in(&EBCDIC_SETS, TRACK, bytes),
        Body::Hex | Body::HexPairs => bytes.len().is_multiple_of(2) && all_in(&ASCII_SETS, HEX, bytes),
        Body::BcdLeft if units.is_multiple_of(2) => all_words(bytes, digits_packed),
        _ => first_fault(body, bytes, units).is_none(),
    }
}

/// The first fault of `bytes` and its offset in them.
pub(super) fn first_fault(body: Body, bytes: &[u8], units: usize) -> Option<(ErrorKind, usize)> {
    match body {
        Body::AsciiDigits => outside(&ASCII_SETS, DIGIT, bytes, ErrorKind::NotNumeric),
        Body::AsciiTrack => outside(&ASCII_SETS, TRACK, bytes, ErrorKind::NotNumeric),
        Body::AsciiPrintable => outside(&ASCII_SETS, PRINTABLE, bytes, ErrorKind::CharacterInvalid),
        Body::AsciiAlnum => outside(&ASCII_SETS, ALNUM, bytes, ErrorKind::CharacterInvalid),
        Body::AsciiAlpha => outside(&ASCII_SETS, ALPHA, bytes, ErrorKind::CharacterInvalid),
        Body::EbcdicDigits => outside(&EBCDIC_SETS, DIGIT, bytes, ErrorKind::NotNumeric),
        Body::EbcdicTrack => outside(&EBCDIC_SETS, TRACK, bytes, ErrorKind::NotNumeric),
        Body::EbcdicPrintable => outside(&EBCDIC_SETS, PRINTABLE, bytes, ErrorKind::CharacterInvalid),
        Body::EbcdicAlnum => outside(&EBCDIC_SETS, ALNUM, bytes, ErrorKind::CharacterInvalid),
        Body::EbcdicAlpha => outside(&EBCDIC_SETS, ALPHA, bytes, ErrorKind::CharacterInvalid),
        Body::AsciiSigned => {
            signed(bytes, b"CD", |digits| outside(&ASCII_SETS, DIGIT, digits, ErrorKind::NotNumeric))
        }
        Body::EbcdicSigned => {
            signed(bytes, &[ebcdic::from_ascii(b'C'), ebcdic::from_ascii(b'D')], |digits| {
                outside(&EBCDIC_SETS, DIGIT, digits, ErrorKind::NotNumeric)
            })
        }
        Body::BcdLeft => packed(bytes, units, OddPad::LeftZero, |nibble| nibble <= 9),
        Body::BcdRight => packed(bytes, units, OddPad::RightF, |nibble| nibble <= 9),
        Body::BcdTrackLeft => packed(bytes, units, OddPad::LeftZero, |nibble| nibble <= 9 || nibble == 0xD),
        Body::BcdTrackRight => packed(bytes, units, OddPad::RightF, |nibble| nibble <= 9 || nibble == 0xD),
        Body::BcdSigned => signed(bytes, b"CD", |digits| {
            packed(digits, units.saturating_sub(1), OddPad::LeftZero, |nibble| nibble <= 9)
        }),
        Body::Hex | Body::HexPairs => {
            let odd = (!bytes.len().is_multiple_of(2)).then_some((ErrorKind::HexInvalid, bytes.len()));
            bytes.iter().position(|c| hex::value(*c).is_none()).map(|at| (ErrorKind::HexInvalid, at)).or(odd)
        }
        Body::Raw | Body::Absent => None,
    }
}

/// Copies `text` to `room` and checks it on the way, a word at a time. Only for the sets written as ASCII text; the
/// answer is no unless the two are equally long.
#[inline(always)]
pub(super) fn copy_clean(body: Body, text: &[u8], room: &mut [u8]) -> bool {
    if text.len() != room.len() {
        return false;
    }
    let Some((first, last)) = ends(text) else {
        let word = copy_short(text, room);
        return are_clean(body, word, word);
    };
    if text.len() > 16 {
        return match body {
            Body::AsciiPrintable if text.len() <= 48 => copy_blocks(text, room, printable_ascii),
            _ => copy_long(body, text, room),
        };
    }
    put_ends::<8>(first, last, room);
    are_clean(body, u64::from_le_bytes(first), u64::from_le_bytes(last))
}

/// As [`copy_clean`] without the copy.
#[inline(always)]
fn is_clean_text(body: Body, text: &[u8]) -> bool {
    match ends(text) {
        None => {
            let word = short_word(text);
            are_clean(body, word, word)
        }
        Some((first, last)) if text.len() <= 16 => {
            are_clean(body, u64::from_le_bytes(first), u64::from_le_bytes(last))
        }
        Some(_) => is_clean_long(body, text),
    }
}

/// At most seven bytes as a word, filled up with zeros, which all sets have.
#[inline(always)]
fn short_word(text: &[u8]) -> u64 {
    if let Some((first, last)) = ends::<4>(text) {
        return u64::from(u32::from_le_bytes(first)) | u64::from(u32::from_le_bytes(last)) << 32;
    }
    let zeros = repeat(b'0') << 24;
    match *text {
        [a, b, c] => zeros | u64::from(c) << 16 | u64::from(b) << 8 | u64::from(a),
        [a, b] => zeros | u64::from(b'0') << 16 | u64::from(b) << 8 | u64::from(a),
        [a] => u64::from_le_bytes([a; 8]),
        _ => repeat(b'0'),
    }
}

#[inline(never)]
fn is_clean_long(body: Body, text: &[u8]) -> bool {
    match body {
        Body::AsciiDigits => all_blocks(text, digits_ascii),
        Body::AsciiPrintable => all_blocks(text, printable_ascii),
        Body::AsciiAlnum => all_blocks(text, alnum_ascii),
        Body::AsciiTrack => all_blocks(text, track_ascii),
        _ => false,
    }
}

/// Seventeen bytes and more, up to forty-eight of them without a loop.
#[inline(always)]
fn all_blocks(text: &[u8], wrong: impl Fn(u64) -> u64) -> bool {
    let Some((first, last)) = ends::<16>(text).filter(|_| text.len() <= 48) else {
        return all_words(text, wrong);
    };
    let mut found = wrong_in_block(first, &wrong) | wrong_in_block(last, &wrong);
    if let Some(middle) = text.get(16..32).and_then(|middle| middle.first_chunk::<16>()) {
        found |= wrong_in_block(*middle, &wrong);
    }
    found == 0
}

/// Whether two words hold nothing but what `body` allows, which is mostly digits.
#[inline(always)]
fn are_clean(body: Body, first: u64, last: u64) -> bool {
    if body == Body::AsciiDigits {
        digits_ascii(first) | digits_ascii(last) == 0
    } else if body == Body::AsciiPrintable {
        printable_ascii(first) | printable_ascii(last) == 0
    } else {
        are_clean_elsewhere(body, first, last)
    }
}

#[inline(never)]
fn are_clean_elsewhere(body: Body, first: u64, last: u64) -> bool {
    match body {
        Body::AsciiAlnum => alnum_ascii(first) | alnum_ascii(last) == 0,
        Body::AsciiTrack => track_ascii(first) | track_ascii(last) == 0,
        _ => false,
    }
}

/// Copies at most seven bytes and gives them as [`short_word`] does.
#[inline(always)]
fn copy_short(text: &[u8], room: &mut [u8]) -> u64 {
    let word = short_word(text);
    if let Some((first, last)) = ends::<4>(text) {
        put_ends(first, last, room);
        return word;
    }
    let [a, b, c, ..] = word.to_le_bytes();
    match room {
        [to_a, to_b, to_c] => (*to_a, *to_b, *to_c) = (a, b, c),
        [to_a, to_b] => (*to_a, *to_b) = (a, b),
        [to] => *to = a,
        _ => {}
    }
    word
}

/// More than sixteen bytes.
#[inline(never)]
fn copy_long(body: Body, text: &[u8], room: &mut [u8]) -> bool {
    if text.len() <= 48 && body == Body::AsciiTrack {
        return copy_blocks(text, room, track_ascii);
    }
    room.copy_from_slice(text);
    is_clean(body, text, text.len())
}

/// Seventeen to forty-eight bytes without a loop.
#[inline(always)]
fn copy_blocks(text: &[u8], room: &mut [u8], wrong: impl Fn(u64) -> u64) -> bool {
    let Some((first, last)) = ends::<16>(text) else { return false };
    put_ends(first, last, room);
    let mut found = wrong_in_block(first, &wrong) | wrong_in_block(last, &wrong);
    if text.len() > 32
        && let (Some(middle), Some(to)) = (text.get(16..32), room.get_mut(16..32))
    {
        let middle = middle.first_chunk::<16>().copied().unwrap_or_default();
        to.copy_from_slice(&middle);
        found |= wrong_in_block(middle, &wrong);
    }
    found == 0
}

#[inline(always)]
fn wrong_in_block(block: [u8; 16], wrong: impl Fn(u64) -> u64) -> u64 {
    block.as_chunks::<8>().0.iter().fold(0, |found, word| found | wrong(u64::from_le_bytes(*word)))
}

/// The first and the last bytes, which may overlap.
#[inline(always)]
fn ends<const N: usize>(bytes: &[u8]) -> Option<([u8; N], [u8; N])> {
    Some((bytes.first_chunk::<N>().copied()?, bytes.last_chunk::<N>().copied()?))
}

/// Writes `text` in EBCDIC and checks it on the way. A sign is not looked at here: the answer is no.
pub(super) fn copy_to_ebcdic(body: Body, text: &[u8], room: &mut [u8]) -> bool {
    let set = match body {
        Body::EbcdicPrintable => PRINTABLE,
        Body::EbcdicAlnum => ALNUM,
        Body::EbcdicAlpha => ALPHA,
        Body::EbcdicTrack => TRACK,
        _ => 0,
    };
    let mut all = set;
    for (code, character) in room.iter_mut().zip(text) {
        *code = ebcdic::from_ascii(*character);
        all &= EBCDIC_SETS[usize::from(*code)];
    }
    all != 0 && all == set
}

fn outside(sets: &[u8; 256], set: u8, bytes: &[u8], kind: ErrorKind) -> Option<(ErrorKind, usize)> {
    bytes.iter().position(|byte| sets[usize::from(*byte)] & set == 0).map(|at| (kind, at))
}

fn signed(
    bytes: &[u8],
    signs: &[u8],
    digits_fault: impl Fn(&[u8]) -> Option<(ErrorKind, usize)>,
) -> Option<(ErrorKind, usize)> {
    match bytes.split_first() {
        Some((sign, digits)) if signs.contains(sign) => digits_fault(digits).map(|(kind, at)| (kind, at + 1)),
        _ => Some((ErrorKind::SignInvalid, 0)),
    }
}

fn packed(
    bytes: &[u8],
    units: usize,
    pad: OddPad,
    allowed: impl Fn(u8) -> bool,
) -> Option<(ErrorKind, usize)> {
    let first = bcd::first_nibble(units, pad);
    let odd = !units.is_multiple_of(2);
    let pad_fault = match (odd, pad) {
        (false, _) => None,
        (true, OddPad::LeftZero) => (bcd::nibble(bytes, 0) != Some(0)).then_some(0),
        (true, OddPad::RightF) => (bcd::nibble(bytes, units) != Some(0xF)).then_some(units / 2),
    };
    if let Some(at) = pad_fault {
        return Some((ErrorKind::PaddingInvalid, at));
    }
    (first..first + units)
        .find(|index| !bcd::nibble(bytes, *index).is_some_and(&allowed))
        .map(|index| (ErrorKind::BcdInvalid, index / 2))
}

/// One table look-up a byte, no branch in between.
#[inline]
fn all_in(sets: &[u8; 256], set: u8, bytes: &[u8]) -> bool {
    bytes.iter().fold(set, |all, byte| all & sets[usize::from(*byte)]) == set
}

/// Applies a test to all of `bytes`, eight at a time; what does not fill a word is tested twice over. The test gives
/// the bits that are wrong.
#[inline(always)]
fn all_words(bytes: &[u8], wrong: impl Fn(u64) -> u64) -> bool {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        let mut found = wrong(u64::from_le_bytes(*first)) | wrong(u64::from_le_bytes(*last));
        if bytes.len() > 16 {
            for word in bytes.as_chunks::<8>().0 {
                found |= wrong(u64::from_le_bytes(*word));
            }
        }
        return found == 0;
    }
    wrong_in_short(bytes, wrong) == 0
}

/// As [`all_words`] for at most seven bytes.
#[inline(always)]
fn wrong_in_short(bytes: &[u8], wrong: impl Fn(u64) -> u64) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return wrong(u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32);
    }
    match *bytes {
        [] => 0,
        [a] => wrong(u64::from_le_bytes([a; 8])),
        [a, b] => wrong(u64::from(u16::from_le_bytes([a, b])) * 0x0001_0001_0001_0001),
        [a, b, c, ..] => wrong(u64::from(u32::from_le_bytes([a, b, c, a])) * 0x0000_0001_0000_0001),
    }
}

/// Writes the first and the last bytes of `room`; they may overlap, and agree where they do.
#[inline(always)]
fn put_ends<const N: usize>(first: [u8; N], last: [u8; N], room: &mut [u8]) {
    if let Some(to) = room.first_chunk_mut::<N>() {
        *to = first;
    }
    if let Some(to) = room.last_chunk_mut::<N>() {
        *to = last;
    }
}

const fn repeat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Eight ASCII digits: their high nibbles are 3, and their low nibbles do not carry when 6 is added.
#[inline(always)]
const fn digits_ascii(word: u64) -> u64 {
    let value = word ^ repeat(b'0');
    (value | value.wrapping_add(repeat(6))) & repeat(0xF0)
}

/// Eight EBCDIC digits, likewise.
#[inline(always)]
const fn digits_ebcdic(word: u64) -> u64 {
    let value = word ^ repeat(0xF0);
    (value | value.wrapping_add(repeat(6))) & repeat(0xF0)
}

/// Sixteen packed digits: no nibble carries when 6 is added.
#[inline(always)]
const fn digits_packed(word: u64) -> u64 {
    let low = (word & repeat(0x0F)).wrapping_add(repeat(6));
    let high = ((word >> 4) & repeat(0x0F)).wrapping_add(repeat(6));
    (low | high) & repeat(0xF0)
}

/// Eight characters from 0x20 to 0x7E: none reaches 0x80 when 1 is added, none falls below zero when 0x20 is taken
/// away. A byte that does may spoil the bits of those above it, but no other byte can.
#[inline(always)]
const fn printable_ascii(word: u64) -> u64 {
    (word | word.wrapping_add(repeat(1)) | word.wrapping_sub(repeat(0x20))) & repeat(0x80)
}

/// The high bit of each byte that lies between the two characters; bytes of `word` are below 0x80.
#[inline(always)]
const fn between(word: u64, first: u8, last: u8) -> u64 {
    word.wrapping_add(repeat(0x80 - first)) & !word.wrapping_add(repeat(0x7F - last))
}

/// Eight letters, digits or spaces. Letters are compared as small letters, by setting the bit that makes them so.
#[inline(always)]
const fn alnum_ascii(word: u64) -> u64 {
    let low = word & repeat(0x7F);
    let letters = between(low | repeat(0x20), b'a', b'z');
    let found = letters | between(low, b'0', b'9') | between(low, b' ', b' ');
    (!found | word) & repeat(0x80)
}

/// Eight digits or track separators.
#[inline(always)]
const fn track_ascii(word: u64) -> u64 {
    let low = word & repeat(0x7F);
    let found = between(low, b'0', b'9') | between(low, b'=', b'=') | between(low, b'D', b'D');
    (!found | word) & repeat(0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODIES: [Body; 19] = [
        Body::AsciiDigits,
        Body::AsciiPrintable,
        Body::AsciiAlnum,
        Body::AsciiAlpha,
        Body::AsciiTrack,
        Body::AsciiSigned,
        Body::EbcdicDigits,
        Body::EbcdicPrintable,
        Body::EbcdicAlnum,
        Body::EbcdicAlpha,
        Body::EbcdicTrack,
        Body::EbcdicSigned,
        Body::BcdLeft,
        Body::BcdRight,
        Body::BcdTrackLeft,
        Body::BcdTrackRight,
        Body::BcdSigned,
        Body::Raw,
        Body::Hex,
    ];

    /// Every byte value at every place of bodies of many lengths: the quick answers are the slow answer.
    #[test]
    fn the_quick_checks_agree_with_the_slow_one() {
        for body in BODIES {
            for units in (1..=20).chain([33, 49]) {
                let len = body.wire_len(units);
                for filler in [b'0', 0xF0, 0x00, 0x12].into_iter().take(if units > 20 { 1 } else { 4 }) {
                    for at in 0..len {
                        for value in 0..=255_u8 {
                            let mut bytes = vec![filler; len];
                            bytes[at] = value;
                            agree(body, &bytes, units);
                        }
                    }
                }
            }
        }
    }

    fn agree(body: Body, bytes: &[u8], units: usize) {
        let fault = first_fault(body, bytes, units);
        assert!(fault.is_none_or(|(_, offset)| offset <= bytes.len()));
        assert_eq!(is_clean(body, bytes, units), fault.is_none(), "{body:?} {bytes:02X?}");
        if matches!(body, Body::AsciiDigits | Body::AsciiPrintable | Body::AsciiAlnum | Body::AsciiTrack) {
            let mut room = vec![0; bytes.len()];
            assert_eq!(copy_clean(body, bytes, &mut room), fault.is_none(), "{body:?} {bytes:02X?}");
            assert_eq!(room, bytes, "{body:?}");
        }
        if matches!(body, Body::EbcdicPrintable | Body::EbcdicAlnum | Body::EbcdicAlpha | Body::EbcdicTrack) {
            let text: Vec<u8> = bytes.iter().map(|code| ebcdic::to_ascii(*code)).collect();
            let mut room = vec![0; bytes.len()];
            assert_eq!(copy_to_ebcdic(body, &text, &mut room), fault.is_none(), "{body:?} {bytes:02X?}");
            assert!(room == bytes || fault.is_some(), "{body:?}");
        }
    }

    #[test]
    fn faults_have_a_kind_and_a_place() {
        type Fault = Option<(ErrorKind, usize)>;
        #[rustfmt::skip]
        let table: [(Body, &[u8], usize, Fault); 9] = [
            (Body::AsciiDigits, b"12X4", 4, Some((ErrorKind::NotNumeric, 2))),
            (Body::AsciiPrintable, b"a\nb", 3, Some((ErrorKind::CharacterInvalid, 1))),
            (Body::AsciiSigned, b"X1", 2, Some((ErrorKind::SignInvalid, 0))),
            (Body::AsciiSigned, b"CA", 2, Some((ErrorKind::NotNumeric, 1))),
            (Body::BcdLeft, &[0x91, 0x23], 3, Some((ErrorKind::PaddingInvalid, 0))),
            (Body::BcdRight, &[0x12, 0x30], 3, Some((ErrorKind::PaddingInvalid, 1))),
            (Body::BcdLeft, &[0x1B], 2, Some((ErrorKind::BcdInvalid, 0))),
            (Body::BcdTrackRight, &[0x1D, 0x2F], 3, None),
            (Body::Hex, b"0Z", 2, Some((ErrorKind::HexInvalid, 1))),
        ];
        for (body, bytes, units, expected) in table {
            assert_eq!(first_fault(body, bytes, units), expected, "{body:?} {bytes:02X?}");
        }
    }
}
