//! Composite fields: their parts by name or tag, read as the profile lays them out.
//!
//! Decoding a message does not look inside its fields: a field whose parts make no sense is still its text, and only
//! who asks for the parts hears of it.

use std::borrow::Cow;
use std::fmt;

use super::check::first_fault;
use super::decode::read_units;
use super::emv;
use super::field::Plan;
use super::layout::{End, Layout, Part};
use super::message::{Message, text_of};
use super::spec::Profile;
use crate::{ErrorKind, hex, tlv};

/// One part of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subfield<'p> {
    /// What it is set and found by: the part's name; a tag as it is written; a BER tag in hexadecimal.
    pub tag: Cow<'p, str>,
    /// Its name in words, empty for a tag the profile has no word for.
    pub name: &'p str,
    /// Its text, in the conventions of [`Message::text`].
    pub value: String,
}

/// Parts that do not fit the layout. Names the field and the part, never what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubfieldError {
    /// Field number.
    pub field: u8,
    /// Name or tag of the part; empty where none was begun.
    pub part: String,
    /// What is wrong.
    pub fault: SubfieldFault,
    name: &'static str,
}

/// What is wrong with a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubfieldFault {
    /// As of a field: it ends early, its length is none, a character is outside its set.
    #[error("{0}")]
    Kind(ErrorKind),
    /// The profile does not lay the field out.
    #[error("the profile does not say what it is made of")]
    NoLayout,
    /// The layout has no such part.
    #[error("there is no such part")]
    Unknown,
    /// The layout has a part that was not given.
    #[error("is missing")]
    Missing,
    /// The part was given twice.
    #[error("is given twice")]
    Twice,
}

impl fmt::Display for SubfieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field {} ({})", self.field, self.name)?;
        if !self.part.is_empty() {
            write!(f, ", sub-field {}", self.part.escape_debug())?;
        }
        write!(f, ": {}", self.fault)
    }
}

impl std::error::Error for SubfieldError {}

/// The parts of field `n`; `None` when the message does not carry it or the profile does not lay it out.
#[must_use]
pub fn subfields<'a>(message: &Message<'a>, n: u8) -> Option<Subfields<'a>> {
    let profile = message.profile();
    let layout = profile.layout(n)?;
    let bytes = match message.bytes(n) {
        Some(bytes) => bytes,
        None => match message.text(n)? {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        },
    };
    Some(Subfields {
        profile,
        field: n,
        layout,
        bytes,
        at: 0,
        place: 0,
        bits: None,
        after_separator: false,
        is_over: false,
    })
}

/// Iterator of [`subfields`]. Ends after the first error.
#[derive(Clone, Debug)]
pub struct Subfields<'a> {
    profile: &'a Profile,
    field: u8,
    layout: &'a Layout,
    bytes: Cow<'a, [u8]>,
    at: usize,
    /// The part that is next, in a layout that has an order.
    place: usize,
    /// The bits of a bitmap that are still to come.
    bits: Option<u64>,
    after_separator: bool,
    is_over: bool,
}

impl<'a> Iterator for Subfields<'a> {
    type Item = Result<Subfield<'a>, SubfieldError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let part = self.read().transpose();
        self.is_over = !matches!(part, Some(Ok(_)));
        part
    }
}

