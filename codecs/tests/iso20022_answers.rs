//! Answers to messages of ISO 20022 refer to what they answer, and headers travel with their message.

use codecs::amount::Decimal;
use codecs::iso20022::{
    Agent, AnyMessage, Choice, Edition, Envelope, Family, Filling, Head001, HeaderParty, Layer, Outcome,
    Pacs008, Pain001, Pain013, Party, Reason, ReasonInformation, Resolution, ReturnError, Stamp, Status,
    Transfer, Version, build, open, parse, parse_any, specimen,
};

use crate::iso20022_messages::{dice, payment};

fn stamp(id: &str) -> Stamp {
    Stamp { id: id.to_owned(), created: "2026-11-22T10:41:00Z".parse().expect("a time") }
}

fn version(name: &str) -> Version {
    Version::by_name(name).expect("a version")
}

fn with_transfer<T>(message: &Pacs008, use_it: impl FnOnce(Transfer<'_>) -> T) -> T {
    let version = Family::Pacs008.default_version();
    use_it(Transfer { version, header: &message.header, transfer: &message.transactions[0] })
}

/// The text of what `message` is built as, read again to hold it against its schema.
fn text(message: impl Into<AnyMessage>, version: Version) -> String {
    let bytes = message.into().build(version).unwrap_or_else(|error| panic!("{error}"));
    parse_any(&bytes).unwrap_or_else(|error| panic!("{error}"));
    String::from_utf8(bytes).expect("UTF-8")
}

const REFERENCES: &str = "<OrgnlGrpInf><OrgnlMsgId>M-1</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInf>\
    <OrgnlInstrId>I-1</OrgnlInstrId><OrgnlEndToEndId>E-1</OrgnlEndToEndId><OrgnlTxId>T-1</OrgnlTxId>\
    <OrgnlUETR>7a562c67-ca16-48ba-b074-65581be6f001</OrgnlUETR>";

#[test]
fn a_status_report_names_the_transfer_and_turns_the_agents() {
    let message = payment(5000, "ILS");
    let report = |version| {
        with_transfer(&message, |transfer| {
            let status = transfer.status(Status::Rjct, vec![Reason::Am04.into()]);
            text(transfer.report(stamp("A-1"), version, status), version)
        })
    };
    let now = report(Family::Pacs002.default_version());
    assert!(now.contains(REFERENCES), "{now}");
    assert!(now.contains("<TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AM04</Cd></Rsn></StsRsnInf>"), "{now}");
    assert!(now.contains("<InstgAgt><FinInstnId><BICFI>PMAPPS22</BICFI>"), "the answerer instructs: {now}");
    let old = report(version("pacs.002.001.03"));
    assert!(
        old.contains("<OrgnlGrpInfAndSts><OrgnlMsgId>M-1</OrgnlMsgId>") && !old.contains("UETR"),
        "{old}"
    );
    for version in Version::all().filter(|version| version.family() == Family::Pacs002) {
        report(version);
    }
}

#[test]
fn a_return_is_of_the_payment_or_less() {
    let message = payment(5000, "ILS");
    let back = |value: &str, code: &str| {
        let mut amount = message.transactions[0].settlement_amount;
        amount.value = Decimal::parse(value).expect("a number");
        if code != "ILS" {
            amount = payment(1, code).transactions[0].settlement_amount;
        }
        with_transfer(&message, |transfer| {
            transfer.give_back(stamp("R-1"), "RTR-1", amount, Reason::Dupl.into())
        })
    };
    assert_eq!(back("50.01", "ILS"), Err(ReturnError::AbovePayment));
    assert_eq!(back("0.00", "ILS"), Err(ReturnError::NotPositive));
    assert_eq!(back("-1", "ILS"), Err(ReturnError::NotPositive));
    assert_eq!(back("1", "JOD"), Err(ReturnError::OtherCurrency));
    for (value, written) in [("50", "50.00"), ("0.01", "0.01")] {
        for version in Version::all().filter(|version| version.family() == Family::Pacs004) {
            let text = text(back(value, "ILS").expect("a return"), version);
            assert!(text.contains(REFERENCES), "{text}");
            assert!(text.contains("<OrgnlIntrBkSttlmAmt Ccy=\"ILS\">50.00<"), "{text}");
            assert!(text.contains(&format!("<RtrdIntrBkSttlmAmt Ccy=\"ILS\">{written}<")), "{text}");
            assert!(
                text.contains("<InstgAgt><FinInstnId><BICFI>PMAPPS22</BICFI>"),
                "who has it gives back: {text}"
            );
        }
    }
}

#[test]
fn a_recall_and_its_resolution_name_the_transfer() {
    let message = payment(5000, "ILS");
    let recall = with_transfer(&message, |transfer| {
        let request = transfer.status_request(stamp("S-1"), "SR-1");
        let request = text(request, Family::Pacs028.default_version());
        assert!(
            request.contains(REFERENCES) && request.contains("<InstgAgt><FinInstnId><BICFI>PALSPS22"),
            "{request}"
        );
        transfer.recall(transfer.assignment(stamp("C-1")), "CXL-1", Reason::Dupl.into())
    });
    let built = text(recall.clone(), Family::Camt056.default_version());
    assert!(
        built.contains(REFERENCES) && built.contains("<OrgnlIntrBkSttlmAmt Ccy=\"ILS\">50.00<"),
        "{built}"
    );
    for (resolution, individual) in [
        (Resolution::Cncl, Some("ACCR")),
        (Resolution::Rjcr, Some("RJCR")),
        (Resolution::Pdcr, Some("PDCR")),
        (Resolution::Ipay, None),
    ] {
        let answer = recall.resolve(stamp("C-2"), &resolution, &[Reason::Cust.into()]);
        assert_eq!(answer.outcome, Outcome::Confirmed(resolution.clone()));
        assert_eq!(answer.assignment.assigner, recall.assignment.assignee, "who was asked answers");
        let status = answer.details[0].transactions[0].status.as_ref().map(|status| status.to_string());
        assert_eq!(status.as_deref(), individual);
        for version in Version::all().filter(|version| version.family() == Family::Camt029) {
            let text = text(answer.clone(), version);
            assert!(
                text.contains("<CxlStsId>CXL-1</CxlStsId>") && text.contains("<OrgnlTxId>T-1<"),
                "{text}"
            );
        }
    }
}

#[test]
fn a_customer_is_told_of_every_order() {
    let mut chance = dice(7);
    for from in Version::all().filter(|version| version.family() == Family::Pain001) {
        let orders: Pain001 = specimen(from, Filling::Full, &mut chance).expect("orders");
        let to = match from.edition() {
            Edition::E2009 => version("pain.002.001.03"),
            _ => Family::Pain002.default_version(),
        };
        let mut number = 0;
        let report = orders.report(stamp("P-1"), from, |_| {
            number += 1;
            match number {
                1 => (Status::Rjct, vec![Reason::Ac04.into()]),
                _ => (Status::Acsc, Vec::new()),
            }
        });
        let told = report.batches.iter().flat_map(|batch| &batch.transactions);
        let told: Vec<_> = told.map(|order| order.end_to_end.clone().expect("a reference")).collect();
        let ordered = orders.batches.iter().flat_map(|batch| &batch.transactions);
        let ordered: Vec<_> = ordered.map(|order| order.id.end_to_end.clone()).collect();
        assert_eq!(told, ordered);
        let expected = if ordered.len() > 1 { Status::Part } else { Status::Rjct };
        assert_eq!(report.group.status, Some(expected));
        assert_eq!(report.group.message_name, from.name());
        text(report, to);
    }
}

#[test]
fn a_request_to_pay_is_answered() {
    for from in Version::all().filter(|version| version.family() == Family::Pain013) {
        let request: Pain013 = specimen(from, Filling::Minimal, &mut dice(3)).expect("a request");
        let why = ReasonInformation {
            reason: Some(Choice::Code(Reason::Ms02)),
            additional: vec!["Not mine".into()],
            ..ReasonInformation::default()
        };
        let report = request.report(stamp("P-1"), from, |_| (Status::Rjct, vec![why.clone()]));
        let first = &request.batches[0].transactions[0].id.end_to_end;
        assert_eq!(report.batches[0].transactions[0].end_to_end.as_ref(), Some(first));
        assert_eq!(report.batches[0].status, Some(Status::Rjct));
        text(report, Family::Pain014.default_version());
    }
}

fn header(message: &str) -> Head001 {
    Head001 {
        from: HeaderParty::bic("PALSPS22"),
        to: HeaderParty::Party(Party::named("Hukumati")),
        business_message: "M-1".into(),
        message_name: message.into(),
        business_service: Some("sandbox.01".into()),
        created: "2026-11-22T10:40:00Z".parse().expect("a time"),
        is_possible_duplicate: Some(true),
        ..Head001::default()
    }
}

#[test]
fn header_and_message_travel_in_one_document() {
    let message = payment(5000, "ILS");
    let last = Family::Pacs008.default_version();
    for head in Version::all().filter(|version| version.family() == Family::Head001) {
        for namespace in [None, Some("urn:example:envelope?a=1")] {
            let envelope = Envelope::new("BizMsgEnvlp", namespace).expect("a name");
            let mut header = header(last.name());
            if namespace.is_none() {
                let system = Some(Choice::Proprietary("IBURAQ".into()));
                header.from = HeaderParty::Agent(Agent::clearing_member(system, "PALS"));
            }
            let bytes = envelope.build(&header, head, &message, last).expect("built");
            let opened =
                open(&bytes).unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&bytes)));
            assert_eq!(opened.envelope.as_deref(), Some("BizMsgEnvlp"));
            let read = opened.header.expect("a header");
            assert_eq!((read.message, read.version), (header, head));
            assert_eq!(opened.document.message, message.clone().into());
            assert_eq!(opened.document.version, last);
        }
    }
    let alone = open(&build(&message, last).expect("built")).expect("a message alone");
    assert_eq!((alone.envelope, alone.header, alone.document.version), (None, None, last));
}

