//! The group commit: keys, claims, endings and how they meet in one group.

use std::sync::atomic::Ordering::Relaxed;

use switch_core::attempt::AttemptState;
use switch_core::bill::Claim;
use switch_core::connector::ReversalReason;
use switch_core::id::CardId;
use switch_core::payment::PaymentState;
use switch_store::Journal;
use switch_store::attempt;
use switch_store::card::SealedCard;
use switch_store::journal::{EndVerdict, Intake, IntakeVerdict};
use switch_store::payment;

use crate::bed::{Bed, MINISTRY, NOW};
use crate::group::{Command, Told, in_one_group, tell};

suite! {
    a_key_names_one_payment_in_one_group_and_in_the_next,
    many_tasks_with_one_key_make_one_payment,
    two_writers_agree_on_a_key,
    a_bill_is_held_once_and_the_refusal_is_durable_under_its_key,
    the_first_in_the_queue_gets_the_bill,
    an_intake_and_its_end_leave_exactly_these_rows,
    a_declined_payment_frees_its_bill,
    an_end_decided_on_an_older_state_writes_nothing,
    an_end_comes_once,
    two_ends_in_one_group_are_one_end,
    a_bill_is_freed_and_wanted_in_one_group,
    the_end_of_an_orphan_only_closes_it,
    the_card_leaves_with_the_end,
    five_hundred_mixed_commands_are_answered_one_by_one,
    the_plain_journal_tells_the_same,
    a_commit_carries_many_commands,
    a_command_that_cannot_be_written_fails_alone,
}

async fn told(journal: &Journal, command: impl Into<Command>) -> Told {
    tell(journal, command.into()).await
}

async fn a_key_names_one_payment_in_one_group_and_in_the_next(bed: &Bed) {
    let journal = bed.journal().await;
    let (key, bill, other) = (bed.key(), bed.bill().await, bed.bill().await);
    let twins = vec![bed.intake(&key, &bill).into(), bed.intake(&key, &other).into()];
    assert_eq!(in_one_group(bed, &journal, twins).await, [Told::Taken, Told::KeyUsed]);
    assert_eq!(told(&journal, bed.intake(&key, &other)).await, Told::KeyUsed);
    // The first of each group held the writer; the second bill was never claimed.
    assert_eq!(bed.rows().await, "payment 2, bill_claim 2, open_attempt 2, transfer 2");
    assert_eq!(payment::claim(&bed.db, other.id).await.expect("read"), None);

    // Another client's key of the same name is another key.
    let mut foreign = bed.intake(&key, &other);
    foreign.payment.client = crate::bed::AGENT;
    assert_eq!(told(&journal, foreign).await, Told::Taken);
}

