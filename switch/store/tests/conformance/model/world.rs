//! What the store promises, as sorted maps: the simplest thing that can be right.

use std::collections::BTreeMap;

use switch_core::attempt::{AttemptState, Note};
use switch_core::bill::Claim;
use switch_core::clock::Timestamp;
use switch_core::connector::ReversalReason;
use switch_core::id::{AccountId, BillId, CardId, PaymentId};
use switch_core::idempotency::Answer;
use switch_core::ledger::{Transfer, TransferKind};
use switch_core::payment::{Payment, PaymentState, RefusedReason};
use switch_store::attempt::{Evidence, OpenAttempt};
use switch_store::card::SealedCard;
use switch_store::cash::CashVerdict;
use switch_store::journal::{Ending, Intake, Outcome};
use switch_store::outbox::{Event, News};
use switch_store::payment::PaymentView;

use super::step::{APPROVAL_CODE, Step};
use crate::group::Told;

/// An event of the outbox.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) news: News,
    pub(super) due_at: Timestamp,
    /// Under a lease that does not end while the story lasts.
    pub(super) leased: bool,
    pub(super) epoch: i64,
    pub(super) tries: i64,
}

/// The contents of a store.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    pub(super) payments: BTreeMap<PaymentId, Payment>,
    pub(super) keys: BTreeMap<(i64, String), PaymentId>,
    pub(super) claims: BTreeMap<BillId, (Claim, Timestamp)>,
    pub(super) open: BTreeMap<PaymentId, OpenAttempt>,
    pub(super) outcomes: BTreeMap<PaymentId, Outcome>,
    pub(super) answers: BTreeMap<PaymentId, (Answer, Timestamp)>,
    pub(super) transfers: BTreeMap<(i64, i32), Transfer>,
    pub(super) unwinds: BTreeMap<PaymentId, Timestamp>,
    pub(super) evidence: BTreeMap<i64, Evidence>,
    pub(super) outbox: BTreeMap<i64, Waiting>,
    pub(super) cards: BTreeMap<CardId, SealedCard>,
    pub(super) floats: BTreeMap<AccountId, i64>,
}

impl World {
    /// The key names a payment from now on. `false`: it names another one.
    fn take_key(&mut self, p: &Payment) -> bool {
        let key = (p.client.0, p.key.as_str().to_owned());
        let new = !self.keys.contains_key(&key);
        if new {
            self.keys.insert(key, p.id);
            self.payments.insert(p.id, p.clone());
        }
        new
    }

    /// The payment holds the bill from now on. `false`: somebody does.
    fn take_bill(&mut self, bill: BillId, claim: Claim, at: Timestamp) -> bool {
        let free = !self.claims.contains_key(&bill);
        if free {
            self.claims.insert(bill, (claim, at));
        }
        free
    }

    fn release(&mut self, bill: BillId, payment: PaymentId) {
        if self.claims.get(&bill).is_some_and(|(claim, _)| *claim == Claim::Payment(payment)) {
            self.claims.remove(&bill);
        }
    }

    /// A transfer is written once.
    fn write(&mut self, t: Transfer) {
        self.transfers.entry((t.cause, t.seq)).or_insert(t);
    }

    /// The balance changes unless it would fall below zero.
    fn move_float(&mut self, account: AccountId, delta: i64) -> bool {
        let balance = self.floats.entry(account).or_default();
        let covered = *balance + delta >= 0;
        if covered {
            *balance += delta;
        }
        covered
    }

    pub(super) fn intake(&mut self, i: &Intake) -> Told {
        let p = &i.payment;
        if !self.take_key(p) {
            return Told::KeyUsed;
        }
        if !self.take_bill(i.bill, Claim::Payment(p.id), p.created_at) {
            self.outcomes.insert(p.id, Outcome::refused(RefusedReason::BillTaken, p.created_at));
            return Told::BillTaken;
        }
        self.open.insert(p.id, i.attempt.clone());
        self.write(i.attempt.promise(p.business_date));
        Told::Taken
    }

    pub(super) fn end(&mut self, e: &Ending) -> Told {
        if self.open.get(&e.payment).is_none_or(|open| open.epoch != e.epoch) {
            return Told::Superseded;
        }
        self.open.remove(&e.payment);
        if self.outcomes.contains_key(&e.payment) {
            return Told::Ended;
        }
        self.outcomes.insert(e.payment, e.outcome.clone());
        self.write(e.transfer);
        if let Some(bill) = e.release {
            self.release(bill, e.payment);
        }
        if let Some(card) = e.purge {
            self.cards.remove(&card);
        }
        if let Some((event, client)) = e.event {
            let (state, at) = (e.outcome.state, e.outcome.at);
            self.publish(News { event, client, payment: e.payment, state, at });
        }
        Told::Ended
    }

