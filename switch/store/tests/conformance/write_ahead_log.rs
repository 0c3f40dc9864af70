//! The write-ahead log of the embedded engine: bounded, and a report that reads
//! for long does not stop the payments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use switch_core::id::CardId;
use switch_store::card::{self, SealedCard};

use crate::bed::{Bed, MINISTRY, NOW, Raw};
use crate::group::{Told, tell};

const MEBIBYTE: u64 = 1 << 20;

fn log_bytes(bed: &Bed) -> u64 {
    std::fs::metadata(bed.folder().join("switch.db-wal")).map_or(0, |file| file.len())
}

/// Writes about `mebibytes` through the log.
async fn write_bulk(bed: &Bed, mebibytes: usize) {
    for _ in 0..mebibytes {
        let mut tx = bed.db.begin().await.expect("begins");
        for _ in 0..16 {
            let sealed = SealedCard {
                id: CardId(bed.id()),
                client: MINISTRY,
                key_id: "k1".into(),
                pan: vec![7; 64 * 1024],
                expiry: Vec::new(),
                expires_at: NOW,
            };
            card::add(&mut tx, &sealed).await.expect("kept");
        }
        tx.commit().await.expect("commits");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_bounded_and_a_long_reader_stops_no_payment() {
    let bed = Arc::new(Bed::sqlite().await);
    let journal = bed.journal().await;
    let Raw::Sqlite(pool) = &bed.raw else { panic!("it was asked for") };

    // A report that takes its time.
    let mut report = pool.begin().await.expect("begins");
    let seen: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM card").fetch_one(&mut *report).await.expect("read");
    write_bulk(&bed, 96).await;
    assert!(log_bytes(&bed) > 64 * MEBIBYTE, "the log has grown behind the reader");

    // Payments while the log cannot be restarted: none waits for the reader.
    let (mut slowest, began) = (Duration::ZERO, Instant::now());
    let bills = bed.bills(400).await;
    let mut bills = bills.iter();
    while began.elapsed() < Duration::from_secs(3) {
        let Some(bill) = bills.next() else { break };
        let intake = bed.intake(&bed.key(), bill);
        let asked = Instant::now();
        assert_eq!(tell(&journal, intake.into()).await, Told::Taken);
        slowest = slowest.max(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
    assert!(slowest < Duration::from_millis(1_500), "a payment waited {slowest:?} for a report");
    let again: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM card").fetch_one(&mut *report).await.expect("read");
    assert_eq!(seen, again, "the report sees one moment");
    report.rollback().await.expect("the report ends");

    // Without it the log is used from its start again, however much is written,
    // also while short reads come and go all the time.
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let (bed, stop) = (Arc::clone(&bed), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    bed.raw.number("SELECT COUNT(*) FROM card WHERE length(pan_sealed) > 1").await;
                }
            })
        })
        .collect();
    let mut largest = 0;
    for _ in 0..20 {
        write_bulk(&bed, 16).await;
        largest = largest.max(log_bytes(&bed));
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.expect("the reader ends");
    }
    assert!(largest < 256 * MEBIBYTE, "the log grew to {} MiB", largest / MEBIBYTE);
    drop(journal);
    let bed = Arc::into_inner(bed).expect("the only holder");
    bed.clear_away().await;
}
