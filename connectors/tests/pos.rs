//! The port for terminals, over real sockets, with a desk that keeps a tiny book.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connectors::pos_iso8583::sandbox::{CashPayment, SandboxTerminal, demo_messages};
use connectors::pos_iso8583::{PosHost, PosSettings};
use switch_core::agent::{
    BillQuote, CashDesk, CashOrder, CashReceipt, CashRefusal, CashReversal, CashReversed, Terminal,
};
use switch_core::clock::BusinessDate;
use switch_core::connector::Reply;
use switch_core::id::{AttemptId, ClientId, PaymentId, Rrn};
use switch_core::money::{Currency, Money};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::support::{NOW, StandingClock, until};

const BILL: &str = "bil_7ZQ2M4K8W0XYT*";

/// One bill of 50.00 ILS, one terminal, a float.
pub(crate) struct TinyDesk {
    book: Mutex<Book>,
    /// Payments wait here for a permit.
    gate: Semaphore,
}

#[derive(Default)]
struct Book {
    float: i64,
    payments: HashMap<String, (CashOrder, CashReceipt)>,
    reversed: Vec<String>,
    postings: u32,
    waiting: u32,
}

fn due() -> Money {
    Money::new(5000, Currency::Ils)
}

impl TinyDesk {
    fn with_float(float: i64) -> Arc<Self> {
        Arc::new(Self {
            book: Mutex::new(Book { float, ..Book::default() }),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        })
    }

    fn paid(&self, order: CashOrder) -> Result<CashReceipt, CashRefusal> {
        let mut book = self.book.lock().expect("no panic under the lock");
        let key = order.key.as_str().to_owned();
        if book.reversed.contains(&key) {
            return Err(CashRefusal::AlreadyReversed);
        }
        if let Some((first, receipt)) = book.payments.get(&key) {
            let same = first.bill == order.bill && first.amount == order.amount;
            return if same { Ok(receipt.clone()) } else { Err(CashRefusal::KeyReused) };
        }
        let refusal = match () {
            () if order.bill != BILL => Some(CashRefusal::UnknownBill),
            () if !book.payments.is_empty() => Some(CashRefusal::BillPaid),
            () if order.amount != due() => Some(CashRefusal::AmountDiffers),
            () if book.float < order.amount.minor() => Some(CashRefusal::FloatShort),
            () => None,
        };
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        book.float -= order.amount.minor();
        book.postings += 1;
        let receipt = CashReceipt {
            payment: PaymentId(42),
            rrn: Rrn::of(AttemptId(42)).as_str().to_owned(),
            approval_code: "HK0042".into(),
            at: NOW,
            business_date: BusinessDate(20_261_122),
        };
        book.payments.insert(key, (order, receipt.clone()));
        Ok(receipt)
    }
}

impl CashDesk for TinyDesk {
    fn terminal<'a>(
        &'a self,
        id: &'a str,
    ) -> switch_core::connector::Reply<'a, Result<Terminal, CashRefusal>> {
        Box::pin(async move {
            let terminal = Terminal { id: id.into(), agent: ClientId(7), amount_max_minor: 100_000 };
            if id.starts_with("TERM") { Ok(terminal) } else { Err(CashRefusal::UnknownTerminal) }
        })
    }

    fn inquire<'a>(&'a self, _: &'a Terminal, bill: &'a str) -> Reply<'a, Result<BillQuote, CashRefusal>> {
        Box::pin(async move {
            if bill != BILL {
                return Err(CashRefusal::UnknownBill);
            }
            Ok(BillQuote {
                bill: BILL.into(),
                amount: due(),
                department: "moi".into(),
                service: "passport".into(),
            })
        })
    }

    fn pay(&self, order: CashOrder) -> Reply<'_, Result<CashReceipt, CashRefusal>> {
        Box::pin(async move {
            self.book.lock().expect("no panic under the lock").waiting += 1;
            self.gate.acquire().await.expect("never closed").forget();
            self.paid(order)
        })
    }

    fn reverse(&self, reversal: CashReversal) -> Reply<'_, Result<CashReversed, CashRefusal>> {
        Box::pin(async move {
            let mut book = self.book.lock().expect("no panic under the lock");
            let key = reversal.original.as_str().to_owned();
            let known = book.reversed.contains(&key);
            if !known {
                book.reversed.push(key.clone());
            }
            Ok(match book.payments.remove(&key) {
                Some((order, _)) => {
                    book.float += order.amount.minor();
                    CashReversed::Reversed
                }
                None if known => CashReversed::Reversed,
                None => CashReversed::Tombstone,
            })
        })
    }
}

