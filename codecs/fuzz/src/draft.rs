//! A message as a connector writes it: any values in any order.
//!
//! What is written can be read and says the same; what cannot be carried is refused with the number of its field, and
//! leaves the buffer as it was. Read in one dialect and written in another, a message keeps its texts.

use std::collections::BTreeMap;

use codecs::iso8583::{Attr, Draft, EncodeError, Message, Mode, Mti, Profile, decode};

use super::input::Input;

/// How a field was set, and what it must read as.
enum Said {
    Text(String),
    Padded(String),
    Number(u64),
    Bytes(Vec<u8>),
}

/// Builds a message from a script in `bytes`. True when it could be written.
pub fn draft(bytes: &[u8]) -> bool {
    let mut input = Input(bytes);
    let name = input.one_of(&Profile::NAMES);
    let profile = Profile::by_name(name).expect("a name of the list");
    let digits = [profile.mti_version(), input.byte() % 10, input.byte() % 10, input.byte() % 6];
    let mti = Mti::from_digits(digits).expect("decimal digits");
    let mut draft = Draft::new(mti);
    let mut said = BTreeMap::new();
    while !input.0.is_empty() {
        let (n, how, piece) = (input.byte(), input.byte(), input.piece());
        let text = String::from_utf8_lossy(piece).into_owned();
        let value = match how % 6 {
            0 => {
                draft.set(n, text.clone());
                Said::Text(text)
            }
            1 => {
                draft.set_padded(n, text.clone());
                Said::Padded(text)
            }
            2 => {
                let number = piece.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
                draft.set_number(n, number);
                Said::Number(number)
            }
            3 => {
                draft.set_bytes(n, piece);
                Said::Bytes(piece.to_vec())
            }
            4 => {
                let digits: String = piece.iter().map(|byte| char::from(b'0' + byte % 10)).collect();
                draft.set(n, digits.clone());
                Said::Text(digits)
            }
            _ => {
                draft.remove(n);
                // A number no field has is a slip of the program, and stays one.
                if (2..=128).contains(&n) {
                    said.remove(&n);
                }
                continue;
            }
        };
        said.insert(n, value);
    }
    let mut wire = b"before".to_vec();
    let encoded = draft.encode(&profile, &mut wire);
    if said.keys().all(|n| (2..=128).contains(n)) && !draft_is_stray(encoded) {
        writes_the_same(&profile, mti, &said, encoded, &wire);
    }
    match encoded {
        Ok(()) => {
            let message = decode(&profile, &wire[6..], Mode::Strict).expect("what is written can be read");
            assert_eq!((&wire[..6], message.mti()), (&b"before"[..], mti));
            assert!(message.numbers().eq(said.keys().copied()), "fields were lost or invented");
            said.iter().for_each(|(n, said)| reads_as(&message, *n, said));
            keeps_its_texts(&message, input_dialect(name));
            true
        }
        Err(error) => {
            assert_eq!(wire, b"before", "a message that is not written leaves nothing behind");
            assert!(said.contains_key(&error.field), "{error}");
            assert!(error.to_string().starts_with(&format!("field {} (", error.field)), "{error}");
            false
        }
    }
}

/// A number that no field has is not forgotten by a draft, even when it is taken out again.
fn draft_is_stray(encoded: Result<(), EncodeError>) -> bool {
    encoded.is_err_and(|error| !(2..=128).contains(&error.field))
}

/// A writer given the same values writes the same bytes, in whatever order they come, and refuses what a draft does.
fn writes_the_same(
    profile: &Profile,
    mti: Mti,
    said: &BTreeMap<u8, Said>,
    encoded: Result<(), EncodeError>,
    wire: &[u8],
) {
    for backwards in [false, true] {
        let mut out = b"before".to_vec();
        let mut writer = profile.writer(mti, &mut out);
        let write = |(n, said): (&u8, &Said)| {
            _ = match said {
                Said::Text(text) => writer.set(*n, text),
                Said::Padded(text) => writer.set_padded(*n, text),
                Said::Number(number) => writer.set_number(*n, *number),
                Said::Bytes(bytes) => writer.set_bytes(*n, bytes),
            };
        };
        if backwards {
            said.iter().rev().for_each(write)
        } else {
            said.iter().for_each(write)
        }
        let finished = writer.finish();
        assert_eq!(finished.is_ok(), encoded.is_ok(), "{finished:?} {encoded:?}");
        assert!(backwards || finished == encoded, "{finished:?} {encoded:?}");
        assert_eq!(out, wire, "backwards: {backwards}");
    }
}

fn reads_as(message: &Message<'_>, n: u8, said: &Said) {
    let attr = message.profile().field(n).expect("it was written").attr;
    let text = message.text(n).expect("it was written");
    match said {
        Said::Text(given) => match attr {
            Attr::Z => assert_eq!(text, given.replace('D', "="), "field {n}"),
            Attr::B => assert_eq!(text, given.to_ascii_uppercase(), "field {n}"),
            _ => assert_eq!(&text, given, "field {n}"),
        },
        Said::Padded(given) if attr == Attr::N => {
            assert_eq!(text.trim_start_matches('0'), given.trim_start_matches('0'), "field {n}");
        }
        Said::Padded(given) if matches!(attr, Attr::Z | Attr::B) => {
            assert_eq!(text.len(), given.len(), "field {n}");
        }
        Said::Padded(given) => assert_eq!(text.trim_end(), given.trim_end(), "field {n}"),
        Said::Number(number) => {
            let digits = text.trim_end().trim_start_matches('0');
            assert_eq!(digits.parse().unwrap_or(0), *number, "field {n}");
        }
        Said::Bytes(given) => assert_eq!(message.bytes(n).as_deref(), Some(&given[..]), "field {n}"),
    }
}

/// Another dialect with the same fields.
fn input_dialect(name: &str) -> &'static str {
    match name {
        "iso87-ascii" => "iso87-bcd",
        "iso87-bcd" => "iso87-ebcdic",
        "iso87-ebcdic" => "iso87-bcd-rf",
        "iso93-ascii" => "iso93-abin",
        "iso93-abin" => "iso93-ascii",
        _ => "iso87-ascii",
    }
}

fn keeps_its_texts(message: &Message<'_>, other: &str) {
    let other = Profile::by_name(other).expect("a name of the list");
    let mut wire = Vec::new();
    if message.to_draft().encode(&other, &mut wire).is_ok() {
        let read = decode(&other, &wire, Mode::Strict).expect("what is written can be read");
        assert!(read.fields().eq(message.fields()), "a text changed on the way to {}", other.name());
    } else {
        assert!(wire.is_empty());
    }
}
