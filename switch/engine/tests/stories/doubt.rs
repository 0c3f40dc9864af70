//! What is not known is taken back, for as long as it takes, or found out.

use std::sync::atomic::Ordering::Relaxed;

use switch_core::connector::{Enquiry, Outcome, Profile, ReversalReason};
use switch_core::payment::PaymentState;

use crate::bed::{Bed, World, ils, until};
use crate::network::{Network, Script, Seen, Undo, approved, declined, profile};

fn reversal(repeat: bool, reason: ReversalReason) -> Seen {
    Seen::Reversal { repeat, reason, with_card: true }
}

/// The story of a timeout, on any database.
async fn silence_is_taken_back(bed: Bed) {
    let (amount, network) = (ils(7_000), bed.network());
    network.script(amount, Script::ApproveSilently);
    network.undo(amount, &[Undo::Lost, Undo::Retry, Undo::Lost, Undo::Accept]);
    let (order, answer) = bed.pay_new(7_000).await;
    let answer = answer.expect("unknown is an answer");
    assert_eq!((answer.state, answer.answer.status), (PaymentState::Pending, 202));
    let repeat = bed.engine.pay(order.clone()).await.expect("an answer");
    assert_eq!((repeat.answer.clone(), repeat.replayed), (answer.answer.clone(), true));

    // Each copy when its time has come and not before; the first one is no repeat.
    let waits = [0, 5_000, 15_000, 60_000];
    for (sent, wait) in waits.into_iter().enumerate() {
        if wait > 0 {
            bed.world.clock.advance(wait - 1);
            tokio::time::sleep(std::time::Duration::from_millis(600)).await;
            assert_eq!(network.seen(amount).len(), 1 + sent, "none left before its time");
            bed.world.clock.advance(1);
        }
        until("the next reversal left", async || network.seen(amount).len() == 2 + sent).await;
        let repeat = sent > 0;
        assert_eq!(network.seen(amount)[1 + sent], reversal(repeat, ReversalReason::Timeout));
        if let Some(next) = waits.get(sent + 1) {
            assert_eq!(bed.state(answer.payment).await, PaymentState::Pending);
            bed.rests(answer.payment, *next).await;
        }
    }
    bed.becomes(answer.payment, PaymentState::Reversed).await;
    assert_eq!(bed.count("card").await, 0);
    assert_eq!(bed.count("open_attempt").await, 0);
    assert_eq!(bed.count("transfer WHERE kind = 'VOID'").await, 1);
    // All copies name the same attempt; and the key goes on standing for its 202.
    let refs = network.references(amount);
    assert!(refs.iter().all(|other| *other == refs[0]), "{refs:?}");
    assert_eq!(bed.engine.pay(order).await.expect("an answer").answer, answer.answer);
    assert_eq!(bed.engine.counters().reversals_sent.load(Relaxed), 4);

    // The bill is free.
    let view = bed.view(answer.payment).await;
    let bill = view.payment.bill.expect("it had a bill");
    let bill = switch_store::bill::find(&bed.db, bill).await.expect("read").expect("is there").bill;
    network.script(amount, Script::Approve);
    let again = bed.engine.pay(bed.order(&bill).await).await.expect("an answer");
    assert_eq!(again.state, PaymentState::Paid);
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_taken_back_until_it_is_acknowledged() {
    silence_is_taken_back(Bed::new().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_taken_back_until_it_is_acknowledged_on_postgresql() {
    let world = World::postgres(vec![Network::new(profile("card"))]).await;
    silence_is_taken_back(world.live(1).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_network_does_not_know_is_never_success() {
    let bed = Bed::new().await;
    let network = bed.network();
    for (minor, script, reason, alarms) in [
        (7_100, Script::PendingCode, ReversalReason::Timeout, 0),
        (7_101, Script::Lost, ReversalReason::Timeout, 0),
        (7_102, Script::OtherAmount, ReversalReason::InvalidResponse, 1),
        (7_103, Script::OtherRrn, ReversalReason::InvalidResponse, 1),
    ] {
        network.script(ils(minor), script);
        let before = bed.alarms();
        let (_, answer) = bed.pay_new(minor).await;
        let answer = answer.expect("an answer");
        assert_eq!((answer.state, answer.answer.status), (PaymentState::Pending, 202), "{script:?}");
        bed.becomes(answer.payment, PaymentState::Reversed).await;
        assert_eq!(network.seen(ils(minor)), [Seen::Request, reversal(false, reason)], "{script:?}");
        assert_eq!(bed.alarms() - before, alarms, "{script:?}");
        let expected: &[&str] = if alarms == 1 { &["mismatched_answer"] } else { &[] };
        assert_eq!(bed.notes(answer.payment).await, expected, "{script:?}");
    }
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_reversal_calls_a_person_and_goes_on() {
    let bed = Bed::new().await;
    let (amount, network) = (ils(7_200), bed.network());
    network.script(amount, Script::ApproveSilently);
    network.undo(amount, &[Undo::Refuse, Undo::Refuse, Undo::Accept]);
    let (_, answer) = bed.pay_new(7_200).await;
    let id = answer.expect("an answer").payment;
    bed.becomes(id, PaymentState::ManualReview).await;
    assert_eq!(bed.alarms(), 1);
    assert_eq!(bed.notes(id).await, ["reversal_refused"]);
    for (copies, wait) in [(3, 5_000), (4, 15_000)] {
        bed.rests(id, wait).await;
        bed.world.clock.advance(wait);
        until("the next one left", async || network.seen(amount).len() == copies).await;
    }
    bed.becomes(id, PaymentState::Reversed).await;
    assert_eq!(bed.alarms(), 1, "one call is enough");
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_open_for_too_long_gets_a_person_and_goes_on() {
    let bed = Bed::new().await;
    let (amount, network) = (ils(7_300), bed.network());
    network.script(amount, Script::ApproveSilently);
    network.undo(amount, &[Undo::Lost]);
    let (_, answer) = bed.pay_new(7_300).await;
    let id = answer.expect("an answer").payment;
    until("the first left", async || network.seen(amount).len() == 2).await;
    bed.rests(id, 5_000).await;
    assert_eq!(bed.state(id).await, PaymentState::Pending);
    bed.world.clock.advance(3_600_000);
    bed.becomes(id, PaymentState::ManualReview).await;
    until("it goes on", async || network.seen(amount).len() == 3).await;
    bed.rests(id, 15_000).await;
    assert_eq!(bed.notes(id).await, ["open_too_long"]);
    assert_eq!(bed.alarms(), 1);
    network.undo(amount, &[Undo::Accept]);
    bed.world.clock.advance(15_000);
    bed.becomes(id, PaymentState::Reversed).await;
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_is_down_keeps_the_reversal_waiting() {
    let bed = Bed::new().await;
    let (amount, network) = (ils(7_400), bed.network());
    network.script(amount, Script::Held);
    let order = bed.order(&bed.bill(7_400).await).await;
    let engine = std::sync::Arc::clone(&bed.engine);
    let story = tokio::spawn(async move { engine.pay(order).await });
    until("it is at the network", async || network.requests().len() == 1).await;
    network.set_up(false);
    network.script(amount, Script::ApproveSilently);
    // The link breaks with the answer outstanding: as good as silence.
    let refs = network.requests().remove(0);
    network.let_go(1);
    assert_eq!(story.await.expect("ends").expect("an answer").state, PaymentState::Paid);
    let (order, refused) = bed.pay_new(7_401).await;
    assert!(refused.is_err(), "no network is up: {order:?}");
    assert_eq!(network.references(amount), [refs]);

    network.set_up(true);
    let (_, answer) = bed.pay_new(7_400).await;
    let id = answer.expect("an answer").payment;
    bed.becomes(id, PaymentState::Reversed).await;

    network.undo(amount, &[Undo::Lost, Undo::Accept]);
    let (_, answer) = bed.pay_new(7_400).await;
    let id = answer.expect("an answer").payment;
    until("one left", async || network.seen(amount).len() == 5).await;
    bed.rests(id, 5_000).await;
    network.set_up(false);
    for _ in 0..4 {
        bed.world.clock.advance(100_000);
        let due = "open_attempt WHERE due_at <= ".to_owned()
            + &switch_core::clock::Clock::now(&*bed.world.clock).0.to_string();
        until("it was looked at", async || bed.count(&due).await == 0).await;
    }
    assert_eq!(network.seen(amount).len(), 5, "nothing is sent into a dead link");
    network.set_up(true);
    bed.world.clock.advance(100_000);
    bed.becomes(id, PaymentState::Reversed).await;
    bed.close().await;
}

async fn with_enquiry() -> Bed {
    let asks = Profile { enquiry: true, ..profile("card") };
    World::sqlite(vec![Network::new(asks)]).live(1).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_enquiry_decides_before_a_reversal_leaves() {
    let bed = with_enquiry().await;
    let network = bed.network();
    // Absent: proven, nothing to take back.
    network.script(ils(7_500), Script::Lost);
    network.answer_enquiries(ils(7_500), Enquiry::Absent { code: "25".into() });
    let (_, answer) = bed.pay_new(7_500).await;
    let id = answer.expect("an answer").payment;
    bed.becomes(id, PaymentState::Reversed).await;
    assert_eq!(network.seen(ils(7_500)), [Seen::Request, Seen::Enquiry]);
    assert_eq!(bed.view(id).await.response_code.as_deref(), Some("25"));

    // Found declined.
    network.script(ils(7_501), Script::Lost);
    network.answer_enquiries(ils(7_501), Enquiry::Found(declined()));
    let (_, answer) = bed.pay_new(7_501).await;
    bed.becomes(answer.expect("an answer").payment, PaymentState::Declined).await;
    assert_eq!(network.seen(ils(7_501)), [Seen::Request, Seen::Enquiry]);

    // Not understood, or not known there: reversed.
    for (minor, answer) in [(7_502, None), (7_503, Some(Outcome::Pending { code: "09".into() }))] {
        network.script(ils(minor), Script::ApproveSilently);
        if let Some(answer) = answer {
            network.answer_enquiries(ils(minor), Enquiry::Found(answer));
        }
        let (_, answer) = bed.pay_new(minor).await;
        bed.becomes(answer.expect("an answer").payment, PaymentState::Reversed).await;
        let copies = [Seen::Request, Seen::Enquiry, reversal(false, ReversalReason::Timeout)];
        assert_eq!(network.seen(ils(minor)), copies);
    }
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_enquiry_that_finds_the_approval_pays() {
    let asks = Profile { enquiry: true, ..profile("card") };
    let bed = World::sqlite(vec![Network::new(asks)]).live_with(1, false).await;
    let (amount, network) = (ils(7_600), bed.network());
    network.script(amount, Script::ApproveSilently);
    let (order, answer) = bed.pay_new(7_600).await;
    let id = answer.expect("an answer").payment;
    let refs = network.requests().remove(0);
    network.answer_enquiries(amount, Enquiry::Found(Outcome::Approved(approved(&refs))));
    bed.engine.run(bed.world.subscriber.clone());
    bed.becomes(id, PaymentState::Paid).await;
    assert_eq!(network.seen(amount), [Seen::Request, Seen::Enquiry]);
    assert_eq!(bed.engine.pay(order).await.expect("an answer").state, PaymentState::Paid);
    bed.close().await;
}
