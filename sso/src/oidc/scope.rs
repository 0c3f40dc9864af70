//! Scopes and the resources they are of: an access token is for one of ours and says which
//! (RFC 8707, RFC 9068 section 3).

use super::error::OAuthError;
use crate::settings::Settings;

/// Every scope there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `openid`.
    OpenId,
    /// `profile`.
    Profile,
    /// `email`.
    Email,
    /// `phone`.
    Phone,
    /// `address`.
    Address,
    /// `identity`: number and kind of the identity document.
    Identity,
    /// `offline_access`: the grant outlives the session.
    OfflineAccess,
    /// `bills:read`.
    BillsRead,
    /// `bills:write`.
    BillsWrite,
    /// `payments:read`.
    PaymentsRead,
    /// `payments:write`.
    PaymentsWrite,
    /// `cards:write`.
    CardsWrite,
    /// `methods:read`.
    MethodsRead,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::OpenId,
        Self::Profile,
        Self::Email,
        Self::Phone,
        Self::Address,
        Self::Identity,
        Self::OfflineAccess,
        Self::BillsRead,
        Self::BillsWrite,
        Self::PaymentsRead,
        Self::PaymentsWrite,
        Self::CardsWrite,
        Self::MethodsRead,
    ];

    /// The word in requests and tokens.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::Identity => "identity",
            Self::OfflineAccess => "offline_access",
            Self::BillsRead => "bills:read",
            Self::BillsWrite => "bills:write",
            Self::PaymentsRead => "payments:read",
            Self::PaymentsWrite => "payments:write",
            Self::CardsWrite => "cards:write",
            Self::MethodsRead => "methods:read",
        }
    }

    /// The scope of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// Where a token with it is of use; `None` for one that is of use here only.
    #[must_use]
    pub fn resource(self) -> Option<Resource> {
        match self {
            Self::OfflineAccess => None,
            Self::OpenId | Self::Profile | Self::Email | Self::Phone | Self::Address | Self::Identity => {
                Some(Resource::UserInfo)
            }
            Self::BillsRead
            | Self::BillsWrite
            | Self::PaymentsRead
            | Self::PaymentsWrite
            | Self::CardsWrite
            | Self::MethodsRead => Some(Resource::PaymentApi),
        }
    }
}

/// What a token may be presented to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Userinfo, named by the issuer.
    UserInfo,
    /// The payment API, `/v1` below the issuer.
    PaymentApi,
}

impl Resource {
    /// Both.
    pub const ALL: [Self; 2] = [Self::UserInfo, Self::PaymentApi];

    /// The value of `resource` and of `aud`.
    #[must_use]
    pub fn uri(self, settings: &Settings) -> String {
        match self {
            Self::UserInfo => settings.issuer.clone(),
            Self::PaymentApi => settings.url("/v1"),
        }
    }

    /// The resource of a value.
    ///
    /// # Errors
    /// `invalid_target` (RFC 8707 section 2).
    pub fn parse(uri: &str, settings: &Settings) -> Result<Self, OAuthError> {
        let known = Self::ALL.into_iter().find(|resource| resource.uri(settings) == uri);
        known.ok_or_else(|| OAuthError::new("invalid_target", "resource is not one of this server"))
    }
}

/// The words of a parameter `scope`, each once, in the order they were asked.
///
/// # Errors
/// `invalid_scope`: a word that is no scope here.
pub fn words(parameter: &str) -> Result<Vec<String>, OAuthError> {
    let mut words: Vec<String> = Vec::new();
    for word in parameter.split(' ').filter(|word| !word.is_empty()) {
        if Scope::parse(word).is_none() {
            return Err(OAuthError::new("invalid_scope", "scope has a value that is not known here"));
        }
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    Ok(words)
}

/// The resources a token is for: those that are named, else those of its scopes; and the scopes that are
/// of use there.
///
/// # Errors
/// `invalid_target`: named, and no scope is of use there.
pub fn for_resources(
    scopes: &[String],
    named: &[Resource],
) -> Result<(Vec<Resource>, Vec<String>), OAuthError> {
    let of = |word: &String| Scope::parse(word).and_then(Scope::resource);
    let wanted = |resource: Resource| named.is_empty() || named.contains(&resource);
    let used =
        |resource: &Resource| wanted(*resource) && scopes.iter().any(|word| of(word) == Some(*resource));
    let resources: Vec<_> = Resource::ALL.into_iter().filter(used).collect();
    if resources.is_empty() || resources.len() < named.len() {
        return Err(OAuthError::new("invalid_target", "no scope of this grant is of use at resource"));
    }
    let kept = scopes.iter().filter(|word| of(word).is_none_or(wanted)).cloned().collect();
    Ok((resources, kept))
}
