//! The authorization endpoint (OpenID Connect Core section 3.1.2): who is there, how sure, whether they
//! consent, and a code for the client.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use look::{Frame, Page};
use serde_json::Value;
use switch_core::clock::Timestamp;
use switch_store::transact;

use super::arrival::{Arrival, PATH, Refused};
use super::consent::{self, Asked};
use super::error::OAuthError;
use super::granted::Granted;
use super::request::{AuthorizationRequest, Parameters};
use crate::Sso;
use crate::fault::Fault;
use crate::level::Loa;
use crate::seal::digest;
use crate::session::SignedIn;
use crate::store::account::Account;
use crate::store::{code, consent as consents, logout_notice, pushed_request};
use crate::visit::{Visit, encoded, see_other, sign_in_path};

/// A form with a request is not read beyond this, in bytes.
const FORM_MAX: usize = 16 * 1024;

/// What comes next for a request.
#[derive(Debug)]
pub(crate) enum Step {
    /// The person proves who it is, at a level and not before a moment. With `prompt=none` the client is
    /// told the code instead.
    SignIn(Loa, Timestamp, &'static str),
    /// The person is asked.
    Consent,
    /// The client is told.
    Refuse(OAuthError),
    /// A code with what was allowed.
    Issue(Box<Granted>),
}

/// `GET /oidc/authorize`
pub(crate) async fn arrive(visit: Visit) -> Result<Response, Fault> {
    let arrival = match visit.sso.arrive(visit.uri.query().unwrap_or("")).await {
        Ok(arrival) => arrival,
        Err(refused) => return refuse(&visit, refused),
    };
    let step = next_step(&visit, &arrival).await?;
    let back = async || visit.sso.way_back(&arrival).await;
    let issuer = &visit.sso.settings.issuer;
    let request = &arrival.request;
    Ok(match unasked(request, step) {
        Step::SignIn(level, since, _) => {
            visit.go(&with_locales(sign_in_path(&back().await?, level, since), request))
        }
        Step::Consent => visit.go(&with_locales(consent::path(&back().await?), request)),
        Step::Refuse(error) => visit.go(&request.way.refused(&error, issuer)),
        Step::Issue(granted) => issue(&visit, &arrival, *granted).await?,
    })
}

/// `POST /oidc/authorize`: on to the same by GET. A browser sends no cookie of ours with a form of another
/// site, but does follow the redirect with it.
pub(crate) async fn arrive_by_form(State(sso): State<Arc<Sso>>, request: Request) -> Result<Response, Fault> {
    let body = axum::body::to_bytes(request.into_body(), FORM_MAX).await.unwrap_or_default();
    let parameters = Parameters::parse(std::str::from_utf8(&body).unwrap_or(""));
    let query = parameters.to_query();
    let to = match sso.arrive(&query).await {
        Ok(arrival) => sso.way_back(&arrival).await?,
        Err(Refused::Fault(fault)) => return Err(fault),
        Err(Refused::Untrusted(_)) if query.len() > FORM_MAX / 4 => PATH.to_owned(),
        Err(Refused::Untrusted(_)) => format!("{PATH}?{query}"),
        Err(Refused::Told(way, error)) => way.refused(&error, &sso.settings.issuer),
    };
    Ok(see_other(&to))
}

/// With `prompt=none` nothing is shown: the client is told what would have been.
fn unasked(request: &AuthorizationRequest, step: Step) -> Step {
    match step {
        Step::SignIn(_, _, code) if request.prompt.none => {
            Step::Refuse(OAuthError::new(code, "prompt is none, and the person must sign in"))
        }
        Step::Consent if request.prompt.none => {
            Step::Refuse(OAuthError::new("consent_required", "prompt is none, and the person must be asked"))
        }
        step => step,
    }
}

fn with_locales(path: String, request: &AuthorizationRequest) -> String {
    match &request.ui_locales {
        Some(locales) => format!("{path}&ui_locales={}", encoded(locales)),
        None => path,
    }
}

/// What comes next.
pub(crate) async fn next_step(visit: &Visit, arrival: &Arrival) -> Result<Step, Fault> {
    let (sso, request, since) = (&visit.sso, &arrival.request, arrival.since());
    let subject = match sso.wanted_subject(request).await? {
        Ok(subject) => subject,
        Err(error) => return Ok(Step::Refuse(error)),
    };
    let Some(known) = &visit.signed_in else {
        return Ok(Step::SignIn(lowest_level(request), since, "login_required"));
    };
    if known.session.authenticated_at < since {
        return Ok(Step::SignIn(lowest_level(request), since, "login_required"));
    }
    let registration = &request.client.registration;
    if subject.is_some_and(|subject| subject != sso.subject(known.account.id, registration)) {
        let another = "somebody else is signed in than the request names";
        return Ok(Step::Refuse(OAuthError::new("login_required", another)));
    }
    match goal(request, reach(&known.account)) {
        Err(error) => return Ok(Step::Refuse(error)),
        Ok(level) if known.session.level < level => {
            return Ok(Step::SignIn(level, since, "interaction_required"));
        }
        Ok(_) => {}
    }
    let Some(claims) = sso.allowed_claims(arrival, known.account.id).await? else { return Ok(Step::Consent) };
    Ok(Step::Issue(Box::new(granted(request, known, claims))))
}

/// The highest level somebody may reach: whoever was not seen by anybody stays at the lowest.
fn reach(account: &Account) -> Loa {
    if account.in_person { Loa::Passkey } else { Loa::Registered }
}

/// The level somebody unknown signs in at first: the least that can do.
fn lowest_level(request: &AuthorizationRequest) -> Loa {
    let asked = request.claims.essential_levels().unwrap_or_else(|| request.levels.clone());
    asked.into_iter().min().unwrap_or(Loa::Registered).max(request.floor())
}

/// The level to reach: an essential one must be (OpenID Connect Core section 5.5.1.1); of those that are
/// only wished for, the highest that can be.
fn goal(request: &AuthorizationRequest, reach: Loa) -> Result<Loa, OAuthError> {
    let unmet = |what| OAuthError::new("unmet_authentication_requirements", what);
    let floor = request.floor();
    if floor > reach {
        return Err(unmet("scope: the person was not verified in person"));
    }
    if let Some(essential) = request.claims.essential_levels() {
        let fits = essential.into_iter().filter(|level| (floor..=reach).contains(level));
        return fits.min().ok_or_else(|| unmet("claims: the person cannot reach the essential acr"));
    }
    let wished = request.levels.iter().copied().filter(|level| *level <= reach);
    Ok(wished.max().unwrap_or(floor).max(floor))
}

fn granted(request: &AuthorizationRequest, known: &SignedIn, claims: Value) -> Granted {
    let session = &known.session;
    // An essential acr is answered with one of its values.
    let essential = request.claims.essential_levels();
    let matching = essential.and_then(|list| list.into_iter().filter(|level| *level <= session.level).max());
    Granted {
        client: request.client.id.clone(),
        account: Some(known.account.id),
        session: Some(session.id),
        scopes: request.scopes.clone(),
        claims,
        resources: request.resources.clone(),
        nonce: request.nonce.clone(),
        level: matching.unwrap_or(session.level).number(),
        methods: session.methods.to_string(),
        authenticated_at: session.authenticated_at.0,
    }
}

impl Sso {
    /// The subject the client takes and no other: of its hint, or of its parameter `claims`. The inner
    /// error is what the client is told.
    async fn wanted_subject(
        &self,
        request: &AuthorizationRequest,
    ) -> Result<Result<Option<String>, OAuthError>, Fault> {
        let named = request.claims.subject().map(str::to_owned);
        let Some(hint) = &request.id_token_hint else { return Ok(Ok(named)) };
        // Expired ones are hints all the same (OpenID Connect Core section 3.1.2.1).
        let claims = self.read_own(hint, "JWT").await?;
        let claims = claims.filter(|claims| claims.get("aud") == Some(&Value::from(&*request.client.id)));
        let subject = claims.and_then(|claims| claims.get("sub")?.as_str().map(str::to_owned));
        Ok(subject
            .map(Some)
            .ok_or_else(|| OAuthError::request("id_token_hint is no ID token of this client")))
    }

