//! Clearing files of acquirers, each read by its profile.

use codecs::clearing_file::acquirer::{Line, Profile, ProfileError, Reader};
use codecs::clearing_file::settlement::Kind;
use codecs::clearing_file::{self as file, FaultKind, FileError, Format, check};
use proptest::prelude::*;
use serde_json::json;

use crate::support::json_of;

const PROFILE: &str = r#"
name = "some-acquirer"
delimiter = ";"
skip_lines = 1
currency = "ILS"
date = "DD/MM/YYYY hh:mm"
[columns]
reference = "Merchant reference"
rrn = "RRN"
auth_code = "Approval"
card = "Card"
amount = "Gross"
fee = "Commission"
net = "Net"
date = "Date"
kind = "Type"
[amount]
decimal = ","
grouping = "."
check_net = true
[kinds]
SALE = "payment"
RFND = "refund"
[trailer]
first_cell = "TOTAL"
count = 2
amount = 3
"#;

const FILE: &str = "Report of 22/11/2026\r\n\
    Date;Type;Card;Approval;RRN;Merchant reference;Gross;Commission;Net\r\n\
    22/11/2026 12:31;SALE;4111 1111 1111 1111;A1B2C0;632612000010;HKM-ORD-1;1.250,00;7,50;1.242,50\r\n\
    22/11/2026 12:32;SALE;555555XXXXXX4444;A1B2C1;632612000011;\"HKM; \"\"2\"\"\";50,00;0,30;49,70\r\n\
    22/11/2026 12:40;RFND;****8210;;632612000012;HKM-RFND-2;-20,55;0,00;-20,55\r\n\
    \r\n\
    TOTAL;3;1.279,45\r\n";

fn profile() -> Profile {
    Profile::from_toml(PROFILE).expect("a profile")
}

fn lines(text: &[u8], profile: &Profile) -> Result<Vec<Line>, FileError> {
    let mut reader = Reader::new(text, profile);
    let mut lines = Vec::new();
    while let Some(line) = reader.next()? {
        lines.push(line);
    }
    Ok(lines)
}

#[test]
fn a_file_is_read_by_its_profile() {
    let read = lines(FILE.as_bytes(), &profile()).expect("a right file");
    let told: Vec<_> = read
        .iter()
        .map(|line| (line.line, line.kind, &*line.reference, &*line.card, line.signed_minor()))
        .collect();
    assert_eq!(
        told,
        [
            (3, Kind::Payment, "HKM-ORD-1", "411111******1111", 125_000),
            (4, Kind::Payment, "HKM; \"2\"", "555555******4444", 5_000),
            (5, Kind::Refund, "HKM-RFND-2", "****8210", -2_055),
        ]
    );
    assert_eq!(
        (read[0].fee_minor, read[0].net_minor, &*read[0].auth_code),
        (Some(750), Some(124_250), "A1B2C0")
    );
    assert_eq!(read[0].date.to_string(), "2026-11-22");
    let report = json_of(&check(Format::Csv(&profile()), FILE.as_bytes(), &file::Options::default()));
    let expected = json!({"count": 3, "sums": [{"currency": "ILS", "credits": "1300.00", "debits": "20.55"}], "entries": [
        ["1250.00", "C", "HKM-ORD-1", "632612000010", "ILS"], ["50.00", "C", "HKM; \"2\"", "632612000011", "ILS"],
        ["20.55", "D", "HKM-RFND-2", "632612000012", "ILS"]]});
    assert_eq!(report, expected);
}

#[test]
fn a_file_without_names_or_words_is_read_by_places_and_signs() {
    let text = "name = \"p\"\nheading = \"none\"\ndate = \"YYMMDD\"\n[columns]\nrrn = 1\ncurrency = 2\namount = 3\ndate = 4\n[amount]\nform = \"minor\"\n";
    let profile = Profile::from_toml(text).expect("a profile");
    let file =
        "632612000010,JOD,12345,261122\n632612000011,376,(2055),261122\n632612000012,JPY,100-,261122\n";
    let read = lines(file.as_bytes(), &profile).expect("a right file");
    let told: Vec<_> = read.iter().map(|line| (line.kind, line.currency.code(), line.amount_minor)).collect();
    assert_eq!(
        told,
        [(Kind::Payment, "JOD", 12_345), (Kind::Refund, "ILS", 2_055), (Kind::Refund, "JPY", 100)]
    );
    let latin1 = text.replacen("date", "encoding = \"latin1\"\ndate", 1);
    let latin1 = Profile::from_toml(&latin1).expect("a profile");
    let odd = b"63261200001\xE9,JOD,1,261122\n";
    assert_eq!(lines(odd, &profile).map_err(|error| (error.kind, error.line)), Err((FaultKind::Encoding, 1)));
    assert_eq!(lines(odd, &latin1).expect("Latin-1")[0].rrn, "63261200001é");
}

