//! What holds in every life of a payment, whatever evidence comes in whatever
//! order. The names of the invariants are those of the guarantees: I3, I4.

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use switch_core::attempt::{AttemptEffect, AttemptState, Event};
use switch_core::connector::{Enquiry, Outcome, ReversalAnswer, ReversalReason};
use switch_core::payment::{self, Effect, PaymentState};

use crate::evidence::{any_event, any_events, attempt, class, show};
use crate::property::check;

/// One event in a life: the state before, what it was, the state after, what followed.
struct Moment {
    before: AttemptState,
    event: Event,
    after: AttemptState,
    effects: Vec<Effect>,
}

/// Lives through the events from the beginning; what has no meaning changes nothing.
fn live(events: Vec<Event>) -> Vec<Moment> {
    let mut state = AttemptState::Sending;
    events.into_iter().map(|event| step(&mut state, event)).collect()
}

fn step(state: &mut AttemptState, event: Event) -> Moment {
    let before = state.clone();
    let effects = match payment::apply(&attempt(before.clone()), event.clone()) {
        Ok(step) => {
            *state = step.next;
            step.effects
        }
        Err(_) => vec![],
    };
    Moment { before, event, after: state.clone(), effects }
}

fn state_after(life: &[Moment]) -> AttemptState {
    life.last().map_or(AttemptState::Sending, |moment| moment.after.clone())
}

fn count(life: &[Moment], wanted: impl Fn(&Effect) -> bool) -> usize {
    life.iter().flat_map(|moment| &moment.effects).filter(|effect| wanted(effect)).count()
}

fn sends_first(effect: &Effect) -> bool {
    matches!(effect, Effect::Attempt(AttemptEffect::SendReversal { repeat: false }))
}

fn sends_repeat(effect: &Effect) -> bool {
    matches!(effect, Effect::Attempt(AttemptEffect::SendReversal { repeat: true }))
}

fn each_life(holds: impl Fn(&[Moment]) -> TestCaseResult) {
    check(any_events(), |events| holds(&live(events)));
}

#[test]
fn i4_a_final_state_never_changes() {
    each_life(|life| {
        for moment in life.iter().filter(|m| m.before.is_final()) {
            prop_assert_eq!(&moment.after, &moment.before, "after {}", class(&moment.event));
        }
        Ok(())
    });
}

#[test]
fn i4_money_bill_card_and_news_follow_once_and_with_the_end() {
    each_life(|life| {
        let end = state_after(life);
        let (paid, closed) = (matches!(end, AttemptState::Approved(_)), end.is_final());
        prop_assert_eq!(count(life, |e| *e == Effect::Post), usize::from(paid));
        prop_assert_eq!(count(life, |e| *e == Effect::Void), usize::from(closed && !paid));
        prop_assert_eq!(count(life, |e| *e == Effect::ReleaseBill), usize::from(closed && !paid));
        prop_assert_eq!(count(life, |e| *e == Effect::PurgeCard), usize::from(closed));
        prop_assert_eq!(count(life, |e| matches!(e, Effect::Publish(_))), usize::from(closed));
        let told = Effect::Publish(PaymentState::of(&end));
        prop_assert_eq!(count(life, |e| *e == told), usize::from(closed));
        for moment in life {
            let ends = moment.after.is_final() && !moment.before.is_final();
            let follows = moment.effects.iter().any(|e| !matches!(e, Effect::Attempt(_)));
            prop_assert_eq!(follows, ends, "{} in {}", class(&moment.event), show(&moment.before));
        }
        Ok(())
    });
}

#[test]
fn the_citizen_sees_a_final_state_exactly_when_the_attempt_is_final() {
    each_life(|life| {
        for moment in life {
            prop_assert_eq!(PaymentState::of(&moment.after).is_final(), moment.after.is_final());
        }
        Ok(())
    });
}

