//! The second step: the code that came to the telephone.

use axum::http::StatusCode;
use axum::response::Response;
use look::Form;
use switch_store::transact;

use super::pages::SmsPage;
use super::{OnTheWay, on_the_way, sms_code, sms_index};
use crate::fault::Fault;
use crate::post;
use crate::store::activation;
use crate::throttle::Policy;
use crate::trouble;
use crate::visit::{Posted, Visit};

pub(super) async fn ask(visit: Visit) -> Result<Response, Fault> {
    Ok(match on_the_way(&visit.sso, &visit.headers).await? {
        None => visit.go("/activate"),
        Some(way) if way.activation.is_proven => visit.go("/activate/password"),
        Some(way) => page(&visit, StatusCode::OK, &way, Form::new()),
    })
}

fn page(visit: &Visit, status: StatusCode, way: &OnTheWay, form: Form) -> Response {
    let frame = visit.frame("activation-sms-title").filled(form);
    // The last two digits, so that its owner knows which telephone to look at.
    let mobile = &way.account.person.mobile;
    let end = mobile.get(mobile.len().saturating_sub(2)..).unwrap_or("").to_owned();
    visit.page(status, &SmsPage { frame: frame.clone(), end }, &frame)
}

pub(super) async fn take(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let sso = &visit.sso;
    let Some(way) = on_the_way(sso, &visit.headers).await? else { return Ok(visit.go("/activate")) };
    let code = fields.digits("code");
    let mut form = Form::new();
    if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
        form.refuse("code", visit.words.say("activation-sms-form"));
        return Ok(page(&visit, StatusCode::UNPROCESSABLE_ENTITY, &way, form));
    }
    let whom = way.account.id.to_string();
    if sso.take_try("activation sms", &whom, Policy::CODE).await?.is_err() {
        return Ok(trouble::too_many(&visit));
    }
    let (index, now) = (sms_index(sso, way.account.id, &code), sso.now());
    let is_right = transact!(sso.db, tx =>
        activation::sms_done(tx, way.browser.clone(), index.clone(), now).await)?;
    if !is_right {
        form.refuse("code", visit.words.say("activation-sms-wrong"));
        return Ok(page(&visit, StatusCode::UNPROCESSABLE_ENTITY, &way, form));
    }
    sso.forgive("activation sms", &whom).await?;
    Ok(visit.go("/activate/password"))
}

/// Another code, in place of the one that did not come.
pub(super) async fn again(Posted { visit, .. }: Posted) -> Result<Response, Fault> {
    let sso = &visit.sso;
    let Some(way) = on_the_way(sso, &visit.headers).await? else { return Ok(visit.go("/activate")) };
    let (letter, index, until) = sms_code(sso, &way.account)?;
    let sent = transact!(sso.db, tx => {
        let is_its = activation::set_sms(tx, way.browser.clone(), index.clone(), until).await?;
        Ok(is_its && post::queue(tx, &letter).await?)
    })?;
    Ok(if sent { visit.go("/activate/code") } else { trouble::too_many(&visit) })
}
