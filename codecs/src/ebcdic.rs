//! EBCDIC: code pages 037, 500 and 1047, and what they share.
//!
//! The five characters `! [ ] ^ |` stand elsewhere on each page. Where no page is agreed they are left out on purpose: a
//! byte whose meaning depends on an unspoken code page is refused, not guessed. Each page is a permutation of Latin-1.

use serde::Deserialize;

/// Which code page a counterparty writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Page {
    /// None is agreed: the 90 printable characters that the three below share.
    #[default]
    Common,
    /// 037: United States and Canada.
    Cp037,
    /// 500: international.
    Cp500,
    /// 1047: open systems, z/OS.
    Cp1047,
}

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

/// Code page 037: the Latin-1 character of each code.
#[rustfmt::skip]
const CP037: [u8; 256] = [
    0x00, 0x01, 0x02, 0x03, 0x9C, 0x09, 0x86, 0x7F, 0x97, 0x8D, 0x8E, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F,
    0x10, 0x11, 0x12, 0x13, 0x9D, 0x85, 0x08, 0x87, 0x18, 0x19, 0x92, 0x8F, 0x1C, 0x1D, 0x1E, 0x1F,
    0x80, 0x81, 0x82, 0x83, 0x84, 0x0A, 0x17, 0x1B, 0x88, 0x89, 0x8A, 0x8B, 0x8C, 0x05, 0x06, 0x07,
    0x90, 0x91, 0x16, 0x93, 0x94, 0x95, 0x96, 0x04, 0x98, 0x99, 0x9A, 0x9B, 0x14, 0x15, 0x9E, 0x1A,
    0x20, 0xA0, 0xE2, 0xE4, 0xE0, 0xE1, 0xE3, 0xE5, 0xE7, 0xF1, 0xA2, 0x2E, 0x3C, 0x28, 0x2B, 0x7C,
    0x26, 0xE9, 0xEA, 0xEB, 0xE8, 0xED, 0xEE, 0xEF, 0xEC, 0xDF, 0x21, 0x24, 0x2A, 0x29, 0x3B, 0xAC,
    0x2D, 0x2F, 0xC2, 0xC4, 0xC0, 0xC1, 0xC3, 0xC5, 0xC7, 0xD1, 0xA6, 0x2C, 0x25, 0x5F, 0x3E, 0x3F,
    0xF8, 0xC9, 0xCA, 0xCB, 0xC8, 0xCD, 0xCE, 0xCF, 0xCC, 0x60, 0x3A, 0x23, 0x40, 0x27, 0x3D, 0x22,
    0xD8, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0xAB, 0xBB, 0xF0, 0xFD, 0xFE, 0xB1,
    0xB0, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70, 0x71, 0x72, 0xAA, 0xBA, 0xE6, 0xB8, 0xC6, 0xA4,
    0xB5, 0x7E, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0xA1, 0xBF, 0xD0, 0xDD, 0xDE, 0xAE,
    0x5E, 0xA3, 0xA5, 0xB7, 0xA9, 0xA7, 0xB6, 0xBC, 0xBD, 0xBE, 0x5B, 0x5D, 0xAF, 0xA8, 0xB4, 0xD7,
    0x7B, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0xAD, 0xF4, 0xF6, 0xF2, 0xF3, 0xF5,
    0x7D, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F, 0x50, 0x51, 0x52, 0xB9, 0xFB, 0xFC, 0xF9, 0xFA, 0xFF,
    0x5C, 0xF7, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A, 0xB2, 0xD4, 0xD6, 0xD2, 0xD3, 0xD5,
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0xB3, 0xDB, 0xDC, 0xD9, 0xDA, 0x9F,
];

/// Where page 500 differs from 037: code and Latin-1 character.
#[rustfmt::skip]
const CP500_DIFFERS: [(u8, u8); 7] = [
    (0x4A, 0x5B), (0x4F, 0x21), (0x5A, 0x5D), (0x5F, 0x5E), (0xB0, 0xA2), (0xBA, 0xAC), (0xBB, 0x7C),
];

/// Where page 1047 differs from 037.
const CP1047_DIFFERS: [(u8, u8); 6] =
    [(0x5F, 0x5E), (0xAD, 0x5B), (0xB0, 0xAC), (0xBA, 0xDD), (0xBB, 0xA8), (0xBD, 0x5D)];

static CP500: [u8; 256] = changed(&CP500_DIFFERS);
static CP1047: [u8; 256] = changed(&CP1047_DIFFERS);

static TO_CP037: [u8; 256] = inverse(&CP037);
static TO_CP500: [u8; 256] = inverse(&CP500);
static TO_CP1047: [u8; 256] = inverse(&CP1047);

