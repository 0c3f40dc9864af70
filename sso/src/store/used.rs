//! What must not come twice: the `jti` of assertions and of proofs, on whichever node they come.

use switch_core::clock::Timestamp;
use switch_store::audit_log::hex;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    ADD = twin(
        "INSERT INTO sso_used (digest, expires_at)
         SELECT unhex(value ->> 0), value ->> 1 FROM json_each($1) WHERE TRUE
         ON CONFLICT DO NOTHING RETURNING digest",
        "INSERT INTO sso_used (digest, expires_at)
         SELECT decode(r.value ->> 0, 'hex'), (r.value ->> 1)::BIGINT
         FROM jsonb_array_elements($1::jsonb) AS r (value)
         ON CONFLICT DO NOTHING RETURNING digest");
    REMOVE_OLD = portable("DELETE FROM sso_used WHERE expires_at < $1");
    REVOKE = portable(
        "INSERT INTO sso_revoked_token (jti, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING");
    REVOKED_TOKENS = portable("SELECT jti AS name FROM sso_revoked_token WHERE expires_at > $1");
    REVOKED_CLIENTS = portable(
        "SELECT client_id AS name FROM sso_client WHERE state <> 'active' AND changed_at > $1");
    REVOKED_FAMILIES = portable("SELECT id FROM sso_family WHERE revoked_at > $1");
    REMOVE_OLD_TOKENS = portable("DELETE FROM sso_revoked_token WHERE expires_at < $1");
}

/// Something that is good once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The digest of what it is and whose.
    pub digest: Vec<u8>,
    /// When it would not be accepted any more, so that it may be forgotten.
    pub expires_at: Timestamp,
}

/// Remembers them all; the digests of those that were not known yet.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, list: &[Once]) -> Result<Vec<Vec<u8>>, StoreError> {
    if list.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = list.iter().map(|once| (hex(&once.digest), once.expires_at.0)).collect();
    let new = tx.fetch_all(&ADD, values![serde_json::json!(rows).to_string()]).await?;
    new.iter().map(|row| row.bytes("digest")).collect()
}

/// Revokes one access token until it would have expired.
///
/// # Errors
/// The engine's own.
pub async fn revoke(tx: &mut Tx, jti: &str, expires_at: Timestamp) -> Result<(), StoreError> {
    tx.execute(&REVOKE, values![jti, expires_at.0]).await?;
    Ok(())
}

/// What was revoked of late.
#[derive(Debug, Default)]
pub struct Revoked {
    /// `jti` of access tokens.
    pub tokens: Vec<String>,
    /// Clients that are suspended or retired.
    pub clients: Vec<String>,
    /// Numbers of families.
    pub families: Vec<i64>,
}

/// What was revoked since a moment and still matters now.
///
/// # Errors
/// The engine's own.
pub async fn revoked(db: &Db, since: Timestamp, now: Timestamp) -> Result<Revoked, StoreError> {
    let names = async |statement, from: Timestamp| {
        let rows = db.fetch_all(statement, values![from.0]).await?;
        rows.iter().map(|row| row.text("name")).collect::<Result<Vec<_>, _>>()
    };
    let families = db.fetch_all(&REVOKED_FAMILIES, values![since.0]).await?;
    Ok(Revoked {
        tokens: names(&REVOKED_TOKENS, now).await?,
        clients: names(&REVOKED_CLIENTS, since).await?,
        families: families.iter().map(|row| row.int("id")).collect::<Result<_, _>>()?,
    })
}

/// Forgets what has expired.
///
/// # Errors
/// The engine's own.
pub async fn remove_old(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    let used = tx.execute(&REMOVE_OLD, values![before.0]).await?;
    Ok(used + tx.execute(&REMOVE_OLD_TOKENS, values![before.0]).await?)
}
