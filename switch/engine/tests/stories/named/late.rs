//! Answers that come late, twice, at once, or to an attempt that is not the
//! current one.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use switch_core::attempt::AttemptState;
use switch_core::bill::BillState;
use switch_core::connector::{AttemptRef, Outcome, Profile, ReversalReason};
use switch_core::id::{AttemptId, PaymentId};
use switch_core::payment::PaymentState;

use super::{Place, at_the_network, bill_state, close, ended};
use crate::auditor;
use crate::bed::{Bed, ils, until};
use crate::network::{Network, Script, Seen, approved, declined, profile};

on_both! {
    a_late_decline_leaves_paid_what_is_paid,
    a_decline_of_the_first_payment_leaves_the_second_paid,
    a_decline_of_a_payment_given_up_leaves_the_next_one_open,
    an_answer_to_the_first_attempt_leaves_the_second_alone,
    a_hundred_late_approvals_at_once_pay_once,
    an_answer_in_time_and_the_same_one_late_are_one_payment,
    yes_and_no_at_once_end_in_one_of_the_two,
    a_story_that_outlives_its_attempt_leaves_alone_the_one_that_is_opened_again,
}

// NEARBuilders/nearmerch.com#209: a failure event that came late set an order back that had been paid.
async fn a_late_decline_leaves_paid_what_is_paid(place: Place) {
    let bed = place.bed().await;
    let bill = bed.bill(20_000).await;
    let order = bed.order(&bill).await;
    let paid = bed.engine.pay(order.clone()).await.expect("an answer");
    assert_eq!(paid.state, PaymentState::Paid);
    let refs = bed.network().requests().remove(0);
    bed.network().late(&refs, declined());
    until("it is kept", async || bed.notes(paid.payment).await == ["late_decline"]).await;
    assert_eq!(bed.state(paid.payment).await, PaymentState::Paid);
    assert_eq!(bill_state(&bed, &bill).await, BillState::Paid);
    assert_eq!(bed.engine.pay(order).await.expect("an answer").answer, paid.answer);
    assert_eq!(bed.network().seen(ils(20_000)), [Seen::Request], "nothing is taken back");
    until("one event, that of the payment", async || bed.count("outbox").await == 0).await;
    assert_eq!(bed.world.subscriber.told().len(), 1);
    bed.close().await;
}

// 202-ecommerce/stripe_official#79: an hour after the second try had paid, the failure of the first
// came again and the order was shown as failed.
async fn a_decline_of_the_first_payment_leaves_the_second_paid(place: Place) {
    let bed = place.bed().await;
    let (amount, network) = (ils(20_100), bed.network());
    let bill = bed.bill(20_100).await;
    network.script(amount, Script::Decline);
    let first = bed.engine.pay(bed.order(&bill).await).await.expect("an answer");
    assert_eq!(first.state, PaymentState::Declined);
    let refs = network.requests().remove(0);
    network.script(amount, Script::Approve);
    let second = bed.engine.pay(bed.order(&bill).await).await.expect("an answer");
    assert_eq!(second.state, PaymentState::Paid);

    bed.world.clock.advance(3_600_000);
    network.late(&refs, declined());
    // An end in order hears everything that was said before it.
    bed.engine.drain().await;
    assert_eq!(bed.state(first.payment).await, PaymentState::Declined);
    assert_eq!(bed.state(second.payment).await, PaymentState::Paid);
    assert_eq!(bill_state(&bed, &bill).await, BillState::Paid);
    assert_eq!(bed.count("evidence").await, 0, "what is known is no news");
    assert_eq!(network.seen(amount), [Seen::Request, Seen::Request]);
    bed.close().await;
}

