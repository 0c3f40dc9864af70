//! A transaction that stood in another one's way is run again, whole: the one
//! place where the store tries over. What is unknown is not tried over: a commit
//! whose reply was lost is read again by key, by whoever knows the key.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::ErrorCode;

use crate::db::{Backend, Db, StoreError};

/// How often a transaction is run at most.
pub(crate) const TRIES: u32 = 5;
/// How long one try waits for the write lock of the embedded engine: with all tries,
/// a writer is told within five seconds that it cannot write.
pub(crate) const LOCK_WAIT: Duration = Duration::from_secs(1);

/// The wait after the try numbered `tries`; the other one is done by then.
pub(crate) fn pause(tries: u32) -> Duration {
    Duration::from_millis(5 << (2 * tries.clamp(1, TRIES) - 2))
}

/// Serialisation failure and deadlock of PostgreSQL; `SQLITE_BUSY` and
/// `SQLITE_LOCKED` with all their extended codes. The engine has undone everything.
pub(crate) fn is_contention(backend: Backend, code: &str) -> bool {
    match backend {
        Backend::Postgres => matches!(code, "40001" | "40P01"),
        Backend::Sqlite => code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6)),
    }
}

pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

impl StoreError {
    /// Whether another transaction was in the way: nothing was written, and the same
    /// may be tried again.
    fn is_contention(&self, backend: Backend) -> bool {
        match self {
            Self::Database(error) => {
                let code = error.as_database_error().and_then(|e| e.code());
                code.is_some_and(|code| is_contention(backend, &code))
            }
            Self::Embedded(error) => is_busy(error),
            Self::Migrate(_) | Self::Unsafe(_) | Self::Corrupt(_) => false,
            Self::Full | Self::Superseded(_) | Self::Stopped => false,
        }
    }
}

/// Runs a body in a transaction and commits it; runs both again when another
/// transaction was in the way. The body must therefore do nothing that a second run
/// would do twice: it writes through the transaction and says what it found. `?` and
/// `return` leave the body, and an error of it undoes everything.
///
/// The value is a `Result<T, StoreError>`. An error of the commit leaves the outcome
/// unknown: read again by key.
///
/// ```text
/// transact!(self.db, tx => attempt::postpone(tx, payment, epoch, due_at).await)
/// ```
///
/// A macro, because a closure whose future borrows both its argument and its
/// surroundings cannot promise to be `Send`.
#[macro_export]
macro_rules! transact {
    ($db:expr, $tx:ident => $body:expr) => {{
        let db: &$crate::Db = &$db;
        let mut tries = $crate::again::Tries::of(db);
        loop {
            let done: Result<_, $crate::StoreError> = async {
                let mut transaction = db.begin().await?;
                let $tx = &mut transaction;
                let done: Result<_, $crate::StoreError> = async { $body }.await;
                let done = done?;
                transaction.commit().await?;
                Ok(done)
            }
            .await;
            match done {
                Err(error) if tries.may_go_on_after(&error).await => {}
                done => break done,
            }
        }
    }};
}

/// Transactions that were run again, by engine, since the process began.
static RUN_AGAIN: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];

/// How many transactions were run again since the process began.
#[must_use]
pub fn run_again(backend: Backend) -> u64 {
    slot(backend).load(Ordering::Relaxed)
}

fn slot(backend: Backend) -> &'static AtomicU64 {
    match backend {
        Backend::Sqlite => &RUN_AGAIN[0],
        Backend::Postgres => &RUN_AGAIN[1],
    }
}

/// Counts another run, for a metric and for those who wait for one.
pub(crate) fn count_again(backend: Backend) {
    slot(backend).fetch_add(1, Ordering::Relaxed);
}

/// The tries of one transaction.
#[derive(Debug)]
pub struct Tries {
    backend: Backend,
    /// In memory the host decides what time passes.
    pauses: bool,
    used: u32,
}

impl Tries {
    /// None used yet.
    #[must_use]
    pub fn of(db: &Db) -> Self {
        Self { backend: db.backend(), pauses: !matches!(db, Db::Memory(_)), used: 0 }
    }

    /// Whether the transaction that ended in `error` is to be run again, after a pause.
    pub async fn may_go_on_after(&mut self, error: &StoreError) -> bool {
        self.used += 1;
        if self.used == TRIES || !error.is_contention(self.backend) {
            return false;
        }
        tracing::warn!(%error, used = self.used, "a transaction is run again");
        count_again(self.backend);
        if self.pauses {
            tokio::time::sleep(pause(self.used)).await;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_transaction_in_the_way_is_contention() {
        for (backend, code, expected) in [
            (Backend::Postgres, "40001", true),
            (Backend::Postgres, "40P01", true),
            // Aborted, unique, connection lost, shutdown: none of them says "again".
            (Backend::Postgres, "25P02", false),
            (Backend::Postgres, "23505", false),
            (Backend::Postgres, "08006", false),
            (Backend::Postgres, "57P01", false),
            (Backend::Postgres, "5", false),
            (Backend::Sqlite, "5", true),
            (Backend::Sqlite, "6", true),
            (Backend::Sqlite, "261", true),
            (Backend::Sqlite, "517", true),
            (Backend::Sqlite, "13", false),
            (Backend::Sqlite, "10", false),
            (Backend::Sqlite, "2067", false),
            (Backend::Sqlite, "40001", false),
        ] {
            assert_eq!(is_contention(backend, code), expected, "{backend:?} {code}");
        }
    }

    #[test]
    fn all_waits_together_are_short() {
        let waits: Vec<_> = (1..TRIES).map(|tries| pause(tries).as_millis()).collect();
        assert_eq!(waits, [5, 20, 80, 320]);
    }
}
