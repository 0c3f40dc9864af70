//! A request of a client: a form, read the same way at every endpoint (RFC 6749 section 3.2).

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::error::OAuthError;
use crate::visit::Fields;

/// A form larger than this is not read, in bytes.
const FORM_MAX: usize = 64 * 1024;

/// Head and fields of a request. Only `application/x-www-form-urlencoded`, no parameter twice but
/// `resource` (RFC 8707 section 2), and nothing in the address: addresses are written into logs.
///
/// # Errors
/// `invalid_request`.
pub async fn read(request: Request) -> Result<(Parts, Fields), OAuthError> {
    let (parts, body) = request.into_parts();
    if !is_form(&parts.headers) {
        return Err(OAuthError::request("Content-Type must be application/x-www-form-urlencoded"));
    }
    if parts.uri.query().is_some_and(|query| !query.is_empty()) {
        return Err(OAuthError::request("parameters belong in the body, not in the address"));
    }
    let body = axum::body::to_bytes(body, FORM_MAX).await;
    let body = body.map_err(|_| OAuthError::request("the body is too long, or did not come whole"))?;
    let text = std::str::from_utf8(&body).map_err(|_| OAuthError::request("the body is not UTF-8"))?;
    let fields = Fields::parse(text);
    match fields.repeated("resource") {
        Some(name) if is_name(name) => Err(OAuthError::request(format!("{name} comes more than once"))),
        Some(_) => Err(OAuthError::request("a parameter comes more than once")),
        None => Ok((parts, fields)),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = kind.split(';').next().unwrap_or("").trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Whether a name may be repeated to its sender: those of the standards look like this.
fn is_name(name: &str) -> bool {
    name.len() <= 64 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}
