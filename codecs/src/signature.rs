//! Signatures over bytes: HMAC-SHA256, RSA-SHA256 (PKCS #1 v1.5, RFC 8017 section 8.2) and Ed25519 (RFC 8032), with
//! aws-lc-rs. What is signed is a matter of the format.
//!
//! Keys live in the library's own memory, which it wipes when they are dropped; they are never printed. The bytes a key
//! is made from stay the caller's to wipe. Codes are compared in constant time.

use std::fmt;

use aws_lc_rs::signature::{
    ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// A signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// No signature: the channel alone says who speaks.
    #[default]
    None,
    /// HMAC with SHA-256 (RFC 2104), 32 bytes.
    HmacSha256,
    /// RSA with SHA-256, PKCS #1 v1.5, keys of 2048 to 8192 bits.
    RsaSha256,
    /// Ed25519, 64 bytes.
    Ed25519,
}

/// Why there is no signature, or none that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The key is not of the algorithm, too short, or malformed.
    #[error("the key cannot be used with the algorithm")]
    Key,
    /// There is no signature.
    #[error("there is no signature")]
    Missing,
    /// Not base64.
    #[error("the signature is not base64")]
    NotBase64,
    /// Not over these bytes, or not by this key.
    #[error("the signature does not match")]
    Mismatch,
    /// Another algorithm was agreed.
    #[error("the signature is of another algorithm than agreed")]
    Algorithm,
}

/// The shortest HMAC key: as long as the digest (RFC 2104 section 3).
const HMAC_KEY_MIN: usize = 32;

/// What makes signatures.
pub struct Signer(SignKey);

enum SignKey {
    None,
    Hmac(Box<hmac::Key>),
    Rsa(Box<RsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

/// What checks signatures.
#[derive(Clone)]
pub struct Verifier(VerifyKey);

#[derive(Clone)]
enum VerifyKey {
    None,
    Hmac(Box<hmac::Key>),
    Rsa(Box<ParsedPublicKey>),
    Ed25519(Box<ParsedPublicKey>),
}

impl Signer {
    /// Signs nothing.
    #[must_use]
    pub const fn none() -> Self {
        Signer(SignKey::None)
    }

    /// HMAC-SHA256 with a key of at least 32 bytes.
    ///
    /// # Errors
    /// `Key` for a shorter one.
    pub fn hmac_sha256(key: &[u8]) -> Result<Self, SignatureError> {
        hmac_key(key).map(SignKey::Hmac).map(Signer)
    }

    /// RSA-SHA256 with a private key in PKCS #8 or PKCS #1 DER.
    ///
    /// # Errors
    /// `Key` when it is not one of 2048 bits or more.
    pub fn rsa_sha256(der: &[u8]) -> Result<Self, SignatureError> {
        let pair = RsaKeyPair::from_pkcs8(der).or_else(|_| RsaKeyPair::from_der(der));
        pair.map(|pair| Signer(SignKey::Rsa(Box::new(pair)))).map_err(|_| SignatureError::Key)
    }

    /// Ed25519 with a private key in PKCS #8 DER.
    ///
    /// # Errors
    /// `Key` when it is not one.
    pub fn ed25519(pkcs8: &[u8]) -> Result<Self, SignatureError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8);
        pair.map(|pair| Signer(SignKey::Ed25519(Box::new(pair)))).map_err(|_| SignatureError::Key)
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.0 {
            SignKey::None => Algorithm::None,
            SignKey::Hmac(_) => Algorithm::HmacSha256,
            SignKey::Rsa(_) => Algorithm::RsaSha256,
            SignKey::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// The signature over `bytes`; empty for [`Algorithm::None`].
    ///
    /// # Errors
    /// `Key` when the library cannot sign with it.
    pub fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, SignatureError> {
        match &self.0 {
            SignKey::None => Ok(Vec::new()),
            SignKey::Hmac(key) => Ok(hmac::sign(key, bytes).as_ref().to_vec()),
            SignKey::Ed25519(pair) => Ok(pair.sign(bytes).as_ref().to_vec()),
            SignKey::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let digest = digest::digest(&digest::SHA256, bytes);
                // Version 1.5 of the padding takes no randomness.
                let signed = pair.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature);
                signed.map(|()| signature).map_err(|_| SignatureError::Key)
            }
        }
    }

