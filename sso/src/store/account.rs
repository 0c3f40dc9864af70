//! Accounts.

use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

use crate::fault::Fault;
use crate::person::{Identity, Person};
use crate::seal::{Place, Sealer};

statements! {
    ADD = portable(
        "INSERT INTO sso_account (id, identity_kind, identity_index, person, state, in_person, is_staff,
            language, digits, created_at, activated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT DO NOTHING");
    BY_ID = portable(
        "SELECT id, person, state, in_person, is_staff, language, digits, created_at, activated_at
         FROM sso_account WHERE id = $1");
    BY_IDENTITY = portable(
        "SELECT id, person, state, in_person, is_staff, language, digits, created_at, activated_at
         FROM sso_account WHERE identity_index = $1");
    SET_STATE = portable(
        "UPDATE sso_account SET state = $3 WHERE id = $1 AND state = $2");
    SET_ACTIVE = portable(
        "UPDATE sso_account SET state = 'active', in_person = $2, activated_at = $3
         WHERE id = $1 AND state = 'registered'");
    SET_PERSON = portable("UPDATE sso_account SET person = $2 WHERE id = $1");
    SET_LANGUAGE = portable("UPDATE sso_account SET language = $2, digits = $3 WHERE id = $1");
    SET_STAFF = portable("UPDATE sso_account SET is_staff = $2 WHERE id = $1");
    HOLD = portable("UPDATE sso_account SET is_staff = is_staff WHERE id = $1");
    STATE = portable("SELECT state FROM sso_account WHERE id = $1");
}

/// What may be done with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// Not activated yet.
    Registered,
    /// In use.
    Active,
    /// Closed to everyone by an administrator, with a reason.
    Locked,
    /// Closed for good.
    Closed,
}

impl AccountState {
    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Closed => "closed",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Registered, Self::Active, Self::Locked, Self::Closed]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// An account.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its number. Never the `sub` of a token.
    pub id: i64,
    /// Whose it is.
    pub person: Person,
    /// Whether it is in use.
    pub state: AccountState,
    /// Whether somebody at a desk saw the person and the document.
    pub in_person: bool,
    /// Whether the strict rules of staff hold.
    pub is_staff: bool,
    /// `ar` or `en`.
    pub language: String,
    /// `western` or `eastern`.
    pub digits: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was activated.
    pub activated_at: Option<Timestamp>,
}

/// The index an identity is found under.
#[must_use]
pub fn identity_index(sealer: &Sealer, identity: &Identity) -> Vec<u8> {
    sealer.index("identity", &format!("{}:{}", identity.kind().as_str(), identity.expose()))
}

fn place(id: i64) -> Place {
    Place { field: "account.person", row: id }
}

fn sealed(sealer: &Sealer, id: i64, person: &Person) -> Result<Vec<u8>, Fault> {
    let text = serde_json::to_vec(person).map_err(|_| Fault::Corrupt("account.person"))?;
    Ok(sealer.seal(place(id), &text)?)
}

fn read(sealer: &Sealer, row: &Row) -> Result<Account, Fault> {
    let id = row.int("id")?;
    let person = sealer.open(place(id), &row.bytes("person")?)?;
    Ok(Account {
        id,
        person: serde_json::from_slice(&person).map_err(|_| Fault::Corrupt("account.person"))?,
        state: AccountState::parse(&row.text("state")?).ok_or(Fault::Corrupt("account.state"))?,
        in_person: row.int("in_person")? == 1,
        is_staff: row.int("is_staff")? == 1,
        language: row.text("language")?,
        digits: row.text("digits")?,
        created_at: Timestamp(row.int("created_at")?),
        activated_at: row.maybe_int("activated_at")?.map(Timestamp),
    })
}

/// Adds an account. `false`: the identity has one.
///
/// # Errors
/// [`Fault`], [`Fault::Corrupt`] when the person's identity is none.
pub async fn add(tx: &mut Tx, sealer: &Sealer, a: &Account) -> Result<bool, Fault> {
    let identity = a.person.identity().ok_or(Fault::Corrupt("account.person"))?;
    let values = values![
        a.id,
        identity.kind().as_str(),
        identity_index(sealer, &identity),
        sealed(sealer, a.id, &a.person)?,
        a.state.as_str(),
        i64::from(a.in_person),
        i64::from(a.is_staff),
        a.language.as_str(),
        a.digits.as_str(),
        a.created_at.0,
        a.activated_at.map(|at| at.0),
    ];
    Ok(tx.execute(&ADD, values).await? == 1)
}

/// The account of a number.
///
/// # Errors
/// [`Fault`].
pub async fn find(db: &Db, sealer: &Sealer, id: i64) -> Result<Option<Account>, Fault> {
    let row = db.fetch_optional(&BY_ID, values![id]).await?;
    row.map(|row| read(sealer, &row)).transpose()
}

/// The account of an identity.
///
/// # Errors
/// [`Fault`].
pub async fn find_by_identity(
    db: &Db,
    sealer: &Sealer,
    identity: &Identity,
) -> Result<Option<Account>, Fault> {
    let row = db.fetch_optional(&BY_IDENTITY, values![identity_index(sealer, identity)]).await?;
    row.map(|row| read(sealer, &row)).transpose()
}

/// Takes an account from one state to another. `false`: it was in another one.
///
/// # Errors
/// The engine's own.
pub async fn set_state(
    tx: &mut Tx,
    id: i64,
    from: AccountState,
    to: AccountState,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&SET_STATE, values![id, from.as_str(), to.as_str()]).await? == 1)
}

/// Activates a registered account. `false`: it was not waiting for it.
///
/// # Errors
/// The engine's own.
pub async fn activate(tx: &mut Tx, id: i64, in_person: bool, at: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&SET_ACTIVE, values![id, i64::from(in_person), at.0]).await? == 1)
}

/// Changes what is known of the person; the identity document stays.
///
/// # Errors
/// [`Fault`].
pub async fn set_person(tx: &mut Tx, sealer: &Sealer, id: i64, person: &Person) -> Result<(), Fault> {
    tx.execute(&SET_PERSON, values![id, sealed(sealer, id, person)?]).await?;
    Ok(())
}

/// Language (`ar`, `en`) and digits (`western`, `eastern`).
///
/// # Errors
/// The engine's own.
pub async fn set_language(tx: &mut Tx, id: i64, language: &str, digits: &str) -> Result<(), StoreError> {
    tx.execute(&SET_LANGUAGE, values![id, language, digits]).await?;
    Ok(())
}

/// Whether the strict rules of staff hold.
///
/// # Errors
/// The engine's own.
pub async fn set_staff(tx: &mut Tx, id: i64, is_staff: bool) -> Result<(), StoreError> {
    tx.execute(&SET_STAFF, values![id, i64::from(is_staff)]).await?;
    Ok(())
}

/// Holds the row until the end of the transaction: others who decide about this account wait.
///
/// # Errors
/// The engine's own.
pub async fn hold(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    tx.execute(&HOLD, values![id]).await?;
    Ok(())
}

/// The state of an account, as a transaction sees it.
///
/// # Errors
/// The engine's own; a state nobody knows is [`StoreError::Corrupt`].
pub async fn state_in(tx: &mut Tx, id: i64) -> Result<Option<AccountState>, StoreError> {
    let Some(row) = tx.fetch_optional(&STATE, values![id]).await? else { return Ok(None) };
    let word = row.text("state")?;
    let state = AccountState::parse(&word);
    state.map(Some).ok_or_else(|| StoreError::Corrupt(format!("the state {word} of an account")))
}
