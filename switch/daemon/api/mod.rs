//! The HTTP API: extract, authorise, ask the engine, answer. No decision is made here.
//!
//! Every route is registered together with its OpenAPI description. Refusals are [`Problem`]s, put
//! into the caller's language by the outermost layer, which also turns a panic into one.

mod answer;
mod auth;
mod bills;
mod body;
mod cards;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod key;
mod methods;
mod money;
mod pages;
mod payments;
mod query;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use futures_util::FutureExt;
use sso::Sso;
use sso::oidc::scope::Scope;
use switch_core::id::PublicIdError;
use switch_engine::Engine;
use switch_store::StoreError;
use utoipa::openapi::security::{
    ClientCredentials as ClientCredentialsFlow, Flow, OAuth2, Scopes, SecurityScheme,
};
use utoipa::{Modify, OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::catalogue::Catalogue;
use crate::metrics::Metrics;
use crate::problem::{Code, Flaw, Language, Problem};

pub(crate) use answer::{Answers, payment, status_word};
pub(crate) use auth::Callers;

/// What the handlers share.
pub(crate) struct Api {
    /// The switch.
    pub(crate) engine: Arc<Engine>,
    /// Who may call.
    pub(crate) callers: Callers,
    /// What may be billed.
    pub(crate) catalogue: Catalogue,
    /// Where answer times go.
    pub(crate) metrics: Arc<Metrics>,
    /// The largest body that is read.
    pub(crate) body_max_bytes: usize,
    /// Whether card numbers may come in.
    pub(crate) takes_cards: bool,
    /// Names for requests that go wrong.
    pub(crate) traces: TraceIds,
}

/// What a handler gives back.
type Answered = Result<Response, Problem>;

/// Makes the `trace_id` of requests whose caller brought none.
#[derive(Debug)]
pub(crate) struct TraceIds {
    process: u64,
    next: AtomicU64,
}

impl TraceIds {
    /// Names that begin with the number of this process.
    pub(crate) fn new(process: u64) -> Self {
        Self { process, next: AtomicU64::new(1) }
    }

    /// The trace of a W3C `traceparent`, or a new one.
    fn of(&self, parent: Option<&HeaderValue>) -> String {
        let brought = parent.and_then(|value| value.to_str().ok()?.split('-').nth(1));
        match brought.filter(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())) {
            Some(id) => id.to_ascii_lowercase(),
            None => format!("{:016x}{:016x}", self.process, self.next.fetch_add(1, Ordering::Relaxed)),
        }
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hukumati payment switch",
        description = "Bills of government services and their payment. Money is a string with exactly the decimals of its \
            currency; times are RFC 3339 in UTC; the business date is its own field. Refusals are problem documents \
            (RFC 9457) in Arabic or English.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(name = "Hukumati"),
    ),
    servers((url = "/", description = "this switch")),
    tags(
        (name = "bills", description = "What departments ask of payers"),
        (name = "payments", description = "What payers do about it"),
        (name = "cards", description = "Cards for one payment"),
    ),
    components(schemas(ProblemDto)),
    security(("client" = [])),
    modifiers(&ClientCredentials),
)]
struct Description;

struct ClientCredentials;

impl Modify for ClientCredentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let text = "An access token of /oidc/token (RFC 6749 section 4.4), for five minutes. A client that is held to \
                    FAPI 2.0 sends it with the scheme DPoP and a proof (RFC 9449), or over mutual TLS.";
        let flow = ClientCredentialsFlow::new(
            "/oidc/token",
            Scopes::from_iter(SCOPES.map(|(scope, what)| (scope.as_str(), what))),
        );
        let scheme = OAuth2::with_description([Flow::ClientCredentials(flow)], text);
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("client", SecurityScheme::OAuth2(scheme));
    }
}

/// The scopes of the API and what they allow.
pub(crate) const SCOPES: [(Scope, &str); 6] = [
    (Scope::BillsRead, "See bills of the client"),
    (Scope::BillsWrite, "Make and withdraw bills"),
    (Scope::PaymentsRead, "See payments of the client"),
    (Scope::PaymentsWrite, "Pay bills"),
    (Scope::CardsWrite, "Put cards into the vault"),
    (Scope::MethodsRead, "See how bills can be paid"),
];

