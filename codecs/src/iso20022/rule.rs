//! What a text may hold: the lengths, patterns and lists of the schemas. Asked when a message is built and when it is read.

use std::fmt;

use super::version::{Edition, Version};
use crate::amount::AmountError;

/// What is wrong with one element. It never carries the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A mandatory element has no value.
    Missing,
    /// More characters than the schema takes.
    TooLong(u16),
    /// More elements of one name than the schema takes.
    TooMany(usize),
    /// This version of the message has no such element.
    NotInVersion(Version),
    /// This version has the element and cannot say this in it.
    NotSaid(Version),
    /// The text does not have the form named.
    Form(&'static str),
    /// The code is not in the closed list of the schema.
    NotListed,
    /// A character XML 1.0 does not allow.
    Character,
    /// The amount does not fit its currency or the schema.
    Amount(AmountError),
    /// Amounts are not negative: direction is said elsewhere.
    Negative,
    /// The element comes twice or after one that follows it in the schema.
    OutOfPlace,
    /// The message is of another family than the version asked for.
    OtherFamily(Version),
    /// What was written does not come to the number announced in the header.
    Count,
    /// What was written does not come to the sum announced in the header.
    Sum,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Missing => f.write_str("a mandatory element is missing"),
            Problem::TooLong(max) => write!(f, "longer than {max} characters"),
            Problem::TooMany(max) => write!(f, "more than {max} of them"),
            Problem::NotInVersion(version) => write!(f, "{version} has no such element"),
            Problem::NotSaid(version) => write!(f, "{version} cannot say this here"),
            Problem::Form(form) => write!(f, "not {form}"),
            Problem::NotListed => f.write_str("not one of the codes of the schema"),
            Problem::Character => f.write_str("a character that XML does not allow"),
            Problem::Amount(error) => error.fmt(f),
            Problem::Negative => f.write_str("the amount is negative"),
            Problem::OutOfPlace => f.write_str("the element is repeated or out of its place"),
            Problem::OtherFamily(version) => write!(f, "the message is not a {version}"),
            Problem::Count => f.write_str("not the number of transactions written"),
            Problem::Sum => f.write_str("not the sum of the transactions written"),
        }
    }
}

/// What may stand in an element.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// The type of the field says it.
    Any,
    /// One to so many characters.
    Text(u16),
    /// As before, and another length in the edition of 2024.
    Text2024(u16, u16),
    /// A code of an external list of at most so many characters.
    Code(u16),
    /// A code of a closed list.
    Words(&'static [&'static str]),
    /// A closed list in the editions up to the one named, an external list of four characters afterwards.
    WordsUntil(Edition, &'static [&'static str]),
    /// A closed list that depends on the version.
    WordsOf(fn(Version) -> &'static [&'static str]),
    /// `UUIDv4Identifier`.
    Uuid,
    /// `BICFIDec2014Identifier`, with letters where the older editions wanted letters.
    Bic,
    /// `IBAN2007Identifier`: its form; the check digits are not of the schema.
    Iban,
    /// `LEIIdentifier`.
    Lei,
    /// `CountryCode`.
    Country,
    /// `ActiveOrHistoricCurrencyCode`.
    Currency,
    /// `PhoneNumber`.
    Phone,
    /// `BaseOneRate`: eleven digits, ten of them decimals.
    Rate,
    /// A time that ends with `Z` until 2010.
    Normalised,
}

impl Rule {
    /// The longest text the rule takes.
    pub(super) fn max(self, version: Version) -> Option<u16> {
        match self {
            Rule::Text(max) | Rule::Code(max) => Some(max),
            Rule::Text2024(max, later) => Some(if version.edition() >= Edition::E2024 { later } else { max }),
            Rule::WordsUntil(last, _) if version.edition() > last => Some(4),
            _ => None,
        }
    }

    /// The closed list, where there is one.
    pub(super) fn words(self, version: Version) -> Option<&'static [&'static str]> {
        match self {
            Rule::Words(words) => Some(words),
            Rule::WordsOf(words) => Some(words(version)),
            Rule::WordsUntil(last, words) if version.edition() <= last => Some(words),
            _ => None,
        }
    }

    pub(super) fn check(self, text: &str, version: Version) -> Result<(), Problem> {
        if text.is_empty() {
            return Err(Problem::Missing);
        }
        if let Some(words) = self.words(version) {
            return if words.contains(&text) { Ok(()) } else { Err(Problem::NotListed) };
        }
        if let Some(max) = self.max(version) {
            let is_short = text.len() <= usize::from(max) || text.chars().count() <= usize::from(max);
            return if is_short { Ok(()) } else { Err(Problem::TooLong(max)) };
        }
        let (fits, form) = self.form(text.as_bytes(), version);
        if fits { Ok(()) } else { Err(Problem::Form(form)) }
    }

    fn form(self, text: &[u8], version: Version) -> (bool, &'static str) {
        match self {
            Rule::Uuid => (is_uuid(text), "a UUID of version 4 in small letters"),
            Rule::Bic => (is_bic(text, version.edition() <= Edition::E2010), "a BIC"),
            Rule::Iban => (is_iban(text), "an IBAN"),
            Rule::Lei => (is_lei(text), "an LEI"),
            Rule::Country => {
                (text.len() == 2 && all(text, u8::is_ascii_uppercase), "a country of two letters")
            }
            Rule::Currency => {
                (text.len() == 3 && all(text, u8::is_ascii_uppercase), "a currency of three letters")
            }
            Rule::Phone => (is_phone(text), "a telephone number as +970-599000000"),
            Rule::Rate => (is_rate(text), "a rate of eleven digits, ten of them decimals"),
            Rule::Normalised => {
                (version.edition() > Edition::E2010 || text.ends_with(b"Z"), "a time with Z at its end")
            }
            _ => (true, "a text"),
        }
    }
}

