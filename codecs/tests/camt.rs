//! Account reports of ISO 20022 beside those of SWIFT, read in every version and written.

use allocation_counter::measure;
use codecs::clearing_file::camt::{Head, Message, Reader, Writer};
use codecs::clearing_file::mt940;
use codecs::clearing_file::statement::{Balance, Booking, Closing, Entry, Event, Mark, Opening, Transaction};
use codecs::clearing_file::{self as file, Date, FaultKind, FileError, Format, Moment, check};
use codecs::iso4217::Currency;
use proptest::prelude::*;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::json_of;

fn sample(folder: &str, name: &str) -> String {
    let path = format!("{}/golden/iso20022/{folder}/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn daily() -> String {
    sample("samples-ps", "camt.053.001.08_daily-statement.xml")
}

fn events(text: &str) -> Result<Vec<Event>, FileError> {
    let mut reader = Reader::new(text.as_bytes(), false);
    let mut events = Vec::new();
    while let Some(event) = reader.next()? {
        events.push(event);
    }
    Ok(events)
}

fn entries(events: &[Event]) -> Vec<Entry> {
    events
        .iter()
        .filter_map(|event| if let Event::Entry(entry) = event { Some((**entry).clone()) } else { None })
        .collect()
}

#[test]
fn a_day_is_the_same_in_both_formats() {
    let camt = events(&daily()).expect("a right file");
    let path = format!("{}/golden/clearing/mt940/ps_daily.sta", env!("CARGO_MANIFEST_DIR"));
    let sta = std::fs::read(path).expect("the vector");
    let mut reader = mt940::Reader::new(&*sta, mt940::Options::default());
    let mut swift = Vec::new();
    while let Some(event) = reader.next().expect("a right file") {
        swift.push(event);
    }
    let shared = |events: &[Event]| -> Vec<_> {
        let shared = |entry: Entry| {
            (
                entry.mark,
                entry.amount_minor,
                entry.currency,
                entry.value_date,
                entry.booking_date,
                entry.bank_reference,
            )
        };
        entries(events).into_iter().map(shared).collect()
    };
    assert_eq!(shared(&camt), shared(&swift));
    assert_eq!(shared(&camt).len(), 4);
    let (Event::Opened(a), Event::Opened(b)) = (&camt[0], &swift[0]) else { panic!("they begin") };
    assert_eq!((&a.account, a.currency, a.balance), (&b.account, b.currency, b.balance));
    let (Some(Event::Closed(a)), Some(Event::Closed(b))) = (camt.last(), swift.last()) else {
        panic!("they end")
    };
    assert_eq!((a.balance, a.is_last_page), (b.balance, true));
    let report = json_of(&check(Format::Camt, daily().as_bytes(), &file::Options::default()));
    assert_eq!(report["opening"], "100000.00");
    assert_eq!(report["closing"], "101250.00");
    assert_eq!(report["entries"][3], json!(["20.55", "RD", "HKM-RFND-000002", "PMA0004"]));
}

/// The same statement in another version: until .04 the status is a plain code; .02 has no amount of its own in `TxDtls`.
fn in_version(version: &str) -> String {
    let mut text = daily().replace("camt.053.001.08", &format!("camt.053.001.{version}"));
    if matches!(version, "02" | "04") {
        text = text.replace("<Sts>\n          <Cd>BOOK</Cd>\n        </Sts>", "<Sts>BOOK</Sts>");
    }
    if version == "02" {
        for amount in ["50.00", "1200.00", "20.55"] {
            let plain = format!("<Amt Ccy=\"ILS\">{amount}</Amt>\n            <CdtDbtInd>");
            let nested = format!(
                "<AmtDtls><TxAmt><Amt Ccy=\"ILS\">{amount}</Amt></TxAmt></AmtDtls>\n            <CdtDbtInd>"
            );
            text = text.replace(&plain, &nested);
        }
        for indicator in ["CRDT", "DBIT"] {
            text = text.replace(
                &format!("</AmtDtls>\n            <CdtDbtInd>{indicator}</CdtDbtInd>"),
                "</AmtDtls>",
            );
        }
    }
    text
}

#[test]
fn every_version_says_the_same() {
    let without_lines = |text: &str| {
        let told = entries(&events(text).unwrap_or_else(|error| panic!("{error}")));
        told.into_iter().map(|entry| Entry { line: 0, ..entry }).collect::<Vec<_>>()
    };
    let expected = without_lines(&daily());
    assert_eq!(expected[0].transactions[0].end_to_end_id, "HKM-ORD-7F3A-000030");
    assert_eq!((&*expected[0].code, &*expected[0].narrative), ("PMNT/RRCT/OTHR", "رسوم جواز سفر"));
    for version in ["02", "04", "10"] {
        assert_eq!(without_lines(&in_version(version)), expected, "{version}");
    }
    for name in ["camt.052.001.08_intraday-report.xml", "camt.054.001.08_credit-notification.xml"] {
        let told = entries(&events(&sample("samples-ps", name)).expect("a right file"));
        assert_eq!(
            (told.len(), told[0].amount_minor, &*told[0].bank_reference),
            (1, 5000, "PMA0001"),
            "{name}"
        );
    }
    let events = events(&sample("samples-thirdparty", "camt.053.001.04_postfinance-test.xml"));
    assert!(events.map(|events| !entries(&events).is_empty()).expect("a bank's own file"));
}

#[test]
fn a_batch_has_its_transactions_and_charges() {
    let details = "<NtryDtls>\n          <TxDtls>\n            <Refs>\n              <EndToEndId>HKM-BATCH-20261121-CARD</EndToEndId>";
    let batch = "<Chrgs><Rcrd><Amt Ccy=\"ILS\">7.00</Amt></Rcrd><Rcrd><Amt Ccy=\"ILS\">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd></Rcrd></Chrgs>\
        <NtryDtls><Btch><PmtInfId>CARDS-1121</PmtInfId></Btch><TxDtls><Refs><EndToEndId>A</EndToEndId><TxId>T1</TxId></Refs>\
        <Amt Ccy=\"ILS\">6.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RmtInf><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>\
        <TxDtls>\n<Refs>\n<EndToEndId>HKM-BATCH-20261121-CARD</EndToEndId>";
    let text = daily();
    assert!(text.contains(details));
    let told = entries(&events(&text.replacen(details, batch, 1)).expect("a right file"));
    let entry = &told[1];
    assert_eq!((entry.charges_minor, &*entry.reference, entry.transactions.len()), (600, "CARDS-1121", 2));
    let first = &entry.transactions[0];
    assert_eq!((&*first.end_to_end_id, &*first.bank_reference, first.amount_minor), ("A", "T1", Some(600)));
    assert_eq!(first.remittance, "RF18539007547034");
}

#[test]
fn what_is_wrong_is_named_by_line_and_element() {
    let text = daily();
    use FaultKind::{Balance, Count, Field, Sum, Syntax};
    #[rustfmt::skip]
    let table = [
        ("101250.00", "101250.01",                       Balance, "Document/BkToCstmrStmt/Stmt/Bal"),
        ("<RvslInd>true</RvslInd>\n", "<RvslInd>1</RvslInd>\n<!-- -->", Syntax, ""),
        ("<NbOfNtries>4", "<NbOfNtries>5",               Count, "Document/BkToCstmrStmt/Stmt/TxsSummry"),
        ("<Sum>1270.55", "<Sum>1270.54",                 Sum, "Document/BkToCstmrStmt/Stmt/TxsSummry"),
        ("\"ILS\">50.00", "\"ILS\">50.001",              Field, "Document/BkToCstmrStmt/Stmt/Ntry/Amt"),
        ("\"ILS\">50.00", "\"ILX\">50.00",               Field, "Document/BkToCstmrStmt/Stmt/Ntry/Amt"),
        ("<CdtDbtInd>DBIT", "<CdtDbtInd>DEBT",           Syntax, "Document/BkToCstmrStmt/Stmt/Ntry[3]/CdtDbtInd"),
        ("<Sts>", "<Stat>",                              Syntax, "Document/BkToCstmrStmt/Stmt/Ntry/Stat"),
        ("camt.053.001.08", "camt.053.001.99",           Syntax, "Document"),
        ("</Ntry>\n    </Stmt>", "</Ntry>\n",            Syntax, "Document/BkToCstmrStmt/Stmt"),
    ];
    for (from, to, kind, field) in table {
        assert!(text.contains(from), "{from}");
        match events(&text.replacen(from, to, 1)) {
            Ok(_) => assert!(field.is_empty(), "{from} as {to} is taken"),
            Err(error) => {
                assert_eq!((error.kind, &*error.field), (kind, field), "{from} as {to}: {error}");
                assert!(error.line > 1, "{error}");
            }
        }
    }
    let pain = sample("samples-ps", "pain.001.001.09_refund-batch.xml");
    assert_eq!(
        events(&pain).map_err(|error| (error.kind, error.reason)),
        Err((Syntax, "the document is none of camt.052, camt.053, camt.054".into()))
    );
    let error = json_of(&check(
        Format::Camt,
        text.replacen("101250.00", "101250.01", 1).as_bytes(),
        &file::Options::default(),
    ));
    assert_eq!(error["error"]["field"], "Document/BkToCstmrStmt/Stmt/Bal");
}

#[test]
fn pending_entries_are_not_in_the_balance_and_pages_are_not_added_up() {
    let text = daily();
    let pending = text.replacen("<Cd>BOOK</Cd>", "<Cd>PDNG</Cd>", 1).replacen("101250.00", "101200.00", 1);
    let told = entries(&events(&pending).expect("the balance is of booked entries"));
    assert_eq!((told[0].booking, told[1].booking), (Booking::Pending, Booking::Booked));
    let page = "<StmtPgntn><PgNb>1</PgNb><LastPgInd>false</LastPgInd></StmtPgntn>\n<ElctrncSeqNb>";
    let paged = text.replacen("<ElctrncSeqNb>", page, 1).replacen("101250.00", "999999.00", 1);
    let told = events(&paged).expect("one page of several");
    assert!(matches!(told.last(), Some(Event::Closed(closing)) if !closing.is_last_page));
}

fn currency(code: &str) -> Currency {
    Currency::by_code(code).expect("a currency")
}

fn head() -> Head {
    Head { message_id: "HKM-1".into(), created: Moment::parse("2026-11-23T04:00:00Z").expect("a moment") }
}

/// As a document, and the same as events.
fn written(
    message: Message,
    opening: &Opening,
    entries: &[Entry],
    closing: &Closing,
) -> Result<String, FileError> {
    let mut writer = Writer::new(Vec::new(), message, &head())?;
    writer.begin(opening, closing)?;
    entries.iter().try_for_each(|entry| writer.entry(entry))?;
    writer.end()?;
    Ok(String::from_utf8(writer.finish()?).expect("text"))
}

fn balance(minor: i64) -> Option<Balance> {
    Some(Balance { minor, date: Date::parse("2026-11-22").expect("a day") })
}

/// A booked entry whose value is of the next day, at a bank whose balance counts by value, and at one where it does not.
#[test]
fn a_later_value_may_be_in_the_balance_or_not() {
    let later = daily().replacen("<ValDt>\n          <Dt>2026-11-22", "<ValDt>\n          <Dt>2026-11-23", 1);
    for (closing, is_right) in [("101250.00", true), ("101200.00", true), ("101225.00", false)] {
        let told = events(&later.replacen("101250.00", closing, 1)).map(|_| ());
        assert_eq!(told.is_ok(), is_right, "{closing}: {told:?}");
    }
}

#[test]
fn what_was_read_is_written_and_read_again() {
    let read = events(&daily()).expect("a right file");
    let (Event::Opened(opening), Some(Event::Closed(closing))) = (&read[0], read.last()) else {
        panic!("{read:?}")
    };
    for message in [Message::Statement, Message::Notification] {
        let text = written(message, opening, &entries(&read), closing).expect("right values");
        let again = events(&text).unwrap_or_else(|error| panic!("{error}"));
        let plain = |events: &[Event]| {
            entries(events).into_iter().map(|entry| Entry { line: 0, ..entry }).collect::<Vec<_>>()
        };
        assert_eq!(plain(&again), plain(&read), "{message:?}");
    }
}

/// Full entries, and one with nothing that may be left out.
#[test]
fn what_is_written_validates_with_libxml2() {
    let read = events(&daily()).expect("a right file");
    let (Event::Opened(opening), Some(Event::Closed(closing))) = (&read[0], read.last()) else {
        panic!("{read:?}")
    };
    let plain = Closing { balance: balance(100), ..Closing::default() };
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/iso20022/xsd");
    for (message, name) in
        [(Message::Statement, "camt.053.001.08"), (Message::Notification, "camt.054.001.08")]
    {
        let begin = Opening { balance: balance(0), ..opening.clone() };
        let texts = [
            written(message, opening, &entries(&read), closing),
            written(message, &begin, &[entry_of(100)], &plain),
        ];
        for (number, text) in texts.into_iter().enumerate() {
            let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("written-{name}-{number}.xml"));
            fs::write(&file, text.expect("right values")).expect("a file");
            let run = Command::new("xmllint")
                .args(["--noout", "--nonet", "--schema"])
                .args([golden.join(format!("{name}.xsd")), file])
                .output()
                .expect("xmllint is installed (libxml2-utils)");
            assert!(run.status.success(), "{name}: {}", String::from_utf8_lossy(&run.stderr));
        }
    }
}

