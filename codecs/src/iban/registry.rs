//! The countries of the IBAN registry: how long their numbers are, of what they are made, where the bank stands.

use std::ops::Range;

/// One line of the registry.
#[derive(Clone, Copy)]
pub(super) struct Country {
    pub(super) letters: &'static str,
    /// The layout of the BBAN in the registry's notation: `4!a` is four letters, `n` digits, `c` either.
    layout: &'static str,
    /// Where in the BBAN the bank's identifier begins, and how long it is.
    bank: (u8, u8),
}

/// By letters, in alphabetical order.
#[rustfmt::skip]
pub(super) const COUNTRIES: [Country; 89] = [
    of("AD", "4!n4!n12!c",            (0, 4)),
    of("AE", "3!n16!n",               (0, 3)),
    of("AL", "8!n16!c",               (0, 3)),
    of("AT", "5!n11!n",               (0, 5)),
    of("AZ", "4!a20!c",               (0, 4)),
    of("BA", "3!n3!n8!n2!n",          (0, 3)),
    of("BE", "3!n7!n2!n",             (0, 3)),
    of("BG", "4!a4!n2!n8!c",          (0, 4)),
    of("BH", "4!a14!c",               (0, 4)),
    of("BI", "5!n5!n11!n2!n",         (0, 5)),
    of("BR", "8!n5!n10!n1!a1!c",      (0, 8)),
    of("BY", "4!c4!n16!c",            (0, 4)),
    of("CH", "5!n12!c",               (0, 5)),
    of("CR", "4!n14!n",               (0, 4)),
    of("CY", "3!n5!n16!c",            (0, 3)),
    of("CZ", "4!n16!n",               (0, 4)),
    of("DE", "8!n10!n",               (0, 8)),
    of("DJ", "5!n5!n11!n2!n",         (0, 5)),
    of("DK", "4!n9!n1!n",             (0, 4)),
    of("DO", "4!c20!n",               (0, 4)),
    of("EE", "2!n14!n",               (0, 2)),
    of("EG", "4!n4!n17!n",            (0, 4)),
    of("ES", "4!n4!n1!n1!n10!n",      (0, 4)),
    of("FI", "3!n11!n",               (0, 3)),
    of("FK", "2!a12!n",               (0, 2)),
    of("FO", "4!n9!n1!n",             (0, 4)),
    of("FR", "5!n5!n11!c2!n",         (0, 5)),
    of("GB", "4!a6!n8!n",             (0, 4)),
    of("GE", "2!a16!n",               (0, 2)),
    of("GI", "4!a15!c",               (0, 4)),
    of("GL", "4!n9!n1!n",             (0, 4)),
    of("GR", "3!n4!n16!c",            (0, 3)),
    of("GT", "4!c20!c",               (0, 4)),
    of("HN", "4!a20!n",               (0, 4)),
    of("HR", "7!n10!n",               (0, 7)),
    of("HU", "3!n4!n1!n15!n1!n",      (0, 3)),
    of("IE", "4!a6!n8!n",             (0, 4)),
    of("IL", "3!n3!n13!n",            (0, 3)),
    of("IQ", "4!a3!n12!n",            (0, 4)),
    of("IS", "4!n2!n6!n10!n",         (0, 4)),
    of("IT", "1!a5!n5!n12!c",         (1, 5)),
    of("JO", "4!a4!n18!c",            (0, 4)),
    of("KW", "4!a22!c",               (0, 4)),
    of("KZ", "3!n13!c",               (0, 3)),
    of("LB", "4!n20!c",               (0, 4)),
    of("LC", "4!a24!c",               (0, 4)),
    of("LI", "5!n12!c",               (0, 5)),
    of("LT", "5!n11!n",               (0, 5)),
    of("LU", "3!n13!c",               (0, 3)),
    of("LV", "4!a13!c",               (0, 4)),
    of("LY", "3!n3!n15!n",            (0, 3)),
    of("MC", "5!n5!n11!c2!n",         (0, 5)),
    of("MD", "2!c18!c",               (0, 2)),
    of("ME", "3!n13!n2!n",            (0, 3)),
    of("MK", "3!n10!c2!n",            (0, 3)),
    of("MN", "4!n12!n",               (0, 4)),
    of("MR", "5!n5!n11!n2!n",         (0, 5)),
    of("MT", "4!a5!n18!c",            (0, 4)),
    of("MU", "4!a2!n2!n12!n3!n3!a",   (0, 6)),
    of("NI", "4!a20!n",               (0, 4)),
    of("NL", "4!a10!n",               (0, 4)),
    of("NO", "4!n6!n1!n",             (0, 4)),
    of("OM", "3!n16!c",               (0, 3)),
    of("PK", "4!a16!c",               (0, 4)),
    of("PL", "8!n16!n",               (0, 8)),
    of("PS", "4!a21!c",               (0, 4)),
    of("PT", "4!n4!n11!n2!n",         (0, 4)),
    of("QA", "4!a21!c",               (0, 4)),
    of("RO", "4!a16!c",               (0, 4)),
    of("RS", "3!n13!n2!n",            (0, 3)),
    of("RU", "9!n5!n15!c",            (0, 9)),
    of("SA", "2!n18!c",               (0, 2)),
    of("SC", "4!a2!n2!n16!n3!a",      (0, 6)),
    of("SD", "2!n12!n",               (0, 2)),
    of("SE", "3!n16!n1!n",            (0, 3)),
    of("SI", "5!n8!n2!n",             (0, 5)),
    of("SK", "4!n16!n",               (0, 4)),
    of("SM", "1!a5!n5!n12!c",         (1, 5)),
    of("SO", "4!n3!n12!n",            (0, 4)),
    of("ST", "4!n4!n11!n2!n",         (0, 4)),
    of("SV", "4!a20!n",               (0, 4)),
    of("TL", "3!n14!n2!n",            (0, 3)),
    of("TN", "2!n3!n13!n2!n",         (0, 2)),
    of("TR", "5!n1!n16!c",            (0, 5)),
    of("UA", "6!n19!c",               (0, 6)),
    of("VA", "3!n15!n",               (0, 3)),
    of("VG", "4!a16!n",               (0, 4)),
    of("XK", "4!n10!n2!n",            (0, 2)),
    of("YE", "4!a4!n18!c",            (0, 4)),
];

