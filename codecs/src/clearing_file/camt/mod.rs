//! Account reports of ISO 20022: camt.052 (during the day), camt.053 (statement), camt.054 (notification).
//!
//! Versions .02, .04, .08 and .10 are read, each held against its schema, one entry at a time; .08 of camt.053 and
//! camt.054 is written. The events are those of MT940: [`statement`](super::statement).
//!
//! What no schema says is checked where the file has it: opening balance and booked entries make the closing balance;
//! the summary counts what is there. A report in pages is not, because no page says the whole.

mod entry;
mod reader;
mod writer;

pub use reader::Reader;
pub use writer::{Head, Message, Writer};
