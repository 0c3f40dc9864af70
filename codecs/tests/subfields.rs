//! Composite fields: what they are made of is data of the profile, and they go apart and together again.

use codecs::iso8583::{Draft, Mode, Profile, build_subfields, decode, subfields};
use proptest::prelude::*;

use crate::support::{bytes, profile, text, valid_vectors};

/// The parts of field `n` when its text is `value`; an error as its sentence.
fn parts(profile: &Profile, n: u8, value: &str) -> Result<Vec<(String, String)>, String> {
    let mut draft = Draft::new(format!("{}200", profile.mti_version()).parse().expect("a message type"));
    draft.set(n, value);
    let mut wire = Vec::new();
    draft.encode(profile, &mut wire).map_err(|error| error.to_string())?;
    let message = decode(profile, &wire, Mode::Strict).map_err(|error| error.to_string())?;
    let parts = subfields(&message, n).expect("a composite field");
    parts
        .map(|part| part.map(|part| (part.tag.into_owned(), part.value)))
        .collect::<Result<_, _>>()
        .map_err(|e| e.to_string())
}

/// Apart, and together again to the same text.
fn there_and_back(profile: &Profile, n: u8, value: &str) -> Vec<(String, String)> {
    let parts = parts(profile, n, value).unwrap_or_else(|error| panic!("{error}"));
    let values: Vec<(&str, &str)> = parts.iter().map(|(tag, value)| (tag.as_str(), value.as_str())).collect();
    assert_eq!(build_subfields(profile, n, &values).as_deref(), Ok(value));
    parts
}

/// Tags or names, and values.
type Pairs<'p> = &'p [(&'p str, &'p str)];

fn pairs(parts: &[(String, String)]) -> Vec<(&str, &str)> {
    parts.iter().map(|(tag, value)| (tag.as_str(), value.as_str())).collect()
}

#[test]
fn fields_of_the_standard_come_apart() {
    let ascii = profile("iso87-ascii");
    assert_eq!(
        pairs(&there_and_back(&ascii, 43, "HUKUMATI GOV SERVICES    RAMALLAH     PS")),
        [("name", "HUKUMATI GOV SERVICES    "), ("city", "RAMALLAH     "), ("country", "PS")]
    );
    assert_eq!(
        pairs(&there_and_back(&ascii, 3, "201030")),
        [("transaction type", "20"), ("from account", "10"), ("to account", "30")]
    );
    let balances = there_and_back(&ascii, 54, "0001376C0000000050001002376D000000000100");
    assert_eq!(
        pairs(&balances)[3..6],
        [("amount", "C000000005000"), ("account type", "10"), ("amount type", "02")]
    );

    let iso93 = profile("iso93-ascii");
    let acceptor = there_and_back(&iso93, 43, "GOV\\AL IRSAL ST\\RAMALLAH\\P600      WBK275");
    let expected = [
        ("name", "GOV"),
        ("street", "AL IRSAL ST"),
        ("city", "RAMALLAH"),
        ("postal code", "P600      "),
        ("region", "WBK"),
        ("country", "275"),
    ];
    assert_eq!(pairs(&acceptor), expected);
    assert_eq!(pairs(&there_and_back(&iso93, 43, "GOV\\AL IRSAL ST")), expected[..2]);
    assert_eq!(pairs(&there_and_back(&iso93, 43, "GOV\\\\RAMALLAH"))[1], ("street", ""));
    assert_eq!(pairs(&there_and_back(&iso93, 43, "GOV\\"))[1], ("street", ""));
    assert_eq!(
        pairs(&there_and_back(&iso93, 56, "120000001626112212311206275001"))[2..],
        [("local date and time", "261122123112"), ("acquiring institution", "275001")]
    );
}

#[test]
fn originals_of_the_vectors_come_apart_and_together() {
    let mut seen = 0;
    for vector in valid_vectors() {
        let profile = profile(text(&vector["profile"]));
        let wire = bytes(&vector["hex"]);
        let message = decode(&profile, &wire, Mode::Strict).expect("a valid vector");
        for n in message.numbers().filter(|n| profile.is_composite(*n)) {
            let parts = subfields(&message, n).expect("a composite field");
            let parts: Vec<_> =
                parts.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{}: {error}", vector["id"]));
            assert!(!parts.is_empty(), "{} field {n}", vector["id"]);
            let values: Vec<(&str, &str)> =
                parts.iter().map(|part| (&*part.tag, part.value.as_str())).collect();
            assert_eq!(
                build_subfields(&profile, n, &values).ok(),
                message.text(n).map(String::from),
                "{} field {n}",
                vector["id"]
            );
            seen += 1;
        }
    }
    assert!(seen > 80, "{seen} composite fields");
}

