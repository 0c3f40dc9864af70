//! The messages of a card host, pure: what we write, what we read, and (for the sandbox twin) the other direction.
//!
//! Nothing here knows a socket or a clock. Field numbers are those of ISO 8583:1987. The references come from the
//! engine and stay the same from request to reversal: 4, 7, 11, 12, 13, 37, 41, 42 and 49.

use bytes::BytesMut;
use codecs::iso8583::{Class, Draft, Message, Mti};
use switch_core::card::{Card, Pan};
use switch_core::clock::Timestamp;
use switch_core::connector::{
    Approval, AttemptRef, Cause, Enquiry, Instruction, Outcome, Reversal, ReversalAnswer, ReversalReason,
};
use switch_core::id::{AttemptId, PaymentId};
use switch_core::money::{Currency, Money};

use super::response_codes::{Meaning, REVERSAL_RETRY, decline, meaning};
use super::settings::{CardSettings, EnquiryRules, ReversalRules};
use crate::transport::iso8583::{Wire, mti};

/// Sale request.
pub(crate) const SALE: Mti = mti([0, 2, 0, 0]);
/// Network management request.
pub(crate) const NETWORK: Mti = mti([0, 8, 0, 0]);

/// Field 70: what a network management message is about.
pub(crate) mod network {
    pub(crate) const SIGN_ON: u16 = 1;
    pub(crate) const SIGN_OFF: u16 = 2;
    pub(crate) const CUT_OVER: u16 = 201;
    pub(crate) const ECHO: u16 = 301;
}

/// Response codes both sides write themselves.
pub(crate) mod code {
    pub(crate) const APPROVED: &str = "00";
    pub(crate) const INVALID_TRANSACTION: &str = "12";
}

/// A sale (0200). `business_date` is field 15 as `MMDD`, once the host has named one.
pub(crate) fn sale<'a>(
    settings: &'a CardSettings,
    instruction: &'a Instruction,
    rrn: &'a str,
    business_date: Option<u16>,
) -> Result<Draft<'a>, Cause> {
    let Some(card) = &instruction.card else {
        return Err(Cause::Unbuildable("a card payment needs a card".into()));
    };
    let acceptor = &settings.acceptor;
    let mut draft = Draft::new(SALE);
    references(&mut draft, settings, &instruction.refs, rrn)?;
    draft
        .set(2, card.pan.expose())
        .set(14, card.expiry.as_str())
        .set(18, acceptor.merchant_category.as_str())
        .set(22, acceptor.entry_mode.as_str())
        .set(25, acceptor.condition_code.as_str())
        .set_padded(43, acceptor.name_location.as_str());
    if let Some(date) = business_date {
        draft.set_number(15, date.into());
    }
    Ok(draft)
}

/// A reversal (0420 or 0400), or its repeat (0421, 0401): the references of the original, and field 90 built from
/// the request, because the answer may never have come.
pub(crate) fn reversal<'a>(
    settings: &'a CardSettings,
    reversal: &'a Reversal,
    rrn: &'a str,
) -> Result<Draft<'a>, Cause> {
    let rules = &settings.reversal;
    let original = &reversal.original;
    let mut draft = Draft::new(if reversal.repeat { rules.mti.repeat() } else { rules.mti });
    references(&mut draft, settings, original, rrn)?;
    if let Some(card) = &reversal.card {
        draft.set(2, card.pan.expose());
    }
    if let Some(code) = &rules.reason_code {
        draft.set(39, code.as_str());
    }
    draft.set(90, original_elements(original, &settings.acceptor.acquirer_id));
    Ok(draft)
}

/// A question about an attempt.
pub(crate) fn enquiry<'a>(
    settings: &'a CardSettings,
    rules: &'a EnquiryRules,
    attempt: &'a AttemptRef,
    rrn: &'a str,
) -> Result<Draft<'a>, Cause> {
    let mut draft = Draft::new(rules.mti);
    references(&mut draft, settings, attempt, rrn)?;
    match &rules.processing_code {
        Some(code) => draft.set(3, code.as_str()),
        None => draft.remove(3),
    };
    draft.set(90, original_elements(attempt, &settings.acceptor.acquirer_id));
    Ok(draft)
}

/// A network management request (0800).
pub(crate) fn network_request(what: u16, stan: u32, at: Timestamp) -> Draft<'static> {
    let mut draft = Draft::new(NETWORK);
    draft.set_number(7, transmitted(at)).set_number(11, stan.into()).set_number(70, what.into());
    draft
}

