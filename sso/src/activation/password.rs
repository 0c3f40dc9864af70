//! The last step: a password, and the account is in use.

use axum::http::{StatusCode, header};
use axum::response::Response;
use look::Form;
use switch_store::transact;

use super::pages::PasswordPage;
use super::{COOKIE, OnTheWay, on_the_way};
use crate::audit::{Actor, Deed, write_down};
use crate::credential::{Factors, password};
use crate::desk::read_activation_code;
use crate::fault::Fault;
use crate::level::{Method, Methods};
use crate::post;
use crate::session::set_cookie;
use crate::store::account;
use crate::store::activation;
use crate::trouble;
use crate::visit::{Posted, Visit};

pub(super) async fn ask(visit: Visit) -> Result<Response, Fault> {
    Ok(match on_the_way(&visit.sso, &visit.headers).await? {
        None => visit.go("/activate"),
        Some(way) if !way.activation.is_proven => visit.go("/activate/code"),
        Some(way) => page(&visit, StatusCode::OK, &way, Form::new()),
    })
}

fn page(visit: &Visit, status: StatusCode, way: &OnTheWay, form: Form) -> Response {
    let frame = visit.frame("activation-password-title").filled(form);
    let number = way.account.person.identity_number.clone();
    visit.page(status, &PasswordPage { frame: frame.clone(), number }, &frame)
}

pub(super) async fn take(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let way = match on_the_way(&visit.sso, &visit.headers).await? {
        None => return Ok(visit.go("/activate")),
        Some(way) if !way.activation.is_proven => return Ok(visit.go("/activate/code")),
        Some(way) => way,
    };
    let given = fields.exact("password");
    let mut form = Form::new();
    // The only codes of ten such characters that people have here are those of the desk.
    if read_activation_code(given).is_some() {
        form.refuse("password", visit.words.say("activation-password-is-code"));
    } else if let Err(refusal) = password::check(&way.account, &Factors::default(), given) {
        form.refuse("password", refusal.say(&visit.words));
    }
    if fields.exact("again") != given {
        form.refuse("again", visit.words.say("activation-password-differs"));
    }
    if form.is_refused() {
        return Ok(page(&visit, StatusCode::UNPROCESSABLE_ENTITY, &way, form));
    }
    match visit.sso.hash_password(given).await? {
        Some(hashed) => finish(&visit, way, &hashed).await,
        None => Ok(trouble::too_many(&visit)),
    }
}

/// The code is used up, the account is in use, its owner is told and signed in.
async fn finish(visit: &Visit, way: OnTheWay, hashed: &password::Hashed) -> Result<Response, Fault> {
    let (sso, now) = (&visit.sso, visit.sso.now());
    let account = way.account;
    let id = account.id;
    let letters =
        sso.compose_notices(id, &account.person, &account.language, "message-account-active", &[])?;
    let is_first = transact!(sso.db, tx => {
        let used = activation::use_up(tx, id, way.browser.clone(), now).await?;
        if !used || !account::activate(tx, id, true, now).await? {
            return Ok(false);
        }
        password::set(tx, id, hashed, now).await?;
        for letter in &letters {
            post::queue(tx, letter).await?;
        }
        let deed = Deed {
            at: now,
            actor: Actor::Account(id),
            act: "account activate",
            subject: format!("account {id}"),
            detail: String::new(),
        };
        write_down(tx, deed).await?;
        Ok(true)
    })?;
    if !is_first {
        return Ok(visit.go("/activate"));
    }
    let account = account::Account { in_person: true, ..account };
    let (_, session) =
        sso.begin_session(&account, &Methods::of(&[Method::Password]), &visit.device()).await?;
    let mut response = visit.go("/account/factors");
    for cookie in [session, set_cookie(COOKIE, "", 0)] {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
