//! The samples and the refused documents of golden/iso20022, held against their schemas.

use std::fs;
use std::path::Path;

use codecs::iso20022::{Event, Layer, Limits, Reader, XmlError};

use crate::iso20022_table::golden;

/// The message a document holds, if it keeps to its schema.
pub(crate) fn validated(bytes: &[u8]) -> Result<&'static str, XmlError> {
    let mut reader = Reader::new(bytes, Limits::message()).validating();
    while !matches!(reader.next()?, Event::Eof) {}
    Ok(reader.message().expect("a document that was validated has a message"))
}

#[test]
fn samples_keep_to_their_schemas() {
    let samples = [golden("samples-ps"), golden("samples-thirdparty")].concat();
    let samples = samples.into_iter().filter(|file| file.extension().is_some_and(|e| e == "xml"));
    let mut count = 0;
    for file in samples {
        let text = fs::read(&file).expect("a sample");
        let message = validated(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(String::from_utf8_lossy(&text).contains(message), "{}", file.display());
        count += 1;
    }
    assert_eq!(count, 34);
}

#[test]
fn documents_below_business_are_refused_by_their_layer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/iso20022/invalid");
    let index = fs::read(folder.join("index.json")).expect("an index");
    let index: Vec<serde_json::Value> = serde_json::from_slice(&index).expect("JSON");
    for entry in &index {
        let file = entry["file"].as_str().expect("a file");
        let expected = match entry["layer"].as_str() {
            Some("xsd") => Some(Layer::Schema),
            Some("xml") => Some(Layer::Xml),
            Some("security") => Some(Layer::Security),
            _ => None,
        };
        let found = validated(&fs::read(folder.join(file)).expect("a document")).err();
        assert_eq!(found.as_ref().map(|error| error.layer), expected, "{file}: {found:?}");
    }
}
