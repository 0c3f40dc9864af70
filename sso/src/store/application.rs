//! Applications for an account: from the form at home to the decision at a desk.

use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

use crate::fault::Fault;
use crate::person::Person;
use crate::registry::{Match, Record};
use crate::seal::{Place, Sealer};

statements! {
    ADD = portable(
        "INSERT INTO sso_application (id, reference, slip_digest, office, identity_index, person, language,
            state, created_at, expires_at, match_state, match_due_at, match_tries)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $9, 'due', $8, 0)");
    BY_REFERENCE = portable(
        "SELECT id, reference, office, person, language, state, created_at, expires_at, match_state, registry,
            decided_by, account_id
         FROM sso_application WHERE reference = $1");
    BY_ID = portable(
        "SELECT id, reference, office, person, language, state, created_at, expires_at, match_state, registry,
            decided_by, account_id
         FROM sso_application WHERE id = $1");
    BY_SLIP = portable(
        "SELECT id, reference, office, person, language, state, created_at, expires_at, match_state, registry,
            decided_by, account_id
         FROM sso_application WHERE slip_digest = $1");
    NEWEST_OF = portable(
        "SELECT id, reference, office, person, language, state, created_at, expires_at, match_state, registry,
            decided_by, account_id
         FROM sso_application WHERE identity_index = $1 AND office = $2 AND state = 'waiting'
            AND expires_at > $3
         ORDER BY created_at DESC, id DESC LIMIT 1");
    QUEUE = portable(
        "SELECT a.id, a.reference, a.created_at, a.expires_at, a.match_state, o.proposed_by
         FROM sso_application a
         LEFT JOIN sso_override o ON o.application_id = a.id AND o.expires_at > $2
         WHERE a.office = $1 AND a.state = 'waiting' AND a.expires_at > $2
         ORDER BY a.created_at, a.id LIMIT $3");
    MATCH_DUE = portable(
        "SELECT id, reference, office, person, language, state, created_at, expires_at, match_state, registry,
            decided_by, account_id, match_due_at, match_tries
         FROM sso_application
         WHERE match_state = 'due' AND match_due_at <= $1 AND state = 'waiting' AND expires_at > $1
         ORDER BY match_due_at, id LIMIT $2");
    LEASE = portable(
        "UPDATE sso_application SET match_due_at = $3, match_tries = match_tries + 1
         WHERE id = $1 AND match_due_at = $2 AND match_state = 'due'");
    POSTPONE = portable(
        "UPDATE sso_application SET match_due_at = $3
         WHERE id = $1 AND match_due_at = $2 AND match_state = 'due'");
    MATCHED = portable(
        "UPDATE sso_application SET match_state = $2, registry = $3, matched_at = $4
         WHERE id = $1 AND match_state = 'due'");
    DECIDE = portable(
        "UPDATE sso_application SET state = $2, decided_at = $3, decided_by = $4
         WHERE id = $1 AND state = 'waiting' AND expires_at > $3");
    SET_ACCOUNT = portable("UPDATE sso_application SET account_id = $2 WHERE id = $1");
    ERASE_OLD = portable(
        "DELETE FROM sso_application
         WHERE (state = 'waiting' AND expires_at < $1) OR (state <> 'waiting' AND decided_at < $1)");
    ERASE_OLD_OVERRIDES = portable("DELETE FROM sso_override WHERE expires_at < $1");
}

/// Where an application is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// For the applicant at the desk, or for the end of its time.
    Waiting,
    /// A code was handed over.
    Approved,
    /// Somebody at the desk said why.
    Refused,
}

impl State {
    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Waiting, Self::Approved, Self::Refused].into_iter().find(|state| state.as_str() == word)
    }
}

/// An application.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its number.
    pub id: i64,
    /// What the applicant has on paper.
    pub reference: String,
    /// The code of the office.
    pub office: String,
    /// What was typed.
    pub person: Person,
    /// `ar` or `en`: what messages to the applicant are in.
    pub language: String,
    /// Where it is.
    pub state: State,
    /// When it was sent.
    pub created_at: Timestamp,
    /// Until when the applicant may come.
    pub expires_at: Timestamp,
    /// What the registry said; `None` while it has not answered.
    pub matched: Option<Match>,
    /// Whom the registry has under that number.
    pub registry: Option<Record>,
    /// Who decided.
    pub decided_by: Option<i64>,
    /// The account of an approved one.
    pub account: Option<i64>,
}

/// One line of an office's queue: nothing about the person.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// What the applicant has on paper.
    pub reference: String,
    /// When it was sent.
    pub created_at: Timestamp,
    /// Until when the applicant may come.
    pub expires_at: Timestamp,
    /// The word of what the registry said; `due` while it has not answered.
    pub match_state: String,
    /// Who proposed an override that is open.
    pub proposed_by: Option<i64>,
}

/// One whose answer of the registry is due, under a lease.
#[derive(Debug, Clone)]
pub struct Due {
    /// The application.
    pub application: Application,
    /// The lease: it stands in the row.
    pub due_at: Timestamp,
    /// How often the registry was asked before.
    pub tries: i64,
}

fn place(id: i64) -> Place {
    Place { field: "application.person", row: id }
}

fn registry_place(id: i64) -> Place {
    Place { field: "application.registry", row: id }
}

fn read(sealer: &Sealer, row: &Row) -> Result<Application, Fault> {
    let id = row.int("id")?;
    let person = sealer.open(place(id), &row.bytes("person")?)?;
    let person: Person = serde_json::from_slice(&person).map_err(|_| Fault::Corrupt("application.person"))?;
    let registry = row.maybe_bytes("registry")?.map(|sealed| -> Result<Record, Fault> {
        let opened = sealer.open(registry_place(id), &sealed)?;
        serde_json::from_slice(&opened).map_err(|_| Fault::Corrupt("application.registry"))
    });
    let registry = registry.transpose()?;
    let match_state = row.text("match_state")?;
    let matched = (match_state != "due").then(|| Match::of(&person, registry.as_ref()));
    if matched.as_ref().is_some_and(|found| found.as_str() != match_state) {
        return Err(Fault::Corrupt("application.match_state"));
    }
    Ok(Application {
        id,
        reference: row.text("reference")?,
        office: row.text("office")?,
        person,
        language: row.text("language")?,
        state: State::parse(&row.text("state")?).ok_or(Fault::Corrupt("application.state"))?,
        created_at: Timestamp(row.int("created_at")?),
        expires_at: Timestamp(row.int("expires_at")?),
        matched,
        registry,
        decided_by: row.maybe_int("decided_by")?,
        account: row.maybe_int("account_id")?,
    })
}

/// What is written of a new application, sealed before its transaction begins.
#[derive(Debug, Clone)]
pub struct New {
    /// Its number.
    pub id: i64,
    /// What the applicant has on paper.
    pub reference: String,
    /// Of the secret in the applicant's cookie.
    pub slip_digest: Vec<u8>,
    /// The code of the office.
    pub office: String,
    /// The index of the identity document.
    pub identity_index: Vec<u8>,
    /// The person, sealed by [`sealed`].
    pub person: Vec<u8>,
    /// `ar` or `en`.
    pub language: &'static str,
    /// When it is sent.
    pub at: Timestamp,
    /// Until when the applicant may come.
    pub expires_at: Timestamp,
}

/// Seals the person of an application.
///
/// # Errors
/// [`Fault`].
pub fn sealed(sealer: &Sealer, id: i64, person: &Person) -> Result<Vec<u8>, Fault> {
    let text = serde_json::to_vec(person).map_err(|_| Fault::Corrupt("application.person"))?;
    Ok(sealer.seal(place(id), &text)?)
}

/// Adds an application.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, a: &New) -> Result<(), StoreError> {
    let values = values![
        a.id,
        a.reference.as_str(),
        a.slip_digest.clone(),
        a.office.as_str(),
        a.identity_index.clone(),
        a.person.clone(),
        a.language,
        a.at.0,
        a.expires_at.0,
    ];
    tx.execute(&ADD, values).await?;
    Ok(())
}

/// The application of a reference.
///
/// # Errors
/// [`Fault`].
pub async fn find(db: &Db, sealer: &Sealer, reference: &str) -> Result<Option<Application>, Fault> {
    let row = db.fetch_optional(&BY_REFERENCE, values![reference]).await?;
    row.map(|row| read(sealer, &row)).transpose()
}

/// The application of a number.
///
/// # Errors
/// [`Fault`].
pub async fn find_by_id(db: &Db, sealer: &Sealer, id: i64) -> Result<Option<Application>, Fault> {
    let row = db.fetch_optional(&BY_ID, values![id]).await?;
    row.map(|row| read(sealer, &row)).transpose()
}

/// The application of a browser that applied.
///
/// # Errors
/// [`Fault`].
pub async fn find_by_slip(db: &Db, sealer: &Sealer, digest: Vec<u8>) -> Result<Option<Application>, Fault> {
    let row = db.fetch_optional(&BY_SLIP, values![digest]).await?;
    row.map(|row| read(sealer, &row)).transpose()
}

/// The newest application of an identity that waits at an office.
///
/// # Errors
/// [`Fault`].
pub async fn newest_of(
    db: &Db,
    sealer: &Sealer,
    (identity_index, office): (Vec<u8>, &str),
    now: Timestamp,
) -> Result<Option<Application>, Fault> {
    let row = db.fetch_optional(&NEWEST_OF, values![identity_index, office, now.0]).await?;
    row.map(|row| read(sealer, &row)).transpose()
}

/// The applications that wait at an office, the oldest first.
///
/// # Errors
/// The engine's own.
pub async fn queue(db: &Db, office: &str, now: Timestamp, limit: i64) -> Result<Vec<Waiting>, StoreError> {
    let rows = db.fetch_all(&QUEUE, values![office, now.0, limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Waiting {
                reference: row.text("reference")?,
                created_at: Timestamp(row.int("created_at")?),
                expires_at: Timestamp(row.int("expires_at")?),
                match_state: row.text("match_state")?,
                proposed_by: row.maybe_int("proposed_by")?,
            })
        })
        .collect()
}

/// Those the registry is to be asked about, the longest due first.
///
/// # Errors
/// [`Fault`].
pub async fn match_due(db: &Db, sealer: &Sealer, now: Timestamp, limit: i64) -> Result<Vec<Due>, Fault> {
    let rows = db.fetch_all(&MATCH_DUE, values![now.0, limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Due {
                application: read(sealer, row)?,
                due_at: Timestamp(row.int("match_due_at")?),
                tries: row.int("match_tries")?,
            })
        })
        .collect()
}

/// Takes one to ask about until a moment. `false`: another node has it.
///
/// # Errors
/// The engine's own.
pub async fn lease(tx: &mut Tx, id: i64, due_at: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&LEASE, values![id, due_at.0, until.0]).await? == 1)
}

