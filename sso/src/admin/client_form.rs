//! The form of a registration: a new client, or a change of one. What it says becomes the JSON that the
//! command line takes too, and is checked by the same rules.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use look::{Form, Frame, Page};
use serde_json::{Map, Value, json};

use super::client::find;
use super::{
    Away, Choice, Inside, Part, department_name, enter, enter_to_act, framed, parts, refuse, sample_parts,
    status, told,
};
use crate::Sso;
use crate::change::{Content, Refused, propose as propose_change};
use crate::client::Registration;
use crate::client::validation::read;
use crate::oidc::scope::Scope;
use crate::role::{Permission, Reach};
use crate::visit::{Fields, Posted, Visit};

/// The page.
#[derive(Template)]
#[template(path = "admin/client-form.html")]
pub struct ClientForm {
    frame: Frame,
    parts: Vec<Part>,
    action: String,
    back: String,
    is_new: bool,
    scopes: [&'static str; Scope::ALL.len()],
    departments: Vec<Choice>,
    /// Those of everywhere may register what nobody is asked about.
    may_imply: bool,
}

impl Page for ClientForm {
    const NAME: &'static str = "admin-client-form";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.visited("سلمى النجار", 3);
        let mut refused = filled(&json!({
            "client_name": { "ar": "بوابة العمل", "en": "Labour portal" }, "profile": "baseline",
            "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["authorization_code"],
            "scopes": ["openid"], "redirect_uris": ["http://labour.example.ps/callback"],
        }));
        refused.refuse("redirect_uris", frame.say("client-wrong-uri-scheme"));
        let page = |is_new, frame: Frame| Self {
            frame,
            parts: sample_parts("/admin/clients"),
            action: "/admin/clients/new".into(),
            back: "/admin/clients".into(),
            is_new,
            scopes: Scope::ALL.map(Scope::as_str),
            departments: vec![Choice::new("mol", "وزارة العمل")],
            may_imply: true,
        };
        vec![
            ("new", page(true, frame.clone().titled("admin-client-new").filled(fresh()))),
            ("refused", page(false, frame.titled("admin-client-change").filled(refused))),
        ]
    }
}

/// The field of the form that a pointer into the registration is about.
pub(super) fn field_of(pointer: &str) -> &'static str {
    let mut parts = pointer.trim_start_matches('/').split('/');
    match (parts.next().unwrap_or(""), parts.next()) {
        ("client_name", Some("en")) => "name_en",
        ("client_name", _) => "name_ar",
        ("name", Some("en")) => "name_en",
        ("name", _) => "name_ar",
        ("address", Some("en")) => "address_en",
        ("address", _) => "address_ar",
        ("hours", Some("en")) => "hours_en",
        ("hours", _) => "hours_ar",
        ("profile", _) => "profile",
        ("token_endpoint_auth_method", _) => "authentication",
        ("grant_types", _) => "grants",
        ("scopes", _) => "scopes",
        ("redirect_uris", _) => "redirect_uris",
        ("post_logout_redirect_uris", _) => "post_logout_redirect_uris",
        ("backchannel_logout_uri", _) => "backchannel_logout_uri",
        ("jwks", _) => "jwks",
        ("tls_client_auth_subject_dn", _) => "subject_dn",
        ("sector_identifier", _) => "sector_identifier",
        ("id_token_signed_response_alg", _) => "algorithm",
        ("department", _) => "department",
        _ => "client_id",
    }
}

fn fresh() -> Form {
    filled(&json!({
        "profile": "baseline", "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code"], "scopes": ["openid"], "id_token_signed_response_alg": "ES256",
    }))
}

/// The form that says what a registration says.
fn filled(registration: &Value) -> Form {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let list = |name: &str| -> Vec<String> {
        registration[name].as_array().map(|list| list.iter().map(text).collect()).unwrap_or_default()
    };
    let mut form = Form::new()
        .with("name_ar", &text(&registration["client_name"]["ar"]))
        .with("name_en", &text(&registration["client_name"]["en"]))
        .with("authentication", &text(&registration["token_endpoint_auth_method"]))
        .with("subject_dn", &text(&registration["tls_client_auth_subject_dn"]))
        .with("algorithm", &text(&registration["id_token_signed_response_alg"]));
    for name in ["profile", "backchannel_logout_uri", "sector_identifier", "department"] {
        form = form.with(name, &text(&registration[name]));
    }
    for name in ["redirect_uris", "post_logout_redirect_uris"] {
        form = form.with(name, &list(name).join("\n"));
    }
    for grant in list("grant_types") {
        form = form.with("grants", grant.rsplit(':').next().unwrap_or(""));
    }
    for scope in list("scopes") {
        form = form.with("scopes", &scope);
    }
    if !registration["jwks"].is_null() {
        form = form.with("jwks", &serde_json::to_string_pretty(&registration["jwks"]).unwrap_or_default());
    }
    for flag in FLAGS {
        if registration[flag] == true {
            form = form.with("flags", flag);
        }
    }
    form
}

const FLAGS: [&str; 3] =
    ["dpop_bound_access_tokens", "require_pushed_authorization_requests", "consent_is_implied"];

/// What was typed, to be shown again.
fn typed(fields: &Fields) -> Form {
    let mut form = Form::new();
    for name in [
        "client_id",
        "name_ar",
        "name_en",
        "profile",
        "authentication",
        "redirect_uris",
        "post_logout_redirect_uris",
        "backchannel_logout_uri",
        "jwks",
        "subject_dn",
        "sector_identifier",
        "algorithm",
        "department",
        "reason",
    ] {
        form = form.with(name, &fields.get(name));
    }
    for name in ["grants", "scopes", "flags"] {
        for value in fields.all(name) {
            form = form.with(name, value);
        }
    }
    form
}

