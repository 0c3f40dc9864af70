//! Money against vectors that were computed with another decimal library, and
//! against plain integer arithmetic.

use proptest::prelude::*;
use serde_json::Value;
use switch_core::money::{
    AMOUNT_MAX_MINOR, Currency, Money, MoneyError, ParseMoneyError, Rounding, conversion_rate, western_digit,
};

use crate::property::check;

const VECTORS: &str = include_str!("../../golden/currency/money-vectors.json");
const ISO_4217: &str = include_str!("../../golden/currency/iso4217.json");

/// The rows of one group; a group that is gone is a failure, not a pass.
fn rows(text: &str, group: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(text).expect("the golden file is JSON");
    let rows = file[group].as_array().cloned().unwrap_or_default();
    assert!(!rows.is_empty(), "no {group}");
    rows
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_else(|| panic!("{name} of {row}"))
}

fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_else(|| panic!("{name} of {row}"))
}

fn currency(row: &Value, name: &str) -> Currency {
    Currency::from_alpha(text(row, name)).unwrap_or_else(|| panic!("{name} of {row}"))
}

fn any_currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(Currency::all().collect::<Vec<_>>())
}

/// Amounts a payment can have, small and large ones alike.
fn any_minor() -> impl Strategy<Value = i64> {
    prop_oneof![0..=10_000i64, 0..=AMOUNT_MAX_MINOR, AMOUNT_MAX_MINOR - 10..=AMOUNT_MAX_MINOR]
}

/// Every integer, so that what a 53-bit mantissa would lose is met.
fn any_wide_minor() -> impl Strategy<Value = i64> {
    prop_oneof![-10_000..=10_000i64, (1 << 53) - 4..=(1 << 53) + 4i64, any::<i64>()]
}

fn any_rounding() -> impl Strategy<Value = Rounding> {
    prop::sample::select(vec![Rounding::HalfUp, Rounding::HalfEven, Rounding::Down])
}

/// `over / under` to a whole number, by integers alone. `under` is above zero.
fn divided(over: i128, under: i128, rounding: Rounding) -> i128 {
    let (whole, rest) = (over / under, (over % under).abs() * 2);
    let away = match rounding {
        Rounding::Down => false,
        Rounding::HalfUp => rest >= under,
        Rounding::HalfEven => rest > under || (rest == under && whole % 2 != 0),
    };
    whole + i128::from(away) * over.signum()
}

#[test]
fn the_table_of_currencies_is_that_of_iso_4217() {
    let rows = rows(ISO_4217, "currencies");
    assert_eq!(rows.len(), Currency::all().count());
    for (row, currency) in rows.iter().zip(Currency::all()) {
        assert_eq!(currency.alpha(), text(row, "alpha"));
        assert_eq!(currency.numeric(), text(row, "numeric"));
        assert_eq!(i64::from(currency.exponent()), number(row, "exponent"), "{currency}");
        assert_eq!(Currency::from_alpha(currency.alpha()), Some(currency));
        assert_eq!(Currency::from_numeric(currency.numeric()), Some(currency));
    }
    for unknown in ["ils", "ILs", "XXX", "", "376", "48"] {
        assert_eq!(Currency::from_alpha(unknown), None, "{unknown}");
    }
    for unknown in ["48", "ILS", "", "999"] {
        assert_eq!(Currency::from_numeric(unknown), None, "{unknown}");
    }
}

#[test]
fn vectors_de4() {
    for row in rows(VECTORS, "de4") {
        let currency = Currency::from_numeric(text(&row, "de49")).expect("a known currency");
        let money = Money::new(number(&row, "minor"), currency);
        assert_eq!(currency.alpha(), text(&row, "currency"));
        assert_eq!(money.de4().as_deref(), Ok(text(&row, "de4")), "{row}");
        assert_eq!(money.decimal(), text(&row, "decimal"), "{row}");
        assert_eq!(money.decimal(), text(&row, "iso20022"), "{row}");
        assert_eq!(money.to_string(), format!("{} {currency}", text(&row, "decimal")));
    }
    assert_eq!(Money::new(-1, Currency::Ils).de4(), Err(ParseMoneyError::Negative));
    assert_eq!(Money::new(AMOUNT_MAX_MINOR + 1, Currency::Ils).de4(), Err(ParseMoneyError::OverflowDe4));
}

#[test]
fn vectors_parse() {
    for row in rows(VECTORS, "parse") {
        let currency = currency(&row, "currency");
        let expected = match row["error"].as_str() {
            None | Some("non_canonical_but_accepted") => Ok(Money::new(number(&row, "minor"), currency)),
            Some("syntax") => Err(ParseMoneyError::Syntax),
            Some("negative") => Err(ParseMoneyError::Negative),
            Some("too_many_decimals") => Err(ParseMoneyError::TooManyDecimals),
            Some("overflow_de4") => Err(ParseMoneyError::OverflowDe4),
            Some(other) => panic!("no such error: {other}"),
        };
        assert_eq!(Money::parse(text(&row, "text"), currency), expected, "{row}");
    }
}

