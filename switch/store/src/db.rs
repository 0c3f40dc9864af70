//! The two engines behind closed enums: [`Db`] to begin, [`Tx`] to work in,
//! [`Row`] to read. A query is one text and one list of values on either.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgRow};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Postgres, Row as _, Sqlite};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::again::LOCK_WAIT;
use crate::fence::{Fence, Superseded};
use crate::health::Health;
use crate::link::Link;
use crate::memory::{MemoryDb, MemoryRow, MemoryTx};
use crate::statements::Statement;

/// Which engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The embedded one.
    Sqlite,
    /// The one for production.
    Postgres,
}

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine refused or is out of reach.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The writer of the embedded engine failed.
    #[error("the embedded database: {0}")]
    Embedded(#[from] rusqlite::Error),
    /// The schema could not be brought up to date.
    #[error("the schema: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// Durability or settings are not what the promise needs.
    #[error("the database is not safe to use: {0}")]
    Unsafe(String),
    /// A stored value that no code of ours writes.
    #[error("the database holds what it should not: {0}")]
    Corrupt(String),
    /// There is no room; nothing was written.
    #[error("the disk of the database is full")]
    Full,
    /// Another process has taken this node's number; nothing was written, and nothing will be.
    #[error(transparent)]
    Superseded(#[from] Superseded),
    /// The journal has stopped; nothing was written.
    #[error("the journal has stopped")]
    Stopped,
}

/// How to open a database.
#[derive(Debug, Clone)]
pub struct DbOptions {
    /// `sqlite:PATH` or a PostgreSQL URL.
    pub url: String,
    /// Connections for reading (SQLite) or for everything but the journal.
    pub connections: u32,
}

impl DbOptions {
    /// Whether the address can be understood; nothing is opened.
    ///
    /// # Errors
    /// The engine's own.
    pub fn check(&self) -> Result<(), StoreError> {
        match self.url.strip_prefix("sqlite:") {
            Some(_) => Ok(()),
            None => Ok(PgConnectOptions::from_str(&self.url).map(drop)?),
        }
    }
}

/// An open database.
#[derive(Debug, Clone)]
pub enum Db {
    /// The embedded engine: many readers, one writer at a time.
    Sqlite(SqliteDb),
    /// PostgreSQL.
    Postgres(PgDb),
    /// The embedded engine in memory, for the simulation.
    Memory(MemoryDb),
}

/// The embedded engine.
#[derive(Debug, Clone)]
pub struct SqliteDb {
    pub(crate) path: PathBuf,
    readers: SqlitePool,
    writer: SqlitePool,
    pub(crate) health: Arc<Health>,
    /// Taken by whoever writes, so that writers queue in order instead of polling the lock.
    pub(crate) turn: Arc<Mutex<()>>,
    pub(crate) fence: Option<Arc<Fence>>,
}

/// PostgreSQL.
#[derive(Debug, Clone)]
pub struct PgDb {
    pub(crate) options: Box<PgConnectOptions>,
    pub(crate) link: Link,
    pub(crate) fence: Option<Arc<Fence>>,
    pool: PgPool,
}

impl Db {
    /// Opens a database; creates the file of the embedded engine.
    ///
    /// # Errors
    /// [`StoreError::Unsafe`] when commits would not be durable, else the engine's own.
    pub async fn open(options: &DbOptions) -> Result<Self, StoreError> {
        match options.url.strip_prefix("sqlite:") {
            Some(path) => Self::open_sqlite(path, options.connections).await,
            None => Self::open_postgres(options).await,
        }
    }

    async fn open_sqlite(path: &str, connections: u32) -> Result<Self, StoreError> {
        let path = PathBuf::from(path.trim_start_matches("//"));
        let connect = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .pragma("cache_size", "-20000")
            .pragma("temp_store", "MEMORY")
            .pragma("wal_autocheckpoint", "0");
        let writer = connect.clone().busy_timeout(LOCK_WAIT);
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(writer);
        let writer = writer.await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(connections.max(1))
            .connect_with(connect.optimize_on_close(false, None).read_only(true))
            .await?;
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&writer).await?;
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&writer).await?;
        if mode != "wal" || synchronous != 2 {
            return Err(StoreError::Unsafe(format!(
                "SQLite runs with journal_mode={mode}, synchronous={synchronous}; \
                 the switch needs wal and 2 (FULL)"
            )));
        }
        let (health, turn) = Default::default();
        Ok(Self::Sqlite(SqliteDb { path, readers, writer, health, turn, fence: None }))
    }

    async fn open_postgres(options: &DbOptions) -> Result<Self, StoreError> {
        let connect = PgConnectOptions::from_str(&options.url)?.application_name("switchd");
        let link = Link::default();
        let pool = link.pool().max_connections(options.connections.max(2)).connect_with(connect.clone());
        let pool = pool.await?;
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            let sql = "SELECT current_setting($1)";
            let value: String = sqlx::query_scalar(sql).bind(setting).fetch_one(&pool).await?;
            if matches!(value.as_str(), "off" | "local") && setting != "full_page_writes" || value == "off" {
                return Err(StoreError::Unsafe(format!(
                    "PostgreSQL runs with {setting}={value}; the switch needs durable commits"
                )));
            }
        }
        Ok(Self::Postgres(PgDb { options: Box::new(connect), link, fence: None, pool }))
    }

    /// Which engine this is.
    #[must_use]
    pub fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(_) | Self::Memory(_) => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }

    /// What is known of the storage below it.
    #[must_use]
    pub fn health(&self) -> &Health {
        static IN_MEMORY: Health = Health::good();
        match self {
            Self::Sqlite(db) => &db.health,
            Self::Postgres(db) => &db.link.health,
            Self::Memory(_) => &IN_MEMORY,
        }
    }

    pub(crate) fn fence(&self) -> Option<&Arc<Fence>> {
        match self {
            Self::Sqlite(db) => db.fence.as_ref(),
            Self::Postgres(db) => db.fence.as_ref(),
            Self::Memory(db) => db.fence.as_ref(),
        }
    }

    pub(crate) fn fenced(&self, fence: Arc<Fence>) -> Self {
        let (mut db, fence) = (self.clone(), Some(fence));
        match &mut db {
            Self::Sqlite(db) => db.fence = fence,
            Self::Postgres(db) => db.fence = fence,
            Self::Memory(db) => db.fence = fence,
        }
        db
    }

    /// Begins a transaction that may write. On the embedded engine it waits for
    /// its turn and holds the write lock from the start.
    ///
    /// # Errors
    /// The engine's own, [`StoreError::Stopped`] when the storage has failed, or
    /// [`StoreError::Superseded`] when another process has taken this node's number.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let mut tx = self.begin_unfenced().await?;
        match (self, self.fence()) {
            // There the way to the database is one hop for both.
            (Self::Memory(_), _) | (_, None) => {}
            (Self::Sqlite(_) | Self::Postgres(_), Some(fence)) => fence.check(&mut tx).await?,
        }
        Ok(tx)
    }

    async fn begin_unfenced(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite(db) => {
                let turn = Arc::clone(&db.turn).lock_owned().await;
                if db.health.has_failed() {
                    return Err(StoreError::Stopped);
                }
                let begun = db.writer.begin_with("BEGIN IMMEDIATE").await;
                let tx = begun.inspect_err(|error| db.health.heard(error))?;
                Tx::Sqlite(tx, Turn { health: Arc::clone(&db.health), _turn: turn })
            }
            Self::Postgres(db) => {
                // In a task of its own: a caller that goes away while the server answers
                // would leave the connection in the pool with its transaction open.
                let (pool, link) = (db.pool.clone(), db.link.clone());
                let begun = tokio::spawn(async move { link.answered(pool.begin()).await });
                Tx::Postgres(begun.await.map_err(|_| StoreError::Stopped)??, db.link.clone())
            }
            Self::Memory(db) => Tx::Memory(db.begin().await?),
        })
    }

    /// Reads rows outside any transaction.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn fetch_all(&self, statement: &Statement, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(db) => {
                rows(bind_sqlite(statement, values).fetch_all(&db.readers).await?, Row::Sqlite)
            }
            Self::Postgres(db) => {
                let read = bind_postgres(statement, values).fetch_all(&db.pool);
                rows(db.link.answered(read).await?, Row::Postgres)
            }
            Self::Memory(db) => rows(db.fetch_all(statement, values).await?, Row::Memory),
        })
    }

    /// Reads at most one row outside any transaction.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn fetch_optional(
        &self,
        statement: &Statement,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch_all(statement, values).await?.into_iter().next())
    }

    /// Whether a statement can be prepared on this engine, for the test of all of them.
    ///
    /// # Errors
    /// The engine's own words about the statement.
    pub async fn prepare(&self, statement: &Statement) -> Result<(), StoreError> {
        use sqlx::{Executor, SqlSafeStr, SqlStr};
        let Some(text) = statement.text(self.backend()) else { return Ok(()) };
        if let Self::Memory(db) = self {
            return db.prepare(text);
        }
        let text: SqlStr = text.into_sql_str();
        match self {
            Self::Sqlite(db) => drop(db.writer.acquire().await?.prepare(text).await?),
            Self::Postgres(db) => drop(db.pool.acquire().await?.prepare(text).await?),
            Self::Memory(_) => {}
        }
        Ok(())
    }

    pub(crate) fn sqlite_writer(&self) -> Option<&SqlitePool> {
        match self {
            Self::Sqlite(db) => Some(&db.writer),
            Self::Postgres(_) | Self::Memory(_) => None,
        }
    }

    pub(crate) fn postgres_pool(&self) -> Option<&PgPool> {
        match self {
            Self::Sqlite(_) | Self::Memory(_) => None,
            Self::Postgres(db) => Some(&db.pool),
        }
    }

    /// Closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(db) => {
                db.readers.close().await;
                db.writer.close().await;
            }
            Self::Postgres(db) => db.pool.close().await,
            Self::Memory(_) => {}
        }
    }
}

