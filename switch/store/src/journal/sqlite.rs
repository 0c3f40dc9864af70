//! The journal's body on SQLite: a thread with prepared statements, and a second
//! thread that checkpoints so that the write-ahead log stays bounded.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, params};
use tokio::sync::{Mutex, mpsc};

use super::{Command, Counts, EndVerdict, Ending, Intake, IntakeVerdict, Outcome};
use crate::again::{self, LOCK_WAIT, TRIES};
use crate::attempt::{state_columns, state_word};
use crate::db::{Backend, SqliteDb, StoreError};
use crate::health::Health;
use crate::statements::{Statement, statements};
use switch_core::fault::{self, KillPoint};
use switch_core::id::PaymentId;
use switch_core::payment::RefusedReason;

/// Commands of one transaction: bounds the wait of those behind it.
const GROUP_MAX: usize = 512;
/// The log is emptied when it has grown beyond this.
const WAL_RESTART_BYTES: i64 = 64 << 20;
/// Beyond this the writers wait as long as they must for readers to end.
const WAL_PRESSING_BYTES: i64 = 160 << 20;
const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);
/// A restart waits for readers with all writers behind it: a report must not
/// hold up the payments for longer than this.
const RESTART_WAIT: Duration = Duration::from_millis(50);
const RESTART_WAIT_PRESSING: Duration = Duration::from_secs(2);

statements! {
    TAKE_KEY = sqlite_only(
        "INSERT INTO payment (id, client_id, key, fingerprint, bill_id, method, channel,
             amount_minor, currency, card_id, created_at, business_date)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT DO NOTHING");
    CLAIM_BILL = sqlite_only(
        "INSERT INTO bill_claim (bill_id, payment_id, at) VALUES (?1, ?2, ?3)
         ON CONFLICT DO NOTHING");
    OPEN_ATTEMPT = sqlite_only(
        "INSERT INTO open_attempt (payment_id, attempt_id, attempt_no, connector, stan, sent_at,
             debit, credit, state, reason, sends, epoch, node, due_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)");
    TRANSFER = sqlite_only(
        "INSERT INTO transfer (cause, seq, kind, debit, credit, amount_minor, currency, at,
             business_date)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    CLOSE_ATTEMPT = sqlite_only(
        "DELETE FROM open_attempt WHERE payment_id = ?1 AND epoch = ?2");
    OUTCOME = sqlite_only(
        "INSERT INTO outcome (payment_id, state, reason, connector, attempt_id, stan,
             approval_code, response_code, answer_status, answer_body, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT DO NOTHING");
    RELEASE_BILL = sqlite_only(
        "DELETE FROM bill_claim WHERE bill_id = ?1 AND payment_id = ?2");
    PURGE_CARD = sqlite_only("DELETE FROM card WHERE id = ?1");
    PUBLISH = sqlite_only(
        "INSERT INTO outbox (id, client_id, payment_id, state, at, due_at, lease_until, epoch,
             tries)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, 0, 0, 0)");
}

fn text(statement: &Statement) -> &'static str {
    statement.text(Backend::Sqlite).unwrap_or("")
}

fn open(path: &Path) -> Result<Connection, rusqlite::Error> {
    let db = Connection::open(path)?;
    db.busy_timeout(LOCK_WAIT)?;
    db.set_prepared_statement_cache_capacity(32);
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    db.pragma_update(None, "cache_size", -49_152)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(db)
}

pub(super) fn start(
    db: &SqliteDb,
    commands: mpsc::Receiver<Command>,
    counts: Arc<Counts>,
) -> Result<(), StoreError> {
    let mut writer = open(&db.path)?;
    let synchronous: i64 = writer.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    if synchronous != 2 {
        return Err(StoreError::Unsafe(format!("synchronous={synchronous}, not 2 (FULL)")));
    }
    let checkpointer = open(&db.path)?;
    // Dropped with the journal, which ends the other thread too.
    let (alive, watched) = std::sync::mpsc::channel();
    let (turn, health) = (Arc::clone(&db.turn), Arc::clone(&db.health));
    spawn("checkpoint", move || keep_wal_bounded(&checkpointer, &turn, &health, &watched));
    let turn = Arc::clone(&db.turn);
    spawn("journal", move || {
        write_groups(&mut writer, &turn, commands, &counts);
        drop(alive);
    });
    Ok(())
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) {
    let started = thread::Builder::new().name(name.to_owned()).spawn(body);
    if let Err(error) = started {
        tracing::error!(name, %error, "a thread cannot be started");
    }
}

