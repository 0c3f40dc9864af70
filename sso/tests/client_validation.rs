//! What a client may register as: one line a case, the pointer and the key that answer it.

use serde_json::{Value, json};
use sso::client::validation::{address, is_client_id, read};
use sso::settings::{Department, Settings};
use sso::words::WORDS;

use crate::support::bed::ISSUER;

fn settings() -> Settings {
    let mol = Department {
        code: "mol".into(), ar: "وزارة العمل".into(), en: "Ministry of Labour".into()
    };
    Settings { departments: vec![mol], ..Settings::new(ISSUER) }
}

/// The public part of a key that signs nothing here.
fn key(kid: &str) -> Value {
    json!({
        "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    })
}

fn baseline() -> Value {
    json!({
        "client_name": { "ar": "بوابة العمل", "en": "Labour portal" },
        "profile": "baseline",
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token"],
        "scopes": ["openid", "profile"],
        "redirect_uris": ["https://labour.example.ps/callback"],
        "department": "mol",
    })
}

fn fapi2() -> Value {
    let mut json = baseline();
    json["profile"] = "fapi2".into();
    json["token_endpoint_auth_method"] = "private_key_jwt".into();
    json["jwks"] = json!({ "keys": [key("a")] });
    json
}

/// `pointer key` of every complaint, with commas between; each key has a sentence in both languages.
fn complaints(json: &Value) -> String {
    let found = read(json, &settings()).err().unwrap_or_default();
    for complaint in &found {
        for language in look::Language::ALL {
            let said = complaint.say(look::Words::new(language, look::Digits::Western, &WORDS));
            assert!(!said.contains('«') && said.chars().count() > complaint.at.len() + 12, "{said}");
        }
    }
    let lines = found.iter().map(|c| format!("{} {}", c.at, c.key.trim_start_matches("client-wrong-")));
    lines.collect::<Vec<_>>().join(", ")
}

#[test]
fn a_field_that_may_not_stand_is_named() {
    let many = |n: usize| (0..n).map(|i| format!("https://a.example.ps/{i}")).collect::<Vec<_>>();
    let keys = |kids: &[&str]| json!({ "keys": kids.iter().map(|kid| key(kid)).collect::<Vec<_>>() });
    let private = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": key("a")["x"], "y": key("a")["y"], "d": "AA" }] });
    let unnamed = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": key("a")["x"], "y": key("a")["y"] }, key("b")] });
    #[rustfmt::skip]
    let cases = [
        // base      field                            value                                    what is said
        (baseline(), "/department",                   json!("mol"),                            ""),
        (baseline(), "/department",                   json!(null),                             ""),
        (baseline(), "/department",                   json!("moi"),                            "/department department"),
        (baseline(), "/client_name",                  json!({ "ar": "", "en": "x" }),          "/client_name/ar name"),
        (baseline(), "/client_name",                  json!({ "ar": "س", "en": " x" }),        "/client_name/en name"),
        (baseline(), "/client_name",                  json!({ "ar": "س", "en": "a\u{202e}b" }), "/client_name/en name"),
        (baseline(), "/client_name",                  json!({ "ar": "س", "en": "x".repeat(81) }), "/client_name/en name"),
        (baseline(), "/client_name",                  json!({ "en": "x" }),                    "/client_name shape"),
        (baseline(), "/client_name",                  json!("x"),                              "/client_name shape"),
        (baseline(), "/profile",                      json!("none"),                           "/profile shape"),
        (baseline(), "/unknown",                      json!(1),                                "/unknown shape"),
        (baseline(), "/grant_types",                  json!([]),                               "/grant_types grant-none, /redirect_uris redirect-unused"),
        (baseline(), "/grant_types",                  json!(["authorization_code", "authorization_code"]), "/grant_types twice"),
        (baseline(), "/grant_types",                  json!(["password"]),                     "/grant_types shape"),
        (baseline(), "/grant_types",                  json!(["implicit"]),                     "/grant_types shape"),
        (baseline(), "/grant_types",                  json!(["refresh_token"]),                "/grant_types grant-refresh, /redirect_uris redirect-unused"),
        (baseline(), "/scopes",                       json!([]),                               "/scopes scope-none"),
        (baseline(), "/scopes",                       json!(["openid", "admin"]),              "/scopes/1 scope"),
        (baseline(), "/scopes",                       json!(["openid", "openid"]),             "/scopes/1 twice"),
        (baseline(), "/redirect_uris",                json!([]),                               "/redirect_uris redirect-none"),
        (baseline(), "/redirect_uris",                json!(many(21)),                         "/redirect_uris many"),
        (baseline(), "/redirect_uris",                json!(["https://a.example.ps/", "https://a.example.ps/"]), "/redirect_uris/1 twice"),
        (baseline(), "/redirect_uris",                json!(["https://a.example.ps/", "https://b.example.ps/"]), "/sector_identifier sector-needed"),
        (baseline(), "/sector_identifier",            json!("labour.example.ps"),              ""),
        (baseline(), "/sector_identifier",            json!("https://labour.example.ps"),      "/sector_identifier sector"),
        (baseline(), "/post_logout_redirect_uris",    json!(["http://a.example.ps/"]),         "/post_logout_redirect_uris/0 uri-scheme"),
        (baseline(), "/backchannel_logout_uri",       json!("https://a.example.ps/out"),       ""),
        (baseline(), "/backchannel_logout_uri",       json!("http://127.0.0.1:9000/out"),      ""),
        (baseline(), "/backchannel_logout_uri",       json!("http://10.0.0.1/out"),            "/backchannel_logout_uri uri-scheme"),
        (baseline(), "/id_token_signed_response_alg", json!("RS256"),                          ""),
        (baseline(), "/id_token_signed_response_alg", json!("none"),                           "/id_token_signed_response_alg algorithm"),
        (baseline(), "/id_token_signed_response_alg", json!("HS256"),                          "/id_token_signed_response_alg algorithm"),
        (baseline(), "/tls_client_auth_subject_dn",   json!("CN=a"),                           "/tls_client_auth_subject_dn dn-unused"),
        (baseline(), "/token_endpoint_auth_method",   json!("private_key_jwt"),                "/jwks key-missing"),
        (baseline(), "/token_endpoint_auth_method",   json!("tls_client_auth"),                "/tls_client_auth_subject_dn dn-missing"),
        (baseline(), "/token_endpoint_auth_method",   json!("client_secret_jwt"),              "/token_endpoint_auth_method shape"),
        (baseline(), "/jwks",                         private,                                 "/jwks key"),
        (baseline(), "/jwks",                         json!({ "keys": [{ "kty": "oct", "k": "AA" }] }), "/jwks key"),
        (baseline(), "/jwks",                         json!({ "keys": [{ "kty": "RSA", "n": "AQAB", "e": "AQAB" }] }), "/jwks key"),
        (baseline(), "/jwks",                         json!("https://a.example.ps/jwks"),      "/jwks key"),
        (fapi2(),    "/department",                   json!("mol"),                            ""),
        (fapi2(),    "/jwks",                         keys(&["a", "b"]),                       ""),
        (fapi2(),    "/jwks",                         keys(&["a", "a"]),                       "/jwks/keys/1 twice"),
        (fapi2(),    "/jwks",                         keys(&["a", ""]),                        "/jwks/keys/1 kid"),
        (fapi2(),    "/jwks",                         unnamed,                                 "/jwks/keys/0 kid"),
        (fapi2(),    "/jwks",                         json!(null),                             "/jwks key-missing"),
        (fapi2(),    "/jwks",                         keys(&["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]), "/jwks many"),
        (fapi2(),    "/token_endpoint_auth_method",   json!("client_secret_basic"),            "/token_endpoint_auth_method fapi2-authentication"),
        (fapi2(),    "/token_endpoint_auth_method",   json!("none"),                           "/token_endpoint_auth_method fapi2-authentication"),
        (fapi2(),    "/id_token_signed_response_alg", json!("RS256"),                          "/id_token_signed_response_alg fapi2-algorithm"),
    ];
    for (mut json, field, value, expected) in cases {
        json[field.trim_start_matches('/')] = value.clone();
        assert_eq!(complaints(&json), expected, "{field} = {value}");
    }
    let mut incomplete = baseline();
    incomplete.as_object_mut().expect("an object").remove("scopes");
    assert_eq!(complaints(&incomplete), "/scopes missing");
    assert_eq!(complaints(&json!([])), " object");
    let mut public = baseline();
    public["token_endpoint_auth_method"] = "none".into();
    public["grant_types"] = json!(["authorization_code", "client_credentials"]);
    assert_eq!(complaints(&public), "/grant_types grant-public");
}

#[test]
fn an_address_is_what_a_browser_will_do_and_nothing_else() {
    const OK: &str = "";
    #[rustfmt::skip]
    let cases = [
        // address                                        a web server  a native app
        ("https://labour.example.ps/callback",            OK,           OK),
        ("https://labour.example.ps",                     OK,           OK),
        ("https://labour.example.ps/",                    OK,           OK),
        ("https://labour.example.ps:8443/a/b?tenant=1",   OK,           OK),
        ("https://xn--mgbh0fb.example.ps/",               OK,           OK),
        ("http://127.0.0.1/callback",                     "loopback",   OK),
        ("http://127.0.0.1:53100/callback",               "loopback",   OK),
        ("http://[::1]:53100/callback",                   "loopback",   OK),
        ("http://localhost/callback",                     "scheme",     "scheme"),
        ("http://labour.example.ps/callback",             "scheme",     "scheme"),
        ("http://127.0.0.2/callback",                     "scheme",     "scheme"),
        ("http://127.0.0.1.example.ps/callback",          "scheme",     "scheme"),
        ("http://127.1/callback",                         "loopback",   "form"),
        ("http://2130706433/callback",                    "loopback",   "form"),
        ("http://0x7f000001/callback",                    "loopback",   "form"),
        ("https://localhost/callback",                    "host",       "host"),
        ("https://127.0.0.1/callback",                    "host",       "host"),
        ("https://[::1]/callback",                        "host",       "host"),
        ("https://intranet/callback",                     "host",       "host"),
        ("https://labour.example.ps./callback",           "host",       "host"),
        ("https://labour..example.ps/callback",           "host",       "host"),
        ("https://-labour.example.ps/callback",           "host",       "host"),
        ("https://labour_.example.ps/callback",           "host",       "host"),
        ("https://*.example.ps/callback",                 "wildcard",   "wildcard"),
        ("https://labour.example.ps/*",                   "wildcard",   "wildcard"),
        ("https://labour.example.ps/callback#a",          "fragment",   "fragment"),
        ("https://labour.example.ps/callback#",           "fragment",   "fragment"),
        ("https://user@labour.example.ps/callback",       "user",       "user"),
        ("https://user:pass@labour.example.ps/callback",  "user",       "user"),
        ("https://@labour.example.ps/callback",           "user",       "user"),
        ("https://labour.example.ps@evil.example/",       "user",       "user"),
        ("https://LABOUR.example.ps/callback",            "form",       "form"),
        ("HTTPS://labour.example.ps/callback",            "form",       "form"),
        ("https://labour.example.ps:443/callback",        "form",       "form"),
        ("https://labour.example.ps/a/../callback",       "form",       "form"),
        ("https://labour.example.ps/a/%2e%2e/callback",   "form",       "form"),
        ("https://labour.example.ps/./callback",          "form",       "form"),
        ("https:labour.example.ps/callback",              "form",       "form"),
        ("https:///labour.example.ps/callback",           "form",       "form"),
        ("https://labour.example.ps/a%2fb",               "escape",     "escape"),
        ("https://labour.example.ps/a%5Cb",               "escape",     "escape"),
        ("https://labour.example.ps/a%0d%0aSet-Cookie:x", "escape",     "escape"),
        ("https://labour.example.ps/a%00",                "escape",     "escape"),
        ("https://labour.example.ps\\@evil.example/",     "characters", "characters"),
        ("https://labour.example.ps/call back",           "characters", "characters"),
        ("https://labour.example.ps/\tcallback",          "characters", "characters"),
        (" https://labour.example.ps/callback",           "characters", "characters"),
        ("https://labour.example.ps/رد",                  "characters", "characters"),
        ("https://lаbour.example.ps/callback",            "characters", "characters"),
        ("https://labour.example.ps/<script>",            "characters", "characters"),
        ("https://labour.example.ps/?code=1",             "query",      "query"),
        ("https://labour.example.ps/?a=1&st%61te=1",      "query",      "query"),
        ("https://labour.example.ps/?iss=a",              "query",      "query"),
        ("javascript:alert(1)",                           "scheme",     "scheme"),
        ("data:text/html,x",                              "scheme",     "scheme"),
        ("file:///etc/passwd",                            "scheme",     "scheme"),
        ("ps.example.app:/callback",                      "scheme",     "scheme"),
        ("ftp://labour.example.ps/",                      "scheme",     "scheme"),
        ("//labour.example.ps/callback",                  "none",       "none"),
        ("/callback",                                     "none",       "none"),
        ("https://",                                      "none",       "none"),
        ("",                                              "length",     "length"),
    ];
    for (raw, web, native) in cases {
        for (loopback, expected) in [(false, web), (true, native)] {
            let said = match address(raw, loopback) {
                Ok(()) => OK,
                Err("client-wrong-uri") => "none",
                Err(key) => key.trim_start_matches("client-wrong-uri-"),
            };
            assert_eq!(said, expected, "{raw}, loopback {loopback}");
        }
    }
    assert_eq!(
        address(&format!("https://a.example.ps/{}", "a".repeat(500)), false),
        Err("client-wrong-uri-length")
    );
}

#[test]
fn an_identifier_is_a_word() {
    for id in ["labour", "tax-portal.v2", "A_1", "7"] {
        assert!(is_client_id(id), "{id}");
    }
    for id in ["", "-a", ".", "a b", "a/b", "a:b", "https://a", "ا", "a\n", &"a".repeat(65)] {
        assert!(!is_client_id(id), "{id:?}");
    }
}
