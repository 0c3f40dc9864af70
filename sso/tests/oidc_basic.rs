//! The modules of the OpenID conformance suite's plan "Basic OP", by name, each with the PKCE that every
//! client here must use.

use axum::http::{Method as Verb, StatusCode};
use serde_json::{Value, json};
use sso::level::Method;

use crate::support::bed::{Bed, ISSUER};
use crate::support::browser::{Browser, encoded};
use crate::support::relying::{CALLBACK, address, good, with};
use crate::support::tokens::{Tokens, basic, redeem, redeemed, userinfo};

suite! {
    oidcc_server,
    oidcc_response_type_missing,
    oidcc_idtoken_signature,
    oidcc_idtoken_unsigned,
    oidcc_userinfo_get,
    oidcc_userinfo_post_header,
    oidcc_userinfo_post_body,
    oidcc_ensure_request_without_nonce_succeeds_for_code_flow,
    oidcc_scope_profile,
    oidcc_scope_email,
    oidcc_scope_address,
    oidcc_scope_phone,
    oidcc_scope_all,
    oidcc_ensure_other_scope_order_succeeds,
    oidcc_display_page,
    oidcc_display_popup,
    oidcc_prompt_login,
    oidcc_prompt_none_not_logged_in,
    oidcc_prompt_none_logged_in,
    oidcc_max_age_1,
    oidcc_max_age_10000,
    oidcc_ensure_request_with_unknown_parameter_succeeds,
    oidcc_id_token_hint,
    oidcc_login_hint,
    oidcc_ui_locales,
    oidcc_claims_locales,
    oidcc_ensure_request_with_acr_values_succeeds,
    oidcc_codereuse,
    oidcc_codereuse_30seconds,
    oidcc_ensure_registered_redirect_uri,
    oidcc_ensure_post_request_succeeds,
    oidcc_server_client_secret_post,
    oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported,
    oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported,
    oidcc_claims_essential,
    oidcc_ensure_request_object_with_redirect_uri,
    oidcc_refresh_token,
    oidcc_ensure_request_with_valid_pkce_succeeds,
}

/// A person signed in at a browser, and a client that may do everything.
async fn scene(bed: &Bed) -> Browser {
    bed.party("rp", json!({})).await;
    let browser = bed.at_home(&bed.citizen(1).await).await;
    bed.clock.pass_ms(1_000);
    browser
}

/// A whole flow: the request with some parameters replaced, then its tokens.
async fn flow(bed: &Bed, browser: &mut Browser, more: &[(&str, &str)]) -> Tokens {
    let code = browser.get(&address(&with(good("rp"), more))).await.code();
    redeemed(bed, &code).await
}

/// What userinfo says after a flow with a scope.
async fn released(bed: &Bed, scope: &str) -> Value {
    let mut browser = scene(bed).await;
    let tokens = flow(bed, &mut browser, &[("scope", scope)]).await;
    let claims = userinfo(bed, &tokens.access_token).await;
    assert_eq!(claims["sub"], tokens.id_token["sub"]);
    claims
}

async fn oidcc_server(bed: &Bed) {
    let mut browser = scene(bed).await;
    let tokens = flow(bed, &mut browser, &[]).await;
    let id_token = &tokens.id_token;
    let now_s = bed.sso.now().0 / 1000;
    assert_eq!((&id_token["iss"], &id_token["aud"]), (&json!(ISSUER), &json!("rp")));
    assert_eq!((&id_token["nonce"], &id_token["iat"]), (&json!("n-1"), &json!(now_s)));
    assert!(id_token["exp"].as_i64().is_some_and(|exp| exp > now_s && exp <= now_s + 300));
    assert_eq!(id_token["auth_time"], json!(now_s - 1));
    let sub = id_token["sub"].as_str().expect("a subject");
    assert!((20..=255).contains(&sub.len()) && sub.is_ascii());
    assert_eq!(tokens.answer["token_type"], "Bearer");
    assert_eq!(tokens.answer["expires_in"], 300);
}

async fn oidcc_response_type_missing(bed: &Bed) {
    let answer = scene(bed).await.get(&address(&with(good("rp"), &[("response_type", "")]))).await;
    assert_eq!(answer.error(), "invalid_request");
}