const POS_SANDBOX: &str = include_str!("../../config/connectors/pos-sandbox.toml");

fn settings(change: impl FnOnce(&mut PosSettings)) -> PosSettings {
    let mut settings = PosSettings::from_toml(POS_SANDBOX).expect("the committed settings");
    settings.listen = "127.0.0.1:0".into();
    change(&mut settings);
    settings
}

pub(crate) struct Shop {
    desk: Arc<TinyDesk>,
    pub(crate) host: PosHost,
    pub(crate) settings: PosSettings,
}

impl Shop {
    pub(crate) fn open(change: impl FnOnce(&mut PosSettings)) -> Self {
        let settings = settings(change);
        let desk = TinyDesk::with_float(100_000);
        let host =
            PosHost::start(settings.clone(), Arc::new(StandingClock), desk.clone()).expect("a free port");
        Self { desk, host, settings }
    }

    async fn terminal(&self, id: &str) -> SandboxTerminal {
        SandboxTerminal::connect(self.host.address(), &self.settings, id).await.expect("an open port")
    }

    async fn signed_on(&self) -> SandboxTerminal {
        let mut terminal = self.terminal("TERM0001").await;
        assert_eq!(terminal.sign_on(1, NOW).await.expect("an answer").code, "00");
        terminal
    }

    fn float(&self) -> i64 {
        self.desk.book.lock().expect("no panic under the lock").float
    }
}

pub(crate) fn cash(stan: u32) -> CashPayment {
    CashPayment { terminal: "TERM0001".into(), bill: BILL.into(), amount: due(), stan, at: NOW }
}

#[tokio::test]
async fn sign_on_inquire_pay_repeat_reverse() {
    for (profile, framing) in
        [("iso87-ascii", "len2-be"), ("iso87-bcd", "len2-be-tpdu"), ("iso87-abin", "len4-ascii")]
    {
        let shop = Shop::open(|settings| {
            settings.dialect = codecs::iso8583::Profile::by_name(profile).expect("built in");
            settings.framing = codecs::Framing::parse_name(framing).expect("known");
        });
        let mut terminal = shop.terminal("TERM0001").await;
        let signed_on = terminal.sign_on(1, NOW).await.expect("an answer");
        assert_eq!((signed_on.mti.as_str(), signed_on.code.as_str()), ("0810", "00"));
        // 10:31:05 UTC is 12:31:05 in Hebron in November.
        assert_eq!(
            (signed_on.field(12), signed_on.field(13), signed_on.field(15)),
            (Some("123105"), Some("1122"), Some("1122"))
        );

        let quote = terminal.inquire(&cash(2)).await.expect("an answer");
        assert_eq!((quote.mti.as_str(), quote.code.as_str()), ("0110", "00"));
        assert_eq!(
            (quote.field(4), quote.field(49), quote.field(62)),
            (Some("000000005000"), Some("376"), Some(BILL))
        );
        assert_eq!(quote.field(48), Some("moi/passport"));

        let paid = terminal.pay(&cash(3), false).await.expect("an answer");
        assert_eq!((paid.mti.as_str(), paid.code.as_str()), ("0210", "00"));
        assert_eq!(
            (paid.field(37), paid.field(38), paid.field(15)),
            (Some("000000000016"), Some("HK0042"), Some("1122"))
        );
        assert_eq!(shop.float(), 95_000);

        let same = terminal.pay(&cash(3), false).await.expect("an answer");
        let repeat = terminal.pay(&cash(3), true).await.expect("an answer");
        assert_eq!((&same.bytes, &repeat.bytes), (&paid.bytes, &paid.bytes), "{profile}");
        assert_eq!(shop.desk.book.lock().expect("no panic under the lock").postings, 1);

        let reversed = terminal.reverse(&cash(3), false).await.expect("an answer");
        assert_eq!((reversed.mti.as_str(), reversed.code.as_str()), ("0430", "00"));
        assert_eq!(terminal.reverse(&cash(3), true).await.expect("an answer").code, "00");
        assert_eq!(shop.float(), 100_000);
        assert_eq!(
            terminal.pay(&cash(3), true).await.expect("an answer").code,
            "12",
            "{profile}: reversed before"
        );
        assert_eq!(terminal.sign_off(9, NOW).await.expect("an answer").code, "00");
        assert_eq!(terminal.pay(&cash(4), false).await.expect("an answer").code, "58");
    }
}

