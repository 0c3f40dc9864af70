//! Consent: what a client asks a person for, in words, scope by scope and claim by claim. What was allowed
//! is remembered until it is withdrawn; what is optional is never ticked beforehand.

use std::collections::BTreeSet;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use look::{Frame, Page};
use switch_core::clock::Timestamp;
use switch_store::transact;

use super::arrival::{Arrival, PATH};
use super::authorize::{self, Step};
use super::claim_scope::{self, OFFLINE_ACCESS, OPENID, SCOPES};
use super::error::OAuthError;
use super::request::AuthorizationRequest;
use crate::fault::Fault;
use crate::store::consent::{self as rows, Consent};
use crate::store::pushed_request;
use crate::visit::{Posted, Visit, encoded, next_path};

/// What a request asks a person for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The scopes, without `openid`.
    pub scopes: BTreeSet<String>,
    /// Single claims that no scope releases and the client cannot do without.
    pub essential: BTreeSet<String>,
    /// Single claims that no scope releases and the person may leave out.
    pub voluntary: BTreeSet<String>,
}

impl Asked {
    /// What a request asks for.
    #[must_use]
    pub fn of(request: &AuthorizationRequest) -> Self {
        let scopes = request.scopes.iter().filter(|scope| *scope != OPENID).cloned().collect();
        let single = request.claims.personal();
        let single = single.into_iter().filter(|(claim, _)| !claim_scope::releases(&request.scopes, claim));
        let (essential, voluntary): (Vec<_>, Vec<_>) = single.partition(|(_, is_essential)| *is_essential);
        let names = |list: Vec<(String, bool)>| list.into_iter().map(|(name, _)| name).collect();
        Self { scopes, essential: names(essential), voluntary: names(voluntary) }
    }

    /// Whether all of it was answered, at or after a moment.
    #[must_use]
    pub fn is_answered(&self, by: Option<&Consent>, since: Timestamp) -> bool {
        by.is_some_and(|given| {
            given.given_at >= since
                && self.scopes.is_subset(&given.scopes)
                && self.essential.is_subset(&given.claims)
                && self.voluntary.iter().all(|c| given.claims.contains(c) || given.declined.contains(c))
        })
    }

    /// What is allowed from now on: this, with these of the voluntary claims, and what was allowed before.
    #[must_use]
    pub fn given(
        self,
        client: &str,
        ticked: &BTreeSet<String>,
        before: Option<Consent>,
        at: Timestamp,
    ) -> Consent {
        let mut given = before.unwrap_or_else(|| Consent {
            client: client.to_owned(),
            scopes: BTreeSet::new(),
            claims: BTreeSet::new(),
            declined: BTreeSet::new(),
            given_at: at,
        });
        given.given_at = at;
        given.scopes.extend(self.scopes);
        for claim in &self.voluntary {
            let (to, from) = if ticked.contains(claim) {
                (&mut given.claims, &mut given.declined)
            } else {
                (&mut given.declined, &mut given.claims)
            };
            from.remove(claim);
            to.insert(claim.clone());
        }
        for claim in self.essential {
            given.declined.remove(&claim);
            given.claims.insert(claim);
        }
        given
    }
}

/// The page that asks.
#[derive(Template)]
#[template(path = "consent.html")]
pub struct ConsentPage {
    frame: Frame,
    client: String,
    lines: Vec<String>,
    voluntary: Vec<(String, String)>,
    next: String,
}

impl Page for ConsentPage {
    const NAME: &'static str = "consent";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let all = Asked {
            scopes: set(&[
                "address",
                "email",
                "identity",
                "offline_access",
                "payments:read",
                "phone",
                "profile",
            ]),
            essential: set(&[]),
            voluntary: set(&[]),
        };
        let single = Asked {
            scopes: set(&["email"]),
            essential: set(&["name#ar", "identity_number"]),
            voluntary: set(&["phone_number", "birthdate"]),
        };
        let nothing = Asked { scopes: set(&[]), essential: set(&[]), voluntary: set(&[]) };
        let page = |asked: &Asked| {
            let frame = frame.clone().titled("consent-title").visited("سلمى النجار", 2);
            Self::of(frame, "Ministry of Transport", asked, "/oidc/authorize?client_id=a".into())
        };
        vec![("scopes", page(&all)), ("claims", page(&single)), ("nothing", page(&nothing))]
    }
}

impl ConsentPage {
    fn of(frame: Frame, client: &str, asked: &Asked, next: String) -> Self {
        let scopes = asked.scopes.iter().map(|scope| scope_in_words(&frame, scope));
        let claims = asked.essential.iter().map(|claim| claim_in_words(&frame, claim));
        let voluntary = asked.voluntary.iter().map(|claim| (claim.clone(), claim_in_words(&frame, claim)));
        Self {
            client: client.to_owned(),
            lines: scopes.chain(claims).collect(),
            voluntary: voluntary.collect(),
            frame,
            next,
        }
    }
}

