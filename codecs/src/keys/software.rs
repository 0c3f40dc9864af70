//! A vault in memory, for sandboxes and tests. Keys are wiped when they go, and never printed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use zeroize::Zeroizing;

use super::cipher::Cipher;
use super::{
    CheckMethod, CheckValue, KeyKind, KeyUse, KeyVault, MacAlgorithm, VaultError, Wrap, WrappedKey, wrap,
};
use crate::iso8583::{Mac, MacKey, MacKeyError, Tag};

/// Keys in the memory of this process: for sandboxes, and to hold a hardware module against.
#[derive(Default)]
pub struct SoftwareVault {
    keys: RwLock<BTreeMap<String, Entry>>,
}

struct Entry {
    kind: KeyKind,
    usage: KeyUse,
    bytes: Zeroizing<Vec<u8>>,
}

impl SoftwareVault {
    /// Without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a key in by its bytes.
    ///
    /// # Errors
    /// `NameTaken`; `WrongLength` when its cipher has no such keys, or for a single DES key that shall open others.
    pub fn put(&self, name: &str, kind: KeyKind, usage: KeyUse, key: &MacKey) -> Result<(), VaultError> {
        Cipher::new(kind, key.as_bytes())?;
        if (kind, usage, key.as_bytes().len()) == (KeyKind::Des, KeyUse::Unwrap, 8) {
            return Err(VaultError::WrongLength(8));
        }
        self.keep(name, Entry { kind, usage, bytes: Zeroizing::new(key.as_bytes().to_vec()) })
    }

    /// A MAC key wrapped under another, as the side that hands keys out sends it. Only this vault does that.
    ///
    /// # Errors
    /// `UnknownKey`, `WrongUse`, `WrongKind`, `WrongLength`.
    pub fn wrap(&self, name: &str, under: &str, how: Wrap) -> Result<Vec<u8>, VaultError> {
        let keys = self.read();
        let kek = entry(&keys, under, KeyUse::Unwrap)?;
        if kek.kind != how.kind() {
            return Err(VaultError::WrongKind);
        }
        wrap::close(how, &kek.bytes, &entry(&keys, name, KeyUse::Mac)?.bytes)
    }

    fn keep(&self, name: &str, entry: Entry) -> Result<(), VaultError> {
        let mut keys = self.write();
        if keys.contains_key(name) {
            return Err(VaultError::NameTaken(name.to_owned()));
        }
        keys.insert(name.to_owned(), entry);
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Entry>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Entry>> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyVault for SoftwareVault {
    fn mac(&self, key: &str, algorithm: MacAlgorithm, bytes: &[u8]) -> Result<Tag, VaultError> {
        let keys = self.read();
        let entry = entry(&keys, key, KeyUse::Mac)?;
        Ok(entry.mac(algorithm)?.compute(bytes))
    }

    fn check_value(&self, key: &str, method: CheckMethod) -> Result<CheckValue, VaultError> {
        let keys = self.read();
        keys.get(key).ok_or_else(|| VaultError::UnknownKey(key.to_owned()))?.check_value(method)
    }

    fn import(&self, key: &WrappedKey<'_>) -> Result<CheckValue, VaultError> {
        let bytes = {
            let keys = self.read();
            let kek = entry(&keys, key.under, KeyUse::Unwrap)?;
            if kek.kind != key.wrap.kind() {
                return Err(VaultError::WrongKind);
            }
            wrap::open(key.wrap, &kek.bytes, key.block)?
        };
        let opened = Entry { kind: key.kind, usage: KeyUse::Mac, bytes };
        let value = opened.check_value(key.method)?;
        if key.check.is_some_and(|digits| !value.agrees_with(digits)) {
            return Err(VaultError::CheckValueMismatch);
        }
        self.keep(key.name, opened)?;
        Ok(value)
    }

    fn remove(&self, key: &str) -> Result<(), VaultError> {
        self.write().remove(key).map(drop).ok_or_else(|| VaultError::UnknownKey(key.to_owned()))
    }
}

impl Entry {
    fn mac(&self, algorithm: MacAlgorithm) -> Result<Mac, VaultError> {
        let key = || MacKey::new(self.bytes.to_vec());
        let mac = match (algorithm, self.kind, self.bytes.len()) {
            (MacAlgorithm::Retail(padding), KeyKind::Des, 8) => {
                Mac::retail(&MacKey::new([self.bytes.as_slice(); 2].concat()), padding)
            }
            (MacAlgorithm::Retail(padding), KeyKind::Des, 16) => Mac::retail(&key(), padding),
            (MacAlgorithm::Retail(_), KeyKind::Des, other) => return Err(VaultError::WrongLength(other)),
            (MacAlgorithm::AesCmac, KeyKind::Aes, _) => Mac::aes_cmac(&key()),
            _ => return Err(VaultError::WrongKind),
        };
        mac.map_err(|error| match error {
            MacKeyError::Length(len) => VaultError::WrongLength(len),
            MacKeyError::NotHex => VaultError::WrongKind,
        })
    }

    fn check_value(&self, method: CheckMethod) -> Result<CheckValue, VaultError> {
        let value = match method {
            CheckMethod::EncryptZeros => {
                let cipher = Cipher::new(self.kind, &self.bytes)?;
                let mut block = [0; 16];
                cipher.encrypt(block.get_mut(..cipher.block_len()).unwrap_or_default());
                CheckValue::of_block(method, &block)
            }
            CheckMethod::Cmac => {
                let tag = self.mac(MacAlgorithm::AesCmac)?.compute(&[0; 16]);
                CheckValue::of_block(method, tag.as_bytes())
            }
        };
        value.ok_or(VaultError::WrongKind)
    }
}

fn entry<'k>(keys: &'k BTreeMap<String, Entry>, name: &str, usage: KeyUse) -> Result<&'k Entry, VaultError> {
    let entry = keys.get(name).ok_or_else(|| VaultError::UnknownKey(name.to_owned()))?;
    if entry.usage == usage { Ok(entry) } else { Err(VaultError::WrongUse(name.to_owned())) }
}

impl fmt::Debug for SoftwareVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.read();
        f.debug_map().entries(keys.keys().map(|name| (name, format_args!("****")))).finish()
    }
}
