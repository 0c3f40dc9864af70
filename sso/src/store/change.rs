//! Changes that wait for a second person, and what became of them.

use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    ADD = portable(
        "INSERT INTO sso_change (id, content, subject, subject_version, content_digest, subject_account,
            department, reason, proposed_by, proposed_at, expires_at, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting')");
    FIND = portable(
        "SELECT id, content, subject, subject_version, content_digest, subject_account, department, reason,
            proposed_by, proposed_at, expires_at, state, decided_by, decided_at, decided_because
         FROM sso_change WHERE id = $1");
    WAITING = portable(
        "SELECT id, content, subject, subject_version, content_digest, subject_account, department, reason,
            proposed_by, proposed_at, expires_at, state, decided_by, decided_at, decided_because
         FROM sso_change
         WHERE state = 'waiting' AND expires_at > $2 AND ($1 = '' OR department = $1)
         ORDER BY id LIMIT 200");
    PAST = portable(
        "SELECT id, content, subject, subject_version, content_digest, subject_account, department, reason,
            proposed_by, proposed_at, expires_at, state, decided_by, decided_at, decided_because
         FROM sso_change
         WHERE (state <> 'waiting' OR expires_at <= $2) AND ($1 = '' OR department = $1) AND id < $3
         ORDER BY id DESC LIMIT 50");
    SAME = portable(
        "SELECT id FROM sso_change WHERE state = 'waiting' AND expires_at > $2 AND content_digest = $1");
    DECIDE = portable(
        "UPDATE sso_change SET state = $2, decided_by = $3, decided_at = $4, decided_because = $5
         WHERE id = $1 AND state = 'waiting' AND expires_at > $4 AND content_digest = $6
            AND proposed_by <> $3");
    WITHDRAW = portable(
        "UPDATE sso_change SET state = 'withdrawn', decided_at = $3
         WHERE id = $1 AND state = 'waiting' AND proposed_by = $2");
}

/// A change as it lies in the database.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its number; outside it is `chg_…`.
    pub id: i64,
    /// The content as JSON.
    pub content: String,
    /// `account 5`, `client tax-portal`.
    pub subject: String,
    /// What the subject was.
    pub subject_version: String,
    /// SHA-256 over the three.
    pub digest: Vec<u8>,
    /// The account it is about, where it is about one.
    pub subject_account: Option<i64>,
    /// The department whose administrators may decide; empty for those of everywhere.
    pub department: String,
    /// Why it was proposed.
    pub reason: String,
    /// By whom.
    pub proposed_by: i64,
    /// When.
    pub proposed_at: Timestamp,
    /// Until when it may be decided.
    pub expires_at: Timestamp,
    /// `waiting`, `applied`, `refused` or `withdrawn`.
    pub state: String,
    /// Who decided.
    pub decided_by: Option<i64>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Why it was refused.
    pub decided_because: Option<String>,
}

fn read(row: &Row) -> Result<Change, StoreError> {
    Ok(Change {
        id: row.int("id")?,
        content: row.text("content")?,
        subject: row.text("subject")?,
        subject_version: row.text("subject_version")?,
        digest: row.bytes("content_digest")?,
        subject_account: row.maybe_int("subject_account")?,
        department: row.text("department")?,
        reason: row.text("reason")?,
        proposed_by: row.int("proposed_by")?,
        proposed_at: Timestamp(row.int("proposed_at")?),
        expires_at: Timestamp(row.int("expires_at")?),
        state: row.text("state")?,
        decided_by: row.maybe_int("decided_by")?,
        decided_at: row.maybe_int("decided_at")?.map(Timestamp),
        decided_because: row.maybe_text("decided_because")?,
    })
}

/// Writes a proposal down. State and decision of the value are not looked at: it waits.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, c: &Change) -> Result<(), StoreError> {
    let values = values![
        c.id,
        c.content.as_str(),
        c.subject.as_str(),
        c.subject_version.as_str(),
        c.digest.clone(),
        c.subject_account,
        c.department.as_str(),
        c.reason.as_str(),
        c.proposed_by,
        c.proposed_at.0,
        c.expires_at.0,
    ];
    tx.execute(&ADD, values).await?;
    Ok(())
}

/// The change of a number.
///
/// # Errors
/// The engine's own.
pub async fn find(db: &Db, id: i64) -> Result<Option<Change>, StoreError> {
    db.fetch_optional(&FIND, values![id]).await?.as_ref().map(read).transpose()
}

/// The change of a number, as a transaction sees it.
///
/// # Errors
/// The engine's own.
pub async fn find_in(tx: &mut Tx, id: i64) -> Result<Option<Change>, StoreError> {
    tx.fetch_optional(&FIND, values![id]).await?.as_ref().map(read).transpose()
}

/// What waits in a department, or anywhere for `""`: the oldest first, at most 200.
///
/// # Errors
/// The engine's own.
pub async fn waiting(db: &Db, department: &str, now: Timestamp) -> Result<Vec<Change>, StoreError> {
    db.fetch_all(&WAITING, values![department, now.0]).await?.iter().map(read).collect()
}

/// What was decided, withdrawn or expired, of numbers below `before`: the latest first, at most 50.
///
/// # Errors
/// The engine's own.
pub async fn past(db: &Db, department: &str, now: Timestamp, before: i64) -> Result<Vec<Change>, StoreError> {
    db.fetch_all(&PAST, values![department, now.0, before]).await?.iter().map(read).collect()
}

/// Whether exactly this waits already.
///
/// # Errors
/// The engine's own.
pub async fn is_waiting(tx: &mut Tx, digest: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.fetch_optional(&SAME, values![digest.to_vec(), now.0]).await?.is_some())
}

/// A decision.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    /// Applied, or refused with a reason.
    pub refused_because: Option<&'a str>,
    /// Who decides.
    pub by: i64,
    /// When.
    pub at: Timestamp,
    /// What the decider saw.
    pub digest: &'a [u8],
}

/// Decides a change that waits, holds what the decider saw and is somebody else's. `false`: it does not.
///
/// # Errors
/// The engine's own.
pub async fn decide(tx: &mut Tx, id: i64, d: Decision<'_>) -> Result<bool, StoreError> {
    let state = if d.refused_because.is_some() { "refused" } else { "applied" };
    let values = values![id, state, d.by, d.at.0, d.refused_because, d.digest.to_vec()];
    Ok(tx.execute(&DECIDE, values).await? == 1)
}

/// Takes one's own proposal back. `false`: it does not wait, or is somebody else's.
///
/// # Errors
/// The engine's own.
pub async fn withdraw(tx: &mut Tx, id: i64, by: i64, at: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&WITHDRAW, values![id, by, at.0]).await? == 1)
}
