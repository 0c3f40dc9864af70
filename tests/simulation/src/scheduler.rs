//! A scheduler in one thread whose every choice follows from the seed: which ready
//! task goes next, and when a wait ends. Time passes only when nobody can go on.
//!
//! Tasks belong to processes. A process can be killed at any point where one of
//! its tasks waits: its tasks are dropped and nothing of it runs again.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use crate::rng::Rng;

/// Microseconds since the run began.
pub(crate) type Micros = u64;
/// One life of a process.
pub(crate) type Pid = u32;

type Tasks = BTreeMap<u64, (Pid, Work, Waker)>;
type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Polls after which a run is called endless.
const POLLS_MAX: u64 = 3_000_000;

/// The process of the run itself: clients, counterparties, the director.
pub(crate) const WORLD: Pid = 0;

/// A handle to the scheduler.
#[derive(Clone)]
pub(crate) struct Sim(Arc<Mutex<State>>);

struct State {
    now: Micros,
    seq: u64,
    rng: Rng,
    tasks: u64,
    /// Tasks begun and not yet taken by the loop.
    begun: Vec<(u64, Pid, Work)>,
    ready: Vec<u64>,
    waits: BTreeMap<(Micros, u64), Waker>,
    dead: BTreeSet<Pid>,
    /// Killed since the loop last looked.
    to_bury: BTreeSet<Pid>,
    /// Processes that do not get the processor until a moment.
    frozen: BTreeMap<Pid, Micros>,
    pids: Pid,
    polls: u64,
    hash: u64,
    wrong: Option<String>,
    calm: bool,
}

/// Why a run ended before its director did.
pub(crate) enum Stopped {
    /// An invariant was broken; the sentence says which and what was lost.
    Wrong(String),
    /// Nobody can go on, or nobody comes to an end.
    Stuck(String),
}

impl Sim {
    /// A scheduler for a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            now: 0,
            seq: 0,
            rng: Rng::new(seed),
            tasks: 0,
            begun: Vec::new(),
            ready: Vec::new(),
            waits: BTreeMap::new(),
            dead: BTreeSet::new(),
            to_bury: BTreeSet::new(),
            frozen: BTreeMap::new(),
            pids: WORLD,
            polls: 0,
            hash: 0xCBF2_9CE4_8422_2325,
            wrong: None,
            calm: false,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Microseconds since the run began.
    pub(crate) fn now(&self) -> Micros {
        self.state().now
    }

    /// A choice of the seed.
    pub(crate) fn choose<T>(&self, choice: impl FnOnce(&mut Rng) -> T) -> T {
        choice(&mut self.state().rng)
    }

    /// Whether the storm is over.
    pub(crate) fn is_calm(&self) -> bool {
        self.state().calm
    }

    /// Ends the storm: from now on nothing fails on purpose.
    pub(crate) fn calm_down(&self) {
        let mut state = self.state();
        state.calm = true;
        state.frozen.clear();
    }

    /// Says what happened: part of the hash, and a line of the trace.
    pub(crate) fn say(&self, what: std::fmt::Arguments<'_>) {
        let mut state = self.state();
        let now = state.now;
        let text = what.to_string();
        state.mix(text.bytes().fold(now, |sum, byte| sum.rotate_left(9) ^ u64::from(byte)));
        drop(state);
        crate::trace::line(now, &text);
    }

    /// An invariant is broken: the run ends with this sentence.
    pub(crate) fn wrong(&self, what: String) {
        self.state().wrong.get_or_insert(what);
    }

    /// A new process.
    pub(crate) fn process(&self) -> Pid {
        let mut state = self.state();
        state.pids += 1;
        state.pids
    }

    /// Ends a process where it stands.
    pub(crate) fn kill(&self, pid: Pid) {
        let mut state = self.state();
        state.dead.insert(pid);
        state.to_bury.insert(pid);
    }

    /// Whether a process has not been killed.
    pub(crate) fn is_alive(&self, pid: Pid) -> bool {
        !self.state().dead.contains(&pid)
    }

    /// Takes the processor from a process for a time.
    pub(crate) fn freeze(&self, pid: Pid, time: Micros) {
        let mut state = self.state();
        let until = state.now + time;
        state.frozen.insert(pid, until);
    }

    /// Begins a task of a process.
    pub(crate) fn begin(&self, pid: Pid, work: impl Future<Output = ()> + Send + 'static) {
        self.begin_boxed(pid, Box::pin(work));
    }

    /// Begins a task of a process.
    pub(crate) fn begin_boxed(&self, pid: Pid, work: Work) {
        let mut state = self.state();
        if state.dead.contains(&pid) {
            drop(state);
            return; // the work is dropped outside the lock
        }
        state.tasks += 1;
        let id = state.tasks;
        state.begun.push((id, pid, work));
        state.ready.push(id);
    }

    /// Waits for a time; zero lets others go first.
    pub(crate) fn wait(&self, time: Micros) -> Wait {
        let mut state = self.state();
        state.seq += 1;
        let until = (state.now + time, state.seq);
        Wait { sim: self.clone(), until, waiting: false, let_others: time == 0 }
    }

