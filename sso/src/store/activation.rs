//! Activations: the code from the desk, the browser that gave it, the code by SMS.

use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    PUT = portable(
        "INSERT INTO sso_activation (account_id, application_id, code_index, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account_id) DO UPDATE SET application_id = excluded.application_id,
            code_index = excluded.code_index, created_at = excluded.created_at,
            expires_at = excluded.expires_at, browser_digest = NULL, sms_index = NULL, sms_until = NULL,
            sms_done_at = NULL");
    BY_CODE = portable(
        "SELECT account_id, expires_at, sms_index, sms_until, sms_done_at FROM sso_activation
         WHERE account_id = $1 AND code_index = $2 AND expires_at > $3");
    BY_BROWSER = portable(
        "SELECT account_id, expires_at, sms_index, sms_until, sms_done_at FROM sso_activation
         WHERE browser_digest = $1 AND expires_at > $2");
    SET_BROWSER = portable(
        "UPDATE sso_activation SET browser_digest = $3, sms_index = $4, sms_until = $5, sms_done_at = NULL
         WHERE account_id = $1 AND code_index = $2");
    SET_SMS = portable(
        "UPDATE sso_activation SET sms_index = $2, sms_until = $3
         WHERE browser_digest = $1 AND sms_done_at IS NULL");
    SMS_DONE = portable(
        "UPDATE sso_activation SET sms_done_at = $3, sms_index = NULL
         WHERE browser_digest = $1 AND sms_index = $2 AND sms_until > $3 AND sms_done_at IS NULL");
    USE_UP = portable(
        "DELETE FROM sso_activation
         WHERE account_id = $1 AND browser_digest = $2 AND sms_done_at IS NOT NULL AND expires_at > $3");
    IS_OPEN = portable("SELECT account_id FROM sso_activation WHERE account_id = $1 AND application_id = $2");
    REMOVE_OLD = portable("DELETE FROM sso_activation WHERE expires_at < $1");
}

/// An activation that is open.
#[derive(Debug, Clone)]
pub struct Activation {
    /// Of which account.
    pub account: i64,
    /// Worth nothing from here on.
    pub expires_at: Timestamp,
    /// Whether a code was sent by SMS and not given yet.
    pub awaits_sms: bool,
    /// Whether the code by SMS was given.
    pub is_proven: bool,
}

fn read(row: &Row) -> Result<Activation, StoreError> {
    Ok(Activation {
        account: row.int("account_id")?,
        expires_at: Timestamp(row.int("expires_at")?),
        awaits_sms: row.maybe_bytes("sms_index")?.is_some(),
        is_proven: row.maybe_int("sms_done_at")?.is_some(),
    })
}

/// A new code, in place of any older one.
///
/// # Errors
/// The engine's own.
pub async fn put(
    tx: &mut Tx,
    (account, application): (i64, i64),
    code_index: Vec<u8>,
    at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(&PUT, values![account, application, code_index, at.0, expires_at.0]).await?;
    Ok(())
}

/// The activation of an account, for who has its code.
///
/// # Errors
/// The engine's own.
pub async fn find_by_code(
    db: &Db,
    account: i64,
    code_index: Vec<u8>,
    now: Timestamp,
) -> Result<Option<Activation>, StoreError> {
    db.fetch_optional(&BY_CODE, values![account, code_index, now.0]).await?.as_ref().map(read).transpose()
}

/// The activation a browser is in.
///
/// # Errors
/// The engine's own.
pub async fn find_by_browser(
    db: &Db,
    digest: Vec<u8>,
    now: Timestamp,
) -> Result<Option<Activation>, StoreError> {
    db.fetch_optional(&BY_BROWSER, values![digest, now.0]).await?.as_ref().map(read).transpose()
}

/// The code from the desk was given at a browser, and another one sent by SMS. `false`: the code is not
/// the account's any more.
///
/// # Errors
/// The engine's own.
pub async fn set_browser(
    tx: &mut Tx,
    (account, code_index): (i64, Vec<u8>),
    browser: Vec<u8>,
    (sms_index, sms_until): (Vec<u8>, Timestamp),
) -> Result<bool, StoreError> {
    let values = values![account, code_index, browser, sms_index, sms_until.0];
    Ok(tx.execute(&SET_BROWSER, values).await? == 1)
}

/// Another code by SMS.
///
/// # Errors
/// The engine's own.
pub async fn set_sms(
    tx: &mut Tx,
    browser: Vec<u8>,
    sms_index: Vec<u8>,
    until: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&SET_SMS, values![browser, sms_index, until.0]).await? == 1)
}

/// The code by SMS was given. `false`: it was another one, too late, or used.
///
/// # Errors
/// The engine's own.
pub async fn sms_done(
    tx: &mut Tx,
    browser: Vec<u8>,
    sms_index: Vec<u8>,
    at: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&SMS_DONE, values![browser, sms_index, at.0]).await? == 1)
}

/// The last step: the activation is gone. `false`: somebody was first, or a step is missing.
///
/// # Errors
/// The engine's own.
pub async fn use_up(tx: &mut Tx, account: i64, browser: Vec<u8>, at: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&USE_UP, values![account, browser, at.0]).await? == 1)
}

/// Whether the code of an application was not used yet; it may have ended.
///
/// # Errors
/// The engine's own.
pub async fn is_open(db: &Db, account: i64, application: i64) -> Result<bool, StoreError> {
    Ok(db.fetch_optional(&IS_OPEN, values![account, application]).await?.is_some())
}

/// Removes what ended before a moment.
///
/// # Errors
/// The engine's own.
pub async fn remove_old(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&REMOVE_OLD, values![before.0]).await
}
