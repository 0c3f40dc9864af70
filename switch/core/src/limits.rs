//! How much one payment may be.

use crate::money::Money;

/// Why an amount is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// Zero or negative.
    #[error("the amount must be above zero")]
    AmountNotPositive,
    /// Above what the limit allows.
    #[error("the amount is above the limit")]
    AmountAboveLimit,
}

/// Checks an amount against a largest value in minor units.
///
/// # Errors
/// [`LimitError`] says which bound it misses.
pub fn check(amount: Money, max_minor: i64) -> Result<(), LimitError> {
    match amount.minor() {
        i64::MIN..=0 => Err(LimitError::AmountNotPositive),
        minor if minor > max_minor => Err(LimitError::AmountAboveLimit),
        _ => Ok(()),
    }
}
