//! The authorization endpoint: who is asked for what, and where answers go.

use axum::http::{Method as Verb, StatusCode};
use serde_json::json;
use sso::level::Method;

use crate::support::bed::{Bed, ISSUER};
use crate::support::browser::{Browser, encoded};
use crate::support::relying::{address, good, with};

suite! {
    a_code_comes_back_with_state_and_issuer,
    what_nobody_is_trusted_with_is_a_page,
    what_is_wrong_is_told_to_the_client,
    the_way_through_the_sign_in_is_the_same_request,
    the_first_arrival_cannot_be_made_up,
    a_request_too_long_for_an_address_is_kept,
    the_levels_asked_for_are_reached,
    a_host_header_changes_nothing,
    the_answer_names_its_issuer,
}

async fn a_code_comes_back_with_state_and_issuer(bed: &Bed) {
    let (client, account) = (bed.party("rp", json!({})).await, bed.citizen(1).await);
    let mut browser = bed.at_home(&account).await;
    let answer = browser.get(&address(&with(good("rp"), &[("scope", "openid email")]))).await;
    assert_eq!(answer.told("state").as_deref(), Some("s-1"));
    let granted = bed.granted(&answer.code()).await;
    assert_eq!((granted.client.as_str(), granted.account), ("rp", Some(account.id)));
    assert_eq!((granted.scope().as_str(), granted.nonce.as_deref()), ("email openid", Some("n-1")));
    assert_eq!((granted.acr(), granted.amr()), ("urn:hukumati:loa:1", vec!["pwd"]));
    let token =
        sso::oidc::id_token::mint(&bed.sso, &client, &granted, Some("t"), None).await.expect("minted");
    let claims = bed.sso.read_own(&token, "JWT").await.expect("read").expect("ours");
    assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some(ISSUER), Some("rp")));
    assert_eq!(claims["nonce"], "n-1");
    assert_eq!(claims["exp"].as_i64(), claims["iat"].as_i64().map(|at| at + 300));
    assert!(claims.get("email").is_none(), "claims of scopes come from userinfo");
    let no_state = browser.get(&address(&with(good("rp"), &[("state", "")]))).await;
    assert_eq!(no_state.told("state"), None);
    assert_ne!(no_state.code(), answer.code());
}

