//! What is understood of the samples: a golden text of every field, and the same message when it is built and read again.
//! `UPDATE_EXPECT=1` writes the golden text anew.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use codecs::iso20022::{AnyMessage, Event, Family, Limits, Parsed, Reader, Version, parse_any};

use crate::iso20022_instances::{Dice, Schema, written};
use crate::iso20022_table::{golden, read};

/// Documents made from each schema.
const DOCUMENTS: usize = 25;

/// The fields that are there, one a line.
fn listing(parsed: &Parsed<AnyMessage>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in format!("{:#?}", parsed.message).lines() {
        if !line.ends_with(": None,") && !line.ends_with(": [],") {
            lines.push(line.to_owned());
        }
        // `Some(`, a value and `)` on lines of their own become one line.
        while let [.., open, value, close] = &lines[..] {
            let is_short = open.ends_with('(')
                && close.trim_start() == "),"
                && !value.trim_end().ends_with(['(', '{', '[', '}', ']']);
            if !is_short {
                break;
            }
            let joined = format!("{open}{}),", value.trim().trim_end_matches(','));
            lines.truncate(lines.len() - 3);
            lines.push(joined);
        }
    }
    let mut out = format!("{}\n{}\n", parsed.version, lines.join("\n"));
    for path in &parsed.passed_over.paths {
        writeln!(out, "passed over: {path}").expect("a string takes all");
    }
    out
}

/// Every value with its path, in order, but for what was passed over.
fn values(document: &[u8], passed_over: &[String]) -> Vec<(String, String)> {
    let mut reader = Reader::new(document, Limits::message());
    let mut values = Vec::new();
    loop {
        let text = match reader.next().expect("a document") {
            Event::Eof => return values,
            Event::Text(text) => text.to_owned(),
            Event::Start { attributes, .. } => match attributes.get("Ccy") {
                Some(currency) => currency.to_owned(),
                None => continue,
            },
            Event::End => continue,
        };
        let path = reader.path();
        let is_in = |passed: &String| {
            path.strip_prefix(&**passed).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
        };
        if !passed_over.iter().any(is_in) {
            values.push((path, text));
        }
    }
}

#[test]
fn samples_are_understood_and_come_back() {
    let mut found = String::new();
    let mut families = Vec::new();
    for file in [golden("samples-ps"), golden("samples-thirdparty")].concat() {
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        if !name.ends_with(".xml")
            || ["camt.052", "camt.053", "camt.054"].iter().any(|camt| name.contains(camt))
        {
            continue;
        }
        let bytes = fs::read(&file).expect("a sample");
        let parsed = parse_any(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let built = parsed.message.build(parsed.version).unwrap_or_else(|error| panic!("{name}: {error}"));
        let again = parse_any(&built).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((&again.message, again.version), (&parsed.message, parsed.version), "{name}");
        let (theirs, ours) = (values(&bytes, &parsed.passed_over.paths), values(&built, &[]));
        assert_eq!(ours, theirs, "{name}: what is built says the same in the same order");
        families.push(parsed.message.family());
        writeln!(found, "=== {name}\n{}", listing(&parsed)).expect("a string takes all");
    }
    families.sort_unstable();
    families.dedup();
    assert_eq!(families.len(), 14, "there is a sample of every family: {families:?}");
    assert!(families.contains(&Family::Head001));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/iso20022/understood.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &found).expect("written");
    }
    let expected = fs::read_to_string(&path).expect("the golden text");
    for (line, (ours, theirs)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(ours, theirs, "line {} of {}", line + 1, path.display());
    }
    assert_eq!(found.lines().count(), expected.lines().count());
}

/// Documents made from the schemas, not from our tables: every value comes back at its path or was passed over. Which
/// elements are passed over is a golden list, so that it is known what the structs do not carry.
#[test]
fn documents_made_from_the_schemas_are_understood() {
    let mut dice = Dice(0x20022);
    let mut gone: BTreeSet<String> = BTreeSet::new();
    for version in Version::all() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/iso20022/xsd/{version}.xsd"));
        let tree = read(&file);
        let schema = Schema::new(&tree);
        for number in 0..DOCUMENTS {
            let text = written(&schema.document(&mut dice), version.namespace());
            let parsed = parse_any(text.as_bytes())
                .unwrap_or_else(|error| panic!("{version} {number}: {error}\n{text}"));
            let built = parsed.message.build(version);
            let built = built.unwrap_or_else(|error| panic!("{version} {number}: {error}\n{text}"));
            let passed = &parsed.passed_over;
            let theirs = values(text.as_bytes(), &passed.paths);
            let ours = values(&built, &[]);
            if passed.count == passed.paths.len() as u64 {
                assert_eq!(ours, theirs, "{version} {number}");
            }
            let mut rest = theirs.iter();
            assert!(
                ours.iter().all(|value| rest.any(|other| other == value)),
                "{version} {number}: nothing is added"
            );
            let family = &version.name()[..8];
            for path in &passed.paths {
                let plain = path.split('/').skip(2).map(|name| name.split('[').next().unwrap_or(name));
                gone.insert(format!("{family} {}", plain.collect::<Vec<_>>().join("/")));
            }
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/iso20022/passed-over.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, gone.iter().map(|line| format!("{line}\n")).collect::<String>()).expect("written");
    }
    let known = fs::read_to_string(&path).expect("the golden list");
    let known: BTreeSet<&str> = known.lines().collect();
    let news: Vec<_> = gone.iter().filter(|path| !known.contains(&***path)).collect();
    assert!(news.is_empty(), "the structs do not carry {news:?}");
}
