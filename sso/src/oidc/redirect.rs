//! Where an answer may go: to an address that its client registered, compared whole, and nowhere else
//! (RFC 9700 section 2.1).

use axum::http::Uri;

use super::error::OAuthError;
use crate::client::{ClientAuthentication, Registration};
use crate::visit::encoded;

/// A trusted way back to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The redirect URI as it was sent.
    pub uri: String,
    /// `state` as it was sent.
    pub state: Option<String>,
}

impl Way {
    /// The address with the parameters of an answer, `state` and `iss` (RFC 9207) among them.
    #[must_use]
    pub fn with(&self, answer: &[(&str, &str)], issuer: &str) -> String {
        let state = self.state.as_deref().map(|state| ("state", state));
        let all = answer.iter().copied().chain(state).chain([("iss", issuer)]);
        with_query(&self.uri, all)
    }

    /// The address with an error.
    #[must_use]
    pub fn refused(&self, error: &OAuthError, issuer: &str) -> String {
        self.with(&[("error", error.error), ("error_description", &error.description)], issuer)
    }

    /// The address as `form-action` names it: its origin, or the scheme of an app.
    #[must_use]
    pub fn origin(&self) -> String {
        origin(&self.uri)
    }
}

/// An address with more in its query.
pub(crate) fn with_query<'a>(uri: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let query = pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&");
    let glue = match (query.is_empty(), uri.contains('?'), uri.ends_with(['?', '&'])) {
        (true, _, _) | (_, _, true) => "",
        (_, true, _) => "&",
        (_, false, _) => "?",
    };
    format!("{uri}{glue}{query}")
}

/// The origin of an address, or `scheme:` of an app's.
pub(crate) fn origin(uri: &str) -> String {
    let parsed: Option<Uri> = uri.parse().ok();
    let authority = parsed.as_ref().and_then(Uri::authority).map(|authority| authority.as_str());
    match (uri.split_once(':'), authority) {
        (Some((scheme, _)), Some(authority)) if matches!(scheme, "http" | "https") => {
            format!("{scheme}://{authority}")
        }
        (Some((scheme, _)), _) => format!("{scheme}:"),
        (None, _) => String::new(),
    }
}

/// Whether answers may go to an address: it is registered to the letter, or it differs by the port of an
/// app's own loopback listener (RFC 8252 section 7.3) and the client is a public one.
#[must_use]
pub fn is_registered(registration: &Registration, uri: &str) -> bool {
    // RFC 6749 section 3.1.2: a fragment would carry the code where scripts read it.
    if uri.contains('#') {
        return false;
    }
    let is_native = registration.token_endpoint_auth_method == ClientAuthentication::None;
    let given = loopback(uri).filter(|_| is_native);
    registration.redirect_uris.iter().any(|known| known == uri || given.is_some() && loopback(known) == given)
}

