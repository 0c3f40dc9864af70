//! Two processes under one number: the one that took it last writes, the other one never again.

use switch_core::attempt::Note;
use switch_core::payment::PaymentState;
use switch_core::person::PayerKind;
use switch_store::attempt::{self, Evidence};
use switch_store::journal::{EndVerdict, IntakeVerdict};
use switch_store::{Db, Journal, StoreError, Superseded, transact};

use crate::bed::{Bed, NOW, Raw, until};

suite! {
    who_was_replaced_writes_nothing_more,
    a_write_that_meets_the_next_life_is_not_made,
    a_write_under_way_is_waited_for,
}

const NODE: u8 = 3;

async fn life(bed: &Bed, node: u8, after_ms: i64) -> Db {
    bed.open_again().await.take_node(node, NOW.plus_ms(after_ms)).await.expect("the number is taken")
}

fn is_refused<T>(done: Result<T, StoreError>) -> bool {
    let superseded = Superseded { node: NODE, taken_at: Some(NOW.plus_ms(60_000)) };
    matches!(done, Err(StoreError::Superseded(told)) if told == superseded)
}

async fn who_was_replaced_writes_nothing_more(bed: &Bed) {
    let old = life(bed, NODE, 0).await;
    let journals = [Journal::start(&old).await.expect("starts"), Journal::start_plain(&old)];
    let intake = bed.intake(&bed.key(), &bed.bill().await);
    assert_eq!(journals[0].intake(intake.clone()).await.expect("a verdict"), IntakeVerdict::Taken);
    let elsewhere = life(bed, NODE + 1, 0).await;
    old.look_for_successor().await.expect("another number is another node");
    assert_eq!(old.node(), Some(NODE));

    let new = life(bed, NODE, 60_000).await;
    let before = bed.rows().await;
    for journal in &journals {
        let ending = bed.ending(&intake, PaymentState::Paid);
        assert!(is_refused(journal.end(ending).await), "a paid payment of a process that was replaced");
        let late = bed.intake(&bed.key(), &bed.bill().await);
        assert!(is_refused(journal.intake(late).await));
    }
    let seen = Evidence {
        id: bed.id(),
        payment: intake.payment.id,
        note: Note::LateApproval,
        code: "00".into(),
        at: NOW,
    };
    assert!(is_refused(transact!(old, tx => attempt::note(tx, &seen).await)));
    assert_eq!(bed.rows().await, before);
    assert!(is_refused(Err::<(), _>(old.superseded().await.into())));

    // Its successor, and a node that has another number, are not disturbed.
    let journal = Journal::start(&new).await.expect("starts");
    let ending = bed.ending(&intake, PaymentState::Paid);
    assert_eq!(journal.end(ending).await.expect("a verdict"), EndVerdict::Ended);
    transact!(elsewhere, tx => attempt::note(tx, &seen).await).expect("noted");
    for db in [&old, &new, &elsewhere] {
        db.close().await;
    }
}

/// Somebody in the middle of taking the number.
enum Taking {
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

async fn begin_to_take(bed: &Bed) -> Taking {
    let sql = "UPDATE node SET life = life + 1, taken_at = taken_at + 60000 WHERE number = 3";
    match &bed.raw {
        Raw::Sqlite(pool) => {
            let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.expect("begins");
            sqlx::query(sql).execute(&mut *tx).await.expect("taken");
            Taking::Sqlite(tx)
        }
        Raw::Postgres(pool) => {
            let mut tx = pool.begin().await.expect("begins");
            sqlx::query(sql).execute(&mut *tx).await.expect("taken");
            Taking::Postgres(tx)
        }
        Raw::Memory(_) => panic!("it has one connection"),
    }
}

/// On PostgreSQL it can be seen that somebody waits for a row; SQLite has one writer at a time.
async fn somebody_waits(bed: &Bed) {
    if !bed.is_sqlite() {
        let waits = "SELECT COUNT(*) FROM pg_locks l JOIN pg_database d ON d.datname = current_database()
                     JOIN pg_stat_activity a ON a.pid = l.pid AND a.datname = d.datname WHERE NOT l.granted";
        until("somebody waits for the number", async || bed.raw.number(waits).await > 0).await;
    }
}

/// The group was under way when the number was taken, and saw the row as it was before.
async fn a_write_that_meets_the_next_life_is_not_made(bed: &Bed) {
    let old = life(bed, NODE, 0).await;
    let journal = Journal::start(&old).await.expect("starts");
    let intake = bed.intake(&bed.key(), &bed.bill().await);
    let before = bed.rows().await;
    let taking = begin_to_take(bed).await;
    let writer = tokio::spawn({
        let journal = journal.clone();
        async move { journal.intake(intake).await }
    });
    somebody_waits(bed).await;
    match taking {
        Taking::Sqlite(tx) => tx.commit().await.expect("taken"),
        Taking::Postgres(tx) => tx.commit().await.expect("taken"),
    }
    assert!(is_refused(writer.await.expect("it ends")));
    assert_eq!(bed.rows().await, before);
    old.close().await;
}

async fn a_write_under_way_is_waited_for(bed: &Bed) {
    let old = life(bed, NODE, 0).await;
    let mut tx = old.begin().await.expect("begins");
    let again = bed.open_again().await;
    let taking = tokio::spawn(async move { again.take_node(NODE, NOW.plus_ms(60_000)).await });
    somebody_waits(bed).await;
    let mut bill = bed.new_bill();
    bill.payer = switch_core::person::Payer::new(PayerKind::Passport, "P654321").expect("a document number");
    assert!(switch_store::bill::add(&mut tx, &bill).await.expect("added"));
    tx.commit().await.expect("what was begun before is made durable");
    let new = taking.await.expect("it ends").expect("taken");
    // Who takes the number sees it: there is nothing that comes later.
    assert!(switch_store::payment::issued_max(&new).await.expect("read") >= bill.id.0);
    assert!(is_refused(old.begin().await.map(drop)));
    old.close().await;
    new.close().await;
}

/// The server takes the transaction from it: nobody waits for a process that does not run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stands_still_in_a_transaction_keeps_nobody_out() {
    let bed = Bed::postgres().await;
    let old = life(&bed, NODE, 0).await;
    let tx = old.begin().await.expect("begins");
    let new = life(&bed, NODE, 60_000).await;
    assert!(tx.commit().await.is_err(), "it was taken from it");
    assert!(is_refused(old.begin().await.map(drop)));
    old.close().await;
    new.close().await;
    bed.clear_away().await;
}
