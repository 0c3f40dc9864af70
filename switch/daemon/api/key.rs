//! The `Idempotency-Key` header: required, once, in either spelling.

use axum::http::HeaderMap;
use switch_core::idempotency::IdempotencyKey;

use crate::problem::{Code, Flaw, Problem};

const HEADER: &str = "idempotency-key";

/// The key of a request, before anything is looked up.
pub(crate) fn of(headers: &HeaderMap) -> Result<IdempotencyKey, Problem> {
    let mut given = headers.get_all(HEADER).iter();
    let Some(first) = given.next() else { return Err(Problem::new(Code::IdempotencyKeyMissing)) };
    let invalid = Problem::new(Code::IdempotencyKeyInvalid);
    if given.next().is_some() {
        return Err(invalid.at("Idempotency-Key", Flaw::Repeated));
    }
    let text = first.to_str().unwrap_or("\u{fffd}");
    IdempotencyKey::parse(text)
        .map_err(|error| invalid.noted("Idempotency-Key", Flaw::Syntax, error.to_string()))
}
