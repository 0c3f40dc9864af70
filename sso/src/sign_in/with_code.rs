//! The second step, and the code that comes first when somebody else is guessing passwords.

use axum::http::{StatusCode, header};
use axum::response::Response;
use look::Form;
use switch_store::transact;

use super::onward::Onward;
use super::pages::{CodeFirst, Factor, Ways};
use super::proof::{self, Prover, sms_token};
use super::{guard, identity, method_of_code, mode, password_last, purse_name, refused};
use crate::activity::What;
use crate::credential::password::Verdict;
use crate::credential::{Factors, sms};
use crate::fault::Fault;
use crate::level::{Loa, Method};
use crate::store::account::{self, Account};
use crate::throttle::Policy;
use crate::trouble;
use crate::visit::{Fields, Posted, Visit};

/// The purse of codes, by account.
const CODE: &str = "second factor";

/// What a prover may prove next.
async fn ways(visit: &Visit, prover: &Prover, onward: &Onward) -> Result<Ways, Fault> {
    let Factors { passkeys, totp, recovery_codes, mobile, .. } = visit.sso.factors(&prover.account).await?;
    if !prover.has_session && !prover.methods.has(Method::Password) {
        return Ok(Ways { password: true, ..Ways::default() });
    }
    let only_passkey = prover.has_session && onward.level == Loa::Passkey;
    let sms = mobile && !prover.account.is_staff && !only_passkey;
    Ok(Ways {
        password: false,
        code: (totp || recovery_codes > 0) && !only_passkey,
        passkey: passkeys > 0,
        sms,
        is_sent: sms && sms_token(&visit.headers).is_some(),
    })
}

fn show(visit: &Visit, onward: Onward, ways: Ways, form: Form, is_waiting: bool) -> Response {
    let status = match (is_waiting, form.is_refused()) {
        (true, _) => StatusCode::TOO_MANY_REQUESTS,
        (false, true) => StatusCode::UNPROCESSABLE_ENTITY,
        (false, false) => StatusCode::OK,
    };
    let frame = visit.frame(ways.title()).filled(form);
    visit.page(status, &Factor { frame: frame.clone(), onward, ways, is_waiting }, &frame)
}

pub(super) async fn page(visit: Visit) -> Result<Response, Fault> {
    let onward = Onward::of(&Fields::parse(visit.uri.query().unwrap_or("")));
    let Some(prover) = Prover::of(&visit).await? else { return Ok(visit.go(&onward.sign_in())) };
    let ways = ways(&visit, &prover, &onward).await?;
    Ok(show(&visit, onward, ways, Form::new(), false))
}

pub(super) async fn answer(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let onward = Onward::of(&fields);
    let Some(prover) = Prover::of(&visit).await? else { return Ok(visit.go(&onward.sign_in())) };
    let ways = ways(&visit, &prover, &onward).await?;
    match () {
        () if ways.password => last(visit, &fields, prover, onward, ways).await,
        () if fields.exact("do") == "sms" && ways.sms => send(visit, &prover, onward, ways).await,
        () if ways.code || ways.sms => code(visit, &fields, prover, onward, ways).await,
        () => Ok(show(&visit, onward, ways, Form::new(), false)),
    }
}

/// A code to the number.
async fn send(visit: Visit, prover: &Prover, onward: Onward, ways: Ways) -> Result<Response, Fault> {
    let language = visit.words.language;
    let Some(token) = visit.sso.send_code(&sms::SIGN_IN, Some(&prover.account), language).await? else {
        let form = refused(&visit, Form::new(), "code", "sign-in-sms-enough");
        return Ok(show(&visit, onward, Ways { is_sent: true, ..ways }, form, false));
    };
    let mut response = visit.go(&onward.by("/sign-in/factor"));
    response.headers_mut().append(header::SET_COOKIE, sms::SIGN_IN.keep(&token));
    Ok(response)
}

/// A code of the app, by SMS, or a recovery code.
async fn code(
    visit: Visit,
    fields: &Fields,
    prover: Prover,
    onward: Onward,
    ways: Ways,
) -> Result<Response, Fault> {
    let sso = &visit.sso;
    let whom = prover.account.id.to_string();
    if sso.take_try(CODE, &whom, Policy::CODE).await?.is_err() {
        return Ok(show(&visit, onward, ways, Form::new(), true));
    }
    let Some(method) = proven(&visit, fields, &prover.account, ways).await? else {
        // The third wrong code after a right password: its owner should know.
        if sso.failures(CODE, &whom).await? == 3 {
            let trace = sso.trace(&prover.account, &visit.device(), What::CodeRefused)?;
            transact!(sso.db, tx => trace.leave(tx).await)?;
        }
        let form = refused(&visit, Form::new(), "code", "sign-in-code-wrong");
        return Ok(show(&visit, onward, ways, form, false));
    };
    sso.forgive(CODE, &whom).await?;
    proof::enter(&visit, &prover.account, &prover.methods.with(method), &onward).await
}

