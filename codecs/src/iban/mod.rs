//! International bank account numbers: ISO 13616 with the check digits of ISO 7064 (mod 97-10).
//!
//! Length and layout of each country are a table (`registry.rs`, the registry's facts). Whether the bank or the
//! account exists is not known here. A Palestinian one has 29 characters, and its bank code is the first four letters
//! of the bank's BIC.

mod registry;

use std::fmt;
use std::str::FromStr;

use crate::digits;
use registry::{Country, country};

/// The greatest length any country may choose (ISO 13616-1 section 5).
const LEN_MAX: usize = 34;

/// An account number that is well formed and whose check digits fit. Printed by `Debug` without the account.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Iban {
    text: [u8; LEN_MAX],
    len: u8,
}

/// Why a text is no IBAN. Never carries the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IbanError {
    /// The first two letters are no country of the registry.
    #[error("the IBAN begins with no country of the registry")]
    UnknownCountry,
    /// The country's numbers have another length.
    #[error("the IBAN has {found} characters, its country has {expected}")]
    WrongLength {
        /// Of the country.
        expected: usize,
        /// Of the text.
        found: usize,
    },
    /// A character no IBAN has, or a letter where the check digits stand. Counted from 1.
    #[error("character {at} of the IBAN is neither a capital letter nor a digit, or not what stands there")]
    BadCharacter {
        /// The character's place, counted from 1.
        at: usize,
    },
    /// A digit where the country has a letter, or the other way round, such as in a bank code. Counted from 1.
    #[error("character {at} of the IBAN is a letter for a digit, or a digit for a letter")]
    WrongStructure {
        /// The character's place, counted from 1.
        at: usize,
    },
    /// A character was mistyped: the remainder by 97 is not 1, or the check digits are 00, 01 or 99.
    #[error("the check digits of the IBAN do not match")]
    WrongCheckDigits,
}

impl Iban {
    /// Reads the electronic form: capital letters and digits, nothing between them.
    ///
    /// # Errors
    /// The first thing that is wrong: country, check digits that are none, length, characters, remainder.
    pub fn parse(text: &str) -> Result<Self, IbanError> {
        let bad = |at| IbanError::BadCharacter { at };
        let found = text.chars().count();
        if let Some(at) = text.chars().position(|c| !(c.is_ascii_uppercase() || c.is_ascii_digit())) {
            return Err(bad(at + 1));
        }
        let letters = text.get(..2).ok_or(IbanError::UnknownCountry)?;
        let country = country(letters).ok_or(IbanError::UnknownCountry)?;
        for (at, digit) in text.bytes().enumerate().skip(2).take(2) {
            if !digit.is_ascii_digit() {
                return Err(bad(at + 1));
            }
        }
        if found != country.len() {
            return Err(IbanError::WrongLength { expected: country.len(), found });
        }
        let bban = text.get(4..).unwrap_or_default();
        if let Some(at) = country.first_misfit(bban) {
            return Err(IbanError::WrongStructure { at: at + 5 });
        }
        let check = text.get(2..4).unwrap_or_default();
        if matches!(check, "00" | "01" | "99") || remainder(bban, &text[..4]) != 1 {
            return Err(IbanError::WrongCheckDigits);
        }
        Ok(Self::keep(&[text]))
    }

    /// Reads what a person typed or copied: also small letters, the printed form in groups of four with one blank
    /// between them, Arabic-Indic and Persian digits, direction marks, and blanks around it.
    ///
    /// # Errors
    /// As [`Iban::parse`]; places are those of the text without its groups.
    pub fn parse_typed(text: &str) -> Result<Self, IbanError> {
        let typed: String =
            digits::typed(text).map(|(_, c)| c.to_ascii_uppercase()).take(2 * LEN_MAX).collect();
        let in_groups = typed.contains(' ')
            && typed.split(' ').rev().skip(1).all(|group| group.chars().count() == 4)
            && typed.split(' ').next_back().is_some_and(|last| (1..=4).contains(&last.chars().count()));
        if in_groups { Self::parse(&typed.replace(' ', "")) } else { Self::parse(&typed) }
    }

