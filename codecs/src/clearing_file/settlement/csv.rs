//! Settlement files as CSV: RFC 4180 with `\n`, and texts that no spreadsheet takes for a formula.
//!
//! A text that begins with `= + - @` or an apostrophe is written with an apostrophe before it, and read without it. One
//! that begins with such a character unguarded is refused, because the file would be dangerous to open.
//! <https://owasp.org/www-community/attacks/CSV_Injection>

use std::borrow::Cow;

use super::record::{COLUMNS, Header, Record, Sum, Totals, VERSION};
use super::value::{self, Cells, Fault, class, put_count, put_minor};
use crate::date::{Date, Moment};
use crate::iso4217::Currency;

const HEADER: [&str; 7] =
    ["header", "version", "file_id", "counterparty", "business_date", "currencies", "created"];

/// What a spreadsheet takes for the beginning of a formula, and the guard itself.
const FORMULA: &[u8] = b"=+-@\t\r'";

pub(crate) fn put_header(out: &mut Vec<u8>, header: &Header) {
    out.extend_from_slice(b"header,");
    put_count(out, VERSION.into());
    out.push(b',');
    put_text(out, &header.file_id);
    out.push(b',');
    put_text(out, &header.counterparty);
    out.push(b',');
    header.business_date.put(out);
    for (place, currency) in header.currencies.iter().enumerate() {
        out.push(if place == 0 { b',' } else { b' ' });
        out.extend_from_slice(currency.code().as_bytes());
    }
    out.push(b',');
    header.created.put(out);
    out.push(b'\n');
    out.extend_from_slice(COLUMNS.join(",").as_bytes());
    out.push(b'\n');
}

pub(crate) fn put_record(out: &mut Vec<u8>, record: &Record<'_>) {
    out.extend_from_slice(record.kind.name().as_bytes());
    for text in [&record.reference, &record.counterparty_reference] {
        out.push(b',');
        put_text(out, text);
    }
    for plain in [&*record.rrn, &*record.stan] {
        out.push(b',');
        out.extend_from_slice(plain.as_bytes());
    }
    out.push(b',');
    put_minor(out, record.amount_minor, record.currency);
    out.push(b',');
    out.extend_from_slice(record.currency.code().as_bytes());
    for minor in [record.fee_minor, record.commission_minor] {
        out.push(b',');
        put_minor(out, minor, record.currency);
    }
    out.push(b',');
    record.business_date.put(out);
    out.push(b',');
    record.occurred_at.put(out);
    for text in [&record.service, &record.bill] {
        out.push(b',');
        put_text(out, text);
    }
    out.push(b',');
    out.extend_from_slice(record.status.name().as_bytes());
    out.push(b'\n');
}

pub(crate) fn put_trailer(out: &mut Vec<u8>, totals: &Totals, sha256: &[u8]) {
    out.extend_from_slice(b"trailer,");
    put_count(out, totals.count);
    for sum in &totals.sums {
        out.push(b',');
        out.extend_from_slice(sum.currency.code().as_bytes());
        for minor in [sum.credits_minor, sum.debits_minor] {
            out.push(b',');
            put_minor(out, minor, sum.currency);
        }
    }
    out.push(b',');
    out.extend_from_slice(crate::hex::encode(sha256).as_bytes());
    out.push(b'\n');
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    let guard = text.as_bytes().first().is_some_and(|first| FORMULA.contains(first));
    if !guard && class::of(text) & class::CSV_MARK == 0 {
        return out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
    if guard {
        out.push(b'\'');
    }
    for part in text.split_inclusive('"') {
        out.extend_from_slice(part.as_bytes());
        if part.ends_with('"') {
            out.push(b'"');
        }
    }
    out.push(b'"');
}

pub(crate) fn read_header(line: &str) -> Result<Header, Fault> {
    let mut cells = [const { Cow::Borrowed("") }; HEADER.len()];
    split(line, &mut cells, &HEADER)?;
    let [word, version, file_id, counterparty, business_date, currencies, created] = cells;
    if word != "header" {
        return Err(("header", "the first line is not the header of a settlement file"));
    }
    if version != VERSION.to_string() {
        return Err(("version", "it is not a version that can be read"));
    }
    Ok(Header {
        file_id: unguarded("file_id", file_id)?.into_owned(),
        counterparty: unguarded("counterparty", counterparty)?.into_owned(),
        business_date: Date::parse(&business_date)
            .ok_or(("business_date", "it is not a day as YYYY-MM-DD"))?,
        currencies: value::currencies(currencies.split(' '))?,
        created: Moment::parse(&created)
            .ok_or(("created", "it is not a moment in UTC as YYYY-MM-DDThh:mm:ssZ"))?,
    })
}

pub(crate) fn is_columns(line: &str) -> bool {
    line.split(',').eq(COLUMNS)
}

pub(crate) fn is_trailer(line: &[u8]) -> bool {
    line.starts_with(b"trailer,") || line == b"trailer"
}

#[inline]
pub(crate) fn read_cells(line: &str) -> Result<Cells<'_>, Fault> {
    let mut cells = [const { Cow::Borrowed("") }; COLUMNS.len()];
    split(line, &mut cells, &COLUMNS)?;
    for text in [1, 2, 11, 12] {
        let first = cells[text].as_bytes().first();
        if first.is_some_and(|first| FORMULA.contains(first)) {
            cells[text] = unguarded(COLUMNS[text], std::mem::take(&mut cells[text]))?;
        }
    }
    Ok(cells)
}

