//! Delivers the news: at least once, under a lease with a fence, for as long as
//! it takes. A subscriber that is away delays nobody else.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use switch_core::clock::Timestamp;
use switch_core::connector::Reply;
use switch_core::id::{ClientId, EventId};
use switch_core::payment::{Payment, PaymentState};
use switch_store::StoreError;
use switch_store::client::Webhook;
use switch_store::outbox::{self, Event};
use tokio::task::JoinSet;

use crate::Engine;

const LEASE_MS: i64 = 30_000;
/// A courier that hangs gives its event back within the lease.
const DELIVERY_MAX: Duration = Duration::from_secs(15);
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
    loop {
        match deliver_due(&engine, &courier).await {
            Ok(0) => {}
            Ok(_) if engine.stop.is_cancelled() => return,
            Ok(_) => continue,
            Err(error) => tracing::error!(%error, "the outbox could not be read"),
        }
        tokio::select! {
            () = engine.stop.cancelled() => return,
            () = engine.news.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn deliver_due(engine: &Arc<Engine>, courier: &Arc<dyn Courier>) -> Result<usize, StoreError> {
    if outbox::backlog(&engine.db).await?.0 == 0 {
        return Ok(0);
    }
    let mut tx = engine.db.begin().await?;
    let events = outbox::claim(&mut tx, engine.clock.now(), LEASE_MS, GROUP_MAX).await?;
    tx.commit().await?;
    let claimed = events.len();
    let mut under_way = JoinSet::new();
    for event in events {
        let (engine, courier) = (Arc::clone(engine), Arc::clone(courier));
        under_way.spawn(async move {
            if let Err(error) = engine.deliver(&*courier, &event).await {
                tracing::error!(%error, event = event.id.0, "an event could not be marked");
            }
        });
    }
    while under_way.join_next().await.is_some() {}
    Ok(claimed)
}

impl Engine {
    async fn deliver(&self, courier: &dyn Courier, event: &Event) -> Result<(), StoreError> {
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
                let answer = tokio::time::timeout(DELIVERY_MAX, courier.deliver(&delivery)).await;
                answer.unwrap_or_else(|_| Err(DeliveryError("no answer in time".into())))
            }
        };
        let mut tx = self.db.begin().await?;
        let held = match taken {
            Ok(()) => {
                self.counters.delivered.fetch_add(1, Relaxed);
                outbox::delivered(&mut tx, event).await?
            }
            Err(error) => {
                let wait = retry_wait_ms(event.tries);
                tracing::warn!(%error, event = event.id.0, wait_ms = wait, "not delivered");
                outbox::retry(&mut tx, event, self.clock.now().plus_ms(wait)).await?
            }
        };
        tx.commit().await?;
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
