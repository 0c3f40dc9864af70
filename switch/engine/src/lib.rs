//! Tells the stories: pay, reverse, recover, take cash, deliver the news.
//!
//! Read `pay.rs` first. Deliberately absent: HTTP, SQL, message formats and any
//! knowledge of which counterparties exist; those are handed in by the wiring.
#![forbid(unsafe_code)]

pub mod alarm;
pub mod bill;
pub mod cash;
pub mod evidence;
mod mistakes;
pub mod outbox;
pub mod pay;
mod resolve;
pub mod reverse;
pub mod runtime;
mod stan;
pub mod vault;

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, RwLock};

use switch_core::accounts::Account;
use switch_core::clock::{Clock, Timestamp};
use switch_core::connector::{Connector, Connectors};
use switch_core::id::{AccountId, ClientId, IdSequence, PublicIds};
use switch_core::idempotency::Answer;
use switch_core::payment::{Payment, PaymentState};
use switch_store::facts::FactReader;
use switch_store::{Db, Journal, StoreError};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::stan::StanAllocator;
use crate::vault::Vault;

/// How the engine is set up; every value has a key in `config/switchd.toml`.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// This node's number; two nodes on one database differ.
    pub node: u8,
    /// Payments in hand at a time; more are told to come back.
    pub in_flight_max: usize,
    /// How long an unused card stays in the vault.
    pub card_ttl_ms: i64,
    /// The bank account of each department, by department code.
    pub settlement_accounts: HashMap<String, String>,
}

/// Everything the engine is made of.
pub struct EngineParts {
    /// The database, migrated, in the name of this node ([`Db::take_node`]).
    pub db: Db,
    /// Its writer, in the same name.
    pub journal: Journal,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What runs its tasks.
    pub runtime: Arc<dyn runtime::Runtime>,
    /// The permutation of public numbers.
    pub public_ids: PublicIds,
    /// The counterparties.
    pub connectors: Connectors,
    /// What they say unasked.
    pub evidence: evidence::Inbox,
    /// The card vault; `None` when no card number may enter.
    pub vault: Option<Vault>,
    /// Who puts answers into words.
    pub answers: Arc<dyn AnswerWriter>,
    /// Where alarms are written down.
    pub alarms: Arc<dyn alarm::AlarmBook>,
    /// The settings.
    pub settings: EngineSettings,
}

/// Puts the state of a payment into the words of its channel. The words are
/// stored with the state, so a repeat gets them unchanged.
pub trait AnswerWriter: Send + Sync {
    /// The answer for a payment in a state.
    fn answer(&self, facts: &AnswerFacts<'_>) -> Answer;
}

/// What an answer tells.
#[derive(Debug, Clone, Copy)]
pub struct AnswerFacts<'a> {
    /// The payment.
    pub payment: &'a Payment,
    /// What it is now.
    pub state: PaymentState,
    /// Why.
    pub reason: Option<&'a str>,
    /// Authorisation code.
    pub approval_code: Option<&'a str>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// What happened so far, for the metrics.
#[derive(Debug, Default)]
pub struct Counters {
    /// Payments by how they ended: paid, declined, reversed, failed, refused.
    pub ended: [AtomicU64; 5],
    /// Payments that went in doubt.
    pub in_doubt: AtomicU64,
    /// Reversals sent, repeats included.
    pub reversals_sent: AtomicU64,
    /// Answers that came late or twice.
    pub late_answers: AtomicU64,
    /// Alarms raised.
    pub alarms: AtomicU64,
    /// Payments turned away because too many were in hand.
    pub shed: AtomicU64,
    /// Repeats answered from the store.
    pub replays: AtomicU64,
    /// Float payments refused because the float was short.
    pub float_exhausted: AtomicU64,
    /// Events delivered.
    pub delivered: AtomicU64,
}

/// The engine: one for a process.
pub struct Engine {
    pub(crate) db: Db,
    pub(crate) journal: Journal,
    pub(crate) facts: FactReader,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) runtime: Arc<dyn runtime::Runtime>,
    pub(crate) public_ids: PublicIds,
    pub(crate) connectors: Vec<Counterparty>,
    pub(crate) vault: Option<Vault>,
    pub(crate) answers: Arc<dyn AnswerWriter>,
    pub(crate) alarms: Arc<dyn alarm::AlarmBook>,
    pub(crate) settings: EngineSettings,
    pub(crate) counters: Counters,
    pub(crate) in_flight: Arc<Semaphore>,
    pub(crate) reversals_due: Notify,
    pub(crate) news: Notify,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    ids: Mutex<IdSequence>,
    accounts: RwLock<HashMap<Account, AccountId>>,
    subscribers: RwLock<HashMap<ClientId, (bool, Timestamp)>>,
}

/// A connector with what the engine keeps for it.
pub(crate) struct Counterparty {
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) id: Arc<str>,
    pub(crate) stans: Mutex<StanAllocator>,
}

impl Counterparty {
    pub(crate) fn is_up(&self) -> bool {
        self.connector.session().is_none_or(|session| session.is_up())
    }

    pub(crate) fn release_stan(&self, stan: u32) {
        lock(&self.stans).release(stan);
    }
}

/// A poisoned lock only means that another task panicked; the data under our
/// locks is valid after every statement.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// How long the engine believes that a client has or has no subscription.
const SUBSCRIPTION_TTL_MS: i64 = 10_000;

