//! Goes through the books after every story, with SQL of its own: nothing of the
//! store is used, so that a mistake there does not excuse itself here.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};

use crate::network::Network;

/// Nothing may be found by any of these.
const MUST_BE_EMPTY: &[(&str, &str)] = &[
    (
        "a payment has neither an outcome nor an open attempt",
        "SELECT CAST(p.id AS TEXT) FROM payment p
         WHERE NOT EXISTS (SELECT 1 FROM outcome o WHERE o.payment_id = p.id)
           AND NOT EXISTS (SELECT 1 FROM open_attempt a WHERE a.payment_id = p.id)",
    ),
    (
        "an ended payment is open for another reason than an orphan approval",
        "SELECT CAST(o.payment_id AS TEXT) FROM outcome o
         JOIN open_attempt a ON a.payment_id = o.payment_id
         WHERE a.reason IS NULL OR a.reason <> 'late_approval'",
    ),
    (
        "a promise of an ended payment was neither kept nor taken back, or twice",
        "SELECT CAST(t.cause AS TEXT) FROM transfer t JOIN outcome o ON o.payment_id = t.cause
         WHERE t.kind = 'PENDING' AND 1 <> (SELECT COUNT(*) FROM transfer e
             WHERE e.cause = t.cause AND e.seq = t.seq + 1 AND e.kind IN ('POST', 'VOID')
               AND e.debit = t.debit AND e.credit = t.credit AND e.amount_minor = t.amount_minor
               AND e.currency = t.currency AND e.business_date = t.business_date)",
    ),
    (
        "an open payment has not exactly one promise that is neither kept nor taken back",
        "SELECT CAST(a.payment_id AS TEXT) FROM open_attempt a
         WHERE NOT EXISTS (SELECT 1 FROM outcome o WHERE o.payment_id = a.payment_id)
           AND 1 <> (SELECT COUNT(*) FROM transfer t WHERE t.cause = a.payment_id
             AND t.kind = 'PENDING' AND NOT EXISTS (SELECT 1 FROM transfer e
                 WHERE e.cause = t.cause AND e.seq = t.seq + 1))",
    ),
    (
        "an end without its promise",
        "SELECT CAST(e.cause AS TEXT) FROM transfer e WHERE e.kind IN ('POST', 'VOID')
         AND NOT EXISTS (SELECT 1 FROM transfer t
             WHERE t.cause = e.cause AND t.seq = e.seq - 1 AND t.kind = 'PENDING')",
    ),
    (
        "paid without money, or money without being paid",
        "SELECT CAST(p.id AS TEXT) FROM payment p LEFT JOIN outcome o ON o.payment_id = p.id
         WHERE (CASE WHEN o.state = 'PAID' THEN 1 ELSE 0 END) <>
               (SELECT COUNT(*) FROM transfer t WHERE t.cause = p.id
                AND t.kind = CASE WHEN p.method = 'cash' THEN 'BOOK' ELSE 'POST' END
                AND t.seq < 1000)",
    ),
    (
        "taken back without its movement, or moved back without being taken back",
        "SELECT CAST(p.id AS TEXT) FROM payment p WHERE
         (SELECT COUNT(*) FROM unwind u WHERE u.payment_id = p.id) <>
         (SELECT COUNT(*) FROM transfer t WHERE t.cause = p.id AND t.seq >= 1000)",
    ),
    (
        "the running balance is not the sum of the transfers, or below zero",
        "SELECT CAST(f.account_id AS TEXT) FROM floored_balance f
         WHERE f.balance_minor < 0 OR f.balance_minor <> (SELECT COALESCE(SUM(
             CASE WHEN t.credit = f.account_id THEN t.amount_minor ELSE -t.amount_minor END), 0)
             FROM transfer t WHERE t.kind IN ('POST', 'BOOK')
               AND (t.credit = f.account_id OR t.debit = f.account_id))",
    ),
    (
        "a bill is held by a payment that is neither paid nor open",
        "SELECT CAST(c.bill_id AS TEXT) FROM bill_claim c
         LEFT JOIN outcome o ON o.payment_id = c.payment_id
         LEFT JOIN open_attempt a ON a.payment_id = c.payment_id
         LEFT JOIN unwind u ON u.payment_id = c.payment_id
         WHERE c.payment_id IS NOT NULL AND (u.payment_id IS NOT NULL
           OR (o.state IS NULL AND a.payment_id IS NULL) OR o.state <> 'PAID')",
    ),
    (
        "a paid or open payment does not hold its bill",
        "SELECT CAST(p.id AS TEXT) FROM payment p LEFT JOIN outcome o ON o.payment_id = p.id
         LEFT JOIN unwind u ON u.payment_id = p.id
         WHERE (o.state IS NULL OR (o.state = 'PAID' AND u.payment_id IS NULL))
           AND NOT EXISTS (SELECT 1 FROM bill_claim c
               WHERE c.bill_id = p.bill_id AND c.payment_id = p.id)",
    ),
    (
        "two payments of one bill are paid",
        "SELECT CAST(p.bill_id AS TEXT) FROM payment p JOIN outcome o ON o.payment_id = p.id
         LEFT JOIN unwind u ON u.payment_id = p.id
         WHERE o.state = 'PAID' AND u.payment_id IS NULL GROUP BY p.bill_id HAVING COUNT(*) > 1",
    ),
    (
        "the card of an ended payment is still in the vault",
        "SELECT CAST(p.id AS TEXT) FROM card c JOIN payment p ON p.card_id = c.id
         JOIN outcome o ON o.payment_id = p.id WHERE o.state <> 'REFUSED'",
    ),
    (
        "an account has another currency than its transfer",
        "SELECT a.code FROM transfer t JOIN account a ON a.id IN (t.debit, t.credit)
         WHERE a.currency <> t.currency",
    ),
];

