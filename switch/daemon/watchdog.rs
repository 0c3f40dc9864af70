//! Feeds systemd's watchdog, and only after a row was really written, committed and removed: a switch
//! that cannot write is not alive. Away from systemd it still clears expired cards out of the vault, and
//! while the disk is full it is the one that finds out when there is room again.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use switch_core::clock::Timestamp;
use switch_core::id::{CardId, ClientId};
use switch_engine::Engine;
use switch_store::StoreError;
use switch_store::card::{self, SealedCard};
use tokio_util::sync::CancellationToken;

use crate::service::tell_systemd;

/// How often expired cards are cleared when no watchdog asks for more.
const CLEAR_EVERY: Duration = Duration::from_secs(60);

/// How often a full disk is tried.
const TRY_FULL_DISK_EVERY: Duration = Duration::from_secs(1);

/// Starts it; it ends with the process.
pub(crate) fn start(engine: &Arc<Engine>, stop: &CancellationToken) {
    let watched = sd_notify::watchdog_enabled();
    let every = watched.map_or(CLEAR_EVERY, |limit| limit / 3);
    let (engine, stop) = (Arc::clone(engine), stop.clone());
    tokio::spawn(async move {
        let mut beat = tokio::time::interval(every);
        let mut again = tokio::time::interval(TRY_FULL_DISK_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = beat.tick() => {}
                _ = again.tick() => if !engine.db().health().is_full() { continue },
            }
            match tokio::time::timeout(every, pulse(&engine)).await {
                Ok(Ok(())) if watched.is_some() => tell_systemd(&[NotifyState::Watchdog]),
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "the database takes no row"),
                Err(_) => tracing::error!("the database takes no row in time"),
            }
        }
    });
}

/// A card that expired before it came is written, and cleared with the others in the same commit.
async fn pulse(engine: &Engine) -> Result<(), StoreError> {
    let now = engine.clock().now();
    let nobodys = SealedCard {
        id: CardId(engine.new_id()),
        client: ClientId(0),
        key_id: "watchdog".into(),
        pan: Vec::new(),
        expiry: Vec::new(),
        expires_at: Timestamp(0),
    };
    let mut tx = engine.db().begin().await?;
    card::add(&mut tx, &nobodys).await?;
    card::purge_expired(&mut tx, now).await?;
    tx.commit().await
}
