//! Work in hand: taken over from the dead, fenced, moved to another network.

use switch_core::attempt::AttemptState;
use switch_core::connector::ReversalReason;
use switch_core::id::{AttemptId, PaymentId};
use switch_core::idempotency::Answer;
use switch_core::payment::PaymentState;
use switch_store::attempt::{self, OpenWork};
use switch_store::journal::IntakeVerdict;
use switch_store::{Journal, payment};

use crate::bed::{Bed, NOW, TODAY};

suite! {
    a_start_takes_over_its_own_and_what_others_left_behind,
    a_running_node_takes_over_only_what_is_past_its_time,
    an_attempt_that_was_never_sent_moves_to_another_network,
    the_first_answer_under_a_key_stays,
    due_work_comes_in_the_order_of_its_time,
}

async fn open_one(bed: &Bed, journal: &Journal, node: u8, due_in_ms: i64) -> PaymentId {
    let mut intake = bed.intake(&bed.key(), &bed.bill().await);
    (intake.attempt.node, intake.attempt.due_at) = (node, NOW.plus_ms(due_in_ms));
    let id = intake.payment.id;
    assert_eq!(journal.intake(intake).await.expect("taken"), IntakeVerdict::Taken);
    id
}

async fn take_over(bed: &Bed, node: u8, own: bool) -> Vec<PaymentId> {
    let mut tx = bed.db.begin().await.expect("begins");
    let mut taken = attempt::take_over(&mut tx, node, own, NOW).await.expect("taken over");
    tx.commit().await.expect("commits");
    taken.sort();
    taken
}

async fn work(bed: &Bed, id: PaymentId) -> OpenWork {
    attempt::of_payment(&bed.db, id).await.expect("read").expect("is open")
}

async fn a_start_takes_over_its_own_and_what_others_left_behind(bed: &Bed) {
    let journal = bed.journal().await;
    let own = open_one(bed, &journal, 1, 60_000).await;
    let alive = open_one(bed, &journal, 2, 60_000).await;
    let gone = open_one(bed, &journal, 2, -1).await;
    assert_eq!(take_over(bed, 1, true).await, [own, gone]);
    assert_eq!(take_over(bed, 1, true).await, [], "once is enough");
    for (id, state, epoch) in [
        (own, AttemptState::InDoubt(ReversalReason::Timeout), 1),
        (alive, AttemptState::Sending, 0),
        (gone, AttemptState::InDoubt(ReversalReason::Timeout), 1),
    ] {
        let found = work(bed, id).await;
        assert_eq!((found.attempt.state, found.attempt.epoch), (state, epoch));
        let by_reference = attempt::of_attempt(&bed.db, AttemptId(id.0)).await.expect("read");
        assert_eq!(by_reference.map(|w| w.attempt.refs), Some(found.attempt.refs));
    }
    let summary = attempt::summary(&bed.db).await.expect("counted");
    let mut lines: Vec<_> = summary.iter().map(|s| (s.state.as_str(), s.open, s.oldest)).collect();
    lines.sort();
    assert_eq!(lines, [("IN_DOUBT", 2, NOW), ("SENDING", 1, NOW)]);
}

async fn a_running_node_takes_over_only_what_is_past_its_time(bed: &Bed) {
    let journal = bed.journal().await;
    let sending = open_one(bed, &journal, 1, 60_000).await;
    let elsewhere = open_one(bed, &journal, 2, 60_000).await;
    assert!(!attempt::past_its_time(&bed.db, NOW).await.expect("looked"));
    assert_eq!(take_over(bed, 1, false).await, []);
    // A story of this node that broke off is nobody else's to find.
    let broken_off = open_one(bed, &journal, 1, -1).await;
    let gone = open_one(bed, &journal, 2, -1).await;
    assert!(attempt::past_its_time(&bed.db, NOW).await.expect("looked"));
    assert_eq!(take_over(bed, 1, false).await, [broken_off, gone]);
    assert!(!attempt::past_its_time(&bed.db, NOW).await.expect("looked"));
    for id in [sending, elsewhere] {
        assert_eq!(work(bed, id).await.attempt.state, AttemptState::Sending);
    }
}

