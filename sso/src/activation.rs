//! Activation: the code from the desk, a code to the telephone, a password that only its owner knows.
//!
//! The code on paper is one factor and never becomes the password: it opens the way to a second code by
//! SMS, works once, and is gone when a password is set (ASVS 6.4.1).

pub mod pages;
mod password;
mod sms;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use look::{Form, Language, Value};
use switch_core::clock::Timestamp;
use switch_store::transact;

use crate::Sso;
use crate::desk::{code_index, read_activation_code};
use crate::fault::Fault;
use crate::person::{Identity, IdentityKind};
use crate::post::{self, Kind, Letter, Message, Reach};
use crate::registration::read_reference;
use crate::seal::digest;
use crate::session::{cookie, set_cookie};
use crate::store::account::{self, Account, AccountState};
use crate::store::activation::{self, Activation};
use crate::store::application;
use crate::throttle::Policy;
use crate::trouble;
use crate::visit::{Posted, Visit};

/// The browser that gave the code.
const COOKIE: &str = "__Host-activation";
const COOKIE_S: i64 = 1_800;
/// A code by SMS lives ten minutes (NIST SP 800-63A).
const SMS_MS: i64 = 600_000;

pub(crate) fn routes() -> Router<Arc<Sso>> {
    Router::new()
        .route("/activate", get(ask).post(take_code))
        .route("/activate/code", get(sms::ask).post(sms::take))
        .route("/activate/code/again", axum::routing::post(sms::again))
        .route("/activate/password", get(password::ask).post(password::take))
}

async fn ask(visit: Visit) -> Response {
    page(&visit, StatusCode::OK, Form::new())
}

fn page(visit: &Visit, status: StatusCode, form: Form) -> Response {
    let frame = visit.frame("activation-title").filled(form);
    visit.page(status, &pages::CodePage { frame: frame.clone() }, &frame)
}

/// The number of a document or the reference, and the code: right together, or the same answer whatever
/// is wrong.
async fn take_code(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let sso = &visit.sso;
    let who = look::digits::western(&fields.get("who")).to_ascii_uppercase();
    let who: String = who.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let mut form = Form::new().with("who", &fields.get("who"));
    let code = read_activation_code(&fields.get("code"));
    if who.is_empty() {
        form.refuse("who", visit.words.say("activation-who-missing"));
    }
    if code.is_none() {
        form.refuse("code", visit.words.say("activation-code-form"));
    }
    let Some(code) = code.filter(|_| !form.is_refused()) else {
        return Ok(page(&visit, StatusCode::UNPROCESSABLE_ENTITY, form));
    };
    let by_address = sso.take_try("activate", &visit.address, Policy::ADDRESS).await?;
    let by_number = sso.take_try("activation code", &who, Policy::CODE).await?;
    if by_address.is_err() || by_number.is_err() {
        return Ok(trouble::too_many(&visit));
    }
    let Some(account) = fitting(sso, &who, &code).await? else {
        form.refuse("code", visit.words.say("activation-wrong"));
        return Ok(page(&visit, StatusCode::UNPROCESSABLE_ENTITY, form));
    };
    sso.forgive("activation code", &who).await?;
    begin(&visit, &account, &code).await
}

/// The account that a number or reference and a code belong to together.
async fn fitting(sso: &Sso, who: &str, code: &str) -> Result<Option<Account>, Fault> {
    for kind in [IdentityKind::NationalId, IdentityKind::Passport] {
        let Ok(identity) = Identity::new(kind, who) else { continue };
        let found = account::find_by_identity(&sso.db, &sso.sealer, &identity).await?;
        if let Some(account) = with_code(sso, found, code).await? {
            return Ok(Some(account));
        }
    }
    let Some(reference) = read_reference(who) else { return Ok(None) };
    let application = application::find(&sso.db, &sso.sealer, &reference).await?;
    let Some(id) = application.and_then(|application| application.account) else { return Ok(None) };
    with_code(sso, account::find(&sso.db, &sso.sealer, id).await?, code).await
}

async fn with_code(sso: &Sso, account: Option<Account>, code: &str) -> Result<Option<Account>, Fault> {
    let account = account.filter(|account| account.state == AccountState::Registered);
    // Nobody's row is asked for, so that an unknown number costs the same question.
    let id = account.as_ref().map_or(0, |account| account.id);
    let index = code_index(&sso.sealer, id, code);
    let found = activation::find_by_code(&sso.db, id, index, sso.now()).await?;
    Ok(found.and(account))
}

/// The code was right: this browser goes on, with another code on its way to the telephone.
async fn begin(visit: &Visit, account: &Account, code: &str) -> Result<Response, Fault> {
    let (sso, token) = (&visit.sso, visit.sso.new_token());
    let (letter, sms_index, until) = sms_code(sso, account)?;
    let index = code_index(&sso.sealer, account.id, code);
    let sent = transact!(sso.db, tx => {
        let key = (account.id, index.clone());
        let is_its = activation::set_browser(tx, key, digest(&token), (sms_index.clone(), until)).await?;
        Ok(is_its && post::queue(tx, &letter).await?)
    })?;
    if !sent {
        return Ok(trouble::too_many(visit));
    }
    let mut response = visit.go("/activate/code");
    response.headers_mut().append(header::SET_COOKIE, set_cookie(COOKIE, &token, COOKIE_S));
    Ok(response)
}

/// A code by SMS: the letter, what is kept of it, and until when.
fn sms_code(sso: &Sso, account: &Account) -> Result<(Letter, Vec<u8>, Timestamp), Fault> {
    let code = format!("{:06}", u32::from_be_bytes(sso.random()) % 1_000_000);
    let until = sso.now().plus_ms(SMS_MS);
    let letter = sso.compose(&Message {
        to: Reach::Mobile(account.person.mobile.clone()),
        account: Some(account.id),
        language: Language::parse(&account.language).unwrap_or_default(),
        kind: Kind::Code { until },
        key: "message-sms-code",
        values: &[("code", Value::from(code.as_str()))],
    })?;
    Ok((letter, sms_index(sso, account.id, &code), until))
}

fn sms_index(sso: &Sso, account: i64, code: &str) -> Vec<u8> {
    sso.sealer.index("activation sms", &format!("{account}:{code}"))
}

/// Where a browser is on its way.
struct OnTheWay {
    browser: Vec<u8>,
    activation: Activation,
    account: Account,
}

/// The activation of a browser, while it can still end well.
async fn on_the_way(sso: &Sso, headers: &HeaderMap) -> Result<Option<OnTheWay>, Fault> {
    let Some(token) = cookie(headers, COOKIE) else { return Ok(None) };
    let browser = digest(token);
    let Some(activation) = activation::find_by_browser(&sso.db, browser.clone(), sso.now()).await? else {
        return Ok(None);
    };
    let account = account::find(&sso.db, &sso.sealer, activation.account).await?;
    let account = account.filter(|account| account.state == AccountState::Registered);
    Ok(account.map(|account| OnTheWay { browser, activation, account }))
}
