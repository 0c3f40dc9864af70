//! News that must be delivered at least once: claimed under a lease with a
//! fence, removed when delivered. Written in the commit that made the news.

use switch_core::clock::Timestamp;
use switch_core::id::{ClientId, EventId, PaymentId};
use switch_core::payment::PaymentState;

use crate::db::{Db, StoreError, Tx, values};
use crate::statements::statements;

statements! {
    // Lease times are the database's clock, the same for every node. What lies further
    // ahead than any wait or lease was set by a clock that has been set back since.
    CLAIM = twin(
        "UPDATE outbox SET epoch = epoch + 1, tries = tries + 1,
                lease_until = CAST(unixepoch('subsec') * 1000 AS BIGINT) + $2
         WHERE id IN (SELECT id FROM outbox
                      WHERE (due_at <= $1 OR due_at > $4)
                        AND (lease_until <= CAST(unixepoch('subsec') * 1000 AS BIGINT)
                             OR lease_until > CAST(unixepoch('subsec') * 1000 AS BIGINT) + $2)
                      ORDER BY due_at, id LIMIT $3)
         RETURNING id, client_id, payment_id, state, at, epoch, tries",
        "UPDATE outbox SET epoch = epoch + 1, tries = tries + 1,
                lease_until = CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) + $2
         WHERE id IN (SELECT id FROM outbox
                      WHERE (due_at <= $1 OR due_at > $4)
                        AND (lease_until
                             <= CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)
                             OR lease_until
                             > CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) + $2)
                      ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)
         RETURNING id, client_id, payment_id, state, at, epoch, tries",
    );
    DELIVERED = portable("DELETE FROM outbox WHERE id = $1 AND epoch = $2");
    RETRY = portable(
        "UPDATE outbox SET due_at = $3, lease_until = 0 WHERE id = $1 AND epoch = $2");
    PUBLISH = portable(
        "INSERT INTO outbox (id, client_id, payment_id, state, at, due_at, lease_until, epoch,
             tries)
         VALUES ($1, $2, $3, $4, $5, $5, 0, 0, 0)");
    BACKLOG = portable("SELECT COUNT(*) AS waiting, MIN(at) AS oldest FROM outbox");
}

/// An event under lease.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its number: the same on every delivery.
    pub id: EventId,
    /// Who is told.
    pub client: ClientId,
    /// Of which payment.
    pub payment: PaymentId,
    /// The state it reached.
    pub state: String,
    /// When it reached it.
    pub at: Timestamp,
    /// The fence: a holder whose lease was lost cannot mark it any more.
    pub epoch: i64,
    /// Deliveries begun, this one included.
    pub tries: i64,
}

/// Claims events that are due, for `lease_ms`.
///
/// # Errors
/// The engine's own.
pub async fn claim(tx: &mut Tx, now: Timestamp, lease_ms: i64, limit: u32) -> Result<Vec<Event>, StoreError> {
    let rows = tx.fetch_all(&CLAIM, values![now.0, lease_ms, limit, crate::attempt::beyond(now)]).await?;
    rows.iter()
        .map(|row| {
            Ok(Event {
                id: EventId(row.int("id")?),
                client: ClientId(row.int("client_id")?),
                payment: PaymentId(row.int("payment_id")?),
                state: row.text("state")?,
                at: Timestamp(row.int("at")?),
                epoch: row.int("epoch")?,
                tries: row.int("tries")?,
            })
        })
        .collect()
}

/// Removes a delivered event. `false`: the lease was lost to another holder.
///
/// # Errors
/// The engine's own.
pub async fn delivered(tx: &mut Tx, event: &Event) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELIVERED, values![event.id.0, event.epoch]).await? == 1)
}

/// Gives an event back for a later try. `false`: the lease was lost.
///
/// # Errors
/// The engine's own.
pub async fn retry(tx: &mut Tx, event: &Event, due_at: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&RETRY, values![event.id.0, event.epoch, due_at.0]).await? == 1)
}

/// An event to publish.
#[derive(Debug, Clone, Copy)]
pub struct News {
    /// Its number.
    pub event: EventId,
    /// Who is told.
    pub client: ClientId,
    /// Of which payment.
    pub payment: PaymentId,
    /// The state it reached.
    pub state: PaymentState,
    /// When it reached it.
    pub at: Timestamp,
}

/// Publishes an event inside the transaction that makes it true.
///
/// # Errors
/// The engine's own.
pub async fn publish(tx: &mut Tx, news: &News) -> Result<(), StoreError> {
    let News { event, client, payment, state, at } = news;
    tx.execute(&PUBLISH, values![event.0, client.0, payment.0, state.as_str(), at.0]).await.map(drop)
}

/// Events waiting, and when the oldest of them happened.
///
/// # Errors
/// The engine's own.
pub async fn backlog(db: &Db) -> Result<(i64, Option<Timestamp>), StoreError> {
    let row = db.fetch_optional(&BACKLOG, values![]).await?;
    row.map_or(Ok((0, None)), |row| Ok((row.int("waiting")?, row.maybe_int("oldest")?.map(Timestamp))))
}
