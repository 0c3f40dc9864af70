//! One account, after a look-up: state, sessions, roles; what is done at once and what is proposed.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use look::{Form, Frame, Page};

use super::accounts::{sees, write_look_up};
use super::staff::{role_choices, scope_choices};
use super::{
    Away, Choice, Inside, Part, When, enter, enter_to_act, framed, nothing, parts, role_key, sample_parts,
    scope_name, status, told,
};
use crate::Sso;
use crate::audit::Actor;
use crate::change::{Content, NotDone, propose};
use crate::credential::Factors;
use crate::fault::Fault;
use crate::role::{Permission, allows};
use crate::store::account::{self as rows, Account, AccountState};
use crate::store::look_up;
use crate::store::role::{self, Held, Role};
use crate::store::session;
use crate::urgent;
use crate::visit::{Fields, Posted, Visit};

/// A role somebody holds, with the value of the button that proposes its end.
#[derive(Debug, Clone)]
pub struct RoleLine {
    role: &'static str,
    scope: String,
    value: String,
}

/// A session that is open.
#[derive(Debug, Clone)]
pub struct SessionLine {
    device: String,
    level: i64,
    began: When,
    seen: When,
}

/// What is seen of an account that was looked up.
#[derive(Debug, Clone)]
pub struct Seen {
    name: String,
    looked_because: String,
    state: &'static str,
    shape: &'static str,
    in_person: bool,
    is_staff: bool,
    created: When,
    /// The keys of the names of what it is proven with; never more than the names.
    factors: Vec<&'static str>,
    roles: Vec<RoleLine>,
    sessions: Vec<SessionLine>,
    /// Which buttons there are: `lock`, `end`, `unlock`, `propose-unlock`, `propose-close`.
    buttons: Vec<&'static str>,
    may_propose_roles: bool,
}

/// The page.
#[derive(Template)]
#[template(path = "admin/account.html")]
pub struct OneAccount {
    frame: Frame,
    parts: Vec<Part>,
    action: String,
    number: String,
    /// `None` until there is a reason to look.
    seen: Option<Seen>,
    role_choices: Vec<Choice>,
    scope_choices: Vec<Choice>,
}

impl Page for OneAccount {
    const NAME: &'static str = "admin-account";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("admin-account").visited("سلمى النجار", 3);
        let mut form = Form::new();
        form.refuse("reason", frame.say("change-refused-reason"));
        let staff = Seen {
            name: "كريم سليم عودة".into(),
            looked_because: "طلب الموظف بالهاتف".into(),
            state: "admin-account-active",
            shape: "done",
            in_person: true,
            is_staff: true,
            created: When::sample(),
            factors: vec!["admin-factor-password", "admin-factor-totp", "admin-factor-codes"],
            roles: vec![RoleLine {
                role: "admin-role-clerk",
                scope: "post-ramallah".into(),
                value: "withdraw clerk@post-ramallah".into(),
            }],
            sessions: vec![SessionLine {
                device: "Firefox, Linux".into(),
                level: 2,
                began: When::sample(),
                seen: When::sample(),
            }],
            buttons: vec!["end", "lock", "propose-close"],
            may_propose_roles: true,
        };
        let citizen = Seen {
            state: "admin-account-locked",
            shape: "refused",
            is_staff: false,
            roles: vec![],
            sessions: vec![],
            buttons: vec!["unlock", "propose-close"],
            ..staff.clone()
        };
        let page = |seen, frame: Frame| Self {
            frame,
            parts: sample_parts("/admin/accounts"),
            action: "/admin/account/acc_0000000000001A".into(),
            number: "acc_0000000000001A".into(),
            seen,
            role_choices: vec![Choice::new("auditor", "مدقق")],
            scope_choices: vec![Choice::new("mol", "وزارة العمل")],
        };
        vec![
            ("closed-door", page(None, frame.clone())),
            ("staff", page(Some(staff.clone()), frame.clone())),
            ("locked", page(Some(citizen), frame.clone())),
            ("refused", page(Some(staff), frame.filled(form))),
        ]
    }
}

async fn find(sso: &Sso, visit: &Visit, inside: &Inside<'_>, number: &str) -> Result<Account, Away> {
    let id = sso.public_ids.read("acc", number).map_err(|_| nothing(visit))?;
    let account = rows::find(&sso.db, &sso.sealer, id).await?.ok_or_else(|| nothing(visit))?;
    if sees(sso, &inside.reach, id).await? { Ok(account) } else { Err(nothing(visit)) }
}

pub(super) async fn show(
    State(sso): State<Arc<Sso>>,
    Path(number): Path<String>,
    visit: Visit,
) -> Result<Response, Away> {
    let inside = enter(&visit, Permission::AccountsRead)?;
    let account = find(&sso, &visit, &inside, &number).await?;
    page(&sso, &visit, &inside, &account, Form::new()).await
}

async fn page(
    sso: &Sso,
    visit: &Visit,
    inside: &Inside<'_>,
    account: &Account,
    form: Form,
) -> Result<Response, Away> {
    let reason = look_up::reason(&sso.db, inside.known.account.id, account.id, sso.now()).await?;
    let seen = match reason {
        Some(reason) => Some(seen(sso, visit, inside, account, reason).await?),
        None => None,
    };
    let number = sso.show_account(account.id);
    let page = OneAccount {
        frame: framed(visit, "admin-account", form),
        parts: parts(inside.known, "/admin/accounts"),
        action: format!("/admin/account/{number}"),
        number,
        seen,
        role_choices: role_choices(visit),
        scope_choices: scope_choices(sso, visit).await?,
    };
    Ok(visit.page(status(&page.frame.form), &page, &page.frame))
}

