//! One attempt, every state it can be in, and one piece of evidence of every
//! class. The names are those of the golden tables.

use proptest::prelude::*;
use switch_core::attempt::{AttemptEffect, AttemptState, Event};
use switch_core::clock::Timestamp;
use switch_core::connector::{
    Approval, AttemptRef, Decline, DeclineReason, Enquiry, Outcome, ReversalAnswer, ReversalReason,
};
use switch_core::id::{AttemptId, PaymentId};
use switch_core::money::{Currency, Money};
use switch_core::payment::{Attempt, Effect};

/// The attempt all evidence here is about: 50.00 ILS.
pub(crate) fn refs() -> AttemptRef {
    AttemptRef {
        payment: PaymentId(1_000_001),
        attempt: AttemptId(1_000_001),
        stan: 42,
        sent_at: Timestamp(1_795_343_465_250),
        amount: Money::new(5000, Currency::Ils),
    }
}

/// That attempt in a state.
pub(crate) fn attempt(state: AttemptState) -> Attempt {
    Attempt { refs: refs(), state }
}

/// An approval that repeats the request.
pub(crate) fn approval() -> Approval {
    Approval {
        amount: refs().amount,
        stan: refs().stan,
        rrn: refs().rrn().as_str().to_owned(),
        approval_code: "A1B2C3".into(),
        code: "00".into(),
    }
}

fn decline() -> Decline {
    Decline { reason: DeclineReason::InsufficientFunds, code: "51".into() }
}

fn code(code: &str) -> String {
    code.to_owned()
}

/// Every class of event: its name and one of it.
pub(crate) fn events() -> Vec<(&'static str, Event)> {
    let approved = |change: fn(&mut Approval)| {
        let mut approval = approval();
        change(&mut approval);
        Event::Answered(Outcome::Approved(approval))
    };
    let reversal = Event::ReversalAnswered;
    let found = |outcome| Event::Enquired(Enquiry::Found(outcome));
    vec![
        ("Approved", approved(|_| {})),
        ("ApprovedOtherAmount", approved(|a| a.amount = Money::new(500, Currency::Ils))),
        ("ApprovedOtherStan", approved(|a| a.stan = 43)),
        ("Declined", Event::Answered(Outcome::Declined(decline()))),
        ("AnswerPending", Event::Answered(Outcome::Pending { code: code("09") })),
        ("NotSent", Event::NotSent),
        ("Silent", Event::Silent),
        ("Restarted", Event::Restarted),
        ("ReversalDue", Event::ReversalDue),
        ("ReversalAccepted", reversal(ReversalAnswer::Reversed { code: code("00") })),
        ("ReversalAbsent", reversal(ReversalAnswer::Absent { code: code("25") })),
        ("ReversalRetry", reversal(ReversalAnswer::Retry { code: code("91") })),
        ("ReversalRefused", reversal(ReversalAnswer::Refused { code: code("30") })),
        ("ReversalSilent", Event::ReversalSilent),
        ("EnquiryApproved", found(Outcome::Approved(approval()))),
        ("EnquiryDeclined", found(Outcome::Declined(decline()))),
        ("EnquiryPending", found(Outcome::Pending { code: code("09") })),
        ("EnquiryAbsent", Event::Enquired(Enquiry::Absent { code: code("25") })),
        ("ReviewDue", Event::ReviewDue),
    ]
}

/// The class of an event. Without a wildcard: a new kind of event has no row in
/// the table until it is named here.
pub(crate) fn class(event: &Event) -> &'static str {
    match event {
        Event::Answered(Outcome::Approved(a)) if a.amount != refs().amount => "ApprovedOtherAmount",
        Event::Answered(Outcome::Approved(a)) if a.stan != refs().stan => "ApprovedOtherStan",
        Event::Answered(Outcome::Approved(_)) => "Approved",
        Event::Answered(Outcome::Declined(_)) => "Declined",
        Event::Answered(Outcome::Pending { .. }) => "AnswerPending",
        Event::NotSent => "NotSent",
        Event::Silent => "Silent",
        Event::Restarted => "Restarted",
        Event::ReversalDue => "ReversalDue",
        Event::ReversalAnswered(ReversalAnswer::Reversed { .. }) => "ReversalAccepted",
        Event::ReversalAnswered(ReversalAnswer::Absent { .. }) => "ReversalAbsent",
        Event::ReversalAnswered(ReversalAnswer::Retry { .. }) => "ReversalRetry",
        Event::ReversalAnswered(ReversalAnswer::Refused { .. }) => "ReversalRefused",
        Event::ReversalSilent => "ReversalSilent",
        Event::Enquired(Enquiry::Found(Outcome::Approved(_))) => "EnquiryApproved",
        Event::Enquired(Enquiry::Found(Outcome::Declined(_))) => "EnquiryDeclined",
        Event::Enquired(Enquiry::Found(Outcome::Pending { .. })) => "EnquiryPending",
        Event::Enquired(Enquiry::Absent { .. }) => "EnquiryAbsent",
        Event::ReviewDue => "ReviewDue",
    }
}

