//! `POST /oidc/revoke` (RFC 7009): a refresh token ends its family, an access token ends alone.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use switch_store::transact;

use super::client_authentication::authenticate;
use super::error::{OAuthError, json as answer};
use super::{claims, form, refresh_token};
use crate::Sso;
use crate::audit::Actor;
use crate::store::{family, used};

/// The endpoint. A token that is not known is revoked already (section 2.2).
pub async fn revoke(State(sso): State<Arc<Sso>>, request: Request) -> Response {
    match answered(&sso, request).await {
        Ok(()) => answer(StatusCode::OK, &json!({})),
        Err(error) => error.into_response(),
    }
}

async fn answered(sso: &Sso, request: Request) -> Result<(), OAuthError> {
    let (parts, fields) = form::read(request).await?;
    let client = authenticate(sso, &parts, &fields).await?.client;
    let token = fields.exact("token");
    if token.is_empty() {
        return Err(OAuthError::request("token is missing"));
    }
    if let Some(refresh) = refresh_token::read(sso, token) {
        let Some(standing) = family::find(&sso.db, refresh.family, sso.now()).await? else { return Ok(()) };
        is_own(&standing.family.granted.client, &client.id)?;
        let actor = Actor::Client(&client.id);
        sso.revoke_family(refresh.family, actor, "grant revoke", "the client gave it back").await?;
    } else if let Some(presented) = sso.live_access_token(token).await? {
        is_own(&presented.client, &client.id)?;
        let jti = claims::text(&presented.claims, "jti").unwrap_or("");
        let expires_at = presented.expires_at;
        transact!(sso.db, tx => used::revoke(tx, jti, expires_at).await)?;
        sso.forget_revoked();
    }
    Ok(())
}

/// Section 2.1: the token was made for whoever revokes it.
fn is_own(client: &str, caller: &str) -> Result<(), OAuthError> {
    let error = || OAuthError::new("unauthorized_client", "token is another client's");
    (client == caller).then_some(()).ok_or_else(error)
}