    /// Runs until the director's task ends. The hash and the lines of the trace.
    pub(crate) fn run(&self, director: impl Future<Output = ()> + Send + 'static) -> Result<(), Stopped> {
        self.begin(WORLD, director);
        let first = self.state().tasks;
        let mut tasks = Tasks::new();
        let ended = self.turn(first, &mut tasks);
        // Tasks know the scheduler and the scheduler knows their wakers: part them.
        drop(tasks);
        let (begun, waits) = {
            let mut state = self.state();
            (std::mem::take(&mut state.begun), std::mem::take(&mut state.waits))
        };
        drop((begun, waits));
        ended
    }

    fn turn(&self, first: u64, tasks: &mut Tasks) -> Result<(), Stopped> {
        loop {
            self.take_begun(tasks);
            self.bury(tasks);
            if let Some(what) = self.state().wrong.take() {
                return Err(Stopped::Wrong(what));
            }
            if !tasks.contains_key(&first) {
                return Ok(());
            }
            let Some(id) = self.next_ready(tasks) else {
                if !self.pass_time() {
                    return Err(Stopped::Stuck("nobody can go on, and the run is not over".into()));
                }
                continue;
            };
            let Some((pid, mut work, waker)) = tasks.remove(&id) else { continue };
            let polls = {
                let mut state = self.state();
                state.mix(id);
                state.polls += 1;
                state.polls
            };
            if polls > POLLS_MAX {
                return Err(Stopped::Stuck(format!("still at work after {POLLS_MAX} steps")));
            }
            if work.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
                tasks.insert(id, (pid, work, waker));
            }
        }
    }

    fn take_begun(&self, tasks: &mut Tasks) {
        let begun = std::mem::take(&mut self.state().begun);
        for (id, pid, work) in begun {
            let waker = Waker::from(Arc::new(Call { id, sim: self.clone() }));
            tasks.insert(id, (pid, work, waker));
        }
    }

    /// Drops the tasks of dead processes; what that begins is dropped as well.
    fn bury(&self, tasks: &mut Tasks) {
        let dead = std::mem::take(&mut self.state().to_bury);
        if !dead.is_empty() {
            let gone: Vec<_> = tasks.extract_if(.., |_, (pid, ..)| dead.contains(pid)).collect();
            drop(gone);
        }
    }

    /// One of the tasks that can go on, chosen by the seed.
    fn next_ready(&self, tasks: &Tasks) -> Option<u64> {
        let mut state = self.state();
        let now = state.now;
        state.frozen.retain(|_, until| *until > now);
        let State { ready, frozen, rng, .. } = &mut *state;
        ready.retain(|id| tasks.contains_key(id));
        let may_run = |id: &u64| tasks.get(id).is_some_and(|(pid, ..)| !frozen.contains_key(pid));
        let able = ready.iter().filter(|id| may_run(id)).count() as u64;
        if able == 0 {
            return None;
        }
        let chosen = rng.below(able) as usize;
        let at = (0..ready.len()).filter(|at| may_run(&ready[*at])).nth(chosen)?;
        Some(ready.swap_remove(at))
    }

    /// Goes to the next moment at which something happens.
    fn pass_time(&self) -> bool {
        let woken = {
            let mut state = self.state();
            let next_wait = state.waits.keys().next().map(|(at, _)| *at);
            let next_thaw = state.frozen.values().min().copied();
            let Some(next) = [next_wait, next_thaw].into_iter().flatten().min() else { return false };
            state.now = state.now.max(next);
            let next = (state.now + 1, 0);
            let later = state.waits.split_off(&next);
            std::mem::replace(&mut state.waits, later)
        };
        woken.into_values().for_each(Waker::wake);
        true
    }

    /// What the run was: equal for equal seeds.
    pub(crate) fn hash(&self) -> u64 {
        self.state().hash
    }

    /// Steps taken.
    pub(crate) fn polls(&self) -> u64 {
        self.state().polls
    }
}

impl State {
    /// FNV-1a over words.
    fn mix(&mut self, word: u64) {
        self.hash = (self.hash ^ word ^ self.now).wrapping_mul(0x0000_0100_0000_01B3);
    }
}

struct Call {
    id: u64,
    sim: Sim,
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        let mut state = self.sim.state();
        if !state.ready.contains(&self.id) {
            state.ready.push(self.id);
        }
    }
}

/// A wait for a moment.
pub(crate) struct Wait {
    sim: Sim,
    until: (Micros, u64),
    waiting: bool,
    let_others: bool,
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.let_others {
            self.let_others = false;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut state = self.sim.state();
        if state.now >= self.until.0 {
            return Poll::Ready(());
        }
        state.waits.insert(self.until, context.waker().clone());
        drop(state);
        self.waiting = true;
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if self.waiting {
            let waker = self.sim.state().waits.remove(&self.until);
            drop(waker);
        }
    }
}