#[test]
fn wrong_lines_are_refused_by_line_and_column() {
    use FaultKind::{Count, Field, Sum, Syntax, Torn};
    #[rustfmt::skip]
    let table = [
        ("\";50,00;", "\";50.00;",            Field, 4, "amount"),
        ("\";50,00;", "\";50,001;",           Field, 4, "amount"),
        ("\";50,00;", "\";abc;",              Field, 4, "amount"),
        ("\";50,00;", "\";-50,00;",           Field, 4, "amount"),
        ("\";50,00;", "\";--50,00;",          Field, 4, "amount"),
        ("1.250,00", "12.50,00",        Field, 3, "amount"),
        ("0,30", "x",                   Field, 4, "fee"),
        ("49,70", "49,71",              Sum, 4, "net"),
        ("22/11/2026 12:32", "22/13/2026 12:32", Field, 4, "date"),
        ("RFND", "VOID",                Field, 5, "kind"),
        ("555555XXXXXX4444", "5555HELLO",  Field, 4, "card"),
        ("632612000011;\"HKM; \"\"2\"\"\"", ";", Field, 4, "reference"),
        ("\"HKM; \"\"2\"\"\"", "\"HKM", Syntax, 4, "line"),
        ("\"HKM; \"\"2\"\"\"", "\"HKM\"x", Syntax, 4, "line"),
        (";0,00;-20,55", ";0,00",       Field, 5, "net"),
        ("RRN", "R.R.N.",               Field, 2, "rrn"),
        ("Approval", "RRN",             Field, 2, "rrn"),
        ("TOTAL;3", "TOTAL;4",          Count, 7, "trailer.count"),
        ("1.279,45", "1.279,46",        Sum, 7, "trailer.amount"),
        ("1.279,45", "1279.45",         Field, 7, "trailer.amount"),
        (";1.279,45", "",               Field, 7, "trailer.amount"),
        ("1.279,45\r\n", "1.279,45\r\nmore\r\n", Syntax, 8, "line"),
        ("TOTAL;3;1.279,45\r\n", "",    Torn, 7, "trailer"),
    ];
    for (from, to, kind, line, field) in table {
        assert!(FILE.contains(from), "{from}");
        let error = lines(FILE.replacen(from, to, 1).as_bytes(), &profile()).expect_err(to);
        assert_eq!((error.kind, error.line, &*error.field), (kind, line, field), "{from} as {to}: {error}");
    }
    assert_eq!(lines(b"one line\n", &profile()).map_err(|error| error.kind), Err(FaultKind::Torn));
}

#[test]
fn wrong_profiles_are_refused_by_key() {
    #[rustfmt::skip]
    let table = [
        ("currency = \"ILS\"", "",                      "trailer.amount"),
        ("currency = \"ILS\"", "currency = \"XAU\"",    "currency"),
        ("delimiter = \";\"", "delimiter = \"a\"",      "delimiter"),
        ("delimiter = \";\"", "delimiter = '\"'",       "quote"),
        ("DD/MM/YYYY", "DD/MM",                         "date"),
        ("amount = \"Gross\"", "",                      "columns.amount"),
        ("date = \"Date\"", "",                         "columns.date"),
        ("net = \"Net\"", "",                           "amount.check_net"),
        ("net = \"Net\"", "net = 0",                    "columns"),
        ("skip_lines = 1", "heading = \"none\"",        "columns"),
        ("grouping = \".\"", "grouping = \",\"",        "amount"),
        ("\"refund\"", "\"gift\"",                      "kinds"),
        ("kind = \"Type\"", "",                         "kinds"),
        ("first_cell = \"TOTAL\"", "first_cell = \"\"", "trailer.first_cell"),
    ];
    for (from, to, expected) in table {
        assert!(PROFILE.contains(from), "{from}");
        match Profile::from_toml(&PROFILE.replacen(from, to, 1)) {
            Err(ProfileError::Value { key, .. }) => assert_eq!(key, expected, "{from} as {to}"),
            other => panic!("{from} as {to}: {other:?}"),
        }
    }
    let unknown = Profile::from_toml(&PROFILE.replacen("skip_lines", "skip_rows", 1));
    assert!(matches!(unknown, Err(ProfileError::Toml(why)) if why.contains("skip_rows")));
}

proptest! {
    /// Whatever an amount is, its text in the profile's form is read as it.
    #[test]
    fn any_amount_in_its_form_is_read(minor in 1_i64..1_000_000_000_000, reference in "[A-Z0-9;\"-]{1,20}") {
        let (whole, decimals) = (minor / 100, minor % 100);
        let digits = whole.to_string();
        let grouped: Vec<String> = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        let quoted = reference.replace('"', "\"\"");
        let amount = format!("{},{decimals:02}", grouped.join("."));
        let heading = FILE.lines().take(2).collect::<Vec<_>>().join("\n");
        let file = format!("{heading}\n22/11/2026 12:31;SALE;;;;\"{quoted}\";{amount};0,00;{amount}\nTOTAL;1;{amount}\n");
        let read = lines(file.as_bytes(), &profile()).expect("by the rules");
        prop_assert_eq!((read[0].amount_minor, &read[0].reference), (minor, &reference));
    }
}
