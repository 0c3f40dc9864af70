//! From the slip to the password: the code on paper, the code by SMS, and what neither is good for.

use axum::http::StatusCode;
use sso::person::Person;
use sso::store::account::{self, Account, AccountState};
use sso::store::role::Role;

use crate::support::bed::Bed;
use crate::support::browser::Browser;
use crate::support::desk::{POST, SEEN, reference_in};
use crate::support::people::{national_id, person};

suite! {
    the_whole_way_from_home_to_the_account,
    a_code_works_once,
    a_code_is_guessed_a_few_times_and_no_more,
    wrong_codes_and_unknown_people_answer_alike,
    the_code_by_sms_is_needed_and_ends,
    a_code_from_the_desk_ends_after_its_day,
    nothing_personal_lies_open_in_the_database,
}

/// The person applies and is approved; the code on paper.
async fn approved(bed: &Bed, somebody: &Person, clerk: u32) -> String {
    let reference = bed.apply_known(somebody).await;
    let (_, mut desk) = bed.clerk(clerk, Role::Clerk, POST).await;
    let page = desk.find(&reference, POST).await;
    let handed = desk.act(&page, "approve", &SEEN).await;
    assert_eq!(handed.status, StatusCode::OK, "{}", handed.text);
    reference_in(handed.text.split_once("class=\"codes\"").expect("a code").1)
}

async fn of(bed: &Bed, somebody: &Person) -> Account {
    let identity = somebody.identity().expect("an identity");
    let found = account::find_by_identity(&bed.sso.db, &bed.sso.sealer, &identity).await;
    found.expect("read").expect("an account")
}

const GOOD: &str = "زيتون وزعتر ثلاث مرات في الأسبوع";

