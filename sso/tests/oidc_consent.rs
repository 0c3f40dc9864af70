//! Consent: asked once, in words, remembered, narrowed and withdrawn.

use axum::http::StatusCode;
use serde_json::json;
use sso::store::consent;

use crate::support::bed::Bed;
use crate::support::browser::{Answer, Browser};
use crate::support::relying::{address, good, with};

suite! {
    a_person_is_asked_once_and_in_words,
    what_is_optional_is_not_ticked_and_not_released,
    a_person_may_decline,
    what_is_withdrawn_is_asked_for_again,
    prompt_consent_asks_again_and_none_never_does,
    an_answer_is_taken_from_our_page_only,
}

const CLAIMS: &str = r#"{"userinfo": {"email": {"essential": true}, "phone_number": null}}"#;

/// A client that must ask, and a person who is signed in.
async fn scene(bed: &Bed) -> Browser {
    bed.party("rp", json!({ "consent_is_implied": false })).await;
    bed.at_home(&bed.citizen(1).await).await
}

/// Answers the page of consent that an answer leads to; what the authorization endpoint says then.
async fn answer(browser: &mut Browser, to: &str, more: &[(&str, &str)]) -> Answer {
    let page = browser.get(to).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let (csrf, next) = (page.field("csrf").expect("a form"), page.field("next").expect("a way back"));
    let fields = [("csrf", csrf.as_str()), ("next", next.as_str())];
    let answered = browser.post("/consent", &[&fields[..], more].concat()).await;
    if !answered.location().starts_with('/') {
        return answered;
    }
    let to = answered.location().to_owned();
    browser.get(&to).await
}

async fn a_person_is_asked_once_and_in_words(bed: &Bed) {
    let mut browser = scene(bed).await;
    browser.language = "en";
    let asked = address(&with(good("rp"), &[("scope", "openid profile phone"), ("ui_locales", "en")]));
    let to = browser.get(&asked).await.location().to_owned();
    assert!(to.starts_with("/consent?next="), "{to}");
    assert_eq!(bed.sso.form_ends(&asked).await.expect("read"), ["https://rp.example.ps"]);
    for elsewhere in
        ["/account", "/oidc/authorize", "/oidc/authorize?client_id=unheard-of", "https://evil.example/"]
    {
        assert!(bed.sso.form_ends(elsewhere).await.expect("read").is_empty(), "{elsewhere}");
    }
    let page = browser.get(&to).await;
    for words in ["Ministry of Transport", "Your name in Arabic", "Your mobile number"] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert!(!page.text.contains("Your e-mail address") && !page.text.contains("checkbox"));
    let policy = page.headers["content-security-policy"].to_str().expect("ASCII");
    assert!(policy.contains("form-action 'self' https://rp.example.ps;"), "{policy}");
    let arabic = browser.get(&format!("{to}&lang=ar")).await;
    assert!(arabic.text.contains("وزارة النقل") && arabic.text.contains("رقم هاتفك المحمول"));
    answer(&mut browser, &to, &[("answer", "allow")]).await.code();
    let granted = bed.granted(&browser.get(&asked).await.code()).await;
    assert_eq!(granted.scope(), "openid phone profile");
    // Less is not asked for again, and more is.
    browser.get(&address(&with(good("rp"), &[("scope", "openid phone")]))).await.code();
    let more = browser.get(&address(&with(good("rp"), &[("scope", "openid phone email")]))).await;
    assert!(more.location().starts_with("/consent"), "{}", more.location());
}

async fn what_is_optional_is_not_ticked_and_not_released(bed: &Bed) {
    let mut browser = scene(bed).await;
    let asked = address(&with(good("rp"), &[("claims", CLAIMS)]));
    let to = browser.get(&asked).await.location().to_owned();
    let page = browser.get(&to).await;
    assert!(page.text.contains("value=\"phone_number\"") && !page.text.contains("checked"), "{}", page.text);
    let code = answer(&mut browser, &to, &[("answer", "allow")]).await.code();
    let granted = bed.granted(&code).await;
    assert_eq!(granted.claims["userinfo"], json!({ "email": { "essential": true } }));
    // It is not asked for at each sign-in, and can be allowed when the client asks again.
    browser.get(&asked).await.code();
    bed.clock.pass_ms(1_000);
    let again = address(&with(good("rp"), &[("claims", CLAIMS), ("prompt", "consent")]));
    let to = browser.get(&again).await.location().to_owned();
    let ticked = [("answer", "allow"), ("claim", "phone_number"), ("claim", "identity_number")];
    let granted = bed.granted(&answer(&mut browser, &to, &ticked).await.code()).await;
    let claims = granted.claims["userinfo"].as_object().expect("claims");
    assert_eq!(claims.keys().collect::<Vec<_>>(), ["email", "phone_number"], "and nothing nobody asked for");
}

