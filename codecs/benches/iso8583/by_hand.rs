//! The bound: what one would write by hand for this one dialect and nothing else. Table-driven, no copies on reading,
//! every character checked against a class table; no profiles, no second bitmap, no word about what is wrong or where.

const DIGIT: u8 = 1;
const TRACK: u8 = 2;
const ALNUM: u8 = 4;
const PRINTABLE: u8 = 8;

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut c = 0_usize;
    while c < 256 {
        let byte = c as u8;
        if byte.is_ascii_digit() {
            classes[c] |= DIGIT | TRACK;
        }
        if byte == b'=' || byte == b'D' {
            classes[c] |= TRACK;
        }
        if byte.is_ascii_alphanumeric() || byte == b' ' {
            classes[c] |= ALNUM;
        }
        if byte.is_ascii_graphic() || byte == b' ' {
            classes[c] |= PRINTABLE;
        }
        c += 1;
    }
    classes
};

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

fn all_in(bytes: &[u8], class: u8) -> bool {
    bytes.iter().fold(class, |all, byte| all & CLASSES[usize::from(*byte)]) == class
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

/// Appends the message; `fields` are in ascending order.
pub(crate) fn encode(mti: &[u8; 4], fields: &[(u8, &str)], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(mti);
    let bits = fields.iter().fold(0_u64, |bits, (n, _)| bits | 1 << (64 - n));
    out.extend_from_slice(&bits.to_be_bytes());
    for (n, value) in fields {
        let Field(digits, max, class) = FIELDS[usize::from(*n & 63)];
        let (len, max) = (value.len(), usize::from(max));
        let fits = if digits == 0 { len == max } else { len <= max };
        if !fits || !all_in(value.as_bytes(), class) {
            return None;
        }
        let [hundreds, tens, ones] = [100, 10, 1].map(|unit| b'0' + (len / unit % 10) as u8);
        match digits {
            0 => {}
            2 => out.extend_from_slice(&[tens, ones]),
            _ => out.extend_from_slice(&[hundreds, tens, ones]),
        }
        out.extend_from_slice(value.as_bytes());
    }
    Some(())
}
