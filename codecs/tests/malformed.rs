//! Messages that must be refused, each with its kind and field.

use codecs::ErrorKind;
use codecs::iso8583::{DecodeError, Draft, Mode, decode};

use crate::support::{bytes, golden, list, mac_of, profile, text, valid_vectors};

/// Strict reading, then the checks a connector makes afterwards.
fn refusal(profile: &str, wire: &[u8], source: &str) -> Option<DecodeError> {
    let profile = self::profile(profile);
    let message = match decode(&profile, wire, Mode::Strict) {
        Ok(message) => message,
        Err(error) => return Some(error),
    };
    let source = valid_vectors().into_iter().find(|vector| vector["id"] == source);
    let mac = source.filter(|vector| vector["mac"].is_object()).map(|vector| {
        mac_of(&vector).verify(&message, vector["mac"]["field"].as_u64().expect("a number") as u8)
    });
    mac.and_then(Result::err).or(message.check_tlv().err())
}

#[test]
fn every_malformed_message_is_refused_with_its_kind_and_field() {
    for vector in list(&golden("iso8583/malformed.json"), "vectors") {
        let (id, wire) = (text(&vector["id"]), bytes(&vector["hex"]));
        let error = refusal(text(&vector["profile"]), &wire, text(&vector["derived_from"]))
            .unwrap_or_else(|| panic!("{id} was accepted"));
        let expected = (text(&vector["expect"]["kind"]), vector["expect"]["field"].as_u64());
        assert_eq!((error.kind.name(), error.field.map(u64::from)), expected, "{id}: {error}");
        assert!(error.offset <= wire.len(), "{id}");
    }
}

#[test]
fn lenient_links_tolerate_what_is_only_strict_and_nothing_else() {
    for vector in list(&golden("iso8583/malformed.json"), "vectors") {
        let wire = bytes(&vector["hex"]);
        let profile = profile(text(&vector["profile"]));
        let decoded = decode(&profile, &wire, Mode::Lenient);
        match text(&vector["level"]) {
            "must" => assert!(decoded.is_err(), "{}", vector["id"]),
            "strict" => {
                let warnings = decoded.expect("a tolerable fault").warnings();
                let kind = ErrorKind::ALL.iter().find(|kind| vector["expect"]["kind"] == kind.name());
                assert_eq!(
                    (warnings.total(), warnings.of(*kind.expect("a known kind"))),
                    (1, 1),
                    "{}",
                    vector["id"]
                );
            }
            _ => assert!(decoded.is_ok(), "{}", vector["id"]),
        }
    }
}

#[test]
fn a_lenient_link_still_refuses_what_cannot_be_understood() {
    #[rustfmt::skip]
    let table = [
        ("iso87-ascii",  "3032303030303030303030303030303031303030 3030464630304646303046463030464 7", Err("HEX_INVALID")),
        ("iso87-ascii",  "3032303030303030303030303030303030323030 303033 414243", Err("HEX_INVALID")),
        ("iso87-abin",   "303230304000000000000000 3933 31",                       Err("LENGTH_TOO_LONG")),
        ("iso87-abin",   "303230300000001000000000 583030303030313530",            Ok("X00000150")),
        ("iso87-bcd",    "02000000001000000000 440000015A",                        Ok("D0000015A")),
        ("iso87-bcd",    "02000000000020000000 05 1234D2",                         Ok("234=2")),
    ];
    for (name, hex, expected) in table {
        let profile = profile(name);
        let wire = codecs::hex::decode(hex.replace(' ', "").as_bytes()).unwrap_or_else(|| panic!("{hex}"));
        let decoded = decode(&profile, &wire, Mode::Lenient);
        let found = decoded
            .as_ref()
            .map(|message| message.fields().map(|(_, text)| text.into_owned()).collect::<String>());
        assert_eq!(found.as_deref().map_err(|error| error.kind.name()), expected, "{name} {hex}");
        assert!(decoded.is_err() || decoded.is_ok_and(|message| message.warnings().total() == 1));
    }
}

