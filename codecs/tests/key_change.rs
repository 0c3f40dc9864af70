//! Key change: the messages, by the layout of a profile, and the swap in both directions.

use std::sync::Arc;

use codecs::hex;
use codecs::iso8583::key_change::{KeyAnswer, KeyChange, KeyChangeProblem, KeyRequest, NewKey, NewName};
use codecs::iso8583::{Draft, MacKey, Message, Mode, Padding, Profile, decode};
use codecs::keys::{
    KeyKind, KeyUse, KeyVault, MacAlgorithm, Overlap, SoftwareVault, VaultError, VerifiedWith, WorkingKey,
    Wrap,
};
use proptest::prelude::*;

use crate::support::{bytes, text, valid_vectors};
use crate::vault;

/// A host that delivers with 161 what is asked for with 101, key and check value in field 48.
const HOST: &str = r#"
base = "iso87-abin"

[key_change]
request = "101"
deliver = "161"
wrap = "tdes-ecb"
key = "des"
key_bytes = 16
check_digits = 6

[key_change.fields]
48 = "01{key}{check}"
53 = "26{any:14}"
"#;

fn host() -> Profile {
    Profile::from_toml(HOST).expect("a good profile")
}

fn change(profile: &Profile) -> &KeyChange {
    profile.key_change().expect("the profile says how")
}

fn request(mti: &str) -> Draft<'static> {
    let mut draft = Draft::new(mti.parse().expect("a message type"));
    draft.set(7, "1122000501").set(11, "000003").set(33, "275001");
    draft
}

fn wire(profile: &Profile, draft: &Draft<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    draft.encode(profile, &mut out).expect("a clean draft");
    out
}

fn read<'a>(profile: &'a Profile, wire: &'a [u8]) -> Message<'a> {
    decode(profile, wire, Mode::Strict).expect("just written")
}

fn new_key(block: &str, check: Option<&str>) -> NewKey {
    NewKey { block: hex::decode(block.as_bytes()).expect("a literal"), check: check.map(str::to_owned) }
}

/// V005, written by another implementation: a key of single length in field 48 after a digit, control in field 53.
#[test]
fn a_key_exchange_of_another_implementation_is_read_and_written() {
    let profile = Profile::from_toml(
        r#"
        base = "iso87-bcd"
        [key_change]
        request = "101"
        wrap = "tdes-ecb"
        key = "des"
        key_bytes = 8
        [key_change.fields]
        48 = "0{key}"
        53 = "2600000000000000"
        "#,
    )
    .expect("a good profile");
    let vectors = valid_vectors();
    let v005 = vectors.iter().find(|vector| vector["id"] == "V005").expect("it is there");
    let bytes = bytes(&v005["hex"]);
    let message = read(&profile, &bytes);
    let key = new_key("ABCDEF0123456789", None);
    assert_eq!(change(&profile).read(&message), Ok(Some(KeyRequest::Delivers(key.clone()))));

    let mut draft = Draft::new(message.mti());
    for n in [7, 11, 12, 13, 128] {
        draft.set(n, text(&v005["fields"][n.to_string()]).to_owned());
    }
    change(&profile).deliver(&key, &mut draft).expect("a key of the agreed length");
    assert_eq!(hex::encode(&wire(&profile, &draft)), text(&v005["hex"]));
}

