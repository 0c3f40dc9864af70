//! Values: texts, codes, numbers, dates, times and amounts, as they stand between two tags.

use std::fmt;

use super::elem::Elem;
use super::rule::{Problem, Rule};
use super::specimen::Dice;
use super::version::Version;
use super::write::{BuildError, Writer};
use crate::amount::{AmountError, Decimal};

/// A value that is a text in the message.
pub(crate) trait Leaf: Sized {
    fn put(&self, text: &mut String, version: Version) -> Result<(), Problem>;
    fn take(text: &str, version: Version) -> Result<Self, Problem>;
    fn invent(elem: &'static Elem, version: Version, dice: &mut Dice<'_>) -> Self;
}

/// Makes the content of an element of a type that is a [`Leaf`].
macro_rules! leaf {
    ($type:ty) => {
        impl $crate::iso20022::part::Content for $type {
            fn write(
                &self,
                elem: &'static $crate::iso20022::elem::Elem,
                to: &mut $crate::iso20022::write::Writer,
            ) -> Result<(), $crate::iso20022::write::BuildError> {
                $crate::iso20022::leaf::write(self, elem, to)
            }

            fn read<R: std::io::BufRead>(
                elem: &'static $crate::iso20022::elem::Elem,
                from: &mut $crate::iso20022::read::Reading<R>,
            ) -> Result<Self, $crate::iso20022::XmlError> {
                from.value(|text, version| {
                    elem.rule.check(text, version)?;
                    $crate::iso20022::leaf::Leaf::take(text, version)
                })
            }

            fn specimen(
                elem: &'static $crate::iso20022::elem::Elem,
                version: $crate::iso20022::Version,
                dice: &mut $crate::iso20022::specimen::Dice<'_>,
            ) -> Self {
                $crate::iso20022::leaf::Leaf::invent(elem, version, dice)
            }
        }
    };
}
pub(super) use leaf;

pub(super) fn write<T: Leaf>(value: &T, elem: &'static Elem, to: &mut Writer) -> Result<(), BuildError> {
    write_by(elem.rule, value, elem, to)
}

/// Writes `value` as `elem`, under another rule than its own.
pub(super) fn write_by<T: Leaf>(
    rule: Rule,
    value: &T,
    elem: &'static Elem,
    to: &mut Writer,
) -> Result<(), BuildError> {
    to.scratch.clear();
    let put = value.put(&mut to.scratch, to.version);
    put.and_then(|()| rule.check(&to.scratch, to.version)).map_err(|problem| to.error(elem, problem))?;
    to.leaf(elem, None)
}

leaf!(String);
leaf!(bool);
leaf!(u64);
leaf!(Decimal);
leaf!(Date);
leaf!(DateTime);

impl Leaf for String {
    fn put(&self, text: &mut String, _: Version) -> Result<(), Problem> {
        text.push_str(self);
        Ok(())
    }

    fn take(text: &str, _: Version) -> Result<Self, Problem> {
        Ok(text.to_owned())
    }

    fn invent(elem: &'static Elem, version: Version, dice: &mut Dice<'_>) -> Self {
        dice.text(elem, version)
    }
}

impl Leaf for bool {
    fn put(&self, text: &mut String, _: Version) -> Result<(), Problem> {
        text.push_str(if *self { "true" } else { "false" });
        Ok(())
    }

    fn take(text: &str, _: Version) -> Result<Self, Problem> {
        match collapsed(text) {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(Problem::Form("true or false")),
        }
    }

    fn invent(_: &'static Elem, _: Version, dice: &mut Dice<'_>) -> Self {
        dice.below(2) == 1
    }
}

/// `Max15NumericText`: how many transactions.
impl Leaf for u64 {
    fn put(&self, text: &mut String, _: Version) -> Result<(), Problem> {
        text.push_str(&self.to_string());
        if text.len() <= 15 { Ok(()) } else { Err(Problem::TooLong(15)) }
    }

