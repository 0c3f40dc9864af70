//! Specimens: invented messages that use every element a version has, or the fewest, or some.
//!
//! For trying a counterparty's system and our own. Every value is invented; nothing in a specimen names anyone.

use super::elem::Elem;
use super::money::ZERO;
use super::rule::Rule;
use super::version::Version;
use crate::amount::Decimal;
use crate::iso4217::Currency;

/// How much of a message a specimen fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// What is mandatory.
    Minimal,
    /// Every element of the structs that the version has.
    Full,
    /// Whatever chance wants.
    Some,
}

/// Chance, owned by the caller: given `n`, a number below `n`. The same numbers make the same specimen.
pub type Chance<'a> = dyn FnMut(usize) -> usize + 'a;

/// What specimens are thrown with.
pub(crate) struct Dice<'a> {
    filling: Filling,
    chance: &'a mut Chance<'a>,
}

/// Letters of several lengths in UTF-8, characters XML must escape, and white space that must be kept.
const LETTERS: [&str; 16] =
    ["a", "Z", "0", "&", "<", ">", "\"", "'", "\r", "\n", " ", "é", "م", "ي", "漢", "😀"];

impl<'a> Dice<'a> {
    pub(super) fn new(filling: Filling, chance: &'a mut Chance<'a>) -> Self {
        Self { filling, chance }
    }

    /// A number below `bound`, and below one when there is none.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let bound = bound.max(1);
        (self.chance)(bound).min(bound - 1)
    }

    /// Whether an optional element is there.
    pub(super) fn is_filled(&mut self) -> bool {
        match self.filling {
            Filling::Minimal => false,
            Filling::Full => true,
            Filling::Some => self.below(4) == 0,
        }
    }

    /// How many of a repeated element.
    pub(super) fn many(&mut self, least: usize, most: usize) -> usize {
        let extra = match self.filling {
            Filling::Minimal => 0,
            Filling::Full => 1 + self.below(2),
            Filling::Some => self.below(4).saturating_sub(1),
        };
        extra.max(least).min(most)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.below(from.len())).copied()
    }

    /// `count` characters, each one of `from`.
    fn draw(&mut self, count: usize, from: &[u8]) -> String {
        (0..count).filter_map(|_| self.pick(from)).map(char::from).collect()
    }

    /// A text as the rule of `elem` wants it.
    pub(super) fn text(&mut self, elem: &Elem, version: Version) -> String {
        const CAPITALS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        const DIGITS: &[u8] = b"0123456789";
        const HEX: &[u8] = b"0123456789abcdef";
        if let Some(words) = elem.rule.words(version) {
            return self.pick(words).unwrap_or_default().to_owned();
        }
        match elem.rule {
            Rule::Uuid => {
                let mut part = |count| self.draw(count, HEX);
                let (a, b, c, d, e) = (part(8), part(4), part(3), part(3), part(12));
                let variant = self.draw(1, b"89ab");
                format!("{a}-{b}-4{c}-{variant}{d}-{e}")
            }
            Rule::Bic => self.draw(6, CAPITALS) + "22" + ["", "XXX"][self.below(2)],
            Rule::Iban => self.draw(2, CAPITALS) + &self.draw(2, DIGITS) + &self.draw(25, b"AZaz09"),
            Rule::Lei => self.draw(18, b"AZ09") + &self.draw(2, DIGITS),
            Rule::Country => self.draw(2, CAPITALS),
            Rule::Currency => self.currency().code().to_owned(),
            Rule::Phone => format!("+970-{}", self.draw(9, DIGITS)),
            Rule::Rate => format!("{}.{}", self.draw(1, DIGITS), self.draw(10, DIGITS)),
            rule => {
                let max = usize::from(rule.max(version).unwrap_or(4));
                let count = if self.below(4) == 0 { max } else { 1 + self.below(max) };
                (0..count).filter_map(|_| self.pick(&LETTERS)).collect()
            }
        }
    }

    /// A code: one of those known, where the version has them all, or another.
    pub(super) fn code(&mut self, known: &[&str], elem: &Elem, version: Version) -> String {
        match elem.rule.words(version) {
            None if self.below(4) > 0 => self.pick(known).unwrap_or("NARR").to_owned(),
            None => self.draw(4, b"AZ09"),
            Some(words) => self.pick(words).unwrap_or_default().to_owned(),
        }
    }

    /// An amount that is not negative.
    pub(super) fn decimal(&mut self, scale: u8) -> Decimal {
        let units = self.below(1_000_000_000) as i64;
        Decimal::new(units, scale).unwrap_or(ZERO)
    }

    /// One that has minor units.
    pub(super) fn currency(&mut self) -> Currency {
        let all: Vec<Currency> = Currency::all().filter(|currency| currency.decimals().is_some()).collect();
        all[self.below(all.len())]
    }

    pub(super) fn date(&mut self) -> String {
        format!("20{:02}-{:02}-{:02}", self.below(100), 1 + self.below(12), 1 + self.below(28))
    }

    pub(super) fn date_time(&mut self) -> String {
        let time = (self.below(24), self.below(60), self.below(60), self.below(1000));
        format!("{}T{:02}:{:02}:{:02}.{:03}Z", self.date(), time.0, time.1, time.2, time.3)
    }
}
