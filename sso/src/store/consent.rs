//! What somebody allowed a client, until it is withdrawn.

use std::collections::BTreeSet;

use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    FIND = portable(
        "SELECT client_id, scopes, claims, declined, given_at FROM sso_consent
         WHERE account_id = $1 AND client_id = $2");
    OF_ACCOUNT = portable(
        "SELECT client_id, scopes, claims, declined, given_at FROM sso_consent
         WHERE account_id = $1 ORDER BY client_id");
    GIVE = portable(
        "INSERT INTO sso_consent (account_id, client_id, scopes, claims, declined, given_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (account_id, client_id) DO UPDATE
         SET scopes = excluded.scopes, claims = excluded.claims, declined = excluded.declined,
             given_at = excluded.given_at");
    WITHDRAW = portable("DELETE FROM sso_consent WHERE account_id = $1 AND client_id = $2");
    REVOKE_FAMILIES = portable(
        "UPDATE sso_family SET revoked_at = $3, revoked_because = 'consent withdrawn'
         WHERE account_id = $1 AND client_id = $2 AND revoked_at IS NULL");
}

/// What was allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Whom.
    pub client: String,
    /// Scopes.
    pub scopes: BTreeSet<String>,
    /// Single claims.
    pub claims: BTreeSet<String>,
    /// Single claims that were asked for and not allowed.
    pub declined: BTreeSet<String>,
    /// When, the last time.
    pub given_at: Timestamp,
}

fn words(text: &str) -> BTreeSet<String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn joined(words: &BTreeSet<String>) -> String {
    words.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn read(row: &Row) -> Result<Consent, StoreError> {
    Ok(Consent {
        client: row.text("client_id")?,
        scopes: words(&row.text("scopes")?),
        claims: words(&row.text("claims")?),
        declined: words(&row.text("declined")?),
        given_at: Timestamp(row.int("given_at")?),
    })
}

/// What an account allowed a client.
///
/// # Errors
/// The engine's own.
pub async fn find(db: &Db, account: i64, client: &str) -> Result<Option<Consent>, StoreError> {
    db.fetch_optional(&FIND, values![account, client]).await?.as_ref().map(read).transpose()
}

/// What an account allowed everyone, by client.
///
/// # Errors
/// The engine's own.
pub async fn of_account(db: &Db, account: i64) -> Result<Vec<Consent>, StoreError> {
    db.fetch_all(&OF_ACCOUNT, values![account]).await?.iter().map(read).collect()
}

/// Keeps what an account allows, in place of what it allowed before.
///
/// # Errors
/// The engine's own.
pub async fn give(tx: &mut Tx, account: i64, c: &Consent) -> Result<(), StoreError> {
    let (scopes, claims, declined) = (joined(&c.scopes), joined(&c.claims), joined(&c.declined));
    tx.execute(&GIVE, values![account, c.client.as_str(), scopes, claims, declined, c.given_at.0]).await?;
    Ok(())
}

/// Withdraws what an account allowed a client, and ends the client's refresh tokens with it. `false`:
/// nothing was allowed.
///
/// # Errors
/// The engine's own.
pub async fn withdraw(tx: &mut Tx, account: i64, client: &str, at: Timestamp) -> Result<bool, StoreError> {
    tx.execute(&REVOKE_FAMILIES, values![account, client, at.0]).await?;
    Ok(tx.execute(&WITHDRAW, values![account, client]).await? == 1)
}
