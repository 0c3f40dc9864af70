//! Somebody guesses: who is known is not told, a hundred tries a day are made, and the owner gets in.

use std::collections::BTreeSet;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use futures_util::future::join_all;
use sso::store::one_time::set_mobile;
use switch_store::transact;

use crate::support::authenticator::Authenticator;
use crate::support::bed::Bed;
use crate::support::browser::{Answer, Browser};
use crate::support::doorway::PASSWORD;
use crate::support::people::national_id;

suite! {
    known_and_unknown_numbers_are_answered_alike,
    a_day_of_guesses_and_the_owner_gets_in,
    sixty_four_guesses_at_once_are_one,
    a_device_is_known_to_its_own_account_only,
    an_address_is_held_up,
    codes_are_not_guessed_either,
}

/// What a form is answered, without what was typed and without secrets.
async fn answer(browser: &mut Browser, page: &Answer, path: &str, identity: &str) -> String {
    let typed = [
        ("identity", identity),
        ("password", "not this one"),
        ("sms", "000000"),
        ("code", "000000"),
        ("recovery", ""),
    ];
    let answer = browser.fill(page, path, &typed).await;
    let named =
        |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().expect("ASCII"));
    let mut headers: Vec<_> = answer.headers.iter().map(named).collect();
    headers.sort();
    let all = format!("{}\n{}\n{}", answer.status, headers.join("\n"), answer.text);
    without_secrets(&all).replace(identity, "NUMBER")
}

/// Without the random values of cookies; their names and lengths stay.
fn without_secrets(text: &str) -> String {
    let is_secret = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut out = String::new();
    let mut run = String::new();
    for c in text.chars().chain(['\n']) {
        if is_secret(c) {
            run.push(c);
            continue;
        }
        if run.len() == 43 {
            out.push_str("SECRET")
        } else {
            out.push_str(&run)
        }
        run.clear();
        out.push(c);
    }
    out
}

async fn known_and_unknown_numbers_are_answered_alike(bed: &Bed) {
    const PATHS: [&str; 4] = ["/sign-in", "/sign-in/code-first", "/recover", "/recover/proof"];
    let mut browser = Browser::new(bed);
    let mut pages = Vec::new();
    for path in ["/sign-in", "/sign-in/code-first", "/recover", "/recover"] {
        pages.push(browser.get(path).await);
    }
    let mut seen = PATHS.map(|_| BTreeSet::new());
    for n in 0..400 {
        let account = bed.citizen_with_password(1_000 + n).await;
        let is_able = n % 10 == 0;
        if is_able {
            bed.sso.make_recovery_codes(&account, "x").await.expect("made");
            let (index, now) = (bed.sso.sealer.index("reach", &account.person.mobile), bed.sso.now());
            let set = transact!(bed.sso.db, tx => set_mobile(tx, account.id, index.clone(), now).await);
            set.expect("set");
        }
        // All of them knock, and one in ten asks at the other doors too.
        let doors = if is_able { 4 } else { 1 };
        for number in [1_000 + n, 5_000 + n] {
            for (at, path) in PATHS.iter().enumerate().take(doors) {
                seen[at].insert(answer(&mut browser, &pages[at], path, &national_id(number)).await);
            }
        }
    }
    for ((path, seen), status) in PATHS.iter().zip(&seen).zip(["422", "422", "303", "422"]) {
        assert_eq!(seen.len(), 1, "{path}: {seen:#?}");
        assert!(seen.iter().all(|one| one.starts_with(status)), "{path}: {seen:?}");
    }
}

