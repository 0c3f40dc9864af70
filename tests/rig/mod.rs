//! The rig that tests and load share: the daemon and the sandbox card host as
//! processes of their own, on a database seeded with SQL of the rig's own.

pub(crate) mod books;
pub(crate) mod config;
pub(crate) mod database;
pub(crate) mod http;
pub(crate) mod processes;
pub(crate) mod seed;
