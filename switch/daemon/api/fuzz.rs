//! What callers send to the API, one function a kind of bytes, and what must hold of it: a request that is accepted
//! is the object its description asks for and means what its texts say; a refusal is the caller's fault, points at
//! its place, and repeats nothing of what was sent.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use futures_util::FutureExt;
use serde_json::{Value, json};
use switch_core::card::Pan;
use switch_core::clock::Timestamp;
use switch_core::id::{ClientId, PublicIds};
use switch_core::idempotency::IdempotencyKey;
use switch_core::money::{AMOUNT_MAX_MINOR, Currency, Money};
use switch_engine::bill::NewBill;

use super::body::{self, Flaws};
use super::money::MoneyDto;
use super::query::Parameters;
use super::{TraceIds, auth, bills, cards, id_flaw, key, payments};
use crate::catalogue::Catalogue;
use crate::problem::{Flaw, Language, Problem};

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut catalogue = Catalogue::default();
    catalogue
        .take(include_str!("../../../config/services/sandbox.toml"))
        .expect("the committed catalogue is used by every test");
    catalogue
});

/// The permutation of a fixed key; the numbers of the corpus were made with it.
static IDS: LazyLock<PublicIds> = LazyLock::new(|| PublicIds::new([7; 16]));

const NOW: Timestamp = Timestamp(1_795_343_465_250);
const CLIENT: ClientId = ClientId(1);

/// The body of `POST /v1/bills`.
pub fn bill_body(bytes: &[u8]) -> bool {
    let read = |bytes: &[u8]| bills::new_bill(&CATALOGUE, NOW, CLIENT, body::read(bytes, bills::SHAPE)?);
    match read(bytes) {
        Ok(bill) => {
            is_the_described_object(bytes, &["payer", "amount"]);
            assert!((1..=AMOUNT_MAX_MINOR).contains(&bill.amount.minor()));
            assert!(
                (1..=64).contains(&bill.reference.chars().count()) && bill.description.chars().count() <= 200
            );
            assert!(!bill.reference.chars().chain(bill.description.chars()).any(char::is_control));
            assert!(bill.expires_at.is_none_or(|at| at > NOW));
            assert_eq!(CATALOGUE.paid(&bill.department, &bill.service), Ok(()));
            let again = read(written(&bill).to_string().as_bytes()).expect("the same bill, written by us");
            assert_eq!(written(&again), written(&bill));
            true
        }
        Err(problem) => refused(&problem, bytes),
    }
}

/// A bill as a department would write it.
fn written(bill: &NewBill) -> Value {
    let expires_at = bill.expires_at.map(|at| at.to_string());
    json!({
        "department": bill.department, "service": bill.service, "reference": bill.reference,
        "payer": { "kind": bill.payer.kind().as_str(), "number": bill.payer.expose() },
        "amount": { "amount": bill.amount.decimal(), "currency": bill.amount.currency().alpha() },
        "description": bill.description, "expires_at": expires_at,
    })
}

/// The body of `POST /v1/payments`.
pub fn payment_body(bytes: &[u8]) -> bool {
    let read = |bytes: &[u8]| {
        let key = IdempotencyKey::derived("a-key-of-the-fuzzer".into());
        payments::order(&IDS, CLIENT, key, body::read(bytes, payments::SHAPE)?)
    };
    match read(bytes) {
        Ok(order) => {
            is_the_described_object(bytes, &[]);
            let mut same = json!({ "bill": IDS.show("bil", order.bill.0), "method": order.method.as_str() });
            if let Some(card) = order.card {
                same["card"] = json!(IDS.show("crd", card.0));
            }
            let again = read(same.to_string().as_bytes()).expect("the same order, written by us");
            assert_eq!(again.fingerprint, order.fingerprint, "one meaning has one fingerprint");
            true
        }
        Err(problem) => refused(&problem, bytes),
    }
}

