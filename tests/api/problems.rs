//! Every refusal of the catalogue, reached from outside.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{GOOD_CARD, Plan, Reply, Switch, bill_body, eventually, headers, reply};

/// Refusals that need a fault of ours or of the database: their rigs are elsewhere (`tests/audit.rs`).
const OUT_OF_REACH: [&str; 3] = ["audit-log-not-sealed", "internal-error", "store-unavailable"];

/// Keeps what was seen, after checking that it is a whole problem.
#[derive(Default)]
struct Seen(BTreeSet<String>);

impl Seen {
    fn see(&mut self, told: &str, refused: &Reply) {
        assert_eq!(refused.told(), told, "{refused:?}");
        let problem = refused.json();
        let code = problem["code"].as_str().expect("a code").to_owned();
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert_eq!(problem["status"], refused.status);
        assert_eq!(refused.header("content-type"), Some("application/problem+json"));
        for part in ["title", "detail", "trace_id"] {
            assert!(problem[part].as_str().is_some_and(|text| !text.is_empty()), "{code} has no {part}");
        }
        self.0.insert(code);
    }
}

#[tokio::test]
async fn every_refusal_of_the_catalogue_can_be_met() {
    let mut seen = Seen::default();
    meet_those_of_requests(&mut seen).await;
    meet_those_of_a_busy_switch(&mut seen).await;
    meet_those_of_other_settings(&mut seen).await;
    let catalogue: BTreeSet<String> = include_str!("../../docs/problems.md")
        .split("## What can be wrong")
        .next()
        .expect("the first part")
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned()))
        .collect();
    assert!(catalogue.len() > 20, "the catalogue is read");
    let missing: Vec<_> =
        catalogue.difference(&seen.0).filter(|c| !OUT_OF_REACH.contains(&c.as_str())).collect();
    assert!(missing.is_empty(), "never met: {missing:?}");
}

async fn meet_those_of_requests(seen: &mut Seen) {
    let switch = Switch::start().await;
    let (bill, card) = (switch.bill("1").await, switch.card(GOOD_CARD).await);
    let pay = |key: &'static str, bill: &str, method: &str, card: Option<&str>| {
        switch.pay_raw(key, json!({ "bill": bill, "method": method, "card": card }).to_string())
    };
    seen.see("400 malformed-json", &switch.pay_raw("request-number-001", "{\n \"bill\": x }").await);
    seen.see("400 invalid-fields", &switch.pay_raw("request-number-002", "[]").await);
    seen.see(
        "404 bill-not-found",
        &pay("request-number-003", &foreign_bill(&bill), "card", Some(&card)).await,
    );
    seen.see("422 card-needed", &pay("request-number-004", &bill, "card", None).await);
    seen.see(
        "422 card-unknown",
        &pay("request-number-005", &bill, "card", Some(&bill.replace("bil_", "crd_"))).await,
    );
    seen.see("422 method-not-offered", &pay("request-number-006", &bill, "cash", None).await);
    seen.see("400 invalid-parameter", &switch.get("/v1/payments?limit=many").await);
    seen.see("404 not-found", &switch.get("/v1/refunds").await);
    seen.see("404 payment-not-found", &switch.get("/v1/payments/pay_1").await);
    let wrong_method = reply(switch.request(Method::DELETE, "/v1/bills")).await;
    seen.see("405 method-not-allowed", &wrong_method);
    assert!(wrong_method.header("allow").is_some_and(|allow| allow.contains("POST")));
    let secret = json!({ "pan": GOOD_CARD, "expiry": "2912", "cvv": "123" });
    let refused = switch.post("/v1/cards", &secret).await;
    seen.see("400 card-secret-refused", &refused);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/cvv");
    assert!(!refused.text.contains("123"), "and it is not said again");

    let bare = switch.request(Method::POST, "/v1/payments");
    seen.see("400 idempotency-key-missing", &reply(bare.json(&json!({}))).await);
    seen.see("400 idempotency-key-invalid", &switch.pay("short", &bill, &card).await);
    let anonymous =
        switch.request(Method::GET, "/v1/bills/x").headers(headers(&[("authorization", "Bearer x")]));
    seen.see("401 unauthorized", &reply(anonymous).await);
    let reader = format!("Bearer {}", switch.token_for("bills%3Aread").await);
    let reading = switch.request(Method::GET, "/v1/methods").headers(headers(&[("authorization", &reader)]));
    seen.see("403 insufficient-scope", &reply(reading).await);
    let text = switch.request(Method::POST, "/v1/bills").header("content-type", "text/plain").body("{}");
    seen.see("415 content-type-unsupported", &reply(text).await);
    let long = switch.request(Method::POST, "/v1/bills").header("content-type", "application/json");
    seen.see("413 body-too-large", &reply(long.body(vec![b' '; 65_537])).await);
    seen.see("400 body-incomplete", &half_a_body(&switch).await);

    let mut other = bill_body("1");
    other["description"] = json!("changed");
    seen.see("409 bill-reference-reused", &switch.post("/v1/bills", &other).await);
    for (reference, amount, currency, told) in
        [("2", "50000.01", "ILS", "422 amount-above-limit"), ("3", "50.00", "GBP", "422 currency-not-taken")]
    {
        let mut body = bill_body(reference);
        body["amount"] = json!({ "amount": amount, "currency": currency });
        let bill = switch.post("/v1/bills", &body).await.field("id");
        seen.see(told, &switch.pay(&format!("request-of-bill-{reference}"), &bill, &card).await);
    }
    let withdrawn = switch.bill("4").await;
    switch.post(&format!("/v1/bills/{withdrawn}/cancel"), &Value::Null).await;
    seen.see("409 bill-cancelled", &switch.pay("request-number-007", &withdrawn, &card).await);
    let mut short_lived = bill_body("5");
    // By the clock of the switch, which the last bill was made by.
    let now = switch.get(&format!("/v1/bills/{withdrawn}")).await.field("created_at");
    let now: jiff::Timestamp = now.parse().expect("RFC 3339");
    let end = now + jiff::SignedDuration::from_millis(2_000);
    short_lived["expires_at"] = json!(end.to_string());
    let expired = switch.post("/v1/bills", &short_lived).await.field("id");
    eventually("it expires", async || {
        switch.get(&format!("/v1/bills/{expired}")).await.field("status") == "EXPIRED"
    })
    .await;
    seen.see("409 bill-expired", &switch.pay("request-number-008", &expired, &card).await);
    assert_eq!(switch.pay("request-number-009", &bill, &card).await.told(), "201 PAID");
    let another = switch.card(GOOD_CARD).await;
    seen.see("409 bill-paid", &switch.pay("request-number-010", &bill, &another).await);
    seen.see("422 idempotency-key-reused", &switch.pay("request-number-010", &withdrawn, &another).await);
}

