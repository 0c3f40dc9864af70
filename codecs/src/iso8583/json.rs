//! Messages as JSON, for programs and for people at a command line: `{"mti":"0200","fields":{"2":"..."}}`.
//!
//! The texts are those of [`Message::text`]: fixed text as on the wire, numbers with their zeros, bytes as capital
//! hexadecimal, the track separator as `=`, `x+n` as sign and digits; keys are field numbers, ascending. Card data is
//! masked unless asked for, and what is masked cannot be encoded back.

use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::check::first_fault;
use super::decode::{DecodeError, Mode, decode};
use super::draft::{Draft, EncodeError};
use super::mask::masked;
use super::message::Message;
use super::mti::Mti;
use super::spec::Profile;
use crate::{ErrorKind, hex};

/// Reads a message in hexadecimal text (either case, blanks between are skipped) and writes it as JSON.
///
/// What a lenient link tolerates, and data objects of field 55 that run past its end, stand under a third key:
/// `"warnings":[{"kind":"NOT_NUMERIC","field":4}]`.
///
/// # Errors
/// `HEX_INVALID` without a field for text that is not hexadecimal, else the fault of [`decode`].
pub fn decode_json(profile: &Profile, text: &str, mode: Mode, unmasked: bool) -> Result<String, JsonFault> {
    let refused = |kind| JsonFault::Refused { kind, field: None };
    let digits: Vec<u8> = text.bytes().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = hex::decode(&digits).ok_or_else(|| refused(ErrorKind::HexInvalid))?;
    drop(digits);
    let message = decode(profile, &bytes, mode)?;
    Ok(MessageJson::new(&message, unmasked).to_string())
}

/// Reads JSON as [`decode_json`] writes it unmasked, and gives the message in capital hexadecimal text.
///
/// # Errors
/// Names the key that is missing, unknown, given twice or no text; else the fault of [`Draft::encode`].
pub fn encode_json(profile: &Profile, json: &str) -> Result<String, JsonFault> {
    let input: Input = serde_json::from_str(json).map_err(|error| JsonFault::Json(error.to_string()))?;
    let invalid = |_| JsonFault::Refused { kind: ErrorKind::MtiInvalid, field: Some(0) };
    let mut draft = Draft::new(input.mti.parse::<Mti>().map_err(invalid)?);
    for (n, text) in &input.fields {
        draft.set(*n, text.as_str());
    }
    let mut bytes = Vec::new();
    draft.encode(profile, &mut bytes)?;
    Ok(hex::encode(&bytes))
}

/// Why there is no JSON, or no message. `Display` is a sentence; [`JsonFault::to_json`] is for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonFault {
    /// The message is refused.
    Refused {
        /// What is wrong with it.
        kind: ErrorKind,
        /// Field number; 0 is the message type, 1 a bitmap, `None` the message as a whole.
        field: Option<u8>,
    },
    /// The JSON is not a message; the text names the key and the place.
    Json(String),
}

impl JsonFault {
    /// `{"error":{"kind":"FIELD_TRUNCATED","field":2}}`; for JSON that is no message the kind is `JSON_INVALID`, and
    /// `message` says more.
    #[must_use]
    pub fn to_json(&self) -> String {
        match self {
            JsonFault::Refused { kind, field: Some(n) } => {
                format!("{{\"error\":{{\"kind\":\"{}\",\"field\":{n}}}}}", kind.name())
            }
            JsonFault::Refused { kind, field: None } => {
                format!("{{\"error\":{{\"kind\":\"{}\",\"field\":null}}}}", kind.name())
            }
            JsonFault::Json(message) => {
                let message = serde_json::Value::from(message.as_str());
                format!("{{\"error\":{{\"kind\":\"JSON_INVALID\",\"field\":null,\"message\":{message}}}}}")
            }
        }
    }
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JsonFault::Refused { kind, field: Some(n) } => write!(f, "field {n}: {kind}"),
            JsonFault::Refused { kind, field: None } => write!(f, "{kind}"),
            JsonFault::Json(message) => write!(f, "not a message in JSON: {message}"),
        }
    }
}

impl std::error::Error for JsonFault {}

impl From<DecodeError> for JsonFault {
    fn from(error: DecodeError) -> Self {
        JsonFault::Refused { kind: error.kind, field: error.field }
    }
}

impl From<EncodeError> for JsonFault {
    fn from(error: EncodeError) -> Self {
        JsonFault::Refused { kind: error.kind, field: Some(error.field) }
    }
}

/// A message that serialises as [`decode_json`] prints it.
#[derive(Clone, Copy, Debug)]
pub struct MessageJson<'m, 'a> {
    message: &'m Message<'a>,
    unmasked: bool,
}

