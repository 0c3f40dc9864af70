//! The signing keys: published before they sign, and as long as what they signed is good.

use serde_json::json;
use sso::jose::Algorithm;

use crate::support::bed::Bed;

suite! { a_key_is_published_before_it_signs_and_after_it_has_signed }

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
