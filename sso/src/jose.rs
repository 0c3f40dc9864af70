//! Signed tokens in compact form (RFC 7515, RFC 7519), thin over a library: it verifies, our vault signs.
//! The algorithm is the key's and the type is the caller's expectation, never the token's word alone
//! (RFC 8725 sections 3.1 and 3.11).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, KeyOperations, ThumbprintHash,
};
use serde_json::{Map, Value};

/// Base64url without padding.
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of base64url without padding.
#[must_use]
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// What may sign here, and no other: no `none`, no HMAC, no RSA below PKCS#1 with SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256, the default.
    Es256,
    /// RSA PKCS#1 v1.5 with SHA-256, for relying parties that know nothing else.
    Rs256,
    /// RSA-PSS with SHA-256: verified, not made.
    Ps256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Es256, Self::Rs256, Self::Ps256, Self::EdDsa];

    /// The value of `alg` (RFC 7518 section 3.1, RFC 8037 section 3.1).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == word)
    }

    fn library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Ps256 => jsonwebtoken::Algorithm::PS256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

/// The header of a token as it was signed.
#[derive(Debug, Clone)]
pub struct Header {
    /// `alg`.
    pub algorithm: Algorithm,
    /// `typ`, as written.
    pub typ: Option<String>,
    /// `kid`.
    pub kid: Option<String>,
    /// `jwk`, public (RFC 9449 section 4.2 needs it).
    pub jwk: Option<Jwk>,
}

/// A token that was read but not believed yet.
#[derive(Debug, Clone)]
pub struct Unverified<'a> {
    /// What it says of itself.
    pub header: Header,
    /// What it claims. Not to be used before [`Unverified::verify`], except to find whose key to verify with.
    pub claims: Map<String, Value>,
    signed: &'a str,
    signature: &'a str,
}

/// Why a token is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoseError {
    /// Not three parts of base64url with JSON objects, or longer than [`TOKEN_MAX`].
    #[error("is not a signed token in compact form")]
    Form,
    /// An algorithm that is not accepted, `none` among them.
    #[error("names an algorithm that is not accepted")]
    Algorithm,
    /// `crit` or `b64`: extensions nobody here understands (RFC 7515 section 4.1.11).
    #[error("asks for an extension that is not understood")]
    Critical,
    /// The key cannot be used: private, of another kind, of another use, or too short.
    #[error("the key is not a public key of this algorithm")]
    Key,
    /// The signature is not the key's over these bytes.
    #[error("the signature does not fit")]
    Signature,
}

/// Tokens longer than this are not read, in bytes.
pub const TOKEN_MAX: usize = 16 * 1024;

/// Reads a compact token.
///
/// # Errors
/// [`JoseError`]: the form, the algorithm, a critical extension or a private key in the header.
pub fn read(token: &str) -> Result<Unverified<'_>, JoseError> {
    let Compact { header, payload, signed, signature } = split(token)?;
    Ok(Unverified { header, claims: object(payload)?, signed, signature })
}

/// The payload of a token, whatever it is, when the signature is this key's (RFC 7515 section 5.2).
///
/// # Errors
/// [`JoseError`].
pub fn payload(token: &str, key: &Jwk) -> Result<Vec<u8>, JoseError> {
    let Compact { header, payload, signed, signature } = split(token)?;
    let bytes = from_base64url(payload).ok_or(JoseError::Form)?;
    is_signed(header.algorithm, signed, signature, key)?;
    Ok(bytes)
}

/// The parts of a token in compact form.
struct Compact<'a> {
    header: Header,
    payload: &'a str,
    signed: &'a str,
    signature: &'a str,
}

fn split(token: &str) -> Result<Compact<'_>, JoseError> {
    if token.len() > TOKEN_MAX {
        return Err(JoseError::Form);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(JoseError::Form)?;
    let (header, payload) = signed.split_once('.').ok_or(JoseError::Form)?;
    if payload.contains('.') {
        return Err(JoseError::Form);
    }
    let header = read_header(&object(header)?)?;
    Ok(Compact { header, payload, signed, signature })
}

fn object(part: &str) -> Result<Map<String, Value>, JoseError> {
    let bytes = from_base64url(part).ok_or(JoseError::Form)?;
    serde_json::from_slice(&bytes).map_err(|_| JoseError::Form)
}

fn read_header(header: &Map<String, Value>) -> Result<Header, JoseError> {
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    if header.contains_key("crit") || header.contains_key("b64") {
        return Err(JoseError::Critical);
    }
    let algorithm = Algorithm::parse(text("alg").ok_or(JoseError::Form)?).ok_or(JoseError::Algorithm)?;
    let jwk = header.get("jwk").map(public_key).transpose()?;
    Ok(Header { algorithm, typ: text("typ").map(str::to_owned), kid: text("kid").map(str::to_owned), jwk })
}

