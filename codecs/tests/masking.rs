//! A description never shows what must not be seen.

use codecs::iso8583::{Change, Draft, Mode, decode, describe, diff};

use crate::support::{bytes, profile, text, valid_vectors};

#[test]
fn a_description_reads_like_a_page_and_hides_card_data() {
    let profile = profile("iso87-bcd");
    let mut draft = Draft::new("0200".parse().expect("a message type"));
    draft
        .set(2, "4111111111111111")
        .set(4, "000000005000")
        .set(35, "4111111111111111=28122011234567890")
        .set(41, "GOV00001")
        .set(48, "CVV2 123")
        .set(52, "1122334455667788")
        .set(55, "5A0841111111111111119C01009F2608A1B2C3D4E5F60718")
        .set(43, "CARD 4111111111111111 SEEN IN A TEXT    ")
        .set(86, "0000000006000000")
        .set(90, "020000001011221031100000027500100000000000")
        .set(102, "PALS000000000400123456702");
    let mut wire = Vec::new();
    draft.encode(&profile, &mut wire).expect("clean values");
    let message = decode(&profile, &wire, Mode::Strict).expect("just written");
    let expected = "\
0200 iso87-bcd (198 bytes): 1987 financial request, acquirer
  2 Primary account number: 411111******1111
  4 Amount, transaction: 000000005000
 35 Track 2 data: 34 characters, not shown
 41 Card acceptor terminal identification: GOV00001
 43 Card acceptor name/location: CARD 411111******1111 SEEN IN A TEXT\u{20}\u{20}\u{20}\u{20}
    name: 25 characters, not shown
    city: 13 characters, not shown
    country: 2 characters, not shown
 48 Additional data - private: 8 characters, not shown
 52 PIN data: 16 characters, not shown
 55 ICC data (reserved ISO in 1987; EMV in practice): 24 bytes
    5A Application PAN: not shown
    9C Transaction type: 00
    9F26 Application cryptogram: A1B2C3D4E5F60718
 86 Credits, amount: 0000000006000000
 90 Original data elements: 020000001011221031100000027500100000000000
    message type: 0200
    trace number: 000010
    transmission date and time: 1122103110
    acquiring institution: 00000275001
    forwarding institution: 00000000000
102 Account identification 1: ****6702";
    assert_eq!(describe(&message).to_string(), expected);
    assert_eq!(format!("{message:?}"), "0200 [2, 4, 35, 41, 43, 48, 52, 55, 86, 90, 102]");
    assert_eq!(format!("{draft:?}"), "0200 [2, 4, 35, 41, 43, 48, 52, 55, 86, 90, 102]");
}

#[test]
fn codes_are_said_in_words() {
    #[rustfmt::skip]
    let table = [
        ("iso87-abin",  "0810", vec![(39, "91"), (70, "301")],  "0810 iso87-abin (25 bytes): 1987 network management request response, acquirer\n 39 Response code: 91 (issuer or switch inoperative)\n 70 Network management information code: 301 (echo test)"),
        ("iso93-abin",  "1804", vec![(24, "821")],              "1804 iso93-abin (15 bytes): 1993 network management request, other\n 24 Function code: 821 (cut-over)"),
        ("iso93-abin",  "1431", vec![(39, "400")],              "1431 iso93-abin (15 bytes): 1993 reversal or chargeback advice response, acquirer repeat\n 39 Action code: 400 (reversal accepted)"),
        ("iso03-abin",  "2210", vec![(39, "1016")],             "2210 iso03-abin (16 bytes): 2003 financial request response, acquirer\n 39 Action code: 1016 (insufficient funds)"),
        ("bpc-hybrid",  "0210", vec![(39, "116")],              "0210 bpc-hybrid (15 bytes): 1987 financial request response, acquirer\n 39 Action code: 116 (insufficient funds)"),
        ("iso87-abin",  "0998", vec![(39, "ZZ")],               "0998 iso87-abin (14 bytes): 1987 reserved reserved, reserved\n 39 Response code: ZZ"),
        ("iso87-abin",  "0200", vec![(3, "201030")],            "0200 iso87-abin (18 bytes): 1987 financial request, acquirer\n  3 Processing code: 201030 (refund)\n    transaction type: 20\n    from account: 10\n    to account: 30"),
    ];
    for (name, mti, fields, expected) in table {
        let profile = profile(name);
        let mut draft = Draft::new(mti.parse().expect("a message type"));
        for (n, value) in fields {
            draft.set(n, value);
        }
        let mut wire = Vec::new();
        draft.encode(&profile, &mut wire).expect("clean values");
        let message = decode(&profile, &wire, Mode::Strict).expect("just written");
        assert_eq!(describe(&message).to_string(), expected);
    }
}

#[test]
fn a_card_number_is_not_cut_into_parts() {
    let profile = profile("iso87-abin");
    let mut draft = Draft::new("0200".parse().expect("a message type"));
    draft.set(43, "ABCDEFGHIJKLMNO41111111111111111Z     PS");
    let mut wire = Vec::new();
    draft.encode(&profile, &mut wire).expect("clean values");
    let message = decode(&profile, &wire, Mode::Strict).expect("just written");
    let shown = describe(&message).to_string();
    assert!(!shown.contains("4111111111") && shown.contains("city: 13 characters, not shown"), "{shown}");
}

#[test]
fn two_messages_side_by_side() {
    let profile = profile("iso87-abin");
    let wire = |fields: &[(u8, &str)], mti: &str| {
        let mut draft = Draft::new(mti.parse().expect("a message type"));
        for (n, value) in fields {
            draft.set(*n, *value);
        }
        let mut wire = Vec::new();
        draft.encode(&profile, &mut wire).expect("clean values");
        wire
    };
    let left = wire(&[(2, "4111111111111111"), (4, "000000005000"), (11, "000010"), (48, "secret")], "0200");
    let right = wire(&[(2, "4111119999991111"), (4, "000000005000"), (39, "00"), (48, "secret")], "0210");
    let left = decode(&profile, &left, Mode::Strict).expect("just written");
    let right = decode(&profile, &right, Mode::Strict).expect("just written");
    let expected = "\
~   MTI 0200 -> 0210
~   2 Primary account number: 411111******1111 -> 411111******1111
=   4 Amount, transaction: 000000005000
-  11 Systems trace audit number: 000010
+  39 Response code: 00
=  48 Additional data - private: 6 characters, not shown";
    assert_eq!(diff(&left, &right).to_string(), expected);
    assert!(!diff(&left, &right).is_empty() && diff(&left, &left).is_empty());
    assert_eq!(diff(&left, &right).changes().nth(2), Some((4, Change::Same)));
}

#[test]
fn no_description_of_a_vector_holds_a_secret() {
    for vector in valid_vectors() {
        let profile = profile(text(&vector["profile"]));
        let wire = bytes(&vector["hex"]);
        let message = decode(&profile, &wire, Mode::Strict).expect("a valid vector");
        let shown = format!("{} {message:?}", describe(&message));
        for n in [2, 34, 35, 36, 45, 48, 52, 53, 55] {
            let Some(secret) = message.text(n).filter(|text| text.len() >= 8) else { continue };
            assert!(!shown.contains(&*secret), "{} shows field {n}", vector["id"]);
        }
    }
}
