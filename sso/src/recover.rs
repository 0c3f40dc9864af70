//! The forgotten password. A new one takes as much as two factors without it: a passkey, or a code by SMS to
//! the confirmed number together with a code of the app or a recovery code. Who has neither goes to a desk
//! with the document, as at the beginning (ASVS 6.4.4). What is answered does not depend on whether the
//! account exists, nor on what it has.

pub mod pages;

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use look::{Form, Page};
use serde::{Deserialize, Serialize};
use switch_store::transact;

use crate::Sso;
use crate::activity::What;
use crate::credential::ceremony::Kind;
use crate::credential::{Factors, password, sms};
use crate::fault::Fault;
use crate::level::Method;
use crate::session::FRESH_MS;
use crate::sign_in::{identity, refused};
use crate::store::account::{self, Account, AccountState};
use crate::store::session::{self, Ended};
use crate::throttle::Policy;
use crate::trouble;
use crate::visit::{Posted, Visit, see_other};
use pages::{NewPassword, Proof, Recover, Recovered};

/// Somebody says whose password is forgotten.
const ASKED: Kind = Kind { word: "recovery", cookie: "__Host-recover", seconds: 900, tries: 10 };
/// Somebody has proven it and chooses a new one.
const PROVEN: Kind = Kind { word: "new password", cookie: "__Host-new-password", seconds: 900, tries: 100 };

#[derive(Serialize, Deserialize)]
struct Whose {
    /// `None`: nobody's, or somebody's who cannot prove it here.
    account: Option<i64>,
}

pub(crate) fn routes() -> Router<Arc<Sso>> {
    Router::new()
        .route("/recover", get(page).post(ask))
        .route("/recover/proof", get(proof_page).post(prove))
        .route("/recover/password", get(password_page).post(choose))
        .route("/recover/done", get(done))
}

fn drawn<P: Page>(visit: &Visit, key: &str, form: Form, page: impl FnOnce(look::Frame) -> P) -> Response {
    let status = if form.is_refused() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let frame = visit.frame(key).filled(form);
    visit.page(status, &page(frame.clone()), &frame)
}

fn draw_recover(visit: &Visit, form: Form) -> Response {
    let mode = if visit.sso.settings.passports { "text" } else { "numeric" };
    drawn(visit, "recover", form, |frame| Recover { frame, mode })
}

async fn page(visit: Visit) -> Response {
    draw_recover(&visit, Form::new())
}

/// Whose it is. The same answer, and the same work, for everybody.
async fn ask(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let sso = &visit.sso;
    let Some(identity) = identity(&fields) else {
        let form = Form::new().with("identity", &fields.get("identity"));
        return Ok(draw_recover(&visit, refused(&visit, form, "identity", "sign-in-identity-invalid")));
    };
    if visit.take_address("recover", Policy::ADDRESS).await?.is_err() {
        return Ok(trouble::too_many(&visit));
    }
    let found = account::find_by_identity(&sso.db, &sso.sealer, &identity).await?;
    let (number, mobile) = found.as_ref().map_or((0, ""), |a| (a.id, a.person.mobile.as_str()));
    let factors = sso.factors_of(number, mobile).await?;
    let able = found.filter(|account| can_prove(account, &factors));
    // A number that has had its codes of the day is answered as the others are: without a code it ends at
    // the next page.
    let sent = sso.send_code(&sms::RECOVER, able.as_ref(), visit.words.language).await?;
    let sms_token = sent.unwrap_or_else(|| sso.new_token());
    let token = sso.begin_ceremony(&ASKED, &Whose { account: able.map(|account| account.id) }).await?;
    let mut response = visit.go("/recover/proof");
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, ASKED.keep(&token));
    headers.append(header::SET_COOKIE, sms::RECOVER.keep(&sms_token));
    Ok(response)
}

/// Whether an account has two factors beside the password. Codes by SMS are none for staff.
fn can_prove(account: &Account, factors: &Factors) -> bool {
    let has_code = factors.totp || factors.recovery_codes > 0;
    account.state == AccountState::Active && !account.is_staff && factors.mobile && has_code
}

async fn proof_page(visit: Visit) -> Response {
    if ASKED.token(&visit.headers).is_none() {
        return visit.go("/recover");
    }
    drawn(&visit, "recover-proof", Form::new(), |frame| Proof { frame })
}

