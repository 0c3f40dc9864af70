//! What counterparties say when nobody waits any more: late answers, second
//! answers, alarms. It joins the story where the answer in time would have.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use switch_core::attempt::{AttemptEffect, AttemptState, Event};
use switch_core::connector::{
    Approval, AttemptRef, Decline, DeclineReason, Evidence, Outcome, ReversalReason,
};
use switch_core::fault::{self, KillPoint, Planted};
use switch_core::id::{AttemptId, PaymentId};
use switch_core::payment::{self, Attempt, Effect, PaymentState};
use switch_store::attempt::{self, OpenAttempt};
use switch_store::payment::PaymentView;
use switch_store::{StoreError, transact};
use tokio::sync::mpsc;

use crate::Engine;

/// Late answers that may wait; more are counted and left to the clearing file.
const WAITING_MAX: usize = 65_536;

enum Said {
    Late(String, AttemptId, Outcome),
    Alarm(String, String),
}

/// The reading end, for [`crate::EngineParts`].
pub struct Inbox(mpsc::Receiver<Said>);

struct Desk(mpsc::Sender<Said>);

/// Both ends: one for the connectors, which start before the engine.
#[must_use]
pub fn channel() -> (Arc<dyn Evidence>, Inbox) {
    let (desk, inbox) = mpsc::channel(WAITING_MAX);
    (Arc::new(Desk(desk)), Inbox(inbox))
}

impl Evidence for Desk {
    fn late_response(&self, connector: &str, attempt: AttemptId, outcome: Outcome) {
        let said = Said::Late(connector.to_owned(), attempt, outcome);
        if self.0.try_send(said).is_err() {
            tracing::error!(connector, attempt = attempt.0, "a late answer could not be kept");
        }
    }

    fn alarm(&self, connector: &str, what: &str) {
        if self.0.try_send(Said::Alarm(connector.to_owned(), what.to_owned())).is_err() {
            tracing::error!(connector, what, "ALARM");
        }
    }
}

pub(crate) async fn read(engine: Arc<Engine>, mut inbox: Inbox) {
    loop {
        // What was said before the stop is still heard.
        let said = tokio::select! {
            biased;
            said = inbox.0.recv() => said,
            () = engine.stop.cancelled() => return,
        };
        match said {
            None => return,
            Some(Said::Alarm(connector, what)) => {
                engine.link_alarm(&connector, &what);
            }
            Some(Said::Late(connector, attempt, outcome)) => {
                if let Err(error) = engine.late_answer(&connector, attempt, outcome).await {
                    tracing::error!(%error, attempt = attempt.0, "a late answer was not kept");
                }
            }
        }
    }
}

impl Engine {
    async fn late_answer(&self, connector: &str, id: AttemptId, outcome: Outcome) -> Result<(), StoreError> {
        self.counters.late_answers.fetch_add(1, Relaxed);
        fault::at(KillPoint::LateRead);
        let first = PaymentId(id.0);
        let open = match attempt::of_payment(&self.db, first).await? {
            Some(work) if work.attempt.refs.attempt == id || fault::planted(Planted::OlderAttemptEnds) => {
                Some(work)
            }
            _ => attempt::of_attempt(&self.db, id).await?,
        };
        if let Some(work) = open {
            self.resolve(&work, None, Event::Answered(outcome)).await?;
            return Ok(());
        }
        self.hear_of_the_ended(connector, id, first, outcome).await
    }

    /// An answer to an attempt that is not open any more.
    pub(crate) async fn hear_of_the_ended(
        &self,
        connector: &str,
        id: AttemptId,
        payment: PaymentId,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let ended = match switch_store::payment::find(&self.db, payment).await? {
            Some(view) if view.attempt == Some(id) => Some(view),
            _ => switch_store::payment::find_rerouted(&self.db, id).await?,
        };
        match ended {
            Some(view) => self.answer_after_the_end(connector, &view, id, outcome).await,
            None => {
                self.alarm(payment, "an answer to a payment that is not known");
                Ok(())
            }
        }
    }

    /// A final state absorbs everything, except an approval of what is not paid:
    /// that money goes back.
    async fn answer_after_the_end(
        &self,
        connector: &str,
        view: &PaymentView,
        id: AttemptId,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let payment = &view.payment;
        let refs = AttemptRef {
            payment: payment.id,
            attempt: id,
            stan: view.stan.unwrap_or(0),
            sent_at: payment.created_at,
            amount: payment.amount,
        };
        let attempt = Attempt { state: ended_state(view, &refs), refs };
        let event = Event::Answered(outcome);
        let code = event.code().to_owned();
        let Ok(step) = payment::apply(&attempt, event) else { return Ok(()) };
        if step.effects.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let promise = switch_store::ledger::promise_of(&self.db, payment.id.0).await?;
        let mut notes = Vec::new();
        let mut rearmed = None;
        for effect in &step.effects {
            match effect {
                Effect::Attempt(AttemptEffect::Note(note)) => {
                    notes.push(self.seen(payment.id, *note, &code, now));
                }
                Effect::Attempt(AttemptEffect::Alarm(note)) => {
                    self.alarm(payment.id, note.as_str());
                }
                Effect::Attempt(AttemptEffect::RearmReversal) => {
                    let reason = ReversalReason::LateApproval;
                    // The reversal names the original by the time it was sent.
                    let refs = AttemptRef { sent_at: promise.at, ..attempt.refs.clone() };
                    rearmed = Some(OpenAttempt {
                        refs,
                        attempt_no: promise.attempt_no,
                        connector: connector.into(),
                        debit: promise.debit,
                        credit: promise.credit,
                        state: AttemptState::InDoubt(reason),
                        // No story of the attempt that ended may take it for its own.
                        epoch: self.new_id(),
                        node: self.settings.node,
                        due_at: now,
                    });
                }
                Effect::Attempt(AttemptEffect::SendReversal { .. })
                | Effect::Post
                | Effect::Void
                | Effect::ReleaseBill
                | Effect::PurgeCard
                | Effect::Publish(_) => {}
            }
        }
        transact!(self.db, tx => {
            for note in &notes {
                attempt::note(tx, note).await?;
            }
            if let Some(armed) = &rearmed {
                attempt::rearm(tx, armed).await?;
            }
            Ok(())
        })?;
        fault::at(KillPoint::LateRearmed);
        self.reversals_due.notify_one();
        Ok(())
    }
}

/// The attempt of an ended payment, as far as its outcome row tells it.
fn ended_state(view: &PaymentView, refs: &AttemptRef) -> AttemptState {
    let code = view.response_code.clone().unwrap_or_default();
    match view.state {
        PaymentState::Paid => AttemptState::Approved(Approval {
            amount: refs.amount,
            stan: refs.stan,
            rrn: refs.rrn().as_str().to_owned(),
            approval_code: view.approval_code.clone().unwrap_or_default(),
            code,
        }),
        PaymentState::Declined => {
            let reason = view.reason.as_deref().and_then(DeclineReason::parse);
            let reason = reason.unwrap_or(DeclineReason::NotPermitted);
            AttemptState::Declined(Decline { reason, code })
        }
        PaymentState::Failed => AttemptState::NotSent,
        PaymentState::Reversed
        | PaymentState::Refused
        | PaymentState::Processing
        | PaymentState::Pending
        | PaymentState::ManualReview => AttemptState::Reversed { code },
    }
}
