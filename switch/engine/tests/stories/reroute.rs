//! What was provably not sent may go another way; what may have been sent, never.

use switch_core::connector::{Outcome, Profile};
use switch_core::payment::PaymentState;

use crate::bed::{Bed, World, ils, until};
use crate::network::{Network, Script, Seen, approved, profile};

async fn two_networks() -> Bed {
    let first = Network::new(Profile { priority: 1, ..profile("first") });
    let second = Network::new(Profile { priority: 2, ..profile("second") });
    World::sqlite(vec![second, first]).live(1).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_sent_goes_another_way_with_a_promise_of_its_own() {
    let bed = two_networks().await;
    let (second, first) = (&bed.world.networks[0], &bed.world.networks[1]);
    let amount = ils(9_000);
    first.script(amount, Script::NotSent);
    let (order, answer) = bed.pay_new(9_000).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.state, PaymentState::Paid);
    assert_eq!((first.seen(amount), second.seen(amount)), (vec![], vec![Seen::Request]));
    let kinds = "SELECT t.seq || ' ' || t.kind || ' ' || a.code FROM transfer t
                 JOIN account a ON a.id = t.debit ORDER BY t.seq";
    assert_eq!(
        crate::auditor::texts(&bed.world.url, kinds).await,
        [
            "1 PENDING receivable:first:ILS",
            "2 VOID receivable:first:ILS",
            "3 PENDING receivable:second:ILS",
            "4 POST receivable:second:ILS"
        ]
    );
    let view = bed.view(answer.payment).await;
    assert_eq!(view.connector.as_deref(), Some("second"));
    assert_ne!(view.attempt.map(|a| a.0), Some(answer.payment.0), "a reference of its own");
    assert_eq!(bed.engine.pay(order).await.expect("an answer").answer, answer.answer);
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_takes_has_failed_and_frees_its_bill() {
    let bed = two_networks().await;
    for network in &bed.world.networks {
        network.script(ils(9_100), Script::NotSent);
    }
    let bill = bed.bill(9_100).await;
    let failed = bed.engine.pay(bed.order(&bill).await).await.expect("an answer");
    assert_eq!(failed.state, PaymentState::Failed);
    assert_eq!(bed.view(failed.payment).await.reason.as_deref(), Some("not_sent"));
    bed.world.networks[0].script(ils(9_100), Script::Approve);
    let paid = bed.engine.pay(bed.order(&bill).await).await.expect("an answer");
    assert_eq!(paid.state, PaymentState::Paid);
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_have_been_sent_goes_no_other_way() {
    let bed = two_networks().await;
    let (second, first) = (&bed.world.networks[0], &bed.world.networks[1]);
    first.script(ils(9_200), Script::ApproveSilently);
    let (_, answer) = bed.pay_new(9_200).await;
    bed.becomes(answer.expect("an answer").payment, PaymentState::Reversed).await;
    assert_eq!(second.seen(ils(9_200)), []);
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rerouted_attempt_is_found_by_its_own_reference_after_its_end() {
    let bed = two_networks().await;
    let (second, first) = (&bed.world.networks[0], &bed.world.networks[1]);
    let amount = ils(9_300);
    first.script(amount, Script::NotSent);
    second.script(amount, Script::Decline);
    let (_, answer) = bed.pay_new(9_300).await;
    let id = answer.expect("an answer").payment;
    bed.becomes(id, PaymentState::Declined).await;
    let refs = second.requests().remove(0);
    bed.world.clock.advance(2_000);
    second.late(&refs, Outcome::Approved(approved(&refs)));
    until("it was taken back", async || second.charged().is_empty()).await;
    until("and closed", async || bed.count("open_attempt").await == 0).await;
    assert_eq!(second.references(amount), [refs.clone(), refs], "by the references of the original");
    assert_eq!(bed.notes(id).await, ["late_approval"]);
    assert_eq!(bed.state(id).await, PaymentState::Declined);
    bed.close().await;
}
