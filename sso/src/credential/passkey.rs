//! Passkeys (WebAuthn): the factor that cannot be phished, and the only one that reaches the highest level
//! alone, because the device verifies its user before it signs.
//!
//! The host and the origin are the issuer's, from the settings. The state of a ceremony is sealed in the
//! database, so any node can finish it; it is finished once, within five minutes.

use serde::{Deserialize, Serialize};
use switch_core::clock::Timestamp;
use switch_store::transact;
use webauthn_rs::prelude::{
    CreationChallengeResponse, DiscoverableAuthentication, Passkey, PasskeyAuthentication,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url, Uuid, Webauthn,
    WebauthnBuilder, WebauthnError,
};

use super::ceremony::Kind;
use crate::Sso;
use crate::activity::What;
use crate::fault::Fault;
use crate::seal::Place;
use crate::store::account::{self, Account};
use crate::store::passkey::{self as rows, PasskeyRow};

/// Adding one.
pub const ENROLMENT: Kind =
    Kind { word: "passkey enrolment", cookie: "__Host-passkey-new", seconds: 300, tries: 1 };
/// Signing in, or proving again, with one.
pub const PROOF: Kind = Kind { word: "passkey proof", cookie: "__Host-passkey", seconds: 300, tries: 1 };

/// An account has so many at most.
pub const COUNT_MAX: usize = 10;
const NAME_MAX: usize = 40;

/// What a browser needs for a ceremony.
pub struct Begun {
    /// For the browser, under the kind.
    pub token: String,
    /// The options, `publicKey` inside, as JSON.
    pub options: serde_json::Value,
}

/// One passkey, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its number.
    pub id: i64,
    /// The name its owner gave it.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was used last.
    pub used_at: Option<Timestamp>,
    /// There may be a copy of it: it is not taken any more.
    pub is_suspended: bool,
}

/// Why a passkey is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The ceremony is over, or was finished already.
    Over,
    /// Not what a browser sends, or not signed by the key, for this host, by a verified user.
    Invalid,
    /// Nobody here has it.
    Unknown,
    /// Its counter went backwards: there may be a copy. It is not taken any more.
    Suspended,
    /// The account has as many as it may have, or this very one.
    Full,
}

impl Refusal {
    /// The key of the sentence that says what to do.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Over => "passkey-over",
            Self::Invalid => "passkey-invalid",
            Self::Unknown => "passkey-unknown",
            Self::Suspended => "passkey-suspended",
            Self::Full => "passkey-full",
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Enrolling {
    account: i64,
    state: PasskeyRegistration,
}

#[derive(Serialize, Deserialize)]
enum Proving {
    /// Whoever it is.
    Anyone(DiscoverableAuthentication),
    /// One of this account's.
    One { account: i64, state: PasskeyAuthentication },
}

fn key_place(id: i64) -> Place {
    Place { field: "passkey.passkey", row: id }
}

fn name_place(id: i64) -> Place {
    Place { field: "passkey.name", row: id }
}

fn named(name: &str) -> String {
    name.trim().chars().filter(|c| !c.is_control()).take(NAME_MAX).collect()
}

fn library(_: WebauthnError) -> Fault {
    Fault::Internal("a ceremony with a passkey could not begin".into())
}

impl Sso {
    fn webauthn(&self) -> Result<Webauthn, Fault> {
        let origin = Url::parse(&self.settings.issuer).ok();
        let origin = origin.ok_or_else(|| Fault::Internal("the issuer is no address".into()))?;
        let host = origin.host_str().unwrap_or_default();
        let builder = WebauthnBuilder::new(host, &origin).map_err(library)?;
        builder.rp_name("Hukumati").build().map_err(library)
    }

    /// The handle of an account at its authenticators: it says nothing about the person (WebAuthn section
    /// 14.6.1), and is the same for all passkeys of the account.
    fn handle(&self, account: i64) -> Uuid {
        let index = self.sealer.index("passkey handle", &account.to_string());
        Uuid::from_bytes(*index.first_chunk().unwrap_or(&[0; 16]))
    }

    fn opened_passkey(&self, row: &PasskeyRow) -> Result<Passkey, Fault> {
        let opened = self.sealer.open(key_place(row.id), &row.passkey)?;
        serde_json::from_slice(&opened).map_err(|_| Fault::Corrupt("passkey.passkey"))
    }

    fn sealed_passkey(&self, id: i64, passkey: &Passkey) -> Result<Vec<u8>, Fault> {
        let text = serde_json::to_vec(passkey).map_err(|_| Fault::Corrupt("passkey.passkey"))?;
        Ok(self.sealer.seal(key_place(id), &text)?)
    }

