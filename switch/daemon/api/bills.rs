//! `/v1/bills`: made by departments, listed by payer, withdrawn.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use serde::{Deserialize, Serialize};
use sso::oidc::scope::Scope;
use switch_core::bill::{BillState, Claim};
use switch_core::clock::Timestamp;
use switch_core::id::{BillId, ClientId};
use switch_core::person::{Payer, PayerError, PayerKind};
use switch_engine::bill::{BillRefusal, NewBill};
use switch_store::bill::BillView;
use utoipa::ToSchema;

use super::body::{self, Field, Flaws, maybe_text, object, text};
use super::money::{self, MoneyDto};
use super::query::{Parameters, PathId};
use super::{Answered, Api, ProblemDto, document, unavailable};
use crate::catalogue::Catalogue;
use crate::problem::{Code, Flaw, Problem};

/// What a department asks of a payer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BillRequest<'a> {
    /// Code of the department in the catalogue.
    #[serde(borrow)]
    #[schema(value_type = String, example = "MOI")]
    department: Cow<'a, str>,
    /// Code of one of its paid services.
    #[serde(borrow)]
    #[schema(value_type = String, example = "PASS-REN")]
    service: Cow<'a, str>,
    /// The department's own number: the same one twice is the same bill.
    #[serde(borrow)]
    #[schema(value_type = String, example = "2026-000123", max_length = 64)]
    reference: Cow<'a, str>,
    /// Who owes it.
    #[serde(borrow)]
    payer: PayerDto<'a>,
    /// What is owed.
    #[serde(borrow)]
    amount: MoneyDto<'a>,
    /// For the payer to read.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    description: Option<Cow<'a, str>>,
    /// From this moment it is not accepted any more.
    #[serde(borrow, default)]
    #[schema(value_type = Option<String>, format = "date-time")]
    expires_at: Option<Cow<'a, str>>,
}

/// Who owes a bill.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Payer)]
pub(crate) struct PayerDto<'a> {
    /// national_id, passport or company.
    #[serde(borrow)]
    #[schema(value_type = String, example = "national_id")]
    kind: Cow<'a, str>,
    /// Number of the document.
    #[serde(borrow)]
    #[schema(value_type = String)]
    number: Cow<'a, str>,
}

const PAYER: &[Field] = &[text("kind"), text("number")];
pub(super) const SHAPE: &[Field] = &[
    text("department"),
    text("service"),
    text("reference"),
    object("payer", PAYER),
    object("amount", money::MONEY),
    maybe_text("description"),
    maybe_text("expires_at"),
];

/// A bill and where it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Bill {
    /// Its number.
    #[schema(example = "bil_0123456789ABCD")]
    id: String,
    /// OPEN, IN_PAYMENT, PAID, CANCELLED or EXPIRED.
    #[schema(example = "OPEN")]
    status: &'static str,
    department: String,
    service: String,
    reference: String,
    payer: PayerDto<'static>,
    amount: MoneyDto<'static>,
    description: String,
    /// The payment that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<String>,
    #[schema(format = "date-time")]
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time")]
    expires_at: Option<String>,
}

/// Bills, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BillList {
    bills: Vec<Bill>,
}

