//! Two nodes on one PostgreSQL share the work and do not double it.

use std::sync::Arc;
use std::time::Duration;

use switch_core::payment::PaymentState;
use switch_engine::pay::PayRefusal;

use crate::bed::{World, ils, until};
use crate::network::{Network, Script, Seen, Undo, profile};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reversal_leaves_from_one_of_two_nodes() {
    let world = World::postgres(vec![Network::new(profile("card"))]).await;
    let one = world.live_with(1, false).await;
    let two = world.live_with(2, false).await;
    let network = one.network();
    let mut ids = Vec::new();
    for minor in 13_000..13_060 {
        network.script(ils(minor), Script::ApproveSilently);
        network.undo(ils(minor), &[Undo::Lost, Undo::Accept]);
        let node = if minor % 2 == 0 { &one } else { &two };
        ids.push(node.pay_new(minor).await.1.expect("an answer").payment);
    }
    one.engine.run(world.subscriber.clone());
    two.engine.run(world.subscriber.clone());
    let reversals = |minor| network.seen(ils(minor)).iter().filter(|s| **s != Seen::Request).count();
    until("all left", async || (13_000..13_060).all(|minor| reversals(minor) > 0)).await;
    // Both nodes have looked several times; the second copy is not due.
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    let copies: Vec<_> = (13_000..13_060).map(reversals).collect();
    assert_eq!(copies, vec![1; 60], "one copy each, whoever sent it");
    world.clock.advance(5_100);
    for id in &ids {
        one.becomes(*id, PaymentState::Reversed).await;
    }
    two.engine.drain().await;
    two.db.close().await;
    one.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_waits_for_what_is_being_prepared() {
    let world = World::postgres(vec![Network::new(profile("card"))]).await;
    let bed = world.live(1).await;
    let order = bed.order(&bed.bill(13_100).await).await;
    // Nobody can read the bill: the payment is stuck before anything is written.
    let locked = crate::auditor::lock(&world.url, "bill").await;
    let engine = Arc::clone(&bed.engine);
    let asked = order.clone();
    let story = tokio::spawn(async move { engine.pay(asked).await });
    until("it is in hand", async || bed.engine.payments_in_flight() == 1).await;
    let engine = Arc::clone(&bed.engine);
    let mut draining = tokio::spawn(async move { engine.drain().await });
    until("nobody is let in", async || {
        let asked = tokio::time::timeout(Duration::from_millis(20), bed.engine.pay(order.clone()));
        matches!(asked.await, Ok(Err(PayRefusal::Overloaded)))
    })
    .await;
    let too_soon = tokio::time::timeout(Duration::from_millis(1_500), &mut draining).await;
    assert!(too_soon.is_err(), "a payment is in hand");
    locked.rollback().await.expect("unlocked");
    assert_eq!(story.await.expect("ends").expect("an answer").state, PaymentState::Paid);
    draining.await.expect("it drains");
    bed.close().await;
}
