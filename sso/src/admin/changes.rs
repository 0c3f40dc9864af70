//! What was proposed: what waits, and what became of the rest.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use look::{Frame, Page};

use super::{Away, Part, When, enter, parts, sample_parts};
use crate::Sso;
use crate::change::{Content, name};
use crate::fault::Fault;
use crate::role::{Permission, Reach, allows};
use crate::session::SignedIn;
use crate::store::change::{self as rows, Change};
use crate::visit::{Fields, Visit};

/// A change in a list.
#[derive(Debug, Clone)]
pub struct Line {
    pub(super) id: i64,
    pub(super) proposed_by: i64,
    about: Option<i64>,
    department: String,
    permission: Permission,
    /// Where it is shown whole.
    pub(super) href: String,
    /// The key of its kind.
    pub(super) kind: String,
    /// The number or identifier of what it is about.
    pub(super) subject: String,
    /// Who proposed it.
    pub(super) by: String,
    /// When.
    pub(super) at: When,
    /// The key of its state.
    pub(super) state: &'static str,
    /// The shape of its state.
    pub(super) shape: &'static str,
}

impl Line {
    /// Whether somebody may decide it: another person, with the permission where it belongs.
    pub(super) fn may_decide(&self, known: &SignedIn) -> bool {
        let me = known.account.id;
        let other = self.proposed_by != me && self.about != Some(me);
        other && allows(&known.roles, self.permission, &self.department)
    }

    pub(super) fn sample() -> Self {
        Self {
            id: 1,
            proposed_by: 2,
            about: None,
            department: String::new(),
            permission: Permission::ClientsApprove,
            href: "/admin/change/chg_0000000000001A".into(),
            kind: "admin-kind-change-client".into(),
            subject: "labour-portal".into(),
            by: "كريم عودة".into(),
            at: When::sample(),
            state: "admin-state-waiting",
            shape: "waiting",
        }
    }

    async fn of(visit: &Visit, sso: &Sso, change: &Change) -> Result<Self, Fault> {
        let content = Content::read(&change.content)?;
        let (_, by) = sso.name_of(change.proposed_by).await?;
        let (state, shape) = state(change, visit.sso.now());
        Ok(Self {
            id: change.id,
            proposed_by: change.proposed_by,
            about: change.subject_account,
            department: change.department.clone(),
            permission: content.permissions().1,
            href: format!("/admin/change/{}", name(sso, change.id)),
            kind: format!("admin-kind-{}", content.kind()),
            subject: subject(sso, &content),
            by,
            at: When::of(change.proposed_at),
            state,
            shape,
        })
    }
}

/// What a change is about, as people call it.
pub(super) fn subject(sso: &Sso, content: &Content) -> String {
    match content.account() {
        Some(account) => sso.show_account(account),
        None => content.client().or(content.office()).unwrap_or("").to_owned(),
    }
}

/// The key and the shape of the state of a change.
pub(super) fn state(change: &Change, now: switch_core::clock::Timestamp) -> (&'static str, &'static str) {
    match change.state.as_str() {
        "waiting" if change.expires_at <= now => ("admin-state-expired", "off"),
        "waiting" => ("admin-state-waiting", "waiting"),
        "applied" => ("admin-state-applied", "done"),
        "refused" => ("admin-state-refused", "refused"),
        _ => ("admin-state-withdrawn", "off"),
    }
}

/// What waits where somebody may look.
pub(super) async fn lines(visit: &Visit, sso: &Sso, reach: &Reach) -> Result<Vec<Line>, Fault> {
    let mut found = Vec::new();
    for department in reach.filters() {
        for change in rows::waiting(&sso.db, department, sso.now()).await? {
            found.push(Line::of(visit, sso, &change).await?);
        }
    }
    Ok(found)
}

/// The page.
#[derive(Template)]
#[template(path = "admin/changes.html")]
pub struct Changes {
    frame: Frame,
    parts: Vec<Part>,
    waiting: Vec<Line>,
    past: Vec<Line>,
    /// Where the older ones are; empty when there are none.
    older: String,
}

impl Page for Changes {
    const NAME: &'static str = "admin-changes";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("admin-changes").visited("سلمى النجار", 3);
        let applied = Line { state: "admin-state-applied", shape: "done", ..Line::sample() };
        let page = |waiting, past, older: &str| Self {
            frame: frame.clone(),
            parts: sample_parts("/admin/changes"),
            waiting,
            past,
            older: older.to_owned(),
        };
        vec![
            ("some", page(vec![Line::sample()], vec![applied], "/admin/changes?before=7")),
            ("none", page(vec![], vec![], "")),
        ]
    }
}

pub(super) async fn show(State(sso): State<Arc<Sso>>, visit: Visit) -> Result<Response, Away> {
    let inside = enter(&visit, Permission::ChangesRead)?;
    let query = Fields::parse(visit.uri.query().unwrap_or(""));
    let before = sso.public_ids.read("chg", &query.get("before")).unwrap_or(i64::MAX);
    let mut past = Vec::new();
    for department in inside.reach.filters() {
        for change in rows::past(&sso.db, department, sso.now(), before).await? {
            past.push(Line::of(&visit, &sso, &change).await?);
        }
    }
    past.sort_by_key(|line| std::cmp::Reverse(line.id));
    let is_more = past.len() >= PAGE;
    past.truncate(PAGE);
    let last = past.last().filter(|_| is_more);
    let older =
        last.map_or_else(String::new, |line| format!("/admin/changes?before={}", name(&sso, line.id)));
    let waiting = if before == i64::MAX { lines(&visit, &sso, &inside.reach).await? } else { Vec::new() };
    let parts = parts(inside.known, "/admin/changes");
    let frame = visit.frame("admin-changes");
    let page = Changes { frame: frame.clone(), parts, waiting, past, older };
    Ok(visit.page(StatusCode::OK, &page, &frame))
}

/// As many past changes as one query gives.
const PAGE: usize = 50;
