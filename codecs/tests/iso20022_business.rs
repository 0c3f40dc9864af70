//! The rules no schema can say, each broken once, and what a document's report says.

use std::fs;
use std::path::Path;

use codecs::iso20022::{Layer, Limits, check, json};

use crate::iso20022_table::golden;

fn sample(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/iso20022");
    let found = ["samples-ps", "samples-thirdparty"]
        .iter()
        .map(|kind| folder.join(kind).join(name))
        .find(|f| f.exists());
    fs::read_to_string(found.expect("a sample")).expect("text")
}

/// What the check says of a sample in which `from` is replaced everywhere: `ok`, or layer, path and reason.
fn said(name: &str, from: &str, to: &str) -> String {
    let text = sample(name);
    assert!(text.contains(from), "{name} has no {from}");
    verdict(&text.replace(from, to))
}

fn verdict(text: &str) -> String {
    match check(text.as_bytes(), Limits::message()) {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("{} {} {}", error.layer, error.path, error.reason),
    }
}

#[test]
fn every_sample_passes() {
    let mut count = 0;
    for file in [golden("samples-ps"), golden("samples-thirdparty")].concat() {
        if file.extension().is_some_and(|e| e == "xml") {
            let text = fs::read_to_string(&file).expect("a sample");
            assert_eq!(verdict(&text), "ok", "{}", file.display());
            count += 1;
        }
    }
    assert_eq!(count, 34);
}

#[test]
fn every_invalid_document_is_refused_by_its_layer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/iso20022/invalid");
    let index = fs::read(folder.join("index.json")).expect("an index");
    let index: Vec<serde_json::Value> = serde_json::from_slice(&index).expect("JSON");
    for entry in &index {
        let file = entry["file"].as_str().expect("a file");
        let expected = entry["layer"].as_str().map(|layer| if layer == "xsd" { "schema" } else { layer });
        let found = check(&*fs::read(folder.join(file)).expect("a document"), Limits::message()).err();
        assert_eq!(found.as_ref().map(|error| error.layer.name()), expected, "{file}: {found:?}");
    }
    assert_eq!(index.len(), 16);
}

#[test]
fn rules_of_transfers() {
    const PACS_008: &str = "pacs.008.001.08_instant-ils.xml";
    const GROUP: &str = "business Document/FIToFICstmrCdtTrf/GrpHdr";
    const TRANSACTION: &str = "business Document/FIToFICstmrCdtTrf/CdtTrfTxInf";
    #[rustfmt::skip]
    let table = [
        (">1</NbOfTxs>", ">2</NbOfTxs>", format!("{GROUP}/NbOfTxs the number of transactions is another than there are")),
        (">1</NbOfTxs>", ">1</NbOfTxs><CtrlSum>50.01</CtrlSum>", format!("{GROUP}/CtrlSum the control sum is another than that of the transactions")),
        (">1</NbOfTxs>", ">01</NbOfTxs><CtrlSum>+50.0</CtrlSum>", "ok".into()),
        (">50.00</TtlIntr", ">50.01</TtlIntr", format!("{GROUP}/TtlIntrBkSttlmAmt the total is another than the sum of the transactions")),
        ("<IntrBkSttlmAmt Ccy=\"ILS\">", "<IntrBkSttlmAmt Ccy=\"JOD\">", format!("{TRANSACTION}/IntrBkSttlmAmt the currency is another than that of the total of the group")),
        ("50.00", "0.00", format!("{GROUP}/TtlIntrBkSttlmAmt a payment of nothing")),
        ("50.00", "50.001", format!("{GROUP}/TtlIntrBkSttlmAmt more decimals than the currency has")),
        ("50.00", "50.00000", "ok".into()),
        ("\"ILS\"", "\"ZZZ\"", format!("{GROUP}/TtlIntrBkSttlmAmt the currency is not one of ISO 4217")),
        ("\"ILS\"", "\"DEM\"", format!("{GROUP}/TtlIntrBkSttlmAmt the currency is not one of ISO 4217")),
        ("\"ILS\"", "\"JPY\"", "ok".into()),
        ("PS29PALS000000000000123456789", "PS29PALS000000000000123456798", format!("{TRANSACTION}/DbtrAcct/Id/IBAN the check digits of the IBAN do not match")),
        ("PS29PALS000000000000123456789", "PS29PALS00000000000012345678", format!("{TRANSACTION}/DbtrAcct/Id/IBAN the IBAN has 28 characters, its country has 29")),
        ("PS29PALS000000000000123456789", "QQ29PALS000000000000123456789", "ok".into()),
        ("<InstrId>", "<InstrId> ", format!("{TRANSACTION}/PmtId/InstrId an identification that begins or ends with white space, or is nothing else")),
        ("HKM-ORD-7F3A-000030", "   ", format!("{TRANSACTION}/PmtId/EndToEndId an identification that begins or ends with white space, or is nothing else")),
        ("<Nm>", "<Nm>a\u{202e}", format!("{TRANSACTION}/Dbtr/Nm a control character of bidirectional text")),
        ("<Nm>", "<Nm>a&#x2066;", format!("{TRANSACTION}/Dbtr/Nm a control character of bidirectional text")),
    ];
    for (from, to, expected) in table {
        assert_eq!(said(PACS_008, from, to), expected, "{from} -> {to}");
    }
    assert_eq!(
        said("pacs.008.001.08_jod-three-decimals.xml", "12.345", "12.3456").split(' ').next(),
        Some("business")
    );
    assert_eq!(
        said(
            "pacs.004.001.09_return-duplicate.xml",
            "<RtrdIntrBkSttlmAmt Ccy=\"ILS\">50.00",
            "<RtrdIntrBkSttlmAmt Ccy=\"ILS\">0"
        ),
        "business Document/PmtRtr/TxInf/RtrdIntrBkSttlmAmt a payment of nothing"
    );
}