/// The registry did not answer: asked again at a moment, by whoever is first.
///
/// # Errors
/// The engine's own.
pub async fn postpone(tx: &mut Tx, id: i64, lease: Timestamp, to: Timestamp) -> Result<(), StoreError> {
    tx.execute(&POSTPONE, values![id, lease.0, to.0]).await?;
    Ok(())
}

/// Seals what the registry has.
///
/// # Errors
/// [`Fault`].
pub fn sealed_record(sealer: &Sealer, id: i64, record: &Record) -> Result<Vec<u8>, Fault> {
    let text = serde_json::to_vec(record).map_err(|_| Fault::Corrupt("application.registry"))?;
    Ok(sealer.seal(registry_place(id), &text)?)
}

/// Keeps what the registry said. `false`: it had answered.
///
/// # Errors
/// The engine's own.
pub async fn set_matched(
    tx: &mut Tx,
    id: i64,
    matched: &Match,
    record: Option<Vec<u8>>,
    at: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&MATCHED, values![id, matched.as_str(), record, at.0]).await? == 1)
}

/// Decides. `false`: somebody else did, or its time is over.
///
/// # Errors
/// The engine's own.
pub async fn decide(tx: &mut Tx, id: i64, to: State, clerk: i64, at: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&DECIDE, values![id, to.as_str(), at.0, clerk]).await? == 1)
}

/// Says which account an approved one led to.
///
/// # Errors
/// The engine's own.
pub async fn set_account(tx: &mut Tx, id: i64, account: i64) -> Result<(), StoreError> {
    tx.execute(&SET_ACCOUNT, values![id, account]).await?;
    Ok(())
}

/// Erases what ended before a moment: expired and decided applications, and overrides nobody confirmed.
///
/// # Errors
/// The engine's own.
pub async fn erase_old(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&ERASE_OLD_OVERRIDES, values![before.0]).await?;
    tx.execute(&ERASE_OLD, values![before.0]).await
}
