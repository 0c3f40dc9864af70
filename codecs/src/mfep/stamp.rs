//! Dates and times as the scheme writes them: local, to the second, without a zone.
//!
//! Some counterparties write fractions, and a few an offset (both come from the date types of their libraries). Neither
//! is dropped or computed with: it is kept and can be written again. Nothing here knows a time zone or a clock.

use std::fmt;
use std::str::FromStr;

use super::fault::FaultKind;
use crate::date::Date;

/// A date, or a date and a time of the day: `2026-11-22`, `2026-11-22T12:41:03`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stamp {
    year: u16,
    month: u8,
    day: u8,
    time: Option<Time>,
}

/// A time of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Time {
    hour: u8,
    minute: u8,
    second: u8,
    /// Digits after the point, at most nine, and what they say.
    digits: u8,
    fraction: u32,
    /// Minutes east of UTC where the counterparty wrote them.
    offset: Option<i16>,
}

/// How a profile writes times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StampForm {
    /// `YYYY-MM-DDThh:mm:ss`, as the scheme says. A fraction and an offset are left out.
    #[default]
    Seconds,
    /// As it was read or made.
    AsWritten,
}

impl Stamp {
    /// A date of the Gregorian calendar, years 1 to 9999.
    #[must_use]
    pub const fn date(year: u16, month: u8, day: u8) -> Option<Self> {
        if Date::new(year, month, day).is_none() {
            return None;
        }
        Some(Stamp { year, month, day, time: None })
    }

    /// The same date with a time of the day, 00:00:00 to 23:59:59.
    #[must_use]
    pub const fn at(mut self, hour: u8, minute: u8, second: u8) -> Option<Self> {
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        self.time = Some(Time { hour, minute, second, digits: 0, fraction: 0, offset: None });
        Some(self)
    }

    /// Year, month and day.
    #[must_use]
    pub const fn ymd(self) -> (u16, u8, u8) {
        (self.year, self.month, self.day)
    }

    /// Hour, minute and second, where a time was written.
    #[must_use]
    pub fn hms(self) -> Option<(u8, u8, u8)> {
        self.time.map(|time| (time.hour, time.minute, time.second))
    }

    /// Minutes east of UTC, where an offset was written. `None` is the scheme's local time.
    #[must_use]
    pub fn offset_minutes(self) -> Option<i16> {
        self.time.and_then(|time| time.offset)
    }

    /// In the form of a profile.
    #[must_use]
    pub fn text(mut self, form: StampForm) -> String {
        if let (StampForm::Seconds, Some(time)) = (form, &mut self.time) {
            (time.digits, time.fraction, time.offset) = (0, 0, None);
        }
        self.to_string()
    }
}

impl FromStr for Stamp {
    type Err = FaultKind;

    /// Reads `YYYY-MM-DD`, then optionally `T` or a space and `hh:mm:ss`, a fraction of at most nine digits, and `Z` or
    /// `+hh:mm`.
    fn from_str(text: &str) -> Result<Self, FaultKind> {
        read(text.as_bytes()).ok_or(FaultKind::DateInvalid)
    }
}

fn read(text: &[u8]) -> Option<Stamp> {
    let (date, rest) = text.split_at_checked(10)?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *date else { return None };
    let year = u16::from(two(y1, y2)?) * 100 + u16::from(two(y3, y4)?);
    let stamp = Stamp::date(year, two(m1, m2)?, two(d1, d2)?)?;
    let (b'T' | b't' | b' ', clock) = rest.split_first().map_or((b'-', rest), |(c, clock)| (*c, clock))
    else {
        return rest.is_empty().then_some(stamp);
    };
    let (clock, rest) = clock.split_at_checked(8)?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *clock else { return None };
    let mut stamp = stamp.at(two(h1, h2)?, two(m1, m2)?, two(s1, s2)?)?;
    if let Some(time) = &mut stamp.time {
        let rest = fraction(rest, time)?;
        time.offset = offset(rest)?;
    }
    Some(stamp)
}

/// Reads `.digits` where there are any; what follows.
fn fraction<'t>(text: &'t [u8], time: &mut Time) -> Option<&'t [u8]> {
    let Some(text) = text.strip_prefix(b".") else { return Some(text) };
    let len = text.iter().take_while(|c| c.is_ascii_digit()).count();
    if !(1..=9).contains(&len) {
        return None;
    }
    let (digits, rest) = text.split_at(len);
    time.digits = len as u8;
    time.fraction = digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    Some(rest)
}

/// Nothing, `Z` or `+hh:mm`; the outer `None` is anything else.
fn offset(text: &[u8]) -> Option<Option<i16>> {
    match *text {
        [] => Some(None),
        [b'Z' | b'z'] => Some(Some(0)),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
            let east = i16::from(hours) * 60 + i16::from(minutes);
            // XML Schema allows offsets up to fourteen hours.
            (minutes < 60 && east <= 14 * 60).then_some(Some(if sign == b'-' { -east } else { east }))
        }
        _ => None,
    }
}

fn two(tens: u8, ones: u8) -> Option<u8> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + ones - b'0')
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)?;
        let Some(time) = self.time else { return Ok(()) };
        write!(f, "T{:02}:{:02}:{:02}", time.hour, time.minute, time.second)?;
        if time.digits > 0 {
            write!(f, ".{:0width$}", time.fraction, width = usize::from(time.digits))?;
        }
        match time.offset {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(east) => {
                let (sign, minutes) = (if east < 0 { '-' } else { '+' }, east.unsigned_abs());
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_of_the_calendar_and_come_back_as_written() {
        for good in [
            "2026-11-22",
            "2026-11-22T12:40:00",
            "2024-02-29T23:59:59",
            "2000-02-29",
            "2026-11-22T12:40:00.0000000",
            "2026-11-22T12:40:00.123+03:00",
            "2026-11-22T12:40:00Z",
            "2026-11-22T12:40:00-14:00",
        ] {
            let read: Stamp = good.parse().unwrap_or_else(|kind| panic!("{good}: {kind}"));
            assert_eq!(read.to_string(), good);
        }
        assert_eq!(
            "2026-11-22 12:40:00".parse().map(|s: Stamp| s.to_string()),
            Ok("2026-11-22T12:40:00".into())
        );
        for wrong in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-29",
            "1900-02-29",
            "2026-00-10",
            "2026-01-00",
            "0000-01-01",
            "2026-1-1",
            "22-11-2026",
            "2026-11-22T",
            "2026-11-22T24:00:00",
            "2026-11-22T12:60:00",
            "2026-11-22T12:00:60",
            "2026-11-22T12:00",
            "2026-11-22T12:00:00.",
            "2026-11-22T12:00:00.1234567890",
            "2026-11-22T12:00:00+3",
            "2026-11-22T12:00:00+15:00",
            "2026-11-22T12:00:00+03:60",
            "2026-11-22x",
            "٢٠٢٦-11-22",
            "+026-11-22",
        ] {
            assert_eq!(wrong.parse::<Stamp>(), Err(FaultKind::DateInvalid), "{wrong:?}");
        }
    }

    #[test]
    fn the_form_of_the_scheme_ends_with_seconds() {
        let read: Stamp = "2026-11-22T12:40:00.123+03:00".parse().expect("a time");
        assert_eq!(read.text(StampForm::Seconds), "2026-11-22T12:40:00");
        assert_eq!(read.text(StampForm::AsWritten), "2026-11-22T12:40:00.123+03:00");
        assert_eq!(read.offset_minutes(), Some(180));
        assert_eq!(read.hms(), Some((12, 40, 0)));
    }
}
