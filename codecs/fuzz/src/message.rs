//! A message as a peer sends it, in one dialect.
//!
//! Strict and lenient reading must agree on everything but the faults that may be tolerated; what is read strictly is
//! written back byte by byte, and its fields written anew are the same message; a refusal says where and in which
//! field; a description shows no card number and no line of its own making.

use codecs::iso8583::{Attr, DecodeError, Draft, Message, Mode, Profile, decode, describe};

/// Reads `bytes` in the built-in dialect of that name. True when a strict link would take them.
pub fn message(dialect: &str, bytes: &[u8]) -> bool {
    let profile = Profile::by_name(dialect).expect("the dialect is built in");
    let strict = decode(&profile, bytes, Mode::Strict);
    let lenient = decode(&profile, bytes, Mode::Lenient);
    match (&strict, &lenient) {
        (Ok(strict), Ok(lenient)) => {
            assert_eq!(lenient.warnings().total(), 0, "what is strictly right needs no tolerance");
            assert!(strict.fields().eq(lenient.fields()));
            comes_back(&profile, strict);
        }
        (Err(error), Ok(lenient)) => {
            well_said(error, bytes);
            assert!(error.kind.is_tolerable(), "{error}");
            assert!(lenient.warnings().of(error.kind) > 0, "the tolerated fault is not counted: {error}");
            // What was let in is not passed on as if it were right.
            let refused = lenient.to_draft().encode(&profile, &mut Vec::new()).map_err(|e| (e.kind, e.field));
            assert_eq!(refused, Err((error.kind, error.field.unwrap_or_default())));
        }
        (Err(first), Err(second)) => {
            well_said(first, bytes);
            well_said(second, bytes);
            assert!(!second.kind.is_tolerable(), "{second}");
            if first.kind.is_tolerable() {
                assert!(first.offset <= second.offset, "{first}, then {second}");
            } else {
                assert_eq!(first, second);
            }
        }
        (Ok(_), Err(error)) => panic!("strict reading takes what lenient reading refuses: {error}"),
    }
    if let Ok(message) = &lenient {
        nothing_is_betrayed(message);
        values_agree(message);
    }
    strict.is_ok()
}

/// Everything a link does with received bytes: reading them in both modes, each field's text, the description. The cap
/// on memory is measured over it.
pub fn read_everything(dialect: &str, bytes: &[u8]) {
    let profile = Profile::by_name(dialect).expect("the dialect is built in");
    for mode in [Mode::Strict, Mode::Lenient] {
        match decode(&profile, bytes, mode) {
            Ok(message) => {
                assert!(message.fields().count() == message.numbers().count());
                assert!(!describe(&message).to_string().is_empty());
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

/// The same bytes from what was read, and the same fields from their texts alone.
fn comes_back(profile: &Profile, message: &Message<'_>) {
    let mut again = Vec::new();
    assert_eq!(message.to_draft().encode(profile, &mut again), Ok(()));
    assert_eq!(again, message.as_bytes(), "a message is not written back as it came");

    let fields: Vec<_> = message.fields().collect();
    let mut anew = Draft::new(message.mti());
    for (n, text) in &fields {
        anew.set(*n, text.as_ref());
    }
    let mut canonical = Vec::new();
    assert_eq!(anew.encode(profile, &mut canonical), Ok(()));
    assert!(canonical.len() <= message.as_bytes().len(), "the canonical form is never longer");
    let read = decode(profile, &canonical, Mode::Strict).expect("what is written can be read");
    assert_eq!(read.mti(), message.mti());
    assert!(read.fields().eq(fields), "the texts of a message are not the message");
}

/// A refusal names its place, and a field when it is in one.
fn well_said(error: &DecodeError, bytes: &[u8]) {
    assert!(error.offset <= bytes.len(), "{error}");
    let said = error.to_string();
    assert!(said.ends_with(&format!("at byte {}", error.offset)), "{said}");
    assert!(error.field.is_none_or(|n| said.starts_with(&format!("field {n} ("))), "{said}");
}

/// A number, bytes and text are three views of one value.
fn values_agree(message: &Message<'_>) {
    for n in [0, 1, 129, 255] {
        assert!(message.text(n).is_none() && message.bytes(n).is_none() && message.wire(n).is_none());
    }
    for (n, text) in message.fields() {
        let attr = message.profile().field(n).expect("it was read").attr;
        let number = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        assert_eq!(message.digits_u64(n), number.filter(|_| attr == Attr::N), "field {n}");
        let bytes = message.bytes(n).map(|bytes| codecs::hex::encode(&bytes));
        assert_eq!(bytes.as_deref(), Some(&*text).filter(|_| attr == Attr::B), "field {n}");
    }
    assert!(message.check_tlv().is_ok() || message.has(55));
}

/// One line a field or data object, no control character, and no run of digits that could be a card number outside
/// of numeric fields, which cannot hide one.
fn nothing_is_betrayed(message: &Message<'_>) {
    let shown = describe(message).to_string();
    let objects = message.bytes(55).map_or(0, |bytes| codecs::tlv::objects(&bytes).count());
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "a control character is shown");
    assert_eq!(shown.lines().count(), 1 + message.numbers().count() + objects, "a line is forged");
    for line in shown.lines().skip(1) {
        let number = line.get(..3).and_then(|n| n.trim().parse().ok());
        let attr = number.and_then(|n| message.profile().field(n)).map(|field| field.attr);
        let is_number = matches!(attr, Some(Attr::N | Attr::Xn | Attr::Amount | Attr::SignedAmount))
            && !matches!(number, Some(2 | 34));
        // A zero byte is shown as \0, which adds no digit to those it stands beside.
        let line = line.replace("\\0", "\\");
        let longest = line.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
        assert!(is_number || longest < Some(13), "thirteen digits are shown: {line}");
    }
}
