//! The authorization request (OpenID Connect Core section 3.1.2, RFC 6749 section 4.1.1), read once from a
//! query, a form or a pushed request. What is not understood is ignored; what is understood and wrong is
//! refused: on a page of ours until client and redirect URI are trusted, by redirect from then on.

use super::claim_scope::IDENTITY;
use super::error::OAuthError;
use super::redirect::{Way, is_registered};
use super::requested_claims::RequestedClaims;
use super::scope::{Resource, Scope};
use crate::client::{Client, Grant};
use crate::jose::from_base64url;
use crate::level::Loa;
use crate::settings::Settings;
use crate::visit::{encoded, pairs};

/// What was sent, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters(Vec<(String, String)>);

/// A request with more than this is not read, in bytes.
const PARAMETERS_MAX: usize = 16 * 1024;
/// The only parameter that may be sent several times (RFC 8707 section 2).
const SEVERAL: &str = "resource";

impl Parameters {
    /// The parameters of a query or a form. One without a value was not sent (RFC 6749 section 3.1).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.len() > PARAMETERS_MAX {
            return Self::default();
        }
        Self::of(&pairs(text))
    }

    /// The parameters of pairs that were read already.
    #[must_use]
    pub fn of(pairs: &[(String, String)]) -> Self {
        Self(pairs.iter().filter(|(_, value)| !value.is_empty()).cloned().collect())
    }

    /// Puts a parameter in the place of whatever was sent under its name.
    pub fn put(&mut self, name: &str, value: &str) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.to_owned()));
    }

    /// The same without some names.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect())
    }

    /// A parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// A parameter that is trusted only when it was sent once.
    #[must_use]
    pub fn once(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|_| self.all(name).count() == 1)
    }

    fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn repeated(&self) -> Option<&str> {
        let names = self.0.iter().map(|(name, _)| name.as_str()).filter(|name| *name != SEVERAL);
        names.into_iter().find(|name| self.all(name).count() > 1)
    }

    fn words(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get(name).unwrap_or("").split(' ').filter(|word| !word.is_empty())
    }

    /// As a query, everything escaped that can be.
    #[must_use]
    pub fn to_query(&self) -> String {
        let pairs = self.0.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        pairs.collect::<Vec<_>>().join("&")
    }
}

/// How the person wants or must be asked (OpenID Connect Core section 3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prompt {
    /// Nothing may be shown.
    pub none: bool,
    /// The person must prove again who it is: `login`, and `select_account`, which here is the same.
    pub login: bool,
    /// The person must be asked again.
    pub consent: bool,
}

/// A request that can be answered.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client: Client,
    /// Where the answer goes.
    pub way: Way,
    /// The scopes that are asked for and may be, in order, each once.
    pub scopes: Vec<String>,
    /// `nonce`.
    pub nonce: Option<String>,
    /// `prompt`.
    pub prompt: Prompt,
    /// `max_age`, seconds.
    pub max_age: Option<i64>,
    /// The levels asked for by `acr_values`, or by the claim `acr` where it is not essential.
    pub levels: Vec<Loa>,
    /// `claims`.
    pub claims: RequestedClaims,
    /// `ui_locales`.
    pub ui_locales: Option<String>,
    /// `id_token_hint`.
    pub id_token_hint: Option<String>,
    /// `code_challenge`, of S256.
    pub code_challenge: String,
    /// `dpop_jkt` (RFC 9449 section 10).
    pub dpop_jkt: Option<String>,
    /// `resource` (RFC 8707).
    pub resources: Vec<String>,
}

/// Whether answers may go where the request wants them; `None`: shown on a page, never redirected.
#[must_use]
pub fn trusted_way(client: &Client, parameters: &Parameters) -> Option<Way> {
    let uri = parameters.once("redirect_uri")?;
    is_registered(&client.registration, uri)
        .then(|| Way { uri: uri.to_owned(), state: parameters.once("state").map(str::to_owned) })
}

