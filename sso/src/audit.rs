//! What goes into the hash-chained log: who did what to whose account, client or application, in the
//! transaction that did it.

use switch_core::clock::Timestamp;
use switch_store::audit_log::{self, Act, Entry};
use switch_store::{StoreError, Tx};

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor<'a> {
    /// A person, by the number of the account.
    Account(i64),
    /// A relying party.
    Client(&'a str),
    /// The user of the machine who gave a command.
    Operator(&'a str),
    /// The switch itself.
    Switch,
}

impl Actor<'_> {
    fn word(self) -> String {
        match self {
            Self::Account(id) => format!("account {id}"),
            Self::Client(id) => format!("client {id}"),
            Self::Operator(name) => name.to_owned(),
            Self::Switch => "switch".to_owned(),
        }
    }
}

/// One act.
#[derive(Debug, Clone)]
pub struct Deed<'a> {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor<'a>,
    /// What, in the words of the room: `account lock`, `application look-up`.
    pub act: &'static str,
    /// To what: `account 5`, `client tax-portal`. Never a name or an identity number.
    pub subject: String,
    /// The rest, for people: a reason, before and after. Never a secret.
    pub detail: String,
}

/// Writes it down in the transaction of the act.
///
/// # Errors
/// The store's own.
pub async fn write_down(tx: &mut Tx, deed: Deed<'_>) -> Result<(), StoreError> {
    let Deed { at, actor, act, subject, detail } = deed;
    audit_log::append(tx, &Entry { at, actor: actor.word(), act: Act::Identity(act), subject, detail })
        .await?;
    Ok(())
}