    /// The single claims a person allowed; `None` when the person must be asked.
    async fn allowed_claims(&self, arrival: &Arrival, account: i64) -> Result<Option<Value>, Fault> {
        let request = &arrival.request;
        let since = if request.prompt.consent { arrival.at } else { Timestamp(0) };
        if request.client.registration.consent_is_implied {
            return Ok(Some(request.claims.allowed(|_| true)));
        }
        let given = consents::find(&self.db, account, &request.client.id).await?;
        let Some(given) = given.filter(|given| Asked::of(request).is_answered(Some(given), since)) else {
            return Ok(None);
        };
        let may = |claim: &str| {
            given.claims.contains(claim) || super::claim_scope::releases(&request.scopes, claim)
        };
        Ok(Some(request.claims.allowed(may)))
    }
}

async fn issue(visit: &Visit, arrival: &Arrival, granted: Granted) -> Result<Response, Fault> {
    let (sso, request, now) = (&visit.sso, &arrival.request, visit.sso.now());
    let secret = sso.new_token();
    let session = granted.session.filter(|_| request.client.registration.backchannel_logout_uri.is_some());
    let code = code::Code {
        client: request.client.id.clone(),
        redirect_uri: request.way.uri.clone(),
        code_challenge: request.code_challenge.clone(),
        dpop_jkt: request.dpop_jkt.clone(),
        granted,
        family: sso.new_id(),
        expires_at: now.plus_ms(sso.settings.code_s * 1000),
    };
    let issued = transact!(sso.db, tx => {
        if let Some(row) = arrival.row() && !pushed_request::take(tx, row, now).await? {
            return Ok(false);
        }
        code::add(tx, digest(&secret), &code).await?;
        if let Some(session) = session {
            logout_notice::remember(tx, session, &request.client.id).await?;
        }
        Ok(true)
    })?;
    if !issued {
        return refuse(visit, Refused::Untrusted("request_uri"));
    }
    Ok(visit.go(&request.way.with(&[("code", &secret)], &sso.settings.issuer)))
}

/// Tells the client, or shows the page where no client is trusted.
pub(crate) fn refuse(visit: &Visit, refused: Refused) -> Result<Response, Fault> {
    match refused {
        Refused::Fault(fault) => Err(fault),
        Refused::Told(way, error) => Ok(visit.go(&way.refused(&error, &visit.sso.settings.issuer))),
        Refused::Untrusted(parameter) => {
            let frame = visit.frame("refused-request-title");
            let page = RefusedPage { frame: frame.clone(), parameter };
            Ok(visit.page(StatusCode::BAD_REQUEST, &page, &frame))
        }
    }
}

/// The page of a request that nobody can be told about.
#[derive(Template)]
#[template(path = "refused_request.html")]
pub struct RefusedPage {
    frame: Frame,
    parameter: &'static str,
}

impl Page for RefusedPage {
    const NAME: &'static str = "refused-request";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("refused-request-title");
        let page = |parameter| Self { frame: frame.clone(), parameter };
        vec![("client", page("client_id")), ("redirect", page("redirect_uri")), ("old", page("request_uri"))]
    }
}

impl RefusedPage {
    fn advice(&self) -> &'static str {
        match self.parameter {
            "request_uri" => "refused-request-old",
            _ => "refused-request-wrong",
        }
    }
}
