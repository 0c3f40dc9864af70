//! ISO 8583:2003: lengths of four digits, amounts that say their currency, MACs of four bytes; and EBCDIC code pages.

use codecs::iso8583::{Draft, Mac, MacKey, Mode, Padding, Profile, decode};

use crate::support::profile;

/// The message after its type and bitmap, and what field `n` reads as.
fn written(profile: &Profile, n: u8, value: &str) -> Result<(Vec<u8>, String), String> {
    let mut draft = Draft::new("2200".parse().expect("a message type"));
    draft.set(n, value);
    let mut wire = Vec::new();
    draft.encode(profile, &mut wire).map_err(|error| error.to_string())?;
    let message = decode(profile, &wire, Mode::Strict).map_err(|error| error.to_string())?;
    let body = message.wire(n).expect("just set").to_vec();
    let at = wire.len() - body.len();
    let text = message.text(n).expect("just set").into_owned();
    let before = if n > 64 { 20 } else { 12 };
    assert!(wire.ends_with(&body) && before <= at);
    Ok((wire[before..].to_vec(), text))
}

fn with(extra: &str) -> Profile {
    Profile::from_toml(&format!("base = \"iso03-abin\"\n{extra}")).expect("a good file")
}

#[test]
fn four_digits_of_length_in_every_form() {
    #[rustfmt::skip]
    let table: [(&str, &[u8], usize); 4] = [
        ("ascii",  b"1234",                   9999),
        ("ebcdic", &[0xF1, 0xF2, 0xF3, 0xF4], 9999),
        ("bcd",    &[0x12, 0x34],             9999),
        ("binary", &[0x04, 0xD2],             9999),
    ];
    for (form, prefix, max) in table {
        let profile = with(&format!("[encoding]\nlength = \"{form}\""));
        let (wire, text) = written(&profile, 104, &"5A".repeat(1234)).expect("it fits");
        assert_eq!((&wire[..prefix.len()], wire.len()), (prefix, prefix.len() + 1234), "{form}");
        assert_eq!(text, "5A".repeat(1234));
        assert!(written(&profile, 104, &"5A".repeat(max)).is_ok(), "{form}");
        let error = written(&profile, 104, &"5A".repeat(max + 1)).expect_err(form);
        assert!(error.starts_with("field 104 (Transaction specific data)"), "{error}");
        assert!(written(&profile, 104, "").is_ok_and(|(wire, _)| wire.iter().all(|b| b & 0x0F == 0)));
    }
}

#[test]
fn three_digits_of_length_stay_three_in_packed_form() {
    let profile = with("[encoding]\nlength = \"bcd\"\nb = \"hex-ascii\"");
    assert!(written(&profile, 72, &"5A".repeat(499)).is_ok());
    assert!(written(&profile, 72, &"5A".repeat(500)).is_err(), "1000 characters of hexadecimal text");
}

#[test]
fn signed_amounts_of_every_charset() {
    #[rustfmt::skip]
    let table: [(&str, &[u8]); 3] = [
        ("ascii",  b"3762D0000000010995000"),
        ("ebcdic", &[0xF3, 0xF7, 0xF6, 0xF2, 0xC4, 0xF0, 0xF0, 0xF0, 0xF0, 0xF0, 0xF0, 0xF0, 0xF0, 0xF1, 0xF0, 0xF9, 0xF9, 0xF5, 0xF0, 0xF0, 0xF0]),
        ("bcd",    &[0x37, 0x62, b'D', 0, 0, 0, 0, 0x10, 0x99, 0x50, 0x00]),
    ];
    for (charset, expected) in table {
        let profile = with(&format!("[encoding]\nxn = \"{charset}\""));
        let read = written(&profile, 97, "3762D0000000010995000");
        assert_eq!(read, Ok((expected.to_vec(), "3762D0000000010995000".to_owned())), "{charset}");
        for (bad, says) in [
            ("3762X0000000010995000", "neither C nor D"),
            ("37A2D0000000010995000", "not a digit"),
            ("3762D00000000109950A0", "not a digit"),
            ("3762D000000001099500", "shorter"),
        ] {
            let error = written(&profile, 97, bad).expect_err(bad);
            assert!(error.starts_with("field 97") && error.contains(says), "{charset} {bad}: {error}");
        }
    }
}

#[test]
fn a_mac_is_cut_to_its_field() {
    let profile = profile("iso03-abin");
    let key = MacKey::from_hex("0123456789ABCDEFFEDCBA9876543210").expect("a key");
    let mac = Mac::retail(&key, Padding::Zeros).expect("sixteen bytes");
    let mut draft = Draft::new("2804".parse().expect("a message type"));
    draft.set(11, "000000000001").set(24, "831");
    let mut wire = Vec::new();
    draft.encode_with_mac(&profile, &mac, &mut wire).expect("clean values");
    let message = decode(&profile, &wire, Mode::Strict).expect("just written");
    assert_eq!(message.bytes(64).map(|code| code.len()), Some(4));
    assert_eq!(mac.verify(&message, 64), Ok(()));
    let last = wire.len() - 1;
    wire[last] ^= 1;
    let changed = decode(&profile, &wire, Mode::Strict).expect("the layout is the same");
    assert_eq!(mac.verify(&changed, 64).expect_err("a bit is wrong").kind.name(), "MAC_MISMATCH");
}

/// The five characters the pages disagree on: on the page that is agreed they are carried, with none they are refused.
#[test]
fn the_code_page_is_the_dialects() {
    #[rustfmt::skip]
    let table: [(&str, Option<[u8; 5]>); 4] = [
        ("common", None),
        ("cp037",  Some([0x5A, 0xBA, 0xBB, 0xB0, 0x4F])),
        ("cp500",  Some([0x4F, 0x4A, 0x5A, 0x5F, 0xBB])),
        ("cp1047", Some([0x5A, 0xAD, 0xBD, 0x5F, 0x4F])),
    ];
    for (page, expected) in table {
        let file = format!("base = \"iso87-ebcdic\"\n[encoding]\nebcdic = \"{page}\"");
        let profile = Profile::from_toml(&file).expect("a good file");
        let mut draft = Draft::new("0200".parse().expect("a message type"));
        draft.set(48, "![]^|");
        let mut wire = Vec::new();
        let written = draft.encode(&profile, &mut wire);
        assert_eq!(written.is_ok(), expected.is_some(), "{page}");
        let Some(expected) = expected else { continue };
        assert_eq!(wire[15..], expected, "{page}");
        let message = decode(&profile, &wire, Mode::Strict).expect("just written");
        assert_eq!(message.text(48).as_deref(), Some("![]^|"));

        // A letter of Latin-1 is on the page and in no attribute; lenient reading shows it.
        wire[15] = 0x51;
        assert!(decode(&profile, &wire, Mode::Strict).is_err(), "{page}");
        let lenient = decode(&profile, &wire, Mode::Lenient).expect("the layout is certain");
        assert_eq!(lenient.text(48).as_deref(), Some("é[]^|"), "{page}");
        draft.set(48, "é");
        assert!(
            draft.encode(&profile, &mut Vec::new()).is_err(),
            "{page}: text beyond ASCII is written nowhere"
        );
    }
    let error =
        Profile::from_toml("base = \"iso87-ebcdic\"\n[encoding]\nebcdic = \"cp1256\"").expect_err("unknown");
    assert!(error.to_string().contains("cp1256"), "{error}");
}
