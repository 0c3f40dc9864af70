//! The cash desk: a receipt for a float, repeated without a second effect, taken
//! back at most once and only on the same day.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use switch_core::accounts::Account;
use switch_core::agent::{CashDesk, CashOrder, CashRefusal, CashReversal, CashReversed, Terminal};
use switch_core::bill::Bill;
use switch_core::id::AccountId;
use switch_core::idempotency::IdempotencyKey;
use switch_core::ledger::{Transfer, TransferKind};
use switch_core::money::{Currency, Money};
use switch_core::payment::PaymentState;
use switch_engine::cash::Desk;
use switch_store::ledger;

use crate::bed::{AGENT, Bed, START, ils, until};

struct Shop {
    bed: Bed,
    desk: Arc<Desk>,
    terminal: Terminal,
    float: AccountId,
}

impl Shop {
    async fn with_float(minor: i64) -> Self {
        let bed = Bed::new().await;
        let terminal = Terminal { id: "TERM0001".into(), agent: AGENT, amount_max_minor: 100_000 };
        let mut tx = bed.db.begin().await.expect("begins");
        assert!(switch_store::agent::add_terminal(&mut tx, &terminal, START).await.expect("added"));
        tx.commit().await.expect("commits");
        let new_id = || bed.engine.new_id();
        let currency = Currency::Ils;
        let float = ledger::account(&bed.db, &Account::Float { agent: AGENT, currency }, new_id).await;
        let bank = Account::Bank { account: "main".into(), currency };
        let (float, bank) =
            (float.expect("made"), ledger::account(&bed.db, &bank, new_id).await.expect("made"));
        let paid_in = Transfer {
            cause: bed.engine.new_id(),
            seq: 1,
            kind: TransferKind::Book,
            debit: bank,
            credit: float,
            amount: ils(minor),
            at: START,
            business_date: bed.engine.clock().business_date(START),
        };
        let mut tx = bed.db.begin().await.expect("begins");
        assert!(ledger::book_floored(&mut tx, &paid_in, float).await.expect("booked"));
        tx.commit().await.expect("commits");
        let desk = Arc::new(Desk::new(Arc::clone(&bed.engine)));
        Self { bed, desk, terminal, float }
    }

    fn order(&self, bill: &Bill) -> CashOrder {
        CashOrder {
            terminal: self.terminal.clone(),
            key: IdempotencyKey::derived(format!("TERM0001-{}", self.bed.engine.new_id())),
            bill: self.bed.engine.public_ids().show("bil", bill.id.0),
            amount: bill.amount,
        }
    }

    fn reversal(&self, order: &CashOrder) -> CashReversal {
        CashReversal { terminal: order.terminal.clone(), original: order.key.clone(), amount: order.amount }
    }

