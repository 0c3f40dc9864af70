//! Authorization codes: single use, a minute long, and kept as digests.

use switch_core::clock::Timestamp;
use switch_store::{StoreError, Tx, statements, values};

use crate::fault::Fault;
use crate::oidc::granted::Granted;

statements! {
    ADD = portable(
        "INSERT INTO sso_code (code_digest, client_id, redirect_uri, code_challenge, dpop_jkt, granted,
            family_id, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
}

/// A code that was issued.
#[derive(Debug, Clone)]
pub struct Code {
    /// [`crate::seal::digest`] of it.
    pub digest: Vec<u8>,
    /// The redirect URI of the request, which the client repeats.
    pub redirect_uri: String,
    /// `code_challenge`, of S256.
    pub code_challenge: String,
    /// The DPoP key the request named, where it did.
    pub dpop_jkt: Option<String>,
    /// What was granted, and to which client.
    pub granted: Granted,
    /// The refresh family it will begin.
    pub family: i64,
    /// After this it is worth nothing.
    pub expires_at: Timestamp,
}

/// A code as its row: what is written is made before the transaction begins.
#[derive(Debug, Clone)]
pub struct Written(Vec<switch_store::db::Value>);

impl Code {
    /// The row of it.
    ///
    /// # Errors
    /// [`Fault::Corrupt`], which does not happen to a grant of ours.
    pub fn written(&self) -> Result<Written, Fault> {
        let granted = serde_json::to_string(&self.granted).map_err(|_| Fault::Corrupt("code.granted"))?;
        Ok(Written(values![
            self.digest.clone(),
            self.granted.client.as_str(),
            self.redirect_uri.as_str(),
            self.code_challenge.as_str(),
            self.dpop_jkt.clone(),
            granted,
            self.family,
            self.expires_at.0,
        ]))
    }
}

/// Adds a code.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, code: &Written) -> Result<(), StoreError> {
    tx.execute(&ADD, code.0.clone()).await?;
    Ok(())
}
