//! Conversion rates: fields 9 and 10, and exact conversion with them.
//!
//! The first digit counts the decimals of the seven that follow: 63652100 is 3.652100. Converting multiplies whole
//! minor units and divides once, at the end, rounding as the caller says.

use std::fmt;

use super::message::Message;
use super::view::{ViewError, digits};

/// A rate of seven digits and up to nine decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    digits: u32,
    decimals: u8,
}

/// What becomes of half a minor unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the even neighbour.
    HalfEven,
    /// Away from zero.
    HalfUp,
}

impl Rate {
    /// From digits (at most 9,999,999) and how many of them are decimals (at most 9).
    #[must_use]
    pub const fn new(digits: u32, decimals: u8) -> Option<Self> {
        if digits > 9_999_999 || decimals > 9 { None } else { Some(Rate { digits, decimals }) }
    }

    /// From the eight digits of the field.
    #[must_use]
    pub fn parse_field(text: &str) -> Option<Self> {
        let digits = text.len() == 8 && text.bytes().all(|c| c.is_ascii_digit());
        let (decimals, rate) = text.split_at_checked(1).filter(|_| digits)?;
        Rate::new(rate.parse().ok()?, decimals.parse().ok()?)
    }

    /// From decimal text such as `3.652100`, exactly: a rate of more than seven significant digits or nine decimals
    /// is refused, not rounded.
    #[must_use]
    pub fn parse_decimal(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let all_digits =
            !whole.is_empty() && whole.bytes().chain(decimals.bytes()).all(|c| c.is_ascii_digit());
        if !all_digits || text.ends_with('.') || decimals.len() > 9 {
            return None;
        }
        let digits = whole
            .bytes()
            .chain(decimals.bytes())
            .try_fold(0_u32, |number, digit| number.checked_mul(10)?.checked_add(u32::from(digit - b'0')));
        Rate::new(digits?, decimals.len() as u8)
    }

    /// The eight digits of the field.
    #[must_use]
    pub fn field(self) -> String {
        format!("{}{:07}", self.decimals, self.digits)
    }

    /// The seven digits as a number.
    #[must_use]
    pub const fn digits(self) -> u32 {
        self.digits
    }

    /// How many of the digits are decimals.
    #[must_use]
    pub const fn decimals(self) -> u8 {
        self.decimals
    }

    /// `minor` units of a currency with `from` decimals in the minor unit of one with `to` decimals.
    /// `None` when the result is beyond what a number holds.
    #[must_use]
    pub fn convert(self, minor: i64, from: u8, to: u8, rounding: Rounding) -> Option<i64> {
        let scale = |exponent: u8| 10_u128.checked_pow(exponent.into());
        let product = u128::from(minor.unsigned_abs()) * u128::from(self.digits);
        let numerator = product.checked_mul(scale(to)?)?;
        let denominator = scale(self.decimals.checked_add(from)?)?;
        let (whole, rest) = (numerator / denominator, numerator % denominator);
        let up = match (rest.checked_mul(2)?.cmp(&denominator), rounding) {
            (std::cmp::Ordering::Less, _) => false,
            (std::cmp::Ordering::Equal, Rounding::HalfEven) => !whole.is_multiple_of(2),
            (std::cmp::Ordering::Equal, Rounding::HalfUp) | (std::cmp::Ordering::Greater, _) => true,
        };
        let converted = i64::try_from(whole.checked_add(u128::from(up))?).ok()?;
        Some(if minor < 0 { -converted } else { converted })
    }
}

impl fmt::Display for Rate {
    /// As decimal text, all decimals written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = usize::from(self.decimals);
        let text = format!("{:0width$}", self.digits, width = decimals + 1);
        let (whole, rest) = text.split_at(text.len() - decimals);
        if rest.is_empty() { f.write_str(whole) } else { write!(f, "{whole}.{rest}") }
    }
}

/// The rate in field 9 (to the settlement or reconciliation currency) or 10 (to the cardholder's).
///
/// # Errors
/// A field that is not eight digits.
pub fn rate(message: &Message<'_>, n: u8) -> Result<Option<Rate>, ViewError> {
    let Some(text) = digits(message, n)? else { return Ok(None) };
    let wrong = || ViewError::new(message.profile(), n, "", "is not a conversion rate");
    Rate::parse_field(&text).map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_decimals_with_their_point_moved() {
        #[rustfmt::skip]
        let table = [
            ("63652100", "3.652100"), ("40040125", "4.0125"), ("01000000", "1000000"), ("77090000", "0.7090000"),
            ("90000001", "0.000000001"), ("00000000", "0"),
        ];
        for (field, decimal) in table {
            let rate = Rate::parse_field(field).expect("eight digits");
            assert_eq!((rate.to_string().as_str(), rate.field().as_str()), (decimal, field));
            assert_eq!(Rate::parse_decimal(decimal), Some(rate));
        }
        for text in ["", ".5", "5.", "-1", "1e2", "12345678", "0.0000000001", "1.2.3", "3,6", "+1"] {
            assert_eq!(Rate::parse_decimal(text), None, "{text}");
        }
        for field in ["6365210", "636521000", "6365210X", "+3652100", ""] {
            assert_eq!(Rate::parse_field(field), None, "{field}");
        }
    }

    #[test]
    fn halves_go_where_the_caller_says() {
        let half = Rate::parse_decimal("0.5").expect("a rate");
        #[rustfmt::skip]
        let table = [(1, 0, 1), (3, 2, 2), (5, 2, 3), (-1, 0, -1), (-3, -2, -2), (-5, -2, -3), (4, 2, 2)];
        for (minor, even, up) in table {
            assert_eq!(half.convert(minor, 2, 2, Rounding::HalfEven), Some(even), "{minor}");
            assert_eq!(half.convert(minor, 2, 2, Rounding::HalfUp), Some(up), "{minor}");
        }
        let most = Rate::new(9_999_999, 0).expect("a rate");
        assert_eq!(most.convert(i64::MAX, 0, 3, Rounding::HalfUp), None);
        assert_eq!(most.convert(1, 0, 200, Rounding::HalfUp), None);
        assert_eq!(
            Rate::new(1, 9).and_then(|least| least.convert(i64::MIN, 0, 0, Rounding::HalfUp)),
            Some(-9_223_372_037)
        );
    }
}