async fn many_tasks_with_one_key_make_one_payment(bed: &Bed) {
    let journal = bed.journal().await;
    let key = bed.key();
    let bills = bed.bills(64).await;
    let tasks: Vec<_> = bills
        .iter()
        .map(|bill| {
            let (journal, intake) = (journal.clone(), bed.intake(&key, bill));
            tokio::spawn(async move { told(&journal, intake).await })
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        match task.await.expect("the task ends") {
            Told::Taken => taken += 1,
            other => assert_eq!(other, Told::KeyUsed),
        }
    }
    assert_eq!(taken, 1);
    assert_eq!(bed.rows().await, "payment 1, bill_claim 1, open_attempt 1, transfer 1");
}

async fn two_writers_agree_on_a_key(bed: &Bed) {
    // Two nodes on PostgreSQL; on the embedded engine two writers queue for the file.
    let nodes = [bed.open_again().await, bed.open_again().await];
    let journals =
        [Journal::start(&nodes[0]).await.expect("starts"), Journal::start(&nodes[1]).await.expect("starts")];
    for _ in 0..40 {
        let (key, bills) = (bed.key(), bed.bills(2).await);
        let same_key = tokio::join!(
            told(&journals[0], bed.intake(&key, &bills[0])),
            told(&journals[1], bed.intake(&key, &bills[1])),
        );
        assert!(
            matches!(same_key, (Told::Taken, Told::KeyUsed) | (Told::KeyUsed, Told::Taken)),
            "{same_key:?}"
        );
        let bill = bed.bill().await;
        let (a, b) = (bed.key(), bed.key());
        let same_bill = tokio::join!(
            told(&journals[0], bed.intake(&a, &bill)),
            told(&journals[1], bed.intake(&b, &bill))
        );
        assert!(
            matches!(same_bill, (Told::Taken, Told::BillTaken) | (Told::BillTaken, Told::Taken)),
            "{same_bill:?}"
        );
    }
    for db in nodes {
        db.close().await;
    }
}

async fn a_bill_is_held_once_and_the_refusal_is_durable_under_its_key(bed: &Bed) {
    let journal = bed.journal().await;
    let (bill, late_key) = (bed.bill().await, bed.key());
    assert_eq!(told(&journal, bed.intake(&bed.key(), &bill)).await, Told::Taken);
    let refused = bed.intake(&late_key, &bill);
    let id = refused.payment.id;
    assert_eq!(told(&journal, refused).await, Told::BillTaken);
    assert_eq!(bed.rows().await, "payment 2, bill_claim 1, open_attempt 1, outcome 1, transfer 1");

    let view = payment::find_by_key(&bed.db, MINISTRY, &late_key).await.expect("read").expect("is there");
    assert_eq!((view.payment.id, view.state), (id, PaymentState::Refused));
    assert_eq!(view.reason.as_deref(), Some("bill_taken"));
    assert_eq!(view.answer, None);
    assert_eq!(told(&journal, bed.intake(&late_key, &bill)).await, Told::KeyUsed);

    // A withdrawn bill is held by nobody, and cannot be taken either.
    let withdrawn = bed.bill().await;
    let mut tx = bed.db.begin().await.expect("begins");
    assert!(switch_store::bill::withdraw(&mut tx, withdrawn.id, NOW).await.expect("withdrawn"));
    tx.commit().await.expect("commits");
    assert_eq!(told(&journal, bed.intake(&bed.key(), &withdrawn)).await, Told::BillTaken);
}

async fn the_first_in_the_queue_gets_the_bill(bed: &Bed) {
    let journal = bed.journal().await;
    for _ in 0..4 {
        let (bill, a, b) = (bed.bill().await, bed.key(), bed.key());
        let (first, second) = (bed.intake(&a, &bill), bed.intake(&b, &bill));
        let group = vec![first.into(), second.into()];
        assert_eq!(in_one_group(bed, &journal, group).await, [Told::Taken, Told::BillTaken]);
        // The other way round: the later number queues first.
        let bill = bed.bill().await;
        let (first, second) = (bed.intake(&bed.key(), &bill), bed.intake(&bed.key(), &bill));
        let group = vec![second.into(), first.into()];
        assert_eq!(in_one_group(bed, &journal, group).await, [Told::Taken, Told::BillTaken]);
    }
}

async fn an_intake_and_its_end_leave_exactly_these_rows(bed: &Bed) {
    let journal = bed.journal().await;
    let intake = bed.intake(&bed.key(), &bed.bill().await);
    let (id, mut ending) = (intake.payment.id, bed.ending(&intake, PaymentState::Paid));
    ending.event = bed.event();
    assert_eq!(journal.intake(intake).await.expect("taken"), IntakeVerdict::Taken);
    assert_eq!(bed.rows().await, "payment 1, bill_claim 1, open_attempt 1, transfer 1");
    let view = payment::find(&bed.db, id).await.expect("read").expect("is there");
    assert_eq!((view.state, view.connector.as_deref()), (PaymentState::Processing, Some("card")));

    assert_eq!(journal.end(ending).await.expect("ended"), EndVerdict::Ended);
    assert_eq!(bed.rows().await, "payment 1, bill_claim 1, outcome 1, transfer 2, outbox 1");
    let view = payment::find(&bed.db, id).await.expect("read").expect("is there");
    assert_eq!(view.state, PaymentState::Paid);
    assert_eq!(view.approval_code.as_deref(), Some("123456"));
    assert_eq!(view.answer.map(|a| (a.status, a.body)), Some((201, "{\"state\":\"PAID\"}".into())));
    let ledger = "SELECT seq || ' ' || kind || ' ' || amount_minor || ' ' || currency || ' ' ||
                  business_date || ' ' || at FROM transfer ORDER BY seq";
    assert_eq!(
        bed.raw.texts(ledger).await,
        [
            format!("1 PENDING 5000 ILS 20261122 {}", NOW.0),
            format!("2 POST 5000 ILS 20261122 {}", NOW.0 + 1000)
        ]
    );
    let both = "SELECT COUNT(*) FROM transfer a JOIN transfer b ON b.cause = a.cause AND b.seq = a.seq + 1
                WHERE a.debit = b.debit AND a.credit = b.credit";
    assert_eq!(bed.raw.number(both).await, 1, "the posting has the accounts of the promise");
}

async fn a_declined_payment_frees_its_bill(bed: &Bed) {
    let journal = bed.journal().await;
    let bill = bed.bill().await;
    let intake = bed.intake(&bed.key(), &bill);
    let ending = bed.ending(&intake, PaymentState::Declined);
    assert_eq!(told(&journal, intake).await, Told::Taken);
    assert_eq!(told(&journal, ending).await, Told::Ended);
    assert_eq!(bed.rows().await, "payment 1, outcome 1, transfer 2");
    assert_eq!(payment::claim(&bed.db, bill.id).await.expect("read"), None);
    assert_eq!(bed.raw.texts("SELECT kind FROM transfer ORDER BY seq").await, ["PENDING", "VOID"]);
    assert_eq!(told(&journal, bed.intake(&bed.key(), &bill)).await, Told::Taken);
}

async fn an_end_decided_on_an_older_state_writes_nothing(bed: &Bed) {
    let journal = bed.journal().await;
    let intake = bed.intake(&bed.key(), &bed.bill().await);
    let id = intake.payment.id;
    let (stale, mut current) =
        (bed.ending(&intake, PaymentState::Paid), bed.ending(&intake, PaymentState::Reversed));
    assert_eq!(told(&journal, intake).await, Told::Taken);
    let mut tx = bed.db.begin().await.expect("begins");
    let next = AttemptState::InDoubt(ReversalReason::Timeout);
    assert!(attempt::advance(&mut tx, id, 0, &next, NOW).await.expect("advanced"));
    assert!(!attempt::advance(&mut tx, id, 0, &next, NOW).await.expect("the epoch is gone"));
    tx.commit().await.expect("commits");

    let before = bed.rows().await;
    assert_eq!(told(&journal, stale).await, Told::Superseded);
    assert_eq!(bed.rows().await, before);
    current.epoch = 1;
    assert_eq!(told(&journal, current).await, Told::Ended);
    let view = payment::find(&bed.db, id).await.expect("read").expect("is there");
    assert_eq!(view.state, PaymentState::Reversed);
}

async fn an_end_comes_once(bed: &Bed) {
    let journal = bed.journal().await;
    let intake = bed.intake(&bed.key(), &bed.bill().await);
    let ends = [PaymentState::Paid, PaymentState::Paid].map(|state| {
        let mut ending = bed.ending(&intake, state);
        ending.event = bed.event();
        ending
    });
    assert_eq!(told(&journal, intake).await, Told::Taken);
    for (ending, verdict) in ends.into_iter().zip([Told::Ended, Told::Superseded]) {
        assert_eq!(told(&journal, ending).await, verdict);
    }
    assert_eq!(bed.rows().await, "payment 1, bill_claim 1, outcome 1, transfer 2, outbox 1");
}

async fn two_ends_in_one_group_are_one_end(bed: &Bed) {
    let journal = bed.journal().await;
    for (first, second) in [
        (PaymentState::Paid, PaymentState::Paid),
        (PaymentState::Paid, PaymentState::Reversed),
        (PaymentState::Reversed, PaymentState::Paid),
    ] {
        let intake = bed.intake(&bed.key(), &bed.bill().await);
        let id = intake.payment.id;
        let group = [first, second, first].map(|state| {
            let mut ending = bed.ending(&intake, state);
            ending.event = bed.event();
            Command::from(ending)
        });
        assert_eq!(told(&journal, intake).await, Told::Taken);
        let verdicts = in_one_group(bed, &journal, group.into()).await;
        assert_eq!(verdicts, [Told::Ended, Told::Superseded, Told::Superseded]);
        let view = payment::find(&bed.db, id).await.expect("read").expect("is there");
        assert_eq!(view.state, first);
        let moved = format!("SELECT COUNT(*) FROM transfer WHERE cause = {}", id.0);
        assert_eq!(bed.raw.number(&moved).await, 2);
        let told_of = format!("SELECT COUNT(*) FROM outbox WHERE payment_id = {}", id.0);
        assert_eq!(bed.raw.number(&told_of).await, 1);
    }
    assert_eq!(journal.counts().failures.load(Relaxed), 0);
}

async fn a_bill_is_freed_and_wanted_in_one_group(bed: &Bed) {
    let journal = bed.journal().await;
    for freed_first in [true, false] {
        let bill = bed.bill().await;
        let holder = bed.intake(&bed.key(), &bill);
        let freed = Command::from(bed.ending(&holder, PaymentState::Declined));
        let wanted = bed.intake(&bed.key(), &bill);
        let next = wanted.payment.id;
        assert_eq!(told(&journal, holder).await, Told::Taken);
        let mut group = vec![freed, wanted.into()];
        if !freed_first {
            group.reverse();
        }
        let mut verdicts = in_one_group(bed, &journal, group).await;
        if !freed_first {
            verdicts.reverse();
        }
        // Both orders are true on PostgreSQL, where a group is one moment; what is
        // told is what is written.
        let held = payment::claim(&bed.db, bill.id).await.expect("read");
        match verdicts[..] {
            [Told::Ended, Told::Taken] => assert_eq!(held, Some(Claim::Payment(next))),
            [Told::Ended, Told::BillTaken] => assert_eq!(held, None),
            ref other => panic!("{other:?}"),
        }
    }
}

async fn the_end_of_an_orphan_only_closes_it(bed: &Bed) {
    let journal = bed.journal().await;
    let intake = bed.intake(&bed.key(), &bed.bill().await);
    let mut armed = intake.attempt.clone();
    let declined = bed.ending(&intake, PaymentState::Declined);
    let mut taken_back = bed.ending(&intake, PaymentState::Reversed);
    taken_back.event = bed.event();
    assert_eq!(told(&journal, intake).await, Told::Taken);
    assert_eq!(told(&journal, declined).await, Told::Ended);

    armed.state = AttemptState::InDoubt(ReversalReason::LateApproval);
    let mut tx = bed.db.begin().await.expect("begins");
    assert!(attempt::rearm(&mut tx, &armed).await.expect("armed"));
    assert!(!attempt::rearm(&mut tx, &armed).await.expect("armed before"));
    tx.commit().await.expect("commits");
    assert_eq!(bed.rows().await, "payment 1, open_attempt 1, outcome 1, transfer 2");

    assert_eq!(told(&journal, taken_back).await, Told::Ended);
    assert_eq!(bed.rows().await, "payment 1, outcome 1, transfer 2");
    assert_eq!(bed.raw.texts("SELECT state FROM outcome").await, ["DECLINED"]);
}

async fn the_card_leaves_with_the_end(bed: &Bed) {
    let journal = bed.journal().await;
    let cards = [CardId(bed.id()), CardId(bed.id())];
    let mut tx = bed.db.begin().await.expect("begins");
    for id in cards {
        let sealed = SealedCard {
            id,
            client: MINISTRY,
            key_id: "k1".into(),
            pan: vec![1; 32],
            expiry: vec![2; 20],
            expires_at: NOW,
        };
        switch_store::card::add(&mut tx, &sealed).await.expect("kept");
    }
    tx.commit().await.expect("commits");
    let mut intake = bed.intake(&bed.key(), &bed.bill().await);
    intake.payment.card = Some(cards[0]);
    let ending = bed.ending(&intake, PaymentState::Paid);
    assert_eq!(told(&journal, intake).await, Told::Taken);

    // The time of both is over, but the first is needed for a reversal.
    let mut tx = bed.db.begin().await.expect("begins");
    let purged = switch_store::card::purge_expired(&mut tx, NOW.plus_ms(1)).await.expect("purged");
    tx.commit().await.expect("commits");
    assert_eq!(purged, 1);
    assert!(switch_store::card::find(&bed.db, cards[0]).await.expect("read").is_some());
    assert_eq!(told(&journal, ending).await, Told::Ended);
    assert_eq!(bed.rows().await, "payment 1, bill_claim 1, outcome 1, transfer 2");
}

/// A batch of commands with the verdict each must get, in any order.
async fn mixed(bed: &Bed, journal: &Journal, size: usize) -> Vec<(Command, Told)> {
    let bills = bed.bills(size).await;
    let open: Vec<Intake> = bills[..size / 2].iter().map(|bill| bed.intake(&bed.key(), bill)).collect();
    let mut commands = Vec::new();
    for (place, intake) in open.into_iter().enumerate() {
        let state = if place % 2 == 0 { PaymentState::Paid } else { PaymentState::Declined };
        let mut ending = bed.ending(&intake, state);
        ending.event = if place % 3 == 0 { bed.event() } else { None };
        let used = bed.intake(&intake.payment.key, &bills[size / 2 + place]);
        let taken = bed.intake(&bed.key(), &bills[place]);
        assert_eq!(told(journal, intake).await, Told::Taken);
        match place % 5 {
            0 => {
                ending.epoch = 7;
                commands.push((ending.into(), Told::Superseded));
            }
            1 => commands.push((used.into(), Told::KeyUsed)),
            2 => commands.push((taken.into(), Told::BillTaken)),
            _ => commands.push((ending.into(), Told::Ended)),
        }
        let fresh = bed.intake(&bed.key(), &bills[size / 2 + place]);
        commands.push((fresh.into(), Told::Taken));
    }
    commands
}

async fn five_hundred_mixed_commands_are_answered_one_by_one(bed: &Bed) {
    let journal = bed.journal().await;
    let (commands, expected): (Vec<_>, Vec<_>) = mixed(bed, &journal, 500).await.into_iter().unzip();
    assert_eq!(commands.len(), 500);
    let told = in_one_group(bed, &journal, commands).await;
    assert_eq!(told, expected);
    assert_eq!(journal.counts().failures.load(Relaxed), 0);
    // 500 given, of which 250 new, 50 refused; 250 and the holder before them.
    let refused = "SELECT COUNT(*) FROM outcome WHERE state = 'REFUSED'";
    assert_eq!(bed.raw.number(refused).await, 50);
    assert_eq!(bed.raw.number("SELECT COUNT(*) FROM payment").await, 250 + 1 + 250 + 50);
    assert_eq!(bed.raw.number("SELECT COUNT(*) FROM outcome").await, 50 + 100);
    assert_eq!(bed.raw.number("SELECT COUNT(*) FROM open_attempt").await, 250 + 1 + 250 - 100);
}

async fn the_plain_journal_tells_the_same(bed: &Bed) {
    let plain = Journal::start_plain(&bed.db);
    for (command, verdict) in mixed(bed, &plain, 100).await {
        assert_eq!(told(&plain, command).await, verdict);
    }
    assert_eq!(bed.raw.number("SELECT COUNT(*) FROM payment").await, 50 + 50 + 10);
    assert_eq!(bed.raw.number("SELECT COUNT(*) FROM outcome").await, 10 + 20);
    assert_eq!(bed.raw.number("SELECT COUNT(*) FROM open_attempt").await, 50 + 50 - 20);
}

async fn a_commit_carries_many_commands(bed: &Bed) {
    let journal = bed.journal().await;
    let intakes: Vec<_> = bed.bills(600).await.iter().map(|bill| bed.intake(&bed.key(), bill)).collect();
    let tasks: Vec<_> = intakes
        .into_iter()
        .map(|intake| {
            let journal = journal.clone();
            tokio::spawn(async move { told(&journal, intake).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.expect("the task ends"), Told::Taken);
    }
    let counts = journal.counts();
    let (commits, commands) = (counts.commits.load(Relaxed), counts.commands.load(Relaxed));
    assert_eq!(commands, 600);
    assert!(commits * 4 < commands, "{commits} commits for {commands} commands");
}

async fn a_command_that_cannot_be_written_fails_alone(bed: &Bed) {
    let journal = bed.journal().await;
    let bills = bed.bills(4).await;
    let intakes: Vec<_> = bills.iter().map(|bill| bed.intake(&bed.key(), bill)).collect();
    let endings: Vec<_> = intakes.iter().map(|intake| bed.ending(intake, PaymentState::Paid)).collect();
    let mut ids = Vec::new();
    for intake in intakes {
        ids.push(intake.payment.id.0);
        assert_eq!(told(&journal, intake).await, Told::Taken);
    }
    // A row where its posting would go, which nothing of ours writes.
    let in_the_way = format!(
        "INSERT INTO transfer (cause, seq, kind, debit, credit, amount_minor, currency, at, business_date)
         VALUES ({}, 2, 'VOID', 1, 2, 5, 'ILS', 1, 1)",
        ids[1]
    );
    bed.raw.run(&in_the_way).await.expect("written");
    let group = endings.into_iter().map(Command::from).collect();
    let told = in_one_group(bed, &journal, group).await;
    assert_eq!(told, [Told::Ended, Told::Failed, Told::Ended, Told::Ended]);
    let still_open = format!("SELECT COUNT(*) FROM open_attempt WHERE payment_id = {}", ids[1]);
    assert_eq!(bed.raw.number(&still_open).await, 1, "it is in doubt, and nobody else is");
}
