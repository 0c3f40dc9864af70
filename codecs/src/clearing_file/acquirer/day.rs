//! Dates as acquirers write them, by a pattern such as `DD/MM/YYYY hh:mm:ss`.

use crate::date::Date;

/// A pattern, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DayFormat(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A number of so many digits.
    Number(Unit, usize),
    Literal(char),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

const WORDS: [(&str, Unit); 7] = [
    ("YYYY", Unit::Year),
    ("YY", Unit::Year),
    ("MM", Unit::Month),
    ("DD", Unit::Day),
    ("hh", Unit::Hour),
    ("mm", Unit::Minute),
    ("ss", Unit::Second),
];

impl DayFormat {
    /// `None` unless year, month and day stand in it once, and nothing twice.
    pub(super) fn parse(mut pattern: &str) -> Option<Self> {
        let mut parts = Vec::new();
        while let Some(first) = pattern.chars().next() {
            let word = WORDS.iter().find(|(word, _)| pattern.starts_with(word));
            let (part, length) = match word {
                Some((word, unit)) => (Part::Number(*unit, word.len()), word.len()),
                None => (Part::Literal(first), first.len_utf8()),
            };
            parts.push(part);
            pattern = &pattern[length..];
        }
        let count = |unit| {
            parts.iter().filter(|part| matches!(part, Part::Number(known, _) if *known == unit)).count()
        };
        let is_day = [Unit::Year, Unit::Month, Unit::Day].into_iter().all(|unit| count(unit) == 1);
        let is_time = [Unit::Hour, Unit::Minute, Unit::Second].into_iter().all(|unit| count(unit) <= 1);
        (is_day && is_time).then_some(Self(parts))
    }

    /// The day a text says; its time of day must be one, and is not told.
    pub(super) fn read(&self, mut text: &str) -> Option<Date> {
        let (mut year, mut month, mut day) = (0, 0, 0);
        for part in &self.0 {
            match *part {
                Part::Literal(literal) => text = text.strip_prefix(literal)?,
                Part::Number(unit, digits) => {
                    let (number, rest) = text.split_at_checked(digits)?;
                    let value: u16 =
                        number.parse().ok().filter(|_| number.bytes().all(|c| c.is_ascii_digit()))?;
                    text = rest;
                    match unit {
                        Unit::Year if digits == 2 => year = 2000 + value,
                        Unit::Year => year = value,
                        Unit::Month => month = u8::try_from(value).ok()?,
                        Unit::Day => day = u8::try_from(value).ok()?,
                        Unit::Hour if value < 24 => {}
                        Unit::Minute | Unit::Second if value < 60 => {}
                        Unit::Hour | Unit::Minute | Unit::Second => return None,
                    }
                }
            }
        }
        if text.is_empty() { Date::new(year, month, day) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_by_their_pattern_only() {
        #[rustfmt::skip]
        let table = [
            ("DD/MM/YYYY",          "22/11/2026",          Some("2026-11-22")),
            ("MM/DD/YYYY",          "11/22/2026",          Some("2026-11-22")),
            ("YYYYMMDD",            "20261122",            Some("2026-11-22")),
            ("YYMMDD",              "261122",              Some("2026-11-22")),
            ("DD.MM.YY hh:mm",      "22.11.26 23:59",      Some("2026-11-22")),
            ("DD.MM.YY hh:mm",      "22.11.26 24:00",      None),
            ("YYYY-MM-DDThh:mm:ss", "2026-11-22T10:31:10", Some("2026-11-22")),
            ("DD/MM/YYYY",          "31/11/2026",          None),
            ("DD/MM/YYYY",          "22/11/2026 ",         None),
            ("DD/MM/YYYY",          "22-11-2026",          None),
            ("DD/MM/YYYY",          "2/11/2026",           None),
            ("DD/MM/YYYY",          "+2/11/2026",          None),
        ];
        for (pattern, text, expected) in table {
            let read = DayFormat::parse(pattern).expect("a pattern").read(text);
            assert_eq!(read.map(|day| day.to_string()).as_deref(), expected, "{pattern} {text}");
        }
        for wrong in ["", "DD/MM", "DD/DD/MM/YYYY", "YYYY-MM-DD hh hh"] {
            assert_eq!(DayFormat::parse(wrong), None, "{wrong}");
        }
    }
}