async fn seen(
    sso: &Sso,
    visit: &Visit,
    inside: &Inside<'_>,
    account: &Account,
    looked_because: String,
) -> Result<Seen, Fault> {
    let held = role::of_account(&sso.db, account.id).await?;
    let sessions = session::of_account(&sso.db, account.id, sso.now()).await?;
    let role_line = |held: &Held| RoleLine {
        role: role_key(held.role),
        scope: scope_name(visit, &held.scope),
        value: format!("withdraw {}@{}", held.role.as_str(), held.scope),
    };
    let (state, shape) = match account.state {
        AccountState::Registered => ("admin-account-registered", "waiting"),
        AccountState::Active => ("admin-account-active", "done"),
        AccountState::Locked => ("admin-account-locked", "refused"),
        AccountState::Closed => ("admin-account-closed", "off"),
    };
    Ok(Seen {
        name: account.person.name.full(),
        looked_because,
        state,
        shape,
        in_person: account.in_person,
        is_staff: account.is_staff,
        created: When::of(account.created_at),
        factors: factor_keys(&sso.factors(account).await?),
        roles: held.iter().map(role_line).collect(),
        sessions: sessions.iter().map(session_line).collect(),
        buttons: buttons(inside, account, &held),
        may_propose_roles: account.state == AccountState::Active || account.state == AccountState::Registered,
    })
}

fn factor_keys(has: &Factors) -> Vec<&'static str> {
    let all = [
        (has.password, "admin-factor-password"),
        (has.passkeys > 0, "admin-factor-passkey"),
        (has.totp, "admin-factor-totp"),
        (has.mobile, "admin-factor-sms"),
        (has.recovery_codes > 0, "admin-factor-codes"),
    ];
    all.into_iter().filter_map(|(has, key)| has.then_some(key)).collect()
}

fn session_line(session: &session::Session) -> SessionLine {
    SessionLine {
        device: session.device.clone(),
        level: session.level.number(),
        began: When::of(session.created_at),
        seen: When::of(session.last_seen_at),
    }
}

fn buttons(inside: &Inside<'_>, account: &Account, held: &[Held]) -> Vec<&'static str> {
    let department = crate::change::department_of_account(held);
    if !allows(&inside.known.roles, Permission::AccountsLock, &department) {
        return Vec::new();
    }
    match account.state {
        AccountState::Registered => vec!["propose-close"],
        AccountState::Active => vec!["end", "lock", "propose-close"],
        AccountState::Locked if held.is_empty() => vec!["unlock", "propose-close"],
        AccountState::Locked => vec!["propose-unlock", "propose-close"],
        AccountState::Closed => Vec::new(),
    }
}

pub(super) async fn act(
    State(sso): State<Arc<Sso>>,
    Path(number): Path<String>,
    posted: Posted,
) -> Result<Response, Away> {
    let (visit, fields) = (&posted.visit, &posted.fields);
    let wanted = fields.get("do");
    let inside = match wanted.as_str() {
        "look" => enter(visit, Permission::AccountsRead)?,
        _ => enter_to_act(visit, Permission::AccountsRead)?,
    };
    let account = find(&sso, visit, &inside, &number).await?;
    let mut form = Form::new();
    for name in ["reason", "role", "scope"] {
        form = form.with(name, &fields.get(name));
    }
    let done = acted(&sso, visit, &inside, &account, fields).await?;
    if told(visit, done, &mut form, "reason")?.is_some() {
        let here = format!("/admin/account/{number}");
        let proposes = wanted.starts_with("propose") || wanted.starts_with("withdraw") || wanted == "grant";
        return Ok(visit.go(if proposes { "/admin/changes" } else { &here }));
    }
    page(&sso, visit, &inside, &account, form).await
}

/// Does what a button says.
async fn acted(
    sso: &Sso,
    visit: &Visit,
    inside: &Inside<'_>,
    account: &Account,
    fields: &Fields,
) -> Result<Result<(), NotDone>, Away> {
    let (me, id, why) = (inside.known.account.id, account.id, fields.get("reason"));
    let actor = Actor::Account(me);
    let wanted = fields.get("do");
    if wanted == "look" {
        return Ok(write_look_up(sso, me, Some(id), &why).await);
    }
    // Acts follow a look, and stay within the department; proposals ask for themselves.
    let held = role::of_account(&sso.db, id).await?;
    let looked = look_up::reason(&sso.db, me, id, sso.now()).await?.is_some();
    if !looked {
        return Err(nothing(visit));
    }
    let at_once = buttons(inside, account, &held).contains(&wanted.as_str());
    let proposed = async |content: Content| propose(sso, me, &content, &why).await.map(|_| ());
    Ok(match wanted.as_str() {
        "lock" if at_once => urgent::lock(sso, actor, id, &why).await,
        "end" if at_once => urgent::end_sessions(sso, actor, id, &why).await.map(|_| ()),
        "unlock" if at_once => urgent::unlock_citizen(sso, actor, id, &why).await,
        "propose-unlock" => proposed(Content::UnlockAccount { account: id }).await,
        "propose-close" => proposed(Content::CloseAccount { account: id }).await,
        "grant" => match Role::parse(&fields.get("role")) {
            Some(role) => {
                proposed(Content::GrantRole { account: id, role, scope: fields.get("scope") }).await
            }
            None => return Err(nothing(visit)),
        },
        other => match withdrawn(other) {
            Some((role, scope)) => proposed(Content::WithdrawRole { account: id, role, scope }).await,
            None => return Err(nothing(visit)),
        },
    })
}

/// `withdraw clerk@office` of a button.
fn withdrawn(word: &str) -> Option<(Role, String)> {
    let (role, scope) = word.strip_prefix("withdraw ")?.split_once('@')?;
    Some((Role::parse(role)?, scope.to_owned()))
}
