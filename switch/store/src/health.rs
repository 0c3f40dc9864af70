//! What the store knows of the disk below it. A failed write or sync ends the process: after it nobody knows what
//! is durable, and a second sync would say yes to pages that are gone. A full disk only turns new work away.

use std::sync::atomic::{AtomicBool, Ordering};

/// SQLITE_IOERR, SQLITE_FULL, and the I/O error that only says that a file could not grow (SQLITE_IOERR_SHMSIZE).
const IO_ERROR: i32 = 10;
const FULL: i32 = 13;
const CANNOT_GROW: i32 = 4874;
/// SQLSTATE disk_full of PostgreSQL.
const PG_DISK_FULL: &str = "53100";

/// The health of a database's storage.
#[derive(Debug, Default)]
pub struct Health {
    failed: AtomicBool,
    full: AtomicBool,
}

impl Health {
    pub(crate) const fn good() -> Self {
        Self { failed: AtomicBool::new(false), full: AtomicBool::new(false) }
    }

    /// The storage failed: nothing may be written any more, the process must end and recover from what is durable.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// The last write found no room. The next one that finds some ends it.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// Something was committed: there is room.
    pub(crate) fn committed(&self) {
        if self.is_full() {
            tracing::warn!("the disk has room again");
            self.full.store(false, Ordering::Release);
        }
    }

    /// Takes note of what an error says of the storage.
    pub(crate) fn heard(&self, error: &sqlx::Error) {
        let Some(error) = error.as_database_error() else { return };
        match error.code().as_deref() {
            Some(PG_DISK_FULL) => self.found_full(),
            Some(code) if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() => {
                self.heard_code(code.parse().unwrap_or_default());
            }
            _ => {}
        }
    }

    /// The same of the writer's own connection.
    pub(crate) fn heard_embedded(&self, error: &rusqlite::Error) {
        self.heard_code(error.sqlite_error().map_or(0, |error| error.extended_code));
    }

    fn heard_code(&self, extended: i32) {
        match extended & 0xff {
            FULL => self.found_full(),
            IO_ERROR if extended == CANNOT_GROW => self.found_full(),
            IO_ERROR => self.failed.store(true, Ordering::Release),
            _ => {}
        }
    }

    fn found_full(&self) {
        if !self.full.swap(true, Ordering::AcqRel) {
            tracing::error!("the disk is full: payments are turned away until there is room");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_passes_and_a_failed_one_does_not() {
        let health = Health::good();
        let says = |extended| {
            let code = rusqlite::ffi::Error::new(extended);
            health.heard_embedded(&rusqlite::Error::SqliteFailure(code, None));
            (health.has_failed(), health.is_full())
        };
        // A busy database, a constraint: nothing of the disk.
        assert_eq!([says(5), says(2067)], [(false, false); 2]);
        assert_eq!([says(13), says(CANNOT_GROW)], [(false, true); 2]);
        health.committed();
        assert!(!health.is_full());
        // SQLITE_IOERR_FSYNC.
        assert_eq!(says(1034), (true, false));
        health.committed();
        assert!(health.has_failed());
    }
}
