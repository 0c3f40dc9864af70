//! Soft locks: how soon somebody may try again, by account, address, number or whatever is being guessed.
//! The tries of a key are counted in the database, before they are verified, on whichever node they come.

use switch_core::clock::Timestamp;
use switch_store::transact;

use crate::Sso;
use crate::fault::Fault;
use crate::store::throttle::{self as rows, Tries};

/// How many may be tried and how soon.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Waits after a number of failures: from the first that is reached, the highest first.
    pub waits: &'static [(i64, i64)],
    /// Verified a day at most; then until midnight UTC.
    pub day_max: i64,
}

const SECOND: i64 = 1_000;

impl Policy {
    /// Passwords and codes of citizens: never a lock an outsider can set for good, at most 100 a day
    /// (NIST SP 800-63B section 3.2.2).
    pub const CITIZEN: Self =
        Self { waits: &[(25, 10 * SECOND), (9, 5 * SECOND), (3, 3 * SECOND), (1, SECOND)], day_max: 100 };
    /// Staff: ten tries, then thirty minutes (PCI DSS 8.3.4).
    pub const STAFF: Self =
        Self { waits: &[(10, 1_800 * SECOND), (3, 3 * SECOND), (1, SECOND)], day_max: 100 };
    /// An address: many people may share one.
    pub const ADDRESS: Self = Self { waits: &[(200, 10 * SECOND), (50, SECOND)], day_max: 5_000 };
    /// A one-time code: as many as 20 bits stand (NIST SP 800-63B section 3.1.3.2).
    pub const CODE: Self = Self { waits: &[(5, 600 * SECOND), (3, 5 * SECOND), (1, SECOND)], day_max: 20 };

    /// What a try leaves behind; `Err` with the milliseconds to wait when it may not be made yet.
    ///
    /// # Errors
    /// How long to wait, ms.
    pub fn next(self, before: Option<Tries>, now: Timestamp) -> Result<Tries, i64> {
        const DAY_MS: i64 = 86_400_000;
        let day = now.0.div_euclid(DAY_MS);
        let old = before.unwrap_or(Tries { failures: 0, day, tries: 0, next_at: now });
        let wait_ms = old.next_at.ms_since(now);
        // A clock set back must not lock anybody out for longer than the longest wait.
        if wait_ms > 0 && wait_ms <= DAY_MS {
            return Err(wait_ms);
        }
        let tries = if old.day == day { old.tries } else { 0 };
        if tries >= self.day_max {
            return Err((day + 1) * DAY_MS - now.0);
        }
        let failures = old.failures + 1;
        let wait = self.waits.iter().find(|(from, _)| failures >= *from).map_or(0, |(_, wait)| *wait);
        Ok(Tries { failures, day, tries: tries + 1, next_at: now.plus_ms(wait) })
    }
}

/// Not yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// How long, in milliseconds, more than zero.
    pub ms: i64,
}

impl Sso {
    /// Takes a try at `what` (a purpose such as `password`) of `whom` (an account, an address, a number).
    /// Call it before anything is verified, [`Sso::forgive`] after a success.
    ///
    /// # Errors
    /// [`Fault`]; the inner one says how long to wait.
    pub async fn take_try(&self, what: &str, whom: &str, policy: Policy) -> Result<Result<(), Wait>, Fault> {
        let key = self.sealer.index(what, whom);
        let before = rows::find(&self.db, key.clone()).await?;
        let after = match policy.next(before, self.now()) {
            Ok(after) => after,
            Err(ms) => return Ok(Err(Wait { ms })),
        };
        let taken = transact!(self.db, tx => rows::take(tx, key.clone(), before, after).await)?;
        // Who came second waits as if the first one's wait were over in a second.
        Ok(if taken { Ok(()) } else { Err(Wait { ms: SECOND }) })
    }

    /// Forgets the failures in a row at `what` of `whom` after a success. Those of the day stay: an owner
    /// who comes and goes gives nobody else more tries.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn forgive(&self, what: &str, whom: &str) -> Result<(), Fault> {
        let (key, now) = (self.sealer.index(what, whom), self.now());
        Ok(transact!(self.db, tx => rows::forgive(tx, key.clone(), now).await)?)
    }

    /// The failures in a row at `what` of `whom`.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn failures(&self, what: &str, whom: &str) -> Result<i64, Fault> {
        let found = rows::find(&self.db, self.sealer.index(what, whom)).await?;
        Ok(found.map_or(0, |tries| tries.failures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_a_day_has_an_end() {
        let mut now = Timestamp(1_000_000_000_000);
        let mut tries = None;
        let (mut verified, day) = (0, now.0 / 86_400_000);
        while now.0 / 86_400_000 == day {
            match Policy::CITIZEN.next(tries, now) {
                Ok(after) => (tries, verified) = (Some(after), verified + 1),
                Err(wait) => now = now.plus_ms(wait),
            }
        }
        assert_eq!(verified, 100);
        assert!(Policy::CITIZEN.next(tries, now).is_ok(), "the next day begins again");
    }

    #[test]
    fn staff_wait_half_an_hour_after_ten() {
        let mut now = Timestamp(1_000_000_000_000);
        let mut tries = None;
        for _ in 0..10 {
            now = now.plus_ms(5_000);
            tries = Some(Policy::STAFF.next(tries, now).expect("may try"));
        }
        assert_eq!(Policy::STAFF.next(tries, now.plus_ms(1_000)), Err(1_799_000));
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let tries = Tries { failures: 1, day: 20_000, tries: 1, next_at: Timestamp(2_000_000_000_000) };
        assert!(Policy::CITIZEN.next(Some(tries), Timestamp(1_000_000_000_000)).is_ok());
    }
}
