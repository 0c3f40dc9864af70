//! Bills: made once per department reference, listed by payer, withdrawn by
//! taking the claim that a payment would take.

use switch_core::bill::{Bill, BillState, Claim};
use switch_core::clock::Timestamp;
use switch_core::id::{BillId, ClientId, PaymentId};
use switch_core::person::{Payer, PayerKind};

use crate::attempt::read_money;
use crate::db::{Db, Row, StoreError, Tx, values};
use crate::statements::statements;

macro_rules! bill_columns {
    () => {
        "b.id, b.client_id, b.department, b.service, b.reference, b.payer_kind, b.payer_number,
         b.amount_minor, b.currency, b.description, b.created_at, b.expires_at"
    };
}
pub(crate) use bill_columns;

macro_rules! bill_view {
    () => {
        concat!(
            "SELECT ",
            crate::bill::bill_columns!(),
            ",
            c.bill_id AS claimed, c.payment_id, o.state AS outcome
            FROM bill b
            LEFT JOIN bill_claim c ON c.bill_id = b.id
            LEFT JOIN outcome o ON o.payment_id = c.payment_id "
        )
    };
}

statements! {
    ADD = portable(
        "INSERT INTO bill (id, client_id, department, service, reference, payer_kind,
             payer_number, amount_minor, currency, description, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT DO NOTHING");
    BY_ID = portable(concat!(bill_view!(), "WHERE b.id = $1"));
    BY_REFERENCE = portable(concat!(bill_view!(), "WHERE b.department = $1 AND b.reference = $2"));
    BY_PAYER = portable(concat!(bill_view!(),
        "WHERE b.payer_kind = $1 AND b.payer_number = $2 AND b.client_id = $3 AND b.id < $4
         ORDER BY b.id DESC LIMIT $5"));
    WITHDRAW = portable(
        "INSERT INTO bill_claim (bill_id, payment_id, at) VALUES ($1, NULL, $2)
         ON CONFLICT DO NOTHING");
    COUNT = portable("SELECT COUNT(*) AS bills FROM bill");
    ADD_MANY = twin(
        "INSERT INTO bill (id, client_id, department, service, reference, payer_kind,
             payer_number, amount_minor, currency, description, created_at, expires_at)
         SELECT CAST(value->>0 AS BIGINT), $2, value->>1, value->>2, value->>3, value->>4,
                value->>5, CAST(value->>6 AS BIGINT), value->>7, value->>8,
                CAST(value->>9 AS BIGINT), CAST(value->>10 AS BIGINT)
         FROM json_each($1)",
        "INSERT INTO bill (id, client_id, department, service, reference, payer_kind,
             payer_number, amount_minor, currency, description, created_at, expires_at)
         SELECT CAST(value->>0 AS BIGINT), $2, value->>1, value->>2, value->>3, value->>4,
                value->>5, CAST(value->>6 AS BIGINT), value->>7, value->>8,
                CAST(value->>9 AS BIGINT), CAST(value->>10 AS BIGINT)
         FROM jsonb_array_elements($1::jsonb)");
}

/// A bill and who holds it.
#[derive(Debug, Clone)]
pub struct BillView {
    /// The bill.
    pub bill: Bill,
    /// Its holder.
    pub claim: Option<Claim>,
    /// Whether the holder is a payment that is paid.
    pub paid: bool,
}

impl BillView {
    /// What the bill is at a moment.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> BillState {
        BillState::of(&self.bill, self.claim, self.paid, now)
    }
}

pub(crate) fn read_payer(kind: &str, number: &str) -> Result<Payer, StoreError> {
    let known = PayerKind::parse(kind);
    let kind = known.ok_or_else(|| StoreError::Corrupt(format!("bill.payer_kind {kind}")))?;
    Payer::new(kind, number).map_err(|error| StoreError::Corrupt(format!("bill.payer_number {error}")))
}

pub(crate) fn read_bill(row: &Row) -> Result<Bill, StoreError> {
    Ok(Bill {
        id: BillId(row.int("id")?),
        client: ClientId(row.int("client_id")?),
        department: row.text("department")?,
        service: row.text("service")?,
        reference: row.text("reference")?,
        payer: read_payer(&row.text("payer_kind")?, &row.text("payer_number")?)?,
        amount: read_money(row)?,
        description: row.text("description")?,
        created_at: Timestamp(row.int("created_at")?),
        expires_at: row.maybe_int("expires_at")?.map(Timestamp),
    })
}

fn read_view(row: &Row) -> Result<BillView, StoreError> {
    let claim = match (row.maybe_int("claimed")?, row.maybe_int("payment_id")?) {
        (None, _) => None,
        (Some(_), None) => Some(Claim::Cancelled),
        (Some(_), Some(payment)) => Some(Claim::Payment(PaymentId(payment))),
    };
    let paid = row.maybe_text("outcome")?.as_deref() == Some("PAID");
    Ok(BillView { bill: read_bill(row)?, claim, paid })
}

/// Adds a bill. `false`: the department has a bill of this reference.
///
/// # Errors
/// The engine's own.
pub async fn add(tx: &mut Tx, b: &Bill) -> Result<bool, StoreError> {
    let values = values![
        b.id.0,
        b.client.0,
        b.department.as_str(),
        b.service.as_str(),
        b.reference.as_str(),
        b.payer.kind().as_str(),
        b.payer.expose(),
        b.amount.minor(),
        b.amount.currency().alpha(),
        b.description.as_str(),
        b.created_at.0,
        b.expires_at.map(|t| t.0),
    ];
    Ok(tx.execute(&ADD, values).await? == 1)
}

/// Adds many bills of one client with one statement: for loading and load tests.
///
/// # Errors
/// The engine's own, also when one of the references exists.
pub async fn add_many(tx: &mut Tx, client: ClientId, bills: &[Bill]) -> Result<(), StoreError> {
    let rows: Vec<_> = bills
        .iter()
        .map(|b| {
            serde_json::json!([
                b.id.0,
                b.department,
                b.service,
                b.reference,
                b.payer.kind().as_str(),
                b.payer.expose(),
                b.amount.minor(),
                b.amount.currency().alpha(),
                b.description,
                b.created_at.0,
                b.expires_at.map(|t| t.0),
            ])
        })
        .collect();
    let rows = serde_json::Value::from(rows).to_string();
    tx.execute(&ADD_MANY, values![rows, client.0]).await.map(drop)
}

/// The bill of a number.
///
/// # Errors
/// The engine's own.
pub async fn find(db: &Db, id: BillId) -> Result<Option<BillView>, StoreError> {
    db.fetch_optional(&BY_ID, values![id.0]).await?.as_ref().map(read_view).transpose()
}

/// The bill of a department's own reference.
///
/// # Errors
/// The engine's own.
pub async fn find_by_reference(
    db: &Db,
    department: &str,
    reference: &str,
) -> Result<Option<BillView>, StoreError> {
    let values = values![department, reference];
    db.fetch_optional(&BY_REFERENCE, values).await?.as_ref().map(read_view).transpose()
}

/// A payer's bills of one client before a number, newest first.
///
/// # Errors
/// The engine's own.
pub async fn list_by_payer(
    db: &Db,
    client: ClientId,
    payer: &Payer,
    before: Option<BillId>,
    limit: u32,
) -> Result<Vec<BillView>, StoreError> {
    let before = before.map_or(i64::MAX, |id| id.0);
    let values = values![payer.kind().as_str(), payer.expose(), client.0, before, limit];
    db.fetch_all(&BY_PAYER, values).await?.iter().map(read_view).collect()
}

/// Withdraws a bill. `false`: somebody holds it.
///
/// # Errors
/// The engine's own.
pub async fn withdraw(tx: &mut Tx, id: BillId, at: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(&WITHDRAW, values![id.0, at.0]).await? == 1)
}

/// How many bills there are.
///
/// # Errors
/// The engine's own.
pub async fn count(db: &Db) -> Result<i64, StoreError> {
    db.fetch_optional(&COUNT, values![]).await?.map_or(Ok(0), |row| row.int("bills"))
}
