//! The suite every vault passes, on a token of SoftHSM made for it; and that keys stay there.
//!
//! SoftHSM reads where its tokens are from the environment of the process, when it is loaded. So this program makes a
//! token in a folder of its own, starts itself again with that environment, and removes the folder. Without SoftHSM it
//! fails: `tests/run` installs it.

#[path = "../../codecs/tests/vault.rs"]
mod vault;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use codecs::iso8583::key_change::{KeyRequest, NewKey, NewName};
use codecs::iso8583::{Draft, MacKey, Mode, Padding, Profile, decode};
use codecs::keys::{
    CheckMethod, KeyKind, KeyUse, KeyVault, MacAlgorithm, Overlap, SoftwareVault, VaultError, VaultMac,
    VerifiedWith, WorkingKey, Wrap, WrappedKey,
};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::object::{Attribute, AttributeInfo, AttributeType, KeyType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use serde_json::Value;
use switch_hsm::{OffToken, Settings, TokenError, TokenVault};

const TOKEN: &str = "switch-hsm-tests";
const PIN: &str = "2468";

/// Where distributions put SoftHSM.
const LIBRARIES: [&str; 4] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

type Test = (&'static str, fn(&Token));

const TESTS: &[Test] = &[
    ("the token says what it can do", the_token_says_what_it_can_do),
    ("keys wrapped by RFC 3394 stay on the token", keys_wrapped_by_rfc_3394_stay_on_the_token),
    ("what the token cannot unwrap is refused", what_the_token_cannot_unwrap_is_refused),
    ("the suite passes where decrypting is allowed", the_suite_passes_where_decrypting_is_allowed),
    ("a key change goes through the token", a_key_change_goes_through_the_token),
    ("a changed block is no wrapped key", a_changed_block_is_no_wrapped_key),
    ("several threads may ask at once", several_threads_may_ask_at_once),
    ("a token that is not there is said", a_token_that_is_not_there_is_said),
];

fn main() -> ExitCode {
    if std::env::var_os("SOFTHSM2_CONF").is_some_and(|conf| Path::new(&conf).with_file_name("ours").exists())
    {
        let token = Token::new();
        for (name, test) in TESTS {
            test(&token);
            eprintln!("test {name} ... ok");
        }
        return ExitCode::SUCCESS;
    }
    let folder = std::env::temp_dir().join(format!("switch-hsm-{}", std::process::id()));
    let passed = with_token_in(&folder);
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Makes a token in `folder` and runs the tests on it, in a process of their own.
fn with_token_in(folder: &Path) -> bool {
    std::fs::create_dir_all(folder.join("tokens")).expect("a temporary folder");
    std::fs::write(folder.join("ours"), "").expect("a temporary folder");
    let conf = folder.join("softhsm2.conf");
    let tokens = folder.join("tokens");
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
        tokens.display()
    );
    std::fs::write(&conf, text).expect("a temporary folder");
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", "13579"])
        .env("SOFTHSM2_CONF", &conf)
        .output();
    match made {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("softhsm2-util: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            eprintln!(
                "softhsm2-util is not here ({error}): apt-get install softhsm2, or run tests/run, which does."
            );
            return false;
        }
    }
    let own = std::env::current_exe().expect("the path of this program");
    let status = Command::new(own).env("SOFTHSM2_CONF", &conf).status();
    status.expect("this program runs").success()
}

/// The token of this process, with the key encryption keys of the suite.
struct Token {
    library: PathBuf,
    module: Pkcs11,
    session: Session,
}

impl Token {
    fn new() -> Self {
        let library = LIBRARIES.iter().map(PathBuf::from).find(|path| path.exists());
        let library = library.expect("softhsm2-util is here, and so is its library");
        let module = Pkcs11::new(&library).expect("a PKCS#11 library");
        module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).expect("the first to do so");
        let slot = module.get_slots_with_initialized_token().expect("slots")[0];
        let session = module.open_rw_session(slot).expect("a session");
        session.login(UserType::User, Some(&AuthPin::from(PIN))).expect("the PIN it was made with");
        for (name, kind, hex) in vault::KEKS {
            let value = codecs::hex::decode(hex.as_bytes()).expect("a literal");
            let key_type = match (kind, value.len()) {
                (KeyKind::Aes, _) => KeyType::AES,
                (KeyKind::Des, 16) => KeyType::DES2,
                (KeyKind::Des, _) => KeyType::DES3,
            };
            let template = [
                Attribute::Class(ObjectClass::SECRET_KEY),
                Attribute::KeyType(key_type),
                Attribute::Label(name.as_bytes().to_vec()),
                Attribute::Token(true),
                Attribute::Private(true),
                Attribute::Sensitive(true),
                Attribute::Extractable(false),
                Attribute::Unwrap(true),
                Attribute::Decrypt(true),
                Attribute::Value(value),
            ];
            session.create_object(&template).expect("a key of the suite");
        }
        Token { library, module, session }
    }

    fn vault(&self, unwrap_off_token: OffToken) -> TokenVault {
        TokenVault::open(&self.settings(TOKEN, unwrap_off_token)).expect("the token")
    }

    fn settings(&self, token: &'static str, unwrap_off_token: OffToken) -> Settings<'_> {
        Settings { library: &self.library, token, pin: PIN.to_owned().into(), unwrap_off_token }
    }
}

fn golden(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../codecs/golden").join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

/// Of the ways keys travel, SoftHSM 2 unwraps RFC 3394 only; other modules offer more.
fn the_token_says_what_it_can_do(token: &Token) {
    let vault = token.vault(OffToken::Refuse);
    assert_eq!(vault.unwraps_on_token(), [Wrap::AesKeyWrap]);
    assert_eq!(format!("{vault:?}"), "TokenVault { unwraps: [AesKeyWrap], .. }");
    let shown = format!("{:?}", token.settings(TOKEN, OffToken::Refuse));
    assert!(shown.contains("****") && !shown.contains(PIN), "{shown}");
    let kek = vault.check_value("kek-tdes", CheckMethod::EncryptZeros).map(|value| value.to_string());
    let same = SoftwareVault::new();
    let (name, kind, hex) = vault::KEKS[0];
    same.put(name, kind, KeyUse::Unwrap, &MacKey::from_hex(hex).expect("a literal")).expect("a good key");
    let expected = same.check_value(name, CheckMethod::EncryptZeros).map(|value| value.to_string());
    assert_eq!(kek, expected);
}

/// The suite, nothing of it in the memory of this process; and the token's own word that nothing ever was.
fn keys_wrapped_by_rfc_3394_stay_on_the_token(token: &Token) {
    let vault = token.vault(OffToken::Refuse);
    let ways = [("kek-aes", Wrap::AesKeyWrap), ("kek-aes256", Wrap::AesKeyWrap)];
    let mut cases = vault::published(&golden("crypto/mac-vectors.json"));
    cases.retain(|case| case.kind == KeyKind::Aes);
    assert_eq!(vault::macs(&vault, &ways, &cases), 4 * 2);
    let wycheproof = vault::wycheproof(&golden("crypto/wycheproof_aes_cmac_test.json"));
    assert_eq!(vault::wycheproof_macs(&vault, ways[0], &wycheproof), 306);
    vault::refusals(&vault, ways[0]);
    vault::refusals(&vault, ways[1]);

    vault::import(&vault, ways[0], ("stays", KeyKind::Aes, &[7; 16]), None).expect("a good key");
    never_leaves(token, "stays", 1);
    vault.remove("stays").expect("it is there");
}

/// Sensitive, not extractable, and its value is not told.
fn never_leaves(token: &Token, name: &str, objects: usize) {
    let found = token.session.find_objects(&[Attribute::Label(name.as_bytes().to_vec())]).expect("objects");
    assert_eq!(found.len(), objects, "{name}");
    for object in found {
        let wanted = [AttributeType::Sensitive, AttributeType::Extractable, AttributeType::Token];
        let attributes = token.session.get_attributes(object, &wanted).expect("attributes");
        let expected = [Attribute::Sensitive(true), Attribute::Extractable(false), Attribute::Token(true)];
        assert_eq!(attributes, expected, "{name}");
        let value = token.session.get_attribute_info(object, &[AttributeType::Value]).expect("an answer");
        assert!(matches!(value[..], [AttributeInfo::Sensitive]), "{name}: {value:?}");
    }
}

fn what_the_token_cannot_unwrap_is_refused(token: &Token) {
    let vault = token.vault(OffToken::Refuse);
    for (way, kind) in [
        (("kek-tdes", Wrap::TdesEcb), KeyKind::Des),
        (("kek-aes", Wrap::AesCbc), KeyKind::Aes),
        (("kek-aes", Wrap::AesKeyWrap), KeyKind::Des),
    ] {
        let refused = vault::import(&vault, way, ("new", kind, &[0x11; 16]), None);
        assert!(matches!(refused, Err(VaultError::Unsupported(_))), "{way:?}: {refused:?}");
        let gone = vault.check_value("new", CheckMethod::EncryptZeros);
        assert_eq!(gone.err(), Some(VaultError::UnknownKey("new".into())));
    }
}

fn the_suite_passes_where_decrypting_is_allowed(token: &Token) {
    let vault = token.vault(OffToken::Allow);
    let ways = [
        ("kek-tdes", Wrap::TdesEcb),
        ("kek-tdes", Wrap::TdesCbc),
        ("kek-tdes3", Wrap::TdesEcb),
        ("kek-tdes3", Wrap::TdesCbc),
        ("kek-aes", Wrap::AesEcb),
        ("kek-aes256", Wrap::AesCbc),
    ];
    let published = vault::published(&golden("crypto/mac-vectors.json"));
    assert_eq!(vault::macs(&vault, &ways, &published), 18 * ways.len());
    assert_eq!(vault::check_values(&vault, &ways, &[8, 16, 32]), 46);
    for way in ways {
        vault::refusals(&vault, way);
    }
    vault::import(&vault, ways[0], ("stays", KeyKind::Des, &[0x13; 16]), None).expect("a good key");
    never_leaves(token, "stays", 2);
    vault.remove("stays").expect("it is there");
    never_leaves(token, "stays", 0);
}

const PROFILE: &str = r#"
base = "iso87-abin"
[key_change]
request = "101"
deliver = "161"
wrap = "tdes-cbc"
key = "des"
key_bytes = 16
check_digits = 6
[key_change.fields]
48 = "{key}{check}"
"#;

/// A host with keys in memory delivers; our side of the line is the token.
fn a_key_change_goes_through_the_token(token: &Token) {
    let vault = token.vault(OffToken::Allow);
    let way = ("kek-tdes", Wrap::TdesCbc);
    let (old, new) =
        ([0x2A; 16], codecs::hex::decode(b"0123456789ABCDEFFEDCBA9876543210").expect("a literal"));
    vault::import(&vault, way, ("line.1", KeyKind::Des, &old), None).expect("a good key");
    let host = SoftwareVault::new();
    for (name, key) in [("line.1", old.to_vec()), ("line.2", new.clone())] {
        host.put(name, KeyKind::Des, KeyUse::Mac, &MacKey::new(key)).expect("a good key");
    }
    let algorithm = MacAlgorithm::Retail(Padding::OneThenZeros);
    let profile = Profile::from_toml(PROFILE).expect("a good profile");
    let change = profile.key_change().expect("it has one");
    let mut working = WorkingKey::new("line.1", algorithm);
    let signed = |draft: &Draft<'_>, key: &str| {
        let mut wire = Vec::new();
        let signer = VaultMac { vault: &host, key, algorithm };
        draft.encode_with_mac_from(&profile, &signer, &mut wire).expect("a clean draft");
        wire
    };
    let mut draft = Draft::new("0800".parse().expect("a message type"));
    draft.set(7, "1122000501").set(11, "000003");
    for (check, code) in [("FFFFFF", "63"), ("08D7B4", "00")] {
        let key = NewKey { block: vault::wrapped(way, KeyKind::Des, &new), check: Some(check.into()) };
        change.deliver(&key, &mut draft).expect("a key of the agreed length");
        let wire = signed(&draft, "line.1");
        let message = decode(&profile, &wire, Mode::Strict).expect("just written");
        assert_eq!(working.verify(&vault, &message, 128, 0), Ok(VerifiedWith::Current));
        assert_eq!(change.read(&message), Ok(Some(KeyRequest::Delivers(key.clone()))));
        let name = NewName { name: "line.2", under: "kek-tdes" };
        assert_eq!(change.install(&key, name, &mut working, &vault).0, code);
    }
    let overlap = Overlap { uses_max: 5, until_ms: 1_000 };
    assert_eq!(working.activate(&vault, overlap), Ok(true));
    let mut echo = Draft::new("0800".parse().expect("a message type"));
    echo.set(11, "000004").set(70, "301");
    for (key, with) in [("line.2", VerifiedWith::Current), ("line.1", VerifiedWith::Replaced)] {
        let wire = signed(&echo, key);
        let message = decode(&profile, &wire, Mode::Strict).expect("just written");
        assert_eq!(working.verify(&vault, &message, 128, 1), Ok(with), "{key}");
    }
    working.retire(&vault, 1_000).expect("it can be removed");
    never_leaves(token, "line.1", 0);
    vault.remove("line.2").expect("it is there");
}

fn a_changed_block_is_no_wrapped_key(token: &Token) {
    let vault = token.vault(OffToken::Refuse);
    let block = vault::wrapped(("kek-aes", Wrap::AesKeyWrap), KeyKind::Aes, &[7; 16]);
    for bit in [0, 63, 64, 191] {
        let mut changed = block.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let refused = vault.import(&WrappedKey {
            name: "new",
            kind: KeyKind::Aes,
            under: "kek-aes",
            wrap: Wrap::AesKeyWrap,
            block: &changed,
            method: CheckMethod::Cmac,
            check: None,
        });
        assert_eq!(refused.err(), Some(VaultError::NotAWrappedKey), "bit {bit}");
    }
}

fn several_threads_may_ask_at_once(token: &Token) {
    let vault = token.vault(OffToken::Refuse);
    let key = [9; 16];
    vault::import(&vault, ("kek-aes", Wrap::AesKeyWrap), ("shared", KeyKind::Aes, &key), None)
        .expect("a good key");
    let expected = codecs::iso8583::Mac::aes_cmac(&MacKey::new(key.to_vec())).expect("16 bytes");
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let (vault, expected) = (&vault, &expected);
            scope.spawn(move || {
                for round in 0..25_u8 {
                    let data = [thread, round];
                    let tag = vault.mac("shared", MacAlgorithm::AesCmac, &data);
                    assert_eq!(tag, Ok(expected.compute(&data)));
                }
            });
        }
    });
    vault.remove("shared").expect("it is there");
}

fn a_token_that_is_not_there_is_said(token: &Token) {
    let missing = TokenVault::open(&token.settings("nobody", OffToken::Refuse));
    assert!(matches!(missing, Err(TokenError::NoSuchToken(name)) if name == "nobody"));
    let library = Path::new("/nowhere/libsofthsm2.so");
    let settings = Settings { library, ..token.settings(TOKEN, OffToken::Refuse) };
    assert!(matches!(TokenVault::open(&settings), Err(TokenError::Pkcs11(_))));
    assert!(token.module.get_library_info().is_ok(), "the module of this process is none the worse");
}