fn write_groups(
    db: &mut Connection,
    turn: &Mutex<()>,
    mut commands: mpsc::Receiver<Command>,
    counts: &Counts,
) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while commands.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
        let _turn = turn.blocking_lock();
        // Another writer's sync may have failed meanwhile: one of ours would be a lie.
        if counts.health.has_failed() {
            return;
        }
        settle(db, &mut group, counts);
    }
}

/// Writes a group in the writer's turn and tells each command its verdict.
pub(super) fn settle(db: &mut Connection, group: &mut Vec<Command>, counts: &Counts) {
    if let Err(error) = write_and_tell(db, group, counts) {
        if group.len() > 1 && error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) {
            // One of them cannot be written: the others must not suffer for it.
            tracing::error!(%error, commands = group.len(), "a group is written one by one");
            for command in group.drain(..) {
                let mut alone = vec![command];
                if let Err(error) = write_and_tell(db, &mut alone, counts) {
                    refuse_all(&mut alone, &error, counts);
                }
            }
        } else {
            refuse_all(group, &error, counts);
        }
    }
}

/// Empties the group unless it fails.
fn write_and_tell(db: &mut Connection, group: &mut Vec<Command>, counts: &Counts) -> rusqlite::Result<()> {
    let mut used = 1;
    let verdicts = loop {
        match write_group(db, group, counts) {
            Err(error) if again::is_busy(&error) && used < TRIES => {
                tracing::warn!(%error, used, "a group is written again");
                // Without a pause: the engine has waited for the lock itself.
                again::count_again(Backend::Sqlite);
                used += 1;
            }
            written => break written?,
        }
    };
    counts.committed(group.len());
    group.drain(..).zip(verdicts).for_each(|(command, verdict)| verdict.tell(command));
    Ok(())
}

pub(super) fn refuse_all(group: &mut Vec<Command>, error: &rusqlite::Error, counts: &Counts) {
    counts.failures.fetch_add(1, Ordering::Relaxed);
    counts.health.heard_embedded(error);
    tracing::error!(%error, commands = group.len(), "a group was not written");
    group.drain(..).for_each(|command| refuse(command, counts.refusal(error)));
}

pub(super) enum Verdict {
    Intake(IntakeVerdict),
    End(EndVerdict),
}

impl Verdict {
    fn tell(self, command: Command) {
        // A caller that no longer listens finds the verdict in the database.
        match (command, self) {
            (Command::Intake(_, reply), Self::Intake(verdict)) => drop(reply.send(Ok(verdict))),
            (Command::End(_, reply), Self::End(verdict)) => drop(reply.send(Ok(verdict))),
            (Command::Intake(..), Self::End(_)) | (Command::End(..), Self::Intake(_)) => {}
        }
    }
}

fn refuse(command: Command, error: StoreError) {
    match command {
        Command::Intake(_, reply) => drop(reply.send(Err(error))),
        Command::End(_, reply) => drop(reply.send(Err(error))),
    }
}

/// One transaction; a verdict for each command.
pub(super) fn write_group(
    db: &mut Connection,
    group: &[Command],
    counts: &Counts,
) -> rusqlite::Result<Vec<Verdict>> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(fence) = &counts.fence {
        fence.holds(&tx)?;
    }
    let verdicts = group
        .iter()
        .map(|command| match command {
            Command::Intake(intake, _) => take_in(&tx, intake).map(Verdict::Intake),
            Command::End(ending, _) => end(&tx, ending).map(Verdict::End),
        })
        .collect::<rusqlite::Result<_>>()?;
    fault::at(KillPoint::JournalWritten);
    tx.commit()?;
    fault::at(KillPoint::JournalCommitted);
    Ok(verdicts)
}

fn run(tx: &Transaction<'_>, statement: &Statement, values: impl rusqlite::Params) -> rusqlite::Result<bool> {
    Ok(tx.prepare_cached(text(statement))?.execute(values)? > 0)
}

/// The key alone: a mistake that can be planted, and no part of the journal.
pub(super) fn take_keys_apart(db: &mut Connection, group: &[Command]) -> rusqlite::Result<()> {
    let tx = db.transaction()?;
    for command in group {
        if let Command::Intake(intake, _) = command {
            take_key(&tx, intake)?;
        }
    }
    tx.commit()
}

