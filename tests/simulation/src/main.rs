//! `chaos`: runs seeds, replays one, makes a failing one small, looks for planted bugs.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "it is a command")]

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use switch_core::fault::Planted;
use switch_simulation::{Fault, Plan, Run, find_planted, minimise, run, search};

/// The engine under every fault at once. The same seed is the same run.
#[derive(Debug, Parser)]
#[command(name = "chaos")]
struct Arguments {
    /// Run this one and print its trace
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Run so many
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// … from this one on
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// … on so many threads
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Make the failing seed small first
    #[arg(long, requires = "seed")]
    minimise: bool,
    /// Plant a bug, or look for each of them in turn
    #[arg(long, value_name = "BUG|all")]
    planted: Option<String>,
    /// Classes of faults that are on
    #[arg(long, value_delimiter = ',', value_name = "FAULT,…")]
    with: Vec<String>,
    /// Classes of faults that are off
    #[arg(long, value_delimiter = ',', value_name = "FAULT,…")]
    without: Vec<String>,
    /// At most so many payments
    #[arg(long)]
    payments: Option<u64>,
    /// At most so many cash operations
    #[arg(long)]
    cash: Option<u64>,
    /// At most so many nodes
    #[arg(long)]
    nodes: Option<u64>,
    /// At most so many counterparties
    #[arg(long)]
    hosts: Option<u64>,
    /// How often a fault that is on happens, of a thousand chances
    #[arg(long)]
    per_mille: Option<u64>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match told(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            println!("chaos: {problem}");
            ExitCode::from(2)
        }
    }
}

fn told(arguments: &Arguments) -> Result<bool, String> {
    if arguments.planted.as_deref() == Some("all") {
        return Ok(planted(arguments));
    }
    let plan = plan(arguments)?;
    Ok(match arguments.seed {
        Some(seed) => one(seed, &plan, arguments.minimise),
        None => many(arguments, &plan),
    })
}

fn plan(arguments: &Arguments) -> Result<Plan, String> {
    let fault = |word: &String| {
        Fault::parse(word).ok_or_else(|| {
            let known: Vec<_> = Fault::ALL.iter().map(|fault| fault.as_str()).collect();
            format!("--with, --without: no class {word}; there are {}", known.join(", "))
        })
    };
    let bug = |word: &String| {
        Planted::parse(word).ok_or_else(|| {
            let known: Vec<_> = Planted::ALL.iter().map(|bug| bug.as_str()).collect();
            format!("--planted: no bug {word}; there are {}", known.join(", "))
        })
    };
    Ok(Plan {
        with: arguments.with.iter().map(fault).collect::<Result<_, _>>()?,
        without: arguments.without.iter().map(fault).collect::<Result<_, _>>()?,
        payments_max: arguments.payments,
        cash_max: arguments.cash,
        nodes_max: arguments.nodes,
        hosts_max: arguments.hosts,
        per_mille: arguments.per_mille,
        planted: arguments.planted.as_ref().map(bug).transpose()?,
        trace: false,
    })
}

fn one(seed: u64, plan: &Plan, small: bool) -> bool {
    let small = small.then(|| minimise(seed, plan)).flatten();
    let plan = small.map_or(plan.clone(), |small| {
        println!("made small in {} runs", small.runs);
        small.plan
    });
    let run = run(seed, &Plan { trace: true, ..plan.clone() });
    println!("{}", run.trace);
    say(&run, &plan);
    run.broke.is_none()
}

fn say(run: &Run, plan: &Plan) {
    let what = run.broke.as_deref().unwrap_or("nothing broke");
    println!("seed {}, trace hash {:016x}, {} steps: {what}", run.seed, run.hash, run.steps);
    if run.broke.is_some() {
        println!("  replay: cargo run --release -p switch-simulation -- --seed {}{}", run.seed, plan.words());
    }
}

fn many(arguments: &Arguments, plan: &Plan) -> bool {
    let began = Instant::now();
    let summary = search(arguments.from, arguments.seeds, plan, arguments.threads, false);
    for run in summary.broke.iter().take(20) {
        say(run, plan);
    }
    println!(
        "{} seeds in {:.1} s: {} broke; {} payments, {} paid; {} steps",
        summary.runs,
        began.elapsed().as_secs_f64(),
        summary.broke.len(),
        summary.payments.0,
        summary.payments.1,
        summary.steps
    );
    summary.broke.is_empty()
}

fn planted(arguments: &Arguments) -> bool {
    let found = find_planted(Planted::ALL, arguments.seeds, arguments.threads);
    for one in &found {
        match &one.by {
            Some(run) => {
                let what = run.broke.as_deref().unwrap_or_default();
                println!("{:<26} seed {:<5}{} {what}", one.bug.as_str(), run.seed, one.plan.words());
            }
            None => println!("{:<26} NOT FOUND in {} seeds", one.bug.as_str(), one.seeds),
        }
    }
    let missed = found.iter().filter(|one| one.by.is_none()).count();
    println!("{} of {} found", found.len() - missed, found.len());
    missed == 0
}
