//! What one person does at once, with a reason: lock an account, end its sessions, suspend a client, make a
//! new secret. Harm that waits for a second person is done meanwhile; giving back is what needs two
//! ([`crate::change`]). Whether the actor may is asked before, by the pages and the command line.

use switch_core::clock::Timestamp;
use switch_store::Tx;

use crate::Sso;
use crate::audit::{Actor, Deed, write_down};
use crate::change::{NotDone, Refused, decide_in, reason};
use crate::client::{Client, ClientAuthentication};
use crate::seal::digest;
use crate::store::account::{self, AccountState};
use crate::store::session::{self, Ended};
use crate::store::{client, role};

/// Locks an active account and ends its sessions.
///
/// # Errors
/// [`Refused::Nothing`] when it is not active, [`Refused::Reason`]; [`NotDone`].
pub async fn lock(sso: &Sso, actor: Actor<'_>, id: i64, why: &str) -> Result<(), NotDone> {
    let (why, now) = (reason(why)?, sso.now());
    decide_in!(sso.db, tx => {
        account::hold(tx, id).await?;
        if !account::set_state(tx, id, AccountState::Active, AccountState::Locked).await? {
            return Err(Refused::Nothing.into());
        }
        let ended = session::end_all_but(tx, id, 0, now, Ended::Administrator).await?.len();
        note(tx, Deed { at: now, actor, act: "account lock", subject: format!("account {id}"), detail: format!("{why}; sessions ended: {ended}") })
            .await
    })
}

/// Unlocks an account that is nobody's who works here: staff needs four eyes.
///
/// # Errors
/// [`Refused::Nothing`] when it is not locked or staff; [`NotDone`].
pub async fn unlock_citizen(sso: &Sso, actor: Actor<'_>, id: i64, why: &str) -> Result<(), NotDone> {
    let (why, now) = (reason(why)?, sso.now());
    decide_in!(sso.db, tx => {
        account::hold(tx, id).await?;
        if !role::held_by(tx, id).await?.is_empty() {
            return Err(Refused::Nothing.into());
        }
        unlock(tx, now, actor, id, why).await
    })
}

/// Unlocks any account: for the operator of the machine only.
///
/// # Errors
/// [`Refused::Nothing`] when it is not locked; [`NotDone`].
pub async fn unlock_any(sso: &Sso, operator: &str, id: i64, why: &str) -> Result<(), NotDone> {
    let (why, now) = (reason(why)?, sso.now());
    decide_in!(sso.db, tx => unlock(tx, now, Actor::Operator(operator), id, why).await)
}

async fn unlock(tx: &mut Tx, now: Timestamp, actor: Actor<'_>, id: i64, why: &str) -> Result<(), NotDone> {
    if !account::set_state(tx, id, AccountState::Locked, AccountState::Active).await? {
        return Err(Refused::Nothing.into());
    }
    note(
        tx,
        Deed {
            at: now,
            actor,
            act: "account unlock",
            subject: format!("account {id}"),
            detail: why.to_owned(),
        },
    )
    .await
}

/// Ends every session of an account; how many there were.
///
/// # Errors
/// [`NotDone`].
pub async fn end_sessions(sso: &Sso, actor: Actor<'_>, id: i64, why: &str) -> Result<usize, NotDone> {
    let (why, now) = (reason(why)?, sso.now());
    decide_in!(sso.db, tx => {
        let ended = session::end_all_but(tx, id, 0, now, Ended::Administrator).await?.len();
        let detail = format!("{why}; sessions ended: {ended}");
        note(tx, Deed { at: now, actor, act: "account sessions end", subject: format!("account {id}"), detail }).await?;
        Ok(ended)
    })
}

/// Suspends an active client: from now on it is not known.
///
/// # Errors
/// [`Refused::Nothing`] when it is not active, [`Refused::NotThere`]; [`NotDone`].
pub async fn suspend_client(sso: &Sso, actor: Actor<'_>, id: &str, why: &str) -> Result<(), NotDone> {
    let (why, now) = (reason(why)?, sso.now());
    decide_in!(sso.db, tx => {
        let (known, state) = client::find_in(tx, id).await?.ok_or(Refused::NotThere)?;
        if state != "active" || !client::set_state(tx, id, known.version, "suspended", now).await? {
            return Err(Refused::Nothing.into());
        }
        note(tx, Deed { at: now, actor, act: "client suspend", subject: format!("client {id}"), detail: why.to_owned() }).await
    })
}

/// Makes a new secret for a client that proves itself with one; the old one ends now. It is shown once.
///
/// # Errors
/// [`Refused::Nothing`] when the client has no secret by its registration; [`NotDone`].
pub async fn rotate_secret(sso: &Sso, actor: Actor<'_>, id: &str) -> Result<String, NotDone> {
    let (secret, now) = (sso.new_token(), sso.now());
    let stored = digest(&secret);
    decide_in!(sso.db, tx => {
        let (known, state) = client::find_in(tx, id).await?.ok_or(Refused::NotThere)?;
        if state == "retired" || !has_secret(&known) {
            return Err(Refused::Nothing.into());
        }
        let changed = Client { secret_digest: Some(stored.clone()), ..known };
        if !client::change(tx, &changed, now).await? {
            return Err(Refused::Moved.into());
        }
        note(tx, Deed { at: now, actor, act: "client secret", subject: format!("client {id}"), detail: "a new one".to_owned() }).await
    })?;
    Ok(secret)
}

/// Whether a client proves itself with a secret.
#[must_use]
pub fn has_secret(client: &Client) -> bool {
    use ClientAuthentication as A;
    matches!(client.registration.token_endpoint_auth_method, A::ClientSecretBasic | A::ClientSecretPost)
}

async fn note(tx: &mut Tx, deed: Deed<'_>) -> Result<(), NotDone> {
    Ok(write_down(tx, deed).await?)
}
