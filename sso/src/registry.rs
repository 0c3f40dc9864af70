//! The civil registry: whom it has under an identity number, and how that compares with what was typed.
//!
//! It is asked by a worker after the applicant has gone, so that nothing an applicant sees depends on its
//! answer; and it is never guessed for: while it is out of reach, an application waits.

pub mod twin;
mod wire;
pub mod xroad;

use std::fmt;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::person::{Name, Person};

/// Somebody the registry has.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The identity number.
    pub number: String,
    /// In Arabic.
    pub name: Name,
    /// The day of birth.
    pub born: jiff::civil::Date,
    /// Whether the death is registered.
    pub is_deceased: bool,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Record(****)")
    }
}

/// The registry or the bus to it did not answer with sense. Never says what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the civil registry is out of reach: {0}")]
pub struct Unavailable(pub String);

/// A question to the registry.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The kind of document: `national_id` or `passport`.
    pub kind: &'a str,
    /// Its number.
    pub number: &'a str,
    /// Why it is asked, for the registry's own log: a number of ours that says nothing.
    pub issue: &'a str,
}

/// Who is registered.
pub trait CivilRegistry: Send + Sync {
    /// Whom it has under a number; `None` when it has nobody.
    fn find<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Option<Record>, Unavailable>>;
}

/// A part of what was typed that the registry has too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// الاسم الشخصي.
    Given,
    /// اسم الأب.
    Father,
    /// اسم الجد.
    Grandfather,
    /// اسم العائلة.
    Family,
    /// The day of birth.
    Born,
}

/// What the registry's answer means for an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// The same person.
    Matched,
    /// Another name or day of birth.
    Mismatch(Vec<Part>),
    /// Nobody has that number.
    Unknown,
    /// The death of who has it is registered.
    Deceased,
}

impl Match {
    /// The word in the database.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Mismatch(_) => "mismatch",
            Self::Unknown => "unknown",
            Self::Deceased => "deceased",
        }
    }

    /// Compares what was typed with whom the registry has.
    #[must_use]
    pub fn of(person: &Person, record: Option<&Record>) -> Self {
        let Some(record) = record else { return Self::Unknown };
        if record.is_deceased {
            return Self::Deceased;
        }
        let (typed, known) = (&person.name, &record.name);
        let parts = [
            (Part::Given, is_same_name(&typed.given, &known.given)),
            (Part::Father, is_same_name(&typed.father, &known.father)),
            (Part::Grandfather, is_same_name(&typed.grandfather, &known.grandfather)),
            (Part::Family, is_same_name(&typed.family, &known.family)),
            (Part::Born, person.born == record.born),
        ];
        let differ: Vec<_> = parts.into_iter().filter(|(_, same)| !same).map(|(part, _)| part).collect();
        if differ.is_empty() { Self::Matched } else { Self::Mismatch(differ) }
    }
}

/// Whether two spellings are of one name: hamza on its alef, ta marbuta and alef maqsura are often left
/// out on keyboards, vowels and tatweel are ornament, and عبد is written apart or together.
#[must_use]
pub fn is_same_name(one: &str, other: &str) -> bool {
    plain_name(one) == plain_name(other)
}

fn plain_name(name: &str) -> String {
    name.chars()
        .filter(|c| {
            !c.is_whitespace() && !matches!(c, '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}' | '-' | '\'')
        })
        .map(|c| match c {
            'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
            'ة' => 'ه',
            'ى' => 'ي',
            other => other,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_one_name_and_others_are_not() {
        for (one, other) in [
            ("أحمد", "احمد"),
            ("عبد الله", "عبدالله"),
            ("سلمى", "سلمي"),
            ("فاطمة", "فاطمه"),
            ("مُحَمَّد", "محمد"),
            ("محـمد", "محمد"),
            ("Salma", "SALMA"),
        ] {
            assert!(is_same_name(one, other), "{one} {other}");
        }
        for (one, other) in [("أحمد", "حامد"), ("سلمى", "سالم"), ("يوسف", ""), ("علي", "علاء")]
        {
            assert!(!is_same_name(one, other), "{one} {other}");
        }
    }
}
