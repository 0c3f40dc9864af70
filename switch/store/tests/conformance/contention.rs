//! Another transaction is in the way: the whole is run again, at most five times,
//! and its effect comes once or not at all.

use std::sync::Arc;

use switch_core::accounts::Account;
use switch_core::connector::Method;
use switch_core::id::PaymentId;
use switch_core::money::Currency;
use switch_core::payment::PaymentState;
use switch_store::again::run_again;
use switch_store::{Backend, StoreError, attempt, ledger, transact};
use tokio::sync::Barrier;

use crate::bed::{AGENT, Bed, NOW, Raw, until};
use crate::cash::{pay, top_up};
use crate::group::{Told, tell};
use crate::trouble::Trouble;

/// How often a transaction is run at most.
const TRIES: u32 = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_is_run_again_until_it_comes_through() {
    let bed = Bed::postgres().await;
    let trouble = Trouble::planted_in(&bed).await;
    let journal = bed.journal().await;
    let mut expected = 0;
    for code in ["40001", "40P01"] {
        for at_commit in [false, true] {
            for times in [1, TRIES - 1] {
                let (before, case) = (run_again(Backend::Postgres), format!("{code} {at_commit} {times}"));
                trouble.next(times, code, at_commit).await;
                top_up(&bed, 10_000).await;
                assert!(run_again(Backend::Postgres) >= before + u64::from(times), "{case}");
                expected += 10_000;
                assert_eq!(ledger::floored_balance(&bed.db, bed.float).await.expect("read"), expected);

                let (order, bill) = (bed.key(), bed.bill().await);
                let intake = bed.intake(&order, &bill);
                let ending = bed.ending(&intake, PaymentState::Paid);
                trouble.next(times, code, at_commit).await;
                assert_eq!(tell(&journal, intake.into()).await, Told::Taken, "{case}");
                trouble.next(times, code, at_commit).await;
                assert_eq!(tell(&journal, ending.into()).await, Told::Ended, "{case}");
                trouble.is_over().await;
            }
        }
    }
    assert_eq!(bed.rows().await, "payment 8, bill_claim 8, outcome 8, transfer 24");
    bed.clear_away().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_fifth_time_it_is_given_up_and_nothing_is_written() {
    let bed = Bed::postgres().await;
    let trouble = Trouble::planted_in(&bed).await;
    let journal = bed.journal().await;
    let (key, bill) = (bed.key(), bed.bill().await);
    let cash = bed.payment(&bed.key(), &bed.bill().await, Method::Cash);
    for at_commit in [false, true] {
        trouble.next(TRIES, "40001", at_commit).await;
        let tried = transact!(bed.db, tx => ledger::move_floored(tx, bed.float, 5_000).await);
        assert!(matches!(tried, Err(StoreError::Database(_))), "{tried:?}");
        trouble.is_over().await;
        trouble.next(TRIES, "40P01", at_commit).await;
        assert_eq!(tell(&journal, bed.intake(&key, &bill).into()).await, Told::Failed);
        trouble.is_over().await;
        assert_eq!(bed.rows().await, "", "nothing was written");
        assert_eq!(ledger::floored_balance(&bed.db, bed.float).await.expect("read"), 0);
    }
    // The same goes through when nobody is in the way.
    top_up(&bed, 5_000).await;
    assert_eq!(pay(&bed.db, &bed, &cash).await, switch_store::cash::CashVerdict::Paid);
    assert_eq!(tell(&journal, bed.intake(&key, &bill).into()).await, Told::Taken);
    bed.clear_away().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_wait_for_each_other_both_come_through() {
    let bed = Arc::new(Bed::postgres().await);
    let other = Account::Float { agent: AGENT, currency: Currency::Jod };
    let other = ledger::account(&bed.db, &other, || bed.id()).await.expect("made");
    let meeting = Arc::new(Barrier::new(2));
    let before = run_again(Backend::Postgres);
    let tasks = [(bed.float, other), (other, bed.float)].map(|(first, second)| {
        let (bed, meeting) = (Arc::clone(&bed), Arc::clone(&meeting));
        tokio::spawn(async move {
            // Only the first runs meet: the one that is run again finds nobody in its way.
            let mut met = false;
            transact!(bed.db, tx => {
                ledger::move_floored(tx, first, 1).await?;
                if !std::mem::replace(&mut met, true) {
                    meeting.wait().await;
                }
                ledger::move_floored(tx, second, 1).await
            })
        })
    });
    for task in tasks {
        assert!(task.await.expect("the task ends").expect("both come through"));
    }
    assert!(run_again(Backend::Postgres) > before, "one was the victim");
    for account in [bed.float, other] {
        assert_eq!(ledger::floored_balance(&bed.db, account).await.expect("read"), 2);
    }
    Arc::into_inner(bed).expect("the only holder").clear_away().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_serialised_more_strictly_is_run_again() {
    // An operator may choose it, and engines that speak PostgreSQL's wire know nothing else.
    let bed = Bed::postgres().await;
    let name = bed.raw.texts("SELECT current_database()::text").await.remove(0);
    let strict = format!("ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'");
    bed.raw.run(&strict).await.expect("altered");
    let db = bed.open_again().await;
    let meeting = Arc::new(Barrier::new(3));
    let before = run_again(Backend::Postgres);
    let tasks = [1, 10, 100].map(|minor| {
        let (db, meeting, float) = (db.clone(), Arc::clone(&meeting), bed.float);
        tokio::spawn(async move {
            let mut met = false;
            transact!(db, tx => {
                // The first statement takes the snapshot; the row moves on after it.
                attempt::postpone(tx, PaymentId(0), 0, NOW).await?;
                if !std::mem::replace(&mut met, true) {
                    meeting.wait().await;
                }
                ledger::move_floored(tx, float, minor).await
            })
        })
    });
    for task in tasks {
        assert!(task.await.expect("the task ends").expect("all come through"));
    }
    assert!(run_again(Backend::Postgres) >= before + 2, "two of them came too late at first");
    assert_eq!(ledger::floored_balance(&bed.db, bed.float).await.expect("read"), 111);
    db.close().await;
    bed.clear_away().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_somebody_else_holds_is_waited_for() {
    let bed = Arc::new(Bed::sqlite().await);
    let journal = bed.journal().await;
    let Raw::Sqlite(pool) = &bed.raw else { panic!("it was asked for") };
    for cash in [true, false] {
        let intake = bed.intake(&bed.key(), &bed.bill().await);
        let held = pool.begin_with("BEGIN IMMEDIATE").await.expect("the lock is taken");
        let before = run_again(Backend::Sqlite);
        let (writer, journal) = (Arc::clone(&bed), journal.clone());
        let writing = tokio::spawn(async move {
            match cash {
                true => top_up(&writer, 5_000).await,
                false => assert_eq!(tell(&journal, intake.into()).await, Told::Taken),
            }
        });
        // SQLITE_BUSY, after all the waiting of one try.
        until("it is run again", async || run_again(Backend::Sqlite) > before).await;
        held.rollback().await.expect("the lock is given back");
        writing.await.expect("it came through");
    }
    assert_eq!(bed.rows().await, "payment 1, bill_claim 1, open_attempt 1, transfer 2");
    drop(journal);
    Arc::into_inner(bed).expect("the only holder").clear_away().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_never_given_back_is_an_error_in_time() {
    let bed = Bed::sqlite().await;
    let journal = bed.journal().await;
    let Raw::Sqlite(pool) = &bed.raw else { panic!("it was asked for") };
    let (key, bill) = (bed.key(), bed.bill().await);
    let held = pool.begin_with("BEGIN IMMEDIATE").await.expect("the lock is taken");
    let writing = async {
        let moved = transact!(bed.db, tx => ledger::move_floored(tx, bed.float, 5_000).await);
        assert!(matches!(moved, Err(StoreError::Database(_))), "{moved:?}");
        assert_eq!(tell(&journal, bed.intake(&key, &bill).into()).await, Told::Failed);
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), writing).await.expect("both are told in time");
    held.rollback().await.expect("the lock is given back");
    assert_eq!(bed.rows().await, "", "nothing was written");
    assert_eq!(tell(&journal, bed.intake(&key, &bill).into()).await, Told::Taken);
    bed.clear_away().await;
}
