//! The real engine, the real SQL and the real group commit, under every fault at
//! once, on a scheduler whose every choice follows from one seed.
//!
//! What is simulated is what is around the engine: the machine (`scheduler`), the
//! nodes' lives (`node`), the way to the database (`switch_store::memory`), the
//! counterparties with books of their own (`host`, `network`), clients, terminals
//! and a subscriber. A run is a storm, then calm, then `audit`: nothing lost,
//! nothing doubled, no orphan, nothing open without a name. The same seed is the
//! same run, to the last choice.
#![forbid(unsafe_code)]

mod audit;
mod clients;
mod host;
mod minimise;
mod network;
mod node;
mod rng;
mod scheduler;
mod search;
mod subscriber;
mod terminals;
mod trace;
mod weather;
mod world;

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::scheduler::{Sim, Stopped};
use crate::world::World;

pub use crate::minimise::{Minimised, minimise};
pub use crate::search::{Found, Summary, find_planted, search};
pub use crate::weather::{Fault, Plan, Weather};

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Run {
    /// The seed.
    pub seed: u64,
    /// What broke, in a sentence that begins with the invariant; `None`: nothing.
    pub broke: Option<String>,
    /// Of every choice and event: equal for equal runs.
    pub hash: u64,
    /// Steps of the scheduler.
    pub steps: u64,
    /// Payments and how many of them were paid.
    pub payments: (i64, i64),
    /// Readable lines, when the plan asks for them.
    pub trace: String,
}

/// After the storm, the time everything has to come to rest.
const REST_S: u64 = 1_800;

/// Runs a seed.
#[must_use]
pub fn run(seed: u64, plan: &Plan) -> Run {
    switch_core::fault::plant(plan.planted);
    trace::begin(plan.trace);
    let sim = Sim::new(seed);
    let world = World::new(&sim, plan.weather(seed));
    let ended = sim.run(direct(Arc::clone(&world)));
    switch_core::fault::plant(None);
    let broke = match ended {
        Ok(()) => None,
        Err(Stopped::Wrong(what)) => Some(what),
        Err(Stopped::Stuck(what)) => Some(format!("stuck: {what}")),
    };
    let paid = "SELECT COUNT(*), COUNT(*) FILTER (WHERE o.state = 'PAID')
                FROM payment p LEFT JOIN outcome o ON o.payment_id = p.id";
    let counted = world.numbers(paid, &[]);
    // Lives know the world and the world knows the lives: part them.
    let parted = |node: &mut world::Node| (node.life.take(), std::mem::take(&mut node.former));
    let lives: Vec<_> = world.nodes().iter_mut().map(parted).collect();
    drop(lives);
    Run {
        seed,
        broke,
        hash: sim.hash(),
        steps: sim.polls(),
        payments: (counted[0][0], counted[0][1]),
        trace: trace::take(),
    }
}

/// The storm, the calm and the audit.
async fn direct(world: Arc<World>) {
    let sim = world.sim.clone();
    node::supervise(&world);
    clients::begin(&world);
    terminals::begin(&world);
    let storm_us = world.weather.storm_s * 1_000_000;
    while sim.now() < storm_us {
        let pause = sim.choose(|rng| rng.between(300_000, 4_000_000));
        sim.wait(pause).await;
        trouble(&world);
        look(&world);
    }
    sim.say(format_args!("the storm is over"));
    sim.calm_down();
    heal(&world);
    let give_up = sim.now() + REST_S * 1_000_000;
    while world.busy.load(Relaxed) > 0 || !audit::is_at_rest(&world) {
        sim.wait(500_000).await;
        heal(&world);
        if sim.now() > give_up {
            let busy = world.busy.load(Relaxed);
            let what =
                audit::at_rest(&world).unwrap_or_else(|| format!("stuck: {busy} clients are not done"));
            sim.wrong(what);
            return;
        }
    }
    // What is still on a wire arrives, and finds everything ended.
    sim.wait(130_000_000).await;
    while !audit::is_at_rest(&world) && sim.now() < give_up {
        sim.wait(500_000).await;
    }
    if let Some(what) = audit::at_rest(&world) {
        sim.wrong(what);
    }
}

/// Something happens to a node.
fn trouble(world: &Arc<World>) {
    let sim = &world.sim;
    let node = sim.choose(|rng| rng.below(world.weather.nodes)) as usize;
    if world.strikes(Fault::Crashes) {
        node::crash(world, node);
    } else if world.strikes(Fault::Drains) {
        node::drain(world, node);
    } else if world.strikes(Fault::Twins) {
        node::replace(world, node);
    } else if world.strikes(Fault::Freezes) {
        if let Some(life) = world.life(node) {
            let time = sim.choose(|rng| rng.between(1_000_000, 90_000_000));
            sim.say(format_args!("node {node} does not run for {} ms", time / 1000));
            sim.freeze(life.pid, time);
        }
    } else if world.strikes(Fault::ClockSteps) {
        node::step_clock(world, node);
    }
    if let Some(life) = world.life(node) {
        for link in &life.links {
            if world.strikes(Fault::BrokenLinks) {
                let up = sim.choose(|rng| rng.chance(600));
                link.goes(up);
            }
        }
    }
}

/// Links come back when the storm is over.
fn heal(world: &World) {
    for node in world.nodes().iter() {
        if let Some(life) = &node.life {
            life.links.iter().for_each(|link| link.goes(true));
        }
    }
}

/// What must hold at every moment.
fn look(world: &World) {
    if world.server.is_at_rest()
        && let Some(what) = audit::at_any_moment(world)
    {
        world.sim.wrong(what);
    }
}
