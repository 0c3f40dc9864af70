//! The room of those who answer for all of it: accounts, roles, clients, offices, what waits for a second
//! person, and the log of it.
//!
//! Everybody here has two factors, and each change takes a proof of the last ten minutes. Department
//! administrators see their department; what is another's is not there (404). Nobody here knows or sets a
//! password, or acts as somebody else.

pub mod account;
pub mod accounts;
pub mod audit;
pub mod change;
pub mod changes;
pub mod client;
pub mod client_form;
pub mod clients;
pub mod difference;
pub mod home;
pub mod office;
pub mod offices;
pub mod staff;

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use look::{Form, Frame};
use switch_core::clock::Timestamp;
use switch_store::StoreError;

use crate::Sso;
use crate::change::{NotDone, Refused};
use crate::fault::Fault;
use crate::level::Loa;
use crate::role::{Permission, Reach};
use crate::session::SignedIn;
use crate::store::account::{self as accounts_stored, Account};
use crate::store::role::Role;
use crate::trouble;
use crate::visit::Visit;

/// The paths of the room.
pub(crate) fn routes() -> Router<Arc<Sso>> {
    Router::new()
        .route("/admin", get(home::show))
        .route("/admin/accounts", get(accounts::show).post(accounts::look_up))
        .route("/admin/account/{account}", get(account::show).post(account::act))
        .route("/admin/staff", get(staff::show).post(staff::propose))
        .route("/admin/clients", get(clients::show))
        .route("/admin/clients/new", get(client_form::show_new).post(client_form::propose_new))
        .route("/admin/client/{client}", get(client::show).post(client::act))
        .route("/admin/client/{client}/change", get(client_form::show).post(client_form::propose))
        .route("/admin/offices", get(offices::show))
        .route("/admin/offices/new", get(office::show_new).post(office::propose_new))
        .route("/admin/office/{office}", get(office::show).post(office::propose))
        .route("/admin/changes", get(changes::show))
        .route("/admin/change/{change}", get(change::show).post(change::decide))
        .route("/admin/audit", get(audit::show))
}

/// A part of the room, as the links above each page show it.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Where it is.
    pub href: &'static str,
    /// The key of its name.
    pub label: &'static str,
    /// Whether the page is of it.
    pub here: bool,
}

const PARTS: [(Permission, &str, &str); 6] = [
    (Permission::AccountsRead, "/admin/accounts", "admin-accounts"),
    (Permission::RolesRead, "/admin/staff", "admin-staff"),
    (Permission::ClientsRead, "/admin/clients", "admin-clients"),
    (Permission::OfficesRead, "/admin/offices", "admin-offices"),
    (Permission::ChangesRead, "/admin/changes", "admin-changes"),
    (Permission::AuditRead, "/admin/audit", "admin-audit"),
];

/// The parts that somebody may enter.
pub(crate) fn parts(known: &SignedIn, here: &str) -> Vec<Part> {
    let home = Part { href: "/admin", label: "admin-home", here: here == "/admin" };
    let open = PARTS.into_iter().filter(|part| Reach::of(&known.roles, part.0).is_some());
    let rest = open.map(|(_, href, label)| Part { href, label, here: here == href });
    [home].into_iter().chain(rest).collect()
}

/// All parts, for samples.
pub(crate) fn sample_parts(here: &str) -> Vec<Part> {
    let home = Part { href: "/admin", label: "admin-home", here: here == "/admin" };
    let rest = PARTS.into_iter().map(|(_, href, label)| Part { href, label, here: here == href });
    [home].into_iter().chain(rest).collect()
}

/// Somebody who may be here, and for which departments.
pub(crate) struct Inside<'a> {
    pub(crate) known: &'a SignedIn,
    pub(crate) reach: Reach,
}

/// Lets somebody in who has a permission somewhere.
pub(crate) fn enter(visit: &Visit, permission: Permission) -> Result<Inside<'_>, Box<Response>> {
    admit(visit, permission, Timestamp(0))
}

/// The same with a fresh proof, for what changes something.
pub(crate) fn enter_to_act(visit: &Visit, permission: Permission) -> Result<Inside<'_>, Box<Response>> {
    admit(visit, permission, visit.fresh_since())
}

fn admit(visit: &Visit, permission: Permission, since: Timestamp) -> Result<Inside<'_>, Box<Response>> {
    let known = visit.need(Loa::SecondFactor, Timestamp(0))?;
    // The role before the fresh proof: who may not do it is not asked to prove anything.
    let Some(reach) = Reach::of(&known.roles, permission) else {
        return Err(Box::new(trouble::not_allowed(visit)));
    };
    visit.need(Loa::SecondFactor, since)?;
    Ok(Inside { known, reach })
}

/// Why a handler has no page of its own.
pub(crate) enum Away {
    /// Another answer: the sign-in, a no, nothing there.
    Answer(Box<Response>),
    /// A fault of ours.
    Fault(Fault),
}

impl From<Box<Response>> for Away {
    fn from(answer: Box<Response>) -> Self {
        Self::Answer(answer)
    }
}

