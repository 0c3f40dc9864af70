//! A browser for stories: it keeps cookies, follows nothing by itself, and fills the forms it is shown.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use tower::ServiceExt;

use super::bed::{Bed, ISSUER};

/// A browser with its cookies.
pub(crate) struct Browser {
    app: axum::Router,
    cookies: BTreeMap<String, String>,
    /// What `Accept-Language` says.
    pub(crate) language: &'static str,
    /// Where it is, as the listener says.
    pub(crate) address: Option<std::net::IpAddr>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// Whether the page says something, marks of direction aside.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.text.replace(['\u{2068}', '\u{2069}'], "").contains(text)
    }

    /// All of a response.
    pub(crate) async fn of(response: axum::response::Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 4 << 20).await.expect("a body");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Self { status: parts.status, headers: parts.headers, text }
    }

    /// Where it redirects to.
    pub(crate) fn location(&self) -> &str {
        let value = self.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        value.unwrap_or_else(|| panic!("no redirect but {}: {}", self.status, self.text))
    }

    /// The JSON of the body.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|_| panic!("no JSON but {}: {}", self.status, self.text))
    }

    /// The value of a hidden field, or of any input with a value.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let tags = self.text.split('<').filter(|tag| tag.starts_with("input"));
        let tag = tags.into_iter().find(|tag| tag.contains(&format!("name=\"{name}\"")))?;
        let value = tag.split_once("value=\"")?.1.split_once('"')?.0;
        Some(value.replace("&amp;", "&").replace("&#38;", "&").replace("&quot;", "\""))
    }
}

impl Browser {
    /// Nobody yet.
    pub(crate) fn new(bed: &Bed) -> Self {
        Self { app: bed.sso.router(), cookies: BTreeMap::new(), language: "ar", address: None }
    }

    /// A cookie it keeps.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Takes a cookie, as from `Set-Cookie`.
    pub(crate) fn take(&mut self, set_cookie: &str) {
        let (pair, attributes) = set_cookie.split_once(';').unwrap_or((set_cookie, ""));
        let Some((name, value)) = pair.split_once('=') else { return };
        if value.is_empty() || attributes.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Asks for a page.
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], String::new()).await
    }

    /// Sends a form, as a page of ours would: same origin.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", ISSUER),
            ("sec-fetch-site", "same-origin"),
        ];
        self.send(Method::POST, path, &headers, encoded(fields)).await
    }

    /// Asks for the page, then sends its form with the hidden `csrf` it was given.
    pub(crate) async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(path).await;
        let csrf = page.field("csrf").unwrap_or_else(|| panic!("no csrf at {path}: {}", page.text));
        self.post(path, &[&[("csrf", csrf.as_str())], fields].concat()).await
    }

    /// Fills the form of a page it was shown, hidden fields included, and sends it.
    pub(crate) async fn fill(&mut self, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
        let hidden = ["csrf", "next", "level", "since"].map(|name| (name, page.field(name)));
        let hidden: Vec<_> =
            hidden.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?))).collect();
        self.post(path, &[&hidden[..], fields].concat()).await
    }

    /// The same browser when its session is over: it keeps what it keeps.
    pub(crate) fn without_session(&self) -> Self {
        let mut cookies = self.cookies.clone();
        cookies.remove(sso::session::COOKIE);
        Self { app: self.app.clone(), cookies, language: self.language, address: self.address }
    }

    /// At another node, with the same cookies.
    pub(crate) fn at(&self, sso: &std::sync::Arc<sso::Sso>) -> Self {
        let Self { cookies, language, address, .. } = self;
        Self { app: sso.router(), cookies: cookies.clone(), language, address: *address }
    }

    /// Any request, with the cookies it keeps.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let path = path.strip_prefix(ISSUER).unwrap_or(path);
        let mut request = Request::builder().method(method).uri(path).header("host", "id.example.ps");
        request = request.header("accept-language", self.language);
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", pairs.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body)).expect("a request");
        if let Some(address) = self.address {
            request.extensions_mut().insert(sso::visit::ClientAddress(address));
        }
        let response = self.app.clone().oneshot(request).await.expect("the router answers");
        let answer = Answer::of(response).await;
        for value in answer.headers.get_all(header::SET_COOKIE) {
            self.take(value.to_str().expect("ours are ASCII"));
        }
        answer
    }
}

/// The body of a form.
pub(crate) fn encoded(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        text.bytes()
            .map(|b| if plain(b) { (b as char).to_string() } else { format!("%{b:02X}") })
            .collect::<String>()
    };
    fields
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)))
        .collect::<Vec<_>>()
        .join("&")
}
