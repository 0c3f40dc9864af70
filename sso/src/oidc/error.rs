//! What an endpoint refuses with: the codes of RFC 6749 section 5.2 and its relatives, as JSON.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::fault::Fault;

/// The error of a request to a resource without any token.
pub const MISSING_TOKEN: &str = "missing_token";

/// A refusal in the words of the standards, for developers: it names the parameter and never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthError {
    /// `invalid_request`, `invalid_client`, `invalid_grant`, …
    pub error: &'static str,
    /// One English sentence that names the parameter and the rule.
    pub description: String,
    /// How to do better, for `WWW-Authenticate`; it makes the status 401.
    pub challenge: Option<Challenge>,
    /// For the header `DPoP-Nonce` (RFC 9449 section 8).
    pub dpop_nonce: Option<String>,
}

/// A scheme of `WWW-Authenticate` (RFC 9110 section 11.6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// For clients (RFC 6749 section 5.2).
    Basic,
    /// For tokens that whoever has them may use (RFC 6750 section 3).
    Bearer,
    /// For tokens bound to a key (RFC 9449 section 7.1).
    DPoP,
}

impl OAuthError {
    /// A refusal.
    #[must_use]
    pub fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { error, description: description.into(), challenge: None, dpop_nonce: None }
    }

    /// `invalid_request`: a parameter is missing, repeated or malformed.
    #[must_use]
    pub fn request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    /// `invalid_client`. One sentence whatever was wrong: who guesses learns nothing.
    #[must_use]
    pub fn client() -> Self {
        Self::new("invalid_client", "the client is unknown, or did not prove that it is itself")
            .challenged(Challenge::Basic)
    }

    /// The same, answered with a challenge.
    #[must_use]
    pub fn challenged(self, challenge: Challenge) -> Self {
        Self { challenge: Some(challenge), ..self }
    }

    /// The header `WWW-Authenticate`. A request without any token is told the scheme only (RFC 6750
    /// section 3.1).
    fn authenticate(&self) -> Option<String> {
        let scheme = match self.challenge? {
            Challenge::Basic => return Some("Basic realm=\"oidc\", charset=\"UTF-8\"".to_owned()),
            Challenge::Bearer => "Bearer",
            Challenge::DPoP => "DPoP algs=\"ES256 PS256 EdDSA\",",
        };
        if self.error == MISSING_TOKEN {
            return Some(scheme.trim_end_matches(',').to_owned());
        }
        Some(format!("{scheme} error=\"{}\", error_description=\"{}\"", self.error, self.description))
    }

    /// `invalid_grant`.
    #[must_use]
    pub fn grant(description: impl Into<String>) -> Self {
        Self::new("invalid_grant", description)
    }

    /// The status: 401 with a challenge, 403, 429, 503, else 400.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.error {
            "insufficient_scope" => StatusCode::FORBIDDEN,
            "invalid_request" => StatusCode::BAD_REQUEST,
            "slow_down_client" => StatusCode::TOO_MANY_REQUESTS,
            _ if self.challenge.is_some() => StatusCode::UNAUTHORIZED,
            "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
            "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// A fault of ours is logged here, once, and told as `server_error`.
impl From<Fault> for OAuthError {
    fn from(fault: Fault) -> Self {
        tracing::error!(%fault, "a request of a client failed");
        match fault {
            Fault::Store(_) => Self::new("temporarily_unavailable", "the store does not answer; try again"),
            Fault::Seal(_) | Fault::Key(_) | Fault::Corrupt(_) | Fault::Internal(_) => {
                Self::new("server_error", "something went wrong here; it was written down")
            }
        }
    }
}

impl From<switch_store::StoreError> for OAuthError {
    fn from(error: switch_store::StoreError) -> Self {
        Fault::from(error).into()
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "error": self.error, "error_description": self.description });
        let mut response = json(self.status(), &body);
        let mut put = |name: HeaderName, text: Option<String>| {
            if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
                response.headers_mut().insert(name, value);
            }
        };
        put(header::WWW_AUTHENTICATE, self.authenticate());
        put(HeaderName::from_static("dpop-nonce"), self.dpop_nonce);
        response
    }
}

/// A JSON answer that nobody keeps.
#[must_use]
pub fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    let mut response = Response::new(body.to_string().into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
