//! A change needs two people, the content both saw, and a subject that has not moved.

use sso::change::{Content, EXPIRES_MS, Refused, approve, propose, refuse, withdraw};
use sso::store::account::{AccountState, set_state};
use sso::store::change::{self as rows, Decision};
use sso::store::client;
use sso::store::role::{self, Held, Role};

use super::{grant, refusal, registered};
use crate::support::bed::Bed;

suite! {
    another_person_applies_a_change,
    nobody_approves_alone_or_for_themselves,
    what_is_approved_is_what_was_proposed,
    a_proposal_ends,
    who_lost_the_role_decides_nothing,
    a_subject_that_moved_is_not_changed,
    of_two_approvals_at_once_one_applies,
    the_database_refuses_one_pair_of_eyes,
    duties_that_must_be_apart_stay_apart,
    every_kind_is_applied_and_written_down,
    a_department_is_a_boundary,
}

const WHY: &str = "needed for the work";

async fn another_person_applies_a_change(bed: &Bed) {
    let (maker, checker) = (bed.administrator(1).await, bed.administrator(2).await);
    let person = bed.citizen(3).await;
    let id = bed.proposed(&maker, &grant(&person, Role::FinanceOfficer, "mol")).await;
    assert!(bed.roles(person.id).await.is_empty(), "a proposal gives nothing");
    approve(&bed.sso, checker.id, id, &bed.digest(id).await).await.expect("applied");
    assert_eq!(bed.roles(person.id).await, ["finance-officer@mol"]);
    let change = rows::find(&bed.sso.db, id).await.expect("read").expect("a change");
    assert_eq!((change.state.as_str(), change.decided_by), ("applied", Some(checker.id)));
    let again = approve(&bed.sso, checker.id, id, &change.digest).await;
    assert_eq!(refusal(again), Refused::Decided);
}

async fn nobody_approves_alone_or_for_themselves(bed: &Bed) {
    let (maker, checker) = (bed.administrator(1).await, bed.administrator(2).await);
    let person = bed.citizen(3).await;
    let id = bed.proposed(&maker, &grant(&person, Role::FinanceOfficer, "mol")).await;
    let digest = bed.digest(id).await;
    assert_eq!(refusal(approve(&bed.sso, maker.id, id, &digest).await), Refused::SamePerson);
    assert_eq!(refusal(refuse(&bed.sso, maker.id, id, WHY).await), Refused::SamePerson);
    let own = propose(&bed.sso, maker.id, &grant(&maker, Role::DepartmentAdministrator, "mol"), WHY).await;
    assert_eq!(refusal(own), Refused::OwnAccount);
    let id = bed.proposed(&maker, &grant(&checker, Role::DepartmentAdministrator, "mol")).await;
    let own = approve(&bed.sso, checker.id, id, &bed.digest(id).await).await;
    assert_eq!(refusal(own), Refused::OwnAccount);
    assert!(bed.roles(person.id).await.is_empty());
}

async fn what_is_approved_is_what_was_proposed(bed: &Bed) {
    let (maker, checker) = (bed.administrator(1).await, bed.administrator(2).await);
    let person = bed.citizen(3).await;
    let small = bed.proposed(&maker, &grant(&person, Role::FinanceOfficer, "mol")).await;
    let large = bed.proposed(&maker, &grant(&person, Role::Administrator, "")).await;
    // The digest of one page is sent to the other change.
    let seen = bed.digest(small).await;
    assert_eq!(refusal(approve(&bed.sso, checker.id, large, &seen).await), Refused::OtherContent);
    // Somebody with the database changes the content below the proposal.
    let sql =
        format!("UPDATE sso_change SET content = replace(content, '\"mol\"', '\"moh\"') WHERE id = {small}");
    bed.run_sql(&sql).await;
    assert_eq!(refusal(approve(&bed.sso, checker.id, small, &seen).await), Refused::OtherContent);
    assert!(bed.roles(person.id).await.is_empty());
    assert_eq!(refusal(approve(&bed.sso, checker.id, 1, &seen).await), Refused::NotThere);
}

