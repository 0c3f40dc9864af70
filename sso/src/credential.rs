//! What people prove themselves with: a password, passkeys, a code app, recovery codes, codes by SMS.
//!
//! Each has the same verbs: begin and finish of an enrolment, list, rename and remove where there may be
//! several, and the proof itself. Every change leaves a [`crate::activity::Trace`]: a line its owner sees,
//! an entry of the audit log, a message. Deliberately absent: pages, soft locks and sessions, which are
//! [`crate::sign_in`]'s and the account pages'.

pub mod ceremony;
pub mod passkey;
pub mod password;
pub mod recovery;
pub mod sms;
pub mod totp;
pub mod weak;

use crate::Sso;
use crate::fault::Fault;
use crate::store::account::Account;
use crate::store::{one_time, passkey as passkey_rows, password as password_rows};

/// What an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Factors {
    /// A password …
    pub password: bool,
    /// … that may stand alone.
    pub password_is_long: bool,
    /// Passkeys that are taken.
    pub passkeys: usize,
    /// A code app.
    pub totp: bool,
    /// Recovery codes that are left.
    pub recovery_codes: i64,
    /// A confirmed number for codes by SMS.
    pub mobile: bool,
}

impl Factors {
    /// Whether a second factor other than SMS is enrolled: from then on a password alone signs nobody in.
    #[must_use]
    pub fn is_enrolled(&self) -> bool {
        self.totp || self.passkeys > 0
    }

    /// Whether the last second factor may go: only from under a password that may stand alone, and never
    /// from staff.
    #[must_use]
    pub fn may_lose_one(&self, is_staff: bool) -> bool {
        let others = self.passkeys + usize::from(self.totp);
        others > 1 || !is_staff && self.password_is_long
    }
}

impl Sso {
    /// What an account has.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn factors(&self, account: &Account) -> Result<Factors, Fault> {
        self.factors_of(account.id, &account.person.mobile).await
    }

    /// The same by number and mobile; nobody's number, 0, takes as long.
    pub(crate) async fn factors_of(&self, account: i64, mobile_number: &str) -> Result<Factors, Fault> {
        let password = password_rows::find(&self.db, account).await?;
        let passkeys = passkey_rows::of_account(&self.db, account).await?;
        let mobile = one_time::find_mobile(&self.db, account).await?;
        Ok(Factors {
            password: password.is_some(),
            password_is_long: password.is_some_and(|kept| kept.is_long),
            passkeys: passkeys.iter().filter(|key| key.suspended_at.is_none()).count(),
            totp: one_time::find_totp(&self.db, account).await?.is_some(),
            recovery_codes: one_time::codes_left(&self.db, account).await?,
            mobile: mobile.is_some_and(|index| index == self.sealer.index("reach", mobile_number)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_second_factor_goes_only_from_under_a_long_password() {
        let one = Factors { password: true, passkeys: 1, ..Factors::default() };
        let long = Factors { password_is_long: true, ..one };
        let two = Factors { totp: true, ..one };
        assert_eq!([one, long, two].map(|f| f.may_lose_one(false)), [false, true, true]);
        assert_eq!([one, long, two].map(|f| f.may_lose_one(true)), [false, false, true]);
        assert!(one.is_enrolled() && !Factors { mobile: true, ..Factors::default() }.is_enrolled());
    }
}
