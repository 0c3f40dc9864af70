//! Exact decimal amounts between text and integers. No floats, no rounding: what does not fit is refused.
//!
//! [`Decimal`] is what a message says, with the decimals it was written with; minor units are what books keep.
//! How many decimals a currency has is told by [`Currency::decimals`], never assumed to be two.

use std::cmp::Ordering;
use std::fmt;

use crate::digits;
use crate::iso4217::Currency;

/// A decimal number as it was written: `12.30` is 1230 with a scale of two. At most 18 digits, at most 9 of them decimals.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    units: i64,
    scale: u8,
}

/// Why a text is no amount, or an amount does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not digits with at most one separator between them.
    #[error("the amount is not a decimal number")]
    Syntax,
    /// More decimals than the currency has.
    #[error("the amount has more decimals than its currency")]
    TooManyDecimals,
    /// More digits than can be kept.
    #[error("the amount has too many digits")]
    TooLarge,
    /// The currency has no minor unit.
    #[error("the currency has no minor unit")]
    NoMinorUnit,
    /// Below zero, where only what is paid is asked for.
    #[error("the amount is negative")]
    Negative,
}

impl Decimal {
    /// The greatest number of digits.
    pub const DIGITS_MAX: usize = 18;
    /// The greatest number of decimals.
    pub const SCALE_MAX: u8 = 9;

    /// `units` with the last `scale` digits after the separator; `None` beyond the limits.
    #[must_use]
    pub const fn new(units: i64, scale: u8) -> Option<Self> {
        if scale <= Self::SCALE_MAX && units.unsigned_abs() < POWERS[Self::DIGITS_MAX] as u64 {
            Some(Self { units, scale })
        } else {
            None
        }
    }

    /// An amount of `currency` in its minor units.
    ///
    /// # Errors
    /// `NoMinorUnit`, `TooLarge`.
    pub fn of_minor(minor: i64, currency: Currency) -> Result<Self, AmountError> {
        let decimals = currency.decimals().ok_or(AmountError::NoMinorUnit)?;
        Self::new(minor, decimals).ok_or(AmountError::TooLarge)
    }

