//! Passkeys. The public key, its counter and its name are sealed; the identifier is what the browser says.

use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    ADD = portable(
        "INSERT INTO sso_passkey (id, account_id, credential_id, passkey, name, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING");
    BY_CREDENTIAL = portable(
        "SELECT id, account_id, passkey, name, created_at, used_at, suspended_at
         FROM sso_passkey WHERE credential_id = $1");
    OF_ACCOUNT = portable(
        "SELECT id, account_id, passkey, name, created_at, used_at, suspended_at
         FROM sso_passkey WHERE account_id = $1 ORDER BY id");
    USED = portable(
        "UPDATE sso_passkey SET passkey = $3, used_at = $4
         WHERE id = $1 AND passkey = $2 AND suspended_at IS NULL");
    SUSPEND = portable("UPDATE sso_passkey SET suspended_at = $2 WHERE id = $1 AND suspended_at IS NULL");
    RENAME = portable("UPDATE sso_passkey SET name = $3 WHERE id = $1 AND account_id = $2");
    REMOVE = portable("DELETE FROM sso_passkey WHERE id = $1 AND account_id = $2");
}

/// A passkey as it is kept.
#[derive(Debug, Clone)]
pub struct PasskeyRow {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub account: i64,
    /// The public key, sealed.
    pub passkey: Vec<u8>,
    /// The name, sealed.
    pub name: Vec<u8>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was used last.
    pub used_at: Option<Timestamp>,
    /// When it was found that there may be a copy of it.
    pub suspended_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<PasskeyRow, StoreError> {
    Ok(PasskeyRow {
        id: row.int("id")?,
        account: row.int("account_id")?,
        passkey: row.bytes("passkey")?,
        name: row.bytes("name")?,
        created_at: Timestamp(row.int("created_at")?),
        used_at: row.maybe_int("used_at")?.map(Timestamp),
        suspended_at: row.maybe_int("suspended_at")?.map(Timestamp),
    })
}

/// Adds one. `false`: the identifier is taken.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, credential: Vec<u8>, p: &PasskeyRow) -> Result<bool, StoreError> {
    let values = values![p.id, p.account, credential, p.passkey.clone(), p.name.clone(), p.created_at.0];
    Ok(tx.execute(&ADD, values).await? == 1)
}

/// The one with an identifier.
///
/// # Errors
/// The engine's own.
pub async fn find(db: &Db, credential: Vec<u8>) -> Result<Option<PasskeyRow>, StoreError> {
    db.fetch_optional(&BY_CREDENTIAL, values![credential]).await?.as_ref().map(read).transpose()
}

/// Those of an account, the oldest first.
///
/// # Errors
/// The engine's own.
pub async fn of_account(db: &Db, account: i64) -> Result<Vec<PasskeyRow>, StoreError> {
    db.fetch_all(&OF_ACCOUNT, values![account]).await?.iter().map(read).collect()
}

/// It was used, and has another counter now. `false`: it was used, suspended or removed meanwhile.
///
/// # Errors
/// The engine's own.
pub async fn used(
    tx: &mut Tx,
    id: i64,
    (old, new): (Vec<u8>, Vec<u8>),
    at: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&USED, values![id, old, new, at.0]).await? == 1)
}

/// Stops taking it. `false`: it was not taken any more.
///
/// # Errors
/// The engine's own.
pub async fn suspend(tx: &mut Tx, id: i64, at: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&SUSPEND, values![id, at.0]).await? == 1)
}

/// Another name. `false`: it is not this account's.
///
/// # Errors
/// The engine's own.
pub async fn rename(tx: &mut Tx, account: i64, id: i64, name: Vec<u8>) -> Result<bool, StoreError> {
    Ok(tx.execute(&RENAME, values![id, account, name]).await? == 1)
}

/// Removes it. `false`: it is not this account's.
///
/// # Errors
/// The engine's own.
pub async fn remove(tx: &mut Tx, account: i64, id: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(&REMOVE, values![id, account]).await? == 1)
}
