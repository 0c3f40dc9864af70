//! Which client is asking: exactly one way of proving it, and the one it registered (RFC 6749 section 2.3,
//! RFC 7523, RFC 8705). Every refusal of a proof is the same `invalid_client`.

use axum::http::header;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use super::certificate::PeerCertificate;
use super::claims::{self, Claims};
use super::error::OAuthError;
use crate::Sso;
use crate::client::{Client, ClientAuthentication, Profile};
use crate::fault::Fault;
use crate::jose::{self, Algorithm, Unverified};
use crate::seal::digest;
use crate::store::client;
use crate::store::throttle::Tries;
use crate::store::used::Once;
use crate::throttle::Policy;
use crate::visit::{ClientAddress, Fields, pairs};

/// A client that proved that it is itself, or a public one that has nothing to prove.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// The client.
    pub client: Client,
    /// The thumbprint of the certificate of its connection, where it has one: for binding tokens.
    pub certificate: Option<String>,
}

/// `client_assertion_type` (RFC 7523 section 2.2).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// An assertion may be good for at most this long.
const ASSERTION_MAX_MS: i64 = 600_000;
/// Longer `jti` are not read, in bytes.
const JTI_MAX: usize = 256;
/// The purpose of the soft lock.
const LOCK: &str = "client";

/// What a request shows.
enum Shown<'a> {
    Basic(String, String),
    Post(&'a str, &'a str),
    Assertion(String, Box<Unverified<'a>>),
    /// Nothing in the request itself: a public client, or a certificate.
    Nothing(&'a str),
}

impl Shown<'_> {
    fn client_id(&self) -> &str {
        match self {
            Self::Basic(id, _) | Self::Assertion(id, _) => id,
            Self::Post(id, _) | Self::Nothing(id) => id,
        }
    }
}

/// The client of a request to the token endpoint and its relatives.
///
/// # Errors
/// `invalid_client`; `invalid_request` for two proofs at once; `slow_down_client` after many failures from
/// one address.
pub async fn authenticate(sso: &Sso, parts: &Parts, fields: &Fields) -> Result<Authenticated, OAuthError> {
    let shown = shown(parts, fields)?;
    let address = parts.extensions.get::<ClientAddress>().map(|address| address.0.to_string());
    let whom = format!("{}\n{}", shown.client_id(), address.unwrap_or_default());
    let id = Some(shown.client_id()).filter(|id| is_client_id(id)).unwrap_or("");
    let (found, tries) = client::find_tried(&sso.db, id, sso.sealer.index(LOCK, &whom)).await?;
    wait_over(sso, tries)?;
    match prove(sso, parts, &shown, found).await? {
        Some(client) => {
            let certificate = parts.extensions.get::<PeerCertificate>().map(PeerCertificate::thumbprint);
            Ok(Authenticated { client, certificate })
        }
        None => {
            // Counted after it failed and not before: a secret of 256 bits is not guessed, and a request
            // that succeeds shall not cost a write.
            let _counted = sso.take_try(LOCK, &whom, Policy::ADDRESS).await?;
            Err(OAuthError::client())
        }
    }
}

fn wait_over(sso: &Sso, tries: Option<Tries>) -> Result<(), OAuthError> {
    match Policy::ADDRESS.next(tries, sso.now()) {
        Ok(_) => Ok(()),
        Err(_) => Err(OAuthError::new("slow_down_client", "too many failures from this address; wait")),
    }
}

