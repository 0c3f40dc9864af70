//! The queue of an office, and the look-up that must say why.

use axum::http::StatusCode;
use axum::response::Response;
use look::Form;
use switch_core::clock::Timestamp;
use switch_store::transact;

use super::pages::{DeskPage, FindPage, OfficesPage, QueueLine};
use super::{BOTH, at_desk, offices_of};
use crate::audit::{Actor, Deed, write_down};
use crate::fault::Fault;
use crate::level::Loa;
use crate::person::{Identity, IdentityKind};
use crate::registration::pages::OfficeLine;
use crate::registration::{day, read_reference, shown_reference, today};
use crate::store::account::identity_index;
use crate::store::application::{self, Application, Waiting};
use crate::store::desk_act::{self, DeskAct, Did};
use crate::store::office::{self, Office};
use crate::trouble;
use crate::visit::{Fields, Posted, Visit, encoded};

/// Why somebody may be looked up.
pub(super) const WHY: &[&str] = &["present", "correction", "complaint", "supervision"];
/// A note in words is at most this long, in characters.
pub(super) const NOTE_MAX: usize = 300;
/// Lines of a queue.
const SHOWN: i64 = 200;

fn query(visit: &Visit) -> Fields {
    Fields::parse(visit.uri.query().unwrap_or(""))
}

/// The queue of the office in the query, or of the only one.
pub(super) async fn show(visit: Visit) -> Result<Response, Fault> {
    let known = match visit.need(Loa::SecondFactor, Timestamp(0)) {
        Ok(known) => known,
        Err(way) => return Ok(*way),
    };
    let offices = offices_of(&visit, known).await?;
    let asked = query(&visit).get("office");
    let chosen = match &offices[..] {
        [only] if asked.is_empty() => Some(only),
        _ => offices.iter().find(|office| office.code == asked),
    };
    match chosen {
        Some(office) => queue(&visit, office).await,
        None if offices.is_empty() || !asked.is_empty() => Ok(trouble::not_allowed(&visit)),
        None => {
            let frame = visit.frame("desk-title");
            let offices = offices.iter().map(|office| OfficeLine::of(office, &frame)).collect();
            Ok(visit.page(StatusCode::OK, &OfficesPage { frame: frame.clone(), offices }, &frame))
        }
    }
}

async fn queue(visit: &Visit, office: &Office) -> Result<Response, Fault> {
    let sso = &visit.sso;
    let frame = visit.frame("desk-title");
    let waiting = application::queue(&sso.db, &office.code, sso.now(), SHOWN).await?;
    let lines = waiting.iter().map(line).collect();
    let office = OfficeLine::of(office, &frame);
    Ok(visit.page(StatusCode::OK, &DeskPage { frame: frame.clone(), office, lines }, &frame))
}

fn line(waiting: &Waiting) -> QueueLine {
    let state = match (waiting.proposed_by, waiting.match_state.as_str()) {
        (Some(_), _) => ("new", "desk-queue-proposed"),
        (None, "matched") => ("done", "desk-match-matched"),
        (None, "mismatch") => ("refused", "desk-match-mismatch"),
        (None, "unknown") => ("refused", "desk-match-unknown"),
        (None, "deceased") => ("refused", "desk-match-deceased"),
        (None, _) => ("waiting", "desk-match-due"),
    };
    QueueLine {
        reference: waiting.reference.clone(),
        shown: shown_reference(&waiting.reference),
        since: day(today(waiting.created_at)),
        until: day(today(waiting.expires_at)),
        state,
    }
}

/// The form of a look-up; the queue leads here with a reference.
pub(super) async fn ask(visit: Visit) -> Result<Response, Fault> {
    let fields = query(&visit);
    let code = fields.get("office");
    if let Err(way) = at_desk(&visit, &code, &BOTH) {
        return Ok(*way);
    }
    let form = Form::new().with("what", &fields.get("reference")).with("why", "present");
    page(&visit, StatusCode::OK, &code, form).await
}

