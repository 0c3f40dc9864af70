//! Cash from an agent's float: key, claim, float and posting in one transaction.
//! No counterparty is asked, so a cash payment is final as soon as it is durable.

use switch_core::id::{AccountId, BillId, PaymentId};
use switch_core::ledger::Transfer;
use switch_core::payment::{Payment, PaymentState, RefusedReason};

use crate::db::{StoreError, Tx, values};
use crate::journal::Outcome;
use crate::payment::write_outcome;
use crate::statements::statements;

statements! {
    TAKE_KEY = portable(
        "INSERT INTO payment (id, client_id, key, fingerprint, bill_id, method, channel,
             amount_minor, currency, card_id, created_at, business_date)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT DO NOTHING");
    CLAIM_BILL = portable(
        "INSERT INTO bill_claim (bill_id, payment_id, at) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING");
    RELEASE_BILL = portable("DELETE FROM bill_claim WHERE bill_id = $1 AND payment_id = $2");
    UNWIND = portable(
        "INSERT INTO unwind (payment_id, reason, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
}

/// What became of a cash payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CashVerdict {
    /// Paid.
    Paid,
    /// The terminal's references were used before; nothing was written.
    KeyUsed,
    /// Refused, durably under the key.
    Refused(RefusedReason),
}

/// A cash payment to write.
#[derive(Debug)]
pub struct CashIntake<'a> {
    /// The payment.
    pub payment: &'a Payment,
    /// The bill it claims.
    pub bill: BillId,
    /// Float to department.
    pub transfer: Transfer,
    /// The code printed on the receipt (field 38).
    pub approval_code: &'a str,
}

/// Writes the key of a payment. `false`: it was used before.
///
/// # Errors
/// The engine's own.
pub async fn take_key(tx: &mut Tx, p: &Payment) -> Result<bool, StoreError> {
    let values = values![
        p.id.0,
        p.client.0,
        p.key.as_str(),
        p.fingerprint.bytes().to_vec(),
        p.bill.map(|b| b.0),
        p.method.as_str(),
        p.channel.as_str(),
        p.amount.minor(),
        p.amount.currency().alpha(),
        p.card.map(|c| c.0),
        p.created_at.0,
        p.business_date.0,
    ];
    Ok(tx.execute(&TAKE_KEY, values).await? == 1)
}

/// Pays a bill from a float. The caller commits whatever the verdict.
///
/// # Errors
/// The engine's own.
pub async fn pay(tx: &mut Tx, cash: &CashIntake<'_>) -> Result<CashVerdict, StoreError> {
    let (p, at) = (cash.payment, cash.payment.created_at);
    if !take_key(tx, p).await? {
        return Ok(CashVerdict::KeyUsed);
    }
    let claimed = tx.execute(&CLAIM_BILL, values![cash.bill.0, p.id.0, at.0]).await? == 1;
    let refused = if !claimed {
        Some(RefusedReason::BillTaken)
    } else if !crate::ledger::book_floored(tx, &cash.transfer, cash.transfer.debit).await? {
        tx.execute(&RELEASE_BILL, values![cash.bill.0, p.id.0]).await?;
        Some(RefusedReason::FloatShort)
    } else {
        None
    };
    match refused {
        Some(reason) => {
            write_outcome(tx, p.id, &Outcome::refused(reason, at)).await?;
            Ok(CashVerdict::Refused(reason))
        }
        None => {
            let mut paid = Outcome::of_cash(PaymentState::Paid, at);
            paid.approval_code = Some(cash.approval_code.to_owned());
            paid.response_code = Some("00".to_owned());
            write_outcome(tx, p.id, &paid).await?;
            Ok(CashVerdict::Paid)
        }
    }
}

/// Keeps a refusal under its key, so that every copy of the request gets it:
/// also one that comes when the bill could be paid again.
///
/// # Errors
/// The engine's own.
pub async fn refuse(tx: &mut Tx, p: &Payment, reason: RefusedReason) -> Result<CashVerdict, StoreError> {
    if !take_key(tx, p).await? {
        return Ok(CashVerdict::KeyUsed);
    }
    write_outcome(tx, p.id, &Outcome::refused(reason, p.created_at)).await?;
    Ok(CashVerdict::Refused(reason))
}

/// Takes a paid cash payment back by a movement of its own; the float and the
/// bill are as before. `false`: it was taken back before.
///
/// # Errors
/// The engine's own.
pub async fn unwind(
    tx: &mut Tx,
    payment: PaymentId,
    bill: Option<BillId>,
    back: &Transfer,
    float: AccountId,
) -> Result<bool, StoreError> {
    if tx.execute(&UNWIND, values![payment.0, "terminal_reversal", back.at.0]).await? == 0 {
        return Ok(false);
    }
    if !crate::ledger::book_floored(tx, back, float).await? {
        return Err(StoreError::Corrupt(format!("payment {} was moved back before", payment.0)));
    }
    if let Some(bill) = bill {
        tx.execute(&RELEASE_BILL, values![bill.0, payment.0]).await?;
    }
    Ok(true)
}

/// Leaves a tombstone under a key that was never seen: should the original come
/// late, it is declined. `false`: the key was used, so the original came first.
///
/// # Errors
/// The engine's own.
pub async fn tombstone(tx: &mut Tx, p: &Payment) -> Result<bool, StoreError> {
    if !take_key(tx, p).await? {
        return Ok(false);
    }
    let mut tombstone = Outcome::of_cash(PaymentState::Reversed, p.created_at);
    tombstone.reason = Some("tombstone".to_owned());
    write_outcome(tx, p.id, &tombstone).await?;
    Ok(true)
}