async fn oidcc_idtoken_signature(bed: &Bed) {
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let id = format!("rp-{algorithm}");
        bed.party(&id, json!({ "id_token_signed_response_alg": algorithm })).await;
    }
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let jwks = browser.get("/oidc/jwks").await.json();
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let id = format!("rp-{algorithm}");
        let code = browser.get(&address(&good(&id))).await.code();
        let answer = redeem(bed, &basic(&id), &code, &[]).await.json();
        let token = answer["id_token"].as_str().expect("an ID token");
        let read = sso::jose::read(token).expect("a token");
        assert_eq!(read.header.algorithm.as_str(), algorithm);
        let kid = read.header.kid.clone().expect("a kid");
        let named = |key: &&Value| key["kid"] == json!(kid) && key["alg"] == json!(algorithm);
        let key = jwks["keys"].as_array().expect("keys").iter().find(named).expect("it is published");
        let key = sso::jose::public_key(key).expect("a public key");
        assert_eq!(read.verify(&key).expect("its signature fits").1["aud"], json!(id));
    }
}

/// An unsigned ID token cannot be had: it is not offered, and a client that asks for it gets ES256.
async fn oidcc_idtoken_unsigned(bed: &Bed) {
    bed.party("rp", json!({ "id_token_signed_response_alg": "none" })).await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let offered = browser.get("/.well-known/openid-configuration").await.json();
    let offered = offered["id_token_signing_alg_values_supported"].as_array().expect("a list").clone();
    assert!(!offered.contains(&json!("none")));
    let code = browser.get(&address(&good("rp"))).await.code();
    let answer = redeem(bed, &basic("rp"), &code, &[]).await.json();
    let token = answer["id_token"].as_str().expect("an ID token");
    assert_eq!(sso::jose::read(token).expect("a token").header.algorithm.as_str(), "ES256");
}

async fn oidcc_userinfo_get(bed: &Bed) {
    let mut browser = scene(bed).await;
    let tokens = flow(bed, &mut browser, &[]).await;
    let bearer = format!("Bearer {}", tokens.access_token);
    let answer =
        browser.send(Verb::GET, "/oidc/userinfo", &[("authorization", &bearer)], String::new()).await;
    assert_eq!(answer.json(), json!({ "sub": tokens.id_token["sub"] }));
    assert_eq!(answer.headers["content-type"], "application/json");
    let nothing = browser.get("/oidc/userinfo").await;
    assert_eq!(nothing.status, StatusCode::UNAUTHORIZED);
    assert_eq!(nothing.headers["www-authenticate"], "Bearer");
    let in_address = browser.get(&format!("/oidc/userinfo?access_token={}", tokens.access_token)).await;
    assert_eq!(in_address.status, StatusCode::UNAUTHORIZED, "never in the address");
    let broken = [("authorization", "Bearer x.y.z")];
    let broken = browser.send(Verb::GET, "/oidc/userinfo", &broken, String::new()).await;
    assert_eq!(broken.status, StatusCode::UNAUTHORIZED);
    let says = broken.headers["www-authenticate"].to_str().expect("ASCII");
    assert!(says.contains("error=\"invalid_token\""), "{says}");
}

async fn oidcc_userinfo_post_header(bed: &Bed) {
    let mut browser = scene(bed).await;
    let tokens = flow(bed, &mut browser, &[]).await;
    let bearer = format!("Bearer {}", tokens.access_token);
    let answer =
        browser.send(Verb::POST, "/oidc/userinfo", &[("authorization", &bearer)], String::new()).await;
    assert_eq!(answer.json()["sub"], tokens.id_token["sub"]);
}

async fn oidcc_userinfo_post_body(bed: &Bed) {
    let mut browser = scene(bed).await;
    let tokens = flow(bed, &mut browser, &[]).await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = encoded(&[("access_token", &tokens.access_token)]);
    let answer = browser.send(Verb::POST, "/oidc/userinfo", &form, body.clone()).await;
    assert_eq!(answer.json()["sub"], tokens.id_token["sub"]);
    let bearer = format!("Bearer {}", tokens.access_token);
    let twice = [form[0], ("authorization", bearer.as_str())];
    let twice = browser.send(Verb::POST, "/oidc/userinfo", &twice, body).await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
}

