//! Two messages side by side: which fields are the same, which changed, which only one of them has.

use std::fmt;

use super::describe::value;
use super::message::Message;

/// Compares `left` and `right` field by field. Prints through `Display`, masked like [`describe`](super::describe);
/// fields are compared by their whole text, so a change may show twice the same mask.
#[must_use]
pub const fn diff<'m, 'a>(left: &'m Message<'a>, right: &'m Message<'a>) -> Difference<'m, 'a> {
    Difference { left, right }
}

/// Made by [`diff`].
#[derive(Clone, Copy, Debug)]
pub struct Difference<'m, 'a> {
    left: &'m Message<'a>,
    right: &'m Message<'a>,
}

/// What a comparison of one field found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Both have it and it says the same.
    Same,
    /// Both have it and it says something else.
    Changed,
    /// Only the left message has it.
    OnlyLeft,
    /// Only the right message has it.
    OnlyRight,
}

impl Difference<'_, '_> {
    /// Every field either message has, ascending, and what became of it. The message type is field 0.
    pub fn changes(&self) -> impl Iterator<Item = (u8, Change)> {
        let (left, right) = (self.left, self.right);
        let mti = if left.mti() == right.mti() { Change::Same } else { Change::Changed };
        let fields = (2..=128).filter_map(move |n| match (left.has(n), right.has(n)) {
            (false, false) => None,
            (true, false) => Some((n, Change::OnlyLeft)),
            (false, true) => Some((n, Change::OnlyRight)),
            (true, true) if left.text(n) == right.text(n) => Some((n, Change::Same)),
            (true, true) => Some((n, Change::Changed)),
        });
        std::iter::once((0, mti)).chain(fields)
    }

    /// True when type and every field are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes().all(|(_, change)| change == Change::Same)
    }
}

impl fmt::Display for Difference<'_, '_> {
    /// One line a field: `=` same, `~` changed, `-` only left, `+` only right.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (left, right) = (self.left, self.right);
        for (n, change) in self.changes() {
            if n == 0 {
                match change {
                    Change::Same => write!(f, "=   MTI {}", left.mti())?,
                    _ => write!(f, "~   MTI {} -> {}", left.mti(), right.mti())?,
                }
                continue;
            }
            let name = if left.has(n) { left.profile().field_name(n) } else { right.profile().field_name(n) };
            match change {
                Change::Same => write!(f, "\n= {n:>3} {name}: {}", value(left, n))?,
                Change::Changed => write!(f, "\n~ {n:>3} {name}: {} -> {}", value(left, n), value(right, n))?,
                Change::OnlyLeft => write!(f, "\n- {n:>3} {name}: {}", value(left, n))?,
                Change::OnlyRight => write!(f, "\n+ {n:>3} {name}: {}", value(right, n))?,
            }
        }
        Ok(())
    }
}