/// Evidence says the same the second time. A reversal that falls due again is
/// sent again, and marked as a repeat.
#[test]
fn repeating_an_event_is_harmless() {
    check((any_events(), any_event()), |(events, event)| {
        let mut state = state_after(&live(events));
        step(&mut state, event.clone());
        let second = step(&mut state, event);
        let what = format!("{} in {}", class(&second.event), show(&second.before));
        if second.event == Event::ReversalDue {
            prop_assert_eq!(PaymentState::of(&second.before), PaymentState::of(&second.after), "{}", what);
            prop_assert!(second.effects.iter().all(sends_repeat), "{}", what);
            return Ok(());
        }
        prop_assert_eq!(&second.before, &second.after, "{}", what);
        for effect in &second.effects {
            let only_kept = match effect {
                Effect::Attempt(AttemptEffect::Note(_) | AttemptEffect::Alarm(_)) => true,
                // The journal arms an armed reversal again without effect.
                Effect::Attempt(AttemptEffect::RearmReversal) => second.before.is_final(),
                Effect::Attempt(AttemptEffect::SendReversal { .. })
                | Effect::Post
                | Effect::Void
                | Effect::ReleaseBill
                | Effect::PurgeCard
                | Effect::Publish(_) => false,
            };
            prop_assert!(only_kept, "{} follows again: {:?}", what, effect);
        }
        Ok(())
    });
}

#[test]
fn the_first_reversal_is_sent_once_and_before_its_repeats() {
    each_life(|life| {
        prop_assert!(count(life, sends_first) <= 1);
        let sent: Vec<&Effect> = life
            .iter()
            .flat_map(|moment| &moment.effects)
            .filter(|effect| sends_first(effect) || sends_repeat(effect))
            .collect();
        prop_assert!(sent.iter().skip(1).all(|effect| sends_repeat(effect)));
        prop_assert!(sent.first().is_none_or(|effect| sends_first(effect)));
        Ok(())
    });
}

#[test]
fn the_state_counts_the_reversals_and_keeps_their_reason() {
    each_life(|life| {
        let mut sent = 0;
        let mut was: Option<ReversalReason> = None;
        for moment in life {
            sent += u32::try_from(count(std::slice::from_ref(moment), |e| sends_first(e) || sends_repeat(e)))
                .expect("a few");
            match &moment.after {
                // Until a reversal has left, a mismatched answer may give a graver reason.
                AttemptState::Review { reason, sends: 0 } => {
                    prop_assert_eq!(sent, 0);
                    was = Some(*reason);
                }
                AttemptState::Reversing { reason, sends } | AttemptState::Review { reason, sends } => {
                    prop_assert_eq!(*sends, sent);
                    // A yes that comes late makes it graver, once; nothing makes it lighter.
                    let graver = class(&moment.event).contains("Approved")
                        && was.is_some_and(ReversalReason::may_be_absent)
                        && !reason.may_be_absent();
                    prop_assert!(Some(*reason) == was || graver, "{was:?} became {reason:?}");
                    was = Some(*reason);
                }
                AttemptState::InDoubt(reason) => {
                    prop_assert_eq!(sent, 0, "nothing has left while in doubt");
                    was = Some(*reason);
                }
                AttemptState::Sending => prop_assert_eq!(sent, 0),
                AttemptState::Approved(_)
                | AttemptState::Declined(_)
                | AttemptState::Reversed { .. }
                | AttemptState::NotSent => {}
            }
        }
        Ok(())
    });
}

/// The counterparty said yes and, to a reversal that crossed it on the way, that
/// there is no such original: the money may be there, and tries go on.
#[test]
fn no_proof_of_absence_is_believed_after_a_yes() {
    each_life(|life| {
        let mut yes = false;
        for moment in life {
            // Nobody is asked about what is still being sent: such an answer means nothing.
            let heard =
                moment.before != AttemptState::Sending || !class(&moment.event).starts_with("Enquiry");
            yes |= heard && class(&moment.event).contains("Approved");
            let absent = ["ReversalAbsent", "EnquiryAbsent"].contains(&class(&moment.event));
            if yes && absent && !moment.before.is_final() {
                prop_assert!(!moment.after.is_final(), "{} by {}", show(&moment.after), class(&moment.event));
            }
        }
        Ok(())
    });
}

