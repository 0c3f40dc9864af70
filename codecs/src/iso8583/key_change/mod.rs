//! Key change: the 0800 that asks for or delivers a working key, and its 0810.
//!
//! Hosts agree on the flow and on nothing else: the code in field 70, whether the key comes in the request or in the
//! answer, the field it stands in (48, 96, 125) and what stands around it. So all of that is data ([`KeyChange`], the
//! `[key_change]` table of a profile). The swap has two phases: [`KeyChange::install`] checks the key and gives the
//! code of the answer; [`WorkingKey::activate`] after the answer puts it to use. Without a right check value nothing
//! changes.

mod layout;

use std::fmt;

pub use layout::KeyChange;
pub(super) use layout::KeyChangeFile;

use super::draft::Draft;
use super::message::Message;
use super::mti::Class;
use crate::hex;
use crate::keys::{KeyVault, VaultError, WorkingKey, WrappedKey};

/// A key as it stands in a message: wrapped, with the digits of its check value when any came.
#[derive(Clone, PartialEq, Eq)]
pub struct NewKey {
    /// The wrapped bytes.
    pub block: Vec<u8>,
    /// Capital hexadecimal digits.
    pub check: Option<String>,
}

/// What a network management request wants of us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyRequest {
    /// A key, to be delivered in the answer or in a message of its own.
    Asks,
    /// Us to take this one.
    Delivers(NewKey),
}

/// What the answer to our own request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyAnswer {
    /// Accepted; with the key when we had asked for one and the host delivers in its answer.
    Accepted(Option<NewKey>),
    /// Refused with this code: nothing changes.
    Refused(String),
}

/// Which key is to be replaced, and how the new one is called in the vault.
#[derive(Clone, Copy, Debug)]
pub struct NewName<'a> {
    /// The name the new key is kept under.
    pub name: &'a str,
    /// The key it is wrapped under.
    pub under: &'a str,
}

/// A key change message that cannot be read or written. Names the field, never what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field {field}: {problem}")]
pub struct KeyChangeError {
    /// Field number; 0 is the message type.
    pub field: u8,
    /// What is wrong.
    pub problem: KeyChangeProblem,
}

/// What is wrong with a field of a key change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyChangeProblem {
    /// The profile says it is there.
    #[error("the key change needs this field")]
    Missing,
    /// Longer or shorter than the agreed layout.
    #[error("the field is not as long as its layout")]
    Length,
    /// What the layout fixes stands differently.
    #[error("the field does not have the agreed text")]
    Text,
    /// Key or check value in other characters.
    #[error("the key or its check value is not hexadecimal")]
    NotHex,
    /// The message type has no answer.
    #[error("the message is no request")]
    NotARequest,
}

impl KeyChange {
    /// Makes `draft` ask for a key: sets the network management code.
    pub fn ask(&self, draft: &mut Draft<'_>) {
        draft.set(self.code_field, self.request.clone());
    }

    /// Makes `draft` deliver a key: sets the network management code and the fields of the layout.
    ///
    /// # Errors
    /// `Length` when the key is not of the agreed length, `Missing` for a check value the layout wants.
    pub fn deliver(&self, key: &NewKey, draft: &mut Draft<'_>) -> Result<(), KeyChangeError> {
        draft.set(self.code_field, self.deliver.clone());
        self.put(key, draft)
    }

    /// Reads a network management request; `None` when it is about something else, or is nothing that has an answer.
    ///
    /// # Errors
    /// The field that is not as agreed. The answer to give is [`KeyChange::malformed`].
    pub fn read(&self, message: &Message<'_>) -> Result<Option<KeyRequest>, KeyChangeError> {
        if !self.is_key_change(message) || message.mti().response_of().is_none() {
            return Ok(None);
        }
        let code = message.text(self.code_field).unwrap_or_default();
        let key_field = self.key_field();
        if code == self.deliver || message.has(key_field) {
            return self.take(message).map(|key| Some(KeyRequest::Delivers(key)));
        }
        Ok(Some(KeyRequest::Asks))
    }

