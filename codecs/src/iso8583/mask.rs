//! What may be shown of card data.

use std::borrow::Cow;

use super::message::Message;
use crate::tlv;

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

/// The text of field `n` with what must not be seen starred, as long as it was.
pub(super) fn masked<'t>(message: &Message<'_>, n: u8, text: Cow<'t, str>) -> Cow<'t, str> {
    let profile = message.profile();
    match shown(n, profile.mti_version()) {
        Shown::Text if profile.field(n).is_some_and(|field| field.attr.is_number()) => text,
        Shown::Text => Cow::Owned(mask_digit_runs(&text).into_owned()),
        Shown::Pan => Cow::Owned(mask_pan(&text)),
        Shown::Account => Cow::Owned(last_four(&text)),
        Shown::Emv => Cow::Owned(masked_objects(&message.bytes(n).unwrap_or_default(), &text)),
        Shown::Length => Cow::Owned(stars(&text)),
    }
}

fn stars(text: &str) -> String {
    text.chars().map(|_| '*').collect()
}

/// The last four characters of more than eight, none of fewer.
pub(super) fn last_four(text: &str) -> String {
    let len = text.chars().count();
    let shown = |at: usize| len > 8 && at >= len - 4;
    text.chars().enumerate().map(|(at, c)| if shown(at) { c } else { '*' }).collect()
}

/// Data objects as hexadecimal text, the values of sensitive ones starred; all of it when they are not complete.
fn masked_objects(bytes: &[u8], text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    let mut objects = tlv::objects(bytes);
    while let Some(object) = objects.next() {
        let Ok(object) = object else { return stars(text) };
        let end = bytes.len() - objects.remaining();
        let start = end - object.value.len();
        shown.push_str(text.get(2 * at..2 * start).unwrap_or_default());
        let value = text.get(2 * start..2 * end).unwrap_or_default();
        match is_sensitive_tag(object.tag) {
            true => shown.push_str(&stars(value)),
            false => shown.push_str(&mask_digit_runs(value)),
        }
        at = end;
    }
    shown.push_str(text.get(2 * at..).unwrap_or_default());
    shown
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
