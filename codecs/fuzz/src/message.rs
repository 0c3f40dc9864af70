//! A message as a peer sends it, in one dialect.
//!
//! Strict and lenient reading must agree on everything but the faults that may be tolerated; what is read strictly is
//! written back byte by byte, and its fields written anew are the same message; a refusal says where and in which
//! field; a description shows no card number and no line of its own making.

use codecs::iso8583::date::{self, Date};
use codecs::iso8583::{
    Attr, DecodeError, Draft, Message, Mode, OriginalElements, Profile, ReplacementAmounts, Totals,
    ViewError, decode, describe, diff, emv, money, rate, subfields,
};

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
        views_hold(message);
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

/// What the typed views see is a value or an error that names a field; what they see of the original, of its amounts
/// and of totals is written back as it was read.
fn views_hold(message: &Message<'_>) {
    let reference = Date::new(2027, 1, 1).expect("a day");
    let named = |error: ViewError| {
        assert!(error.to_string().starts_with(&format!("field {} (", error.field)), "{error}");
    };
    for n in message.numbers() {
        let _ = date::date(message, n, reference).map_err(named);
        let _ = money::amount(message, n).map_err(named);
        let _ = rate::rate(message, n).map_err(named);
    }
    let _ = date::transmitted(message, reference).map_err(named);
    let _ = date::local(message, reference).map_err(named);
    let _ = date::expiry(message, reference).map_err(named);
    let _ = emv::ChipData::of(message);
    assert!(!diff(message, message).to_string().is_empty() && diff(message, message).is_empty());

    let profile = message.profile();
    let written = |write: &dyn Fn(&mut Draft<'_>)| {
        let mut draft = Draft::new(message.mti());
        write(&mut draft);
        let mut wire = Vec::new();
        draft.encode(profile, &mut wire).expect("what was read can be written");
        wire
    };
    if let Ok(Some(original)) = OriginalElements::read(message).map_err(named) {
        let wire = written(&|draft| original.write(profile, draft).expect("it came from there"));
        let again = decode(profile, &wire, Mode::Strict).expect("just written");
        assert_eq!(OriginalElements::read(&again), Ok(Some(original)));
    }
    if let Ok(Some(amounts)) = ReplacementAmounts::read(message) {
        let wire = written(&|draft| amounts.write(profile, draft).expect("it came from there"));
        let again = decode(profile, &wire, Mode::Strict).expect("just written");
        assert_eq!(again.text(95), message.text(95));
    }
    if let Ok(totals) = Totals::read(message).map_err(named) {
        let mut draft = Draft::new(message.mti());
        // Of 2003, an amount whose exponent is not the currency's, or that has no currency, is not written back.
        if totals.write(profile, &mut draft).map_err(named).is_ok() {
            let mut wire = Vec::new();
            draft.encode(profile, &mut wire).expect("what was read can be written");
            let again = decode(profile, &wire, Mode::Strict).expect("just written");
            assert!(Totals::read(&again).is_ok_and(|again| again.differences(&totals).next().is_none()));
        }
    }
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
    let parts: usize = message.numbers().filter_map(|n| Some(subfields(message, n)?.count())).sum();
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "a control character is shown");
    assert_eq!(shown.lines().count(), 1 + message.numbers().count() + objects + parts, "a line is forged");
    let mut is_number = false;
    for line in shown.lines().skip(1) {
        // The parts of a number are numbers.
        if let Some(n) = line.get(..3).and_then(|n| n.trim().parse().ok()) {
            let attr = message.profile().field(n).map(|field| field.attr);
            is_number = matches!(attr, Some(Attr::N | Attr::Xn | Attr::Amount | Attr::SignedAmount))
                && !matches!(n, 2 | 34);
        }
        // A zero byte is shown as \0, which adds no digit to those it stands beside.
        let line = line.replace("\\0", "\\");
        let longest = line.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
        assert!(is_number || longest < Some(13), "thirteen digits are shown: {line}");
    }
}
