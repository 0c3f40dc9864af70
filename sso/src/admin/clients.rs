//! The clients of a department, or all.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use look::{Frame, Language, Page};

use super::{Away, Part, enter, parts, sample_parts, scope_name};
use crate::Sso;
use crate::client::{ClientName, Profile};
use crate::role::{Permission, Reach};
use crate::store::client;
use crate::visit::Visit;

/// A client in the list.
#[derive(Debug, Clone)]
pub struct Line {
    id: String,
    name: String,
    profile: &'static str,
    department: String,
    state: &'static str,
    shape: &'static str,
}

/// The page.
#[derive(Template)]
#[template(path = "admin/clients.html")]
pub struct Clients {
    frame: Frame,
    parts: Vec<Part>,
    lines: Vec<Line>,
    may_propose: bool,
}

impl Page for Clients {
    const NAME: &'static str = "admin-clients";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("admin-clients").visited("سلمى النجار", 3);
        let line = Line {
            id: "labour-portal".into(),
            name: "بوابة العمل".into(),
            profile: "admin-profile-fapi2",
            department: "وزارة العمل".into(),
            state: "admin-client-active",
            shape: "done",
        };
        let off = Line {
            id: "old-portal".into(),
            profile: "admin-profile-baseline",
            state: "admin-client-suspended",
            shape: "refused",
            ..line.clone()
        };
        let page = |lines| Self {
            frame: frame.clone(),
            parts: sample_parts("/admin/clients"),
            lines,
            may_propose: true,
        };
        vec![("some", page(vec![line, off])), ("none", page(vec![]))]
    }
}

/// The name of a client in the visitor's language.
pub(super) fn client_name(visit: &Visit, name: &ClientName) -> String {
    match visit.words.language {
        Language::Arabic => name.ar.clone(),
        Language::English => name.en.clone(),
    }
}

/// The key of the name of a profile.
pub(super) fn profile_key(profile: Profile) -> &'static str {
    match profile {
        Profile::Baseline => "admin-profile-baseline",
        Profile::Fapi2 => "admin-profile-fapi2",
    }
}

/// The key and the shape of the state of a client.
pub(super) fn client_state(state: &str) -> (&'static str, &'static str) {
    match state {
        "active" => ("admin-client-active", "done"),
        "suspended" => ("admin-client-suspended", "refused"),
        _ => ("admin-client-retired", "off"),
    }
}

pub(super) async fn show(State(sso): State<Arc<Sso>>, visit: Visit) -> Result<Response, Away> {
    let inside = enter(&visit, Permission::ClientsRead)?;
    let mut lines = Vec::new();
    for department in inside.reach.filters() {
        for (client, state) in client::of_department(&sso.db, department).await? {
            let (state, shape) = client_state(&state);
            lines.push(Line {
                name: client_name(&visit, &client.registration.client_name),
                profile: profile_key(client.registration.profile),
                department: scope_name(&visit, client.registration.department.as_deref().unwrap_or("")),
                id: client.id,
                state,
                shape,
            });
        }
    }
    let may_propose = Reach::of(&inside.known.roles, Permission::ClientsPropose).is_some();
    let parts = parts(inside.known, "/admin/clients");
    let frame = visit.frame("admin-clients");
    let page = Clients { frame: frame.clone(), parts, lines, may_propose };
    Ok(visit.page(StatusCode::OK, &page, &frame))
}
