//! Four eyes: a change is proposed by one person and applied when another one approves exactly that
//! content of a subject that has not moved since. One mechanism for roles, clients, accounts and offices.
//!
//! The approval looks at everything again in its own transaction, behind the locks of the rows it depends
//! on: the role of who approves, the state of the subject, the duties that must be apart. The database
//! refuses a decision by the proposer too.

pub mod content;
mod standing;

use sha2::{Digest, Sha256};
use switch_core::clock::Timestamp;
use switch_store::{StoreError, Tx};

use crate::Sso;
use crate::audit::{Actor, Deed, write_down};
use crate::client::validation::Complaint;
use crate::fault::Fault;
use crate::role::{Permission, allows};
use crate::store::account;
use crate::store::change::{self as rows, Change, Decision};
use crate::store::role::{self, Role};
pub use content::Content;
pub(crate) use standing::{Standing, apply, department_of_account, department_of_client, is_possible};

/// A proposal nobody decided on expires after three days.
pub const EXPIRES_MS: i64 = 3 * 86_400_000;
/// A reason has at most this many characters, and at least three.
pub const REASON_MAX: usize = 500;

/// Why a change is not proposed, or not applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The role for it is missing here, or was lost.
    NotAllowed,
    /// There is no such change, account or client; or it is another department's.
    NotThere,
    /// A reason is missing, too short or too long.
    Reason,
    /// It was proposed by the one who wants to approve it.
    SamePerson,
    /// It is about the one who wants to propose or approve it.
    OwnAccount,
    /// What was approved is not what was proposed.
    OtherContent,
    /// The subject has changed since.
    Moved,
    /// It waited too long.
    Expired,
    /// Somebody decided before, or it was withdrawn.
    Decided,
    /// The same is waiting already.
    Waiting,
    /// It would change nothing, or not from the state the subject is in.
    Nothing,
    /// The role needs another kind of scope.
    Scope,
    /// The identifier cannot be one, or is taken.
    Identifier,
    /// This role must not be held with that one.
    Apart(Role),
    /// Fields of a registration or an office may not stand.
    Fields(Vec<Complaint>),
}

impl Refused {
    /// The key of the sentence.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::NotAllowed => "change-refused-not-allowed",
            Self::NotThere => "change-refused-not-there",
            Self::Reason => "change-refused-reason",
            Self::SamePerson => "change-refused-same-person",
            Self::OwnAccount => "change-refused-own-account",
            Self::OtherContent => "change-refused-other-content",
            Self::Moved => "change-refused-moved",
            Self::Expired => "change-refused-expired",
            Self::Decided => "change-refused-decided",
            Self::Waiting => "change-refused-waiting",
            Self::Nothing => "change-refused-nothing",
            Self::Scope => "change-refused-scope",
            Self::Identifier => "change-refused-identifier",
            Self::Apart(_) => "change-refused-apart",
            Self::Fields(_) => "change-refused-fields",
        }
    }
}

/// Why nothing was done.
#[derive(Debug)]
pub enum NotDone {
    /// A rule says no.
    Refused(Refused),
    /// A fault of ours.
    Fault(Fault),
}