    /// The signature in base64 (RFC 4648 section 4).
    ///
    /// # Errors
    /// Those of [`Signer::sign`].
    pub fn sign_base64(&self, bytes: &[u8]) -> Result<String, SignatureError> {
        self.sign(bytes).map(|signature| STANDARD.encode(signature))
    }

    /// What checks the signatures of this one: with the same key for HMAC, with the public key otherwise.
    ///
    /// # Errors
    /// `Key` when the public key cannot be used.
    pub fn verifier(&self) -> Result<Verifier, SignatureError> {
        match &self.0 {
            SignKey::None => Ok(Verifier::none()),
            SignKey::Hmac(key) => Ok(Verifier(VerifyKey::Hmac(key.clone()))),
            SignKey::Rsa(pair) => Verifier::rsa_sha256(pair.public_key().as_ref()),
            SignKey::Ed25519(pair) => Verifier::ed25519(pair.public_key().as_ref()),
        }
    }
}

impl Verifier {
    /// Checks nothing: everything is right.
    #[must_use]
    pub const fn none() -> Self {
        Verifier(VerifyKey::None)
    }

    /// HMAC-SHA256 with a key of at least 32 bytes.
    ///
    /// # Errors
    /// `Key` for a shorter one.
    pub fn hmac_sha256(key: &[u8]) -> Result<Self, SignatureError> {
        hmac_key(key).map(VerifyKey::Hmac).map(Verifier)
    }

    /// RSA-SHA256 with a public key in DER, as a certificate has it or as PKCS #1 has it.
    ///
    /// # Errors
    /// `Key` when it is not one of 2048 to 8192 bits.
    pub fn rsa_sha256(der: &[u8]) -> Result<Self, SignatureError> {
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der);
        key.map(|key| Verifier(VerifyKey::Rsa(Box::new(key)))).map_err(|_| SignatureError::Key)
    }

    /// Ed25519 with a public key of 32 bytes, or in DER.
    ///
    /// # Errors
    /// `Key` when it is not one.
    pub fn ed25519(key: &[u8]) -> Result<Self, SignatureError> {
        let key = ParsedPublicKey::new(&ED25519, key);
        key.map(|key| Verifier(VerifyKey::Ed25519(Box::new(key)))).map_err(|_| SignatureError::Key)
    }

    /// The algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.0 {
            VerifyKey::None => Algorithm::None,
            VerifyKey::Hmac(_) => Algorithm::HmacSha256,
            VerifyKey::Rsa(_) => Algorithm::RsaSha256,
            VerifyKey::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// Whether `signature` is over `bytes`.
    ///
    /// # Errors
    /// `Mismatch`.
    pub fn verify(&self, bytes: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let verified = match &self.0 {
            VerifyKey::None => Ok(()),
            VerifyKey::Hmac(key) => hmac::verify(key, bytes, signature),
            VerifyKey::Rsa(key) | VerifyKey::Ed25519(key) => key.verify_sig(bytes, signature),
        };
        verified.map_err(|_| SignatureError::Mismatch)
    }

    /// Whether a signature in base64 is over `bytes`.
    ///
    /// # Errors
    /// `NotBase64`, `Mismatch`.
    pub fn verify_base64(&self, bytes: &[u8], signature: &str) -> Result<(), SignatureError> {
        let mut compact = signature.to_owned();
        // Some libraries break base64 into lines.
        compact.retain(|c| !c.is_ascii_whitespace());
        let signature = STANDARD.decode(compact).map_err(|_| SignatureError::NotBase64)?;
        self.verify(bytes, &signature)
    }
}

fn hmac_key(key: &[u8]) -> Result<Box<hmac::Key>, SignatureError> {
    if key.len() < HMAC_KEY_MIN {
        return Err(SignatureError::Key);
    }
    Ok(Box::new(hmac::Key::new(hmac::HMAC_SHA256, key)))
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({:?}, ****)", self.algorithm())
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({:?}, ****)", self.algorithm())
    }
}
