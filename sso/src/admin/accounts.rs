//! Looking somebody up: by the exact number of an identity document or of an account, with a reason.
//! Nobody sees a list of everybody.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use look::{Form, Frame, Page};

use super::{Away, Inside, Part, enter, framed, parts, refuse, sample_parts, status};
use crate::Sso;
use crate::audit::{Actor, Deed, write_down};
use crate::change::{self, NotDone, decide_in};
use crate::fault::Fault;
use crate::person::{Identity, IdentityKind};
use crate::role::{Permission, Reach, ScopeKind, scope_kind};
use crate::store::account::{self as rows, Account};
use crate::store::look_up;
use crate::store::role::{self, Held};
use crate::visit::{Fields, Posted, Visit};

/// The page.
#[derive(Template)]
#[template(path = "admin/accounts.html")]
pub struct Accounts {
    frame: Frame,
    parts: Vec<Part>,
}

impl Page for Accounts {
    const NAME: &'static str = "admin-accounts";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("admin-accounts").visited("سلمى النجار", 3);
        let mut form = Form::new().with("number", "400000006").with("kind", "national_id");
        form.refuse("number", frame.say("admin-look-up-none"));
        let page = |frame| Self { frame, parts: sample_parts("/admin/accounts") };
        vec![("fresh", page(frame.clone())), ("none", page(frame.filled(form)))]
    }
}

pub(super) async fn show(visit: Visit) -> Result<Response, Away> {
    let inside = enter(&visit, Permission::AccountsRead)?;
    Ok(page(&visit, &inside, Form::new().with("kind", "number")))
}

fn page(visit: &Visit, inside: &Inside<'_>, form: Form) -> Response {
    let frame = framed(visit, "admin-accounts", form);
    let page = Accounts { frame, parts: parts(inside.known, "/admin/accounts") };
    visit.page(status(&page.frame.form), &page, &page.frame)
}

pub(super) async fn look_up(State(sso): State<Arc<Sso>>, posted: Posted) -> Result<Response, Away> {
    let (visit, fields) = (&posted.visit, &posted.fields);
    let inside = enter(visit, Permission::AccountsRead)?;
    let found = find(&sso, fields).await?;
    let seen = match found {
        Some(account) if sees(&sso, &inside.reach, account.id).await? => Some(account.id),
        Some(_) | None => None,
    };
    let mut form = Form::new();
    for name in ["kind", "number", "reason"] {
        form = form.with(name, &fields.get(name));
    }
    match (write_look_up(&sso, inside.known.account.id, seen, &fields.get("reason")).await, seen) {
        (Ok(()), Some(id)) => return Ok(visit.go(&format!("/admin/account/{}", sso.show_account(id)))),
        (Ok(()), None) => form.refuse("number", visit.words.say("admin-look-up-none")),
        (Err(NotDone::Refused(refused)), _) => refuse(visit, &refused, &mut form, "reason"),
        (Err(NotDone::Fault(fault)), _) => return Err(fault.into()),
    }
    Ok(page(visit, &inside, form))
}

/// What was typed: a number of ours, or of a document of a kind.
async fn find(sso: &Sso, fields: &Fields) -> Result<Option<Account>, Fault> {
    if let Ok(id) = sso.public_ids.read("acc", &fields.get("number")) {
        return rows::find(&sso.db, &sso.sealer, id).await;
    }
    let Some(kind) = IdentityKind::parse(&fields.get("kind")) else { return Ok(None) };
    let typed = match kind {
        IdentityKind::NationalId => fields.digits("number"),
        IdentityKind::Passport | IdentityKind::Company => {
            look::digits::western(&fields.get("number")).to_ascii_uppercase()
        }
    };
    let Ok(identity) = Identity::new(kind, &typed) else { return Ok(None) };
    rows::find_by_identity(&sso.db, &sso.sealer, &identity).await
}

/// Whether somebody's reach has an account in it: any, or staff of these departments.
pub(super) async fn sees(sso: &Sso, reach: &Reach, account: i64) -> Result<bool, Fault> {
    if *reach == Reach::Everywhere {
        return Ok(true);
    }
    let held = role::of_account(&sso.db, account).await?;
    let ours = |held: &Held| scope_kind(held.role) == ScopeKind::Department && reach.covers(&held.scope);
    Ok(held.iter().any(ours))
}

/// Writes down who looked, at whom and why; who was not found is written down too.
pub(super) async fn write_look_up(
    sso: &Sso,
    viewer: i64,
    account: Option<i64>,
    why: &str,
) -> Result<(), NotDone> {
    let (why, now) = (change::reason(why)?, sso.now());
    decide_in!(sso.db, tx => {
        if let Some(id) = account {
            look_up::add(tx, viewer, id, why, now).await?;
        }
        let subject = account.map_or_else(|| "nobody".to_owned(), |id| format!("account {id}"));
        let deed = Deed {
            at: now,
            actor: Actor::Account(viewer),
            act: "account look-up",
            subject,
            detail: why.to_owned(),
        };
        Ok(write_down(tx, deed).await?)
    })
}
