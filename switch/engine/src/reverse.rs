//! Taking back what is not known: armed reversals, repeated until acknowledged.
//!
//! An open attempt that is not being sent *is* a reversal waiting to leave. It
//! survives restarts, sign-offs and cut-overs, is never dropped, and a poison one
//! cannot hold up the others: each has its own due time.

use std::collections::HashSet;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use switch_core::attempt::{AttemptState, Event};
use switch_core::connector::{Reversal, ReversalReason, SendError};
use switch_core::fault::{self, KillPoint, Planted};
use switch_core::id::PaymentId;
use switch_store::attempt::{self, OpenWork};
use switch_store::{StoreError, transact};
use tokio::sync::Semaphore;

use crate::{Counterparty, Engine, lock};

/// Reversals in hand at a time.
const IN_HAND_MAX: usize = 64;
/// How often the table is looked at when nobody calls.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The wait while the counterparty cannot be reached.
const LINK_DOWN_WAIT_MS: i64 = 1_000;

/// What a start found open.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Attempts this node was sending when it died, now in doubt.
    pub put_in_doubt: usize,
    /// Everything open, one line each.
    pub open: Vec<OpenWork>,
}

impl Engine {
    /// Puts in doubt what a former life of this node was sending, and lists all
    /// that is open. Their trace numbers are held until they end.
    pub(crate) async fn recover(&self) -> Result<Recovered, StoreError> {
        let now = self.clock.now();
        let taken = transact!(self.db, tx => attempt::take_over(tx, self.settings.node, true, now).await)?;
        fault::at(KillPoint::Recovered);
        let mut recovered = Recovered { put_in_doubt: taken.len(), open: Vec::new() };
        let mut after = PaymentId(0);
        loop {
            let page = attempt::all_open(&self.db, after, 1000).await?;
            let Some(last) = page.last() else { break };
            after = last.attempt.refs.payment;
            for work in &page {
                if let Some(counterparty) = self.counterparty(&work.attempt.connector) {
                    lock(&counterparty.stans).hold(work.attempt.refs.stan);
                }
            }
            recovered.open.extend(page);
        }
        Ok(recovered)
    }

    /// The wait after the reversal numbered `sends`; the last wait is kept for ever.
    pub(crate) fn reversal_wait_ms(&self, connector: &str, sends: u32) -> i64 {
        let waits = self
            .counterparty(connector)
            .map(|c| c.connector.profile().reversal_backoff_ms.as_slice())
            .unwrap_or_default();
        let place = (sends.saturating_sub(1) as usize).min(waits.len().saturating_sub(1));
        waits.get(place).map_or(60_000, |ms| *ms as i64)
    }

    /// One step for one open attempt: enquire where that is understood, then
    /// reverse, then write down what came back.
    async fn take_back(&self, work: OpenWork) -> Result<(), StoreError> {
        let now = self.clock.now();
        let Some(counterparty) = self.counterparty(&work.attempt.connector) else {
            self.alarm(work.attempt.refs.payment, "its connector is not configured");
            return self.postpone(&work, 60_000).await;
        };
        let work = match self.call_a_person_when_due(counterparty, work).await? {
            Some(work) => work,
            None => return Ok(()),
        };
        if !counterparty.is_up() {
            return self.postpone(&work, LINK_DOWN_WAIT_MS).await;
        }
        let work = match self.enquire(counterparty, work).await? {
            Some(work) => work,
            None => return Ok(()),
        };

        if self.take_a_planted_turn(counterparty, &work).await? {
            return Ok(());
        }
        // Durable before it leaves: whoever finds the row knows one may be out.
        let decided = self.resolve(&work, None, Event::ReversalDue).await?;
        let (Some(work), Some(send)) = (decided.open, decided.reversal) else { return Ok(()) };
        fault::at(KillPoint::ReverseDue);
        let mut reversal = Reversal {
            original: work.attempt.refs.clone(),
            card: self.card_of(&work).await?,
            repeat: send.repeat,
            reason: reason_of(&work.attempt.state),
        };
        if fault::planted(Planted::ReversalOfAnother) {
            reversal.original.attempt.0 += 1;
        }
        self.counters.reversals_sent.fetch_add(1, Relaxed);
        let event = match counterparty.connector.payments().reverse(&reversal).await {
            Ok(answer) => Event::ReversalAnswered(answer),
            Err(SendError::NotSent(_) | SendError::Unknown(_)) => Event::ReversalSilent,
        };
        fault::at(KillPoint::ReverseAnswered);
        let decided = self.resolve(&work, None, event).await?;
        fault::at(KillPoint::ReverseEnded);
        if let Some(open) = decided.open {
            let sends = sends_of(&open.attempt.state);
            let wait = self.reversal_wait_ms(&open.attempt.connector, sends);
            let waited = self.clock.now().ms_since(now).max(0);
            tracing::info!(
                payment = self.public_ids.show("pay", open.attempt.refs.payment.0),
                sends,
                wait_ms = wait,
                waited_ms = waited,
                "a reversal is not acknowledged and will be repeated"
            );
            self.postpone(&open, wait).await?;
        }
        Ok(())
    }

