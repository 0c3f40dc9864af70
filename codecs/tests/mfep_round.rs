//! Bill payment: whatever can be said comes back in every form, and arbitrary bytes do no harm.

use allocation_counter::measure;
use codecs::amount::Decimal;
use codecs::iso4217::Currency;
use codecs::mfep::{
    AcctInfo, AdditionalInfo, Bill, BillStatus, Biller, BillerService, Bills, Body, Code, DateRange, Header,
    Inquiry, Kind, Message, Mode, PayerInfo, Payment, PaymentType, PmtConst, PmtStatus, Profile, Secret,
    Sequence, ServiceTypeDetails, Severity, Shape, Stamp, SubPmt, TokenConf, TrxStatus, Validation, Verdict,
    decode,
};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::mfep::{NAMES, read, vector, write};

/// Profiles that between them use every setting, unsigned.
const PROFILES: [&str; 6] = [
    "format = \"json\"\nstamps = \"as-written\"",
    "format = \"json\"\nindent = 2\namounts = \"bare\"\ncodes = \"string\"\nflags = \"string\"\none_transaction = \"list\"\n\
     one_bill = \"object\"\nbills_rec = true\nsub_pmts_list = true\nstamps = \"as-written\"\nreceiver_in_answers = true\n\
     [names]\nBankTrxID = \"BankTrxId\"\nSTMTDate = \"StmtDate\"\nJOEBPPSTrx = \"JOEBPPSTrxId\"",
    "format = \"xml\"\nstamps = \"as-written\"",
    "format = \"xml\"\nsoap = \"1.1\"\nindent = 2\ndeclaration = true\nbills_rec = true\nprepaid_transactions = \"flat\"\n\
     transactions = \"flat\"\nstamps = \"as-written\"\n[names]\nParTrxID = \"ParTrxId\"",
    "format = \"xml\"\nsoap = \"1.2\"\nreceiver_in_answers = true\nstamps = \"as-written\"",
    "format = \"json\"\ncurrency = \"JOD\"\namount_decimals = \"currency\"\nstamps = \"as-written\"",
];

fn text(max: usize) -> impl Strategy<Value = Box<str>> {
    let pattern = format!(
        "[A-Za-z0-9ء-ي&<>\"'/\\\\]([A-Za-z0-9ء-ي&<>\"'/\\\\\\]\\[{{}}:,.\\r\\n\\t -]{{0,{}}}[A-Za-z0-9ء-ي])?",
        max.min(40) - 2
    );
    proptest::string::string_regex(&pattern).expect("a regex").prop_map(String::into_boxed_str)
}

fn short() -> impl Strategy<Value = Option<Box<str>>> {
    of("[A-Za-z0-9]{0,2}".prop_map(String::into_boxed_str))
}

fn id() -> impl Strategy<Value = Option<Box<str>>> {
    of("[A-Za-z0-9-]{1,20}".prop_map(String::into_boxed_str))
}

fn code(max: usize) -> impl Strategy<Value = Option<Code>> {
    let pattern = format!("[0-9]{{1,{max}}}|[A-Z][A-Z0-9]{{0,{}}}", max - 1);
    of(proptest::string::string_regex(&pattern)
        .expect("a regex")
        .prop_map(|text| Code::new(&text).expect("a code")))
}

fn amount(decimals: u8) -> impl Strategy<Value = Decimal> {
    (0..1_000_000_000_i64, 0..=decimals)
        .prop_map(|(units, scale)| Decimal::new(units, scale).expect("small enough"))
}

fn stamp() -> impl Strategy<Value = Stamp> {
    (
        1..9999_u16,
        1..=12_u8,
        1..=28_u8,
        of((0..24_u8, 0..60_u8, 0..60_u8)),
        select(vec!["", ".5", ".1234567Z", "+03:00"]),
    )
        .prop_map(|(year, month, day, time, rest)| {
            let date = Stamp::date(year, month, day).expect("a date");
            match time.and_then(|(h, m, s)| date.at(h, m, s)) {
                Some(stamp) => format!("{stamp}{rest}").parse().expect("a time"),
                None => date,
            }
        })
}

