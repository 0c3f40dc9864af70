//! Who is to be told that a session ended, and how often that was tried.

use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    REMEMBER = portable(
        "INSERT INTO sso_session_client (session_id, client_id) VALUES ($1, $2) ON CONFLICT DO NOTHING");
    QUEUE = portable(
        "INSERT INTO sso_logout_notice (session_id, client_id, account_id, ended_at, tries, next_at)
         SELECT used.session_id, used.client_id, session.account_id, $2, 0, $2
         FROM sso_session_client used JOIN sso_session session ON session.id = used.session_id
         WHERE used.session_id = $1
         ON CONFLICT DO NOTHING");
    // The grant is JSON of ours: this text is in it only as a member of its list of scopes.
    REVOKE_FAMILIES = portable(
        "UPDATE sso_family SET revoked_at = $2, revoked_because = 'session ended'
         WHERE session_id = $1 AND revoked_at IS NULL AND granted NOT LIKE '%\"offline_access\"%'");
    DUE = portable(
        "SELECT session_id, client_id, account_id, tries, next_at FROM sso_logout_notice
         WHERE next_at <= $1 AND gave_up_at IS NULL ORDER BY next_at LIMIT $2");
    LEASE = portable(
        "UPDATE sso_logout_notice SET next_at = $5, tries = tries + 1
         WHERE session_id = $1 AND client_id = $2 AND next_at = $3 AND tries = $4 AND gave_up_at IS NULL");
    TOLD = portable("DELETE FROM sso_logout_notice WHERE session_id = $1 AND client_id = $2");
    FAILED = portable(
        "UPDATE sso_logout_notice SET next_at = $4, last_error = $5, gave_up_at = $6
         WHERE session_id = $1 AND client_id = $2 AND next_at = $3");
    WAITING = portable(
        "SELECT session_id, client_id, tries, next_at, gave_up_at, last_error FROM sso_logout_notice
         ORDER BY next_at LIMIT $1");
}

/// A client that is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The session that ended.
    pub session: i64,
    /// Whom to tell.
    pub client: String,
    /// Whose session it was.
    pub account: i64,
    /// How often it was tried.
    pub tries: i64,
    /// When it is due, or whose lease it is.
    pub next_at: Timestamp,
}

/// What the administrator sees of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The session that ended.
    pub session: i64,
    /// Whom to tell.
    pub client: String,
    /// How often it was tried.
    pub tries: i64,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// When nobody tried any more.
    pub gave_up_at: Option<Timestamp>,
    /// What the last try met.
    pub last_error: String,
}

/// A client was given a code in a session and wants to hear of its end.
///
/// # Errors
/// The engine's own.
pub async fn remember(tx: &mut Tx, session: i64, client: &str) -> Result<(), StoreError> {
    tx.execute(&REMEMBER, values![session, client]).await?;
    Ok(())
}

/// A session ends: who is to hear of it, and its refresh tokens but those that were granted to outlive it.
///
/// # Errors
/// The engine's own.
pub async fn queue(tx: &mut Tx, session: i64, at: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&REVOKE_FAMILIES, values![session, at.0]).await?;
    tx.execute(&QUEUE, values![session, at.0]).await
}

/// What is due, the longest waiting first.
///
/// # Errors
/// The engine's own.
pub async fn due(db: &Db, now: Timestamp, max: i64) -> Result<Vec<Notice>, StoreError> {
    let rows = db.fetch_all(&DUE, values![now.0, max]).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Notice, StoreError> {
    Ok(Notice {
        session: row.int("session_id")?,
        client: row.text("client_id")?,
        account: row.int("account_id")?,
        tries: row.int("tries")?,
        next_at: Timestamp(row.int("next_at")?),
    })
}

/// Takes a notice to deliver it until a moment. `false`: another node has it.
///
/// # Errors
/// The engine's own.
pub async fn lease(tx: &mut Tx, n: &Notice, until: Timestamp) -> Result<bool, StoreError> {
    let values = values![n.session, n.client.as_str(), n.next_at.0, n.tries, until.0];
    Ok(tx.execute(&LEASE, values).await? == 1)
}

/// It was told.
///
/// # Errors
/// The engine's own.
pub async fn told(tx: &mut Tx, n: &Notice) -> Result<(), StoreError> {
    tx.execute(&TOLD, values![n.session, n.client.as_str()]).await?;
    Ok(())
}

/// What a try that failed leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// When it is tried again.
    pub next_at: Timestamp,
    /// What went wrong, in words.
    pub error: String,
    /// When it was tried for the last time.
    pub gave_up_at: Option<Timestamp>,
}

/// The try under a lease failed.
///
/// # Errors
/// The engine's own.
pub async fn failed(tx: &mut Tx, n: &Notice, lease: Timestamp, f: &Failure) -> Result<(), StoreError> {
    let gave_up_at = f.gave_up_at.map(|at| at.0);
    let values = values![n.session, n.client.as_str(), lease.0, f.next_at.0, f.error.as_str(), gave_up_at];
    tx.execute(&FAILED, values).await?;
    Ok(())
}

/// What was not told yet, the next one first.
///
/// # Errors
/// The engine's own.
pub async fn waiting(db: &Db, max: i64) -> Result<Vec<Waiting>, StoreError> {
    let rows = db.fetch_all(&WAITING, values![max]).await?;
    rows.iter()
        .map(|row| {
            Ok(Waiting {
                session: row.int("session_id")?,
                client: row.text("client_id")?,
                tries: row.int("tries")?,
                next_at: Timestamp(row.int("next_at")?),
                gave_up_at: row.maybe_int("gave_up_at")?.map(Timestamp),
                last_error: row.text("last_error")?,
            })
        })
        .collect()
}
