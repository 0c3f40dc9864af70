//! What a link has done, as plain atomics: the daemon turns them into metrics.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counters of one link or listener since the process started.
#[derive(Debug, Default)]
pub struct Counters {
    /// Money messages can be sent now (client), or the listener accepts (host).
    pub up: Flag,
    /// Messages received, network management included.
    pub messages_in: Count,
    /// Messages handed to the socket's queue.
    pub messages_out: Count,
    /// Requests waiting for their answer.
    pub in_flight: Count,
    /// Open connections (host).
    pub connections: Count,
    /// Requests that ended without an answer in time.
    pub timeouts: Count,
    /// Answers nobody waited for: after the time-out, or a second time.
    pub late: Count,
    /// Messages not believed: wrong MAC, not readable, or without a field they must have.
    pub untrusted: Count,
    /// Times the link was lost and tried again.
    pub reconnects: Count,
    /// Requests refused before a byte left.
    pub not_sent: Count,
    /// Connections refused or closed because a limit was reached (host).
    pub refused: Count,
}

/// A number that any thread may change; no order with other memory is implied.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

/// A yes or no that any thread may change.
#[derive(Debug, Default)]
pub struct Flag(AtomicBool);

impl Count {
    /// One more.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less, of a gauge.
    pub fn take(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// Sets a gauge.
    pub fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// The present value.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Flag {
    /// Sets it.
    pub fn set(&self, value: bool) {
        self.0.store(value, Ordering::Release);
    }

    /// The present value.
    #[must_use]
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
