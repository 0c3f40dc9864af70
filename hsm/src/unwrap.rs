//! Wrapped keys into objects: by the token alone where it can, through the memory of this process where that is allowed.

use codecs::keys::{KeyKind, VaultError, Wrap, WrappedKey};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::Session;
use zeroize::{Zeroize, Zeroizing};

use crate::failed;
use crate::objects::{Found, Halves, Lives, Part, destroy, template};

/// The mechanism of a way of wrapping; `iv` matters to the chained ones, its first half to DES.
pub(crate) fn mechanism(wrap: Wrap, iv: [u8; 16]) -> Mechanism<'static> {
    let [a, b, c, d, e, f, g, h, ..] = iv;
    match wrap {
        Wrap::TdesEcb => Mechanism::Des3Ecb,
        Wrap::TdesCbc => Mechanism::Des3Cbc([a, b, c, d, e, f, g, h]),
        Wrap::AesEcb => Mechanism::AesEcb,
        Wrap::AesCbc => Mechanism::AesCbc(iv),
        Wrap::AesKeyWrap => Mechanism::AesKeyWrap,
    }
}

/// Whether the block is as long as a MAC key of its kind is when wrapped so.
pub(crate) fn check_length(key: &WrappedKey<'_>) -> Result<(), VaultError> {
    let lengths: &[usize] = if key.kind == KeyKind::Des { &[8, 16] } else { &[16, 24, 32] };
    let fits = |len: &&usize| key.wrap.block_bytes(**len) == Some(key.block.len());
    match lengths.iter().find(fits) {
        Some(_) => Ok(()),
        None => Err(VaultError::WrongLength(key.block.len())),
    }
}

/// What is to be done with a wrapped key.
pub(crate) struct Opening<'a> {
    pub(crate) session: &'a Session,
    pub(crate) kek: &'a Found,
    pub(crate) key: &'a WrappedKey<'a>,
    pub(crate) halves: Halves,
    pub(crate) lives: Lives,
}

impl Opening<'_> {
    /// `C_UnwrapKey`: the key is never outside the token.
    ///
    /// Of a DES key each half is unwrapped alone, which works where its 8 bytes are a block of the wrapping cipher:
    /// under DES. In a chain the second half starts from the first block, which no tripled half can.
    pub(crate) fn on_token(&self) -> Result<Found, VaultError> {
        let key = self.key;
        let unwrap = |part: Part, iv: [u8; 16], block: &[u8]| {
            let template = template(key.name, key.kind, self.halves, (part, self.lives));
            let opened = self.session.unwrap_key(&mechanism(key.wrap, iv), self.kek.left, block, &template);
            opened.map_err(|error| unwrap_failed(key.wrap, error))
        };
        let apart = match (key.kind, key.wrap, self.halves) {
            (KeyKind::Aes, ..) => return Ok(self.found(unwrap(Part::Whole, [0; 16], key.block)?)),
            (KeyKind::Des, Wrap::TdesEcb, _) | (KeyKind::Des, Wrap::TdesCbc, Halves::Single) => true,
            _ => false,
        };
        if !apart {
            let what = format!("a DES key under {:?}: its halves cannot be unwrapped apart", key.wrap);
            return Err(VaultError::Unsupported(what));
        }
        let (first, second) = key.block.split_at(8);
        let mut chained = [0; 16];
        chained[..8].copy_from_slice(first);
        let found = self.found(unwrap(Part::Left, [0; 16], &self.halves.repeat(first))?);
        self.with_right(found, second, |second| unwrap(Part::Right, chained, &self.halves.repeat(second)))
    }

    /// `C_Decrypt`, then `C_CreateObject`: the key is in the memory of this process in between, and wiped.
    pub(crate) fn off_token(&self) -> Result<Found, VaultError> {
        let key = self.key;
        if key.wrap == Wrap::AesKeyWrap {
            return Err(VaultError::Unsupported("AES key wrap by decryption".to_owned()));
        }
        let plain = self.session.decrypt(&mechanism(key.wrap, [0; 16]), self.kek.left, key.block);
        let plain = Zeroizing::new(plain.map_err(failed)?);
        let create = |part: Part, value: &[u8]| {
            let mut template = template(key.name, key.kind, self.halves, (part, self.lives));
            template.push(Attribute::Value(value.to_vec()));
            let created = self.session.create_object(&template).map_err(failed);
            if let Some(Attribute::Value(value)) = template.last_mut() {
                value.zeroize();
            }
            created
        };
        if key.kind == KeyKind::Aes {
            return Ok(self.found(create(Part::Whole, &plain)?));
        }
        let (left, right) = plain.split_at_checked(8).ok_or(VaultError::WrongLength(plain.len()))?;
        let found = self.found(create(Part::Left, &self.halves.repeat(left))?);
        self.with_right(found, right, |right| create(Part::Right, &self.halves.repeat(right)))
    }

    fn found(&self, left: ObjectHandle) -> Found {
        Found::new(self.key.name, self.key.kind, self.halves, left)
    }

    /// Adds the right half, when there is one. Half a key is none: if that fails, the left one goes.
    fn with_right(
        &self,
        mut found: Found,
        right: &[u8],
        make: impl FnOnce(&[u8]) -> Result<ObjectHandle, VaultError>,
    ) -> Result<Found, VaultError> {
        if right.is_empty() {
            return Ok(found);
        }
        match make(right) {
            Ok(object) => {
                found.right = Some(object);
                Ok(found)
            }
            Err(why) => {
                destroy(self.session, &found)?;
                Err(why)
            }
        }
    }
}

/// A block that is no wrapped key, told from a token that failed.
fn unwrap_failed(wrap: Wrap, error: Error) -> VaultError {
    use RvError::{
        EncryptedDataInvalid, EncryptedDataLenRange, GeneralError, WrappedKeyInvalid, WrappedKeyLenRange,
    };
    match error {
        Error::Pkcs11(
            WrappedKeyInvalid | WrappedKeyLenRange | EncryptedDataInvalid | EncryptedDataLenRange,
            _,
        ) => VaultError::NotAWrappedKey,
        // What SoftHSM says when the integrity check of RFC 3394 fails.
        Error::Pkcs11(GeneralError, _) if wrap == Wrap::AesKeyWrap => VaultError::NotAWrappedKey,
        other => failed(other),
    }
}
