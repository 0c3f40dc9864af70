//! Points of sale over ISO 8583, with us as their host.
//!
//! Terminals sign on, ask for a bill, pay it in cash against their agent's float, repeat and reverse. `messages.rs`
//! says what is read and written, `response_codes.rs` what a refusal is called, `connection.rs` serves one
//! connection, `sandbox.rs` is a terminal. What is paid is decided by the [`CashDesk`]; nothing is remembered here.

mod connection;
pub(crate) mod messages;
pub mod response_codes;
pub mod sandbox;
pub mod settings;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use codecs::iso8583::Draft;
use switch_core::agent::CashDesk;
use switch_core::clock::Clock;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use settings::PosSettings;

use crate::StartError;
use crate::transport::counters::Counters;
use crate::transport::iso8583::{Wire, mti};

/// An open port for terminals. Dropping it stops listening; [`PosHost::stop`] drains first.
pub struct PosHost {
    desk: Arc<Desk>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What all connections of one port share.
struct Desk {
    settings: PosSettings,
    wire: Wire,
    /// Length of a message type on the wire, and a whole message without fields.
    blank: (usize, Vec<u8>),
    clock: Arc<dyn Clock>,
    cash: Arc<dyn CashDesk>,
    counters: Counters,
    /// Open connections by address.
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// Opens the port of a settings file: the registry's constructor.
pub(crate) fn start(
    settings: &str,
    clock: Arc<dyn Clock>,
    desk: Arc<dyn CashDesk>,
) -> Result<PosHost, StartError> {
    let settings = PosSettings::from_toml(settings)?;
    let listen = settings.listen.clone();
    PosHost::start(settings, clock, desk).map_err(|error| StartError::Listen { listen, error })
}

impl PosHost {
    /// Opens the port and serves in the background of the current tokio runtime.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn start(settings: PosSettings, clock: Arc<dyn Clock>, desk: Arc<dyn CashDesk>) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(&settings.listen)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk::new(settings, clock, desk)?);
        let stop = watch::Sender::new(false);
        desk.counters.up.set(true);
        let task = tokio::spawn(accept(Arc::clone(&desk), listener, stop.subscribe()));
        Ok(Self { desk, address, stop, task: Mutex::new(Some(task)) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Short name, from the settings.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.desk.settings.id
    }

    /// What it has done.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.desk.counters
    }

    /// Stops listening, lets requests at work end and their answers leave, and closes.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            // Ends after its connections; its outcome tells nothing.
            let _ended = task.await;
        }
        self.desk.counters.up.set(false);
    }
}

impl Desk {
    fn new(settings: PosSettings, clock: Arc<dyn Clock>, cash: Arc<dyn CashDesk>) -> io::Result<Self> {
        let wire = Wire { dialect: settings.dialect.clone(), mac: settings.mac.clone() };
        let mut blank = Vec::new();
        Draft::new(mti([settings.dialect.mti_version(), 8, 0, 0]))
            .encode(&settings.dialect, &mut blank)
            .map_err(io::Error::other)?;
        // A bitmap takes 8 bytes, or 16 characters; before it stands the type in 2 or 4.
        let type_len = if blank.len() > 16 { blank.len() - 16 } else { blank.len() - 8 };
        Ok(Self {
            settings,
            wire,
            blank: (type_len, blank),
            clock,
            cash,
            counters: Counters::default(),
            open: Mutex::default(),
        })
    }

    /// A place for one more connection from `from`, unless a limit is reached.
    fn admit(self: &Arc<Self>, from: IpAddr) -> Option<Admission> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = open.values().sum();
        let here = open.entry(from).or_default();
        if total >= self.settings.connections_max || *here >= self.settings.connections_per_address_max {
            self.counters.refused.add();
            return None;
        }
        *here += 1;
        self.counters.connections.set(total as u64 + 1);
        Some(Admission { desk: Arc::clone(self), from })
    }
}

/// One open connection; counted until it is dropped.
struct Admission {
    desk: Arc<Desk>,
    from: IpAddr,
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut open = self.desk.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = open.get_mut(&self.from) {
            *here -= 1;
            if *here == 0 {
                open.remove(&self.from);
            }
        }
        let total: usize = open.values().sum();
        self.desk.counters.connections.set(total as u64);
    }
}

async fn accept(desk: Arc<Desk>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let stopping = stop.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
            _ = connections.join_next(), if !connections.is_empty() => continue,
        };
        match accepted {
            Ok((stream, from)) => {
                if let Some(admission) = desk.admit(from.ip()) {
                    connections.spawn(serve(admission, stream, stopping.clone()));
                }
            }
            Err(error) => {
                // Out of descriptors: refused connections must not spin the loop.
                tracing::warn!(connector = desk.settings.id, %error, "a connection cannot be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(desk.settings.desk_deadline, drained).await.is_err() {
        tracing::warn!(connector = desk.settings.id, "requests were still at work when the port was closed");
    }
}

async fn serve(admission: Admission, stream: TcpStream, stop: watch::Receiver<bool>) {
    if stream.set_nodelay(true).is_ok() {
        connection::serve(&admission.desk, stream, stop).await;
    }
}
