//! Access tokens (RFC 9068): made at the token endpoint, presented to userinfo and to the payment API.
//! They live five minutes; what is revoked before is known on every node within seconds.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::header;
use axum::http::request::Parts;
use serde_json::{Value, json};
use subtle::ConstantTimeEq;
use switch_core::clock::Timestamp;
use switch_store::transact;

use super::certificate::PeerCertificate;
use super::claims::{self, Claims};
use super::dpop;
use super::error::{Challenge, MISSING_TOKEN, OAuthError};
use super::granted::Granted;
use super::scope::Resource;
use crate::Sso;
use crate::client::Client;
use crate::fault::Fault;
use crate::jose::{Algorithm, base64url};
use crate::level::Loa;
use crate::store::{code, device_grant, used};
use crate::visit::Fields;

/// The type of its header (RFC 9068 section 2.1).
pub const TYP: &str = "at+jwt";
/// What is revoked is read again this often.
const BELIEVED_MS: i64 = 2_000;

/// What a token is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// Nothing: whoever has it may use it.
    Bearer,
    /// A DPoP key, by its thumbprint (RFC 9449 section 6).
    Key(String),
    /// A certificate, by its thumbprint (RFC 8705 section 3).
    Certificate(String),
}

impl Binding {
    /// The word in the database: `jkt:…`, `x5t:…` or nothing.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Bearer => String::new(),
            Self::Key(thumbprint) => format!("jkt:{thumbprint}"),
            Self::Certificate(thumbprint) => format!("x5t:{thumbprint}"),
        }
    }

    /// `token_type`.
    #[must_use]
    pub fn token_type(&self) -> &'static str {
        match self {
            Self::Key(_) => "DPoP",
            Self::Bearer | Self::Certificate(_) => "Bearer",
        }
    }

    fn confirmation(&self) -> Option<Value> {
        match self {
            Self::Bearer => None,
            Self::Key(thumbprint) => Some(json!({ "jkt": thumbprint })),
            Self::Certificate(thumbprint) => Some(json!({ "x5t#S256": thumbprint })),
        }
    }

    /// Of the claim `cnf`; `None` for one nobody here writes.
    fn read(claims: &Claims) -> Option<Self> {
        let Some(cnf) = claims.get("cnf") else { return Some(Self::Bearer) };
        let text = |name: &str| cnf.get(name).and_then(Value::as_str).map(str::to_owned);
        text("jkt").map(Self::Key).or_else(|| text("x5t#S256").map(Self::Certificate))
    }
}

/// What a new token says beside the grant.
pub struct Content<'a> {
    /// Whose it is.
    pub client: &'a Client,
    /// What was granted.
    pub granted: &'a Granted,
    /// The family it belongs to.
    pub family: Option<i64>,
    /// The scopes of this token.
    pub scopes: &'a [String],
    /// Where it may be presented.
    pub resources: &'a [Resource],
    /// What it is bound to.
    pub binding: &'a Binding,
}

/// Makes an access token.
///
/// # Errors
/// [`Fault`].
pub async fn mint(sso: &Sso, content: &Content<'_>) -> Result<String, Fault> {
    let Content { client, granted, family, scopes, resources, binding } = content;
    let now_s = sso.now().0.div_euclid(1000);
    let audiences: Vec<_> = resources.iter().map(|resource| resource.uri(&sso.settings)).collect();
    let mut claims = json!({
        "iss": sso.settings.issuer,
        "sub": granted.account.map_or_else(
            || client.id.clone(), |account| sso.subject(account, &client.registration)),
        "aud": match &audiences[..] { [one] => json!(one), all => json!(all) },
        "exp": now_s + sso.settings.access_token_s,
        "iat": now_s,
        "jti": base64url(&sso.random::<16>()),
        "client_id": client.id,
        "scope": scopes.join(" "),
    });
    if granted.account.is_some() {
        claims["auth_time"] = granted.auth_time().into();
        claims["acr"] = granted.acr().into();
        claims["amr"] = json!(granted.amr());
    }
    if let Some(family) = family {
        claims["grant_id"] = sso.public_ids.show("grt", *family).into();
    }
    if let Some(confirmation) = binding.confirmation() {
        claims["cnf"] = confirmation;
    }
    sso.sign(Algorithm::Es256, TYP, &claims).await
}

