//! One office: who works at its desk, and proposing that it be otherwise.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use look::{Form, Frame, Page};

use super::{
    Away, Inside, Part, enter, enter_to_act, framed, nothing, parts, role_key, sample_parts, status, told,
};
use crate::Sso;
use crate::change::{Content, propose as propose_change};
use crate::fault::Fault;
use crate::role::{Permission, Reach};
use crate::store::office::{self as rows, Both, Office, OfficeKind};
use crate::store::role;
use crate::visit::{Fields, Posted, Visit};

/// Somebody at the desk.
#[derive(Debug, Clone)]
pub struct DeskLine {
    href: String,
    name: String,
    role: &'static str,
}

/// The page.
#[derive(Template)]
#[template(path = "admin/office.html")]
pub struct OneOffice {
    frame: Frame,
    parts: Vec<Part>,
    action: String,
    /// Empty for a new one.
    code: String,
    clerks: Vec<DeskLine>,
    may_propose: bool,
}

impl Page for OneOffice {
    const NAME: &'static str = "admin-office";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.visited("سلمى النجار", 3);
        let clerk = DeskLine {
            href: "/admin/account/acc_0000000000001A".into(),
            name: "كريم عودة".into(),
            role: "admin-role-clerk",
        };
        let mut form = Form::new().with("code", "Post Ramallah").with("kind", "post");
        form.refuse("code", frame.say("change-refused-identifier"));
        let page = |code: &str, clerks, may_propose, frame: Frame| Self {
            frame,
            parts: sample_parts("/admin/offices"),
            action: "/admin/offices/new".into(),
            code: code.into(),
            clerks,
            may_propose,
        };
        vec![
            ("new", page("", vec![], true, frame.clone().titled("admin-office-new").filled(form))),
            ("known", page("post-ramallah", vec![clerk], true, frame.clone().titled("admin-office"))),
            ("only-look", page("post-ramallah", vec![], false, frame.titled("admin-office"))),
        ]
    }
}

pub(super) async fn show_new(State(sso): State<Arc<Sso>>, visit: Visit) -> Result<Response, Away> {
    let inside = enter(&visit, Permission::OfficesPropose)?;
    page(&sso, &visit, &inside, None, Form::new().with("kind", "post").with("state", "open")).await
}

pub(super) async fn show(
    State(sso): State<Arc<Sso>>,
    Path(code): Path<String>,
    visit: Visit,
) -> Result<Response, Away> {
    let inside = enter(&visit, Permission::OfficesRead)?;
    let office = rows::find(&sso.db, &code).await?.ok_or_else(|| nothing(&visit))?;
    page(&sso, &visit, &inside, Some(&code), filled(&office)).await
}

fn filled(office: &Office) -> Form {
    Form::new()
        .with("kind", office.kind.as_str())
        .with("name_ar", &office.name.ar)
        .with("name_en", &office.name.en)
        .with("address_ar", &office.address.ar)
        .with("address_en", &office.address.en)
        .with("hours_ar", &office.hours.ar)
        .with("hours_en", &office.hours.en)
        .with("state", if office.is_open { "open" } else { "closed" })
}

async fn page(
    sso: &Sso,
    visit: &Visit,
    inside: &Inside<'_>,
    code: Option<&str>,
    form: Form,
) -> Result<Response, Away> {
    let title = if code.is_some() { "admin-office" } else { "admin-office-new" };
    let action = code.map_or_else(|| "/admin/offices/new".to_owned(), |code| format!("/admin/office/{code}"));
    let clerks = match code {
        Some(code) => clerks(sso, code).await?,
        None => Vec::new(),
    };
    let page = OneOffice {
        frame: framed(visit, title, form),
        parts: parts(inside.known, "/admin/offices"),
        action,
        code: code.unwrap_or("").to_owned(),
        clerks,
        may_propose: Reach::of(&inside.known.roles, Permission::OfficesPropose).is_some(),
    };
    Ok(visit.page(status(&page.frame.form), &page, &page.frame))
}

async fn clerks(sso: &Sso, code: &str) -> Result<Vec<DeskLine>, Fault> {
    let mut lines = Vec::new();
    for (account, held) in role::holders(&sso.db, code).await? {
        let (number, name) = sso.name_of(account).await?;
        lines.push(DeskLine { href: format!("/admin/account/{number}"), name, role: role_key(held.role) });
    }
    Ok(lines)
}

pub(super) async fn propose_new(State(sso): State<Arc<Sso>>, posted: Posted) -> Result<Response, Away> {
    let inside = enter_to_act(&posted.visit, Permission::OfficesPropose)?;
    proposed(&sso, &posted, &inside, None).await
}

pub(super) async fn propose(
    State(sso): State<Arc<Sso>>,
    Path(code): Path<String>,
    posted: Posted,
) -> Result<Response, Away> {
    let inside = enter_to_act(&posted.visit, Permission::OfficesPropose)?;
    rows::find(&sso.db, &code).await?.ok_or_else(|| nothing(&posted.visit))?;
    proposed(&sso, &posted, &inside, Some(&code)).await
}

async fn proposed(
    sso: &Sso,
    posted: &Posted,
    inside: &Inside<'_>,
    code: Option<&str>,
) -> Result<Response, Away> {
    let (visit, fields) = (&posted.visit, &posted.fields);
    let mut form = Form::new();
    for name in [
        "code",
        "kind",
        "name_ar",
        "name_en",
        "address_ar",
        "address_en",
        "hours_ar",
        "hours_en",
        "state",
        "reason",
    ] {
        form = form.with(name, &fields.get(name));
    }
    let Some(office) = typed(fields, code) else {
        form.refuse("kind", visit.words.say("office-wrong-kind"));
        return page(sso, visit, inside, code, form).await;
    };
    let office = Box::new(office);
    let content = match code {
        Some(_) => Content::ChangeOffice { office },
        None => Content::AddOffice { office },
    };
    let done = propose_change(sso, inside.known.account.id, &content, &fields.get("reason")).await;
    if told(visit, done, &mut form, if code.is_some() { "kind" } else { "code" })?.is_some() {
        return Ok(visit.go("/admin/changes"));
    }
    page(sso, visit, inside, code, form).await
}

fn typed(fields: &Fields, code: Option<&str>) -> Option<Office> {
    let both =
        |name: &str| Both { ar: fields.get(&format!("{name}_ar")), en: fields.get(&format!("{name}_en")) };
    Some(Office {
        code: code.map_or_else(|| fields.get("code"), str::to_owned),
        kind: OfficeKind::parse(&fields.get("kind"))?,
        name: both("name"),
        address: both("address"),
        hours: both("hours"),
        is_open: fields.get("state") == "open",
        version: 0,
    })
}
