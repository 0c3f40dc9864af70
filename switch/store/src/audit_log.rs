//! The audit log: what people and the daemon did, in one chain that only grows.
//!
//! Each entry carries the hash of the one before it, so that a changed, removed or inserted one is
//! found (`docs/audit.md` has the form that is hashed). Several nodes may write at once; the number of
//! the entry decides between them. Payments are not in it: their own tables only grow.

use sha2::{Digest, Sha256};
use switch_core::clock::Timestamp;

use crate::db::{Db, Row, StoreError, Tx, values};
use crate::statements::statements;

statements! {
    HEAD = portable("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1");
    APPEND = portable(
        "INSERT INTO audit_log (seq, at, actor, act, subject, detail, previous, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT DO NOTHING");
    BY_SUBJECT = portable(
        "SELECT seq, at, actor, act, subject, detail FROM audit_log
         WHERE subject = $1 AND ($2 = '' OR actor = $2) AND at >= $3 AND at < $4 AND seq < $5
         ORDER BY seq DESC LIMIT 50");
    BY_ACTOR = portable(
        "SELECT seq, at, actor, act, subject, detail FROM audit_log
         WHERE actor = $1 AND at >= $2 AND at < $3 AND seq < $4 ORDER BY seq DESC LIMIT 50");
    BY_TIME = portable(
        "SELECT seq, at, actor, act, subject, detail FROM audit_log
         WHERE at >= $1 AND at < $2 AND seq < $3 ORDER BY seq DESC LIMIT 50");
}

/// How many entries a search gives at most.
pub const SEARCH_MAX: usize = 50;

/// How often an entry is put behind a new head before the writer gives up.
const TRIES_MAX: u32 = 100;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A daemon started.
    Start,
    /// A daemon ended as it was asked to.
    Stop,
    /// The schema was brought up to date.
    Migrate,
    /// A client of the API was added.
    ClientAdd,
    /// An agent of the cash network was added.
    AgentAdd,
    /// A terminal was registered.
    TerminalAdd,
    /// Money was booked on an agent's float.
    FloatTopUp,
    /// A person was called.
    Alarm,
    /// Alarms were raised faster than they could be written; how many is in the detail.
    AlarmsLost,
    /// A daily statement was signed.
    Statement,
    /// The chain up to here was signed.
    Seal,
    /// What was done to an account, a client or an application; the words are those of `sso`.
    Identity(&'static str),
}

impl Act {
    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Migrate => "migrate",
            Self::ClientAdd => "client add",
            Self::AgentAdd => "agent add",
            Self::TerminalAdd => "terminal add",
            Self::FloatTopUp => "float top-up",
            Self::Alarm => "alarm",
            Self::AlarmsLost => "alarms lost",
            Self::Statement => "statement",
            Self::Seal => "seal",
            Self::Identity(word) => word,
        }
    }
}

/// An entry to write. No field may hold a secret or a card number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who: `node 3`, or the user of the machine who gave a command.
    pub actor: String,
    /// What.
    pub act: Act,
    /// To whom or what, such as a payment or the name of a client.
    pub subject: String,
    /// The rest, for people.
    pub detail: String,
}

/// The last entry of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its number; entries are numbered from 1 without a gap, so this is also how many there are.
    pub seq: i64,
    /// Its hash.
    pub hash: [u8; 32],
}

impl Head {
    /// What the first entry follows.
    pub const NONE: Self = Self { seq: 0, hash: [0; 32] };

