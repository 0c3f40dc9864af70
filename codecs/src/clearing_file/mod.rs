//! Clearing and settlement files: what banks, acquirers and we ourselves send at the end of a day.
//!
//! Every reader takes one record at a time from a stream, in constant memory at any size, checks every field, and names line
//! and field of what it refuses.

pub mod acquirer;
pub mod camt;
mod check;
mod error;
pub mod ipm;
mod lines;
pub mod mt940;
pub mod settlement;
mod spool;
pub mod statement;

pub use crate::date::{Date, Moment};
pub use check::{Format, Options, Report, Settlement, Statement, Sum, check, to_json};
pub use error::{FaultKind, FileError};
pub use spool::Spool;