fn shown<'a>(parts: &Parts, fields: &'a Fields) -> Result<Shown<'a>, OAuthError> {
    let header = parts.headers.get(header::AUTHORIZATION);
    if parts.headers.get_all(header::AUTHORIZATION).iter().count() > 1 {
        return Err(OAuthError::request("Authorization comes more than once"));
    }
    let (id, secret) = (fields.exact("client_id"), fields.exact("client_secret"));
    let (assertion, kind) = (fields.exact("client_assertion"), fields.exact("client_assertion_type"));
    let has_assertion = !assertion.is_empty() || !kind.is_empty();
    match (header, secret.is_empty(), has_assertion) {
        (Some(value), true, false) => {
            let (basic_id, secret) = value.to_str().ok().and_then(basic).ok_or_else(OAuthError::client)?;
            let same = id.is_empty() || id == basic_id;
            same.then_some(Shown::Basic(basic_id, secret)).ok_or_else(OAuthError::client)
        }
        (None, false, false) => Ok(Shown::Post(id, secret)),
        (None, true, true) => of_assertion(id, kind, assertion).ok_or_else(OAuthError::client),
        (None, true, false) => Ok(Shown::Nothing(id)),
        _ => Err(OAuthError::request("a client proves itself in one way and not in two")),
    }
}

/// Identifier and secret, each form-encoded before it was put together (RFC 6749 section 2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, credentials) = header.split_once(' ')?;
    let bytes = STANDARD.decode(credentials.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    // The only field of a form without a name in front has the empty name.
    let decoded = |part: &str| pairs(&format!("={part}")).pop().map_or(String::new(), |(_, value)| value);
    let whole = !id.contains(['&', '=']) && !secret.contains('&');
    whole.then(|| (decoded(id), decoded(secret)))
}

fn of_assertion<'a>(client_id: &str, kind: &str, assertion: &'a str) -> Option<Shown<'a>> {
    let unverified = jose::read(assertion).ok().filter(|_| kind == JWT_BEARER)?;
    let subject = claims::text(&unverified.claims, "sub")?.to_owned();
    let same = client_id.is_empty() || client_id == subject;
    same.then(|| Shown::Assertion(subject, Box::new(unverified)))
}

async fn prove(
    sso: &Sso,
    parts: &Parts,
    shown: &Shown<'_>,
    found: Option<Client>,
) -> Result<Option<Client>, OAuthError> {
    let method = found.as_ref().map(|client| client.registration.token_endpoint_auth_method);
    let proven = match shown {
        Shown::Basic(_, secret) => {
            is_secret(found.as_ref(), secret) && method == Some(ClientAuthentication::ClientSecretBasic)
        }
        Shown::Post(_, secret) => {
            is_secret(found.as_ref(), secret) && method == Some(ClientAuthentication::ClientSecretPost)
        }
        Shown::Assertion(_, unverified) => match found.as_ref() {
            Some(client) if method == Some(ClientAuthentication::PrivateKeyJwt) => {
                asserts(sso, parts, client, unverified).await?
            }
            _ => false,
        },
        Shown::Nothing(_) => match (found.as_ref(), method) {
            (Some(client), Some(ClientAuthentication::TlsClientAuth)) => has_certificate(sso, parts, client),
            (_, method) => method == Some(ClientAuthentication::None),
        },
    };
    Ok(found.filter(|client| proven && is_strong_enough(client)))
}

/// FAPI 2.0 Security Profile section 5.3.2.1: a key or a certificate, and no secret that is sent.
fn is_strong_enough(client: &Client) -> bool {
    let r = &client.registration;
    r.profile != Profile::Fapi2
        || matches!(
            r.token_endpoint_auth_method,
            ClientAuthentication::PrivateKeyJwt | ClientAuthentication::TlsClientAuth
        )
}