async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow(bed: &Bed) {
    let mut browser = scene(bed).await;
    let tokens = flow(bed, &mut browser, &[("nonce", "")]).await;
    assert!(tokens.id_token.get("nonce").is_none());
}

async fn oidcc_scope_profile(bed: &Bed) {
    let claims = released(bed, "openid profile").await;
    assert_eq!(claims["name"], "سلمى يوسف كمال النجار");
    assert_eq!(
        (&claims["name#en"], &claims["name#ar"]),
        (&json!("Salma Yousef Kamal Najjar"), &claims["name"])
    );
    assert_eq!((&claims["given_name#en"], &claims["family_name#en"]), (&json!("Salma"), &json!("Najjar")));
    assert_eq!((&claims["birthdate"], &claims["locale"]), (&json!("1990-05-17"), &json!("ar")));
    assert!(claims["updated_at"].is_i64());
    for other in ["email", "phone_number", "identity_number"] {
        assert!(claims.get(other).is_none(), "{other}");
    }
}

async fn oidcc_scope_email(bed: &Bed) {
    let claims = released(bed, "openid email").await;
    let expected = json!({ "sub": claims["sub"], "email": "salma1@example.ps", "email_verified": false });
    assert_eq!(claims, expected);
}

async fn oidcc_scope_address(bed: &Bed) {
    let claims = released(bed, "openid address").await;
    assert_eq!(claims, json!({ "sub": claims["sub"] }), "no address is kept of anybody");
}

async fn oidcc_scope_phone(bed: &Bed) {
    let claims = released(bed, "openid phone").await;
    let phone =
        json!({ "sub": claims["sub"], "phone_number": "+970590000001", "phone_number_verified": false });
    assert_eq!(claims, phone);
}

async fn oidcc_scope_all(bed: &Bed) {
    let claims = released(bed, "openid profile email address phone identity").await;
    for claim in ["name", "email", "phone_number", "identity_kind", "identity_number"] {
        assert!(claims[claim].is_string(), "{claim}");
    }
}

async fn oidcc_ensure_other_scope_order_succeeds(bed: &Bed) {
    let claims = released(bed, "email openid").await;
    assert_eq!(claims["email"], "salma1@example.ps");
}

async fn oidcc_display_page(bed: &Bed) {
    flow(bed, &mut scene(bed).await, &[("display", "page")]).await;
}

async fn oidcc_display_popup(bed: &Bed) {
    flow(bed, &mut scene(bed).await, &[("display", "popup")]).await;
}

async fn oidcc_prompt_login(bed: &Bed) {
    let mut browser = scene(bed).await;
    let first = flow(bed, &mut browser, &[]).await;
    bed.clock.pass_ms(5_000);
    let away = browser.get(&address(&with(good("rp"), &[("prompt", "login")]))).await;
    let back = away.way_back();
    bed.clock.pass_ms(1_000);
    assert!(browser.get(&back).await.location().starts_with("/sign-in"), "the old proof will not do");
    bed.clock.pass_ms(1_000);
    let identity = crate::support::people::person(1).identity().expect("an identity");
    let account = sso::store::account::find_by_identity(&bed.sso.db, &bed.sso.sealer, &identity);
    let account = account.await.expect("read").expect("registered");
    bed.signs_in(&mut browser, &account, &[Method::Password]).await;
    let second = redeemed(bed, &browser.get(&back).await.code()).await;
    assert_eq!(first.id_token["sub"], second.id_token["sub"]);
    assert!(second.id_token["auth_time"].as_i64() > first.id_token["auth_time"].as_i64());
}

async fn oidcc_prompt_none_not_logged_in(bed: &Bed) {
    bed.party("rp", json!({})).await;
    let silently = address(&with(good("rp"), &[("prompt", "none")]));
    assert_eq!(Browser::new(bed).get(&silently).await.error(), "login_required");
}

