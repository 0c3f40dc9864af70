//! One network of terminals as a TOML file: `config/connectors/<id>.toml` documents every key.

use std::sync::Arc;
use std::time::Duration;

use codecs::Framing;
use codecs::iso8583::{Mac, Profile as Dialect};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::messages;
use crate::transport::settings::{self, MacFile, SettingsError, wrong};

/// The name of this kind of counterparty in a settings file.
pub const KIND: &str = "pos_iso8583";

/// A port for terminals, ready to be opened.
#[derive(Debug, Clone)]
pub struct PosSettings {
    /// Short name, unique.
    pub id: String,
    /// Where it listens; port 0 takes a free one.
    pub listen: String,
    /// How messages are written.
    pub dialect: Arc<Dialect>,
    /// How messages are authenticated; `None` for a port without MAC.
    pub mac: Option<Mac>,
    /// How messages are told apart on the stream, with their maximum.
    pub framing: Framing,
    /// Fields that name one payment of a terminal: a repeat has the same, and a reversal names them.
    pub match_key: Vec<u8>,
    /// Whether a terminal must sign on before anything else.
    pub sign_on_required: bool,
    /// Longest time for the rest of a frame that has begun, and for the sign-on of a new connection.
    pub frame_deadline: Duration,
    /// A connection without a message for so long is closed.
    pub idle_deadline: Duration,
    /// Longest time for the switch to answer; after it the terminal gets none and repeats.
    pub desk_deadline: Duration,
    /// Connections at one time.
    pub connections_max: usize,
    /// Connections at one time from one address.
    pub connections_per_address_max: usize,
    /// Terminals that may sign on over one connection, and requests at work for it.
    pub terminals_per_connection_max: usize,
    /// Field with the number of the bill.
    pub bill_field: u8,
    /// Processing code (field 3) of a bill inquiry.
    pub inquiry_code: u64,
    /// Processing code (field 3) of a cash payment.
    pub payment_code: u64,
    /// The zone of the time a terminal is told at sign-on (fields 12 and 13).
    pub time_zone: TimeZone,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    kind: String,
    id: String,
    listen: String,
    #[serde(default)]
    allow_plaintext: bool,
    profile: toml::Value,
    framing: String,
    frame_max_bytes: usize,
    #[serde(default = "match_key_default")]
    match_key: Vec<u8>,
    sign_on_required: bool,
    frame_deadline_ms: u64,
    idle_deadline_ms: u64,
    desk_deadline_ms: u64,
    connections_max: usize,
    connections_per_address_max: usize,
    terminals_per_connection_max: usize,
    bill_field: u8,
    inquiry_code: String,
    payment_code: String,
    time_zone: String,
    mac: Option<MacFile>,
}

fn match_key_default() -> Vec<u8> {
    vec![41, 11, 12, 13]
}

impl PosSettings {
    /// Reads and checks a settings file.
    ///
    /// # Errors
    /// [`SettingsError`] names the key, or for broken TOML the line.
    pub fn from_toml(text: &str) -> Result<Self, SettingsError> {
        let file: File = settings::read(text)?;
        if file.kind != KIND {
            return wrong("kind", format!("must be {KIND}"));
        }
        settings::plaintext_allowed("listen", &file.listen, file.allow_plaintext)?;
        settings::match_key("match_key", &file.match_key)?;
        if !file.match_key.contains(&41) || !file.match_key.contains(&11) {
            return wrong("match_key", "must contain 41 and 11: the terminal and its trace number");
        }
        for (key, value) in [
            ("frame_deadline_ms", file.frame_deadline_ms),
            ("idle_deadline_ms", file.idle_deadline_ms),
            ("desk_deadline_ms", file.desk_deadline_ms),
            ("connections_max", file.connections_max as u64),
            ("connections_per_address_max", file.connections_per_address_max as u64),
            ("terminals_per_connection_max", file.terminals_per_connection_max as u64),
        ] {
            if value == 0 {
                return wrong(key, "must be above 0");
            }
        }
        let dialect = settings::profile("profile", &file.profile)?;
        if !matches!(file.bill_field, 46..=48 | 57..=63 | 105..=127)
            || dialect.field(file.bill_field).is_none()
        {
            return wrong("bill_field", "must be a private field the profile carries, such as 62");
        }
        let settings = Self {
            id: file.id,
            dialect,
            framing: settings::framing(["framing", "frame_max_bytes"], &file.framing, file.frame_max_bytes)?,
            mac: file.mac.map(|mac| mac.open()).transpose()?,
            match_key: file.match_key,
            sign_on_required: file.sign_on_required,
            frame_deadline: Duration::from_millis(file.frame_deadline_ms),
            idle_deadline: Duration::from_millis(file.idle_deadline_ms),
            desk_deadline: Duration::from_millis(file.desk_deadline_ms),
            connections_max: file.connections_max,
            connections_per_address_max: file.connections_per_address_max,
            terminals_per_connection_max: file.terminals_per_connection_max,
            bill_field: file.bill_field,
            inquiry_code: processing_code("inquiry_code", &file.inquiry_code)?,
            payment_code: processing_code("payment_code", &file.payment_code)?,
            time_zone: TimeZone::get(&file.time_zone)
                .or_else(|_| wrong("time_zone", format!("there is no time zone {:?}", file.time_zone)))?,
            listen: file.listen,
        };
        messages::rehearse(&settings)
            .or_else(|why| wrong("profile", format!("a terminal cannot be answered: {why}")))?;
        Ok(settings)
    }
}

fn processing_code(key: &'static str, text: &str) -> Result<u64, SettingsError> {
    match text.parse() {
        Ok(code) if text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()) => Ok(code),
        _ => wrong(key, "must be six digits"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../../config/connectors/pos-sandbox.toml");

    #[test]
    fn a_wrong_key_is_named() {
        for (from, to, says) in [
            (
                "listen = \"127.0.0.1:7584\"",
                "listen = \"0.0.0.0:7584\"",
                "listen: 0.0.0.0:7584 is not this machine",
            ),
            ("match_key = [41, 11, 12, 13]", "match_key = [11, 12, 13]", "match_key: must contain 41 and 11"),
            ("bill_field = 62", "bill_field = 4", "bill_field: must be a private field"),
            ("inquiry_code = \"310000\"", "inquiry_code = \"31\"", "inquiry_code: must be six digits"),
            ("idle_deadline_ms = 180_000", "idle_deadline_ms = 0", "idle_deadline_ms: must be above 0"),
            ("framing = \"len2-be\"", "framing = \"x\"", "framing: there is no framing \"x\""),
            ("kind = \"pos_iso8583\"", "kind = \"card_iso8583\"", "kind: must be pos_iso8583"),
            ("connections_max = 1_000", "connection_max = 1", "unknown field `connection_max`"),
            // A port that takes money and cannot say so is not opened.
            ("\"iso87-ascii\"", "\"iso93-ascii\"", "profile: a terminal cannot be answered: field "),
            (
                "\"iso87-ascii\"",
                "{ base = \"iso87-bcd\", fields = { 44 = { max = 8 } } }",
                "profile: a terminal cannot be answered: field 44 ",
            ),
        ] {
            assert!(FILE.contains(from), "{from}");
            let error = PosSettings::from_toml(&FILE.replacen(from, to, 1)).expect_err(to).to_string();
            assert!(error.contains(says), "{to}: {error}");
        }
    }
}
