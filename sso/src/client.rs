//! A relying party or a client of the API: what it registered as, and what follows from its profile.
//! Its registration is one JSON document in the words of RFC 7591 and OpenID Connect Dynamic Client
//! Registration, read and written by this type only.

pub mod validation;

use jsonwebtoken::jwk::JwkSet;
use serde::{Deserialize, Serialize};

/// How a client proves itself at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// A public client: PKCE only. Apps.
    None,
    /// The secret in the header `Authorization`.
    ClientSecretBasic,
    /// The secret in the body.
    ClientSecretPost,
    /// A signed assertion (RFC 7523).
    PrivateKeyJwt,
    /// A certificate of a known subject (RFC 8705 section 2.1).
    TlsClientAuth,
}

/// The rules a client is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// OpenID Connect with PKCE, and RFC 9700.
    Baseline,
    /// FAPI 2.0 Security Profile: PAR, sender-constrained tokens, `private_key_jwt` or mTLS. Departments,
    /// agents, back office.
    Fapi2,
}

/// A grant a client may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grant {
    /// `authorization_code`.
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    /// `refresh_token`.
    #[serde(rename = "refresh_token")]
    RefreshToken,
    /// `client_credentials`.
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// The device grant (RFC 8628).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
}

/// A name in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClientName {
    /// Arabic.
    pub ar: String,
    /// English.
    pub en: String,
}

/// What a client registered as.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// Its name, as the consent page shows it.
    pub client_name: ClientName,
    /// The rules it is held to.
    pub profile: Profile,
    /// How it proves itself.
    pub token_endpoint_auth_method: ClientAuthentication,
    /// What it may ask for.
    pub grant_types: Vec<Grant>,
    /// The scopes it may ask for.
    pub scopes: Vec<String>,
    /// Where answers may go, each compared whole.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where a browser may be sent after signing out, each compared whole.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it wants to hear of sessions that ended (OpenID Connect Back-Channel Logout).
    #[serde(default)]
    pub backchannel_logout_uri: Option<String>,
    /// Its public keys.
    #[serde(default)]
    pub jwks: Option<JwkSet>,
    /// The subject of its certificate, as RFC 4514 writes it, for `tls_client_auth`.
    #[serde(default)]
    pub tls_client_auth_subject_dn: Option<String>,
    /// Clients of one sector know a person under the same `sub`. The host of the first redirect URI when
    /// none is given.
    #[serde(default)]
    pub sector_identifier: Option<String>,
    /// `ES256`, `RS256` or `EdDSA`.
    #[serde(default = "es256")]
    pub id_token_signed_response_alg: String,
    /// Access tokens are bound to a DPoP key (RFC 9449).
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// Requests must be pushed first (RFC 9126).
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// The department it belongs to, by its code in the catalogue.
    #[serde(default)]
    pub department: Option<String>,
    /// A client of the government itself, for which nobody is asked: the portal.
    #[serde(default)]
    pub consent_is_implied: bool,
}

fn es256() -> String {
    "ES256".to_owned()
}

impl Registration {
    /// Whether requests must be pushed: always under FAPI 2.0 (section 5.3.2.2).
    #[must_use]
    pub fn must_push(&self) -> bool {
        self.require_pushed_authorization_requests || self.profile == Profile::Fapi2
    }

    /// Whether access tokens must be bound to their sender: always under FAPI 2.0.
    #[must_use]
    pub fn must_bind(&self) -> bool {
        self.dpop_bound_access_tokens || self.profile == Profile::Fapi2
    }

    /// Whether a grant may be used.
    #[must_use]
    pub fn may_use(&self, grant: Grant) -> bool {
        self.grant_types.contains(&grant)
    }

    /// The sector of pairwise subjects (OpenID Connect Core section 8.1).
    #[must_use]
    pub fn sector(&self) -> &str {
        let host = || {
            let uri = self.redirect_uris.first()?;
            let rest = uri.split_once("://")?.1;
            rest.split(['/', '?', ':']).next()
        };
        self.sector_identifier.as_deref().or_else(host).unwrap_or("")
    }
}

/// A client.
#[derive(Debug, Clone)]
pub struct Client {
    /// `client_id`: 1 to 64 letters, digits, hyphens, points and underscores.
    pub id: String,
    /// What it registered as.
    pub registration: Registration,
    /// SHA-256 of its secret, where it has one.
    pub secret_digest: Option<Vec<u8>>,
    /// The client of the payment API it acts as, where it does.
    pub api_client: Option<i64>,
    /// Changes at each change.
    pub version: i64,
}
