//! What JSON and XML have in common: members by name, each a value or an object of members.
//!
//! The model is read from this alone, so that both formats give the same message. A member may repeat: in XML by
//! standing again, in JSON as a list, which is handed out element by element under the name of the list.

use super::fault::{Fault, FaultKind};

/// A member as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// The scheme's own spelling; `None` for a name it does not have.
    pub(super) name: Option<&'static str>,
    /// Another element of the list the member before belongs to.
    pub(super) again: bool,
}

/// A document, read in one pass.
pub(super) trait Source {
    /// The next member of the object one is in; `None` at its end, which leaves it. The member must then be entered,
    /// read as text, or skipped.
    fn next(&mut self) -> Result<Option<Member>, Fault>;

    /// Goes into the member. False when it is null or has neither members nor text: then it is done with.
    fn enter(&mut self) -> Result<bool, Fault>;

    /// The member as text, without the white space around it. `None` when it is null.
    fn text(&mut self) -> Result<Option<&str>, Fault>;

    /// Passes over the member.
    fn skip(&mut self) -> Result<(), Fault>;

    /// The input up to where one is, counted in bytes.
    fn position(&self) -> usize;
}

/// A source with what is counted while it is read.
pub(super) struct Reader<S> {
    pub(super) source: S,
    pub(super) is_strict: bool,
    /// Members whose name the scheme does not have, or not in that place.
    pub(super) unknown: u32,
    /// Members that broke a rule the mode lets pass.
    pub(super) tolerated: u32,
    budget: usize,
}

impl<S: Source> Reader<S> {
    /// `budget` bounds the bytes of records and texts. What a message really says is longer than its record, so only
    /// lists of next to nothing are refused for it.
    pub(super) const fn new(source: S, budget: usize, is_strict: bool) -> Self {
        Reader { source, is_strict, unknown: 0, tolerated: 0, budget }
    }

    pub(super) fn skip_unknown(&mut self) -> Result<(), Fault> {
        self.unknown = self.unknown.saturating_add(1);
        self.source.skip()
    }

    /// Takes `bytes` off what may still be held.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), Fault> {
        self.budget = self.budget.checked_sub(bytes).ok_or(FaultKind::TooMany)?;
        Ok(())
    }

    /// A broken rule: a fault in strict reading, counted otherwise.
    pub(super) fn broken(&mut self, kind: FaultKind) -> Result<(), Fault> {
        if self.is_strict {
            return Err(kind.into());
        }
        self.tolerated = self.tolerated.saturating_add(1);
        Ok(())
    }
}
