//! What every vault must do, told with published values. The tests of a hardware vault run the same functions.

use codecs::iso8583::{MacKey, Padding};
use codecs::keys::{
    CheckMethod, KeyKind, KeyUse, KeyVault, MacAlgorithm, SoftwareVault, VaultError, Wrap, WrappedKey,
};
use serde_json::Value;

/// The keys the suite wraps others under. A vault under test must have them, by these names.
pub(crate) const KEKS: [(&str, KeyKind, &str); 4] = [
    ("kek-tdes", KeyKind::Des, "1022324354657687A8B9CADBECFD0E1F"),
    ("kek-tdes3", KeyKind::Des, "1022324354657687A8B9CADBECFD0E1F2334455667788990"),
    ("kek-aes", KeyKind::Aes, "000102030405060708090A0B0C0D0E0F"),
    ("kek-aes256", KeyKind::Aes, "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4"),
];

/// A key with the MACs of some data, and its check values, from a file of vectors.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) kind: KeyKind,
    pub(crate) key: Vec<u8>,
    pub(crate) algorithm: MacAlgorithm,
    pub(crate) data: Vec<u8>,
    pub(crate) mac: Vec<u8>,
}

fn unhex(value: &Value) -> Vec<u8> {
    codecs::hex::decode(value.as_str().expect("a string").as_bytes()).expect("hexadecimal text")
}

/// The cases of `mac-vectors.json`: ISO 9797-1 algorithm 3 and RFC 4493.
pub(crate) fn published(file: &Value) -> Vec<Case> {
    let list = |key: &str| file[key].as_array().cloned().expect("a list");
    let retail = list("retail_mac").into_iter().map(|v| {
        let padding = if v["padding"] == 1 { Padding::Zeros } else { Padding::OneThenZeros };
        (v, KeyKind::Des, MacAlgorithm::Retail(padding))
    });
    let cmac = list("aes_cmac_rfc4493").into_iter().map(|v| (v, KeyKind::Aes, MacAlgorithm::AesCmac));
    let case = |(v, kind, algorithm): (Value, _, _)| Case {
        name: format!("{} {}", v["alg"], v["data_hex"]),
        kind,
        key: unhex(&v["key_hex"]),
        algorithm,
        data: unhex(&v["data_hex"]),
        mac: unhex(&v["mac_hex"]),
    };
    retail.chain(cmac).map(case).collect()
}

/// The valid and the forged cases of Wycheproof, with the verdict.
pub(crate) fn wycheproof(file: &Value) -> Vec<(Case, bool)> {
    let groups = file["testGroups"].as_array().expect("a list");
    let tests = groups.iter().flat_map(|group| group["tests"].as_array().expect("a list"));
    let case = |v: &Value| Case {
        name: v["tcId"].to_string(),
        kind: KeyKind::Aes,
        key: unhex(&v["key"]),
        algorithm: MacAlgorithm::AesCmac,
        data: unhex(&v["msg"]),
        mac: unhex(&v["tag"]),
    };
    tests.map(|v| (case(v), v["result"] == "valid")).collect()
}

/// Puts `key` into `vault` wrapped as `wrap`, under the KEK of that name. Wrapping is the software vault's work.
pub(crate) fn import(
    vault: &dyn KeyVault,
    (kek, wrap): (&str, Wrap),
    (name, kind, key): (&str, KeyKind, &[u8]),
    check: Option<&str>,
) -> Result<String, VaultError> {
    let block = wrapped((kek, wrap), kind, key);
    let method = if kind == KeyKind::Aes { CheckMethod::Cmac } else { CheckMethod::EncryptZeros };
    let value = vault.import(&WrappedKey { name, kind, under: kek, wrap, block: &block, method, check })?;
    Ok(value.to_string())
}

pub(crate) fn wrapped((kek, wrap): (&str, Wrap), kind: KeyKind, key: &[u8]) -> Vec<u8> {
    let sender = SoftwareVault::new();
    let (_, kek_kind, hex) = KEKS.iter().find(|(name, ..)| *name == kek).expect("a KEK of the suite");
    sender
        .put(kek, *kek_kind, KeyUse::Unwrap, &MacKey::from_hex(hex).expect("a literal"))
        .expect("a good KEK");
    sender.put("k", kind, KeyUse::Mac, &MacKey::new(key.to_vec())).expect("a good key");
    sender.wrap("k", kek, wrap).expect("a key that can be wrapped so")
}

/// Every published MAC through keys that came wrapped as one of `ways`; gives how many were compared.
pub(crate) fn macs(vault: &dyn KeyVault, ways: &[(&str, Wrap)], cases: &[Case]) -> usize {
    let mut compared = 0;
    for case in cases {
        for way in ways.iter().filter(|(_, wrap)| wrap.block_bytes(case.key.len()).is_some()) {
            import(vault, *way, ("suite", case.kind, &case.key), None)
                .unwrap_or_else(|error| panic!("{} {way:?}: {error}", case.name));
            let tag = vault
                .mac("suite", case.algorithm, &case.data)
                .unwrap_or_else(|error| panic!("{}: {error}", case.name));
            assert_eq!(tag.as_bytes(), case.mac, "{} {way:?}", case.name);
            vault.remove("suite").expect("it is there");
            compared += 1;
        }
    }
    compared
}

