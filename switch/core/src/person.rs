//! Who owes a bill. Identity numbers print masked, everywhere.

use std::fmt;

/// How a payer is identified. Some rightful payers have no Palestinian ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PayerKind {
    /// National identity number, nine digits with a check digit.
    NationalId,
    /// Passport or another foreign document.
    Passport,
    /// Registered company or institution.
    Company,
}

impl PayerKind {
    /// The word in the database and the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NationalId => "national_id",
            Self::Passport => "passport",
            Self::Company => "company",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::NationalId, Self::Passport, Self::Company].into_iter().find(|k| k.as_str() == word)
    }
}

/// A payer: kind and number of the identity document.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Payer {
    kind: PayerKind,
    number: String,
}

/// Why a text does not identify a payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayerError {
    /// A national ID is nine digits, not all zero, with a right check digit.
    #[error("is not a Palestinian identity number: nine digits with a check digit")]
    NationalId,
    /// A document number is 4 to 24 capitals, digits or hyphens.
    #[error("must be 4 to 24 capital letters, digits or hyphens")]
    Document,
}

impl Payer {
    /// Checks and keeps an identity.
    ///
    /// # Errors
    /// [`PayerError`] names the rule that is broken.
    pub fn new(kind: PayerKind, number: &str) -> Result<Self, PayerError> {
        let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
        match kind {
            PayerKind::NationalId if !is_national_id(number) => Err(PayerError::NationalId),
            PayerKind::Passport | PayerKind::Company
                if !(4..=24).contains(&number.len()) || !number.bytes().all(plain) =>
            {
                Err(PayerError::Document)
            }
            PayerKind::NationalId | PayerKind::Passport | PayerKind::Company => {
                Ok(Self { kind, number: number.to_owned() })
            }
        }
    }

    /// The kind of document.
    #[must_use]
    pub fn kind(&self) -> PayerKind {
        self.kind
    }

    /// The whole number, for the database and the payer's own answers.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.number
    }
}

impl fmt::Debug for Payer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail = self.number.get(self.number.len().saturating_sub(2)..).unwrap_or("");
        write!(f, "{}:****{tail}", self.kind.as_str())
    }
}

/// Weights 1, 2, 1, 2 …, digit sums added, total divisible by ten.
fn is_national_id(number: &str) -> bool {
    if number.len() != 9 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let sum: u32 = number
        .bytes()
        .enumerate()
        .map(|(i, b)| {
            let product = u32::from(b - b'0') * (1 + (i as u32 & 1));
            product / 10 + product % 10
        })
        .sum();
    sum > 0 && sum.is_multiple_of(10)
}
