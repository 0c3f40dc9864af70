//! QR codes of merchants: the vectors, the example of the specification, and what one slip does.

use codecs::amount::Decimal;
use codecs::emv_qr::{
    Account, Field, Initiation, Language, MerchantQr, Object, QrProblem, Tip, build, objects, parse, template,
};
use codecs::iso4217::Currency;
use proptest::prelude::*;

use crate::support::{golden, list, text};

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).expect("a number")
}

#[test]
fn payloads_are_read_as_the_vectors_say_and_built_again() {
    let file = golden("emv/qr-vectors.json");
    for vector in list(&file, "vectors") {
        let payload = text(&vector["payload"]);
        let read = MerchantQr::parse(payload);
        assert_eq!(read.is_ok(), vector["valid"] == true, "{vector}: {read:?}");
        let Ok(qr) = read else {
            let problem = read.expect_err("it is invalid").problem;
            let crc = text(&vector["why"]).starts_with("CRC");
            assert_eq!(
                problem,
                if crc { QrProblem::WrongChecksum } else { QrProblem::Truncated },
                "{vector}"
            );
            continue;
        };
        assert_eq!(qr.amount.map(|amount| amount.to_string()).unwrap_or_default(), text(&vector["amount"]));
        assert_eq!(qr.currency.number().to_string(), text(&vector["currency_numeric"]));
        let Account::Template { id: 26, unique_id, fields } = &qr.accounts[0] else { panic!("{vector}") };
        assert_eq!((unique_id.as_str(), fields[0].value.len()), ("PS.PMA.TEST", 29));
        assert_eq!(qr.build().as_deref(), Ok(payload));
    }
}

#[test]
fn the_example_of_the_specification_is_read() {
    let file = golden("emv/qr-vectors.json");
    let payload = text(&file["emvco_example"]["payload"]);
    assert_eq!(build(&parse(payload).expect("a good payload")).as_deref(), Ok(payload));
    let qr = MerchantQr::parse(payload).expect("a good payload");
    let field = Field::new;
    let template = |id, unique_id: &str, fields: &[Field]| Account::Template {
        id,
        unique_id: unique_id.to_owned(),
        fields: fields.to_vec(),
    };
    let expected = MerchantQr {
        initiation: Some(Initiation::Dynamic),
        accounts: vec![
            template(29, "D15600000000", &[field(5, "A93FO3230Q")]),
            template(31, "D15600000001", &[field(3, "12345678")]),
        ],
        category: "4111".into(),
        currency: Currency::by_code("CNY").expect("a currency"),
        amount: Some(decimal("23.72")),
        tip: Some(Tip::Asked),
        country: "CN".into(),
        name: "BEST TRANSPORT".into(),
        city: "BEIJING".into(),
        postal_code: None,
        additional: vec![field(3, "1234"), field(6, "***"), field(7, "A6008667"), field(9, "ME")],
        language: Some(Language {
            code: "ZH".into(), name: "最佳运输".into(), city: Some("北京".into())
        }),
        others: vec![field(91, "0016A011223344998877070812345678")],
    };
    assert_eq!(qr, expected);
    assert_eq!(qr.additional(7), Some("A6008667"));
    // In ascending order the same objects have another checksum, and mean the same.
    let ours = qr.build().expect("a good code");
    assert_ne!(ours, payload);
    assert_eq!(MerchantQr::parse(&ours), Ok(qr));
}

/// A good code; each row changes, adds or drops (empty) one object.
const GOOD: [(u8, &str); 9] = [
    (0, "01"),
    (1, "12"),
    (26, "0011PS.PMA.TEST0105OUT-1"),
    (52, "9399"),
    (53, "376"),
    (54, "50.00"),
    (58, "PS"),
    (59, "HUKUMATI"),
    (60, "RAMALLAH"),
];

fn payload_with(changes: &[(u8, &str)]) -> Result<String, codecs::emv_qr::QrError> {
    let kept = GOOD.iter().filter(|(id, _)| changes.iter().all(|(changed, _)| changed != id));
    let mut all: Vec<_> =
        kept.chain(changes.iter().filter(|(_, value)| !value.is_empty())).copied().collect();
    all.sort_by_key(|(id, _)| *id);
    build(&all.iter().map(|(id, value)| Object { id: *id, value }).collect::<Vec<_>>())
}

