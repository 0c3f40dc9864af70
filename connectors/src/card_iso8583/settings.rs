//! One card host as a TOML file: `config/connectors/<id>.toml` documents every key.
//!
//! Everything that differs between hosts is here, so that a second processor is a second file.

use std::sync::Arc;
use std::time::Duration;

use codecs::Framing;
use codecs::frame::Tpdu;
use codecs::iso8583::{Mac, Mti, Profile as Dialect};
use jiff::tz::TimeZone;
use serde::Deserialize;
use switch_core::connector::{Method, Profile};
use switch_core::money::{AMOUNT_MAX_MINOR, Currency};

use super::messages;
use crate::transport::settings::{self, MacFile, SettingsError, wrong};

/// The name of this kind of counterparty in a settings file.
pub const KIND: &str = "card_iso8583";

/// A card host, ready to be connected to.
#[derive(Debug, Clone)]
pub struct CardSettings {
    /// What router and recovery read.
    pub profile: Profile,
    /// The connection.
    pub link: LinkSettings,
    /// How messages are written.
    pub dialect: Arc<Dialect>,
    /// How messages are authenticated; `None` for a link without MAC.
    pub mac: Option<Mac>,
    /// Who we are.
    pub acceptor: Acceptor,
    /// How an attempt is taken back.
    pub reversal: ReversalRules,
    /// How the host is asked what became of an attempt; `None` when it cannot be.
    pub enquiry: Option<EnquiryRules>,
}

/// The connection to a host.
#[derive(Debug, Clone)]
pub struct LinkSettings {
    /// `host:port`, tried in order.
    pub address: Vec<String>,
    /// How messages are told apart on the stream, with their maximum.
    pub framing: Framing,
    /// Five bytes in front of each message, where the framing has them.
    pub tpdu: Option<Tpdu>,
    /// Time for one TCP connection to come up.
    pub connect_timeout: Duration,
    /// Time for the answer to any message.
    pub response_timeout: Duration,
    /// Time between two echo tests.
    pub echo_interval: Duration,
    /// So many echo tests without an answer end the connection.
    pub echo_misses_max: u32,
    /// First wait before the link is tried again; doubles up to the next.
    pub reconnect_min: Duration,
    /// Longest wait before the link is tried again.
    pub reconnect_max: Duration,
    /// Requests outstanding at one time.
    pub in_flight_max: usize,
    /// Fields that, with the folded message type, tie an answer to its request.
    pub match_key: Vec<u8>,
    /// Fields out of 37 and 49 that the host may leave out of an approval.
    pub echo_optional: Vec<u8>,
}

/// The acquirer and the place of sale, the same in every message.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptor {
    /// Field 32, up to 11 digits.
    pub acquirer_id: String,
    /// Field 41, up to 8 characters.
    pub terminal_id: String,
    /// Field 42, up to 15 characters.
    pub merchant_id: String,
    /// Field 43, up to 40 characters.
    pub name_location: String,
    /// Field 18: what is sold (ISO 18245); 9399 is government services.
    pub merchant_category: String,
    /// Field 22.
    pub entry_mode: String,
    /// Field 25.
    pub condition_code: String,
    /// Field 3.
    pub processing_code: String,
    /// The zone of fields 12 and 13, such as `Asia/Hebron`.
    #[serde(deserialize_with = "time_zone")]
    pub time_zone: TimeZone,
}

/// How an attempt is taken back.
#[derive(Debug, Clone)]
pub struct ReversalRules {
    /// 0420 (advice) or 0400 (request); its repeat is derived.
    pub mti: Mti,
    /// Answers (field 39) that mean: it is taken back.
    pub accepted: Vec<String>,
    /// Answers that mean: there is no such original.
    pub not_found: Vec<String>,
    /// Whether "no such original" proves that no money moved.
    pub not_found_is_reversed: bool,
    /// Field 39 of the request, for hosts that want one.
    pub reason_code: Option<String>,
}

