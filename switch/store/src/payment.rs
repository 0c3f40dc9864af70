//! Payments as they are read: what was taken in, joined with how it ended or
//! where it stands.

use switch_core::bill::Claim;
use switch_core::clock::{BusinessDate, Timestamp};
use switch_core::connector::Method;
use switch_core::id::{AttemptId, BillId, CardId, ClientId, PaymentId};
use switch_core::idempotency::{Answer, Fingerprint, IdempotencyKey};
use switch_core::payment::{Channel, Payment, PaymentState};

use crate::attempt::read_money;
use crate::db::{Db, Row, StoreError, Tx, values};
use crate::journal::Outcome;
use crate::statements::statements;

macro_rules! view {
    () => {
        "SELECT p.id, p.client_id, p.key, p.fingerprint, p.bill_id, p.method, p.channel,
                p.amount_minor, p.currency, p.card_id, p.created_at, p.business_date,
                o.state AS ended, o.reason, o.connector, o.attempt_id, o.stan, o.approval_code,
                o.response_code, o.answer_status, o.answer_body, o.at AS ended_at,
                a.state AS open_state, a.connector AS open_connector,
                w.status AS given_status, w.body AS given_body, u.at AS unwound_at
         FROM payment p
         LEFT JOIN outcome o ON o.payment_id = p.id
         LEFT JOIN open_attempt a ON a.payment_id = p.id
         LEFT JOIN answer w ON w.payment_id = p.id
         LEFT JOIN unwind u ON u.payment_id = p.id "
    };
}

