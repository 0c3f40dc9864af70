//! The OpenID Provider: what relying parties speak to.

pub mod access_token;
pub mod arrival;
pub mod authorize;
pub mod backchannel;
pub mod certificate;
pub mod claim_scope;
pub mod claims;
pub mod client_authentication;
pub mod consent;
pub mod device;
pub mod device_page;
pub mod discovery;
pub mod dpop;
pub mod error;
pub mod form;
pub mod granted;
pub mod id_token;
pub mod introspection;
pub mod keys;
pub mod logout;
pub mod person_claims;
pub mod pushed;
pub mod redirect;
pub mod refresh_token;
pub mod request;
pub mod requested_claims;
pub mod revocation;
pub mod scope;
pub mod subject;
pub mod token;
pub mod userinfo;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::Sso;

/// The routes of people and of what is public.
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

/// The routes of clients that are authenticated, and of their tokens.
pub(crate) fn token_routes() -> Router<Arc<Sso>> {
    Router::new()
        .route("/oidc/par", post(pushed::push))
        .route("/oidc/token", post(token::token))
        .route("/oidc/introspect", post(introspection::introspect))
        .route("/oidc/revoke", post(revocation::revoke))
        .route("/oidc/device", post(device::ask))
        .route("/oidc/userinfo", get(userinfo::userinfo).post(userinfo::userinfo))
        .route("/device", get(device_page::show).post(device_page::send))
}