    /// Reads `-?digits[.digits]`, with a point as XML and JSON write it.
    ///
    /// # Errors
    /// `Syntax`, `TooLarge`.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        Self::parse_with(text, b'.')
    }

    /// Reads `digits,digits`, as SWIFT's MT messages write it: the comma is mandatory, decimals are not.
    ///
    /// # Errors
    /// `Syntax`, `TooLarge`.
    pub fn parse_swift(text: &str) -> Result<Self, AmountError> {
        let whole = text.strip_suffix(',');
        match whole {
            Some(whole) => Self::parse_with(whole, b','),
            None if text.contains(',') => Self::parse_with(text, b','),
            None => Err(AmountError::Syntax),
        }
        .and_then(|read| if read.units < 0 { Err(AmountError::Syntax) } else { Ok(read) })
    }

    /// Reads what a person typed or copied: Latin, Arabic-Indic or Persian digits, a point or the Arabic decimal
    /// separator (U+066B), groups of three divided by the Arabic thousands separator (U+066C), direction marks and
    /// blanks around it left out. A comma is refused, because some write decimals with it and some thousands.
    ///
    /// # Errors
    /// `Syntax`, `TooLarge`, `Negative`.
    pub fn parse_typed(text: &str) -> Result<Self, AmountError> {
        const TYPED_MAX: usize = 64;
        let plain: String = digits::typed(text).map(|(_, c)| c).take(TYPED_MAX + 1).collect();
        if plain.chars().count() > TYPED_MAX {
            return Err(AmountError::TooLarge);
        }
        if let Some(rest) = plain.strip_prefix(['-', '\u{2212}']) {
            let is_number = rest.starts_with(|c: char| c.is_ascii_digit());
            return Err(if is_number { AmountError::Negative } else { AmountError::Syntax });
        }
        let (whole, decimals) = match plain.split_once(['.', '\u{066B}']) {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (plain.as_str(), None),
        };
        let mut number = match whole.split_once('\u{066C}') {
            None => whole.to_owned(),
            Some((first, rest)) => {
                let of_three = rest.split('\u{066C}').all(|group| group.len() == 3);
                if !(1..=3).contains(&first.len()) || !of_three {
                    return Err(AmountError::Syntax);
                }
                first.to_owned() + &rest.replace('\u{066C}', "")
            }
        };
        if let Some(decimals) = decimals {
            number.push('.');
            number.push_str(decimals);
        }
        Self::parse(&number)
    }

    fn parse_with(text: &str, separator: u8) -> Result<Self, AmountError> {
        let (negative, digits) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (whole, decimals) = match digits.iter().position(|c| *c == separator) {
            None => (digits, &digits[digits.len()..]),
            Some(at) => {
                let (whole, rest) = digits.split_at(at);
                (whole, rest.get(1..).filter(|d| !d.is_empty()).ok_or(AmountError::Syntax)?)
            }
        };
        if whole.is_empty() {
            return Err(AmountError::Syntax);
        }
        let mut units = 0_i64;
        for digit in whole.iter().chain(decimals) {
            let digit = digit.wrapping_sub(b'0');
            if digit > 9 {
                return Err(AmountError::Syntax);
            }
            units = units
                .checked_mul(10)
                .and_then(|units| units.checked_add(digit.into()))
                .ok_or(AmountError::TooLarge)?;
        }
        let scale = u8::try_from(decimals.len()).map_err(|_| AmountError::TooLarge)?;
        Self::new(if negative { -units } else { units }, scale).ok_or(AmountError::TooLarge)
    }

    /// The digits without the separator.
    #[must_use]
    pub const fn units(self) -> i64 {
        self.units
    }

    /// How many of the digits stand after the separator.
    #[must_use]
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// The same amount in the minor units of `currency`.
    ///
    /// # Errors
    /// `TooManyDecimals` unless the surplus is zeros, `TooLarge`, `NoMinorUnit`.
    pub fn to_minor(self, currency: Currency) -> Result<i64, AmountError> {
        self.to_scale(currency.decimals().ok_or(AmountError::NoMinorUnit)?).map(Self::units)
    }

    /// The same amount written with `scale` decimals.
    ///
    /// # Errors
    /// `TooManyDecimals` unless what is cut off is zeros, `TooLarge`.
    pub fn to_scale(self, scale: u8) -> Result<Self, AmountError> {
        let units = if scale >= self.scale {
            let power = POWERS.get(usize::from(scale - self.scale)).ok_or(AmountError::TooLarge)?;
            self.units.checked_mul(*power).ok_or(AmountError::TooLarge)?
        } else {
            let power = POWERS[usize::from(self.scale - scale)];
            if self.units % power != 0 {
                return Err(AmountError::TooManyDecimals);
            }
            self.units / power
        };
        Self::new(units, scale).ok_or(AmountError::TooLarge)
    }

    /// The sum of both, with the decimals of the finer one; `None` beyond the limits.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let (a, b) = (self.to_scale(scale).ok()?, other.to_scale(scale).ok()?);
        Self::new(a.units.checked_add(b.units)?, scale)
    }

    /// The same amount, taken away instead of given.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self { units: -self.units, scale: self.scale }
    }

    /// Written with a comma, as SWIFT's MT messages want it: `50,`, `12,345`.
    #[must_use]
    pub fn swift(self) -> String {
        let text = self.to_string().replace('.', ",");
        if text.contains(',') { text } else { text + "," }
    }
}

/// What a person typed, in the minor units of `currency`: no decimals beyond those of the currency, zeros neither, and
/// no more than the twelve digits of field 4 of ISO 8583.
///
/// # Errors
/// Those of [`Decimal::parse_typed`], `TooManyDecimals`, `TooLarge`, `NoMinorUnit`.
pub fn minor_of_typed(text: &str, currency: Currency) -> Result<i64, AmountError> {
    let decimals = currency.decimals().ok_or(AmountError::NoMinorUnit)?;
    let typed = Decimal::parse_typed(text)?;
    if typed.scale() > decimals {
        return Err(AmountError::TooManyDecimals);
    }
    let minor = typed.to_scale(decimals)?.units();
    if minor > 999_999_999_999 { Err(AmountError::TooLarge) } else { Ok(minor) }
}