    fn publish(&mut self, news: News) {
        let waiting = Waiting { due_at: news.at, leased: false, epoch: 0, tries: 0, news };
        self.outbox.insert(news.event.0, waiting);
    }

    /// The attempt that is open under this epoch.
    fn held(&mut self, payment: PaymentId, epoch: i64) -> Option<&mut OpenAttempt> {
        self.open.get_mut(&payment).filter(|open| open.epoch == epoch)
    }

    fn cash(&mut self, p: &Payment, transfer: Transfer) -> CashVerdict {
        if !self.take_key(p) {
            return CashVerdict::KeyUsed;
        }
        let (bill, at) = (p.bill.expect("a cash payment has a bill"), p.created_at);
        let refused = if !self.take_bill(bill, Claim::Payment(p.id), at) {
            Some(RefusedReason::BillTaken)
        } else if !self.move_float(transfer.debit, -transfer.amount.minor()) {
            self.release(bill, p.id);
            Some(RefusedReason::FloatShort)
        } else {
            None
        };
        if let Some(reason) = refused {
            self.outcomes.insert(p.id, Outcome::refused(reason, at));
            return CashVerdict::Refused(reason);
        }
        self.write(transfer);
        let paid = Outcome {
            approval_code: Some(APPROVAL_CODE.to_owned()),
            response_code: Some("00".to_owned()),
            ..Outcome::of_cash(PaymentState::Paid, at)
        };
        self.outcomes.insert(p.id, paid);
        CashVerdict::Paid
    }

    fn claim_events(&mut self, now: Timestamp, limit: u32) -> Vec<Event> {
        let free = self.outbox.iter().filter(|(_, w)| w.due_at <= now && !w.leased);
        let mut due: Vec<_> = free.map(|(id, w)| (w.due_at, *id)).collect();
        due.sort();
        due.truncate(limit as usize);
        let mut ids: Vec<_> = due.into_iter().map(|(_, id)| id).collect();
        ids.sort();
        ids.into_iter()
            .map(|id| {
                let w = self.outbox.get_mut(&id).expect("it is there");
                (w.epoch, w.tries, w.leased) = (w.epoch + 1, w.tries + 1, true);
                let News { event, client, payment, state, at } = w.news;
                let state = state.as_str().to_owned();
                Event { id: event, client, payment, state, at, epoch: w.epoch, tries: w.tries }
            })
            .collect()
    }

