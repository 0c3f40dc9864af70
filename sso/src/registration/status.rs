//! How an application stands, for who has its reference and knows the day of birth. All that wait look the
//! same: what the registry said is for the desk.

use axum::http::StatusCode;
use axum::response::Response;
use look::Form;

use super::answers;
use super::pages::{StatusAskPage, StatusPage, Told};
use crate::fault::Fault;
use crate::store::application::{self, Application, State};
use crate::throttle::Policy;
use crate::trouble;
use crate::visit::{Posted, Visit};

const FIELDS: [&str; 4] = ["reference", "born-day", "born-month", "born-year"];

pub(super) async fn ask(visit: Visit) -> Response {
    page(&visit, StatusCode::OK, Form::new())
}

fn page(visit: &Visit, status: StatusCode, form: Form) -> Response {
    let frame = visit.frame("registration-status-title").filled(form);
    visit.page(status, &StatusAskPage { frame: frame.clone() }, &frame)
}

pub(super) async fn tell(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let mut form = answers::typed(&fields, &FIELDS);
    let reference = super::read_reference(&fields.get("reference"));
    let born = answers::born_typed(&fields);
    if reference.is_none() {
        form.refuse("reference", visit.words.say("registration-reference-wrong"));
    }
    if let Err(key) = born {
        form.refuse("born", visit.words.say(key));
    }
    let (Some(reference), Ok(born)) = (reference, born) else {
        return Ok(page(&visit, StatusCode::UNPROCESSABLE_ENTITY, form));
    };
    let sso = &visit.sso;
    let by_address = sso.take_try("status", &visit.address, Policy::ADDRESS).await?;
    let by_reference = sso.take_try("status", &reference, Policy::CODE).await?;
    if by_address.is_err() || by_reference.is_err() {
        return Ok(trouble::too_many(&visit));
    }
    let found = application::find(&sso.db, &sso.sealer, &reference).await?;
    let Some(application) = found.filter(|application| application.person.born == born) else {
        form.refuse("reference", visit.words.say("registration-status-unknown"));
        return Ok(page(&visit, StatusCode::UNPROCESSABLE_ENTITY, form));
    };
    sso.forgive("status", &reference).await?;
    shown(&visit, &application).await
}

async fn shown(visit: &Visit, application: &Application) -> Result<Response, Fault> {
    let frame = visit.frame("registration-status-title");
    let told = match application.state {
        State::Waiting if application.expires_at <= visit.sso.now() => Told::Expired,
        State::Waiting => Told::Waiting(Box::new(super::slip::of(visit, application, &frame).await?)),
        State::Approved => Told::Approved,
        State::Refused => Told::Refused,
    };
    Ok(visit.page(StatusCode::OK, &StatusPage { frame: frame.clone(), told }, &frame))
}
