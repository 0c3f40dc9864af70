//! A civil registry behind a data bus, with invented people: what the sandbox and the tests talk to over a
//! real socket. It can be slow, out of reach, or speak nonsense.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use super::wire::{WireError, WirePerson};

/// What is wrong with the twin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ailment {
    /// Nothing.
    None = 0,
    /// The service behind the bus does not answer: the bus says so.
    Down = 1,
    /// Not JSON.
    Garbage = 2,
    /// Somebody else's data.
    SomebodyElse = 3,
    /// Longer than a client should wait.
    Slow = 4,
    /// More than a client should read.
    Endless = 5,
}

const ALL: [Ailment; 6] =
    [Ailment::None, Ailment::Down, Ailment::Garbage, Ailment::SomebodyElse, Ailment::Slow, Ailment::Endless];

/// The registry and its faults.
pub struct Twin {
    people: Vec<WirePerson>,
    ailment: AtomicU8,
    asked: AtomicU64,
}

impl Twin {
    /// With the people of a file: a list of `getPerson` answers, as `people.json` beside this file.
    ///
    /// # Errors
    /// When it is not one.
    pub fn new(people: &str) -> Result<Arc<Self>, serde_json::Error> {
        let people = serde_json::from_str(people)?;
        Ok(Arc::new(Self { people, ailment: AtomicU8::new(0), asked: AtomicU64::new(0) }))
    }

    /// Falls ill, or recovers.
    pub fn suffer(&self, ailment: Ailment) {
        self.ailment.store(ailment as u8, Ordering::SeqCst);
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// What it serves, to be put on a listener.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/r1/{instance}/{class}/{member}/{subsystem}/{service}/v1/{number}", get(person))
            .route("/r1/{instance}/{class}/{member}/{subsystem}/{service}/v1/{kind}/{number}", get(passport))
            .with_state(Arc::clone(self))
    }

    async fn answer(&self, service: &str, number: &str) -> Response {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let ailment = self.ailment.load(Ordering::SeqCst);
        match ALL.get(usize::from(ailment)).copied().unwrap_or(Ailment::None) {
            Ailment::None => {}
            Ailment::Down => return bus_error("Server.ServerProxy.ServiceFailed.HttpError"),
            Ailment::Garbage => return (StatusCode::OK, "<html>").into_response(),
            Ailment::SomebodyElse => {
                let other = self.people.iter().find(|person| person.id != number);
                return other
                    .map_or_else(|| StatusCode::NOT_FOUND.into_response(), |p| Json(p).into_response());
            }
            Ailment::Slow => tokio::time::sleep(Duration::from_secs(3_600)).await,
            Ailment::Endless => return (StatusCode::OK, "[".repeat(1 << 20)).into_response(),
        }
        if service != "getPerson" {
            return bus_error("Server.ServerProxy.UnknownService");
        }
        match self.people.iter().find(|person| person.id == number) {
            Some(person) => Json(person).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }
}

type Names = (String, String, String, String, String);

async fn person(
    State(twin): State<Arc<Twin>>,
    Path((instance, class, member, subsystem, service, number)): Path<(
        String,
        String,
        String,
        String,
        String,
        String,
    )>,
    headers: HeaderMap,
) -> Response {
    reply(&twin, (instance, class, member, subsystem, service), &number, &headers).await
}

async fn passport(
    State(twin): State<Arc<Twin>>,
    Path((instance, class, member, subsystem, service, _, number)): Path<(
        String,
        String,
        String,
        String,
        String,
        String,
        String,
    )>,
    headers: HeaderMap,
) -> Response {
    reply(&twin, (instance, class, member, subsystem, service), &number, &headers).await
}

/// The headers of the protocol around what the service says.
async fn reply(twin: &Twin, names: Names, number: &str, headers: &HeaderMap) -> Response {
    let (instance, class, member, subsystem, service) = names;
    let (Some(client), Some(id)) = (headers.get("x-road-client"), headers.get("x-road-id")) else {
        return bus_error("Client.MissingHeader");
    };
    let mut response = twin.answer(&service, number).await;
    let said = response.headers_mut();
    said.insert(HeaderName::from_static("x-road-client"), client.clone());
    said.insert(HeaderName::from_static("x-road-id"), id.clone());
    let service = format!("{instance}/{class}/{member}/{subsystem}/{service}");
    if let Ok(service) = HeaderValue::from_str(&service) {
        said.insert(HeaderName::from_static("x-road-service"), service);
    }
    response
}

fn bus_error(kind: &'static str) -> Response {
    let error =
        WireError { kind: kind.to_owned(), message: "The twin is ill".to_owned(), detail: String::new() };
    let mut response = (StatusCode::INTERNAL_SERVER_ERROR, Json(error)).into_response();
    response.headers_mut().insert(HeaderName::from_static("x-road-error"), HeaderValue::from_static(kind));
    response
}

/// Ten invented people and a passport: nobody's names, nobody's numbers.
pub const PEOPLE: &str = include_str!("people.json");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::{Identity, IdentityKind};

    #[test]
    fn the_invented_people_have_right_numbers() {
        let twin = Twin::new(PEOPLE).expect("people");
        assert_eq!(twin.people.len(), 11);
        for person in &twin.people {
            let kind = if person.id.len() == 9 { IdentityKind::NationalId } else { IdentityKind::Passport };
            assert!(Identity::new(kind, &person.id).is_ok(), "{}", person.id);
        }
    }
}
