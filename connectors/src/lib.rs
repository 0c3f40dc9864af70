//! Speaks to each kind of counterparty, and holds the sandbox twin of each.
//!
//! A folder is a kind of counterparty; a TOML file in `config/connectors/` is one counterparty. See the README for
//! how to add one.

pub mod card_iso8583;
pub mod pos_iso8583;
pub mod transport;
