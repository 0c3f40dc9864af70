//! A writer writes what a draft would, in any order, and leaves the buffer alone when it cannot.

use codecs::ErrorKind;
use codecs::iso8583::{Mode, Mti, Profile, Writer, decode};
use serde_json::Value;

use crate::support::{bytes, mac_of, profile, text, valid_vectors};

fn fields(vector: &Value) -> Vec<(u8, &str)> {
    let fields = vector["fields"].as_object().expect("a map").iter();
    let mut fields: Vec<_> = fields.map(|(n, value)| (n.parse().expect("a number"), text(value))).collect();
    fields.sort_unstable();
    fields
}

fn mti(vector: &Value) -> Mti {
    text(&vector["mti"]).parse().expect("a message type")
}

#[test]
fn every_valid_message_is_written_in_any_order() {
    for vector in valid_vectors() {
        let (profile, wire) = (profile(text(&vector["profile"])), bytes(&vector["hex"]));
        let ascending = fields(&vector);
        let descending: Vec<_> = ascending.iter().rev().copied().collect();
        let odd_first = ascending.iter().partition::<Vec<_>, _>(|(n, _)| n % 2 == 1);
        let twice = [&descending[..], &ascending[..]].concat();
        for (order, fields) in [
            ("ascending", ascending),
            ("descending", descending),
            ("odd first", [odd_first.0, odd_first.1].concat()),
            ("twice", twice),
        ] {
            let mut out = b"before".to_vec();
            let mut writer = profile.writer(mti(&vector), &mut out);
            for (n, value) in fields {
                writer.set(n, value);
            }
            writer.finish().unwrap_or_else(|error| panic!("{} {order}: {error}", vector["id"]));
            assert_eq!(out, [b"before", &wire[..]].concat(), "{} {order}", vector["id"]);
        }
    }
}

#[test]
fn macs_are_written_last_and_replace_what_was_there() {
    for vector in valid_vectors().iter().filter(|vector| vector["mac"].is_object()) {
        let (profile, wire, mac) = (profile(text(&vector["profile"])), bytes(&vector["hex"]), mac_of(vector));
        let field = vector["mac"]["field"].as_u64().expect("a number") as u8;
        for placeholder in [None, Some("0000000000000000")] {
            let mut out = Vec::new();
            let mut writer = profile.writer(mti(vector), &mut out);
            for (n, value) in fields(vector) {
                match placeholder {
                    None if n == field => {}
                    Some(zeros) if n == field => _ = writer.set(n, zeros),
                    _ => _ = writer.set(n, value),
                }
            }
            writer.finish_with_mac(&mac).expect("the message of the vector");
            assert_eq!(out, wire, "{}", vector["id"]);
        }
    }
}

/// Whatever room the buffer has, from none to plenty, the bytes are the same.
#[test]
fn a_full_buffer_grows() {
    for vector in valid_vectors().iter().filter(|vector| vector["profile"] == "iso87-abin") {
        let (profile, wire) = (profile("iso87-abin"), bytes(&vector["hex"]));
        for capacity in 0..wire.len() + 400 {
            let mut out = Vec::with_capacity(capacity);
            let mut writer = profile.writer(mti(vector), &mut out);
            for (n, value) in fields(vector) {
                writer.set(n, value);
            }
            writer.finish().expect("the message of the vector");
            assert_eq!(out, wire, "{} in {capacity}", vector["id"]);
        }
    }
    let long = "x".repeat(999);
    let profile = profile("iso87-abin");
    let mut out = Vec::new();
    let mut writer = profile.writer("0600".parse().expect("a message type"), &mut out);
    for n in 60..=63 {
        writer.set(n, &long);
    }
    writer.finish().expect("printable text");
    let message = decode(&profile, &out, Mode::Strict).expect("just written");
    assert!((60..=63).all(|n| message.text(n).as_deref() == Some(&*long)));
}

#[test]
fn the_first_refusal_is_reported_and_nothing_is_left_behind() {
    type Fill = fn(&mut Writer<'_>);
    #[rustfmt::skip]
    let table: [(Fill, u8, ErrorKind); 11] = [
        (|w| _ = w.set(3, "00000X"),                          3, ErrorKind::NotNumeric),
        (|w| _ = w.set(3, "00000"),                           3, ErrorKind::FieldTruncated),
        (|w| _ = w.set(3, "0000000"),                         3, ErrorKind::LengthTooLong),
        (|w| _ = w.set(2, "41111111111111111111"),            2, ErrorKind::LengthTooLong),
        (|w| _ = w.set(43, "HUKUMATI\u{e9}GOV SERVICES   RAMALLAH     PS"), 43, ErrorKind::CharacterInvalid),
        (|w| _ = w.set(52, "00"),                            52, ErrorKind::FieldTruncated),
        (|w| _ = w.set_bytes(41, &[1; 8]),                   41, ErrorKind::HexInvalid),
        (|w| _ = w.set_number(11, 1_000_000),                11, ErrorKind::LengthTooLong),
        (|w| _ = w.set(65, "0"),                             65, ErrorKind::FieldUnsupported),
        (|w| _ = w.set(129, "0"),                           129, ErrorKind::FieldUnsupported),
        (|w| _ = w.set(11, "x").set(3, "x").set(11, "000001"), 11, ErrorKind::FieldTruncated),
    ];
    let profile = profile("iso87-abin");
    for (fill, field, kind) in table {
        let mut out = b"before".to_vec();
        let mut writer = profile.writer("0200".parse().expect("a message type"), &mut out);
        writer.set(7, "1122103110");
        fill(&mut writer);
        writer.set(70, "301");
        let error = writer.finish().expect_err("a value that cannot be carried");
        assert_eq!((error.field, error.kind, &out[..]), (field, kind, &b"before"[..]), "{error}");
    }
}

#[test]
fn a_type_of_another_version_is_refused() {
    let mut out = Vec::new();
    let (profile, other) = (profile("iso87-abin"), "1200".parse().expect("a message type"));
    let error = profile.writer(other, &mut out).finish().expect_err("1993 in a profile of 1987");
    assert_eq!((error.field, error.kind), (0, ErrorKind::MtiVersionUnsupported));
    assert!(out.is_empty());
}

#[test]
fn a_writer_that_is_dropped_leaves_nothing_behind() {
    let mut out = b"before".to_vec();
    profile("iso87-abin")
        .writer("0200".parse().expect("a message type"), &mut out)
        .set(3, "000000")
        .set(70, "301");
    assert_eq!(out, b"before");
}

#[test]
fn numbers_are_written_with_all_their_digits() {
    let numbers =
        [0, 1, 9, 10, 99_999_999, 100_000_000, 12_345_678_901, 999_999_999_999, 1_234_567_890_123_456_789];
    for name in Profile::NAMES {
        let profile = profile(name);
        let width = profile.field(4).map_or(0, |field| usize::from(field.max));
        let version = profile.mti_version();
        for number in numbers {
            let mut out = Vec::new();
            let mut writer =
                profile.writer(Mti::from_digits([version, 2, 0, 0]).expect("four digits"), &mut out);
            writer.set_number(4, number).set_number(2, number);
            let digits = number.to_string();
            if digits.len() > width {
                assert_eq!(writer.finish().expect_err("too long for field 4").field, 4, "{name} {number}");
                continue;
            }
            writer.finish().expect("a number that fits");
            let message = decode(&profile, &out, Mode::Strict).expect("just written");
            assert_eq!(message.text(4).as_deref(), Some(&*format!("{number:0>width$}")), "{name} {number}");
            assert_eq!(message.text(2).as_deref(), Some(&*digits), "{name} {number}");
        }
    }
}
