//! The folder of the demo: settings and keys like those of a real switch, written at each start.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Options;
use crate::commands::Credentials;
use crate::wiring::{StartError, random};

const CARD: &str = crate::sandbox::CARD_SETTINGS;
const POS: &str = include_str!("../../../config/connectors/pos-sandbox.toml");
const SERVICES: &str = include_str!("../../../config/services/sandbox.toml");

/// How long the demo waits for the card host.
pub(super) const RESPONSE_TIMEOUT_MS: u64 = 5_000;

/// What was written.
pub(super) struct Files {
    /// The folder.
    pub(super) folder: PathBuf,
    /// The settings of the switch.
    pub(super) settings: PathBuf,
    /// The settings of the link to the card host, as text.
    pub(super) card: String,
    /// The settings of the port for terminals, as text.
    pub(super) pos: String,
}

/// Writes everything that is missing, and the files that follow from the options.
///
/// # Errors
/// [`StartError::Machine`] names the file.
pub(super) fn write(options: &Options) -> Result<Files, StartError> {
    let folder = options.data.clone();
    for sub in ["connectors", "services"] {
        let path = folder.join(sub);
        fs::create_dir_all(&path).map_err(|error| at(&path, &error))?;
    }
    keep_secret(&folder.join("ids.key"), &codecs::hex::encode(&random::<16>()?))?;
    keep_secret(&folder.join("vault.key"), &format!("demo {}", codecs::hex::encode(&random::<32>()?)))?;
    keep_secret(&folder.join("audit.key"), &format!("demo {}", codecs::hex::encode(&random::<32>()?)))?;
    keep_secret(&folder.join("sso.key"), &format!("demo {}", codecs::hex::encode(&random::<32>()?)))?;
    let card = with(CARD, "127.0.0.1:7583", &format!("127.0.0.1:{}", options.card_port))?;
    // Nobody trying out a silent card waits half a minute.
    let card =
        with(&card, "response_timeout_ms = 30_000", &format!("response_timeout_ms = {RESPONSE_TIMEOUT_MS}"))?;
    let pos = with(POS, "127.0.0.1:7584", &format!("127.0.0.1:{}", options.pos_port))?;
    replace(&folder.join("connectors/card-sandbox.toml"), &card)?;
    replace(&folder.join("connectors/pos-sandbox.toml"), &pos)?;
    replace(&folder.join("services/sandbox.toml"), SERVICES)?;
    let settings = folder.join("switchd.toml");
    replace(&settings, &text_of_settings(options))?;
    Ok(Files { folder, settings, card, pos })
}

fn text_of_settings(options: &Options) -> String {
    format!(
        r#"# Written by `switchd demo` at each start. `switchd serve --config` runs on it too, once a card host listens.
pan_mode = "vault"
catalogue = ["services/sandbox.toml"]
connectors = ["connectors/card-sandbox.toml", "connectors/pos-sandbox.toml"]

[database]
url = "sqlite:switchd.db"
migrate = true

[http]
listen = "127.0.0.1:{}"

[ops]
listen = "127.0.0.1:{}"

[ids]
key_file = "ids.key"

[vault]
key_file = "vault.key"
card_ttl_s = 86400

[audit]
key_file = "audit.key"

[sso]
issuer = "http://localhost:{}"
key_file = "sso.key"
spool = "spool"
access_token_s = 3600

[webhooks]
allow_loopback = true

[log]
level = "warn"
format = "text"
"#,
        options.http_port, options.ops_port, options.http_port
    )
}

fn with(settings: &str, old: &str, new: &str) -> Result<String, StartError> {
    if settings.contains(old) {
        Ok(settings.replace(old, new))
    } else {
        Err(StartError::Machine(format!("the sandbox settings do not say {old}")))
    }
}

fn at(path: &Path, error: &std::io::Error) -> StartError {
    StartError::Machine(format!("{}: {error}", path.display()))
}

fn replace(path: &Path, text: &str) -> Result<(), StartError> {
    fs::write(path, text).map_err(|error| at(path, &error))
}

/// Writes a secret that nobody else can read, unless it is there.
fn keep_secret(path: &Path, text: &str) -> Result<(), StartError> {
    use std::os::unix::fs::OpenOptionsExt;
    let opened = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match opened {
        Ok(mut file) => file.write_all(format!("{text}\n").as_bytes()).map_err(|error| at(path, &error)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(at(path, &error)),
    }
}

fn credentials_file(files: &Files) -> PathBuf {
    files.folder.join("client.secret")
}

/// The credentials of an earlier start.
pub(super) fn credentials(files: &Files) -> Option<Credentials> {
    let text = fs::read_to_string(credentials_file(files)).ok()?;
    let (id, secret) = text.trim().split_once(' ')?;
    Some(Credentials { id: id.to_owned(), secret: secret.to_owned() })
}

/// Keeps credentials for the next start.
pub(super) fn keep_credentials(files: &Files, credentials: &Credentials) -> Result<(), StartError> {
    let path = credentials_file(files);
    if path.exists() {
        fs::remove_file(&path).map_err(|error| at(&path, &error))?;
    }
    keep_secret(&path, &format!("{} {}", credentials.id, credentials.secret))
}
