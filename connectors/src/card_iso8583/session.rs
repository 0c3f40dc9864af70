//! The life of a link: one connection after the other, each from sign-on to sign-off.
//!
//! One task runs this. Nothing a message says is acted on before its MAC is verified; bytes that are no message end
//! the connection, and what was in flight on it ends with it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Duration;

use codecs::Frame;
use codecs::iso8583::{Class, Draft, Message};
use switch_core::connector::{Cause, SendError};
use switch_core::id::Rrn;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::link::{Link, MESSAGE_BYTES, Phase};
use super::messages::{self, code, network};
use super::pending::{Answer, Asked};
use crate::transport::iso8583::{MatchKey, answer_to};
use crate::transport::tcp_link::{Connection, Turn, connect};

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Ended {
    #[error("the connection was lost")]
    Lost,
    #[error("the host refused the sign-on")]
    Refused,
    #[error("the host did not answer the sign-on")]
    SignOnTimeout,
    #[error("the host does not answer echo tests")]
    EchoLost,
    #[error("the host sent bytes that are no message")]
    Garbage,
    #[error("signed off")]
    SignedOff,
}

/// The task's own view of one connection.
struct Session {
    asked: Option<NetworkAsked>,
    echo_at: Instant,
    misses: u32,
    host_signed_off: bool,
    drain_until: Option<Instant>,
    /// The host accepted us once: the next wait before a reconnect is the shortest again.
    was_up: bool,
}

struct NetworkAsked {
    code: u16,
    stan: u32,
    until: Instant,
}

impl Session {
    fn new(echo_at: Instant) -> Self {
        Self { asked: None, echo_at, misses: 0, host_signed_off: false, drain_until: None, was_up: false }
    }

    fn wake_at(&self) -> Instant {
        let asked = self.asked.as_ref().map(|asked| asked.until);
        [asked, self.drain_until].into_iter().flatten().fold(self.echo_at, Instant::min)
    }
}

