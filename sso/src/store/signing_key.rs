//! The keys the switch signs with, their public halves and when each is used.

use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

use crate::fault::Fault;
use crate::jose::Algorithm;
use crate::key::SigningKey;

statements! {
    ADD = portable(
        "INSERT INTO sso_signing_key (id, kid, algorithm, handle, public_key, published_at, signs_from,
            signs_until, removed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT DO NOTHING");
    PUBLISHED = portable(
        "SELECT id, kid, algorithm, handle, public_key, published_at, signs_from, signs_until, removed_at
         FROM sso_signing_key WHERE removed_at > $1 ORDER BY signs_from, id");
    RETIRE = portable(
        "UPDATE sso_signing_key SET signs_until = $2, removed_at = $3
         WHERE kid = $1 AND signs_until > $2");
    REMOVE = portable(
        "UPDATE sso_signing_key SET removed_at = $2,
            signs_until = CASE WHEN signs_until > $2 THEN $2 ELSE signs_until END
         WHERE kid = $1 AND removed_at > $2");
}

/// A key of the switch.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// What the vault signs with.
    pub key: SigningKey,
    /// The name in headers: the thumbprint of the public key (RFC 7638).
    pub kid: String,
    /// The public key as it is published, JSON.
    pub public: serde_json::Value,
    /// When relying parties could see it first.
    pub published_at: Timestamp,
    /// It signs from here …
    pub signs_from: Timestamp,
    /// … until here …
    pub signs_until: Timestamp,
    /// … and is published until here.
    pub removed_at: Timestamp,
}

fn read(row: &Row) -> Result<KeyRow, Fault> {
    let algorithm =
        Algorithm::parse(&row.text("algorithm")?).ok_or(Fault::Corrupt("signing_key.algorithm"))?;
    let public = serde_json::from_str(&row.text("public_key")?);
    Ok(KeyRow {
        key: SigningKey { row: row.int("id")?, algorithm, handle: row.bytes("handle")? },
        kid: row.text("kid")?,
        public: public.map_err(|_| Fault::Corrupt("signing_key.public_key"))?,
        published_at: Timestamp(row.int("published_at")?),
        signs_from: Timestamp(row.int("signs_from")?),
        signs_until: Timestamp(row.int("signs_until")?),
        removed_at: Timestamp(row.int("removed_at")?),
    })
}

/// Adds a key.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, k: &KeyRow) -> Result<(), StoreError> {
    let values = values![
        k.key.row,
        k.kid.as_str(),
        k.key.algorithm.as_str(),
        k.key.handle.clone(),
        k.public.to_string(),
        k.published_at.0,
        k.signs_from.0,
        k.signs_until.0,
        k.removed_at.0,
    ];
    tx.execute(&ADD, values).await?;
    Ok(())
}

/// The keys that are published at a moment, the earliest to sign first.
///
/// # Errors
/// [`Fault`].
pub async fn published(db: &Db, now: Timestamp) -> Result<Vec<KeyRow>, Fault> {
    db.fetch_all(&PUBLISHED, values![now.0]).await?.iter().map(read).collect()
}

/// Stops a key from signing, and says until when it is published. `false`: it signs no more already.
///
/// # Errors
/// The engine's own.
pub async fn retire(
    tx: &mut Tx,
    kid: &str,
    at: Timestamp,
    removed_at: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&RETIRE, values![kid, at.0, removed_at.0]).await? == 1)
}

/// Takes a key away at once, whatever it was to do: what it signed is worth nothing from here on. `false`:
/// it was gone, or there is none.
///
/// # Errors
/// The engine's own.
pub async fn remove(tx: &mut Tx, kid: &str, at: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&REMOVE, values![kid, at.0]).await? == 1)
}
