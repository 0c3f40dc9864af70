//! One client: what it registered as, its keys, and what is done at once.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use look::{Form, Frame, Page};

use super::clients::{client_name, client_state, profile_key};
use super::difference::{Difference, of_registrations};
use super::{Away, Inside, Part, enter, enter_to_act, framed, nothing, parts, sample_parts, status, told};
use crate::Sso;
use crate::audit::Actor;
use crate::change::{Content, propose};
use crate::client::Client;
use crate::role::{Permission, allows};
use crate::store::client as rows;
use crate::urgent;
use crate::visit::{Posted, Visit};

/// The page.
#[derive(Template)]
#[template(path = "admin/client.html")]
pub struct OneClient {
    frame: Frame,
    parts: Vec<Part>,
    id: String,
    name: String,
    profile: &'static str,
    word: &'static str,
    shape: &'static str,
    fields: Vec<Difference>,
    /// Which buttons there are: `secret`, `suspend`, `resume`.
    buttons: Vec<&'static str>,
    may_propose: bool,
    /// A new secret, this once.
    secret: Option<String>,
}

impl Page for OneClient {
    const NAME: &'static str = "admin-client";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("admin-client").visited("سلمى النجار", 3);
        let fields = vec![
            Difference {
                field: "jwks".into(),
                before: vec![],
                after: vec!["k1 NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs".into()],
            },
            Difference {
                field: "redirect_uris".into(),
                before: vec![],
                after: vec!["https://labour.example.ps/callback".into()],
            },
        ];
        let page = |shape, state, buttons, secret: Option<&str>| Self {
            frame: frame.clone(),
            parts: sample_parts("/admin/clients"),
            id: "labour-portal".into(),
            name: "بوابة العمل".into(),
            profile: "admin-profile-fapi2",
            word: state,
            shape,
            fields: fields.clone(),
            buttons,
            may_propose: true,
            secret: secret.map(str::to_owned),
        };
        vec![
            ("active", page("done", "admin-client-active", vec!["secret", "suspend"], None)),
            ("suspended", page("refused", "admin-client-suspended", vec!["resume"], None)),
            (
                "secret",
                page("done", "admin-client-active", vec!["secret", "suspend"], Some("sample-of-a-secret")),
            ),
        ]
    }
}

/// The client of an identifier, where somebody's reach has it.
pub(super) async fn find(
    sso: &Sso,
    visit: &Visit,
    inside: &Inside<'_>,
    id: &str,
) -> Result<(Client, String), Away> {
    let found = rows::find_any(&sso.db, id).await?;
    let ours = |(client, _): &(Client, String)| {
        inside.reach.covers(client.registration.department.as_deref().unwrap_or(""))
    };
    found.filter(ours).ok_or_else(|| nothing(visit))
}

pub(super) async fn show(
    State(sso): State<Arc<Sso>>,
    Path(id): Path<String>,
    visit: Visit,
) -> Result<Response, Away> {
    let inside = enter(&visit, Permission::ClientsRead)?;
    let (client, state) = find(&sso, &visit, &inside, &id).await?;
    Ok(page(&visit, &inside, &client, &state, (Form::new(), None)))
}

fn page(
    visit: &Visit,
    inside: &Inside<'_>,
    client: &Client,
    stored_state: &str,
    (form, secret): (Form, Option<String>),
) -> Response {
    let (state, shape) = client_state(stored_state);
    let department = crate::change::department_of_client(&client.registration);
    let may = |permission| allows(&inside.known.roles, permission, &department);
    let mut buttons = Vec::new();
    if may(Permission::ClientsSecret) && urgent::has_secret(client) {
        buttons.push("secret");
    }
    if may(Permission::ClientsSuspend) && stored_state == "active" {
        buttons.push("suspend");
    }
    if may(Permission::ClientsPropose) && stored_state == "suspended" {
        buttons.push("resume");
    }
    let page = OneClient {
        frame: framed(visit, "admin-client", form),
        parts: parts(inside.known, "/admin/clients"),
        id: client.id.clone(),
        name: client_name(visit, &client.registration.client_name),
        profile: profile_key(client.registration.profile),
        word: state,
        shape,
        fields: of_registrations(None, &client.registration),
        buttons,
        may_propose: may(Permission::ClientsPropose) && stored_state != "retired",
        secret,
    };
    visit.page(status(&page.frame.form), &page, &page.frame)
}

pub(super) async fn act(
    State(sso): State<Arc<Sso>>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Away> {
    let (visit, fields) = (&posted.visit, &posted.fields);
    let wanted = match fields.exact("do") {
        "secret" => Permission::ClientsSecret,
        "suspend" => Permission::ClientsSuspend,
        "resume" => Permission::ClientsPropose,
        _ => return Err(nothing(visit)),
    };
    let inside = enter_to_act(visit, wanted)?;
    let (client, state) = find(&sso, visit, &inside, &id).await?;
    // What nobody is asked about is the government's own, whatever department it says.
    if !inside.reach.covers(&crate::change::department_of_client(&client.registration)) {
        return Err(nothing(visit));
    }
    let (me, why) = (inside.known.account.id, fields.get("reason"));
    let mut form = Form::new().with("reason", &why);
    if wanted == Permission::ClientsSecret {
        let made = urgent::rotate_secret(&sso, Actor::Account(me), &id).await;
        let secret = told(visit, made, &mut form, "reason")?;
        return Ok(page(visit, &inside, &client, &state, (form, secret)));
    }
    let done = match wanted {
        Permission::ClientsSuspend => urgent::suspend_client(&sso, Actor::Account(me), &id, &why).await,
        _ => propose(&sso, me, &Content::ResumeClient { client: id.clone() }, &why).await.map(|_| ()),
    };
    if told(visit, done, &mut form, "reason")?.is_some() {
        let here = format!("/admin/client/{id}");
        let to = if wanted == Permission::ClientsSuspend { here.as_str() } else { "/admin/changes" };
        return Ok(visit.go(to));
    }
    Ok(page(visit, &inside, &client, &state, (form, None)))
}
