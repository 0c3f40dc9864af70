//! The OpenID Provider: what relying parties speak to.

pub mod arrival;
pub mod authorize;
pub mod backchannel;
pub mod claim_scope;
pub mod consent;
pub mod discovery;
pub mod error;
pub mod granted;
pub mod id_token;
pub mod keys;
pub mod logout;
pub mod person_claims;
pub mod redirect;
pub mod request;
pub mod requested_claims;
pub mod subject;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::Sso;

/// The routes of this room.
pub(crate) fn routes() -> Router<Arc<Sso>> {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::metadata))
        .route("/.well-known/oauth-authorization-server", get(discovery::metadata))
        .route("/oidc/jwks", get(discovery::jwks))
        .route(arrival::PATH, get(authorize::arrive).post(authorize::arrive_by_form))
        .route("/consent", get(consent::show).post(consent::answer))
        .route(logout::PATH, get(logout::arrive).post(logout::arrive_by_form))
        .route("/sign-out", post(logout::sign_out))
        .route("/signed-out", get(logout::signed_out))
}
