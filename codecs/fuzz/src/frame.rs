//! A stream of frames as a peer sends it, in every framing.
//!
//! In pieces of any size it gives the same frames and the same fault as in one; no payload is longer than allowed, no
//! room is made for one that is; what was read is written back as it came.

use bytes::BytesMut;
use codecs::frame::ZeroLength;
use codecs::{ErrorKind, Frame, FrameError, Framing};

use super::input::Input;

/// Splits the stream after the first three bytes, which choose framing, maximum and piece. True when it ends whole.
pub fn frame(bytes: &[u8]) -> bool {
    let mut input = Input(bytes);
    let (_, header) = input.one_of(&Framing::NAMES);
    let how = input.byte();
    let zero = if how & 1 == 0 { ZeroLength::Heartbeat } else { ZeroLength::Refused };
    let frame_max = 1 + (usize::from(how) << 5);
    let framing = Framing::new(header).frame_max(frame_max).zero_length(zero);
    let piece = 1 + usize::from(input.byte());
    let stream = input.0;

    let whole = split(framing, frame_max, stream, stream.len().max(1));
    assert_eq!(whole, split(framing, frame_max, stream, piece), "pieces of {piece} bytes");
    let (frames, fault) = whole;
    match fault {
        None => {
            assert_eq!(written(framing, &frames, stream), stream, "frames are not written back as they came")
        }
        Some(fault) => {
            assert_eq!(fault.frame_max, frame_max);
            assert!(fault.kind != ErrorKind::FrameTooLarge || fault.announced > frame_max, "{fault}");
        }
    }
    fault.is_none()
}

/// The frames of a stream that comes in pieces, up to its end or its first fault.
fn split(
    framing: Framing,
    frame_max: usize,
    stream: &[u8],
    piece: usize,
) -> (Vec<Frame>, Option<FrameError>) {
    let (mut buf, mut frames) = (BytesMut::new(), Vec::new());
    for piece in stream.chunks(piece) {
        buf.extend_from_slice(piece);
        loop {
            let before = buf.len();
            match framing.decode(&mut buf) {
                Ok(Some(frame)) => {
                    assert!(buf.len() < before, "a frame of nothing: the reader would never end");
                    if let Frame::Message { payload, .. } = &frame {
                        assert!((1..=frame_max).contains(&payload.len()));
                    }
                    frames.push(frame);
                }
                Ok(None) => {
                    assert_eq!(buf.len(), before, "waiting takes nothing");
                    break;
                }
                Err(fault) => return (frames, Some(fault)),
            }
        }
        // Header, TPDU and payload of one frame, what came with it, and the doubling of a buffer that grows.
        assert!(
            buf.capacity() <= 2 * (frame_max + 9 + stream.len()) + 64,
            "{} bytes are held",
            buf.capacity()
        );
    }
    (frames, framing.finish(&buf).err())
}

/// The stream these frames are. A heartbeat has more than one spelling (with or without a TPDU; counting its own header
/// or not), so its bytes are taken from the stream.
fn written(framing: Framing, frames: &[Frame], stream: &[u8]) -> BytesMut {
    let mut out = BytesMut::new();
    for frame in frames {
        match frame {
            Frame::Message { payload, tpdu } => {
                framing.encode(payload, *tpdu, &mut out).expect("what was read can be written");
            }
            Frame::Heartbeat => {
                let at = out.len();
                let len = match (framing.name(), &stream[at..]) {
                    ("len4-ascii" | "vml", _) => 4,
                    ("len2-be-tpdu", [0, 5, ..]) => 7,
                    _ => 2,
                };
                out.extend_from_slice(&stream[at..at + len]);
            }
        }
    }
    out
}
