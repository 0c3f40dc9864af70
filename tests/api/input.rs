//! What comes in is wrong in every way it can be: each flaw is named by its place, several at once,
//! and nothing that is sent makes the switch fail.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{GOOD_CARD, Switch, bill_body, reply};

/// The places and flaws of an answer.
fn flaws(answer: &Value) -> Vec<String> {
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    errors.iter().map(|error| format!("{} {}", text(&error["pointer"]), text(&error["code"]))).collect()
}

#[tokio::test]
async fn each_flaw_of_a_bill_is_named_by_its_field() {
    let switch = Switch::start().await;
    let change = |pointer: &str, value: Value| {
        let mut body = bill_body("X-1");
        match body.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => body[pointer.trim_start_matches('/')] = value,
        }
        body
    };
    for (body, named) in [
        (change("/department", json!("XXX")), "/department unknown-department"),
        (change("/department", json!(7)), "/department not-text"),
        (change("/department", Value::Null), "/department not-text"),
        (change("/service", json!("XXX")), "/service unknown-service"),
        (change("/service", json!("VEH-LIC")), "/service unknown-service"),
        (change("/reference", json!("")), "/reference length"),
        (change("/reference", json!("x".repeat(65))), "/reference length"),
        (change("/reference", json!("a\u{0}b")), "/reference control-character"),
        (change("/payer", json!("me")), "/payer not-object"),
        // serde would take the values of a list for the fields in order.
        (change("/payer", json!(["company", "562-1"])), "/payer not-object"),
        (change("/amount", json!(["50.00", "ILS"])), "/amount not-object"),
        (change("/payer/kind", json!("dog")), "/payer/kind unknown-word"),
        (change("/payer/number", json!("a b")), "/payer/number not-a-document"),
        (
            change("/payer", json!({ "kind": "national_id", "number": "123456789" })),
            "/payer/number not-a-national-id",
        ),
        (
            change("/payer", json!({ "kind": "national_id", "number": "000000000" })),
            "/payer/number not-a-national-id",
        ),
        (change("/payer", json!({ "kind": "company" })), "/payer/number missing"),
        (change("/amount", json!("50.00")), "/amount not-object"),
        (change("/amount", json!({ "amount": 50, "currency": "ILS" })), "/amount/amount not-text"),
        (change("/amount/amount", json!("50")), "/amount/amount decimals"),
        (change("/amount/amount", json!("50.0")), "/amount/amount decimals"),
        (change("/amount/amount", json!("50.000")), "/amount/amount decimals"),
        (change("/amount/amount", json!("0.00")), "/amount/amount not-positive"),
        (change("/amount/amount", json!("-1.00")), "/amount/amount not-positive"),
        (change("/amount/amount", json!("1e2")), "/amount/amount not-an-amount"),
        (change("/amount/amount", json!("99999999999999.00")), "/amount/amount too-large"),
        (change("/amount/currency", json!("ils")), "/amount/currency unknown-currency"),
        (
            change("/amount", json!({ "amount": "1.00", "currency": "ILS", "vat": "0" })),
            "/amount/vat unknown-field",
        ),
        (change("/description", json!("x".repeat(201))), "/description length"),
        (change("/expires_at", json!("tomorrow")), "/expires_at not-a-time"),
        (change("/expires_at", json!("2020-01-01T00:00:00Z")), "/expires_at past"),
        (change("/colour", json!("red")), "/colour unknown-field"),
        (change("/a~b/c", json!(1)), "/a~0b~1c unknown-field"),
    ] {
        let refused = switch.post("/v1/bills", &body).await;
        assert_eq!(refused.told(), "400 invalid-fields", "{body}");
        assert_eq!(flaws(&refused.json()), [named], "{body}");
    }
    let many = json!({
        "department": "MOI", "service": "PASS-REN", "reference": "", "payer": { "kind": "dog", "number": "1" },
        "amount": { "amount": "x", "currency": "ILS" }, "expires_at": "never",
    });
    let refused = switch.post("/v1/bills", &many).await;
    let all = [
        "/reference length",
        "/payer/kind unknown-word",
        "/amount/amount not-an-amount",
        "/expires_at not-a-time",
    ];
    assert_eq!(flaws(&refused.json()), all, "all at once");
}

