//! Who is calling: `Authorization: Bearer <client>.<secret>`.
//!
//! The secret is compared as its SHA-256 in constant time. A client's row is believed for ten
//! seconds, and at most twice that while it is read again, so that a payment costs no read for it
//! and a revocation reaches every node soon.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use switch_core::clock::Timestamp;
use switch_core::id::{ClientId, PublicIds};
use switch_engine::Engine;
use tokio::sync::Semaphore;

use crate::problem::{Code, Problem};

const BELIEVED_MS: i64 = 10_000;
const KEPT_MAX: usize = 10_000;

/// The clients that called lately.
pub(crate) struct Clients {
    rate_per_second: u32,
    kept: RwLock<HashMap<ClientId, Arc<Known>>>,
    /// One permit: whoever reads the database.
    reader: Semaphore,
}

struct Known {
    secret_hash: [u8; 32],
    read_at: Timestamp,
    bucket: Arc<Mutex<Bucket>>,
}

/// Requests a client may still make.
struct Bucket {
    thousandths: i64,
    filled_at: Timestamp,
}

impl Clients {
    /// Nobody yet.
    pub(crate) fn new(rate_per_second: u32) -> Self {
        Self { rate_per_second, kept: RwLock::default(), reader: Semaphore::new(1) }
    }

    /// The caller of a request.
    pub(crate) async fn authenticate(
        &self,
        engine: &Engine,
        headers: &HeaderMap,
    ) -> Result<ClientId, Problem> {
        let unauthorized = || Problem::new(Code::Unauthorized);
        let (id, secret) = credentials(engine.public_ids(), headers).ok_or_else(unauthorized)?;
        let known = self.find(engine, id).await?;
        // An unknown client costs what a wrong secret costs.
        let expected = known.as_ref().map_or([0; 32], |known| known.secret_hash);
        let given: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        let same = bool::from(given.ct_eq(&expected));
        let known = known.filter(|_| same).ok_or_else(unauthorized)?;
        if self.rate_per_second > 0 && !self.allows(&known, engine.clock().now()) {
            return Err(Problem::new(Code::RateLimited));
        }
        Ok(id)
    }

    /// A client's row. One request at a time reads it again; the others go on with the row they
    /// have, or wait for the first one, so that a thousand callers are not a thousand reads.
    async fn find(&self, engine: &Engine, id: ClientId) -> Result<Option<Arc<Known>>, Problem> {
        let kept = self.kept(engine, id);
        match &kept {
            Some((known, age_ms)) if (0..BELIEVED_MS).contains(age_ms) => return Ok(Some(Arc::clone(known))),
            Some((known, age_ms)) if (0..2 * BELIEVED_MS).contains(age_ms) => match self.reader.try_acquire()
            {
                Ok(_turn) => return self.read(engine, id, Some(known)).await,
                Err(_) => return Ok(Some(Arc::clone(known))),
            },
            Some(_) | None => {}
        }
        let _turn = self.reader.acquire().await;
        match self.kept(engine, id) {
            Some((known, age_ms)) if (0..BELIEVED_MS).contains(&age_ms) => Ok(Some(known)),
            older => self.read(engine, id, older.as_ref().map(|(known, _)| known)).await,
        }
    }

    fn kept(&self, engine: &Engine, id: ClientId) -> Option<(Arc<Known>, i64)> {
        let known = self.kept.read().ok()?.get(&id).cloned()?;
        let age_ms = engine.clock().now().ms_since(known.read_at);
        Some((known, age_ms))
    }

    async fn read(
        &self,
        engine: &Engine,
        id: ClientId,
        older: Option<&Arc<Known>>,
    ) -> Result<Option<Arc<Known>>, Problem> {
        let now = engine.clock().now();
        let client = switch_store::client::find(engine.db(), id).await.map_err(super::unavailable)?;
        let secret_hash = client.and_then(|client| <[u8; 32]>::try_from(client.secret_hash?).ok());
        let known = secret_hash.map(|secret_hash| {
            let full = Bucket { thousandths: i64::from(self.rate_per_second) * 1000, filled_at: now };
            let bucket = older.map_or_else(|| Arc::new(Mutex::new(full)), |known| Arc::clone(&known.bucket));
            Arc::new(Known { secret_hash, read_at: now, bucket })
        });
        if let Ok(mut kept) = self.kept.write() {
            if kept.len() >= KEPT_MAX {
                kept.clear();
            }
            match &known {
                Some(known) => kept.insert(id, Arc::clone(known)),
                None => kept.remove(&id),
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

/// The client and the secret a request names.
pub(super) fn credentials<'a>(ids: &PublicIds, headers: &'a HeaderMap) -> Option<(ClientId, &'a str)> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (given.next(), given.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    let (client, secret) = token.trim().split_once('.')?;
    let id = ids.read("cli", client).ok()?;
    scheme.eq_ignore_ascii_case("bearer").then_some((ClientId(id), secret))
}
