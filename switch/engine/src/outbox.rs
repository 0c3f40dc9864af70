//! Delivers the news: at least once, under a lease with a fence, for as long as
//! it takes. A subscriber that is away delays nobody else.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use switch_core::clock::Timestamp;
use switch_core::connector::Reply;
use switch_core::fault::{self, KillPoint, Planted};
use switch_core::id::{ClientId, EventId};
use switch_core::payment::{Payment, PaymentState};
use switch_store::client::Webhook;
use switch_store::outbox::{self, Event};
use switch_store::{StoreError, transact};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::Engine;

const LEASE_MS: i64 = 30_000;
/// A courier that hangs gives its event back within the lease.
const DELIVERY_MAX: Duration = Duration::from_secs(15);
const TURN_WAIT: Duration = Duration::from_secs(12);
/// What a stop leaves to deliveries in hand.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Events of one subscriber in hand at a time …
const ROOM_MAX: usize = 256;
/// … and how many of them are being delivered.
const TURN_MAX: usize = 16;
const GROUP_MAX: u32 = 32;
const LOOK_EVERY: Duration = Duration::from_secs(1);
const RETRY_FIRST_MS: i64 = 1_000;
const RETRY_MAX_MS: i64 = 3_600_000;

/// An event on its way to a subscriber.
#[derive(Debug)]
pub struct Delivery {
    /// The event: the same number on every delivery.
    pub event: EventId,
    /// Who is told.
    pub client: ClientId,
    /// Where, and the key it is signed with.
    pub webhook: Webhook,
    /// The payment.
    pub payment: Payment,
    /// The state it reached.
    pub state: PaymentState,
    /// When it reached it.
    pub at: Timestamp,
}

/// Why an event was not taken; it is tried again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DeliveryError(pub String);

/// Carries events to subscribers. Implemented where HTTP is known.
pub trait Courier: Send + Sync {
    /// Delivers one event within ten seconds.
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Reply<'a, Result<(), DeliveryError>>;
}

pub(crate) async fn work(engine: Arc<Engine>, courier: Arc<dyn Courier>) {
    let mut round = Round { engine, courier, under_way: TaskTracker::new(), doors: HashMap::new() };
    while !round.engine.stop.is_cancelled() {
        match round.begin_due().await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => tracing::error!(%error, "the outbox could not be read"),
        }
        tokio::select! {
            biased;
            () = round.engine.stop.cancelled() => {}
            () = round.engine.news.notified() => {}
            () = round.engine.runtime.wait(LOOK_EVERY) => {}
        }
    }
    // What is not taken by then is delivered again after the next start.
    round.under_way.close();
    let _ = round.engine.within(LAST_WORDS, round.under_way.wait()).await;
}

/// Deliveries in hand, with a door for each subscriber: one that does not answer
/// fills its own door and no other.
struct Round {
    engine: Arc<Engine>,
    courier: Arc<dyn Courier>,
    under_way: TaskTracker,
    doors: HashMap<ClientId, Door>,
}

#[derive(Clone)]
struct Door {
    /// Events in hand, waiting or being delivered.
    room: Arc<Semaphore>,
    /// Events being delivered.
    turn: Arc<Semaphore>,
}

impl Default for Door {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(ROOM_MAX)), turn: Arc::new(Semaphore::new(TURN_MAX)) }
    }
}

impl Round {
    /// Begins to deliver what is due; how many events were claimed.
    async fn begin_due(&mut self) -> Result<usize, StoreError> {
        if outbox::backlog(&self.engine.db).await?.0 == 0 {
            return Ok(0);
        }
        let now = self.engine.clock.now();
        let doors = &mut self.doors;
        let (claimed, begun) = transact!(self.engine.db, tx => {
            let events = outbox::claim(tx, now, LEASE_MS, GROUP_MAX).await?;
            let claimed = events.len();
            let mut begun = Vec::with_capacity(claimed);
            for event in events {
                let door = doors.entry(event.client).or_default().clone();
                match Arc::clone(&door.room).try_acquire_owned() {
                    Ok(place) => begun.push((event, door, place)),
                    Err(_) => {
                        outbox::retry(tx, &event, now.plus_ms(retry_wait_ms(event.tries))).await?;
                    }
                }
            }
            Ok((claimed, begun))
        })?;
        fault::at(KillPoint::NewsClaimed);
        for (event, door, place) in begun {
            let (engine, courier) = (Arc::clone(&self.engine), Arc::clone(&self.courier));
            let delivery = async move {
                if let Err(error) = engine.deliver(&*courier, &event, &door).await {
                    tracing::error!(%error, event = event.id.0, "an event could not be marked");
                }
                drop(place);
            };
            self.engine.runtime.begin(Box::pin(self.under_way.track_future(delivery)));
        }
        Ok(claimed)
    }
}

impl Engine {
    async fn deliver(&self, courier: &dyn Courier, event: &Event, door: &Door) -> Result<(), StoreError> {
        if fault::planted(Planted::MarkedBeforeDelivery) {
            let mut tx = self.db.begin().await?;
            outbox::delivered(&mut tx, event).await?;
            tx.commit().await?;
        }
        let client = switch_store::client::find(&self.db, event.client).await?;
        let taken = match client.and_then(|client| client.webhook) {
            // Its subscription ended: there is nobody left to tell.
            None => Ok(()),
            Some(webhook) => {
                let state = PaymentState::parse(&event.state)
                    .ok_or_else(|| StoreError::Corrupt(format!("outbox.state {}", event.state)))?;
                let delivery = Delivery {
                    event: event.id,
                    client: event.client,
                    webhook,
                    payment: self.view(event.payment).await?.payment,
                    state,
                    at: event.at,
                };
                // Its turn and its answer both come within the lease, or it is given back.
                match self.within(TURN_WAIT, door.turn.acquire()).await {
                    Some(_turn) => self
                        .within(DELIVERY_MAX, courier.deliver(&delivery))
                        .await
                        .unwrap_or_else(|| Err(DeliveryError("no answer in time".into()))),
                    None => Err(DeliveryError("its turn did not come".into())),
                }
            }
        };
        fault::at(KillPoint::NewsDelivered);
        let given_up = event.tries >= 3 && fault::planted(Planted::EventGivenUp);
        let held = match taken {
            Err(_) if given_up => transact!(self.db, tx => outbox::delivered(tx, event).await)?,
            Ok(()) => {
                self.counters.delivered.fetch_add(1, Relaxed);
                transact!(self.db, tx => outbox::delivered(tx, event).await)?
            }
            Err(error) => {
                let wait = retry_wait_ms(event.tries);
                tracing::warn!(%error, event = event.id.0, wait_ms = wait, "not delivered");
                let due_at = self.clock.now().plus_ms(wait);
                transact!(self.db, tx => outbox::retry(tx, event, due_at).await)?
            }
        };
        fault::at(KillPoint::NewsMarked);
        if !held {
            tracing::warn!(event = event.id.0, "the lease was lost; another holder marks it");
        }
        Ok(())
    }
}

/// Doubles from a second to an hour.
fn retry_wait_ms(tries: i64) -> i64 {
    let doublings = tries.clamp(1, 22) - 1;
    (RETRY_FIRST_MS << doublings).min(RETRY_MAX_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_and_stays_at_an_hour() {
        let waits: Vec<_> = [1, 2, 3, 12, 13, 1000].into_iter().map(retry_wait_ms).collect();
        assert_eq!(waits, [1_000, 2_000, 4_000, 2_048_000, 3_600_000, 3_600_000]);
    }
}
