//! Time-outs: what they give back, how they are told, and that they end.

use switch_core::bill::BillState;
use switch_core::connector::{Enquiry, Outcome, Profile};
use switch_core::id::PaymentId;
use switch_core::payment::PaymentState;
use switch_engine::pay::PayOrder;
use switch_store::{ledger, payment};

use super::{Place, at_the_network, bill_state};
use crate::auditor;
use crate::bed::{Bed, MINISTRY, ils, until};
use crate::network::{Network, Script, Seen, Undo, approved, profile};

on_both! {
    a_time_out_gives_back_the_promise_and_the_bill,
    a_payment_that_timed_out_is_read_as_what_it_is,
    nothing_more_is_said_of_what_is_final,
    the_words_of_the_inside_stay_inside,
    a_time_out_is_told_in_one_way_whenever_it_is_seen,
}

// mojaloop/project#868: a transfer timed out and the payer's position stayed reserved.
async fn a_time_out_gives_back_the_promise_and_the_bill(place: Place) {
    let bed = place.bed().await;
    let (amount, network) = (ils(20_700), bed.network());
    network.script(amount, Script::ApproveSilently);
    network.undo(amount, &[Undo::Lost, Undo::Accept]);
    let bill = bed.bill(20_700).await;
    let id = bed.engine.pay(bed.order(&bill).await).await.expect("an answer").payment;
    until("a reversal left", async || network.seen(amount).len() == 2).await;
    bed.rests(id, 5_000).await;
    assert_eq!(bill_state(&bed, &bill).await, BillState::InPayment, "held while it is not known");
    assert_eq!(bed.count("transfer WHERE kind = 'PENDING'").await, 1);

    bed.world.clock.advance(5_000);
    bed.becomes(id, PaymentState::Reversed).await;
    assert_eq!(bill_state(&bed, &bill).await, BillState::Open);
    assert_eq!(bed.count("bill_claim").await, 0);
    let kinds = format!("SELECT kind FROM transfer WHERE cause = {} ORDER BY seq", id.0);
    assert_eq!(auditor::texts(&bed.world.url, &kinds).await, ["PENDING", "VOID"]);
    assert_eq!(ledger::balances(&bed.db).await.expect("read"), [], "no balance has moved");

    network.script(amount, Script::Approve);
    let again = bed.engine.pay(bed.order(&bill).await).await.expect("an answer");
    assert_eq!(again.state, PaymentState::Paid);
    let balances = ledger::balances(&bed.db).await.expect("read");
    let moved: Vec<_> = balances.iter().map(|b| b.balance_minor).collect();
    assert_eq!(moved, [20_700, -20_700], "payable and receivable of the one that is paid");
    bed.close().await;
}

/// What everyone who may ask is told of a payment: by number, by key, in the list.
async fn read_everywhere(bed: &Bed, order: &PayOrder, id: PaymentId) -> PaymentState {
    let by_number = bed.view(id).await.state;
    let by_key = payment::find_by_key(&bed.db, order.client, &order.key).await.expect("read");
    let list = payment::list(&bed.db, order.client, None, 1).await.expect("read");
    assert_eq!(by_key.map(|view| (view.payment.id, view.state)), Some((id, by_number)));
    assert_eq!(list.first().map(|view| (view.payment.id, view.state)), Some((id, by_number)));
    by_number
}

