//! Dates and times, most of which say no year: it is the one that brings them nearest to a date the caller knows.
//!
//! At New Year a message of 31 December arrives on 1 January, and the other way round where clocks differ. Fields
//! are in UTC or local time as the standard says (7 in UTC; 12 and 13 local): nothing here converts between them.

use std::fmt;

use super::draft::Draft;
use super::message::Message;
use super::spec::Profile;
use super::view::{ViewError, digits, number};
pub use crate::date::Date;

/// A day and a time of day, without zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    /// The day.
    pub date: Date,
    hour: u8,
    minute: u8,
    second: u8,
}

/// The year ending in `two_digits` that is at most 50 years before and 49 years after `reference`.
#[must_use]
pub const fn year_near(two_digits: u8, reference: Date) -> u16 {
    let first = reference.year().saturating_sub(50);
    first + (100 + two_digits as u16 % 100 - first % 100) % 100
}

/// A day from MMDD, YYMMDD or CCYYMMDD; what is left out is taken from `reference`. `None` for what is no day.
#[must_use]
pub fn day(digits: &str, reference: Date) -> Option<Date> {
    let (year, month_and_day) = digits.split_at_checked(digits.len().checked_sub(4)?)?;
    let pair = |at: usize| month_and_day.get(at..at + 2).and_then(number).and_then(|n| u8::try_from(n).ok());
    let (month, day) = (pair(0)?, pair(2)?);
    match year.len() {
        0 => reference.nearest(month, day),
        2 => Date::new(year_near(u8::try_from(number(year)?).ok()?, reference), month, day),
        4 => Date::new(u16::try_from(number(year)?).ok()?, month, day),
        _ => None,
    }
}

/// A day as 4 (MMDD), 6 (YYMMDD) or 8 digits (CCYYMMDD); `None` for other lengths.
#[must_use]
pub fn day_digits(day: Date, len: usize) -> Option<String> {
    let all = format!("{:04}{:02}{:02}", day.year(), day.month(), day.day());
    matches!(len, 4 | 6 | 8).then(|| all.get(8 - len..).unwrap_or_default().to_owned())
}

impl DateTime {
    /// A day and a time; `None` for what is no time of day.
    #[must_use]
    pub const fn new(date: Date, hour: u8, minute: u8, second: u8) -> Option<Self> {
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        Some(DateTime { date, hour, minute, second })
    }

    /// Hour, minute and second.
    #[must_use]
    pub const fn time(self) -> (u8, u8, u8) {
        (self.hour, self.minute, self.second)
    }

    /// From MMDDhhmmss, YYMMDDhhmmss or CCYYMMDDhhmmss; what is left out is taken from `reference`.
    #[must_use]
    pub fn parse(digits: &str, reference: Date) -> Option<Self> {
        let (date, time) = digits.split_at_checked(digits.len().checked_sub(6)?)?;
        let pair = |at: usize| time.get(at..at + 2).and_then(number).and_then(|n| u8::try_from(n).ok());
        DateTime::new(day(date, reference)?, pair(0)?, pair(2)?, pair(4)?)
    }

    /// As 10 (MMDDhhmmss), 12 (YYMMDDhhmmss) or 14 digits (CCYYMMDDhhmmss); `None` for other lengths.
    #[must_use]
    pub fn digits(self, len: usize) -> Option<String> {
        let date = day_digits(self.date, len.checked_sub(6)?)?;
        Some(format!("{date}{:02}{:02}{:02}", self.hour, self.minute, self.second))
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{:02}:{:02}:{:02}", self.date, self.hour, self.minute, self.second)
    }
}

/// When the message was sent: field 7.
///
/// # Errors
/// A field 7 that is no date and time near `reference`.
pub fn transmitted(message: &Message<'_>, reference: Date) -> Result<Option<DateTime>, ViewError> {
    let Some(text) = digits(message, 7)? else { return Ok(None) };
    let wrong = || ViewError::new(message.profile(), 7, "", "is not a date and time");
    DateTime::parse(&text, reference).map(Some).ok_or_else(wrong)
}

/// When it was where the card was: field 12, in 1987 with the date of field 13.
///
/// # Errors
/// A field that is no date or time near `reference`; a time of 1987 without its date.
pub fn local(message: &Message<'_>, reference: Date) -> Result<Option<DateTime>, ViewError> {
    let wrong = |n, problem| ViewError::new(message.profile(), n, "", problem);
    let Some(time) = digits(message, 12)? else { return Ok(None) };
    if time.len() > 6 {
        let parsed = DateTime::parse(&time, reference);
        return parsed.map(Some).ok_or_else(|| wrong(12, "is not a date and time"));
    }
    let date = date(message, 13, reference)?.ok_or_else(|| wrong(13, "is missing beside field 12"))?;
    let both = day_digits(date, 8).and_then(|date| DateTime::parse(&(date + &time), reference));
    both.map(Some).ok_or_else(|| wrong(12, "is not a time of day"))
}

