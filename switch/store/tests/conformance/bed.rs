//! A database of its own for one story, with a department, an agent and their
//! accounts; and a second way into it that shares no code with the store.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, PgPool, Row, SqlitePool};
use switch_core::accounts::Account;
use switch_core::attempt::AttemptState;
use switch_core::bill::Bill;
use switch_core::clock::{BusinessDate, Timestamp};
use switch_core::connector::{AttemptRef, Method};
use switch_core::id::{AccountId, AttemptId, BillId, ClientId, EventId, PaymentId};
use switch_core::idempotency::{Answer, Fingerprint, IdempotencyKey};
use switch_core::ledger::TransferKind;
use switch_core::money::{Currency, Money};
use switch_core::payment::{Channel, Payment, PaymentState};
use switch_core::person::{Payer, PayerKind};
use switch_store::attempt::OpenAttempt;
use switch_store::client::{Client, ClientKind};
use switch_store::journal::{Ending, Intake, Outcome};
use switch_store::memory::{Host, MemoryDb, MemoryServer};
use switch_store::{Backend, Db, DbOptions, Journal, client, ledger, schema};

pub(crate) const NOW: Timestamp = Timestamp(1_795_343_465_250);
pub(crate) const TODAY: BusinessDate = BusinessDate(20_261_122);
pub(crate) const MINISTRY: ClientId = ClientId(1);
pub(crate) const AGENT: ClientId = ClientId(2);

/// Databases of this process, for their names.
static MADE: AtomicU64 = AtomicU64::new(0);

pub(crate) struct Bed {
    pub(crate) url: String,
    pub(crate) db: Db,
    pub(crate) raw: Raw,
    pub(crate) receivable: AccountId,
    pub(crate) payable: AccountId,
    pub(crate) float: AccountId,
    pub(crate) bank: AccountId,
    next: AtomicI64,
    place: Place,
}

enum Place {
    Folder(PathBuf),
    Server,
    Memory,
}

/// SQL of the test's own, past the store.
#[derive(Clone)]
pub(crate) enum Raw {
    Sqlite(SqlitePool),
    Postgres(PgPool),
    Memory(MemoryServer),
}

pub(crate) fn ils(minor: i64) -> Money {
    Money::new(minor, Currency::Ils)
}

/// Waits for a condition that must come true; ten seconds are more than enough.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.unwrap_or_else(|_| panic!("not so: {what}"));
}

fn postgres_url() -> String {
    std::env::var("SWITCHD_TEST_POSTGRES").expect(
        "these stories need PostgreSQL: run tests/run pg cargo test -p switch-store, \
         which starts a private one and sets SWITCHD_TEST_POSTGRES",
    )
}

impl Bed {
    /// An empty file of the embedded engine, migrated.
    pub(crate) async fn sqlite() -> Self {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("store-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the database");
        let file = folder.join("switch.db");
        let url = format!("sqlite:{}", file.display());
        let db = open(&url).await;
        let options = SqliteConnectOptions::new().filename(&file).busy_timeout(Duration::from_secs(10));
        let raw = Raw::Sqlite(SqlitePool::connect_with(options).await.expect("a second way in"));
        Self::furnished(url, db, raw, Place::Folder(folder)).await
    }

    /// An empty database of the private server, migrated.
    pub(crate) async fn postgres() -> Self {
        let server = postgres_url();
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("store_{}_{number}", std::process::id());
        let admin = PgPool::connect(&server).await.expect("the private PostgreSQL answers");
        let create = format!("CREATE DATABASE {name}");
        sqlx::query(AssertSqlSafe(create)).execute(&admin).await.expect("a database of its own");
        admin.close().await;
        let url = server.replacen("///postgres", &format!("///{name}"), 1);
        assert_ne!(url, server, "SWITCHD_TEST_POSTGRES names the database postgres");
        let raw = PgPoolOptions::new().max_connections(4).connect(&url).await.expect("a second way in");
        Self::furnished(url.clone(), open(&url).await, Raw::Postgres(raw), Place::Server).await
    }

    /// An empty database in memory, behind a host.
    pub(crate) async fn memory(host: Arc<dyn Host>) -> Self {
        let server = MemoryServer::start(Box::new(|| NOW.0)).expect("a database in memory");
        let db = Db::Memory(MemoryDb::connect(&server, host));
        Self::furnished(String::new(), db, Raw::Memory(server), Place::Memory).await
    }

