//! Whether the bytes of a field are in its character set.
//!
//! Two ways to the same answer: [`is_clean`] looks at eight bytes at a time (`words`) and only says yes or no, because
//! nearly every field of nearly every message is clean; [`first_fault`] looks again, byte by byte, for the place and
//! the kind.

use super::field::Body;
use super::words::{all_words, digits_ebcdic, digits_packed, is_clean_text};
use crate::bcd::{self, OddPad};
use crate::ebcdic::Page;
use crate::{ErrorKind, ebcdic, hex};

const DIGIT: u8 = 1;
const ALPHA: u8 = 2;
const ALNUM: u8 = 4;
const PRINTABLE: u8 = 8;
const TRACK: u8 = 16;
const HEX: u8 = 32;

/// The sets each ASCII character belongs to.
static ASCII_SETS: [u8; 256] = sets(None);
/// The sets each EBCDIC code belongs to on every page; of printable text, on the page that is agreed.
static EBCDIC_SETS: [u8; 256] = sets(Some(Page::Common));
static PAGE_SETS: [[u8; 256]; 3] =
    [sets(Some(Page::Cp037)), sets(Some(Page::Cp500)), sets(Some(Page::Cp1047))];

const fn sets(page: Option<Page>) -> [u8; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        let character = match page {
            Some(page) => page.to_latin1(code as u8),
            None => code as u8,
        };
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

const fn ebcdic_sets(page: Page) -> &'static [u8; 256] {
    let [cp037, cp500, cp1047] = &PAGE_SETS;
    match page {
        Page::Common => &EBCDIC_SETS,
        Page::Cp037 => cp037,
        Page::Cp500 => cp500,
        Page::Cp1047 => cp1047,
    }
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
        Body::EbcdicPrintable | Body::Ebcdic037 | Body::Ebcdic500 | Body::Ebcdic1047 => {
            all_in(ebcdic_sets(body.page()), PRINTABLE, bytes)
        }
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
        Body::EbcdicPrintable | Body::Ebcdic037 | Body::Ebcdic500 | Body::Ebcdic1047 => {
            outside(ebcdic_sets(body.page()), PRINTABLE, bytes, ErrorKind::CharacterInvalid)
        }
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
        Body::AsciiNet | Body::EbcdicNet | Body::BcdNet => first_fault_of_net(body, bytes, units),
        Body::Hex | Body::HexPairs => {
            let odd = (!bytes.len().is_multiple_of(2)).then_some((ErrorKind::HexInvalid, bytes.len()));
            bytes.iter().position(|c| hex::value(*c).is_none()).map(|at| (ErrorKind::HexInvalid, at)).or(odd)
        }
        Body::Raw | Body::Absent => None,
    }
}

/// Currency and exponent, then what a signed amount is.
fn first_fault_of_net(body: Body, bytes: &[u8], units: usize) -> Option<(ErrorKind, usize)> {
    let (before, after) = match body {
        Body::AsciiNet => (Body::AsciiDigits, Body::AsciiSigned),
        Body::EbcdicNet => (Body::EbcdicDigits, Body::EbcdicSigned),
        _ => (Body::BcdLeft, Body::BcdSigned),
    };
    let (head, rest) = bytes.split_at(before.wire_len(4).min(bytes.len()));
    let signed =
        || first_fault(after, rest, units.saturating_sub(4)).map(|(kind, at)| (kind, head.len() + at));
    first_fault(before, head, 4).or_else(signed)
}

/// Writes `text` in EBCDIC and checks it on the way. Of a sign or digits nothing is written: the answer is no.
pub(super) fn copy_to_ebcdic(body: Body, text: &[u8], room: &mut [u8]) -> bool {
    let set = match body {
        Body::EbcdicPrintable | Body::Ebcdic037 | Body::Ebcdic500 | Body::Ebcdic1047 => PRINTABLE,
        Body::EbcdicAlnum => ALNUM,
        Body::EbcdicAlpha => ALPHA,
        Body::EbcdicTrack => TRACK,
        _ => return false,
    };
    match body.page() {
        Page::Common => copy_converted(text, room, &EBCDIC_SETS, set, ebcdic::from_ascii),
        page => copy_converted(text, room, ebcdic_sets(page), set, |character| page.of_ascii(character)),
    }
}

#[inline(always)]
fn copy_converted(
    text: &[u8],
    room: &mut [u8],
    sets: &[u8; 256],
    set: u8,
    convert: impl Fn(u8) -> u8,
) -> bool {
    let mut all = set;
    for (code, character) in room.iter_mut().zip(text) {
        *code = convert(*character);
        all &= sets[usize::from(*code)];
    }
    all == set
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iso8583::words::copy_clean;

    const BODIES: [Body; 23] = [
        Body::AsciiDigits,
        Body::AsciiPrintable,
        Body::AsciiAlnum,
        Body::AsciiAlpha,
        Body::AsciiTrack,
        Body::AsciiSigned,
        Body::EbcdicDigits,
        Body::EbcdicPrintable,
        Body::Ebcdic500,
        Body::AsciiNet,
        Body::EbcdicNet,
        Body::BcdNet,
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
        let page = match body {
            Body::EbcdicPrintable | Body::Ebcdic037 | Body::Ebcdic500 | Body::Ebcdic1047 => body.page(),
            Body::EbcdicAlnum | Body::EbcdicAlpha | Body::EbcdicTrack => Page::Common,
            _ => return,
        };
        let text: Vec<u8> = bytes.iter().map(|code| page.to_latin1(*code)).collect();
        let mut room = vec![0; bytes.len()];
        assert_eq!(copy_to_ebcdic(body, &text, &mut room), fault.is_none(), "{body:?} {bytes:02X?}");
        assert!(room == bytes || fault.is_some(), "{body:?}");
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
