//! One connection of terminals: frames in, answers out, within limits.
//!
//! Requests of different terminals are at work at the same time; those of one terminal one after the other, so that a
//! reversal never overtakes its payment. A request at the desk runs in its own task: it ends even when the terminal
//! hangs up, and the terminal's repeat gets what it ended as.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use codecs::Frame;
use codecs::frame::{Tpdu, tpdu_for_answer};
use codecs::iso8583::{DecodeError, Draft, Message};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use switch_core::agent::{CashOrder, CashReversal, Terminal};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant, timeout};

use super::Desk;
use super::messages::{self, Answer, Fault, Request};
use crate::transport::iso8583::answer_to;
use crate::transport::tcp_link::{Connection, NoQueue, Turn};

/// A registration is asked for again after so long: a terminal that was locked is out within it.
const REGISTRATION_FRESH: Duration = Duration::from_secs(60);

/// Messages in a row that cannot be read, or are not allowed, before the connection is closed.
const FAULTS_MAX: u32 = 10;

/// One frame with what its answer needs.
struct Received {
    payload: Bytes,
    tpdu: Option<Tpdu>,
}

/// What came back from the desk.
struct Finished {
    terminal: String,
    answer: Option<Vec<u8>>,
    tpdu: Option<Tpdu>,
}

struct Session<'d, S> {
    desk: &'d Arc<Desk>,
    connection: Connection<S>,
    terminals: HashMap<String, (Terminal, Instant)>,
    at_work: FuturesUnordered<JoinHandle<Finished>>,
    busy: Vec<String>,
    /// A request of a busy terminal: it waits, and with it everything behind it.
    held: Option<Received>,
    faults: u32,
    opened: Instant,
    active: Instant,
}