// mojaloop/project#3078: asking for a transfer that had expired was answered with an error instead of
// the transfer and its state.
async fn a_payment_that_timed_out_is_read_as_what_it_is(place: Place) {
    let bed = place.bed().await;
    let (amount, network) = (ils(20_800), bed.network());
    network.script(amount, Script::ApproveSilently);
    network.undo(amount, &[Undo::Lost, Undo::Refuse, Undo::Accept]);
    let (order, first) = bed.pay_new(20_800).await;
    let first = first.expect("an answer");
    let id = first.payment;
    for (copies, wait, state) in [(2, 5_000, PaymentState::Pending), (3, 15_000, PaymentState::ManualReview)]
    {
        until("a reversal left", async || network.seen(amount).len() == copies).await;
        bed.rests(id, wait).await;
        assert_eq!(read_everywhere(&bed, &order, id).await, state);
        let repeat = bed.engine.pay(order.clone()).await.expect("never an error");
        assert_eq!((repeat.answer, repeat.state), (first.answer.clone(), state));
        bed.world.clock.advance(wait);
    }
    bed.becomes(id, PaymentState::Reversed).await;
    assert_eq!(read_everywhere(&bed, &order, id).await, PaymentState::Reversed);
    let view = bed.view(id).await;
    assert_eq!((view.reason.as_deref(), view.approval_code), (Some("not_completed"), None));
    assert!(view.ended_at.is_some(), "it says since when");
    let repeat = bed.engine.pay(order).await.expect("never an error");
    assert_eq!((repeat.answer, repeat.state), (first.answer, PaymentState::Reversed));
    bed.close().await;
}

// mojaloop/project#2810: transfers that had ended in an error stayed in the table of time-outs, and
// their time-out was announced again and again.
async fn nothing_more_is_said_of_what_is_final(place: Place) {
    let bed = place.bed().await;
    let network = bed.network();
    let ends = [
        (20_900, Script::ApproveSilently, PaymentState::Reversed),
        (20_901, Script::OtherAmount, PaymentState::Reversed),
        (20_902, Script::Decline, PaymentState::Declined),
        (20_903, Script::Approve, PaymentState::Paid),
        (20_904, Script::NotSent, PaymentState::Failed),
    ];
    for (minor, script, state) in ends {
        network.script(ils(minor), script);
        let id = bed.pay_new(minor).await.1.expect("an answer").payment;
        bed.becomes(id, state).await;
    }
    until("all are told", async || bed.count("outbox").await == 0).await;
    let seen = || ends.map(|(minor, ..)| network.seen(ils(minor)));
    let (before, alarms, evidence) = (seen(), bed.alarms(), bed.count("evidence").await);

    // Longer than any wait and any limit; what is due then is looked at in the order of its time.
    for minor in [20_910, 20_911] {
        bed.world.clock.advance(86_400_000);
        network.script(ils(minor), Script::ApproveSilently);
        let id = bed.pay_new(minor).await.1.expect("an answer").payment;
        bed.becomes(id, PaymentState::Reversed).await;
        until("it is told", async || bed.count("outbox").await == 0).await;
    }
    assert_eq!(seen(), before, "no further message");
    assert_eq!(bed.world.subscriber.told().len(), ends.len() + 2, "no further event");
    assert_eq!((bed.alarms(), bed.count("evidence").await), (alarms, evidence), "no further note");
    assert_eq!(bed.count("open_attempt").await, 0);
    bed.close().await;
}