    fn take(text: &str, _: Version) -> Result<Self, Problem> {
        let is_number = text.len() <= 15 && text.bytes().all(|c| c.is_ascii_digit());
        text.parse().ok().filter(|_| is_number).ok_or(Problem::Form("a number of at most fifteen digits"))
    }

    fn invent(_: &'static Elem, _: Version, dice: &mut Dice<'_>) -> Self {
        dice.below(100_000) as u64
    }
}

/// `DecimalNumber`: a sum over amounts, whatever their currency.
impl Leaf for Decimal {
    fn put(&self, text: &mut String, _: Version) -> Result<(), Problem> {
        text.push_str(&self.to_string());
        Ok(())
    }

    fn take(text: &str, _: Version) -> Result<Self, Problem> {
        decimal(text).map_err(Problem::Amount)
    }

    fn invent(_: &'static Elem, _: Version, dice: &mut Dice<'_>) -> Self {
        dice.decimal(5)
    }
}

/// A calendar date as XML Schema writes it, `2026-11-22`, possibly with a zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date(String);

/// A moment as XML Schema writes it, `2026-11-22T10:40:00.123Z`. It is carried as it was written: without a zone it is
/// local time of nobody knows where, and only the parties' agreement tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateTime(String);

/// A text that is no date or no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date or time as XML Schema writes it")]
pub struct DateError;

macro_rules! moments {
    ($($type:ident $check:ident $form:literal $sample:ident;)*) => {$(
        impl $type {
            /// As it stands in messages.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $type {
            type Err = DateError;

            fn from_str(text: &str) -> Result<Self, DateError> {
                if $check(text.as_bytes()) { Ok(Self(text.to_owned())) } else { Err(DateError) }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Leaf for $type {
            fn put(&self, text: &mut String, _: Version) -> Result<(), Problem> {
                text.push_str(&self.0);
                Ok(())
            }

            fn take(text: &str, _: Version) -> Result<Self, Problem> {
                collapsed(text).parse().map_err(|DateError| Problem::Form($form))
            }

            fn invent(_: &'static Elem, _: Version, dice: &mut Dice<'_>) -> Self {
                Self(dice.$sample())
            }
        }
    )*};
}

moments! {
    Date is_date "a date" date;
    DateTime is_date_time "a date and time" date_time;
}

/// White space around numbers, dates and truth values means nothing in XML Schema.
fn collapsed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// `xs:decimal`: a plus sign, a missing digit on one side of the point and zeros at the end mean nothing.
pub(super) fn decimal(text: &str) -> Result<Decimal, AmountError> {
    let text = collapsed(text);
    let text = text.strip_prefix('+').filter(|rest| !rest.starts_with('-')).unwrap_or(text);
    match text.split_once('.') {
        None => Decimal::parse(text),
        Some((whole, decimals)) => {
            let is_empty = whole.trim_start_matches('-').is_empty() && decimals.is_empty();
            let kept = match decimals.len() {
                0..=9 => decimals,
                _ => decimals.trim_end_matches('0'),
            };
            match (is_empty, kept) {
                (true, _) => Err(AmountError::Syntax),
                (_, "") if whole.is_empty() || whole == "-" => Decimal::parse("0"),
                (_, "") => Decimal::parse(whole),
                _ if whole.is_empty() => Decimal::parse(&format!("0.{kept}")),
                _ if whole == "-" => Decimal::parse(&format!("-0.{kept}")),
                _ => Decimal::parse(&format!("{whole}.{kept}")),
            }
        }
    }
}

/// The zone at the end, if there is one: `Z`, `+02:00`, `-14:00`.
fn without_zone(text: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = text.strip_suffix(b"Z") {
        return Some(rest);
    }
    let Some((rest, [b'+' | b'-', h1, h2, b':', m1, m2])) = text.split_last_chunk::<6>() else {
        return Some(text);
    };
    let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
    (hours < 14 && minutes < 60 || hours == 14 && minutes == 0).then_some(rest)
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, c| Some(sum * 10 + char::from(*c).to_digit(10)?))
}

fn is_day(text: &[u8]) -> bool {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return false };
    let parts = (number(&[*y1, *y2, *y3, *y4]), number(&[*m1, *m2]), number(&[*d1, *d2]));
    let (Some(year), Some(month), Some(day)) = parts else { return false };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    year > 0 && (1..=days).contains(&day)
}

