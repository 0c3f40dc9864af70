//! The words in the database: each reads back, and none was quietly renamed.

use std::fmt::Debug;

use switch_core::attempt::Note;
use switch_core::connector::{DeclineReason, Method, ReversalReason};
use switch_core::ledger::TransferKind;
use switch_core::payment::{Channel, PaymentState, RefusedReason};
use switch_core::person::PayerKind;

fn check<T: Copy + PartialEq + Debug>(
    words: &[(T, &str)],
    show: fn(T) -> &'static str,
    parse: fn(&str) -> Option<T>,
) {
    for (value, word) in words {
        assert_eq!(show(*value), *word);
        assert_eq!(parse(word), Some(*value), "{word}");
        assert_eq!(parse(&format!("{word} ")), None);
    }
    assert_eq!(parse(""), None);
}

#[test]
fn every_word_reads_back() {
    let states = [
        (PaymentState::Processing, "PROCESSING"),
        (PaymentState::Pending, "PENDING"),
        (PaymentState::ManualReview, "MANUAL_REVIEW"),
        (PaymentState::Paid, "PAID"),
        (PaymentState::Declined, "DECLINED"),
        (PaymentState::Reversed, "REVERSED"),
        (PaymentState::Failed, "FAILED"),
        (PaymentState::Refused, "REFUSED"),
    ];
    assert_eq!(states.map(|(state, _)| state), PaymentState::ALL);
    check(&states, PaymentState::as_str, PaymentState::parse);

    let reasons = [
        (DeclineReason::InsufficientFunds, "insufficient_funds"),
        (DeclineReason::CardNotAccepted, "card_not_accepted"),
        (DeclineReason::LimitExceeded, "limit_exceeded"),
        (DeclineReason::NotPermitted, "not_permitted"),
        (DeclineReason::Rejected, "rejected"),
    ];
    assert_eq!(reasons.map(|(reason, _)| reason), DeclineReason::ALL);
    check(&reasons, DeclineReason::as_str, DeclineReason::parse);

    let methods = [(Method::Card, "card"), (Method::Cash, "cash")];
    assert_eq!(methods.map(|(method, _)| method), Method::ALL);
    check(&methods, Method::as_str, Method::parse);

    check(&[(Channel::Api, "api"), (Channel::Pos, "pos")], Channel::as_str, Channel::parse);
    check(
        &[
            (TransferKind::Pending, "PENDING"),
            (TransferKind::Post, "POST"),
            (TransferKind::Void, "VOID"),
            (TransferKind::Book, "BOOK"),
        ],
        TransferKind::as_str,
        TransferKind::parse,
    );
    check(
        &[
            (ReversalReason::Timeout, "timeout"),
            (ReversalReason::InvalidResponse, "invalid_response"),
            (ReversalReason::LateApproval, "late_approval"),
        ],
        ReversalReason::as_str,
        ReversalReason::parse,
    );
    check(
        &[
            (PayerKind::NationalId, "national_id"),
            (PayerKind::Passport, "passport"),
            (PayerKind::Company, "company"),
        ],
        PayerKind::as_str,
        PayerKind::parse,
    );
}

#[test]
fn words_that_are_only_written() {
    for (word, expected) in [
        (RefusedReason::BillTaken.as_str(), "bill_taken"),
        (RefusedReason::FloatShort.as_str(), "float_short"),
        (Note::LateApproval.as_str(), "late_approval"),
        (Note::LateDecline.as_str(), "late_decline"),
        (Note::MismatchedAnswer.as_str(), "mismatched_answer"),
        (Note::ReversalRefused.as_str(), "reversal_refused"),
        (Note::OpenTooLong.as_str(), "open_too_long"),
    ] {
        assert_eq!(word, expected);
    }
}
