//! Keys in a vault: the suite every vault passes, on the one in memory, and what only that one does.

use codecs::iso8583::{Draft, MacKey, Mode, Padding, SealError, VerifyError, decode};
use codecs::keys::{
    CheckMethod, CheckValue, KeyKind, KeyUse, KeyVault, MacAlgorithm, MacSource, Overlap, SoftwareVault,
    VaultError, VaultMac, VerifiedWith, WorkingKey, Wrap, WrappedKey,
};
use codecs::{ErrorKind, hex};
use proptest::prelude::*;

use crate::support::{bytes, golden, mac_of, profile, text, valid_vectors};
use crate::vault;

const WAYS: [(&str, Wrap); 9] = [
    ("kek-tdes", Wrap::TdesEcb),
    ("kek-tdes", Wrap::TdesCbc),
    ("kek-tdes3", Wrap::TdesEcb),
    ("kek-tdes3", Wrap::TdesCbc),
    ("kek-aes", Wrap::AesEcb),
    ("kek-aes", Wrap::AesCbc),
    ("kek-aes256", Wrap::AesCbc),
    ("kek-aes", Wrap::AesKeyWrap),
    ("kek-aes256", Wrap::AesKeyWrap),
];

fn with_keks() -> SoftwareVault {
    let vault = SoftwareVault::new();
    for (name, kind, hex) in vault::KEKS {
        vault.put(name, kind, KeyUse::Unwrap, &key(hex)).expect("a good key");
    }
    vault
}

fn key(hex: &str) -> MacKey {
    MacKey::from_hex(hex).expect("hexadecimal text")
}

#[test]
fn the_vault_in_memory_passes_the_suite() {
    let vault = with_keks();
    let published = vault::published(&golden("crypto/mac-vectors.json"));
    assert_eq!(vault::macs(&vault, &WAYS, &published), 18 * WAYS.len());
    let cases = vault::wycheproof(&golden("crypto/wycheproof_aes_cmac_test.json"));
    assert_eq!(vault::wycheproof_macs(&vault, ("kek-aes", Wrap::AesKeyWrap), &cases), 306);
    assert_eq!(vault::check_values(&vault, &WAYS, &[8, 16, 24, 32]), 73);
    for way in WAYS {
        vault::refusals(&vault, way);
    }
}

/// RFC 3394 sections 4.1, 4.3 and 4.6, and what a changed bit does.
#[test]
fn aes_key_wrap_equals_the_rfc() {
    #[rustfmt::skip]
    let table = [
        ("000102030405060708090A0B0C0D0E0F", "00112233445566778899AABBCCDDEEFF",
         "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5"),
        ("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "00112233445566778899AABBCCDDEEFF",
         "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7"),
        ("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
         "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
         "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21"),
    ];
    for (kek, plain, wrapped) in table {
        let vault = SoftwareVault::new();
        vault.put("kek", KeyKind::Aes, KeyUse::Unwrap, &key(kek)).expect("a good key");
        vault.put("k", KeyKind::Aes, KeyUse::Mac, &key(plain)).expect("a good key");
        let block = vault.wrap("k", "kek", Wrap::AesKeyWrap).expect("a good length");
        assert_eq!(hex::encode(&block), wrapped);
        for bit in 0..8 * block.len() {
            let mut changed = block.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let refused = vault.import(&WrappedKey {
                name: "other",
                kind: KeyKind::Aes,
                under: "kek",
                wrap: Wrap::AesKeyWrap,
                block: &changed,
                method: CheckMethod::Cmac,
                check: None,
            });
            assert_eq!(refused.err(), Some(VaultError::NotAWrappedKey), "bit {bit}");
        }
    }
}

#[test]
fn a_des_key_of_single_length_signs_by_algorithm_1_and_opens_nothing() {
    let vault = SoftwareVault::new();
    let single = key("0123456789ABCDEF");
    assert_eq!(vault.put("kek", KeyKind::Des, KeyUse::Unwrap, &single), Err(VaultError::WrongLength(8)));
    vault.put("mac", KeyKind::Des, KeyUse::Mac, &single).expect("a good key");
    // FIPS PUB 113 appendix: the data authentication code of "7654321 Now is the time for ".
    let tag = vault.mac("mac", MacAlgorithm::Retail(Padding::Zeros), b"7654321 Now is the time for ");
    assert_eq!(hex::encode(&tag.expect("a code").field()[..4]), "F1D30F68");
    vault.put("long", KeyKind::Des, KeyUse::Mac, &MacKey::new(vec![1; 24])).expect("a good key");
    let refused = vault.mac("long", MacAlgorithm::Retail(Padding::Zeros), b"");
    assert_eq!(refused.err(), Some(VaultError::WrongLength(24)));
}

