//! What RFC 9700 and its neighbours want refused at the token endpoint, as a table: each request is right
//! but for what is spoiled, and the right one is made with the same code afterwards.

use base64::Engine as _;
use serde_json::{Value, json};
use sso::client::{ClientAuthentication, Grant, Profile};
use sso::oidc::certificate::PeerCertificate;
use sso::store::account::Account;

use crate::support::bed::Bed;
use crate::support::party::{Ask, Party, REDIRECT, claims, registration};

suite! {
    what_is_spoiled_is_refused,
    grants_that_are_not_here_are_refused,
    a_challenge_that_was_removed_is_noticed,
    only_forms_are_read,
    each_way_of_authentication_works_and_no_other,
    many_failures_from_one_address_have_to_wait,
    who_has_signed_out_gets_no_tokens,
    a_client_acts_for_itself_at_the_api_only,
}

/// What it is called, how it is spoiled, status and error.
type Spoiled = (&'static str, fn(&mut Ask), u16, &'static str);

#[rustfmt::skip]
const REFUSED: &[Spoiled] = &[
    // injection of codes and downgrade of PKCE (RFC 9700 4.5, 4.8)
    ("a code nobody gave", |a| a.set("code", &"x".repeat(43)), 400, "invalid_grant"),
    ("no code", |a| a.without("code"), 400, "invalid_request"),
    ("an empty code", |a| a.set("code", ""), 400, "invalid_request"),
    (
        "a code in another case",
        |a| {
            let code = a.fields[1].1.to_ascii_uppercase();
            a.set("code", &code)
        },
        400,
        "invalid_grant",
    ),
    (
        "a code with a space at its end",
        |a| {
            let code = format!("{} ", a.fields[1].1);
            a.set("code", &code)
        },
        400,
        "invalid_grant",
    ),
    ("another verifier", |a| a.set("code_verifier", &"a".repeat(64)), 400, "invalid_grant"),
    ("no verifier", |a| a.without("code_verifier"), 400, "invalid_grant"),
    ("a verifier too short", |a| a.set("code_verifier", "short"), 400, "invalid_grant"),
    ("a verifier too long", |a| a.set("code_verifier", &"a".repeat(129)), 400, "invalid_grant"),
    ("a verifier with other letters", |a| a.set("code_verifier", &"+".repeat(43)), 400, "invalid_grant"),
    ("two verifiers", |a| a.add("code_verifier", "x"), 400, "invalid_request"),
    ("two codes", |a| a.add("code", "x"), 400, "invalid_request"),
    ("two grant types", |a| a.add("grant_type", "refresh_token"), 400, "invalid_request"),
    // addresses (4.1)
    ("another address", |a| a.set("redirect_uri", "https://evil.example/back"), 400, "invalid_grant"),
    (
        "the address with a slash more",
        |a| a.set("redirect_uri", &format!("{REDIRECT}/")),
        400,
        "invalid_grant",
    ),
    (
        "the address in capitals",
        |a| a.set("redirect_uri", &REDIRECT.to_ascii_uppercase()),
        400,
        "invalid_grant",
    ),
    (
        "the address with a fragment",
        |a| a.set("redirect_uri", &format!("{REDIRECT}#x")),
        400,
        "invalid_grant",
    ),
    ("no address", |a| a.without("redirect_uri"), 400, "invalid_request"),
    ("two addresses", |a| a.add("redirect_uri", REDIRECT), 400, "invalid_request"),
    // audience (4.10.2, RFC 8707)
    ("a resource that is not here", |a| a.set("resource", "https://api.example"), 400, "invalid_target"),
    ("a resource below ours", |a| a.set("resource", "https://id.example.ps/v1/bills"), 400, "invalid_target"),
    ("a resource that is no address", |a| a.set("resource", "v1"), 400, "invalid_target"),
    (
        "one resource right and one wrong",
        |a| {
            a.add("resource", "https://id.example.ps/v1");
            a.add("resource", "https://api.example")
        },
        400,
        "invalid_target",
    ),
    // clients (4.3.1, RFC 6749 2.3)
    ("no client", |a| no_header(a, "authorization"), 401, "invalid_client"),
    (
        "a client by name only",
        |a| {
            let id = basic_of(a).0;
            no_header(a, "authorization");
            a.set("client_id", &id)
        },
        401,
        "invalid_client",
    ),
    ("another secret", |a| basic(a, |id, _| format!("{id}:wrong")), 401, "invalid_client"),
    ("an empty secret", |a| basic(a, |id, _| format!("{id}:")), 401, "invalid_client"),
    ("a client nobody knows", |a| basic(a, |_, secret| format!("rp-0:{secret}")), 401, "invalid_client"),
    (
        "a client with a control character",
        |a| basic(a, |_, secret| format!("rp%00:{secret}")),
        401,
        "invalid_client",
    ),
    ("credentials without a colon", |a| basic(a, |id, _| id.to_owned()), 401, "invalid_client"),
    ("credentials that are not base64", |a| header(a, "authorization", "Basic ***"), 401, "invalid_client"),
    ("a bearer in place of credentials", |a| header(a, "authorization", "Bearer x"), 401, "invalid_client"),
    ("the secret in the body as well", |a| a.set("client_secret", "x"), 400, "invalid_request"),
    (
        "the secret in the body instead",
        |a| {
            let (id, secret) = basic_of(a);
            no_header(a, "authorization");
            a.set("client_id", &id);
            a.set("client_secret", &secret)
        },
        401,
        "invalid_client",
    ),
    ("another client in the body", |a| a.set("client_id", "rp-0"), 401, "invalid_client"),
    (
        "an assertion as well",
        |a| a.assertion = Some((json!({ "alg": "ES256" }), json!({ "sub": "x" }))),
        400,
        "invalid_request",
    ),
    (
        "two headers of credentials",
        |a| {
            let same = a.headers[1].clone();
            a.headers.push(same)
        },
        400,
        "invalid_request",
    ),
    // the form
    (
        "parameters in the address",
        |a| a.path = "/oidc/token?grant_type=authorization_code".into(),
        400,
        "invalid_request",
    ),
    ("JSON", |a| header(a, "content-type", "application/json"), 400, "invalid_request"),
    ("no type of content", |a| no_header(a, "content-type"), 400, "invalid_request"),
    ("no grant type", |a| a.without("grant_type"), 400, "invalid_request"),
    // grants (2.1.2, 2.4)
    (
        "password",
        |a| {
            a.set("grant_type", "password");
            a.set("username", "x");
            a.set("password", "x")
        },
        400,
        "unsupported_grant_type",
    ),
    ("implicit", |a| a.set("grant_type", "implicit"), 400, "unsupported_grant_type"),
    ("a grant in another case", |a| a.set("grant_type", "Authorization_Code"), 400, "unsupported_grant_type"),
    (
        "an assertion grant",
        |a| a.set("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        400,
        "unsupported_grant_type",
    ),
    (
        "an exchange of tokens",
        |a| a.set("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        400,
        "unsupported_grant_type",
    ),
    ("the grant's name in Rust", |a| a.set("grant_type", "AuthorizationCode"), 400, "unsupported_grant_type"),
    // a proof that is wrong is not left aside, though this client needs none (RFC 9449 5)
    ("a proof that is no token", |a| a.headers.push(("dpop".into(), "x".into())), 400, "invalid_dpop_proof"),
    // refresh tokens (4.14)
    ("a refresh token nobody gave", |a| refresh(a, "rft_0000000000000.x"), 400, "invalid_grant"),
    (
        "a refresh token that is a code",
        |a| {
            let code = a.fields[1].1.clone();
            refresh(a, &code)
        },
        400,
        "invalid_grant",
    ),
    ("no refresh token", |a| refresh(a, ""), 400, "invalid_request"),
];

fn no_header(ask: &mut Ask, name: &str) {
    ask.headers.retain(|(known, _)| known != name);
}

fn header(ask: &mut Ask, name: &str, value: &str) {
    no_header(ask, name);
    ask.headers.push((name.into(), value.into()));
}

/// Identifier and secret, as they are encoded.
fn basic_of(ask: &Ask) -> (String, String) {
    let value = &ask.headers.iter().find(|(name, _)| name == "authorization").expect("Basic").1;
    let bytes = base64::engine::general_purpose::STANDARD.decode(&value[6..]).expect("base64");
    let text = String::from_utf8(bytes).expect("UTF-8");
    let (id, secret) = text.split_once(':').expect("a pair");
    (id.to_owned(), secret.to_owned())
}

fn basic(ask: &mut Ask, change: fn(&str, &str) -> String) {
    let (id, secret) = basic_of(ask);
    let value = base64::engine::general_purpose::STANDARD.encode(change(&id, &secret));
    header(ask, "authorization", &format!("Basic {value}"));
}

fn refresh(ask: &mut Ask, token: &str) {
    ask.set("grant_type", "refresh_token");
    ask.set("refresh_token", token);
}

async fn what_is_spoiled_is_refused(bed: &Bed) {
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let code = party.code(bed, &person, "openid bills:read").await;
    let mut wrong = Vec::new();
    for (name, spoil, status, error) in REFUSED {
        let mut ask = party.ask_of_code(bed, &code);
        spoil(&mut ask);
        let answer = party.send(bed, ask).await;
        let said: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let kept = answer.headers.get("cache-control").is_none_or(|value| value != "no-store");
        let challenged = answer.headers.contains_key("www-authenticate");
        if answer.status.as_u16() != *status
            || said["error"] != **error
            || kept
            || challenged != (*status == 401)
        {
            wrong.push(format!("{name}: {} {} {:?}", answer.status, answer.text, answer.headers));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let answer = party.send(bed, party.ask_of_code(bed, &code)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(claims(&answer.json()["access_token"]).get("cnf"), None);
}

async fn grants_that_are_not_here_are_refused(bed: &Bed) {
    let mut narrow = registration(Profile::Baseline, ClientAuthentication::ClientSecretBasic);
    narrow.grant_types = vec![Grant::AuthorizationCode];
    let (party, person) = (Party::join(bed, narrow).await, bed.citizen(1).await);
    for grant in ["refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"] {
        let answer = party.send(bed, party.ask(bed, "/oidc/token", &[("grant_type", grant)])).await;
        assert_eq!(answer.json()["error"], "unauthorized_client", "{grant}");
    }
    let tokens = party.tokens(bed, &person, "openid").await;
    assert_eq!(tokens.get("refresh_token"), None, "not registered for it");
}

async fn a_challenge_that_was_removed_is_noticed(bed: &Bed) {
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let code = party.code_with(bed, &person, "openid", |code| code.code_challenge.clear()).await;
    let with_verifier = party.send(bed, party.ask_of_code(bed, &code)).await;
    assert_eq!(with_verifier.json()["error"], "invalid_grant");
    let mut without = party.ask_of_code(bed, &code);
    without.without("code_verifier");
    assert_eq!(party.send(bed, without).await.status, 200);
}

async fn only_forms_are_read(bed: &Bed) {
    let party = Party::plain(bed).await;
    for path in ["/oidc/token", "/oidc/revoke", "/oidc/introspect", "/oidc/device"] {
        for method in ["GET", "PUT", "DELETE"] {
            let mut ask = party.ask(bed, path, &[]);
            ask.method = method.parse().expect("a method");
            let answer = party.send(bed, ask).await;
            assert_eq!(answer.status, 405, "{method} {path}");
        }
        let mut long = party.ask(bed, path, &[]);
        long.set("token", &"x".repeat(70_000));
        assert_eq!(party.send(bed, long).await.json()["error"], "invalid_request", "{path}");
    }
}

async fn each_way_of_authentication_works_and_no_other(bed: &Bed) {
    use ClientAuthentication::{ClientSecretBasic, ClientSecretPost, None, PrivateKeyJwt, TlsClientAuth};
    let person = bed.citizen(1).await;
    let ways = [None, ClientSecretBasic, ClientSecretPost, PrivateKeyJwt, TlsClientAuth];
    for way in ways {
        let party = Party::join(bed, registration(Profile::Baseline, way)).await;
        let code = party.code(bed, &person, "openid").await;
        for shown in ways {
            let mut as_shown = Party::join(bed, registration(Profile::Baseline, shown)).await;
            as_shown.client.id.clone_from(&party.client.id);
            let ask = as_shown.ask_of_code(bed, &code);
            // The key of the assertion is another one, and a certificate is shown in its own story.
            let answer = as_shown.send(bed, ask).await;
            // A certificate is not part of the request itself.
            let same = way == shown || (way, shown) == (None, TlsClientAuth);
            let right = same && !matches!(way, PrivateKeyJwt | TlsClientAuth);
            let used = matches!(answer.json()["error"].as_str(), Some("invalid_grant"));
            let expected = if right { answer.status == 200 || used } else { answer.status == 401 };
            assert!(expected, "{way:?} shown as {shown:?}: {} {}", answer.status, answer.text);
        }
    }
    let party = Party::join(bed, registration(Profile::Baseline, PrivateKeyJwt)).await;
    by_certificate(bed, &person).await;
    for way in [None, ClientSecretBasic, ClientSecretPost] {
        let weak = Party::join(bed, registration(Profile::Fapi2, way)).await;
        let code = weak.code(bed, &person, "openid").await;
        let answer = weak.send(bed, weak.ask_of_code(bed, &code)).await;
        assert_eq!(answer.json()["error"], "invalid_client", "{way:?} is too weak for FAPI 2.0");
    }
    for audience in [json!("https://id.example.ps/oidc/token"), json!(["https://id.example.ps"])] {
        let code = party.code(bed, &person, "openid").await;
        let mut ask = party.ask_of_code(bed, &code);
        ask.assertion()["aud"] = audience.clone();
        let answer = party.send(bed, ask).await;
        assert_eq!(answer.status, 200, "the baseline takes {audience}: {}", answer.text);
    }
}

/// RFC 8705 section 2.1: the subject, whole and in the order of RFC 4514.
async fn by_certificate(bed: &Bed, person: &Account) {
    let certificate = |names: &[(rcgen::DnType, &str)], until: i32| {
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in names {
            params.distinguished_name.push(kind.clone(), *value);
        }
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = rcgen::KeyPair::generate().expect("a key");
        params.self_signed(&key).expect("a certificate").der().to_vec()
    };
    use rcgen::DnType::{CommonName, CountryName, OrganizationName};
    let (country, company) = ((CountryName, "PS"), (OrganizationName, "Company, Ltd"));
    let names = [country.clone(), company.clone(), (CommonName, "agent 7")];
    let mut known = registration(Profile::Fapi2, ClientAuthentication::TlsClientAuth);
    known.tls_client_auth_subject_dn = Some(r"CN=agent 7,O=Company\, Ltd,C=PS".into());
    let party = Party::join(bed, known).await;
    for (shown, status) in [
        (None, 401),
        (Some(certificate(&[country.clone(), company.clone(), (CommonName, "agent 8")], 2030)), 401),
        (Some(certificate(&[(CommonName, "agent 7"), company, country], 2030)), 401),
        (Some(certificate(&names[1..], 2030)), 401),
        (Some(certificate(&names, 2026)), 401),
        (Some(b"no certificate".to_vec()), 401),
        (Some(certificate(&names, 2030)), 200),
    ] {
        let code = party.code(bed, person, "bills:read").await;
        let mut ask = party.ask_of_code(bed, &code);
        ask.proofs.clear();
        let thumbprint = shown.clone().map(|der| PeerCertificate(der).thumbprint());
        ask.certificate = shown;
        let answer = party.send(bed, ask).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        if status == 200 {
            let cnf = claims(&answer.json()["access_token"])["cnf"].clone();
            assert_eq!(cnf, json!({ "x5t#S256": thumbprint.expect("one") }));
        }
    }
}

async fn many_failures_from_one_address_have_to_wait(bed: &Bed) {
    let (party, other) = (Party::plain(bed).await, Party::plain(bed).await);
    let ask = |party: &Party| party.ask(bed, "/oidc/token", &[("grant_type", "client_credentials")]);
    for _ in 0..50 {
        let mut wrong = ask(&party);
        basic(&mut wrong, |id, _| format!("{id}:wrong"));
        assert_eq!(party.send(bed, wrong).await.status, 401);
    }
    let waiting = party.send(bed, ask(&party)).await;
    assert_eq!((waiting.status.as_u16(), &waiting.json()["error"]), (429, &json!("slow_down_client")));
    assert_eq!(other.send(bed, ask(&other)).await.status, 200, "nobody else waits");
    bed.clock.pass_ms(1_000);
    assert_eq!(party.send(bed, ask(&party)).await.status, 200, "and it waits a second only");
}

async fn who_has_signed_out_gets_no_tokens(bed: &Bed) {
    use sso::store::account::{AccountState, set_state};
    use sso::store::session::{Ended, end_all_but};
    let (party, person) = (Party::plain(bed).await, bed.citizen(1).await);
    let code = party.code(bed, &person, "openid").await;
    let stays = party.tokens(bed, &person, "openid offline_access").await;
    let goes = party.tokens(bed, &person, "openid").await;
    let mut tx = bed.sso.db.begin().await.expect("begins");
    end_all_but(&mut tx, person.id, 0, bed.sso.now(), Ended::SignedOut).await.expect("ended");
    tx.commit().await.expect("commits");
    let answer = party.send(bed, party.ask_of_code(bed, &code)).await;
    assert_eq!(answer.json()["error"], "invalid_grant");
    let refresh = async |tokens: &Value| {
        let token = tokens["refresh_token"].as_str().expect("one");
        party.send(bed, party.ask_of_refresh(bed, token)).await
    };
    assert_eq!(refresh(&goes).await.json()["error"], "invalid_grant", "it ends with the session");
    let stays = refresh(&stays).await;
    assert_eq!(stays.status, 200, "offline_access outlives it: {}", stays.text);
    let mut tx = bed.sso.db.begin().await.expect("begins");
    let (active, locked) = (AccountState::Active, AccountState::Locked);
    assert!(set_state(&mut tx, person.id, active, locked).await.expect("locked"));
    tx.commit().await.expect("commits");
    assert_eq!(refresh(&stays.json()).await.json()["error"], "invalid_grant", "a locked account gets none");
}

async fn a_client_acts_for_itself_at_the_api_only(bed: &Bed) {
    let party = Party::plain(bed).await;
    let of_client = async |more: &[(&str, &str)]| {
        let fields = [&[("grant_type", "client_credentials")], more].concat();
        party.send(bed, party.ask(bed, "/oidc/token", &fields)).await
    };
    let answer = of_client(&[]).await.json();
    assert_eq!(answer["scope"], "bills:read payments:write");
    assert_eq!(answer.get("refresh_token"), None);
    let claims = claims(&answer["access_token"]);
    assert_eq!(
        (&claims["sub"], &claims["aud"]),
        (&json!(party.client.id), &json!("https://id.example.ps/v1"))
    );
    assert_eq!(of_client(&[("scope", "bills:read")]).await.json()["scope"], "bills:read");
    for scope in ["openid", "bills:read profile", "cards:write", "bills:Read", "everything"] {
        let refused = of_client(&[("scope", scope)]).await;
        assert_eq!(refused.json()["error"], "invalid_scope", "{scope}");
    }
    let userinfo = of_client(&[("resource", "https://id.example.ps")]).await;
    assert_eq!(userinfo.json()["error"], "invalid_target");
    let public = Party::join(bed, registration(Profile::Baseline, ClientAuthentication::None)).await;
    let answer =
        public.send(bed, public.ask(bed, "/oidc/token", &[("grant_type", "client_credentials")])).await;
    assert_eq!(answer.json()["error"], "unauthorized_client");
}
