//! What a change must pass: ten thousand storms, equal runs for equal seeds, every
//! planted bug found, and each seed that once broke an invariant.

use switch_core::fault::Planted;
use switch_simulation::{Fault, Plan, find_planted, minimise, run, search};

const THREADS: usize = 2;

/// `SIMULATION_SEEDS` runs more, `SIMULATION_FROM` others.
fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn no_seed_breaks_an_invariant() {
    let (from, count) = (number("SIMULATION_FROM", 1), number("SIMULATION_SEEDS", 10_000));
    let summary = search(from, count, &Plan::default(), THREADS, false);
    let Some(first) = summary.broke.first() else {
        assert_eq!(summary.runs, count, "every seed was run");
        let (payments, paid) = summary.payments;
        assert!(paid > count as i64 && payments > 5 * count as i64, "a storm without payments: {paid} paid");
        return;
    };
    let small = minimise(first.seed, &Plan::default()).expect("it breaks again");
    panic!(
        "{} of {count} seeds broke. Seed {}: {}\nreplay: cargo run --release -p switch-simulation -- --seed {}{}",
        summary.broke.len(),
        first.seed,
        small.run.broke.unwrap_or_default(),
        first.seed,
        small.plan.words()
    );
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in 1..=100 {
        let (one, two) = (run(seed, &Plan::default()), run(seed, &Plan::default()));
        assert_eq!((one.hash, one.steps, one.broke), (two.hash, two.steps, two.broke), "seed {seed}");
    }
    assert_ne!(run(1, &Plan::default()).hash, run(2, &Plan::default()).hash, "the seed decides");
}

#[test]
fn every_planted_bug_is_found() {
    let found = find_planted(Planted::ALL, 2_000, THREADS);
    let missed: Vec<_> = found.iter().filter(|one| one.by.is_none()).map(|one| one.bug.as_str()).collect();
    for one in &found {
        if let Some(run) = &one.by {
            println!(
                "{:<26} seed {:<5} {}",
                one.bug.as_str(),
                run.seed,
                run.broke.as_deref().unwrap_or_default()
            );
        }
    }
    assert!(missed.is_empty(), "not found: {}", missed.join(", "));
    assert!(found.len() >= 20, "{} bugs are planted", found.len());
}

/// A small run breaks the same invariant, and with fewer faults.
#[test]
fn a_failing_seed_is_made_small() {
    let plan = Plan { planted: Some(Planted::SilenceIsDecline), ..Plan::default() };
    let failing = search(1, 200, &plan, 1, true).broke.into_iter().next().expect("it is found");
    let small = minimise(failing.seed, &plan).expect("it breaks again");
    let (before, after) = (plan.weather(failing.seed), small.plan.weather(failing.seed));
    assert!(after.faults.len() < before.faults.len(), "{:?}", after.faults);
    assert!(after.payments <= before.payments);
    let invariant = |what: Option<String>| what.and_then(|what| what.split(':').next().map(str::to_owned));
    assert_eq!(invariant(small.run.broke), invariant(failing.broke));
}

/// Seeds that broke an invariant before the code was mended.
#[test]
fn seeds_that_once_broke_stay_whole() {
    let mut stories = 0;
    for line in include_str!("../regressions.txt").lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let Some((seed, words)) = line.split_once(' ').or((!line.is_empty()).then_some((line, ""))) else {
            continue;
        };
        stories += 1;
        let seed = seed.parse().expect("a line begins with a seed");
        let without = words.trim().split(',').filter(|word| !word.is_empty());
        let without = without.map(|word| Fault::parse(word).expect("a class of faults")).collect();
        let run = run(seed, &Plan { without, ..Plan::default() });
        assert_eq!(run.broke, None, "seed {seed}");
    }
    assert!(stories >= 5, "the regressions are read");
}