/// What is the same in a sale, its reversal and an enquiry about it.
fn references<'a>(
    draft: &mut Draft<'a>,
    settings: &'a CardSettings,
    refs: &AttemptRef,
    rrn: &'a str,
) -> Result<(), Cause> {
    let acceptor = &settings.acceptor;
    let amount = u64::try_from(refs.amount.minor())
        .map_err(|_| Cause::Unbuildable("field 4 cannot carry a negative amount".into()))?;
    let local = jiff::Timestamp::from_millisecond(refs.sent_at.0)
        .map(|at| acceptor.time_zone.to_datetime(at))
        .map_err(|_| Cause::Unbuildable("field 12 cannot carry this time".into()))?;
    let number = |n: i8| u64::from(n.unsigned_abs());
    draft
        .set(3, acceptor.processing_code.as_str())
        .set_number(4, amount)
        .set_number(7, transmitted(refs.sent_at))
        .set_number(11, refs.stan.into())
        .set_number(12, number(local.hour()) * 10_000 + number(local.minute()) * 100 + number(local.second()))
        .set_number(13, number(local.month()) * 100 + number(local.day()))
        .set(32, acceptor.acquirer_id.as_str())
        .set(37, rrn)
        .set_padded(41, acceptor.terminal_id.as_str())
        .set_padded(42, acceptor.merchant_id.as_str())
        .set(49, refs.amount.currency().numeric());
    Ok(())
}

/// Field 7 in UTC, as the number of its ten digits.
fn transmitted(at: Timestamp) -> u64 {
    let c = at.utc();
    [c.month, c.day, c.hour, c.minute, c.second]
        .iter()
        .fold(0, |digits, part| digits * 100 + u64::from(*part))
}

/// Field 90: type, trace, transmission time and acquirer of the original, no forwarder.
fn original_elements(original: &AttemptRef, acquirer: &str) -> String {
    format!("{SALE}{:06}{:010}{acquirer:0>11}{:011}", original.stan, transmitted(original.sent_at), 0)
}

/// The answer to a sale. `expected` is the request, when there still is one: fields that the host may leave out
/// are taken from it. Amount and references are handed on as echoed; the engine compares them.
pub(crate) fn read_financial(
    answer: &Message<'_>,
    expected: Option<&AttemptRef>,
    echo_optional: &[u8],
) -> Result<Outcome, Cause> {
    let code = answer.text(39).ok_or_else(|| missing(39))?;
    outcome(answer, &code, expected, echo_optional)
}

/// What a code means, with the echoed fields an approval must have.
fn outcome(
    answer: &Message<'_>,
    code: &str,
    expected: Option<&AttemptRef>,
    echo_optional: &[u8],
) -> Result<Outcome, Cause> {
    match meaning(code) {
        Meaning::Declined(reason) => Ok(Outcome::Declined(decline(reason, code))),
        Meaning::Unknown => Ok(Outcome::Pending { code: code.to_owned() }),
        Meaning::Approved => {
            let optional = |field: u8| expected.filter(|_| echo_optional.contains(&field));
            let minor =
                answer.digits_u64(4).and_then(|minor| i64::try_from(minor).ok()).ok_or_else(|| missing(4))?;
            let currency = match answer.text(49) {
                Some(numeric) => Currency::from_numeric(&numeric).ok_or_else(|| {
                    Cause::Untrusted("field 49 names a currency the switch does not know".into())
                })?,
                None => optional(49).map(|refs| refs.amount.currency()).ok_or_else(|| missing(49))?,
            };
            let rrn = match answer.text(37) {
                Some(rrn) => rrn.into_owned(),
                None => optional(37).map(|refs| refs.rrn().as_str().to_owned()).ok_or_else(|| missing(37))?,
            };
            Ok(Outcome::Approved(Approval {
                amount: Money::new(minor, currency),
                stan: answer.digits_u64(11).and_then(|n| u32::try_from(n).ok()).ok_or_else(|| missing(11))?,
                rrn,
                approval_code: answer.text(38).map(|text| text.trim().to_owned()).unwrap_or_default(),
                code: code.to_owned(),
            }))
        }
    }
}

/// The answer to a reversal. Whether "no such original" can be true is for the engine to say, which knows all
/// that the host has answered by now.
pub(crate) fn read_reversal(answer: &Message<'_>, rules: &ReversalRules) -> Result<ReversalAnswer, Cause> {
    let code = answer.text(39).ok_or_else(|| missing(39))?.into_owned();
    let among = |codes: &[String]| codes.contains(&code);
    Ok(if among(&rules.accepted) {
        ReversalAnswer::Reversed { code }
    } else if among(&rules.not_found) && rules.not_found_is_reversed {
        ReversalAnswer::Absent { code }
    } else if REVERSAL_RETRY.contains(&code.as_str()) {
        ReversalAnswer::Retry { code }
    } else {
        ReversalAnswer::Refused { code }
    })
}

