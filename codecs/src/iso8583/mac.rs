//! Message authentication codes: the DES retail MAC and AES-CMAC.
//!
//! Retail MAC is ISO 9797-1 algorithm 3 (ANSI X9.19): DES in CBC with the left key half, the last block once more
//! through the right half and the left. AES-CMAC is RFC 4493. A MAC covers all bytes before its field, the bitmap
//! already carrying its bit. Keys live here in memory: sandbox keys. Those of a vault are reached through
//! [`crate::keys::MacSource`].

use std::fmt;

use aes::{Aes128, Aes192, Aes256};
use cmac::{Cmac, KeyInit, Mac as _};
use des::Des;
use des::cipher::{BlockCipherDecrypt, BlockCipherEncrypt};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::decode::DecodeError;
use super::message::Message;
use crate::{ErrorKind, hex};

/// How the last block of a retail MAC is filled up (ISO 9797-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding {
    /// Method 1: zeros, none when the data already fills its blocks.
    Zeros,
    /// Method 2: a byte 0x80, then zeros.
    OneThenZeros,
}

/// Key bytes. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct MacKey(Zeroizing<Vec<u8>>);

/// A key that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MacKeyError {
    /// Not hexadecimal text.
    #[error("a MAC key is hexadecimal text")]
    NotHex,
    /// 16 bytes for a retail MAC; 16, 24 or 32 for CMAC.
    #[error("a MAC key of {0} bytes does not fit the algorithm")]
    Length(usize),
}

/// A MAC algorithm with its key. The expanded keys are wiped when dropped.
#[derive(Clone)]
pub struct Mac(Algorithm);

#[derive(Clone)]
enum Algorithm {
    Retail { left: Box<Des>, right: Box<Des>, padding: Padding },
    Cmac128(Box<Cmac<Aes128>>),
    Cmac192(Box<Cmac<Aes192>>),
    Cmac256(Box<Cmac<Aes256>>),
}

/// A computed code: 8 bytes of a retail MAC, 16 of CMAC.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    bytes: [u8; 16],
    len: usize,
}

impl MacKey {
    /// Takes the key bytes over.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        MacKey(Zeroizing::new(bytes))
    }

    /// Reads hexadecimal text.
    ///
    /// # Errors
    /// When it is not hexadecimal.
    pub fn from_hex(text: &str) -> Result<Self, MacKeyError> {
        hex::decode(text.as_bytes()).map(MacKey::new).ok_or(MacKeyError::NotHex)
    }

    /// The key itself, for the vault in memory.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Mac {
    /// ISO 9797-1 algorithm 3 with DES and a key of 16 bytes.
    ///
    /// # Errors
    /// A key of another length.
    pub fn retail(key: &MacKey, padding: Padding) -> Result<Self, MacKeyError> {
        let (left, right) = key.0.split_at_checked(8).ok_or(MacKeyError::Length(key.0.len()))?;
        let des = |half: &[u8]| {
            Des::new_from_slice(half).map(Box::new).map_err(|_| MacKeyError::Length(key.0.len()))
        };
        Ok(Mac(Algorithm::Retail { left: des(left)?, right: des(right)?, padding }))
    }

    /// AES-CMAC with a key of 16, 24 or 32 bytes.
    ///
    /// # Errors
    /// A key of another length.
    pub fn aes_cmac(key: &MacKey) -> Result<Self, MacKeyError> {
        let wrong = |_| MacKeyError::Length(key.0.len());
        Ok(Mac(match key.0.len() {
            16 => Algorithm::Cmac128(Box::new(Cmac::new_from_slice(&key.0).map_err(wrong)?)),
            24 => Algorithm::Cmac192(Box::new(Cmac::new_from_slice(&key.0).map_err(wrong)?)),
            32 => Algorithm::Cmac256(Box::new(Cmac::new_from_slice(&key.0).map_err(wrong)?)),
            other => return Err(MacKeyError::Length(other)),
        }))
    }

    /// The code over `bytes`.
    #[must_use]
    pub fn compute(&self, bytes: &[u8]) -> Tag {
        match &self.0 {
            Algorithm::Retail { left, right, padding } => Tag::new(&retail(left, right, *padding, bytes)),
            Algorithm::Cmac128(cmac) => {
                Tag::new(&Cmac::clone(cmac).chain_update(bytes).finalize().into_bytes())
            }
            Algorithm::Cmac192(cmac) => {
                Tag::new(&Cmac::clone(cmac).chain_update(bytes).finalize().into_bytes())
            }
            Algorithm::Cmac256(cmac) => {
                Tag::new(&Cmac::clone(cmac).chain_update(bytes).finalize().into_bytes())
            }
        }
    }

    /// Verifies the MAC in field `field` (64 or 128) of a received message, in constant time.
    ///
    /// # Errors
    /// `MacMismatch` with that field, also when the message does not carry it.
    pub fn verify(&self, message: &Message<'_>, field: u8) -> Result<(), DecodeError> {
        agrees(message, field, |bytes| Ok(self.compute(bytes)))
    }
}

