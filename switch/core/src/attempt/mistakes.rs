//! The planted bugs of the machine: what `apply` must never say, for the
//! simulation to find. Without the feature `faults` it says nothing.

use super::{AttemptEffect, AttemptState as S, AttemptStep, Event, Note};
use crate::connector::{
    Approval, AttemptRef, Decline, DeclineReason, Outcome, ReversalAnswer, ReversalReason,
};
use crate::fault::{Planted, planted};

/// The wrong step, where one is planted for this state and event.
pub(super) fn made(refs: &AttemptRef, state: &S, event: &Event) -> Option<AttemptStep> {
    let step = |next| Some((next, vec![]));
    match (state, event) {
        (S::Sending, Event::Answered(Outcome::Approved(a)))
            if planted(Planted::StanOnlyMatching) && a.stan == refs.stan
                || planted(Planted::AmountNotCompared) && a.rrn == refs.rrn().as_str() =>
        {
            step(S::Approved(a.clone()))
        }
        (S::Sending, Event::Answered(Outcome::Pending { code })) if planted(Planted::PendingIsApproval) => {
            step(S::Approved(Approval {
                amount: refs.amount,
                stan: refs.stan,
                rrn: refs.rrn().as_str().to_owned(),
                approval_code: String::new(),
                code: code.clone(),
            }))
        }
        (S::Sending, Event::Answered(Outcome::Pending { code })) if planted(Planted::PendingIsDecline) => {
            step(declined(code))
        }
        (S::Sending, Event::Silent) if planted(Planted::SilenceIsDecline) => step(declined("timeout")),
        (S::InDoubt(ReversalReason::Timeout), Event::ReversalDue) if planted(Planted::RestartIsNotSent) => {
            step(S::NotSent)
        }
        (S::Reversing { .. }, Event::ReversalAnswered(ReversalAnswer::Retry { code }))
            if planted(Planted::ReversalAckIsBooking) =>
        {
            step(S::Reversed { code: code.clone() })
        }
        (S::Reversing { .. }, Event::Answered(Outcome::Approved(a)))
            if planted(Planted::ApprovalStopsReversal) =>
        {
            step(S::Approved(a.clone()))
        }
        (S::Declined(_) | S::Reversed { .. } | S::NotSent, Event::Answered(Outcome::Approved(_)))
            if planted(Planted::LateApprovalLeft) =>
        {
            Some((state.clone(), vec![AttemptEffect::Note(Note::LateApproval)]))
        }
        (S::Approved(_), Event::Answered(Outcome::Declined(_)))
            if planted(Planted::LateDeclineDowngrades) =>
        {
            Some((state.clone(), vec![AttemptEffect::Note(Note::LateDecline), AttemptEffect::RearmReversal]))
        }
        _ => None,
    }
}

fn declined(code: &str) -> S {
    S::Declined(Decline { reason: DeclineReason::NotPermitted, code: code.to_owned() })
}
