//! Which faults a run has. Each seed turns every class on or off by itself (swarm
//! testing): a bug that hides under one fault shows under another.

use std::collections::BTreeSet;

use crate::rng::Rng;

switch_core::with_words! {
    /// A class of faults.
    Fault {
        /// Requests to counterparties do not arrive.
        LostRequests = "lost-requests",
        /// Answers of counterparties do not arrive.
        LostAnswers = "lost-answers",
        /// Answers arrive after their time.
        LateAnswers = "late-answers",
        /// Requests arrive after their time, or after their reversal.
        LateRequests = "late-requests",
        /// Messages arrive twice.
        Duplicates = "duplicates",
        /// Answers belong to another request of the same trace number.
        CrossedAnswers = "crossed-answers",
        /// Approvals for less than was asked.
        PartialApprovals = "partial-approvals",
        /// "I do not know yet", whatever was decided.
        Undecided = "undecided",
        /// Refusals of messages that were never taken.
        StrayDeclines = "stray-declines",
        /// Refusals that follow an approval.
        ContradictingDeclines = "contradicting-declines",
        /// Counterparties that take an original after its reversal.
        ForgetfulHosts = "forgetful-hosts",
        /// Counterparties that take an original after they proved its absence, and
        /// say so until it is taken back.
        BrokenProofs = "broken-proofs",
        /// Reversals that are accepted and not yet booked.
        SlowReversals = "slow-reversals",
        /// Reversals that a counterparty refuses for good.
        PoisonReversals = "poison-reversals",
        /// Links that break.
        BrokenLinks = "broken-links",
        /// Transactions that are refused because of another (40001, BUSY).
        BusyStore = "busy-store",
        /// Connections to the database that break before it is done.
        LostStore = "lost-store",
        /// Commits that are done and never heard of.
        UnheardCommits = "unheard-commits",
        /// Commits and statements that take seconds.
        SlowStore = "slow-store",
        /// Nodes that are killed.
        Crashes = "crashes",
        /// Nodes that are drained and started again.
        Drains = "drains",
        /// Nodes that do not run for a minute and go on.
        Freezes = "freezes",
        /// Nodes that are taken for dead and replaced, and go on beside their successor,
        /// some of them after they stood still.
        Twins = "twins",
        /// Clocks that step.
        ClockSteps = "clock-steps",
        /// Timers that fire late.
        LateTimers = "late-timers",
        /// Clients that hang up, and ask again elsewhere.
        HangUps = "hang-ups",
        /// Clients that use a key for another bill.
        ReusedKeys = "reused-keys",
        /// Terminals whose reversal overtakes the payment.
        OvertakingReversals = "overtaking-reversals",
        /// Subscribers that refuse, or take and do not say so.
        DeafSubscribers = "deaf-subscribers",
    }
}

/// The faults of one run, and its size.
#[derive(Debug, Clone)]
pub struct Weather {
    /// What may happen.
    pub faults: BTreeSet<Fault>,
    /// Switch nodes on one database.
    pub nodes: u64,
    /// Counterparties.
    pub hosts: u64,
    /// Bills.
    pub bills: u64,
    /// Payments that clients begin.
    pub payments: u64,
    /// Cash operations of terminals.
    pub cash: u64,
    /// How often a fault that is on happens, of a thousand chances.
    pub per_mille: u64,
    /// Length of the storm, seconds.
    pub storm_s: u64,
}

impl Weather {
    /// The weather of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x5EED_0F57_0A11_u64);
        let density = rng.between(150, 600);
        let faults = Fault::ALL.iter().copied().filter(|_| rng.chance(density)).collect();
        let payments = rng.between(3, 14);
        Self {
            faults,
            nodes: rng.between(1, 3),
            hosts: rng.between(1, 2),
            bills: rng.between(2, payments + 2),
            payments,
            cash: rng.below(6),
            per_mille: rng.between(40, 400),
            storm_s: rng.between(30, 90),
        }
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }
}

/// How to run a seed: as it falls, or smaller.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Classes that are on, whatever the seed says.
    pub with: BTreeSet<Fault>,
    /// Classes that are off.
    pub without: BTreeSet<Fault>,
    /// At most so many payments.
    pub payments_max: Option<u64>,
    /// At most so many cash operations.
    pub cash_max: Option<u64>,
    /// At most so many nodes.
    pub nodes_max: Option<u64>,
    /// At most so many counterparties.
    pub hosts_max: Option<u64>,
    /// How often a fault that is on happens, of a thousand chances.
    pub per_mille: Option<u64>,
    /// A planted bug.
    pub planted: Option<switch_core::fault::Planted>,
    /// Keep a readable trace.
    pub trace: bool,
}

impl Plan {
    /// The weather of a seed under this plan.
    #[must_use]
    pub fn weather(&self, seed: u64) -> Weather {
        let mut weather = Weather::of(seed);
        weather.faults.extend(&self.with);
        weather.faults.retain(|fault| !self.without.contains(fault));
        let cap = |value: &mut u64, max: Option<u64>| *value = max.map_or(*value, |max| max.min(*value));
        cap(&mut weather.payments, self.payments_max);
        cap(&mut weather.cash, self.cash_max);
        cap(&mut weather.nodes, self.nodes_max);
        cap(&mut weather.hosts, self.hosts_max);
        weather.per_mille = self.per_mille.unwrap_or(weather.per_mille);
        weather
    }

    /// The words after `--seed N` that run the same again.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = String::new();
        let mut add = |name: &str, value: String| words.push_str(&format!(" --{name} {value}"));
        for (name, faults) in [("with", &self.with), ("without", &self.without)] {
            if !faults.is_empty() {
                let list: Vec<_> = faults.iter().map(|fault| fault.as_str()).collect();
                add(name, list.join(","));
            }
        }
        for (name, max) in [
            ("payments", self.payments_max),
            ("cash", self.cash_max),
            ("nodes", self.nodes_max),
            ("hosts", self.hosts_max),
            ("per-mille", self.per_mille),
        ] {
            if let Some(max) = max {
                add(name, max.to_string());
            }
        }
        if let Some(bug) = self.planted {
            add("planted", bug.as_str().to_owned());
        }
        words
    }
}