/// A number of the right form that no bill has: another switch's.
fn foreign_bill(own: &str) -> String {
    switch_core::id::PublicIds::new([0x42; 16]).show("bil", 1).replace("bil_", &own[..4])
}

async fn meet_those_of_a_busy_switch(seen: &mut Seen) {
    let switch = Switch::start_with(Plan::default().with("", "in_flight_max = 2")).await;
    let (bill, other) = (switch.bill("1").await, switch.bill("2").await);
    let (card, second) = (switch.card(GOOD_CARD).await, switch.card(GOOD_CARD).await);
    let before = switch.host().counters().messages_in.get();
    switch.host().faults().service_time = Duration::from_millis(1200);
    let on_the_wire = |count: u64| {
        let switch = &switch;
        eventually("the sales are on the wire", async move || {
            switch.host().counters().messages_in.get() >= before + count
        })
    };
    let one = switch.pay("busy-payment-number-1", &bill, &card);
    let meanwhile = async {
        on_the_wire(1).await;
        seen.see("409 idempotency-in-progress", &switch.pay("busy-payment-number-1", &bill, &card).await);
        seen.see("409 bill-in-payment", &switch.pay("busy-payment-number-2", &bill, &second).await);
        let two = switch.pay("busy-payment-number-3", &other, &second);
        let full = async {
            on_the_wire(2).await;
            let refused = switch.pay("busy-payment-number-4", &other, &second).await;
            assert_eq!(refused.header("retry-after"), Some("1"));
            seen.see("503 overloaded", &refused);
        };
        join(two, full).await.0
    };
    let (one, two) = join(one, meanwhile).await;
    assert_eq!((one.told(), two.told()), ("201 PAID".into(), "201 PAID".into()));
}

async fn meet_those_of_other_settings(seen: &mut Seen) {
    let mut switch = Switch::start_with(Plan::default().with("http", "rate_per_second = 20")).await;
    let mut answers = Vec::new();
    for _ in 0..60 {
        answers.push(switch.get("/v1/methods").await);
    }
    let refused = answers.iter().find(|answer| answer.status != 200).expect("more than the limit");
    assert_eq!(refused.header("retry-after"), Some("1"));
    seen.see("429 rate-limited", refused);

    let patient = async |body: &Value, path: &str| loop {
        let answer = switch.post(path, body).await;
        if answer.status != 429 {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let bill = patient(&bill_body("1"), "/v1/bills").await.field("id");
    let card = patient(&json!({ "pan": GOOD_CARD, "expiry": "2912" }), "/v1/cards").await.field("token");
    switch.host.take().expect("it runs").stop().await;
    eventually("the link is down", async || {
        switch.ops("/readyz?verbose").await.text.contains("card-sandbox: degraded")
    })
    .await;
    assert_eq!(switch.ops("/readyz").await.status, 200, "degraded is not dead");
    eventually("it is not shed", async || {
        let answer = switch.pay("nobody-to-be-reached", &bill, &card).await;
        if answer.status == 503 {
            seen_late(&answer);
        }
        answer.status == 503
    })
    .await;
    seen.0.insert("no-counterparty-reachable".into());

    let none = Plan::default().with("", "pan_mode = \"none\"").with("vault", "key_file = unset");
    let switch = Switch::start_with(none).await;
    let card = json!({ "pan": GOOD_CARD, "expiry": "2912" });
    seen.see("403 card-numbers-not-accepted", &switch.post("/v1/cards", &card).await);
}

fn seen_late(answer: &Reply) {
    assert_eq!(answer.told(), "503 no-counterparty-reachable");
    assert_eq!(answer.header("retry-after"), Some("5"));
}

/// Announces more than it sends, and stops sending.
async fn half_a_body(switch: &Switch) -> Reply {
    let address = switch.http.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
    let head = format!(
        "POST /v1/bills HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: 100\r\nconnection: close\r\n\r\n{{",
        switch.token
    );
    stream.write_all(head.as_bytes()).await.expect("it reads");
    stream.shutdown().await.expect("a half-closed connection");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("an answer");
    let (head, body) = text.split_once("\r\n\r\n").expect("head and body");
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
    Reply { status, headers: headers(&[("content-type", "application/problem+json")]), text: body.to_owned() }
}