impl From<Fault> for Away {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<StoreError> for Away {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl IntoResponse for Away {
    fn into_response(self) -> Response {
        match self {
            Self::Answer(answer) => *answer,
            Self::Fault(fault) => fault.into_response(),
        }
    }
}

/// 404, also for what is another department's.
pub(crate) fn nothing(visit: &Visit) -> Away {
    Away::Answer(Box::new(trouble::not_found(visit)))
}

/// What a change came to: done, or the sentences of the rule that said no, at fields of the form.
pub(crate) fn told<T>(
    visit: &Visit,
    done: Result<T, NotDone>,
    form: &mut Form,
    field: &str,
) -> Result<Option<T>, Away> {
    let refused = match done {
        Ok(done) => return Ok(Some(done)),
        Err(NotDone::Fault(fault)) => return Err(fault.into()),
        Err(NotDone::Refused(Refused::NotThere)) => return Err(nothing(visit)),
        Err(NotDone::Refused(Refused::NotAllowed)) => {
            return Err(Away::Answer(Box::new(trouble::not_allowed(visit))));
        }
        Err(NotDone::Refused(refused)) => refused,
    };
    refuse(visit, &refused, form, field);
    Ok(None)
}

/// Writes a refusal beside the fields it is about.
pub(crate) fn refuse(visit: &Visit, refused: &Refused, form: &mut Form, field: &str) {
    match refused {
        Refused::Fields(complaints) => {
            for complaint in complaints {
                form.refuse(client_form::field_of(&complaint.at), complaint.say(visit.words));
            }
        }
        Refused::Apart(role) => {
            let other = visit.words.say(role_key(*role));
            form.refuse(field, visit.words.fill(refused.key(), &[("role", other.as_str())]));
        }
        Refused::Reason => form.refuse("reason", visit.words.say(refused.key())),
        _ => form.refuse(field, visit.words.say(refused.key())),
    }
}

/// The key of the name of a role.
pub(crate) fn role_key(role: Role) -> &'static str {
    match role {
        Role::Clerk => "admin-role-clerk",
        Role::DeskSupervisor => "admin-role-desk-supervisor",
        Role::DepartmentAdministrator => "admin-role-department-administrator",
        Role::Administrator => "admin-role-administrator",
        Role::FinanceOfficer => "admin-role-finance-officer",
        Role::Auditor => "admin-role-auditor",
    }
}

/// A moment as people write it here and as machines do.
#[derive(Debug, Clone)]
pub struct When {
    /// RFC 3339.
    pub exact: String,
    /// Day, month, year and time of the day in Palestine.
    pub shown: String,
}

impl When {
    /// Of a moment.
    pub(crate) fn of(at: Timestamp) -> Self {
        let exact = at.to_string();
        let zone = jiff::tz::TimeZone::get("Asia/Hebron").unwrap_or(jiff::tz::TimeZone::UTC);
        let local = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let shown = local.to_zoned(zone).strftime("%-d/%-m/%Y %-H:%M").to_string();
        Self { exact, shown }
    }

    /// For samples.
    pub(crate) fn sample() -> Self {
        Self::of(Timestamp(1_795_341_600_000))
    }
}

impl Sso {
    /// The public number of an account.
    pub(crate) fn show_account(&self, id: i64) -> String {
        self.public_ids.show("acc", id)
    }

    /// The number and the name of an account, for people.
    pub(crate) async fn name_of(&self, id: i64) -> Result<(String, String), Fault> {
        let account = accounts_stored::find(&self.db, &self.sealer, id).await?;
        Ok((self.show_account(id), account.map(|account| short_name(&account)).unwrap_or_default()))
    }
}

/// A name as it stands in a list.
pub(crate) fn short_name(account: &Account) -> String {
    format!("{} {}", account.person.name.given, account.person.name.family)
}

/// A scope in words: a department's name, an office's code, or everywhere.
pub(crate) fn scope_name(visit: &Visit, scope: &str) -> String {
    if scope.is_empty() {
        return visit.words.say("admin-everywhere");
    }
    let department = visit.sso.settings.departments.iter().find(|one| one.code == scope);
    department.map_or_else(|| scope.to_owned(), |one| department_name(visit, one))
}

/// The name of a department in the visitor's language.
pub(crate) fn department_name(visit: &Visit, department: &crate::settings::Department) -> String {
    match visit.words.language {
        look::Language::Arabic => department.ar.clone(),
        look::Language::English => department.en.clone(),
    }
}

/// A value and its name, for a list to choose from.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub text: String,
}

impl Choice {
    /// One.
    pub(crate) fn new(value: impl Into<String>, text: impl Into<String>) -> Self {
        Self { value: value.into(), text: text.into() }
    }
}

/// The frame of a page with a form that is shown again.
pub(crate) fn framed(visit: &Visit, title_key: &str, form: Form) -> Frame {
    visit.frame(title_key).filled(form)
}

/// 422 when the form has a refusal, else 200.
pub(crate) fn status(form: &Form) -> axum::http::StatusCode {
    if form.is_refused() { axum::http::StatusCode::UNPROCESSABLE_ENTITY } else { axum::http::StatusCode::OK }
}
