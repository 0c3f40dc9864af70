//! What went wrong, as RFC 9457 tells it: a stable `type`, a `code`, the status, and what to do in
//! Arabic and English. One table, which is also `docs/problems.md` and the pages under `/problems/`.
//!
//! A handler returns a [`Problem`]; the outermost layer, which knows the caller's language, puts it
//! into words (`api/mod.rs`).

mod table;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sso::oidc::error::OAuthError;

pub(crate) use table::{Code, Flaw};

/// The languages of the switch. Arabic is the one it speaks when it is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// Arabic.
    Ar,
    /// English.
    En,
}

impl Language {
    /// The tag of RFC 5646.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Ar => "ar",
            Self::En => "en",
        }
    }

    /// The better of the two by an `Accept-Language` header (RFC 9110 section 12.5.4).
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let wish = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let weight = |wanted: &str| {
            wish.split(',')
                .filter_map(|range| {
                    let mut parts = range.trim().split(';');
                    let tag = parts.next()?.split('-').next()?.trim();
                    let q = parts.find_map(|p| p.trim().strip_prefix("q=")?.parse::<f32>().ok());
                    tag.eq_ignore_ascii_case(wanted).then_some(q.unwrap_or(1.0))
                })
                .fold(0.0, f32::max)
        };
        if weight("en") > weight("ar") { Self::En } else { Self::Ar }
    }
}

/// One flaw of a request and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// JSON pointer into the body (RFC 6901), or the name of a query parameter or header.
    pub(crate) place: String,
    /// What is wrong there.
    pub(crate) flaw: Flaw,
    /// What the general words cannot say, in English only: the parser's, or a limit.
    pub(crate) note: Option<String>,
}

/// A refusal on its way to the caller.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    code: Code,
    errors: Vec<FieldError>,
    cause: Option<String>,
    replayed: bool,
    /// How the caller may prove more: `WWW-Authenticate`, `DPoP-Nonce`.
    challenge: Vec<(HeaderName, HeaderValue)>,
}

/// Says that the answer was given before (draft-ietf-httpapi-idempotency-key-header-07).
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

impl Problem {
    /// A refusal without particulars.
    pub(crate) fn new(code: Code) -> Self {
        Self { code, errors: Vec::new(), cause: None, replayed: false, challenge: Vec::new() }
    }

    /// A fault of ours; its cause is for the log and never for the caller.
    pub(crate) fn fault(code: Code, cause: impl ToString) -> Self {
        Self { cause: Some(cause.to_string()), ..Self::new(code) }
    }

    /// The refusal of an access token, with the challenge that says how to do better (RFC 6750 section 3,
    /// RFC 9449 section 7.1).
    pub(crate) fn oauth(error: OAuthError) -> Self {
        let code = match error.status() {
            StatusCode::FORBIDDEN => Code::InsufficientScope,
            StatusCode::TOO_MANY_REQUESTS => Code::RateLimited,
            StatusCode::SERVICE_UNAVAILABLE => Code::StoreUnavailable,
            StatusCode::INTERNAL_SERVER_ERROR => Code::Internal,
            _ => Code::Unauthorized,
        };
        let response = error.into_response();
        let told = [header::WWW_AUTHENTICATE, HeaderName::from_static("dpop-nonce")];
        let headers = response.headers();
        let pair = |name: &HeaderName| Some((name.clone(), headers.get(name)?.clone()));
        Self { challenge: told.iter().filter_map(pair).collect(), ..Self::new(code) }
    }

