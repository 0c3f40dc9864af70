//! Passwords: one PHC string an account.

use switch_core::clock::Timestamp;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    FIND = portable("SELECT phc, is_long, changed_at FROM sso_password WHERE account_id = $1");
    SET = portable(
        "INSERT INTO sso_password (account_id, phc, is_long, changed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (account_id) DO UPDATE SET phc = $2, is_long = $3, changed_at = $4");
    REHASH = portable("UPDATE sso_password SET phc = $3 WHERE account_id = $1 AND phc = $2");
}

/// A password as it is kept.
#[derive(Clone)]
pub struct Kept {
    /// The PHC string.
    pub phc: String,
    /// Long enough to stand alone.
    pub is_long: bool,
    /// When it was chosen.
    pub changed_at: Timestamp,
}

/// The password of an account.
///
/// # Errors
/// The engine's own.
pub async fn find(db: &Db, account: i64) -> Result<Option<Kept>, StoreError> {
    let row = db.fetch_optional(&FIND, values![account]).await?;
    row.map(|row| {
        Ok(Kept {
            phc: row.text("phc")?,
            is_long: row.int("is_long")? == 1,
            changed_at: Timestamp(row.int("changed_at")?),
        })
    })
    .transpose()
}

/// Sets it, in place of another one.
///
/// # Errors
/// The engine's own.
pub async fn set(tx: &mut Tx, account: i64, kept: &Kept) -> Result<(), StoreError> {
    let values = values![account, kept.phc.as_str(), i64::from(kept.is_long), kept.changed_at.0];
    tx.execute(&SET, values).await?;
    Ok(())
}

/// The same password under newer parameters. `false`: it was changed meanwhile.
///
/// # Errors
/// The engine's own.
pub async fn rehash(tx: &mut Tx, account: i64, old: &str, new: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&REHASH, values![account, old, new]).await? == 1)
}
