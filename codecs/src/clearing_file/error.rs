//! What is wrong with a file, and where: one error for every format, told by line and field.
//!
//! It never carries what the file says there: a file holds references and names of people.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

/// Why a file is refused. A caller decides by the kind, a person reads line, field and reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// The line, counted from one; the number of the record in a file without lines (IPM); zero for the file as a whole.
    pub line: u64,
    /// The field, column, tag or element by its name in the format's standard.
    pub field: Cow<'static, str>,
    /// A sentence without data of the file.
    pub reason: Cow<'static, str>,
}

/// The kinds of faults of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The file could not be read or written.
    Io,
    /// A line or record has not the shape of the format.
    Syntax,
    /// A field's value is not what the field may hold.
    Field,
    /// The file ends before its end: no trailer, or in the middle of a line or record.
    Torn,
    /// The trailer counts other records than there are.
    Count,
    /// The trailer's sums are not those of the records.
    Sum,
    /// The trailer's hash is not that of the bytes before it.
    Hash,
    /// The detached signature is missing, of another key, or wrong.
    Signature,
    /// The closing balance does not follow from the opening balance and the entries.
    Balance,
    /// The bytes before a checkpoint are not those that were read or written then.
    Checkpoint,
    /// A line, record or element is longer than any of its kind may be.
    TooLong,
    /// The bytes are not in the encoding that was agreed.
    Encoding,
}

impl FileError {
    /// A fault of `kind` in `field` of `line`.
    pub(crate) fn new(
        kind: FaultKind,
        line: u64,
        field: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { kind, line, field: field.into(), reason: reason.into() }
    }

    /// A field that holds what it may not.
    pub(crate) fn field(
        line: u64,
        field: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(FaultKind::Field, line, field, reason)
    }

    /// The system's own error, at `line`.
    pub(crate) fn io(line: u64, error: &std::io::Error) -> Self {
        Self::new(FaultKind::Io, line, "file", error.kind().to_string())
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.field, self.reason),
            line => write!(f, "line {line}, {}: {}", self.field, self.reason),
        }
    }
}

impl std::error::Error for FileError {}

impl Serialize for FileError {
    /// As `{"line": 7, "field": "amount", "reason": "..."}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("FileError", 3)?;
        fields.serialize_field("line", &self.line)?;
        fields.serialize_field("field", &self.field)?;
        fields.serialize_field("reason", &self.reason)?;
        fields.end()
    }
}
