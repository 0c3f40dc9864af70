//! Keeps the audit log while the daemon runs: writes down starts, stops and alarms, and seals the log.
//!
//! No payment waits for it. Alarms come through a bounded queue; what does not fit is counted, said in
//! the log and written down as a number, so that nothing is lost in silence. While the log could not be
//! sealed for too long, the switch is not ready and begins no payment.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use switch_core::clock::{Clock, Timestamp};
use switch_engine::alarm::{Alarm, AlarmBook};
use switch_store::audit_log::{self, Act, Entry};
use switch_store::{Db, StoreError};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::seal::SealKeys;
use crate::settings::Audit;

/// Alarms that may wait for the database.
const WAITING_MAX: usize = 4_096;
/// Alarms that are written in one go.
const GROUP_MAX: usize = 64;
/// Between tries while the database takes nothing.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// What a stop leaves to the last words.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Writes an entry in a transaction of its own.
///
/// # Errors
/// The store's own.
pub(crate) async fn append(db: &Db, entry: &Entry) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    audit_log::append(&mut tx, entry).await?;
    tx.commit().await
}

/// The queue of alarms.
struct Bell {
    queue: Sender<Alarm>,
    lost: Arc<AtomicU64>,
    sealed: Sealed,
}

impl AlarmBook for Bell {
    fn raised(&self, alarm: Alarm) {
        if let Err(refused) = self.queue.try_send(alarm) {
            self.lost.fetch_add(1, Ordering::Relaxed);
            let alarm = refused.into_inner();
            tracing::error!(subject = alarm.subject, what = alarm.what, "an ALARM is not in the audit log");
        }
    }

    fn is_kept(&self, now: Timestamp) -> bool {
        !self.sealed.is_overdue(now)
    }
}

/// What the keeper needs.
pub(crate) struct KeeperParts {
    /// The database.
    pub(crate) db: Db,
    /// Time.
    pub(crate) clock: Arc<dyn Clock>,
    /// The keys of seals.
    pub(crate) keys: SealKeys,
    /// Number of this node.
    pub(crate) node: u8,
    /// The settings.
    pub(crate) settings: Audit,
}

/// When the log was sealed last, for whoever asks whether the switch is ready.
#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    at: Arc<AtomicI64>,
    unsealed_max_ms: i64,
}

impl Sealed {
    /// Milliseconds since the last seal.
    pub(crate) fn age_ms(&self, now: Timestamp) -> i64 {
        now.ms_since(Timestamp(self.at.load(Ordering::Acquire)))
    }

    /// Whether the log went without a seal for too long.
    pub(crate) fn is_overdue(&self, now: Timestamp) -> bool {
        self.age_ms(now) > self.unsealed_max_ms
    }
}

/// Keeps the log.
pub(crate) struct Keeper {
    db: Db,
    clock: Arc<dyn Clock>,
    keys: SealKeys,
    actor: String,
    seal_every: Duration,
    queue: Receiver<Alarm>,
    lost: Arc<AtomicU64>,
    sealed: Sealed,
}

/// A keeper at work.
pub(crate) struct Kept {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Keeper {
    /// A keeper, and the book that the engine writes its alarms into.
    pub(crate) fn new(parts: KeeperParts) -> (Self, Arc<dyn AlarmBook>) {
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        let lost: Arc<AtomicU64> = Arc::default();
        let KeeperParts { db, clock, keys, node, settings } = parts;
        let sealed = Sealed {
            at: Arc::new(AtomicI64::new(clock.now().0)),
            unsealed_max_ms: i64::from(settings.unsealed_max_s) * 1000,
        };
        let bell = Bell { queue, lost: Arc::clone(&lost), sealed: sealed.clone() };
        let keeper = Self {
            db,
            clock,
            keys,
            actor: format!("node {node}"),
            seal_every: Duration::from_secs(settings.seal_every_s.into()),
            queue: waiting,
            lost,
            sealed,
        };
        (keeper, Arc::new(bell))
    }

    /// When the log was sealed last.
    pub(crate) fn sealed(&self) -> Sealed {
        self.sealed.clone()
    }

    fn entry(&self, act: Act, subject: impl Into<String>, detail: impl Into<String>) -> Entry {
        let (subject, detail) = (subject.into(), detail.into());
        Entry { at: self.clock.now(), actor: self.actor.clone(), act, subject, detail }
    }

    /// Writes that the daemon started, and keeps the log until it is told to stop.
    ///
    /// # Errors
    /// The store's own: a switch that cannot write its start does not start.
    pub(crate) async fn start(self) -> Result<Kept, StoreError> {
        let detail = format!(
            "version {}, process {}, key of seals {}",
            env!("CARGO_PKG_VERSION"),
            std::process::id(),
            self.keys.public()
        );
        append(&self.db, &self.entry(Act::Start, "switchd", detail)).await?;
        let stop = CancellationToken::new();
        let task = tokio::spawn(self.keep(stop.clone()));
        Ok(Kept { stop, task })
    }