const fn changed(differs: &[(u8, u8)]) -> [u8; 256] {
    let mut table = CP037;
    let mut at = 0;
    while at < differs.len() {
        table[differs[at].0 as usize] = differs[at].1;
        at += 1;
    }
    table
}

const fn inverse(page: &[u8; 256]) -> [u8; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[page[code] as usize] = code as u8;
        code += 1;
    }
    table
}

impl Page {
    /// Every page, by the name profiles use.
    pub const ALL: [(&'static str, Page); 4] =
        [("common", Page::Common), ("cp037", Page::Cp037), ("cp500", Page::Cp500), ("cp1047", Page::Cp1047)];

    /// The Latin-1 character of a code. `None` for a code whose meaning the page leaves open: never on a page of its
    /// own, for all but 90 of the common set.
    #[must_use]
    pub const fn decode(self, code: u8) -> Option<u8> {
        let at = code as usize;
        match self {
            Page::Common if TO_ASCII[at] == SUBSTITUTE_ASCII => None,
            Page::Common => Some(TO_ASCII[at]),
            Page::Cp037 => Some(CP037[at]),
            Page::Cp500 => Some(CP500[at]),
            Page::Cp1047 => Some(CP1047[at]),
        }
    }

    /// The code of a Latin-1 character; `None` when the page has none.
    #[must_use]
    pub const fn encode(self, character: u8) -> Option<u8> {
        let at = character as usize;
        match self {
            Page::Common if FROM_ASCII[at] == SUBSTITUTE_EBCDIC => None,
            Page::Common => Some(FROM_ASCII[at]),
            Page::Cp037 => Some(TO_CP037[at]),
            Page::Cp500 => Some(TO_CP500[at]),
            Page::Cp1047 => Some(TO_CP1047[at]),
        }
    }

    /// The text of EBCDIC bytes; `None` when one of them has no meaning on the page.
    #[must_use]
    pub fn text(self, codes: &[u8]) -> Option<String> {
        codes.iter().map(|code| self.decode(*code).map(char::from)).collect()
    }

    /// The EBCDIC bytes of text; `None` when a character is not on the page, as every one beyond Latin-1.
    #[must_use]
    pub fn bytes(self, text: &str) -> Option<Vec<u8>> {
        text.chars().map(|character| self.encode(u8::try_from(character).ok()?)).collect()
    }

    /// As [`Page::decode`], with the substitute 0x1A where there is no character.
    pub(crate) const fn to_latin1(self, code: u8) -> u8 {
        match self.decode(code) {
            Some(character) => character,
            None => SUBSTITUTE_ASCII,
        }
    }

    /// The code of an ASCII character, the substitute 0x3F where there is none and for all beyond ASCII.
    pub(crate) const fn of_ascii(self, character: u8) -> u8 {
        match self.encode(character) {
            Some(code) if character < 0x80 => code,
            _ => SUBSTITUTE_EBCDIC,
        }
    }
}

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

    /// The file was made with other implementations of the pages.
    #[test]
    fn every_page_is_the_published_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/ebcdic/pages.json");
        let file: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).expect("the golden file")).expect("JSON");
        for (name, page) in Page::ALL.into_iter().skip(1) {
            let table = crate::hex::decode(file[name].as_str().expect("a table").as_bytes()).expect("hex");
            for (code, character) in (0..=255_u8).zip(table) {
                assert_eq!(page.decode(code), Some(character), "{name} {code:02X}");
                assert_eq!(page.encode(character), Some(code), "{name} {code:02X}");
            }
        }
    }

    #[test]
    fn what_the_pages_share_stands_in_one_place() {
        let shared: Vec<u8> = (0x20..0x7F)
            .filter(|c| {
                let on = Page::Cp037.encode(*c);
                on == Page::Cp500.encode(*c) && on == Page::Cp1047.encode(*c)
            })
            .collect();
        let common: Vec<u8> = (0..=255).filter(|c| Page::Common.encode(*c).is_some()).collect();
        assert_eq!(common, shared);
        assert!(common.iter().all(|c| Page::Common.encode(*c) == Page::Cp500.encode(*c)));
    }

    #[test]
    fn text_and_bytes_agree_or_are_refused() {
        assert_eq!(Page::Cp500.bytes("[a]").as_deref(), Some(&[0x4A, 0x81, 0x5A][..]));
        assert_eq!(Page::Cp037.text(&[0xBA, 0x81, 0xBB]).as_deref(), Some("[a]"));
        assert_eq!(Page::Cp1047.text(&[0xAD, 0x81, 0xBD]).as_deref(), Some("[a]"));
        assert_eq!((Page::Common.bytes("[a]"), Page::Common.text(&[0xBA])), (None, None));
        assert_eq!(Page::Cp037.bytes("\u{633}"), None, "Arabic is on none of them");
    }
}
