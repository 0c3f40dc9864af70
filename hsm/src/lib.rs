//! MAC keys in a hardware security module, through PKCS#11.
#![doc = include_str!("../README.md")]

mod mac;
mod objects;
mod unwrap;

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use codecs::iso8583::Tag;
use codecs::keys::{CheckMethod, CheckValue, KeyUse, KeyVault, MacAlgorithm, VaultError, Wrap, WrappedKey};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use objects::Halves;
use zeroize::Zeroizing;

/// How a token is reached, and what it may be asked.
pub struct Settings<'a> {
    /// The module's library, such as `/usr/lib/softhsm/libsofthsm2.so`.
    pub library: &'a Path,
    /// The label of the token.
    pub token: &'a str,
    /// The user's PIN.
    pub pin: Zeroizing<String>,
    /// What to do with a wrapped key when the token itself cannot unwrap it.
    pub unwrap_off_token: OffToken,
}

/// Whether a new key may be decrypted by the token, handed to this process for a moment, and put back in as an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OffToken {
    /// Never: such a key is refused as `Unsupported`.
    #[default]
    Refuse,
    /// The key is in the memory of this process for that moment. For tests and sandboxes: it gives up what a hardware
    /// module is bought for.
    Allow,
}

/// A token that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The library, the session or the PIN.
    #[error("the token cannot be opened: {0}")]
    Pkcs11(#[from] Error),
    /// What was tried on it.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// No slot has a token of that label.
    #[error("there is no token {0:?}")]
    NoSuchToken(String),
}

/// A token as a vault. One session, so calls stand in line.
pub struct TokenVault {
    session: Mutex<Session>,
    /// The ways of wrapping the token opens by itself (`C_GetMechanismInfo`, `CKF_UNWRAP`).
    unwraps: Vec<Wrap>,
    halves: Halves,
    off_token: OffToken,
    /// Keeps the library loaded.
    _module: Pkcs11,
}

impl TokenVault {
    /// Loads the module, finds the token by its label and logs in.
    ///
    /// # Errors
    /// `NoSuchToken`, or what the module says.
    pub fn open(settings: &Settings<'_>) -> Result<Self, TokenError> {
        let module = Pkcs11::new(settings.library)?;
        match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            // Another vault of this process has done it.
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(other) => return Err(other.into()),
        }
        let mut found = None;
        for slot in module.get_slots_with_initialized_token()? {
            if module.get_token_info(slot)?.label() == settings.token {
                found = Some(slot);
            }
        }
        let slot = found.ok_or_else(|| TokenError::NoSuchToken(settings.token.to_owned()))?;
        let session = module.open_rw_session(slot)?;
        match session.login(UserType::User, Some(&AuthPin::from(settings.pin.as_str()))) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(other) => return Err(other.into()),
        }
        let offered = module.get_mechanism_list(slot)?;
        let mut unwraps = Vec::new();
        for wrap in Wrap::ALL {
            let mechanism = unwrap::mechanism(wrap, [0; 16]).mechanism_type();
            if offered.contains(&mechanism) && module.get_mechanism_info(slot, mechanism)?.unwrap() {
                unwraps.push(wrap);
            }
        }
        let halves = Halves::of_token(&session)?;
        let off_token = settings.unwrap_off_token;
        Ok(TokenVault { session: Mutex::new(session), unwraps, halves, off_token, _module: module })
    }

    /// The ways of wrapping whose keys never leave the token.
    #[must_use]
    pub fn unwraps_on_token(&self) -> &[Wrap] {
        &self.unwraps
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyVault for TokenVault {
    fn mac(&self, key: &str, algorithm: MacAlgorithm, bytes: &[u8]) -> Result<Tag, VaultError> {
        let session = self.session();
        let found = objects::find(&session, key, KeyUse::Mac)?;
        mac::compute(&session, &found, algorithm, bytes)
    }

    fn check_value(&self, key: &str, method: CheckMethod) -> Result<CheckValue, VaultError> {
        let session = self.session();
        mac::check_value(&session, &objects::find_any(&session, key)?, method)
    }

    fn import(&self, key: &WrappedKey<'_>) -> Result<CheckValue, VaultError> {
        let session = self.session();
        let kek = objects::find(&session, key.under, KeyUse::Unwrap)?;
        if kek.kind != key.wrap.kind() {
            return Err(VaultError::WrongKind);
        }
        unwrap::check_length(key)?;
        let open = |lives| {
            let opening = unwrap::Opening { session: &session, kek: &kek, key, halves: self.halves, lives };
            match (self.unwraps.contains(&key.wrap), self.off_token) {
                (true, _) => opening.on_token(),
                (false, OffToken::Allow) => opening.off_token(),
                (false, OffToken::Refuse) => {
                    Err(VaultError::Unsupported(format!("unwrapping {:?}", key.wrap)))
                }
            }
        };
        // Opened first as objects of this session, which nobody finds later, whatever happens meanwhile.
        let tried = open(objects::Lives::InSession)?;
        let value = mac::check_value(&session, &tried, key.method);
        objects::destroy(&session, &tried)?;
        let value = value?;
        if key.check.is_some_and(|digits| !value.agrees_with(digits)) {
            return Err(VaultError::CheckValueMismatch);
        }
        if objects::exists(&session, key.name)? {
            return Err(VaultError::NameTaken(key.name.to_owned()));
        }
        open(objects::Lives::OnToken)?;
        Ok(value)
    }

    fn remove(&self, key: &str) -> Result<(), VaultError> {
        let session = self.session();
        let found = objects::find_any(&session, key)?;
        objects::destroy(&session, &found)
    }
}

impl fmt::Debug for TokenVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenVault").field("unwraps", &self.unwraps).finish_non_exhaustive()
    }
}

impl fmt::Debug for Settings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings({:?} in {}, ****)", self.token, self.library.display())
    }
}

/// What the module said, as a vault says it.
fn failed(error: Error) -> VaultError {
    VaultError::Unavailable(error.to_string())
}
