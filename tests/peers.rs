//! The neighbours die under load: the card host, and the database. They come back, and so does the switch, which
//! was never told.

use std::time::Duration;

use crate::rig::bed::Bed;
use crate::rig::cluster::Cluster;
use crate::rig::times;
use crate::support::eventually;

const CLIENTS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_host_that_is_killed_under_load_costs_no_payment() {
    let mut bed = Bed::new("host", "sqlite", 60_000, &[]).await;
    bed.kill_host();
    let mut running = bed.start();
    bed.load.begin(running.http, CLIENTS);
    for round in 0..times("RIG_HOST_KILLS", 2) {
        let paid = bed.load.paid();
        eventually("payments are made", async || bed.load.paid() > paid + 100).await;
        // In the middle of whatever it is at.
        tokio::time::sleep(Duration::from_millis(round * 7 % 50)).await;
        bed.kill_host();
    }
    let paid = bed.load.paid();
    eventually("payments are made again", async || bed.load.paid() > paid + 100).await;
    bed.load.end().await;
    bed.settle_and_audit(&mut running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_killed_under_load_costs_no_payment() {
    let mut cluster = Cluster::start("pgkill").await;
    let mut bed = Bed::on(&cluster.url(), "database", 60_000).await;
    let mut running = bed.start();
    bed.load.begin(running.http, CLIENTS);
    for round in 0..times("RIG_DATABASE_KILLS", 2) {
        let paid = bed.load.paid();
        eventually("payments are made", async || bed.load.paid() > paid + 50).await;
        tokio::time::sleep(Duration::from_millis(round * 7 % 50)).await;
        cluster.kill_and_start();
    }
    let paid = bed.load.paid();
    eventually("payments are made again", async || bed.load.paid() > paid + 50).await;
    bed.load.end().await;
    bed.settle_and_audit(&mut running).await;
}
