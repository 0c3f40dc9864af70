//! What a payment must know before it starts: its bill and its sealed card.
//!
//! Requests of the same moment share one hop to the database, as commands share
//! a commit. Like the journal it has a body for each engine, because it stands in
//! the path of every payment.

use std::collections::HashMap;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use sqlx::Executor;
use sqlx::postgres::PgPool;
use switch_core::bill::Bill;
use switch_core::clock::Timestamp;
use switch_core::id::{BillId, CardId, ClientId};
use tokio::sync::{mpsc, oneshot};

use crate::attempt::money;
use crate::bill::{bill_columns, read_bill, read_payer};
use crate::card::{SealedCard, read_card};
use crate::db::{Backend, Db, PgDb, Row, SqliteDb, StoreError};
use crate::journal::postgres::SESSION;
use crate::link::Link;
use crate::memory::MemoryDb;
use crate::statements::statements;

const QUEUE_MAX: usize = 8192;
const GROUP_MAX: usize = 256;

statements! {
    BILL = sqlite_only(concat!("SELECT ", bill_columns!(), " FROM bill b WHERE b.id = ?1"));
    CARD = sqlite_only(
        "SELECT client_id, key_id, pan_sealed, expiry_sealed, expires_at FROM card WHERE id = ?1");
    OF_PAIRS = postgres_only(concat!("SELECT r.card_id AS card_asked, ", bill_columns!(), ",
            k.client_id AS card_client, k.key_id, k.pan_sealed, k.expiry_sealed,
            k.expires_at AS card_expires_at
        FROM unnest($1::bigint[], $2::bigint[]) AS r (bill_id, card_id)
        JOIN bill b ON b.id = r.bill_id
        LEFT JOIN card k ON k.id = r.card_id"));
}

/// A bill and, where one was named and exists, the card.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The bill.
    pub bill: Bill,
    /// The card.
    pub card: Option<SealedCard>,
}

type Pair = (BillId, Option<CardId>);
type Asked = (Pair, oneshot::Sender<Result<Option<Facts>, StoreError>>);

/// The reader that groups requests.
#[derive(Debug, Clone)]
pub struct FactReader {
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Grouped(mpsc::Sender<Asked>),
    /// In memory there is no hop to share.
    Alone(MemoryDb),
}

impl FactReader {
    /// Starts the reader of a database. It ends when the last handle is dropped.
    ///
    /// # Errors
    /// When its connection cannot be opened.
    pub fn start(db: &Db) -> Result<Self, StoreError> {
        let (queue, asked) = mpsc::channel(QUEUE_MAX);
        match db {
            Db::Sqlite(db) => start_sqlite(db, asked)?,
            Db::Postgres(db) => start_postgres(db, asked),
            Db::Memory(db) => return Ok(Self { body: Body::Alone(db.clone()) }),
        }
        Ok(Self { body: Body::Grouped(queue) })
    }

    /// The facts of a bill and a card; `None` when there is no such bill.
    ///
    /// # Errors
    /// The engine's own, or [`StoreError::Stopped`].
    pub async fn find(&self, bill: BillId, card: Option<CardId>) -> Result<Option<Facts>, StoreError> {
        let queue = match &self.body {
            Body::Grouped(queue) => queue,
            Body::Alone(db) => return db.reads(|db| look_up(db, bill, card)).await,
        };
        let (reply, facts) = oneshot::channel();
        queue.send(((bill, card), reply)).await.map_err(|_| StoreError::Stopped)?;
        facts.await.map_err(|_| StoreError::Stopped)?
    }
}

/// A thread of its own with prepared look-ups: no hop for a statement.
fn start_sqlite(db: &SqliteDb, mut queue: mpsc::Receiver<Asked>) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(&db.path, flags)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.pragma_update(None, "cache_size", -16_384)?;
    let body = move || {
        let mut group = Vec::with_capacity(GROUP_MAX);
        while queue.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
            // One snapshot for the group: its locks are taken once.
            let begun = db.execute_batch("BEGIN");
            for ((bill, card), reply) in group.drain(..) {
                let facts = match &begun {
                    Ok(()) => look_up(&db, bill, card),
                    Err(error) => Err(StoreError::Unsafe(error.to_string())),
                };
                drop(reply.send(facts));
            }
            if let Err(error) = db.execute_batch("COMMIT") {
                tracing::error!(%error, "a snapshot could not be given back");
            }
        }
    };
    thread::Builder::new()
        .name("facts".to_owned())
        .spawn(body)
        .map(drop)
        .map_err(|error| StoreError::Unsafe(format!("a thread cannot be started: {error}")))
}

