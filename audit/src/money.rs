//! Amounts in words: minor units with the decimals of their currency (ISO 4217).

/// Alphabetic code, number, decimals.
const CURRENCIES: &[(&str, &str, u32)] = &[
    ("ILS", "376", 2),
    ("JOD", "400", 3),
    ("USD", "840", 2),
    ("EUR", "978", 2),
    ("EGP", "818", 2),
    ("GBP", "826", 2),
    ("JPY", "392", 0),
    ("BHD", "048", 3),
];

/// `5.000 JOD`; a currency that is not known is shown in minor units.
pub(crate) fn amount(minor: i128, currency: &str) -> String {
    let Some((_, _, decimals)) = CURRENCIES.iter().find(|(alpha, ..)| *alpha == currency) else {
        return format!("{minor} minor units of {currency}");
    };
    let unit = 10_u128.pow(*decimals);
    let (sign, minor) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
    match decimals {
        0 => format!("{sign}{minor} {currency}"),
        _ => {
            let width = *decimals as usize;
            format!("{sign}{}.{:0width$} {currency}", minor / unit, minor % unit)
        }
    }
}

/// The letters of a currency that a message names by its number; letters stay.
pub(crate) fn letters(currency: &str) -> &str {
    CURRENCIES.iter().find(|(_, number, _)| *number == currency).map_or(currency, |(alpha, ..)| alpha)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_the_decimals_of_its_currency() {
        for (minor, currency, text) in [
            (5_000, "JOD", "5.000 JOD"),
            (5_000, "ILS", "50.00 ILS"),
            (-7, "USD", "-0.07 USD"),
            (12, "JPY", "12 JPY"),
            (12, "XAU", "12 minor units of XAU"),
        ] {
            assert_eq!(amount(minor, currency), text);
        }
        assert_eq!((letters("400"), letters("JOD"), letters("999")), ("JOD", "JOD", "999"));
    }
}