/// What a code proves; `None` when it is wrong.
async fn proven(
    visit: &Visit,
    fields: &Fields,
    account: &Account,
    ways: Ways,
) -> Result<Option<Method>, Fault> {
    let sso = &visit.sso;
    let (digits, long) = (fields.digits("code"), fields.get("recovery"));
    if ways.code && !long.is_empty() {
        let is_right = sso.verify_recovery_code(account, &long, &visit.device()).await?;
        return Ok(is_right.then_some(Method::OneTimePassword));
    }
    if ways.code && sso.verify_totp(Some(account.id), &digits).await? {
        return Ok(Some(method_of_code(false)));
    }
    match sms_token(&visit.headers).filter(|_| ways.sms) {
        Some(token) if sso.verify_code(&sms::SIGN_IN, account, token, &digits).await? => {
            Ok(Some(method_of_code(true)))
        }
        Some(_) | None => Ok(None),
    }
}

/// The password, after a code.
async fn last(
    visit: Visit,
    fields: &Fields,
    prover: Prover,
    onward: Onward,
    ways: Ways,
) -> Result<Response, Fault> {
    match password_last(&visit, fields, &prover.account).await? {
        None => Ok(show(&visit, onward, ways, Form::new(), true)),
        Some(Verdict::Busy) => Ok(trouble::too_many(&visit)),
        Some(Verdict::Wrong) => {
            let form = refused(&visit, Form::new(), "password", "sign-in-then-password-wrong");
            Ok(show(&visit, onward, ways, form, false))
        }
        Some(Verdict::Right) => {
            let methods = prover.methods.with(Method::Password);
            proof::enter(&visit, &prover.account, &methods, &onward).await
        }
    }
}

fn show_first(visit: &Visit, onward: Onward, form: Form) -> Response {
    let status = if form.is_refused() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let frame = visit.frame("sign-in-code-first").filled(form);
    visit.page(status, &CodeFirst { frame: frame.clone(), onward, mode: mode(&visit.sso) }, &frame)
}

pub(super) async fn first_page(visit: Visit) -> Result<Response, Fault> {
    let onward = Onward::of(&Fields::parse(visit.uri.query().unwrap_or("")));
    Ok(show_first(&visit, onward, Form::new()))
}

/// A number and a code of its owner: proven, it opens a purse of passwords that nobody else can empty.
pub(super) async fn first(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let (onward, sso) = (Onward::of(&fields), &visit.sso);
    let form = Form::new().with("identity", &fields.get("identity"));
    let Some(identity) = identity(&fields) else {
        let form = refused(&visit, form, "identity", "sign-in-identity-invalid");
        return Ok(show_first(&visit, onward, form));
    };
    if visit.take_address("sign-in", Policy::ADDRESS).await?.is_err() {
        return Ok(trouble::too_many(&visit));
    }
    let found = account::find_by_identity(&sso.db, &sso.sealer, &identity).await?;
    let long = fields.get("recovery");
    let is_right = if long.is_empty() {
        // Six digits can be guessed, so they have a purse; recovery codes cannot, and have none to empty.
        let name = purse_name(&identity);
        if sso.take_try("code first", &name, Policy::CODE).await?.is_err() {
            return Ok(trouble::too_many(&visit));
        }
        let is_right = sso.verify_totp(found.as_ref().map(|a| a.id), &fields.digits("code")).await?;
        if is_right {
            sso.forgive("code first", &name).await?;
        }
        is_right
    } else {
        match &found {
            Some(account) => sso.verify_recovery_code(account, &long, &visit.device()).await?,
            None => false,
        }
    };
    match found {
        Some(account) if is_right && proof::closed(&account).is_none() => {
            proof::pending(&visit, &account, Method::OneTimePassword, &onward).await
        }
        Some(_) | None => {
            let form = refused(&visit, form, "code", "sign-in-code-first-wrong");
            Ok(show_first(&visit, onward, form))
        }
    }
}

/// Options of ceremonies from one address.
pub(super) async fn is_flood(visit: &Visit) -> Result<bool, Fault> {
    Ok(visit.take_address("ceremonies", guard::FLOOD).await?.is_err())
}
