//! Money and moments as the API writes them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use switch_core::clock::Timestamp;
use switch_core::money::{Currency, Money, ParseMoneyError};
use utoipa::ToSchema;

use super::body::{Field, Flaws, text};
use crate::problem::Flaw;

/// An amount with exactly the decimals of its currency: 12.50 ILS, 12.500 JOD.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Money)]
pub(crate) struct MoneyDto<'a> {
    /// A decimal number as a string, never as a JSON number.
    #[serde(borrow)]
    #[schema(value_type = String, example = "12.500", pattern = r"^[0-9]{1,12}(\.[0-9]{1,3})?$")]
    pub(crate) amount: Cow<'a, str>,
    /// ISO 4217.
    #[serde(borrow)]
    #[schema(value_type = String, example = "JOD", pattern = "^[A-Z]{3}$")]
    pub(crate) currency: Cow<'a, str>,
}

/// The fields of an amount.
pub(crate) const MONEY: &[Field] = &[text("amount"), text("currency")];

impl From<Money> for MoneyDto<'static> {
    fn from(money: Money) -> Self {
        Self { amount: money.decimal().into(), currency: money.currency().alpha().into() }
    }
}

impl MoneyDto<'_> {
    /// The amount, when it is one.
    pub(crate) fn read(&self, place: &str, flaws: &mut Flaws) -> Option<Money> {
        let currency = Currency::from_alpha(&self.currency).ok_or(Flaw::UnknownCurrency);
        let currency = flaws.take(&format!("{place}/currency"), currency)?;
        flaws.take(&format!("{place}/amount"), amount(&self.amount, currency))
    }
}

fn amount(text: &str, currency: Currency) -> Result<Money, Flaw> {
    let money = Money::parse(text, currency).map_err(|error| match error {
        ParseMoneyError::Syntax => Flaw::NotAnAmount,
        ParseMoneyError::Negative => Flaw::NotPositive,
        ParseMoneyError::TooManyDecimals => Flaw::Decimals,
        ParseMoneyError::OverflowDe4 => Flaw::TooLarge,
    })?;
    if money.minor() == 0 {
        return Err(Flaw::NotPositive);
    }
    // One way to write an amount: a caller who sends 12.5 for 12.500 may have meant another currency.
    if money.decimal() == text { Ok(money) } else { Err(Flaw::Decimals) }
}

/// A moment of RFC 3339.
pub(crate) fn moment(text: &str) -> Result<Timestamp, Flaw> {
    let at: jiff::Timestamp = text.parse().map_err(|_| Flaw::NotATime)?;
    Ok(Timestamp(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_written_in_one_way() {
        for (text, currency, read) in [
            ("12.500", Currency::Jod, Ok(12_500)),
            ("12.50", Currency::Ils, Ok(1_250)),
            ("1500", Currency::Jpy, Ok(1_500)),
            ("12.5", Currency::Jod, Err(Flaw::Decimals)),
            ("12", Currency::Ils, Err(Flaw::Decimals)),
            ("012.50", Currency::Ils, Err(Flaw::Decimals)),
            ("١٢٫٥٠", Currency::Ils, Err(Flaw::Decimals)),
            ("12.505", Currency::Ils, Err(Flaw::Decimals)),
            ("0.00", Currency::Ils, Err(Flaw::NotPositive)),
            ("-1.00", Currency::Ils, Err(Flaw::NotPositive)),
            ("1e3", Currency::Ils, Err(Flaw::NotAnAmount)),
            ("", Currency::Ils, Err(Flaw::NotAnAmount)),
            ("99999999999.99", Currency::Ils, Err(Flaw::TooLarge)),
        ] {
            assert_eq!(amount(text, currency).map(Money::minor), read, "{text} {currency}");
        }
    }
}
