//! Calendar dates and moments, checked and written exactly. No clock, no time zone data: a moment is UTC.

use std::fmt;

/// A day of the Gregorian calendar, years 1 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A moment in UTC to the millisecond, as `2026-11-22T10:31:10Z` or `2026-11-22T10:31:10.250Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    date: Date,
    /// Milliseconds since midnight.
    millis: u32,
}

impl Date {
    /// A day that exists, or `None`.
    #[must_use]
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        if year == 0 || year > 9999 || day == 0 || day > days_of(year, month) {
            return None;
        }
        Some(Self { year, month, day })
    }

    /// Reads `YYYY-MM-DD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let [a, b, c, d, b'-', e, f, b'-', g, h] = *text.as_bytes() else { return None };
        let year = u16::from(pair(a, b)?) * 100 + u16::from(pair(c, d)?);
        Self::new(year, pair(e, f)?, pair(g, h)?)
    }

    /// Reads `YYMMDD` of SWIFT and ISO 8583: years 80 to 99 are of the last century.
    #[must_use]
    pub fn parse_short(text: &str) -> Option<Self> {
        let [a, b, c, d, e, f] = *text.as_bytes() else { return None };
        let year = u16::from(pair(a, b)?);
        Self::new(if year >= 80 { 1900 + year } else { 2000 + year }, pair(c, d)?, pair(e, f)?)
    }

    /// The year.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, one to twelve.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }

    /// The day of this month and day that lies nearest to `self`: what a date without its year means beside one that
    /// has it, also at New Year. `None` when there is no such day within half a year.
    #[must_use]
    pub fn nearest(self, month: u8, day: u8) -> Option<Self> {
        let years = [self.year.checked_sub(1), Some(self.year), self.year.checked_add(1)];
        let candidates = years.into_iter().flatten().filter_map(|year| Self::new(year, month, day));
        let distance = |date: &Self| date.ordinal().abs_diff(self.ordinal());
        // Farther than half a year only the 29th of February can be, and then it is a mistake.
        candidates.min_by_key(distance).filter(|date| distance(date) <= 183)
    }

    /// Days since the beginning of the calendar, for differences.
    fn ordinal(self) -> u32 {
        let before = u32::from(self.year).saturating_sub(1);
        let months: u32 = (1..self.month).map(|month| u32::from(days_of(self.year, month))).sum();
        let leap_days = before / 4 - before / 100 + before / 400;
        u32::from(self.year) * 365 + leap_days + months + u32::from(self.day)
    }

    /// Appends `YYYY-MM-DD`.
    pub(crate) fn put(self, out: &mut Vec<u8>) {
        let (century, year) = ((self.year / 100) as u8, (self.year % 100) as u8);
        let [a, b] = two(century);
        let [c, d] = two(year);
        let [e, f] = two(self.month);
        let [g, h] = two(self.day);
        out.extend_from_slice(&[a, b, c, d, b'-', e, f, b'-', g, h]);
    }
}

