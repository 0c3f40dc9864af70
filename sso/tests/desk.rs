//! The desk through its pages: who sees what, who decides, and what is handed over.

use axum::http::StatusCode;
use sso::level::{Method, Methods};
use sso::person::Person;
use sso::store::account::{self, AccountState};
use sso::store::role::Role;
use switch_store::{statements::Statement, values};

use crate::support::bed::Bed;
use crate::support::browser::Answer;
use crate::support::desk::{INTERIOR, POST, Registry, SEEN, record, reference_in};
use crate::support::people::{national_id, person};

suite! {
    a_clerk_verifies_and_hands_over_a_code_once,
    nobody_is_shown_without_a_reason,
    only_clerks_of_the_office_are_at_its_desk,
    nobody_verifies_themselves,
    the_document_is_checked_before_anything_is_approved,
    a_refusal_needs_a_reason_and_is_final,
    an_override_takes_two_people,
    what_was_proposed_is_what_is_confirmed,
    two_clerks_at_once_and_one_decides,
    a_lost_code_is_replaced,
    who_lost_the_factors_is_verified_again,
    a_closed_account_stays_closed,
    the_day_has_a_report,
}

/// The log, as lines of act, subject and detail.
async fn log(bed: &Bed) -> Vec<String> {
    const ALL: Statement =
        Statement::portable("ALL", "SELECT actor, act, subject, detail FROM audit_log ORDER BY seq");
    let rows = bed.sso.db.fetch_all(&ALL, values![]).await.expect("read");
    let text = |row: &switch_store::db::Row, name: &str| row.text(name).expect("text");
    rows.iter()
        .map(|row| ["actor", "act", "subject", "detail"].map(|name| text(row, name)).join(" | "))
        .collect()
}

/// The code on a page that hands one over; the reference stands there too.
fn code_in(page: &Answer) -> String {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let list = page.text.split_once("class=\"codes\"").unwrap_or_else(|| panic!("no code: {}", page.text)).1;
    reference_in(list)
}

async fn a_clerk_verifies_and_hands_over_a_code_once(bed: &Bed) {
    bed.offices().await;
    let somebody = person(1);
    let reference = bed.apply_known(&somebody).await;
    let (clerk, mut desk) = bed.clerk(7, Role::Clerk, POST).await;
    let queue = desk.get("/desk").await;
    assert!(queue.text.contains(&reference), "{}", queue.text);
    assert!(!queue.text.contains("سلمى يوسف"), "a queue names nobody");
    let page = desk.find(&reference.to_lowercase(), POST).await;
    let file = desk.get(&page).await.text;
    for shown in [somebody.identity_number.as_str(), "كمال", "17/5/1990", "مطابق للسجل", "متطابق"]
    {
        assert!(file.contains(shown), "{shown}: {file}");
    }
    let handed = desk.act(&page, "approve", &SEEN).await;
    let code = code_in(&handed);
    assert!(handed.text.contains("https://id.example.ps/activate"));
    assert_eq!(handed.headers["cache-control"], "no-store");
    let again = desk.get(&page).await.text;
    assert!(!again.contains(&code) && again.contains("لم يُستخدم الرمز"), "{again}");
    let identity = somebody.identity().expect("an identity");
    let found = account::find_by_identity(&bed.sso.db, &bed.sso.sealer, &identity).await.expect("read");
    let found = found.expect("an account");
    assert_eq!((found.state, found.in_person), (AccountState::Registered, false));
    let log = log(bed).await;
    let by = format!("account {}", clerk.id);
    assert!(log.iter().any(|line| line.starts_with(&by) && line.contains("application look-up")), "{log:?}");
    assert!(log.iter().any(|line| line.starts_with(&by) && line.contains("application approve")), "{log:?}");
    assert!(log.iter().all(|line| !line.contains(&code) && !line.contains(&somebody.identity_number)));
}

