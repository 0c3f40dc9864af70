//! Clients of the API and agents of the cash network. How they prove themselves is kept by `sso`.

use switch_core::clock::Timestamp;
use switch_core::id::ClientId;

use crate::db::{Db, Row, StoreError, Tx, values};
use crate::statements::statements;

statements! {
    ADD = portable(
        "INSERT INTO client (id, name, kind, webhook_url, webhook_secret, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING");
    BY_ID = portable(
        "SELECT id, name, kind, webhook_url, webhook_secret FROM client
         WHERE id = $1 AND revoked_at IS NULL");
    BY_NAME = portable(
        "SELECT id, name, kind, webhook_url, webhook_secret FROM client
         WHERE name = $1 AND revoked_at IS NULL");
}

/// A client.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its number.
    pub id: ClientId,
    /// Its name, unique.
    pub name: String,
    /// `api` or `agent`.
    pub kind: ClientKind,
    /// Where it wants to learn of its payments.
    pub webhook: Option<Webhook>,
}

/// Where and with which key a client's events are delivered.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The address.
    pub url: String,
    /// `whsec_` and base 64 (Standard Webhooks).
    pub secret: String,
}

/// What a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    /// A system that calls the HTTP API.
    Api,
    /// An agent with terminals and a float.
    Agent,
}

impl ClientKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Agent => "agent",
        }
    }
}

fn read_client(row: &Row) -> Result<Client, StoreError> {
    let webhook = match (row.maybe_text("webhook_url")?, row.maybe_text("webhook_secret")?) {
        (Some(url), Some(secret)) => Some(Webhook { url, secret }),
        _ => None,
    };
    Ok(Client {
        id: ClientId(row.int("id")?),
        name: row.text("name")?,
        kind: if row.text("kind")? == "agent" { ClientKind::Agent } else { ClientKind::Api },
        webhook,
    })
}

/// Adds a client. `false`: the name is in use.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, c: &Client, at: Timestamp) -> Result<bool, StoreError> {
    let (url, secret) = c.webhook.clone().map(|w| (w.url, w.secret)).unzip();
    let values = values![c.id.0, c.name.as_str(), c.kind.as_str(), url, secret, at.0];
    Ok(tx.execute(&ADD, values).await? == 1)
}

/// The client of a number, unless it was revoked.
///
/// # Errors
/// The engine's own.
pub async fn find(db: &Db, id: ClientId) -> Result<Option<Client>, StoreError> {
    db.fetch_optional(&BY_ID, values![id.0]).await?.as_ref().map(read_client).transpose()
}

/// The client of a name, unless it was revoked.
///
/// # Errors
/// The engine's own.
pub async fn find_by_name(db: &Db, name: &str) -> Result<Option<Client>, StoreError> {
    db.fetch_optional(&BY_NAME, values![name]).await?.as_ref().map(read_client).transpose()
}
