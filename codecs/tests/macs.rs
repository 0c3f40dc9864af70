//! MACs against the published values and Wycheproof.

use codecs::iso8583::{Draft, Mac, MacKey, MacKeyError, Mode, Padding, decode};
use codecs::{ErrorKind, hex};

use crate::support::{bytes, golden, list, profile, text};

#[test]
fn retail_macs_equal_the_published_values() {
    let file = golden("crypto/mac-vectors.json");
    for vector in list(&file, "retail_mac") {
        let padding = if vector["padding"] == 1 { Padding::Zeros } else { Padding::OneThenZeros };
        let key = MacKey::from_hex(text(&vector["key_hex"])).expect("a key");
        let tag = Mac::retail(&key, padding).expect("16 bytes").compute(&bytes(&vector["data_hex"]));
        assert_eq!(hex::encode(tag.as_bytes()), text(&vector["mac_hex"]), "{vector}");
        assert_eq!(hex::encode(&tag.field()[..4]), text(&vector["mac4_hex"]));
    }
}

#[test]
fn cmacs_equal_rfc_4493() {
    let file = golden("crypto/mac-vectors.json");
    for vector in list(&file, "aes_cmac_rfc4493") {
        let key = MacKey::from_hex(text(&vector["key_hex"])).expect("a key");
        let tag = Mac::aes_cmac(&key).expect("16 bytes").compute(&bytes(&vector["data_hex"]));
        assert_eq!(hex::encode(tag.as_bytes()), text(&vector["mac_hex"]), "{vector}");
    }
}

#[test]
fn cmacs_agree_with_wycheproof() {
    let file = golden("crypto/wycheproof_aes_cmac_test.json");
    let mut seen = 0;
    for case in list(&file, "testGroups").iter().flat_map(|group| list(group, "tests")) {
        let key = MacKey::new(bytes(&case["key"]));
        let valid = Mac::aes_cmac(&key)
            .is_ok_and(|mac| mac.compute(&bytes(&case["msg"])).as_bytes() == bytes(&case["tag"]));
        assert_eq!(valid, case["result"] == "valid", "{}", case["tcId"]);
        seen += 1;
    }
    assert_eq!(seen, 311);
}

#[test]
fn any_changed_bit_and_a_missing_mac_are_mismatches() {
    let profile = profile("iso87-abin");
    let key = MacKey::from_hex("0123456789ABCDEFFEDCBA9876543210").expect("a key");
    let mac = Mac::retail(&key, Padding::OneThenZeros).expect("16 bytes");
    let mut draft = Draft::new("0800".parse().expect("a message type"));
    draft.set(11, "000001").set(48, "a printable text");
    let mut wire = Vec::new();
    draft.encode_with_mac(&profile, &mac, &mut wire).expect("a clean draft");
    for bit in 0..wire.len() * 8 {
        let mut changed = wire.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(message) = decode(&profile, &changed, Mode::Lenient) {
            let error = mac.verify(&message, 64).expect_err("a changed bit");
            assert_eq!((error.kind, error.field), (ErrorKind::MacMismatch, Some(64)), "bit {bit}");
        }
    }
    wire.clear();
    draft.encode(&profile, &mut wire).expect("a clean draft");
    let message = decode(&profile, &wire, Mode::Strict).expect("a clean message");
    assert_eq!(mac.verify(&message, 64).map_err(|error| error.kind), Err(ErrorKind::MacMismatch));
}

#[test]
fn keys_are_checked_and_never_printed() {
    let short = MacKey::new(vec![0xAB; 15]);
    assert_eq!(Mac::retail(&short, Padding::Zeros).err(), Some(MacKeyError::Length(15)));
    assert_eq!(Mac::aes_cmac(&short).err(), Some(MacKeyError::Length(15)));
    assert_eq!(MacKey::from_hex("ABC").err(), Some(MacKeyError::NotHex));
    let key = MacKey::new(vec![0xAB; 16]);
    let shown = format!("{key:?} {:?} {:?}", Mac::aes_cmac(&key), Mac::retail(&key, Padding::Zeros));
    assert_eq!(shown, "MacKey(****) Ok(Mac(AES-CMAC, ****)) Ok(Mac(retail, ****))");
}
