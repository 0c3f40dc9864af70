//! Currencies by ISO 4217: alphabetic code, numeric code, decimals of the minor unit.
//!
//! The active codes of list one, funds and metals included. Amounts of a currency without a minor unit
//! (`XAU`, `XDR`) have no number of decimals, and nothing here invents one.

use std::fmt;

/// A currency of ISO 4217.
///
/// ```
/// use codecs::iso4217::Currency;
/// let dinar = Currency::by_code("JOD").ok_or("no such currency")?;
/// assert_eq!((dinar.number(), dinar.decimals()), (400, Some(3)));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(u8);

/// In place of the decimals of what has none.
const NONE: u8 = u8::MAX;

impl Currency {
    /// By its alphabetic code, capital letters only.
    #[must_use]
    pub fn by_code(code: &str) -> Option<Self> {
        let place = TABLE.binary_search_by(|row| row.0.cmp(code)).ok()?;
        u8::try_from(place).ok().map(Self)
    }

    /// By its numeric code, as in DE49 of ISO 8583.
    #[must_use]
    pub fn by_number(number: u16) -> Option<Self> {
        let place = TABLE.iter().position(|row| row.1 == number)?;
        u8::try_from(place).ok().map(Self)
    }

    /// Every currency, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..TABLE.len() as u8).map(Self)
    }

    /// The three letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// The number, to be written with three digits.
    #[must_use]
    pub fn number(self) -> u16 {
        self.row().1
    }

    /// The decimals of its minor unit; `None` for metals, funds and test codes that have none.
    #[must_use]
    pub fn decimals(self) -> Option<u8> {
        Some(self.row().2).filter(|decimals| *decimals != NONE)
    }

    fn row(self) -> &'static (&'static str, u16, u8) {
        &TABLE[usize::from(self.0)]
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// ISO 4217 list one as of 2026-01-01, in the order of the codes.
#[rustfmt::skip]
static TABLE: [(&str, u16, u8); 178] = [
    ("AED", 784, 2), ("AFN", 971, 2), ("ALL", 8, 2), ("AMD", 51, 2), ("AOA", 973, 2), ("ARS", 32, 2),
    ("AUD", 36, 2), ("AWG", 533, 2), ("AZN", 944, 2), ("BAM", 977, 2), ("BBD", 52, 2), ("BDT", 50, 2),
    ("BHD", 48, 3), ("BIF", 108, 0), ("BMD", 60, 2), ("BND", 96, 2), ("BOB", 68, 2), ("BOV", 984, 2),
    ("BRL", 986, 2), ("BSD", 44, 2), ("BTN", 64, 2), ("BWP", 72, 2), ("BYN", 933, 2), ("BZD", 84, 2),
    ("CAD", 124, 2), ("CDF", 976, 2), ("CHE", 947, 2), ("CHF", 756, 2), ("CHW", 948, 2), ("CLF", 990, 4),
    ("CLP", 152, 0), ("CNY", 156, 2), ("COP", 170, 2), ("COU", 970, 2), ("CRC", 188, 2), ("CUP", 192, 2),
    ("CVE", 132, 2), ("CZK", 203, 2), ("DJF", 262, 0), ("DKK", 208, 2), ("DOP", 214, 2), ("DZD", 12, 2),
    ("EGP", 818, 2), ("ERN", 232, 2), ("ETB", 230, 2), ("EUR", 978, 2), ("FJD", 242, 2), ("FKP", 238, 2),
    ("GBP", 826, 2), ("GEL", 981, 2), ("GHS", 936, 2), ("GIP", 292, 2), ("GMD", 270, 2), ("GNF", 324, 0),
    ("GTQ", 320, 2), ("GYD", 328, 2), ("HKD", 344, 2), ("HNL", 340, 2), ("HTG", 332, 2), ("HUF", 348, 2),
    ("IDR", 360, 2), ("ILS", 376, 2), ("INR", 356, 2), ("IQD", 368, 3), ("IRR", 364, 2), ("ISK", 352, 0),
    ("JMD", 388, 2), ("JOD", 400, 3), ("JPY", 392, 0), ("KES", 404, 2), ("KGS", 417, 2), ("KHR", 116, 2),
    ("KMF", 174, 0), ("KPW", 408, 2), ("KRW", 410, 0), ("KWD", 414, 3), ("KYD", 136, 2), ("KZT", 398, 2),
    ("LAK", 418, 2), ("LBP", 422, 2), ("LKR", 144, 2), ("LRD", 430, 2), ("LSL", 426, 2), ("LYD", 434, 3),
    ("MAD", 504, 2), ("MDL", 498, 2), ("MGA", 969, 2), ("MKD", 807, 2), ("MMK", 104, 2), ("MNT", 496, 2),
    ("MOP", 446, 2), ("MRU", 929, 2), ("MUR", 480, 2), ("MVR", 462, 2), ("MWK", 454, 2), ("MXN", 484, 2),
    ("MXV", 979, 2), ("MYR", 458, 2), ("MZN", 943, 2), ("NAD", 516, 2), ("NGN", 566, 2), ("NIO", 558, 2),
    ("NOK", 578, 2), ("NPR", 524, 2), ("NZD", 554, 2), ("OMR", 512, 3), ("PAB", 590, 2), ("PEN", 604, 2),
    ("PGK", 598, 2), ("PHP", 608, 2), ("PKR", 586, 2), ("PLN", 985, 2), ("PYG", 600, 0), ("QAR", 634, 2),
    ("RON", 946, 2), ("RSD", 941, 2), ("RUB", 643, 2), ("RWF", 646, 0), ("SAR", 682, 2), ("SBD", 90, 2),
    ("SCR", 690, 2), ("SDG", 938, 2), ("SEK", 752, 2), ("SGD", 702, 2), ("SHP", 654, 2), ("SLE", 925, 2),
    ("SOS", 706, 2), ("SRD", 968, 2), ("SSP", 728, 2), ("STN", 930, 2), ("SVC", 222, 2), ("SYP", 760, 2),
    ("SZL", 748, 2), ("THB", 764, 2), ("TJS", 972, 2), ("TMT", 934, 2), ("TND", 788, 3), ("TOP", 776, 2),
    ("TRY", 949, 2), ("TTD", 780, 2), ("TWD", 901, 2), ("TZS", 834, 2), ("UAH", 980, 2), ("UGX", 800, 0),
    ("USD", 840, 2), ("USN", 997, 2), ("UYI", 940, 0), ("UYU", 858, 2), ("UYW", 927, 4), ("UZS", 860, 2),
    ("VED", 926, 2), ("VES", 928, 2), ("VND", 704, 0), ("VUV", 548, 0), ("WST", 882, 2), ("XAD", 396, 2),
    ("XAF", 950, 0), ("XAG", 961, NONE), ("XAU", 959, NONE), ("XBA", 955, NONE), ("XBB", 956, NONE), ("XBC", 957, NONE),
    ("XBD", 958, NONE), ("XCD", 951, 2), ("XCG", 532, 2), ("XDR", 960, NONE), ("XOF", 952, 0), ("XPD", 964, NONE),
    ("XPF", 953, 0), ("XPT", 962, NONE), ("XSU", 994, NONE), ("XTS", 963, NONE), ("XUA", 965, NONE), ("XXX", 999, NONE),
    ("YER", 886, 2), ("ZAR", 710, 2), ("ZMW", 967, 2), ("ZWG", 924, 2),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_numbers_are_unique() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0), "codes rise");
        let mut numbers: Vec<_> = Currency::all().map(Currency::number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), TABLE.len());
        assert!(Currency::all().all(|c| Currency::by_code(c.code()) == Some(c)));
        assert!(Currency::all().all(|c| Currency::by_number(c.number()) == Some(c)));
    }

    #[test]
    fn the_decimals_that_matter_here() {
        let decimals = |code| Currency::by_code(code).map(Currency::decimals);
        for (code, expected) in [("ILS", 2), ("JOD", 3), ("KWD", 3), ("JPY", 0), ("CLF", 4), ("EUR", 2)] {
            assert_eq!(decimals(code), Some(Some(expected)), "{code}");
        }
        assert_eq!(decimals("XAU"), Some(None));
        assert_eq!((decimals("ils"), decimals("ZZZ"), decimals("")), (None, None, None));
    }
}
