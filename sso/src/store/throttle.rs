//! Tries that may fail. A try is taken before it is verified, in one statement, so that a thousand
//! guesses at one moment are a thousand rows asked and one verified.

use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    FIND = portable("SELECT failures, day, tries, next_at FROM sso_throttle WHERE key_index = $1");
    ADD = portable(
        "INSERT INTO sso_throttle (key_index, failures, day, tries, next_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING");
    TAKE = portable(
        "UPDATE sso_throttle SET failures = $4, day = $5, tries = $6, next_at = $7
         WHERE key_index = $1 AND failures = $2 AND next_at = $3");
    FORGIVE = portable(
        "UPDATE sso_throttle SET failures = 0, next_at = $2,
            tries = CASE WHEN tries > 0 THEN tries - 1 ELSE 0 END
         WHERE key_index = $1");
    REMOVE_OLD = portable("DELETE FROM sso_throttle WHERE next_at < $1");
}

/// What is remembered of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// Since the last success.
    pub failures: i64,
    /// The day `tries` are of, days since 1970.
    pub day: i64,
    /// Verified on that day.
    pub tries: i64,
    /// Before this, none is verified.
    pub next_at: Timestamp,
}

/// What is remembered of a key.
///
/// # Errors
/// The engine's own.
pub async fn find(db: &Db, key: Vec<u8>) -> Result<Option<Tries>, StoreError> {
    let row = db.fetch_optional(&FIND, values![key]).await?;
    row.as_ref().map(read).transpose()
}

pub(super) fn read(row: &Row) -> Result<Tries, StoreError> {
    Ok(Tries {
        failures: row.int("failures")?,
        day: row.int("day")?,
        tries: row.int("tries")?,
        next_at: Timestamp(row.int("next_at")?),
    })
}

/// Takes a try: `after` in place of `before`. `false`: somebody else took one at the same moment.
///
/// # Errors
/// The engine's own.
pub async fn take(
    tx: &mut Tx,
    key: Vec<u8>,
    before: Option<Tries>,
    after: Tries,
) -> Result<bool, StoreError> {
    let Tries { failures, day, tries, next_at } = after;
    let touched = match before {
        None => tx.execute(&ADD, values![key, failures, day, tries, next_at.0]).await?,
        Some(old) => {
            let values = values![key, old.failures, old.next_at.0, failures, day, tries, next_at.0];
            tx.execute(&TAKE, values).await?
        }
    };
    Ok(touched == 1)
}

/// After a success no failure is in a row, and the try was none of the day's failures.
///
/// # Errors
/// The engine's own.
pub async fn forgive(tx: &mut Tx, key: Vec<u8>, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(&FORGIVE, values![key, now.0]).await?;
    Ok(())
}

/// Removes what no longer holds anybody back.
///
/// # Errors
/// The engine's own.
pub async fn remove_old(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&REMOVE_OLD, values![before.0]).await
}