async fn oidcc_prompt_none_logged_in(bed: &Bed) {
    let mut browser = scene(bed).await;
    let first = flow(bed, &mut browser, &[]).await;
    let second = flow(bed, &mut browser, &[("prompt", "none")]).await;
    assert_eq!(first.id_token["sub"], second.id_token["sub"]);
    assert_eq!(first.id_token["auth_time"], second.id_token["auth_time"]);
}

async fn oidcc_max_age_1(bed: &Bed) {
    let mut browser = scene(bed).await;
    flow(bed, &mut browser, &[("max_age", "1")]).await;
    bed.clock.pass_ms(1_000);
    let away = browser.get(&address(&with(good("rp"), &[("max_age", "1")]))).await;
    away.way_back();
    let silently = address(&with(good("rp"), &[("max_age", "1"), ("prompt", "none")]));
    assert_eq!(browser.get(&silently).await.error(), "login_required");
}

async fn oidcc_max_age_10000(bed: &Bed) {
    let mut browser = scene(bed).await;
    let first = flow(bed, &mut browser, &[]).await;
    let second = flow(bed, &mut browser, &[("max_age", "10000")]).await;
    assert_eq!(first.id_token["auth_time"], second.id_token["auth_time"]);
}

async fn oidcc_ensure_request_with_unknown_parameter_succeeds(bed: &Bed) {
    flow(bed, &mut scene(bed).await, &[("extra", "foobar")]).await;
}

async fn oidcc_id_token_hint(bed: &Bed) {
    let mut browser = scene(bed).await;
    let first = flow(bed, &mut browser, &[]).await;
    let hint = first.answer["id_token"].as_str().expect("an ID token");
    let again = flow(bed, &mut browser, &[("id_token_hint", hint), ("prompt", "none")]).await;
    assert_eq!(first.id_token["sub"], again.id_token["sub"]);
    let mut other = bed.at_home(&bed.citizen(2).await).await;
    let asked = address(&with(good("rp"), &[("id_token_hint", hint)]));
    assert_eq!(other.get(&asked).await.error(), "login_required");
    bed.party("other", json!({})).await;
    let of_other = with(good("other"), &[("id_token_hint", hint)]);
    assert_eq!(browser.get(&address(&of_other)).await.error(), "invalid_request");
}

async fn oidcc_login_hint(bed: &Bed) {
    flow(bed, &mut scene(bed).await, &[("login_hint", "salma1@example.ps")]).await;
}

async fn oidcc_ui_locales(bed: &Bed) {
    flow(bed, &mut scene(bed).await, &[("ui_locales", "se ar")]).await;
}

async fn oidcc_claims_locales(bed: &Bed) {
    flow(bed, &mut scene(bed).await, &[("claims_locales", "se ar")]).await;
}

async fn oidcc_ensure_request_with_acr_values_succeeds(bed: &Bed) {
    let tokens = flow(bed, &mut scene(bed).await, &[("acr_values", "urn:hukumati:loa:1 urn:other")]).await;
    assert_eq!(tokens.id_token["acr"], "urn:hukumati:loa:1");
}

async fn oidcc_codereuse(bed: &Bed) {
    let mut browser = scene(bed).await;
    let code = browser.get(&address(&good("rp"))).await.code();
    redeemed(bed, &code).await;
    let again = redeem(bed, &basic("rp"), &code, &[]).await;
    assert_eq!(
        (again.status, again.json()["error"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_grant"))
    );
}

async fn oidcc_codereuse_30seconds(bed: &Bed) {
    let mut browser = scene(bed).await;
    let code = browser.get(&address(&good("rp"))).await.code();
    let tokens = redeemed(bed, &code).await;
    bed.clock.pass_ms(30_000);
    let again = redeem(bed, &basic("rp"), &code, &[]).await;
    assert_eq!(again.json()["error"], "invalid_grant");
    bed.clock.pass_ms(3_000);
    let bearer = format!("Bearer {}", tokens.access_token);
    let answer =
        browser.send(Verb::GET, "/oidc/userinfo", &[("authorization", &bearer)], String::new()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "what was made of it is revoked");
}

async fn oidcc_ensure_registered_redirect_uri(bed: &Bed) {
    let mut browser = scene(bed).await;
    let uri = format!("{CALLBACK}/unregistered");
    let answer = browser.get(&address(&with(good("rp"), &[("redirect_uri", &uri)]))).await;
    assert_eq!((answer.status, answer.headers.get("location")), (StatusCode::BAD_REQUEST, None));
}

async fn oidcc_ensure_post_request_succeeds(bed: &Bed) {
    let mut browser = scene(bed).await;
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "https://rp.example.ps"),
        ("sec-fetch-site", "cross-site"),
    ];
    // The form comes without cookies; the GET that follows has them.
    let posted = Browser::new(bed).send(Verb::POST, "/oidc/authorize", &headers, encoded(&good("rp"))).await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER);
    redeemed(bed, &browser.get(posted.location()).await.code()).await;
}

