//! One client of the twin: reads, books, answers, misbehaves.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::task::Waker;

use bytes::BytesMut;
use codecs::Frame;
use codecs::frame::{Tpdu, tpdu_for_answer};
use codecs::iso8583::{Class, Draft, Message};
use futures_util::task::AtomicWaker;
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant};

use super::book::{Key, Sale, State};
use super::{Fault, Host, lock, now};
use crate::card_iso8583::messages::{self, code, network};
use crate::transport::iso8583::{answer_to, trimmed};
use crate::transport::tcp_link::{Connection, Outgoing, Turn, Wake};

/// Longest an answer is held back for [`Fault::OutOfOrder`] when no other follows.
const HELD_MAX: Duration = Duration::from_millis(200);

/// Fields of a sale its answer does not repeat: the card, and what only described the request.
const NOT_ECHOED: [u8; 7] = [2, 14, 18, 22, 25, 43, 90];

/// What the host itself wants to say on one connection.
#[derive(Default)]
pub(super) struct Mailbox {
    post: Mutex<Post>,
    task: AtomicWaker,
}

#[derive(Default)]
struct Post {
    out: BytesMut,
    close: bool,
}

impl Mailbox {
    pub(super) fn put(&self, bytes: &[u8]) {
        lock(&self.post).out.extend_from_slice(bytes);
        self.task.wake();
    }

    pub(super) fn close(&self) {
        lock(&self.post).close = true;
        self.task.wake();
    }
}

impl Outgoing for Mailbox {
    fn register(&self, waker: &Waker) {
        self.task.register(waker);
    }

    fn take(&self, into: &mut BytesMut) -> Wake {
        let mut post = lock(&self.post);
        into.extend_from_slice(&post.out);
        post.out.clear();
        if post.close { Wake::Now } else { Wake::Never }
    }
}

/// A frame that leaves later.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Delayed {
    at: Instant,
    sequence: u64,
    payload: Vec<u8>,
    tpdu: Option<Tpdu>,
}

struct Client<'h> {
    host: &'h Host,
    connection: Connection<TcpStream>,
    delayed: BinaryHeap<Reverse<Delayed>>,
    /// Answers that wait for another to overtake them.
    held: Vec<Delayed>,
    sequence: u64,
    signed_on: bool,
    scratch: Vec<u8>,
}

pub(super) async fn serve(host: &Arc<Host>, stream: TcpStream, mailbox: &Mailbox) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    host.counters.connections.add();
    let mut client = Client {
        host,
        connection: Connection::of_host(stream, host.framing),
        delayed: BinaryHeap::new(),
        held: Vec::new(),
        sequence: 0,
        signed_on: false,
        scratch: Vec::with_capacity(512),
    };
    let mut echo_at = host.echo_interval.map(|interval| Instant::now() + interval);
    loop {
        let until = [client.due(), echo_at].into_iter().flatten().min();
        match client.connection.turn(mailbox, until).await {
            Err(_) | Ok(Turn::Closed) => return,
            Ok(Turn::Woken) => {}
            Ok(Turn::Read) => {
                if client.read().is_break() {
                    // What was to be said before closing is said if it can be.
                    let _closed = client.connection.flush().await;
                    return;
                }
            }
        }
        if lock(&mailbox.post).close {
            return;
        }
        client.release();
        if let (Some(at), Some(interval)) = (echo_at, host.echo_interval)
            && at <= Instant::now()
        {
            echo_at = Some(at + interval);
            let echo = messages::network_request(network::ECHO, host.next_stan(), now());
            client.connection.queue_raw(&host.frame(&echo));
        }
    }
}

