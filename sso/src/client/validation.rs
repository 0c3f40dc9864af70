//! Whether a registration may stand: one place for the command line, the pages and the approval. Each
//! complaint names the field by its JSON pointer (RFC 6901) and has a sentence in both languages.
//!
//! Addresses are held to one canonical form, so that comparing them whole (RFC 9700 section 4.1.3) compares
//! what a browser will do.

use std::collections::BTreeSet;

use jsonwebtoken::jwk::Jwk;
use look::Words;
use reqwest::Url;
use serde_json::{Value, json};

use super::{ClientAuthentication, Grant, Profile, Registration};
use crate::jose;
use crate::oidc::scope::Scope;
use crate::settings::Settings;

const NAME_MAX: usize = 80;
const URIS_MAX: usize = 20;
const URI_MAX: usize = 512;
const KEYS_MAX: usize = 10;
const DN_MAX: usize = 512;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The field, as a JSON pointer: `/redirect_uris/0`.
    pub at: String,
    /// The key of the sentence.
    pub key: &'static str,
}

impl Complaint {
    fn new(at: impl Into<String>, key: &'static str) -> Self {
        Self { at: at.into(), key }
    }

    /// The sentence, with the field before it.
    #[must_use]
    pub fn say(&self, words: Words) -> String {
        format!("{}: {}", self.at, words.say(self.key))
    }
}

/// Whether a text may be the identifier of a client: 1 to 64 letters, digits, `-`, `.` and `_`, the first
/// one a letter or digit.
#[must_use]
pub fn is_client_id(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    (1..=64).contains(&id.len())
        && id.bytes().all(plain)
        && id.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
}

/// Reads a registration from JSON and checks it.
///
/// # Errors
/// Every complaint, in the order of the fields.
pub fn read(json: &Value, settings: &Settings) -> Result<Registration, Vec<Complaint>> {
    let fields = json.as_object().ok_or_else(|| vec![Complaint::new("", "client-wrong-object")])?;
    // The library's keys forget the private part: it must be found before they are read.
    if let Some(set) = fields.get("jwks").filter(|set| !set.is_null())
        && jose::key_set(set).is_err()
    {
        return Err(vec![Complaint::new("/jwks", "client-wrong-key")]);
    }
    match serde_json::from_value::<Registration>(json.clone()) {
        Ok(registration) => {
            let complaints = check(&registration, settings);
            if complaints.is_empty() { Ok(registration) } else { Err(complaints) }
        }
        Err(_) => Err(misshapen(fields)),
    }
}

/// The fields that are missing, unknown or of another shape. Each is tried in a registration that is right.
fn misshapen(fields: &serde_json::Map<String, Value>) -> Vec<Complaint> {
    let right = json!({
        "client_name": { "ar": "", "en": "" }, "profile": "baseline",
        "token_endpoint_auth_method": "none", "grant_types": [], "scopes": [],
    });
    let mut found = Vec::new();
    for name in right.as_object().into_iter().flat_map(|right| right.keys()) {
        if !fields.contains_key(name) {
            found.push(Complaint::new(format!("/{name}"), "client-wrong-missing"));
        }
    }
    for (name, value) in fields {
        let mut tried = right.clone();
        tried[name] = value.clone();
        if serde_json::from_value::<Registration>(tried).is_err() {
            found.push(Complaint::new(format!("/{name}"), "client-wrong-shape"));
        }
    }
    found
}

/// Every complaint about a registration, in the order of the fields.
#[must_use]
pub fn check(r: &Registration, settings: &Settings) -> Vec<Complaint> {
    let mut found = Found(Vec::new());
    names(r, &mut found);
    authentication(r, &mut found);
    grants(r, &mut found);
    scopes(r, &mut found);
    addresses(r, &mut found);
    keys(r, &mut found);
    sector(r, &mut found);
    let algorithm = r.id_token_signed_response_alg.as_str();
    found.unless(
        "/id_token_signed_response_alg",
        matches!(algorithm, "ES256" | "EdDSA" | "RS256"),
        "client-wrong-algorithm",
    );
    // FAPI 2.0 Security Profile section 5.4.1: PS256, ES256 or EdDSA.
    let weak = r.profile == Profile::Fapi2 && algorithm == "RS256";
    found.unless("/id_token_signed_response_alg", !weak, "client-wrong-fapi2-algorithm");
    if let Some(department) = &r.department {
        let known = settings.departments.iter().any(|one| one.code == *department);
        found.unless("/department", known, "client-wrong-department");
    }
    found.0
}

