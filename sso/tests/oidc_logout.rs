//! Signing out, by the modules of the OpenID conformance suite (RP-Initiated Logout, Back-Channel Logout),
//! and what no outsider may do with it.

use std::sync::Mutex;

use axum::http::{Method as Verb, StatusCode};
use futures_util::future::BoxFuture;
use serde_json::json;
use sso::client::Client;
use sso::jose;
use sso::level::Method;
use sso::oidc::backchannel::{Teller, Told};
use sso::oidc::id_token;
use sso::store::logout_notice;

use crate::support::bed::{Bed, ISSUER};
use crate::support::browser::{Answer, Browser, encoded};
use crate::support::relying::{CALLBACK, address, good, with};

suite! {
    oidcc_rp_initiated_logout,
    oidcc_rp_initiated_logout_bad_id_token_hint,
    oidcc_rp_initiated_logout_bad_post_logout_redirect_uri,
    oidcc_rp_initiated_logout_modified_id_token_hint,
    oidcc_rp_initiated_logout_no_id_token_hint,
    oidcc_rp_initiated_logout_no_params,
    oidcc_rp_initiated_logout_no_post_logout_redirect_uri,
    oidcc_rp_initiated_logout_no_state,
    oidcc_rp_initiated_logout_only_state,
    oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri,
    oidcc_backchannel_rp_initiated_logout,
    a_hint_of_another_client_or_session_signs_nobody_out,
    a_form_of_another_site_signs_nobody_out,
    a_client_that_does_not_answer_is_told_later_and_then_given_up,
    two_nodes_tell_a_client_once,
}

const AFTER: &str = "https://rp.example.ps/after";

async fn party(bed: &Bed, id: &str) -> Client {
    let more = json!({
        "post_logout_redirect_uris": [AFTER],
        "backchannel_logout_uri": "https://rp.example.ps/told",
    });
    bed.party(id, more).await
}

/// Signs in at a client; the ID token it got.
async fn signed_in(bed: &Bed, browser: &mut Browser, client: &Client) -> String {
    let answer = browser.get(&address(&good(&client.id))).await;
    let granted = bed.granted(&answer.code()).await;
    id_token::mint(&bed.sso, client, &granted, None, None).await.expect("minted")
}

fn logout(fields: &[(&str, &str)]) -> String {
    format!("/oidc/logout?{}", encoded(fields))
}

async fn is_signed_in(browser: &mut Browser) -> bool {
    let silently = address(&with(good("rp"), &[("prompt", "none")]));
    browser.get(&silently).await.told("code").is_some()
}

/// A page of ours that sends nobody anywhere.
fn is_page(answer: &Answer, status: StatusCode) {
    assert_eq!((answer.status, answer.headers.get("location")), (status, None), "{}", answer.text);
}

async fn oidcc_rp_initiated_logout(bed: &Bed) {
    let client = party(bed, "rp").await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let hint = signed_in(bed, &mut browser, &client).await;
    bed.clock.pass_ms(600_000); // the hint has expired meanwhile
    let all = [("id_token_hint", &*hint), ("post_logout_redirect_uri", AFTER), ("state", "a b")];
    let answer = browser.get(&logout(&all)).await;
    assert_eq!(answer.location(), format!("{AFTER}?state=a%20b"));
    assert_eq!(answer.headers["clear-site-data"], "\"cache\", \"cookies\", \"storage\"");
    assert_eq!(browser.cookie(sso::session::COOKIE), None);
    assert!(!is_signed_in(&mut browser).await);
    // Signed out already, the client gets its person back all the same.
    assert_eq!(browser.get(&logout(&all)).await.location(), format!("{AFTER}?state=a%20b"));
}

async fn oidcc_rp_initiated_logout_bad_id_token_hint(bed: &Bed) {
    party(bed, "rp").await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    for hint in ["not a token", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        let asked = [("id_token_hint", hint), ("post_logout_redirect_uri", AFTER), ("state", "s")];
        is_page(&browser.get(&logout(&asked)).await, StatusCode::BAD_REQUEST);
    }
    assert!(is_signed_in(&mut browser).await);
}

async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(bed: &Bed) {
    let client = party(bed, "rp").await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let hint = signed_in(bed, &mut browser, &client).await;
    for uri in [
        "https://evil.example/",
        "https://rp.example.ps/after/",
        "https://rp.example.ps/After",
        "https://rp.example.ps/after#x",
        "//rp.example.ps/after",
        "/after",
        "javascript:alert(1)",
        CALLBACK,
    ] {
        let asked = [("id_token_hint", &*hint), ("post_logout_redirect_uri", uri)];
        is_page(&browser.get(&logout(&asked)).await, StatusCode::BAD_REQUEST);
    }
    assert!(is_signed_in(&mut browser).await);
}

