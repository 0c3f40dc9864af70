//! A terminal: the other side of the port, for tests and for the messages the demo prints.

use std::io;
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use codecs::Frame;
use codecs::frame::Tpdu;
use codecs::hex;
use codecs::iso8583::{Draft, Message, Mti};
use switch_core::clock::Timestamp;
use switch_core::money::Money;
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

use super::messages::network;
use super::settings::PosSettings;
use crate::transport::iso8583::{Wire, mti};
use crate::transport::tcp_link::{Connection, NoQueue, Turn};

/// Longest a terminal waits for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// TPDU of a terminal, where the framing has one.
const TPDU: Tpdu = [0x60, 0x00, 0x01, 0x80, 0x00];

/// A payment as a terminal makes it. Its repeat and its reversal are made of the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashPayment {
    /// Field 41.
    pub terminal: String,
    /// The number of the bill.
    pub bill: String,
    /// Fields 4 and 49.
    pub amount: Money,
    /// Field 11.
    pub stan: u32,
    /// Fields 7, 12 and 13.
    pub at: Timestamp,
}

/// An answer to a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Such as `0210`.
    pub mti: String,
    /// Field 39.
    pub code: String,
    /// All fields as text, ascending.
    pub fields: Vec<(u8, String)>,
    /// The message as received.
    pub bytes: Bytes,
}

impl Reply {
    /// Text of one field.
    #[must_use]
    pub fn field(&self, number: u8) -> Option<&str> {
        self.fields.iter().find(|(n, _)| *n == number).map(|(_, text)| text.as_str())
    }
}

/// Writes the messages of one terminal.
struct Pen<'s> {
    settings: &'s PosSettings,
    wire: Wire,
}

/// Messages for a person with `xxd -r -p | nc`: hexadecimal text, each a sign-on frame followed by one more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoMessages {
    /// Sign-on, then the inquiry (0100).
    pub inquiry: String,
    /// Sign-on, then the payment (0200).
    pub payment: String,
    /// Sign-on, then the repeat of the payment (0201); the same bytes as `payment` again are a repeat too.
    pub repeat: String,
    /// Sign-on, then the reversal of the payment (0420).
    pub reversal: String,
}

/// The messages of one payment, ready to be sent by hand.
///
/// # Errors
/// When the payment cannot be written in the port's dialect.
pub fn demo_messages(settings: &PosSettings, payment: &CashPayment) -> io::Result<DemoMessages> {
    let pen = Pen::new(settings);
    let sign_on = pen.network(network::SIGN_ON, &payment.terminal, payment.stan, payment.at)?;
    let after_sign_on = |message: Vec<u8>| {
        let mut frames = BytesMut::new();
        for payload in [&sign_on, &message] {
            settings.framing.encode(payload, pen.tpdu(), &mut frames).map_err(io::Error::other)?;
        }
        Ok::<_, io::Error>(hex::encode(&frames).to_lowercase())
    };
    Ok(DemoMessages {
        inquiry: after_sign_on(pen.inquiry(payment)?)?,
        payment: after_sign_on(pen.payment(payment, false)?)?,
        repeat: after_sign_on(pen.payment(payment, true)?)?,
        reversal: after_sign_on(pen.reversal(payment, false)?)?,
    })
}

impl<'s> Pen<'s> {
    fn new(settings: &'s PosSettings) -> Self {
        Self { settings, wire: Wire { dialect: settings.dialect.clone(), mac: settings.mac.clone() } }
    }

    fn tpdu(&self) -> Option<Tpdu> {
        (self.settings.framing.name() == "len2-be-tpdu").then_some(TPDU)
    }

    fn network(&self, what: u64, terminal: &str, stan: u32, at: Timestamp) -> io::Result<Vec<u8>> {
        let mut draft = Draft::new(mti([0, 8, 0, 0]));
        draft
            .set_number(7, transmitted(at))
            .set_number(11, stan.into())
            .set_padded(41, terminal)
            .set_number(70, what);
        self.write(&draft)
    }

    fn inquiry(&self, payment: &CashPayment) -> io::Result<Vec<u8>> {
        let mut draft = self.common(mti([0, 1, 0, 0]), self.settings.inquiry_code, payment);
        draft.set(self.settings.bill_field, payment.bill.as_str());
        self.write(&draft)
    }

    fn payment(&self, payment: &CashPayment, repeat: bool) -> io::Result<Vec<u8>> {
        let request = mti([0, 2, 0, 0]);
        let request = if repeat { request.repeat() } else { request };
        let mut draft = self.common(request, self.settings.payment_code, payment);
        draft
            .set_number(4, payment.amount.minor().unsigned_abs())
            .set(49, payment.amount.currency().numeric())
            .set(self.settings.bill_field, payment.bill.as_str());
        self.write(&draft)
    }

    fn reversal(&self, payment: &CashPayment, repeat: bool) -> io::Result<Vec<u8>> {
        let advice = mti([0, 4, 2, 0]);
        let advice = if repeat { advice.repeat() } else { advice };
        let mut draft = self.common(advice, self.settings.payment_code, payment);
        draft
            .set_number(4, payment.amount.minor().unsigned_abs())
            .set(49, payment.amount.currency().numeric())
            .set(90, format!("0200{:06}{:010}{:022}", payment.stan, transmitted(payment.at), 0));
        self.write(&draft)
    }