/// The body of `POST /v1/cards`.
pub fn card_body(bytes: &[u8]) -> bool {
    match cards::read(bytes) {
        Ok(card) => {
            is_the_described_object(bytes, &[]);
            let (digits, shown) =
                (card.pan.expose(), format!("{card:?} {:?} {}", card.pan, card.pan.masked()));
            assert!(!shown.contains(digits) && !shown.contains(&card.expiry), "{shown}");
            assert!((12..=19).contains(&digits.len()) && Pan::parse(digits).is_ok());
            let same = json!({ "pan": digits, "expiry": card.expiry });
            assert!(
                cards::read(same.to_string().as_bytes()).ok() == Some(card),
                "the same card, written by us"
            );
            true
        }
        Err(problem) => refused(&problem, bytes),
    }
}

/// An accepted body is a JSON object, and so is what it holds at `objects`: nothing else is described.
fn is_the_described_object(bytes: &[u8], objects: &[&str]) {
    let value: Value = serde_json::from_slice(bytes).expect("what is accepted is JSON");
    let fields = value.as_object().expect("what is accepted is an object");
    assert!(objects.iter().all(|name| fields[*name].is_object()), "a list stands for an object");
    let mut texts = fields.iter().filter(|(name, _)| !objects.contains(&name.as_str()));
    assert!(texts.all(|(_, value)| value.is_string() || value.is_null()));
}

/// A refusal in both languages. False, for the caller's convenience.
fn refused(problem: &Problem, bytes: &[u8]) -> bool {
    let body: Option<Value> = serde_json::from_slice(bytes).ok();
    for language in [Language::Ar, Language::En] {
        let response = problem.in_words(language, "0");
        assert!((400..500).contains(&response.status().as_u16()), "the caller's fault is a 4xx");
        let status = response.status().as_u16();
        let text = axum::body::to_bytes(response.into_body(), 1 << 20).now_or_never();
        let text = text.expect("it is ready").expect("a refusal is small");
        let said: Value = serde_json::from_slice(&text).expect("a problem is JSON");
        assert_eq!(said["status"], status);
        let errors =
            said["errors"].as_array().expect("a refusal of what was sent says what is wrong with it");
        assert!((1..=64).contains(&errors.len()), "{} flaws", errors.len());
        errors.iter().for_each(|error| well_placed(error, body.as_ref()));
    }
    false
}

/// A JSON pointer that leads to what is wrong, and a note without the caller's values.
fn well_placed(error: &Value, body: Option<&Value>) {
    let (pointer, code) =
        (error["pointer"].as_str().expect("a place"), error["code"].as_str().expect("a code"));
    assert!(pointer.is_empty() || pointer.starts_with('/'), "{pointer}");
    assert!(!error["detail"].as_str().expect("words").is_empty());
    let note = error["note"].as_str().unwrap_or_default();
    let digits = note.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
    assert!(
        note.len() < 120 && digits <= Some(6) && !note.contains('"') && !note.contains("field `"),
        "a note repeats a value: {note}"
    );
    let Some(body) = body else { return };
    let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
    match code {
        "missing" => assert!(body.pointer(parent).is_some() && body.pointer(pointer).is_none(), "{pointer}"),
        // A long name is shown in part.
        "unknown-field" => {
            assert!(body.pointer(pointer).is_some() || pointer.chars().count() > 60, "{pointer}")
        }
        "card-secret" => {}
        _ => assert!(body.pointer(pointer).is_some(), "{code} at {pointer}, where nothing is"),
    }
}