impl AuthorizationRequest {
    /// Reads the rest of a request whose client and way back are trusted.
    ///
    /// # Errors
    /// What the client is told.
    pub fn parse(
        client: Client,
        way: Way,
        parameters: &Parameters,
        settings: &Settings,
    ) -> Result<Self, OAuthError> {
        if let Some(name) = parameters.repeated() {
            return Err(OAuthError::request(format!("{} is sent more than once", shown(name))));
        }
        for (name, error) in UNSUPPORTED {
            if parameters.get(name).is_some() {
                return Err(OAuthError::new(error, format!("{name} is not supported; push the request")));
            }
        }
        response(parameters)?;
        if !client.registration.may_use(Grant::AuthorizationCode) {
            return Err(OAuthError::new("unauthorized_client", "the client has no authorization_code grant"));
        }
        let claims = parameters.get("claims").map(RequestedClaims::parse).transpose()?.unwrap_or_default();
        let asked: Vec<_> = parameters.words("acr_values").filter_map(Loa::parse).collect();
        Ok(Self {
            scopes: scopes(&client, parameters)?,
            nonce: parameters.get("nonce").map(str::to_owned),
            prompt: prompt(parameters)?,
            max_age: max_age(parameters)?,
            levels: if asked.is_empty() { claims.voluntary_levels() } else { asked },
            claims,
            ui_locales: parameters.get("ui_locales").map(str::to_owned),
            id_token_hint: parameters.get("id_token_hint").map(str::to_owned),
            code_challenge: code_challenge(parameters)?,
            dpop_jkt: dpop_jkt(parameters)?,
            resources: resources(parameters, settings)?,
            client,
            way,
        })
    }

    /// Whether a scope is asked for.
    #[must_use]
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|asked| asked == scope)
    }

    /// The level below which nothing is given: the number of an identity document is given only of
    /// people who were verified in person.
    #[must_use]
    pub fn floor(&self) -> Loa {
        let of_identity = |(claim, _): &(String, bool)| claim.starts_with("identity_");
        let needs = self.has(IDENTITY) || self.claims.personal().iter().any(of_identity);
        if needs { Loa::Verified } else { Loa::Registered }
    }
}

/// Parameters whose mere presence must be refused (OpenID Connect Core sections 3.1.2.6 and 7.2.1). A
/// signed request object would be read where `request` is refused now.
const UNSUPPORTED: [(&str, &str); 3] = [
    ("request", "request_not_supported"),
    ("request_uri", "request_uri_not_supported"),
    ("registration", "registration_not_supported"),
];

/// A name of a parameter, as far as it is one: descriptions never repeat what somebody made up.
fn shown(name: &str) -> &str {
    let plain = name.len() <= 32 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if plain { name } else { "a parameter" }
}

fn response(parameters: &Parameters) -> Result<(), OAuthError> {
    match parameters.get("response_type") {
        Some("code") => {}
        Some(_) => return Err(OAuthError::new("unsupported_response_type", "response_type must be code")),
        None => return Err(OAuthError::request("response_type is missing")),
    }
    match parameters.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => Err(OAuthError::request("response_mode must be query")),
    }
}

/// Scopes nobody here knows are ignored (OpenID Connect Core section 3.1.2.1); known ones must be
/// registered.
fn scopes(client: &Client, parameters: &Parameters) -> Result<Vec<String>, OAuthError> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in parameters.words("scope") {
        let is_known = Scope::parse(scope).is_some();
        let is_registered = client.registration.scopes.iter().any(|registered| registered == scope);
        if is_known && !is_registered {
            return Err(OAuthError::new("invalid_scope", format!("scope: {scope} is not registered")));
        }
        if is_known {
            scopes.push(scope.to_owned());
        }
    }
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(OAuthError::new("invalid_scope", "scope names none that the client may ask for"));
    }
    Ok(scopes)
}

