//! Sessions: one row a sign-in; its bearer secret changes at each change of level.

use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

use crate::level::{Loa, Methods};

statements! {
    ADD = portable(
        "INSERT INTO sso_session (id, token_digest, account_id, methods, level, created_at,
            authenticated_at, last_seen_at, ends_at, device)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $6, $7, $8)");
    BY_TOKEN = portable(
        "SELECT id, account_id, methods, level, created_at, authenticated_at, last_seen_at, ends_at, device
         FROM sso_session WHERE token_digest = $1 AND ended_at IS NULL AND ends_at > $2");
    BY_ID = portable(
        "SELECT id, account_id, methods, level, created_at, authenticated_at, last_seen_at, ends_at, device
         FROM sso_session WHERE id = $1 AND ended_at IS NULL AND ends_at > $2");
    OF_ACCOUNT = portable(
        "SELECT id, account_id, methods, level, created_at, authenticated_at, last_seen_at, ends_at, device
         FROM sso_session WHERE account_id = $1 AND ended_at IS NULL AND ends_at > $2
         ORDER BY last_seen_at DESC, id DESC");
    SEEN = portable("UPDATE sso_session SET last_seen_at = $2 WHERE id = $1 AND ended_at IS NULL");
    ROTATE = portable(
        "UPDATE sso_session SET token_digest = $3, methods = $4, level = $5, authenticated_at = $6,
            last_seen_at = $6
         WHERE id = $1 AND token_digest = $2 AND ended_at IS NULL");
    END = portable(
        "UPDATE sso_session SET ended_at = $2, ended_because = $3 WHERE id = $1 AND ended_at IS NULL");
    END_ALL = portable(
        "UPDATE sso_session SET ended_at = $3, ended_because = $4
         WHERE account_id = $1 AND id <> $2 AND ended_at IS NULL
         RETURNING id");
}

/// A sign-in that is open.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its number; outside it is `sid`, under the permutation of public numbers.
    pub id: i64,
    /// Who signed in.
    pub account: i64,
    /// What with.
    pub methods: Methods,
    /// What that is worth.
    pub level: Loa,
    /// When it began.
    pub created_at: Timestamp,
    /// When the person last proved anything: `auth_time`.
    pub authenticated_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends whatever happens.
    pub ends_at: Timestamp,
    /// The browser and the system, in words for the person.
    pub device: String,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The person signed out.
    SignedOut,
    /// The person ended it from another device, or everywhere.
    Revoked,
    /// A credential or the state of the account changed.
    Changed,
    /// Nobody used it.
    Idle,
    /// An administrator ended it.
    Administrator,
}

impl Ended {
    fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed out",
            Self::Revoked => "revoked",
            Self::Changed => "changed",
            Self::Idle => "idle",
            Self::Administrator => "administrator",
        }
    }
}

fn read(row: &Row) -> Result<Session, StoreError> {
    let level = row.int("level")?;
    Ok(Session {
        id: row.int("id")?,
        account: row.int("account_id")?,
        methods: Methods::parse(&row.text("methods")?),
        level: Loa::of(level).ok_or_else(|| StoreError::Corrupt(format!("the level {level}")))?,
        created_at: Timestamp(row.int("created_at")?),
        authenticated_at: Timestamp(row.int("authenticated_at")?),
        last_seen_at: Timestamp(row.int("last_seen_at")?),
        ends_at: Timestamp(row.int("ends_at")?),
        device: row.text("device")?,
    })
}

/// Begins a session under the digest of its secret.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, digest: Vec<u8>, s: &Session) -> Result<(), StoreError> {
    let values = values![
        s.id,
        digest,
        s.account,
        s.methods.to_string(),
        s.level.number(),
        s.created_at.0,
        s.ends_at.0,
        s.device.as_str(),
    ];
    tx.execute(&ADD, values).await?;
    Ok(())
}

/// The open session of a secret.
///
/// # Errors
/// The engine's own.
pub async fn find_by_token(db: &Db, digest: Vec<u8>, now: Timestamp) -> Result<Option<Session>, StoreError> {
    db.fetch_optional(&BY_TOKEN, values![digest, now.0]).await?.as_ref().map(read).transpose()
}

/// The open session of a number.
///
/// # Errors
/// The engine's own.
pub async fn find(db: &Db, id: i64, now: Timestamp) -> Result<Option<Session>, StoreError> {
    db.fetch_optional(&BY_ID, values![id, now.0]).await?.as_ref().map(read).transpose()
}

/// The open sessions of an account, the latest used first.
///
/// # Errors
/// The engine's own.
pub async fn of_account(db: &Db, account: i64, now: Timestamp) -> Result<Vec<Session>, StoreError> {
    db.fetch_all(&OF_ACCOUNT, values![account, now.0]).await?.iter().map(read).collect()
}

/// It was used.
///
/// # Errors
/// The engine's own.
pub async fn seen(tx: &mut Tx, id: i64, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(&SEEN, values![id, at.0]).await?;
    Ok(())
}

/// A new secret after a new proof. `false`: the old secret is not its any more, somebody else was first.
///
/// # Errors
/// The engine's own.
pub async fn rotate(
    tx: &mut Tx,
    id: i64,
    (old_digest, new_digest): (Vec<u8>, Vec<u8>),
    (methods, level): (&Methods, Loa),
    at: Timestamp,
) -> Result<bool, StoreError> {
    let values = values![id, old_digest, new_digest, methods.to_string(), level.number(), at.0];
    Ok(tx.execute(&ROTATE, values).await? == 1)
}

/// Ends a session. `false`: it had ended.
///
/// # Errors
/// The engine's own.
pub async fn end(tx: &mut Tx, id: i64, at: Timestamp, because: Ended) -> Result<bool, StoreError> {
    Ok(tx.execute(&END, values![id, at.0, because.as_str()]).await? == 1)
}

/// Ends every open session of an account but one (0 for none); their numbers.
///
/// # Errors
/// The engine's own.
pub async fn end_all_but(
    tx: &mut Tx,
    account: i64,
    keep: i64,
    at: Timestamp,
    because: Ended,
) -> Result<Vec<i64>, StoreError> {
    let rows = tx.fetch_all(&END_ALL, values![account, keep, at.0, because.as_str()]).await?;
    rows.iter().map(|row| row.int("id")).collect()
}