/// A refusal (RFC 9457).
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "describes what problem.rs writes")]
struct ProblemDto {
    /// `/problems/` and the code: a page that explains it.
    r#type: String,
    /// What happened, in the caller's language.
    title: String,
    /// The HTTP status.
    status: u16,
    /// Stable; see docs/problems.md.
    #[schema(example = "bill-paid")]
    code: String,
    /// What to do, in the caller's language.
    detail: String,
    /// Names this refusal in the log.
    trace_id: String,
    /// What is wrong, field by field.
    #[schema(required = false)]
    errors: Vec<ProblemField>,
}

/// What is wrong with one field.
#[derive(ToSchema)]
#[schema(as = ProblemField)]
#[expect(dead_code, reason = "describes what problem.rs writes")]
struct ProblemField {
    /// JSON pointer into the body, or the name of a parameter or header.
    #[schema(example = "/amount/currency")]
    pointer: String,
    /// Stable; see docs/problems.md.
    #[schema(example = "unknown-currency")]
    code: String,
    /// In the caller's language.
    detail: String,
    /// Line and column, or a limit.
    note: Option<String>,
}

fn described() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(bills::create, bills::list))
        .routes(routes!(bills::get))
        .routes(routes!(bills::cancel))
        .routes(routes!(cards::create))
        .routes(routes!(payments::create, payments::list))
        .routes(routes!(payments::get))
        .routes(routes!(methods::list))
}

/// The OpenAPI document of the API.
pub(crate) fn openapi() -> String {
    let mut text = described().into_openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// The whole API with its pages, and behind them the pages and the protocol of identity.
pub(crate) fn router(api: Arc<Api>, sso: &Arc<Sso>) -> Router {
    let (routes, _) = described().split_for_parts();
    routes
        .merge(pages::routes())
        .route("/v1/{*nothing}", any(async || Problem::new(Code::NotFound)))
        .fallback_service(sso.router())
        .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed))
        .layer(middleware::from_fn_with_state(Arc::clone(&api), in_words))
        .with_state(api)
}

/// Puts problems into the caller's language, and makes one of a panic.
async fn in_words(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let language = request.headers().get(header::ACCEPT_LANGUAGE).cloned();
    let parent = request.headers().get("traceparent").cloned();
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response =
        answer.unwrap_or_else(|_| Problem::fault(Code::Internal, "a handler panicked").into_response());
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let trace_id = api.traces.of(parent.as_ref());
    if let Some(cause) = problem.cause() {
        tracing::error!(trace_id, code = problem.code().slug(), cause, "a request failed");
    }
    let mut headers = HeaderMap::new();
    headers.extend(language.map(|value| (header::ACCEPT_LANGUAGE, value)));
    let mut told = problem.in_words(Language::accepted(&headers), &trace_id);
    if let Some(allow) = response.headers_mut().remove(header::ALLOW) {
        told.headers_mut().insert(header::ALLOW, allow);
    }
    told
}

/// The store's own trouble: nothing is known to be written.
fn unavailable(error: StoreError) -> Problem {
    Problem::fault(Code::StoreUnavailable, error)
}

/// A JSON answer from text that is JSON.
fn json(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A JSON answer from a document of ours.
fn document(status: StatusCode, body: &impl serde::Serialize) -> Answered {
    let text = serde_json::to_string(body).map_err(|error| Problem::fault(Code::Internal, error))?;
    Ok(json(status, text))
}

/// The flaw of a text that is not an identifier.
fn id_flaw(error: PublicIdError) -> Flaw {
    match error {
        PublicIdError::Form => Flaw::NotAnId,
        PublicIdError::Check => Flaw::Mistyped,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_description_is_the_one_of_the_code() {
        crate::golden::check("docs/openapi.json", &super::openapi());
    }
}
