//! The pages, walked through: what people see, what is asked of them first, and what is written down.

use axum::http::StatusCode;

use sso::level::Method;
use sso::store::account::{self, AccountState};
use sso::store::client;
use sso::store::role::Role;

use super::grant;
use crate::support::bed::Bed;
use crate::support::browser::Browser;
use crate::support::people::national_id;

suite! {
    one_factor_is_not_enough_and_changes_take_a_fresh_proof,
    a_look_has_a_reason_and_an_end,
    a_role_is_proposed_and_approved_by_two_people,
    a_client_is_registered_by_two_people_and_its_secret_shown_once,
    locking_is_for_one_person_and_at_once,
    the_log_is_searched_page_by_page,
    the_command_line_is_written_down,
}

async fn one_factor_is_not_enough_and_changes_take_a_fresh_proof(bed: &Bed) {
    let admin = bed.administrator(1).await;
    let mut browser = Browser::new(bed);
    browser.take(&bed.session_cookie(&admin, &[Method::Password]).await);
    let away = browser.get("/admin/clients").await;
    assert_eq!(away.location(), "/sign-in?next=%2Fadmin%2Fclients&level=2&since=0");

    bed.client("labour", Some("mol")).await;
    let mut browser = bed.at_work(&admin).await;
    let page = browser.get("/admin/client/labour").await;
    let csrf = page.field("csrf").expect("a token");
    bed.clock.pass_ms(600_001);
    assert_eq!(
        browser.get("/admin/client/labour").await.status,
        StatusCode::OK,
        "reading takes no new proof"
    );
    let fields = [("csrf", csrf.as_str()), ("do", "suspend"), ("reason", "a stolen key")];
    let away = browser.post("/admin/client/labour", &fields).await;
    assert!(
        away.location().starts_with("/sign-in?next=%2Fadmin%2Fclient%2Flabour&level=2&since="),
        "{away:?}"
    );
    assert!(client::find(&bed.sso.db, "labour").await.expect("read").is_some(), "nothing was done");
    // Nor without the token of the form.
    let mut browser = bed.at_work(&admin).await;
    let old = browser.post("/admin/client/labour", &[("do", "suspend"), ("reason", "a stolen key")]).await;
    assert_eq!(old.status, StatusCode::FORBIDDEN);
    assert!(client::find(&bed.sso.db, "labour").await.expect("read").is_some(), "nothing was done");
}

