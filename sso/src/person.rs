//! Who somebody is: what the civil registry knows and how they are reached. All of it is sealed in the
//! database and prints masked.

use std::fmt;

use serde::{Deserialize, Serialize};
use switch_core::person::{Payer, PayerKind};

/// An identity document: its kind and number. A national ID is nine digits with a check digit.
pub type Identity = Payer;
/// The kinds of identity documents.
pub type IdentityKind = PayerKind;

/// A name in its four parts, as the registry writes it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// الاسم الشخصي.
    pub given: String,
    /// اسم الأب.
    pub father: String,
    /// اسم الجد.
    pub grandfather: String,
    /// اسم العائلة.
    pub family: String,
}

impl Name {
    /// The four parts with spaces between, those that are empty left out.
    #[must_use]
    pub fn full(&self) -> String {
        let parts = [&self.given, &self.father, &self.grandfather, &self.family];
        parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(****)")
    }
}

/// A person as registered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// `national_id`, `passport` or `company`.
    pub identity_kind: String,
    /// The number of the document.
    pub identity_number: String,
    /// In Arabic.
    pub name: Name,
    /// In Latin letters, where known.
    pub name_latin: Option<Name>,
    /// The day of birth.
    pub born: jiff::civil::Date,
    /// The mobile number, E.164: `+97059…`.
    pub mobile: String,
    /// The e-mail address, where given.
    pub email: Option<String>,
}

impl Person {
    /// The identity document; `None` when what is stored is not one.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        Identity::new(IdentityKind::parse(&self.identity_kind)?, &self.identity_number).ok()
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(****)")
    }
}
