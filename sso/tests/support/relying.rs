//! Relying parties for stories: their registrations, their requests and what came back.

use serde_json::{Value, json};
use sso::client::Client;
use sso::level::{Method, Methods};
use sso::oidc::granted::Granted;
use sso::seal::digest;
use sso::store::account::Account;
use sso::store::client;

use super::bed::{Bed, ISSUER};
use super::browser::{Answer, Browser, encoded};

/// Where the answers of all stories go.
pub(crate) const CALLBACK: &str = "https://rp.example.ps/cb";
/// The verifier of all stories, and its S256.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// The secret of every client that has one.
pub(crate) const SECRET: &str = "an invented secret of a client 0123456789";

/// A registration that may do everything of the baseline; `more` replaces members of it.
pub(crate) fn registration(more: Value) -> Value {
    let mut all = json!({
        "client_name": { "ar": "وزارة النقل", "en": "Ministry of Transport" },
        "profile": "baseline",
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token"],
        "scopes": ["openid", "profile", "email", "phone", "address", "identity", "offline_access"],
        "redirect_uris": [CALLBACK],
        "consent_is_implied": true,
    });
    for (name, value) in more.as_object().expect("an object") {
        all[name] = value.clone();
    }
    all
}

impl Bed {
    /// A client with [`SECRET`].
    pub(crate) async fn party(&self, id: &str, more: Value) -> Client {
        let client = Client {
            id: id.to_owned(),
            registration: serde_json::from_value(registration(more)).expect("a registration"),
            secret_digest: Some(digest(SECRET)),
            api_client: None,
            version: 1,
        };
        let mut tx = self.sso.db.begin().await.expect("begins");
        assert!(client::add(&mut tx, &client, self.sso.now()).await.expect("added"));
        tx.commit().await.expect("commits");
        client
    }

    /// A browser at which an account is signed in with a password.
    pub(crate) async fn at_home(&self, account: &Account) -> Browser {
        let mut browser = Browser::new(self);
        self.signs_in(&mut browser, account, &[Method::Password]).await;
        browser
    }

    /// Signs an account in, as the pages of the sign-in would.
    pub(crate) async fn signs_in(&self, browser: &mut Browser, account: &Account, methods: &[Method]) {
        let begun = self.sso.begin_session(account, &Methods::of(methods), "Firefox, Linux").await;
        browser.take(begun.expect("begins").1.to_str().expect("ASCII"));
    }

    /// What lies behind a code.
    pub(crate) async fn granted(&self, code: &str) -> Granted {
        let statement = switch_store::statements::Statement::portable(
            "GRANTED",
            "SELECT granted FROM sso_code WHERE code_digest = $1",
        );
        let values = vec![switch_store::db::Value::from(digest(code))];
        let row = self.sso.db.fetch_optional(&statement, values).await.expect("read").expect("a code");
        serde_json::from_str(&row.text("granted").expect("text")).expect("a grant")
    }
}

/// The parameters of a good request of a client.
pub(crate) fn good(client: &str) -> Vec<(&str, &str)> {
    vec![
        ("client_id", client),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("state", "s-1"),
        ("nonce", "n-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
}

/// The same with some parameters replaced or added; one without a value is left out.
pub(crate) fn with<'a>(
    mut all: Vec<(&'a str, &'a str)>,
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    for (name, value) in more {
        all.retain(|(known, _)| known != name);
        all.push((name, value));
    }
    all.retain(|(_, value)| !value.is_empty());
    all
}

/// The address of a request.
pub(crate) fn address(fields: &[(&str, &str)]) -> String {
    format!("/oidc/authorize?{}", encoded(fields))
}

impl Answer {
    /// A parameter of the address it redirects to.
    pub(crate) fn told(&self, name: &str) -> Option<String> {
        let query = self.location().split_once('?')?.1;
        let found = sso::visit::pairs(query).into_iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    /// The code in the answer to [`good`], and that all around it is as it must be.
    pub(crate) fn code(&self) -> String {
        assert!(self.location().starts_with(&format!("{CALLBACK}?")), "{}", self.location());
        assert_eq!(self.told("error"), None, "{}", self.location());
        assert_eq!(self.told("iss").as_deref(), Some(ISSUER));
        self.told("code").unwrap_or_else(|| panic!("no code at {}", self.location()))
    }

    /// The error the client was told, and that `state` and `iss` came with it.
    pub(crate) fn error(&self) -> String {
        assert!(self.location().starts_with(&format!("{CALLBACK}?")), "{}", self.location());
        assert_eq!(self.told("state").as_deref(), Some("s-1"));
        assert_eq!(self.told("iss").as_deref(), Some(ISSUER));
        assert_eq!(self.told("code"), None);
        self.told("error").unwrap_or_else(|| panic!("no error at {}", self.location()))
    }

    /// Where the sign-in it redirects to comes back to.
    pub(crate) fn way_back(&self) -> String {
        assert!(self.location().starts_with("/sign-in?"), "{}", self.location());
        self.told("next").expect("a way back")
    }
}
