//! What a bill is at a moment: it follows from its claim, then from the time.

use switch_core::bill::{Bill, BillState, Claim};
use switch_core::clock::Timestamp;
use switch_core::id::{BillId, ClientId, PaymentId};
use switch_core::money::{Currency, Money};
use switch_core::person::{Payer, PayerKind};

fn bill(expires_at: Option<Timestamp>) -> Bill {
    Bill {
        id: BillId(1),
        client: ClientId(1),
        department: "MOI".into(),
        service: "PASS-REN".into(),
        reference: "2026-000123".into(),
        payer: Payer::new(PayerKind::NationalId, "800123457").expect("a valid number"),
        amount: Money::new(5000, Currency::Ils),
        description: "تجديد جواز سفر".into(),
        created_at: Timestamp(0),
        expires_at,
    }
}

#[test]
fn a_bill_is_what_its_claim_says_and_without_one_what_the_time_says() {
    const END: i64 = 1_000;
    let payment = Some(Claim::Payment(PaymentId(7)));
    let cancelled = Some(Claim::Cancelled);
    for (claim, paid, expires_at, now, expected) in [
        // no claim
        (None, false, None, END, BillState::Open),
        (None, false, None, i64::MAX, BillState::Open),
        (None, false, Some(END), END - 1, BillState::Open),
        (None, false, Some(END), END, BillState::Expired),
        (None, false, Some(END), END + 1, BillState::Expired),
        (None, true, None, END, BillState::Open),
        // a payment holds it: its time cannot run out under the citizen's hands
        (payment, false, None, END, BillState::InPayment),
        (payment, false, Some(END), END + 1, BillState::InPayment),
        (payment, true, None, END, BillState::Paid),
        (payment, true, Some(END), END + 1, BillState::Paid),
        // withdrawn
        (cancelled, false, None, END, BillState::Cancelled),
        (cancelled, false, Some(END), END + 1, BillState::Cancelled),
        (cancelled, true, None, END, BillState::Cancelled),
    ] {
        let bill = bill(expires_at.map(Timestamp));
        let state = BillState::of(&bill, claim, paid, Timestamp(now));
        assert_eq!(state, expected, "{claim:?} paid={paid} expires={expires_at:?} now={now}");
    }
}

#[test]
fn the_words_of_the_api_are_these() {
    for (state, word) in [
        (BillState::Open, "OPEN"),
        (BillState::InPayment, "IN_PAYMENT"),
        (BillState::Paid, "PAID"),
        (BillState::Cancelled, "CANCELLED"),
        (BillState::Expired, "EXPIRED"),
    ] {
        assert_eq!(state.as_str(), word);
    }
}
