//! Every way of reading, against what the model says is there.

use std::fmt::Debug;

use switch_core::bill::Claim;
use switch_core::clock::Timestamp;
use switch_core::id::{AttemptId, BillId, PaymentId};
use switch_store::attempt::{self, OpenAttempt, OpenWork};
use switch_store::{StoreError, card, ledger, outbox, payment};

use super::Story;
use super::choose::Numbers;
use super::world::World;
use crate::bed::{MINISTRY, NOW};

fn told<T: Debug>(read: Result<T, StoreError>) -> String {
    read.map_or_else(|error| error.to_string(), |read| format!("{read:?}"))
}

impl World {
    /// An attempt with what belongs to it.
    fn work(&self, open: &OpenAttempt) -> OpenWork {
        let p = &self.payments[&open.refs.payment];
        OpenWork {
            attempt: open.clone(),
            owner: Some(MINISTRY),
            bill: p.bill,
            card: p.card,
            business_date: p.business_date,
        }
    }

    fn due(&self, now: Timestamp, limit: usize) -> Vec<OpenWork> {
        let is_due = |open: &&OpenAttempt| {
            open.state != switch_core::attempt::AttemptState::Sending && open.due_at <= now
        };
        let mut due: Vec<_> = self.open.values().filter(is_due).collect();
        due.sort_by_key(|open| (open.due_at, open.refs.payment));
        due.into_iter().take(limit).map(|open| self.work(open)).collect()
    }

    /// Credits less debits of everything that moved.
    fn balances(&self) -> Vec<(i64, i64)> {
        let mut sums = std::collections::BTreeMap::<i64, i64>::new();
        for t in self.transfers.values().filter(|t| t.kind.moves_money()) {
            *sums.entry(t.credit.0).or_default() += t.amount.minor();
            *sums.entry(t.debit.0).or_default() -= t.amount.minor();
        }
        sums.into_iter().collect()
    }
}

impl Story<'_> {
    /// One way of reading after each operation.
    pub(super) async fn read(&self, (kind, a, b, _, _): Numbers) -> Result<(), String> {
        let (db, world) = (&self.place.db, &self.world);
        let some = world.payments.keys().nth(usize::from(a) % world.payments.len().max(1)).copied();
        let id = some.unwrap_or(PaymentId(i64::from(a)));
        let (now, limit) = (NOW.plus_ms(i64::from(b % 100) - 50), u32::from(b % 5) + 1);
        let (what, read, expected) = match (kind / 32 + (a % 2) as u8 * 8) % 16 {
            0 | 1 => ("find", told(payment::find(db, id).await), format!("{:?}", world.view(id))),
            2 => {
                let (client, key) = world
                    .payments
                    .get(&id)
                    .map_or((MINISTRY, self.place.bed.key()), |p| (p.client, p.key.clone()));
                let found = world.keys.get(&(client.0, key.as_str().to_owned()));
                let expected = found.and_then(|id| world.view(*id));
                ("by key", told(payment::find_by_key(db, client, &key).await), format!("{expected:?}"))
            }
            3 => {
                let of_client = world.payments.values().filter(|p| p.client == MINISTRY && p.id < id);
                let views = of_client.rev().take(limit as usize).map(|p| world.view(p.id).expect("there"));
                let expected = format!("{:?}", views.collect::<Vec<_>>());
                ("list", told(payment::list(db, MINISTRY, Some(id), limit).await), expected)
            }
            4 => {
                let open = world.open.get(&id).map(|open| world.work(open));
                ("open", told(attempt::of_payment(db, id).await), format!("{open:?}"))
            }
            5 => {
                let open = world.open.values().nth(usize::from(b) % world.open.len().max(1));
                let reference = open.map_or(AttemptId(id.0), |open| open.refs.attempt);
                let open = open.map(|open| world.work(open));
                ("of attempt", told(attempt::of_attempt(db, reference).await), format!("{open:?}"))
            }
            6 | 7 => (
                "due",
                told(attempt::due(db, now, limit).await),
                format!("{:?}", world.due(now, limit as usize)),
            ),
            8 => {
                let open = world.open.values().filter(|open| open.refs.payment > id).take(limit as usize);
                let expected = format!("{:?}", open.map(|open| world.work(open)).collect::<Vec<_>>());
                ("all open", told(attempt::all_open(db, id, limit).await), expected)
            }
            9 => {
                let past = world.open.values().any(|open| {
                    open.state == switch_core::attempt::AttemptState::Sending && open.due_at < now
                });
                ("past its time", told(attempt::past_its_time(db, now).await), format!("{past}"))
            }
            10 => {
                let moved = |id: &PaymentId| world.outcomes[id].attempt.filter(|at| at.0 != id.0);
                let ended = world.outcomes.keys().filter(|id| moved(id).is_some());
                let ended = ended.max_by_key(|id| (id.0.wrapping_mul(i64::from(b) + 1)) & 0xff);
                let reference = ended.and_then(moved).unwrap_or(AttemptId(id.0));
                let expected = ended.and_then(|id| world.view(*id));
                ("rerouted", told(payment::find_rerouted(db, reference).await), format!("{expected:?}"))
            }
            11 => {
                let bill = BillId(self.bills[usize::from(a) % self.bills.len()].id.0);
                let claim: Option<Claim> = world.claims.get(&bill).map(|(claim, _)| *claim);
                ("claim", told(payment::claim(db, bill).await), format!("{claim:?}"))
            }
            12 => {
                let oldest = world.outbox.values().map(|w| w.news.at).min();
                let expected = format!("{:?}", (world.outbox.len() as i64, oldest));
                ("backlog", told(outbox::backlog(db).await), expected)
            }
            13 => {
                let card = world.cards.values().nth(usize::from(b) % world.cards.len().max(1));
                let id = card.map_or(switch_core::id::CardId(1), |card| card.id);
                ("card", told(card::find(db, id).await), format!("{card:?}"))
            }
            14 => {
                let float = self.place.bed.float;
                let sums: std::collections::BTreeMap<_, _> = world.balances().into_iter().collect();
                let balance = world.floats.get(&float).copied().unwrap_or(0);
                if sums.get(&float.0).copied().unwrap_or(0) != balance {
                    return Err("the model's own float is not the sum of its transfers".into());
                }
                let read = ledger::balances(db).await.map(|balances| {
                    let mut read: Vec<_> = balances.iter().map(|b| b.balance_minor).collect();
                    read.sort();
                    read
                });
                let mut expected: Vec<_> = sums.into_values().collect();
                expected.sort();
                let (read, expected) = (told(read), format!("{expected:?}"));
                if read != expected {
                    return Err(format!("balances: {read}\nnot      {expected}"));
                }
                ("float", told(ledger::floored_balance(db, float).await), format!("{balance}"))
            }
            _ => {
                let bills = self.bills.iter().map(|bill| bill.id.0).max().unwrap_or(0);
                let expected = world.issued_max().max(bills);
                ("largest number", told(payment::issued_max(db).await), format!("{expected}"))
            }
        };
        if read == expected { Ok(()) } else { Err(format!("{what}: {read}\nnot {expected}")) }
    }
}