/// Two codes, or the way to a desk.
async fn prove(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let sso = &visit.sso;
    let Some(token) = ASKED.token(&visit.headers) else { return Ok(visit.go("/recover")) };
    let Some(whose) = sso.try_ceremony::<Whose>(&ASKED, token).await? else {
        return Ok(visit.go("/recover"));
    };
    let whom = whose.account.map_or_else(|| token.to_owned(), |account| account.to_string());
    if sso.take_try("recover", &whom, Policy::CODE).await?.is_err() {
        return Ok(trouble::too_many(&visit));
    }
    let found = match whose.account {
        Some(number) => account::find(&sso.db, &sso.sealer, number).await?,
        None => None,
    };
    let sms_token = sms::RECOVER.token(&visit.headers).unwrap_or("");
    let Some(account) = found.filter(|account| account.state == AccountState::Active) else {
        return Ok(not_proven(&visit));
    };
    // The message first: a recovery code must not be used up beside a wrong one.
    let is_reached = sso.verify_code(&sms::RECOVER, &account, sms_token, &fields.digits("sms")).await?;
    let long = fields.get("recovery");
    let is_proven = match () {
        () if !is_reached => false,
        () if long.is_empty() => sso.verify_totp(Some(account.id), &fields.digits("code")).await?,
        () => sso.verify_recovery_code(&account, &long, &visit.device()).await?,
    };
    if !is_proven {
        return Ok(not_proven(&visit));
    }
    sso.finish_ceremony::<Whose>(&ASKED, token).await?;
    let token = sso.begin_ceremony(&PROVEN, &Whose { account: Some(account.id) }).await?;
    let mut response = visit.go("/recover/password");
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, PROVEN.keep(&token));
    headers.append(header::SET_COOKIE, ASKED.forget());
    headers.append(header::SET_COOKIE, sms::RECOVER.forget());
    Ok(response)
}

fn not_proven(visit: &Visit) -> Response {
    let form = refused(visit, Form::new(), "sms", "recover-proof-wrong");
    drawn(visit, "recover-proof", form, |frame| Proof { frame })
}

/// Who may choose a new password: somebody who proved two codes just now, or signed in with a passkey.
async fn chooser(visit: &Visit) -> Result<Option<Account>, Fault> {
    let sso = &visit.sso;
    if let Some(token) = PROVEN.token(&visit.headers)
        && let Some(Whose { account: Some(number) }) = sso.look_at_ceremony(&PROVEN, token).await?
    {
        let found = account::find(&sso.db, &sso.sealer, number).await?;
        return Ok(found.filter(|account| account.state == AccountState::Active));
    }
    let known = visit.signed_in.as_ref().filter(|known| {
        let age_ms = sso.now().ms_since(known.session.authenticated_at);
        known.session.methods.has(Method::Passkey) && age_ms < FRESH_MS
    });
    Ok(known.map(|known| known.account.clone()))
}

fn draw_password(visit: &Visit, least: usize, form: Form) -> Response {
    drawn(visit, "recover-password", form, |frame| NewPassword { frame, count: least })
}

async fn password_page(visit: Visit) -> Result<Response, Fault> {
    let Some(account) = chooser(&visit).await? else { return Ok(visit.go("/recover")) };
    let factors = visit.sso.factors(&account).await?;
    let least = password::least(account.is_staff, factors.is_enrolled());
    Ok(draw_password(&visit, least, Form::new()))
}

/// The new password: every session ends, and its owner is told.
async fn choose(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let sso = &visit.sso;
    let Some(account) = chooser(&visit).await? else { return Ok(visit.go("/recover")) };
    let factors = sso.factors(&account).await?;
    let least = password::least(account.is_staff, factors.is_enrolled());
    let given = fields.exact("password");
    if let Err(why) = password::check(&account, &factors, given) {
        let mut form = Form::new();
        form.refuse("password", why.say(&visit.words));
        return Ok(draw_password(&visit, least, form));
    }
    if given != fields.exact("again") {
        let form = refused(&visit, Form::new(), "again", "password-different");
        return Ok(draw_password(&visit, least, form));
    }
    let Some(hashed) = sso.hash_password(given).await? else { return Ok(trouble::too_many(&visit)) };
    if let Some(token) = PROVEN.token(&visit.headers)
        && sso.finish_ceremony::<Whose>(&PROVEN, token).await?.is_none()
        && visit.signed_in.is_none()
    {
        return Ok(visit.go("/recover"));
    }
    let (trace, now) = (sso.trace(&account, &visit.device(), What::PasswordChanged)?, sso.now());
    transact!(sso.db, tx => {
        password::set(tx, account.id, &hashed, now).await?;
        session::end_all_but(tx, account.id, 0, now, Ended::Changed).await?;
        trace.leave(tx).await
    })?;
    let mut response = see_other("/recover/done");
    response.headers_mut().append(header::SET_COOKIE, PROVEN.forget());
    Ok(response)
}

async fn done(visit: Visit) -> Response {
    drawn(&visit, "recover-done", Form::new(), |frame| Recovered { frame })
}
