//! Bill payment: what belongs to a pair of messages, what result codes mean, what profiles write.

use codecs::iso4217::Currency;
use codecs::mfep::{
    Body, Code, Decoded, Fault, FaultKind, Fold, Keys, Kind, Message, Mode, Profile, ProfileError, Refusal,
    Stamp, TrxStatus, Verdict, answer_bills, answer_each, answer_to, check_answer, decode, describe, encode,
    fold, lookup, meanings, refuse,
};

use crate::mfep::{NAMES, read, vector, write};
use crate::support::{golden, text};

fn request(name: &str) -> Message {
    read(&vector(name, "json"))
}

fn now() -> Stamp {
    "2026-11-22T12:40:00".parse().expect("a time")
}

fn mismatches(request: &Message, answer: &Message) -> Vec<String> {
    check_answer(request, answer).iter().map(|found| found.path.clone()).collect()
}

#[test]
fn the_answers_of_the_vectors_are_the_ones_we_build() {
    let json = Profile::from_toml("format = \"json\"\nindent = 1").expect("a profile");
    let built = answer_each(&request("05-blrpmtntfrq"), now(), |_| Verdict::success()).expect("an answer");
    assert_eq!(write(&built, &json).into_bytes(), vector("06-blrpmtntfrs", "json"));
    let Body::Bills(bills) = request("02-bilpulrs").body else { panic!("no bill") };
    let built = answer_bills(&request("01-bilpulrq"), now(), bills.bills).expect("an answer");
    assert_eq!(write(&built, &json).into_bytes(), vector("02-bilpulrs", "json"));
    for (asked, answered) in [
        ("01-bilpulrq", "02-bilpulrs"),
        ("01-bilpulrq", "03-bilpulrs-paid"),
        ("05-blrpmtntfrq", "06-blrpmtntfrs"),
    ] {
        assert_eq!(check_answer(&request(asked), &request(answered)), [], "{asked} {answered}");
    }
}

/// The expectations of the vectors, by what identifies a message and a transaction.
#[test]
fn a_repeat_is_known_by_its_keys() {
    let keys = |name: &str| {
        let message = request(name);
        let [Keys { guid, joebpps_trx, bank_trx_id }] = message.keys()[..] else { panic!("one transaction") };
        [guid, joebpps_trx, bank_trx_id].map(|key| key.expect("a key").to_owned())
    };
    let first = keys("05-blrpmtntfrq");
    for case in golden("billpay/expectations.json").as_array().expect("a list") {
        let other = keys(text(&case["file"]));
        let same: Vec<bool> = first.iter().zip(&other).map(|(a, b)| a == b).collect();
        let expected = text(&case["expect"]);
        match same[..] {
            [true, true, _] => {
                assert!(expected.contains("no second posting") || expected.contains("paid once"), "{case}")
            }
            [false, true, _] => assert!(expected.contains("idempotent on JOEBPPSTrx"), "{case}"),
            _ => assert!(expected.starts_with("325"), "{case}"),
        }
    }
    let wrong =
        answer_each(&request("09-blrpmtntfrq-wrong-amount"), now(), |_| Verdict::of(325)).expect("an answer");
    assert_eq!(
        wrong.header.result.as_ref().map(|result| result.error_code),
        Some(0),
        "the \"no\" stands in the transaction"
    );
    let Body::Statuses(list) = &wrong.body else { panic!("no transaction") };
    assert_eq!(list[0].result.as_deref().map(Verdict::fold), Some(Fold::Declined));
    assert!(check_answer(&request("09-blrpmtntfrq-wrong-amount"), &wrong).is_empty());
}

#[test]
fn an_answer_goes_back_to_who_asked() {
    for kind in Kind::ALL.iter().filter(|kind| kind.is_request()) {
        let mut asked = request("05-blrpmtntfrq");
        asked.header.kind = *kind;
        let answer = answer_to(&asked, now(), Verdict::success(), Body::Empty).expect("an answer");
        assert_eq!(Some(answer.header.kind), kind.answer());
        assert_eq!(answer.header.guid, asked.header.guid);
        assert_eq!(
            (&answer.header.sdr_code, &answer.header.rcv_code),
            (&asked.header.rcv_code, &asked.header.sdr_code)
        );
        assert_eq!(check_answer(&asked, &answer), [], "{kind}");
        let refused = refuse(&asked, now(), 2).expect("an answer");
        assert_eq!(refused.header.result.as_ref().map(|result| result.error_code), Some(2));
        assert!(
            answer_to(&answer, now(), Verdict::success(), Body::Empty).is_err(),
            "an answer is not answered"
        );
        assert!(refuse(&asked, now(), 0).is_err(), "0 refuses nothing");
        let mut out = Vec::new();
        encode(&refused, &Profile::by_name("biller-json").expect("built in"), None, &mut out)
            .expect("a refusal");
        assert_eq!(read(&out).body, Body::Empty);
    }
    assert!(
        answer_each(&request("01-bilpulrq"), now(), |_| Verdict::success()).is_err(),
        "a pull has no transactions"
    );
}

