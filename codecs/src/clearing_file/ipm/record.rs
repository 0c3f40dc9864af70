//! One IPM message taken apart: its elements by number, private data subelements by tag.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Encoding;
use super::element::{self, Holds, Length};
use crate::clearing_file::error::{FaultKind, FileError};
use crate::date::Date;
use crate::ebcdic::Page;
use crate::iso8583::{mask_digit_runs, mask_pan};

/// What an element says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Value {
    /// As characters; chip data as hexadecimal digits.
    Text(String),
    /// Amounts in minor units, conversion rates with their first digit as the number of decimals, and counters.
    Number(u64),
}

/// A message of the file. Serialised as a map: `MTI`, `DE2`, ..., `PDS0105`, `DE43_NAME`, ...
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place in the file, counted from one.
    pub number: u64,
    /// Names and values, in the order of the message.
    pub fields: Vec<(String, Value)>,
}

impl Record {
    /// By its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// As text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Text(text) => Some(text),
            Value::Number(_) => None,
        }
    }

    /// As a number.
    #[must_use]
    pub fn number_of(&self, name: &str) -> Option<u64> {
        match self.get(name)? {
            Value::Number(number) => Some(*number),
            Value::Text(_) => None,
        }
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for (name, value) in &self.fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Takes a message apart.
pub(super) struct Parser<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) number: u64,
    pub(super) encoding: Encoding,
    pub(super) shows_pans: bool,
}

impl Parser<'_> {
    pub(super) fn record(mut self) -> Result<Record, FileError> {
        let mti = self.characters("MTI", 4)?;
        if !is_digits(&mti) || !mti.starts_with('1') {
            return Err(self.fault("MTI", "it is not a message type of ISO 8583:1993"));
        }
        let mut fields = vec![("MTI".to_owned(), Value::Text(mti))];
        // Both bitmaps are always there, sixteen bytes in any encoding.
        let bitmap = self.take("bitmap", 16)?.to_vec();
        if bitmap[0] & 0x80 == 0 {
            return Err(self.fault("bitmap", "the secondary bitmap is not there"));
        }
        for bit in 2..=128_u8 {
            let place = bit - 1;
            if bitmap[usize::from(place / 8)] & 0x80 >> (place % 8) != 0 {
                self.element(bit, &mut fields)?;
            }
        }
        if self.bytes.is_empty() {
            Ok(Record { number: self.number, fields })
        } else {
            Err(self.fault("length", "bytes follow the last element"))
        }
    }

    fn element(&mut self, bit: u8, fields: &mut Vec<(String, Value)>) -> Result<(), FileError> {
        let name = format!("DE{bit}");
        let Some((length, holds)) = element::of(bit) else {
            return Err(self.fault(name, "IPM has no such element"));
        };
        let length = match length {
            Length::Fixed(length) => length,
            Length::Two(max) => self.length(&name, 2, max)?,
            Length::Three(max) => self.length(&name, 3, max)?,
        };
        if holds == Holds::Chip {
            let hex = crate::hex::encode(self.take(&name, length)?);
            let shown = if self.shows_pans { hex } else { "*".repeat(hex.len()) };
            fields.push((name, Value::Text(shown)));
            return Ok(());
        }
        let text = self.characters(&name, length)?;
        let value = match holds {
            Holds::Pan if !is_digits(&text) || length < 8 => {
                return Err(self.fault(name, "it is not 8 to 19 digits"));
            }
            Holds::Pan if !self.shows_pans => Value::Text(mask_pan(&text)),
            Holds::FreeText if !self.shows_pans => Value::Text(mask_digit_runs(&text).into_owned()),
            Holds::Digits if !is_digits(&text) => return Err(self.fault(name, "a character is not a digit")),
            Holds::Number => {
                let number = text.parse().ok().filter(|_| is_digits(&text));
                Value::Number(number.ok_or_else(|| self.fault(name.clone(), "a character is not a digit"))?)
            }
            Holds::Moment => {
                let moment = moment(&text)
                    .ok_or_else(|| self.fault(name.clone(), "it is not a moment as YYMMDDhhmmss"))?;
                Value::Text(moment)
            }
            Holds::Private => return self.private(name, &text, fields),
            Holds::Pan | Holds::Digits | Holds::Text | Holds::FreeText | Holds::Chip => Value::Text(text),
        };
        if let (43, Value::Text(text)) = (bit, &value) {
            let parts = location(text);
            fields.push((name, value));
            fields.extend(parts);
        } else {
            fields.push((name, value));
        }
        Ok(())
    }

    /// The element as it stands, then its subelements, none of which may run past its end.
    fn private(&self, name: String, text: &str, fields: &mut Vec<(String, Value)>) -> Result<(), FileError> {
        let mut whole = String::with_capacity(text.len());
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            // Latin-1 beyond ASCII has more bytes here than characters there.
            let cut = |rest: &str, count: usize| {
                rest.char_indices().map(|(at, _)| at).chain([rest.len()]).nth(count)
            };
            let head = cut(rest, 7).map(|at| rest.split_at(at)).filter(|(head, _)| is_digits(head));
            let (head, after) = head.ok_or_else(|| {
                self.fault(name.clone(), "a subelement is not a tag of four digits and a length of three")
            })?;
            let (tag, length) = head.split_at(4);
            let end = length.parse().ok().and_then(|length| cut(after, length));
            let tag = format!("PDS{tag}");
            let (value, after) = end
                .map(|end| after.split_at(end))
                .ok_or_else(|| self.fault(tag.clone(), "it runs past the end of its element"))?;
            if fields.iter().chain(&parts).any(|(known, _)| *known == tag) {
                return Err(self.fault(tag, "it stands twice"));
            }
            // 0001 is the account number of the mapping service.
            let value = if tag == "PDS0001" && !self.shows_pans {
                mask_digit_runs(value).into_owned()
            } else {
                value.to_owned()
            };
            whole.push_str(head);
            whole.push_str(&value);
            parts.push((tag, Value::Text(value)));
            rest = after;
        }
        fields.push((name, Value::Text(whole)));
        fields.append(&mut parts);
        Ok(())
    }

    fn length(&mut self, name: &str, digits: usize, max: usize) -> Result<usize, FileError> {
        let text = self.characters(name, digits)?;
        let length = text.parse().ok().filter(|_| is_digits(&text));
        let length = length.ok_or_else(|| self.fault(name.to_owned(), "its length is not a number"))?;
        if length > max {
            Err(self.fault(name.to_owned(), "it is longer than it may be"))
        } else {
            Ok(length)
        }
    }

    fn characters(&mut self, name: &str, count: usize) -> Result<String, FileError> {
        let encoding = self.encoding;
        let bytes = self.take(name, count)?;
        let text: Option<String> = match encoding {
            Encoding::Ebcdic => Page::Cp500.text(bytes),
            Encoding::Ascii | Encoding::Auto => Some(bytes.iter().copied().map(char::from).collect()),
        };
        let text = text.filter(|text| !text.chars().any(char::is_control));
        text.ok_or_else(|| self.fault(name.to_owned(), "a character is not printable"))
    }

    fn take(&mut self, name: &str, count: usize) -> Result<&[u8], FileError> {
        match self.bytes.split_at_checked(count) {
            Some((taken, rest)) => {
                self.bytes = rest;
                Ok(taken)
            }
            None => Err(FileError::new(
                FaultKind::Syntax,
                self.number,
                name.to_owned(),
                "the record ends inside it",
            )),
        }
    }

    fn fault(&self, name: impl Into<std::borrow::Cow<'static, str>>, reason: &'static str) -> FileError {
        FileError::field(self.number, name, reason)
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_digit())
}

