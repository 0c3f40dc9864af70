//! How a payment is told over HTTP. The engine stores these words with the outcome, so a repeat gets
//! them byte for byte; a new field is therefore seen on new payments only.

use std::fmt::Write;

use switch_core::clock::{BusinessDate, Timestamp};
use switch_core::id::PublicIds;
use switch_core::idempotency::Answer;
use switch_core::payment::PaymentState;
use switch_engine::{AnswerFacts, AnswerWriter};

/// Writes the answers of the API.
pub(crate) struct Answers {
    /// The permutation of public numbers.
    pub(crate) public_ids: PublicIds,
}

impl AnswerWriter for Answers {
    fn answer(&self, facts: &AnswerFacts<'_>) -> Answer {
        let status = if facts.state.is_final() { 201 } else { 202 };
        Answer { status, body: payment(&self.public_ids, facts) }
    }
}

/// The word of a state in the API. That a counterparty is being asked is pending to everyone else.
pub(crate) fn status_word(state: PaymentState) -> &'static str {
    match state {
        PaymentState::Processing => PaymentState::Pending.as_str(),
        PaymentState::Pending
        | PaymentState::ManualReview
        | PaymentState::Paid
        | PaymentState::Declined
        | PaymentState::Reversed
        | PaymentState::Failed
        | PaymentState::Refused => state.as_str(),
    }
}

/// A payment as compact JSON, by hand: this is in the path of every payment.
pub(crate) fn payment(ids: &PublicIds, facts: &AnswerFacts<'_>) -> String {
    let payment = facts.payment;
    let mut out = String::with_capacity(384);
    field(&mut out, '{', "id", &ids.show("pay", payment.id.0));
    field(&mut out, ',', "status", status_word(facts.state));
    if let Some(bill) = payment.bill {
        field(&mut out, ',', "bill", &ids.show("bil", bill.0));
    }
    field(&mut out, ',', "method", payment.method.as_str());
    out.push_str(",\"amount\":");
    field(&mut out, '{', "amount", &payment.amount.decimal());
    field(&mut out, ',', "currency", payment.amount.currency().alpha());
    out.push('}');
    moment(&mut out, "created_at", payment.created_at);
    date(&mut out, "business_date", payment.business_date);
    if let Some(at) = facts.ended_at {
        moment(&mut out, "ended_at", at);
    }
    if let Some(code) = facts.approval_code.filter(|code| !code.is_empty()) {
        // It came over a wire: whatever is in it stays inside the quotes.
        field(&mut out, ',', "approval_code", &escaped(code));
    }
    if let Some(reason) = facts.reason {
        field(&mut out, ',', "reason", &escaped(reason));
    }
    out.push('}');
    out
}

fn field(out: &mut String, before: char, name: &str, value: &str) {
    out.push(before);
    out.push('"');
    out.push_str(name);
    out.push_str("\":\"");
    out.push_str(value);
    out.push('"');
}

/// Writing to a string does not fail.
fn moment(out: &mut String, name: &str, at: Timestamp) {
    let _ = write!(out, ",\"{name}\":\"{at}\"");
}

fn date(out: &mut String, name: &str, date: BusinessDate) {
    let _ = write!(out, ",\"{name}\":\"{date}\"");
}

fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use switch_core::connector::Method;
    use switch_core::id::{BillId, ClientId, PaymentId};
    use switch_core::idempotency::{Fingerprint, IdempotencyKey};
    use switch_core::money::{Currency, Money};
    use switch_core::payment::{Channel, Payment};

    use super::*;

    #[test]
    fn an_answer_is_the_document_the_description_promises() {
        let payment = Payment {
            id: PaymentId(1),
            client: ClientId(2),
            key: IdempotencyKey::derived("k".into()),
            fingerprint: Fingerprint::of(&["x"]),
            bill: Some(BillId(3)),
            method: Method::Card,
            amount: Money::new(12_500, Currency::Jod),
            channel: Channel::Api,
            card: None,
            created_at: Timestamp(1_795_343_465_250),
            business_date: BusinessDate(20_261_122),
        };
        let ids = PublicIds::new([7; 16]);
        let facts = AnswerFacts {
            payment: &payment,
            state: PaymentState::Paid,
            reason: Some("a \"quoted\" \\ reason\n"),
            approval_code: Some("12\"456"),
            ended_at: Some(Timestamp(1_795_343_465_999)),
        };
        let answer = Answers { public_ids: ids.clone() }.answer(&facts);
        assert_eq!(answer.status, 201);
        let read: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        let expected = serde_json::json!({
            "id": ids.show("pay", 1), "status": "PAID", "bill": ids.show("bil", 3), "method": "card",
            "amount": { "amount": "12.500", "currency": "JOD" },
            "created_at": "2026-11-22T10:31:05.250Z", "business_date": "2026-11-22",
            "ended_at": "2026-11-22T10:31:05.999Z", "approval_code": "12\"456",
            "reason": "a \"quoted\" \\ reason\n",
        });
        assert_eq!(read, expected);
        let pending = AnswerFacts {
            state: PaymentState::Processing,
            ended_at: None,
            reason: None,
            approval_code: None,
            ..facts
        };
        let answer = Answers { public_ids: ids }.answer(&pending);
        assert_eq!(answer.status, 202);
        assert!(answer.body.contains("\"status\":\"PENDING\""), "{}", answer.body);
    }
}
