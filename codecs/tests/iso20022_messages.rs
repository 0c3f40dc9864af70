//! Messages of ISO 20022 as structs: what is built validates with libxml2 and with our own reader, what is read is what
//! was built, in every version of every family.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use codecs::amount::Decimal;
use codecs::iso4217::Currency;
use codecs::iso20022::{
    Account, Agent, Amount, AnyMessage, ChargeBearer, Choice, CreditTransfer, Edition, Family, Filling,
    GroupStatus, Pacs002, Pacs008, Pain001, Parsed, Party, PaymentBatch, PaymentId, PaymentStatus, Problem,
    Reason, Remittance, Settlement, SettlementMethod, Status, TransferHeader, TransferOrder, Version, When,
    build, parse, parse_any, specimen,
};
use proptest::prelude::*;

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/iso20022/xsd")
}

/// SplitMix64.
pub(crate) fn dice(mut seed: u64) -> impl FnMut(usize) -> usize {
    move |bound| {
        seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }
}

/// One of every filling and some by chance.
fn specimens(version: Version) -> Vec<AnyMessage> {
    let mut chance = dice(20_022);
    let mut make = |filling| AnyMessage::specimen(version, filling, &mut chance);
    let mut all = vec![make(Filling::Minimal)];
    all.extend((0..2).map(|_| make(Filling::Full)));
    all.extend((0..9).map(|_| make(Filling::Some)));
    all
}

#[test]
fn what_is_built_validates_with_libxml2() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("iso20022-messages");
    for version in Version::all() {
        let own = folder.join(version.name());
        fs::create_dir_all(&own).expect("a folder");
        let mut command = Command::new("xmllint");
        command.args(["--noout", "--nonet", "--schema"]).arg(schemas().join(format!("{version}.xsd")));
        for (number, message) in specimens(version).iter().enumerate() {
            let file = own.join(format!("{number}.xml"));
            let bytes = message.build(version).unwrap_or_else(|error| panic!("{version}: {error}"));
            fs::write(&file, bytes).expect("a file");
            command.arg(file);
        }
        let said = command.output().expect("xmllint is installed (libxml2-utils)");
        let said = (said.status, String::from_utf8_lossy(&said.stderr).into_owned());
        assert!(said.0.success(), "{version}: {}", said.1);
    }
}

#[test]
fn what_is_built_is_read_as_it_was() {
    for version in Version::all() {
        for message in specimens(version) {
            let bytes = message.build(version).unwrap_or_else(|error| panic!("{version}: {error}"));
            let parsed = parse_any(&bytes)
                .unwrap_or_else(|error| panic!("{version}: {error}\n{}", String::from_utf8_lossy(&bytes)));
            let expected = Parsed { message, version, passed_over: Default::default() };
            assert!(parsed == expected, "{version}: {parsed:#?}\n{expected:#?}");
        }
    }
}

