//! A message for human eyes: one line a field, card data masked, codes in words, composite fields in their parts.

use std::borrow::Cow;
use std::fmt;

use super::codes;
use super::emv::tag_name;
use super::mask::{Shown, is_sensitive_tag, last_four, mask_digit_runs, mask_pan, shown};
use super::message::Message;
use super::subfields::subfields;
use crate::{hex, tlv};

/// Describes `message` field by field. Safe for logs and tickets: card numbers keep their first six and last four
/// digits; track data, PIN blocks, CVV, keys and free-form private data are never shown.
#[must_use]
pub const fn describe<'m, 'a>(message: &'m Message<'a>) -> Description<'m, 'a> {
    Description { message }
}

/// Prints through `Display`; made by [`describe`].
#[derive(Debug)]
pub struct Description<'m, 'a> {
    message: &'m Message<'a>,
}

impl fmt::Display for Description<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message;
        let profile = message.profile();
        let (mti, len) = (message.mti(), message.as_bytes().len());
        write!(f, "{mti} {} ({len} bytes): {}", profile.name(), codes::mti_in_words(mti))?;
        for n in message.numbers() {
            write!(f, "\n{n:>3} {}: {}", profile.field_name(n), value(message, n))?;
            if let Some(words) = in_words(message, n) {
                write!(f, " ({})", words.escape_debug())?;
            }
            match shown(n, profile.mti_version()) {
                Shown::Emv => data_objects(&message.bytes(n).unwrap_or_default(), f)?,
                Shown::Text => parts(message, n, true, f)?,
                Shown::Length => parts(message, n, false, f)?,
                Shown::Pan | Shown::Account => {}
            }
        }
        Ok(())
    }
}

/// One field on one line, as much of it as may be shown.
pub(super) const fn value<'m, 'a>(message: &'m Message<'a>, n: u8) -> Value<'m, 'a> {
    Value { message, n }
}

pub(super) struct Value<'m, 'a> {
    message: &'m Message<'a>,
    n: u8,
}

impl fmt::Display for Value<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Value { message, n } = *self;
        let profile = message.profile();
        let Some(text) = message.text(n) else { return Ok(()) };
        match shown(n, profile.mti_version()) {
            // Long amounts and original data elements are numbers; only free text can hide a card number.
            Shown::Text if profile.field(n).is_some_and(|field| field.attr.is_number()) => {
                write!(f, "{}", text.escape_debug())
            }
            Shown::Text => write!(f, "{}", mask_digit_runs(&text).escape_debug()),
            // A lenient link lets control characters in: they must not begin a line of their own.
            Shown::Pan => write!(f, "{}", mask_pan(&text).escape_debug()),
            Shown::Account => {
                write!(f, "****{}", last_four(&text).trim_start_matches('*').escape_debug())
            }
            Shown::Emv => write!(f, "{} bytes", message.bytes(n).map_or(0, |bytes| bytes.len())),
            Shown::Length => write!(f, "{} characters, not shown", text.chars().count()),
        }
    }
}

/// What the code in field `n` means.
fn in_words<'a>(message: &Message<'a>, n: u8) -> Option<&'a str> {
    let profile = message.profile();
    let text = message.text(n)?;
    match n {
        3 => codes::transaction_type(text.get(..2)?),
        39 => codes::response(profile, &text).map(|response| response.text),
        _ if n == codes::network_field(profile) => codes::network(profile, &text),
        _ => None,
    }
}

/// The parts of a composite field, or why it has none. Parts of a field that is not shown are not shown either, nor
/// those of text a card number stands in: cut in parts it would pass for shorter numbers.
fn parts(message: &Message<'_>, n: u8, is_shown: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(parts) = subfields(message, n) else { return Ok(()) };
    let is_number = message.profile().field(n).is_some_and(|field| field.attr.is_number());
    let together: String = parts.clone().filter_map(|part| Some(part.ok()?.value)).collect();
    let is_shown = is_shown && (is_number || matches!(mask_digit_runs(&together), Cow::Borrowed(_)));
    for part in parts {
        match part {
            Ok(part) => {
                write!(f, "\n    {}", part.tag.escape_debug())?;
                if !part.name.is_empty() && part.name != part.tag {
                    write!(f, " {}", part.name.escape_debug())?;
                }
                match is_shown {
                    true => write!(f, ": {}", part.value.escape_debug())?,
                    false => write!(f, ": {} characters, not shown", part.value.chars().count())?,
                }
            }
            Err(error) => write!(f, "\n    {}", error.fault)?,
        }
    }
    Ok(())
}

fn data_objects(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for object in tlv::objects(bytes) {
        match object {
            Ok(object) => {
                write!(f, "\n    {:X}", object.tag)?;
                if let Some(name) = tag_name(object.tag) {
                    write!(f, " {name}")?;
                }
                match is_sensitive_tag(object.tag) {
                    true => write!(f, ": not shown")?,
                    false => write!(f, ": {}", mask_digit_runs(&hex::encode(object.value)))?,
                }
            }
            Err(kind) => write!(f, "\n    {kind}")?,
        }
    }
    Ok(())
}
