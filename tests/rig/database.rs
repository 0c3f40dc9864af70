//! Databases of the rig: a file, or a database on the server of `tests/run`.

use std::path::{Path, PathBuf};

use super::seed::{Seeder, Seeds};

/// A fresh database of either engine, migrated.
pub(crate) struct Database {
    pub(crate) engine: String,
    pub(crate) url: String,
    path: PathBuf,
    pub(crate) seeder: Seeder,
}

impl Database {
    pub(crate) async fn create(engine: &str, name: &str, folder: &Path) -> Self {
        let server = || {
            std::env::var("SWITCHD_TEST_POSTGRES")
                .expect("SWITCHD_TEST_POSTGRES is not set: run tests/run, or tests/run pg COMMAND")
        };
        let server = (engine != "sqlite").then(server);
        Self::create_on(server.as_deref(), name, folder).await
    }

    /// On a server of PostgreSQL, or else as a file in the folder.
    pub(crate) async fn create_on(server: Option<&str>, name: &str, folder: &Path) -> Self {
        let path = folder.join(format!("{name}.db"));
        let url = if let Some(server) = server {
            use sqlx::Connection;
            let mut db = sqlx::PgConnection::connect(server).await.expect("PostgreSQL is up");
            let database = format!("rig_{name}_{}", std::process::id());
            let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {database}"));
            sqlx::query(create).execute(&mut db).await.expect("a database");
            let (_, parameters) = server.split_once('?').unwrap_or_default();
            format!("postgres:///{database}?{parameters}")
        } else {
            format!("sqlite:{}", path.display())
        };
        let options = switch_store::DbOptions { url: url.clone(), connections: 2 };
        let db = switch_store::Db::open(&options).await.expect("opens");
        switch_store::schema::migrate(&db, sso::store::STEPS).await.expect("migrates");
        let mut seeder = Seeder::new();
        seeder.token = super::caller::access_token(&db, seeder.client()).await;
        db.close().await;
        let engine = if server.is_some() { "postgres" } else { "sqlite" };
        Self { engine: engine.to_owned(), url, path, seeder }
    }

    /// A history of paid payments.
    pub(crate) async fn with_history(&self, count: usize) {
        if self.engine == "sqlite" {
            self.seeder.sqlite_history(&self.path, count);
        } else {
            self.seeder.postgres_history(&self.url, count).await;
        }
    }

    /// Bills and cards ready to be paid.
    pub(crate) async fn seed(&mut self, count: usize) -> Seeds {
        if self.engine == "sqlite" {
            self.seeder.sqlite(&self.path, count)
        } else {
            self.seeder.postgres(&self.url, count).await
        }
    }

    /// The client of the seeds wants to hear of its bills there.
    pub(crate) async fn subscribe(&self, url: &str) {
        const SUBSCRIBE: &str =
            "UPDATE client SET webhook_url = $1, webhook_secret = $2 WHERE name = 'bench'";
        // Standard Webhooks: base 64 of the key.
        let secret = "whsec_cmlnLXNlY3JldC1vZi1uby12YWx1ZQ==";
        if self.engine == "sqlite" {
            let db = rusqlite::Connection::open(&self.path).expect("the database exists");
            db.execute(SUBSCRIBE, [url, secret]).expect("the client");
        } else {
            use sqlx::Connection;
            let mut db = sqlx::PgConnection::connect(&self.url).await.expect("PostgreSQL is up");
            sqlx::query(SUBSCRIBE).bind(url).bind(secret).execute(&mut db).await.expect("the client");
        }
    }
}