// themeum/tutor#2360: the failure of a session that had been given up overwrote the order that its
// retry was paying.
async fn a_decline_of_a_payment_given_up_leaves_the_next_one_open(place: Place) {
    let bed = place.bed().await;
    let (amount, network) = (ils(20_200), bed.network());
    let bill = bed.bill(20_200).await;
    network.script(amount, Script::Lost);
    let given_up = bed.engine.pay(bed.order(&bill).await).await.expect("an answer").payment;
    bed.becomes(given_up, PaymentState::Reversed).await;
    let refs = network.requests().remove(0);

    network.script(amount, Script::Held);
    let (next, story) = at_the_network(&bed, bed.order(&bill).await).await;
    network.late(&refs, declined());
    // Said after it: once this is heard, that has had its effect.
    bed.desk.alarm("card", "the end of the story");
    until("it was heard", async || bed.alarms() == 1).await;
    assert_eq!(bed.state(next.payment).await, PaymentState::Processing);
    assert_eq!(bill_state(&bed, &bill).await, BillState::InPayment, "the next one holds it");
    network.let_go(1);
    let paid = story.await.expect("ends").expect("an answer");
    assert_eq!((paid.payment, paid.state), (next.payment, PaymentState::Paid));
    assert_eq!(bill_state(&bed, &bill).await, BillState::Paid);
    assert_eq!(bed.state(given_up).await, PaymentState::Reversed);
    bed.close().await;
}

// polarsource/polar#14274: the failure of an older attempt opened a checkout again whose newer attempt
// was being paid; the attempt of the event was not compared with the current one.
async fn an_answer_to_the_first_attempt_leaves_the_second_alone(place: Place) {
    let first = Network::new(Profile { priority: 1, ..profile("first") });
    let second = Network::new(Profile { priority: 2, ..profile("second") });
    let bed = place.world(vec![second, first]).await.live(1).await;
    let (second, first) = (&bed.world.networks[0], &bed.world.networks[1]);
    let amount = ils(20_300);
    first.script(amount, Script::NotSent);
    second.script(amount, Script::Held);
    let bill = bed.bill(20_300).await;
    let (newer, story) = at_the_network(&bed, bed.order(&bill).await).await;
    let older = AttemptRef { attempt: AttemptId(newer.payment.0), ..newer.clone() };
    assert_ne!(older.attempt, newer.attempt, "it was moved");

    first.late(&older, declined());
    until("a person is called", async || bed.alarms() == 1).await;
    assert_eq!(bed.state(newer.payment).await, PaymentState::Processing, "the newer one is at work");
    let open = switch_store::attempt::of_payment(&bed.db, newer.payment).await.expect("read");
    assert_eq!(open.map(|work| work.attempt.refs.attempt), Some(newer.attempt));
    assert_eq!(bill_state(&bed, &bill).await, BillState::InPayment);
    second.let_go(1);
    let paid = story.await.expect("ends").expect("an answer");
    assert_eq!(paid.state, PaymentState::Paid);

    // And after the end as well.
    first.late(&older, declined());
    until("a person is called", async || bed.alarms() == 2).await;
    assert_eq!(bed.state(newer.payment).await, PaymentState::Paid);
    assert_eq!(bill_state(&bed, &bill).await, BillState::Paid);
    assert_eq!((first.seen(amount), second.seen(amount)), (vec![], vec![Seen::Request]));
    bed.close().await;
}

// polarsource/polar#14274, at its narrowest: the answer was taken for one to the current attempt, and
// while it is written down the payment moves on. Only the server can be held between the two.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_meets_the_move_to_another_network_does_not_go_with_it() {
    let first = Network::new(Profile { priority: 1, ..profile("first") });
    let second = Network::new(Profile { priority: 2, ..profile("second") });
    let bed = Place::Postgres.world(vec![second, first]).await.live_with(1, false).await;
    let (second, first) = (&bed.world.networks[0], &bed.world.networks[1]);
    // From now on the second network's account is known: the move waits for the ledger only.
    first.script(ils(20_311), Script::NotSent);
    bed.pay_new(20_311).await.1.expect("an answer");
    first.script(ils(20_310), Script::NotSentHeld);
    second.script(ils(20_310), Script::Held);
    let order = bed.order(&bed.bill(20_310).await).await;
    let engine = Arc::clone(&bed.engine);
    let story = tokio::spawn(async move { engine.pay(order).await });
    until("it is taken in", async || bed.count("open_attempt").await == 1).await;
    let open = switch_store::attempt::all_open(&bed.db, PaymentId(0), 1).await.expect("read").remove(0);

    let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let held = auditor::lock(&bed.world.url, "transfer").await;
    first.let_go(1);
    until("it is being moved", async || bed.count(waiting).await == 1).await;
    first.late(&open.attempt.refs, declined());
    until("the answer is being written down", async || bed.count(waiting).await == 2).await;
    held.rollback().await.expect("unlocked");

    until("it was moved", async || second.seen(ils(20_310)).len() == 1).await;
    until("a person is called", async || bed.alarms() == 1).await;
    assert_eq!(bed.state(open.attempt.refs.payment).await, PaymentState::Processing);
    second.let_go(1);
    let paid = story.await.expect("ends").expect("an answer");
    assert_eq!((paid.payment, paid.state), (open.attempt.refs.payment, PaymentState::Paid));
    bed.close().await;
}

