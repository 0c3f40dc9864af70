//! PostgreSQL goes away in the middle: the reply of a commit is lost, the
//! connection is cut. Every command is answered, truly, and nothing is doubled.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use switch_core::attempt::AttemptState;
use switch_core::connector::ReversalReason;
use switch_core::payment::PaymentState;
use switch_store::{Db, DbOptions, Journal, attempt, payment};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use crate::bed::{Bed, MINISTRY, NOW};
use crate::group::{Told, tell};

/// The writer's connections, by the statement only it runs.
const WRITER: &str = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%WITH held AS%'";

/// How often the writer's connection is cut at least.
const KILLS: u64 = 15;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_is_killed_again_and_again_tells_the_truth() {
    let bed = Arc::new(Bed::postgres().await);
    let journal = bed.journal().await;
    let (stop, kills) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let killer = {
        let (bed, stop, kills) = (Arc::clone(&bed), Arc::clone(&stop), Arc::clone(&kills));
        tokio::spawn(async move {
            let mut wait_ms = 1;
            while !stop.load(Ordering::Relaxed) {
                kills.fetch_add(bed.raw.number(WRITER).await as u64, Ordering::Relaxed);
                // Not to wait for anything: to hit other places of the work each time.
                wait_ms = (wait_ms * 7 + 13) % 101 + 20;
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            }
        })
    };
    let mut tasks = Vec::new();
    for _ in 0..12 {
        let (bed, journal, kills) = (Arc::clone(&bed), journal.clone(), Arc::clone(&kills));
        tasks.push(tokio::spawn(async move {
            let mut failed = 0;
            for bill in bed.bills(120).await {
                failed += pay_truly(&bed, &journal, bed.intake(&bed.key(), &bill)).await;
                if kills.load(Ordering::Relaxed) >= KILLS {
                    break;
                }
            }
            failed
        }));
    }
    let mut failed = 0;
    for task in tasks {
        failed += task.await.expect("the task ends");
    }
    stop.store(true, Ordering::Relaxed);
    killer.await.expect("the killer ends");
    let kills = kills.load(Ordering::Relaxed);
    assert!(kills >= KILLS, "{kills} kills are too few to prove anything");
    assert!(failed <= 12, "{failed} commands got no verdict after {kills} kills");
    let both_ends = "SELECT COUNT(*) FROM transfer p WHERE p.kind = 'PENDING' AND
        (SELECT COUNT(*) FROM transfer e WHERE e.cause = p.cause AND e.kind <> 'PENDING') <>
        (SELECT COUNT(*) FROM outcome o WHERE o.payment_id = p.cause)";
    assert_eq!(bed.raw.number(both_ends).await, 0, "a promise ends with its payment and once");
    let bed = Arc::into_inner(bed).expect("the only holder");
    bed.clear_away().await;
}