async fn a_proposal_ends(bed: &Bed) {
    let (maker, checker) = (bed.administrator(1).await, bed.administrator(2).await);
    let person = bed.citizen(3).await;
    let id = bed.proposed(&maker, &grant(&person, Role::FinanceOfficer, "mol")).await;
    let digest = bed.digest(id).await;
    let twice = propose(&bed.sso, checker.id, &grant(&person, Role::FinanceOfficer, "mol"), WHY).await;
    assert_eq!(refusal(twice), Refused::Waiting);
    bed.clock.pass_ms(EXPIRES_MS);
    assert_eq!(refusal(approve(&bed.sso, checker.id, id, &digest).await), Refused::Expired);
    bed.clock.pass_ms(-1);
    withdraw(&bed.sso, maker.id, id).await.expect("withdrawn");
    assert_eq!(refusal(approve(&bed.sso, checker.id, id, &digest).await), Refused::Decided);
    let id = bed.proposed(&maker, &grant(&person, Role::FinanceOfficer, "mol")).await;
    assert_eq!(refusal(withdraw(&bed.sso, checker.id, id).await), Refused::NotThere);
    assert_eq!(refusal(refuse(&bed.sso, checker.id, id, " x ").await), Refused::Reason);
    refuse(&bed.sso, checker.id, id, "not needed").await.expect("refused");
    assert_eq!(refusal(approve(&bed.sso, checker.id, id, &digest).await), Refused::Decided);
    assert!(bed.roles(person.id).await.is_empty());
}

async fn who_lost_the_role_decides_nothing(bed: &Bed) {
    let (maker, checker) = (bed.administrator(1).await, bed.administrator(2).await);
    let person = bed.citizen(3).await;
    let id = bed.proposed(&maker, &grant(&person, Role::FinanceOfficer, "mol")).await;
    let digest = bed.digest(id).await;
    assert_eq!(refusal(approve(&bed.sso, person.id, id, &digest).await), Refused::OwnAccount);
    let nobody = bed.citizen(4).await;
    assert_eq!(refusal(approve(&bed.sso, nobody.id, id, &digest).await), Refused::NotAllowed);

    let mut tx = bed.sso.db.begin().await.expect("begins");
    let administrator = Held { role: Role::Administrator, scope: String::new() };
    assert!(role::withdraw(&mut tx, checker.id, &administrator).await.expect("withdrawn"));
    tx.commit().await.expect("commits");
    assert_eq!(refusal(approve(&bed.sso, checker.id, id, &digest).await), Refused::NotAllowed);

    let locked = bed.administrator(5).await;
    let mut tx = bed.sso.db.begin().await.expect("begins");
    set_state(&mut tx, locked.id, AccountState::Active, AccountState::Locked).await.expect("set");
    tx.commit().await.expect("commits");
    assert_eq!(refusal(approve(&bed.sso, locked.id, id, &digest).await), Refused::NotAllowed);
    assert!(bed.roles(person.id).await.is_empty());
}

async fn a_subject_that_moved_is_not_changed(bed: &Bed) {
    let (maker, checker) = (bed.administrator(1).await, bed.administrator(2).await);
    let person = bed.citizen(3).await;
    let first = bed.proposed(&maker, &grant(&person, Role::FinanceOfficer, "mol")).await;
    let second = bed.proposed(&maker, &grant(&person, Role::FinanceOfficer, "moh")).await;
    approve(&bed.sso, checker.id, first, &bed.digest(first).await).await.expect("applied");
    let moved = approve(&bed.sso, checker.id, second, &bed.digest(second).await).await;
    assert_eq!(refusal(moved), Refused::Moved);

    bed.client("labour", Some("mol")).await;
    let mut registration = registered(Some("mol"));
    registration.redirect_uris = vec!["https://labour.example.ps/back".into()];
    let content = Content::ChangeClient { client: "labour".into(), registration: Box::new(registration) };
    let id = bed.proposed(&maker, &content).await;
    sso::bootstrap::client_rotate_secret(&bed.sso, "labour", "operator").await.expect("rotated");
    let moved = approve(&bed.sso, checker.id, id, &bed.digest(id).await).await;
    assert_eq!(refusal(moved), Refused::Moved);
    let (client, _) = client::find_any(&bed.sso.db, "labour").await.expect("read").expect("a client");
    assert_eq!(client.registration.redirect_uris, ["https://labour.example.ps/callback"]);
}

async fn of_two_approvals_at_once_one_applies(bed: &Bed) {
    let maker = bed.administrator(1).await;
    let checkers = [bed.administrator(2).await, bed.administrator(3).await, bed.administrator(4).await];
    for n in 10..16 {
        let person = bed.citizen(n).await;
        let id = bed.proposed(&maker, &grant(&person, Role::FinanceOfficer, "mol")).await;
        let digest = bed.digest(id).await;
        let (a, b, c) = tokio::join!(
            approve(&bed.sso, checkers[0].id, id, &digest),
            approve(&bed.sso, checkers[1].id, id, &digest),
            refuse(&bed.sso, checkers[2].id, id, WHY),
        );
        let done = [a, b, c];
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
        let subject = format!("account {}", person.id);
        let decisions = bed.written_down(&subject).await;
        assert_eq!(decisions.len(), 2, "one proposal and one decision: {decisions:?}");
    }
}