/// Make a bill
///
/// The department's reference is its key: the same content again answers with the bill that exists.
#[utoipa::path(
    post, path = "/v1/bills", tag = "bills", operation_id = "createBill",
    request_body = BillRequest,
    responses(
        (status = 201, description = "Made", body = Bill),
        (status = 200, description = "It existed with the same content", body = Bill),
        (status = 400, description = "Syntax or fields", body = ProblemDto, content_type = "application/problem+json"),
        (status = 401, description = "Credentials", body = ProblemDto, content_type = "application/problem+json"),
        (status = 409, description = "The reference names another bill", body = ProblemDto, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemDto, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = ProblemDto, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create(State(api): State<Arc<Api>>, request: Request) -> Answered {
    let (client, (), bytes) = body::take(&api, request, Scope::BillsWrite, |_| Ok(())).await?;
    let asked = body::read(&bytes, SHAPE)?;
    let new = new_bill(&api.catalogue, api.engine.clock().now(), client, asked)?;
    let created = api.engine.create_bill(new).await.map_err(problem)?;
    let status = if created.fresh { StatusCode::CREATED } else { StatusCode::OK };
    document(status, &shown(&api, &created.view))
}

/// The bill of a request, or every flaw it has.
pub(super) fn new_bill(
    catalogue: &Catalogue,
    now: Timestamp,
    client: ClientId,
    asked: BillRequest<'_>,
) -> Result<NewBill, Problem> {
    let mut flaws = Flaws::default();
    let service = catalogue.paid(&asked.department, &asked.service);
    let service =
        service.map_err(|flaw| (if flaw == Flaw::UnknownService { "/service" } else { "/department" }, flaw));
    let place = service.as_ref().err().map_or("", |(place, _)| place);
    let service = flaws.take(place, service.map_err(|(_, flaw)| flaw));
    let reference = flaws.take("/reference", body::plain(&asked.reference, 1..=64));
    let payer = payer(&asked.payer.kind, &asked.payer.number);
    let place = if payer == Err(Flaw::UnknownWord) { "/payer/kind" } else { "/payer/number" };
    let payer = flaws.take(place, payer);
    let amount = asked.amount.read("/amount", &mut flaws);
    let description = body::plain(asked.description.as_deref().unwrap_or(""), 0..=200);
    let description = flaws.take("/description", description);
    let expires_at = asked.expires_at.map(|text| match money::moment(&text) {
        Ok(at) if at <= now => Err(Flaw::Past),
        other => other,
    });
    let expires_at = flaws.take("/expires_at", expires_at.transpose());
    match (service, reference, payer, amount, description, expires_at) {
        (Some(()), Some(reference), Some(payer), Some(amount), Some(description), Some(expires_at)) => {
            Ok(NewBill {
                client,
                department: asked.department.into_owned(),
                service: asked.service.into_owned(),
                reference,
                payer,
                amount,
                description,
                expires_at,
            })
        }
        _ => Err(flaws.problem()),
    }
}

pub(super) fn payer(kind: &str, number: &str) -> Result<Payer, Flaw> {
    let kind = PayerKind::parse(kind).ok_or(Flaw::UnknownWord)?;
    Payer::new(kind, number).map_err(|error| match error {
        PayerError::NationalId => Flaw::NotANationalId,
        PayerError::Document => Flaw::NotADocument,
    })
}

fn problem(refusal: BillRefusal) -> Problem {
    Problem::new(match refusal {
        BillRefusal::ReferenceReused => Code::BillReferenceReused,
        BillRefusal::UnknownBill => Code::BillNotFound,
        BillRefusal::NotOpen(BillState::Paid) => Code::BillPaid,
        BillRefusal::NotOpen(BillState::InPayment | BillState::Open) => Code::BillInPayment,
        BillRefusal::NotOpen(BillState::Cancelled) => Code::BillCancelled,
        BillRefusal::NotOpen(BillState::Expired) => Code::BillExpired,
        BillRefusal::Unavailable(error) => return unavailable(error),
    })
}

fn shown(api: &Api, view: &BillView) -> Bill {
    let (bill, ids) = (&view.bill, api.engine.public_ids());
    let payment = match view.claim {
        Some(Claim::Payment(payment)) => Some(ids.show("pay", payment.0)),
        Some(Claim::Cancelled) | None => None,
    };
    Bill {
        id: ids.show("bil", bill.id.0),
        status: view.state(api.engine.clock().now()).as_str(),
        department: bill.department.clone(),
        service: bill.service.clone(),
        reference: bill.reference.clone(),
        payer: PayerDto {
            kind: bill.payer.kind().as_str().into(),
            number: bill.payer.expose().to_owned().into(),
        },
        amount: bill.amount.into(),
        description: bill.description.clone(),
        payment,
        created_at: bill.created_at.to_string(),
        expires_at: bill.expires_at.map(|at| at.to_string()),
    }
}

/// A bill as it is now
#[utoipa::path(
    get, path = "/v1/bills/{id}", tag = "bills", operation_id = "getBill",
    params(("id" = String, Path, description = "bil_…")),
    responses(
        (status = 200, description = "The bill", body = Bill),
        (status = 401, description = "Credentials", body = ProblemDto, content_type = "application/problem+json"),
        (status = 404, description = "No such bill of this client", body = ProblemDto, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn get(State(api): State<Arc<Api>>, PathId(id): PathId, request: Request) -> Answered {
    let client = api.callers.authenticate(&request.into_parts().0, Scope::BillsRead).await?;
    let id = bill_id(&api, &id)?;
    let found = switch_store::bill::find(api.engine.db(), id).await.map_err(unavailable)?;
    let view = found.filter(|view| view.bill.client == client);
    document(StatusCode::OK, &shown(&api, &view.ok_or_else(|| Problem::new(Code::BillNotFound))?))
}

fn bill_id(api: &Api, text: &str) -> Result<BillId, Problem> {
    let id = api.engine.public_ids().read("bil", text);
    id.map(BillId).map_err(|_| Problem::new(Code::BillNotFound))
}

/// The client's bills of a payer, newest first
#[utoipa::path(
    get, path = "/v1/bills", tag = "bills", operation_id = "listBills",
    params(
        ("payer_kind" = String, Query, description = "national_id, passport or company"),
        ("payer_number" = String, Query, description = "Number of the document"),
        ("limit" = Option<u32>, Query, description = "1 to 200, 50 when left out"),
        ("after" = Option<String>, Query, description = "The last bill of the page before"),
    ),
    responses(
        (status = 200, description = "A page; Link names the next one", body = BillList),
        (status = 400, description = "A parameter", body = ProblemDto, content_type = "application/problem+json"),
        (status = 401, description = "Credentials", body = ProblemDto, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(State(api): State<Arc<Api>>, uri: Uri, request: Request) -> Answered {
    let client = api.callers.authenticate(&request.into_parts().0, Scope::BillsRead).await?;
    let parameters = Parameters::of(&uri, &["payer_kind", "payer_number", "limit", "after"])?;
    let (kind, number) = (parameters.required("payer_kind")?, parameters.required("payer_number")?);
    let payer = payer(kind, number).map_err(|flaw| {
        let place = if flaw == Flaw::UnknownWord { "payer_kind" } else { "payer_number" };
        Problem::new(Code::InvalidParameter).at(place, flaw)
    })?;
    let page = parameters.page(api.engine.public_ids(), "bil")?;
    let before = page.after.map(BillId);
    let found = switch_store::bill::list_by_payer(api.engine.db(), client, &payer, before, page.read()).await;
    let mut found = found.map_err(unavailable)?;
    let more = page.cut(&mut found);
    let list = BillList { bills: found.iter().map(|view| shown(&api, view)).collect() };
    let last = list.bills.last().filter(|_| more).map(|bill| bill.id.clone());
    let path = format!("/v1/bills?payer_kind={kind}&payer_number={number}&");
    Ok(page.link(document(StatusCode::OK, &list)?, &path, last))
}

/// Withdraw a bill
///
/// Only an open one. Withdrawing twice is once.
#[utoipa::path(
    post, path = "/v1/bills/{id}/cancel", tag = "bills", operation_id = "cancelBill",
    params(("id" = String, Path, description = "bil_…")),
    responses(
        (status = 200, description = "Withdrawn", body = Bill),
        (status = 401, description = "Credentials", body = ProblemDto, content_type = "application/problem+json"),
        (status = 404, description = "No such bill of this client", body = ProblemDto, content_type = "application/problem+json"),
        (status = 409, description = "It is paid, or being paid", body = ProblemDto, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn cancel(State(api): State<Arc<Api>>, PathId(id): PathId, request: Request) -> Answered {
    let client = api.callers.authenticate(&request.into_parts().0, Scope::BillsWrite).await?;
    let id = bill_id(&api, &id)?;
    let view = api.engine.withdraw_bill(client, id).await.map_err(problem)?;
    document(StatusCode::OK, &shown(&api, &view))
}