    fn common<'a>(&self, what: Mti, processing_code: u64, payment: &'a CashPayment) -> Draft<'a> {
        let local = jiff::Timestamp::from_millisecond(payment.at.0)
            .map(|at| self.settings.time_zone.to_datetime(at))
            .unwrap_or_default();
        let number = |n: i8| u64::from(n.unsigned_abs());
        let mut draft = Draft::new(what);
        draft
            .set_number(3, processing_code)
            .set_number(7, transmitted(payment.at))
            .set_number(11, payment.stan.into())
            .set_number(
                12,
                number(local.hour()) * 10_000 + number(local.minute()) * 100 + number(local.second()),
            )
            .set_number(13, number(local.month()) * 100 + number(local.day()))
            .set_padded(41, payment.terminal.as_str());
        draft
    }

    fn write(&self, draft: &Draft<'_>) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.wire.write(draft, &mut bytes).map_err(io::Error::other)?;
        Ok(bytes)
    }
}

/// A terminal with a connection to the port.
pub struct SandboxTerminal {
    settings: PosSettings,
    connection: Connection<TcpStream>,
    id: String,
}

impl SandboxTerminal {
    /// Connects; does not sign on.
    ///
    /// # Errors
    /// When the port does not answer.
    pub async fn connect(address: SocketAddr, settings: &PosSettings, terminal: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let connection = Connection::of_client(stream, settings.framing);
        Ok(Self { settings: settings.clone(), connection, id: terminal.to_owned() })
    }

    /// Sends 0800 with field 70 = 001.
    ///
    /// # Errors
    /// When the connection breaks or no answer comes.
    pub async fn sign_on(&mut self, stan: u32, at: Timestamp) -> io::Result<Reply> {
        self.network(network::SIGN_ON, stan, at).await
    }

    /// Sends 0800 with field 70 = 301.
    ///
    /// # Errors
    /// When the connection breaks or no answer comes.
    pub async fn echo(&mut self, stan: u32, at: Timestamp) -> io::Result<Reply> {
        self.network(network::ECHO, stan, at).await
    }

    /// Sends 0800 with field 70 = 002.
    ///
    /// # Errors
    /// When the connection breaks or no answer comes.
    pub async fn sign_off(&mut self, stan: u32, at: Timestamp) -> io::Result<Reply> {
        self.network(network::SIGN_OFF, stan, at).await
    }

    /// Asks what the bill costs (0100).
    ///
    /// # Errors
    /// When the connection breaks or no answer comes.
    pub async fn inquire(&mut self, payment: &CashPayment) -> io::Result<Reply> {
        let bytes = Pen::new(&self.settings).inquiry(payment)?;
        self.exchange(&bytes).await
    }

    /// Pays (0200), or repeats the payment (0201).
    ///
    /// # Errors
    /// When the connection breaks or no answer comes.
    pub async fn pay(&mut self, payment: &CashPayment, repeat: bool) -> io::Result<Reply> {
        let bytes = Pen::new(&self.settings).payment(payment, repeat)?;
        self.exchange(&bytes).await
    }

    /// Takes the payment back (0420), or repeats that (0421).
    ///
    /// # Errors
    /// When the connection breaks or no answer comes.
    pub async fn reverse(&mut self, payment: &CashPayment, repeat: bool) -> io::Result<Reply> {
        let bytes = Pen::new(&self.settings).reversal(payment, repeat)?;
        self.exchange(&bytes).await
    }

    /// Sends one message and waits for one answer.
    ///
    /// # Errors
    /// When the connection breaks or no answer comes.
    pub async fn exchange(&mut self, payload: &[u8]) -> io::Result<Reply> {
        let tpdu = Pen::new(&self.settings).tpdu();
        self.connection.queue(payload, tpdu).map_err(io::Error::other)?;
        self.receive().await
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.connection.queue_raw(bytes);
        self.connection.flush().await
    }

    /// Waits for one answer.
    ///
    /// # Errors
    /// When the connection breaks, is closed, or no answer comes.
    pub async fn receive(&mut self) -> io::Result<Reply> {
        let wire = Pen::new(&self.settings).wire;
        let waiting = async {
            loop {
                if let Some(Frame::Message { payload, .. }) =
                    self.connection.next_frame().map_err(io::Error::other)?
                {
                    let message = wire.read(&payload).map_err(io::Error::other)?;
                    if !wire.is_authentic(&message) {
                        return Err(io::Error::other("the MAC of an answer is wrong"));
                    }
                    return Ok(reply(&message, payload.clone()));
                }
                if self.connection.turn(&NoQueue, None).await? == Turn::Closed {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        };
        timeout(PATIENCE, waiting).await?
    }

    async fn network(&mut self, what: u64, stan: u32, at: Timestamp) -> io::Result<Reply> {
        let bytes = Pen::new(&self.settings).network(what, &self.id, stan, at)?;
        self.exchange(&bytes).await
    }
}

fn reply(message: &Message<'_>, bytes: Bytes) -> Reply {
    Reply {
        mti: message.mti().to_string(),
        code: message.text(39).unwrap_or_default().into_owned(),
        fields: message.fields().map(|(n, text)| (n, text.into_owned())).collect(),
        bytes,
    }
}

/// Field 7 in UTC, as the number of its ten digits.
fn transmitted(at: Timestamp) -> u64 {
    let c = at.utc();
    [c.month, c.day, c.hour, c.minute, c.second]
        .iter()
        .fold(0, |digits, part| digits * 100 + u64::from(*part))
}
