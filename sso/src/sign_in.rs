//! The door: people prove who they are, once more when it was long ago, or with more when more is asked for.
//!
//! `GET /sign-in?next=…&level=…&since=…` goes on at once when nothing is missing, and otherwise asks for
//! exactly what is. What the page says to somebody who has not proven a password tells nobody whether an
//! account exists, nor in which state it is.

pub(crate) mod guard;
pub mod onward;
pub mod pages;
mod proof;
mod with_code;
mod with_passkey;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use look::Form;

use crate::Sso;
use crate::credential::password::Verdict;
use crate::fault::Fault;
use crate::level::Method;
use crate::person::{Identity, IdentityKind};
use crate::store::account::{self, Account};
use crate::throttle::Policy;
use crate::trouble;
use crate::visit::{Fields, Posted, Visit};
use guard::{Purse, Standing};
use onward::{Missing, Onward, missing};
use pages::{SignIn, Stop, Why};

pub(crate) fn routes() -> Router<Arc<Sso>> {
    Router::new()
        .route("/sign-in", get(door).post(password))
        .route("/sign-in/factor", get(with_code::page).post(with_code::answer))
        .route("/sign-in/code-first", get(with_code::first_page).post(with_code::first))
        .route("/sign-in/passkey/options", post(with_passkey::options))
        .route("/sign-in/passkey", post(with_passkey::answer))
}

/// The door itself, or straight on.
async fn door(visit: Visit) -> Result<Response, Fault> {
    let onward = Onward::of(&Fields::parse(visit.uri.query().unwrap_or("")));
    let Some(known) = visit.signed_in.clone() else {
        return Ok(show(&visit, onward, Form::new(), Shown::default()));
    };
    let factors = visit.sso.factors(&known.account).await?;
    Ok(match missing(&known, &factors, &onward) {
        Missing::Nothing => visit.go(&onward.next),
        Missing::Fresh => show(&visit, onward, Form::new(), Shown { is_again: true, ..Shown::default() }),
        Missing::Second | Missing::Passkey => visit.go(&onward.by("/sign-in/factor")),
        Missing::NoSecond => stop(&visit, Why::NoSecond, &onward.factors()),
        Missing::NoPasskey => stop(&visit, Why::NoPasskey, &onward.factors()),
        Missing::NotSeen => stop(&visit, Why::NotSeen, "/help"),
    })
}

#[derive(Default)]
struct Shown {
    is_again: bool,
    is_waiting: bool,
}

fn show(visit: &Visit, onward: Onward, form: Form, shown: Shown) -> Response {
    let Shown { is_again, is_waiting } = shown;
    let title = if is_again { "sign-in-again" } else { "sign-in" };
    let status = match (is_waiting, form.is_refused()) {
        (true, _) => StatusCode::TOO_MANY_REQUESTS,
        (false, true) => StatusCode::UNPROCESSABLE_ENTITY,
        (false, false) => StatusCode::OK,
    };
    let frame = visit.frame(title).filled(form);
    let page = SignIn { frame: frame.clone(), onward, is_again, mode: mode(&visit.sso), is_waiting };
    visit.page(status, &page, &frame)
}

/// What keyboards of telephones offer.
fn mode(sso: &Sso) -> &'static str {
    if sso.settings.passports { "text" } else { "numeric" }
}

pub(crate) fn stop(visit: &Visit, why: Why, href: &str) -> Response {
    let frame = visit.frame(why.key());
    visit.page(StatusCode::OK, &Stop::new(frame.clone(), why, href), &frame)
}

/// The identity somebody typed: nine digits, or the number of another document.
pub(crate) fn identity(fields: &Fields) -> Option<Identity> {
    let digits = fields.digits("identity");
    let typed = fields.get("identity").replace(' ', "").to_uppercase();
    let is_number = !typed.is_empty() && typed.chars().all(|c| c.is_numeric() || c == '-');
    if is_number && let Ok(identity) = Identity::new(IdentityKind::NationalId, &digits) {
        return Some(identity);
    }
    let has_letter = typed.bytes().any(|b| b.is_ascii_alphabetic());
    Identity::new(IdentityKind::Passport, &typed).ok().filter(|_| has_letter)
}

/// The words a purse of tries is found under.
pub(crate) fn purse_name(identity: &Identity) -> String {
    format!("{}:{}", identity.kind().as_str(), identity.expose())
}

/// A password, with the number of whose it is; or alone, from somebody who is signed in.
async fn password(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let onward = Onward::of(&fields);
    if let Some(known) = visit.signed_in.clone() {
        let name = known.account.person.identity().as_ref().map(purse_name).unwrap_or_default();
        let again = Shown { is_again: true, ..Shown::default() };
        return compare(visit, &fields, (name, Some(known.account)), again, onward).await;
    }
    let form = Form::new().with("identity", &fields.get("identity"));
    let Some(identity) = identity(&fields) else {
        let form = refused(&visit, form, "identity", "sign-in-identity-invalid");
        return Ok(show(&visit, onward, form, Shown::default()));
    };
    if visit.take_address("sign-in", Policy::ADDRESS).await?.is_err() {
        return Ok(show(&visit, onward, form, Shown { is_waiting: true, ..Shown::default() }));
    }
    let found = account::find_by_identity(&visit.sso.db, &visit.sso.sealer, &identity).await?;
    compare(visit, &fields, (purse_name(&identity), found), Shown::default(), onward).await
}

/// Compares the password, and goes on to what else is needed. It does the same for an account that is not
/// there, and says the same.
async fn compare(
    visit: Visit,
    fields: &Fields,
    (name, account): (String, Option<Account>),
    shown: Shown,
    onward: Onward,
) -> Result<Response, Fault> {
    let sso = &visit.sso;
    let form = Form::new().with("identity", &fields.get("identity"));
    let purse = Purse::of(&name, account.as_ref(), visit.standing(account.as_ref()));
    if purse.take(sso).await?.is_err() {
        return Ok(show(&visit, onward, form, Shown { is_waiting: true, ..shown }));
    }
    match (sso.verify_password(account.as_ref().map(|a| a.id), fields.exact("password")).await?, account) {
        (Verdict::Busy, _) => Ok(trouble::too_many(&visit)),
        (Verdict::Right, Some(account)) => {
            purse.forgive(sso).await?;
            if !visit.address.is_empty() {
                sso.forgive("sign-in", &visit.address).await?;
            }
            proof::after_password(&visit, account, onward).await
        }
        (Verdict::Right | Verdict::Wrong, _) => {
            let form = refused(&visit, form, "password", "sign-in-wrong");
            Ok(show(&visit, onward, form, shown))
        }
    }
}

/// For who has proven a code first: the password alone, from a purse of their own.
pub(super) async fn password_last(
    visit: &Visit,
    fields: &Fields,
    account: &Account,
) -> Result<Option<Verdict>, Fault> {
    let purse = Purse::of("", Some(account), Standing::Proven);
    if purse.take(&visit.sso).await?.is_err() {
        return Ok(None);
    }
    let verdict = visit.sso.verify_password(Some(account.id), fields.exact("password")).await?;
    if verdict == Verdict::Right {
        purse.forgive(&visit.sso).await?;
    }
    Ok(Some(verdict))
}

pub(crate) fn refused(visit: &Visit, mut form: Form, field: &str, key: &str) -> Form {
    form.refuse(field, visit.words.say(key));
    form
}

/// What the methods of a session are when one more was used.
fn method_of_code(is_sms: bool) -> Method {
    if is_sms { Method::Sms } else { Method::OneTimePassword }
}
