//! Pushed authorization requests (RFC 9126), and requests that wait while somebody signs in.

use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    ADD = portable(
        "INSERT INTO sso_pushed_request (uri_digest, client_id, parameters, expires_at, arrived_at)
         VALUES ($1, $2, $3, $4, $5)");
    FIND = portable(
        "SELECT client_id, parameters, arrived_at FROM sso_pushed_request
         WHERE uri_digest = $1 AND expires_at > $2 AND used_at IS NULL");
    ARRIVE = portable(
        "UPDATE sso_pushed_request SET arrived_at = $2, expires_at = $3
         WHERE uri_digest = $1 AND arrived_at IS NULL AND expires_at > $2 AND used_at IS NULL");
    USE = portable("UPDATE sso_pushed_request SET used_at = $2 WHERE uri_digest = $1 AND used_at IS NULL");
    REMOVE_OLD = portable("DELETE FROM sso_pushed_request WHERE expires_at < $1");
}

/// A request that is kept.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// The client that pushed it.
    pub client: String,
    /// Its parameters, as a query.
    pub parameters: String,
    /// When a browser came with it first.
    pub arrived_at: Option<Timestamp>,
}

/// Keeps a request under the digest of its URI until a moment.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, digest: Vec<u8>, p: &Pushed, until: Timestamp) -> Result<(), StoreError> {
    let arrived_at = p.arrived_at.map(|at| at.0);
    let values = values![digest, p.client.as_str(), p.parameters.as_str(), until.0, arrived_at];
    tx.execute(&ADD, values).await?;
    Ok(())
}

/// The request of a URI, unless it was answered or is too old.
///
/// # Errors
/// The engine's own.
pub async fn find(db: &Db, digest: Vec<u8>, now: Timestamp) -> Result<Option<Pushed>, StoreError> {
    db.fetch_optional(&FIND, values![digest, now.0]).await?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Pushed, StoreError> {
    Ok(Pushed {
        client: row.text("client_id")?,
        parameters: row.text("parameters")?,
        arrived_at: row.maybe_int("arrived_at")?.map(Timestamp),
    })
}

/// A browser came with it: it may now be answered until a later moment. `false`: it came before.
///
/// # Errors
/// The engine's own.
pub async fn arrive(
    tx: &mut Tx,
    digest: Vec<u8>,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&ARRIVE, values![digest, now.0, until.0]).await? == 1)
}

/// It was answered. `false`: it had been.
///
/// # Errors
/// The engine's own.
pub async fn take(tx: &mut Tx, digest: Vec<u8>, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&USE, values![digest, now.0]).await? == 1)
}

/// Removes what can be answered no more.
///
/// # Errors
/// The engine's own.
pub async fn remove_old(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&REMOVE_OLD, values![before.0]).await
}
