//! Amounts with their currency.

use std::fmt;
use std::io::BufRead;

use super::XmlError;
use super::elem::{Elem, ruled};
use super::leaf::{Leaf, decimal, leaf};
use super::part::{Content, choice, part};
use super::read::Reading;
use super::rule::{Problem, Rule};
use super::specimen::Dice;
use super::version::Version;
use super::write::{BuildError, Writer};
use crate::amount::{AmountError, Decimal};
use crate::iso4217::Currency;

/// The three letters of a currency, one of [`Currency`] or not: messages may name currencies of the past.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CurrencyCode([u8; 3]);

impl CurrencyCode {
    /// `None` unless `code` is three capital letters.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        let letters = <[u8; 3]>::try_from(code.as_bytes()).ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Self(letters))
    }

    /// The three letters; empty for the default, which building refuses.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self.0 {
            [0, ..] => "",
            _ => std::str::from_utf8(&self.0).unwrap_or_default(),
        }
    }

    /// The currency of ISO 4217, unless it is no longer in the list.
    #[must_use]
    pub fn currency(self) -> Option<Currency> {
        Currency::by_code(self.as_str())
    }
}

impl From<Currency> for CurrencyCode {
    fn from(currency: Currency) -> Self {
        Self::new(currency.code()).unwrap_or_default()
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

leaf!(CurrencyCode);

impl Leaf for CurrencyCode {
    fn put(&self, text: &mut String, _: Version) -> Result<(), Problem> {
        text.push_str(self.as_str());
        Ok(())
    }

    fn take(text: &str, _: Version) -> Result<Self, Problem> {
        Self::new(text).ok_or(Problem::Form("a currency of three letters"))
    }

    fn invent(_: &'static Elem, _: Version, dice: &mut Dice<'_>) -> Self {
        dice.currency().into()
    }
}

/// An amount and its currency, `<IntrBkSttlmAmt Ccy="ILS">50.00</IntrBkSttlmAmt>`.
///
/// Written with exactly the decimals of the currency; an amount that has more is refused, not rounded. One of a
/// currency [`Currency`] does not know is written as it is. Read as it stands: 5 decimals are allowed by the schema.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// How much.
    pub value: Decimal,
    /// Of which currency.
    pub currency: CurrencyCode,
}

impl Amount {
    /// The most decimals the schemas take.
    const SCALE_MAX: u8 = 5;

    /// `value` of `currency`.
    #[must_use]
    pub fn new(value: Decimal, currency: Currency) -> Self {
        Self { value, currency: currency.into() }
    }

    /// An amount in minor units of `currency`.
    ///
    /// # Errors
    /// `NoMinorUnit`, `TooLarge`.
    pub fn of_minor(minor: i64, currency: Currency) -> Result<Self, AmountError> {
        Decimal::of_minor(minor, currency).map(|value| Self::new(value, currency))
    }

    /// In minor units of its currency.
    ///
    /// # Errors
    /// `NoMinorUnit` also for a currency that is not of ISO 4217; `TooManyDecimals`, `TooLarge`.
    pub fn to_minor(self) -> Result<i64, AmountError> {
        self.value.to_minor(self.currency.currency().ok_or(AmountError::NoMinorUnit)?)
    }

    fn written(self) -> Result<Decimal, Problem> {
        let decimals = self.currency.currency().and_then(Currency::decimals);
        let value = match decimals {
            Some(decimals) => self.value.to_scale(decimals).map_err(Problem::Amount)?,
            None => self.value,
        };
        match value {
            _ if value.units() < 0 => Err(Problem::Negative),
            _ if value.scale() > Self::SCALE_MAX => Err(Problem::Amount(AmountError::TooManyDecimals)),
            _ => Ok(value),
        }
    }
}

impl Default for Amount {
    /// Nothing of no currency: building refuses it.
    fn default() -> Self {
        Self { value: ZERO, currency: CurrencyCode::default() }
    }
}

pub(super) const ZERO: Decimal = match Decimal::new(0, 0) {
    Some(zero) => zero,
    None => unreachable!(),
};

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.value)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Content for Amount {
    fn write(&self, elem: &'static Elem, to: &mut Writer) -> Result<(), BuildError> {
        let value = match self.currency.as_str() {
            "" => Err(Problem::Missing),
            _ => self.written(),
        };
        to.scratch = value.map_err(|problem| to.error(elem, problem))?.to_string();
        to.leaf(elem, Some(("Ccy", self.currency.as_str())))
    }

    fn read<R: BufRead>(_: &'static Elem, from: &mut Reading<R>) -> Result<Self, XmlError> {
        let currency = CurrencyCode::new(&from.currency);
        from.value(|text, _| {
            let value = decimal(text).map_err(Problem::Amount)?;
            let currency = currency.ok_or(Problem::Form("an amount with a currency of three letters"))?;
            match value {
                _ if value.units() < 0 => Err(Problem::Negative),
                _ if value.scale() > Self::SCALE_MAX => Err(Problem::Amount(AmountError::TooManyDecimals)),
                _ => Ok(Self { value, currency }),
            }
        })
    }

    fn specimen(_: &'static Elem, _: Version, dice: &mut Dice<'_>) -> Self {
        let currency = dice.currency();
        Self::new(dice.decimal(currency.decimals().unwrap_or_default()), currency)
    }
}

part! {
    /// `EquivalentAmount2`: so much of one currency, to be sent in another.
    pub struct EquivalentAmount {
        /// The amount in the currency of the debtor.
        amount: Amount = super::elem::elem("Amt"),
        /// The currency in which it is sent.
        currency_of_transfer: CurrencyCode = ruled("CcyOfTrf", Rule::Currency),
    }
}

choice! {
    /// `AmountType4Choice`: what the customer wants sent.
    pub enum InstructedAmount {
        /// Exactly this.
        Instructed(Amount) = super::elem::elem("InstdAmt"),
        /// Its equivalent in another currency.
        Equivalent(EquivalentAmount) = super::elem::elem("EqvtAmt"),
    }
}

impl Default for InstructedAmount {
    /// No amount: building refuses it.
    fn default() -> Self {
        InstructedAmount::Instructed(Amount::default())
    }
}

impl InstructedAmount {
    /// The amount as ordered.
    #[must_use]
    pub fn amount(&self) -> Amount {
        match self {
            InstructedAmount::Instructed(amount) => *amount,
            InstructedAmount::Equivalent(equivalent) => equivalent.amount,
        }
    }
}

impl From<Amount> for InstructedAmount {
    fn from(amount: Amount) -> Self {
        InstructedAmount::Instructed(amount)
    }
}
