//! Putting composite fields together from their parts, checked by the rules of reading.

use super::encode::{Sink, put_padded, put_text};
use super::field::{Attr, Body, Length, Plan, Prefix};
use super::layout::{End, Layout, Part};
use super::spec::Profile;
use super::subfields::{SubfieldError, SubfieldFault, fault};
use crate::{ErrorKind, hex, tlv};

/// Puts field `n` together from tags and values, as text for [`Draft::set`](super::Draft::set).
///
/// Parts in a row and parts behind a bitmap may come in any order and short ones of fixed length are filled up (spaces
/// on the right, zeros on the left of digits); tagged values keep the order they are given in. Parts at the end of a
/// row may be left out where the field's length is variable. In a row that repeats, the values come group by group, in
/// order.
///
/// # Errors
/// Names the part that is unknown, missing, given twice, or whose value it cannot carry.
pub fn build_subfields(profile: &Profile, n: u8, values: &[(&str, &str)]) -> Result<String, SubfieldError> {
    let layout = profile.layout(n).ok_or_else(|| fault(profile, n, "", SubfieldFault::NoLayout))?;
    let mut bytes = Vec::new();
    let mut sink = Sink::new(&mut bytes, 0);
    let mut builder = Builder { profile, field: n, sink: &mut sink };
    match layout {
        Layout::Positional { parts, repeats: true } => builder.put_groups(parts, values)?,
        Layout::Positional { parts, repeats: false } => builder.put_row(parts, values)?,
        Layout::Bitmap { parts, is_hex } => builder.put_behind_bitmap(parts, *is_hex, values)?,
        Layout::Tagged { tag, value, .. } => {
            for (name, text) in values {
                builder.put_tag(*tag, name)?;
                builder.put(*value, text, name)?;
            }
        }
        Layout::Ber { .. } => builder.put_objects(values)?,
    }
    sink.keep();
    let is_binary = profile.field(n).is_some_and(|field| field.attr == Attr::B);
    if is_binary {
        return Ok(hex::encode(&bytes));
    }
    String::from_utf8(bytes)
        .map_err(|_| fault(profile, n, "", SubfieldFault::Kind(ErrorKind::CharacterInvalid)))
}

/// Writes parts one after the other.
struct Builder<'b, 'o> {
    profile: &'b Profile,
    field: u8,
    sink: &'b mut Sink<'o>,
}

impl Builder<'_, '_> {
    fn wrong(&self, part: &str, what: SubfieldFault) -> SubfieldError {
        fault(self.profile, self.field, part, what)
    }

    fn put(&mut self, plan: Plan, text: &str, part: &str) -> Result<(), SubfieldError> {
        let written = put_padded(plan, text.as_bytes(), self.sink);
        written.map_err(|kind| self.wrong(part, SubfieldFault::Kind(kind)))
    }

    /// A tag is not filled up: a shorter one is another tag.
    fn put_tag(&mut self, plan: Plan, tag: &str) -> Result<(), SubfieldError> {
        put_text(plan, tag.as_bytes(), self.sink).map_err(|kind| self.wrong(tag, SubfieldFault::Kind(kind)))
    }

    fn put_part(&mut self, part: &Part, text: &str) -> Result<(), SubfieldError> {
        let End::Plan = part.end else { return self.put_open(part, text) };
        self.put(part.plan, text, &part.name)
    }

    /// A part that ends with the field or at a separator; the separator goes before the part that follows.
    fn put_open(&mut self, part: &Part, text: &str) -> Result<(), SubfieldError> {
        let too_long = || self.wrong(&part.name, SubfieldFault::Kind(ErrorKind::LengthTooLong));
        let units = if part.plan.body == Body::Raw { text.len() / 2 } else { text.len() };
        let units =
            u16::try_from(units).ok().filter(|units| *units <= part.plan.units).ok_or_else(too_long)?;
        if let End::Until(end) = part.end
            && text.as_bytes().contains(&end)
        {
            return Err(self.wrong(&part.name, SubfieldFault::Kind(ErrorKind::CharacterInvalid)));
        }
        self.put(Plan { units, prefix: Prefix::None, ..part.plan }, text, &part.name)
    }