#[test]
fn a_header_names_its_message() {
    let message = payment(5000, "ILS");
    let last = Family::Pacs008.default_version();
    let envelope = Envelope::new("Message", None).expect("a name");
    let head = Family::Head001.default_version();
    let other =
        envelope.build(&header("pacs.008.001.10"), head, &message, last).expect_err("another message");
    assert_eq!(other.path, "AppHdr/MsgDefIdr");
    let bytes = envelope.build(&header(last.name()), head, &message, last).expect("built");
    let text = String::from_utf8(bytes).expect("UTF-8");
    let wrong = text.replace("<MsgDefIdr>pacs.008.001.08", "<MsgDefIdr>pacs.008.001.10");
    assert_eq!(open(wrong.as_bytes()).expect_err("another message").layer, Layer::Business);
    for broken in [
        text.replace("<Document", "<Other").replace("</Document", "</Other"),
        text.replace("</Message>", ""),
        text.replace("</Document></Message>", "</Document><More/></Message>"),
        text.replace("pacs.008.001.08\">", "pacs.008.001.99\">"),
    ] {
        open(broken.as_bytes()).expect_err(&broken);
        parse::<Pacs008>(broken.as_bytes()).expect_err("nor as a message alone");
    }
    for name in ["", "1a", "a b", "Document", "AppHdr", "xmlThing", "a>b"] {
        assert_eq!(Envelope::new(name, None), None, "{name}");
    }
    assert_eq!(Envelope::new("a", Some("b\"c")), None);
}
