//! The pages nobody hopes to see: a form that is too old, a page that is not there, a fault of ours.
//! Each says what happened to what was typed, and what to do now.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use look::{Frame, Page};

use crate::Sso;
use crate::fault::Fault;
use crate::visit::Visit;

/// A page of trouble.
#[derive(Template)]
#[template(path = "trouble.html")]
pub struct Trouble {
    frame: Frame,
    /// The key of the sentence that says what to do.
    advice: &'static str,
    /// Where to go on.
    onward: String,
}

impl Page for Trouble {
    const NAME: &'static str = "trouble";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        KINDS
            .into_iter()
            .map(|(case, title, advice)| {
                (case, Self { frame: frame.clone().titled(title), advice, onward: "/".into() })
            })
            .collect()
    }
}

const KINDS: [(&str, &str, &str); 5] = [
    ("old-form", "trouble-old-form", "trouble-old-form-advice"),
    ("not-found", "trouble-not-found", "trouble-not-found-advice"),
    ("not-allowed", "trouble-not-allowed", "trouble-not-allowed-advice"),
    ("too-many", "trouble-too-many", "trouble-too-many-advice"),
    ("fault", "trouble-fault", "trouble-fault-advice"),
];

fn tell(visit: &Visit, status: StatusCode, case: &str, onward: &str) -> Response {
    let (_, title, advice) = KINDS.into_iter().find(|kind| kind.0 == case).unwrap_or(KINDS[4]);
    let frame = visit.frame(title);
    visit.page(status, &Trouble { frame: frame.clone(), advice, onward: onward.to_owned() }, &frame)
}

/// The form is from another site or another sign-in: 403, and the page to begin again.
#[must_use]
pub fn form_is_old(visit: &Visit) -> Response {
    tell(visit, StatusCode::FORBIDDEN, "old-form", visit.uri.path())
}

/// 404, also for what is somebody else's.
#[must_use]
pub fn not_found(visit: &Visit) -> Response {
    tell(visit, StatusCode::NOT_FOUND, "not-found", "/")
}

/// 403: the role is missing.
#[must_use]
pub fn not_allowed(visit: &Visit) -> Response {
    tell(visit, StatusCode::FORBIDDEN, "not-allowed", "/account")
}

/// 429.
#[must_use]
pub fn too_many(visit: &Visit) -> Response {
    tell(visit, StatusCode::TOO_MANY_REQUESTS, "too-many", visit.uri.path())
}

/// What the innermost layer leaves for [`tell_faults`].
#[derive(Clone)]
struct Untold(StatusCode);

/// Logged here, once; told by [`tell_faults`] in the visitor's language.
impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        tracing::error!(fault = %self, "a page failed");
        let status = match self {
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Seal(_) | Self::Key(_) | Self::Corrupt(_) | Self::Internal(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(Untold(status));
        response
    }
}

/// Makes a page of a fault, where one can still be made.
pub async fn tell_faults(State(sso): State<Arc<Sso>>, request: Request, next: Next) -> Response {
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let response = next.run(request).await;
    let Some(Untold(status)) = response.extensions().get::<Untold>().cloned() else { return response };
    // Without the cookie of a session: its row may be what cannot be read.
    let mut again = Request::new(());
    *again.uri_mut() = uri;
    *again.headers_mut() = headers;
    again.headers_mut().remove(axum::http::header::COOKIE);
    let (mut parts, ()) = again.into_parts();
    match Visit::from_request_parts(&mut parts, &sso).await {
        Ok(visit) => tell(&visit, status, "fault", visit.uri.path()),
        Err(_) => status.into_response(),
    }
}

/// The address of nothing.
pub async fn nothing_here(visit: Visit) -> Response {
    not_found(&visit)
}
