//! A message to be written: the values of its fields, and the order in which they go out.

use std::borrow::Cow;
use std::fmt;

use super::bitmap::{Bitmap, bit};
use super::encode::put_wire;
use super::mac::Mac;
use super::message::{Message, text_of};
use super::mti::Mti;
use super::spec::Profile;
use super::writer::Writer;
use crate::ErrorKind;

/// Drafts of up to so many fields live on the stack; longer ones spill to the heap.
const INLINE_FIELDS: usize = 32;

/// A message that cannot be written. Names the field, never its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeError {
    /// What is wrong with the value, in the terms of reading: a fixed value that is too short is `FieldTruncated`.
    pub kind: ErrorKind,
    /// Field number; 0 is the message type.
    pub field: u8,
    name: &'static str,
}

/// A message to be written. Values may be borrowed; nothing is checked before [`Draft::encode`].
#[derive(Clone)]
pub struct Draft<'a> {
    mti: Mti,
    count: u8,
    /// The highest field set.
    last: u8,
    /// The primary and the secondary bitmap, without bit 1.
    bits: [u64; 2],
    /// A number given to `set` that no field has.
    stray: Option<u8>,
    /// The fields in ascending order, and their values, the first of them here.
    numbers: [u8; INLINE_FIELDS],
    values: [Value<'a>; INLINE_FIELDS],
    /// The fields from the thirty-third on.
    spilled: Vec<(u8, Value<'a>)>,
    /// Texts the draft was given to keep.
    owned: Vec<String>,
    received: Option<Received<'a>>,
}

/// What of a received message its re-encoding keeps as it was.
#[derive(Clone, Copy)]
struct Received<'a> {
    profile: &'a Profile,
    bitmap: Bitmap,
    bitmap_wire: &'a [u8],
}

