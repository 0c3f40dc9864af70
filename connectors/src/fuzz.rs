//! What counterparties and operators may send to the connectors, one function a kind of bytes, and what must hold of
//! it. Built for tests and for the fuzzer (`cfg(fuzzing)`); nothing of it ships.
//!
//! Each takes bytes of any kind, panics when a promise is broken, and says whether the bytes were accepted. Sockets
//! are left out: what reads here is pure, and the rigs of `tests/` hold the sockets to it.

mod card;
mod files;
mod pos;
#[cfg(test)]
#[path = "../../codecs/fuzz/replay.rs"]
#[expect(dead_code, reason = "the daemon holds the folder to be complete")]
mod replay;

pub use card::card_answer;
pub use files::{card_settings, pos_settings, sandbox_book};
pub use pos::pos_request;

use std::sync::Arc;

use codecs::iso8583::Profile;

use crate::transport::iso8583::Wire;

/// A wire without authentication, so that an input need not guess a code to be read.
fn open_wire(dialect: &Arc<Profile>) -> Wire {
    Wire { dialect: Arc::clone(dialect), mac: None }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn replayed(name: &str, target: fn(&[u8]) -> bool) {
        replay::replay(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz")), name, target);
    }

    #[test]
    fn answers_of_a_card_host() {
        replayed("card_answer", card_answer);
    }

    #[test]
    fn requests_of_a_terminal() {
        replayed("pos_request", pos_request);
    }

    #[test]
    fn settings_of_a_card_host() {
        replayed("card_settings", card_settings);
    }

    #[test]
    fn settings_of_a_port() {
        replayed("pos_settings", pos_settings);
    }

    #[test]
    fn a_book_of_the_sandbox() {
        replayed("sandbox_book", sandbox_book);
    }
}
