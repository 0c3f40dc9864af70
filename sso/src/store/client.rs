//! Clients.

use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

use crate::client::{Client, Registration};
use crate::fault::Fault;
use crate::store::throttle::{self, Tries};

statements! {
    ADD = portable(
        "INSERT INTO sso_client (client_id, registration, secret_digest, api_client_id, state, version,
            created_at, changed_at, department)
         VALUES ($1, $2, $3, $4, 'active', 1, $5, $5, $6)
         ON CONFLICT DO NOTHING");
    FIND = portable(
        "SELECT client_id, registration, secret_digest, api_client_id, version FROM sso_client
         WHERE client_id = $1 AND state = 'active'");
    FIND_TRIED = portable(
        "SELECT c.client_id, c.registration, c.secret_digest, c.api_client_id, c.version,
            t.failures, t.day, t.tries, t.next_at
         FROM (SELECT 1 AS one) AS o
         LEFT JOIN sso_client c ON c.client_id = $1 AND c.state = 'active'
         LEFT JOIN sso_throttle t ON t.key_index = $2");
    ALL = portable(
        "SELECT client_id, registration, secret_digest, api_client_id, version FROM sso_client
         WHERE state <> 'retired' ORDER BY client_id");
    ANY = portable(
        "SELECT client_id, registration, secret_digest, api_client_id, version, state FROM sso_client
         WHERE client_id = $1");
    OF_DEPARTMENT = portable(
        "SELECT client_id, registration, secret_digest, api_client_id, version, state FROM sso_client
         WHERE state <> 'retired' AND ($1 = '' OR department = $1) ORDER BY client_id LIMIT 500");
    STATE = portable("SELECT state FROM sso_client WHERE client_id = $1");
    CHANGE = portable(
        "UPDATE sso_client SET registration = $3, secret_digest = $4, version = version + 1, changed_at = $5,
            department = $6
         WHERE client_id = $1 AND version = $2");
    SET_STATE = portable(
        "UPDATE sso_client SET state = $3, version = version + 1, changed_at = $4
         WHERE client_id = $1 AND version = $2");
}

fn read(row: &Row) -> Result<Client, Fault> {
    let registration: Registration = serde_json::from_str(&row.text("registration")?)
        .map_err(|_| Fault::Corrupt("client.registration"))?;
    Ok(Client {
        id: row.text("client_id")?,
        registration,
        secret_digest: row.maybe_bytes("secret_digest")?,
        api_client: row.maybe_int("api_client_id")?,
        version: row.int("version")?,
    })
}

fn text(registration: &Registration) -> Result<String, Fault> {
    serde_json::to_string(registration).map_err(|_| Fault::Corrupt("client.registration"))
}

/// The department in a column of its own, for those who see one only.
fn department(c: &Client) -> &str {
    c.registration.department.as_deref().unwrap_or("")
}

fn read_any(row: &Row) -> Result<(Client, String), Fault> {
    Ok((read(row)?, row.text("state")?))
}

/// Adds a client. `false`: the identifier is taken, by a retired one perhaps.
///
/// # Errors
/// [`Fault`].
pub async fn add(tx: &mut Tx, c: &Client, at: Timestamp) -> Result<bool, Fault> {
    let (text, department) = (text(&c.registration)?, department(c));
    let values = values![c.id.as_str(), text, c.secret_digest.clone(), c.api_client, at.0, department];
    Ok(tx.execute(&ADD, values).await? == 1)
}

/// The active client of an identifier.
///
/// # Errors
/// [`Fault`].
pub async fn find(db: &Db, id: &str) -> Result<Option<Client>, Fault> {
    db.fetch_optional(&FIND, values![id]).await?.as_ref().map(read).transpose()
}

/// The active client of an identifier, and what is remembered of tries under a key: one round trip for
/// what every request of a client needs.
///
/// # Errors
/// [`Fault`].
pub async fn find_tried(db: &Db, id: &str, key: Vec<u8>) -> Result<(Option<Client>, Option<Tries>), Fault> {
    let Some(row) = db.fetch_optional(&FIND_TRIED, values![id, key]).await? else { return Ok((None, None)) };
    let client = row.maybe_text("client_id")?.map(|_| read(&row)).transpose()?;
    let tries = row.maybe_int("failures")?.map(|_| throttle::read(&row)).transpose()?;
    Ok((client, tries))
}

/// All clients that are not retired.
///
/// # Errors
/// [`Fault`].
pub async fn all(db: &Db) -> Result<Vec<Client>, Fault> {
    db.fetch_all(&ALL, values![]).await?.iter().map(read).collect()
}

/// The client of an identifier in any state, with its state.
///
/// # Errors
/// [`Fault`].
pub async fn find_any(db: &Db, id: &str) -> Result<Option<(Client, String)>, Fault> {
    db.fetch_optional(&ANY, values![id]).await?.as_ref().map(read_any).transpose()
}

/// The client of an identifier in any state, as a transaction sees it.
///
/// # Errors
/// [`Fault`].
pub async fn find_in(tx: &mut Tx, id: &str) -> Result<Option<(Client, String)>, Fault> {
    tx.fetch_optional(&ANY, values![id]).await?.as_ref().map(read_any).transpose()
}

/// The clients of a department, or all for `""`, with their states; at most 500.
///
/// # Errors
/// [`Fault`].
pub async fn of_department(db: &Db, department: &str) -> Result<Vec<(Client, String)>, Fault> {
    db.fetch_all(&OF_DEPARTMENT, values![department]).await?.iter().map(read_any).collect()
}

/// `active`, `suspended` or `retired`.
///
/// # Errors
/// The engine's own.
pub async fn state(db: &Db, id: &str) -> Result<Option<String>, StoreError> {
    db.fetch_optional(&STATE, values![id]).await?.map(|row| row.text("state")).transpose()
}

/// Changes registration and secret of the version that was read. `false`: somebody else changed it.
///
/// # Errors
/// [`Fault`].
pub async fn change(tx: &mut Tx, c: &Client, at: Timestamp) -> Result<bool, Fault> {
    let (text, department) = (text(&c.registration)?, department(c));
    let values = values![c.id.as_str(), c.version, text, c.secret_digest.clone(), at.0, department];
    Ok(tx.execute(&CHANGE, values).await? == 1)
}

/// `active`, `suspended` or `retired`. `false`: somebody else changed it.
///
/// # Errors
/// The engine's own.
pub async fn set_state(
    tx: &mut Tx,
    id: &str,
    version: i64,
    state: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&SET_STATE, values![id, version, state, at.0]).await? == 1)
}
