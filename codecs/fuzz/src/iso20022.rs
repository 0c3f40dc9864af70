//! A document of ISO 20022: XML, its schema, the rules of payments.
//!
//! In pieces of any size it gets the same verdict as in one. What all rules accept the schema accepts, and what the schema
//! accepts is XML; each says less than the one before it, and never another layer's word. The answer is always JSON.

use std::io::{BufRead, Read, Result as Io};

use codecs::iso20022::{Event, Layer, Limits, Reader, XmlError, check, json};

/// Reads the document three ways. True when it is accepted.
pub fn iso20022(bytes: &[u8]) -> bool {
    let limits = Limits { bytes_max: Some(1 << 20), ..Limits::message() };
    let answer = check(bytes, limits);
    let size = 1 + bytes.len() % 7;
    assert_eq!(answer, check(Pieces { bytes, size }, limits), "pieces of {size} bytes");
    let told = json(&answer);
    assert!(told.starts_with('{') && told.ends_with('}') && !told.contains('\n'), "{told}");

    let xml = read(Reader::new(bytes, limits));
    let schema = read(Reader::new(bytes, limits).validating());
    match &answer {
        Ok(report) => {
            assert!(xml.is_ok() && schema.is_ok(), "{xml:?} {schema:?}");
            assert!(
                codecs::iso20022::messages().any(|message| message == report.message),
                "{}",
                report.message
            );
        }
        Err(error) => {
            let refused_by = |found: &Result<(), XmlError>| found.as_ref().err().map(|error| error.layer);
            let is_same = match error.layer {
                // Reading goes on where a stricter reader stopped, and may find worse.
                Layer::Business => refused_by(&schema) != Some(Layer::Business),
                Layer::Schema => {
                    schema.as_ref().err() == Some(error) && refused_by(&xml) != Some(Layer::Schema)
                }
                Layer::Xml | Layer::Security => xml.as_ref().err() == Some(error),
            };
            assert!(is_same, "{error:?} {schema:?} {xml:?}");
            assert!(!error.reason.is_empty() && error.line > 0);
        }
    }
    answer.is_ok()
}

fn read(mut reader: Reader<&[u8]>) -> Result<(), XmlError> {
    let mut depth = 0;
    loop {
        match reader.next()? {
            Event::Start { .. } => depth += 1,
            Event::End => depth -= 1,
            Event::Text(text) => assert!(depth > 0 && !text.is_empty()),
            Event::Eof => {
                assert_eq!(depth, 0);
                return Ok(());
            }
        }
        assert_eq!(reader.path().split('/').filter(|name| !name.is_empty()).count(), depth);
    }
}

/// Gives what it has a few bytes at a time.
struct Pieces<'a> {
    bytes: &'a [u8],
    size: usize,
}

impl BufRead for Pieces<'_> {
    fn fill_buf(&mut self) -> Io<&[u8]> {
        Ok(&self.bytes[..self.size.min(self.bytes.len())])
    }

    fn consume(&mut self, amount: usize) {
        self.bytes = &self.bytes[amount..];
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> Io<usize> {
        let length = self.size.min(out.len()).min(self.bytes.len());
        out[..length].copy_from_slice(&self.bytes[..length]);
        self.consume(length);
        Ok(length)
    }
}
