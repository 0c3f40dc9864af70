//! Kill -9 under load, again and again: nothing acknowledged is lost, nothing is
//! doubled, debits equal credits, and no approval is left without a paid bill.
//!
//! The clients keep their own history and come back with the same keys; the card
//! host keeps its own book; the auditor compares them with the database.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Column, Row};

use crate::rig::books::all_agree;
use crate::rig::database::Database;
use crate::rig::http::{Client, write_payment};
use crate::rig::processes::{self, Folder, Process, Setup};
use crate::rig::seed::Seeds;

const SWITCHD: &str = env!("CARGO_BIN_EXE_switchd");
const CYCLES: u64 = 20;
const CLIENTS: usize = 24;
const BILLS: usize = 40_000;

/// What the clients were told: the status of each bill, once it was final.
type History = Arc<Mutex<HashMap<String, String>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_survives_twenty_kills_under_load() {
    survives("sqlite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_survives_twenty_kills_under_load() {
    survives("postgres").await;
}

async fn survives(engine: &str) {
    let folder = Folder::new(&format!("crash-{engine}"));
    let mut database = Database::create(engine, &format!("crash_{engine}"), &folder.0).await;
    let seeds = Arc::new(database.seed(BILLS).await);
    let book = folder.0.join("book.jsonl");
    let host = processes::card_host(Path::new(SWITCHD), &folder.0, Some(&book));
    let start = || daemon(&folder, &database.url, &host);

    let history: History = Arc::default();
    let next = Arc::new(AtomicUsize::new(0));
    let mut recovered = 0;
    for cycle in 0..CYCLES {
        let running = start();
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (seeds, history) = (Arc::clone(&seeds), Arc::clone(&history));
                let (next, stop) = (Arc::clone(&next), Arc::clone(&stop));
                tokio::spawn(pay_until_cut_off(running.address, seeds, history, next, stop))
            })
            .collect();
        // Spread over the phases of start-up, full load and recovery.
        tokio::time::sleep(Duration::from_millis(60 + cycle * 37 % 400)).await;
        running.kill();
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.await.expect("a client does not panic");
        }
        recovered += usize::from(next.load(Ordering::Relaxed) > 0);
    }
    assert!(recovered > 0, "the load never reached the daemon");

    let running = start();
    settle(&database).await;
    retry_everything(running.address, &seeds, &history, next.load(Ordering::Relaxed)).await;
    settle(&database).await;
    running.stop();
    host.stop();
    let told = history.lock().expect("no client panicked").clone();
    let paid_answers = told.values().filter(|status| *status == "PAID").count();
    assert!(paid_answers > 500, "only {paid_answers} payments were acknowledged; is this a load?");
    let report = all_agree(&database.url, &book, &told).await;
    assert_eq!(report.counts.payments["PAID"], paid_answers as u64, "{report}");
    assert!(report.counts.seals > 1, "{report}");
}

fn daemon(folder: &Folder, url: &str, host: &Process) -> Process {
    let setup = Setup {
        switchd: Path::new(SWITCHD),
        folder: &folder.0,
        database: url,
        journal: "group",
        card_host: host.address,
        in_flight_max: 256,
        pos: None,
    };
    processes::daemon(&setup).0
}

/// The status in a payment's JSON.
fn status_of(body: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    json["status"].as_str().unwrap_or_default().to_owned()
}

fn key_of(turn: usize) -> String {
    format!("crash-rig-{turn:08}")
}

async fn pay_until_cut_off(
    address: std::net::SocketAddr,
    seeds: Arc<Seeds>,
    history: History,
    next: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
) {
    let Ok(mut client) = Client::connect(address).await else { return };
    while !stop.load(Ordering::Relaxed) {
        let turn = next.fetch_add(1, Ordering::Relaxed);
        let Some((bill, card)) = seeds.pairs.get(turn) else { return };
        write_payment(&mut client.out, &seeds.client, &key_of(turn), bill, card);
        match client.exchange().await {
            Ok(201) => {
                let status = status_of(&client.body());
                history.lock().expect("no client panicked").insert(bill.clone(), status);
            }
            Ok(202 | 409 | 503) => {}
            Ok(other) => panic!("{other}: {}", client.text()),
            Err(_) => return,
        }
    }
}

/// Every key once more: a final answer must be the one that was given before.
async fn retry_everything(address: std::net::SocketAddr, seeds: &Seeds, history: &History, begun: usize) {
    let mut client = Client::connect(address).await.expect("it listens");
    for turn in 0..begun.min(seeds.pairs.len()) {
        let (bill, card) = &seeds.pairs[turn];
        let told = history.lock().expect("no client panicked").get(bill).cloned();
        // A sample of the acknowledged, and all that were cut off.
        if told.is_some() && turn % 16 != 0 {
            continue;
        }
        write_payment(&mut client.out, &seeds.client, &key_of(turn), bill, card);
        let status = client.exchange().await.expect("it answers");
        assert!(matches!(status, 201 | 202), "{status}: {}", client.text());
        if let Some(told) = told {
            assert_eq!(status_of(&client.body()), told, "another answer to {}", key_of(turn));
        }
        if status == 201 {
            let status = status_of(&client.body());
            history.lock().expect("no client panicked").insert(bill.clone(), status);
        }
    }
}

/// Rows of the auditor's own SQL, as text.
async fn rows(database: &Database, sql: &str) -> Vec<Vec<String>> {
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

async fn number(database: &Database, sql: &str) -> i64 {
    rows(database, sql).await[0][0].parse().expect(sql)
}

/// Waits until nothing is open: every doubt was resolved.
async fn settle(database: &Database) {
    let give_up = Instant::now() + Duration::from_secs(90);
    while number(database, "SELECT COUNT(*) FROM open_attempt").await > 0 {
        if Instant::now() > give_up {
            let open = rows(database, "SELECT state, reason, sends FROM open_attempt").await;
            panic!("still open: {open:?}");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
