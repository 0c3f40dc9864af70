//! The journal's body on PostgreSQL: intakes and endings of the same moment in
//! one data-modifying statement, so a group is one round trip and one commit.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Executor, Row};
use switch_core::fault::{self, KillPoint};
use tokio::sync::{mpsc, oneshot};

use super::{Command, Counts, EndVerdict, Ending, Intake, IntakeVerdict};
use crate::again::{self, TRIES};
use crate::db::{Backend, StoreError};
use crate::fence::{Fence, Superseded};
use crate::link::answered;
use crate::statements::statements;

/// Commands of one statement. Its joins are small nested loops, so it is small.
const GROUP_MAX: usize = 128;

statements! {
    GROUP = postgres_only("
        WITH held AS (
            SELECT life, taken_at FROM node WHERE number = $45::bigint FOR SHARE
        ), intake AS (
            SELECT * FROM unnest(
                $1::bigint[], $2::bigint[], $3::text[], $4::bytea[], $5::bigint[], $6::text[],
                $7::text[], $8::bigint[], $9::text[], $10::bigint[], $11::bigint[], $12::int[],
                $13::bigint[], $14::int[], $15::text[], $16::int[], $17::bigint[], $18::bigint[],
                $19::bigint[], $20::int[], $21::bigint[]
            ) AS t (id, client_id, key, fingerprint, bill_id, method, channel, amount_minor,
                    currency, card_id, created_at, business_date, attempt_id, attempt_no,
                    connector, stan, sent_at, debit, credit, node, due_at)
            WHERE $45::bigint IS NULL OR EXISTS (SELECT 1 FROM held WHERE life = $46::bigint)
        ), taken AS (
            INSERT INTO payment (id, client_id, key, fingerprint, bill_id, method, channel,
                                 amount_minor, currency, card_id, created_at, business_date)
            SELECT id, client_id, key, fingerprint, bill_id, method, channel,
                   amount_minor, currency, card_id, created_at, business_date
            FROM intake
            ON CONFLICT DO NOTHING
            RETURNING id
        ), claimed AS (
            INSERT INTO bill_claim (bill_id, payment_id, at)
            SELECT i.bill_id, i.id, i.created_at FROM intake i JOIN taken t ON t.id = i.id
            ON CONFLICT DO NOTHING
            RETURNING payment_id
        ), refused AS (
            INSERT INTO outcome (payment_id, state, reason, at)
            SELECT i.id, 'REFUSED', 'bill_taken', i.created_at
            FROM intake i JOIN taken t ON t.id = i.id
            WHERE i.id NOT IN (SELECT payment_id FROM claimed)
        ), opened AS (
            INSERT INTO open_attempt (payment_id, attempt_id, attempt_no, connector, stan,
                                      sent_at, debit, credit, state, sends, epoch, node, due_at)
            SELECT i.id, i.attempt_id, i.attempt_no, i.connector, i.stan,
                   i.sent_at, i.debit, i.credit, 'SENDING', 0, 0, i.node, i.due_at
            FROM intake i JOIN claimed c ON c.payment_id = i.id
        ), promised AS (
            INSERT INTO transfer (cause, seq, kind, debit, credit, amount_minor, currency, at,
                                  business_date)
            SELECT i.id, i.attempt_no * 2 - 1, 'PENDING', i.debit, i.credit, i.amount_minor,
                   i.currency, i.sent_at, i.business_date
            FROM intake i JOIN claimed c ON c.payment_id = i.id
        ), ending AS (
            SELECT * FROM unnest(
                $22::bigint[], $23::bigint[], $24::text[], $25::text[], $26::text[],
                $27::bigint[], $28::int[], $29::text[], $30::text[], $31::int[], $32::text[],
                $33::bigint[], $34::int[], $35::text[], $36::bigint[], $37::bigint[],
                $38::bigint[], $39::text[], $40::int[], $41::bigint[], $42::bigint[],
                $43::bigint[], $44::bigint[]
            ) AS t (payment_id, epoch, state, reason, connector, attempt_id, stan, approval_code,
                    response_code, answer_status, answer_body, at, seq, kind, debit, credit,
                    amount_minor, currency, business_date, release, purge, event_id, client_id)
            WHERE $45::bigint IS NULL OR EXISTS (SELECT 1 FROM held WHERE life = $46::bigint)
        ), closed AS (
            DELETE FROM open_attempt o USING ending e
            WHERE o.payment_id = e.payment_id AND o.epoch = e.epoch
              AND o.payment_id = ANY ($22::bigint[])
            RETURNING o.payment_id
        ), ended AS (
            INSERT INTO outcome (payment_id, state, reason, connector, attempt_id, stan,
                                 approval_code, response_code, answer_status, answer_body, at)
            SELECT e.payment_id, e.state, e.reason, e.connector, e.attempt_id, e.stan,
                   e.approval_code, e.response_code, e.answer_status, e.answer_body, e.at
            FROM ending e JOIN closed c ON c.payment_id = e.payment_id
            ON CONFLICT DO NOTHING
            RETURNING payment_id
        ), moved AS (
            INSERT INTO transfer (cause, seq, kind, debit, credit, amount_minor, currency, at,
                                  business_date)
            SELECT e.payment_id, e.seq, e.kind, e.debit, e.credit, e.amount_minor, e.currency,
                   e.at, e.business_date
            FROM ending e JOIN ended d ON d.payment_id = e.payment_id
        ), published AS (
            INSERT INTO outbox (id, client_id, payment_id, state, at, due_at, lease_until, epoch,
                                tries)
            SELECT e.event_id, e.client_id, e.payment_id, e.state, e.at, e.at, 0, 0, 0
            FROM ending e JOIN ended d ON d.payment_id = e.payment_id
            WHERE e.event_id IS NOT NULL
        ), released AS (
            DELETE FROM bill_claim
            WHERE bill_id = ANY (ARRAY(
                      SELECT e.release FROM ending e JOIN ended d ON d.payment_id = e.payment_id
                      WHERE e.release IS NOT NULL))
              AND payment_id = ANY ($22::bigint[])
        ), purged AS (
            DELETE FROM card
            WHERE id = ANY (ARRAY(
                      SELECT e.purge FROM ending e JOIN ended d ON d.payment_id = e.payment_id
                      WHERE e.purge IS NOT NULL))
        )
        SELECT 0 AS step, id FROM taken
        UNION ALL SELECT 1, payment_id FROM claimed
        UNION ALL SELECT 2, payment_id FROM closed
        UNION ALL SELECT 3, life FROM held
        UNION ALL SELECT 4, taken_at FROM held");
    OWN_ROWS = postgres_only("
        SELECT 0 AS step, id FROM payment WHERE id = ANY ($1::bigint[])
        UNION ALL SELECT 1, c.payment_id FROM payment p
            JOIN bill_claim c ON c.bill_id = p.bill_id AND c.payment_id = p.id
            WHERE p.id = ANY ($1::bigint[])
        UNION ALL SELECT 2, o.payment_id
            FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::bigint[])
                 AS e (payment_id, attempt_id, state, at)
            JOIN outcome o ON o.payment_id = e.payment_id AND o.attempt_id = e.attempt_id
                          AND o.state = e.state AND o.at = e.at
            WHERE o.payment_id = ANY ($2::bigint[])");
}

/// Plans are pinned: made on an empty table they would scan it for ever, and the
/// statement is too long to plan for each group.
pub(crate) const SESSION: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;
    SET jit = off; SET synchronous_commit = on";

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut db = PgConnection::connect_with(options).await?;
    db.execute(SESSION).await?;
    Ok(db)
}

