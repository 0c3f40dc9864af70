//! The rig that tests and load share: the daemon and the sandbox card host as
//! processes of their own, on a database seeded with SQL of the rig's own, and
//! between them what goes wrong.

pub(crate) mod bed;
pub(crate) mod books;
pub(crate) mod caller;
pub(crate) mod chance;
pub(crate) mod cluster;
pub(crate) mod config;
pub(crate) mod database;
pub(crate) mod disk;
pub(crate) mod ends;
pub(crate) mod http;
pub(crate) mod load;
pub(crate) mod parties;
pub(crate) mod processes;
pub(crate) mod proxy;
pub(crate) mod seed;

/// How often a rig does what it does: a few times in every run of the tests, and as often as an
/// environment variable says when somebody asks for more.
pub(crate) fn times(variable: &str, usual: u64) -> u64 {
    let asked = std::env::var(variable).ok();
    asked.map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is not a number: {text}")))
}