    /// This head followed by an entry.
    fn then(&self, entry: &Entry) -> Self {
        let seq = self.seq + 1;
        let mut text = b"switchd audit 1\n".to_vec();
        let previous = hex(&self.hash);
        let (seq_text, at) = (seq.to_string(), entry.at.0.to_string());
        for field in
            [&*seq_text, &previous, &at, &entry.actor, entry.act.as_str(), &entry.subject, &entry.detail]
        {
            text.extend(format!("{}:", field.len()).bytes());
            text.extend(field.bytes());
            text.push(b',');
        }
        Self { seq, hash: Sha256::digest(&text).into() }
    }
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read_head(row: &Row) -> Result<Head, StoreError> {
    let hash = row.bytes("hash")?.try_into();
    let hash = hash.map_err(|_| StoreError::Corrupt("audit_log.hash is not 32 bytes".into()))?;
    Ok(Head { seq: row.int("seq")?, hash })
}

/// The end of the chain.
///
/// # Errors
/// The engine's own.
pub async fn head(db: &Db) -> Result<Head, StoreError> {
    db.fetch_optional(&HEAD, values![]).await?.as_ref().map_or(Ok(Head::NONE), read_head)
}

/// Appends an entry that depends on what it follows, and gives the new end. Do it last in a
/// transaction: other writers wait for its end.
///
/// # Errors
/// The engine's own; [`StoreError::Unsafe`] when others were faster every time.
pub async fn append_behind(tx: &mut Tx, make: impl Fn(&Head) -> Entry) -> Result<Head, StoreError> {
    for _ in 0..TRIES_MAX {
        let head = tx.fetch_optional(&HEAD, values![]).await?;
        let head = head.as_ref().map_or(Ok(Head::NONE), read_head)?;
        let entry = make(&head);
        let next = head.then(&entry);
        let values = values![
            next.seq,
            entry.at.0,
            entry.actor,
            entry.act.as_str(),
            entry.subject,
            entry.detail,
            head.hash.to_vec(),
            next.hash.to_vec(),
        ];
        if tx.execute(&APPEND, values).await? == 1 {
            return Ok(next);
        }
    }
    Err(StoreError::Unsafe("the audit log moves faster than it can be written".into()))
}

/// Appends an entry, and gives the new end.
///
/// # Errors
/// As [`append_behind`].
pub async fn append(tx: &mut Tx, entry: &Entry) -> Result<Head, StoreError> {
    append_behind(tx, |_| entry.clone()).await
}

/// What to look for. Empty looks at everything, the latest first.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Exactly this subject.
    pub subject: Option<String>,
    /// Exactly this actor.
    pub actor: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// Entries below this number: the last one of the page before.
    pub before: Option<i64>,
}

/// An entry as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its number in the chain.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub act: String,
    /// To whom or what.
    pub subject: String,
    /// The rest.
    pub detail: String,
}

/// Looks for entries, the latest first, at most [`SEARCH_MAX`].
///
/// # Errors
/// The engine's own.
pub async fn search(db: &Db, s: &Search) -> Result<Vec<Written>, StoreError> {
    let from = s.from.map_or(i64::MIN, |at| at.0);
    let until = s.until.map_or(i64::MAX, |at| at.0);
    let before = s.before.unwrap_or(i64::MAX);
    let rows = match (&s.subject, &s.actor) {
        (Some(subject), actor) => {
            let actor = actor.as_deref().unwrap_or("");
            db.fetch_all(&BY_SUBJECT, values![subject.as_str(), actor, from, until, before]).await?
        }
        (None, Some(actor)) => db.fetch_all(&BY_ACTOR, values![actor.as_str(), from, until, before]).await?,
        (None, None) => db.fetch_all(&BY_TIME, values![from, until, before]).await?,
    };
    rows.iter().map(read_written).collect()
}

fn read_written(row: &Row) -> Result<Written, StoreError> {
    Ok(Written {
        seq: row.int("seq")?,
        at: Timestamp(row.int("at")?),
        actor: row.text("actor")?,
        act: row.text("act")?,
        subject: row.text("subject")?,
        detail: row.text("detail")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of `docs/audit.md`.
    #[test]
    fn the_hash_is_that_of_the_documented_form() {
        let entry = Entry {
            at: Timestamp(1_795_343_465_250),
            actor: "node 0".into(),
            act: Act::Start,
            subject: "switchd".into(),
            detail: "version 0.1.0".into(),
        };
        let form = format!(
            "switchd audit 1\n1:1,64:{},13:1795343465250,6:node 0,5:start,7:switchd,13:version 0.1.0,",
            "0".repeat(64)
        );
        let expected: [u8; 32] = Sha256::digest(form.as_bytes()).into();
        assert_eq!(Head::NONE.then(&entry), Head { seq: 1, hash: expected });
        let document = include_str!("../../../docs/audit.md");
        assert!(document.contains(&hex(&expected)), "the document says another hash than {}", hex(&expected));
    }
}
