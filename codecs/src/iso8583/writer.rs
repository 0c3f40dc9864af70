//! Writing a message straight into its buffer: each value is checked while it is copied to its place.
//!
//! The quick way is for what nearly every message is: fields in ascending order, written as ASCII text. Whatever else
//! comes goes the long way ([`Writer::put`]), which also finds out what is wrong with a value.

use std::fmt;

use super::bitmap::{Bitmap, bit};
use super::decode::read_units;
use super::draft::EncodeError;
use super::encode::{Sink, put_bytes, put_number, put_padded, put_quick, put_text};
use super::field::Plan;
use super::mac::Mac;
use super::mti::Mti;
use super::spec::{BitmapForm, Charset, Profile};
use crate::{ErrorKind, hex};

/// A message being written at the end of a buffer; made by [`Profile::writer`]. Nothing is kept in between: a field set
/// in ascending order is copied once, one that comes later is moved into its place. A writer dropped before
/// [`Writer::finish`] leaves the buffer as it was.
pub struct Writer<'w> {
    profile: &'w Profile,
    sink: Sink<'w>,
    /// Bytes before the fields: message type and bitmap.
    head_len: usize,
    /// The highest field set.
    last: u8,
    /// The last field of the bitmap being written, 64 or 128, and that bitmap.
    limit: u8,
    half: u64,
    /// The primary bitmap while the secondary is being written.
    lower: u64,
    /// The first value refused.
    refused: Option<(u8, ErrorKind)>,
}

impl Profile {
    /// Starts a message at the end of `out`.
    ///
    /// ```
    /// use codecs::iso8583::Profile;
    ///
    /// let profile = Profile::by_name("iso87-abin").ok_or("no such profile")?;
    /// let mut bytes = Vec::new();
    /// let mut request = profile.writer("0800".parse()?, &mut bytes);
    /// request.set(7, "1122103105").set_number(11, 2).set(33, "275001").set(70, "301");
    /// request.finish()?;
    /// assert!(bytes.starts_with(b"0800"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn writer<'w>(&'w self, mti: Mti, out: &'w mut Vec<u8>) -> Writer<'w> {
        Writer::new(self, mti, out)
    }
}

impl<'w> Writer<'w> {
    #[inline(always)]
    pub(super) fn new(profile: &'w Profile, mti: Mti, out: &'w mut Vec<u8>) -> Self {
        let (mti_wire, len) = mti_wire(profile, mti);
        let head_len = len + half_len(profile);
        let mut sink = Sink::new(out, head_len);
        sink.patch(0, &mti_wire);
        let known = mti.digits()[0] == profile.mti_version();
        let refused = if known { None } else { Some((0, ErrorKind::MtiVersionUnsupported)) };
        Writer { profile, sink, head_len, last: 1, limit: 64, half: 0, lower: 0, refused }
    }

    /// Sets field `n` in the conventions of [`Message::text`](super::Message::text): exactly as long as a fixed field
    /// is, digits with their leading zeros, `b` as hexadecimal text.
    #[inline]
    pub fn set(&mut self, n: u8, text: impl AsRef<str>) -> &mut Self {
        let text = text.as_ref().as_bytes();
        if self.is_next(n) && put_quick(self.profile.plan(n), text, &mut self.sink).is_some() {
            self.half |= bit_in_half(n);
            self.last = n;
            return self;
        }
        self.set_slowly(n, text)
    }

    #[inline(never)]
    fn set_slowly(&mut self, n: u8, text: &[u8]) -> &mut Self {
        let start = self.sink.len();
        if self.is_next(n) {
            if put_text(self.profile.plan(n), text, &mut self.sink).is_ok() {
                self.half |= bit_in_half(n);
                self.last = n;
                return self;
            }
            self.sink.back_to(start);
        }
        self.put(n, |plan, sink| put_text(plan, text, sink))
    }

    /// Sets field `n` and fills a fixed field up: text with spaces on the right, digits with zeros on the left.
    pub fn set_padded(&mut self, n: u8, text: impl AsRef<str>) -> &mut Self {
        let text = text.as_ref().as_bytes();
        self.put(n, |plan, sink| put_padded(plan, text, sink))
    }

