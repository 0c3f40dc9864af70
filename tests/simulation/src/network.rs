//! The way between a node and a counterparty, as the engine sees it (`Connector`):
//! messages are delayed, lost, doubled, overtaken and crossed as the weather says.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use switch_core::connector::{
    AttemptRef, Cause, Connector, Enquiry, Evidence, Instruction, Method, Outcome, Payments, Profile, Reply,
    Reversal, ReversalAnswer, SendError, Session,
};
use switch_core::fault::{Planted, planted};
use switch_core::id::AttemptId;
use switch_core::money::{Currency, Money};
use tokio::sync::oneshot;

use crate::host::{Host, Stands, approved, declined};
use crate::scheduler::{Micros, Pid, Sim, WORLD};
use crate::weather::{Fault, Weather};
use crate::world::World;

/// A counterparty and what all nodes' links to it share.
pub(crate) struct Counterparty {
    pub(crate) profile: Profile,
    pub(crate) host: Mutex<Host>,
}

impl Counterparty {
    pub(crate) fn new(number: u64, weather: &Weather, sim: &Sim) -> Self {
        sim.choose(|rng| {
            let id = format!("card-{number}");
            let host = Host::new(id.clone(), weather, rng);
            let profile = Profile {
                id,
                methods: vec![Method::Card],
                currencies: vec![Currency::Ils],
                amount_max_minor: 1_000_000_000,
                response_timeout_ms: rng.between(2_000, 8_000),
                enquiry: rng.chance(500),
                reversal_backoff_ms: vec![500, 2_000, 5_000],
                review_after_ms: rng.between(20_000, 120_000),
                priority: number as u16,
            };
            Self { profile, host: Mutex::new(host) }
        })
    }

    pub(crate) fn host(&self) -> MutexGuard<'_, Host> {
        self.host.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Waiting = BTreeMap<i64, (AttemptRef, oneshot::Sender<Outcome>)>;

/// One node's link to one counterparty, for one life of the node.
pub(crate) struct Link {
    world: Arc<World>,
    sim: Sim,
    pid: Pid,
    /// The node's number.
    node: usize,
    number: usize,
    counterparty: Arc<Counterparty>,
    up: AtomicBool,
    waiting: Mutex<Waiting>,
    desk: OnceLock<Arc<dyn Evidence>>,
}

impl Link {
    pub(crate) fn new(world: &Arc<World>, pid: Pid, node: usize, number: usize) -> Arc<Self> {
        Arc::new(Self {
            world: Arc::clone(world),
            sim: world.sim.clone(),
            pid,
            node,
            number,
            counterparty: Arc::clone(&world.counterparties[number]),
            up: AtomicBool::new(true),
            waiting: Mutex::default(),
            desk: OnceLock::new(),
        })
    }

    pub(crate) fn reports_to(&self, desk: &Arc<dyn Evidence>) {
        let _ = self.desk.set(Arc::clone(desk));
    }

    /// Whether an answer to an attempt is waited for here.
    pub(crate) fn waits_for(&self, attempt: i64) -> bool {
        self.waiting().contains_key(&attempt)
    }

