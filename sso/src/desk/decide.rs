//! Decisions at the desk. Each is one transaction that only the first of two clerks gets through.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use subtle::ConstantTimeEq;
use switch_store::{StoreError, transact};

use super::code::{self, Issued};
use super::file::{File, changed};
use super::file_pages::{Next, RefusedPage};
use super::findings;
use crate::audit::{Actor, Deed, write_down};
use crate::fault::Fault;
use crate::jose::from_base64url;
use crate::level::Loa;
use crate::store::application::{self, State};
use crate::store::desk_act::{self, DeskAct, Did};
use crate::store::proposal::{self, Findings, Proposal};
use crate::visit::{Posted, Visit, sign_in_path};

/// An override that nobody confirmed by then is proposed again, from the beginning.
const PROPOSAL_MS: i64 = 2 * 3_600_000;

/// How a visit at the desk ends without a code: case, title, kind of panel, sentence.
pub(super) const ENDS: [(&str, &str, &str, &str); 7] = [
    ("refused", "desk-end-refused", "success", "desk-end-refused-advice"),
    ("proposed", "desk-end-proposed", "success", "desk-end-proposed-advice"),
    ("declined", "desk-end-declined", "success", "desk-end-declined-advice"),
    ("own", "desk-end-own", "error", "desk-end-own-advice"),
    ("changed", "desk-end-changed", "warning", "desk-end-changed-advice"),
    ("closed", "desk-end-closed", "error", "desk-end-closed-advice"),
    ("used", "desk-end-used", "warning", "desk-end-used-advice"),
];

/// A page that ends it, with a status.
pub(super) fn tell(visit: &Visit, status: StatusCode, case: &str, office: &str) -> Response {
    let (_, title, kind, advice) = ENDS.into_iter().find(|end| end.0 == case).unwrap_or(ENDS[4]);
    let frame = visit.frame(title);
    visit.page(status, &RefusedPage { frame: frame.clone(), advice, kind, office: office.to_owned() }, &frame)
}

/// A page that ends it: done, or not allowed.
pub(super) fn end(visit: &Visit, case: &str, office: &str) -> Response {
    let status = if case == "own" { StatusCode::FORBIDDEN } else { StatusCode::OK };
    tell(visit, status, case, office)
}