#[test]
fn an_answer_that_does_not_fit_is_told() {
    let asked = request("05-blrpmtntfrq");
    let fits = answer_each(&asked, now(), |_| Verdict::success()).expect("an answer");
    let changed = |change: &dyn Fn(&mut Message)| {
        let mut answer = fits.clone();
        change(&mut answer);
        mismatches(&asked, &answer)
    };
    let status = |answer: &mut Message, change: &dyn Fn(&mut TrxStatus)| match &mut answer.body {
        Body::Statuses(list) => change(&mut list[0]),
        _ => panic!("no transaction"),
    };
    let trx = |name: &str| vec![format!("MsgBody/Transactions/TrxInf[0]{name}")];
    assert!(changed(&|_| {}).is_empty());
    assert!(
        changed(&|a| a.header.guid = a.header.guid.as_deref().map(|g| g.to_uppercase().into())).is_empty()
    );
    assert!(changed(&|a| a.header.rcv_code = None).is_empty());
    assert_eq!(changed(&|a| a.header.kind = Kind::BillPullAnswer), ["MsgHeader/TrsInf/ResTyp"]);
    assert_eq!(changed(&|a| a.header.guid = Some("other".into())), ["MsgHeader/GUID"]);
    assert_eq!(changed(&|a| a.header.guid = None), ["MsgHeader/GUID"]);
    assert_eq!(changed(&|a| a.header.sdr_code = Some(Code::from(41))), ["MsgHeader/TrsInf/SdrCode"]);
    assert_eq!(changed(&|a| a.header.rcv_code = Some(Code::from(41))), ["MsgHeader/TrsInf/RcvCode"]);
    assert_eq!(changed(&|a| status(a, &|s| s.joebpps_trx = Some("x".into()))), trx(""));
    assert_eq!(changed(&|a| status(a, &|s| s.bank_trx_id = Some("x".into()))), trx(""));
    assert_eq!(changed(&|a| status(a, &|s| s.paid_amt = Some("5".parse_amount()))), trx("/PaidAmt"));
    assert_eq!(changed(&|a| status(a, &|s| s.paid_amt = Some("50.000".parse_amount()))), [""; 0]);
    assert_eq!(changed(&|a| status(a, &|s| s.currency = Currency::by_code("JOD"))), trx("/Currency"));
    assert_eq!(
        changed(&|a| status(a, &|s| s.joebpps_trx = None)),
        [""; 0],
        "the only one need not be named again"
    );
    let twice = changed(&|a| {
        if let Body::Statuses(list) = &mut a.body {
            list.push(list[0].clone());
        }
    });
    assert_eq!(twice, ["MsgBody/Transactions".to_owned(), "MsgBody/Transactions/TrxInf[1]".to_owned()]);
    let other = mismatches(&request("01-bilpulrq"), &request("04-bilpulrs-unknown"));
    assert_eq!(other, ["MsgHeader/GUID", "MsgBody/BillRec[0]/AcctInfo/BillingNo"]);
}

/// Short for the tables above.
trait ParseAmount {
    fn parse_amount(&self) -> codecs::amount::Decimal;
}

impl ParseAmount for str {
    fn parse_amount(&self) -> codecs::amount::Decimal {
        codecs::amount::Decimal::parse(self).expect("an amount")
    }
}

#[test]
fn the_listed_codes_are_those_of_the_file() {
    let file = golden("billpay/mfep-error-codes.json");
    let codes = file["codes"].as_object().expect("codes");
    assert_eq!((codes.len(), meanings().len()), (58, 58));
    for (code, words) in codes {
        let code: u32 = code.parse().expect("a number");
        let meaning = lookup(code).unwrap_or_else(|| panic!("{code} is not listed"));
        assert_eq!((meaning.code, meaning.en), (code, text(words)));
        assert!(meaning.ar.chars().any(|c| ('ء'..='ي').contains(&c)), "{code}");
    }
    assert_eq!(fold(370), Fold::Unknown, "one client takes it for final; it is not listed");
}