#[test]
fn check_values_agree_by_their_first_digits() {
    let value = CheckValue::of_block(CheckMethod::EncryptZeros, &[0x08, 0xD7, 0xB4, 0xFB]).expect("3 bytes");
    #[rustfmt::skip]
    let table = [
        ("08D7B4", true), ("08d7b4", true), ("08D7", true), ("08D7B", true),
        ("08D", false), ("", false), ("08D7B5", false), ("08D7B4FB", false), ("٠٨D7", false),
    ];
    for (digits, agrees) in table {
        assert_eq!(value.agrees_with(digits), agrees, "{digits:?}");
    }
    assert_eq!((value.digits(4), value.digits(16)), ("08D7".into(), "08D7B4".into()));
    assert_eq!(CheckValue::of_block(CheckMethod::Cmac, &[0; 4]), None);
}

#[test]
fn keys_are_never_printed() {
    let vault = with_keks();
    let block = [0xAB; 16];
    let (_, _, kek) = vault::KEKS[0];
    let wrapped = WrappedKey {
        name: "new",
        kind: KeyKind::Des,
        under: "kek-tdes",
        wrap: Wrap::TdesEcb,
        block: &block,
        method: CheckMethod::EncryptZeros,
        check: None,
    };
    let shown = format!("{vault:?} {wrapped:?}");
    assert!(shown.contains("****") && !shown.contains("ABAB") && !shown.contains("171"), "{shown}");
    assert!(!shown.contains(&kek[..8]), "{shown}");
}

/// The bytes are those of the direct path, for every valid message of every dialect.
#[test]
fn a_vault_signs_and_verifies_what_a_key_in_memory_does() {
    let vault = SoftwareVault::new();
    vault
        .put("mac", KeyKind::Des, KeyUse::Mac, &key("0123456789ABCDEFFEDCBA9876543210"))
        .expect("a good key");
    let source = VaultMac { vault: &vault, key: "mac", algorithm: MacAlgorithm::Retail(Padding::Zeros) };
    let mac =
        codecs::iso8583::Mac::retail(&key("0123456789ABCDEFFEDCBA9876543210"), Padding::Zeros).expect("16");
    for vector in valid_vectors() {
        let profile = profile(text(&vector["profile"]));
        let wire = bytes(&vector["hex"]);
        let message = decode(&profile, &wire, Mode::Strict).expect("a valid vector");
        for draft in [message.to_draft(), message.to_draft().remove(64).remove(128).clone()] {
            let (mut direct, mut through) = (b"before".to_vec(), b"before".to_vec());
            let expected = draft.encode_with_mac(&profile, &mac, &mut direct);
            match (expected, draft.encode_with_mac_from(&profile, &source, &mut through)) {
                (Err(error), Err(SealError::Encode(same))) => assert_eq!(error, same),
                (Ok(()), Ok(())) => {
                    let sealed = decode(&profile, &direct[6..], Mode::Strict).expect("just written");
                    let field = if sealed.bitmap().needs_secondary() { 128 } else { 64 };
                    assert_eq!(sealed.verify_mac(field, &source), Ok(()), "{}", vector["id"]);
                }
                other => panic!("{}: {other:?}", vector["id"]),
            }
            assert_eq!(direct, through, "{}", vector["id"]);
        }
        if vector["mac"].is_object() {
            let field = vector["mac"]["field"].as_u64().expect("a field") as u8;
            assert_eq!(message.verify_mac(field, &mac_of(&vector)), Ok(()), "{}", vector["id"]);
        }
    }
}

struct Broken;

impl MacSource for Broken {
    fn tag(&self, _: &[u8]) -> Result<codecs::iso8583::Tag, VaultError> {
        Err(VaultError::Unavailable("the line is down".into()))
    }
}