    /// Computes the check digits of a country's account number, in the layout of its BBAN.
    ///
    /// # Errors
    /// `UnknownCountry`, `WrongLength` (of the whole IBAN), `BadCharacter`, `WrongStructure`.
    pub fn of_bban(letters: &str, bban: &str) -> Result<Self, IbanError> {
        let country = country(letters).ok_or(IbanError::UnknownCountry)?;
        let found = 4 + bban.chars().count();
        if found != country.len() {
            return Err(IbanError::WrongLength { expected: country.len(), found });
        }
        if let Some(at) = bban.chars().position(|c| !(c.is_ascii_uppercase() || c.is_ascii_digit())) {
            return Err(IbanError::BadCharacter { at: at + 5 });
        }
        if let Some(at) = country.first_misfit(bban) {
            return Err(IbanError::WrongStructure { at: at + 5 });
        }
        let check = 98 - remainder(bban, &format!("{letters}00"));
        Ok(Self::keep(&[letters, &format!("{check:02}"), bban]))
    }

    fn keep(parts: &[&str]) -> Self {
        let mut text = [0; LEN_MAX];
        let bytes = parts.iter().flat_map(|part| part.bytes());
        let len = text.iter_mut().zip(bytes).map(|(to, from)| *to = from).count();
        Iban { text, len: len as u8 }
    }

    /// The electronic form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text
            .get(..usize::from(self.len))
            .and_then(|text| std::str::from_utf8(text).ok())
            .unwrap_or_default()
    }

    /// The two letters of the country.
    #[must_use]
    pub fn country(&self) -> &str {
        self.as_str().get(..2).unwrap_or_default()
    }

    /// What follows the check digits: bank, branch and account as the country orders them.
    #[must_use]
    pub fn bban(&self) -> &str {
        self.as_str().get(4..).unwrap_or_default()
    }

    /// The bank's identifier: four letters of the BIC in Palestine, a number in other countries.
    #[must_use]
    pub fn bank_code(&self) -> &str {
        let bank = country(self.country()).map(Country::bank).unwrap_or_default();
        self.bban().get(bank).unwrap_or_default()
    }

    /// What follows the bank code: the account, before it the branch where the country has one.
    #[must_use]
    pub fn account(&self) -> &str {
        let bank = country(self.country()).map(Country::bank).unwrap_or_default();
        self.bban().get(bank.end..).unwrap_or_default()
    }

    /// The printed form: groups of four (ISO 13616-1 annex).
    #[must_use]
    pub fn printed(&self) -> String {
        let mut out = String::with_capacity(LEN_MAX + 8);
        for (at, c) in self.as_str().chars().enumerate() {
            if at > 0 && at % 4 == 0 {
                out.push(' ');
            }
            out.push(c);
        }
        out
    }

    /// The length of a country's IBANs; `None` when the registry does not have it.
    #[must_use]
    pub fn len_in(letters: &str) -> Option<usize> {
        country(letters).map(|country| country.len())
    }

    /// The countries of the registry, in alphabetical order.
    pub fn countries() -> impl Iterator<Item = &'static str> {
        registry::COUNTRIES.iter().map(|country| country.letters)
    }
}

/// The remainder by 97 of `bban` followed by `head`, letters counting from 10 (ISO 7064 mod 97-10).
fn remainder(bban: &str, head: &str) -> u32 {
    bban.bytes().chain(head.bytes()).fold(0, |rest, c| match c {
        b'0'..=b'9' => (10 * rest + u32::from(c - b'0')) % 97,
        _ => (100 * rest + u32::from(c.wrapping_sub(b'A')) + 10) % 97,
    })
}

impl FromStr for Iban {
    type Err = IbanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Iban {
    /// The electronic form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Iban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Iban({}****{})", self.country(), self.bank_code())
    }
}