/// A scope in the words of the person; the account's page of connected services says it so too.
#[must_use]
pub fn scope_in_words(frame: &Frame, scope: &str) -> String {
    let known = scope == OFFLINE_ACCESS || SCOPES.iter().any(|known| known.name == scope);
    if known {
        frame.say(&format!("consent-scope-{scope}"))
    } else {
        frame.fill("consent-scope-other", &[("scope", scope)])
    }
}

/// A claim in the words of the person.
#[must_use]
pub fn claim_in_words(frame: &Frame, claim: &str) -> String {
    let key = format!("consent-claim-{}", claim_scope::base(claim).replace('_', "-"));
    match claim.split_once('#') {
        None => frame.say(&key),
        Some((_, tag)) => {
            let name = frame.say(&key);
            frame.fill(&format!("consent-claim-in-{tag}"), &[("claim", name.as_str())])
        }
    }
}

/// The address of the page for a way back.
pub(crate) fn path(back: &str) -> String {
    format!("/consent?next={}", encoded(back))
}

/// What stands before the page and its form: the same request, arrived again.
enum Opened {
    Asks(Box<Arrival>, i64),
    Elsewhere(Response),
}

async fn open(visit: &Visit, next: &str) -> Result<Opened, Fault> {
    let ours = next_path(next).and_then(|next| next.strip_prefix(PATH)?.strip_prefix('?'));
    let Some(query) = ours else { return Ok(Opened::Elsewhere(crate::trouble::not_found(visit))) };
    let arrival = match visit.sso.arrive(query).await {
        Ok(arrival) => arrival,
        Err(refused) => return authorize::refuse(visit, refused).map(Opened::Elsewhere),
    };
    match (authorize::next_step(visit, &arrival).await?, &visit.signed_in) {
        (Step::Consent, Some(known)) => Ok(Opened::Asks(Box::new(arrival), known.account.id)),
        _ => Ok(Opened::Elsewhere(visit.go(next))),
    }
}

/// `GET /consent?next=…`
pub(crate) async fn show(visit: Visit) -> Result<Response, Fault> {
    let next = crate::visit::Fields::parse(visit.uri.query().unwrap_or("")).exact("next").to_owned();
    let arrival = match open(&visit, &next).await? {
        Opened::Asks(arrival, _) => arrival,
        Opened::Elsewhere(response) => return Ok(response),
    };
    let request = &arrival.request;
    let name = &request.client.registration.client_name;
    let name = if visit.words.language == look::Language::Arabic { &name.ar } else { &name.en };
    let mut frame = visit.frame("consent-title");
    frame.form_action.push(request.way.origin());
    let page = ConsentPage::of(frame.clone(), name, &Asked::of(request), next);
    Ok(visit.page(StatusCode::OK, &page, &frame))
}

/// `POST /consent`
pub(crate) async fn answer(posted: Posted) -> Result<Response, Fault> {
    let Posted { visit, fields } = posted;
    let next = fields.exact("next");
    let (arrival, account) = match open(&visit, next).await? {
        Opened::Asks(arrival, account) => (arrival, account),
        Opened::Elsewhere(response) => return Ok(response),
    };
    if fields.exact("answer") != "allow" {
        return decline(&visit, &arrival).await;
    }
    let (sso, request) = (&visit.sso, &arrival.request);
    let before = rows::find(&sso.db, account, &request.client.id).await?;
    let ticked = fields.all("claim").map(str::to_owned).collect();
    let given = Asked::of(request).given(&request.client.id, &ticked, before, sso.now());
    transact!(sso.db, tx => rows::give(tx, account, &given).await)?;
    Ok(visit.go(next))
}

async fn decline(visit: &Visit, arrival: &Arrival) -> Result<Response, Fault> {
    let sso = &visit.sso;
    if let Some(row) = arrival.row() {
        transact!(sso.db, tx => pushed_request::take(tx, row.clone(), sso.now()).await)?;
    }
    let error = OAuthError::new("access_denied", "the person did not consent");
    Ok(visit.go(&arrival.request.way.refused(&error, &sso.settings.issuer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_was_declined_is_not_asked_again_and_what_is_new_is() {
        let asked =
            Asked { scopes: set(&["email"]), essential: set(&["name"]), voluntary: set(&["birthdate"]) };
        let at = Timestamp(1_000);
        assert!(!asked.is_answered(None, Timestamp(0)));
        let given = asked.clone().given("rp", &set(&["phone_number"]), None, at);
        assert_eq!((given.claims.clone(), given.declined.clone()), (set(&["name"]), set(&["birthdate"])));
        assert!(asked.is_answered(Some(&given), at));
        assert!(!asked.is_answered(Some(&given), Timestamp(1_001)), "prompt=consent");
        let more = Asked { essential: set(&["name", "birthdate"]), voluntary: set(&[]), ..asked };
        assert!(!more.is_answered(Some(&given), at), "what was declined is essential now");
        let given = more.given("rp", &set(&[]), Some(given), at);
        assert_eq!((given.claims, given.declined), (set(&["birthdate", "name"]), set(&[])));
    }
}