#[test]
fn a_business_no_stands_in_the_bill() {
    for (name, code, expected) in
        [("03-bilpulrs-paid", 324, Fold::Duplicate), ("04-bilpulrs-unknown", 408, Fold::Declined)]
    {
        let message = request(name);
        assert_eq!(message.header.result.as_ref().map(|result| result.error_code), Some(0));
        let Body::Bills(bills) = &message.body else { panic!("no bill") };
        let result = bills.bills[0].result.as_ref().expect("a result");
        assert_eq!((result.error_code, result.fold()), (code, expected));
    }
}

#[test]
fn the_built_in_profiles_write_what_they_say() {
    assert_eq!(Profile::NAMES, ["biller-json", "biller-xml", "agent-soap", "fawateer-soap"]);
    let profile = |name: &str| Profile::by_name(name).unwrap_or_else(|| panic!("no profile {name}"));
    for name in NAMES {
        let message = request(name);
        for built_in in ["biller-json", "biller-xml", "fawateer-soap"] {
            let written = write(&message, &profile(built_in));
            assert_eq!(read(written.as_bytes()).body, message.body, "{name} {built_in}");
        }
    }
    let bills = write(&request("02-bilpulrs"), &profile("fawateer-soap"));
    for piece in [
        "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>",
        "<BillPullResponse xmlns=\"http://tempuri.org/\"><BillPullResult><MFEP xmlns=\"\">",
        "<BillsRec><BillRec>",
        "<DueAmount>50.00</DueAmount>",
    ] {
        assert!(bills.contains(piece), "{piece}: {bills}");
    }
    let json = write(&request("05-blrpmtntfrq"), &profile("biller-json"));
    assert!(
        json.contains("\"TrxInf\":{\"AcctInfo\"") && json.contains("\"SdrCode\":1,\"RcvCode\":40"),
        "{json}"
    );
}

#[test]
fn settings_change_what_is_written() {
    let written =
        |settings: &str, name: &str| write(&request(name), &Profile::from_toml(settings).expect(settings));
    #[rustfmt::skip]
    let table = [
        ("format = \"json\"", "05-blrpmtntfrq", "\"PaidAmt\":\"50.00\""),
        ("format = \"json\"\namounts = \"bare\"", "05-blrpmtntfrq", "\"PaidAmt\":50.00,"),
        ("format = \"json\"\ncodes = \"string\"", "05-blrpmtntfrq", "\"BankCode\":\"21\""),
        ("format = \"json\"\nflags = \"string\"", "05-blrpmtntfrq", "\"FeesOnBiller\":\"true\""),
        ("format = \"json\"\none_transaction = \"list\"", "05-blrpmtntfrq", "\"TrxInf\":[{"),
        ("format = \"json\"\none_bill = \"object\"", "02-bilpulrs", "\"BillRec\":{"),
        ("format = \"json\"\nbills_rec = true", "02-bilpulrs", "\"BillsRec\":{\"BillRec\":[{"),
        ("format = \"json\"\ntransactions = \"flat\"", "05-blrpmtntfrq", "\"MsgBody\":{\"TrxInf\":{"),
        ("format = \"json\"\ntransactions = \"billing-info\"", "05-blrpmtntfrq", "\"MsgBody\":{\"BillingInfo\":{"),
        ("format = \"json\"\nacknowledgements = \"billing-info\"", "10-pmtackrq", "\"MsgBody\":{\"BillingInfo\":{\"JOEBPPSTrx\""),
        ("format = \"json\"\ncurrency = \"JOD\"\namount_decimals = \"currency\"", "02-bilpulrs", "\"DueAmount\":\"50.000\""),
        // The message's own currency has two decimals, whatever the profile's.
        ("format = \"json\"\ncurrency = \"JOD\"\namount_decimals = \"currency\"", "05-blrpmtntfrq", "\"PaidAmt\":\"50.00\""),
        ("format = \"xml\"\n[names]\nBankTrxID = \"BankTrxId\"", "05-blrpmtntfrq", "<BankTrxId>BNK-000123</BankTrxId>"),
        ("format = \"xml\"\n[names]\nSTMTDate = \"StmtDate\"", "05-blrpmtntfrq", "<StmtDate>2026-11-22</StmtDate>"),
    ];
    for (settings, name, piece) in table {
        let text = written(settings, name);
        assert!(text.contains(piece), "{piece}: {text}");
        assert_eq!(read(text.as_bytes()), request(name), "{settings}");
    }
}

