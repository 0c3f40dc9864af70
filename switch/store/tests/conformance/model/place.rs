//! Where a story is told, and what can go wrong there. A further engine is a further
//! [`Kind`], a line of [`Place::of`], and the faults it can be made to have.

use std::future::{Future, ready};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use switch_core::connector::Reply;
use switch_core::payment::PaymentState;
use switch_store::again::run_again;
use switch_store::memory::{Fate, Hop, Host};
use switch_store::{Backend, Db, DbOptions, Journal};

use super::choose::Operation;
use super::wire::{Lose, Wire};
use crate::bed::{Bed, Raw, until};
use crate::group::{Told, tell};
use crate::trouble::Trouble;

/// The engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sqlite,
    Postgres,
    Memory,
}

/// What goes wrong in one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Other transactions are in the way, at the beginning or at the commit.
    InTheWay {
        times: u32,
        deadlock: bool,
        at_commit: bool,
        gives_up: bool,
    },
    /// The lock is held until the writer has been told so.
    Locked,
    /// The connection breaks at the commit, of the journal's writer or of the caller;
    /// `done`: after it.
    Lost {
        writer: bool,
        done: bool,
    },
    /// The caller goes away after so many polls.
    GoesAway {
        polls: u8,
    },
}

/// Faults that cost a good part of a second, each once in one case of so many.
const SLOW_CASE: u8 = 4;

/// What happened in all cases of a run.
#[derive(Debug, Default)]
pub(super) struct Tally {
    operations: AtomicU64,
    in_the_way: AtomicU64,
    locked: AtomicU64,
    given_up: AtomicU64,
    done: AtomicU64,
    not_done: AtomicU64,
}

fn count(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::Relaxed)
}

impl Tally {
    pub(super) fn came_through(&self, fault: Fault) {
        if matches!(fault, Fault::InTheWay { .. }) {
            count(&self.in_the_way);
        }
    }

    /// An operation whose result nobody knew; `nothing`: both worlds are one.
    pub(super) fn settled(&self, fault: Fault, done: bool, nothing: bool) {
        match fault {
            Fault::InTheWay { .. } => count(&self.given_up),
            _ if nothing => 0,
            _ if done => count(&self.done),
            _ => count(&self.not_done),
        };
    }

    /// A run in which nothing went wrong proves little.
    pub(super) fn is_worth_something(&self, kind: Kind, cases: u32) {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (done, not_done) = (of(&self.done), of(&self.not_done));
        if cases < super::CASES {
            return;
        }
        assert!(done > u64::from(cases) / 8 && not_done > u64::from(cases) / 8, "{kind:?}: {self:?}");
        assert!(of(&self.operations) >= 10_000, "{kind:?}: {self:?}");
        match kind {
            Kind::Sqlite => assert!(of(&self.locked) > 0, "{kind:?}: {self:?}"),
            Kind::Postgres | Kind::Memory => {
                assert!(of(&self.in_the_way) > u64::from(cases), "{kind:?}: {self:?}");
                assert!(of(&self.given_up) > u64::from(cases) / 10, "{kind:?}: {self:?}");
            }
        }
    }
}

/// One store, and the ways to trouble it.
pub(super) struct Place {
    kind: Kind,
    pub(super) bed: Bed,
    /// The way to the store that is troubled; `bed` has another.
    pub(super) db: Db,
    wire: Option<Wire>,
    host: Arc<Weather>,
    /// The slow faults that this case may still have: locked, writer lost, long, given up.
    slow: [AtomicBool; 4],
}

/// What is held while an operation runs.
pub(super) enum Guard {
    None,
    Lock(Box<sqlx::Transaction<'static, sqlx::Sqlite>>, u64),
}

impl Place {
    /// A store of its own; `number` says whether it may have slow faults.
    pub(super) async fn of(kind: Kind, number: u8) -> Self {
        let host = Arc::new(Weather::default());
        let slow = [(); 4].map(|()| AtomicBool::new(number.is_multiple_of(SLOW_CASE)));
        match kind {
            Kind::Sqlite => {
                let bed = Bed::sqlite().await;
                Self { kind, db: bed.db.clone(), bed, wire: None, host, slow }
            }
            Kind::Memory => {
                let bed = Bed::memory(Arc::clone(&host) as Arc<dyn Host>).await;
                Self { kind, db: bed.db.clone(), bed, wire: None, host, slow }
            }
            Kind::Postgres => {
                let bed = Bed::postgres().await;
                Trouble::planted_in(&bed).await;
                let wire = Wire::to(&bed.url);
                let options = DbOptions { url: wire.url.clone(), connections: 3 };
                let db = Db::open(&options).await.expect("opens through the wire");
                Self { kind, bed, db, wire: Some(wire), host, slow }
            }
        }
    }

    pub(super) async fn take_away(self, journal: Journal) {
        drop(journal);
        self.db.close().await;
        if let Some(wire) = self.wire {
            wire.take_away();
        }
        self.bed.clear_away().await;
    }

