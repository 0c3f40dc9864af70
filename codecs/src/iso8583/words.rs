//! The characters of a text, a word of eight at a time.
//!
//! Nearly every field is digits or printable text of at most sixteen characters, so those are checked in two words that
//! may overlap, without a loop. A test gives the bits of a word that are wrong. Which character it is, and why, is found
//! out by `check`.

use super::field::Body;

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
pub(super) fn is_clean_text(body: Body, text: &[u8]) -> bool {
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
    is_clean_long(body, text)
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

/// Applies a test to all of `bytes`, eight at a time; what does not fill a word is tested twice over. The test gives
/// the bits that are wrong.
#[inline(always)]
pub(super) fn all_words(bytes: &[u8], wrong: impl Fn(u64) -> u64) -> bool {
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
pub(super) const fn digits_ebcdic(word: u64) -> u64 {
    let value = word ^ repeat(0xF0);
    (value | value.wrapping_add(repeat(6))) & repeat(0xF0)
}

/// Sixteen packed digits: no nibble carries when 6 is added.
#[inline(always)]
pub(super) const fn digits_packed(word: u64) -> u64 {
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
