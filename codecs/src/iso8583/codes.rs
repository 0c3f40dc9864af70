//! What codes mean: message types, responses (39), network management (70, in 1993 and 2003 function codes in 24) and
//! transaction types (3). The texts are ours, for people; programs decide by [`Class`].
//!
//! Networks redefine many codes, so a profile may add to the tables and replace their entries:
//!
//! ```toml
//! [codes]
//! N7 = { class = "decline", text = "CVV2 mismatch" }
//! [network_codes]
//! 165 = "key change request"
//! ```
//!
//! A code in no table has no meaning here, and nothing is made up for it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::mti::Mti;
use super::spec::Profile;

/// What a switch does about a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// It may go ahead.
    Approve,
    /// It may go ahead for less than was asked.
    Partial,
    /// It may not.
    Decline,
    /// It may not, and the card is to be kept.
    Pickup,
    /// Not now: the same again may do.
    Retry,
    /// Who decides could not be reached.
    Unavailable,
    /// Who decides did not answer in time.
    Timeout,
    /// It is not decided yet.
    Pending,
    /// It came before.
    Duplicate,
    /// The message was not understood.
    Format,
    /// A MAC, a key or a rule of security was broken.
    Security,
    /// Two sides' figures disagree.
    Mismatch,
    /// Something failed.
    Error,
}

impl Class {
    /// The name profiles use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Class::Approve => "approve",
            Class::Partial => "partial",
            Class::Decline => "decline",
            Class::Pickup => "pickup",
            Class::Retry => "retry",
            Class::Unavailable => "unavailable",
            Class::Timeout => "timeout",
            Class::Pending => "pending",
            Class::Duplicate => "duplicate",
            Class::Format => "format",
            Class::Security => "security",
            Class::Mismatch => "mismatch",
            Class::Error => "error",
        }
    }
}

/// What a response code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<'p> {
    /// What a switch does about it.
    pub class: Class,
    /// In words.
    pub text: &'p str,
}

/// The codes a profile adds or replaces, as written down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OwnCodes {
    pub(super) responses: BTreeMap<String, OwnResponse>,
    pub(super) network: BTreeMap<String, String>,
}

/// One line of a profile's `[codes]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnResponse {
    class: Class,
    text: String,
}

/// What the response or action code in field 39 means in this dialect.
#[must_use]
pub fn response<'p>(profile: &'p Profile, code: &str) -> Option<Response<'p>> {
    if let Some(own) = profile.own_codes().responses.get(code) {
        return Some(Response { class: own.class, text: &own.text });
    }
    // The edition gives the code its length; a dialect that changes the field changes the table.
    let table: &'static [(&str, Class, &str)] = match profile.field(39).map(|field| field.max) {
        Some(2) => &RESPONSES_1987,
        Some(3) => &RESPONSES_1993,
        _ => &[],
    };
    table.iter().find(|(known, ..)| *known == code).map(|(_, class, text)| Response { class: *class, text })
}

/// The field that says what a network management message is about: 70 in 1987, the function code 24 later.
#[must_use]
pub fn network_field(profile: &Profile) -> u8 {
    if profile.mti_version() == 0 { 70 } else { 24 }
}

/// What the code in [`network_field`] means in this dialect.
#[must_use]
pub fn network<'p>(profile: &'p Profile, code: &str) -> Option<&'p str> {
    if let Some(own) = profile.own_codes().network.get(code) {
        return Some(own);
    }
    let table: &'static [(&str, &str)] =
        if profile.mti_version() == 0 { &NETWORK_1987 } else { &NETWORK_1993 };
    table.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
}

/// What the first two digits of field 3 mean.
#[must_use]
pub fn transaction_type(code: &str) -> Option<&'static str> {
    TRANSACTION_TYPES.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
}

/// A message type in words: `1987 financial request, acquirer`.
#[must_use]
pub const fn mti_in_words(mti: Mti) -> MtiInWords {
    MtiInWords(mti)
}

/// Prints through `Display`; made by [`mti_in_words`].
#[derive(Clone, Copy, Debug)]
pub struct MtiInWords(Mti);

impl fmt::Display for MtiInWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [version, class, function, origin] = self.0.digits();
        let word = |table: &[(u8, &'static str)], digit| {
            table.iter().find(|(known, _)| *known == digit).map_or("reserved", |(_, text)| text)
        };
        let (version, class) = (word(&VERSIONS, version), word(&CLASSES, class));
        write!(f, "{version} {class} {}, {}", word(&FUNCTIONS, function), word(&ORIGINS, origin))
    }
}

/// First digit.
#[rustfmt::skip]
const VERSIONS: [(u8, &str); 5] = [
    (0, "1987"),
    (1, "1993"),
    (2, "2003"),
    (8, "national"),
    (9, "private"),
];