#[test]
fn what_is_not_an_amount_is_refused_by_its_rule() {
    for (text, error) in [
        ("+5", ParseMoneyError::Syntax),
        (" 5", ParseMoneyError::Syntax),
        ("5 ", ParseMoneyError::Syntax),
        ("5..0", ParseMoneyError::Syntax),
        ("5.0.0", ParseMoneyError::Syntax),
        ("٥٫٠.0", ParseMoneyError::Syntax),
        (".", ParseMoneyError::Syntax),
        ("NaN", ParseMoneyError::Syntax),
        ("0x10", ParseMoneyError::Syntax),
        ("-0", ParseMoneyError::Negative),
        ("0.000", ParseMoneyError::TooManyDecimals),
        ("10000000000.00", ParseMoneyError::OverflowDe4),
        ("9223372036854775808", ParseMoneyError::OverflowDe4),
        ("184467440737095516170", ParseMoneyError::OverflowDe4),
    ] {
        assert_eq!(Money::parse(text, Currency::Ils), Err(error), "{text}");
    }
    assert_eq!(Money::parse("۱۲٫۵", Currency::Ils), Ok(Money::new(1250, Currency::Ils)));
}

#[test]
fn vectors_conversion() {
    for row in rows(VECTORS, "conversion") {
        let rate = conversion_rate(text(&row, "de9")).expect("eight digits");
        assert_eq!(rate.to_string(), text(&row, "rate"), "{row}");
        let money = Money::new(number(&row, "minor"), currency(&row, "from_"));
        let to = currency(&row, "to");
        for (rounding, name) in [(Rounding::HalfEven, "half_even_minor"), (Rounding::HalfUp, "half_up_minor")]
        {
            let expected = Ok(Money::new(number(&row, name), to));
            assert_eq!(money.convert(rate, to, rounding), expected, "{name} of {row}");
        }
    }
    for bad in ["", "6365210", "636521000", "6365210a", "６３６５２１００"] {
        assert_eq!(conversion_rate(bad), None, "{bad}");
    }
}

#[test]
fn vectors_allocation() {
    for row in rows(VECTORS, "allocation") {
        let numbers = |name: &str| -> Vec<i64> {
            row[name].as_array().into_iter().flatten().filter_map(Value::as_i64).collect()
        };
        let weights: Vec<u32> =
            numbers("weights").into_iter().map(|w| w.try_into().expect("a weight")).collect();
        let parts: Vec<Money> =
            numbers("parts").into_iter().map(|minor| Money::new(minor, Currency::Ils)).collect();
        assert!(!parts.is_empty(), "{row}");
        let whole = Money::new(number(&row, "total_minor"), Currency::Ils);
        assert_eq!(whole.allocate(&weights), Some(parts), "{row}");
    }
    let whole = Money::new(100, Currency::Ils);
    assert_eq!(whole.allocate(&[]), None);
    assert_eq!(whole.allocate(&[0, 0]), None);
    assert_eq!(Money::new(-1, Currency::Ils).allocate(&[1]), None);
}

#[test]
fn vectors_percentage_fee() {
    for row in rows(VECTORS, "percentage_fee") {
        let money = Money::new(number(&row, "amount_minor"), Currency::Ils);
        let basis_points = number(&row, "basis_points").try_into().expect("basis points");
        for (rounding, name) in
            [(Rounding::HalfUp, "half_up"), (Rounding::HalfEven, "half_even"), (Rounding::Down, "down")]
        {
            let expected = Ok(Money::new(number(&row, name), Currency::Ils));
            assert_eq!(money.percentage(basis_points, rounding), expected, "{name} of {row}");
        }
    }
}

#[test]
fn vectors_vat_inclusive() {
    for row in rows(VECTORS, "vat_inclusive") {
        let gross = Money::new(number(&row, "gross_minor"), Currency::Ils);
        let percent = number(&row, "vat_percent").try_into().expect("a percentage");
        let minor = |name| Money::new(number(&row, name), Currency::Ils);
        let expected = Ok((minor("net_half_up"), minor("vat")));
        assert_eq!(gross.split_vat(percent, Rounding::HalfUp), expected, "{row}");
    }
}

#[test]
fn an_amount_reads_back_from_its_decimal_in_both_scripts() {
    check((any_minor(), any_currency()), |(minor, currency)| {
        let money = Money::new(minor, currency);
        let arabic = |c| match western_digit(c) {
            Some(digit) => char::from_u32('٠' as u32 + u32::from(digit)).unwrap_or(c),
            None => '٫',
        };
        prop_assert_eq!(Money::parse(&money.decimal(), currency), Ok(money));
        prop_assert_eq!(
            Money::parse(&money.decimal().chars().map(arabic).collect::<String>(), currency),
            Ok(money)
        );
        prop_assert_eq!(money.de4().map(|de4| de4.parse()), Ok(Ok(minor)));
        Ok(())
    });
}