struct Found(Vec<Complaint>);

impl Found {
    fn unless(&mut self, at: impl Into<String>, holds: bool, key: &'static str) {
        if !holds {
            self.0.push(Complaint::new(at, key));
        }
    }
}

fn names(r: &Registration, found: &mut Found) {
    // Marks of direction can make one name look like another.
    let plain = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    for (at, name) in [("/client_name/ar", &r.client_name.ar), ("/client_name/en", &r.client_name.en)] {
        let fits =
            (1..=NAME_MAX).contains(&name.chars().count()) && name.trim() == name && name.chars().all(plain);
        found.unless(at, fits, "client-wrong-name");
    }
}

fn authentication(r: &Registration, found: &mut Found) {
    use ClientAuthentication as A;
    let method = r.token_endpoint_auth_method;
    let strong = matches!(method, A::PrivateKeyJwt | A::TlsClientAuth);
    let fits = r.profile != Profile::Fapi2 || strong;
    found.unless("/token_endpoint_auth_method", fits, "client-wrong-fapi2-authentication");
    let dn = r.tls_client_auth_subject_dn.as_deref();
    match (method, dn) {
        (A::TlsClientAuth, None) => {
            found.unless("/tls_client_auth_subject_dn", false, "client-wrong-dn-missing");
        }
        (A::TlsClientAuth, Some(dn)) => {
            let fits = (3..=DN_MAX).contains(&dn.len())
                && dn.contains('=')
                && !dn.contains('*')
                && !dn.chars().any(char::is_control);
            found.unless("/tls_client_auth_subject_dn", fits, "client-wrong-dn");
        }
        (_, Some(_)) => found.unless("/tls_client_auth_subject_dn", false, "client-wrong-dn-unused"),
        (_, None) => {}
    }
}

fn grants(r: &Registration, found: &mut Found) {
    let (at, has) = ("/grant_types", |grant| r.may_use(grant));
    let unique = (0..r.grant_types.len()).all(|i| !r.grant_types[..i].contains(&r.grant_types[i]));
    found.unless(at, !r.grant_types.is_empty(), "client-wrong-grant-none");
    found.unless(at, unique, "client-wrong-twice");
    let of_person = has(Grant::AuthorizationCode) || has(Grant::DeviceCode);
    found.unless(at, !has(Grant::RefreshToken) || of_person, "client-wrong-grant-refresh");
    // RFC 6749 section 4.4: confidential clients only.
    let public = r.token_endpoint_auth_method == ClientAuthentication::None;
    found.unless(at, !(public && has(Grant::ClientCredentials)), "client-wrong-grant-public");
}

fn scopes(r: &Registration, found: &mut Found) {
    found.unless("/scopes", !r.scopes.is_empty(), "client-wrong-scope-none");
    for (i, scope) in r.scopes.iter().enumerate() {
        let at = format!("/scopes/{i}");
        found.unless(&at, Scope::parse(scope).is_some(), "client-wrong-scope");
        found.unless(&at, !r.scopes[..i].contains(scope), "client-wrong-twice");
    }
}

fn addresses(r: &Registration, found: &mut Found) {
    let native = r.token_endpoint_auth_method == ClientAuthentication::None;
    let by_code = r.may_use(Grant::AuthorizationCode);
    found.unless(
        "/redirect_uris",
        by_code != r.redirect_uris.is_empty(),
        if by_code { "client-wrong-redirect-none" } else { "client-wrong-redirect-unused" },
    );
    for (name, list) in
        [("redirect_uris", &r.redirect_uris), ("post_logout_redirect_uris", &r.post_logout_redirect_uris)]
    {
        found.unless(format!("/{name}"), list.len() <= URIS_MAX, "client-wrong-many");
        for (i, uri) in list.iter().enumerate() {
            let at = format!("/{name}/{i}");
            if let Err(key) = address(uri, native) {
                found.unless(&at, false, key);
            }
            found.unless(&at, !list[..i].contains(uri), "client-wrong-twice");
        }
    }
    if let Some(uri) = &r.backchannel_logout_uri
        && let Err(key) = address(uri, true)
    {
        found.unless("/backchannel_logout_uri", false, key);
    }
}

