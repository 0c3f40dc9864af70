//! `chaos`: runs seeds, replays one, makes a failing one small.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "it is a command")]

fn main() {
    let from: u64 = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(1);
    let to: u64 = std::env::args().nth(2).and_then(|a| a.parse().ok()).unwrap_or(from);
    for seed in from..=to {
        let run = switch_simulation::run(
            seed,
            &switch_simulation::Plan { trace: from == to, ..Default::default() },
        );
        println!("{}{seed} {:x} {} {:?} {:?}", run.trace, run.hash, run.steps, run.payments, run.broke);
    }
}
