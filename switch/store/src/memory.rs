//! The embedded engine in memory, for the simulation: the same SQL, on one
//! connection, behind a *host* that decides of every hop to the database how long
//! it takes and whether it arrives, is refused, or is done and never heard of.
//!
//! It holds nothing that outlives the process, and no setting can choose it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::Value as Cell;
use switch_core::connector::Reply;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

use crate::db::{Backend, StoreError, Value};
use crate::fence::Fence;
use crate::statements::Statement;

/// A step on the way to the database and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hop {
    /// A read outside any transaction.
    Read,
    /// The begin of a transaction.
    Begin,
    /// A statement of a transaction.
    Statement,
    /// The commit of a transaction or of a group.
    Commit,
    /// The reply of a commit that was done.
    Heard,
}

/// What becomes of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is done and its reply arrives.
    Done,
    /// Another transaction was in the way (40001, `SQLITE_BUSY`): nothing is done.
    Busy,
    /// The connection broke before it arrived: nothing is done.
    Lost,
    /// It is done and its reply is lost. Of anything but a commit: as [`Fate::Lost`].
    Unheard,
}

/// What is under a database in memory: who decides its hops, and runs its journal.
pub trait Host: Send + Sync {
    /// Decides one step, after the time it takes.
    fn hop(&self, hop: Hop) -> Reply<'_, Fate>;
    /// Runs work beside the caller.
    fn begin(&self, work: Reply<'static, ()>);
    /// Something was committed in the name of one life of a node, at this moment.
    fn committed(&self, _node: u8, _life: i64) {}
}

/// The clock of a database, unix milliseconds.
pub type ServerClock =
    Box<dyn Fn() -> i64 + Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe>;

/// The database itself: it lives on when the nodes that use it die.
#[derive(Debug, Clone)]
pub struct MemoryServer {
    connection: Arc<Mutex<Connection>>,
    turn: Arc<Turn<()>>,
}

impl MemoryServer {
    /// An empty database with the schema, and a clock of its own for leases.
    ///
    /// # Errors
    /// The engine's own.
    pub fn start(clock: ServerClock) -> Result<Self, StoreError> {
        let connection = Connection::open_in_memory()?;
        connection.set_prepared_statement_cache_capacity(128);
        // One plan for a statement: else each bound value may plan it anew.
        connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let seconds = move |_: &rusqlite::functions::Context<'_>| {
            let ms = clock();
            Ok(format!("{}.{:03}", ms / 1000, ms % 1000))
        };
        connection.create_scalar_function("unixepoch", 1, FunctionFlags::SQLITE_UTF8, seconds)?;
        for text in crate::schema::texts(Backend::Sqlite) {
            connection.execute_batch(&text)?;
        }
        Ok(Self { connection: Arc::new(Mutex::new(connection)), turn: Arc::default() })
    }

    /// Reads with SQL of the caller's own, past every hop: for auditors.
    ///
    /// # Errors
    /// The engine's own.
    pub fn read<T>(
        &self,
        sql: &str,
        values: &[i64],
        row: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let db = self.lock();
        let mut statement = db.prepare_cached(sql)?;
        let rows = statement.query_map(rusqlite::params_from_iter(values), row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Writes with SQL of the caller's own, past every hop: for seeds.
    ///
    /// # Errors
    /// The engine's own.
    pub fn write(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.lock().execute_batch(sql)?)
    }

    /// Whether no transaction is under way.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.lock().is_autocommit()
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection to a [`MemoryServer`], as one node has it.
#[derive(Clone)]
pub struct MemoryDb {
    pub(crate) server: MemoryServer,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) fence: Option<Arc<Fence>>,
}

impl std::fmt::Debug for MemoryDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryDb")
    }
}

fn refused(fate: Fate) -> StoreError {
    match fate {
        Fate::Busy => StoreError::Embedded(busy()),
        Fate::Done | Fate::Lost | Fate::Unheard => {
            StoreError::Database(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()))
        }
    }
}

/// The engine's own word for "another transaction is in the way".
pub(crate) fn busy() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None)
}

/// The engine's own word for a connection that broke.
pub(crate) fn broken() -> rusqlite::Error {
    let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    rusqlite::Error::SqliteFailure(error, Some("the connection broke".to_owned()))
}

impl MemoryDb {
    /// A connection that goes through a host.
    #[must_use]
    pub fn connect(server: &MemoryServer, host: Arc<dyn Host>) -> Self {
        Self { server: server.clone(), host, fence: None }
    }

    async fn passes(&self, hop: Hop) -> Result<(), StoreError> {
        match self.host.hop(hop).await {
            Fate::Done => Ok(()),
            fate => Err(refused(fate)),
        }
    }

    pub(crate) async fn begin(&self) -> Result<MemoryTx, StoreError> {
        self.passes(Hop::Begin).await?;
        let turn = Arc::clone(&self.server.turn).lock_owned().await;
        self.server.lock().execute_batch("BEGIN IMMEDIATE")?;
        let tx = MemoryTx { db: self.clone(), open: true, _turn: turn };
        if let Some(fence) = &self.fence {
            let held = fence.holds(&self.server.lock());
            fence.lost().map_or(Ok(()), Err)?;
            held?;
        }
        Ok(tx)
    }

