//! Who may take a payment, in which order, and what the citizen is told when
//! nobody may.

use proptest::prelude::*;
use switch_core::connector::{Method, Profile};
use switch_core::money::{Currency, Money};
use switch_core::routing::{NoRoute, route};

use crate::property::check;

use Currency::{Ils, Jod, Usd};
use Method::{Card, Cash};

fn profile(methods: &[Method], currencies: &[Currency], amount_max_minor: i64, priority: u16) -> Profile {
    Profile {
        id: "card-sandbox".into(),
        methods: methods.to_vec(),
        currencies: currencies.to_vec(),
        amount_max_minor,
        response_timeout_ms: 30_000,
        enquiry: true,
        reversal_backoff_ms: vec![0, 5_000],
        review_after_ms: 86_400_000,
        priority,
    }
}

#[test]
fn a_payment_goes_to_whoever_may_take_it_and_the_first_missing_thing_is_named() {
    let card = |max, priority| profile(&[Card], &[Ils, Jod], max, priority);
    let (near, far) = (card(10_000, 1), card(1_000_000, 2));
    let dollars = profile(&[Card], &[Usd], 1_000_000, 0);
    let desk = profile(&[Cash], &[Ils], 1_000_000, 0);
    let all = [(&far, true), (&near, true), (&dollars, true), (&desk, true)];
    for (what, candidates, method, amount, expected) in [
        ("the nearer one first", &all[..], Card, Money::new(5000, Ils), Ok(vec![1, 0])),
        ("at the limit it is still taken", &all, Card, Money::new(10_000, Ils), Ok(vec![1, 0])),
        ("above it the other takes it", &all, Card, Money::new(10_001, Ils), Ok(vec![0])),
        ("above all limits", &all, Card, Money::new(1_000_001, Jod), Err(NoRoute::AmountAboveLimit)),
        ("by currency", &all, Card, Money::new(5000, Usd), Ok(vec![2])),
        ("by method", &all, Cash, Money::new(5000, Ils), Ok(vec![3])),
        ("no such currency", &all, Cash, Money::new(5000, Usd), Err(NoRoute::CurrencyNotTaken)),
        ("no such method", &all[..3], Cash, Money::new(5000, Ils), Err(NoRoute::MethodNotOffered)),
        ("nobody at all", &[], Card, Money::new(5000, Ils), Err(NoRoute::MethodNotOffered)),
        ("one is down", &[(&far, true), (&near, false)], Card, Money::new(5000, Ils), Ok(vec![0])),
        ("all are down", &[(&near, false)], Card, Money::new(5000, Ils), Err(NoRoute::NoneReachable)),
        (
            "too much, and down",
            &[(&near, false)],
            Card,
            Money::new(10_001, Ils),
            Err(NoRoute::AmountAboveLimit),
        ),
        (
            "equals keep their order",
            &[(&near, true), (&near, true)],
            Card,
            Money::new(1, Ils),
            Ok(vec![0, 1]),
        ),
    ] {
        assert_eq!(route(candidates, method, amount), expected, "{what}");
    }
}

#[test]
fn a_route_holds_everyone_who_passes_all_filters_sorted_by_priority() {
    let profiles = prop::collection::vec(
        (
            prop::sample::subsequence(vec![Card, Cash], 0..=2),
            prop::sample::subsequence(vec![Ils, Jod, Usd], 0..=3),
            0..=100i64,
            0..3u16,
            prop::bool::weighted(0.7),
        ),
        0..6,
    );
    let asked =
        (prop::sample::select(vec![Card, Cash]), prop::sample::select(vec![Ils, Jod, Usd]), -5..=110i64);
    check((profiles, asked), |(profiles, (method, currency, minor))| {
        let profiles: Vec<(Profile, bool)> = profiles
            .into_iter()
            .map(|(methods, currencies, max, priority, up)| {
                (profile(&methods, &currencies, max, priority), up)
            })
            .collect();
        let candidates: Vec<(&Profile, bool)> = profiles.iter().map(|(p, up)| (p, *up)).collect();
        // How many filters each passes before one stops it, in the order of the errors.
        let passed = |(p, up): &(&Profile, bool)| -> usize {
            let filters = [
                p.methods.contains(&method),
                p.currencies.contains(&currency),
                0 < minor && minor <= p.amount_max_minor,
                *up,
            ];
            filters.iter().take_while(|passes| **passes).count()
        };
        match route(&candidates, method, Money::new(minor, currency)) {
            Ok(order) => {
                prop_assert!(!order.is_empty());
                let all = (0..candidates.len()).filter(|i| passed(&candidates[*i]) == 4);
                let mut sorted = order.clone();
                sorted.sort_unstable();
                prop_assert_eq!(sorted, all.collect::<Vec<_>>());
                let place = |i: &usize| (candidates[*i].0.priority, *i);
                prop_assert!(order.is_sorted_by_key(place), "{:?}", order);
            }
            Err(error) => {
                let furthest = candidates.iter().map(passed).max().unwrap_or(0);
                let named = [
                    NoRoute::MethodNotOffered,
                    NoRoute::CurrencyNotTaken,
                    NoRoute::AmountAboveLimit,
                    NoRoute::NoneReachable,
                ];
                prop_assert_eq!(Some(&error), named.get(furthest));
            }
        }
        Ok(())
    });
}
