//! The slip: what to bring, where and until when. It has the reference and nothing about the person, so
//! that one who finds it learns nothing.

use axum::http::StatusCode;
use axum::response::Response;
use look::Frame;
use qrcode::QrCode;
use qrcode::render::svg;

use super::pages::{OfficeLine, Slip, SlipPage};
use crate::fault::Fault;
use crate::seal::digest;
use crate::session::cookie;
use crate::store::application::{self, Application, State};
use crate::store::office;
use crate::visit::Visit;

/// What the browser that applied is known by.
pub(super) const COOKIE: &str = "__Host-slip";
/// A square of the code, in pixels of the drawing.
const MODULE: u32 = 4;

pub(super) async fn show(visit: Visit) -> Result<Response, Fault> {
    let sso = &visit.sso;
    let found = match cookie(&visit.headers, COOKIE) {
        Some(token) => application::find_by_slip(&sso.db, &sso.sealer, digest(token)).await?,
        None => None,
    };
    let is_open = |a: &Application| a.state == State::Waiting && a.expires_at > sso.now();
    let Some(application) = found.filter(is_open) else { return Ok(visit.go("/register/status")) };
    let frame = visit.frame("registration-slip-title");
    let slip = of(&visit, &application, &frame).await?;
    Ok(visit.page(StatusCode::OK, &SlipPage { frame: frame.clone(), slip }, &frame))
}

/// What is on the slip of an application.
pub(super) async fn of(visit: &Visit, a: &Application, frame: &Frame) -> Result<Slip, Fault> {
    let office = office::find(&visit.sso.db, &a.office).await?.ok_or(Fault::Corrupt("application.office"))?;
    Ok(Slip {
        reference: super::shown_reference(&a.reference),
        qr: drawn(&a.reference)?,
        office: OfficeLine::of(&office, frame),
        until: day(super::today(a.expires_at)),
        has_passport: a.person.identity_kind != "national_id",
    })
}

/// A day as people write it: 8/12/2026.
pub(crate) fn day(date: jiff::civil::Date) -> String {
    format!("{}/{}/{}", date.day(), date.month(), date.year())
}

/// The reference and nothing else, as a drawing.
pub(crate) fn drawn(reference: &str) -> Result<String, Fault> {
    let code = QrCode::new(reference).map_err(|error| Fault::Internal(format!("the QR code: {error}")))?;
    let svg = code.render::<svg::Color<'_>>().module_dimensions(MODULE, MODULE).build();
    // In a page there is no prolog.
    Ok(svg.find("<svg").map(|at| svg[at..].to_owned()).unwrap_or(svg))
}