async fn the_database_refuses_one_pair_of_eyes(bed: &Bed) {
    let (maker, checker) = (bed.administrator(1).await, bed.administrator(2).await);
    let id = bed.proposed(&maker, &grant(&checker, Role::DepartmentAdministrator, "mol")).await;
    let digest = bed.digest(id).await;
    let mut tx = bed.sso.db.begin().await.expect("begins");
    let decision = Decision { refused_because: None, by: maker.id, at: bed.sso.now(), digest: &digest };
    assert!(!rows::decide(&mut tx, id, decision).await.expect("asked"), "the statement does not match");
    drop(tx);
    for by in [maker.id, checker.id] {
        let sql = format!(
            "UPDATE sso_change SET state = 'applied', decided_by = {by}, decided_at = 1 WHERE id = {id}"
        );
        let said = bed.try_sql(&sql).await.expect_err("a constraint says no");
        assert!(said.to_uppercase().contains("CHECK"), "{said}");
    }
}

async fn duties_that_must_be_apart_stay_apart(bed: &Bed) {
    let (maker, checker) = (bed.administrator(1).await, bed.administrator(2).await);
    let officer = bed.staff(3, &[(Role::FinanceOfficer, "mol")]).await;
    for (role, scope) in
        [(Role::Auditor, ""), (Role::Administrator, ""), (Role::DepartmentAdministrator, "moh")]
    {
        let refused = propose(&bed.sso, maker.id, &grant(&officer, role, scope), WHY).await;
        assert_eq!(refusal(refused), Refused::Apart(Role::FinanceOfficer));
    }
    let person = bed.citizen(5).await;
    for (role, scope) in [
        (Role::FinanceOfficer, "no-such-department"),
        (Role::FinanceOfficer, ""),
        (Role::Auditor, "mol"),
        (Role::Clerk, "no-such-office"),
    ] {
        let refused = propose(&bed.sso, maker.id, &grant(&person, role, scope), WHY).await;
        assert_eq!(refusal(refused), Refused::Scope, "{role:?} {scope}");
    }
    // Two proposals that are harmless alone: the second one finds the first one's role.
    let person = bed.citizen(4).await;
    let one = bed.proposed(&maker, &grant(&person, Role::Administrator, "")).await;
    let other = bed.proposed(&maker, &grant(&person, Role::Auditor, "")).await;
    let digests = [bed.digest(one).await, bed.digest(other).await];
    let (a, b) = tokio::join!(
        approve(&bed.sso, checker.id, one, &digests[0]),
        approve(&bed.sso, checker.id, other, &digests[1]),
    );
    assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
    assert_eq!(bed.roles(person.id).await.len(), 1);
}