/// `client_id`: 1 to 64 letters, digits, hyphens, points and underscores.
fn is_client_id(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

/// Digests are compared in constant time; a client that is not known costs what a wrong secret costs.
fn is_secret(client: Option<&Client>, secret: &str) -> bool {
    const NOBODY: [u8; 32] = [0; 32];
    let kept = client.and_then(|client| client.secret_digest.as_deref());
    let same: bool = digest(secret).ct_eq(kept.unwrap_or(&NOBODY)).into();
    same && kept.is_some()
}

fn has_certificate(sso: &Sso, parts: &Parts, client: &Client) -> bool {
    let certificate = parts.extensions.get::<PeerCertificate>();
    let subject = client.registration.tls_client_auth_subject_dn.as_deref();
    certificate.zip(subject).is_some_and(|(certificate, subject)| certificate.is_of(subject, sso.now()))
}

/// RFC 7523 section 3, and FAPI 2.0 Security Profile section 5.3.2.1.
async fn asserts(
    sso: &Sso,
    parts: &Parts,
    client: &Client,
    unverified: &Unverified<'_>,
) -> Result<bool, Fault> {
    let header = &unverified.header;
    let is_fapi = client.registration.profile == Profile::Fapi2;
    let typ = header.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
    if !matches!(&*typ, "jwt" | "client-authentication+jwt")
        || is_fapi && header.algorithm == Algorithm::Rs256
        || !is_signed(client, unverified)
    {
        return Ok(false);
    }
    let Some(once) = claimed(sso, parts, client, &unverified.claims) else { return Ok(false) };
    Ok(sso.together.remember(&sso.db, once).await?)
}

/// A key of the client made the signature: the one that is named, or any one of this algorithm.
fn is_signed(client: &Client, unverified: &Unverified<'_>) -> bool {
    let keys = client.registration.jwks.iter().flat_map(|set| &set.keys);
    let named = |key: &&jsonwebtoken::jwk::Jwk| {
        let kid = unverified.header.kid.as_deref();
        kid.is_none() || kid == key.common.key_id.as_deref()
    };
    keys.filter(named).any(|key| unverified.clone().verify(key).is_ok())
}

/// What must not come twice, when the claims are right.
fn claimed(sso: &Sso, parts: &Parts, client: &Client, claims: &Claims) -> Option<Once> {
    let (now, skew_ms) = (sso.now(), sso.settings.clock_skew_s * 1000);
    let moment = |name: &str| claims::moment(claims, name).ok();
    let own = |name: &str| claims::text(claims, name) == Some(&client.id);
    let expires_at = moment("exp")??;
    let in_time = expires_at.plus_ms(skew_ms) > now
        && expires_at.ms_since(now) <= ASSERTION_MAX_MS
        && [moment("nbf")?, moment("iat")?].into_iter().flatten().all(|at| at.ms_since(now) <= skew_ms);
    let jti = claims::text(claims, "jti").filter(|jti| (1..=JTI_MAX).contains(&jti.len()))?;
    let right = own("iss") && own("sub") && in_time && is_for_us(sso, parts, client, claims);
    let context = format!("client assertion\n{}\n{jti}", client.id);
    right.then(|| Once { digest: digest(&context), expires_at: expires_at.plus_ms(skew_ms) })
}

/// FAPI 2.0: the issuer as a string and nothing else. Others may name the token endpoint or the one they
/// speak to, alone in a list.
fn is_for_us(sso: &Sso, parts: &Parts, client: &Client, claims: &Claims) -> bool {
    let s = &sso.settings;
    let is_fapi = client.registration.profile == Profile::Fapi2;
    let audience = match claims.get("aud") {
        Some(serde_json::Value::String(one)) => one,
        Some(serde_json::Value::Array(list)) if !is_fapi => match &list[..] {
            [serde_json::Value::String(one)] => one,
            _ => return false,
        },
        _ => return false,
    };
    *audience == s.issuer || !is_fapi && [s.url("/oidc/token"), s.url(parts.uri.path())].contains(audience)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_encoded() {
        let header = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(basic(&header("a:b")), pair("a", "b"));
        assert_eq!(basic(&header("a%3Ab:c%2Bd+e%3D=")), pair("a:b", "c+d e=="));
        assert_eq!(basic("basic YTpi"), pair("a", "b"));
        for wrong in ["", "Basic", "Basic YQ==", "Bearer YTpi", "Basic %%%", "Basic /////w=="] {
            assert_eq!(basic(wrong), None, "{wrong:?}");
        }
    }
}