/// Each row: what the host's layout makes of a message.
#[test]
fn a_message_is_a_request_a_delivery_or_wrong_in_a_field() {
    let profile = host();
    let block = "00112233445566778899AABBCCDDEEFF";
    let good = format!("01{block}08d7b4");
    let delivered = || Ok(Some(KeyRequest::Delivers(new_key(block, Some("08D7B4")))));
    let wrong = |field, problem| Err((field, problem));
    let control = "2600000000000001";
    #[rustfmt::skip]
    let table = [
        ("0800", "101", None,                Some(control),   Ok(Some(KeyRequest::Asks))),
        ("0800", "161", Some(&*good),         Some(control),   delivered()),
        ("0801", "161", Some(&*good),         Some(control),   delivered()),
        ("0800", "101", Some(&*good),         Some(control),   delivered()),
        ("0800", "301", Some(&*good),         Some(control),   Ok(None)),
        ("0200", "161", Some(&*good),         Some(control),   Ok(None)),
        ("0880", "161", Some(&*good),         Some(control),   Ok(None)),
        ("0810", "161", Some(&*good),         Some(control),   Ok(None)),
        ("0800", "161", None,                Some(control),   wrong(48, KeyChangeProblem::Missing)),
        ("0800", "161", Some(&good[..38]),   Some(control),   wrong(48, KeyChangeProblem::Length)),
        ("0800", "161", Some("02ffffffffffffffffffffffffffffffff08d7b4"), Some(control), wrong(48, KeyChangeProblem::Text)),
        ("0800", "161", Some("01fffffffffffffffffffffffffffffffg08d7b4"), Some(control), wrong(48, KeyChangeProblem::NotHex)),
        ("0800", "161", Some(&*good),         None,            wrong(53, KeyChangeProblem::Missing)),
    ];
    for (mti, code, private, control, expected) in table {
        let mut draft = request(mti);
        draft.set(70, code);
        if let Some(private) = private {
            draft.set(48, private);
        }
        if let Some(control) = control {
            draft.set(53, control);
        }
        let wire = wire(&profile, &draft);
        let read = change(&profile).read(&read(&profile, &wire));
        assert_eq!(read.map_err(|error| (error.field, error.problem)), expected, "{mti} {code} {private:?}");
    }
    let error = codecs::iso8583::key_change::KeyChangeError { field: 48, problem: KeyChangeProblem::Length };
    assert_eq!(error.to_string(), "field 48: the field is not as long as its layout");
}

/// Both ends of a line: the host wraps with its own vault, we take in with ours.
struct Line {
    profile: Arc<Profile>,
    host: SoftwareVault,
    ours: SoftwareVault,
}

const ALGORITHM: MacAlgorithm = MacAlgorithm::Retail(Padding::OneThenZeros);

impl Line {
    fn new() -> Self {
        let (host, ours) = (SoftwareVault::new(), SoftwareVault::new());
        let key = |hex: &str| MacKey::from_hex(hex).expect("a literal");
        for vault in [&host, &ours] {
            let (name, kind, kek) = vault::KEKS[0];
            vault.put(name, kind, KeyUse::Unwrap, &key(kek)).expect("a good key");
            vault
                .put("old", KeyKind::Des, KeyUse::Mac, &key("11111111111111112222222222222222"))
                .expect("a good key");
        }
        host.put("new", KeyKind::Des, KeyUse::Mac, &key("0123456789ABCDEFFEDCBA9876543210"))
            .expect("a good key");
        Line { profile: Arc::new(self::host()), host, ours }
    }

    fn new_key(&self, check: &str) -> NewKey {
        let block = self.host.wrap("new", "kek-tdes", Wrap::TdesEcb).expect("a good key");
        NewKey { block, check: Some(check.to_owned()) }
    }

    /// A message under the host's key of that name.
    fn sent_by_host(&self, draft: &Draft<'_>, key: &str) -> Vec<u8> {
        let signer = codecs::keys::VaultMac { vault: &self.host, key, algorithm: ALGORITHM };
        let mut out = Vec::new();
        draft.encode_with_mac_from(&self.profile, &signer, &mut out).expect("a clean draft");
        out
    }
}

const NAME: NewName<'static> = NewName { name: "new", under: "kek-tdes" };
const OVERLAP: Overlap = Overlap { uses_max: 10, until_ms: 60_000 };

/// The host delivers, we answer under the old key, both change after the answer.
#[test]
fn a_delivered_key_is_used_after_our_answer() {
    let line = Line::new();
    let change = change(&line.profile);
    let mut working = WorkingKey::new("old", ALGORITHM);
    let mut draft = request("0800");
    change.deliver(&line.new_key("08D7B4"), &mut draft).expect("a good key");
    let wire = line.sent_by_host(&draft, "old");

    let message = read(&line.profile, &wire);
    assert_eq!(working.verify(&line.ours, &message, 128, 0), Ok(VerifiedWith::Current));
    let Ok(Some(KeyRequest::Delivers(key))) = change.read(&message) else { panic!("it delivers a key") };
    let (code, error) = change.install(&key, NAME, &mut working, &line.ours);
    assert_eq!((code, error), ("00", None));

    let answer = change.answer(&message, code).expect("it is a request");
    let mut out = Vec::new();
    answer.encode_with_mac_from(&line.profile, &working.signer(&line.ours), &mut out).expect("a clean draft");
    let answer = read(&line.profile, &out);
    let fields: Vec<_> =
        answer.fields().filter(|(n, _)| *n != 128).map(|(n, text)| (n, text.into_owned())).collect();
    let expected = [(7, "1122000501"), (11, "000003"), (33, "275001"), (39, "00"), (70, "161")]
        .map(|(n, t)| (n, t.to_owned()));
    assert_eq!((answer.mti().to_string(), fields), ("0810".into(), expected.to_vec()));
    let old = codecs::keys::VaultMac { vault: &line.host, key: "old", algorithm: ALGORITHM };
    assert_eq!(answer.verify_mac(128, &old), Ok(()), "the answer is still under the old key");
    assert_eq!(change.read_answer(&answer), Ok(Some(KeyAnswer::Accepted(None))));

    assert_eq!(working.activate(&line.ours, OVERLAP), Ok(true));
    let mut echo = request("0800");
    echo.set(70, "301");
    for (key, verified) in [("new", VerifiedWith::Current), ("old", VerifiedWith::Replaced)] {
        let wire = line.sent_by_host(&echo, key);
        let seen = working.verify(&line.ours, &read(&line.profile, &wire), 128, 1);
        assert_eq!(seen, Ok(verified), "under the {key} key");
    }
}