#[derive(Clone, Copy)]
enum Value<'a> {
    /// The places no field has taken yet.
    Unset,
    /// Digits, zero-padded to the length of a fixed field.
    Number(u64),
    /// In the conventions of [`Message::text`].
    Text(&'a str),
    /// Text filled up to the length of a fixed field: spaces on the right, zeros on the left of digits.
    Padded(&'a str),
    /// As `Text`, at this place in `Draft::owned`.
    Owned(usize),
    /// As `Padded`, at this place in `Draft::owned`.
    PaddedOwned(usize),
    /// The bytes of a `b` field.
    Bytes(&'a [u8]),
    /// A body as received under `Received::profile`, with its length in the units of the prefix.
    Wire(&'a [u8], u16),
}

impl<'a> Draft<'a> {
    /// A message of that type without fields.
    #[must_use]
    pub const fn new(mti: Mti) -> Self {
        Draft {
            mti,
            count: 0,
            last: 0,
            bits: [0; 2],
            stray: None,
            numbers: [0; INLINE_FIELDS],
            values: [Value::Unset; INLINE_FIELDS],
            spilled: Vec::new(),
            owned: Vec::new(),
            received: None,
        }
    }

    pub(super) fn from_message(message: &Message<'a>) -> Self {
        let mut draft = Draft::new(message.mti());
        for n in message.numbers() {
            if let Some((_, wire, units)) = message.body(n) {
                draft.put(n, Value::Wire(wire, units as u16));
            }
        }
        draft.received = Some(Received {
            profile: message.profile(),
            bitmap: message.bitmap(),
            bitmap_wire: message.bitmap_wire(),
        });
        draft
    }

    /// The message type.
    #[must_use]
    pub const fn mti(&self) -> Mti {
        self.mti
    }

    /// Changes the message type, as when a request becomes its repeat.
    pub const fn set_mti(&mut self, mti: Mti) -> &mut Self {
        self.mti = mti;
        self
    }

    /// True when field `n` has a value.
    #[must_use]
    pub const fn has(&self, n: u8) -> bool {
        self.bitmap().has(n)
    }

    /// Sets field `n` in the conventions of [`Message::text`]: exactly as long as a fixed field is, digits with their
    /// leading zeros, `b` as hexadecimal text.
    #[inline]
    pub fn set(&mut self, n: u8, text: impl Into<Cow<'a, str>>) -> &mut Self {
        match text.into() {
            Cow::Borrowed(text) => match self.next_value(n) {
                Some(value) => *value = Value::Text(text),
                None => self.put_out_of_order(n, Value::Text(text)),
            },
            Cow::Owned(text) => {
                let value = Value::Owned(self.keep(text));
                self.put(n, value);
            }
        }
        self
    }

    /// Sets field `n` and fills a fixed field up: text with spaces on the right, digits with zeros on the left.
    pub fn set_padded(&mut self, n: u8, text: impl Into<Cow<'a, str>>) -> &mut Self {
        let value = match text.into() {
            Cow::Borrowed(text) => Value::Padded(text),
            Cow::Owned(text) => Value::PaddedOwned(self.keep(text)),
        };
        self.put(n, value)
    }

    /// Sets an `n` field to a number, zero-padded when the field is fixed.
    pub fn set_number(&mut self, n: u8, number: u64) -> &mut Self {
        self.put(n, Value::Number(number))
    }

    /// Sets the bytes of a `b` field.
    pub fn set_bytes(&mut self, n: u8, bytes: &'a [u8]) -> &mut Self {
        self.put(n, Value::Bytes(bytes))
    }

    /// Takes field `n` out. A number that no field has is not forgotten: the draft stays refused.
    pub fn remove(&mut self, n: u8) -> &mut Self {
        if self.has(n) {
            let kept: Vec<_> = self.fields().filter(|(number, _)| *number != n).collect();
            self.replace_all(&kept);
        }
        self
    }

    /// Appends the message to `out`, checked by the rules of strict reading. On an error `out` is left as it was.
    ///
    /// # Errors
    /// The first field whose value the profile cannot carry, or the type of another version.
    pub fn encode(&self, profile: &Profile, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write(profile, None, out)
    }

    /// As [`Draft::encode`], ending with a MAC over all bytes before it: in field 128 when any field above 64 is
    /// present, else in field 64. A value set for that field is replaced.
    ///
    /// # Errors
    /// As [`Draft::encode`].
    pub fn encode_with_mac(
        &self,
        profile: &Profile,
        mac: &Mac,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        self.write(profile, Some(mac), out)
    }

    fn write(&self, profile: &Profile, mac: Option<&Mac>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut writer = Writer::new(profile, self.mti, out);
        if let Some(n) = self.stray {
            writer.refuse(n, ErrorKind::FieldUnsupported);
        }
        let mut bitmap = self.bitmap();
        let mac_field = mac.map_or(0, |_| if bitmap.needs_secondary() { 128 } else { 64 });
        bitmap.insert(mac_field);
        let received = self.bitmap_received(profile, bitmap);
        if let Some(received) = received {
            writer.expect_bitmap(received.len());
        }
        let (numbers, values) = self.inline();
        for (n, value) in numbers.iter().zip(values) {
            match value {
                _ if *n == mac_field => {}
                Value::Text(text) => {
                    writer.set(*n, text);
                }
                value => self.put_value(*n, value, &mut writer),
            }
        }
        for (n, value) in self.spilled.iter().filter(|(n, _)| *n != mac_field) {
            self.put_value(*n, value, &mut writer);
        }
        writer.end(mac, received)
    }

    /// The fields on the stack.
    #[inline]
    fn inline(&self) -> (&[u8], &[Value<'a>]) {
        let count = usize::from(self.count);
        (self.numbers.get(..count).unwrap_or_default(), self.values.get(..count).unwrap_or_default())
    }

    /// All fields in ascending order.
    fn fields(&self) -> impl Iterator<Item = (u8, Value<'a>)> {
        let (numbers, values) = self.inline();
        numbers.iter().copied().zip(values.iter().copied()).chain(self.spilled.iter().copied())
    }

    const fn bitmap(&self) -> Bitmap {
        let [primary, secondary] = self.bits;
        Bitmap::from_bits((primary as u128) << 64 | secondary as u128)
    }

    /// Notes that field `n` (2 to 128) is set.
    #[inline]
    const fn note(&mut self, n: u8) {
        let at = n - 1;
        self.bits[(at >> 6) as usize & 1] |= 1 << 63 >> (at & 63);
    }

    /// Notes that field `n` is the highest set.
    #[inline]
    const fn note_last(&mut self, n: u8) {
        self.note(n);
        self.last = n;
    }

    fn keep(&mut self, text: String) -> usize {
        self.owned.push(text);
        self.owned.len() - 1
    }

    fn put(&mut self, n: u8, value: Value<'a>) -> &mut Self {
        match self.next_value(n) {
            Some(entry) => *entry = value,
            None => self.put_out_of_order(n, value),
        }
        self
    }

    /// The place of the value of field `n` when fields come in ascending order, as they mostly do.
    #[inline]
    fn next_value(&mut self, n: u8) -> Option<&mut Value<'a>> {
        if n <= self.last || !(2..=128).contains(&n) {
            return None;
        }
        let place = usize::from(self.count);
        *self.numbers.get_mut(place)? = n;
        self.count += 1;
        self.note_last(n);
        self.values.get_mut(place)
    }

    #[cold]
    fn put_out_of_order(&mut self, n: u8, value: Value<'a>) {
        if !(2..=128).contains(&n) {
            self.stray = Some(n);
        } else if n > self.last {
            self.spilled.push((n, value));
            self.note_last(n);
        } else {
            self.put_between(n, value);
        }
    }

    /// Puts a value where others follow: over the one it replaces, or by making room.
    fn put_between(&mut self, n: u8, value: Value<'a>) {
        let count = usize::from(self.count);
        let place = self.inline().0.partition_point(|number| *number < n);
        if self.has(n) && place < count {
            self.values[place] = value;
        } else if !self.has(n) && count < INLINE_FIELDS {
            self.numbers.copy_within(place..count, place + 1);
            self.values.copy_within(place..count, place + 1);
            (self.numbers[place], self.values[place]) = (n, value);
            self.count += 1;
            self.note(n);
        } else {
            let mut fields: Vec<_> = self.fields().filter(|(number, _)| *number != n).collect();
            fields.insert(fields.partition_point(|(number, _)| *number < n), (n, value));
            self.replace_all(&fields);
        }
    }

    fn replace_all(&mut self, fields: &[(u8, Value<'a>)]) {
        (self.count, self.last, self.bits) = (0, 0, [0; 2]);
        self.spilled.clear();
        for (n, value) in fields {
            self.put(*n, *value);
        }
    }

    /// The bitmap to send when it is that of the received message: it goes on as it came, be it a secondary one that
    /// is empty, or hexadecimal text in small letters.
    fn bitmap_received(&self, profile: &Profile, bitmap: Bitmap) -> Option<&'a [u8]> {
        let received = self.received?;
        let same = received.bitmap.bits() & !bit(1) == bitmap.bits();
        (same && received.profile.bitmap_form() == profile.bitmap_form()).then_some(received.bitmap_wire)
    }

    #[inline(never)]
    fn put_value(&self, n: u8, value: &Value<'a>, writer: &mut Writer<'_>) {
        let owned = |at: &usize| self.owned.get(*at).map_or("", String::as_str);
        match value {
            Value::Unset => writer.refuse(n, ErrorKind::FieldUnsupported),
            Value::Text(text) => _ = writer.set(n, text),
            Value::Number(number) => _ = writer.set_number(n, *number),
            Value::Padded(text) => _ = writer.set_padded(n, text),
            Value::Bytes(bytes) => _ = writer.set_bytes(n, bytes),
            Value::Owned(at) => _ = writer.set(n, owned(at)),
            Value::PaddedOwned(at) => _ = writer.set_padded(n, owned(at)),
            Value::Wire(wire, units) => match self.received {
                Some(received) if !std::ptr::eq(received.profile, writer.profile()) => {
                    let text = text_of(received.profile.plan(n), wire, (*units).into());
                    writer.set(n, text);
                }
                _ => _ = writer.put(n, |plan, sink| put_wire(plan, wire, (*units).into(), sink)),
            },
        }
    }
}

impl EncodeError {
    #[cold]
    pub(super) fn of_field(profile: &Profile, kind: ErrorKind, field: u8) -> Self {
        EncodeError { kind, field, name: profile.field_name(field) }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field {} ({}): {}", self.field, self.name, self.kind)
    }
}

impl std::error::Error for EncodeError {}

impl fmt::Debug for Draft<'_> {
    /// Type and field numbers only: the contents are card data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.mti)?;
        f.debug_list().entries(self.fields().map(|(n, _)| n)).finish()
    }
}
