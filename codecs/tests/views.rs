//! Typed views of fields: what a message says of its original, its totals, its amounts, rates and dates.

use codecs::iso4217::Currency;
use codecs::iso8583::date::{self, Date, DateTime};
use codecs::iso8583::emv::{ChipData, ChipDataBuilder};
use codecs::iso8583::money::{Sign, Signed, amount, currency};
use codecs::iso8583::rate::{Rate, Rounding, rate};
use codecs::iso8583::{
    Draft, Message, Mode, OriginalAmounts, OriginalElements, Profile, ReplacementAmounts, Reversals,
    SettlementCode, Totals, codes, decode,
};

use crate::support::{bytes, golden, list, profile, text, valid_vectors};

/// What `look` sees in the vector of that number.
fn of_vector<T>(id: &str, look: impl FnOnce(&Message<'_>) -> T) -> T {
    let vectors = valid_vectors();
    let vector = vectors.iter().find(|vector| vector["id"] == id).expect(id);
    let (profile, wire) = (profile(text(&vector["profile"])), bytes(&vector["hex"]));
    look(&decode(&profile, &wire, Mode::Strict).expect("a valid vector"))
}

/// What `look` sees in a message of these fields.
fn of_fields<T>(profile: &Profile, fields: &[(u8, &str)], look: impl FnOnce(&Message<'_>) -> T) -> T {
    let mut draft = Draft::new(format!("{}420", profile.mti_version()).parse().expect("a message type"));
    for (n, value) in fields {
        draft.set(*n, *value);
    }
    of_draft(profile, &draft, look)
}

fn of_draft<T>(profile: &Profile, draft: &Draft<'_>, look: impl FnOnce(&Message<'_>) -> T) -> T {
    let mut wire = Vec::new();
    draft.encode(profile, &mut wire).unwrap_or_else(|error| panic!("{error}"));
    look(&decode(profile, &wire, Mode::Strict).expect("just written"))
}

fn reversal(profile: &Profile) -> Draft<'static> {
    Draft::new(format!("{}420", profile.mti_version()).parse().expect("a message type"))
}

fn day(year: u16, month: u8, day: u8) -> Date {
    Date::new(year, month, day).expect("a day")
}

#[test]
fn originals_are_read_and_written_in_every_edition() {
    #[rustfmt::skip]
    let table = [
        ("V044", 90, "0200", 10, "1122103110",     Some("275001"), "2026-11-22T10:31:10"),
        ("V061", 90, "0200", 10, "1122103110",     Some("275001"), "2026-11-22T10:31:10"),
        ("P06",  90, "0200", 10, "1122103110",     Some("275001"), "2026-11-22T10:31:10"),
        ("V049", 56, "1200", 16, "261122123112",   Some("275001"), "2026-11-22T12:31:12"),
        ("N05",  56, "2200", 10, "20261122123110", Some("275001"), "2026-11-22T12:31:10"),
        ("N06",  56, "2200", 10, "20261122123110", Some("275001"), "2026-11-22T12:31:10"),
    ];
    for (id, field, mti, stan, time, acquirer, at) in table {
        of_vector(id, |message| {
            let original = OriginalElements::read(message).expect("digits").expect("it has one");
            let expected = OriginalElements {
                mti: Some(mti.parse().expect("a message type")),
                stan: Some(stan),
                time: Some(time.to_owned()),
                acquirer: acquirer.map(str::to_owned),
                forwarder: None,
            };
            assert_eq!(original, expected, "{id}");
            let near = original.time_near(day(2027, 1, 1)).map(|at| at.to_string());
            assert_eq!(near.as_deref(), Some(at), "{id}");
            let mut draft = reversal(message.profile());
            original.write(message.profile(), &mut draft).expect("it came from there");
            of_draft(message.profile(), &draft, |again| {
                assert_eq!(again.text(field), message.text(field), "{id}")
            });
        });
    }
    assert_eq!(of_vector("V009", OriginalElements::read), Ok(None));
}

