//! A message for human eyes: one line a field, card data masked.

use std::fmt;

use super::mask::{Shown, is_sensitive_tag, mask_digit_runs, mask_pan, shown};
use super::message::Message;
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
        write!(f, "{} {} ({} bytes)", message.mti(), profile.name(), message.as_bytes().len())?;
        for (n, text) in message.fields() {
            write!(f, "\n{n:>3} {}: ", profile.field_name(n))?;
            match shown(n, profile.mti_version()) {
                // Long amounts and original data elements are numbers; only free text can hide a card number.
                Shown::Text if profile.field(n).is_some_and(|field| field.attr.is_number()) => {
                    write!(f, "{}", text.escape_debug())?;
                }
                Shown::Text => write!(f, "{}", mask_digit_runs(&text).escape_debug())?,
                // A lenient link lets control characters in: they must not begin a line of their own.
                Shown::Pan => write!(f, "{}", mask_pan(&text).escape_debug())?,
                Shown::Account => {
                    let start = text.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
                    let end = if text.len() > 8 { text.get(start..).unwrap_or_default() } else { "" };
                    write!(f, "****{}", end.escape_debug())?;
                }
                Shown::Emv => data_objects(&message.bytes(n).unwrap_or_default(), f)?,
                Shown::Length => write!(f, "{} characters, not shown", text.chars().count())?,
            }
        }
        Ok(())
    }
}

fn data_objects(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{} bytes", bytes.len())?;
    for object in tlv::objects(bytes) {
        match object {
            Ok(object) if is_sensitive_tag(object.tag) => write!(f, "\n    {:X}: not shown", object.tag)?,
            Ok(object) => {
                let value = hex::encode(object.value);
                write!(f, "\n    {:X}: {}", object.tag, mask_digit_runs(&value))?;
            }
            Err(kind) => write!(f, "\n    {kind}")?,
        }
    }
    Ok(())
}
