//! One step of one attempt, decided and made durable. Everything that learns
//! something of an attempt comes through here: the answer, the late answer, the
//! enquiry, the reversal, the restart.

use std::sync::atomic::Ordering::Relaxed;

use switch_core::attempt::{AttemptEffect, AttemptState, Event, Note};
use switch_core::clock::Timestamp;
use switch_core::connector::Enquiry;
use switch_core::fault::{self, KillPoint, Planted};
use switch_core::id::{EventId, PaymentId};
use switch_core::idempotency::Answer;
use switch_core::ledger::TransferKind;
use switch_core::payment::{self, Attempt, Effect, Payment, PaymentState, Step};
use switch_store::attempt::{self, Evidence, OpenWork};
use switch_store::journal::{EndVerdict, Ending, Outcome};
use switch_store::payment::PaymentView;
use switch_store::{StoreError, transact};

use crate::{AnswerFacts, Engine};

/// How often a step is decided again because somebody else moved the attempt.
const RETRIES: u32 = 8;

/// Where an attempt stands after a step.
#[derive(Debug)]
pub(crate) struct Decided {
    /// What the payment is now.
    pub(crate) state: PaymentState,
    /// The answer for who asked.
    pub(crate) answer: Answer,
    /// Whether the answer is durable under the key; else [`Engine::keep`] it before it is given.
    pub(crate) kept: bool,
    /// The attempt as it is open now; `None` when it has ended.
    pub(crate) open: Option<OpenWork>,
    /// The reversal to send now that the step is durable.
    pub(crate) reversal: Option<SendReversal>,
}

/// A reversal whose step is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SendReversal {
    pub(crate) repeat: bool,
}

impl Engine {
    /// Applies one event and makes its consequences durable. Of two who decide
    /// on the same state one loses, and decides again on what it finds.
    ///
    /// `payment` spares a read where the caller has it.
    pub(crate) async fn resolve(
        &self,
        work: &OpenWork,
        payment: Option<&Payment>,
        event: Event,
    ) -> Result<Decided, StoreError> {
        let id = work.attempt.refs.payment;
        let read;
        let payment = match payment {
            Some(payment) => payment,
            None => {
                read = self.view(id).await?;
                &read.payment
            }
        };
        let mut work = work.clone();
        for _ in 0..RETRIES {
            let attempt = Attempt { refs: work.attempt.refs.clone(), state: work.attempt.state.clone() };
            let Ok(step) = payment::apply(&attempt, event.clone()) else {
                return self.standing(payment, Some(work)).await;
            };
            let decided = if step.next.is_final() {
                self.end(&work, payment, step).await?
            } else {
                self.advance(&work, payment, step, event.code()).await?
            };
            if let Some(decided) = decided {
                return Ok(decided);
            }
            match attempt::of_payment(&self.db, id).await? {
                // Another node sent it meanwhile: the next copy leaves when it is due.
                Some(found) if event == Event::ReversalDue && found.attempt.due_at > self.clock.now() => {
                    return self.standing(payment, Some(found)).await;
                }
                Some(mut found)
                    if found.attempt.refs.attempt == work.attempt.refs.attempt || !is_told(&event) =>
                {
                    if fault::planted(Planted::StaleDecisionWins) {
                        found.attempt.state = work.attempt.state.clone();
                    }
                    work = found;
                }
                // It ended meanwhile, or went another way.
                _ => {
                    self.ended_meanwhile(&work, event).await?;
                    return self.standing(payment, None).await;
                }
            }
        }
        Err(StoreError::Corrupt(format!("payment {} moves faster than it can be read", id.0)))
    }

    /// Another node ended the attempt while this one was being told how it stands:
    /// an approval must not be lost between the two.
    async fn ended_meanwhile(&self, work: &OpenWork, event: Event) -> Result<(), StoreError> {
        let (Event::Answered(outcome) | Event::Enquired(Enquiry::Found(outcome))) = event else {
            return Ok(());
        };
        if fault::planted(Planted::AnswerAfterEndDropped) {
            return Ok(());
        }
        let refs = &work.attempt.refs;
        self.hear_of_the_ended(&work.attempt.connector, refs.attempt, refs.payment, outcome).await
    }