#[test]
fn no_text_makes_the_reader_panic_and_what_it_accepts_it_writes_back() {
    check(("[-0-9٠-٩۰-۹.٫, e]{0,24}", any_currency()), |(typed, currency)| {
        if let Ok(money) = Money::parse(&typed, currency) {
            prop_assert!((0..=AMOUNT_MAX_MINOR).contains(&money.minor()));
            prop_assert_eq!(Money::parse(&money.decimal(), currency), Ok(money));
        }
        Ok(())
    });
}

#[test]
fn parts_sum_to_the_whole_and_none_is_a_minor_unit_off() {
    let weights = prop::collection::vec(prop_oneof![Just(0u32), 1..=100u32, any::<u32>()], 0..12);
    let minor = prop_oneof![any_minor(), 0..=i64::MAX];
    check((minor, weights), |(minor, weights)| {
        let total: i128 = weights.iter().map(|w| i128::from(*w)).sum();
        let Some(parts) = Money::new(minor, Currency::Jod).allocate(&weights) else {
            prop_assert_eq!(total, 0);
            return Ok(());
        };
        prop_assert_eq!(parts.len(), weights.len());
        prop_assert_eq!(parts.iter().map(|p| i128::from(p.minor())).sum::<i128>(), i128::from(minor));
        // By the largest remainder: whoever was rounded up had no smaller one than whoever was not.
        let mut least_up: Option<i128> = None;
        let mut most_down: Option<i128> = None;
        for (part, weight) in parts.iter().zip(&weights) {
            let exact = i128::from(minor) * i128::from(*weight);
            let (floor, rest) = (exact / total, exact % total);
            match i128::from(part.minor()) - floor {
                0 => most_down = Some(most_down.map_or(rest, |r| r.max(rest))),
                1 => least_up = Some(least_up.map_or(rest, |r| r.min(rest))),
                _ => prop_assert!(false, "{:?} of {} by {}", part, minor, weight),
            }
            prop_assert!(*weight > 0 || part.minor() == 0);
        }
        prop_assert!(least_up.is_none_or(|up| most_down.is_none_or(|down| up >= down)));
        Ok(())
    });
}

#[test]
fn a_fee_is_that_of_integer_arithmetic_at_any_size() {
    let points = prop_oneof![0..=10_000u32, any::<u32>()];
    check((any_wide_minor(), points, any_rounding()), |(minor, points, rounding)| {
        let exact = divided(i128::from(minor) * i128::from(points), 10_000, rounding);
        let expected = i64::try_from(exact).map_err(|_| MoneyError::Overflow);
        let fee = Money::new(minor, Currency::Usd).percentage(points, rounding);
        prop_assert_eq!(fee.map(Money::minor), expected);
        Ok(())
    });
}

#[test]
fn a_conversion_is_that_of_integer_arithmetic_for_every_payment() {
    let rate = (0..=7u32, 0..=9_999_999i64);
    check(
        (any_minor(), any_currency(), any_currency(), rate, any_rounding()),
        |(minor, from, to, (decimals, digits), rounding)| {
            let rate = conversion_rate(&format!("{decimals}{digits:07}")).expect("eight digits");
            let over = i128::from(minor) * i128::from(digits) * 10i128.pow(to.exponent());
            let exact = divided(over, 10i128.pow(from.exponent() + decimals), rounding);
            let expected = i64::try_from(exact).map_err(|_| MoneyError::Overflow);
            prop_assert_eq!(
                Money::new(minor, from).convert(rate, to, rounding).map(|m| (m.minor(), m.currency())),
                expected.map(|minor| (minor, to))
            );
            Ok(())
        },
    );
}

#[test]
fn net_and_tax_sum_to_the_price_at_any_size() {
    let percent = prop_oneof![0..=100u32, any::<u32>(), u32::MAX - 200..=u32::MAX];
    check((any_wide_minor(), percent, any_rounding()), |(minor, percent, rounding)| {
        let price = Money::new(minor, Currency::Ils);
        let (net, tax) = price.split_vat(percent, rounding).expect("it is not larger than the price");
        let exact = divided(i128::from(minor) * 100, 100 + i128::from(percent), rounding);
        prop_assert_eq!(i128::from(net.minor()), exact);
        prop_assert_eq!(net.checked_add(tax), Ok(price));
        Ok(())
    });
}

#[test]
fn sums_are_exact_or_refused() {
    check(
        (any_wide_minor(), any_currency(), any_wide_minor(), any_currency()),
        |(a_minor, a_currency, b_minor, b_currency)| {
            let (a, b) = (Money::new(a_minor, a_currency), Money::new(b_minor, b_currency));
            let expected = |minor: Option<i64>| {
                if a_currency != b_currency {
                    return Err(MoneyError::CurrencyMix(a_currency, b_currency));
                }
                minor.map(|minor| Money::new(minor, a_currency)).ok_or(MoneyError::Overflow)
            };
            prop_assert_eq!(a.checked_add(b), expected(a_minor.checked_add(b_minor)));
            prop_assert_eq!(a.checked_sub(b), expected(a_minor.checked_sub(b_minor)));
            Ok(())
        },
    );
}