async fn what_nobody_is_trusted_with_is_a_page(bed: &Bed) {
    bed.party("rp", json!({})).await;
    bed.party("pushes", json!({ "require_pushed_authorization_requests": true })).await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    for (more, parameter) in [
        (&[("client_id", "")][..], "client_id"),
        (&[("client_id", "unheard-of")], "client_id"),
        (&[("client_id", "rp' OR 1=1")], "client_id"),
        (&[("redirect_uri", "")], "redirect_uri"),
        (&[("redirect_uri", "https://evil.example/cb")], "redirect_uri"),
        (&[("redirect_uri", "https://rp.example.ps/cb/")], "redirect_uri"),
        (&[("redirect_uri", "https://rp.example.ps/cb#x")], "redirect_uri"),
        (&[("redirect_uri", "//evil.example")], "redirect_uri"),
        (&[("redirect_uri", "https://evil.example/cb"), ("prompt", "none")], "redirect_uri"),
        (&[("redirect_uri", "https://evil.example/cb"), ("response_type", "token")], "redirect_uri"),
        (&[("request_uri", "urn:ietf:params:oauth:request_uri:made-up")], "request_uri"),
    ] {
        let answer = browser.get(&address(&with(good("rp"), more))).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{more:?}: {}", answer.text);
        assert!(answer.headers.get("location").is_none(), "{more:?}");
        assert!(answer.text.contains(parameter), "{more:?}: {}", answer.text);
        assert!(!answer.text.contains("evil.example/"), "{more:?} is not shown");
    }
    for twice in ["client_id=rp", "redirect_uri=https%3A%2F%2Frp.example.ps%2Fcb"] {
        let answer = browser.get(&format!("{}&{twice}", address(&good("rp")))).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{twice}");
    }
    let long = "x".repeat(17_000);
    let answer = browser.get(&address(&with(good("rp"), &[("nonce", &long)]))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = browser.get(&address(&good("pushes"))).await;
    assert_eq!(answer.error(), "invalid_request");
    assert!(answer.told("error_description").expect("a description").contains("request_uri"));
}

async fn what_is_wrong_is_told_to_the_client(bed: &Bed) {
    bed.party("rp", json!({})).await;
    bed.party("robot", json!({ "grant_types": ["client_credentials"] })).await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    for (more, error) in [
        (("response_type", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("response_mode", "fragment"), "invalid_request"),
        (("scope", "unheard-of"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("prompt", "none login"), "invalid_request"),
        (("max_age", "soon"), "invalid_request"),
        (("claims", "["), "invalid_request"),
        (("id_token_hint", "x.y.z"), "invalid_request"),
        (("resource", "x"), "invalid_target"),
        (("request", "e30.e30."), "request_not_supported"),
        (("request_uri", "https://rp.example.ps/r"), "request_uri_not_supported"),
        (("client_id", "robot"), "unauthorized_client"),
    ] {
        let answer = browser.get(&address(&with(good("rp"), &[more]))).await;
        assert_eq!(answer.error(), error, "{more:?}");
        let posted = browser.post("/oidc/authorize", &with(good("rp"), &[more])).await;
        let told = if posted.location().starts_with('/') {
            let to = posted.location().to_owned();
            browser.get(&to).await.error()
        } else {
            posted.error()
        };
        assert_eq!(told, error, "{more:?} by POST");
    }
    let twice = browser.get(&format!("{}&nonce=n-2", address(&good("rp")))).await;
    assert_eq!(twice.error(), "invalid_request");
}

async fn the_way_through_the_sign_in_is_the_same_request(bed: &Bed) {
    bed.party("rp", json!({})).await;
    let account = bed.citizen(1).await;
    let mut browser = Browser::new(bed);
    let asked = with(good("rp"), &[("prompt", "login"), ("state", "a b&c=d/ش"), ("ui_locales", "en")]);
    let away = browser.get(&address(&asked)).await;
    assert_eq!(away.told("level").as_deref(), Some("0"));
    assert_eq!(away.told("since"), Some(bed.sso.now().0.to_string()), "the proof is new");
    assert_eq!(away.told("ui_locales").as_deref(), Some("en"));
    let back = away.way_back();
    assert_eq!(sso::visit::next_path(&back), Some(back.as_str()));
    // Nobody signed in meanwhile: the same again, and no later than before.
    bed.clock.pass_ms(5_000);
    let again = browser.get(&back).await;
    assert_eq!((again.told("since"), again.way_back()), (away.told("since"), back.clone()));
    bed.signs_in(&mut browser, &account, &[Method::Password]).await;
    bed.clock.pass_ms(60_000);
    let answer = browser.get(&back).await;
    answer.code();
    assert_eq!(answer.told("state").as_deref(), Some("a b&c=d/ش"));
}

async fn the_first_arrival_cannot_be_made_up(bed: &Bed) {
    bed.party("rp", json!({})).await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    bed.clock.pass_ms(10_000);
    let asked = with(good("rp"), &[("prompt", "login")]);
    let back = browser.get(&address(&asked)).await.way_back();
    let (plain, arrived) = back.split_once("&arrived=").expect("it is carried");
    let (at, seal) = arrived.split_once('.').expect("sealed");
    let earlier = at.parse::<i64>().expect("a moment") - 60_000;
    for made_up in [
        format!("{plain}&arrived={earlier}.{seal}"),
        format!("{plain}&arrived={earlier}"),
        format!("{plain}&arrived="),
        format!("{plain}&arrived={earlier}.{seal}&arrived={arrived}"),
        format!("{}&arrived={arrived}", plain.replace("prompt=login", "prompt=login&nonce2=x")),
    ] {
        let answer = browser.get(&made_up).await;
        let since: i64 = answer.told("since").expect("asked to sign in").parse().expect("a moment");
        assert!(since >= bed.sso.now().0, "{made_up}");
        bed.clock.pass_ms(1_000);
    }
    // And it is good for an hour only.
    bed.clock.pass_ms(3_600_000);
    let late = browser.get(&back).await;
    assert_eq!(late.told("since"), Some(bed.sso.now().0.to_string()));
}

async fn a_request_too_long_for_an_address_is_kept(bed: &Bed) {
    bed.party("rp", json!({})).await;
    let account = bed.citizen(1).await;
    let mut browser = Browser::new(bed);
    let state = "س".repeat(1_000);
    let asked = with(good("rp"), &[("state", &state), ("prompt", "login")]);
    let away = browser.get(&address(&asked)).await;
    let back = away.way_back();
    assert!(back.len() < 200 && back.contains("request_uri="), "{back}");
    bed.clock.pass_ms(300_000);
    bed.signs_in(&mut browser, &account, &[Method::Password]).await;
    let answer = browser.get(&back).await;
    assert_eq!((answer.told("state"), answer.code().len()), (Some(state.clone()), 43));
    assert_eq!(browser.get(&back).await.status, StatusCode::BAD_REQUEST, "it is answered once");
    // By POST, as well: the browser sends its cookie only with the GET that follows.
    let posted = browser.send(
        Verb::POST,
        "/oidc/authorize",
        &[("content-type", "application/x-www-form-urlencoded"), ("origin", "https://rp.example.ps")],
        encoded(&asked),
    );
    let to = posted.await.location().to_owned();
    assert!(to.starts_with("/oidc/authorize?client_id=rp&request_uri="), "{to}");
}

async fn the_levels_asked_for_are_reached(bed: &Bed) {
    bed.party("rp", json!({})).await;
    let account = bed.citizen(1).await;
    let mut browser = bed.at_home(&account).await;
    let asks = |more: (&'static str, &'static str)| address(&with(good("rp"), &[more]));
    let wished = asks(("acr_values", "urn:hukumati:loa:2 urn:hukumati:loa:1 urn:other"));
    let away = browser.get(&wished).await;
    assert_eq!(away.told("level").as_deref(), Some("2"), "the highest that is asked for");
    bed.signs_in(&mut browser, &account, &[Method::Password, Method::OneTimePassword]).await;
    let granted = bed.granted(&browser.get(&away.way_back()).await.code()).await;
    assert_eq!((granted.acr(), granted.amr()), ("urn:hukumati:loa:2", vec!["pwd", "otp", "mfa"]));

    let essential = r#"{"id_token":{"acr":{"essential":true,"values":["urn:hukumati:loa:1"]}}}"#;
    let granted = bed.granted(&browser.get(&asks(("claims", essential))).await.code()).await;
    assert_eq!(granted.acr(), "urn:hukumati:loa:1", "one of the values that were asked for");
    let higher = r#"{"id_token":{"acr":{"essential":true,"values":["urn:hukumati:loa:3"]}}}"#;
    assert_eq!(browser.get(&asks(("claims", higher))).await.told("level").as_deref(), Some("3"));
    let silently = address(&with(good("rp"), &[("claims", higher), ("prompt", "none")]));
    assert_eq!(browser.get(&silently).await.error(), "interaction_required");
    let unknown = r#"{"id_token":{"acr":{"essential":true,"value":"urn:other"}}}"#;
    assert_eq!(browser.get(&asks(("claims", unknown))).await.error(), "unmet_authentication_requirements");
    assert_eq!(browser.get(&asks(("acr_values", "urn:other"))).await.code().len(), 43);
}

async fn a_host_header_changes_nothing(bed: &Bed) {
    bed.party("rp", json!({})).await;
    let mut browser = Browser::new(bed);
    for header in ["host", "x-forwarded-host", "forwarded", "x-original-url", "x-rewrite-url"] {
        let sent = [(header, "evil.example")];
        let document =
            browser.send(Verb::GET, "/.well-known/openid-configuration", &sent, String::new()).await;
        assert!(!document.text.contains("evil.example"), "{header}");
        let away = browser.send(Verb::GET, &address(&good("rp")), &sent, String::new()).await;
        assert!(away.location().starts_with("/sign-in?next="), "{header}: {}", away.location());
        assert!(!away.location().contains("evil.example"), "{header}");
    }
}

/// A client of two providers tells their answers apart (RFC 9207).
async fn the_answer_names_its_issuer(bed: &Bed) {
    bed.party("rp", json!({})).await;
    let mut browser = Browser::new(bed);
    let refused = browser.get(&address(&with(good("rp"), &[("prompt", "none")]))).await;
    assert_eq!(refused.error(), "login_required");
    let iss = &format!("iss={}", "https%3A%2F%2Fid.example.ps");
    assert_eq!(refused.location().matches(iss.as_str()).count(), 1);
    // Nor can a request put another one there.
    let twice = with(good("rp"), &[("prompt", "none"), ("iss", "https://evil.example")]);
    assert_eq!(browser.get(&address(&twice)).await.told("iss").as_deref(), Some(ISSUER));
}