impl Link {
    /// The life of the link: one connection after the other until it is closed.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut failures: u32 = 0;
        let mut closing = self.closing.subscribe();
        while !*closing.borrow_and_update() {
            let link = &self.settings.link;
            let connected = tokio::select! {
                connected = connect(&link.address, link.connect_timeout) => connected,
                _ = closing.changed() => break,
            };
            let was_up = match connected {
                Ok(stream) => self.serve(Connection::of_client(stream, link.framing)).await,
                Err(error) => {
                    if failures == 0 {
                        tracing::warn!(connector = self.id(), %error, "no address of the host answers");
                    }
                    false
                }
            };
            failures = if was_up { 0 } else { failures.saturating_add(1) };
            self.counters.reconnects.add();
            tokio::select! {
                () = tokio::time::sleep(self.backoff(failures)) => {}
                _ = closing.changed() => break,
            }
        }
        self.ended.send_replace(true);
    }

    /// One connection from first to last byte; whether the host had accepted us.
    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, mut connection: Connection<S>) -> bool {
        let mut session = Session::new(Instant::now() + self.settings.link.echo_interval);
        {
            let mut shared = self.shared();
            shared.out.clear();
            shared.queued = 0;
            shared.backlog = 0;
            self.enter(&mut shared, Phase::SigningOn);
        }
        self.ask(&mut session, network::SIGN_ON);
        let ended = loop {
            if let Err(ended) = self.step(&mut connection, &mut session).await {
                break ended;
            }
        };
        let wakers = {
            let mut shared = self.shared();
            self.enter(&mut shared, Phase::Down);
            shared.out.clear();
            let wakers = shared.pending.lose(connection.handed());
            self.counters.in_flight.set(0);
            wakers
        };
        match ended {
            Ended::SignedOff => tracing::info!(connector = self.id(), "signed off"),
            ended => {
                tracing::warn!(connector = self.id(), cause = %ended, lost = wakers.len(), "the link is down");
                if matches!(ended, Ended::Garbage | Ended::Refused | Ended::EchoLost) {
                    self.evidence.alarm(self.id(), &ended.to_string());
                }
            }
        }
        wakers.into_iter().for_each(Waker::wake);
        session.was_up
    }

    /// Waits for one thing to happen and acts on it.
    async fn step<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        connection: &mut Connection<S>,
        session: &mut Session,
    ) -> Result<(), Ended> {
        match connection.turn(self, Some(session.wake_at())).await {
            Err(_) | Ok(Turn::Closed) => return Err(Ended::Lost),
            Ok(Turn::Woken) => {}
            Ok(Turn::Read) => {
                while let Some(frame) = connection.next_frame().map_err(|_| Ended::Garbage)? {
                    if let Frame::Message { payload, .. } = frame {
                        self.received(&payload, session)?;
                    }
                }
            }
        }
        let now = Instant::now();
        self.expire(now);
        self.keep_session(session, now)
    }

    /// One message from the host. Nothing changes before its MAC is verified.
    fn received(&self, payload: &[u8], session: &mut Session) -> Result<(), Ended> {
        self.counters.messages_in.add();
        let message = match self.wire.read(payload) {
            Ok(message) => message,
            Err(error) => {
                self.distrust(&format!("a message cannot be read: {error}"));
                return Err(Ended::Garbage);
            }
        };
        if !self.wire.is_authentic(&message) {
            const WHY: &str = "the MAC of an answer is wrong";
            self.distrust(WHY);
            if message.mti().is_response() {
                let key = MatchKey::of(&message, &self.settings.link.match_key);
                self.shared().pending.distrust(&key, WHY);
            }
            return Ok(());
        }
        match (message.mti().class(), message.mti().is_response()) {
            (Class::NetworkManagement, true) => self.network_answer(&message, session),
            (Class::NetworkManagement, false) => self.network_request(&message, session),
            (_, true) => {
                self.money_answer(&message);
                Ok(())
            }
            (_, false) => {
                self.distrust(&format!("the host sent a {} nobody asked for", message.mti()));
                Ok(())
            }
        }
    }

    /// The answer to a money message finds its request, or is evidence.
    fn money_answer(&self, message: &Message<'_>) {
        let key = MatchKey::of(message, &self.settings.link.match_key);
        let mut shared = self.shared();
        let Some(asked) = shared.pending.asked(&key) else {
            drop(shared);
            return self.late(message);
        };
        let read = self.read_answer(message, asked);
        if let Err(why) = &read {
            self.distrust(&why.to_string());
        }
        let waker = shared.pending.end(&key, read.map_err(SendError::Unknown));
        self.counters.in_flight.set(shared.pending.len() as u64);
        drop(shared);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn read_answer(&self, message: &Message<'_>, asked: &Asked) -> Result<Answer, Cause> {
        let optional = &self.settings.link.echo_optional;
        match (asked, &self.settings.enquiry) {
            (Asked::Sale(refs), _) => {
                messages::read_financial(message, Some(refs), optional).map(Answer::Sale)
            }
            (Asked::Reversal, _) => {
                messages::read_reversal(message, &self.settings.reversal).map(Answer::Reversal)
            }
            (Asked::Enquiry(refs), Some(rules)) => {
                messages::read_enquiry(message, rules, refs, optional).map(Answer::Enquiry)
            }
            (Asked::Enquiry(_), None) => Err(Cause::Untrusted("no enquiry was agreed".into())),
        }
    }

    /// An answer nobody waits for: too late, or a second time.
    fn late(&self, message: &Message<'_>) {
        self.counters.late.add();
        if message.mti().class() != Class::Financial {
            return;
        }
        let attempt = message.text(37).and_then(|rrn| Rrn::attempt(&rrn));
        match (attempt, messages::read_financial(message, None, &[])) {
            (Some(attempt), Ok(outcome)) => self.evidence.late_response(self.id(), attempt, outcome),
            (None, _) => self.distrust("an answer names no attempt of ours"),
            (_, Err(why)) => self.distrust(&why.to_string()),
        }
    }

    /// The host's answer to our sign-on, echo or sign-off.
    fn network_answer(&self, message: &Message<'_>, session: &mut Session) -> Result<(), Ended> {
        let stan = message.digits_u64(11);
        let Some(asked) = session.asked.take_if(|asked| Some(u64::from(asked.stan)) == stan) else {
            self.counters.late.add();
            return Ok(());
        };
        let approved = message.text(39).is_some_and(|answer| answer == code::APPROVED);
        match asked.code {
            network::SIGN_ON if approved => {
                session.was_up = true;
                let mut shared = self.shared();
                self.enter(&mut shared, Phase::Up);
                tracing::info!(connector = self.id(), "signed on");
            }
            network::SIGN_ON => return Err(Ended::Refused),
            network::SIGN_OFF => return Err(Ended::SignedOff),
            // Any answer shows that the host is alive.
            _ => session.misses = 0,
        }
        Ok(())
    }

    /// What the host starts by itself: echo, cut-over, sign-off.
    fn network_request(&self, message: &Message<'_>, session: &mut Session) -> Result<(), Ended> {
        let Some(mut answer) = answer_to(message) else { return Ok(()) };
        let known = match messages::network_code(message) {
            Some(network::SIGN_ON | network::ECHO) => true,
            Some(network::CUT_OVER) => self.cut_over(message),
            Some(network::SIGN_OFF) => {
                session.host_signed_off = true;
                true
            }
            _ => false,
        };
        answer.set(39, if known { code::APPROVED } else { code::INVALID_TRANSACTION });
        self.send_network(&answer);
        Ok(())
    }

    /// Later messages carry the new business date; false when the host did not name one.
    fn cut_over(&self, message: &Message<'_>) -> bool {
        let date = message.digits_u64(15).and_then(|date| u32::try_from(date).ok());
        let Some(date) = date.filter(|date| (101..=1231).contains(date)) else { return false };
        self.business_date.store(date, Ordering::Relaxed);
        tracing::info!(connector = self.id(), date, "the host cut over to a new business date");
        true
    }

    fn ask(&self, session: &mut Session, what: u16) {
        let stan = self.stan.fetch_add(1, Ordering::Relaxed) % 999_999 + 1;
        let until = Instant::now() + self.settings.link.response_timeout;
        session.asked = Some(NetworkAsked { code: what, stan, until });
        self.send_network(&messages::network_request(what, stan, self.clock.now()));
    }

    fn send_network(&self, draft: &Draft<'_>) {
        let mut payload = Vec::with_capacity(MESSAGE_BYTES);
        if let Err(error) = self.wire.write(draft, &mut payload) {
            tracing::error!(connector = self.id(), %error, "a network management message cannot be written");
            return;
        }
        if let Err(error) = self.append(&mut self.shared(), &payload) {
            tracing::error!(connector = self.id(), %error, "a network management message cannot be framed");
        }
    }

    /// Ends what ran out of time.
    fn expire(&self, now: Instant) {
        let mut wakers = Vec::new();
        let mut shared = self.shared();
        if shared.pending.next_deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        let expired = shared.pending.expire(now, &mut wakers);
        self.counters.in_flight.set(shared.pending.len() as u64);
        drop(shared);
        (0..expired).for_each(|_| self.counters.timeouts.add());
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Echo tests, their time-outs, and the way to the end of the session.
    fn keep_session(&self, session: &mut Session, now: Instant) -> Result<(), Ended> {
        if let Some(asked) = session.asked.take_if(|asked| asked.until <= now) {
            match asked.code {
                network::SIGN_ON => return Err(Ended::SignOnTimeout),
                network::SIGN_OFF => return Err(Ended::SignedOff),
                _ => session.misses += 1,
            }
            if session.misses >= self.settings.link.echo_misses_max {
                return Err(Ended::EchoLost);
            }
        }
        if session.echo_at <= now {
            session.echo_at = now + self.settings.link.echo_interval;
            if session.asked.is_none() {
                self.ask(session, network::ECHO);
            }
        }
        let leave = session.host_signed_off || *self.closing.borrow();
        let phase = self.shared().phase;
        match phase {
            Phase::SigningOn if leave => Err(Ended::SignedOff),
            Phase::Up if leave => {
                self.enter(&mut self.shared(), Phase::Draining);
                session.drain_until = Some(now + self.settings.link.response_timeout);
                self.sign_off_when_drained(session, now)
            }
            Phase::Draining => self.sign_off_when_drained(session, now),
            Phase::Down | Phase::SigningOn | Phase::Up | Phase::SigningOff => Ok(()),
        }
    }

    fn sign_off_when_drained(&self, session: &mut Session, now: Instant) -> Result<(), Ended> {
        let over = session.drain_until.is_some_and(|until| until <= now);
        if !over && self.shared().pending.len() > 0 {
            return Ok(());
        }
        if session.host_signed_off {
            return Err(Ended::SignedOff);
        }
        self.enter(&mut self.shared(), Phase::SigningOff);
        self.ask(session, network::SIGN_OFF);
        Ok(())
    }

    /// Doubles up to the maximum; between half and all of it, by the number of the failure, so that the clients of
    /// one host do not all come back in the same moment.
    fn backoff(&self, failures: u32) -> Duration {
        let link = &self.settings.link;
        let longest = link
            .reconnect_min
            .saturating_mul(1 << failures.saturating_sub(1).min(16))
            .min(link.reconnect_max);
        let seed =
            self.id().bytes().fold(u64::from(failures), |seed, byte| seed.wrapping_mul(31) ^ u64::from(byte));
        let scattered = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56;
        longest / 2 + longest.mul_f64(scattered as f64 / 512.0)
    }
}
