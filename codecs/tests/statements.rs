//! Account statements of banks: MT940 and its kin, what they say and what is refused.

use allocation_counter::measure;
use codecs::clearing_file::mt940::{Narrative, Options, Reader};
use codecs::clearing_file::statement::{Event, Mark};
use codecs::clearing_file::{self as file, FaultKind, FileError, Format, check, to_json};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{golden, json_of};

fn vector(name: &str) -> Vec<u8> {
    let path = format!("{}/golden/clearing/mt940/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn checked(bytes: &[u8]) -> Value {
    json_of(&check(Format::Mt940, bytes, &file::Options::default()))
}

fn events(text: &[u8], options: Options) -> Result<Vec<Event>, FileError> {
    let mut reader = Reader::new(text, options);
    let mut events = Vec::new();
    while let Some(event) = reader.next()? {
        events.push(event);
    }
    Ok(events)
}

#[test]
fn the_vectors_are_read_as_expected() {
    let expected = golden("clearing/mt940/expected.json");
    for name in ["ps_daily.sta", "ps_jod.sta"] {
        let mut expected = expected[name].clone();
        if let Some(map) = expected.as_object_mut() {
            map.remove("note");
        }
        assert_eq!(checked(&vector(name)), expected, "{name}");
    }
    assert_eq!(
        to_json(&check(Format::Mt940, &*vector("ps_jod.sta"), &file::Options::default())),
        r#"{"currency":"JOD","opening":"1000.000","closing":"1012.345","entries":[["12.345","C","HKM-ORD-JOD1","PMA1"]]}"#
    );
}

#[test]
fn files_of_banks_are_read_or_refused_at_their_line() {
    #[rustfmt::skip]
    let table = [
        ("bad_balance.sta", 14, ":62F:", "the closing balance does not follow from the opening balance and the entries"),
        ("jejik_abnamro.sta", 27, ":62F:", "the closing balance does not follow from the opening balance and the entries"),
        ("betterplace_empty_86.sta", 1, ":86:", "the tag stands before any :20:"),
        ("betterplace_sepa_snippet_broken.sta", 6, ":25:", "the tag may not stand here"),
    ];
    for (name, line, field, reason) in table {
        let expected = json!({"error": {"line": line, "field": field, "reason": reason}});
        assert_eq!(checked(&vector(name)), expected, "{name}");
    }
    let generic = json!({"statements": [
        {"currency": "EUR", "opening": "100.00", "closing": "90.00", "entries": [["10.00", "D", "NONREF", ""]]},
        {"currency": "EUR", "opening": "90.00", "closing": "80.00", "entries": [["10.00", "D", "NONREF", ""]]},
    ]});
    assert_eq!(checked(&vector("jejik_generic.sta")), generic);
    let unbalanced = events(&vector("jejik_abnamro.sta"), Options { unbalanced: true, ..Options::default() });
    let entries =
        unbalanced.expect("readable").iter().filter(|event| matches!(event, Event::Entry(_))).count();
    assert_eq!(entries, 10);
}

/// A statement whose entry, or another line, is changed.
fn statement(entry: &str) -> String {
    format!(":20:S1\n:25:ACC\n:28C:1/1\n:60F:C261231ILS100,\n{entry}\n:62F:C261231ILS150,00\n-\n")
}

#[test]
fn an_entry_is_read_to_its_last_letter() {
    let text = statement(
        ":61:2612310102RCR50,00FMSCREF-1//BANK-1\nsupplementary\n:86:166?00A?20REMIT\n?21TANCE?32NAME\n:61:261231RD100,NMSCNONREF",
    );
    let text = text.replace("150,00", "150,");
    let events = events(text.as_bytes(), Options::default()).expect("a right file");
    let [Event::Opened(opening), Event::Entry(first), Event::Entry(second), Event::Closed(closing)] =
        &*events
    else {
        panic!("{events:?}")
    };
    assert_eq!((&*opening.reference, &*opening.account, &*opening.number), ("S1", "ACC", "1"));
    assert_eq!(
        (first.line, first.mark, first.amount_minor, first.funds_code),
        (5, Mark::ReversalOfCredit, 5000, Some('R'))
    );
    assert_eq!(
        first.booking_date.map(|date| date.to_string()).as_deref(),
        Some("2027-01-02"),
        "entered after New Year"
    );
    assert_eq!((&*first.code, &*first.reference, &*first.bank_reference), ("FMSC", "REF-1", "BANK-1"));
    assert_eq!((&*first.details, first.narrative.lines().count()), ("supplementary", 2));
    assert_eq!(Narrative::parse(&first.narrative).expect("structured").remittance(), "REMITTANCE");
    assert_eq!(
        (second.mark, second.booking_date, &*second.bank_reference),
        (Mark::ReversalOfDebit, None, "")
    );
    assert_eq!(closing.balance.map(|balance| balance.minor), Some(15_000));
    assert!(closing.is_last_page);
}

#[test]
fn wrong_fields_are_refused_by_line_and_tag() {
    let right = statement(":61:261231C50,00NTRFREF");
    let with = |from: &str, to: &str| {
        assert!(right.contains(from), "{from}");
        right.replacen(from, to, 1)
    };
    use FaultKind::{Balance, Encoding, Field, Syntax, TooLong, Torn};
    #[rustfmt::skip]
    let table = [
        ("a wrong balance",       with("150,00", "150,01"),              Balance, 6, ":62F:"),
        ("a debit",               with("C50", "D50"),                    Balance, 6, ":62F:"),
        ("no closing balance",    with(":62F:C261231ILS150,00\n", ""),   Torn, 6, ":62F:"),
        ("cut",                   right[..right.len() / 2].to_owned(),   Syntax, 5, ":"),
        ("cut after the entry",   right.split(":62F").next().expect("a part").to_owned(), Torn, 5, ":62F:"),
        ("empty",                 String::new(),                         Torn, 1, ":20:"),
        ("only words",            "hello\n".into(),                      Torn, 2, ":20:"),
        ("no day",                with(":61:261231", ":61:261331"),      Field, 5, ":61:"),
        ("no entry day",          with("261231C", "2612310231C"),        Field, 5, ":61:"),
        ("no mark",               with("C50", "X50"),                    Field, 5, ":61:"),
        ("no comma",              with("50,00", "5000"),                 Field, 5, ":61:"),
        ("three decimals",        with("50,00", "50,001"),               Field, 5, ":61:"),
        ("too long an amount",    with("50,00", "0000000000050,00"),     Field, 5, ":61:"),
        ("no type",               with("NTRF", "XTRF"),                  Field, 5, ":61:"),
        ("a letter in a message", with("NTRF", "S1O3"),                  Field, 5, ":61:"),
        ("no reference",          with("REF", ""),                       Field, 5, ":61:"),
        ("a long reference",      with("REF", "12345678901234567"),      Field, 5, ":61:"),
        ("a long bank reference", with("REF", "R//12345678901234567"),   Field, 5, ":61:"),
        ("another currency",      with("231ILS150", "231USD150"),        Field, 6, ":62F:"),
        ("an unknown currency",   with("ILS100", "ILX100"),              Field, 4, ":60F:"),
        ("a balance unmarked",    with(":60F:C", ":60F:"),               Field, 4, ":60F:"),
        ("no account",            with(":25:ACC\n", ""),                 Syntax, 3, ":25:"),
        ("no number",             with(":28C:1/1\n", ""),                Syntax, 3, ":28C:"),
        ("a number of letters",   with("1/1", "1/A"),                    Field, 3, ":28C:"),
        ("an account twice",      with(":25:ACC", ":25:ACC\n:25:ACC"),   Syntax, 3, ":25:"),
        ("a closing twice",       with("-\n", ":62F:C261231ILS150,00\n-\n"), Syntax, 7, ":62F:"),
        ("an unknown tag",        with(":28C:", ":99Z:"),                Syntax, 3, ":99Z:"),
        ("a broken tag",          with(":61:", ":6I:"),                  Syntax, 5, ":"),
        ("a line of no tag",      with(":28C:", "28C:"),                 Syntax, 3, "line"),
        ("text of no entry",      with(":61:261231C50,00NTRFREF", ":86:TEXT"), Syntax, 5, ":86:"),
        ("another message",       format!("{{1:F01X}}{{2:O1031234}}{{4:\n{right}"), Syntax, 1, "{2:"),
        ("an endless line",       with("REF", &"R".repeat(5000)),        TooLong, 5, "line"),
    ];
    for (what, text, kind, line, field) in table {
        let error = events(text.as_bytes(), Options::default()).expect_err(what);
        assert_eq!((error.kind, error.line, &*error.field), (kind, line, field), "{what}: {error}");
    }
    let latin1: Vec<u8> =
        with("REF", "R\u{1}").bytes().map(|byte| if byte == 1 { 0xE9 } else { byte }).collect();
    let error = events(&latin1, Options::default()).expect_err("not UTF-8");
    assert_eq!((error.kind, error.line), (Encoding, 5));
    let read = events(&latin1, Options { latin1: true, ..Options::default() }).expect("Latin-1");
    assert!(matches!(&read[1], Event::Entry(entry) if entry.reference == "Ré"));
}

#[test]
fn pages_of_a_statement_are_one() {
    let page = |number: &str, from: &str, entry: &str, to: &str| {
        format!(
            "{{1:F01X}}{{2:I940BANKPS22XXXXN}}{{4:\r\n:20:S\r\n:25:ACC\r\n:28C:{number}\r\n:60{from}\r\n:61:{entry}\r\n:62{to}\r\n-}}\r\n"
        )
    };
    let first = page("7/1", "F:C261122ILS100,", "261122C1,NTRFA", "M:C261122ILS101,");
    let second = page("7/2", "M:C261122ILS101,", "261122D2,NTRFB", "F:C261122ILS99,");
    let whole = json!({"currency": "ILS", "opening": "100.00", "closing": "99.00",
        "entries": [["1.00", "C", "A", ""], ["2.00", "D", "B", ""]]});
    assert_eq!(checked((first.clone() + &second).as_bytes()), whole);
    let jumped = second.replacen("60M:C261122ILS101,", "60M:C261122ILS102,", 1).replacen("99,", "100,", 1);
    let error = events((first.clone() + &jumped).as_bytes(), Options::default()).expect_err("a gap");
    assert_eq!((error.kind, error.line, &*error.field), (FaultKind::Balance, 13, ":60M:"));
    let alone = events(first.as_bytes(), Options::default()).expect("one page");
    assert!(
        matches!(alone.last(), Some(Event::Closed(closing)) if !closing.is_last_page),
        "more should follow"
    );
    let other = second.replacen("7/2", "8/2", 1);
    let two = events((first + &other).as_bytes(), Options::default()).expect("two statements");
    assert_eq!(two.iter().filter(|event| matches!(event, Event::Opened(_))).count(), 2);
}

#[test]
fn an_overdrawn_account_is_below_zero() {
    let text = statement(":61:261231D150,NTRFREF").replace("C261231ILS150,00", "D261231ILS50,");
    assert_eq!(checked(text.as_bytes())["closing"], "-50.00");
}

#[test]
fn interim_reports_and_statements_without_text_are_of_the_family() {
    let mt942 = ":20:I1\n:25:ACC\n:28C:1/1\n:34F:JODD0,\n:13D:2611221200+0200\n:61:2611221122C12,345NTRFREF//B\n:86:FEE\n:90D:0JOD0,\n:90C:1JOD12,345\n-\n";
    let report = json!({"currency": "JOD", "opening": null, "closing": null, "entries": [["12.345", "C", "REF", "B"]]});
    assert_eq!(checked(mt942.as_bytes()), report);
    for (from, to, kind, line) in [
        ("90C:1", "90C:2", FaultKind::Count, 9),
        ("12,345\n-", "12,346\n-", FaultKind::Sum, 9),
        ("90C:1JOD", "90C:1ILS", FaultKind::Field, 9),
    ] {
        let error = events(mt942.replacen(from, to, 1).as_bytes(), Options::default()).expect_err(from);
        assert_eq!((error.kind, error.line, &*error.field), (kind, line, ":90C:"), "{from}");
    }
    let mt950 = format!(
        "{{1:F01X}}{{2:O950XXXX}}{{4:\n{}",
        statement(":61:261231C50,00S103REF//B").replace("-\n", "-}{5:{CHK:1}}\n")
    );
    assert_eq!(checked(mt950.as_bytes())["entries"][0], json!(["50.00", "C", "REF", "B"]));
}

#[test]
fn a_longer_statement_takes_no_more_memory() {
    let held = |count: usize| {
        let pair = ":61:261231C1,NTRFREF\n:86:TEXT\n:61:261231D1,NTRFREF\n";
        let text = statement(&pair.repeat(count)).replace("150,00", "100,");
        let read = || {
            let mut reader = Reader::new(text.as_bytes(), Options::default());
            while reader.next().expect("a right file").is_some() {}
        };
        measure(read).bytes_max
    };
    assert_eq!(held(100), held(5_000));
}

proptest! {
    /// An entry written by the rules is read as it was meant, with the decimals of its currency.
    #[test]
    fn any_entry_is_read_as_written(
        minor in 0_i64..1_000_000_000, place in 0..3_usize, mark in 0..4_usize, day in 1_u8..=28, month in 1_u8..=12,
        reference in "[A-Z0-9-]{1,16}", bank in "[A-Z0-9]{0,16}", opening in 0_i64..1_000_000_000,
    ) {
        let (currency, decimals) = [("ILS", 2), ("JOD", 3), ("JPY", 0)][place];
        let mark = [Mark::Credit, Mark::Debit, Mark::ReversalOfCredit, Mark::ReversalOfDebit][mark];
        let amount = |minor: i64| codecs::amount::Decimal::new(minor, decimals).expect("small").swift();
        let sign = if mark.credits_the_account() { 1 } else { -1 };
        let closing = opening + sign * minor;
        let text = format!(
            ":20:S\n:25:A\n:28C:1\n:60F:C26{month:02}{day:02}{currency}{}\n:61:26{month:02}{day:02}{month:02}{day:02}{}{}NTRF{reference}//{bank}\n:62F:{}26{month:02}{day:02}{currency}{}\n-",
            amount(opening), mark.name(), amount(minor), if closing < 0 { 'D' } else { 'C' }, amount(closing.abs())
        );
        let events = events(text.as_bytes(), Options::default()).expect("by the rules");
        let Event::Entry(entry) = &events[1] else { panic!("{events:?}") };
        prop_assert_eq!((entry.mark, entry.amount_minor), (mark, minor));
        prop_assert_eq!((&entry.reference, &entry.bank_reference), (&reference, &bank));
        prop_assert_eq!(entry.value_date, entry.booking_date);
    }
}
