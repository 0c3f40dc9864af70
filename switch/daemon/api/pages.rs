//! Pages for people: what this is, the API's description, and what each problem means. They work
//! without the Internet and under a policy that lets nothing else run.

use std::fmt::Write;
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::query::PathId;
use super::{Answered, Api, openapi};
use crate::problem::{Code, Language, Problem};

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// The routes of the pages.
pub(super) fn routes() -> Router<Arc<Api>> {
    // The description is the same for the life of the process.
    let description: Arc<str> = openapi().into();
    Router::new()
        .route("/", get(async || asset("text/html; charset=utf-8", include_str!("../pages/home.html"))))
        .route("/docs", get(async || asset("text/html; charset=utf-8", include_str!("../pages/docs.html"))))
        .route(
            "/docs/docs.js",
            get(async || asset("text/javascript; charset=utf-8", include_str!("../pages/docs.js"))),
        )
        .route(
            "/docs/page.css",
            get(async || asset("text/css; charset=utf-8", include_str!("../pages/page.css"))),
        )
        .route("/v1/openapi.json", get(async move || asset("application/json", description.to_string())))
        .route("/problems", get(async |headers: HeaderMap| problems(Language::accepted(&headers), Code::ALL)))
        .route("/problems/{code}", get(problem))
}

async fn problem(PathId(slug): PathId, headers: HeaderMap) -> Answered {
    let code =
        Code::ALL.iter().find(|code| code.slug() == slug).ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(problems(Language::accepted(&headers), std::slice::from_ref(code)))
}

fn asset(content_type: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let mut response = body.into().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Both languages stand on the page; the caller's comes first.
fn problems(first: Language, codes: &[Code]) -> Response {
    let second = if first == Language::Ar { Language::En } else { Language::Ar };
    let direction = if first == Language::Ar { "rtl" } else { "ltr" };
    let mut rows = String::new();
    for code in codes {
        let _ = write!(
            rows,
            "<section id=\"{0}\"><h2><code>{0}</code> <small>{1}</small></h2>",
            code.slug(),
            code.status()
        );
        for language in [first, second] {
            let side = if language == Language::Ar { "rtl" } else { "ltr" };
            let (tag, title, detail) = (language.tag(), code.title(language), code.detail(language));
            let _ = write!(rows, "<p lang=\"{tag}\" dir=\"{side}\"><b>{title}.</b> {detail}</p>");
        }
        rows.push_str("</section>");
    }
    let page = format!(
        "<!doctype html><html lang=\"{}\" dir=\"{direction}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>مشكلات · Problems</title>\
         <link rel=\"stylesheet\" href=\"/docs/page.css\"></head><body><main>\
         <h1>مشكلات · Problems</h1>{rows}<p><a href=\"/problems\">/problems</a> · <a href=\"/docs\">/docs</a></p>\
         </main></body></html>",
        first.tag()
    );
    let mut response = asset("text/html; charset=utf-8", page);
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept-Language"));
    response
}