const fn of(letters: &'static str, layout: &'static str, bank: (u8, u8)) -> Country {
    Country { letters, layout, bank }
}

/// The country of two capital letters.
pub(super) fn country(letters: &str) -> Option<Country> {
    let place = COUNTRIES.binary_search_by(|country| country.letters.cmp(letters)).ok()?;
    COUNTRIES.get(place).copied()
}

impl Country {
    /// The length of the whole IBAN.
    pub(super) fn len(self) -> usize {
        4 + self.groups().map(|(count, _)| count).sum::<usize>()
    }

    /// Where in the BBAN the bank's identifier stands.
    pub(super) fn bank(self) -> Range<usize> {
        let (start, len) = self.bank;
        start.into()..(start + len).into()
    }

    /// The first character of `bban` that is not of the class its place has.
    pub(super) fn first_misfit(self, bban: &str) -> Option<usize> {
        let classes = self.groups().flat_map(|(count, class)| std::iter::repeat_n(class, count));
        bban.bytes().zip(classes).position(|(c, class)| match class {
            b'a' => !c.is_ascii_uppercase(),
            b'n' => !c.is_ascii_digit(),
            _ => !(c.is_ascii_uppercase() || c.is_ascii_digit()),
        })
    }

    /// The groups of the layout: how many characters of which class.
    fn groups(self) -> impl Iterator<Item = (usize, u8)> {
        let mut rest = self.layout;
        std::iter::from_fn(move || {
            let (count, after) = rest.split_once('!')?;
            let (class, after) = after.split_at_checked(1)?;
            rest = after;
            Some((count.parse().ok()?, *class.as_bytes().first()?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_can_be_read() {
        assert!(COUNTRIES.is_sorted_by(|a, b| a.letters < b.letters));
        for country in COUNTRIES {
            let written: String =
                country.groups().map(|(count, class)| format!("{count}!{}", char::from(class))).collect();
            assert_eq!(written, country.layout, "{}", country.letters);
            assert!((15..=34).contains(&country.len()), "{}", country.letters);
            assert!(country.bank().end <= country.len() - 4, "{}", country.letters);
            assert!(country.groups().all(|(_, class)| b"anc".contains(&class)), "{}", country.letters);
        }
    }
}
