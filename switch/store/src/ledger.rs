//! The ledger's rows: accounts, transfers, and the balances of the few accounts
//! that have a floor. All other balances are sums over transfers.

use switch_core::accounts::Account;
use switch_core::clock::Timestamp;
use switch_core::id::AccountId;
use switch_core::ledger::Transfer;

use crate::db::{Db, StoreError, Tx, values};
use crate::statements::statements;

statements! {
    FIND_ACCOUNT = portable("SELECT id FROM account WHERE code = $1");
    ADD_ACCOUNT = portable(
        "INSERT INTO account (id, code, currency) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
    ADD_FLOOR = portable(
        "INSERT INTO floored_balance (account_id, floor_minor, balance_minor) VALUES ($1, $2, 0)
         ON CONFLICT DO NOTHING");
    WRITE = portable(
        "INSERT INTO transfer (cause, seq, kind, debit, credit, amount_minor, currency, at,
             business_date)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT DO NOTHING");
    MOVE_FLOORED = portable(
        "UPDATE floored_balance SET balance_minor = balance_minor + $2
         WHERE account_id = $1 AND balance_minor + $2 >= floor_minor");
    PROMISE = portable(
        "SELECT debit, credit, at, seq FROM transfer WHERE cause = $1 AND kind = 'PENDING'
         ORDER BY seq DESC LIMIT 1");
    FLOORED = portable("SELECT balance_minor FROM floored_balance WHERE account_id = $1");
    BALANCES = portable(
        "SELECT a.code, a.currency, CAST(SUM(m.amount) AS BIGINT) AS balance FROM (
             SELECT credit AS account, amount_minor AS amount FROM transfer
             WHERE kind IN ('POST', 'BOOK')
             UNION ALL
             SELECT debit, -amount_minor FROM transfer WHERE kind IN ('POST', 'BOOK')
         ) AS m JOIN account a ON a.id = m.account
         GROUP BY a.code, a.currency ORDER BY a.code");
}

/// The number of an account; made when it is new.
///
/// # Errors
/// The engine's own.
pub async fn account(
    db: &Db,
    account: &Account,
    new_id: impl FnOnce() -> i64,
) -> Result<AccountId, StoreError> {
    let code = account.to_string();
    if let Some(row) = db.fetch_optional(&FIND_ACCOUNT, values![code.as_str()]).await? {
        return Ok(AccountId(row.int("id")?));
    }
    let id = new_id();
    crate::transact!(*db, tx => {
        tx.execute(&ADD_ACCOUNT, values![id, code.as_str(), account.currency().alpha()]).await?;
        // Another node may have been first; then its number is the account's.
        let row = tx.fetch_optional(&FIND_ACCOUNT, values![code.as_str()]).await?;
        let id = row.ok_or_else(|| StoreError::Corrupt(format!("account {code}")))?.int("id")?;
        if let Some(floor) = account.floor_minor() {
            tx.execute(&ADD_FLOOR, values![id, floor]).await?;
        }
        Ok(AccountId(id))
    })
}

/// Writes a transfer. `false`: this cause and position was written before.
///
/// # Errors
/// The engine's own.
pub async fn write(tx: &mut Tx, t: &Transfer) -> Result<bool, StoreError> {
    let values = values![
        t.cause,
        t.seq,
        t.kind.as_str(),
        t.debit.0,
        t.credit.0,
        t.amount.minor(),
        t.amount.currency().alpha(),
        t.at.0,
        t.business_date.0,
    ];
    Ok(tx.execute(&WRITE, values).await? == 1)
}

/// Changes the balance of an account with a floor. `false`: it would break it.
///
/// # Errors
/// The engine's own.
pub async fn move_floored(tx: &mut Tx, account: AccountId, delta_minor: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(&MOVE_FLOORED, values![account.0, delta_minor]).await? == 1)
}

/// The balance of an account with a floor, minor units.
///
/// # Errors
/// The engine's own.
pub async fn floored_balance(db: &Db, account: AccountId) -> Result<i64, StoreError> {
    let row = db.fetch_optional(&FLOORED, values![account.0]).await?;
    row.map_or(Ok(0), |row| row.int("balance_minor"))
}

/// An account's balance: credits less debits of everything posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// Code of the account.
    pub code: String,
    /// Its currency.
    pub currency: String,
    /// Minor units.
    pub balance_minor: i64,
}

/// Every balance, summed from the transfers.
///
/// # Errors
/// The engine's own.
pub async fn balances(db: &Db) -> Result<Vec<Balance>, StoreError> {
    let rows = db.fetch_all(&BALANCES, values![]).await?;
    rows.iter()
        .map(|row| {
            Ok(Balance {
                code: row.text("code")?,
                currency: row.text("currency")?,
                balance_minor: row.int("balance")?,
            })
        })
        .collect()
}

/// A movement of an account with a floor: the balance and the transfer in one go.
/// `false`: the floor would break, and nothing was written.
///
/// # Errors
/// The engine's own; [`StoreError::Corrupt`] when the transfer exists, so that the
/// transaction is not committed.
pub async fn book_floored(tx: &mut Tx, t: &Transfer, floored: AccountId) -> Result<bool, StoreError> {
    let delta = if t.credit == floored { t.amount.minor() } else { -t.amount.minor() };
    if !move_floored(tx, floored, delta).await? {
        return Ok(false);
    }
    if !write(tx, t).await? {
        return Err(StoreError::Corrupt(format!("transfer {}/{} exists", t.cause, t.seq)));
    }
    Ok(true)
}

/// The last promise of a cause: that of the attempt which decided.
///
/// # Errors
/// [`StoreError::Corrupt`] when there is none.
pub async fn promise_of(db: &Db, cause: i64) -> Result<Promise, StoreError> {
    let row = db.fetch_optional(&PROMISE, values![cause]).await?;
    let row = row.ok_or_else(|| StoreError::Corrupt(format!("{cause} has no transfer")))?;
    Ok(Promise {
        debit: AccountId(row.int("debit")?),
        credit: AccountId(row.int("credit")?),
        at: Timestamp(row.int("at")?),
        attempt_no: (row.int("seq")? as i32 + 1) / 2,
    })
}

/// A promise: its accounts and when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// The account that gives.
    pub debit: AccountId,
    /// The account that receives.
    pub credit: AccountId,
    /// When its attempt was committed to be sent.
    pub at: Timestamp,
    /// Which attempt of the payment it is, from 1.
    pub attempt_no: i32,
}
