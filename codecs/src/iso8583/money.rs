//! Amounts of a message with their sign and currency, wherever the edition writes them.

use super::field::Attr;
use super::message::Message;
use super::spec::Profile;
use super::view::{ViewError, number};
use crate::iso4217::Currency;

/// C or D before an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// C: a credit.
    Credit,
    /// D: a debit.
    Debit,
}

/// An `x+n` amount in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Signed {
    /// Credit or debit.
    pub sign: Sign,
    /// Minor units of the currency.
    pub minor: u64,
}

/// What a field that is an amount says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    /// Minor units of the currency.
    pub minor: u64,
    /// The sign, of a field that has one.
    pub sign: Option<Sign>,
    /// Its currency: in the field itself in 2003, else of field 49, 50 or 51; `None` when the message says none.
    pub currency: Option<Currency>,
    /// The decimals the message says the minor unit has (2003 only). A host may disagree with ISO 4217: compare.
    pub exponent: Option<u8>,
}

impl Signed {
    /// From a sign letter and digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = text.split_at_checked(1)?;
        let sign = match sign {
            "C" => Sign::Credit,
            "D" => Sign::Debit,
            _ => return None,
        };
        Some(Signed { sign, minor: number(digits)? })
    }

    /// Sign letter and `len` digits; `None` when it has more.
    #[must_use]
    pub fn text(self, len: usize) -> Option<String> {
        let sign = match self.sign {
            Sign::Credit => 'C',
            Sign::Debit => 'D',
        };
        Some(format!("{sign}{}", padded(self.minor, len)?))
    }

    /// Credits less debits; `None` beyond the range of a number.
    #[must_use]
    pub fn net(self) -> Option<i64> {
        let minor = i64::try_from(self.minor).ok()?;
        Some(if self.sign == Sign::Debit { -minor } else { minor })
    }

    /// From credits less debits; zero is a credit.
    #[must_use]
    pub const fn of_net(net: i64) -> Self {
        let sign = if net < 0 { Sign::Debit } else { Sign::Credit };
        Signed { sign, minor: net.unsigned_abs() }
    }
}

/// The amount in field `n`.
///
/// # Errors
/// A field that is no amount, an unknown currency in it or beside it, characters a lenient link let in.
pub fn amount(message: &Message<'_>, n: u8) -> Result<Option<Amount>, ViewError> {
    let profile = message.profile();
    let Some(text) = message.text(n) else { return Ok(None) };
    let wrong = |part, problem| ViewError::new(profile, n, part, problem);
    let no_number = || wrong("", "is not an amount");
    let plain = Amount { minor: 0, sign: None, currency: None, exponent: None };
    let currency_field = match n {
        5 | 29 | 31 | 97 => 50,
        6 | 8 => 51,
        _ => 49,
    };
    let beside = || currency(message, currency_field);
    match profile.field(n).map(|field| field.attr) {
        Some(Attr::N) => {
            let minor = number(&text).ok_or_else(no_number)?;
            Ok(Some(Amount { minor, currency: beside()?, ..plain }))
        }
        Some(Attr::Xn) => {
            let signed = Signed::parse(&text).ok_or_else(no_number)?;
            Ok(Some(Amount { minor: signed.minor, sign: Some(signed.sign), currency: beside()?, ..plain }))
        }
        Some(Attr::Amount | Attr::SignedAmount) => parse_2003(profile, n, &text).map(Some),
        _ => Err(no_number()),
    }
}

/// An amount of 2003: currency, exponent, then digits or a sign and digits.
pub(super) fn parse_2003(profile: &Profile, n: u8, text: &str) -> Result<Amount, ViewError> {
    let wrong = |part, problem| ViewError::new(profile, n, part, problem);
    let no_amount = || wrong("amount", "is not an amount");
    let (head, rest) = text.split_at_checked(4).ok_or_else(no_amount)?;
    let head = number(head).ok_or_else(no_amount)?;
    let currency = u16::try_from(head / 10).ok().and_then(Currency::by_number);
    let currency = currency.ok_or_else(|| wrong("currency", "is not a currency of ISO 4217"))?;
    let signed = Signed::parse(rest);
    let minor = signed.map(|signed| signed.minor).or_else(|| number(rest)).ok_or_else(no_amount)?;
    let exponent = Some((head % 10) as u8);
    Ok(Amount { minor, sign: signed.map(|signed| signed.sign), currency: Some(currency), exponent })
}

/// The sixteen digits of an amount of 2003 without sign: currency, its exponent, twelve digits.
pub(super) fn text_2003(currency: Currency, minor: u64, len: usize) -> Option<String> {
    Some(format!("{:03}{}{}", currency.number(), currency.decimals()?, padded(minor, len)?))
}

/// The currency in field 49, 50 or 51: three digits, or the three letters the attribute `an` allows.
///
/// # Errors
/// What is no currency of ISO 4217.
pub fn currency(message: &Message<'_>, n: u8) -> Result<Option<Currency>, ViewError> {
    let Some(text) = message.text(n) else { return Ok(None) };
    let by_number = |text: &str| Currency::by_number(u16::try_from(number(text)?).ok()?);
    let found = by_number(&text).or_else(|| Currency::by_code(&text)).filter(|_| text.len() == 3);
    let wrong = || ViewError::new(message.profile(), n, "", "is not a currency of ISO 4217");
    found.map(Some).ok_or_else(wrong)
}

/// `len` digits, zeros on the left; `None` when there are more.
pub(super) fn padded(number: u64, len: usize) -> Option<String> {
    Some(format!("{number:0len$}")).filter(|digits| digits.len() == len)
}
