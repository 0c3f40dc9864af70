//! The HTTP API as a department and a portal use it.

mod idempotency;
mod input;
mod life;
mod news;
mod problems;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{GOOD_CARD, Plan, Switch, bill_body, eventually, reply};

#[tokio::test]
async fn a_card_pays_a_bill_and_the_host_agrees() {
    let switch = Switch::start().await;
    let (bill, card) = (switch.bill("A-1").await, switch.card(GOOD_CARD).await);
    let paid = switch.pay("first-payment-0001", &bill, &card).await;
    assert_eq!(paid.told(), "201 PAID", "{paid:?}");
    assert_eq!(paid.json()["amount"], json!({ "amount": "50.00", "currency": "ILS" }));
    assert_eq!(paid.field("bill"), bill);
    assert!(paid.header("idempotent-replayed").is_none());

    let location = paid.header("location").expect("a Location").to_owned();
    assert_eq!(location, format!("/v1/payments/{}", paid.field("id")));
    assert_eq!(switch.get(&location).await.json(), paid.json(), "the payment reads as it was answered");
    let now = switch.get(&format!("/v1/bills/{bill}")).await;
    assert_eq!((now.field("status"), now.field("payment")), ("PAID".into(), paid.field("id")));
    let summary = switch.host().book().summary();
    assert_eq!((summary.sales, summary.standing(), summary.approved_minor), (1, 1, 5_000));

    // The card served its payment and is gone.
    let other = switch.bill("A-2").await;
    assert_eq!(switch.pay("second-payment-0001", &other, &card).await.told(), "422 card-unknown");
}

#[tokio::test]
async fn a_decline_is_an_answer_and_the_bill_stays_open() {
    let switch = Switch::start().await;
    let bill = switch.bill("D-1").await;
    for (i, (pan, reason)) in [
        ("4000000000000002", "insufficient_funds"),
        ("4000000000000069", "card_not_accepted"),
        ("4000000000006975", "limit_exceeded"),
        ("4000000000000127", "not_permitted"),
    ]
    .into_iter()
    .enumerate()
    {
        let card = switch.card(pan).await;
        let declined = switch.pay(&format!("decline-number-{i:04}"), &bill, &card).await;
        assert_eq!(
            (declined.told(), declined.field("reason")),
            ("201 DECLINED".into(), reason.into()),
            "{pan}"
        );
        assert_eq!(switch.get(&format!("/v1/bills/{bill}")).await.field("status"), "OPEN");
    }
    let card = switch.card(GOOD_CARD).await;
    assert_eq!(switch.pay("after-the-declines", &bill, &card).await.told(), "201 PAID");
}

#[tokio::test]
async fn silence_is_an_answer_too_and_ends_by_evidence() {
    let switch = Switch::start_with(Plan { response_timeout_ms: 300, ..Plan::default() }).await;
    for (i, (pan, ends, bill_is, standing)) in [
        // The host has it and only did not say so; and the host never had it.
        ("4000000000000010", "PAID", "PAID", 1),
        ("4000000000000028", "REVERSED", "OPEN", 1),
    ]
    .into_iter()
    .enumerate()
    {
        let (bill, card) = (switch.bill(&format!("S-{i}")).await, switch.card(pan).await);
        let key = format!("nobody-answers-{i:04}");
        let unknown = switch.pay(&key, &bill, &card).await;
        assert_eq!(unknown.told(), "202 PENDING", "{unknown:?}");
        let location = unknown.header("location").expect("a Location").to_owned();
        eventually("it ends", async || switch.get(&location).await.field("status") == ends).await;
        let again = switch.pay(&key, &bill, &card).await;
        assert_eq!((again.status, &again.text), (202, &unknown.text), "the first answer, word for word");
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        assert_eq!(switch.host().book().summary().standing(), standing);
        assert_eq!(switch.get(&format!("/v1/bills/{bill}")).await.field("status"), bill_is);
    }
}