pub(crate) async fn audit(url: &str, networks: &[Arc<Network>]) {
    for (what, sql) in MUST_BE_EMPTY {
        assert_eq!(texts(url, sql).await, Vec::<String>::new(), "{what}");
    }
    let per_currency = "SELECT currency || ' ' || SUM(moved) FROM (
        SELECT t.currency, t.amount_minor AS moved FROM transfer t JOIN account a ON a.id = t.credit
        WHERE t.kind IN ('POST', 'BOOK') UNION ALL
        SELECT t.currency, -t.amount_minor FROM transfer t JOIN account a ON a.id = t.debit
        WHERE t.kind IN ('POST', 'BOOK')) AS m GROUP BY currency HAVING SUM(moved) <> 0";
    assert_eq!(texts(url, per_currency).await, Vec::<String>::new(), "debits are credits");

    // The networks keep books of their own: both must tell the same.
    let ours = "SELECT o.attempt_id || ' ' || o.state || ' ' || p.amount_minor FROM outcome o
        JOIN payment p ON p.id = o.payment_id WHERE o.attempt_id IS NOT NULL";
    let ours: HashMap<i64, (String, i64)> = texts(url, ours)
        .await
        .iter()
        .map(|row| {
            let mut words = row.split(' ');
            let mut word = || words.next().expect("three words").to_owned();
            (word().parse().expect("a number"), (word(), word().parse().expect("a number")))
        })
        .collect();
    let open = texts(url, "SELECT CAST(attempt_id AS TEXT) FROM open_attempt").await;
    let mut charged = HashMap::new();
    let mut requests = HashMap::<i64, u32>::new();
    for network in networks {
        charged.extend(network.charged());
        for refs in network.requests() {
            *requests.entry(refs.attempt.0).or_default() += 1;
        }
    }
    for (attempt, (state, minor)) in &ours {
        let at_network = charged.iter().find(|(id, _)| id.0 == *attempt).map(|(_, money)| money.minor());
        if state == "PAID" {
            assert_eq!(at_network, Some(*minor), "paid here, not there");
        } else if !open.contains(&attempt.to_string()) {
            assert_eq!(at_network, None, "{state} here, charged there");
        }
    }
    for attempt in charged.keys() {
        let known = ours.contains_key(&attempt.0) || open.contains(&attempt.0.to_string());
        assert!(known, "a charge that no payment explains");
    }
    for (attempt, times) in requests {
        assert_eq!(times, 1, "attempt {attempt} was sent {times} times");
    }
}

pub(crate) async fn texts(url: &str, sql: &str) -> Vec<String> {
    let sql = AssertSqlSafe(sql.to_owned());
    match url.strip_prefix("sqlite:") {
        Some(file) => {
            let options = SqliteConnectOptions::new().filename(file);
            let mut db = SqliteConnection::connect_with(&options).await.expect("the auditor comes in");
            let rows = sqlx::query(sql).fetch_all(&mut db).await.expect("the auditor's query runs");
            db.close().await.expect("the auditor leaves");
            rows.iter().map(|row| row.get(0)).collect()
        }
        None => {
            let mut db = PgConnection::connect(url).await.expect("the auditor comes in");
            let rows = sqlx::query(sql).fetch_all(&mut db).await.expect("the auditor's query runs");
            db.close().await.expect("the auditor leaves");
            rows.iter().map(|row| row.get(0)).collect()
        }
    }
}

/// How many rows there are of a table, with a condition or not.
pub(crate) async fn count(url: &str, rows: &str) -> i64 {
    let texts = texts(url, &format!("SELECT CAST(COUNT(*) AS TEXT) FROM {rows}")).await;
    texts[0].parse().expect("a number")
}

/// Makes an empty database; its address.
pub(crate) async fn create_database(server: &str, name: &str) -> String {
    let mut admin = PgConnection::connect(server).await.expect("the private PostgreSQL answers");
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&mut admin).await.expect("a database of its own");
    admin.close().await.expect("closed");
    let url = server.replacen("///postgres", &format!("///{name}"), 1);
    assert_ne!(url, server, "SWITCHD_TEST_POSTGRES names the database postgres");
    url
}

/// Runs a statement of the story's own.
pub(crate) async fn run(url: &str, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    let file = url.strip_prefix("sqlite:").expect("only the embedded engine");
    let options = SqliteConnectOptions::new().filename(file).busy_timeout(std::time::Duration::from_secs(10));
    let mut db = SqliteConnection::connect_with(&options).await.expect("comes in");
    sqlx::query(sql).execute(&mut db).await.expect("the story's own statement runs");
    db.close().await.expect("leaves");
}

/// Keeps a table of PostgreSQL from everybody until it is given back.
pub(crate) async fn lock(url: &str, table: &str) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let pool = sqlx::PgPool::connect(url).await.expect("comes in");
    let mut tx = pool.begin().await.expect("begins");
    let lock = AssertSqlSafe(format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"));
    sqlx::query(lock).execute(&mut *tx).await.expect("locked");
    tx
}
