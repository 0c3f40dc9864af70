//! The ID token (OpenID Connect Core section 2): who signed in, when, how, and for whom this is said.

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use serde_json::Value;

use super::granted::Granted;
use super::person_claims::{Into, released};
use crate::Sso;
use crate::client::Client;
use crate::fault::Fault;
use crate::jose::{Algorithm, base64url};
use crate::store::account;

/// The type in the header of ID tokens.
pub const TYP: &str = "JWT";

/// An ID token of a grant. `access_token` and `code` are those it is given with.
///
/// # Errors
/// [`Fault`], [`Fault::Internal`] when the grant is nobody's.
pub async fn mint(
    sso: &Sso,
    client: &Client,
    granted: &Granted,
    access_token: Option<&str>,
    code: Option<&str>,
) -> Result<String, Fault> {
    let nobody = || Fault::Internal("an ID token of a grant without a person".into());
    let account = granted.account.ok_or_else(nobody)?;
    let account = account::find(&sso.db, &sso.sealer, account).await?.ok_or_else(nobody)?;
    let algorithm = algorithm(client);
    let issued_at = sso.now().0.div_euclid(1000);
    let mut claims = released(granted, &account, Into::IdToken);
    let mut say = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    say("iss", sso.settings.issuer.as_str().into());
    say("sub", sso.subject(account.id, &client.registration).into());
    say("aud", client.id.as_str().into());
    say("iat", issued_at.into());
    say("exp", (issued_at + sso.settings.id_token_s).into());
    say("auth_time", granted.auth_time().into());
    say("acr", granted.acr().into());
    say("amr", granted.amr().into());
    if let Some(session) = granted.session {
        say("sid", sso.sid(session).into());
    }
    if let Some(nonce) = &granted.nonce {
        say("nonce", nonce.as_str().into());
    }
    if let Some(token) = access_token {
        say("at_hash", half_hash(algorithm, token).into());
    }
    if let Some(code) = code {
        say("c_hash", half_hash(algorithm, code).into());
    }
    sso.sign(algorithm, TYP, &Value::Object(claims)).await
}

/// What the client's tokens are signed with; ES256 where its registration names nothing the switch makes.
#[must_use]
pub fn algorithm(client: &Client) -> Algorithm {
    let named = Algorithm::parse(&client.registration.id_token_signed_response_alg);
    named.filter(|algorithm| super::keys::SIGNS.contains(algorithm)).unwrap_or(Algorithm::Es256)
}

/// The left half of the hash of the algorithm, base64url (OpenID Connect Core section 3.1.3.6): SHA-512 for
/// Ed25519, SHA-256 for the others.
fn half_hash(algorithm: Algorithm, text: &str) -> String {
    let hash = match algorithm {
        Algorithm::EdDsa => &SHA512,
        Algorithm::Es256 | Algorithm::Rs256 | Algorithm::Ps256 => &SHA256,
    };
    let bytes = digest(hash, text.as_bytes());
    base64url(&bytes.as_ref()[..bytes.as_ref().len() / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_an_access_token_is_the_one_of_the_standard() {
        // The access token and at_hash of OpenID Connect Core, appendix A.3.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(half_hash(Algorithm::Rs256, token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(half_hash(Algorithm::EdDsa, token).len(), 43);
    }
}
