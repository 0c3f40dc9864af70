//! Keys that stand behind a vault: MACs by the name of a key, key check values, keys that come wrapped, and the change
//! of a working key while messages are under way.
//!
//! A [`KeyVault`] keeps the keys and gives out nothing but results. [`SoftwareVault`] keeps them in memory, for
//! sandboxes; a hardware module implements the same trait in a crate of its own, because it brings a native library.
//! Nothing here reads a clock or makes a random number: times are the caller's, keys are made elsewhere.

mod check;
mod cipher;
mod software;
mod working;
mod wrap;

pub use check::{CheckMethod, CheckValue};
pub use software::SoftwareVault;
pub use working::{Overlap, VerifiedWith, WorkingKey};
pub use wrap::{Wrap, WrappedKey};

use crate::iso8583::{Mac, Padding, Tag};

/// What a key is a key of. Its length says the rest: DES keys have 8, 16 or 24 bytes, AES keys 16, 24 or 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// DES, of single, double or triple length.
    Des,
    /// AES.
    Aes,
}

/// What a key may be used for. One that opens other keys never signs messages (ANSI X9.24-1, key separation).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyUse {
    /// Message authentication codes.
    Mac,
    /// Opening wrapped keys: a key encryption key, also called a zone or terminal master key.
    Unwrap,
}

/// How a code is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacAlgorithm {
    /// ISO 9797-1 algorithm 3 with DES (ANSI X9.19) and a key of double length. A key of single length stands for
    /// both halves, which makes it algorithm 1 (ANSI X9.9).
    Retail(Padding),
    /// AES-CMAC (RFC 4493).
    AesCmac,
}

/// Keeps keys by name, and never gives one out. Implementations answer from several threads at once.
pub trait KeyVault: Send + Sync {
    /// The code over `bytes` under the key of that name.
    ///
    /// # Errors
    /// `UnknownKey`, `WrongUse`, `WrongKind`, `WrongLength`, `Unsupported`, `Unavailable`.
    fn mac(&self, key: &str, algorithm: MacAlgorithm, bytes: &[u8]) -> Result<Tag, VaultError>;

    /// The check value of the key of that name.
    ///
    /// # Errors
    /// `UnknownKey`, `WrongKind` (CMAC of a DES key), `Unsupported`, `Unavailable`.
    fn check_value(&self, key: &str, method: CheckMethod) -> Result<CheckValue, VaultError>;

    /// Opens a wrapped MAC key and keeps it under its name. A key that fails its check value is not kept.
    ///
    /// # Errors
    /// `CheckValueMismatch`, `NameTaken`, `UnknownKey` for the key it is wrapped under, `WrongUse`, `WrongKind`,
    /// `WrongLength`, `NotAWrappedKey`, `Unsupported`, `Unavailable`.
    fn import(&self, key: &WrappedKey<'_>) -> Result<CheckValue, VaultError>;

    /// Forgets a key for good.
    ///
    /// # Errors
    /// `UnknownKey`, `Unavailable`.
    fn remove(&self, key: &str) -> Result<(), VaultError>;
}

/// Why a vault does not do what it was asked. Names keys, never their bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// There is no key of that name.
    #[error("the vault has no key {0:?}")]
    UnknownKey(String),
    /// A key of that name is there already.
    #[error("the vault has a key {0:?} already")]
    NameTaken(String),
    /// A MAC was asked of a key that opens keys, or the other way round.
    #[error("the key {0:?} is not for this use")]
    WrongUse(String),
    /// A DES key where AES is needed, or the other way round.
    #[error("the key is of another cipher than this needs")]
    WrongKind,
    /// The key, or the block it came in, is not of a length this can use.
    #[error("{0} bytes are not a length this can use")]
    WrongLength(usize),
    /// The check value of the opened key is not the one that came with it.
    #[error("the key does not have the check value it came with")]
    CheckValueMismatch,
    /// The integrity check of an AES key wrap failed (RFC 3394 section 2.2.3).
    #[error("the block is not a key wrapped under this key")]
    NotAWrappedKey,
    /// This vault cannot do that at all. Says what.
    #[error("the vault does not support {0}")]
    Unsupported(String),
    /// The vault did not answer or failed. Says how.
    #[error("the vault failed: {0}")]
    Unavailable(String),
}

/// What computes the code of a message: a [`Mac`] in memory, or a key in a vault ([`VaultMac`]).
pub trait MacSource {
    /// The code over `bytes`.
    ///
    /// # Errors
    /// Those of [`KeyVault::mac`]; a [`Mac`] has none.
    fn tag(&self, bytes: &[u8]) -> Result<Tag, VaultError>;
}

/// One key of a vault with its algorithm.
#[derive(Clone, Copy)]
pub struct VaultMac<'v> {
    /// Where the key is.
    pub vault: &'v dyn KeyVault,
    /// Its name.
    pub key: &'v str,
    /// What is computed with it.
    pub algorithm: MacAlgorithm,
}

impl MacSource for Mac {
    fn tag(&self, bytes: &[u8]) -> Result<Tag, VaultError> {
        Ok(self.compute(bytes))
    }
}

impl MacSource for VaultMac<'_> {
    fn tag(&self, bytes: &[u8]) -> Result<Tag, VaultError> {
        self.vault.mac(self.key, self.algorithm, bytes)
    }
}