/// A site's own layouts over a built-in dialect.
const SITE: &str = r#"
base = "iso87-bcd"

[fields.43.sub]
form = "positional"
parts = [{ name = "name", max = 23 }, { name = "city", max = 13 }, { name = "region", max = 2 }, { name = "country", max = 2 }]

[fields.48.sub]
form = "tlv"
tag = 4
tag_attr = "n"
len = "lllvar"
names = { 0023 = "Terminal type", 0158 = "Business activity" }

[fields.60.sub]
form = "tlv"
tag = 2
tag_attr = "an"
len = "llvar"
attr = "n"
max = 12

[fields.61.sub]
form = "positional"
parts = [{ name = "attendance", attr = "n", max = 1 }, { name = "postal code", len = "llvar", max = 10 }, { name = "remark", len = "rest", max = 40 }]

[fields.62]
attr = "b"
[fields.62.sub]
form = "ber"
names = { DF01 = "Site's own" }

[fields.63]
attr = "b"
[fields.63.sub]
form = "tlv"
tag = 2
tag_attr = "n"
len = "llvar"
length = "binary"
attr = "b"

[fields.112]
attr = "b"
[fields.112.sub]
form = "bitmap"
parts = [{ bit = 1, name = "count", attr = "n", max = 3 }, { bit = 3, name = "text", len = "llvar", max = 20 }, { bit = 64, name = "sum", attr = "x+n", max = 9 }]

[fields.22.sub]
form = "none"
"#;

fn site() -> Profile {
    Profile::from_toml(SITE).expect("a good file")
}

