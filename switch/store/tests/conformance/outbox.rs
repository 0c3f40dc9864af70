//! News under lease: claimed by one, fenced against the one who lost it.

use std::collections::HashSet;

use switch_core::clock::Timestamp;
use switch_core::id::{EventId, PaymentId};
use switch_core::payment::PaymentState;
use switch_store::Db;
use switch_store::outbox::{self, Event};

use crate::bed::{Bed, MINISTRY, NOW, until};

suite! {
    an_event_is_under_one_lease_at_a_time,
    a_holder_that_lost_its_lease_marks_nothing,
    an_event_given_back_is_due_later,
    claimers_at_the_same_moment_share_the_work,
}

async fn publish(bed: &Bed, number: usize) -> Vec<EventId> {
    let mut tx = bed.db.begin().await.expect("begins");
    let mut made = Vec::new();
    for _ in 0..number {
        let id = EventId(bed.id());
        let state = PaymentState::Paid;
        let news = outbox::News { event: id, client: MINISTRY, payment: PaymentId(7), state, at: NOW };
        outbox::publish(&mut tx, &news).await.expect("published");
        made.push(id);
    }
    tx.commit().await.expect("commits");
    made
}

async fn claim(db: &Db, now: Timestamp, lease_ms: i64, limit: u32) -> Vec<Event> {
    let mut tx = db.begin().await.expect("begins");
    let events = outbox::claim(&mut tx, now, lease_ms, limit).await.expect("claimed");
    tx.commit().await.expect("commits");
    events
}

async fn delivered(db: &Db, event: &Event) -> bool {
    let mut tx = db.begin().await.expect("begins");
    let held = outbox::delivered(&mut tx, event).await.expect("marked");
    tx.commit().await.expect("commits");
    held
}

async fn an_event_is_under_one_lease_at_a_time(bed: &Bed) {
    assert_eq!(outbox::backlog(&bed.db).await.expect("counted"), (0, None));
    let made = publish(bed, 2).await;
    assert_eq!(outbox::backlog(&bed.db).await.expect("counted"), (2, Some(NOW)));
    assert!(claim(&bed.db, NOW.plus_ms(-1), 60_000, 10).await.is_empty(), "not due yet");
    let first = claim(&bed.db, NOW, 60_000, 1).await;
    let second = claim(&bed.db, NOW, 60_000, 10).await;
    assert_eq!([first[0].id, second[0].id], [made[0], made[1]]);
    assert_eq!((first[0].tries, first[0].state.as_str(), first[0].at), (1, "PAID", NOW));
    assert!(claim(&bed.db, NOW.plus_ms(1 << 40), 60_000, 10).await.is_empty(), "both are leased");
    assert!(delivered(&bed.db, &first[0]).await);
    assert!(!delivered(&bed.db, &first[0]).await, "it is gone");
    assert_eq!(outbox::backlog(&bed.db).await.expect("counted").0, 1);
}

async fn a_holder_that_lost_its_lease_marks_nothing(bed: &Bed) {
    publish(bed, 1).await;
    let stale = claim(&bed.db, NOW, 1, 10).await.remove(0);
    let mut found = Vec::new();
    until("the lease is over by the database's clock", async || {
        found = claim(&bed.db, NOW, 60_000, 10).await;
        !found.is_empty()
    })
    .await;
    let holder = found.remove(0);
    assert_eq!((holder.id, holder.tries), (stale.id, 2));
    assert!(holder.epoch > stale.epoch);
    assert!(!delivered(&bed.db, &stale).await, "another holder has it");
    let mut tx = bed.db.begin().await.expect("begins");
    assert!(!outbox::retry(&mut tx, &stale, NOW).await.expect("marked"));
    tx.commit().await.expect("commits");
    assert!(claim(&bed.db, NOW, 60_000, 10).await.is_empty(), "the lease of the other stands");
    assert!(delivered(&bed.db, &holder).await);
}

async fn an_event_given_back_is_due_later(bed: &Bed) {
    publish(bed, 1).await;
    let event = claim(&bed.db, NOW, 60_000, 10).await.remove(0);
    let mut tx = bed.db.begin().await.expect("begins");
    assert!(outbox::retry(&mut tx, &event, NOW.plus_ms(5_000)).await.expect("marked"));
    tx.commit().await.expect("commits");
    assert!(claim(&bed.db, NOW.plus_ms(4_999), 60_000, 10).await.is_empty());
    let again = claim(&bed.db, NOW.plus_ms(5_000), 60_000, 10).await.remove(0);
    assert_eq!((again.id, again.tries), (event.id, 2));
}

async fn claimers_at_the_same_moment_share_the_work(bed: &Bed) {
    let made = publish(bed, 100).await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let db = bed.db.clone();
            tokio::spawn(async move { claim(&db, NOW, 60_000, 20).await })
        })
        .collect();
    let mut seen = HashSet::new();
    for task in tasks {
        for event in task.await.expect("the task ends") {
            assert!(seen.insert(event.id), "{:?} is under two leases", event.id);
        }
    }
    // A claimer that found the rows of another locked comes again.
    seen.extend(claim(&bed.db, NOW, 60_000, 100).await.iter().map(|event| event.id));
    assert_eq!(seen, made.into_iter().collect());
}
