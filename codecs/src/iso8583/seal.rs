//! Messages whose MAC is computed elsewhere: by a key in a vault, in place of a [`Mac`](super::Mac) in memory.
//!
//! `Draft::encode_with_mac` and `Mac::verify` are the short way for keys in memory; the bytes are the same.

use super::decode::DecodeError;
use super::draft::{Draft, EncodeError};
use super::field::Body;
use super::mac::agrees;
use super::message::Message;
use super::spec::Profile;
use crate::hex;
use crate::keys::{MacSource, VaultError};

/// A message that could not be written with its MAC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A value the profile cannot carry.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The vault did not compute the code.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// A message whose MAC is not known to be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The code is wrong or missing: `MacMismatch` with its field.
    #[error(transparent)]
    Message(#[from] DecodeError),
    /// The vault did not compute the code; of the message nothing is known.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Draft<'_> {
    /// As [`Draft::encode_with_mac`], the code coming from `source`.
    ///
    /// # Errors
    /// As [`Draft::encode`], or those of the vault. On an error `out` is left as it was.
    pub fn encode_with_mac_from(
        &self,
        profile: &Profile,
        source: &dyn MacSource,
        out: &mut Vec<u8>,
    ) -> Result<(), SealError> {
        let field = if (65..=128).any(|n| self.has(n)) { 128 } else { 64 };
        let start = out.len();
        // Written with a code of zeros, which the right one then replaces: it is the end of the message.
        let len = profile.mac_len(field).min(8);
        self.clone().set_bytes(field, &[0; 8][..len]).encode(profile, out)?;
        let plan = profile.plan(field);
        let width = if plan.body == Body::Raw { len } else { 2 * len };
        let text_end = out.len() - width;
        let (message, code) = out.split_at_mut(text_end);
        let end = message.len() - plan.prefix.len();
        match source.tag(message.get(start..end).unwrap_or_default()) {
            Ok(tag) if plan.body == Body::Raw => code.copy_from_slice(tag.shortened(len)),
            Ok(tag) => code.copy_from_slice(hex::encode(tag.shortened(len)).as_bytes()),
            Err(error) => {
                out.truncate(start);
                return Err(error.into());
            }
        }
        Ok(())
    }
}

impl Message<'_> {
    /// Verifies the MAC in field `field` (64 or 128) with a code from `source`, in constant time.
    ///
    /// # Errors
    /// `Message` when the code is wrong or missing, `Vault` when it could not be computed.
    pub fn verify_mac(&self, field: u8, source: &dyn MacSource) -> Result<(), VerifyError> {
        agrees(self, field, |bytes| source.tag(bytes).map_err(VerifyError::from))
    }
}
