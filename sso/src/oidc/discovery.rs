//! What the provider says of itself: the metadata of OpenID Connect Discovery 1.0 and RFC 8414, and the
//! keys. Everything here is held by a test that tries it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::claim_scope::{NAME_TAGS, NAMES, OF_AUTHENTICATION, personal_claims};
use super::dpop;
use super::error::{OAuthError, json as answer};
use super::keys::SIGNS;
use super::scope::Scope;
use crate::Sso;
use crate::jose::Algorithm;
use crate::level::Loa;

/// Relying parties may keep the documents this long: shorter than a key is published before it signs.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=3600");

impl Sso {
    /// The metadata.
    #[must_use]
    pub fn metadata(&self) -> Value {
        let url = |path: &str| self.settings.url(path);
        let words = |list: &[Algorithm]| list.iter().map(|algorithm| algorithm.as_str()).collect::<Vec<_>>();
        let (signs, verifies) = (words(&SIGNS), words(&Algorithm::ALL));
        let mut metadata = json!({
            "issuer": self.settings.issuer,
            "jwks_uri": url("/oidc/jwks"),
            "authorization_endpoint": url("/oidc/authorize"),
            "pushed_authorization_request_endpoint": url("/oidc/par"),
            "token_endpoint": url("/oidc/token"),
            "device_authorization_endpoint": url("/oidc/device"),
            "userinfo_endpoint": url("/oidc/userinfo"),
            "introspection_endpoint": url("/oidc/introspect"),
            "revocation_endpoint": url("/oidc/revoke"),
            "end_session_endpoint": url("/oidc/logout"),
            "service_documentation": url("/help"),
            "op_policy_uri": url("/privacy"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": [
                "authorization_code", "refresh_token", "client_credentials",
                "urn:ietf:params:oauth:grant-type:device_code",
            ],
            "code_challenge_methods_supported": ["S256"],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "display_values_supported": ["page", "popup", "touch", "wap"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": signs,
            "dpop_signing_alg_values_supported": words(&dpop::ALGORITHMS),
            "authorization_response_iss_parameter_supported": true,
            "require_pushed_authorization_requests": false,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
            "require_request_uri_registration": false,
            "claims_parameter_supported": true,
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": true,
            "frontchannel_logout_supported": false,
            "tls_client_certificate_bound_access_tokens": true,
            "acr_values_supported": Loa::ALL.map(Loa::acr),
            "scopes_supported": Scope::ALL.map(Scope::as_str),
            "claim_types_supported": ["normal"],
            "claims_supported": claims(),
            "ui_locales_supported": ["ar", "en"],
            "claims_locales_supported": NAME_TAGS,
        });
        for endpoint in ["token_endpoint", "introspection_endpoint", "revocation_endpoint"] {
            metadata[format!("{endpoint}_auth_methods_supported")] =
                ["client_secret_basic", "client_secret_post", "private_key_jwt", "tls_client_auth"].into();
            metadata[format!("{endpoint}_auth_signing_alg_values_supported")] = verifies.clone().into();
        }
        // A public client has nothing to introspect with.
        for endpoint in ["token_endpoint", "revocation_endpoint"] {
            if let Some(methods) = metadata[format!("{endpoint}_auth_methods_supported")].as_array_mut() {
                methods.push("none".into());
            }
        }
        metadata
    }
}

fn claims() -> Vec<String> {
    let about_token = ["iss", "aud", "exp", "iat", "nonce", "at_hash", "sid"];
    let plain = OF_AUTHENTICATION.into_iter().chain(about_token).chain(personal_claims());
    let tagged = NAMES.iter().flat_map(|name| NAME_TAGS.map(|tag| format!("{name}#{tag}")));
    plain.map(str::to_owned).chain(tagged).collect()
}

fn kept(document: &Value) -> Response {
    let mut response = answer(StatusCode::OK, document);
    response.headers_mut().insert(header::CACHE_CONTROL, KEPT);
    // Relying parties in browsers may read what is public.
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// `GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`
pub(crate) async fn metadata(State(sso): State<Arc<Sso>>) -> Response {
    kept(&sso.metadata())
}

/// `GET /oidc/jwks`
pub(crate) async fn jwks(State(sso): State<Arc<Sso>>) -> Result<Response, OAuthError> {
    Ok(kept(&sso.jwks().await?))
}
