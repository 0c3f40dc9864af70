//! The two sets of digits that Arabic is written with. Pages show the set the visitor chose; what a
//! visitor types may be in either, and is kept in 0-9.

/// Which digits a page shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Digits {
    /// 0123456789, usual in Palestine.
    #[default]
    Western,
    /// ٠١٢٣٤٥٦٧٨٩, Arabic-Indic.
    Eastern,
}

const ARABIC_INDIC: u32 = 0x0660;

impl Digits {
    /// The same text with its digits in this set.
    pub fn show(self, text: &str) -> String {
        let text = western(text);
        match self {
            Self::Western => text,
            Self::Eastern => text.chars().map(|c| shifted(c, '0', ARABIC_INDIC)).collect(),
        }
    }

    /// Reads what [`Self::code`] wrote.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Western, Self::Eastern].into_iter().find(|digits| digits.code() == code)
    }

    /// The word for settings and stores.
    pub fn code(self) -> &'static str {
        match self {
            Self::Western => "western",
            Self::Eastern => "eastern",
        }
    }
}

/// The same text with every Arabic-Indic digit as 0-9, for everything that was typed.
pub fn western(text: &str) -> String {
    let indic = |c| shifted(c, '\u{0660}', '0' as u32);
    let extended = |c| shifted(c, '\u{06F0}', '0' as u32);
    text.chars().map(indic).map(extended).collect()
}

/// A digit of the set that begins at `zero`, in the set that begins at `to`; any other character as it is.
pub(crate) fn shifted(c: char, zero: char, to: u32) -> char {
    match (c as u32).checked_sub(zero as u32) {
        Some(digit @ 0..=9) => char::from_u32(to + digit).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_shown_in_one_set_and_read_in_any() {
        for (typed, kept, eastern) in [
            ("0123456789", "0123456789", "٠١٢٣٤٥٦٧٨٩"),
            ("٠١٢٣٤٥٦٧٨٩", "0123456789", "٠١٢٣٤٥٦٧٨٩"),
            ("۰۱۲۳۴۵۶۷۸۹", "0123456789", "٠١٢٣٤٥٦٧٨٩"),
            ("٤00 ۶ ab", "400 6 ab", "٤٠٠ ٦ ab"),
            ("", "", ""),
        ] {
            assert_eq!(western(typed), kept);
            assert_eq!(Digits::Western.show(typed), kept);
            assert_eq!(Digits::Eastern.show(typed), eastern);
        }
    }

    #[test]
    fn a_choice_can_be_kept() {
        for digits in [Digits::Western, Digits::Eastern] {
            assert_eq!(Digits::parse(digits.code()), Some(digits));
        }
        assert_eq!(Digits::parse("roman"), None);
    }
}
