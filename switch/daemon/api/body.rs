//! From the bytes of a body to a request, or to every flaw it has by field.
//!
//! The way of a good request is one pass of `serde_json`. Only a bad one is read a second time, to
//! name all of its flaws at once.

use std::fmt;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sso::oidc::scope::Scope;
use switch_core::id::ClientId;

use super::Api;
use crate::problem::{Code, FieldError, Flaw, Problem};

/// A body that drips is not waited for.
const READ_TIMEOUT: Duration = Duration::from_secs(10);
/// Of a body that is refused, so much is still read before the connection is closed.
const DISCARDED_MAX: usize = 1024 * 1024;

/// What a field of a request is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) kind: Kind,
}

/// The form of a field.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Object(&'static [Field]),
}

/// A text that must be there.
pub(crate) const fn text(name: &'static str) -> Field {
    Field { name, required: true, kind: Kind::Text }
}

/// A text that may be left out.
pub(crate) const fn maybe_text(name: &'static str) -> Field {
    Field { name, required: false, kind: Kind::Text }
}

/// An object that must be there.
pub(crate) const fn object(name: &'static str, fields: &'static [Field]) -> Field {
    Field { name, required: true, kind: Kind::Object(fields) }
}

/// The caller, who must have been granted a scope, what `before` reads of the headers, and the bytes of a JSON body within the limit.
///
/// A refusal waits for the rest of the body, within bounds: a connection that is closed on a caller
/// who is still writing loses the answer.
pub(crate) async fn take<T>(
    api: &Api,
    request: Request,
    scope: Scope,
    before: impl FnOnce(&HeaderMap) -> Result<T, Problem>,
) -> Result<(ClientId, T, Bytes), Problem> {
    let (parts, body) = request.into_parts();
    let welcome = async {
        let client = api.callers.authenticate(&parts, scope).await?;
        let before = before(&parts.headers)?;
        announced(&parts.headers, api.body_max_bytes).map(|()| (client, before))
    };
    let welcome = welcome.await;
    let bytes_max = if welcome.is_ok() { api.body_max_bytes } else { 0 };
    let read = tokio::time::timeout(READ_TIMEOUT, collect(body, bytes_max)).await;
    let (client, before) = welcome?;
    let bytes = read.map_err(|_| Problem::new(Code::BodyIncomplete))??;
    Ok((client, before, bytes))
}

fn announced(headers: &HeaderMap, bytes_max: usize) -> Result<(), Problem> {
    if !headers.get(header::CONTENT_TYPE).is_some_and(|value| is_json(value.as_bytes())) {
        return Err(Problem::new(Code::ContentTypeUnsupported));
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > bytes_max) {
        return Err(Problem::new(Code::BodyTooLarge));
    }
    Ok(())
}

fn is_json(value: &[u8]) -> bool {
    let essence = value.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    essence.eq_ignore_ascii_case(b"application/json")
}

/// Reads a body to its end and keeps it unless it is too large; a usual one is a single piece.
async fn collect(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let mut pieces = body.into_data_stream();
    let (mut first, mut more, mut read) = (Bytes::new(), Vec::new(), 0);
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Problem::new(Code::BodyIncomplete))?;
        read += piece.len();
        if read > bytes_max + DISCARDED_MAX {
            break;
        }
        match read {
            read if read > bytes_max => {}
            _ if first.is_empty() => first = piece,
            _ if more.is_empty() => more.extend([first.as_ref(), &piece].concat()),
            _ => more.extend_from_slice(&piece),
        }
    }
    match read > bytes_max {
        true => Err(Problem::new(Code::BodyTooLarge)),
        false if more.is_empty() => Ok(first),
        false => Ok(more.into()),
    }
}

/// The request in a body.
pub(crate) fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8], shape: &[Field]) -> Result<T, Problem> {
    match serde_json::from_slice(bytes) {
        // serde takes a list for an object and its values for the fields in order; the API describes objects only.
        // Without a bracket there is no list, and nothing is read twice.
        Ok(request) if !bytes.contains(&b'[') => Ok(request),
        Ok(request) => diagnose(bytes, shape).map_or(Ok(request), Err),
        Err(_) => Err(diagnose(bytes, shape).unwrap_or_else(|| Problem::new(Code::MalformedJson))),
    }
}

