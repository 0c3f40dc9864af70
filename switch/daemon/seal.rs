//! The signature on the audit log: Ed25519 over its head and its count, so that what was done up to a
//! moment cannot be told differently later by somebody who only owns the database.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use switch_core::clock::Timestamp;
use switch_store::audit_log::{Act, Entry, Head, hex};

/// The keys, and which one signs.
pub(crate) struct SealKeys {
    signing: Ed25519KeyPair,
    seed: zeroize::Zeroizing<[u8; 32]>,
    known: Vec<[u8; 32]>,
}

impl fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKeys(****)")
    }
}

impl SealKeys {
    /// Keys from their names and seeds; the first one signs. `None` when one is no key.
    pub(crate) fn new(keys: &[(String, [u8; 32])]) -> Option<Self> {
        let pair = |seed: &[u8; 32]| Ed25519KeyPair::from_seed_unchecked(seed).ok();
        let known = keys.iter().map(|(_, seed)| pair(seed)?.public_key().as_ref().try_into().ok());
        let (_, first) = keys.first()?;
        Some(Self { signing: pair(first)?, seed: (*first).into(), known: known.collect::<Option<_>>()? })
    }

    /// The public halves of all keys, the signing one first.
    pub(crate) fn known(&self) -> &[[u8; 32]] {
        &self.known
    }

    /// The seed of the signing key.
    pub(crate) fn seed(&self) -> [u8; 32] {
        *self.seed
    }

    /// The public half of the signing key, hexadecimal.
    pub(crate) fn public(&self) -> String {
        hex(self.signing.public_key().as_ref())
    }

    /// The entry that seals everything up to a head.
    pub(crate) fn seal(&self, head: &Head, actor: &str, at: Timestamp) -> Entry {
        let (count, hash) = (head.seq, hex(&head.hash));
        let signature = self.signing.sign(format!("switchd seal 1\n{count}\n{hash}\n").as_bytes());
        Entry {
            at,
            actor: actor.to_owned(),
            act: Act::Seal,
            subject: count.to_string(),
            detail: format!(
                r#"{{"count":{count},"head":"{hash}","key":"{}","signature":"{}"}}"#,
                self.public(),
                hex(signature.as_ref())
            ),
        }
    }
}
