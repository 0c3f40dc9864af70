//! The sums of the rows against the rules in memory, after anything may happen.

use std::collections::BTreeMap;

use switch_core::connector::Method;
use switch_core::ledger::{Ledger, Transfer, TransferKind, UNWIND_SEQ};
use switch_core::payment::{Payment, PaymentState};
use switch_store::cash::CashVerdict;
use switch_store::journal::{EndVerdict, Intake, IntakeVerdict};
use switch_store::ledger;

use crate::bed::{Bed, NOW, TODAY, ils};
use crate::cash::{pay, take_back, top_up};

suite! { balances_are_those_of_the_model, an_account_has_one_number }

/// xorshift64*: the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }
}

async fn balances_are_those_of_the_model(bed: &Bed) {
    for seed in [3, 1_848, 20_261_122] {
        follow(bed, seed).await;
    }
}

fn row(p: &Payment, seq: i32, bed: &Bed, back: bool) -> Transfer {
    let (debit, credit) = if back { (bed.payable, bed.float) } else { (bed.float, bed.payable) };
    let kind = TransferKind::Book;
    Transfer { cause: p.id.0, seq, kind, debit, credit, amount: p.amount, at: NOW, business_date: TODAY }
}

/// A hundred and twenty things happen; the store and the model see the same of them.
async fn follow(bed: &Bed, seed: u64) {
    let journal = bed.journal().await;
    let before = sums(bed).await;
    let (mut dice, mut model) = (Dice(seed), Ledger::default());
    let float_before = ledger::floored_balance(&bed.db, bed.float).await.expect("read");
    model.set_floor(bed.float, -float_before);
    let (mut open, mut cash): (Vec<Intake>, Vec<Payment>) = (Vec::new(), Vec::new());
    for step in 0..120 {
        let mut bill = bed.new_bill();
        bill.amount = ils(1 + dice.roll(9_000) as i64);
        let mut tx = bed.db.begin().await.expect("begins");
        assert!(switch_store::bill::add(&mut tx, &bill).await.expect("added"));
        tx.commit().await.expect("commits");
        match dice.roll(6) {
            0 | 1 => {
                let intake = bed.intake(&bed.key(), &bill);
                let promise = intake.attempt.promise(TODAY);
                let copy = Intake {
                    payment: intake.payment.clone(),
                    bill: bill.id,
                    attempt: intake.attempt.clone(),
                };
                assert_eq!(journal.intake(copy).await.expect("taken"), IntakeVerdict::Taken);
                model.record(promise).expect("a promise breaks no rule");
                open.push(intake);
            }
            2 | 3 if !open.is_empty() => {
                let intake = open.swap_remove(dice.roll(open.len() as u64) as usize);
                let states = [PaymentState::Paid, PaymentState::Reversed];
                let ending = bed.ending(&intake, states[dice.roll(2) as usize]);
                let posted = ending.transfer;
                assert_eq!(journal.end(ending).await.expect("ended"), EndVerdict::Ended);
                model.record(posted).expect("an end follows its promise");
            }
            4 if !cash.is_empty() => {
                let p = cash.swap_remove(dice.roll(cash.len() as u64) as usize);
                assert!(take_back(&bed.db, bed, &p).await);
                model.record(row(&p, UNWIND_SEQ, bed, true)).expect("a float may always rise");
            }
            _ => {
                if dice.roll(2) == 0 {
                    let minor = 1 + dice.roll(6_000) as i64;
                    top_up(bed, minor).await;
                    let (debit, credit, kind) = (bed.bank, bed.float, TransferKind::Book);
                    let (cause, seq, amount) = (bed.id(), 1, ils(minor));
                    let paid_in =
                        Transfer { cause, seq, kind, debit, credit, amount, at: NOW, business_date: TODAY };
                    model.record(paid_in).expect("a float may always rise");
                }
                let p = bed.payment(&bed.key(), &bill, Method::Cash);
                let paid = pay(&bed.db, bed, &p).await == CashVerdict::Paid;
                let allowed = model.record(row(&p, 1, bed, false)).is_ok();
                assert_eq!(paid, allowed, "seed {seed}, step {step}: the floor");
                if paid {
                    cash.push(p);
                }
            }
        }
    }
    assert_eq!(model.total(), 0);
    let after = sums(bed).await;
    for (code, account) in [
        ("receivable:card:ILS", bed.receivable),
        ("payable:MOI:main:ILS", bed.payable),
        ("float:2:ILS", bed.float),
        ("bank:main:ILS", bed.bank),
    ] {
        let moved = after.get(code).unwrap_or(&0) - before.get(code).unwrap_or(&0);
        assert_eq!(i128::from(moved), model.balance(account), "seed {seed}: {code}");
    }
    assert_eq!(after.values().sum::<i64>(), 0, "seed {seed}");
    let float = ledger::floored_balance(&bed.db, bed.float).await.expect("read");
    assert_eq!(Some(&float), after.get("float:2:ILS"), "seed {seed}: the running balance");
}

async fn sums(bed: &Bed) -> BTreeMap<String, i64> {
    let balances = ledger::balances(&bed.db).await.expect("summed");
    balances.into_iter().map(|b| (b.code, b.balance_minor)).collect()
}

async fn an_account_has_one_number(bed: &Bed) {
    let account = switch_core::accounts::Account::Float {
        agent: switch_core::id::ClientId(99),
        currency: switch_core::money::Currency::Jod,
    };
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (db, account, id) = (bed.db.clone(), account.clone(), bed.id());
            tokio::spawn(async move { ledger::account(&db, &account, || id).await.expect("an account") })
        })
        .collect();
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.push(task.await.expect("the task ends"));
    }
    numbers.dedup();
    assert_eq!(numbers.len(), 1);
    let floors = format!("SELECT COUNT(*) FROM floored_balance WHERE account_id = {}", numbers[0].0);
    assert_eq!(bed.raw.number(&floors).await, 1);
}