fn take_key(tx: &Transaction<'_>, intake: &Intake) -> rusqlite::Result<bool> {
    let Intake { payment: p, bill, .. } = intake;
    run(
        tx,
        &TAKE_KEY,
        params![
            p.id.0,
            p.client.0,
            p.key.as_str(),
            p.fingerprint.bytes(),
            bill.0,
            p.method.as_str(),
            p.channel.as_str(),
            p.amount.minor(),
            p.amount.currency().alpha(),
            p.card.map(|c| c.0),
            p.created_at.0,
            p.business_date.0,
        ],
    )
}

fn take_in(tx: &Transaction<'_>, intake: &Intake) -> rusqlite::Result<IntakeVerdict> {
    let Intake { payment: p, bill, attempt: a } = intake;
    if !take_key(tx, intake)? {
        return Ok(IntakeVerdict::KeyUsed);
    }
    if !run(tx, &CLAIM_BILL, params![bill.0, p.id.0, p.created_at.0])? {
        write_outcome(tx, p.id, &Outcome::refused(RefusedReason::BillTaken, p.created_at))?;
        return Ok(IntakeVerdict::BillTaken);
    }
    let (reason, sends) = state_columns(&a.state);
    run(
        tx,
        &OPEN_ATTEMPT,
        params![
            p.id.0,
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
            a.node,
            a.due_at.0,
        ],
    )?;
    write_transfer(tx, &a.promise(p.business_date))?;
    Ok(IntakeVerdict::Taken)
}

fn end(tx: &Transaction<'_>, ending: &Ending) -> rusqlite::Result<EndVerdict> {
    if !run(tx, &CLOSE_ATTEMPT, params![ending.payment.0, ending.epoch])? {
        return Ok(EndVerdict::Superseded);
    }
    if !write_outcome(tx, ending.payment, &ending.outcome)? {
        // An orphan approval of a payment that had ended is now taken back.
        return Ok(EndVerdict::Ended);
    }
    write_transfer(tx, &ending.transfer)?;
    if let Some(bill) = ending.release {
        run(tx, &RELEASE_BILL, params![bill.0, ending.payment.0])?;
    }
    if let Some(card) = ending.purge {
        run(tx, &PURGE_CARD, params![card.0])?;
    }
    if let Some((event, client)) = ending.event {
        let (state, at) = (ending.outcome.state.as_str(), ending.outcome.at.0);
        run(tx, &PUBLISH, params![event.0, client.0, ending.payment.0, state, at])?;
    }
    Ok(EndVerdict::Ended)
}

fn write_outcome(tx: &Transaction<'_>, payment: PaymentId, o: &Outcome) -> rusqlite::Result<bool> {
    run(
        tx,
        &OUTCOME,
        params![
            payment.0,
            o.state.as_str(),
            o.reason,
            o.connector.as_deref(),
            o.attempt.map(|a| a.0),
            o.stan,
            o.approval_code,
            o.response_code,
            o.answer.as_ref().map(|a| a.status),
            o.answer.as_ref().map(|a| a.body.as_str()),
            o.at.0,
        ],
    )
}

fn write_transfer(tx: &Transaction<'_>, t: &switch_core::ledger::Transfer) -> rusqlite::Result<bool> {
    run(
        tx,
        &TRANSFER,
        params![
            t.cause,
            t.seq,
            t.kind.as_str(),
            t.debit.0,
            t.credit.0,
            t.amount.minor(),
            t.amount.currency().alpha(),
            t.at.0,
            t.business_date.0,
        ],
    )
}

/// Copies the log back while writers go on; only the short rest is done in a
/// writer's turn, and only when the log has grown large.
fn keep_wal_bounded(db: &Connection, turn: &Mutex<()>, health: &Health, journal: &Receiver<()>) {
    let failed = |error: rusqlite::Error| {
        health.heard_embedded(&error);
        tracing::warn!(%error, "a checkpoint failed");
    };
    while journal.recv_timeout(CHECKPOINT_EVERY) == Err(RecvTimeoutError::Timeout) {
        match checkpoint(db, "PASSIVE") {
            Ok(bytes) if bytes > WAL_RESTART_BYTES => {
                let pressing = bytes > WAL_PRESSING_BYTES;
                let wait = if pressing { RESTART_WAIT_PRESSING } else { RESTART_WAIT };
                let _turn = turn.blocking_lock();
                let restarted = db.busy_timeout(wait).and_then(|()| checkpoint(db, "RESTART"));
                restarted.map_or_else(&failed, drop);
            }
            Ok(_) => {}
            Err(error) => failed(error),
        }
    }
}

/// Bytes in the log before this checkpoint.
fn checkpoint(db: &Connection, mode: &str) -> rusqlite::Result<i64> {
    let frames: i64 = db.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get(1))?;
    Ok(frames.max(0) * 4096)
}
