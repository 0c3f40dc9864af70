//! One framed TCP connection, driven by one task: all that is queued leaves in one write, all that one read
//! brought is decoded before the next.
//!
//! The task owns the socket; other tasks append frames to a queue behind [`Outgoing`] and wake it. Nothing is
//! spawned, timed or allocated for a message here. Deadlines are the owner's: [`Outgoing::take`] says when to wake.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use codecs::frame::Tpdu;
use codecs::{Frame, FrameError, Framing};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// Bytes asked for in one read.
const READ_BYTES: usize = 32 * 1024;

/// With more than this waiting to be written, a host reads nothing more: a peer that does not take its answers
/// gets no new ones. A client goes on reading, because answers are what frees it.
const WRITE_HIGH_WATER: usize = 256 * 1024;

/// The queue in front of a connection.
pub(crate) trait Outgoing {
    /// Remembers whom to wake when something is queued or a deadline comes nearer.
    fn register(&self, waker: &Waker);
    /// Moves everything queued to the end of `into` and says when the owner wants to be woken.
    fn take(&self, into: &mut BytesMut) -> Wake;
}

/// When the owner of a connection wants its turn to end without bytes from the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Never: only bytes matter.
    Never,
    /// At this moment.
    At(Instant),
    /// Now: something else has happened.
    Now,
}

/// The queue of a connection that only its own task writes to.
pub(crate) struct NoQueue;

impl Outgoing for NoQueue {
    fn register(&self, _: &Waker) {}

    fn take(&self, _: &mut BytesMut) -> Wake {
        Wake::Never
    }
}

/// What ended a turn.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Bytes came: ask for frames.
    Read,
    /// The deadline passed, or the queue asks to be looked at.
    Woken,
    /// The peer closed.
    Closed,
}

/// One connection.
pub(crate) struct Connection<S> {
    io: S,
    framing: Framing,
    read: BytesMut,
    write: BytesMut,
    handed: u64,
    unflushed: bool,
    timer: Pin<Box<Sleep>>,
    partial_since: Option<Instant>,
    reading: bool,
    write_high_water: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// The connection of a client. Must be made inside the runtime.
    pub(crate) fn of_client(io: S, framing: Framing) -> Self {
        Self { write_high_water: usize::MAX, ..Self::of_host(io, framing) }
    }

    /// The connection of a host. Must be made inside the runtime.
    pub(crate) fn of_host(io: S, framing: Framing) -> Self {
        Self {
            io,
            framing,
            read: BytesMut::new(),
            write: BytesMut::new(),
            handed: 0,
            unflushed: false,
            timer: Box::pin(tokio::time::sleep(Duration::from_secs(3600))),
            partial_since: None,
            reading: true,
            write_high_water: WRITE_HIGH_WATER,
        }
    }

    /// Bytes the socket has taken. A frame that starts at or after this offset has provably not left.
    pub(crate) fn handed(&self) -> u64 {
        self.handed
    }

    /// Since when the beginning of a frame waits for its rest.
    pub(crate) fn partial_since(&self) -> Option<Instant> {
        self.partial_since
    }

    /// Whether turns read: a host that has enough to do leaves the rest with its peer.
    pub(crate) fn set_reading(&mut self, reading: bool) {
        self.reading = reading;
    }

    /// Appends one frame of our own task; it leaves with the next turn.
    pub(crate) fn queue(&mut self, payload: &[u8], tpdu: Option<Tpdu>) -> Result<(), FrameError> {
        self.framing.encode(payload, tpdu, &mut self.write)
    }

    /// Appends bytes as they are.
    pub(crate) fn queue_raw(&mut self, bytes: &[u8]) {
        self.write.extend_from_slice(bytes);
    }

    /// The next frame of what was read.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let frame = self.framing.decode(&mut self.read)?;
        if frame.is_some() {
            self.partial_since = None;
        } else if !self.read.is_empty() && self.partial_since.is_none() {
            self.partial_since = Some(Instant::now());
        }
        Ok(frame)
    }

    /// Hands the socket everything of our own task, before we close. Reads nothing.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| match self.poll_write(cx) {
            Ok(()) if self.write.is_empty() && !self.unflushed => Poll::Ready(Ok(())),
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        })
        .await
    }

    /// Writes what is queued and waits until bytes come, the queue wakes us, or `until`.
    /// May be dropped at any point without losing anything.
    pub(crate) async fn turn(
        &mut self,
        outgoing: &impl Outgoing,
        until: Option<Instant>,
    ) -> io::Result<Turn> {
        std::future::poll_fn(|cx| self.poll_turn(cx, outgoing, until)).await
    }

    fn poll_turn(
        &mut self,
        cx: &mut Context<'_>,
        outgoing: &impl Outgoing,
        until: Option<Instant>,
    ) -> Poll<io::Result<Turn>> {
        outgoing.register(cx.waker());
        let wake = outgoing.take(&mut self.write);
        self.poll_write(cx)?;
        if self.reading && self.write.len() < self.write_high_water {
            if self.read.capacity() - self.read.len() < READ_BYTES / 4 {
                self.read.reserve(READ_BYTES);
            }
            if let Poll::Ready(count) =
                tokio_util::io::poll_read_buf(Pin::new(&mut self.io), cx, &mut self.read)
            {
                return Poll::Ready(count.map(|n| if n == 0 { Turn::Closed } else { Turn::Read }));
            }
        }
        let deadline = match wake {
            Wake::Now => return Poll::Ready(Ok(Turn::Woken)),
            Wake::At(at) => Some(until.map_or(at, |until| until.min(at))),
            Wake::Never => until,
        };
        self.poll_timer(cx, deadline).map(|()| Ok(Turn::Woken))
    }

    /// Hands the socket all it takes.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while !self.write.is_empty() {
            match Pin::new(&mut self.io).poll_write(cx, &self.write)? {
                Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(count) => {
                    self.write.advance(count);
                    self.handed += count as u64;
                    self.unflushed = true;
                }
                Poll::Pending => return Ok(()),
            }
        }
        if self.unflushed && Pin::new(&mut self.io).poll_flush(cx)?.is_ready() {
            self.unflushed = false;
        }
        Ok(())
    }

    /// Ready when `deadline` has passed. The timer is moved only when it would ring too late.
    fn poll_timer(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        let Some(deadline) = deadline else { return Poll::Pending };
        loop {
            if deadline < self.timer.deadline() {
                self.timer.as_mut().reset(deadline);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if self.timer.deadline() >= deadline {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(deadline);
        }
    }
}

/// The first of `addresses` that answers, tried in order, each within `timeout`.
pub(crate) async fn connect(addresses: &[String], timeout: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "no address is configured");
    for address in addresses {
        match tokio::time::timeout(timeout, TcpStream::connect(address.as_str())).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}
