//! The civil registry over a real socket: the client of the data bus against its twin.

use std::sync::Arc;

use sso::chance::Chance;
use sso::registry::twin::{Ailment, PEOPLE, Twin};
use sso::registry::xroad::{Names, XRoad};
use sso::registry::{CivilRegistry, Question, Unavailable};

struct Counting(std::sync::atomic::AtomicU8);

impl Chance for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
    }
}

fn names() -> Names {
    Names { client: "PS/GOV/10040/HUKUMATI".into(), service: "PS/GOV/10001/MOI/getPerson".into() }
}

fn client(base: &str) -> XRoad {
    XRoad::new(base, names(), Arc::new(Counting(0.into()))).expect("a client")
}

/// A twin that listens, and a client of it.
async fn connected() -> (Arc<Twin>, XRoad) {
    let twin = Twin::new(PEOPLE).expect("people");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = twin.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (twin, client(&format!("http://{address}")))
}

fn question(number: &str) -> Question<'_> {
    Question { kind: "national_id", number, issue: "app_0" }
}

#[tokio::test]
async fn people_are_found_over_the_bus_and_strangers_are_not() {
    let (twin, registry) = connected().await;
    let people: serde_json::Value = serde_json::from_str(PEOPLE).expect("JSON");
    let first = people[0]["id"].as_str().expect("a number");
    let found = registry.find(question(first)).await.expect("answers").expect("somebody");
    assert_eq!((found.number.as_str(), found.name.given.as_str()), (first, "سلمى"));
    assert_eq!((found.born, found.is_deceased), (jiff::civil::date(1990, 5, 17), false));
    let dead = people[5]["id"].as_str().expect("a number");
    assert!(registry.find(question(dead)).await.expect("answers").expect("somebody").is_deceased);
    assert_eq!(registry.find(question("400000006")).await, Ok(None));
    let passport = Question { kind: "passport", ..question("N1234567") };
    assert!(registry.find(passport).await.expect("answers").is_some());
    assert_eq!(twin.asked(), 4);
}

#[tokio::test]
async fn nonsense_is_out_of_reach_and_never_a_person() {
    let (twin, registry) = connected().await;
    let people: serde_json::Value = serde_json::from_str(PEOPLE).expect("JSON");
    let first = people[0]["id"].as_str().expect("a number").to_owned();
    for (ailment, said) in [
        (Ailment::Down, "the data bus says Server.ServerProxy.ServiceFailed.HttpError"),
        (Ailment::Garbage, "the answer is not a person"),
        (Ailment::SomebodyElse, "the answer is about somebody else"),
        (Ailment::Endless, "the answer is too long"),
    ] {
        twin.suffer(ailment);
        let answer = registry.find(question(&first)).await;
        assert_eq!(answer, Err(Unavailable(said.into())), "{ailment:?}");
    }
    twin.suffer(Ailment::None);
    assert!(registry.find(question(&first)).await.expect("answers").is_some());
}

#[tokio::test]
async fn an_answer_to_another_question_or_none_is_out_of_reach() {
    // One that answers without the identifier of the message, and one that is not there at all.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = axum::Router::new().fallback(|| async { "{}" });
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let registry = client(&format!("http://{address}"));
    let answer = registry.find(question("400000006")).await;
    assert_eq!(answer, Err(Unavailable("the answer is not to this question".into())));
    serving.abort();
    let _ = serving.await;
    let error = registry.find(question("400000006")).await.expect_err("nobody listens");
    assert!(!error.to_string().contains("400000006"), "{error}");
}

/// What goes over the wire, beside the recorded exchange.
#[tokio::test]
async fn the_request_is_the_recorded_one() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let taken = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a caller");
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.expect("a byte"));
        }
        let error = include_str!("../golden/databus/xroad-rest-error.http").replace('\n', "\r\n");
        stream.write_all(error.as_bytes()).await.expect("written");
        String::from_utf8(request).expect("text")
    });
    let answer = client(&format!("http://{address}")).find(question("900123458")).await;
    assert_eq!(answer, Err(Unavailable("the data bus says Server.ClientProxy.UnknownMember".into())));
    let sent = taken.await.expect("a request");
    let recorded = include_str!("../golden/databus/xroad-rest-request.http");
    assert_eq!(sent.lines().next(), recorded.lines().next().map(str::trim));
    for header in ["x-road-client: PS/GOV/10040/HUKUMATI", "accept: application/json", "x-road-issue: app_0"]
    {
        assert!(sent.lines().any(|line| line.eq_ignore_ascii_case(header)), "{header}: {sent}");
    }
    let id = sent.lines().find_map(|line| line.strip_prefix("x-road-id: ")).expect("an identifier");
    assert_eq!((id.len(), &id[14..15]), (36, "4"), "a UUID of version 4: {id}");
}

#[test]
fn names_and_addresses_are_checked_at_the_start() {
    let make = |base: &str, client: &str, service: &str| {
        let names = Names { client: client.into(), service: service.into() };
        XRoad::new(base, names, Arc::new(Counting(0.into()))).map(drop)
    };
    let Names { client, service } = names();
    assert!(make("https://bus.example.ps/", &client, &service).is_ok());
    assert!(make("bus", &client, &service).is_err());
    assert!(make("https://bus.example.ps", "PS/GOV/10040", &service).is_err());
    assert!(make("https://bus.example.ps", &client, "PS/GOV/10001/MOI").is_err());
    assert!(make("https://bus.example.ps", &client, "PS/GOV/10001/../getPerson").is_err());
    assert!(make("https://bus.example.ps", &client, "PS//10001/MOI/getPerson").is_err());
}
