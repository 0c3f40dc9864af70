//! Systems trace audit numbers (ISO 8583 field 11): 1 to 999999 and round again,
//! never one that is still in flight or waiting for its reversal.

use switch_core::clock::Timestamp;

const STAN_MAX: u32 = 999_999;

#[derive(Debug)]
pub(crate) struct StanAllocator {
    next: u32,
    live: Vec<u64>,
}

impl StanAllocator {
    /// Starts at a place that moves with time, so that a restart does not begin
    /// with the numbers of the minute before it.
    pub(crate) fn starting_at(now: Timestamp) -> Self {
        let start = now.0.rem_euclid(i64::from(STAN_MAX));
        Self { next: start as u32, live: vec![0; STAN_MAX as usize / 64 + 1] }
    }

    fn slot(&mut self, stan: u32) -> (&mut u64, u64) {
        (&mut self.live[stan as usize / 64], 1 << (stan % 64))
    }

    /// The next free number; `None` when all are live.
    pub(crate) fn allocate(&mut self) -> Option<u32> {
        for _ in 0..STAN_MAX {
            self.next = self.next % STAN_MAX + 1;
            let stan = self.next;
            let (word, bit) = self.slot(stan);
            if *word & bit == 0 {
                *word |= bit;
                return Some(stan);
            }
        }
        None
    }

    /// Marks a number of a former life as live.
    pub(crate) fn hold(&mut self, stan: u32) {
        if (1..=STAN_MAX).contains(&stan) {
            let (word, bit) = self.slot(stan);
            *word |= bit;
        }
    }

    /// Frees a number when its attempt has ended.
    pub(crate) fn release(&mut self, stan: u32) {
        if (1..=STAN_MAX).contains(&stan) {
            let (word, bit) = self.slot(stan);
            *word &= !bit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_wrap_and_skip_what_is_live() {
        let mut stans = StanAllocator::starting_at(Timestamp(999_996));
        stans.hold(999_998);
        stans.hold(1);
        let taken: Vec<_> = (0..4).map(|_| stans.allocate()).collect();
        assert_eq!(taken, [Some(999_997), Some(999_999), Some(2), Some(3)]);
        for _ in 0..STAN_MAX - 6 {
            assert!(stans.allocate().is_some());
        }
        assert_eq!(stans.allocate(), None, "all 999,999 are live");
        stans.release(5);
        assert_eq!(stans.allocate(), Some(5));
    }
}