fn prompt(parameters: &Parameters) -> Result<Prompt, OAuthError> {
    let mut prompt = Prompt::default();
    for word in parameters.words("prompt") {
        match word {
            "none" => prompt.none = true,
            "login" | "select_account" => prompt.login = true,
            "consent" => prompt.consent = true,
            _ => return Err(OAuthError::request("prompt has a value that is not supported")),
        }
    }
    if prompt.none && (prompt.login || prompt.consent) {
        return Err(OAuthError::request("prompt: none stands alone"));
    }
    Ok(prompt)
}

fn max_age(parameters: &Parameters) -> Result<Option<i64>, OAuthError> {
    let Some(text) = parameters.get("max_age") else { return Ok(None) };
    let digits = text.bytes().all(|b| b.is_ascii_digit()) && text.len() <= 9;
    let seconds = text.parse().ok().filter(|_| digits);
    seconds.map(Some).ok_or_else(|| OAuthError::request("max_age is not a number of seconds"))
}

/// S256 of every client, and nothing else (RFC 9700 section 2.1.1): without a method it would be `plain`.
fn code_challenge(parameters: &Parameters) -> Result<String, OAuthError> {
    let challenge =
        parameters.get("code_challenge").ok_or_else(|| OAuthError::request("code_challenge is missing"))?;
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(OAuthError::request("code_challenge_method must be S256"));
    }
    digest_of(challenge).ok_or_else(|| OAuthError::request("code_challenge is not a SHA-256 in base64url"))
}

fn dpop_jkt(parameters: &Parameters) -> Result<Option<String>, OAuthError> {
    let Some(thumbprint) = parameters.get("dpop_jkt") else { return Ok(None) };
    let thumbprint = digest_of(thumbprint);
    thumbprint.map(Some).ok_or_else(|| OAuthError::request("dpop_jkt is not a SHA-256 in base64url"))
}

fn digest_of(text: &str) -> Option<String> {
    from_base64url(text).filter(|bytes| bytes.len() == 32).map(|_| text.to_owned())
}