/// The members of a JWK that must never be shown to anybody (RFC 7518 sections 6.2.2, 6.3.2, 6.4.1).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A public key from its JSON (RFC 7517).
///
/// # Errors
/// [`JoseError::Key`] when it is private, symmetric, or not a key of an accepted algorithm.
pub fn public_key(json: &Value) -> Result<Jwk, JoseError> {
    let members = json.as_object().ok_or(JoseError::Key)?;
    if PRIVATE.iter().any(|name| members.contains_key(*name)) {
        return Err(JoseError::Key);
    }
    let jwk: Jwk = serde_json::from_value(json.clone()).map_err(|_| JoseError::Key)?;
    let accepted = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) => key.curve == EllipticCurve::P256,
        AlgorithmParameters::OctetKeyPair(key) => key.curve == EllipticCurve::Ed25519,
        // 2048 bits and more (RFC 7518 section 3.3).
        AlgorithmParameters::RSA(key) => from_base64url(&key.n).is_some_and(|n| n.len() >= 256),
        _ => false, // the library's enum is open; symmetric keys are among these
    };
    accepted.then_some(jwk).ok_or(JoseError::Key)
}

/// The public keys of a set (RFC 7517 section 5). A set with a private key is refused whole.
///
/// # Errors
/// [`JoseError::Key`].
pub fn key_set(json: &Value) -> Result<JwkSet, JoseError> {
    let keys = json.get("keys").and_then(Value::as_array).ok_or(JoseError::Key)?;
    Ok(JwkSet { keys: keys.iter().map(public_key).collect::<Result<_, _>>()? })
}

/// The SHA-256 thumbprint of a key (RFC 7638), base64url.
///
/// # Errors
/// [`JoseError::Key`].
pub fn thumbprint(key: &Jwk) -> Result<String, JoseError> {
    key.thumbprint(ThumbprintHash::SHA256).map_err(|_| JoseError::Key)
}

impl Unverified<'_> {
    /// Believes the token when the signature is this key's.
    ///
    /// # Errors
    /// [`JoseError::Key`] when the key is not for this algorithm, [`JoseError::Signature`].
    pub fn verify(self, key: &Jwk) -> Result<(Header, Map<String, Value>), JoseError> {
        is_signed(self.header.algorithm, self.signed, self.signature, key)?;
        Ok((self.header, self.claims))
    }
}

fn is_signed(algorithm: Algorithm, signed: &str, signature: &str, key: &Jwk) -> Result<(), JoseError> {
    if !fits(key, algorithm) {
        return Err(JoseError::Key);
    }
    let decoding = jsonwebtoken::DecodingKey::from_jwk(key).map_err(|_| JoseError::Key)?;
    match jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &decoding, algorithm.library()) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(JoseError::Signature),
    }
}

/// Whether a key may be used with an algorithm: its kind, its own `alg` and its `use`.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let kind = match &key.algorithm {
        AlgorithmParameters::EllipticCurve(_) => algorithm == Algorithm::Es256,
        AlgorithmParameters::RSA(_) => matches!(algorithm, Algorithm::Rs256 | Algorithm::Ps256),
        AlgorithmParameters::OctetKeyPair(_) => algorithm == Algorithm::EdDsa,
        _ => false, // the library's enum is open; symmetric keys are among these
    };
    let named = match key.common.key_algorithm {
        None => true,
        Some(KeyAlgorithm::ES256) => algorithm == Algorithm::Es256,
        Some(KeyAlgorithm::RS256) => algorithm == Algorithm::Rs256,
        Some(KeyAlgorithm::PS256) => algorithm == Algorithm::Ps256,
        Some(KeyAlgorithm::EdDSA) => algorithm == Algorithm::EdDsa,
        Some(_) => false,
    };
    let verifies = |operations: &Vec<KeyOperations>| operations.contains(&KeyOperations::Verify);
    let may_verify = key.common.key_operations.as_ref().is_none_or(verifies);
    let for_signing = key
        .common
        .public_key_use
        .as_ref()
        .is_none_or(|used| matches!(used, jsonwebtoken::jwk::PublicKeyUse::Signature));
    kind && named && for_signing && may_verify
}

/// The part of a token that is signed: header and claims.
#[must_use]
pub fn signing_input(algorithm: Algorithm, typ: &str, kid: &str, claims: &Value) -> String {
    let header = serde_json::json!({ "alg": algorithm.as_str(), "typ": typ, "kid": kid });
    format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()))
}
