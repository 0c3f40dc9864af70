//! What a payment must know before it starts: its bill and its sealed card.
//!
//! Requests of the same moment share one query, as commands share a commit: the
//! cost of a hop to the database is paid once for all of them.

use std::collections::HashMap;

use switch_core::bill::Bill;
use switch_core::id::{BillId, CardId};
use tokio::sync::{mpsc, oneshot};

use crate::bill::{bill_columns, read_bill};
use crate::card::{SealedCard, read_card};
use crate::db::{Db, StoreError, values};
use crate::statements::statements;

const QUEUE_MAX: usize = 8192;
const GROUP_MAX: usize = 256;

macro_rules! of_pairs {
    ($rows:literal) => {
        concat!(
            "SELECT r.value->>0 AS bill_asked, CAST(r.value->>1 AS BIGINT) AS card_asked, ",
            bill_columns!(),
            ",
            k.client_id AS card_client, k.key_id, k.pan_sealed, k.expiry_sealed,
            k.expires_at AS card_expires_at
            FROM ",
            $rows,
            " r
            JOIN bill b ON b.id = CAST(r.value->>0 AS BIGINT)
            LEFT JOIN card k ON k.id = CAST(r.value->>1 AS BIGINT)"
        )
    };
}

statements! {
    OF_PAIRS = twin(
        of_pairs!("json_each($1)"),
        of_pairs!("jsonb_array_elements($1::jsonb)"),
    );
}

/// A bill and, where one was named and exists, the card.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The bill.
    pub bill: Bill,
    /// The card.
    pub card: Option<SealedCard>,
}

type Pair = (BillId, Option<CardId>);
type Asked = (Pair, oneshot::Sender<Result<Option<Facts>, StoreError>>);

/// The reader that groups requests.
#[derive(Debug, Clone)]
pub struct FactReader {
    queue: mpsc::Sender<Asked>,
}

impl FactReader {
    /// Starts the reader of a database. It ends when the last handle is dropped.
    #[must_use]
    pub fn start(db: Db) -> Self {
        let (queue, asked) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(read_groups(db, asked));
        Self { queue }
    }

    /// The facts of a bill and a card; `None` when there is no such bill.
    ///
    /// # Errors
    /// The engine's own, or [`StoreError::Stopped`].
    pub async fn find(&self, bill: BillId, card: Option<CardId>) -> Result<Option<Facts>, StoreError> {
        let (reply, facts) = oneshot::channel();
        self.queue.send(((bill, card), reply)).await.map_err(|_| StoreError::Stopped)?;
        facts.await.map_err(|_| StoreError::Stopped)?
    }
}

async fn read_groups(db: Db, mut queue: mpsc::Receiver<Asked>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while queue.recv_many(&mut group, GROUP_MAX).await > 0 {
        match read_group(&db, &group).await {
            Ok(mut found) => {
                for (pair, reply) in group.drain(..) {
                    // Two requests of one group may ask for the same pair.
                    let facts = found.get_mut(&pair).map(|facts| facts.clone());
                    drop(reply.send(Ok(facts)));
                }
            }
            Err(error) => {
                let told = error.to_string();
                for (_, reply) in group.drain(..) {
                    drop(reply.send(Err(StoreError::Unsafe(told.clone()))));
                }
            }
        }
    }
}

async fn read_group(db: &Db, group: &[Asked]) -> Result<HashMap<Pair, Facts>, StoreError> {
    let mut asked = String::with_capacity(group.len() * 48);
    for ((bill, card), _) in group {
        asked.push(if asked.is_empty() { '[' } else { ',' });
        match card {
            Some(card) => asked.push_str(&format!("[{},{}]", bill.0, card.0)),
            None => asked.push_str(&format!("[{}]", bill.0)),
        }
    }
    asked.push(']');
    let rows = db.fetch_all(&OF_PAIRS, values![asked]).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let bill = read_bill(row)?;
        let card = row.maybe_int("card_asked")?.map(CardId);
        let sealed = match (card, row.maybe_text("key_id")?) {
            (Some(id), Some(key_id)) => Some(read_card(row, id, key_id)?),
            _ => None,
        };
        found.insert((bill.id, card), Facts { bill, card: sealed });
    }
    Ok(found)
}
