//! `POST /oidc/token`: grants become tokens (RFC 6749 section 3.2, OpenID Connect Core section 3.1.3,
//! RFC 9700, FAPI 2.0 Security Profile section 5.3).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::access_token::{self, Binding, Content};
use super::claim_scope::OPENID;
use super::client_authentication::{Authenticated, authenticate};
use super::error::{OAuthError, json as answer};
use super::granted::Granted;
use super::scope::{self, Resource, Scope};
use super::{device, dpop, form, id_token, refresh_token};
use crate::Sso;
use crate::audit::Actor;
use crate::client::{Client, ClientAuthentication, Grant, Profile, Registration};
use crate::jose::base64url;
use crate::seal::digest;
use crate::store::account::{self, AccountState};
use crate::store::code::{self, Code};
use crate::store::family::{self, Family, Rotation};
use crate::store::session;
use crate::store::together::Redemption;
use crate::visit::Fields;

/// The endpoint.
pub async fn token(State(sso): State<Arc<Sso>>, request: Request) -> Response {
    answered(&sso, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answered(sso: &Sso, request: Request) -> Result<Response, OAuthError> {
    let (parts, fields) = form::read(request).await?;
    let who = authenticate(sso, &parts, &fields).await?;
    let grant = grant_type(&fields)?;
    if !who.client.registration.may_use(grant) {
        return Err(OAuthError::new("unauthorized_client", "the client is not registered for grant_type"));
    }
    let binding = binding(sso, &parts, &who).await?;
    let asked = Asked { sso, client: &who.client, fields: &fields, binding };
    let issued = match grant {
        Grant::AuthorizationCode => asked.of_code().await?,
        Grant::RefreshToken => asked.of_refresh_token().await?,
        Grant::ClientCredentials => asked.of_client().await?,
        Grant::DeviceCode => asked.of_device().await?,
    };
    asked.tokens(issued).await
}

/// Password, implicit and assertion grants are not here on purpose (RFC 9700 sections 2.1.2 and 2.4).
fn grant_type(fields: &Fields) -> Result<Grant, OAuthError> {
    match fields.exact("grant_type") {
        "" => Err(OAuthError::request("grant_type is missing")),
        word => serde_json::from_value(word.into())
            .map_err(|_| OAuthError::new("unsupported_grant_type", "grant_type is not one of this server")),
    }
}

/// What the tokens of this request are bound to: the key of its DPoP proof, else the certificate of its
/// connection where the client uses one.
async fn binding(sso: &Sso, parts: &Parts, who: &Authenticated) -> Result<Binding, OAuthError> {
    let r = &who.client.registration;
    let nonce_is_due = sso.settings.dpop_nonces && r.profile == Profile::Fapi2;
    if let Some(key) = dpop::proven(sso, parts, None, nonce_is_due).await? {
        return Ok(Binding::Key(key));
    }
    if r.dpop_bound_access_tokens {
        return Err(OAuthError::new(
            "invalid_dpop_proof",
            "DPoP is missing, and the client registered for it",
        ));
    }
    let uses_tls = r.must_bind() || r.token_endpoint_auth_method == ClientAuthentication::TlsClientAuth;
    match &who.certificate {
        Some(thumbprint) if uses_tls => Ok(Binding::Certificate(thumbprint.clone())),
        _ if r.must_bind() => Err(OAuthError::new(
            "invalid_dpop_proof",
            "tokens of this client are bound to their sender: send DPoP, or use the certificate",
        )),
        _ => Ok(Binding::Bearer),
    }
}

/// One request and all it is answered from.
struct Asked<'a> {
    sso: &'a Sso,
    client: &'a Client,
    fields: &'a Fields,
    binding: Binding,
}

/// What a grant gave.
pub(crate) struct Issued {
    /// The whole grant.
    pub(crate) granted: Granted,
    /// Its family, unless the client acts for itself.
    pub(crate) family: Option<i64>,
    /// The scopes of this access token.
    pub(crate) scopes: Vec<String>,
    /// Where it may be presented.
    pub(crate) resources: Vec<Resource>,
    /// The refresh token that is to be used next.
    pub(crate) refresh_token: Option<String>,
    /// The code, when it was one, for the claim `c_hash`.
    pub(crate) code: Option<String>,
}

impl Asked<'_> {
    /// `authorization_code` (RFC 6749 section 4.1.3, RFC 7636 section 4.6).
    async fn of_code(&self) -> Result<Issued, OAuthError> {
        let (sso, text) = (self.sso, self.needed("code")?);
        let digest = digest(text);
        let found = code::find(&sso.db, digest.clone()).await?;
        // A code of another client is as unknown as one that never was; its own client can still use it.
        let found = found.filter(|(code, _)| code.client == self.client.id);
        let (code, was_used) = found.ok_or_else(|| OAuthError::grant("code is not known, or it is over"))?;
        if was_used {
            return Err(self.code_came_twice(&code).await?);
        }
        self.fits(&code)?;
        self.is_still_here(&code.granted).await?;
        let (scopes, resources) = self.narrowed(&code.granted, None)?;
        let (refresh_token, family) = self.new_family(code.family, &code.granted);
        let redemption = Redemption { code: digest, family };
        if !sso.together.redeem(&sso.db, redemption).await? {
            return Err(self.code_came_twice(&code).await?);
        }
        let (family, code_text) = (Some(code.family), Some(text.to_owned()));
        Ok(Issued { granted: code.granted, family, scopes, resources, refresh_token, code: code_text })
    }

    fn fits(&self, code: &Code) -> Result<(), OAuthError> {
        if code.expires_at <= self.sso.now() {
            return Err(OAuthError::grant("code is not known, or it is over"));
        }
        if self.needed("redirect_uri")? != code.redirect_uri {
            return Err(OAuthError::grant("redirect_uri is not the one the code was sent to"));
        }
        is_verified(self.fields.exact("code_verifier"), &code.code_challenge)?;
        match (&code.dpop_jkt, &self.binding) {
            (None, _) => Ok(()),
            (Some(wanted), Binding::Key(is)) if wanted == is => Ok(()),
            _ => Err(OAuthError::grant("the code is bound to another DPoP key")),
        }
    }

    /// Somebody has the code who should not: nothing made from it is good any more (RFC 6749 section 4.1.2).
    async fn code_came_twice(&self, code: &Code) -> Result<OAuthError, OAuthError> {
        let (actor, because) = (Actor::Client(&self.client.id), "its code came a second time");
        self.sso.revoke_family(code.family, actor, "grant revoke", because).await?;
        Ok(OAuthError::grant("code was used before; what was made from it is revoked"))
    }

    /// The account is in use, and the person has not signed out meanwhile.
    async fn is_still_here(&self, granted: &Granted) -> Result<(), OAuthError> {
        let sso = self.sso;
        if let Some(id) = granted.account {
            let found = account::find(&sso.db, &sso.sealer, id).await?;
            found.filter(|account| account.state == AccountState::Active).ok_or_else(gone)?;
        }
        if let Some(id) = granted.session {
            session::find(&sso.db, id, sso.now()).await?.ok_or_else(gone)?;
        }
        Ok(())
    }

    /// A family for a grant, and its first refresh token where the client may have one.
    fn new_family(&self, id: i64, granted: &Granted) -> (Option<String>, Family) {
        let (sso, now) = (self.sso, self.sso.now());
        let may = self.client.registration.may_use(Grant::RefreshToken);
        let (token, secret_digest) = may.then(|| refresh_token::make(sso, id)).unzip();
        let family = Family {
            id,
            granted: granted.clone(),
            bound_to: self.binding.word(),
            secret_digest,
            created_at: now,
            ends_at: now.plus_ms(sso.settings.refresh_s * 1000),
        };
        (token, family)
    }

    /// `refresh_token` (RFC 6749 section 6, RFC 9700 section 4.14). Each token is good once, without a time
    /// of grace: a second use, a retry included, revokes the family. Of two at one moment the second does.
    async fn of_refresh_token(&self) -> Result<Issued, OAuthError> {
        const UNKNOWN: &str = "refresh_token is not known, was revoked, or its session or account has ended";
        let (sso, now) = (self.sso, self.sso.now());
        let unknown = || OAuthError::grant(UNKNOWN);
        let shown = refresh_token::read(sso, self.needed("refresh_token")?).ok_or_else(unknown)?;
        let standing = family::find(&sso.db, shown.family, now).await?.ok_or_else(unknown)?;
        let (is_live, family) = (standing.is_live(now), standing.family);
        if family.granted.client != self.client.id || !is_live {
            return Err(unknown());
        }
        if family.bound_to != self.binding.word() {
            return Err(OAuthError::grant("refresh_token is bound to another DPoP key or certificate"));
        }
        let narrower = Some(self.fields.exact("scope")).filter(|scope| !scope.is_empty());
        let (scopes, resources) = self.narrowed(&family.granted, narrower)?;
        let (next, new) = refresh_token::make(sso, family.id);
        let rotation = Rotation { family: family.id, old: shown.digest, new, at: now };
        if !sso.together.rotate(&sso.db, rotation).await? {
            let (actor, because) = (Actor::Client(&self.client.id), "a refresh token came a second time");
            sso.revoke_family(family.id, actor, "grant revoke", because).await?;
            return Err(OAuthError::grant("refresh_token was used before; its grant is revoked"));
        }
        let (granted, family) = (family.granted, Some(family.id));
        Ok(Issued { granted, family, scopes, resources, refresh_token: Some(next), code: None })
    }

    /// The device grant (RFC 8628 section 3.4).
    async fn of_device(&self) -> Result<Issued, OAuthError> {
        let code = self.needed("device_code")?;
        let begin = |id: i64, granted: &Granted| self.new_family(id, granted);
        let (granted, family, refresh_token) = device::redeem(self.sso, self.client, code, begin).await?;
        self.is_still_here(&granted).await?;
        let (scopes, resources) = self.narrowed(&granted, None)?;
        Ok(Issued { granted, family: Some(family), scopes, resources, refresh_token, code: None })
    }

    /// `client_credentials` (RFC 6749 section 4.4): the client acts for itself, at the payment API only.
    async fn of_client(&self) -> Result<Issued, OAuthError> {
        let r = &self.client.registration;
        if r.token_endpoint_auth_method == ClientAuthentication::None {
            return Err(OAuthError::new("unauthorized_client", "a public client cannot act for itself"));
        }
        let of_api =
            |word: &String| Scope::parse(word).and_then(Scope::resource) == Some(Resource::PaymentApi);
        let registered: Vec<_> = r.scopes.iter().filter(|word| of_api(word)).cloned().collect();
        let granted = of_nobody(self.client, registered);
        let asked = Some(self.fields.exact("scope")).filter(|scope| !scope.is_empty());
        let (scopes, resources) = self.narrowed(&granted, asked)?;
        Ok(Issued { granted, family: None, scopes, resources, refresh_token: None, code: None })
    }

    /// The scopes and resources of this token: not more than was granted (RFC 6749 section 6, RFC 8707).
    fn narrowed(
        &self,
        granted: &Granted,
        scope: Option<&str>,
    ) -> Result<(Vec<String>, Vec<Resource>), OAuthError> {
        let settings = &self.sso.settings;
        let scopes = scope.map_or_else(|| Ok(granted.scopes.clone()), scope::words)?;
        if scopes.is_empty() || scopes.iter().any(|word| !granted.has(word)) {
            return Err(OAuthError::new("invalid_scope", "scope is more than was granted"));
        }
        let parse = |uri: &str| Resource::parse(uri, settings);
        let named = self.fields.all("resource").map(parse).collect::<Result<Vec<_>, _>>()?;
        let allowed = granted.resources.iter().map(|uri| parse(uri)).collect::<Result<Vec<_>, _>>()?;
        if !allowed.is_empty() && named.iter().any(|resource| !allowed.contains(resource)) {
            return Err(OAuthError::new("invalid_target", "resource is more than was granted"));
        }
        let named = if named.is_empty() { allowed } else { named };
        let (resources, scopes) = scope::for_resources(&scopes, &named)?;
        Ok((scopes, resources))
    }

    fn needed(&self, name: &str) -> Result<&str, OAuthError> {
        let value = self.fields.exact(name);
        (!value.is_empty()).then_some(value).ok_or_else(|| OAuthError::request(format!("{name} is missing")))
    }

    /// The answer (RFC 6749 section 5.1).
    async fn tokens(&self, issued: Issued) -> Result<Response, OAuthError> {
        let content = Content {
            client: self.client,
            granted: &issued.granted,
            family: issued.family,
            scopes: &issued.scopes,
            resources: &issued.resources,
            binding: &self.binding,
        };
        let access_token = access_token::mint(self.sso, &content).await?;
        let mut body = json!({
            "access_token": access_token,
            "token_type": self.binding.token_type(),
            "expires_in": self.sso.settings.access_token_s,
            "scope": issued.scopes.join(" "),
        });
        if issued.granted.account.is_some() && issued.scopes.iter().any(|scope| scope == OPENID) {
            let (token, code) = (Some(access_token.as_str()), issued.code.as_deref());
            // A nonce answers one request: the ID tokens of a refresh have none (Core section 12.2).
            let nonce = issued.granted.nonce.clone().filter(|_| code.is_some());
            let granted = Granted { nonce, ..issued.granted.clone() };
            body["id_token"] = id_token::mint(self.sso, self.client, &granted, token, code).await?.into();
        }
        if let Some(refresh_token) = issued.refresh_token {
            body["refresh_token"] = refresh_token.into();
        }
        Ok(answer(StatusCode::OK, &body))
    }
}