    /// Breaks the link: whoever waits for an answer learns it at once.
    pub(crate) fn goes(&self, up: bool) {
        self.up.store(up, Relaxed);
        if !up {
            let broken = std::mem::take(&mut *self.waiting());
            drop(broken);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn strikes(&self, fault: Fault) -> bool {
        self.world.strikes(fault)
    }

    /// The time of one way.
    fn way(&self, late: Fault) -> Micros {
        let usual = self.sim.choose(|rng| rng.between(1_000, 400_000));
        if self.strikes(late) {
            usual + self.sim.choose(|rng| rng.between(1_000_000, 60_000_000))
        } else {
            usual
        }
    }

    /// An answer arrives at this node, or at who lives in its place by now.
    fn arrives(&self, refs: &AttemptRef, outcome: Outcome) {
        let waiter = self.waiting().remove(&refs.attempt.0);
        match waiter {
            Some((_, waiter)) => match waiter.send(outcome) {
                Ok(()) => {}
                Err(outcome) => self.late(refs.attempt, outcome),
            },
            None => self.late(refs.attempt, outcome),
        }
    }

    fn late(&self, attempt: AttemptId, outcome: Outcome) {
        if let Some(desk) = self.desk.get()
            && self.sim.is_alive(self.pid)
        {
            desk.late_response(&self.counterparty.profile.id, attempt, outcome);
        }
    }

    /// Carries one request to the host and its answer back, beside the caller.
    fn carry(&self, refs: AttemptRef) {
        let (world, number, node) = (Arc::clone(&self.world), self.number, self.node);
        let there = self.way(Fault::LateRequests);
        if self.strikes(Fault::LostRequests) {
            self.sim.say(format_args!("lost: 0200 {} stan {}", refs.attempt.0, refs.stan));
            return;
        }
        let copies = if self.strikes(Fault::Duplicates) { 2 } else { 1 };
        let (sim, late) = (self.sim.clone(), self.way(Fault::LateAnswers));
        self.sim.begin(WORLD, async move {
            sim.wait(there).await;
            for _ in 0..copies {
                let calm = sim.is_calm();
                let proven_absent =
                    world.counterparties[number].host().stands(&refs) == Some(Stands::Tombstone);
                let said = {
                    let mut host = world.counterparties[number].host();
                    sim.choose(|rng| host.request(&refs, &world.weather, calm, rng))
                };
                sim.say(format_args!(
                    "card-{number} hears 0200 {} stan {}: {said:?}",
                    refs.attempt.0, refs.stan
                ));
                world.money_arrives(&refs);
                if proven_absent && matches!(said, Outcome::Approved(_)) {
                    return insist(&world, node, number, &refs, said).await;
                }
                if world.strikes(Fault::LostAnswers) {
                    continue;
                }
                sim.wait(late).await;
                world.answer(node, number, &refs, said.clone());
                if world.strikes(Fault::Duplicates) {
                    sim.wait(late / 2 + 1_000).await;
                    world.answer(node, number, &refs, said.clone());
                }
                if matches!(said, Outcome::Approved(_)) && world.strikes(Fault::ContradictingDeclines) {
                    sim.wait(late / 2 + 500_000).await;
                    // Of a payment that is not paid it would be a plain untruth, which
                    // nobody could tell from a refusal.
                    if world.is_paid(refs.payment.0) {
                        world.answer(node, number, &refs, declined("68"));
                    }
                }
            }
        });
    }

    /// One bounded question to the host: there, and back.
    async fn ask<T>(&self, mut question: impl FnMut(&mut Host) -> T) -> Result<T, SendError> {
        if !self.up.load(Relaxed) {
            return Err(SendError::NotSent(Cause::LinkDown));
        }
        let silent = Err(SendError::Unknown(Cause::Timeout));
        let limit = self.counterparty.profile.response_timeout_ms * 1000;
        if self.strikes(Fault::LostRequests) {
            self.sim.wait(limit).await;
            return silent;
        }
        let there = self.way(Fault::LateAnswers).min(limit);
        self.sim.wait(there).await;
        let mut said = question(&mut self.counterparty.host());
        if self.strikes(Fault::Duplicates) {
            said = question(&mut self.counterparty.host());
        }
        let back = self.way(Fault::LateAnswers).min(limit);
        let lost = self.strikes(Fault::LostAnswers) || there + back > limit;
        self.sim.wait(if lost { limit - there } else { back }).await;
        if lost { silent } else { Ok(said) }
    }
}

/// A counterparty that broke its proof says so until the money is taken back.
async fn insist(world: &Arc<World>, node: usize, number: usize, refs: &AttemptRef, said: Outcome) {
    world.sim.say(format_args!("card-{number} takes {} after it proved its absence", refs.attempt.0));
    world.insisting.fetch_add(1, Relaxed);
    let stands = || world.counterparties[number].host().stands(refs);
    while stands() == Some(Stands::Approved) && !world.is_paid(refs.payment.0) {
        world.answer(node, number, refs, said.clone());
        world.sim.wait(20_000_000).await;
        // Where nothing can be lost on the way into the database, once is enough.
        if !world.may_lose_answers() {
            break;
        }
    }
    world.insisting.fetch_sub(1, Relaxed);
}

/// An answer that belongs to another request of the same trace number.
fn crossed(refs: &AttemptRef) -> Outcome {
    let mut other = refs.clone();
    other.attempt.0 += 1 << 30;
    approved(&other, Money::new(refs.amount.minor() + 100, refs.amount.currency()))
}

impl Payments for Link {
    fn send<'a>(&'a self, instruction: &'a Instruction) -> Reply<'a, Result<Outcome, SendError>> {
        Box::pin(async move {
            let refs = &instruction.refs;
            self.world.money_leaves(refs, self.node as u8, self.pid);
            if !self.up.load(Relaxed) || self.strikes(Fault::BrokenLinks) {
                if self.strikes(Fault::StrayDeclines) {
                    let (world, refs) = (Arc::clone(&self.world), refs.clone());
                    let (node, number, sim) = (self.node, self.number, self.sim.clone());
                    let late = self.way(Fault::LateAnswers);
                    self.sim.begin(WORLD, async move {
                        sim.wait(late).await;
                        if let Some(link) = world.link(node, number) {
                            link.arrives(&refs, declined("92"));
                        }
                    });
                }
                return Err(SendError::NotSent(Cause::LinkDown));
            }
            let (told, answer) = oneshot::channel();
            self.waiting().insert(refs.attempt.0, (refs.clone(), told));
            self.carry(refs.clone());
            if self.strikes(Fault::Freezes) {
                let time = self.sim.choose(|rng| rng.between(20_000_000, 90_000_000));
                self.sim.say(format_args!("node {} stands still with its request under way", self.node));
                self.sim.freeze(self.pid, time);
            }
            if self.strikes(Fault::CrossedAnswers) {
                let (world, refs) = (Arc::clone(&self.world), refs.clone());
                let (node, number, sim) = (self.node, self.number, self.sim.clone());
                let there = self.way(Fault::LateAnswers);
                self.sim.begin(WORLD, async move {
                    sim.wait(there).await;
                    let outcome = crossed(&refs);
                    world.answer(node, number, &refs, outcome);
                });
            }
            let limit = self.sim.wait(self.counterparty.profile.response_timeout_ms * 1000);
            let said = tokio::select! {
                biased;
                said = answer => said.map_err(|_| SendError::Unknown(Cause::LinkLost)),
                () = limit => Err(SendError::Unknown(Cause::Timeout)),
            };
            self.waiting().remove(&refs.attempt.0);
            said
        })
    }

    fn enquire<'a>(&'a self, attempt: &'a AttemptRef) -> Reply<'a, Result<Enquiry, SendError>> {
        Box::pin(async move {
            let said = self.ask(|host| (host.enquire(attempt), host.forgetful)).await?;
            self.sim.say(format_args!("card-{} is asked for {}: {said:?}", self.number, attempt.attempt.0));
            Ok(match said {
                // No proof: this processor may still take it.
                (Enquiry::Absent { code }, true) if !planted(Planted::AbsentTooEarly) => {
                    Enquiry::Found(Outcome::Pending { code })
                }
                (said, _) => said,
            })
        })
    }

    fn reverse<'a>(&'a self, reversal: &'a Reversal) -> Reply<'a, Result<ReversalAnswer, SendError>> {
        Box::pin(async move {
            let original = &reversal.original;
            let said = self.ask(|host| host.reverse(original)).await;
            let (number, attempt, stan) = (self.number, original.attempt.0, original.stan);
            self.sim.say(format_args!("card-{number} hears 0420 {attempt} stan {stan}: {said:?}"));
            said
        })
    }
}

impl Session for Link {
    fn is_up(&self) -> bool {
        self.up.load(Relaxed)
    }

    fn close(&self) -> Reply<'_, ()> {
        Box::pin(async {})
    }
}

impl Connector for Link {
    fn profile(&self) -> &Profile {
        &self.counterparty.profile
    }

    fn payments(&self) -> &dyn Payments {
        self
    }

    fn session(&self) -> Option<&dyn Session> {
        Some(self)
    }
}

impl World {
    /// An answer reaches the process that asked, while it lives, else its node in whichever life it is.
    fn answer(&self, node: usize, number: usize, refs: &AttemptRef, outcome: Outcome) {
        let asked = self.link_that_waits(node, number, refs.attempt.0);
        if let Some(link) = asked.or_else(|| self.link(node, number))
            && link.up.load(Relaxed)
        {
            link.arrives(refs, outcome);
        }
    }
}