async fn the_whole_way_from_home_to_the_account(bed: &Bed) {
    bed.offices().await;
    let somebody = person(1);
    let code = approved(bed, &somebody, 7).await;
    let told = bed.delivered().await;
    assert_eq!(told.len(), 2, "by SMS and by e-mail");
    assert!(told.iter().all(|(_, text)| !text.contains(&code)), "the code is on paper only");
    let mut home = Browser::new(bed);
    // However it is typed.
    let typed = code.to_lowercase().replace('-', " ");
    let who = national_id(1);
    let answer = home.submit("/activate", &[("who", &who), ("code", &typed)]).await;
    assert_eq!(answer.location(), "/activate/code", "{}", answer.text);
    assert_eq!(home.get("/activate/password").await.location(), "/activate/code", "one after the other");
    let sms = bed.sms_code(&somebody.mobile).await;
    let answer = home.submit("/activate/code", &[("code", &sms)]).await;
    assert_eq!(answer.location(), "/activate/password", "{}", answer.text);
    for (password, again, sentence) in [
        (code.as_str(), code.as_str(), "رمز التفعيل لا يصلح"),
        ("قصيرة", "قصيرة", "أقصر من"),
        (GOOD, "أخرى", "الكلمتان مختلفتان"),
    ] {
        let answer = home.submit("/activate/password", &[("password", password), ("again", again)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text.contains(sentence), "{sentence}: {}", answer.text);
        assert!(!answer.text.contains(GOOD), "a password is typed again");
    }
    let answer = home.submit("/activate/password", &[("password", GOOD), ("again", GOOD)]).await;
    assert_eq!(answer.location(), "/account/factors", "{}", answer.text);
    let account = of(bed, &somebody).await;
    assert_eq!((account.state, account.in_person), (AccountState::Active, true));
    let cookie = home.cookie(sso::session::COOKIE).expect("signed in").to_owned();
    let header = format!("{}={cookie}", sso::session::COOKIE).parse().expect("ASCII");
    let headers = axum::http::HeaderMap::from_iter([(axum::http::header::COOKIE, header)]);
    let known = bed.sso.signed_in(&headers).await.expect("read").expect("signed in");
    assert_eq!((known.account.id, known.session.level), (account.id, sso::level::Loa::Verified));
    let told = bed.delivered().await;
    assert!(told.iter().any(|(to, text)| *to == somebody.mobile && text.contains("مفعّل")), "{told:?}");
}

async fn a_code_works_once(bed: &Bed) {
    bed.offices().await;
    let somebody = person(1);
    let code = approved(bed, &somebody, 7).await;
    let who = national_id(1);
    let (mut home, mut other) = (Browser::new(bed), Browser::new(bed));
    home.submit("/activate", &[("who", &who), ("code", &code)]).await;
    let sms = bed.sms_code(&somebody.mobile).await;
    home.submit("/activate/code", &[("code", &sms)]).await;
    // Before it is used up, it may be begun again at another browser; the first one is out.
    bed.clock.pass_ms(2_000);
    other.submit("/activate", &[("who", &who), ("code", &code)]).await;
    assert_eq!(home.get("/activate/password").await.location(), "/activate");
    let sms = bed.sms_code(&somebody.mobile).await;
    other.submit("/activate/code", &[("code", &sms)]).await;
    let answer = other.submit("/activate/password", &[("password", GOOD), ("again", GOOD)]).await;
    assert_eq!(answer.location(), "/account/factors");
    bed.clock.pass_ms(2_000);
    let again = home.submit("/activate", &[("who", &who), ("code", &code)]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "it is gone");
}

async fn a_code_is_guessed_a_few_times_and_no_more(bed: &Bed) {
    bed.offices().await;
    let code = approved(bed, &person(1), 7).await;
    let who = national_id(1);
    let mut thief = Browser::new(bed);
    let mut compared = 0;
    for _ in 0..200 {
        bed.clock.pass_ms(60_000);
        let answer = thief.submit("/activate", &[("who", &who), ("code", "00000-00000")]).await;
        compared += i32::from(answer.status == StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert!((1..=20).contains(&compared), "{compared} of two hundred guesses were compared");
    let right = thief.submit("/activate", &[("who", &who), ("code", &code)]).await;
    assert_ne!(right.status, StatusCode::SEE_OTHER, "nor is the right one, now");
}

async fn wrong_codes_and_unknown_people_answer_alike(bed: &Bed) {
    bed.offices().await;
    approved(bed, &person(1), 7).await;
    bed.citizen(2).await;
    let mut seen = std::collections::BTreeSet::new();
    for n in [1, 2, 3] {
        let mut browser = Browser::new(bed);
        let who = national_id(n);
        let answer = browser.submit("/activate", &[("who", &who), ("code", "00000-00000")]).await;
        let csrf = answer.field("csrf").expect("a token");
        let headers = format!("{:?}", answer.headers.keys().collect::<Vec<_>>());
        seen.insert((answer.status.as_u16(), headers, answer.text.replace(&csrf, "").replace(&who, "")));
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
}

async fn the_code_by_sms_is_needed_and_ends(bed: &Bed) {
    bed.offices().await;
    let somebody = person(1);
    let code = approved(bed, &somebody, 7).await;
    bed.delivered().await;
    let who = national_id(1);
    let mut home = Browser::new(bed);
    home.submit("/activate", &[("who", &who), ("code", &code)]).await;
    let first = bed.sms_code(&somebody.mobile).await;
    let wrong = if first == "123456" { "654321" } else { "123456" };
    for (typed, sentence) in [("12", "ستة أرقام"), (wrong, "ليس الرمز الأخير")] {
        let answer = home.submit("/activate/code", &[("code", typed)]).await;
        assert!(answer.text.contains(sentence), "{typed}: {}", answer.text);
    }
    bed.clock.pass_ms(2_000);
    // Another code ends the first one.
    assert_eq!(
        home.submit_at("/activate/code", "/activate/code/again", &[]).await.location(),
        "/activate/code"
    );
    let second = bed.sms_code(&somebody.mobile).await;
    assert_ne!(first, second);
    assert!(home.submit("/activate/code", &[("code", &first)]).await.text.contains("ليس الرمز الأخير"));
    bed.clock.pass_ms(600_000);
    assert!(
        home.submit("/activate/code", &[("code", &second)]).await.text.contains("ليس الرمز الأخير"),
        "too late"
    );
    assert_eq!(of(bed, &somebody).await.state, AccountState::Registered);
}

async fn a_code_from_the_desk_ends_after_its_day(bed: &Bed) {
    bed.offices().await;
    let code = approved(bed, &person(1), 7).await;
    bed.clock.pass_ms(bed.sso.settings.activation_code_s * 1000);
    let who = national_id(1);
    let answer = Browser::new(bed).submit("/activate", &[("who", &who), ("code", &code)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("انتهت مدة الرمز"));
}

/// The raw bytes of every table, and of the files of the embedded engine.
async fn nothing_personal_lies_open_in_the_database(bed: &Bed) {
    bed.offices().await;
    let mut somebody = person(1);
    somebody.name.given = "كناريا".into();
    somebody.name.family = "الكناري".into();
    somebody.email = Some("canary.canary@example.ps".into());
    let code = approved(bed, &somebody, 7).await;
    let waiting = Person { identity_number: national_id(2), ..somebody.clone() };
    let reference = bed.apply(&waiting, POST).await;
    let (_, mut desk) = bed.clerk(8, Role::Clerk, POST).await;
    let page = desk.find(&reference, POST).await;
    let note = [("reason", "unreachable"), ("note", "كناريا")];
    let proposed = desk.act(&page, "override", &[&SEEN[..], &note].concat()).await;
    assert_eq!(proposed.status, StatusCode::OK, "{}", proposed.text);
    let raw = bed.raw().await;
    assert!(raw.len() > 10_000, "{} bytes are not the database", raw.len());
    let plain = code.replace('-', "");
    let canaries = [
        somebody.identity_number.as_str(),
        &waiting.identity_number,
        &somebody.mobile,
        &somebody.mobile[4..],
        "كناريا",
        "الكناري",
        "canary",
        "1990-05-17",
        "A1234567",
        &code,
        &plain,
    ];
    for canary in canaries {
        assert!(!holds(&raw, canary.as_bytes()), "{canary} lies open");
    }
    assert!(holds(&raw, reference.replace('-', "").as_bytes()), "what is not personal can be found");
}

fn holds(raw: &[u8], part: &[u8]) -> bool {
    raw.windows(part.len()).any(|window| window == part)
}
