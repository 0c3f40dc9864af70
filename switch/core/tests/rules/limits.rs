//! The bounds of an amount, from both sides.

use switch_core::limits::{LimitError, check};
use switch_core::money::{Currency, Money};

#[test]
fn an_amount_is_above_zero_and_not_above_its_limit() {
    for (minor, max_minor, expected) in [
        (i64::MIN, 100, Err(LimitError::AmountNotPositive)),
        (-1, 100, Err(LimitError::AmountNotPositive)),
        (0, 100, Err(LimitError::AmountNotPositive)),
        (0, -1, Err(LimitError::AmountNotPositive)),
        (1, 100, Ok(())),
        (100, 100, Ok(())),
        (101, 100, Err(LimitError::AmountAboveLimit)),
        (1, 0, Err(LimitError::AmountAboveLimit)),
        (i64::MAX, i64::MAX, Ok(())),
    ] {
        assert_eq!(check(Money::new(minor, Currency::Ils), max_minor), expected, "{minor} of {max_minor}");
    }
}
