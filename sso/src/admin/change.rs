//! One change: what it would make different, and the decision.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use look::{Form, Frame, Page};
use switch_store::audit_log::hex;

use super::changes::{state, subject};
use super::difference::{self, Difference};
use super::{
    Away, Inside, Part, When, enter, enter_to_act, framed, nothing, parts, sample_parts, status, told,
};
use crate::Sso;
use crate::change::{Content, Refused, approve, refuse, withdraw};
use crate::role::{Permission, allows};
use crate::store::change::{self as rows, Change};
use crate::trouble;
use crate::visit::{Posted, Visit};

/// What somebody may do with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Nothing: it is decided, or not theirs to decide.
    Look,
    /// Approve or refuse.
    Decide,
    /// Take it back.
    Withdraw,
}

/// The page.
#[derive(Template)]
#[template(path = "admin/change.html")]
pub struct OneChange {
    frame: Frame,
    parts: Vec<Part>,
    action: String,
    number: String,
    kind: String,
    subject: String,
    /// The name of the person it is about.
    about: String,
    by: String,
    at: When,
    expires: When,
    reason: String,
    word: &'static str,
    shape: &'static str,
    decided_by: String,
    decided_because: String,
    differences: Vec<Difference>,
    /// What an approval is of, in hexadecimal.
    digest: String,
    may: May,
}

impl Page for OneChange {
    const NAME: &'static str = "admin-change";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("admin-change").visited("سلمى النجار", 3);
        let mut form = Form::new();
        form.refuse("decision", frame.say(Refused::Moved.key()));
        let page = |may, state, shape, frame: Frame| Self {
            frame,
            parts: sample_parts("/admin/changes"),
            action: "/admin/change/chg_0000000000001A".into(),
            number: "chg_0000000000001A".into(),
            kind: "admin-kind-change-client".into(),
            subject: "labour-portal".into(),
            about: String::new(),
            by: "كريم عودة".into(),
            at: When::sample(),
            expires: When::sample(),
            reason: "عنوان جديد للبوابة".into(),
            word: state,
            shape,
            decided_by: if may == May::Look { "هبة سمارة".into() } else { String::new() },
            decided_because: String::new(),
            differences: vec![Difference {
                field: "redirect_uris".into(),
                before: vec!["https://labour.example.ps/callback".into()],
                after: vec![
                    "https://labour.example.ps/callback".into(),
                    "https://labour.example.ps/back".into(),
                ],
            }],
            digest: "00".repeat(32),
            may,
        };
        vec![
            ("decide", page(May::Decide, "admin-state-waiting", "waiting", frame.clone())),
            ("moved", page(May::Decide, "admin-state-waiting", "waiting", frame.clone().filled(form))),
            ("own", page(May::Withdraw, "admin-state-waiting", "waiting", frame.clone())),
            ("applied", page(May::Look, "admin-state-applied", "done", frame)),
        ]
    }
}

async fn find(sso: &Sso, visit: &Visit, inside: &Inside<'_>, number: &str) -> Result<Change, Away> {
    let id = sso.public_ids.read("chg", number).map_err(|_| nothing(visit))?;
    let change = rows::find(&sso.db, id).await?;
    change.filter(|change| inside.reach.covers(&change.department)).ok_or_else(|| nothing(visit))
}

pub(super) async fn show(
    State(sso): State<Arc<Sso>>,
    Path(number): Path<String>,
    visit: Visit,
) -> Result<Response, Away> {
    let inside = enter(&visit, Permission::ChangesRead)?;
    let change = find(&sso, &visit, &inside, &number).await?;
    page(&sso, &visit, &inside, &change, Form::new()).await
}

async fn page(
    sso: &Sso,
    visit: &Visit,
    inside: &Inside<'_>,
    change: &Change,
    form: Form,
) -> Result<Response, Away> {
    let content = Content::read(&change.content)?;
    let number = crate::change::name(sso, change.id);
    let about = match content.account() {
        Some(account) => sso.name_of(account).await?.1,
        None => String::new(),
    };
    let decided_by = match change.decided_by {
        Some(by) => sso.name_of(by).await?.1,
        None => String::new(),
    };
    let (state, shape) = state(change, sso.now());
    let page = OneChange {
        frame: framed(visit, "admin-change", form),
        parts: parts(inside.known, "/admin/changes"),
        action: format!("/admin/change/{number}"),
        number,
        kind: format!("admin-kind-{}", content.kind()),
        subject: subject(sso, &content),
        about,
        by: sso.name_of(change.proposed_by).await?.1,
        at: When::of(change.proposed_at),
        expires: When::of(change.expires_at),
        reason: change.reason.clone(),
        word: state,
        shape,
        decided_by,
        decided_because: change.decided_because.clone().unwrap_or_default(),
        differences: difference::of(visit, sso, &content).await?,
        digest: hex(&change.digest),
        may: may(inside, change, &content, shape == "waiting"),
    };
    Ok(visit.page(status(&page.frame.form), &page, &page.frame))
}

fn may(inside: &Inside<'_>, change: &Change, content: &Content, waits: bool) -> May {
    let me = inside.known.account.id;
    let allowed = allows(&inside.known.roles, content.permissions().1, &change.department);
    match waits {
        true if change.proposed_by == me => May::Withdraw,
        true if allowed && change.subject_account != Some(me) => May::Decide,
        true | false => May::Look,
    }
}

pub(super) async fn decide(
    State(sso): State<Arc<Sso>>,
    Path(number): Path<String>,
    posted: Posted,
) -> Result<Response, Away> {
    let (visit, fields) = (&posted.visit, &posted.fields);
    let inside = enter_to_act(visit, Permission::ChangesRead)?;
    let change = find(&sso, visit, &inside, &number).await?;
    let me = inside.known.account.id;
    let permission = Content::read(&change.content)?.permissions().1;
    if change.proposed_by != me && !allows(&inside.known.roles, permission, &change.department) {
        return Err(Away::Answer(Box::new(trouble::not_allowed(visit))));
    }
    let done = match fields.exact("do") {
        "approve" => approve(&sso, me, change.id, &unhex(fields.exact("digest"))).await,
        "refuse" => refuse(&sso, me, change.id, &fields.get("reason")).await,
        "withdraw" => withdraw(&sso, me, change.id).await,
        _ => return Err(nothing(visit)),
    };
    let mut form = Form::new().with("reason", &fields.get("reason"));
    if told(visit, done, &mut form, "decision")?.is_some() {
        return Ok(visit.go("/admin/changes"));
    }
    page(&sso, visit, &inside, &change, form).await
}

/// The bytes of hexadecimal digits; nothing for any other text.
fn unhex(text: &str) -> Vec<u8> {
    let pair = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..text.len()).step_by(2).map(pair).collect::<Option<_>>().unwrap_or_default()
}
