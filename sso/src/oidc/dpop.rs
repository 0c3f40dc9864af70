//! DPoP (RFC 9449): a proof that the sender of a request holds the key its tokens are bound to.

use axum::extract::OriginalUri;
use axum::http::Uri;
use axum::http::request::Parts;
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::claims::{self, Claims};
use super::error::OAuthError;
use crate::Sso;
use crate::jose::{self, Algorithm, base64url};
use crate::seal::digest;
use crate::store::used::Once;

/// What a proof may sign with; the metadata `dpop_signing_alg_values_supported`.
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::Ps256, Algorithm::EdDsa];
/// A proof is fresh this long.
const FRESH_MS: i64 = 60_000;
/// A nonce is given out this long, and taken for as long again.
const NONCE_MS: i64 = 60_000;
/// Longer `jti` are not read, in bytes.
const JTI_MAX: usize = 256;

fn refused(why: &str) -> OAuthError {
    OAuthError::new("invalid_dpop_proof", why)
}

/// The thumbprint of the key of the one proof of a request; `None` without a proof. At a resource it must
/// be for the access token.
///
/// # Errors
/// `invalid_dpop_proof`, `use_dpop_nonce`.
pub async fn proven(
    sso: &Sso,
    parts: &Parts,
    access_token: Option<&str>,
    nonce_is_due: bool,
) -> Result<Option<String>, OAuthError> {
    let mut proofs = parts.headers.get_all("dpop").iter();
    let Some(proof) = proofs.next() else { return Ok(None) };
    if proofs.next().is_some() {
        return Err(refused("DPoP comes more than once"));
    }
    let proof = proof.to_str().map_err(|_| refused("DPoP is not a token"))?;
    let (claims, thumbprint) = signed(proof)?;
    is_about(sso, parts, &claims)?;
    if let Some(token) = access_token {
        let hash = base64url(&digest(token));
        if claims::text(&claims, "ath") != Some(&hash) {
            return Err(refused("ath is not the hash of the access token"));
        }
    }
    has_nonce(sso, &claims, nonce_is_due)?;
    let once = in_time(sso, &claims, &thumbprint)?;
    match sso.together.remember(&sso.db, once).await? {
        true => Ok(Some(thumbprint)),
        false => Err(refused("jti was used before")),
    }
}

/// Its claims and the thumbprint of the key it carries and is signed with.
fn signed(proof: &str) -> Result<(Claims, String), OAuthError> {
    let unverified = jose::read(proof).map_err(|error| refused(&format!("DPoP {error}")))?;
    if unverified.header.typ.as_deref() != Some("dpop+jwt") {
        return Err(refused("typ is not dpop+jwt"));
    }
    if !ALGORITHMS.contains(&unverified.header.algorithm) {
        return Err(refused("alg is not one of ES256, PS256, EdDSA"));
    }
    let key = unverified.header.jwk.clone().ok_or_else(|| refused("jwk is missing"))?;
    let (_, claims) = unverified.verify(&key).map_err(|error| refused(&format!("DPoP: {error}")))?;
    let thumbprint = jose::thumbprint(&key).map_err(|error| refused(&format!("jwk: {error}")))?;
    Ok((claims, thumbprint))
}

fn is_about(sso: &Sso, parts: &Parts, claims: &Claims) -> Result<(), OAuthError> {
    if claims::text(claims, "htm") != Some(parts.method.as_str()) {
        return Err(refused("htm is not the method of this request"));
    }
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    let here = normal(&sso.settings.url(uri.path()));
    let claimed = claims::text(claims, "htu").and_then(normal);
    (claimed.is_some() && claimed == here)
        .then_some(())
        .ok_or_else(|| refused("htu is not the address of this request without query and fragment"))
}

