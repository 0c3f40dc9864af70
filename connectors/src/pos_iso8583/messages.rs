//! What a terminal says and is told, pure. Field numbers are those of ISO 8583:1987.
//!
//! A payment is named by the match key (terminal, trace, local time and date): its repeat (0201, or the same bytes
//! again) has the same key, and a reversal names the original's. So the switch answers a repeat from what it stored,
//! and this module writes the same bytes again: an answer is made of the request's fields and the stored receipt.

use std::borrow::Cow;

use bytes::BytesMut;
use codecs::iso8583::{Class, DecodeError, Draft, EncodeError, Function, Message};
use jiff::civil::DateTime;
use switch_core::agent::{BillQuote, CashReceipt, CashRefusal};
use switch_core::clock::{BusinessDate, Timestamp};
use switch_core::id::PaymentId;
use switch_core::idempotency::IdempotencyKey;
use switch_core::money::{AMOUNT_MAX_MINOR, Currency, Money};

use super::response_codes::{
    APPROVED, FORMAT_ERROR, NOT_OFFERED, NOT_PERMITTED, SECURITY_VIOLATION, refusal,
};
use super::settings::PosSettings;
use crate::transport::iso8583::{Wire, answer_to, mti, trimmed};

/// Field 70.
pub(crate) mod network {
    pub(crate) const SIGN_ON: u64 = 1;
    pub(crate) const SIGN_OFF: u64 = 2;
    pub(crate) const ECHO: u64 = 301;
}

/// Fields of a request that its answer repeats, besides the bill's.
const ECHOED: [u8; 10] = [3, 4, 7, 11, 12, 13, 41, 42, 49, 70];

/// Longest text of field 44.
const REMARK_MAX: usize = 25;

/// Longest code of a department or a service that a rehearsal counts with.
const CODE_MAX: usize = 16;

/// What a terminal asks.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    SignOn,
    SignOff,
    Echo,
    Inquiry { bill: String },
    Payment { key: IdempotencyKey, bill: String, amount: Money },
    Reversal { original: IdempotencyKey, amount: Money },
}

/// What is wrong with a request, as far as the message alone tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    Missing(u8),
    Wrong(u8),
    NotOffered,
    NotSignedOn,
    Unauthentic,
}

/// What a terminal is told.
#[derive(Debug)]
pub(crate) enum Answer {
    Done,
    SignedOn { local: DateTime, business_date: BusinessDate },
    Quote(BillQuote),
    Receipt(CashReceipt),
    Refused(CashRefusal),
    Faulty(Fault),
}

/// The terminal of a message: field 41 without its filling.
pub(crate) fn terminal_of<'a>(message: &Message<'a>) -> Result<Cow<'a, str>, Fault> {
    trimmed(message, 41).filter(|id| !id.is_empty()).ok_or(Fault::Missing(41))
}

/// Reads a request; the first field that is missing or wrong is named.
pub(crate) fn read(settings: &PosSettings, message: &Message<'_>) -> Result<Request, Fault> {
    let asks = matches!(message.mti().function(), Function::Request | Function::Advice);
    match message.mti().class() {
        _ if !asks => Err(Fault::NotOffered),
        Class::NetworkManagement => match number(message, 70)? {
            network::SIGN_ON => Ok(Request::SignOn),
            network::SIGN_OFF => Ok(Request::SignOff),
            network::ECHO => Ok(Request::Echo),
            _ => Err(Fault::NotOffered),
        },
        Class::Authorisation | Class::Financial => match number(message, 3)? {
            code if code == settings.inquiry_code => {
                number(message, 11)?;
                Ok(Request::Inquiry { bill: bill(settings, message)? })
            }
            code if code == settings.payment_code && message.mti().class() == Class::Financial => {
                let amount = amount(message)?;
                let key = key(settings, message, |field| text(message, field))?;
                Ok(Request::Payment { key, amount, bill: bill(settings, message)? })
            }
            _ => Err(Fault::NotOffered),
        },
        Class::Reversal => {
            let amount = amount(message)?;
            Ok(Request::Reversal { original: original(settings, message)?, amount })
        }
        _ => Err(Fault::NotOffered),
    }
}