fn resources(parameters: &Parameters, settings: &Settings) -> Result<Vec<String>, OAuthError> {
    let mut resources: Vec<String> = Vec::new();
    for uri in parameters.all(SEVERAL) {
        Resource::parse(uri, settings)?;
        resources.push(uri.to_owned());
    }
    resources.sort_unstable();
    resources.dedup();
    Ok(resources)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn client() -> Client {
        let registration = serde_json::json!({
            "client_name": { "ar": "ع", "en": "C" },
            "profile": "baseline",
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code"],
            "scopes": ["openid", "profile", "email", "payments:read"],
            "redirect_uris": ["https://rp.example.ps/cb"],
        });
        let registration = serde_json::from_value(registration).expect("a registration");
        Client { id: "rp".into(), registration, secret_digest: None, api_client: None, version: 1 }
    }

    fn parse(more: &str) -> Result<AuthorizationRequest, OAuthError> {
        let text = format!("redirect_uri=https%3A%2F%2Frp.example.ps%2Fcb&state=s&{more}");
        let parameters = Parameters::parse(&text);
        let client = client();
        let way = trusted_way(&client, &parameters).expect("the way is registered");
        AuthorizationRequest::parse(client, way, &parameters, &Settings::new("https://id.example.ps"))
    }

    fn good(more: &str) -> String {
        format!("response_type=code&scope=openid&code_challenge={CHALLENGE}&code_challenge_method=S256{more}")
    }

    #[test]
    fn what_is_wrong_is_refused_by_name() {
        for (request, error, says) in [
            (good("").replace("response_type=code", ""), "invalid_request", "response_type"),
            (good("").replace("=code&", "=token&"), "unsupported_response_type", "response_type"),
            (good("").replace("=code&", "=code+id_token&"), "unsupported_response_type", "response_type"),
            (good("").replace("=code&", "=&"), "invalid_request", "response_type"),
            (good("&response_mode=fragment"), "invalid_request", "response_mode"),
            (good("&response_mode=form_post"), "invalid_request", "response_mode"),
            (good("").replace("scope=openid", "scope="), "invalid_scope", "scope"),
            (good("").replace("scope=openid", "scope=unheard-of"), "invalid_scope", "scope"),
            (good("").replace("scope=openid", "scope=openid+identity"), "invalid_scope", "identity"),
            (good("").replace("scope=openid", "scope=openid+offline_access"), "invalid_scope", "offline"),
            (good("").replace("S256", "plain"), "invalid_request", "code_challenge_method"),
            (good("").replace("&code_challenge_method=S256", ""), "invalid_request", "code_challenge_method"),
            (good("").replace("code_challenge=", "x="), "invalid_request", "code_challenge"),
            (good("").replace("-cM", "-c"), "invalid_request", "code_challenge"),
            (good("").replace("-cM", "-cMM"), "invalid_request", "code_challenge"),
            (good("&prompt=none+login"), "invalid_request", "prompt"),
            (good("&prompt=none+consent"), "invalid_request", "prompt"),
            (good("&prompt=create"), "invalid_request", "prompt"),
            (good("&max_age=-1"), "invalid_request", "max_age"),
            (good("&max_age=%2B1"), "invalid_request", "max_age"),
            (good("&max_age=1.5"), "invalid_request", "max_age"),
            (good("&max_age=99999999999999999999"), "invalid_request", "max_age"),
            (good("&claims=%7B"), "invalid_request", "claims"),
            (good("&dpop_jkt=short"), "invalid_request", "dpop_jkt"),
            (good("&resource=https://id.example.ps/v1%23x"), "invalid_target", "resource"),
            (good("&resource=api"), "invalid_target", "resource"),
            (good("&request=e30.e30."), "request_not_supported", "request"),
            (good("&request_uri=https://rp.example.ps/r"), "request_uri_not_supported", "request_uri"),
            (good("&registration=%7B%7D"), "registration_not_supported", "registration"),
            (good("&nonce=a&nonce=b"), "invalid_request", "nonce"),
            (good("&scope=profile"), "invalid_request", "scope"),
            (good("&%3Cb%3E=a&%3Cb%3E=b"), "invalid_request", "a parameter"),
            (good("&state=other"), "invalid_request", "state"),
        ] {
            let refused = parse(&request).expect_err(&request);
            assert_eq!(refused.error, error, "{request}");
            assert!(refused.description.contains(says), "{request}: {}", refused.description);
        }
    }

    #[test]
    fn what_is_right_is_read() {
        let request = parse(&good(
            "&nonce=n&max_age=0&prompt=login+consent&acr_values=urn:hukumati:loa:2+x+urn:hukumati:loa:1\
             &resource=https://id.example.ps/v1&resource=https://id.example.ps&unheard_of=1&display=popup",
        ))
        .expect("a good request");
        assert_eq!(request.scopes, ["openid"]);
        assert_eq!((request.nonce.as_deref(), request.max_age), (Some("n"), Some(0)));
        assert!(request.prompt.login && request.prompt.consent && !request.prompt.none);
        assert_eq!(request.levels, [Loa::SecondFactor, Loa::Verified]);
        assert_eq!(request.resources, ["https://id.example.ps", "https://id.example.ps/v1"]);
        assert_eq!(request.way.state.as_deref(), Some("s"));
        let scopes = good("").replace("scope=openid", "scope=payments:read+unheard-of+email+openid+email");
        assert_eq!(parse(&scopes).expect("a good request").scopes, ["email", "openid", "payments:read"]);
    }

    #[test]
    fn a_way_that_was_sent_twice_is_no_way() {
        let client = client();
        for text in [
            "redirect_uri=https://rp.example.ps/cb&redirect_uri=https://rp.example.ps/cb",
            "redirect_uri=https://rp.example.ps/cb&redirect_uri=https://evil.example/cb",
            "redirect_uri=",
            "",
        ] {
            assert_eq!(trusted_way(&client, &Parameters::parse(text)), None, "{text}");
        }
    }
}
