//! The bound: what one would write by hand for this one dialect and nothing else. Table-driven, no copies on reading,
//! every character checked eight at a time; no profiles, no second bitmap, no word about what is wrong or where, no
//! field out of order.

const DIGIT: u8 = 1;
const TRACK: u8 = 2;
const ALNUM: u8 = 4;
const PRINTABLE: u8 = 8;

/// Digits of the length prefix, maximum (or fixed) length, class. Zero: not carried.
#[derive(Clone, Copy)]
struct Field(u8, u16, u8);

static FIELDS: [Field; 64] = {
    let mut fields = [Field(0, 0, 0); 64];
    fields[2] = Field(2, 19, DIGIT);
    fields[3] = Field(0, 6, DIGIT);
    fields[4] = Field(0, 12, DIGIT);
    fields[7] = Field(0, 10, DIGIT);
    fields[11] = Field(0, 6, DIGIT);
    fields[12] = Field(0, 6, DIGIT);
    fields[13] = Field(0, 4, DIGIT);
    fields[14] = Field(0, 4, DIGIT);
    fields[18] = Field(0, 4, DIGIT);
    fields[22] = Field(0, 3, DIGIT);
    fields[25] = Field(0, 2, DIGIT);
    fields[32] = Field(2, 11, DIGIT);
    fields[35] = Field(2, 37, TRACK);
    fields[37] = Field(0, 12, ALNUM);
    fields[41] = Field(0, 8, PRINTABLE);
    fields[42] = Field(0, 15, PRINTABLE);
    fields[43] = Field(0, 40, PRINTABLE);
    fields[48] = Field(3, 999, PRINTABLE);
    fields[49] = Field(0, 3, ALNUM);
    fields
};

const fn repeat(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of each byte from one character to another; bytes are below 0x80.
#[inline(always)]
const fn between(word: u64, first: u8, last: u8) -> u64 {
    word.wrapping_add(repeat(0x80 - first)) & !word.wrapping_add(repeat(0x7F - last))
}

/// Nothing when all eight bytes are of the class.
#[inline(always)]
fn wrong(word: u64, class: u8) -> u64 {
    if class == DIGIT {
        let value = word ^ repeat(b'0');
        return (value | value.wrapping_add(repeat(6))) & repeat(0xF0);
    }
    if class == PRINTABLE {
        return (word | word.wrapping_add(repeat(1)) | word.wrapping_sub(repeat(b' '))) & repeat(0x80);
    }
    wrong_of_rarer(word, class)
}

#[inline(never)]
fn wrong_of_rarer(word: u64, class: u8) -> u64 {
    let low = word & repeat(0x7F);
    let found = between(low, b'0', b'9')
        | if class == TRACK {
            between(low, b'=', b'=') | between(low, b'D', b'D')
        } else {
            between(low | repeat(0x20), b'a', b'z') | between(low, b' ', b' ')
        };
    (!found | word) & repeat(0x80)
}

#[inline(always)]
fn word(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.first_chunk()?))
}

#[inline(always)]
fn half(bytes: &[u8]) -> Option<u64> {
    Some(u32::from_le_bytes(*bytes.first_chunk()?).into())
}

#[inline(always)]
fn all_in(bytes: &[u8], class: u8) -> bool {
    let len = bytes.len();
    if let Some(first) = word(bytes) {
        let last = word(&bytes[len - 8..]).unwrap_or(0);
        let mut found = wrong(first, class) | wrong(last, class);
        let mut at = 8;
        while at + 8 < len {
            found |= wrong(word(&bytes[at..]).unwrap_or(0), class);
            at += 8;
        }
        return found == 0;
    }
    let word = match half(bytes) {
        Some(first) => first | half(&bytes[len - 4..]).unwrap_or(0) << 32,
        None => match *bytes {
            [a] => repeat(a),
            [a, b] => (repeat(b'0') << 16) | (u64::from(b) << 8) | u64::from(a),
            [a, b, c] => (repeat(b'0') << 24) | (u64::from(c) << 16) | (u64::from(b) << 8) | u64::from(a),
            _ => return true,
        },
    };
    wrong(word, class) == 0
}