/// The turn of a writer of the embedded engine.
#[derive(Debug)]
pub struct Turn {
    health: Arc<Health>,
    _turn: OwnedMutexGuard<()>,
}

/// A transaction. Dropped without [`Tx::commit`], it never happened.
#[derive(Debug)]
pub enum Tx {
    /// With the writer's turn, given back at the end.
    Sqlite(sqlx::Transaction<'static, Sqlite>, Turn),
    /// Of PostgreSQL, with what is known of its link.
    Postgres(sqlx::Transaction<'static, Postgres>, Link),
    /// Of the simulation.
    Memory(MemoryTx),
}

impl Tx {
    /// Makes it durable.
    ///
    /// # Errors
    /// The engine's own. The outcome is then unknown: read again by key.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx, turn) => {
                tx.commit().await.inspect_err(|error| turn.health.heard(error))?;
                turn.health.committed();
            }
            Self::Postgres(tx, link) => {
                link.answered(tx.commit()).await?;
                link.health.committed();
            }
            Self::Memory(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Runs a statement; the number of rows it touched.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn execute(&mut self, statement: &Statement, values: Vec<Value>) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(tx, turn) => {
                let done = bind_sqlite(statement, values).execute(&mut **tx).await;
                done.inspect_err(|error| turn.health.heard(error))?.rows_affected()
            }
            Self::Postgres(tx, link) => {
                let done = bind_postgres(statement, values).execute(&mut **tx);
                link.answered(done).await?.rows_affected()
            }
            Self::Memory(tx) => tx.execute(statement, values).await?,
        })
    }

    /// Reads rows, such as those of `RETURNING`.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn fetch_all(
        &mut self,
        statement: &Statement,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(tx, turn) => {
                let read = bind_sqlite(statement, values).fetch_all(&mut **tx).await;
                rows(read.inspect_err(|error| turn.health.heard(error))?, Row::Sqlite)
            }
            Self::Postgres(tx, link) => {
                let read = bind_postgres(statement, values).fetch_all(&mut **tx);
                rows(link.answered(read).await?, Row::Postgres)
            }
            Self::Memory(tx) => rows(tx.fetch_all(statement, values).await?, Row::Memory),
        })
    }

    /// Reads at most one row.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn fetch_optional(
        &mut self,
        statement: &Statement,
        values: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch_all(statement, values).await?.into_iter().next())
    }
}

