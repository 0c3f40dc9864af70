//! The commands that explain, write and check messages and files, as a person or a script calls them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::support::SWITCHD;

fn golden(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("codecs/golden").join(path)
}

fn vectors(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(golden(path)).expect("vectors")).expect("JSON")
}

fn switchd(arguments: &[&str]) -> Output {
    Command::new(SWITCHD).args(arguments).stdin(Stdio::null()).output().expect("the program runs")
}

/// Standard output without its line end, and the exit code.
fn said(arguments: &[&str]) -> (String, i32) {
    let output = switchd(arguments);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    (text.trim_end_matches('\n').to_owned(), output.status.code().expect("it ended"))
}

fn json_said(arguments: &[&str]) -> (Value, i32) {
    let (text, code) = said(arguments);
    (serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")), code)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

#[test]
fn a_message_goes_to_json_and_back() {
    for vector in vectors("iso8583/valid.json")["vectors"].as_array().expect("a list").iter().step_by(3) {
        let (profile, hex) = (text(&vector["profile"]), text(&vector["hex"]));
        let decode = ["iso8583", "decode", "--profile", profile, "--json", "--unmasked", hex];
        let (found, code) = json_said(&decode);
        assert_eq!(code, 0, "{}", vector["id"]);
        assert_eq!(found["mti"], vector["mti"], "{}", vector["id"]);
        assert_eq!(found["fields"], vector["fields"], "{}", vector["id"]);
        let message = json!({ "mti": found["mti"], "fields": found["fields"] }).to_string();
        let encode = ["iso8583", "encode", "--profile", profile, "--json", &message];
        assert_eq!(said(&encode), (hex.to_owned(), 0), "{}", vector["id"]);
    }
}

#[test]
fn a_refused_message_says_kind_and_field() {
    for vector in vectors("iso8583/malformed.json")["vectors"].as_array().expect("a list") {
        if vector["level"] == "semantic" {
            continue;
        }
        let (profile, hex) = (text(&vector["profile"]), text(&vector["hex"]));
        let (found, code) = json_said(&["iso8583", "decode", "--profile", profile, "--json", hex]);
        assert_eq!(code, 1, "{}", vector["id"]);
        assert_eq!(found["error"]["kind"], vector["expect"]["kind"], "{}", vector["id"]);
        assert_eq!(found["error"]["field"], vector["expect"]["field"], "{}", vector["id"]);
    }
}

#[test]
fn people_are_told_without_card_data() {
    let lines = "mti 0200\n2 4111111111111111\n3 000000\n4 000000005000\n11 000010\n49 376";
    let (hex, code) = said(&["iso8583", "encode", "--profile", "iso87-abin", lines]);
    assert_eq!(code, 0);
    let (told, code) = said(&["iso8583", "decode", "--profile", "iso87-abin", &hex]);
    assert_eq!(code, 0);
    assert!(told.contains("411111******1111") && !told.contains("4111111111111111"), "{told}");
    let (other, _) = said(&["iso8583", "encode", "--profile", "iso87-abin", &lines.replace("5000", "6000")]);
    let (told, code) = said(&["iso8583", "diff", "--profile", "iso87-abin", &hex, &other]);
    assert_eq!(code, 0);
    assert!(told.contains("000000005000") && told.contains("000000006000"), "{told}");
    assert!(!told.contains("4111111111111111"), "{told}");
    let (told, code) = said(&["iso8583", "encode", "--profile", "iso87-abin", "mti 0200\n4 5"]);
    assert_eq!((told.starts_with("FIELD_TRUNCATED: field 4"), code), (true, 1), "{told}");
}

#[test]
fn a_wrong_command_line_is_no_refusal() {
    let hex = "3038";
    for (arguments, says) in [
        (&["iso8583", "decode", "--profile", "nowhere", hex][..], "neither a file nor one of iso87-ascii"),
        (&["iso8583", "decode", "0z"], "not hexadecimal"),
        (&["iso20022", "check", "nowhere.xml"], "nowhere.xml: No such file"),
        (&["file", "check", "--format", "mt940", "nowhere.sta"], "nowhere.sta: No such file"),
        (
            &["file", "check", "--format", "settlement", "--key", "a:b", "--signature", "x", "y"],
            "x: No such file",
        ),
    ] {
        let output = switchd(arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(says), "{told}");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{told}");
    }
}

#[test]
fn a_document_is_checked_through_all_layers() {
    let check = |path: &str, file: &str| {
        let path = golden(&format!("iso20022/{path}/{file}"));
        json_said(&["iso20022", "check", path.to_str().expect("a path"), "--json"])
    };
    let (found, code) = check("samples-ps", "pacs.008.001.08_instant-ils.xml");
    assert_eq!(
        (found, code),
        (json!({"message": "pacs.008.001.08", "count": 1, "sums": {"ILS": "50.00"}}), 0)
    );
    for entry in vectors("iso20022/invalid/index.json").as_array().expect("a list") {
        let (found, code) = check("invalid", text(&entry["file"]));
        let layer = if entry["layer"] == "xsd" { "schema" } else { text(&entry["layer"]) };
        assert_eq!((text(&found["error"]["layer"]), code), (layer, 1), "{entry}: {found}");
        assert!(found["error"]["path"].is_string() && found["error"]["reason"].is_string(), "{found}");
    }
}

#[test]
fn a_statement_is_the_same_in_either_form() {
    let check = |format: &str, path: &str| {
        let path = golden(path);
        json_said(&["file", "check", "--format", format, path.to_str().expect("a path"), "--json"])
    };
    let expected = vectors("clearing/mt940/expected.json");
    let (found, code) = check("mt940", "clearing/mt940/ps_daily.sta");
    assert_eq!(code, 0);
    for key in ["currency", "opening", "closing", "entries"] {
        assert_eq!(found[key], expected["ps_daily.sta"][key], "{key}");
    }
    let (again, code) = check("camt", "iso20022/samples-ps/camt.053.001.08_daily-statement.xml");
    assert_eq!((code, &again["closing"]), (0, &found["closing"]));
    let amounts = |report: &Value| -> Vec<Value> {
        report["entries"].as_array().expect("entries").iter().map(|entry| entry[0].clone()).collect()
    };
    assert_eq!(amounts(&again), amounts(&found));
    let (refused, code) = check("mt940", "clearing/mt940/bad_balance.sta");
    assert_eq!((refused["error"]["line"].is_u64(), code), (true, 1), "{refused}");
    let (found, code) = check("ipm", "clearing/ipm/ipm_ebcdic_1014.bin");
    assert_eq!((&found["count"], code), (&json!(6), 0));
    assert!(!found.to_string().contains("4111111111111111"), "card numbers are masked");
}
