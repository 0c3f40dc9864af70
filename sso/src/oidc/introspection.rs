//! `POST /oidc/introspect` (RFC 7662): what a token is worth now, told to the client it was made for and
//! to nobody else. Everybody else's tokens are `active: false`, like those that never were.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::access_token::Presented;
use super::client_authentication::authenticate;
use super::error::{OAuthError, json as answer};
use super::{claims, form, refresh_token};
use crate::Sso;
use crate::client::Client;
use crate::fault::Fault;
use crate::store::family;

/// The endpoint.
pub async fn introspect(State(sso): State<Arc<Sso>>, request: Request) -> Response {
    match answered(&sso, request).await {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(error) => error.into_response(),
    }
}

async fn answered(sso: &Sso, request: Request) -> Result<Value, OAuthError> {
    let (parts, fields) = form::read(request).await?;
    let client = authenticate(sso, &parts, &fields).await?.client;
    if !client.registration.is_confidential() {
        return Err(OAuthError::client());
    }
    let token = fields.exact("token");
    if token.is_empty() {
        return Err(OAuthError::request("token is missing"));
    }
    // token_type_hint only says where to look first; nothing is slow enough to need it.
    let known = match sso.live_access_token(token).await? {
        Some(presented) => of_access_token(&client, presented),
        None => of_refresh_token(sso, &client, token).await?,
    };
    Ok(known.unwrap_or_else(|| json!({ "active": false })))
}

fn of_access_token(client: &Client, presented: Presented) -> Option<Value> {
    let own = presented.client == client.id || claims::lists(&presented.claims, "aud", &client.id);
    let mut body = Value::Object(presented.claims);
    body["active"] = true.into();
    body["token_type"] = presented.binding.token_type().into();
    own.then_some(body)
}

async fn of_refresh_token(sso: &Sso, client: &Client, token: &str) -> Result<Option<Value>, Fault> {
    let Some(refresh) = refresh_token::read(sso, token) else { return Ok(None) };
    let Some(standing) = family::find(&sso.db, refresh.family, sso.now()).await? else { return Ok(None) };
    let family = &standing.family;
    let own = family.granted.client == client.id;
    let in_use = family.secret_digest.as_deref() == Some(&refresh.digest);
    let is_live = own && in_use && standing.is_live(sso.now());
    Ok(is_live.then(|| {
        json!({
            "active": true,
            "client_id": client.id,
            "scope": family.granted.scope(),
            "exp": family.ends_at.0 / 1000,
            "iat": family.created_at.0 / 1000,
            "iss": sso.settings.issuer,
        })
    }))
}