#[test]
fn kinds_have_the_agreed_names() {
    let agreed = golden("iso8583/error-kinds.json");
    let names: Vec<_> = ErrorKind::ALL.iter().map(|kind| kind.name()).collect();
    for name in agreed.as_object().expect("a map").keys() {
        assert!(names.contains(&name.as_str()), "{name} is missing");
    }
    let own: Vec<_> = names.iter().filter(|name| agreed.get(**name).is_none()).collect();
    assert_eq!(own, [&"CHARACTER_INVALID"], "the one kind the agreed list has no word for");
}

/// Faults the golden file has no vector for, made by hand from the rules of the profiles.
#[test]
fn every_kind_of_fault_is_found_in_every_place() {
    #[rustfmt::skip]
    let table: [(&str, &str, &str, Option<u8>); 31] = [
        ("iso87-ascii", "3032", "MTI_TRUNCATED", Some(0)),
        ("iso87-bcd", "02", "MTI_TRUNCATED", Some(0)),
        ("iso87-bcd", "0A00", "MTI_INVALID", Some(0)),
        ("iso87-ebcdic", "30323030", "MTI_INVALID", Some(0)),
        ("iso87-abin", "31323030", "MTI_VERSION_UNSUPPORTED", Some(0)),
        ("iso93-abin", "30323030", "MTI_VERSION_UNSUPPORTED", Some(0)),
        ("iso87-abin", "3032303082200000800000", "BITMAP_TRUNCATED", Some(1)),
        ("iso87-abin", "30323030822000008000000004000000", "BITMAP_TRUNCATED", Some(1)),
        ("iso87-abin", "303830308000000000000000C000000000000000", "FIELD_UNSUPPORTED", Some(65)),
        ("iso93-abin", "313830308000000000000000C000000000000000", "FIELD_UNSUPPORTED", Some(65)),
        ("iso87-abin", "30323030400000000000000031", "LENGTH_TRUNCATED", Some(2)),
        ("iso87-abin", "303230304000000000000000", "LENGTH_TRUNCATED", Some(2)),
        ("iso87-bcd", "020040000000000000001A", "LENGTH_INVALID", Some(2)),
        ("iso87-ebcdic", "F0F2F0F0400000000000000031F6", "LENGTH_INVALID", Some(2)),
        ("iso87-abin", "303230304000000000000000 3230", "LENGTH_TOO_LONG", Some(2)),
        ("iso87-bcd", "02000000000000010000 1000", "LENGTH_TOO_LONG", Some(48)),
        ("iso87-abin", "303230304000000000000000 3033 315832", "NOT_NUMERIC", Some(2)),
        ("iso87-abin", "303230304000000000000000 3033 3132", "FIELD_TRUNCATED", Some(2)),
        ("iso87-abin", "303230302000000000000000 30303030303A", "NOT_NUMERIC", Some(3)),
        ("iso87-ebcdic", "F0F2F0F02000000000000000 F0F0F0F0F0FA", "NOT_NUMERIC", Some(3)),
        ("iso87-abin", "303230300000001000000000 583030303030313530", "SIGN_INVALID", Some(28)),
        ("iso87-abin", "303230300000001000000000 443030303030313541", "NOT_NUMERIC", Some(28)),
        ("iso87-bcd", "02000000001000000000 580000015 0", "SIGN_INVALID", Some(28)),
        ("iso87-bcd", "02000000001000000000 440000015A", "BCD_INVALID", Some(28)),
        ("iso87-bcd", "02000000000020000000 05 1234D2", "PADDING_INVALID", Some(35)),
        ("iso87-bcd", "02000000000020000000 04 12E4", "BCD_INVALID", Some(35)),
        ("iso87-bcd-rf", "02004000000000000000 03 1230", "PADDING_INVALID", Some(2)),
        ("iso87-bcd-rf", "02000000040000000000 1051", "PADDING_INVALID", Some(22)),
        (
            "iso87-ascii",
            "3032303030303030303030303030303031303030 303046463030464630304646303046 47",
            "HEX_INVALID",
            Some(52),
        ),
        ("iso87-ascii", "3032303030303030303030303030303030323030 303033 414243", "HEX_INVALID", Some(55)),
        ("iso87-abin", "303230300000000000000200 303034 9F2608AA", "TLV_TRUNCATED", Some(55)),
    ];
    for (profile, hex, kind, field) in table {
        let wire = codecs::hex::decode(hex.replace(' ', "").as_bytes()).unwrap_or_else(|| panic!("{hex}"));
        let found = refusal(profile, &wire, "").map(|error| (error.kind.name(), error.field));
        assert_eq!(found, Some((kind, field)), "{profile} {hex}");
    }
}

