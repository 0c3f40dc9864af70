//! The sweep of the kill points: for each of them the switch runs until it reaches the point and ends there, is
//! started again, settles, and the auditor is silent. A point that is never reached fails the sweep.

use std::process::Command;

use switch_core::fault::KillPoint;

use crate::rig::bed::Bed;
use crate::rig::books;
use crate::rig::chance::Chance;
use crate::rig::ends;
use crate::rig::parties::{Department, Till};
use crate::rig::processes::{self, CardLinks};
use crate::rig::seed::GOOD_CARD;
use crate::rig::times;
use crate::support::SWITCHD;

const CLIENTS: usize = 6;
const TILL: &str = "TILL0001";

/// Approved, declined, silent, approved with another amount, late, and never seen.
const CARDS: [&str; 8] = [
    GOOD_CARD,
    "4000000000000002",
    "4000000000000010",
    GOOD_CARD,
    "4000000000000101",
    "4000000000000036",
    GOOD_CARD,
    "4000000000000028",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_a_kill_at_any_point_leaves_nothing_lost_doubled_or_orphaned() {
    sweep("sqlite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres_a_kill_at_any_point_leaves_nothing_lost_doubled_or_orphaned() {
    sweep("postgres").await;
}

async fn sweep(engine: &str) {
    let mut chance = Chance::new("kill points");
    let rounds = times("RIG_KILL_ROUNDS", 1);
    let mut bed = Bed::new("points", engine, 60_000, &CARDS).await;
    bed.card_links = CardLinks::Two;
    let port = processes::free_address();
    bed.pos = Some(port);
    let taken = bed.folder.0.join("taken.jsonl");
    let department = Department::listen(&taken).await;
    bed.database.subscribe(&department.url).await;
    add_agent(&bed);
    let mut till = Till::new(TILL, port);

    for round in 0..rounds {
        for point in KillPoint::ALL {
            // The first time it is reached at first, then any of the first few; a start reaches this one once.
            let turn = if round == 0 || *point == KillPoint::Recovered { 1 } else { 1 + chance.below(8) };
            kill_at(&mut bed, &mut till, port, &format!("{}:{turn}", point.as_str())).await;
        }
    }
    let running = bed.start();
    ends::news_is_out(&bed.database).await;
    let mut options = books::options(&bed.database.url);
    (options.settled, options.deliveries) = (true, vec![taken]);
    let told = bed.load.told().into_iter().chain(till.told).collect();
    let report = books::agree(options, &bed.book(), &told).await;
    eprintln!("{engine}: {} points, {rounds} times; {:?}", KillPoint::ALL.len(), report.counts.payments);
    running.process.stop();
}

/// Until the switch dies at the point, and then on until everything has ended.
async fn kill_at(bed: &mut Bed, till: &mut Till, port: std::net::SocketAddr, place: &str) {
    bed.environment =
        vec![("SWITCHD_WEBHOOKS_ALLOW_LOOPBACK", "true".to_owned()), ("SWITCHD_KILL_AT", place.to_owned())];
    let mut running = bed.begin_to_start();
    bed.load.begin(running.http, CLIENTS);
    if running.process.listens() {
        let bill = |number| bed.load.bill_for_cash(number);
        tokio::select! {
            () = till.work(port, bill) => {}
            _ = running.process.wait_for_end(place) => {}
        }
    }
    let status = running.process.wait_for_end(place).await;
    bed.load.end().await;
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    assert_eq!(signal, Some(6), "{place}: it ended with {status}");

    bed.environment.pop();
    let running = bed.start();
    till.finish(port).await;
    ends::settle(&bed.database).await;
    bed.load.retry_everything(running.http).await;
    ends::settle(&bed.database).await;
    let told = bed.load.told().into_iter().chain(till.told.clone()).collect();
    // News that the dead process had claimed is still waiting for the end of its lease.
    books::agree(books::options(&bed.database.url), &bed.book(), &told).await;
    running.process.kill();
}

fn add_agent(bed: &Bed) {
    let (config, ..) = processes::configure(&bed.setup());
    let made = Command::new(SWITCHD)
        .args(["agent", "add", "till", "--terminal", TILL, "--float", "5000000.00", "--config"])
        .arg(config)
        .env_remove("SWITCHD_TEST_POSTGRES")
        .output()
        .expect("the program runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
