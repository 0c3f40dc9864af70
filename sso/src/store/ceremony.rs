//! What was begun in one request and is finished in another one: once, in time, on any node.

use switch_core::clock::Timestamp;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    ADD = portable(
        "INSERT INTO sso_ceremony (token_digest, kind, state, tries_left, expires_at)
         VALUES ($1, $2, $3, $4, $5)");
    LOOK = portable(
        "SELECT state FROM sso_ceremony WHERE token_digest = $1 AND kind = $2 AND expires_at > $3");
    TAKE = portable(
        "DELETE FROM sso_ceremony WHERE token_digest = $1 AND kind = $2 AND expires_at > $3
         RETURNING state");
    TRY = portable(
        "UPDATE sso_ceremony SET tries_left = tries_left - 1
         WHERE token_digest = $1 AND kind = $2 AND expires_at > $3 AND tries_left > 0
         RETURNING state");
    REMOVE_OLD = portable("DELETE FROM sso_ceremony WHERE expires_at <= $1");
}

/// A ceremony that begins.
#[derive(Debug, Clone)]
pub struct NewCeremony {
    /// SHA-256 of the secret the browser has.
    pub digest: Vec<u8>,
    /// What it is for; it is found under no other kind.
    pub kind: &'static str,
    /// What it is about, sealed.
    pub state: Vec<u8>,
    /// How many answers it takes.
    pub tries: i64,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// Begins one.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, c: &NewCeremony) -> Result<(), StoreError> {
    let values = values![c.digest.clone(), c.kind, c.state.clone(), c.tries, c.expires_at.0];
    tx.execute(&ADD, values).await?;
    Ok(())
}

/// What one is about.
///
/// # Errors
/// The engine's own.
pub async fn look(
    db: &Db,
    digest: Vec<u8>,
    kind: &str,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row = db.fetch_optional(&LOOK, values![digest, kind, now.0]).await?;
    row.map(|row| row.bytes("state")).transpose()
}

/// Ends one and says what it was about: of all who ask at one moment, one is told.
///
/// # Errors
/// The engine's own.
pub async fn take(
    tx: &mut Tx,
    digest: Vec<u8>,
    kind: &str,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx.fetch_optional(&TAKE, values![digest, kind, now.0]).await?;
    row.map(|row| row.bytes("state")).transpose()
}

/// Takes one of its tries; `None` when there is none left.
///
/// # Errors
/// The engine's own.
pub async fn take_try(
    tx: &mut Tx,
    digest: Vec<u8>,
    kind: &str,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx.fetch_optional(&TRY, values![digest, kind, now.0]).await?;
    row.map(|row| row.bytes("state")).transpose()
}

/// Removes what is over.
///
/// # Errors
/// The engine's own.
pub async fn remove_old(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&REMOVE_OLD, values![now.0]).await
}
