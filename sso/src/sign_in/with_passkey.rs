//! A passkey: as the whole sign-in, as its second step, or once more. The page fetches the options, holds
//! the ceremony and posts its answer as an ordinary form.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::onward::Onward;
use super::proof::{self, Prover};
use super::with_code::is_flood;
use super::{Shown, refused, show, stop};
use crate::credential::passkey::{PROOF, Refusal};
use crate::fault::Fault;
use crate::level::{Method, Methods};
use crate::store::account;
use crate::visit::{Fields, Posted, Visit};
use look::Form;

/// The options of a ceremony, and the secret that finishes it.
pub(super) async fn options(Posted { visit, .. }: Posted) -> Result<Response, Fault> {
    if is_flood(&visit).await? {
        return Ok(StatusCode::TOO_MANY_REQUESTS.into_response());
    }
    let prover = Prover::of(&visit).await?;
    let begun = visit.sso.ask_for_passkey(prover.map(|prover| prover.account.id)).await?;
    let mut response = Json(begun.options).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.append(header::SET_COOKIE, PROOF.keep(&begun.token));
    Ok(response)
}

/// What the browser answered with.
pub(super) async fn answer(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let onward = Onward::of(&Fields::parse(visit.uri.query().unwrap_or("")));
    let Some(token) = PROOF.token(&visit.headers) else { return Ok(again(&visit, onward, Refusal::Over)) };
    let owner = visit.sso.verify_passkey(token, fields.exact("credential"), &visit.device()).await?;
    let owner = match owner {
        Ok(owner) => owner,
        Err(why) => return Ok(again(&visit, onward, why)),
    };
    // Somebody who is signed in proves once more who they are, and not that they are somebody else.
    if visit.signed_in.as_ref().is_some_and(|known| known.account.id != owner) {
        return Ok(again(&visit, onward, Refusal::Unknown));
    }
    let found = account::find(&visit.sso.db, &visit.sso.sealer, owner).await?;
    let Some(account) = found else { return Ok(again(&visit, onward, Refusal::Unknown)) };
    if let Some(why) = proof::closed(&account) {
        return Ok(stop(&visit, why, "/help"));
    }
    let before = Prover::of(&visit).await?.filter(|prover| prover.account.id == owner);
    let methods = before.map_or(Methods::of(&[]), |prover| prover.methods).with(Method::Passkey);
    proof::enter(&visit, &account, &methods, &onward).await
}

fn again(visit: &Visit, onward: Onward, why: Refusal) -> Response {
    let form = refused(visit, Form::new(), "password", why.key());
    show(visit, onward, form, Shown { is_again: visit.signed_in.is_some(), is_waiting: false })
}
