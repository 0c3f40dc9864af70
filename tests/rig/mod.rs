//! The rig that tests and load share: the daemon and the sandbox card host as
//! processes of their own, on a database seeded with SQL of the rig's own.

pub mod config;
pub mod database;
pub mod http;
pub mod processes;
pub mod seed;