/// Compares the code in field `field` with the one `tag` gives over all bytes before it, in constant time.
pub(super) fn agrees<E: From<DecodeError>>(
    message: &Message<'_>,
    field: u8,
    tag: impl FnOnce(&[u8]) -> Result<Tag, E>,
) -> Result<(), E> {
    let mismatch = |at| DecodeError::of_field(message.profile(), ErrorKind::MacMismatch, field, at).into();
    let (Some(start), Some(received)) = (message.start(field), message.bytes(field)) else {
        return Err(mismatch(message.as_bytes().len()));
    };
    let tag = tag(message.as_bytes().get(..start).unwrap_or_default())?;
    let expected = tag.shortened(message.profile().mac_len(field));
    if bool::from(expected.ct_eq(&received)) { Ok(()) } else { Err(mismatch(start)) }
}

impl Tag {
    /// The code a vault computed; `None` when it has fewer than 8 bytes or more than 16.
    #[must_use]
    pub fn from_bytes(code: &[u8]) -> Option<Self> {
        matches!(code.len(), 8..=16).then(|| Tag::new(code))
    }

    fn new(code: &[u8]) -> Self {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(code) {
            *to = *from;
        }
        Tag { bytes, len: code.len().min(16) }
    }

    /// The whole code.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// As many bytes as the field of a dialect has room for, at most eight: ISO 9797-1 lets a code be cut.
    pub(super) fn shortened(&self, len: usize) -> &[u8] {
        self.as_bytes().get(..len.min(8)).unwrap_or_default()
    }

    /// The eight bytes that stand in field 64 or 128 where it is eight bytes long.
    #[must_use]
    pub const fn field(&self) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, ..] = self.bytes;
        [a, b, c, d, e, f, g, h]
    }
}

fn retail(left: &Des, right: &Des, padding: Padding, bytes: &[u8]) -> [u8; 8] {
    let (blocks, rest) = bytes.as_chunks::<8>();
    let mut state = [0_u8; 8];
    let mut absorb = |block: &[u8]| {
        for (state, byte) in state.iter_mut().zip(block) {
            *state ^= byte;
        }
        left.encrypt_block((&mut state).into());
    };
    for block in blocks {
        absorb(block);
    }
    let mut last = [0_u8; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    match padding {
        Padding::OneThenZeros => {
            if let Some(marker) = last.get_mut(rest.len()) {
                *marker = 0x80;
            }
            absorb(&last);
        }
        Padding::Zeros if !rest.is_empty() || blocks.is_empty() => absorb(&last),
        Padding::Zeros => {}
    }
    right.decrypt_block((&mut state).into());
    left.encrypt_block((&mut state).into());
    state
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(****)")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Algorithm::Retail { .. } => "Mac(retail, ****)",
            _ => "Mac(AES-CMAC, ****)",
        })
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.as_bytes()))
    }
}
