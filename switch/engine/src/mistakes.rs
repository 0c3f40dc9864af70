//! The planted bugs that need more than a wrong word: what the stories must never
//! do, for the simulation to find. Without the feature `faults` they do nothing.

use switch_core::attempt::{AttemptState, Event};
use switch_core::connector::{Enquiry, Instruction, Reversal};
use switch_core::fault::{self, Planted};
use switch_core::id::{ClientId, EventId, PaymentId};
use switch_core::ledger::{Transfer, TransferKind};
use switch_core::payment::PaymentState;
use switch_store::StoreError;
use switch_store::attempt::OpenWork;
use switch_store::outbox::News;

use crate::reverse::reason_of;
use crate::{Counterparty, Engine, lock};

impl Engine {
    /// The mistakes that can be planted in a reversal. Whether one was made.
    pub(crate) async fn take_a_planted_turn(
        &self,
        counterparty: &Counterparty,
        work: &OpenWork,
    ) -> Result<bool, StoreError> {
        let state = &work.attempt.state;
        let payments = counterparty.connector.payments();
        if fault::planted(Planted::ExpiredReversalDropped) && matches!(state, AttemptState::Review { .. }) {
            let dropped = Event::Enquired(Enquiry::Absent { code: "expired".into() });
            self.resolve(work, None, dropped).await?;
            return Ok(true);
        }
        if fault::planted(Planted::ResendAfterCrash) && matches!(state, AttemptState::InDoubt(_)) {
            let mut refs = work.attempt.refs.clone();
            refs.stan = lock(&counterparty.stans).allocate().unwrap_or(1);
            let again = Instruction { refs, card: self.card_of(work).await? };
            if let Ok(outcome) = payments.send(&again).await {
                self.resolve(work, None, Event::Answered(outcome)).await?;
                return Ok(true);
            }
        }
        if fault::planted(Planted::ReversalBeforeCommit) && matches!(state, AttemptState::InDoubt(_)) {
            let original = work.attempt.refs.clone();
            let early = Reversal { original, card: None, repeat: false, reason: reason_of(state) };
            drop(payments.reverse(&early).await);
        }
        Ok(false)
    }

    /// The mistakes that can be planted behind an end: its event in a commit of its
    /// own, its promise voided once more.
    pub(crate) async fn after_a_planted_end(
        &self,
        state: PaymentState,
        apart: Option<(EventId, ClientId)>,
        mut ended: Transfer,
    ) -> Result<(), StoreError> {
        if let Some((event, client)) = apart {
            let mut tx = self.db.begin().await?;
            let news = News { event, client, payment: PaymentId(ended.cause), state, at: ended.at };
            switch_store::outbox::publish(&mut tx, &news).await?;
            tx.commit().await?;
        }
        if ended.kind == TransferKind::Void && fault::planted(Planted::HoldVoidedTwice) {
            ended.seq += 100;
            let mut tx = self.db.begin().await?;
            switch_store::ledger::write(&mut tx, &ended).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
