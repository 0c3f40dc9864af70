//! The only clock of the switch. Everything else gets it as a value, so that tests own time.

use std::sync::RwLock;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use switch_core::clock::{BusinessDate, Clock, Timestamp};

/// The machine's clock and the zone of the business day.
#[derive(Debug)]
pub(crate) struct SystemClock {
    zone: TimeZone,
    /// The local day that was asked for last.
    day: RwLock<Day>,
}

/// A local day as the instants it lies between; 23 to 25 hours long.
#[derive(Debug, Clone, Copy)]
struct Day {
    begins: Timestamp,
    ends: Timestamp,
    date: BusinessDate,
}

impl SystemClock {
    /// The clock with the business days of `zone`.
    pub(crate) fn new(zone: TimeZone) -> Self {
        let nothing = Day { begins: Timestamp(0), ends: Timestamp(0), date: BusinessDate(0) };
        Self { zone, day: RwLock::new(nothing) }
    }

    fn day_of(&self, at: Timestamp) -> Option<Day> {
        let local = jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(self.zone.clone());
        let date = local.date();
        let number = i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day());
        let begins = date.to_zoned(self.zone.clone()).ok()?.timestamp().as_millisecond();
        let ends = date.tomorrow().ok()?.to_zoned(self.zone.clone()).ok()?.timestamp().as_millisecond();
        Some(Day { begins: Timestamp(begins), ends: Timestamp(ends), date: BusinessDate(number) })
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn business_date(&self, at: Timestamp) -> BusinessDate {
        if let Ok(day) = self.day.read()
            && day.begins <= at
            && at < day.ends
        {
            return day.date;
        }
        // Beyond the calendar there is no local date; nothing is booked there.
        let Some(day) = self.day_of(at) else { return BusinessDate(0) };
        if let Ok(mut kept) = self.day.write() {
            *kept = day;
        }
        day.date
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_business_day_turns_at_local_midnight_also_when_the_clocks_change() {
        let clock = SystemClock::new(TimeZone::get("Asia/Hebron").expect("bundled"));
        for (utc, date) in [
            // Winter, two hours ahead; asked across midnight in both directions.
            ("2026-11-22T21:59:59.999Z", 20_261_122),
            ("2026-11-22T22:00:00.000Z", 20_261_123),
            ("2026-11-22T21:59:59.999Z", 20_261_122),
            // The night the clocks go forward, and the one they go back.
            ("2026-03-27T21:59:59.999Z", 20_260_327),
            ("2026-03-27T22:00:00.000Z", 20_260_328),
            ("2026-03-28T20:59:59.999Z", 20_260_328),
            ("2026-03-28T21:00:00.000Z", 20_260_329),
            ("2026-10-23T21:00:00.000Z", 20_261_024),
            ("2026-10-24T21:59:59.999Z", 20_261_024),
            ("2026-10-24T22:00:00.000Z", 20_261_025),
        ] {
            let at: jiff::Timestamp = utc.parse().expect("a moment");
            assert_eq!(clock.business_date(Timestamp(at.as_millisecond())), BusinessDate(date), "{utc}");
        }
    }
}
