//! Brings the schema up to date. One text for both engines, except for the
//! triggers that keep the money tables append-only.

use std::borrow::Cow;
use std::time::Duration;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::db::{Backend, Db, StoreError, values};
use crate::statements::statements;

statements! {
    APPLIED = portable("SELECT version FROM _sqlx_migrations WHERE success ORDER BY version");
    TABLES = twin(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'",
        "SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables
         WHERE table_schema = current_schema() AND table_name = '_sqlx_migrations'",
    );
}

/// Long enough for another process to finish the step it is at.
const AFTER_ANOTHER: Duration = Duration::from_millis(250);

const SWITCH: &str = include_str!("../migrations/0001_switch.sql");

/// A step of the schema that another package brings for its own tables.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Its number, above those of all packages before it.
    pub version: i64,
    /// What it makes.
    pub description: &'static str,
    /// One text; SQLite reads `BIGINT PRIMARY KEY` and `BYTEA` in its own words.
    pub sql: &'static str,
}

impl Step {
    fn text(&self, backend: Backend) -> String {
        match backend {
            Backend::Postgres => self.sql.to_owned(),
            Backend::Sqlite => in_sqlite_words(self.sql),
        }
    }
}

/// Version, description and text of each step of the switch, in order.
fn steps(backend: Backend) -> Vec<(i64, &'static str, String)> {
    let (switch, append_only, log_only_grows) = match backend {
        Backend::Postgres => (
            SWITCH.to_owned(),
            include_str!("../migrations/0002_append_only.postgres.sql"),
            include_str!("../migrations/0004_audit_log.postgres.sql"),
        ),
        Backend::Sqlite => (
            in_sqlite_words(SWITCH),
            include_str!("../migrations/0002_append_only.sqlite.sql"),
            include_str!("../migrations/0004_audit_log.sqlite.sql"),
        ),
    };
    let rerouted = include_str!("../migrations/0003_rerouted.sql");
    let in_words = |sql: &str| match backend {
        Backend::Postgres => sql.to_owned(),
        Backend::Sqlite => in_sqlite_words(sql),
    };
    let audit_log = in_words(include_str!("../migrations/0004_audit_log.sql"));
    let node = in_words(include_str!("../migrations/0005_node.sql"));
    vec![
        (1, "switch", switch),
        (2, "append only", append_only.to_owned()),
        (3, "rerouted", rerouted.to_owned()),
        (4, "audit log", audit_log + log_only_grows),
        (5, "node", node),
        (6, "secrets left", include_str!("../migrations/0006_secrets_left.sql").to_owned()),
    ]
}

fn in_sqlite_words(sql: &str) -> String {
    sql.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")
        .replace("BIGINT  PRIMARY KEY", "INTEGER PRIMARY KEY")
        .replace("BYTEA", "BLOB")
}

/// The texts of all steps, for an engine in memory.
pub(crate) fn texts(backend: Backend) -> impl Iterator<Item = String> {
    steps(backend).into_iter().map(|(_, _, text)| text)
}

/// Applies what is missing of the switch's own steps and of `others`, in order of their numbers.
/// Safe to call again and from several nodes at once.
///
/// # Errors
/// [`StoreError::Migrate`] when a step fails or an applied one was changed.
pub async fn migrate(db: &Db, others: &[Step]) -> Result<(), StoreError> {
    let others = others.iter().map(|step| (step.version, step.description, step.text(db.backend())));
    let migrations = steps(db.backend()).into_iter().chain(others).map(|(version, description, sql)| {
        let sql = sqlx::AssertSqlSafe(sql).into_sql_str();
        Migration::new(version, Cow::Borrowed(description), MigrationType::Simple, sql, false)
    });
    let migrator = Migrator::with_migrations(migrations.collect());
    match (db.sqlite_writer(), db.postgres_pool()) {
        // The library locks PostgreSQL only. Here whoever comes second fails on the
        // first one's work, and finds it done when it looks again.
        (Some(pool), _) => {
            if migrator.run(pool).await.is_err() {
                tokio::time::sleep(AFTER_ANOTHER).await;
                migrator.run(pool).await?;
            }
        }
        (None, Some(pool)) => migrator.run(pool).await?,
        (None, None) => {}
    }
    Ok(())
}

/// How many steps are not applied yet, of the switch's own and of `others`.
///
/// # Errors
/// The engine's own.
pub async fn pending(db: &Db, others: &[Step]) -> Result<usize, StoreError> {
    if matches!(db, Db::Memory(_)) {
        return Ok(0);
    }
    let known = steps(db.backend()).len() + others.len();
    if db.fetch_optional(&TABLES, values![]).await?.is_none() {
        return Ok(known);
    }
    Ok(known.saturating_sub(db.fetch_all(&APPLIED, values![]).await?.len()))
}
