//! What relying parties do with a code: the token endpoint and userinfo.

use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::bed::Bed;
use super::browser::{Answer, Browser, encoded};
use super::relying::{CALLBACK, SECRET, VERIFIER, with};

/// What the token endpoint gave.
pub(crate) struct Tokens {
    pub(crate) answer: Value,
    pub(crate) access_token: String,
    /// The claims of the ID token, its signature verified.
    pub(crate) id_token: Map<String, Value>,
}

impl Tokens {
    /// Reads an answer.
    pub(crate) async fn of(bed: &Bed, answer: Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer}"));
        let id_token = bed.sso.read_own(text("id_token"), "JWT").await.expect("read").expect("ours");
        Self { access_token: text("access_token").to_owned(), id_token, answer }
    }
}

/// The header of `client_secret_basic`.
pub(crate) fn basic(id: &str) -> Vec<(&'static str, String)> {
    let escaped = encoded(&[("x", SECRET)]).split_off(2);
    vec![("authorization", format!("Basic {}", STANDARD.encode(format!("{id}:{escaped}"))))]
}

/// A request to the token endpoint.
pub(crate) async fn ask(bed: &Bed, headers: &[(&'static str, String)], fields: &[(&str, &str)]) -> Answer {
    let form = ("content-type", "application/x-www-form-urlencoded");
    let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
    let headers: Vec<_> = headers.chain([form]).collect();
    Browser::new(bed).send(Method::POST, "/oidc/token", &headers, encoded(fields)).await
}

/// Redeems a code, with some fields replaced or added.
pub(crate) async fn redeem(
    bed: &Bed,
    headers: &[(&'static str, String)],
    code: &str,
    more: &[(&str, &str)],
) -> Answer {
    let fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    ask(bed, headers, &with(fields, more)).await
}

/// Redeems a code of the client `rp`.
pub(crate) async fn redeemed(bed: &Bed, code: &str) -> Tokens {
    let answer = redeem(bed, &basic("rp"), code, &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    Tokens::of(bed, answer.json()).await
}

/// What userinfo says to a bearer.
pub(crate) async fn userinfo(bed: &Bed, access_token: &str) -> Value {
    let bearer = format!("Bearer {access_token}");
    let headers = [("authorization", bearer.as_str())];
    Browser::new(bed).send(Method::GET, "/oidc/userinfo", &headers, String::new()).await.json()
}