pub(super) async fn start(
    options: PgConnectOptions,
    commands: mpsc::Receiver<Command>,
    counts: Arc<Counts>,
) -> Result<(), StoreError> {
    let db = connect(&options).await?;
    tokio::spawn(write_groups(db, options, commands, counts));
    Ok(())
}

async fn write_groups(
    mut db: PgConnection,
    options: PgConnectOptions,
    mut commands: mpsc::Receiver<Command>,
    counts: Arc<Counts>,
) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while commands.recv_many(&mut group, GROUP_MAX).await > 0 {
        let mut parts = VecDeque::from(Part::of(&mut group));
        while let Some(part) = parts.pop_front() {
            fault::at(KillPoint::JournalWritten);
            let fence = counts.fence.as_deref();
            let (intakes, endings) = (part.intake_rows(), part.ending_rows());
            let written = write_group(&mut db, &options, fence, &intakes, &endings).await;
            let written = written.map(|steps| (is_held(fence, &steps), steps));
            match written {
                Ok((Err(superseded), _)) => part.refuse(&counts, &superseded),
                Ok((Ok(()), steps)) => {
                    fault::at(KillPoint::JournalCommitted);
                    counts.committed(part.len());
                    part.tell(&steps);
                }
                Err(error) if part.len() > 1 && trouble(&error) == Trouble::Command => {
                    tracing::error!(%error, commands = part.len(), "a group is written one by one");
                    part.one_by_one().for_each(|alone| parts.push_front(alone));
                }
                Err(error) => {
                    counts.failures.fetch_add(1, Ordering::Relaxed);
                    counts.health.heard(&error);
                    tracing::error!(%error, commands = part.len(), "a group was not written");
                    part.refuse(&counts, &error);
                }
            }
        }
    }
}

