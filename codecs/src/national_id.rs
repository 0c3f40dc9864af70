//! The Palestinian identity number: nine digits, the last of them a check digit.
//!
//! The rule of the check digit (weights 1 and 2 in turn, digits of the products summed, divisible by ten) is known
//! from practice and from no published document, so a number that fails it is refused or only noted, as the caller
//! wants. Whether anybody has the number is not known here.

use std::fmt;

use crate::digits;

/// Nine digits. A person's: printed masked, except by [`NationalId::as_str`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NationalId([u8; 9]);

/// What a wrong check digit means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckDigit {
    /// The number is taken, with a warning.
    #[default]
    Warn,
    /// The number is refused.
    Require,
}

/// A number that was taken although its check digit does not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the check digit of the identity number does not match")]
pub struct Warning;

/// Why a text is no identity number. Never carries the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NationalIdError {
    /// Nothing but blanks.
    #[error("the identity number is empty")]
    Empty,
    /// More or fewer than nine digits.
    #[error("the identity number has {0} digits, not nine")]
    WrongLength(usize),
    /// Something else than a digit. Counted from 1.
    #[error("character {0} of the identity number is not a digit")]
    BadCharacter(usize),
    /// Nobody has it, though its check digit would match.
    #[error("the identity number is all zeros")]
    AllZeros,
    /// [`CheckDigit::Require`] only.
    #[error("the check digit of the identity number does not match")]
    WrongCheckDigit,
}

impl NationalId {
    /// Reads nine digits as a person types them: Latin, Arabic-Indic or Persian, mixed or not, direction marks and
    /// blanks around them left out.
    ///
    /// # Errors
    /// The first thing that is wrong: empty, a character, the length, all zeros, and the check digit when required.
    pub fn parse(text: &str, check: CheckDigit) -> Result<(Self, Option<Warning>), NationalIdError> {
        let (mut number, mut count) = ([b'0'; 9], 0);
        for (at, c) in digits::typed(text) {
            if !c.is_ascii_digit() {
                return Err(NationalIdError::BadCharacter(at + 1));
            }
            if let Some(place) = number.get_mut(count) {
                *place = c as u8;
            }
            count += 1;
        }
        match count {
            0 => Err(NationalIdError::Empty),
            9 if number == [b'0'; 9] => Err(NationalIdError::AllZeros),
            9 if is_checked(number) => Ok((NationalId(number), None)),
            9 if check == CheckDigit::Warn => Ok((NationalId(number), Some(Warning))),
            9 => Err(NationalIdError::WrongCheckDigit),
            other => Err(NationalIdError::WrongLength(other)),
        }
    }

    /// The nine digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("because digits are ASCII")
    }
}

/// Weights 1, 2, 1, 2, ... from the left; a product above 9 counts as the sum of its digits.
fn is_checked(number: [u8; 9]) -> bool {
    let sum: u32 = number
        .iter()
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| {
            let product = weight * u32::from(digit - b'0');
            product / 10 + product % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

impl fmt::Display for NationalId {
    /// Masked: `*******57`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "*******{}", self.as_str().get(7..).unwrap_or_default())
    }
}

impl fmt::Debug for NationalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NationalId({self})")
    }
}
