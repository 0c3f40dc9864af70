//! The choice between a code of a list and a proprietary text.

use std::io::BufRead;

use super::XmlError;
use super::elem::{Elem, elem, text};
use super::leaf::{Leaf, write_by};
use super::part::Content;
use super::read::{Children, Reading};
use super::rule::Problem;
use super::specimen::Dice;
use super::version::Version;
use super::write::{BuildError, Writer};

/// A code of an external list or a proprietary one: `Cd` or `Prtry`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Choice<C = String> {
    /// `Cd`. How long it may be depends on its list.
    Code(C),
    /// `Prtry`, at most 35 characters.
    Proprietary(String),
}

impl<C: Default> Default for Choice<C> {
    fn default() -> Self {
        Choice::Code(C::default())
    }
}

impl<C: From<String>> Choice<C> {
    /// The code `text`.
    pub fn code(text: &str) -> Self {
        Choice::Code(C::from(text.to_owned()))
    }
}

const ROWS: &[Elem] = &[elem("Cd"), text("Prtry", 35)];

impl<C: Leaf> Content for Choice<C> {
    fn write(&self, elem: &'static Elem, to: &mut Writer) -> Result<(), BuildError> {
        to.open(elem.name(to.version));
        match self {
            Choice::Code(code) => write_by(elem.rule, code, &ROWS[0], to)?,
            Choice::Proprietary(text) => text.write(&ROWS[1], to)?,
        }
        to.close();
        Ok(())
    }

    fn read<R: BufRead>(elem: &'static Elem, from: &mut Reading<R>) -> Result<Self, XmlError> {
        let mut children = Children::new(ROWS);
        let choice = if children.take(from)? {
            Choice::Code(from.value(|text, version| {
                elem.rule.check(text, version)?;
                C::take(text, version)
            })?)
        } else {
            children.next_row();
            if !children.take(from)? {
                return Err(from.error(Problem::Missing));
            }
            Choice::Proprietary(Content::read(&ROWS[1], from)?)
        };
        children.finish(from)?;
        Ok(choice)
    }

    fn specimen(elem: &'static Elem, version: Version, dice: &mut Dice<'_>) -> Self {
        match dice.below(4) {
            0 => Choice::Proprietary(Content::specimen(&ROWS[1], version, dice)),
            _ => Choice::Code(C::invent(elem, version, dice)),
        }
    }
}