/// What is changed of the good code: objects and their values.
type Changes = &'static [(u8, &'static str)];

/// Whether it is read, or else where and why not.
type Seen = Result<(), (String, QrProblem)>;

#[test]
fn every_object_is_held_to_the_standard() {
    use QrProblem::{
        Amount, Character, Code, Duplicate, Empty, Length, Misplaced, Missing, NotNumeric, Truncated,
    };
    let ok = Ok(());
    let wrong = |path: &'static str, problem| Err((path.to_owned(), problem));
    const LONG: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxx";
    #[rustfmt::skip]
    let table: Vec<(Changes, Seen)> = vec![
        (&[],                                  ok.clone()),
        (&[(1, "")],                           ok.clone()),
        (&[(1, "13")],                         wrong("object 01", Code)),
        (&[(26, "")],                          wrong("object 02", Missing)),
        (&[(26, ""), (2, "4000123456789012")], ok.clone()),
        (&[(26, "0105OUT-1")],                 wrong("object 26.00", Missing)),
        (&[(26, "0011PS.PMA.TEST0105OUT")],    wrong("object 26.01", Truncated)),
        (&[(26, "0011PS.PMA.TEST0x05OUT-1")],  wrong("object 26", NotNumeric)),
        (&[(26, "0011PS.PMA.TEST01")],         wrong("object 26.01", Truncated)),
        (&[(26, "0011PS.PMA.TEST0100")],       wrong("object 26.01", Empty)),
        (&[(26, "0002ab0002cd")],              wrong("object 26.00", Duplicate)),
        (&[(26, "0002ab0102ق.")],              wrong("object 26.01", Character)),
        (&[(52, "")],                          wrong("object 52", Missing)),
        (&[(52, "939")],                       wrong("object 52", Length)),
        (&[(52, "93x9")],                      wrong("object 52", Character)),
        (&[(53, "")],                          wrong("object 53", Missing)),
        (&[(53, "000")],                       wrong("object 53", Code)),
        (&[(53, "ILS")],                       wrong("object 53", Code)),
        (&[(53, "0376")],                      wrong("object 53", Code)),
        (&[(54, "")],                          ok.clone()),
        (&[(54, "50")],                        ok.clone()),
        (&[(54, "50.")],                       ok.clone()),
        (&[(54, "0.00")],                      wrong("object 54", Amount)),
        (&[(54, "-1")],                        wrong("object 54", Amount)),
        (&[(54, "50.005")],                    wrong("object 54", Amount)),
        (&[(54, "50,00")],                     wrong("object 54", Amount)),
        (&[(54, ".50")],                       wrong("object 54", Amount)),
        (&[(54, "12345678901.00")],            wrong("object 54", Amount)),
        (&[(53, "400"), (54, "12.345")],       ok.clone()),
        (&[(53, "392"), (54, "12.3")],         wrong("object 54", Amount)),
        (&[(55, "01")],                        ok.clone()),
        (&[(55, "04")],                        wrong("object 55", Code)),
        (&[(55, "02"), (56, "1.50")],          ok.clone()),
        (&[(55, "02")],                        wrong("object 56", Missing)),
        (&[(55, "02"), (56, "0")],             wrong("object 56", Amount)),
        (&[(55, "01"), (56, "1")],             wrong("object 56", Misplaced)),
        (&[(56, "1")],                         wrong("object 56", Misplaced)),
        (&[(55, "03"), (57, "5.5")],           ok.clone()),
        (&[(55, "03"), (57, "0.00")],          wrong("object 57", Amount)),
        (&[(55, "03"), (57, "100.0")],         wrong("object 57", Amount)),
        (&[(55, "03"), (57, "5.555")],         wrong("object 57", Amount)),
        (&[(55, "03")],                        wrong("object 57", Missing)),
        (&[(55, "02"), (56, "1"), (57, "5")],  wrong("object 57", Misplaced)),
        (&[(58, "")],                          wrong("object 58", Missing)),
        (&[(58, "ps")],                        wrong("object 58", Code)),
        (&[(58, "PSE")],                       wrong("object 58", Code)),
        (&[(59, "")],                          wrong("object 59", Missing)),
        (&[(59, LONG)],                       wrong("object 59", Length)),
        (&[(59, "حكومتي")],                    wrong("object 59", Character)),
        (&[(60, "")],                          wrong("object 60", Missing)),
        (&[(60, LONG)],                       wrong("object 60", Length)),
        (&[(61, "P6008667000")],               wrong("object 61", Length)),
        (&[(62, "0105INV-1")],                 ok.clone()),
        (&[(62, "0126abcdefghijklmnopqrstuvwxyz")], wrong("object 62.01", Length)),
        (&[(62, "0903AMX")],                   wrong("object 62.09", Code)),
        (&[(62, "01")],                        wrong("object 62.01", Truncated)),
        (&[(64, "0002AR0106حكومتي0208رام الله")], ok.clone()),
        (&[(64, "0002AR")],                    wrong("object 64.01", Missing)),
        (&[(64, "0003ARA0106حكومتي")],         wrong("object 64.00", Code)),
        (&[(64, "0002AR0102\u{7}x")],          wrong("object 64.01", Character)),
        (&[(80, "0004ab.c0102قق")],            ok.clone()),
    ];
    for (changes, expected) in table {
        let payload = payload_with(changes).expect("objects of a good size");
        let read = MerchantQr::parse(&payload);
        let seen = read.as_ref().map(|_| ()).map_err(|error| (error.path.to_string(), error.problem));
        assert_eq!(seen, expected, "{changes:?}");
        if let Ok(qr) = read {
            let again = qr.build().expect("what was read can be built");
            assert_eq!(MerchantQr::parse(&again), Ok(qr), "{changes:?}");
        }
    }
}

