//! The fields of MT940, MT942 and MT950 by their tags, each as the SWIFT standard writes its format.

use crate::amount::{AmountError, Decimal};
use crate::clearing_file::statement::{Booking, Entry, Mark};
use crate::date::Date;
use crate::iso4217::Currency;

/// Why a field is refused.
pub(super) type Reason = &'static str;

/// Takes the first `count` characters, all ASCII, from `rest`.
fn take<'a>(rest: &mut &'a str, count: usize) -> Option<&'a str> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn digits<'a>(rest: &mut &'a str, count: usize) -> Option<&'a str> {
    let taken = rest.get(..count).filter(|text| text.bytes().all(|c| c.is_ascii_digit()))?;
    *rest = &rest[count..];
    Some(taken)
}

/// `15d`: digits with the mandatory comma, at most 15 characters, at most the currency's decimals.
pub(super) fn amount(text: &str, currency: Currency) -> Result<i64, Reason> {
    if text.len() > 15 {
        return Err("the amount is longer than 15 characters");
    }
    let read = Decimal::parse_swift(text).and_then(|amount| amount.to_minor(currency));
    read.map_err(|error| match error {
        AmountError::TooManyDecimals => "the amount has more decimals than its currency",
        AmountError::NoMinorUnit => "the currency has no minor unit",
        AmountError::Syntax | AmountError::Negative | AmountError::TooLarge => {
            "the amount is not digits with a comma"
        }
    })
}

/// A balance as it stands in the field.
pub(super) struct Told {
    pub(super) date: Date,
    pub(super) currency: Currency,
    /// Below zero for `D`.
    pub(super) minor: i64,
}

/// `1!a6!n3!a15d` of fields 60, 62, 64 and 65.
pub(super) fn balance(mut text: &str) -> Result<Told, Reason> {
    let is_debit = match take(&mut text, 1) {
        Some("C") => false,
        Some("D") => true,
        _ => return Err("the balance is marked neither C nor D"),
    };
    let date = digits(&mut text, 6).and_then(Date::parse_short).ok_or("the date is not a day as YYMMDD")?;
    let currency =
        take(&mut text, 3).and_then(Currency::by_code).ok_or("the currency is not one of ISO 4217")?;
    let minor = amount(text, currency)?;
    Ok(Told { date, currency, minor: if is_debit { -minor } else { minor } })
}

/// `6!n[4!n]2a[1!a]15d1!a3!c16x[//16x]` of field 61; what follows on the next line is added by the reader.
pub(super) fn entry(mut text: &str, currency: Currency, line: u64) -> Result<Entry, Reason> {
    let value_date =
        digits(&mut text, 6).and_then(Date::parse_short).ok_or("the value date is not a day as YYMMDD")?;
    let booking_date = match digits(&mut text, 4) {
        None => None,
        Some(day) => Some(entry_date(value_date, day).ok_or("the entry date is not a day as MMDD")?),
    };
    let mark = mark(&mut text).ok_or("the mark is none of C, D, RC, RD")?;
    let funds_code = text.chars().next().filter(char::is_ascii_uppercase);
    text = &text[usize::from(funds_code.is_some())..];
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(text.len());
    let (told, mut text) = text.split_at(end);
    let amount_minor = amount(told, currency)?;
    let code = take(&mut text, 4)
        .filter(|code| is_code(code))
        .ok_or("the transaction type is not N, F or S and three characters")?;
    let (reference, bank_reference) = text.split_once("//").unwrap_or((text, ""));
    if reference.is_empty() || reference.chars().count() > 16 {
        return Err("the reference for the account owner is not 1 to 16 characters");
    }
    if bank_reference.chars().count() > 16 {
        return Err("the bank's reference is longer than 16 characters");
    }
    Ok(Entry {
        line,
        mark,
        amount_minor,
        currency,
        booking: Booking::Booked,
        value_date: Some(value_date),
        booking_date,
        code: code.to_owned(),
        funds_code,
        reference: reference.to_owned(),
        bank_reference: bank_reference.to_owned(),
        details: String::new(),
        narrative: String::new(),
        charges_minor: 0,
        transactions: Vec::new(),
    })
}

/// The entry date has no year: it is the one that brings it nearest to the value date, also at New Year.
fn entry_date(value_date: Date, day: &str) -> Option<Date> {
    value_date.nearest(day[..2].parse().ok()?, day[2..].parse().ok()?)
}

fn mark(text: &mut &str) -> Option<Mark> {
    for mark in [Mark::ReversalOfCredit, Mark::ReversalOfDebit, Mark::Credit, Mark::Debit] {
        if let Some(rest) = text.strip_prefix(mark.name()) {
            *text = rest;
            return Some(mark);
        }
    }
    None
}

fn is_code(code: &str) -> bool {
    match code.as_bytes() {
        // A SWIFT message by its number.
        [b'S', number @ ..] => number.iter().all(u8::is_ascii_digit),
        [b'N' | b'F', rest @ ..] => rest.iter().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()),
        _ => false,
    }
}

/// `5n3!a15d` of fields 90C and 90D: how many entries, their currency and sum.
pub(super) fn sum(text: &str) -> Result<(u64, Currency, i64), Reason> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, mut text) = text.split_at(end);
    let count =
        count.parse().ok().filter(|_| end <= 5).ok_or("the number of entries is not 1 to 5 digits")?;
    let currency =
        take(&mut text, 3).and_then(Currency::by_code).ok_or("the currency is not one of ISO 4217")?;
    Ok((count, currency, amount(text, currency)?))
}

/// `3!a[1!a]15d` of field 34F: the currency is all that matters here.
pub(super) fn floor_limit(mut text: &str) -> Result<Currency, Reason> {
    let currency =
        take(&mut text, 3).and_then(Currency::by_code).ok_or("the currency is not one of ISO 4217")?;
    amount(text.strip_prefix(['C', 'D']).unwrap_or(text), currency)?;
    Ok(currency)
}

/// `5n[/5n]` of field 28C: number of the statement and of its page.
pub(super) fn number(text: &str) -> Result<(String, Option<u32>), Reason> {
    let is_number = |text: &str| (1..=5).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
    let (number, page) = match text.split_once('/') {
        Some((number, page)) => (number, Some(page)),
        None => (text, None),
    };
    if !is_number(number) || page.is_some_and(|page| !is_number(page)) {
        return Err("it is not 1 to 5 digits, and a page of 1 to 5 digits after a slash");
    }
    Ok((number.to_owned(), page.and_then(|page| page.parse().ok())))
}