    async fn keep(mut self, stop: CancellationToken) {
        let mut seal_due = tokio::time::interval(self.seal_every);
        seal_due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut group = Vec::with_capacity(GROUP_MAX);
        let mut rings = true;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = seal_due.tick() => self.seal().await,
                // None when nobody is left to raise one.
                taken = self.queue.recv_many(&mut group, GROUP_MAX), if rings => rings = taken > 0,
            }
            while !self.write(&mut group).await && !stop.is_cancelled() {
                // It stays in hand, and the queue behind it fills.
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = tokio::time::sleep(RETRY_AFTER) => {}
                }
            }
        }
        let last_words = async {
            self.queue.close();
            loop {
                self.write(&mut group).await;
                if self.queue.recv_many(&mut group, GROUP_MAX).await == 0 {
                    break;
                }
            }
            let stopped = append(&self.db, &self.entry(Act::Stop, "switchd", "as asked")).await;
            if let Err(error) = stopped {
                tracing::error!(%error, "the stop is not in the audit log");
            }
            self.seal().await;
        };
        if tokio::time::timeout(LAST_WORDS, last_words).await.is_err() {
            tracing::error!("the last words did not reach the audit log in time");
        }
    }

    /// Writes alarms, and how many did not fit. Empties the group; `false`: the database took nothing.
    async fn write(&self, group: &mut Vec<Alarm>) -> bool {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if group.is_empty() && lost == 0 {
            return true;
        }
        let mut entries: Vec<Entry> = group
            .iter()
            .map(|alarm| Entry {
                at: alarm.at,
                ..self.entry(Act::Alarm, alarm.subject.clone(), alarm.what.clone())
            })
            .collect();
        if lost > 0 {
            entries.push(self.entry(Act::AlarmsLost, lost.to_string(), "they are in the daemon's log"));
        }
        let written = async {
            let mut tx = self.db.begin().await?;
            for entry in &entries {
                audit_log::append(&mut tx, entry).await?;
            }
            tx.commit().await
        };
        match written.await {
            Ok(()) => {
                group.clear();
                true
            }
            Err(error) => {
                self.lost.fetch_add(lost, Ordering::Relaxed);
                tracing::error!(%error, alarms = group.len(), "alarms wait for the audit log");
                false
            }
        }
    }

    /// Seals everything up to now.
    async fn seal(&self) {
        let now = self.clock.now();
        let sealing = async {
            let mut tx = self.db.begin().await?;
            audit_log::append_behind(&mut tx, |head| self.keys.seal(head, &self.actor, now)).await?;
            tx.commit().await
        };
        match sealing.await {
            Ok(()) => self.sealed.at.store(now.0, Ordering::Release),
            Err(error) => {
                let unsealed_s = self.sealed.age_ms(now) / 1000;
                let ready = !self.sealed.is_overdue(now);
                tracing::error!(%error, unsealed_s, ready, "the audit log could not be sealed");
            }
        }
    }
}

impl Kept {
    /// Writes the last words: alarms that wait, the stop, a seal.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        if self.task.await.is_err() {
            tracing::error!("the keeper of the audit log had broken off");
        }
    }
}

#[cfg(test)]
mod tests {
    use switch_core::clock::BusinessDate;
    use switch_store::{DbOptions, schema};

    use super::*;

    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> Timestamp {
            Timestamp(1_795_343_465_250)
        }

        fn business_date(&self, _at: Timestamp) -> BusinessDate {
            BusinessDate(20_261_122)
        }
    }

    /// More alarms than the queue holds, while nobody writes: what does not fit is written as a number.
    #[tokio::test]
    async fn an_alarm_that_does_not_fit_is_not_lost_in_silence() {
        let folder = std::env::temp_dir().join(format!("switchd-keeper-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let url = format!("sqlite:{}", folder.join("log.db").display());
        let db = Db::open(&DbOptions { url, connections: 1 }).await.expect("opens");
        schema::migrate(&db, sso::store::STEPS).await.expect("migrates");
        let parts = KeeperParts {
            db: db.clone(),
            clock: Arc::new(Noon),
            keys: SealKeys::new(&[("test".into(), [7; 32])]).expect("a key"),
            node: 3,
            settings: Audit { key_file: "audit.key".into(), seal_every_s: 60, unsealed_max_s: 14_400 },
        };
        let (keeper, book) = Keeper::new(parts);
        for n in 0..WAITING_MAX + 5 {
            let (subject, what) = (format!("payment {n}"), "open_too_long".to_owned());
            book.raised(Alarm { at: Timestamp(n as i64), subject, what });
        }
        keeper.start().await.expect("it starts").stop().await;
        // The start, every alarm that fitted, one line for those that did not, the stop and the seals.
        let raw = rusqlite::Connection::open(folder.join("log.db")).expect("opens");
        let count = |act: Act| -> i64 {
            let sql = "SELECT COUNT(*) FROM audit_log WHERE act = ?1";
            raw.query_row(sql, [act.as_str()], |row| row.get(0)).expect("counted")
        };
        assert_eq!((count(Act::Start), count(Act::Stop)), (1, 1));
        assert_eq!((count(Act::Alarm), count(Act::AlarmsLost)), (WAITING_MAX as i64, 1));
        let sql = "SELECT subject || ' ' || actor FROM audit_log WHERE act = 'alarms lost'";
        let lost: String = raw.query_row(sql, [], |row| row.get(0)).expect("a line");
        assert_eq!(lost, "5 node 3");
        assert!(count(Act::Seal) >= 1);
        db.close().await;
        std::fs::remove_dir_all(&folder).expect("the folder can go");
    }
}
