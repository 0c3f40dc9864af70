//! Calendar arithmetic against counting days, and how dates are written.

use proptest::prelude::*;
use switch_core::clock::{BusinessDate, Timestamp};

use crate::property::check;

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: u8) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Milliseconds since 1970 by counting leap years and months.
fn counted_ms(year: i64, month: u8, day: i64, ms_of_day: i64) -> i64 {
    let leap_days = |year: i64| year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let years = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969);
    let months: i64 = (1..month).map(|m| days_in(year, m)).sum();
    (years + months + day - 1) * 86_400_000 + ms_of_day
}

#[test]
fn a_moment_reads_as_the_date_that_counting_gives() {
    check((-400..=9999i64, 1..=12u8, 0..31i64, 0..86_400_000i64), |(year, month, day, ms)| {
        let day = day % days_in(year, month) + 1;
        let at = Timestamp(counted_ms(year, month, day, ms));
        let civil = at.utc();
        prop_assert_eq!((civil.year, civil.month, i64::from(civil.day)), (year, month, day));
        let seconds = i64::from(civil.hour) * 3600 + i64::from(civil.minute) * 60 + i64::from(civil.second);
        prop_assert_eq!(seconds, ms / 1000);
        if year >= 0 {
            let date = format!("{year:04}-{month:02}-{day:02}T");
            let millis = format!(".{:03}Z", ms % 1000);
            let text = at.to_string();
            prop_assert!(text.starts_with(&date) && text.ends_with(&millis) && text.len() == 24, "{}", text);
        }
        prop_assert_eq!(civil.mmddhhmmss().len(), 10);
        let date = format!("{month:02}{day:02}");
        prop_assert!(civil.mmddhhmmss().starts_with(&date));
        Ok(())
    });
}

#[test]
fn time_saturates_at_its_ends() {
    check((any::<i64>(), any::<i64>()), |(at, ms)| {
        let sum = i128::from(at) + i128::from(ms);
        let held = sum.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        prop_assert_eq!(i128::from(Timestamp(at).plus_ms(ms).0), held);
        let between = i128::from(at) - i128::from(ms);
        let held = between.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        prop_assert_eq!(i128::from(Timestamp(at).ms_since(Timestamp(ms))), held);
        let _ = Timestamp(at).to_string();
        Ok(())
    });
}

#[test]
fn a_business_date_is_written_with_hyphens_and_sorts_as_it_reads() {
    check(((0..=9999i32, 1..=12i32, 1..=31i32), (0..=9999i32, 1..=12i32, 1..=31i32)), |(a, b)| {
        let date = |(year, month, day): (i32, i32, i32)| BusinessDate(year * 10_000 + month * 100 + day);
        prop_assert_eq!(date(a).to_string(), format!("{:04}-{:02}-{:02}", a.0, a.1, a.2));
        prop_assert_eq!(date(a).cmp(&date(b)), date(a).to_string().cmp(&date(b).to_string()));
        prop_assert_eq!(date(a).cmp(&date(b)), a.cmp(&b));
        Ok(())
    });
}