#[test]
fn an_original_is_made_from_the_request_alone() {
    of_vector("V009", |request| {
        let original = OriginalElements::of_request(request).expect("digits");
        let mut draft = reversal(request.profile());
        original.write(request.profile(), &mut draft).expect("it fits");
        of_draft(request.profile(), &draft, |message| {
            assert_eq!(message.text(90).as_deref(), Some("020000001011221031100000027500100000000000"));
        });
    });
    of_vector("N01", |request| {
        let original = OriginalElements::of_request(request).expect("digits");
        let mut draft = reversal(request.profile());
        original.write(request.profile(), &mut draft).expect("it fits");
        of_draft(request.profile(), &draft, |message| {
            assert_eq!(message.text(56).as_deref(), Some("220000000000001020261122123110275001"));
        });
    });
}

#[test]
fn what_is_not_known_of_an_original_is_zeros() {
    let profile = profile("iso87-abin");
    let mut draft = reversal(&profile);
    OriginalElements { stan: Some(7), ..OriginalElements::default() }
        .write(&profile, &mut draft)
        .expect("it fits");
    of_draft(&profile, &draft, |message| {
        assert_eq!(message.text(90).as_deref(), Some("000000000700000000000000000000000000000000"));
        let read = OriginalElements::read(message).expect("digits").expect("it has one");
        assert_eq!(read, OriginalElements { stan: Some(7), ..OriginalElements::default() });
    });
}

#[test]
fn an_original_that_does_not_fit_is_named() {
    let known = OriginalElements::default();
    let some = |text: &str| Some(text.to_owned());
    #[rustfmt::skip]
    let table = [
        ("iso87-abin", OriginalElements { stan: Some(1_000_000), ..known.clone() },        "field 90 (Original data elements), trace number: has too many digits"),
        ("iso87-abin", OriginalElements { time: some("261122123112"), ..known.clone() },   "date and time: is of another edition"),
        ("iso93-abin", OriginalElements { time: some("1122103110"), ..known.clone() },     "field 56 (Original data elements), date and time: is of another edition"),
        ("iso87-abin", OriginalElements { acquirer: some("123456789012"), ..known.clone() }, "acquiring institution: is not at most eleven digits"),
        ("iso93-abin", OriginalElements { acquirer: some("27500A"), ..known },             "acquiring institution: is not at most eleven digits"),
    ];
    for (name, original, says) in table {
        let profile = profile(name);
        let error = original.write(&profile, &mut reversal(&profile)).expect_err(says).to_string();
        assert!(error.contains(says), "{error}");
    }
    let iso93 = profile("iso93-abin");
    for (text, says) in [
        ("120000001626112212311209275001", "acquiring institution: is cut"),
        ("1200000016261122", "date and time: is cut"),
        ("12000000162611221231120627500199", "is longer than its parts"),
    ] {
        let error = of_fields(&iso93, &[(56, text)], OriginalElements::read).expect_err(says).to_string();
        assert!(error.starts_with("field 56") && error.contains(says), "{error}");
    }
}

