//! Pushed authorization requests (RFC 9126): a client that proved itself leaves its request here and sends
//! the browser with a reference, which is good once and for less than ten minutes.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::client_authentication::authenticate;
use super::error::{OAuthError, json as answer};
use super::request::{AuthorizationRequest, Parameters, trusted_way};
use super::{dpop, form};
use crate::Sso;
use crate::client::Profile;

/// RFC 9126 leaves the lifetime open; FAPI 2.0 section 5.3.2.2 wants less than 600 seconds.
const LIFETIME_MAX_S: i64 = 599;
/// What proves the client is of no use later, and is not kept.
const PROOFS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// `POST /oidc/par`
pub(crate) async fn push(State(sso): State<Arc<Sso>>, request: Request) -> Response {
    answered(&sso, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answered(sso: &Sso, request: Request) -> Result<Response, OAuthError> {
    let (parts, fields) = form::read(request).await?;
    let who = authenticate(sso, &parts, &fields).await?;
    let client = who.client;
    let nonce_is_due = sso.settings.dpop_nonces && client.registration.profile == Profile::Fapi2;
    let key = dpop::proven(sso, &parts, None, nonce_is_due).await?;
    let mut parameters = Parameters::of(fields.pairs()).without(&PROOFS);
    parameters.put("client_id", &client.id);
    if let Some(key) = key {
        // RFC 9449 section 10.1: a proof names the key the code will be bound to.
        if parameters.get("dpop_jkt").is_some_and(|named| named != key) {
            return Err(OAuthError::request("dpop_jkt is not the key of the DPoP proof"));
        }
        parameters.put("dpop_jkt", &key);
    }
    if parameters.get("request_uri").is_some() {
        return Err(OAuthError::request("request_uri cannot be pushed"));
    }
    let way = trusted_way(&client, &parameters)
        .ok_or_else(|| OAuthError::request("redirect_uri is missing, or not one the client registered"))?;
    let id = client.id.clone();
    AuthorizationRequest::parse(client, way, &parameters, &sso.settings)?;
    let lifetime_s = sso.settings.pushed_request_s.min(LIFETIME_MAX_S);
    let until = sso.now().plus_ms(lifetime_s * 1000);
    let uri = sso.keep_request(&id, &parameters, None, until).await?;
    Ok(answer(StatusCode::CREATED, &json!({ "request_uri": uri, "expires_in": lifetime_s })))
}
