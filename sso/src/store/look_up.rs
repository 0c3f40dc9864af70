//! Who looked at whose account, and why: an account's page opens for an hour after that.

use switch_core::clock::Timestamp;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    ADD = portable(
        "INSERT INTO sso_look_up (viewer_id, account_id, reason, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (viewer_id, account_id) DO UPDATE SET reason = $3, at = $4");
    REASON = portable(
        "SELECT reason FROM sso_look_up WHERE viewer_id = $1 AND account_id = $2 AND at > $3");
}

/// How long a look-up opens the page.
pub const OPEN_MS: i64 = 3_600_000;

/// Somebody looks.
///
/// # Errors
/// The engine's own.
pub async fn add(
    tx: &mut Tx,
    viewer: i64,
    account: i64,
    reason: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(&ADD, values![viewer, account, reason, at.0]).await?;
    Ok(())
}

/// The reason of a look-up that is still open.
///
/// # Errors
/// The engine's own.
pub async fn reason(
    db: &Db,
    viewer: i64,
    account: i64,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let values = values![viewer, account, now.plus_ms(-OPEN_MS).0];
    db.fetch_optional(&REASON, values).await?.map(|row| row.text("reason")).transpose()
}