#[test]
fn the_writer_refuses_what_no_reader_would_accept() {
    let read = events(&daily()).expect("a right file");
    let (Event::Opened(opening), Some(Event::Closed(closing))) = (&read[0], read.last()) else {
        panic!("{read:?}")
    };
    let good = entries(&read);
    let refused = |opening: &Opening, entries: &[Entry], closing: &Closing| {
        written(Message::Statement, opening, entries, closing)
            .map_err(|error| (error.kind, error.field.into_owned()))
    };
    let field = |name: &str| Err((FaultKind::Field, name.to_owned()));
    let one = |change: fn(&mut Entry)| {
        let mut entries = good.clone();
        change(&mut entries[1]);
        refused(opening, &entries, closing)
    };
    assert_eq!(one(|entry| entry.amount_minor += 1), Err((FaultKind::Balance, "Bal".into())));
    assert_eq!(one(|entry| entry.amount_minor = -1), field("Amt"));
    assert_eq!(one(|entry| entry.currency = currency("JOD")), field("Amt"));
    assert_eq!(one(|entry| entry.bank_reference = "R".repeat(36)), field("AcctSvcrRef"));
    assert_eq!(one(|entry| entry.bank_reference = "a\u{1}".into()), field("AcctSvcrRef"));
    assert_eq!(one(|entry| entry.transactions[0].remittance = "\u{202E}".into()), field("Ustrd"));
    assert_eq!(one(|entry| entry.transactions[0].uetr = "not one".into()), field("UETR"));
    assert_eq!(one(|entry| entry.code = "c".repeat(36)), field("Cd"));
    assert_eq!(refused(&Opening { balance: None, ..opening.clone() }, &good, closing), field("Bal"));
    assert_eq!(
        refused(&Opening { number: "A".into(), ..opening.clone() }, &good, closing),
        field("ElctrncSeqNb")
    );
    assert_eq!(refused(&Opening { account: String::new(), ..opening.clone() }, &good, closing), field("Id"));
    let empty = Writer::new(Vec::new(), Message::Statement, &head()).expect("a header").finish();
    assert!(empty.is_err(), "a document without a statement");
}

