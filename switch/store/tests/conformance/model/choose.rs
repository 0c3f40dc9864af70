//! From numbers to operations: which step, on which payment, with the right epoch or
//! a wrong one. Numbers shrink, and whatever remains of them still makes sense.

use switch_core::attempt::{AttemptState, Note};
use switch_core::bill::Bill;
use switch_core::clock::Timestamp;
use switch_core::connector::{Method, ReversalReason};
use switch_core::id::{AttemptId, CardId, EventId, PaymentId};
use switch_core::idempotency::{Answer, IdempotencyKey};
use switch_core::ledger::{Transfer, TransferKind, UNWIND_SEQ};
use switch_core::payment::{Payment, PaymentState, RefusedReason};
use switch_store::attempt::{Evidence, OpenAttempt};
use switch_store::card::SealedCard;
use switch_store::journal::{Ending, Intake};
use switch_store::outbox::{Event, News};

use super::step::Step;
use super::world::World;
use crate::bed::{Bed, MINISTRY, NOW, TODAY, ils};

/// The numbers of one operation: its kind, three choices, and what goes wrong.
pub(super) type Numbers = (u8, u16, u16, u16, u8);

/// A command of the journal.
#[derive(Debug, Clone)]
pub(super) enum Command {
    Intake(Box<Intake>),
    End(Box<Ending>),
}

/// One operation.
#[derive(Debug)]
pub(super) enum Operation {
    /// Commands that are queued at once.
    Group(Vec<Command>),
    Step(Box<Step>),
    /// Time passes: all leases end.
    LeasesEnd,
}

/// What there is to choose from.
pub(super) struct Choice<'a> {
    pub(super) bed: &'a Bed,
    pub(super) world: &'a World,
    pub(super) bills: &'a [Bill],
    /// Events that were ever claimed, also under leases that are lost.
    pub(super) claimed: &'a [Event],
}

fn pick<'a, T>(mut from: impl ExactSizeIterator<Item = &'a T>, number: u16) -> Option<&'a T> {
    let length = from.len();
    (length > 0).then(|| from.nth(usize::from(number) % length)).flatten()
}

/// Seldom another epoch than the right one.
fn epoch(right: i64, number: u16) -> i64 {
    match number % 8 {
        6 => right + 1,
        7 => right - 1,
        _ => right,
    }
}

fn moment(number: u16) -> Timestamp {
    NOW.plus_ms(i64::from(number % 100) - 50)
}