/// Each row: what arrives, the code of our answer, why. Whatever it is, the old key stays alone.
#[test]
fn without_a_right_check_value_nothing_changes() {
    #[rustfmt::skip]
    let table = [
        (NAME, "08D7B5", "63", Some(VaultError::CheckValueMismatch)),
        (NewName { name: "new", under: "kek-other" }, "08D7B4", "96", Some(VaultError::UnknownKey("kek-other".into()))),
        (NewName { name: "old", under: "kek-tdes" }, "08D7B4", "96", Some(VaultError::NameTaken("old".into()))),
    ];
    for (name, check, expected, why) in table {
        let line = Line::new();
        let mut working = WorkingKey::new("old", ALGORITHM);
        let change = change(&line.profile);
        let outcome = change.install(&line.new_key(check), name, &mut working, &line.ours);
        assert_eq!(outcome, (expected, why));
        assert_eq!((working.current(), working.next()), ("old", None));
        assert_eq!(working.activate(&line.ours, OVERLAP), Ok(false));
        assert_eq!(line.ours.mac("new", ALGORITHM, b"x").err(), Some(VaultError::UnknownKey("new".into())));
    }
}

/// We ask, and the host delivers in its answer; or refuses.
#[test]
fn a_key_that_was_asked_for_comes_in_the_answer() {
    let line = Line::new();
    let change = change(&line.profile);
    let mut draft = request("0800");
    change.ask(&mut draft);
    let wire = wire(&line.profile, &draft);
    let asked = read(&line.profile, &wire);
    assert_eq!(change.read(&asked), Ok(Some(KeyRequest::Asks)));

    let key = line.new_key("08D7B4");
    let answer = line.sent_by_host(&change.answer_with(&asked, &key).expect("a good key"), "old");
    let read_back = change.read_answer(&read(&line.profile, &answer));
    assert_eq!(read_back, Ok(Some(KeyAnswer::Accepted(Some(key)))));

    let refused = line.sent_by_host(&change.answer(&asked, "91").expect("a request"), "old");
    let refused = read(&line.profile, &refused);
    assert_eq!(change.read_answer(&refused), Ok(Some(KeyAnswer::Refused("91".into()))));
    assert_eq!(change.read_answer(&asked), Ok(None), "a request is no answer");
    let no_request = change.answer(&refused, "00").map(|_| ()).map_err(|error| error.problem);
    assert_eq!(no_request, Err(KeyChangeProblem::NotARequest));
}

#[test]
fn what_cannot_be_delivered_is_refused() {
    let profile = host();
    let short = new_key("0011", Some("08D7B4"));
    let unchecked = new_key("00112233445566778899AABBCCDDEEFF", None);
    let cut = new_key("00112233445566778899AABBCCDDEEFF", Some("08D"));
    for (key, problem) in [
        (short, KeyChangeProblem::Length),
        (unchecked, KeyChangeProblem::Missing),
        (cut, KeyChangeProblem::Length),
    ] {
        let refused = change(&profile).deliver(&key, &mut request("0800"));
        assert_eq!(refused.map_err(|error| (error.field, error.problem)), Err((48, problem)));
    }
}

