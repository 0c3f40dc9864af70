//! Writing a message: a draft holds the values, one pass appends them to a buffer.

use std::borrow::Cow;
use std::fmt;

use super::bitmap::{Bitmap, bit};
use super::check::{first_fault, is_clean};
use super::field::{Body, Plan, Prefix};
use super::mac::Mac;
use super::message::{Message, text_of};
use super::mti::Mti;
use super::spec::{BitmapForm, Charset, Profile, slot};
use crate::bcd::{self, OddPad};
use crate::{ErrorKind, ebcdic, hex};

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
    bitmap: Bitmap,
    /// Where the value of each field stands: in `inline`, or above its length in `spilled`.
    places: [u8; 128],
    count: u8,
    inline: [Value<'a>; INLINE_FIELDS],
    spilled: Vec<Value<'a>>,
    received: Option<Received<'a>>,
}

/// What of a received message its re-encoding keeps as it was.
#[derive(Clone, Copy)]
struct Received<'a> {
    profile: &'a Profile,
    bitmap: Bitmap,
    bitmap_wire: &'a [u8],
}

#[derive(Clone, Default)]
enum Value<'a> {
    #[default]
    Absent,
    /// In the conventions of [`Message::text`].
    Text(Cow<'a, str>),
    /// Text filled up to the length of a fixed field: spaces on the right, zeros on the left of digits.
    Padded(Cow<'a, str>),
    /// Digits, zero-padded to the length of a fixed field.
    Number(u64),
    /// The bytes of a `b` field.
    Bytes(&'a [u8]),
    /// A body as received under `Received::profile`, with its length in the units of the prefix.
    Wire(&'a [u8], u16),
}

impl<'a> Draft<'a> {
    /// A message of that type without fields.
    #[must_use]
    pub fn new(mti: Mti) -> Self {
        Draft {
            mti,
            bitmap: Bitmap::default(),
            places: [0; 128],
            count: 0,
            inline: [const { Value::Absent }; INLINE_FIELDS],
            spilled: Vec::new(),
            received: None,
        }
    }

    pub(super) fn from_message(message: &Message<'a>) -> Self {
        let mut draft = Draft::new(message.mti());
        let profile = message.profile();
        for n in message.numbers() {
            if let (Some(wire), Some(units)) = (message.wire(n), message.units(n, profile.plan(n))) {
                draft.put(n, Value::Wire(wire, units as u16));
            }
        }
        draft.bitmap = message.bitmap();
        draft.received =
            Some(Received { profile, bitmap: message.bitmap(), bitmap_wire: message.bitmap_wire() });
        draft
    }

    /// The message type.
    #[must_use]
    pub const fn mti(&self) -> Mti {
        self.mti
    }

    /// Changes the message type, as when a request becomes its repeat.
    pub fn set_mti(&mut self, mti: Mti) -> &mut Self {
        self.mti = mti;
        self
    }

    /// True when field `n` (2 to 128) has a value.
    #[must_use]
    pub const fn has(&self, n: u8) -> bool {
        n != 1 && self.bitmap.has(n)
    }

    /// Sets field `n` in the conventions of [`Message::text`]: exactly as long as a fixed field is, digits with their
    /// leading zeros, `b` as hexadecimal text.
    pub fn set(&mut self, n: u8, text: impl Into<Cow<'a, str>>) -> &mut Self {
        self.put(n, Value::Text(text.into()))
    }

    /// Sets field `n` and fills a fixed field up: text with spaces on the right, digits with zeros on the left.
    pub fn set_padded(&mut self, n: u8, text: impl Into<Cow<'a, str>>) -> &mut Self {
        self.put(n, Value::Padded(text.into()))
    }

    /// Sets an `n` field to a number, zero-padded when the field is fixed.
    pub fn set_number(&mut self, n: u8, number: u64) -> &mut Self {
        self.put(n, Value::Number(number))
    }

    /// Sets the bytes of a `b` field.
    pub fn set_bytes(&mut self, n: u8, bytes: &'a [u8]) -> &mut Self {
        self.put(n, Value::Bytes(bytes))
    }

    /// Takes field `n` out.
    pub fn remove(&mut self, n: u8) -> &mut Self {
        self.bitmap.remove(n);
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
    pub fn encode_with_mac(&self, profile: &Profile, mac: &Mac, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.write(profile, Some(mac), out)
    }

    fn write(&self, profile: &Profile, mac: Option<&Mac>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = out.len();
        let written = self.write_all(profile, mac, out, start);
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    fn write_all(
        &self,
        profile: &Profile,
        mac: Option<&Mac>,
        out: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), EncodeError> {
        let mut bitmap = self.bitmap;
        let mac_field = mac.map(|_| if bitmap.needs_secondary() { 128 } else { 64 });
        if let Some(n) = mac_field {
            bitmap.insert(n);
        }
        let unsupported = Bitmap::from_bits(bitmap.bits() & !profile.supported() & !bit(1));
        if let Some(n) = unsupported.numbers().next() {
            return Err(EncodeError::new(profile, ErrorKind::FieldUnsupported, n));
        }
        self.put_mti(profile, out)?;
        self.put_bitmap(profile, bitmap, out);
        let same_profile = self.received.is_some_and(|received| std::ptr::eq(received.profile, profile));
        let mut fields = bitmap;
        fields.remove(1);
        for n in fields.numbers() {
            let plan = profile.plan(n);
            match (mac, mac_field) {
                (Some(mac), Some(field)) if field == n => {
                    let tag = mac.compute(out.get(start..).unwrap_or_default());
                    put_bytes(plan, &tag.field(), out)
                }
                _ => self.put_value(n, plan, same_profile, out),
            }
            .map_err(|kind| EncodeError::new(profile, kind, n))?;
        }
        Ok(())
    }

    fn put(&mut self, n: u8, value: Value<'a>) -> &mut Self {
        let place = if self.bitmap.has(n) { self.places[slot(n)] } else { self.count };
        let (inline, above) = (usize::from(place), usize::from(place).saturating_sub(INLINE_FIELDS));
        if let Some(entry) = self.inline.get_mut(inline) {
            *entry = value;
        } else if let Some(entry) = self.spilled.get_mut(above) {
            *entry = value;
        } else {
            self.spilled.push(value);
        }
        if place == self.count {
            // A field set, removed and set again takes a new place; 255 of them is far above any message.
            self.count = self.count.saturating_add(1);
            self.places[slot(n)] = place;
        }
        self.bitmap.insert(n);
        self
    }

    fn value(&self, n: u8) -> &Value<'a> {
        let place = usize::from(self.places[slot(n)]);
        let spilled = || self.spilled.get(place.saturating_sub(INLINE_FIELDS));
        self.inline.get(place).or_else(spilled).unwrap_or(&Value::Absent)
    }

    fn put_mti(&self, profile: &Profile, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let [a, b, c, d] = self.mti.digits();
        if a != profile.mti_version() {
            return Err(EncodeError::new(profile, ErrorKind::MtiVersionUnsupported, 0));
        }
        match profile.mti_charset() {
            Charset::Ascii => out.extend_from_slice(&[a, b, c, d].map(|digit| digit | b'0')),
            Charset::Ebcdic => out.extend_from_slice(&[a, b, c, d].map(|digit| digit | 0xF0)),
            Charset::Bcd => out.extend_from_slice(&[a << 4 | b, c << 4 | d]),
        }
        Ok(())
    }

    fn put_bitmap(&self, profile: &Profile, mut bitmap: Bitmap, out: &mut Vec<u8>) {
        if bitmap.needs_secondary() {
            bitmap.insert(1);
        }
        if let Some(received) = self.received.filter(|received| {
            received.bitmap == bitmap && received.profile.bitmap_form() == profile.bitmap_form()
        }) {
            return out.extend_from_slice(received.bitmap_wire);
        }
        let bytes = bitmap.bits().to_be_bytes();
        let sent = if bitmap.has(1) { &bytes[..] } else { &bytes[..8] };
        match profile.bitmap_form() {
            BitmapForm::Binary => out.extend_from_slice(sent),
            BitmapForm::HexAscii => put_hex(sent, out),
        }
    }

    fn put_value(&self, n: u8, plan: Plan, same_profile: bool, out: &mut Vec<u8>) -> Result<(), ErrorKind> {
        match self.value(n) {
            Value::Text(text) => put_text(plan, text.as_bytes(), out),
            Value::Padded(text) => put_padded(plan, text.as_bytes(), out),
            Value::Number(number) => put_number(plan, *number, out),
            Value::Bytes(bytes) => put_bytes(plan, bytes, out),
            Value::Wire(wire, units) if same_profile => {
                put_prefix(plan, usize::from(*units), out)?;
                let start = out.len();
                out.extend_from_slice(wire);
                check(plan.body, out, start, usize::from(*units))
            }
            Value::Wire(wire, units) => match self.received {
                Some(received) => {
                    put_text(plan, text_of(received.profile.plan(n), wire, usize::from(*units)).as_bytes(), out)
                }
                None => Err(ErrorKind::FieldUnsupported),
            },
            Value::Absent => Err(ErrorKind::FieldUnsupported),
        }
    }
}

/// Writes prefix and body of `text`, then checks what was written as if it had been received.
fn put_text(plan: Plan, text: &[u8], out: &mut Vec<u8>) -> Result<(), ErrorKind> {
    let units = match plan.body {
        Body::Raw | Body::Hex | Body::HexPairs if !text.len().is_multiple_of(2) => return Err(ErrorKind::HexInvalid),
        Body::Raw | Body::HexPairs => text.len() / 2,
        _ => text.len(),
    };
    put_prefix(plan, units, out)?;
    let start = out.len();
    match plan.body {
        Body::AsciiDigits
        | Body::AsciiPrintable
        | Body::AsciiAlnum
        | Body::AsciiAlpha
        | Body::AsciiTrack
        | Body::AsciiSigned => out.extend_from_slice(text),
        Body::EbcdicDigits
        | Body::EbcdicPrintable
        | Body::EbcdicAlnum
        | Body::EbcdicAlpha
        | Body::EbcdicTrack
        | Body::EbcdicSigned => out.extend(text.iter().map(|character| ebcdic::from_ascii(*character))),
        Body::BcdLeft => put_packed(text, OddPad::LeftZero, false, out)?,
        Body::BcdRight => put_packed(text, OddPad::RightF, false, out)?,
        Body::BcdTrackLeft => put_packed(text, OddPad::LeftZero, true, out)?,
        Body::BcdTrackRight => put_packed(text, OddPad::RightF, true, out)?,
        Body::BcdSigned => {
            let (sign, digits) = text.split_at(text.len().min(1));
            out.extend_from_slice(sign);
            put_packed(digits, OddPad::LeftZero, false, out)?;
        }
        Body::Raw => {
            for [high, low] in text.as_chunks::<2>().0 {
                let nibbles = hex::value(*high).zip(hex::value(*low)).ok_or(ErrorKind::HexInvalid)?;
                out.push(nibbles.0 << 4 | nibbles.1);
            }
        }
        Body::Hex | Body::HexPairs => out.extend(text.iter().map(u8::to_ascii_uppercase)),
        Body::Absent => return Err(ErrorKind::FieldUnsupported),
    }
    check(plan.body, out, start, units)
}

fn put_packed(text: &[u8], pad: OddPad, track: bool, out: &mut Vec<u8>) -> Result<(), ErrorKind> {
    let known = |c: &u8| c.is_ascii_digit() || (track && matches!(c, b'=' | b'D'));
    if !text.iter().all(known) {
        return Err(ErrorKind::NotNumeric);
    }
    bcd::pack(text.iter().map(|c| if c.is_ascii_digit() { c & 0x0F } else { 0xD }), pad, out);
    Ok(())
}

fn put_padded(plan: Plan, text: &[u8], out: &mut Vec<u8>) -> Result<(), ErrorKind> {
    let len = usize::from(plan.units);
    let mut buffer = [b' '; 999];
    let Some(filled) = buffer.get_mut(..len).filter(|_| plan.prefix == Prefix::None && text.len() < len) else {
        return put_text(plan, text, out);
    };
    match plan.body {
        Body::AsciiDigits | Body::EbcdicDigits | Body::BcdLeft | Body::BcdRight => {
            filled.fill(b'0');
            if let Some(end) = filled.get_mut(len - text.len()..) {
                end.copy_from_slice(text);
            }
        }
        Body::AsciiPrintable
        | Body::AsciiAlnum
        | Body::AsciiAlpha
        | Body::EbcdicPrintable
        | Body::EbcdicAlnum
        | Body::EbcdicAlpha => {
            if let Some(front) = filled.get_mut(..text.len()) {
                front.copy_from_slice(text);
            }
        }
        _ => return put_text(plan, text, out),
    }
    put_text(plan, filled, out)
}

fn put_number(plan: Plan, number: u64, out: &mut Vec<u8>) -> Result<(), ErrorKind> {
    let mut digits = [b'0'; 20];
    let mut rest = number;
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        if rest == 0 && used > 0 {
            break;
        }
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        used += 1;
    }
    put_padded(plan, digits.get(20 - used..).unwrap_or_default(), out)
}

fn put_bytes(plan: Plan, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), ErrorKind> {
    let units = match plan.body {
        Body::Raw | Body::HexPairs => bytes.len(),
        Body::Hex => bytes.len() * 2,
        _ => return Err(ErrorKind::HexInvalid),
    };
    put_prefix(plan, units, out)?;
    match plan.body {
        Body::Raw => out.extend_from_slice(bytes),
        _ => put_hex(bytes, out),
    }
    Ok(())
}

fn put_hex(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(bytes.iter().flat_map(|byte| [hex::digit(byte >> 4), hex::digit(*byte)]));
}

/// Checks the length and writes the prefix of a variable field.
fn put_prefix(plan: Plan, units: usize, out: &mut Vec<u8>) -> Result<(), ErrorKind> {
    if units > usize::from(plan.units) {
        return Err(ErrorKind::LengthTooLong);
    }
    let [hundreds, tens, ones] = [100, 10, 1].map(|unit| (units / unit % 10) as u8);
    match plan.prefix {
        Prefix::None if units < usize::from(plan.units) => return Err(ErrorKind::FieldTruncated),
        Prefix::None => {}
        Prefix::Ascii2 => out.extend_from_slice(&[tens | b'0', ones | b'0']),
        Prefix::Ascii3 => out.extend_from_slice(&[hundreds | b'0', tens | b'0', ones | b'0']),
        Prefix::Ebcdic2 => out.extend_from_slice(&[tens | 0xF0, ones | 0xF0]),
        Prefix::Ebcdic3 => out.extend_from_slice(&[hundreds | 0xF0, tens | 0xF0, ones | 0xF0]),
        Prefix::Bcd1 => out.push(tens << 4 | ones),
        Prefix::Bcd2 => out.extend_from_slice(&[hundreds, tens << 4 | ones]),
        Prefix::Binary1 => out.push(units as u8),
        Prefix::Binary2 => out.extend_from_slice(&(units as u16).to_be_bytes()),
    }
    Ok(())
}

#[inline]
fn check(body: Body, out: &[u8], start: usize, units: usize) -> Result<(), ErrorKind> {
    let written = out.get(start..).unwrap_or_default();
    if is_clean(body, written, units) {
        return Ok(());
    }
    first_fault(body, written, units).map_or(Ok(()), |(kind, _)| Err(kind))
}

impl EncodeError {
    #[cold]
    fn new(profile: &Profile, kind: ErrorKind, field: u8) -> Self {
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
        f.debug_list().entries(self.bitmap.numbers().filter(|n| *n != 1)).finish()
    }
}
