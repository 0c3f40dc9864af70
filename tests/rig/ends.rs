//! What a rig itself asks the database, with SQL of its own: whether anything is open, and what became of
//! what clients were told. The comparison of all books is the auditor's (`books.rs`).

use std::collections::HashMap;
use std::time::{Duration, Instant};

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

/// Waits until all news is delivered: what a dead process had claimed waits for the end of its lease.
pub(crate) async fn news_is_out(database: &Database) {
    let give_up = Instant::now() + Duration::from_secs(60);
    while number(database, "SELECT COUNT(*) FROM outbox").await > 0 {
        assert!(Instant::now() < give_up, "news is not delivered");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
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