    /// Carries out a step; what it answers.
    pub(super) fn step(&mut self, step: &Step) -> String {
        match step {
            Step::Reroute { old, new, business_date } => {
                let moved = self.held(old.refs.payment, old.epoch).map(|open| {
                    (open.attempt_no, open.due_at, open.debit) = (new.attempt_no, new.due_at, new.debit);
                    (open.connector, open.refs) = (new.connector.clone(), new.refs.clone());
                    open.epoch += 1;
                });
                if moved.is_some() {
                    let void = old.promise(*business_date).ended(TransferKind::Void, new.refs.sent_at);
                    self.write(void);
                    self.write(new.promise(*business_date));
                }
                format!("{}", moved.is_some())
            }
            Step::Advance { payment, epoch, next, due_at } => {
                let moved = self.held(*payment, *epoch).map(|open| {
                    (open.state, open.due_at) = (next.clone(), *due_at);
                    open.epoch += 1;
                });
                format!("{}", moved.is_some())
            }
            Step::Postpone { payment, epoch, due_at } => {
                format!("{}", self.held(*payment, *epoch).map(|open| open.due_at = *due_at).is_some())
            }
            Step::TakeOver { node, own, now } => {
                let mut taken = Vec::new();
                for (id, open) in &mut self.open {
                    let gone = open.due_at < *now || (*own && open.node == *node);
                    if open.state == AttemptState::Sending && gone {
                        open.state = AttemptState::InDoubt(ReversalReason::Timeout);
                        (open.due_at, open.epoch) = (*now, open.epoch + 1);
                        taken.push(*id);
                    }
                }
                format!("{taken:?}")
            }
            Step::Rearm(armed) => {
                let id = armed.refs.payment;
                let closed = !self.open.contains_key(&id);
                if closed {
                    self.open.insert(id, armed.clone());
                }
                format!("{closed}")
            }
            Step::KeepAnswer { payment, answer, at } => {
                // One that came with the outcome stays as well.
                if self.outcomes.get(payment).is_none_or(|ended| ended.answer.is_none()) {
                    self.answers.entry(*payment).or_insert_with(|| (answer.clone(), *at));
                }
                "()".into()
            }
            Step::Note(evidence) => {
                self.evidence.insert(evidence.id, evidence.clone());
                "()".into()
            }
            Step::Cash { payment, transfer } => format!("{:?}", self.cash(payment, *transfer)),
            Step::Refuse(p, reason) => {
                let new = self.take_key(p);
                if new {
                    self.outcomes.insert(p.id, Outcome::refused(*reason, p.created_at));
                }
                format!("{:?}", if new { CashVerdict::Refused(*reason) } else { CashVerdict::KeyUsed })
            }
            Step::Unwind { payment, bill, back } => {
                let new = !self.unwinds.contains_key(payment);
                if new {
                    self.unwinds.insert(*payment, back.at);
                    self.move_float(back.credit, back.amount.minor());
                    self.write(*back);
                    if let Some(bill) = bill {
                        self.release(*bill, *payment);
                    }
                }
                format!("{new}")
            }
            Step::Tombstone(p) => {
                let left = self.take_key(p);
                if left {
                    let mut stone = Outcome::of_cash(PaymentState::Reversed, p.created_at);
                    stone.reason = Some("tombstone".to_owned());
                    self.outcomes.insert(p.id, stone);
                }
                format!("{left}")
            }
            Step::Float(transfer, account) => {
                let into = transfer.credit == *account;
                let delta = if into { transfer.amount.minor() } else { -transfer.amount.minor() };
                let covered = self.move_float(*account, delta);
                if covered {
                    self.write(*transfer);
                }
                format!("{covered}")
            }
            Step::Publish(news) => {
                self.publish(*news);
                "()".into()
            }
            Step::Claim { now, limit } => format!("{:?}", self.claim_events(*now, *limit)),
            Step::Retry { event, due_at } => {
                let held = self.outbox.get_mut(&event.id.0).filter(|w| w.epoch == event.epoch);
                let given = held.map(|w| (w.due_at, w.leased) = (*due_at, false));
                format!("{}", given.is_some())
            }
            Step::Delivered(event) => {
                let held = self.outbox.get(&event.id.0).is_some_and(|w| w.epoch == event.epoch);
                if held {
                    self.outbox.remove(&event.id.0);
                }
                format!("{held}")
            }
            Step::AddCard(card) => {
                self.cards.insert(card.id, card.clone());
                "()".into()
            }
            Step::PurgeExpired(now) => {
                let needed: Vec<_> = self.open.keys().filter_map(|id| self.payments[id].card).collect();
                let before = self.cards.len();
                self.cards.retain(|id, card| card.expires_at >= *now || needed.contains(id));
                format!("{}", before - self.cards.len())
            }
            Step::Withdraw(bill, at) => format!("{}", self.take_bill(*bill, Claim::Cancelled, *at)),
        }
    }

    /// All leases end.
    pub(super) fn leases_end(&mut self) {
        self.outbox.values_mut().for_each(|waiting| waiting.leased = false);
    }

    /// A payment as it is read.
    pub(super) fn view(&self, id: PaymentId) -> Option<PaymentView> {
        let payment = self.payments.get(&id)?.clone();
        let (ended, open) = (self.outcomes.get(&id), self.open.get(&id));
        let unwound = self.unwinds.get(&id).copied();
        let state = match (unwound, ended, open.map(|open| &open.state)) {
            (Some(_), _, _) => PaymentState::Reversed,
            (None, Some(ended), _) => ended.state,
            (None, None, Some(AttemptState::Sending)) => PaymentState::Processing,
            (None, None, Some(AttemptState::Review { .. })) => PaymentState::ManualReview,
            (None, None, _) => PaymentState::Pending,
        };
        let given = self.answers.get(&id).map(|(answer, _)| answer.clone());
        let connector = ended.and_then(|e| e.connector.as_deref().map(str::to_owned));
        Some(PaymentView {
            payment,
            state,
            reason: ended.and_then(|e| e.reason.clone()),
            connector: connector.or_else(|| open.map(|open| open.connector.to_string())),
            attempt: ended.and_then(|e| e.attempt),
            stan: ended.and_then(|e| e.stan),
            approval_code: ended.and_then(|e| e.approval_code.clone()),
            response_code: ended.and_then(|e| e.response_code.clone()),
            ended_at: unwound.or(ended.map(|e| e.at)),
            answer: given.or_else(|| ended.and_then(|e| e.answer.clone())),
        })
    }

    /// The largest number in use beside those of bills and clients.
    pub(super) fn issued_max(&self) -> i64 {
        let numbers = [
            self.payments.keys().next_back().map(|id| id.0),
            self.outbox.keys().next_back().copied(),
            self.evidence.keys().next_back().copied(),
            self.cards.keys().next_back().map(|id| id.0),
            self.open.values().map(|open| open.refs.attempt.0).max(),
        ];
        numbers.into_iter().flatten().max().unwrap_or(0)
    }
}

/// The words of a note, for rows.
pub(super) fn note_word(note: Note) -> &'static str {
    note.as_str()
}
