//! The card link against its twin: every way a host can answer, not answer, or break.

use std::sync::Arc;
use std::time::Duration;

use connectors::card_iso8583::sandbox::{CardHost, Fault, HostSettings, State};
use switch_core::connector::{
    Cause, DeclineReason, Outcome, Payments, Reversal, ReversalAnswer, ReversalReason, SendError, Session,
};
use switch_core::money::{Currency, Money};

use crate::support::{Pair, attempt, card, card_settings, connect, pay, until};

const GOOD: &str = "4111111111111111";

fn take_back(n: u32, repeat: bool) -> Reversal {
    Reversal { original: attempt(n), card: Some(card(GOOD)), repeat, reason: ReversalReason::Timeout }
}

#[tokio::test]
async fn a_payment_goes_through_and_both_books_agree() {
    let pair = Pair::start(|_| {}).await;
    let outcome = pair.card.send(&pay(1, GOOD)).await.expect("an answer");
    let Outcome::Approved(approval) = outcome else { panic!("{outcome:?}") };
    assert_eq!(approval.amount, Money::new(5001, Currency::Ils));
    assert_eq!((approval.stan, approval.rrn.as_str()), (2, attempt(1).rrn().as_str()));
    assert_eq!((approval.approval_code.as_str(), approval.code.as_str()), ("000001", "00"));
    let entry = pair.host.book().find(&approval.rrn).expect("in the host's book");
    assert_eq!((entry.state, entry.amount_minor, entry.currency.as_str()), (State::Approved, 5001, "376"));
    assert_eq!(entry.transmitted, 1_122_103_105);
    pair.card.close().await;
    assert!(!pair.card.is_up());
    let refused = pair.card.send(&pay(2, GOOD)).await;
    assert_eq!(refused, Err(SendError::NotSent(Cause::LinkDown)));
}

#[tokio::test]
async fn test_cards_end_as_the_table_says() {
    let pair = Pair::start(|_| {}).await;
    let declined = |reason, code: &str| Ok::<_, SendError>(format!("{reason:?} {code}"));
    for (n, number, expected) in [
        (1, "4000000000000002", declined(DeclineReason::InsufficientFunds, "51")),
        (2, "4000000000000069", declined(DeclineReason::CardNotAccepted, "54")),
        (3, "4000000000006975", declined(DeclineReason::LimitExceeded, "61")),
        (4, "4000000000009235", declined(DeclineReason::NotPermitted, "ZZ")),
        (5, "4000000000000119", Ok("pending 96".into())),
        (6, "4000000000004954", Ok("pending 91".into())),
        (7, "4000000000001976", Ok("approved 2503 10".into())),
        (8, "4000000000000101", Ok("approved 999999 00".into())),
        (9, "4000000000000010", Err(SendError::Unknown(Cause::Timeout))),
        (10, "4000000000000028", Err(SendError::Unknown(Cause::Timeout))),
        (
            11,
            "4000000000000341",
            Err(SendError::Unknown(Cause::Untrusted("the MAC of an answer is wrong".into()))),
        ),
        (12, "4000000000000259", Err(SendError::Unknown(Cause::LinkLost))),
        (13, "4100000000000019", Err(SendError::Unknown(Cause::LinkLost))),
        (14, "4000000000002685", Ok("approved 5014 00".into())),
    ] {
        pair.until_up().await;
        let outcome = pair.card.send(&pay(n, number)).await.map(|outcome| match outcome {
            Outcome::Approved(approval) => format!("approved {} {}", approval.amount.minor(), approval.code),
            Outcome::Declined(decline) => format!("{:?} {}", decline.reason, decline.code),
            Outcome::Pending { code } => format!("pending {code}"),
        });
        assert_eq!(outcome, expected, "{number}");
        if n >= 12 {
            until("the broken link is noticed", || {
                pair.card.counters().reconnects.get() >= u64::from(n - 11)
            })
            .await;
        }
    }
    assert!(pair.card.counters().untrusted.get() >= 2);
    assert!(!pair.evidence.alarms.lock().expect("no panic under the lock").is_empty());
}

#[tokio::test]
async fn sign_on_refused_lets_nothing_through() {
    let settings = card_settings(|_| {});
    let host = CardHost::start(HostSettings::twin_of(&settings, "127.0.0.1:0")).expect("a free port");
    host.faults().refuse_sign_on = Some("58".into());
    let (card, evidence) = connect(&host, settings);
    until("sign-on was refused", || !evidence.alarms.lock().expect("no panic under the lock").is_empty())
        .await;
    assert!(!card.is_up());
    assert_eq!(card.send(&pay(1, GOOD)).await, Err(SendError::NotSent(Cause::LinkDown)));
    host.faults().refuse_sign_on = None;
    until("the link comes up by itself", || card.is_up()).await;
    assert!(card.send(&pay(1, GOOD)).await.is_ok());
    assert_eq!(host.book().summary().sales, 1);
}

