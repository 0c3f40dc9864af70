//! Passwords: what is taken, how it is kept (Argon2id), and how it is compared: with the same work whether
//! somebody is known or not, and never so much at once that a flood eats the memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use look::Words;
use switch_core::clock::Timestamp;
use switch_store::{StoreError, Tx, transact};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::Factors;
use super::weak::{self, Weakness};
use crate::Sso;
use crate::fault::Fault;
use crate::store::account::Account;
use crate::store::password::{self as rows, Kept};

/// A password that may stand alone has so many characters (NIST SP 800-63B section 3.1.1.2) …
pub const ALONE_MIN: usize = 15;
/// … one beside a second factor so many …
pub const BESIDE_MIN: usize = 8;
/// … and one of staff, always beside a second factor, so many (PCI DSS 8.3.6).
pub const STAFF_MIN: usize = 12;
/// Longer ones are refused whole, never cut.
pub const MAX: usize = 128;

/// How many may wait for a place; the next one is sent away.
const WAITING_MAX: usize = 32;
/// And how long.
const WAITING_TIME: Duration = Duration::from_secs(3);

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Fewer characters than the account needs.
    TooShort {
        /// So many are needed.
        least: usize,
    },
    /// More than [`MAX`] characters.
    TooLong,
    /// Among those everybody tries first.
    Weak(Weakness),
}

impl Refusal {
    /// What to tell the person: what is wrong, and what to do.
    #[must_use]
    pub fn say(self, words: &Words) -> String {
        match self {
            Self::TooShort { least } => words.fill("password-too-short", &[("count", least)]),
            Self::TooLong => words.fill("password-too-long", &[("count", MAX)]),
            Self::Weak(Weakness::Common) => words.say("password-common"),
            Self::Weak(Weakness::Pattern) => words.say("password-pattern"),
            Self::Weak(Weakness::Personal) => words.say("password-personal"),
        }
    }
}

/// How a comparison ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password of the account.
    Right,
    /// It is not, or there is no such account.
    Wrong,
    /// Too many at once: nothing was compared.
    Busy,
}

/// A password that was taken and hashed, for [`set`].
pub struct Hashed {
    phc: String,
    is_long: bool,
}

/// The hasher, with the places it has.
pub struct Hasher {
    argon2: Argon2<'static>,
    params: Params,
    places: Arc<Semaphore>,
    door: Semaphore,
    /// What unknown people are compared with: the same parameters, and nobody's password.
    dummy: String,
    compared: AtomicU64,
}

impl Hasher {
    /// A hasher that fills `memory_kib` in `passes`, `at_once` at a time.
    ///
    /// # Panics
    /// On parameters that Argon2 does not know: they are checked with the settings.
    #[must_use]
    pub fn new(memory_kib: u32, passes: u32, at_once: usize) -> Self {
        let params = Params::new(memory_kib, passes, 1, None).expect("because settings are checked");
        let dummy = format!(
            "$argon2id$v=19$m={memory_kib},t={passes},p=1${}${}",
            STANDARD_NO_PAD.encode([0x5a; 16]),
            STANDARD_NO_PAD.encode([0; 32]),
        );
        Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone()),
            params,
            places: Arc::new(Semaphore::new(at_once)),
            door: Semaphore::new(at_once + WAITING_MAX),
            dummy,
            compared: AtomicU64::new(0),
        }
    }

    /// How many passwords were compared since the process began.
    #[must_use]
    pub fn compared(&self) -> u64 {
        self.compared.load(Ordering::Relaxed)
    }

    /// Runs work in one of the places, beside the threads that answer; `None` when all are taken and so
    /// many wait that nobody more may.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2<'static>) -> T + Send + 'static,
    ) -> Result<Option<T>, Fault> {
        let Ok(_inside) = self.door.try_acquire() else { return Ok(None) };
        let waiting = tokio::time::timeout(WAITING_TIME, Arc::clone(&self.places).acquire_owned());
        let Ok(Ok(place)) = waiting.await else { return Ok(None) };
        let argon2 = self.argon2.clone();
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&argon2);
            drop(place);
            done
        });
        done.await.map(Some).map_err(|_| Fault::Internal("a hash was not finished".into()))
    }

    /// Whether a kept one is weaker than what is made today.
    fn is_old(&self, hash: &PasswordHash) -> bool {
        Params::try_from(hash)
            .map_or(true, |kept| kept.m_cost() < self.params.m_cost() || kept.t_cost() < self.params.t_cost())
    }
}

/// The one form of what was typed: what looks the same is the same (NFC, RFC 8265 section 4.2). Arabic has
/// letters that keyboards write in two ways.
fn composed(given: &str) -> Zeroizing<String> {
    Zeroizing::new(given.nfc().collect())
}

