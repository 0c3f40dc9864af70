//! What is personal lies sealed in the database: AES-256-GCM per field, bound to its row. What must be
//! found again has an index that only the key can make: HMAC-SHA-256. What is only compared is a digest.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The keys of sealing: the first one seals, all open.
pub struct Sealer {
    keys: Vec<(String, RandomizedNonceKey)>,
    /// Makes the indices. It is derived from the last key of the list, the oldest: indices must not
    /// change when a new key comes to seal.
    index_key: Zeroizing<[u8; 32]>,
}

/// Why something cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No key at all, or one the cipher refuses.
    #[error("sealing needs at least one key of 32 bytes")]
    Keys,
    /// The cipher failed.
    #[error("cannot be sealed")]
    Seal,
    /// Another key, another row, or a changed byte.
    #[error("what is stored does not open under the keys of this switch")]
    Open,
}

/// Where a sealed field stands: it opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The table and column, such as `account.person`.
    pub field: &'static str,
    /// The number of the row.
    pub row: i64,
}

impl Place {
    fn bytes(self) -> Vec<u8> {
        [self.field.as_bytes(), b"\0", &self.row.to_be_bytes()].concat()
    }
}

impl Sealer {
    /// A sealer from named keys; the first one seals. Names are at most 32 letters, digits and hyphens.
    ///
    /// # Errors
    /// [`SealError::Keys`].
    pub fn new(keys: &[(String, [u8; 32])]) -> Result<Self, SealError> {
        let oldest = &keys.last().ok_or(SealError::Keys)?.1;
        let index_key = Zeroizing::new(hmac(oldest, &[b"switchd sso index 1"]));
        let keys = keys
            .iter()
            .map(|(name, key)| {
                let fits = !name.is_empty() && name.len() <= 32;
                let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok().filter(|_| fits);
                key.map(|key| (name.clone(), key)).ok_or(SealError::Keys)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { keys, index_key })
    }

    /// Seals bytes for a place: a length and the key's name, nonce, text and tag.
    ///
    /// # Errors
    /// [`SealError::Seal`].
    pub fn seal(&self, place: Place, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let (name, key) = self.keys.first().ok_or(SealError::Keys)?;
        let mut text = plain.to_vec();
        let nonce =
            key.seal_in_place_append_tag(Aad::from(place.bytes()), &mut text).map_err(|_| SealError::Seal)?;
        let length = u8::try_from(name.len()).map_err(|_| SealError::Keys)?;
        Ok([&[length], name.as_bytes(), nonce.as_ref(), &text].concat())
    }

    /// Opens what was sealed for a place.
    ///
    /// # Errors
    /// [`SealError::Open`].
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let open = || {
            let (length, rest) = sealed.split_first()?;
            let (name, rest) = rest.split_at_checked(usize::from(*length))?;
            let (nonce, text) = rest.split_at_checked(NONCE_LEN)?;
            let (_, key) = self.keys.iter().find(|(known, _)| known.as_bytes() == name)?;
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut text = Zeroizing::new(text.to_vec());
            let length = key.open_in_place(nonce, Aad::from(place.bytes()), &mut text).ok()?.len();
            text.truncate(length);
            Some(text)
        };
        open().ok_or(SealError::Open)
    }

    /// The index of a value under a purpose such as `identity`: equal values have equal indices, and who
    /// has the database only cannot try values out.
    #[must_use]
    pub fn index(&self, purpose: &str, value: &str) -> Vec<u8> {
        hmac(&*self.index_key, &[purpose.as_bytes(), b"\0", value.as_bytes()]).to_vec()
    }
}

/// HMAC-SHA-256 over the parts, one after the other.
pub(crate) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("because HMAC takes a key of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// What is kept of a bearer secret of ours: SHA-256. They have 128 bits or more, so no salt is needed.
#[must_use]
pub fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place = Place { field: "account.person", row: 7 };

    fn sealer(names: &[(&str, u8)]) -> Sealer {
        let keys: Vec<_> = names.iter().map(|(name, byte)| ((*name).to_owned(), [*byte; 32])).collect();
        Sealer::new(&keys).expect("keys")
    }

    #[test]
    fn it_opens_only_whole_and_only_at_its_place() {
        let sealer = sealer(&[("k1", 1)]);
        let sealed = sealer.seal(HERE, b"a name").expect("seals");
        assert_eq!(sealer.open(HERE, &sealed).expect("opens").as_slice(), b"a name");
        for place in [Place { row: 8, ..HERE }, Place { field: "account.mobile", ..HERE }] {
            assert_eq!(sealer.open(place, &sealed), Err(SealError::Open), "{place:?}");
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(sealer.open(HERE, &changed), Err(SealError::Open), "byte {at}");
            assert_eq!(sealer.open(HERE, &sealed[..at]), Err(SealError::Open), "cut at {at}");
        }
    }

    #[test]
    fn a_new_key_opens_what_the_old_one_sealed_and_keeps_the_indices() {
        let old = sealer(&[("k1", 1)]);
        let new = sealer(&[("k2", 2), ("k1", 1)]);
        let sealed = old.seal(HERE, b"a name").expect("seals");
        assert!(new.open(HERE, &sealed).is_ok());
        assert_eq!(old.index("identity", "x"), new.index("identity", "x"));
        assert_ne!(old.index("identity", "x"), old.index("mobile", "x"));
        assert!(old.open(HERE, &new.seal(HERE, b"a name").expect("seals")).is_err());
    }
}