async fn nobody_is_shown_without_a_reason(bed: &Bed) {
    bed.offices().await;
    let somebody = person(1);
    let reference = bed.apply_known(&somebody).await;
    let (_, mut desk) = bed.clerk(7, Role::Clerk, POST).await;
    let page = format!("/desk/application/{}", reference.replace('-', ""));
    assert!(desk.get(&page).await.location().starts_with("/desk/find?"), "a reason comes first");
    let ask = format!("/desk/find?office={POST}");
    let typed = reference.as_str();
    for (fields, sentence) in [
        ([("what", typed), ("why", ""), ("note", "")], "اختر سبب البحث"),
        ([("what", typed), ("why", "curious"), ("note", "")], "اختر سبب البحث"),
        ([("what", typed), ("why", "complaint"), ("note", "")], "وضّح السبب"),
        ([("what", "400000007"), ("why", "present"), ("note", "")], "لا طلب بهذا الرقم"),
        ([("what", "!"), ("why", "present"), ("note", "")], "ليس رقم طلب"),
    ] {
        let fields = [&[("office", POST)], &fields[..]].concat();
        let answer = desk.submit_at(&ask, "/desk/find", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(answer.text.contains(sentence), "{fields:?} {}", answer.text);
    }
    assert!(desk.get(&page).await.location().starts_with("/desk/find?"), "still no reason");
    // A look-up that finds nobody is written down as well.
    let looked = log(bed).await.iter().filter(|line| line.contains("look-up | nobody")).count();
    assert_eq!(looked, 1);
    // By the number of the document; the reason holds for half an hour.
    assert_eq!(desk.find(&somebody.identity_number, POST).await, page);
    assert_eq!(desk.get(&page).await.status, StatusCode::OK);
    bed.clock.pass_ms(10 * 60_000);
    assert_eq!(desk.get(&page).await.status, StatusCode::OK);
    bed.clock.pass_ms(11 * 60_000);
    desk.get("/desk").await;
    bed.clock.pass_ms(10 * 60_000);
    assert!(desk.get(&page).await.location().starts_with("/desk/find?"), "the reason has ended");
}

async fn only_clerks_of_the_office_are_at_its_desk(bed: &Bed) {
    bed.offices().await;
    let reference = bed.apply_known(&person(1)).await;
    let page = format!("/desk/application/{}", reference.replace('-', ""));
    let mut nobody = crate::support::browser::Browser::new(bed);
    for path in ["/desk", "/desk/find?office=post-ramallah", "/desk/report?office=post-ramallah", &page] {
        assert!(nobody.get(path).await.location().starts_with("/sign-in?"), "{path}");
    }
    let citizen = bed.citizen(5).await;
    let mut citizen = bed.signed_in(&citizen).await;
    let (_, mut elsewhere) = bed.clerk(6, Role::Clerk, INTERIOR).await;
    for browser in [&mut citizen, &mut elsewhere] {
        for path in [
            "/desk/find?office=post-ramallah",
            "/desk/report?office=post-ramallah",
            "/desk?office=post-ramallah",
        ] {
            assert_eq!(browser.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        assert_eq!(browser.get(&page).await.status, StatusCode::NOT_FOUND, "as if it were not there");
    }
    // At their own desk they do not find it either.
    let fields = [("office", INTERIOR), ("what", reference.as_str()), ("why", "present")];
    let found = elsewhere.submit_at(&format!("/desk/find?office={INTERIOR}"), "/desk/find", &fields).await;
    assert!(found.text.contains("لا طلب بهذا الرقم"), "{}", found.text);
    // A password alone is not enough for staff.
    let (clerk, _) = bed.clerk(7, Role::Clerk, POST).await;
    let password = Methods::of(&[Method::Password]);
    let (_, cookie) = bed.sso.begin_session(&clerk, &password, "Firefox").await.expect("begins");
    let mut weak = crate::support::browser::Browser::new(bed);
    weak.take(cookie.to_str().expect("ASCII"));
    assert!(weak.get("/desk").await.location().contains("level=2"));
    // A supervisor looks, and does not decide alone.
    let (_, mut supervisor) = bed.clerk(8, Role::DeskSupervisor, POST).await;
    let page = supervisor.find(&reference, POST).await;
    assert!(supervisor.get(&page).await.text.contains("القرار لموظف المكتب"));
    let csrf = supervisor.get("/desk/find?office=post-ramallah").await.field("csrf").expect("a token");
    let fields = [&[("csrf", csrf.as_str())], &SEEN[..]].concat();
    let answer = supervisor.post(&format!("{page}/approve"), &fields).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
}

async fn nobody_verifies_themselves(bed: &Bed) {
    bed.offices().await;
    let (clerk, mut desk) = bed.clerk(7, Role::Clerk, POST).await;
    let reference = bed.apply_known(&clerk.person).await;
    let page = desk.find(&reference, POST).await;
    let shown = desk.get(&page).await;
    assert_eq!(shown.status, StatusCode::FORBIDDEN);
    assert!(shown.text.contains("يتولاه موظف آخر") && !shown.text.contains(&clerk.person.mobile));
    for act in ["approve", "refuse", "override", "confirm", "code"] {
        let fields = [&SEEN[..], &[("refuse-reason", "expired"), ("do", "confirm")]].concat();
        let ask = format!("/desk/find?office={POST}");
        let answer = desk.submit_at(&ask, &format!("{page}/{act}"), &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{act}");
    }
}

async fn the_document_is_checked_before_anything_is_approved(bed: &Bed) {
    bed.offices().await;
    let reference = bed.apply_known(&person(1)).await;
    let (_, mut desk) = bed.clerk(7, Role::Clerk, POST).await;
    let page = desk.find(&reference, POST).await;
    for (field, value, sentence) in [
        ("face", "", "قارن الصورة"),
        ("document", "", "رقم الوثيقة من 4"),
        ("document", "ABC<", "رقم الوثيقة من 4"),
        ("valid-day", "", "يومًا صحيحًا"),
        ("valid-month", "13", "يومًا صحيحًا"),
        ("valid-year", "30", "يومًا صحيحًا"),
        ("valid-year", "2026", "انتهت صلاحية الوثيقة"),
    ] {
        let fields = SEEN.map(|(name, seen)| (name, if name == field { value } else { seen }));
        let answer = desk.act(&page, "approve", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}");
        assert!(answer.text.contains(sentence), "{field} {value}: {}", answer.text);
    }
    code_in(&desk.act(&page, "approve", &SEEN).await);
}

async fn a_refusal_needs_a_reason_and_is_final(bed: &Bed) {
    bed.offices().await;
    let reference = bed.apply_known(&person(1)).await;
    let (_, mut desk) = bed.clerk(7, Role::Clerk, POST).await;
    let page = desk.find(&reference, POST).await;
    for (reason, note, sentence) in
        [("", "", "اختر سبب الرفض"), ("mood", "", "اختر سبب الرفض"), ("other", "", "وضّح السبب")]
    {
        let fields = [("refuse-reason", reason), ("refuse-note", note)];
        let answer = desk.act(&page, "refuse", &fields).await;
        assert!(answer.text.contains(sentence), "{reason}: {}", answer.text);
    }
    let answer = desk.act(&page, "refuse", &[("refuse-reason", "doubtful")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("رُفض الطلب"));
    assert!(
        log(bed).await.iter().any(|line| line.contains("application refuse") && line.contains("doubtful"))
    );
    let ask = format!("/desk/find?office={POST}");
    let late = desk.submit_at(&ask, &format!("{page}/approve"), &SEEN).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(desk.get(&page).await.text.contains("رُفض هذا الطلب"));
    let identity = person(1).identity().expect("one");
    let found = account::find_by_identity(&bed.sso.db, &bed.sso.sealer, &identity).await;
    assert!(found.expect("read").is_none(), "nobody was registered");
}

const OVERRIDE: [(&str, &str); 2] = [("reason", "spelling"), ("note", "حرف واحد")];

/// An application the registry spells in another way.
async fn misspelt(bed: &Bed, somebody: &Person) -> String {
    let reference = bed.apply(somebody, POST).await;
    let mut known = record(somebody);
    known.name.father = "يونس".into();
    bed.sso.match_due(&Registry(Some(vec![known]))).await.expect("matched");
    reference
}

async fn an_override_takes_two_people(bed: &Bed) {
    bed.offices().await;
    let reference = misspelt(bed, &person(1)).await;
    let (_, mut first) = bed.clerk(7, Role::Clerk, POST).await;
    let page = first.find(&reference, POST).await;
    let file = first.get(&page).await.text;
    assert!(file.contains("يونس") && file.contains("مختلف"), "both are shown: {file}");
    let ask = format!("/desk/find?office={POST}");
    let alone = first.submit_at(&ask, &format!("{page}/approve"), &SEEN).await;
    assert_eq!(alone.status, StatusCode::CONFLICT, "against the registry nobody approves alone");
    let unsaid = first.act(&page, "override", &SEEN).await;
    assert!(unsaid.text.contains("اختر سبب التجاوز") && unsaid.text.contains("وضّح السبب"));
    let proposed = first.act(&page, "override", &[&SEEN[..], &OVERRIDE].concat()).await;
    assert!(proposed.text.contains("أُرسل إلى موظف ثانٍ"), "{}", proposed.text);
    // Its maker can do nothing more with it.
    assert!(first.get(&page).await.text.contains("بانتظار موظف ثانٍ"));
    for act in ["confirm", "refuse", "override", "approve"] {
        let fields = [&SEEN[..], &OVERRIDE, &[("do", "confirm"), ("refuse-reason", "expired")]].concat();
        let answer = first.submit_at(&ask, &format!("{page}/{act}"), &fields).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{act}");
    }
    let (_, mut second) = bed.clerk(8, Role::DeskSupervisor, POST).await;
    assert!(second.get("/desk").await.text.contains("تجاوز بانتظار موظف ثانٍ"));
    let page = second.find(&reference, POST).await;
    let shown = second.get(&page).await;
    assert!(shown.text.contains("حرف واحد") && shown.text.contains("A1234567"), "{}", shown.text);
    // An old proof is not enough.
    bed.clock.pass_ms(11 * 60_000);
    let content = second.get(&page).await.field("content").expect("the digest of what is shown");
    let stale = second.act(&page, "confirm", &[("content", &content), ("do", "confirm")]).await;
    assert!(stale.location().starts_with("/sign-in?"), "{}", stale.text);
    let (_, mut third) = bed.clerk(10, Role::Clerk, POST).await;
    let page = third.find(&reference, POST).await;
    let content = third.get(&page).await.field("content").expect("the digest");
    let handed = third.act(&page, "confirm", &[("content", &content), ("do", "confirm")]).await;
    code_in(&handed);
    let log = log(bed).await;
    assert!(log.iter().any(|line| line.contains("application override confirm")), "{log:?}");
}

async fn what_was_proposed_is_what_is_confirmed(bed: &Bed) {
    bed.offices().await;
    let reference = misspelt(bed, &person(1)).await;
    let (_, mut first) = bed.clerk(7, Role::Clerk, POST).await;
    let page = first.find(&reference, POST).await;
    first.act(&page, "override", &[&SEEN[..], &OVERRIDE].concat()).await;
    let (_, mut second) = bed.clerk(8, Role::Clerk, POST).await;
    second.find(&reference, POST).await;
    let content = second.get(&page).await.field("content").expect("the digest");
    let mut other = content.clone().into_bytes();
    other[0] = if other[0] == b'A' { b'B' } else { b'A' };
    let other = String::from_utf8(other).expect("ASCII");
    for wrong in ["", other.as_str()] {
        let answer = second.act(&page, "confirm", &[("content", wrong), ("do", "confirm")]).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{wrong}");
    }
    // Declined, it is back in the queue, and the same yes is worth nothing.
    let declined = second.act(&page, "confirm", &[("content", &content), ("do", "decline")]).await;
    assert!(declined.text.contains("عاد الطلب"), "{}", declined.text);
    let ask = format!("/desk/find?office={POST}");
    let late = [("content", content.as_str()), ("do", "confirm")];
    let late = second.submit_at(&ask, &format!("{page}/confirm"), &late).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    // Proposed in other words, the digest is another one; two hours later it is gone.
    first.act(&page, "override", &[&SEEN[..], &[("reason", "mistake"), ("note", "كذا")]].concat()).await;
    let again = second.get(&page).await.field("content").expect("the digest");
    assert_ne!(again, content);
    bed.clock.pass_ms(2 * 3_600_000);
    let (_, mut third) = bed.clerk(9, Role::Clerk, POST).await;
    third.find(&reference, POST).await;
    let fields = [("content", again.as_str()), ("do", "confirm")];
    let late = third.submit_at(&ask, &format!("{page}/confirm"), &fields).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "expired");
    assert!(third.get(&page).await.text.contains("طلب تجاوز"), "it may be proposed again");
}

async fn two_clerks_at_once_and_one_decides(bed: &Bed) {
    bed.offices().await;
    let mut desks = Vec::new();
    for n in 0..4 {
        desks.push(bed.clerk(20 + n, Role::Clerk, POST).await.1);
    }
    for n in 0..5 {
        let reference = bed.apply_known(&person(100 + n)).await;
        let mut ready = Vec::new();
        for (at, mut desk) in desks.drain(..).enumerate() {
            let page = desk.find(&reference, POST).await;
            let csrf = desk.get(&page).await.field("csrf").expect("a token");
            ready.push((at, desk, page, csrf));
        }
        let acts = ready.into_iter().map(|(at, mut desk, page, csrf)| async move {
            let act = if at % 2 == 0 { "approve" } else { "refuse" };
            let fields = [&[("csrf", csrf.as_str()), ("refuse-reason", "doubtful")], &SEEN[..]].concat();
            let answer = desk.post(&format!("{page}/{act}"), &fields).await;
            (desk, answer.status)
        });
        let done = futures_util::future::join_all(acts).await;
        let won = done.iter().filter(|(_, status)| *status == StatusCode::OK).count();
        let lost = done.iter().filter(|(_, status)| *status == StatusCode::CONFLICT).count();
        assert_eq!((won, lost), (1, 3), "exactly one");
        desks = done.into_iter().map(|(desk, _)| desk).collect();
    }
}

async fn a_lost_code_is_replaced(bed: &Bed) {
    bed.offices().await;
    let reference = bed.apply_known(&person(1)).await;
    let (_, mut desk) = bed.clerk(7, Role::Clerk, POST).await;
    let page = desk.find(&reference, POST).await;
    let first = code_in(&desk.act(&page, "approve", &SEEN).await);
    let second = code_in(&desk.act(&page, "code", &[]).await);
    assert_ne!(first, second);
    let mut home = crate::support::browser::Browser::new(bed);
    let who = national_id(1);
    let old = home.submit("/activate", &[("who", &who), ("code", &first)]).await;
    assert_eq!(old.status, StatusCode::UNPROCESSABLE_ENTITY, "the old code has ended");
    bed.clock.pass_ms(2_000);
    let new = home.submit("/activate", &[("who", &who), ("code", &second)]).await;
    assert_eq!(new.location(), "/activate/code");
    assert!(log(bed).await.iter().any(|line| line.contains("application new code")));
}

async fn who_lost_the_factors_is_verified_again(bed: &Bed) {
    bed.offices().await;
    let known = bed.citizen(1).await;
    let mut home = bed.signed_in(&known).await;
    let mut moved = person(1);
    moved.mobile = "+970569999999".into();
    let reference = bed.apply_known(&moved).await;
    let (_, mut desk) = bed.clerk(7, Role::Clerk, POST).await;
    let page = desk.find(&reference, POST).await;
    assert!(desk.get(&page).await.text.contains("لصاحب الطلب حساب"));
    code_in(&desk.act(&page, "approve", &SEEN).await);
    let found = account::find(&bed.sso.db, &bed.sso.sealer, known.id).await.expect("read").expect("it");
    assert_eq!((found.state, found.person.mobile.as_str()), (AccountState::Registered, "+970569999999"));
    assert!(home.get("/desk").await.location().starts_with("/sign-in?"), "no session goes on");
    assert!(log(bed).await.iter().any(|line| line.contains("application approve again")));
    // Both telephones hear of it.
    const SMS: Statement =
        Statement::portable("SMS", "SELECT COUNT(*) AS sent FROM sso_message WHERE channel = 'sms'");
    let row = bed.sso.db.fetch_optional(&SMS, values![]).await.expect("read").expect("a row");
    assert_eq!(row.int("sent").expect("a count"), 2);
}

async fn a_closed_account_stays_closed(bed: &Bed) {
    bed.offices().await;
    let known = bed.citizen(1).await;
    let mut tx = bed.sso.db.begin().await.expect("begins");
    let locked = account::set_state(&mut tx, known.id, AccountState::Active, AccountState::Locked).await;
    assert!(locked.expect("set"));
    tx.commit().await.expect("commits");
    let reference = bed.apply_known(&person(1)).await;
    let (_, mut desk) = bed.clerk(7, Role::Clerk, POST).await;
    let page = desk.find(&reference, POST).await;
    let answer = desk.act(&page, "approve", &SEEN).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("أوقف مسؤول هذا الحساب"), "{}", answer.text);
}

async fn the_day_has_a_report(bed: &Bed) {
    bed.offices().await;
    let (first, second) = (bed.apply_known(&person(1)).await, bed.apply_known(&person(2)).await);
    let (_, mut desk) = bed.clerk(7, Role::Clerk, POST).await;
    let page = desk.find(&first, POST).await;
    desk.act(&page, "approve", &SEEN).await;
    let page = desk.find(&second, POST).await;
    desk.act(&page, "refuse", &[("refuse-reason", "expired")]).await;
    let numbers = |text: &str| {
        let row = text.split_once("المجموع").unwrap_or_else(|| panic!("no sum in {text}")).1;
        let cells = row.split("<td class=\"amount\">").skip(1).take(7);
        cells.map(|cell| cell.split('<').next().unwrap_or("").to_owned()).collect::<Vec<_>>().join(" ")
    };
    let report = desk.get(&format!("/desk/report?office={POST}")).await.text;
    assert_eq!(numbers(&report), "2 1 1 0 0 0 0");
    for personal in [&person(1).identity_number, &first] {
        assert!(!report.contains(personal.as_str()), "{personal} is in the report");
    }
    let before = desk.get(&format!("/desk/report?office={POST}&day=2026-11-21")).await.text;
    assert!(before.contains("لا إجراءات في هذا اليوم"), "{before}");
}