/// The powers of ten up to the greatest number of digits.
const POWERS: [i64; Decimal::DIGITS_MAX + 1] = {
    let mut powers = [1; Decimal::DIGITS_MAX + 1];
    let mut place = 1;
    while place <= Decimal::DIGITS_MAX {
        powers[place] = powers[place - 1] * 10;
        place += 1;
    }
    powers
};

impl Ord for Decimal {
    /// By value: `1.5` and `1.50` are the same amount.
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        let at = |d: &Self| i128::from(d.units) * i128::from(POWERS[usize::from(scale - d.scale)]);
        at(self).cmp(&at(other))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl fmt::Display for Decimal {
    /// With as many decimals as it was written with.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let power = POWERS[usize::from(self.scale)].unsigned_abs();
        let (whole, decimals) = (self.units.unsigned_abs() / power, self.units.unsigned_abs() % power);
        let sign = if self.units < 0 { "-" } else { "" };
        match self.scale {
            0 => write!(f, "{sign}{whole}"),
            scale => write!(f, "{sign}{whole}.{decimals:0width$}", width = usize::from(scale)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_exactly_or_refused() {
        #[rustfmt::skip]
        let table = [
            ("50",        Ok((50, 0))),
            ("50.00",     Ok((5000, 2))),
            ("-0.05",     Ok((-5, 2))),
            ("12.345",    Ok((12_345, 3))),
            ("00050.00",  Ok((5000, 2))),
            ("",          Err(AmountError::Syntax)),
            ("-",         Err(AmountError::Syntax)),
            (".5",        Err(AmountError::Syntax)),
            ("5.",        Err(AmountError::Syntax)),
            ("1.2.3",     Err(AmountError::Syntax)),
            ("1e2",       Err(AmountError::Syntax)),
            ("+1",        Err(AmountError::Syntax)),
            ("1,00",      Err(AmountError::Syntax)),
            ("1234567890123456789", Err(AmountError::TooLarge)),
            ("0.0000000001", Err(AmountError::TooLarge)),
        ];
        for (text, expected) in table {
            assert_eq!(Decimal::parse(text).map(|d| (d.units(), d.scale())), expected, "{text:?}");
        }
        assert_eq!(Decimal::parse_swift("1000,000").map(|d| (d.units(), d.scale())), Ok((1_000_000, 3)));
        assert_eq!(Decimal::parse_swift("50,").map(|d| (d.units(), d.scale())), Ok((50, 0)));
        for wrong in ["50", ",50", "-1,0", "1.0", ""] {
            assert_eq!(
                Decimal::parse_swift(wrong).map(Decimal::units),
                Err(AmountError::Syntax),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn minor_units_are_those_of_the_currency() {
        let minor = |text: &str, code| {
            let currency = Currency::by_code(code).expect("a currency");
            Decimal::parse(text).and_then(|d| d.to_minor(currency))
        };
        assert_eq!(minor("50", "ILS"), Ok(5000));
        assert_eq!(minor("12.345", "JOD"), Ok(12_345));
        assert_eq!(minor("12.3450", "JOD"), Ok(12_345));
        assert_eq!(minor("12.345", "ILS"), Err(AmountError::TooManyDecimals));
        assert_eq!(minor("1500", "JPY"), Ok(1500));
        assert_eq!(minor("1", "XAU"), Err(AmountError::NoMinorUnit));
        assert_eq!(minor("999999999999999999", "ILS"), Err(AmountError::TooLarge));
    }

    #[test]
    fn equal_amounts_are_equal_however_they_are_written() {
        let read = |text| Decimal::parse(text).expect("a number");
        assert_eq!(read("1.5"), read("1.50"));
        assert!(read("-2") < read("1.999"));
        assert_eq!(read("1.5").checked_add(read("-0.25")).map(|sum| sum.to_string()), Some("1.25".into()));
        assert_eq!(read("-0.05").to_string(), "-0.05");
        assert_eq!((read("12.345").swift(), read("50").swift()), ("12,345".into(), "50,".into()));
        assert_eq!(read("999999999999999999").checked_add(read("1")), None);
    }
}
