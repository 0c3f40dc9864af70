//! `/v1/payments`: the one route that moves money, and reading what it did.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sso::oidc::scope::Scope;
use switch_core::bill::BillState;
use switch_core::connector::Method;
use switch_core::id::{BillId, CardId, ClientId, PaymentId, PublicIds};
use switch_core::idempotency::{Fingerprint, IdempotencyKey};
use switch_core::routing::NoRoute;
use switch_engine::AnswerFacts;
use switch_engine::pay::{Paid, PayOrder, PayRefusal};
use switch_store::payment::PaymentView;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::body::{self, Field, Flaws, maybe_text, text};
use super::money::MoneyDto;
use super::query::{Parameters, PathId};
use super::{Answered, Api, ProblemDto, answer, id_flaw, json, key, unavailable};
use crate::problem::{Code, Flaw, Problem, REPLAYED};

/// How long a caller waits to be turned away.
const SHED_PAUSE: Duration = Duration::from_millis(500);

/// What to pay, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentRequest<'a> {
    /// The bill.
    #[serde(borrow)]
    #[schema(value_type = String, example = "bil_0123456789ABCD")]
    bill: Cow<'a, str>,
    /// How it is paid.
    #[serde(borrow)]
    #[schema(value_type = String, example = "card")]
    method: Cow<'a, str>,
    /// A token of /v1/cards, for the method card and only for it.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>, example = "crd_0123456789ABCD")]
    card: Option<Cow<'a, str>>,
}

/// The fields of a request.
pub(super) const SHAPE: &[Field] = &[text("bill"), text("method"), maybe_text("card")];

/// A payment and where it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Payment {
    /// Its number.
    #[schema(example = "pay_0123456789ABCD")]
    id: String,
    /// PENDING and MANUAL_REVIEW are not final: money may still move. Everything else is.
    status: PaymentStatus,
    /// The bill.
    bill: Option<String>,
    /// How it is paid.
    #[schema(example = "card")]
    method: String,
    /// What is paid.
    amount: MoneyDto<'static>,
    /// When it was taken in.
    #[schema(format = "date-time")]
    created_at: String,
    /// The date it is booked under; never computed again.
    #[schema(format = "date")]
    business_date: String,
    /// When it became final.
    #[schema(format = "date-time")]
    ended_at: Option<String>,
    /// The issuer's authorisation code.
    approval_code: Option<String>,
    /// Why it is not paid.
    #[schema(example = "insufficient_funds")]
    reason: Option<String>,
}

/// Where a payment stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(dead_code, reason = "describes the words of answer.rs")]
pub(crate) enum PaymentStatus {
    /// Not known yet: being asked, found out or taken back.
    Pending,
    /// Not known for too long: a person is named, tries go on.
    ManualReview,
    /// Paid.
    Paid,
    /// The counterparty refused; nothing was taken.
    Declined,
    /// Taken back.
    Reversed,
    /// It could not be sent; nothing was taken.
    Failed,
    /// It never started: the bill or the float did not allow it.
    Refused,
}

/// Payments, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentList {
    payments: Vec<Payment>,
}

