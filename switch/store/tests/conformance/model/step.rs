//! One step of one caller: what it asks of the store, and how it is asked.

use std::fmt::Debug;

use switch_core::attempt::AttemptState;
use switch_core::clock::{BusinessDate, Timestamp};
use switch_core::id::{AccountId, BillId, PaymentId};
use switch_core::idempotency::Answer;
use switch_core::ledger::Transfer;
use switch_core::payment::{Payment, RefusedReason};
use switch_store::attempt::{self, Evidence, OpenAttempt};
use switch_store::card::{self, SealedCard};
use switch_store::cash::{self, CashIntake};
use switch_store::outbox::{self, Event, News};
use switch_store::{Db, StoreError, bill, ledger, transact};

pub(super) const APPROVAL_CODE: &str = "ABC123";
/// A lease that does not end while a story lasts, unless the story ends it.
pub(super) const HELD_MS: i64 = 3_600_000;

/// What one transaction does.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Reroute {
        old: Box<OpenAttempt>,
        new: Box<OpenAttempt>,
        business_date: BusinessDate,
    },
    Advance {
        payment: PaymentId,
        epoch: i64,
        next: AttemptState,
        due_at: Timestamp,
    },
    Postpone {
        payment: PaymentId,
        epoch: i64,
        due_at: Timestamp,
    },
    TakeOver {
        node: u8,
        own: bool,
        now: Timestamp,
    },
    Rearm(OpenAttempt),
    KeepAnswer {
        payment: PaymentId,
        answer: Answer,
        at: Timestamp,
    },
    Note(Evidence),
    Cash {
        payment: Payment,
        transfer: Transfer,
    },
    Refuse(Payment, RefusedReason),
    Unwind {
        payment: PaymentId,
        bill: Option<BillId>,
        back: Transfer,
    },
    Tombstone(Payment),
    /// Into a float or out of it.
    Float(Transfer, AccountId),
    Publish(News),
    Claim {
        now: Timestamp,
        limit: u32,
    },
    Retry {
        event: Event,
        due_at: Timestamp,
    },
    Delivered(Event),
    AddCard(SealedCard),
    PurgeExpired(Timestamp),
    Withdraw(BillId, Timestamp),
}

fn said<T: Debug>(answer: T) -> String {
    format!("{answer:?}")
}

/// Asks the store; what it answers.
pub(super) async fn ask(db: &Db, step: &Step) -> Result<String, StoreError> {
    Ok(match step {
        Step::Reroute { old, new, business_date } => {
            said(transact!(*db, tx => attempt::reroute(tx, old, new, *business_date).await)?)
        }
        Step::Advance { payment, epoch, next, due_at } => {
            said(transact!(*db, tx => attempt::advance(tx, *payment, *epoch, next, *due_at).await)?)
        }
        Step::Postpone { payment, epoch, due_at } => {
            said(transact!(*db, tx => attempt::postpone(tx, *payment, *epoch, *due_at).await)?)
        }
        Step::TakeOver { node, own, now } => {
            let mut taken = transact!(*db, tx => attempt::take_over(tx, *node, *own, *now).await)?;
            taken.sort();
            said(taken)
        }
        Step::Rearm(armed) => said(transact!(*db, tx => attempt::rearm(tx, armed).await)?),
        Step::KeepAnswer { payment, answer, at } => {
            said(transact!(*db, tx => attempt::keep_answer(tx, *payment, answer, *at).await)?)
        }
        Step::Note(evidence) => said(transact!(*db, tx => attempt::note(tx, evidence).await)?),
        Step::Cash { payment, transfer } => {
            let bill = payment.bill.unwrap_or(BillId(0));
            let intake = CashIntake { payment, bill, transfer: *transfer, approval_code: APPROVAL_CODE };
            said(transact!(*db, tx => cash::pay(tx, &intake).await)?)
        }
        Step::Refuse(payment, reason) => {
            said(transact!(*db, tx => cash::refuse(tx, payment, *reason).await)?)
        }
        Step::Unwind { payment, bill, back } => {
            said(transact!(*db, tx => cash::unwind(tx, *payment, *bill, back, back.credit).await)?)
        }
        Step::Tombstone(payment) => said(transact!(*db, tx => cash::tombstone(tx, payment).await)?),
        Step::Float(transfer, account) => {
            said(transact!(*db, tx => ledger::book_floored(tx, transfer, *account).await)?)
        }
        Step::Publish(news) => said(transact!(*db, tx => outbox::publish(tx, news).await)?),
        Step::Claim { now, limit } => {
            let mut events = transact!(*db, tx => outbox::claim(tx, *now, HELD_MS, *limit).await)?;
            events.sort_by_key(|event| event.id);
            said(events)
        }
        Step::Retry { event, due_at } => said(transact!(*db, tx => outbox::retry(tx, event, *due_at).await)?),
        Step::Delivered(event) => said(transact!(*db, tx => outbox::delivered(tx, event).await)?),
        Step::AddCard(card) => said(transact!(*db, tx => card::add(tx, card).await)?),
        Step::PurgeExpired(now) => said(transact!(*db, tx => card::purge_expired(tx, *now).await)?),
        Step::Withdraw(id, at) => said(transact!(*db, tx => bill::withdraw(tx, *id, *at).await)?),
    })
}
