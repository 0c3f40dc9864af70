//! The same bytes given to the published codecs of this language: who refuses, who accepts, who loses bytes, who panics.
//!
//! All of them read `iso87-abin` (ASCII fields, a binary bitmap), so the messages are vectors of that dialect, malformed
//! ones rewritten in it, and every cut of a valid one. "Loses bytes": accepted, but what is written back is not what
//! was read. The table is `golden/iso8583/differential.txt`; `UPDATE_EXPECT=1` writes it anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use codecs::iso8583::{Mode, Profile, decode};
use iso8583_codec_rs::LoadedSpec;
use iso8583_core::message::ISO8583Message;
use iso8583_rs::iso8583::iso_spec;
use serde_json::{Value, json};

use crate::support::{bytes, golden, list, profile, text, valid_vectors};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/iso8583/differential.txt");
/// iso8583_rs reads its field table, once a process, from the file this variable names.
const SPEC_VARIABLE: &str = "SPEC_FILE";
const SPEC_FILE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/iso8583_rs.yaml");
const THIS: &str = "differential::malformed_messages_are_refused_here_and_not_everywhere";

/// What a codec does with bytes: the bytes it writes back, or nothing when it refuses.
type Codec = Box<dyn Fn(&[u8]) -> Option<Vec<u8>>>;

#[test]
fn malformed_messages_are_refused_here_and_not_everywhere() {
    if std::env::var_os(SPEC_VARIABLE).is_none() {
        std::fs::write(SPEC_FILE, yaml_table()).expect("the field table can be written");
        let this = std::env::current_exe().expect("the path of this test");
        let output = Command::new(this)
            .args([THIS, "--exact", "--nocapture"])
            .env(SPEC_VARIABLE, SPEC_FILE)
            .output()
            .expect("this test, started again");
        assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        return;
    }
    let codecs = codecs();
    let mut table = format!("{:<44}", "");
    for (name, _) in &codecs {
        write!(table, "{name:<26}").expect("a string takes it");
    }
    std::panic::set_hook(Box::new(|_| {})); // This process has one test, and its panics are results.
    for (case, family) in cases() {
        write!(table, "\n{case:<44}").expect("a string takes it");
        for (name, codec) in &codecs {
            let verdicts = verdicts(codec, &family);
            let ours = *name == "codecs";
            let expected = if case.starts_with("valid") { "accepts" } else { "refuses" };
            if ours && verdicts != expected {
                _ = std::panic::take_hook();
                panic!("{case}: we are expected to say {expected}, not {verdicts}");
            }
            write!(table, "{verdicts:<26}").expect("a string takes it");
        }
    }
    _ = std::panic::take_hook();
    let table = table.lines().map(|line| line.trim_end().to_owned() + "\n").collect::<String>();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(TABLE, table).expect("the table can be written");
        return;
    }
    let recorded = std::fs::read_to_string(TABLE).expect("the table can be read");
    assert_eq!(table, recorded, "UPDATE_EXPECT=1 writes {TABLE} anew");
}

/// One word for a single message, counts for a family of them.
fn verdicts(codec: &Codec, family: &[Vec<u8>]) -> String {
    let mut counts = BTreeMap::new();
    for wire in family {
        let verdict = match catch_unwind(AssertUnwindSafe(|| codec(wire))) {
            Err(_) => "panics",
            Ok(None) => "refuses",
            Ok(Some(again)) if again == *wire => "accepts",
            Ok(Some(_)) => "loses bytes",
        };
        *counts.entry(verdict).or_insert(0) += 1;
    }
    match counts.len() {
        1 => counts.into_keys().collect(),
        _ => {
            counts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect::<Vec<_>>().join(", ")
        }
    }
}

fn codecs() -> Vec<(&'static str, Codec)> {
    let ours = profile("iso87-abin");
    let spec = iso_spec::spec("");
    let by_json = LoadedSpec::from_json(&json_table().to_string()).expect("a field table");
    vec![
        ("codecs", Box::new(move |wire| ours_again(&ours, wire))),
        ("iso8583_rs 0.1.10", Box::new(move |wire| spec.parse(&mut wire.to_vec()).ok()?.assemble().ok())),
        (
            "iso8583-core 0.1.0",
            Box::new(|wire| ISO8583Message::from_bytes(wire).ok().map(|message| message.to_bytes())),
        ),
        (
            "iso8583-codec-rs 0.1.0",
            Box::new(move |wire| {
                let message = iso8583_codec_rs::iso8583::parse_bytes(wire, &by_json).ok()?;
                iso8583_codec_rs::iso8583::publish_bytes(&message, &by_json).ok()
            }),
        ),
    ]
}

fn ours_again(profile: &Profile, wire: &[u8]) -> Option<Vec<u8>> {
    let mut again = Vec::new();
    decode(profile, wire, Mode::Strict).ok()?.to_draft().encode(profile, &mut again).ok()?;
    Some(again)
}

