//! What the operator of the machine does from the command line, where nobody could approve it yet: the first
//! administrators and clients. Each act is in the audit log under the operator's name.

use serde_json::Value;
use switch_store::Tx;

use crate::Sso;
use crate::audit::{Actor, Deed, write_down};
use crate::change::{Content, NotDone, Refused, Standing, apply, decide_in, is_possible};
use crate::client::validation;
use crate::desk::{ACTIVATION_CODE_LENGTH, code_index};
use crate::fault::Fault;
use crate::person::{Identity, IdentityKind, Person};
use crate::registration::shown_reference;
use crate::store::account::{self, Account, AccountState};
use crate::store::activation;
use crate::store::client;
use crate::store::role::{self, Held, Role};
use crate::urgent;

/// Adds an account that waits for its activation, for somebody the operator has seen; its number.
///
/// # Errors
/// [`Refused::Identifier`] when the identity is none or has an account; [`NotDone`].
pub async fn add_account(sso: &Sso, person: &Person, operator: &str) -> Result<i64, NotDone> {
    person.identity().ok_or(Refused::Identifier)?;
    let (id, now) = (sso.new_id(), sso.now());
    let account = Account {
        id,
        person: person.clone(),
        state: AccountState::Registered,
        in_person: true,
        is_staff: false,
        language: "ar".to_owned(),
        digits: "western".to_owned(),
        created_at: now,
        activated_at: None,
    };
    decide_in!(sso.db, tx => {
        if !account::add(tx, &sso.sealer, &account).await? {
            return Err(Refused::Identifier.into());
        }
        note(tx, Deed { at: now, actor: Actor::Operator(operator), act: "account add", subject: format!("account {id}"), detail: "at the command line".to_owned() }).await
    })?;
    Ok(id)
}

/// A new activation code for an account that waits for it, in place of any older one, as it is typed at
/// `/activate`; it is shown once.
///
/// # Errors
/// [`Refused::Nothing`] when the account does not wait for activation; [`NotDone`].
pub async fn activation_code(sso: &Sso, account: i64, operator: &str) -> Result<String, NotDone> {
    let (code, now) = (sso.new_code(ACTIVATION_CODE_LENGTH), sso.now());
    let index = code_index(&sso.sealer, account, &code);
    let ends_at = now.plus_ms(sso.settings.activation_code_s * 1000);
    decide_in!(sso.db, tx => {
        account::hold(tx, account).await?;
        if account::state_in(tx, account).await? != Some(AccountState::Registered) {
            return Err(Refused::Nothing.into());
        }
        // Of no application: nobody came to a desk.
        activation::put(tx, (account, 0), index.clone(), now, ends_at).await?;
        let detail = "at the command line".to_owned();
        note(tx, Deed { at: now, actor: Actor::Operator(operator), act: "account activation code", subject: format!("account {account}"), detail }).await
    })?;
    Ok(shown_reference(&code))
}

/// Grants a role without a second person. The duties that must be apart are apart here too.
///
/// # Errors
/// [`NotDone`].
pub async fn grant_role(sso: &Sso, account: i64, held: &Held, operator: &str) -> Result<(), NotDone> {
    let content = Content::GrantRole { account, role: held.role, scope: held.scope.clone() };
    alone(sso, &content, operator).await
}

/// Withdraws a role without a second person.
///
/// # Errors
/// [`NotDone`].
pub async fn withdraw_role(sso: &Sso, account: i64, held: &Held, operator: &str) -> Result<(), NotDone> {
    let content = Content::WithdrawRole { account, role: held.role, scope: held.scope.clone() };
    alone(sso, &content, operator).await
}

/// Adds a client from the JSON of its registration; its secret, where it proves itself with one.
///
/// # Errors
/// [`Refused::Fields`] with every complaint, [`Refused::Identifier`]; [`NotDone`].
pub async fn client_add(
    sso: &Sso,
    id: &str,
    registration: &Value,
    api_client: Option<i64>,
    operator: &str,
) -> Result<Option<String>, NotDone> {
    let registration = validation::read(registration, &sso.settings).map_err(Refused::Fields)?;
    let content =
        Content::AddClient { client: id.to_owned(), registration: Box::new(registration), api_client };
    alone(sso, &content, operator).await?;
    let (added, _) = client::find_any(&sso.db, id).await?.ok_or(Refused::NotThere)?;
    match urgent::has_secret(&added) {
        true => client_rotate_secret(sso, id, operator).await.map(Some),
        false => Ok(None),
    }
}

