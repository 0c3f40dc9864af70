//! Palestinian mobile numbers: 059 (Jawwal) and 056 (Ooredoo) with seven digits, and what else a site accepts.
//!
//! The same subscriber is reached under +970 and +972: a number is kept as it was entered, and compared on its last
//! nine digits. Landlines are refused: nobody gets a text message there.

use std::fmt;

use crate::digits;

/// A mobile number in the form of E.164. A person's: printed masked, except by [`Phone::e164`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Phone {
    country: Code,
    /// The national number without its zero.
    national: [u8; 9],
}

/// The country codes a Palestinian number is reached under.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Code {
    C970,
    C972,
}

/// Which mobile prefixes are accepted: 59 and 56, and those a site adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefixes {
    /// Further ones without the zero, such as `52`: operators some residents use.
    extra: Vec<String>,
}

/// A further prefix that is not two digits, the first of them 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mobile prefix is two digits, the first of them 5")]
pub struct PrefixError;

/// Why a text is no mobile number. Never carries the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Nothing but blanks.
    #[error("the phone number is empty")]
    Empty,
    /// Neither a digit nor a blank, a hyphen, or a plus sign at the beginning. Counted from 1.
    #[error("character {0} of the phone number does not belong there")]
    BadCharacter(usize),
    /// More or fewer digits than a national (ten) or international number has.
    #[error("the phone number has {0} digits, which is too few or too many")]
    WrongLength(usize),
    /// It begins with a country code other than 970 and 972.
    #[error("the phone number is of another country")]
    AnotherCountry,
    /// A landline, or an operator that is not configured.
    #[error("the phone number is not of an accepted mobile operator")]
    PrefixNotAccepted,
}

impl Prefixes {
    /// 59, 56 and `extra`, two digits each.
    ///
    /// # Errors
    /// When one of them is no mobile prefix.
    pub fn with_extra<'p>(extra: impl IntoIterator<Item = &'p str>) -> Result<Self, PrefixError> {
        let extra: Vec<String> = extra.into_iter().map(str::to_owned).collect();
        let is_prefix = |p: &String| matches!(p.as_bytes(), [b'5', b'0'..=b'9']);
        if extra.iter().all(is_prefix) { Ok(Prefixes { extra }) } else { Err(PrefixError) }
    }

    fn accept(&self, national: &[u8]) -> bool {
        let prefix = national.get(..2).unwrap_or_default();
        prefix == b"59" || prefix == b"56" || self.extra.iter().any(|extra| extra.as_bytes() == prefix)
    }
}

/// An international number with its prefix has at most so many digits (ITU-T E.164, two zeros before).
const DIGITS_MAX: usize = 17;

impl Phone {
    /// Reads a number as a person types it: `0599123456`, `+970 59-912-3456`, `00970599123456`, `970599123456`; with
    /// Latin, Arabic-Indic or Persian digits, blanks, hyphens and direction marks.
    ///
    /// # Errors
    /// The first thing that is wrong: empty, a character, the country, the length, the operator.
    pub fn parse(text: &str, prefixes: &Prefixes) -> Result<Self, PhoneError> {
        let (mut number, mut count, mut plus) = ([0; DIGITS_MAX], 0, false);
        for (at, c) in digits::typed(text) {
            match c {
                '0'..='9' => {
                    *number.get_mut(count).ok_or(PhoneError::WrongLength(count + 1))? = c as u8;
                    count += 1;
                }
                '+' if count == 0 && !plus => plus = true,
                ' ' | '-' | '\u{00A0}' | '\u{2007}' | '\u{202F}' | '\u{2010}' | '\u{2011}' | '\u{2012}'
                | '\u{2013}' => {}
                _ => return Err(PhoneError::BadCharacter(at + 1)),
            }
        }
        let digits = number.get(..count).unwrap_or_default();
        if digits.is_empty() {
            return Err(PhoneError::Empty);
        }
        let (country, national) = split(digits, plus)?;
        let national = national.try_into().map_err(|_| PhoneError::WrongLength(count))?;
        let phone = Phone { country, national };
        if prefixes.accept(&phone.national) { Ok(phone) } else { Err(PhoneError::PrefixNotAccepted) }
    }

    /// As it was entered, in the form of E.164: `+970599123456`.
    #[must_use]
    pub fn e164(&self) -> String {
        let country = match self.country {
            Code::C970 => "+970",
            Code::C972 => "+972",
        };
        country.chars().chain(self.national.iter().copied().map(char::from)).collect()
    }

    /// Whether both reach the same subscriber: the last nine digits are the same.
    #[must_use]
    pub fn is_same_subscriber(&self, other: &Phone) -> bool {
        self.national == other.national
    }
}

/// The country and what follows it, or what follows the national zero.
fn split(digits: &[u8], plus: bool) -> Result<(Code, &[u8]), PhoneError> {
    let international = match digits {
        [b'0', b'0', rest @ ..] if !plus => rest,
        [b'0', rest @ ..] if !plus => return Ok((Code::C970, rest)),
        digits => digits,
    };
    match international {
        [b'9', b'7', b'0', rest @ ..] => Ok((Code::C970, rest)),
        [b'9', b'7', b'2', rest @ ..] => Ok((Code::C972, rest)),
        // Without plus or zeros a short number is cut off rather than foreign.
        digits if !plus && digits.len() < 11 => Err(PhoneError::WrongLength(digits.len())),
        _ => Err(PhoneError::AnotherCountry),
    }
}

impl fmt::Display for Phone {
    /// Masked: `+970*******56`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e164 = self.e164();
        write!(f, "{}*******{}", e164.get(..4).unwrap_or_default(), e164.get(11..).unwrap_or_default())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({self})")
    }
}
