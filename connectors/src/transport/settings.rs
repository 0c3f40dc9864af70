//! The settings every framed link has, and how a wrong one is reported.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use codecs::Framing;
use codecs::frame::Tpdu;
use codecs::iso8583::{Mac, MacKey, Padding, Profile};
use serde::Deserialize;

use super::iso8583::is_key_field;

/// A settings file that cannot be used. The text names the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not TOML, a key that does not exist or is missing, or a value of another type; says line and column.
    #[error("{0}")]
    Syntax(String),
    /// A key whose value makes no sense.
    #[error("{key}: {problem}")]
    Value {
        /// The key, such as `link.framing`.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

/// A value that makes no sense, as an error.
pub(crate) fn wrong<T>(key: &'static str, problem: impl Into<String>) -> Result<T, SettingsError> {
    Err(SettingsError::Value { key, problem: problem.into() })
}

/// Reads TOML text into its file structure.
pub(crate) fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, SettingsError> {
    toml::from_str(text).map_err(|error| SettingsError::Syntax(error.to_string()))
}

/// The dialect: the name of a built-in profile, or a table with its `base` and what differs.
pub(crate) fn profile(key: &'static str, value: &toml::Value) -> Result<Arc<Profile>, SettingsError> {
    match value {
        toml::Value::String(name) => match Profile::by_name(name) {
            Some(profile) => Ok(profile),
            None => {
                wrong(key, format!("there is no profile {name:?}; known are {}", Profile::NAMES.join(", ")))
            }
        },
        toml::Value::Table(table) => match Profile::from_toml(&table.to_string()) {
            Ok(profile) => Ok(Arc::new(profile)),
            Err(error) => wrong(key, error.to_string()),
        },
        _ => wrong(key, "must be the name of a profile or a table"),
    }
}

/// The framing of that name with its maximum; `keys` are those of the two.
pub(crate) fn framing(
    keys: [&'static str; 2],
    name: &str,
    frame_max_bytes: usize,
) -> Result<Framing, SettingsError> {
    if !(64..=65_533).contains(&frame_max_bytes) {
        return wrong(keys[1], "must be 64 to 65533");
    }
    match Framing::parse_name(name) {
        Some(framing) => Ok(framing.frame_max(frame_max_bytes)),
        None => {
            let known: Vec<&str> = Framing::NAMES.iter().map(|(name, _)| *name).collect();
            wrong(keys[0], format!("there is no framing {name:?}; known are {}", known.join(", ")))
        }
    }
}

/// The TPDU: ten hexadecimal digits exactly when the framing has one.
pub(crate) fn tpdu(framing: &Framing, text: Option<&str>) -> Result<Option<Tpdu>, SettingsError> {
    match (framing.name() == "len2-be-tpdu", text) {
        (false, None) => Ok(None),
        (false, Some(_)) => wrong("link.tpdu", "only framing len2-be-tpdu has one"),
        (true, None) => wrong("link.tpdu", "is missing: framing len2-be-tpdu needs it"),
        (true, Some(text)) => {
            match codecs::hex::decode(text.as_bytes()).and_then(|bytes| bytes.try_into().ok()) {
                Some(tpdu) => Ok(Some(tpdu)),
                None => wrong("link.tpdu", "must be ten hexadecimal digits"),
            }
        }
    }
}

/// Plaintext may leave the machine only when the settings say so in words.
pub(crate) fn plaintext_allowed(
    key: &'static str,
    address: &str,
    allowed: bool,
) -> Result<(), SettingsError> {
    let host = address.rsplit_once(':').map_or("", |(host, _)| host);
    let loopback = match (address.parse::<SocketAddr>(), host.trim_matches(['[', ']']).parse::<IpAddr>()) {
        (Ok(socket), _) => socket.ip().is_loopback(),
        (_, Ok(ip)) => ip.is_loopback(),
        _ => host == "localhost",
    };
    if host.is_empty() {
        return wrong(key, format!("{address:?} is not host:port"));
    }
    if loopback || allowed {
        return Ok(());
    }
    wrong(
        key,
        format!(
            "{address} is not this machine and the link is not encrypted: put it behind TLS or IPsec and say allow_plaintext = true"
        ),
    )
}

/// A match key: known fields, each once.
pub(crate) fn match_key(key: &'static str, fields: &[u8]) -> Result<(), SettingsError> {
    let twice = fields.iter().enumerate().any(|(i, field)| fields[..i].contains(field));
    if fields.is_empty() || twice || !fields.iter().all(|field| is_key_field(*field)) {
        return wrong(key, "must name fields out of 7, 11, 12, 13, 32, 37, 41 and 42, each once");
    }
    Ok(())
}

/// How messages are authenticated (fields 64 and 128).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MacFile {
    algorithm: String,
    key_hex: Option<String>,
    key_file: Option<std::path::PathBuf>,
    key_env: Option<String>,
}

impl MacFile {
    /// The algorithm with its key, from exactly one of the three places a key may be in.
    pub(crate) fn open(&self) -> Result<Mac, SettingsError> {
        let hex = match (&self.key_hex, &self.key_file, &self.key_env) {
            (Some(hex), None, None) => hex.clone(),
            (None, Some(path), None) => match std::fs::read_to_string(path) {
                Ok(text) => text.trim().to_owned(),
                Err(error) => return wrong("mac.key_file", format!("{}: {error}", path.display())),
            },
            (None, None, Some(name)) => match std::env::var(name) {
                Ok(text) => text.trim().to_owned(),
                Err(_) => return wrong("mac.key_env", format!("the environment has no variable {name}")),
            },
            _ => return wrong("mac", "needs exactly one of key_file, key_env and (sandbox only) key_hex"),
        };
        let made = MacKey::from_hex(&hex).and_then(|key| match self.algorithm.as_str() {
            "retail" => Mac::retail(&key, Padding::Zeros),
            "retail-method2" => Mac::retail(&key, Padding::OneThenZeros),
            _ => Mac::aes_cmac(&key),
        });
        if !matches!(self.algorithm.as_str(), "retail" | "retail-method2" | "aes-cmac") {
            return wrong("mac.algorithm", "must be retail, retail-method2 or aes-cmac");
        }
        made.or_else(|error| wrong("mac", error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plaintext_leaves_the_machine_only_when_said() {
        for (address, allowed, fine) in [
            ("127.0.0.1:7000", false, true),
            ("[::1]:7000", false, true),
            ("localhost:7000", false, true),
            ("10.0.0.1:7000", false, false),
            ("10.0.0.1:7000", true, true),
            ("host.example:7000", false, false),
            ("0.0.0.0:7000", false, false),
            ("7000", true, false),
        ] {
            assert_eq!(
                plaintext_allowed("link.address", address, allowed).is_ok(),
                fine,
                "{address} {allowed}"
            );
        }
    }
}
