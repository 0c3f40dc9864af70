//! The small card vault: AES-256-GCM per field, opened only for the wire, purged
//! with the end of its payment. There is no place for a CVV, a track or a PIN.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use switch_core::card::{Card, Pan};
use switch_core::clock::Timestamp;
use switch_core::id::{CardId, ClientId};
use switch_store::card::SealedCard;
use switch_store::{StoreError, transact};

use crate::Engine;

/// The keys of the vault: one seals, all open.
pub struct Vault {
    current: String,
    keys: Vec<(String, RandomizedNonceKey)>,
}

/// Why a vault cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// No key, or one that is not 32 bytes.
    #[error("the vault needs at least one key of 32 bytes")]
    Keys,
    /// The cipher failed.
    #[error("the card cannot be sealed")]
    Seal,
    /// The vault is switched off (`pan_mode = "none"`).
    #[error("card numbers are not accepted here")]
    Off,
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Vault {
    /// A vault from named keys of 32 bytes; the first one seals.
    ///
    /// # Errors
    /// [`VaultError::Keys`].
    pub fn new(keys: &[(String, [u8; 32])]) -> Result<Self, VaultError> {
        let current = keys.first().ok_or(VaultError::Keys)?.0.clone();
        let keys = keys
            .iter()
            .map(|(id, key)| {
                let key = RandomizedNonceKey::new(&AES_256_GCM, key);
                key.map(|key| (id.clone(), key)).map_err(|_| VaultError::Keys)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { current, keys })
    }

    fn key(&self, id: &str) -> Option<&RandomizedNonceKey> {
        self.keys.iter().find(|(name, _)| name == id).map(|(_, key)| key)
    }

    /// A sealed field is bound to its row and place: it opens nowhere else.
    fn bound_to(card: CardId, field: u8) -> Aad<[u8; 9]> {
        let mut bytes = [field; 9];
        bytes[..8].copy_from_slice(&card.0.to_be_bytes());
        Aad::from(bytes)
    }

    fn seal_field(&self, card: CardId, field: u8, text: &str) -> Result<Vec<u8>, VaultError> {
        let key = self.key(&self.current).ok_or(VaultError::Keys)?;
        let mut sealed = text.as_bytes().to_vec();
        let nonce = key
            .seal_in_place_append_tag(Self::bound_to(card, field), &mut sealed)
            .map_err(|_| VaultError::Seal)?;
        sealed.extend_from_slice(nonce.as_ref());
        Ok(sealed)
    }

    fn open_field(&self, sealed: &SealedCard, field: u8, bytes: &[u8]) -> Option<String> {
        let key = self.key(&sealed.key_id)?;
        let (text, nonce) = bytes.split_at_checked(bytes.len().checked_sub(NONCE_LEN)?)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let plain = key.open_in_place(nonce, Self::bound_to(sealed.id, field), &mut text).ok()?;
        String::from_utf8(plain.to_vec()).ok()
    }

    /// Seals a card under its token's number.
    ///
    /// # Errors
    /// [`VaultError::Seal`].
    pub fn seal(
        &self,
        id: CardId,
        client: ClientId,
        card: &Card,
        expires_at: Timestamp,
    ) -> Result<SealedCard, VaultError> {
        Ok(SealedCard {
            id,
            client,
            key_id: self.current.clone(),
            pan: self.seal_field(id, 1, card.pan.expose())?,
            expiry: self.seal_field(id, 2, &card.expiry)?,
            expires_at,
        })
    }

    /// Opens a sealed card; `None` when the key is unknown or a byte was changed.
    #[must_use]
    pub fn open(&self, sealed: &SealedCard) -> Option<Card> {
        let pan = Pan::parse(&self.open_field(sealed, 1, &sealed.pan)?).ok()?;
        Card::new(pan, &self.open_field(sealed, 2, &sealed.expiry)?).ok()
    }
}

impl Engine {
    /// Puts a card into the vault; its token and when it leaves unused.
    ///
    /// # Errors
    /// [`VaultError::Off`] where no card number may enter.
    pub async fn keep_card(&self, client: ClientId, card: &Card) -> Result<(CardId, Timestamp), VaultError> {
        let vault = self.vault.as_ref().ok_or(VaultError::Off)?;
        let id = CardId(self.new_id());
        let expires_at = self.clock.now().plus_ms(self.settings.card_ttl_ms);
        let sealed = vault.seal(id, client, card, expires_at)?;
        transact!(self.db, tx => switch_store::card::add(tx, &sealed).await)?;
        Ok((id, expires_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> (Vault, SealedCard) {
        let vault = Vault::new(&[("k1".into(), [7; 32])]).expect("one key");
        let pan = Pan::parse("4111111111111111").expect("public test number");
        let card = Card::new(pan, "2812").expect("valid expiry");
        let sealed = vault.seal(CardId(5), ClientId(1), &card, Timestamp(0)).expect("the cipher works");
        (vault, sealed)
    }

    #[test]
    fn a_card_opens_only_whole_and_only_under_its_own_token() {
        let (vault, sealed) = sealed();
        let card = vault.open(&sealed).expect("opens");
        assert_eq!((card.pan.expose(), card.expiry.as_str()), ("4111111111111111", "2812"));
        assert!(vault.open(&SealedCard { id: CardId(6), ..sealed.clone() }).is_none());
        for place in 0..sealed.pan.len() {
            let mut touched = sealed.clone();
            touched.pan[place] ^= 1;
            assert!(vault.open(&touched).is_none(), "byte {place}");
        }
        let other = Vault::new(&[("k1".into(), [8; 32])]).expect("one key");
        assert!(other.open(&sealed).is_none());
    }

    #[test]
    fn an_old_key_still_opens_after_a_new_one_came() {
        let (_, sealed) = sealed();
        let keys = [("k2".to_owned(), [9; 32]), ("k1".to_owned(), [7; 32])];
        assert!(Vault::new(&keys).expect("two keys").open(&sealed).is_some());
    }
}
