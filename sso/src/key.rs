//! Where signing keys live: behind [`KeyVault`], which makes them and signs with them and never gives one
//! away. [`SoftwareVault`] keeps them sealed in the database's rows; a module of hardware keeps its own.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
};
use serde_json::{Value, json};

use crate::jose::{Algorithm, base64url};
use crate::seal::{Place, SealError, Sealer};

/// A key that was made.
#[derive(Debug, Clone)]
pub struct MadeKey {
    /// What the vault wants to see again to sign: sealed bytes, or the name of an object on a token.
    pub handle: Vec<u8>,
    /// The public key as a JWK without `kid`, `alg` and `use`.
    pub public: Value,
}

/// A vault of asymmetric keys.
pub trait KeyVault: Send + Sync {
    /// Makes a key. `row` is the number it will be stored under.
    ///
    /// # Errors
    /// [`KeyError`].
    fn make(&self, row: i64, algorithm: Algorithm) -> Result<MadeKey, KeyError>;

    /// The JWS signature over a message: ES256 as 64 bytes (RFC 7518 section 3.4).
    ///
    /// # Errors
    /// [`KeyError`].
    fn sign(&self, key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, KeyError>;
}

/// A key as the vault knows it.
#[derive(Debug, Clone)]
pub struct SigningKey {
    /// The row it is stored under.
    pub row: i64,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// From [`MadeKey`].
    pub handle: Vec<u8>,
}

/// Why a vault does not sign. Never holds key bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The vault does not make keys of this algorithm.
    #[error("this vault makes no keys for {0}")]
    Unsupported(&'static str),
    /// The handle is not this vault's.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// The library or the module failed.
    #[error("the vault failed: {0}")]
    Failed(&'static str),
}

/// Keys as PKCS#8 sealed under the switch's own key, opened once and kept in memory.
pub struct SoftwareVault {
    sealer: Arc<Sealer>,
    random: SystemRandom,
    opened: RwLock<HashMap<i64, Arc<Opened>>>,
}

enum Opened {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SoftwareVault {
    /// A vault under a sealer.
    #[must_use]
    pub fn new(sealer: Arc<Sealer>) -> Self {
        Self { sealer, random: SystemRandom::new(), opened: RwLock::default() }
    }

    fn place(row: i64) -> Place {
        Place { field: "signing_key.handle", row }
    }

    fn open(&self, key: &SigningKey) -> Result<Arc<Opened>, KeyError> {
        let known = self.opened.read().unwrap_or_else(PoisonError::into_inner).get(&key.row).cloned();
        if let Some(opened) = known {
            return Ok(opened);
        }
        let bytes = self.sealer.open(Self::place(key.row), &key.handle)?;
        let opened = Arc::new(Opened::read(key.algorithm, &bytes)?);
        self.opened.write().unwrap_or_else(PoisonError::into_inner).insert(key.row, Arc::clone(&opened));
        Ok(opened)
    }
}

const NOT_A_KEY: KeyError = KeyError::Failed("the stored key cannot be read");
const NO_KEY: KeyError = KeyError::Failed("no key was made");

impl Opened {
    fn read(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        match algorithm {
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8);
                pair.map(Self::Ecdsa).map_err(|_| NOT_A_KEY)
            }
            Algorithm::Rs256 => RsaKeyPair::from_pkcs8(pkcs8).map(Self::Rsa).map_err(|_| NOT_A_KEY),
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(pkcs8).map(Self::Ed25519).map_err(|_| NOT_A_KEY),
            Algorithm::Ps256 => Err(KeyError::Unsupported("PS256")),
        }
    }

    fn public(&self) -> Value {
        match self {
            Self::Ecdsa(pair) => {
                // An uncompressed point: 4, x, y.
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..).unwrap_or_default().split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y) })
            }
            Self::Rsa(pair) => {
                let public = pair.public_key();
                let (n, e) = (public.modulus(), public.exponent());
                json!({ "kty": "RSA", "n": base64url(n.big_endian_without_leading_zero()),
                        "e": base64url(e.big_endian_without_leading_zero()) })
            }
            Self::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key().as_ref()) })
            }
        }
    }
}

fn new_pkcs8(algorithm: Algorithm, random: &SystemRandom) -> Result<Vec<u8>, KeyError> {
    match algorithm {
        Algorithm::Es256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random)
            .map(|document| document.as_ref().to_vec())
            .map_err(|_| NO_KEY),
        Algorithm::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa3072).map_err(|_| NO_KEY)?;
            let pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().map_err(|_| NO_KEY)?;
            Ok(pkcs8.as_ref().to_vec())
        }
        Algorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(random)
            .map(|document| document.as_ref().to_vec())
            .map_err(|_| NO_KEY),
        Algorithm::Ps256 => Err(KeyError::Unsupported("PS256")),
    }
}

impl KeyVault for SoftwareVault {
    fn make(&self, row: i64, algorithm: Algorithm) -> Result<MadeKey, KeyError> {
        let pkcs8 = zeroize::Zeroizing::new(new_pkcs8(algorithm, &self.random)?);
        let opened = Opened::read(algorithm, &pkcs8)?;
        Ok(MadeKey { handle: self.sealer.seal(Self::place(row), &pkcs8)?, public: opened.public() })
    }

    fn sign(&self, key: &SigningKey, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        const FAILED: KeyError = KeyError::Failed("no signature was made");
        match &*self.open(key)? {
            Opened::Ecdsa(pair) => {
                pair.sign(&self.random, message).map(|s| s.as_ref().to_vec()).map_err(|_| FAILED)
            }
            Opened::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature).map_err(|_| FAILED)?;
                Ok(signature)
            }
            Opened::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose;

    #[test]
    fn what_the_vault_signs_the_public_key_verifies() {
        let sealer = Sealer::new(&[("k1".into(), [1; 32])]).expect("a key");
        let vault = SoftwareVault::new(Arc::new(sealer));
        for (row, algorithm) in [(1, Algorithm::Es256), (2, Algorithm::Rs256), (3, Algorithm::EdDsa)] {
            let made = vault.make(row, algorithm).expect("makes");
            let key = SigningKey { row, algorithm, handle: made.handle };
            let input = jose::signing_input(algorithm, "JWT", "k", &json!({ "sub": "x" }));
            let signature = base64url(&vault.sign(&key, input.as_bytes()).expect("signs"));
            let public = jose::public_key(&made.public).expect("a public key");
            let token = format!("{input}.{signature}");
            let (_, claims) = jose::read(&token).expect("reads").verify(&public).expect("verifies");
            assert_eq!(claims["sub"], "x");
            let other =
                token.replace(&input, &jose::signing_input(algorithm, "JWT", "k", &json!({ "sub": "y" })));
            assert_eq!(
                jose::read(&other).expect("reads").verify(&public).expect_err("changed"),
                jose::JoseError::Signature
            );
            let moved = SigningKey { row: row + 10, ..key };
            assert_eq!(vault.sign(&moved, b"x"), Err(KeyError::Sealed(SealError::Open)));
        }
    }
}
