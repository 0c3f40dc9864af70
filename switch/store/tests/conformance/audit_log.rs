//! One chain, however many write it at once.

use switch_store::audit_log::{self, Act, Entry, Head};

use crate::bed::{Bed, NOW};

suite! { entries_follow_each_other, nodes_that_write_at_once_make_one_chain, what_is_not_committed_was_not_done }

fn entry(actor: &str, n: usize) -> Entry {
    Entry {
        at: NOW,
        actor: actor.into(),
        act: Act::Alarm,
        subject: format!("payment {n}"),
        detail: "x".into(),
    }
}

async fn append(bed: &Bed, entry: &Entry) -> Head {
    let mut tx = bed.db.begin().await.expect("begins");
    let head = audit_log::append(&mut tx, entry).await.expect("appended");
    tx.commit().await.expect("commits");
    head
}

/// Rows whose previous hash is not that of the row before them.
const BROKEN: &str = "SELECT COUNT(*) FROM audit_log a LEFT JOIN audit_log b ON b.seq = a.seq - 1
     WHERE a.seq > 1 AND (b.hash IS NULL OR b.hash <> a.previous)";

async fn entries_follow_each_other(bed: &Bed) {
    assert_eq!(audit_log::head(&bed.db).await.expect("read"), Head::NONE);
    for n in 1..=3 {
        let head = append(bed, &entry("node 0", n)).await;
        assert_eq!(head.seq, n as i64);
        assert_eq!(audit_log::head(&bed.db).await.expect("read"), head);
    }
    assert_eq!(bed.raw.number(BROKEN).await, 0);
}

async fn nodes_that_write_at_once_make_one_chain(bed: &Bed) {
    const NODES: usize = 4;
    const ENTRIES: usize = 25;
    let mut nodes = Vec::new();
    for node in 0..NODES {
        let db = bed.open_again().await;
        nodes.push(tokio::spawn(async move {
            for n in 0..ENTRIES {
                let mut tx = db.begin().await.expect("begins");
                audit_log::append(&mut tx, &entry(&format!("node {node}"), n)).await.expect("appended");
                tx.commit().await.expect("commits");
            }
            db.close().await;
        }));
    }
    for node in nodes {
        node.await.expect("it does not panic");
    }
    let rows = (NODES * ENTRIES) as i64;
    assert_eq!(audit_log::head(&bed.db).await.expect("read").seq, rows);
    assert_eq!(bed.raw.number("SELECT COUNT(*) FROM audit_log").await, rows);
    assert_eq!(bed.raw.number(BROKEN).await, 0);
    let by_node =
        "SELECT COUNT(*) FROM (SELECT actor FROM audit_log GROUP BY actor HAVING COUNT(*) = 25) AS n";
    assert_eq!(bed.raw.number(by_node).await, NODES as i64);
}

async fn what_is_not_committed_was_not_done(bed: &Bed) {
    let mut tx = bed.db.begin().await.expect("begins");
    audit_log::append(&mut tx, &entry("node 0", 1)).await.expect("appended");
    drop(tx);
    assert_eq!(append(bed, &entry("node 0", 2)).await.seq, 1);
}
