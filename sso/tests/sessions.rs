//! Who is signed in: the cookie, its ends and its changes.

use axum::http::{HeaderMap, HeaderValue, header};
use sso::level::{Loa, Method, Methods};
use sso::session::COOKIE;
use sso::store::account::{AccountState, set_state};
use sso::store::session::{self, Ended};

use crate::support::bed::Bed;

suite! {
    a_session_is_known_by_its_cookie_until_it_is_idle,
    another_proof_changes_the_secret,
    a_locked_account_is_signed_in_nowhere,
}

fn carrying(set_cookie: &HeaderValue) -> HeaderMap {
    let pair = set_cookie.to_str().expect("ASCII").split(';').next().expect("a pair").to_owned();
    assert!(pair.starts_with(COOKIE), "{pair}");
    HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(&pair).expect("ASCII"))])
}

async fn a_session_is_known_by_its_cookie_until_it_is_idle(bed: &Bed) {
    let (sso, account) = (&bed.sso, bed.citizen(1).await);
    let password = Methods::of(&[Method::Password]);
    let (begun, cookie) = sso.begin_session(&account, &password, "Firefox").await.expect("begins");
    let headers = carrying(&cookie);
    let known = sso.signed_in(&headers).await.expect("read").expect("signed in");
    assert_eq!((known.session.id, known.session.level), (begun.id, Loa::Verified));
    assert!(sso.signed_in(&HeaderMap::new()).await.expect("read").is_none());
    // Used every 29 minutes it goes on, up to twelve hours.
    for _ in 0..24 {
        bed.clock.pass_ms(29 * 60_000);
        assert!(sso.signed_in(&headers).await.expect("read").is_some());
    }
    bed.clock.pass_ms(29 * 60_000);
    assert!(sso.signed_in(&headers).await.expect("read").is_none(), "twelve hours are over");

    let (_, cookie) = sso.begin_session(&account, &password, "Firefox").await.expect("begins");
    let headers = carrying(&cookie);
    bed.clock.pass_ms(30 * 60_000);
    assert!(sso.signed_in(&headers).await.expect("read").is_none(), "half an hour unused");
    bed.clock.pass_ms(-60_000);
    assert!(sso.signed_in(&headers).await.expect("read").is_none(), "what ended stays ended");
}

async fn another_proof_changes_the_secret(bed: &Bed) {
    let (sso, account) = (&bed.sso, bed.citizen(2).await);
    let password = Methods::of(&[Method::Password]);
    let (_, cookie) = sso.begin_session(&account, &password, "Firefox").await.expect("begins");
    let before = carrying(&cookie);
    let known = sso.signed_in(&before).await.expect("read").expect("signed in");
    let both = password.with(Method::OneTimePassword);
    let raised = sso.raise_session(&before, &known, &both).await.expect("done").expect("raised");
    let after = carrying(&raised);
    assert!(sso.signed_in(&before).await.expect("read").is_none(), "the old secret is worth nothing");
    let known = sso.signed_in(&after).await.expect("read").expect("signed in");
    assert_eq!((known.session.level, known.session.methods.clone()), (Loa::SecondFactor, both.clone()));
    assert!(sso.raise_session(&before, &known, &both).await.expect("done").is_none());
}

async fn a_locked_account_is_signed_in_nowhere(bed: &Bed) {
    let (sso, account) = (&bed.sso, bed.citizen(3).await);
    let (begun, cookie) =
        sso.begin_session(&account, &Methods::of(&[Method::Passkey]), "Chrome").await.expect("begins");
    let mut tx = sso.db.begin().await.expect("begins");
    assert!(set_state(&mut tx, account.id, AccountState::Active, AccountState::Locked).await.expect("set"));
    tx.commit().await.expect("commits");
    assert!(sso.signed_in(&carrying(&cookie)).await.expect("read").is_none());
    let mut tx = sso.db.begin().await.expect("begins");
    let ended = session::end_all_but(&mut tx, account.id, 0, sso.now(), Ended::Administrator).await;
    assert_eq!(ended.expect("ended"), [begun.id]);
    tx.commit().await.expect("commits");
}
