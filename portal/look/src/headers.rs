//! The headers every page leaves with: what browsers must refuse on our behalf.

use axum::http::{HeaderName, HeaderValue, header};

use crate::Frame;

const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Passkeys are the only device of the visitor a page may ask for.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
    hid=(), magnetometer=(), microphone=(), midi=(), payment=(), \
    publickey-credentials-create=(self), publickey-credentials-get=(self), serial=(), usb=()";

/// The headers of a page. HSTS is the daemon's: it belongs to the host, not to the page.
pub fn headers(frame: &Frame) -> Vec<(HeaderName, HeaderValue)> {
    let caching = if frame.is_public { "no-cache" } else { "no-store" };
    let fixed = [
        (CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
        (PERMISSIONS_POLICY, PERMISSIONS),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"), // for browsers that do not know frame-ancestors
        (header::CACHE_CONTROL, caching),
        (header::VARY, "cookie, accept-language"),
        (header::CONTENT_LANGUAGE, frame.words.language.tag()),
    ];
    let robots = (!frame.is_public)
        .then(|| (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow")));
    let policy = (header::CONTENT_SECURITY_POLICY, content_security_policy(&frame.form_action));
    fixed
        .into_iter()
        .map(|(name, value)| (name, HeaderValue::from_static(value)))
        .chain(robots)
        .chain([policy])
        .collect()
}

/// Nothing but our own files, and forms that end with us or at the named origins. A name that is no
/// origin is left out: it could end the directive and begin another.
fn content_security_policy(form_action: &[String]) -> HeaderValue {
    let mut ends = String::from("'self'");
    for origin in form_action.iter().filter(|origin| is_origin(origin)) {
        ends.push(' ');
        ends.push_str(origin);
    }
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; form-action {ends}; frame-ancestors 'none'; base-uri 'none'; \
         require-trusted-types-for 'script'"
    );
    HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// `scheme://host` with an optional port, and nothing behind it. The schemes of native applications
/// (RFC 8252 section 7.1) are written `scheme:`, as the directive wants them.
fn is_origin(origin: &str) -> bool {
    let Some((scheme, rest)) = origin.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c));
    let is_host = |host: &str| {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-.:[]".contains(c))
    };
    let is_private_use = rest.is_empty() && !matches!(scheme, "http" | "https" | "javascript" | "data");
    is_scheme && (is_private_use || rest.strip_prefix("//").is_some_and(is_host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::OWN;
    use crate::{Digits, Language, Words};

    fn frame() -> Frame {
        Frame::new(Words::new(Language::Arabic, Digits::Western, &OWN), "portal", "/")
    }

    fn value(frame: &Frame, name: &str) -> Option<String> {
        let all = headers(frame);
        let found = all.iter().find(|(header, _)| header.as_str() == name);
        found.map(|(_, value)| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_personal_page_leaves_with_all_of_these() {
        let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
            font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; \
            base-uri 'none'; require-trusted-types-for 'script'";
        let expected = [
            ("content-security-policy", policy),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("permissions-policy", PERMISSIONS),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
            ("vary", "cookie, accept-language"),
            ("content-language", "ar-PS"),
            ("x-robots-tag", "noindex, nofollow"),
        ];
        for (name, expected) in expected {
            assert_eq!(value(&frame(), name).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(headers(&frame()).len(), expected.len(), "a header without a row here");
    }

    #[test]
    fn a_public_page_may_be_kept_and_found() {
        let page = Frame { is_public: true, ..frame() };
        assert_eq!(value(&page, "cache-control").as_deref(), Some("no-cache"));
        assert_eq!(value(&page, "x-robots-tag"), None);
    }

    #[test]
    fn a_form_ends_with_us_or_at_an_origin_that_the_page_names() {
        for (origin, is_named) in [
            ("https://department.example", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080", true),
            ("ps.example.app:", true),
            ("https://a.example/path", false),
            ("https://a.example; script-src *", false),
            ("https://", false),
            ("https:", false),
            ("javascript:", false),
            ("*", false),
            ("'unsafe-inline'", false),
            ("", false),
        ] {
            let page = Frame { form_action: vec![origin.to_owned()], ..frame() };
            let policy = value(&page, "content-security-policy").unwrap();
            let expected =
                if is_named { format!("form-action 'self' {origin};") } else { "form-action 'self';".into() };
            assert!(policy.contains(&expected), "{origin:?} gave {policy}");
        }
    }
}
