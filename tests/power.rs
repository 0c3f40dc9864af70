//! The power goes while payments are made. Whatever the disk had not been told to keep may be gone, whole or in
//! part; what a client was told stays true.

use std::time::Duration;

use crate::rig::audit;
use crate::rig::bed::Bed;
use crate::rig::chance::Chance;
use crate::rig::disk::{Control, Cut, Disk, Lost};
use crate::rig::times;
use crate::support::{SWITCHD, eventually};

const CLIENTS: usize = 12;

async fn bed_on_disk(name: &str, bills: usize) -> (Bed, Disk) {
    let mut bed = Bed::new(SWITCHD, name, "sqlite", bills, &[]).await;
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
    let mut chance = Chance::new("lying disk");
    let (mut bed, disk) = bed_on_disk("lying", 10_000).await;
    disk.insert();
    disk.set(Control::Lies, 1);
    let running = bed.start();
    bed.load.begin(running.http, CLIENTS);
    eventually("payments are acknowledged", async || bed.load.paid() > 100).await;
    running.process.kill();
    bed.load.end().await;
    let lost = disk.cut(Cut::AnyPart(&mut chance));
    let missing = audit::missing(&bed.database, &bed.load.told()).await;
    assert!(missing > 0, "{} acknowledged and none missing after {lost:?}", bed.load.paid());
}
