//! The modules of the FAPI 2.0 Security Profile Final plan for authorization servers, by their names:
//! those of the token endpoint, of client assertions and of DPoP.

use serde_json::json;

use crate::support::bed::{Bed, ISSUER};
use crate::support::party::{Ask, Key, Party, claims, fresh};

suite! {
    fapi2_security_profile_final_happy_flow,
    fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second,
    fapi2_security_profile_final_attempt_to_use_expired_auth_code,
    fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client,
    fapi2_security_profile_final_refresh_token,
    fapi2_security_profile_final_ensure_dpop_auth_code_binding_success,
    what_the_modules_spoil_is_refused,
    what_the_modules_allow_is_accepted,
}

async fn fapi2_security_profile_final_happy_flow(bed: &Bed) {
    let (party, person) = (Party::fapi(bed).await, bed.citizen(1).await);
    let tokens = party.tokens(bed, &person, "openid profile bills:read offline_access").await;
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("DPoP"), &json!(300)));
    let access = claims(&tokens["access_token"]);
    assert_eq!(access["cnf"], json!({ "jkt": party.dpop.thumbprint() }));
    assert_eq!(access["aud"], json!([ISSUER, format!("{ISSUER}/v1")]));
    assert_eq!(
        (&access["client_id"], &access["acr"]),
        (&json!(party.client.id), &json!("urn:hukumati:loa:2"))
    );
    assert_eq!(access["sub"], json!(bed.sso.subject(person.id, &party.client.registration)));
    assert_eq!(access["exp"].as_i64().zip(access["iat"].as_i64()).map(|(exp, iat)| exp - iat), Some(300));
    assert!(tokens["refresh_token"].is_string());
}

async fn fapi2_security_profile_final_attempt_reuse_authorization_code_after_one_second(bed: &Bed) {
    let (party, person) = (Party::fapi(bed).await, bed.citizen(1).await);
    let code = party.code(bed, &person, "openid offline_access").await;
    let first = party.send(bed, party.ask_of_code(bed, &code)).await;
    assert_eq!(first.status, 200, "{}", first.text);
    bed.clock.pass_ms(1_000);
    let second = party.send(bed, party.ask_of_code(bed, &code)).await;
    assert_eq!((second.status.as_u16(), &second.json()["error"]), (400, &json!("invalid_grant")));
    let refresh_token = first.json()["refresh_token"].clone();
    let refresh_token = refresh_token.as_str().expect("one");
    let after = party.send(bed, party.ask_of_refresh(bed, refresh_token)).await;
    assert_eq!(after.json()["error"], "invalid_grant", "what was made from the code is revoked");
}

async fn fapi2_security_profile_final_attempt_to_use_expired_auth_code(bed: &Bed) {
    let (party, person) = (Party::fapi(bed).await, bed.citizen(1).await);
    let code = party.code(bed, &person, "openid").await;
    bed.clock.pass_ms(60_000);
    let answer = party.send(bed, party.ask_of_code(bed, &code)).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &json!("invalid_grant")));
}

async fn fapi2_security_profile_final_ensure_authorization_code_is_bound_to_client(bed: &Bed) {
    let (party, other, person) = (Party::fapi(bed).await, Party::fapi(bed).await, bed.citizen(1).await);
    let code = party.code(bed, &person, "openid").await;
    let answer = other.send(bed, other.ask_of_code(bed, &code)).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (400, &json!("invalid_grant")));
    let own = party.send(bed, party.ask_of_code(bed, &code)).await;
    assert_eq!(own.status, 200, "its own client still has it: {}", own.text);
}