#[test]
fn a_longer_statement_takes_no_more_memory() {
    let entry = |n: usize| Entry {
        mark: if n.is_multiple_of(2) { Mark::Credit } else { Mark::Debit },
        ..entry_of(100)
    };
    let held = |count: usize| {
        let opening = Opening {
            reference: "S".into(),
            account: "A".into(),
            number: String::new(),
            currency: currency("ILS"),
            balance: balance(0),
        };
        let closing = Closing { balance: balance(0), ..Closing::default() };
        let entries: Vec<_> = (0..count).map(entry).collect();
        let text = written(Message::Statement, &opening, &entries, &closing).expect("right values");
        measure(|| {
            let mut reader = Reader::new(text.as_bytes(), false);
            while reader.next().expect("a right file").is_some() {}
        })
        .bytes_max
    };
    held(2);
    let (short, long) = (held(200), held(4_000));
    assert!(long < short + 4096, "{short} bytes become {long}");
}

fn entry_of(amount_minor: i64) -> Entry {
    Entry {
        line: 0,
        mark: Mark::Credit,
        amount_minor,
        currency: currency("ILS"),
        booking: Booking::Booked,
        value_date: None,
        booking_date: None,
        code: "NTRF".into(),
        funds_code: None,
        reference: String::new(),
        bank_reference: String::new(),
        details: String::new(),
        narrative: String::new(),
        charges_minor: 0,
        transactions: Vec::new(),
    }
}

