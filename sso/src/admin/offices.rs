//! The offices and who works at their desks.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use look::{Frame, Page};

use super::{Away, Part, enter, parts, sample_parts};
use crate::Sso;
use crate::role::{Permission, Reach};
use crate::store::office::{self as rows, OfficeKind};
use crate::visit::Visit;

/// An office in the list.
#[derive(Debug, Clone)]
pub struct Line {
    code: String,
    name: String,
    kind: &'static str,
    state: &'static str,
    shape: &'static str,
}

/// The page.
#[derive(Template)]
#[template(path = "admin/offices.html")]
pub struct Offices {
    frame: Frame,
    parts: Vec<Part>,
    lines: Vec<Line>,
    may_propose: bool,
}

impl Page for Offices {
    const NAME: &'static str = "admin-offices";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("admin-offices").visited("سلمى النجار", 3);
        let line = Line {
            code: "post-ramallah".into(),
            name: "بريد رام الله".into(),
            kind: "admin-office-post",
            state: "admin-office-open",
            shape: "done",
        };
        let page = |lines| Self {
            frame: frame.clone(),
            parts: sample_parts("/admin/offices"),
            lines,
            may_propose: true,
        };
        vec![("some", page(vec![line])), ("none", page(vec![]))]
    }
}

/// The key of whose office it is.
pub(super) fn kind_key(kind: OfficeKind) -> &'static str {
    match kind {
        OfficeKind::Interior => "admin-office-interior",
        OfficeKind::Post => "admin-office-post",
    }
}

pub(super) async fn show(State(sso): State<Arc<Sso>>, visit: Visit) -> Result<Response, Away> {
    let inside = enter(&visit, Permission::OfficesRead)?;
    let offices = rows::all(&sso.db).await?;
    let line = |office: &rows::Office| Line {
        code: office.code.clone(),
        name: office.name.of(visit.words.language).to_owned(),
        kind: kind_key(office.kind),
        state: if office.is_open { "admin-office-open" } else { "admin-office-closed" },
        shape: if office.is_open { "done" } else { "off" },
    };
    let lines = offices.iter().map(line).collect();
    let may_propose = Reach::of(&inside.known.roles, Permission::OfficesPropose).is_some();
    let parts = parts(inside.known, "/admin/offices");
    let frame = visit.frame("admin-offices");
    let page = Offices { frame: frame.clone(), parts, lines, may_propose };
    Ok(visit.page(StatusCode::OK, &page, &frame))
}