/// Writes an act down at the desk and in the log.
pub(super) async fn note(
    tx: &mut switch_store::Tx,
    act: &DeskAct,
    (word, detail): (&'static str, &str),
) -> Result<(), StoreError> {
    desk_act::add(tx, act).await?;
    let subject = act.application.map_or_else(|| "nobody".to_owned(), |id| format!("application {id}"));
    let detail = detail.to_owned();
    write_down(tx, Deed { at: act.at, actor: Actor::Account(act.clerk), act: word, subject, detail }).await
}

/// An act of the clerk of a file, now.
pub(super) fn act(visit: &Visit, file: &File, did: Did) -> DeskAct {
    DeskAct {
        id: visit.sso.new_id(),
        at: visit.sso.now(),
        office: file.application.office.clone(),
        clerk: file.clerk.account.id,
        application: Some(file.application.id),
        did,
    }
}

/// The registry agrees and so does the document.
pub(super) async fn approve(
    Path(reference): Path<String>,
    Posted { visit, fields }: Posted,
) -> Result<Response, Fault> {
    let file = match File::open(&visit, &reference).await? {
        Ok(file) => file,
        Err(instead) => return Ok(*instead),
    };
    if file.next(&visit).await? != Next::Approve {
        return Ok(changed(&visit, &file));
    }
    match findings::read(&visit, &fields, false) {
        Ok(findings) => hand_over(&visit, &file, &findings, None).await,
        Err(form) => file.page(&visit, StatusCode::UNPROCESSABLE_ENTITY, form).await,
    }
}

pub(super) async fn refuse(
    Path(reference): Path<String>,
    Posted { visit, fields }: Posted,
) -> Result<Response, Fault> {
    let file = match File::open(&visit, &reference).await? {
        Ok(file) => file,
        Err(instead) => return Ok(*instead),
    };
    if !matches!(file.next(&visit).await?, Next::Approve | Next::Propose) {
        return Ok(changed(&visit, &file));
    }
    let reason = match findings::refusal(&visit, &fields) {
        Ok(reason) => reason,
        Err(form) => return file.page(&visit, StatusCode::UNPROCESSABLE_ENTITY, form).await,
    };
    let act = act(&visit, &file, Did::Refuse);
    let id = file.application.id;
    let is_first = transact!(visit.sso.db, tx => {
        let is_first = application::decide(tx, id, State::Refused, act.clerk, act.at).await?;
        if is_first {
            note(tx, &act, ("application refuse", &reason)).await?;
        }
        Ok(is_first)
    })?;
    if !is_first {
        return Ok(changed(&visit, &file));
    }
    Ok(end(&visit, "refused", &file.application.office))
}

/// The registry does not agree, or has not answered: another person must say yes too.
pub(super) async fn propose(
    Path(reference): Path<String>,
    Posted { visit, fields }: Posted,
) -> Result<Response, Fault> {
    let file = match File::open(&visit, &reference).await? {
        Ok(file) => file,
        Err(instead) => return Ok(*instead),
    };
    if file.next(&visit).await? != Next::Propose {
        return Ok(changed(&visit, &file));
    }
    let findings = match findings::read(&visit, &fields, true) {
        Ok(findings) => findings,
        Err(form) => return file.page(&visit, StatusCode::UNPROCESSABLE_ENTITY, form).await,
    };
    let (sso, act) = (&visit.sso, act(&visit, &file, Did::Propose));
    let sealed = proposal::sealed(&sso.sealer, file.application.id, &findings)?;
    let proposal = Proposal {
        application: file.application.id,
        by: act.clerk,
        at: act.at,
        expires_at: act.at.plus_ms(PROPOSAL_MS),
        content_digest: file.content_digest(&visit, &findings),
        findings,
    };
    let reason = proposal.findings.reason.clone();
    let is_first = transact!(sso.db, tx => {
        let is_first = proposal::add(tx, &proposal, sealed.clone()).await?;
        if is_first {
            note(tx, &act, ("application override propose", &reason)).await?;
        }
        Ok(is_first)
    })?;
    let office = &file.application.office;
    Ok(if is_first { end(&visit, "proposed", office) } else { changed(&visit, &file) })
}

/// Another person confirms what was shown, or declines it.
pub(super) async fn confirm(
    Path(reference): Path<String>,
    Posted { visit, fields }: Posted,
) -> Result<Response, Fault> {
    let file = match File::open(&visit, &reference).await? {
        Ok(file) => file,
        Err(instead) => return Ok(*instead),
    };
    let back = format!("/desk/application/{}", file.application.reference);
    let since = visit.fresh_since();
    if visit.need(Loa::SecondFactor, since).is_err() {
        return Ok(visit.go(&sign_in_path(&back, Loa::SecondFactor, since)));
    }
    let Next::Confirm(findings, _) = file.next(&visit).await? else { return Ok(changed(&visit, &file)) };
    let now_digest = file.content_digest(&visit, &findings);
    let seen = from_base64url(fields.exact("content")).unwrap_or_default();
    let proposed = file.proposal.as_ref().map(|p| p.content_digest.clone()).unwrap_or_default();
    let is_same = seen.ct_eq(&now_digest) & proposed.ct_eq(&now_digest);
    match fields.get("do").as_str() {
        "decline" => decline(&visit, &file, proposed).await,
        "confirm" if bool::from(is_same) => hand_over(&visit, &file, &findings, Some(proposed)).await,
        _ => Ok(changed(&visit, &file)),
    }
}

async fn decline(visit: &Visit, file: &File, proposed: Vec<u8>) -> Result<Response, Fault> {
    let (act, id) = (act(visit, file, Did::Decline), file.application.id);
    let is_first = transact!(visit.sso.db, tx => {
        let is_first = proposal::take(tx, id, proposed.clone(), act.clerk, act.at).await?;
        if is_first {
            note(tx, &act, ("application override decline", "")).await?;
        }
        Ok(is_first)
    })?;
    let office = &file.application.office;
    Ok(if is_first { end(visit, "declined", office) } else { changed(visit, file) })
}

async fn hand_over(
    visit: &Visit,
    file: &File,
    findings: &Findings,
    proposed: Option<Vec<u8>>,
) -> Result<Response, Fault> {
    match code::issue(visit, file, findings, proposed).await? {
        Issued::Code(page) => {
            let frame = page.frame.clone();
            Ok(visit.page(StatusCode::OK, &*page, &frame))
        }
        Issued::Closed => Ok(tell(visit, StatusCode::CONFLICT, "closed", &file.application.office)),
        Issued::TooLate => Ok(changed(visit, file)),
    }
}