fn verdict() -> impl Strategy<Value = Verdict> {
    (0..1000_u32, of(text(60)), of(select(vec![Severity::Info, Severity::Error, Severity::of("Warn")])))
        .prop_map(|(error_code, error_desc, severity)| Verdict { error_code, error_desc, severity })
}

fn account() -> impl Strategy<Value = AcctInfo> {
    (text(50), of(text(50)), code(3)).prop_map(|(billing_no, bill_no, biller_code)| AcctInfo {
        billing_no: Some(billing_no),
        bill_no,
        biller_code,
    })
}

fn payer() -> impl Strategy<Value = PayerInfo> {
    (short(), of(text(20)), short(), of(text(150)), of(text(20)), of(text(100)), of(text(100)), id())
        .prop_map(|(id_type, id, nation, name, phone, address, email, joebpps_no)| PayerInfo {
            id_type,
            id,
            nation,
            name,
            phone,
            address,
            email,
            joebpps_no,
        })
}

fn additional() -> impl Strategy<Value = AdditionalInfo> {
    (of(text(150)), of(text(200)), of(text(100)), of(text(20))).prop_map(
        |(cust_name, free_text, email, phone)| AdditionalInfo { cust_name, free_text, email, phone },
    )
}

fn sub_pmts() -> impl Strategy<Value = Vec<SubPmt>> {
    let one = (of(amount(3)), code(10), of(text(50))).prop_map(|(amount, set_bnk_code, acct_no)| SubPmt {
        amount,
        set_bnk_code,
        acct_no,
    });
    prop::collection::vec(one.prop_filter("says something", |sub| *sub != SubPmt::default()), 0..4)
}

fn details() -> impl Strategy<Value = ServiceTypeDetails> {
    (of(text(25)), short())
        .prop_map(|(service_type, prepaid_cat)| ServiceTypeDetails { service_type, prepaid_cat })
}

fn bill() -> impl Strategy<Value = Bill> {
    let dates = (of(stamp()), of(stamp()), of(stamp()), of(stamp()), of(stamp()));
    let status = of(select(vec![BillStatus::New, BillStatus::OverPaid, BillStatus::of("BillOdd")]));
    let consts = of((of(any::<bool>()), of(amount(3)), of(amount(3))))
        .prop_map(|c| c.map(|(allow_part, lower, upper)| PmtConst { allow_part, lower, upper }));
    let head = (of(verdict()), of(account()), status, amount(3), of(amount(3)), of("[0-9]{1,20}"));
    (head, dates, of(text(25)), short(), consts, sub_pmts(), of(additional())).prop_map(
        |(
            (result, acct_info, bill_status, due, fees_amt, inq),
            (issue, open, due_date, expiry, close),
            service_type,
            bill_type,
            pmt_const,
            sub_pmts,
            info,
        )| Bill {
            result,
            acct_info,
            bill_status,
            due_amount: Some(due),
            fees_amt,
            inq_ref_no: inq.map(String::into_boxed_str),
            issue_date: issue,
            open_date: open,
            due_date,
            expiry_date: expiry,
            close_date: close,
            service_type,
            bill_type,
            pmt_const,
            sub_pmts,
            additional_info: info.map(Box::new),
        },
    )
}

fn currency() -> impl Strategy<Value = Option<Currency>> {
    of(select(vec!["ILS", "JOD", "JPY"])).prop_map(|code| code.and_then(Currency::by_code))
}

