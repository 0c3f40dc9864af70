//! Where random bytes come from: the machine in the daemon, a seed in tests.

/// A source of random bytes.
pub trait Chance: Send + Sync {
    /// Fills all of it. A machine that gives no random bytes must end the process: nothing here may go on
    /// with predictable secrets.
    fn fill(&self, bytes: &mut [u8]);
}
