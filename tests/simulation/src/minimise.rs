//! Makes a failing seed small: as few faults, nodes, counterparties and payments
//! as still break the same invariant.

use crate::weather::Plan;
use crate::{Run, run};

/// A failing seed, made small.
#[derive(Debug, Clone)]
pub struct Minimised {
    /// How to run it again.
    pub plan: Plan,
    /// What it breaks.
    pub run: Run,
    /// Runs it took.
    pub runs: u32,
}

/// Makes a seed that breaks an invariant under `plan` small. `None`: it breaks none.
#[must_use]
pub fn minimise(seed: u64, plan: &Plan) -> Option<Minimised> {
    let first = run(seed, plan);
    let invariant = name_of(first.broke.as_deref()?).to_owned();
    let mut small = Minimised { plan: plan.clone(), run: first, runs: 1 };
    let mut shrinks = true;
    while shrinks {
        shrinks = false;
        for step in steps(seed, &small.plan) {
            let mut plan = small.plan.clone();
            step(&mut plan);
            let tried = run(seed, &plan);
            small.runs += 1;
            if tried.broke.as_deref().is_some_and(|what| name_of(what) == invariant) {
                (small.plan, small.run, shrinks) = (plan, tried, true);
            }
        }
    }
    Some(small)
}

/// The invariant a sentence begins with.
fn name_of(what: &str) -> &str {
    what.split(':').next().unwrap_or(what)
}

/// A step that makes a plan smaller.
type Shrink = Box<dyn Fn(&mut Plan)>;

/// Every step that makes a plan smaller.
fn steps(seed: u64, plan: &Plan) -> Vec<Shrink> {
    let weather = plan.weather(seed);
    let mut steps: Vec<Shrink> = Vec::new();
    for fault in weather.faults {
        steps.push(Box::new(move |plan| {
            plan.without.insert(fault);
        }));
    }
    let fewer = |count: u64, least: u64| {
        let mut counts = vec![count / 2, count.saturating_sub(1)];
        counts.retain(|fewer| *fewer >= least && *fewer < count);
        counts
    };
    for count in fewer(weather.payments, 0) {
        steps.push(Box::new(move |plan| plan.payments_max = Some(count)));
    }
    for count in fewer(weather.cash, 0) {
        steps.push(Box::new(move |plan| plan.cash_max = Some(count)));
    }
    for count in fewer(weather.nodes, 1) {
        steps.push(Box::new(move |plan| plan.nodes_max = Some(count)));
    }
    for count in fewer(weather.hosts, 1) {
        steps.push(Box::new(move |plan| plan.hosts_max = Some(count)));
    }
    steps
}
