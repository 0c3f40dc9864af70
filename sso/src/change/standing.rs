//! The subject of a change as it stands: whether the change is possible, and doing it.

use switch_core::clock::Timestamp;
use switch_store::Tx;

use super::{Content, NotDone, Refused};
use crate::client::validation::{self, Complaint};
use crate::client::{Client, Registration};
use crate::fault::Fault;
use crate::role::{ScopeKind, conflict, scope_kind};
use crate::settings::Settings;
use crate::store::account::{self, AccountState};
use crate::store::client;
use crate::store::office::{self, Office};
use crate::store::role::{self, Held, Role};
use crate::store::session::{self, Ended};
use crate::urgent::has_secret;

/// The subject of a change, seen in the transaction that depends on it.
pub(crate) struct Standing {
    /// Equal as long as nothing that matters has changed.
    pub(crate) version: String,
    /// Whose administrators may change it; empty for those of everywhere.
    pub(crate) department: String,
    state: Option<AccountState>,
    held: Vec<Held>,
    client: Option<(Client, String)>,
    /// The office it is about, or that is the scope of the role.
    office: Option<Office>,
}

impl Standing {
    pub(crate) async fn of(tx: &mut Tx, content: &Content) -> Result<Self, NotDone> {
        match (content.account(), content.client()) {
            (Some(account), _) => Self::of_account(tx, content, account).await,
            (None, Some(client)) => Self::of_client(tx, content, client).await,
            (None, None) => Self::of_office(tx, content.office().unwrap_or("")).await,
        }
    }

    /// Offices are for administrators of everywhere.
    async fn of_office(tx: &mut Tx, code: &str) -> Result<Self, NotDone> {
        let office = office::find_in(tx, code).await?;
        let version = office.as_ref().map_or(0, |office| office.version).to_string();
        let department = String::new();
        Ok(Self { version, department, state: None, held: Vec::new(), client: None, office })
    }

    async fn of_account(tx: &mut Tx, content: &Content, account: i64) -> Result<Self, NotDone> {
        let state = account::state_in(tx, account).await?.ok_or(Refused::NotThere)?;
        let held = role::held_by(tx, account).await?;
        let department = match content {
            Content::GrantRole { role, scope, .. } | Content::WithdrawRole { role, scope, .. } => {
                department_of_role(*role, scope)
            }
            _ => department_of_account(&held),
        };
        let roles: Vec<String> =
            held.iter().map(|held| format!("{}@{}", held.role.as_str(), held.scope)).collect();
        let version = format!("{} {}", state.as_str(), roles.join(" "));
        let office = match content {
            Content::GrantRole { role, scope, .. } if scope_kind(*role) == ScopeKind::Office => {
                office::find_in(tx, scope).await?
            }
            _ => None, // no other change of an account is about an office
        };
        Ok(Self { version, department, state: Some(state), held, client: None, office })
    }

    async fn of_client(tx: &mut Tx, content: &Content, id: &str) -> Result<Self, NotDone> {
        let client = client::find_in(tx, id).await?;
        let now = client.as_ref().map(|(client, _)| department_of_client(&client.registration));
        let then = match content {
            Content::AddClient { registration, .. } | Content::ChangeClient { registration, .. } => {
                Some(department_of_client(registration))
            }
            _ => None, // it stays where it is
        };
        // A client that moves from one department to another is for those of everywhere.
        let department = match (now, then) {
            (Some(now), Some(then)) if now != then => String::new(),
            (now, then) => now.or(then).unwrap_or_default(),
        };
        let version = client.as_ref().map_or(0, |(client, _)| client.version).to_string();
        Ok(Self { version, department, state: None, held: Vec::new(), client, office: None })
    }
}

/// Whose administrators grant a role: the department's its own, those of everywhere the rest.
fn department_of_role(role: Role, scope: &str) -> String {
    match scope_kind(role) {
        ScopeKind::Department => scope.to_owned(),
        ScopeKind::Everywhere | ScopeKind::Office => String::new(),
    }
}

/// Whose administrators answer for an account: of the one department all its roles are of, or nobody's in
/// particular: citizens, and staff of several.
pub(crate) fn department_of_account(held: &[Held]) -> String {
    let mut departments = held.iter().map(|held| department_of_role(held.role, &held.scope));
    let first = departments.next().unwrap_or_default();
    if departments.all(|other| other == first) { first } else { String::new() }
}

/// Whose administrators answer for a client. One that nobody is asked about is the government's own.
pub(crate) fn department_of_client(registration: &Registration) -> String {
    let department = registration.department.clone().filter(|_| !registration.consent_is_implied);
    department.unwrap_or_default()
}

/// Whether the change can be made of the subject as it stands.
pub(crate) fn is_possible(content: &Content, now: &Standing, settings: &Settings) -> Result<(), Refused> {
    match content {
        Content::GrantRole { role, scope, .. } => may_hold(*role, scope, now, settings),
        Content::WithdrawRole { role, scope, .. } => {
            let held = now.held.iter().any(|held| held.role == *role && held.scope == *scope);
            if held { Ok(()) } else { Err(Refused::Nothing) }
        }
        Content::UnlockAccount { .. } if now.state == Some(AccountState::Locked) => Ok(()),
        Content::CloseAccount { .. } if now.state != Some(AccountState::Closed) => Ok(()),
        Content::UnlockAccount { .. } | Content::CloseAccount { .. } => Err(Refused::Nothing),
        Content::AddClient { client, registration, .. } => {
            if now.client.is_some() || !validation::is_client_id(client) {
                return Err(Refused::Identifier);
            }
            may_stand(registration, settings)
        }
        Content::ChangeClient { registration, .. } => {
            let (client, state) = now.client.as_ref().ok_or(Refused::NotThere)?;
            if state == "retired" || client.registration == **registration {
                return Err(Refused::Nothing);
            }
            may_stand(registration, settings)
        }
        Content::ResumeClient { .. } => {
            let (_, state) = now.client.as_ref().ok_or(Refused::NotThere)?;
            if state == "suspended" { Ok(()) } else { Err(Refused::Nothing) }
        }
        Content::AddOffice { office } => {
            if now.office.is_some() || !Office::is_code(&office.code) {
                return Err(Refused::Identifier);
            }
            may_open(office)
        }
        Content::ChangeOffice { office } => {
            let known = now.office.as_ref().ok_or(Refused::NotThere)?;
            if *known == (Office { version: known.version, ..(**office).clone() }) {
                return Err(Refused::Nothing);
            }
            may_open(office)
        }
    }
}

