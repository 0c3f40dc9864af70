//! Registration through its pages: what is asked, what is refused, and what nobody learns from it.

use axum::http::StatusCode;
use sso::person::Person;
use sso::store::role::Role;

use crate::support::bed::Bed;
use crate::support::browser::Browser;
use crate::support::desk::{POST, Registry, about, contact, fields, record, reference_in};
use crate::support::people::{national_id, person};

suite! {
    a_person_applies_and_has_a_slip,
    every_field_is_refused_with_a_sentence,
    known_and_unknown_numbers_answer_in_the_same_bytes,
    the_status_is_the_same_for_all_that_wait,
    an_application_ends_after_its_days_and_is_erased,
    the_registry_is_out_of_reach_for_a_day,
    passports_register_where_the_setting_says_so,
}

async fn a_person_applies_and_has_a_slip(bed: &Bed) {
    bed.offices().await;
    let mut browser = Browser::new(bed);
    assert_eq!(browser.get("/register/contact").await.location(), "/register", "one after the other");
    assert_eq!(browser.get("/register/check").await.location(), "/register");
    let somebody = person(1);
    browser.submit("/register", &fields(&about(&somebody))).await;
    assert_eq!(browser.get("/register/check").await.location(), "/register", "the second page is missing");
    browser.submit("/register/contact", &fields(&contact(&somebody, POST))).await;
    let check = browser.get("/register/check").await.text;
    for shown in ["17/5/1990", &somebody.identity_number, &somebody.mobile, &somebody.name.full()] {
        assert!(check.contains(shown), "{shown} is not on the page: {check}");
    }
    // A change leads back to the page of all answers, with the others kept.
    let mut changed = somebody.clone();
    changed.name.given = "هبة".into();
    assert!(browser.get("/register").await.text.contains("سلمى"), "what was typed is shown again");
    let answer = browser.submit("/register", &fields(&about(&changed))).await;
    assert_eq!(answer.location(), "/register/check");
    let answer = browser.submit("/register/check", &[]).await;
    assert_eq!(answer.location(), "/register/slip");
    assert!(browser.cookie("__Host-answers").is_none(), "the answers leave the browser");
    let slip = browser.get("/register/slip").await;
    assert_eq!(slip.status, StatusCode::OK);
    assert!(slip.text.contains("8/12/2026"), "sixteen days: {}", slip.text);
    assert!(slip.text.contains("<svg") && slip.text.contains(POST));
    for personal in ["هبة", &somebody.identity_number, &somebody.mobile] {
        assert!(!slip.text.contains(personal), "{personal} is on the slip");
    }
    reference_in(&slip.text);
}

async fn every_field_is_refused_with_a_sentence(bed: &Bed) {
    bed.offices().await;
    let good = person(1);
    for (field, value, sentence) in [
        ("kind", "company", "اختر الوثيقة"),
        ("number", "", "اكتب رقم الوثيقة"),
        ("number", "40000000", "تسعة أرقام"),
        ("number", "400000007", "رقم الهوية غير صحيح"),
        ("given", "", "اكتب اسمك الشخصي"),
        ("given", "Salma", "بحروف وثيقتك"),
        ("father", "", "اكتب اسم أبيك"),
        ("grandfather", "٣", "بحروف وثيقتك"),
        ("family", "<b>", "بحروف وثيقتك"),
        ("born-day", "31", ""),
        ("born-day", "", "اليوم والشهر والسنة معًا"),
        ("born-year", "90", "بأربعة أرقام"),
        ("born-year", "2027", "لم يأتِ بعد"),
        ("born-year", "2015", "16 عامًا"),
        ("born-month", "13", "لا يوجد يوم بهذا التاريخ"),
        ("born-year", "1790", "بأربعة أرقام"),
    ] {
        let mut answers = about(&good);
        answers.iter_mut().filter(|pair| pair.0 == field).for_each(|pair| pair.1 = value.to_owned());
        let answer = Browser::new(bed).submit("/register", &fields(&answers)).await;
        if sentence.is_empty() {
            assert_eq!(answer.location(), "/register/contact", "{field} {value} is right");
            continue;
        }
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}");
        assert!(answer.text.contains(sentence), "{field} {value}: {}", answer.text);
    }
    for (field, value, sentence) in [
        ("mobile", "", "اكتب رقم هاتفك"),
        ("mobile", "059912345", "عشرة أرقام"),
        ("mobile", "022999999", "عشرة أرقام"),
        ("mobile", "+970299123456", "059 أو 056"),
        ("mobile", "0599a23456", "بالأرقام وحدها"),
        ("email", "salma@", "البريد الإلكتروني كاملًا"),
        ("office", "nowhere", "اختر المكتب"),
        ("terms", "", "من غير هذه الموافقة"),
    ] {
        let mut browser = Browser::new(bed);
        browser.submit("/register", &fields(&about(&good))).await;
        let mut answers = contact(&good, POST);
        answers.iter_mut().filter(|pair| pair.0 == field).for_each(|pair| pair.1 = value.to_owned());
        let answer = browser.submit("/register/contact", &fields(&answers)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}");
        assert!(answer.text.contains(sentence), "{field} {value}: {}", answer.text);
    }
    // Arabic-Indic digits are digits.
    let mut answers = about(&good);
    answers[1].1 =
        answers[1].1.chars().map(|c| char::from_u32(c as u32 - 0x30 + 0x660).expect("a digit")).collect();
    answers[8].1 = "١٩٩٠".into();
    let answer = Browser::new(bed).submit("/register", &fields(&answers)).await;
    assert_eq!(answer.location(), "/register/contact", "{}", answer.text);
}

