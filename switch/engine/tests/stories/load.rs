//! More than can be taken in hand is turned away before anything is written.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use switch_core::payment::PaymentState;
use switch_engine::pay::PayRefusal;

use crate::bed::{Bed, World, ils, until};
use crate::network::{Network, Script, profile};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_much_is_turned_away_unwritten() {
    let mut world = World::sqlite(vec![Network::new(profile("card"))]);
    world.in_flight_max = 4;
    let bed = world.live(1).await;
    bed.network().script(ils(11_000), Script::Held);
    let mut at_work = Vec::new();
    for _ in 0..4 {
        let order = bed.order(&bed.bill(11_000).await).await;
        let engine = Arc::clone(&bed.engine);
        at_work.push(tokio::spawn(async move { engine.pay(order).await }));
    }
    until("four are in hand", async || bed.network().requests().len() == 4).await;
    assert_eq!(bed.engine.payments_in_flight(), 4);
    let order = bed.order(&bed.bill(11_001).await).await;
    assert!(matches!(bed.engine.pay(order.clone()).await, Err(PayRefusal::Overloaded)));
    assert_eq!(bed.engine.counters().shed.load(Relaxed), 1);
    assert_eq!(bed.count("payment").await, 4);
    bed.network().let_go(4);
    for task in at_work {
        assert_eq!(task.await.expect("ends").expect("an answer").state, PaymentState::Paid);
    }
    assert_eq!(bed.engine.payments_in_flight(), 0);
    assert_eq!(bed.engine.pay(order).await.expect("an answer").state, PaymentState::Paid);
    bed.close().await;
}

/// Three hundred payments at once, of every kind, and all end as they must.
async fn three_hundred(bed: Bed) {
    let network = bed.network();
    let scripts = [
        (Script::Approve, PaymentState::Paid),
        (Script::ApproveTwice, PaymentState::Paid),
        (Script::Decline, PaymentState::Declined),
        (Script::ApproveSilently, PaymentState::Reversed),
        (Script::OtherAmount, PaymentState::Reversed),
        (Script::NotSent, PaymentState::Failed),
    ];
    let mut tasks = Vec::new();
    for n in 0..300 {
        let (minor, (script, ended)) = (12_000 + n, scripts[n as usize % scripts.len()]);
        network.script(ils(minor), script);
        let order = bed.order(&bed.bill(minor).await).await;
        let engine = Arc::clone(&bed.engine);
        tasks.push((tokio::spawn(async move { engine.pay(order).await }), ended));
    }
    for (task, ended) in tasks {
        let paid = task.await.expect("ends").expect("an answer");
        bed.becomes(paid.payment, ended).await;
    }
    assert_eq!(bed.count("open_attempt").await, 0);
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_at_once_end_as_they_must() {
    three_hundred(Bed::new().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_at_once_end_as_they_must_on_postgresql() {
    let world = World::postgres(vec![Network::new(profile("card"))]).await;
    three_hundred(world.live(1).await).await;
}