fn gone() -> OAuthError {
    OAuthError::grant("the person has signed out, or the account is not in use")
}

fn of_nobody(client: &Client, scopes: Vec<String>) -> Granted {
    Granted {
        client: client.id.clone(),
        account: None,
        session: None,
        scopes,
        claims: serde_json::Value::Null,
        resources: Vec::new(),
        nonce: None,
        level: 0,
        methods: String::new(),
        authenticated_at: 0,
    }
}

/// S256 only. A request that had no challenge takes no verifier: somebody may have removed the challenge
/// on its way (RFC 9700 section 4.8.2).
fn is_verified(verifier: &str, challenge: &str) -> Result<(), OAuthError> {
    const UNRESERVED: &[u8] = b"-._~";
    if challenge.is_empty() {
        let none = verifier.is_empty();
        return none
            .then_some(())
            .ok_or_else(|| OAuthError::grant("the code was asked without code_challenge"));
    }
    if verifier.is_empty() {
        return Err(OAuthError::grant("code_verifier is missing"));
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || UNRESERVED.contains(&b);
    let is_one = (43..=128).contains(&verifier.len()) && verifier.bytes().all(plain);
    let computed = base64url(&Sha256::digest(verifier.as_bytes()));
    let same: bool = computed.as_bytes().ct_eq(challenge.as_bytes()).into();
    (is_one && same)
        .then_some(())
        .ok_or_else(|| OAuthError::grant("code_verifier does not fit code_challenge"))
}

impl Registration {
    /// Whether it authenticates at all.
    #[must_use]
    pub fn is_confidential(&self) -> bool {
        self.token_endpoint_auth_method != ClientAuthentication::None
    }
}
