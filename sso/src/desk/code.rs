//! The activation code: made when somebody is approved, printed once, kept as a keyed digest.
//!
//! For whom has an account already this is the recovery at the level of proofing: nothing the account was
//! proven with before holds after, and no session goes on.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use switch_core::clock::Timestamp;
use switch_store::{StoreError, Tx, transact};

use super::decide::{act, note, tell};
use super::file::{File, changed};
use super::file_pages::{HandOverPage, Next};
use crate::Sso;
use crate::fault::Fault;
use crate::person::Person;
use crate::post::{self, Letter};
use crate::registration::pages::OfficeLine;
use crate::registration::{read_code, shown_reference};
use crate::seal::Sealer;
use crate::store::account::{self, Account, AccountState};
use crate::store::activation;
use crate::store::application::{self, State};
use crate::store::desk_act::Did;
use crate::store::office;
use crate::store::proposal::{self, Findings};
use crate::store::reproof;
use crate::store::session::{self, Ended};
use crate::visit::{Posted, Visit};

/// Fifty bits.
pub(crate) const LENGTH: usize = 10;

/// A code as it was typed.
pub(crate) fn read_activation_code(typed: &str) -> Option<String> {
    read_code(typed, LENGTH)
}

/// What is kept of a code: it can be tried by nobody who has the database only.
pub(crate) fn code_index(sealer: &Sealer, account: i64, code: &str) -> Vec<u8> {
    sealer.index("activation", &format!("{account}:{code}"))
}

/// What came of it.
pub(super) enum Issued {
    /// The page with the code.
    Code(Box<HandOverPage>),
    /// The account was locked by an administrator, or closed for good.
    Closed,
    /// Another clerk was first.
    TooLate,
}

/// Everything that is written when somebody is approved, made before its transaction.
struct Approval {
    account: Account,
    is_new: bool,
    code_index: Vec<u8>,
    ends_at: Timestamp,
    letters: Vec<Letter>,
}

/// Approves the person of a file and makes the code. `proposed`: the digest of the override this confirms.
pub(super) async fn issue(
    visit: &Visit,
    file: &File,
    findings: &Findings,
    proposed: Option<Vec<u8>>,
) -> Result<Issued, Fault> {
    let sso = &visit.sso;
    let state = file.account.as_ref().map(|account| account.state);
    if matches!(state, Some(AccountState::Locked | AccountState::Closed)) {
        return Ok(Issued::Closed);
    }
    let code = sso.new_code(LENGTH);
    let approval = approval(sso, file, &code)?;
    let did = if proposed.is_some() { Did::Confirm } else { Did::Approve };
    let act = act(visit, file, did);
    let word = match (did, file.account.is_some()) {
        (Did::Confirm, _) => "application override confirm",
        (_, true) => "application approve again",
        (_, false) => "application approve",
    };
    let reason = findings.reason.clone();
    let (id, account) = (file.application.id, approval.account.id);
    let is_first = transact!(sso.db, tx => {
        if !application::decide(tx, id, State::Approved, act.clerk, act.at).await? {
            return Ok(false);
        }
        if let Some(proposed) = &proposed
            && !proposal::take(tx, id, proposed.clone(), act.clerk, act.at).await?
        {
            // The decision above must not stand.
            return Err(StoreError::Corrupt("an override that was taken away".into()));
        }
        write(tx, sso, &approval, act.at).await?;
        application::set_account(tx, id, account).await?;
        activation::put(tx, (account, id), approval.code_index.clone(), act.at, approval.ends_at).await?;
        note(tx, &act, (word, &reason)).await?;
        Ok(true)
    })?;
    if !is_first {
        return Ok(Issued::TooLate);
    }
    Ok(Issued::Code(Box::new(page(visit, file, &code, approval.ends_at).await?)))
}

/// The person as the account has them: the registry's spelling where it agrees, else what the document
/// and two people say.
fn person(file: &File) -> Person {
    let application = &file.application;
    let mut person = application.person.clone();
    if application.matched == Some(crate::registry::Match::Matched)
        && let Some(record) = &application.registry
    {
        person.name = record.name.clone();
    }
    person
}

