//! Keeps it: the only SQL of the switch, one text for SQLite and PostgreSQL,
//! and the group commit that every payment goes through.
//!
//! Deliberately absent: decisions. What may happen is decided in `switch-core`;
//! this crate makes it durable, or says that somebody else was first. The tables of who is acting are
//! `sso`'s own: it brings its steps of the schema and uses [`Db`] and [`Tx`] from here.
#![forbid(unsafe_code)]

pub mod again;
pub mod agent;
pub mod attempt;
pub mod audit_log;
pub mod bill;
pub mod card;
pub mod cash;
pub mod client;
pub mod db;
pub mod facts;
pub mod fence;
pub mod health;
pub mod journal;
pub mod ledger;
pub mod link;
pub mod memory;
pub mod outbox;
pub mod payment;
pub mod schema;
pub mod statements;

pub use db::{Backend, Db, DbOptions, StoreError, Tx};
pub use fence::Superseded;
pub use journal::Journal;
