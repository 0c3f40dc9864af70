//! What a clerk writes after looking at person and document, and why somebody is refused.

use jiff::civil::Date;
use look::Form;

use super::queue::NOTE_MAX;
use crate::person::{Identity, IdentityKind};
use crate::registration::today;
use crate::store::proposal::Findings;
use crate::visit::{Fields, Visit};

/// Why somebody may be approved against the registry.
pub(super) const OVERRIDE: &[&str] = &["spelling", "changed", "mistake", "unreachable"];
/// Why somebody is refused.
pub(super) const REFUSE: &[&str] = &["expired", "doubtful", "other-person", "differs", "other"];

/// Reads what was seen, or says in the form what is wrong with each field. `with_reason`: an override.
pub(super) fn read(visit: &Visit, fields: &Fields, with_reason: bool) -> Result<Findings, Form> {
    let mut form = typed(fields);
    let mut refuse = |field: &str, key: &str| form.refuse(field, visit.words.say(key));
    let document = document(fields).map_err(|key| refuse("document", key));
    let valid_until = valid_until(fields, today(visit.sso.now())).map_err(|key| refuse("valid", key));
    let has_face = fields.get("face") == "yes";
    if !has_face {
        refuse("face", "desk-face-missing");
    }
    let reason = if with_reason { fields.get("reason") } else { String::new() };
    let note = if with_reason { fields.get("note") } else { String::new() };
    if with_reason && !OVERRIDE.contains(&reason.as_str()) {
        refuse("reason", "desk-reason-missing");
    }
    if with_reason && note.is_empty() {
        refuse("note", "desk-note-missing");
    }
    if note.chars().count() > NOTE_MAX {
        refuse("note", "desk-note-long");
    }
    match (document, valid_until) {
        (Ok(document), Ok(valid_until)) if !form.is_refused() => {
            Ok(Findings { document, valid_until, reason, note })
        }
        _ => Err(form),
    }
}

const FIELDS: [&str; 7] = ["document", "valid-day", "valid-month", "valid-year", "face", "reason", "note"];

fn typed(fields: &Fields) -> Form {
    FIELDS.iter().fold(Form::new(), |form, name| form.with(name, &fields.get(name)))
}

/// The number printed on the document itself: letters and digits as they stand there.
fn document(fields: &Fields) -> Result<String, &'static str> {
    let number = fields.digits("document").to_ascii_uppercase();
    let fits = Identity::new(IdentityKind::Passport, &number).is_ok();
    if fits { Ok(number) } else { Err("desk-document-wrong") }
}

fn valid_until(fields: &Fields, today: Date) -> Result<Date, &'static str> {
    let [day, month, year] = ["valid-day", "valid-month", "valid-year"].map(|part| fields.digits(part));
    let date = || Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok();
    let date = date().filter(|_| year.len() == 4).ok_or("desk-valid-wrong")?;
    if date < today { Err("desk-valid-over") } else { Ok(date) }
}

/// Why somebody is refused: a word of the list, and the clerk's own words where the list has none.
pub(super) fn refusal(visit: &Visit, fields: &Fields) -> Result<String, Form> {
    let (reason, note) = (fields.get("refuse-reason"), fields.get("refuse-note"));
    let mut form = Form::new().with("refuse-reason", &reason).with("refuse-note", &note);
    let mut refuse = |field: &str, key: &str| form.refuse(field, visit.words.say(key));
    if !REFUSE.contains(&reason.as_str()) {
        refuse("refuse-reason", "desk-refuse-missing");
    }
    if reason == "other" && note.is_empty() {
        refuse("refuse-note", "desk-note-missing");
    }
    if note.chars().count() > NOTE_MAX {
        refuse("refuse-note", "desk-note-long");
    }
    if form.is_refused() { Err(form) } else { Ok(format!("{reason}: {note}")) }
}
