//! Who is calling: an access token of ours (RFC 9068) for the payment API, with the scope of what is asked
//! for, bound to its sender where the client is held to FAPI 2.0.
//!
//! The signature of a bearer token is verified once and believed until it expires or is revoked, so that a
//! payment costs a look into memory. A client's row is believed for ten seconds, and at most twice that
//! while it is read again, so that a suspension reaches every node soon.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::http::header;
use axum::http::request::Parts;
use sso::Sso;
use sso::oidc::access_token::{self, Binding, Presented};
use sso::oidc::scope::{Resource, Scope};
use sso::visit::Fields;
use switch_core::clock::Timestamp;
use switch_core::id::ClientId;
use tokio::sync::Semaphore;

use crate::problem::{Code, Problem};

const BELIEVED_MS: i64 = 10_000;
const KEPT_MAX: usize = 10_000;

/// The clients that called lately, and their tokens.
pub(crate) struct Callers {
    sso: Arc<Sso>,
    rate_per_second: u32,
    kept: RwLock<HashMap<String, Arc<Known>>>,
    verified: RwLock<HashMap<String, Arc<Presented>>>,
    /// One permit: whoever reads the database.
    reader: Semaphore,
}

struct Known {
    client: ClientId,
    read_at: Timestamp,
    bucket: Arc<Mutex<Bucket>>,
}

/// Requests a client may still make.
struct Bucket {
    thousandths: i64,
    filled_at: Timestamp,
}

impl Callers {
    /// Nobody yet.
    pub(crate) fn new(sso: Arc<Sso>, rate_per_second: u32) -> Self {
        let (kept, verified, reader) = (RwLock::default(), RwLock::default(), Semaphore::new(1));
        Self { sso, rate_per_second, kept, verified, reader }
    }

    /// The caller of a request, who must have been granted a scope.
    pub(crate) async fn authenticate(&self, parts: &Parts, scope: Scope) -> Result<ClientId, Problem> {
        let presented = self.present(parts).await?;
        presented.need(scope.as_str()).map_err(Problem::oauth)?;
        let known = self.find(&presented.client).await?.ok_or_else(|| Problem::new(Code::Unauthorized))?;
        if self.rate_per_second > 0 && !self.allows(&known, self.sso.now()) {
            return Err(Problem::new(Code::RateLimited));
        }
        Ok(known.client)
    }

    /// The token of a request: from memory when it is a bearer token that was verified before.
    async fn present(&self, parts: &Parts) -> Result<Arc<Presented>, Problem> {
        let bearer = bearer(parts);
        if let Some(token) = bearer
            && let Some(presented) = self.verified(token)
        {
            let revoked = access_token::is_revoked(&self.sso, &presented).await.map_err(fault)?;
            return if revoked { Err(Problem::new(Code::Unauthorized)) } else { Ok(presented) };
        }
        let none = Fields::default();
        let presented = access_token::verify(&self.sso, parts, &none, Resource::PaymentApi).await;
        let presented = Arc::new(presented.map_err(Problem::oauth)?);
        if let Some(token) = bearer.filter(|_| presented.binding == Binding::Bearer)
            && let Ok(mut verified) = self.verified.write()
        {
            if verified.len() >= KEPT_MAX {
                verified.clear();
            }
            verified.insert(token.to_owned(), Arc::clone(&presented));
        }
        Ok(presented)
    }

    fn verified(&self, token: &str) -> Option<Arc<Presented>> {
        let presented = self.verified.read().ok()?.get(token).cloned()?;
        (presented.expires_at > self.sso.now()).then_some(presented)
    }

    /// A client's row. One request at a time reads it again; the others go on with the row they
    /// have, or wait for the first one, so that a thousand callers are not a thousand reads.
    async fn find(&self, id: &str) -> Result<Option<Arc<Known>>, Problem> {
        let kept = self.kept(id);
        match &kept {
            Some((known, age_ms)) if (0..BELIEVED_MS).contains(age_ms) => return Ok(Some(Arc::clone(known))),
            Some((known, age_ms)) if (0..2 * BELIEVED_MS).contains(age_ms) => match self.reader.try_acquire()
            {
                Ok(_turn) => return self.read(id, Some(known)).await,
                Err(_) => return Ok(Some(Arc::clone(known))),
            },
            Some(_) | None => {}
        }
        let _turn = self.reader.acquire().await;
        match self.kept(id) {
            Some((known, age_ms)) if (0..BELIEVED_MS).contains(&age_ms) => Ok(Some(known)),
            older => self.read(id, older.as_ref().map(|(known, _)| known)).await,
        }
    }

    fn kept(&self, id: &str) -> Option<(Arc<Known>, i64)> {
        let known = self.kept.read().ok()?.get(id).cloned()?;
        let age_ms = self.sso.now().ms_since(known.read_at);
        Some((known, age_ms))
    }

    async fn read(&self, id: &str, older: Option<&Arc<Known>>) -> Result<Option<Arc<Known>>, Problem> {
        let now = self.sso.now();
        let client = sso::store::client::find(&self.sso.db, id).await.map_err(fault)?;
        let known = client.and_then(|client| client.api_client).map(|client| {
            let full = Bucket { thousandths: i64::from(self.rate_per_second) * 1000, filled_at: now };
            let bucket = older.map_or_else(|| Arc::new(Mutex::new(full)), |known| Arc::clone(&known.bucket));
            Arc::new(Known { client: ClientId(client), read_at: now, bucket })
        });
        if let Ok(mut kept) = self.kept.write() {
            if kept.len() >= KEPT_MAX {
                kept.clear();
            }
            match &known {
                Some(known) => kept.insert(id.to_owned(), Arc::clone(known)),
                None => kept.remove(id),
            };
        }
        Ok(known)
    }

    fn allows(&self, known: &Known, now: Timestamp) -> bool {
        let mut bucket = known.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = i64::from(self.rate_per_second);
        let waited_ms = now.ms_since(bucket.filled_at).clamp(0, 1000);
        bucket.thousandths = (bucket.thousandths + waited_ms * rate).min(rate * 1000);
        bucket.filled_at = now;
        let allowed = bucket.thousandths >= 1000;
        if allowed {
            bucket.thousandths -= 1000;
        }
        allowed
    }
}

fn fault(fault: sso::fault::Fault) -> Problem {
    match fault {
        sso::fault::Fault::Store(error) => super::unavailable(error),
        other => Problem::fault(Code::Internal, other),
    }
}

/// The token of the scheme `Bearer`, when there is one header and no proof beside it.
pub(super) fn bearer(parts: &Parts) -> Option<&str> {
    let mut given = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (given.next(), given.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    let alone = !parts.headers.contains_key("dpop");
    (scheme.eq_ignore_ascii_case("bearer") && alone).then(|| token.trim())
}
