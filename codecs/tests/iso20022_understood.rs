//! What is understood of the samples: a golden text of every field, and the same message when it is built and read again.
//! `UPDATE_EXPECT=1` writes the golden text anew.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use codecs::iso20022::{AnyMessage, Family, Parsed, parse_any};

use crate::iso20022_table::golden;

/// The fields that are there, one a line.
fn listing(parsed: &Parsed<AnyMessage>) -> String {
    let mut out = format!("{}\n", parsed.version);
    for line in format!("{:#?}", parsed.message).lines() {
        if !line.ends_with(": None,") && !line.ends_with(": [],") {
            writeln!(out, "{line}").expect("a string takes all");
        }
    }
    for path in &parsed.passed_over.paths {
        writeln!(out, "passed over: {path}").expect("a string takes all");
    }
    out
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
