//! News of a bill reaches the client that made it, signed, again and again until it is taken.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{GOOD_CARD, Plan, SWITCHD, Switch, access_token, bill_body, headers, reply};

#[tokio::test]
async fn a_department_learns_of_its_paid_bill_until_it_says_it_has() {
    let switch = Switch::start_with(Plan::default().with("webhooks", "allow_loopback = true")).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let made = Command::new(SWITCHD)
        .args([
            "client",
            "add",
            "department",
            "--webhook",
            &format!("http://{address}/hook?token=t"),
            "--config",
        ])
        .arg(switch.folder.path().join("switchd.toml"))
        .output()
        .expect("the program runs");
    let printed = String::from_utf8(made.stdout).expect("text");
    let secret = printed.lines().nth(2).expect("the secret of its news");
    let credentials = crate::support::printed(&printed);
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let token = access_token(&client, &switch.http, &credentials).await;
    let department = headers(&[("authorization", &format!("Bearer {token}"))]);
    let bill = switch.request(Method::POST, "/v1/bills").headers(department).json(&bill_body("H-1"));
    let bill = reply(bill).await.field("id");

    let card = switch.card(GOOD_CARD).await;
    let paid = switch.pay("a-payment-with-news", &bill, &card).await;
    let (refused, again) = (taken(&listener, 503).await, taken(&listener, 204).await);
    assert!(refused.head.starts_with("POST /hook?token=t HTTP/1.1\r\n"), "{}", refused.head);
    assert_eq!(refused.header("webhook-id"), again.header("webhook-id"), "the same news");
    assert_eq!(refused.body, again.body);
    for news in [&refused, &again] {
        let signed =
            format!("{}.{}.{}", news.header("webhook-id"), news.header("webhook-timestamp"), news.body);
        let key = STANDARD.decode(secret.trim_start_matches("whsec_")).expect("base 64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length");
        mac.update(signed.as_bytes());
        assert_eq!(
            news.header("webhook-signature"),
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        );
    }
    let told: Value = serde_json::from_str(&again.body).expect("JSON");
    assert_eq!(told["type"], "payment.paid");
    assert_eq!((&told["data"]["id"], &told["data"]["bill"]), (&paid.json()["id"], &paid.json()["bill"]));
    assert_eq!(told["data"]["amount"], paid.json()["amount"]);
    assert!(!switch.program.log().contains("token=t"), "an address may hold a secret");
}

/// A request as it came.
struct Request {
    head: String,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> String {
        let line = self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("no {name} in {}", self.head)).to_owned()
    }
}

/// Takes one request and answers it.
async fn taken(listener: &TcpListener, status: u16) -> Request {
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let mut text = String::new();
    loop {
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece).await.expect("it writes");
        text.push_str(std::str::from_utf8(&piece[..length]).expect("text"));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let announced = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if announced.and_then(|length| length.parse().ok()) == Some(body.len()) {
            let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.expect("it reads");
            return Request { head: head.to_owned(), body: body.to_owned() };
        }
    }
}