fn text(message: &Message<'_>, field: u8) -> Result<String, Fault> {
    trimmed(message, field).filter(|text| !text.is_empty()).map(Cow::into_owned).ok_or(Fault::Missing(field))
}

fn number(message: &Message<'_>, field: u8) -> Result<u64, Fault> {
    match (message.digits_u64(field), message.has(field)) {
        (Some(number), _) => Ok(number),
        (None, false) => Err(Fault::Missing(field)),
        (None, true) => Err(Fault::Wrong(field)),
    }
}

fn amount(message: &Message<'_>) -> Result<Money, Fault> {
    let minor = i64::try_from(number(message, 4)?).map_err(|_| Fault::Wrong(4))?;
    let currency = message.text(49).ok_or(Fault::Missing(49))?;
    Ok(Money::new(minor, Currency::from_numeric(&currency).ok_or(Fault::Wrong(49))?))
}

fn bill(settings: &PosSettings, message: &Message<'_>) -> Result<String, Fault> {
    text(message, settings.bill_field)
}

/// The key of a payment: the fields of the match key with a point between them.
fn key(
    settings: &PosSettings,
    message: &Message<'_>,
    value: impl Fn(u8) -> Result<String, Fault>,
) -> Result<IdempotencyKey, Fault> {
    let mut text = String::from("pos");
    for field in &settings.match_key {
        text.push('.');
        text.push_str(&if *field == 41 { terminal_of(message)?.into_owned() } else { value(*field)? });
    }
    Ok(IdempotencyKey::derived(text))
}

/// The key of the original of a reversal: trace and transmission time from field 90 where it has them, all else,
/// which stays the same for the life of a payment, from the reversal itself.
fn original(settings: &PosSettings, message: &Message<'_>) -> Result<IdempotencyKey, Fault> {
    let elements = message.text(90);
    let part = |range: std::ops::Range<usize>| {
        let part = elements.as_deref()?.get(range)?;
        part.bytes().any(|digit| digit != b'0').then(|| part.to_owned())
    };
    key(settings, message, |field| match field {
        11 => part(4..10).map_or_else(|| text(message, 11), Ok),
        7 => part(10..20).map_or_else(|| text(message, 7), Ok),
        _ => text(message, field),
    })
}

/// Writes the answer to a request that could be read; `None` for a message that asks for none.
pub(crate) fn write(
    settings: &PosSettings,
    wire: &Wire,
    request: &Message<'_>,
    answer: &Answer,
) -> Option<Vec<u8>> {
    compose(settings, wire, request, answer).unwrap_or_else(|error| {
        tracing::error!(connector = settings.id, %error, "an answer to a terminal cannot be written");
        None
    })
}

fn compose(
    settings: &PosSettings,
    wire: &Wire,
    request: &Message<'_>,
    answer: &Answer,
) -> Result<Option<Vec<u8>>, EncodeError> {
    let Some(mut draft) = answer_to(request) else { return Ok(None) };
    for field in request.numbers().filter(|field| !ECHOED.contains(field) && *field != settings.bill_field) {
        draft.remove(field);
    }
    let (code, remark) = told(answer);
    draft.set(39, code);
    if let Some(remark) = &remark {
        draft.set(44, remark.as_ref());
    }
    let about;
    match answer {
        Answer::SignedOn { local, business_date } => {
            let number = |n: i8| u64::from(n.unsigned_abs());
            draft
                .set_number(
                    12,
                    number(local.hour()) * 10_000 + number(local.minute()) * 100 + number(local.second()),
                )
                .set_number(13, number(local.month()) * 100 + number(local.day()))
                .set_number(15, month_and_day(*business_date));
        }
        Answer::Quote(quote) => {
            let printable = |c: char| if c.is_ascii_graphic() { c } else { '?' };
            about =
                format!("{}/{}", quote.department, quote.service).chars().map(printable).collect::<String>();
            draft
                .set_number(4, quote.amount.minor().unsigned_abs())
                .set(48, about.as_str())
                .set(49, quote.amount.currency().numeric())
                .set(settings.bill_field, quote.bill.as_str());
        }
        Answer::Receipt(receipt) => {
            draft
                .set_number(15, month_and_day(receipt.business_date))
                .set_padded(37, receipt.rrn.as_str())
                .set_padded(38, receipt.approval_code.as_str());
        }
        Answer::Done | Answer::Refused(_) | Answer::Faulty(_) => {}
    }
    let mut bytes = Vec::with_capacity(256);
    wire.write(&draft, &mut bytes).map(|()| Some(bytes))
}

