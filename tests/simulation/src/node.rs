//! The life and death of switch nodes: what is under the engine in the simulation.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use switch_core::clock::{BusinessDate, Clock, Timestamp};
use switch_core::connector::{Connector, Reply};
use switch_core::idempotency::Answer;
use switch_core::payment::PaymentState;
use switch_engine::alarm::NoBook;
use switch_engine::cash::Desk;
use switch_engine::runtime::Runtime;
use switch_engine::vault::Vault;
use switch_engine::{AnswerFacts, AnswerWriter, Engine, EngineParts, EngineSettings, evidence};
use switch_store::memory::{Fate, Hop, Host, MemoryDb};
use switch_store::{Db, Journal, StoreError};
use tokio::sync::oneshot;

use crate::network::Link;
use crate::scheduler::{Pid, WORLD};
use crate::subscriber::Subscriber;
use crate::weather::Fault;
use crate::world::{Life, World, lock};

/// What one life of a node runs on.
struct Ground {
    world: Arc<World>,
    pid: Pid,
}

/// I6: who was replaced writes nothing more. Read from the row itself, at the moment of a commit.
fn committed(world: &World, pid: Pid, node: u8, life: i64) {
    let now = world.numbers("SELECT life FROM node WHERE number = ?1", &[i64::from(node)]);
    if now != [[life]] {
        world.sim.wrong(format!(
            "I6: process {pid}, life {life} of node {node}, wrote when its number was another's: {now:?}"
        ));
    }
}

impl Runtime for Ground {
    fn begin(&self, work: Reply<'static, ()>) {
        self.world.sim.begin_boxed(self.pid, work);
    }

    fn wait(&self, time: Duration) -> Reply<'static, ()> {
        let mut micros = time.as_micros() as u64;
        if self.world.strikes(Fault::LateTimers) {
            micros += self.world.sim.choose(|rng| rng.between(0, 4_000_000));
        }
        Box::pin(self.world.sim.wait(micros.max(1)))
    }
}

impl Host for Ground {
    fn hop(&self, hop: Hop) -> Reply<'_, Fate> {
        let (world, sim) = (&self.world, &self.world.sim);
        let time = if world.strikes_rarely(Fault::SlowStore) {
            sim.choose(|rng| rng.between(200_000, 6_000_000))
        } else {
            sim.choose(|rng| if rng.chance(300) { rng.between(50, 5_000) } else { 0 })
        };
        Box::pin(async move {
            sim.wait(time).await;
            match hop {
                Hop::Heard => Fate::Done,
                _ if world.strikes_rarely(Fault::LostStore) => Fate::Lost,
                Hop::Read => Fate::Done,
                _ if world.strikes_rarely(Fault::BusyStore) => Fate::Busy,
                Hop::Commit if world.strikes_rarely(Fault::UnheardCommits) => Fate::Unheard,
                Hop::Begin | Hop::Statement | Hop::Commit => Fate::Done,
            }
        })
    }

    fn begin(&self, work: Reply<'static, ()>) {
        self.world.sim.begin_boxed(self.pid, work);
    }

    fn committed(&self, node: u8, life: i64) {
        committed(&self.world, self.pid, node, life);
    }
}

/// A node's wall clock, which may step.
struct NodeClock {
    world: Arc<World>,
    offset_ms: Arc<AtomicI64>,
}

impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        self.world.time(&self.offset_ms)
    }

    fn business_date(&self, at: Timestamp) -> BusinessDate {
        let civil = at.plus_ms(2 * 3_600_000).utc();
        BusinessDate((civil.year * 10_000) as i32 + i32::from(civil.month) * 100 + i32::from(civil.day))
    }
}

/// The words are the state and the payment.
struct Words;

impl AnswerWriter for Words {
    fn answer(&self, facts: &AnswerFacts<'_>) -> Answer {
        let status = if facts.state == PaymentState::Pending { 202 } else { 201 };
        let (state, id) = (facts.state.as_str(), facts.payment.id.0);
        Answer { status, body: format!("{state} {id} {}", facts.approval_code.unwrap_or("-")) }
    }
}

/// Starts a node as a new process and waits until it lives or fails.
async fn start(world: &Arc<World>, node: usize) -> bool {
    let pid = world.sim.process();
    world.sim.say(format_args!("node {node} starts as process {pid}"));
    let (born, told) = oneshot::channel();
    let place = Arc::clone(world);
    world.sim.begin(pid, async move {
        let began = engine(&place, node, pid).await;
        drop(born.send(began.map_err(|error| error.to_string())));
    });
    match told.await {
        Ok(Ok(life)) => {
            world.nodes()[node].life = Some(life);
            true
        }
        Ok(Err(error)) => {
            world.sim.say(format_args!("node {node} does not start: {error}"));
            world.sim.kill(pid);
            false
        }
        Err(_) => false,
    }
}

