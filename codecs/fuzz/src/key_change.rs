//! Key change: a layout from a file and a message read with it; a key that is read is delivered as it came.

use codecs::iso8583::key_change::{KeyAnswer, KeyRequest, NewKey, NewName};
use codecs::iso8583::{Draft, Mode, Padding, Profile, decode};
use codecs::keys::{KeyKind, KeyUse, MacAlgorithm, SoftwareVault, WorkingKey};

use super::input::Input;

/// Layouts of field 48, in turn with whatever the input says.
const LAYOUTS: [&str; 4] = ["0{key}", "{key}{check}", "01{key}{any:4}{check}", ""];

/// Takes a layout and a message. True when the message is a key change.
pub fn key_change(bytes: &[u8]) -> bool {
    let mut input = Input(bytes);
    let own = input.byte();
    let layout = match LAYOUTS[usize::from(own) % 4] {
        "" => String::from_utf8_lossy(input.piece()).into_owned(),
        layout => layout.to_owned(),
    };
    let digits = if layout.contains("{check}") { 6 } else { 0 };
    let profile = Profile::from_toml(&format!(
        "base = \"iso87-abin\"\n[key_change]\nrequest = \"101\"\ndeliver = \"161\"\nwrap = \"tdes-ecb\"\n\
         key = \"des\"\nkey_bytes = 16\ncheck_digits = {digits}\n[key_change.fields]\n48 = {layout:?}\n"
    ));
    let Ok(profile) = profile else { return false };
    let change = profile.key_change().expect("the file says how");
    let Ok(message) = decode(&profile, input.0, Mode::Strict) else { return false };

    match (change.read(&message), change.read_answer(&message)) {
        (Ok(Some(KeyRequest::Delivers(key))), answer) => {
            assert_eq!(answer, Ok(None), "a request is no answer");
            assert_eq!(key.block.len(), 16);
            delivered_as_it_came(&profile, &key);
            without_a_vault_nothing_changes(&profile, &key);
            let answer = change.answer(&message, change.accepted()).expect("a request has an answer");
            assert!(answer.mti().is_response() && answer.has(39));
            true
        }
        (Ok(Some(KeyRequest::Asks)), answer) => {
            assert_eq!(answer, Ok(None), "a request is no answer");
            true
        }
        (Ok(None), Ok(Some(answer))) => {
            if let KeyAnswer::Accepted(Some(key)) = answer {
                delivered_as_it_came(&profile, &key);
            }
            true
        }
        (Err(error), _) | (_, Err(error)) => {
            assert!(matches!(error.field, 39 | 48), "{error}");
            false
        }
        (Ok(None), Ok(None)) => false,
    }
}

fn delivered_as_it_came(profile: &Profile, key: &NewKey) {
    let change = profile.key_change().expect("the file says how");
    let mut draft = Draft::new("0800".parse().expect("a message type"));
    change.deliver(key, &mut draft).expect("a key that was read");
    let mut wire = Vec::new();
    draft.encode(profile, &mut wire).expect("a layout of the profile");
    let message = decode(profile, &wire, Mode::Strict).expect("what is written can be read");
    assert_eq!(change.read(&message), Ok(Some(KeyRequest::Delivers(key.clone()))));
    assert!(!format!("{key:?}").contains(&codecs::hex::encode(&key.block)), "a key is never printed");
}

/// Whatever the block is, the key in use stays until the change is activated; a wrong check value leaves nothing.
fn without_a_vault_nothing_changes(profile: &Profile, key: &NewKey) {
    let change = profile.key_change().expect("the file says how");
    let vault = SoftwareVault::new();
    let kek = codecs::iso8583::MacKey::from_hex("1022324354657687A8B9CADBECFD0E1F").expect("a literal");
    vault.put("kek", KeyKind::Des, KeyUse::Unwrap, &kek).expect("a good key");
    let mut working = WorkingKey::new("old", MacAlgorithm::Retail(Padding::Zeros));
    let (code, error) = change.install(key, NewName { name: "new", under: "kek" }, &mut working, &vault);
    assert_eq!(working.current(), "old");
    assert_eq!((code == change.accepted(), working.next().is_some()), (error.is_none(), error.is_none()));
}
