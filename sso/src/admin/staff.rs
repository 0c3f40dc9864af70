//! Who works here: roles by department, and proposing one for somebody by the number of the account.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use look::{Form, Frame, Page};

use super::{
    Away, Choice, Inside, Part, department_name, enter, enter_to_act, framed, parts, role_key, sample_parts,
    scope_name, status, told,
};
use crate::Sso;
use crate::change::{Content, propose as propose_change};
use crate::fault::Fault;
use crate::role::Permission;
use crate::store::office;
use crate::store::role::{self, Role};
use crate::visit::{Posted, Visit};

/// Somebody with a role.
#[derive(Debug, Clone)]
pub struct StaffLine {
    href: String,
    name: String,
    role: &'static str,
    scope: String,
}

/// The page.
#[derive(Template)]
#[template(path = "admin/staff.html")]
pub struct Staff {
    frame: Frame,
    parts: Vec<Part>,
    lines: Vec<StaffLine>,
    may_propose: bool,
    role_choices: Vec<Choice>,
    scope_choices: Vec<Choice>,
}

impl Page for Staff {
    const NAME: &'static str = "admin-staff";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("admin-staff").visited("سلمى النجار", 3);
        let line = StaffLine {
            href: "/admin/account/acc_0000000000001A".into(),
            name: "كريم عودة".into(),
            role: "admin-role-finance-officer",
            scope: "وزارة العمل".into(),
        };
        let mut form = Form::new().with("account", "acc_0000000000001B");
        form.refuse("account", frame.say("admin-staff-no-account"));
        let page = |lines, frame: Frame| Self {
            frame,
            parts: sample_parts("/admin/staff"),
            lines,
            may_propose: true,
            role_choices: vec![Choice::new("auditor", "مدقق")],
            scope_choices: vec![Choice::new("mol", "وزارة العمل")],
        };
        vec![
            ("some", page(vec![line.clone()], frame.clone())),
            ("refused", page(vec![line], frame.clone().filled(form))),
            ("none", page(vec![], frame)),
        ]
    }
}

/// Every role, with its name.
pub(super) fn role_choices(visit: &Visit) -> Vec<Choice> {
    Role::ALL.into_iter().map(|role| Choice::new(role.as_str(), visit.words.say(role_key(role)))).collect()
}

/// Everywhere, the departments and the offices.
pub(super) async fn scope_choices(sso: &Sso, visit: &Visit) -> Result<Vec<Choice>, Fault> {
    let everywhere = Choice::new("", visit.words.say("admin-everywhere"));
    let departments = &sso.settings.departments;
    let departments = departments.iter().map(|one| Choice::new(&*one.code, department_name(visit, one)));
    let offices = office::all(&sso.db).await?;
    let offices = offices.iter().map(|one| Choice::new(&*one.code, one.name.of(visit.words.language)));
    Ok([everywhere].into_iter().chain(departments).chain(offices).collect())
}

pub(super) async fn show(State(sso): State<Arc<Sso>>, visit: Visit) -> Result<Response, Away> {
    let inside = enter(&visit, Permission::RolesRead)?;
    page(&sso, &visit, &inside, Form::new()).await
}

async fn page(sso: &Sso, visit: &Visit, inside: &Inside<'_>, form: Form) -> Result<Response, Away> {
    let mut lines = Vec::new();
    for department in inside.reach.filters() {
        for (account, held) in role::holders(&sso.db, department).await? {
            let (number, name) = sso.name_of(account).await?;
            lines.push(StaffLine {
                href: format!("/admin/account/{number}"),
                name,
                role: role_key(held.role),
                scope: scope_name(visit, &held.scope),
            });
        }
    }
    let may_propose = crate::role::Reach::of(&inside.known.roles, Permission::RolesPropose).is_some();
    let page = Staff {
        frame: framed(visit, "admin-staff", form),
        parts: parts(inside.known, "/admin/staff"),
        lines,
        may_propose,
        role_choices: role_choices(visit),
        scope_choices: scope_choices(sso, visit).await?,
    };
    Ok(visit.page(status(&page.frame.form), &page, &page.frame))
}

pub(super) async fn propose(State(sso): State<Arc<Sso>>, posted: Posted) -> Result<Response, Away> {
    let (visit, fields) = (&posted.visit, &posted.fields);
    let inside = enter_to_act(visit, Permission::RolesPropose)?;
    let mut form = Form::new();
    for name in ["account", "role", "scope", "reason"] {
        form = form.with(name, &fields.get(name));
    }
    let account = sso.public_ids.read("acc", &fields.get("account"));
    match (account, Role::parse(&fields.get("role"))) {
        (Ok(account), Some(role)) => {
            let content = Content::GrantRole { account, role, scope: fields.get("scope") };
            let done = propose_change(&sso, inside.known.account.id, &content, &fields.get("reason")).await;
            if told(visit, done, &mut form, "role")?.is_some() {
                return Ok(visit.go("/admin/changes"));
            }
        }
        (Err(_), _) => form.refuse("account", visit.words.say("admin-staff-no-account")),
        (Ok(_), None) => form.refuse("role", visit.words.say("change-refused-scope")),
    }
    page(&sso, visit, &inside, form).await
}
