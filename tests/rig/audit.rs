//! The comparison of the books: the clients' history, the host's book and the database, read with
//! SQL of its own that shares nothing with the store's.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use connectors::card_iso8583::sandbox::{Book, State};
use sqlx::{AssertSqlSafe, Column, Row};
use switch_core::id::PublicIds;

use super::database::Database;
use super::seed::IDS_KEY;

/// What the clients were told: the status of each bill, once it was final.
pub(crate) type Told = HashMap<String, String>;

/// Rows of the auditor's own SQL, as text.
pub(crate) async fn rows(database: &Database, sql: &str) -> Vec<Vec<String>> {
    if let Some(path) = database.url.strip_prefix("sqlite:") {
        let db = rusqlite::Connection::open(path).expect("the database opens");
        db.busy_timeout(Duration::from_secs(5)).expect("a timeout");
        let mut statement = db.prepare(sql).expect(sql);
        let columns = statement.column_count();
        let read = statement.query_map([], |row| {
            (0..columns)
                .map(|i| {
                    Ok(match row.get::<_, rusqlite::types::Value>(i)? {
                        rusqlite::types::Value::Integer(n) => n.to_string(),
                        rusqlite::types::Value::Text(text) => text,
                        _ => String::new(),
                    })
                })
                .collect::<rusqlite::Result<Vec<_>>>()
        });
        read.expect(sql).collect::<Result<_, _>>().expect(sql)
    } else {
        use sqlx::Connection;
        let mut db = sqlx::PgConnection::connect(&database.url).await.expect("connects");
        let read = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut db).await;
        let text = |row: &sqlx::postgres::PgRow, i: usize| {
            let number = row.try_get::<i64, _>(i).map(|n| n.to_string());
            number
                .or_else(|_| row.try_get::<i32, _>(i).map(|n| n.to_string()))
                .or_else(|_| row.try_get::<String, _>(i))
                .unwrap_or_default()
        };
        let read = read.expect(sql);
        read.iter().map(|row| row.columns().iter().map(|c| text(row, c.ordinal())).collect()).collect()
    }
}

pub(crate) async fn number(database: &Database, sql: &str) -> i64 {
    rows(database, sql).await[0][0].parse().expect(sql)
}

/// Waits until nothing is open: every doubt was resolved.
pub(crate) async fn settle(database: &Database) {
    let give_up = Instant::now() + Duration::from_secs(90);
    while number(database, "SELECT COUNT(*) FROM open_attempt").await > 0 {
        if Instant::now() > give_up {
            let open = rows(database, "SELECT state, reason, sends FROM open_attempt").await;
            panic!("still open: {open:?}");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Base 36 in twelve places: what the switch sends as field 37.
fn rrn(attempt: &str) -> String {
    let mut rest: u64 = attempt.parse().expect("a number");
    let mut text = Vec::new();
    while rest > 0 {
        text.push(char::from_digit((rest % 36) as u32, 36).expect("below 36").to_ascii_uppercase());
        rest /= 36;
    }
    text.extend(std::iter::repeat_n('0', 12 - text.len()));
    text.iter().rev().collect()
}

/// How every bill's payment ended in the database.
async fn ends(database: &Database) -> Told {
    let public = PublicIds::new(IDS_KEY);
    let sql = "SELECT p.bill_id, o.state FROM payment p JOIN outcome o ON o.payment_id = p.id
               WHERE o.state <> 'REFUSED'";
    let shown = |bill: &str| public.show("bil", bill.parse().expect("a number"));
    rows(database, sql).await.into_iter().map(|mut row| (shown(&row[0]), row.remove(1))).collect()
}

/// Acknowledged ends that the database does not know.
pub(crate) async fn missing(database: &Database, told: &Told) -> usize {
    let ends = ends(database).await;
    told.iter().filter(|(bill, status)| ends.get(*bill) != Some(*status)).count()
}

pub(crate) async fn audit(database: &Database, book: &Path, told: &Told) {
    let entries = Book::read(book).expect("the host kept a book");
    let host: HashMap<&str, State> = entries.iter().map(|entry| (entry.rrn.as_str(), entry.state)).collect();
    assert_eq!(host.len(), entries.len(), "a retrieval reference stands for two sales");
    let approved = host.values().filter(|state| **state == State::Approved).count();

    let sql = "SELECT payment_id, attempt_id FROM outcome WHERE state = 'PAID'";
    let paid = rows(database, sql).await;
    for row in &paid {
        let state = host.get(rrn(&row[1]).as_str());
        assert_eq!(state, Some(&State::Approved), "payment {} is paid without money", row[0]);
    }
    assert_eq!(paid.len(), approved, "approvals that are neither paid nor reversed");

    let ends = ends(database).await;
    for (bill, status) in told {
        assert_eq!(ends.get(bill), Some(status), "{bill} was acknowledged as {status}");
    }
    let none = [
        (
            "a bill paid twice",
            "SELECT COUNT(*) FROM (SELECT p.bill_id FROM outcome o JOIN payment p
             ON p.id = o.payment_id WHERE o.state = 'PAID' GROUP BY p.bill_id
             HAVING COUNT(*) > 1) AS twice",
        ),
        (
            "a payment without an end",
            "SELECT COUNT(*) FROM payment p WHERE NOT EXISTS
             (SELECT 1 FROM outcome o WHERE o.payment_id = p.id)",
        ),
        (
            "a promise without an end",
            "SELECT COUNT(*) FROM transfer t WHERE t.kind = 'PENDING' AND NOT EXISTS
             (SELECT 1 FROM transfer e WHERE e.cause = t.cause AND e.seq = t.seq + 1
              AND e.kind IN ('POST', 'VOID') AND e.amount_minor = t.amount_minor
              AND e.debit = t.debit AND e.credit = t.credit)",
        ),
        (
            "paid without a posting, or posted without being paid",
            "SELECT COUNT(*) FROM outcome o LEFT JOIN transfer t
             ON t.cause = o.payment_id AND t.kind = 'POST'
             WHERE (o.state = 'PAID') <> (t.cause IS NOT NULL)",
        ),
        (
            "a paid bill without its claim",
            "SELECT COUNT(*) FROM outcome o JOIN payment p ON p.id = o.payment_id
             LEFT JOIN bill_claim c ON c.bill_id = p.bill_id AND c.payment_id = p.id
             WHERE o.state = 'PAID' AND c.bill_id IS NULL",
        ),
        (
            "a claim without a paid payment",
            "SELECT COUNT(*) FROM bill_claim c LEFT JOIN outcome o
             ON o.payment_id = c.payment_id AND o.state = 'PAID' WHERE o.payment_id IS NULL",
        ),
        (
            "a card of an ended payment in the vault",
            "SELECT COUNT(*) FROM card k JOIN payment p ON p.card_id = k.id
             JOIN outcome o ON o.payment_id = p.id WHERE o.state <> 'REFUSED'",
        ),
    ];
    for (what, sql) in none {
        assert_eq!(number(database, sql).await, 0, "{what}");
    }
    let posted = number(
        database,
        "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM transfer WHERE kind = 'POST'",
    )
    .await;
    assert_eq!(posted, paid.len() as i64 * 5000, "the ledger holds another sum than was paid");
}