    /// Sets an `n` field to a number, zero-padded when the field is fixed.
    pub fn set_number(&mut self, n: u8, number: u64) -> &mut Self {
        self.put(n, |plan, sink| put_number(plan, number, sink))
    }

    /// Sets the bytes of a `b` field.
    pub fn set_bytes(&mut self, n: u8, bytes: &[u8]) -> &mut Self {
        self.put(n, |plan, sink| put_bytes(plan, bytes, sink))
    }

    /// Ends the message.
    ///
    /// # Errors
    /// The first value that was refused, or the type of another version; the buffer is then as it was before.
    #[inline]
    pub fn finish(self) -> Result<(), EncodeError> {
        self.end(None, None)
    }

    /// As [`Writer::finish`], ending with a MAC over all bytes before it: in field 128 when any field above 64 is
    /// present, else in field 64. A value set for that field is replaced.
    ///
    /// # Errors
    /// As [`Writer::finish`].
    pub fn finish_with_mac(self, mac: &Mac) -> Result<(), EncodeError> {
        self.end(Some(mac), None)
    }

    /// Ends the message with a MAC, or with a bitmap as it was received, for which [`Writer::expect_bitmap`] made room.
    #[inline(always)]
    pub(super) fn end(mut self, mac: Option<&Mac>, bitmap: Option<&[u8]>) -> Result<(), EncodeError> {
        match mac {
            Some(mac) => self.put_mac(mac, bitmap),
            None => self.put_bitmap(self.bits(), bitmap),
        }
        match self.refused {
            Some((n, kind)) => Err(EncodeError::of_field(self.profile, kind, n)),
            None => {
                self.sink.keep();
                Ok(())
            }
        }
    }

    #[inline(never)]
    fn put_mac(&mut self, mac: &Mac, bitmap: Option<&[u8]>) {
        let n = if self.bits() as u64 == 0 { 64 } else { 128 };
        if self.bits() & bit(n) != 0 {
            self.take_out(n);
        }
        self.put_bitmap(self.bits() | bit(n), bitmap);
        let (profile, tag) = (self.profile, mac.compute(self.sink.written()));
        self.put(n, |plan, sink| put_bytes(plan, tag.shortened(profile.mac_len(n)), sink));
    }

    /// Makes room for a bitmap of so many bytes before any field is written.
    pub(super) fn expect_bitmap(&mut self, len: usize) {
        self.sink.room(len.saturating_sub(half_len(self.profile)));
        self.head_len = self.sink.len();
    }

