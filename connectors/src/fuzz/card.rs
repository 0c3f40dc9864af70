//! What a card host answers. Money moves only on an approval that repeats every reference of the request; an
//! attempt is over only by a code the settings list. Checked against the message itself, not against our reading of it.

use std::sync::LazyLock;

use codecs::iso8583::Message;
use switch_core::attempt::{AttemptState, Event, apply};
use switch_core::connector::{AttemptRef, Cause, Enquiry, Outcome, ReversalAnswer, ReversalReason};
use switch_core::id::{AttemptId, PaymentId, Rrn};
use switch_core::money::{Currency, Money};

use super::open_wire;
use crate::card_iso8583::messages::{network_code, read_enquiry, read_financial, read_reversal};
use crate::card_iso8583::settings::CardSettings;

static SETTINGS: LazyLock<CardSettings> = LazyLock::new(|| {
    CardSettings::from_toml(include_str!("../../../config/connectors/card-sandbox.toml"))
        .expect("the committed settings are used by every test")
});

/// The sale of the committed conversation: 50.01 ILS, trace 2, reference 00000004618H.
fn asked() -> AttemptRef {
    AttemptRef {
        payment: PaymentId(1),
        attempt: Rrn::attempt("00000004618H").unwrap_or(AttemptId(0)),
        stan: 2,
        sent_at: switch_core::clock::Timestamp(1_795_343_465_250),
        amount: Money::new(5001, Currency::Ils),
    }
}

/// Reads `bytes` after the first as the answer to a sale, a reversal and an enquiry; the first says which fields this
/// host may leave out. True when it would move money.
pub fn card_answer(bytes: &[u8]) -> bool {
    let (how, payload) = bytes.split_first().unwrap_or((&0, &[]));
    let optional: &[u8] = [&[][..], &[37], &[49], &[37, 49]][usize::from(how % 4)];
    let wire = open_wire(&SETTINGS.dialect);
    let Ok(answer) = wire.read(payload) else { return false };
    let refs = asked();

    let in_time = believed(&answer, &refs, read_financial(&answer, Some(&refs), optional), optional);
    // Whoever asked is gone: nothing may be filled in from the request.
    let late = believed(&answer, &refs, read_financial(&answer, None, &[]), &[]);
    assert!(in_time || !late, "a late answer proves no more than one in time");

    taken_back(&answer);
    enquired(&answer, &refs, optional);
    assert!(network_code(&answer).is_none_or(|code| answer.digits_u64(70) == Some(code.into())));
    in_time
}

/// Whether the attempt ends as approved; every reference is compared with the wire itself.
fn believed(answer: &Message<'_>, refs: &AttemptRef, read: Result<Outcome, Cause>, optional: &[u8]) -> bool {
    let outcome = match read {
        Ok(outcome) => outcome,
        Err(why) => {
            assert!(why.to_string().contains("field "), "a field is named: {why}");
            return false;
        }
    };
    let code = answer.text(39).expect("an answer without a code is none");
    let (state, _) =
        apply(refs, &AttemptState::Sending, Event::Answered(outcome)).expect("an answer is awaited");
    match &state {
        AttemptState::Approved(_) => {
            assert!(matches!(&*code, "00" | "08" | "10" | "11"), "{code} approves");
            echoed(answer, refs, optional);
        }
        AttemptState::Declined(decline) => {
            let open = ["00", "06", "08", "09", "10", "11", "68", "91", "92", "94", "95", "96"];
            assert!(decline.code == code && !open.contains(&&*code), "{code} declines");
        }
        AttemptState::InDoubt(_) => {}
        AttemptState::Sending
        | AttemptState::Reversing { .. }
        | AttemptState::Review { .. }
        | AttemptState::Reversed { .. }
        | AttemptState::NotSent => panic!("an answer leads to {state:?}"),
    }
    matches!(state, AttemptState::Approved(_))
}

/// Amount, currency, trace number and reference stand in the message as they stood in the request.
fn echoed(answer: &Message<'_>, refs: &AttemptRef, optional: &[u8]) {
    let is = |field: u8, expected: &str| match answer.text(field) {
        Some(text) => assert_eq!(text, expected, "field {field} of an approval"),
        None => assert!(optional.contains(&field), "an approval without field {field}"),
    };
    is(4, "000000005001");
    is(11, "000002");
    is(37, refs.rrn().as_str());
    is(49, "376");
}

fn taken_back(answer: &Message<'_>) {
    let (code, accepted) = match read_reversal(answer, &SETTINGS.reversal) {
        Ok(ReversalAnswer::Reversed { code }) => (code, "00"),
        Ok(ReversalAnswer::Absent { code }) => (code, "25"),
        Ok(ReversalAnswer::Retry { code } | ReversalAnswer::Refused { code }) => {
            assert!(code != "00" && code != "25", "what is accepted is over");
            return assert_eq!(answer.text(39).as_deref(), Some(&*code));
        }
        Err(why) => return assert!(!answer.has(39), "{why}"),
    };
    assert_eq!(code, accepted);
    assert_eq!(answer.text(39).as_deref(), Some(&*code));
}

fn enquired(answer: &Message<'_>, refs: &AttemptRef, optional: &[u8]) {
    let rules = SETTINGS.enquiry.as_ref().expect("the sandbox is asked");
    let doubt = AttemptState::InDoubt(ReversalReason::Timeout);
    match read_enquiry(answer, rules, refs, optional) {
        Ok(Enquiry::Absent { code }) => assert!(code == "25" && answer.text(39).as_deref() == Some("25")),
        Ok(found @ Enquiry::Found(_)) => {
            let (state, _) =
                apply(refs, &doubt, Event::Enquired(found)).expect("an attempt in doubt is asked about");
            if matches!(state, AttemptState::Approved(_)) {
                assert_eq!(answer.text(39).as_deref(), Some("00"), "the enquiry itself succeeded");
                let original = answer.text(44).expect("it says how the original ended");
                assert!(matches!(original.trim(), "00" | "08" | "10" | "11"), "{original} approves");
                echoed(answer, refs, optional);
            }
        }
        Err(why) => assert!(why.to_string().contains("field "), "{why}"),
    }
}
