//! XML as a [`Source`], bare or inside a SOAP envelope, read by the one reader of this crate that refuses document types,
//! entities, other encodings and sizes beyond its limits.
//!
//! Namespaces and prefixes are passed over: the scheme has none, and SOAP 1.1 and 1.2 differ in nothing else. Some
//! gateways hand the message over as text inside the envelope, escaped or in a CDATA section; it is then read on its own.

use super::fault::{Fault, FaultKind};
use super::name::own_spelling;
use super::source::{Member, Source};
use super::value::Secret;
use crate::iso20022::{Event, Layer, Limits, Reader, XmlError};

/// What a message may take: far more than the longest list of billers.
const LIMITS: Limits = Limits {
    bytes_max: Some(super::BYTES_MAX as u64),
    depth_max: 32,
    elements_max: Some(200_000),
    text_max: 48 << 10,
    attributes_max: 16,
    tree_max: 0,
};

/// What stands in the envelope beside the message: the parameters of the call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    /// The operation, such as `PayBill`: the element the parameters are in.
    pub(super) operation: Option<Box<str>>,
    pub(super) guid: Option<Box<str>>,
    pub(super) token_key: Option<Secret>,
    pub(super) customer_code: Option<Box<str>>,
    pub(super) password: Option<Secret>,
}

/// What an XML document turned out to be.
pub(super) enum Opened<'i> {
    /// A message; the source stands inside `MFEP`.
    Message(Box<Xml<'i>>, Call),
    /// A message as text.
    Embedded(String, Call),
    /// A call without a message.
    Bare(Call),
}

/// An XML document and where one is in it.
pub(super) struct Xml<'i> {
    reader: Reader<&'i [u8]>,
    /// A text was handed out, and nothing but the end of its element may follow it.
    must_end: bool,
    /// The member one is at says it is nil.
    is_nil: bool,
}

impl<'i> Xml<'i> {
    /// Looks for the message.
    ///
    /// # Errors
    /// Not well-formed, forbidden, a SOAP fault, or neither message nor call.
    pub(super) fn open(input: &'i [u8]) -> Result<Opened<'i>, Fault> {
        let mut xml = Xml { reader: Reader::new(input, LIMITS), must_end: false, is_nil: false };
        let mut call = Call::default();
        let mut leaf = String::new();
        let (mut is_soap, mut is_body) = (false, false);
        loop {
            let depth = xml.reader.depth();
            match xml.reader.next().map_err(fault)? {
                Event::Start { name, .. } => {
                    if own_spelling(name) == Some("MFEP") {
                        return Ok(Opened::Message(Box::new(xml), call));
                    }
                    is_soap |= depth == 0 && name == "Envelope";
                    if !is_soap {
                        return Err(FaultKind::NotMfep.into());
                    }
                    if depth == 1 {
                        is_body = name == "Body";
                    }
                    if depth == 2 && is_body && name == "Fault" {
                        return Err(FaultKind::SoapFault.into());
                    }
                    if depth == 2 && is_body && name.len() <= 64 {
                        call.operation = Some(name.into());
                    }
                    name.clone_into(&mut leaf);
                }
                Event::Text(text) if text.trim_start().starts_with('<') => {
                    let text = text.trim().to_owned();
                    xml.finish()?;
                    return Ok(Opened::Embedded(text, call));
                }
                Event::Text(text) => parameter(&mut call, &leaf, text.trim())?,
                Event::End => leaf.clear(),
                Event::Eof if call.guid.is_some() || call.password.is_some() => {
                    return Ok(Opened::Bare(call));
                }
                Event::Eof => return Err(FaultKind::NotMfep.into()),
            }
        }
    }

    /// Reads what follows the message. A second message is refused: one might be checked and the other obeyed.
    pub(super) fn finish(&mut self) -> Result<(), Fault> {
        loop {
            match self.reader.next().map_err(fault)? {
                Event::Start { name, .. } if own_spelling(name) == Some("MFEP") => {
                    return Err(Fault::at(FaultKind::Duplicate, "MFEP"));
                }
                Event::Eof => return Ok(()),
                Event::Start { .. } | Event::Text(_) | Event::End => {}
            }
        }
    }

    /// Passes the end of the element one is in.
    fn leave(&mut self) -> Result<(), Fault> {
        let outside = self.reader.depth().saturating_sub(1);
        while self.reader.depth() > outside {
            self.reader.next().map_err(fault)?;
        }
        Ok(())
    }
}

fn parameter(call: &mut Call, name: &str, text: &str) -> Result<(), Fault> {
    if text.chars().count() > 255 || text.contains(char::is_control) {
        return Err(FaultKind::TooLong.into());
    }
    match name {
        _ if name.eq_ignore_ascii_case("guid") => call.guid = Some(text.into()),
        "tokenKey" | "TokenKey" | "token" => call.token_key = Some(Secret::new(text)),
        "customerCode" | "CustomerCode" => call.customer_code = Some(text.into()),
        "password" | "Password" => call.password = Some(Secret::new(text)),
        _ => {}
    }
    Ok(())
}

/// What the reader refuses, in the words of this module. Its path is left out: the model knows its own.
fn fault(error: XmlError) -> Fault {
    Fault::new(match error.layer {
        Layer::Security => FaultKind::Forbidden,
        Layer::Xml | Layer::Schema | Layer::Business => FaultKind::Syntax,
    })
}

impl Source for Xml<'_> {
    fn next(&mut self) -> Result<Option<Member>, Fault> {
        if std::mem::take(&mut self.must_end) && !matches!(self.reader.next().map_err(fault)?, Event::End) {
            return Err(FaultKind::WrongType.into());
        }
        match self.reader.next().map_err(fault)? {
            Event::Start { name, attributes, .. } => {
                self.is_nil = attributes.iter().any(|(name, value)| {
                    name.rsplit(':').next() == Some("nil") && matches!(value, "true" | "1")
                });
                Ok(Some(Member { name: own_spelling(name), again: true }))
            }
            Event::End => Ok(None),
            // Text between elements: what it belongs to cannot be known.
            Event::Text(_) => Err(FaultKind::WrongType.into()),
            Event::Eof => Err(FaultKind::Syntax.into()),
        }
    }

    fn enter(&mut self) -> Result<bool, Fault> {
        if self.is_nil {
            self.leave()?;
        }
        Ok(!self.is_nil)
    }

    fn text(&mut self) -> Result<Option<&str>, Fault> {
        match self.reader.next().map_err(fault)? {
            Event::Text(text) => {
                self.must_end = true;
                Ok(Some(text.trim()).filter(|_| !self.is_nil))
            }
            Event::End => Ok(Some("").filter(|_| !self.is_nil)),
            Event::Start { .. } => Err(FaultKind::WrongType.into()),
            Event::Eof => Err(FaultKind::Syntax.into()),
        }
    }

    fn skip(&mut self) -> Result<(), Fault> {
        self.leave()
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.consumed()).unwrap_or(usize::MAX)
    }
}