#[test]
fn what_is_no_profile_is_refused_by_name() {
    #[rustfmt::skip]
    let table = [
        ("", "format"),
        ("format = \"yaml\"", "yaml"),
        ("format = \"json\"\nindentation = 2", "indentation"),
        ("format = \"json\"\nsoap = \"1.1\"", "soap"),
        ("format = \"json\"\ncurrency = \"NIS\"", "NIS"),
        ("format = \"json\"\ncurrency = \"XAU\"", "XAU"),
        ("format = \"json\"\namount_decimals = \"currency\"", "currency"),
        ("format = \"xml\"\n[names]\nBankTrxID = \"Bank Trx\"", "BankTrxID"),
        ("format = \"xml\"\n[names]\nBankTrxID = \"ParTrxID\"", "BankTrxID"),
        ("format = \"xml\"\n[names]\nbanktrxid = \"BankTrxId\"", "banktrxid"),
        ("format = \"xml\"\nparameter = \"a b\"", "parameter"),
        ("format = \"xml\"\nservice_namespace = \"'\"", "service_namespace"),
        ("format = \"xml\"\nindent = 99", "indent"),
        ("format = \"xml\"\n[signature]\nkind = \"md5\"", "md5"),
    ];
    for (settings, named) in table {
        let error: ProfileError = Profile::from_toml(settings).expect_err(settings);
        assert!(error.to_string().contains(named), "{named}: {error}");
    }
}

#[test]
fn what_cannot_be_carried_is_refused_before_it_is_written() {
    let profile = Profile::from_toml("format = \"xml\"\ncurrency = \"JOD\"\namount_decimals = \"currency\"")
        .expect("a profile");
    let refused = |change: &dyn Fn(&mut codecs::mfep::Payment)| -> Fault {
        let mut message = request("05-blrpmtntfrq");
        let Body::Payments(list) = &mut message.body else { panic!("no payment") };
        change(&mut list[0]);
        let mut out = Vec::new();
        let fault = encode(&message, &profile, None, &mut out).expect_err("it cannot be written");
        assert!(out.is_empty());
        fault
    };
    let at = |name: &str| format!("MsgBody/Transactions/TrxInf[0]/{name}");
    #[rustfmt::skip]
    let table: [(Fault, FaultKind, String); 7] = [
        (refused(&|p| p.paid_amt = None), FaultKind::Missing, at("PaidAmt")),
        (refused(&|p| p.paid_amt = Some("5.001".parse_amount())), FaultKind::AmountTooFine, at("PaidAmt")),
        (refused(&|p| p.fees_amt = Some("-1".parse_amount())), FaultKind::AmountInvalid, at("FeesAmt")),
        (refused(&|p| p.joebpps_trx = Some(" ".into())), FaultKind::Missing, at("JOEBPPSTrx")),
        (refused(&|p| p.access_channel = Some("a".repeat(16).into())), FaultKind::TooLong, at("AccessChannel")),
        (refused(&|p| p.bank_trx_id = Some("a\u{1}".into())), FaultKind::CharacterInvalid, at("BankTrxID")),
        (refused(&|p| p.payer_info.as_mut().expect("a payer").nation = Some("PSE".into())), FaultKind::TooLong, at("PayerInfo/Nation")),
    ];
    for (fault, kind, path) in table {
        assert_eq!(fault, Fault { kind, path });
    }
}

fn shown(decoded: &Decoded<'_>) -> serde_json::Value {
    serde_json::to_value(describe(decoded)).expect("JSON")
}

#[test]
fn a_report_tells_what_a_message_says_and_not_who_pays() {
    let bytes = vector("05-blrpmtntfrq", "xml");
    let report = shown(&decode(&bytes, Mode::Strict).expect("a message"));
    let expected = serde_json::json!({
        "format": "xml", "type": "BLRPMTNTFRQ", "guid": "7f3a0000-0000-4000-8000-000000000003", "sender": "1", "receiver": "40",
        "time": "2026-11-22T12:40:00", "signed": false, "unknown": 0, "tolerated": 0,
        "lines": [{
            "account": "**********78", "joebpps_trx": "2026112200000017", "bank_trx_id": "BNK-000123", "status": "PmtNew",
            "due": "50.00", "paid": "50.00", "currency": "ILS", "settlement_date": "2026-11-22",
        }],
    });
    assert_eq!(report, expected);
    let bytes = vector("03-bilpulrs-paid", "json");
    let report = shown(&decode(&bytes, Mode::Strict).expect("a message"));
    let result = serde_json::json!({"code": 324, "meaning": "bill already paid", "class": "paid-before", "fold": "duplicate"});
    assert_eq!(report["lines"][0]["result"], result);
    let fault = decode(b"{\"MFEP\":{}}", Mode::Strict).expect_err("no header");
    let refusal = serde_json::to_value(Refusal::from(&fault)).expect("JSON");
    let expected = serde_json::json!({"error": "MISSING", "path": "MsgHeader", "reason": "the element is missing or empty"});
    assert_eq!(refusal, expected);
}
