//! The life of the daemon: listen, tell systemd, wait for a signal, drain, end.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{ConnectInfo, Request};
use axum::middleware;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use sd_notify::NotifyState;
use sso::oidc::backchannel::HttpsTeller;
use sso::visit::ClientAddress;
use switch_core::attempt::AttemptState;
use switch_engine::Engine;
use switch_store::Superseded;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::api::{self, Api, Callers, TraceIds};
use crate::audit_log::Kept;
use crate::logs::LogLevel;
use crate::metrics::Metrics;
use crate::ops::{self, Ops};
use crate::settings::Loaded;
use crate::spool::Spool;
use crate::wiring::{self, Parts, Port, StartError};
use crate::{identity, tls, watchdog};

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// A connection that does not send its headers is not waited for.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// How often the store is asked whether the storage failed.
const STORAGE_LOOK: Duration = Duration::from_millis(200);
/// In-doubt payments listed one by one at a start.
const LISTED_MAX: usize = 100;

/// How the daemon ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As asked.
    Drained,
    /// The storage failed: what is in memory cannot be trusted any more.
    StorageFailed,
    /// Another process has taken this node's number: nothing may be written any more.
    Superseded(Superseded),
}

/// A running daemon.
pub(crate) struct Service {
    /// The switch.
    pub(crate) engine: Arc<Engine>,
    ports: Vec<Arc<Port>>,
    loaded: Loaded,
    level: LogLevel,
    tls: Option<RustlsConfig>,
    handle: Handle<SocketAddr>,
    api_task: JoinHandle<std::io::Result<()>>,
    ops_state: Arc<Ops>,
    kept: Kept,
    stop: CancellationToken,
}

impl Service {
    /// Starts everything; requests are answered when it returns.
    ///
    /// # Errors
    /// [`StartError`].
    pub(crate) async fn start(loaded: Loaded, level: LogLevel, migrate: bool) -> Result<Self, StartError> {
        let tls = tls::config(&loaded)?;
        // Taken first: a port in use is said before anything is recovered.
        let http = listen(loaded.settings.http.listen)?;
        let ops_listener = listen(loaded.settings.ops.listen)?;
        let addresses = (local(&http)?, local(&ops_listener)?);
        let Parts { engine, recovered, ports, links, catalogue, kept, sealed, sso } =
            wiring::assemble(&loaded, migrate).await?;
        log_recovered(&engine, &recovered);

        let metrics = Metrics::new().map_err(|error| StartError::Machine(error.to_string()))?;
        let metrics = Arc::new(metrics);
        let api = Arc::new(Api {
            engine: Arc::clone(&engine),
            callers: Callers::new(Arc::clone(&sso), loaded.settings.http.rate_per_second),
            catalogue,
            metrics: Arc::clone(&metrics),
            body_max_bytes: loaded.settings.http.body_max_bytes,
            takes_cards: loaded.settings.pan_mode == "vault",
            traces: TraceIds::new(u64::from_be_bytes(wiring::random()?)),
        });
        let handle = Handle::new();
        let api_task = serve_api(http, api::router(api, &sso), tls.clone(), handle.clone());
        let draining = AtomicBool::new(false);
        let ops_state = Arc::new(Ops { engine: Arc::clone(&engine), metrics, links, sealed, draining });
        let stop = CancellationToken::new();
        let spool = loaded.path(&loaded.settings.sso.spool);
        let spool = Spool::open(spool.clone())
            .map_err(|error| StartError::Machine(format!("sso.spool, {}: {error}", spool.display())))?;
        let teller = HttpsTeller::new().map_err(|error| StartError::Machine(error.to_string()))?;
        identity::start(&sso, spool, teller, &stop);
        let stopped = stop.clone();
        let ops_router = ops::router(Arc::clone(&ops_state));
        tokio::spawn(async move {
            let served =
                axum::serve(ops_listener, ops_router).with_graceful_shutdown(stopped.cancelled_owned());
            if let Err(error) = served.await {
                tracing::error!(%error, "the operators' listener ended");
            }
        });
        watchdog::start(&engine, &stop);
        let (http, ops) = addresses;
        for port in &ports {
            tracing::info!(port = port.id(), address = %port.address(), "listening");
        }
        tracing::info!(%http, %ops, tls = tls.is_some(), version = env!("CARGO_PKG_VERSION"), "ready");
        Ok(Self { engine, ports, loaded, level, tls, handle, api_task, ops_state, kept, stop })
    }

