//! Access tokens where they are presented: whose, for what, how old, and by whom.

use axum::http::request::Parts;
use axum::http::{Method, Request};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use sso::client::{ClientAuthentication, Profile};
use sso::jose::{Algorithm, base64url};
use sso::oidc::access_token::{self, Binding, Presented};
use sso::oidc::certificate::PeerCertificate;
use sso::oidc::dpop;
use sso::oidc::error::OAuthError;
use sso::oidc::scope::Resource;
use sso::seal::digest;
use sso::visit::Fields;

use crate::support::bed::{Bed, ISSUER};
use crate::support::party::{Key, Party, claims, registration};

suite! {
    a_bearer_token_is_taken_as_it_is,
    fapi2_security_profile_final_access_token_type_header_case_sensitivity,
    a_bound_token_is_taken_with_its_proof_only,
    what_is_not_ours_is_refused,
    what_is_over_or_revoked_is_refused,
    a_nonce_is_asked_for_where_that_is_set,
    a_token_may_be_bound_to_a_certificate,
}

const PATH: &str = "/v1/bills";

fn parts(headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(Method::GET).uri(format!("{PATH}?from=1"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request").into_parts().0
}

async fn present(bed: &Bed, headers: &[(&str, &str)]) -> Result<Presented, OAuthError> {
    access_token::verify(&bed.sso, &parts(headers), &Fields::default(), Resource::PaymentApi).await
}

async fn error(bed: &Bed, headers: &[(&str, &str)]) -> String {
    match present(bed, headers).await {
        Ok(_) => "none".into(),
        Err(error) => error.error.into(),
    }
}

async fn a_bearer_token_is_taken_as_it_is(bed: &Bed) {
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let tokens = party.tokens(bed, &person, "openid bills:read").await;
    let token = tokens["access_token"].as_str().expect("one");
    let presented = present(bed, &[("authorization", &format!("Bearer {token}"))]).await.expect("taken");
    assert_eq!((&*presented.client, &presented.binding), (&*party.client.id, &Binding::Bearer));
    assert_eq!(presented.subject, bed.sso.subject(person.id, &party.client.registration));
    assert!(presented.need("bills:read").is_ok());
    let refused = presented.need("payments:write").expect_err("not granted").into_response();
    assert_eq!(refused.status(), 403);
    assert!(presented.family.is_some());

    // RFC 6750 section 2.2, and never twice.
    let form = Fields::parse(&format!("access_token={token}"));
    let in_form = access_token::verify(&bed.sso, &parts(&[]), &form, Resource::PaymentApi).await;
    assert!(in_form.is_ok());
    let both = parts(&[("authorization", &format!("Bearer {token}"))]);
    let both = access_token::verify(&bed.sso, &both, &form, Resource::PaymentApi).await;
    assert_eq!(both.expect_err("twice").error, "invalid_request");

    let nothing = present(bed, &[]).await.expect_err("nothing").into_response();
    assert_eq!(
        (nothing.status().as_u16(), &nothing.headers()["www-authenticate"]),
        (401, &"Bearer".parse().expect("a value"))
    );
    for (scheme, expected) in [("DPoP", "invalid_token"), ("Basic", "invalid_token"), ("", "invalid_token")] {
        assert_eq!(
            error(bed, &[("authorization", &format!("{scheme} {token}"))]).await,
            expected,
            "{scheme}"
        );
    }
}

async fn fapi2_security_profile_final_access_token_type_header_case_sensitivity(bed: &Bed) {
    let (party, person) = (Party::fapi(bed).await, bed.citizen(1).await);
    let tokens = party.tokens(bed, &person, "bills:read").await;
    let token = tokens["access_token"].as_str().expect("one");
    for scheme in ["DPoP", "dpop", "DPOP", "dPoP"] {
        let proof = proof(bed, &party, token, |_, _| {});
        let headers = [("authorization", format!("{scheme} {token}")), ("dpop", proof)];
        let headers = headers.each_ref().map(|(name, value)| (*name, &**value));
        assert_eq!(error(bed, &headers).await, "none", "{scheme}");
    }
}

fn proof(bed: &Bed, party: &Party, token: &str, spoil: impl FnOnce(&mut Value, &mut Value)) -> String {
    let (mut header, mut claims) = party.proof(bed, "GET", PATH);
    claims["ath"] = base64url(&digest(token)).into();
    spoil(&mut header, &mut claims);
    party.dpop.sign(&header, &claims)
}

type Spoil = fn(&mut Value, &mut Value);

/// The steps of the module dpop-negative-tests at a resource.
#[rustfmt::skip]
const SPOILED: &[(&str, Spoil, &str)] = &[
    ("no ath",                     |_, c| { c.as_object_mut().expect("claims").remove("ath"); },       "invalid_dpop_proof"),
    ("ath of another token",       |_, c| c["ath"] = json!(base64url(&digest("x"))),                   "invalid_dpop_proof"),
    ("ath as the token",           |_, c| c["ath"] = json!("x.y.z"),                                   "invalid_dpop_proof"),
    ("htm of another method",      |_, c| c["htm"] = json!("POST"),                                    "invalid_dpop_proof"),
    ("htm in small letters",       |_, c| c["htm"] = json!("get"),                                     "invalid_dpop_proof"),
    ("htu of another path",        |_, c| c["htu"] = json!(format!("{ISSUER}/v1/payments")),           "invalid_dpop_proof"),
    ("htu of the token endpoint",  |_, c| c["htu"] = json!(format!("{ISSUER}/oidc/token")),            "invalid_dpop_proof"),
    ("iat an hour ago",            |_, c| c["iat"] = json!(c["iat"].as_i64().expect("iat") - 3_600),   "invalid_dpop_proof"),
    ("iat in an hour",             |_, c| c["iat"] = json!(c["iat"].as_i64().expect("iat") + 3_600),   "invalid_dpop_proof"),
    ("another typ",                |h, _| h["typ"] = json!("jwt"),                                     "invalid_dpop_proof"),
    ("alg none",                   |h, _| h["alg"] = json!("none"),                                    "invalid_dpop_proof"),
    ("another key in jwk",         |h, _| h["jwk"] = Key::new().public(),                              "invalid_dpop_proof"),
];

async fn a_bound_token_is_taken_with_its_proof_only(bed: &Bed) {
    let (party, thief, person) = (Party::fapi(bed).await, Party::fapi(bed).await, bed.citizen(1).await);
    let tokens = party.tokens(bed, &person, "bills:read").await;
    let token = tokens["access_token"].as_str().expect("one");
    let bound = format!("DPoP {token}");
    for (name, spoil, expected) in SPOILED {
        let spoiled = proof(bed, &party, token, spoil);
        assert_eq!(error(bed, &[("authorization", &bound), ("dpop", &spoiled)]).await, *expected, "{name}");
    }
    assert_eq!(error(bed, &[("authorization", &bound)]).await, "invalid_token", "without a proof");
    let of_thief = proof(bed, &thief, token, |_, _| {});
    assert_eq!(error(bed, &[("authorization", &bound), ("dpop", &of_thief)]).await, "invalid_token");
    let right = proof(bed, &party, token, |_, _| {});
    let as_bearer = [("authorization", &*format!("Bearer {token}")), ("dpop", &right)];
    assert_eq!(error(bed, &as_bearer).await, "invalid_token", "a bound token is no bearer token");
    let two = (proof(bed, &party, token, |_, _| {}), proof(bed, &party, token, |_, _| {}));
    let two = [("authorization", &*bound), ("dpop", &two.0), ("dpop", &two.1)];
    assert_eq!(error(bed, &two).await, "invalid_dpop_proof", "two proofs");
    let right = proof(bed, &party, token, |_, _| {});
    assert_eq!(error(bed, &[("authorization", &bound), ("dpop", &right)]).await, "none");
    assert_eq!(
        error(bed, &[("authorization", &bound), ("dpop", &right)]).await,
        "invalid_dpop_proof",
        "again"
    );
    assert_eq!(error_at(&bed.another_node(), &bound, &right).await, "invalid_dpop_proof", "at another node");
}

async fn error_at(sso: &sso::Sso, token: &str, proof: &str) -> &'static str {
    let parts = parts(&[("authorization", token), ("dpop", proof)]);
    let presented = access_token::verify(sso, &parts, &Fields::default(), Resource::PaymentApi).await;
    presented.map_or_else(|error| error.error, |_| "none")
}

async fn what_is_not_ours_is_refused(bed: &Bed) {
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let tokens = party.tokens(bed, &person, "openid bills:read").await;
    let own = claims(&tokens["access_token"]);
    let kid = bed.sso.jwks().await.expect("published")["keys"][0]["kid"].clone();
    let stranger = Key::new();
    let sign = async |typ: &str, change: fn(&mut Value)| {
        let mut claims = own.clone();
        change(&mut claims);
        bed.sso.sign(Algorithm::Es256, typ, &claims).await.expect("signs")
    };
    let header = |alg: &str| json!({ "typ": "at+jwt", "alg": alg, "kid": kid });
    let real = tokens["access_token"].as_str().expect("one");
    let (signed, signature) = real.rsplit_once('.').expect("three parts");
    let unsigned = stranger.sign(&header("none"), &own);
    for (name, token) in [
        ("an ID token by its type", sign("JWT", |_| {}).await),
        ("a logout token by its type", sign("logout+jwt", |_| {}).await),
        ("of another issuer", sign("at+jwt", |c| c["iss"] = json!("https://evil.example")).await),
        ("for userinfo only", sign("at+jwt", |c| c["aud"] = json!(ISSUER)).await),
        ("for another audience", sign("at+jwt", |c| c["aud"] = json!(["https://api.example"])).await),
        ("without exp", sign("at+jwt", |c| drop(c.as_object_mut().expect("claims").remove("exp"))).await),
        ("with a cnf nobody knows", sign("at+jwt", |c| c["cnf"] = json!({ "jwk": {} })).await),
        ("with a grant that is not ours", sign("at+jwt", |c| c["grant_id"] = json!("grt_0")).await),
        ("signed by a stranger under our kid", stranger.sign(&header("ES256"), &own)),
        ("HS256 under our kid", stranger.sign(&header("HS256"), &own)),
        ("RS256 under the kid of ES256", stranger.sign(&header("RS256"), &own)),
        ("none", unsigned.rsplit_once('.').map(|(signed, _)| format!("{signed}.")).expect("three parts")),
        (
            "a kid that is a path",
            stranger.sign(&json!({ "typ": "at+jwt", "alg": "ES256", "kid": "../../dev/null" }), &own),
        ),
        (
            "a kid that is a statement",
            stranger.sign(&json!({ "typ": "at+jwt", "alg": "ES256", "kid": "' OR 1=1 --" }), &own),
        ),
        (
            "its own key in jwk",
            stranger.sign(&json!({ "typ": "at+jwt", "alg": "ES256", "jwk": stranger.public() }), &own),
        ),
        (
            "a key to be fetched",
            stranger.sign(&json!({ "typ": "at+jwt", "alg": "ES256", "jku": "https://evil.example" }), &own),
        ),
        ("without a signature", format!("{signed}.")),
        ("with half a signature", format!("{signed}.{}", &signature[..43])),
        ("with the signature of nothing", format!("{signed}.{}", base64url(&[0; 64]))),
        ("with padding", format!("{real}=")),
        ("in four parts", format!("{real}.x")),
        ("nothing", String::new()),
        ("a refresh token", tokens["refresh_token"].as_str().expect("one").to_owned()),
    ] {
        let error = error(bed, &[("authorization", &format!("Bearer {token}"))]).await;
        assert_eq!(error, "invalid_token", "{name}");
    }
    assert_eq!(error(bed, &[("authorization", &format!("Bearer {real}"))]).await, "none");
}

async fn what_is_over_or_revoked_is_refused(bed: &Bed) {
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let other = bed.another_node();
    let token = async || {
        let tokens = party.tokens(bed, &person, "bills:read").await;
        (format!("Bearer {}", tokens["access_token"].as_str().expect("one")), tokens)
    };
    let ((young, tokens), (alone, single)) = (token().await, token().await);
    assert_eq!(error_at(&other, &young, "").await, "invalid_dpop_proof", "an empty proof is a wrong one");
    let at_other = async |token: &str| {
        let parts = parts(&[("authorization", token)]);
        let presented = access_token::verify(&other, &parts, &Fields::default(), Resource::PaymentApi).await;
        presented.map_or_else(|error| error.error, |_| "none")
    };
    assert_eq!((at_other(&young).await, at_other(&alone).await), ("none", "none"));
    for token in [&tokens["refresh_token"], &single["access_token"]] {
        let ask = party.ask(bed, "/oidc/revoke", &[("token", token.as_str().expect("one"))]);
        assert_eq!(party.send(bed, ask).await.status, 200);
    }
    for token in [&young, &alone] {
        assert_eq!(
            error(bed, &[("authorization", token)]).await,
            "invalid_token",
            "at once where it was revoked"
        );
    }
    bed.clock.pass_ms(2_000);
    assert_eq!((at_other(&young).await, at_other(&alone).await), ("invalid_token", "invalid_token"));

    let (old, _) = token().await;
    bed.clock.pass_ms(299_000);
    assert_eq!(error(bed, &[("authorization", &old)]).await, "none");
    bed.clock.pass_ms(1_000);
    assert_eq!(error(bed, &[("authorization", &old)]).await, "invalid_token");
    let (of_suspended, _) = token().await;
    let mut tx = bed.sso.db.begin().await.expect("begins");
    let (id, now) = (&party.client.id, bed.sso.now());
    assert!(sso::store::client::set_state(&mut tx, id, 1, "suspended", now).await.expect("suspended"));
    tx.commit().await.expect("commits");
    bed.clock.pass_ms(2_000);
    assert_eq!(error(bed, &[("authorization", &of_suspended)]).await, "invalid_token");
}

async fn a_nonce_is_asked_for_where_that_is_set(bed: &Bed) {
    let node = bed.with_settings(|settings| settings.dpop_nonces = true);
    let (party, person) = (Party::fapi(bed).await, bed.citizen(1).await);
    let code = party.code(bed, &person, "bills:read").await;
    let refused = party.send_to(&node, party.ask_of_code(bed, &code)).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["error"]), (400, &json!("use_dpop_nonce")));
    let nonce = refused.headers["dpop-nonce"].to_str().expect("text").to_owned();
    assert_eq!(nonce, dpop::nonce(&node));
    let mut ask = party.ask_of_code(bed, &code);
    ask.proof()["nonce"] = json!(nonce);
    let answer = party.send_to(&node, ask).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let tokens = answer.json();
    let token = tokens["access_token"].as_str().expect("one");
    let bound = format!("DPoP {token}");
    let present = async |nonce: Option<&str>| {
        let proof = proof(bed, &party, token, |_, c| {
            if let Some(nonce) = nonce {
                c["nonce"] = json!(nonce);
            }
        });
        error_at(&node, &bound, &proof).await
    };
    assert_eq!(present(None).await, "use_dpop_nonce");
    assert_eq!(present(Some(&nonce)).await, "none");
    bed.clock.pass_ms(120_000);
    assert_eq!(present(Some(&nonce)).await, "use_dpop_nonce", "an old one is no more");
    assert_eq!(present(Some(&dpop::nonce(&node))).await, "none");
}

