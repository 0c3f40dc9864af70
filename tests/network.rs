//! A network that delays, cuts, corrupts, doubles, drops and reorders, between the real daemon and each of
//! its neighbours, under load. When it is well again, everything ends and the books agree.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use crate::rig::bed::{Bed, Running};
use crate::rig::chance::Chance;
use crate::rig::proxy::Direction::{Back, Out};
use crate::rig::proxy::{Fault, Neighbour, Proxy, Rule, Units};
use crate::rig::seed::GOOD_CARD;
use crate::support::eventually;

/// Load behind each fault.
const UNDER_FAULT: Duration = Duration::from_millis(400);
const CLIENTS: usize = 12;

/// Declined, and approved with an answer that comes after the deadline; all others are approved.
const CARDS: [&str; 20] = {
    let mut cards = [GOOD_CARD; 20];
    cards[3] = "4000000000000002";
    cards[7] = "4000000000000036";
    cards
};

/// What goes wrong, and with how many of a thousand units in either direction.
type Weather = (&'static str, Fault, u32);

/// Brings each weather in turn over a load, and compares the books after each.
async fn weather_them(
    bed: &mut Bed,
    proxy: &Proxy,
    running: &mut Running,
    front: SocketAddr,
    all: &[Weather],
) {
    for (what, fault, share) in all {
        let before = proxy.faults();
        proxy.misbehave(&[Rule::any(*fault, Out, *share), Rule::any(*fault, Back, *share)]);
        bed.load.begin(front, CLIENTS);
        tokio::time::sleep(UNDER_FAULT).await;
        eventually(what, async || proxy.faults() > before).await;
        proxy.heal();
        bed.load.end().await;
        eprintln!("{what}: {} times; {} payments begun", proxy.faults() - before, bed.load.begun());
        bed.settle_and_audit(running).await;
    }
    assert!(bed.load.paid() > 100, "only {} payments; is this a load?", bed.load.paid());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_between_the_switch_and_the_card_host_the_books_agree() {
    let seed = Chance::new("card link").seed;
    let mut bed = Bed::new("cardlink", "sqlite", 30_000, &CARDS).await;
    let proxy = Proxy::start(Neighbour::Tcp(bed.card_host), Units::Frames, seed).await;
    bed.card_host = proxy.address;
    let mut running = bed.start();
    let front = running.http;
    #[rustfmt::skip]
    let weather = [
        ("late",           Fault::Delay(Duration::from_millis(600)), 3),
        ("cut in a frame", Fault::Cut,                               10),
        ("cut before it",  Fault::CutBefore,                         10),
        ("corrupted",      Fault::Corrupt,                           20),
        ("doubled",        Fault::Duplicate,                         100),
        ("overtaken",      Fault::Overtaken,                         100),
        ("dropped",        Fault::Drop,                              50),
        ("half open",      Fault::HalfOpen,                          10),
        ("one way only",   Fault::Deaf,                              10),
    ];
    weather_them(&mut bed, &proxy, &mut running, front, &weather).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_between_the_clients_and_the_switch_the_books_agree() {
    let seed = Chance::new("clients").seed;
    let mut bed = Bed::new("clients", "sqlite", 30_000, &CARDS).await;
    let mut running = bed.start();
    let proxy = Proxy::start(Neighbour::Tcp(running.http), Units::Reads, seed).await;
    #[rustfmt::skip]
    let weather = [
        ("late",          Fault::Delay(Duration::from_millis(300)), 20),
        ("cut within it", Fault::Cut,                               50),
        ("cut before it", Fault::CutBefore,                         50),
    ];
    weather_them(&mut bed, &proxy, &mut running, proxy.address, &weather).await;
}

/// A proxy in front of the server of the tests, and the address of the bed's database behind it.
async fn before_postgres(bed: &mut Bed, seed: u64) -> Proxy {
    let (base, parameters) = bed.database.url.split_once('?').expect("parameters");
    let folder = parameters.split('&').find_map(|parameter| parameter.strip_prefix("host="));
    let socket = Path::new(folder.expect("a folder of sockets")).join(".s.PGSQL.5432");
    let proxy = Proxy::start(Neighbour::Unix(socket), Units::Reads, seed).await;
    let name = base.strip_prefix("postgres:///").expect("the local server");
    bed.database_url = Some(format!("postgres://postgres@{}/{name}?sslmode=disable", proxy.address));
    proxy
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_between_the_switch_and_its_database_the_books_agree() {
    let seed = Chance::new("database link").seed;
    let mut bed = Bed::new("dblink", "postgres", 30_000, &CARDS).await;
    let proxy = before_postgres(&mut bed, seed).await;
    let mut running = bed.start();
    let front = running.http;
    #[rustfmt::skip]
    let weather = [
        ("late",          Fault::Delay(Duration::from_millis(300)), 20),
        ("cut within it", Fault::Cut,                               10),
        ("cut before it", Fault::CutBefore,                         10),
        ("half open",     Fault::HalfOpen,                          5),
    ];
    weather_them(&mut bed, &proxy, &mut running, front, &weather).await;
}

/// The commit reached the database, and the word of it did not come back: unknown, so it is read again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_reply_is_lost_is_found_and_not_done_twice() {
    let seed = Chance::new("lost commit").seed;
    let mut bed = Bed::new("lostcommit", "postgres", 30_000, &CARDS).await;
    let proxy = before_postgres(&mut bed, seed).await;
    let mut running = bed.start();
    let lost = |share, after, with| Rule { fault: Fault::CutBefore, direction: Back, share, after, with };
    proxy.misbehave(&[
        // The journal's group is its own transaction: its end is the end of its rows.
        lost(100, b"INSERT INTO payment", b"SELECT "),
        // Everything else says COMMIT.
        lost(100, b"", b"COMMIT\0"),
    ]);
    bed.load.begin(running.http, CLIENTS);
    eventually("replies are lost", async || proxy.faults() >= 20 && bed.load.paid() > 200).await;
    proxy.heal();
    bed.load.end().await;
    eprintln!("{} replies lost; {} payments begun", proxy.faults(), bed.load.begun());
    bed.settle_and_audit(&mut running).await;
}