impl<'m, 'a> MessageJson<'m, 'a> {
    /// Of `message`, its card data masked unless `unmasked`.
    #[must_use]
    pub const fn new(message: &'m Message<'a>, unmasked: bool) -> Self {
        MessageJson { message, unmasked }
    }

    /// What was tolerated, by field, and data objects that run past their end.
    fn warnings(&self) -> impl Iterator<Item = Warning> {
        let message = self.message;
        let tolerated = message.numbers().filter_map(|n| {
            let (plan, wire, units) = message.body(n)?;
            first_fault(plan.body, wire, units).map(|(kind, _)| Warning { kind, field: n })
        });
        let objects = message.check_tlv().err().map(|error| Warning { kind: error.kind, field: 55 });
        tolerated.chain(objects)
    }
}

impl Serialize for MessageJson<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("mti", &self.message.mti().to_string())?;
        map.serialize_entry("fields", &Fields(self))?;
        if self.warnings().next().is_some() {
            map.serialize_entry("warnings", &Warnings(self))?;
        }
        map.end()
    }
}

impl fmt::Display for MessageJson<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

struct Fields<'s, 'm, 'a>(&'s MessageJson<'m, 'a>);

impl Serialize for Fields<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let MessageJson { message, unmasked } = self.0;
        serializer.collect_map(
            message.fields().map(|(n, text)| (n, if *unmasked { text } else { masked(message, n, text) })),
        )
    }
}

struct Warning {
    kind: ErrorKind,
    field: u8,
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("kind", self.kind.name())?;
        map.serialize_entry("field", &self.field)?;
        map.end()
    }
}

struct Warnings<'s, 'm, 'a>(&'s MessageJson<'m, 'a>);

impl Serialize for Warnings<'_, '_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.warnings())
    }
}

/// A message as it was written down. Read key by key, so that a key given twice is seen and an error can name it.
struct Input {
    mti: String,
    fields: Vec<(u8, String)>,
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InputVisitor)
    }
}

struct InputVisitor;

impl<'de> Visitor<'de> for InputVisitor {
    type Value = Input;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the keys mti and fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Input, A::Error> {
        let (mut mti, mut fields) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "mti" if mti.is_some() => return Err(given_twice(&key)),
                "fields" if fields.is_some() => return Err(given_twice(&key)),
                "mti" => mti = Some(map.next_value_seed(Text(&key))?),
                "fields" => fields = Some(map.next_value_seed(FieldTexts)?),
                // Said of a message that was read; it does not change what is written.
                "warnings" => drop(map.next_value::<de::IgnoredAny>()?),
                _ => return Err(de::Error::custom(format!("{}: is not a key of a message", short(&key)))),
            }
        }
        let missing = |key| de::Error::custom(format!("{key}: is missing"));
        Ok(Input {
            mti: mti.ok_or_else(|| missing("mti"))?,
            fields: fields.ok_or_else(|| missing("fields"))?,
        })
    }
}

/// The object under `fields`.
struct FieldTexts;

impl<'de> DeserializeSeed<'de> for FieldTexts {
    type Value = Vec<(u8, String)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FieldTexts {
    type Value = Vec<(u8, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("under fields an object of field numbers and texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields: Vec<(u8, String)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let path = format!("fields.{}", short(&key));
            let number = key.parse::<u8>().ok().filter(|n| n.to_string() == key);
            let number = number.ok_or_else(|| de::Error::custom(format!("{path}: is not a field number")))?;
            if fields.iter().any(|(n, _)| *n == number) {
                return Err(given_twice(&path));
            }
            fields.push((number, map.next_value_seed(Text(&path))?));
        }
        Ok(fields)
    }
}

/// A text; the key it stands under is named when it is something else.
struct Text<'k>(&'k str);

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Text<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text under {}", self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    // Numbers are text too (leading zeros matter), and saying what was found would show a card number.
    fn visit_u64<E: de::Error>(self, _: u64) -> Result<String, E> {
        Err(E::custom(format!("{}: is a number, not text in quotes", self.0)))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<String, E> {
        Err(E::custom(format!("{}: is a number, not text in quotes", self.0)))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<String, E> {
        Err(E::custom(format!("{}: is a number, not text in quotes", self.0)))
    }
}

fn given_twice<E: de::Error>(key: &str) -> E {
    E::custom(format!("{key}: is given twice"))
}

/// The beginning of a key: enough to find it, too little to carry data.
fn short(key: &str) -> String {
    key.chars().take(12).flat_map(char::escape_debug).collect()
}