/// What is wrong with a body; `None` when nothing is.
fn diagnose(bytes: &[u8], shape: &[Field]) -> Option<Problem> {
    let value = match serde_json::from_slice::<Value>(bytes) {
        Ok(value) => value,
        // In the words of this reading, which knows no fields: the other's would repeat what was sent.
        Err(syntax) => {
            return Some(Problem::new(Code::MalformedJson).noted("", Flaw::Syntax, syntax.to_string()));
        }
    };
    let mut errors = Vec::new();
    flaws(&value, shape, "", &mut errors);
    if errors.is_empty() {
        let place = Repeated(String::new()).deserialize(&mut serde_json::Deserializer::from_slice(bytes));
        errors.push(FieldError { place: place.ok()??, flaw: Flaw::Duplicate, note: None });
    }
    Some(Problem::new(Code::InvalidFields).with(errors))
}

/// Finds the first field that stands twice, below this place: a value keeps only the last.
struct Repeated(String);

impl<'de> DeserializeSeed<'de> for Repeated {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Repeated {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut seen, mut found) = (Vec::<String>::new(), None);
        while let Some(name) = map.next_key::<String>()? {
            let place = format!("{}/{}", self.0, pointed(&name));
            if seen.contains(&name) {
                found = found.or(Some(place.clone()));
            } else {
                seen.push(name);
            }
            found = found.or(map.next_value_seed(Repeated(place))?);
        }
        Ok(found)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// A name as a JSON pointer writes it (RFC 6901).
fn pointed(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Flaws named in one answer; a body of unknown fields does not get a longer one back.
const FLAWS_MAX: usize = 20;

fn flaws(value: &Value, shape: &[Field], path: &str, errors: &mut Vec<FieldError>) {
    let mut found = |place: String, flaw| errors.push(FieldError { place, flaw, note: None });
    let Value::Object(given) = value else { return found(path.to_owned(), Flaw::NotObject) };
    for name in given.keys().take(FLAWS_MAX).filter(|name| !shape.iter().any(|field| field.name == *name)) {
        let shown: String = name.chars().take(64).collect();
        found(format!("{path}/{}", pointed(&shown)), Flaw::UnknownField);
    }
    for field in shape {
        let place = format!("{path}/{}", field.name);
        match (given.get(field.name), field.kind) {
            (None | Some(Value::Null), _) if !field.required => {}
            (None, _) => found(place, Flaw::Missing),
            (Some(Value::String(_)), Kind::Text) => {}
            (Some(_), Kind::Text) => found(place, Flaw::NotText),
            (Some(_), Kind::Object(_)) => {}
        }
    }
    for field in shape {
        if let (Kind::Object(inner), Some(value)) = (field.kind, given.get(field.name)) {
            flaws(value, inner, &format!("{path}/{}", field.name), errors);
        }
    }
}

/// Collects the flaws of values, so that one answer names them all.
#[derive(Debug, Default)]
pub(crate) struct Flaws(Vec<FieldError>);

impl Flaws {
    /// Keeps a good value, or notes what is wrong with it.
    pub(crate) fn take<T>(&mut self, place: &str, value: Result<T, Flaw>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(flaw) => {
                self.0.push(FieldError { place: place.to_owned(), flaw, note: None });
                None
            }
        }
    }

    /// The refusal, when there is a flaw.
    pub(crate) fn problem(self) -> Problem {
        Problem::new(Code::InvalidFields).with(self.0)
    }
}

/// A text of the caller's within a length, without control characters.
pub(crate) fn plain(text: &str, length: std::ops::RangeInclusive<usize>) -> Result<String, Flaw> {
    if text.chars().any(char::is_control) {
        return Err(Flaw::ControlCharacter);
    }
    if length.contains(&text.chars().count()) { Ok(text.to_owned()) } else { Err(Flaw::Length) }
}
