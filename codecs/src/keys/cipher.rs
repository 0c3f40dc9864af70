//! The block ciphers of keys in memory, one enum for all lengths.

use aes::{Aes128, Aes192, Aes256};
use cmac::KeyInit;
use des::cipher::{BlockCipherDecrypt, BlockCipherEncrypt};
use des::{Des, TdesEde2, TdesEde3};

use super::{KeyKind, VaultError};

/// An expanded key. The ciphers wipe it when dropped.
pub(super) enum Cipher {
    Des(Box<Des>),
    Ede2(Box<TdesEde2>),
    Ede3(Box<TdesEde3>),
    Aes128(Box<Aes128>),
    Aes192(Box<Aes192>),
    Aes256(Box<Aes256>),
}

/// Calls the same function of whichever cipher it is, on one block.
macro_rules! on_block {
    ($cipher:expr, $call:ident, $block:expr, $($name:ident)*) => {
        match $cipher {
            $(Cipher::$name(cipher) => {
                cipher.$call($block.try_into().expect("because callers cut blocks of block_len() bytes"));
            })*
        }
    };
}

impl Cipher {
    /// # Errors
    /// `WrongLength`.
    pub(super) fn new(kind: KeyKind, key: &[u8]) -> Result<Self, VaultError> {
        let wrong = |_| VaultError::WrongLength(key.len());
        Ok(match (kind, key.len()) {
            (KeyKind::Des, 8) => Cipher::Des(Box::new(Des::new_from_slice(key).map_err(wrong)?)),
            (KeyKind::Des, 16) => Cipher::Ede2(Box::new(TdesEde2::new_from_slice(key).map_err(wrong)?)),
            (KeyKind::Des, 24) => Cipher::Ede3(Box::new(TdesEde3::new_from_slice(key).map_err(wrong)?)),
            (KeyKind::Aes, 16) => Cipher::Aes128(Box::new(Aes128::new_from_slice(key).map_err(wrong)?)),
            (KeyKind::Aes, 24) => Cipher::Aes192(Box::new(Aes192::new_from_slice(key).map_err(wrong)?)),
            (KeyKind::Aes, 32) => Cipher::Aes256(Box::new(Aes256::new_from_slice(key).map_err(wrong)?)),
            (_, other) => return Err(VaultError::WrongLength(other)),
        })
    }

    /// 8 for DES, 16 for AES.
    pub(super) const fn block_len(&self) -> usize {
        match self {
            Cipher::Des(_) | Cipher::Ede2(_) | Cipher::Ede3(_) => 8,
            _ => 16,
        }
    }

    /// Encrypts one block of [`Cipher::block_len`] bytes in place.
    pub(super) fn encrypt(&self, block: &mut [u8]) {
        on_block!(self, encrypt_block, block, Des Ede2 Ede3 Aes128 Aes192 Aes256);
    }

    /// Decrypts one block of [`Cipher::block_len`] bytes in place.
    pub(super) fn decrypt(&self, block: &mut [u8]) {
        on_block!(self, decrypt_block, block, Des Ede2 Ede3 Aes128 Aes192 Aes256);
    }
}