fn text(statement: &crate::statements::Statement) -> &'static str {
    statement.text(Backend::Sqlite).unwrap_or("")
}

fn look_up(db: &Connection, bill: BillId, card: Option<CardId>) -> Result<Option<Facts>, StoreError> {
    let read = db.prepare_cached(text(&BILL))?.query_row([bill.0], |row| {
        let words = (row.get(5)?, row.get(6)?, row.get(8)?);
        let rest = (row.get(2)?, row.get(3)?, row.get(4)?, row.get(9)?);
        let numbers = (row.get(1)?, row.get(7)?, row.get(10)?, row.get(11)?);
        Ok((words, rest, numbers))
    });
    let Some((words, rest, numbers)) = read.optional()? else { return Ok(None) };
    let (kind, number, currency): (String, String, String) = words;
    let (department, service, reference, description) = rest;
    let (client, minor, created_at, expires_at): (i64, i64, i64, Option<i64>) = numbers;
    let bill = Bill {
        id: bill,
        client: ClientId(client),
        department,
        service,
        reference,
        payer: read_payer(&kind, &number)?,
        amount: money(minor, &currency)?,
        description,
        created_at: Timestamp(created_at),
        expires_at: expires_at.map(Timestamp),
    };
    let card = card.map_or(Ok(None), |id| sealed_card(db, id))?;
    Ok(Some(Facts { bill, card }))
}

fn sealed_card(db: &Connection, id: CardId) -> Result<Option<SealedCard>, StoreError> {
    let read = db.prepare_cached(text(&CARD))?.query_row([id.0], |row| {
        Ok(SealedCard {
            id,
            client: ClientId(row.get(0)?),
            key_id: row.get(1)?,
            pan: row.get(2)?,
            expiry: row.get(3)?,
            expires_at: Timestamp(row.get(4)?),
        })
    });
    Ok(read.optional()?)
}

/// Two connections with pinned plans, apart from the pool that reports use.
fn start_postgres(db: &PgDb, queue: mpsc::Receiver<Asked>) {
    let pool = db
        .link
        .pool()
        .max_connections(2)
        .after_connect(|db, _| Box::pin(async move { db.execute(SESSION).await.map(drop) }))
        .connect_lazy_with((*db.options).clone());
    tokio::spawn(read_groups(pool, db.link.clone(), queue));
}

async fn read_groups(db: PgPool, link: Link, mut queue: mpsc::Receiver<Asked>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while queue.recv_many(&mut group, GROUP_MAX).await > 0 {
        match read_group(&db, &link, &group).await {
            Ok(found) => {
                for (pair, reply) in group.drain(..) {
                    // Two requests of one group may ask for the same pair.
                    drop(reply.send(Ok(found.get(&pair).cloned())));
                }
            }
            Err(error) => {
                let told = error.to_string();
                for (_, reply) in group.drain(..) {
                    drop(reply.send(Err(StoreError::Unsafe(told.clone()))));
                }
            }
        }
    }
}

async fn read_group(db: &PgPool, link: &Link, group: &[Asked]) -> Result<HashMap<Pair, Facts>, StoreError> {
    let bills: Vec<i64> = group.iter().map(|((bill, _), _)| bill.0).collect();
    let cards: Vec<Option<i64>> = group.iter().map(|((_, card), _)| card.map(|id| id.0)).collect();
    let sql = OF_PAIRS.text(Backend::Postgres).unwrap_or("");
    let rows = link.answered(sqlx::query(sql).bind(bills).bind(cards).fetch_all(db)).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows.into_iter().map(Row::Postgres) {
        let bill = read_bill(&row)?;
        let card = row.maybe_int("card_asked")?.map(CardId);
        let sealed = match (card, row.maybe_text("key_id")?) {
            (Some(id), Some(key_id)) => Some(read_card(&row, id, key_id)?),
            _ => None,
        };
        found.insert((bill.id, card), Facts { bill, card: sealed });
    }
    Ok(found)
}
