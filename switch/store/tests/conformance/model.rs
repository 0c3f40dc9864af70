//! One model, every engine: the same operations, drawn from a seed, are carried out on
//! sorted maps that hold what the store promises and on a store; every answer must be
//! the same, and in the end every row. On the way another transaction is in the way,
//! a commit or its reply is lost, a caller goes away. What is unknown then is read
//! again, and must be one of the two worlds it can be.
//!
//! A failure prints the seed and the shortest operations that still show it.
//! `SWITCHD_MODEL_SEED` and `SWITCHD_MODEL_CASES` choose others and more.

mod choose;
mod contents;
mod place;
mod reading;
mod step;
mod wire;
mod world;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use switch_core::attempt::AttemptState;
use switch_core::bill::Bill;
use switch_store::outbox::Event;
use switch_store::{Journal, StoreError};

use self::choose::{Choice, Command, Numbers, Operation};
use self::place::{Fault, Kind, Place, Tally};
use self::step::Step;
use self::world::World;
use crate::bed::NOW;
use crate::group::{self, Told};

/// Operations of one case, each case on a store of its own.
const LENGTH: usize = 250;
/// Cases: with the commands of groups more than ten thousand operations for each engine.
const CASES: u32 = 27;
/// How often all rows are compared on the way.
const COMPARE_EVERY: usize = 50;

#[test]
fn sqlite_is_the_model() {
    Kind::Sqlite.is_the_model();
}

#[test]
fn postgresql_is_the_model() {
    Kind::Postgres.is_the_model();
}

#[test]
fn memory_is_the_model() {
    Kind::Memory.is_the_model();
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

impl Kind {
    fn is_the_model(self) {
        let seed = setting("SWITCHD_MODEL_SEED").unwrap_or(20_261_122);
        let cases = setting("SWITCHD_MODEL_CASES").map_or(CASES, |cases| cases as u32);
        let config = Config {
            cases,
            rng_seed: RngSeed::Fixed(seed),
            failure_persistence: None,
            max_shrink_iters: 200,
            ..Config::default()
        };
        let numbers = any::<Numbers>();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let tally = Tally::default();
        let told = TestRunner::new(config).run(&vec(numbers, LENGTH..=LENGTH), |numbers| {
            runtime.block_on(Story::tell(self, &numbers, &tally)).map_err(TestCaseError::fail)
        });
        match told {
            Ok(()) => tally.is_worth_something(self, cases),
            Err(TestError::Fail(why, numbers)) => {
                panic!("SWITCHD_MODEL_SEED={seed}: {why}\nshortest: {numbers:?}")
            }
            Err(other) => panic!("SWITCHD_MODEL_SEED={seed}: {other}"),
        }
    }
}

/// One case on one store.
struct Story<'a> {
    place: Place,
    journal: Journal,
    bills: Vec<Bill>,
    world: World,
    /// Every event that was claimed, under leases that are held or lost.
    claimed: Vec<Event>,
    tally: &'a Tally,
    /// The operations so far, for the one who looks at a failure.
    done: Vec<String>,
}

impl<'a> Story<'a> {
    /// Carries out all operations; what went wrong.
    async fn tell(kind: Kind, numbers: &[Numbers], tally: &'a Tally) -> Result<(), String> {
        let place = Place::of(kind, numbers.first().map_or(0, |first| first.4)).await;
        let bills = place.bed.bills(60).await;
        let journal = Journal::start(&place.db).await.expect("the writer starts");
        let (world, claimed, done) = (World::default(), Vec::new(), Vec::new());
        let mut story = Self { place, journal, bills, world, claimed, tally, done };
        let mut told = Ok(());
        for (n, numbers) in numbers.iter().enumerate() {
            told = story.one(*numbers).await;
            if told.is_ok() && (n + 1).is_multiple_of(COMPARE_EVERY) {
                told = story.is_equal().await;
            }
            if told.is_err() {
                break;
            }
        }
        if told.is_ok() {
            told = story.is_equal().await;
        }
        let last: String = story.done.iter().rev().take(12).rev().map(|done| format!("\n{done}")).collect();
        story.place.take_away(story.journal).await;
        told.map_err(|why| format!("{why}\nafter:{last}"))
    }