async fn a_look_has_a_reason_and_an_end(bed: &Bed) {
    let (admin, person) = (bed.administrator(1).await, bed.citizen(2).await);
    let mut browser = bed.at_work(&admin).await;
    let number = bed.sso.public_ids.show("acc", person.id);
    let here = format!("/admin/account/{number}");
    let door = browser.get(&here).await;
    assert!(!door.text.contains("يوسف"), "no name before a reason");
    let look = [("kind", "national_id"), ("number", &*national_id(2)), ("reason", "")];
    assert_eq!(browser.submit("/admin/accounts", &look).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let typed = national_id(2);
    // The digits as an Arabic keyboard has them.
    let eastern: String =
        typed.bytes().map(|b| char::from_u32(0x660 + u32::from(b - b'0')).expect("a digit")).collect();
    let look = [("kind", "national_id"), ("number", &*eastern), ("reason", "asked by telephone")];
    assert_eq!(browser.submit("/admin/accounts", &look).await.location(), here);
    let page = browser.get(&here).await;
    assert!(
        page.text.contains("سلمى يوسف كمال النجار") && page.text.contains("asked by telephone"),
        "{}",
        page.text
    );
    assert!(!page.text.contains(&typed) && !page.text.contains("+9705"), "more than was asked for");
    let said = bed.written_down(&format!("account {}", person.id)).await;
    assert_eq!(said, [format!("account look-up | account {} | asked by telephone", admin.id)]);

    let look = [("kind", "national_id"), ("number", &*national_id(77)), ("reason", "asked by telephone")];
    assert_eq!(browser.submit("/admin/accounts", &look).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(bed.written_down("nobody").await.len(), 1, "who was not found is written down too");

    bed.clock.pass_ms(600_000);
    let _ = browser.get(&here).await;
    bed.clock.pass_ms(600_000);
    let _ = browser.get(&here).await;
    bed.clock.pass_ms(600_000);
    let _ = browser.get(&here).await;
    bed.clock.pass_ms(600_000);
    let _ = browser.get(&here).await;
    bed.clock.pass_ms(600_000);
    let _ = browser.get(&here).await;
    bed.clock.pass_ms(600_000);
    let door = browser.get(&here).await;
    assert_eq!(door.status, StatusCode::OK);
    assert!(!door.text.contains("يوسف"), "after an hour a reason is asked again");
}

async fn a_role_is_proposed_and_approved_by_two_people(bed: &Bed) {
    let (maker, checker) = (bed.administrator(1).await, bed.administrator(2).await);
    let person = bed.citizen(3).await;
    let number = bed.sso.public_ids.show("acc", person.id);
    let mut browser = bed.at_work(&maker).await;
    let wanted = [
        ("account", number.as_str()),
        ("role", "finance-officer"),
        ("scope", "mol"),
        ("reason", "new in office"),
    ];
    assert_eq!(browser.submit("/admin/staff", &wanted).await.location(), "/admin/changes");
    let change = href(&browser.get("/admin").await.text, "/admin/change/chg_");
    let own = browser.get(&change).await;
    assert!(own.field("digest").is_none(), "no approval for the proposer");
    let approval = [("do", "approve"), ("digest", "00")];
    let refused = browser.submit(&change, &approval).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);

    let mut other = bed.at_work(&checker).await;
    let page = other.get(&change).await;
    let digest = page.field("digest").expect("what is approved");
    assert!(page.text.contains("وزارة العمل") && page.text.contains("new in office"), "{}", page.text);
    let done = other.submit(&change, &[("do", "approve"), ("digest", &digest)]).await;
    assert_eq!(done.location(), "/admin/changes");
    assert_eq!(bed.roles(person.id).await, ["finance-officer@mol"]);
    assert!(
        account::find(&bed.sso.db, &bed.sso.sealer, person.id).await.expect("read").expect("one").is_staff
    );
    assert!(other.get("/admin/staff").await.text.contains(&number));
}

/// Where the link to the next page leads.
fn next_page(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("rel=\"next\" href=\"")?;
    Some(rest.split('"').next()?.to_owned())
}

/// The first address in a page that begins so.
fn href(page: &str, begin: &str) -> String {
    let at = page.find(&format!("href=\"{begin}")).unwrap_or_else(|| panic!("no {begin}: {page}")) + 6;
    page[at..].split('"').next().expect("an end").to_owned()
}

async fn a_client_is_registered_by_two_people_and_its_secret_shown_once(bed: &Bed) {
    let (maker, checker) = (bed.administrator(1).await, bed.administrator(2).await);
    let mut browser = bed.at_work(&maker).await;
    let mut wanted = vec![
        ("client_id", "labour"),
        ("name_ar", "بوابة العمل"),
        ("name_en", "Labour portal"),
        ("department", "mol"),
        ("profile", "baseline"),
        ("authentication", "client_secret_basic"),
        ("grants", "authorization_code"),
        ("grants", "device_code"),
        ("scopes", "openid"),
        ("scopes", "profile"),
        ("algorithm", "ES256"),
        ("redirect_uris", "https://labour.example.ps/callback\r\nhttp://labour.example.ps/"),
        ("reason", "a new portal"),
    ];
    let refused = browser.submit("/admin/clients/new", &wanted).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("/redirect_uris/1") && refused.text.contains("id=\"redirect_uris-error\""),
        "{}",
        refused.text
    );
    assert!(refused.text.contains("بوابة العمل"), "what was typed stays");
    let at = wanted.iter().position(|(name, _)| *name == "redirect_uris").expect("a field");
    wanted[at].1 = "https://labour.example.ps/callback";
    assert_eq!(browser.submit("/admin/clients/new", &wanted).await.location(), "/admin/changes");
    assert!(client::find(&bed.sso.db, "labour").await.expect("read").is_none());

    let mut other = bed.at_work(&checker).await;
    let change = href(&other.get("/admin").await.text, "/admin/change/chg_");
    let digest = other.get(&change).await.field("digest").expect("what is approved");
    other.submit(&change, &[("do", "approve"), ("digest", &digest)]).await;
    let added = client::find(&bed.sso.db, "labour").await.expect("read").expect("added");
    assert_eq!(added.secret_digest, None, "who approved has no secret of it");
    assert_eq!(added.registration.grant_types.len(), 2);

    let shown = browser.submit("/admin/client/labour", &[("do", "secret")]).await;
    let stored = client::find(&bed.sso.db, "labour").await.expect("read").expect("a client").secret_digest;
    let is_secret = |word: &&str| word.len() == 43 && Some(sso::seal::digest(word)) == stored;
    let words = shown.text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    assert!(words.clone().any(|word| is_secret(&word)), "the secret is shown: {}", shown.text);
    let again = browser.get("/admin/client/labour").await;
    let mut words = again.text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    assert!(!words.any(|word| is_secret(&word)), "and once only");
    let said = bed.written_down("client labour").await;
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(!said.join("").contains("Labour portal"));
}