/// Valid vectors of the dialect, the malformed ones that have a twin in it, and faults no vector has.
fn cases() -> Vec<(String, Vec<Vec<u8>>)> {
    let mut cases = Vec::new();
    for vector in valid_vectors().iter().filter(|vector| vector["profile"] == "iso87-abin") {
        let case = format!("valid {} {}", text(&vector["id"]), text(&vector["mti"]));
        cases.push((case, vec![bytes(&vector["hex"])]));
    }
    for vector in list(&golden("iso8583/malformed.json"), "vectors") {
        if let Some(wire) = twin(vector) {
            let expect = &vector["expect"];
            let field = expect["field"].as_u64().map(|n| format!(" {n}")).unwrap_or_default();
            cases.push((format!("{} {}{field}", text(&vector["id"]), text(&expect["kind"])), vec![wire]));
        }
    }
    let valid = valid_vectors().into_iter().find(|vector| vector["id"] == "V009").expect("a vector");
    let valid = twin(&valid).expect("a message of text");
    assert_eq!(&valid[12..14], b"16", "field 2 is first");
    let with = |at: usize, text: &[u8]| {
        let mut wire = valid.clone();
        wire[at..at + text.len()].copy_from_slice(text);
        vec![wire]
    };
    cases.push(("a sign as a digit of a length: +9".into(), {
        let mut wire = with(12, b"+9").remove(0);
        wire.drain(21..28); // Seven digits fewer, as +9 would say.
        vec![wire]
    }));
    cases.push(("a line feed in the card number".into(), with(20, b"\n")));
    cases.push(("a byte beyond ASCII in the card number".into(), with(20, &[0xE9])));
    cases.push(("0200 with a third bitmap (field 65)".into(), vec![third_bitmap()]));
    cases.push((
        "V009 cut after each of its bytes".into(),
        (0..valid.len()).map(|at| valid[..at].to_vec()).collect(),
    ));
    cases
}

/// A message of `iso87-ascii` without `b` fields, with its bitmap in binary. `None` where that makes no sense.
fn twin(vector: &Value) -> Option<Vec<u8>> {
    let wire = bytes(&vector["hex"]);
    if vector["profile"] != "iso87-ascii" || vector["expect"]["kind"] == "BITMAP_INVALID" {
        return None;
    }
    let mti = wire.get(..4).unwrap_or(&wire);
    let rest = wire.get(mti.len()..)?;
    let bitmap = rest.get(..16).unwrap_or(rest);
    Some([mti, &codecs::hex::decode(bitmap)?, &rest[bitmap.len()..]].concat())
}

fn third_bitmap() -> Vec<u8> {
    [&b"0200"[..], &[0x80, 0, 0, 0, 0, 0, 0, 0], &[0x80, 0, 0, 0, 0, 0, 0, 0], &[0; 8]].concat()
}

/// The dictionary of 1987 as iso8583_rs wants it.
fn yaml_table() -> String {
    let selectors =
        valid_vectors().iter().map(|vector| format!("\"{}\"", text(&vector["mti"]))).collect::<Vec<_>>();
    let mut yaml = format!(
        "name: All\nid: 1\nheader_fields:\n  - {{ name: hdr, id: 1, type: Fixed, len: 4, data_encoding: ASCII }}\n\
         messages:\n  - name: any\n    selector: [{}]\n    id: 1\n    fields:\n      \
         - {{ name: message_type, id: 1, type: Fixed, len: 4, data_encoding: ASCII }}\n      \
         - name: bitmap\n        id: 2\n        type: Bitmapped\n        len: 0\n        data_encoding: BINARY\n        \
         children:\n",
        selectors.join(", ")
    );
    for field in fields() {
        let form = match field.prefix {
            0 => format!("type: Fixed, len: {}", field.max),
            digits => format!("type: Variable, len: {digits}, len_encoding: ASCII"),
        };
        let (n, id) = (field.n, field.n + 10);
        let encoding = if field.attr == "b" { "BINARY" } else { "ASCII" };
        writeln!(
            yaml,
            "          - {{ name: f{n}, id: {id}, {form}, data_encoding: {encoding}, position: {n} }}"
        )
        .expect("a string takes it");
    }
    yaml
}

/// The dictionary of 1987 as iso8583-codec-rs wants it.
fn json_table() -> Value {
    let fields = fields().into_iter().map(|field| {
        let (kind, encoding) = match &*field.attr {
            "b" => ("binary", "binary"),
            "n" => ("numeric", "ascii"),
            _ => ("string", "ascii"),
        };
        let prefix = ["fixed", "", "LLVAR", "LLLVAR"][field.prefix];
        json!({
            "de": field.n, "name": format!("f{}", field.n), "type": kind, "length": field.max, "encoding": encoding,
            "prefix": prefix,
        })
    });
    json!({
        "version": "1987",
        "defaults": { "encoding": "ascii", "prefix_encoding": "ascii", "bitmap_encoding": "binary" },
        "fields": fields.collect::<Vec<_>>(),
    })
}

struct Field {
    n: u64,
    attr: String,
    /// Digits of the length.
    prefix: usize,
    max: u64,
}

fn fields() -> Vec<Field> {
    let number = |value: &Value| value.as_u64().expect("a number");
    let field = |field: &Value| Field {
        n: number(&field["n"]),
        attr: text(&field["attr"]).to_owned(),
        prefix: match text(&field["len"]) {
            "fixed" => 0,
            "llvar" => 2,
            _ => 3,
        },
        max: number(&field["max"]),
    };
    list(&golden("iso8583/fields-1987.json"), "fields").iter().map(field).collect()
}
