//! A switch's identity on a database of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, PgPool};
use sso::chance::Chance;
use sso::key::SoftwareVault;
use sso::seal::Sealer;
use sso::settings::{Department, Settings};
use sso::{Parts, Sso};
use switch_core::clock::{BusinessDate, Clock, Timestamp};
use switch_core::id::PublicIds;
use switch_store::{Db, DbOptions, schema};

/// The issuer of all stories. Every test's clock starts at [`NOW`].
pub(crate) const ISSUER: &str = "https://id.example.ps";
/// 2026-11-22T10:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp(1_795_341_600_000);

static MADE: AtomicU64 = AtomicU64::new(0);

/// A clock that goes where it is told.
pub(crate) struct SetClock(AtomicI64);

impl SetClock {
    /// Goes on by so many milliseconds.
    pub(crate) fn pass_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    fn business_date(&self, at: Timestamp) -> BusinessDate {
        let civil = at.utc();
        BusinessDate(civil.year as i32 * 10_000 + i32::from(civil.month) * 100 + i32::from(civil.day))
    }
}

/// Bytes that look random and are the same in every run.
struct Seeded(AtomicU64);

impl Chance for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = Sha256::digest(self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

enum Place {
    Folder(PathBuf),
    Server { server: String, name: String },
}

/// A database with an identity on it.
pub(crate) struct Bed {
    /// What is tested.
    pub(crate) sso: Arc<Sso>,
    /// Its clock.
    pub(crate) clock: Arc<SetClock>,
    place: Place,
}

impl Bed {
    /// On an empty file of the embedded engine.
    pub(crate) async fn sqlite() -> Self {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let folder =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("sso-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the database");
        let url = format!("sqlite:{}", folder.join("switch.db").display());
        Self::furnished(&url, Place::Folder(folder)).await
    }

    /// On an empty database of the private server.
    pub(crate) async fn postgres() -> Self {
        let server = std::env::var("SWITCHD_TEST_POSTGRES").expect(
            "these stories need PostgreSQL: run tests/run pg cargo test -p sso, \
             which starts a private one and sets SWITCHD_TEST_POSTGRES",
        );
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("sso_{}_{number}", std::process::id());
        on_server(&server, format!("CREATE DATABASE {name}")).await;
        let url = server.replacen("///postgres", &format!("///{name}"), 1);
        assert_ne!(url, server, "SWITCHD_TEST_POSTGRES names the database postgres");
        Self::furnished(&url, Place::Server { server, name }).await
    }

    async fn furnished(url: &str, place: Place) -> Self {
        let db = Db::open(&DbOptions { url: url.to_owned(), connections: 4 }).await.expect("opens");
        schema::migrate(&db, sso::store::STEPS).await.expect("the schema is made");
        let clock = Arc::new(SetClock(AtomicI64::new(NOW.0)));
        let sso = node(db, &clock);
        sso.rotate_keys().await.expect("keys are made");
        Self { sso, clock, place }
    }

    /// Everything that lies in the database, as bytes: the files of the embedded engine, the rows of the server.
    pub(crate) async fn raw(&self) -> Vec<u8> {
        match &self.place {
            Place::Folder(folder) => {
                let files =
                    std::fs::read_dir(folder).expect("the folder").map(|file| file.expect("a file").path());
                files.flat_map(|path| std::fs::read(path).expect("read")).collect()
            }
            Place::Server { server, name } => {
                let url = server.replacen("///postgres", &format!("///{name}"), 1);
                let all = PgPool::connect(&url).await.expect("the private PostgreSQL answers");
                let tables = "SELECT string_agg(query_to_xml('SELECT * FROM ' || tablename, true, false, '')::text, '')
                     FROM pg_tables WHERE schemaname = 'public'";
                let text: String = sqlx::query_scalar(tables).fetch_one(&all).await.expect("dumped");
                all.close().await;
                // Binary columns are in base 64 there: what lies in them lies open as well.
                let open = text.split(['>', '<']).filter_map(|part| {
                    let plain: String = part.split_whitespace().collect();
                    base64::Engine::decode(&base64::engine::general_purpose::STANDARD, plain).ok()
                });
                let open: Vec<u8> = open.flatten().collect();
                [text.into_bytes(), open].concat()
            }
        }
    }

    /// Runs SQL of the story's own, as somebody with the database could.
    pub(crate) async fn run_sql(&self, sql: &str) {
        self.try_sql(sql).await.expect("the database does it");
    }

    /// The same, with what the database says against it.
    pub(crate) async fn try_sql(&self, sql: &str) -> Result<(), String> {
        let done = match &self.place {
            Place::Folder(folder) => {
                let url = format!("sqlite:{}", folder.join("switch.db").display());
                let pool = sqlx::SqlitePool::connect(&url).await.expect("the file opens");
                sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&pool).await.map(|_| ())
            }
            Place::Server { server, name } => {
                let url = server.replacen("///postgres", &format!("///{name}"), 1);
                let pool = PgPool::connect(&url).await.expect("the private PostgreSQL answers");
                let done = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&pool).await.map(|_| ());
                pool.close().await;
                done
            }
        };
        done.map_err(|error| error.to_string())
    }

    /// Another node of the same switch: its own memory, the same database, clock and keys.
    pub(crate) fn another_node(&self) -> Arc<Sso> {
        self.with_settings(|_| {})
    }

    /// The same with other settings.
    pub(crate) fn with_settings(&self, change: impl FnOnce(&mut Settings)) -> Arc<Sso> {
        static NODES: AtomicU64 = AtomicU64::new(1);
        let (sso, sealer) = (&self.sso, Arc::clone(&self.sso.sealer));
        let mut settings = sso.settings.clone();
        change(&mut settings);
        let seed = NODES.fetch_add(1, Ordering::SeqCst) << 40;
        Sso::new(Parts {
            db: sso.db.clone(),
            clock: Arc::clone(&sso.clock),
            chance: Arc::new(Seeded(AtomicU64::new(seed))),
            vault: Arc::new(SoftwareVault::new(Arc::clone(&sealer))),
            sealer,
            public_ids: PublicIds::new([9; 16]),
            settings,
        })
    }

    /// Closes it and removes its database.
    pub(crate) async fn clear_away(self) {
        self.sso.db.close().await;
        match self.place {
            Place::Folder(folder) => std::fs::remove_dir_all(folder).expect("the folder goes"),
            Place::Server { server, name } => on_server(&server, format!("DROP DATABASE {name}")).await,
        }
    }
}

