//! The yardsticks: the same HTTP stack without any work, and the engine's bare
//! rate of durable transactions.
#![expect(clippy::disallowed_methods, reason = "it waits for a real process, outside the switch")]

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::rig::processes::free_address;

/// Runs the no-op server in this very program, started again as a child.
pub(crate) fn noop_server(address: SocketAddr) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async move {
        async fn noop(body: axum::body::Bytes) -> axum::response::Response<String> {
            let asked: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            axum::response::Response::builder()
                .status(201)
                .header("content-type", "application/json")
                .body(asked.to_string())
                .expect("a response")
        }
        let router = axum::Router::new().route("/v1/payments", axum::routing::post(noop));
        let listener = tokio::net::TcpListener::bind(address).await.expect("the port is free");
        let listener = axum::serve::ListenerExt::tap_io(listener, |io| {
            let _ = io.set_nodelay(true);
        });
        axum::serve(listener, router).await.expect("serves");
    });
}

pub(crate) fn start_noop() -> (std::process::Child, SocketAddr) {
    let address = free_address();
    let own = std::env::current_exe().expect("this program");
    let child = Command::new(own).args(["--noop-server", &address.to_string()]).spawn().expect("starts");
    while std::net::TcpStream::connect(address).is_err() {
        std::thread::sleep(Duration::from_millis(20));
    }
    (child, address)
}

const INSERT: &str = "INSERT INTO bare (id, note) VALUES ($1, 'three hundred bytes would be more')";

/// `BEGIN; INSERT; COMMIT` per second on one connection.
pub(crate) fn bare_sqlite(folder: &Path, seconds: f64) -> f64 {
    let db = rusqlite::Connection::open(folder.join("bare.db")).expect("opens");
    db.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
         CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, note TEXT NOT NULL);
         DELETE FROM bare",
    )
    .expect("a table");
    let (start, mut done) = (Instant::now(), 0);
    while start.elapsed().as_secs_f64() < seconds {
        done += 1;
        db.execute_batch("BEGIN").expect("begins");
        db.execute(INSERT, [done]).expect("inserts");
        db.execute_batch("COMMIT").expect("commits");
    }
    f64::from(done as u32) / start.elapsed().as_secs_f64()
}

/// `BEGIN; INSERT; COMMIT` per second on 16 connections.
pub(crate) async fn bare_postgres(url: &str, seconds: f64) -> f64 {
    use sqlx::Connection;
    let mut db = sqlx::PgConnection::connect(url).await.expect("PostgreSQL is up");
    let table = "CREATE TABLE IF NOT EXISTS bare (id BIGINT PRIMARY KEY, note TEXT NOT NULL)";
    sqlx::query(table).execute(&mut db).await.expect("a table");
    sqlx::query("TRUNCATE bare").execute(&mut db).await.expect("empties");
    let start = Instant::now();
    let tasks: Vec<_> = (0..16i64)
        .map(|lane| {
            let url = url.to_owned();
            tokio::spawn(async move {
                let mut db = sqlx::PgConnection::connect(&url).await.expect("connects");
                let mut done = 0i64;
                while start.elapsed().as_secs_f64() < seconds {
                    let mut tx = db.begin().await.expect("begins");
                    let id = done * 16 + lane;
                    sqlx::query(INSERT).bind(id).execute(&mut *tx).await.expect("inserts");
                    tx.commit().await.expect("commits");
                    done += 1;
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.expect("a lane does not panic");
    }
    done as f64 / start.elapsed().as_secs_f64()
}
