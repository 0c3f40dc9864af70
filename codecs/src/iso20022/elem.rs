//! What is known of one element: its names, its versions, what may stand in it. Builder, reader and specimens use the
//! same description, so that none of them can know more than the others.

use super::rule::Rule;
use super::version::{Edition, Version};

/// One element of a part, as a row of its table. Made by the functions below in constants.
#[derive(Debug)]
pub(crate) struct Elem {
    name: &'static str,
    name_2009: Option<&'static str>,
    pub(super) rule: Rule,
    has: fn(Version) -> bool,
    needs: fn(Version) -> bool,
    max: fn(Version) -> usize,
}

/// An element with parts of its own, or whose type says what it holds.
pub(super) const fn elem(name: &'static str) -> Elem {
    ruled(name, Rule::Any)
}

/// An element whose text or codes follow `rule`.
pub(super) const fn ruled(name: &'static str, rule: Rule) -> Elem {
    Elem { name, name_2009: None, rule, has: |_| true, needs: |_| false, max: |_| usize::MAX }
}

/// A text of one to `max` characters.
pub(super) const fn text(name: &'static str, max: u16) -> Elem {
    ruled(name, Rule::Text(max))
}

/// A code of an external list with at most `max` characters, or the choice between one and a proprietary text.
pub(super) const fn code(name: &'static str, max: u16) -> Elem {
    ruled(name, Rule::Code(max))
}

impl Elem {
    /// Called otherwise in the edition of 2009.
    pub(super) const fn was(self, name: &'static str) -> Self {
        Self { name_2009: Some(name), ..self }
    }

    /// Only in the versions for which `has` holds.
    pub(super) const fn only(self, has: fn(Version) -> bool) -> Self {
        Self { has, ..self }
    }

    /// Mandatory in the versions for which `needs` holds, although its type says it may be absent.
    pub(super) const fn needed(self, needs: fn(Version) -> bool) -> Self {
        Self { needs, ..self }
    }

    /// At most so many of them.
    pub(super) const fn times(self, max: fn(Version) -> usize) -> Self {
        Self { max, ..self }
    }

    pub(super) fn name(&self, version: Version) -> &'static str {
        match self.name_2009 {
            Some(name) if version.edition() == Edition::E2009 => name,
            _ => self.name,
        }
    }

    /// True for every name the element has in any version.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.name_2009 == Some(name)
    }

    pub(super) fn is_in(&self, version: Version) -> bool {
        (self.has)(version)
    }

    pub(super) fn is_needed(&self, version: Version) -> bool {
        (self.needs)(version)
    }

    pub(super) fn max(&self, version: Version) -> usize {
        (self.max)(version)
    }
}

/// From the edition of 2019 on.
pub(super) fn since_2019(version: Version) -> bool {
    version.edition() >= Edition::E2019
}

/// From the edition of 2024 on.
pub(super) fn since_2024(version: Version) -> bool {
    version.edition() >= Edition::E2024
}