/// Changes what a client registered as, without a second person.
///
/// # Errors
/// As [`client_add`].
pub async fn client_change(sso: &Sso, id: &str, registration: &Value, operator: &str) -> Result<(), NotDone> {
    let registration = validation::read(registration, &sso.settings).map_err(Refused::Fields)?;
    let content = Content::ChangeClient { client: id.to_owned(), registration: Box::new(registration) };
    alone(sso, &content, operator).await
}

/// A new secret for a client; the old one ends.
///
/// # Errors
/// [`NotDone`].
pub async fn client_rotate_secret(sso: &Sso, id: &str, operator: &str) -> Result<String, NotDone> {
    urgent::rotate_secret(sso, Actor::Operator(operator), id).await
}

/// Suspends a client.
///
/// # Errors
/// [`NotDone`].
pub async fn client_suspend(sso: &Sso, id: &str, why: &str, operator: &str) -> Result<(), NotDone> {
    urgent::suspend_client(sso, Actor::Operator(operator), id, why).await
}

/// Lets a suspended client work again.
///
/// # Errors
/// [`NotDone`].
pub async fn client_resume(sso: &Sso, id: &str, operator: &str) -> Result<(), NotDone> {
    alone(sso, &Content::ResumeClient { client: id.to_owned() }, operator).await
}

/// Locks an account.
///
/// # Errors
/// [`NotDone`].
pub async fn user_lock(sso: &Sso, account: i64, why: &str, operator: &str) -> Result<(), NotDone> {
    urgent::lock(sso, Actor::Operator(operator), account, why).await
}

/// Unlocks an account, of staff too.
///
/// # Errors
/// [`NotDone`].
pub async fn user_unlock(sso: &Sso, account: i64, why: &str, operator: &str) -> Result<(), NotDone> {
    urgent::unlock_any(sso, operator, account, why).await
}

/// The number of an account from what an operator types: `acc_…`, `national_id:…`, `passport:…` or
/// `company:…`.
///
/// # Errors
/// [`Fault`].
pub async fn find_user(sso: &Sso, text: &str) -> Result<Option<i64>, Fault> {
    if let Ok(id) = sso.public_ids.read("acc", text) {
        return Ok(account::find(&sso.db, &sso.sealer, id).await?.map(|account| account.id));
    }
    let Some((kind, number)) = text.split_once(':') else { return Ok(None) };
    let identity = IdentityKind::parse(kind).and_then(|kind| Identity::new(kind, number).ok());
    let Some(identity) = identity else { return Ok(None) };
    let found = account::find_by_identity(&sso.db, &sso.sealer, &identity).await?;
    Ok(found.map(|account| account.id))
}

/// Somebody who works here, for a list: the public number, never a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffLine {
    /// `acc_…`.
    pub account: String,
    /// As what.
    pub role: Role,
    /// Where.
    pub scope: String,
}

/// Who holds a role, at most 500.
///
/// # Errors
/// [`Fault`].
pub async fn staff(sso: &Sso) -> Result<Vec<StaffLine>, Fault> {
    let holders = role::holders(&sso.db, "").await?;
    let line = |(id, held): (i64, Held)| StaffLine {
        account: sso.public_ids.show("acc", id),
        role: held.role,
        scope: held.scope,
    };
    Ok(holders.into_iter().map(line).collect())
}

/// The identifiers of the clients with their states, at most 500.
///
/// # Errors
/// [`Fault`].
pub async fn clients(sso: &Sso) -> Result<Vec<(String, String)>, Fault> {
    let clients = client::of_department(&sso.db, "").await?;
    Ok(clients.into_iter().map(|(client, state)| (client.id, state)).collect())
}

/// Makes a change without a second person.
async fn alone(sso: &Sso, content: &Content, operator: &str) -> Result<(), NotDone> {
    let now = sso.now();
    decide_in!(sso.db, tx => {
        if let Some(id) = content.account() {
            account::hold(tx, id).await?;
        }
        let standing = Standing::of(tx, content).await?;
        is_possible(content, &standing, &sso.settings)?;
        apply(tx, content, &standing, now).await?;
        let detail = format!("{}; at the command line, without a second person", content.brief());
        note(tx, Deed { at: now, actor: Actor::Operator(operator), act: content.act(), subject: content.subject(), detail }).await
    })
}

async fn note(tx: &mut Tx, deed: Deed<'_>) -> Result<(), NotDone> {
    Ok(write_down(tx, deed).await?)
}