#[tokio::test]
async fn each_flaw_of_a_payment_and_a_card_is_named_by_its_field() {
    let switch = Switch::start().await;
    let bill = switch.bill("Y-1").await;
    let mistyped = format!("{}{}", &bill[..16], if bill.as_bytes()[16] == b'7' { "87" } else { "77" });
    for (body, named) in [
        ("{}".to_owned(), vec!["/bill missing", "/method missing"]),
        ("[]".into(), vec![" not-object"]),
        (format!(r#"["{bill}","card","{GOOD_CARD}"]"#), vec![" not-object"]),
        ("null".into(), vec![" not-object"]),
        (
            r#"{"bill":1,"method":[],"card":{}}"#.into(),
            vec!["/bill not-text", "/method not-text", "/card not-text"],
        ),
        (format!(r#"{{"bill":"{bill}","bill":"{bill}","method":"card"}}"#), vec!["/bill duplicate"]),
        (format!(r#"{{"bill":"{}","method":"card"}}"#, &bill[..10]), vec!["/bill not-an-id"]),
        (format!(r#"{{"bill":"{mistyped}","method":"card"}}"#), vec!["/bill mistyped"]),
        (
            format!(r#"{{"bill":"{bill}","method":"gold","card":"x"}}"#),
            vec!["/method unknown-word", "/card not-an-id"],
        ),
        (format!(r#"{{"bill":"{bill}","method":"card","tip":"1"}}"#), vec!["/tip unknown-field"]),
    ] {
        let refused = switch.pay_raw("a-flawed-payment-01", body.clone()).await;
        assert_eq!(
            (refused.told().as_str(), flaws(&refused.json())),
            ("400 invalid-fields", named.iter().map(ToString::to_string).collect()),
            "{body}"
        );
    }
    let cut = switch.pay_raw("a-flawed-payment-01", "{\n  \"bill\": bil\n}").await;
    assert_eq!(flaws(&cut.json()), [" syntax"]);
    assert!(
        cut.json()["errors"][0]["note"].as_str().is_some_and(|note| note.contains("line 2 column")),
        "{cut:?}"
    );
    for (body, named) in [
        (json!({ "pan": "4111111111111112", "expiry": "2912" }), vec!["/pan not-a-card"]),
        (json!({ "pan": "4111", "expiry": "2913" }), vec!["/pan not-a-card", "/expiry not-an-expiry"]),
        (json!({ "pan": GOOD_CARD }), vec!["/expiry missing"]),
        (json!({ "pan": GOOD_CARD, "expiry": "2912", "name": "X" }), vec!["/name unknown-field"]),
        (
            json!({ "pan": GOOD_CARD, "expiry": "2912", "track_2": "X", "PIN": "1" }),
            vec!["/PIN card-secret", "/track_2 card-secret"],
        ),
    ] {
        let refused = switch.post("/v1/cards", &body).await;
        assert_eq!(
            (refused.status, flaws(&refused.json())),
            (400, named.iter().map(ToString::to_string).collect()),
            "{body}"
        );
        assert!(!refused.text.contains(GOOD_CARD));
    }
}

/// SplitMix64: one seed, one sequence, on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ z >> 31) % bound as u64) as usize
    }

    fn mutate(&mut self, good: &[u8]) -> Vec<u8> {
        const PIECES: [&str; 14] =
            ["{", "}", "[", "]", "\"", "\\u0000", "\\ud800", "null", "1e999", ",", ":", "\u{0}", "é", "٥"];
        let mut body = good.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(body.len() + 1);
            match self.below(6) {
                0 if at < body.len() => body[at] ^= 1 << self.below(8),
                1 => body.truncate(at),
                2 => body.splice(at..at, PIECES[self.below(PIECES.len())].bytes()).for_each(drop),
                3 => body.splice(at..at, good.iter().copied().take(40)).for_each(drop),
                4 if at < body.len() => {
                    let end = at + self.below(body.len() - at);
                    body.drain(at..end).for_each(drop);
                }
                _ => body.extend(std::iter::repeat_n(b'[', self.below(300))),
            }
        }
        body
    }
}

#[tokio::test]
async fn thousands_of_mutated_bodies_are_refused_and_none_breaks_the_switch() {
    const BODIES: usize = 4_000;
    let seed =
        std::env::var("SWITCHD_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_122);
    let switch = Switch::start().await;
    let bill = switch.bill("Z-0").await;
    let good = [
        ("/v1/bills", bill_body("Z-1").to_string()),
        ("/v1/cards", json!({ "pan": GOOD_CARD, "expiry": "2912" }).to_string()),
        (
            "/v1/payments",
            json!({ "bill": bill, "method": "card", "card": bill.replace("bil_", "crd_") }).to_string(),
        ),
    ];
    let mut dice = Dice(seed);
    for i in 0..BODIES {
        let (path, body) = &good[i % good.len()];
        let body = dice.mutate(body.as_bytes());
        let shown = String::from_utf8_lossy(&body).into_owned();
        let request =
            switch.request(Method::POST, path).header("idempotency-key", format!("mutant-number-{i:06}"));
        let answer = reply(request.header("content-type", "application/json").body(body)).await;
        assert!(answer.status < 500, "seed {seed}, body {i}, {path}: {answer:?}\n{shown}");
        if answer.status == 400 {
            let named = flaws(&answer.json());
            assert!(!named.is_empty(), "seed {seed}, body {i}, {path} names nothing: {answer:?}\n{shown}");
        }
    }
    assert_eq!(switch.ops("/readyz").await.status, 200);
}