statements! {
    BY_ID = portable(concat!(view!(), "WHERE p.id = $1"));
    BY_KEY = portable(concat!(view!(), "WHERE p.client_id = $1 AND p.key = $2"));
    BY_REROUTED = portable(concat!(view!(),
        "WHERE o.attempt_id = $1 AND o.attempt_id <> o.payment_id"));
    BY_CLIENT = portable(concat!(view!(),
        "WHERE p.client_id = $1 AND p.id < $2 ORDER BY p.id DESC LIMIT $3"));
    OUTCOME = portable(
        "INSERT INTO outcome (payment_id, state, reason, connector, attempt_id, stan,
             approval_code, response_code, answer_status, answer_body, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT DO NOTHING");
    CLAIM = portable("SELECT payment_id FROM bill_claim WHERE bill_id = $1");
    ISSUED_MAX = portable(
        "SELECT CAST(MAX(id) AS BIGINT) AS id FROM (
             SELECT MAX(id) AS id FROM payment UNION ALL SELECT MAX(id) FROM bill
             UNION ALL SELECT MAX(id) FROM outbox UNION ALL SELECT MAX(id) FROM evidence
             UNION ALL SELECT MAX(id) FROM card UNION ALL SELECT MAX(id) FROM client
             UNION ALL SELECT MAX(attempt_id) FROM open_attempt) AS issued");
}

/// A payment and where it stands.
#[derive(Debug, Clone)]
pub struct PaymentView {
    /// As it was taken in.
    pub payment: Payment,
    /// What it is now.
    pub state: PaymentState,
    /// Why it ended so.
    pub reason: Option<String>,
    /// The counterparty, when one was asked.
    pub connector: Option<String>,
    /// The attempt that decided.
    pub attempt: Option<AttemptId>,
    /// Its trace number.
    pub stan: Option<u32>,
    /// Authorisation code.
    pub approval_code: Option<String>,
    /// Raw response code.
    pub response_code: Option<String>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The answer its key stands for, once one was given.
    pub answer: Option<Answer>,
}

fn known<T>(column: &str, word: &str, value: Option<T>) -> Result<T, StoreError> {
    value.ok_or_else(|| StoreError::Corrupt(format!("{column} {word}")))
}

fn answer(row: &Row, status: &str, body: &str) -> Result<Option<Answer>, StoreError> {
    Ok(match (row.maybe_int(status)?, row.maybe_text(body)?) {
        (Some(status), Some(body)) => Some(Answer { status: status as u16, body }),
        _ => None,
    })
}

fn read_state(row: &Row) -> Result<PaymentState, StoreError> {
    if row.maybe_int("unwound_at")?.is_some() {
        return Ok(PaymentState::Reversed);
    }
    if let Some(word) = row.maybe_text("ended")? {
        return known("outcome.state", &word, PaymentState::parse(&word));
    }
    Ok(match row.maybe_text("open_state")?.as_deref() {
        Some("SENDING") => PaymentState::Processing,
        Some("REVIEW") => PaymentState::ManualReview,
        _ => PaymentState::Pending,
    })
}

pub(crate) fn read_view(row: &Row) -> Result<PaymentView, StoreError> {
    let (method, channel) = (row.text("method")?, row.text("channel")?);
    let fingerprint: [u8; 32] = row
        .bytes("fingerprint")?
        .try_into()
        .map_err(|_| StoreError::Corrupt("payment.fingerprint is not 32 bytes".into()))?;
    let payment = Payment {
        id: PaymentId(row.int("id")?),
        client: ClientId(row.int("client_id")?),
        key: IdempotencyKey::derived(row.text("key")?),
        fingerprint: Fingerprint::from_bytes(fingerprint),
        bill: row.maybe_int("bill_id")?.map(BillId),
        method: known("payment.method", &method, Method::parse(&method))?,
        channel: known("payment.channel", &channel, Channel::parse(&channel))?,
        amount: read_money(row)?,
        card: row.maybe_int("card_id")?.map(CardId),
        created_at: Timestamp(row.int("created_at")?),
        business_date: BusinessDate(row.int("business_date")? as i32),
    };
    let given = answer(row, "given_status", "given_body")?;
    let connector = match row.maybe_text("connector")? {
        Some(ended) => Some(ended),
        None => row.maybe_text("open_connector")?,
    };
    Ok(PaymentView {
        payment,
        state: read_state(row)?,
        reason: row.maybe_text("reason")?,
        connector,
        attempt: row.maybe_int("attempt_id")?.map(AttemptId),
        stan: row.maybe_int("stan")?.map(|s| s as u32),
        approval_code: row.maybe_text("approval_code")?,
        response_code: row.maybe_text("response_code")?,
        ended_at: match row.maybe_int("unwound_at")? {
            Some(at) => Some(Timestamp(at)),
            None => row.maybe_int("ended_at")?.map(Timestamp),
        },
        answer: match given {
            Some(given) => Some(given),
            None => answer(row, "answer_status", "answer_body")?,
        },
    })
}

/// The payment of a number.
///
/// # Errors
/// The engine's own.
pub async fn find(db: &Db, id: PaymentId) -> Result<Option<PaymentView>, StoreError> {
    db.fetch_optional(&BY_ID, values![id.0]).await?.as_ref().map(read_view).transpose()
}

/// The payment that ended with this attempt, which was not its first.
///
/// # Errors
/// The engine's own.
pub async fn find_rerouted(db: &Db, id: AttemptId) -> Result<Option<PaymentView>, StoreError> {
    db.fetch_optional(&BY_REROUTED, values![id.0]).await?.as_ref().map(read_view).transpose()
}

/// The payment of a client's key.
///
/// # Errors
/// The engine's own.
pub async fn find_by_key(
    db: &Db,
    client: ClientId,
    key: &IdempotencyKey,
) -> Result<Option<PaymentView>, StoreError> {
    let values = values![client.0, key.as_str()];
    db.fetch_optional(&BY_KEY, values).await?.as_ref().map(read_view).transpose()
}

/// A client's payments before a number, newest first.
///
/// # Errors
/// The engine's own.
pub async fn list(
    db: &Db,
    client: ClientId,
    before: Option<PaymentId>,
    limit: u32,
) -> Result<Vec<PaymentView>, StoreError> {
    let values = values![client.0, before.map_or(i64::MAX, |id| id.0), limit];
    db.fetch_all(&BY_CLIENT, values).await?.iter().map(read_view).collect()
}

/// Who holds a bill.
///
/// # Errors
/// The engine's own.
pub async fn claim(db: &Db, bill: BillId) -> Result<Option<Claim>, StoreError> {
    let Some(row) = db.fetch_optional(&CLAIM, values![bill.0]).await? else { return Ok(None) };
    Ok(Some(row.maybe_int("payment_id")?.map_or(Claim::Cancelled, |id| Claim::Payment(PaymentId(id)))))
}

/// The largest identifier in use, so that a node's sequence starts after it.
///
/// # Errors
/// The engine's own.
pub async fn issued_max(db: &Db) -> Result<i64, StoreError> {
    let row = db.fetch_optional(&ISSUED_MAX, values![]).await?;
    Ok(row.map_or(Ok(None), |row| row.maybe_int("id"))?.unwrap_or(0))
}

/// Writes the row that ends a payment. `false`: it has ended before.
pub(crate) async fn write_outcome(tx: &mut Tx, id: PaymentId, o: &Outcome) -> Result<bool, StoreError> {
    let (status, body) = o.answer.clone().map(|a| (i64::from(a.status), a.body)).unzip();
    let values = values![
        id.0,
        o.state.as_str(),
        o.reason.clone(),
        o.connector.as_deref(),
        o.attempt.map(|a| a.0),
        o.stan.map(i64::from),
        o.approval_code.clone(),
        o.response_code.clone(),
        status,
        body,
        o.at.0,
    ];
    Ok(tx.execute(&OUTCOME, values).await? == 1)
}