    async fn balance(&self) -> i64 {
        ledger::floored_balance(&self.bed.db, self.float).await.expect("read")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_made_once_and_its_receipt_repeated() {
    let shop = Shop::with_float(20_000).await;
    let desk = &shop.desk;
    let terminal = desk.terminal("TERM0001").await.expect("registered");
    assert_eq!(terminal, shop.terminal);
    assert_eq!(desk.terminal("TERM9999").await, Err(CashRefusal::UnknownTerminal));
    let bill = shop.bed.bill(5_000).await;
    let order = shop.order(&bill);
    let quote = desk.inquire(&terminal, &order.bill.to_ascii_lowercase()).await.expect("payable");
    assert_eq!((quote.bill, quote.amount), (order.bill.clone(), ils(5_000)));

    let receipt = desk.pay(order.clone()).await.expect("paid");
    assert_eq!((receipt.rrn.len(), receipt.approval_code.len()), (12, 6));
    assert_eq!(desk.pay(order.clone()).await, Ok(receipt.clone()));
    shop.bed.world.clock.next_business_day();
    assert_eq!(desk.pay(order.clone()).await, Ok(receipt.clone()), "also tomorrow");
    assert_eq!(shop.balance().await, 15_000);
    assert_eq!(desk.inquire(&terminal, &order.bill).await.err(), Some(CashRefusal::BillPaid));

    let other = CashOrder { amount: ils(4_999), ..order.clone() };
    assert_eq!(desk.pay(other).await, Err(CashRefusal::KeyReused));
    let other = CashOrder { bill: shop.order(&shop.bed.bill(5_000).await).bill, ..order };
    assert_eq!(desk.pay(other).await, Err(CashRefusal::KeyReused));
    assert_eq!(desk.pay(shop.order(&bill)).await, Err(CashRefusal::BillPaid));
    until("the ministry is told", async || shop.bed.world.subscriber.told().len() == 1).await;
    assert_eq!(shop.balance().await, 15_000);
    shop.bed.close().await;
}

/// Found by the simulation: a copy of a request stood still on its way, its repeat was
/// refused because the bill was in payment, the terminal gave the cash back; then the
/// bill was free again, the copy came, and the float was charged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_stays_when_its_reason_is_gone() {
    let shop = Shop::with_float(20_000).await;
    let bill = shop.bed.bill(6_200).await;
    let held = CashOrder { amount: ils(6_199), ..shop.order(&bill) };
    assert_eq!(shop.desk.pay(held.clone()).await, Err(CashRefusal::AmountDiffers));
    let paid = shop.order(&bill);
    assert!(shop.desk.pay(paid.clone()).await.is_ok());
    let late = shop.order(&bill);
    assert_eq!(shop.desk.pay(late.clone()).await, Err(CashRefusal::BillPaid));
    assert!(shop.desk.reverse(shop.reversal(&paid)).await.is_ok());
    for (order, why) in [(&late, CashRefusal::BillPaid), (&held, CashRefusal::AmountDiffers)] {
        assert_eq!(shop.desk.pay(order.clone()).await, Err(why), "its key was refused before");
    }
    assert_eq!(shop.balance().await, 20_000);
    assert!(shop.desk.pay(shop.order(&bill)).await.is_ok(), "the bill is free for another key");
    shop.bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_takes_nothing() {
    let shop = Shop::with_float(20_000).await;
    let desk = &shop.desk;
    let bill = shop.bed.bill(6_000).await;
    let order = shop.order(&bill);
    shop.bed.book.is_lost.store(true, Ordering::SeqCst);
    assert_eq!(desk.pay(order.clone()).await, Err(CashRefusal::Unavailable), "nobody could prove it");
    shop.bed.book.is_lost.store(false, Ordering::SeqCst);
    for (refused, why) in [
        (CashOrder { bill: "bil_0000000000000".into(), ..order.clone() }, CashRefusal::UnknownBill),
        (CashOrder { amount: ils(5_999), ..shop.order(&bill) }, CashRefusal::AmountDiffers),
        (
            CashOrder { amount: Money::new(6_000, Currency::Jod), ..shop.order(&bill) },
            CashRefusal::AmountDiffers,
        ),
        (shop.order(&shop.bed.bill(100_001).await), CashRefusal::AmountAboveLimit),
        (shop.order(&shop.bed.bill(20_001).await), CashRefusal::FloatShort),
    ] {
        assert_eq!(desk.pay(refused.clone()).await, Err(why));
        assert_eq!(desk.pay(refused).await, Err(why), "and again");
    }
    assert_eq!(shop.balance().await, 20_000);
    assert!(desk.pay(order).await.is_ok(), "the bill stayed free");

    // Held by a card payment that is not known yet.
    shop.bed.network().script(ils(6_100), crate::network::Script::Held);
    let held = shop.bed.bill(6_100).await;
    let asked = shop.bed.order(&held).await;
    let engine = Arc::clone(&shop.bed.engine);
    let at_work = tokio::spawn(async move { engine.pay(asked).await });
    until("it is at the network", async || shop.bed.network().requests().len() == 1).await;
    assert_eq!(desk.pay(shop.order(&held)).await, Err(CashRefusal::BillInPayment));
    shop.bed.network().let_go(1);
    at_work.await.expect("ends").expect("an answer");
    shop.bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_taken_back_once() {
    let shop = Shop::with_float(20_000).await;
    let desk = &shop.desk;
    let bill = shop.bed.bill(7_000).await;
    let order = shop.order(&bill);
    let receipt = desk.pay(order.clone()).await.expect("paid");
    assert_eq!(shop.balance().await, 13_000);
    let wrong = CashReversal { amount: ils(1), ..shop.reversal(&order) };
    assert_eq!(desk.reverse(wrong).await, Err(CashRefusal::AmountDiffers));

    let back = shop.reversal(&order);
    let all: Vec<_> = (0..8)
        .map(|_| {
            let (desk, back) = (Arc::clone(&shop.desk), back.clone());
            tokio::spawn(async move { desk.reverse(back).await })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.expect("ends"), Ok(CashReversed::Reversed));
    }
    assert_eq!(desk.reverse(back).await, Ok(CashReversed::Reversed));
    assert_eq!(shop.balance().await, 20_000);
    assert_eq!(shop.bed.state(receipt.payment).await, PaymentState::Reversed);
    assert_eq!(desk.pay(order).await, Err(CashRefusal::AlreadyReversed));
    // Its bill can be paid again, and both ends were told, once each.
    assert!(desk.pay(shop.order(&bill)).await.is_ok());
    until("all is told", async || shop.bed.count("outbox").await == 0).await;
    let told: Vec<_> = shop.bed.world.subscriber.told().iter().map(|(_, _, state)| *state).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(shop.balance().await, 13_000);
    shop.bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tomorrow_is_too_late() {
    let shop = Shop::with_float(20_000).await;
    let order = shop.order(&shop.bed.bill(7_100).await);
    shop.desk.pay(order.clone()).await.expect("paid");
    shop.bed.world.clock.next_business_day();
    assert_eq!(shop.desk.reverse(shop.reversal(&order)).await, Err(CashRefusal::TooLateToReverse));
    assert_eq!(shop.balance().await, 12_900);
    // What took nothing, or is gone already, may be reversed on any day.
    let short = shop.order(&shop.bed.bill(50_000).await);
    assert_eq!(shop.desk.pay(short.clone()).await, Err(CashRefusal::FloatShort));
    assert_eq!(shop.desk.reverse(shop.reversal(&short)).await, Ok(CashReversed::Reversed));
    assert_eq!(shop.balance().await, 12_900);
    shop.bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reversal_before_its_payment_leaves_a_tombstone() {
    let shop = Shop::with_float(100_000).await;
    let desk = &shop.desk;
    let order = shop.order(&shop.bed.bill(7_200).await);
    assert_eq!(desk.reverse(shop.reversal(&order)).await, Ok(CashReversed::Tombstone));
    assert_eq!(desk.reverse(shop.reversal(&order)).await, Ok(CashReversed::Tombstone));
    assert_eq!(desk.pay(order).await, Err(CashRefusal::AlreadyReversed));
    assert_eq!(shop.balance().await, 100_000);

    // At the same moment: whoever is first, the float and the terminal agree in the end.
    for minor in 7_300..7_330 {
        let order = shop.order(&shop.bed.bill(minor).await);
        let before = shop.balance().await;
        let (paid, back) = tokio::join!(desk.pay(order.clone()), desk.reverse(shop.reversal(&order)));
        match (&paid, &back) {
            (Ok(_), Ok(CashReversed::Reversed))
            | (Err(CashRefusal::AlreadyReversed), Ok(CashReversed::Tombstone)) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(shop.balance().await, before);
    }
    shop.bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_at_once_spend_the_float_exactly() {
    let shop = Shop::with_float(60 * 1_000 + 999).await;
    let mut tasks = Vec::new();
    for _ in 0..200 {
        let order = shop.order(&shop.bed.bill(1_000).await);
        let desk = Arc::clone(&shop.desk);
        tasks.push(tokio::spawn(async move { desk.pay(order).await }));
    }
    let (mut paid, mut short) = (0, 0);
    for task in tasks {
        match task.await.expect("ends") {
            Ok(_) => paid += 1,
            Err(CashRefusal::FloatShort) => short += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((paid, short), (60, 140));
    assert_eq!(shop.balance().await, 999);
    shop.bed.close().await;
}