#[test]
fn a_vault_that_fails_leaves_nothing_behind_and_condemns_nothing() {
    let profile = profile("iso87-abin");
    let mut draft = Draft::new("0800".parse().expect("a message type"));
    draft.set(11, "000001").set(70, "301");
    let mut out = b"before".to_vec();
    let refused = draft.encode_with_mac_from(&profile, &Broken, &mut out);
    assert_eq!(refused, Err(SealError::Vault(VaultError::Unavailable("the line is down".into()))));
    assert_eq!(out, b"before");

    draft.set(128, "0000000000000000");
    out.clear();
    draft.encode(&profile, &mut out).expect("a clean draft");
    let message = decode(&profile, &out, Mode::Strict).expect("just written");
    assert!(matches!(message.verify_mac(128, &Broken), Err(VerifyError::Vault(_))));
    let missing = message.verify_mac(64, &Broken);
    assert!(matches!(missing, Err(VerifyError::Message(e)) if e.kind == ErrorKind::MacMismatch));
}

/// One line a moment of a key change: who signs, what is verified, with what.
#[test]
fn a_working_key_is_changed_in_two_phases() {
    let vault = with_keks();
    let profile = profile("iso87-abin");
    let algorithm = MacAlgorithm::Retail(Padding::OneThenZeros);
    let keys: [[u8; 16]; 6] = [1, 2, 3, 4, 5, 6].map(|n: u8| [0x11 * n; 16]);
    let way = ("kek-tdes", Wrap::TdesEcb);
    let names = ["k0", "k1", "k2", "k3", "k4", "k5"];
    let block = |n: usize| vault::wrapped(way, KeyKind::Des, &keys[n]);
    let sealed = |n: usize| {
        let mac =
            codecs::iso8583::Mac::retail(&MacKey::new(keys[n].to_vec()), Padding::OneThenZeros).expect("16");
        let mut draft = Draft::new("0800".parse().expect("a message type"));
        draft.set(11, "000001").set(70, "301");
        let mut out = Vec::new();
        draft.encode_with_mac(&profile, &mac, &mut out).expect("a clean draft");
        out
    };
    let offer = |working: &mut WorkingKey, n: usize, check: Option<&str>| {
        let block = block(n);
        working.offer(
            &vault,
            &WrappedKey {
                name: names[n],
                kind: KeyKind::Des,
                under: way.0,
                wrap: way.1,
                block: &block,
                method: CheckMethod::EncryptZeros,
                check,
            },
        )
    };
    let verify = |working: &mut WorkingKey, n: usize, now_ms: i64| {
        let wire = sealed(n);
        let message = decode(&profile, &wire, Mode::Strict).expect("just written");
        working.verify(&vault, &message, 128, now_ms).ok()
    };
    vault.put("k0", KeyKind::Des, KeyUse::Mac, &MacKey::new(keys[0].to_vec())).expect("a good key");
    let mut working = WorkingKey::new("k0", algorithm);
    let overlap = Overlap { uses_max: 2, until_ms: 1_000 };

    // A wrong check value: nothing is kept, nothing changes.
    assert_eq!(offer(&mut working, 1, Some("000000")), Err(VaultError::CheckValueMismatch));
    assert_eq!((working.current(), working.next()), ("k0", None));
    assert_eq!(working.activate(&vault, overlap), Ok(false));

    // Offered and not yet active: the old one signs and verifies, the new one does neither.
    let value = offer(&mut working, 1, None).expect("a good key");
    assert_eq!((working.current(), working.next()), ("k0", Some("k1")));
    assert_eq!(verify(&mut working, 0, 0), Some(VerifiedWith::Current));
    assert_eq!(verify(&mut working, 1, 0), None);

    // Active: the old one verifies twice, or until its time; forged messages do not use it up.
    assert_eq!(working.activate(&vault, overlap), Ok(true));
    assert_eq!(working.current(), "k1");
    assert_eq!(working.signer(&vault).tag(b"x"), vault.mac("k1", algorithm, b"x"));
    assert_eq!(verify(&mut working, 1, 0), Some(VerifiedWith::Current));
    assert_eq!(verify(&mut working, 5, 0), None);
    assert_eq!(verify(&mut working, 0, 999), Some(VerifiedWith::Replaced));
    assert_eq!(verify(&mut working, 0, 1_000), None, "its time is over");
    assert_eq!(verify(&mut working, 0, 999), Some(VerifiedWith::Replaced));
    assert_eq!(verify(&mut working, 0, 0), None, "it has verified twice");
    working.retire(&vault, 0).expect("it can be removed");
    assert!(vault.check_value("k0", CheckMethod::EncryptZeros).is_err(), "a key that is out of use is gone");

    // A repeated offer of the key in use is no change; another key under its name is refused.
    assert_eq!(offer(&mut working, 1, Some(&value.to_string())), Ok(value));
    assert_eq!(offer(&mut working, 1, None), Err(VaultError::NameTaken("k1".into())));
    assert_eq!(working.next(), None);

    // An offer that is given up, and one that replaces another.
    offer(&mut working, 2, None).expect("a good key");
    working.abandon(&vault).expect("it can be removed");
    assert_eq!((working.next(), vault.remove("k2")), (None, Err(VaultError::UnknownKey("k2".into()))));
    offer(&mut working, 2, None).expect("a good key");
    offer(&mut working, 3, None).expect("a good key");
    assert_eq!((working.next(), vault.remove("k2")), (Some("k3"), Err(VaultError::UnknownKey("k2".into()))));

    // At most three replaced keys are kept.
    working.activate(&vault, overlap).expect("offered");
    for n in [2, 4, 5] {
        offer(&mut working, n, None).expect("a good key");
        working.activate(&vault, overlap).expect("offered");
    }
    assert_eq!(verify(&mut working, 1, 0), None, "k1 made room");
    assert_eq!(vault.remove("k1"), Err(VaultError::UnknownKey("k1".into())));
    assert_eq!(verify(&mut working, 3, 0), Some(VerifiedWith::Replaced));

    // A key the algorithm cannot use is not kept.
    let aes = vault::wrapped(way, KeyKind::Aes, &keys[0]);
    let unusable = working.offer(
        &vault,
        &WrappedKey {
            name: "aes",
            kind: KeyKind::Aes,
            under: way.0,
            wrap: way.1,
            block: &aes,
            method: CheckMethod::Cmac,
            check: None,
        },
    );
    assert_eq!(unusable, Err(VaultError::WrongKind));
    assert_eq!(vault.remove("aes"), Err(VaultError::UnknownKey("aes".into())));
}

