//! Commands of one group: the writer is held at its first command until all the
//! others are queued behind it, in a known order.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use switch_store::journal::{EndVerdict, Ending, Intake, IntakeVerdict};
use switch_store::{Journal, StoreError, Tx};

use crate::bed::{Bed, Raw, until};

pub(crate) enum Command {
    Intake(Intake),
    End(Ending),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    Taken,
    KeyUsed,
    BillTaken,
    Ended,
    Superseded,
    /// The store's own trouble.
    Failed,
}

impl From<Intake> for Command {
    fn from(intake: Intake) -> Self {
        Self::Intake(intake)
    }
}

impl From<Ending> for Command {
    fn from(ending: Ending) -> Self {
        Self::End(ending)
    }
}

impl From<Result<IntakeVerdict, StoreError>> for Told {
    fn from(verdict: Result<IntakeVerdict, StoreError>) -> Self {
        match verdict {
            Ok(IntakeVerdict::Taken) => Self::Taken,
            Ok(IntakeVerdict::KeyUsed) => Self::KeyUsed,
            Ok(IntakeVerdict::BillTaken) => Self::BillTaken,
            Err(_) => Self::Failed,
        }
    }
}

impl From<Result<EndVerdict, StoreError>> for Told {
    fn from(verdict: Result<EndVerdict, StoreError>) -> Self {
        match verdict {
            Ok(EndVerdict::Ended) => Self::Ended,
            Ok(EndVerdict::Superseded) => Self::Superseded,
            Err(_) => Self::Failed,
        }
    }
}

pub(crate) async fn tell(journal: &Journal, command: Command) -> Told {
    match command {
        Command::Intake(intake) => journal.intake(intake).await.into(),
        Command::End(ending) => journal.end(ending).await.into(),
    }
}

/// Nobody writes while this is held.
enum Held {
    Sqlite(Tx),
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

async fn hold(bed: &Bed) -> Held {
    match &bed.raw {
        Raw::Sqlite(_) | Raw::Memory(_) => Held::Sqlite(bed.db.begin().await.expect("the turn is taken")),
        Raw::Postgres(pool) => {
            let mut tx = pool.begin().await.expect("begins");
            sqlx::query("LOCK TABLE payment IN EXCLUSIVE MODE").execute(&mut *tx).await.expect("locked");
            Held::Postgres(tx)
        }
    }
}

async fn let_go(held: Held) {
    match held {
        Held::Sqlite(tx) => tx.commit().await.expect("the turn is given back"),
        Held::Postgres(tx) => tx.rollback().await.expect("unlocked"),
    }
}

/// The verdicts of commands that the writer finds in its queue all at once.
pub(crate) async fn in_one_group(bed: &Bed, journal: &Journal, commands: Vec<Command>) -> Vec<Told> {
    let first = bed.intake(&bed.key(), &bed.bill().await);
    let held = hold(bed).await;
    let mut first = queue(journal, first.into()).await;
    until("the writer is at its first command", async || journal.queued() == 0).await;
    let mut waiting = Vec::new();
    for command in commands {
        waiting.push(queue(journal, command).await);
    }
    assert_eq!(journal.queued(), waiting.len(), "all are queued and none is at work");
    let_go(held).await;
    assert_eq!(first.as_mut().await, Told::Taken);
    let mut told = Vec::new();
    for verdict in waiting {
        told.push(verdict.await);
    }
    told
}

type Verdict<'a> = Pin<Box<dyn Future<Output = Told> + Send + 'a>>;

/// Puts a command into the queue, now, and waits for nothing.
async fn queue(journal: &Journal, command: Command) -> Verdict<'_> {
    let mut verdict: Verdict<'_> = Box::pin(tell(journal, command));
    poll_fn(|cx| {
        assert!(verdict.as_mut().poll(cx).is_pending(), "nothing is written while the writer is held");
        Poll::Ready(())
    })
    .await;
    verdict
}