    /// What goes wrong, by a number: most often nothing.
    pub(super) fn fault(&self, number: u8, operation: &Operation, tally: &Tally) -> Fault {
        let operations = match operation {
            Operation::Group(commands) => commands.len() as u64,
            Operation::Step(_) | Operation::LeasesEnd => 1,
        };
        tally.operations.fetch_add(operations, Ordering::Relaxed);
        // Of several commands some could be done and others not.
        let single = match operation {
            Operation::Group(commands) => commands.len() == 1,
            Operation::Step(_) => true,
            Operation::LeasesEnd => return Fault::None,
        };
        let group = matches!(operation, Operation::Group(_));
        let (deadlock, at_commit) = (number.is_multiple_of(3), number.is_multiple_of(2));
        // In memory nothing is slow.
        let may = |fault: usize| self.kind == Kind::Memory || self.slow[fault].swap(false, Ordering::Relaxed);
        match (number, self.kind) {
            (200..=215, Kind::Sqlite) if may(0) => {
                count(&tally.locked);
                Fault::Locked
            }
            (200..=215, Kind::Postgres | Kind::Memory) => {
                let times = if number.is_multiple_of(5) && may(2) { 4 } else { 1 + u32::from(number % 2) };
                Fault::InTheWay { times, deadlock, at_commit: number % 4 < 2, gives_up: false }
            }
            (216..=219, Kind::Postgres | Kind::Memory) if single && may(3) => {
                Fault::InTheWay { times: 5, deadlock, at_commit, gives_up: true }
            }
            (220..=235, Kind::Postgres | Kind::Memory) if single && (!group || may(1)) => {
                Fault::Lost { writer: group, done: at_commit }
            }
            (236..=255, _) if single => Fault::GoesAway { polls: number - 236 },
            _ => Fault::None,
        }
    }

    pub(super) async fn plant(&self, fault: Fault) -> Guard {
        match (fault, &self.bed.raw) {
            (Fault::Locked, Raw::Sqlite(pool)) => {
                let lock = pool.begin_with("BEGIN IMMEDIATE").await.expect("the lock is taken");
                return Guard::Lock(Box::new(lock), run_again(Backend::Sqlite));
            }
            (Fault::InTheWay { times, deadlock, at_commit, .. }, Raw::Postgres(_)) => {
                let code = if deadlock { "40P01" } else { "40001" };
                Trouble::of(&self.bed).next(times, code, at_commit).await;
            }
            (Fault::InTheWay { times, at_commit, .. }, Raw::Memory(_)) => {
                let hop = if at_commit { Hop::Commit } else { Hop::Begin };
                self.host.expect(hop, Fate::Busy, times);
            }
            (Fault::Lost { done, .. }, Raw::Memory(_)) => {
                self.host.expect(Hop::Commit, if done { Fate::Unheard } else { Fate::Lost }, 1);
            }
            (Fault::Lost { writer, done }, Raw::Postgres(_)) => self.lose(match (writer, done) {
                (false, false) => Lose::Commit,
                (false, true) => Lose::Reply,
                (true, false) => Lose::Statement,
                (true, true) => Lose::StatementReply,
            }),
            _ => {}
        }
        Guard::None
    }

    fn lose(&self, what: Lose) {
        self.wire.iter().for_each(|wire| wire.lose(what));
    }

    /// Waits for what is asked, with what is held given back when it has had its effect.
    pub(super) async fn under<T>(&self, guard: Guard, asked: impl Future<Output = T>) -> T {
        let Guard::Lock(lock, before) = guard else { return asked.await };
        let given_back = async {
            until("the writer is told", async || run_again(Backend::Sqlite) > before).await;
            lock.rollback().await.expect("the lock is given back");
        };
        tokio::join!(asked, given_back).0
    }

    /// What was not met is for nobody else.
    pub(super) async fn pull_out(&self, fault: Fault) {
        match (fault, &self.bed.raw) {
            (Fault::InTheWay { .. }, Raw::Postgres(_)) => Trouble::of(&self.bed).none().await,
            (Fault::InTheWay { .. } | Fault::Lost { .. }, Raw::Memory(_)) => self.host.clears_up(),
            (Fault::Lost { .. }, Raw::Postgres(_)) => self.lose(Lose::Nothing),
            _ => {}
        }
    }

    /// Returns when nothing that was asked before is still going on.
    pub(super) async fn is_quiet(&self, journal: &Journal) {
        let unknown = self.bed.intake(&self.bed.key(), &self.bed.new_bill());
        let nothing = self.bed.ending(&unknown, PaymentState::Paid);
        assert_eq!(tell(journal, nothing.into()).await, Told::Superseded);
        if let Raw::Postgres(_) = &self.bed.raw {
            let busy = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()
                AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'";
            return until("the server is quiet", async || self.bed.raw.number(busy).await == 0).await;
        }
        drop(self.db.begin().await.expect("it is its turn"));
    }
}

/// Decides of each step to the database in memory what becomes of it.
#[derive(Default)]
struct Weather {
    next: Mutex<Option<(Hop, Fate, u32)>>,
}

impl Weather {
    fn expect(&self, hop: Hop, fate: Fate, times: u32) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some((hop, fate, times));
    }

    fn clears_up(&self) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Host for Weather {
    fn hop(&self, hop: Hop) -> Reply<'_, Fate> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let fate = match &mut *next {
            Some((at, fate, times)) if *at == hop && *times > 0 => {
                *times -= 1;
                *fate
            }
            _ => Fate::Done,
        };
        Box::pin(ready(fate))
    }

    fn begin(&self, work: Reply<'static, ()>) {
        drop(tokio::spawn(work));
    }
}