impl Moment {
    /// A moment of `date`; `None` when there is no such time of the day. Leap seconds are not told apart.
    #[must_use]
    pub fn new(date: Date, hour: u8, minute: u8, second: u8, millis: u16) -> Option<Self> {
        let exists = hour < 24 && minute < 60 && second < 60 && millis < 1000;
        let seconds = u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second);
        exists.then_some(Self { date, millis: seconds * 1000 + u32::from(millis) })
    }

    /// Reads `YYYY-MM-DDThh:mm:ss[.fff]Z`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T')?;
        let (clock, millis) = match *time.as_bytes() {
            [ref clock @ .., b'.', a, b, c, b'Z'] if clock.len() == 8 => {
                (clock, u16::from(pair(b'0', a)?) * 100 + u16::from(pair(b, c)?))
            }
            [ref clock @ .., b'Z'] => (clock, 0),
            _ => return None,
        };
        let [a, b, b':', c, d, b':', e, f] = *clock else { return None };
        Self::new(Date::parse(date)?, pair(a, b)?, pair(c, d)?, pair(e, f)?, millis)
    }

    /// The day.
    #[must_use]
    pub fn date(self) -> Date {
        self.date
    }

    /// Milliseconds since midnight.
    #[must_use]
    pub fn millis_of_day(self) -> u32 {
        self.millis
    }

    /// Appends the moment, with milliseconds only when there are any.
    pub(crate) fn put(self, out: &mut Vec<u8>) {
        self.date.put(out);
        let (seconds, millis) = (self.millis / 1000, self.millis % 1000);
        let [a, b] = two((seconds / 3600) as u8);
        let [c, d] = two((seconds / 60 % 60) as u8);
        let [e, f] = two((seconds % 60) as u8);
        out.extend_from_slice(&[b'T', a, b, b':', c, d, b':', e, f]);
        if millis != 0 {
            let [g, h] = two((millis % 100) as u8);
            out.extend_from_slice(&[b'.', b'0' + (millis / 100) as u8, g, h]);
        }
        out.push(b'Z');
    }
}

const fn days_of(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

/// The value of two decimal digits.
pub(crate) fn pair(tens: u8, ones: u8) -> Option<u8> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| tens * 10 + ones)
}

fn two(value: u8) -> [u8; 2] {
    [b'0' + value / 10, b'0' + value % 10]
}

macro_rules! shown {
    ($($type:ty)*) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = Vec::with_capacity(24);
                self.put(&mut text);
                f.write_str(&String::from_utf8_lossy(&text))
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

shown! { Date Moment }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_and_times_that_exist_are_read() {
        for there in ["2026-11-22", "2024-02-29", "2000-02-29", "0001-01-01"] {
            assert_eq!(Date::parse(there).map(|date| date.to_string()).as_deref(), Some(there));
        }
        for wrong in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-1",
            "2026-11-31",
            "",
            "٢٠٢٦-١١-٢٢",
        ] {
            assert_eq!(Date::parse(wrong), None, "{wrong}");
        }
        for there in ["2026-11-22T00:00:00Z", "2026-11-22T23:59:59.007Z", "2026-11-22T10:31:10.250Z"] {
            assert_eq!(Moment::parse(there).map(|moment| moment.to_string()).as_deref(), Some(there));
        }
        for wrong in [
            "2026-11-22T24:00:00Z",
            "2026-11-22T10:31:60Z",
            "2026-11-22T10:31:10",
            "2026-11-22T10:31:10.25Z",
            "2026-11-22 10:31:10Z",
            "2026-11-22T10:31:10+02:00",
        ] {
            assert_eq!(Moment::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_follow_one_another() {
        let begin = Date::new(1896, 2, 28).expect("a day");
        let mut last = begin.ordinal();
        for year in 1896..=2104_u16 {
            for month in 1..=12 {
                for date in (1..=31).filter_map(|day| Date::new(year, month, day)).filter(|day| *day > begin)
                {
                    assert_eq!(date.ordinal(), last + 1, "{date}");
                    last += 1;
                }
            }
        }
    }

    #[test]
    fn a_date_without_its_year_lies_nearest() {
        let near = |from: &str, month, day| {
            Date::parse_short(from).and_then(|date| date.nearest(month, day)).map(|d| d.to_string())
        };
        assert_eq!(near("261231", 1, 2).as_deref(), Some("2027-01-02"), "booked after New Year");
        assert_eq!(near("270102", 12, 31).as_deref(), Some("2026-12-31"), "booked before New Year");
        assert_eq!(near("261122", 11, 20).as_deref(), Some("2026-11-20"));
        assert_eq!(near("260227", 2, 29), None, "no leap year beside it");
        assert_eq!(near("991231", 1, 1).as_deref(), Some("2000-01-01"));
    }
}