fn rows<R>(list: Vec<R>, wrap: fn(R) -> Row) -> Vec<Row> {
    list.into_iter().map(wrap).collect()
}

/// A value of a statement.
#[derive(Debug, Clone)]
pub enum Value {
    /// BIGINT.
    Int(i64),
    /// BIGINT or NULL.
    MaybeInt(Option<i64>),
    /// TEXT.
    Text(String),
    /// TEXT or NULL.
    MaybeText(Option<String>),
    /// BYTEA, BLOB.
    Bytes(Vec<u8>),
    /// BYTEA, BLOB or NULL.
    MaybeBytes(Option<Vec<u8>>),
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self { Self::$variant(value.into()) }
        }
    )*};
}
value_from! {
    i64 => Int, i32 => Int, u32 => Int, u16 => Int,
    Option<i64> => MaybeInt,
    &str => Text, String => Text, Option<String> => MaybeText,
    Vec<u8> => Bytes, Option<Vec<u8>> => MaybeBytes,
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        Self::MaybeText(value.map(str::to_owned))
    }
}

/// The values of a statement in the order of `$1`, `$2`, ….
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Value::from($value)),*] };
}
pub(crate) use values;

macro_rules! bind_fn {
    ($name:ident, $engine:ty, $backend:expr) => {
        fn $name(
            statement: &Statement,
            values: Vec<Value>,
        ) -> sqlx::query::Query<'static, $engine, <$engine as sqlx::Database>::Arguments> {
            let text = statement.text($backend).unwrap_or("");
            values.into_iter().fold(sqlx::query(text), |query, value| match value {
                Value::Int(v) => query.bind(v),
                Value::MaybeInt(v) => query.bind(v),
                Value::Text(v) => query.bind(v),
                Value::MaybeText(v) => query.bind(v),
                Value::Bytes(v) => query.bind(v),
                Value::MaybeBytes(v) => query.bind(v),
            })
        }
    };
}
bind_fn!(bind_sqlite, Sqlite, Backend::Sqlite);
bind_fn!(bind_postgres, Postgres, Backend::Postgres);

