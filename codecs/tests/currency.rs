//! Currencies and amounts against the tables, and amounts as people type them.

use codecs::amount::{AmountError, Decimal, minor_of_typed};
use codecs::iso4217::Currency;
use proptest::prelude::*;

use crate::support::{golden, list, text};

fn currency(code: &str) -> Currency {
    Currency::by_code(code).unwrap_or_else(|| panic!("no currency {code}"))
}

#[test]
fn currencies_have_the_numbers_and_decimals_of_the_table() {
    for row in list(&golden("currency/iso4217.json"), "currencies") {
        let currency = currency(text(&row["alpha"]));
        assert_eq!(format!("{:03}", currency.number()), text(&row["numeric"]));
        assert_eq!(currency.decimals().map(u64::from), row["exponent"].as_u64(), "{row}");
        assert_eq!(Currency::by_number(currency.number()), Some(currency));
    }
}

#[test]
fn field_4_and_decimal_text_say_the_same() {
    for row in list(&golden("currency/money-vectors.json"), "de4") {
        let currency = currency(text(&row["currency"]));
        let minor = row["minor"].as_i64().expect("minor units");
        let decimal = Decimal::of_minor(minor, currency).expect("it fits");
        assert_eq!(decimal.to_string(), text(&row["decimal"]));
        assert_eq!(format!("{minor:012}"), text(&row["de4"]));
        assert_eq!(minor_of_typed(text(&row["decimal"]), currency), Ok(minor));
        assert_eq!(Decimal::parse(text(&row["iso20022"])).and_then(|d| d.to_minor(currency)), Ok(minor));
    }
}

#[test]
fn typed_amounts_are_read_as_the_vectors_say() {
    for row in list(&golden("currency/money-vectors.json"), "parse") {
        let read = minor_of_typed(text(&row["text"]), currency(text(&row["currency"])));
        let expected = match row["error"].as_str() {
            None | Some("non_canonical_but_accepted") => Ok(row["minor"].as_i64().expect("minor units")),
            Some("too_many_decimals") => Err(AmountError::TooManyDecimals),
            Some("negative") => Err(AmountError::Negative),
            Some("overflow_de4") => Err(AmountError::TooLarge),
            Some("syntax") => Err(AmountError::Syntax),
            Some(other) => panic!("an error without a name: {other}"),
        };
        assert_eq!(read, expected, "{row}");
    }
}

#[test]
fn arabic_amounts_are_read() {
    use AmountError::{Negative, Syntax, TooLarge};
    #[rustfmt::skip]
    let table = [
        ("١٬٢٣٤٫٥٠",                 Ok("1234.50")),
        ("۱۲۳۴٫۵",                   Ok("1234.5")),
        ("٥٠.٠٠",                    Ok("50.00")),
        ("5٠",                       Ok("50")),
        ("\u{200F}٥٠\u{200E} ",      Ok("50")),
        ("١٬٢٣٤٬٥٦٧",                Ok("1234567")),
        ("١٢٣٤٬٥٦٧",                 Err(Syntax)),
        ("١٬٢٣",                     Err(Syntax)),
        ("٬١٢٣",                     Err(Syntax)),
        ("١٬٬٢٣٤",                   Err(Syntax)),
        ("١٫٢٣٤٬٥٦٧",                Err(Syntax)),
        ("١٫٢٫٣",                    Err(Syntax)),
        ("١٫",                       Err(Syntax)),
        ("٫٥",                       Err(Syntax)),
        ("١٬٢٣٤,٥",                  Err(Syntax)),
        ("1 000",                    Err(Syntax)),
        ("",                         Err(Syntax)),
        ("-",                        Err(Syntax)),
        ("--1",                      Err(Syntax)),
        ("-1",                       Err(Negative)),
        ("-x",                       Err(Syntax)),
        ("\u{2212}٥",                Err(Negative)),
        ("١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦٧٨٩",      Err(TooLarge)),
    ];
    for (typed, expected) in table {
        let read = Decimal::parse_typed(typed).map(|amount| amount.to_string());
        assert_eq!(read.as_deref(), expected.as_ref().map(|text| *text), "{typed:?}");
    }
    let zeros = |count: usize| Decimal::parse_typed(&format!("{}5", "0".repeat(count))).map(Decimal::units);
    assert_eq!((zeros(63), zeros(64)), (Ok(5), Err(TooLarge)), "what is too long is not cut");
    assert_eq!(minor_of_typed("1", currency("XAU")), Err(AmountError::NoMinorUnit));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever digits and separators an amount is written with, it is the same amount.
    #[test]
    fn an_amount_is_the_same_in_every_script(minor in 0..=999_999_999_999_i64, code in "(ILS|JOD|JPY|USD)", script in 0..3_u32) {
        let currency = currency(&code);
        let plain = Decimal::of_minor(minor, currency).expect("twelve digits").to_string();
        let zero = ['0', '٠', '۰'][script as usize] as u32;
        let (whole, decimals) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut written = String::new();
        for (at, digit) in whole.chars().enumerate() {
            if script > 0 && at > 0 && (whole.len() - at).is_multiple_of(3) {
                written.push('٬');
            }
            written.extend(char::from_u32(zero + digit as u32 - '0' as u32));
        }
        if !decimals.is_empty() {
            written.push(if script == 0 { '.' } else { '٫' });
            written.extend(decimals.chars().filter_map(|digit| char::from_u32(zero + digit as u32 - '0' as u32)));
        }
        prop_assert_eq!(minor_of_typed(&written, currency), Ok(minor), "{}", written);
    }

    #[test]
    fn arbitrary_text_is_an_amount_or_refused(text in ".{0,40}") {
        if let Ok(amount) = Decimal::parse_typed(&text) {
            prop_assert_eq!(Decimal::parse(&amount.to_string()), Ok(amount));
        }
    }
}
