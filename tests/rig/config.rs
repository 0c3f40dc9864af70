//! The files a daemon under test is started with.

use std::fmt::Write;
use std::net::SocketAddr;

use super::processes::{CardLinks, Setup};
use super::seed::{IDS_KEY, VAULT_KEY, VAULT_KEY_ID};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Writes keys, catalogue and connector beside the settings, whose text it gives.
pub(crate) fn text(setup: &Setup<'_>, http: SocketAddr, ops: SocketAddr) -> String {
    let folder = setup.folder;
    let write = |name: &str, text: String| {
        std::fs::write(folder.join(name), text).expect("the folder can be written");
        // The daemon takes no key that every user can read.
        let owner_only = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(folder.join(name), owner_only).expect("its own file");
    };
    write("ids.key", hex(&IDS_KEY));
    write("vault.key", format!("{VAULT_KEY_ID} {}\n", hex(&VAULT_KEY)));
    write("audit.key", format!("rig {}\n", hex(&super::books::SEAL_SEED)));
    write("sso.key", format!("rig {}\n", "3b".repeat(32)));
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/config");
    let card = std::fs::read_to_string(format!("{root}/connectors/card-sandbox.toml"));
    let card = card
        .expect("the sandbox's file")
        .replace("id = \"card-sandbox\"", "id = \"card\"")
        .replace("127.0.0.1:7583", &setup.card_host.to_string());
    match setup.card_links {
        CardLinks::Usual => write("card.toml", card),
        CardLinks::Impatient => write("card.toml", impatient(&card)),
        CardLinks::Two => {
            let card = impatient(&card);
            let (other, _asking) =
                card.split_once("# What became of an attempt may be asked.").expect("the last table");
            write(
                "other.toml",
                other.replace("id = \"card\"", "id = \"other\"").replace("priority = 10 ", "priority = 20 "),
            );
            write("card.toml", card.replace("in_flight_max = 4_096", "in_flight_max = 1"));
        }
    }
    if let Some(address) = setup.pos {
        write("pos.toml", pos_settings(address));
    }
    let mut connectors = vec![r#""card.toml""#];
    connectors.extend((setup.card_links == CardLinks::Two).then_some(r#""other.toml""#));
    connectors.extend(setup.pos.map(|_| r#""pos.toml""#));
    format!(
        "in_flight_max = {}\n\
         pan_mode = \"vault\"\n\
         catalogue = [\"{root}/services/sandbox.toml\"]\n\
         connectors = [{}]\n\
         [database]\nurl = \"{}\"\njournal = \"{}\"\nconnections = {}\n\
         [http]\nlisten = \"{http}\"\n\
         [ops]\nlisten = \"{ops}\"\n\
         [ids]\nkey_file = \"ids.key\"\n\
         [vault]\nkey_file = \"vault.key\"\n\
         [sso]\naccess_token_s = 3600\nspool = \"spool\"\n\
         [log]\nlevel = \"warn\"\nformat = \"text\"\n",
        setup.in_flight_max,
        connectors.join(", "),
        setup.database,
        setup.journal,
        if setup.journal == "plain" { 16 } else { 4 },
    )
}

/// The same link with short waits: what takes a night takes seconds.
fn impatient(card: &str) -> String {
    let shorter = [
        ("response_timeout_ms = 30_000", "response_timeout_ms = 400"),
        ("connect_timeout_ms = 3_000", "connect_timeout_ms = 300"),
        ("echo_interval_ms = 60_000", "echo_interval_ms = 300"),
        ("reconnect_min_ms = 200", "reconnect_min_ms = 50"),
        ("reconnect_max_ms = 30_000", "reconnect_max_ms = 300"),
        ("backoff_ms = [5_000, 15_000, 60_000, 300_000]", "backoff_ms = [100, 300, 1_000]"),
    ];
    shorter.iter().fold(card.to_owned(), |text, (usual, short)| {
        assert!(text.contains(usual), "the sandbox's file says {usual}");
        text.replace(usual, short)
    })
}

/// The sandbox's port for terminals, at another address.
pub(crate) fn pos_settings(address: SocketAddr) -> String {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config/connectors/pos-sandbox.toml");
    let text = std::fs::read_to_string(file).expect("the sandbox's file");
    text.replace("127.0.0.1:7584", &address.to_string())
}
