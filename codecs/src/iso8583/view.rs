//! What the typed views share: how they say that a field is not what it should be, and how they read digits.

use std::borrow::Cow;
use std::fmt;

use super::message::Message;
use super::spec::Profile;

/// A field that can be read and makes no sense. Names the field and the part, never what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewError {
    /// Field number.
    pub field: u8,
    /// The part of the field, empty for all of it.
    pub part: &'static str,
    /// What is wrong, such as `is not a date`.
    pub problem: &'static str,
    name: &'static str,
}

impl ViewError {
    pub(super) fn new(profile: &Profile, field: u8, part: &'static str, problem: &'static str) -> Self {
        ViewError { field, part, problem, name: profile.field_name(field) }
    }
}

impl fmt::Display for ViewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field {} ({})", self.field, self.name)?;
        if !self.part.is_empty() {
            write!(f, ", {}", self.part)?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for ViewError {}

/// Field `n` when it is decimal digits and nothing else; a lenient link may have let other characters in.
pub(super) fn digits<'a>(message: &Message<'a>, n: u8) -> Result<Option<Cow<'a, str>>, ViewError> {
    let Some(text) = message.text(n) else { return Ok(None) };
    if text.bytes().all(|c| c.is_ascii_digit()) {
        return Ok(Some(text));
    }
    Err(ViewError::new(message.profile(), n, "", "is not decimal digits"))
}

/// The number digits make; `None` for none, for other characters and beyond 19 digits or so.
pub(super) fn number(digits: &str) -> Option<u64> {
    digits.parse().ok().filter(|_| digits.bytes().all(|c| c.is_ascii_digit()))
}
