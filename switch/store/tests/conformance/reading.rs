//! Reading: pages without gaps, facts of many at once, the largest number issued.

use switch_core::attempt::Note;
use switch_core::clock::Timestamp;
use switch_core::id::{BillId, CardId, ClientId, EventId, PaymentId};
use switch_core::payment::PaymentState;
use switch_store::card::SealedCard;
use switch_store::facts::FactReader;
use switch_store::{attempt, bill, card, outbox, payment};

use crate::bed::{AGENT, Bed, MINISTRY, NOW};

suite! {
    pages_have_no_gaps_and_no_repeats_while_new_rows_come,
    facts_of_many_requests_go_to_the_one_who_asked,
    the_largest_number_issued_is_known_whatever_it_names,
}

async fn pages_have_no_gaps_and_no_repeats_while_new_rows_come(bed: &Bed) {
    let journal = bed.journal().await;
    let bills = bed.bills(53).await;
    let mut made = Vec::new();
    for bill in &bills {
        let intake = bed.intake(&bed.key(), bill);
        made.push(intake.payment.id);
        journal.intake(intake).await.expect("taken");
    }
    let (mut seen, mut before): (Vec<PaymentId>, _) = (Vec::new(), None);
    loop {
        let page = payment::list(&bed.db, MINISTRY, before, 10).await.expect("read");
        let Some(last) = page.last() else { break };
        before = Some(last.payment.id);
        assert!(seen.len() < 100, "the pages end");
        seen.extend(page.iter().map(|view| view.payment.id));
        journal.intake(bed.intake(&bed.key(), &bed.bill().await)).await.expect("taken");
    }
    made.reverse();
    assert_eq!(seen, made);
    assert!(payment::list(&bed.db, AGENT, None, 10).await.expect("read").is_empty());

    let (mut seen, mut before): (Vec<BillId>, _) = (Vec::new(), Some(BillId(bills[52].id.0 + 1)));
    loop {
        let page = bill::list_by_payer(&bed.db, MINISTRY, &bills[0].payer, before, 7).await.expect("read");
        let Some(last) = page.last() else { break };
        before = Some(last.bill.id);
        assert!(seen.len() < 100, "the pages end");
        seen.extend(page.iter().map(|view| view.bill.id));
    }
    let newest_first: Vec<_> = bills.iter().rev().map(|bill| bill.id).collect();
    assert_eq!(seen, newest_first);

    let (mut seen, mut after) = (0, PaymentId(0));
    loop {
        let page = attempt::all_open(&bed.db, after, 10).await.expect("read");
        let Some(last) = page.last() else { break };
        assert!(page.is_sorted_by_key(|work| work.attempt.refs.payment));
        assert!(page[0].attempt.refs.payment > after);
        after = last.attempt.refs.payment;
        seen += page.len() as i64;
    }
    assert_eq!(seen, bed.raw.number("SELECT COUNT(*) FROM open_attempt").await);
}

fn sealed(id: CardId, client: ClientId) -> SealedCard {
    let (pan, expiry) = (vec![id.0 as u8; 40], vec![9; 20]);
    SealedCard { id, client, key_id: "k1".into(), pan, expiry, expires_at: Timestamp(5) }
}

async fn facts_of_many_requests_go_to_the_one_who_asked(bed: &Bed) {
    let bills = bed.bills(150).await;
    let cards: Vec<_> = (0..150).map(|_| sealed(CardId(bed.id()), MINISTRY)).collect();
    let mut tx = bed.db.begin().await.expect("begins");
    for card in &cards {
        card::add(&mut tx, card).await.expect("kept");
    }
    tx.commit().await.expect("commits");
    let reader = FactReader::start(&bed.db).expect("the reader starts");
    let tasks: Vec<_> = (0..600)
        .map(|n| {
            let (reader, place, kind) = (reader.clone(), n / 4, n % 4);
            let (bill, card) = (bills[place].id, cards[place].id);
            tokio::spawn(async move {
                let asked = match kind {
                    0 => (bill, None),
                    1 => (bill, Some(card)),
                    2 => (bill, Some(CardId(3))),
                    _ => (BillId(3), Some(card)),
                };
                let facts = reader.find(asked.0, asked.1).await.expect("read");
                (asked, kind, facts)
            })
        })
        .collect();
    for task in tasks {
        let ((bill, card), kind, facts) = task.await.expect("the task ends");
        if kind == 3 {
            assert!(facts.is_none(), "there is no such bill");
            continue;
        }
        let facts = facts.expect("the bill is there");
        assert_eq!(facts.bill.id, bill);
        assert_eq!(facts.bill.description, "جواز سفر");
        let found = facts.card.map(|c| (c.id, c.client, c.pan));
        let expected = card.filter(|_| kind == 1).map(|id| (id, MINISTRY, vec![id.0 as u8; 40]));
        assert_eq!(found, expected);
    }
}

async fn the_largest_number_issued_is_known_whatever_it_names(bed: &Bed) {
    let journal = bed.journal().await;
    let issued = async || payment::issued_max(&bed.db).await.expect("read");
    let bill = bed.bill().await;
    assert_eq!(issued().await, bill.id.0);
    let intake = bed.intake(&bed.key(), &bill);
    let id = intake.payment.id;
    journal.intake(intake).await.expect("taken");
    assert_eq!(issued().await, id.0);

    let mut tx = bed.db.begin().await.expect("begins");
    let card = sealed(CardId(bed.id()), MINISTRY);
    card::add(&mut tx, &card).await.expect("kept");
    tx.commit().await.expect("commits");
    assert_eq!(issued().await, card.id.0);

    let (event, note) = (bed.id(), bed.id());
    let mut tx = bed.db.begin().await.expect("begins");
    let news = outbox::News {
        event: EventId(event),
        client: MINISTRY,
        payment: id,
        state: PaymentState::Paid,
        at: NOW,
    };
    outbox::publish(&mut tx, &news).await.expect("published");
    tx.commit().await.expect("commits");
    assert_eq!(issued().await, event);
    let mut tx = bed.db.begin().await.expect("begins");
    let seen =
        attempt::Evidence { id: note, payment: id, note: Note::LateDecline, code: String::new(), at: NOW };
    attempt::note(&mut tx, &seen).await.expect("noted");
    tx.commit().await.expect("commits");
    assert_eq!(issued().await, note);

    let rerouted = bed.id();
    bed.raw.run(&format!("UPDATE open_attempt SET attempt_id = {rerouted}")).await.expect("moved");
    assert_eq!(issued().await, rerouted);
}