#[test]
fn text_outside_its_set_is_refused_strictly_and_counted_leniently() {
    let profile = profile("iso87-abin");
    let mut draft = Draft::new("0200".parse().expect("a message type"));
    draft.set(41, "GOV00001").set(39, "00");
    let mut wire = Vec::new();
    draft.encode(&profile, &mut wire).expect("clean text");
    for (offset, byte, accepted) in
        [(12, b'*', false), (14, b'*', true), (14, b'\n', false), (21, 0xE9, false)]
    {
        let mut changed = wire.clone();
        changed[offset] = byte;
        assert_eq!(decode(&profile, &changed, Mode::Strict).is_ok(), accepted, "{byte:02X} at {offset}");
        let lenient = decode(&profile, &changed, Mode::Lenient).expect("a tolerable fault");
        assert_eq!(lenient.warnings().of(ErrorKind::CharacterInvalid), u32::from(!accepted));
        assert!(lenient.text(41).is_some_and(|text| text.chars().count() == 8), "nothing is lost");
    }
}

#[test]
fn what_could_not_be_read_is_not_written() {
    #[rustfmt::skip]
    let table: [(&str, u8, &str, &str); 11] = [
        ("iso87-abin", 4, "5000", "FIELD_TRUNCATED"),
        ("iso87-abin", 4, "0000000050000", "LENGTH_TOO_LONG"),
        ("iso87-abin", 4, "00000000500X", "NOT_NUMERIC"),
        ("iso87-bcd", 4, "00000000500X", "NOT_NUMERIC"),
        ("iso87-abin", 2, "41111111111111111111", "LENGTH_TOO_LONG"),
        ("iso87-abin", 28, "X00000150", "SIGN_INVALID"),
        ("iso87-abin", 52, "00FF00FF00FF00F", "HEX_INVALID"),
        ("iso87-ascii", 52, "00FF00FF00FF00FG", "HEX_INVALID"),
        ("iso87-abin", 43, "café", "FIELD_TRUNCATED"),
        ("iso87-abin", 48, "شكرا", "CHARACTER_INVALID"),
        ("iso87-abin", 65, "00", "FIELD_UNSUPPORTED"),
    ];
    for (name, n, value, kind) in table {
        let mut draft = Draft::new("0200".parse().expect("a message type"));
        draft.set(11, "000001").set(n, value);
        let mut out = b"before".to_vec();
        let error = draft.encode(&profile(name), &mut out).expect_err(value);
        assert_eq!((error.kind.name(), error.field), (kind, n), "{name} {n} {value}");
        assert_eq!(out, b"before", "nothing of a refused message is left behind");
    }
    let response_1993 = Draft::new("1210".parse().expect("a message type"));
    let error = response_1993.encode(&profile("iso87-abin"), &mut Vec::new()).expect_err("another version");
    assert_eq!((error.kind.name(), error.field), ("MTI_VERSION_UNSUPPORTED", 0));
}

#[test]
fn an_error_names_the_field_and_never_the_data() {
    let profile = profile("iso87-abin");
    let wire = [&b"0200"[..], &[0x40, 0, 0, 0, 0, 0, 0, 0], b"16411111111111111X"].concat();
    let error = decode(&profile, &wire, Mode::Strict).expect_err("a letter in the card number");
    assert_eq!(error.to_string(), "field 2 (Primary account number): a character is not a digit, at byte 29");
    assert!(!format!("{error:?}").contains("4111"));
}