/// The query of a list of bills.
pub fn query(bytes: &[u8]) -> bool {
    const KNOWN: [&str; 4] = ["payer_kind", "payer_number", "limit", "after"];
    let text = String::from_utf8_lossy(bytes);
    let Ok(uri) = format!("/v1/bills?{text}").parse::<Uri>() else { return false };
    let read = Parameters::of(&uri, &KNOWN).and_then(|parameters| {
        let (kind, number) = (parameters.required("payer_kind")?, parameters.required("payer_number")?);
        let payer = bills::payer(kind, number);
        Ok((payer, parameters.page(&IDS, "bil")?, parameters))
    });
    match read {
        Ok((payer, page, parameters)) => {
            assert!((2..=201).contains(&page.read()), "one more than 1 to 200");
            let after = page.after.map(|id| IDS.show("bil", id));
            assert_eq!(after.is_some(), parameters.get("after").is_some());
            let Ok(payer) = payer else { return false };
            assert_eq!(Some(payer.expose()), parameters.get("payer_number"));
            assert!(!format!("{payer:?}").contains(payer.expose()), "an identity is printed");
            true
        }
        Err(problem) => {
            let response = problem.in_words(Language::En, "0");
            assert_eq!(response.status(), 400);
            false
        }
    }
}

/// A number people see, after one byte that chooses its kind.
pub fn public_id(bytes: &[u8]) -> bool {
    let (how, text) = bytes.split_first().unwrap_or((&0, &[]));
    let prefix = ["bil", "pay", "crd", "cli"][usize::from(how % 4)];
    let text = String::from_utf8_lossy(text);
    let id = match IDS.read(prefix, &text) {
        Ok(id) => id,
        Err(error) => {
            assert!(matches!(id_flaw(error), Flaw::NotAnId | Flaw::Mistyped));
            return false;
        }
    };
    let shown = IDS.show(prefix, id);
    let typed: String = text
        .chars()
        .skip(4)
        .map(|c| match c.to_ascii_uppercase() {
            'I' | 'L' => '1',
            'O' => '0',
            other => other,
        })
        .collect();
    assert!(id >= 0 && shown[4..] == typed, "{text} is read as {shown}");
    // One mistyped character is found, wherever it stands.
    let place = 4 + usize::from(how / 4) % 13;
    let mut mistyped = shown.clone().into_bytes();
    mistyped[place] = if mistyped[place] == b'7' { b'8' } else { b'7' };
    let mistyped = String::from_utf8(mistyped).expect("ASCII");
    assert!(IDS.read(prefix, &mistyped).is_err(), "{mistyped} is read");
    ["bil", "pay", "crd", "cli"]
        .iter()
        .for_each(|other| assert!(*other == prefix || IDS.read(other, &text).is_err()));
    true
}

/// The `Idempotency-Key` header.
pub fn idempotency_key(bytes: &[u8]) -> bool {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return false };
    let name = HeaderName::from_static("idempotency-key");
    let mut headers = HeaderMap::from_iter([(name.clone(), value.clone())]);
    let read = key::of(&headers);
    headers.append(name, value);
    assert!(key::of(&headers).is_err(), "two keys are none");
    match read {
        Ok(key) => {
            let token = key.as_str();
            assert!((16..=64).contains(&token.len()));
            assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~-".contains(&b)));
            for spelling in [token.to_owned(), format!("\"{token}\""), format!(" {token}\t")] {
                assert_eq!(IdempotencyKey::parse(&spelling).as_ref(), Ok(&key), "{spelling}");
            }
            true
        }
        Err(problem) => refused_header(&problem, "Idempotency-Key"),
    }
}

fn refused_header(problem: &Problem, name: &str) -> bool {
    let response = problem.in_words(Language::En, "0");
    assert_eq!(response.status(), 400);
    let text = axum::body::to_bytes(response.into_body(), 1 << 20).now_or_never();
    let text = text.expect("it is ready").expect("a refusal is small");
    let said: Value = serde_json::from_slice(&text).expect("a problem is JSON");
    assert!(
        said["errors"].as_array().is_some_and(|errors| errors.iter().all(|error| error["pointer"] == name))
    );
    false
}