/// Field 96, the 64-bit key block, is bytes; field 125 is text; the codes of 1993 are others.
#[test]
fn the_layout_is_the_profiles() {
    let block = new_key("ABCDEF0123456789", Some("D5D4"));
    let in_96 = HOST
        .replace("key_bytes = 16", "key_bytes = 8")
        .replace("check_digits = 6", "check_digits = 4")
        .replace("48 = \"01{key}{check}\"", "96 = \"{key}\"\n125 = \"KCV{check}\"");
    let profile = Profile::from_toml(&in_96).expect("a good profile");
    let mut draft = request("0800");
    change(&profile).deliver(&block, &mut draft).expect("a good key");
    let bytes = wire(&profile, &draft);
    let message = read(&profile, &bytes);
    assert_eq!(message.wire(96), Some(&[0xAB, 0xCD, 0xEF, 0x01, 0x23, 0x45, 0x67, 0x89][..]));
    assert_eq!(message.text(125).as_deref(), Some("KCVD5D4"));
    assert_eq!(change(&profile).read(&message), Ok(Some(KeyRequest::Delivers(block))));

    let of_1993 =
        HOST.replace("iso87-abin", "iso93-abin").replace("\"101\"", "\"811\"").replace("\"161\"", "\"811\"");
    let of_1993 = of_1993.replace("53 = \"26{any:14}\"\n", "");
    let profile = Profile::from_toml(&of_1993).expect("a good profile");
    let change = change(&profile);
    assert_eq!(
        (change.accepted(), change.mismatch(), change.malformed(), change.failed()),
        ("800", "921", "904", "909")
    );
    let mut draft = request("1804");
    change.ask(&mut draft);
    assert!(draft.has(24) && !draft.has(70));
    let of_2003 = of_1993.replace("iso93-abin", "iso03-abin");
    let error = Profile::from_toml(&of_2003).err().map(|error| error.to_string());
    assert_eq!(error.as_deref(), Some("key_change.accepted: is missing"));
    let below = Profile::from_toml("base = \"iso87-abin\"").expect("a good profile");
    assert!(below.key_change().is_none());
}

/// Each row: a change to the host's file, and the key the error names.
#[test]
fn a_layout_that_makes_no_sense_is_named() {
    #[rustfmt::skip]
    let table = [
        ("key_bytes = 16", "key_bytes = 15", "key_change.key_bytes: "),
        ("key = \"des\"", "key = \"aes\"\nkey_bytes = 8", ""),
        ("check_digits = 6", "check_digits = 3", "key_change.check_digits: "),
        ("check_digits = 6", "check_digits = 7", "key_change.check_digits: "),
        ("check_digits = 6", "check_digits = 0", "key_change.fields: "),
        ("check_digits = 6", "check = \"cmac\"\ncheck_digits = 6", "key_change.check: "),
        ("01{key}{check}", "01{key}", "key_change.fields: "),
        ("01{key}{check}", "01{check}", "key_change.fields: "),
        ("01{key}{check}", "01{key}{key}{check}", "key_change.fields: "),
        ("01{key}{check}", "{key}{check}{any:0x}", "key_change.fields.48: "),
        ("01{key}{check}", "{key}{check}{kcv}", "key_change.fields.48: "),
        ("01{key}{check}", "{key}{check", "key_change.fields.48: "),
        ("01{key}{check}", "{key}{check}{any:999}", "key_change.fields.48: "),
        ("26{any:14}", "26", "key_change.fields.53: "),
        ("53 = ", "65 = ", "key_change.fields.65: "),
        ("53 = ", "x = ", "key_change.fields.x: "),
        ("wrap = ", "warp = ", ""),
    ];
    for (from, to, says) in table {
        assert!(HOST.contains(from), "{from}");
        let error = Profile::from_toml(&HOST.replacen(from, to, 1)).err().map(|error| error.to_string());
        assert!(error.as_ref().is_some_and(|error| error.starts_with(says)), "{to}: {error:?}");
    }
}

#[test]
fn a_delivered_key_comes_back_as_it_was_sent() {
    let profile = host();
    let config = ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(block in proptest::collection::vec(any::<u8>(), 16), check in "[0-9A-F]{6}")| {
        let key = NewKey { block, check: Some(check) };
        let mut draft = request("0800");
        change(&profile).deliver(&key, &mut draft).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let wire = wire(&profile, &draft);
        prop_assert_eq!(change(&profile).read(&read(&profile, &wire)), Ok(Some(KeyRequest::Delivers(key.clone()))));
        let shown = format!("{key:?}");
        prop_assert!(!shown.contains(&hex::encode(&key.block)));
    });
}
