//! What people are shown of what was done with their account.

use switch_core::clock::Timestamp;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    ADD = portable("INSERT INTO sso_activity (id, account_id, at, what, device) VALUES ($1, $2, $3, $4, $5)");
    OF_ACCOUNT = portable(
        "SELECT id, at, what, device FROM sso_activity
         WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
    REMOVE_OLD = portable("DELETE FROM sso_activity WHERE at < $1");
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number; later ones are greater.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// What, a word of [`crate::activity::What`].
    pub what: String,
    /// The browser and the system, in words for the person.
    pub device: String,
}

/// Adds a line to an account's.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, account: i64, line: &Line) -> Result<(), StoreError> {
    let values = values![line.id, account, line.at.0, line.what.as_str(), line.device.as_str()];
    tx.execute(&ADD, values).await?;
    Ok(())
}

/// The lines of an account before a number (`i64::MAX` for the first page), the latest first.
///
/// # Errors
/// The engine's own.
pub async fn of_account(db: &Db, account: i64, before: i64, at_most: i64) -> Result<Vec<Line>, StoreError> {
    let rows = db.fetch_all(&OF_ACCOUNT, values![account, before, at_most]).await?;
    rows.iter()
        .map(|row| {
            Ok(Line {
                id: row.int("id")?,
                at: Timestamp(row.int("at")?),
                what: row.text("what")?,
                device: row.text("device")?,
            })
        })
        .collect()
}

/// Removes what is older than a moment.
///
/// # Errors
/// The engine's own.
pub async fn remove_old(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&REMOVE_OLD, values![before.0]).await
}