/// Every byte of the whole way, without what is random in each: cookies, tokens, the reference.
async fn walked(bed: &Bed, somebody: &Person) -> String {
    let mut browser = Browser::new(bed);
    let mut bytes = String::new();
    let mut keep = |answer: crate::support::browser::Answer| {
        let length = answer.headers.get("content-length").map(|value| value.to_str().expect("ASCII"));
        assert!(length.is_none_or(|length| length == answer.text.len().to_string()), "{length:?}");
        let mut names: Vec<_> = answer
            .headers
            .iter()
            // Of a slip it follows the drawing of the reference; the text itself is compared below.
            .filter(|(name, _)| *name != "content-length")
            .map(|(name, value)| {
                let value = value.to_str().expect("ASCII");
                let shown = if name == "set-cookie" { value.len().to_string() } else { value.to_owned() };
                format!("{name}: {shown}")
            })
            .collect();
        names.sort_unstable();
        let mut text = answer.text.clone();
        if let Some(csrf) = answer.field("csrf") {
            text = text.replace(&csrf, "CSRF");
        }
        bytes.push_str(&format!("{} {}\n{text}\n", answer.status, names.join("\n")));
    };
    keep(browser.submit("/register", &fields(&about(somebody))).await);
    keep(browser.submit("/register/contact", &fields(&contact(somebody, POST))).await);
    keep(browser.get("/register/check").await);
    keep(browser.submit("/register/check", &[]).await);
    let slip = browser.get("/register/slip").await;
    let reference = reference_in(&slip.text);
    keep(slip);
    let status =
        [("reference", reference.as_str()), ("born-day", "17"), ("born-month", "5"), ("born-year", "1990")];
    let told = browser.submit("/register/status", &status).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    keep(told);
    // The drawing of the reference differs as the reference does.
    let mut plain = bytes.replace(&reference, "REFERENCE").replace(&reference.replace('-', ""), "REFERENCE");
    while let Some(at) = plain.find("<path fill=\"#000\"") {
        let end = at + plain[at..].find("/>").expect("a path ends");
        plain.replace_range(at..end, "PATH");
    }
    plain.replace(&somebody.identity_number, "NUMBER").replace(&somebody.mobile, "MOBILE")
}

/// Four hundred that have an account or are in the registry against four hundred that nobody knows.
async fn known_and_unknown_numbers_answer_in_the_same_bytes(bed: &Bed) {
    bed.offices().await;
    let mut known = Vec::new();
    for n in 0..200 {
        bed.citizen(n).await;
        known.push(record(&person(n + 200)));
    }
    let registry = Registry(Some(known));
    let mut seen = std::collections::BTreeSet::new();
    for n in 0..800 {
        let mut somebody = person(n);
        // The length of the address is the applicant's own doing.
        somebody.email = None;
        somebody.mobile = format!("+97059{n:07}");
        assert_eq!(somebody.identity_number, national_id(n));
        // One address may send so many, one after the other.
        bed.clock.pass_ms(11_000);
        seen.insert(walked(bed, &somebody).await);
        if n % 40 == 0 {
            bed.sso.match_due(&registry).await.expect("the registry answers meanwhile");
        }
    }
    assert_eq!(seen.len(), 1, "{:?}", seen.iter().take(2).collect::<Vec<_>>());
}