// mollie/laravel-cashier-mollie#321: the same event, delivered several times at once, credited a
// customer twice; nothing told the delivery that had made the change from the others.
async fn a_hundred_late_approvals_at_once_pay_once(place: Place) {
    let (one, two) = place.nodes().await;
    let network = one.network();
    network.script(ils(20_400), Script::ApproveSilently);
    let id = one.pay_new(20_400).await.1.expect("an answer").payment;
    let refs = network.requests().remove(0);

    // On the server, both nodes decide before either can write.
    let held = match place {
        Place::Sqlite => None,
        Place::Postgres => Some(auditor::lock(&one.world.url, "transfer").await),
    };
    for n in 0..100 {
        let node = two.as_ref().filter(|_| n % 2 == 0).unwrap_or(&one);
        node.desk.late_response("card", refs.attempt, Outcome::Approved(approved(&refs)));
    }
    if let Some(held) = held {
        let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        until("both have decided", async || one.count(waiting).await == 2).await;
        held.rollback().await.expect("unlocked");
    }
    one.becomes(id, PaymentState::Paid).await;
    let heard = |bed: &Bed| bed.engine.counters().late_answers.load(Relaxed);
    until("all were heard", async || heard(&one) + two.as_ref().map_or(0, heard) == 100).await;
    for bed in [Some(&one), two.as_ref()].into_iter().flatten() {
        bed.engine.drain().await;
    }
    assert_eq!(ended(&one, two.as_ref(), 0), 1, "one of them made it paid");
    assert_eq!(one.count("transfer WHERE kind = 'POST'").await, 1);
    assert_eq!(one.count("outbox").await, 1, "one event");
    assert_eq!(one.notes(id).await, [""; 0], "the others say nothing new");
    assert_eq!(one.alarms() + two.as_ref().map_or(0, Bed::alarms), 0);
    close(one, two).await;
}

// woocommerce/woocommerce-gateway-stripe#542: the browser that came back and the event of the same
// payment met, and the order was completed twice or by neither.
async fn an_answer_in_time_and_the_same_one_late_are_one_payment(place: Place) {
    let (one, two) = place.nodes().await;
    let network = one.network();
    for minor in 20_500..20_530 {
        network.script(ils(minor), Script::Held);
        let order = one.order(&one.bill(minor).await).await;
        let (refs, story) = at_the_network(&one, order.clone()).await;
        let late = || {
            let node = two.as_ref().unwrap_or(&one);
            node.desk.late_response("card", refs.attempt, Outcome::Approved(approved(&refs)));
        };
        if minor % 2 == 0 {
            late();
            network.let_go(1);
        } else {
            network.let_go(1);
            late();
        }
        let told = story.await.expect("ends").expect("an answer");
        assert_eq!((told.state, told.answer.status), (PaymentState::Paid, 201), "{minor}");
        let kept = one.view(told.payment).await.answer;
        assert_eq!(Some(&told.answer), kept.as_ref(), "{minor}: its asker was told what is kept");
        assert_eq!(one.engine.pay(order).await.expect("an answer").answer, told.answer, "{minor}");
        assert_eq!(one.notes(told.payment).await, [""; 0], "{minor}");
    }
    let heard = |bed: &Bed| bed.engine.counters().late_answers.load(Relaxed);
    until("all were heard", async || heard(two.as_ref().unwrap_or(&one)) == 30).await;
    assert_eq!(ended(&one, two.as_ref(), 0), 30, "each became paid once");
    assert_eq!(one.count("transfer WHERE kind = 'POST'").await, 30);
    assert_eq!(one.count("outbox").await, 30, "one event each");
    close(one, two).await;
}

