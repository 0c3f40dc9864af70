//! The end of a run: three books side by side, read with SQL of its own. Each
//! finding is a sentence that says which invariant broke and what was lost.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use switch_core::payment::PaymentState;

use crate::terminals::Belief;
use crate::world::{FLOAT_MINOR, World, lock};

/// The first thing that is wrong, while payments may still be open (I1, I3, I4).
pub(crate) fn at_any_moment(world: &World) -> Option<String> {
    let queries = [
        (
            "I1: a promise has another end than its own amount and accounts, or more than one: cause, seq",
            "SELECT e.cause, e.seq FROM transfer e LEFT JOIN transfer p
             ON p.cause = e.cause AND p.seq = e.seq - 1 AND p.kind = 'PENDING' AND p.debit = e.debit
                AND p.credit = e.credit AND p.amount_minor = e.amount_minor AND p.currency = e.currency
             WHERE e.kind IN ('POST', 'VOID') AND p.cause IS NULL",
        ),
        (
            "I1: a float is not what its movements say: account, balance, sum of movements",
            "SELECT f.account_id, f.balance_minor, SUM(CASE WHEN t.credit = f.account_id THEN t.amount_minor
                ELSE -t.amount_minor END) AS moved
             FROM floored_balance f JOIN transfer t ON t.kind IN ('BOOK', 'POST')
                AND (t.debit = f.account_id OR t.credit = f.account_id)
             GROUP BY f.account_id HAVING moved <> f.balance_minor OR f.balance_minor < f.floor_minor",
        ),
        (
            "I1: a payment is PAID and not posted, or posted and not PAID: payment",
            "SELECT o.payment_id FROM outcome o
             LEFT JOIN transfer t ON t.cause = o.payment_id AND t.kind IN ('POST', 'BOOK') AND t.seq < 1000
             WHERE (o.state = 'PAID') <> (t.cause IS NOT NULL)",
        ),
        (
            "Q2: a bill is PAID by more than one payment: bill, payments",
            "SELECT p.bill_id, COUNT(*) FROM outcome o JOIN payment p ON p.id = o.payment_id
             WHERE o.state = 'PAID' AND NOT EXISTS (SELECT 1 FROM unwind u WHERE u.payment_id = p.id)
             GROUP BY p.bill_id HAVING COUNT(*) > 1",
        ),
        (
            "Q4: a payment has neither an end nor open work: payment",
            "SELECT p.id FROM payment p WHERE NOT EXISTS (SELECT 1 FROM outcome o WHERE o.payment_id = p.id)
                AND NOT EXISTS (SELECT 1 FROM open_attempt a WHERE a.payment_id = p.id)",
        ),
        (
            "I1: a promise is open and its payment has ended: cause, seq",
            "SELECT t.cause, t.seq FROM transfer t JOIN outcome o ON o.payment_id = t.cause
             WHERE t.kind = 'PENDING' AND NOT EXISTS
                (SELECT 1 FROM transfer e WHERE e.cause = t.cause AND e.seq = t.seq + 1)",
        ),
    ];
    queries.into_iter().find_map(|(what, sql)| {
        let rows = world.numbers(sql, &[]);
        (!rows.is_empty()).then(|| format!("{what}: {rows:?}"))
    })
}

/// The first thing that is wrong after the storm (Q1 to Q6).
pub(crate) fn at_rest(world: &World) -> Option<String> {
    at_any_moment(world)
        .or_else(|| open_work(world))
        .or_else(|| charges(world))
        .or_else(|| paid(world))
        .or_else(|| clients(world))
        .or_else(|| terminals(world))
        .or_else(|| claims(world))
        .or_else(|| news(world))
}

/// Payments a person is named for, by payment.
fn in_review(world: &World) -> BTreeMap<i64, i64> {
    let sql = "SELECT payment_id, attempt_id FROM open_attempt WHERE state = 'REVIEW'";
    world.numbers(sql, &[]).into_iter().map(|row| (row[0], row[1])).collect()
}