#[test]
fn wrapped_keys_come_back_however_they_travel() {
    let vault = with_keks();
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(key in prop_oneof![
        proptest::collection::vec(any::<u8>(), 16), proptest::collection::vec(any::<u8>(), 24),
        proptest::collection::vec(any::<u8>(), 32)], data in proptest::collection::vec(any::<u8>(), 0..80))| {
        let mac = codecs::iso8583::Mac::aes_cmac(&MacKey::new(key.clone())).expect("a good length");
        for way in WAYS.iter().filter(|(_, wrap)| wrap.block_bytes(key.len()).is_some()) {
            vault::import(&vault, *way, ("k", KeyKind::Aes, &key), None)
                .map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(vault.mac("k", MacAlgorithm::AesCmac, &data), Ok(mac.compute(&data)));
            vault.remove("k").map_err(|error| TestCaseError::fail(error.to_string()))?;
        }
    });
}

/// Any block under any key is a key, or is refused by its length or integrity; never a panic.
#[test]
fn arbitrary_blocks_are_keys_or_refused() {
    let vault = with_keks();
    let config = ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(block in proptest::collection::vec(any::<u8>(), 0..50), way in 0..WAYS.len(),
                        kind in prop_oneof![Just(KeyKind::Des), Just(KeyKind::Aes)])| {
        let (under, wrap) = WAYS[way];
        let key = WrappedKey { name: "k", kind, under, wrap, block: &block, method: CheckMethod::EncryptZeros, check: None };
        match vault.import(&key) {
            Ok(_) => vault.remove("k").map_err(|error| TestCaseError::fail(error.to_string()))?,
            Err(error) => prop_assert!(matches!(error, VaultError::WrongLength(_) | VaultError::NotAWrappedKey)),
        }
    });
}
