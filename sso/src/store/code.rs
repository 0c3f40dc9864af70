//! Authorization codes: good once, for a minute.

use switch_core::clock::Timestamp;
use switch_store::audit_log::hex;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

use crate::fault::Fault;
use crate::oidc::granted::Granted;

statements! {
    ADD = portable(
        "INSERT INTO sso_code (code_digest, client_id, redirect_uri, code_challenge, dpop_jkt, granted,
            family_id, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    FIND = portable(
        "SELECT client_id, redirect_uri, code_challenge, dpop_jkt, granted, family_id, expires_at, used_at
         FROM sso_code WHERE code_digest = $1");
    REDEEM = twin(
        "UPDATE sso_code SET used_at = r.at
         FROM (SELECT unhex(value ->> 0) AS digest, value ->> 1 AS at FROM json_each($1)) AS r
         WHERE code_digest = r.digest AND used_at IS NULL
         RETURNING code_digest",
        "UPDATE sso_code SET used_at = r.at
         FROM (SELECT decode(value ->> 0, 'hex') AS digest, (value ->> 1)::BIGINT AS at
               FROM jsonb_array_elements($1::jsonb) AS e (value)) AS r
         WHERE code_digest = r.digest AND used_at IS NULL
         RETURNING code_digest");
    REMOVE_OLD = portable("DELETE FROM sso_code WHERE expires_at < $1");
}

/// A code and what it was given for.
#[derive(Debug, Clone)]
pub struct Code {
    /// The client it was given to.
    pub client: String,
    /// Where it was sent.
    pub redirect_uri: String,
    /// The S256 challenge (RFC 7636), empty when the request had none.
    pub code_challenge: String,
    /// The thumbprint of the DPoP key the request named.
    pub dpop_jkt: Option<String>,
    /// What was granted.
    pub granted: Granted,
    /// The number of the family its tokens will be of.
    pub family: i64,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// Adds a code under the digest of its secret.
///
/// # Errors
/// [`Fault`].
pub async fn add(tx: &mut Tx, digest: Vec<u8>, c: &Code) -> Result<(), StoreError> {
    let granted = serde_json::to_string(&c.granted);
    let values = values![
        digest,
        c.client.as_str(),
        c.redirect_uri.as_str(),
        c.code_challenge.as_str(),
        c.dpop_jkt.as_deref(),
        granted.map_err(|_| StoreError::Corrupt("code.granted".into()))?,
        c.family,
        c.expires_at.0,
    ];
    tx.execute(&ADD, values).await?;
    Ok(())
}

fn read(row: &Row) -> Result<(Code, bool), Fault> {
    let code = Code {
        client: row.text("client_id")?,
        redirect_uri: row.text("redirect_uri")?,
        code_challenge: row.text("code_challenge")?,
        dpop_jkt: row.maybe_text("dpop_jkt")?,
        granted: serde_json::from_str(&row.text("granted")?).map_err(|_| Fault::Corrupt("code.granted"))?,
        family: row.int("family_id")?,
        expires_at: Timestamp(row.int("expires_at")?),
    };
    Ok((code, row.maybe_int("used_at")?.is_some()))
}

/// The code of a digest, and whether it was used.
///
/// # Errors
/// [`Fault`].
pub async fn find(db: &Db, digest: Vec<u8>) -> Result<Option<(Code, bool)>, Fault> {
    db.fetch_optional(&FIND, values![digest]).await?.as_ref().map(read).transpose()
}

/// Uses codes; the digests of those that were not used before.
///
/// # Errors
/// The engine's own.
pub async fn redeem(tx: &mut Tx, list: &[(Vec<u8>, Timestamp)]) -> Result<Vec<Vec<u8>>, StoreError> {
    if list.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = list.iter().map(|(digest, at)| (hex(digest), at.0)).collect();
    let won = tx.fetch_all(&REDEEM, values![serde_json::json!(rows).to_string()]).await?;
    won.iter().map(|row| row.bytes("code_digest")).collect()
}

/// Forgets codes that were over before a moment.
///
/// # Errors
/// The engine's own.
pub async fn remove_old(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&REMOVE_OLD, values![before.0]).await
}
