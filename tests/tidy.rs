//! The house rules, as tests: what ARCHITECTURE.md and CONTRIBUTING.md ask of every change and no
//! compiler or linter checks.
//!
//! A rule is a function from the files of the repository to sentences that name a file and a line. Its
//! test first plants a violation and sees it found, so that no rule can pass by being blind, then asks
//! the same of the repository as it is. Code, comments and string literals are told apart, so a word in
//! a comment is not mistaken for a call. Values of settings are not checked here.

mod asvs;
mod layers;
mod source;

use source::{File, check, has_word, is_word, nothing, tree};

// --- where SQL, time and chance live ----------------------------------------------------------

/// The only SQL of the switch and, for its own tables, of identity. Tests and benches have their own, and
/// so has the auditor: it must not share ours, or it would share our mistakes.
fn sql_outside_the_store(files: &[File]) -> Vec<String> {
    const OWN: &[&str] = &["switch/store/", "sso/src/store", "audit/src/"];
    let mut found = Vec::new();
    let bound = |f: &&File| f.is_rust() && f.is_shipped() && !OWN.iter().any(|own| f.path.starts_with(own));
    for file in files.iter().filter(bound) {
        for (line, literal) in file.shipped_literals() {
            if is_sql(literal) {
                found.push(file.at(line, "SQL belongs in switch/store, as a const beside its function"));
            }
        }
    }
    found
}

fn is_sql(literal: &str) -> bool {
    let words: Vec<&str> = literal.split(|c: char| !is_word(c)).filter(|w| !w.is_empty()).collect();
    // English says "select", "update" and "delete from" too: lower case counts only as the first word.
    let verb = |at: usize, verb: &str| words[at] == verb || at == 0 && words[at].eq_ignore_ascii_case(verb);
    let later = |at: usize, word: &str| words[at + 1..].iter().any(|w| w.eq_ignore_ascii_case(word));
    let next = |at: usize, word: &str| words.get(at + 1).is_some_and(|w| w.eq_ignore_ascii_case(word));
    (0..words.len()).any(|at| {
        verb(at, "SELECT") && later(at, "from")
            || verb(at, "INSERT") && next(at, "into")
            || verb(at, "UPDATE") && later(at, "set")
            || verb(at, "DELETE") && next(at, "from")
    })
}

#[test]
fn sql_lives_in_the_store() {
    check(
        sql_outside_the_store,
        &[
            ("switch/engine/src/pay.rs", "//! x\nconst Q: &str = \"SELECT id\n  FROM payment\";", 2),
            ("switch/daemon/api/bills.rs", "\nlet q = r#\"UPDATE bill SET state = 'x'\"#;", 2),
            ("switch/core/src/bill.rs", "f(\"insert into bill values ($1)\")", 1),
            ("connectors/src/lib.rs", "f(\"BEGIN; DELETE FROM bill\")", 1),
            ("sso/src/oidc/token.rs", "f(\"DELETE FROM sso_code\")", 1),
        ],
        &[
            ("switch/store/src/bill.rs", "const Q: &str = \"SELECT id FROM bill\";"),
            ("tests/auditor.rs", "const Q: &str = \"SELECT id FROM bill\";"),
            ("audit/src/cases.rs", "const Q: &str = \"SELECT id FROM bill\";"),
            ("sso/src/store/client.rs", "const Q: &str = \"SELECT id FROM sso_client\";"),
            (
                "switch/engine/src/pay.rs",
                "// SELECT id FROM bill\nfail(\"cannot select one from the list\");",
            ),
            ("switch/engine/src/pay.rs", "#[cfg(test)]\nmod tests {\n  \"SELECT id FROM bill\"\n}"),
        ],
    );
}