fn approval(sso: &Sso, file: &File, code: &str) -> Result<Approval, Fault> {
    let (now, person) = (sso.now(), person(file));
    let is_new = file.account.is_none();
    let account = match &file.account {
        Some(known) => Account { person, ..known.clone() },
        None => Account {
            id: sso.new_id(),
            person,
            state: AccountState::Registered,
            in_person: false,
            is_staff: false,
            language: file.application.language.clone(),
            digits: "western".into(),
            created_at: now,
            activated_at: None,
        },
    };
    let key = if is_new { "message-account-ready" } else { "message-account-proven-again" };
    let mut letters = sso.compose_notices(account.id, &account.person, &account.language, key, &[])?;
    if let Some(known) = &file.account
        && known.person.mobile != account.person.mobile
    {
        // Who has the old number must learn of it too (ASVS 6.3.7).
        letters.extend(sso.compose_notices(known.id, &known.person, &known.language, key, &[])?);
    }
    Ok(Approval {
        is_new,
        code_index: code_index(&sso.sealer, account.id, code),
        ends_at: now.plus_ms(sso.settings.activation_code_s * 1000),
        letters,
        account,
    })
}

async fn write(tx: &mut Tx, sso: &Sso, approval: &Approval, at: Timestamp) -> Result<(), StoreError> {
    let account = &approval.account;
    if approval.is_new {
        let is_added = account::add(tx, &sso.sealer, account).await.map_err(in_store)?;
        if !is_added {
            return Err(StoreError::Corrupt("two accounts of one person at one moment".into()));
        }
    } else {
        account::set_person(tx, &sso.sealer, account.id, &account.person).await.map_err(in_store)?;
        account::set_state(tx, account.id, AccountState::Active, AccountState::Registered).await?;
        reproof::remove_factors(tx, account.id).await?;
        session::end_all_but(tx, account.id, 0, at, Ended::Changed).await?;
    }
    for letter in &approval.letters {
        post::queue(tx, letter).await?;
    }
    Ok(())
}

/// A fault inside a transaction.
pub(crate) fn in_store(fault: Fault) -> StoreError {
    match fault {
        Fault::Store(error) => error,
        other => StoreError::Corrupt(other.to_string()),
    }
}

async fn page(visit: &Visit, file: &File, code: &str, ends_at: Timestamp) -> Result<HandOverPage, Fault> {
    let office = office::find(&visit.sso.db, &file.application.office).await?;
    let office = office.ok_or(Fault::Corrupt("application.office"))?;
    let frame = visit.frame("desk-hand-over-title");
    Ok(HandOverPage {
        office: OfficeLine::of(&office, &frame),
        reference: shown_reference(&file.application.reference),
        code: shown_reference(code),
        address: visit.sso.settings.url("/activate"),
        until: super::report::moment(ends_at),
        frame,
    })
}

/// Another code in place of one that was lost before it was used.
pub(super) async fn again(
    Path(reference): Path<String>,
    Posted { visit, .. }: Posted,
) -> Result<Response, Fault> {
    let file = match File::open(&visit, &reference).await? {
        Ok(file) => file,
        Err(instead) => return Ok(*instead),
    };
    let (sso, id) = (&visit.sso, file.application.id);
    let (Next::NewCode, Some(account)) = (file.next(&visit).await?, file.application.account) else {
        return Ok(tell(&visit, StatusCode::CONFLICT, "used", &file.application.office));
    };
    if file.account.as_ref().is_none_or(|known| known.state != AccountState::Registered) {
        return Ok(changed(&visit, &file));
    }
    let code = sso.new_code(LENGTH);
    let act = act(&visit, &file, Did::NewCode);
    let (index, ends_at) =
        (code_index(&sso.sealer, account, &code), act.at.plus_ms(sso.settings.activation_code_s * 1000));
    transact!(sso.db, tx => {
        activation::put(tx, (account, id), index.clone(), act.at, ends_at).await?;
        note(tx, &act, ("application new code", "")).await
    })?;
    let page = page(&visit, &file, &code, ends_at).await?;
    let frame = page.frame.clone();
    Ok(visit.page(StatusCode::OK, &page, &frame))
}