async fn a_token_may_be_bound_to_a_certificate(bed: &Bed) {
    // Any bytes will do to bind with: who verifies the certificate is the listener.
    let (mine, other) = (b"certificate of the party".to_vec(), b"certificate of a thief".to_vec());
    let party = Party::join(bed, registration(Profile::Fapi2, ClientAuthentication::PrivateKeyJwt)).await;
    let person = bed.citizen(1).await;
    let code = party.code(bed, &person, "bills:read").await;
    let mut ask = party.ask_of_code(bed, &code);
    ask.proofs.clear();
    ask.certificate = Some(mine.clone());
    let tokens = party.send(bed, ask).await.json();
    assert_eq!(tokens["token_type"], "Bearer");
    let thumbprint = PeerCertificate(mine.clone()).thumbprint();
    assert_eq!(claims(&tokens["access_token"])["cnf"], json!({ "x5t#S256": thumbprint }));
    let token = format!("Bearer {}", tokens["access_token"].as_str().expect("one"));
    for (certificate, expected) in [(None, false), (Some(other.clone()), false), (Some(mine.clone()), true)] {
        let mut parts = parts(&[("authorization", &token)]);
        if let Some(certificate) = certificate {
            parts.extensions.insert(PeerCertificate(certificate));
        }
        let presented =
            access_token::verify(&bed.sso, &parts, &Fields::default(), Resource::PaymentApi).await;
        assert_eq!(presented.is_ok(), expected);
    }
    let refresh = async |certificate: Vec<u8>| {
        let mut ask = party.ask_of_refresh(bed, tokens["refresh_token"].as_str().expect("one"));
        ask.proofs.clear();
        ask.certificate = Some(certificate);
        party.send(bed, ask).await
    };
    assert_eq!(refresh(other).await.json()["error"], "invalid_grant");
    assert_eq!(refresh(mine).await.status, 200);
}