fn keys(r: &Registration, found: &mut Found) {
    let keys = r.jwks.as_ref().map_or(&[] as &[Jwk], |set| set.keys.as_slice());
    let needed = r.token_endpoint_auth_method == ClientAuthentication::PrivateKeyJwt;
    found.unless("/jwks", !needed || !keys.is_empty(), "client-wrong-key-missing");
    found.unless("/jwks", keys.len() <= KEYS_MAX, "client-wrong-many");
    let mut kids = BTreeSet::new();
    for (i, key) in keys.iter().enumerate() {
        let at = format!("/jwks/keys/{i}");
        let fits = serde_json::to_value(key).is_ok_and(|json| jose::public_key(&json).is_ok());
        found.unless(&at, fits, "client-wrong-key");
        let kid = key.common.key_id.as_deref();
        found.unless(&at, kid.is_some_and(|kid| !kid.is_empty()) || keys.len() == 1, "client-wrong-kid");
        found.unless(&at, kid.is_none_or(|kid| kids.insert(kid)), "client-wrong-twice");
    }
}

/// Several hosts need a sector of their own (OpenID Connect Core section 8.1), or one of them would decide
/// under which number the others know a person.
fn sector(r: &Registration, found: &mut Found) {
    let host = |uri: &String| Url::parse(uri).ok().and_then(|url| url.host_str().map(str::to_owned));
    let hosts: BTreeSet<_> = r.redirect_uris.iter().filter_map(host).collect();
    match &r.sector_identifier {
        Some(sector) => found.unless("/sector_identifier", is_host_name(sector), "client-wrong-sector"),
        None => found.unless("/sector_identifier", hosts.len() < 2, "client-wrong-sector-needed"),
    }
}

/// What a redirect adds itself (RFC 6749 section 4.1.2, RFC 9207).
const ANSWERED: &[&str] = &["code", "state", "iss", "error", "error_description", "response"];

/// Whether an address may be registered; the key of the sentence that says why not. `loopback`: also
/// `http` on this machine, for native apps (RFC 8252 section 7.3).
///
/// # Errors
/// The key.
pub fn address(raw: &str, loopback: bool) -> Result<(), &'static str> {
    if raw.is_empty() || raw.len() > URI_MAX {
        return Err("client-wrong-uri-length");
    }
    if !raw.bytes().all(|b| (0x21..0x7f).contains(&b))
        || raw.contains(['\\', '"', '<', '>', '^', '`', '{', '|', '}'])
    {
        return Err("client-wrong-uri-characters");
    }
    if raw.contains('*') {
        return Err("client-wrong-uri-wildcard");
    }
    if raw.contains('#') {
        return Err("client-wrong-uri-fragment");
    }
    let url = Url::parse(raw).map_err(|_| "client-wrong-uri")?;
    let authority = raw.split("//").nth(1).and_then(|rest| rest.split(['/', '?']).next()).unwrap_or("");
    if !url.username().is_empty() || url.password().is_some() || authority.contains('@') {
        return Err("client-wrong-uri-user");
    }
    scheme_and_host(&url, loopback)?;
    // A browser rewrites dots, ports, letters and escapes: what is registered is what will be compared.
    if url.as_str() != raw && url.as_str().strip_suffix('/') != Some(raw) {
        return Err("client-wrong-uri-form");
    }
    let lower = raw.to_ascii_lowercase();
    if ["%0", "%1", "%2f", "%5c", "%7f"].iter().any(|escape| lower.contains(escape)) {
        return Err("client-wrong-uri-escape");
    }
    if url.query_pairs().any(|(name, _)| ANSWERED.contains(&&*name)) {
        return Err("client-wrong-uri-query");
    }
    Ok(())
}

fn scheme_and_host(url: &Url, loopback: bool) -> Result<(), &'static str> {
    let host = url.host_str().unwrap_or("");
    // By number: a name such as localhost can be pointed elsewhere (RFC 8252 section 8.3).
    let is_loopback = matches!(host, "127.0.0.1" | "[::1]");
    match url.scheme() {
        "http" if is_loopback && loopback => Ok(()),
        "http" if is_loopback => Err("client-wrong-uri-loopback"),
        "https" if is_host_name(host) => Ok(()),
        "https" => Err("client-wrong-uri-host"),
        _ => Err("client-wrong-uri-scheme"),
    }
}

/// A name of the Internet with at least two parts, in small ASCII letters; no number of a machine.
fn is_host_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last_is_letters =
        host.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_lowercase()));
    host.len() <= 253 && host.contains('.') && host.split('.').all(label) && last_is_letters
}