/// The registration that the form says, as JSON; empty fields are left out.
fn registration(fields: &Fields) -> Result<Value, Refused> {
    let lines = |name: &str| -> Vec<String> {
        fields.get(name).lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let grant = |word: &str| match word {
        "device_code" => "urn:ietf:params:oauth:grant-type:device_code".to_owned(),
        other => other.to_owned(),
    };
    let mut json = Map::new();
    json.insert("client_name".into(), json!({ "ar": fields.get("name_ar"), "en": fields.get("name_en") }));
    json.insert("profile".into(), fields.get("profile").into());
    json.insert("token_endpoint_auth_method".into(), fields.get("authentication").into());
    json.insert("grant_types".into(), fields.all("grants").map(grant).collect());
    json.insert("scopes".into(), fields.all("scopes").map(str::to_owned).collect());
    json.insert("redirect_uris".into(), lines("redirect_uris").into());
    json.insert("post_logout_redirect_uris".into(), lines("post_logout_redirect_uris").into());
    for (name, field) in [
        ("backchannel_logout_uri", "backchannel_logout_uri"),
        ("tls_client_auth_subject_dn", "subject_dn"),
        ("sector_identifier", "sector_identifier"),
        ("id_token_signed_response_alg", "algorithm"),
        ("department", "department"),
    ] {
        let value = fields.get(field);
        if !value.is_empty() {
            json.insert(name.into(), value.into());
        }
    }
    for flag in FLAGS {
        json.insert(flag.into(), fields.all("flags").any(|one| one == flag).into());
    }
    let keys = fields.get("jwks");
    if !keys.is_empty() {
        let wrong = |_| {
            let at = "/jwks".to_owned();
            Refused::Fields(vec![crate::client::validation::Complaint { at, key: "client-wrong-json" }])
        };
        json.insert("jwks".into(), serde_json::from_str(&keys).map_err(wrong)?);
    }
    Ok(Value::Object(json))
}

pub(super) async fn show_new(State(sso): State<Arc<Sso>>, visit: Visit) -> Result<Response, Away> {
    let inside = enter(&visit, Permission::ClientsPropose)?;
    Ok(page(&sso, &visit, &inside, None, fresh()))
}

pub(super) async fn show(
    State(sso): State<Arc<Sso>>,
    Path(id): Path<String>,
    visit: Visit,
) -> Result<Response, Away> {
    let inside = enter(&visit, Permission::ClientsPropose)?;
    let (client, _) = find(&sso, &visit, &inside, &id).await?;
    let json = serde_json::to_value(&client.registration).unwrap_or_default();
    Ok(page(&sso, &visit, &inside, Some(&id), filled(&json)))
}

fn page(sso: &Sso, visit: &Visit, inside: &Inside<'_>, client: Option<&str>, form: Form) -> Response {
    let open = sso.settings.departments.iter().filter(|one| inside.reach.covers(&one.code));
    let back = client.map_or_else(|| "/admin/clients".to_owned(), |id| format!("/admin/client/{id}"));
    let action =
        client.map_or_else(|| "/admin/clients/new".to_owned(), |id| format!("/admin/client/{id}/change"));
    let title = if client.is_some() { "admin-client-change" } else { "admin-client-new" };
    let page = ClientForm {
        frame: framed(visit, title, form),
        parts: parts(inside.known, "/admin/clients"),
        action,
        back,
        is_new: client.is_none(),
        scopes: Scope::ALL.map(Scope::as_str),
        departments: open.map(|one| Choice::new(&*one.code, department_name(visit, one))).collect(),
        may_imply: inside.reach == Reach::Everywhere,
    };
    visit.page(status(&page.frame.form), &page, &page.frame)
}

pub(super) async fn propose_new(State(sso): State<Arc<Sso>>, posted: Posted) -> Result<Response, Away> {
    let inside = enter_to_act(&posted.visit, Permission::ClientsPropose)?;
    proposed(&sso, &posted, &inside, None).await
}

pub(super) async fn propose(
    State(sso): State<Arc<Sso>>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Away> {
    let inside = enter_to_act(&posted.visit, Permission::ClientsPropose)?;
    find(&sso, &posted.visit, &inside, &id).await?;
    proposed(&sso, &posted, &inside, Some(&id)).await
}

async fn proposed(
    sso: &Sso,
    posted: &Posted,
    inside: &Inside<'_>,
    client: Option<&str>,
) -> Result<Response, Away> {
    let (visit, fields) = (&posted.visit, &posted.fields);
    let mut form = typed(fields);
    let checked = registration(fields).and_then(|json| read(&json, &sso.settings).map_err(Refused::Fields));
    match checked {
        Ok(registration) => {
            let content = content(client, fields, registration);
            let done = propose_change(sso, inside.known.account.id, &content, &fields.get("reason")).await;
            if told(visit, done, &mut form, "client_id")?.is_some() {
                return Ok(visit.go("/admin/changes"));
            }
        }
        Err(refused) => refuse(visit, &refused, &mut form, "client_id"),
    }
    Ok(page(sso, visit, inside, client, form))
}

fn content(client: Option<&str>, fields: &Fields, registration: Registration) -> Content {
    let registration = Box::new(registration);
    match client {
        Some(client) => Content::ChangeClient { client: client.to_owned(), registration },
        None => Content::AddClient { client: fields.get("client_id"), registration, api_client: None },
    }
}