// opengovsg/FormSG#6022: two events came at the same moment, and the state that was written last was
// not the state that was true.
async fn yes_and_no_at_once_end_in_one_of_the_two(place: Place) {
    let (one, two) = place.nodes().await;
    let network = one.network();
    let other = two.as_ref().unwrap_or(&one);
    let mut all = Vec::new();
    for minor in 20_600..20_630 {
        network.script(ils(minor), Script::ApproveSilently);
        let id = one.pay_new(minor).await.1.expect("an answer").payment;
        let refs = network.requests().pop().expect("it was sent");
        let (yes, no) = if minor % 2 == 0 { (&one, other) } else { (other, &one) };
        let say_yes = || {
            yes.desk.late_response("card", refs.attempt, Outcome::Approved(approved(&refs)));
        };
        if minor % 4 < 2 {
            say_yes();
        }
        no.desk.late_response("card", refs.attempt, declined());
        if minor % 4 >= 2 {
            say_yes();
        }
        all.push((minor, id));
    }
    for (minor, id) in &all {
        until("what came second is kept", async || one.notes(*id).await.len() == 1).await;
        let (state, note) = (one.state(*id).await, one.notes(*id).await.remove(0));
        match state {
            PaymentState::Paid => assert_eq!(note, "late_decline", "{minor}"),
            PaymentState::Declined => assert_eq!(note, "late_approval", "{minor}"),
            other => panic!("{minor} is {other:?}"),
        }
    }
    // What was taken without being paid goes back; what is paid stays.
    one.engine.run(one.world.subscriber.clone());
    until("nothing is open", async || one.count("open_attempt").await == 0).await;
    for (minor, id) in &all {
        let paid = one.state(*id).await == PaymentState::Paid;
        let reversals = network.seen(ils(*minor)).len() - 1;
        assert_eq!(reversals, usize::from(!paid), "{minor}");
        let posted = format!("transfer WHERE cause = {} AND kind = 'POST'", id.0);
        assert_eq!(one.count(&posted).await, i64::from(paid), "{minor}");
    }
    let (paid, no) = (ended(&one, two.as_ref(), 0), ended(&one, two.as_ref(), 1));
    assert!(paid > 0 && no > 0 && paid + no == 30, "both happened: {paid} paid, {no} declined");
    close(one, two).await;
}

// Seed 1016522 of the simulation: an attempt was ended elsewhere and opened again by a late approval
// while the story that had sent it still waited. The attempt began to count its steps from zero a second
// time, so that story's end passed for the next step: its asker was told what no repeat was told, and the
// reversal lost the reason why "no such original" must not be believed.
async fn a_story_that_outlives_its_attempt_leaves_alone_the_one_that_is_opened_again(place: Place) {
    let bed = place.world(vec![Network::new(profile("card"))]).await.live_with(1, false).await;
    let network = bed.network();
    for (minor, script) in [(20_700, Script::LostHeld), (20_701, Script::Held)] {
        network.script(ils(minor), script);
        let order = bed.order(&bed.bill(minor).await).await;
        let (refs, story) = at_the_network(&bed, order.clone()).await;
        network.late(&refs, declined());
        bed.becomes(refs.payment, PaymentState::Declined).await;
        network.late(&refs, Outcome::Approved(approved(&refs)));
        let open = async || switch_store::attempt::of_payment(&bed.db, refs.payment).await.expect("read");
        until("it is opened again", async || open().await.is_some()).await;
        let armed = open().await.expect("it is open").attempt;
        assert_eq!(armed.state, AttemptState::InDoubt(ReversalReason::LateApproval), "{minor}");

        network.let_go(1);
        let told = story.await.expect("ends").expect("an answer");
        assert_eq!(told.state, PaymentState::Declined, "{minor}");
        assert_eq!(bed.engine.pay(order).await.expect("an answer").answer, told.answer, "{minor}");
        assert_eq!(open().await.map(|work| work.attempt), Some(armed), "{minor}");
        let posted = format!("transfer WHERE cause = {} AND kind = 'POST'", refs.payment.0);
        assert_eq!(bed.count(&posted).await, 0, "{minor}");
    }
    bed.engine.run(bed.world.subscriber.clone());
    until("both go back", async || network.charged().is_empty()).await;
    until("and are closed", async || bed.count("open_attempt").await == 0).await;
    bed.close().await;
}
