//! The process dies. Each life has a runtime of its own, which is shut down with
//! everything that was going on in it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use switch_core::connector::ReversalReason;
use switch_core::payment::PaymentState;
use switch_engine::pay::{PayOrder, PayRefusal};
use tokio::runtime::Runtime;

use crate::bed::{Bed, World, ils, until};
use crate::network::{Network, Script, Seen, Undo, profile};

fn life() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn world() -> World {
    World::sqlite(vec![Network::new(profile("card"))])
}

/// Begins a payment that will not come back in this life.
async fn begin(bed: &Bed, minor: i64) -> PayOrder {
    let order = bed.order(&bed.bill(minor).await).await;
    let (engine, asked) = (Arc::clone(&bed.engine), order.clone());
    tokio::spawn(async move { engine.pay(asked).await });
    until("it is at the network", async || bed.network().seen(ils(minor)).len() == 1).await;
    order
}

#[test]
fn what_was_being_sent_is_taken_back_and_never_sent_again() {
    let world = world();
    let network = &world.networks[0];
    network.script(ils(10_000), Script::Held);
    let first = life();
    let order = first.block_on(async { begin(&world.live(1).await, 10_000).await });
    first.shutdown_background();

    life().block_on(async {
        let bed = world.live_with(1, false).await;
        assert_eq!(bed.recovered.put_in_doubt, 1);
        assert_eq!(bed.recovered.open.len(), 1);
        let open = &bed.recovered.open[0];
        assert_eq!(open.attempt.refs, network.requests()[0]);
        let id = open.attempt.refs.payment;
        assert_eq!(bed.state(id).await, PaymentState::Pending);
        // The asker comes back: the same payment, not known yet, and from now on that answer.
        let told = bed.engine.pay(order.clone()).await.expect("an answer");
        assert_eq!((told.payment, told.state, told.answer.status), (id, PaymentState::Pending, 202));
        bed.engine.run(bed.world.subscriber.clone());
        bed.becomes(id, PaymentState::Reversed).await;
        let first_copy = Seen::Reversal { repeat: false, reason: ReversalReason::Timeout, with_card: true };
        assert_eq!(network.seen(ils(10_000)), [Seen::Request, first_copy]);
        assert_eq!(bed.engine.pay(order).await.expect("an answer").answer, told.answer);
        bed.close().await;
    });
}

#[test]
fn a_reversal_that_may_have_left_is_repeated_as_a_repeat() {
    let world = world();
    let (amount, network) = (ils(10_100), &world.networks[0]);
    network.script(amount, Script::ApproveSilently);
    network.undo(amount, &[Undo::Held, Undo::Accept]);
    let first = life();
    let id = first.block_on(async {
        let bed = world.live(1).await;
        let id = bed.pay_new(10_100).await.1.expect("an answer").payment;
        until("the reversal left", async || network.seen(amount).len() == 2).await;
        id
    });
    first.shutdown_background();

    life().block_on(async {
        let bed = world.live(1).await;
        assert_eq!((bed.recovered.put_in_doubt, bed.recovered.open.len()), (0, 1));
        bed.world.clock.advance(5_000);
        bed.becomes(id, PaymentState::Reversed).await;
        let copy = |repeat| Seen::Reversal { repeat, reason: ReversalReason::Timeout, with_card: true };
        assert_eq!(network.seen(amount), [Seen::Request, copy(false), copy(true)]);
        bed.close().await;
    });
}

#[test]
fn ten_thousand_open_payments_are_found_in_time_and_keep_their_numbers() {
    let world = world();
    let first = life();
    first.block_on(async {
        let bed = world.live_with(1, false).await;
        let (_, paid) = bed.pay_new(10_200).await;
        let like = paid.expect("an answer").payment.0;
        // Ten thousand like it, being sent; their trace numbers follow the clock's place.
        let start = (crate::bed::START.0 % 999_999) + 2;
        let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) ";
        for sql in [
            format!(
                "INSERT INTO payment {rows} SELECT id + i * 65536, client_id, key || i, fingerprint, bill_id,
                 method, channel, amount_minor, currency, NULL, created_at, business_date
                 FROM payment, n WHERE id = {like}"
            ),
            format!(
                "INSERT INTO open_attempt {rows} SELECT p.id + i * 65536, p.id + i * 65536, 1, 'card',
                 {start} + i, p.created_at, t.debit, t.credit, 'SENDING', NULL, 0, 0, 1,
                 p.created_at + 60000 FROM payment p JOIN transfer t ON t.cause = p.id AND t.seq = 1, n
                 WHERE p.id = {like}"
            ),
        ] {
            crate::auditor::run(&world.url, &sql).await;
        }
    });
    first.shutdown_background();

    life().block_on(async {
        let began = Instant::now();
        let bed = world.live_with(1, false).await;
        let took = began.elapsed();
        assert!(took < Duration::from_secs(5), "the start took {took:?}");
        assert_eq!((bed.recovered.put_in_doubt, bed.recovered.open.len()), (10_000, 10_000));
        let held: std::collections::HashSet<u32> =
            bed.recovered.open.iter().map(|work| work.attempt.refs.stan).collect();
        for minor in 10_201..10_221 {
            let (_, paid) = bed.pay_new(minor).await;
            assert_eq!(paid.expect("an answer").state, PaymentState::Paid);
            let stan = bed.network().references(ils(minor))[0].stan;
            assert!(!held.contains(&stan), "{stan} is in use");
        }
        bed.engine.drain().await;
        bed.db.close().await;
    });
}

