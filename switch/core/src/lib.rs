//! What a payment, a posting and a bill *are*, and which changes are allowed.
//!
//! Deliberately absent: I/O, a clock, a runtime, randomness, SQL and the
//! serialisation of domain types. Time and identifiers come in as values, so
//! the same inputs always give the same decision and a simulation can drive it.
#![forbid(unsafe_code)]

pub mod accounts;
pub mod agent;
pub mod attempt;
pub mod bill;
pub mod card;
pub mod clock;
pub mod connector;
pub mod fault;
pub mod id;
pub mod idempotency;
pub mod ledger;
pub mod limits;
pub mod money;
pub mod payment;
pub mod person;
pub mod routing;
