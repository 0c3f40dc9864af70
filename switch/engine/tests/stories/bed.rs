//! A world that outlives an engine (database, networks, clock, subscriber), and
//! one life of an engine in it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use switch_core::bill::Bill;
use switch_core::card::{Card, Pan};
use switch_core::clock::{BusinessDate, Clock, Timestamp};
use switch_core::connector::{Connector, Evidence, Method, Reply};
use switch_core::id::{CardId, ClientId, PaymentId, PublicIds};
use switch_core::idempotency::{Answer, Fingerprint, IdempotencyKey};
use switch_core::money::{Currency, Money};
use switch_core::payment::PaymentState;
use switch_core::person::{Payer, PayerKind};
use switch_engine::alarm::{Alarm, AlarmBook};
use switch_engine::bill::NewBill;
use switch_engine::outbox::{Courier, Delivery, DeliveryError};
use switch_engine::pay::{Paid, PayOrder, PayRefusal};
use switch_engine::reverse::Recovered;
use switch_engine::runtime::Tokio;
use switch_engine::vault::Vault;
use switch_engine::{AnswerFacts, AnswerWriter, Engine, EngineParts, EngineSettings, evidence};
use switch_store::client::{Client, ClientKind, Webhook};
use switch_store::payment::PaymentView;
use switch_store::{Db, DbOptions, Journal, client, schema};

use crate::auditor;
use crate::network::Network;

pub(crate) const START: Timestamp = Timestamp(1_795_343_465_250);
pub(crate) const MINISTRY: ClientId = ClientId(1);
pub(crate) const OTHER: ClientId = ClientId(2);
pub(crate) const AGENT: ClientId = ClientId(3);

/// Databases of this process, for their names.
static MADE: AtomicU64 = AtomicU64::new(0);

/// Time as the story tells it.
pub(crate) struct StoryClock {
    now: AtomicI64,
    date: AtomicI32,
}

impl StoryClock {
    pub(crate) fn advance(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::SeqCst);
    }

    pub(crate) fn next_business_day(&self) {
        self.date.fetch_add(1, Ordering::SeqCst);
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    fn business_date(&self, _at: Timestamp) -> BusinessDate {
        BusinessDate(self.date.load(Ordering::SeqCst))
    }
}

/// Waits for a condition that must come true, within ten seconds.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.unwrap_or_else(|_| panic!("not so: {what}"));
}

pub(crate) fn ils(minor: i64) -> Money {
    Money::new(minor, Currency::Ils)
}

/// A subscriber: takes every event, unless it is told to fail.
#[derive(Default)]
pub(crate) struct Subscriber {
    pub(crate) fails: AtomicU64,
    /// The number of a client that never answers.
    pub(crate) hangs: AtomicI64,
    pub(crate) told: Mutex<Vec<(i64, PaymentId, PaymentState)>>,
}

impl Subscriber {
    pub(crate) fn told(&self) -> Vec<(i64, PaymentId, PaymentState)> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Courier for Subscriber {
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Reply<'a, Result<(), DeliveryError>> {
        Box::pin(async move {
            if self.hangs.load(Ordering::SeqCst) == delivery.client.0 {
                std::future::pending::<()>().await;
            }
            let event = (delivery.event.0, delivery.payment.id, delivery.state);
            self.told.lock().unwrap_or_else(PoisonError::into_inner).push(event);
            let failing = self.fails.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
            if failing.is_ok() { Err(DeliveryError("503".into())) } else { Ok(()) }
        })
    }
}

/// The words are the state and the payment.
struct Words;

/// Where a story reads what was written down of alarms.
#[derive(Default)]
pub(crate) struct Book {
    alarms: Mutex<Vec<Alarm>>,
    /// Nothing can be proved any more.
    pub(crate) is_lost: AtomicBool,
}

impl AlarmBook for Book {
    fn raised(&self, alarm: Alarm) {
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner).push(alarm);
    }

    fn is_kept(&self, _now: Timestamp) -> bool {
        !self.is_lost.load(Ordering::SeqCst)
    }
}

impl AnswerWriter for Words {
    fn answer(&self, facts: &AnswerFacts<'_>) -> Answer {
        let status = if facts.state == PaymentState::Pending { 202 } else { 201 };
        let (state, id) = (facts.state.as_str(), facts.payment.id.0);
        Answer { status, body: format!("{state} {id} {}", facts.approval_code.unwrap_or("-")) }
    }
}