    /// Tells the host that something was committed in the name of its node.
    pub(crate) fn committed(&self) {
        if let Some(fence) = &self.fence {
            self.host.committed(fence.node, fence.life);
        }
    }

    pub(crate) async fn fetch_all(
        &self,
        statement: &Statement,
        values: Vec<Value>,
    ) -> Result<Vec<MemoryRow>, StoreError> {
        self.passes(Hop::Read).await?;
        // One connection sees what it has not committed: readers wait for that.
        let _turn = self.server.turn.lock().await;
        query(&self.server.lock(), statement, values)
    }

    /// Reads under the reader's turn, for what has a body of its own.
    pub(crate) async fn reads<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.passes(Hop::Read).await?;
        let _turn = self.server.turn.lock().await;
        read(&self.server.lock())
    }

    /// Writes a group in the writer's turn.
    pub(crate) async fn writes_group<T>(&self, write: impl FnOnce(&mut Connection) -> T) -> T {
        let _turn = self.server.turn.lock().await;
        write(&mut self.server.lock())
    }

    pub(crate) fn prepare(&self, text: &str) -> Result<(), StoreError> {
        self.server.lock().prepare(text).map(drop).map_err(Into::into)
    }
}

/// A transaction. Dropped without a commit, it never happened.
#[derive(Debug)]
pub struct MemoryTx {
    db: MemoryDb,
    open: bool,
    _turn: OwnedMutexGuard<()>,
}

impl MemoryTx {
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        let fate = self.db.host.hop(Hop::Commit).await;
        if matches!(fate, Fate::Busy | Fate::Lost) {
            return Err(refused(fate));
        }
        self.db.server.lock().execute_batch("COMMIT")?;
        self.open = false;
        self.db.committed();
        if fate == Fate::Unheard {
            return Err(refused(fate));
        }
        self.db.passes(Hop::Heard).await
    }

    pub(crate) async fn execute(
        &mut self,
        statement: &Statement,
        values: Vec<Value>,
    ) -> Result<u64, StoreError> {
        self.db.passes(Hop::Statement).await?;
        let db = self.db.server.lock();
        let mut prepared = db.prepare_cached(text(statement))?;
        bind(&mut prepared, values)?;
        Ok(prepared.raw_execute()? as u64)
    }

    pub(crate) async fn fetch_all(
        &mut self,
        statement: &Statement,
        values: Vec<Value>,
    ) -> Result<Vec<MemoryRow>, StoreError> {
        self.db.passes(Hop::Statement).await?;
        query(&self.db.server.lock(), statement, values)
    }
}

impl Drop for MemoryTx {
    fn drop(&mut self) {
        if self.open
            && let Err(error) = self.db.server.lock().execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }
}

fn text(statement: &Statement) -> &'static str {
    statement.text(Backend::Sqlite).unwrap_or("")
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Int(v) => Cell::Integer(v),
        Value::Text(v) => Cell::Text(v),
        Value::Bytes(v) => Cell::Blob(v),
        Value::MaybeInt(v) => v.map_or(Cell::Null, Cell::Integer),
        Value::MaybeText(v) => v.map_or(Cell::Null, Cell::Text),
        Value::MaybeBytes(v) => v.map_or(Cell::Null, Cell::Blob),
    }
}

/// To this engine `$3` is a name like any other: it is bound by name.
fn bind(prepared: &mut rusqlite::CachedStatement<'_>, values: Vec<Value>) -> Result<(), StoreError> {
    for (at, value) in values.into_iter().enumerate() {
        if let Some(index) = prepared.parameter_index(&format!("${}", at + 1))? {
            prepared.raw_bind_parameter(index, cell(value))?;
        }
    }
    Ok(())
}

fn query(db: &Connection, statement: &Statement, values: Vec<Value>) -> Result<Vec<MemoryRow>, StoreError> {
    let mut prepared = db.prepare_cached(text(statement))?;
    let names: Arc<[String]> = prepared.column_names().into_iter().map(str::to_owned).collect();
    bind(&mut prepared, values)?;
    let mut rows = prepared.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = (0..names.len()).map(|at| row.get::<_, Cell>(at));
        found.push(MemoryRow { names: Arc::clone(&names), cells: cells.collect::<Result<_, _>>()? });
    }
    Ok(found)
}

/// A row that was read.
#[derive(Debug)]
pub struct MemoryRow {
    names: Arc<[String]>,
    cells: Vec<Cell>,
}

impl MemoryRow {
    fn cell(&self, column: &str) -> Result<&Cell, StoreError> {
        let at = self.names.iter().position(|name| name == column);
        at.and_then(|at| self.cells.get(at))
            .ok_or_else(|| StoreError::Corrupt(format!("there is no column {column}")))
    }

    pub(crate) fn maybe_int(&self, column: &str) -> Result<Option<i64>, StoreError> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Integer(value) => Ok(Some(*value)),
            other => Err(odd(column, other)),
        }
    }

    pub(crate) fn maybe_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Text(value) => Ok(Some(value.clone())),
            other => Err(odd(column, other)),
        }
    }

    pub(crate) fn maybe_bytes(&self, column: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Blob(value) => Ok(Some(value.clone())),
            other => Err(odd(column, other)),
        }
    }
}

fn odd(column: &str, cell: &Cell) -> StoreError {
    StoreError::Corrupt(format!("{column} is of type {}", cell.data_type()))
}