#[tokio::test]
async fn a_client_sees_its_own_and_nothing_else() {
    let switch = Switch::start().await;
    let stranger = switch.another_client("stranger").await;
    let (bill, card) = (switch.bill("T-1").await, switch.card(GOOD_CARD).await);
    let paid = switch.pay("tenants-payment-001", &bill, &card).await;
    let payment = paid.field("id");
    let strangers_card = {
        let request = switch.request(Method::POST, "/v1/cards").headers(bearer(&stranger));
        reply(request.json(&json!({ "pan": GOOD_CARD, "expiry": "2912" }))).await.field("token")
    };
    let open = switch.bill("T-2").await;
    for (method, path, body, told) in [
        (Method::GET, format!("/v1/bills/{bill}"), None, "404 bill-not-found"),
        (Method::POST, format!("/v1/bills/{open}/cancel"), None, "404 bill-not-found"),
        (Method::GET, format!("/v1/payments/{payment}"), None, "404 payment-not-found"),
        // Whatever is asked for and does not exist is told in the same words.
        (Method::GET, "/v1/bills/bil_0000000000000".into(), None, "404 bill-not-found"),
        (Method::GET, "/v1/payments/pay_x".into(), None, "404 payment-not-found"),
        (
            Method::POST,
            "/v1/payments".into(),
            Some(("strangers-payment-1", &open, &card)),
            "422 card-unknown",
        ),
        // A portal pays the bills of departments.
        (
            Method::POST,
            "/v1/payments".into(),
            Some(("strangers-payment-2", &open, &strangers_card)),
            "201 PAID",
        ),
    ] {
        let mut request = switch.request(method, &path).headers(bearer(&stranger));
        if let Some((key, bill, card)) = body {
            let body = json!({ "bill": bill, "method": "card", "card": card });
            request = request.header("idempotency-key", key).json(&body);
        }
        assert_eq!(reply(request).await.told(), told, "{path}");
    }
    let list = "/v1/bills?payer_kind=passport&payer_number=TEST-0001";
    let theirs = reply(switch.request(Method::GET, list).headers(bearer(&stranger))).await;
    assert_eq!(theirs.json(), json!({ "bills": [] }));
    let theirs = reply(switch.request(Method::GET, "/v1/payments").headers(bearer(&stranger))).await;
    assert_eq!(theirs.json()["payments"].as_array().map(Vec::len), Some(1), "its own payment only");
}

fn bearer(credentials: &str) -> reqwest::header::HeaderMap {
    crate::support::headers(&[("authorization", &format!("Bearer {credentials}"))])
}

#[tokio::test]
async fn only_a_good_token_opens_the_door() {
    let switch = Switch::start().await;
    let token = switch.token.as_str();
    let (signed, signature) = token.rsplit_once('.').expect("a token");
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{signed}.{other}{}", &signature[1..]);
    let secret = format!("{}.{}", switch.credentials.id, switch.credentials.secret);
    for (header, status) in [
        (format!("Bearer {token}"), 200),
        (format!("bearer {token}"), 200),
        (format!("Basic {token}"), 401),
        (format!("DPoP {token}"), 401),
        (token.to_owned(), 401),
        (format!("Bearer {signed}."), 401),
        (format!("Bearer {signed}"), 401),
        (format!("Bearer {forged}"), 401),
        (format!("Bearer {token}x"), 401),
        (format!("Bearer {secret}"), 401),
        ("Bearer".into(), 401),
        (String::new(), 401),
    ] {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        // Twice: what was verified is remembered, and what was not is not.
        for _ in 0..2 {
            let request = client.get(format!("{}/v1/methods", switch.http)).header("authorization", &header);
            let answer = reply(request).await;
            assert_eq!(answer.status, status, "{header}");
            assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{header}");
        }
    }
}

#[tokio::test]
async fn a_token_opens_what_its_scopes_name() {
    let switch = Switch::start().await;
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let token = switch.token_for("bills%3Aread%20payments%3Aread").await;
    for (method, path, told) in [
        (Method::GET, "/v1/payments", "200 -"),
        (Method::GET, "/v1/methods", "403 insufficient-scope"),
        (Method::POST, "/v1/bills", "403 insufficient-scope"),
        (Method::POST, "/v1/payments", "403 insufficient-scope"),
        (Method::POST, "/v1/cards", "403 insufficient-scope"),
    ] {
        let request = client.request(method, format!("{}{path}", switch.http)).bearer_auth(&token);
        let answer = reply(request.header("content-type", "application/json").body("{}")).await;
        assert_eq!(answer.told(), told, "{path}");
        let challenge = answer.header("www-authenticate").unwrap_or("");
        assert_eq!(challenge.contains("insufficient_scope"), told.starts_with("403"), "{path}: {challenge}");
    }
}

