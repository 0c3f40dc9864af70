//! What was done with an account, as its owner is shown it: when, what, on which device. What changes how
//! somebody proves who they are is also audited, and told by message (ASVS 6.3.7).

use switch_core::clock::Timestamp;
use switch_store::{StoreError, Tx};

use crate::Sso;
use crate::audit::{self, Actor, Deed};
use crate::fault::Fault;
use crate::post::{self, Letter};
use crate::store::account::Account;
use crate::store::activity::{self as rows, Line};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Signed in with a password only.
    SignedIn,
    /// Signed in with a second factor.
    SignedInWithCode,
    /// Signed in with a passkey.
    SignedInWithPasskey,
    /// Proven again in an open session.
    ProvenAgain,
    /// Right password, wrong second factor, more than twice.
    CodeRefused,
    /// The person chose another password.
    PasswordChanged,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was given another name.
    PasskeyRenamed,
    /// A passkey was removed.
    PasskeyRemoved,
    /// The counter of a passkey went backwards.
    PasskeySuspended,
    /// A code app was connected.
    TotpAdded,
    /// The code app was disconnected.
    TotpRemoved,
    /// New recovery codes.
    RecoveryCodesMade,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// A number was confirmed for codes by SMS.
    MobileConfirmed,
    /// No number gets codes any more.
    MobileRemoved,
}

impl What {
    /// The word in the database and in the audit log; `activity-` and this is the key of its words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::SignedInWithCode => "signed-in-with-code",
            Self::SignedInWithPasskey => "signed-in-with-passkey",
            Self::ProvenAgain => "proven-again",
            Self::CodeRefused => "code-refused",
            Self::PasswordChanged => "password-changed",
            Self::PasskeyAdded => "passkey-added",
            Self::PasskeyRenamed => "passkey-renamed",
            Self::PasskeyRemoved => "passkey-removed",
            Self::PasskeySuspended => "passkey-suspended",
            Self::TotpAdded => "totp-added",
            Self::TotpRemoved => "totp-removed",
            Self::RecoveryCodesMade => "recovery-codes-made",
            Self::RecoveryCodeUsed => "recovery-code-used",
            Self::MobileConfirmed => "mobile-confirmed",
            Self::MobileRemoved => "mobile-removed",
        }
    }

    /// The key of the message that tells its owner; none for what they see on the screen before them.
    fn message(self) -> Option<&'static str> {
        match self {
            Self::SignedIn
            | Self::SignedInWithCode
            | Self::SignedInWithPasskey
            | Self::ProvenAgain
            | Self::PasskeyRenamed => None,
            Self::CodeRefused => Some("message-code-refused"),
            Self::PasswordChanged => Some("message-password-changed"),
            Self::PasskeyAdded => Some("message-passkey-added"),
            Self::PasskeyRemoved => Some("message-passkey-removed"),
            Self::PasskeySuspended => Some("message-passkey-suspended"),
            Self::TotpAdded => Some("message-totp-added"),
            Self::TotpRemoved => Some("message-totp-removed"),
            Self::RecoveryCodesMade => Some("message-recovery-codes-made"),
            Self::RecoveryCodeUsed => Some("message-recovery-code-used"),
            Self::MobileConfirmed => Some("message-mobile-confirmed"),
            Self::MobileRemoved => Some("message-mobile-removed"),
        }
    }
}

/// What one act leaves behind, ready to be written in its transaction.
#[derive(Debug, Clone)]
pub struct Trace {
    account: i64,
    line: Line,
    at: Timestamp,
    act: &'static str,
    letters: Vec<Letter>,
}

impl Sso {
    /// What an act of an account's owner leaves behind; [`Trace::leave`] writes it.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn trace(&self, account: &Account, device: &str, what: What) -> Result<Trace, Fault> {
        let (id, at) = (self.new_id(), self.now());
        let line = Line { id, at, what: what.as_str().to_owned(), device: device.to_owned() };
        let letters = match what.message() {
            Some(key) => self.compose_notices(account.id, &account.person, &account.language, key, &[])?,
            None => Vec::new(),
        };
        Ok(Trace { account: account.id, line, at, act: what.as_str(), letters })
    }
}

impl Trace {
    /// Writes the line, the entry of the audit log and the messages.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn leave(&self, tx: &mut Tx) -> Result<(), StoreError> {
        rows::add(tx, self.account, &self.line).await?;
        for letter in &self.letters {
            post::queue(tx, letter).await?;
        }
        let deed = Deed {
            at: self.at,
            actor: Actor::Account(self.account),
            act: self.act,
            subject: format!("account {}", self.account),
            detail: String::new(),
        };
        audit::write_down(tx, deed).await
    }
}