    async fn furnished(url: String, db: Db, raw: Raw, place: Place) -> Self {
        schema::migrate(&db, &[]).await.expect("the schema is made");
        let next = AtomicI64::new(1 << 50);
        let new_id = || next.fetch_add(1, Ordering::Relaxed);
        let mut tx = db.begin().await.expect("begins");
        for (id, name, kind) in [(MINISTRY, "moi", ClientKind::Api), (AGENT, "agent", ClientKind::Agent)] {
            let client = Client { id, name: name.into(), kind, webhook: None };
            assert!(client::add(&mut tx, &client, NOW).await.expect("a client is added"));
        }
        tx.commit().await.expect("commits");
        let currency = Currency::Ils;
        let accounts = [
            Account::Receivable { counterparty: "card".into(), currency },
            Account::Payable { department: "MOI".into(), account: "main".into(), currency },
            Account::Float { agent: AGENT, currency },
            Account::Bank { account: "main".into(), currency },
        ];
        let mut ids = Vec::new();
        for account in &accounts {
            ids.push(ledger::account(&db, account, new_id).await.expect("an account is made"));
        }
        let (receivable, payable, float, bank) = (ids[0], ids[1], ids[2], ids[3]);
        Self { url, db, raw, receivable, payable, float, bank, next, place }
    }

    /// Closes the database, and removes the file of the embedded engine. A database of
    /// the private server goes with the server: dropping it would cost a checkpoint.
    /// A story that failed leaves its file to be looked at.
    pub(crate) async fn clear_away(self) {
        self.db.close().await;
        match &self.raw {
            Raw::Sqlite(pool) => pool.close().await,
            Raw::Postgres(pool) => pool.close().await,
            Raw::Memory(_) => {}
        }
        match self.place {
            Place::Folder(folder) => std::fs::remove_dir_all(folder).expect("the folder can go"),
            Place::Server | Place::Memory => {}
        }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.db.backend() == Backend::Sqlite
    }

    /// The folder of the embedded engine's file.
    pub(crate) fn folder(&self) -> &PathBuf {
        match &self.place {
            Place::Folder(folder) => folder,
            Place::Server | Place::Memory => panic!("only the embedded engine has a file"),
        }
    }

    /// Another handle on the same database, as another node would have it.
    pub(crate) async fn open_again(&self) -> Db {
        open(&self.url).await
    }

    pub(crate) async fn journal(&self) -> Journal {
        Journal::start(&self.db).await.expect("the writer starts")
    }

    pub(crate) fn id(&self) -> i64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// A key nobody has used.
    pub(crate) fn key(&self) -> IdempotencyKey {
        IdempotencyKey::derived(format!("key-{:020}", self.id()))
    }

    /// A bill of 50.00, stored.
    pub(crate) async fn bill(&self) -> Bill {
        self.bills(1).await.remove(0)
    }

    /// Bills of 50.00, stored.
    pub(crate) async fn bills(&self, number: usize) -> Vec<Bill> {
        let bills: Vec<_> = (0..number).map(|_| self.new_bill()).collect();
        let mut tx = self.db.begin().await.expect("begins");
        switch_store::bill::add_many(&mut tx, MINISTRY, &bills).await.expect("bills are added");
        tx.commit().await.expect("commits");
        bills
    }

    pub(crate) fn new_bill(&self) -> Bill {
        let id = self.id();
        Bill {
            id: BillId(id),
            client: MINISTRY,
            department: "MOI".into(),
            service: "PASS-REN".into(),
            reference: format!("ref-{id}"),
            payer: Payer::new(PayerKind::Passport, "P123456").expect("a document number"),
            amount: ils(5000),
            description: "جواز سفر".into(),
            created_at: NOW,
            expires_at: None,
        }
    }

    pub(crate) fn payment(&self, key: &IdempotencyKey, bill: &Bill, method: Method) -> Payment {
        Payment {
            id: PaymentId(self.id()),
            client: if method == Method::Cash { AGENT } else { MINISTRY },
            key: key.clone(),
            fingerprint: Fingerprint::of(&[key.as_str(), &bill.reference]),
            bill: Some(bill.id),
            method,
            amount: bill.amount,
            channel: if method == Method::Cash { Channel::Pos } else { Channel::Api },
            card: None,
            created_at: NOW,
            business_date: TODAY,
        }
    }