impl<'a> Subfields<'a> {
    fn read(&mut self) -> Result<Option<Subfield<'a>>, SubfieldError> {
        let layout = self.layout;
        match layout {
            Layout::Positional { parts, repeats } => self.read_positional(parts, *repeats),
            Layout::Tagged { tag, value, names } => {
                if self.rest().is_empty() {
                    return Ok(None);
                }
                let tag = self.read_plan(*tag, "")?;
                let value = self.read_plan(*value, &tag)?;
                let name = names.get(&tag).map_or("", String::as_str);
                Ok(Some(Subfield { tag: Cow::Owned(tag), name, value }))
            }
            Layout::Ber { names } => {
                let mut objects = tlv::objects(self.rest());
                let Some(object) = objects.next() else { return Ok(None) };
                let object = object.map_err(|_| self.wrong("", ErrorKind::TlvTruncated))?;
                let (number, value) = (object.tag, hex::encode(object.value));
                let remaining = objects.remaining();
                self.at = self.bytes.len() - remaining;
                let tag = format!("{number:X}");
                let own = names.get(&tag).map(String::as_str);
                let name = own.or(emv::tag_name(number)).unwrap_or_default();
                Ok(Some(Subfield { tag: Cow::Owned(tag), name, value }))
            }
            Layout::Bitmap { parts, is_hex } => self.read_behind_bitmap(parts, *is_hex),
        }
    }

    fn read_positional(
        &mut self,
        parts: &'a [Part],
        repeats: bool,
    ) -> Result<Option<Subfield<'a>>, SubfieldError> {
        let place = if repeats { self.place % parts.len() } else { self.place };
        let part = parts.get(place);
        // A separator at the end announces a part that is empty, but no row of its own.
        let is_new_row = repeats && place == 0;
        let is_announced =
            self.after_separator && !is_new_row && part.is_some_and(|part| part.end != End::Plan);
        if self.rest().is_empty() && !is_announced && (!repeats || is_new_row) {
            return Ok(None);
        }
        let part = part.ok_or_else(|| self.wrong("", ErrorKind::TrailingBytes))?;
        self.place += 1;
        self.read_part(part).map(Some)
    }

    fn read_behind_bitmap(
        &mut self,
        parts: &'a [(u8, Part)],
        is_hex: bool,
    ) -> Result<Option<Subfield<'a>>, SubfieldError> {
        let bits = match self.bits {
            Some(bits) => bits,
            None if self.rest().is_empty() => return Ok(None),
            None => self.read_bitmap(is_hex)?,
        };
        if bits == 0 {
            let is_over = self.rest().is_empty();
            return if is_over { Ok(None) } else { Err(self.wrong("", ErrorKind::TrailingBytes)) };
        }
        let bit = bits.leading_zeros() as u8 + 1;
        self.bits = Some(bits & !(1 << (64 - bit)));
        match parts.iter().find(|(known, _)| *known == bit) {
            Some((_, part)) => self.read_part(part).map(Some),
            None => Err(self.wrong(&format!("bit {bit}"), ErrorKind::FieldUnsupported)),
        }
    }

    fn read_bitmap(&mut self, is_hex: bool) -> Result<u64, SubfieldError> {
        let len = if is_hex { 16 } else { 8 };
        let bytes = self.take(len, "bitmap")?;
        let bytes = if is_hex { hex::decode(&bytes) } else { Some(bytes) };
        let bits = bytes.and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
        bits.ok_or_else(|| self.wrong("bitmap", ErrorKind::BitmapInvalid))
    }

    fn read_part(&mut self, part: &'a Part) -> Result<Subfield<'a>, SubfieldError> {
        let name = part.name.as_str();
        let value = match part.end {
            End::Plan => self.read_plan(part.plan, name)?,
            End::Rest => self.read_units(part.plan, self.rest().len(), name)?,
            End::Until(end) => {
                // The last part there is needs nothing after it.
                let found = self.rest().iter().position(|byte| *byte == end);
                let value = self.read_units(part.plan, found.unwrap_or(self.rest().len()), name)?;
                self.at += usize::from(found.is_some());
                self.after_separator = found.is_some();
                return Ok(Subfield { tag: Cow::Borrowed(name), name, value });
            }
        };
        self.after_separator = false;
        Ok(Subfield { tag: Cow::Borrowed(name), name, value })
    }

    /// A part whose length is fixed or stands in front of it.
    fn read_plan(&mut self, plan: Plan, part: &str) -> Result<String, SubfieldError> {
        let units = read_units(plan, &self.bytes, self.at).map_err(|kind| self.wrong(part, kind))?;
        self.at += plan.prefix.len();
        let len = plan.body.wire_len(units.into());
        self.read_body(plan, units.into(), len, part)
    }

    /// A part of so many characters.
    fn read_units(&mut self, plan: Plan, len: usize, part: &str) -> Result<String, SubfieldError> {
        if len > plan.body.wire_len(plan.units.into()) {
            return Err(self.wrong(part, ErrorKind::LengthTooLong));
        }
        self.read_body(plan, len, len, part)
    }

    fn read_body(
        &mut self,
        plan: Plan,
        units: usize,
        len: usize,
        part: &str,
    ) -> Result<String, SubfieldError> {
        let wire = self.take(len, part)?;
        match first_fault(plan.body, &wire, units) {
            Some((kind, _)) => Err(self.wrong(part, kind)),
            None => Ok(text_of(plan, &wire, units).into_owned()),
        }
    }

    fn take(&mut self, len: usize, part: &str) -> Result<Vec<u8>, SubfieldError> {
        let taken = self.rest().get(..len).map(<[u8]>::to_vec);
        let taken = taken.ok_or_else(|| self.wrong(part, ErrorKind::FieldTruncated))?;
        self.at += len;
        Ok(taken)
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self, part: &str, kind: ErrorKind) -> SubfieldError {
        fault(self.profile, self.field, part, SubfieldFault::Kind(kind))
    }
}

pub(super) fn fault(profile: &Profile, field: u8, part: &str, fault: SubfieldFault) -> SubfieldError {
    SubfieldError { field, part: part.to_owned(), fault, name: profile.field_name(field) }
}
