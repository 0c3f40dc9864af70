//! The outbox: at least once, under the same number, for as long as it takes.

use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use switch_core::payment::PaymentState;

use crate::bed::{Bed, MINISTRY, OTHER, World, ils, until};
use crate::network::{Network, Script, profile};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_delivered_until_it_is_taken() {
    let bed = Bed::new().await;
    let subscriber = &bed.world.subscriber;
    subscriber.fails.store(3, SeqCst);
    let (_, paid) = bed.pay_new(14_000).await;
    let id = paid.expect("an answer").payment;
    for (tries, wait) in [(1, 1_000), (2, 2_000), (3, 4_000)] {
        until("it was tried", async || subscriber.told().len() == tries).await;
        until("it was given back", async || bed.count("outbox WHERE lease_until = 0").await == 1).await;
        bed.world.clock.advance(wait - 1);
        tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
        assert_eq!(subscriber.told().len(), tries, "not before its time");
        bed.world.clock.advance(1);
    }
    until("it was taken", async || bed.count("outbox").await == 0).await;
    let told = subscriber.told();
    assert_eq!(told.len(), 4);
    assert!(told.iter().all(|event| *event == told[0]), "the same event each time: {told:?}");
    assert_eq!((told[0].1, told[0].2), (id, PaymentState::Paid));
    assert_eq!(bed.engine.counters().delivered.load(Relaxed), 1);
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_end_is_told_once_to_the_one_who_made_the_bill() {
    let bed = Bed::new().await;
    let mut expected = Vec::new();
    for (minor, script, ended) in [
        (14_100, Script::Approve, PaymentState::Paid),
        (14_101, Script::Decline, PaymentState::Declined),
        (14_102, Script::Lost, PaymentState::Reversed),
        (14_103, Script::NotSent, PaymentState::Failed),
    ] {
        bed.network().script(ils(minor), script);
        let id = bed.pay_new(minor).await.1.expect("an answer").payment;
        bed.becomes(id, ended).await;
        expected.push((id, ended));
    }
    until("all are told", async || bed.count("outbox").await == 0).await;
    let mut told: Vec<_> = bed.world.subscriber.told().iter().map(|(_, id, state)| (*id, *state)).collect();
    told.sort_by_key(|(id, _)| *id);
    assert_eq!(told, expected);

    // The payer is another client: it is the bill's maker who is told.
    let mut order = bed.order(&bed.bill(14_104).await).await;
    (order.client, order.card) = (OTHER, Some(bed.card(OTHER).await));
    let id = bed.engine.pay(order).await.expect("an answer").payment;
    until("it is told", async || bed.world.subscriber.told().iter().any(|(_, told, _)| *told == id)).await;
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_of_a_former_life_is_delivered_in_the_next() {
    let world = World::sqlite(vec![Network::new(profile("card"))]);
    let first = world.live_with(1, false).await;
    let id = first.pay_new(14_200).await.1.expect("an answer").payment;
    assert_eq!(first.count("outbox").await, 1);
    first.engine.drain().await;
    first.db.close().await;
    let second = world.live(1).await;
    until("it is told", async || world.subscriber.told().len() == 1).await;
    assert_eq!(world.subscriber.told()[0].1, id);
    until("and marked", async || second.count("outbox").await == 0).await;
    second.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_that_hangs_delays_nobody_else() {
    let world = World::sqlite(vec![Network::new(profile("card"))]);
    world.subscriber.hangs.store(MINISTRY.0, SeqCst);
    let bed = world.live_with(1, false).await;
    for minor in 14_300..14_400 {
        bed.pay_new(minor).await.1.expect("an answer");
    }
    let order = bed.order(&bed.bill_of(OTHER, 14_400).await).await;
    let id = bed.engine.pay(order).await.expect("an answer").payment;
    bed.engine.run(world.subscriber.clone());
    // Long before any of the hundred is given up.
    until("the other one is told", async || world.subscriber.told().iter().any(|e| e.1 == id)).await;
    until("nothing of the first is lost", async || bed.count("outbox").await == 100).await;
    bed.close().await;
}