#[test]
fn replacement_amounts_go_there_and_back() {
    of_vector("V044", |message| {
        let zero = Signed { sign: Sign::Credit, minor: 0 };
        let amounts = ReplacementAmounts::read(message).expect("amounts").expect("it has them");
        let expected = ReplacementAmounts {
            transaction: 2500,
            settlement: 0,
            transaction_fee: zero,
            settlement_fee: zero,
        };
        assert_eq!(amounts, expected);
        let mut draft = reversal(message.profile());
        amounts.write(message.profile(), &mut draft).expect("it came from there");
        of_draft(message.profile(), &draft, |again| assert_eq!(again.text(95), message.text(95)));

        let long = ReplacementAmounts {
            transaction_fee: Signed { sign: Sign::Debit, minor: 100_000_000 },
            ..expected
        };
        let error = long.write(message.profile(), &mut draft).expect_err("nine digits").to_string();
        assert_eq!(error, "field 95 (Replacement amounts), transaction fee: has too many digits");
    });
    let wrong = of_fields(
        &profile("iso87-abin"),
        &[(95, "00000000250X000000000000C00000000C00000000")],
        ReplacementAmounts::read,
    );
    assert_eq!(wrong.map_err(|error| error.part), Err("transaction"));
    let wrong = of_fields(
        &profile("iso87-abin"),
        &[(95, "000000002500000000000000X00000000C00000000")],
        ReplacementAmounts::read,
    );
    assert_eq!(wrong.map_err(|error| error.part), Err("transaction fee"));
    assert!(
        of_vector("V049", ReplacementAmounts::read).is_err(),
        "field 95 of 1993 is the issuer's reference"
    );

    of_vector("N05", |message| {
        let amounts = OriginalAmounts::read(message).expect("amounts").expect("it has them");
        let ils = Currency::by_code("ILS").expect("a currency");
        assert_eq!(
            amounts,
            OriginalAmounts { transaction: 5000, reconciliation: 5000, currencies: Some((ils, ils)) }
        );
        let mut draft = reversal(message.profile());
        amounts.write(message.profile(), &mut draft).expect("it came from there");
        of_draft(message.profile(), &draft, |again| assert_eq!(again.text(30), message.text(30)));
    });
    let iso93 = profile("iso93-abin");
    let both = of_fields(&iso93, &[(30, "000000005000000000004900")], OriginalAmounts::read);
    let expected = OriginalAmounts { transaction: 5000, reconciliation: 4900, currencies: None };
    assert_eq!(both, Ok(Some(expected)));
    let mut draft = reversal(&iso93);
    expected.write(&iso93, &mut draft).expect("it fits");
    of_draft(&iso93, &draft, |again| assert_eq!(again.text(30).as_deref(), Some("000000005000000000004900")));
    assert!(expected.write(&profile("iso03-abin"), &mut reversal(&iso93)).is_err(), "2003 wants currencies");
    assert!(of_vector("V029", OriginalAmounts::read).is_err(), "field 30 of 1987 is a fee");
}

