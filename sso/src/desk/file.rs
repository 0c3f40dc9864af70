//! One application at the desk: who may see it, and what can be done with it now.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use look::Form;

use super::decide::{end, tell};
use super::file_pages::{FilePage, Next, compared, verdict};
use super::{BOTH, at_desk, findings};
use crate::fault::Fault;
use crate::jose::base64url;
use crate::registration::pages::OfficeLine;
use crate::registration::read_reference;
use crate::registry::Match;
use crate::session::SignedIn;
use crate::store::account::{self, Account};
use crate::store::activation;
use crate::store::application::{self, Application, State};
use crate::store::desk_act;
use crate::store::office;
use crate::store::proposal::{self, Findings, Proposal};
use crate::store::role::Role;
use crate::trouble;
use crate::visit::{Visit, encoded};

/// The reason of a look-up holds this long.
const LOOK_MS: i64 = 1_800_000;

/// An application with all that decides what may be done.
pub(super) struct File {
    pub(super) application: Application,
    pub(super) clerk: SignedIn,
    pub(super) proposal: Option<Proposal>,
    /// The account its person has already.
    pub(super) account: Option<Account>,
}

impl File {
    /// The file of a reference, for somebody at its office who gave a reason; else the answer instead.
    pub(super) async fn open(visit: &Visit, reference: &str) -> Result<Result<Self, Box<Response>>, Fault> {
        let sso = &visit.sso;
        if let Err(way) = visit.need(crate::level::Loa::SecondFactor, switch_core::clock::Timestamp(0)) {
            return Ok(Err(way));
        }
        let found = match read_reference(reference) {
            Some(reference) => application::find(&sso.db, &sso.sealer, &reference).await?,
            None => None,
        };
        let Some(application) = found else { return Ok(Err(Box::new(trouble::not_found(visit)))) };
        let clerk = match at_desk(visit, &application.office, &BOTH) {
            Ok(clerk) => clerk.clone(),
            // Of another office: as if it were not there.
            Err(_) => return Ok(Err(Box::new(trouble::not_found(visit)))),
        };
        let since = sso.now().plus_ms(-LOOK_MS);
        if !desk_act::looked_up(&sso.db, clerk.account.id, application.id, since).await? {
            let (office, reference) = (encoded(&application.office), encoded(&application.reference));
            let way = format!("/desk/find?office={office}&reference={reference}");
            return Ok(Err(Box::new(visit.go(&way))));
        }
        let identity = application.person.identity().ok_or(Fault::Corrupt("application.person"))?;
        if clerk.account.person.identity().as_ref() == Some(&identity) {
            return Ok(Err(Box::new(end(visit, "own", &application.office))));
        }
        let proposal = proposal::find(&sso.db, &sso.sealer, application.id, sso.now()).await?;
        let account = account::find_by_identity(&sso.db, &sso.sealer, &identity).await?;
        Ok(Ok(Self { application, clerk, proposal, account }))
    }

    /// What this clerk can do now.
    pub(super) async fn next(&self, visit: &Visit) -> Result<Next, Fault> {
        let (sso, application) = (&visit.sso, &self.application);
        let is_clerk = self.clerk.may(Role::Clerk, &application.office);
        Ok(match (application.state, &self.proposal) {
            (State::Refused, _) => Next::Refused,
            (State::Approved, _) => {
                let is_unused = match application.account {
                    Some(account) => activation::is_open(&sso.db, account, application.id).await?,
                    None => false,
                };
                if is_unused && is_clerk { Next::NewCode } else { Next::Approved }
            }
            (State::Waiting, _) if application.expires_at <= sso.now() => Next::Expired,
            (State::Waiting, Some(proposal)) if proposal.by == self.clerk.account.id => Next::Wait,
            (State::Waiting, Some(proposal)) => {
                let digest = base64url(&self.content_digest(visit, &proposal.findings));
                Next::Confirm(proposal.findings.clone(), digest)
            }
            (State::Waiting, None) if !is_clerk => Next::Look,
            (State::Waiting, None) if application.matched == Some(Match::Matched) => Next::Approve,
            (State::Waiting, None) => Next::Propose,
        })
    }

    /// Of everything that is on the page when an override is confirmed: the second person's yes is to this
    /// and to nothing else.
    pub(super) fn content_digest(&self, visit: &Visit, findings: &Findings) -> Vec<u8> {
        let a = &self.application;
        let matched = a.matched.as_ref().map_or("due", Match::as_str);
        let account = self.account.as_ref().map(|account| (account.id, account.state.as_str()));
        let content = serde_json::json!([
            a.id,
            a.person,
            a.registry,
            matched,
            findings.document,
            findings.valid_until.to_string(),
            findings.reason,
            findings.note,
            account,
        ]);
        visit.sso.sealer.index("override", &content.to_string())
    }

    /// The page of it, with a form to show again.
    pub(super) async fn page(
        &self,
        visit: &Visit,
        status: StatusCode,
        form: Form,
    ) -> Result<Response, Fault> {
        let a = &self.application;
        let found = office::find(&visit.sso.db, &a.office).await?;
        let office = found.ok_or(Fault::Corrupt("application.office"))?;
        let frame = visit.frame("desk-file-title").filled(form);
        let page = FilePage {
            office: OfficeLine::of(&office, &frame),
            reference: a.reference.clone(),
            lines: compared(&a.person, a.registry.as_ref(), a.matched.as_ref()),
            mobile: a.person.mobile.clone(),
            email: a.person.email.clone().unwrap_or_default(),
            verdict: verdict(a.matched.as_ref()),
            has_account: self.account.is_some() && a.state == State::Waiting,
            next: self.next(visit).await?,
            overrides: findings::OVERRIDE,
            refusals: findings::REFUSE,
            frame: frame.clone(),
        };
        Ok(visit.page(status, &page, &frame))
    }
}

pub(super) async fn show(visit: Visit, Path(reference): Path<String>) -> Result<Response, Fault> {
    match File::open(&visit, &reference).await? {
        Ok(file) => file.page(&visit, StatusCode::OK, Form::new()).await,
        Err(instead) => Ok(*instead),
    }
}

/// The file was changed by somebody else between the page and the button.
pub(super) fn changed(visit: &Visit, file: &File) -> Response {
    tell(visit, StatusCode::CONFLICT, "changed", &file.application.office)
}