impl Choice<'_> {
    /// The operation of some numbers; `None` when there is nothing it could be done to.
    pub(super) fn operation(&self, numbers: Numbers) -> Option<Operation> {
        let (kind, a, b, c, _) = numbers;
        if kind % 32 < 10 {
            let commands = 0..1 + a % 5;
            let own = |i: u16| (b.wrapping_add(i.wrapping_mul(7919)), c.wrapping_add(i.wrapping_mul(104)));
            return Some(Operation::Group(
                commands.map(|i| self.command(a.wrapping_add(i), own(i))).collect(),
            ));
        }
        if kind % 32 == 26 && b.is_multiple_of(2) {
            return Some(Operation::LeasesEnd);
        }
        self.step(kind % 32, a, b, c).map(|step| Operation::Step(Box::new(step)))
    }

    fn command(&self, a: u16, (b, c): (u16, u16)) -> Command {
        let ended = match a % 3 {
            0 => self.ending(b, c),
            _ => None,
        };
        ended.unwrap_or_else(|| Command::Intake(Box::new(self.intake(b, c))))
    }

    fn key(&self, number: u16) -> IdempotencyKey {
        IdempotencyKey::derived(format!("key-{:016}", number % 250))
    }

    fn bill(&self, number: u16) -> &Bill {
        &self.bills[usize::from(number) % self.bills.len()]
    }

    fn intake(&self, b: u16, c: u16) -> Intake {
        let mut intake = self.bed.intake(&self.key(b), self.bill(c));
        intake.payment.card = pick(self.world.cards.keys(), c).filter(|_| b.is_multiple_of(2)).copied();
        intake.attempt.node = if c.is_multiple_of(3) { 2 } else { 1 };
        intake.attempt.due_at = moment(b);
        intake
    }

    fn ending(&self, b: u16, c: u16) -> Option<Command> {
        let (p, attempt) = match self.open(b) {
            Some(open) if !c.is_multiple_of(5) => (&self.world.payments[&open.refs.payment], open.clone()),
            _ => {
                let p = self.world.payments.values().filter(|p| p.method == Method::Card);
                let p = pick(p.collect::<Vec<_>>().into_iter(), b)?;
                let bill = self.bills.iter().find(|bill| Some(bill.id) == p.bill)?;
                let mut attempt = self.bed.intake(&p.key, bill).attempt;
                (attempt.refs.payment, attempt.refs.attempt) = (p.id, AttemptId(p.id.0));
                (p, attempt)
            }
        };
        let intake = Intake { payment: p.clone(), bill: p.bill?, attempt: attempt.clone() };
        let states =
            [PaymentState::Paid, PaymentState::Declined, PaymentState::Reversed, PaymentState::Failed];
        let mut ending = self.bed.ending(&intake, states[usize::from(c % 4)]);
        // No two decisions are made at the same moment: by that a writer knows its own.
        let at = NOW.plus_ms(self.bed.id() % 997);
        (ending.outcome.at, ending.transfer.at) = (at, at);
        ending.epoch = epoch(attempt.epoch, b.wrapping_add(c));
        ending.transfer.business_date = p.business_date;
        ending.event = Some((EventId(self.bed.id()), MINISTRY)).filter(|_| !c.is_multiple_of(3));
        Some(Command::End(Box::new(ending)))
    }

    fn open(&self, number: u16) -> Option<&OpenAttempt> {
        pick(self.world.open.values(), number)
    }

    fn payment(&self, number: u16, is_one: impl Fn(&Payment) -> bool) -> Option<&Payment> {
        let fitting: Vec<_> = self.world.payments.values().filter(|p| is_one(p)).collect();
        pick(fitting.into_iter(), number)
    }

    fn state(&self, number: u16) -> AttemptState {
        let reasons =
            [ReversalReason::Timeout, ReversalReason::InvalidResponse, ReversalReason::LateApproval];
        let (reason, sends) = (reasons[usize::from(number % 3)], u32::from(number % 7));
        match number % 4 {
            0 => AttemptState::InDoubt(reason),
            1 => AttemptState::Review { reason, sends },
            _ => AttemptState::Reversing { reason, sends },
        }
    }

    fn cash(&self, b: u16, c: u16) -> (Payment, Transfer) {
        let payment = self.bed.payment(&self.key(b), self.bill(c), Method::Cash);
        let transfer = self.booked(payment.id.0, 1, payment.amount.minor());
        (payment, transfer)
    }

    /// From the float to the department.
    fn booked(&self, cause: i64, seq: i32, minor: i64) -> Transfer {
        Transfer {
            cause,
            seq,
            kind: TransferKind::Book,
            debit: self.bed.float,
            credit: self.bed.payable,
            amount: ils(minor),
            at: NOW,
            business_date: TODAY,
        }
    }

    fn step(&self, kind: u8, a: u16, b: u16, c: u16) -> Option<Step> {
        let (bed, world) = (self.bed, self.world);
        Some(match kind {
            10 => {
                let open = self.open(a).filter(|open| !world.outcomes.contains_key(&open.refs.payment))?;
                let mut old = open.clone();
                old.epoch = epoch(old.epoch, b);
                let mut new = old.clone();
                new.refs.attempt = AttemptId(bed.id());
                (new.refs.stan, new.refs.sent_at) = (u32::from(c) + 1, moment(c));
                (new.attempt_no, new.connector) = (old.attempt_no + 1, "other".into());
                (new.debit, new.due_at) = (bed.bank, moment(b));
                Step::Reroute { old: Box::new(old), new: Box::new(new), business_date: TODAY }
            }
            11 | 12 => {
                let open = self.open(a)?;
                let (payment, epoch) = (open.refs.payment, epoch(open.epoch, b));
                Step::Advance { payment, epoch, next: self.state(c), due_at: moment(b) }
            }
            13 => {
                let open = self.open(a)?;
                let (payment, epoch) = (open.refs.payment, epoch(open.epoch, b));
                Step::Postpone { payment, epoch, due_at: moment(c) }
            }
            14 => Step::TakeOver { node: (a % 3) as u8, own: b.is_multiple_of(2), now: moment(c) },
            15 => {
                let p = self.payment(a, |p| p.method == Method::Card && p.bill.is_some())?;
                let bill = self.bills.iter().find(|bill| Some(bill.id) == p.bill)?;
                let mut armed = bed.intake(&p.key, bill).attempt;
                (armed.refs.payment, armed.refs.attempt) = (p.id, AttemptId(p.id.0));
                (armed.state, armed.due_at) =
                    (AttemptState::InDoubt(ReversalReason::LateApproval), moment(b));
                // Only what has ended is armed again; what is open refuses.
                let ended = world.outcomes.contains_key(&p.id) || world.open.contains_key(&p.id);
                Step::Rearm(Some(armed).filter(|_| ended)?)
            }
            16 => {
                let p = self.payment(a, |_| true)?;
                let answer = Answer { status: 200 + b % 3, body: format!("body-{c}") };
                Step::KeepAnswer { payment: p.id, answer, at: moment(c) }
            }
            17 => {
                let p = self.payment(a, |_| true)?;
                let notes = [Note::LateApproval, Note::LateDecline, Note::Contradicted, Note::OpenTooLong];
                let (note, code) = (notes[usize::from(b % 4)], format!("{:02}", c % 100));
                Step::Note(Evidence { id: bed.id(), payment: p.id, note, code, at: moment(c) })
            }
            18..=20 => {
                let (payment, transfer) = self.cash(b, c);
                if a.is_multiple_of(7) {
                    return Some(Step::Refuse(payment, RefusedReason::AmountDiffers));
                }
                Step::Cash { payment, transfer }
            }
            21 => {
                let paid = |p: &Payment| {
                    let outcome = world.outcomes.get(&p.id);
                    p.method == Method::Cash && outcome.is_some_and(|o| o.state == PaymentState::Paid)
                };
                let p = self.payment(a, paid)?;
                let there = self.booked(p.id.0, UNWIND_SEQ, p.amount.minor());
                let back = Transfer { debit: there.credit, credit: there.debit, ..there };
                Step::Unwind { payment: p.id, bill: p.bill, back }
            }
            22 => Step::Tombstone(Payment { bill: None, ..self.cash(b, c).0 }),
            23 => {
                // Into the float, or out of it and perhaps more than there is.
                let (cause, minor) = (bed.id(), 1 + i64::from(b % 20_000));
                let there = Transfer { credit: bed.bank, ..self.booked(cause, 1, minor) };
                let into = Transfer { debit: there.credit, credit: there.debit, ..there };
                Step::Float(if a % 3 == 2 { there } else { into }, bed.float)
            }
            24 => {
                let (event, payment) = (EventId(bed.id()), PaymentId(i64::from(a)));
                let state = PaymentState::Paid;
                Step::Publish(News { event, client: MINISTRY, payment, state, at: moment(b) })
            }
            25 | 26 => Step::Claim { now: moment(a).plus_ms(1_000), limit: u32::from(c % 4) + 1 },
            27 => Step::Retry { event: pick(self.claimed.iter(), a)?.clone(), due_at: moment(b) },
            28 => Step::Delivered(pick(self.claimed.iter(), a)?.clone()),
            29 => Step::AddCard(SealedCard {
                id: CardId(bed.id()),
                client: MINISTRY,
                key_id: format!("k{}", a % 3),
                pan: b.to_be_bytes().repeat(20),
                expiry: c.to_be_bytes().repeat(10),
                expires_at: moment(c),
            }),
            30 => Step::PurgeExpired(moment(a)),
            _ => Step::Withdraw(self.bill(a).id, moment(b)),
        })
    }
}
