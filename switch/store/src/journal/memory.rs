//! The journal's body in memory: the group commit of SQLite, on a connection whose
//! commits may be slow, refused, lost, or done and never heard of.

use std::sync::Arc;

use switch_core::fault::{Planted, planted};
use tokio::sync::mpsc;

use super::sqlite::{refuse_all, settle, take_keys_apart, write_group};
use super::{Command, Counts};
use crate::again::{TRIES, count_again};
use crate::db::Backend;
use crate::memory::{Fate, Hop, MemoryDb, broken, busy};

const GROUP_MAX: usize = 64;

pub(super) fn start(db: &MemoryDb, commands: mpsc::Receiver<Command>, counts: Arc<Counts>) {
    db.host.begin(Box::pin(write_groups(db.clone(), commands, counts)));
}

async fn write_groups(db: MemoryDb, mut commands: mpsc::Receiver<Command>, counts: Arc<Counts>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while commands.recv_many(&mut group, GROUP_MAX).await > 0 {
        let mut fate = db.host.hop(Hop::Commit).await;
        for _ in 1..TRIES {
            if fate == Fate::Busy {
                count_again(Backend::Sqlite);
                fate = db.host.hop(Hop::Commit).await;
            }
        }
        if fate == Fate::Lost && planted(Planted::KeyApartFromEffect) {
            drop(db.writes_group(|db| take_keys_apart(db, &group)).await);
        }
        match fate {
            Fate::Done => {
                db.writes_group(|db| settle(db, &mut group, &counts)).await;
                told_of_commit(&db, &counts);
            }
            Fate::Unheard => {
                let written = db.writes_group(|db| write_group(db, &group, &counts)).await;
                told_of_commit(&db, &counts);
                refuse_all(&mut group, &written.err().unwrap_or_else(broken), &counts);
            }
            Fate::Busy => refuse_all(&mut group, &busy(), &counts),
            Fate::Lost => refuse_all(&mut group, &broken(), &counts),
        }
    }
}

fn told_of_commit(db: &MemoryDb, counts: &Counts) {
    if counts.fence.as_ref().is_some_and(|fence| fence.lost().is_none()) {
        db.committed();
    }
}
