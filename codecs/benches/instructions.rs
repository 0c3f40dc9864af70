//! Instructions a message: read and written in three dialects, counted by valgrind, which sees the same number on a
//! busy machine as on an idle one.
//!
//! `cargo bench -p codecs --bench instructions` counts and compares with `instructions.txt`: 3 % more fails. With
//! `-- --record` the counts are written there; `-- --beside` counts iso8583_rs and the bound written by hand as well.
//! Another compiler makes other code: under another rustc than the recorded one nothing fails, and the counts are to be
//! recorded anew together with the change of compiler.

#![expect(clippy::print_stdout, reason = "a bench reports to the person who runs it")]

#[path = "iso8583/by_hand.rs"]
mod by_hand;
#[path = "iso8583/peer.rs"]
mod peer;
#[path = "iso8583/purchase.rs"]
mod purchase;

use std::hint::black_box;
use std::process::{Command, ExitCode};

use codecs::iso8583::{Mode, Profile, decode};
use peer::{Peer, SPEC_FILE, SPEC_VARIABLE};

const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt");
const DIALECTS: [&str; 3] = ["iso87-abin", "iso87-bcd", "iso87-ebcdic"];
const WORKS: [&str; 3] = ["decode", "write", "draft"];
const BESIDE: [&str; 4] = ["by-hand-decode", "by-hand-write", "iso8583_rs-decode", "iso8583_rs-write"];
/// What is done so many times more is counted as the difference of two runs, which leaves start and end out.
const FEW: u64 = 100;
const MANY: u64 = 1_100;
/// Three in a hundred is what a change may cost before it must say why.
const TOLERANCE_PERCENT: u64 = 3;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["work", work, dialect, times] => {
            repeat(work, dialect, times.parse().expect("a number"));
            ExitCode::SUCCESS
        }
        _ if arguments.iter().any(|argument| argument == "--beside") => {
            for work in BESIDE {
                println!("{work:<22} {:>6} instructions", a_message(work, "iso87-abin"));
            }
            ExitCode::SUCCESS
        }
        _ => compare(arguments.iter().any(|argument| argument == "--record")),
    }
}

/// The work that is counted.
fn repeat(work: &str, dialect: &str, times: u64) {
    let profile = Profile::by_name(dialect).expect("a built-in profile");
    let mut out = Vec::with_capacity(1024);
    purchase::draft(&profile, &mut out);
    let mut wire = out.clone();
    let mut run: Box<dyn FnMut()> = match work {
        "decode" => Box::new(|| {
            black_box(decode(&profile, black_box(&wire), Mode::Strict).expect("written above"));
        }),
        "write" => Box::new(|| {
            out.clear();
            purchase::write(black_box(&profile), black_box(&mut out));
        }),
        "draft" => Box::new(|| {
            out.clear();
            purchase::draft(black_box(&profile), black_box(&mut out));
        }),
        "by-hand-decode" => Box::new(|| {
            black_box(by_hand::decode(black_box(&wire)).expect("written above"));
        }),
        "by-hand-write" => Box::new(|| {
            out.clear();
            by_hand::encode(b"0200", black_box(&purchase::FIELDS), black_box(&mut out)).expect("its fields");
        }),
        "iso8583_rs-decode" => {
            let peer = Peer::new();
            Box::new(move || peer.decode(&mut wire))
        }
        "iso8583_rs-write" => {
            let peer = Peer::new();
            Box::new(move || peer.encode(&mut out))
        }
        _ => panic!("no work is called {work}"),
    };
    for _ in 0..times {
        run();
    }
}

fn compare(record: bool) -> ExitCode {
    let recorded = std::fs::read_to_string(RECORD).unwrap_or_default();
    let compiler = compiler();
    let same_compiler = recorded.lines().next() == Some(&compiler);
    let mut lines = vec![compiler];
    let (mut more, mut less) = (false, false);
    for dialect in DIALECTS {
        for work in WORKS {
            let name = format!("{dialect} {work}");
            let counted = a_message(work, dialect);
            let before =
                recorded.lines().find_map(|line| line.strip_prefix(&name)?.trim().parse::<u64>().ok());
            let verdict = match before {
                None => "not recorded",
                Some(before) if counted * 100 > before * (100 + TOLERANCE_PERCENT) => "MORE",
                Some(before) if counted * 100 < before * (100 - TOLERANCE_PERCENT) => "less",
                Some(_) => "as recorded",
            };
            more |= matches!(verdict, "MORE" | "not recorded");
            less |= verdict == "less";
            let shown = before.map_or("-".into(), |before| before.to_string());
            println!("{name:<22} {counted:>6} instructions, recorded {shown:>6}: {verdict}");
            lines.push(format!("{name} {counted}"));
        }
    }
    if record {
        std::fs::write(RECORD, lines.join("\n") + "\n").expect("the record can be written");
        println!("recorded in {RECORD}");
        return ExitCode::SUCCESS;
    }
    let again = "cargo bench -p codecs --bench instructions -- --record";
    if !same_compiler {
        println!(
            "The record is of another compiler than {}: nothing is judged. Record anew: {again}",
            lines[0]
        );
        return ExitCode::SUCCESS;
    }
    if less {
        println!("Fewer than recorded by more than {TOLERANCE_PERCENT} %: keep the gain, {again}");
    }
    if more {
        println!(
            "More than recorded by more than {TOLERANCE_PERCENT} %, or not recorded. If it is worth it: {again}"
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn a_message(work: &str, dialect: &str) -> u64 {
    (count(work, dialect, MANY) - count(work, dialect, FEW)) / (MANY - FEW)
}

/// All instructions of this program doing `work` so many times.
fn count(work: &str, dialect: &str, times: u64) -> u64 {
    let this = std::env::current_exe().expect("the path of this bench");
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(this)
        .args(["work", work, dialect, &times.to_string()])
        .env(SPEC_VARIABLE, SPEC_FILE)
        .output()
        .expect("valgrind is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let total = said.lines().find_map(|line| line.split_once("refs:")).expect("valgrind says the count").1;
    total.trim().replace(',', "").parse().expect("a number")
}

fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().expect("the compiler says its version");
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    format!("{version}, {}", std::env::consts::ARCH)
}
