//! EMV data objects, whole and broken.

use codecs::tlv::{TlvError, objects};

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
