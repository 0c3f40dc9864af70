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
        let path = folder.join(format!("{name}.db"));
        let url = if engine == "sqlite" {
            format!("sqlite:{}", path.display())
        } else {
            use sqlx::Connection;
            let server = std::env::var("SWITCHD_TEST_POSTGRES")
                .expect("SWITCHD_TEST_POSTGRES is not set: run tests/run, or tests/run pg COMMAND");
            let mut db = sqlx::PgConnection::connect(&server).await.expect("PostgreSQL is up");
            let database = format!("rig_{name}_{}", std::process::id());
            let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {database}"));
            sqlx::query(create).execute(&mut db).await.expect("a database");
            let (_, parameters) = server.split_once('?').unwrap_or_default();
            format!("postgres:///{database}?{parameters}")
        };
        let options = switch_store::DbOptions { url: url.clone(), connections: 2 };
        let db = switch_store::Db::open(&options).await.expect("opens");
        switch_store::schema::migrate(&db).await.expect("migrates");
        db.close().await;
        Self { engine: engine.to_owned(), url, path, seeder: Seeder::new() }
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
}