#[tokio::test]
async fn a_reversal_before_its_payment_leaves_a_tombstone() {
    let shop = Shop::open(|_| {});
    let mut terminal = shop.signed_on().await;
    assert_eq!(terminal.reverse(&cash(5), false).await.expect("an answer").code, "00");
    let late = terminal.pay(&cash(5), false).await.expect("an answer");
    assert_eq!((late.code.as_str(), late.field(44)), ("12", Some("was reversed before")));
    assert_eq!(shop.float(), 100_000);
}

#[tokio::test]
async fn refusals_have_their_code_and_words() {
    let shop = Shop::open(|_| {});
    let mut terminal = shop.signed_on().await;
    let other_bill = CashPayment { bill: "bil_0".into(), ..cash(2) };
    let other_amount = CashPayment { amount: Money::new(4999, Currency::Ils), ..cash(3) };
    for (reply, code, words) in [
        (terminal.inquire(&other_bill).await, "25", "no such bill"),
        (terminal.pay(&other_bill, false).await, "25", "no such bill"),
        (terminal.pay(&other_amount, false).await, "13", "amount is not what is due"),
        (terminal.pay(&cash(4), false).await, "00", ""),
        (terminal.pay(&cash(5), false).await, "21", "bill is paid"),
        (
            terminal.pay(&CashPayment { bill: "bil_0".into(), ..cash(4) }, true).await,
            "94",
            "trace number used before",
        ),
    ] {
        let reply = reply.expect("an answer");
        assert_eq!((reply.code.as_str(), reply.field(44).unwrap_or_default()), (code, words));
    }
}

#[tokio::test]
async fn without_sign_on_nothing_but_sign_on() {
    let shop = Shop::open(|_| {});
    let mut terminal = shop.terminal("TERM0001").await;
    for reply in
        [terminal.echo(1, NOW).await, terminal.inquire(&cash(2)).await, terminal.pay(&cash(3), false).await]
    {
        assert_eq!(reply.expect("an answer").code, "58");
    }
    let mut stranger = shop.terminal("NOBODY01").await;
    let refused = stranger.sign_on(1, NOW).await.expect("an answer");
    assert_eq!((refused.code.as_str(), refused.field(44)), ("58", Some("terminal not registered")));
    let mut other = shop.signed_on().await;
    let of_another = CashPayment { terminal: "TERM0002".into(), ..cash(4) };
    assert_eq!(other.pay(&of_another, false).await.expect("an answer").code, "58");
    assert_eq!(shop.desk.book.lock().expect("no panic under the lock").waiting, 0);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let shop = Shop::open(|_| {});
    let mut terminal = shop.signed_on().await;
    for (mti, fields, remark) in [
        ("0200", &[(3, "500000"), (41, "TERM0001")][..], "DE4 missing"),
        ("0200", &[(3, "500000"), (4, "000000005000"), (41, "TERM0001")], "DE49 missing"),
        ("0200", &[(3, "500000"), (4, "000000005000"), (41, "TERM0001"), (49, "999")], "DE49 wrong"),
        ("0200", &[(3, "500000"), (4, "000000005000"), (41, "TERM0001"), (49, "376")], "DE11 missing"),
        ("0200", &[(4, "000000005000"), (41, "TERM0001")], "DE3 missing"),
        ("0200", &[(3, "500000")], "DE41 missing"),
        ("0420", &[(41, "TERM0001")], "DE4 missing"),
        ("0800", &[(41, "TERM0001")], "DE70 missing"),
    ] {
        let mut draft = codecs::iso8583::Draft::new(mti.parse().expect("a literal"));
        fields.iter().for_each(|(n, text)| {
            draft.set(*n, *text);
        });
        let mut bytes = Vec::new();
        draft.encode(&shop.settings.dialect, &mut bytes).expect("valid fields");
        let reply = terminal.exchange(&bytes).await.expect("an answer");
        assert_eq!((reply.code.as_str(), reply.field(44)), ("30", Some(remark)), "{mti}");
        // Anything right in between, so that the connection is not closed as hostile.
        assert_eq!(terminal.echo(1, NOW).await.expect("an answer").code, "00");
    }
    let unreadable = terminal.exchange(b"02003000000000000000xx0000").await.expect("an answer");
    assert_eq!((unreadable.mti.as_str(), unreadable.code.as_str()), ("0210", "30"));
    assert_eq!(unreadable.field(44), Some("DE3 NOT_NUMERIC"));
    assert!(terminal.exchange(b"not a message at all").await.is_err(), "closed");
}