/// Pay a bill
///
/// Safe to repeat with the same key at any time: the first answer is given again, word for word. 202 says that the outcome is
/// not known yet; it never means that nothing was taken.
#[utoipa::path(
    post, path = "/v1/payments", tag = "payments", operation_id = "createPayment",
    params(("Idempotency-Key" = String, Header, description =
        "16 to 64 of A-Z a-z 0-9 . _ ~ -, bare or in double quotes; new for each payment, the same for each repeat")),
    request_body = PaymentRequest,
    responses(
        (status = 201, description = "The payment has ended: read its status", body = Payment, headers(
            ("Location" = String, description = "The payment as it is now"),
            ("Idempotent-Replayed" = String, description = "true, when this answer was given before"))),
        (status = 202, description = "The outcome is not known yet; get the payment at Location", body = Payment),
        (status = 400, description = "Syntax", body = ProblemDto, content_type = "application/problem+json"),
        (status = 401, description = "Credentials", body = ProblemDto, content_type = "application/problem+json"),
        (status = 404, description = "No such bill", body = ProblemDto, content_type = "application/problem+json"),
        (status = 409, description = "The bill cannot be paid, or the first request is still at work", body = ProblemDto, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemDto, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = ProblemDto, content_type = "application/problem+json"),
        (status = 422, description = "The key was used for another request, or the request cannot be carried out", body = ProblemDto, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests", body = ProblemDto, content_type = "application/problem+json"),
        (status = 503, description = "Busy, before anything was written", body = ProblemDto, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create(State(api): State<Arc<Api>>, request: Request) -> Answered {
    let began = Instant::now();
    let (client, key, bytes) = body::take(&api, request, Scope::PaymentsWrite, key::of).await?;
    let order = order(api.engine.public_ids(), client, key, body::read(&bytes, SHAPE)?)?;
    // Boxed, because what holds it is moved through every layer of the server.
    let paid = match Box::pin(api.engine.pay(order)).await {
        Ok(paid) => paid,
        Err(refusal) => return Err(turned_away(refusal).await),
    };
    api.metrics.payment_seconds.observe(began.elapsed().as_secs_f64());
    Ok(answered(&api, paid))
}

/// The request in the engine's words. Numbers are compared as what they stand for, so a repeat may
/// write them in small letters.
pub(super) fn order(
    ids: &PublicIds,
    client: ClientId,
    key: IdempotencyKey,
    asked: PaymentRequest<'_>,
) -> Result<PayOrder, Problem> {
    let mut flaws = Flaws::default();
    let bill = flaws.take("/bill", ids.read("bil", &asked.bill).map_err(id_flaw));
    let method = flaws.take("/method", Method::parse(&asked.method).ok_or(Flaw::UnknownWord));
    let card = asked.card.map(|card| flaws.take("/card", ids.read("crd", &card).map_err(id_flaw)));
    let (Some(bill), Some(method), None | Some(Some(_))) = (bill, method, card) else {
        return Err(flaws.problem());
    };
    let card = card.flatten().map(CardId);
    let (bill_text, card_text) = (bill.to_string(), card.map_or(String::new(), |card| card.0.to_string()));
    let fingerprint = Fingerprint::of(&["POST", "/v1/payments", &bill_text, method.as_str(), &card_text]);
    Ok(PayOrder { client, key, fingerprint, bill: BillId(bill), method, card })
}

/// A caller that is turned away because of too many others is not answered at once: a flood then
/// costs what its connections cost and not what its requests would, and leaves room for payments.
async fn turned_away(refusal: PayRefusal) -> Problem {
    if matches!(refusal, PayRefusal::Overloaded) {
        tokio::time::sleep(SHED_PAUSE).await;
    }
    problem(refusal)
}

fn bill_code(state: BillState) -> Code {
    match state {
        BillState::Paid => Code::BillPaid,
        BillState::InPayment | BillState::Open => Code::BillInPayment,
        BillState::Cancelled => Code::BillCancelled,
        BillState::Expired => Code::BillExpired,
    }
}

fn problem(refusal: PayRefusal) -> Problem {
    Problem::new(match refusal {
        PayRefusal::UnknownBill => Code::BillNotFound,
        PayRefusal::BillNotPayable(state) => bill_code(state),
        PayRefusal::RefusedBefore(state) => return Problem::new(bill_code(state)).replayed(),
        PayRefusal::CardMismatch => Code::CardNeeded,
        PayRefusal::UnknownCard => Code::CardUnknown,
        PayRefusal::NoRoute(NoRoute::MethodNotOffered) => Code::MethodNotOffered,
        PayRefusal::NoRoute(NoRoute::CurrencyNotTaken) => Code::CurrencyNotTaken,
        PayRefusal::NoRoute(NoRoute::AmountAboveLimit) => Code::AmountAboveLimit,
        PayRefusal::NoRoute(NoRoute::NoneReachable) => Code::NoCounterpartyReachable,
        PayRefusal::KeyReused => Code::IdempotencyKeyReused,
        PayRefusal::InProgress => Code::IdempotencyInProgress,
        PayRefusal::Overloaded => Code::Overloaded,
        PayRefusal::NotKept => Code::AuditLogNotSealed,
        PayRefusal::Unavailable(error) => return unavailable(error),
    })
}

fn answered(api: &Api, paid: Paid) -> Response {
    let status = StatusCode::from_u16(paid.answer.status).unwrap_or(StatusCode::ACCEPTED);
    let mut response = json(status, paid.answer.body);
    let headers = response.headers_mut();
    let location = format!("/v1/payments/{}", api.engine.public_ids().show("pay", paid.payment.0));
    if let Ok(location) = HeaderValue::try_from(location) {
        headers.insert(header::LOCATION, location);
    }
    if paid.replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

fn as_it_is(api: &Api, view: &PaymentView) -> String {
    let facts = AnswerFacts {
        payment: &view.payment,
        state: view.state,
        reason: view.reason.as_deref(),
        approval_code: view.approval_code.as_deref(),
        ended_at: view.ended_at,
    };
    answer::payment(api.engine.public_ids(), &facts)
}

/// A payment as it is now
#[utoipa::path(
    get, path = "/v1/payments/{id}", tag = "payments", operation_id = "getPayment",
    params(("id" = String, Path, description = "pay_…")),
    responses(
        (status = 200, description = "The payment", body = Payment),
        (status = 401, description = "Credentials", body = ProblemDto, content_type = "application/problem+json"),
        (status = 404, description = "No such payment of this client", body = ProblemDto, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get(State(api): State<Arc<Api>>, PathId(id): PathId, request: Request) -> Answered {
    let client = api.callers.authenticate(&request.into_parts().0, Scope::PaymentsRead).await?;
    let absent = || Problem::new(Code::PaymentNotFound);
    let id = api.engine.public_ids().read("pay", &id).map_err(|_| absent())?;
    let found = switch_store::payment::find(api.engine.db(), PaymentId(id)).await.map_err(unavailable)?;
    let view = found.filter(|view| view.payment.client == client).ok_or_else(absent)?;
    Ok(json(StatusCode::OK, as_it_is(&api, &view)))
}

/// The client's payments, newest first
#[utoipa::path(
    get, path = "/v1/payments", tag = "payments", operation_id = "listPayments",
    params(
        ("limit" = Option<u32>, Query, description = "1 to 200, 50 when left out"),
        ("after" = Option<String>, Query, description = "The last payment of the page before"),
    ),
    responses(
        (status = 200, description = "A page; Link names the next one", body = PaymentList),
        (status = 400, description = "A parameter", body = ProblemDto, content_type = "application/problem+json"),
        (status = 401, description = "Credentials", body = ProblemDto, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(State(api): State<Arc<Api>>, uri: Uri, request: Request) -> Answered {
    let client = api.callers.authenticate(&request.into_parts().0, Scope::PaymentsRead).await?;
    let page = Parameters::of(&uri, &["limit", "after"])?.page(api.engine.public_ids(), "pay")?;
    let before = page.after.map(PaymentId);
    let found = switch_store::payment::list(api.engine.db(), client, before, page.read()).await;
    let mut found = found.map_err(unavailable)?;
    let more = page.cut(&mut found);
    let written: Vec<_> = found.iter().map(|view| as_it_is(&api, view)).collect();
    let response = json(StatusCode::OK, format!("{{\"payments\":[{}]}}", written.join(",")));
    let last =
        found.last().filter(|_| more).map(|view| api.engine.public_ids().show("pay", view.payment.id.0));
    Ok(page.link(response, "/v1/payments?", last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_order_and_spelling_do_not_change_what_is_read() {
        for text in [
            r#"{"bill":"b","method":"card","card":"c"}"#,
            "\n{ \"card\" : \"c\",\t\"method\":\"card\", \"bill\":\"b\" } ",
            r#"{"b\u0069ll":"\u0062","method":"c\u0061rd","card":"c"}"#,
        ] {
            let read: PaymentRequest<'_> = body::read(text.as_bytes(), SHAPE).expect("a request");
            assert_eq!(
                (&*read.bill, &*read.method, read.card.as_deref()),
                ("b", "card", Some("c")),
                "{text}"
            );
        }
    }
}
