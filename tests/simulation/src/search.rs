//! Many seeds on several threads; the result does not depend on how many.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;

use switch_core::fault::Planted;

use crate::world::lock;
use crate::{Fault, Plan, Run, run};

/// What many runs were together.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Runs.
    pub runs: u64,
    /// Steps of the scheduler in all of them.
    pub steps: u64,
    /// Payments, and how many of them were paid.
    pub payments: (i64, i64),
    /// Runs that broke an invariant, by seed.
    pub broke: Vec<Run>,
}

/// Runs `count` seeds from `from`; after the first that breaks an invariant only
/// the seeds before it are still run when `stop_at_first` is set.
#[must_use]
pub fn search(from: u64, count: u64, plan: &Plan, threads: usize, stop_at_first: bool) -> Summary {
    let next = AtomicU64::new(from);
    let stop = AtomicBool::new(false);
    let summary = Mutex::new(Summary::default());
    let work = || {
        while !stop.load(Relaxed) {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= from + count {
                return;
            }
            let run = run(seed, plan);
            let mut summary = lock(&summary);
            summary.runs += 1;
            summary.steps += run.steps;
            summary.payments.0 += run.payments.0;
            summary.payments.1 += run.payments.1;
            if run.broke.is_some() {
                stop.fetch_or(stop_at_first, Relaxed);
                summary.broke.push(run);
            }
        }
    };
    thread::scope(|scope| (0..threads.max(1)).for_each(|_| drop(scope.spawn(work))));
    let mut summary = lock(&summary).clone();
    summary.broke.sort_by_key(|run| run.seed);
    summary
}

/// A planted bug and the run that found it.
#[derive(Debug, Clone)]
pub struct Found {
    /// The bug.
    pub bug: Planted,
    /// The weather it was looked for in.
    pub plan: Plan,
    /// The run, or nothing.
    pub by: Option<Run>,
    /// Seeds that were run for it.
    pub seeds: u64,
}

/// The weather a bug is looked for in: as the seeds make it, but for those that need
/// several faults together and none of those that would heal them.
fn plan_for(bug: Planted) -> Plan {
    let plan = Plan { planted: Some(bug), ..Plan::default() };
    let only = |needed: &[Fault], per_mille| {
        let without = Fault::ALL.iter().copied().filter(|fault| !needed.contains(fault)).collect();
        let with = needed.iter().copied().collect();
        Plan { with, without, per_mille: Some(per_mille), ..plan.clone() }
    };
    match bug {
        // A node stands still, its counterparty breaks a proof meanwhile, and nothing
        // makes it say so twice.
        Planted::AnswerAfterEndDropped => {
            only(&[Fault::Freezes, Fault::LateRequests, Fault::BrokenProofs], 300)
        }
        // A payment goes another way, the first way refuses it afterwards, and the
        // approval of the second is lost.
        Planted::OlderAttemptEnds => {
            only(&[Fault::BrokenLinks, Fault::StrayDeclines, Fault::LostAnswers], 600)
        }
        _ => plan,
    }
}

/// Plants one bug after the other and looks for each in at most `count` seeds.
#[must_use]
pub fn find_planted(bugs: &[Planted], count: u64, threads: usize) -> Vec<Found> {
    let find = |bug: &Planted| {
        let plan = plan_for(*bug);
        let summary = search(1, count, &plan, threads, true);
        Found { bug: *bug, plan, by: summary.broke.into_iter().next(), seeds: summary.runs }
    };
    bugs.iter().map(find).collect()
}
