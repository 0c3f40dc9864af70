//! Settlement files as JSON Lines: one object a line, amounts as decimal text, `kind` always the first key.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::csv;
use super::record::{COLUMNS, Header, Record, Sum, Totals, VERSION};
use super::value::{self, Cells, Fault, class, put_count, put_minor};
use crate::date::{Date, Moment};
use crate::iso4217::Currency;

pub(crate) fn put_header(out: &mut Vec<u8>, header: &Header) {
    out.extend_from_slice(b"{\"kind\":\"header\",\"version\":");
    put_count(out, VERSION.into());
    put_pair(out, "file_id", &header.file_id);
    put_pair(out, "counterparty", &header.counterparty);
    out.extend_from_slice(b",\"business_date\":\"");
    header.business_date.put(out);
    out.extend_from_slice(b"\",\"currencies\":[");
    for (place, currency) in header.currencies.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        put_string(out, currency.code());
    }
    out.extend_from_slice(b"],\"created\":\"");
    header.created.put(out);
    out.extend_from_slice(b"\"}\n");
}

pub(crate) fn put_record(out: &mut Vec<u8>, record: &Record<'_>) {
    out.extend_from_slice(b"{\"kind\":\"");
    out.extend_from_slice(record.kind.name().as_bytes());
    out.push(b'"');
    put_pair(out, "reference", &record.reference);
    put_pair(out, "counterparty_reference", &record.counterparty_reference);
    put_pair(out, "rrn", &record.rrn);
    put_pair(out, "stan", &record.stan);
    out.extend_from_slice(b",\"amount\":\"");
    put_minor(out, record.amount_minor, record.currency);
    out.extend_from_slice(b"\",\"currency\":\"");
    out.extend_from_slice(record.currency.code().as_bytes());
    out.extend_from_slice(b"\",\"fee\":\"");
    put_minor(out, record.fee_minor, record.currency);
    out.extend_from_slice(b"\",\"commission\":\"");
    put_minor(out, record.commission_minor, record.currency);
    out.extend_from_slice(b"\",\"business_date\":\"");
    record.business_date.put(out);
    out.extend_from_slice(b"\",\"occurred_at\":\"");
    record.occurred_at.put(out);
    out.push(b'"');
    put_pair(out, "service", &record.service);
    put_pair(out, "bill", &record.bill);
    put_pair(out, "status", record.status.name());
    out.extend_from_slice(b"}\n");
}

pub(crate) fn put_trailer(out: &mut Vec<u8>, totals: &Totals, sha256: &[u8]) {
    out.extend_from_slice(b"{\"kind\":\"trailer\",\"count\":");
    put_count(out, totals.count);
    out.extend_from_slice(b",\"sums\":[");
    for (place, sum) in totals.sums.iter().enumerate() {
        out.extend_from_slice(if place == 0 { b"{\"currency\":" } else { b",{\"currency\":" });
        put_string(out, sum.currency.code());
        out.extend_from_slice(b",\"credits\":\"");
        put_minor(out, sum.credits_minor, sum.currency);
        out.extend_from_slice(b"\",\"debits\":\"");
        put_minor(out, sum.debits_minor, sum.currency);
        out.extend_from_slice(b"\"}");
    }
    out.extend_from_slice(b"],\"sha256\":");
    put_string(out, &crate::hex::encode(sha256));
    out.extend_from_slice(b"}\n");
}

fn put_pair(out: &mut Vec<u8>, key: &str, value: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
    put_string(out, value);
}

