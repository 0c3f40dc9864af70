//! The vault's rows: sealed cards, for as long as a payment needs them. This
//! crate never sees a card number; the engine seals and opens.

use switch_core::clock::Timestamp;
use switch_core::id::{CardId, ClientId};

use crate::db::{Db, Row, StoreError, Tx, values};
use crate::statements::statements;

statements! {
    ADD = portable(
        "INSERT INTO card (id, client_id, key_id, pan_sealed, expiry_sealed, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)");
    FIND = portable(
        "SELECT id, client_id AS card_client, key_id, pan_sealed, expiry_sealed,
                expires_at AS card_expires_at
         FROM card WHERE id = $1");
    PURGE_EXPIRED = portable(
        "DELETE FROM card WHERE expires_at < $1
         AND id NOT IN (SELECT p.card_id FROM open_attempt a JOIN payment p ON p.id = a.payment_id
                        WHERE p.card_id IS NOT NULL)");
}

/// A card as the vault keeps it.
#[derive(Debug, Clone)]
pub struct SealedCard {
    /// The token's number.
    pub id: CardId,
    /// Who put it in; nobody else may use it.
    pub client: ClientId,
    /// The key it is sealed under.
    pub key_id: String,
    /// Sealed card number.
    pub pan: Vec<u8>,
    /// Sealed expiry.
    pub expiry: Vec<u8>,
    /// When it leaves the vault unused.
    pub expires_at: Timestamp,
}

pub(crate) fn read_card(row: &Row, id: CardId, key_id: String) -> Result<SealedCard, StoreError> {
    Ok(SealedCard {
        id,
        client: ClientId(row.int("card_client")?),
        key_id,
        pan: row.bytes("pan_sealed")?,
        expiry: row.bytes("expiry_sealed")?,
        expires_at: Timestamp(row.int("card_expires_at")?),
    })
}

/// Puts a sealed card into the vault.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, c: &SealedCard) -> Result<(), StoreError> {
    let values =
        values![c.id.0, c.client.0, c.key_id.as_str(), c.pan.clone(), c.expiry.clone(), c.expires_at.0,];
    tx.execute(&ADD, values).await.map(drop)
}

/// The sealed card of a token.
///
/// # Errors
/// The engine's own.
pub async fn find(db: &Db, id: CardId) -> Result<Option<SealedCard>, StoreError> {
    let row = db.fetch_optional(&FIND, values![id.0]).await?;
    row.map(|row| read_card(&row, id, row.text("key_id")?)).transpose()
}

/// Removes cards whose time is over and that no open attempt needs; how many.
///
/// # Errors
/// The engine's own.
pub async fn purge_expired(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(&PURGE_EXPIRED, values![now.0]).await
}
