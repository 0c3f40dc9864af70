//! Data objects of a chip card: alone, in field 55 of a message, and private data in field 48 beside them.

use codecs::iso8583::{Draft, Mode, Profile, decode};
use codecs::tlv::{DEPTH_MAX, TlvError, is_complete, objects, walk};

/// Walks the objects of `bytes`. True when each is complete.
pub fn tlv(bytes: &[u8]) -> bool {
    let mut canonical = Vec::new();
    let (mut inside, mut failed) = (0, false);
    for object in objects(bytes) {
        assert!(!failed, "the walk ends with the first error");
        match object {
            Ok(object) => {
                inside += object.value.len();
                put(&mut canonical, object.tag, object.value);
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                failed = true;
            }
        }
    }
    assert!(inside <= bytes.len(), "the values are pieces of what was given");
    assert_eq!(is_complete(bytes), !failed);
    if !failed {
        assert!(canonical.len() <= bytes.len(), "the shortest form is never longer");
        assert!(objects(&canonical).eq(objects(bytes)), "objects are not written back as they were read");
    }
    templates(bytes, failed);
    in_a_message(bytes, !failed);
    !failed
}

/// The walk sees what is at the top, and everything in a template after it.
fn templates(bytes: &[u8], failed: bool) {
    let (mut top, mut around, mut ended) = (Vec::new(), 0, false);
    for found in walk(bytes) {
        assert!(!ended, "the walk ends with the first error");
        match found {
            Ok((depth, object)) => {
                assert!(depth < DEPTH_MAX && depth <= around, "{depth} within {around}");
                around = depth + usize::from(object.is_constructed());
                if depth == 0 {
                    top.push(Ok(object));
                }
            }
            Err(error) => {
                assert!(failed || error != TlvError::TooDeep || bytes.len() > 2 * DEPTH_MAX);
                ended = true;
            }
        }
    }
    assert!(ended || objects(bytes).eq(top), "the top is not what is at the top");
    assert!(ended || !failed, "what is broken at the top is broken to the walk");
}

/// Tag, shortest length, value.
fn put(out: &mut Vec<u8>, tag: u32, value: &[u8]) {
    let bytes = tag.to_be_bytes();
    out.extend_from_slice(&bytes[(tag.leading_zeros() / 8).min(3) as usize..]);
    let len = (value.len() as u32).to_be_bytes();
    if value.len() < 0x80 {
        out.push(len[3]);
    } else {
        let skipped = (value.len() as u32).leading_zeros() / 8;
        out.push(0x84 - skipped as u8);
        out.extend_from_slice(&len[skipped as usize..]);
    }
    out.extend_from_slice(value);
}

/// Field 55 as bytes and field 48 as text come through every dialect that carries them.
fn in_a_message(bytes: &[u8], complete: bool) {
    let private: String = bytes.iter().map(|byte| char::from(b' ' + byte % 64)).collect();
    for name in ["iso87-ascii", "iso87-abin", "iso87-bcd", "bpc-hybrid"] {
        let profile = Profile::by_name(name).expect("built in");
        let mut draft = Draft::new("0200".parse().expect("a message type"));
        draft.set(48, private.as_str()).set_bytes(55, bytes);
        let mut wire = Vec::new();
        if let Err(error) = draft.encode(&profile, &mut wire) {
            assert!(matches!(error.field, 48 | 55), "{error}");
            continue;
        }
        let message = decode(&profile, &wire, Mode::Strict).expect("what is written can be read");
        assert_eq!(message.bytes(55).as_deref(), Some(bytes), "{name}");
        assert_eq!(message.text(48).as_deref(), Some(&*private), "{name}");
        assert_eq!(message.check_tlv().is_ok(), complete, "{name}");
        assert!(message.check_tlv().err().is_none_or(|error| error.field == Some(55)));
    }
}
