//! Codes by SMS: the weakest second factor, for telephones that can do no better. Six digits, ten minutes,
//! five answers, good only at the browser and for the purpose it was asked for, and few a day.

use look::{Language, Value};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use switch_store::transact;

use super::ceremony::Kind;
use crate::Sso;
use crate::activity::What;
use crate::fault::Fault;
use crate::post::{self, Message, Reach};
use crate::store::account::Account;
use crate::store::one_time as rows;

/// As a second factor.
pub const SIGN_IN: Kind = Kind { word: "sms sign-in", cookie: "__Host-sms", seconds: 600, tries: 5 };
/// To recover an account.
pub const RECOVER: Kind = Kind { word: "sms recover", cookie: "__Host-sms", seconds: 600, tries: 5 };
/// To confirm a number.
pub const CONFIRM: Kind = Kind { word: "sms confirm", cookie: "__Host-sms", seconds: 600, tries: 5 };

#[derive(Serialize, Deserialize)]
struct Sent {
    /// `None`: to nobody.
    account: Option<i64>,
    mobile_index: Vec<u8>,
    code: String,
}

impl Sso {
    /// Sends a code to the number of an account; the secret for the browser, under the kind. `None`: the
    /// number has had its codes of the day. To nobody it does the same work and sends nothing.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn send_code(
        &self,
        kind: &Kind,
        account: Option<&Account>,
        language: Language,
    ) -> Result<Option<String>, Fault> {
        let code = format!("{:06}", u64::from_be_bytes(self.random()) % 1_000_000);
        let mobile = account.map_or("+970000000000", |account| account.person.mobile.as_str());
        let until = self.now().plus_ms(kind.seconds * 1_000);
        let key = if kind.word == RECOVER.word { "message-recovery-code-sms" } else { "message-sms-code" };
        let values = [("code", Value::Text(code.as_str().into()))];
        let message = Message {
            to: Reach::Mobile(mobile.to_owned()),
            account: account.map(|account| account.id),
            language,
            kind: post::Kind::Code { until },
            key,
            values: &values,
        };
        let letter = match account {
            Some(_) => self.compose(&message)?,
            None => self.compose_decoy(&message)?,
        };
        let is_queued = transact!(self.db, tx => post::queue(tx, &letter).await)?;
        if account.is_some() && !is_queued {
            return Ok(None);
        }
        let mobile_index = self.sealer.index("reach", mobile);
        self.begin_ceremony(kind, &Sent { account: account.map(|a| a.id), mobile_index, code: code.clone() })
            .await
            .map(Some)
    }

    /// Whether it is the code that was sent to this account for this purpose at this browser; it is used up
    /// by a right answer, and by five wrong ones.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn verify_code(
        &self,
        kind: &Kind,
        account: &Account,
        token: &str,
        code: &str,
    ) -> Result<bool, Fault> {
        let Some(sent) = self.try_ceremony::<Sent>(kind, token).await? else { return Ok(false) };
        let same_number = sent.mobile_index == self.sealer.index("reach", &account.person.mobile);
        let same_code = bool::from(sent.code.as_bytes().ct_eq(code.as_bytes()));
        let fits = sent.account == Some(account.id) && same_number && same_code;
        // Of two right answers at one moment one is taken.
        Ok(fits && self.finish_ceremony::<Sent>(kind, token).await?.is_some())
    }

    /// Takes the number of an account as a factor when the code that was sent for [`CONFIRM`] is right.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn confirm_mobile(
        &self,
        account: &Account,
        token: &str,
        code: &str,
        device: &str,
    ) -> Result<bool, Fault> {
        if !self.verify_code(&CONFIRM, account, token, code).await? {
            return Ok(false);
        }
        let index = self.sealer.index("reach", &account.person.mobile);
        let (trace, now) = (self.trace(account, device, What::MobileConfirmed)?, self.now());
        transact!(self.db, tx => {
            rows::set_mobile(tx, account.id, index.clone(), now).await?;
            trace.leave(tx).await
        })?;
        Ok(true)
    }

    /// Sends no more codes to the number. `false`: none were.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn remove_mobile(&self, account: &Account, device: &str) -> Result<bool, Fault> {
        let trace = self.trace(account, device, What::MobileRemoved)?;
        Ok(transact!(self.db, tx => {
            let is_removed = rows::remove_mobile(tx, account.id).await?;
            if is_removed {
                trace.leave(tx).await?;
            }
            Ok(is_removed)
        })?)
    }
}
