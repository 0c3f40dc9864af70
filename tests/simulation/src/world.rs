//! Everything a run is made of: the database, the nodes and their lives, the
//! counterparties, and what each of them saw.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use switch_core::clock::Timestamp;
use switch_core::connector::AttemptRef;
use switch_core::id::{ClientId, PublicIds};
use switch_engine::Engine;
use switch_engine::cash::Desk;
use switch_store::memory::MemoryServer;

use crate::clients::Told;
use crate::network::{Counterparty, Link};
use crate::scheduler::{Pid, Sim};
use crate::terminals::Belief;
use crate::weather::{Fault, Weather};

/// When every run begins: 2026-11-22T21:59:00Z, a minute before a new business day.
pub(crate) const START_MS: i64 = 1_795_384_740_000;
pub(crate) const MINISTRY: ClientId = ClientId(1);
pub(crate) const AGENT: ClientId = ClientId(2);
pub(crate) const TERMINAL: &str = "TERM0001";
/// Bills are numbered from here.
pub(crate) const FIRST_BILL: i64 = 1000;
pub(crate) const FLOAT_MINOR: i64 = 40_000;
/// Who was replaced so long ago sends no request for money: longer than a request is on its way out of the engine.
const TAKEN_LONG_AGO_US: u64 = 1_000_000;

/// What a run is made of.
pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) weather: Weather,
    pub(crate) server: MemoryServer,
    pub(crate) counterparties: Vec<Arc<Counterparty>>,
    pub(crate) public_ids: PublicIds,
    nodes: Mutex<Vec<Node>>,
    /// Every request for money that left: payment, attempt, counterparty.
    sent: Mutex<BTreeMap<i64, Vec<i64>>>,
    /// When each life of a node took its number: node, process, moment.
    pub(crate) taken: Mutex<Vec<(u8, Pid, u64)>>,
    /// What clients were told, by key.
    pub(crate) told: Mutex<BTreeMap<String, Told>>,
    /// What terminals believe, by key.
    pub(crate) beliefs: Mutex<BTreeMap<String, Belief>>,
    /// What the subscriber was told: payment and state.
    pub(crate) news: Mutex<BTreeMap<(i64, &'static str), u64>>,
    /// Clients and terminals that are not done.
    pub(crate) busy: AtomicU64,
    /// Counterparties that broke a proof and were not heard.
    pub(crate) insisting: AtomicU64,
}

/// One switch node, through all its lives.
pub(crate) struct Node {
    pub(crate) life: Option<Life>,
    /// Lives that were given up and may go on: they are drained, or were replaced.
    pub(crate) former: Vec<Life>,
    pub(crate) clock_offset_ms: Arc<AtomicI64>,
}

/// One life of a node.
#[derive(Clone)]
pub(crate) struct Life {
    pub(crate) pid: Pid,
    pub(crate) engine: Arc<Engine>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) links: Vec<Arc<Link>>,
}

impl Node {
    /// Its life, which is no longer this node's but may go on.
    pub(crate) fn give_up(&mut self) -> Option<Life> {
        let life = self.life.take()?;
        self.former.push(life.clone());
        Some(life)
    }
}

