//! Bill payment: one message in two formats, read from what others write and written as profiles ask.

use codecs::mfep::{Body, Decoded, Fault, FaultKind, Format, Kind, Message, Mode, Profile, decode, encode};

pub(crate) const NAMES: [&str; 11] = [
    "01-bilpulrq",
    "02-bilpulrs",
    "03-bilpulrs-paid",
    "04-bilpulrs-unknown",
    "05-blrpmtntfrq",
    "06-blrpmtntfrs",
    "07-blrpmtntfrq-repeat",
    "08-blrpmtntfrq-same-trx-new-guid",
    "09-blrpmtntfrq-wrong-amount",
    "10-pmtackrq",
    "11-prepaid-validation-rq",
];

pub(crate) fn vector(name: &str, ending: &str) -> Vec<u8> {
    let path = format!("{}/golden/billpay/{name}.{ending}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn read(bytes: &[u8]) -> Message {
    strict(bytes).message
}

fn strict(bytes: &[u8]) -> Decoded<'_> {
    decode(bytes, Mode::Strict).unwrap_or_else(|fault| panic!("{fault}: {}", String::from_utf8_lossy(bytes)))
}

pub(crate) fn write(message: &Message, profile: &Profile) -> String {
    let mut out = Vec::new();
    encode(message, profile, None, &mut out).unwrap_or_else(|fault| panic!("{fault}: {message:?}"));
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn every_vector_is_the_same_message_in_both_formats_and_comes_back_to_the_byte() {
    let json = Profile::from_toml("format = \"json\"\nindent = 1").expect("a profile");
    let xml = Profile::from_toml("format = \"xml\"\nindent = 2\ndeclaration = true").expect("a profile");
    for name in NAMES {
        let (in_json, in_xml) = (vector(name, "json"), vector(name, "xml"));
        let (a, b) = (strict(&in_json), strict(&in_xml));
        assert_eq!(a.message, b.message, "{name}");
        assert_eq!((a.format, b.format), (Format::Json, Format::Xml));
        assert_eq!([a.unknown, a.tolerated, b.unknown, b.tolerated], [0; 4], "{name}");
        assert_eq!(write(&b.message, &json), String::from_utf8_lossy(&in_json), "{name}");
        assert_eq!(write(&a.message, &xml), String::from_utf8_lossy(&in_xml), "{name}");
    }
}