// mojaloop/project#684: participants were told EXPIRED_RESERVED, a state of the switch's own, where
// the agreed word was ABORTED.
async fn the_words_of_the_inside_stay_inside(place: Place) {
    let bed = place.bed().await;
    let (amount, network) = (ils(21_000), bed.network());
    network.script(amount, Script::Held);
    network.undo(amount, &[Undo::Lost, Undo::Refuse, Undo::Accept]);
    let order = bed.order(&bed.bill(21_000).await).await;
    let (refs, story) = at_the_network(&bed, order.clone()).await;
    let id = refs.payment;
    let mut said = vec![read_everywhere(&bed, &order, id).await.as_str().to_owned()];
    // A yes to something else: in doubt, taken back, refused, reviewed, and back after all.
    let mut mismatched = approved(&refs);
    mismatched.rrn = "000000000001".into();
    network.late(&refs, Outcome::Approved(mismatched));
    for (copies, wait) in [(1, 5_000), (2, 15_000)] {
        until("one left", async || network.seen(amount).len() == 1 + copies).await;
        bed.rests(id, wait).await;
        said.push(read_everywhere(&bed, &order, id).await.as_str().to_owned());
        said.push(bed.engine.pay(order.clone()).await.expect("an answer").answer.body);
        bed.world.clock.advance(wait);
    }
    bed.becomes(id, PaymentState::Reversed).await;
    network.undo(amount, &[Undo::Accept]);
    network.let_go(1);
    let told = story.await.expect("ends").expect("an answer");
    said.extend([told.state.as_str().to_owned(), told.answer.body]);
    until("it is told", async || bed.world.subscriber.told().len() == 1).await;
    said.extend(bed.world.subscriber.told().iter().map(|event| event.2.as_str().to_owned()));

    let view = bed.view(id).await;
    said.extend([view.state.as_str().to_owned(), view.reason.unwrap_or_default()]);
    let inside = ["SENDING", "IN_DOUBT", "REVERSING", "REVIEW", "timeout", "invalid_response", "30", "card"];
    let words: Vec<_> = said.iter().flat_map(|text| text.split(' ')).collect();
    for word in inside {
        assert!(!words.contains(&word), "{word} is shown: {words:?}");
    }
    for shown in ["PROCESSING", "PENDING", "MANUAL_REVIEW", "REVERSED", "not_completed"] {
        assert!(words.contains(&shown), "{shown} was seen on the way: {words:?}");
    }
    bed.close().await;
}

// mojaloop/project#1877: the error of one and the same time-out was another one depending on who
// noticed it first.
async fn a_time_out_is_told_in_one_way_whenever_it_is_seen(place: Place) {
    let asks = Profile { enquiry: true, ..profile("card") };
    let bed = place.world(vec![Network::new(asks)]).await.live(1).await;
    let network = bed.network();
    network.answer_enquiries(ils(21_103), Enquiry::Absent { code: "25".into() });
    let pending = Outcome::Pending { code: "09".into() };
    network.answer_enquiries(ils(21_104), Enquiry::Found(pending));
    let mut told = Vec::new();
    for (minor, script, undo) in [
        (21_100, Script::ApproveSilently, &[Undo::Accept][..]),
        (21_101, Script::Lost, &[Undo::Lost, Undo::Accept]),
        (21_102, Script::PendingCode, &[Undo::Retry, Undo::Accept]),
        (21_103, Script::Lost, &[]),
        (21_104, Script::ApproveSilently, &[Undo::Refuse, Undo::Accept]),
    ] {
        network.script(ils(minor), script);
        network.undo(ils(minor), undo);
        let (order, first) = bed.pay_new(minor).await;
        let first = first.expect("an answer");
        let id = first.payment;
        let early = bed.engine.pay(order.clone()).await.expect("an answer").answer;
        if undo.len() > 1 {
            let left = || network.seen(ils(minor)).iter().any(|s| matches!(s, Seen::Reversal { .. }));
            until("one left", async || left()).await;
            bed.rests(id, 5_000).await;
            bed.world.clock.advance(5_000);
        }
        bed.becomes(id, PaymentState::Reversed).await;
        let late = bed.engine.pay(order.clone()).await.expect("an answer").answer;
        assert_eq!((&early, &late), (&first.answer, &first.answer), "{minor}: the same all the time");
        until("it is told", async || bed.count("outbox").await == 0).await;
        let event = bed.world.subscriber.told().pop().expect("one each");
        assert_eq!(event.1, id);
        let view = bed.view(id).await;
        let body = first.answer.body.replace(&id.0.to_string(), "ID");
        told.push((first.answer.status, body, view.state, view.reason, event.2));
    }
    let one = (
        202,
        "PENDING ID -".to_owned(),
        PaymentState::Reversed,
        Some("not_completed".to_owned()),
        PaymentState::Reversed,
    );
    assert_eq!(told, vec![one; 5]);
    assert_eq!(MINISTRY, bed.view(bed.world.subscriber.told()[0].1).await.payment.client);
    bed.close().await;
}
