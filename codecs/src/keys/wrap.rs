//! How a key travels: encrypted under a key encryption key that both sides were given beforehand.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::cipher::Cipher;
use super::{CheckMethod, KeyKind, VaultError};

/// How the bytes of a key are encrypted under another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wrap {
    /// Each 8 bytes alone under a DES key of double or triple length (ANSI X9.17).
    TdesEcb,
    /// Chained from zeros, under such a key.
    TdesCbc,
    /// Each 16 bytes alone under an AES key.
    AesEcb,
    /// Chained from zeros, under such a key.
    AesCbc,
    /// The key wrap of RFC 3394, 8 bytes longer than the key, which it also authenticates.
    AesKeyWrap,
}

/// A key as it came, and what it shall be.
#[derive(Clone, Copy)]
pub struct WrappedKey<'a> {
    /// The name it is kept under.
    pub name: &'a str,
    /// What it is a key of.
    pub kind: KeyKind,
    /// The name of the key it is wrapped under.
    pub under: &'a str,
    /// How.
    pub wrap: Wrap,
    /// The wrapped bytes.
    pub block: &'a [u8],
    /// How its check value is computed.
    pub method: CheckMethod,
    /// The digits of the check value it came with, at least four; without them the caller compares.
    pub check: Option<&'a str>,
}

impl Wrap {
    /// Every one.
    pub const ALL: [Wrap; 5] = [Wrap::TdesEcb, Wrap::TdesCbc, Wrap::AesEcb, Wrap::AesCbc, Wrap::AesKeyWrap];

    /// What the key encryption key is a key of.
    #[must_use]
    pub const fn kind(self) -> KeyKind {
        match self {
            Wrap::TdesEcb | Wrap::TdesCbc => KeyKind::Des,
            Wrap::AesEcb | Wrap::AesCbc | Wrap::AesKeyWrap => KeyKind::Aes,
        }
    }

    /// How many bytes a wrapped key of `key_bytes` has; `None` when it cannot be wrapped so.
    #[must_use]
    pub const fn block_bytes(self, key_bytes: usize) -> Option<usize> {
        match self {
            Wrap::TdesEcb | Wrap::TdesCbc if key_bytes.is_multiple_of(8) => Some(key_bytes),
            Wrap::AesEcb | Wrap::AesCbc if key_bytes.is_multiple_of(16) => Some(key_bytes),
            Wrap::AesKeyWrap if key_bytes >= 16 && key_bytes.is_multiple_of(8) => Some(key_bytes + 8),
            _ => None,
        }
    }
}

/// The cipher of a key encryption key. DES of single length opens nothing.
fn cipher_of(wrap: Wrap, kek: &[u8]) -> Result<Cipher, VaultError> {
    if wrap.kind() == KeyKind::Des && kek.len() == 8 {
        return Err(VaultError::WrongLength(8));
    }
    Cipher::new(wrap.kind(), kek)
}

/// Opens `block`.
pub(super) fn open(wrap: Wrap, kek: &[u8], block: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let cipher = cipher_of(wrap, kek)?;
    if wrap == Wrap::AesKeyWrap {
        return open_rfc3394(&cipher, block);
    }
    let len = cipher.block_len();
    if block.is_empty() || !block.len().is_multiple_of(len) {
        return Err(VaultError::WrongLength(block.len()));
    }
    let mut key = Zeroizing::new(block.to_vec());
    let mut before: &[u8] = &[0; 16];
    for (plain, wrapped) in key.chunks_exact_mut(len).zip(block.chunks_exact(len)) {
        cipher.decrypt(plain);
        if matches!(wrap, Wrap::TdesCbc | Wrap::AesCbc) {
            mix(plain, before);
            before = wrapped;
        }
    }
    Ok(key)
}

/// Wraps `key`.
pub(super) fn close(wrap: Wrap, kek: &[u8], key: &[u8]) -> Result<Vec<u8>, VaultError> {
    let cipher = cipher_of(wrap, kek)?;
    if key.is_empty() || wrap.block_bytes(key.len()).is_none() {
        return Err(VaultError::WrongLength(key.len()));
    }
    if wrap == Wrap::AesKeyWrap {
        return Ok(close_rfc3394(&cipher, key));
    }
    let mut block = key.to_vec();
    let mut before = [0; 16];
    for wrapped in block.chunks_exact_mut(cipher.block_len()) {
        if matches!(wrap, Wrap::TdesCbc | Wrap::AesCbc) {
            mix(wrapped, &before);
        }
        cipher.encrypt(wrapped);
        for (to, from) in before.iter_mut().zip(wrapped) {
            *to = *from;
        }
    }
    Ok(block)
}

fn mix(block: &mut [u8], with: &[u8]) {
    for (byte, other) in block.iter_mut().zip(with) {
        *byte ^= other;
    }
}

/// The initial value of RFC 3394 section 2.2.3.1.
const INTEGRITY: [u8; 8] = [0xA6; 8];

/// RFC 3394 section 2.2.2: six rounds backwards over the 8-byte pieces.
fn open_rfc3394(cipher: &Cipher, block: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let wrong = VaultError::WrongLength(block.len());
    let Some((head, pieces)) = block.split_first_chunk::<8>() else { return Err(wrong) };
    if pieces.len() < 16 || !pieces.len().is_multiple_of(8) || pieces.len() > 32 {
        return Err(wrong);
    }
    let mut key = Zeroizing::new(pieces.to_vec());
    let mut state = Zeroizing::new([0; 16]);
    state[..8].copy_from_slice(head);
    let mut step = 6 * (pieces.len() / 8) as u64;
    for _ in 0..6 {
        for piece in key.chunks_exact_mut(8).rev() {
            mix(&mut state[..8], &step.to_be_bytes());
            state[8..].copy_from_slice(piece);
            cipher.decrypt(&mut *state);
            piece.copy_from_slice(&state[8..]);
            step -= 1;
        }
    }
    if bool::from(state[..8].ct_eq(&INTEGRITY)) { Ok(key) } else { Err(VaultError::NotAWrappedKey) }
}

/// RFC 3394 section 2.2.1.
fn close_rfc3394(cipher: &Cipher, key: &[u8]) -> Vec<u8> {
    let mut pieces = Zeroizing::new(key.to_vec());
    let mut state = Zeroizing::new([0; 16]);
    state[..8].copy_from_slice(&INTEGRITY);
    let mut step = 0_u64;
    for _ in 0..6 {
        for piece in pieces.chunks_exact_mut(8) {
            step += 1;
            state[8..].copy_from_slice(piece);
            cipher.encrypt(&mut *state);
            mix(&mut state[..8], &step.to_be_bytes());
            piece.copy_from_slice(&state[8..]);
        }
    }
    [&state[..8], pieces.as_slice()].concat()
}

impl fmt::Debug for WrappedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedKey({:?} under {:?}, {:?}, ****)", self.name, self.under, self.wrap)
    }
}
