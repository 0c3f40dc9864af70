//! The link with PostgreSQL, which may die without a word: a half-open connection answers nothing, for ever.
//! Every question has an end here, and a connection whose question had none is tested before it is used again.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnection, PgPoolOptions};
use sqlx::{Connection, Error, Executor};
use tokio::time::{Instant, timeout};

use crate::health::Health;

/// The longest answer that is waited for. The switch's own statements take milliseconds.
pub(crate) const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The longest test of a connection that goes back to the pool.
const TEST_MAX: Duration = Duration::from_secs(2);
/// How long after a question without an end connections are tested.
const SUSPECT_FOR: Duration = Duration::from_secs(30);

/// A process that stands still in a transaction loses it, and with it what it has locked: who takes its place
/// waits no longer than [`ANSWER_MAX`]. Between two statements of ours lie microseconds.
const SESSION: &str = "SET idle_in_transaction_session_timeout = '5s'";

/// What is known of the links of one database.
#[derive(Debug, Clone, Default)]
pub struct Link {
    pub(crate) health: Arc<Health>,
    suspect_until: Arc<Mutex<Option<Instant>>>,
}

/// No answer in time: whether it was done is unknown.
fn no_answer() -> Error {
    Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "PostgreSQL does not answer"))
}

/// Waits for one step within the bound.
///
/// # Errors
/// The step's own, or that there is no answer.
pub(crate) async fn answered<T>(step: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    timeout(ANSWER_MAX, step).await.unwrap_or_else(|_| Err(no_answer()))
}

impl Link {
    /// Waits for one step on a connection of a pool. Given up, it leaves the connection under suspicion.
    ///
    /// # Errors
    /// As [`answered`].
    pub(crate) async fn answered<T>(&self, step: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let mut step = pin!(step);
        // Dropped before the step is, and the step gives the connection back.
        let mut unfinished = Unfinished { link: self, answered: false };
        let answer = timeout(ANSWER_MAX, &mut step).await;
        unfinished.answered = answer.is_ok();
        answer.unwrap_or_else(|_| Err(no_answer())).inspect_err(|error| self.health.heard(error))
    }

    /// A pool whose connections are tested under suspicion when they come back, with an end to the test:
    /// the pool's own has none, and would lose the place of the connection for ever.
    pub(crate) fn pool(&self) -> PgPoolOptions {
        let link = self.clone();
        PgPoolOptions::new()
            .acquire_timeout(Duration::from_secs(5))
            .after_connect(|db, _| Box::pin(async move { db.execute(SESSION).await.map(drop) }))
            .after_release(move |db, _| {
                let link = link.clone();
                Box::pin(async move { link.test(db).await })
            })
    }

    async fn test(&self, db: &mut PgConnection) -> Result<bool, Error> {
        let until = *self.suspect_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_some_and(|until| Instant::now() < until) {
            timeout(TEST_MAX, db.ping()).await.unwrap_or_else(|_| Err(no_answer()))?;
        }
        Ok(true)
    }
}

/// A step that has not been answered yet.
struct Unfinished<'a> {
    link: &'a Link,
    answered: bool,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.answered {
            let until = Instant::now() + SUSPECT_FOR;
            *self.link.suspect_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        }
    }
}
