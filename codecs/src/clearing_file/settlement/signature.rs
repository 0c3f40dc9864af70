//! The detached signature of a settlement file: Ed25519 over a short text that names the file and its SHA-256.
//!
//! ```text
//! settlement-file-signature 1
//! algorithm: Ed25519
//! key: settlement-2026
//! file: HKM-20261122-MOI
//! sha256: 64 hexadecimal digits, of the whole file with its trailer
//! signature: 128 hexadecimal digits, over the five lines above with their line ends
//! ```

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::array;
use super::record::Summary;
use crate::clearing_file::error::{FaultKind, FileError};

/// A signature as it stands in its own file beside the settlement file. `Display` writes that file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Which key signed.
    pub key_id: String,
    /// The `file_id` of the header.
    pub file_id: String,
    /// SHA-256 of the whole file.
    pub file_sha256: [u8; 32],
    signature: [u8; 64],
}

/// A key that signs files.
pub struct SigningKey {
    id: String,
    pair: Ed25519KeyPair,
}

/// A key that proves signatures.
#[derive(Debug, Clone)]
pub struct VerifyingKey {
    /// Its name in the signature's file.
    pub id: String,
    /// The 32 bytes of RFC 8032.
    pub public_key: [u8; 32],
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}

impl SigningKey {
    /// From the 32 bytes of an Ed25519 seed (RFC 8032).
    ///
    /// # Errors
    /// `Signature` for another length, or a key id that is not 1 to 64 visible ASCII characters.
    pub fn from_seed(id: &str, seed: &[u8]) -> Result<Self, FileError> {
        if id.is_empty() || id.len() > 64 || !id.bytes().all(|c| c.is_ascii_graphic()) {
            return Err(fault("key", "the name of the key is not 1 to 64 visible ASCII characters"));
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(seed)
            .map_err(|_| fault("key", "it is not an Ed25519 seed"))?;
        Ok(Self { id: id.to_owned(), pair })
    }

    /// The key that proves its signatures.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey { id: self.id.clone(), public_key: array(self.pair.public_key().as_ref()) }
    }

    /// Signs a file that was written or read to its end.
    #[must_use]
    pub fn sign(&self, summary: &Summary) -> Signature {
        let (key_id, file_id) = (self.id.clone(), summary.header.file_id.clone());
        let statement = statement(&key_id, &file_id, &summary.file_sha256);
        let signature = array(self.pair.sign(statement.as_bytes()).as_ref());
        Signature { key_id, file_id, file_sha256: summary.file_sha256, signature }
    }
}

impl Signature {
    /// Reads the signature's file.
    ///
    /// # Errors
    /// `Signature` when it is not exactly in the form above.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let broken = |field| fault(field, "the signature's file is not in its form");
        let mut lines = text.lines();
        let mut value = |field: &'static str| {
            let line = lines.next()?;
            if field.is_empty() { Some(line) } else { line.strip_prefix(field)?.strip_prefix(": ") }
        };
        if value("") != Some("settlement-file-signature 1") || value("algorithm") != Some("Ed25519") {
            return Err(fault("algorithm", "the signature is not of a kind that can be proved"));
        }
        let key_id = value("key").ok_or_else(|| broken("key"))?.to_owned();
        let file_id = value("file").ok_or_else(|| broken("file"))?.to_owned();
        let mut hex = |field| value(field).and_then(|hex| crate::hex::decode(hex.as_bytes()));
        let file_sha256 = hex("sha256").and_then(|b| b.try_into().ok()).ok_or_else(|| broken("sha256"))?;
        let signature =
            hex("signature").and_then(|b| b.try_into().ok()).ok_or_else(|| broken("signature"))?;
        let read = Self { key_id, file_id, file_sha256, signature };
        if read.to_string() == text { Ok(read) } else { Err(broken("signature")) }
    }

    /// Proves that `key` signed the file of `summary`.
    ///
    /// # Errors
    /// `Signature`: of another key, of another file, or wrong.
    pub fn verify(&self, summary: &Summary, key: &VerifyingKey) -> Result<(), FileError> {
        if self.key_id != key.id {
            return Err(fault("key", "the signature is of another key"));
        }
        if self.file_id != summary.header.file_id || self.file_sha256 != summary.file_sha256 {
            return Err(fault("file", "the signature is of another file"));
        }
        let statement = statement(&self.key_id, &self.file_id, &self.file_sha256);
        UnparsedPublicKey::new(&ED25519, key.public_key)
            .verify(statement.as_bytes(), &self.signature)
            .map_err(|_| fault("signature", "the signature is wrong"))
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&statement(&self.key_id, &self.file_id, &self.file_sha256))?;
        writeln!(f, "signature: {}", crate::hex::encode(&self.signature))
    }
}

fn statement(key_id: &str, file_id: &str, sha256: &[u8]) -> String {
    let sha256 = crate::hex::encode(sha256);
    format!(
        "settlement-file-signature 1\nalgorithm: Ed25519\nkey: {key_id}\nfile: {file_id}\nsha256: {sha256}\n"
    )
}

fn fault(field: &'static str, reason: &'static str) -> FileError {
    FileError::new(FaultKind::Signature, 0, field, reason)
}