async fn oidcc_rp_initiated_logout_modified_id_token_hint(bed: &Bed) {
    let client = party(bed, "rp").await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let hint = signed_in(bed, &mut browser, &client).await;
    let (signed, _) = hint.rsplit_once('.').expect("three parts");
    let modified = format!("{signed}.{}", jose::base64url(&[1; 64]));
    let asked = [("id_token_hint", &*modified), ("post_logout_redirect_uri", AFTER)];
    is_page(&browser.get(&logout(&asked)).await, StatusCode::BAD_REQUEST);
    assert!(is_signed_in(&mut browser).await);
}

async fn oidcc_rp_initiated_logout_no_id_token_hint(bed: &Bed) {
    party(bed, "rp").await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let asked = [("client_id", "rp"), ("post_logout_redirect_uri", AFTER), ("state", "s")];
    let page = browser.get(&logout(&asked)).await;
    is_page(&page, StatusCode::OK);
    let policy = page.headers["content-security-policy"].to_str().expect("ASCII");
    assert!(policy.contains("form-action 'self' https://rp.example.ps;"), "{policy}");
    assert!(is_signed_in(&mut browser).await, "the person was not asked yet");
    let csrf = page.field("csrf").expect("a form of ours");
    let fields = [("csrf", &*csrf), asked[0], asked[1], asked[2]];
    let answer = browser.post("/sign-out", &fields).await;
    assert_eq!(answer.location(), format!("{AFTER}?state=s"));
    assert!(!is_signed_in(&mut browser).await);
    // Nobody knows whose address it is: it is not followed.
    let unknown = [("post_logout_redirect_uri", AFTER)];
    is_page(&browser.get(&logout(&unknown)).await, StatusCode::BAD_REQUEST);
}

async fn oidcc_rp_initiated_logout_no_params(bed: &Bed) {
    party(bed, "rp").await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let page = browser.get("/oidc/logout").await;
    is_page(&page, StatusCode::OK);
    let csrf = page.field("csrf").expect("a form of ours");
    assert_eq!(browser.post("/sign-out", &[("csrf", &*csrf)]).await.location(), "/signed-out");
    is_page(&browser.get("/signed-out").await, StatusCode::OK);
    assert!(!is_signed_in(&mut browser).await);
}

async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri(bed: &Bed) {
    let client = party(bed, "rp").await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let hint = signed_in(bed, &mut browser, &client).await;
    let answer = browser.get(&logout(&[("id_token_hint", &*hint), ("state", "s")])).await;
    assert_eq!(answer.location(), "/signed-out");
    assert!(!is_signed_in(&mut browser).await);
}

async fn oidcc_rp_initiated_logout_no_state(bed: &Bed) {
    let client = party(bed, "rp").await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let hint = signed_in(bed, &mut browser, &client).await;
    let asked = [("id_token_hint", &*hint), ("post_logout_redirect_uri", AFTER)];
    assert_eq!(browser.get(&logout(&asked)).await.location(), AFTER);
}

async fn oidcc_rp_initiated_logout_only_state(bed: &Bed) {
    party(bed, "rp").await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    is_page(&browser.get(&logout(&[("state", "s")])).await, StatusCode::OK);
    assert!(is_signed_in(&mut browser).await);
}

async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(bed: &Bed) {
    let client = party(bed, "rp").await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let hint = signed_in(bed, &mut browser, &client).await;
    let uri = format!("{AFTER}?added=1");
    let asked = [("id_token_hint", &*hint), ("post_logout_redirect_uri", &*uri)];
    is_page(&browser.get(&logout(&asked)).await, StatusCode::BAD_REQUEST);
}

/// Takes down what it is handed, or fails.
#[derive(Default)]
struct Listener {
    heard: Mutex<Vec<(String, String)>>,
    is_deaf: bool,
}

impl Teller for Listener {
    fn tell<'a>(&'a self, url: &'a str, token: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            if self.is_deaf {
                return Err("the client answered 503".into());
            }
            self.heard.lock().expect("whole").push((url.to_owned(), token.to_owned()));
            Ok(())
        })
    }
}