/// What outlives an engine.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) url: String,
    folder: Option<PathBuf>,
    pub(crate) clock: Arc<StoryClock>,
    pub(crate) networks: Vec<Arc<Network>>,
    pub(crate) subscriber: Arc<Subscriber>,
    pub(crate) in_flight_max: usize,
}

impl World {
    /// An empty database of the embedded engine.
    pub(crate) fn sqlite(networks: Vec<Arc<Network>>) -> Self {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("engine-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the database");
        Self::at(format!("sqlite:{}", folder.join("switch.db").display()), Some(folder), networks)
    }

    /// An empty database of the private PostgreSQL.
    pub(crate) async fn postgres(networks: Vec<Arc<Network>>) -> Self {
        let server = std::env::var("SWITCHD_TEST_POSTGRES").expect(
            "this story needs PostgreSQL: run tests/run pg cargo test -p switch-engine, \
             which starts a private one and sets SWITCHD_TEST_POSTGRES",
        );
        let name = format!("engine_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let url = auditor::create_database(&server, &name).await;
        Self::at(url, None, networks)
    }

    fn at(url: String, folder: Option<PathBuf>, networks: Vec<Arc<Network>>) -> Self {
        let (now, date) = (AtomicI64::new(START.0), AtomicI32::new(20_261_122));
        let clock = Arc::new(StoryClock { now, date });
        networks.iter().for_each(|network| network.takes_time_of(&clock));
        Self { url, folder, clock, networks, subscriber: Arc::default(), in_flight_max: 4096 }
    }

    /// One life of the engine, with its background work running.
    pub(crate) async fn live(&self, node: u8) -> Bed {
        self.live_with(node, true).await
    }

    /// One life of the engine; without `work`, reversals and news wait.
    pub(crate) async fn live_with(&self, node: u8, work: bool) -> Bed {
        let options = DbOptions { url: self.url.clone(), connections: 6 };
        let db = Db::open(&options).await.expect("the database opens");
        schema::migrate(&db, &[]).await.expect("the schema is made");
        let hook = Webhook { url: "http://localhost/hook".into(), secret: "whsec_AAAA".into() };
        let mut tx = db.begin().await.expect("begins");
        for (id, name, kind, webhook) in [
            (MINISTRY, "moi", ClientKind::Api, Some(hook.clone())),
            (OTHER, "other", ClientKind::Api, Some(hook)),
            (AGENT, "agent", ClientKind::Agent, None),
        ] {
            let client = Client { id, name: name.into(), kind, webhook };
            client::add(&mut tx, &client, START).await.expect("a client is added");
        }
        tx.commit().await.expect("commits");
        let db = db.take_node(node, self.clock.now()).await.expect("the number is taken");
        let (desk, inbox) = evidence::channel();
        for network in &self.networks {
            network.reports_to(&desk);
        }
        let book: Arc<Book> = Arc::default();
        let parts = EngineParts {
            alarms: book.clone(),
            journal: Journal::start(&db).await.expect("the writer starts"),
            db: db.clone(),
            clock: self.clock.clone(),
            runtime: Arc::new(Tokio),
            public_ids: PublicIds::new([5; 16]),
            connectors: self.networks.iter().map(|n| Arc::clone(n) as Arc<dyn Connector>).collect(),
            evidence: inbox,
            vault: Some(Vault::new(&[("k1".into(), [7; 32])]).expect("one key")),
            answers: Arc::new(Words),
            settings: EngineSettings {
                node,
                in_flight_max: self.in_flight_max,
                card_ttl_ms: 900_000,
                settlement_accounts: HashMap::new(),
            },
        };
        let (engine, recovered) = Engine::start(parts).await.expect("the engine starts");
        if work {
            engine.run(self.subscriber.clone());
        }
        Bed { world: self.clone(), db, engine, recovered, desk, book }
    }
}

/// One life of an engine.
pub(crate) struct Bed {
    pub(crate) world: World,
    pub(crate) db: Db,
    pub(crate) engine: Arc<Engine>,
    pub(crate) recovered: Recovered,
    pub(crate) desk: Arc<dyn Evidence>,
    pub(crate) book: Arc<Book>,
}

impl Bed {
    /// The plain case: SQLite, one network without enquiry.
    pub(crate) async fn new() -> Self {
        World::sqlite(vec![Network::new(crate::network::profile("card"))]).live(1).await
    }

