//! One-time codes: the secret of a code app, recovery codes, the number that gets codes by SMS.

use switch_core::clock::Timestamp;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    FIND_TOTP = portable("SELECT secret, last_step, created_at, used_at FROM sso_totp WHERE account_id = $1");
    SET_TOTP = portable(
        "INSERT INTO sso_totp (account_id, secret, last_step, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (account_id) DO UPDATE
         SET secret = $2, last_step = $3, created_at = $4, used_at = NULL");
    USE_STEP = portable(
        "UPDATE sso_totp SET last_step = $2, used_at = $3 WHERE account_id = $1 AND last_step < $2");
    REMOVE_TOTP = portable("DELETE FROM sso_totp WHERE account_id = $1");

    ADD_CODE = portable(
        "INSERT INTO sso_recovery_code (account_id, code_index, created_at) VALUES ($1, $2, $3)");
    USE_CODE = portable(
        "UPDATE sso_recovery_code SET used_at = $3
         WHERE account_id = $1 AND code_index = $2 AND used_at IS NULL");
    CODES_LEFT = portable(
        "SELECT COUNT(*) AS codes FROM sso_recovery_code WHERE account_id = $1 AND used_at IS NULL");
    REMOVE_CODES = portable("DELETE FROM sso_recovery_code WHERE account_id = $1");

    FIND_MOBILE = portable("SELECT mobile_index FROM sso_mobile_factor WHERE account_id = $1");
    SET_MOBILE = portable(
        "INSERT INTO sso_mobile_factor (account_id, mobile_index, confirmed_at) VALUES ($1, $2, $3)
         ON CONFLICT (account_id) DO UPDATE SET mobile_index = $2, confirmed_at = $3");
    REMOVE_MOBILE = portable("DELETE FROM sso_mobile_factor WHERE account_id = $1");
}

/// A code app as it is kept.
#[derive(Debug, Clone)]
pub struct Totp {
    /// The secret, sealed.
    pub secret: Vec<u8>,
    /// No code of this step or before is taken.
    pub last_step: i64,
    /// When it was connected.
    pub created_at: Timestamp,
    /// When it was used last.
    pub used_at: Option<Timestamp>,
}

/// The code app of an account.
///
/// # Errors
/// The engine's own.
pub async fn find_totp(db: &Db, account: i64) -> Result<Option<Totp>, StoreError> {
    let row = db.fetch_optional(&FIND_TOTP, values![account]).await?;
    row.map(|row| {
        Ok(Totp {
            secret: row.bytes("secret")?,
            last_step: row.int("last_step")?,
            created_at: Timestamp(row.int("created_at")?),
            used_at: row.maybe_int("used_at")?.map(Timestamp),
        })
    })
    .transpose()
}

/// Connects a code app, in place of another one.
///
/// # Errors
/// The engine's own.
pub async fn set_totp(
    tx: &mut Tx,
    account: i64,
    secret: Vec<u8>,
    last_step: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(&SET_TOTP, values![account, secret, last_step, at.0]).await?;
    Ok(())
}

/// Uses a step up, with all before it. `false`: it was used up already, here or on another node.
///
/// # Errors
/// The engine's own.
pub async fn use_step(tx: &mut Tx, account: i64, step: i64, at: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&USE_STEP, values![account, step, at.0]).await? == 1)
}

/// Disconnects it. `false`: there was none.
///
/// # Errors
/// The engine's own.
pub async fn remove_totp(tx: &mut Tx, account: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(&REMOVE_TOTP, values![account]).await? == 1)
}

/// Puts these recovery codes in place of all others.
///
/// # Errors
/// The engine's own.
pub async fn replace_codes(
    tx: &mut Tx,
    account: i64,
    indices: &[Vec<u8>],
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(&REMOVE_CODES, values![account]).await?;
    for index in indices {
        tx.execute(&ADD_CODE, values![account, index.clone(), at.0]).await?;
    }
    Ok(())
}

/// Uses a recovery code up. `false`: there is none like it, or it was used.
///
/// # Errors
/// The engine's own.
pub async fn use_code(tx: &mut Tx, account: i64, index: Vec<u8>, at: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&USE_CODE, values![account, index, at.0]).await? == 1)
}

/// How many recovery codes are left.
///
/// # Errors
/// The engine's own.
pub async fn codes_left(db: &Db, account: i64) -> Result<i64, StoreError> {
    let row = db.fetch_optional(&CODES_LEFT, values![account]).await?;
    row.map_or(Ok(0), |row| row.int("codes"))
}

/// The index of the number that gets codes.
///
/// # Errors
/// The engine's own.
pub async fn find_mobile(db: &Db, account: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let row = db.fetch_optional(&FIND_MOBILE, values![account]).await?;
    row.map(|row| row.bytes("mobile_index")).transpose()
}

/// The number that gets codes.
///
/// # Errors
/// The engine's own.
pub async fn set_mobile(tx: &mut Tx, account: i64, index: Vec<u8>, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(&SET_MOBILE, values![account, index, at.0]).await?;
    Ok(())
}

/// No number gets codes. `false`: none did.
///
/// # Errors
/// The engine's own.
pub async fn remove_mobile(tx: &mut Tx, account: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(&REMOVE_MOBILE, values![account]).await? == 1)
}