/// How the host is asked what became of an attempt.
#[derive(Debug, Clone)]
pub struct EnquiryRules {
    /// Usually 0600.
    pub mti: Mti,
    /// Field 3 of the enquiry, for hosts that want one.
    pub processing_code: Option<String>,
    /// Field of the answer that carries the response code of the original.
    pub original_code_field: u8,
    /// Answers (field 39) that prove that the original never came.
    pub absent: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    kind: String,
    id: String,
    priority: u16,
    currencies: Vec<String>,
    amount_max_minor: i64,
    link: LinkFile,
    mac: Option<MacFile>,
    acceptor: Acceptor,
    reversal: ReversalFile,
    enquiry: Option<EnquiryFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkFile {
    address: Vec<String>,
    #[serde(default)]
    allow_plaintext: bool,
    profile: toml::Value,
    framing: String,
    frame_max_bytes: usize,
    tpdu: Option<String>,
    connect_timeout_ms: u64,
    response_timeout_ms: u64,
    echo_interval_ms: u64,
    echo_misses_max: u32,
    reconnect_min_ms: u64,
    reconnect_max_ms: u64,
    in_flight_max: usize,
    #[serde(default = "match_key_default")]
    match_key: Vec<u8>,
    #[serde(default)]
    echo_optional: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReversalFile {
    mti: String,
    accepted: Vec<String>,
    not_found: Vec<String>,
    not_found_is_reversed: bool,
    reason_code: Option<String>,
    backoff_ms: Vec<u64>,
    review_after_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnquiryFile {
    mti: String,
    processing_code: Option<String>,
    original_code_field: u8,
    absent: Vec<String>,
}

fn match_key_default() -> Vec<u8> {
    vec![7, 11, 37, 41]
}

fn time_zone<'de, D: serde::Deserializer<'de>>(from: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(from)?;
    TimeZone::get(&name).map_err(|_| serde::de::Error::custom(format!("there is no time zone {name:?}")))
}

impl CardSettings {
    /// Reads and checks a settings file.
    ///
    /// # Errors
    /// [`SettingsError`] names the key, or for broken TOML the line.
    pub fn from_toml(text: &str) -> Result<Self, SettingsError> {
        let file: File = settings::read(text)?;
        if file.kind != KIND {
            return wrong("kind", format!("must be {KIND}"));
        }
        let currencies = currencies(&file.currencies)?;
        let dialect = settings::profile("link.profile", &file.link.profile)?;
        if !(1..=AMOUNT_MAX_MINOR).contains(&file.amount_max_minor) {
            return wrong("amount_max_minor", format!("must be 1 to {AMOUNT_MAX_MINOR}"));
        }
        if file.reversal.backoff_ms.is_empty() {
            return wrong("reversal.backoff_ms", "needs at least one wait");
        }
        acceptor(&file.acceptor)?;
        let profile = Profile {
            id: file.id,
            methods: vec![Method::Card],
            currencies,
            amount_max_minor: file.amount_max_minor,
            response_timeout_ms: file.link.response_timeout_ms,
            enquiry: file.enquiry.is_some(),
            reversal_backoff_ms: file.reversal.backoff_ms.clone(),
            review_after_ms: file.reversal.review_after_ms,
            priority: file.priority,
        };
        let settings = Self {
            profile,
            link: link(file.link)?,
            dialect,
            mac: file.mac.map(|mac| mac.open()).transpose()?,
            acceptor: file.acceptor,
            reversal: reversal(file.reversal)?,
            enquiry: file.enquiry.map(enquiry).transpose()?,
        };
        if let Some(rules) = &settings.enquiry
            && settings.dialect.field(rules.original_code_field).is_none()
        {
            return wrong("enquiry.original_code_field", "is not a field the profile carries");
        }
        messages::rehearse(&settings).or_else(|why| wrong("link.profile", why))?;
        Ok(settings)
    }
}

fn currencies(codes: &[String]) -> Result<Vec<Currency>, SettingsError> {
    let known: Option<Vec<Currency>> = codes.iter().map(|code| Currency::from_alpha(code)).collect();
    match known {
        Some(known) if !known.is_empty() => Ok(known),
        _ => wrong("currencies", "must be ISO 4217 letters the switch knows, such as [\"ILS\"]"),
    }
}

fn link(file: LinkFile) -> Result<LinkSettings, SettingsError> {
    if file.address.is_empty() {
        return wrong("link.address", "needs at least one host:port");
    }
    for address in &file.address {
        settings::plaintext_allowed("link.address", address, file.allow_plaintext)?;
    }
    let framing =
        settings::framing(["link.framing", "link.frame_max_bytes"], &file.framing, file.frame_max_bytes)?;
    settings::match_key("link.match_key", &file.match_key)?;
    if !file.match_key.contains(&11) {
        return wrong("link.match_key", "must contain 11: nothing else tells two requests of a second apart");
    }
    if !file.echo_optional.iter().all(|field| matches!(field, 37 | 49)) {
        return wrong("link.echo_optional", "may name 37 and 49 only");
    }
    if file.response_timeout_ms == 0 || file.echo_interval_ms == 0 || file.connect_timeout_ms == 0 {
        return wrong("link", "response_timeout_ms, echo_interval_ms and connect_timeout_ms must be above 0");
    }
    if file.reconnect_min_ms == 0 || file.reconnect_max_ms < file.reconnect_min_ms {
        return wrong("link.reconnect_max_ms", "must be at least reconnect_min_ms, and that above 0");
    }
    if !(1..=100_000).contains(&file.in_flight_max) {
        return wrong("link.in_flight_max", "must be 1 to 100000");
    }
    Ok(LinkSettings {
        tpdu: settings::tpdu(&framing, file.tpdu.as_deref())?,
        address: file.address,
        framing,
        connect_timeout: Duration::from_millis(file.connect_timeout_ms),
        response_timeout: Duration::from_millis(file.response_timeout_ms),
        echo_interval: Duration::from_millis(file.echo_interval_ms),
        echo_misses_max: file.echo_misses_max.max(1),
        reconnect_min: Duration::from_millis(file.reconnect_min_ms),
        reconnect_max: Duration::from_millis(file.reconnect_max_ms),
        in_flight_max: file.in_flight_max,
        match_key: file.match_key,
        echo_optional: file.echo_optional,
    })
}

fn acceptor(acceptor: &Acceptor) -> Result<(), SettingsError> {
    let digits = |text: &str, len: std::ops::RangeInclusive<usize>| {
        len.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    let printable = |text: &str, max: usize| {
        (1..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
    };
    for (key, fine, rule) in [
        ("acceptor.acquirer_id", digits(&acceptor.acquirer_id, 1..=11), "must be 1 to 11 digits"),
        ("acceptor.terminal_id", printable(&acceptor.terminal_id, 8), "must be 1 to 8 printable characters"),
        (
            "acceptor.merchant_id",
            printable(&acceptor.merchant_id, 15),
            "must be 1 to 15 printable characters",
        ),
        (
            "acceptor.name_location",
            printable(&acceptor.name_location, 40),
            "must be 1 to 40 printable characters",
        ),
        ("acceptor.merchant_category", digits(&acceptor.merchant_category, 4..=4), "must be 4 digits"),
        ("acceptor.entry_mode", digits(&acceptor.entry_mode, 3..=3), "must be 3 digits"),
        ("acceptor.condition_code", digits(&acceptor.condition_code, 2..=2), "must be 2 digits"),
        ("acceptor.processing_code", digits(&acceptor.processing_code, 6..=6), "must be 6 digits"),
    ] {
        if !fine {
            return wrong(key, rule);
        }
    }
    Ok(())
}

fn reversal(file: ReversalFile) -> Result<ReversalRules, SettingsError> {
    let mti = match file.mti.as_str() {
        "0420" | "0400" => {
            file.mti.parse::<Mti>().or_else(|_| wrong("reversal.mti", "is not a message type"))?
        }
        _ => return wrong("reversal.mti", "must be 0420 or 0400"),
    };
    codes("reversal.accepted", &file.accepted)?;
    codes("reversal.not_found", &file.not_found)?;
    if file.accepted.is_empty() {
        return wrong("reversal.accepted", "needs at least one code");
    }
    Ok(ReversalRules {
        mti,
        accepted: file.accepted,
        not_found: file.not_found,
        not_found_is_reversed: file.not_found_is_reversed,
        reason_code: file.reason_code,
    })
}

fn enquiry(file: EnquiryFile) -> Result<EnquiryRules, SettingsError> {
    codes("enquiry.absent", &file.absent)?;
    let mti = match file.mti.parse::<Mti>() {
        Ok(mti) if mti.response_of().is_some() => mti,
        _ => return wrong("enquiry.mti", "must be a request such as 0600"),
    };
    Ok(EnquiryRules {
        mti,
        processing_code: file.processing_code,
        original_code_field: file.original_code_field,
        absent: file.absent,
    })
}

fn codes(key: &'static str, codes: &[String]) -> Result<(), SettingsError> {
    if codes.iter().all(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphanumeric())) {
        return Ok(());
    }
    wrong(key, "must be response codes of two characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../../config/connectors/card-sandbox.toml");

    #[test]
    fn the_committed_file_reads() {
        let settings = CardSettings::from_toml(FILE).expect("valid");
        assert_eq!((settings.profile.id.as_str(), settings.profile.enquiry), ("card-sandbox", true));
        assert_eq!(settings.link.match_key, [7, 11, 37, 41]);
        assert!(!format!("{settings:?}").to_lowercase().contains("2b7e1516"), "the key is never printed");
    }

    #[test]
    fn a_wrong_key_is_named() {
        for (from, to, says) in [
            ("framing = \"len2-be\"", "framing = \"len3\"", "link.framing: there is no framing \"len3\""),
            (
                "profile = \"iso87-ascii\"",
                "profile = \"iso99\"",
                "link.profile: there is no profile \"iso99\"",
            ),
            (
                "profile = \"iso87-ascii\"",
                "profile = { base = \"iso87-bcd\", fields = { 48 = { maxi = 1 } } }",
                "maxi",
            ),
            ("127.0.0.1:7583", "10.0.0.1:7583", "link.address: 10.0.0.1:7583 is not this machine"),
            ("[\"127.0.0.1:7583\"]", "[]", "link.address: needs at least one"),
            ("match_key = [7, 11, 37, 41]", "match_key = [7, 37]", "link.match_key: must contain 11"),
            ("match_key = [7, 11, 37, 41]", "match_key = [11, 2]", "link.match_key: must name fields out of"),
            ("mti = \"0420\"", "mti = \"0200\"", "reversal.mti: must be 0420 or 0400"),
            ("mti = \"0600\"", "mti = \"0610\"", "enquiry.mti: must be a request"),
            ("accepted = [\"00\"]", "accepted = [\"0\"]", "reversal.accepted: must be response codes"),
            ("\"aes-cmac\"", "\"rot13\"", "mac.algorithm: must be"),
            ("key_hex = \"2b", "key_hex = \"zz", "mac: "),
            (
                "key_hex = \"2b7e151628aed2a6abf7158809cf4f3c\"",
                "key_file = \"/no/such/file\"",
                "mac.key_file: /no/such/file",
            ),
            ("key_hex = ", "key_env = \"A\"\nkey_hex = ", "mac: needs exactly one of"),
            ("currencies = [\"ILS\"", "currencies = [\"NIS\"", "currencies: must be ISO 4217"),
            (
                "time_zone = \"Asia/Hebron\"",
                "time_zone = \"Asia/Atlantis\"",
                "there is no time zone \"Asia/Atlantis\"",
            ),
            (
                "frame_max_bytes = 4096",
                "frame_max_bytes = 70000",
                "link.frame_max_bytes: must be 64 to 65533",
            ),
            ("echo_misses_max = 3", "echo_misses_max = 3\ncolour = 1", "unknown field `colour`"),
            ("in_flight_max = 4_096", "", "missing field `in_flight_max`"),
            ("original_code_field = 44", "original_code_field = 65", "enquiry.original_code_field: is not a"),
            // What could be sent and never taken back is refused before anything is sent.
            (
                "# reason_code = \"68\"",
                "reason_code = \"timeout\"",
                "link.profile: a reversal cannot be written: field 39 ",
            ),
            (
                "# processing_code = \"380000\"",
                "processing_code = \"38\"",
                "an enquiry cannot be written: field 3 ",
            ),
            (
                "profile = \"iso87-ascii\"",
                "profile = { base = \"iso87-bcd\", fields = { 90 = { carried = false } } }",
                "a reversal cannot be written: field 90 ",
            ),
            ("profile = \"iso87-ascii\"", "profile = \"iso93-ascii\"", "a sale cannot be written: field 0 "),
            (
                "frame_max_bytes = 4096",
                "frame_max_bytes = 64",
                "a sale cannot be written: the frame is longer",
            ),
        ] {
            assert!(FILE.contains(from), "{from}");
            let error = CardSettings::from_toml(&FILE.replacen(from, to, 1)).expect_err(to).to_string();
            assert!(error.contains(says), "{to}: {error}");
        }
    }

    #[test]
    fn a_dialect_may_differ_in_single_fields() {
        let table = "profile = { base = \"iso87-bcd\", name = \"meps\", fields = { 48 = { max = 255 } } }";
        let settings =
            CardSettings::from_toml(&FILE.replacen("profile = \"iso87-ascii\"", table, 1)).expect("valid");
        assert_eq!(settings.dialect.name(), "meps");
    }
}
