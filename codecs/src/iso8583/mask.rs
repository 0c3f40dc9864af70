//! What may be shown of card data.

use std::borrow::Cow;

/// A card number with its first six and last four digits: the most PCI DSS 3.4 lets be shown.
/// Fewer than thirteen digits are hidden entirely.
#[must_use]
pub fn mask_pan(pan: &str) -> String {
    let len = pan.chars().count();
    let shown = |index: usize| len >= 13 && (index < 6 || index >= len - 4);
    pan.chars().enumerate().map(|(index, digit)| if shown(index) { digit } else { '*' }).collect()
}

/// Text in which every run of 13 to 19 digits is masked like a card number and every longer run hidden, whether or
/// not its check digit is right.
#[must_use]
pub fn mask_digit_runs(text: &str) -> Cow<'_, str> {
    let is_digit = |c: char| c.is_ascii_digit();
    if !text.split(|c| !is_digit(c)).any(|run| run.len() >= 13) {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (run, after) = rest.split_at(rest.find(|c| !is_digit(c)).unwrap_or(rest.len()));
        match run.len() {
            0..13 => masked.push_str(run),
            13..20 => masked.push_str(&mask_pan(run)),
            long => masked.extend(std::iter::repeat_n('*', long)),
        }
        let (plain, next) = after.split_at(after.find(is_digit).unwrap_or(after.len()));
        masked.push_str(plain);
        rest = next;
    }
    Cow::Owned(masked)
}

/// How much of a field a description may show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// All of it, digit runs masked.
    Text,
    /// First six and last four.
    Pan,
    /// The last four characters.
    Account,
    /// EMV data objects, those that identify the card or its holder without value.
    Emv,
    /// Only how long it is.
    Length,
}

/// What may be shown of field `n` in the edition with that first digit. Free-form fields count as sensitive: on real
/// links CVV2, keys, tokens and names of citizens travel in them.
pub(super) const fn shown(n: u8, mti_version: u8) -> Shown {
    match (mti_version, n) {
        (_, 2) | (0 | 1, 34) => Shown::Pan,
        (_, 102 | 103) => Shown::Account,
        (_, 55) => Shown::Emv,
        (_, 35 | 36 | 45 | 52 | 53 | 96) => Shown::Length,
        (_, 44 | 48 | 59..=63 | 104..=108 | 111..=127) => Shown::Length,
        (0, 46 | 47 | 54 | 56..=58 | 109 | 110) | (1, 47 | 72 | 109 | 110) => Shown::Length,
        (2, 34 | 47 | 49..=51 | 71 | 72 | 76..=92) => Shown::Length,
        _ => Shown::Text,
    }
}

/// True for EMV tags whose value is never shown: PAN, track equivalents, PIN data, holder's name, issuer scripts.
pub(super) const fn is_sensitive_tag(tag: u32) -> bool {
    matches!(
        tag,
        0x56 | 0x57
            | 0x5A
            | 0x70
            | 0x71
            | 0x72
            | 0x77
            | 0x86
            | 0x99
            | 0x5F20
            | 0x5F24
            | 0x9F0B
            | 0x9F1F
            | 0x9F20
            | 0x9F6B
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_masked_wherever_they_stand() {
        let table = [
            ("4111111111111111", "411111******1111"),
            ("4222222222222", "422222***2222"),
            ("no number 632612000010", "no number 632612000010"),
            ("a4111111111111111b", "a411111******1111b"),
            ("00004111111111111111000", "***********************"),
        ];
        for (text, expected) in table {
            assert_eq!(mask_digit_runs(text), expected);
        }
        assert_eq!(mask_pan("123456789012"), "************");
    }
}