impl From<Refused> for NotDone {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl<F: Into<Fault>> From<F> for NotDone {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

impl NotDone {
    /// The error of the store, which may be that another transaction was in the way.
    pub(crate) fn of_store(&self) -> Option<&StoreError> {
        match self {
            Self::Fault(Fault::Store(error)) => Some(error),
            Self::Refused(_) | Self::Fault(_) => None,
        }
    }
}

/// As `switch_store::transact!`, for a body that may also refuse: a refusal undoes everything.
macro_rules! decide_in {
    ($db:expr, $tx:ident => $body:expr) => {{
        let mut tries = switch_store::again::Tries::of(&$db);
        loop {
            let done: Result<_, $crate::change::NotDone> = async {
                let mut transaction = $db.begin().await?;
                let $tx = &mut transaction;
                let done: Result<_, $crate::change::NotDone> = async { $body }.await;
                let done = done?;
                transaction.commit().await?;
                Ok(done)
            }
            .await;
            match done {
                Err(not_done) => match not_done.of_store() {
                    Some(error) if tries.may_go_on_after(error).await => {}
                    _ => break Err(not_done),
                },
                done => break done,
            }
        }
    }};
}
pub(crate) use decide_in;

/// What an approval is of: kind, content, subject and what the subject was.
#[must_use]
pub fn digest(content: &str, subject: &str, subject_version: &str) -> Vec<u8> {
    let parts = [content, subject, subject_version].map(|part| format!("{}:{part},", part.len()));
    Sha256::digest(parts.concat()).to_vec()
}

/// A reason as it is kept.
///
/// # Errors
/// [`Refused::Reason`].
pub fn reason(text: &str) -> Result<&str, Refused> {
    let text = text.trim();
    let fits = (3..=REASON_MAX).contains(&text.chars().count());
    fits.then_some(text).ok_or(Refused::Reason)
}

/// Proposes a change; its number.
///
/// # Errors
/// [`NotDone`].
pub async fn propose(sso: &Sso, by: i64, content: &Content, why: &str) -> Result<i64, NotDone> {
    let why = reason(why)?;
    let id = sso.new_id();
    decide_in!(sso.db, tx => write_proposal(tx, sso, (id, by), content, why).await)
}

async fn write_proposal(
    tx: &mut Tx,
    sso: &Sso,
    (id, by): (i64, i64),
    content: &Content,
    why: &str,
) -> Result<i64, NotDone> {
    let now = sso.now();
    let standing = held_for(tx, content, by, content.permissions().0).await?;
    if content.gains() == Some(by) {
        return Err(Refused::OwnAccount.into());
    }
    is_possible(content, &standing, &sso.settings)?;
    let text = content.text()?;
    let subject = content.subject();
    let digest = digest(&text, &subject, &standing.version);
    if rows::is_waiting(tx, &digest, now).await? {
        return Err(Refused::Waiting.into());
    }
    let change = Change {
        id,
        content: text,
        subject: subject.clone(),
        subject_version: standing.version,
        digest,
        subject_account: content.account(),
        department: standing.department,
        reason: why.to_owned(),
        proposed_by: by,
        proposed_at: now,
        expires_at: now.plus_ms(EXPIRES_MS),
        state: "waiting".into(),
        decided_by: None,
        decided_at: None,
        decided_because: None,
    };
    rows::add(tx, &change).await?;
    let detail = format!("{}; {}; {why}", name(sso, id), content.brief());
    note(tx, now, (by, "change propose"), subject, detail).await?;
    Ok(id)
}

/// How a change is called outside.
#[must_use]
pub fn name(sso: &Sso, id: i64) -> String {
    sso.public_ids.show("chg", id)
}

/// Locks the rows a decision depends on, in one order, then looks: the subject as it stands, and whether
/// somebody has a permission where it belongs.
async fn held_for(
    tx: &mut Tx,
    content: &Content,
    by: i64,
    permission: Permission,
) -> Result<Standing, NotDone> {
    let mut accounts: Vec<i64> = content.account().into_iter().chain([by]).collect();
    accounts.sort_unstable();
    accounts.dedup();
    for account in accounts {
        account::hold(tx, account).await?;
    }
    let standing = Standing::of(tx, content).await?;
    let is_active = account::state_in(tx, by).await? == Some(account::AccountState::Active);
    let held = role::held_by(tx, by).await?;
    if is_active && allows(&held, permission, &standing.department) {
        return Ok(standing);
    }
    // What belongs to another department is not there, for those who see one only.
    let elsewhere = is_active && held.iter().any(|held| permission.is_of(held.role));
    Err(if elsewhere { Refused::NotThere } else { Refused::NotAllowed }.into())
}

/// Approves a change and applies it, in one transaction. `digest` is what the approver saw.
///
/// # Errors
/// [`NotDone`].
pub async fn approve(sso: &Sso, by: i64, id: i64, digest: &[u8]) -> Result<(), NotDone> {
    decide_in!(sso.db, tx => write_approval(tx, sso, by, id, digest).await)
}

async fn write_approval(tx: &mut Tx, sso: &Sso, by: i64, id: i64, seen: &[u8]) -> Result<(), NotDone> {
    let now = sso.now();
    let change = rows::find_in(tx, id).await?.ok_or(Refused::NotThere)?;
    may_be_decided(&change, by, seen, now)?;
    let content = Content::read(&change.content)?;
    if content.account() == Some(by) {
        return Err(Refused::OwnAccount.into());
    }
    let standing = held_for(tx, &content, by, content.permissions().1).await?;
    if standing.version != change.subject_version || standing.department != change.department {
        return Err(Refused::Moved.into());
    }
    is_possible(&content, &standing, &sso.settings)?;
    if !rows::decide(tx, id, Decision { refused_because: None, by, at: now, digest: seen }).await? {
        return Err(Refused::Decided.into());
    }
    apply(tx, &content, &standing, now).await?;
    let (name, maker) = (name(sso, id), change.proposed_by);
    let detail = format!("{name} of account {maker}; {}; {}", content.brief(), change.reason);
    note(tx, now, (by, content.act()), change.subject, detail).await?;
    Ok(())
}

/// The rules that need only the proposal and who decides.
fn may_be_decided(change: &Change, by: i64, seen: &[u8], now: Timestamp) -> Result<(), Refused> {
    let stored = digest(&change.content, &change.subject, &change.subject_version);
    if change.state != "waiting" {
        Err(Refused::Decided)
    } else if change.expires_at <= now {
        Err(Refused::Expired)
    } else if change.proposed_by == by {
        Err(Refused::SamePerson)
    } else if change.digest != seen || stored != seen {
        Err(Refused::OtherContent)
    } else {
        Ok(())
    }
}

/// Refuses a change, with a reason.
///
/// # Errors
/// [`NotDone`].
pub async fn refuse(sso: &Sso, by: i64, id: i64, why: &str) -> Result<(), NotDone> {
    let why = reason(why)?;
    decide_in!(sso.db, tx => write_refusal(tx, sso, by, id, why).await)
}

async fn write_refusal(tx: &mut Tx, sso: &Sso, by: i64, id: i64, why: &str) -> Result<(), NotDone> {
    let now = sso.now();
    let change = rows::find_in(tx, id).await?.ok_or(Refused::NotThere)?;
    may_be_decided(&change, by, &change.digest, now)?;
    let content = Content::read(&change.content)?;
    if content.account() == Some(by) {
        return Err(Refused::OwnAccount.into());
    }
    held_for(tx, &content, by, content.permissions().1).await?;
    let decision = Decision { refused_because: Some(why), by, at: now, digest: &change.digest };
    if !rows::decide(tx, id, decision).await? {
        return Err(Refused::Decided.into());
    }
    let detail = format!("{} of account {}; {why}", name(sso, id), change.proposed_by);
    note(tx, now, (by, "change refuse"), change.subject, detail).await?;
    Ok(())
}

/// Takes one's own proposal back.
///
/// # Errors
/// [`NotDone`].
pub async fn withdraw(sso: &Sso, by: i64, id: i64) -> Result<(), NotDone> {
    let now = sso.now();
    decide_in!(sso.db, tx => {
        let change = rows::find_in(tx, id).await?.filter(|c| c.proposed_by == by).ok_or(Refused::NotThere)?;
        if !rows::withdraw(tx, id, by, now).await? {
            return Err(Refused::Decided.into());
        }
        note(tx, now, (by, "change withdraw"), change.subject, name(sso, id)).await?;
        Ok(())
    })
}

async fn note(
    tx: &mut Tx,
    at: Timestamp,
    (by, act): (i64, &'static str),
    subject: String,
    detail: String,
) -> Result<(), StoreError> {
    write_down(tx, Deed { at, actor: Actor::Account(by), act, subject, detail }).await
}