/// Every state, with the counts of reversals that make a difference.
pub(crate) fn states() -> Vec<AttemptState> {
    let reason = ReversalReason::Timeout;
    vec![
        AttemptState::Sending,
        AttemptState::InDoubt(reason),
        AttemptState::InDoubt(ReversalReason::InvalidResponse),
        AttemptState::Reversing { reason, sends: 1 },
        AttemptState::Review { reason, sends: 0 },
        AttemptState::Review { reason, sends: 1 },
        AttemptState::Approved(approval()),
        AttemptState::Declined(decline()),
        AttemptState::Reversed { code: code("00") },
        AttemptState::NotSent,
    ]
}

/// The state's kind, without its facts.
pub(crate) fn kind(state: &AttemptState) -> &'static str {
    match state {
        AttemptState::Sending => "Sending",
        AttemptState::InDoubt(_) => "InDoubt",
        AttemptState::Reversing { .. } => "Reversing",
        AttemptState::Review { .. } => "Review",
        AttemptState::Approved(_) => "Approved",
        AttemptState::Declined(_) => "Declined",
        AttemptState::Reversed { .. } => "Reversed",
        AttemptState::NotSent => "NotSent",
    }
}

/// The state with the facts that later steps depend on.
pub(crate) fn show(state: &AttemptState) -> String {
    match state {
        AttemptState::InDoubt(reason) => format!("InDoubt({})", reason.as_str()),
        AttemptState::Reversing { reason, sends } => format!("Reversing({}, {sends})", reason.as_str()),
        AttemptState::Review { reason, sends } => format!("Review({}, {sends})", reason.as_str()),
        AttemptState::Reversed { code } => format!("Reversed({code})"),
        AttemptState::Sending
        | AttemptState::Approved(_)
        | AttemptState::Declined(_)
        | AttemptState::NotSent => kind(state).to_owned(),
    }
}

/// An effect in a few words.
pub(crate) fn show_effect(effect: &Effect) -> String {
    match effect {
        Effect::Post => "Post".into(),
        Effect::Void => "Void".into(),
        Effect::ReleaseBill => "ReleaseBill".into(),
        Effect::PurgeCard => "PurgeCard".into(),
        Effect::Publish(state) => format!("Publish {}", state.as_str()),
        Effect::Attempt(AttemptEffect::SendReversal { repeat: false }) => "SendReversal first".into(),
        Effect::Attempt(AttemptEffect::SendReversal { repeat: true }) => "SendReversal repeat".into(),
        Effect::Attempt(AttemptEffect::Note(note)) => format!("Note {}", note.as_str()),
        Effect::Attempt(AttemptEffect::Alarm(note)) => format!("Alarm {}", note.as_str()),
        Effect::Attempt(AttemptEffect::RearmReversal) => "RearmReversal".into(),
    }
}

/// Any event of any class; approvals and codes vary, so that a fact that should be kept can be told from a new one.
pub(crate) fn any_event() -> impl Strategy<Value = Event> {
    (0..events().len(), 0..3u8).prop_map(|(class, copy)| {
        let (_, mut event) = events().swap_remove(class);
        if let Event::Answered(Outcome::Approved(a)) | Event::Enquired(Enquiry::Found(Outcome::Approved(a))) =
            &mut event
        {
            a.approval_code = format!("COPY{copy:02}");
        }
        event
    })
}

/// A story of an attempt, long enough to end in every way.
pub(crate) fn any_events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(any_event(), 0..24)
}
