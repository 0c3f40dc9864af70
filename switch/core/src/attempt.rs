//! One try of a payment on one network: a fold over evidence.
//!
//! What is unknown ends only by evidence: an answer, a late answer, an enquiry,
//! an acknowledged reversal. Time alone never decides; it only calls a person.

mod mistakes;

use crate::connector::{Approval, AttemptRef, Decline, Enquiry, Outcome, ReversalAnswer, ReversalReason};

/// What is known of an attempt. States carry their facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptState {
    /// Committed before the wire; the answer is awaited.
    Sending,
    /// No usable answer. The armed reversal is queued and has not left.
    InDoubt(ReversalReason),
    /// A reversal has left or may have left; it repeats until acknowledged.
    Reversing {
        /// Why.
        reason: ReversalReason,
        /// Reversals committed to be sent.
        sends: u32,
    },
    /// A person is named, and the reversal goes on repeating.
    Review {
        /// Why.
        reason: ReversalReason,
        /// Reversals committed to be sent.
        sends: u32,
    },
    /// The money moved. Final.
    Approved(Approval),
    /// The counterparty refused. Final.
    Declined(Decline),
    /// Taken back, or proven absent. Final.
    Reversed {
        /// Raw response code of the proof.
        code: String,
    },
    /// Provably never sent. Final for this attempt; another network may be tried.
    NotSent,
}

impl AttemptState {
    /// Whether nothing but a new ledger movement can follow.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Sending | Self::InDoubt(_) | Self::Reversing { .. } | Self::Review { .. } => false,
            Self::Approved(_) | Self::Declined(_) | Self::Reversed { .. } | Self::NotSent => true,
        }
    }
}

/// A piece of evidence, or a moment that asks for a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The counterparty answered the request, in time or late.
    Answered(Outcome),
    /// Provably nothing was sent.
    NotSent,
    /// The wait is over without a usable answer.
    Silent,
    /// The process that had sent it is gone.
    Restarted,
    /// The next reversal is due.
    ReversalDue,
    /// The counterparty answered a reversal.
    ReversalAnswered(ReversalAnswer),
    /// A reversal went without an answer.
    ReversalSilent,
    /// The counterparty answered an enquiry.
    Enquired(Enquiry),
    /// It has been open for longer than a machine may keep it to itself.
    ReviewDue,
}

impl Event {
    /// The raw response code it brought; empty where there is none.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Answered(outcome) | Self::Enquired(Enquiry::Found(outcome)) => match outcome {
                Outcome::Approved(approval) => &approval.code,
                Outcome::Declined(decline) => &decline.code,
                Outcome::Pending { code } => code,
            },
            Self::Enquired(Enquiry::Absent { code })
            | Self::ReversalAnswered(
                ReversalAnswer::Reversed { code }
                | ReversalAnswer::Absent { code }
                | ReversalAnswer::Retry { code }
                | ReversalAnswer::Refused { code },
            ) => code,
            Self::NotSent | Self::Silent | Self::Restarted | Self::ReversalDue => "",
            Self::ReversalSilent | Self::ReviewDue => "",
        }
    }
}

/// What the engine has to do about an attempt, in this order, with the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptEffect {
    /// Send the reversal after the commit.
    SendReversal {
        /// Every copy after the first.
        repeat: bool,
    },
    /// Keep the evidence.
    Note(Note),
    /// Call a person.
    Alarm(Note),
    /// Open the closed attempt again, only to take the money back.
    RearmReversal,
}

/// What was seen that is not the plain course of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// An approval that came when the attempt was no longer waiting for one.
    LateApproval,
    /// A refusal that came when the attempt was no longer waiting for one.
    LateDecline,
    /// An answer whose amount, currency or references are not those of the request.
    MismatchedAnswer,
    /// The counterparty refuses the reversal itself.
    ReversalRefused,
    /// The counterparty says that an approved attempt is not there.
    Contradicted,
    /// Open for longer than the profile's `review_after_ms`.
    OpenTooLong,
}

impl Note {
    /// The word in the database and in alarms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LateApproval => "late_approval",
            Self::LateDecline => "late_decline",
            Self::MismatchedAnswer => "mismatched_answer",
            Self::ReversalRefused => "reversal_refused",
            Self::Contradicted => "contradicted",
            Self::OpenTooLong => "open_too_long",
        }
    }
}

/// An event that has no meaning in a state: the engine asked too early or too
/// late, and nothing changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event has no meaning in this state")]
pub struct NotNow;

/// The next state and what follows from it.
pub type AttemptStep = (AttemptState, Vec<AttemptEffect>);

/// An answer after it was compared with what was asked.
enum Believed {
    Approved(Approval),
    Declined(Decline),
    /// The counterparty does not know.
    Open,
    /// It says yes to something we did not ask.
    Mismatched,
}