fn payment() -> impl Strategy<Value = Payment> {
    let ids = (text(50), text(50), id(), text(50), text(50), code(10), short());
    let status = of(select(vec![PmtStatus::New, PmtStatus::Complete, PmtStatus::of("Paid")]));
    let tail = (
        of(stamp()),
        of(stamp()),
        short(),
        short(),
        of(select(vec![PaymentType::Prepaid, PaymentType::of("Both")])),
    );
    let amounts = currency().prop_flat_map(|currency| {
        let decimals = currency.and_then(Currency::decimals).unwrap_or(3);
        (Just(currency), of(amount(decimals)), amount(decimals), of(amount(decimals)), of(any::<bool>()))
    });
    (of(account()), ids, status, amounts, tail, of(details()), sub_pmts(), of(payer())).prop_map(
        |(
            account,
            (joebpps, bank, pmt_guid, par, validation, bank_code, pmt_src),
            pmt_status,
            (currency, due_amt, paid, fees_amt, fees_on_biller),
            (process_date, stmt_date, access_channel, payment_method, payment_type),
            details,
            sub_pmts,
            payer,
        )| Payment {
            acct_info: account.map(Box::new),
            inq_ref_no: pmt_guid.clone().filter(|text| text.len() <= 20),
            joebpps_trx: Some(joebpps),
            bank_trx_id: Some(bank),
            pmt_guid,
            par_trx_id: Some(par),
            validation_code: Some(validation),
            bank_code,
            pmt_src,
            pmt_status,
            due_amt,
            paid_amt: Some(paid),
            fees_amt,
            fees_on_biller,
            process_date,
            stmt_date,
            access_channel,
            payment_method,
            payment_type,
            currency,
            service_type_details: details.map(Box::new),
            // Their amounts have the decimals of the payment's currency.
            sub_pmts: if currency.is_none() { sub_pmts } else { Vec::new() },
            payer_info: payer.map(Box::new),
        },
    )
}

fn status() -> impl Strategy<Value = TrxStatus> {
    (payment(), verdict()).prop_map(|(p, verdict)| TrxStatus {
        acct_info: p.acct_info,
        joebpps_trx: p.joebpps_trx,
        bank_trx_id: p.bank_trx_id,
        pmt_guid: p.pmt_guid,
        par_trx_id: p.par_trx_id,
        validation_code: p.validation_code,
        pmt_src: p.pmt_src,
        due_amt: p.due_amt,
        paid_amt: p.paid_amt,
        fees_amt: p.fees_amt,
        fees_on_biller: p.fees_on_biller,
        currency: p.currency,
        process_date: p.process_date,
        stmt_date: p.stmt_date,
        pmt_status: p.pmt_status,
        service_type_details: p.service_type_details,
        result: Some(Box::new(verdict)),
    })
}

fn biller() -> impl Strategy<Value = Biller> {
    let service = (text(25), of(text(150)), of(text(150)), of(Just(PaymentType::Prepaid))).prop_map(
        |(service_type, name_en, name_ar, payment_type)| BillerService {
            service_type: Some(service_type),
            name_en,
            name_ar,
            payment_type,
        },
    );
    (code(3), text(150), of(text(150)), short(), prop::collection::vec(service, 0..3)).prop_map(
        |(biller_code, name, name_ar, category, services)| Biller {
            biller_code,
            name_en: Some(name),
            name_ar,
            category,
            services,
        },
    )
}

