//! What a terminal asks. A request means what its fields say; a repeat has the key of its original and a reversal
//! names it; whatever is asked can be answered, and 00 is said only where something was done.

use std::sync::LazyLock;

use codecs::iso8583::{Draft, Message};
use switch_core::idempotency::IdempotencyKey;
use switch_core::money::Money;

use super::open_wire;
use crate::pos_iso8583::messages::{Answer, Fault, Request, one_of_each, read, terminal_of, write};
use crate::pos_iso8583::settings::PosSettings;
use crate::transport::iso8583::{Wire, mti};

static SETTINGS: LazyLock<PosSettings> = LazyLock::new(|| {
    PosSettings::from_toml(include_str!("../../../config/connectors/pos-sandbox.toml"))
        .expect("the committed settings are used by every test")
});

/// Reads `bytes` after the first as a request; the first chooses the answer that is written to it. True when it is a
/// request the port takes.
pub fn pos_request(bytes: &[u8]) -> bool {
    let (how, payload) = bytes.split_first().unwrap_or((&0, &[]));
    let wire = open_wire(&SETTINGS.dialect);
    let Ok(message) = wire.read(payload) else { return false };
    if message.mti().is_response() {
        assert!(read(&SETTINGS, &message) == Err(Fault::NotOffered), "an answer is no request");
        return false;
    }
    let read = read(&SETTINGS, &message);
    match &read {
        Ok(Request::Payment { key, bill, amount }) => {
            means_its_fields(&message, *amount);
            assert_eq!(
                message.text(62).map(|text| text.trim_end_matches(' ').to_owned()).as_ref(),
                Some(bill)
            );
            names_its_fields(&message, key);
            its_repeat_and_its_reversal_name_it(&wire, &message, key, *amount);
        }
        Ok(Request::Reversal { original, amount }) => {
            means_its_fields(&message, *amount);
            assert!(original.as_str().starts_with("pos."));
        }
        Ok(Request::Inquiry { bill }) => assert!(!bill.is_empty()),
        Ok(Request::SignOn | Request::SignOff | Request::Echo) => assert!(message.has(70)),
        Err(Fault::Missing(field)) => {
            assert!(
                message.text(*field).is_none_or(|text| text.trim_end_matches(' ').is_empty()),
                "field {field}"
            );
        }
        Err(Fault::Wrong(field)) => assert!(message.has(*field), "field {field}"),
        Err(Fault::NotOffered | Fault::NotSignedOn | Fault::Unauthentic) => {}
    }
    let answers = one_of_each();
    is_answered(&SETTINGS, &wire, &message, &answers[usize::from(*how) % answers.len()]);
    read.is_ok()
}

fn means_its_fields(message: &Message<'_>, amount: Money) {
    assert_eq!(message.digits_u64(4), u64::try_from(amount.minor()).ok());
    assert_eq!(message.text(49).as_deref(), Some(amount.currency().numeric()));
}

/// The key is the terminal, trace, time and date with points between them. The last three are digits of one length,
/// so no two payments share a key, whatever a terminal calls itself.
fn names_its_fields(message: &Message<'_>, key: &IdempotencyKey) {
    let terminal = terminal_of(message).expect("a payment has a terminal");
    let part = |field: u8| message.text(field).expect("a payment has its key fields");
    let expected = format!("pos.{terminal}.{}.{}.{}", part(11), part(12), part(13));
    assert_eq!(key.as_str(), expected);
    assert_eq!(part(11).len() + part(12).len() + part(13).len(), 16);
}

fn its_repeat_and_its_reversal_name_it(wire: &Wire, payment: &Message<'_>, key: &IdempotencyKey, sum: Money) {
    let again = |change: &dyn Fn(&mut Draft<'_>)| {
        let mut draft = payment.to_draft();
        change(&mut draft);
        let mut bytes = Vec::new();
        wire.write(&draft, &mut bytes).expect("the fields of a message that was read");
        read(&SETTINGS, &wire.read(&bytes).expect("just written"))
    };
    let repeat = again(&|draft| {
        draft.set_mti(payment.mti().repeat());
    });
    assert!(
        matches!(repeat, Ok(Request::Payment { key: repeated, .. }) if repeated == *key),
        "a repeat is the same"
    );
    let trace = payment.text(11).expect("a payment has a trace number");
    let sent = payment.text(7).unwrap_or("0000000000".into());
    let reversal = again(&|draft| {
        draft.set_mti(mti([0, 4, 2, 0])).set(90, format!("0200{trace}{sent}{:022}", 0));
    });
    let expected = Request::Reversal { original: key.clone(), amount: sum };
    assert_eq!(reversal, Ok(expected), "a reversal names its original");
}

/// What was asked gets this answer, readable, under its own type and references.
pub(super) fn is_answered(settings: &PosSettings, wire: &Wire, request: &Message<'_>, answer: &Answer) {
    let Some(bytes) = write(settings, wire, request, answer) else {
        assert!(request.mti().response_of().is_none(), "a request goes without its answer: {answer:?}");
        return;
    };
    let written = wire.read(&bytes).expect("an answer can be read");
    assert_eq!(Some(written.mti()), request.mti().response_of());
    let done =
        matches!(answer, Answer::Done | Answer::SignedOn { .. } | Answer::Quote(_) | Answer::Receipt(_));
    assert_eq!(written.text(39).is_some_and(|code| code == "00"), done, "{answer:?}");
    for field in [3, 7, 11, 41] {
        assert_eq!(written.text(field), request.text(field), "field {field} of an answer");
    }
    assert!(!written.has(2) && !written.has(35), "a card number is not sent back");
}