fn believe(refs: &AttemptRef, outcome: Outcome) -> Believed {
    match outcome {
        Outcome::Approved(a)
            if a.amount == refs.amount && a.stan == refs.stan && a.rrn == refs.rrn().as_str() =>
        {
            Believed::Approved(a)
        }
        Outcome::Approved(_) => Believed::Mismatched,
        Outcome::Declined(d) => Believed::Declined(d),
        Outcome::Pending { .. } => Believed::Open,
    }
}

/// An answer while no reversal has left: it may still decide, unless the
/// counterparty has already said yes to something we did not ask for, or to a
/// payment that had ended. Then that money must come back first.
fn before_a_reversal(state: &AttemptState, reason: ReversalReason, believed: Believed) -> AttemptStep {
    use AttemptEffect::{Alarm, Note as Noted};
    match (believed, reason) {
        (Believed::Approved(a), ReversalReason::Timeout) => (AttemptState::Approved(a), vec![]),
        (Believed::Declined(d), ReversalReason::Timeout) => (AttemptState::Declined(d), vec![]),
        (Believed::Mismatched, ReversalReason::Timeout) => {
            let reason = ReversalReason::InvalidResponse;
            let next = match state {
                AttemptState::Review { sends, .. } => AttemptState::Review { reason, sends: *sends },
                _ => AttemptState::InDoubt(reason),
            };
            (next, vec![Noted(Note::MismatchedAnswer), Alarm(Note::MismatchedAnswer)])
        }
        (believed, _) => after_a_reversal(state, believed),
    }
}

/// An answer that cannot decide any more is evidence. After a yes the original is
/// there: a reversal that says otherwise, and crossed it on the way, proves nothing.
fn after_a_reversal(state: &AttemptState, believed: Believed) -> AttemptStep {
    let (note, there) = match believed {
        Believed::Approved(_) => (Note::LateApproval, Some(ReversalReason::LateApproval)),
        Believed::Mismatched => (Note::MismatchedAnswer, Some(ReversalReason::InvalidResponse)),
        Believed::Declined(_) => (Note::LateDecline, None),
        Believed::Open => return (state.clone(), vec![]),
    };
    let next = match (state, there) {
        (AttemptState::Reversing { reason, sends }, Some(there)) if reason.may_be_absent() => {
            AttemptState::Reversing { reason: there, sends: *sends }
        }
        (AttemptState::Review { reason, sends }, Some(there)) if reason.may_be_absent() => {
            AttemptState::Review { reason: there, sends: *sends }
        }
        _ => state.clone(),
    };
    (next, vec![AttemptEffect::Note(note)])
}

