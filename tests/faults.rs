//! A card host that misbehaves, over the real wire: whatever it does, the payment ends paid, reversed or
//! with a named person, the bill says the same, and the host's own book agrees.

use std::collections::HashMap;
use std::time::Duration;

use connectors::card_iso8583::sandbox::State;
use switch_audit::{Book, Report};

use crate::rig::books;
use crate::support::{Plan, Switch, eventually};

/// Test card, how it ends where the host may be asked, and where it may only be reversed.
const CASES: [(&str, &str, &str, &str); 11] = [
    ("silent, having booked it", "4000000000000010", "PAID", "REVERSED"),
    ("silent, never having seen it", "4000000000000028", "REVERSED", "REVERSED"),
    ("late", "4000000000000036", "PAID", "REVERSED"),
    ("answering twice", "4000000000000044", "PAID", "PAID"),
    ("answering with another amount", "4000000000000101", "REVERSED", "REVERSED"),
    ("approving a part of the amount", "4000000000001976", "REVERSED", "REVERSED"),
    ("answering with a wrong MAC", "4000000000000341", "PAID", "REVERSED"),
    ("answering with garbage", "4100000000000019", "PAID", "REVERSED"),
    ("closing in the middle of its answer", "4000000000000259", "PAID", "REVERSED"),
    ("closing after its answer", "4000000000002685", "PAID", "PAID"),
    ("saying that it does not know", "4000000000000119", "REVERSED", "REVERSED"),
];

#[tokio::test]
async fn whatever_a_host_does_that_may_be_asked_both_books_agree() {
    both_books_agree(true).await;
}

#[tokio::test]
async fn whatever_a_host_does_that_may_only_be_reversed_both_books_agree() {
    both_books_agree(false).await;
}

async fn both_books_agree(enquiry: bool) {
    let switch = Switch::start_with(Plan { response_timeout_ms: 400, enquiry, ..Plan::default() }).await;
    switch.host().faults().late = Duration::from_millis(700);
    let mut standing = 0;
    for (i, (what, pan, asked, reversed)) in CASES.into_iter().enumerate() {
        let ends = if enquiry { asked } else { reversed };
        let (bill, card) = (switch.bill(&format!("F-{i}")).await, switch.card(pan).await);
        let before: HashMap<String, State> = states(&switch);
        // The link may be coming back from the case before.
        let up = async || switch.ops("/readyz?verbose").await.text.contains("connector card-sandbox: ok");
        eventually("the host can be reached", up).await;
        let answer = switch.pay(&format!("a-host-that-is-{i:04}"), &bill, &card).await;
        assert!(matches!(answer.status, 201 | 202), "{what}: {answer:?}");
        let location = answer.header("location").expect("a Location").to_owned();
        let is = async || switch.get(&location).await.field("status");
        eventually(what, async || is().await == ends).await;
        let bill_is = if ends == "PAID" { "PAID" } else { "OPEN" };
        assert_eq!(switch.get(&format!("/v1/bills/{bill}")).await.field("status"), bill_is, "{what}");

        standing += usize::from(ends == "PAID");
        let host_says = async || switch.host().book().summary().standing() as usize == standing;
        eventually("the host's book agrees", host_says).await;
        // A late answer that comes after the end changes nothing.
        if what == "late" {
            tokio::time::sleep(Duration::from_millis(800)).await;
            assert_eq!(is().await, ends, "{what}");
        }
        let new: Vec<State> = states(&switch)
            .into_iter()
            .filter(|(rrn, _)| !before.contains_key(rrn))
            .map(|(_, s)| s)
            .collect();
        assert!(new.len() <= 1, "{what}: one message is one entry, not {new:?}");
        assert_eq!(new.contains(&State::Approved), ends == "PAID", "{what}: the host says {new:?}");
    }
    let report = the_auditor_is_silent(&switch, true).await;
    assert_eq!(report.counts.payments["PAID"] as usize, standing, "{report}");
}

/// The auditor holds the database against the host's book; its own audit log is on disk too.
async fn the_auditor_is_silent(switch: &Switch, settled: bool) -> Report {
    let line = |entry| serde_json::to_string(&entry).expect("plain values") + "\n";
    let lines: String = switch.host().book().entries().into_iter().map(line).collect();
    let book = switch.folder.write("book.jsonl", &lines);
    let database = format!("sqlite:{}", switch.folder.path().join("switch.db").display());
    let mut options = books::options(&database);
    options.settled = settled;
    options.books = vec![Book { connector: Some("card-sandbox".into()), file: book }];
    let report = switch_audit::audit(&options).await.expect("it can be read");
    assert!(report.is_clean(), "{report}");
    report
}

fn states(switch: &Switch) -> HashMap<String, State> {
    switch.host().book().entries().into_iter().map(|entry| (entry.rrn.clone(), entry.state)).collect()
}

#[tokio::test]
async fn a_reversal_that_is_refused_calls_a_person_and_goes_on() {
    let switch =
        Switch::start_with(Plan { response_timeout_ms: 300, enquiry: false, ..Plan::default() }).await;
    let (bill, card) = (switch.bill("R-1").await, switch.card("4000000000000077").await);
    let unknown = switch.pay("reversal-is-refused", &bill, &card).await;
    assert_eq!(unknown.told(), "202 PENDING");
    let location = unknown.header("location").expect("a Location").to_owned();
    let is = async || switch.get(&location).await.field("status");
    eventually("a person is named", async || is().await == "MANUAL_REVIEW").await;
    assert_eq!(switch.get(&format!("/v1/bills/{bill}")).await.field("status"), "IN_PAYMENT");
    let repeats = async || switch.host().book().entries().iter().any(|entry| entry.reversals > 2);
    eventually("the tries go on", repeats).await;
    let report = the_auditor_is_silent(&switch, false).await;
    let [work] = report.open.as_slice() else { panic!("{report}") };
    assert!(work.sentence.contains("of 50.00 ILS: REVIEW, at card-sandbox for"), "{}", work.sentence);
}
