//! Group commit: the one writer of everything a payment leaves behind.
//!
//! Commands queue; whatever is queued when the last group is on disk becomes the
//! next group. There is no timer: while one commit is being made durable the
//! next group forms by itself. A group is one transaction and one fsync, and
//! every command in it is answered separately: one that loses (key used, bill
//! taken, attempt moved on) loses alone.
//!
//! The two bodies are the only hand-tuned difference between the engines: on
//! SQLite a thread of its own runs prepared statements row by row, without a
//! hop between threads for each; on PostgreSQL one data-modifying statement with
//! typed arrays is one round trip and one commit. One conformance suite holds
//! them to the same behaviour.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use switch_core::clock::Timestamp;
use switch_core::id::{AttemptId, BillId, CardId, ClientId, EventId, PaymentId};
use switch_core::idempotency::Answer;
use switch_core::ledger::Transfer;
use switch_core::payment::{Payment, PaymentState, RefusedReason};
use tokio::sync::{mpsc, oneshot};

use crate::attempt::OpenAttempt;
use crate::db::{Db, StoreError};
use crate::fence::Fence;
use crate::health::Health;

pub(crate) mod memory;
pub(crate) mod plain;
pub(crate) mod postgres;
pub(crate) mod sqlite;

/// Commands that may wait before a caller has to.
const QUEUE_MAX: usize = 8192;

/// TX1: everything that must be durable before a byte leaves.
#[derive(Debug, Clone)]
pub struct Intake {
    /// The payment; its key is claimed with it.
    pub payment: Payment,
    /// The bill it claims.
    pub bill: BillId,
    /// The attempt: references, accounts of the promise, and with them all that
    /// a reversal needs. Being open *is* the armed reversal.
    pub attempt: OpenAttempt,
}

/// What became of an intake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntakeVerdict {
    /// Durable: the message may leave.
    Taken,
    /// The client has used this key before; nothing was written.
    KeyUsed,
    /// Somebody holds the bill; the refusal is durable under the key.
    BillTaken,
}

/// TX2: everything that follows from knowing how an attempt ended.
#[derive(Debug, Clone)]
pub struct Ending {
    /// The payment.
    pub payment: PaymentId,
    /// The state of the attempt this was decided on; another one wins.
    pub epoch: i64,
    /// How it ended.
    pub outcome: Outcome,
    /// The posting or voiding of its promise.
    pub transfer: Transfer,
    /// The bill that is free again.
    pub release: Option<BillId>,
    /// The card that leaves the vault.
    pub purge: Option<CardId>,
    /// The event for the subscriber.
    pub event: Option<(EventId, ClientId)>,
}

/// The row that ends a payment.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// A final state.
    pub state: PaymentState,
    /// Why, in our words.
    pub reason: Option<String>,
    /// The counterparty.
    pub connector: Option<Arc<str>>,
    /// The attempt that decided.
    pub attempt: Option<AttemptId>,
    /// Its trace number.
    pub stan: Option<u32>,
    /// Authorisation code.
    pub approval_code: Option<String>,
    /// Raw response code.
    pub response_code: Option<String>,
    /// The answer that is given, now and to every repeat. `None` when an answer
    /// was given while the outcome was unknown, or none was due.
    pub answer: Option<Answer>,
    /// When.
    pub at: Timestamp,
}

impl Outcome {
    /// The outcome of a payment that never started.
    #[must_use]
    pub fn refused(reason: RefusedReason, at: Timestamp) -> Self {
        Self { reason: Some(reason.as_str().to_owned()), ..Self::of_cash(PaymentState::Refused, at) }
    }

    /// An outcome that no counterparty had a part in.
    #[must_use]
    pub fn of_cash(state: PaymentState, at: Timestamp) -> Self {
        Self {
            state,
            reason: None,
            connector: None,
            attempt: None,
            stan: None,
            approval_code: None,
            response_code: None,
            answer: None,
            at,
        }
    }
}

/// What became of an ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndVerdict {
    /// Durable.
    Ended,
    /// The attempt had moved on or ended before; nothing was written.
    Superseded,
}