async fn every_kind_is_applied_and_written_down(bed: &Bed) {
    let (maker, checker) = (bed.administrator(1).await, bed.administrator(2).await);
    let done = async |content: Content| {
        let id = bed.proposed(&maker, &content).await;
        approve(&bed.sso, checker.id, id, &bed.digest(id).await).await.expect("applied");
        bed.written_down(&content.subject()).await.last().expect("an entry").clone()
    };
    let by = format!("account {}", checker.id);
    let person = bed.citizen(3).await;
    let held = |role, scope: &str| (person.id, role, scope.to_owned());
    let (account, role, scope) = held(Role::FinanceOfficer, "mol");
    let said = done(Content::GrantRole { account, role, scope: scope.clone() }).await;
    assert!(said.starts_with(&format!("role grant | {by} | ")), "{said}");
    assert!(
        said.contains("finance-officer@mol") && said.contains(&format!("of account {}", maker.id)),
        "{said}"
    );

    sso::urgent::lock(&bed.sso, sso::audit::Actor::Account(maker.id), person.id, WHY).await.expect("locked");
    let citizens_only =
        sso::urgent::unlock_citizen(&bed.sso, sso::audit::Actor::Account(maker.id), person.id, WHY).await;
    assert_eq!(refusal(citizens_only), Refused::Nothing, "staff is unlocked by two");
    let said = done(Content::UnlockAccount { account }).await;
    assert!(said.starts_with(&format!("account unlock | {by} | ")), "{said}");
    let said = done(Content::WithdrawRole { account, role, scope }).await;
    assert!(said.starts_with(&format!("role withdraw | {by} | ")), "{said}");
    let said = done(Content::CloseAccount { account }).await;
    assert!(said.starts_with(&format!("account close | {by} | ")), "{said}");

    let registration = Box::new(registered(Some("mol")));
    let client = || "labour".to_owned();
    let said = done(Content::AddClient { client: client(), registration, api_client: None }).await;
    assert!(said.starts_with(&format!("client add | {by} | ")), "{said}");
    let secret = sso::urgent::rotate_secret(&bed.sso, sso::audit::Actor::Account(maker.id), "labour").await;
    assert_eq!(secret.expect("a secret").len(), 43);
    let mut registration = Box::new(registered(Some("mol")));
    registration.token_endpoint_auth_method = sso::client::ClientAuthentication::None;
    let said = done(Content::ChangeClient { client: client(), registration }).await;
    assert!(said.starts_with(&format!("client change | {by} | ")), "{said}");
    let (known, _) = client::find_any(&bed.sso.db, "labour").await.expect("read").expect("a client");
    assert_eq!(known.secret_digest, None, "a secret that is no way in any more does not stay");
    sso::urgent::suspend_client(&bed.sso, sso::audit::Actor::Account(maker.id), "labour", WHY)
        .await
        .expect("done");
    assert!(client::find(&bed.sso.db, "labour").await.expect("read").is_none());
    let said = done(Content::ResumeClient { client: client() }).await;
    assert!(said.starts_with(&format!("client resume | {by} | ")), "{said}");

    let office = super::office("post-ramallah");
    let said = done(Content::AddOffice { office: Box::new(office.clone()) }).await;
    assert!(said.starts_with(&format!("office add | {by} | ")), "{said}");
    let mut closed = office;
    closed.is_open = false;
    let said = done(Content::ChangeOffice { office: Box::new(closed.clone()) }).await;
    assert!(said.starts_with(&format!("office change | {by} | ")), "{said}");
    let nothing = propose(&bed.sso, maker.id, &Content::ChangeOffice { office: Box::new(closed) }, WHY).await;
    assert_eq!(refusal(nothing), Refused::Nothing);
    let clerk = bed.citizen(6).await;
    let said = done(grant(&clerk, Role::Clerk, "post-ramallah")).await;
    assert!(said.contains("clerk@post-ramallah"), "{said}");
}

async fn a_department_is_a_boundary(bed: &Bed) {
    let labour = [
        bed.staff(1, &[(Role::DepartmentAdministrator, "mol")]).await,
        bed.staff(2, &[(Role::DepartmentAdministrator, "mol")]).await,
    ];
    let health = bed.staff(3, &[(Role::DepartmentAdministrator, "moh")]).await;
    let person = bed.citizen(4).await;
    let id = bed.proposed(&labour[0], &grant(&person, Role::FinanceOfficer, "mol")).await;
    let digest = bed.digest(id).await;
    assert_eq!(refusal(approve(&bed.sso, health.id, id, &digest).await), Refused::NotThere);
    assert_eq!(refusal(refuse(&bed.sso, health.id, id, WHY).await), Refused::NotThere);
    approve(&bed.sso, labour[1].id, id, &digest).await.expect("applied");

    bed.client("health", Some("moh")).await;
    let mut taken = registered(Some("mol"));
    taken.redirect_uris = vec!["https://elsewhere.example.ps/".into()];
    let implied = sso::client::Registration { consent_is_implied: true, ..registered(Some("mol")) };
    let add = |id: &str, registration| Content::AddClient {
        client: id.into(),
        registration: Box::new(registration),
        api_client: None,
    };
    for content in [
        grant(&person, Role::FinanceOfficer, "moh"),
        grant(&person, Role::Administrator, ""),
        grant(&person, Role::Clerk, "post-ramallah"),
        Content::UnlockAccount { account: bed.citizen(5).await.id },
        Content::CloseAccount { account: health.id },
        Content::ChangeClient { client: "health".into(), registration: Box::new(taken) },
        Content::ResumeClient { client: "health".into() },
        add("new-health", registered(Some("moh"))),
        add("of-nobody", registered(None)),
        add("without-asking", implied),
        Content::AddOffice { office: Box::new(super::office("mine")) },
    ] {
        let refused = refusal(propose(&bed.sso, labour[0].id, &content, WHY).await);
        assert!(matches!(refused, Refused::NotThere | Refused::NotAllowed), "{content:?}: {refused:?}");
    }
    bed.proposed(&labour[0], &add("new-labour", registered(Some("mol")))).await;
}