/// The headers of a caller: `Authorization`, and beside it what chooses language and trace.
pub fn authorization(bytes: &[u8]) -> bool {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return false };
    let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, value.clone())]);
    assert!(matches!(Language::accepted(&headers).tag(), "ar" | "en"));
    let trace = TraceIds::new(1).of(Some(&value));
    assert!(trace.len() == 32 && trace.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f')));

    let with = |values: &[&HeaderValue]| {
        let mut request = axum::http::Request::new(());
        for value in values {
            request.headers_mut().append(header::AUTHORIZATION, (*value).clone());
        }
        request.into_parts().0
    };
    let parts = with(&[&value]);
    let Some(token) = auth::bearer(&parts) else { return false };
    let text = value.to_str().expect("a token is text");
    assert!(text[..7].eq_ignore_ascii_case("bearer ") && text.trim_end().ends_with(token));
    let same = HeaderValue::from_str(&format!("Bearer {token}")).expect("text");
    assert_eq!(auth::bearer(&with(&[&same])), Some(token));
    assert!(auth::bearer(&with(&[&value, &value])).is_none(), "two callers are none");
    true
}

/// An amount, after one byte that chooses its currency.
pub fn money(bytes: &[u8]) -> bool {
    let (how, text) = bytes.split_first().unwrap_or((&0, &[]));
    let currencies: Vec<Currency> = Currency::all().collect();
    let currency = currencies[usize::from(*how) % currencies.len()];
    let text = String::from_utf8_lossy(text);
    let mut flaws = Flaws::default();
    let dto = MoneyDto { amount: text.as_ref().into(), currency: currency.alpha().into() };
    let asked = dto.read("/amount", &mut flaws);
    match Money::parse(&text, currency) {
        Ok(money) => {
            // Worked out another way: the digits as they stand, moved by the decimals that are left.
            let western: Vec<u32> = text.chars().filter_map(digit).collect();
            let decimals =
                text.split(['.', '٫']).nth(1).map_or(0, |fraction| fraction.chars().count() as u32);
            let whole = western.iter().fold(0_i128, |sum, digit| sum.saturating_mul(10) + i128::from(*digit));
            assert_eq!(
                i128::from(money.minor()),
                whole * 10_i128.pow(currency.exponent() - decimals),
                "{text}"
            );
            assert!((0..=AMOUNT_MAX_MINOR).contains(&money.minor()));
            assert_eq!(Money::parse(&money.decimal(), currency), Ok(money));
            assert_eq!(money.de4().map(|de4| de4.parse()), Ok(Ok(money.minor())));
            assert_eq!(
                asked,
                Some(money).filter(|money| money.minor() > 0 && money.decimal() == text),
                "{text}"
            );
            true
        }
        Err(error) => {
            assert!(asked.is_none() && !error.to_string().is_empty());
            false
        }
    }
}

fn digit(c: char) -> Option<u32> {
    let arabic =
        [0x660, 0x6F0].into_iter().find_map(|zero| (c as u32).checked_sub(zero).filter(|digit| *digit < 10));
    c.to_digit(10).or(arabic)
}

/// The identity of a payer, after one byte that chooses its kind.
pub fn payer(bytes: &[u8]) -> bool {
    let (how, text) = bytes.split_first().unwrap_or((&0, &[]));
    let kind = ["national_id", "passport", "company"][usize::from(how % 3)];
    let text = String::from_utf8_lossy(text);
    match bills::payer(kind, &text) {
        Ok(payer) => {
            assert_eq!((payer.kind().as_str(), payer.expose()), (kind, &*text));
            assert!(!format!("{payer:?}").contains(&*text), "an identity is printed");
            assert!(text.is_ascii() && text.len() <= 24 && (kind != "national_id" || text.len() == 9));
            true
        }
        Err(flaw) => {
            assert_eq!(flaw, if kind == "national_id" { Flaw::NotANationalId } else { Flaw::NotADocument });
            false
        }
    }
}