/// Q4: nothing is open but what a person is named for, and for a reason.
fn open_work(world: &World) -> Option<String> {
    let open =
        world.numbers("SELECT payment_id, attempt_id, sends FROM open_attempt WHERE state <> 'REVIEW'", &[]);
    if let Some(row) = open.first() {
        return Some(format!(
            "Q4: payment {} is still open after the storm, {} reversals sent",
            row[0], row[2]
        ));
    }
    in_review(world).into_iter().find_map(|(payment, attempt)| {
        (!needs_a_person(world, attempt)).then(|| {
            format!("Q4: payment {payment} is left to a person, and its counterparty would take it back")
        })
    })
}

/// Q2, Q3, Q6: what the counterparties charged is paid, or named.
fn charges(world: &World) -> Option<String> {
    let review = in_review(world);
    let mut seen = BTreeMap::new();
    for counterparty in &world.counterparties {
        let host = counterparty.host();
        for line in host.charges() {
            if review.contains_key(&line.payment) {
                continue;
            }
            let sql = "SELECT CASE o.state WHEN 'PAID' THEN 1 ELSE 0 END, o.attempt_id, p.amount_minor
                       FROM outcome o JOIN payment p ON p.id = o.payment_id WHERE o.payment_id = ?1";
            let (amount, host) = (line.amount, &host.id);
            let Some(row) = world.numbers(sql, &[line.payment]).into_iter().next() else {
                return Some(format!(
                    "Q3: {host} charged {amount} for payment {}, which is not in the database",
                    line.payment
                ));
            };
            if let Some(before) = seen.insert(line.payment, line.stan) {
                return Some(format!(
                    "Q2: payment {} is charged twice, {amount} too much: stan {before} and stan {} at {host}",
                    line.payment, line.stan
                ));
            }
            if row[0] == 0 || row[1] != line.attempt {
                return Some(format!(
                    "Q3: {host} charged {amount} for payment {} (attempt {} stan {}), which ended without it: \
                     nobody gives it back",
                    line.payment, line.attempt, line.stan
                ));
            }
            if row[2] != amount.minor() {
                return Some(format!(
                    "Q6: payment {} is booked with {} minor units, {host} charged {amount}",
                    line.payment, row[2]
                ));
            }
        }
    }
    None
}

/// Q1: what is paid by card is charged at the counterparty.
fn paid(world: &World) -> Option<String> {
    let sql = "SELECT o.payment_id, o.attempt_id, p.amount_minor FROM outcome o
               JOIN payment p ON p.id = o.payment_id WHERE o.state = 'PAID' AND p.method = 'card'";
    world.numbers(sql, &[]).into_iter().find_map(|row| {
        let charged =
            world.counterparties.iter().any(|c| c.host().charges().any(|line| line.attempt == row[1]));
        (!charged).then(|| {
            format!("Q1: payment {} is PAID without money: nobody was charged {} minor units", row[0], row[2])
        })
    })
}

/// Q1: what clients were told is so.
fn clients(world: &World) -> Option<String> {
    lock(&world.told).iter().find_map(|(key, told)| {
        let state = told.ended?;
        let sql = "SELECT o.state FROM outcome o JOIN payment p ON p.id = o.payment_id
                   WHERE o.payment_id = ?1 AND p.bill_id = ?2";
        let durable = world.words(sql, &[told.payment, told.bill]);
        (durable != [state.as_str()]).then(|| {
            format!(
                "Q1: the client of {key} was told that bill {} is {} by payment {}, which the database denies",
                told.bill,
                state.as_str(),
                told.payment
            )
        })
    })
}

/// Q6: what terminals believe is so, and the float agrees.
fn terminals(world: &World) -> Option<String> {
    let beliefs = lock(&world.beliefs);
    let sold = world.words(
        "SELECT p.key FROM payment p JOIN outcome o ON o.payment_id = p.id AND o.state = 'PAID'
         WHERE p.client_id = 2 AND NOT EXISTS (SELECT 1 FROM unwind u WHERE u.payment_id = p.id)",
        &[],
    );
    for (key, belief) in beliefs.iter() {
        let paid = sold.contains(key);
        match (belief, paid) {
            (Belief::Paid, false) => {
                return Some(format!("Q1: the terminal printed a receipt for {key}, and it is not paid"));
            }
            (Belief::NotPaid, true) => {
                return Some(format!(
                    "Q2: the terminal gave the cash of {key} back, and the float is charged"
                ));
            }
            (Belief::Paid | Belief::NotPaid | Belief::Open, _) => {}
        }
    }
    let sql = "SELECT f.balance_minor, (SELECT COALESCE(SUM(p.amount_minor), 0) FROM payment p
                   JOIN outcome o ON o.payment_id = p.id AND o.state = 'PAID' WHERE p.method = 'cash'
                   AND NOT EXISTS (SELECT 1 FROM unwind u WHERE u.payment_id = p.id))
               FROM floored_balance f WHERE f.account_id = 11";
    let row = &world.numbers(sql, &[])[0];
    (row[0] + row[1] != FLOAT_MINOR).then(|| {
        format!("Q6: the float holds {} minor units after {} were sold from {FLOAT_MINOR}", row[0], row[1])
    })
}

