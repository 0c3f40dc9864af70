//! The verification desk: where a clerk sees the person, the document and what the registry has, and says
//! yes or no.
//!
//! Nobody's data is shown without a reason that is written down first. Nobody handles an own application.
//! Where the registry does not agree, two people do: one proposes, another one confirms what was shown.

mod code;
mod decide;
mod file;
mod file_pages;
mod findings;
mod pages;
mod queue;
mod report;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use switch_core::clock::Timestamp;

use crate::Sso;
use crate::fault::Fault;
use crate::level::Loa;
use crate::session::SignedIn;
use crate::store::office::{self, Office};
use crate::store::role::Role;
use crate::trouble;
use crate::visit::Visit;

pub use file_pages::{FilePage, HandOverPage, RefusedPage};
pub use pages::{DeskPage, FindPage, OfficesPage};
pub use report::ReportPage;

pub(crate) use code::{LENGTH as ACTIVATION_CODE_LENGTH, code_index, read_activation_code};

pub(crate) fn routes() -> Router<Arc<Sso>> {
    Router::new()
        .route("/desk", get(queue::show))
        .route("/desk/find", get(queue::ask).post(queue::find))
        .route("/desk/application/{reference}", get(file::show))
        .route("/desk/application/{reference}/approve", post(decide::approve))
        .route("/desk/application/{reference}/refuse", post(decide::refuse))
        .route("/desk/application/{reference}/override", post(decide::propose))
        .route("/desk/application/{reference}/confirm", post(decide::confirm))
        .route("/desk/application/{reference}/code", post(code::again))
        .route("/desk/report", get(report::show))
}

/// The roles that see a desk.
const BOTH: [Role; 2] = [Role::Clerk, Role::DeskSupervisor];

/// Who is at the desk of an office, in one of some roles; else the way to sign in, or the page that says no.
fn at_desk<'v>(visit: &'v Visit, office: &str, roles: &[Role]) -> Result<&'v SignedIn, Box<Response>> {
    let known = visit.need(Loa::SecondFactor, Timestamp(0))?;
    // A desk is a place: a role held for everywhere still needs an office.
    let may = !office.is_empty() && roles.iter().any(|role| known.may(*role, office));
    if may { Ok(known) } else { Err(Box::new(trouble::not_allowed(visit))) }
}

/// The offices whose desk somebody may be at.
async fn offices_of(visit: &Visit, known: &SignedIn) -> Result<Vec<Office>, Fault> {
    let all = office::all(&visit.sso.db).await?;
    Ok(all.into_iter().filter(|o| BOTH.iter().any(|role| known.may(*role, &o.code))).collect())
}