    /// The answer to a request: its type, what an answer repeats, and `code` in field 39.
    ///
    /// # Errors
    /// `NotARequest`.
    pub fn answer<'a>(&self, request: &Message<'a>, code: &'a str) -> Result<Draft<'a>, KeyChangeError> {
        const REPEATED: [u8; 11] = [7, 11, 12, 13, 24, 32, 33, 41, 70, 94, 100];
        let not_a_request = KeyChangeError { field: 0, problem: KeyChangeProblem::NotARequest };
        let mti = request.mti().response_of().ok_or(not_a_request)?;
        let mut draft = Draft::new(mti);
        for n in REPEATED {
            if let Some(text) = request.text(n) {
                draft.set(n, text);
            }
        }
        draft.set(39, code);
        Ok(draft)
    }

    /// The accepting answer to a request that asks for a key, with the key in it.
    ///
    /// # Errors
    /// `NotARequest`, and those of [`KeyChange::deliver`].
    pub fn answer_with<'a>(
        &'a self,
        request: &Message<'a>,
        key: &NewKey,
    ) -> Result<Draft<'a>, KeyChangeError> {
        let mut draft = self.answer(request, &self.accepted)?;
        self.put(key, &mut draft)?;
        Ok(draft)
    }

    /// Reads the answer to our own request; `None` when it is about something else. Whether it answers *our* request
    /// is the link's to know.
    ///
    /// # Errors
    /// `Missing` without a response code; the field of a delivered key that is not as agreed.
    pub fn read_answer(&self, message: &Message<'_>) -> Result<Option<KeyAnswer>, KeyChangeError> {
        if !self.is_key_change(message) || !message.mti().is_response() {
            return Ok(None);
        }
        let missing = KeyChangeError { field: 39, problem: KeyChangeProblem::Missing };
        let code = message.text(39).ok_or(missing)?;
        if code != self.accepted {
            return Ok(Some(KeyAnswer::Refused(code.into_owned())));
        }
        let key = if message.has(self.key_field()) { Some(self.take(message)?) } else { None };
        Ok(Some(KeyAnswer::Accepted(key)))
    }

    /// First phase of the swap: opens and checks the key and offers it to `working`. Gives the code of the answer;
    /// on any other than [`KeyChange::accepted`] the key in use stays alone. What the vault said is handed back beside
    /// the code, for the log.
    pub fn install(
        &self,
        key: &NewKey,
        new: NewName<'_>,
        working: &mut WorkingKey,
        vault: &dyn KeyVault,
    ) -> (&str, Option<VaultError>) {
        match working.offer(vault, &self.wrapped(key, new)) {
            Ok(_) => (&self.accepted, None),
            Err(error @ (VaultError::CheckValueMismatch | VaultError::NotAWrappedKey)) => {
                (&self.mismatch, Some(error))
            }
            Err(error) => (&self.failed, Some(error)),
        }
    }

    /// The key as a vault takes it in.
    #[must_use]
    pub fn wrapped<'a>(&self, key: &'a NewKey, new: NewName<'a>) -> WrappedKey<'a> {
        WrappedKey {
            name: new.name,
            kind: self.kind,
            under: new.under,
            wrap: self.wrap,
            block: &key.block,
            method: self.check,
            check: key.check.as_deref(),
        }
    }

    fn is_key_change(&self, message: &Message<'_>) -> bool {
        let code = message.text(self.code_field);
        message.mti().class() == Class::NetworkManagement
            && code.is_some_and(|code| code == self.request || code == self.deliver)
    }

    fn put(&self, key: &NewKey, draft: &mut Draft<'_>) -> Result<(), KeyChangeError> {
        let block = hex::encode(&key.block);
        for (n, template) in &self.fields {
            let text = template.write(&block, key.check.as_deref());
            draft.set(*n, text.map_err(|problem| KeyChangeError { field: *n, problem })?);
        }
        Ok(())
    }

    fn take(&self, message: &Message<'_>) -> Result<NewKey, KeyChangeError> {
        let mut key = NewKey { block: Vec::new(), check: None };
        for (n, template) in &self.fields {
            let wrong = |problem| KeyChangeError { field: *n, problem };
            let text = message.text(*n).ok_or(wrong(KeyChangeProblem::Missing))?;
            template.read(&text, &mut key).map_err(wrong)?;
        }
        Ok(key)
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewKey(****, check value {})", self.check.as_deref().unwrap_or("none"))
    }
}
