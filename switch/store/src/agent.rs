//! Terminals of agents.

use switch_core::agent::Terminal;
use switch_core::clock::Timestamp;
use switch_core::id::ClientId;

use crate::db::{Db, StoreError, Tx, values};
use crate::statements::statements;

statements! {
    ADD = portable(
        "INSERT INTO terminal (id, agent_id, amount_max_minor, created_at)
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING");
    FIND = portable(
        "SELECT t.agent_id, t.amount_max_minor
         FROM terminal t JOIN client c ON c.id = t.agent_id
         WHERE t.id = $1 AND t.locked_at IS NULL AND c.revoked_at IS NULL");
}

/// Registers a terminal. `false`: the number is in use.
///
/// # Errors
/// The engine's own.
pub async fn add_terminal(tx: &mut Tx, t: &Terminal, at: Timestamp) -> Result<bool, StoreError> {
    let values = values![t.id.as_str(), t.agent.0, t.amount_max_minor, at.0];
    Ok(tx.execute(&ADD, values).await? == 1)
}

/// The terminal of a number, unless it or its agent is locked.
///
/// # Errors
/// The engine's own.
pub async fn find_terminal(db: &Db, id: &str) -> Result<Option<Terminal>, StoreError> {
    let Some(row) = db.fetch_optional(&FIND, values![id]).await? else { return Ok(None) };
    Ok(Some(Terminal {
        id: id.to_owned(),
        agent: ClientId(row.int("agent_id")?),
        amount_max_minor: row.int("amount_max_minor")?,
    }))
}