async fn oidcc_backchannel_rp_initiated_logout(bed: &Bed) {
    let client = party(bed, "rp").await;
    let silent = bed.party("silent", json!({})).await;
    let account = bed.citizen(1).await;
    let mut browser = bed.at_home(&account).await;
    let hint = signed_in(bed, &mut browser, &client).await;
    signed_in(bed, &mut browser, &silent).await;
    let id_token = bed.sso.read_own(&hint, "JWT").await.expect("read").expect("ours");
    browser.get(&logout(&[("id_token_hint", &*hint)])).await;
    let listener = Listener::default();
    let told = bed.sso.tell_logouts(&listener).await.expect("done");
    assert_eq!(told, Told { told: 1, ..Told::default() });
    let (url, token) = listener.heard.lock().expect("whole").pop().expect("one");
    assert_eq!(url, "https://rp.example.ps/told");
    let claims = bed.sso.read_own(&token, "logout+jwt").await.expect("read").expect("ours");
    assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some(ISSUER), Some("rp")));
    assert_eq!((&claims["sub"], &claims["sid"]), (&id_token["sub"], &id_token["sid"]));
    assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert!(claims["jti"].as_str().is_some_and(|jti| jti.len() >= 22));
    assert_eq!(claims["exp"].as_i64(), claims["iat"].as_i64().map(|at| at + 120));
    assert!(claims.get("nonce").is_none());
    assert!(bed.sso.read_own(&token, "JWT").await.expect("read").is_none(), "it is no ID token");
    assert_eq!(bed.sso.tell_logouts(&listener).await.expect("done"), Told::default(), "told once");
}

async fn a_hint_of_another_client_or_session_signs_nobody_out(bed: &Bed) {
    let (client, other) = (party(bed, "rp").await, party(bed, "other").await);
    let mut mine = bed.at_home(&bed.citizen(1).await).await;
    let mut theirs = bed.at_home(&bed.citizen(2).await).await;
    let hint = signed_in(bed, &mut theirs, &client).await;
    signed_in(bed, &mut mine, &other).await;
    let asked = [("id_token_hint", &*hint), ("post_logout_redirect_uri", AFTER)];
    is_page(&mine.get(&logout(&asked)).await, StatusCode::OK);
    assert!(is_signed_in(&mut mine).await, "somebody else's token asks, and does not sign out");
    let asked = [("id_token_hint", &*hint), ("client_id", "other")];
    is_page(&mine.get(&logout(&asked)).await, StatusCode::BAD_REQUEST);
    let access = bed.sso.sign(jose::Algorithm::Es256, "at+jwt", &json!({ "iss": ISSUER, "aud": "rp" })).await;
    let asked = [("id_token_hint", &*access.expect("signed"))];
    is_page(&mine.get(&logout(&asked)).await, StatusCode::BAD_REQUEST);
    assert!(is_signed_in(&mut theirs).await);
}

async fn a_form_of_another_site_signs_nobody_out(bed: &Bed) {
    party(bed, "rp").await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let csrf = browser.get("/oidc/logout").await.field("csrf").expect("a form of ours");
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (headers, body) in [
        (&[form, ("origin", "https://evil.example")][..], format!("csrf={csrf}")),
        (&[form, ("sec-fetch-site", "cross-site")], format!("csrf={csrf}")),
        (&[form, ("origin", ISSUER)], "csrf=made-up".into()),
        (&[form], String::new()),
    ] {
        let answer = browser.send(Verb::POST, "/sign-out", headers, body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    // The endpoint for clients takes forms of any site, and asks.
    let to = browser.send(Verb::POST, "/oidc/logout", &[form], "state=s".into()).await.location().to_owned();
    is_page(&browser.get(&to).await, StatusCode::OK);
    assert!(is_signed_in(&mut browser).await);
}

async fn a_client_that_does_not_answer_is_told_later_and_then_given_up(bed: &Bed) {
    let client = party(bed, "rp").await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let hint = signed_in(bed, &mut browser, &client).await;
    browser.get(&logout(&[("id_token_hint", &*hint)])).await;
    let deaf = Listener { is_deaf: true, ..Listener::default() };
    let (mut postponed, mut given_up) = (0, 0);
    for _ in 0..40 {
        let told = bed.sso.tell_logouts(&deaf).await.expect("done");
        (postponed, given_up) = (postponed + told.postponed, given_up + told.given_up);
        let again = bed.sso.tell_logouts(&deaf).await.expect("done");
        assert_eq!(again, Told::default(), "not before its time");
        bed.clock.pass_ms(3_600_000);
    }
    assert_eq!((postponed, given_up), (13, 1));
    let left = logout_notice::waiting(&bed.sso.db, 10).await.expect("read");
    assert_eq!((left.len(), left[0].tries, left[0].last_error.as_str()), (1, 14, "the client answered 503"));
    assert!(left[0].gave_up_at.is_some());
}

async fn two_nodes_tell_a_client_once(bed: &Bed) {
    let client = party(bed, "rp").await;
    let mut browser = bed.at_home(&bed.citizen(1).await).await;
    let hint = signed_in(bed, &mut browser, &client).await;
    bed.signs_in(&mut Browser::new(bed), &bed.citizen(2).await, &[Method::Password]).await;
    browser.get(&logout(&[("id_token_hint", &*hint)])).await;
    let listener = Listener::default();
    let (one, other) = tokio::join!(bed.sso.tell_logouts(&listener), bed.sso.tell_logouts(&listener));
    assert_eq!(one.expect("done").told + other.expect("done").told, 1);
    assert_eq!(listener.heard.lock().expect("whole").len(), 1);
}
