//! Dialects are files: the built-in ones say what is agreed, a site's own says only what differs.

use codecs::iso8583::{Attr, Draft, Length, Mode, Profile, decode};

use crate::support::{golden, list, profile, text};

#[test]
fn every_agreed_profile_is_built_in() {
    for agreed in list(&golden("iso8583/profiles.json"), "profiles") {
        let profile = profile(text(&agreed["id"]));
        assert_eq!(profile.name(), text(&agreed["id"]));
        assert_eq!(profile.dictionary(), text(&agreed["dict"]));
    }
    assert_eq!(Profile::NAMES.map(|name| profile(name).name().to_owned()), Profile::NAMES);
    assert!(Profile::by_name("iso99-ascii").is_none());
}

#[test]
fn a_dialect_is_a_file_that_says_what_differs() {
    let profile = Profile::from_toml(
        r#"
        name = "some-bank"
        base = "iso87-abin"

        [encoding]
        length = "binary"

        [fields.48]
        attr = "ans"
        len = "llvar"
        max = 40
        length = "bcd"

        [fields.60]
        attr = "n"
        len = "fixed"
        max = 5
        charset = "bcd"

        [fields.62]
        carried = false
        "#,
    )
    .expect("a good file");
    assert_eq!((profile.name(), profile.dictionary()), ("some-bank", "1987"));
    let field = profile.field(48).expect("carried");
    assert_eq!((field.attr, field.length, field.max), (Attr::Ans, Length::Llvar, 40));
    assert!(profile.field(62).is_none() && profile.field(65).is_none());

    let mut draft = Draft::new("0200".parse().expect("a message type"));
    draft.set(2, "4111111111111111").set(48, "BILL 17").set(60, "12345").set(63, "x");
    let mut out = Vec::new();
    draft.encode(&profile, &mut out).expect("values of this dialect");
    let body = out[12..].to_vec();
    let expected =
        [&[16][..], b"4111111111111111", &[0x07], b"BILL 17", &[0x01, 0x23, 0x45], &[0, 1], b"x"].concat();
    assert_eq!(body, expected);
    let message = decode(&profile, &out, Mode::Strict).expect("just written");
    assert_eq!(message.text(60).as_deref(), Some("12345"));
}

#[test]
fn a_bad_file_is_refused_with_the_key() {
    #[rustfmt::skip]
    let table = [
        ("", "base: is missing"),
        ("base = \"iso99\"", "base: there is no profile \"iso99\""),
        ("base = \"iso87-bcd\"\ndictionary = \"1987\"", "dictionary: is given by base"),
        ("dictionary = \"1987\"", "encoding.mti: is missing"),
        ("bas = \"iso87-bcd\"", "unknown field `bas`"),
        ("base = \"iso87-bcd\"\n[fields.1]\nmax = 3", "fields.1: is not a field number"),
        ("base = \"iso87-bcd\"\n[fields.65]\nmax = 3", "fields.65: is not a field number"),
        ("base = \"iso87-bcd\"\n[fields.abc]\nmax = 3", "fields.abc: is not a field number"),
        ("base = \"iso87-bcd\"\n[fields.48]\nmax = 0", "fields.48.max: must be at least 1"),
        ("base = \"iso87-bcd\"\n[fields.48]\nmax = 1000", "fields.48.max: is above 999"),
        ("base = \"iso87-bcd\"\n[fields.48]\nlen = \"llvar\"", "fields.48.max: is above what an llvar"),
        ("base = \"iso87-bcd\"\n[fields.48]\nlenght = 4", "unknown field `lenght`"),
        ("base = \"iso87-bcd\"\n[fields.48]\nlen = \"lllllvar\"", "unknown variant `lllllvar`"),
        ("base = \"iso87-bcd\"\n[fields.48]\nmax = \"9\"", "invalid type"),
        ("base = \"iso87-bcd\"\n[fields.48]\ncharset = \"bcd\"", "fields.48.charset: text cannot be bcd"),
        ("base = \"iso87-bcd\"\n[fields.52]\ncharset = \"ascii\"", "fields.52.charset: has no meaning"),
        ("base = \"iso87-bcd\"\n[fields.28]\nlen = \"llvar\"", "fields.28.len: must be fixed"),
        ("base = \"iso87-bcd\"\n[encoding]\ntext = \"bcd\"", "encoding.text: cannot be bcd"),
    ];
    for (file, problem) in table {
        let error = Profile::from_toml(file).expect_err(file).to_string();
        assert!(error.contains(problem), "{file:?} said {error:?}, not {problem:?}");
    }
}

