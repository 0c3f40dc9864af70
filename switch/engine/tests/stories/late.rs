//! Answers that come when nobody waits for them, or come twice.

use switch_core::connector::{Outcome, ReversalReason};
use switch_core::payment::PaymentState;

use crate::bed::{Bed, World, ils, until};
use crate::network::{Network, Script, Seen, Undo, approved, declined, profile};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_approval_pays_while_no_reversal_has_left() {
    let bed = World::sqlite(vec![Network::new(profile("card"))]).live_with(1, false).await;
    let (amount, network) = (ils(8_000), bed.network());
    network.script(amount, Script::Lost);
    let (_, answer) = bed.pay_new(8_000).await;
    let id = answer.expect("an answer").payment;
    assert_eq!(bed.state(id).await, PaymentState::Pending);
    let refs = network.requests().remove(0);
    network.late(&refs, Outcome::Approved(approved(&refs)));
    bed.becomes(id, PaymentState::Paid).await;
    bed.engine.run(bed.world.subscriber.clone());
    until("the news is out", async || bed.world.subscriber.told().len() == 1).await;
    assert_eq!(network.seen(amount), [Seen::Request], "no reversal left");
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_approval_after_a_reversal_left_is_evidence_only() {
    let bed = Bed::new().await;
    let (amount, network) = (ils(8_100), bed.network());
    network.script(amount, Script::Lost);
    network.undo(amount, &[Undo::Lost, Undo::Accept]);
    let (_, answer) = bed.pay_new(8_100).await;
    let id = answer.expect("an answer").payment;
    until("a reversal left", async || network.seen(amount).len() == 2).await;
    bed.rests(id, 5_000).await;
    let refs = network.requests().remove(0);
    network.late(&refs, Outcome::Approved(approved(&refs)));
    until("it is kept", async || bed.notes(id).await == ["late_approval"]).await;
    assert_eq!(bed.state(id).await, PaymentState::Pending);
    bed.world.clock.advance(5_000);
    bed.becomes(id, PaymentState::Reversed).await;
    assert_eq!(network.seen(amount).len(), 3, "it went on until it was acknowledged");
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_approval_of_what_is_not_paid_goes_back() {
    let bed = Bed::new().await;
    let network = bed.network();
    for (minor, script, ended) in
        [(8_200, Script::Decline, PaymentState::Declined), (8_201, Script::Lost, PaymentState::Reversed)]
    {
        let amount = ils(minor);
        network.script(amount, script);
        let (_, answer) = bed.pay_new(minor).await;
        let id = answer.expect("an answer").payment;
        bed.becomes(id, ended).await;
        let (before, alarms) = (network.seen(amount).len(), bed.alarms());
        until("the news is out", async || bed.count("outbox").await == 0).await;
        let news = bed.world.subscriber.told().len();

        let refs = network.requests().pop().expect("it was sent");
        bed.world.clock.advance(2_000);
        network.late(&refs, Outcome::Approved(approved(&refs)));
        until("it was taken back", async || network.charged().is_empty()).await;
        until("and closed", async || bed.count("open_attempt").await == 0).await;
        let seen = network.seen(amount);
        let expected =
            Seen::Reversal { repeat: false, reason: ReversalReason::LateApproval, with_card: false };
        assert_eq!(seen[before..], [expected]);
        assert_eq!(network.references(amount).last(), Some(&refs), "by the references of the original");
        assert_eq!(bed.state(id).await, ended, "the payment stays what it was");
        assert_eq!(bed.notes(id).await, ["late_approval"]);
        assert_eq!(bed.alarms(), alarms + 1);
        assert_eq!(bed.count("outbox").await, 0, "and nobody is told twice");
        assert_eq!(bed.world.subscriber.told().len(), news);
    }
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_approval_that_comes_twice_still_goes_back() {
    let bed = Bed::new().await;
    let (amount, network) = (ils(8_300), bed.network());
    network.script(amount, Script::Decline);
    let (_, answer) = bed.pay_new(8_300).await;
    let id = answer.expect("an answer").payment;
    let refs = network.requests().remove(0);
    // The link is down: the reversal is armed and has not left.
    network.set_up(false);
    for outcome in [Outcome::Approved(approved(&refs)), Outcome::Approved(approved(&refs)), declined()] {
        network.late(&refs, outcome);
    }
    until("all were kept", async || bed.notes(id).await.len() == 3).await;
    assert_eq!(bed.count("open_attempt").await, 1, "the reversal stays armed");
    network.set_up(true);
    bed.world.clock.advance(1_000);
    until("it was taken back", async || network.charged().is_empty()).await;
    until("and closed", async || bed.count("open_attempt").await == 0).await;
    assert_eq!(bed.state(id).await, PaymentState::Declined);
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paid_payment_stays_paid() {
    let bed = Bed::new().await;
    let network = bed.network();
    let (order, answer) = bed.pay_new(8_400).await;
    let answer = answer.expect("an answer");
    let refs = network.requests().remove(0);
    let mut mismatched = approved(&refs);
    mismatched.stan = refs.stan % 999_999 + 1;
    network.late(&refs, declined());
    network.late(&refs, Outcome::Approved(approved(&refs)));
    network.late(&refs, Outcome::Pending { code: "09".into() });
    network.late(&refs, Outcome::Approved(mismatched));
    until("what contradicts is kept", async || bed.notes(answer.payment).await.len() == 2).await;
    assert_eq!(bed.notes(answer.payment).await, ["late_decline", "mismatched_answer"]);
    assert_eq!(bed.state(answer.payment).await, PaymentState::Paid);
    assert_eq!(bed.engine.pay(order).await.expect("an answer").answer, answer.answer);
    assert_eq!(network.seen(ils(8_400)), [Seen::Request]);
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_twice_at_once_pays_once() {
    for world in [
        World::sqlite(vec![Network::new(profile("card"))]),
        World::postgres(vec![Network::new(profile("card"))]).await,
    ] {
        let bed = world.live(1).await;
        for minor in 8_500..8_540 {
            bed.network().script(ils(minor), Script::ApproveTwice);
            let (_, answer) = bed.pay_new(minor).await;
            assert_eq!(answer.expect("an answer").state, PaymentState::Paid);
        }
        assert_eq!(bed.count("transfer WHERE kind = 'POST'").await, 40);
        until("the news is out", async || bed.world.subscriber.told().len() == 40).await;
        let failures = bed.engine.journal().counts().failures.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(failures, 0);
        bed.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_nothing_we_know_calls_a_person() {
    let bed = Bed::new().await;
    let attempt = switch_core::id::AttemptId(123_456_789);
    bed.desk.late_response("card", attempt, declined());
    bed.desk.alarm("card", "the counterparty's MAC key has expired");
    until("both were called", async || bed.alarm_book().len() == 2).await;
    let public = bed.engine.public_ids().show("pay", attempt.0);
    let expected = [
        (public, "an answer to a payment that is not known".to_owned()),
        ("connector card".to_owned(), "the counterparty's MAC key has expired".to_owned()),
    ];
    assert_eq!(bed.alarm_book(), expected);
    assert_eq!(bed.count("evidence").await, 0);
    bed.close().await;
}
