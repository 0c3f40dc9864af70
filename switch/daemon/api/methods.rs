//! `/v1/methods`: how bills can be paid here, and up to how much.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::Serialize;
use sso::oidc::scope::Scope;
use switch_core::connector::Method;
use switch_core::money::{Currency, Money};
use utoipa::ToSchema;

use super::money::MoneyDto;
use super::{Answered, Api, ProblemDto, document};

/// A way to pay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OfferedMethod {
    /// Its name in a payment.
    #[schema(example = "card")]
    method: &'static str,
    /// Whether a counterparty can be reached now.
    available: bool,
    /// The largest payment in each currency it takes.
    amount_max: Vec<MoneyDto<'static>>,
}

/// The ways to pay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MethodList {
    methods: Vec<OfferedMethod>,
}

/// How bills can be paid
#[utoipa::path(
    get, path = "/v1/methods", tag = "payments", operation_id = "listMethods",
    responses(
        (status = 200, description = "The ways to pay over this API", body = MethodList),
        (status = 401, description = "Credentials", body = ProblemDto, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn list(State(api): State<Arc<Api>>, request: Request) -> Answered {
    api.callers.authenticate(&request.into_parts().0, Scope::MethodsRead).await?;
    let methods = Method::ALL.into_iter().filter_map(|method| offered(&api, method)).collect();
    document(StatusCode::OK, &MethodList { methods })
}

fn offered(api: &Api, method: Method) -> Option<OfferedMethod> {
    let taking: Vec<_> =
        api.engine.connectors().filter(|connector| connector.profile().methods.contains(&method)).collect();
    let most = |currency: Currency| {
        let limits = taking.iter().map(|connector| connector.profile());
        let limits = limits.filter(|profile| profile.currencies.contains(&currency));
        limits.map(|profile| profile.amount_max_minor).max().map(|minor| Money::new(minor, currency).into())
    };
    (!taking.is_empty()).then(|| OfferedMethod {
        method: method.as_str(),
        available: taking.iter().any(|connector| connector.session().is_none_or(|session| session.is_up())),
        amount_max: Currency::all().filter_map(most).collect(),
    })
}
