//! The listener for operators: alive, ready, metrics. It has no password and no TLS, and listens on
//! this machine unless the settings say otherwise.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use switch_engine::Engine;

use crate::audit_log::Sealed;
use crate::metrics::{Backlog, Metrics};
use crate::wiring::Link;

/// A database that does not answer within this time is not ready.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// What the listener tells about.
pub(crate) struct Ops {
    /// The switch.
    pub(crate) engine: Arc<Engine>,
    /// Its metrics.
    pub(crate) metrics: Arc<Metrics>,
    /// Everyone it is connected to.
    pub(crate) links: Vec<Link>,
    /// When the audit log was sealed last.
    pub(crate) sealed: Sealed,
    /// Set when the process is on its way out.
    pub(crate) draining: AtomicBool,
}

/// The routes.
pub(crate) fn router(ops: Arc<Ops>) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(ops)
}

/// Whether the process should be let live: it should not when its storage has failed.
async fn livez(State(ops): State<Arc<Ops>>) -> Response {
    match ops.engine.db().health().has_failed() {
        false => "ok\n".into_response(),
        true => (StatusCode::INTERNAL_SERVER_ERROR, "storage failed\n").into_response(),
    }
}

/// Whether it should be sent payments. A counterparty that is away degrades it and does not end it.
async fn readyz(State(ops): State<Arc<Ops>>, uri: Uri) -> Response {
    let pending = tokio::time::timeout(
        ANSWER_TIMEOUT,
        switch_store::schema::pending(ops.engine.db(), sso::store::STEPS),
    )
    .await;
    let (database, migrations) = match pending {
        Ok(Ok(0)) => (true, true),
        Ok(Ok(_)) => (true, false),
        Ok(Err(_)) | Err(_) => (false, false),
    };
    let draining = ops.draining.load(Ordering::Acquire);
    let room = !ops.engine.db().health().is_full();
    let sealed = !ops.sealed.is_overdue(ops.engine.clock().now());
    let ready = database && migrations && room && sealed && !draining;
    let mut text = String::new();
    let mut line = |name: &str, good: bool, bad: &str| {
        let _ = writeln!(text, "{name}: {}", if good { "ok" } else { bad });
    };
    if uri.query().is_some_and(|query| query.split('&').any(|part| part.split('=').next() == Some("verbose")))
    {
        line("database", database, "failed");
        line("migrations", migrations, "pending");
        line("disk", room, "full");
        line("seals", sealed, "overdue");
        line("draining", !draining, "yes");
        for link in &ops.links {
            line(&format!("connector {}", link.id()), link.counters().up.get(), "degraded");
        }
    }
    line("ready", ready, "no");
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, text).into_response()
}

async fn metrics(State(ops): State<Arc<Ops>>) -> Response {
    let backlog = tokio::time::timeout(ANSWER_TIMEOUT, Backlog::read(&ops.engine)).await;
    let backlog = backlog.ok().and_then(Result::ok);
    let text = ops.metrics.render(&ops.engine, &ops.links, &ops.sealed, backlog.as_ref());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
