//! A whole document checked in one pass: XML, schema, rules.

use std::io::BufRead;

use serde::Serialize;

use super::business::Report;
use super::{Event, Limits, Reader, XmlError};

/// Reads the document to its end and says what it holds. One pass; the memory does not grow with a statement.
///
/// ```
/// use codecs::iso20022::{Layer, Limits, check};
/// let error = check(&b"<!DOCTYPE a><a/>"[..], Limits::message()).unwrap_err();
/// assert_eq!(error.layer, Layer::Security);
/// ```
///
/// # Errors
/// The first thing that is wrong, of any layer.
pub fn check(input: impl BufRead, limits: Limits) -> Result<Report, XmlError> {
    let mut reader = Reader::new(input, limits).checking();
    while !matches!(reader.next()?, Event::Eof) {}
    Ok(reader.report())
}

/// The answer as JSON in one line: the report, or `{"error":{"layer":...,"path":...,"reason":...}}`.
#[must_use]
pub fn json(answer: &Result<Report, XmlError>) -> String {
    #[derive(Serialize)]
    struct Refused<'e> {
        error: &'e XmlError,
    }
    let text = match answer {
        Ok(report) => serde_json::to_string(report),
        Err(error) => serde_json::to_string(&Refused { error }),
    };
    text.expect("texts and numbers become JSON")
}
