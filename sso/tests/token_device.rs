//! The device grant: a device shows a code, a person types it elsewhere and answers.

use serde_json::{Value, json};
use sso::level::{Method, Methods};
use sso::store::account::Account;

use crate::support::bed::Bed;
use crate::support::browser::{Answer, Browser};
use crate::support::party::{Party, claims};

suite! {
    a_device_is_allowed_by_a_person_elsewhere,
    a_device_that_asks_too_soon_waits_longer,
    what_a_person_refuses_is_refused,
    a_code_is_for_its_own_device_and_for_ten_minutes,
    money_needs_a_second_factor,
    user_codes_cannot_be_guessed,
}

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn begin(bed: &Bed, party: &Party, scope: &str) -> Value {
    let answer = party.send(bed, party.ask(bed, "/oidc/device", &[("scope", scope)])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn poll(bed: &Bed, party: &Party, device: &Value) -> Answer {
    let code = device["device_code"].as_str().expect("a code");
    party.send(bed, party.ask(bed, "/oidc/token", &[("grant_type", GRANT), ("device_code", code)])).await
}

async fn at_home(bed: &Bed, account: &Account, methods: &[Method]) -> Browser {
    let mut browser = Browser::new(bed);
    let begun = bed.sso.begin_session(account, &Methods::of(methods), "Firefox, Linux").await;
    browser.take(begun.expect("begins").1.to_str().expect("ASCII"));
    browser
}

async fn answer(browser: &mut Browser, device: &Value, answer: &str) -> Answer {
    let user_code = device["user_code"].as_str().expect("a code");
    let confirm = browser.submit("/device", &[("user_code", user_code)]).await;
    assert_eq!(confirm.status, 200, "{}", confirm.text);
    let csrf = confirm.field("csrf").expect("a form");
    let fields = [("csrf", &*csrf), ("user_code", user_code), ("answer", answer)];
    browser.post("/device", &fields).await
}

async fn a_device_is_allowed_by_a_person_elsewhere(bed: &Bed) {
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let device = begin(bed, &party, "openid profile").await;
    let user_code = device["user_code"].as_str().expect("a code");
    assert_eq!((user_code.len(), user_code.as_bytes()[4]), (9, b'-'));
    assert!(user_code.bytes().all(|b| !b"AEIOUY0123456789".contains(&b)), "{user_code}");
    assert_eq!(device["verification_uri"], "https://id.example.ps/device");
    let complete = device["verification_uri_complete"].as_str().expect("an address");
    assert_eq!((&device["interval"], &device["expires_in"]), (&json!(5), &json!(600)));
    assert_eq!(poll(bed, &party, &device).await.json()["error"], "authorization_pending");

    let mut browser = at_home(bed, &person, &[Method::Password]).await;
    let page = browser.get(complete).await;
    assert_eq!(page.field("user_code").as_deref(), Some(user_code), "filled in, and still to be sent");
    bed.clock.pass_ms(5_000);
    assert_eq!(poll(bed, &party, &device).await.json()["error"], "authorization_pending");
    let done = answer(&mut browser, &device, "allow").await;
    assert_eq!(done.status, 200, "{}", done.text);

    let tokens = poll(bed, &party, &device).await;
    assert_eq!(tokens.status, 200, "{}", tokens.text);
    let access = claims(&tokens.json()["access_token"]);
    assert_eq!(access["sub"], json!(bed.sso.subject(person.id, &party.client.registration)));
    assert_eq!((&access["acr"], &access["scope"]), (&json!("urn:hukumati:loa:1"), &json!("openid profile")));
    assert_eq!(poll(bed, &party, &device).await.json()["error"], "invalid_grant", "once");
    let refresh_token = tokens.json()["refresh_token"].as_str().expect("one").to_owned();
    let next = party.send(bed, party.ask_of_refresh(bed, &refresh_token)).await;
    assert_eq!(next.status, 200, "{}", next.text);
    let again = browser.submit("/device", &[("user_code", user_code)]).await;
    assert_eq!(again.status, 422, "an answered code waits for nothing");
}

async fn a_device_that_asks_too_soon_waits_longer(bed: &Bed) {
    let party = Party::plain(bed).await;
    let device = begin(bed, &party, "openid").await;
    let ask = async |after_ms: i64| {
        bed.clock.pass_ms(after_ms);
        poll(bed, &party, &device).await.json()["error"].as_str().expect("an error").to_owned()
    };
    assert_eq!(ask(0).await, "authorization_pending");
    assert_eq!(ask(4_999).await, "slow_down");
    assert_eq!(ask(9_999).await, "slow_down", "ten seconds now");
    assert_eq!(ask(14_999).await, "slow_down", "fifteen");
    assert_eq!(ask(20_000).await, "authorization_pending");
}

async fn what_a_person_refuses_is_refused(bed: &Bed) {
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let device = begin(bed, &party, "openid").await;
    let mut browser = at_home(bed, &person, &[Method::Password]).await;
    assert_eq!(answer(&mut browser, &device, "refuse").await.status, 200);
    assert_eq!(poll(bed, &party, &device).await.json()["error"], "access_denied");
    let mut nobody = Browser::new(bed);
    assert!(nobody.get("/device").await.location().starts_with("/sign-in?"));
}

async fn a_code_is_for_its_own_device_and_for_ten_minutes(bed: &Bed) {
    let (party, other, person) = (Party::plain(bed).await, Party::plain(bed).await, bed.citizen(1).await);
    let device = begin(bed, &party, "openid").await;
    assert_eq!(poll(bed, &other, &device).await.json()["error"], "invalid_grant");
    bed.clock.pass_ms(600_000);
    assert_eq!(poll(bed, &party, &device).await.json()["error"], "expired_token");
    let mut browser = at_home(bed, &person, &[Method::Password]).await;
    let late = browser.submit("/device", &[("user_code", device["user_code"].as_str().expect("one"))]).await;
    assert_eq!(late.status, 422);
    for (scope, error) in [("", "invalid_scope"), ("cards:write", "invalid_scope"), ("x", "invalid_scope")] {
        let answer = party.send(bed, party.ask(bed, "/oidc/device", &[("scope", scope)])).await;
        assert_eq!(answer.json()["error"], error, "{scope}");
    }
}

async fn money_needs_a_second_factor(bed: &Bed) {
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let device = begin(bed, &party, "openid payments:write").await;
    let user_code = device["user_code"].as_str().expect("a code");
    let mut weak = at_home(bed, &person, &[Method::Password]).await;
    let sent = weak.submit("/device", &[("user_code", user_code)]).await;
    assert!(
        sent.location().contains("level=2") && sent.location().contains(user_code),
        "{}",
        sent.location()
    );
    let mut strong = at_home(bed, &person, &[Method::Password, Method::OneTimePassword]).await;
    assert_eq!(answer(&mut strong, &device, "allow").await.status, 200);
    assert_eq!(claims(&poll(bed, &party, &device).await.json()["access_token"])["acr"], "urn:hukumati:loa:2");
}

async fn user_codes_cannot_be_guessed(bed: &Bed) {
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let device = begin(bed, &party, "openid").await;
    let right = device["user_code"].as_str().expect("a code");
    let mut browser = at_home(bed, &person, &[Method::Password]).await;
    let wrong = browser.submit("/device", &[("user_code", "BBBB-BBBB")]).await;
    assert_eq!(wrong.status, 422);
    let at_once = browser.submit("/device", &[("user_code", right)]).await;
    assert_eq!(at_once.status, 429, "after a wrong one, wait");
    for wait_ms in [1_000, 1_000, 5_000, 5_000] {
        bed.clock.pass_ms(wait_ms);
        assert_eq!(browser.submit("/device", &[("user_code", "BBBB-BBBB")]).await.status, 422);
    }
    bed.clock.pass_ms(5_000);
    assert_eq!(browser.submit("/device", &[("user_code", right)]).await.status, 429, "ten minutes");
    bed.clock.pass_ms(595_000);
    let small = right.to_ascii_lowercase().replace('-', "");
    let late = browser.submit("/device", &[("user_code", &small)]).await;
    assert_eq!(late.status, 422, "the device has given up meanwhile");
    bed.clock.pass_ms(600_000);
    let next = begin(bed, &party, "openid").await;
    let small = next["user_code"].as_str().expect("one").to_ascii_lowercase().replace('-', "");
    assert_eq!(browser.submit("/device", &[("user_code", &small)]).await.status, 200, "however it is typed");
}
