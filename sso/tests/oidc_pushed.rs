//! Pushed authorization requests: whose they are, how long, and how often.

use axum::http::{Method as Verb, StatusCode};
use serde_json::json;
use sso::level::Method;

use crate::support::bed::Bed;
use crate::support::browser::{Answer, Browser, encoded};
use crate::support::relying::{address, good, with};
use crate::support::tokens::{basic, redeemed};

suite! {
    a_pushed_request_is_answered_once,
    it_outlives_its_lifetime_only_with_a_browser,
    it_is_of_the_client_that_pushed_it,
    what_cannot_be_pushed_is_refused,
    only_what_was_pushed_counts,
}

async fn push(bed: &Bed, id: &str, fields: &[(&str, &str)]) -> Answer {
    let headers = basic(id);
    let headers = [("content-type", "application/x-www-form-urlencoded"), (headers[0].0, &*headers[0].1)];
    Browser::new(bed).send(Verb::POST, "/oidc/par", &headers, encoded(fields)).await
}

async fn pushed(bed: &Bed, fields: &[(&str, &str)]) -> String {
    let answer = push(bed, "rp", fields).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let answer = answer.json();
    assert!(answer["expires_in"].as_i64().is_some_and(|s| (5..600).contains(&s)));
    let uri = answer["request_uri"].as_str().expect("a request URI");
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:") && uri.len() >= 34 + 43, "{uri}");
    uri.to_owned()
}

fn of(client: &str, uri: &str) -> String {
    address(&[("client_id", client), ("request_uri", uri)])
}

async fn a_pushed_request_is_answered_once(bed: &Bed) {
    bed.party("rp", json!({ "require_pushed_authorization_requests": true })).await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let uri = pushed(bed, &good("rp")).await;
    let answer = browser.get(&of("rp", &uri)).await;
    assert_eq!(answer.told("state").as_deref(), Some("s-1"));
    redeemed(bed, &answer.code()).await;
    let again = browser.get(&of("rp", &uri)).await;
    assert_eq!((again.status, again.headers.get("location")), (StatusCode::BAD_REQUEST, None));
    let plain = browser.get(&address(&good("rp"))).await;
    assert_eq!(plain.error(), "invalid_request", "this client must push");
}

async fn it_outlives_its_lifetime_only_with_a_browser(bed: &Bed) {
    bed.party("rp", json!({})).await;
    let account = bed.citizen(1).await;
    let (lost, used) =
        (pushed(bed, &good("rp")).await, pushed(bed, &with(good("rp"), &[("prompt", "login")])).await);
    let mut browser = Browser::new(bed);
    let away = browser.get(&of("rp", &used)).await;
    let since = away.told("since");
    bed.clock.pass_ms(90_000);
    assert_eq!(browser.get(&of("rp", &lost)).await.status, StatusCode::BAD_REQUEST, "too old");
    let again = browser.get(&away.way_back()).await;
    assert_eq!(again.told("since"), since, "somebody is signing in");
    bed.signs_in(&mut browser, &account, &[Method::Password]).await;
    browser.get(&away.way_back()).await.code();
}

async fn it_is_of_the_client_that_pushed_it(bed: &Bed) {
    bed.party("rp", json!({})).await;
    bed.party("other", json!({})).await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let uri = pushed(bed, &good("rp")).await;
    assert_eq!(browser.get(&of("other", &uri)).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(push(bed, "other", &good("rp")).await.json()["error"], "invalid_client");
    let nobody = Browser::new(bed)
        .send(
            Verb::POST,
            "/oidc/par",
            &[("content-type", "application/x-www-form-urlencoded")],
            encoded(&good("rp")),
        )
        .await;
    assert_eq!(
        (nobody.status, nobody.json()["error"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("invalid_client"))
    );
    browser.get(&of("rp", &uri)).await.code();
}

async fn what_cannot_be_pushed_is_refused(bed: &Bed) {
    bed.party("rp", json!({})).await;
    for (more, error) in [
        (("redirect_uri", "https://evil.example/cb"), "invalid_request"),
        (("redirect_uri", ""), "invalid_request"),
        (("request_uri", "urn:ietf:params:oauth:request_uri:x"), "invalid_request"),
        (("request", "e30.e30."), "request_not_supported"),
        (("response_type", "token"), "unsupported_response_type"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("scope", "unheard-of"), "invalid_scope"),
        (("resource", "https://elsewhere.example/"), "invalid_target"),
    ] {
        let answer = push(bed, "rp", &with(good("rp"), &[more])).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{more:?}");
        assert_eq!(answer.json()["error"], error, "{more:?}");
    }
}

async fn only_what_was_pushed_counts(bed: &Bed) {
    bed.party("rp", json!({})).await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let uri = pushed(bed, &with(good("rp"), &[("nonce", "pushed")])).await;
    let beside = [
        ("client_id", "rp"),
        ("request_uri", uri.as_str()),
        ("nonce", "beside"),
        ("scope", "openid identity"),
        ("redirect_uri", "https://evil.example/cb"),
        ("state", "beside"),
    ];
    let answer = browser.get(&address(&beside)).await;
    assert_eq!(answer.told("state").as_deref(), Some("s-1"));
    let granted = bed.granted(&answer.code()).await;
    assert_eq!((granted.nonce.as_deref(), granted.scope().as_str()), (Some("pushed"), "openid"));
}