/// The least length of an account's password.
#[must_use]
pub fn least(is_staff: bool, has_second: bool) -> usize {
    match (is_staff, has_second) {
        (true, _) => STAFF_MIN,
        (false, true) => BESIDE_MIN,
        (false, false) => ALONE_MIN,
    }
}

/// Holds a new password against the rules. No letters of any kind are asked for, nothing is cut.
///
/// # Errors
/// The first rule it breaks.
pub fn check(account: &Account, factors: &Factors, given: &str) -> Result<(), Refusal> {
    let given = composed(given);
    let length = given.chars().count();
    let least = least(account.is_staff, factors.is_enrolled());
    if length < least {
        return Err(Refusal::TooShort { least });
    }
    if length > MAX {
        return Err(Refusal::TooLong);
    }
    weak::check(&given, &account.person).map_err(Refusal::Weak)
}

impl Sso {
    /// Hashes a password that [`check`] let through; [`set`] then takes it along in a transaction. `None`:
    /// too many at once.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn hash_password(&self, given: &str) -> Result<Option<Hashed>, Fault> {
        let given = composed(given);
        let is_long = given.chars().count() >= ALONE_MIN;
        let salt = self.random::<16>();
        let hash = move |argon2: &Argon2<'_>| {
            argon2.hash_password_with_salt(given.as_bytes(), &salt).map(|hash| hash.to_string())
        };
        match self.hasher.run(hash).await? {
            None => Ok(None),
            Some(Ok(phc)) => Ok(Some(Hashed { phc, is_long })),
            Some(Err(_)) => Err(Fault::Internal("a password was not hashed".into())),
        }
    }

    /// Whether it is the password of an account; `None` for somebody who has none, which takes as long.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn verify_password(&self, account: Option<i64>, given: &str) -> Result<Verdict, Fault> {
        // The number of nobody's row, so that the database has the same to do.
        let number = account.unwrap_or(0);
        let kept = rows::find(&self.db, number).await?;
        let phc = kept.as_ref().map_or(&self.hasher.dummy, |kept| &kept.phc).clone();
        let hash = PasswordHash::new(&phc).map_err(|_| Fault::Corrupt("password.phc"))?;
        let is_old = self.hasher.is_old(&hash);
        let given = composed(given);
        if given.len() > MAX * 4 {
            return Ok(Verdict::Wrong);
        }
        self.hasher.compared.fetch_add(1, Ordering::Relaxed);
        let typed = given.clone();
        let compare = move |argon2: &Argon2<'_>| argon2.verify_password(typed.as_bytes(), &hash).is_ok();
        match self.hasher.run(compare).await? {
            None => Ok(Verdict::Busy),
            Some(is_right) if !is_right || kept.is_none() => Ok(Verdict::Wrong),
            Some(_) => {
                if is_old && let Some(new) = self.hash_password(&given).await? {
                    transact!(self.db, tx => rows::rehash(tx, number, &phc, &new.phc).await)?;
                }
                Ok(Verdict::Right)
            }
        }
    }
}

/// Sets a password, in the transaction of the act that allows it.
///
/// # Errors
/// The engine's own.
pub async fn set(tx: &mut Tx, account: i64, hashed: &Hashed, at: Timestamp) -> Result<(), StoreError> {
    let kept = Kept { phc: hashed.phc.clone(), is_long: hashed.is_long, changed_at: at };
    rows::set(tx, account, &kept).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_to_write_a_letter_are_one_password() {
        // Alef with madda: as one character, and as an alef with a combining one.
        assert_eq!(*composed("\u{622}منة"), *composed("\u{627}\u{653}منة"));
        assert_ne!(*composed("A"), *composed("a"));
    }

    #[test]
    fn the_dummy_is_a_hash_that_nothing_equals() {
        let hasher = Hasher::new(8, 1, 1);
        let hash = PasswordHash::new(&hasher.dummy).expect("a PHC string");
        assert!(!hasher.is_old(&hash));
        assert!(hasher.argon2.verify_password(b"", &hash).is_err());
        assert!(Hasher::new(16, 1, 1).is_old(&hash) && Hasher::new(8, 2, 1).is_old(&hash));
    }

    #[tokio::test]
    async fn a_flood_is_sent_away_at_the_door() {
        let hasher = Hasher::new(8, 1, 2);
        let _places = hasher.places.acquire_many(2).await.expect("open");
        let _door = hasher.door.acquire_many(34).await.expect("open");
        assert_eq!(hasher.run(|_| 1).await.expect("asked"), None);
    }
}