/// Second digit.
#[rustfmt::skip]
const CLASSES: [(u8, &str); 8] = [
    (1, "authorisation"),
    (2, "financial"),
    (3, "file action"),
    (4, "reversal or chargeback"),
    (5, "reconciliation"),
    (6, "administrative"),
    (7, "fee collection"),
    (8, "network management"),
];

/// Third digit.
#[rustfmt::skip]
const FUNCTIONS: [(u8, &str); 6] = [
    (0, "request"),
    (1, "request response"),
    (2, "advice"),
    (3, "advice response"),
    (4, "notification"),
    (5, "notification acknowledgement (2003)"),
];

/// Fourth digit.
#[rustfmt::skip]
const ORIGINS: [(u8, &str); 6] = [
    (0, "acquirer"),
    (1, "acquirer repeat"),
    (2, "issuer"),
    (3, "issuer repeat"),
    (4, "other"),
    (5, "other repeat"),
];

/// Field 39 of 1987.
#[rustfmt::skip]
const RESPONSES_1987: [(&str, Class, &str); 52] = [
    ("00", Class::Approve, "approved"),
    ("01", Class::Decline, "refer to issuer"),
    ("02", Class::Decline, "refer to issuer, special"),
    ("03", Class::Decline, "invalid merchant"),
    ("04", Class::Pickup, "pick up card"),
    ("05", Class::Decline, "do not honour"),
    ("06", Class::Error, "error"),
    ("07", Class::Pickup, "pick up card, special"),
    ("08", Class::Approve, "approve with identification"),
    ("09", Class::Pending, "request in progress"),
    ("10", Class::Partial, "approved for partial amount"),
    ("11", Class::Approve, "approved, VIP"),
    ("12", Class::Decline, "invalid transaction"),
    ("13", Class::Decline, "invalid amount"),
    ("14", Class::Decline, "invalid card number"),
    ("15", Class::Decline, "no such issuer"),
    ("19", Class::Retry, "re-enter transaction"),
    ("21", Class::Error, "no action taken"),
    ("25", Class::Error, "record not found"),
    ("30", Class::Format, "format error"),
    ("31", Class::Decline, "bank not supported by switch"),
    ("33", Class::Pickup, "expired card, pick up"),
    ("34", Class::Pickup, "suspected fraud, pick up"),
    ("36", Class::Pickup, "restricted card, pick up"),
    ("38", Class::Pickup, "PIN tries exceeded, pick up"),
    ("39", Class::Decline, "no credit account"),
    ("40", Class::Decline, "function not supported"),
    ("41", Class::Pickup, "lost card"),
    ("43", Class::Pickup, "stolen card"),
    ("51", Class::Decline, "insufficient funds"),
    ("52", Class::Decline, "no cheque account"),
    ("53", Class::Decline, "no savings account"),
    ("54", Class::Decline, "expired card"),
    ("55", Class::Decline, "incorrect PIN"),
    ("56", Class::Decline, "no card record"),
    ("57", Class::Decline, "not permitted to cardholder"),
    ("58", Class::Decline, "not permitted to terminal"),
    ("59", Class::Decline, "suspected fraud"),
    ("61", Class::Decline, "amount limit exceeded"),
    ("62", Class::Decline, "restricted card"),
    ("63", Class::Security, "security violation"),
    ("65", Class::Decline, "frequency limit exceeded"),
    ("68", Class::Timeout, "response received too late"),
    ("75", Class::Decline, "PIN tries exceeded"),
    ("77", Class::Error, "reconcile error"),
    ("90", Class::Retry, "cut-off in process"),
    ("91", Class::Unavailable, "issuer or switch inoperative"),
    ("92", Class::Unavailable, "no route"),
    ("93", Class::Decline, "violation of law"),
    ("94", Class::Duplicate, "duplicate transmission"),
    ("95", Class::Error, "reconciliation error"),
    ("96", Class::Error, "system malfunction"),
];