/// A field that is a date: 13, 15, 16, 17, 28, 73 and the like, by the length the edition gives it.
///
/// # Errors
/// A field that is no date near `reference`.
pub fn date(message: &Message<'_>, n: u8, reference: Date) -> Result<Option<Date>, ViewError> {
    let Some(text) = digits(message, n)? else { return Ok(None) };
    let wrong = || ViewError::new(message.profile(), n, "", "is not a date");
    day(&text, reference).map(Some).ok_or_else(wrong)
}

/// Year and month in which the card expires: field 14, YYMM.
///
/// # Errors
/// A field 14 that is no month.
pub fn expiry(message: &Message<'_>, reference: Date) -> Result<Option<(u16, u8)>, ViewError> {
    let Some(text) = digits(message, 14)? else { return Ok(None) };
    let first = day(&format!("{text}01"), reference).filter(|_| text.len() == 4);
    let wrong = || ViewError::new(message.profile(), 14, "", "is not a year and a month");
    first.map(|date| Some((date.year(), date.month()))).ok_or_else(wrong)
}

/// Sets field 7.
pub fn set_transmitted(draft: &mut Draft<'_>, at: DateTime) {
    draft.set(7, at.digits(10).unwrap_or_default());
}

/// Sets field 12, and 13 where the edition writes the date apart.
pub fn set_local(draft: &mut Draft<'_>, profile: &Profile, at: DateTime) {
    let len = |n| profile.field(n).map_or(0, |field| usize::from(field.max));
    match at.digits(len(12)) {
        Some(both) => drop(draft.set(12, both)),
        None => {
            let (hour, minute, second) = at.time();
            draft.set(12, format!("{hour:02}{minute:02}{second:02}"));
            set_date(draft, profile, 13, at.date);
        }
    }
}

/// Sets a field that is a date, as long as the edition has it. A field of another length is left alone.
pub fn set_date(draft: &mut Draft<'_>, profile: &Profile, n: u8, date: Date) {
    let len = profile.field(n).map_or(0, |field| usize::from(field.max));
    if let Some(digits) = day_digits(date, len) {
        draft.set(n, digits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(year: u16, month: u8, day: u8) -> Date {
        Date::new(year, month, day).expect("a day")
    }

    #[test]
    fn the_year_is_the_nearest_one() {
        #[rustfmt::skip]
        let table = [
            ("1231", (2027,  1,  1), Some("2026-12-31")),
            ("0101", (2026, 12, 31), Some("2027-01-01")),
            ("1122", (2026, 11, 22), Some("2026-11-22")),
            ("0523", (2026, 11, 22), Some("2027-05-23")),
            ("0524", (2026, 11, 22), Some("2026-05-24")),
            ("0601", (2027, 12,  1), Some("2027-06-01")),
            ("0601", (2027, 12,  2), Some("2028-06-01")),
            ("0229", (2028,  2, 28), Some("2028-02-29")),
            ("0229", (2027, 12, 31), Some("2028-02-29")),
            ("0229", (2026,  2, 28), None),
            ("0230", (2026,  2, 28), None),
            ("1300", (2026,  2, 28), None),
            ("0001", (2026,  2, 28), None),
            ("261122", (2026, 1, 1), Some("2026-11-22")),
            ("770101", (2026, 1, 1), Some("1977-01-01")),
            ("760101", (2026, 1, 1), Some("1976-01-01")),
            ("750101", (2026, 1, 1), Some("2075-01-01")),
            ("991231", (2049, 1, 1), Some("1999-12-31")),
            ("20261122", (1999, 1, 1), Some("2026-11-22")),
            ("2026112",  (2026, 1, 1), None),
            ("112",      (2026, 1, 1), None),
            ("+101",     (2026, 1, 1), None),
        ];
        for (digits, (y, m, d), expected) in table {
            let found = day(digits, on(y, m, d)).map(|date| date.to_string());
            assert_eq!(found.as_deref(), expected, "{digits} near {y}-{m}-{d}");
        }
    }

    #[test]
    fn times_go_there_and_back() {
        let at = DateTime::new(on(2026, 12, 31), 23, 59, 59).expect("a time");
        for len in [10, 12, 14] {
            let digits = at.digits(len).expect("a length there is");
            assert_eq!((digits.len(), DateTime::parse(&digits, on(2027, 1, 1))), (len, Some(at)));
        }
        assert_eq!((at.digits(11), at.digits(3)), (None, None));
        for wrong in ["1231240000", "1231236000", "1231235960", "123123595", "12312359591"] {
            assert_eq!(DateTime::parse(wrong, on(2027, 1, 1)), None, "{wrong}");
        }
    }
}