type Asked<C, V> = (Box<C>, oneshot::Sender<Result<V, StoreError>>);

/// Commands of one statement.
#[derive(Default)]
struct Part {
    intakes: Vec<Asked<Intake, IntakeVerdict>>,
    endings: Vec<Asked<Ending, EndVerdict>>,
}

impl Part {
    /// One part, and a further one for each second end of the same payment (an
    /// answer that came twice): one statement can end a payment once only.
    fn of(group: &mut Vec<Command>) -> Vec<Self> {
        let mut parts = vec![Self::default()];
        let mut ends: HashMap<i64, usize> = HashMap::new();
        for command in group.drain(..) {
            match command {
                Command::Intake(intake, reply) => parts[0].intakes.push((intake, reply)),
                Command::End(ending, reply) => {
                    let place = ends.entry(ending.payment.0).or_default();
                    if *place == parts.len() {
                        parts.push(Self::default());
                    }
                    parts[*place].endings.push((ending, reply));
                    *place += 1;
                }
            }
        }
        parts
    }

    fn len(&self) -> usize {
        self.intakes.len() + self.endings.len()
    }

    fn intake_rows(&self) -> Vec<&Intake> {
        self.intakes.iter().map(|(intake, _)| &**intake).collect()
    }

    fn ending_rows(&self) -> Vec<&Ending> {
        self.endings.iter().map(|(ending, _)| &**ending).collect()
    }

    fn one_by_one(self) -> impl Iterator<Item = Self> {
        let intakes = self.intakes.into_iter().map(|asked| Self { intakes: vec![asked], ..Self::default() });
        let endings = self.endings.into_iter().map(|asked| Self { endings: vec![asked], ..Self::default() });
        intakes.chain(endings)
    }

    /// A caller that no longer listens finds the verdict in the database.
    fn tell(self, steps: &HashSet<(i32, i64)>) {
        for (intake, reply) in self.intakes {
            let id = intake.payment.id.0;
            let verdict = match (steps.contains(&(0, id)), steps.contains(&(1, id))) {
                (_, true) => IntakeVerdict::Taken,
                (true, false) => IntakeVerdict::BillTaken,
                (false, false) => IntakeVerdict::KeyUsed,
            };
            drop(reply.send(Ok(verdict)));
        }
        for (ending, reply) in self.endings {
            let ended = steps.contains(&(2, ending.payment.0));
            let verdict = if ended { EndVerdict::Ended } else { EndVerdict::Superseded };
            drop(reply.send(Ok(verdict)));
        }
    }

