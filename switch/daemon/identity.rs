//! What identity does while nobody asks: messages leave, relying parties hear of sessions that ended, signing
//! keys get their successors, and what is over is erased. Each kind of
//! work is a task of its own, so that one that waits for a neighbour holds nothing else up.

use std::sync::Arc;
use std::time::Duration;

use sso::Sso;
use sso::fault::Fault;
use sso::oidc::backchannel::HttpsTeller;
use tokio_util::sync::CancellationToken;

use crate::spool::Spool;

const MESSAGES_EVERY: Duration = Duration::from_secs(1);
const ERASED_EVERY: Duration = Duration::from_secs(3_600);
const KEYS_EVERY: Duration = Duration::from_secs(3_600);

/// Starts it; it ends with `stop`.
pub(crate) fn start(sso: &Arc<Sso>, spool: Spool, teller: HttpsTeller, stop: &CancellationToken) {
    let spool = Arc::new(spool);
    let of_messages = Arc::clone(sso);
    every(MESSAGES_EVERY, stop, "messages", move || {
        let (sso, spool) = (Arc::clone(&of_messages), Arc::clone(&spool));
        async move { sso.deliver_due(&*spool).await.map(drop) }
    });
    let (of_logouts, teller) = (Arc::clone(sso), Arc::new(teller));
    every(MESSAGES_EVERY, stop, "back-channel logout", move || {
        let (sso, teller) = (Arc::clone(&of_logouts), Arc::clone(&teller));
        async move { sso.tell_logouts(&*teller).await.map(drop) }
    });
    let of_the_past = Arc::clone(sso);
    every(ERASED_EVERY, stop, "what is over", move || {
        let sso = Arc::clone(&of_the_past);
        async move {
            sso.erase_old().await?;
            sso.remove_old_requests().await.map(drop)
        }
    });
    let of_keys = Arc::clone(sso);
    every(KEYS_EVERY, stop, "signing keys", move || {
        let sso = Arc::clone(&of_keys);
        async move { sso.rotate_keys().await }
    });
}

fn every<F>(
    wait: Duration,
    stop: &CancellationToken,
    what: &'static str,
    work: impl Fn() -> F + Send + 'static,
) where
    F: Future<Output = Result<(), Fault>> + Send,
{
    let stop = stop.clone();
    tokio::spawn(async move {
        let mut beat = tokio::time::interval(wait);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = beat.tick() => {}
            }
            if let Err(fault) = work().await {
                tracing::error!(%fault, what, "identity could not do its work; it is tried again");
            }
        }
    });
}