/// The demo's hexadecimal text, sent as `xxd -r -p | nc` sends it: all bytes, then the end of the stream.
#[tokio::test]
async fn the_printed_messages_work_from_a_shell() {
    let shop = Shop::open(|_| {});
    let demo = demo_messages(&shop.settings, &cash(7)).expect("written");
    let mut answers = Vec::new();
    for text in [&demo.inquiry, &demo.payment, &demo.payment, &demo.repeat, &demo.reversal, &demo.payment] {
        let mut stream = TcpStream::connect(shop.host.address()).await.expect("an open port");
        stream.write_all(&codecs::hex::decode(text.as_bytes()).expect("hex")).await.expect("sent");
        stream.shutdown().await.expect("half closed");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("two answers");
        let text = String::from_utf8_lossy(&answer).into_owned();
        assert!(text.contains("0810"), "{text}");
        answers.push(text);
    }
    assert!(answers[0].contains("0110"));
    assert!(answers[1].contains("0210") && answers[1].contains("HK0042"), "{}", answers[1]);
    assert_eq!((&answers[2], &answers[3]), (&answers[1], &answers[1]), "repeats get the stored answer");
    assert!(answers[4].contains("0430"));
    assert!(!answers[5].contains("HK0042"), "a payment that was reversed stays reversed");
    assert_eq!(shop.float(), 100_000);
}

#[tokio::test]
async fn a_reversal_never_overtakes_its_payment() {
    let shop = Shop::open(|_| {});
    let mut terminal = shop.signed_on().await;
    shop.desk.gate.forget_permits(Semaphore::MAX_PERMITS);
    let demo = demo_messages(&shop.settings, &cash(8)).expect("written");
    // Payment and reversal back to back, each behind a sign-on.
    let bytes =
        [demo.payment, demo.reversal].map(|text| codecs::hex::decode(text.as_bytes()).expect("hex")).concat();
    terminal.send_raw(&bytes).await.expect("sent");
    until("the payment is at the desk", || {
        shop.desk.book.lock().expect("no panic under the lock").waiting == 1
    })
    .await;
    assert!(shop.desk.book.lock().expect("no panic under the lock").reversed.is_empty());
    shop.desk.gate.add_permits(1);
    let mut codes = Vec::new();
    for _ in 0..4 {
        let reply = terminal.receive().await.expect("an answer");
        codes.push(format!("{} {}", reply.mti, reply.code));
    }
    codes.sort();
    assert_eq!(codes, ["0210 00", "0430 00", "0810 00", "0810 00"]);
    assert_eq!(shop.float(), 100_000);
}

#[tokio::test]
async fn a_payment_ends_although_the_terminal_hung_up() {
    let shop = Shop::open(|_| {});
    let mut terminal = shop.signed_on().await;
    shop.desk.gate.forget_permits(Semaphore::MAX_PERMITS);
    let demo = demo_messages(&shop.settings, &cash(9)).expect("written");
    terminal.send_raw(&codecs::hex::decode(demo.payment.as_bytes()).expect("hex")).await.expect("sent");
    until("the payment is at the desk", || {
        shop.desk.book.lock().expect("no panic under the lock").waiting == 1
    })
    .await;
    drop(terminal);
    shop.desk.gate.add_permits(2);
    until("it ended", || shop.desk.book.lock().expect("no panic under the lock").postings == 1).await;
    let mut again = shop.signed_on().await;
    assert_eq!(again.pay(&cash(9), true).await.expect("an answer").field(38), Some("HK0042"));
}

