//! What operators and callers may send to the daemon, one function a kind of bytes. Built for tests and for the
//! fuzzer (`cfg(fuzzing)`); nothing of it ships. Each takes bytes of any kind, panics when a promise is broken, and
//! says whether the bytes were accepted. What reads the API's requests is in `api/fuzz.rs`.

use std::net::IpAddr;
use std::path::Path;

pub use crate::api::fuzz::{
    authorization, bill_body, card_body, idempotency_key, money, payer, payment_body, public_id, query,
};
use crate::catalogue::Catalogue;
use crate::courier::Reach;
use crate::settings::{Loaded, Webhooks};
use crate::wiring;

/// Reads `bytes` as `switchd.toml`. True when they are accepted: then the switch can be put together from them, as far
/// as no file they name and no listener is needed for it.
pub fn settings(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    match Loaded::of(Path::new("switchd.toml"), text.to_owned()) {
        Ok(loaded) => {
            let settings = &loaded.settings;
            assert!(wiring::clock(&loaded).is_ok(), "an accepted zone is no zone");
            assert!(settings.node < settings.nodes && settings.nodes <= switch_core::id::NODES_MAX);
            assert!((1..=64).contains(&settings.worker_threads) && settings.in_flight_max > 0);
            assert!(settings.log.level.parse::<tracing_subscriber::filter::EnvFilter>().is_ok());
            assert_eq!(settings.pan_mode == "vault", settings.vault.key_file.is_some());
            let open = !settings.http.listen.ip().to_canonical().is_loopback();
            assert!(
                !open || settings.http.allow_plaintext || settings.http.tls.cert.is_some(),
                "in the clear"
            );
            assert!(!settings.database.url.contains("password="), "a password in the settings");
            true
        }
        Err(error) => {
            let said = error.to_string();
            assert_eq!(said.lines().count(), 1, "one sentence: {said}");
            assert!(said.starts_with("switchd.toml"), "the file is named: {said}");
            false
        }
    }
}

/// Reads `bytes` as a file of departments and services. True when they are one.
pub fn catalogue(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut catalogue = Catalogue::default();
    match catalogue.take(text) {
        Ok(()) => {
            for (code, account) in catalogue.settlement_accounts() {
                assert!(
                    text.contains(&code) || text.contains('\\') && !account.is_empty() || code.is_empty()
                );
            }
            assert!(
                catalogue.take(text).is_err() || catalogue.settlement_accounts().is_empty(),
                "nothing stands twice"
            );
            true
        }
        Err(problem) => {
            assert!(!problem.trim().is_empty());
            false
        }
    }
}

/// The address of a subscriber, after one byte that chooses how far news may go. True when it may go there: never
/// inside a network that was not opened, however the address is spelled.
pub fn webhook_address(bytes: &[u8]) -> bool {
    let (how, text) = bytes.split_first().unwrap_or((&0, &[]));
    let (allow_loopback, allow_private) = (how & 1 == 1, how & 2 == 2);
    let reach = Reach::from(&Webhooks { allow_loopback, allow_private });
    let Ok(text) = std::str::from_utf8(text) else { return false };
    match reach.check(text) {
        Ok(url) => {
            assert!(url.scheme() == "https" || url.scheme() == "http" && allow_loopback, "{url}");
            assert!(url.username().is_empty() && url.password().is_none(), "{url}");
            let host = url.host_str().expect("an address has a host").trim_matches(['[', ']']);
            if let Ok(ip) = host.parse::<IpAddr>() {
                let ip = ip.to_canonical();
                assert!(allow_loopback || !ip.is_loopback(), "{url}");
                assert!(allow_private || !is_private(ip), "{url}");
                assert!(!ip.is_unspecified() && !ip.is_multicast(), "{url}");
                assert!(!matches!(ip, IpAddr::V4(v4) if v4.is_link_local() || v4.is_broadcast()), "{url}");
            }
            assert_eq!(reach.check(url.as_str()).as_ref(), Ok(&url), "the same address, written by us");
            true
        }
        Err(problem) => {
            assert!(!problem.is_empty());
            false
        }
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_private(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
#[path = "../../codecs/fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz"))
    }

    macro_rules! replayed {
        ($($name:ident)*) => {
            $(#[test]
            fn $name() {
                replay::replay(folder(), stringify!($name), super::$name);
            })*

            /// The targets of the connectors lie in the same folder and are replayed by their own tests.
            #[test]
            fn every_target_is_complete() {
                let connectors = ["card_answer", "card_settings", "pos_request", "pos_settings", "sandbox_book"];
                replay::complete(folder(), &[&[$(stringify!($name)),*], &connectors[..]].concat());
            }
        };
    }

    replayed! {
        authorization bill_body card_body catalogue idempotency_key money payer payment_body public_id query settings
        webhook_address
    }
}
