//! A description never shows what must not be seen.

use codecs::iso8583::{Draft, Mode, decode, describe};

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
0200 iso87-bcd (198 bytes)
  2 Primary account number: 411111******1111
  4 Amount, transaction: 000000005000
 35 Track 2 data: 34 characters, not shown
 41 Card acceptor terminal identification: GOV00001
 43 Card acceptor name/location: CARD 411111******1111 SEEN IN A TEXT\u{20}\u{20}\u{20}\u{20}
 48 Additional data - private: 8 characters, not shown
 52 PIN data: 16 characters, not shown
 55 ICC data (reserved ISO in 1987; EMV in practice): 24 bytes
    5A: not shown
    9C: 00
    9F26: A1B2C3D4E5F60718
 86 Credits, amount: 0000000006000000
 90 Original data elements: 020000001011221031100000027500100000000000
102 Account identification 1: ****6702";
    assert_eq!(describe(&message).to_string(), expected);
    assert_eq!(format!("{message:?}"), "0200 [2, 4, 35, 41, 43, 48, 52, 55, 86, 90, 102]");
    assert_eq!(format!("{draft:?}"), "0200 [2, 4, 35, 41, 43, 48, 52, 55, 86, 90, 102]");
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
