//! Why a document is refused: which layer says so, where, and the reason without data of the message.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// Who refuses. The order is that in which a document is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// It is not well-formed XML 1.0 in UTF-8, or the input cannot be read.
    Xml,
    /// It is, and still not taken: document types, entities, processing instructions, sizes beyond the limits.
    Security,
    /// It is not what the schema of its message says, or no schema is known for it.
    Schema,
    /// The schema allows it and the rules of payments do not.
    Business,
}

impl Layer {
    /// The name used in answers and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Layer::Xml => "xml",
            Layer::Security => "security",
            Layer::Schema => "schema",
            Layer::Business => "business",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A refused document. Serialises as `{"layer": ..., "path": ..., "reason": ...}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct XmlError {
    /// Who refuses.
    pub layer: Layer,
    /// The innermost element that was open, such as `Document/FIToFICstmrCdtTrf/CdtTrfTxInf[2]/Amt`; empty outside the root.
    pub path: String,
    /// The line of the input, from one.
    #[serde(skip)]
    pub line: u64,
    /// A sentence that names elements and limits, never values.
    pub reason: Cow<'static, str>,
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layer, path, line, reason } = self;
        let place = if path.is_empty() { "the document" } else { path };
        write!(f, "{layer}: {place}, line {line}: {reason}")
    }
}

impl std::error::Error for XmlError {}

/// An error before it is known where it stands.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) layer: Layer,
    pub(super) reason: Cow<'static, str>,
    /// Where, if not where the reader is.
    pub(super) at: Option<At>,
}

/// A place in the document.
#[derive(Debug)]
pub(super) struct At {
    pub(super) path: String,
    pub(super) line: u64,
}

impl Fault {
    pub(super) fn xml(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { layer: Layer::Xml, reason: reason.into(), at: None }
    }

    pub(super) fn security(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { layer: Layer::Security, reason: reason.into(), at: None }
    }
}