/// Takes in and ends one payment whose key and bill nobody else wants. Returns
/// how many of its commands were not answered with a verdict.
async fn pay_truly(bed: &Bed, journal: &Journal, intake: switch_store::journal::Intake) -> u64 {
    let (id, ending) = (intake.payment.id, bed.ending(&intake, PaymentState::Paid));
    let taken = tell(journal, intake.into()).await;
    assert!(matches!(taken, Told::Taken | Told::Failed), "its own key was called {taken:?}");
    if taken == Told::Failed {
        return 1;
    }
    let view = payment::find(&bed.db, id).await.expect("read").expect("what was taken is there");
    assert_eq!(view.state, PaymentState::Processing);
    let ended = tell(journal, ending.into()).await;
    assert!(matches!(ended, Told::Ended | Told::Failed), "its own end was called {ended:?}");
    if ended == Told::Failed {
        return 1;
    }
    let view = payment::find(&bed.db, id).await.expect("read").expect("is there");
    assert_eq!(view.state, PaymentState::Paid);
    0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_somebody_else_made_is_not_taken_for_its_own() {
    let bed = Bed::postgres().await;
    let journal = bed.journal().await;
    let intake = bed.intake(&bed.key(), &bed.bill().await);
    let id = intake.payment.id;
    let approved = bed.ending(&intake, PaymentState::Paid);
    let mut reversed = bed.ending(&intake, PaymentState::Reversed);
    assert_eq!(tell(&journal, intake.into()).await, Told::Taken);

    // This node hung; another took the attempt over and took the money back.
    let elsewhere = Journal::start(&bed.open_again().await).await.expect("starts");
    let mut tx = bed.db.begin().await.expect("begins");
    let next = AttemptState::InDoubt(ReversalReason::Timeout);
    assert!(attempt::advance(&mut tx, id, 0, &next, NOW).await.expect("advanced"));
    tx.commit().await.expect("commits");
    reversed.epoch = 1;
    assert_eq!(tell(&elsewhere, reversed.into()).await, Told::Ended);

    // It wakes up, and its connection is gone as well.
    assert!(bed.raw.number(WRITER).await >= 1);
    assert_eq!(tell(&journal, approved.into()).await, Told::Superseded);
    let view = payment::find(&bed.db, id).await.expect("read").expect("is there");
    assert_eq!(view.state, PaymentState::Reversed);
    bed.clear_away().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_reply_is_lost_finds_its_own_rows() {
    let bed = Bed::postgres().await;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("px-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the socket");
    let lose = Arc::new(AtomicBool::new(false));
    let lost = Arc::new(AtomicU64::new(0));
    let server = bed.url.split("host=").nth(1).and_then(|rest| rest.split('&').next());
    let server = Path::new(server.expect("the private PostgreSQL has a socket")).join(".s.PGSQL.5432");
    let listener = UnixListener::bind(folder.join(".s.PGSQL.5432")).expect("a short enough path");
    let wire = tokio::spawn(carry(listener, server.clone(), Arc::clone(&lose), Arc::clone(&lost)));

    let folder_of_server = server.parent().expect("in a folder").display().to_string();
    let url = bed.url.replace(&folder_of_server, &folder.display().to_string());
    let through = Db::open(&DbOptions { url, connections: 2 }).await.expect("opens through the wire");
    let journal = Journal::start(&through).await.expect("starts");
    // The statement is prepared by now: the next reply is that of a commit.
    assert_eq!(tell(&journal, bed.intake(&bed.key(), &bed.bill().await).into()).await, Told::Taken);

    let bill = bed.bill().await;
    let (key, late_key) = (bed.key(), bed.key());
    let intake = bed.intake(&key, &bill);
    let ending = bed.ending(&intake, PaymentState::Paid);
    let refused = bed.intake(&late_key, &bill);
    let used = bed.intake(&key, &bill);
    for (command, verdict) in [
        (intake.into(), Told::Taken),
        (refused.into(), Told::BillTaken),
        (used.into(), Told::KeyUsed),
        (ending.into(), Told::Ended),
    ] {
        lose.store(true, Ordering::SeqCst);
        assert_eq!(tell(&journal, command).await, verdict);
        assert!(!lose.load(Ordering::SeqCst), "a reply was lost");
    }
    assert_eq!(lost.load(Ordering::SeqCst), 4);
    let view = payment::find_by_key(&bed.db, MINISTRY, &key).await.expect("read").expect("is there");
    assert_eq!(view.state, PaymentState::Paid);
    assert_eq!(bed.rows().await, "payment 3, bill_claim 2, open_attempt 1, outcome 2, transfer 3");
    wire.abort();
    through.close().await;
    std::fs::remove_dir_all(folder).expect("the folder can go");
    bed.clear_away().await;
}

/// Carries bytes both ways. When told to, it loses the next reply and cuts the
/// connection: the server has committed, and nobody learns of it.
async fn carry(
    listener: UnixListener,
    server: std::path::PathBuf,
    lose: Arc<AtomicBool>,
    lost: Arc<AtomicU64>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let upstream = UnixStream::connect(&server).await.expect("the server listens");
        let (lose, lost) = (Arc::clone(&lose), Arc::clone(&lost));
        tokio::spawn(async move {
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = upstream.into_split();
            let asks = async { drop(tokio::io::copy(&mut from_client, &mut to_server).await) };
            let answers = async {
                let mut bytes = vec![0; 65_536];
                while let Ok(length @ 1..) = from_server.read(&mut bytes).await {
                    if lose.swap(false, Ordering::SeqCst) {
                        lost.fetch_add(1, Ordering::SeqCst);
                        return;
                    }
                    if to_client.write_all(&bytes[..length]).await.is_err() {
                        return;
                    }
                }
            };
            tokio::select! { () = asks => {}, () = answers => {} }
        });
    }
}
