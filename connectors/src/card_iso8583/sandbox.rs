//! The card host itself, for tests, load and the demo: the same messages in the other direction, over real TCP,
//! with a book of its own and faults on demand. It is no part of production and holds test cards only.

mod book;
mod connection;
mod faults;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::BytesMut;
use codecs::Framing;
use codecs::frame::Tpdu;
use codecs::iso8583::{Draft, Mac, Profile as Dialect};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use book::{Book, Entry, State, Summary};
pub use faults::{Fault, FaultPlan, TEST_CARDS, TestCard};

use super::messages::{self, network};
use super::settings::CardSettings;
use crate::transport::counters::Counters;
use crate::transport::iso8583::Wire;
use connection::Mailbox;

/// How a twin is set up. [`HostSettings::twin_of`] fits it to a client's settings.
#[derive(Debug, Clone)]
pub struct HostSettings {
    /// Where it listens, such as `127.0.0.1:7583`; port 0 takes a free one.
    pub listen: String,
    /// How messages are written.
    pub dialect: Arc<Dialect>,
    /// How messages are authenticated.
    pub mac: Option<Mac>,
    /// How messages are told apart.
    pub framing: Framing,
    /// TPDU of what the host starts by itself, where the framing has one.
    pub tpdu: Option<Tpdu>,
    /// Where the book is written; `None` keeps it in memory only.
    pub book: Option<PathBuf>,
    /// Entries kept in memory; the summary counts all.
    pub entries_max: usize,
    /// Time between echo tests of its own; `None` for none.
    pub echo_interval: Option<Duration>,
    /// Field of an enquiry's answer with the code of the original.
    pub original_code_field: u8,
    /// What it does wrong from the start.
    pub faults: FaultPlan,
}

impl HostSettings {
    /// The other side of a link: same dialect, framing and key.
    #[must_use]
    pub fn twin_of(settings: &CardSettings, listen: &str) -> Self {
        Self {
            listen: listen.to_owned(),
            dialect: settings.dialect.clone(),
            mac: settings.mac.clone(),
            framing: settings.link.framing,
            tpdu: settings.link.tpdu,
            book: None,
            entries_max: 1_000_000,
            echo_interval: None,
            original_code_field: settings.enquiry.as_ref().map_or(44, |rules| rules.original_code_field),
            faults: FaultPlan::default(),
        }
    }
}

/// Everything the connections of one host share.
struct Host {
    wire: Wire,
    framing: Framing,
    tpdu: Option<Tpdu>,
    echo_interval: Option<Duration>,
    original_code_field: u8,
    book: Mutex<Book>,
    faults: Mutex<FaultPlan>,
    mailboxes: Mutex<Vec<Arc<Mailbox>>>,
    counters: Counters,
}

/// A running card host. Dropping it closes everything.
pub struct CardHost {
    host: Arc<Host>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl CardHost {
    /// Listens and serves in the background of the current tokio runtime.
    ///
    /// # Errors
    /// When it cannot listen, or cannot read or open its book.
    pub fn start(settings: HostSettings) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(&settings.listen)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let book = match &settings.book {
            Some(path) => Book::open(path, settings.entries_max)?,
            None => Book::in_memory(settings.entries_max),
        };
        let host = Arc::new(Host {
            wire: Wire { dialect: settings.dialect, mac: settings.mac },
            framing: settings.framing,
            tpdu: settings.tpdu,
            echo_interval: settings.echo_interval,
            original_code_field: settings.original_code_field,
            book: Mutex::new(book),
            faults: Mutex::new(settings.faults),
            mailboxes: Mutex::default(),
            counters: Counters::default(),
        });
        let stop = watch::Sender::new(false);
        let task = tokio::spawn(accept(Arc::clone(&host), listener, stop.subscribe()));
        Ok(Self { host, address, stop, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its book. Hold it shortly: the host waits.
    pub fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.host.book)
    }

    /// What it does wrong; change it at any time.
    pub fn faults(&self) -> MutexGuard<'_, FaultPlan> {
        lock(&self.host.faults)
    }

    /// What it has done.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.host.counters
    }

    /// Tells every connection of a new business date, `MMDD` (0800, field 70 = 201).
    pub fn cut_over(&self, business_date: u16) {
        self.tell(network::CUT_OVER, |draft| {
            draft.set_number(15, business_date.into());
        });
    }

    /// Sends every connection an echo test.
    pub fn echo(&self) {
        self.tell(network::ECHO, |_| {});
    }

    /// Signs every connection off.
    pub fn sign_off(&self) {
        self.tell(network::SIGN_OFF, |_| {});
    }

    /// Sends these bytes to every connection as they are.
    pub fn send_raw(&self, bytes: &[u8]) {
        lock(&self.host.mailboxes).iter().for_each(|mailbox| mailbox.put(bytes));
    }

    /// Closes every connection at once.
    pub fn disconnect(&self) {
        lock(&self.host.mailboxes).iter().for_each(|mailbox| mailbox.close());
    }

    /// Stops listening, closes every connection and ends.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // The task ends by itself; its outcome tells nothing.
        let _ended = self.task.await;
        if let Err(error) = lock(&self.host.book).flush() {
            tracing::error!(%error, "the sandbox book cannot be written");
        }
    }

    fn tell(&self, what: u16, fill: impl Fn(&mut Draft<'_>)) {
        let mut draft = messages::network_request(what, self.host.next_stan(), now());
        fill(&mut draft);
        let frame = self.host.frame(&draft);
        lock(&self.host.mailboxes).iter().for_each(|mailbox| mailbox.put(&frame));
    }
}

/// Serves until `shutdown`: the whole of a sandbox process.
///
/// # Errors
/// When it cannot listen, or cannot read or open its book.
pub async fn serve(settings: HostSettings, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let host = CardHost::start(settings)?;
    tracing::info!(address = %host.address(), "the sandbox card host listens");
    shutdown.await;
    host.stop().await;
    Ok(())
}

async fn accept(host: Arc<Host>, listener: TcpListener, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
            _ = connections.join_next(), if !connections.is_empty() => continue,
        };
        if let Ok((stream, _)) = accepted {
            let mailbox = Arc::new(Mailbox::default());
            lock(&host.mailboxes).push(Arc::clone(&mailbox));
            let host = Arc::clone(&host);
            connections.spawn(async move {
                connection::serve(&host, stream, &mailbox).await;
                lock(&host.mailboxes).retain(|other| !Arc::ptr_eq(other, &mailbox));
            });
        }
    }
    connections.shutdown().await;
    lock(&host.mailboxes).clear();
}

impl Host {
    /// A network management message of our own, framed.
    fn frame(&self, draft: &Draft<'_>) -> BytesMut {
        let (mut payload, mut frame) = (Vec::new(), BytesMut::new());
        let written = self.wire.write(draft, &mut payload).map_err(io::Error::other);
        let framed = written
            .and_then(|()| self.framing.encode(&payload, self.tpdu, &mut frame).map_err(io::Error::other));
        if let Err(error) = framed {
            tracing::error!(%error, "the sandbox cannot write a message");
        }
        frame
    }

    fn next_stan(&self) -> u32 {
        self.counters.messages_out.add();
        (self.counters.messages_out.get() % 999_999 + 1) as u32
    }
}

/// The sandbox is a peer: it has its own idea of the time.
#[expect(clippy::disallowed_methods, reason = "the twin is another party with its own clock")]
fn now() -> switch_core::clock::Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    switch_core::clock::Timestamp(i64::try_from(since.as_millis()).unwrap_or_default())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