/// One of every answer, with the longest values they may have.
pub(crate) fn one_of_each() -> Vec<Answer> {
    let quote = BillQuote {
        bill: "bil_0123456789ABCD".into(),
        amount: Money::new(AMOUNT_MAX_MINOR, Currency::Jod),
        department: "X".repeat(CODE_MAX),
        service: "X".repeat(CODE_MAX),
    };
    let receipt = CashReceipt {
        payment: PaymentId(1),
        rrn: "00000004618H".into(),
        approval_code: "000001".into(),
        at: Timestamp(0),
        business_date: BusinessDate(20_261_231),
    };
    let signed_on = Answer::SignedOn { local: DateTime::MAX, business_date: BusinessDate(20_261_231) };
    let faults =
        [Fault::Missing(128), Fault::Wrong(128), Fault::NotOffered, Fault::NotSignedOn, Fault::Unauthentic];
    [Answer::Done, signed_on, Answer::Quote(quote), Answer::Receipt(receipt)]
        .into_iter()
        .chain(CashRefusal::ALL.map(Answer::Refused))
        .chain(faults.map(Answer::Faulty))
        .collect()
}

/// Writes one of every answer to a payment, so that a dialect in which a terminal could not be answered is refused
/// when the port is set up.
///
/// # Errors
/// What cannot be written or framed, and why.
pub(crate) fn rehearse(settings: &PosSettings) -> Result<(), String> {
    let wire = Wire { dialect: settings.dialect.clone(), mac: settings.mac.clone() };
    let tpdu = (settings.framing.name() == "len2-be-tpdu").then_some([0; 5]);
    let mut draft = Draft::new(mti([settings.dialect.mti_version(), 2, 0, 0]));
    draft
        .set_number(3, settings.payment_code)
        .set_number(4, AMOUNT_MAX_MINOR.unsigned_abs())
        .set_number(7, 1_231_235_959)
        .set_number(11, 999_999)
        .set_number(12, 235_959)
        .set_number(13, 1231)
        .set_padded(41, "TERM0001")
        .set_padded(42, "HUKUMATI0000001")
        .set(49, Currency::Jod.numeric())
        .set(settings.bill_field, "bil_0123456789ABCD");
    let mut payment = Vec::new();
    wire.write(&draft, &mut payment).map_err(|error| error.to_string())?;
    let payment = wire.read(&payment).map_err(|error| error.to_string())?;
    for answer in one_of_each() {
        let payload = compose(settings, &wire, &payment, &answer).map_err(|error| error.to_string())?;
        let framed = settings.framing.encode(&payload.unwrap_or_default(), tpdu, &mut BytesMut::new());
        framed.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Fields 39 and 44.
fn told(answer: &Answer) -> (&'static str, Option<Cow<'static, str>>) {
    match answer {
        Answer::Done | Answer::SignedOn { .. } | Answer::Quote(_) | Answer::Receipt(_) => (APPROVED, None),
        Answer::Refused(why) => {
            let (code, remark) = refusal(*why);
            (code, Some(remark.into()))
        }
        Answer::Faulty(fault) => match fault {
            Fault::Missing(field) => (FORMAT_ERROR, Some(format!("DE{field} missing").into())),
            Fault::Wrong(field) => (FORMAT_ERROR, Some(format!("DE{field} wrong").into())),
            Fault::NotOffered => (NOT_OFFERED, Some("not offered".into())),
            Fault::NotSignedOn => (NOT_PERMITTED, Some("sign on first".into())),
            Fault::Unauthentic => (SECURITY_VIOLATION, Some("MAC wrong".into())),
        },
    }
}

/// What was unreadable and where, such as `DE4 NOT_NUMERIC`.
pub(crate) fn unreadable(error: &DecodeError) -> String {
    let mut remark = match error.field {
        Some(field) => format!("DE{field} {}", error.kind.name()),
        None => error.kind.name().to_owned(),
    };
    remark.truncate(REMARK_MAX);
    remark
}

fn month_and_day(date: BusinessDate) -> u64 {
    (date.0 % 10_000).unsigned_abs().into()
}
