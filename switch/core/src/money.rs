//! Money: integers of minor units with their currency, never a float, never a
//! bare number. The exponent comes from the currency's row (ISO 4217), not from
//! the habit of two decimals: the Jordanian dinar has three.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};

/// The currencies the switch knows (ISO 4217). Without conversion between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Currency {
    /// New Israeli sheqel.
    Ils,
    /// Jordanian dinar, three decimals.
    Jod,
    /// United States dollar.
    Usd,
    /// Euro.
    Eur,
    /// Egyptian pound.
    Egp,
    /// Pound sterling.
    Gbp,
    /// Yen, no decimals.
    Jpy,
    /// Bahraini dinar, three decimals.
    Bhd,
}

/// One row of ISO 4217.
struct CurrencyFacts {
    currency: Currency,
    alpha: &'static str,
    numeric: &'static str,
    exponent: u32,
}

const fn facts(
    currency: Currency,
    alpha: &'static str,
    numeric: &'static str,
    exponent: u32,
) -> CurrencyFacts {
    CurrencyFacts { currency, alpha, numeric, exponent }
}

/// In the order of the enum, so that `currency as usize` finds the row.
const CURRENCIES: [CurrencyFacts; 8] = [
    facts(Currency::Ils, "ILS", "376", 2),
    facts(Currency::Jod, "JOD", "400", 3),
    facts(Currency::Usd, "USD", "840", 2),
    facts(Currency::Eur, "EUR", "978", 2),
    facts(Currency::Egp, "EGP", "818", 2),
    facts(Currency::Gbp, "GBP", "826", 2),
    facts(Currency::Jpy, "JPY", "392", 0),
    facts(Currency::Bhd, "BHD", "048", 3),
];

impl Currency {
    /// Every currency, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        CURRENCIES.iter().map(|row| row.currency)
    }

    fn row(self) -> &'static CurrencyFacts {
        &CURRENCIES[self as usize]
    }

    /// Three letters, such as `ILS` (ISO 4217 alphabetic code).
    #[must_use]
    pub fn alpha(self) -> &'static str {
        self.row().alpha
    }

    /// Three digits, such as `376` (ISO 4217 numeric code; ISO 8583 field 49).
    #[must_use]
    pub fn numeric(self) -> &'static str {
        self.row().numeric
    }

    /// Number of decimals of the minor unit.
    #[must_use]
    pub fn exponent(self) -> u32 {
        self.row().exponent
    }

    /// The currency of an alphabetic code; capitals only.
    #[must_use]
    pub fn from_alpha(code: &str) -> Option<Self> {
        CURRENCIES.iter().find(|row| row.alpha == code).map(|row| row.currency)
    }

    /// The currency of a numeric code with its leading zeros.
    #[must_use]
    pub fn from_numeric(code: &str) -> Option<Self> {
        CURRENCIES.iter().find(|row| row.numeric == code).map(|row| row.currency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.alpha())
    }
}

/// An amount of one currency in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// The largest amount ISO 8583 field 4 can carry: twelve digits of minor units.
pub const AMOUNT_MAX_MINOR: i64 = 999_999_999_999;

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseMoneyError {
    /// Not digits with at most one decimal point between them.
    #[error("is not an amount such as 50.00")]
    Syntax,
    /// A minus sign.
    #[error("must not be negative")]
    Negative,
    /// More decimals than the currency has.
    #[error("has more decimals than the currency allows")]
    TooManyDecimals,
    /// More than twelve digits of minor units.
    #[error("is larger than a payment message can carry")]
    OverflowDe4,
}

/// Two amounts that cannot be added, or a sum beyond the integer's range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Different currencies; the switch never converts by itself.
    #[error("{0} and {1} cannot be combined")]
    CurrencyMix(Currency, Currency),
    /// Beyond the range of the integer.
    #[error("the amount overflows")]
    Overflow,
}

/// How a fraction of a minor unit is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Half away from zero: the default for fees.
    HalfUp,
    /// Half to the even neighbour: the default for converted amounts.
    HalfEven,
    /// Toward zero.
    Down,
}

impl Rounding {
    fn strategy(self) -> RoundingStrategy {
        match self {
            Self::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Self::HalfEven => RoundingStrategy::MidpointNearestEven,
            Self::Down => RoundingStrategy::ToZero,
        }
    }
}