#[test]
fn a_site_says_what_its_fields_are_made_of() {
    let site = site();
    #[rustfmt::skip]
    let table: [(u8, &str, Pairs<'_>); 8] = [
        (43, "HUKUMATI GOV SERVICES  RAMALLAH     WBPS", &[("name", "HUKUMATI GOV SERVICES  "), ("city", "RAMALLAH     "), ("region", "WB"), ("country", "PS")]),
        (48, "0023003CT601580000023003CT7", &[("0023", "CT6"), ("0158", ""), ("0023", "CT7")]),
        (60, "A10212B200", &[("A1", "12"), ("B2", "")]),
        (61, "103972", &[("attendance", "1"), ("postal code", "972")]),
        (61, "103972walk in", &[("attendance", "1"), ("postal code", "972"), ("remark", "walk in")]),
        (62, "9F2608A1B2C3D4E5F60718DF0100", &[("9F26", "A1B2C3D4E5F60718"), ("DF01", "")]),
        (63, "0103AABBCC9900", &[("01", "AABBCC"), ("99", "")]),
        (112, "A0000000000000010123036162634400000150", &[("count", "123"), ("text", "abc"), ("sum", "D00000150")]),
    ];
    for (n, value, expected) in table {
        assert_eq!(pairs(&there_and_back(&site, n, value)), expected, "field {n}");
    }
    assert!(!site.is_composite(22) && site.is_composite(3) && !site.is_composite(65));
    let mut draft = Draft::new("0200".parse().expect("a message type"));
    draft.set(48, "0023003CT60777001x");
    let mut wire = Vec::new();
    draft.encode(&site, &mut wire).expect("clean values");
    let message = decode(&site, &wire, Mode::Strict).expect("just written");
    let names: Vec<_> =
        subfields(&message, 48).expect("laid out").map(|part| part.expect("whole").name).collect();
    assert_eq!(names, ["Terminal type", ""]);
    assert!(subfields(&message, 43).is_none() && subfields(&message, 49).is_none());
}

#[test]
fn composite_fields_of_2003_come_apart() {
    for name in ["iso03-ascii", "iso03-abin"] {
        let profile = profile(name);
        let acceptor = build_subfields(
            &profile,
            43,
            &[
                ("Card acceptor country code", "275"),
                ("Card acceptor name", "GOV"),
                ("Card acceptor internet URL", "https://gov.example"),
            ],
        );
        let acceptor = acceptor.expect("known parts");
        assert_eq!(&acceptor[..16], "4220000000000000", "bits 2, 7 and 11");
        assert_eq!(there_and_back(&profile, 43, &acceptor).len(), 3);
        let totals = ["3762000006000000", "0000000120"].repeat(6).concat();
        let parts = there_and_back(&profile, 74, &totals);
        assert_eq!((parts.len(), parts[1].1.as_str()), (12, "0000000120"));
    }
}

#[test]
fn parts_that_make_no_sense_are_named() {
    let site = site();
    #[rustfmt::skip]
    let table = [
        (48, "0023",                   "field 48 (Additional data - private), sub-field 0023: the message ends inside a length prefix"),
        (48, "002",                    "field 48 (Additional data - private): the field is shorter than its length says"),
        (48, "0023009CT6",             "sub-field 0023: the field is shorter"),
        (48, "0023X03CT6",             "sub-field 0023: the length prefix is not a decimal"),
        (48, "00A3003CT6",             "field 48 (Additional data - private): a character is not a digit"),
        (60, "A1131234567890123",      "sub-field A1: the length is above the maximum"),
        (60, "A102XX",                 "sub-field A1: a character is not a digit"),
        (61, "1031",                   "sub-field postal code: the field is shorter"),
        (62, "9F2608A1",               "field 62 (Reserved private): a data object runs past the end of the field"),
        (112, "4000000000000000",      "sub-field bit 2: the profile does not carry this field"),
        (112, "A00000000000",          "sub-field bitmap: the field is shorter"),
        (112, "80000000000000001234",  "sub-field count: the pad nibble is not the agreed one"),
        (112, "8000000000000000012345", "field 112 (Reserved national use): bytes follow the last field"),
        (54, "0001376X000000005000",   "sub-field amount: the sign is neither C nor D"),
        (54, "00013",                  "sub-field currency: the field is shorter"),
    ];
    for (n, value, says) in table {
        let error = parts(&site, n, value).expect_err(value);
        assert!(error.contains(says), "field {n} {value}: {error}");
    }

    #[rustfmt::skip]
    let table: [(u8, Pairs<'_>, &str); 12] = [
        (4,   &[("a", "b")],                                      "field 4 (Amount, transaction): the profile does not say"),
        (43,  &[("name", "x")],                                   "sub-field city: is missing"),
        (43,  &[("nome", "x")],                                   "sub-field nome: there is no such part"),
        (43,  &[("name", "x"), ("name", "y")],                    "sub-field name: is given twice"),
        (43,  &[("name", "123456789012345678901234"), ("city", ""), ("region", ""), ("country", "")], "sub-field name: the length is above"),
        (48,  &[("23", "x")],                                     "sub-field 23: the field is shorter"),
        (60,  &[("A1", "1234567890123")],                         "sub-field A1: the length is above the maximum"),
        (61,  &[("attendance", "1"), ("remark", "x")],            "sub-field postal code: is missing"),
        (61,  &[("attendance", "A"), ("postal code", "")],        "sub-field attendance: a character is not a digit"),
        (62,  &[("9F", "00")],                                    "sub-field 9F: there is no such part"),
        (62,  &[("9F26", "0")],                                   "sub-field 9F26: the field is not hexadecimal"),
        (54,  &[("account type", "00"), ("amount type", "01")],   "sub-field currency: is missing"),
    ];
    for (n, values, says) in table {
        let error = build_subfields(&site, n, values).expect_err(says).to_string();
        assert!(error.contains(says), "field {n}: {error}");
    }
}

#[test]
fn a_layout_that_makes_no_sense_is_refused_with_its_key() {
    #[rustfmt::skip]
    let table = [
        ("[fields.43.sub]\nform = \"positional\"\nparts = [{ name = \"a\", max = 41 }]", "fields.43.sub.parts: together are not as long"),
        ("[fields.43.sub]\nform = \"positional\"\nparts = []", "fields.43.sub.parts: is empty"),
        ("[fields.48.sub]\nform = \"rows\"", "unknown variant `rows`"),
        ("[fields.48.sub]\nform = \"ber\"", "fields.48.sub.form: ber needs a field of attr b"),
        ("[fields.48.sub]\nform = \"tlv\"\ntag = 7\nlen = \"llvar\"", "fields.48.sub.tag: is 1 to 6"),
        ("[fields.48.sub]\nform = \"tlv\"\ntag = 2\nlen = \"fixed\"", "fields.48.sub.len: must be llvar"),
        ("[fields.48.sub]\nform = \"tlv\"\ntag = 2\nlen = \"llvar\"\nmax = 100", "fields.48.sub.max: does not fit"),
        ("[fields.48.sub]\nform = \"tlv\"\ntag = 2\nlen = \"llvar\"\nlenght = 3", "unknown field `lenght`"),
        ("[fields.48.sub]\nform = \"positional\"\nparts = [{ name = \"a\", len = \"rest\", max = 9 }, { name = \"b\", max = 9 }]", "fields.48.sub.parts.0.len: only the last part"),
        ("[fields.48.sub]\nform = \"positional\"\nparts = [{ name = \"a\", max = 9 }, { name = \"a\", max = 9 }]", "fields.48.sub.parts.1.name: is given twice"),
        ("[fields.48.sub]\nform = \"repeating\"\nparts = [{ name = \"a\", len = \"rest\", max = 9 }]", "fields.48.sub.parts.0.len: rest cannot repeat"),
        ("[fields.48.sub]\nform = \"positional\"\nparts = [{ name = \"a\", len = \"llvar\", max = 100 }]", "fields.48.sub.parts.0.max: does not fit"),
        ("[fields.48.sub]\nform = \"positional\"\nparts = [{ name = \"a\", charset = \"bcd\", max = 9 }]", "fields.48.sub.parts.0.charset"),
        ("[fields.48.sub]\nform = \"positional\"\nparts = [{ name = \"a\", until = \"é\", max = 9 }]", "fields.48.sub.parts.0.until"),
        ("[fields.112]\nattr = \"b\"\n[fields.112.sub]\nform = \"bitmap\"\nparts = [{ name = \"a\", max = 9 }]", "fields.112.sub.parts.0.bit: is from 1 to 64"),
        ("[fields.112]\nattr = \"b\"\n[fields.112.sub]\nform = \"positional\"\nparts = [{ name = \"a\", attr = \"n\", charset = \"bcd\", len = \"rest\", max = 9 }]", "cannot end where packed digits do"),
    ];
    for (file, says) in table {
        let error =
            Profile::from_toml(&format!("base = \"iso87-abin\"\n{file}")).expect_err(file).to_string();
        assert!(error.contains(says), "{file}: {error}");
    }
    // What is inherited falls away with the field it was of.
    let changed = Profile::from_toml("base = \"iso87-abin\"\n[fields.43]\nmax = 99\nlen = \"llvar\"")
        .expect("a good file");
    assert!(changed.is_composite(3) && changed.is_composite(43));
    let shorter = Profile::from_toml("base = \"iso87-abin\"\n[fields.43]\nmax = 30").expect("a good file");
    assert!(shorter.is_composite(3) && !shorter.is_composite(43));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Values that are put together come apart the same.
    #[test]
    fn arbitrary_parts_come_back(
        tagged in proptest::collection::vec(("[0-9]{4}", "[ -~]{0,30}"), 0..20),
        objects in proptest::collection::vec((prop_oneof![Just("9F26"), Just("5A"), Just("DF8101")], "([0-9A-F]{2}){0,20}"), 0..10),
        row in ("[0-9]", "[ -~]{0,10}", "[ -~]{1,40}"),
        bitmap in (proptest::option::of("[0-9]{3}"), proptest::option::of("[ -~]{0,20}"), proptest::option::of("[CD][0-9]{8}")),
    ) {
        let site = site();
        let check = |n: u8, values: &[(&str, &str)]| {
            let text = build_subfields(&site, n, values).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let read = parts(&site, n, &text).map_err(TestCaseError::fail)?;
            prop_assert_eq!(pairs(&read), values);
            Ok(())
        };
        check(48, &tagged.iter().map(|(tag, value)| (tag.as_str(), value.as_str())).collect::<Vec<_>>())?;
        check(62, &objects.iter().map(|(tag, value)| (*tag, value.as_str())).collect::<Vec<_>>())?;
        check(61, &[("attendance", &row.0), ("postal code", &row.1), ("remark", &row.2)])?;
        let (count, words, sum) = &bitmap;
        let set: Vec<(&str, &str)> = [("count", count), ("text", words), ("sum", sum)]
            .iter()
            .filter_map(|(name, value)| Some((*name, value.as_deref()?)))
            .collect();
        check(112, &set)?;
    }
}
