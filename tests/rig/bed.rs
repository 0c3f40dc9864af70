//! What most rigs lie in: a folder, a database with bills, a card host with a book, and a daemon that is
//! started, ended and started again on them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::books::all_agree;
use super::database::Database;
use super::ends::settle;
use super::load::Load;
use super::processes::{self, CardLinks, Folder, Process, Setup};

const SWITCHD: &str = env!("CARGO_BIN_EXE_switchd");

/// Alone in a folder, as the disk below it is watched.
fn store_of(folder: &Folder) -> PathBuf {
    let store = folder.0.join("store");
    std::fs::create_dir(&store).expect("a folder of its own");
    store
}

/// A bed. Everything in it ends with it.
pub(crate) struct Bed {
    pub(crate) database: Database,
    pub(crate) load: Load,
    pub(crate) host: Option<Process>,
    /// Where the daemon looks for the card host: its own address, or that of a proxy.
    pub(crate) card_host: SocketAddr,
    /// Where the daemon looks for the database, when that is not its own address.
    pub(crate) database_url: Option<String>,
    /// Where terminals may call, if anywhere.
    pub(crate) pos: Option<SocketAddr>,
    pub(crate) card_links: CardLinks,
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
    /// On an engine that the tests have: `sqlite`, or `postgres` on the server of `tests/run`.
    pub(crate) async fn new(name: &str, engine: &str, bills: usize, cards: &[&'static str]) -> Self {
        let folder = Folder::new(&format!("{name}-{engine}"));
        let database = Database::create(engine, &format!("{name}_{engine}"), &store_of(&folder)).await;
        Self::made(folder, database, bills, cards).await
    }

    /// On a server of its own.
    pub(crate) async fn on(server: &str, name: &str, bills: usize) -> Self {
        let folder = Folder::new(name);
        let database = Database::create_on(Some(server), name, &store_of(&folder)).await;
        Self::made(folder, database, bills, &[]).await
    }

    async fn made(folder: Folder, mut database: Database, bills: usize, cards: &[&'static str]) -> Self {
        if !cards.is_empty() {
            database.seeder.cards = cards.to_vec();
        }
        let load = Load::new(database.seed(bills).await);
        let switchd = Path::new(SWITCHD);
        let host = processes::card_host(switchd, &folder.0, Some(&folder.0.join("book.jsonl")));
        let card_host = host.address;
        Self {
            database,
            load,
            host: Some(host),
            card_host,
            database_url: None,
            pos: None,
            card_links: CardLinks::Impatient,
            environment: Vec::new(),
            folder,
        }
    }

    /// The folder of the database.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.0.join("store")
    }

    pub(crate) fn book(&self) -> PathBuf {
        self.folder.0.join("book.jsonl")
    }

    /// Starts the daemon, ready and signed on.
    pub(crate) fn start(&self) -> Running {
        self.start_as(processes::daemon)
    }

    /// Begins to start the daemon, which may end before it listens.
    pub(crate) fn begin_to_start(&self) -> Running {
        self.start_as(processes::daemon_begun)
    }

    fn start_as(&self, start: fn(&Setup<'_>) -> (Process, SocketAddr)) -> Running {
        let (process, ops) = start(&self.setup());
        Running { http: process.address, process, ops }
    }

    /// How the daemon is started.
    pub(crate) fn setup(&self) -> Setup<'_> {
        Setup {
            switchd: Path::new(SWITCHD),
            folder: &self.folder.0,
            database: self.database_url.as_ref().unwrap_or(&self.database.url),
            journal: "group",
            card_host: self.card_host,
            in_flight_max: 256,
            pos: self.pos,
            card_links: self.card_links,
            environment: &self.environment,
        }
    }

    /// Kills the card host and starts it again on its book, at its address, with 20 ms behind each request.
    pub(crate) fn kill_host(&mut self) {
        let host = self.host.take().expect("there is one");
        let address = host.address;
        host.kill();
        self.host = Some(processes::card_host_at(
            Path::new(SWITCHD),
            &self.folder.0,
            Some(&self.book()),
            address,
            20,
        ));
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
