//! Everything a store holds, one line a row: of the model, and of the store by SQL of
//! the suite's own.

use switch_core::bill::Claim;
use switch_core::id::AccountId;

use super::world::{World, note_word};
use crate::bed::{Bed, Raw};

/// One query a table; `-` is NULL, `CLOCK` the engine's own clock.
const ROWS: &[&str] = &[
    "SELECT 'payment ' || id || ' ' || client_id || ' ' || key || ' ' || COALESCE(CAST(bill_id AS TEXT), '-')
         || ' ' || method || ' ' || channel || ' ' || amount_minor || ' ' || currency || ' '
         || COALESCE(CAST(card_id AS TEXT), '-') || ' ' || created_at || ' ' || business_date
     FROM payment ORDER BY id",
    "SELECT 'claim ' || bill_id || ' ' || COALESCE(CAST(payment_id AS TEXT), '-') || ' ' || at
     FROM bill_claim ORDER BY bill_id",
    "SELECT 'open ' || payment_id || ' ' || attempt_id || ' ' || attempt_no || ' ' || connector || ' ' || stan
         || ' ' || sent_at || ' ' || debit || ' ' || credit || ' ' || state || ' ' || COALESCE(reason, '-')
         || ' ' || sends || ' ' || epoch || ' ' || node || ' ' || due_at
     FROM open_attempt ORDER BY payment_id",
    "SELECT 'outcome ' || payment_id || ' ' || state || ' ' || COALESCE(reason, '-') || ' '
         || COALESCE(connector, '-') || ' ' || COALESCE(CAST(attempt_id AS TEXT), '-') || ' '
         || COALESCE(CAST(stan AS TEXT), '-') || ' ' || COALESCE(approval_code, '-') || ' '
         || COALESCE(response_code, '-') || ' ' || COALESCE(CAST(answer_status AS TEXT), '-') || ' '
         || COALESCE(answer_body, '-') || ' ' || at
     FROM outcome ORDER BY payment_id",
    "SELECT 'answer ' || payment_id || ' ' || status || ' ' || body || ' ' || at
     FROM answer ORDER BY payment_id",
    "SELECT 'transfer ' || cause || ' ' || seq || ' ' || kind || ' ' || debit || ' ' || credit || ' '
         || amount_minor || ' ' || currency || ' ' || at || ' ' || business_date
     FROM transfer ORDER BY cause, seq",
    "SELECT 'unwind ' || payment_id || ' ' || reason || ' ' || at FROM unwind ORDER BY payment_id",
    "SELECT 'evidence ' || id || ' ' || payment_id || ' ' || kind || ' ' || code || ' ' || at
     FROM evidence ORDER BY id",
    "SELECT 'outbox ' || id || ' ' || client_id || ' ' || payment_id || ' ' || state || ' ' || at || ' '
         || due_at || ' ' || CASE WHEN lease_until > CLOCK THEN 'leased' ELSE 'free' END || ' '
         || epoch || ' ' || tries
     FROM outbox ORDER BY id",
    "SELECT 'card ' || id || ' ' || client_id || ' ' || key_id || ' ' || expires_at FROM card ORDER BY id",
    "SELECT 'float ' || account_id || ' ' || balance_minor FROM floored_balance ORDER BY account_id",
];

fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// The rows of a store.
pub(super) async fn of_store(bed: &Bed) -> Vec<String> {
    let mut lines = Vec::new();
    let clock = match bed.raw {
        Raw::Sqlite(_) | Raw::Memory(_) => "CAST(unixepoch('subsec') * 1000 AS BIGINT)",
        Raw::Postgres(_) => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
    };
    for rows in ROWS {
        lines.extend(bed.raw.texts(&rows.replace("CLOCK", clock)).await);
    }
    lines
}