    /// Names a person when it has been open for too long; tries go on.
    async fn call_a_person_when_due(
        &self,
        counterparty: &Counterparty,
        work: OpenWork,
    ) -> Result<Option<OpenWork>, StoreError> {
        let age = self.clock.now().ms_since(work.attempt.refs.sent_at);
        let limit = counterparty.connector.profile().review_after_ms as i64;
        let in_review = matches!(work.attempt.state, AttemptState::Review { .. });
        // Sent in days to come: the clock was set back, and its age is not known.
        let knows_age = age > -attempt::WAIT_MAX_MS;
        if in_review || knows_age && age < limit {
            return Ok(Some(work));
        }
        Ok(self.resolve(&work, None, Event::ReviewDue).await?.open)
    }

    /// Asks what became of it, where the counterparty understands the question
    /// and no reversal has left yet.
    async fn enquire(
        &self,
        counterparty: &Counterparty,
        work: OpenWork,
    ) -> Result<Option<OpenWork>, StoreError> {
        let asks = counterparty.connector.profile().enquiry;
        let in_doubt = matches!(work.attempt.state, AttemptState::InDoubt(ReversalReason::Timeout));
        if !(asks && in_doubt) {
            return Ok(Some(work));
        }
        match counterparty.connector.payments().enquire(&work.attempt.refs).await {
            Ok(answer) => {
                fault::at(KillPoint::ReverseEnquired);
                Ok(self.resolve(&work, None, Event::Enquired(answer)).await?.open)
            }
            Err(_) => Ok(Some(work)),
        }
    }

    pub(crate) async fn card_of(
        &self,
        work: &OpenWork,
    ) -> Result<Option<switch_core::card::Card>, StoreError> {
        let (Some(vault), Some(id)) = (&self.vault, work.card) else { return Ok(None) };
        let sealed = switch_store::card::find(&self.db, id).await?;
        Ok(sealed.and_then(|sealed| vault.open(&sealed)))
    }

    async fn postpone(&self, work: &OpenWork, wait_ms: i64) -> Result<(), StoreError> {
        let due_at = self.clock.now().plus_ms(wait_ms);
        let refs = &work.attempt.refs;
        transact!(self.db, tx => attempt::postpone(tx, refs.payment, work.attempt.epoch, due_at).await)
            .map(drop)
    }
}

pub(crate) fn reason_of(state: &AttemptState) -> ReversalReason {
    match state {
        AttemptState::InDoubt(reason)
        | AttemptState::Reversing { reason, .. }
        | AttemptState::Review { reason, .. } => *reason,
        AttemptState::Sending
        | AttemptState::Approved(_)
        | AttemptState::Declined(_)
        | AttemptState::Reversed { .. }
        | AttemptState::NotSent => ReversalReason::Timeout,
    }
}

fn sends_of(state: &AttemptState) -> u32 {
    match state {
        AttemptState::Reversing { sends, .. } | AttemptState::Review { sends, .. } => *sends,
        AttemptState::Sending
        | AttemptState::InDoubt(_)
        | AttemptState::Approved(_)
        | AttemptState::Declined(_)
        | AttemptState::Reversed { .. }
        | AttemptState::NotSent => 0,
    }
}

/// Looks for due steps until the engine stops.
pub(crate) async fn work(engine: Arc<Engine>) {
    let in_hand: Arc<Mutex<HashSet<PaymentId>>> = Arc::default();
    let room = Arc::new(Semaphore::new(IN_HAND_MAX));
    loop {
        tokio::select! {
            biased;
            () = engine.stop.cancelled() => return,
            () = engine.reversals_due.notified() => {}
            () = engine.runtime.wait(LOOK_EVERY) => {}
        }
        if let Err(error) = look(&engine, &in_hand, &room).await {
            tracing::error!(%error, "due reversals could not be read");
        }
    }
}

async fn look(
    engine: &Arc<Engine>,
    in_hand: &Arc<Mutex<HashSet<PaymentId>>>,
    room: &Arc<Semaphore>,
) -> Result<(), StoreError> {
    engine.db.look_for_successor().await?;
    engine.take_over_what_broke_off().await?;
    loop {
        let due = attempt::due(&engine.db, engine.clock.now(), IN_HAND_MAX as u32 * 2).await?;
        let mut started = 0;
        for work in due {
            let payment = work.attempt.refs.payment;
            if !lock(in_hand).insert(payment) {
                continue;
            }
            let Ok(place) = Arc::clone(room).acquire_owned().await else { return Ok(()) };
            started += 1;
            let (taker, in_hand) = (Arc::clone(engine), Arc::clone(in_hand));
            engine.begin(async move {
                if let Err(error) = taker.take_back(work).await {
                    tracing::error!(%error, payment = payment.0, "a reversal step failed");
                }
                lock(&in_hand).remove(&payment);
                drop(place);
            });
        }
        if started == 0 || engine.stop.is_cancelled() {
            return Ok(());
        }
    }
}

impl Engine {
    /// Puts in doubt what other nodes were sending when they died, and what a
    /// story of this node left behind when it broke off.
    async fn take_over_what_broke_off(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let open = attempt::past_its_time(&self.db, now).await?;
        if !open {
            return Ok(());
        }
        let taken = transact!(self.db, tx => attempt::take_over(tx, self.settings.node, false, now).await)?;
        for payment in taken {
            tracing::warn!(payment = payment.0, "its story broke off or its node is gone: taken over");
        }
        Ok(())
    }
}
