//! Where one message ends and the next begins on a byte stream.
//!
//! A plain state machine over a [`BytesMut`]: it neither reads nor waits, so it serves any runtime. The announced
//! length is compared with the configured maximum before a single byte is reserved for it. After an error the
//! stream has lost its place and must be closed.

use std::fmt;

use bytes::{Buf, Bytes, BytesMut};

use crate::ErrorKind;

/// Longest payload accepted unless configured otherwise, in bytes.
pub const FRAME_MAX_DEFAULT: usize = 8192;

/// Five bytes in front of a terminal's message: 0x60, destination (2), source (2).
pub type Tpdu = [u8; 5];

/// The TPDU of the answer: destination and source change places.
#[must_use]
pub const fn tpdu_for_answer([id, d0, d1, s0, s1]: Tpdu) -> Tpdu {
    [id, s0, s1, d0, d1]
}

/// How the length header is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// Two bytes, big-endian, the payload only.
    Len2Be,
    /// Two bytes, big-endian, counting themselves.
    Len2BeInclusive,
    /// Two bytes, little-endian, the payload only.
    Len2Le,
    /// Four ASCII digits, the payload only.
    Len4Ascii,
    /// Two bytes of packed digits, the payload only.
    Len2Bcd,
    /// Two bytes, big-endian, counting the five-byte TPDU that follows and the payload.
    Len2BeTpdu,
    /// Two bytes, big-endian, then 00 00; the payload only.
    Vml,
}

/// What a frame of length zero means on this link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZeroLength {
    /// A keep-alive: [`Frame::Heartbeat`].
    Heartbeat,
    /// A fault: [`ErrorKind::FrameLengthZero`].
    Refused,
}

/// The framing of one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    header: Header,
    frame_max: usize,
    zero_length: ZeroLength,
}

/// One unit read from the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A message, with the TPDU that preceded it where the framing has one.
    Message {
        /// The bytes of the message, without header and TPDU.
        payload: Bytes,
        /// The TPDU as received; answer with [`tpdu_for_answer`].
        tpdu: Option<Tpdu>,
    },
    /// A frame without payload.
    Heartbeat,
}

/// A frame that cannot be read or written. Carries lengths, never data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {announced} bytes where at most {frame_max} are allowed")]
pub struct FrameError {
    /// `FrameLengthZero`, `FrameTooLarge`, `FrameShort` or `FrameHeaderInvalid`.
    pub kind: ErrorKind,
    /// The length announced, given, or left over at the end of the stream, in bytes.
    pub announced: usize,
    /// The maximum in force, in bytes.
    pub frame_max: usize,
}

impl Framing {
    /// Names for settings files, in the order of [`Header`].
    pub const NAMES: [(&'static str, Header); 7] = [
        ("len2-be", Header::Len2Be),
        ("len2-be-inclusive", Header::Len2BeInclusive),
        ("len2-le", Header::Len2Le),
        ("len4-ascii", Header::Len4Ascii),
        ("len2-bcd", Header::Len2Bcd),
        ("len2-be-tpdu", Header::Len2BeTpdu),
        ("vml", Header::Vml),
    ];

    /// A framing with the default maximum of 8192 bytes and heartbeats allowed.
    #[must_use]
    pub const fn new(header: Header) -> Self {
        Framing { header, frame_max: FRAME_MAX_DEFAULT, zero_length: ZeroLength::Heartbeat }
    }

    /// The framing of that name (see [`Framing::NAMES`]), with the defaults of [`Framing::new`].
    #[must_use]
    pub fn parse_name(name: &str) -> Option<Self> {
        let (_, header) = Self::NAMES.into_iter().find(|(known, _)| *known == name)?;
        Some(Self::new(header))
    }

    /// The name of the header form, as in a settings file.
    #[must_use]
    pub fn name(&self) -> &'static str {
        Self::NAMES.iter().find(|(_, header)| *header == self.header).map_or("", |(name, _)| name)
    }

    /// The same framing with another maximum payload, in bytes.
    #[must_use]
    pub const fn frame_max(mut self, bytes: usize) -> Self {
        self.frame_max = bytes;
        self
    }

    /// The same framing with another meaning of length zero.
    #[must_use]
    pub const fn zero_length(mut self, meaning: ZeroLength) -> Self {
        self.zero_length = meaning;
        self
    }

    /// Takes one frame off the front of `buf`; `Ok(None)` asks for more bytes.
    ///
    /// # Errors
    /// A malformed header, a length above the maximum, or length zero where that is refused.
    pub fn decode(&self, buf: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
        let Some((header_len, body_len)) = self.read_header(buf)? else { return Ok(None) };
        let tpdu_len = self.tpdu_len();
        let payload_len = body_len.saturating_sub(tpdu_len);
        if payload_len > self.frame_max {
            return Err(self.error(ErrorKind::FrameTooLarge, payload_len));
        }
        if 0 < body_len && body_len < tpdu_len {
            return Err(self.error(ErrorKind::FrameHeaderInvalid, body_len));
        }
        let frame_len = header_len + body_len;
        if buf.len() < frame_len {
            buf.reserve(frame_len - buf.len());
            return Ok(None);
        }
        buf.advance(header_len);
        let mut body = buf.split_to(body_len).freeze();
        let tpdu = (tpdu_len > 0).then(|| body.first_chunk::<5>().copied()).flatten();
        if payload_len == 0 {
            return match self.zero_length {
                ZeroLength::Heartbeat => Ok(Some(Frame::Heartbeat)),
                ZeroLength::Refused => Err(self.error(ErrorKind::FrameLengthZero, 0)),
            };
        }
        body.advance(tpdu_len);
        Ok(Some(Frame::Message { payload: body, tpdu }))
    }