#[tokio::test]
async fn a_bill_is_made_once_listed_by_payer_and_withdrawn() {
    let switch = Switch::start().await;
    let made = switch.post("/v1/bills", &bill_body("B-1")).await;
    let again = switch.post("/v1/bills", &bill_body("B-1")).await;
    assert_eq!((made.status, again.status), (201, 200));
    assert_eq!(made.json(), again.json());
    let mut other = bill_body("B-1");
    other["amount"]["amount"] = json!("50.01");
    assert_eq!(switch.post("/v1/bills", &other).await.told(), "409 bill-reference-reused");

    let mut numbers = vec![made.field("id")];
    for i in 2..=5 {
        numbers.insert(0, switch.bill(&format!("B-{i}")).await);
    }
    let mut path = "/v1/bills?payer_kind=passport&payer_number=TEST-0001&limit=2".to_owned();
    let mut pages = Vec::new();
    loop {
        let page = switch.get(&path).await;
        let bills = page.json()["bills"].as_array().cloned().expect("a list");
        pages.push(
            bills.iter().map(|bill| bill["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>(),
        );
        let Some(link) = page.header("link") else { break };
        let (target, rel) = link.split_once(';').expect("a link and its relation");
        assert_eq!(rel.trim(), "rel=\"next\"");
        path = target.trim_matches(['<', '>']).to_owned();
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    assert_eq!(pages.concat(), numbers, "newest first, each once");

    let cancel = format!("/v1/bills/{}/cancel", numbers[0]);
    assert_eq!(switch.post(&cancel, &Value::Null).await.told(), "200 CANCELLED");
    assert_eq!(switch.post(&cancel, &Value::Null).await.told(), "200 CANCELLED", "twice is once");
    let card = switch.card(GOOD_CARD).await;
    assert_eq!(switch.pay("a-withdrawn-bill-01", &numbers[0], &card).await.told(), "409 bill-cancelled");
}

#[tokio::test]
async fn payments_are_listed_in_pages() {
    let switch = Switch::start().await;
    let mut numbers = Vec::new();
    for i in 0..5 {
        let (bill, card) = (switch.bill(&format!("P-{i}")).await, switch.card(GOOD_CARD).await);
        let paid = switch.pay(&format!("page-payment-{i:06}"), &bill, &card).await;
        numbers.insert(0, paid.field("id"));
    }
    let first = switch.get("/v1/payments?limit=3").await;
    let next =
        first.header("link").expect("more").split('>').next().expect("a target").trim_start_matches('<');
    let second = switch.get(next).await;
    assert!(second.header("link").is_none());
    let listed: Vec<String> = [first.json(), second.json()]
        .iter()
        .flat_map(|page| page["payments"].as_array().cloned().expect("a list"))
        .map(|payment| payment["id"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(listed, numbers);
    for (path, place) in [
        ("/v1/payments?limit=0", "limit"),
        ("/v1/payments?limit=201", "limit"),
        ("/v1/payments?limit=x", "limit"),
        ("/v1/payments?limit=1&limit=2", "limit"),
        ("/v1/payments?after=bil_0000000000000", "after"),
        ("/v1/payments?befor=1", "befor"),
        ("/v1/bills?payer_kind=passport", "payer_number"),
        ("/v1/bills?payer_kind=dog&payer_number=REX-1", "payer_kind"),
        ("/v1/bills?payer_kind=national_id&payer_number=123456789", "payer_number"),
    ] {
        let refused = switch.get(path).await;
        assert_eq!(refused.told(), "400 invalid-parameter", "{path}");
        assert_eq!(refused.json()["errors"][0]["pointer"], place, "{path}");
    }
}

#[tokio::test]
async fn pages_and_description_need_nothing_from_elsewhere() {
    let switch = Switch::start().await;
    for path in ["/", "/docs", "/docs/docs.js", "/docs/page.css", "/problems", "/problems/bill-paid"] {
        let page = switch.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        for elsewhere in ["http://", "https://", "src=\"//", "style=\"", "onclick", "<script>"] {
            assert!(!page.text.contains(elsewhere), "{path} has {elsewhere}");
        }
    }
    let served = switch.get("/v1/openapi.json").await;
    let committed = include_str!("../docs/openapi.json");
    assert_eq!(served.text, committed, "UPDATE_EXPECT=1 cargo test rewrites docs/openapi.json");
    let methods = switch.get("/v1/methods").await.json();
    assert_eq!(methods["methods"][0]["method"], "card");
    assert_eq!(methods["methods"][0]["available"], true);
    assert_eq!(methods["methods"][0]["amount_max"][1], json!({ "amount": "5000.000", "currency": "JOD" }));
}

#[tokio::test]
async fn a_refusal_speaks_the_language_it_is_asked_in() {
    let switch = Switch::start().await;
    for (wish, language, title) in [
        ("ar", "ar", "لا يوجد شيء بهذا العنوان"),
        ("fr, *", "ar", "لا يوجد شيء بهذا العنوان"),
        ("en-GB", "en", "There is nothing at this address"),
    ] {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let request = client.get(format!("{}/v1/nowhere", switch.http)).header("accept-language", wish);
        let traced = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let problem = reply(request.header("traceparent", traced)).await;
        assert_eq!(problem.told(), "404 not-found");
        assert_eq!(problem.header("content-type"), Some("application/problem+json"));
        assert_eq!(
            (problem.header("content-language"), problem.field("title")),
            (Some(language), title.into())
        );
        assert_eq!(problem.field("trace_id"), "0af7651916cd43dd8448eb211c80319c");
        let page = switch.get(&problem.field("type")).await;
        assert_eq!(page.status, 200, "the type is a page");
    }
}