/// As chance wants it, any version: what is built is read as it was, through our schema validator.
fn comes_back(version: usize, seed: u64) -> Result<(), TestCaseError> {
    let version = Version::all().nth(version % Version::all().count()).expect("a version");
    let message = AnyMessage::specimen(version, Filling::Some, &mut dice(seed));
    let bytes = message.build(version).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(&message.build(version), &Ok(bytes.clone()), "the same message is the same bytes");
    let parsed = parse_any(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(parsed, Parsed { message, version, passed_over: Default::default() });
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_message_comes_back(version: usize, seed: u64) {
        comes_back(version, seed)?;
    }
}

fn version(name: &str) -> Version {
    Version::by_name(name).expect("a version")
}

fn currency(code: &str) -> Currency {
    Currency::by_code(code).expect("a currency")
}

pub(crate) fn payment(minor: i64, code: &str) -> Pacs008 {
    let transfer = CreditTransfer {
        id: PaymentId {
            instruction: Some("I-1".into()),
            end_to_end: "E-1".into(),
            transaction: Some("T-1".into()),
            uetr: Some("7a562c67-ca16-48ba-b074-65581be6f001".into()),
            clearing: None,
        },
        settlement_amount: Amount::of_minor(minor, currency(code)).expect("an amount"),
        charge_bearer: ChargeBearer::Slev,
        instructing_agent: Some(Agent::bic("PALSPS22").into()),
        instructed_agent: Some(Agent::bic("PMAPPS22").into()),
        debtor: Party::named("Debtor").with_national_id("900123458"),
        debtor_account: Some(Account::iban("PS29PALS000000000000123456789")),
        debtor_agent: Agent::bic("PALSPS22"),
        creditor_agent: Agent::bic("PMAPPS22"),
        creditor: Party::named("Creditor"),
        remittance: Some(Remittance::reference("RF18539007547034").into()),
        ..CreditTransfer::default()
    };
    let header = TransferHeader {
        message_id: "M-1".into(),
        created: "2026-11-22T10:40:00Z".parse().expect("a time"),
        count: 1,
        settlement: Settlement {
            method: SettlementMethod::Clrg,
            clearing_system: Some(Choice::Proprietary("IBURAQ".into())),
            ..Settlement::default()
        },
        ..TransferHeader::default()
    };
    Pacs008 { header, transactions: vec![transfer] }
}

/// What building says after `change`: the path and the problem.
fn refusal(name: &str, change: impl FnOnce(&mut Pacs008)) -> (String, Problem) {
    let mut message = payment(5000, "ILS");
    if version(name).edition() == Edition::E2009 {
        message.transactions[0].id.uetr = None;
    }
    build(&message, version(name)).expect("good before it is changed");
    change(&mut message);
    let error = build(&message, version(name)).expect_err("bad after it is changed");
    let path = error.path.replace("Document/FIToFICstmrCdtTrf", "");
    (path, error.problem)
}

#[test]
fn what_a_version_cannot_carry_is_named() {
    type Change = fn(&mut Pacs008);
    const NOW: &str = "pacs.008.001.08";
    const OLD: &str = "pacs.008.001.02";
    let new = |name| Problem::NotInVersion(version(name));
    #[rustfmt::skip]
    let table: Vec<(&str, Change, &str, Problem)> = vec![
        (NOW, |m| m.header.message_id.clear(), "/GrpHdr/MsgId", Problem::Missing),
        (NOW, |m| m.header.message_id = "x".repeat(36), "/GrpHdr/MsgId", Problem::TooLong(35)),
        (NOW, |m| m.header.created = Default::default(), "/GrpHdr/CreDtTm", Problem::Missing),
        (NOW, |m| m.transactions.clear(), "/CdtTrfTxInf", Problem::Missing),
        (NOW, |m| m.transactions[0].debtor.name = Some("a\u{1}b".into()), "/CdtTrfTxInf/Dbtr/Nm", Problem::Character),
        (NOW, |m| m.transactions[0].debtor.name = Some("a\u{FFFE}".into()), "/CdtTrfTxInf/Dbtr/Nm", Problem::Character),
        (NOW, |m| m.transactions[0].id.uetr = Some("7A562C67-ca16-48ba-b074-65581be6f001".into()), "/CdtTrfTxInf/PmtId/UETR", Problem::Form("a UUID of version 4 in small letters")),
        (NOW, |m| m.transactions[0].settlement_amount.value = Decimal::new(50_001, 3).expect("small"), "/CdtTrfTxInf/IntrBkSttlmAmt", Problem::Amount(codecs::amount::AmountError::TooManyDecimals)),
        (NOW, |m| m.transactions[0].settlement_amount.value = Decimal::new(-1, 2).expect("small"), "/CdtTrfTxInf/IntrBkSttlmAmt", Problem::Negative),
        (NOW, |m| m.transactions[0].settlement_amount = Amount::default(), "/CdtTrfTxInf/IntrBkSttlmAmt", Problem::Missing),
        (NOW, |m| m.transactions[0].charge_bearer = ChargeBearer::Other("OURS".into()), "/CdtTrfTxInf/ChrgBr", Problem::NotListed),
        (NOW, |m| m.transactions[0].purpose = Some(Choice::Code("LONGER".into())), "/CdtTrfTxInf/Purp/Cd", Problem::TooLong(4)),
        (NOW, |m| m.transactions[0].debtor_agent = Agent::bic("PALS"), "/CdtTrfTxInf/DbtrAgt/FinInstnId/BICFI", Problem::Form("a BIC")),
        (NOW, |m| { let mut second = m.transactions[0].clone(); second.creditor.name = Some(String::new()); m.transactions.push(second); }, "/CdtTrfTxInf[2]/Cdtr/Nm", Problem::Missing),
        (NOW, |m| m.transactions[0].debtor_account = Some(Account::default()), "/CdtTrfTxInf/DbtrAcct/Id", Problem::Missing),
        (OLD, |m| m.transactions[0].id.uetr = Some("7a562c67-ca16-48ba-b074-65581be6f001".into()), "/CdtTrfTxInf/PmtId/UETR", new(OLD)),
        (OLD, |m| m.transactions[0].id.transaction = None, "/CdtTrfTxInf/PmtId/TxId", Problem::Missing),
        (OLD, |m| m.transactions[0].previous_agent_2 = Some(Agent::bic("PALSPS22").into()), "/CdtTrfTxInf/PrvsInstgAgt2", new(OLD)),
        (OLD, |m| m.transactions[0].debtor_agent = Agent::bic("1ALSPS22"), "/CdtTrfTxInf/DbtrAgt/FinInstnId/BIC", Problem::Form("a BIC")),
    ];
    for (name, change, path, problem) in table {
        assert_eq!(refusal(name, change), (path.to_owned(), problem));
    }
    let other = build(&payment(1, "ILS"), version("pain.001.001.09")).expect_err("another family");
    assert_eq!(other.problem, Problem::OtherFamily(version("pain.001.001.09")));
}

#[test]
fn amounts_have_the_decimals_of_their_currency() {
    let written = |minor, code| {
        let bytes = build(&payment(minor, code), Family::Pacs008.default_version()).expect("built");
        let text = String::from_utf8(bytes).expect("UTF-8");
        let after = text.split_once("<IntrBkSttlmAmt ").expect("an amount").1;
        after.split_once('<').expect("an end").0.to_owned()
    };
    assert_eq!(written(5000, "ILS"), "Ccy=\"ILS\">50.00");
    assert_eq!(written(12_345, "JOD"), "Ccy=\"JOD\">12.345");
    assert_eq!(written(1500, "JPY"), "Ccy=\"JPY\">1500");
    let mut message = payment(1, "ILS");
    message.transactions[0].settlement_amount.value = Decimal::parse("7").expect("a number");
    let bytes = build(&message, Family::Pacs008.default_version()).expect("built");
    assert!(String::from_utf8_lossy(&bytes).contains(">7.00<"), "rescaled");
}

#[test]
fn a_day_of_execution_is_plain_in_2009_and_nested_later() {
    let mut order = Pain001::default();
    order.header.message_id = "M".into();
    order.header.created = "2026-11-22T10:40:00Z".parse().expect("a time");
    order.header.count = 1;
    let transfer = TransferOrder {
        id: PaymentId { end_to_end: "E".into(), ..PaymentId::default() },
        amount: Amount::of_minor(1, currency("ILS")).expect("an amount").into(),
        ..TransferOrder::default()
    };
    order.batches.push(PaymentBatch {
        id: "B".into(),
        method: "TRF".into(),
        execution: When::Date("2026-11-23".parse().expect("a date")),
        debtor_account: Account::iban("PS29PALS000000000000123456789"),
        debtor_agent: Agent::bic("PALSPS22"),
        transactions: vec![transfer],
        ..PaymentBatch::default()
    });
    let text =
        |order: &Pain001, name| build(order, version(name)).map(|b| String::from_utf8_lossy(&b).into_owned());
    let old = text(&order, "pain.001.001.03").expect("built");
    assert!(
        old.contains("<ReqdExctnDt>2026-11-23</ReqdExctnDt>") && old.contains("<BIC>PALSPS22</BIC>"),
        "{old}"
    );
    let new = text(&order, "pain.001.001.09").expect("built");
    assert!(new.contains("<ReqdExctnDt><Dt>2026-11-23</Dt></ReqdExctnDt>"), "{new}");
    assert!(new.contains("<BICFI>PALSPS22</BICFI>"), "{new}");
    order.batches[0].execution = When::DateTime("2026-11-23T08:00:00".parse().expect("a time"));
    let refused = text(&order, "pain.001.001.03").expect_err("a moment");
    assert_eq!(
        refused.to_string(),
        "Document/CstmrCdtTrfInitn/PmtInf/ReqdExctnDt: pain.001.001.03 cannot say this here"
    );
    assert!(text(&order, "pain.001.001.09").expect("built").contains("<DtTm>2026-11-23T08:00:00</DtTm>"));
}

#[test]
fn codes_nobody_knows_pass_through() {
    let later = Family::Pacs002.default_version();
    let mut report: Pacs002 = specimen(later, Filling::Minimal, &mut dice(1)).expect("the family");
    report.transactions = vec![PaymentStatus {
        status: Some(Status::from("XYZ9")),
        reasons: vec![Reason::from("ZZ99").into(), Reason::Am04.into()],
        ..PaymentStatus::default()
    }];
    let bytes = build(&report, later).expect("built");
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("<TxSts>XYZ9</TxSts>") && text.contains("<Cd>ZZ99</Cd>"), "{text}");
    let back = parse::<Pacs002>(&bytes).expect("read").message;
    assert_eq!(back, report);
    assert_eq!(back.transactions[0].status, Some(Status::Other("XYZ9".into())));
    let group = GroupStatus { message_id: "M".into(), message_name: "N".into(), ..GroupStatus::default() };
    report.groups = vec![group];
    let refused = build(&report, version("pacs.002.001.03")).expect_err("a closed list in 2009");
    assert_eq!(
        refused.to_string(),
        "Document/FIToFIPmtStsRpt/TxInfAndSts/TxSts: not one of the codes of the schema"
    );
}