    /// Called when the peer has closed and [`Framing::decode`] has no more to give.
    ///
    /// # Errors
    /// `FrameShort` when bytes of an unfinished frame are left.
    pub fn finish(&self, buf: &BytesMut) -> Result<(), FrameError> {
        if buf.is_empty() { Ok(()) } else { Err(self.error(ErrorKind::FrameShort, buf.len())) }
    }

    /// Appends one frame to `out`. A TPDU is given exactly when the framing has one.
    ///
    /// # Errors
    /// An empty payload, one above the maximum or above what the header can say, or a missing or unwanted TPDU.
    pub fn encode(&self, payload: &[u8], tpdu: Option<Tpdu>, out: &mut BytesMut) -> Result<(), FrameError> {
        let body_len = payload.len() + self.tpdu_len();
        if payload.is_empty() {
            return Err(self.error(ErrorKind::FrameLengthZero, 0));
        }
        if payload.len() > self.frame_max || body_len > self.header_max() {
            return Err(self.error(ErrorKind::FrameTooLarge, payload.len()));
        }
        if tpdu.is_some() != (self.tpdu_len() > 0) {
            return Err(self.error(ErrorKind::FrameHeaderInvalid, payload.len()));
        }
        self.write_header(body_len, out);
        out.extend_from_slice(tpdu.as_ref().map_or(&[], |tpdu| tpdu.as_slice()));
        out.extend_from_slice(payload);
        Ok(())
    }

    /// Appends a frame of length zero.
    pub fn encode_heartbeat(&self, out: &mut BytesMut) {
        self.write_header(0, out);
    }

    /// Header length and the length of all that follows it (TPDU and payload).
    fn read_header(&self, buf: &[u8]) -> Result<Option<(usize, usize)>, FrameError> {
        let invalid = |announced| self.error(ErrorKind::FrameHeaderInvalid, announced);
        let Some(&[first, second]) = buf.first_chunk::<2>() else { return Ok(None) };
        let big_endian = usize::from(u16::from_be_bytes([first, second]));
        Ok(match self.header {
            Header::Len2Be | Header::Len2BeTpdu => Some((2, big_endian)),
            Header::Len2Le => Some((2, usize::from(u16::from_le_bytes([first, second])))),
            Header::Len2BeInclusive if big_endian == 0 => Some((2, 0)),
            Header::Len2BeInclusive => Some((2, big_endian.checked_sub(2).ok_or(invalid(big_endian))?)),
            Header::Len2Bcd => {
                let digits = [first >> 4, first & 0x0F, second >> 4, second & 0x0F];
                Some((2, decimal(digits).ok_or(invalid(0))?))
            }
            Header::Len4Ascii => match buf.first_chunk::<4>() {
                Some(digits) => Some((4, decimal(digits.map(|d| d.wrapping_sub(b'0'))).ok_or(invalid(0))?)),
                None => None,
            },
            Header::Vml => match buf.first_chunk::<4>() {
                Some([_, _, 0, 0]) => Some((4, big_endian)),
                Some(_) => return Err(invalid(big_endian)),
                None => None,
            },
        })
    }

    /// `body_len` is at most [`Framing::header_max`].
    fn write_header(&self, body_len: usize, out: &mut BytesMut) {
        let [.., high, low] = body_len.to_be_bytes();
        let [d0, d1, d2, d3] = [1000, 100, 10, 1].map(|unit| (body_len / unit % 10) as u8);
        match self.header {
            Header::Len2Be | Header::Len2BeTpdu => out.extend_from_slice(&[high, low]),
            Header::Len2BeInclusive if body_len == 0 => out.extend_from_slice(&[0, 0]),
            Header::Len2BeInclusive => {
                let [.., high, low] = (body_len + 2).to_be_bytes();
                out.extend_from_slice(&[high, low]);
            }
            Header::Len2Le => out.extend_from_slice(&[low, high]),
            Header::Len4Ascii => out.extend_from_slice(&[d0, d1, d2, d3].map(|digit| digit + b'0')),
            Header::Len2Bcd => out.extend_from_slice(&[d0 << 4 | d1, d2 << 4 | d3]),
            Header::Vml => out.extend_from_slice(&[high, low, 0, 0]),
        }
    }

    const fn tpdu_len(&self) -> usize {
        match self.header {
            Header::Len2BeTpdu => 5,
            _ => 0,
        }
    }

    /// Largest body the header can announce, in bytes.
    const fn header_max(&self) -> usize {
        match self.header {
            Header::Len4Ascii | Header::Len2Bcd => 9999,
            Header::Len2BeInclusive => 65_533,
            _ => 65_535,
        }
    }

    const fn error(&self, kind: ErrorKind, announced: usize) -> FrameError {
        FrameError { kind, announced, frame_max: self.frame_max }
    }
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The number four digits make, or `None` when one of them is above 9.
fn decimal(digits: [u8; 4]) -> Option<usize> {
    digits.into_iter().try_fold(0, |number, digit| (digit <= 9).then(|| number * 10 + usize::from(digit)))
}
