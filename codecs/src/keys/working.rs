//! A working key through its changes: a new one is taken in and checked, used from the answer on, and the one before
//! still verifies what was under way.
//!
//! Two phases, because both sides must change at the same message: [`WorkingKey::offer`] when the key arrives,
//! [`WorkingKey::activate`] after the 0810 that accepts it was sent or received. Until then everything is signed and
//! verified with the key there was. The bytes are the vault's; this keeps only names.

use std::collections::VecDeque;

use super::{CheckValue, KeyVault, MacAlgorithm, VaultError, VaultMac, WrappedKey};
use crate::ErrorKind;
use crate::iso8583::{Message, VerifyError};

/// How many replaced keys are kept at most; one more takes the place of the oldest.
const OLD_MAX: usize = 3;

/// The names of a working key: the one in use, the one to come, and those that were.
#[derive(Debug)]
pub struct WorkingKey {
    algorithm: MacAlgorithm,
    current: String,
    next: Option<String>,
    /// The newest first.
    old: VecDeque<Old>,
}

/// How long a replaced key still verifies; whichever bound is reached first ends it. It signs nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// How many messages it may still verify: no more than can be under way.
    pub uses_max: u32,
    /// Until when, on the clock of the caller, in milliseconds.
    pub until_ms: i64,
}

#[derive(Debug)]
struct Old {
    name: String,
    left: Overlap,
}

/// Which key a message was verified with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifiedWith {
    /// The one in use.
    Current,
    /// One that was replaced: the message was under way during the change.
    Replaced,
}

impl WorkingKey {
    /// Begins with a key the vault has.
    #[must_use]
    pub fn new(current: impl Into<String>, algorithm: MacAlgorithm) -> Self {
        WorkingKey { algorithm, current: current.into(), next: None, old: VecDeque::new() }
    }

    /// The name of the key in use.
    #[must_use]
    pub fn current(&self) -> &str {
        &self.current
    }

    /// The name of the key that was offered and is not in use yet.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// First phase: takes the new key in. It is kept only when its check value is right and the algorithm can use it;
    /// a key offered before and not yet active is forgotten for it. The key in use offered again under its name, as by
    /// a repeated 0801, changes nothing when its check value comes with it.
    ///
    /// # Errors
    /// Those of [`KeyVault::import`], and of [`KeyVault::mac`] when the key does not fit the algorithm. Nothing has
    /// changed then, except that an earlier offer may be gone.
    pub fn offer(&mut self, vault: &dyn KeyVault, key: &WrappedKey<'_>) -> Result<CheckValue, VaultError> {
        if key.name == self.current {
            let value = vault.check_value(key.name, key.method)?;
            let same = key.check.is_some_and(|digits| value.agrees_with(digits));
            return if same { Ok(value) } else { Err(VaultError::NameTaken(key.name.to_owned())) };
        }
        self.abandon(vault)?;
        let value = vault.import(key)?;
        if let Err(error) = vault.mac(key.name, self.algorithm, &[]) {
            vault.remove(key.name)?;
            return Err(error);
        }
        self.next = Some(key.name.to_owned());
        Ok(value)
    }

    /// Second phase, after the 0810: the offered key signs and verifies from now on, the one there was verifies within
    /// `overlap`. False when none was offered.
    ///
    /// # Errors
    /// Those of [`KeyVault::remove`] for a replaced key too many; the change has happened all the same.
    pub fn activate(&mut self, vault: &dyn KeyVault, overlap: Overlap) -> Result<bool, VaultError> {
        let Some(next) = self.next.take() else { return Ok(false) };
        let name = std::mem::replace(&mut self.current, next);
        self.old.push_front(Old { name, left: overlap });
        if let Some(oldest) = self.old.get(OLD_MAX) {
            vault.remove(&oldest.name)?;
            self.old.truncate(OLD_MAX);
        }
        Ok(true)
    }

    /// The 0810 said no, or never came: the offered key is forgotten, and nothing changes.
    ///
    /// # Errors
    /// Those of [`KeyVault::remove`]; the offer stands then.
    pub fn abandon(&mut self, vault: &dyn KeyVault) -> Result<(), VaultError> {
        if let Some(next) = &self.next {
            vault.remove(next)?;
            self.next = None;
        }
        Ok(())
    }

    /// What signs messages: the key in use.
    #[must_use]
    pub fn signer<'v>(&'v self, vault: &'v dyn KeyVault) -> VaultMac<'v> {
        VaultMac { vault, key: &self.current, algorithm: self.algorithm }
    }

    /// Verifies the MAC in field `field` (64 or 128) with the key in use, then with those it replaced, as far as
    /// their bounds go.
    ///
    /// # Errors
    /// `Message` when none fits, `Vault` when that could not be found out.
    pub fn verify(
        &mut self,
        vault: &dyn KeyVault,
        message: &Message<'_>,
        field: u8,
        now_ms: i64,
    ) -> Result<VerifiedWith, VerifyError> {
        let mismatch = match message.verify_mac(field, &self.signer(vault)) {
            Ok(()) => return Ok(VerifiedWith::Current),
            Err(VerifyError::Message(error)) if error.kind == ErrorKind::MacMismatch => error,
            Err(other) => return Err(other),
        };
        let algorithm = self.algorithm;
        for old in self.old.iter_mut().filter(|old| old.is_valid(now_ms)) {
            match message.verify_mac(field, &VaultMac { vault, key: &old.name, algorithm }) {
                Ok(()) => {
                    // Only what it verifies counts: forged messages cannot use it up.
                    old.left.uses_max -= 1;
                    return Ok(VerifiedWith::Replaced);
                }
                Err(VerifyError::Message(_)) => {}
                Err(other) => return Err(other),
            }
        }
        Err(mismatch.into())
    }

    /// Forgets the replaced keys whose bounds are reached, in the vault too. To be called now and then.
    ///
    /// # Errors
    /// Those of [`KeyVault::remove`]; what could not be removed is tried again by the next call.
    pub fn retire(&mut self, vault: &dyn KeyVault, now_ms: i64) -> Result<(), VaultError> {
        while let Some(at) = self.old.iter().position(|old| !old.is_valid(now_ms)) {
            match vault.remove(&self.old[at].name) {
                Ok(()) | Err(VaultError::UnknownKey(_)) => drop(self.old.remove(at)),
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }
}

impl Old {
    const fn is_valid(&self, now_ms: i64) -> bool {
        self.left.uses_max > 0 && now_ms < self.left.until_ms
    }
}