impl Client<'_> {
    /// Handles all frames of one read. The book reaches its file before the answers reach the socket.
    fn read(&mut self) -> ControlFlow<()> {
        let mut flow = ControlFlow::Continue(());
        while flow.is_continue() {
            flow = match self.connection.next_frame() {
                Ok(Some(Frame::Message { payload, tpdu })) => {
                    self.message(&payload, tpdu.map(tpdu_for_answer))
                }
                Ok(Some(Frame::Heartbeat)) => ControlFlow::Continue(()),
                Ok(None) => break,
                Err(_) => ControlFlow::Break(()),
            };
        }
        if let Err(error) = lock(&self.host.book).flush() {
            tracing::error!(%error, "the sandbox book cannot be written");
            return ControlFlow::Break(());
        }
        flow
    }

    fn message(&mut self, payload: &[u8], tpdu: Option<Tpdu>) -> ControlFlow<()> {
        let host = self.host;
        host.counters.messages_in.add();
        let Ok(message) = host.wire.read(payload) else {
            host.counters.untrusted.add();
            return ControlFlow::Break(());
        };
        if !host.wire.is_authentic(&message) {
            host.counters.untrusted.add();
            return self.refuse(&message, tpdu, "63");
        }
        if message.mti().is_response() {
            return ControlFlow::Continue(());
        }
        match message.mti().class() {
            Class::NetworkManagement => self.network(&message, tpdu),
            _ if !self.signed_on => self.refuse(&message, tpdu, "58"),
            Class::Financial => self.sale(&message, tpdu),
            Class::Reversal => self.reversal(&message, tpdu),
            Class::Administrative => self.enquiry(&message, tpdu),
            _ => self.refuse(&message, tpdu, "40"),
        }
    }

    fn network(&mut self, message: &Message<'_>, tpdu: Option<Tpdu>) -> ControlFlow<()> {
        let (mute, refusal) = {
            let plan = lock(&self.host.faults);
            (plan.mute_network, plan.refuse_sign_on.clone())
        };
        let what = messages::network_code(message);
        let answer_code: Cow<'_, str> = match (what, refusal) {
            (Some(network::SIGN_ON), Some(refusal)) => refusal.into(),
            (Some(network::SIGN_ON | network::SIGN_OFF | network::ECHO), _) => code::APPROVED.into(),
            _ => code::INVALID_TRANSACTION.into(),
        };
        if mute {
            return ControlFlow::Continue(());
        }
        if answer_code == code::APPROVED {
            self.signed_on = match what {
                Some(network::SIGN_ON) => true,
                Some(network::SIGN_OFF) => false,
                _ => self.signed_on,
            };
        }
        self.refuse(message, tpdu, &answer_code)
    }

    /// An answer that is a response code only.
    fn refuse(&mut self, message: &Message<'_>, tpdu: Option<Tpdu>, answer_code: &str) -> ControlFlow<()> {
        if let Some(mut answer) = answer_to(message) {
            NOT_ECHOED.iter().for_each(|field| {
                answer.remove(*field);
            });
            answer.set(39, answer_code);
            self.write(&answer, tpdu, None);
        }
        ControlFlow::Continue(())
    }

    fn sale(&mut self, message: &Message<'_>, tpdu: Option<Tpdu>) -> ControlFlow<()> {
        let Some(sale) = sale_of(message) else { return self.refuse(message, tpdu, "30") };
        let at_ms = now().0.unsigned_abs();
        let mut fault = None;
        let entry = {
            let mut book = lock(&self.host.book);
            match book.repeated(&sale.key, at_ms) {
                Some(entry) => entry,
                None => {
                    fault = lock(&self.host.faults).next(message.text(2).as_deref());
                    let (answer_code, reversal) = match &fault {
                        Some(Fault::Drop) => return ControlFlow::Continue(()),
                        Some(Fault::Decline(answer_code)) => (answer_code.as_str(), None),
                        Some(Fault::Partial) => ("10", None),
                        Some(Fault::MuteAndRefuseReversal(reversal)) => ("00", Some(reversal.as_str())),
                        _ => ("00", None),
                    };
                    book.enter(sale, answer_code, reversal, at_ms)
                }
            }
        };
        let Some(mut answer) = answer_to(message) else { return ControlFlow::Continue(()) };
        NOT_ECHOED.iter().for_each(|field| {
            answer.remove(*field);
        });
        match entry.state {
            State::Approved => answer.set(39, entry.code.as_str()).set(38, entry.approval_code.as_str()),
            State::Declined => answer.set(39, entry.code.as_str()),
            // It was taken back, or will never be taken: no action.
            State::Reversed | State::Tombstone => answer.set(39, "21"),
        };
        if entry.code == "10" {
            answer.set_number(4, entry.amount_minor / 2);
        }
        self.misbehave(&mut answer, tpdu, fault)
    }

    /// Sends the answer as the fault wants it.
    fn misbehave(
        &mut self,
        answer: &mut Draft<'_>,
        tpdu: Option<Tpdu>,
        fault: Option<Fault>,
    ) -> ControlFlow<()> {
        let (late, service) = {
            let plan = lock(&self.host.faults);
            (plan.late, plan.service_time)
        };
        let delay = (!service.is_zero()).then_some(service);
        match fault {
            None | Some(Fault::Decline(_) | Fault::Partial) => self.write(answer, tpdu, delay),
            Some(Fault::Mute | Fault::Drop | Fault::MuteAndRefuseReversal(_)) => {}
            Some(Fault::Late) => self.write(answer, tpdu, Some(late)),
            Some(Fault::LateBy(late)) => self.write(answer, tpdu, Some(late)),
            Some(Fault::Twice) => {
                self.write(answer, tpdu, delay);
                self.write(answer, tpdu, delay);
            }
            Some(Fault::OtherAmount) => {
                answer.set_number(4, 999_999);
                self.write(answer, tpdu, delay);
            }
            Some(Fault::WrongMac) => {
                let field = if self.host.wire.mac.is_some() && answer.has(70) { 128 } else { 64 };
                answer.set_bytes(field, &[0; 8]);
                self.encode(answer, false);
                self.queue(tpdu);
            }
            Some(Fault::Garbage) => {
                self.scratch.clear();
                self.scratch.extend_from_slice(b"\xFF\x00 this is no message \x1A");
                self.queue(tpdu);
            }
            Some(Fault::CloseMidFrame) => {
                self.encode(answer, true);
                let mut frame = BytesMut::new();
                if self.host.framing.encode(&self.scratch, tpdu, &mut frame).is_ok() {
                    self.connection.queue_raw(&frame[..frame.len() / 2]);
                }
                return ControlFlow::Break(());
            }
            Some(Fault::DisconnectAfter) => {
                self.write(answer, tpdu, None);
                return ControlFlow::Break(());
            }
            Some(Fault::DisconnectBefore) => return ControlFlow::Break(()),
            Some(Fault::OutOfOrder) => {
                self.encode(answer, true);
                let held = self.delay(HELD_MAX, tpdu);
                self.held.push(held);
            }
        }
        ControlFlow::Continue(())
    }

    fn reversal(&mut self, message: &Message<'_>, tpdu: Option<Tpdu>) -> ControlFlow<()> {
        let Some(sale) = original_of(message) else { return self.refuse(message, tpdu, "30") };
        let (refusal, mute) = {
            let mut plan = lock(&self.host.faults);
            let mute = plan.mute_reversals > 0;
            plan.mute_reversals = plan.mute_reversals.saturating_sub(1);
            (plan.refuse_reversals.clone(), mute)
        };
        let answer_code =
            refusal.unwrap_or_else(|| lock(&self.host.book).reverse(sale, now().0.unsigned_abs()));
        if mute { ControlFlow::Continue(()) } else { self.refuse(message, tpdu, &answer_code) }
    }

    /// 00 with the code of the original, or 25.
    fn enquiry(&mut self, message: &Message<'_>, tpdu: Option<Tpdu>) -> ControlFlow<()> {
        let Some(sale) = original_of(message) else { return self.refuse(message, tpdu, "30") };
        let found =
            lock(&self.host.book).entry(&sale.key).filter(|entry| entry.state != State::Tombstone).cloned();
        let Some(entry) = found else { return self.refuse(message, tpdu, "25") };
        let Some(mut answer) = answer_to(message) else { return ControlFlow::Continue(()) };
        let original = if entry.state == State::Reversed { "21" } else { entry.code.as_str() };
        answer.remove(90).set(39, code::APPROVED).set(self.host.original_code_field, original);
        answer.set_number(4, entry.amount_minor).set(49, entry.currency.as_str());
        if !entry.approval_code.is_empty() {
            answer.set(38, entry.approval_code.as_str());
        }
        self.write(&answer, tpdu, None);
        ControlFlow::Continue(())
    }

    /// Queues an answer, now or after `delay`.
    fn write(&mut self, answer: &Draft<'_>, tpdu: Option<Tpdu>, delay: Option<Duration>) {
        self.encode(answer, true);
        match delay {
            None => self.queue(tpdu),
            Some(delay) => {
                let delayed = self.delay(delay, tpdu);
                self.delayed.push(Reverse(delayed));
            }
        }
    }

    fn encode(&mut self, answer: &Draft<'_>, with_mac: bool) {
        self.scratch.clear();
        let wire = &self.host.wire;
        let written = if with_mac {
            wire.write(answer, &mut self.scratch)
        } else {
            answer.encode(&wire.dialect, &mut self.scratch)
        };
        if let Err(error) = written {
            tracing::error!(%error, "the sandbox cannot write an answer");
        }
    }

    /// Queues what was encoded last, and whatever waited for it to overtake.
    fn queue(&mut self, tpdu: Option<Tpdu>) {
        if self.connection.queue(&self.scratch, tpdu).is_ok() {
            self.host.counters.messages_out.add();
        }
        for held in std::mem::take(&mut self.held) {
            self.send(&held);
        }
    }

    fn delay(&mut self, delay: Duration, tpdu: Option<Tpdu>) -> Delayed {
        self.sequence += 1;
        Delayed { at: Instant::now() + delay, sequence: self.sequence, payload: self.scratch.clone(), tpdu }
    }

    fn send(&mut self, delayed: &Delayed) {
        if self.connection.queue(&delayed.payload, delayed.tpdu).is_ok() {
            self.host.counters.messages_out.add();
        }
    }

    /// When the next delayed answer leaves.
    fn due(&self) -> Option<Instant> {
        let delayed = self.delayed.peek().map(|Reverse(delayed)| delayed.at);
        self.held.iter().map(|held| held.at).chain(delayed).min()
    }

    fn release(&mut self) {
        if self.delayed.is_empty() && self.held.is_empty() {
            return;
        }
        let now = Instant::now();
        while self.delayed.peek().is_some_and(|Reverse(delayed)| delayed.at <= now) {
            if let Some(Reverse(delayed)) = self.delayed.pop() {
                self.send(&delayed);
            }
        }
        for held in self.held.extract_if(.., |held| held.at <= now).collect::<Vec<_>>() {
            self.send(&held);
        }
    }
}

/// The sale a 0200 asks for.
fn sale_of(message: &Message<'_>) -> Option<Sale> {
    Some(Sale {
        key: Key {
            rrn: message.text(37)?.into_owned(),
            stan: u32::try_from(message.digits_u64(11)?).ok()?,
            transmitted: message.digits_u64(7)?,
            terminal: trimmed(message, 41)?.into_owned(),
        },
        amount_minor: message.digits_u64(4)?,
        currency: message.text(49)?.into_owned(),
    })
}

/// The sale a reversal or an enquiry is about: field 90 names its trace and time.
fn original_of(message: &Message<'_>) -> Option<Sale> {
    let original = message.text(90)?;
    let mut sale = sale_of(message)?;
    sale.key.stan = original.get(4..10)?.parse().ok()?;
    sale.key.transmitted = original.get(10..20)?.parse().ok()?;
    Some(sale)
}
