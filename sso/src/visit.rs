//! One request of a person: the language, who is signed in, and the token that proves a form was ours.
//!
//! A form is taken only from our own pages: the browser says where it comes from (`Sec-Fetch-Site`,
//! `Origin`), and the hidden field `csrf` is bound to the cookie that the browser sends with it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use look::{Digits, Frame, Language, Page, Words};
use subtle::ConstantTimeEq;
use switch_core::clock::Timestamp;

use crate::Sso;
use crate::fault::Fault;
use crate::jose::base64url;
use crate::level::Loa;
use crate::session::{COOKIE, FRESH_MS, SignedIn, cookie, set_cookie};
use crate::store::role::Role;
use crate::trouble;
use crate::words::WORDS;

/// A browser nobody is signed in at has this cookie, for the token of its forms.
const VISITOR: &str = "__Host-visitor";
const VISITOR_S: i64 = 43_200;
/// A form larger than this is not read, in bytes.
const FORM_MAX: usize = 64 * 1024;

/// Where a request comes from, put there by the listener; never read from a header a caller can write.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

/// One request of a person.
pub struct Visit {
    /// What every room shares.
    pub sso: Arc<Sso>,
    /// The headers.
    pub headers: HeaderMap,
    /// Path and query.
    pub uri: Uri,
    /// The words to speak in.
    pub words: Words,
    /// Who is signed in.
    pub signed_in: Option<SignedIn>,
    /// Where the request comes from, in the words of soft locks; empty when not known.
    pub address: String,
    visitor: String,
    is_new: bool,
}

impl FromRequestParts<Arc<Sso>> for Visit {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, sso: &Arc<Sso>) -> Result<Self, Fault> {
        let signed_in = sso.signed_in(&parts.headers).await?;
        let known = cookie(&parts.headers, VISITOR).filter(|value| value.len() == 43);
        let visitor = known.map_or_else(|| sso.new_token(), str::to_owned);
        let address = parts.extensions.get::<ClientAddress>().map(|address| address.0.to_string());
        Ok(Self {
            words: words(&parts.uri, &parts.headers, signed_in.as_ref()),
            sso: Arc::clone(sso),
            headers: parts.headers.clone(),
            uri: parts.uri.clone(),
            signed_in,
            address: address.unwrap_or_default(),
            visitor,
            is_new: known.is_none(),
        })
    }
}

/// What was chosen on this page or before comes before what the account says, which comes before the
/// browser's own preference.
fn words(uri: &Uri, headers: &HeaderMap, signed_in: Option<&SignedIn>) -> Words {
    let asked = Language::of_request(uri, headers);
    let chosen = uri.query().is_some_and(|query| query.contains("lang=") || query.contains("ui_locales="));
    let of_account = signed_in.and_then(|known| Language::parse(&known.account.language));
    let language = of_account.filter(|_| !chosen).unwrap_or(asked);
    let eastern = signed_in.is_some_and(|known| known.account.digits == "eastern");
    Words::new(language, if eastern { Digits::Eastern } else { Digits::Western }, &WORDS)
}

impl Visit {
    /// The frame of a page with the title of a key: language, visitor, token.
    #[must_use]
    pub fn frame(&self, title_key: &str) -> Frame {
        let here = self.uri.path_and_query().map_or("/", |here| here.as_str());
        let mut frame = Frame::new(self.words, title_key, here);
        if let Some(known) = &self.signed_in {
            let name = &known.account.person.name;
            let level = u8::try_from(known.session.level.number()).unwrap_or_default();
            frame = frame.visited(&format!("{} {}", name.given, name.family), level);
        }
        frame.csrf = Some(self.csrf());
        frame
    }

    /// The token of this browser's forms: of the session, or of the visitor nobody is signed in as.
    #[must_use]
    pub fn csrf(&self) -> String {
        let secret = cookie(&self.headers, COOKIE).filter(|_| self.signed_in.is_some());
        base64url(&self.sso.sealer.index("csrf", secret.unwrap_or(&self.visitor)))
    }

    /// A page, drawn, with the cookies this browser lacks.
    pub fn page<P: Page>(&self, status: StatusCode, page: &P, frame: &Frame) -> Response {
        self.remembered(look::answer(status, page, frame))
    }