#[tokio::test]
async fn a_thousand_in_flight_each_get_their_own_answer() {
    let pair = Pair::start(|settings| settings.link.response_timeout = Duration::from_secs(15)).await;
    {
        let mut plan = pair.host.faults();
        plan.random = vec![(300, Fault::OutOfOrder), (100, Fault::Decline("51".into()))];
        plan.service_time = Duration::from_millis(20);
    }
    let payments: Vec<_> = (0..1000)
        .map(|n| {
            let card = Arc::clone(&pair.card);
            tokio::spawn(async move { (n, card.send(&pay(n, GOOD)).await) })
        })
        .collect();
    for payment in payments {
        let (n, outcome) = payment.await.expect("no panic");
        match outcome.expect("an answer") {
            Outcome::Approved(approval) => {
                assert_eq!(
                    (approval.stan, approval.rrn),
                    (attempt(n).stan, attempt(n).rrn().as_str().to_owned())
                );
            }
            Outcome::Declined(decline) => assert_eq!(decline.code, "51"),
            Outcome::Pending { code } => panic!("{code}"),
        }
    }
    let summary = pair.host.book().summary();
    assert_eq!((summary.sales, summary.approved + summary.declined, summary.repeats), (1000, 1000, 0));
    assert_eq!(pair.card.counters().late.get(), 0);
}

#[tokio::test]
async fn a_late_answer_is_evidence_for_its_attempt() {
    let pair = Pair::start(|settings| settings.link.response_timeout = Duration::from_millis(40)).await;
    pair.host.faults().script.push_back(Some(Fault::LateBy(Duration::from_millis(120))));
    assert_eq!(pair.card.send(&pay(1, GOOD)).await, Err(SendError::Unknown(Cause::Timeout)));
    until("the late answer came", || pair.card.counters().late.get() == 1).await;
    let late = pair.evidence.late.lock().expect("no panic under the lock").clone();
    let [(of, Outcome::Approved(approval))] = late.as_slice() else { panic!("{late:?}") };
    assert_eq!((*of, approval.amount.minor()), (attempt(1).attempt, 5001));
}

#[tokio::test]
async fn a_late_answer_is_never_given_to_a_new_request_with_its_trace_number() {
    let pair = Pair::start(|settings| settings.link.response_timeout = Duration::from_millis(60)).await;
    pair.host.faults().script.extend([Some(Fault::LateBy(Duration::from_millis(90))), Some(Fault::Mute)]);
    let mut again = pay(2, GOOD);
    again.refs.stan = attempt(1).stan;
    assert_eq!(pair.card.send(&pay(1, GOOD)).await, Err(SendError::Unknown(Cause::Timeout)));
    assert_eq!(pair.card.send(&again).await, Err(SendError::Unknown(Cause::Timeout)));
    until("the late answer came", || pair.card.counters().late.get() == 1).await;
    assert_eq!(pair.evidence.late.lock().expect("no panic under the lock")[0].0, attempt(1).attempt);
}

#[tokio::test]
async fn the_same_key_in_flight_is_refused_and_the_first_is_not_disturbed() {
    let pair = Pair::start(|_| {}).await;
    pair.host.faults().script.push_back(Some(Fault::LateBy(Duration::from_millis(80))));
    let first = {
        let card = Arc::clone(&pair.card);
        tokio::spawn(async move { card.send(&pay(1, GOOD)).await })
    };
    until("the first is in flight", || pair.card.counters().in_flight.get() == 1).await;
    assert_eq!(pair.card.send(&pay(1, GOOD)).await, Err(SendError::NotSent(Cause::LinkFull)));
    assert!(matches!(first.await.expect("no panic"), Ok(Outcome::Approved(_))));
    assert_eq!(pair.host.book().summary().repeats, 0);
}

#[tokio::test]
async fn a_full_link_refuses_before_a_byte_leaves() {
    let pair = Pair::start(|settings| settings.link.in_flight_max = 3).await;
    pair.host.faults().always = Some(Fault::Mute);
    let waiting: Vec<_> = (0..3)
        .map(|n| {
            let card = Arc::clone(&pair.card);
            tokio::spawn(async move { card.send(&pay(n, GOOD)).await })
        })
        .collect();
    until("three are in flight", || pair.card.counters().in_flight.get() == 3).await;
    assert_eq!(pair.card.send(&pay(9, GOOD)).await, Err(SendError::NotSent(Cause::LinkFull)));
    for waiting in waiting {
        assert_eq!(waiting.await.expect("no panic"), Err(SendError::Unknown(Cause::Timeout)));
    }
    assert_eq!(pair.host.book().summary().sales, 3);
}