/// Every case of Wycheproof whose key is of a length AES has: valid codes agree, forged ones do not.
pub(crate) fn wycheproof_macs(vault: &dyn KeyVault, way: (&str, Wrap), cases: &[(Case, bool)]) -> usize {
    let mut compared = 0;
    for (case, valid) in cases.iter().filter(|(case, _)| way.1.block_bytes(case.key.len()).is_some()) {
        if !matches!(case.key.len(), 16 | 24 | 32) {
            assert!(!valid, "{}", case.name);
            continue;
        }
        import(vault, way, ("suite", case.kind, &case.key), None).expect("a good key");
        let tag = vault.mac("suite", case.algorithm, &case.data).expect("a code");
        assert_eq!(tag.as_bytes() == case.mac, *valid, "case {}", case.name);
        vault.remove("suite").expect("it is there");
        compared += 1;
    }
    compared
}

/// Key check values: `08D7B4` and the zero-key `763CBC` are in many manuals, those of the keys of NIST SP 800-38B
/// appendix D as its "L"; the rest were computed with OpenSSL 3.0.
pub(crate) const CHECK_VALUES: [(KeyKind, &str, CheckMethod, &str); 9] = {
    use CheckMethod::{Cmac, EncryptZeros};
    use KeyKind::{Aes, Des};
    [
        (Des, "0123456789ABCDEFFEDCBA9876543210", EncryptZeros, "08D7B4"),
        (Des, "0123456789ABCDEF", EncryptZeros, "D5D44F"),
        (Des, "0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123", EncryptZeros, "4EBA73"),
        (Aes, "2B7E151628AED2A6ABF7158809CF4F3C", EncryptZeros, "7DF76B"),
        (Aes, "2B7E151628AED2A6ABF7158809CF4F3C", Cmac, "7AD386C376"),
        (Aes, "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4", EncryptZeros, "E568F6"),
        (Aes, "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4", Cmac, "1A0B2DF267"),
        (Aes, "00000000000000000000000000000000", EncryptZeros, "66E94B"),
        (Aes, "00000000000000000000000000000000", Cmac, "763CBCDE81"),
    ]
};

/// Check values of keys that came wrapped; keys of a length in `lengths` only.
pub(crate) fn check_values(vault: &dyn KeyVault, ways: &[(&str, Wrap)], lengths: &[usize]) -> usize {
    let mut compared = 0;
    for (kind, hex, method, expected) in CHECK_VALUES {
        let key = codecs::hex::decode(hex.as_bytes()).expect("a literal");
        if !lengths.contains(&key.len()) {
            continue;
        }
        for way in ways.iter().filter(|(_, wrap)| wrap.block_bytes(key.len()).is_some()) {
            import(vault, *way, ("suite", kind, &key), None).expect("a good key");
            let value = vault.check_value("suite", method).expect("a check value");
            assert_eq!(value.to_string(), expected, "{hex} {method:?} {way:?}");
            vault.remove("suite").expect("it is there");
            compared += 1;
        }
    }
    compared
}

/// What a vault refuses, whatever it is made of. Leaves it as it was.
pub(crate) fn refusals(vault: &dyn KeyVault, way: (&str, Wrap)) {
    let kind = if way.1.kind() == KeyKind::Aes { KeyKind::Aes } else { KeyKind::Des };
    let key = codecs::hex::decode(b"0123456789ABCDEFFEDCBA9876543210").expect("a literal");
    let (algorithm, other) = match kind {
        KeyKind::Aes => (MacAlgorithm::AesCmac, MacAlgorithm::Retail(Padding::Zeros)),
        KeyKind::Des => (MacAlgorithm::Retail(Padding::Zeros), MacAlgorithm::AesCmac),
    };
    let unknown = |name: &str| VaultError::UnknownKey(name.to_owned());
    assert_eq!(vault.mac("nobody", algorithm, b"x").err(), Some(unknown("nobody")));
    assert_eq!(vault.check_value("nobody", CheckMethod::EncryptZeros).err(), Some(unknown("nobody")));
    assert_eq!(vault.remove("nobody"), Err(unknown("nobody")));
    assert_eq!(
        vault.mac(way.0, algorithm, b"x").err(),
        Some(VaultError::WrongUse(way.0.into())),
        "a key encryption key signs nothing"
    );

    // A key that fails its check value is not kept, under any name.
    let wrong = import(vault, way, ("new", kind, &key), Some("FFFFFF"));
    assert_eq!(wrong, Err(VaultError::CheckValueMismatch));
    assert_eq!(vault.mac("new", algorithm, b"x").err(), Some(unknown("new")));

    let value = import(vault, way, ("new", kind, &key), None).expect("a good key");
    assert_eq!(vault.mac("new", other, b"x").err(), Some(VaultError::WrongKind));
    let again = import(vault, way, ("new", kind, &key), Some(&value));
    assert_eq!(again, Err(VaultError::NameTaken("new".into())));
    let block = wrapped(way, kind, &key);
    let under = |under, block| WrappedKey {
        name: "newer",
        kind,
        under,
        wrap: way.1,
        block,
        method: CheckMethod::EncryptZeros,
        check: None,
    };
    assert_eq!(vault.import(&under("nobody", &block)).err(), Some(unknown("nobody")));
    assert_eq!(vault.import(&under("new", &block)).err(), Some(VaultError::WrongUse("new".into())));
    assert!(matches!(vault.import(&under(way.0, &block[..7])), Err(VaultError::WrongLength(_))));
    vault.remove("new").expect("it is there");
    assert_eq!(vault.mac("new", algorithm, b"x").err(), Some(unknown("new")), "what is removed is gone");
}
