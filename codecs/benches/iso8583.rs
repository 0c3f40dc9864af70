//! ISO 8583 decode and encode: this crate, the crate iso8583_rs, and a bound written by hand for one dialect.
//!
//! The three take turns in every round, so that a busy machine slows all of them; medians, spread and ratios are
//! printed. Run with `cargo bench -p codecs --bench iso8583`.

#![expect(clippy::print_stdout, reason = "a bench reports to the person who runs it")]

#[path = "iso8583/by_hand.rs"]
mod by_hand;
#[path = "iso8583/peer.rs"]
mod peer;
#[path = "iso8583/purchase.rs"]
mod purchase;

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use codecs::iso8583::{Mode, Profile, decode};
use peer::{Peer, SPEC_FILE, SPEC_VARIABLE};
use purchase::FIELDS;

/// Rounds are short, so that few of them are cut in two by another program's turn on the core.
const ROUNDS: usize = 3_001;
const CALLS: u32 = 100;
const WARM_UP: usize = 300;

fn main() {
    if std::env::var_os(SPEC_VARIABLE).is_none() {
        let this = std::env::current_exe().expect("the path of this bench");
        let status =
            Command::new(this).env(SPEC_VARIABLE, SPEC_FILE).status().expect("this bench, started again");
        assert!(status.success(), "the bench failed");
        return;
    }
    let profile = Profile::by_name("iso87-abin").expect("a built-in profile");
    let mut wire = Vec::new();
    purchase::draft(&profile, &mut wire);

    let peer = Peer::new();
    let theirs = |out: &mut Vec<u8>| peer.encode(out);
    let ours = |out: &mut Vec<u8>| purchase::write(&profile, out);
    let by_hand = |out: &mut Vec<u8>| {
        by_hand::encode(b"0200", black_box(&FIELDS), out).expect("the message of this bench")
    };

    let mut out = Vec::new();
    for (name, encode) in
        [("ours", &ours as &dyn Fn(&mut Vec<u8>)), ("iso8583_rs", &theirs), ("by hand", &by_hand)]
    {
        out.clear();
        encode(&mut out);
        assert_eq!(out, wire, "{name} writes the same bytes");
    }
    println!(
        "0200, {} fields, {} bytes, iso87-abin, every character checked (not by iso8583_rs)",
        FIELDS.len(),
        wire.len()
    );

    let mut buffer = wire.clone();
    let mut buffers = [Vec::new(), Vec::new(), Vec::new()];
    let [out_ours, out_theirs, out_hand] = &mut buffers;
    compare(
        "decode",
        [
            &mut || {
                black_box(
                    decode(black_box(&profile), black_box(&wire), Mode::Strict).expect("written above"),
                );
            },
            &mut || peer.decode(&mut buffer),
            &mut || {
                black_box(by_hand::decode(black_box(&wire)).expect("written above"));
            },
        ],
    );
    compare(
        "encode",
        [
            &mut || {
                out_ours.clear();
                ours(black_box(out_ours));
            },
            &mut || theirs(black_box(out_theirs)),
            &mut || {
                out_hand.clear();
                by_hand(black_box(out_hand));
            },
        ],
    );
}

/// Nanoseconds a call of each: medians and the middle eight tenths. The ratios are medians over rounds, each taken
/// within its round, so that a load that comes and goes weighs on both sides.
fn compare(what: &str, mut contenders: [&mut dyn FnMut(); 3]) {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS + WARM_UP {
        let nanoseconds = contenders.each_mut().map(|contender| {
            let start = Instant::now();
            for _ in 0..CALLS {
                contender();
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
        });
        if round >= WARM_UP {
            rounds.push(nanoseconds);
        }
    }
    for (index, name) in ["ours", "iso8583_rs", "by hand"].into_iter().enumerate() {
        let [low, median, high] = spread(rounds.iter().map(|round| round[index]));
        println!("{what} {name:<11} {median:>6.0} ns  ({low:.0} to {high:.0})");
    }
    let [low, _, high] = spread(rounds.iter().map(|round| round[1]));
    if high > 2.0 * low {
        println!("{what}: the baseline's own runs differ by more than two times; no ratio");
        return;
    }
    let [_, faster, _] = spread(rounds.iter().map(|[ours, theirs, _]| theirs / ours));
    let [_, bound, _] = spread(rounds.iter().map(|[ours, _, by_hand]| ours / by_hand));
    println!("{what}: {faster:.1} times faster than iso8583_rs, {bound:.2} times the hand-written bound");
}

/// The tenth, fiftieth and ninetieth percentile.
fn spread(samples: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut samples: Vec<_> = samples.collect();
    samples.sort_by(f64::total_cmp);
    [1, 5, 9].map(|tenths| samples[samples.len() * tenths / 10])
}