    /// On to another page: 303, so that a form is never sent twice (RFC 9110 section 15.4.4).
    #[must_use]
    pub fn go(&self, to: &str) -> Response {
        self.remembered(see_other(to))
    }

    fn remembered(&self, mut response: Response) -> Response {
        if self.is_new {
            response.headers_mut().append(header::SET_COOKIE, set_cookie(VISITOR, &self.visitor, VISITOR_S));
        }
        if self.uri.query().is_some_and(|query| query.contains("lang="))
            && let Ok(chosen) = HeaderValue::from_str(&self.words.language.cookie())
        {
            response.headers_mut().append(header::SET_COOKIE, chosen);
        }
        response
    }

    /// Who is signed in, at a level and with a proof no older than `since`; else the way to prove it and
    /// back here: `/sign-in?next=…&level=…&since=…`, where `level` is 0 to 3 and `since` ms since 1970.
    ///
    /// # Errors
    /// The redirect to the sign-in.
    pub fn need(&self, level: Loa, since: Timestamp) -> Result<&SignedIn, Box<Response>> {
        let fits =
            |known: &&SignedIn| known.session.level >= level && known.session.authenticated_at >= since;
        self.signed_in.as_ref().filter(fits).ok_or_else(|| {
            let here = self.uri.path_and_query().map_or("/", |here| here.as_str());
            Box::new(self.go(&sign_in_path(here, level, since)))
        })
    }

    /// Who is signed in with a role that holds for a scope, at the level staff needs (two factors), or the
    /// page that says no.
    ///
    /// # Errors
    /// The redirect to the sign-in, or 403.
    pub fn need_role(&self, role: Role, scope: &str) -> Result<&SignedIn, Box<Response>> {
        let known = self.need(Loa::SecondFactor, Timestamp(0))?;
        if known.may(role, scope) { Ok(known) } else { Err(Box::new(trouble::not_allowed(self))) }
    }

    /// A moment that proofs for a sensitive act must not be older than.
    #[must_use]
    pub fn fresh_since(&self) -> Timestamp {
        self.sso.now().plus_ms(-FRESH_MS)
    }

    /// The browser and the system of this request, in words for the person: `Firefox, Linux`.
    #[must_use]
    pub fn device(&self) -> String {
        let agent = self.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
        let named = |names: &[(&str, &'static str)]| {
            names.iter().find(|(part, _)| agent.contains(part)).map_or("?", |(_, name)| *name)
        };
        // The order matters: Edge says it is Chrome, and Chrome says it is Safari.
        let browser = named(&[
            ("Edg/", "Edge"),
            ("OPR/", "Opera"),
            ("SamsungBrowser", "Samsung Internet"),
            ("Firefox/", "Firefox"),
            ("Chrome/", "Chrome"),
            ("Safari/", "Safari"),
        ]);
        let system = named(&[
            ("Android", "Android"),
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Windows", "Windows"),
            ("Mac OS X", "macOS"),
            ("Linux", "Linux"),
        ]);
        format!("{browser}, {system}")
    }
}

/// Where somebody proves who they are before going on to a path of ours.
#[must_use]
pub fn sign_in_path(next: &str, level: Loa, since: Timestamp) -> String {
    format!("/sign-in?next={}&level={}&since={}", encoded(next), level.number(), since.0)
}

/// A value of a query: everything but the unreserved characters is escaped (RFC 3986 section 2.3).
#[must_use]
pub fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { (b as char).to_string() } else { format!("%{b:02X}") }).collect()
}

