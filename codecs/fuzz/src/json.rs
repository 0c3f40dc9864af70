//! A message as JSON, and as the hexadecimal text it is made of.
//!
//! What is accepted one way is given back the other way; a refusal is JSON too, and never shows the value it is about.

use codecs::iso8583::json::{JsonFault, decode_json, encode_json};
use codecs::iso8583::{Mode, Profile};

use super::input::Input;

/// Reads text as JSON and as hexadecimal in one dialect. True when it was a message either way.
pub fn json(bytes: &[u8]) -> bool {
    let mut input = Input(bytes);
    let profile = Profile::by_name(input.one_of(&Profile::NAMES)).expect("a name of the list");
    let Ok(text) = std::str::from_utf8(input.0) else { return false };
    let written = encode_json(&profile, text);
    match &written {
        Ok(hex) => {
            assert!(hex.bytes().all(|c| c.is_ascii_digit() || (b'A'..=b'F').contains(&c)));
            let json = decode_json(&profile, hex, Mode::Strict, true).expect("what is written can be read");
            assert_eq!(encode_json(&profile, &json).as_ref(), Ok(hex), "the canonical JSON is the message");
            nothing_is_betrayed(&decode_json(&profile, hex, Mode::Strict, false).expect("it was read"));
        }
        Err(fault) => well_said(fault),
    }
    let read = decode_json(&profile, text, Mode::Strict, true);
    match (&read, decode_json(&profile, text, Mode::Lenient, true)) {
        (Ok(json), lenient) => {
            assert_eq!(lenient.as_ref(), Ok(json));
            let hex = encode_json(&profile, json).expect("what is strictly read can be written");
            let again = decode_json(&profile, &hex, Mode::Strict, true).expect("just written");
            assert_eq!(without_warnings(&again), without_warnings(json));
        }
        (Err(fault), lenient) => {
            well_said(fault);
            assert!(lenient.is_err() || lenient.is_ok_and(|json| json.contains("\"warnings\":[{\"kind\":")));
        }
    }
    written.is_ok() || read.is_ok()
}

/// The error is an object of one key, and its kind a name.
fn well_said(fault: &JsonFault) {
    let json = fault.to_json();
    assert!(json.starts_with("{\"error\":{\"kind\":\"") && json.ends_with("}}"), "{json}");
    assert!(!json.chars().any(char::is_control) && !fault.to_string().is_empty());
}

fn without_warnings(json: &str) -> &str {
    json.split(",\"warnings\":").next().unwrap_or(json)
}

/// Masked fields 2, 35 and 52 show no long run of digits.
fn nothing_is_betrayed(json: &str) {
    for n in ["2", "35", "52"] {
        let Some((_, after)) = json.split_once(&format!("\"{n}\":\"")) else { continue };
        let value = after.split('"').next().unwrap_or_default();
        let longest = value.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
        assert!(longest < Some(13), "field {n} shows {value}");
    }
}