    /// Begins to add a passkey to an account.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn begin_passkey(&self, account: &Account) -> Result<Begun, Fault> {
        let kept = rows::of_account(&self.db, account.id).await?;
        let known = kept.iter().map(|row| self.opened_passkey(row)).collect::<Result<Vec<_>, _>>()?;
        let known = known.iter().map(|passkey| passkey.cred_id().clone()).collect();
        let name = &account.person.name;
        let name = format!("{} {}", name.given, name.family);
        let handle = self.handle(account.id);
        let begun = self.webauthn()?.start_passkey_registration(handle, &name, &name, Some(known));
        let (options, state) = begun.map_err(library)?;
        let token = self.begin_ceremony(&ENROLMENT, &Enrolling { account: account.id, state }).await?;
        Ok(Begun { token, options: discoverable(&options)? })
    }

    /// Adds the passkey that a browser answered with; its number.
    ///
    /// # Errors
    /// [`Fault`]; the inner one is the browser's doing.
    pub async fn finish_passkey(
        &self,
        account: &Account,
        token: &str,
        credential: &str,
        (name, device): (&str, &str),
    ) -> Result<Result<i64, Refusal>, Fault> {
        let enrolling: Option<Enrolling> = self.finish_ceremony(&ENROLMENT, token).await?;
        let Some(enrolling) = enrolling.filter(|begun| begun.account == account.id) else {
            return Ok(Err(Refusal::Over));
        };
        let Ok(answer) = serde_json::from_str::<RegisterPublicKeyCredential>(credential) else {
            return Ok(Err(Refusal::Invalid));
        };
        let Ok(passkey) = self.webauthn()?.finish_passkey_registration(&answer, &enrolling.state) else {
            return Ok(Err(Refusal::Invalid));
        };
        if rows::of_account(&self.db, account.id).await?.len() >= COUNT_MAX {
            return Ok(Err(Refusal::Full));
        }
        let id = self.new_id();
        let name = named(if name.trim().is_empty() { device } else { name });
        let row = PasskeyRow {
            id,
            account: account.id,
            passkey: self.sealed_passkey(id, &passkey)?,
            name: self.sealer.seal(name_place(id), name.as_bytes())?,
            created_at: self.now(),
            used_at: None,
            suspended_at: None,
        };
        let trace = self.trace(account, device, What::PasskeyAdded)?;
        let credential_id: Vec<u8> = passkey.cred_id().to_vec();
        let is_added = transact!(self.db, tx => {
            let is_added = rows::add(tx, credential_id.clone(), &row).await?;
            if is_added {
                trace.leave(tx).await?;
            }
            Ok(is_added)
        })?;
        Ok(if is_added { Ok(id) } else { Err(Refusal::Full) })
    }