#[tokio::test]
async fn stop_answers_what_is_at_work_and_then_closes() {
    let shop = Shop::open(|_| {});
    let mut terminal = shop.signed_on().await;
    shop.desk.gate.forget_permits(Semaphore::MAX_PERMITS);
    let paying = tokio::spawn(async move { terminal.pay(&cash(3), false).await });
    until("the payment is at the desk", || {
        shop.desk.book.lock().expect("no panic under the lock").waiting == 1
    })
    .await;
    let stopping = async {
        tokio::join!(shop.host.stop(), async {
            until("new connections are refused", || {
                std::net::TcpStream::connect(shop.host.address()).is_err()
            })
            .await;
            shop.desk.gate.add_permits(1);
        })
    };
    tokio::time::timeout(Duration::from_secs(10), stopping).await.expect("stopped");
    assert_eq!(paying.await.expect("no panic").expect("an answer").code, "00");
}

#[tokio::test]
async fn hostile_connections_are_closed() {
    let shop = Shop::open(|settings| {
        settings.frame_deadline = Duration::from_millis(80);
        settings.idle_deadline = Duration::from_millis(200);
        settings.connections_per_address_max = 3;
    });
    let closes = |bytes: &'static [u8]| {
        let address = shop.host.address();
        async move {
            let mut stream = TcpStream::connect(address).await.expect("an open port");
            stream.write_all(bytes).await.expect("sent");
            let mut rest = Vec::new();
            let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
            assert!(closed.is_ok(), "still open after {bytes:?}");
        }
    };
    closes(&[0xFF, 0xFF]).await; // longer than any frame
    closes(&[0x00, 0x10, 0x30]).await; // a frame that never ends
    closes(&[]).await; // no sign-on
    closes(b"\x00\x05junk!").await; // no message
    let mut idle = shop.signed_on().await;
    assert!(idle.receive().await.is_err(), "an idle terminal is let go");
    until("the connections are gone", || shop.host.counters().connections.get() == 0).await;

    let _three =
        [shop.terminal("TERM0001").await, shop.terminal("TERM0001").await, shop.terminal("TERM0001").await];
    until("three are in", || shop.host.counters().connections.get() == 3).await;
    let mut fourth = shop.terminal("TERM0001").await;
    assert!(fourth.sign_on(1, NOW).await.is_err(), "one too many from this address");
}

#[tokio::test]
async fn an_approval_without_a_true_mac_is_no_payment() {
    let mac = || {
        let key = codecs::iso8583::MacKey::from_hex("2b7e151628aed2a6abf7158809cf4f3c").expect("hex");
        Some(codecs::iso8583::Mac::aes_cmac(&key).expect("16 bytes"))
    };
    let shop = Shop::open(|settings| settings.mac = mac());
    let mut honest = shop.signed_on().await;
    assert_eq!(honest.pay(&cash(2), false).await.expect("an answer").code, "00");
    let without = PosSettings { mac: None, ..shop.settings.clone() };
    let mut forger =
        SandboxTerminal::connect(shop.host.address(), &without, "TERM0001").await.expect("an open port");
    assert_eq!(forger.sign_on(1, NOW).await.expect("an answer").code, "63");
    assert_eq!(forger.pay(&cash(3), false).await.expect("an answer").code, "63");
    assert_eq!(shop.desk.book.lock().expect("no panic under the lock").postings, 1);
}

/// What the README prints for a person is what the code writes.
#[test]
fn the_readme_prints_true_messages() {
    let readme = include_str!("../src/pos_iso8583/README.md").replace("\\\n", "");
    let demo = demo_messages(&settings(|_| {}), &cash(7)).expect("written");
    let sign_on_frame = 2 * (2 + 63);
    assert!(readme.contains(&format!("echo {} ", demo.payment)), "{}", demo.payment);
    assert!(
        readme.contains(&format!("\n{}\n", &demo.reversal[sign_on_frame..])),
        "{}",
        &demo.reversal[sign_on_frame..]
    );
    for (pan, line) in [("4000000000000010", "never answers"), ("4000000000000341", "wrong MAC")] {
        let card = include_str!("../src/card_iso8583/README.md");
        assert!(card.lines().any(|text| text.contains(pan) && text.contains(line)), "{pan}");
    }
}
