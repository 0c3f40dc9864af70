//! Bill payment: one message in two formats, read from what others write and written as profiles ask.

use codecs::iso4217::Currency;
use codecs::mfep::{Body, Decoded, Fault, FaultKind, Format, Kind, Message, Mode, Profile, decode, encode};

pub(crate) const NAMES: [&str; 11] = [
    "01-bilpulrq",
    "02-bilpulrs",
    "03-bilpulrs-paid",
    "04-bilpulrs-unknown",
    "05-blrpmtntfrq",
    "06-blrpmtntfrs",
    "07-blrpmtntfrq-repeat",
    "08-blrpmtntfrq-same-trx-new-guid",
    "09-blrpmtntfrq-wrong-amount",
    "10-pmtackrq",
    "11-prepaid-validation-rq",
];

pub(crate) fn vector(name: &str, ending: &str) -> Vec<u8> {
    let path = format!("{}/golden/billpay/{name}.{ending}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn read(bytes: &[u8]) -> Message {
    strict(bytes).message
}

fn strict(bytes: &[u8]) -> Decoded<'_> {
    decode(bytes, Mode::Strict)
        .unwrap_or_else(|fault| panic!("{fault}: {:.2000}", String::from_utf8_lossy(bytes)))
}

pub(crate) fn write(message: &Message, profile: &Profile) -> String {
    let mut out = Vec::new();
    encode(message, profile, None, &mut out).unwrap_or_else(|fault| panic!("{fault}: {message:?}"));
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn every_vector_is_the_same_message_in_both_formats_and_comes_back_to_the_byte() {
    let json = Profile::from_toml("format = \"json\"\nindent = 1").expect("a profile");
    let xml = Profile::from_toml("format = \"xml\"\nindent = 2\ndeclaration = true").expect("a profile");
    for name in NAMES {
        let (in_json, in_xml) = (vector(name, "json"), vector(name, "xml"));
        let (a, b) = (strict(&in_json), strict(&in_xml));
        assert_eq!(a.message, b.message, "{name}");
        assert_eq!((a.format, b.format), (Format::Json, Format::Xml));
        assert_eq!([a.unknown, a.tolerated, b.unknown, b.tolerated], [0; 4], "{name}");
        assert_eq!(write(&b.message, &json), String::from_utf8_lossy(&in_json), "{name}");
        assert_eq!(write(&a.message, &xml), String::from_utf8_lossy(&in_xml), "{name}");
    }
}

fn fault(text: &str) -> Fault {
    decode(text.as_bytes(), Mode::Strict).map(|decoded| decoded.message).expect_err(text)
}

/// The notification in JSON with one piece replaced.
fn changed(from: &str, to: &str) -> String {
    let text = String::from_utf8(vector("05-blrpmtntfrq", "json")).expect("UTF-8");
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

/// The same in XML.
fn changed_xml(from: &str, to: &str) -> String {
    let text = String::from_utf8(vector("05-blrpmtntfrq", "xml")).expect("UTF-8");
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

#[test]
fn every_spelling_seen_is_the_same_message() {
    let expected = read(&vector("05-blrpmtntfrq", "json"));
    let text = changed("", "");
    let (before, rest) = text.split_once("\"Transactions\": {\n    \"TrxInf\": ").expect("a transaction");
    let (trx, after) = rest.split_at(rest.rfind("\n   }\n  }\n }\n}").expect("the end"));
    let after = after.strip_prefix("\n   }").expect("the end of the transactions");
    let placed = |body: String| format!("{before}{body}{after}");
    #[rustfmt::skip]
    let table = [
        changed("\"BankTrxID\"", "\"BankTrxId\""),
        changed("\"STMTDate\"", "\"StmtDate\""),
        changed("\"JOEBPPSTrx\"", "\"JOEBPPSTrxId\""),
        changed("\"MFEP\"", "\"mfep\""),
        changed("\"SdrCode\": 1", "\"SdrCode\": \"1\""),
        changed("\"JOEBPPSTrx\": \"2026112200000017\"", "\"JOEBPPSTrx\": 2026112200000017"),
        changed("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": 50.00"),
        changed("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": \" 50.000 \""),
        changed("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": 50.000000"),
        changed("\"FeesOnBiller\": true", "\"FeesOnBiller\": \"True\""),
        changed("\"FeesOnBiller\": true", "\"FeesOnBiller\": 1"),
        changed("\"PmtNew\"", "\"PMTNEW\""),
        changed("\"Postpaid\"", "\"postpaid\""),
        changed("\"ILS\"", "\"ils\""),
        changed("\"ILS\"", "\"376\""),
        changed("BLRPMTNTFRQ", "blrpmtntfrq"),
        changed("2026-11-22T12:41:03", "2026-11-22 12:41:03"),
        changed("أحمد", "\\u0623\\u062d\\u0645\\u062F"),
        changed("{", "\u{FEFF}{"),
        changed("\"PayerInfo\"", "\"InqRefNo\": null, \"SubPmts\": [], \"AdditionalInfo\": \"\", \"PayerInfo\""),
        placed(format!("\"Transactions\": {{\"TrxInf\": [{trx}]}}")),
        placed(format!("\"Transactions\": [{{\"TrxInf\": {trx}}}]")),
        placed(format!("\"Transactions\": [{trx}]")),
        placed(format!("\"Transactions\": {trx}")),
        placed(format!("\"TrxInf\": {trx}")),
        placed(format!("\"TrxInf\": [{trx}]")),
        placed(format!("\"BillingInfo\": {trx}")),
        changed_xml("<BankTrxID>BNK-000123</BankTrxID>", "<BankTrxId>BNK-000123</BankTrxId>"),
        changed_xml("BNK-000123", "<![CDATA[BNK-000123]]>"),
        changed_xml("BNK-000123", "BNK<!-- - -->-000&#49;23"),
        changed_xml("<DueAmt>", "<InqRefNo xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:nil=\"true\"/><DueAmt>"),
        changed_xml("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", ""),
        changed_xml("<?xml", "\u{FEFF}<?xml"),
        changed_xml("<MFEP>", "<MFEP xmlns=\"urn:x\" a='>'>"),
        changed_xml("<PaidAmt>50.00<", "<PaidAmt>\n 50.00\n <"),
    ];
    for text in table {
        assert_ne!(text.as_bytes(), vector("05-blrpmtntfrq", "json"));
        assert_eq!(strict(text.as_bytes()).message, expected, "{text}");
    }
}

#[test]
fn a_message_in_an_envelope_is_the_message() {
    let expected = read(&vector("01-bilpulrq", "xml"));
    let text = String::from_utf8(vector("01-bilpulrq", "xml")).expect("UTF-8");
    let bare = text.split_once("?>").expect("a declaration").1.trim();
    let prefixed =
        bare.replace("<", "<m:").replace("<m:/", "</m:").replacen("<m:MFEP", "<m:MFEP xmlns:m='urn:m'", 1);
    let escaped = bare.replace('&', "&amp;").replace('<', "&lt;");
    for namespace in ["http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"]
    {
        for inner in
            [bare, &prefixed, &escaped, &format!("<![CDATA[{bare}]]>"), &format!("<![CDATA[{text}]]>")]
        {
            let envelope = format!(
                "<s:Envelope xmlns:s='{namespace}'><s:Header><x>y</x></s:Header><s:Body><BillPull xmlns='http://tempuri.org/'>\
                 <guid>other</guid><tokenKey>T-1</tokenKey><request>{inner}</request></BillPull></s:Body></s:Envelope>"
            );
            let decoded = strict(envelope.as_bytes());
            assert_eq!(decoded.operation.as_deref(), Some("BillPull"));
            let token = decoded.message.token_key.as_ref().map(|token| token.expose().to_owned());
            assert_eq!(token.as_deref(), Some("T-1"));
            assert_eq!(decoded.message.header, expected.header);
            assert_eq!(decoded.message.body, expected.body);
            let body = decoded.body_text();
            assert!(
                body.contains("PassportFee") && body.starts_with('<') && body.ends_with("MsgBody>"),
                "{body}"
            );
        }
    }
}

#[test]
fn the_guid_of_the_call_stands_in_where_the_header_has_none() {
    let text = changed_xml("<GUID>7f3a0000-0000-4000-8000-000000000003</GUID>", "");
    let text = text.split_once("?>").expect("a declaration").1;
    let envelope = format!(
        "<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'><Body><A><guid>g-1</guid>{text}</A></Body></Envelope>"
    );
    assert_eq!(strict(envelope.as_bytes()).message.header.guid.as_deref(), Some("g-1"));
}

#[test]
fn an_amount_keeps_its_digits_however_json_writes_it() {
    for (written, kept) in [
        ("12.345", "12.345"),
        ("\"12.345\"", "12.345"),
        ("0.1", "0.1"),
        ("999999999.999", "999999999.999"),
        ("16777217.001", "16777217.001"),
        ("0", "0"),
        ("007.50", ""),
        ("\"007.50\"", "7.50"),
    ] {
        let text =
            changed("\"PaidAmt\": \"50.00\"", &format!("\"PaidAmt\": {written}")).replace("ILS", "JOD");
        match decode(text.as_bytes(), Mode::Strict) {
            Ok(decoded) => {
                let Body::Payments(list) = decoded.message.body else { panic!("no payment") };
                assert_eq!(
                    list[0].paid_amt.map(|amount| amount.to_string()).as_deref(),
                    Some(kept),
                    "{written}"
                );
            }
            Err(fault) => assert_eq!((fault.kind, kept), (FaultKind::Syntax, ""), "{written}"),
        }
    }
}

#[test]
fn amounts_are_of_the_currency_of_the_message_or_the_scheme() {
    let [dinar, shekel] = ["JOD", "ILS"].map(|code| Currency::by_code(code).expect("a currency"));
    let paid = |text: &str| {
        let Body::Payments(list) = strict(text.as_bytes()).message.body else { panic!("no payment") };
        list[0].paid_minor(dinar)
    };
    assert_eq!(paid(&changed("", "")), Ok(Some((5_000, shekel))));
    assert_eq!(paid(&changed("\"Currency\": \"ILS\",", "")), Ok(Some((50_000, dinar))));
    let Body::Bills(bills) = read(&vector("02-bilpulrs", "xml")).body else { panic!("no bill") };
    assert_eq!(
        (bills.bills[0].due_minor(dinar), bills.bills[0].due_minor(shekel)),
        (Ok(Some(50_000)), Ok(Some(5_000)))
    );
    // Without a currency three decimals can be said, and only whoever knows the scheme can say whether they fit.
    let text = changed("\"Currency\": \"ILS\",", "").replace("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": 50.001");
    let Body::Payments(list) = strict(text.as_bytes()).message.body else { panic!("no payment") };
    assert_eq!(list[0].paid_minor(shekel), Err(codecs::amount::AmountError::TooManyDecimals));
}

#[test]
fn what_is_wrong_is_named_with_its_path() {
    use FaultKind as K;
    let trx = |name: &str| format!("MsgBody/Transactions/TrxInf[0]{name}");
    #[rustfmt::skip]
    let table = [
        (changed("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": \"5O.00\""), K::AmountInvalid, trx("/PaidAmt")),
        (changed("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": 5e1"), K::AmountInvalid, trx("/PaidAmt")),
        (changed("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": \"1,000.00\""), K::AmountInvalid, trx("/PaidAmt")),
        (changed("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": -50.00"), K::AmountInvalid, trx("/PaidAmt")),
        (changed("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": 50.0001"), K::AmountTooFine, trx("/PaidAmt")),
        (changed("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": 50.001"), K::AmountTooFine, trx("/PaidAmt")),
        (changed("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": 1000000000"), K::AmountTooFine, trx("/PaidAmt")),
        (changed("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": {}"), K::WrongType, trx("/PaidAmt")),
        (changed("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": true"), K::AmountInvalid, trx("/PaidAmt")),
        (changed("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": null"), K::Missing, trx("/PaidAmt")),
        (changed("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": \"\""), K::Missing, trx("/PaidAmt")),
        (changed("\"PaidAmt\"", "\"Paid\""), K::Missing, trx("/PaidAmt")),
        (changed("\"JOEBPPSTrx\": \"2026112200000017\",", ""), K::Missing, trx("/JOEBPPSTrx")),
        (changed("\"BankCode\"", "\"PaidAmt\": 5, \"BankCode\""), K::Duplicate, trx("/PaidAmt")),
        (changed("\"BankCode\"", "\"BankTrxId\": \"B\", \"BankCode\""), K::Duplicate, trx("/BankTrxID")),
        (changed("\"TrxInf\"", "\"TrxInf\": [], \"TrxInf\""), K::Duplicate, "MsgBody/Transactions/TrxInf".into()),
        (
            String::from_utf8(vector("02-bilpulrs", "json")).expect("UTF-8").replace("\"BillRec\"", "\"BillRec\": {}, \"BillRec\""),
            K::Duplicate,
            "MsgBody/BillRec".into(),
        ),
        (changed("\"MsgBody\"", "\"MsgBody\": {}, \"MsgBody\""), K::Duplicate, "MsgBody".into()),
        (changed("\"MFEP\"", "\"MFEP\": {}, \"MFEP\""), K::Duplicate, "MFEP".into()),
        (changed("\"Transactions\"", "\"BillingInfo\": {}, \"Transactions\""), K::Duplicate, "MsgBody/Transactions".into()),
        (changed("2026-11-22T12:41:03", "2026-11-31T12:41:03"), K::DateInvalid, trx("/ProcessDate")),
        (changed("2026-11-22\"", "22/11/2026\""), K::DateInvalid, trx("/STMTDate")),
        (changed("\"BankCode\": 21", "\"BankCode\": \"2 1\""), K::NumberInvalid, trx("/BankCode")),
        (changed("\"FeesOnBiller\": true", "\"FeesOnBiller\": \"maybe\""), K::FlagInvalid, trx("/FeesOnBiller")),
        (changed("\"ILS\"", "\"NIS\""), K::CurrencyUnknown, trx("/Currency")),
        (changed("\"NAT\"", "\"NATIONAL\""), K::TooLong, trx("/PayerInfo/IdType")),
        (changed("أحمد محمود", "\\u0000"), K::CharacterInvalid, trx("/PayerInfo/Name")),
        (changed("أحمد محمود", "\\ud800x"), K::Syntax, trx("/PayerInfo/Name")),
        (changed("\"PayerInfo\": {", "\"PayerInfo\": \"x\", \"Y\": {"), K::WrongType, trx("/PayerInfo")),
        (changed("\"BillingNo\": \"000012345678\"", &format!("\"BillingNo\": \"{}\"", "1".repeat(51))), K::TooLong, trx("/AcctInfo/BillingNo")),
        (changed("\"ReqTyp\": \"BLRPMTNTFRQ\"", "\"ReqTyp\": \"BLRPMT\""), K::TypeUnknown, "MsgHeader/TrsInf/ReqTyp".into()),
        (changed("\"ReqTyp\"", "\"ResTyp\""), K::TypeMismatch, "MsgHeader/TrsInf/ResTyp".into()),
        (changed("\"ReqTyp\": \"BLRPMTNTFRQ\"", "\"ReqTyp\": \"BLRPMTNTFRQ\", \"ResTyp\": \"BLRPMTNTFRS\""), K::TypeMismatch, "MsgHeader/TrsInf".into()),
        (changed("\"ReqTyp\": \"BLRPMTNTFRQ\"", "\"ReqTyp\": \"BILPULRQ\""), K::Missing, "MsgBody".into()),
        (changed("\"TrsInf\"", "\"Trs\""), K::Missing, "MsgHeader/TrsInf".into()),
        (changed("\"MsgHeader\"", "\"Header\""), K::Missing, "MsgHeader".into()),
        (changed("\"TmStp\"", "\"Stamp\""), K::Missing, "MsgHeader/TmStp".into()),
        (changed("\"MFEP\"", "\"MFEQ\""), K::NotMfep, String::new()),
        (changed("}", ""), K::Syntax, String::new()),
        ("[]".into(), K::NotMfep, String::new()),
        (String::new(), K::Syntax, String::new()),
        (changed_xml("<PaidAmt>50.00", "<PaidAmt><x/>50.00"), K::WrongType, trx("/PaidAmt")),
        (changed_xml("<PaidAmt>50.00<", "<PaidAmt>50,00<"), K::AmountInvalid, trx("/PaidAmt")),
        (changed_xml("<DueAmt>", "<PaidAmt>1</PaidAmt><DueAmt>"), K::Duplicate, trx("/PaidAmt")),
        (changed_xml("<Transactions>", "<Transactions><TrxInf></TrxInf></Transactions><Transactions>"), K::Duplicate, "MsgBody/Transactions".into()),
        (changed_xml("<Transactions>", "<TrxInf></TrxInf><Transactions>"), K::Duplicate, "MsgBody/Transactions".into()),
        (
            changed_xml("<Transactions>", "<Transactions><PaidAmt>1</PaidAmt></Transactions><Transactions>"),
            K::Duplicate,
            "MsgBody/Transactions".into(),
        ),
        (
            changed_xml("</Transactions>", "</Transactions><Transactions><PaidAmt>1</PaidAmt></Transactions>"),
            K::Duplicate,
            "MsgBody/Transactions".into(),
        ),
        (
            changed("\"PayerInfo\"", "\"SubPmts\": {\"Amount\": 1}, \"SubPmts\": {\"Amount\": 2}, \"PayerInfo\""),
            K::Duplicate,
            trx("/SubPmts"),
        ),
        (changed_xml("<MsgBody>", "<MsgBody></MsgBody><MsgBody>"), K::Duplicate, "MsgBody".into()),
        (changed_xml("<AcctInfo>", "<AcctInfo>loose"), K::WrongType, trx("/AcctInfo")),
        (changed_xml("</MFEP>", ""), K::Syntax, String::new()),
        (changed_xml("<MFEP>", "<X>").replace("</MFEP>", "</X>"), K::NotMfep, String::new()),
        (changed_xml("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<!DOCTYPE MFEP [<!ENTITY e \"x\">]>"), K::Forbidden, String::new()),
    ];
    for (text, kind, path) in table {
        let found = fault(&text);
        let is_syntax = kind == K::Syntax && found.kind == K::Syntax; // The path of what cannot be parsed is not promised.
        assert!(
            is_syntax || found == Fault { kind, path: path.clone() },
            "{found:?}, not {kind:?} at {path}: {text}"
        );
        assert!(!found.to_string().contains("أحمد") && !found.to_string().contains("900123458"));
    }
}

#[test]
fn a_hostile_document_is_refused_before_it_costs_anything() {
    use FaultKind as K;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(40), close.repeat(40));
    let soap = |inner: &str| {
        format!(
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>{inner}</s:Body></s:Envelope>"
        )
    };
    let message = changed_xml("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "");
    #[rustfmt::skip]
    let table = [
        (format!("{{\"MFEP\":{}}}", deep("{\"a\":", "}").replacen("}", "1}", 1)), K::TooDeep),
        (format!("{{\"MFEP\":{}}}", deep("[", "]")), K::TooDeep),
        (format!("<MFEP>{}</MFEP>", deep("<a>", "</a>")), K::Forbidden),
        (format!("<!DOCTYPE MFEP SYSTEM 'file:///etc/passwd'>{message}"), K::Forbidden),
        (message.replace("BNK-000123", "&xxe;"), K::Forbidden),
        (soap(&format!("<Pay>{message}{message}</Pay>")), K::Duplicate),
        (soap("<s:Fault><faultcode>s:Server</faultcode></s:Fault>"), K::SoapFault),
        (soap("<Pay/>"), K::NotMfep),
        (format!("{{\"MFEP\":{{\"x\":[{}0]}}}}", "0,".repeat(200_001)), K::TooMany),
        (" ".repeat((4 << 20) + 1), K::TooLarge),
    ];
    for (text, kind) in table {
        let start: String = text.chars().take(80).collect();
        assert_eq!(fault(&text).kind, kind, "{start}");
    }
    assert_eq!(
        decode(b"{\"MFEP\":\"\xFF\"}", Mode::Strict).map(|d| d.unknown),
        Err(FaultKind::Syntax.into())
    );
}

#[test]
fn lenient_reading_counts_what_strict_reading_refuses() {
    #[rustfmt::skip]
    let table = [
        changed("\"TmStp\": \"2026-11-22T12:40:00\",", ""),
        changed("\"NAT\"", "\"NATIONAL\""),
        changed("\"BillNo\": \"000012345678\"", "\"BillerCode\": 12345"),
    ];
    for text in table {
        assert!(decode(text.as_bytes(), Mode::Strict).is_err());
        let decoded = decode(text.as_bytes(), Mode::Lenient).expect("tolerable");
        assert_eq!((decoded.tolerated, decoded.unknown), (1, 0), "{text}");
    }
    let count = String::from_utf8(vector("02-bilpulrs", "json"))
        .expect("UTF-8")
        .replace("\"RecCount\": 1", "\"RecCount\": 2");
    assert_eq!(fault(&count).to_string(), "MsgBody/RecCount: the count is not that of the records");
    assert_eq!(decode(count.as_bytes(), Mode::Lenient).map(|decoded| decoded.tolerated), Ok(1));
    let wrong = changed("\"PaidAmt\": \"50.00\"", "\"PaidAmt\": \"fifty\"");
    assert!(decode(wrong.as_bytes(), Mode::Lenient).is_err(), "money is never lenient");
}

#[test]
fn what_is_not_of_the_scheme_is_passed_over_and_counted() {
    let text = changed(
        "\"BankCode\"",
        "\"Loyalty\": {\"PaidAmt\": [1, {\"a\": \"b\"}]}, \"Lower\": 1, \"BankCode\"",
    );
    let decoded = strict(text.as_bytes());
    assert_eq!(decoded.unknown, 2);
    assert_eq!(decoded.message, read(&vector("05-blrpmtntfrq", "json")));
    let text = changed_xml("<BankCode>", "<Loyalty><PaidAmt>1</PaidAmt></Loyalty><Lower>1</Lower><BankCode>");
    let decoded = strict(text.as_bytes());
    assert_eq!(decoded.unknown, 2);
    assert_eq!(decoded.message, read(&vector("05-blrpmtntfrq", "json")));
    let status = strict(changed("\"PmtNew\"", "\"PmtLost\"").as_bytes()).message;
    let Body::Payments(list) = status.body else { panic!("no payment") };
    assert_eq!(
        list[0].pmt_status.as_ref().map(|status| status.word()),
        Some("PmtLost"),
        "kept, and not taken for another"
    );
}

#[test]
fn a_payer_is_shown_to_nobody() {
    for name in NAMES {
        let shown = format!("{:?}", strict(&vector(name, "json")));
        for secret in ["أحمد", "محمود", "900123458", "ORD-7F3A"] {
            assert!(!shown.contains(secret), "{name}: {shown}");
        }
    }
    assert!(format!("{:?}", read(&vector("05-blrpmtntfrq", "xml"))).contains("*******58"));
}

#[test]
fn calls_without_a_message_are_messages() {
    let call = "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:tem=\"http://tempuri.org/\">\
                <soapenv:Header/><soapenv:Body><tem:Authenticate><!--Optional:--><tem:guid>g-1</tem:guid>\
                <tem:customerCode>13</tem:customerCode><tem:password>not a real one</tem:password></tem:Authenticate>\
                </soapenv:Body></soapenv:Envelope>";
    let decoded = strict(call.as_bytes());
    let header = &decoded.message.header;
    assert_eq!((header.kind, header.guid.as_deref()), (Kind::Authenticate, Some("g-1")));
    assert_eq!(header.sdr_code.as_ref().and_then(codecs::mfep::Code::number), Some(13));
    let Body::Credentials(credentials) = &decoded.message.body else { panic!("no credentials") };
    assert_eq!(credentials.password.expose(), "not a real one");
    assert!(
        !format!("{decoded:?}").split("text:").next().expect("a message").contains("real"),
        "{:?}",
        decoded.message
    );
    let profile = Profile::from_toml("format = \"xml\"\nsoap = \"1.1\"").expect("a profile");
    assert_eq!(read(write(&decoded.message, &profile).as_bytes()), decoded.message);

    let answer = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
                  <AuthenticateResponse xmlns=\"http://tempuri.org/\"><AuthenticateResult><MFEP xmlns=\"\"><MsgHeader>\
                  <TmStp>2026-11-22T16:28:15</TmStp><GUID>g-1</GUID><TrsInf><RcvCode>13</RcvCode><ResTyp>TOKNRS</ResTyp></TrsInf>\
                  <Result><ErrorCode>0</ErrorCode><ErrorDesc>Success</ErrorDesc><Severity>Info</Severity></Result></MsgHeader>\
                  <MsgBody><TokenConf><TokenKey>67CF71D7</TokenKey><ExpiryDate>2026-12-22T16:28:15</ExpiryDate></TokenConf></MsgBody>\
                  <MsgFooter><Security><Signature>PFEd</Signature></Security></MsgFooter></MFEP></AuthenticateResult>\
                  </AuthenticateResponse></s:Body></s:Envelope>";
    let decoded = strict(answer.as_bytes());
    let Body::Token(token) = &decoded.message.body else { panic!("no token") };
    assert_eq!(
        (token.token_key.expose(), token.expiry_date.to_string()),
        ("67CF71D7", "2026-12-22T16:28:15".into())
    );
    assert!(codecs::mfep::check_answer(&read(call.as_bytes()), &decoded.message).is_empty());
}
