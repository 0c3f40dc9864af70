//! Everything the database says about one payment, put side by side: a page of payments at a time, so
//! that a history of any size fits into memory.

use std::collections::{BTreeMap, HashMap};

use crate::AuditError;
use crate::source::{Row, Source};

const PAGE: i64 = 2_000;

// The last columns come from the bill, its claim, the vault and the owner of the bill.
const PAYMENTS: &str =
    "SELECT p.id, p.client_id, p.key, p.bill_id, p.method, p.amount_minor, p.currency, p.card_id,
            p.business_date,
            b.id, b.client_id, b.department, b.amount_minor, b.currency,
            c.bill_id, c.payment_id, k.id, w.name,
            CASE WHEN o.webhook_url IS NOT NULL AND o.revoked_at IS NULL THEN 1 ELSE 0 END
     FROM payment p
     LEFT JOIN bill b ON b.id = p.bill_id
     LEFT JOIN bill_claim c ON c.bill_id = p.bill_id
     LEFT JOIN card k ON k.id = p.card_id
     LEFT JOIN client w ON w.id = p.client_id
     LEFT JOIN client o ON o.id = b.client_id
     WHERE p.id > $1 ORDER BY p.id LIMIT $2";
const OUTCOMES: &str = "SELECT payment_id, state, connector, attempt_id, approval_code, at FROM outcome
     WHERE payment_id > $1 AND payment_id <= $2";
const TRANSFERS: &str =
    "SELECT cause, seq, kind, debit, credit, amount_minor, currency, business_date FROM transfer
     WHERE cause > $1 AND cause <= $2 ORDER BY cause, seq";
const UNWINDS: &str = "SELECT payment_id, at FROM unwind WHERE payment_id > $1 AND payment_id <= $2";
const OPEN: &str =
    "SELECT payment_id, attempt_id, attempt_no, connector, sent_at, debit, credit, state, reason, node
     FROM open_attempt";

/// A payment as it was taken in, with the rows it points to.
#[derive(Debug)]
pub(crate) struct Payment {
    pub(crate) id: i64,
    pub(crate) client: i64,
    pub(crate) client_name: Option<String>,
    pub(crate) key: String,
    pub(crate) bill_id: Option<i64>,
    pub(crate) method: String,
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
    pub(crate) card: Option<i64>,
    pub(crate) business_date: i64,
    pub(crate) bill: Option<Bill>,
    /// Who claims the bill: nobody, or a payment, or (withdrawn) no payment.
    pub(crate) claim: Option<Option<i64>>,
    /// Its card is in the vault.
    pub(crate) card_is_kept: bool,
}

#[derive(Debug)]
pub(crate) struct Bill {
    pub(crate) id: i64,
    pub(crate) owner: i64,
    pub(crate) owner_subscribes: bool,
    pub(crate) department: String,
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
}

#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) state: String,
    pub(crate) connector: Option<String>,
    pub(crate) attempt: Option<i64>,
    pub(crate) approval_code: Option<String>,
    pub(crate) at: i64,
}

#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) cause: i64,
    pub(crate) seq: i64,
    pub(crate) kind: String,
    pub(crate) debit: i64,
    pub(crate) credit: i64,
    pub(crate) amount_minor: i64,
    pub(crate) currency: String,
    pub(crate) business_date: i64,
}

impl Transfer {
    pub(crate) fn moves_money(&self) -> bool {
        self.kind == "POST" || self.kind == "BOOK"
    }

    /// `transfer 123/2`.
    pub(crate) fn name(&self) -> String {
        format!("transfer {}/{}", self.cause, self.seq)
    }
}

#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) id: i64,
    pub(crate) number: i64,
    pub(crate) connector: String,
    pub(crate) sent_at: i64,
    pub(crate) debit: i64,
    pub(crate) credit: i64,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) node: i64,
}

/// All rows under one number.
#[derive(Debug, Default)]
pub(crate) struct Case {
    pub(crate) id: i64,
    pub(crate) payment: Option<Payment>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) unwound_at: Option<i64>,
    pub(crate) open: Option<Attempt>,
    pub(crate) transfers: Vec<Transfer>,
}

impl Case {
    /// How it ended: the word of the outcome, or `REVERSED` when it was taken back.
    pub(crate) fn end(&self) -> Option<&str> {
        let state = self.outcome.as_ref().map(|outcome| outcome.state.as_str());
        if self.unwound_at.is_some() { Some("REVERSED") } else { state }
    }

    pub(crate) fn is_paid(&self) -> bool {
        self.end() == Some("PAID")
    }