#[test]
fn an_asker_that_hangs_up_does_not_take_the_payment_along() {
    let world = world();
    life().block_on(async {
        let bed = world.live(1).await;
        let network = bed.network();
        network.script(ils(10_300), Script::Held);
        let order = bed.order(&bed.bill(10_300).await).await;
        let (engine, asked) = (Arc::clone(&bed.engine), order.clone());
        let asker = tokio::spawn(async move { engine.pay(asked).await });
        until("it is at the network", async || network.requests().len() == 1).await;
        asker.abort();
        assert!(asker.await.expect_err("hung up").is_cancelled());
        assert!(matches!(bed.engine.pay(order.clone()).await, Err(PayRefusal::InProgress)));
        network.let_go(1);
        until("it ends by itself", async || bed.count("outcome WHERE state = 'PAID'").await == 1).await;
        let told = bed.engine.pay(order).await.expect("an answer");
        assert_eq!((told.state, told.replayed), (PaymentState::Paid, true));
        bed.close().await;
    });
}

#[test]
fn a_story_that_breaks_off_is_taken_over_by_its_own_node() {
    let world = world();
    let (amount, network) = (ils(10_400), &world.networks[0]);
    network.script(amount, Script::Held);
    // The runtime of the request dies; the engine's own background work lives on.
    let background = life();
    let bed = background.block_on(world.live(1));
    let request = life();
    let order = request.block_on(begin(&bed, 10_400));
    request.shutdown_background();
    background.block_on(async {
        assert!(matches!(bed.engine.pay(order.clone()).await, Err(PayRefusal::InProgress)));
        let id = network.requests()[0].payment;
        bed.world.clock.advance(30_000 + 30_000 + 1);
        bed.becomes(id, PaymentState::Reversed).await;
        assert_eq!(network.seen(amount).len(), 2);
        assert_eq!(bed.engine.pay(order).await.expect("an answer").state, PaymentState::Reversed);
        bed.close().await;
    });
}

#[test]
fn an_end_that_cannot_be_written_is_unknown_and_not_an_error() {
    let world = world();
    let (amount, network) = (ils(10_600), &world.networks[0]);
    network.script(amount, Script::Held);
    life().block_on(async {
        let bed = world.live(1).await;
        let order = bed.order(&bed.bill(10_600).await).await;
        let (engine, asked) = (Arc::clone(&bed.engine), order.clone());
        let story = tokio::spawn(async move { engine.pay(asked).await });
        until("it is at the network", async || network.seen(amount).len() == 1).await;
        let refuse = "CREATE TRIGGER full BEFORE INSERT ON outcome BEGIN SELECT RAISE(ABORT, 'full'); END";
        crate::auditor::run(&world.url, refuse).await;
        network.let_go(1);
        let told = story.await.expect("ends").expect("unknown is an answer");
        assert_eq!((told.state, told.answer.status), (PaymentState::Pending, 202));
        assert!(matches!(bed.engine.pay(order.clone()).await, Err(PayRefusal::InProgress)));
        crate::auditor::run(&world.url, "DROP TRIGGER full").await;
        // Nobody remembers the approval: what was taken goes back.
        bed.world.clock.advance(30_000 + 30_000 + 1);
        bed.becomes(told.payment, PaymentState::Reversed).await;
        bed.close().await;
    });
}

#[test]
fn a_drain_waits_for_payments_in_hand_and_takes_no_new_ones() {
    let world = world();
    life().block_on(async {
        let bed = world.live(1).await;
        bed.network().script(ils(10_500), Script::Held);
        let order = begin(&bed, 10_500).await;
        let engine = Arc::clone(&bed.engine);
        let draining = tokio::spawn(async move { engine.drain().await });
        until("nobody is let in", async || {
            matches!(bed.engine.pay(order.clone()).await, Err(PayRefusal::Overloaded))
        })
        .await;
        assert!(!draining.is_finished(), "a payment is in hand");
        assert!(!bed.network().is_closed(), "its answer is still awaited");
        bed.network().let_go(1);
        draining.await.expect("it drains");
        assert_eq!(bed.count("outcome WHERE state = 'PAID'").await, 1);
        bed.close().await;
    });
}
