//! What waits for me.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use look::{Frame, Page};

use super::changes::{Line, lines};
use super::{Away, Part, enter, parts, sample_parts};
use crate::Sso;
use crate::role::Permission;
use crate::visit::Visit;

/// The first page.
#[derive(Template)]
#[template(path = "admin/home.html")]
pub struct Home {
    frame: Frame,
    parts: Vec<Part>,
    /// Proposals that others made and this person may decide.
    waiting: Vec<Line>,
    /// Proposals of this person that wait for others.
    own: Vec<Line>,
}

impl Page for Home {
    const NAME: &'static str = "admin-home";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("admin-home").visited("سلمى النجار", 3);
        let page = |waiting, own| Self { frame: frame.clone(), parts: sample_parts("/admin"), waiting, own };
        vec![("waiting", page(vec![Line::sample()], vec![Line::sample()])), ("empty", page(vec![], vec![]))]
    }
}

pub(super) async fn show(State(sso): State<Arc<Sso>>, visit: Visit) -> Result<Response, Away> {
    let inside = enter(&visit, Permission::ChangesRead)?;
    let all = lines(&visit, &sso, &inside.reach).await?;
    let me = inside.known.account.id;
    let (own, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|line| line.proposed_by == me);
    let waiting = others.into_iter().filter(|line| line.may_decide(inside.known)).collect();
    let parts = parts(inside.known, "/admin");
    let frame = visit.frame("admin-home");
    Ok(visit.page(StatusCode::OK, &Home { frame: frame.clone(), parts, waiting, own }, &frame))
}
