//! EMV data objects, whole and broken.

use codecs::tlv::{DEPTH_MAX, TlvError, is_constructed, name, objects, put, walk};
use proptest::prelude::*;

use crate::support::{bytes, golden, list, text};

#[test]
fn every_data_object_is_read_with_its_tag_and_value() {
    for vector in list(&golden("emv/tlv-vectors.json"), "valid") {
        let wire = bytes(&vector["hex"]);
        let read: Vec<_> = objects(&wire)
            .map(|object| {
                object.map(|object| (format!("{:X}", object.tag), codecs::hex::encode(object.value)))
            })
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("{}: {error}", vector["name"]));
        let expected: Vec<_> = list(vector, "objects")
            .iter()
            .map(|object| (text(&object["tag"]).to_owned(), text(&object["value"]).to_owned()))
            .collect();
        assert_eq!(read, expected, "{}", vector["name"]);
    }
}

#[test]
fn broken_data_objects_are_refused() {
    for vector in list(&golden("emv/tlv-vectors.json"), "malformed") {
        let wire = bytes(&vector["hex"]);
        let error = objects(&wire).find_map(Result::err);
        let expected = match text(&vector["expect"]) {
            "TLV_TRUNCATED" => Some(TlvError::Truncated),
            "TLV_INDEFINITE_LENGTH" => Some(TlvError::IndefiniteLength),
            _ => None,
        };
        assert_eq!(error, expected, "{}", vector["hex"]);
    }
}

#[test]
fn templates_are_walked_with_what_is_in_them() {
    let file = golden("emv/tlv-vectors.json");
    let scripts =
        list(&file, "valid").iter().find(|v| v["name"] == "response with scripts").expect("it is there");
    let wire = bytes(&scripts["hex"]);
    let walked: Vec<_> = walk(&wire)
        .map(|found| found.map(|(depth, object)| (depth, object.tag, object.name())))
        .collect::<Result<_, _>>()
        .expect("whole objects");
    let expected = [
        (0, 0x91, Some("Issuer authentication data")),
        (0, 0x71, Some("Issuer script template 1")),
        (1, 0x9F18, Some("Issuer script identifier")),
        (1, 0x86, Some("Issuer script command")),
    ];
    assert_eq!(walked, expected);
    assert_eq!((name(0xDF_8101), is_constructed(0xBF0C), is_constructed(0x9F26)), (None, true, false));
}

/// A template whose inside is broken is whole from outside: `objects` takes it, `walk` says what is wrong.
#[test]
fn a_broken_inside_is_found_by_the_walk() {
    #[rustfmt::skip]
    let table: [(&str, usize, Option<TlvError>); 6] = [
        ("7103 9F1804",             1, Some(TlvError::Truncated)),
        ("7103 9F1880 9C0100",      1, Some(TlvError::IndefiniteLength)),
        ("7000 9C0100",             2, None),
        ("7006 0000 9C0100 FF 00",  2, None),
        ("7005 7003 9C0100",        3, None),
        ("9C0100 71",               1, Some(TlvError::Truncated)),
    ];
    for (hex, objects_before, error) in table {
        let wire = codecs::hex::decode(hex.replace(' ', "").as_bytes()).expect("a literal");
        let walked: Vec<_> = walk(&wire).collect();
        assert_eq!(walked.iter().filter(|found| found.is_ok()).count(), objects_before, "{hex}");
        assert_eq!(walked.last().expect("an object").err(), error, "{hex}");
    }
    let mut nested = Vec::new();
    for depth in 1..=DEPTH_MAX + 1 {
        let inside = std::mem::take(&mut nested);
        put(&mut nested, 0x70, &inside).expect("a tag");
        let too_deep = walk(&nested).any(|found| found == Err(TlvError::TooDeep));
        // The innermost is empty: nothing is in it to go to.
        assert_eq!(too_deep, depth > DEPTH_MAX, "{depth}");
    }
}

#[test]
fn objects_are_written_in_the_shortest_form() {
    for vector in list(&golden("emv/tlv-vectors.json"), "valid") {
        let wire = bytes(&vector["hex"]);
        let mut written = Vec::new();
        for object in objects(&wire).map(|object| object.expect("a whole object")) {
            put(&mut written, object.tag, object.value).expect("a tag");
        }
        let padded = vector["name"] == "padding zeros between objects";
        assert_eq!(written == wire, !padded, "{}", vector["name"]);
    }
    for (len, prefix) in
        [(0x7F, "9C7F"), (0x80, "9C8180"), (0xFF, "9C81FF"), (0x100, "9C820100"), (0x1_0000, "9C83010000")]
    {
        let mut written = Vec::new();
        put(&mut written, 0x9C, &vec![0xAB; len]).expect("a tag");
        assert_eq!(codecs::hex::encode(&written[..written.len() - len]), prefix);
    }
    for no_tag in [
        0,
        0x1F,
        0x9F,
        0xFF,
        0x9C00,
        0x9F80,
        0xFF01,
        0x9F_8001,
        0x9F_0101,
        0x9C9F_8101,
        0x9F81_0101,
        0xFFFF_FFFF,
    ] {
        assert_eq!(put(&mut Vec::new(), no_tag, &[]), Err(TlvError::TagInvalid(no_tag)), "{no_tag:X}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is put is read back; a tag that is refused is one the reader would read differently.
    #[test]
    fn what_is_put_is_read_back(tag in prop_oneof![any::<u32>(), 0..0x1_0000_u32], value in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut wire = Vec::new();
        if put(&mut wire, tag, &value).is_ok() {
            let read: Vec<_> = objects(&wire).map(|object| object.map(|object| (object.tag, object.value))).collect();
            prop_assert_eq!(read, vec![Ok((tag, value.as_slice()))]);
        } else {
            prop_assert!(wire.is_empty());
        }
    }
}
