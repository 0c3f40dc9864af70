//! The database as an auditor may see it: read only, in one snapshot, on either engine.

use std::str::FromStr;
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions, Connection, Row as _};

use crate::AuditError;

/// An open snapshot.
pub(crate) enum Source {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// A row of either engine; columns are counted from 0.
pub(crate) enum Row<'a> {
    Sqlite(&'a SqliteRow),
    Postgres(&'a PgRow),
}

impl Source {
    /// Opens the database and begins the snapshot.
    pub(crate) async fn open(url: &str) -> Result<Self, AuditError> {
        Ok(match url.strip_prefix("sqlite:") {
            Some(path) => {
                let options = SqliteConnectOptions::new()
                    .filename(path.trim_start_matches("//"))
                    .read_only(true)
                    .busy_timeout(Duration::from_secs(10));
                let mut db = options.connect().await?;
                sqlx::query("BEGIN").execute(&mut db).await?;
                Self::Sqlite(db)
            }
            None => {
                let options = PgConnectOptions::from_str(url)?.application_name("switch-audit");
                let mut db = options.connect().await?;
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                sqlx::query(begin).execute(&mut db).await?;
                Self::Postgres(db)
            }
        })
    }

    /// Gives every row of a query to `take`, one after the other.
    pub(crate) async fn each(
        &mut self,
        sql: &'static str,
        values: &[i64],
        mut take: impl FnMut(&Row<'_>) -> Result<(), AuditError>,
    ) -> Result<(), AuditError> {
        match self {
            Self::Sqlite(db) => {
                let query = values.iter().fold(sqlx::query(sql), |query, value| query.bind(*value));
                let mut rows = query.fetch(db);
                while let Some(row) = rows.try_next().await? {
                    take(&Row::Sqlite(&row))?;
                }
            }
            Self::Postgres(db) => {
                let query = values.iter().fold(sqlx::query(sql), |query, value| query.bind(*value));
                let mut rows = query.fetch(db);
                while let Some(row) = rows.try_next().await? {
                    take(&Row::Postgres(&row))?;
                }
            }
        }
        Ok(())
    }

    /// Every row of a query, made into something.
    pub(crate) async fn all<T>(
        &mut self,
        sql: &'static str,
        values: &[i64],
        make: impl Fn(&Row<'_>) -> Result<T, AuditError>,
    ) -> Result<Vec<T>, AuditError> {
        let mut all = Vec::new();
        let take = |row: &Row<'_>| make(row).map(|made| all.push(made));
        self.each(sql, values, take).await?;
        Ok(all)
    }

    /// Ends the snapshot.
    pub(crate) async fn close(self) -> Result<(), AuditError> {
        match self {
            Self::Sqlite(db) => db.close().await?,
            Self::Postgres(db) => db.close().await?,
        }
        Ok(())
    }
}

macro_rules! get {
    ($row:expr, $column:expr, $type:ty) => {
        match $row {
            Row::Sqlite(row) => row.try_get::<Option<$type>, _>($column),
            Row::Postgres(row) => row.try_get::<Option<$type>, _>($column),
        }
    };
}

impl Row<'_> {
    pub(crate) fn maybe_int(&self, column: usize) -> Result<Option<i64>, AuditError> {
        // INTEGER of PostgreSQL has 32 bits, BIGINT 64.
        let wide = get!(self, column, i64);
        wide.or_else(|_| get!(self, column, i32).map(|value| value.map(i64::from))).map_err(unreadable)
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64, AuditError> {
        self.maybe_int(column)?.ok_or_else(|| missing(column))
    }

    pub(crate) fn maybe_text(&self, column: usize) -> Result<Option<String>, AuditError> {
        get!(self, column, String).map_err(unreadable)
    }

    pub(crate) fn text(&self, column: usize) -> Result<String, AuditError> {
        self.maybe_text(column)?.ok_or_else(|| missing(column))
    }

    pub(crate) fn maybe_bytes(&self, column: usize) -> Result<Option<Vec<u8>>, AuditError> {
        get!(self, column, Vec<u8>).map_err(unreadable)
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>, AuditError> {
        self.maybe_bytes(column)?.ok_or_else(|| missing(column))
    }
}

fn unreadable(error: sqlx::Error) -> AuditError {
    AuditError::Unreadable(error.to_string())
}

fn missing(column: usize) -> AuditError {
    AuditError::Unreadable(format!("nothing in column {column} of a row"))
}