/// The trailer's totals, and its hash.
pub(crate) fn read_trailer(line: &str, currencies: &[Currency]) -> Result<(Totals, [u8; 32]), Fault> {
    let mut cells = line.split(',').skip(1);
    let mut next = |column| cells.next().ok_or((column, "it is missing"));
    let count = count(next("count")?)?;
    let mut sums = Vec::with_capacity(currencies.len());
    for currency in currencies {
        if next("currency")? != currency.code() {
            return Err(("currency", "the sums are not those of the header's currencies in their order"));
        }
        sums.push(Sum {
            currency: *currency,
            credits_minor: value::minor("credits", next("credits")?, *currency)?,
            debits_minor: value::minor("debits", next("debits")?, *currency)?,
        });
    }
    let sha256 = sha256(next("sha256")?)?;
    match cells.next() {
        None => Ok((Totals { count, sums }, sha256)),
        Some(_) => Err(("trailer", "it has more columns than it may")),
    }
}

pub(crate) fn count(text: &str) -> Result<u64, Fault> {
    let is_plain = text == "0"
        || matches!(text.as_bytes(), [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
    text.parse().ok().filter(|_| is_plain).ok_or(("count", "it is not a number"))
}

pub(crate) fn sha256(text: &str) -> Result<[u8; 32], Fault> {
    let bytes = crate::hex::decode(text.as_bytes()).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or(("sha256", "it is not 64 hexadecimal digits"))
}

/// Takes the guard away; refuses a text that should have one.
fn unguarded<'a>(column: &'static str, text: Cow<'a, str>) -> Result<Cow<'a, str>, Fault> {
    match text.as_bytes() {
        [b'\'', next, ..] if FORMULA.contains(next) => Ok(match text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[1..]),
            Cow::Owned(mut text) => {
                text.remove(0);
                Cow::Owned(text)
            }
        }),
        [first, ..] if FORMULA.contains(first) => {
            Err((column, "it begins like a formula and has no guard before it"))
        }
        _ => Ok(text),
    }
}

/// Splits a line into exactly as many cells as there are `columns`.
fn split<'a>(line: &'a str, cells: &mut [Cow<'a, str>], columns: &[&'static str]) -> Result<(), Fault> {
    let mut rest = Some(line);
    for (cell, column) in cells.iter_mut().zip(columns) {
        let line = rest.ok_or((*column, "it is missing"))?;
        (*cell, rest) = match line.strip_prefix('"') {
            None => plain(line, column)?,
            Some(inside) => quoted(inside, column)?,
        };
    }
    match rest {
        None => Ok(()),
        Some(_) => Err(("line", "it has more columns than it may")),
    }
}

fn plain<'a>(line: &'a str, column: &'static str) -> Result<(Cow<'a, str>, Option<&'a str>), Fault> {
    let end = line.bytes().position(|c| c == b',' || c == b'"');
    match end.map(|end| (end, line.as_bytes()[end])) {
        None => Ok((Cow::Borrowed(line), None)),
        Some((end, b',')) => Ok((Cow::Borrowed(&line[..end]), Some(&line[end + 1..]))),
        Some(_) => Err((column, "it has a quotation mark and is not quoted")),
    }
}

fn quoted<'a>(inside: &'a str, column: &'static str) -> Result<(Cow<'a, str>, Option<&'a str>), Fault> {
    let mut text = Cow::Borrowed("");
    let mut rest = inside;
    loop {
        let (part, after) = rest.split_once('"').ok_or((column, "its quotation mark is not closed"))?;
        if text.is_empty() {
            text = Cow::Borrowed(part)
        } else {
            text.to_mut().push_str(part)
        }
        match after.as_bytes().first() {
            None => return Ok((text, None)),
            Some(b',') => return Ok((text, Some(&after[1..]))),
            Some(b'"') => {
                text.to_mut().push('"');
                rest = &after[1..];
            }
            Some(_) => return Err((column, "something follows its closing quotation mark")),
        }
    }
}