fn body(kind: Kind) -> BoxedStrategy<Body> {
    match kind.shape() {
        Shape::Inquiry => {
            let range =
                of((of(stamp()), of(stamp())).prop_map(|(start_dt, end_dt)| DateRange { start_dt, end_dt }));
            (account(), of(text(25)), of(payer()), range, of(any::<bool>()), of(any::<bool>()))
                .prop_map(|(account, service_type, payer, date_range, inc_payments, inc_paid_bills)| {
                    let payer_info = payer.map(Box::new);
                    Body::Inquiry(Inquiry {
                        acct_info: Some(account),
                        service_type,
                        payer_info,
                        date_range,
                        inc_payments,
                        inc_paid_bills,
                    })
                })
                .boxed()
        }
        Shape::Bills => prop::collection::vec(bill(), 0..4)
            .prop_map(|bills| Body::Bills(Bills { rec_count: Some(bills.len() as u32), bills }))
            .boxed(),
        Shape::Payments => prop::collection::vec(payment(), 1..4).prop_map(Body::Payments).boxed(),
        Shape::Statuses => prop::collection::vec(status(), 1..4).prop_map(Body::Statuses).boxed(),
        Shape::Validation => (
            of(verdict()),
            account(),
            of(details()),
            of(amount(3)),
            of(text(50)),
            sub_pmts(),
            of(payer()),
            of(additional()),
        )
            .prop_map(
                |(result, account, service_type_details, due_amt, validation_code, sub_pmts, payer, info)| {
                    Body::Validation(Box::new(Validation {
                        result,
                        acct_info: Some(account),
                        service_type_details,
                        due_amt,
                        fees_amt: due_amt,
                        validation_code,
                        sub_pmts,
                        payer_info: payer.map(Box::new),
                        additional_info: info.map(Box::new),
                    }))
                },
            )
            .boxed(),
        Shape::Credentials => text(40)
            .prop_map(|password| {
                Body::Credentials(codecs::mfep::Credentials { password: Secret::new(&password) })
            })
            .boxed(),
        Shape::Token => (text(40), stamp())
            .prop_map(|(token, expiry_date)| {
                Body::Token(TokenConf { token_key: Secret::new(&token), expiry_date })
            })
            .boxed(),
        Shape::Nothing => Just(Body::Empty).boxed(),
        Shape::Billers => prop::collection::vec(biller(), 1..4).prop_map(Body::Billers).boxed(),
    }
}

fn message(kind: Kind) -> impl Strategy<Value = Message> {
    let sequence = of((of(0..9999_u32), of(0..9999_u32)).prop_map(|(sess, seq)| Sequence { sess, seq }));
    (stamp(), id(), code(10), code(10), sequence, verdict(), body(kind), of("[A-Za-z0-9+/]{4,40}")).prop_map(
        move |(tm_stp, guid, sdr_code, rcv_code, sequence, result, body, signature)| {
            let result = (!kind.is_request()).then_some(result);
            let header = Header { tm_stp: Some(tm_stp), guid, sdr_code, rcv_code, kind, sequence, result };
            Message { header, body, signature: signature.map(String::into_boxed_str), token_key: None }
        },
    )
}

/// What a profile does not write.
fn without_receiver(message: &Message, profile: &str) -> Message {
    let mut message = message.clone();
    if !message.header.kind.is_request() && !profile.contains("receiver_in_answers") {
        message.header.rcv_code = None;
    }
    message
}

#[test]
fn every_message_comes_back_in_every_form() {
    let profiles = PROFILES.map(|text| (text, Profile::from_toml(text).expect("a profile")));
    for kind in Kind::ALL {
        let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
        proptest!(config, |(message in message(*kind))| {
            for (text, profile) in &profiles {
                // In an envelope these two are calls without a message: tests/mfep.rs.
                if text.contains("soap") && matches!(kind, Kind::Authenticate | Kind::BillersList) {
                    continue;
                }
                let written = write(&message, profile);
                let decoded = decode(written.as_bytes(), Mode::Strict)
                    .map_err(|fault| TestCaseError::fail(format!("{fault}: {written}")))?;
                prop_assert_eq!((decoded.unknown, decoded.tolerated), (0, 0));
                prop_assert_eq!(&decoded.message, &without_receiver(&message, text), "{}", &written);
                prop_assert_eq!(write(&decoded.message, profile), written, "written again, it is the same");
            }
        });
    }
}

