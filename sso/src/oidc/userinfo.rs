//! The userinfo endpoint (OpenID Connect Core section 5.3): the claims of the person behind an access
//! token, by GET and by POST, the token in the header or in the form.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::access_token::{self, Presented};
use super::claim_scope::OPENID;
use super::error::{Challenge, OAuthError, json as answer};
use super::form;
use super::granted::Granted;
use super::person_claims::{Into, released};
use super::scope::Resource;
use crate::Sso;
use crate::store::account::{self, AccountState};
use crate::store::family;
use crate::visit::Fields;

/// `GET` and `POST /oidc/userinfo`
pub(crate) async fn userinfo(State(sso): State<Arc<Sso>>, request: Request) -> Response {
    answered(&sso, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answered(sso: &Sso, request: Request) -> Result<Response, OAuthError> {
    let (parts, fields) = read(request).await?;
    let presented = access_token::verify(sso, &parts, &fields, Resource::UserInfo).await?;
    presented.need(OPENID)?;
    let nobody = || {
        OAuthError::new("invalid_token", "the access token is of no person who is here")
            .challenged(Challenge::Bearer)
    };
    let granted = granted(sso, &presented).await?.ok_or_else(nobody)?;
    let account = granted.account.ok_or_else(nobody)?;
    let account = account::find(&sso.db, &sso.sealer, account).await?;
    let account = account.filter(|account| account.state == AccountState::Active).ok_or_else(nobody)?;
    let mut claims = released(&granted, &account, Into::Userinfo);
    claims.insert("sub".to_owned(), presented.subject.into());
    Ok(answer(StatusCode::OK, &Value::Object(claims)))
}

/// The form of a POST; a POST without one has its token in the header.
async fn read(request: Request) -> Result<(Parts, Fields), OAuthError> {
    let has_form = request.headers().contains_key(axum::http::header::CONTENT_TYPE);
    if request.method() == Method::POST && has_form {
        return form::read(request).await;
    }
    let (parts, _) = request.into_parts();
    Ok((parts, Fields::default()))
}

/// What was granted, narrowed to the scopes of this token: one that was asked for with fewer shows less.
async fn granted(sso: &Sso, presented: &Presented) -> Result<Option<Granted>, OAuthError> {
    let Some(family) = presented.family else { return Ok(None) };
    let Some(standing) = family::find(&sso.db, family, sso.now()).await? else { return Ok(None) };
    let mut granted = standing.family.granted;
    granted.scopes.retain(|scope| presented.scopes.contains(scope));
    Ok(Some(granted))
}