    /// TX2: the outcome, with all that follows, through the group commit.
    /// `None`: somebody else moved the attempt.
    async fn end(
        &self,
        work: &OpenWork,
        payment: &Payment,
        step: Step,
    ) -> Result<Option<Decided>, StoreError> {
        let (now, state) = (self.clock.now(), PaymentState::of(&step.next));
        let facts = OutcomeFacts::of(&step.next);
        let answer = self.answers.answer(&AnswerFacts {
            payment,
            state,
            reason: facts.reason,
            approval_code: facts.approval_code,
            ended_at: Some(now),
        });
        let promise = work.attempt.promise(work.business_date);
        let has = |effect: &Effect| step.effects.contains(effect);
        let kind = if has(&Effect::Post) { TransferKind::Post } else { TransferKind::Void };
        let subscriber = match work.owner {
            Some(owner) if self.is_subscriber(owner).await? => Some(owner),
            _ => None,
        };
        let event = subscriber.map(|client| (EventId(self.new_id()), client));
        let apart = event.filter(|_| fault::planted(Planted::EventApartFromOutcome));
        let ending = Ending {
            payment: payment.id,
            epoch: work.attempt.epoch,
            outcome: Outcome {
                state,
                reason: facts.reason.map(str::to_owned),
                connector: Some(work.attempt.connector.clone()),
                attempt: Some(work.attempt.refs.attempt),
                stan: Some(work.attempt.refs.stan),
                approval_code: facts.approval_code.map(str::to_owned),
                response_code: facts.response_code.map(str::to_owned),
                answer: Some(answer.clone()),
                at: now,
            },
            transfer: promise.ended(kind, now),
            release: work.bill.filter(|_| has(&Effect::ReleaseBill)),
            purge: work.card.filter(|_| has(&Effect::PurgeCard)),
            event: event.filter(|_| apart.is_none()),
        };
        if self.journal.end(ending).await? == EndVerdict::Superseded {
            return Ok(None);
        }
        self.after_a_planted_end(state, apart, promise.ended(kind, now)).await?;
        if let Some(counterparty) = self.counterparty(&work.attempt.connector) {
            counterparty.release_stan(work.attempt.refs.stan);
        }
        self.count_end(state);
        if subscriber.is_some() {
            self.news.notify_one();
        }
        // While it is being sent nobody else is given an answer.
        let kept = work.attempt.state == AttemptState::Sending;
        Ok(Some(Decided { state, answer, kept, open: None, reversal: None }))
    }

    /// A step that leaves the attempt open. The first one to leave an asker
    /// without an outcome also keeps the answer it gets.
    async fn advance(
        &self,
        work: &OpenWork,
        payment: &Payment,
        step: Step,
        code: &str,
    ) -> Result<Option<Decided>, StoreError> {
        let (now, state) = (self.clock.now(), PaymentState::of(&step.next));
        let answer = self.answers.answer(&AnswerFacts {
            payment,
            state: PaymentState::Pending,
            reason: None,
            approval_code: None,
            ended_at: None,
        });
        let mut open = work.clone();
        let mut reversal = None;
        let changed = step.next != work.attempt.state;
        if changed || !step.effects.is_empty() {
            let due_at = self.next_step_at(work, &step.next, now);
            let leaves_its_asker = work.attempt.state == AttemptState::Sending;
            let notes: Vec<_> = step
                .effects
                .iter()
                .filter_map(|effect| match effect {
                    Effect::Attempt(AttemptEffect::Note(note)) => {
                        Some(self.seen(payment.id, *note, code, now))
                    }
                    // Only ended attempts are armed again, and money effects end them.
                    Effect::Attempt(_)
                    | Effect::Post
                    | Effect::Void
                    | Effect::ReleaseBill
                    | Effect::PurgeCard
                    | Effect::Publish(_) => None,
                })
                .collect();
            let moved = transact!(self.db, tx => {
                let epoch = work.attempt.epoch;
                if changed && !attempt::advance(tx, payment.id, epoch, &step.next, due_at).await? {
                    return Ok(false);
                }
                if leaves_its_asker && !fault::planted(Planted::AnswerNotKept) {
                    attempt::keep_answer(tx, payment.id, &answer, now).await?;
                }
                for note in &notes {
                    attempt::note(tx, note).await?;
                }
                fault::at(KillPoint::StepWritten);
                Ok(true)
            })?;
            if !moved {
                return Ok(None);
            }
            fault::at(KillPoint::StepCommitted);
            if changed {
                (open.attempt.state, open.attempt.due_at) = (step.next.clone(), due_at);
                open.attempt.epoch += 1;
            }
            reversal = self.follow(payment.id, &step, leaves_its_asker);
        }
        if matches!(open.attempt.state, AttemptState::InDoubt(_)) {
            self.reversals_due.notify_one();
        }
        let kept = work.attempt.state == AttemptState::Sending;
        Ok(Some(Decided { state, answer, kept, open: Some(open), reversal }))
    }