/// Control characters never come here: no value may have one.
fn put_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    if class::of(text) & class::JSON_MARK == 0 {
        out.extend_from_slice(text.as_bytes());
        return out.push(b'"');
    }
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderLine {
    kind: String,
    version: u32,
    file_id: String,
    counterparty: String,
    business_date: String,
    currencies: Vec<String>,
    created: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrailerLine {
    #[expect(dead_code, reason = "it was looked at to see that this is the trailer")]
    kind: String,
    count: u64,
    sums: Vec<SumLine>,
    sha256: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SumLine {
    currency: String,
    credits: String,
    debits: String,
}

pub(crate) fn read_header(line: &str) -> Result<Header, Fault> {
    let read: HeaderLine = serde_json::from_str(line)
        .map_err(|_| ("header", "the first line is not the header of a settlement file"))?;
    if read.kind != "header" {
        return Err(("kind", "the first line is not the header of a settlement file"));
    }
    if read.version != VERSION {
        return Err(("version", "it is not a version that can be read"));
    }
    Ok(Header {
        file_id: read.file_id,
        counterparty: read.counterparty,
        business_date: Date::parse(&read.business_date)
            .ok_or(("business_date", "it is not a day as YYYY-MM-DD"))?,
        currencies: value::currencies(read.currencies.iter().map(String::as_str))?,
        created: Moment::parse(&read.created)
            .ok_or(("created", "it is not a moment in UTC as YYYY-MM-DDThh:mm:ssZ"))?,
    })
}

pub(crate) fn is_trailer(line: &[u8]) -> bool {
    line.starts_with(b"{\"kind\":\"trailer\"")
}

/// The trailer's totals, and its hash.
pub(crate) fn read_trailer(line: &str, currencies: &[Currency]) -> Result<(Totals, [u8; 32]), Fault> {
    let read: TrailerLine =
        serde_json::from_str(line).map_err(|_| ("trailer", "it is not the trailer of a settlement file"))?;
    if !read.sums.iter().map(|sum| &*sum.currency).eq(currencies.iter().map(|currency| currency.code())) {
        return Err(("currency", "the sums are not those of the header's currencies in their order"));
    }
    let mut sums = Vec::with_capacity(currencies.len());
    for (sum, currency) in read.sums.iter().zip(currencies) {
        sums.push(Sum {
            currency: *currency,
            credits_minor: value::minor("credits", &sum.credits, *currency)?,
            debits_minor: value::minor("debits", &sum.debits, *currency)?,
        });
    }
    Ok((Totals { count: read.count, sums }, csv::sha256(&read.sha256)?))
}

pub(crate) fn read_cells(line: &str) -> Result<Cells<'_>, Fault> {
    let place = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_str(line);
    let cells = RecordSeed { place: &place }.deserialize(&mut reader);
    match cells.and_then(|cells| reader.end().map(|()| cells)) {
        Ok(cells) => Ok(cells),
        Err(_) => Err(match place.get() {
            Some((column, reason)) => (column, reason),
            None => ("line", "it is not one JSON object of known keys"),
        }),
    }
}

/// Reads the object of a record, and remembers where it stood when it failed: the library's own message would repeat
/// what the file says.
struct RecordSeed<'p> {
    place: &'p Cell<Option<Fault>>,
}

impl<'de> DeserializeSeed<'de> for RecordSeed<'_> {
    type Value = Cells<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cells<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RecordSeed<'_> {
    type Value = Cells<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cells<'de>, A::Error> {
        let mut cells = [const { Cow::Borrowed("") }; COLUMNS.len()];
        let mut seen = 0_u32;
        while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
            let fault = |place: &Cell<Option<Fault>>, fault| {
                place.set(Some(fault));
                A::Error::custom("")
            };
            let Some(column) = COLUMNS.iter().position(|column| *column == key) else {
                return Err(fault(self.place, ("line", "it has a key that no record has")));
            };
            if seen & 1 << column != 0 {
                return Err(fault(self.place, (COLUMNS[column], "it stands twice")));
            }
            seen |= 1 << column;
            self.place.set(Some((COLUMNS[column], "it is not a JSON string")));
            cells[column] = map.next_value::<Text<'de>>()?.0;
            self.place.set(None);
        }
        match (0..COLUMNS.len()).find(|column| seen & 1 << column == 0) {
            None => Ok(cells),
            Some(missing) => {
                self.place.set(Some((COLUMNS[missing], "it is missing")));
                Err(A::Error::custom(""))
            }
        }
    }
}

/// A string, borrowed from the line where it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;
        impl<'de> Visitor<'de> for Borrow {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrow)
    }
}