#[test]
fn nothing_comes_twice() {
    let text = sample("pacs.008.001.08_instant-ils.xml").replace(">1</NbOfTxs>", ">2</NbOfTxs>");
    let text = text.replace("\"ILS\">50.00</TtlIntr", "\"ILS\">100.00</TtlIntr");
    let begin = text.find("<CdtTrfTxInf>").expect("a transaction");
    let end = text.find("</FIToFICstmrCdtTrf>").expect("an end");
    let twice = |changes: &[(&str, &str)]| {
        let second = changes.iter().fold(text[begin..end].to_owned(), |second, (from, to)| {
            assert!(second.contains(from), "{from}");
            second.replace(from, to)
        });
        verdict(&format!("{}{second}{}", &text[..end], &text[end..]))
    };
    let tx = ("PALSPS22000000000001", "PALSPS22000000000002");
    let uetr = ("7a562c67-ca16-48ba-b074-65581be6f001", "7a562c67-ca16-48ba-b074-65581be6f002");
    let refused = |place: &str| {
        format!(
            "business Document/FIToFICstmrCdtTrf/CdtTrfTxInf[2]/{place} the same identification as that of another transaction of the message"
        )
    };
    assert_eq!(twice(&[tx, uetr]), refused("PmtId"));
    assert_eq!(twice(&[tx]), refused("PmtId/UETR"));
    assert_eq!(twice(&[uetr]), refused("PmtId/TxId"));
    assert_eq!(twice(&[tx, uetr, ("INSTR-000001", "INSTR-000002")]), "ok");
    assert_eq!(twice(&[tx, uetr, ("HKM-ORD-7F3A-000030", "HKM-ORD-7F3A-000031")]), "ok");
}

