//! The door: every way through it, and what it says to those who may not pass.

use axum::http::StatusCode;
use sso::level::{Loa, Method, Methods};
use sso::session::COOKIE;
use sso::store::account::{AccountState, set_staff, set_state};
use sso::store::activity;
use switch_store::transact;

use crate::support::authenticator::Authenticator;
use crate::support::bed::Bed;
use crate::support::browser::Browser;
use crate::support::doorway::PASSWORD;
use crate::support::inbox::Inbox;
use crate::support::people::{national_id, person};

suite! {
    a_password_opens_a_session_and_leads_on,
    a_second_step_is_asked_of_who_has_one,
    a_code_is_good_once_on_whichever_node,
    a_recovery_code_is_good_once_and_its_owner_is_told,
    a_level_is_reached_by_exactly_what_is_missing,
    a_sensitive_act_asks_once_more,
    states_are_told_only_after_the_right_password,
    staff_have_two_factors_always,
    nobody_is_sent_away,
    an_old_hash_is_renewed,
}

const DOOR: &str = "/sign-in?next=%2Fpay%3Fa%3D1&level=1&since=0";

async fn a_password_opens_a_session_and_leads_on(bed: &Bed) {
    let account = bed.citizen_with_password(1).await;
    let mut browser = Browser::new(bed);
    let wrong = browser.sign_in(&national_id(1), "something else", DOOR).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("غير متطابقين") && wrong.field("next").as_deref() == Some("/pay?a=1"));
    assert!(browser.known(bed).await.is_none());
    bed.clock.pass_ms(1_000);
    let before = browser.cookie(COOKIE).map(str::to_owned);
    let right = browser.sign_in(&national_id(1), PASSWORD, DOOR).await;
    assert_eq!((right.status, right.location()), (StatusCode::SEE_OTHER, "/pay?a=1"));
    assert_ne!(before.as_deref(), browser.cookie(COOKIE));
    let known = browser.known(bed).await.expect("signed in");
    assert_eq!((known.account.id, known.session.level), (account.id, Loa::Verified));
    // Nothing is missing any more: straight on.
    assert_eq!(browser.get(DOOR).await.location(), "/pay?a=1");
    let lines = activity::of_account(&bed.sso.db, account.id, i64::MAX, 10).await.expect("read");
    assert_eq!(lines.iter().map(|line| &*line.what).collect::<Vec<_>>(), ["signed-in"]);
    // Arabic digits are digits.
    let eastern: String = national_id(1)
        .chars()
        .map(|c| char::from_u32('٠' as u32 + c as u32 - '0' as u32).expect("a digit"))
        .collect();
    let right = Browser::new(bed).sign_in(&eastern, PASSWORD, DOOR).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER, "{}", right.text);
    let short = Browser::new(bed).sign_in("40000000", PASSWORD, DOOR).await;
    assert!(short.text.contains("id=\"identity-error\""), "{}", short.text);
}