fn is_date(text: &[u8]) -> bool {
    without_zone(text).is_some_and(is_day)
}

fn is_date_time(text: &[u8]) -> bool {
    let Some((day, rest)) = text.split_at_checked(10) else { return false };
    let Some((b'T', time)) = rest.split_first() else { return false };
    is_day(day) && without_zone(time).is_some_and(is_time)
}

fn is_time(text: &[u8]) -> bool {
    let Some(([h1, h2, b':', m1, m2, b':', s1, s2], fraction)) = text.split_first_chunk::<8>() else {
        return false;
    };
    let (hours, minutes, seconds) = (number(&[*h1, *h2]), number(&[*m1, *m2]), number(&[*s1, *s2]));
    let is_fraction = match fraction.split_first() {
        None => true,
        Some((b'.', digits)) => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    };
    let is_midnight = hours == Some(24)
        && minutes == Some(0)
        && seconds == Some(0)
        && fraction.iter().all(|c| matches!(c, b'.' | b'0'));
    let is_within =
        hours.is_some_and(|h| h < 24) && minutes.is_some_and(|m| m < 60) && seconds.is_some_and(|s| s < 60);
    is_fraction && (is_midnight || is_within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_xml_schema() {
        #[rustfmt::skip]
        let table = [
            ("50.00", Some("50.00")), (" 50.00\n", Some("50.00")), ("+5", Some("5")), (".5", Some("0.5")), ("5.", Some("5")),
            ("-.5", Some("-0.5")), ("-5.", Some("-5")), ("1.50000000000000", Some("1.5")), ("1.00000000000000", Some("1")),
            (".0", Some("0.0")), ("", None), (".", None), ("-.", None), ("+-5", None), ("+", None), ("1e2", None), ("5 0", None),
            ("1.12345678901", None),
        ];
        for (text, expected) in table {
            assert_eq!(decimal(text).ok().map(|number| number.to_string()).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn days_and_moments_are_those_of_the_calendar() {
        #[rustfmt::skip]
        let days = [
            ("2026-11-22", true), ("2024-02-29", true), ("2026-02-29", false), ("2000-02-29", true), ("1900-02-29", false),
            ("2026-11-22Z", true), ("2026-11-22+02:00", true), ("2026-11-22-14:00", true), ("2026-11-22+14:01", false),
            ("2026-11-31", false), ("2026-00-01", false), ("0000-01-01", false), ("26-11-22", false), ("2026-1-22", false),
            ("", false), ("2026-11-22T00:00:00", false),
        ];
        for (text, is_day) in days {
            assert_eq!(text.parse::<Date>().is_ok(), is_day, "{text}");
        }
        #[rustfmt::skip]
        let moments = [
            ("2026-11-22T10:40:00", true), ("2026-11-22T10:40:00Z", true), ("2026-11-22T10:40:00.123+02:00", true),
            ("2026-11-22T24:00:00", true), ("2026-11-22T24:00:01", false), ("2026-11-22T23:60:00", false),
            ("2026-11-22T10:40:60", false), ("2026-11-22T10:40:00.", false), ("2026-11-22T10:40", false),
            ("2026-11-22 10:40:00", false), ("2026-11-22", false), ("2026-02-30T10:40:00Z", false),
        ];
        for (text, is_moment) in moments {
            assert_eq!(text.parse::<DateTime>().is_ok(), is_moment, "{text}");
        }
    }
}
