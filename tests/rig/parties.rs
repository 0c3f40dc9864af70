//! Others who deal with the switch: a till that takes cash, and a department that wants to hear of its bills.

use std::collections::HashMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use connectors::pos_iso8583::PosSettings;
use connectors::pos_iso8583::sandbox::{CashPayment, Reply, SandboxTerminal};
use switch_core::clock::Timestamp;
use switch_core::money::{Currency, Money};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::ends::Told;

const BETWEEN_CUSTOMERS: Duration = Duration::from_millis(10);

/// What a till does next to a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Pay,
    TakeBack,
}

/// A terminal that takes cash and takes every second payment back. It repeats what was not answered.
pub(crate) struct Till {
    terminal: &'static str,
    settings: PosSettings,
    stan: u32,
    unanswered: Option<(CashPayment, Step)>,
    /// Whether that was sent before.
    is_repeat: bool,
    /// The last word on each bill.
    pub(crate) told: Told,
}

#[expect(clippy::disallowed_methods, reason = "a till has a clock of its own")]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(since.expect("after 1970").as_millis() as i64)
}

impl Till {
    pub(crate) fn new(terminal: &'static str, address: SocketAddr) -> Self {
        let settings = PosSettings::from_toml(&super::config::pos_settings(address)).expect("the sandbox's");
        Self { terminal, settings, stan: 0, unanswered: None, is_repeat: false, told: HashMap::new() }
    }

    /// Works until it is dropped, which loses nothing.
    pub(crate) async fn work(&mut self, address: SocketAddr, bill: impl Fn(usize) -> String) {
        loop {
            if let Ok(mut terminal) = self.connect(address).await {
                while self.serve(&mut terminal, &bill).await.is_ok() {}
            }
            tokio::time::sleep(BETWEEN_CUSTOMERS).await;
        }
    }

    async fn serve(
        &mut self,
        terminal: &mut SandboxTerminal,
        bill: impl Fn(usize) -> String,
    ) -> std::io::Result<()> {
        if self.unanswered.is_none() {
            self.stan += 1;
            self.unanswered = Some((self.payment(bill(self.stan as usize)), Step::Pay));
        }
        self.answer(terminal).await?;
        tokio::time::sleep(BETWEEN_CUSTOMERS).await;
        Ok(())
    }

    /// Repeats what was not answered, until it is.
    pub(crate) async fn finish(&mut self, address: SocketAddr) {
        if self.unanswered.is_some() {
            let mut terminal = self.connect(address).await.expect("the port listens");
            while self.unanswered.is_some() {
                self.answer(&mut terminal).await.expect("an answer");
            }
        }
    }

    async fn connect(&mut self, address: SocketAddr) -> std::io::Result<SandboxTerminal> {
        let mut terminal = SandboxTerminal::connect(address, &self.settings, self.terminal).await?;
        terminal.sign_on(999_999, now()).await?;
        Ok(terminal)
    }

    fn payment(&self, bill: String) -> CashPayment {
        let amount = Money::new(5000, Currency::Ils);
        CashPayment { terminal: self.terminal.to_owned(), bill, amount, stan: self.stan, at: now() }
    }

    async fn answer(&mut self, terminal: &mut SandboxTerminal) -> std::io::Result<()> {
        let Some((payment, step)) = self.unanswered.clone() else { return Ok(()) };
        let repeat = std::mem::replace(&mut self.is_repeat, true);
        let accepted = |reply: &Reply| assert_eq!(reply.code, "00", "{payment:?}: {reply:?}");
        match step {
            Step::Pay => {
                accepted(&terminal.pay(&payment, repeat).await?);
                self.told.insert(payment.bill.clone(), "PAID".to_owned());
                self.unanswered = payment.stan.is_multiple_of(2).then_some((payment, Step::TakeBack));
            }
            Step::TakeBack => {
                accepted(&terminal.reverse(&payment, repeat).await?);
                self.told.insert(payment.bill.clone(), "REVERSED".to_owned());
                self.unanswered = None;
            }
        }
        self.is_repeat = false;
        Ok(())
    }
}

/// A department's listener for news, which writes down what it takes before it says so.
pub(crate) struct Department {
    pub(crate) url: String,
    task: JoinHandle<()>,
}

impl Department {
    pub(crate) async fn listen(log: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/news", listener.local_addr().expect("an address"));
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log).expect("a log");
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // One after the other: a request that is cut off is asked again.
                let _cut_off = tokio::time::timeout(Duration::from_secs(1), take(stream, &mut log)).await;
            }
        });
        Self { url, task }
    }
}

impl Drop for Department {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(mut stream: TcpStream, log: &mut std::fs::File) -> std::io::Result<()> {
    let mut text = Vec::new();
    loop {
        if stream.read_buf(&mut text).await? == 0 {
            return Ok(());
        }
        let whole = String::from_utf8_lossy(&text);
        let Some((head, body)) = whole.split_once("\r\n\r\n") else { continue };
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        if header("content-length").and_then(|length| length.parse().ok()) != Some(body.len()) {
            continue;
        }
        let news: serde_json::Value = serde_json::from_str(body)?;
        let taken = serde_json::json!({
            "event": header("webhook-id"), "type": news["type"], "payment": news["data"]["id"],
        });
        writeln!(log, "{taken}")?;
        break;
    }
    stream.write_all(b"HTTP/1.1 204 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await
}
