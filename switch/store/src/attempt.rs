//! Open attempts: the work in hand and the armed reversals. Every change is
//! fenced by an epoch, so of two who decide on the same state one loses.

use std::sync::Arc;

use switch_core::attempt::{AttemptState, Note};
use switch_core::clock::{BusinessDate, Timestamp};
use switch_core::connector::{AttemptRef, ReversalReason};
use switch_core::id::{AccountId, AttemptId, BillId, CardId, ClientId, PaymentId};
use switch_core::idempotency::Answer;
use switch_core::ledger::{Transfer, TransferKind, pending_seq};
use switch_core::money::{Currency, Money};

use crate::db::{Db, Row, StoreError, Tx, values};
use crate::statements::statements;

macro_rules! open_columns {
    () => {
        "SELECT a.payment_id, a.attempt_id, a.attempt_no, a.connector, a.stan, a.sent_at,
                a.debit, a.credit, a.state, a.reason, a.sends, a.epoch, a.node, a.due_at,
                p.amount_minor, p.currency, p.business_date, p.bill_id, p.card_id,
                b.client_id AS owner
         FROM open_attempt a JOIN payment p ON p.id = a.payment_id
         LEFT JOIN bill b ON b.id = p.bill_id "
    };
}

statements! {
    OF_PAYMENT = portable(concat!(open_columns!(), "WHERE a.payment_id = $1"));
    OF_ATTEMPT = portable(concat!(open_columns!(), "WHERE a.attempt_id = $1"));
    DUE = portable(concat!(open_columns!(),
        "WHERE a.state <> 'SENDING' AND (a.due_at <= $1 OR a.due_at > $3)
         ORDER BY a.due_at, a.payment_id LIMIT $2"));
    ALL_OPEN = portable(concat!(open_columns!(),
        "WHERE a.payment_id > $1 ORDER BY a.payment_id LIMIT $2"));
    ADVANCE = portable(
        "UPDATE open_attempt SET state = $3, reason = $4, sends = $5, due_at = $6,
                epoch = epoch + 1
         WHERE payment_id = $1 AND epoch = $2");
    POSTPONE = portable(
        "UPDATE open_attempt SET due_at = $3 WHERE payment_id = $1 AND epoch = $2");
    TAKE_OVER = portable(
        "UPDATE open_attempt SET state = 'IN_DOUBT', reason = 'timeout', due_at = $2,
                epoch = epoch + 1
         WHERE state = 'SENDING' AND (node = $1 OR due_at < $2 OR due_at > $3)
         RETURNING payment_id");
    TAKE_OVER_PAST = portable(
        "UPDATE open_attempt SET state = 'IN_DOUBT', reason = 'timeout', due_at = $1,
                epoch = epoch + 1
         WHERE state = 'SENDING' AND (due_at < $1 OR due_at > $2)
         RETURNING payment_id");
    PAST_ITS_TIME = portable(
        "SELECT payment_id FROM open_attempt
         WHERE state = 'SENDING' AND (due_at < $1 OR due_at > $2) LIMIT 1");
    REARM = portable(
        "INSERT INTO open_attempt (payment_id, attempt_id, attempt_no, connector, stan, sent_at,
             debit, credit, state, reason, sends, epoch, node, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT DO NOTHING");
    REROUTE = portable(
        "UPDATE open_attempt SET attempt_id = $3, attempt_no = $4, connector = $5, stan = $6,
                sent_at = $7, debit = $8, due_at = $9, epoch = epoch + 1
         WHERE payment_id = $1 AND epoch = $2");
    ANSWER = portable(
        "INSERT INTO answer (payment_id, status, body, at)
         SELECT CAST($1 AS BIGINT), CAST($2 AS INTEGER), CAST($3 AS TEXT), CAST($4 AS BIGINT)
         WHERE NOT EXISTS (SELECT 1 FROM outcome o
                           WHERE o.payment_id = $1 AND o.answer_status IS NOT NULL)
         ON CONFLICT DO NOTHING");
    NOTE = portable(
        "INSERT INTO evidence (id, payment_id, kind, code, at) VALUES ($1, $2, $3, $4, $5)");
    SUMMARY = portable(
        "SELECT connector, state, COUNT(*) AS open, MIN(sent_at) AS oldest
         FROM open_attempt GROUP BY connector, state");
}

/// An attempt in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAttempt {
    /// Its references.
    pub refs: AttemptRef,
    /// 1 for the first network that was tried.
    pub attempt_no: i32,
    /// Profile id of the counterparty.
    pub connector: Arc<str>,
    /// The account the promise debits.
    pub debit: AccountId,
    /// The account the promise credits.
    pub credit: AccountId,
    /// What is known; never a final state.
    pub state: AttemptState,
    /// Rises with every change. One that is opened again starts at a number that no
    /// attempt had before, so that who knew the one that ended cannot change it.
    pub epoch: i64,
    /// The node that sent it.
    pub node: u8,
    /// When the next step is due; for one that is being sent, when its node
    /// must be gone.
    pub due_at: Timestamp,
}

impl OpenAttempt {
    /// The pending transfer of this attempt.
    #[must_use]
    pub fn promise(&self, business_date: BusinessDate) -> Transfer {
        Transfer {
            cause: self.refs.payment.0,
            seq: pending_seq(self.attempt_no),
            kind: TransferKind::Pending,
            debit: self.debit,
            credit: self.credit,
            amount: self.refs.amount,
            at: self.refs.sent_at,
            business_date,
        }
    }
}

/// An open attempt with what its end needs to know of the payment.
#[derive(Debug, Clone)]
pub struct OpenWork {
    /// The attempt.
    pub attempt: OpenAttempt,
    /// Who made the bill, and learns how its payment ended.
    pub owner: Option<ClientId>,
    /// The claimed bill.
    pub bill: Option<BillId>,
    /// The card in the vault.
    pub card: Option<CardId>,
    /// The date it is booked under.
    pub business_date: BusinessDate,
}

/// Open attempts of one counterparty in one state.
#[derive(Debug, Clone)]
pub struct OpenSummary {
    /// Profile id.
    pub connector: String,
    /// Word of the state.
    pub state: String,
    /// How many.
    pub open: i64,
    /// When the oldest was sent.
    pub oldest: Timestamp,
}

pub(crate) fn state_word(state: &AttemptState) -> &'static str {
    match state {
        AttemptState::Sending => "SENDING",
        AttemptState::InDoubt(_) => "IN_DOUBT",
        AttemptState::Reversing { .. } => "REVERSING",
        AttemptState::Review { .. } => "REVIEW",
        AttemptState::Approved(_)
        | AttemptState::Declined(_)
        | AttemptState::Reversed { .. }
        | AttemptState::NotSent => "FINAL",
    }
}

/// The columns `reason` and `sends` of a state.
pub(crate) fn state_columns(state: &AttemptState) -> (Option<&'static str>, u32) {
    match state {
        AttemptState::InDoubt(reason) => (Some(reason.as_str()), 0),
        AttemptState::Reversing { reason, sends } | AttemptState::Review { reason, sends } => {
            (Some(reason.as_str()), *sends)
        }
        AttemptState::Sending
        | AttemptState::Approved(_)
        | AttemptState::Declined(_)
        | AttemptState::Reversed { .. }
        | AttemptState::NotSent => (None, 0),
    }
}

fn read_state(row: &Row) -> Result<AttemptState, StoreError> {
    let word = row.text("state")?;
    let reason = row.maybe_text("reason")?.unwrap_or_default();
    let reason = ReversalReason::parse(&reason).unwrap_or(ReversalReason::Timeout);
    let sends = row.int("sends")? as u32;
    match word.as_str() {
        "SENDING" => Ok(AttemptState::Sending),
        "IN_DOUBT" => Ok(AttemptState::InDoubt(reason)),
        "REVERSING" => Ok(AttemptState::Reversing { reason, sends }),
        "REVIEW" => Ok(AttemptState::Review { reason, sends }),
        other => Err(StoreError::Corrupt(format!("open_attempt.state {other}"))),
    }
}

pub(crate) fn money(minor: i64, currency: &str) -> Result<Money, StoreError> {
    let known = Currency::from_alpha(currency);
    let currency = known.ok_or_else(|| StoreError::Corrupt(format!("currency {currency}")))?;
    Ok(Money::new(minor, currency))
}

pub(crate) fn read_money(row: &Row) -> Result<Money, StoreError> {
    money(row.int("amount_minor")?, &row.text("currency")?)
}

fn read_work(row: &Row) -> Result<OpenWork, StoreError> {
    Ok(OpenWork {
        attempt: OpenAttempt {
            refs: AttemptRef {
                payment: PaymentId(row.int("payment_id")?),
                attempt: AttemptId(row.int("attempt_id")?),
                stan: row.int("stan")? as u32,
                sent_at: Timestamp(row.int("sent_at")?),
                amount: read_money(row)?,
            },
            attempt_no: row.int("attempt_no")? as i32,
            connector: row.text("connector")?.into(),
            debit: AccountId(row.int("debit")?),
            credit: AccountId(row.int("credit")?),
            state: read_state(row)?,
            epoch: row.int("epoch")?,
            node: row.int("node")? as u8,
            due_at: Timestamp(row.int("due_at")?),
        },
        owner: row.maybe_int("owner")?.map(ClientId),
        bill: row.maybe_int("bill_id")?.map(BillId),
        card: row.maybe_int("card_id")?.map(CardId),
        business_date: BusinessDate(row.int("business_date")? as i32),
    })
}

/// The open attempt of a payment.
///
/// # Errors
/// The engine's own.
pub async fn of_payment(db: &Db, id: PaymentId) -> Result<Option<OpenWork>, StoreError> {
    db.fetch_optional(&OF_PAYMENT, values![id.0]).await?.as_ref().map(read_work).transpose()
}

/// The open attempt of a reference.
///
/// # Errors
/// The engine's own.
pub async fn of_attempt(db: &Db, id: AttemptId) -> Result<Option<OpenWork>, StoreError> {
    db.fetch_optional(&OF_ATTEMPT, values![id.0]).await?.as_ref().map(read_work).transpose()
}

/// No step is put off for longer.
pub const WAIT_MAX_MS: i64 = 4 * 3_600_000;

/// What is due later than this was put off by a clock that has been set back
/// since. It is due now, or it would wait for as long as the clock was wrong.
pub(crate) fn beyond(now: Timestamp) -> i64 {
    now.plus_ms(WAIT_MAX_MS).0
}

/// Attempts whose next step is due, the longest waiting first.
///
/// # Errors
/// The engine's own.
pub async fn due(db: &Db, now: Timestamp, limit: u32) -> Result<Vec<OpenWork>, StoreError> {
    db.fetch_all(&DUE, values![now.0, limit, beyond(now)]).await?.iter().map(read_work).collect()
}

/// All open attempts after a payment number, in order: for start-up and auditors.
///
/// # Errors
/// The engine's own.
pub async fn all_open(db: &Db, after: PaymentId, limit: u32) -> Result<Vec<OpenWork>, StoreError> {
    db.fetch_all(&ALL_OPEN, values![after.0, limit]).await?.iter().map(read_work).collect()
}

/// How much is open, by counterparty and state.
///
/// # Errors
/// The engine's own.
pub async fn summary(db: &Db) -> Result<Vec<OpenSummary>, StoreError> {
    let rows = db.fetch_all(&SUMMARY, values![]).await?;
    rows.iter()
        .map(|row| {
            Ok(OpenSummary {
                connector: row.text("connector")?,
                state: row.text("state")?,
                open: row.int("open")?,
                oldest: Timestamp(row.int("oldest")?),
            })
        })
        .collect()
}

/// Moves an attempt to its next open state. `false`: somebody else moved it.
///
/// # Errors
/// The engine's own.
pub async fn advance(
    tx: &mut Tx,
    payment: PaymentId,
    epoch: i64,
    next: &AttemptState,
    due_at: Timestamp,
) -> Result<bool, StoreError> {
    let (reason, sends) = state_columns(next);
    let values = values![payment.0, epoch, state_word(next), reason, sends, due_at.0];
    Ok(tx.execute(&ADVANCE, values).await? == 1)
}

/// Sets when the next step is due, without another change.
///
/// # Errors
/// The engine's own.
pub async fn postpone(
    tx: &mut Tx,
    payment: PaymentId,
    epoch: i64,
    due_at: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(&POSTPONE, values![payment.0, epoch, due_at.0]).await? == 1)
}

/// Puts in doubt what nobody is sending any more: anything whose time is over,
/// also of this node, whose story may have broken off on the way (the database
/// went away under it, a task panicked); and at a start (`own`) all that this
/// node had been sending. One statement for any number of rows; it is
/// `apply(Sending, Restarted)` for each.
///
/// # Errors
/// The engine's own.
pub async fn take_over(
    tx: &mut Tx,
    node: u8,
    own: bool,
    now: Timestamp,
) -> Result<Vec<PaymentId>, StoreError> {
    let rows = match own {
        true => tx.fetch_all(&TAKE_OVER, values![i64::from(node), now.0, beyond(now)]).await?,
        false => tx.fetch_all(&TAKE_OVER_PAST, values![now.0, beyond(now)]).await?,
    };
    rows.iter().map(|row| row.int("payment_id").map(PaymentId)).collect()
}

/// Whether something is called being sent that nobody can be sending any more.
///
/// # Errors
/// The engine's own.
pub async fn past_its_time(db: &Db, now: Timestamp) -> Result<bool, StoreError> {
    Ok(db.fetch_optional(&PAST_ITS_TIME, values![now.0, beyond(now)]).await?.is_some())
}

/// Opens an ended attempt again, only to take the money back. `false`: it is open.
///
/// # Errors
/// The engine's own.
pub async fn rearm(tx: &mut Tx, a: &OpenAttempt) -> Result<bool, StoreError> {
    let (reason, sends) = state_columns(&a.state);
    let values = values![
        a.refs.payment.0,
        a.refs.attempt.0,
        a.attempt_no,
        &*a.connector,
        a.refs.stan,
        a.refs.sent_at.0,
        a.debit.0,
        a.credit.0,
        state_word(&a.state),
        reason,
        sends,
        a.epoch,
        i64::from(a.node),
        a.due_at.0,
    ];
    Ok(tx.execute(&REARM, values).await? == 1)
}

/// Replaces an attempt that was provably never sent by the next one on another
/// network: the old promise is voided, the new one made. `false`: it moved on.
///
/// # Errors
/// The engine's own.
pub async fn reroute(
    tx: &mut Tx,
    old: &OpenAttempt,
    new: &OpenAttempt,
    business_date: BusinessDate,
) -> Result<bool, StoreError> {
    let values = values![
        old.refs.payment.0,
        old.epoch,
        new.refs.attempt.0,
        new.attempt_no,
        &*new.connector,
        new.refs.stan,
        new.refs.sent_at.0,
        new.debit.0,
        new.due_at.0,
    ];
    if tx.execute(&REROUTE, values).await? == 0 {
        return Ok(false);
    }
    let promise = old.promise(business_date);
    crate::ledger::write(tx, &promise.ended(TransferKind::Void, new.refs.sent_at)).await?;
    crate::ledger::write(tx, &new.promise(business_date)).await?;
    Ok(true)
}

/// Keeps the answer that is given while the outcome is unknown. The first one
/// stays, and one that came with the outcome.
///
/// # Errors
/// The engine's own.
pub async fn keep_answer(
    tx: &mut Tx,
    payment: PaymentId,
    answer: &Answer,
    at: Timestamp,
) -> Result<(), StoreError> {
    let values = values![payment.0, answer.status, answer.body.as_str(), at.0];
    tx.execute(&ANSWER, values).await.map(drop)
}

/// A piece of evidence to keep.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Its number.
    pub id: i64,
    /// The payment it is about.
    pub payment: PaymentId,
    /// What was seen.
    pub note: Note,
    /// Raw response code, where there is one.
    pub code: String,
    /// When.
    pub at: Timestamp,
}

/// Keeps a piece of evidence.
///
/// # Errors
/// The engine's own.
pub async fn note(tx: &mut Tx, e: &Evidence) -> Result<(), StoreError> {
    tx.execute(&NOTE, values![e.id, e.payment.0, e.note.as_str(), e.code.as_str(), e.at.0]).await.map(drop)
}
