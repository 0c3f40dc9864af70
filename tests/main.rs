//! The integration tests, one binary: what the switch does as its neighbours see it, over real
//! sockets and real processes, and the house rules.

mod api;
mod audit;
mod config;
mod crash;
mod faults;
mod formats;
mod kill_points;
mod network;
mod peers;
mod power;
#[expect(dead_code, reason = "the load benches use the rest of the rig")]
mod rig;
mod support;
mod tidy;
mod twins;