/// The rows that the model says there are.
pub(super) fn of_model(w: &World, float: AccountId) -> Vec<String> {
    let mut lines = Vec::new();
    for p in w.payments.values() {
        let (bill, card) = (or_dash(p.bill.map(|b| b.0)), or_dash(p.card.map(|c| c.0)));
        let (method, channel) = (p.method.as_str(), p.channel.as_str());
        let (minor, currency) = (p.amount.minor(), p.amount.currency().alpha());
        lines.push(format!(
            "payment {} {} {} {bill} {method} {channel} {minor} {currency} {card} {} {}",
            p.id.0,
            p.client.0,
            p.key.as_str(),
            p.created_at.0,
            p.business_date.0
        ));
    }
    for (bill, (claim, at)) in &w.claims {
        let holder = match claim {
            Claim::Payment(id) => Some(id.0),
            Claim::Cancelled => None,
        };
        lines.push(format!("claim {} {} {}", bill.0, or_dash(holder), at.0));
    }
    for o in w.open.values() {
        let (state, reason, sends) = super::state_words(&o.state);
        lines.push(format!(
            "open {} {} {} {} {} {} {} {} {state} {reason} {sends} {} {} {}",
            o.refs.payment.0,
            o.refs.attempt.0,
            o.attempt_no,
            o.connector,
            o.refs.stan,
            o.refs.sent_at.0,
            o.debit.0,
            o.credit.0,
            o.epoch,
            o.node,
            o.due_at.0
        ));
    }
    for (id, o) in &w.outcomes {
        let (status, body) = o.answer.clone().map(|a| (a.status, a.body)).unzip();
        lines.push(format!(
            "outcome {} {} {} {} {} {} {} {} {} {} {}",
            id.0,
            o.state.as_str(),
            or_dash(o.reason.as_deref()),
            or_dash(o.connector.as_deref()),
            or_dash(o.attempt.map(|a| a.0)),
            or_dash(o.stan),
            or_dash(o.approval_code.as_deref()),
            or_dash(o.response_code.as_deref()),
            or_dash(status),
            or_dash(body),
            o.at.0
        ));
    }
    for (id, (answer, at)) in &w.answers {
        lines.push(format!("answer {} {} {} {}", id.0, answer.status, answer.body, at.0));
    }
    for t in w.transfers.values() {
        lines.push(format!(
            "transfer {} {} {} {} {} {} {} {} {}",
            t.cause,
            t.seq,
            t.kind.as_str(),
            t.debit.0,
            t.credit.0,
            t.amount.minor(),
            t.amount.currency().alpha(),
            t.at.0,
            t.business_date.0
        ));
    }
    for (id, at) in &w.unwinds {
        lines.push(format!("unwind {} terminal_reversal {}", id.0, at.0));
    }
    for e in w.evidence.values() {
        lines.push(format!("evidence {} {} {} {} {}", e.id, e.payment.0, note_word(e.note), e.code, e.at.0));
    }
    for o in w.outbox.values() {
        let (n, lease) = (&o.news, if o.leased { "leased" } else { "free" });
        lines.push(format!(
            "outbox {} {} {} {} {} {} {lease} {} {}",
            n.event.0,
            n.client.0,
            n.payment.0,
            n.state.as_str(),
            n.at.0,
            o.due_at.0,
            o.epoch,
            o.tries
        ));
    }
    for c in w.cards.values() {
        lines.push(format!("card {} {} {} {}", c.id.0, c.client.0, c.key_id, c.expires_at.0));
    }
    lines.push(format!("float {} {}", float.0, w.floats.get(&float).copied().unwrap_or(0)));
    lines
}

/// What one side has and the other has not; empty when they are equal.
pub(super) fn difference(store: &[String], model: &[String]) -> String {
    let only = |a: &[String], b: &[String], whose: &str| -> String {
        a.iter().filter(|line| !b.contains(line)).map(|line| format!("\n  {whose}: {line}")).collect()
    };
    if store == model { String::new() } else { only(store, model, "store") + &only(model, store, "model") }
}