async fn a_second_step_is_asked_of_who_has_one(bed: &Bed) {
    let account = bed.citizen_with_password(2).await;
    let app = bed.give_app(&account).await;
    let mut browser = Browser::new(bed);
    let step = browser.sign_in(&national_id(2), PASSWORD, DOOR).await;
    assert!(step.location().starts_with("/sign-in/factor?next="), "{}", step.location());
    assert!(browser.known(bed).await.is_none(), "a password alone is not a session");
    let page = browser.get(step.location()).await;
    let wrong = browser.fill(&page, "/sign-in/factor", &[("code", "000000")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    bed.clock.pass_ms(1_000);
    let code = app.code(bed.sso.now());
    let right = browser.fill(&page, "/sign-in/factor", &[("code", &code)]).await;
    assert_eq!(right.location(), "/pay?a=1");
    let both = Methods::of(&[Method::Password, Method::OneTimePassword]);
    assert_eq!(browser.level(bed).await, Some((Loa::SecondFactor, both)));
    assert!(browser.cookie("__Host-proof").is_none(), "the step is over");
    // Without the first step there is no second one.
    assert!(Browser::new(bed).get("/sign-in/factor").await.location().starts_with("/sign-in?"));
}

async fn a_code_is_good_once_on_whichever_node(bed: &Bed) {
    let account = bed.citizen_with_password(3).await;
    let app = bed.give_app(&account).await;
    let other = bed.another_node();
    let mut here = Browser::new(bed);
    let mut there = Browser::new(bed).at(&other);
    for browser in [&mut here, &mut there] {
        let step = browser.sign_in(&national_id(3), PASSWORD, DOOR).await;
        assert!(step.location().starts_with("/sign-in/factor"), "{}", step.text);
        bed.clock.pass_ms(1_000);
    }
    let code = app.code(bed.sso.now());
    let (first, second) = tokio::join!(
        bed.sso.verify_totp(Some(account.id), &code),
        other.verify_totp(Some(account.id), &code)
    );
    let taken = [first.expect("read"), second.expect("read")];
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "one of two nodes takes it");
    assert_eq!(here.second(&code).await.status, StatusCode::UNPROCESSABLE_ENTITY, "and then none");
    // The code of the step before is no way around it.
    bed.clock.pass_ms(1_000);
    let before = app.code(bed.sso.now().plus_ms(-30_000));
    assert_eq!(here.second(&before).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    bed.clock.pass_ms(30_000);
    assert_eq!(there.second(&app.code(bed.sso.now())).await.location(), "/account");
}

async fn a_recovery_code_is_good_once_and_its_owner_is_told(bed: &Bed) {
    let account = bed.citizen_with_password(4).await;
    bed.give_app(&account).await;
    let codes = bed.sso.make_recovery_codes(&account, "Firefox").await.expect("made");
    assert_eq!(codes.len(), 10);
    let typed = codes[3].to_lowercase().replace('-', " ");
    for (nth, is_right) in [(1, true), (2, false)] {
        let mut browser = Browser::new(bed);
        browser.sign_in(&national_id(4), PASSWORD, DOOR).await;
        let page = browser.get("/sign-in/factor").await;
        let answer = browser.fill(&page, "/sign-in/factor", &[("code", ""), ("recovery", &typed)]).await;
        assert_eq!(answer.status == StatusCode::SEE_OTHER, is_right, "use {nth}");
        bed.clock.pass_ms(5_000);
    }
    assert_eq!(bed.sso.factors(&account).await.expect("read").recovery_codes, 9);
    let inbox = Inbox::default();
    bed.sso.deliver_due(&inbox).await.expect("delivered");
    let told = |to: &str| inbox.texts(to).iter().filter(|text| text.contains("استُعمل رمز استعادة")).count();
    assert_eq!((told(&person(4).mobile), told("salma4@example.ps")), (1, 1));
    // New codes end the old ones.
    bed.sso.make_recovery_codes(&account, "Firefox").await.expect("made");
    let old = bed.sso.verify_recovery_code(&account, &codes[0], "Firefox").await.expect("read");
    assert!(!old);
}

async fn a_level_is_reached_by_exactly_what_is_missing(bed: &Bed) {
    let account = bed.citizen_with_password(5).await;
    let mut browser = Browser::new(bed);
    assert_eq!(browser.sign_in(&national_id(5), PASSWORD, DOOR).await.location(), "/pay?a=1");
    // Level 2 without a second factor: says so, and leads to where one is added.
    let second = "/sign-in?next=%2Fpay&level=2&since=0";
    let page = browser.get(second).await;
    assert!(
        page.text.contains("تحتاج إلى خطوة ثانية") && page.text.contains("/account/factors?next=%2Fsign-in")
    );
    // With a confirmed number: a code by SMS.
    let inbox = Inbox::default();
    let token =
        bed.sso.send_code(&sso::credential::sms::CONFIRM, Some(&account), look::Language::Arabic).await;
    let code = inbox.code(bed, &account.person.mobile).await;
    let token = token.expect("sent").expect("in budget");
    assert!(bed.sso.confirm_mobile(&account, &token, &code, "Firefox").await.expect("answered"));
    assert!(!bed.sso.confirm_mobile(&account, &token, &code, "Firefox").await.expect("answered"), "once");
    let to = browser.get(second).await.location().to_owned();
    let page = browser.get(&to).await;
    let sent = browser.fill(&page, "/sign-in/factor", &[("do", "sms")]).await;
    let page = browser.get(sent.location()).await;
    let code = inbox.code(bed, &account.person.mobile).await;
    // At another browser the same code is worth nothing.
    let mut thief = Browser::new(bed);
    thief.sign_in(&national_id(5), PASSWORD, DOOR).await;
    assert_eq!(thief.second(&code).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    bed.clock.pass_ms(1_000);
    let before = browser.cookie(COOKIE).map(str::to_owned);
    assert_eq!(browser.fill(&page, "/sign-in/factor", &[("code", &code)]).await.location(), "/pay");
    assert_ne!(before.as_deref(), browser.cookie(COOKIE), "another level, another secret");
    assert_eq!(browser.level(bed).await.expect("signed in").0, Loa::SecondFactor);
    // Level 3: a passkey and nothing else.
    let third = "/sign-in?next=%2Fpay&level=3&since=0";
    assert!(browser.get(third).await.text.contains("تحتاج إلى مفتاح مرور"));
    let mut key = Authenticator::new(1);
    bed.give_passkey(&account, &mut key).await;
    let to = browser.get(third).await.location().to_owned();
    let page = browser.get(&to).await;
    assert!(page.text.contains("data-passkey=\"sign-in\"") && !page.text.contains("name=\"code\""));
    let done = browser.passkey(&mut key, "?next=%2Fpay&level=3&since=0").await;
    assert_eq!(done.location(), "/pay");
    assert_eq!(browser.get(third).await.location(), "/pay");
    assert_eq!(browser.level(bed).await.expect("signed in").0, Loa::Passkey);
}

async fn a_sensitive_act_asks_once_more(bed: &Bed) {
    bed.citizen_with_password(6).await;
    let mut browser = Browser::new(bed);
    browser.sign_in(&national_id(6), PASSWORD, DOOR).await;
    bed.clock.pass_ms(11 * 60_000);
    let door = format!("/sign-in?next=%2Faccount%2Fpassword&level=1&since={}", bed.sso.now().0 - 600_000);
    let page = browser.get(&door).await;
    assert!(page.text.contains("أثبت هويتك مرة أخرى") && !page.text.contains("name=\"identity\""));
    let wrong = browser.fill(&page, "/sign-in", &[("password", "something else")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    bed.clock.pass_ms(1_000);
    let before = browser.cookie(COOKIE).map(str::to_owned);
    let right = browser.fill(&page, "/sign-in", &[("password", PASSWORD)]).await;
    assert_eq!(right.location(), "/account/password");
    assert_ne!(before.as_deref(), browser.cookie(COOKIE));
    assert_eq!(browser.get(&door).await.location(), "/account/password");
}

async fn states_are_told_only_after_the_right_password(bed: &Bed) {
    for (n, state, says) in [
        (7, AccountState::Registered, "لم يُفعَّل بعد"),
        (8, AccountState::Locked, "حسابك موقوف"),
        (9, AccountState::Closed, "مغلق"),
    ] {
        let account = bed.citizen_with_password(n).await;
        transact!(bed.sso.db, tx => set_state(tx, account.id, AccountState::Active, state).await)
            .expect("set");
        let mut browser = Browser::new(bed);
        let wrong = browser.sign_in(&national_id(n), "something else", DOOR).await;
        assert!(wrong.text.contains("غير متطابقين") && !wrong.text.contains(says));
        bed.clock.pass_ms(1_000);
        let right = browser.sign_in(&national_id(n), PASSWORD, DOOR).await;
        assert!(right.text.contains(says), "{}", right.text);
        assert!(browser.known(bed).await.is_none());
    }
}

async fn staff_have_two_factors_always(bed: &Bed) {
    let account = bed.citizen_with_password(10).await;
    transact!(bed.sso.db, tx => set_staff(tx, account.id, true).await).expect("set");
    let mut browser = Browser::new(bed);
    let door = "/sign-in?next=%2Fdesk&level=1&since=0";
    // Without one: as far as the page where it is added.
    let first = browser.sign_in(&national_id(10), PASSWORD, door).await;
    assert_eq!(first.location(), "/account/factors");
    assert_eq!(browser.level(bed).await.expect("signed in").0, Loa::Verified);
    let app = bed.give_app(&account).await;
    let mut browser = Browser::new(bed);
    let step = browser.sign_in(&national_id(10), PASSWORD, door).await;
    assert!(step.location().starts_with("/sign-in/factor"));
    let right = browser.second(&app.code(bed.sso.now())).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER, "{}", right.text);
    // Once more means both once more.
    bed.clock.pass_ms(11 * 60_000);
    let again = format!("/sign-in?next=%2Fdesk&level=2&since={}", bed.sso.now().0 - 1_000);
    let page = browser.get(&again).await;
    let step = browser.fill(&page, "/sign-in", &[("password", PASSWORD)]).await;
    assert!(step.location().starts_with("/sign-in/factor"), "{}", step.location());
    let page = browser.get(step.location()).await;
    let code = app.code(bed.sso.now());
    assert_eq!(browser.fill(&page, "/sign-in/factor", &[("code", &code)]).await.location(), "/desk");
    // Fifteen minutes unused are the end.
    bed.clock.pass_ms(15 * 60_000);
    assert!(browser.known(bed).await.is_none());
}

async fn nobody_is_sent_away(bed: &Bed) {
    bed.citizen_with_password(11).await;
    for next in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "javascript%3Aalert(1)"] {
        let mut browser = Browser::new(bed);
        let door = format!("/sign-in?next={next}");
        assert_eq!(browser.sign_in(&national_id(11), PASSWORD, &door).await.location(), "/account");
    }
    // A way that leaves the house goes by a page, not by the redirects of a form.
    let mut browser = Browser::new(bed);
    let door = "/sign-in?next=%2Foidc%2Fauthorize%3Fclient_id%3Da%26x%3D%22&level=1&since=0";
    let done = browser.sign_in(&national_id(11), PASSWORD, door).await;
    assert_eq!(done.location(), "/account", "a quote is in no path of ours");
    let mut browser = Browser::new(bed);
    let done = browser
        .sign_in(&national_id(11), PASSWORD, "/sign-in?next=%2Foidc%2Fauthorize%3Fa%3D1%26b%3D2")
        .await;
    assert_eq!(done.status, StatusCode::OK);
    assert!(done.text.contains("content=\"0;url=/oidc/authorize?a=1&#38;b=2\""), "{}", done.text);
    assert!(browser.known(bed).await.is_some());
}

async fn an_old_hash_is_renewed(bed: &Bed) {
    use sso::credential::password::Verdict;
    let account = bed.citizen_with_password(12).await;
    let kept =
        async || sso::store::password::find(&bed.sso.db, account.id).await.expect("read").expect("one").phc;
    let old = kept().await;
    assert!(old.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{old}");
    // The settings of another day: more memory. The same database, and the passwords follow.
    let newer =
        bed.with_settings(|settings| (settings.password_memory_kib, settings.password_passes) = (64, 2));
    let verdict = newer.verify_password(Some(account.id), PASSWORD).await.expect("compared");
    assert_eq!(verdict, Verdict::Right);
    assert!(kept().await.starts_with("$argon2id$v=19$m=64,t=2,p=1$"));
    let verdict = bed.sso.verify_password(Some(account.id), PASSWORD).await.expect("compared");
    assert_eq!(verdict, Verdict::Right);
    assert!(kept().await.contains("m=64,"), "never back");
}
