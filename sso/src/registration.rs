//! Registration at home: what people write about themselves, checked as far as paper can be, and the slip
//! they bring to a desk.
//!
//! Nothing here looks up an account or asks the registry: known and unknown people, registered ones and
//! strangers see the same pages after the same work. Who they are is found out by a worker ([`matching`])
//! and seen at the desk only.

mod answers;
pub mod matching;
pub mod pages;
mod reference;
mod show;
mod slip;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::Sso;

pub(crate) use answers::today;
pub(crate) use reference::shown as shown_reference;
pub(crate) use reference::{read as read_reference, read_code};
pub(crate) use slip::day;

pub(crate) fn routes() -> Router<Arc<Sso>> {
    Router::new()
        .route("/register", get(show::about).post(show::take_about))
        .route("/register/contact", get(show::contact).post(show::take_contact))
        .route("/register/check", get(show::check).post(show::send))
        .route("/register/slip", get(slip::show))
        .route("/register/status", get(status::ask).post(status::tell))
}