async fn fapi2_security_profile_final_refresh_token(bed: &Bed) {
    let (party, other, person) = (Party::fapi(bed).await, Party::fapi(bed).await, bed.citizen(1).await);
    let tokens = party.tokens(bed, &person, "openid bills:read offline_access").await;
    let refresh_token = tokens["refresh_token"].as_str().expect("one");
    let stolen = other.send(bed, other.ask_of_refresh(bed, refresh_token)).await;
    assert_eq!(stolen.json()["error"], "invalid_grant", "it is bound to its client");
    let mut otherwise = party.ask_of_refresh(bed, refresh_token);
    otherwise.proofs.clear();
    let otherwise = party.send(bed, otherwise).await;
    assert_eq!(otherwise.json()["error"], "invalid_dpop_proof", "it is bound to its sender");
    let next = party.send(bed, party.ask_of_refresh(bed, refresh_token)).await;
    assert_eq!(next.status, 200, "{}", next.text);
    assert_eq!(claims(&next.json()["access_token"])["cnf"]["jkt"], json!(party.dpop.thumbprint()));
    assert_ne!(next.json()["refresh_token"], tokens["refresh_token"], "it is rotated");
}

async fn fapi2_security_profile_final_ensure_dpop_auth_code_binding_success(bed: &Bed) {
    let (party, person) = (Party::fapi(bed).await, bed.citizen(1).await);
    for (jkt, status) in [(party.dpop.thumbprint(), 200), (Key::new().thumbprint(), 400)] {
        let code = party.code_with(bed, &person, "openid", |code| code.dpop_jkt = Some(jkt)).await;
        let answer = party.send(bed, party.ask_of_code(bed, &code)).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    }
}

type Spoil = fn(&mut Ask, i64);

