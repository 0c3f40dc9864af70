//! Who: parties with their addresses and identifications, agents, accounts.

use std::io::BufRead;

use super::XmlError;
use super::elem::{Elem, code, elem, ruled, since_2019, since_2024, text};
use super::leaf::Date;
use super::part::{Content, choice, part};
use super::read::Reading;
use super::rule::{Problem, Rule};
use super::specimen::Dice;
use super::version::{Edition, Version};
use super::write::{BuildError, Writer};

/// A code of an external list or a proprietary one: `Cd` or `Prtry`. How long a code may be depends on its list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Choice<C = String> {
    /// `Cd`
    Code(C),
    /// `Prtry`, at most 35 characters.
    Proprietary(String),
}
