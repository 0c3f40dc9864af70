//! Amounts: decimals and currencies, and exact sums of them.

use super::super::error::Fault;
use super::super::schema::{Simple, number};
use super::fault;
use crate::iso4217::Currency;

/// The most decimals an amount has, by every schema: five. Sums count in the fifth decimal.
const DECIMALS: usize = 5;

/// A number in hundred-thousandths. Eighteen digits each, and more of them than fit a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Quantity(i128);

impl Quantity {
    pub(super) const ZERO: Self = Self(0);

    /// Reads an `xs:decimal`; `None` with more than five decimals that say something, or too many digits.
    pub(super) fn read(text: &str) -> Option<Self> {
        let read = number(text)?;
        let missing = DECIMALS.checked_sub(read.decimals.len())?;
        let digits =
            read.whole.bytes().chain(read.decimals.bytes()).chain(std::iter::repeat_n(b'0', missing));
        let mut units = 0_i128;
        for digit in digits {
            units = units.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        Some(Self(if read.is_negative { -units } else { units }))
    }

    /// # Errors
    /// A sum beyond all amounts.
    pub(super) fn add(&mut self, other: Self) -> Result<(), Fault> {
        self.0 = self.0.checked_add(other.0).ok_or_else(|| fault("a sum of too many digits"))?;
        Ok(())
    }

    pub(super) fn negated(self) -> Self {
        Self(-self.0)
    }

    /// With at least so many decimals, and no zeros beyond.
    pub(super) fn text(self, decimals: usize) -> String {
        let units = self.0.unsigned_abs();
        let (whole, fraction) = (units / 100_000, units % 100_000);
        let mut text = format!("{}{whole}.{fraction:05}", if self.0 < 0 { "-" } else { "" });
        let point = text.len() - DECIMALS - 1;
        while text.len() > point + 1 + decimals && text.ends_with('0') {
            text.pop();
        }
        text.truncate(text.trim_end_matches('.').len());
        text
    }
}

/// An amount with its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Money {
    pub(super) quantity: Quantity,
    pub(super) currency: [u8; 3],
}

/// How many decimals sums of a currency are written with.
pub(super) fn decimals(currency: [u8; 3]) -> usize {
    let known = std::str::from_utf8(&currency).ok().and_then(Currency::by_code);
    known.and_then(Currency::decimals).map_or(0, usize::from)
}

/// Reads the amount and holds it against its currency: the rule `CurrencyAmount` of every message, by ISO 4217.
///
/// # Errors
/// A currency that is none, more decimals than it has.
pub(super) fn check(text: &str, code: [u8; 3], name: &str, simple: &Simple) -> Result<Money, Fault> {
    let name_of = std::str::from_utf8(&code).unwrap_or_default();
    // What is settled now is settled in a currency of today; what is told about may be older.
    let is_known = match Currency::by_code(name_of) {
        Some(_) => true,
        None => HISTORIC.contains(&name_of) && !name.ends_with("IntrBkSttlmAmt"),
    };
    if !is_known {
        return Err(fault("the currency is not one of ISO 4217"));
    }
    // A unit price may have thirteen decimals, whatever its currency has.
    let is_price = simple.fraction_digits() > DECIMALS;
    let digits = number(text).map_or(0, |number| number.decimals.len());
    let most = Currency::by_code(name_of).and_then(Currency::decimals);
    if !is_price && most.is_some_and(|most| digits > usize::from(most)) {
        return Err(fault("more decimals than the currency has"));
    }
    match Quantity::read(text) {
        Some(quantity) => Ok(Money { quantity, currency: code }),
        None if is_price => Ok(Money { quantity: Quantity::ZERO, currency: code }),
        None => Err(fault("not an amount")),
    }
}

/// Currencies of list three of ISO 4217 that statements of this century still name.
#[rustfmt::skip]
const HISTORIC: [&str; 44] = [
    "ADP", "AFA", "ANG", "ATS", "AZM", "BEF", "BGN", "BYB", "BYR", "CSD", "CUC", "CYP", "DEM", "EEK", "ESP",
    "FIM", "FRF", "GHC", "GRD", "HRK", "IEP", "ITL", "LTL", "LUF", "LVL", "MRO", "MTL", "MZM", "NLG", "PTE",
    "ROL", "RUR", "SDD", "SIT", "SKK", "SLL", "STD", "TMM", "TRL", "VEB", "VEF", "ZMK", "ZWD", "ZWL",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_exact() {
        #[rustfmt::skip]
        let table = [
            ("50.00", 2, Some("50.00")), ("50", 2, Some("50.00")), ("+.5", 2, Some("0.50")), ("12.345", 2, Some("12.345")),
            ("1500", 0, Some("1500")), ("1500.10000", 0, Some("1500.1")), ("-0.05", 2, Some("-0.05")), ("100", 0, Some("100")),
            ("0.00001", 0, Some("0.00001")), ("0.000001", 0, None), ("1.1000000", 0, Some("1.1")), ("x", 0, None),
            ("999999999999999999", 0, Some("999999999999999999")),
        ];
        for (text, decimals, expected) in table {
            assert_eq!(Quantity::read(text).map(|q| q.text(decimals)).as_deref(), expected, "{text}");
        }
        assert_eq!(Quantity::read(&"9".repeat(40)), None);
        let mut sum = Quantity(i128::MAX);
        assert!(sum.add(Quantity(1)).is_err());
    }
}
