//! What a person allowed a client, and how sure the switch was of the person: carried by a code, a device
//! code and a refresh family, and the whole content of the tokens made from them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use switch_core::clock::Timestamp;

use crate::level::{Loa, Methods};

/// A grant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Granted {
    /// The client's identifier.
    pub client: String,
    /// Who granted it; `None` for a client that acts for itself.
    pub account: Option<i64>,
    /// The session it was granted in.
    pub session: Option<i64>,
    /// The scopes, in order, each once.
    pub scopes: Vec<String>,
    /// The parameter `claims` as it was asked and allowed (OpenID Connect Core section 5.5).
    #[serde(default)]
    pub claims: Value,
    /// The resources named (RFC 8707).
    #[serde(default)]
    pub resources: Vec<String>,
    /// The nonce of the authentication request.
    pub nonce: Option<String>,
    /// 0 to 3.
    pub level: i64,
    /// As in [`Methods`]' text.
    pub methods: String,
    /// When the person authenticated, ms since 1970.
    pub authenticated_at: i64,
}

impl Granted {
    /// Whether a scope was granted.
    #[must_use]
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }

    /// The claim `acr`.
    #[must_use]
    pub fn acr(&self) -> &'static str {
        Loa::of(self.level).unwrap_or(Loa::Registered).acr()
    }

    /// The claim `amr`.
    #[must_use]
    pub fn amr(&self) -> Vec<&'static str> {
        Methods::parse(&self.methods).amr()
    }

    /// The claim `auth_time`, seconds.
    #[must_use]
    pub fn auth_time(&self) -> i64 {
        Timestamp(self.authenticated_at).0.div_euclid(1000)
    }

    /// The scopes with spaces between.
    #[must_use]
    pub fn scope(&self) -> String {
        self.scopes.join(" ")
    }
}