#[test]
fn what_is_read_holds_four_times_its_size_at_most() {
    let mut most = 0;
    let mut held = |text: &str| {
        let held = measure(|| drop(decode(text.as_bytes(), Mode::Lenient))).bytes_max;
        let cap = 4 * text.len() as u64 + 64 * 1024;
        let begin: String = text.chars().take(200).collect();
        assert!(held <= cap, "{held} bytes are held for {}: {begin}", text.len());
        most = most.max(held);
    };
    for name in NAMES {
        for ending in ["json", "xml"] {
            held(&String::from_utf8(vector(name, ending)).expect("UTF-8"));
        }
    }
    // Lists of as little as can be said, which cost more than they say.
    let json = |kind: &str, result: &str, body: &str| {
        let direction = if kind.ends_with("RQ") { "ReqTyp" } else { "ResTyp" };
        format!(
            "{{\"MFEP\":{{\"MsgHeader\":{{\"TrsInf\":{{\"{direction}\":\"{kind}\"}}{result}}},\"MsgBody\":{{{body}}}}}}}"
        )
    };
    let result = ",\"Result\":{\"ErrorCode\":0}";
    for count in [10, 100, 1_000, 10_000, 40_000, 100_000] {
        let many = |item: &str| vec![item; count].join(",");
        let trx = "{\"JOEBPPSTrx\":\"1\",\"PaidAmt\":1}";
        held(&json("BLRPMTNTFRQ", "", &format!("\"TrxInf\":[{}]", many(trx))));
        held(&json("BLRPMTNTFRQ", "", &format!("\"TrxInf\":[{}]", many("{}"))));
        held(&json(
            "BLRPMTNTFRQ",
            "",
            &format!("\"TrxInf\":[{}]", many("{\"PayerInfo\":{},\"AcctInfo\":{}}")),
        ));
        held(&json("PMTACKRQ", "", &format!("\"TrxInf\":[{}]", many("{\"JOEBPPSTrx\":\"1\"}"))));
        held(&json("BILPULRS", result, &format!("\"BillRec\":[{}]", many("{\"DueAmount\":1}"))));
        held(&json(
            "BILPULRS",
            result,
            &format!("\"BillRec\":[{{\"DueAmount\":1,\"SubPmts\":[{}]}}]", many("{\"Amount\":1}")),
        ));
        held(&json(
            "BLRLSTRS",
            result,
            &format!("\"BillersList\":{{\"BillerInf\":[{}]}}", many("{\"BillerNameEn\":\"\"}")),
        ));
        held(&json("BILPULRQ", "", &format!("\"x\":[{}]", many("[]"))));
        for text in ["A".repeat(count), "&#65;".repeat(count)] {
            let inquiry = format!("<AcctInfo><BillNo>{text}</BillNo></AcctInfo>");
            held(&format!(
                "<MFEP><MsgHeader><TrsInf><ReqTyp>BILPULRQ</ReqTyp></TrsInf></MsgHeader><MsgBody>{inquiry}</MsgBody></MFEP>"
            ));
        }
        held(&json("BILPULRQ", "", &format!("\"AcctInfo\":{{\"BillNo\":\"{}\"}}", "\\u0041".repeat(count))));
        let xml = format!(
            "<MFEP><MsgHeader><TrsInf><ReqTyp>PMTACKRQ</ReqTyp></TrsInf></MsgHeader><MsgBody>{}</MsgBody></MFEP>",
            "<TrxInf><JOEBPPSTrx>1</JOEBPPSTrx></TrxInf>".repeat(count.min(20_000))
        );
        held(&xml);
        held(&format!("<s:Envelope xmlns:s='x'><s:Body><a><![CDATA[{xml}]]></a></s:Body></s:Envelope>"));
    }
    assert!(most > 0, "the counter counts");
}

#[test]
fn a_full_day_of_transactions_is_read() {
    let Message { header, body: Body::Payments(list), .. } = read(&vector("05-blrpmtntfrq", "json")) else {
        panic!("no payment")
    };
    let profile = Profile::from_toml("format = \"json\"").expect("a profile");
    let body = Body::Payments(vec![list[0].clone(); 2_000]);
    let day = Message { header, body, signature: None, token_key: None };
    assert_eq!(read(write(&day, &profile).as_bytes()), day);
    let answers = codecs::mfep::answer_each(&day, "2026-11-22T12:40:00".parse().expect("a time"), |_| {
        Verdict::success()
    });
    let answers = answers.expect("an answer");
    assert_eq!(read(write(&answers, &profile).as_bytes()), without_receiver(&answers, ""));
}