/// Time and randomness are arguments, made in two files and handed down; or no run could be repeated.
/// The runtime's own `tokio::time` is free: it only measures waiting, and a test can stop it.
fn time_and_chance_outside_the_wiring(files: &[File]) -> Vec<String> {
    const CLOCKS: &[&str] = &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now"];
    const CHANCE: &[&str] =
        &["rand::", "aws_lc_rs::rand", "getrandom", "thread_rng", "SystemRandom", "OsRng"];
    // A vault makes its keys itself: random bytes handed to it would be known to somebody else.
    const MAKERS: &[&str] = &["switch/daemon/clock.rs", "switch/daemon/wiring.rs", "sso/src/key.rs"];
    let mut found = Vec::new();
    let bound =
        |f: &&File| f.is_rust() && f.is_shipped() && f.name() != "sandbox.rs" && !MAKERS.contains(&&*f.path);
    for file in files.iter().filter(bound) {
        for (line, code) in file.shipped_code() {
            if CLOCKS.iter().any(|clock| has_word(code, clock)) && !is_runtime_timer(file, code) {
                found.push(
                    file.at(line, "take the time as an argument; switch/daemon/clock.rs owns the clock"),
                );
            }
            if CHANCE.iter().any(|source| has_word(code, source)) {
                found.push(
                    file.at(line, "take random bytes as an argument; switch/daemon/wiring.rs makes them"),
                );
            }
        }
    }
    found
}

fn is_runtime_timer(file: &File, call: &str) -> bool {
    let names =
        |library: &str| file.code().any(|(_, code)| code.contains(library) && has_word(code, "Instant"));
    has_word(call, "Instant::now") && names("tokio::time") && !names("std::time")
}

#[test]
fn time_and_chance_come_from_the_wiring() {
    check(
        time_and_chance_outside_the_wiring,
        &[
            ("switch/engine/src/pay.rs", "\n\nlet began = Instant::now();", 3),
            ("switch/daemon/api/bills.rs", "let at = std::time::SystemTime::now();", 1),
            ("connectors/src/wallet/mod.rs", "use aws_lc_rs::{aead, rand};\nrand::fill(&mut nonce)?;", 2),
            ("switch/store/src/clock.rs", "jiff::Timestamp::now()", 1),
            (
                "switch/store/src/db.rs",
                "use tokio::time::sleep;\nuse std::time::{Duration, Instant};\nInstant::now()",
                3,
            ),
            ("switch/store/src/db.rs", "use tokio::time::Instant;\nSystemTime::now()", 2),
        ],
        &[
            ("switch/daemon/clock.rs", "SystemTime::now()"),
            ("connectors/src/wallet/sandbox.rs", "Instant::now()"),
            ("benches/pay.rs", "Instant::now()"),
            (
                "connectors/src/wallet/mod.rs",
                "use tokio::time::{Instant, Sleep};\nlet until = Instant::now() + wait;",
            ),
            ("switch/engine/src/pay.rs", "/// Never Instant::now().\nlet operand::Kind = x(\"rand::\");"),
            ("switch/core/src/id.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\n  Instant::now();\n}"),
        ],
    );
}

/// Money is whole minor units, and everything that computes or keeps money is here.
fn floats_near_money(files: &[File]) -> Vec<String> {
    const NO_FLOATS: &[&str] = &["switch/core/", "switch/store/"];
    let mut found = Vec::new();
    for file in
        files.iter().filter(|f| f.is_rust() && NO_FLOATS.iter().any(|folder| f.path.starts_with(folder)))
    {
        for (line, code) in file.code() {
            if has_word(code, "f64") || has_word(code, "f32") {
                found.push(
                    file.at(line, "no floating point where money is: i64 minor units, or rust_decimal"),
                );
            }
        }
    }
    found
}

#[test]
fn no_float_comes_near_money() {
    check(
        floats_near_money,
        &[("switch/core/src/fee.rs", "fn fee(rate: f64) -> Money", 1)],
        &[
            ("switch/core/src/fee.rs", "// an f64 would round\nlet buf64 = 1;"),
            ("switch/daemon/metrics.rs", "let share: f64 = 0.5;"),
        ],
    );
}

// --- connectors -------------------------------------------------------------------------------

