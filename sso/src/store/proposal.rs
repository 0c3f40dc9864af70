//! Overrides that wait for another person: what the first one found, and a digest of all that the second
//! one must have read.

use serde::{Deserialize, Serialize};
use switch_core::clock::Timestamp;
use switch_store::{Db, StoreError, Tx, statements, values};

use crate::fault::Fault;
use crate::seal::{Place, Sealer};

statements! {
    REMOVE_EXPIRED = portable("DELETE FROM sso_override WHERE application_id = $1 AND expires_at <= $2");
    ADD = portable(
        "INSERT INTO sso_override (application_id, proposed_by, proposed_at, expires_at, findings,
            content_digest)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING");
    FIND = portable(
        "SELECT proposed_by, proposed_at, expires_at, findings, content_digest FROM sso_override
         WHERE application_id = $1 AND expires_at > $2");
    TAKE = portable(
        "DELETE FROM sso_override
         WHERE application_id = $1 AND content_digest = $2 AND proposed_by <> $3 AND expires_at > $4");
}

/// What a clerk saw and why that is enough.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// The number printed on the document itself.
    pub document: String,
    /// The last day of the document.
    pub valid_until: jiff::civil::Date,
    /// The word of the reason; empty when the registry agrees.
    pub reason: String,
    /// The reason in the clerk's own words.
    pub note: String,
}

impl std::fmt::Debug for Findings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Findings(****)")
    }
}

/// An override that waits.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Of which application.
    pub application: i64,
    /// Who.
    pub by: i64,
    /// When.
    pub at: Timestamp,
    /// Worth nothing from here on.
    pub expires_at: Timestamp,
    /// What was found.
    pub findings: Findings,
    /// Of all that was shown.
    pub content_digest: Vec<u8>,
}

fn place(application: i64) -> Place {
    Place { field: "override.findings", row: application }
}

/// Seals findings for the row of an application.
///
/// # Errors
/// [`Fault`].
pub fn sealed(sealer: &Sealer, application: i64, findings: &Findings) -> Result<Vec<u8>, Fault> {
    let text = serde_json::to_vec(findings).map_err(|_| Fault::Corrupt("override.findings"))?;
    Ok(sealer.seal(place(application), &text)?)
}

/// Proposes; `findings` sealed by [`sealed`]. `false`: one is waiting already.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, p: &Proposal, findings: Vec<u8>) -> Result<bool, StoreError> {
    tx.execute(&REMOVE_EXPIRED, values![p.application, p.at.0]).await?;
    let values = values![p.application, p.by, p.at.0, p.expires_at.0, findings, p.content_digest.clone()];
    Ok(tx.execute(&ADD, values).await? == 1)
}

/// The one that waits for an application.
///
/// # Errors
/// [`Fault`].
pub async fn find(
    db: &Db,
    sealer: &Sealer,
    application: i64,
    now: Timestamp,
) -> Result<Option<Proposal>, Fault> {
    let Some(row) = db.fetch_optional(&FIND, values![application, now.0]).await? else { return Ok(None) };
    let findings = sealer.open(place(application), &row.bytes("findings")?)?;
    Ok(Some(Proposal {
        application,
        by: row.int("proposed_by")?,
        at: Timestamp(row.int("proposed_at")?),
        expires_at: Timestamp(row.int("expires_at")?),
        findings: serde_json::from_slice(&findings).map_err(|_| Fault::Corrupt("override.findings"))?,
        content_digest: row.bytes("content_digest")?,
    }))
}

/// Takes one away, as another person than its maker. `false`: it is gone, another one, or one's own.
///
/// # Errors
/// The engine's own.
pub async fn take(
    tx: &mut Tx,
    application: i64,
    content_digest: Vec<u8>,
    checker: i64,
    at: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&TAKE, values![application, content_digest, checker, at.0]).await? == 1)
}
