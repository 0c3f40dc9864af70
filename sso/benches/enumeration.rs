//! Whether the time of an answer tells who has an account, and what a sign-in costs apart from the hash.
//!
//! `cargo bench -p sso --bench enumeration`. It knocks 400 times with numbers that have an account and 400
//! times with numbers that have none, in turns, at the real cost of a password, and compares the two
//! distributions of time: Kolmogorov-Smirnov, two samples. Then it signs in 400 times with a hash that
//! costs nothing. Not a test: time belongs to the machine it runs on.
#![expect(clippy::print_stdout, reason = "it is a report")]

#[path = "../tests/support/mod.rs"]
#[expect(dead_code, reason = "the stories use what the bench does not")]
mod support;

use std::time::Instant;

use axum::http::StatusCode;
use sso::credential::password::Hasher;
use support::bed::Bed;
use support::browser::Browser;
use support::doorway::PASSWORD;
use support::people::national_id;

const PEOPLE: u32 = 400;

#[tokio::main]
async fn main() {
    let bed = Bed::sqlite().await;
    for n in 0..PEOPLE {
        bed.citizen_with_password(n).await;
    }
    cost_apart_from_the_hash(&bed).await;
    bed.clear_away().await;

    let mut bed = Bed::sqlite().await;
    std::sync::Arc::get_mut(&mut bed.sso).expect("nobody has it yet").hasher = Hasher::new(19_456, 2, 4);
    for n in 0..PEOPLE {
        let account = bed.citizen(n).await;
        bed.give_password(&account, PASSWORD).await;
    }
    for path in ["/sign-in", "/recover", "/sign-in/code-first"] {
        known_against_unknown(&bed, path).await;
    }
    bed.clear_away().await;
}

async fn cost_apart_from_the_hash(bed: &Bed) {
    let mut times = Vec::new();
    for n in 0..PEOPLE {
        let mut browser = Browser::new(bed);
        let page = browser.get("/sign-in").await;
        let typed = [("identity", &*national_id(n)), ("password", PASSWORD)];
        let began = Instant::now();
        let answer = browser.fill(&page, "/sign-in", &typed).await;
        times.push(began.elapsed().as_secs_f64() * 1_000.0);
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    times.sort_by(f64::total_cmp);
    println!("sign-in apart from the hash: median {:.2} ms, p95 {:.2} ms", at(&times, 0.5), at(&times, 0.95));
}

async fn known_against_unknown(bed: &Bed, path: &str) {
    let mut browser = Browser::new(bed);
    let page = browser.get(path).await;
    let mut samples = [Vec::new(), Vec::new()];
    for n in 0..PEOPLE {
        // In turns, and each first every other time: what warms up or slows down touches both alike.
        for turn in 0..2 {
            let which = usize::from((n + turn) % 2 == 1);
            let identity = national_id(if which == 0 { n } else { 5_000 + n });
            let typed = [("identity", &*identity), ("password", "not this one"), ("code", "000000")];
            let began = Instant::now();
            browser.fill(&page, path, &typed).await;
            samples[which].push(began.elapsed().as_secs_f64() * 1_000.0);
        }
    }
    samples.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    let [known, unknown] = &samples;
    let p = kolmogorov_smirnov(known, unknown);
    let difference = at(known, 0.5) - at(unknown, 0.5);
    println!(
        "{path}: median known {:.3} ms, unknown {:.3} ms, difference {difference:.3} ms, KS p = {p:.3}",
        at(known, 0.5),
        at(unknown, 0.5)
    );
}

/// The value below which a part of sorted values lies.
fn at(sorted: &[f64], part: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * part) as usize]
}

/// How probable a distance like this is between two samples of one distribution.
fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> f64 {
    let (mut i, mut j, mut distance) = (0, 0, 0.0_f64);
    while i < a.len() && j < b.len() {
        let least = a[i].min(b[j]);
        i += a[i..].iter().take_while(|x| **x <= least).count();
        j += b[j..].iter().take_while(|x| **x <= least).count();
        distance = distance.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    let n = (a.len() * b.len()) as f64 / (a.len() + b.len()) as f64;
    let lambda = (n.sqrt() + 0.12 + 0.11 / n.sqrt()) * distance;
    let term = |k: i32| (-1.0_f64).powi(k - 1) * (-2.0 * f64::from(k * k) * lambda * lambda).exp();
    (2.0 * (1..100).map(term).sum::<f64>()).clamp(0.0, 1.0)
}
