//! Hexadecimal text, written in capitals, read in either case.

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// Value of one hexadecimal character.
#[must_use]
pub const fn value(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'A'..=b'F' => Some(character - b'A' + 10),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// The character of the low nibble.
#[must_use]
pub fn digit(nibble: u8) -> u8 {
    DIGITS[usize::from(nibble & 0x0F)]
}

/// Capital hexadecimal text of `bytes`.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).map(char::from).collect()
}

/// The bytes of hexadecimal text; `None` for an odd count or another character.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_and_bytes_agree() {
        assert_eq!(super::encode(&[0x00, 0xAF]), "00AF");
        assert_eq!(super::decode(b"00aF"), Some(vec![0x00, 0xAF]));
        assert_eq!(super::decode(b"0"), None);
        assert_eq!(super::decode(b"0G"), None);
    }
}