/// A bill is held by the payment that paid it, or by open work, or by nobody.
fn claims(world: &World) -> Option<String> {
    let held = world.numbers(
        "SELECT c.bill_id, c.payment_id FROM bill_claim c
         LEFT JOIN outcome o ON o.payment_id = c.payment_id AND o.state = 'PAID'
            AND NOT EXISTS (SELECT 1 FROM unwind u WHERE u.payment_id = c.payment_id)
         LEFT JOIN open_attempt a ON a.payment_id = c.payment_id
         WHERE o.payment_id IS NULL AND a.payment_id IS NULL",
        &[],
    );
    if let Some(row) = held.first() {
        return Some(format!(
            "Q4: bill {} is held by payment {}, which has ended without paying",
            row[0], row[1]
        ));
    }
    let free = world.numbers(
        "SELECT p.bill_id, p.id FROM outcome o JOIN payment p ON p.id = o.payment_id
         LEFT JOIN bill_claim c ON c.bill_id = p.bill_id AND c.payment_id = p.id
         WHERE o.state = 'PAID' AND c.bill_id IS NULL
           AND NOT EXISTS (SELECT 1 FROM unwind u WHERE u.payment_id = p.id)",
        &[],
    );
    free.first()
        .map(|row| format!("Q2: bill {} is paid by payment {} and free to be paid again", row[0], row[1]))
}

/// Q5: the subscriber heard of every end, and there is nothing left to tell.
fn news(world: &World) -> Option<String> {
    let left = world.numbers("SELECT COUNT(*) FROM outbox", &[])[0][0];
    if left != 0 {
        return Some(format!("Q5: {left} events were not delivered after the storm"));
    }
    let heard = lock(&world.news);
    let ends = [
        (PaymentState::Paid, "SELECT payment_id FROM outcome WHERE state = 'PAID'"),
        (PaymentState::Declined, "SELECT payment_id FROM outcome WHERE state = 'DECLINED'"),
        (PaymentState::Failed, "SELECT payment_id FROM outcome WHERE state = 'FAILED'"),
        (
            PaymentState::Reversed,
            "SELECT payment_id FROM outcome WHERE state = 'REVERSED' AND COALESCE(reason, '') <> 'tombstone'
             UNION SELECT payment_id FROM unwind",
        ),
    ];
    for (state, sql) in ends {
        for row in world.numbers(sql, &[]) {
            if !heard.contains_key(&(row[0], state.as_str())) {
                return Some(format!(
                    "Q5: the ministry never heard that payment {} is {}",
                    row[0],
                    state.as_str()
                ));
            }
        }
    }
    None
}

/// Whether nothing is under way any more but what a person is named for.
pub(crate) fn is_at_rest(world: &World) -> bool {
    if world.insisting.load(Relaxed) > 0 {
        return false;
    }
    let sql = "SELECT (SELECT COUNT(*) FROM open_attempt WHERE state <> 'REVIEW')
                    + (SELECT COUNT(*) FROM outbox)";
    if world.numbers(sql, &[])[0][0] > 0 {
        return false;
    }
    // A person is named, and tries go on: what can be taken back will be.
    in_review(world).into_iter().all(|(_, attempt)| needs_a_person(world, attempt))
}

/// Whether no repeat of a reversal can ever end an attempt.
fn needs_a_person(world: &World, attempt: i64) -> bool {
    world.counterparties.iter().any(|counterparty| {
        let host = counterparty.host();
        host.refuses(attempt) || host.denies(attempt) || host.forgetful && !host.knows(attempt)
    })
}