/// Two invented departments: the boundary that tests of administration try to cross.
fn departments() -> Vec<Department> {
    let department =
        |code: &str, ar: &str, en: &str| Department { code: code.into(), ar: ar.into(), en: en.into() };
    vec![
        department("mol", "وزارة العمل", "Ministry of Labour"),
        department("moh", "وزارة الصحة", "Ministry of Health"),
    ]
}

fn node(db: Db, clock: &Arc<SetClock>) -> Arc<Sso> {
    let sealer = Arc::new(Sealer::new(&[("k1".into(), [7; 32])]).expect("a key"));
    Sso::new(Parts {
        db,
        clock: Arc::clone(clock) as _,
        chance: Arc::new(Seeded(AtomicU64::new(1))),
        vault: Arc::new(SoftwareVault::new(Arc::clone(&sealer))),
        sealer,
        public_ids: PublicIds::new([9; 16]),
        // Passwords cost next to nothing here: what is tested is how often they are compared.
        settings: Settings {
            departments: departments(),
            password_memory_kib: 8,
            password_passes: 1,
            ..Settings::new(ISSUER)
        },
    })
}

async fn on_server(server: &str, sql: String) {
    let admin = PgPool::connect(server).await.expect("the private PostgreSQL answers");
    sqlx::query(AssertSqlSafe(sql)).execute(&admin).await.expect("the server does it");
    admin.close().await;
}