    /// An ended attempt that is open again, only to take a late approval back.
    pub(crate) fn takes_late_approval_back(&self) -> bool {
        let late = self.open.as_ref().and_then(|open| open.reason.as_deref()) == Some("late_approval");
        late && matches!(self.end(), Some("DECLINED" | "REVERSED" | "FAILED"))
    }
}

/// The pages.
pub(crate) struct Cases {
    open: HashMap<i64, Attempt>,
    after: Option<i64>,
}

impl Cases {
    pub(crate) async fn start(source: &mut Source) -> Result<Self, AuditError> {
        let open = source.all(OPEN, &[], |row| Ok((row.int(0)?, read_attempt(row)?))).await?;
        Ok(Self { open: open.into_iter().collect(), after: Some(i64::MIN) })
    }

    /// The next page, in the order of the numbers; `None` after the last.
    pub(crate) async fn next_page(&mut self, source: &mut Source) -> Result<Option<Vec<Case>>, AuditError> {
        let Some(after) = self.after else { return Ok(None) };
        let mut page: BTreeMap<i64, Case> = BTreeMap::new();
        let payments = source.all(PAYMENTS, &[after, PAGE], read_payment).await?;
        let is_last = (payments.len() as i64) < PAGE;
        let last = payments.last().map_or(i64::MAX, |payment| payment.id);
        let to = if is_last { i64::MAX } else { last };
        for payment in payments {
            let id = payment.id;
            case(&mut page, id).payment = Some(payment);
        }
        let range = [after, to];
        source
            .each(OUTCOMES, &range, |row| {
                case(&mut page, row.int(0)?).outcome = Some(read_outcome(row)?);
                Ok(())
            })
            .await?;
        source
            .each(UNWINDS, &range, |row| {
                case(&mut page, row.int(0)?).unwound_at = Some(row.int(1)?);
                Ok(())
            })
            .await?;
        source
            .each(TRANSFERS, &range, |row| {
                let transfer = read_transfer(row)?;
                case(&mut page, transfer.cause).transfers.push(transfer);
                Ok(())
            })
            .await?;
        let numbers: Vec<i64> = self.open.keys().copied().filter(|id| *id > after && *id <= to).collect();
        for id in numbers {
            case(&mut page, id).open = self.open.remove(&id);
        }
        self.after = (!is_last).then_some(to);
        Ok(Some(page.into_values().collect()))
    }
}

fn case(page: &mut BTreeMap<i64, Case>, id: i64) -> &mut Case {
    page.entry(id).or_insert_with(|| Case { id, ..Case::default() })
}

fn read_payment(row: &Row<'_>) -> Result<Payment, AuditError> {
    let bill = match row.maybe_int(9)? {
        None => None,
        Some(id) => Some(Bill {
            id,
            owner: row.int(10)?,
            owner_subscribes: row.int(18)? == 1,
            department: row.text(11)?,
            amount_minor: row.int(12)?,
            currency: row.text(13)?,
        }),
    };
    let claim = row.maybe_int(14)?.map(|_| row.maybe_int(15)).transpose()?;
    Ok(Payment {
        id: row.int(0)?,
        client: row.int(1)?,
        client_name: row.maybe_text(17)?,
        key: row.text(2)?,
        bill_id: row.maybe_int(3)?,
        method: row.text(4)?,
        amount_minor: row.int(5)?,
        currency: row.text(6)?,
        card: row.maybe_int(7)?,
        business_date: row.int(8)?,
        bill,
        claim,
        card_is_kept: row.maybe_int(16)?.is_some(),
    })
}

fn read_outcome(row: &Row<'_>) -> Result<Outcome, AuditError> {
    Ok(Outcome {
        state: row.text(1)?,
        connector: row.maybe_text(2)?,
        attempt: row.maybe_int(3)?,
        approval_code: row.maybe_text(4)?,
        at: row.int(5)?,
    })
}

fn read_transfer(row: &Row<'_>) -> Result<Transfer, AuditError> {
    Ok(Transfer {
        cause: row.int(0)?,
        seq: row.int(1)?,
        kind: row.text(2)?,
        debit: row.int(3)?,
        credit: row.int(4)?,
        amount_minor: row.int(5)?,
        currency: row.text(6)?,
        business_date: row.int(7)?,
    })
}

fn read_attempt(row: &Row<'_>) -> Result<Attempt, AuditError> {
    Ok(Attempt {
        id: row.int(1)?,
        number: row.int(2)?,
        connector: row.text(3)?,
        sent_at: row.int(4)?,
        debit: row.int(5)?,
        credit: row.int(6)?,
        state: row.text(7)?,
        reason: row.maybe_text(8)?,
        node: row.int(9)?,
    })
}