async fn a_person_may_decline(bed: &Bed) {
    let mut browser = scene(bed).await;
    let to = browser.get(&address(&good("rp"))).await.location().to_owned();
    assert_eq!(answer(&mut browser, &to, &[("answer", "decline")]).await.error(), "access_denied");
    let to = browser.get(&address(&good("rp"))).await.location().to_owned();
    assert!(to.starts_with("/consent"), "no is not remembered as yes: {to}");
    assert_eq!(answer(&mut browser, &to, &[]).await.error(), "access_denied", "nothing is not yes");
}

async fn what_is_withdrawn_is_asked_for_again(bed: &Bed) {
    let mut browser = scene(bed).await;
    let account = bed.citizen(2).await;
    let mut other = bed.at_home(&account).await;
    for browser in [&mut browser, &mut other] {
        let to = browser.get(&address(&good("rp"))).await.location().to_owned();
        answer(browser, &to, &[("answer", "allow")]).await.code();
    }
    let given = consent::of_account(&bed.sso.db, account.id).await.expect("read");
    assert_eq!(given.iter().map(|given| given.client.as_str()).collect::<Vec<_>>(), ["rp"]);
    let mut tx = bed.sso.db.begin().await.expect("begins");
    let now = bed.sso.now();
    assert!(consent::withdraw(&mut tx, account.id, "rp", now).await.expect("withdrawn"));
    assert!(!consent::withdraw(&mut tx, account.id, "rp", now).await.expect("withdrawn"));
    tx.commit().await.expect("commits");
    assert!(other.get(&address(&good("rp"))).await.location().starts_with("/consent"));
    browser.get(&address(&good("rp"))).await.code();
}

async fn prompt_consent_asks_again_and_none_never_does(bed: &Bed) {
    let mut browser = scene(bed).await;
    let silently = address(&with(good("rp"), &[("prompt", "none")]));
    assert_eq!(browser.get(&silently).await.error(), "consent_required");
    let to = browser.get(&address(&good("rp"))).await.location().to_owned();
    answer(&mut browser, &to, &[("answer", "allow")]).await.code();
    browser.get(&silently).await.code();
    bed.clock.pass_ms(1_000);
    let again = address(&with(good("rp"), &[("prompt", "consent")]));
    let to = browser.get(&again).await.location().to_owned();
    answer(&mut browser, &to, &[("answer", "allow")]).await.code();
}

async fn an_answer_is_taken_from_our_page_only(bed: &Bed) {
    let mut browser = scene(bed).await;
    let to = browser.get(&address(&good("rp"))).await.location().to_owned();
    let page = browser.get(&to).await;
    let (csrf, next) = (page.field("csrf").expect("a form"), page.field("next").expect("a way back"));
    let made_up = browser.post("/consent", &[("csrf", "x"), ("next", &next), ("answer", "allow")]).await;
    assert_eq!(made_up.status, StatusCode::FORBIDDEN);
    for next in
        ["https://evil.example/", "//evil.example", "/account", "/oidc/authorize", "/oidc/authorize-x?a"]
    {
        let fields = [("csrf", csrf.as_str()), ("next", next), ("answer", "allow")];
        let answer = browser.post("/consent", &fields).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{next}");
    }
    let evil = address(&with(good("rp"), &[("redirect_uri", "https://evil.example/cb")]));
    let fields = [("csrf", csrf.as_str()), ("next", &evil), ("answer", "decline")];
    assert_eq!(browser.post("/consent", &fields).await.status, StatusCode::BAD_REQUEST);
}
