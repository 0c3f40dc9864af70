//! Cash from a float: what fits is paid, what does not is refused, exactly.

use switch_core::connector::Method;
use switch_core::id::{AccountId, PaymentId};
use switch_core::ledger::{Transfer, TransferKind, UNWIND_SEQ};
use switch_core::payment::{Payment, PaymentState, RefusedReason};
use switch_store::cash::{self, CashIntake, CashVerdict};
use switch_store::{Db, ledger, payment, transact};

use crate::bed::{AGENT, Bed, NOW, TODAY, ils};

suite! {
    a_float_that_is_short_refuses_durably_and_frees_the_bill,
    a_float_for_fifty_pays_exactly_fifty_of_two_hundred,
    a_payment_is_taken_back_once,
    a_tombstone_and_its_original_exclude_each_other,
}

/// Pays money into the agent's float.
pub(crate) async fn top_up(bed: &Bed, minor: i64) {
    let transfer = Transfer {
        cause: bed.id(),
        seq: 1,
        kind: TransferKind::Book,
        debit: bed.bank,
        credit: bed.float,
        amount: ils(minor),
        at: NOW,
        business_date: TODAY,
    };
    let booked = transact!(bed.db, tx => ledger::book_floored(tx, &transfer, bed.float).await);
    assert!(booked.expect("booked"));
}

fn booked(p: &Payment, debit: AccountId, credit: AccountId, seq: i32) -> Transfer {
    let kind = TransferKind::Book;
    Transfer { cause: p.id.0, seq, kind, debit, credit, amount: p.amount, at: NOW, business_date: TODAY }
}

/// Pays as the desk does; two nodes may ask at the same time.
pub(crate) async fn pay(db: &Db, bed: &Bed, p: &Payment) -> CashVerdict {
    let transfer = booked(p, bed.float, bed.payable, 1);
    pay_with(db, p, transfer).await
}

async fn pay_with(db: &Db, p: &Payment, transfer: Transfer) -> CashVerdict {
    let bill = p.bill.expect("a cash payment has a bill");
    let intake = CashIntake { payment: p, bill, transfer, approval_code: "ABC123" };
    transact!(*db, tx => cash::pay(tx, &intake).await).expect("a verdict")
}

pub(crate) async fn take_back(db: &Db, bed: &Bed, p: &Payment) -> bool {
    let back = booked(p, bed.payable, bed.float, UNWIND_SEQ);
    transact!(*db, tx => cash::unwind(tx, p.id, p.bill, &back, bed.float).await).expect("a verdict")
}

async fn state(bed: &Bed, id: PaymentId) -> (PaymentState, Option<String>) {
    let view = payment::find(&bed.db, id).await.expect("read").expect("is there");
    (view.state, view.reason)
}

async fn a_float_that_is_short_refuses_durably_and_frees_the_bill(bed: &Bed) {
    top_up(bed, 4_999).await;
    let bill = bed.bill().await;
    let p = bed.payment(&bed.key(), &bill, Method::Cash);
    let verdict = pay(&bed.db, bed, &p).await;
    assert_eq!(verdict, CashVerdict::Refused(RefusedReason::FloatShort));
    assert_eq!(bed.rows().await, "payment 1, outcome 1, transfer 1");
    assert_eq!(state(bed, p.id).await, (PaymentState::Refused, Some("float_short".into())));
    assert_eq!(ledger::floored_balance(&bed.db, bed.float).await.expect("read"), 4_999);
    assert_eq!(pay(&bed.db, bed, &p).await, CashVerdict::KeyUsed);

    top_up(bed, 1).await;
    let again = bed.payment(&bed.key(), &bill, Method::Cash);
    assert_eq!(pay(&bed.db, bed, &again).await, CashVerdict::Paid);
    assert_eq!(ledger::floored_balance(&bed.db, bed.float).await.expect("read"), 0);
    let second = bed.payment(&bed.key(), &bill, Method::Cash);
    let verdict = pay(&bed.db, bed, &second).await;
    assert_eq!(verdict, CashVerdict::Refused(RefusedReason::BillTaken));
}

