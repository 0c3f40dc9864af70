//! The pages of registration, one after the other, and the form that is sent at the end.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use look::{Form, Frame};
use std::sync::Arc;
use switch_store::transact;

use super::answers::{self, Answers};
use super::pages::{AboutPage, CheckPage, ContactPage, OfficeLine};
use crate::Sso;
use crate::fault::Fault;
use crate::jose::base64url;
use crate::person::IdentityKind;
use crate::seal::{Place, digest};
use crate::session::{cookie, set_cookie};
use crate::store::application::{self, New};
use crate::store::office::{self, Office};
use crate::throttle::Policy;
use crate::trouble;
use crate::visit::{Posted, Visit};

/// What is answered so far, sealed.
const COOKIE: &str = "__Host-answers";
/// An internet café has the next guest soon.
const COOKIE_S: i64 = 1_800;
const PLACE: Place = Place { field: "registration.answers", row: 0 };

/// What was answered before at this browser.
fn remembered(sso: &Sso, headers: &HeaderMap) -> Answers {
    let open = || {
        let sealed = crate::jose::from_base64url(cookie(headers, COOKIE)?)?;
        let opened = sso.sealer.open(PLACE, &sealed).ok()?;
        serde_json::from_slice::<Answers>(&opened).ok()
    };
    open().filter(|answers| answers.until > sso.now().0).unwrap_or_default()
}

/// Remembers what was answered, and goes on.
fn remember(visit: &Visit, mut answers: Answers, to: &str) -> Result<Response, Fault> {
    answers.until = visit.sso.now().plus_ms(COOKIE_S * 1000).0;
    let text = serde_json::to_vec(&answers).map_err(|_| Fault::Corrupt("registration.answers"))?;
    let sealed = base64url(&visit.sso.sealer.seal(PLACE, &text)?);
    let mut response = visit.go(to);
    response.headers_mut().append(header::SET_COOKIE, set_cookie(COOKIE, &sealed, COOKIE_S));
    Ok(response)
}

pub(super) async fn about(visit: Visit) -> Response {
    let answers = remembered(&visit.sso, &visit.headers);
    let national = || Form::new().with("kind", IdentityKind::NationalId.as_str());
    let form = answers.about.as_ref().map_or_else(national, answers::filled_about);
    about_page(&visit, StatusCode::OK, form)
}

fn about_page(visit: &Visit, status: StatusCode, form: Form) -> Response {
    let frame = visit.frame("registration-title").filled(form);
    visit.page(status, &AboutPage { frame: frame.clone(), passports: visit.sso.settings.passports }, &frame)
}

pub(super) async fn take_about(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    match answers::about(&visit, &fields) {
        Err(form) => Ok(about_page(&visit, StatusCode::UNPROCESSABLE_ENTITY, form)),
        Ok(about) => {
            let before = remembered(&visit.sso, &visit.headers);
            let to = if before.contact.is_some() { "/register/check" } else { "/register/contact" };
            remember(&visit, Answers { about: Some(about), ..before }, to)
        }
    }
}

async fn open_offices(sso: &Sso) -> Result<Vec<Office>, Fault> {
    Ok(office::all(&sso.db).await?.into_iter().filter(|office| office.is_open).collect())
}

pub(super) async fn contact(visit: Visit) -> Result<Response, Fault> {
    let answers = remembered(&visit.sso, &visit.headers);
    if answers.about.is_none() {
        return Ok(visit.go("/register"));
    }
    let offices = open_offices(&visit.sso).await?;
    let form = answers.contact.as_ref().map(answers::filled_contact).unwrap_or_default();
    Ok(contact_page(&visit, StatusCode::OK, form, &offices))
}

fn contact_page(visit: &Visit, status: StatusCode, form: Form, offices: &[Office]) -> Response {
    let frame = visit.frame("registration-contact-title").filled(form);
    let offices = offices.iter().map(|office| OfficeLine::of(office, &frame)).collect();
    visit.page(status, &ContactPage { frame: frame.clone(), offices }, &frame)
}

pub(super) async fn take_contact(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let before = remembered(&visit.sso, &visit.headers);
    if before.about.is_none() {
        return Ok(visit.go("/register"));
    }
    let offices = open_offices(&visit.sso).await?;
    let codes: Vec<_> = offices.iter().map(|office| office.code.as_str()).collect();
    match answers::contact(&visit, &fields, &codes) {
        Err(form) => Ok(contact_page(&visit, StatusCode::UNPROCESSABLE_ENTITY, form, &offices)),
        Ok(contact) => remember(&visit, Answers { contact: Some(contact), ..before }, "/register/check"),
    }
}

pub(super) async fn check(visit: Visit) -> Result<Response, Fault> {
    let answers = remembered(&visit.sso, &visit.headers);
    let Some((person, contact)) = answers.person() else { return Ok(visit.go("/register")) };
    let Some(office) = office::find(&visit.sso.db, &contact.office).await? else {
        return Ok(visit.go("/register/contact"));
    };
    let frame: Frame = visit.frame("registration-check-title");
    let office = OfficeLine::of(&office, &frame);
    let page = CheckPage { frame: frame.clone(), person, office };
    Ok(visit.page(StatusCode::OK, &page, &frame))
}

/// The form is sent: one row, whoever it is.
pub(super) async fn send(
    State(sso): State<Arc<Sso>>,
    Posted { visit, .. }: Posted,
) -> Result<Response, Fault> {
    let answers = remembered(&sso, &visit.headers);
    let Some((person, contact)) = answers.person() else { return Ok(visit.go("/register")) };
    let office = office::find(&sso.db, &contact.office).await?;
    if !office.is_some_and(|office| office.is_open) {
        return Ok(visit.go("/register/contact"));
    }
    if sso.take_try("register", &visit.address, Policy::ADDRESS).await?.is_err() {
        return Ok(trouble::too_many(&visit));
    }
    let identity = person.identity().ok_or(Fault::Corrupt("registration.answers"))?;
    let (id, token, now) = (sso.new_id(), sso.new_token(), sso.now());
    let new = New {
        id,
        reference: sso.new_reference(),
        slip_digest: digest(&token),
        office: contact.office.clone(),
        identity_index: crate::store::account::identity_index(&sso.sealer, &identity),
        person: application::sealed(&sso.sealer, id, &person)?,
        language: visit.words.language.code(),
        at: now,
        expires_at: now.plus_ms(sso.settings.application_s * 1000),
    };
    transact!(sso.db, tx => application::add(tx, &new).await)?;
    let mut response = visit.go("/register/slip");
    let kept =
        [set_cookie(super::slip::COOKIE, &token, sso.settings.application_s), set_cookie(COOKIE, "", 0)];
    kept.into_iter().for_each(|cookie| {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    });
    Ok(response)
}