/// `YYMMDDhhmmss` as `YYYY-MM-DDThh:mm:ss`.
fn moment(text: &str) -> Option<String> {
    let (date, time) = text.split_at_checked(6)?;
    let part = |range: std::ops::Range<usize>, max: u8| {
        let text = time.get(range).filter(|text| is_digits(text))?;
        text.parse::<u8>().ok().filter(|value| *value < max).map(|_| text)
    };
    let (hour, minute, second) = (part(0..2, 24)?, part(2..4, 60)?, part(4..6, 60)?);
    Some(format!("{}T{hour}:{minute}:{second}", Date::parse_short(date)?))
}

/// Element 43 in its parts: name, address and city end with a backslash, then postcode (10), state (3), country (3).
fn location(text: &str) -> Vec<(String, Value)> {
    let mut parts = text.splitn(4, '\\');
    let (Some(name), Some(address), Some(suburb), Some(rest)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Vec::new();
    };
    let rest: Vec<char> = rest.chars().collect();
    let [postcode @ .., a, b, c, d, e, f] = &*rest else { return Vec::new() };
    if postcode.len() != 10 {
        return Vec::new();
    }
    let named = [
        ("NAME", name.to_owned()),
        ("ADDRESS", address.to_owned()),
        ("SUBURB", suburb.to_owned()),
        ("POSTCODE", postcode.iter().collect()),
        ("STATE", [a, b, c].into_iter().collect()),
        ("COUNTRY", [d, e, f].into_iter().collect()),
    ];
    let part =
        |(name, text): (&str, String)| (format!("DE43_{name}"), Value::Text(text.trim_end().to_owned()));
    named.into_iter().map(part).collect()
}
