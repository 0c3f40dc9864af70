//! What an endpoint refuses with: the codes of RFC 6749 section 5.2 and its relatives, as JSON.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::fault::Fault;

/// A refusal in the words of the standards, for developers: it names the parameter and never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthError {
    /// `invalid_request`, `invalid_client`, `invalid_grant`, …
    pub error: &'static str,
    /// One English sentence that names the parameter and the rule.
    pub description: String,
}

impl OAuthError {
    /// A refusal.
    #[must_use]
    pub fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { error, description: description.into() }
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
    }

    /// `invalid_grant`.
    #[must_use]
    pub fn grant(description: impl Into<String>) -> Self {
        Self::new("invalid_grant", description)
    }

    /// The status: 401 for clients and tokens, 429, 503, else 400.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.error {
            "invalid_client" | "invalid_token" | "invalid_dpop_proof_at_resource" => StatusCode::UNAUTHORIZED,
            "insufficient_scope" => StatusCode::FORBIDDEN,
            "slow_down_client" => StatusCode::TOO_MANY_REQUESTS,
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
        json(self.status(), &body)
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
