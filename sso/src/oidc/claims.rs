//! Claims of tokens as they are read: text and moments (RFC 7519 section 2).

use serde_json::{Map, Value};
use switch_core::clock::Timestamp;

/// The claims of a token.
pub type Claims = Map<String, Value>;

/// A claim that is text.
#[must_use]
pub fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// A moment. `Ok(None)`: the claim is not there; `Err`: it is no NumericDate.
///
/// # Errors
/// Nothing is known but that it is none.
pub fn moment(claims: &Claims, name: &str) -> Result<Option<Timestamp>, NotAMoment> {
    const YEAR_9999_S: f64 = 253_402_300_799.0;
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().filter(|s| (0.0..=YEAR_9999_S).contains(s)).ok_or(NotAMoment)?;
    // Fractions are allowed; the bounds above keep the product far inside 64 bits.
    Ok(Some(Timestamp((seconds * 1000.0) as i64)))
}

/// Not seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAMoment;

/// Whether a claim of one or several texts (`aud`) has a value.
#[must_use]
pub fn lists(claims: &Claims, name: &str, wanted: &str) -> bool {
    match claims.get(name) {
        Some(Value::String(one)) => one == wanted,
        Some(Value::Array(all)) => all.iter().any(|one| one == wanted),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_seconds_and_nothing_else() {
        let claims = serde_json::json!({ "a": 1, "b": 1.5, "c": "1", "d": -1, "e": 1e300, "f": null });
        let claims = claims.as_object().expect("an object");
        assert_eq!(moment(claims, "a"), Ok(Some(Timestamp(1_000))));
        assert_eq!(moment(claims, "b"), Ok(Some(Timestamp(1_500))));
        assert_eq!(moment(claims, "g"), Ok(None));
        for wrong in ["c", "d", "e", "f"] {
            assert_eq!(moment(claims, wrong), Err(NotAMoment), "{wrong}");
        }
    }
}