    pub(super) const fn profile(&self) -> &'w Profile {
        self.profile
    }

    /// Notes a fault of field `n`; the first one counts.
    #[cold]
    pub(super) fn refuse(&mut self, n: u8, kind: ErrorKind) {
        self.refused = self.refused.or(Some((n, kind)));
    }

    /// True when field `n` is of the half being written and above all that are set.
    #[inline(always)]
    const fn is_next(&self, n: u8) -> bool {
        n > self.last && n <= self.limit
    }

    /// Writes any field in any order.
    pub(super) fn put(
        &mut self,
        n: u8,
        value: impl FnOnce(Plan, &mut Sink<'w>) -> Result<(), ErrorKind>,
    ) -> &mut Self {
        if !(2..=128).contains(&n) {
            self.refuse(n, ErrorKind::FieldUnsupported);
            return self;
        }
        if n > 64 && self.limit == 64 {
            self.open_second_half();
        }
        let place = if !self.is_next(n) { Some(self.place_of(n)) } else { None };
        let start = self.sink.len();
        match value(self.profile.plan(n), &mut self.sink) {
            Ok(()) => self.note(n),
            Err(kind) => {
                self.sink.back_to(start);
                self.refuse(n, kind);
            }
        }
        if let Some(place) = place {
            let len = self.sink.len() - start;
            self.sink.written_mut().get_mut(place..).unwrap_or_default().rotate_right(len);
        }
        self
    }

    fn note(&mut self, n: u8) {
        let bit = bit_in_half(n);
        self.last = self.last.max(n);
        if n <= 64 && self.limit == 128 { self.lower |= bit } else { self.half |= bit }
    }

    /// A field above 64 needs a second bitmap: the fields before it make room.
    #[cold]
    fn open_second_half(&mut self) {
        let half_len = half_len(self.profile);
        (self.limit, self.lower, self.half) = (128, self.half, 0);
        let mti_len = if self.profile.mti_charset() == Charset::Bcd { 2 } else { 4 };
        if self.head_len == mti_len + half_len {
            self.sink.room(half_len);
            self.sink.written_mut().get_mut(self.head_len..).unwrap_or_default().rotate_right(half_len);
            self.head_len += half_len;
        }
    }

    /// Where field `n` belongs among the fields written. A value it has is taken out.
    #[cold]
    fn place_of(&mut self, n: u8) -> usize {
        if self.bits() & bit(n) != 0 {
            return self.take_out(n);
        }
        self.start_of(n)
    }

    #[cold]
    fn take_out(&mut self, n: u8) -> usize {
        let start = self.start_of(n);
        let len = self.len_at(n, start);
        self.sink.written_mut().get_mut(start..).unwrap_or_default().rotate_left(len);
        self.sink.back_to(self.sink.len() - len);
        let bit = bit_in_half(n);
        if n <= 64 && self.limit == 128 {
            self.lower &= !bit
        } else {
            self.half &= !bit
        }
        start
    }

    fn start_of(&self, n: u8) -> usize {
        let fields = Bitmap::from_bits(self.bits()).numbers().take_while(|field| *field < n);
        fields.fold(self.head_len, |at, field| at + self.len_at(field, at))
    }

    /// Bytes of field `n`, written at `start`, with its prefix.
    fn len_at(&self, n: u8, start: usize) -> usize {
        let plan = self.profile.plan(n);
        let units = read_units(plan, self.sink.written(), start).unwrap_or(0);
        plan.prefix.len() + plan.body.wire_len(units.into())
    }

    /// The fields set, as transmitted.
    pub(super) const fn bits(&self) -> u128 {
        let half = self.half as u128;
        if self.limit == 64 { half << 64 } else { (self.lower as u128) << 64 | half }
    }

    #[inline(always)]
    fn put_bitmap(&mut self, bits: u128, received: Option<&[u8]>) {
        let (mut primary, secondary) = ((bits >> 64) as u64, bits as u64);
        if secondary != 0 {
            primary |= 1 << 63;
        }
        match (received, self.profile.bitmap_form()) {
            (None, BitmapForm::Binary) => {
                let at = self.head_len - if secondary == 0 { 8 } else { 16 };
                self.sink.patch(at, &primary.to_be_bytes());
                if secondary != 0 {
                    self.sink.patch(at + 8, &secondary.to_be_bytes());
                }
            }
            (None, BitmapForm::HexAscii) => {
                let at = self.head_len - if secondary == 0 { 16 } else { 32 };
                self.sink.patch(at, &hex_digits(primary));
                if secondary != 0 {
                    self.sink.patch(at + 16, &hex_digits(secondary));
                }
            }
            (Some(received), _) => self.sink.patch(self.head_len - received.len(), received),
        }
    }
}

#[inline(never)]
fn hex_digits(bits: u64) -> [u8; 16] {
    let mut digits = [0; 16];
    for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(bits.to_be_bytes()) {
        *pair = [hex::digit(byte >> 4), hex::digit(byte)];
    }
    digits
}

/// The message type, at the beginning of four bytes, and how many of them it takes.
#[inline(always)]
fn mti_wire(profile: &Profile, mti: Mti) -> ([u8; 4], usize) {
    let [a, b, c, d] = mti.digits();
    match profile.mti_charset() {
        Charset::Ascii => ([a, b, c, d].map(|digit| digit | b'0'), 4),
        Charset::Ebcdic => ([a, b, c, d].map(|digit| digit | 0xF0), 4),
        Charset::Bcd => ([a << 4 | b, c << 4 | d, 0, 0], 2),
    }
}

/// The bit of field `n` in its bitmap.
#[inline(always)]
const fn bit_in_half(n: u8) -> u64 {
    1 << 63 >> (n.wrapping_sub(1) & 63)
}

/// Bytes of a primary bitmap, or of a secondary one.
fn half_len(profile: &Profile) -> usize {
    match profile.bitmap_form() {
        BitmapForm::Binary => 8,
        BitmapForm::HexAscii => 16,
    }
}

impl fmt::Debug for Writer<'_> {
    /// Field numbers only: the contents are card data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(Bitmap::from_bits(self.bits()).numbers()).finish()
    }
}
