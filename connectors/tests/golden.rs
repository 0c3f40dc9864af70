//! Whole conversations, captured between the two sides by a tap on the wire, and what each message means. They change
//! only when somebody changes the wire: `UPDATE_EXPECT=1 cargo test -p connectors golden` rewrites them.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use codecs::iso8583::{Mode, Profile, decode, describe};
use codecs::{Frame, Framing, hex};
use connectors::card_iso8583::CardIso8583;
use connectors::card_iso8583::sandbox::{CardHost, HostSettings};
use connectors::pos_iso8583::sandbox::SandboxTerminal;
use switch_core::connector::{Payments, Reversal, ReversalReason, Session};
use switch_core::money::{Currency, Money};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::pos::{Shop, cash};
use crate::support::{KeptEvidence, NOW, StandingClock, attempt, card_settings, pay, until};

const GOOD: &str = "4111111111111111";

/// Forwards one connection and writes down what passes.
struct Tap {
    address: SocketAddr,
    text: Arc<Mutex<String>>,
    dialect: Arc<Profile>,
}

impl Tap {
    async fn to(host: SocketAddr, framing: Framing, dialect: Arc<Profile>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let text = Arc::new(Mutex::new(String::new()));
        let tap = Self { address, text: Arc::clone(&text), dialect: Arc::clone(&dialect) };
        tokio::spawn(async move {
            let (client, _) = listener.accept().await.expect("a client");
            let host = TcpStream::connect(host).await.expect("the host");
            let (client_in, client_out) = client.into_split();
            let (host_in, host_out) = host.into_split();
            tokio::join!(
                forward(client_in, host_out, framing, |payload| note(&text, &dialect, '>', payload)),
                forward(host_in, client_out, framing, |payload| note(&text, &dialect, '<', payload)),
            );
        });
        tap
    }

    /// Writes down what comes next means.
    fn say(&self, meaning: &str) {
        let mut text = self.text.lock().expect("no panic under the lock");
        writeln!(text, "\n# {meaning}\n").expect("a string takes it");
    }

    /// Waits until so many messages have passed.
    async fn messages(&self, count: usize) {
        let seen = || self.text.lock().expect("no panic under the lock").matches("\n    0").count();
        until("the messages passed", || seen() >= count).await;
    }