fn all(text: &[u8], is: fn(&u8) -> bool) -> bool {
    text.iter().all(is)
}

fn is_capital_or_digit(c: &u8) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit()
}

/// `[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}`
fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => *c == b'-',
            14 => *c == b'4',
            19 => matches!(c, b'8' | b'9' | b'a' | b'b'),
            _ => matches!(c, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// `[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?`; before 2014 `[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?`.
fn is_bic(text: &[u8], is_old: bool) -> bool {
    let (true, Some((head, rest))) = (matches!(text.len(), 8 | 11), text.split_at_checked(6)) else {
        return false;
    };
    let old =
        |rest: &[u8]| all(head, u8::is_ascii_uppercase) && !matches!(rest[0], b'0' | b'1') && rest[1] != b'O';
    all(head, is_capital_or_digit)
        && all(&head[4..], u8::is_ascii_uppercase)
        && all(rest, is_capital_or_digit)
        && (!is_old || old(rest))
}

/// `[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}`
fn is_iban(text: &[u8]) -> bool {
    (5..=34).contains(&text.len())
        && all(&text[..2], u8::is_ascii_uppercase)
        && all(&text[2..4], u8::is_ascii_digit)
        && all(&text[4..], u8::is_ascii_alphanumeric)
}

/// `[A-Z0-9]{18}[0-9]{2}`
fn is_lei(text: &[u8]) -> bool {
    text.len() == 20 && all(&text[..18], is_capital_or_digit) && all(&text[18..], u8::is_ascii_digit)
}

/// `\+[0-9]{1,3}-[0-9()+\-]{1,30}`
fn is_phone(text: &[u8]) -> bool {
    let Some((b'+', rest)) = text.split_first() else { return false };
    let Some(dash) = rest.iter().position(|c| *c == b'-') else { return false };
    let number = &rest[dash + 1..];
    (1..=3).contains(&dash)
        && all(&rest[..dash], u8::is_ascii_digit)
        && (1..=30).contains(&number.len())
        && number.iter().all(|c| c.is_ascii_digit() || b"()+-".contains(c))
}

/// `xs:decimal` of at most eleven digits, at most ten of them decimals. The sign is not forbidden by the schema.
fn is_rate(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let mut parts = digits.splitn(2, |c| *c == b'.');
    let (whole, decimals) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    all(whole, u8::is_ascii_digit)
        && all(decimals, u8::is_ascii_digit)
        && (1..=11).contains(&(whole.len() + decimals.len()))
        && decimals.len() <= 10
}

/// The `Char` production of XML 1.0, beyond what a Rust string already excludes.
pub(super) fn is_xml_char(c: char) -> bool {
    !matches!(c, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_those_of_the_schemas() {
        let new = Version::by_name("pacs.008.001.08").expect("a version");
        let old = Version::by_name("pacs.008.001.02").expect("a version");
        #[rustfmt::skip]
        let table = [
            (Rule::Uuid, "7a562c67-ca16-48ba-b074-65581be6f001", true, true),
            (Rule::Uuid, "7A562c67-ca16-48ba-b074-65581be6f001", false, false),
            (Rule::Uuid, "7a562c67-ca16-18ba-b074-65581be6f001", false, false),
            (Rule::Uuid, "7a562c67-ca16-48ba-c074-65581be6f001", false, false),
            (Rule::Bic, "PALSPS22", true, true),
            (Rule::Bic, "PALSPS22XXX", true, true),
            (Rule::Bic, "1ALSPS22", true, false),
            (Rule::Bic, "PALSPS02", true, false),
            (Rule::Bic, "PALSPS2O", true, false),
            (Rule::Bic, "PALS1222", false, false),
            (Rule::Bic, "PALSPS2", false, false),
            (Rule::Bic, "PALSPS22X", false, false),
            (Rule::Iban, "PS29PALS000000000000123456789", true, true),
            (Rule::Iban, "P129PALS", false, false),
            (Rule::Iban, "PS29", false, false),
            (Rule::Lei, "5493001KJTIIGC8Y1R12", true, true),
            (Rule::Lei, "5493001KJTIIGC8Y1R1A", false, false),
            (Rule::Country, "PS", true, true),
            (Rule::Country, "PSE", false, false),
            (Rule::Currency, "ILS", true, true),
            (Rule::Currency, "ils", false, false),
            (Rule::Phone, "+970-599123456", true, true),
            (Rule::Phone, "0599123456", false, false),
            (Rule::Phone, "+9701-5", false, false),
            (Rule::Rate, "3.6512345678", true, true),
            (Rule::Rate, "3.65123456789", false, false),
            (Rule::Rate, ".", false, false),
            (Rule::Text(3), "أحم", true, true),
            (Rule::Text(3), "أحمد", false, false),
            (Rule::Text(3), "", false, false),
            (Rule::Text2024(1, 2), "ab", false, false),
            (Rule::Words(&["TRF"]), "TRF", true, true),
            (Rule::Words(&["TRF"]), "XYZ", false, false),
            (Rule::WordsUntil(Edition::E2010, &["RJCT"]), "BLCK", true, false),
            (Rule::WordsUntil(Edition::E2010, &["RJCT"]), "BLCKX", false, false),
        ];
        for (rule, text, in_new, in_old) in table {
            assert_eq!(rule.check(text, new).is_ok(), in_new, "{rule:?} {text:?} now");
            assert_eq!(rule.check(text, old).is_ok(), in_old, "{rule:?} {text:?} in 2009");
        }
    }
}
