//! Who is signed in at this browser: the cookie, the row behind it, and what a page may ask of it.
//!
//! The cookie `__Host-session` holds a random secret of 256 bits; the database its digest. It is changed at
//! each change of level, so a stolen one from before is worth nothing after.

use axum::http::{HeaderMap, HeaderValue, header};
use switch_core::clock::Timestamp;
use switch_store::transact;

use crate::Sso;
use crate::fault::Fault;
use crate::level::{Loa, Methods};
use crate::seal::digest;
use crate::store::account::{self, Account, AccountState};
use crate::store::role::{self, Held, Role};
use crate::store::session::{self as rows, Ended, Session};

/// The name of the cookie. `__Host-`: only over TLS, only this host, only from `/` (RFC 6265bis 4.1.3).
pub const COOKIE: &str = "__Host-session";
/// `last_seen_at` is written at most this often, so that reading a page is not writing a row.
const SEEN_EVERY_MS: i64 = 60_000;
/// A proof is fresh for a sensitive act this long.
pub const FRESH_MS: i64 = 600_000;

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub account: Account,
    /// What this person may act as.
    pub roles: Vec<Held>,
}

impl SignedIn {
    /// Whether a role is held for a scope; a role held for everywhere holds for each.
    #[must_use]
    pub fn may(&self, role: Role, scope: &str) -> bool {
        self.roles.iter().any(|held| held.role == role && (held.scope.is_empty() || held.scope == scope))
    }

    /// Whether the session has a level, proven within the last `age_ms`.
    #[must_use]
    pub fn has(&self, level: Loa, age_ms: i64, now: Timestamp) -> bool {
        self.session.level >= level && now.ms_since(self.session.authenticated_at) < age_ms
    }
}

/// The value of a cookie of a request.
#[must_use]
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// A `Set-Cookie` that scripts and other sites never see. An empty value with no age removes it.
#[must_use]
pub fn set_cookie(name: &str, value: &str, max_age_s: i64) -> HeaderValue {
    let text = format!("{name}={value}; Path=/; Max-Age={max_age_s}; Secure; HttpOnly; SameSite=Lax");
    HeaderValue::from_str(&text).expect("because names and values are ours: base64url")
}

impl Sso {
    /// Who is signed in at the browser that sent these headers; `None` for nobody, an idle session or an
    /// account that is not active.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn signed_in(&self, headers: &HeaderMap) -> Result<Option<SignedIn>, Fault> {
        let Some(token) = cookie(headers, COOKIE) else { return Ok(None) };
        let now = self.now();
        let Some(session) = rows::find_by_token(&self.db, digest(token), now).await? else { return Ok(None) };
        let Some(account) = account::find(&self.db, &self.sealer, session.account).await? else {
            return Ok(None);
        };
        if account.state != AccountState::Active {
            return Ok(None);
        }
        let idle_s = if account.is_staff { self.settings.staff_idle_s } else { self.settings.session_idle_s };
        let unused_ms = now.ms_since(session.last_seen_at);
        if unused_ms >= idle_s * 1000 {
            transact!(self.db, tx => rows::end(tx, session.id, now, Ended::Idle).await)?;
            return Ok(None);
        }
        if unused_ms >= SEEN_EVERY_MS {
            transact!(self.db, tx => rows::seen(tx, session.id, now).await)?;
        }
        let roles = role::of_account(&self.db, account.id).await?;
        Ok(Some(SignedIn { session, account, roles }))
    }

    /// Begins a session; the cookie to set.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn begin_session(
        &self,
        account: &Account,
        methods: &Methods,
        device: &str,
    ) -> Result<(Session, HeaderValue), Fault> {
        let (now, token) = (self.now(), self.new_token());
        let ends_at = now.plus_ms(self.settings.session_max_s * 1000);
        let session = Session {
            id: self.new_id(),
            account: account.id,
            methods: methods.clone(),
            level: methods.level(account.in_person),
            created_at: now,
            authenticated_at: now,
            last_seen_at: now,
            ends_at,
            device: device.to_owned(),
        };
        transact!(self.db, tx => rows::add(tx, digest(&token), &session).await)?;
        Ok((session, set_cookie(COOKIE, &token, self.settings.session_max_s)))
    }

    /// Another proof in an open session: new level, new secret. `None` when the session was changed by
    /// somebody else meanwhile.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn raise_session(
        &self,
        headers: &HeaderMap,
        signed_in: &SignedIn,
        methods: &Methods,
    ) -> Result<Option<HeaderValue>, Fault> {
        let Some(old) = cookie(headers, COOKIE) else { return Ok(None) };
        let (now, new, id) = (self.now(), self.new_token(), signed_in.session.id);
        let level = methods.level(signed_in.account.in_person);
        let digests = (digest(old), digest(&new));
        let rotated = transact!(self.db, tx =>
            rows::rotate(tx, id, digests.clone(), (methods, level), now).await)?;
        let left_s = signed_in.session.ends_at.ms_since(now) / 1000;
        Ok(rotated.then(|| set_cookie(COOKIE, &new, left_s)))
    }

    /// The public name of a session: the claim `sid`.
    #[must_use]
    pub fn sid(&self, session: i64) -> String {
        self.public_ids.show("ses", session)
    }
}
