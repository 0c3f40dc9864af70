//! Digits as people type them: Arabic-Indic and Persian ones become those of ASCII, invisible direction marks go.

/// The ASCII digit of an Arabic-Indic (U+0660) or Persian (U+06F0) one; any other character as it is.
#[must_use]
pub const fn latin(character: char) -> char {
    let code = character as u32;
    match character {
        '\u{0660}'..='\u{0669}' => (code - 0x0660 + '0' as u32) as u8 as char,
        '\u{06F0}'..='\u{06F9}' => (code - 0x06F0 + '0' as u32) as u8 as char,
        other => other,
    }
}

/// Marks that steer the direction of text and have no width: copied along with numbers, never part of them.
#[must_use]
pub const fn is_direction_mark(character: char) -> bool {
    matches!(
        character,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'
    )
}

/// `text` with ASCII digits, without direction marks and without white space around it; positions are those of the
/// characters in `text`.
pub(crate) fn typed(text: &str) -> impl Iterator<Item = (usize, char)> {
    let is_around = |c: char| c.is_whitespace() || is_direction_mark(c);
    let before = text.chars().take_while(|c| is_around(*c)).count();
    let inner = text.trim_matches(is_around);
    inner
        .chars()
        .enumerate()
        .filter(|(_, c)| !is_direction_mark(*c))
        .map(move |(at, c)| (before + at, latin(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_has_its_latin_one() {
        assert_eq!("٠١٢٣٤٥٦٧٨٩".chars().map(latin).collect::<String>(), "0123456789");
        assert_eq!("۰۱۲۳۴۵۶۷۸۹".chars().map(latin).collect::<String>(), "0123456789");
        assert_eq!("7aي٪".chars().map(latin).collect::<String>(), "7aي٪");
    }

    #[test]
    fn positions_are_those_of_the_text() {
        let read: Vec<_> = typed(" \u{200F}٥\u{200E} ٦\u{202C} ").collect();
        assert_eq!(read, [(2, '5'), (4, ' '), (5, '6')]);
    }
}
