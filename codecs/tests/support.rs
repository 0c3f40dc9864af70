//! Reading the golden files.

use std::sync::Arc;

use codecs::clearing_file::{FileError, Report, to_json};
use codecs::iso8583::{Mac, MacKey, Padding, Profile};
use serde_json::Value;

pub(crate) fn golden(path: &str) -> Value {
    let path = format!("{}/golden/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn bytes(hex: &Value) -> Vec<u8> {
    codecs::hex::decode(text(hex).as_bytes()).expect("hexadecimal text")
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

pub(crate) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().expect("a list")
}

pub(crate) fn profile(name: &str) -> Arc<Profile> {
    Profile::by_name(name).unwrap_or_else(|| panic!("no profile {name}"))
}

/// Valid messages of every dialect.
pub(crate) fn valid_vectors() -> Vec<Value> {
    ["iso8583/valid.json", "iso8583/bpc-hybrid.json", "iso8583/iso2003.json"]
        .into_iter()
        .flat_map(|path| list(&golden(path), "vectors").to_vec())
        .collect()
}

/// The MAC a vector's `mac` block describes.
pub(crate) fn mac_of(vector: &Value) -> Mac {
    let key = MacKey::from_hex(text(&vector["mac"]["test_key_hex"])).expect("a key");
    match text(&vector["mac"]["algorithm"]) {
        aes if aes.starts_with("AES-128-CMAC") => Mac::aes_cmac(&key),
        _ => Mac::retail(&key, Padding::Zeros),
    }
    .expect("a key of the right length")
}

/// What is printed of a checked clearing file.
pub(crate) fn json_of(verdict: &Result<Report, FileError>) -> Value {
    serde_json::from_str(&to_json(verdict)).expect("JSON")
}
