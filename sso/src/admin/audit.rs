//! Searching the audit log: by whom, about whom, when. Reading changes nothing; the chain is verified by
//! `switchd audit`.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use look::{Form, Frame, Page};
use switch_core::clock::Timestamp;
use switch_store::audit_log::{SEARCH_MAX, Search, Written, search};

use super::{Away, Part, When, enter, framed, parts, sample_parts, status};
use crate::Sso;
use crate::role::Permission;
use crate::visit::{Fields, Visit, encoded};

/// An entry as it is shown.
#[derive(Debug, Clone)]
pub struct Line {
    seq: i64,
    at: When,
    actor: String,
    act: String,
    subject: String,
    detail: String,
}

/// The page.
#[derive(Template)]
#[template(path = "admin/audit.html")]
pub struct Audit {
    frame: Frame,
    parts: Vec<Part>,
    lines: Vec<Line>,
    /// Where the older ones are; empty when there are none.
    older: String,
}

impl Page for Audit {
    const NAME: &'static str = "admin-audit";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("admin-audit").visited("سلمى النجار", 3);
        let line = Line {
            seq: 204,
            at: When::sample(),
            actor: "acc_0000000000001A".into(),
            act: "role grant".into(),
            subject: "acc_0000000000001B".into(),
            detail: "role grant finance-officer@mol; needed for the work".into(),
        };
        let mut form = Form::new().with("from", "31/2/2026");
        form.refuse("from", frame.say("admin-audit-day-wrong"));
        let page = |lines, older: &str, frame: Frame| Self {
            frame,
            parts: sample_parts("/admin/audit"),
            lines,
            older: older.to_owned(),
        };
        vec![
            ("some", page(vec![line], "/admin/audit?before=204", frame.clone())),
            ("none", page(vec![], "", frame.clone())),
            ("refused", page(vec![], "", frame.filled(form))),
        ]
    }
}

pub(super) async fn show(State(sso): State<Arc<Sso>>, visit: Visit) -> Result<Response, Away> {
    let inside = enter(&visit, Permission::AuditRead)?;
    let query = Fields::parse(visit.uri.query().unwrap_or(""));
    let mut form = Form::new();
    for name in FIELDS {
        form = form.with(name, &query.get(name));
    }
    let wanted = wanted(&sso, &visit, &query, &mut form);
    let found = if form.is_refused() { Vec::new() } else { search(&sso.db, &wanted).await? };
    let older = match found.last() {
        Some(last) if found.len() == SEARCH_MAX => older(&query, last.seq),
        Some(_) | None => String::new(),
    };
    let page = Audit {
        frame: framed(&visit, "admin-audit", form),
        parts: parts(inside.known, "/admin/audit"),
        lines: found.into_iter().map(|entry| line(&sso, entry)).collect(),
        older,
    };
    Ok(visit.page(status(&page.frame.form), &page, &page.frame))
}

const FIELDS: [&str; 4] = ["subject", "actor", "from", "until"];

/// What is looked for. Numbers of accounts are typed as people know them.
fn wanted(sso: &Sso, visit: &Visit, query: &Fields, form: &mut Form) -> Search {
    let named = |name: &str| {
        let typed = query.get(name);
        let stored = match sso.public_ids.read("acc", &typed) {
            Ok(id) => format!("account {id}"),
            Err(_) => typed,
        };
        Some(stored).filter(|text| !text.is_empty())
    };
    let mut day = |name: &str, days: i64| {
        let typed = look::digits::western(&query.get(name));
        let at = midnight(&typed, days);
        if at.is_none() && !typed.is_empty() {
            form.refuse(name, visit.words.say("admin-audit-day-wrong"));
        }
        at
    };
    Search {
        from: day("from", 0),
        until: day("until", 1),
        subject: named("subject"),
        actor: named("actor"),
        before: query.get("before").parse().ok(),
    }
}

/// The beginning of a day in Palestine, or of a later one: `2026-11-22`.
fn midnight(day: &str, days_later: i64) -> Option<Timestamp> {
    let day: Date = day.parse().ok()?;
    let day = day.checked_add(jiff::Span::new().try_days(days_later).ok()?).ok()?;
    let zoned = day.to_zoned(TimeZone::get("Asia/Hebron").unwrap_or(TimeZone::UTC)).ok()?;
    Some(Timestamp(zoned.timestamp().as_millisecond()))
}

fn older(query: &Fields, before: i64) -> String {
    let kept = FIELDS.iter().map(|name| format!("{name}={}&", encoded(&query.get(name))));
    format!("/admin/audit?{}before={before}", kept.collect::<String>())
}

fn line(sso: &Sso, entry: Written) -> Line {
    let shown = |word: String| match word.strip_prefix("account ").and_then(|id| id.parse().ok()) {
        Some(id) => sso.show_account(id),
        None => word,
    };
    Line {
        seq: entry.seq,
        at: When::of(entry.at),
        actor: shown(entry.actor),
        act: entry.act,
        subject: shown(entry.subject),
        detail: entry.detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_in_palestine() {
        // Winter time, two hours before UTC.
        assert_eq!(midnight("2026-11-22", 0), Some(Timestamp(1_795_298_400_000)));
        assert_eq!(midnight("2026-11-22", 1), Some(Timestamp(1_795_298_400_000 + 86_400_000)));
        for wrong in ["", "22/11/2026", "2026-02-30", "x"] {
            assert_eq!(midnight(wrong, 0), None, "{wrong}");
        }
    }
}