#[test]
fn nothing_the_structs_could_carry_is_dropped_when_read() {
    let name = "pacs.008.001.08";
    let good = String::from_utf8(build(&payment(5000, "ILS"), version(name)).expect("built")).expect("UTF-8");
    let read = |text: &str| {
        parse::<Pacs008>(text.as_bytes()).map_err(|error| (error.path, error.reason.into_owned()))
    };
    assert!(read(&good).is_ok());
    let twice = good.replace("<Cdtr>", "<Cdtr><Nm>Another</Nm></Cdtr><Cdtr>");
    assert!(read(&twice).is_err(), "an element twice");
    let extra = "<RgltryRptg><DbtCdtRptgInd>CRED</DbtCdtRptgInd></RgltryRptg><RmtInf>";
    let passed = read(&good.replace("<RmtInf>", extra)).expect("read").passed_over;
    assert_eq!(
        (passed.count, passed.paths),
        (1, vec!["Document/FIToFICstmrCdtTrf/CdtTrfTxInf/RgltryRptg".to_owned()])
    );
    for (from, to, path) in [
        (">50.00<", ">-50.00<", "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/IntrBkSttlmAmt"),
        (">50.00<", ">5E1<", "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/IntrBkSttlmAmt"),
        (">50.00<", ">0.000001<", "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/IntrBkSttlmAmt"),
        ("<EndToEndId>E-1</EndToEndId>", "", "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/PmtId"),
        (">E-1<", "><", "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/PmtId/EndToEndId"),
    ] {
        let found = read(&good.replace(from, to)).expect_err(to).0;
        assert!(found.starts_with(path), "{to}: {found}");
    }
}