/// Applies one event. Repeating an event is harmless.
///
/// # Errors
/// [`NotNow`] when the event has no meaning in the state.
pub fn apply(refs: &AttemptRef, state: &AttemptState, event: Event) -> Result<AttemptStep, NotNow> {
    use AttemptEffect::{Alarm, Note as Noted, RearmReversal, SendReversal};
    use AttemptState as S;

    if let Some(step) = mistakes::made(refs, state, &event) {
        return Ok(step);
    }
    let same = || Ok((state.clone(), vec![]));
    let noted = |note| Ok((state.clone(), vec![Noted(note)]));
    let reversed = |code: String| Ok((S::Reversed { code }, vec![]));
    match state {
        S::Sending => match event {
            Event::Answered(outcome) => Ok(match believe(refs, outcome) {
                Believed::Approved(a) => (S::Approved(a), vec![]),
                Believed::Declined(d) => (S::Declined(d), vec![]),
                Believed::Open => (S::InDoubt(ReversalReason::Timeout), vec![]),
                Believed::Mismatched => (
                    S::InDoubt(ReversalReason::InvalidResponse),
                    vec![Noted(Note::MismatchedAnswer), Alarm(Note::MismatchedAnswer)],
                ),
            }),
            Event::NotSent => Ok((S::NotSent, vec![])),
            Event::Silent | Event::Restarted => Ok((S::InDoubt(ReversalReason::Timeout), vec![])),
            Event::ReversalDue
            | Event::ReversalAnswered(_)
            | Event::ReversalSilent
            | Event::Enquired(_)
            | Event::ReviewDue => Err(NotNow),
        },
        S::InDoubt(reason) => match event {
            Event::Answered(outcome) | Event::Enquired(Enquiry::Found(outcome)) => {
                Ok(before_a_reversal(state, *reason, believe(refs, outcome)))
            }
            Event::Enquired(Enquiry::Absent { code }) if reason.may_be_absent() => reversed(code),
            Event::ReversalDue => {
                Ok((S::Reversing { reason: *reason, sends: 1 }, vec![SendReversal { repeat: false }]))
            }
            Event::ReviewDue => Ok((
                S::Review { reason: *reason, sends: 0 },
                vec![Noted(Note::OpenTooLong), Alarm(Note::OpenTooLong)],
            )),
            Event::Enquired(Enquiry::Absent { .. }) | Event::Silent | Event::Restarted => same(),
            Event::NotSent | Event::ReversalAnswered(_) | Event::ReversalSilent => Err(NotNow),
        },
        S::Reversing { reason, sends } => match event {
            // Once a reversal may have left it is completed, whatever comes.
            Event::Answered(outcome) | Event::Enquired(Enquiry::Found(outcome)) => {
                Ok(after_a_reversal(state, believe(refs, outcome)))
            }
            Event::ReversalAnswered(ReversalAnswer::Reversed { code }) => reversed(code),
            Event::Enquired(Enquiry::Absent { code })
            | Event::ReversalAnswered(ReversalAnswer::Absent { code })
                if reason.may_be_absent() =>
            {
                reversed(code)
            }
            Event::Enquired(Enquiry::Absent { .. }) => same(),
            Event::ReversalDue => Ok((
                S::Reversing { reason: *reason, sends: sends.saturating_add(1) },
                vec![SendReversal { repeat: true }],
            )),
            Event::ReversalAnswered(ReversalAnswer::Refused { .. } | ReversalAnswer::Absent { .. }) => Ok((
                S::Review { reason: *reason, sends: *sends },
                vec![Noted(Note::ReversalRefused), Alarm(Note::ReversalRefused)],
            )),
            Event::ReviewDue => Ok((
                S::Review { reason: *reason, sends: *sends },
                vec![Noted(Note::OpenTooLong), Alarm(Note::OpenTooLong)],
            )),
            Event::ReversalAnswered(ReversalAnswer::Retry { .. })
            | Event::ReversalSilent
            | Event::Silent
            | Event::Restarted => same(),
            Event::NotSent => Err(NotNow),
        },
        S::Review { reason, sends } => match event {
            Event::Answered(outcome) | Event::Enquired(Enquiry::Found(outcome)) => {
                let believed = believe(refs, outcome);
                Ok(match sends {
                    0 => before_a_reversal(state, *reason, believed),
                    _ => after_a_reversal(state, believed),
                })
            }
            Event::ReversalAnswered(_) | Event::ReversalSilent if *sends == 0 => Err(NotNow),
            Event::ReversalAnswered(ReversalAnswer::Reversed { code }) => reversed(code),
            Event::Enquired(Enquiry::Absent { code })
            | Event::ReversalAnswered(ReversalAnswer::Absent { code })
                if reason.may_be_absent() =>
            {
                reversed(code)
            }
            Event::ReversalDue => Ok((
                S::Review { reason: *reason, sends: sends.saturating_add(1) },
                vec![SendReversal { repeat: *sends > 0 }],
            )),
            Event::ReversalAnswered(
                ReversalAnswer::Absent { .. } | ReversalAnswer::Retry { .. } | ReversalAnswer::Refused { .. },
            )
            | Event::Enquired(Enquiry::Absent { .. })
            | Event::ReversalSilent
            | Event::ReviewDue
            | Event::Silent
            | Event::Restarted => same(),
            Event::NotSent => Err(NotNow),
        },
        S::Approved(_) => match event {
            Event::Answered(outcome) | Event::Enquired(Enquiry::Found(outcome)) => {
                match believe(refs, outcome) {
                    Believed::Approved(_) | Believed::Open => same(),
                    // Perhaps a second charge: nothing is undone on suspicion.
                    Believed::Mismatched => Ok((
                        state.clone(),
                        vec![Noted(Note::MismatchedAnswer), Alarm(Note::MismatchedAnswer)],
                    )),
                    Believed::Declined(_) => noted(Note::LateDecline),
                }
            }
            // The counterparty says that what is paid is not there.
            Event::ReversalAnswered(ReversalAnswer::Reversed { .. } | ReversalAnswer::Absent { .. })
            | Event::Enquired(Enquiry::Absent { .. }) => {
                Ok((state.clone(), vec![Noted(Note::Contradicted), Alarm(Note::Contradicted)]))
            }
            Event::ReversalAnswered(_) | Event::ReversalSilent | Event::Silent | Event::Restarted => same(),
            Event::NotSent | Event::ReversalDue | Event::ReviewDue => Err(NotNow),
        },
        S::Declined(_) | S::Reversed { .. } | S::NotSent => match event {
            // Money moved after all: it goes back, and a person learns of it.
            Event::Answered(outcome) | Event::Enquired(Enquiry::Found(outcome)) => {
                match believe(refs, outcome) {
                    Believed::Approved(_) | Believed::Mismatched => Ok((
                        state.clone(),
                        vec![Noted(Note::LateApproval), Alarm(Note::LateApproval), RearmReversal],
                    )),
                    Believed::Declined(_) | Believed::Open => same(),
                }
            }
            Event::NotSent
            | Event::Silent
            | Event::Restarted
            | Event::ReversalAnswered(_)
            | Event::ReversalSilent
            | Event::Enquired(Enquiry::Absent { .. }) => same(),
            Event::ReversalDue | Event::ReviewDue => Err(NotNow),
        },
    }
}
