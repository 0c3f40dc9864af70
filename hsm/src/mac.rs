//! MACs and check values by what a token offers.
//!
//! PKCS#11 has AES-CMAC; it has no retail MAC (`CKM_DES3_MAC` is triple DES on every block, another algorithm). That is
//! put together from single DES: a chain through the left half, then the right half backwards and the left once more.

use codecs::iso8583::{Padding, Tag};
use codecs::keys::{CheckMethod, CheckValue, KeyKind, KeyUse, MacAlgorithm, VaultError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType};
use cryptoki::session::Session;

use crate::failed;
use crate::objects::{Found, Halves};

pub(crate) fn compute(
    session: &Session,
    key: &Found,
    algorithm: MacAlgorithm,
    bytes: &[u8],
) -> Result<Tag, VaultError> {
    let code = match (algorithm, key.kind) {
        (MacAlgorithm::AesCmac, KeyKind::Aes) => {
            session.sign(&Mechanism::AesCMac, key.left, bytes).map_err(failed)?
        }
        (MacAlgorithm::Retail(padding), KeyKind::Des) => retail(session, key, padding, bytes)?,
        (MacAlgorithm::AesCmac, KeyKind::Des) | (MacAlgorithm::Retail(_), KeyKind::Aes) => {
            return Err(VaultError::WrongKind);
        }
    };
    let short = || VaultError::Unavailable(format!("a code of {} bytes", code.len()));
    Tag::from_bytes(&code).ok_or_else(short)
}

/// ISO 9797-1 algorithm 3; algorithm 1 with a key of single length.
fn retail(session: &Session, key: &Found, padding: Padding, bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
    let mut padded = bytes.to_vec();
    if padding == Padding::OneThenZeros {
        padded.push(0x80);
    }
    padded.resize(padded.len().next_multiple_of(8).max(8), 0);
    let chain = session.encrypt(&cbc(key.halves), key.left, &padded).map_err(failed)?;
    let last = chain.last_chunk::<8>().ok_or(VaultError::Unavailable("an empty chain".to_owned()))?;
    finish(session, key, last)
}

const fn cbc(halves: Halves) -> Mechanism<'static> {
    match halves {
        Halves::Single => Mechanism::DesCbc([0; 8]),
        Halves::Tripled => Mechanism::Des3Cbc([0; 8]),
    }
}

const fn ecb(halves: Halves) -> Mechanism<'static> {
    match halves {
        Halves::Single => Mechanism::DesEcb,
        Halves::Tripled => Mechanism::Des3Ecb,
    }
}

/// The last block through the right half backwards and the left half again.
fn finish(session: &Session, key: &Found, last: &[u8]) -> Result<Vec<u8>, VaultError> {
    let Some(right) = key.right else { return Ok(last.to_vec()) };
    let back = session.decrypt(&ecb(key.halves), right, last).map_err(failed)?;
    session.encrypt(&ecb(key.halves), key.left, &back).map_err(failed)
}

pub(crate) fn check_value(
    session: &Session,
    key: &Found,
    method: CheckMethod,
) -> Result<CheckValue, VaultError> {
    let block = match (method, key.kind) {
        _ if key.usage == KeyUse::Unwrap && method == CheckMethod::EncryptZeros => known(session, key)?,
        (CheckMethod::Cmac, _) if key.usage == KeyUse::Unwrap => {
            return Err(VaultError::Unsupported("the CMAC of a key that opens others".to_owned()));
        }
        (CheckMethod::Cmac, KeyKind::Aes) => {
            session.sign(&Mechanism::AesCMac, key.left, &[0; 16]).map_err(failed)?
        }
        (CheckMethod::Cmac, KeyKind::Des) => return Err(VaultError::WrongKind),
        // Encrypting zeros with both halves of a triple DES key is what ends a retail MAC.
        (CheckMethod::EncryptZeros, KeyKind::Des) => {
            let once = session.encrypt(&ecb(key.halves), key.left, &[0; 8]).map_err(failed)?;
            finish(session, key, &once)?
        }
        // A key that signs does not encrypt.
        (CheckMethod::EncryptZeros, KeyKind::Aes) => known(session, key)?,
    };
    CheckValue::of_block(method, &block)
        .ok_or_else(|| VaultError::Unsupported("a check value of this method".to_owned()))
}

/// The value the token computed when the key came in (`CKA_CHECK_VALUE`, the encrypted zeros).
fn known(session: &Session, key: &Found) -> Result<Vec<u8>, VaultError> {
    let known = session.get_attributes(key.left, &[AttributeType::CheckValue]).map_err(failed)?;
    match known.into_iter().next() {
        Some(Attribute::CheckValue(value)) => Ok(value),
        _ => Err(VaultError::Unsupported("the check value of such a key by zeros".to_owned())),
    }
}