    /// The passkeys of an account, the oldest first.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn passkeys(&self, account: i64) -> Result<Vec<Shown>, Fault> {
        let kept = rows::of_account(&self.db, account).await?;
        kept.into_iter()
            .map(|row| {
                let name = self.sealer.open(name_place(row.id), &row.name)?;
                Ok(Shown {
                    id: row.id,
                    name: String::from_utf8_lossy(&name).into_owned(),
                    created_at: row.created_at,
                    used_at: row.used_at,
                    is_suspended: row.suspended_at.is_some(),
                })
            })
            .collect()
    }

    /// Gives a passkey another name. `false`: it is not this account's.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn rename_passkey(
        &self,
        account: &Account,
        id: i64,
        name: &str,
        device: &str,
    ) -> Result<bool, Fault> {
        let sealed = self.sealer.seal(name_place(id), named(name).as_bytes())?;
        let trace = self.trace(account, device, What::PasskeyRenamed)?;
        Ok(transact!(self.db, tx => {
            let is_renamed = rows::rename(tx, account.id, id, sealed.clone()).await?;
            if is_renamed {
                trace.leave(tx).await?;
            }
            Ok(is_renamed)
        })?)
    }

    /// Removes a passkey. `false`: it is not this account's. Ask [`super::Factors::may_lose_one`] first.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn remove_passkey(&self, account: &Account, id: i64, device: &str) -> Result<bool, Fault> {
        let trace = self.trace(account, device, What::PasskeyRemoved)?;
        Ok(transact!(self.db, tx => {
            let is_removed = rows::remove(tx, account.id, id).await?;
            if is_removed {
                trace.leave(tx).await?;
            }
            Ok(is_removed)
        })?)
    }

    /// Asks for a passkey: one of an account's, also of those that cannot be found by themselves, or
    /// whoever's it is.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn ask_for_passkey(&self, account: Option<i64>) -> Result<Begun, Fault> {
        let webauthn = self.webauthn()?;
        let kept = match account {
            Some(account) => rows::of_account(&self.db, account).await?,
            None => Vec::new(),
        };
        let taken = kept.iter().filter(|row| row.suspended_at.is_none());
        let known = taken.map(|row| self.opened_passkey(row)).collect::<Result<Vec<_>, _>>()?;
        let (options, state) = match account.filter(|_| !known.is_empty()) {
            Some(account) => {
                let (options, state) = webauthn.start_passkey_authentication(&known).map_err(library)?;
                (options, Proving::One { account, state })
            }
            None => {
                let (options, state) = webauthn.start_discoverable_authentication().map_err(library)?;
                (options, Proving::Anyone(state))
            }
        };
        let token = self.begin_ceremony(&PROOF, &state).await?;
        let options = serde_json::to_value(&options).map_err(|_| Fault::Internal("options".into()))?;
        Ok(Begun { token, options })
    }

    /// Whose passkey a browser answered with.
    ///
    /// # Errors
    /// [`Fault`]; the inner one is the browser's doing.
    pub async fn verify_passkey(
        &self,
        token: &str,
        credential: &str,
        device: &str,
    ) -> Result<Result<i64, Refusal>, Fault> {
        let Some(proving) = self.finish_ceremony::<Proving>(&PROOF, token).await? else {
            return Ok(Err(Refusal::Over));
        };
        let Ok(answer) = serde_json::from_str::<PublicKeyCredential>(credential) else {
            return Ok(Err(Refusal::Invalid));
        };
        let found = rows::find(&self.db, answer.get_credential_id().to_vec()).await?;
        let Some(row) = found else { return Ok(Err(Refusal::Unknown)) };
        if row.suspended_at.is_some() {
            return Ok(Err(Refusal::Suspended));
        }
        let mut passkey = self.opened_passkey(&row)?;
        let webauthn = self.webauthn()?;
        let done = match proving {
            Proving::One { account, .. } if account != row.account => return Ok(Err(Refusal::Unknown)),
            Proving::One { state, .. } => webauthn.finish_passkey_authentication(&answer, &state),
            Proving::Anyone(state) => {
                // The handle is signed for by nobody; it must be the owner's all the same (section 7.2 step 6).
                let handle = webauthn.identify_discoverable_authentication(&answer).map(|(handle, _)| handle);
                if handle.ok() != Some(self.handle(row.account)) {
                    return Ok(Err(Refusal::Invalid));
                }
                webauthn.finish_discoverable_authentication_v2(&answer, state, &passkey)
            }
        };
        let done = match done {
            Ok(done) if done.user_verified() => done,
            Err(WebauthnError::CredentialPossibleCompromise) => {
                self.suspend(&row, device).await?;
                return Ok(Err(Refusal::Suspended));
            }
            Ok(_) | Err(_) => return Ok(Err(Refusal::Invalid)),
        };
        passkey.update_credential(&done);
        let (old, new) = (row.passkey.clone(), self.sealed_passkey(row.id, &passkey)?);
        let now = self.now();
        let is_used = transact!(self.db, tx =>
            rows::used(tx, row.id, (old.clone(), new.clone()), now).await)?;
        // Another answer of the same key came first: its counter is no longer the one that was compared.
        Ok(if is_used { Ok(row.account) } else { Err(Refusal::Over) })
    }

    async fn suspend(&self, row: &PasskeyRow, device: &str) -> Result<(), Fault> {
        let owner = account::find(&self.db, &self.sealer, row.account).await?;
        let owner = owner.ok_or(Fault::Corrupt("passkey.account_id"))?;
        let (trace, now) = (self.trace(&owner, device, What::PasskeySuspended)?, self.now());
        transact!(self.db, tx => {
            if rows::suspend(tx, row.id, now).await? {
                trace.leave(tx).await?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// The options of an enrolment, asking for a passkey that can be found without an account's name where the
/// device has room for one. Security keys without room are still good as a second factor.
fn discoverable(options: &CreationChallengeResponse) -> Result<serde_json::Value, Fault> {
    let mut options = serde_json::to_value(options).map_err(|_| Fault::Internal("options".into()))?;
    options["publicKey"]["authenticatorSelection"]["residentKey"] = "preferred".into();
    Ok(options)
}
