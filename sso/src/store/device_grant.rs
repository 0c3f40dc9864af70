//! Device grants (RFC 8628): asked by a device, allowed or refused by a person, used once.

use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

use crate::fault::Fault;
use crate::oidc::granted::Granted;

statements! {
    ADD = portable(
        "INSERT INTO sso_device_grant (device_digest, user_code_index, client_id, scopes, resources, state,
            family_id, interval_ms, polled_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, 'asked', $6, $7, 0, $8)
         ON CONFLICT DO NOTHING");
    BY_DEVICE = portable(
        "SELECT client_id, scopes, resources, state, granted, family_id, interval_ms, polled_at, expires_at
         FROM sso_device_grant WHERE device_digest = $1");
    BY_USER_CODE = portable(
        "SELECT client_id, scopes, resources, state, granted, family_id, interval_ms, polled_at, expires_at
         FROM sso_device_grant WHERE user_code_index = $1");
    POLLED = portable(
        "UPDATE sso_device_grant SET polled_at = $2, interval_ms = $3 WHERE device_digest = $1");
    ANSWER = portable(
        "UPDATE sso_device_grant SET state = $2, granted = $3
         WHERE user_code_index = $1 AND state = 'asked' AND expires_at > $4");
    USE = portable(
        "UPDATE sso_device_grant SET state = 'used' WHERE device_digest = $1 AND state = 'allowed'");
    REMOVE_OLD = portable("DELETE FROM sso_device_grant WHERE expires_at < $1");
}

/// How far a device grant is.
#[derive(Debug, Clone, PartialEq)]
pub enum DeviceState {
    /// Nobody has answered yet.
    Asked,
    /// Somebody allowed it.
    Allowed(Box<Granted>),
    /// Somebody refused it.
    Refused,
    /// Its tokens were given out.
    Used,
}

/// A device grant.
#[derive(Debug, Clone)]
pub struct DeviceGrant {
    /// Who asks.
    pub client: String,
    /// The scopes that were asked for.
    pub scopes: Vec<String>,
    /// The resources that were named.
    pub resources: Vec<String>,
    /// How far it is.
    pub state: DeviceState,
    /// The number of the family its tokens will be of.
    pub family: i64,
    /// How long the device waits between two questions.
    pub interval_ms: i64,
    /// When it asked last; 0 before it did.
    pub polled_at: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
}

fn read(row: &Row) -> Result<DeviceGrant, Fault> {
    let granted = row.maybe_text("granted")?.map(|text| serde_json::from_str(&text)).transpose();
    let granted = granted.map_err(|_| Fault::Corrupt("device_grant.granted"))?;
    let state = match (&*row.text("state")?, granted) {
        ("asked", _) => DeviceState::Asked,
        ("allowed", Some(granted)) => DeviceState::Allowed(Box::new(granted)),
        ("refused", _) => DeviceState::Refused,
        ("used", _) => DeviceState::Used,
        _ => return Err(Fault::Corrupt("device_grant.state")),
    };
    let resources = serde_json::from_str(&row.text("resources")?);
    Ok(DeviceGrant {
        client: row.text("client_id")?,
        scopes: row.text("scopes")?.split_ascii_whitespace().map(str::to_owned).collect(),
        resources: resources.map_err(|_| Fault::Corrupt("device_grant.resources"))?,
        state,
        family: row.int("family_id")?,
        interval_ms: row.int("interval_ms")?,
        polled_at: Timestamp(row.int("polled_at")?),
        expires_at: Timestamp(row.int("expires_at")?),
    })
}

/// Adds one that is asked. `false`: the user code is in use.
///
/// # Errors
/// The engine's own.
pub async fn add(
    tx: &mut Tx,
    digest: Vec<u8>,
    user_code: Vec<u8>,
    g: &DeviceGrant,
) -> Result<bool, StoreError> {
    let resources = serde_json::json!(g.resources).to_string();
    let values = values![
        digest,
        user_code,
        g.client.as_str(),
        g.scopes.join(" "),
        resources,
        g.family,
        g.interval_ms,
        g.expires_at.0,
    ];
    Ok(tx.execute(&ADD, values).await? == 1)
}

/// The grant of a device code.
///
/// # Errors
/// [`Fault`].
pub async fn of_device(db: &Db, digest: Vec<u8>) -> Result<Option<DeviceGrant>, Fault> {
    db.fetch_optional(&BY_DEVICE, values![digest]).await?.as_ref().map(read).transpose()
}

/// The grant of a user code.
///
/// # Errors
/// [`Fault`].
pub async fn of_user_code(db: &Db, index: Vec<u8>) -> Result<Option<DeviceGrant>, Fault> {
    db.fetch_optional(&BY_USER_CODE, values![index]).await?.as_ref().map(read).transpose()
}

/// The device asked, and waits so long before it asks again.
///
/// # Errors
/// The engine's own.
pub async fn polled(tx: &mut Tx, digest: Vec<u8>, at: Timestamp, interval_ms: i64) -> Result<(), StoreError> {
    tx.execute(&POLLED, values![digest, at.0, interval_ms]).await?;
    Ok(())
}

/// Somebody allowed it, or refused it with `None`. `false`: it was answered before, or it is over.
///
/// # Errors
/// The engine's own.
pub async fn answer(
    tx: &mut Tx,
    user_code: Vec<u8>,
    granted: Option<&Granted>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let state = if granted.is_some() { "allowed" } else { "refused" };
    let text = granted.map(serde_json::to_string).transpose();
    let text = text.map_err(|_| StoreError::Corrupt("device_grant.granted".into()))?;
    Ok(tx.execute(&ANSWER, values![user_code, state, text, now.0]).await? == 1)
}

/// Its tokens are given out. `false`: somebody else has them.
///
/// # Errors
/// The engine's own.
pub async fn take(tx: &mut Tx, digest: Vec<u8>) -> Result<bool, StoreError> {
    Ok(tx.execute(&USE, values![digest]).await? == 1)
}

/// Forgets those that were over before a moment.
///
/// # Errors
/// The engine's own.
pub async fn remove_old(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&REMOVE_OLD, values![before.0]).await
}