/// A kind of counterparty is a folder with five files and a line in the registry.
fn incomplete_connectors(files: &[File]) -> Vec<String> {
    const PARTS: &[&str] = &["mod.rs", "messages.rs", "response_codes.rs", "sandbox.rs", "README.md"];
    const NOT_A_COUNTERPARTY: &str = "transport"; // what all of them travel on
    let registry = files
        .iter()
        .find(|f| f.path == "connectors/src/lib.rs")
        .and_then(|lib| lib.text.split_once("REGISTRY"))
        .map_or("", |(_, rest)| rest.split("];").next().unwrap_or(rest));
    let mut found = Vec::new();
    for file in files {
        let Some(folder) = file.path.strip_prefix("connectors/src/").and_then(|p| p.strip_suffix("/mod.rs"))
        else {
            continue;
        };
        if folder == NOT_A_COUNTERPARTY || folder.contains('/') {
            continue;
        }
        for part in PARTS {
            let path = format!("connectors/src/{folder}/{part}");
            if !files.iter().any(|f| f.path == path) {
                found.push(
                    file.at(1, &format!("the connector has no {part}; CONTRIBUTING.md says what goes in it")),
                );
            }
        }
        if !has_word(registry, &format!("{folder}::")) {
            found.push(file.at(1, "the connector has no line in REGISTRY, connectors/src/lib.rs"));
        }
    }
    found
}

#[test]
fn connectors_are_complete() {
    const LIB: (&str, &str) = ("connectors/src/lib.rs", "const REGISTRY: &[Kind] = &[\n  wallet::KIND,\n];");
    const WALLET: &[(&str, &str)] = &[
        ("connectors/src/wallet/mod.rs", ""),
        ("connectors/src/wallet/messages.rs", ""),
        ("connectors/src/wallet/response_codes.rs", ""),
        ("connectors/src/wallet/sandbox.rs", ""),
        ("connectors/src/wallet/README.md", ""),
        LIB,
    ];
    for missing in &WALLET[1..] {
        let files: Vec<File> =
            WALLET.iter().filter(|part| *part != missing).map(|(path, text)| File::new(path, text)).collect();
        assert_eq!(incomplete_connectors(&files).len(), 1, "without {}", missing.0);
    }
    let innocent =
        [WALLET, &[("connectors/src/transport/mod.rs", ""), ("connectors/src/wallet/vault/mod.rs", "")]];
    check(incomplete_connectors, &[("connectors/src/ach/mod.rs", "", 1)], &innocent.concat());
}

// --- how files look ---------------------------------------------------------------------------

/// The first line says what the file is.
fn files_without_a_purpose(files: &[File]) -> Vec<String> {
    let silent = files.iter().filter(|f| f.is_rust() && !f.text.starts_with("//!"));
    silent.map(|f| f.at(1, "open with //!: what this is, why it exists, what it does not do")).collect()
}

#[test]
fn files_say_what_they_are() {
    check(
        files_without_a_purpose,
        &[("switch/core/src/fee.rs", "use std::fmt;\n//! Late.", 1)],
        &[("switch/core/src/fee.rs", "//! What a department asks."), ("config/switchd.toml", "a = 1")],
    );
}

/// A file is named by the trade. These names say that nobody knew what the file was for.
fn files_without_a_name(files: &[File]) -> Vec<String> {
    const EMPTY: &[&str] = &["util", "utils", "helper", "helpers", "manager", "managers", "common", "misc"];
    let mut found = Vec::new();
    for file in files.iter().filter(|f| f.is_rust()) {
        let mut names = file.path.trim_end_matches(".rs").split('/');
        if let Some(name) = names.find(|name| EMPTY.contains(name)) {
            found.push(file.at(1, &format!("\"{name}\" names nothing: use the noun of the trade")));
        }
    }
    found
}

#[test]
fn files_are_named_by_the_trade() {
    check(
        files_without_a_name,
        &[("switch/core/src/utils.rs", "", 1), ("tests/common/mod.rs", "", 1)],
        &[("switch/core/src/ledger.rs", ""), ("switch/daemon/common_name.rs", "")],
    );
}

