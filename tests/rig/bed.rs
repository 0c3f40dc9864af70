//! What most rigs lie in: a folder, a database with bills, a card host with a book, and a daemon that is
//! started, ended and started again on them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::books::all_agree;
use super::database::Database;
use super::ends::settle;
use super::load::Load;
use super::processes::{self, Folder, Process, Setup};

/// A bed. Everything in it ends with it.
pub(crate) struct Bed {
    pub(crate) switchd: &'static Path,
    pub(crate) database: Database,
    pub(crate) load: Load,
    pub(crate) host: Option<Process>,
    /// Where the daemon looks for the card host: its own address, or that of a proxy.
    pub(crate) card_host: SocketAddr,
    /// Where the daemon looks for the database, when that is not its own address.
    pub(crate) database_url: Option<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
    pub(crate) folder: Folder,
}

/// A daemon of the bed.
pub(crate) struct Running {
    pub(crate) process: Process,
    pub(crate) http: SocketAddr,
    pub(crate) ops: SocketAddr,
}

impl Bed {
    pub(crate) async fn new(
        switchd: &'static str,
        name: &str,
        engine: &str,
        bills: usize,
        cards: &[&'static str],
    ) -> Self {
        let folder = Folder::new(&format!("{name}-{engine}"));
        // Alone in a folder, as the disk below it is watched.
        let store = folder.0.join("store");
        std::fs::create_dir(&store).expect("a folder of its own");
        let mut database = Database::create(engine, &format!("{name}_{engine}"), &store).await;
        if !cards.is_empty() {
            database.seeder.cards = cards.to_vec();
        }
        let load = Load::new(database.seed(bills).await);
        let switchd = Path::new(switchd);
        let host = processes::card_host(switchd, &folder.0, Some(&folder.0.join("book.jsonl")));
        let card_host = host.address;
        Self {
            switchd,
            database,
            load,
            host: Some(host),
            card_host,
            database_url: None,
            environment: Vec::new(),
            folder,
        }
    }

    /// The folder of the database.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.0.join("store")
    }

    fn book(&self) -> PathBuf {
        self.folder.0.join("book.jsonl")
    }

    /// Starts the daemon, ready and signed on.
    pub(crate) fn start(&self) -> Running {
        self.start_as(processes::daemon)
    }

    /// Starts the daemon; it listens and need not be signed on yet.
    pub(crate) fn start_listening(&self) -> Running {
        self.start_as(processes::daemon_listening)
    }

    fn start_as(&self, start: fn(&Setup<'_>) -> (Process, SocketAddr)) -> Running {
        let (process, ops) = start(&Setup {
            switchd: self.switchd,
            folder: &self.folder.0,
            database: self.database_url.as_ref().unwrap_or(&self.database.url),
            journal: "group",
            card_host: self.card_host,
            in_flight_max: 256,
            pos: None,
            impatient: true,
            environment: &self.environment,
        });
        Running { http: process.address, process, ops }
    }

    /// Kills the card host and starts it again on its book, at its address.
    pub(crate) fn kill_host(&mut self) {
        let host = self.host.take().expect("there is one");
        let address = host.address;
        host.kill();
        self.host = Some(processes::card_host_at(self.switchd, &self.folder.0, Some(&self.book()), address));
    }

    /// All is well again: everything ends, every client asks once more, and the books are compared.
    pub(crate) async fn settle_and_audit(&self, running: &mut Running) {
        processes::wait_until_signed_on(&mut running.process, running.ops);
        settle(&self.database).await;
        self.load.retry_everything(running.http).await;
        settle(&self.database).await;
        all_agree(&self.database.url, &self.book(), &self.load.told()).await;
    }
}
