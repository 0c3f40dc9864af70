//! The integration tests, one binary: what the switch does as its neighbours see it, over real
//! sockets and real processes, and the house rules.

mod api;
mod config;
mod support;
mod tidy;
