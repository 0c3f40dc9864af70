//! The civil registry over the data bus: the X-Road message protocol for REST, version 1.
//!
//! Our own security server is the other side of this socket; it signs and logs what goes between the
//! organisations. Nothing here signs, and nothing of a question or an answer is logged.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::{Client, Response, StatusCode, Url};

use super::wire::{SERVICE_VERSION, WirePerson};
use super::{CivilRegistry, Question, Record, Unavailable};
use crate::chance::Chance;

/// A registry that takes longer is out of reach.
const TIMEOUT: Duration = Duration::from_secs(10);
/// An answer larger than this is not one person, in bytes.
const ANSWER_MAX: usize = 64 * 1024;

/// Names on the bus, as instance/class/member/subsystem.
#[derive(Debug, Clone)]
pub struct Names {
    /// Who asks: `PS/GOV/10040/HUKUMATI`.
    pub client: String,
    /// What is asked, with the service: `PS/GOV/10001/MOI/getPerson`.
    pub service: String,
}

/// The client of a security server.
pub struct XRoad {
    http: Client,
    base: Url,
    names: Names,
    chance: Arc<dyn Chance>,
}

impl XRoad {
    /// A client of the security server at `base`, such as `https://bus.example.ps`.
    ///
    /// # Errors
    /// In words for the operator: an address that is none, names that are not four and five parts.
    pub fn new(base: &str, names: Names, chance: Arc<dyn Chance>) -> Result<Self, String> {
        let base = Url::parse(base).map_err(|error| format!("the address of the data bus: {error}"))?;
        if !is_name(&names.client, 4) || !is_name(&names.service, 5) {
            return Err("names on the data bus are instance/class/member/subsystem, and a service".into());
        }
        let http = Client::builder()
            .user_agent(concat!("switchd/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| format!("the client of the data bus: {error}"))?;
        Ok(Self { http, base, names, chance })
    }

    async fn ask(&self, question: Question<'_>) -> Result<Option<Record>, Unavailable> {
        let id = self.new_message_id();
        let request = self
            .http
            .get(self.address(question)?)
            .header("accept", "application/json")
            .header("x-road-client", &self.names.client)
            .header("x-road-id", &id)
            .header("x-road-issue", question.issue);
        let answer = request.send().await.map_err(unreachable)?;
        read(answer, &id, question.number).await
    }

    /// `/r1/{service}/v1/{number}`; passports are asked for below `passport/`.
    fn address(&self, question: Question<'_>) -> Result<Url, Unavailable> {
        let mut url = self.base.clone();
        let mut path =
            url.path_segments_mut().map_err(|()| Unavailable("the address of the bus has no path".into()))?;
        path.pop_if_empty().push("r1").extend(self.names.service.split('/')).push(SERVICE_VERSION);
        if question.kind != "national_id" {
            path.push(question.kind);
        }
        path.push(question.number);
        drop(path);
        Ok(url)
    }

    /// A UUID of version 4: what both security servers log the exchange under.
    fn new_message_id(&self) -> String {
        let mut b = [0; 16];
        self.chance.fill(&mut b);
        b[6] = b[6] & 0x0f | 0x40;
        b[8] = b[8] & 0x3f | 0x80;
        let hex: String = b.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl CivilRegistry for XRoad {
    fn find<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Option<Record>, Unavailable>> {
        self.ask(question).boxed()
    }
}

fn is_name(name: &str, parts: usize) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    // Two dots are a step upwards in a path.
    let is_step = |part: &str| part.bytes().all(|b| b == b'.');
    let each = |part: &str| !is_step(part) && part.len() <= 64 && part.bytes().all(plain);
    name.split('/').count() == parts && name.split('/').all(each)
}

/// Without the address: the number stands in it.
fn unreachable(error: reqwest::Error) -> Unavailable {
    Unavailable(error.without_url().to_string())
}

async fn read(answer: Response, id: &str, number: &str) -> Result<Option<Record>, Unavailable> {
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    // An error of the bus, not of the service behind it (message protocol for REST, 4.6).
    if let Some(error) = header("x-road-error") {
        let kind: String = error.chars().filter(|c| c.is_ascii_graphic()).take(80).collect();
        return Err(Unavailable(format!("the data bus says {kind}")));
    }
    if header("x-road-id") != Some(id) {
        return Err(Unavailable("the answer is not to this question".into()));
    }
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Ok(None),
        other => return Err(Unavailable(format!("the registry answered {}", other.as_u16()))),
    }
    let body = limited(answer).await?;
    let person: WirePerson =
        serde_json::from_slice(&body).map_err(|_| Unavailable("the answer is not a person".into()))?;
    if person.id != number {
        return Err(Unavailable("the answer is about somebody else".into()));
    }
    Ok(Some(person.into()))
}

async fn limited(mut answer: Response) -> Result<Vec<u8>, Unavailable> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > ANSWER_MAX {
            return Err(Unavailable("the answer is too long".into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
