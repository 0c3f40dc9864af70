//! Mastercard's clearing files, written by another implementation: what they say, and what is refused.

use codecs::clearing_file::ipm::{Blocking, Encoding, Options, Reader, Record};
use codecs::clearing_file::{self as file, FaultKind, FileError, Format, check};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{golden, json_of, list};

const FILES: [&str; 4] =
    ["ipm_ascii_vbs.bin", "ipm_ascii_1014.bin", "ipm_ebcdic_vbs.bin", "ipm_ebcdic_1014.bin"];

fn vector(name: &str) -> Vec<u8> {
    let path = format!("{}/golden/clearing/ipm/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn records(bytes: &[u8], options: Options) -> Result<Vec<Record>, FileError> {
    let mut reader = Reader::new(bytes, options);
    let mut records = Vec::new();
    while let Some(record) = reader.next()? {
        records.push(record);
    }
    Ok(records)
}

#[test]
fn every_form_of_the_file_says_the_same() {
    let expected = golden("clearing/ipm/expected.json");
    for name in FILES {
        let options = Options { shows_pans: true, ..Options::default() };
        let read = records(&vector(name), options).unwrap_or_else(|error| panic!("{name}: {error}"));
        let read: Vec<_> = read.iter().map(|record| serde_json::to_value(record).expect("JSON")).collect();
        assert_eq!(read, list(&expected, "records"), "{name}");
        let blocking = if name.contains("1014") { Blocking::Blocks1014 } else { Blocking::None };
        let encoding = if name.contains("ebcdic") { Encoding::Ebcdic } else { Encoding::Ascii };
        assert!(
            records(&vector(name), Options { blocking, encoding, shows_pans: true }).is_ok(),
            "{name}, told"
        );
        let other = if blocking == Blocking::None { Blocking::Blocks1014 } else { Blocking::None };
        assert!(
            records(&vector(name), Options { blocking: other, ..options }).is_err(),
            "{name}, told wrongly"
        );
    }
}

#[test]
fn card_numbers_are_masked_unless_asked_for() {
    let report = json_of(&check(Format::Ipm, &*vector(FILES[3]), &file::Options::default()));
    assert_eq!((&report["count"], &report["amount_checksum"]), (&json!(6), &json!(29_845)));
    let pans: Vec<_> = list(&report, "records").iter().filter_map(|record| record["DE2"].as_str()).collect();
    assert_eq!(pans, ["411111******1111", "555555******4444", "520082******8210", "970012*********2345"]);
    assert!(!report.to_string().contains("4111111111111111"));
}

/// A file of records given as text, where `^` begins a bitmap of sixteen bytes in hexadecimal that `^` ends.
fn vbs(records: &[String]) -> Vec<u8> {
    let mut file = Vec::new();
    for record in records {
        let [mti, bitmap, rest] = record.split('^').collect::<Vec<_>>()[..] else { panic!("{record}") };
        let bytes =
            [mti.as_bytes(), &codecs::hex::decode(bitmap.as_bytes()).expect("hexadecimal"), rest.as_bytes()]
                .concat();
        file.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        file.extend_from_slice(&bytes);
    }
    file.extend_from_slice(&[0; 4]);
    file
}

const ADMIN: &str = "80000100000100000200000000000000"; // 24, 48, 71
const ID: &str = "01050250022611220000027500100001";

fn header() -> String {
    format!("1644^{ADMIN}^697032{ID}00000001")
}

/// Elements 2, 4, 24, 43, 71.
fn presentment(number: u32, amount: u32) -> String {
    format!(
        "1240^D0000100002000000200000000000000^164111111111111111{amount:012}20042HUKUMATI\\JAFFA 1\\RAMALLAH\\P600      WBKPSE{number:08}"
    )
}

fn trailer(number: u32, amount: u32, count: u32) -> String {
    format!("1644^{ADMIN}^695070{ID}0301016{amount:016}0306008{count:08}{number:08}")
}

#[test]
fn the_place_of_a_shop_is_taken_apart() {
    let read = records(&vbs(&[header(), presentment(2, 5000), trailer(3, 5000, 3)]), Options::default())
        .expect("a right file");
    let parts = ["NAME", "ADDRESS", "SUBURB", "POSTCODE", "STATE", "COUNTRY"]
        .map(|part| read[1].text(&format!("DE43_{part}")));
    assert_eq!(parts, ["HUKUMATI", "JAFFA 1", "RAMALLAH", "P600", "WBK", "PSE"].map(Some));
    let twice = vbs(&[header(), trailer(2, 0, 2), header(), presentment(2, 1), trailer(3, 1, 3)]);
    assert_eq!(records(&twice, Options::default()).map(|read| read.len()), Ok(5), "one file after the other");
}

#[test]
fn what_is_wrong_is_named_by_record_and_element() {
    use FaultKind::{Count, Field, Sum, Syntax, TooLong, Torn};
    let one = |record: String| vbs(&[header(), record, trailer(3, 5000, 3)]);
    let right = presentment(2, 5000);
    let cut = |count: usize| {
        let mut bytes = one(right.clone());
        bytes.truncate(bytes.len() - count);
        bytes
    };
    #[rustfmt::skip]
    let table = [
        ("a sum",              vbs(&[header(), right.clone(), trailer(3, 5001, 3)]),     Sum, 3, "PDS0301"),
        ("a count",            vbs(&[header(), right.clone(), trailer(3, 5000, 4)]),     Count, 3, "PDS0306"),
        ("a message number",   vbs(&[header(), presentment(3, 5000), trailer(4, 5000, 3)]), Count, 2, "DE71"),
        ("another file id",    vbs(&[header(), trailer(2, 0, 2).replace("00275001", "00275002")]), Field, 2, "PDS0105"),
        ("no header",          vbs(std::slice::from_ref(&right)),                        Syntax, 1, "DE24"),
        ("two headers",        vbs(&[header(), header()]),                               Syntax, 2, "DE24"),
        ("no trailer",         vbs(&[header(), right.clone()]),                          Torn, 2, "DE24"),
        ("nothing",            vbs(&[]),                                                 Torn, 0, "DE24"),
        ("no bytes",           Vec::new(),                                               Torn, 1, "length"),
        ("no end",             cut(4),                                                   Torn, 4, "length"),
        ("cut in a record",    cut(10),                                                  Torn, 3, "length"),
        ("after the end",      [one(right.clone()), b"more".to_vec()].concat(),          Syntax, 4, "length"),
        ("an endless record",  vec![0xFF; 2000],                                         TooLong, 1, "length"),
        ("another type",       one(right.replacen("1240", "0240", 1)),                   Field, 2, "MTI"),
        ("one bitmap",         one(right.replacen("^D", "^5", 1)),                       Field, 2, "bitmap"),
        ("an unknown element", one(right.replacen("^D0", "^D1", 1)),                     Field, 2, "DE8"),
        ("a long card number", one(right.replacen("^164", "^204", 1)),                   Field, 2, "DE2"),
        ("a letter",           one(right.replacen("^164111", "^164A11", 1)),             Field, 2, "DE2"),
        ("an amount",          one(right.replacen("5000200", "50x0200", 1)),             Field, 2, "DE4"),
        ("bytes after it",     one(right.clone() + "0"),                                 Field, 2, "length"),
        ("bytes missing",      one(right[..right.len() - 1].to_owned()),                 Syntax, 2, "DE71"),
        ("a long subelement",  vbs(&[header().replace("0105025", "0105026")]),           Field, 1, "PDS0105"),
        ("no subelement",      vbs(&[header().replace("0105025", "01x5025")]),           Field, 1, "DE48"),
        ("a control character", one(right.replacen("HUKU", "HU\u{1}U", 1)),              Field, 2, "DE43"),
    ];
    for (what, bytes, kind, line, field) in table {
        let error = records(&bytes, Options::default()).expect_err(what);
        assert_eq!((error.kind, error.line, &*error.field), (kind, line, field), "{what}: {error}");
    }
    let mut blocked = vector(FILES[1]);
    blocked[1013] = 0x20;
    let options = Options { blocking: Blocking::Blocks1014, ..Options::default() };
    assert_eq!(records(&blocked, options).map_err(|error| error.field), Err("block".into()));
    blocked[1013] = 0x40;
    blocked.truncate(2000);
    assert_eq!(
        records(&blocked, options).map_err(|error| (error.kind, error.field)),
        Err((FaultKind::Torn, "block".into()))
    );
}

proptest! {
    /// However the records are cut into blocks, they say the same.
    #[test]
    fn blocks_change_nothing(amounts in prop::collection::vec(0..1_000_000_u32, 0..40)) {
        let mut file = vec![header()];
        file.extend((2..).zip(&amounts).map(|(number, amount)| presentment(number, *amount)));
        let count = amounts.len() as u32 + 2;
        file.push(trailer(count, amounts.iter().sum(), count));
        let plain = vbs(&file);
        let blocked: Vec<u8> = plain
            .chunks(1012)
            .flat_map(|data| data.iter().copied().chain(std::iter::repeat(0x40)).take(1014).collect::<Vec<_>>())
            .collect();
        let read = records(&plain, Options::default()).expect("a right file");
        prop_assert_eq!(read.len(), count as usize);
        prop_assert_eq!(records(&blocked, Options::default()), Ok(read));
    }
}
