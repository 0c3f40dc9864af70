//! A process stands still (SIGSTOP) and is replaced by another one with its number; then it goes on (SIGCONT), with
//! requests waiting in its sockets. It ends by itself, says why, and writes nothing.

use std::process::Command;

use crate::rig::bed::{Bed, Running};
use crate::rig::ends::{number, settle};
use crate::support::eventually;

const CLIENTS: usize = 8;
/// The number of the node was taken (switch/daemon/lib.rs).
const EXIT_SUPERSEDED: i32 = 71;
const WRITTEN: &str = "SELECT (SELECT COUNT(*) FROM payment) + (SELECT COUNT(*) FROM outcome)
    + (SELECT COUNT(*) FROM transfer) + (SELECT COUNT(*) FROM answer) + (SELECT COUNT(*) FROM evidence)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_is_written_by_the_successor_alone() {
    is_written_by_the_successor_alone("sqlite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_written_by_the_successor_alone() {
    is_written_by_the_successor_alone("postgres").await;
}

async fn is_written_by_the_successor_alone(engine: &str) {
    let mut bed = Bed::new("twins", engine, 20_000, &[]).await;
    let mut old = bed.start();
    bed.load.begin(old.http, CLIENTS);
    eventually("payments are made", async || bed.load.paid() > 50).await;
    // Who stands still in the middle of a write holds the file of SQLite: there nobody can take its place.
    if engine == "sqlite" {
        bed.load.end().await;
    }
    signal(&old, "STOP");
    bed.load.begin(old.http, CLIENTS);

    let mut new = bed.start();
    assert_eq!(number(&bed.database, "SELECT life FROM node WHERE number = 0").await, 2);
    settle(&bed.database).await;
    let before = number(&bed.database, WRITTEN).await;
    signal(&old, "CONT");
    let ended = old.process.wait_for_end("its number is another's").await;
    assert_eq!(ended.code(), Some(EXIT_SUPERSEDED), "{ended}");
    bed.load.end().await;
    assert_eq!(number(&bed.database, WRITTEN).await, before, "it wrote beside its successor");
    let log = std::fs::read_to_string(bed.folder.0.join("switchd.log")).expect("a log");
    let said = log.lines().filter(|line| line.contains("this process ends and writes nothing more"));
    let said: Vec<_> = said.collect();
    assert!(said.len() == 1 && said[0].contains("the number of this node, 0, at 20"), "{said:?}");

    assert_eq!(new.process.has_ended(), None);
    bed.settle_and_audit(&mut new).await;
}

fn signal(running: &Running, name: &str) {
    let pid = running.process.pid().to_string();
    let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status();
    assert!(sent.expect("kill is there").success(), "it was gone");
}