/// Field 39 of 1993.
#[rustfmt::skip]
const RESPONSES_1993: [(&str, Class, &str); 47] = [
    ("000", Class::Approve, "approved"),
    ("001", Class::Approve, "approve with identification"),
    ("002", Class::Partial, "approved, partial amount"),
    ("100", Class::Decline, "do not honour"),
    ("101", Class::Decline, "expired card"),
    ("102", Class::Decline, "suspected fraud"),
    ("106", Class::Decline, "PIN tries exceeded"),
    ("107", Class::Decline, "refer to issuer"),
    ("109", Class::Decline, "invalid merchant"),
    ("110", Class::Decline, "invalid amount"),
    ("111", Class::Decline, "invalid card number"),
    ("115", Class::Decline, "function not supported"),
    ("116", Class::Decline, "insufficient funds"),
    ("117", Class::Decline, "incorrect PIN"),
    ("118", Class::Decline, "no card record"),
    ("119", Class::Decline, "not permitted to cardholder"),
    ("120", Class::Decline, "not permitted to terminal"),
    ("121", Class::Decline, "amount limit exceeded"),
    ("122", Class::Security, "security violation"),
    ("123", Class::Decline, "frequency limit exceeded"),
    ("125", Class::Decline, "card not effective"),
    ("200", Class::Pickup, "do not honour, pick up"),
    ("201", Class::Pickup, "expired, pick up"),
    ("202", Class::Pickup, "suspected fraud, pick up"),
    ("208", Class::Pickup, "lost card"),
    ("209", Class::Pickup, "stolen card"),
    ("300", Class::Approve, "file action successful"),
    ("400", Class::Approve, "reversal accepted"),
    ("500", Class::Approve, "reconciled, in balance"),
    ("501", Class::Mismatch, "reconciled, out of balance"),
    ("600", Class::Approve, "administrative accepted"),
    ("800", Class::Approve, "network management accepted"),
    ("902", Class::Decline, "invalid transaction"),
    ("903", Class::Retry, "re-enter transaction"),
    ("904", Class::Format, "format error"),
    ("906", Class::Retry, "cut-off in process"),
    ("907", Class::Unavailable, "issuer or switch inoperative"),
    ("908", Class::Unavailable, "no route"),
    ("909", Class::Error, "system malfunction"),
    ("911", Class::Timeout, "issuer timed out"),
    ("912", Class::Unavailable, "issuer unavailable"),
    ("913", Class::Duplicate, "duplicate transmission"),
    ("914", Class::Error, "original not found"),
    ("915", Class::Error, "cut-off or checkpoint error"),
    ("916", Class::Security, "MAC incorrect"),
    ("921", Class::Security, "security error, no action"),
    ("923", Class::Pending, "request in progress"),
];

/// Field 70 of 1987.
#[rustfmt::skip]
const NETWORK_1987: [(&str, &str); 7] = [
    ("001", "sign-on"),
    ("002", "sign-off"),
    ("101", "key change"),
    ("161", "key exchange (some networks)"),
    ("201", "cut-over"),
    ("202", "cut-over complete"),
    ("301", "echo test"),
];

/// Field 24 of 1993, network management.
#[rustfmt::skip]
const NETWORK_1993: [(&str, &str); 5] = [
    ("801", "sign-on"),
    ("802", "sign-off"),
    ("811", "key change"),
    ("821", "cut-over"),
    ("831", "echo test"),
];

/// Field 3, first two digits.
#[rustfmt::skip]
const TRANSACTION_TYPES: [(&str, &str); 8] = [
    ("00", "purchase"),
    ("01", "cash"),
    ("20", "refund"),
    ("21", "deposit"),
    ("30", "balance inquiry (some: 31)"),
    ("33", "account verification"),
    ("40", "transfer"),
    ("50", "bill payment"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The file was made independently of the tables.
    #[test]
    fn tables_equal_the_codes_on_file() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/iso8583/codes.json");
        let file: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).expect("the golden file")).expect("JSON");
        let words = |key: &str| -> BTreeMap<String, String> {
            serde_json::from_value(file.pointer(key).expect("a table").clone()).expect("texts")
        };
        let own = |table: &[(&str, &str)]| -> BTreeMap<String, String> {
            table.iter().map(|(code, text)| ((*code).to_owned(), (*text).to_owned())).collect()
        };
        assert_eq!(own(&NETWORK_1987), words("/de70_1987"));
        assert_eq!(own(&NETWORK_1993), words("/de24_1993_network"));
        assert_eq!(own(&TRANSACTION_TYPES), words("/de3_first_two"));
        for (key, table) in
            [("digit1", &VERSIONS[..]), ("digit2", &CLASSES), ("digit3", &FUNCTIONS), ("digit4", &ORIGINS)]
        {
            let own: BTreeMap<String, String> =
                table.iter().map(|(digit, text)| (digit.to_string(), (*text).to_owned())).collect();
            assert_eq!(own, words(&format!("/mti/{key}")), "{key}");
        }
        for (key, table) in [("de39_1987", &RESPONSES_1987[..]), ("de39_1993", &RESPONSES_1993)] {
            let rows = file[key].as_object().expect("a map");
            assert_eq!(rows.len(), table.len());
            for (code, class, text) in table {
                let row = &rows[*code];
                let found = (row["cls"].as_str(), row["text"].as_str());
                assert_eq!(found, (Some(class.name()), Some(*text)), "{key} {code}");
            }
        }
    }
}
