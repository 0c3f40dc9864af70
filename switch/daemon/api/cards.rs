//! `/v1/cards`: a card number in, a token for one payment out. Only with `pan_mode = "vault"`.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sso::oidc::scope::Scope;
use switch_core::card::{Card, CardError, Pan};
use switch_engine::vault::VaultError;
use utoipa::ToSchema;

use super::body::{self, Field, Flaws, text};
use super::{Answered, Api, ProblemDto, document, unavailable};
use crate::problem::{Code, FieldError, Flaw, Problem};

/// A card for one payment. There is no field for a CVV, a track or a PIN, and none is taken.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CardRequest<'a> {
    /// The card number.
    #[serde(borrow)]
    #[schema(value_type = String, example = "4111111111111111")]
    pan: Cow<'a, str>,
    /// YYMM.
    #[serde(borrow)]
    #[schema(value_type = String, example = "2912")]
    expiry: Cow<'a, str>,
}

const SHAPE: &[Field] = &[text("pan"), text("expiry")];

/// A token for one payment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CardToken {
    /// For the field card of a payment.
    #[schema(example = "crd_0123456789ABCD")]
    token: String,
    /// Unused, it is forgotten then.
    #[schema(format = "date-time")]
    expires_at: String,
}

/// Leave a card for one payment
#[utoipa::path(
    post, path = "/v1/cards", tag = "cards", operation_id = "createCard",
    request_body = CardRequest,
    responses(
        (status = 201, description = "Kept, sealed, until its payment ends", body = CardToken),
        (status = 400, description = "Not a card, or a card secret", body = ProblemDto, content_type = "application/problem+json"),
        (status = 401, description = "Credentials", body = ProblemDto, content_type = "application/problem+json"),
        (status = 403, description = "This switch takes no card numbers", body = ProblemDto, content_type = "application/problem+json"),
        (status = 413, description = "Too large", body = ProblemDto, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON", body = ProblemDto, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create(State(api): State<Arc<Api>>, request: Request) -> Answered {
    let welcome = |_: &_| match api.takes_cards {
        true => Ok(()),
        false => Err(Problem::new(Code::CardNumbersNotAccepted)),
    };
    let (client, (), bytes) = body::take(&api, request, Scope::CardsWrite, welcome).await?;
    let card = read(&bytes)?;
    let (token, expires_at) = api.engine.keep_card(client, &card).await.map_err(|error| match error {
        VaultError::Off => Problem::new(Code::CardNumbersNotAccepted),
        VaultError::Store(error) => unavailable(error),
        VaultError::Keys | VaultError::Seal => Problem::fault(Code::Internal, error),
    })?;
    let token = api.engine.public_ids().show("crd", token.0);
    document(StatusCode::CREATED, &CardToken { token, expires_at: expires_at.to_string() })
}

/// The card of a body. One that brings what may never be kept is told so, and nothing else.
pub(super) fn read(bytes: &[u8]) -> Result<Card, Problem> {
    match body::read::<CardRequest<'_>>(bytes, SHAPE) {
        Ok(asked) => card(&asked),
        Err(problem) => Err(card_secret(bytes).unwrap_or(problem)),
    }
}

fn card(asked: &CardRequest<'_>) -> Result<Card, Problem> {
    let mut flaws = Flaws::default();
    let flaw = |error| match error {
        CardError::PanLength | CardError::PanCheckDigit => Flaw::NotACard,
        CardError::Expiry => Flaw::NotAnExpiry,
    };
    let pan = flaws.take("/pan", Pan::parse(&asked.pan).map_err(flaw));
    // Both are told, so the expiry is read with any number.
    let expiry = Pan::parse("4111111111111111").and_then(|any| Card::new(any, &asked.expiry));
    let expiry = flaws.take("/expiry", expiry.map_err(flaw));
    match (pan, expiry) {
        (Some(pan), Some(checked)) => Ok(Card { pan, ..checked }),
        _ => Err(flaws.problem()),
    }
}

/// The refusal of a body that brings what may never be kept (PCI DSS 3.3.1).
fn card_secret(bytes: &[u8]) -> Option<Problem> {
    let Ok(Value::Object(given)) = serde_json::from_slice(bytes) else { return None };
    let errors: Vec<_> = given
        .keys()
        .filter(|name| is_secret(name))
        .map(|name| {
            let place = format!("/{}", name.chars().take(64).collect::<String>());
            FieldError { place, flaw: Flaw::CardSecret, note: None }
        })
        .collect();
    (!errors.is_empty()).then(|| Problem::new(Code::CardSecretRefused).with(errors))
}

fn is_secret(name: &str) -> bool {
    let letters: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let parts = ["cvv", "cvc", "cvn", "cav2", "cid2", "securitycode", "track", "magstripe", "pinblock"];
    letters == "pin" || letters == "cid" || parts.iter().any(|part| letters.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_be_kept_is_known_by_its_names() {
        for name in
            ["cvv", "CVV2", "cvc", "card_cvc", "security-code", "track1", "track_2_data", "pin", "pinBlock"]
        {
            assert!(is_secret(name), "{name}");
        }
        for name in ["pan", "expiry", "pine", "name", "holder"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