/// Start and end of every present field.
pub(crate) fn decode(bytes: &[u8]) -> Option<[(u16, u16); 64]> {
    let (mti, rest) = bytes.split_first_chunk::<4>()?;
    let (bitmap, _) = rest.split_first_chunk::<8>()?;
    if !all_in(mti, DIGIT) {
        return None;
    }
    let mut bits = u64::from_be_bytes(*bitmap);
    let mut spans = [(0, 0); 64];
    let mut at = 12;
    while bits != 0 {
        let zeros = bits.leading_zeros();
        bits &= !(1 << 63 >> zeros);
        let n = (zeros as usize + 1) & 63;
        let Field(digits, max, class) = FIELDS[n];
        if class == 0 {
            return None;
        }
        let mut len = usize::from(max);
        if digits > 0 {
            let prefix = bytes.get(at..at + usize::from(digits))?;
            at += usize::from(digits);
            len = 0;
            for digit in prefix {
                let value = digit.wrapping_sub(b'0');
                if value > 9 {
                    return None;
                }
                len = len * 10 + usize::from(value);
            }
            if len > usize::from(max) {
                return None;
            }
        }
        let body = bytes.get(at..at + len)?;
        if !all_in(body, class) {
            return None;
        }
        spans[n] = (at as u16, (at + len) as u16);
        at += len;
    }
    (at == bytes.len()).then_some(spans)
}

/// Appends the message; `fields` are in ascending order. What is refused may leave a beginning behind.
pub(crate) fn encode(mti: &[u8; 4], fields: &[(u8, &str)], out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    out.resize(start + 320, 0);
    let (mut at, mut bits) = (start + 12, 0_u64);
    for (n, value) in fields {
        let Field(digits, max, class) = FIELDS[usize::from(*n & 63)];
        bits |= 1 << 63 >> ((*n - 1) & 63);
        let (value, len, max) = (value.as_bytes(), value.len(), usize::from(max));
        if digits == 0 {
            if len != max {
                return None;
            }
        } else {
            if len > max {
                return None;
            }
            let [tens, ones] = [10, 1].map(|unit| b'0' + (len / unit % 10) as u8);
            let prefix = if digits == 2 { [tens, ones, 0] } else { [b'0' + (len / 100) as u8, tens, ones] };
            *out.get_mut(at..at + 3)?.first_chunk_mut()? = prefix;
            at += usize::from(digits);
        }
        if at + len + 8 > out.len() {
            out.resize(at + len + 320, 0);
        }
        copy(value, out.get_mut(at..at + len)?);
        if !all_in(value, class) {
            return None;
        }
        at += len;
    }
    *out.get_mut(start..start + 4)?.first_chunk_mut()? = *mti;
    *out.get_mut(start + 4..start + 12)?.first_chunk_mut()? = bits.to_be_bytes();
    out.truncate(at);
    Some(())
}

/// Copies by the first and the last bytes, which may overlap.
#[inline(always)]
fn copy(from: &[u8], to: &mut [u8]) {
    match (from, to) {
        ([a], [to]) => *to = *a,
        ([a, b], [to_a, to_b]) => (*to_a, *to_b) = (*a, *b),
        ([a, b, c], [to_a, to_b, to_c]) => (*to_a, *to_b, *to_c) = (*a, *b, *c),
        (from, to) => match from.len() {
            0 => {}
            4..8 => ends::<4>(from, to),
            8..=16 => ends::<8>(from, to),
            17..=32 => ends::<16>(from, to),
            33..=64 => ends::<32>(from, to),
            _ => to.copy_from_slice(from),
        },
    }
}

#[inline(always)]
fn ends<const N: usize>(from: &[u8], to: &mut [u8]) {
    if let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) {
        let (first, last) = (*first, *last);
        if let Some(to) = to.first_chunk_mut::<N>() {
            *to = first;
        }
        if let Some(to) = to.last_chunk_mut::<N>() {
            *to = last;
        }
    }
}
