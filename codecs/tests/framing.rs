//! Frames as terminals and hosts send them, whole, in pieces, and broken.

use bytes::BytesMut;
use codecs::frame::{Header, ZeroLength, tpdu_for_answer};
use codecs::{ErrorKind, Frame, FrameError, Framing};

use crate::support::{bytes, golden, list, text};

/// Feeds `stream` in pieces of `piece` bytes and closes it.
fn read_all(framing: Framing, stream: &[u8], piece: usize) -> Result<Vec<Frame>, FrameError> {
    let mut buf = BytesMut::new();
    let mut frames = Vec::new();
    for piece in stream.chunks(piece) {
        buf.extend_from_slice(piece);
        while let Some(frame) = framing.decode(&mut buf)? {
            frames.push(frame);
        }
    }
    framing.finish(&buf)?;
    Ok(frames)
}

/// The vectors name framings in words: the part before the blank, "inclusive", "TPDU" and the maximum.
fn framing_of(words: &str) -> Framing {
    let name = match words {
        words if words.starts_with("len2-be inclusive") => "len2-be-inclusive",
        words if words.contains("TPDU") => "len2-be-tpdu",
        words => words.split([' ', ',']).next().unwrap_or_default(),
    };
    Framing::parse_name(name).unwrap_or_else(|| panic!("{words}")).frame_max(8192)
}

#[test]
fn every_framing_vector_is_read_whole_and_in_pieces() {
    let file = golden("iso8583/framing.json");
    let expected_payload = bytes(&file["payload_hex"]);
    for vector in list(&file, "frames") {
        let (id, framing) = (text(&vector["id"]), framing_of(text(&vector["framing"])));
        let stream = bytes(&vector["hex"]);
        for piece in [1, 3, stream.len()] {
            let read = read_all(framing, &stream, piece);
            if let Some(kind) = vector["expect"].as_str() {
                assert_eq!(read.expect_err(id).kind.name(), kind, "{id}");
                continue;
            }
            let frames = read.unwrap_or_else(|error| panic!("{id}: {error}"));
            let messages: Vec<_> = frames.iter().filter(|frame| **frame != Frame::Heartbeat).collect();
            assert_eq!(messages.len() as u64, vector["messages"].as_u64().unwrap_or(1), "{id}");
            for message in messages {
                let Frame::Message { payload, tpdu } = message else {
                    unreachable!("heartbeats are filtered out")
                };
                assert_eq!(payload, &expected_payload, "{id}");
                assert_eq!(
                    tpdu.map(|tpdu| codecs::hex::encode(&tpdu)).as_deref(),
                    vector["tpdu"].as_str(),
                    "{id}"
                );
            }
        }
    }
}

#[test]
fn every_framing_vector_is_written_back() {
    let file = golden("iso8583/framing.json");
    let payload = bytes(&file["payload_hex"]);
    for vector in &list(&file, "frames")[..7] {
        let framing = framing_of(text(&vector["framing"]));
        let tpdu = vector["tpdu"].as_str().map(|_| bytes(&vector["tpdu"]).try_into().expect("five bytes"));
        let mut out = BytesMut::new();
        framing.encode(&payload, tpdu, &mut out).expect("a payload of 47 bytes");
        assert_eq!(out, bytes(&vector["hex"]), "{}", vector["id"]);
    }
}

#[test]
fn length_zero_is_a_heartbeat_or_a_fault_as_configured() {
    for (name, header) in Framing::NAMES {
        let framing = Framing::new(header);
        let mut out = BytesMut::new();
        framing.encode_heartbeat(&mut out);
        assert_eq!(framing.decode(&mut out.clone()), Ok(Some(Frame::Heartbeat)), "{name}");
        let refusing = framing.zero_length(ZeroLength::Refused);
        assert_eq!(
            refusing.decode(&mut out).map_err(|error| error.kind),
            Err(ErrorKind::FrameLengthZero),
            "{name}"
        );
    }
}

#[test]
fn a_frame_above_the_maximum_is_refused_before_memory_is_set_aside() {
    for (name, header) in Framing::NAMES {
        let framing = Framing::new(header).frame_max(100);
        let tpdu = (header == Header::Len2BeTpdu).then_some([0x60, 0, 1, 0, 2]);
        let mut out = BytesMut::new();
        assert_eq!(framing.encode(&[1; 100], tpdu, &mut out), Ok(()), "{name}");
        let error = framing.encode(&[1; 101], tpdu, &mut out).expect_err(name);
        assert_eq!(error.kind, ErrorKind::FrameTooLarge);

        let mut stream = BytesMut::new();
        Framing::new(header).encode(&[1; 101], tpdu, &mut stream).expect("below the default maximum");
        let mut head = BytesMut::with_capacity(16);
        head.extend_from_slice(&stream[..4]);
        let capacity = head.capacity();
        assert_eq!(
            framing.decode(&mut head).map_err(|error| error.kind),
            Err(ErrorKind::FrameTooLarge),
            "{name}"
        );
        assert_eq!(head.capacity(), capacity, "{name}");
    }
}

#[test]
fn headers_that_are_not_in_form_are_refused() {
    #[rustfmt::skip]
    let table: [(&str, &[u8]); 5] = [
        ("len2-be-inclusive", &[0x00, 0x01]),
        ("len2-bcd", &[0x0A, 0x00]),
        ("len4-ascii", b"00 9"),
        ("vml", &[0x00, 0x10, 0x00, 0x01]),
        ("len2-be-tpdu", &[0x00, 0x04]),
    ];
    for (name, header) in table {
        let framing = Framing::parse_name(name).expect("a known name");
        let error = framing.decode(&mut BytesMut::from(header)).expect_err(name);
        assert_eq!(error.kind, ErrorKind::FrameHeaderInvalid, "{name}");
    }
}

#[test]
fn an_answer_goes_back_where_the_request_came_from() {
    assert_eq!(tpdu_for_answer([0x60, 0x00, 0x03, 0x12, 0x34]), [0x60, 0x12, 0x34, 0x00, 0x03]);
    let framing = Framing::new(Header::Len2Be);
    let error =
        framing.encode(b"0800", Some([0x60, 0, 0, 0, 0]), &mut BytesMut::new()).expect_err("no TPDU here");
    assert_eq!(error.kind, ErrorKind::FrameHeaderInvalid);
    assert_eq!(framing.to_string(), "len2-be");
    assert_eq!(Framing::parse_name("len3"), None);
}
