//! The reference of an application: ten characters that are easy to read aloud and hard to guess.

use crate::Sso;

/// Crockford's base 32: no I, L, O and U, which are read as something else.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Fifty bits.
const LENGTH: usize = 10;

impl Sso {
    /// A text of `length` characters that nobody guesses, five bits each.
    pub(crate) fn new_code(&self, length: usize) -> String {
        let bytes = self.random::<32>();
        bytes.iter().take(length).map(|byte| ALPHABET[usize::from(byte & 31)] as char).collect()
    }

    /// A new reference.
    pub(crate) fn new_reference(&self) -> String {
        self.new_code(LENGTH)
    }
}

/// As it is printed: `7F3K2-9QX4T`.
pub(crate) fn shown(reference: &str) -> String {
    let (first, second) = reference.split_at(reference.len().min(LENGTH / 2));
    if second.is_empty() { first.to_owned() } else { format!("{first}-{second}") }
}

/// As it was typed: in small letters, with spaces, with the digits of any keyboard, with O for 0.
pub(crate) fn read(typed: &str) -> Option<String> {
    read_code(typed, LENGTH)
}

/// A code of a length, as it was typed.
pub(crate) fn read_code(typed: &str, length: usize) -> Option<String> {
    let plain: Option<String> = look::digits::western(typed)
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}'))
        .map(|c| match c.to_ascii_uppercase() {
            'I' | 'L' => Some('1'),
            'O' => Some('0'),
            c if c.is_ascii() && ALPHABET.contains(&(c as u8)) => Some(c),
            _ => None,
        })
        .collect();
    plain.filter(|plain| plain.len() == length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_however_it_is_typed() {
        for typed in ["7F3K2-90XIT", " 7f3k2 9oxlt ", "٧f٣k٢\u{2013}٩٠x١t"] {
            assert_eq!(read(typed).as_deref(), Some("7F3K290X1T"), "{typed}");
        }
        for typed in ["", "7F3K2-90XI", "7F3K2-90XITA", "7F3K2-90XUT", "7F3K2/90XIT"] {
            assert_eq!(read(typed), None, "{typed}");
        }
        assert_eq!(shown("7F3K290X1T"), "7F3K2-90X1T");
    }
}