async fn page(visit: &Visit, status: StatusCode, office: &str, form: Form) -> Result<Response, Fault> {
    let Some(office) = office::find(&visit.sso.db, office).await? else {
        return Ok(trouble::not_found(visit));
    };
    let frame = visit.frame("desk-find-title").filled(form);
    let office = OfficeLine::of(&office, &frame);
    Ok(visit.page(status, &FindPage { frame: frame.clone(), office, reasons: WHY }, &frame))
}

/// Looks up, after the reason was written down: also when nobody is found.
pub(super) async fn find(Posted { visit, fields }: Posted) -> Result<Response, Fault> {
    let code = fields.get("office");
    let clerk = match at_desk(&visit, &code, &BOTH) {
        Ok(known) => known.account.id,
        Err(way) => return Ok(*way),
    };
    let (what, why, note) = (fields.get("what"), fields.get("why"), fields.get("note"));
    let mut form = Form::new().with("what", &what).with("why", &why).with("note", &note);
    let mut refuse = |field: &str, key: &str| form.refuse(field, visit.words.say(key));
    let sought = sought(&what);
    if sought.is_none() {
        refuse("what", "desk-find-wrong");
    }
    if !WHY.contains(&why.as_str()) {
        refuse("why", "desk-why-missing");
    }
    if note.chars().count() > NOTE_MAX {
        refuse("note", "desk-note-long");
    } else if note.is_empty() && why != "present" && WHY.contains(&why.as_str()) {
        refuse("note", "desk-note-missing");
    }
    let Some(sought) = sought.filter(|_| !form.is_refused()) else {
        return page(&visit, StatusCode::UNPROCESSABLE_ENTITY, &code, form).await;
    };
    let found = seek(&visit, &sought, &code).await?;
    write_look_up(&visit, (clerk, &code), found.as_ref(), &format!("{why}: {note}")).await?;
    match found {
        Some(found) => Ok(visit.go(&format!("/desk/application/{}", encoded(&found.reference)))),
        None => {
            form.refuse("what", visit.words.say("desk-find-nobody"));
            page(&visit, StatusCode::UNPROCESSABLE_ENTITY, &code, form).await
        }
    }
}

/// What a clerk types or scans.
enum Sought {
    Reference(String),
    Identity(Identity),
}

fn sought(typed: &str) -> Option<Sought> {
    let number: String = look::digits::western(typed).chars().filter(|c| !c.is_whitespace()).collect();
    let national = Identity::new(IdentityKind::NationalId, &number).ok();
    let passport = || Identity::new(IdentityKind::Passport, &number.to_ascii_uppercase()).ok();
    let reference = || read_reference(typed).map(Sought::Reference);
    national.map(Sought::Identity).or_else(reference).or_else(|| passport().map(Sought::Identity))
}

/// What waits or was decided at this office; what belongs to another one is not found.
async fn seek(visit: &Visit, sought: &Sought, office: &str) -> Result<Option<Application>, Fault> {
    let sso = &visit.sso;
    let found = match sought {
        Sought::Reference(reference) => application::find(&sso.db, &sso.sealer, reference).await?,
        Sought::Identity(identity) => {
            let index = identity_index(&sso.sealer, identity);
            application::newest_of(&sso.db, &sso.sealer, (index, office), sso.now()).await?
        }
    };
    Ok(found.filter(|application| application.office == office))
}

async fn write_look_up(
    visit: &Visit,
    (clerk, office): (i64, &str),
    found: Option<&Application>,
    why: &str,
) -> Result<(), Fault> {
    let (sso, now) = (&visit.sso, visit.sso.now());
    let application = found.map(|application| application.id);
    let act = DeskAct {
        id: sso.new_id(),
        at: now,
        office: office.to_owned(),
        clerk,
        application,
        did: Did::LookUp,
    };
    let subject = application.map_or_else(|| "nobody".to_owned(), |id| format!("application {id}"));
    let detail = format!("{office}: {why}");
    transact!(sso.db, tx => {
        desk_act::add(tx, &act).await?;
        let deed = Deed {
            at: now,
            actor: Actor::Account(clerk),
            act: "application look-up",
            subject: subject.clone(),
            detail: detail.clone(),
        };
        write_down(tx, deed).await
    })?;
    Ok(())
}