/// A command and where its verdict goes.
pub(crate) enum Command {
    Intake(Box<Intake>, oneshot::Sender<Result<IntakeVerdict, StoreError>>),
    End(Box<Ending>, oneshot::Sender<Result<EndVerdict, StoreError>>),
}

/// What the writer has done so far.
#[derive(Debug, Default)]
pub struct Counts {
    /// Transactions made durable.
    pub commits: AtomicU64,
    /// Commands in them.
    pub commands: AtomicU64,
    /// Groups that failed.
    pub failures: AtomicU64,
    /// What is known of the storage, shared with the database.
    pub(crate) health: Arc<Health>,
    /// The life of the node in whose name it writes.
    pub(crate) fence: Option<Arc<Fence>>,
}

/// The handle everyone writes through.
#[derive(Debug, Clone)]
pub struct Journal {
    queue: mpsc::Sender<Command>,
    counts: Arc<Counts>,
}

impl Journal {
    /// Starts the writer of a database without group commit: the yardstick of the
    /// benches and the reference of the conformance suite.
    #[must_use]
    pub fn start_plain(db: &Db) -> Self {
        let (queue, commands) = mpsc::channel(QUEUE_MAX);
        let counts = Arc::new(Counts::of(db));
        plain::start(db.clone(), commands, Arc::clone(&counts));
        Self { queue, counts }
    }

    /// Starts the writer of a database. It ends when the last handle is dropped.
    ///
    /// # Errors
    /// When the writer's connection cannot be opened.
    pub async fn start(db: &Db) -> Result<Self, StoreError> {
        let (queue, commands) = mpsc::channel(QUEUE_MAX);
        let counts = Arc::new(Counts::of(db));
        match db {
            Db::Sqlite(db) => sqlite::start(db, commands, Arc::clone(&counts))?,
            Db::Postgres(db) => {
                postgres::start((*db.options).clone(), commands, Arc::clone(&counts)).await?;
            }
            Db::Memory(db) => memory::start(db, commands, Arc::clone(&counts)),
        }
        Ok(Self { queue, counts })
    }

    /// What the writer has done so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The number of the node in whose name it writes.
    #[must_use]
    pub fn node(&self) -> Option<u8> {
        self.counts.fence.as_ref().map(|fence| fence.node)
    }

    /// Commands waiting now.
    #[must_use]
    pub fn queued(&self) -> usize {
        QUEUE_MAX - self.queue.capacity()
    }

    /// TX1. Returns when it is durable.
    ///
    /// # Errors
    /// [`StoreError`]: nothing may be sent; whether the row exists is unknown.
    pub async fn intake(&self, intake: Intake) -> Result<IntakeVerdict, StoreError> {
        self.submit(|reply| Command::Intake(Box::new(intake), reply)).await
    }

    /// TX2. Returns when it is durable.
    ///
    /// # Errors
    /// [`StoreError`]: whether the row exists is unknown; ask again.
    pub async fn end(&self, ending: Ending) -> Result<EndVerdict, StoreError> {
        self.submit(|reply| Command::End(Box::new(ending), reply)).await
    }

    async fn submit<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Command,
    ) -> Result<T, StoreError> {
        let (reply, verdict) = oneshot::channel();
        self.queue.send(command(reply)).await.map_err(|_| StoreError::Stopped)?;
        verdict.await.map_err(|_| StoreError::Stopped)?
    }
}

impl Counts {
    fn of(db: &Db) -> Self {
        let health = match db {
            Db::Sqlite(db) => Arc::clone(&db.health),
            Db::Postgres(db) => Arc::clone(&db.link.health),
            Db::Memory(_) => Arc::default(),
        };
        Self { health, fence: db.fence().cloned(), ..Self::default() }
    }

    /// Why a group was refused: the node's number is another's, or the engine's words.
    fn refusal(&self, error: &dyn std::fmt::Display) -> StoreError {
        match self.fence.as_ref().and_then(|fence| fence.lost()) {
            Some(superseded) => superseded.into(),
            None => StoreError::Unsafe(format!("the group was not written: {error}")),
        }
    }

    fn committed(&self, commands: usize) {
        self.health.committed();
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.commands.fetch_add(commands as u64, Ordering::Relaxed);
    }
}
