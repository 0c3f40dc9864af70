//! Refresh families: one row however often the token was rotated, so that its present token is one digest
//! and a rotation is one conditional change of it.

use switch_core::clock::Timestamp;
use switch_store::audit_log::hex;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

use crate::fault::Fault;
use crate::oidc::granted::Granted;

statements! {
    ADD = twin(
        "INSERT INTO sso_family (id, client_id, account_id, session_id, granted, bound_to, secret_digest,
            generation, created_at, used_at, ends_at)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
            unhex(value ->> 6), 1, value ->> 7, value ->> 7, value ->> 8
         FROM json_each($1) WHERE TRUE
         ON CONFLICT DO NOTHING",
        "INSERT INTO sso_family (id, client_id, account_id, session_id, granted, bound_to, secret_digest,
            generation, created_at, used_at, ends_at)
         SELECT (r.value ->> 0)::BIGINT, r.value ->> 1, (r.value ->> 2)::BIGINT, (r.value ->> 3)::BIGINT,
            r.value ->> 4, r.value ->> 5, decode(r.value ->> 6, 'hex'), 1, (r.value ->> 7)::BIGINT,
            (r.value ->> 7)::BIGINT, (r.value ->> 8)::BIGINT
         FROM jsonb_array_elements($1::jsonb) AS r (value)
         ON CONFLICT DO NOTHING");
    FIND = portable(
        "SELECT f.id, f.granted, f.bound_to, f.secret_digest, f.created_at, f.ends_at, f.revoked_at,
            a.state AS account_state, s.ended_at AS session_ended_at, s.ends_at AS session_ends_at
         FROM sso_family f
         LEFT JOIN sso_account a ON a.id = f.account_id
         LEFT JOIN sso_session s ON s.id = f.session_id
         WHERE f.id = $1");
    ROTATE = twin(
        "UPDATE sso_family SET secret_digest = r.new, generation = generation + 1, used_at = r.at
         FROM (SELECT value ->> 0 AS id, unhex(value ->> 1) AS old, unhex(value ->> 2) AS new,
                  value ->> 3 AS at
               FROM json_each($1)) AS r
         WHERE sso_family.id = r.id AND secret_digest = r.old AND revoked_at IS NULL
         RETURNING secret_digest",
        "UPDATE sso_family SET secret_digest = r.new, generation = generation + 1, used_at = r.at
         FROM (SELECT (value ->> 0)::BIGINT AS id, decode(value ->> 1, 'hex') AS old,
                  decode(value ->> 2, 'hex') AS new, (value ->> 3)::BIGINT AS at
               FROM jsonb_array_elements($1::jsonb) AS e (value)) AS r
         WHERE sso_family.id = r.id AND secret_digest = r.old AND revoked_at IS NULL
         RETURNING secret_digest");
    REVOKE = portable(
        "UPDATE sso_family SET revoked_at = $2, revoked_because = $3 WHERE id = $1 AND revoked_at IS NULL");
}

/// A family.
#[derive(Debug, Clone)]
pub struct Family {
    /// Its number; outside it is the claim `grant_id`.
    pub id: i64,
    /// What was granted, and whose and to whom.
    pub granted: Granted,
    /// What its tokens are bound to: `jkt:…`, `x5t:…` or nothing.
    pub bound_to: String,
    /// The digest of the refresh token in use; `None` when there is none.
    pub secret_digest: Option<Vec<u8>>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends whatever was rotated.
    pub ends_at: Timestamp,
}

/// A family as it stands now.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The family.
    pub family: Family,
    /// Whether it was revoked.
    pub is_revoked: bool,
    /// Whether its account is in use; a family without an account says yes.
    pub has_account: bool,
    /// Whether the session it was granted in is open; a family without a session says no.
    pub has_session: bool,
}

impl Standing {
    /// Whether a refresh token of it may be used: not revoked, not over, the account in use, and the
    /// person still signed in unless the grant is to outlive that (OpenID Connect Core section 11).
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        let f = &self.family;
        let stays = self.has_session || f.granted.session.is_none() || f.granted.has("offline_access");
        !self.is_revoked && f.ends_at > now && self.has_account && stays
    }
}

/// A change of the token in use.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// Of which family.
    pub family: i64,
    /// The digest of the token that was shown.
    pub old: Vec<u8>,
    /// The digest of the next one.
    pub new: Vec<u8>,
    /// When.
    pub at: Timestamp,
}

fn read(row: &Row, now: Timestamp) -> Result<Standing, Fault> {
    let granted: Granted =
        serde_json::from_str(&row.text("granted")?).map_err(|_| Fault::Corrupt("family.granted"))?;
    let state = row.maybe_text("account_state")?;
    let is_open =
        row.maybe_int("session_ended_at")?.is_none() && row.maybe_int("session_ends_at")? > Some(now.0);
    Ok(Standing {
        is_revoked: row.maybe_int("revoked_at")?.is_some(),
        has_account: granted.account.is_none() || state.as_deref() == Some("active"),
        has_session: is_open,
        family: Family {
            id: row.int("id")?,
            granted,
            bound_to: row.text("bound_to")?,
            secret_digest: row.maybe_bytes("secret_digest")?,
            created_at: Timestamp(row.int("created_at")?),
            ends_at: Timestamp(row.int("ends_at")?),
        },
    })
}

/// A family and how it stands at a moment.
///
/// # Errors
/// [`Fault`].
pub async fn find(db: &Db, id: i64, now: Timestamp) -> Result<Option<Standing>, Fault> {
    db.fetch_optional(&FIND, values![id]).await?.as_ref().map(|row| read(row, now)).transpose()
}

/// Adds families.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, families: &[&Family]) -> Result<(), StoreError> {
    let rows = families.iter().map(|f| {
        let granted = serde_json::to_string(&f.granted).map_err(|_| corrupt())?;
        let digest = f.secret_digest.as_deref().map(hex);
        let (g, created_at, ends_at) = (&f.granted, f.created_at.0, f.ends_at.0);
        Ok(serde_json::json!([
            f.id, g.client, g.account, g.session, granted, f.bound_to, digest, created_at, ends_at
        ]))
    });
    let rows = rows.collect::<Result<Vec<_>, StoreError>>()?;
    if !rows.is_empty() {
        tx.execute(&ADD, values![serde_json::Value::Array(rows).to_string()]).await?;
    }
    Ok(())
}

fn corrupt() -> StoreError {
    StoreError::Corrupt("family.granted".into())
}

/// Rotates; the new digests of those whose old token was the one in use. Of two that show the same token
/// at one moment one wins.
///
/// # Errors
/// The engine's own.
pub async fn rotate(tx: &mut Tx, list: &[Rotation]) -> Result<Vec<Vec<u8>>, StoreError> {
    if list.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<_> = list.iter().map(|r| (r.family, hex(&r.old), hex(&r.new), r.at.0)).collect();
    let won = tx.fetch_all(&ROTATE, values![serde_json::json!(rows).to_string()]).await?;
    won.iter().map(|row| row.bytes("secret_digest")).collect()
}

/// Revokes a family. `false`: it was before, or there is none.
///
/// # Errors
/// The engine's own.
pub async fn revoke(tx: &mut Tx, id: i64, at: Timestamp, because: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&REVOKE, values![id, at.0, because]).await? == 1)
}