    fn refuse(self, counts: &Counts, error: &dyn std::fmt::Display) {
        let told = || counts.refusal(error);
        self.intakes.into_iter().for_each(|(_, reply)| drop(reply.send(Err(told()))));
        self.endings.into_iter().for_each(|(_, reply)| drop(reply.send(Err(told()))));
    }
}

/// What a group can fail on.
#[derive(PartialEq, Eq)]
enum Trouble {
    /// The link, a shutdown, a crash of the server: SQLSTATE classes 08 and 57, or none.
    Link,
    /// Somebody else's transaction.
    Serialisation,
    /// What one of its commands says: the others must not suffer for it.
    Command,
}

fn trouble(error: &sqlx::Error) -> Trouble {
    let code = error.as_database_error().and_then(|e| e.code()).unwrap_or_default();
    match &*code {
        code if again::is_contention(Backend::Postgres, code) => Trouble::Serialisation,
        "" => Trouble::Link,
        code if code.starts_with("08") || code.starts_with("57") => Trouble::Link,
        _ => Trouble::Command,
    }
}

/// Tries over when the link broke or the serialisation failed. A group whose
/// commit reply was lost finds its own rows: see `own_rows`.
async fn write_group(
    db: &mut PgConnection,
    options: &PgConnectOptions,
    fence: Option<&Fence>,
    intakes: &[&Intake],
    endings: &[&Ending],
) -> Result<HashSet<(i32, i64)>, sqlx::Error> {
    // Whether an earlier try may have been committed: only a broken link leaves that open.
    let (mut tries, mut unknown) = (0, false);
    loop {
        tries += 1;
        let error = match answered(run(db, fence, intakes, endings)).await {
            Ok(steps) if !unknown => return Ok(steps),
            Ok(steps) => match answered(own_rows(db, intakes, endings, steps)).await {
                Ok(steps) => return Ok(steps),
                Err(error) => error,
            },
            Err(error) => error,
        };
        let trouble = trouble(&error);
        unknown |= trouble == Trouble::Link;
        if tries >= TRIES || trouble == Trouble::Command {
            return Err(error);
        }
        tracing::warn!(%error, tries, "a group is written again");
        if trouble == Trouble::Serialisation {
            again::count_again(Backend::Postgres);
            tokio::time::sleep(again::pause(tries)).await;
        } else {
            tokio::time::sleep(Duration::from_millis(50 << (2 * tries))).await;
            match answered(connect(options)).await {
                Ok(fresh) => *db = fresh,
                Err(error) if tries + 1 >= TRIES => return Err(error),
                Err(_) => {}
            }
        }
    }
}

/// After a lost commit reply the first try may have won: a payment with our own
/// identifier can only be ours. An outcome is ours when it says what we say at the
/// moment we say it; another node may have ended the same attempt otherwise.
async fn own_rows(
    db: &mut PgConnection,
    intakes: &[&Intake],
    endings: &[&Ending],
    mut steps: HashSet<(i32, i64)>,
) -> Result<HashSet<(i32, i64)>, sqlx::Error> {
    let ids: Vec<i64> = intakes.iter().map(|i| i.payment.id.0).collect();
    let ended: Vec<i64> = endings.iter().map(|e| e.payment.0).collect();
    let attempts: Vec<i64> = endings.iter().map(|e| e.outcome.attempt.map_or(0, |a| a.0)).collect();
    let states: Vec<&str> = endings.iter().map(|e| e.outcome.state.as_str()).collect();
    let moments: Vec<i64> = endings.iter().map(|e| e.outcome.at.0).collect();
    let sql = OWN_ROWS.text(Backend::Postgres).unwrap_or("");
    let query = sqlx::query(sql).bind(ids).bind(ended).bind(attempts).bind(states).bind(moments);
    let rows = query.fetch_all(&mut *db).await?;
    for row in rows {
        steps.insert((row.try_get(0)?, row.try_get(1)?));
    }
    Ok(steps)
}

