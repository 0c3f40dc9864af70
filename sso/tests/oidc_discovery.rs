//! The plan "Config OP" of the OpenID conformance suite: what the metadata says is there.

use axum::http::{Method as Verb, StatusCode};
use serde_json::{Value, json};

use crate::support::bed::{Bed, ISSUER};
use crate::support::browser::{Answer, Browser};

suite! {
    oidcc_discovery_endpoint_verification,
    every_endpoint_that_is_named_is_there,
    the_keys_are_public,
}

async fn document(bed: &Bed) -> Value {
    let path = format!("{ISSUER}/.well-known/openid-configuration");
    let answer: Answer = Browser::new(bed).get(&path).await;
    assert_eq!(
        (answer.status, answer.headers["content-type"].as_bytes()),
        (StatusCode::OK, &b"application/json"[..])
    );
    answer.json()
}

async fn oidcc_discovery_endpoint_verification(bed: &Bed) {
    let document = document(bed).await;
    for (member, value) in [
        ("issuer", json!(ISSUER)),
        ("response_types_supported", json!(["code"])),
        ("response_modes_supported", json!(["query"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("subject_types_supported", json!(["pairwise"])),
        ("id_token_signing_alg_values_supported", json!(["ES256", "RS256", "EdDSA"])),
        ("claims_parameter_supported", json!(true)),
        ("request_parameter_supported", json!(false)),
        ("request_uri_parameter_supported", json!(false)),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("backchannel_logout_supported", json!(true)),
        ("backchannel_logout_session_supported", json!(true)),
        ("ui_locales_supported", json!(["ar", "en"])),
    ] {
        assert_eq!(document[member], value, "{member}");
    }
    for (member, value) in [
        ("scopes_supported", "openid"),
        ("grant_types_supported", "authorization_code"),
        ("claims_supported", "sub"),
        ("claims_supported", "name#en"),
        ("acr_values_supported", "urn:hukumati:loa:3"),
        ("token_endpoint_auth_methods_supported", "private_key_jwt"),
        ("token_endpoint_auth_methods_supported", "none"),
        ("token_endpoint_auth_signing_alg_values_supported", "ES256"),
        ("dpop_signing_alg_values_supported", "ES256"),
    ] {
        let list = document[member].as_array().unwrap_or_else(|| panic!("{member} is a list"));
        assert!(list.contains(&json!(value)), "{member}: {value}");
    }
    let other = Browser::new(bed).get("/.well-known/oauth-authorization-server").await;
    assert_eq!(other.json(), document);
    assert_eq!(other.headers["access-control-allow-origin"], "*");
}

async fn every_endpoint_that_is_named_is_there(bed: &Bed) {
    let document = document(bed).await;
    let mut browser = Browser::new(bed);
    let named = document.as_object().expect("an object").iter();
    let named: Vec<_> =
        named.filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri").collect();
    assert_eq!(named.len(), 9);
    for (name, url) in named {
        let url = url.as_str().expect("an address");
        assert!(url.starts_with(&format!("{ISSUER}/oidc/")), "{name}: {url}");
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let verb = if matches!(
            name.as_str(),
            "jwks_uri" | "authorization_endpoint" | "userinfo_endpoint" | "end_session_endpoint"
        ) {
            Verb::GET
        } else {
            Verb::POST
        };
        let answer = browser.send(verb, url, &form, String::new()).await;
        assert!(!matches!(answer.status.as_u16(), 404 | 405 | 500..), "{name}: {}", answer.status);
    }
}

async fn the_keys_are_public(bed: &Bed) {
    let jwks = Browser::new(bed).get("/oidc/jwks").await.json();
    for key in jwks["keys"].as_array().expect("keys") {
        assert_eq!(key["use"], "sig");
        assert!(key["kid"].is_string() && key["alg"].is_string());
        sso::jose::public_key(key).expect("a public key and nothing of a private one");
    }
}