/// Module of the plan, or what it does in one of its steps; what is done to the right request, with the
/// present second; the error.
#[rustfmt::skip]
const REFUSED: &[(&str, Spoil, &str)] = &[
    // client assertions
    ("ensure-signed-client-assertion-with-RS256-fails",          |a, _| a.assertion_header()["alg"] = json!("RS256"),                "invalid_client"),
    ("ensure-client-assertion-in-token-endpoint",                |a, _| a.assertion = None,                                          "invalid_client"),
    ("ensure-client-assertion-with-exp-is-5-minutes-in-past-fails", |a, s| a.assertion()["exp"] = json!(s - 300),                    "invalid_client"),
    ("ensure-client-assertion-with-wrong-aud-fails",             |a, _| a.assertion()["aud"] = json!("https://other.example"),       "invalid_client"),
    ("ensure-client-assertion-with-no-sub-fails",                |a, _| drop_claim(a.assertion(), "sub"),                            "invalid_client"),
    ("client assertion without iss",                             |a, _| drop_claim(a.assertion(), "iss"),                            "invalid_client"),
    ("client assertion with another iss",                        |a, _| a.assertion()["iss"] = json!("rp-x"),                        "invalid_client"),
    ("client assertion without aud",                             |a, _| drop_claim(a.assertion(), "aud"),                            "invalid_client"),
    ("client assertion without exp",                             |a, _| drop_claim(a.assertion(), "exp"),                            "invalid_client"),
    ("client assertion without jti",                             |a, _| drop_claim(a.assertion(), "jti"),                            "invalid_client"),
    ("client assertion good for a year",                         |a, s| a.assertion()["exp"] = json!(s + 31_536_000),                "invalid_client"),
    ("client assertion with exp as text",                        |a, s| a.assertion()["exp"] = json!((s + 60).to_string()),          "invalid_client"),
    ("par-endpoint-as-array-audience-fails",                     |a, _| a.assertion()["aud"] = json!([ISSUER]),                      "invalid_client"),
    ("par-endpoint-as-audience-fails",                           |a, _| a.assertion()["aud"] = json!(format!("{ISSUER}/oidc/par")),  "invalid_client"),
    ("par-token-endpoint-as-audience-fails",                     |a, _| a.assertion()["aud"] = json!(format!("{ISSUER}/oidc/token")), "invalid_client"),
    ("ensure-jwt-client-assertion-with-iat-nbf-over-60-seconds-in-the-future-fails", |a, s| { a.assertion()["iat"] = json!(s + 61); a.assertion()["nbf"] = json!(s + 61) }, "invalid_client"),
    ("client assertion that is an access token by typ",          |a, _| a.assertion_header()["typ"] = json!("at+jwt"),               "invalid_client"),
    ("client assertion with another kid",                        |a, _| a.assertion_header()["kid"] = json!("key-0"),                "invalid_client"),
    ("client assertion with alg none",                           |a, _| a.assertion_header()["alg"] = json!("none"),                 "invalid_client"),
    ("client assertion with alg HS256",                          |a, _| a.assertion_header()["alg"] = json!("HS256"),                "invalid_client"),
    ("client assertion with crit",                               |a, _| a.assertion_header()["crit"] = json!(["exp"]),               "invalid_client"),
    ("ensure-client-id-in-token-endpoint: of another client",    |a, _| a.set("client_id", "rp-0"),                                  "invalid_client"),
    // holder of key
    ("ensure-holder-of-key-required",                            |a, _| a.proofs.clear(),                                            "invalid_dpop_proof"),
    // dpop-negative-tests
    ("dpop: htm of another method",                              |a, _| a.proof()["htm"] = json!("GET"),                             "invalid_dpop_proof"),
    ("dpop: no htm",                                             |a, _| drop_claim(a.proof(), "htm"),                                "invalid_dpop_proof"),
    ("dpop: htu of another endpoint",                            |a, _| a.proof()["htu"] = json!(format!("{ISSUER}/oidc/par")),      "invalid_dpop_proof"),
    ("dpop: htu of another server",                              |a, _| a.proof()["htu"] = json!("https://other.example/oidc/token"), "invalid_dpop_proof"),
    ("dpop: no htu",                                             |a, _| drop_claim(a.proof(), "htu"),                                "invalid_dpop_proof"),
    ("dpop: no jti",                                             |a, _| drop_claim(a.proof(), "jti"),                                "invalid_dpop_proof"),
    ("dpop: no iat",                                             |a, _| drop_claim(a.proof(), "iat"),                                "invalid_dpop_proof"),
    ("dpop: iat five minutes ago",                               |a, s| a.proof()["iat"] = json!(s - 300),                           "invalid_dpop_proof"),
    ("dpop: iat in one minute",                                  |a, s| a.proof()["iat"] = json!(s + 61),                            "invalid_dpop_proof"),
    ("dpop: iat in one hour",                                    |a, s| a.proof()["iat"] = json!(s + 3_600),                         "invalid_dpop_proof"),
    ("dpop: nbf in one hour",                                    |a, s| a.proof()["nbf"] = json!(s + 3_600),                         "invalid_dpop_proof"),
    ("dpop: exp in the past",                                    |a, s| a.proof()["exp"] = json!(s - 60),                            "invalid_dpop_proof"),
    ("dpop: typ JWT",                                            |a, _| a.proof_header()["typ"] = json!("JWT"),                      "invalid_dpop_proof"),
    ("dpop: no typ",                                             |a, _| drop_claim(a.proof_header(), "typ"),                         "invalid_dpop_proof"),
    ("dpop: no jwk",                                             |a, _| drop_claim(a.proof_header(), "jwk"),                         "invalid_dpop_proof"),
    ("dpop: jwk of another key",                                 |a, _| a.proof_header()["jwk"] = Key::new().public(),               "invalid_dpop_proof"),
    ("dpop: jwk with the private half",                          |a, _| a.proof_header()["jwk"]["d"] = json!("AA"),                  "invalid_dpop_proof"),
    ("dpop: alg none",                                           |a, _| a.proof_header()["alg"] = json!("none"),                     "invalid_dpop_proof"),
    ("dpop: alg RS256",                                          |a, _| a.proof_header()["alg"] = json!("RS256"),                    "invalid_dpop_proof"),
    ("dpop: alg HS256 and jwk oct",                              |a, _| { a.proof_header()["alg"] = json!("HS256"); a.proof_header()["jwk"] = json!({ "kty": "oct", "k": "AA" }) }, "invalid_dpop_proof"),
    ("dpop: two proofs",                                         |a, _| { let mut two = a.proofs[0].clone(); two.1["jti"] = json!(fresh("proof")); a.proofs.push(two) }, "invalid_dpop_proof"),
    ("dpop: not a token",                                        |a, _| { a.proofs.clear(); a.headers.push(("dpop".into(), "a.b.c".into())) }, "invalid_dpop_proof"),
    ("dpop: a nonce that is not ours",                           |a, _| a.proof()["nonce"] = json!("mine"),                          "use_dpop_nonce"),
    // pkce
    ("par-ensure-pkce-code-verifier-required",                   |a, _| a.without("code_verifier"),                                  "invalid_grant"),
    ("par-incorrect-pkce-code-verifier-rejected",                |a, _| a.set("code_verifier", &"x".repeat(43)),                     "invalid_grant"),
    ("par-ensure-plain-pkce-rejected",                           |a, _| a.set("code_verifier", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), "invalid_grant"),
    // redirect
    ("redirect_uri mismatch",                                    |a, _| a.set("redirect_uri", "https://rp.example/back?x=1"),        "invalid_grant"),
    ("par-without-duplicate-parameters",                         |a, _| a.add("code_verifier", "x"),                                 "invalid_request"),
];