/// The late-answer matrix: once a reversal has left, only "taken back" ends it.
#[test]
fn a_reversal_that_has_left_is_completed_whatever_comes() {
    each_life(|life| {
        let mut left = false;
        for moment in life {
            left |= moment.effects.iter().any(sends_first);
            let allowed = match &moment.after {
                AttemptState::Reversing { .. } | AttemptState::Review { .. } => true,
                AttemptState::Reversed { .. } => true,
                AttemptState::Sending
                | AttemptState::InDoubt(_)
                | AttemptState::Approved(_)
                | AttemptState::Declined(_)
                | AttemptState::NotSent => !left,
            };
            prop_assert!(allowed, "{} led to {}", class(&moment.event), show(&moment.after));
        }
        Ok(())
    });
}

#[test]
fn a_closed_attempt_is_reopened_only_to_take_money_back() {
    each_life(|life| {
        for moment in life {
            let rearms = moment.effects.contains(&Effect::Attempt(AttemptEffect::RearmReversal));
            let says_yes = matches!(
                moment.event,
                Event::Answered(Outcome::Approved(_)) | Event::Enquired(Enquiry::Found(Outcome::Approved(_)))
            );
            let unpaid = moment.before.is_final() && !matches!(moment.before, AttemptState::Approved(_));
            prop_assert_eq!(rearms, says_yes && unpaid, "{}", show(&moment.before));
        }
        Ok(())
    });
}

/// Nothing ends but by evidence, and by the evidence that says so.
#[test]
fn every_end_names_its_proof() {
    each_life(|life| {
        for moment in life.iter().filter(|m| m.after.is_final() && !m.before.is_final()) {
            let proof = match (&moment.after, &moment.event) {
                (AttemptState::Approved(kept), Event::Answered(Outcome::Approved(said)))
                | (AttemptState::Approved(kept), Event::Enquired(Enquiry::Found(Outcome::Approved(said)))) => {
                    kept == said
                }
                (AttemptState::Declined(kept), Event::Answered(Outcome::Declined(said)))
                | (AttemptState::Declined(kept), Event::Enquired(Enquiry::Found(Outcome::Declined(said)))) => {
                    kept == said
                }
                (
                    AttemptState::Reversed { code },
                    Event::ReversalAnswered(
                        ReversalAnswer::Reversed { code: said } | ReversalAnswer::Absent { code: said },
                    )
                    | Event::Enquired(Enquiry::Absent { code: said }),
                ) => code == said,
                (AttemptState::NotSent, Event::NotSent) => true,
                _ => false,
            };
            prop_assert!(proof, "{} by {}", show(&moment.after), class(&moment.event));
        }
        Ok(())
    });
}

/// I3 as far as the machine can promise it: the bill is released, and so another
/// attempt may begin, only when the one before can never again be unresolved or
/// approved. Evidence reaches any of the attempts in any order.
#[test]
fn i3_one_attempt_at_most_is_unresolved_or_approved() {
    let evidence = prop::collection::vec((any::<prop::sample::Index>(), any_event()), 0..60);
    check(evidence, |evidence| {
        let mut attempts = vec![AttemptState::Sending];
        for (which, event) in evidence {
            let which = which.index(attempts.len());
            let moment = step(&mut attempts[which], event);
            if moment.effects.contains(&Effect::ReleaseBill) {
                attempts.push(AttemptState::Sending);
            }
            let holding =
                attempts.iter().filter(|s| !s.is_final() || matches!(s, AttemptState::Approved(_))).count();
            prop_assert_eq!(holding, 1, "{:?}", attempts.iter().map(show).collect::<Vec<_>>());
        }
        Ok(())
    });
}