    async fn one(&mut self, numbers: Numbers) -> Result<(), String> {
        let choice =
            Choice { bed: &self.place.bed, world: &self.world, bills: &self.bills, claimed: &self.claimed };
        let Some(operation) = choice.operation(numbers) else { return Ok(()) };
        let fault = self.place.fault(numbers.4, &operation, self.tally);
        self.done.push(format!("{fault:?} {operation:?}"));
        match &operation {
            Operation::Group(commands) => self.group(commands, fault).await?,
            Operation::Step(step) => self.step(step, fault).await?,
            Operation::LeasesEnd => {
                let ended = self.place.bed.raw.run("UPDATE outbox SET lease_until = 0").await;
                ended.map_err(|why| format!("the leases could not be ended: {why}"))?;
                self.world.leases_end();
            }
        }
        self.read(numbers).await
    }

    /// All commands are queued at once. Whatever groups they are written in, the
    /// answers must be those of some order.
    async fn group(&mut self, commands: &[Command], fault: Fault) -> Result<(), String> {
        let guard = self.place.plant(fault).await;
        let journal = self.journal.clone();
        let mut waiting: Vec<_> = commands.iter().map(|c| Box::pin(send(&journal, c))).collect();
        let mut told: Vec<Option<Told>> = vec![None; commands.len()];
        if let Fault::GoesAway { polls } = fault {
            told[0] = polled(waiting[0].as_mut(), polls).await;
            drop(waiting);
        } else {
            let mut all = Vec::new();
            for verdict in &mut waiting {
                all.push(poll_once(verdict.as_mut()).await);
            }
            let waited = async {
                for (place, verdict) in waiting.iter_mut().enumerate() {
                    told[place] = Some(match all[place] {
                        Some(told) => told,
                        None => verdict.as_mut().await,
                    });
                }
            };
            self.place.under(guard, waited).await;
        }
        self.place.pull_out(fault).await;
        let told: Option<Vec<Told>> = told.into_iter().collect();
        match told {
            Some(told) if !told.contains(&Told::Failed) => {
                self.tally.came_through(fault);
                self.world = in_some_order(&self.world, commands, &told)
                    .ok_or_else(|| format!("no order of the commands is answered {told:?}"))?;
                Ok(())
            }
            told => {
                let mut after = self.world.clone();
                for command in commands {
                    after.command(command);
                }
                self.settle(fault, told.is_none(), after).await
            }
        }
    }

    async fn step(&mut self, step: &Step, fault: Fault) -> Result<(), String> {
        let guard = self.place.plant(fault).await;
        let db = self.place.db.clone();
        let mut asking = Box::pin(step::ask(&db, step));
        let told = if let Fault::GoesAway { polls } = fault {
            polled(asking.as_mut(), polls).await
        } else {
            Some(self.place.under(guard, asking.as_mut()).await)
        };
        drop(asking);
        self.place.pull_out(fault).await;
        let mut after = self.world.clone();
        let expected = after.step(step);
        match told {
            Some(Ok(said)) => {
                if said != expected {
                    return Err(format!("{step:?}\nanswered {said}\nnot      {expected}"));
                }
                self.tally.came_through(fault);
                self.keep(step, &after);
                self.world = after;
                Ok(())
            }
            Some(Err(error)) if fault == Fault::None => Err(format!("{step:?}: {error}")),
            Some(Err(StoreError::Corrupt(what))) => Err(format!("{step:?}: {what}")),
            told => {
                self.settle(fault, told.is_none(), after.clone()).await?;
                self.keep(step, &after);
                Ok(())
            }
        }
    }

