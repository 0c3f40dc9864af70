//! The written forms of XML Schema part 2 that the messages use: numbers, dates, times, Base64.

/// White space at both ends left out, as every type but a string wants it. Inside there may be none.
pub(super) fn collapse(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// A decimal number in its parts: sign, digits before and after the point, zeros that say nothing left out.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::iso20022) struct Number<'t> {
    pub(in crate::iso20022) is_negative: bool,
    pub(in crate::iso20022) whole: &'t str,
    pub(in crate::iso20022) decimals: &'t str,
}

/// Section 3.2.3: `-1`, `+1.50`, `.5` and `5.` are numbers, white space around them is not looked at.
pub(in crate::iso20022) fn number(text: &str) -> Option<Number<'_>> {
    let text = collapse(text);
    let (is_negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = !(whole.is_empty() && decimals.is_empty()) && is_digits(whole) && is_digits(decimals);
    is_number.then(|| Number {
        is_negative,
        whole: whole.trim_start_matches('0'),
        decimals: decimals.trim_end_matches('0'),
    })
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Section 3.2.9.
pub(super) fn is_date(text: &str) -> bool {
    date(text).is_some_and(is_zone)
}

/// Section 3.2.7.
pub(super) fn is_date_time(text: &str) -> bool {
    date(text).and_then(|rest| rest.strip_prefix('T')).and_then(time).is_some_and(is_zone)
}

/// Section 3.2.8.
pub(super) fn is_time(text: &str) -> bool {
    time(text).is_some_and(is_zone)
}

/// Section 3.2.11.
pub(super) fn is_year(text: &str) -> bool {
    year(text).is_some_and(|(_, rest)| is_zone(rest))
}

/// Section 3.2.10.
pub(super) fn is_year_month(text: &str) -> bool {
    let month = |(_, rest): (u32, &str)| {
        rest.strip_prefix('-').and_then(|rest| two(rest, 1, 12)).map(|(_, r)| r.len())
    };
    year(text).and_then(month).is_some_and(|left| is_zone(&text[text.len() - left..]))
}

/// The year by which leap years are told, and what follows it.
fn year(text: &str) -> Option<(u32, &str)> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let length = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = unsigned.split_at(length);
    let is_year = length >= 4 && (length == 4 || !digits.starts_with('0')) && digits != "0000";
    // The last four digits decide: 10,000 is a multiple of 400.
    is_year.then(|| digits[length - 4..].parse().ok()).flatten().map(|year| (year, rest))
}

/// Two digits in a range, and what follows them.
fn two(text: &str, least: u32, most: u32) -> Option<(u32, &str)> {
    let digits = text.get(..2).filter(|digits| is_digits(digits))?;
    let value = digits.parse().ok().filter(|value| (least..=most).contains(value))?;
    Some((value, &text[2..]))
}

fn date(text: &str) -> Option<&str> {
    let (year, rest) = year(text)?;
    let (month, rest) = two(rest.strip_prefix('-')?, 1, 12)?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    two(rest.strip_prefix('-')?, 1, days).map(|(_, rest)| rest)
}

/// Midnight may be written as the end of the day, 24:00:00.
fn time(text: &str) -> Option<&str> {
    let (hour, rest) = two(text, 0, 24)?;
    let (minute, rest) = two(rest.strip_prefix(':')?, 0, 59)?;
    let (second, rest) = two(rest.strip_prefix(':')?, 0, 59)?;
    let (fraction, rest) = match rest.strip_prefix('.') {
        None => ("", rest),
        Some(rest) => {
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            (length > 0).then(|| rest.split_at(length))?
        }
    };
    let is_whole = (minute, second) == (0, 0) && fraction.bytes().all(|b| b == b'0');
    (hour < 24 || is_whole).then_some(rest)
}

/// No zone, `Z`, or an offset of at most fourteen hours.
fn is_zone(text: &str) -> bool {
    let offset = |text: &str| {
        let (hour, rest) = two(text, 0, 14)?;
        let (minute, rest) = two(rest.strip_prefix(':')?, 0, 59)?;
        (rest.is_empty() && (hour < 14 || minute == 0)).then_some(())
    };
    text.is_empty() || text == "Z" || text.strip_prefix(['+', '-']).and_then(offset).is_some()
}

/// Section 3.2.16: how many bytes the text stands for, `None` if it is no Base64.
pub(super) fn base64_length(text: &str) -> Option<usize> {
    let (mut digits, mut padding, mut last) = (0_usize, 0_usize, 0_u8);
    for byte in text.bytes().filter(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r')) {
        let value = match byte {
            b'=' => {
                padding += 1;
                continue;
            }
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        if padding > 0 {
            return None;
        }
        (digits, last) = (digits + 1, value);
    }
    // The bits that are left over in the last digit are zero.
    let is_right = match (digits % 4, padding) {
        (0, 0) => true,
        (2, 2) => last % 16 == 0,
        (3, 1) => last % 4 == 0,
        _ => false,
    };
    is_right.then_some(digits / 4 * 3 + (digits % 4).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let parts = |text| number(text).map(|n| (n.is_negative, n.whole, n.decimals));
        assert_eq!(parts("-0012.3400"), Some((true, "12", "34")));
        assert_eq!(parts("+.5"), Some((false, "", "5")));
        assert_eq!(parts("5."), Some((false, "5", "")));
        for wrong in ["", ".", "+", "-.", "1e2", "1,0", "0x1", "1.2.3", "--1", "1 2", "\u{661}", "INF"] {
            assert_eq!(parts(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn dates_and_times() {
        type Row = (fn(&str) -> bool, &'static [&'static str], &'static [&'static str]);
        #[rustfmt::skip]
        let table: &[Row] = &[
            (is_date, &["2024-02-29", "2000-02-29Z", "12024-01-31+14:00", "-0001-12-31-00:30"],
                &["2023-02-29", "1900-02-29", "2024-13-01", "2024-04-31", "24-01-01", "0000-01-01", "02024-01-01",
                  "2024-1-1", "2024-01-01+14:01", "2024-01-01+1:00", "2024-01-01T", "", "2024-01-0\u{661}"]),
            (is_date_time, &["2024-01-01T00:00:00", "2024-01-01T24:00:00.000Z", "2024-01-01T23:59:59.123456789+02:00"],
                &["2024-01-01", "2024-01-01T24:00:01", "2024-01-01T23:59:60", "2024-01-01T1:00:00", "2024-01-01T01:00",
                  "2024-01-01T01:00:00.", "2024-01-01 01:00:00", "2024-01-01T24:00:00.1"]),
            (is_time, &["00:00:00", "12:30:00.5Z"], &["12:30", "25:00:00", "12:60:00"]),
            (is_year, &["2024", "-0001", "2024Z"], &["24", "0000", "2024-01", ""]),
            (is_year_month, &["2024-01", "2024-12Z"], &["2024", "2024-13", "2024-1", "2024-01-01"]),
        ];
        for (is, right, wrong) in table {
            right.iter().for_each(|text| assert!(is(text), "{text:?}"));
            wrong.iter().for_each(|text| assert!(!is(text), "{text:?}"));
        }
    }

    #[test]
    fn base64() {
        #[rustfmt::skip]
        let table = [("", Some(0)), ("QUJD", Some(3)), ("QUI=", Some(2)), ("QQ==", Some(1)), (" QU\nJD ", Some(3)),
            ("QUJ", None), ("QQ=", None), ("QQ==QQ==", None), ("QR==", None), ("QUJ=", None), ("=", None), ("QU-D", None)];
        for (text, length) in table {
            assert_eq!(base64_length(text), length, "{text:?}");
        }
    }
}