/// A lock that a panic elsewhere does not spoil.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub(crate) fn new(sim: &Sim, weather: Weather) -> Arc<Self> {
        let server_time = sim.clone();
        let clock = Box::new(move || START_MS + (server_time.now() / 1000) as i64);
        let server = MemoryServer::start(clock).expect("the schema is sound");
        let counterparties =
            (0..weather.hosts).map(|number| Arc::new(Counterparty::new(number, &weather, sim))).collect();
        let nodes = (0..weather.nodes).map(|_| {
            let skew = if weather.has(Fault::ClockSteps) {
                sim.choose(|rng| rng.between(0, 4_000)) as i64 - 2_000
            } else {
                0
            };
            Node { life: None, former: Vec::new(), clock_offset_ms: Arc::new(AtomicI64::new(skew)) }
        });
        let world = Self {
            sim: sim.clone(),
            server,
            counterparties,
            public_ids: PublicIds::new([5; 16]),
            nodes: Mutex::new(nodes.collect()),
            sent: Mutex::default(),
            taken: Mutex::default(),
            told: Mutex::default(),
            beliefs: Mutex::default(),
            news: Mutex::default(),
            busy: AtomicU64::new(0),
            insisting: AtomicU64::new(0),
            weather,
        };
        world.seed();
        Arc::new(world)
    }

    /// A ministry with bills and a subscription, an agent with a terminal and a float.
    fn seed(&self) {
        let mut sql = format!(
            "INSERT INTO client (id, name, kind, webhook_url, webhook_secret, created_at)
                 VALUES (1, 'moi', 'api', 'http://localhost/hook', 'whsec_AAAA', {START_MS});
             INSERT INTO client (id, name, kind, created_at) VALUES (2, 'agent', 'agent', {START_MS});
             INSERT INTO terminal (id, agent_id, amount_max_minor, created_at)
                 VALUES ('{TERMINAL}', 2, 100000000, {START_MS});
             INSERT INTO account (id, code, currency)
                 VALUES (10, 'bank:main:ILS', 'ILS'), (11, 'float:2:ILS', 'ILS');
             INSERT INTO floored_balance (account_id, floor_minor, balance_minor)
                 VALUES (11, 0, {FLOAT_MINOR});
             INSERT INTO transfer (cause, seq, kind, debit, credit, amount_minor, currency, at, business_date)
                 VALUES (12, 1, 'BOOK', 10, 11, {FLOAT_MINOR}, 'ILS', {START_MS}, 20261122);"
        );
        for number in 0..self.weather.bills as i64 {
            let (id, amount) = (FIRST_BILL + number, self.amount_of(number));
            sql.push_str(&format!(
                "INSERT INTO bill (id, client_id, department, service, reference, payer_kind, payer_number,
                     amount_minor, currency, description, created_at)
                 VALUES ({id}, 1, 'moi', 'passport', 'R{number}', 'company', '560000001', {amount}, 'ILS',
                     '', {START_MS});"
            ));
        }
        self.server.write(&sql).expect("the seed is sound");
    }

    /// What a bill costs, minor units: every bill another amount.
    pub(crate) fn amount_of(&self, bill: i64) -> i64 {
        5_000 + bill * 137
    }

    /// Whether a fault that is on happens now.
    pub(crate) fn strikes(&self, fault: Fault) -> bool {
        self.weather.has(fault)
            && !self.sim.is_calm()
            && self.sim.choose(|rng| rng.chance(self.weather.per_mille))
    }

    /// Whether a fault that is on happens at one of many small steps.
    pub(crate) fn strikes_rarely(&self, fault: Fault) -> bool {
        self.strikes(fault) && self.sim.choose(|rng| rng.chance(80))
    }

    /// The time by a node's clock.
    pub(crate) fn time(&self, offset_ms: &AtomicI64) -> Timestamp {
        Timestamp(START_MS + (self.sim.now() / 1000) as i64 + offset_ms.load(Relaxed))
    }

    pub(crate) fn nodes(&self) -> MutexGuard<'_, Vec<Node>> {
        lock(&self.nodes)
    }

    /// A node's present life.
    pub(crate) fn life(&self, node: usize) -> Option<Life> {
        self.nodes()[node].life.clone()
    }

    /// A node's link to a counterparty.
    pub(crate) fn link(&self, node: usize, number: usize) -> Option<Arc<Link>> {
        self.nodes()[node].life.as_ref().map(|life| Arc::clone(&life.links[number]))
    }

    /// The link of a former life that still waits for the answer to an attempt.
    pub(crate) fn link_that_waits(&self, node: usize, number: usize, attempt: i64) -> Option<Arc<Link>> {
        let mut nodes = self.nodes();
        let former = &mut nodes[node].former;
        former.retain(|life| self.sim.is_alive(life.pid));
        former.iter().map(|life| &life.links[number]).find(|link| link.waits_for(attempt)).map(Arc::clone)
    }

    /// A node that lives, chosen by the seed; or one that was replaced, to which the way is still open.
    pub(crate) fn some_life(&self) -> Option<Life> {
        let twins = self.weather.has(Fault::Twins);
        let reachable = |node: &Node| {
            let former = node.former.iter().filter(|life| twins && self.sim.is_alive(life.pid));
            node.life.iter().chain(former).cloned().collect::<Vec<_>>()
        };
        let alive: Vec<_> = self.nodes().iter().flat_map(reachable).collect();
        if alive.is_empty() { None } else { Some(self.sim.choose(|rng| rng.pick(&alive).clone())) }
    }

    /// The rows of a query over integers, with `?1`, `?2`, … for its values.
    pub(crate) fn numbers(&self, sql: &str, values: &[i64]) -> Vec<Vec<i64>> {
        let read = self.server.read(sql, values, |row| {
            let width = row.as_ref().column_count();
            (0..width).map(|at| row.get::<_, Option<i64>>(at).map(Option::unwrap_or_default)).collect()
        });
        read.expect("the auditor's SQL is sound")
    }

    /// The rows of a query over one word.
    pub(crate) fn words(&self, sql: &str, values: &[i64]) -> Vec<String> {
        self.server.read(sql, values, |row| row.get(0)).expect("the auditor's SQL is sound")
    }

    /// Whether an answer that arrived may never become durable.
    pub(crate) fn may_lose_answers(&self) -> bool {
        let fatal = [
            Fault::BrokenLinks,
            Fault::Crashes,
            Fault::Drains,
            Fault::Twins,
            Fault::BusyStore,
            Fault::LostStore,
            Fault::UnheardCommits,
        ];
        fatal.iter().any(|fault| self.weather.has(*fault))
    }

    /// Whether a payment is durably paid.
    pub(crate) fn is_paid(&self, payment: i64) -> bool {
        let sql = "SELECT COUNT(*) FROM outcome WHERE payment_id = ?1 AND state = 'PAID'";
        self.numbers(sql, &[payment])[0][0] == 1
    }

    /// A request for money is about to leave a process (I2, I3, I6).
    pub(crate) fn money_leaves(&self, refs: &AttemptRef, node: u8, pid: Pid) {
        let successor = lock(&self.taken).iter().find(|(at, by, _)| *at == node && *by > pid).copied();
        if let Some((_, by, at)) = successor
            && self.sim.now() > at + TAKEN_LONG_AGO_US
        {
            self.sim.wrong(format!(
                "I6: process {pid} sends a request for money, and its number is that of {by}"
            ));
        }
        let (payment, attempt) = (refs.payment.0, refs.attempt.0);
        self.sim.say(format_args!("0200 leaves: payment {payment} attempt {attempt} stan {}", refs.stan));
        let sql = "SELECT (SELECT COUNT(*) FROM payment WHERE id = ?1),
                          (SELECT COUNT(*) FROM transfer WHERE cause = ?1 AND kind = 'PENDING')";
        let rows = self.numbers(sql, &[payment]);
        if rows[0].contains(&0) {
            self.sim.wrong(format!(
                "I2: a request for {} of payment {payment} left before its attempt was durable",
                refs.amount
            ));
        }
        lock(&self.sent).entry(payment).or_default().push(attempt);
    }

    /// A request that left reached a counterparty: another attempt of the payment
    /// must not be under way (I3).
    pub(crate) fn money_arrives(&self, refs: &AttemptRef) {
        for counterparty in &self.counterparties {
            let other = counterparty
                .host()
                .charges()
                .find(|line| {
                    line.payment == refs.payment.0 && (line.attempt, line.stan) != (refs.attempt.0, refs.stan)
                })
                .cloned();
            if let Some(line) = other {
                self.sim.wrong(format!(
                    "I3: payment {} is asked for again while {} is charged under attempt {} stan {}",
                    refs.payment.0, line.amount, line.attempt, line.stan
                ));
            }
        }
    }
}