async fn the_status_is_the_same_for_all_that_wait(bed: &Bed) {
    bed.offices().await;
    let known = person(1);
    let (agrees, differs, nobody) = (
        bed.apply_known(&known).await,
        bed.apply(&Person { identity_number: national_id(2), ..known.clone() }, POST).await,
        bed.apply(&Person { identity_number: national_id(3), ..known.clone() }, POST).await,
    );
    let mut other = record(&person(2));
    other.name.given = "كريم".into();
    bed.sso.match_due(&Registry(Some(vec![other]))).await.expect("matched");
    let ask = async |reference: &str, day: &str| {
        let asked = [("reference", reference), ("born-day", day), ("born-month", "5"), ("born-year", "1990")];
        Browser::new(bed).submit("/register/status", &asked).await
    };
    for reference in [&agrees, &differs, &nobody] {
        let told = ask(reference, "17").await;
        assert!(told.text.contains("بانتظار زيارتك"), "{}", told.text);
        for word in ["السجل", "مطابق", "مختلف"] {
            assert!(!told.text.contains(word), "{word} is told to the applicant");
        }
    }
    bed.clock.pass_ms(10_000);
    let wrong_day = ask(&agrees, "18").await;
    let no_such = ask("00000-00000", "17").await;
    assert_eq!(wrong_day.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong_day.text.contains("لا نجد طلبًا") && no_such.text.contains("لا نجد طلبًا"));
    assert!(ask("123", "17").await.text.contains("عشرة أحرف"));
    // Days are guessed a few times and no more.
    let mut refused = 0;
    for day in 1..=20 {
        bed.clock.pass_ms(6_000);
        refused += i32::from(ask(&agrees, &day.to_string()).await.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused > 10, "{refused} of twenty guesses were held back");
}

async fn an_application_ends_after_its_days_and_is_erased(bed: &Bed) {
    bed.offices().await;
    let somebody = person(1);
    let reference = bed.apply_known(&somebody).await;
    let ask = async || {
        let asked = [
            ("reference", reference.as_str()),
            ("born-day", "17"),
            ("born-month", "5"),
            ("born-year", "1990"),
        ];
        Browser::new(bed).submit("/register/status", &asked).await.text
    };
    const DAY: i64 = 86_400_000;
    bed.clock.pass_ms(16 * DAY - 1_000);
    assert!(ask().await.contains("بانتظار زيارتك"));
    bed.clock.pass_ms(2_000);
    let told = ask().await;
    assert!(told.contains("انتهت مدة الزيارة") && told.contains("href=\"/register\""), "{told}");
    let (_, mut clerk) = bed.clerk(7, Role::Clerk, POST).await;
    assert!(clerk.get("/desk").await.text.contains("لا طلبات"), "it has left the queue");
    assert_eq!(bed.sso.erase_old().await.expect("erases"), 0, "not yet");
    bed.clock.pass_ms(91 * DAY);
    assert_eq!(bed.sso.erase_old().await.expect("erases"), 1);
    assert!(ask().await.contains("لا نجد طلبًا"));
}

async fn the_registry_is_out_of_reach_for_a_day(bed: &Bed) {
    bed.offices().await;
    let somebody = person(1);
    let reference = bed.apply(&somebody, POST).await;
    let mut asked = 0;
    for _ in 0..24 * 60 {
        bed.clock.pass_ms(60_000);
        asked += bed.sso.match_due(&Registry(None)).await.expect("a round").postponed;
    }
    assert!((24..60).contains(&asked), "asked {asked} times in a day: pauses grow, up to an hour");
    // Nobody guessed: it waits, and the desk says so.
    let (_, mut clerk) = bed.clerk(7, Role::Clerk, POST).await;
    assert!(clerk.get("/desk").await.text.contains("لم يُجب السجل"));
    bed.clock.pass_ms(3_600_000);
    let (_, mut clerk) = bed.clerk(8, Role::Clerk, POST).await;
    let round = bed.sso.match_due(&Registry(Some(vec![record(&somebody)]))).await.expect("a round");
    assert_eq!(round.answered, 1);
    let page = clerk.find(&reference, POST).await;
    assert!(clerk.get(&page).await.text.contains("مطابق للسجل"));
}

async fn passports_register_where_the_setting_says_so(bed: &Bed) {
    bed.offices().await;
    let mut guest = person(1);
    guest.identity_kind = "passport".into();
    guest.identity_number = "n1234567".into();
    guest.name.given = "Milena".into();
    guest.name.family = "Šárka".into();
    guest.name.father = String::new();
    guest.name.grandfather = String::new();
    bed.apply(&guest, POST).await;
    let mut wrong = about(&guest);
    wrong[1].1 = "N12".into();
    let answer = Browser::new(bed).submit("/register", &fields(&wrong)).await;
    assert!(answer.text.contains("رقم الجواز"), "{}", answer.text);
}