fn drop_claim(object: &mut serde_json::Value, name: &str) {
    object.as_object_mut().expect("an object").remove(name).expect("it was there");
}

async fn what_the_modules_spoil_is_refused(bed: &Bed) {
    let (party, person, now_s) = (Party::fapi(bed).await, bed.citizen(1).await, bed.sso.now().0 / 1000);
    let code = party.code(bed, &person, "openid bills:read").await;
    let mut wrong = Vec::new();
    for (name, spoil, error) in REFUSED {
        let mut ask = party.ask_of_code(bed, &code);
        spoil(&mut ask, now_s);
        let answer = party.send(bed, ask).await;
        let status = if *error == "invalid_client" { 401 } else { 400 };
        if answer.status.as_u16() != status || answer.json()["error"] != **error {
            wrong.push(format!("{name}: {} {}", answer.status, answer.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // None of it used the code up, and the request was right but for what was spoiled.
    let right = party.ask_of_code(bed, &code);
    let (again, proof) = (right.assertion.clone(), right.proofs[0].clone());
    let answer = party.send(bed, right).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    // Each jti once.
    let code = party.code(bed, &person, "openid").await;
    let mut same_assertion = party.ask_of_code(bed, &code);
    same_assertion.assertion = again;
    assert_eq!(party.send(bed, same_assertion).await.json()["error"], "invalid_client");
    let mut same_proof = party.ask_of_code(bed, &code);
    same_proof.proofs = vec![proof];
    assert_eq!(party.send(bed, same_proof).await.json()["error"], "invalid_dpop_proof");
}

#[rustfmt::skip]
const ALLOWED: &[(&str, Spoil)] = &[
    ("check-dpop-proof-nbf-exp",                                |a, s| { a.proof()["nbf"] = json!(s); a.proof()["exp"] = json!(s + 300) }),
    ("ensure-dpop-proof-with-iat-10-seconds-before-succeeds",   |a, s| a.proof()["iat"] = json!(s - 10)),
    ("ensure-dpop-proof-with-iat-10-seconds-after-succeeds",    |a, s| a.proof()["iat"] = json!(s + 10)),
    ("ensure-jwt-client-assertion-with-iat-nbf-8-seconds-in-the-future-is-accepted", |a, s| { a.assertion()["iat"] = json!(s + 8); a.assertion()["nbf"] = json!(s + 8) }),
    ("htu with query, fragment, capitals and port",             |a, _| a.proof()["htu"] = json!("HTTPS://ID.example.ps:443/oidc/token?a=b#c")),
    ("assertion with the type of RFC 7523bis",                  |a, _| a.assertion_header()["typ"] = json!("client-authentication+jwt")),
    ("assertion without kid",                                   |a, _| drop_claim(a.assertion_header(), "kid")),
];

async fn what_the_modules_allow_is_accepted(bed: &Bed) {
    let (party, person, now_s) = (Party::fapi(bed).await, bed.citizen(1).await, bed.sso.now().0 / 1000);
    for (name, change) in ALLOWED {
        let code = party.code(bed, &person, "openid").await;
        let mut ask = party.ask_of_code(bed, &code);
        change(&mut ask, now_s);
        let answer = party.send(bed, ask).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text);
    }
}