async fn a_day_of_guesses_and_the_owner_gets_in(bed: &Bed) {
    let account = bed.citizen_with_password(31).await;
    let app = bed.give_app(&account).await;
    let mut key = Authenticator::new(1);
    bed.give_passkey(&account, &mut key).await;
    let codes = bed.sso.make_recovery_codes(&account, "x").await.expect("made");
    // At home, before it began.
    let mut home = Browser::new(bed);
    home.sign_in(&national_id(31), PASSWORD, "/sign-in").await;
    assert_eq!(home.second(&app.code(bed.sso.now())).await.location(), "/account");

    // From midnight to midnight, a guess every minute: 1,440 of them, each from another browser.
    const DAY_MS: i64 = 86_400_000;
    let now = bed.sso.now().0;
    bed.clock.pass_ms(DAY_MS - now.rem_euclid(DAY_MS));
    let before = bed.sso.hasher.compared();
    let mut guesser = Browser::new(bed);
    let page = guesser.get("/sign-in").await;
    let mut waiting = 0;
    for guess in 0..1_440 {
        let typed = [("identity", &*national_id(31)), ("password", &*format!("guess {guess}"))];
        let answer = guesser.fill(&page, "/sign-in", &typed).await;
        waiting += i32::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
        if guess < 1_400 {
            bed.clock.pass_ms(60_000);
        }
    }
    assert_eq!(bed.sso.hasher.compared() - before, 60, "strangers have sixty a day");
    assert_eq!(waiting, 1_440 - 60);
    // The right password of a stranger is not compared any more …
    let mut stranger = Browser::new(bed);
    let held = stranger.sign_in(&national_id(31), PASSWORD, "/sign-in").await;
    assert_eq!(held.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(held.text.contains("/sign-in/code-first"));
    // … but the owner gets in: at the device at home,
    let mut at_home = home.without_session();
    let step = at_home.sign_in(&national_id(31), PASSWORD, "/sign-in").await;
    assert!(step.location().starts_with("/sign-in/factor"));
    assert_eq!(at_home.second(&app.code(bed.sso.now())).await.location(), "/account");
    // with a passkey anywhere,
    assert_eq!(Browser::new(bed).passkey(&mut key, "").await.location(), "/account");
    // with a code first and the password then,
    bed.clock.pass_ms(30_000);
    let mut library = Browser::new(bed);
    let code = app.code(bed.sso.now());
    let typed = [("identity", &*national_id(31)), ("code", &*code)];
    let page = library.get("/sign-in/code-first").await;
    let step = library.fill(&page, "/sign-in/code-first", &typed).await;
    let page = library.get(step.location()).await;
    assert!(library.known(bed).await.is_none() && page.text.contains("بقيت كلمة المرور"));
    let wrong = library.fill(&page, "/sign-in/factor", &[("password", "not this one")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    bed.clock.pass_ms(1_000);
    let done = library.fill(&page, "/sign-in/factor", &[("password", PASSWORD)]).await;
    assert_eq!(done.location(), "/account", "{}", done.text);
    // and with a recovery code first.
    let mut library = Browser::new(bed);
    let typed = [("identity", &*national_id(31)), ("code", ""), ("recovery", codes[0].as_str())];
    let page = library.get("/sign-in/code-first").await;
    let step = library.fill(&page, "/sign-in/code-first", &typed).await;
    let page = library.get(step.location()).await;
    let done = library.fill(&page, "/sign-in/factor", &[("password", PASSWORD)]).await;
    assert_eq!(done.location(), "/account");
    // All of that did not give the stranger one try more.
    let compared = bed.sso.hasher.compared();
    assert_eq!(
        stranger.sign_in(&national_id(31), "guess", "/sign-in").await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    assert_eq!(bed.sso.hasher.compared(), compared);
    assert!(compared - before <= 100);
}

async fn sixty_four_guesses_at_once_are_one(bed: &Bed) {
    bed.citizen_with_password(32).await;
    let mut browsers = Vec::new();
    for _ in 0..64 {
        let mut browser = Browser::new(bed);
        let page = browser.get("/sign-in").await;
        browsers.push((browser, page));
    }
    let before = bed.sso.hasher.compared();
    let guesses = browsers.into_iter().map(|(mut browser, page)| {
        tokio::spawn(async move {
            let typed = [("identity", &*national_id(32)), ("password", "not this one")];
            browser.fill(&page, "/sign-in", &typed).await.status
        })
    });
    let statuses: Vec<_> = join_all(guesses).await.into_iter().map(|done| done.expect("answered")).collect();
    assert_eq!(bed.sso.hasher.compared() - before, 1, "{statuses:?}");
    let wrong = statuses.iter().filter(|status| **status == StatusCode::UNPROCESSABLE_ENTITY).count();
    assert_eq!(wrong, 1, "{statuses:?}");
}

async fn a_device_is_known_to_its_own_account_only(bed: &Bed) {
    bed.citizen_with_password(33).await;
    bed.citizen_with_password(34).await;
    let mut browser = Browser::new(bed);
    browser.sign_in(&national_id(33), PASSWORD, "/sign-in").await;
    // Strangers empty the purses of both.
    let mut guesser = Browser::new(bed);
    let page = guesser.get("/sign-in").await;
    for n in [33, 34] {
        for _ in 0..60 {
            let typed = [("identity", &*national_id(n)), ("password", "not this one")];
            guesser.fill(&page, "/sign-in", &typed).await;
            bed.clock.pass_ms(10_000);
        }
    }
    let mut known = browser.without_session();
    let held = known.sign_in(&national_id(34), PASSWORD, "/sign-in").await;
    assert_eq!(held.status, StatusCode::TOO_MANY_REQUESTS, "another account's device is a stranger");
    let right = known.sign_in(&national_id(33), PASSWORD, "/sign-in").await;
    assert_eq!(right.location(), "/account");
    // A cookie somebody made up is nobody's device.
    let mut forged = Browser::new(bed);
    forged.take(&format!("__Host-device={}.{}; Path=/", "A".repeat(22), "B".repeat(43)));
    let held = forged.sign_in(&national_id(33), PASSWORD, "/sign-in").await;
    assert_eq!(held.status, StatusCode::TOO_MANY_REQUESTS);
    // The purse of known devices has an end too.
    let mut statuses = Vec::new();
    let mut known = browser.without_session();
    for _ in 0..25 {
        statuses.push(known.sign_in(&national_id(33), "not this one", "/sign-in").await.status);
        bed.clock.pass_ms(10_000);
    }
    let compared = statuses.iter().filter(|status| **status == StatusCode::UNPROCESSABLE_ENTITY).count();
    assert_eq!(compared, 20);
}

async fn an_address_is_held_up(bed: &Bed) {
    let mut browser = Browser::new(bed);
    browser.address = Some("203.0.113.7".parse().expect("an address"));
    let page = browser.get("/sign-in").await;
    let mut held = 0;
    // One guess at each of many numbers.
    for n in 0..120 {
        let typed = [("identity", &*national_id(2_000 + n)), ("password", "not this one")];
        let answer = browser.fill(&page, "/sign-in", &typed).await;
        held += i32::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(held, 70, "fifty at once, then one a second");
    let mut other = Browser::new(bed);
    other.address = Some("203.0.113.8".parse().expect("an address"));
    let answer = other.sign_in(&national_id(2_500), "not this one", "/sign-in").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "another address is not held up");
}

async fn codes_are_not_guessed_either(bed: &Bed) {
    let account = bed.citizen_with_password(35).await;
    let app = bed.give_app(&account).await;
    let mut guesser = Browser::new(bed);
    guesser.sign_in(&national_id(35), PASSWORD, "/sign-in").await;
    let mut statuses = Vec::new();
    for _ in 0..10 {
        statuses.push(guesser.second("000000").await.status);
        bed.clock.pass_ms(5_000);
    }
    let wrong = statuses.iter().filter(|status| **status == StatusCode::UNPROCESSABLE_ENTITY).count();
    assert_eq!(wrong, 5, "five, then ten minutes: {statuses:?}");
    let right = guesser.second(&app.code(bed.sso.now())).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS, "a right one waits too");
    let inbox = crate::support::inbox::Inbox::default();
    bed.sso.deliver_due(&inbox).await.expect("delivered");
    let told = inbox.texts(&account.person.mobile);
    assert_eq!(told.iter().filter(|text| text.contains("رموز خاطئة")).count(), 1, "{told:?}");
}
