//! `POST /oidc/device` (RFC 8628): a till or a television asks for a code that a person allows elsewhere;
//! and the question of the device whether somebody has.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use switch_core::clock::Timestamp;
use switch_store::transact;

use super::client_authentication::authenticate;
use super::error::{OAuthError, json as answer};
use super::form;
use super::granted::Granted;
use super::scope::{self, Resource};
use crate::Sso;
use crate::client::{Client, Grant};
use crate::seal::digest;
use crate::store::device_grant::{self as rows, DeviceGrant, DeviceState};
use crate::store::family::{self, Family};

/// How long a device waits between two questions (section 3.2).
const INTERVAL_MS: i64 = 5_000;
/// Consonants that are hard to misread and make no words (section 6.1): 20, so a code of eight has 34 bits.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const USER_CODE_LEN: usize = 8;

/// The endpoint.
pub async fn ask(State(sso): State<Arc<Sso>>, request: Request) -> Response {
    match asked(&sso, request).await {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(error) => error.into_response(),
    }
}

async fn asked(sso: &Sso, request: Request) -> Result<Value, OAuthError> {
    let (parts, fields) = form::read(request).await?;
    let client = authenticate(sso, &parts, &fields).await?.client;
    if !client.registration.may_use(Grant::DeviceCode) {
        return Err(OAuthError::new("unauthorized_client", "the client is not registered for device codes"));
    }
    let scopes = scope::words(fields.exact("scope"))?;
    if scopes.is_empty() || scopes.iter().any(|word| !client.registration.scopes.contains(word)) {
        return Err(OAuthError::new("invalid_scope", "scope is missing, or more than the client registered"));
    }
    let resources: Vec<String> = fields.all("resource").map(str::to_owned).collect();
    let named = resources.iter().map(|uri| Resource::parse(uri, &sso.settings));
    scope::for_resources(&scopes, &named.collect::<Result<Vec<_>, _>>()?)?;
    let grant = DeviceGrant {
        client: client.id,
        scopes,
        resources,
        state: DeviceState::Asked,
        family: sso.new_id(),
        interval_ms: INTERVAL_MS,
        polled_at: Timestamp(0),
        expires_at: sso.now().plus_ms(sso.settings.device_code_s * 1000),
    };
    let (device_code, user_code) = (sso.new_token(), new_user_code(sso));
    let (device, user) = (digest(&device_code), user_code_index(sso, &user_code));
    if !transact!(sso.db, tx => rows::add(tx, device.clone(), user.clone(), &grant).await)? {
        return Err(OAuthError::new("temporarily_unavailable", "try again"));
    }
    let page = sso.settings.url("/device");
    Ok(json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "expires_in": sso.settings.device_code_s,
        "interval": INTERVAL_MS / 1000,
    }))
}

/// `BCDF-GHJK`. Each letter is as likely as any other: bytes beyond the last whole 20 are thrown away.
fn new_user_code(sso: &Sso) -> String {
    let mut letters = String::new();
    while letters.len() < USER_CODE_LEN + 1 {
        for byte in sso.random::<16>() {
            if byte < 240 && letters.len() < USER_CODE_LEN + 1 {
                if letters.len() == USER_CODE_LEN / 2 {
                    letters.push('-');
                }
                letters.push(LETTERS[usize::from(byte) % LETTERS.len()] as char);
            }
        }
    }
    letters
}

/// The index a user code is found under, however it was typed.
#[must_use]
pub fn user_code_index(sso: &Sso, typed: &str) -> Vec<u8> {
    let letters: String = typed.chars().filter(char::is_ascii_alphabetic).collect();
    sso.sealer.index("user code", &letters.to_ascii_uppercase())
}

/// What somebody allowed a device, and its family with it (section 3.4).
///
/// # Errors
/// `authorization_pending`, `slow_down`, `access_denied`, `expired_token`, `invalid_grant`.
pub(crate) async fn redeem(
    sso: &Sso,
    client: &Client,
    device_code: &str,
    begin: impl FnOnce(i64, &Granted) -> (Option<String>, Family),
) -> Result<(Granted, i64, Option<String>), OAuthError> {
    let (digest, now) = (digest(device_code), sso.now());
    let found = rows::of_device(&sso.db, digest.clone()).await?.filter(|grant| grant.client == client.id);
    let grant = found.ok_or_else(|| OAuthError::grant("device_code is not known"))?;
    if grant.expires_at <= now {
        return Err(OAuthError::new("expired_token", "device_code is over; begin again"));
    }
    let granted = match grant.state {
        DeviceState::Allowed(granted) => *granted,
        DeviceState::Refused => return Err(OAuthError::new("access_denied", "the person refused")),
        DeviceState::Used => return Err(OAuthError::grant("device_code was used before")),
        DeviceState::Asked => return Err(wait(sso, digest, &grant).await?),
    };
    let (refresh_token, family) = begin(grant.family, &granted);
    let taken = transact!(sso.db, tx => {
        let taken = rows::take(tx, digest.clone()).await?;
        if taken {
            family::add(tx, &[&family]).await?;
        }
        Ok(taken)
    })?;
    taken
        .then_some((granted, family.id, refresh_token))
        .ok_or_else(|| OAuthError::grant("device_code was used before"))
}

/// Who asks too soon waits five seconds longer from then on (section 3.5).
async fn wait(sso: &Sso, digest: Vec<u8>, grant: &DeviceGrant) -> Result<OAuthError, OAuthError> {
    let now = sso.now();
    let too_soon = now.ms_since(grant.polled_at) < grant.interval_ms;
    let interval_ms = grant.interval_ms + if too_soon { INTERVAL_MS } else { 0 };
    transact!(sso.db, tx => rows::polled(tx, digest.clone(), now, interval_ms).await)?;
    Ok(match too_soon {
        true => OAuthError::new("slow_down", format!("ask every {} seconds", interval_ms / 1000)),
        false => OAuthError::new("authorization_pending", "nobody has answered yet"),
    })
}