/// Serves until the peer closes, breaks a rule, or `stop`.
pub(super) async fn serve<S>(desk: &Arc<Desk>, stream: S, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let now = Instant::now();
    let mut session = Session {
        desk,
        connection: Connection::of_host(stream, desk.settings.framing),
        terminals: HashMap::new(),
        at_work: FuturesUnordered::new(),
        busy: Vec::new(),
        held: None,
        faults: 0,
        opened: now,
        active: now,
    };
    // Open until the peer has closed or must go; then only what is at work is answered.
    let mut open = true;
    loop {
        if open && session.frames().await.is_break() {
            open = false;
        }
        if !open && session.at_work.is_empty() {
            break;
        }
        session.connection.set_reading(open && session.held.is_none() && !session.is_full());
        let until = if open { session.due() } else { None };
        tokio::select! {
            Some(finished) = session.at_work.next(), if !session.at_work.is_empty() => session.finish(finished),
            turn = session.connection.turn(&NoQueue, until) => match turn {
                Err(_) => return,
                Ok(Turn::Read) => {}
                // Reading stops while something is held back, so nothing is left to be taken up here.
                Ok(Turn::Closed) => open = false,
                Ok(Turn::Woken) => open = open && !session.is_overdue(),
            },
            _ = stop.wait_for(|stop| *stop), if open => open = false,
        }
    }
    // The peer may be gone; then nobody misses the rest.
    let _gone = timeout(desk.settings.frame_deadline, session.connection.flush()).await;
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Takes frames up as long as there are some and none must wait.
    async fn frames(&mut self) -> ControlFlow<()> {
        while !self.is_full() {
            let received = match self.held.take() {
                Some(held) => held,
                None => match self.connection.next_frame() {
                    Ok(Some(Frame::Message { payload, tpdu })) => {
                        self.active = Instant::now();
                        self.desk.counters.messages_in.add();
                        Received { payload, tpdu: tpdu.map(tpdu_for_answer) }
                    }
                    Ok(Some(Frame::Heartbeat)) => {
                        self.active = Instant::now();
                        continue;
                    }
                    Ok(None) => return ControlFlow::Continue(()),
                    Err(error) => {
                        self.desk.counters.untrusted.add();
                        tracing::info!(connector = self.desk.settings.id, %error, "a terminal's frame is malformed");
                        return ControlFlow::Break(());
                    }
                },
            };
            self.message(received).await;
            if self.held.is_some() {
                break;
            }
            if self.faults >= FAULTS_MAX {
                self.desk.counters.refused.add();
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    /// One message: answered at once, given to the desk, or held back.
    async fn message(&mut self, received: Received) {
        let desk = Arc::clone(self.desk);
        let payload = received.payload.clone();
        let message = match desk.wire.read(&payload) {
            Ok(message) => message,
            Err(error) => return self.unreadable(&received, error),
        };
        if message.mti().is_response() {
            return;
        }
        match self.decide(&message, &received).await {
            Some(answer) => self.answer(&message, &answer, received.tpdu),
            None => self.faults = 0,
        }
    }

    /// The answer, or `None` when the request is at the desk or held back.
    async fn decide(&mut self, message: &Message<'_>, received: &Received) -> Option<Answer> {
        let faulty = |fault| Some(Answer::Faulty(fault));
        if !self.desk.wire.is_authentic(message) {
            self.desk.counters.untrusted.add();
            return faulty(Fault::Unauthentic);
        }
        let id = match messages::terminal_of(message) {
            Ok(id) => id,
            Err(fault) => return faulty(fault),
        };
        let request = match messages::read(&self.desk.settings, message) {
            Ok(Request::SignOn) => return Some(self.sign_on(&id).await),
            _ if self.desk.settings.sign_on_required && !self.terminals.contains_key(id.as_ref()) => {
                return faulty(Fault::NotSignedOn);
            }
            Ok(Request::SignOff) => {
                self.terminals.remove(id.as_ref());
                return Some(Answer::Done);
            }
            Ok(Request::Echo) => return Some(Answer::Done),
            Ok(request) => request,
            Err(fault) => return faulty(fault),
        };
        if self.busy.iter().any(|busy| *busy == *id) {
            self.held = Some(Received { payload: received.payload.clone(), tpdu: received.tpdu });
            return None;
        }
        match self.registered(&id).await {
            Ok(terminal) => {
                self.hand_over(terminal, request, received);
                None
            }
            Err(answer) => Some(answer),
        }
    }

    /// Signs a terminal on; a registered one only.
    async fn sign_on(&mut self, id: &str) -> Answer {
        let full = self.terminals.len() >= self.desk.settings.terminals_per_connection_max;
        if full && !self.terminals.contains_key(id) {
            return Answer::Faulty(Fault::NotOffered);
        }
        self.terminals.remove(id);
        match self.registered(id).await {
            Ok(_) => {
                let now = self.desk.clock.now();
                let moment = jiff::Timestamp::from_millisecond(now.0).unwrap_or_default();
                let local = self.desk.settings.time_zone.to_datetime(moment);
                Answer::SignedOn { local, business_date: self.desk.clock.business_date(now) }
            }
            Err(answer) => answer,
        }
    }

    /// The registration of a terminal, not older than a minute.
    async fn registered(&mut self, id: &str) -> Result<Terminal, Answer> {
        let now = Instant::now();
        if let Some((terminal, since)) = self.terminals.get(id)
            && now - *since < REGISTRATION_FRESH
        {
            return Ok(terminal.clone());
        }
        let asked = timeout(self.desk.settings.desk_deadline, self.desk.cash.terminal(id)).await;
        match asked.unwrap_or(Err(switch_core::agent::CashRefusal::Unavailable)) {
            Ok(terminal) => {
                // Without sign-on the number of terminals is bounded here.
                if self.terminals.len() >= self.desk.settings.terminals_per_connection_max {
                    self.terminals.clear();
                }
                self.terminals.insert(id.to_owned(), (terminal.clone(), now));
                Ok(terminal)
            }
            Err(why) => {
                self.terminals.remove(id);
                Err(Answer::Refused(why))
            }
        }
    }

    /// Gives a request to the desk, in a task that outlives the connection.
    fn hand_over(&mut self, terminal: Terminal, request: Request, received: &Received) {
        let desk = Arc::clone(self.desk);
        let (payload, tpdu) = (received.payload.clone(), received.tpdu);
        self.busy.push(terminal.id.clone());
        self.at_work.push(tokio::spawn(async move {
            desk.counters.in_flight.add();
            let id = terminal.id.clone();
            let answer = timeout(desk.settings.desk_deadline, ask(&desk, terminal, request)).await.ok();
            let answer = answer.and_then(|answer| {
                let message = desk.wire.read(&payload).ok()?;
                messages::write(&desk.settings, &desk.wire, &message, &answer)
            });
            desk.counters.in_flight.take();
            Finished { terminal: id, answer, tpdu }
        }));
    }

    fn finish(&mut self, finished: Result<Finished, tokio::task::JoinError>) {
        match finished {
            Ok(finished) => {
                self.busy.retain(|busy| *busy != finished.terminal);
                match finished.answer {
                    Some(answer) => self.queue(&answer, finished.tpdu),
                    None => self.desk.counters.timeouts.add(),
                }
            }
            Err(error) => {
                // Nothing is known of the request: no answer, and the terminal repeats on a new connection.
                tracing::error!(connector = self.desk.settings.id, %error, "a request at the desk broke off");
                self.faults = FAULTS_MAX;
                self.busy.clear();
            }
        }
    }

    fn answer(&mut self, message: &Message<'_>, answer: &Answer, tpdu: Option<Tpdu>) {
        match answer {
            Answer::Faulty(_) | Answer::Refused(_) => self.faults += 1,
            Answer::Done | Answer::SignedOn { .. } | Answer::Quote(_) | Answer::Receipt(_) => self.faults = 0,
        }
        if let Some(bytes) = messages::write(&self.desk.settings, &self.desk.wire, message, answer) {
            self.queue(&bytes, tpdu);
        }
    }

    /// Says 30 when at least the message type can be read; a message without that ends the connection.
    fn unreadable(&mut self, received: &Received, error: DecodeError) {
        self.desk.counters.untrusted.add();
        self.faults += 1;
        match self.desk.format_error(&received.payload, error) {
            Some(bytes) => self.queue(&bytes, received.tpdu),
            None => self.faults = FAULTS_MAX,
        }
    }

    fn queue(&mut self, payload: &[u8], tpdu: Option<Tpdu>) {
        match self.connection.queue(payload, tpdu) {
            Ok(()) => self.desk.counters.messages_out.add(),
            Err(error) => {
                tracing::error!(connector = self.desk.settings.id, %error, "an answer to a terminal cannot be framed");
            }
        }
    }

    fn is_full(&self) -> bool {
        self.at_work.len() >= self.desk.settings.terminals_per_connection_max
    }

    /// When the connection must have moved on; while the desk is at work it need not.
    fn due(&self) -> Option<Instant> {
        if !self.at_work.is_empty() {
            return None;
        }
        let settings = &self.desk.settings;
        let signed_on = !self.terminals.is_empty() || !settings.sign_on_required;
        let sign_on = (!signed_on).then(|| self.opened + settings.frame_deadline);
        let frame = self.connection.partial_since().map(|since| since + settings.frame_deadline);
        let idle = self.active + settings.idle_deadline;
        Some([sign_on, frame].into_iter().flatten().fold(idle, Instant::min))
    }

    fn is_overdue(&self) -> bool {
        let overdue = self.due().is_some_and(|due| due <= Instant::now());
        if overdue {
            self.desk.counters.refused.add();
        }
        overdue
    }
}

impl Desk {
    /// The answer to bytes that cannot be read as a message; `None` when not even their type can.
    fn format_error(&self, payload: &[u8], error: DecodeError) -> Option<Vec<u8>> {
        let (type_len, blank) = &self.blank;
        let mut head = payload.get(..*type_len)?.to_vec();
        head.extend_from_slice(blank.get(*type_len..)?);
        let head = self.wire.read(&head).ok()?;
        let mut draft: Draft<'_> = answer_to(&head)?;
        let remark = messages::unreadable(&error);
        draft.set(39, super::response_codes::FORMAT_ERROR).set(44, remark.as_str());
        let mut bytes = Vec::new();
        self.wire.write(&draft, &mut bytes).ok().map(|()| bytes)
    }
}

/// The desk's answer.
async fn ask(desk: &Desk, terminal: Terminal, request: Request) -> Answer {
    let answered = match request {
        Request::Inquiry { bill } => desk.cash.inquire(&terminal, &bill).await.map(Answer::Quote),
        Request::Payment { key, bill, amount } => {
            desk.cash.pay(CashOrder { terminal, key, bill, amount }).await.map(Answer::Receipt)
        }
        Request::Reversal { original, amount } => {
            desk.cash.reverse(CashReversal { terminal, original, amount }).await.map(|_| Answer::Done)
        }
        Request::SignOn | Request::SignOff | Request::Echo => Ok(Answer::Done),
    };
    answered.unwrap_or_else(Answer::Refused)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use switch_core::agent::{BillQuote, CashDesk, CashReceipt, CashRefusal, CashReversed};
    use switch_core::clock::{BusinessDate, Clock, Timestamp};
    use switch_core::connector::Reply;
    use switch_core::id::{ClientId, PaymentId};
    use switch_core::money::{Currency, Money};

    use super::super::sandbox::{CashPayment, demo_messages};
    use super::super::settings::PosSettings;
    use super::*;

    struct Midnight;

    impl Clock for Midnight {
        fn now(&self) -> Timestamp {
            Timestamp(1_795_343_465_250)
        }

        fn business_date(&self, _: Timestamp) -> BusinessDate {
            BusinessDate(20_261_122)
        }
    }

    /// Says yes to everything and counts.
    #[derive(Default)]
    struct YesDesk(AtomicU64);

    impl CashDesk for YesDesk {
        fn terminal<'a>(&'a self, id: &'a str) -> Reply<'a, Result<Terminal, CashRefusal>> {
            Box::pin(
                async move { Ok(Terminal { id: id.into(), agent: ClientId(1), amount_max_minor: 1_000 }) },
            )
        }

        fn inquire<'a>(
            &'a self,
            _: &'a Terminal,
            bill: &'a str,
        ) -> Reply<'a, Result<BillQuote, CashRefusal>> {
            let amount = Money::new(5000, Currency::Ils);
            Box::pin(async move {
                Ok(BillQuote {
                    bill: bill.into(), amount, department: "وزارة".into(), service: "x y".into()
                })
            })
        }

        fn pay(&self, _: CashOrder) -> Reply<'_, Result<CashReceipt, CashRefusal>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Box::pin(async {
                Ok(CashReceipt {
                    payment: PaymentId(1),
                    rrn: "000000000001".into(),
                    approval_code: "A1".into(),
                    at: Timestamp(0),
                    business_date: BusinessDate(20_261_122),
                })
            })
        }

        fn reverse(&self, _: CashReversal) -> Reply<'_, Result<CashReversed, CashRefusal>> {
            Box::pin(async { Ok(CashReversed::Reversed) })
        }
    }

    fn split_mix(seed: &mut u64) -> u64 {
        *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = *seed;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn settings(profile: &str) -> PosSettings {
        let file = include_str!("../../../config/connectors/pos-sandbox.toml");
        let mut settings = PosSettings::from_toml(file).expect("the committed settings");
        settings.dialect = codecs::iso8583::Profile::by_name(profile).expect("built in");
        settings.sign_on_required = false;
        settings
    }

    /// The messages of the demo, without their frames.
    fn originals(settings: &PosSettings) -> Vec<Vec<u8>> {
        let payment = CashPayment {
            terminal: "TERM0001".into(),
            bill: "bil_0000000000000".into(),
            amount: Money::new(5000, Currency::Ils),
            stan: 1,
            at: Timestamp(1_795_343_465_250),
        };
        let demo = demo_messages(settings, &payment).expect("written");
        let mut originals = Vec::new();
        for text in [demo.inquiry, demo.payment, demo.repeat, demo.reversal] {
            let mut bytes: bytes::BytesMut =
                codecs::hex::decode(text.as_bytes()).expect("hex").as_slice().into();
            while let Ok(Some(Frame::Message { payload, .. })) = settings.framing.decode(&mut bytes) {
                originals.push(payload.to_vec());
            }
        }
        originals
    }

    fn mutate(bytes: &mut Vec<u8>, seed: &mut u64) {
        for _ in 0..=split_mix(seed) % 4 {
            let at = split_mix(seed) as usize % bytes.len().max(1);
            match split_mix(seed) % 5 {
                0 => bytes.truncate(at),
                1 => bytes.insert(at.min(bytes.len()), split_mix(seed) as u8),
                2 => {
                    let tail = bytes.split_off(at.min(bytes.len()));
                    bytes.extend(tail.iter().rev());
                }
                _ if at < bytes.len() => bytes[at] ^= 1 << (split_mix(seed) % 8),
                _ => {}
            }
        }
    }

    /// Every answer to every mutated message is itself a message, and small; nothing panics.
    #[tokio::test]
    async fn a_hundred_thousand_mutated_messages_get_an_answer_or_none() {
        let mut seed = 20_261_122;
        let mut codes = std::collections::BTreeMap::<String, u32>::new();
        for profile in ["iso87-ascii", "iso87-bcd"] {
            let settings = settings(profile);
            let originals = originals(&settings);
            let desk = Arc::new(
                Desk::new(settings, Arc::new(Midnight), Arc::new(YesDesk::default()))
                    .expect("a dialect with 0800"),
            );
            for round in 0..50_000_usize {
                let mut payload = originals[round % originals.len()].clone();
                mutate(&mut payload, &mut seed);
                let (near, far) = tokio::io::duplex(16 * 1024);
                let mut session = Session {
                    desk: &desk,
                    connection: Connection::of_host(near, desk.settings.framing),
                    terminals: HashMap::new(),
                    at_work: FuturesUnordered::new(),
                    busy: Vec::new(),
                    held: None,
                    faults: 0,
                    opened: Instant::now(),
                    active: Instant::now(),
                };
                session.message(Received { payload: payload.into(), tpdu: None }).await;
                while let Some(finished) = session.at_work.next().await {
                    session.finish(finished);
                }
                session.connection.flush().await.expect("room for one answer");
                drop(session);
                let mut peer = Connection::of_client(far, desk.settings.framing);
                while peer.turn(&NoQueue, None).await.expect("a duplex") == Turn::Read {}
                while let Some(Frame::Message { payload, .. }) = peer.next_frame().expect("our own frame") {
                    let answer = desk.wire.read(&payload).expect("our own message");
                    assert!(answer.mti().is_response() && payload.len() < 1_200, "seed {seed}");
                    *codes.entry(answer.text(39).expect("a code").into_owned()).or_default() += 1;
                }
            }
        }
        assert!(codes["00"] > 1_000 && codes["30"] > 10_000 && codes.contains_key("40"), "{codes:?}");
    }
}