#[test]
fn lengths_in_bytes_and_in_hexadecimal_characters() {
    let by_bytes =
        Profile::from_toml("base = \"iso87-ascii\"\n[encoding]\nb_length_unit = \"bytes\"").expect("a file");
    let mut draft = Draft::new("0200".parse().expect("a message type"));
    draft.set_bytes(55, &[0x9C, 0x01, 0x00]);
    for (profile, body) in [(&by_bytes, "0039C0100"), (&*profile("iso87-ascii"), "0069C0100")] {
        let mut out = Vec::new();
        draft.encode(profile, &mut out).expect("three bytes");
        assert_eq!(&out[20..], body.as_bytes());
        let message = decode(profile, &out, Mode::Strict).expect("just written");
        assert_eq!(message.bytes(55).as_deref(), Some(&[0x9C, 0x01, 0x00][..]));
    }
}

#[test]
fn short_values_are_filled_up_only_where_asked() {
    let profile = profile("iso87-bcd");
    let mut draft = Draft::new("0200".parse().expect("a message type"));
    draft.set_number(4, 5000).set_number(32, 275_001).set_padded(22, "51").set_padded(41, "GOV1");
    let mut out = Vec::new();
    draft.encode(&profile, &mut out).expect("values that fit");
    let message = decode(&profile, &out, Mode::Strict).expect("just written");
    let fields: Vec<_> = message.fields().map(|(n, text)| (n, text.into_owned())).collect();
    let expected = [(4, "000000005000"), (22, "051"), (32, "275001"), (41, "GOV1    ")];
    assert_eq!(fields, expected.map(|(n, text)| (n, text.to_owned())));

    draft.set_number(11, 1_000_000);
    let error = draft.encode(&profile, &mut out).expect_err("seven digits");
    assert_eq!((error.kind.name(), error.field), ("LENGTH_TOO_LONG", 11));
}

#[test]
fn fields_may_be_set_in_any_order_replaced_and_taken_out() {
    let profile = profile("iso87-abin");
    let mut draft = Draft::new("0200".parse().expect("a message type"));
    for round in ["1", "2"] {
        for n in (105..=127).rev().chain([61, 48]).chain(56..=63) {
            draft.set(n, format!("{round}:{n}"));
        }
    }
    draft.set(11, "000001").set(48, "last").remove(60).remove(99).remove(127);
    let mut out = Vec::new();
    draft.encode(&profile, &mut out).expect("clean values");
    let message = decode(&profile, &out, Mode::Strict).expect("just written");
    let expected: Vec<_> = [11, 48].into_iter().chain(56..=59).chain(61..=63).chain(105..=126).collect();
    assert_eq!(message.numbers().collect::<Vec<_>>(), expected);
    assert_eq!(message.text(48).as_deref(), Some("last"));
    assert_eq!(message.text(61).as_deref(), Some("2:61"));
    assert_eq!(message.text(126).as_deref(), Some("2:126"));

    for n in [0, 1, 129, 255] {
        let mut draft = Draft::new("0200".parse().expect("a message type"));
        draft.set(n, "x");
        let error = draft.encode(&profile, &mut Vec::new()).expect_err("there is no such field");
        assert_eq!((error.kind.name(), error.field), ("FIELD_UNSUPPORTED", n));
    }
}
