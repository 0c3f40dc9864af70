//! Every statement of the switch by name, so that one test can PREPARE them all
//! on both engines.

use crate::db::Backend;

/// A named statement: one text for both engines, except where they must differ.
#[derive(Debug, Clone, Copy)]
pub struct Statement {
    /// Its name in the source.
    pub name: &'static str,
    sqlite: Option<&'static str>,
    postgres: Option<&'static str>,
}

impl Statement {
    /// One text for both engines.
    #[must_use]
    pub const fn portable(name: &'static str, sql: &'static str) -> Self {
        Self { name, sqlite: Some(sql), postgres: Some(sql) }
    }

    /// A text for each engine: only where a sanctioned difference needs it.
    #[must_use]
    pub const fn twin(name: &'static str, sqlite: &'static str, postgres: &'static str) -> Self {
        Self { name, sqlite: Some(sqlite), postgres: Some(postgres) }
    }

    /// A statement of the SQLite body of the journal.
    #[must_use]
    pub const fn sqlite_only(name: &'static str, sql: &'static str) -> Self {
        Self { name, sqlite: Some(sql), postgres: None }
    }

    /// A statement of the PostgreSQL body of the journal.
    #[must_use]
    pub const fn postgres_only(name: &'static str, sql: &'static str) -> Self {
        Self { name, sqlite: None, postgres: Some(sql) }
    }

    /// The text for an engine; `None` when it is not used there.
    #[must_use]
    pub const fn text(&self, backend: Backend) -> Option<&'static str> {
        match backend {
            Backend::Sqlite => self.sqlite,
            Backend::Postgres => self.postgres,
        }
    }
}

/// Declares statements as constants and lists them in `STATEMENTS`, for a test that prepares
/// them all. Packages that keep their own tables (`sso`) use it too.
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $make:ident($($sql:expr),+ $(,)?);)*) => {
        $($(#[$doc])* const $name: $crate::statements::Statement =
            $crate::statements::Statement::$make(stringify!($name), $($sql),+);)*
        /// The statements of this file.
        pub(crate) const STATEMENTS: &[$crate::statements::Statement] = &[$($name),*];
    };
}
pub(crate) use statements;

/// Every statement of the crate.
pub fn all() -> impl Iterator<Item = &'static Statement> {
    [
        crate::agent::STATEMENTS,
        crate::attempt::STATEMENTS,
        crate::audit_log::STATEMENTS,
        crate::bill::STATEMENTS,
        crate::card::STATEMENTS,
        crate::cash::STATEMENTS,
        crate::client::STATEMENTS,
        crate::facts::STATEMENTS,
        crate::fence::STATEMENTS,
        crate::journal::plain::STATEMENTS,
        crate::journal::sqlite::STATEMENTS,
        crate::journal::postgres::STATEMENTS,
        crate::ledger::STATEMENTS,
        crate::outbox::STATEMENTS,
        crate::payment::STATEMENTS,
        crate::schema::STATEMENTS,
    ]
    .into_iter()
    .flatten()
}
