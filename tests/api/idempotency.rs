//! One key of one client names one effect: the table of the design, row by row.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::support::{GOOD_CARD, Reply, Switch, eventually, headers, reply};

#[tokio::test]
async fn a_payment_needs_one_key_in_one_of_two_spellings() {
    let switch = Switch::start().await;
    let (bill, card) = (switch.bill("K-1").await, switch.card(GOOD_CARD).await);
    let body = json!({ "bill": bill, "method": "card", "card": card });
    let key = "0123456789abcdef";
    let quoted = format!("\"{key}\"");
    let long = "x".repeat(65);
    for (keys, told) in [
        (&[][..], "400 idempotency-key-missing"),
        (&[""], "400 idempotency-key-invalid"),
        (&["short"], "400 idempotency-key-invalid"),
        (&[&long], "400 idempotency-key-invalid"),
        (&["0123456789 abcdef"], "400 idempotency-key-invalid"),
        (&["\"0123456789abcdef"], "400 idempotency-key-invalid"),
        (&["0123456789abcdef;a=1"], "400 idempotency-key-invalid"),
        (&["0123456789abcdefé"], "400 idempotency-key-invalid"),
        (&[key, key], "400 idempotency-key-invalid"),
        (&[key, "0123456789abcdeF"], "400 idempotency-key-invalid"),
        (&[key], "201 PAID"),
        (&[&quoted], "201 PAID"),
    ] {
        let pairs: Vec<_> = keys.iter().map(|key| ("idempotency-key", *key)).collect();
        let request = switch.request(Method::POST, "/v1/payments").headers(headers(&pairs)).json(&body);
        assert_eq!(reply(request).await.told(), told, "{keys:?}");
    }
    assert_eq!(switch.host().book().summary().sales, 1, "both spellings are one key");
}

