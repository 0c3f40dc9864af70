//! The two languages, and which of them a visitor is shown.

use std::fmt;

use axum::http::{HeaderMap, Uri, header};
use fluent_templates::{LanguageIdentifier, langid};

/// A language every page exists in. Arabic is the first, and the one for visitors who ask for neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Arabic as written in Palestine.
    #[default]
    Arabic,
    /// English.
    English,
}

/// The cookie that remembers the choice. It is no secret and says nothing else about the visitor.
const COOKIE: &str = "lang";
const YEAR_S: u32 = 31_536_000;

impl Language {
    /// Both, the first one first.
    pub const ALL: [Self; 2] = [Self::Arabic, Self::English];

    /// The tag of BCP 47, for `lang` attributes.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Arabic => "ar-PS",
            Self::English => "en",
        }
    }

    /// The short code, for the query, the cookie and the names of files.
    pub fn code(self) -> &'static str {
        match self {
            Self::Arabic => "ar",
            Self::English => "en",
        }
    }

    /// The direction its lines run in, for `dir` attributes.
    pub fn dir(self) -> &'static str {
        match self {
            Self::Arabic => "rtl",
            Self::English => "ltr",
        }
    }

    /// The other one: what the language switch leads to.
    pub fn other(self) -> Self {
        match self {
            Self::Arabic => Self::English,
            Self::English => Self::Arabic,
        }
    }

    /// Reads a language tag by its first subtag: `ar`, `ar-PS`, `EN_gb`.
    pub fn parse(tag: &str) -> Option<Self> {
        let first = tag.trim().split(['-', '_']).next().unwrap_or("");
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(first))
    }

    /// The first of these that names one of ours: what the service that sent the visitor asks for
    /// (`ui_locales`, OpenID Connect Core 3.1.2.1, best first), the choice of an earlier visit, and what
    /// the browser prefers (`Accept-Language`, RFC 9110 section 12.5.4).
    pub fn negotiate(ui_locales: Option<&str>, cookie: Option<&str>, accept_language: Option<&str>) -> Self {
        let asked = ui_locales.and_then(|tags| tags.split_ascii_whitespace().find_map(Self::parse));
        asked
            .or_else(|| cookie.and_then(Self::parse))
            .or_else(|| accept_language.and_then(preferred))
            .unwrap_or_default()
    }

    /// The language of a request: `?lang=` of the switch before everything that [`Self::negotiate`] weighs.
    pub fn of_request(uri: &Uri, headers: &HeaderMap) -> Self {
        let query = uri.query().unwrap_or("");
        let chosen = parameter(query, "lang").and_then(|tag| Self::parse(&tag));
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        chosen.unwrap_or_else(|| {
            Self::negotiate(
                parameter(query, "ui_locales").as_deref(),
                text(header::COOKIE).and_then(remembered),
                text(header::ACCEPT_LANGUAGE),
            )
        })
    }

    /// The `Set-Cookie` value that remembers this language for a year.
    pub fn cookie(self) -> String {
        format!("{COOKIE}={}; Path=/; Max-Age={YEAR_S}; SameSite=Lax; HttpOnly", self.code())
    }

    /// The name of the bundle of words.
    pub(crate) fn bundle(self) -> LanguageIdentifier {
        match self {
            Self::Arabic => langid!("ar"),
            Self::English => langid!("en"),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The language with the greatest weight; of equal weights the first. Weight 0 means "not this one".
fn preferred(header: &str) -> Option<Language> {
    let mut best: Option<(Language, f32)> = None;
    for item in header.split(',') {
        let mut parts = item.split(';');
        let language = Language::parse(parts.next().unwrap_or(""));
        let weight =
            parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
        if let (Some(language), Some(weight)) = (language, weight)
            && weight > best.map_or(0.0, |(_, so_far)| so_far)
        {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

/// The value of our cookie in a `Cookie` header.
fn remembered(cookies: &str) -> Option<&str> {
    cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// A parameter of a query; of its escapes only those a list of language tags can have.
fn parameter(query: &str, name: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.replace('+', " ").replace("%20", " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{Arabic, English};

    #[test]
    fn a_visitor_is_shown_the_language_asked_for_last() {
        for (ui_locales, cookie, accept, expected) in [
            (None, None, None, Arabic),
            (Some("fr-CA en ar"), Some("ar"), Some("ar"), English),
            (Some("fr"), Some("en"), Some("ar"), English),
            (Some(""), Some("xx"), Some("en-GB,en;q=0.9"), English),
            (None, None, Some("en;q=0.5, ar-PS;q=0.9"), Arabic),
            (None, None, Some("fr, en;q=0.1"), English),
            (None, None, Some("en;q=0, fr"), Arabic),
            (None, None, Some("en;q=nonsense"), Arabic),
            (None, None, Some("*"), Arabic),
            (None, None, Some(";;,,q="), Arabic),
        ] {
            let got = Language::negotiate(ui_locales, cookie, accept);
            assert_eq!(got, expected, "{ui_locales:?} {cookie:?} {accept:?}");
        }
    }

    #[test]
    fn the_switch_is_stronger_than_everything_else() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=b; lang=ar; slang=en".parse().unwrap());
        for (uri, expected) in [
            ("/sign-in", Arabic),
            ("/sign-in?lang=en", English),
            ("/authorize?x=1&ui_locales=fr+en", English),
            ("/authorize?ui_locales=en&lang=ar", Arabic),
            ("/sign-in?lang=xx", Arabic),
            ("/sign-in?slang=en", Arabic),
        ] {
            assert_eq!(Language::of_request(&uri.parse().unwrap(), &headers), expected, "{uri}");
        }
    }

    #[test]
    fn a_tag_is_read_by_its_first_part() {
        for (tag, expected) in [
            ("ar", Some(Arabic)),
            ("AR-ps", Some(Arabic)),
            ("en_US", Some(English)),
            ("arz", None),
            ("", None),
            ("e", None),
        ] {
            assert_eq!(Language::parse(tag), expected, "{tag}");
        }
        assert!(English.cookie().starts_with("lang=en; Path=/;"));
    }
}
