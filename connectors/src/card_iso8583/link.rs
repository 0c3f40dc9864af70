//! The multiplexer over the connection with a card host: what the callers and the connection's task share.
//!
//! Callers append their frame under a short lock and wait in [`Pending`]; the task (`session.rs`) writes what is queued
//! in one call and hands each answer to whoever has its key. What was not handed to the socket is *not sent*; what was
//! is *unknown* until answered. An answer nobody waits for is evidence, never somebody else's answer.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::BytesMut;
use codecs::iso8583::Draft;
use futures_util::task::AtomicWaker;
use switch_core::clock::Clock;
use switch_core::connector::{Cause, Evidence, SendError};
use tokio::sync::watch;
use tokio::time::Instant;

use super::pending::{Asked, Ending, Pending, Ticket};
use super::settings::CardSettings;
use crate::transport::counters::Counters;
use crate::transport::iso8583::{MatchKey, Wire};
use crate::transport::tcp_link::{Outgoing, Wake};

/// Room for one message before it is framed.
pub(super) const MESSAGE_BYTES: usize = 512;

/// Bytes queued that the socket has not taken. With more, the host does not read and nothing new is taken on.
const BACKLOG_MAX: usize = 1024 * 1024;

/// Everything the connection's task and the callers share.
pub(crate) struct Link {
    pub(crate) settings: CardSettings,
    pub(crate) counters: Arc<Counters>,
    pub(super) wire: Wire,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) evidence: Arc<dyn Evidence>,
    shared: Mutex<Shared>,
    task: AtomicWaker,
    pub(super) closing: watch::Sender<bool>,
    pub(super) ended: watch::Sender<bool>,
    /// Field 11 of network management; money messages bring their own.
    pub(super) stan: AtomicU32,
    /// Field 15 as `MMDD`; 0 until the host names one.
    pub(super) business_date: AtomicU32,
}

pub(super) struct Shared {
    pub(super) phase: Phase,
    pub(super) out: BytesMut,
    /// Bytes queued on this connection, ever.
    pub(super) queued: u64,
    /// Bytes the task has taken and the socket has not.
    pub(super) backlog: usize,
    pub(super) pending: Pending,
    /// The task should look at `phase` and `pending`.
    attention: bool,
}

/// Where the session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Down,
    SigningOn,
    Up,
    /// No new requests; those in flight may end.
    Draining,
    SigningOff,
}

impl Link {
    pub(crate) fn new(settings: CardSettings, clock: Arc<dyn Clock>, evidence: Arc<dyn Evidence>) -> Self {
        Self {
            wire: Wire { dialect: settings.dialect.clone(), mac: settings.mac.clone() },
            settings,
            counters: Arc::default(),
            clock,
            evidence,
            shared: Mutex::new(Shared {
                phase: Phase::Down,
                out: BytesMut::new(),
                queued: 0,
                backlog: 0,
                pending: Pending::default(),
                attention: false,
            }),
            task: AtomicWaker::new(),
            closing: watch::Sender::new(false),
            ended: watch::Sender::new(false),
            stan: AtomicU32::new(0),
            business_date: AtomicU32::new(0),
        }
    }

    /// Field 15, once the host has named a business date.
    pub(crate) fn business_date(&self) -> Option<u16> {
        u16::try_from(self.business_date.load(Ordering::Relaxed)).ok().filter(|date| *date > 0)
    }

    pub(crate) fn is_up(&self) -> bool {
        self.counters.up.get()
    }

