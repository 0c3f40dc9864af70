//! Carries news to subscribers over HTTPS, signed as Standard Webhooks ask: `webhook-id`,
//! `webhook-timestamp`, `webhook-signature`.
//!
//! An address comes from outside, so it may not lead inside: no redirects, no proxies, and a name is
//! resolved once, to addresses that are public, and connected to at exactly those.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url};
use sha2::Sha256;
use switch_core::clock::Clock;
use switch_core::connector::Reply;
use switch_core::id::PublicIds;
use switch_engine::AnswerFacts;
use switch_engine::outbox::{Courier, Delivery, DeliveryError};

use crate::api;
use crate::settings::Webhooks;

const TIMEOUT: Duration = Duration::from_secs(5);
/// Announced by the receiver; what it really sends is not read.
const SECRET_PREFIX: &str = "whsec_";

/// The courier.
pub(crate) struct HttpCourier {
    client: Client,
    reach: Reach,
    public_ids: PublicIds,
    clock: Arc<dyn Clock>,
}

/// Where news may go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    allow_loopback: bool,
    allow_private: bool,
}

impl From<&Webhooks> for Reach {
    fn from(settings: &Webhooks) -> Self {
        Self { allow_loopback: settings.allow_loopback, allow_private: settings.allow_private }
    }
}

impl Reach {
    /// Whether an address may be connected to.
    fn allows(self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        if ip.is_loopback() {
            return self.allow_loopback;
        }
        match ip {
            IpAddr::V4(v4) => {
                let [a, b, ..] = v4.octets();
                let never =
                    v4.is_unspecified() || v4.is_link_local() || v4.is_multicast() || a == 0 || a >= 240;
                let private = v4.is_private()
                    || a == 100 && (64..128).contains(&b)
                    || v4.is_documentation()
                    || a == 192 && b == 0
                    || a == 198 && (b == 18 || b == 19);
                !never && (self.allow_private || !private)
            }
            IpAddr::V6(v6) => {
                let first = v6.segments()[0];
                // Global unicast is 2000::/3; NAT64 and 6to4 wrap addresses of the other family.
                let wraps = first == 0x2002 || first == 0x0064;
                let global =
                    first & 0xe000 == 0x2000 && !wraps && (first, v6.segments()[1]) != (0x2001, 0x0db8);
                global || self.allow_private && v6.is_unique_local()
            }
        }
    }

    /// Whether an address of a subscriber can be used at all.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn check(self, url: &str) -> Result<Url, String> {
        let url: Url = url.parse().map_err(|error| format!("{url} is not an address: {error}"))?;
        let host = url.host_str().unwrap_or("").trim_matches(['[', ']']);
        let ip: Option<IpAddr> = host.parse().ok();
        let is_own = ip.is_some_and(|ip| ip.to_canonical().is_loopback()) || host == "localhost";
        match url.scheme() {
            "https" => {}
            "http" if is_own && self.allow_loopback => {}
            _ => return Err(format!("{url} is not https")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the address must not hold a user or a password".into());
        }
        match ip {
            Some(ip) if !self.allows(ip) => Err(format!("{ip} is not an address news may go to")),
            Some(_) | None => Ok(url),
        }
    }
}

/// Resolves names to addresses that may be connected to.
struct Resolver(Reach);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|address| reach.allows(address.ip())).collect();
            if allowed.is_empty() {
                return Err("the name leads to no address that news may go to".into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

impl HttpCourier {
    /// A courier.
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub(crate) fn new(
        settings: &Webhooks,
        public_ids: PublicIds,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, reqwest::Error> {
        let reach = Reach::from(settings);
        let client = Client::builder()
            .user_agent(concat!("switchd/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .https_only(!settings.allow_loopback)
            .dns_resolver(Arc::new(Resolver(reach)))
            .build()?;
        Ok(Self { client, reach, public_ids, clock })
    }

    async fn carry(&self, delivery: &Delivery) -> Result<(), DeliveryError> {
        let url = self.reach.check(&delivery.webhook.url).map_err(DeliveryError)?;
        let body = self.body(delivery);
        let id = self.public_ids.show("evt", delivery.event.0);
        let timestamp = (self.clock.now().0 / 1000).to_string();
        let signature = sign(&delivery.webhook.secret, &id, &timestamp, &body)
            .ok_or_else(|| DeliveryError("the secret of the subscriber is not whsec_ and base 64".into()))?;
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(body);
        // Without the address: it may hold a token of the subscriber's.
        let answer = request.send().await.map_err(|error| DeliveryError(error.without_url().to_string()))?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(DeliveryError(format!("the subscriber answered {}", answer.status())))
    }

    fn body(&self, delivery: &Delivery) -> String {
        let facts = AnswerFacts {
            payment: &delivery.payment,
            state: delivery.state,
            reason: None,
            approval_code: None,
            ended_at: Some(delivery.at),
        };
        let kind = api::status_word(delivery.state).to_ascii_lowercase();
        let payment = api::payment(&self.public_ids, &facts);
        format!("{{\"type\":\"payment.{kind}\",\"timestamp\":\"{}\",\"data\":{payment}}}", delivery.at)
    }
}

impl Courier for HttpCourier {
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Reply<'a, Result<(), DeliveryError>> {
        Box::pin(self.carry(delivery))
    }
}

/// `v1,` and the HMAC-SHA256 of `id.timestamp.body`; `None` when the secret is none.
fn sign(secret: &str, id: &str, timestamp: &str, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// The secret of a subscriber from random bytes.
pub(crate) fn secret(bytes: &[u8; 24]) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_the_standard() {
        // The example of the Standard Webhooks specification.
        let body = r#"{"test": 2432232314}"#;
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert_eq!(
            sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body).as_deref(),
            Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        );
    }

    #[test]
    fn news_does_not_go_inside() {
        let public = Reach { allow_loopback: false, allow_private: false };
        for url in [
            "http://example.org/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0.0.0.0/",
            "https://10.1.2.3/",
            "https://172.16.0.1/",
            "https://192.168.0.1/",
            "https://169.254.169.254/latest",
            "https://100.64.0.1/",
            "https://198.18.0.1/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fe80::1]/",
            "https://[fd00::1]/",
            "https://[2002:7f00:1::]/",
            "https://[64:ff9b::7f00:1]/",
            "https://user:secret@example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
            "https://",
            "not an address",
        ] {
            assert!(public.check(url).is_err(), "{url}");
        }
        for url in ["https://example.org/hook?x=1", "https://93.184.215.14/", "https://[2606:2800::1]/"] {
            assert!(public.check(url).is_ok(), "{url}");
        }
        let demo = Reach { allow_loopback: true, allow_private: false };
        assert!(demo.check("http://127.0.0.1:9999/").is_ok() && demo.check("http://10.0.0.1/").is_err());
        let inside = Reach { allow_loopback: false, allow_private: true };
        assert!(
            inside.check("https://10.0.0.1/").is_ok() && inside.check("https://169.254.169.254/").is_err()
        );
    }
}