    /// What follows from a step once it is durable: counts, calls, the reversal to send.
    fn follow(&self, payment: PaymentId, step: &Step, leaves_its_asker: bool) -> Option<SendReversal> {
        if leaves_its_asker {
            self.counters.in_doubt.fetch_add(1, Relaxed);
        }
        let mut reversal = None;
        for effect in &step.effects {
            match effect {
                Effect::Attempt(AttemptEffect::Note(_)) => {
                    self.counters.late_answers.fetch_add(1, Relaxed);
                }
                Effect::Attempt(AttemptEffect::Alarm(note)) => self.alarm(payment, note.as_str()),
                Effect::Attempt(AttemptEffect::SendReversal { repeat }) => {
                    reversal = Some(SendReversal { repeat: *repeat });
                }
                Effect::Attempt(AttemptEffect::RearmReversal)
                | Effect::Post
                | Effect::Void
                | Effect::ReleaseBill
                | Effect::PurgeCard
                | Effect::Publish(_) => {}
            }
        }
        reversal
    }

    pub(crate) fn seen(&self, payment: PaymentId, note: Note, code: &str, at: Timestamp) -> Evidence {
        Evidence { id: self.new_id(), payment, note, code: code.to_owned(), at }
    }

    /// When the next step of an open state is due.
    fn next_step_at(&self, work: &OpenWork, next: &AttemptState, now: Timestamp) -> Timestamp {
        match next {
            AttemptState::Reversing { sends, .. } | AttemptState::Review { sends, .. } => {
                now.plus_ms(self.reversal_wait_ms(&work.attempt.connector, *sends))
            }
            AttemptState::Sending
            | AttemptState::InDoubt(_)
            | AttemptState::Approved(_)
            | AttemptState::Declined(_)
            | AttemptState::Reversed { .. }
            | AttemptState::NotSent => now,
        }
    }

    /// Where a payment stands when an event changed nothing.
    async fn standing(&self, payment: &Payment, open: Option<OpenWork>) -> Result<Decided, StoreError> {
        let view = self.view(payment.id).await?;
        let kept = view.answer.is_some();
        let answer = match view.answer {
            Some(answer) => answer,
            None => self.answers.answer(&AnswerFacts {
                payment,
                state: view.state,
                reason: view.reason.as_deref(),
                approval_code: view.approval_code.as_deref(),
                ended_at: view.ended_at,
            }),
        };
        let open = open.filter(|_| !view.state.is_final());
        Ok(Decided { state: view.state, answer, kept, open, reversal: None })
    }

    /// Keeps an answer that is about to be given, unless the key stands for one
    /// already; the one it stands for from now on, and what the payment is.
    pub(crate) async fn keep(
        &self,
        payment: PaymentId,
        answer: Answer,
    ) -> Result<(PaymentState, Answer), StoreError> {
        let now = self.clock.now();
        transact!(self.db, tx => attempt::keep_answer(tx, payment, &answer, now).await)?;
        let view = self.view(payment).await?;
        Ok((view.state, view.answer.unwrap_or(answer)))
    }

    pub(crate) async fn view(&self, id: switch_core::id::PaymentId) -> Result<PaymentView, StoreError> {
        let view = switch_store::payment::find(&self.db, id).await?;
        view.ok_or_else(|| StoreError::Corrupt(format!("payment {} has no row", id.0)))
    }

    pub(crate) fn count_end(&self, state: PaymentState) {
        let slot = match state {
            PaymentState::Paid => 0,
            PaymentState::Declined => 1,
            PaymentState::Reversed => 2,
            PaymentState::Failed => 3,
            PaymentState::Refused => 4,
            PaymentState::Processing | PaymentState::Pending | PaymentState::ManualReview => return,
        };
        self.counters.ended[slot].fetch_add(1, Relaxed);
    }
}

/// Whether a counterparty said it of one attempt, and of no other of its payment.
fn is_told(event: &Event) -> bool {
    match event {
        Event::Answered(_) | Event::Enquired(_) | Event::ReversalAnswered(_) => true,
        Event::NotSent | Event::Silent | Event::Restarted | Event::ReversalDue => false,
        Event::ReversalSilent | Event::ReviewDue => false,
    }
}

/// What an outcome row says beside its state.
struct OutcomeFacts<'a> {
    reason: Option<&'a str>,
    approval_code: Option<&'a str>,
    response_code: Option<&'a str>,
}

impl<'a> OutcomeFacts<'a> {
    fn of(state: &'a AttemptState) -> Self {
        let (reason, approval_code, response_code) = match state {
            AttemptState::Approved(a) => (None, Some(a.approval_code.as_str()), Some(a.code.as_str())),
            AttemptState::Declined(d) => (Some(d.reason.as_str()), None, Some(d.code.as_str())),
            AttemptState::Reversed { code } => (Some("not_completed"), None, Some(code.as_str())),
            AttemptState::NotSent => (Some("not_sent"), None, None),
            AttemptState::Sending
            | AttemptState::InDoubt(_)
            | AttemptState::Reversing { .. }
            | AttemptState::Review { .. } => (None, None, None),
        };
        Self { reason, approval_code, response_code }
    }
}