    /// A card payment as the engine takes it in.
    pub(crate) fn intake(&self, key: &IdempotencyKey, bill: &Bill) -> Intake {
        let payment = self.payment(key, bill, Method::Card);
        let attempt = OpenAttempt {
            refs: AttemptRef {
                payment: payment.id,
                attempt: AttemptId(payment.id.0),
                stan: (payment.id.0 % 999_999 + 1) as u32,
                sent_at: NOW,
                amount: payment.amount,
            },
            attempt_no: 1,
            connector: "card".into(),
            debit: self.receivable,
            credit: self.payable,
            state: AttemptState::Sending,
            epoch: 0,
            node: 1,
            due_at: NOW.plus_ms(60_000),
        };
        Intake { payment, bill: bill.id, attempt }
    }

    /// How the engine ends it.
    pub(crate) fn ending(&self, intake: &Intake, state: PaymentState) -> Ending {
        let at = NOW.plus_ms(1_000);
        let paid = state == PaymentState::Paid;
        let kind = if paid { TransferKind::Post } else { TransferKind::Void };
        Ending {
            payment: intake.payment.id,
            epoch: intake.attempt.epoch,
            outcome: Outcome {
                state,
                reason: (!paid).then(|| "not_permitted".to_owned()),
                connector: Some("card".into()),
                attempt: Some(intake.attempt.refs.attempt),
                stan: Some(intake.attempt.refs.stan),
                approval_code: paid.then(|| "123456".to_owned()),
                response_code: Some(if paid { "00" } else { "05" }.to_owned()),
                answer: Some(Answer { status: 201, body: format!("{{\"state\":\"{}\"}}", state.as_str()) }),
                at,
            },
            transfer: intake.attempt.promise(TODAY).ended(kind, at),
            release: (!paid).then_some(intake.bill),
            purge: intake.payment.card,
            event: None,
        }
    }

    pub(crate) fn event(&self) -> Option<(EventId, ClientId)> {
        Some((EventId(self.id()), MINISTRY))
    }

    /// The rows of every table that a payment touches, empty ones left out.
    pub(crate) async fn rows(&self) -> String {
        let mut found = Vec::new();
        for table in [
            "payment",
            "bill_claim",
            "open_attempt",
            "outcome",
            "transfer",
            "answer",
            "outbox",
            "card",
            "unwind",
            "evidence",
        ] {
            let rows = self.raw.number(&format!("SELECT COUNT(*) FROM {table}")).await;
            if rows > 0 {
                found.push(format!("{table} {rows}"));
            }
        }
        found.join(", ")
    }
}

async fn open(url: &str) -> Db {
    Db::open(&DbOptions { url: url.to_owned(), connections: 4 }).await.expect("the database opens")
}

impl Raw {
    /// The number in the only column of the only row.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        if let Self::Memory(server) = self {
            return server.read(sql, &[], |row| row.get(0)).expect("the test's own query runs")[0];
        }
        let sql = AssertSqlSafe(sql.to_owned());
        let number = match self {
            Self::Sqlite(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
            Self::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
            Self::Memory(_) => unreachable!("read above"),
        };
        number.expect("the test's own query runs")
    }

    /// The first column of every row, as text.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let (text, sql) = (sql.to_owned(), AssertSqlSafe(sql.to_owned()));
        let why = "the test's own query runs";
        match self {
            Self::Sqlite(pool) => {
                sqlx::query(sql).fetch_all(pool).await.expect(why).iter().map(|row| row.get(0)).collect()
            }
            Self::Postgres(pool) => {
                sqlx::query(sql).fetch_all(pool).await.expect(why).iter().map(|row| row.get(0)).collect()
            }
            Self::Memory(server) => server.read(&text, &[], |row| row.get(0)).expect(why),
        }
    }

    /// Runs a statement; the engine's words when it refuses.
    pub(crate) async fn run(&self, sql: &str) -> Result<u64, String> {
        let (text, sql) = (sql.to_owned(), AssertSqlSafe(sql.to_owned()));
        let done = match self {
            Self::Sqlite(pool) => sqlx::query(sql).execute(pool).await.map(|done| done.rows_affected()),
            Self::Postgres(pool) => sqlx::query(sql).execute(pool).await.map(|done| done.rows_affected()),
            Self::Memory(server) => return server.write(&text).map(|()| 0).map_err(|e| e.to_string()),
        };
        done.map_err(|error| error.to_string())
    }
}