#[test]
fn totals_of_the_vectors_are_read_and_written() {
    for id in ["V051", "V052", "V053", "V054", "V055", "V056", "N07", "N08"] {
        of_vector(id, |message| {
            let totals = Totals::read(message).expect("numbers");
            assert_eq!(totals.currency.map(|currency| currency.code()), Some("ILS"), "{id}");
            let mut draft = reversal(message.profile());
            totals.write(message.profile(), &mut draft).expect("it came from there");
            of_draft(message.profile(), &draft, |again| {
                let mut fields: Vec<u8> = (74..=90).chain([50, 66, 97]).chain(105..=108).collect();
                if message.mti().digits()[0] == 2 {
                    fields = vec![97]; // Amounts of zero gain their currency.
                }
                for n in fields {
                    assert_eq!(again.text(n), message.text(n), "{id} field {n}");
                }
                assert_eq!(Totals::read(again).as_ref(), Ok(&totals), "{id}");
            });
        });
    }
    let totals = of_vector("V051", Totals::read).expect("numbers");
    assert_eq!((totals.credits.count, totals.credits.amount), (Some(120), Some(6_000_000)));
    assert_eq!((totals.debit_reversals.count, totals.debit_reversals.amount), (Some(1), Some(5_000)));
    assert_eq!(totals.settlement, Some(SettlementCode::InBalance));
    assert_eq!(totals.net, Some(Signed { sign: Sign::Debit, minor: 10_995_000 }));
    assert_eq!(totals.computed_net(Reversals::AsNamed), totals.net, "as the vector's maker reads it");
    assert_eq!(totals.computed_net(Reversals::TakenBack).and_then(Signed::net), Some(-11_005_000));
    assert_eq!(
        of_vector("V054", Totals::read).expect("numbers").settlement,
        Some(SettlementCode::OutOfBalance)
    );

    let of_2003 = of_vector("N08", Totals::read).expect("numbers");
    assert_eq!(of_2003.net, totals.net);
    assert_eq!(totals.differences(&of_2003).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn totals_that_differ_are_named() {
    let own = of_vector("V051", Totals::read).expect("numbers");
    let mut theirs = own;
    theirs.debits.amount = Some(1);
    theirs.others.payments = Some(5); // Only they say it.
    theirs.net = Some(Signed { sign: Sign::Credit, minor: 10_995_000 });
    theirs.currency = Currency::by_code("JOD");
    assert_eq!(own.differences(&theirs).collect::<Vec<_>>(), ["debits, amount", "net amount", "currency"]);

    let iso87 = profile("iso87-abin");
    let mut totals = Totals::default();
    totals.credits.count = Some(10_000_000_000);
    let error = totals.write(&iso87, &mut reversal(&iso87)).expect_err("eleven digits").to_string();
    assert_eq!(error, "field 74 (Credits, number), credits, number: has too many digits");
    let mut totals = Totals::default();
    totals.credit_chargebacks.count = Some(1);
    let error = totals.write(&iso87, &mut reversal(&iso87)).expect_err("1993 has it").to_string();
    assert!(error.ends_with("credit chargebacks, number: has no field in this edition"), "{error}");
    let iso93 = profile("iso93-abin");
    let code = Totals { settlement: Some(SettlementCode::Error), ..Totals::default() };
    assert!(code.write(&iso93, &mut reversal(&iso93)).is_err(), "field 66 of 1993 is fees");
    let wrong = of_fields(&iso87, &[(50, "000")], Totals::read).map(drop).expect_err("no currency");
    assert_eq!(wrong.to_string(), "field 50 (Currency code, settlement): is not a currency of ISO 4217");
}

#[test]
fn conversion_is_exact() {
    for vector in list(&golden("currency/money-vectors.json"), "conversion") {
        let decimals =
            |key: &str| Currency::by_code(text(&vector[key])).and_then(Currency::decimals).expect("decimals");
        let rate = Rate::parse_field(text(&vector["de9"])).expect("a rate");
        assert_eq!(
            Some(rate),
            Rate::parse_decimal(text(&vector["rate"])).and_then(|written| {
                // The field may say more decimals than the text does.
                let scale =
                    10_u32.checked_pow(u32::from(rate.decimals().checked_sub(written.decimals())?))?;
                Rate::new(written.digits() * scale, rate.decimals())
            })
        );
        let minor = vector["minor"].as_i64().expect("a number");
        for (rounding, key) in [(Rounding::HalfEven, "half_even_minor"), (Rounding::HalfUp, "half_up_minor")]
        {
            let converted = rate.convert(minor, decimals("from_"), decimals("to"), rounding);
            assert_eq!(converted, vector[key].as_i64(), "{vector}");
            assert_eq!(
                rate.convert(-minor, decimals("from_"), decimals("to"), rounding),
                converted.map(|minor| -minor)
            );
        }
    }
    assert_eq!(
        of_vector("V026", |m| rate(m, 9)).map(|rate| rate.map(|rate| rate.to_string())),
        Ok(Some("3.652100".to_owned()))
    );
    assert_eq!(
        of_vector("V027", |m| rate(m, 10)).map(|rate| rate.map(|rate| rate.to_string())),
        Ok(Some("4.0125".to_owned()))
    );
    assert_eq!(of_vector("V027", |m| rate(m, 9)), Ok(None));
    assert!(of_vector("V027", |m| rate(m, 4)).is_err(), "an amount is no rate");
}

#[test]
fn amounts_say_their_currency() {
    let code = |currency: Option<Currency>| currency.map(Currency::code);
    let sale = of_vector("V025", |m| amount(m, 4)).expect("an amount").expect("it has one");
    assert_eq!(
        (sale.minor, code(sale.currency), sale.exponent, sale.sign),
        (12_345, Some("JOD"), None, None)
    );
    let settled = of_vector("V026", |m| amount(m, 5)).expect("an amount").expect("it has one");
    assert_eq!((settled.minor, code(settled.currency)), (36_521, Some("ILS")));
    let fee = of_vector("V028", |m| amount(m, 28)).expect("an amount").expect("it has one");
    assert_eq!((fee.minor, fee.sign), (150, Some(Sign::Debit)));
    let of_2003 = of_vector("N01", |m| amount(m, 4)).expect("an amount").expect("it has one");
    assert_eq!((of_2003.minor, code(of_2003.currency), of_2003.exponent), (5000, Some("ILS"), Some(2)));
    assert_eq!(of_vector("V001", |m| amount(m, 4)), Ok(None));
    assert!(of_vector("V009", |m| amount(m, 41)).is_err());
    assert_eq!(
        code(of_fields(&profile("iso87-abin"), &[(49, "ILS")], |m| currency(m, 49)).expect("letters")),
        Some("ILS")
    );
    assert!(of_fields(&profile("iso87-abin"), &[(49, "ils")], |m| currency(m, 49)).is_err());
    assert!(
        of_fields(&profile("iso03-abin"), &[(4, "0002000000005000")], |m| amount(m, 4))
            .is_err_and(|e| e.part == "currency")
    );
}

#[test]
fn dates_of_every_edition() {
    let reference = day(2027, 1, 1);
    #[rustfmt::skip]
    let table = [
        ("V009", Some("2026-11-22T10:31:10"), Some("2026-11-22T12:31:10"), 13, Some("2026-11-22")),
        ("V006", Some("2026-12-31T23:59:59"), None,                        15, Some("2027-01-01")),
        ("V007", None,                        None,                        28, Some("2026-11-22")),
        ("N01",  Some("2026-11-22T10:31:10"), Some("2026-11-22T12:31:10"), 15, None),
        ("N08",  Some("2026-11-22T23:59:00"), Some("2026-11-22T23:59:00"), 28, Some("2026-11-22")),
        ("P03",  Some("2026-11-22T10:31:10"), Some("2026-11-22T12:31:10"), 13, Some("2026-11-22")),
    ];
    for (id, sent, local, n, on) in table {
        of_vector(id, |message| {
            let said = |at: Option<DateTime>| at.map(|at| at.to_string());
            if id != "V007" {
                assert_eq!(
                    said(date::transmitted(message, reference).expect("a time")).as_deref(),
                    sent,
                    "{id}"
                );
                assert_eq!(said(date::local(message, reference).expect("a time")).as_deref(), local, "{id}");
            }
            let found = date::date(message, n, reference).expect("a date").map(|date| date.to_string());
            assert_eq!(found.as_deref(), on, "{id}");
            let Some(at) = date::local(message, reference).expect("a time") else { return };
            let mut draft = reversal(message.profile());
            date::set_local(&mut draft, message.profile(), at);
            of_draft(message.profile(), &draft, |again| {
                assert_eq!(again.text(12), message.text(12), "{id}");
                assert!(again.text(13).is_none() || again.text(13) == message.text(13), "{id}");
            });
        });
    }
    let iso87 = profile("iso87-abin");
    assert_eq!(of_fields(&iso87, &[(14, "2812")], |m| date::expiry(m, reference)), Ok(Some((2028, 12))));
    let mut draft = reversal(&iso87);
    date::set_transmitted(&mut draft, DateTime::new(day(2026, 12, 31), 23, 59, 59).expect("a time"));
    date::set_date(&mut draft, &iso87, 15, day(2027, 1, 1));
    date::set_date(&mut draft, &iso87, 73, day(2027, 1, 2));
    of_draft(&iso87, &draft, |message| {
        let fields: Vec<_> = message.fields().map(|(n, text)| (n, text.into_owned())).collect();
        let expected =
            [(7, "1231235959"), (15, "0101"), (73, "270102")].map(|(n, text)| (n, text.to_owned()));
        assert_eq!(fields, expected);
    });
    #[rustfmt::skip]
    let wrong = [
        (7,  vec![(7, "1331235959")],                 "field 7 (Transmission date and time (MMDDhhmmss)): is not a date and time"),
        (12, vec![(12, "101112")],                    "field 13 (Date, local transaction (MMDD)): is missing beside field 12"),
        (12, vec![(12, "241112"), (13, "1122")],      "field 12 (Time, local transaction (hhmmss)): is not a time of day"),
        (14, vec![(14, "2813")],                      "field 14 (Date, expiration (YYMM)): is not a year and a month"),
    ];
    for (n, fields, says) in wrong {
        let error = of_fields(&iso87, &fields, |message| match n {
            7 => date::transmitted(message, reference).map(drop),
            12 => date::local(message, reference).map(drop),
            _ => date::expiry(message, reference).map(drop),
        });
        assert_eq!(error.expect_err(says).to_string(), says);
    }
}

#[test]
fn codes_mean_what_the_dialect_says() {
    let site = Profile::from_toml(
        "base = \"iso87-abin\"\n[codes]\nN7 = { class = \"decline\", text = \"CVV2 mismatch\" }\n05 = { class = \"retry\", text = \"try again\" }\n[network_codes]\n165 = \"key change request\"",
    )
    .expect("a good file");
    let standard = profile("iso87-abin");
    let class =
        |profile: &Profile, code: &str| codes::response(profile, code).map(|response| response.class.name());
    assert_eq!((class(&standard, "05"), class(&site, "05")), (Some("decline"), Some("retry")));
    assert_eq!((class(&standard, "N7"), class(&site, "N7")), (None, Some("decline")));
    assert_eq!((class(&standard, "10"), class(&site, "10")), (Some("partial"), Some("partial")));
    assert_eq!(
        (codes::network(&standard, "165"), codes::network(&site, "165")),
        (None, Some("key change request"))
    );
    assert_eq!(class(&profile("bpc-hybrid"), "501"), Some("mismatch"));
    let error = Profile::from_toml("base = \"iso87-abin\"\n[codes]\nN7 = { class = \"maybe\", text = \"\" }")
        .expect_err("no class");
    assert!(error.to_string().contains("maybe"), "{error}");
}

#[test]
fn chip_data_has_names_and_numbers() {
    of_vector("V041", |message| {
        let chip = ChipData::of(message).expect("complete").expect("it has some");
        assert_eq!(chip.number(0x9F02), Ok(Some(12_345)));
        assert_eq!(chip.number(0x5F2A), Ok(Some(400)));
        assert_eq!(chip.counter(0x9F36), Ok(Some(1)));
        assert_eq!(chip.cryptogram(), Ok(Some([0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77])));
        assert_eq!((chip.number(0x9F99), chip.get(0x9F27)), (Ok(None), Some(&[0x40][..])));
        let error = chip.number(0x9F37).expect_err("DEADBEEF").to_string();
        assert_eq!(error, "data object 9F37 (Unpredictable number): is not packed digits");

        let mut builder = ChipDataBuilder::new();
        for object in chip.objects() {
            builder.put(object.tag, object.value).expect("a tag");
        }
        assert_eq!(builder.as_bytes(), chip.as_bytes());
        assert!(format!("{chip:?}").starts_with("[\"9F26\", \"9F27\""));
    });
    let mut builder = ChipDataBuilder::new();
    builder.put_number(0x9F02, 5000, 6).expect("it fits").put(0x82, &[0x39, 0x00]).expect("a tag");
    assert_eq!(codecs::hex::encode(builder.as_bytes()), "9F020600000000500082023900");
    assert!(builder.put_number(0x9C, 100, 1).is_err() && builder.put(0x9F, &[]).is_err());
    let cut = of_fields(&profile("iso87-abin"), &[(55, "9F2608AA")], |m| ChipData::of(m).map(drop));
    assert_eq!(cut.map_err(|error| error.kind.name()), Err("TLV_TRUNCATED"));
    assert!(matches!(of_vector("V001", |m| ChipData::of(m).map(|chip| chip.is_none())), Ok(true)));
}
