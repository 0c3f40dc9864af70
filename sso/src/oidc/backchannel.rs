//! Back-channel logout (OpenID Connect Back-Channel Logout 1.0): clients that a session was used for hear
//! of its end from us and not from the browser. What is to be told is queued in the transaction that ends
//! the session, and told by any node until it is told or nobody answers for hours.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::{Client as Http, Url};
use serde_json::json;
use switch_core::clock::Timestamp;
use switch_store::{StoreError, Tx, transact};

use super::id_token::algorithm;
use crate::Sso;
use crate::client::Client;
use crate::fault::Fault;
use crate::jose::base64url;
use crate::store::client;
use crate::store::logout_notice::{self as rows, Failure, Notice};

/// The member of `events` (section 2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The type of a logout token.
const TYP: &str = "logout+jwt";
/// A logout token is good this long; one is made for each try.
const TOKEN_S: i64 = 120;
/// Who takes a notice has it this long.
const LEASE_MS: i64 = 30_000;
/// The waits after failures, then the last of them again and again.
const WAITS_MS: [i64; 6] = [5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000];
/// Tries in all: about ten hours.
const TRIES_MAX: i64 = 14;
const TAKEN_AT_ONCE: i64 = 50;
const TIMEOUT: Duration = Duration::from_secs(5);

/// Queues what the clients of sessions are to be told, in the transaction that ends them, and ends the
/// refresh tokens that were not granted to outlive them. Whoever ends a session calls this.
///
/// # Errors
/// The engine's own.
pub async fn queue(tx: &mut Tx, sso: &Sso, sessions: &[i64]) -> Result<(), StoreError> {
    for session in sessions {
        rows::queue(tx, *session, sso.now()).await?;
    }
    Ok(())
}

/// Who carries a logout token to a client.
pub trait Teller: Send + Sync {
    /// Posts the token to an address; an error in words without the address.
    fn tell<'a>(&'a self, url: &'a str, token: &'a str) -> BoxFuture<'a, Result<(), String>>;
}

/// By HTTPS. Addresses are registered by administrators, and departments are in networks of their own, so
/// private addresses are reached; redirects and proxies are not.
pub struct HttpsTeller(Http);

impl HttpsTeller {
    /// One with its limits set.
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = Http::builder()
            .user_agent(concat!("switchd/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self(client))
    }

    async fn post(&self, url: &str, token: &str) -> Result<(), String> {
        let url = may_be_told(url).ok_or("backchannel_logout_uri is neither https nor on this machine")?;
        let request = self
            .0
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("logout_token={token}"));
        let answer = request.send().await.map_err(|error| error.without_url().to_string())?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(format!("the client answered {}", answer.status()))
        }
    }
}

/// An address a logout token may go to: HTTPS, or this machine itself.
fn may_be_told(url: &str) -> Option<Url> {
    let url: Url = url.parse().ok()?;
    let host = url.host_str()?.trim_matches(['[', ']']);
    let is_own = host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    let fits = url.scheme() == "https" || url.scheme() == "http" && is_own;
    (fits && url.username().is_empty() && url.password().is_none()).then_some(url)
}

impl Teller for HttpsTeller {
    fn tell<'a>(&'a self, url: &'a str, token: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(self.post(url, token))
    }
}

/// What became of the notices that were due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// Told, or not wanted any more.
    pub told: u64,
    /// To be tried again.
    pub postponed: u64,
    /// Given up.
    pub given_up: u64,
}

impl Sso {
    /// Tells clients of sessions that ended. Every node calls it, each second or so.
    ///
    /// # Errors
    /// [`Fault`]; a client that does not answer is counted, not an error.
    pub async fn tell_logouts(&self, teller: &dyn Teller) -> Result<Told, Fault> {
        let mut told = Told::default();
        for notice in rows::due(&self.db, self.now(), TAKEN_AT_ONCE).await? {
            let lease = self.now().plus_ms(LEASE_MS);
            if transact!(self.db, tx => rows::lease(tx, &notice, lease).await)? {
                self.tell(teller, &notice, lease, &mut told).await?;
            }
        }
        Ok(told)
    }

    async fn tell(
        &self,
        teller: &dyn Teller,
        notice: &Notice,
        lease: Timestamp,
        told: &mut Told,
    ) -> Result<(), Fault> {
        let client = client::find(&self.db, &notice.client).await?;
        let url = client.as_ref().and_then(|client| client.registration.backchannel_logout_uri.as_deref());
        let answer = match (&client, url) {
            (Some(client), Some(url)) => {
                let token = self.logout_token(client, notice).await?;
                teller.tell(url, &token).await
            }
            // Suspended, or it does not want to hear any more.
            _ => Ok(()),
        };
        match answer {
            Ok(()) => {
                told.told += 1;
                transact!(self.db, tx => rows::told(tx, notice).await)?;
            }
            Err(error) => self.postpone(notice, lease, error, told).await?,
        }
        Ok(())
    }

    async fn postpone(
        &self,
        notice: &Notice,
        lease: Timestamp,
        error: String,
        told: &mut Told,
    ) -> Result<(), Fault> {
        let (now, tries) = (self.now(), notice.tries + 1);
        let gave_up_at = (tries >= TRIES_MAX).then_some(now);
        let wait = usize::try_from(notice.tries).unwrap_or(usize::MAX).min(WAITS_MS.len() - 1);
        if gave_up_at.is_some() {
            told.given_up += 1;
            tracing::error!(
                client = notice.client,
                tries,
                error,
                alarm = "logout-not-told",
                "a client was never told that a session ended"
            );
        } else {
            told.postponed += 1;
        }
        let failure = Failure { next_at: now.plus_ms(WAITS_MS[wait]), error, gave_up_at };
        transact!(self.db, tx => rows::failed(tx, notice, lease, &failure).await)?;
        Ok(())
    }

    /// A logout token (section 2.4): who, which session, and never a nonce, so that it is no ID token.
    async fn logout_token(&self, client: &Client, notice: &Notice) -> Result<String, Fault> {
        let now_s = self.now().0.div_euclid(1000);
        let claims = json!({
            "iss": self.settings.issuer,
            "aud": client.id,
            "iat": now_s,
            "exp": now_s + TOKEN_S,
            "jti": base64url(&self.random::<16>()),
            "sub": self.subject(notice.account, &client.registration),
            "sid": self.sid(notice.session),
            "events": { EVENT: {} },
        });
        self.sign(algorithm(client), TYP, &claims).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logout_token_goes_by_https_or_not_at_all() {
        for url in ["https://rp.example.ps/out", "http://127.0.0.1:9000/out", "http://[::1]/out"] {
            assert!(may_be_told(url).is_some(), "{url}");
        }
        for url in [
            "http://rp.example.ps/out",
            "http://localhost/out",
            "http://127.0.0.1.evil.example/out",
            "ftp://127.0.0.1/out",
            "https://user:secret@rp.example.ps/out",
            "file:///etc/passwd",
            "/out",
            "",
        ] {
            assert!(may_be_told(url).is_none(), "{url}");
        }
    }
}