/// The answer to an enquiry: 00 with the code of the original, a proof of absence, or no knowledge.
pub(crate) fn read_enquiry(
    answer: &Message<'_>,
    rules: &EnquiryRules,
    expected: &AttemptRef,
    echo_optional: &[u8],
) -> Result<Enquiry, Cause> {
    let code = answer.text(39).ok_or_else(|| missing(39))?.into_owned();
    if rules.absent.contains(&code) {
        return Ok(Enquiry::Absent { code });
    }
    if code != code::APPROVED {
        return Ok(Enquiry::Found(Outcome::Pending { code }));
    }
    let field = rules.original_code_field;
    let original = answer.text(field).ok_or_else(|| missing(field))?;
    outcome(answer, original.trim(), Some(expected), echo_optional).map(Enquiry::Found)
}

/// What field 70 of a network management message says.
pub(crate) fn network_code(message: &Message<'_>) -> Option<u16> {
    if message.mti().class() != Class::NetworkManagement {
        return None;
    }
    message.digits_u64(70).and_then(|code| u16::try_from(code).ok())
}

/// Writes every message a host may ever be sent, with the longest values they may have, so that a dialect in which a
/// payment could be made and not taken back is refused when the link is set up, and not when one must be.
///
/// # Errors
/// What cannot be written or framed, and why.
pub(crate) fn rehearse(settings: &CardSettings) -> Result<(), String> {
    const STAN_MAX: u32 = 999_999;
    /// The last millisecond of a year, in December and in two-digit everything.
    const AT: Timestamp = Timestamp(1_798_761_599_999);
    let pan = Pan::parse("4000000000000000006").map_err(|error| error.to_string())?;
    let card = Card::new(pan, "2812").map_err(|error| error.to_string())?;
    for currency in &settings.profile.currencies {
        let refs = AttemptRef {
            payment: PaymentId(1),
            attempt: AttemptId((1 << 62) - 1),
            stan: STAN_MAX,
            sent_at: AT,
            amount: Money::new(settings.profile.amount_max_minor, *currency),
        };
        let rrn = refs.rrn();
        let instruction = Instruction { refs: refs.clone(), card: Some(card.clone()) };
        rehearsed(settings, "a sale", sale(settings, &instruction, rrn.as_str(), Some(1231)))?;
        for repeat in [false, true] {
            let reason = ReversalReason::Timeout;
            let taken_back = Reversal { original: refs.clone(), card: Some(card.clone()), repeat, reason };
            rehearsed(settings, "a reversal", reversal(settings, &taken_back, rrn.as_str()))?;
        }
        if let Some(rules) = &settings.enquiry {
            rehearsed(settings, "an enquiry", enquiry(settings, rules, &refs, rrn.as_str()))?;
        }
    }
    rehearsed(settings, "an echo test", Ok(network_request(network::ECHO, STAN_MAX, AT)))
}

fn rehearsed(settings: &CardSettings, what: &str, draft: Result<Draft<'_>, Cause>) -> Result<(), String> {
    let cannot = |why: String| format!("{what} cannot be written: {why}");
    let wire = Wire { dialect: settings.dialect.clone(), mac: settings.mac.clone() };
    let (mut payload, mut frame) = (Vec::new(), BytesMut::new());
    let draft = draft.map_err(|cause| cannot(cause.to_string()))?;
    wire.write(&draft, &mut payload).map_err(|error| cannot(error.to_string()))?;
    let framed = settings.link.framing.encode(&payload, settings.link.tpdu, &mut frame);
    framed.map_err(|error| cannot(error.to_string()))
}

fn missing(field: u8) -> Cause {
    Cause::Untrusted(format!("field {field} is missing from the answer"))
}

#[cfg(test)]
mod tests {
    use switch_core::connector::DeclineReason;

    use super::*;
    use crate::transport::iso8583::answer_to;

    fn settings() -> CardSettings {
        CardSettings::from_toml(include_str!("../../../config/connectors/card-sandbox.toml"))
            .expect("the committed settings")
    }

    fn wire(settings: &CardSettings) -> Wire {
        Wire { dialect: settings.dialect.clone(), mac: settings.mac.clone() }
    }

    /// 12.345 JOD in the last hour of 2026 in UTC, which is 2027 in Hebron.
    fn refs() -> AttemptRef {
        AttemptRef {
            payment: PaymentId(1),
            attempt: AttemptId(71_890),
            stan: 999_999,
            sent_at: Timestamp(1_798_761_599_999),
            amount: Money::new(12_345, Currency::Jod),
        }
    }

    fn card() -> Card {
        Card::new(Pan::parse("5555555555554444").expect("a test card"), "2812").expect("an expiry")
    }

