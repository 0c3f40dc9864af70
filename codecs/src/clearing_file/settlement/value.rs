//! The values of a settlement file as text, for CSV and JSON alike: what is written is what is read.

use std::borrow::Cow;

use super::record::{COLUMNS, Header, Kind, MINOR_MAX, Record, Status, Totals};
use crate::clearing_file::error::FileError;
use crate::date::{Date, Moment};
use crate::iso4217::Currency;

/// Longest text field, in characters.
pub(crate) const TEXT_MAX: usize = 64;

/// A fault of one value: which column, and why.
pub(crate) type Fault = (&'static str, &'static str);

pub(crate) fn at_line(line: u64) -> impl Fn(Fault) -> FileError {
    move |(field, reason)| FileError::field(line, field, reason)
}

/// The cells of a line, in the order of [`COLUMNS`].
pub(crate) type Cells<'a> = [Cow<'a, str>; COLUMNS.len()];

#[inline]
pub(crate) fn record<'a>(cells: Cells<'a>, currencies: &[Currency]) -> Result<Record<'a>, Fault> {
    let [
        kind,
        reference,
        counterparty_reference,
        rrn,
        stan,
        amount,
        currency,
        fee,
        commission,
        date,
        at,
        service,
        bill,
        status,
    ] = cells;
    let currency = *currencies
        .iter()
        .find(|known| known.code() == currency)
        .ok_or(("currency", "it is not a currency of the header"))?;
    let record = Record {
        kind: Kind::by_name(&kind).ok_or(("kind", "it is none of payment, reversal, refund, commission"))?,
        reference,
        counterparty_reference,
        rrn,
        stan,
        amount_minor: minor("amount", &amount, currency)?,
        currency,
        fee_minor: minor("fee", &fee, currency)?,
        commission_minor: minor("commission", &commission, currency)?,
        business_date: Date::parse(&date).ok_or(("business_date", "it is not a day as YYYY-MM-DD"))?,
        occurred_at: Moment::parse(&at)
            .ok_or(("occurred_at", "it is not a moment in UTC as YYYY-MM-DDThh:mm:ssZ"))?,
        service,
        bill,
        status: Status::by_name(&status)
            .ok_or(("status", "it is none of posted, pending, voided, disputed"))?,
    };
    check(&record)?;
    Ok(record)
}

/// What a record must hold, read or written.
pub(crate) fn check(record: &Record<'_>) -> Result<(), Fault> {
    identifier("reference", &record.reference)?;
    text("counterparty_reference", &record.counterparty_reference)?;
    if !record.rrn.is_empty()
        && (record.rrn.len() != 12 || class::of(&record.rrn) & class::NOT_ALPHANUMERIC != 0)
    {
        return Err(("rrn", "it is not twelve letters or digits"));
    }
    if !record.stan.is_empty() && (record.stan.len() != 6 || class::of(&record.stan) & class::NOT_DIGIT != 0)
    {
        return Err(("stan", "it is not six digits"));
    }
    for (column, minor, least) in [
        ("amount", record.amount_minor, 1),
        ("fee", record.fee_minor, 0),
        ("commission", record.commission_minor, 0),
    ] {
        if minor < least || minor > MINOR_MAX {
            return Err((
                column,
                if least == 1 { "it is not above zero, or too large" } else { "it is negative or too large" },
            ));
        }
    }
    text("service", &record.service)?;
    text("bill", &record.bill)
}

/// What a header must hold, read or written.
pub(crate) fn check_header(header: &Header) -> Result<(), Fault> {
    identifier("file_id", &header.file_id)?;
    text("counterparty", &header.counterparty)?;
    if header.currencies.is_empty() || header.currencies.len() > Currency::all().count() {
        return Err(("currencies", "there is none"));
    }
    for (place, currency) in header.currencies.iter().enumerate() {
        if currency.decimals().is_none() {
            return Err(("currencies", "one of them has no minor unit"));
        }
        if header.currencies[..place].contains(currency) {
            return Err(("currencies", "one of them stands twice"));
        }
    }
    Ok(())
}

/// The currencies of a header, separated by single spaces.
pub(crate) fn currencies<'a>(codes: impl Iterator<Item = &'a str>) -> Result<Vec<Currency>, Fault> {
    codes
        .map(|code| Currency::by_code(code).ok_or(("currencies", "one of them is no currency of ISO 4217")))
        .collect()
}

fn identifier(column: &'static str, value: &str) -> Result<(), Fault> {
    if value.is_empty() || value.len() > TEXT_MAX || class::of(value) & class::INVISIBLE != 0 {
        return Err((column, "it is not 1 to 64 visible ASCII characters"));
    }
    Ok(())
}

/// Text a person may read: no control characters, and none that turns the direction of what follows it.
fn text(column: &'static str, value: &str) -> Result<(), Fault> {
    if value.len() <= TEXT_MAX && class::of(value) & class::NOT_ASCII_TEXT == 0 {
        return Ok(());
    }
    if value.chars().count() > TEXT_MAX {
        return Err((column, "it is longer than 64 characters"));
    }
    let turns = |c: char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    if value.chars().any(|c| c.is_control() || turns(c) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}'))
    {
        return Err((column, "it has a control character"));
    }
    Ok(())
}

