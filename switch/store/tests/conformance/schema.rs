//! The schema and the statements over it.

use switch_core::attempt::Note;
use switch_core::idempotency::Answer;
use switch_core::payment::PaymentState;
use switch_store::audit_log::{Act, Entry};
use switch_store::statements;
use switch_store::{Db, DbOptions, StoreError, attempt, audit_log, schema};

use crate::bed::{Bed, NOW, Raw};

suite! {
    every_statement_can_be_prepared,
    migrations_are_applied_once_however_often_they_are_asked_for,
    money_tables_keep_what_was_written,
}

async fn every_statement_can_be_prepared(bed: &Bed) {
    let mut prepared = 0;
    for statement in statements::all() {
        let done = bed.db.prepare(statement).await;
        assert!(done.is_ok(), "{}: {done:?}", statement.name);
        prepared += 1;
    }
    assert!(prepared > 60, "{prepared} statements are not all of them");
}

async fn migrations_are_applied_once_however_often_they_are_asked_for(bed: &Bed) {
    assert_eq!(schema::pending(&bed.db, &[]).await.expect("counted"), 0);
    let applied = "SELECT COUNT(*) FROM _sqlx_migrations WHERE success";
    let steps = bed.raw.number(applied).await;
    schema::migrate(&bed.db, &[]).await.expect("a second time");
    let (a, b) = (bed.open_again().await, bed.open_again().await);
    let (left, right) = tokio::join!(schema::migrate(&a, &[]), schema::migrate(&b, &[]));
    left.expect("one node");
    right.expect("the other node");
    assert_eq!(bed.raw.number(applied).await, steps);
    a.close().await;
    b.close().await;

    // And from nothing, by several nodes at the same moment.
    let (fresh, url) = empty_place(bed).await;
    assert_eq!(schema::pending(&fresh, &[]).await.expect("counted"), steps as usize);
    let others = [open(&url).await, open(&url).await];
    let (first, second, third) = tokio::join!(
        schema::migrate(&fresh, &[]),
        schema::migrate(&others[0], &[]),
        schema::migrate(&others[1], &[])
    );
    first.expect("one node");
    second.expect("another node");
    third.expect("a third node");
    assert_eq!(schema::pending(&fresh, &[]).await.expect("counted"), 0);
    for db in others.iter().chain([&fresh]) {
        db.close().await;
    }
}

async fn open(url: &str) -> Db {
    Db::open(&DbOptions { url: url.to_owned(), connections: 2 }).await.expect("opens")
}

/// A database nobody has migrated.
async fn empty_place(bed: &Bed) -> (Db, String) {
    let url = if bed.is_sqlite() {
        format!("sqlite:{}", bed.folder().join("empty.db").display())
    } else {
        let name = format!("empty_{}_{}", std::process::id(), bed.id());
        bed.raw.run(&format!("CREATE DATABASE {name}")).await.expect("created");
        let own = bed.url.split(['/', '?']).nth(3).expect("a database is named");
        bed.url.replacen(own, &name, 1)
    };
    (open(&url).await, url)
}

async fn money_tables_keep_what_was_written(bed: &Bed) {
    let journal = bed.journal().await;
    let intake = bed.intake(&bed.key(), &bed.bill().await);
    let ending = bed.ending(&intake, PaymentState::Paid);
    let id = intake.payment.id;
    journal.intake(intake).await.expect("taken");
    let mut tx = bed.db.begin().await.expect("begins");
    attempt::keep_answer(&mut tx, id, &Answer { status: 202, body: "{}".into() }, NOW).await.expect("kept");
    tx.commit().await.expect("commits");
    journal.end(ending).await.expect("ended");
    let mut tx = bed.db.begin().await.expect("begins");
    let seen =
        attempt::Evidence { id: bed.id(), payment: id, note: Note::LateDecline, code: "05".into(), at: NOW };
    attempt::note(&mut tx, &seen).await.expect("noted");
    tx.commit().await.expect("commits");
    let unwind = format!("INSERT INTO unwind (payment_id, reason, at) VALUES ({}, 'x', 1)", id.0);
    bed.raw.run(&unwind).await.expect("a row to keep");

    let entry = Entry {
        at: NOW,
        actor: "node 0".into(),
        act: Act::Start,
        subject: "switchd".into(),
        detail: String::new(),
    };
    let mut tx = bed.db.begin().await.expect("begins");
    audit_log::append(&mut tx, &entry).await.expect("appended");
    tx.commit().await.expect("commits");

    let before = bed.rows().await;
    for (table, column) in [
        ("payment", "amount_minor = 1"),
        ("outcome", "state = 'DECLINED'"),
        ("answer", "status = 500"),
        ("transfer", "amount_minor = 1"),
        ("unwind", "reason = 'y'"),
        ("evidence", "kind = 'y'"),
        ("audit_log", "actor = 'y'"),
    ] {
        for refused in [format!("UPDATE {table} SET {column}"), format!("DELETE FROM {table}")] {
            let said = bed.raw.run(&refused).await.expect_err(&refused);
            assert!(said.contains(&format!("{table} is append-only")), "{refused}: {said}");
        }
    }
    assert_eq!(bed.rows().await, before);
}

#[tokio::test]
async fn a_database_whose_commits_are_not_durable_is_refused() {
    let in_memory = DbOptions { url: "sqlite::memory:".into(), connections: 1 };
    assert!(matches!(Db::open(&in_memory).await, Err(StoreError::Unsafe(_))));

    let bed = Bed::postgres().await;
    let Raw::Postgres(_) = &bed.raw else { panic!("it was asked for") };
    let own = bed.url.split(['/', '?']).nth(3).expect("a database is named");
    bed.raw.run(&format!("ALTER DATABASE {own} SET synchronous_commit = off")).await.expect("set");
    let refused = Db::open(&DbOptions { url: bed.url.clone(), connections: 2 }).await;
    let said = refused.expect_err("commits would not be durable").to_string();
    assert!(said.contains("synchronous_commit=off"), "{said}");
    bed.clear_away().await;
}