#[test]
fn rules_of_customers_orders() {
    const PAIN_001: &str = "pain.001.001.09_refund-batch.xml";
    const ROOT: &str = "business Document/CstmrCdtTrfInitn";
    let group = "the number of transactions is another than there are";
    assert_eq!(said(PAIN_001, ">3</NbOfTxs>", ">4</NbOfTxs>"), format!("{ROOT}/PmtInf/NbOfTxs {group}"));
    let text = sample(PAIN_001);
    assert_eq!(
        verdict(&text.replacen(">3</NbOfTxs>", ">4</NbOfTxs>", 1)),
        format!("{ROOT}/GrpHdr/NbOfTxs {group}")
    );
    assert_eq!(
        verdict(&text.replacen("170.55", "170.56", 1)),
        format!("{ROOT}/GrpHdr/CtrlSum the control sum is another than that of the transactions")
    );
    assert_eq!(
        said(PAIN_001, "100.00</InstdAmt>", "0</InstdAmt>"),
        format!("{ROOT}/PmtInf/CdtTrfTxInf[3]/Amt/InstdAmt a payment of nothing")
    );
    assert_eq!(
        said("pain.008.001.08_direct-debit.xml", "120.00", "0.00").split(' ').next(),
        Some("business")
    );
    assert_eq!(
        said("pain.013.001.07_request-to-pay.xml", "50.00", "0.00").split(' ').next(),
        Some("business")
    );
    // Two currencies in one order are two prices, not a fault.
    assert_eq!(said(PAIN_001, "\"ILS\">20.55", "\"USD\">20.55"), "ok");
}

#[test]
fn rules_of_statements() {
    const PS: &str = "camt.053.001.08_daily-statement.xml";
    const POSTFINANCE: &str = "camt.053.001.04_postfinance-test.xml";
    let unbalanced = |bal: &str| {
        format!(
            "business Document/BkToCstmrStmt/Stmt/{bal}/Amt the closing balance is not the opening one with the booked entries"
        )
    };
    let pages = |number, last| {
        format!("<Pgn><PgNb>{number}</PgNb><LastPgInd>{last}</LastPgInd></Pgn>").replace("Pgn>", "StmtPgntn>")
    };
    let part = |number, last| {
        said_parts(
            PS,
            &[
                ("101250.00", "101250.01"),
                ("<ElctrncSeqNb>", &format!("{}<ElctrncSeqNb>", pages(number, last))),
            ],
        )
    };
    #[rustfmt::skip]
    let table = [
        (said(PS, "101250.00", "101250.01"),       unbalanced("Bal[2]")),
        (said(PS, "OPBD", "PRCD"),                 "ok".into()),
        (said_parts(PS, &[("OPBD", "PRCD"), ("101250.00", "1")]), unbalanced("Bal[2]")),
        (said(PS, "OPBD", "ITBD"),                 "ok".into()),
        (said_parts(PS, &[("OPBD", "ITBD"), ("101250.00", "1")]), "ok".into()),
        (said(PS, "<Cd>BOOK</Cd>", "<Cd>PDNG</Cd>"), "ok".into()),
        (part(1, true),                            unbalanced("Bal[2]")),
        (part(1, false),                           "ok".into()),
        (part(2, true),                            "ok".into()),
        // An entry of value on a later day is left out of the closing balance, or is not.
        (said(POSTFINANCE, "215112.21", "216649.21"), "ok".into()),
        (said(POSTFINANCE, "215112.21", "216649.22"), unbalanced("Bal[2]")),
    ];
    for (number, (found, expected)) in table.into_iter().enumerate() {
        assert_eq!(found, expected, "row {number}");
    }
    // What a statement repeats may come padded.
    assert_eq!(said(PS, "<EndToEndId>", "<EndToEndId> "), "ok");
    // A balance of nothing and an entry of nothing are facts.
    assert_eq!(said_parts(PS, &[("100000.00", "0"), ("101250.00", "1250.00")]), "ok");
}

fn said_parts(name: &str, changes: &[(&str, &str)]) -> String {
    verdict(&changes.iter().fold(sample(name), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    }))
}

