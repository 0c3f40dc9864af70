//! The day's report of an office: who did what, how often. Nothing about those it was done for.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use look::{Frame, Page};
use switch_core::clock::Timestamp;

use super::{BOTH, at_desk};
use crate::fault::Fault;
use crate::registration::pages::OfficeLine;
use crate::registration::{day, today};
use crate::store::account;
use crate::store::desk_act::{self, Did};
use crate::store::office;
use crate::trouble;
use crate::visit::{Fields, Visit};

/// What a clerk did on a day.
#[derive(Clone)]
pub(crate) struct ReportLine {
    pub(crate) clerk: String,
    /// In the order of [`Did::ALL`].
    pub(crate) counts: Vec<i64>,
}

/// The report of a day.
#[derive(Template)]
#[template(path = "desk-report.html")]
pub struct ReportPage {
    pub(crate) frame: Frame,
    pub(crate) office: OfficeLine,
    pub(crate) day: String,
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) lines: Vec<ReportLine>,
    pub(crate) sum: Vec<i64>,
}

impl ReportPage {
    fn columns(&self) -> Vec<String> {
        Did::ALL.into_iter().map(|did| format!("desk-did-{}", did.as_str())).collect()
    }

    fn of(frame: Frame, office: OfficeLine, date: Date, lines: Vec<ReportLine>) -> Self {
        let total = |at: usize| lines.iter().filter_map(|line| line.counts.get(at)).sum();
        let link = |date: Date| format!("/desk/report?office={}&day={date}", office.code);
        Self {
            day: day(date),
            before: link(date.saturating_sub(1.day())),
            after: link(date.saturating_add(1.day())),
            sum: (0..Did::ALL.len()).map(total).collect(),
            frame,
            office,
            lines,
        }
    }
}

impl Page for ReportPage {
    const NAME: &'static str = "desk-report";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("desk-report-title");
        let line = |clerk: &str, counts: [i64; 7]| ReportLine { clerk: clerk.into(), counts: counts.into() };
        let lines = vec![line("رنا خليل", [14, 9, 2, 1, 0, 0, 1]), line("سامر عودة", [3, 0, 0, 0, 1, 0, 0])];
        let date = jiff::civil::date(2026, 11, 22);
        let page = |lines| Self::of(frame.clone(), OfficeLine::sample(&frame), date, lines);
        vec![("day", page(lines)), ("empty", page(Vec::new()))]
    }
}

fn zone() -> TimeZone {
    TimeZone::get("Asia/Hebron").unwrap_or(TimeZone::UTC)
}

/// A moment as people write it, in Palestine: 23/11/2026 12:05.
pub(super) fn moment(at: Timestamp) -> String {
    let local = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default().to_zoned(zone());
    format!("{} {}:{:02}", day(local.date()), local.hour(), local.minute())
}

/// The beginning of a day in Palestine.
fn midnight(date: Date) -> Timestamp {
    let begins = date.to_zoned(zone()).map(|begins| begins.timestamp().as_millisecond());
    Timestamp(begins.unwrap_or_default())
}

pub(super) async fn show(visit: Visit) -> Result<Response, Fault> {
    let fields = Fields::parse(visit.uri.query().unwrap_or(""));
    let code = fields.get("office");
    if let Err(way) = at_desk(&visit, &code, &BOTH) {
        return Ok(*way);
    }
    let sso = &visit.sso;
    let Some(office) = office::find(&sso.db, &code).await? else { return Ok(trouble::not_found(&visit)) };
    let date = fields.get("day").parse().unwrap_or_else(|_| today(sso.now()));
    let (from, until) = (midnight(date), midnight(date.saturating_add(1.day())));
    let mut by_clerk: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (clerk, did, done) in desk_act::counts(&sso.db, &code, from, until).await? {
        let counts = by_clerk.entry(clerk).or_insert_with(|| vec![0; Did::ALL.len()]);
        if let Some(at) = Did::ALL.iter().position(|known| *known == did) {
            counts[at] = done;
        }
    }
    let mut lines = Vec::new();
    for (clerk, counts) in by_clerk {
        let found = account::find(&sso.db, &sso.sealer, clerk).await?;
        let name = found.map(|a| format!("{} {}", a.person.name.given, a.person.name.family));
        lines.push(ReportLine { clerk: name.unwrap_or_default(), counts });
    }
    let frame = visit.frame("desk-report-title");
    let office = OfficeLine::of(&office, &frame);
    let page = ReportPage::of(frame.clone(), office, date, lines);
    Ok(visit.page(StatusCode::OK, &page, &frame))
}