async fn locking_is_for_one_person_and_at_once(bed: &Bed) {
    let (admin, person) = (bed.administrator(1).await, bed.citizen(2).await);
    let mut theirs = Browser::new(bed);
    theirs.take(&bed.session_cookie(&person, &[Method::Password]).await);
    let mut browser = bed.at_work(&admin).await;
    let here = format!("/admin/account/{}", bed.sso.public_ids.show("acc", person.id));
    let early = browser.submit(&here, &[("do", "lock"), ("reason", "a stolen telephone")]).await;
    assert_eq!(early.status, StatusCode::NOT_FOUND, "no act without a look");
    browser.submit(&here, &[("do", "look"), ("reason", "a stolen telephone")]).await;
    let locked = browser.submit(&here, &[("do", "lock"), ("reason", "a stolen telephone")]).await;
    assert_eq!(locked.location(), here);
    let state = async || {
        account::find(&bed.sso.db, &bed.sso.sealer, person.id).await.expect("read").expect("one").state
    };
    assert_eq!(state().await, AccountState::Locked);
    let sessions =
        sso::store::session::of_account(&bed.sso.db, person.id, bed.sso.now()).await.expect("read");
    assert!(sessions.is_empty(), "nobody is signed in with it");
    let unlocked = browser.submit(&here, &[("do", "unlock"), ("reason", "found again")]).await;
    assert_eq!((unlocked.location(), state().await), (here.as_str(), AccountState::Active));
    let said = bed.written_down(&format!("account {}", person.id)).await;
    let acts: Vec<_> = said.iter().map(|line| line.split(" | ").next().expect("an act")).collect();
    assert_eq!(acts, ["account look-up", "account lock", "account unlock"]);
    assert!(said[1].contains("a stolen telephone") && said[1].contains("sessions ended: 1"), "{said:?}");
    // No button sets a password or acts as somebody else, whatever is sent.
    for wanted in ["password", "impersonate", "close", "resume", "grant-all", ""] {
        let answer =
            browser.submit(&here, &[("do", wanted), ("reason", "let me try"), ("password", "x")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wanted}");
    }
}

async fn the_log_is_searched_page_by_page(bed: &Bed) {
    let (maker, auditor) = (bed.administrator(1).await, bed.staff(2, &[(Role::Auditor, "")]).await);
    for n in 0..60 {
        let person = bed.citizen(100 + n).await;
        bed.proposed(&maker, &grant(&person, Role::FinanceOfficer, "mol")).await;
    }
    let mut browser = bed.at_work(&auditor).await;
    let number = bed.sso.public_ids.show("acc", maker.id);
    let first = browser.get(&format!("/admin/audit?actor={number}")).await;
    assert_eq!(first.text.matches("change propose").count(), 50, "{}", first.text);
    let older = next_page(&first.text).expect("a next page").replace("&amp;", "&").replace("&#38;", "&");
    let second = browser.get(&older).await;
    assert_eq!(second.text.matches("change propose").count(), 10, "{older}");
    assert_eq!(next_page(&second.text), None, "no page after the last");
    let none = browser.get(&format!("/admin/audit?actor={number}&until=2026-11-21")).await;
    assert_eq!(none.text.matches("change propose").count(), 0);
    let some = browser
        .get(&format!("/admin/audit?actor={number}&from=%D9%A2%D9%A0%D9%A2%D9%A6-11-22&until=2026-11-22"))
        .await;
    assert_eq!(some.text.matches("change propose").count(), 50, "a day in Arabic digits");
    let wrong = browser.get("/admin/audit?from=22.11.2026").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}

async fn the_command_line_is_written_down(bed: &Bed) {
    use sso::bootstrap;
    let sso = &bed.sso;
    let person = crate::support::people::person(9);
    let id = bootstrap::add_account(sso, &person, "root").await.expect("added");
    assert!(bootstrap::add_account(sso, &person, "root").await.is_err(), "once only");
    let code = bootstrap::activation_code(sso, id, "root").await.expect("a code");
    let mut home = Browser::new(bed);
    let wrong = home.submit("/activate", &[("who", &national_id(9)), ("code", "00000-00000")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    bed.clock.pass_ms(60_000);
    let taken = home.submit("/activate", &[("who", &national_id(9)), ("code", &code)]).await;
    assert_eq!(taken.location(), "/activate/code");
    let held = sso::store::role::Held { role: Role::Administrator, scope: String::new() };
    bootstrap::grant_role(sso, id, &held, "root").await.expect("granted");
    let auditor = sso::store::role::Held { role: Role::Auditor, scope: String::new() };
    assert!(bootstrap::grant_role(sso, id, &auditor, "root").await.is_err(), "duties stay apart here too");
    let number = sso.public_ids.show("acc", id);
    let identity = format!("national_id:{}", national_id(9));
    for text in [number.as_str(), identity.as_str()] {
        assert_eq!(bootstrap::find_user(sso, text).await.expect("read"), Some(id));
    }
    assert_eq!(bootstrap::staff(sso).await.expect("read")[0].account, number);
    let json = super::registration(Some("mol"));
    let secret =
        bootstrap::client_add(sso, "labour", &json, None, "root").await.expect("added").expect("a secret");
    let stored = client::find(&sso.db, "labour").await.expect("read").expect("a client").secret_digest;
    assert_eq!(stored, Some(sso::seal::digest(&secret)));
    let mut changed = json.clone();
    changed["scopes"] = serde_json::json!(["openid"]);
    bootstrap::client_change(sso, "labour", &changed, "root").await.expect("changed");
    bootstrap::client_suspend(sso, "labour", "a stolen key", "root").await.expect("suspended");
    bootstrap::client_resume(sso, "labour", "root").await.expect("resumed");
    changed["redirect_uris"] = serde_json::json!(["http://a"]);
    assert!(bootstrap::client_change(sso, "labour", &changed, "root").await.is_err());
    let acts = |lines: Vec<String>| {
        lines.iter().map(|line| line.split(" | ").take(2).collect::<Vec<_>>().join(" | ")).collect::<Vec<_>>()
    };
    let said = bed.written_down(&format!("account {id}")).await;
    assert_eq!(
        acts(said.clone()),
        ["account add | root", "account activation code | root", "role grant | root"]
    );
    assert!(!said.join("").contains(&person.identity_number) && !said.join("").contains("سلمى"));
    assert_eq!(
        acts(bed.written_down("client labour").await),
        [
            "client add | root",
            "client secret | root",
            "client change | root",
            "client suspend | root",
            "client resume | root",
        ]
    );
}