    /// Runs until it is told to stop, then drains.
    ///
    /// # Errors
    /// [`StartError::Machine`] when signals cannot be received.
    pub(crate) async fn run(mut self) -> Result<Ended, StartError> {
        let receive = |kind| signal(kind).map_err(|error| StartError::Machine(format!("signals: {error}")));
        let (mut terminate, mut interrupt) =
            (receive(SignalKind::terminate())?, receive(SignalKind::interrupt())?);
        let mut hangup = receive(SignalKind::hangup())?;
        tell_systemd(&[NotifyState::Ready]);
        let mut look = tokio::time::interval(STORAGE_LOOK);
        let engine = Arc::clone(&self.engine);
        let mut superseded = pin!(engine.db().superseded());
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hangup.recv() => self.reload(),
                lost = &mut superseded => {
                    tracing::error!("{lost}: this process ends and writes nothing more");
                    return Ok(Ended::Superseded(lost));
                }
                _ = look.tick() => {
                    if self.engine.db().health().has_failed() {
                        return Ok(Ended::StorageFailed);
                    }
                }
            }
        }
        self.drain().await;
        Ok(Ended::Drained)
    }

    /// SIGHUP: certificates and log level. Everything else needs a restart, and says so.
    fn reload(&mut self) {
        match Loaded::read(self.loaded.file()) {
            Ok(fresh) => {
                self.level.set(&fresh.settings.log.level);
                let reloaded = self.tls.as_ref().map_or(Ok(()), |tls| tls::reload(tls, &fresh));
                match reloaded {
                    Ok(()) => tracing::info!("certificates and log level were read again"),
                    Err(error) => tracing::error!(%error, "the certificate in use stays"),
                }
            }
            Err(error) => tracing::error!(%error, "the settings in use stay"),
        }
    }

    async fn drain(self) {
        tracing::info!("draining");
        tell_systemd(&[NotifyState::Stopping]);
        self.ops_state.draining.store(true, Ordering::Release);
        let limit = Duration::from_millis(self.loaded.settings.shutdown.drain_ms);
        let orderly = async {
            self.handle.graceful_shutdown(Some(limit));
            for port in &self.ports {
                port.stop().await;
            }
            // Its connections end with it; how they ended tells nothing.
            let _ended = self.api_task.await;
            self.engine.drain().await;
            self.kept.stop().await;
            self.engine.db().close().await;
        };
        match tokio::time::timeout(limit, orderly).await {
            Ok(()) => tracing::info!("drained"),
            Err(_) => tracing::warn!("not everything ended in time; it is recovered at the next start"),
        }
        self.stop.cancel();
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    let taken = |error: std::io::Error| {
        let advice = match error.kind() {
            std::io::ErrorKind::AddrInUse => "; another program has it, or another switch runs",
            _ => "",
        };
        StartError::Machine(format!("cannot listen on {address}: {error}{advice}"))
    };
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.map_err(taken)?;
    socket.set_reuseaddr(true).map_err(taken)?;
    socket.bind(address).map_err(taken)?;
    socket.listen(BACKLOG).map_err(taken)
}

fn local(listener: &TcpListener) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|error| StartError::Machine(error.to_string()))
}

fn serve_api(
    listener: TcpListener,
    router: axum::Router,
    tls: Option<RustlsConfig>,
    handle: Handle<SocketAddr>,
) -> JoinHandle<std::io::Result<()>> {
    let mut server = axum_server::Server::<SocketAddr>::from_listener(listener).handle(handle).http1_only();
    server
        .http_builder()
        .http1()
        .timer(hyper_util::rt::TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    let router = router.layer(middleware::map_request(with_address));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    match tls {
        Some(config) => {
            let acceptor = RustlsAcceptor::new(config).acceptor(NoDelayAcceptor::new());
            tokio::spawn(server.acceptor(acceptor).serve(service))
        }
        None => tokio::spawn(server.acceptor(NoDelayAcceptor::new()).serve(service)),
    }
}

/// Where a request comes from: the other end of the connection, never a header.
async fn with_address(ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request) -> Request {
    request.extensions_mut().insert(ClientAddress(peer.ip()));
    request
}

/// The list of what a former life left open, one line each up to a limit, and its sum.
fn log_recovered(engine: &Engine, recovered: &switch_engine::reverse::Recovered) {
    for work in recovered.open.iter().take(LISTED_MAX) {
        let refs = &work.attempt.refs;
        tracing::warn!(
            payment = engine.public_ids().show("pay", refs.payment.0),
            connector = &*work.attempt.connector,
            rrn = refs.rrn().as_str(),
            amount = %refs.amount,
            since = %refs.sent_at,
            state = word(&work.attempt.state),
            "open since before this start"
        );
    }
    if !recovered.open.is_empty() {
        let (open, put_in_doubt) = (recovered.open.len(), recovered.put_in_doubt);
        tracing::warn!(open, put_in_doubt, "payments of a former life are being found out or taken back");
    }
}

fn word(state: &AttemptState) -> &'static str {
    match state {
        AttemptState::Sending => "sending",
        AttemptState::InDoubt(_) => "in doubt",
        AttemptState::Reversing { .. } => "reversing",
        AttemptState::Review { .. } => "in review",
        AttemptState::Approved(_)
        | AttemptState::Declined(_)
        | AttemptState::Reversed { .. }
        | AttemptState::NotSent => "ended",
    }
}

/// Without systemd there is nobody to tell.
pub(crate) fn tell_systemd(what: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(what) {
        tracing::warn!(%error, "systemd could not be told");
    }
}
