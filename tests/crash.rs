//! Kill -9 under load, again and again: nothing acknowledged is lost, nothing is
//! doubled, debits equal credits, and no approval is left without a paid bill.
//!
//! The clients keep their own history and come back with the same keys; the card
//! host keeps its own book; the auditor compares them with the database.

use std::path::Path;
use std::time::Duration;

use crate::rig::books::all_agree;
use crate::rig::database::Database;
use crate::rig::ends::settle;
use crate::rig::load::Load;
use crate::rig::processes::{self, CardLinks, Folder, Setup};
use crate::support::SWITCHD;

const CLIENTS: usize = 24;
const BILLS: usize = 40_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_survives_twenty_kills_under_load() {
    survives("sqlite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_survives_twenty_kills_under_load() {
    survives("postgres").await;
}

async fn survives(engine: &str) {
    let cycles = crate::rig::times("RIG_KILLS", 20);
    let folder = Folder::new(&format!("crash-{engine}"));
    let mut database = Database::create(engine, &format!("crash_{engine}"), &folder.0).await;
    let seeds = database.seed(BILLS / 20 * (cycles as usize).max(20)).await;
    let book = folder.0.join("book.jsonl");
    let host = processes::card_host(Path::new(SWITCHD), &folder.0, Some(&book));
    let start = || {
        let setup = Setup {
            switchd: Path::new(SWITCHD),
            folder: &folder.0,
            database: &database.url,
            journal: "group",
            card_host: host.address,
            in_flight_max: 256,
            pos: None,
            card_links: CardLinks::Usual,
            environment: &[],
        };
        processes::daemon(&setup).0
    };

    let mut load = Load::new(seeds);
    for cycle in 0..cycles {
        let running = start();
        load.begin(running.address, CLIENTS);
        // Spread over the phases of start-up, full load and recovery.
        tokio::time::sleep(Duration::from_millis(60 + cycle * 37 % 400)).await;
        running.kill();
        load.end().await;
    }

    let running = start();
    settle(&database).await;
    load.retry_everything(running.address).await;
    settle(&database).await;
    running.stop();
    host.stop();
    let paid = load.paid();
    assert!(paid > 25 * cycles as usize, "only {paid} payments were acknowledged; is this a load?");
    let report = all_agree(&database.url, &book, &load.told()).await;
    assert_eq!(report.counts.payments["PAID"], paid as u64, "{report}");
    assert!(report.counts.seals > 1, "{report}");
}