async fn an_attempt_that_was_never_sent_moves_to_another_network(bed: &Bed) {
    let journal = bed.journal().await;
    let id = open_one(bed, &journal, 1, 60_000).await;
    let old = work(bed, id).await.attempt;
    let mut new = old.clone();
    new.refs.attempt = AttemptId(bed.id());
    (new.refs.stan, new.refs.sent_at) = (77, NOW.plus_ms(10));
    (new.attempt_no, new.connector, new.debit) = (2, "other".into(), bed.bank);
    let mut tx = bed.db.begin().await.expect("begins");
    assert!(attempt::reroute(&mut tx, &old, &new, TODAY).await.expect("moved"));
    assert!(!attempt::reroute(&mut tx, &old, &new, TODAY).await.expect("the epoch is gone"));
    tx.commit().await.expect("commits");
    let found = work(bed, id).await.attempt;
    assert_eq!((&*found.connector, found.attempt_no, found.epoch), ("other", 2, 1));
    assert_eq!(found.refs, new.refs);
    let ledger = "SELECT seq || ' ' || kind || ' ' || debit FROM transfer ORDER BY seq";
    let (first, second) = (bed.receivable.0, bed.bank.0);
    assert_eq!(
        bed.raw.texts(ledger).await,
        [format!("1 PENDING {first}"), format!("2 VOID {first}"), format!("3 PENDING {second}")]
    );
    assert!(attempt::of_attempt(&bed.db, AttemptId(id.0)).await.expect("read").is_none());
}

async fn the_first_answer_under_a_key_stays(bed: &Bed) {
    let journal = bed.journal().await;
    let intake = bed.intake(&bed.key(), &bed.bill().await);
    let (id, mut ending) = (intake.payment.id, bed.ending(&intake, PaymentState::Paid));
    journal.intake(intake).await.expect("taken");
    let mut tx = bed.db.begin().await.expect("begins");
    for status in [202, 500] {
        let answer = Answer { status, body: format!("{status}") };
        attempt::keep_answer(&mut tx, id, &answer, NOW).await.expect("kept");
    }
    tx.commit().await.expect("commits");
    ending.epoch = 0;
    journal.end(ending).await.expect("ended");
    let view = payment::find(&bed.db, id).await.expect("read").expect("is there");
    assert_eq!(view.state, PaymentState::Paid);
    assert_eq!(view.answer, Some(Answer { status: 202, body: "202".into() }));

    // An answer that came with the outcome was given: none is put in its place.
    let intake = bed.intake(&bed.key(), &bed.bill().await);
    let (id, ending) = (intake.payment.id, bed.ending(&intake, PaymentState::Paid));
    let given = ending.outcome.answer.clone();
    assert!(given.is_some());
    journal.intake(intake).await.expect("taken");
    journal.end(ending).await.expect("ended");
    let mut tx = bed.db.begin().await.expect("begins");
    let answer = Answer { status: 202, body: "late".into() };
    attempt::keep_answer(&mut tx, id, &answer, NOW).await.expect("no error");
    tx.commit().await.expect("commits");
    let view = payment::find(&bed.db, id).await.expect("read").expect("is there");
    assert_eq!(view.answer, given);
}

async fn due_work_comes_in_the_order_of_its_time(bed: &Bed) {
    let journal = bed.journal().await;
    let mut expected = Vec::new();
    for due_in_ms in [30, 10, 20] {
        let id = open_one(bed, &journal, 1, 60_000).await;
        let mut tx = bed.db.begin().await.expect("begins");
        let next = AttemptState::Reversing { reason: ReversalReason::InvalidResponse, sends: 3 };
        let due_at = NOW.plus_ms(due_in_ms);
        assert!(attempt::advance(&mut tx, id, 0, &next, due_at).await.expect("advanced"));
        assert!(!attempt::postpone(&mut tx, id, 0, NOW).await.expect("the epoch is gone"));
        tx.commit().await.expect("commits");
        assert_eq!(work(bed, id).await.attempt.state, next);
        expected.push((due_at, id));
    }
    open_one(bed, &journal, 1, -5).await;
    expected.sort();
    let due = attempt::due(&bed.db, NOW.plus_ms(25), 10).await.expect("read");
    let found: Vec<_> = due.iter().map(|w| (w.attempt.due_at, w.attempt.refs.payment)).collect();
    assert_eq!(found, expected[..2]);
    assert_eq!(attempt::due(&bed.db, NOW.plus_ms(30), 1).await.expect("read").len(), 1);
}
