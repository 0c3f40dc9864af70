//! Speaks to each kind of counterparty, and holds the sandbox twin of each.
//!
//! A folder is a *kind* of counterparty; a TOML file in `config/connectors/` is one counterparty. Each folder has
//! `messages.rs` (pure), `response_codes.rs` (a table), `settings.rs` (the file), `mod.rs` (thin), `sandbox.rs` (the
//! other side) and a README. The crate's README says how to add one.
//!
//! Connectors are stateless translators: the engine allocates the references, decides and remembers. This crate knows
//! no database, no HTTP and no rule of payment, and it never guesses: an answer that is late, doubled, unreadable or
//! not authentic is evidence or an alarm, never an outcome.

pub mod card_iso8583;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod pos_iso8583;
pub mod transport;

use std::io;
use std::sync::Arc;

use switch_core::agent::CashDesk;
use switch_core::clock::Clock;
use switch_core::connector::{Connector, Evidence};

pub use transport::counters::Counters;
pub use transport::settings::SettingsError;

/// Every kind of counterparty, one line each. The key `kind` of a settings file names one.
pub const REGISTRY: [Kind; 2] = [
    Kind { name: card_iso8583::settings::KIND, start: Start::Outbound(card_iso8583::start) },
    Kind { name: pos_iso8583::settings::KIND, start: Start::Inbound(pos_iso8583::start) },
];

/// A kind of counterparty.
pub struct Kind {
    /// As in a settings file.
    pub name: &'static str,
    /// How one is started from the text of its file, on the current tokio runtime.
    pub start: Start,
}

/// Who calls whom.
pub enum Start {
    /// We send payments to it.
    Outbound(StartOutbound),
    /// It brings payments to us.
    Inbound(StartInbound),
}

/// A counterparty we send payments to, started.
pub struct Outbound {
    /// What the engine pays through.
    pub connector: Arc<dyn Connector>,
    /// What its link does, for the metrics.
    pub counters: Arc<Counters>,
}

/// Starts a counterparty we send payments to.
pub type StartOutbound = fn(&str, Arc<dyn Clock>, Arc<dyn Evidence>) -> Result<Outbound, SettingsError>;

/// Starts a port for counterparties that bring payments to us.
pub type StartInbound =
    fn(&str, Arc<dyn Clock>, Arc<dyn CashDesk>) -> Result<pos_iso8583::PosHost, StartError>;

/// Why a port is not open.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The file cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The address cannot be listened on.
    #[error("{listen}: {error}")]
    Listen {
        /// The address.
        listen: String,
        /// What the system says.
        error: io::Error,
    },
}

impl Kind {
    /// The kind a settings file names.
    ///
    /// # Errors
    /// When the text is no TOML, or its key `kind` is missing or names none of the registry.
    pub fn of(settings: &str) -> Result<&'static Self, SettingsError> {
        #[derive(serde::Deserialize)]
        struct Head {
            kind: String,
        }
        let head: Head = transport::settings::read(settings)?;
        const { &REGISTRY }.iter().find(|kind| kind.name == head.kind).ok_or_else(|| {
            let known: Vec<&str> = REGISTRY.iter().map(|kind| kind.name).collect();
            let problem = format!("there is no kind {:?}; known are {}", head.kind, known.join(", "));
            SettingsError::Value { key: "kind", problem }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_committed_settings_file_is_of_a_known_kind_and_reads() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/connectors");
        let mut kinds = Vec::new();
        for file in std::fs::read_dir(folder).expect("the folder of the settings") {
            let path = file.expect("an entry").path();
            let text = std::fs::read_to_string(&path).expect("a file");
            let kind = Kind::of(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            kinds.push(kind.name);
            let (id, read) = match &kind.start {
                Start::Outbound(_) => {
                    let read =
                        card_iso8583::CardSettings::from_toml(&text).map(|settings| settings.profile.id);
                    (read.clone().unwrap_or_default(), read.map(|_| ()))
                }
                Start::Inbound(_) => {
                    let read = pos_iso8583::PosSettings::from_toml(&text).map(|settings| settings.id);
                    (read.clone().unwrap_or_default(), read.map(|_| ()))
                }
            };
            read.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(
                path.file_stem().and_then(|stem| stem.to_str()),
                Some(id.as_str()),
                "a file has its id's name"
            );
        }
        for kind in &REGISTRY {
            assert!(kinds.contains(&kind.name), "{} has no sandbox settings", kind.name);
        }
    }

    #[test]
    fn an_unknown_kind_is_said() {
        let error = Kind::of("kind = \"telex\"").err().expect("no such kind");
        assert_eq!(
            error.to_string(),
            "kind: there is no kind \"telex\"; known are card_iso8583, pos_iso8583"
        );
    }
}
