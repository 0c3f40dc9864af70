//! Speaks to each kind of counterparty, and holds the sandbox twin of each.