/// What a written group says of the fence: nothing of it was written when that is lost.
fn is_held(fence: Option<&Fence>, steps: &HashSet<(i32, i64)>) -> Result<(), Superseded> {
    let Some(fence) = fence else { return Ok(()) };
    let told = |step| steps.iter().find(|(at, _)| *at == step).map(|(_, value)| *value);
    fence.judge(told(3).zip(told(4)))
}

async fn run(
    db: &mut PgConnection,
    fence: Option<&Fence>,
    intakes: &[&Intake],
    endings: &[&Ending],
) -> Result<HashSet<(i32, i64)>, sqlx::Error> {
    fn column<'a, R, T>(rows: &'a [&R], get: impl Fn(&'a R) -> T) -> Vec<T> {
        rows.iter().map(|row| get(row)).collect()
    }
    let (i, e) = (intakes, endings);
    let rows = sqlx::query(GROUP.text(Backend::Postgres).unwrap_or(""))
        .bind(column(i, |r| r.payment.id.0))
        .bind(column(i, |r| r.payment.client.0))
        .bind(column(i, |r| r.payment.key.as_str()))
        .bind(column(i, |r| &r.payment.fingerprint.bytes()[..]))
        .bind(column(i, |r| r.bill.0))
        .bind(column(i, |r| r.payment.method.as_str()))
        .bind(column(i, |r| r.payment.channel.as_str()))
        .bind(column(i, |r| r.payment.amount.minor()))
        .bind(column(i, |r| r.payment.amount.currency().alpha()))
        .bind(column(i, |r| r.payment.card.map(|c| c.0)))
        .bind(column(i, |r| r.payment.created_at.0))
        .bind(column(i, |r| r.payment.business_date.0))
        .bind(column(i, |r| r.attempt.refs.attempt.0))
        .bind(column(i, |r| r.attempt.attempt_no))
        .bind(column(i, |r| &*r.attempt.connector))
        .bind(column(i, |r| r.attempt.refs.stan as i32))
        .bind(column(i, |r| r.attempt.refs.sent_at.0))
        .bind(column(i, |r| r.attempt.debit.0))
        .bind(column(i, |r| r.attempt.credit.0))
        .bind(column(i, |r| i32::from(r.attempt.node)))
        .bind(column(i, |r| r.attempt.due_at.0))
        .bind(column(e, |r| r.payment.0))
        .bind(column(e, |r| r.epoch))
        .bind(column(e, |r| r.outcome.state.as_str()))
        .bind(column(e, |r| r.outcome.reason.as_deref()))
        .bind(column(e, |r| r.outcome.connector.as_deref()))
        .bind(column(e, |r| r.outcome.attempt.map(|a| a.0)))
        .bind(column(e, |r| r.outcome.stan.map(|s| s as i32)))
        .bind(column(e, |r| r.outcome.approval_code.as_deref()))
        .bind(column(e, |r| r.outcome.response_code.as_deref()))
        .bind(column(e, |r| r.outcome.answer.as_ref().map(|a| i32::from(a.status))))
        .bind(column(e, |r| r.outcome.answer.as_ref().map(|a| a.body.as_str())))
        .bind(column(e, |r| r.outcome.at.0))
        .bind(column(e, |r| r.transfer.seq))
        .bind(column(e, |r| r.transfer.kind.as_str()))
        .bind(column(e, |r| r.transfer.debit.0))
        .bind(column(e, |r| r.transfer.credit.0))
        .bind(column(e, |r| r.transfer.amount.minor()))
        .bind(column(e, |r| r.transfer.amount.currency().alpha()))
        .bind(column(e, |r| r.transfer.business_date.0))
        .bind(column(e, |r| r.release.map(|b| b.0)))
        .bind(column(e, |r| r.purge.map(|c| c.0)))
        .bind(column(e, |r| r.event.map(|(id, _)| id.0)))
        .bind(column(e, |r| r.event.map(|(_, client)| client.0)))
        .bind(fence.map(|fence| i64::from(fence.node)))
        .bind(fence.map(|fence| fence.life))
        .fetch_all(&mut *db)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