/// 303 to an address of ours or of a registered client.
#[must_use]
pub fn see_other(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let location = HeaderValue::from_str(to).unwrap_or_else(|_| HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Where to go on after signing in: a path of ours and nothing else, so that nobody is sent away.
#[must_use]
pub fn next_path(given: &str) -> Option<&str> {
    let plain = |b: u8| (0x21..0x7f).contains(&b) && !b"\\\"<>^`{|}".contains(&b);
    let ours = given.starts_with('/') && !given.starts_with("//") && given.bytes().all(plain);
    (ours && given.len() <= 2_048).then_some(given)
}

/// A form that came from one of our pages.
pub struct Posted {
    /// The request.
    pub visit: Visit,
    /// What was typed.
    pub fields: Fields,
}

/// What was typed, in the order it was sent.
#[derive(Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The fields of a body or a query of the form `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(pairs(text))
    }

    /// A field, with spaces at its ends and marks of direction taken away; empty when it was not sent.
    /// The marks (U+202A to U+202E, U+2066 to U+2069) can make a name or an amount look like another one.
    #[must_use]
    pub fn get(&self, name: &str) -> String {
        let turns = |c: &char| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
        self.exact(name).trim().chars().filter(turns).filter(|c| !c.is_control() || *c == '\n').collect()
    }

    /// A field of digits: Arabic-Indic ones are read as what they are, spaces and hyphens are left out.
    #[must_use]
    pub fn digits(&self, name: &str) -> String {
        look::digits::western(&self.get(name)).chars().filter(|c| !matches!(c, ' ' | '-')).collect()
    }

    /// A field as it was sent: a password.
    #[must_use]
    pub fn exact(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// All of it, as it was sent.
    #[must_use]
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The first name that comes more than once, `but` aside (RFC 6749 section 3.2).
    #[must_use]
    pub fn repeated(&self, but: &str) -> Option<&str> {
        let names = || self.0.iter().map(|(name, _)| name.as_str());
        names()
            .enumerate()
            .find(|(at, name)| *name != but && names().take(*at).any(|n| n == *name))
            .map(|(_, n)| n)
    }

    /// Every value of a field that may be sent several times.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The pairs of `application/x-www-form-urlencoded`.
#[must_use]
pub fn pairs(text: &str) -> Vec<(String, String)> {
    let parts = text.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let escape =
            others.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, escape) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &others[2..];
                continue;
            }
            (b'+', _) => bytes.push(b' '),
            (other, _) => bytes.push(*other),
        }
        rest = others;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Why a form was not taken. Its pages are [`trouble`]'s.
pub enum NotTaken {
    /// A fault of ours.
    Fault(Fault),
    /// From another site, with an old token, or not a form at all.
    NotOurs(Box<Visit>),
}

impl IntoResponse for NotTaken {
    fn into_response(self) -> Response {
        match self {
            Self::Fault(fault) => fault.into_response(),
            Self::NotOurs(visit) => trouble::form_is_old(&visit),
        }
    }
}

impl FromRequest<Arc<Sso>> for Posted {
    type Rejection = NotTaken;

    async fn from_request(request: Request, sso: &Arc<Sso>) -> Result<Self, NotTaken> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, sso).await.map_err(NotTaken::Fault)?;
        let body = axum::body::to_bytes(body, FORM_MAX).await.unwrap_or_default();
        let fields = Fields::parse(std::str::from_utf8(&body).unwrap_or(""));
        let same = fields.exact("csrf").as_bytes().ct_eq(visit.csrf().as_bytes());
        if bool::from(same) && is_same_origin(&visit.headers, &sso.settings.issuer) {
            return Ok(Self { visit, fields });
        }
        Err(NotTaken::NotOurs(Box::new(visit)))
    }
}

/// Whether the browser says that the request comes from a page of ours. One that says nothing is old, and
/// has the token all the same.
fn is_same_origin(headers: &HeaderMap, issuer: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let site_fits = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let origin_fits = text("origin").is_none_or(|origin| origin == issuer);
    site_fits && origin_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_a_path_of_ours_and_nothing_else() {
        for path in ["/", "/account", "/oidc/authorize?client_id=a&state=%2F%2Fx"] {
            assert_eq!(next_path(path), Some(path));
        }
        for trick in [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: a=b",
            "/a b",
            "\t/a",
            "/\u{202e}a",
            "/a\\..\\b",
            "/<script>",
        ] {
            assert_eq!(next_path(trick), None, "{trick:?}");
        }
    }

    #[test]
    fn fields_are_read_as_they_were_meant() {
        let fields = Fields::parse(
            "name=%D8%B3%D9%84%D9%85%D9%89+%E2%80%AEx&number=%D9%A4%D9%A0-0&password=+a+&x=1&x=2&bad=%zz%",
        );
        assert_eq!(fields.get("name"), "سلمى x");
        assert_eq!(fields.digits("number"), "400");
        assert_eq!(fields.exact("password"), " a ");
        assert_eq!(fields.all("x").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((fields.get("bad"), fields.get("none")), ("%zz%".to_owned(), String::new()));
    }
}