#[test]
fn reports_as_json() {
    let told = |text: &str| json(&check(text.as_bytes(), Limits::message()));
    #[rustfmt::skip]
    let table = [
        ("pacs.008.001.08_instant-ils.xml", r#"{"message":"pacs.008.001.08","count":1,"sums":{"ILS":"50.00"}}"#),
        ("pain.001.001.09_refund-batch.xml", r#"{"message":"pain.001.001.09","count":3,"sums":{"ILS":"170.55"}}"#),
        ("pain.002.001.10_partially-accepted.xml", r#"{"message":"pain.002.001.10","count":3,"sums":{}}"#),
        ("camt.056.001.08_recall-duplicate.xml", r#"{"message":"camt.056.001.08","count":1,"sums":{}}"#),
        ("head.001.001.02_bah.xml", r#"{"message":"head.001.001.02","count":0,"sums":{}}"#),
        ("camt.053.001.08_daily-statement.xml", r#"{"message":"camt.053.001.08","count":4,"sums":{"ILS":"1291.10"},"statements":1,"credit":{"ILS":"1270.55"},"debit":{"ILS":"20.55"}}"#),
        ("camt.053.001.04_postfinance-test.xml", r#"{"message":"camt.053.001.04","count":5,"sums":{"CHF":"4811.42"},"statements":1,"credit":{"CHF":"4733.72"},"debit":{"CHF":"77.70"}}"#),
        ("pain.001.001.03_sepa.xml", r#"{"message":"pain.001.001.03","count":1,"sums":{"EUR":"10.00"},"warnings":[{"path":"Document/CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/CdtrAcct/Id/IBAN","reason":"the check digits of the IBAN do not match"}]}"#),
    ];
    for (name, expected) in table {
        assert_eq!(told(&sample(name)), expected, "{name}");
    }
    let wrong = sample("camt.053.001.08_daily-statement.xml").replace("<Sum>20.55", "<Sum>20.56");
    assert!(
        told(&wrong).contains(r#""warnings":[{"path":"Document/BkToCstmrStmt/Stmt/TxsSummry/TtlDbtNtries/"#),
        "{}",
        told(&wrong)
    );
    let zero = sample("pacs.008.001.08_instant-ils.xml").replace(">1</NbOfTxs>", ">7</NbOfTxs>");
    assert_eq!(
        told(&zero),
        r#"{"error":{"layer":"business","path":"Document/FIToFICstmrCdtTrf/GrpHdr/NbOfTxs","reason":"the number of transactions is another than there are"}}"#
    );
}

#[test]
fn envelopes_hold_a_header_and_a_document() {
    let body = |name: &str| {
        sample(name).split_once("?>").map(|(_, rest)| rest.trim().to_owned()).expect("a document")
    };
    let header = body("head.001.001.02_bah.xml");
    let payment = body("pacs.008.001.08_instant-ils.xml");
    let status = body("pacs.002.001.10_ACSC.xml");
    assert!(header.contains("pacs.008.001.08"), "{header}");
    #[rustfmt::skip]
    let table = [
        (format!("<RequestPayload>{header}{payment}</RequestPayload>"), "ok"),
        (format!("<e:Env xmlns:e='urn:x'>\n{header}\n{payment}\n</e:Env>"), "ok"),
        (format!("<Env>{payment}</Env>"), "ok"),
        (format!("<Env>{header}{status}</Env>"), "business Env/Document the header announces another message than urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10"),
        (format!("<Env>{payment}{header}</Env>"), "schema Env/AppHdr an envelope holds one header, then one document"),
        (format!("<Env>{payment}{payment}</Env>"), "schema Env/Document[2] an envelope holds one header, then one document"),
        (format!("<Env>{header}{header}{payment}</Env>"), "schema Env/AppHdr[2] an envelope holds one header, then one document"),
        (format!("<Env>{header}</Env>"), "schema Env the envelope holds no Document"),
        (format!("<Env><Body>{payment}</Body></Env>"), "schema Env/Body neither AppHdr nor Document"),
        (format!("<Env>x{payment}</Env>"), "schema Env text where elements are expected"),
        ("<Env/>".to_owned(), "schema Env the envelope holds no Document"),
        ("<Document/>".to_owned(), "schema Document no schema is known for an element without a namespace"),
        ("<Document xmlns='urn:x'/>".to_owned(), "schema Document no schema is known for the namespace urn:x"),
    ];
    for (text, expected) in table {
        assert_eq!(verdict(&text), expected, "{text}");
    }
    let report =
        check(format!("<Env>{header}{payment}</Env>").as_bytes(), Limits::message()).expect("an envelope");
    assert_eq!((report.message, report.count), ("pacs.008.001.08", 1));
    assert!(matches!(check(&b"<Env>"[..], Limits::message()), Err(error) if error.layer == Layer::Xml));
}