#[test]
fn a_frame_that_is_none_is_refused() {
    use QrProblem::{Duplicate, Misplaced, Missing, NotNumeric, Truncated, Version, WrongChecksum};
    let good = payload_with(&[]).expect("a good code");
    let swapped = build(&[Object { id: 0, value: "01" }, Object { id: 1, value: "12" }]).expect("objects");
    #[rustfmt::skip]
    let table = [
        (String::new(),                          "object 00", Missing),
        ("0".into(),                             "payload",   Truncated),
        ("000201".into(),                        "object 63", Missing),
        ("0002016304ABC".into(),                 "object 63", Truncated),
        ("0002016304ABCD".into(),                "object 63", WrongChecksum),
        ("0102116304ABCD".into(),                "object 00", Missing),
        ("0102110002016304ABCD".into(),          "object 00", Misplaced),
        ("0002016304ABCD010211".into(),          "object 63", Misplaced),
        ("000201010211010211".into(),            "object 01", Duplicate),
        ("0002010x0211".into(),                  "payload",   NotNumeric),
        ("00020101x211".into(),                  "object 01", NotNumeric),
        ("٠٠0201".into(),                        "payload",   NotNumeric),
        (format!("{good} "),                     "payload",   Truncated),
        (good.replace("HUKUMATI", "HUKUMATE"),   "object 63", WrongChecksum),
    ];
    for (payload, path, problem) in table {
        let error = parse(&payload).expect_err(&payload);
        assert_eq!((error.path.to_string().as_str(), error.problem), (path, problem), "{payload}");
    }
    assert!(parse(&good.to_lowercase()).is_err() && parse(&swapped).is_ok());
    let (head, checksum) = good.split_at(good.len() - 4);
    assert_eq!(
        parse(&format!("{head}{}", checksum.to_lowercase())),
        parse(&good),
        "its case is not of the value"
    );
    let other_version = good.replacen("000201", "000202", 1);
    assert_eq!(parse(&other_version).map_err(|error| error.problem), Err(WrongChecksum));
    assert_eq!(build(&[Object { id: 0, value: "02" }]).map_err(|error| error.problem), Err(Version));
    assert_eq!(
        parse(&good.replace("HUKUMATI", "HUKUMATE")).expect_err("changed").to_string(),
        "object 63: the checksum does not match"
    );
}

