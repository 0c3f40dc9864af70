//! The table of every state and every event, and the diagram drawn from it.
//! Their diff is the review of a change of the machines.

use switch_core::attempt::{self, AttemptEffect, AttemptState, NotNow};
use switch_core::connector::{Enquiry, Outcome};
use switch_core::money::{Currency, Money};
use switch_core::payment::{self, Effect, PaymentState};

use crate::evidence::{approval, attempt, class, events, kind, refs, show, show_effect, states};
use crate::golden;

const HEAD: &str = "\
# Every state of an attempt and every event, by payment::apply.
# next: `=` the same state; `not now` the event has no meaning there and nothing changes.
# UPDATE_EXPECT=1 cargo test -p switch-core rewrites this file; its diff is the review.

";

#[test]
fn every_state_meets_every_event() {
    let columns = ["seen as", "state", "event", "next", "effects"].map(str::to_owned);
    let mut rows = vec![Some(columns)];
    for state in states() {
        rows.push(None);
        for (event_class, event) in events() {
            let (next, effects) = match payment::apply(&attempt(state.clone()), event) {
                Err(NotNow) => ("not now".to_owned(), String::new()),
                Ok(step) => (
                    if step.next == state { "=".to_owned() } else { show(&step.next) },
                    step.effects.iter().map(show_effect).collect::<Vec<_>>().join(", "),
                ),
            };
            let seen_as = PaymentState::of(&state).as_str().to_owned();
            rows.push(Some([seen_as, show(&state), event_class.to_owned(), next, effects]));
        }
    }
    golden::expect("payment_transitions.txt", &(HEAD.to_owned() + &golden::aligned(&rows)));
}

#[test]
fn every_event_is_of_the_class_it_is_listed_under() {
    for (name, event) in events() {
        assert_eq!(class(&event), name);
    }
}

/// A way from one kind of state to another, what is sent on it, and the events that take it.
type Way = (&'static str, &'static str, Option<&'static str>, Vec<&'static str>);

#[test]
fn the_diagram_shows_every_way_from_state_to_state() {
    let mut ways: Vec<Way> = vec![];
    for state in states() {
        for (event_class, event) in events() {
            let Ok(step) = payment::apply(&attempt(state.clone()), event) else { continue };
            let sends = step.effects.iter().find_map(|effect| match effect {
                Effect::Attempt(AttemptEffect::SendReversal { .. }) => Some("SendReversal"),
                Effect::Attempt(AttemptEffect::RearmReversal) => Some("RearmReversal"),
                _ => None,
            });
            let (from, to) = (kind(&state), kind(&step.next));
            if from == to && sends.is_none() {
                continue;
            }
            match ways.iter_mut().find(|(f, t, s, _)| (*f, *t, *s) == (from, to, sends)) {
                Some((.., by)) if by.contains(&event_class) => {}
                Some((.., by)) => by.push(event_class),
                None => ways.push((from, to, sends, vec![event_class])),
            }
        }
    }
    let mut text = "stateDiagram-v2\n    [*] --> Sending\n".to_owned();
    for (from, to, sends, by) in ways {
        let sends = sends.map(|s| format!(" / {s}")).unwrap_or_default();
        text.push_str(&format!("    {from} --> {to} : {}{sends}\n", by.join(", ")));
    }
    for state in states().iter().filter(|s| s.is_final()) {
        text.push_str(&format!("    {} --> [*]\n", kind(state)));
    }
    golden::expect("attempt_diagram.txt", &text);
}

#[test]
fn an_approval_is_believed_only_when_it_repeats_the_request() {
    let changed = |change: &dyn Fn(&mut switch_core::connector::Approval)| {
        let mut approval = approval();
        change(&mut approval);
        approval
    };
    for (what, approval, believed) in [
        ("as asked", approval(), true),
        ("another authorisation code", changed(&|a| a.approval_code = String::new()), true),
        ("an agora less", changed(&|a| a.amount = Money::new(4999, Currency::Ils)), false),
        ("another currency", changed(&|a| a.amount = Money::new(5000, Currency::Usd)), false),
        ("another trace number", changed(&|a| a.stan += 1), false),
        ("another retrieval reference", changed(&|a| a.rrn = "000000000000".into()), false),
        ("no retrieval reference", changed(&|a| a.rrn.clear()), false),
    ] {
        let outcome = Outcome::Approved(approval);
        for (state, event) in [
            (AttemptState::Sending, attempt::Event::Answered(outcome.clone())),
            (states().swap_remove(1), attempt::Event::Answered(outcome.clone())),
            (states().swap_remove(1), attempt::Event::Enquired(Enquiry::Found(outcome.clone()))),
        ] {
            let step = payment::apply(&attempt(state.clone()), event).expect("an answer is expected");
            assert_eq!(kind(&step.next) == "Approved", believed, "{what} in {}", show(&state));
            assert_eq!(step.effects.contains(&Effect::Post), believed, "{what} in {}", show(&state));
        }
    }
}

#[test]
fn a_payment_adds_to_the_attempt_and_changes_nothing_of_it() {
    for state in states() {
        for (event_class, event) in events() {
            let whole = payment::apply(&attempt(state.clone()), event.clone());
            let part = attempt::apply(&refs(), &state, event);
            assert_eq!(whole.as_ref().err(), part.as_ref().err());
            let (Ok(whole), Ok((next, effects))) = (whole, part) else { continue };
            assert_eq!(whole.next, next, "{} {event_class}", show(&state));
            let asked: Vec<_> = whole
                .effects
                .into_iter()
                .filter_map(|effect| match effect {
                    Effect::Attempt(effect) => Some(effect),
                    _ => None,
                })
                .collect();
            assert_eq!(asked, effects, "{} {event_class}", show(&state));
        }
    }
}