    /// The values by their parts, each at most once.
    fn by_part<'v>(
        &self,
        names: &[&str],
        values: &[(&str, &'v str)],
    ) -> Result<Vec<Option<&'v str>>, SubfieldError> {
        let mut found = vec![None; names.len()];
        for (tag, text) in values {
            let place = names.iter().position(|name| name == tag);
            match place.and_then(|place| found.get_mut(place)) {
                Some(Some(_)) => return Err(self.wrong(tag, SubfieldFault::Twice)),
                Some(room) => *room = Some(*text),
                None => return Err(self.wrong(tag, SubfieldFault::Unknown)),
            }
        }
        Ok(found)
    }

    fn put_row(&mut self, parts: &[Part], values: &[(&str, &str)]) -> Result<(), SubfieldError> {
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        let found = self.by_part(&names, values)?;
        let is_fixed = self.profile.field(self.field).is_some_and(|f| f.length == Length::Fixed);
        let last = if is_fixed {
            parts.len()
        } else {
            found.iter().rposition(Option::is_some).map_or(0, |at| at + 1)
        };
        for (at, (part, text)) in parts.iter().zip(found).take(last).enumerate() {
            let text = text.ok_or_else(|| self.wrong(&part.name, SubfieldFault::Missing))?;
            self.put_part(part, text)?;
            if let End::Until(end) = part.end
                && at + 1 < last
            {
                self.sink.put([end]);
            }
        }
        Ok(())
    }

    fn put_groups(&mut self, parts: &[Part], values: &[(&str, &str)]) -> Result<(), SubfieldError> {
        for (at, (tag, text)) in values.iter().enumerate() {
            let Some(part) = parts.get(at % parts.len()).filter(|part| part.name == *tag) else {
                return Err(self.wrong(tag, SubfieldFault::Unknown));
            };
            self.put_part(part, text)?;
            if let End::Until(end) = part.end {
                self.sink.put([end]);
            }
        }
        match parts.get(values.len() % parts.len()) {
            Some(part) if !values.len().is_multiple_of(parts.len()) => {
                Err(self.wrong(&part.name, SubfieldFault::Missing))
            }
            _ => Ok(()),
        }
    }

    fn put_behind_bitmap(
        &mut self,
        parts: &[(u8, Part)],
        is_hex: bool,
        values: &[(&str, &str)],
    ) -> Result<(), SubfieldError> {
        let names: Vec<&str> = parts.iter().map(|(_, part)| part.name.as_str()).collect();
        let found = self.by_part(&names, values)?;
        let set = parts.iter().zip(&found).filter(|(_, text)| text.is_some());
        let bits = set.fold(0_u64, |bits, ((bit, _), _)| bits | 1 << (64 - bit));
        match is_hex {
            true => self.sink.put_hex(&bits.to_be_bytes()),
            false => self.sink.put(bits.to_be_bytes()),
        }
        for ((_, part), text) in parts.iter().zip(found) {
            if let Some(text) = text {
                self.put_part(part, text)?;
            }
        }
        Ok(())
    }

    fn put_objects(&mut self, values: &[(&str, &str)]) -> Result<(), SubfieldError> {
        for (tag, text) in values {
            let number = u32::from_str_radix(tag, 16).ok();
            let number = number.filter(|number| format!("{number:X}").eq_ignore_ascii_case(tag));
            let number = number.ok_or_else(|| self.wrong(tag, SubfieldFault::Unknown))?;
            let value = hex::decode(text.as_bytes());
            let value = value.ok_or_else(|| self.wrong(tag, SubfieldFault::Kind(ErrorKind::HexInvalid)))?;
            let mut object = Vec::new();
            tlv::put(&mut object, number, &value).map_err(|_| self.wrong(tag, SubfieldFault::Unknown))?;
            self.sink.room(object.len()).copy_from_slice(&object);
        }
        Ok(())
    }
}