fn may_hold(role: Role, scope: &str, now: &Standing, settings: &Settings) -> Result<(), Refused> {
    let scope_fits = match scope_kind(role) {
        ScopeKind::Everywhere => scope.is_empty(),
        ScopeKind::Department => settings.departments.iter().any(|one| one.code == scope),
        ScopeKind::Office => now.office.is_some(),
    };
    if !scope_fits {
        return Err(Refused::Scope);
    }
    if matches!(now.state, None | Some(AccountState::Locked | AccountState::Closed)) {
        return Err(Refused::Nothing);
    }
    if now.held.iter().any(|held| held.role == role && held.scope == scope) {
        return Err(Refused::Nothing);
    }
    conflict(&now.held, role).map_or(Ok(()), |held| Err(Refused::Apart(held)))
}

fn may_stand(registration: &Registration, settings: &Settings) -> Result<(), Refused> {
    let complaints = validation::check(registration, settings);
    if complaints.is_empty() { Ok(()) } else { Err(Refused::Fields(complaints)) }
}

fn may_open(office: &Office) -> Result<(), Refused> {
    let fields = [
        ("/name/ar", &office.name.ar, 80),
        ("/name/en", &office.name.en, 80),
        ("/address/ar", &office.address.ar, 200),
        ("/address/en", &office.address.en, 200),
        ("/hours/ar", &office.hours.ar, 200),
        ("/hours/en", &office.hours.en, 200),
    ];
    let wrong = |(_, text, max): &(&str, &String, usize)| {
        !(1..=*max).contains(&text.chars().count()) || text.chars().any(char::is_control)
    };
    let complaint =
        |(at, _, _): (&str, &String, usize)| Complaint { at: at.into(), key: "office-wrong-text" };
    let complaints: Vec<_> = fields.into_iter().filter(wrong).map(complaint).collect();
    if complaints.is_empty() { Ok(()) } else { Err(Refused::Fields(complaints)) }
}

/// Makes a change that is possible. The audit entry is the caller's.
pub(crate) async fn apply(
    tx: &mut Tx,
    content: &Content,
    standing: &Standing,
    at: Timestamp,
) -> Result<(), NotDone> {
    match content {
        Content::GrantRole { account, role, scope } => {
            role::grant(tx, *account, &Held { role: *role, scope: scope.clone() }, at).await?;
            account::set_staff(tx, *account, true).await?;
        }
        Content::WithdrawRole { account, role, scope } => {
            role::withdraw(tx, *account, &Held { role: *role, scope: scope.clone() }).await?;
            account::set_staff(tx, *account, standing.held.len() > 1).await?;
        }
        Content::UnlockAccount { account } => {
            set_state(tx, *account, AccountState::Locked, AccountState::Active).await?;
        }
        Content::CloseAccount { account } => {
            let from = standing.state.ok_or(Refused::NotThere)?;
            set_state(tx, *account, from, AccountState::Closed).await?;
            session::end_all_but(tx, *account, 0, at, Ended::Administrator).await?;
        }
        Content::AddClient { client, registration, api_client } => {
            let registration = (**registration).clone();
            let client = Client {
                id: client.clone(),
                registration,
                secret_digest: None,
                api_client: *api_client,
                version: 1,
            };
            if !client::add(tx, &client, at).await? {
                return Err(Refused::Identifier.into());
            }
        }
        Content::ChangeClient { registration, .. } => {
            let (now, _) = standing.client.as_ref().ok_or(Refused::NotThere)?;
            let mut changed = Client { registration: (**registration).clone(), ..now.clone() };
            // A secret that is no way in any more does not stay.
            changed.secret_digest = changed.secret_digest.take().filter(|_| has_secret(&changed));
            moved_unless(client::change(tx, &changed, at).await?)?;
        }
        Content::ResumeClient { client } => {
            let (now, _) = standing.client.as_ref().ok_or(Refused::NotThere)?;
            moved_unless(client::set_state(tx, client, now.version, "active", at).await?)?;
        }
        Content::AddOffice { office } => {
            if !office::add(tx, office, at).await? {
                return Err(Refused::Identifier.into());
            }
        }
        Content::ChangeOffice { office } => {
            let known = standing.office.as_ref().ok_or(Refused::NotThere)?;
            let changed = Office { version: known.version, ..(**office).clone() };
            moved_unless(office::change(tx, &changed, at).await?)?;
        }
    }
    Ok(())
}

async fn set_state(tx: &mut Tx, id: i64, from: AccountState, to: AccountState) -> Result<(), NotDone> {
    let done = account::set_state(tx, id, from, to).await.map_err(Fault::from)?;
    moved_unless(done)
}

fn moved_unless(done: bool) -> Result<(), NotDone> {
    if done { Ok(()) } else { Err(Refused::Moved.into()) }
}
