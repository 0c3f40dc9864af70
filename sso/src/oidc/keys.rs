//! The keys tokens are signed with: one an algorithm at a time, the next one published before it signs and
//! the last one until everything it signed has expired.

use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Value, json};
use switch_core::clock::Timestamp;
use switch_store::transact;

use crate::Sso;
use crate::audit::{self, Actor, Deed};
use crate::fault::Fault;
use crate::jose::{self, Algorithm, base64url};
use crate::key::SigningKey;
use crate::store::signing_key::{self as rows, KeyRow};

/// What the switch signs with; PS256 is verified only.
pub const SIGNS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa];
/// The rows are believed this long.
const BELIEVED_MS: i64 = 10_000;

/// The keys as they were read last.
#[derive(Default)]
pub struct Keys {
    kept: RwLock<Option<(Timestamp, Arc<Vec<KeyRow>>)>>,
}

impl Sso {
    /// The keys that are published now, read again every ten seconds.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn published_keys(&self) -> Result<Arc<Vec<KeyRow>>, Fault> {
        let now = self.now();
        let kept = self.keys.kept.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((read_at, keys)) = kept
            && (0..BELIEVED_MS).contains(&now.ms_since(read_at))
        {
            return Ok(keys);
        }
        self.read_keys().await
    }

    async fn read_keys(&self) -> Result<Arc<Vec<KeyRow>>, Fault> {
        let now = self.now();
        let keys = Arc::new(rows::published(&self.db, now).await?);
        *self.keys.kept.write().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&keys)));
        Ok(keys)
    }

    /// Makes the keys that are missing: one that signs now, and its successor as soon as that has to be
    /// published. Called at the start and once an hour; two nodes that make one at the same time publish
    /// both, and both are good.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn rotate_keys(&self) -> Result<(), Fault> {
        let (now, s) = (self.now(), &self.settings);
        let keys = rows::published(&self.db, now).await?;
        for algorithm in SIGNS {
            let last = keys.iter().filter(|k| k.key.algorithm == algorithm).map(|k| k.signs_until).max();
            let last = last.filter(|until| *until > now);
            match last {
                None => self.make_key(algorithm, now).await?,
                Some(until) if until.ms_since(now) < s.key_overlap_s * 1000 => {
                    self.make_key(algorithm, until).await?;
                }
                Some(_) => {}
            }
        }
        self.read_keys().await.map(drop)
    }

    async fn make_key(&self, algorithm: Algorithm, signs_from: Timestamp) -> Result<(), Fault> {
        let row = self.new_id();
        let made = self.vault.make(row, algorithm)?;
        let jwk = jose::public_key(&made.public).map_err(|_| Fault::Corrupt("signing_key.public_key"))?;
        let kid = jose::thumbprint(&jwk).map_err(|_| Fault::Corrupt("signing_key.public_key"))?;
        let mut public = made.public;
        public["kid"] = kid.clone().into();
        public["alg"] = algorithm.as_str().into();
        public["use"] = "sig".into();
        let signs_until = signs_from.plus_ms(self.settings.key_lifetime_s * 1000);
        let key = KeyRow {
            key: SigningKey { row, algorithm, handle: made.handle },
            kid,
            public,
            published_at: self.now(),
            signs_from,
            signs_until,
            removed_at: signs_until.plus_ms(self.settings.key_overlap_s * 1000),
        };
        transact!(self.db, tx => rows::add(tx, &key).await)?;
        Ok(())
    }

    /// Takes a key away at once, because somebody else may have it, and makes the one that signs in its
    /// place. What it signed is refused here at once and at every node within ten seconds; relying parties
    /// refuse it when they read `jwks_uri` again. `false`: there is no such key any more.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn withdraw_key(&self, kid: &str, actor: Actor<'_>, because: &str) -> Result<bool, Fault> {
        let at = self.now();
        let removed = transact!(self.db, tx => {
            let removed = rows::remove(tx, kid, at).await?;
            if removed {
                let (subject, detail) = (format!("key {kid}"), because.to_owned());
                audit::write_down(tx, Deed { at, actor, act: "key withdraw", subject, detail }).await?;
            }
            Ok(removed)
        })?;
        let keys = self.read_keys().await?;
        for algorithm in SIGNS {
            let signs = |k: &KeyRow| k.key.algorithm == algorithm && k.signs_from <= at && at < k.signs_until;
            if !keys.iter().any(signs) {
                self.make_key(algorithm, at).await?;
            }
        }
        self.read_keys().await?;
        Ok(removed)
    }

    /// The document at `jwks_uri`.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn jwks(&self) -> Result<Value, Fault> {
        let keys = self.published_keys().await?;
        Ok(json!({ "keys": keys.iter().map(|key| &key.public).collect::<Vec<_>>() }))
    }

    /// Signs claims as a token of a type (`JWT`, `at+jwt`, `logout+jwt`).
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn sign(&self, algorithm: Algorithm, typ: &str, claims: &Value) -> Result<String, Fault> {
        let (keys, now) = (self.published_keys().await?, self.now());
        let signs = |k: &&KeyRow| k.key.algorithm == algorithm && k.signs_from <= now && now < k.signs_until;
        let key = keys.iter().rfind(signs);
        let key = key.ok_or_else(|| Fault::Internal(format!("no key signs {}", algorithm.as_str())))?;
        let input = jose::signing_input(algorithm, typ, &key.kid, claims);
        let signature = self.vault.sign(&key.key, input.as_bytes())?;
        Ok(format!("{input}.{}", base64url(&signature)))
    }

    /// The claims of a token of ours of a type, whether it has expired or not; `None` when it is not ours.
    /// The caller checks `exp`, `aud` and the rest.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn read_own(
        &self,
        token: &str,
        typ: &str,
    ) -> Result<Option<serde_json::Map<String, Value>>, Fault> {
        let Ok(unverified) = jose::read(token) else { return Ok(None) };
        if unverified.header.typ.as_deref() != Some(typ) {
            return Ok(None);
        }
        let Some(kid) = unverified.header.kid.clone() else { return Ok(None) };
        let keys = self.published_keys().await?;
        let Some(key) = keys.iter().find(|key| key.kid == kid) else { return Ok(None) };
        let Ok(jwk) = jose::public_key(&key.public) else { return Ok(None) };
        let claims = unverified.verify(&jwk).ok().map(|(_, claims)| claims);
        Ok(claims.filter(|claims| claims.get("iss").and_then(Value::as_str) == Some(&self.settings.issuer)))
    }
}
