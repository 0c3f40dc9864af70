//! The power goes while payments are made. Whatever the disk had not been told to keep may be gone, whole or in
//! part; what a client was told stays true.

use std::time::Duration;

use crate::rig::bed::Bed;
use crate::rig::chance::Chance;
use crate::rig::disk::{Control, Cut, Disk, Lost};
use crate::rig::ends;
use crate::rig::processes;
use crate::rig::times;
use crate::support::eventually;

const CLIENTS: usize = 12;

async fn bed_on_disk(name: &str, bills: usize) -> (Bed, Disk) {
    let mut bed = Bed::new(name, "sqlite", bills, &[]).await;
    let disk = Disk::under(&bed.store(), &bed.folder.0.join("disk"));
    bed.environment = disk.environment();
    (bed, disk)
}

/// A time under load, and then the power goes. What it took.
async fn cut_under_load(bed: &mut Bed, disk: &Disk, chance: &mut Chance, lies: bool) -> Lost {
    disk.insert();
    disk.set(Control::Lies, lies.into());
    let running = bed.start();
    bed.load.begin(running.http, CLIENTS);
    tokio::time::sleep(Duration::from_millis(50 + chance.below(300))).await;
    running.process.kill();
    bed.load.end().await;
    match chance.below(3) {
        0 => disk.cut(Cut::Everything),
        _ => disk.cut(Cut::AnyPart(chance)),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_takes_nothing_that_was_acknowledged() {
    let cuts = times("RIG_CUTS", 10);
    let mut chance = Chance::new("power cuts");
    let (mut bed, disk) = bed_on_disk("power", 1_000 * cuts as usize).await;
    let mut unsynced = 0;
    for cut in 0..cuts {
        let lost = cut_under_load(&mut bed, &disk, &mut chance, false).await;
        eprintln!("cut {cut}: {lost:?}; {} acknowledged", bed.load.paid());
        unsynced += lost.unsynced;
    }
    assert!(unsynced > 0, "the power never went while something was on its way to the disk");
    disk.insert();
    let mut running = bed.start();
    bed.settle_and_audit(&mut running).await;
    assert!(bed.load.paid() > 10 * cuts as usize, "only {} payments; is this a load?", bed.load.paid());
}

/// The rig can see it: with a disk that lies about its syncs, what was acknowledged is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_lies_about_its_syncs_is_seen_to_lose_payments() {
    let (mut bed, disk) = bed_on_disk("lying", 10_000).await;
    disk.insert();
    disk.set(Control::Lies, 1);
    let running = bed.start();
    bed.load.begin(running.http, CLIENTS);
    eventually("payments are acknowledged", async || bed.load.paid() > 100).await;
    running.process.kill();
    bed.load.end().await;
    let lost = disk.cut(Cut::Everything);
    let missing = ends::missing(&bed.database, &bed.load.told()).await;
    assert!(missing > 0, "{} acknowledged and none missing after {lost:?}", bed.load.paid());
}

/// Killed at each sync of a script of twenty payments, and the power goes with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_sync_takes_nothing_that_was_acknowledged() {
    let step = times("RIG_SYNC_STEP", 4);
    let mut chance = Chance::new("kill at a sync");
    let (bed, disk) = bed_on_disk("syncs", 10_000).await;
    let mut at = 1 + chance.below(step);
    loop {
        disk.insert();
        disk.set(Control::KillAt, at);
        let mut running = bed.begin_to_start();
        let was_killed = !running.process.listens() || !bed.load.pay_in_turn(running.http, 20).await;
        running.process.kill();
        disk.cut(Cut::AnyPart(&mut chance));
        if !was_killed {
            break;
        }
        at += step;
    }
    eprintln!("killed at every {step}th sync up to {at}; {} acknowledged", bed.load.paid());
    assert!(at > 20, "a script of twenty payments syncs at least once for each");
    disk.insert();
    let mut running = bed.start();
    bed.settle_and_audit(&mut running).await;
}

/// After a failed sync nobody knows what is on the disk, and a second one would lie: the process ends, and what
/// starts again knows only what is durable.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_sync_ends_the_process_and_loses_nothing_that_was_acknowledged() {
    let mut chance = Chance::new("failed sync");
    let (mut bed, disk) = bed_on_disk("failedsync", 10_000).await;
    for round in 0..times("RIG_FAILED_SYNCS", 4) {
        disk.insert();
        let mut running = bed.start();
        bed.load.begin(running.http, CLIENTS);
        let before = bed.load.paid();
        eventually("payments are acknowledged", async || bed.load.paid() > before + 20).await;
        if round == 0 {
            // What the log is copied back to: nobody waits for it, and it counts all the same.
            disk.set(Control::FailMain, 1);
        } else {
            disk.set(Control::FailAt, disk.get(Control::Syncs) + 1 + chance.below(20));
        }
        let status = running.process.wait_for_end("a sync failed").await;
        bed.load.end().await;
        assert_eq!(status.code(), Some(70), "round {round}: it ends by itself, to be started again");
        disk.cut(Cut::AnyPart(&mut chance));
    }
    disk.insert();
    let mut running = bed.start();
    bed.settle_and_audit(&mut running).await;
}

/// A full disk turns payments away before anything is written, and they come back by themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_turns_payments_away_and_takes_them_again_when_there_is_room() {
    let (mut bed, disk) = bed_on_disk("full", 40_000).await;
    disk.insert();
    let mut running = bed.start();
    bed.load.begin(running.http, CLIENTS);
    eventually("payments are acknowledged", async || bed.load.paid() > 100).await;

    disk.set(Control::Room, 100_000);
    eventually("the disk is full", async || disk.get(Control::Refused) > 0).await;
    let ready = async || processes::get(running.ops, "/readyz").starts_with("HTTP/1.1 200");
    eventually("it is not ready", async || !ready().await).await;
    let turned_away = bed.load.turned_away();
    eventually("payments are turned away", async || bed.load.turned_away() > turned_away + 20).await;
    let paid = bed.load.paid();
    eventually("all are", async || bed.load.turned_away() > turned_away + 60).await;
    assert_eq!(bed.load.paid(), paid, "paid without room");
    assert_eq!(running.process.has_ended(), None, "a full disk is no reason to end");

    disk.set(Control::Room, u64::MAX);
    eventually("it is ready again", ready).await;
    eventually("payments are made again", async || bed.load.paid() > paid + 100).await;
    bed.load.end().await;
    bed.settle_and_audit(&mut running).await;
}