const TEXT: &str = "[A-Za-z0-9<>&'\"\u{0621}-\u{064A}]([A-Za-z0-9 <>&'\"\u{0621}-\u{064A}]{0,30}[A-Za-z0-9<>&'\"\u{0621}-\u{064A}])?";

prop_compose! {
    fn any_transaction()(
        id in TEXT, bank in prop::option::of(TEXT), minor in 0_i64..1_000_000_000, credits: bool, remittance in prop::option::of(TEXT),
        is_told: bool,
    ) -> Transaction {
        Transaction {
            end_to_end_id: id, bank_reference: bank.unwrap_or_default(), uetr: "8a562c67-ca16-48ba-b074-65581be6f011".into(),
            amount_minor: is_told.then_some(minor), currency: is_told.then(|| currency("JOD")), credits,
            remittance: remittance.unwrap_or_default(),
        }
    }
}

prop_compose! {
    fn any_entry()(
        mark in 0..4_usize, booking in 0..3_usize, minor in 0_i64..1_000_000_000_000, dates in any::<[bool; 2]>(), code in 0..3_usize,
        texts in prop::array::uniform3(TEXT), charges in 0_i64..1000, transactions in prop::collection::vec(any_transaction(), 1..4),
    ) -> Entry {
        let [bank_reference, details, batch] = texts;
        let date = Date::parse("2026-11-22");
        let single = transactions.len() == 1;
        Entry {
            mark: [Mark::Credit, Mark::Debit, Mark::ReversalOfCredit, Mark::ReversalOfDebit][mark],
            booking: [Booking::Booked, Booking::Pending, Booking::Information][booking],
            value_date: date.filter(|_| dates[0]), booking_date: date.filter(|_| dates[1]),
            code: ["PMNT/RRCT/OTHR", "NTRF", ""][code].into(), currency: currency("JOD"),
            reference: if single { transactions[0].end_to_end_id.clone() } else { batch },
            narrative: if single { transactions[0].remittance.clone() } else { String::new() },
            bank_reference, details, charges_minor: charges, transactions, ..entry_of(minor)
        }
    }
}

proptest! {
    #[test]
    fn any_statement_is_valid_and_comes_back(entries in prop::collection::vec(any_entry(), 0..4), first in -1_000_000_000_i64..1_000_000_000) {
        let booked = entries.iter().filter(|entry| entry.booking == Booking::Booked).map(Entry::signed_minor).sum::<i64>();
        let opening = Opening {
            reference: "S-1".into(), account: "PS75PMAP000000000000000000001".into(), number: "7".into(),
            currency: currency("JOD"), balance: balance(first),
        };
        let closing = Closing { balance: balance(first + booked), is_last_page: true, ..Closing::default() };
        let text = written(Message::Statement, &opening, &entries, &closing).expect("right values");
        let mut expected = vec![Event::Opened(opening)];
        expected.extend(entries.into_iter().map(|entry| Event::Entry(Box::new(entry))));
        expected.push(Event::Closed(closing));
        let read = events(&text).map(|events| events.into_iter().map(|event| match event {
            Event::Entry(entry) => Event::Entry(Box::new(Entry { line: 0, ..*entry })),
            other => other,
        }).collect::<Vec<_>>());
        prop_assert_eq!(read, Ok(expected));
    }
}