    fn check(&self, path: &str, head: &str) {
        let text = format!("{head}{}", self.text.lock().expect("no panic under the lock"));
        let path = format!("{}/golden/{path}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, &text).expect("a golden file");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(text, expected, "{path} ({})", self.dialect.name());
    }
}

async fn forward(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    framing: Framing,
    note: impl Fn(&[u8]),
) {
    let mut bytes = BytesMut::new();
    while from.read_buf(&mut bytes).await.unwrap_or(0) > 0 {
        while let Ok(Some(Frame::Message { payload, tpdu })) = framing.decode(&mut bytes) {
            note(&payload);
            let mut frame = BytesMut::new();
            framing.encode(&payload, tpdu, &mut frame).expect("as it came");
            if to.write_all(&frame).await.is_err() {
                return;
            }
        }
    }
    // The other side may have closed first.
    to.shutdown().await.ok();
}

fn note(text: &Mutex<String>, dialect: &Profile, direction: char, payload: &[u8]) {
    let message = decode(dialect, payload, Mode::Strict).expect("a message");
    let description = describe(&message).to_string().replace('\n', "\n    ");
    let mut text = text.lock().expect("no panic under the lock");
    write!(text, "{direction} {}\n    {description}\n", hex::encode(payload)).expect("a string takes it");
}

#[tokio::test]
async fn card_host() {
    let mut settings = card_settings(|_| {});
    let host = CardHost::start(HostSettings::twin_of(&settings, "127.0.0.1:0")).expect("a free port");
    let tap = Tap::to(host.address(), settings.link.framing, settings.dialect.clone()).await;
    settings.link.address = vec![tap.address.to_string()];
    tap.say("Sign-on (field 70 = 001). Nothing else before its answer says 00.");
    let card = CardIso8583::start(settings, Arc::new(StandingClock), Arc::new(KeptEvidence::default()));
    until("the link is up", || card.is_up()).await;
    tap.say(
        "A sale of 50.01 ILS, approved: 38 is the host's approval code, 39 is 00. The card is not echoed.",
    );
    card.send(&pay(1, GOOD)).await.expect("an answer");
    tap.say("A sale, declined: 51, not sufficient funds.");
    card.send(&pay(2, "4000000000000002")).await.expect("an answer");
    tap.say("What became of the first (0600)? 39 = 00: it is known; 44 = 00: it was approved.");
    card.enquire(&attempt(1)).await.expect("an answer");
    tap.say(
        "It is taken back (0420): the references of the sale, and 90 names type, trace, time and acquirer.",
    );
    let mut reversal =
        Reversal { original: attempt(1), card: None, repeat: false, reason: ReversalReason::LateApproval };
    card.reverse(&reversal).await.expect("an answer");
    tap.say(
        "The same again is a repeat (0421): only type and MAC differ. The host takes nothing back twice.",
    );
    reversal.repeat = true;
    card.reverse(&reversal).await.expect("an answer");
    tap.say(
        "A reversal of something the host never saw: 25. Should the original come after all, it is declined.",
    );
    reversal.original = attempt(3);
    reversal.repeat = false;
    card.reverse(&reversal).await.expect("an answer");
    tap.messages(14).await;
    tap.check(
        "card_iso8583/conversation.txt",
        "We (>) and a card host (<), profile iso87-ascii with AES-CMAC, as they passed on the wire without frame headers.\n",
    );

    // The host's own messages carry its own clock: they would never be the same twice.
    host.cut_over(1123);
    until("the cut-over is taken up", || card.business_date() == Some(1123)).await;
    tap.text.lock().expect("no panic under the lock").clear();
    card.send(&pay(4, GOOD)).await.expect("an answer");
    let text = tap.text.lock().expect("no panic under the lock").clone();
    assert!(text.contains(" 15 Date, settlement (MMDD): 1123"), "{text}");
    card.close().await;
}

#[tokio::test]
async fn pos_terminal() {
    let shop = Shop::open(|_| {});
    let tap = Tap::to(shop.host.address(), shop.settings.framing, shop.settings.dialect.clone()).await;
    let mut terminal =
        SandboxTerminal::connect(tap.address, &shop.settings, "TERM0001").await.expect("the tap is open");
    tap.say("Sign-on (field 70 = 001). The answer tells the local time (12, 13) and the business date (15).");
    terminal.sign_on(1, NOW).await.expect("an answer");
    tap.say("What does this bill cost (0100, processing code 310000)? 4 and 49: what is due; 48: for what.");
    terminal.inquire(&cash(2)).await.expect("an answer");
    tap.say("It is paid in cash (0200, 500000). 37 and 38 go on the receipt.");
    terminal.pay(&cash(3), false).await.expect("an answer");
    tap.say(
        "The same again, marked as a repeat (0201): the same answer, byte for byte, and no second payment.",
    );
    terminal.pay(&cash(3), true).await.expect("an answer");
    tap.say("The same bill under another trace number: refused; 44 says why.");
    terminal.pay(&cash(4), false).await.expect("an answer");
    tap.say("The payment is taken back (0420). 90 names type, trace and time of the original.");
    terminal.reverse(&cash(3), false).await.expect("an answer");
    tap.say("A late copy of the payment: declined, it was reversed before.");
    terminal.pay(&cash(3), true).await.expect("an answer");
    tap.say("An amount that is not what is due.");
    let mut other = cash(5);
    other.amount = Money::new(4999, Currency::Ils);
    terminal.pay(&other, false).await.expect("an answer");
    tap.say("Echo (301) and sign-off (002).");
    terminal.echo(6, NOW).await.expect("an answer");
    terminal.sign_off(7, NOW).await.expect("an answer");
    tap.messages(20).await;
    tap.check(
        "pos_iso8583/conversation.txt",
        "A terminal (>) and the switch (<), profile iso87-ascii, as they passed on the wire without frame headers.\n",
    );
}
