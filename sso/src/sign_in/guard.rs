//! How many passwords of an account are compared, and how the owner gets in while somebody is guessing.
//!
//! The tries come in three purses, a hundred failures a day together (NIST SP 800-63B section 3.2.2):
//! - strangers: any browser. Who guesses empties this one, and it is all they can empty;
//! - known devices: a browser this account signed in at before, by a cookie nobody else can make (OWASP,
//!   device cookies). It proves nothing, it only has a purse of its own;
//! - those who proved a code of the app or a recovery code first.
//!
//! Passkeys need none: there is nothing to guess.

use axum::http::HeaderValue;
use subtle::ConstantTimeEq;

use crate::Sso;
use crate::fault::Fault;
use crate::jose::base64url;
use crate::session::{cookie, set_cookie};
use crate::store::account::Account;
use crate::throttle::{Policy, Wait};
use crate::visit::Visit;

const DEVICE: &str = "__Host-device";
const DEVICE_S: i64 = 31_536_000;

const STRANGERS_A_DAY: i64 = 60;
const KNOWN_A_DAY: i64 = 20;
const PROVEN_A_DAY: i64 = 20;

/// Options of ceremonies and pages of one address: a flood is held up, an office is not.
pub(crate) const FLOOD: Policy = Policy { waits: &[(1_000, 1_000)], day_max: 20_000 };

/// Whose tries are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nobody we know.
    Stranger,
    /// At a device of the account, or in an open session of it.
    Known,
    /// Has proven another factor.
    Proven,
}

/// A purse of tries.
pub(crate) struct Purse {
    what: &'static str,
    whom: String,
    policy: Policy,
}

impl Purse {
    /// The purse for somebody who names an identity, and the account behind it where there is one. For
    /// strangers it is the identity's: what nobody has is locked as what somebody has.
    pub(crate) fn of(identity: &str, account: Option<&Account>, standing: Standing) -> Self {
        let policy = if account.is_some_and(|a| a.is_staff) { Policy::STAFF } else { Policy::CITIZEN };
        let (what, whom, day_max) = match (standing, account) {
            (Standing::Stranger, _) | (_, None) => ("password", identity.to_owned(), STRANGERS_A_DAY),
            (Standing::Known, Some(known)) => ("password known", known.id.to_string(), KNOWN_A_DAY),
            (Standing::Proven, Some(known)) => ("password proven", known.id.to_string(), PROVEN_A_DAY),
        };
        Self { what, whom, policy: Policy { day_max, ..policy } }
    }

    /// Takes a try.
    pub(crate) async fn take(&self, sso: &Sso) -> Result<Result<(), Wait>, Fault> {
        sso.take_try(self.what, &self.whom, self.policy).await
    }

    /// The password was right.
    pub(crate) async fn forgive(&self, sso: &Sso) -> Result<(), Fault> {
        sso.forgive(self.what, &self.whom).await
    }
}

impl Visit {
    /// Takes a try of this address; always, where it is not known.
    pub(crate) async fn take_address(
        &self,
        what: &'static str,
        policy: Policy,
    ) -> Result<Result<(), Wait>, Fault> {
        if self.address.is_empty() {
            Ok(Ok(()))
        } else {
            self.sso.take_try(what, &self.address, policy).await
        }
    }

    /// How well this browser is known to an account.
    pub(crate) fn standing(&self, account: Option<&Account>) -> Standing {
        let Some(account) = account else { return Standing::Stranger };
        let is_signed_in = self.signed_in.as_ref().is_some_and(|known| known.account.id == account.id);
        if is_signed_in || self.knows_device(account.id) { Standing::Known } else { Standing::Stranger }
    }

    fn knows_device(&self, account: i64) -> bool {
        let value = cookie(&self.headers, DEVICE).and_then(|value| value.split_once('.'));
        value.is_some_and(|(nonce, mark)| {
            bool::from(device_mark(&self.sso, account, nonce).as_bytes().ct_eq(mark.as_bytes()))
        })
    }

    /// The cookie that makes this browser a device of an account.
    pub(crate) fn device_cookie(&self, account: i64) -> HeaderValue {
        let nonce = base64url(&self.sso.random::<16>());
        let mark = device_mark(&self.sso, account, &nonce);
        set_cookie(DEVICE, &format!("{nonce}.{mark}"), DEVICE_S)
    }
}

fn device_mark(sso: &Sso, account: i64, nonce: &str) -> String {
    base64url(&sso.sealer.index("device", &format!("{account}:{nonce}")))
}

#[cfg(test)]
mod tests {
    use switch_core::clock::Timestamp;

    use super::*;

    /// A hundred thousand guesses at one account, evenly over one day, from strangers, at a stolen device
    /// and after a stolen code at once: no more than a hundred are compared.
    #[test]
    fn a_hundred_thousand_guesses_a_day_are_a_hundred() {
        const DAY_MS: i64 = 86_400_000;
        const GUESSES: i64 = 100_000;
        for policy in [Policy::CITIZEN, Policy::STAFF] {
            let mut compared = 0;
            for day_max in [STRANGERS_A_DAY, KNOWN_A_DAY, PROVEN_A_DAY] {
                let (policy, mut tries) = (Policy { day_max, ..policy }, None);
                for guess in 0..GUESSES {
                    let now = Timestamp(20_000 * DAY_MS + guess * DAY_MS / GUESSES);
                    if let Ok(after) = policy.next(tries, now) {
                        tries = Some(after);
                        compared += 1;
                    }
                }
            }
            assert!((50..=100).contains(&compared), "{compared}");
        }
    }
}
