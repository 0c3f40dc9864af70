//! One payment as it should go, and one key as it must be held.

use std::sync::Arc;

use std::sync::atomic::Ordering;

use switch_core::bill::BillState;
use switch_core::connector::Method;
use switch_core::idempotency::{Fingerprint, IdempotencyKey};
use switch_core::payment::PaymentState;
use switch_engine::pay::{PayOrder, PayRefusal};

use crate::bed::{Bed, MINISTRY, OTHER, World, ils, until};
use crate::network::{Network, Script, Seen, profile};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_paid_and_its_answer_repeated() {
    let bed = Bed::new().await;
    let bill = bed.bill(5_000).await;
    let order = bed.order(&bill).await;
    let paid = bed.engine.pay(order.clone()).await.expect("an answer");
    assert_eq!((paid.state, paid.answer.status, paid.replayed), (PaymentState::Paid, 201, false));
    assert_eq!(paid.answer.body, format!("PAID {} A12345", paid.payment.0));

    // Its card is purged; the repeat needs none, and asks nobody.
    assert_eq!(bed.count("card").await, 0);
    let again = bed.engine.pay(order).await.expect("an answer");
    assert_eq!((again.answer, again.replayed), (paid.answer, true));
    assert_eq!(bed.network().seen(ils(5_000)), [Seen::Request]);

    // The references of the wire are those of the rows.
    let refs = &bed.network().requests()[0];
    let view = bed.view(paid.payment).await;
    assert_eq!((view.stan, view.attempt), (Some(refs.stan), Some(refs.attempt)));
    assert_eq!(refs.attempt.0, paid.payment.0);
    let held = switch_store::bill::find(&bed.db, bill.id).await.expect("read").expect("is there");
    assert_eq!(held.state(bed.engine.clock().now()), BillState::Paid);
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declined_payment_frees_its_bill() {
    let bed = Bed::new().await;
    bed.network().script(ils(5_100), Script::Decline);
    let bill = bed.bill(5_100).await;
    let order = bed.order(&bill).await;
    let declined = bed.engine.pay(order.clone()).await.expect("an answer");
    assert_eq!(declined.state, PaymentState::Declined);
    assert_eq!(bed.view(declined.payment).await.reason.as_deref(), Some("insufficient_funds"));
    assert_eq!(bed.engine.pay(order).await.expect("an answer").answer, declined.answer);

    bed.network().script(ils(5_100), Script::Approve);
    let second = bed.order(&bill).await;
    assert_eq!(bed.engine.pay(second).await.expect("an answer").state, PaymentState::Paid);
    bed.close().await;
}

/// Sixty-four of the same request at once: how many were told what.
async fn sixty_four(engines: [&Bed; 2], order: &PayOrder) -> (usize, usize, usize) {
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let (engine, order) = (Arc::clone(&engines[n % 2].engine), order.clone());
            tokio::spawn(async move { engine.pay(order).await })
        })
        .collect();
    let (mut fresh, mut replayed, mut at_work) = (0, 0, 0);
    for task in tasks {
        match task.await.expect("the task ends") {
            Ok(paid) if paid.replayed => replayed += 1,
            Ok(_) => fresh += 1,
            Err(PayRefusal::InProgress) => at_work += 1,
            Err(other) => panic!("{other}"),
        }
    }
    (fresh, replayed, at_work)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_requests_with_one_key_are_one_payment() {
    let bed = Bed::new().await;
    // While the first is at work, all others are told so.
    bed.network().script(ils(5_200), Script::Held);
    let order = bed.order(&bed.bill(5_200).await).await;
    let all = sixty_four([&bed, &bed], &order);
    let let_go = async {
        let told = || bed.engine.counters().replays.load(std::sync::atomic::Ordering::Relaxed);
        until("63 were told", async || told() == 63).await;
        bed.network().let_go(1);
    };
    let (told, ()) = tokio::join!(all, let_go);
    assert_eq!(told, (1, 0, 63));
    assert_eq!(bed.network().seen(ils(5_200)), [Seen::Request]);
    assert_eq!(bed.count("payment").await, 1);

    // And without holding anybody, whatever the order: one effect each time.
    for minor in 6_000..6_020 {
        let order = bed.order(&bed.bill(minor).await).await;
        let (fresh, replayed, at_work) = sixty_four([&bed, &bed], &order).await;
        assert_eq!((fresh, replayed + at_work), (1, 63));
        assert_eq!(bed.network().seen(ils(minor)), [Seen::Request]);
    }
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_on_postgresql_hold_one_key() {
    let world = World::postgres(vec![Network::new(profile("card"))]).await;
    let (one, two) = (world.live(1).await, world.live(2).await);
    for minor in 6_000..6_020 {
        let order = one.order(&one.bill(minor).await).await;
        let (fresh, replayed, at_work) = sixty_four([&one, &two], &order).await;
        assert_eq!((fresh, replayed + at_work), (1, 63));
        assert_eq!(one.network().seen(ils(minor)), [Seen::Request]);
    }
    two.engine.drain().await;
    two.db.close().await;
    one.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_stands_for_one_request() {
    let bed = Bed::new().await;
    let (order, paid) = bed.pay_new(5_300).await;
    paid.expect("an answer");
    let other = bed.bill(5_301).await;
    let changed = PayOrder { fingerprint: Fingerprint::of(&["pay", &other.reference]), ..order.clone() };
    for reused in [
        changed.clone(),
        PayOrder { bill: other.id, ..changed.clone() },
        PayOrder { card: Some(bed.card(MINISTRY).await), bill: other.id, ..changed.clone() },
        PayOrder { card: None, ..changed.clone() },
        PayOrder { method: Method::Cash, ..changed },
    ] {
        assert!(matches!(bed.engine.pay(reused).await, Err(PayRefusal::KeyReused)));
    }
    // Another client's key of the same name is another key.
    let card = Some(bed.card(OTHER).await);
    let foreign = PayOrder { client: OTHER, bill: other.id, card, ..order };
    assert_eq!(bed.engine.pay(foreign).await.expect("an answer").state, PaymentState::Paid);
    assert_eq!(bed.network().requests().len(), 2);
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_keys_on_one_bill_are_one_payment_and_one_durable_refusal() {
    let bed = Bed::new().await;
    bed.network().script(ils(5_400), Script::Held);
    let bill = bed.bill(5_400).await;
    let (first, second) = (bed.order(&bill).await, bed.order(&bill).await);
    let engine = Arc::clone(&bed.engine);
    let at_work = tokio::spawn(async move { engine.pay(first).await });
    until("the first is at the network", async || bed.network().requests().len() == 1).await;
    let refused = bed.engine.pay(second.clone()).await;
    assert!(matches!(refused, Err(PayRefusal::BillNotPayable(BillState::InPayment))), "{refused:?}");
    let view = switch_store::payment::find_by_key(&bed.db, MINISTRY, &second.key).await.expect("read");
    assert_eq!(view.expect("is there").state, PaymentState::Refused);

    bed.network().let_go(1);
    assert_eq!(at_work.await.expect("ends").expect("an answer").state, PaymentState::Paid);
    let refused = bed.engine.pay(second).await;
    // The same words as the first time, though the bill is paid by now.
    assert!(matches!(refused, Err(PayRefusal::RefusedBefore(BillState::InPayment))), "{refused:?}");
    assert_eq!(bed.network().requests().len(), 1);
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_paid_writes_nothing() {
    let bed = Bed::new().await;
    let bill = bed.bill(5_500).await;
    let order = bed.order(&bill).await;
    let unknown = PayOrder { bill: switch_core::id::BillId(1), ..order.clone() };
    assert!(matches!(bed.engine.pay(unknown).await, Err(PayRefusal::UnknownBill)));
    let no_card = PayOrder { card: None, ..order.clone() };
    assert!(matches!(bed.engine.pay(no_card).await, Err(PayRefusal::CardMismatch)));
    bed.network().set_up(false);
    assert!(matches!(bed.engine.pay(order.clone()).await, Err(PayRefusal::NoRoute(_))));
    assert_eq!(bed.count("payment").await, 0);
    bed.network().set_up(true);
    bed.book.is_lost.store(true, Ordering::SeqCst);
    assert!(matches!(bed.engine.pay(order.clone()).await, Err(PayRefusal::NotKept)));
    bed.book.is_lost.store(false, Ordering::SeqCst);
    assert_eq!(bed.count("payment").await, 0);
    // The key stayed free.
    assert_eq!(bed.engine.pay(order).await.expect("an answer").state, PaymentState::Paid);

    bed.engine.withdraw_bill(MINISTRY, bed.bill(5_501).await.id).await.expect("withdrawn");
    let withdrawn = bed.bill(5_502).await;
    bed.engine.withdraw_bill(MINISTRY, withdrawn.id).await.expect("withdrawn");
    let refused = bed.engine.pay(bed.order(&withdrawn).await).await;
    assert!(matches!(refused, Err(PayRefusal::BillNotPayable(BillState::Cancelled))), "{refused:?}");
    assert!(matches!(IdempotencyKey::parse("short"), Err(switch_core::idempotency::KeyError::Length)));
    bed.close().await;
}
