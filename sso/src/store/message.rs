//! Messages to people, waiting to be sent. Two nodes never send one at the same time: who takes a message
//! moves its next moment into the future first.

use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    ADD = portable(
        "INSERT INTO sso_message (id, account_id, channel, reach_index, kind, letter, state, queued_at,
            expires_at, due_at, attempts)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8, 0)");
    COUNT = portable(
        "SELECT COUNT(*) AS messages FROM sso_message
         WHERE reach_index = $1 AND kind = $2 AND queued_at >= $3");
    DUE = portable(
        "SELECT id, channel, letter, expires_at, due_at, attempts FROM sso_message
         WHERE state = 'waiting' AND due_at <= $1 ORDER BY due_at, id LIMIT $2");
    TAKE = portable(
        "UPDATE sso_message SET due_at = $3, attempts = attempts + 1
         WHERE id = $1 AND due_at = $2 AND state = 'waiting'");
    POSTPONE = portable("UPDATE sso_message SET due_at = $2 WHERE id = $1 AND state = 'waiting'");
    FINISH = portable(
        "UPDATE sso_message SET state = $2, done_at = $3, letter = $4 WHERE id = $1 AND state = 'waiting'");
    REMOVE_OLD = portable("DELETE FROM sso_message WHERE queued_at < $1 AND state <> 'waiting'");
}

/// A message on its way into the queue.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Its number.
    pub id: i64,
    /// Whose account it is about.
    pub account: Option<i64>,
    /// `sms` or `email`.
    pub channel: &'static str,
    /// The index of the number or address.
    pub reach_index: Vec<u8>,
    /// `code` or `notice`: each has a budget.
    pub kind: &'static str,
    /// Address and text, sealed.
    pub letter: Vec<u8>,
    /// Never sent: it takes the time of one that is.
    pub is_decoy: bool,
    /// When it was asked for.
    pub queued_at: Timestamp,
    /// After this it is not sent any more.
    pub expires_at: Timestamp,
}

/// A message that may be sent now.
#[derive(Debug)]
pub struct DueMessage {
    /// Its number.
    pub id: i64,
    /// `sms` or `email`.
    pub channel: String,
    /// Address and text, sealed.
    pub letter: Vec<u8>,
    /// After this it is not sent any more.
    pub expires_at: Timestamp,
    /// Since when it waits.
    pub due_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
}

fn read(row: &Row) -> Result<DueMessage, StoreError> {
    Ok(DueMessage {
        id: row.int("id")?,
        channel: row.text("channel")?,
        letter: row.bytes("letter")?,
        expires_at: Timestamp(row.int("expires_at")?),
        due_at: Timestamp(row.int("due_at")?),
        attempts: row.int("attempts")?,
    })
}

/// Adds a message.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, m: &NewMessage) -> Result<(), StoreError> {
    let values = values![
        m.id,
        m.account,
        m.channel,
        m.reach_index.clone(),
        m.kind,
        m.letter.clone(),
        if m.is_decoy { "decoy" } else { "waiting" },
        m.queued_at.0,
        m.expires_at.0,
    ];
    tx.execute(&ADD, values).await?;
    Ok(())
}

/// How many messages of a kind a number or address was to get since a moment.
///
/// # Errors
/// The engine's own.
pub async fn count(
    tx: &mut Tx,
    reach_index: Vec<u8>,
    kind: &str,
    since: Timestamp,
) -> Result<i64, StoreError> {
    let row = tx.fetch_optional(&COUNT, values![reach_index, kind, since.0]).await?;
    row.map_or(Ok(0), |row| row.int("messages"))
}

/// The messages that wait, those that wait longest first.
///
/// # Errors
/// The engine's own.
pub async fn due(db: &Db, now: Timestamp, at_most: i64) -> Result<Vec<DueMessage>, StoreError> {
    db.fetch_all(&DUE, values![now.0, at_most]).await?.iter().map(read).collect()
}

/// Takes a message until a moment. `false`: another node has it.
///
/// # Errors
/// The engine's own.
pub async fn take(tx: &mut Tx, m: &DueMessage, until: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&TAKE, values![m.id, m.due_at.0, until.0]).await? == 1)
}

/// Puts it back until a moment.
///
/// # Errors
/// The engine's own.
pub async fn postpone(tx: &mut Tx, id: i64, until: Timestamp) -> Result<(), StoreError> {
    tx.execute(&POSTPONE, values![id, until.0]).await?;
    Ok(())
}

/// It is done with: `sent`, `refused` or `expired`. Address and text go.
///
/// # Errors
/// The engine's own.
pub async fn finish(tx: &mut Tx, id: i64, state: &str, at: Timestamp) -> Result<(), StoreError> {
    tx.execute(&FINISH, values![id, state, at.0, Vec::<u8>::new()]).await?;
    Ok(())
}

/// Removes what is done with and older than a moment.
///
/// # Errors
/// The engine's own.
pub async fn remove_old(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&REMOVE_OLD, values![before.0]).await
}
