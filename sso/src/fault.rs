//! What goes wrong below the pages and the protocol: never the caller's doing. Refusals are values of the
//! rooms; only a [`Fault`] is logged as an error, once, where it is answered.

use switch_store::StoreError;

use crate::key::KeyError;
use crate::seal::SealError;

/// A fault of ours.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored does not open, or cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The vault of signing keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A stored value that no code of ours writes; names the column, never the value.
    #[error("the database holds what it should not: {0}")]
    Corrupt(&'static str),
    /// A library or a neighbour failed in a way that is nobody's input.
    #[error("{0}")]
    Internal(String),
}
