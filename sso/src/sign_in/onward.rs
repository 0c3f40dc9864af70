//! Where somebody goes after proving who they are, what must be proven for it, and what is missing.

use switch_core::clock::Timestamp;

use crate::credential::Factors;
use crate::level::Loa;
use crate::session::SignedIn;
use crate::visit::{Fields, encoded, next_path, sign_in_path};

/// Where to go on, and what it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Onward {
    /// A path of ours.
    pub next: String,
    /// At least this level.
    pub level: Loa,
    /// Proven no longer ago than this.
    pub since: Timestamp,
}

impl Onward {
    /// Of a query or a form; what is not understood asks for nothing and goes to the account.
    #[must_use]
    pub fn of(fields: &Fields) -> Self {
        let level = fields.exact("level").parse().ok().and_then(Loa::of);
        Self {
            next: next_path(fields.exact("next")).unwrap_or("/account").to_owned(),
            level: level.unwrap_or(Loa::Registered),
            since: Timestamp(fields.exact("since").parse().unwrap_or(0)),
        }
    }

    /// The sign-in that leads there.
    #[must_use]
    pub fn sign_in(&self) -> String {
        sign_in_path(&self.next, self.level, self.since)
    }

    /// Another page of the sign-in, which leads there too.
    #[must_use]
    pub fn by(&self, path: &str) -> String {
        let Self { next, level, since } = self;
        format!("{path}?next={}&level={}&since={}", encoded(next), level.number(), since.0)
    }

    /// Where factors are added, and back here.
    #[must_use]
    pub fn factors(&self) -> String {
        format!("/account/factors?next={}", encoded(&self.sign_in()))
    }
}

/// What a session lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Nothing.
    Nothing,
    /// The password once more, or a passkey.
    Fresh,
    /// A second factor, which the account has.
    Second,
    /// A passkey, which the account has.
    Passkey,
    /// A second factor, and the account has none.
    NoSecond,
    /// A passkey, and the account has none.
    NoPasskey,
    /// Somebody at a desk must see the person first.
    NotSeen,
}

/// What is missing for the way onward.
#[must_use]
pub fn missing(known: &SignedIn, factors: &Factors, onward: &Onward) -> Missing {
    let (account, session) = (&known.account, &known.session);
    let is_stale = session.authenticated_at < onward.since;
    if onward.level > Loa::Registered && !account.in_person {
        return Missing::NotSeen;
    }
    if onward.level > session.level {
        return match onward.level {
            Loa::Passkey if factors.passkeys > 0 => Missing::Passkey,
            Loa::Passkey => Missing::NoPasskey,
            _ if has_second(factors, account.is_staff) => Missing::Second,
            _ => Missing::NoSecond,
        };
    }
    match is_stale {
        true if onward.level == Loa::Passkey || !factors.password => Missing::Passkey,
        true => Missing::Fresh,
        false => Missing::Nothing,
    }
}

/// Whether there is anything to prove a second factor with. SMS is none for staff.
#[must_use]
pub fn has_second(factors: &Factors, is_staff: bool) -> bool {
    factors.is_enrolled() || factors.mobile && !is_staff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_goes_to_the_account() {
        let onward = Onward::of(&Fields::parse("next=//evil.example&level=9&since=x"));
        let home = Onward { next: "/account".into(), level: Loa::Registered, since: Timestamp(0) };
        assert_eq!(onward, home);
        let onward = Onward::of(&Fields::parse("next=%2Fpay%3Fa%3D1&level=2&since=17"));
        assert_eq!(onward.by("/sign-in/factor"), "/sign-in/factor?next=%2Fpay%3Fa%3D1&level=2&since=17");
        let again = Onward::of(&Fields::parse(onward.sign_in().split_once('?').expect("a query").1));
        assert_eq!(again, onward);
    }
}