async fn a_float_for_fifty_pays_exactly_fifty_of_two_hundred(bed: &Bed) {
    top_up(bed, 50 * 5_000 + 4_999).await;
    let payments: Vec<_> =
        bed.bills(200).await.iter().map(|bill| bed.payment(&bed.key(), bill, Method::Cash)).collect();
    let tasks: Vec<_> = payments
        .into_iter()
        .map(|p| {
            let (db, transfer) = (bed.db.clone(), booked(&p, bed.float, bed.payable, 1));
            tokio::spawn(async move { pay_with(&db, &p, transfer).await })
        })
        .collect();
    let (mut paid, mut short) = (0, 0);
    for task in tasks {
        match task.await.expect("the task ends") {
            CashVerdict::Paid => paid += 1,
            CashVerdict::Refused(RefusedReason::FloatShort) => short += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((paid, short), (50, 150));
    assert_eq!(ledger::floored_balance(&bed.db, bed.float).await.expect("read"), 4_999);
    assert_eq!(bed.rows().await, "payment 200, bill_claim 50, outcome 200, transfer 51");
    let sums = "SELECT CAST(SUM(CASE WHEN credit = F THEN amount_minor ELSE -amount_minor END) AS BIGINT)
                FROM transfer WHERE kind IN ('POST', 'BOOK') AND (credit = F OR debit = F)";
    let float = bed.float.0.to_string();
    assert_eq!(bed.raw.number(&sums.replace("= F", &format!("= {float}"))).await, 4_999);
}

async fn a_payment_is_taken_back_once(bed: &Bed) {
    top_up(bed, 10_000).await;
    let bill = bed.bill().await;
    let p = bed.payment(&bed.key(), &bill, Method::Cash);
    assert_eq!(pay(&bed.db, bed, &p).await, CashVerdict::Paid);
    assert_eq!(ledger::floored_balance(&bed.db, bed.float).await.expect("read"), 5_000);
    let (a, b) = tokio::join!(take_back(&bed.db, bed, &p), take_back(&bed.db, bed, &p));
    assert!(a != b, "one of the two took it back: {a} {b}");
    assert!(!take_back(&bed.db, bed, &p).await);
    assert_eq!(ledger::floored_balance(&bed.db, bed.float).await.expect("read"), 10_000);
    assert_eq!(state(bed, p.id).await.0, PaymentState::Reversed);
    assert_eq!(bed.rows().await, "payment 1, outcome 1, transfer 3, unwind 1");

    // Its bill is free, and holding it again is not undone by a late repeat.
    let next = bed.payment(&bed.key(), &bill, Method::Cash);
    assert_eq!(pay(&bed.db, bed, &next).await, CashVerdict::Paid);
    assert!(!take_back(&bed.db, bed, &p).await);
    assert_eq!(state(bed, next.id).await.0, PaymentState::Paid);
    assert_eq!(ledger::floored_balance(&bed.db, bed.float).await.expect("read"), 5_000);
}

async fn tombstone(bed: &Bed, p: &Payment) -> bool {
    let mut tx = bed.db.begin().await.expect("begins");
    let left = cash::tombstone(&mut tx, p).await.expect("a verdict");
    tx.commit().await.expect("commits");
    left
}

async fn a_tombstone_and_its_original_exclude_each_other(bed: &Bed) {
    top_up(bed, 50_000).await;
    // The reversal first: the original is declined when it comes.
    let p = bed.payment(&bed.key(), &bed.bill().await, Method::Cash);
    let stone = Payment { id: PaymentId(bed.id()), bill: None, ..p.clone() };
    assert!(tombstone(bed, &stone).await);
    assert!(!tombstone(bed, &Payment { id: PaymentId(bed.id()), ..stone.clone() }).await);
    assert_eq!(pay(&bed.db, bed, &p).await, CashVerdict::KeyUsed);
    let view = payment::find_by_key(&bed.db, AGENT, &p.key).await.expect("read").expect("is there");
    assert_eq!((view.state, view.reason.as_deref()), (PaymentState::Reversed, Some("tombstone")));
    assert_eq!(bed.rows().await, "payment 1, outcome 1, transfer 1");

    // The original first: no tombstone, and the reversal finds it.
    let p = bed.payment(&bed.key(), &bed.bill().await, Method::Cash);
    assert_eq!(pay(&bed.db, bed, &p).await, CashVerdict::Paid);
    assert!(!tombstone(bed, &Payment { id: PaymentId(bed.id()), bill: None, ..p.clone() }).await);

    // At the same moment: exactly one of them wins.
    for _ in 0..20 {
        let p = bed.payment(&bed.key(), &bed.bill().await, Method::Cash);
        let stone = Payment { id: PaymentId(bed.id()), bill: None, ..p.clone() };
        top_up(bed, 5_000).await;
        let (verdict, left) = tokio::join!(pay(&bed.db, bed, &p), tombstone(bed, &stone));
        assert_eq!(verdict == CashVerdict::Paid, !left, "{verdict:?} {left}");
    }
}