#[tokio::test]
async fn a_second_copy_of_an_answer_is_evidence_too() {
    let pair = Pair::start(|_| {}).await;
    assert!(matches!(pair.card.send(&pay(1, "4000000000000044")).await, Ok(Outcome::Approved(_))));
    until("the second copy came", || pair.card.counters().late.get() == 1).await;
    assert_eq!(pair.evidence.late.lock().expect("no panic under the lock").len(), 1);
}

#[tokio::test]
async fn a_request_without_answer_is_taken_back_by_its_own_references() {
    let pair = Pair::start(|_| {}).await;
    pair.host.faults().script.push_back(Some(Fault::Mute));
    pair.host.faults().mute_reversals = 1;
    assert_eq!(pair.card.send(&pay(1, GOOD)).await, Err(SendError::Unknown(Cause::Timeout)));
    let first = pair.card.reverse(&take_back(1, false)).await;
    assert_eq!(first, Err(SendError::Unknown(Cause::Timeout)));
    let again = pair.card.reverse(&take_back(1, true)).await;
    assert_eq!(again, Ok(ReversalAnswer::Reversed { code: "00".into() }));
    let entry = pair.host.book().find(attempt(1).rrn().as_str()).expect("in the book");
    assert_eq!((entry.state, entry.reversals), (State::Reversed, 2));
    assert_eq!(pair.host.book().summary().standing(), 0);
}

#[tokio::test]
async fn an_answer_to_a_reversal_is_read_by_the_rules_of_the_host() {
    let pair = Pair::start(|_| {}).await;
    for (n, code, expected) in [
        (1, "00", ReversalAnswer::Reversed { code: "00".into() }),
        (2, "25", ReversalAnswer::Absent { code: "25".into() }),
        (3, "91", ReversalAnswer::Retry { code: "91".into() }),
        (4, "96", ReversalAnswer::Retry { code: "96".into() }),
        (5, "30", ReversalAnswer::Refused { code: "30".into() }),
        (6, "12", ReversalAnswer::Refused { code: "12".into() }),
    ] {
        pair.host.faults().refuse_reversals = Some(code.into());
        assert_eq!(pair.card.reverse(&take_back(n, false)).await, Ok(expected), "{code}");
    }
    let strict = Pair::start(|settings| settings.reversal.not_found_is_reversed = false).await;
    let answer = strict.card.reverse(&take_back(1, false)).await;
    assert_eq!(answer, Ok(ReversalAnswer::Refused { code: "25".into() }));
}

#[tokio::test]
async fn a_reversal_that_comes_first_declines_its_late_original() {
    let pair = Pair::start(|_| {}).await;
    let answer = pair.card.reverse(&take_back(1, false)).await;
    assert_eq!(answer, Ok(ReversalAnswer::Absent { code: "25".into() }));
    let outcome = pair.card.send(&pay(1, GOOD)).await;
    assert!(matches!(outcome, Ok(Outcome::Declined(_))), "{outcome:?}");
    assert_eq!(pair.host.book().summary().approved, 0);
}

#[tokio::test]
async fn later_messages_carry_the_business_date_of_the_cut_over() {
    let pair = Pair::start(|_| {}).await;
    assert_eq!(pair.card.business_date(), None);
    pair.host.cut_over(1123);
    until("the cut-over is taken up", || pair.card.business_date() == Some(1123)).await;
    assert!(matches!(pair.card.send(&pay(1, GOOD)).await, Ok(Outcome::Approved(_))));
}

#[tokio::test]
async fn echo_goes_both_ways_and_a_silent_host_is_left() {
    let pair = Pair::start(|settings| {
        settings.link.echo_interval = Duration::from_millis(30);
        settings.link.response_timeout = Duration::from_millis(25);
        settings.link.echo_misses_max = 2;
    })
    .await;
    let before = pair.card.counters().messages_in.get();
    until("echo tests are answered", || pair.card.counters().messages_in.get() >= before + 3).await;
    assert!(pair.card.is_up());
    let answered = pair.host.counters().messages_in.get();
    pair.host.echo();
    until("the host's echo is answered", || pair.host.counters().messages_in.get() > answered).await;
    pair.host.faults().mute_network = true;
    until("the silent host is left", || pair.card.counters().reconnects.get() > 0).await;
    assert!(!pair.card.is_up());
    pair.host.faults().mute_network = false;
    pair.until_up().await;
}