async fn engine(world: &Arc<World>, node: usize, pid: Pid) -> Result<Life, StoreError> {
    let ground = Arc::new(Ground { world: Arc::clone(world), pid });
    let db = Db::Memory(MemoryDb::connect(&world.server, Arc::clone(&ground) as Arc<dyn Host>));
    let links: Vec<_> =
        (0..world.counterparties.len()).map(|number| Link::new(world, pid, node, number)).collect();
    let (desk, inbox) = evidence::channel();
    links.iter().for_each(|link| link.reports_to(&desk));
    let offset_ms = Arc::clone(&world.nodes()[node].clock_offset_ms);
    let clock = NodeClock { world: Arc::clone(world), offset_ms };
    let db = db.take_node(node as u8, clock.now()).await?;
    lock(&world.taken).push((node as u8, pid, world.sim.now()));
    ends_when_superseded(world, pid, &db);
    let parts = EngineParts {
        journal: Journal::start(&db).await?,
        db,
        clock: Arc::new(clock),
        runtime: ground,
        public_ids: world.public_ids.clone(),
        connectors: links.iter().map(|link| Arc::clone(link) as Arc<dyn Connector>).collect(),
        evidence: inbox,
        vault: Some(Vault::new(&[("k1".into(), [7; 32])]).expect("one key")),
        answers: Arc::new(Words),
        alarms: Arc::new(NoBook),
        settings: EngineSettings {
            node: node as u8,
            in_flight_max: 64,
            card_ttl_ms: 86_400_000,
            settlement_accounts: HashMap::new(),
        },
    };
    let (engine, _) = Engine::start(parts).await?;
    engine.run(Arc::new(Subscriber::new(world)));
    Ok(Life { pid, desk: Arc::new(Desk::new(Arc::clone(&engine))), engine, links })
}

/// As the daemon does: a process ends when it learns that its number is another's.
fn ends_when_superseded(world: &Arc<World>, pid: Pid, db: &Db) {
    let (world, db) = (Arc::clone(world), db.clone());
    world.sim.clone().begin(pid, async move {
        let lost = db.superseded().await;
        world.sim.say(format_args!("process {pid} ends: {lost}"));
        world.sim.kill(pid);
    });
}

/// Starts every node, and again whenever it is down.
pub(crate) fn supervise(world: &Arc<World>) {
    for node in 0..world.weather.nodes as usize {
        let world = Arc::clone(world);
        world.sim.clone().begin(WORLD, async move {
            loop {
                if world.life(node).is_none() {
                    start(&world, node).await;
                }
                let pause = world.sim.choose(|rng| rng.between(100_000, 2_000_000));
                world.sim.wait(pause).await;
            }
        });
    }
}

/// Kills a node where it stands.
pub(crate) fn crash(world: &World, node: usize) {
    let Some(life) = world.nodes()[node].life.take() else { return };
    world.sim.say(format_args!("node {node} is killed"));
    world.sim.kill(life.pid);
}

/// Takes a node for dead: another process is started in its place, and it goes on, at once or after it stood still.
pub(crate) fn replace(world: &World, node: usize) {
    let Some(life) = world.nodes()[node].give_up() else { return };
    let still = world.sim.choose(|rng| if rng.chance(700) { rng.between(1_000_000, 60_000_000) } else { 0 });
    world.sim.say(format_args!(
        "process {} of node {node} is taken for dead for {} ms",
        life.pid,
        still / 1000
    ));
    if still > 0 {
        world.sim.freeze(life.pid, still);
    }
}

/// Drains a node, as SIGTERM does, and ends it.
pub(crate) fn drain(world: &Arc<World>, node: usize) {
    let Some(life) = world.nodes()[node].give_up() else { return };
    world.sim.say(format_args!("node {node} is drained"));
    let (sim, pid) = (world.sim.clone(), life.pid);
    // A drain that hangs is ended by the supervisor.
    world.sim.begin(WORLD, async move {
        let (drained, told) = oneshot::channel();
        sim.begin(pid, async move {
            life.engine.drain().await;
            let _ = drained.send(());
        });
        let limit = sim.wait(30_000_000);
        tokio::select! {
            biased;
            _ = told => {}
            () = limit => {}
        }
        sim.kill(pid);
    });
}

/// Steps a node's clock: seconds, minutes or days, forwards or back.
pub(crate) fn step_clock(world: &World, node: usize) {
    let step = world.sim.choose(|rng| {
        let size = *rng.pick(&[1_000, 60_000, 300_000, 259_200_000]);
        if rng.chance(500) { size } else { -size }
    });
    world.sim.say(format_args!("node {node}: the clock steps by {step} ms"));
    world.nodes()[node].clock_offset_ms.fetch_add(step, Relaxed);
}