/// The host and the path of an address on this device, without its port.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    let hosts = ["http://127.0.0.1", "http://[::1]"];
    let (host, rest) = hosts.iter().find_map(|host| Some((*host, uri.strip_prefix(host)?)))?;
    let Some(after) = rest.strip_prefix(':') else { return rest.starts_with('/').then_some((host, rest)) };
    let (port, path) = after.split_at(after.find('/')?);
    let digits = port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0);
    digits.then_some((host, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registration(method: &str, uris: &[&str]) -> Registration {
        serde_json::from_value(serde_json::json!({
            "client_name": { "ar": "ع", "en": "C" },
            "profile": "baseline",
            "token_endpoint_auth_method": method,
            "grant_types": ["authorization_code"],
            "scopes": ["openid"],
            "redirect_uris": uris,
        }))
        .expect("a registration")
    }

    #[test]
    fn an_address_is_compared_whole() {
        let client = registration("client_secret_basic", &["https://rp.example.ps/cb?tenant=1"]);
        assert!(is_registered(&client, "https://rp.example.ps/cb?tenant=1"));
        for trick in TRICKS {
            assert!(!is_registered(&client, trick), "{trick}");
        }
    }

    const TRICKS: [&str; 34] = [
        "",
        "https://rp.example.ps/cb",
        "https://rp.example.ps/cb?tenant=1&x=1",
        "https://rp.example.ps/cb?tenant=1#",
        "https://rp.example.ps/cb?tenant=1#x",
        "https://rp.example.ps/cb?tenant=2",
        "https://rp.example.ps/cb/?tenant=1",
        "https://rp.example.ps/cb/../cb?tenant=1",
        "https://rp.example.ps//cb?tenant=1",
        "https://rp.example.ps/CB?tenant=1",
        "https://RP.example.ps/cb?tenant=1",
        "HTTPS://rp.example.ps/cb?tenant=1",
        "http://rp.example.ps/cb?tenant=1",
        "https://rp.example.ps:443/cb?tenant=1",
        "https://rp.example.ps:8443/cb?tenant=1",
        "https://rp.example.ps./cb?tenant=1",
        "https://rp.example.ps.evil.example/cb?tenant=1",
        "https://evil.example/rp.example.ps/cb?tenant=1",
        "https://rp.example.ps@evil.example/cb?tenant=1",
        "https://evil.example@rp.example.ps/cb?tenant=1",
        "https://rp.example.ps\\@evil.example/cb?tenant=1",
        "https://rp.example.ps%2eevil.example/cb?tenant=1",
        "https://rp.example.ps/%63b?tenant=1",
        "https://rp.example.ps/cb?tenant=1%00",
        "https://rp.example.ps/cb?tenant=1 ",
        " https://rp.example.ps/cb?tenant=1",
        "https://rp.example.ps/cb?tenant=1\r\nx: y",
        "//rp.example.ps/cb?tenant=1",
        "/cb?tenant=1",
        "javascript:alert(1)//https://rp.example.ps/cb?tenant=1",
        "data:text/html,x",
        "https:rp.example.ps/cb?tenant=1",
        "https:/\\evil.example/cb?tenant=1",
        "https://rp.examp\u{443}e.ps/cb?tenant=1",
    ];

    #[test]
    fn the_port_of_an_app_is_free_and_nothing_else() {
        let app = registration("none", &["http://127.0.0.1/cb", "http://[::1]:7000/cb"]);
        let server = registration("client_secret_basic", &["http://127.0.0.1/cb"]);
        for uri in
            ["http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", "http://[::1]/cb", "http://[::1]:1/cb"]
        {
            assert!(is_registered(&app, uri), "{uri}");
        }
        assert!(!is_registered(&server, "http://127.0.0.1:49152/cb"));
        for trick in [
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:65536/cb",
            "http://127.0.0.1:+80/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.1:80",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.1@evil.example/cb",
            "http://127.0.0.2:80/cb",
            "http://localhost:80/cb",
            "https://127.0.0.1:80/cb",
            "http://127.0.0.1:80/cb/",
            "http://127.0.0.1:80/cb?x",
            "http://127.0.0.1:80/cb#x",
            "http://127.1:80/cb",
            "http://0:80/cb",
        ] {
            assert!(!is_registered(&app, trick), "{trick}");
        }
    }

    #[test]
    fn an_answer_is_added_to_the_query() {
        let way = |uri: &str| Way { uri: uri.into(), state: Some("a&b".into()) };
        assert_eq!(
            way("https://a.ps/cb").with(&[("code", "x")], "i"),
            "https://a.ps/cb?code=x&state=a%26b&iss=i"
        );
        assert_eq!(way("https://a.ps/cb?t=1").with(&[], "i"), "https://a.ps/cb?t=1&state=a%26b&iss=i");
        assert_eq!(way("https://a.ps:8443/cb?t=1").origin(), "https://a.ps:8443");
        assert_eq!(way("http://[::1]:80/cb").origin(), "http://[::1]:80");
        assert_eq!(way("ps.example.app:/cb").origin(), "ps.example.app:");
    }
}