    /// The fields of a draft as they read back.
    fn fields(settings: &CardSettings, draft: &Draft<'_>) -> Vec<(u8, String)> {
        let mut bytes = Vec::new();
        wire(settings).write(draft, &mut bytes).expect("a valid draft");
        let wire = wire(settings);
        let message = wire.read(&bytes).expect("just written");
        assert!(wire.is_authentic(&message));
        message
            .fields()
            .filter(|(n, _)| !matches!(n, 64 | 128))
            .map(|(n, text)| (n, text.into_owned()))
            .collect()
    }

    fn field(fields: &[(u8, String)], number: u8) -> &str {
        fields.iter().find(|(n, _)| *n == number).map_or("absent", |(_, text)| text)
    }

    #[test]
    fn a_sale_says_who_what_where_and_when() {
        let settings = settings();
        let instruction = Instruction { refs: refs(), card: Some(card()) };
        let rrn = refs().rrn();
        let sale = sale(&settings, &instruction, rrn.as_str(), Some(1231)).expect("a card");
        let sale = fields(&settings, &sale);
        for (number, text) in [
            (2, "5555555555554444"),
            (4, "000000012345"),
            (7, "1231235959"),
            (11, "999999"),
            (12, "015959"),
            (13, "0101"),
            (14, "2812"),
            (15, "1231"),
            (37, "000000001JGY"),
            (41, "HKMT0001"),
            (42, "HUKUMATI0000001"),
            (49, "400"),
        ] {
            assert_eq!(field(&sale, number), text, "field {number}");
        }
        assert_eq!(field(&sale, 90), "absent");
    }

    #[test]
    fn a_reversal_has_the_references_of_its_original_and_so_has_its_repeat() {
        let settings = settings();
        let rrn = refs().rrn();
        let instruction = Instruction { refs: refs(), card: Some(card()) };
        let original = sale(&settings, &instruction, rrn.as_str(), None).expect("a card");
        let original = fields(&settings, &original);
        let take_back =
            |repeat| Reversal { original: refs(), card: None, repeat, reason: ReversalReason::Timeout };
        let (first, again) = (take_back(false), take_back(true));
        let first = reversal(&settings, &first, rrn.as_str()).expect("built");
        let again = reversal(&settings, &again, rrn.as_str()).expect("built");
        assert_eq!((first.mti().to_string(), again.mti().to_string()), ("0420".into(), "0421".into()));
        let (first, again) = (fields(&settings, &first), fields(&settings, &again));
        assert_eq!(first, again, "a repeat differs in its type only");
        for number in [3, 4, 7, 11, 12, 13, 32, 37, 41, 42, 49] {
            assert_eq!(field(&first, number), field(&original, number), "field {number}");
        }
        assert_eq!(field(&first, 90), "020099999912312359590000062750000000000000");
        assert_eq!((field(&first, 2), field(&first, 39)), ("absent", "absent"));
    }

    #[test]
    fn an_approval_without_its_echo_is_not_believed() {
        let settings = settings();
        let wire = wire(&settings);
        let instruction = Instruction { refs: refs(), card: Some(card()) };
        let rrn = refs().rrn();
        let mut request = Vec::new();
        wire.write(&sale(&settings, &instruction, rrn.as_str(), None).expect("a card"), &mut request)
            .expect("valid");
        let request = wire.read(&request).expect("just written");
        let answered = |code: &str, without: u8, optional: &[u8]| {
            let mut answer = answer_to(&request).expect("a request");
            answer.set(39, code.to_owned()).remove(without);
            let mut bytes = Vec::new();
            wire.write(&answer, &mut bytes).expect("valid");
            read_financial(&wire.read(&bytes).expect("just written"), Some(&refs()), optional)
        };
        for (without, optional, believed) in [
            (38, &[][..], true),
            (4, &[], false),
            (4, &[37, 49], false),
            (11, &[], false),
            (37, &[], false),
            (37, &[37], true),
            (49, &[], false),
            (49, &[49], true),
            (39, &[], false),
        ] {
            let read = answered("00", without, optional);
            match &read {
                Ok(Outcome::Approved(approval)) if believed => assert_eq!(approval.amount, refs().amount),
                Err(Cause::Untrusted(why)) if !believed => {
                    assert!(why.contains(&without.to_string()), "{why}")
                }
                _ => panic!("field {without}: {read:?}"),
            }
        }
        // A refusal needs no echo: no money moves by it.
        let refused = answered("51", 4, &[]);
        assert!(matches!(refused, Ok(Outcome::Declined(d)) if d.reason == DeclineReason::InsufficientFunds));
        assert_eq!(answered("91", 4, &[]), Ok(Outcome::Pending { code: "91".into() }));
    }
}
