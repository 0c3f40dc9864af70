//! `/device`: the page where a person types the code of a device and allows or refuses what it asks for
//! (RFC 8628 section 3.3).

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use look::{Form, Frame, Language, Page};
use switch_core::clock::Timestamp;
use switch_store::transact;

use super::device::user_code_index;
use super::granted::Granted;
use super::scope::{Resource, Scope};
use crate::Sso;
use crate::audit::{self, Actor, Deed};
use crate::fault::Fault;
use crate::level::Loa;
use crate::session::SignedIn;
use crate::store::client;
use crate::store::device_grant::{self as rows, DeviceGrant, DeviceState};
use crate::throttle::Policy;
use crate::trouble;
use crate::visit::{Fields, Posted, Visit, encoded, sign_in_path};

/// What is guessed at.
const GUESS: &str = "user code";

/// The page: a code to type, a question to answer, or how it ended.
#[derive(Template)]
#[template(path = "device.html")]
pub struct DevicePage {
    frame: Frame,
    step: Step,
}

/// Where a visitor is.
enum Step {
    Type,
    Confirm { user_code: String, client: String, scopes: Vec<String> },
    Ended { kind: &'static str, advice: &'static str },
}

const ALLOWED: Step = Step::Ended { kind: "success", advice: "device-allowed-advice" };
const REFUSED: Step = Step::Ended { kind: "notice", advice: "device-refused-advice" };

impl Step {
    fn title(&self) -> &'static str {
        match self {
            Self::Type => "device-type",
            Self::Confirm { .. } => "device-confirm",
            Self::Ended { kind: "success", .. } => "device-allowed",
            Self::Ended { .. } => "device-refused",
        }
    }
}

impl Page for DevicePage {
    const NAME: &'static str = "device";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let scopes = Scope::ALL.map(|scope| scope_key(scope.as_str())).to_vec();
        let (user_code, client) = ("BCDF-GHJK".to_owned(), "A till".to_owned());
        let mut wrong = Form::new().with("user_code", "BCDF-GHJX");
        wrong.refuse("user_code", frame.say("device-unknown"));
        let refused = frame.clone().filled(wrong);
        [
            ("type", frame.clone(), Step::Type),
            ("wrong", refused, Step::Type),
            ("confirm", frame.clone(), Step::Confirm { user_code, client, scopes }),
            ("allowed", frame.clone(), ALLOWED),
            ("refused", frame, REFUSED),
        ]
        .map(|(case, frame, step)| (case, Self { frame: frame.titled(step.title()), step }))
        .into()
    }
}

fn scope_key(scope: &str) -> String {
    format!("device-scope-{}", scope.replace([':', '_'], "-"))
}

fn draw(visit: &Visit, status: StatusCode, step: Step, form: Form) -> Response {
    let frame = visit.frame(step.title()).filled(form);
    visit.page(status, &DevicePage { frame: frame.clone(), step }, &frame)
}

/// The page to type at. A code in the address is filled in and still has to be sent: whoever made the
/// address may want somebody else's account on the device (section 5.4).
pub async fn show(visit: Visit) -> Response {
    if let Err(to_sign_in) = visit.need(Loa::Verified, Timestamp(0)) {
        return *to_sign_in;
    }
    let query = Fields::parse(visit.uri.query().unwrap_or(""));
    let form = Form::new().with("user_code", &typed(&query));
    draw(&visit, StatusCode::OK, Step::Type, form)
}

fn typed(fields: &Fields) -> String {
    fields.get("user_code").chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(20).collect()
}

/// A code that was typed, or an answer.
///
/// # Errors
/// [`Fault`].
pub async fn send(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let signed_in = match visit.need(Loa::Verified, Timestamp(0)) {
        Ok(signed_in) => signed_in,
        Err(to_sign_in) => return Ok(*to_sign_in),
    };
    let (sso, user_code) = (Arc::clone(&visit.sso), typed(&fields));
    let whom = signed_in.account.id.to_string();
    if sso.take_try(GUESS, &whom, Policy::CODE).await?.is_err() {
        return Ok(trouble::too_many(&visit));
    }
    let Some((grant, name)) = asked(&sso, &visit, &user_code).await? else {
        let mut form = Form::new().with("user_code", &user_code);
        form.refuse("user_code", visit.words.say("device-unknown"));
        return Ok(draw(&visit, StatusCode::UNPROCESSABLE_ENTITY, Step::Type, form));
    };
    sso.forgive(GUESS, &whom).await?;
    let level = level_for(&grant.scopes);
    if signed_in.session.level < level {
        let here = format!("/device?user_code={}", encoded(&user_code));
        return Ok(visit.go(&sign_in_path(&here, level, Timestamp(0))));
    }
    let step = match &*fields.get("answer") {
        "allow" | "refuse" => {
            let allowed = fields.get("answer") == "allow";
            match answered(&sso, signed_in, &grant, &user_code, allowed).await? {
                true if allowed => ALLOWED,
                true => REFUSED,
                false => Step::Type,
            }
        }
        _ => {
            let scopes = grant.scopes.iter().map(|scope| scope_key(scope)).collect();
            Step::Confirm { user_code, client: name, scopes }
        }
    };
    Ok(draw(&visit, StatusCode::OK, step, Form::new()))
}

/// The grant that waits under a code, and the name of the client that asks.
async fn asked(sso: &Sso, visit: &Visit, user_code: &str) -> Result<Option<(DeviceGrant, String)>, Fault> {
    let found = rows::of_user_code(&sso.db, user_code_index(sso, user_code)).await?;
    let waits = |grant: &DeviceGrant| grant.state == DeviceState::Asked && grant.expires_at > sso.now();
    let Some(grant) = found.filter(waits) else { return Ok(None) };
    let Some(client) = client::find(&sso.db, &grant.client).await? else { return Ok(None) };
    let name = client.registration.client_name;
    let name = if visit.words.language == Language::Arabic { name.ar } else { name.en };
    Ok(Some((grant, name)))
}

/// Money and the identity document need a second factor.
fn level_for(scopes: &[String]) -> Loa {
    let is_grave = |scope: Scope| scope == Scope::Identity || scope.resource() == Some(Resource::PaymentApi);
    let grave = scopes.iter().filter_map(|word| Scope::parse(word)).any(is_grave);
    if grave { Loa::SecondFactor } else { Loa::Verified }
}

async fn answered(
    sso: &Sso,
    signed_in: &SignedIn,
    grant: &DeviceGrant,
    user_code: &str,
    allowed: bool,
) -> Result<bool, Fault> {
    let (at, account) = (sso.now(), signed_in.account.id);
    let granted = allowed.then(|| Granted {
        client: grant.client.clone(),
        account: Some(account),
        // The device goes on when the person signs out here.
        session: None,
        scopes: grant.scopes.clone(),
        claims: serde_json::Value::Null,
        resources: grant.resources.clone(),
        nonce: None,
        level: signed_in.session.level.number(),
        methods: signed_in.session.methods.to_string(),
        authenticated_at: signed_in.session.authenticated_at.0,
    });
    let act = if allowed { "device allow" } else { "device refuse" };
    let (subject, detail) = (format!("client {}", grant.client), grant.scopes.join(" "));
    let index = user_code_index(sso, user_code);
    Ok(transact!(sso.db, tx => {
        let first = rows::answer(tx, index.clone(), granted.as_ref(), at).await?;
        if first {
            let (actor, subject, detail) = (Actor::Account(account), subject.clone(), detail.clone());
            audit::write_down(tx, Deed { at, actor, act, subject, detail }).await?;
        }
        Ok(first)
    })?)
}