impl Money {
    /// `minor` units of `currency`.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Minor units: agorot, fils, cents.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError`] when the currencies differ or the sum leaves the range.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`MoneyError`] when the currencies differ or the result leaves the range.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    fn combine(self, other: Self, op: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMix(self.currency, other.currency));
        }
        let minor = op(self.minor, other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(minor, self.currency))
    }

    /// Reads a decimal such as `50.00`, `50` or `٥٠٫٠٠` (Arabic-Indic digits and
    /// separator). No sign, no grouping, no exponent.
    ///
    /// # Errors
    /// [`ParseMoneyError`] says which rule the text breaks.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, ParseMoneyError> {
        if text.starts_with('-') {
            return Err(ParseMoneyError::Negative);
        }
        let mut minor: i64 = 0;
        let (mut whole_digits, mut decimals, mut point) = (0u32, 0u32, false);
        for c in text.chars() {
            match western_digit(c) {
                Some(digit) => {
                    if point {
                        decimals += 1;
                        if decimals > currency.exponent() {
                            return Err(ParseMoneyError::TooManyDecimals);
                        }
                    } else {
                        whole_digits += 1;
                    }
                    minor = minor.saturating_mul(10).saturating_add(i64::from(digit));
                }
                None if !point && (c == '.' || c == '٫') => point = true,
                None => return Err(ParseMoneyError::Syntax),
            }
        }
        if whole_digits == 0 || (point && decimals == 0) {
            return Err(ParseMoneyError::Syntax);
        }
        for _ in decimals..currency.exponent() {
            minor = minor.saturating_mul(10);
        }
        if minor > AMOUNT_MAX_MINOR {
            return Err(ParseMoneyError::OverflowDe4);
        }
        Ok(Self::new(minor, currency))
    }

    /// The decimal text with exactly the currency's decimals, Western digits:
    /// `12.345` for JOD, `1500` for JPY.
    #[must_use]
    pub fn decimal(self) -> String {
        let exponent = self.currency.exponent() as usize;
        let digits = format!("{:0width$}", self.minor.unsigned_abs(), width = exponent + 1);
        let (whole, fraction) = digits.split_at(digits.len() - exponent);
        let sign = if self.minor < 0 { "-" } else { "" };
        if exponent == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }

    /// Twelve digits of minor units for ISO 8583 field 4.
    ///
    /// # Errors
    /// [`ParseMoneyError`] when negative or above twelve digits.
    pub fn de4(self) -> Result<String, ParseMoneyError> {
        match self.minor {
            i64::MIN..0 => Err(ParseMoneyError::Negative),
            0..=AMOUNT_MAX_MINOR => Ok(format!("{:012}", self.minor)),
            _ => Err(ParseMoneyError::OverflowDe4),
        }
    }

    /// Splits into parts proportional to `weights` by the largest remainder,
    /// ties to the lower index. The parts always sum to the whole.
    /// `None` when no weight is positive or the amount is negative.
    #[must_use]
    pub fn allocate(self, weights: &[u32]) -> Option<Vec<Self>> {
        let total: u64 = weights.iter().map(|w| u64::from(*w)).sum();
        let whole = u128::try_from(self.minor).ok()?;
        if total == 0 {
            return None;
        }
        let total = u128::from(total);
        let mut shares: Vec<(usize, u128, u128)> = weights
            .iter()
            .enumerate()
            .map(|(i, w)| {
                let exact = whole * u128::from(*w);
                (i, exact / total, exact % total)
            })
            .collect();
        let given: u128 = shares.iter().map(|(_, part, _)| part).sum();
        shares.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
        for share in shares.iter_mut().take((whole - given) as usize) {
            share.1 += 1;
        }
        shares.sort_by_key(|(i, _, _)| *i);
        Some(shares.iter().map(|(_, part, _)| Self::new(*part as i64, self.currency)).collect())
    }

    /// The fee of `basis_points` hundredths of a percent of this amount.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the fee leaves the integer's range.
    pub fn percentage(self, basis_points: u32, rounding: Rounding) -> Result<Self, MoneyError> {
        let exact = Decimal::from(self.minor)
            .checked_mul(Decimal::new(i64::from(basis_points), 4))
            .ok_or(MoneyError::Overflow)?;
        Self::rounded(exact, self.currency, rounding)
    }

    /// This amount in another currency at `rate` units of `to` per unit.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the result leaves the integer's range.
    pub fn convert(self, rate: Decimal, to: Currency, rounding: Rounding) -> Result<Self, MoneyError> {
        let shift =
            Decimal::from(10i64.pow(to.exponent())) / Decimal::from(10i64.pow(self.currency.exponent()));
        let exact = Decimal::from(self.minor)
            .checked_mul(rate)
            .and_then(|x| x.checked_mul(shift))
            .ok_or(MoneyError::Overflow)?;
        Self::rounded(exact, to, rounding)
    }

    fn rounded(exact: Decimal, currency: Currency, rounding: Rounding) -> Result<Self, MoneyError> {
        let whole = exact.round_dp_with_strategy(0, rounding.strategy());
        let minor = i64::try_from(whole).map_err(|_| MoneyError::Overflow)?;
        Ok(Self::new(minor, currency))
    }

    /// Splits a price that includes VAT into net and tax; they sum to the price.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the net leaves the integer's range.
    pub fn split_vat(self, percent: u32, rounding: Rounding) -> Result<(Self, Self), MoneyError> {
        let net = Decimal::from(self.minor) * Decimal::from(100) / Decimal::from(100 + u64::from(percent));
        let net = Self::rounded(net, self.currency, rounding)?;
        Ok((net, self.checked_sub(net)?))
    }
}

/// The amount and its currency: `50.00 ILS`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

/// The value of a Western, Arabic-Indic or Eastern Arabic-Indic digit.
#[must_use]
pub fn western_digit(c: char) -> Option<u8> {
    match c {
        '0'..='9' => Some(c as u8 - b'0'),
        '٠'..='٩' => u8::try_from(c as u32 - '٠' as u32).ok(),
        '۰'..='۹' => u8::try_from(c as u32 - '۰' as u32).ok(),
        _ => None,
    }
}

/// Reads ISO 8583 field 9 or 10: the first digit is the number of decimals,
/// the other seven the rate. `None` unless it is eight digits.
#[must_use]
pub fn conversion_rate(de9: &str) -> Option<Decimal> {
    if de9.len() != 8 || !de9.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (decimals, digits) = de9.split_at(1);
    Some(Decimal::new(digits.parse().ok()?, decimals.parse().ok()?))
}
