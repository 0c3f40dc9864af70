//! A process that stood still goes on beside its successor, which has its number: it says nothing and writes
//! nothing, and what it hears is heard again by the one that lives.

use std::sync::Arc;

use switch_core::connector::Outcome;
use switch_core::payment::PaymentState;
use switch_engine::pay::PayRefusal;
use switch_store::StoreError;

use crate::bed::{World, ils, until};
use crate::network::{Network, Script, approved, profile};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_replaced_gives_no_answer_and_writes_nothing() {
    let world = World::sqlite(vec![Network::new(profile("card"))]);
    let (amount, network) = (ils(15_000), &world.networks[0]);
    network.script(amount, Script::Held);
    let old = world.live_with(1, false).await;
    let order = old.order(&old.bill(15_000).await).await;
    let (engine, asked) = (Arc::clone(&old.engine), order.clone());
    let asker = tokio::spawn(async move { engine.pay(asked).await });
    until("it is at the network", async || network.seen(amount).len() == 1).await;

    // It stands still: it is replaced, and the client asks there.
    let new = world.live(1).await;
    assert_eq!(new.recovered.put_in_doubt, 1);
    let told = new.engine.pay(order.clone()).await.expect("an answer");
    new.becomes(told.payment, PaymentState::Reversed).await;

    // It goes on, and hears an approval. Its asker gets no answer that nobody keeps.
    let refs = network.requests()[0].clone();
    network.let_go(1);
    let answer = asker.await.expect("it ends");
    assert!(matches!(answer, Err(PayRefusal::Unavailable(StoreError::Superseded(_)))), "{answer:?}");
    assert_eq!((new.notes(told.payment).await, new.count("open_attempt").await), (vec![], 0));
    let other = new.order(&new.bill(15_100).await).await;
    let refused = old.engine.pay(other.clone()).await;
    assert!(matches!(refused, Err(PayRefusal::Unavailable(StoreError::Superseded(_)))), "{refused:?}");
    assert_eq!(network.seen(ils(15_100)), [], "nothing leaves");
    assert_eq!(old.db.superseded().await.node, 1);

    // The one that lives hears of the approval as of one that came late, and its answers stand.
    network.late(&refs, Outcome::Approved(approved(&refs)));
    until("it is taken back", async || network.charged().is_empty()).await;
    assert_eq!(new.engine.pay(order).await.expect("an answer").answer, told.answer);
    assert_eq!(new.engine.pay(other).await.expect("an answer").state, PaymentState::Paid);
    old.engine.drain().await;
    old.db.close().await;
    until("it is at rest", async || new.count("open_attempt").await == 0).await;
    new.close().await;
}

/// Also one that has nothing to write finds out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_replaced_finds_out_though_nobody_asks_it() {
    let world = World::sqlite(vec![Network::new(profile("card"))]);
    let old = world.live(1).await;
    let new = world.live(1).await;
    assert_eq!(old.db.superseded().await.taken_at, Some(crate::bed::START));
    old.engine.drain().await;
    old.db.close().await;
    new.close().await;
}