    pub(crate) fn network(&self) -> &Arc<Network> {
        &self.world.networks[0]
    }

    /// A bill of this amount.
    pub(crate) async fn bill(&self, minor: i64) -> Bill {
        self.bill_of(MINISTRY, minor).await
    }

    /// A bill of this client.
    pub(crate) async fn bill_of(&self, client: ClientId, minor: i64) -> Bill {
        let reference = format!("ref-{}", self.engine.new_id());
        let new = NewBill {
            client,
            department: "MOI".into(),
            service: "PASS-REN".into(),
            reference,
            payer: Payer::new(PayerKind::Passport, "P123456").expect("a document number"),
            amount: ils(minor),
            description: "passport".into(),
            expires_at: None,
        };
        self.engine.create_bill(new).await.expect("a bill is made").view.bill
    }

    pub(crate) async fn card(&self, client: ClientId) -> CardId {
        let pan = Pan::parse("4111111111111111").expect("public test number");
        let card = Card::new(pan, "2812").expect("valid expiry");
        self.engine.keep_card(client, &card).await.expect("kept").0
    }

    /// An order for a bill with a card and a key of its own.
    pub(crate) async fn order(&self, bill: &Bill) -> PayOrder {
        let key = IdempotencyKey::derived(format!("key-{:020}", self.engine.new_id()));
        PayOrder {
            client: MINISTRY,
            fingerprint: Fingerprint::of(&["pay", &bill.reference]),
            key,
            bill: bill.id,
            method: Method::Card,
            card: Some(self.card(MINISTRY).await),
        }
    }

    /// Pays a new bill of this amount.
    pub(crate) async fn pay_new(&self, minor: i64) -> (PayOrder, Result<Paid, PayRefusal>) {
        let order = self.order(&self.bill(minor).await).await;
        let paid = self.engine.pay(order.clone()).await;
        (order, paid)
    }

    pub(crate) async fn view(&self, id: PaymentId) -> PaymentView {
        switch_store::payment::find(&self.db, id).await.expect("read").expect("is there")
    }

    pub(crate) async fn state(&self, id: PaymentId) -> PaymentState {
        self.view(id).await.state
    }

    pub(crate) async fn becomes(&self, id: PaymentId, state: PaymentState) {
        until(&format!("the payment is {}", state.as_str()), async || self.state(id).await == state).await;
    }

    /// Waits until the step in hand is written down, its next one due after `wait_ms`.
    pub(crate) async fn rests(&self, id: PaymentId, wait_ms: i64) {
        until("the next step has its time", async || {
            let due = self.world.clock.now().0 + wait_ms;
            self.count(&format!("open_attempt WHERE payment_id = {} AND due_at = {due}", id.0)).await == 1
        })
        .await;
    }

    /// Evidence kept for a payment.
    pub(crate) async fn notes(&self, id: PaymentId) -> Vec<String> {
        let sql = format!("SELECT kind FROM evidence WHERE payment_id = {} ORDER BY id", id.0);
        auditor::texts(&self.world.url, &sql).await
    }

    /// How many rows there are of a table, with a condition or not.
    pub(crate) async fn count(&self, rows: &str) -> i64 {
        auditor::count(&self.world.url, rows).await
    }

    pub(crate) fn alarms(&self) -> u64 {
        self.engine.counters().alarms.load(Ordering::Relaxed)
    }

    /// What was written down of the alarms: about what, and why.
    pub(crate) fn alarm_book(&self) -> Vec<(String, String)> {
        let book = self.book.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        book.iter().map(|alarm| (alarm.subject.clone(), alarm.what.clone())).collect()
    }

    /// Ends the life in order, and lets the auditor in.
    pub(crate) async fn close(self) {
        tokio::time::timeout(Duration::from_secs(20), self.engine.drain()).await.expect("it drains");
        assert_eq!(self.alarm_book().len() as u64, self.alarms(), "an alarm was not written down");
        assert!(self.world.networks.iter().all(|network| network.is_closed()), "signed off");
        auditor::audit(&self.world.url, &self.world.networks).await;
        self.db.close().await;
        if let Some(folder) = &self.world.folder {
            std::fs::remove_dir_all(folder).expect("the folder can go");
        }
    }
}