/// A file over 600 lines has more than one subject, unless it is a table. Tables, each with its reason:
const TABLES: &[(&str, &str)] = &[];

fn long_files(files: &[File]) -> Vec<String> {
    const LINES_MAX: usize = 600;
    let mut found = Vec::new();
    for file in files.iter().filter(|f| f.is_rust()) {
        let lines = file.text.lines().count();
        if lines > LINES_MAX && !TABLES.iter().any(|(path, _)| *path == file.path) {
            found.push(
                file.at(lines, "over 600 lines: split it by subject, or list it in TABLES with a reason"),
            );
        }
    }
    found
}

#[test]
fn files_have_one_subject() {
    check(
        long_files,
        &[("switch/engine/src/pay.rs", &"//! x\n".repeat(601), 601)],
        &[
            ("switch/engine/src/pay.rs", &"//! x\n".repeat(600)),
            ("switch/engine/README.md", &"x\n".repeat(900)),
        ],
    );
    let gone = TABLES.iter().filter(|(path, _)| !tree().iter().any(|f| f.path == *path));
    nothing(gone.map(|(path, _)| format!("{path} is listed in TABLES and does not exist")).collect());
}

// --- what must not be committed ---------------------------------------------------------------

/// Work that is not done is an issue, not a line of code.
fn unfinished_work(files: &[File]) -> Vec<String> {
    const IN_CODE: &[&str] = &["todo!", "unimplemented!", "#[ignore"];
    const IN_COMMENTS: &[&str] = &["FIXME", "TODO", "XXX"];
    let mut found = Vec::new();
    for file in files.iter().filter(|f| f.is_rust()) {
        for (line, code) in file.code() {
            if let Some(word) = IN_CODE.iter().find(|word| has_word(code, word)) {
                found.push(file.at(line, &format!("{word}: finish it, or leave it out and open an issue")));
            }
        }
        for (line, comment) in file.comments() {
            if let Some(word) = IN_COMMENTS.iter().find(|word| has_word(comment, word)) {
                found.push(file.at(line, &format!("{word}: say it in an issue")));
            }
        }
    }
    found
}

#[test]
fn nothing_is_half_done() {
    check(
        unfinished_work,
        &[
            ("switch/core/src/fee.rs", "\nfn fee() -> Money { todo!() }", 2),
            ("switch/core/src/fee.rs", "fn fee() { unimplemented!(\"later\") }", 1),
            ("tests/pay.rs", "#[test]\n#[ignore = \"flaky\"]\nfn pays() {}", 2),
            ("switch/core/src/fee.rs", "fn fee() {}\n// FIXME rounding", 2),
            ("switch/core/src/fee.rs", "/* a\n XXX */", 2),
        ],
        &[(
            "switch/core/src/money.rs",
            "/// No currency is written XXXX.\nconst NONE: &str = \"XXX\"; // todo!() is banned",
        )],
    );
}

/// A change is made in place; git keeps the old one.
fn twins(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|f| f.is_rust()) {
        if file.path.contains("_v2") {
            found.push(file.at(1, "change the file in place; git keeps the old one"));
        }
        // What a library named so may be called.
        const DECLARED: &[&str] = &["fn ", "struct ", "enum ", "trait ", "mod ", "const "];
        for (line, code) in file.code() {
            let is_ours = DECLARED.iter().any(|keyword| code.contains(keyword));
            if is_ours && code.split("_v2").skip(1).any(|rest| !rest.starts_with(is_word)) {
                found.push(file.at(line, "change it in place: a _v2 leaves two answers to one question"));
            }
        }
    }
    found
}

#[test]
fn nothing_has_a_twin() {
    check(
        twins,
        &[("switch/engine/src/pay_v2.rs", "", 1), ("switch/engine/src/pay.rs", "\npub fn pay_v2() {}", 2)],
        &[
            ("switch/engine/src/pay.rs", "fn pay() { route(\"/v2\"); hash_v25(); } // pay_v2"),
            ("sso/src/credential/passkey.rs", "let done = library.finish_v2(&answer);"),
        ],
    );
}