/// A row of either engine. Integers are read as `i64` whatever their width.
#[derive(Debug)]
pub enum Row {
    /// Of the embedded engine.
    Sqlite(SqliteRow),
    /// Of PostgreSQL.
    Postgres(PgRow),
    /// Of the simulation.
    Memory(MemoryRow),
}

impl Row {
    /// A BIGINT column.
    ///
    /// # Errors
    /// The engine's own, or [`StoreError::Corrupt`] when it must not be NULL and is.
    pub fn int(&self, column: &str) -> Result<i64, StoreError> {
        self.maybe_int(column)?.ok_or_else(|| missing(column))
    }

    /// A BIGINT column that may be NULL.
    ///
    /// # Errors
    /// The engine's own, or [`StoreError::Corrupt`] when it must not be NULL and is.
    pub fn maybe_int(&self, column: &str) -> Result<Option<i64>, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            // INTEGER of PostgreSQL has 32 bits, BIGINT 64.
            Self::Postgres(row) => match row.try_get::<Option<i64>, _>(column) {
                Ok(value) => value,
                Err(_) => row.try_get::<Option<i32>, _>(column)?.map(i64::from),
            },
            Self::Memory(row) => row.maybe_int(column)?,
        })
    }

    /// A TEXT column.
    ///
    /// # Errors
    /// The engine's own, or [`StoreError::Corrupt`] when it must not be NULL and is.
    pub fn text(&self, column: &str) -> Result<String, StoreError> {
        self.maybe_text(column)?.ok_or_else(|| missing(column))
    }

    /// A TEXT column that may be NULL.
    ///
    /// # Errors
    /// The engine's own, or [`StoreError::Corrupt`] when it must not be NULL and is.
    pub fn maybe_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
            Self::Memory(row) => row.maybe_text(column)?,
        })
    }

    /// A column of bytes that may be NULL.
    ///
    /// # Errors
    /// The engine's own, or [`StoreError::Corrupt`] when it must not be NULL and is.
    pub fn maybe_bytes(&self, column: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
            Self::Memory(row) => row.maybe_bytes(column)?,
        })
    }

    /// A column of bytes.
    ///
    /// # Errors
    /// The engine's own, or [`StoreError::Corrupt`] when it must not be NULL and is.
    pub fn bytes(&self, column: &str) -> Result<Vec<u8>, StoreError> {
        self.maybe_bytes(column)?.ok_or_else(|| missing(column))
    }
}

fn missing(column: &str) -> StoreError {
    StoreError::Corrupt(format!("{column} is NULL"))
}
