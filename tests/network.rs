//! A network that delays, cuts, corrupts, doubles, drops and reorders, between the real daemon and each of
//! its neighbours, under load. When it is well again, everything ends and the books agree.

use std::time::Duration;

use crate::rig::bed::Bed;
use crate::rig::chance::Chance;
use crate::rig::proxy::Direction::{Back, Out};
use crate::rig::proxy::{Fault, Neighbour, Proxy, Rule, Units};
use crate::support::{SWITCHD, eventually};

/// Load behind each fault.
const UNDER_FAULT: Duration = Duration::from_millis(600);
const CLIENTS: usize = 12;

/// Approved, declined, and approved with an answer that comes after the deadline.
const CARDS: [&str; 10] = {
    let mut cards = ["4111111111111111"; 10];
    cards[3] = "4000000000000002";
    cards[7] = "4000000000000036";
    cards
};

#[rustfmt::skip]
const ON_THE_CARD_LINK: [(&str, Fault, u32); 9] = [
    ("late",              Fault::Delay(Duration::from_millis(600)), 3),
    ("cut in a frame",    Fault::Cut,                               10),
    ("cut before it",     Fault::CutBefore,                         10),
    ("corrupted",         Fault::Corrupt,                           20),
    ("doubled",           Fault::Duplicate,                         100),
    ("overtaken",         Fault::Overtaken,                         100),
    ("dropped",           Fault::Drop,                              100),
    ("half open",         Fault::HalfOpen,                          10),
    ("one way only",      Fault::Deaf,                              10),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_between_the_switch_and_the_card_host_the_books_agree() {
    let seed = Chance::new("card link").seed;
    let mut bed = Bed::new(SWITCHD, "cardlink", "sqlite", 30_000, &CARDS).await;
    let proxy = Proxy::start(Neighbour::Tcp(bed.card_host), Units::Frames, seed).await;
    bed.card_host = proxy.address;
    let mut running = bed.start();
    for (what, fault, share) in ON_THE_CARD_LINK {
        for direction in [Out, Back] {
            let before = proxy.faults();
            proxy.misbehave(&[Rule::any(fault, direction, share)]);
            bed.load.begin(running.http, CLIENTS);
            tokio::time::sleep(UNDER_FAULT).await;
            eventually(what, async || proxy.faults() > before).await;
            proxy.heal();
            bed.load.end().await;
            eprintln!("{what} {direction:?}: {} times, {} begun", proxy.faults() - before, bed.load.begun());
            bed.settle_and_audit(&mut running).await;
        }
    }
    assert!(bed.load.paid() > 100, "only {} payments; is this a load?", bed.load.paid());
}
