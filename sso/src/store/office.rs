//! The offices where people are seen: of the Ministry of Interior and of the Post.

use serde::{Deserialize, Serialize};
use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    ADD = portable(
        "INSERT INTO sso_office (code, kind, name_ar, name_en, address_ar, address_en, hours_ar, hours_en,
            state, version, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10)
         ON CONFLICT DO NOTHING");
    CHANGE = portable(
        "UPDATE sso_office SET kind = $3, name_ar = $4, name_en = $5, address_ar = $6, address_en = $7,
            hours_ar = $8, hours_en = $9, state = $10, changed_at = $11, version = version + 1
         WHERE code = $1 AND version = $2");
    FIND = portable(
        "SELECT code, kind, name_ar, name_en, address_ar, address_en, hours_ar, hours_en, state, version
         FROM sso_office WHERE code = $1");
    ALL = portable(
        "SELECT code, kind, name_ar, name_en, address_ar, address_en, hours_ar, hours_en, state, version
         FROM sso_office ORDER BY name_ar, code");
}

/// Whose office it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OfficeKind {
    /// Of the Ministry of Interior.
    Interior,
    /// Of the Post.
    Post,
}

impl OfficeKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Interior, Self::Post];

    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interior => "interior",
            Self::Post => "post",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A text in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Both {
    /// In Arabic.
    pub ar: String,
    /// In English.
    pub en: String,
}

impl Both {
    /// The text in a language.
    #[must_use]
    pub fn of(&self, language: look::Language) -> &str {
        match language {
            look::Language::Arabic => &self.ar,
            look::Language::English => &self.en,
        }
    }
}

/// An office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Office {
    /// Small letters, digits and hyphens: `post-ramallah`. It is the scope of the roles at its desk.
    pub code: String,
    /// Whose it is.
    pub kind: OfficeKind,
    /// Its name.
    pub name: Both,
    /// Where it is.
    pub address: Both,
    /// When it is open, in words.
    pub hours: Both,
    /// Takes new applications; one that does not finishes those it has.
    pub is_open: bool,
    /// Rises with each change; 1 for a new one.
    pub version: i64,
}

impl Office {
    /// Whether a text may be the code of an office.
    #[must_use]
    pub fn is_code(text: &str) -> bool {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (2..=40).contains(&text.len()) && text.bytes().all(plain)
    }
}

fn state(is_open: bool) -> &'static str {
    if is_open { "open" } else { "closed" }
}

fn read(row: &Row) -> Result<Office, StoreError> {
    let kind = row.text("kind")?;
    let both = |ar, en| Ok::<_, StoreError>(Both { ar: row.text(ar)?, en: row.text(en)? });
    Ok(Office {
        code: row.text("code")?,
        kind: OfficeKind::parse(&kind)
            .ok_or_else(|| StoreError::Corrupt(format!("the office kind {kind}")))?,
        name: both("name_ar", "name_en")?,
        address: both("address_ar", "address_en")?,
        hours: both("hours_ar", "hours_en")?,
        is_open: row.text("state")? == "open",
        version: row.int("version")?,
    })
}

/// Adds an office. `false`: the code is taken.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, o: &Office, at: Timestamp) -> Result<bool, StoreError> {
    let values = values![
        o.code.as_str(),
        o.kind.as_str(),
        o.name.ar.as_str(),
        o.name.en.as_str(),
        o.address.ar.as_str(),
        o.address.en.as_str(),
        o.hours.ar.as_str(),
        o.hours.en.as_str(),
        state(o.is_open),
        at.0,
    ];
    Ok(tx.execute(&ADD, values).await? == 1)
}

/// Changes everything but the code, of the version that was read. `false`: somebody else changed it.
///
/// # Errors
/// The engine's own.
pub async fn change(tx: &mut Tx, o: &Office, at: Timestamp) -> Result<bool, StoreError> {
    let values = values![
        o.code.as_str(),
        o.version,
        o.kind.as_str(),
        o.name.ar.as_str(),
        o.name.en.as_str(),
        o.address.ar.as_str(),
        o.address.en.as_str(),
        o.hours.ar.as_str(),
        o.hours.en.as_str(),
        state(o.is_open),
        at.0,
    ];
    Ok(tx.execute(&CHANGE, values).await? == 1)
}

/// The office of a code.
///
/// # Errors
/// The engine's own.
pub async fn find(db: &Db, code: &str) -> Result<Option<Office>, StoreError> {
    db.fetch_optional(&FIND, values![code]).await?.as_ref().map(read).transpose()
}

/// All of them, by their Arabic names, the closed ones too.
///
/// # Errors
/// The engine's own.
pub async fn all(db: &Db) -> Result<Vec<Office>, StoreError> {
    db.fetch_all(&ALL, values![]).await?.iter().map(read).collect()
}

/// The office of a code, as a transaction sees it.
///
/// # Errors
/// The engine's own.
pub async fn find_in(tx: &mut Tx, code: &str) -> Result<Option<Office>, StoreError> {
    tx.fetch_optional(&FIND, values![code]).await?.as_ref().map(read).transpose()
}