/// A token that was presented by whom it was made for.
#[derive(Debug, Clone)]
pub struct Presented {
    /// `client_id`.
    pub client: String,
    /// `sub`: the person as this client knows them, or the client itself.
    pub subject: String,
    /// The number of the refresh family, whose row says which account it is: `None` for a client that acts
    /// for itself.
    pub family: Option<i64>,
    /// The scopes.
    pub scopes: Vec<String>,
    /// How sure the switch was of the person; `None` for a client that acts for itself.
    pub level: Option<Loa>,
    /// When the person authenticated.
    pub authenticated_at: Option<Timestamp>,
    /// What the token is bound to, and was proven to be.
    pub binding: Binding,
    /// When it is over.
    pub expires_at: Timestamp,
    /// All claims.
    pub claims: Claims,
}

impl Presented {
    /// Asks for a scope.
    ///
    /// # Errors
    /// `insufficient_scope` (RFC 6750 section 3.1).
    pub fn need(&self, scope: &str) -> Result<(), OAuthError> {
        if self.scopes.iter().any(|granted| granted == scope) {
            return Ok(());
        }
        let error = OAuthError::new("insufficient_scope", format!("this needs the scope {scope}"));
        Err(error.challenged(scheme(&self.binding)))
    }
}

fn scheme(binding: &Binding) -> Challenge {
    match binding {
        Binding::Key(_) => Challenge::DPoP,
        Binding::Bearer | Binding::Certificate(_) => Challenge::Bearer,
    }
}

fn invalid(why: &str) -> OAuthError {
    OAuthError::new("invalid_token", why).challenged(Challenge::Bearer)
}

/// The token of a request to a resource, with its proof: in `Authorization`, or in the field
/// `access_token` of a form (RFC 6750 section 2.2); never in the address. `fields` are those of the body
/// when it is a form, else none.
///
/// # Errors
/// `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce`, `invalid_request`, [`MISSING_TOKEN`].
pub async fn verify(
    sso: &Sso,
    parts: &Parts,
    fields: &Fields,
    resource: Resource,
) -> Result<Presented, OAuthError> {
    let (token, with_proof) = shown(parts, fields)?;
    let claims = sso.read_own(&token, TYP).await?.ok_or_else(|| invalid("the access token is not ours"))?;
    if !claims::lists(&claims, "aud", &resource.uri(&sso.settings)) {
        return Err(invalid("the access token is for another resource"));
    }
    let presented = presented(sso, claims).ok_or_else(|| invalid("the access token has expired"))?;
    if is_revoked(sso, &presented).await? {
        return Err(invalid("the access token was revoked"));
    }
    let nonce_is_due = sso.settings.dpop_nonces && with_proof;
    let key = dpop::proven(sso, parts, Some(&token), nonce_is_due).await;
    let key = key.map_err(|error| error.challenged(Challenge::DPoP))?;
    is_bound(parts, &presented.binding, key, with_proof)?;
    Ok(presented)
}

/// The token and whether it came with the scheme `DPoP`. Schemes have no case (RFC 9110 section 11.1).
fn shown(parts: &Parts, fields: &Fields) -> Result<(String, bool), OAuthError> {
    let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
    let in_form = fields.exact("access_token");
    match (headers.next(), headers.next(), in_form) {
        (None, _, "") => {
            let error = OAuthError::new(MISSING_TOKEN, "this needs an access token");
            Err(error.challenged(Challenge::Bearer))
        }
        (None, _, token) => Ok((token.to_owned(), false)),
        (Some(one), None, "") => {
            let (scheme, token) = one.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or(("", ""));
            let with_proof = scheme.eq_ignore_ascii_case("dpop");
            if !with_proof && !scheme.eq_ignore_ascii_case("bearer") {
                return Err(invalid("Authorization is neither DPoP nor Bearer"));
            }
            Ok((token.trim_start().to_owned(), with_proof))
        }
        _ => {
            let error = OAuthError::request("the access token comes more than once");
            Err(error.challenged(Challenge::Bearer))
        }
    }
}

/// What the claims say, when it is not over. `None` also for claims nobody here writes.
fn presented(sso: &Sso, claims: Claims) -> Option<Presented> {
    let text = |name: &str| claims::text(&claims, name).map(str::to_owned);
    let moment = |name: &str| claims::moment(&claims, name).ok().flatten();
    let expires_at = moment("exp").filter(|at| *at > sso.now())?;
    let grant = text("grant_id").map(|grant| sso.public_ids.read("grt", &grant));
    Some(Presented {
        client: text("client_id")?,
        subject: text("sub")?,
        family: grant.transpose().ok()?,
        scopes: text("scope")?.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
        level: text("acr").and_then(|acr| Loa::parse(&acr)),
        authenticated_at: moment("auth_time"),
        binding: Binding::read(&claims)?,
        expires_at,
        claims,
    })
}