    /// Queues a request; the future of its answer.
    ///
    /// # Errors
    /// `NotSent` when the frame was not queued. The future says it when the link went down before the socket took
    /// the frame's first byte.
    pub(crate) fn begin(
        &self,
        draft: Result<Draft<'_>, Cause>,
        asked: Asked,
    ) -> Result<Answering<'_>, SendError> {
        match draft.map_err(SendError::NotSent).and_then(|draft| self.enqueue(&draft, asked)) {
            Ok(ticket) => Ok(Answering { link: self, ticket, done: false }),
            Err(refused) => {
                self.counters.not_sent.add();
                Err(refused)
            }
        }
    }

    fn enqueue(&self, draft: &Draft<'_>, asked: Asked) -> Result<Ticket, SendError> {
        let unbuildable = |why: String| SendError::NotSent(Cause::Unbuildable(why));
        let mut payload = Vec::with_capacity(MESSAGE_BYTES);
        self.wire.write(draft, &mut payload).map_err(|error| unbuildable(error.to_string()))?;
        let message = self.wire.read(&payload).map_err(|error| unbuildable(error.to_string()))?;
        let key = MatchKey::of(&message, &self.settings.link.match_key);
        let deadline = Instant::now() + self.settings.link.response_timeout;

        let mut shared = self.shared();
        if shared.phase != Phase::Up {
            return Err(SendError::NotSent(Cause::LinkDown));
        }
        let full = shared.pending.len() >= self.settings.link.in_flight_max;
        if full || shared.backlog + shared.out.len() > BACKLOG_MAX {
            return Err(SendError::NotSent(Cause::LinkFull));
        }
        let offset = shared.queued;
        let ticket =
            shared.pending.insert(key, asked, offset, deadline).ok_or(SendError::NotSent(Cause::LinkFull))?;
        if let Err(error) = self.append(&mut shared, &payload) {
            shared.pending.release(ticket);
            return Err(unbuildable(error.to_string()));
        }
        self.counters.in_flight.set(shared.pending.len() as u64);
        drop(shared);
        self.task.wake();
        Ok(ticket)
    }

    /// Puts one frame behind what is queued.
    pub(super) fn append(&self, shared: &mut Shared, payload: &[u8]) -> Result<(), codecs::FrameError> {
        let before = shared.out.len();
        self.settings.link.framing.encode(payload, self.settings.link.tpdu, &mut shared.out)?;
        shared.queued += (shared.out.len() - before) as u64;
        self.counters.messages_out.add();
        Ok(())
    }

    /// Signs off after the requests in flight and ends the task.
    pub(crate) async fn close(&self) {
        self.closing.send_replace(true);
        self.shared().attention = true;
        self.task.wake();
        let mut ended = self.ended.subscribe();
        let longest = self.settings.link.response_timeout * 2 + self.settings.link.connect_timeout;
        if tokio::time::timeout(longest, ended.wait_for(|ended| *ended)).await.is_err() {
            tracing::warn!(connector = self.id(), "the link did not close in time");
        }
    }

    pub(super) fn enter(&self, shared: &mut Shared, phase: Phase) {
        shared.phase = phase;
        self.counters.up.set(phase == Phase::Up);
    }

    /// A message that is not believed: counted, and an alarm at the 1st, 2nd, 4th, 8th ... so that a flood of
    /// forged answers is not a flood of alarms.
    pub(super) fn distrust(&self, what: &str) {
        self.counters.untrusted.add();
        if self.counters.untrusted.get().is_power_of_two() {
            self.evidence.alarm(self.id(), what);
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.settings.profile.id
    }

    pub(super) fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outgoing for Link {
    fn register(&self, waker: &Waker) {
        self.task.register(waker);
    }

    fn take(&self, into: &mut BytesMut) -> Wake {
        let mut shared = self.shared();
        if into.is_empty() {
            std::mem::swap(into, &mut shared.out);
        } else {
            into.extend_from_slice(&shared.out);
            shared.out.clear();
        }
        shared.backlog = into.len();
        if std::mem::take(&mut shared.attention) {
            return Wake::Now;
        }
        shared.pending.next_deadline().map_or(Wake::Never, Wake::At)
    }
}

/// A caller that waits; dropping it gives the request up, and its answer becomes evidence.
pub(crate) struct Answering<'l> {
    link: &'l Link,
    ticket: Ticket,
    done: bool,
}

impl Future for Answering<'_> {
    type Output = Ending;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ending> {
        let ending = self.link.shared().pending.poll(self.ticket, cx.waker());
        self.done = ending.is_ready();
        ending
    }
}

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let mut shared = self.link.shared();
        shared.pending.release(self.ticket);
        if shared.phase == Phase::Draining {
            shared.attention = true;
            drop(shared);
            self.link.task.wake();
        }
    }
}