#[test]
fn what_cannot_be_written_is_refused() {
    use QrProblem::{Duplicate, Empty, Length, Misplaced, NotNumeric};
    let long = "x".repeat(100);
    let first = Object { id: 0, value: "01" };
    let object = |id, value| Object { id, value };
    assert_eq!(template(&[object(1, "")]).map_err(|e| e.problem), Err(Empty));
    assert_eq!(template(&[object(1, &long)]).map_err(|e| e.problem), Err(Length));
    assert_eq!(template(&[object(100, "x")]).map_err(|e| e.problem), Err(NotNumeric));
    assert_eq!(template(&[first, first]).map_err(|e| e.problem), Err(Duplicate));
    assert_eq!(build(&[first, object(63, "ABCD")]).map_err(|e| e.problem), Err(Misplaced));
    assert_eq!(build(&[object(1, "11"), first]).map_err(|e| e.problem), Err(Misplaced));
    let many: Vec<_> = (2..8).map(|id| object(id, &long[..99])).collect();
    let error = build(&[&[first], &many[..]].concat()).expect_err("above 512 characters");
    assert_eq!((error.path.to_string(), error.problem), ("payload".into(), Length));
    assert_eq!(build(&[&[first], &many[..4]].concat()).map(|text| text.len()), Ok(6 + 4 * 103 + 8));
}

/// However long the text, what is held stays within 64 KiB: it is read where it lies.
#[test]
fn long_texts_cost_no_memory() {
    use codecs::iban::Iban;
    use codecs::national_id::{CheckDigit, NationalId};
    use codecs::phone::{Phone, Prefixes};
    for unit in ["0", "٠", "0001x", "2604\u{200E}xxx", "+970 ", "PS29", "5٬000"] {
        let text = unit.repeat(200_000);
        let wire = text.as_bytes();
        let held = allocation_counter::measure(|| {
            assert!(MerchantQr::parse(&text).is_err());
            assert!(Iban::parse_typed(&text).is_err() && Iban::parse(&text).is_err());
            assert!(NationalId::parse(&text, CheckDigit::Warn).is_err());
            assert!(Phone::parse(&text, &Prefixes::default()).is_err());
            assert!(Decimal::parse_typed(&text).is_err());
            assert!(codecs::tlv::walk(wire).count() <= wire.len());
        });
        assert!(held.bytes_max <= 64 * 1024, "{unit:?}: {} bytes are held", held.bytes_max);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_code_comes_back(
        outlet in "[ -~]{1,60}", name in "[ -~]{1,25}", city in "[ -~]{1,15}", minor in 1..9_999_999_i64,
        arabic in "[ء-ي ]{1,25}", bill in proptest::option::of("[ -~]{1,25}"), points in 1..10_000_u16,
    ) {
        let currency = Currency::by_code("JOD").expect("a currency");
        let qr = MerchantQr {
            initiation: Some(Initiation::Static),
            accounts: vec![
                Account::Scheme(Field::new(4, "5555444433331111")),
                Account::Template { id: 26, unique_id: "PS.TEST".into(), fields: vec![Field::new(1, &outlet)] },
            ],
            category: "9399".into(),
            currency,
            amount: Decimal::of_minor(minor, currency).ok(),
            tip: Some(Tip::BasisPoints(points)),
            country: "PS".into(),
            name,
            city,
            postal_code: None,
            additional: bill.map(|bill| Field::new(1, &bill)).into_iter().collect(),
            language: Some(Language { code: "ar".into(), name: arabic, city: None }),
            others: vec![],
        };
        let payload = qr.build().map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(MerchantQr::parse(&payload), Ok(qr));
    }

    /// A checksum of 16 bits finds any change of one character of ASCII.
    #[test]
    fn one_slip_is_always_found(at in 0..90_usize, to in "[ -~]") {
        let good = payload_with(&[]).expect("a good code");
        let at = at % good.len();
        let mut wrong = good.clone();
        wrong.replace_range(at..=at, &to);
        // Small letters in the checksum mean the same.
        let same = wrong.eq_ignore_ascii_case(&good) && at >= good.len() - 4;
        prop_assert_eq!(parse(&wrong).is_ok(), same || wrong == good);
    }

    #[test]
    fn arbitrary_text_is_read_or_refused(text in "(\\d\\d0\\d.{0,12}){0,8}", noise in ".{0,40}") {
        for text in [&text, &noise] {
            let read: Vec<_> = objects(text).collect();
            prop_assert!(read.iter().rev().skip(1).all(Result::is_ok));
            prop_assert!(MerchantQr::parse(text).is_err());
        }
    }
}
