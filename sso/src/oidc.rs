//! The OpenID Provider: what relying parties speak to.

pub mod access_token;
pub mod certificate;
pub mod claims;
pub mod client_authentication;
pub mod device;
pub mod device_page;
pub mod dpop;
pub mod error;
pub mod form;
pub mod granted;
pub mod introspection;
pub mod keys;
pub mod refresh_token;
pub mod revocation;
pub mod scope;
pub mod subject;
pub mod token;

use std::sync::Arc;

use axum::routing::{get, post};

use crate::Sso;

/// The routes of clients that are authenticated.
pub(crate) fn token_routes() -> axum::Router<Arc<Sso>> {
    axum::Router::new()
        .route("/oidc/token", post(token::token))
        .route("/oidc/introspect", post(introspection::introspect))
        .route("/oidc/revoke", post(revocation::revoke))
        .route("/oidc/device", post(device::ask))
        .route("/device", get(device_page::show).post(device_page::send))
}