    /// Remembers what was claimed, for those who come back with it.
    fn keep(&mut self, step: &Step, after: &World) {
        if let Step::Claim { .. } = step {
            for waiting in after.outbox.values().filter(|w| w.epoch > 0) {
                let n = &waiting.news;
                let (epoch, tries, state) = (waiting.epoch, waiting.tries, n.state.as_str().to_owned());
                let (id, client, payment, at) = (n.event, n.client, n.payment, n.at);
                self.claimed.push(Event { id, client, payment, state, at, epoch, tries });
            }
        }
    }

    /// Nobody said whether it was done: one of both worlds must be there.
    async fn settle(&mut self, fault: Fault, went_away: bool, after: World) -> Result<(), String> {
        self.place.is_quiet(&self.journal).await;
        let store = contents::of_store(&self.place.bed).await;
        let float = self.place.bed.float;
        let (was, would_be) = (contents::of_model(&self.world, float), contents::of_model(&after, float));
        let done = store == would_be;
        if !done && store != was {
            let (a, b) = (contents::difference(&store, &was), contents::difference(&store, &would_be));
            return Err(format!("{fault:?} left neither world.\nNot done:{a}\nDone:{b}"));
        }
        // Who was told that others were in the way was told that nothing is written.
        if matches!(fault, Fault::InTheWay { .. }) && !went_away && store != was {
            return Err(format!("{fault:?} was refused and is done"));
        }
        self.tally.settled(fault, done, was == would_be);
        if done {
            self.world = after;
        }
        Ok(())
    }

    async fn is_equal(&self) -> Result<(), String> {
        let store = contents::of_store(&self.place.bed).await;
        let model = contents::of_model(&self.world, self.place.bed.float);
        match contents::difference(&store, &model) {
            same if same.is_empty() => Ok(()),
            different => Err(format!("the rows differ:{different}")),
        }
    }
}

impl World {
    fn command(&mut self, command: &Command) -> Told {
        match command {
            Command::Intake(intake) => self.intake(intake),
            Command::End(ending) => self.end(ending),
        }
    }
}

async fn send(journal: &Journal, command: &Command) -> Told {
    let command = match command {
        Command::Intake(intake) => group::Command::Intake((**intake).clone()),
        Command::End(ending) => group::Command::End((**ending).clone()),
    };
    group::tell(journal, command).await
}

/// The world after the commands in an order that answers like this.
fn in_some_order(world: &World, commands: &[Command], told: &[Told]) -> Option<World> {
    fn rest(world: &World, commands: &[Command], told: &[Told], left: &[usize]) -> Option<World> {
        if left.is_empty() {
            return Some(world.clone());
        }
        left.iter().find_map(|&next| {
            let mut after = world.clone();
            if after.command(&commands[next]) != told[next] {
                return None;
            }
            let others: Vec<_> = left.iter().copied().filter(|&other| other != next).collect();
            rest(&after, commands, told, &others)
        })
    }
    rest(world, commands, told, &(0..commands.len()).collect::<Vec<_>>())
}

/// Polls as often as told, whenever there is something new; what it said by then.
async fn polled<T>(mut future: Pin<&mut (impl Future<Output = T> + ?Sized)>, polls: u8) -> Option<T> {
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

async fn poll_once<T>(mut future: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Option<T> {
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        })
    })
    .await
}

/// The columns `state`, `reason` and `sends`.
fn state_words(state: &AttemptState) -> (&'static str, &'static str, u32) {
    match state {
        AttemptState::InDoubt(reason) => ("IN_DOUBT", reason.as_str(), 0),
        AttemptState::Reversing { reason, sends } => ("REVERSING", reason.as_str(), *sends),
        AttemptState::Review { reason, sends } => ("REVIEW", reason.as_str(), *sends),
        AttemptState::Sending => ("SENDING", "-", 0),
        other => panic!("{other:?} is not open at {NOW:?}"),
    }
}
