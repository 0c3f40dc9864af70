//! EBCDIC, limited to the printable characters that code pages 037, 500 and 1047 share.
//!
//! The five characters `! [ ] ^ |` stand elsewhere on each page and are left out on purpose: a byte whose
//! meaning depends on an unspoken code page is refused, not guessed.

/// Runs of consecutive code points: the EBCDIC code of the first, and their ASCII characters.
const RUNS: [(u8, &[u8]); 15] = [
    (0x40, b" "),
    (0x4B, b".<(+"),
    (0x50, b"&"),
    (0x5B, b"$*);"),
    (0x60, b"-/"),
    (0x6B, b",%_>?"),
    (0x79, b"`:#@'=\""),
    (0x81, b"abcdefghi"),
    (0x91, b"jklmnopqr"),
    (0xA1, b"~stuvwxyz"),
    (0xC0, b"{ABCDEFGHI"),
    (0xD0, b"}JKLMNOPQR"),
    (0xE0, b"\\"),
    (0xE2, b"STUVWXYZ"),
    (0xF0, b"0123456789"),
];

/// What a byte outside the common set becomes: ASCII and EBCDIC SUBSTITUTE, neither of them printable.
const SUBSTITUTE_ASCII: u8 = 0x1A;
const SUBSTITUTE_EBCDIC: u8 = 0x3F;

/// ASCII character of each EBCDIC code, 0x1A where there is none.
pub const TO_ASCII: [u8; 256] = build(true);

/// EBCDIC code of each ASCII character, 0x3F where there is none.
pub const FROM_ASCII: [u8; 256] = build(false);

const fn build(to_ascii: bool) -> [u8; 256] {
    let mut table = [if to_ascii { SUBSTITUTE_ASCII } else { SUBSTITUTE_EBCDIC }; 256];
    let mut run = 0;
    while run < RUNS.len() {
        let (first, characters) = RUNS[run];
        let mut index = 0;
        while index < characters.len() {
            let (ebcdic, ascii) = (first + index as u8, characters[index]);
            if to_ascii {
                table[ebcdic as usize] = ascii;
            } else {
                table[ascii as usize] = ebcdic;
            }
            index += 1;
        }
        run += 1;
    }
    table
}

/// ASCII character of an EBCDIC code.
#[must_use]
pub const fn to_ascii(code: u8) -> u8 {
    TO_ASCII[code as usize]
}

/// EBCDIC code of an ASCII character.
#[must_use]
pub const fn from_ascii(character: u8) -> u8 {
    FROM_ASCII[character as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_set_goes_there_and_back() {
        let shared: Vec<u8> = (0x20..0x7F).filter(|c| !b"![]^|".contains(c)).collect();
        assert_eq!(shared.len(), 90);
        for character in shared {
            assert_eq!(to_ascii(from_ascii(character)), character, "{}", char::from(character));
        }
        assert_eq!((from_ascii(b'A'), from_ascii(b'9'), from_ascii(b' ')), (0xC1, 0xF9, 0x40));
    }

    #[test]
    fn what_the_pages_do_not_share_has_no_code() {
        for character in *b"![]^|\n" {
            assert_eq!(from_ascii(character), SUBSTITUTE_EBCDIC);
        }
        assert_eq!(to_ascii(0x5A), SUBSTITUTE_ASCII, "! on page 037, ] on page 500");
    }
}