#[tokio::test]
async fn a_lost_link_comes_back_and_what_was_in_flight_is_unknown() {
    let pair = Pair::start(|_| {}).await;
    pair.host.faults().always = Some(Fault::Mute);
    let waiting = {
        let card = Arc::clone(&pair.card);
        tokio::spawn(async move { card.send(&pay(1, GOOD)).await })
    };
    until("the host has it", || pair.host.book().summary().sales == 1).await;
    pair.host.disconnect();
    assert_eq!(waiting.await.expect("no panic"), Err(SendError::Unknown(Cause::LinkLost)));
    pair.host.faults().always = None;
    until("the link was lost", || pair.card.counters().reconnects.get() == 1).await;
    pair.until_up().await;
    assert!(matches!(pair.card.send(&pay(2, GOOD)).await, Ok(Outcome::Approved(_))));
}

#[tokio::test]
async fn a_host_that_signs_us_off_is_left_and_signed_on_again() {
    let pair = Pair::start(|_| {}).await;
    pair.host.sign_off();
    until("the link went down", || pair.card.counters().reconnects.get() == 1).await;
    pair.until_up().await;
    assert!(matches!(pair.card.send(&pay(1, GOOD)).await, Ok(Outcome::Approved(_))));
}

#[tokio::test]
async fn closing_lets_what_is_in_flight_end_and_signs_off() {
    let pair = Pair::start(|_| {}).await;
    pair.host.faults().script.push_back(Some(Fault::LateBy(Duration::from_millis(100))));
    let waiting = {
        let card = Arc::clone(&pair.card);
        tokio::spawn(async move { card.send(&pay(1, GOOD)).await })
    };
    until("it is in flight", || pair.host.book().summary().sales == 1).await;
    pair.card.close().await;
    assert!(matches!(waiting.await.expect("no panic"), Ok(Outcome::Approved(_))));
}

#[tokio::test]
async fn an_oversize_length_closes_the_link() {
    let pair = Pair::start(|_| {}).await;
    pair.host.send_raw(&[0xFF, 0xFF]);
    until("the link was left", || pair.card.counters().reconnects.get() == 1).await;
    pair.until_up().await;
}

#[tokio::test]
async fn a_payment_without_a_card_is_not_sent() {
    let pair = Pair::start(|_| {}).await;
    let mut instruction = pay(1, GOOD);
    instruction.card = None;
    let refused = pair.card.send(&instruction).await;
    assert!(matches!(refused, Err(SendError::NotSent(Cause::Unbuildable(_)))), "{refused:?}");
}

#[tokio::test]
async fn other_dialects_and_framings_pay_and_reverse_too() {
    for (profile, framing, tpdu) in [
        ("iso87-bcd", "len2-be-tpdu", Some([0x60, 0, 3, 0, 0])),
        ("iso87-bcd-rf", "len2-bcd", None),
        ("iso87-abin", "len4-ascii", None),
        ("iso87-ebcdic", "vml", None),
        ("iso87-ascii", "len2-be-inclusive", None),
    ] {
        let pair = Pair::start(|settings| {
            settings.dialect = codecs::iso8583::Profile::by_name(profile).expect("built in");
            settings.link.framing = codecs::Framing::parse_name(framing).expect("known");
            settings.link.tpdu = tpdu;
        })
        .await;
        let outcome = pair.card.send(&pay(1, GOOD)).await;
        assert!(matches!(outcome, Ok(Outcome::Approved(_))), "{profile} {framing}: {outcome:?}");
        let answer = pair.card.reverse(&take_back(1, false)).await;
        assert_eq!(answer, Ok(ReversalAnswer::Reversed { code: "00".into() }), "{profile}");
    }
}

#[tokio::test]
async fn the_book_is_on_disk_before_the_answer_is_on_the_wire() {
    let path = std::env::temp_dir().join(format!("card-book-{}.jsonl", std::process::id()));
    let settings = card_settings(|_| {});
    let mut twin = HostSettings::twin_of(&settings, "127.0.0.1:0");
    twin.book = Some(path.clone());
    let host = CardHost::start(twin.clone()).expect("a free port");
    let (card, _evidence) = connect(&host, settings.clone());
    until("the link is up", || card.is_up()).await;
    assert!(matches!(card.send(&pay(1, GOOD)).await, Ok(Outcome::Approved(_))));
    let on_disk = connectors::card_iso8583::sandbox::Book::read(&path).expect("a book");
    assert_eq!((on_disk.len(), on_disk[0].state), (1, State::Approved));
    host.stop().await;
    // A host that starts again knows what it approved.
    let host = CardHost::start(twin).expect("a free port");
    let (card, _evidence) = connect(&host, settings);
    until("the link is up again", || card.is_up()).await;
    assert_eq!(card.reverse(&take_back(1, true)).await, Ok(ReversalAnswer::Reversed { code: "00".into() }));
    assert_eq!(host.book().summary().standing(), 0);
    std::fs::remove_file(path).expect("our own file");
}