/// The proof is of what the token is bound to; a token that is bound is not taken without
/// (RFC 9449 section 7.1).
fn is_bound(
    parts: &Parts,
    binding: &Binding,
    key: Option<String>,
    with_proof: bool,
) -> Result<(), OAuthError> {
    let same = |is: &str, wanted: &str| bool::from(is.as_bytes().ct_eq(wanted.as_bytes()));
    match (binding, key) {
        (Binding::Key(wanted), Some(is)) if with_proof && same(&is, wanted) => Ok(()),
        (Binding::Key(_), _) => {
            let error = OAuthError::new("invalid_token", "the access token is bound to another DPoP key");
            Err(error.challenged(Challenge::DPoP))
        }
        (_, _) if with_proof => Err(invalid("the access token is bound to no DPoP key")),
        (Binding::Certificate(wanted), _) => {
            let is = parts.extensions.get::<PeerCertificate>().map(PeerCertificate::thumbprint);
            let right = is.is_some_and(|is| same(&is, wanted));
            right.then_some(()).ok_or_else(|| invalid("the access token is bound to another certificate"))
        }
        (Binding::Bearer, _) => Ok(()),
    }
}

/// What was revoked of late, as it was read last.
#[derive(Default)]
pub struct RevokedOfLate {
    kept: RwLock<Option<(Timestamp, Arc<Revoked>)>>,
}

#[derive(Default)]
struct Revoked {
    tokens: HashSet<String>,
    clients: HashSet<String>,
    families: HashSet<i64>,
}

/// Whether a token was revoked, alone, with its family or with its client.
///
/// # Errors
/// [`Fault`].
pub async fn is_revoked(sso: &Sso, presented: &Presented) -> Result<bool, Fault> {
    let revoked = revoked_of_late(sso).await?;
    let jti = claims::text(&presented.claims, "jti").unwrap_or("");
    Ok(revoked.tokens.contains(jti)
        || revoked.clients.contains(&presented.client)
        || presented.family.is_some_and(|family| revoked.families.contains(&family)))
}

async fn revoked_of_late(sso: &Sso) -> Result<Arc<Revoked>, Fault> {
    let now = sso.now();
    let kept = sso.revoked.kept.read().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some((read_at, revoked)) = kept
        && (0..BELIEVED_MS).contains(&now.ms_since(read_at))
    {
        return Ok(revoked);
    }
    let since = now.plus_ms(-(sso.settings.access_token_s + sso.settings.clock_skew_s) * 1000);
    let read = used::revoked(&sso.db, since, now).await?;
    let revoked = Arc::new(Revoked {
        tokens: read.tokens.into_iter().collect(),
        clients: read.clients.into_iter().collect(),
        families: read.families.into_iter().collect(),
    });
    *sso.revoked.kept.write().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&revoked)));
    Ok(revoked)
}

impl Sso {
    /// Reads what was revoked again at the next token: what this node revoked it knows at once.
    pub(crate) fn forget_revoked(&self) {
        *self.revoked.kept.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Forgets what can no longer matter: proofs and assertions that are over, access tokens that were
    /// revoked and have expired, codes and device grants of yesterday. Called once an hour.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn forget_old_tokens(&self) -> Result<(), Fault> {
        const DAY_MS: i64 = 86_400_000;
        let now = self.now();
        // A code is kept for a day, so that its second use is known for what it is.
        let yesterday = now.plus_ms(-DAY_MS);
        Ok(transact!(self.db, tx => {
            used::remove_old(tx, now).await?;
            code::remove_old(tx, yesterday).await?;
            device_grant::remove_old(tx, yesterday).await?;
            Ok(())
        })?)
    }

    /// The claims of an access token of ours that is good now, for introspection.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) async fn live_access_token(&self, token: &str) -> Result<Option<Presented>, Fault> {
        let Some(claims) = self.read_own(token, TYP).await? else { return Ok(None) };
        let Some(presented) = presented(self, claims) else { return Ok(None) };
        Ok((!is_revoked(self, &presented).await?).then_some(presented))
    }
}
