//! Bytes in and out: what every rail needs below its messages.
//!
//! It deliberately knows no message and no session: connectors do.

pub mod counters;
pub(crate) mod iso8583;
pub mod settings;
pub(crate) mod tcp_link;