// --- data -------------------------------------------------------------------------------------

fn broken_toml(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|f| f.path.ends_with(".toml")) {
        if let Err(why) = file.text.parse::<toml::Table>() {
            let line = why.span().map_or(1, |span| 1 + file.text[..span.start].matches('\n').count());
            found.push(file.at(line, why.message()));
        }
    }
    found
}

#[test]
fn configuration_parses() {
    check(
        broken_toml,
        &[("config/connectors/card.toml", "kind = \"card\"\ntimeout_ms = \n", 2)],
        &[("config/connectors/card.toml", "kind = \"card\"\ntimeout_ms = 1\n")],
    );
}

/// A package that does not inherit the lints is silent about everything.
fn packages_without_lints(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|f| f.name() == "Cargo.toml") {
        let manifest = file.text.parse::<toml::Table>().unwrap_or_default();
        let inherits =
            manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        if manifest.contains_key("package") && inherits != Some(true) {
            found.push(file.at(1, "add [lints] workspace = true"));
        }
    }
    found
}

#[test]
fn packages_inherit_the_lints() {
    check(
        packages_without_lints,
        &[("sso/Cargo.toml", "[package]\nname = \"sso\"\n[lints.rust]\nunsafe_code = \"allow\"", 1)],
        &[("sso/Cargo.toml", "[package]\nname = \"sso\"\n[lints]\nworkspace = true")],
    );
}

/// The published figures of the catalogue, and fees that have the decimals of their currency.
fn wrong_catalogue(files: &[File]) -> Vec<String> {
    const PATH: &str = "config/services/sandbox.toml";
    const FIGURES: (usize, usize, usize) = (13, 42, 22); // departments, services, paid ones
    let mut found = Vec::new();
    for file in files.iter().filter(|f| f.path == PATH) {
        let catalogue = file.text.parse::<toml::Table>().unwrap_or_default();
        let rows =
            |key: &str| catalogue.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
        let (departments, services) = (rows("department"), rows("service"));
        let text = |row: &toml::Value, key: &str| {
            row.get(key).and_then(toml::Value::as_str).unwrap_or("").to_owned()
        };
        let paid = services.iter().filter(|service| text(service, "kind") == "paid").count();
        if (departments.len(), services.len(), paid) != FIGURES {
            found.push(file.at(1, "the published figures are 13 departments, 42 services, 22 of them paid"));
        }
        for service in &services {
            let fee = text(service, "fee");
            let decimals = fee.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            let is_right = match (text(service, "kind").as_str(), text(service, "currency").as_str()) {
                ("paid", "ILS") => decimals == 2,
                ("paid", "JOD") => decimals == 3,
                ("inquiry", "") => fee.is_empty(),
                _ => false,
            };
            let is_owned = departments.iter().any(|d| text(d, "code") == text(service, "department"));
            if !is_right || !is_owned {
                let code = text(service, "code");
                let before = file.text.find(&format!("\"{code}\"")).map_or("", |start| &file.text[..start]);
                let line = 1 + before.matches('\n').count();
                found
                    .push(file.at(line, &format!("service {code}: wrong kind, fee, currency or department")));
            }
        }
    }
    found
}

#[test]
fn the_sandbox_catalogue_keeps_the_published_figures() {
    let path = "config/services/sandbox.toml";
    let whole = tree().into_iter().find(|f| f.path == path).expect("the sandbox catalogue").text;
    check(
        wrong_catalogue,
        &[
            (path, "[[department]]\ncode = \"MOI\"", 1),
            (path, &whole.replacen("\"50.000\"", "\"50.00\"", 1), line_of(&whole, "\"PASS-NEW\"")),
            (path, &whole.replacen("\"MOT\"", "\"MOTT\"", 1), line_of(&whole, "\"VEH-LIC\"")),
        ],
        &[(path, &whole)],
    );
}

fn line_of(text: &str, part: &str) -> usize {
    1 + text.lines().position(|line| line.contains(part)).expect("the text has the part")
}