impl Engine {
    /// Assembles the engine and puts in doubt what a former life of this node
    /// left open. Payments may be made when it returns; the reversals go on
    /// behind it once [`Engine::run`] is called.
    ///
    /// # Errors
    /// The store's own; [`StoreError::Unsafe`] when the node's number was not taken.
    pub async fn start(parts: EngineParts) -> Result<(Arc<Self>, reverse::Recovered), StoreError> {
        let node = parts.settings.node;
        if [parts.db.node(), parts.journal.node()] != [Some(node); 2] {
            return Err(StoreError::Unsafe(format!("the number of this node, {node}, is not taken")));
        }
        let issued = switch_store::payment::issued_max(&parts.db).await?;
        let now = parts.clock.now();
        let connectors = parts.connectors.into_iter().map(|connector| Counterparty {
            id: connector.profile().id.as_str().into(),
            stans: Mutex::new(StanAllocator::starting_at(now)),
            connector,
        });
        let engine = Arc::new(Self {
            facts: FactReader::start(&parts.db)?,
            connectors: connectors.collect(),
            in_flight: Arc::new(Semaphore::new(parts.settings.in_flight_max)),
            ids: Mutex::new(IdSequence::new(parts.settings.node, issued)),
            db: parts.db,
            journal: parts.journal,
            clock: parts.clock,
            runtime: parts.runtime,
            public_ids: parts.public_ids,
            vault: parts.vault,
            answers: parts.answers,
            alarms: parts.alarms,
            settings: parts.settings,
            counters: Counters::default(),
            reversals_due: Notify::new(),
            news: Notify::new(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            accounts: RwLock::default(),
            subscribers: RwLock::default(),
        });
        let recovered = engine.recover().await?;
        engine.begin(evidence::read(Arc::clone(&engine), parts.evidence));
        Ok((engine, recovered))
    }

    /// Starts the work behind the payments: reversals and the outbox.
    pub fn run(self: &Arc<Self>, courier: Arc<dyn outbox::Courier>) {
        self.begin(reverse::work(Arc::clone(self)));
        self.begin(outbox::work(Arc::clone(self), courier));
    }

    /// Ends the background work, waits for payments in hand and signs off from
    /// the counterparties. What is not known by then is reversed after the next start.
    pub async fn drain(&self) {
        self.stop.cancel();
        self.in_flight.close();
        self.tasks.close();
        self.tasks.wait().await;
        for counterparty in &self.connectors {
            if let Some(session) = counterparty.connector.session() {
                session.close().await;
            }
        }
    }

    /// What happened so far.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The writer, for its counts.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The database, for reading.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Time.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The permutation of public numbers.
    #[must_use]
    pub fn public_ids(&self) -> &PublicIds {
        &self.public_ids
    }

    /// The counterparties.
    pub fn connectors(&self) -> impl Iterator<Item = &Arc<dyn Connector>> {
        self.connectors.iter().map(|c| &c.connector)
    }

    /// Payments in hand.
    #[must_use]
    pub fn payments_in_flight(&self) -> usize {
        self.settings.in_flight_max - self.in_flight.available_permits()
    }

    /// A new identifier.
    pub fn new_id(&self) -> i64 {
        lock(&self.ids).next(self.clock.now())
    }

    pub(crate) fn counterparty(&self, id: &str) -> Option<&Counterparty> {
        self.connectors.iter().find(|c| &*c.id == id)
    }

    /// The number of an account, from memory after its first use.
    pub(crate) async fn account(&self, account: Account) -> Result<AccountId, StoreError> {
        let known = |accounts: &HashMap<Account, AccountId>| accounts.get(&account).copied();
        if let Some(id) = self.accounts.read().map_or(None, |accounts| known(&accounts)) {
            return Ok(id);
        }
        let id = switch_store::ledger::account(&self.db, &account, || self.new_id()).await?;
        if let Ok(mut accounts) = self.accounts.write() {
            accounts.insert(account, id);
        }
        Ok(id)
    }

    pub(crate) async fn payable(&self, bill: &switch_core::bill::Bill) -> Result<AccountId, StoreError> {
        let account = self.settings.settlement_accounts.get(&bill.department);
        self.account(Account::Payable {
            department: bill.department.clone(),
            account: account.map_or("main", String::as_str).to_owned(),
            currency: bill.amount.currency(),
        })
        .await
    }

    /// Whether a client wants to be told of its bills.
    pub(crate) async fn is_subscriber(&self, client: ClientId) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let known = self.subscribers.read().ok().and_then(|s| s.get(&client).copied());
        if let Some((subscribed, at)) = known
            && now.ms_since(at) < SUBSCRIPTION_TTL_MS
        {
            return Ok(subscribed);
        }
        // The others go on with what was known while this one reads it again.
        if let (Some((subscribed, _)), Ok(mut subscribers)) = (known, self.subscribers.write()) {
            subscribers.insert(client, (subscribed, now));
        }
        let found = switch_store::client::find(&self.db, client).await?;
        let subscribed = found.is_some_and(|client| client.webhook.is_some());
        if let Ok(mut subscribers) = self.subscribers.write() {
            subscribers.insert(client, (subscribed, now));
        }
        Ok(subscribed)
    }
}