/// An address without query and fragment, as RFC 3986 section 6.2 compares: small letters in scheme and
/// host, no default port, no needless escapes.
fn normal(address: &str) -> Option<String> {
    let address = address.split(['?', '#']).next()?;
    let uri: Uri = address.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let host = uri.host()?.to_ascii_lowercase();
    let default = match &*scheme {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let port =
        uri.port_u16().filter(|port| *port != default).map_or(String::new(), |port| format!(":{port}"));
    // Whoever names a user in it means something else.
    let plain = !uri.authority()?.as_str().contains('@');
    plain.then(|| format!("{scheme}://{host}{port}{}", unescaped(uri.path())))
}

fn unescaped(path: &str) -> String {
    let mut parts = path.split('%');
    let mut text = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let byte = part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            Some(b) if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => {
                text.push(b as char);
                text.push_str(&part[2..]);
            }
            Some(b) => text.push_str(&format!("%{b:02X}{}", &part[2..])),
            None => text.push_str(&format!("%{part}")),
        }
    }
    text
}

/// Fresh by our clock; what must not come twice.
fn in_time(sso: &Sso, claims: &Claims, thumbprint: &str) -> Result<Once, OAuthError> {
    let (now, skew_ms) = (sso.now(), sso.settings.clock_skew_s * 1000);
    let moment =
        |name: &str| claims::moment(claims, name).map_err(|_| refused(&format!("{name} is not a moment")));
    let issued_at = moment("iat")?.ok_or_else(|| refused("iat is missing"))?;
    let age_ms = now.ms_since(issued_at);
    if age_ms > FRESH_MS + skew_ms || age_ms < -skew_ms {
        return Err(refused("iat is too old, or still to come"));
    }
    if moment("nbf")?.is_some_and(|at| at.ms_since(now) > skew_ms) {
        return Err(refused("nbf is still to come"));
    }
    if moment("exp")?.is_some_and(|at| at.plus_ms(skew_ms) <= now) {
        return Err(refused("exp is over"));
    }
    let jti = claims::text(claims, "jti").filter(|jti| (1..=JTI_MAX).contains(&jti.len()));
    let jti = jti.ok_or_else(|| refused("jti is missing or too long"))?;
    let expires_at = issued_at.plus_ms(FRESH_MS + skew_ms + 1);
    Ok(Once { digest: digest(&format!("dpop\n{thumbprint}\n{jti}")), expires_at })
}

fn has_nonce(sso: &Sso, claims: &Claims, is_due: bool) -> Result<(), OAuthError> {
    let given = match claims.get("nonce") {
        None if !is_due => return Ok(()),
        given => given.and_then(Value::as_str).unwrap_or(""),
    };
    let bucket = sso.now().0.div_euclid(NONCE_MS);
    let is = |bucket: i64| bool::from(given.as_bytes().ct_eq(nonce_of(sso, bucket).as_bytes()));
    if is(bucket) || is(bucket - 1) {
        return Ok(());
    }
    let mut error = OAuthError::new("use_dpop_nonce", "nonce is not the one of the header DPoP-Nonce");
    error.dpop_nonce = Some(nonce(sso));
    Err(error)
}

/// The nonce that is given out now: the same on every node, and nobody else's to make.
#[must_use]
pub fn nonce(sso: &Sso) -> String {
    nonce_of(sso, sso.now().0.div_euclid(NONCE_MS))
}

fn nonce_of(sso: &Sso, bucket: i64) -> String {
    base64url(&sso.sealer.index("dpop nonce", &bucket.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_in_their_normal_form() {
        let is = "https://id.example.ps/oidc/token";
        for same in [
            is,
            "HTTPS://ID.example.PS/oidc/token",
            "https://id.example.ps:443/oidc/token",
            "https://id.example.ps/oidc/t%6Fken?a=b#c",
        ] {
            assert_eq!(normal(same).as_deref(), Some(is), "{same}");
        }
        for other in [
            "http://id.example.ps/oidc/token",
            "https://id.example.ps:8443/oidc/token",
            "https://id.example.ps/oidc/token/",
            "https://id.example.ps/oidc%2Ftoken",
            "https://a@id.example.ps/oidc/token",
            "/oidc/token",
            "",
        ] {
            assert_ne!(normal(other).as_deref(), Some(is), "{other}");
        }
    }
}
