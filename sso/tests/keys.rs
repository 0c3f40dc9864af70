//! The signing keys: published before they sign, and as long as what they signed is good.

use serde_json::json;
use sso::audit::Actor;
use sso::jose::{self, Algorithm};

use crate::support::bed::Bed;

suite! {
    a_key_is_published_before_it_signs_and_after_it_has_signed,
    a_key_that_somebody_else_may_have_is_gone_at_once,
    a_withdrawn_key_is_gone_at_other_nodes_within_seconds,
}

async fn a_key_is_published_before_it_signs_and_after_it_has_signed(bed: &Bed) {
    const DAY_MS: i64 = 86_400_000;
    let sso = &bed.sso;
    let claims = json!({ "iss": sso.settings.issuer, "sub": "x" });
    let first = sso.sign(Algorithm::Es256, "JWT", &claims).await.expect("signs");
    let kids = async || {
        let jwks = sso.jwks().await.expect("published");
        let kid = |key: &serde_json::Value| key["kid"].as_str().expect("a kid").to_owned();
        jwks["keys"].as_array().expect("keys").iter().map(kid).collect::<Vec<_>>()
    };
    assert_eq!(kids().await.len(), 3, "one an algorithm");
    assert!(!sso.jwks().await.expect("published").to_string().contains("\"d\""));

    bed.clock.pass_ms(89 * DAY_MS + 1);
    sso.rotate_keys().await.expect("rotates");
    assert_eq!(kids().await.len(), 6, "the next ones are published a day before");
    let still = sso.sign(Algorithm::Es256, "JWT", &claims).await.expect("signs");
    let header = |token: &str| token.split('.').next().expect("a header").to_owned();
    assert_eq!(header(&first), header(&still), "and do not sign yet");

    bed.clock.pass_ms(DAY_MS);
    let next = sso.sign(Algorithm::Es256, "JWT", &claims).await.expect("signs");
    assert_ne!(header(&first), header(&next));
    for token in [&first, &next] {
        assert!(sso.read_own(token, "JWT").await.expect("read").is_some());
        assert!(sso.read_own(token, "at+jwt").await.expect("read").is_none(), "of another type");
    }
    bed.clock.pass_ms(DAY_MS);
    sso.rotate_keys().await.expect("rotates");
    assert!(sso.read_own(&first, "JWT").await.expect("read").is_none(), "its key is gone");
    assert_eq!(kids().await.len(), 3);
}

async fn a_key_that_somebody_else_may_have_is_gone_at_once(bed: &Bed) {
    let sso = &bed.sso;
    let claims = json!({ "iss": sso.settings.issuer, "sub": "x" });
    let before = sso.sign(Algorithm::Es256, "JWT", &claims).await.expect("signs");
    let rsa = sso.sign(Algorithm::Rs256, "JWT", &claims).await.expect("signs");
    let kid = jose::read(&before).expect("a token").header.kid.expect("a kid");
    let actor = Actor::Operator("root");
    assert!(sso.withdraw_key(&kid, actor, "a backup was lost").await.expect("withdrawn"));
    assert!(sso.read_own(&before, "JWT").await.expect("read").is_none(), "what it signed is nothing");
    assert!(!sso.jwks().await.expect("published").to_string().contains(&kid));
    let after = sso.sign(Algorithm::Es256, "JWT", &claims).await.expect("another one signs");
    assert!(sso.read_own(&after, "JWT").await.expect("read").is_some());
    assert!(sso.read_own(&rsa, "JWT").await.expect("read").is_some(), "the others go on");
    assert!(!sso.withdraw_key(&kid, actor, "again").await.expect("asked"), "once");
    assert_eq!(sso.jwks().await.expect("published")["keys"].as_array().map(Vec::len), Some(3));
}

async fn a_withdrawn_key_is_gone_at_other_nodes_within_seconds(bed: &Bed) {
    let (sso, other) = (&bed.sso, bed.another_node());
    let claims = json!({ "iss": sso.settings.issuer, "sub": "x" });
    let token = sso.sign(Algorithm::Es256, "JWT", &claims).await.expect("signs");
    assert!(other.read_own(&token, "JWT").await.expect("read").is_some());
    let kid = jose::read(&token).expect("a token").header.kid.expect("a kid");
    sso.withdraw_key(&kid, Actor::Operator("root"), "a backup was lost").await.expect("withdrawn");
    bed.clock.pass_ms(10_000);
    assert!(other.read_own(&token, "JWT").await.expect("read").is_none());
    let next = other.sign(Algorithm::Es256, "JWT", &claims).await.expect("signs with the new one");
    assert!(sso.read_own(&next, "JWT").await.expect("read").is_some());
}
