//! What an address says: the identifier in its path, query parameters (each known by name, each at
//! most once), and the page of a list.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri, header};
use axum::response::Response;
use switch_core::id::PublicIds;

use super::id_flaw;
use crate::problem::{Code, Flaw, Problem};

const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MAX: u32 = 200;

/// The last segment of a path that names one thing.
#[derive(Debug)]
pub(crate) struct PathId(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id)).map_err(|_| Problem::new(Code::NotFound))
    }
}

/// The parameters of a request.
#[derive(Debug)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads them; a name that is not `known`, or one that stands twice, is refused.
    pub(crate) fn of(uri: &Uri, known: &[&str]) -> Result<Self, Problem> {
        let invalid = Problem::new(Code::InvalidParameter);
        let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else {
            return Err(invalid.at("?", Flaw::Syntax));
        };
        for (i, (name, _)) in pairs.iter().enumerate() {
            let shown: String = name.chars().take(64).collect();
            if !known.contains(&name.as_str()) {
                return Err(invalid.at(shown, Flaw::UnknownField));
            }
            if pairs[..i].iter().any(|(other, _)| other == name) {
                return Err(invalid.at(shown, Flaw::Repeated));
            }
        }
        Ok(Self(pairs))
    }

    /// The value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The value of a name that must be there.
    pub(crate) fn required(&self, name: &'static str) -> Result<&str, Problem> {
        self.get(name).ok_or_else(|| Problem::new(Code::InvalidParameter).at(name, Flaw::Missing))
    }

    /// The part of a list that is asked for.
    pub(crate) fn page(&self, ids: &PublicIds, prefix: &str) -> Result<Page, Problem> {
        let invalid = |name: &str, flaw| Problem::new(Code::InvalidParameter).at(name, flaw);
        let limit = self.get("limit").map_or(Ok(LIMIT_DEFAULT), str::parse);
        let limit = limit.ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
        let after = self.get("after").map(|text| ids.read(prefix, text)).transpose();
        Ok(Page {
            limit: limit.ok_or_else(|| invalid("limit", Flaw::Range))?,
            after: after.map_err(|error| invalid("after", id_flaw(error)))?,
        })
    }
}

/// A part of a list: so many, after this one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    limit: u32,
    /// The last one of the page before.
    pub(crate) after: Option<i64>,
}

impl Page {
    /// How many to read: one more than asked for, to know whether there is a next page.
    pub(crate) fn read(&self) -> u32 {
        self.limit + 1
    }

    /// Cuts a list to the page; whether more follow.
    pub(crate) fn cut<T>(&self, list: &mut Vec<T>) -> bool {
        let more = list.len() > self.limit as usize;
        list.truncate(self.limit as usize);
        more
    }

    /// The same list with a `Link` to its next page (RFC 8288), which begins after `last`.
    pub(crate) fn link(&self, mut response: Response, path: &str, last: Option<String>) -> Response {
        let next = last.map(|last| format!("<{path}limit={}&after={last}>; rel=\"next\"", self.limit));
        if let Some(value) = next.and_then(|next| HeaderValue::from_str(&next).ok()) {
            response.headers_mut().insert(header::LINK, value);
        }
        response
    }
}