    /// What the log is told, when it is a fault of ours.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// Its code.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// The same with what is wrong with the request.
    pub(crate) fn with(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// The same, given to a repeat of a request.
    pub(crate) fn replayed(self) -> Self {
        Self { replayed: true, ..self }
    }

    /// The same with one thing that is wrong.
    pub(crate) fn at(self, place: impl Into<String>, flaw: Flaw) -> Self {
        self.with(vec![FieldError { place: place.into(), flaw, note: None }])
    }

    /// The same with one thing that is wrong, and a note on it.
    pub(crate) fn noted(self, place: impl Into<String>, flaw: Flaw, note: impl Into<String>) -> Self {
        self.with(vec![FieldError { place: place.into(), flaw, note: Some(note.into()) }])
    }

    /// The document in a language.
    pub(crate) fn in_words(&self, language: Language, trace_id: &str) -> Response {
        let mut document = json!({
            "type": format!("/problems/{}", self.code.slug()),
            "title": self.code.title(language),
            "status": self.code.status().as_u16(),
            "code": self.code.slug(),
            "detail": self.code.detail(language),
            "trace_id": trace_id,
        });
        if !self.errors.is_empty() {
            let errors = self.errors.iter().map(|error| {
                let mut entry = json!({
                    "pointer": error.place,
                    "code": error.flaw.slug(),
                    "detail": error.flaw.detail(language),
                });
                if let Some(note) = &error.note {
                    entry["note"] = json!(note);
                }
                entry
            });
            document["errors"] = errors.collect();
        }
        let mut response = (self.code.status(), document.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
        if self.replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            headers
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""));
        }
        headers.extend(self.challenge.iter().cloned());
        if let Some(seconds) = self.code.retry_after_s() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Carries the problem to the outermost layer, which replaces the response.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The catalogue as documentation: every code with its status and words.
    fn catalogue() -> String {
        let mut text = String::from(concat!(
            "# Problems\n\n",
            "Refusals of the API, as `application/problem+json` (RFC 9457). `type` is `/problems/` and the code; it and\n",
            "the code do not change. The words may, and come in the language of `Accept-Language`, Arabic when it says nothing.\n",
            "This file is written by `UPDATE_EXPECT=1 cargo test` from `switch/daemon/problem/table.rs`.\n\n",
            "| code | status | العنوان | title | ما العمل | detail |\n|---|---|---|---|---|---|\n",
        ));
        for code in Code::ALL {
            text += &format!(
                "| `{}` | {} | {} | {} | {} | {} |\n",
                code.slug(),
                code.status().as_u16(),
                code.title(Language::Ar),
                code.title(Language::En),
                code.detail(Language::Ar),
                code.detail(Language::En),
            );
        }
        text += concat!(
            "\n## What can be wrong with a field\n\n",
            "`errors[]` of a problem: `pointer` is a JSON pointer into the body, or the name of a parameter or header.\n\n",
            "| code | الشرح | detail |\n|---|---|---|\n",
        );
        for flaw in Flaw::ALL {
            let (ar, en) = (flaw.detail(Language::Ar), flaw.detail(Language::En));
            text += &format!("| `{}` | {ar} | {en} |\n", flaw.slug());
        }
        text
    }

    #[test]
    fn the_catalogue_says_what_the_code_does() {
        crate::golden::check("docs/problems.md", &catalogue());
    }

    #[test]
    fn every_word_is_there_in_both_languages_and_no_code_stands_twice() {
        let arabic = |text: &str| text.chars().any(|c| ('\u{600}'..'\u{700}').contains(&c));
        for (i, code) in Code::ALL.iter().enumerate() {
            assert!(Code::ALL[..i].iter().all(|other| other.slug() != code.slug()), "{}", code.slug());
            for text in [code.title(Language::Ar), code.detail(Language::Ar)] {
                assert!(arabic(text), "{text}");
            }
            for text in [code.title(Language::En), code.detail(Language::En)] {
                assert!(!text.is_empty() && !arabic(text), "{text}");
            }
        }
        for flaw in Flaw::ALL {
            assert!(
                arabic(flaw.detail(Language::Ar)) && !arabic(flaw.detail(Language::En)),
                "{}",
                flaw.slug()
            );
        }
    }

    #[test]
    fn the_language_is_the_one_that_was_asked_for() {
        for (wish, language) in [
            ("", Language::Ar),
            ("en", Language::En),
            ("en-GB,en;q=0.9", Language::En),
            ("ar,en", Language::Ar),
            ("en;q=0.5, ar-PS;q=0.7", Language::Ar),
            ("fr", Language::Ar),
            ("*", Language::Ar),
            ("en;q=x", Language::En),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_str(wish).expect("ASCII"));
            assert_eq!(Language::accepted(&headers), language, "{wish}");
        }
    }
}
