//! Clearing and settlement files: what banks, acquirers and we ourselves send at the end of a day.
//!
//! Every reader takes one record at a time from a stream, in constant memory at any size, checks every field, and names line
//! and field of what it refuses.

mod date;
mod error;
mod lines;
pub mod settlement;
mod spool;

pub use date::{Date, Moment};
pub use error::{FaultKind, FileError};
pub use spool::Spool;
