//! Which account may act as what, and where.

use serde::{Deserialize, Serialize};
use switch_core::clock::Timestamp;
use switch_store::db::Row;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    GRANT = portable(
        "INSERT INTO sso_role (account_id, role, scope, granted_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING");
    WITHDRAW = portable("DELETE FROM sso_role WHERE account_id = $1 AND role = $2 AND scope = $3");
    OF_ACCOUNT = portable("SELECT role, scope FROM sso_role WHERE account_id = $1 ORDER BY role, scope");
    HOLDERS = portable(
        "SELECT account_id, role, scope FROM sso_role WHERE $1 = '' OR scope = $1
         ORDER BY scope, role, account_id LIMIT 500");
}

/// What somebody may act as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Verifies people at an office; the scope is the office.
    Clerk,
    /// Confirms overrides of clerks at an office; the scope is the office.
    DeskSupervisor,
    /// Keeps users, clients, offices and roles of a department; the scope is the department.
    DepartmentAdministrator,
    /// Keeps all of it; the scope is empty.
    Administrator,
    /// Sees movements and reports of a department; the scope is the department.
    FinanceOfficer,
    /// Reads the audit log; the scope is empty.
    Auditor,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Clerk,
        Self::DeskSupervisor,
        Self::DepartmentAdministrator,
        Self::Administrator,
        Self::FinanceOfficer,
        Self::Auditor,
    ];

    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::DeskSupervisor => "desk-supervisor",
            Self::DepartmentAdministrator => "department-administrator",
            Self::Administrator => "administrator",
            Self::FinanceOfficer => "finance-officer",
            Self::Auditor => "auditor",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// A role and where it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The role.
    pub role: Role,
    /// A department, an office, or empty for everywhere.
    pub scope: String,
}

/// Gives a role. `false`: it was held already.
///
/// # Errors
/// The engine's own.
pub async fn grant(tx: &mut Tx, account: i64, held: &Held, at: Timestamp) -> Result<bool, StoreError> {
    let values = values![account, held.role.as_str(), held.scope.as_str(), at.0];
    Ok(tx.execute(&GRANT, values).await? == 1)
}

/// Takes a role away. `false`: it was not held.
///
/// # Errors
/// The engine's own.
pub async fn withdraw(tx: &mut Tx, account: i64, held: &Held) -> Result<bool, StoreError> {
    Ok(tx.execute(&WITHDRAW, values![account, held.role.as_str(), held.scope.as_str()]).await? == 1)
}

/// The roles of an account.
///
/// # Errors
/// The engine's own; a role nobody knows is [`StoreError::Corrupt`].
pub async fn of_account(db: &Db, account: i64) -> Result<Vec<Held>, StoreError> {
    db.fetch_all(&OF_ACCOUNT, values![account]).await?.iter().map(read).collect()
}

/// The roles of an account, as a transaction sees them.
///
/// # Errors
/// As [`of_account`].
pub async fn held_by(tx: &mut Tx, account: i64) -> Result<Vec<Held>, StoreError> {
    tx.fetch_all(&OF_ACCOUNT, values![account]).await?.iter().map(read).collect()
}

/// Who holds roles of a scope, or of any for `""`: numbers of accounts, at most 500.
///
/// # Errors
/// As [`of_account`].
pub async fn holders(db: &Db, scope: &str) -> Result<Vec<(i64, Held)>, StoreError> {
    let rows = db.fetch_all(&HOLDERS, values![scope]).await?;
    rows.iter().map(|row| Ok((row.int("account_id")?, read(row)?))).collect()
}

fn read(row: &Row) -> Result<Held, StoreError> {
    let word = row.text("role")?;
    let role = Role::parse(&word).ok_or_else(|| StoreError::Corrupt(format!("the role {word}")))?;
    Ok(Held { role, scope: row.text("scope")? })
}