#[tokio::test]
async fn sixty_four_at_once_with_one_key_are_one_payment_and_one_message() {
    let switch = Switch::start().await;
    let (bill, card) = (switch.bill("R-1").await, switch.card(GOOD_CARD).await);
    switch.host().faults().service_time = Duration::from_millis(50);
    let all: Vec<Reply> = join_all((0..64).map(|_| switch.pay("sixty-four-at-once", &bill, &card))).await;
    let (mut first, mut replayed, mut in_progress) = (0, 0, 0);
    for answer in &all {
        match (answer.told().as_str(), answer.header("idempotent-replayed")) {
            ("201 PAID", None) => first += 1,
            ("201 PAID", Some("true")) => replayed += 1,
            ("409 idempotency-in-progress", None) => {
                assert_eq!(answer.header("retry-after"), Some("1"));
                in_progress += 1;
            }
            other => panic!("{other:?}: {answer:?}"),
        }
    }
    assert_eq!((first, replayed + in_progress), (1, 63));
    let settled = switch.pay("sixty-four-at-once", &bill, &card).await;
    let paid = all.iter().find(|answer| answer.status == 201).expect("one was paid");
    assert_eq!((settled.status, &settled.text), (201, &paid.text));
    let summary = switch.host().book().summary();
    assert_eq!((summary.sales, summary.repeats, summary.standing()), (1, 0, 1), "one message on the wire");
    let listed = switch.get("/v1/payments").await.json();
    assert_eq!(listed["payments"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn the_same_meaning_is_replayed_and_another_is_refused() {
    let switch = Switch::start().await;
    let (bill, card) = (switch.bill("M-1").await, switch.card(GOOD_CARD).await);
    let (other_bill, other_card) = (switch.bill("M-2").await, switch.card(GOOD_CARD).await);
    let key = "meaning-of-a-request";
    let paid = switch.pay(key, &bill, &card).await;
    assert_eq!(paid.told(), "201 PAID");
    for body in [
        format!("{{\"card\":\"{card}\",\"bill\":\"{bill}\",\"method\":\"card\"}}"),
        format!("\n{{ \"bill\" : \"{bill}\" ,\r\n\t\"method\": \"card\", \"card\": \"{card}\" }}\n"),
        format!("{{\"b\\u0069ll\":\"{bill}\",\"method\":\"\\u0063ard\",\"card\":\"{card}\"}}"),
        format!("{{\"bill\":\"{}\",\"method\":\"card\",\"card\":\"{card}\"}}", bill.to_lowercase()),
    ] {
        let again = switch.pay_raw(key, body.clone()).await;
        assert_eq!((again.status, &again.text), (201, &paid.text), "{body}");
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{body}");
        assert_eq!(again.header("location"), paid.header("location"));
    }
    for (bill, card) in [(&other_bill, &card), (&bill, &other_card), (&other_bill, &other_card)] {
        let refused = switch.pay(key, bill, card).await;
        assert_eq!(refused.told(), "422 idempotency-key-reused");
        assert!(!refused.text.contains(&paid.field("id")), "it names nothing of the first request");
    }
    assert_eq!(switch.host().book().summary().sales, 1);
}

#[tokio::test]
async fn while_the_first_is_at_work_the_second_is_told_to_wait() {
    let switch = Switch::start().await;
    let (bill, card) = (switch.bill("W-1").await, switch.card(GOOD_CARD).await);
    let (rival, rivals_card) = ("a-rivals-payment-1", switch.card(GOOD_CARD).await);
    let seen = switch.host().counters().messages_in.get();
    switch.host().faults().service_time = Duration::from_millis(1500);
    let first = switch.pay("at-work-for-a-while", &bill, &card);
    let others = async {
        eventually("the sale is on the wire", async || switch.host().counters().messages_in.get() > seen)
            .await;
        let second = switch.pay("at-work-for-a-while", &bill, &card).await;
        let rivals = switch.pay(rival, &bill, &rivals_card).await;
        (second, rivals)
    };
    let (first, (second, rivals)) = futures_util::future::join(first, others).await;
    assert_eq!(second.told(), "409 idempotency-in-progress");
    assert_eq!(second.header("retry-after"), Some("1"));
    assert_eq!(rivals.told(), "409 bill-in-payment", "another key cannot pay the same bill");
    assert_eq!(first.told(), "201 PAID");
    let third = switch.pay("at-work-for-a-while", &bill, &card).await;
    assert_eq!((third.status, &third.text), (201, &first.text));
    // A stored refusal is given again as it was, though the bill is paid by now.
    let again = switch.pay(rival, &bill, &rivals_card).await;
    assert_eq!(again.told(), "409 bill-in-payment");
    assert_eq!(
        (rivals.header("idempotent-replayed"), again.header("idempotent-replayed")),
        (None, Some("true"))
    );
}

#[tokio::test]
async fn a_key_belongs_to_its_client() {
    let switch = Switch::start().await;
    let stranger = switch.another_client("stranger").await;
    let (bill, card) = (switch.bill("C-1").await, switch.card(GOOD_CARD).await);
    let paid = switch.pay("everybodys-first-key", &bill, &card).await;
    let auth = headers(&[("authorization", &format!("Bearer {stranger}"))]);
    let request = switch.request(Method::POST, "/v1/cards").headers(auth.clone());
    let theirs = reply(request.json(&json!({ "pan": GOOD_CARD, "expiry": "2912" }))).await.field("token");
    let body = json!({ "bill": switch.bill("C-2").await, "method": "card", "card": theirs });
    let request = switch.request(Method::POST, "/v1/payments").headers(auth);
    let other = reply(request.header("idempotency-key", "everybodys-first-key").json(&body)).await;
    assert_eq!((other.told().as_str(), other.header("idempotent-replayed")), ("201 PAID", None));
    assert_ne!(other.field("id"), paid.field("id"));
}

#[tokio::test]
async fn what_is_refused_before_it_begins_leaves_the_key_free() {
    let switch = Switch::start().await;
    let (bill, card) = (switch.bill("F-1").await, switch.card(GOOD_CARD).await);
    let key = "a-key-that-stays-free";
    let good = json!({ "bill": bill, "method": "card", "card": card }).to_string();
    for (body, content_type, told) in [
        ("{", "application/json", "400 malformed-json"),
        ("{}", "application/json", "400 invalid-fields"),
        (good.as_str(), "text/plain", "415 content-type-unsupported"),
        (&" ".repeat(70_000), "application/json", "413 body-too-large"),
        (&good.replace(&bill, "bil_0000000000000"), "application/json", "400 invalid-fields"),
        (
            &good.replace("\"method\":\"card\"", "\"method\":\"cheque\""),
            "application/json",
            "400 invalid-fields",
        ),
    ] {
        let request = switch.request(Method::POST, "/v1/payments").header("idempotency-key", key);
        let refused = reply(request.header("content-type", content_type).body(body.to_owned())).await;
        assert_eq!(refused.told(), told, "{}", &body[..body.len().min(80)]);
    }
    let paid = switch.pay(key, &bill, &card).await;
    assert_eq!((paid.told().as_str(), paid.header("idempotent-replayed")), ("201 PAID", None));
}

#[tokio::test]
async fn a_refusal_for_business_reasons_is_kept_under_its_key() {
    let switch = Switch::start().await;
    let (bill, card) = (switch.bill("G-1").await, switch.card(GOOD_CARD).await);
    assert_eq!(switch.pay("who-comes-first-pays", &bill, &card).await.told(), "201 PAID");
    let late = switch.card(GOOD_CARD).await;
    for _ in 0..2 {
        assert_eq!(switch.pay("who-comes-later-not", &bill, &late).await.told(), "409 bill-paid");
    }
    let other = switch.bill("G-2").await;
    assert_eq!(switch.pay("who-comes-later-not", &other, &late).await.told(), "422 idempotency-key-reused");
    assert_eq!(switch.host().book().summary().sales, 1);
}
