//! One life of a node. Who starts takes the node's number in the database, and whoever had it before writes
//! nothing more: a process that stood still and was replaced finds out at its next write, and ends.
//!
//! No clock decides and nothing expires. Every transaction that writes reads the row of its node; SQLite has one
//! writer at a time, on PostgreSQL the row is locked against the next life until the transaction ends. So a write is
//! either durable before the number is taken, and seen by who takes it, or it never happens.

use std::fmt;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use switch_core::clock::Timestamp;
use switch_core::fault::{Planted, planted};
use tokio::sync::watch;

use crate::db::{Backend, Db, StoreError, Tx, values};
use crate::statements::statements;
use crate::transact;

statements! {
    TAKE = portable(
        "INSERT INTO node (number, life, taken_at) VALUES ($1, 1, $2)
         ON CONFLICT (number) DO UPDATE SET life = node.life + 1, taken_at = excluded.taken_at
         RETURNING life");
    /// On PostgreSQL of the newest version of the row, whatever the transaction has seen before.
    HOLD = twin(
        "SELECT life, taken_at FROM node WHERE number = $1",
        "SELECT life, taken_at FROM node WHERE number = $1 FOR SHARE");
    LOOK = portable("SELECT life, taken_at FROM node WHERE number = $1");
}

/// Another process has taken this one's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Superseded {
    /// The number.
    pub node: u8,
    /// When it was taken, by the other one's clock; `None`: the row is gone.
    pub taken_at: Option<Timestamp>,
}

impl fmt::Display for Superseded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "another process has taken the number of this node, {}", self.node)?;
        self.taken_at.map_or(Ok(()), |at| write!(f, ", at {at}"))
    }
}

impl std::error::Error for Superseded {}

/// What one process holds of its node.
#[derive(Debug)]
pub(crate) struct Fence {
    pub(crate) node: u8,
    pub(crate) life: i64,
    lost: watch::Sender<Option<Superseded>>,
}

impl Fence {
    /// That it is lost, once that is known.
    pub(crate) fn lost(&self) -> Option<Superseded> {
        *self.lost.borrow()
    }

    /// What the row of the node says: its life, and when that began.
    pub(crate) fn judge(&self, row: Option<(i64, i64)>) -> Result<(), Superseded> {
        if planted(Planted::NoFence) || row.is_some_and(|(life, _)| life == self.life) {
            return Ok(());
        }
        let taken_at = row.map(|(_, at)| Timestamp(at));
        let superseded = Superseded { node: self.node, taken_at };
        self.lost.send_if_modified(|lost| lost.replace(superseded).is_none());
        Err(superseded)
    }

    /// Whether a transaction that has just begun may write.
    pub(crate) async fn check(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let row = tx.fetch_optional(&HOLD, values![i64::from(self.node)]).await?;
        let row = row.map(|row| Ok::<_, StoreError>((row.int("life")?, row.int("taken_at")?))).transpose()?;
        Ok(self.judge(row)?)
    }

    /// The same on a connection of the embedded engine that holds the write lock. Its word for "no" is that
    /// there is no such row.
    pub(crate) fn holds(&self, db: &Connection) -> rusqlite::Result<()> {
        let sql = HOLD.text(Backend::Sqlite).unwrap_or("");
        let row = db.prepare_cached(sql)?.query_row([self.node], |row| Ok((row.get(0)?, row.get(1)?)));
        self.judge(row.optional()?).map_err(|_| rusqlite::Error::QueryReturnedNoRows)
    }
}

impl Db {
    /// The same database in the name of a node, whose number is taken: older lives of it write nothing more.
    /// Their transactions under way are waited for.
    ///
    /// # Errors
    /// The engine's own. Whether the number is taken is then unknown: take it again.
    pub async fn take_node(&self, node: u8, at: Timestamp) -> Result<Self, StoreError> {
        let life = transact!(*self, tx => {
            let row = tx.fetch_optional(&TAKE, values![i64::from(node), at.0]).await?;
            row.map_or(Err(StoreError::Corrupt("no row of the node".into())), |row| row.int("life"))
        })?;
        tracing::info!(node, life, "the number of this node is taken");
        Ok(self.fenced(Arc::new(Fence { node, life, lost: watch::Sender::new(None) })))
    }

    /// The number it was taken in the name of.
    #[must_use]
    pub fn node(&self) -> Option<u8> {
        self.fence().map(|fence| fence.node)
    }

    /// Looks whether this node has another life by now, for a process that has nothing to write.
    ///
    /// # Errors
    /// [`StoreError::Superseded`], or the engine's own.
    pub async fn look_for_successor(&self) -> Result<(), StoreError> {
        let Some(fence) = self.fence() else { return Ok(()) };
        let row = self.fetch_optional(&LOOK, values![i64::from(fence.node)]).await?;
        let row = row.map(|row| Ok::<_, StoreError>((row.int("life")?, row.int("taken_at")?))).transpose()?;
        Ok(fence.judge(row)?)
    }

    /// Ends when it is known that another process has taken this node's number: this one must end too.
    pub async fn superseded(&self) -> Superseded {
        if let Some(fence) = self.fence()
            && let Ok(lost) = fence.lost.subscribe().wait_for(Option::is_some).await
            && let Some(superseded) = *lost
        {
            return superseded;
        }
        std::future::pending().await
    }
}