/// What a byte is not, or is: one look at each byte of a text answers every question about it.
pub(crate) mod class {
    /// Not a visible character of ASCII.
    pub(crate) const INVISIBLE: u8 = 1;
    /// Neither that nor a space.
    pub(crate) const NOT_ASCII_TEXT: u8 = 2;
    /// A comma, a semicolon, a quotation mark: what makes CSV quote a cell.
    pub(crate) const CSV_MARK: u8 = 4;
    /// What JSON escapes in a text without control characters.
    pub(crate) const JSON_MARK: u8 = 8;
    /// Neither a letter nor a digit of ASCII.
    pub(crate) const NOT_ALPHANUMERIC: u8 = 16;
    /// Not a digit of ASCII.
    pub(crate) const NOT_DIGIT: u8 = 32;

    static OF_BYTE: [u8; 256] = {
        let mut table = [0; 256];
        let mut at = 0;
        while at < table.len() {
            let byte = at as u8;
            let mut class = 0;
            class |= if byte.is_ascii_graphic() { 0 } else { INVISIBLE };
            class |= if byte.is_ascii_graphic() || byte == b' ' { 0 } else { NOT_ASCII_TEXT };
            class |= if matches!(byte, b',' | b';' | b'"') { CSV_MARK } else { 0 };
            class |= if matches!(byte, b'"' | b'\\') { JSON_MARK } else { 0 };
            class |= if byte.is_ascii_alphanumeric() { 0 } else { NOT_ALPHANUMERIC };
            class |= if byte.is_ascii_digit() { 0 } else { NOT_DIGIT };
            table[at] = class;
            at += 1;
        }
        table
    };

    /// Of all bytes together.
    pub(crate) fn of(text: &str) -> u8 {
        text.bytes().fold(0, |class, byte| class | OF_BYTE[usize::from(byte)])
    }
}

/// Reads an amount that has exactly the currency's decimals.
pub(crate) fn minor(column: &'static str, text: &str, currency: Currency) -> Result<i64, Fault> {
    let decimals = usize::from(currency.decimals().ok_or((column, "the currency has no minor unit"))?);
    let bytes = text.as_bytes();
    let wrong = (column, "it is not a decimal number with the decimals of its currency");
    let (whole, fraction) = match decimals {
        0 => (bytes, &bytes[bytes.len()..]),
        _ => {
            let point = bytes.len().checked_sub(decimals + 1).filter(|at| bytes[*at] == b'.').ok_or(wrong)?;
            (&bytes[..point], &bytes[point + 1..])
        }
    };
    // One form for each amount, so that a file that is read and written again is the same file.
    let is_canonical = matches!(whole, [b'0'] | [b'1'..=b'9', ..]);
    if !is_canonical || whole.len() + fraction.len() > 18 {
        return Err(wrong);
    }
    whole.iter().chain(fraction).try_fold(0_i64, |sum, digit| match digit.wrapping_sub(b'0') {
        digit @ 0..=9 => Ok(sum * 10 + i64::from(digit)),
        _ => Err(wrong),
    })
}

/// Appends an amount with the currency's decimals.
pub(crate) fn put_minor(out: &mut Vec<u8>, minor: i64, currency: Currency) {
    let decimals = usize::from(currency.decimals().unwrap_or(0));
    // From the right, the point on the way, so that it is copied once.
    let mut text = [b'0'; 32];
    let mut at = text.len();
    let mut rest = minor.unsigned_abs();
    for _ in 0..decimals {
        at -= 1;
        text[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    if decimals > 0 {
        at -= 1;
        text[at] = b'.';
    }
    loop {
        at -= 1;
        text[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&text[at..]);
}

/// Appends a count.
pub(crate) fn put_count(out: &mut Vec<u8>, count: u64) {
    out.extend_from_slice(count.to_string().as_bytes());
}

/// The trailer's totals against those of the records.
pub(crate) fn compare(told: &Totals, counted: &Totals, line: u64) -> Result<(), FileError> {
    use crate::clearing_file::error::FaultKind::{Count, Sum};
    if told.count != counted.count {
        return Err(FileError::new(Count, line, "count", "the trailer counts other records than there are"));
    }
    for (told, counted) in told.sums.iter().zip(&counted.sums) {
        let field =
            match (told.credits_minor == counted.credits_minor, told.debits_minor == counted.debits_minor) {
                (true, true) => continue,
                (false, _) => "credits",
                (true, false) => "debits",
            };
        let reason = format!("the trailer's sum in {} is not that of the records", told.currency);
        return Err(FileError::new(Sum, line, field, reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_one_form() {
        let currency = |code| Currency::by_code(code).expect("a currency");
        #[rustfmt::skip]
        let table = [
            ("50.00", "ILS", Some(5000)), ("0.05", "ILS", Some(5)), ("12.345", "JOD", Some(12_345)), ("1500", "JPY", Some(1500)),
            ("9999999999999999.99", "ILS", Some(MINOR_MAX)), ("0.00", "ILS", Some(0)),
            ("50", "ILS", None), ("50.0", "ILS", None), ("050.00", "ILS", None), (".50", "ILS", None), ("-1.00", "ILS", None),
            ("1,00", "ILS", None), ("12.34", "JOD", None), ("15.00", "JPY", None), ("", "JPY", None), ("1e3", "JPY", None),
            ("99999999999999999.99", "ILS", None), ("1.0x", "ILS", None), ("٥٠.٠٠", "ILS", None),
        ];
        for (text, code, expected) in table {
            assert_eq!(minor("amount", text, currency(code)).ok(), expected, "{text} {code}");
            if let Some(minor) = expected {
                let mut out = Vec::new();
                put_minor(&mut out, minor, currency(code));
                assert_eq!(String::from_utf8_lossy(&out), text);
            }
        }
    }
}