async fn oidcc_server_client_secret_post(bed: &Bed) {
    bed.party("rp", json!({ "token_endpoint_auth_method": "client_secret_post" })).await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let code = browser.get(&address(&good("rp"))).await.code();
    let secret = [("client_id", "rp"), ("client_secret", crate::support::relying::SECRET)];
    let answer = redeem(bed, &[], &code, &secret).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}

async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(bed: &Bed) {
    let asked = with(good("rp"), &[("request_uri", "https://rp.example.ps/request.jwt")]);
    assert_eq!(scene(bed).await.get(&address(&asked)).await.error(), "request_uri_not_supported");
}

async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(bed: &Bed) {
    let asked = with(good("rp"), &[("request", "eyJhbGciOiJub25lIn0.eyJub25jZSI6IngifQ.")]);
    assert_eq!(scene(bed).await.get(&address(&asked)).await.error(), "request_not_supported");
}

async fn oidcc_claims_essential(bed: &Bed) {
    let mut browser = scene(bed).await;
    let asked = r#"{"userinfo": {"name": {"essential": true}}, "id_token": {"email": null}}"#;
    let tokens = flow(bed, &mut browser, &[("claims", asked)]).await;
    let claims = userinfo(bed, &tokens.access_token).await;
    assert_eq!(claims, json!({ "sub": claims["sub"], "name": "سلمى يوسف كمال النجار" }));
    assert_eq!(tokens.id_token["email"], "salma1@example.ps");
}

/// The redirect URI inside of a request object counts for nothing, because no request object does.
async fn oidcc_ensure_request_object_with_redirect_uri(bed: &Bed) {
    let outside = [("request", "eyJhbGciOiJub25lIn0.e30."), ("redirect_uri", "https://evil.example/cb")];
    let answer = scene(bed).await.get(&address(&with(good("rp"), &outside))).await;
    assert_eq!((answer.status, answer.headers.get("location")), (StatusCode::BAD_REQUEST, None));
}

async fn oidcc_refresh_token(bed: &Bed) {
    let mut browser = scene(bed).await;
    let first = flow(bed, &mut browser, &[("scope", "openid offline_access")]).await;
    let refresh = first.answer["refresh_token"].as_str().expect("a refresh token");
    bed.clock.pass_ms(10_000);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let second = crate::support::tokens::ask(bed, &basic("rp"), &fields).await;
    let second = Tokens::of(bed, second.json()).await;
    assert_ne!(second.access_token, first.access_token);
    for claim in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(second.id_token[claim], first.id_token[claim], "{claim}");
    }
    assert!(second.id_token["iat"].as_i64() > first.id_token["iat"].as_i64());
    // One of another client is worth nothing.
    bed.party("other", json!({})).await;
    let stolen = second.answer["refresh_token"].as_str().expect("rotated");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", stolen)];
    let stolen = crate::support::tokens::ask(bed, &basic("other"), &fields).await;
    assert_eq!(stolen.json()["error"], "invalid_grant");
}

async fn oidcc_ensure_request_with_valid_pkce_succeeds(bed: &Bed) {
    let mut browser = scene(bed).await;
    let code = browser.get(&address(&good("rp"))).await.code();
    let wrong = redeem(bed, &basic("rp"), &code, &[("code_verifier", &"x".repeat(43))]).await;
    assert_eq!(wrong.json()["error"], "invalid_grant");
    redeemed(bed, &browser.get(&address(&good("rp"))).await.code()).await;
}
