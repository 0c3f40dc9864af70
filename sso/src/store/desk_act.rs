//! What clerks did at the desks: for the reason behind each look at a person, and for the day's report.

use switch_core::clock::Timestamp;
use switch_store::{Db, StoreError, Tx, statements, values};

statements! {
    ADD = portable(
        "INSERT INTO sso_desk_act (id, at, office, account_id, application_id, act)
         VALUES ($1, $2, $3, $4, $5, $6)");
    LOOKED_UP = portable(
        "SELECT id FROM sso_desk_act
         WHERE account_id = $1 AND application_id = $2 AND at > $3 AND act = 'look-up' LIMIT 1");
    COUNTS = portable(
        "SELECT account_id, act, COUNT(*) AS done FROM sso_desk_act
         WHERE office = $1 AND at >= $2 AND at < $3
         GROUP BY account_id, act ORDER BY account_id, act");
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// Looked for an application, with a reason.
    LookUp,
    /// Verified a person.
    Approve,
    /// Refused, with a reason.
    Refuse,
    /// Proposed to go on against the registry.
    Propose,
    /// Confirmed what another clerk proposed.
    Confirm,
    /// Declined what another clerk proposed.
    Decline,
    /// Printed a new code in place of one that was lost.
    NewCode,
}

impl Did {
    /// All of them, in the order of a report.
    pub const ALL: [Self; 7] = [
        Self::LookUp,
        Self::Approve,
        Self::Refuse,
        Self::Propose,
        Self::Confirm,
        Self::Decline,
        Self::NewCode,
    ];

    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LookUp => "look-up",
            Self::Approve => "approve",
            Self::Refuse => "refuse",
            Self::Propose => "propose",
            Self::Confirm => "confirm",
            Self::Decline => "decline",
            Self::NewCode => "new-code",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|did| did.as_str() == word)
    }
}

/// One act.
#[derive(Debug, Clone)]
pub struct DeskAct {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// The code of the office.
    pub office: String,
    /// Who.
    pub clerk: i64,
    /// With which application; `None` when a look-up found none.
    pub application: Option<i64>,
    /// What.
    pub did: Did,
}

/// Writes it down in the transaction of the act.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, a: &DeskAct) -> Result<(), StoreError> {
    let values = values![a.id, a.at.0, a.office.as_str(), a.clerk, a.application, a.did.as_str()];
    tx.execute(&ADD, values).await?;
    Ok(())
}

/// Whether a clerk gave a reason to look at an application after a moment.
///
/// # Errors
/// The engine's own.
pub async fn looked_up(db: &Db, clerk: i64, application: i64, since: Timestamp) -> Result<bool, StoreError> {
    Ok(db.fetch_optional(&LOOKED_UP, values![clerk, application, since.0]).await?.is_some())
}

/// How often each clerk of an office did what between two moments.
///
/// # Errors
/// The engine's own.
pub async fn counts(
    db: &Db,
    office: &str,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<(i64, Did, i64)>, StoreError> {
    let rows = db.fetch_all(&COUNTS, values![office, from.0, until.0]).await?;
    rows.iter()
        .map(|row| {
            let word = row.text("act")?;
            let did = Did::parse(&word).ok_or_else(|| StoreError::Corrupt(format!("the desk act {word}")))?;
            Ok((row.int("account_id")?, did, row.int("done")?))
        })
        .collect()
}
