//! Every key of `config/switchd.toml`, with its default and the sentence that explains it. The file
//! is generated from here and compared by a test, so neither can say what the other does not.
//!
//! Values come from the environment, then the file, then the default. Secrets never do: their keys
//! name files. What differs between counterparties is not here but in their own files.

mod checks;
mod read;

use std::net::SocketAddr;
use std::path::PathBuf;

use confique::Config;

pub(crate) use read::{Loaded, SettingsError};

/// The settings of the payment switch, switchd. Every key is here with its default; a key that is
/// not in this file stops the start. SWITCHD_ and the name of a key in capitals, with _ for the
/// point, sets it from the environment and comes before the file. Paths are relative to this file.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub(crate) struct Settings {
    /// The number of this node, below `nodes`. Two processes on one database never share one: who
    /// starts takes it, and whoever had it ends.
    #[config(env = "SWITCHD_NODE", default = 0)]
    pub(crate) node: u8,

    /// How many nodes work on the database, 1 to 64. More than one needs PostgreSQL.
    #[config(env = "SWITCHD_NODES", default = 1)]
    pub(crate) nodes: u8,

    /// Threads of the runtime. One is the steadiest up to some ten thousand payments a second.
    #[config(env = "SWITCHD_WORKER_THREADS", default = 1)]
    pub(crate) worker_threads: usize,

    /// Payments in hand at a time. More are answered 503 with Retry-After, before anything is written.
    #[config(env = "SWITCHD_IN_FLIGHT_MAX", default = 2048)]
    pub(crate) in_flight_max: usize,

    /// The zone in which the business day begins and ends, at midnight.
    #[config(env = "SWITCHD_TIME_ZONE", default = "Asia/Hebron")]
    pub(crate) time_zone: String,

    /// "none": no card number enters the switch and /v1/cards refuses. "vault": card numbers are
    /// sealed in the database until their payment ends, which brings the machine under PCI DSS.
    #[config(env = "SWITCHD_PAN_MODE", default = "none")]
    pub(crate) pan_mode: String,

    /// The files with the departments and services that may be billed.
    #[config(env = "SWITCHD_CATALOGUE", default = ["services/sandbox.toml"], parse_env = confique::env::parse::list_by_comma)]
    pub(crate) catalogue: Vec<PathBuf>,

    /// The counterparties: one file each, such as "connectors/card-sandbox.toml". Its `kind` says
    /// what it speaks; points of sale that call us are listed here too.
    #[config(env = "SWITCHD_CONNECTORS", default = [], parse_env = confique::env::parse::list_by_comma)]
    pub(crate) connectors: Vec<PathBuf>,

    /// Where everything is kept.
    #[config(nested)]
    pub(crate) database: Database,

    /// The listener of the API.
    #[config(nested)]
    pub(crate) http: Http,

    /// The listener of /livez, /readyz and /metrics.
    #[config(nested)]
    pub(crate) ops: Ops,

    /// The numbers people see: an encryption of our own, so that they tell neither order nor volume.
    #[config(nested)]
    pub(crate) ids: Ids,

    /// The card vault, for pan_mode = "vault".
    #[config(nested)]
    pub(crate) vault: Vault,

    /// The audit log and the seals on it.
    #[config(nested)]
    pub(crate) audit: Audit,

    /// Who is acting: the single sign-on.
    #[config(nested)]
    pub(crate) sso: Sso,

    /// News to the clients that gave an address.
    #[config(nested)]
    pub(crate) webhooks: Webhooks,

    /// What is written to standard error.
    #[config(nested)]
    pub(crate) log: Log,

    /// How the switch ends on SIGTERM.
    #[config(nested)]
    pub(crate) shutdown: Shutdown,
}

/// Where everything is kept.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub(crate) struct Database {
    /// "sqlite:FILE" for one node, or "postgres://user@host/name". Never with a password.
    #[config(env = "SWITCHD_DATABASE_URL", default = "sqlite:/var/lib/switchd/switchd.db")]
    pub(crate) url: String,

    /// The file with the password of PostgreSQL, where it asks for one. A bare name is looked for in
    /// $CREDENTIALS_DIRECTORY first.
    #[config(env = "SWITCHD_DATABASE_PASSWORD_FILE")]
    pub(crate) password_file: Option<PathBuf>,

    /// Connections beside the one that commits payments.
    #[config(env = "SWITCHD_DATABASE_CONNECTIONS", default = 8)]
    pub(crate) connections: u32,

    /// Whether `serve` brings the schema up to date. Otherwise it refuses to start until
    /// `switchd migrate` was run.
    #[config(env = "SWITCHD_DATABASE_MIGRATE", default = false)]
    pub(crate) migrate: bool,

    /// How payments are committed. "group": all of a moment together, the only one to run with. "plain":
    /// each alone, the yardstick that `cargo bench --bench pay` measures the other against.
    #[config(env = "SWITCHD_DATABASE_JOURNAL", default = "group")]
    pub(crate) journal: String,
}

/// The listener of the API.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub(crate) struct Http {
    /// Address and port. Port 0 takes a free one and writes it to the log.
    #[config(env = "SWITCHD_HTTP_LISTEN", default = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,

    /// Lets the API answer without TLS on an address that is not this machine's own, because
    /// something in front of it encrypts.
    #[config(env = "SWITCHD_HTTP_ALLOW_PLAINTEXT", default = false)]
    pub(crate) allow_plaintext: bool,

    /// The largest body that is read.
    #[config(env = "SWITCHD_HTTP_BODY_MAX_BYTES", default = 65_536)]
    pub(crate) body_max_bytes: usize,

    /// Requests a second each client may make, with bursts of as many. 0 is no limit.
    #[config(env = "SWITCHD_HTTP_RATE_PER_SECOND", default = 0)]
    pub(crate) rate_per_second: u32,

    /// TLS 1.3, when both files are named. SIGHUP reads them again.
    #[config(nested)]
    pub(crate) tls: Tls,
}

/// TLS 1.3, when both files are named.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub(crate) struct Tls {
    /// The certificate and its chain, PEM.
    #[config(env = "SWITCHD_HTTP_TLS_CERT")]
    pub(crate) cert: Option<PathBuf>,

    /// Its private key, PEM. A bare name is looked for in $CREDENTIALS_DIRECTORY first.
    #[config(env = "SWITCHD_HTTP_TLS_KEY")]
    pub(crate) key: Option<PathBuf>,
}

/// The listener of /livez, /readyz and /metrics.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub(crate) struct Ops {
    /// Address and port, without TLS and without a password: for this machine.
    #[config(env = "SWITCHD_OPS_LISTEN", default = "127.0.0.1:9090")]
    pub(crate) listen: SocketAddr,

    /// Lets it listen on another address than this machine's own, on a network that only monitoring reaches.
    #[config(env = "SWITCHD_OPS_ALLOW_REMOTE", default = false)]
    pub(crate) allow_remote: bool,
}

/// The numbers people see.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub(crate) struct Ids {
    /// The file with 32 hexadecimal digits, the same on every node and for ever: `openssl rand -hex 16`.
    /// A bare name is looked for in $CREDENTIALS_DIRECTORY first.
    #[config(env = "SWITCHD_IDS_KEY_FILE", default = "ids.key")]
    pub(crate) key_file: PathBuf,
}

/// The card vault, for pan_mode = "vault".
#[derive(Debug, Clone, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub(crate) struct Vault {
    /// The file with the keys, one a line: a name and 64 hexadecimal digits. The first one seals,
    /// all of them open. A bare name is looked for in $CREDENTIALS_DIRECTORY first.
    #[config(env = "SWITCHD_VAULT_KEY_FILE")]
    pub(crate) key_file: Option<PathBuf>,

    /// How long a card that is not used stays.
    #[config(env = "SWITCHD_VAULT_CARD_TTL_S", default = 900)]
    pub(crate) card_ttl_s: u32,
}

/// The audit log and the seals on it.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub(crate) struct Audit {
    /// The file with the Ed25519 keys of seals and daily statements, one a line: a name and the 64
    /// hexadecimal digits of a seed: `echo "2026 $(openssl rand -hex 32)"`. The first one signs, all of
    /// them are known. A bare name is looked for in $CREDENTIALS_DIRECTORY first.
    #[config(env = "SWITCHD_AUDIT_KEY_FILE", default = "audit.key")]
    pub(crate) key_file: PathBuf,

    /// How often the audit log is sealed.
    #[config(env = "SWITCHD_AUDIT_SEAL_EVERY_S", default = 60)]
    pub(crate) seal_every_s: u32,

    /// How long the log may go without a seal before the switch is not ready and begins no payment: what
    /// cannot be proved later is not done.
    #[config(env = "SWITCHD_AUDIT_UNSEALED_MAX_S", default = 14_400)]
    pub(crate) unsealed_max_s: u32,
}

/// Who is acting: the single sign-on.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub(crate) struct Sso {
    /// The address everybody knows the switch by, and the issuer of its tokens: an origin without a path,
    /// https:// except on this machine. Passkeys are bound to its host: it cannot change later.
    #[config(env = "SWITCHD_SSO_ISSUER", default = "http://localhost:8080")]
    pub(crate) issuer: String,

    /// The file with the keys that seal personal data and signing keys, one a line: a name and 64
    /// hexadecimal digits: `echo "2026 $(openssl rand -hex 32)"`. The first one seals, all of them open;
    /// the last one also makes the indices and must stay for ever. A bare name is looked for in
    /// $CREDENTIALS_DIRECTORY first.
    #[config(env = "SWITCHD_SSO_KEY_FILE", default = "sso.key")]
    pub(crate) key_file: PathBuf,

    /// How long an access token is good for, 60 to 3600.
    #[config(env = "SWITCHD_SSO_ACCESS_TOKEN_S", default = 300)]
    pub(crate) access_token_s: u32,

    /// How long an application waits for its applicant at a desk, 1 to 60.
    #[config(env = "SWITCHD_SSO_APPLICATION_DAYS", default = 16)]
    pub(crate) application_days: u32,

    /// Where messages to people are put for the gateways that send them: a file each in `sms`, as SMS
    /// Server Tools reads it, and in `email`, as `sendmail -t` does.
    #[config(env = "SWITCHD_SSO_SPOOL", default = "/var/lib/switchd/spool")]
    pub(crate) spool: PathBuf,

    /// Whether somebody without a Palestinian identity number may register with a passport.
    #[config(env = "SWITCHD_SSO_PASSPORTS", default = true)]
    pub(crate) passports: bool,
}

/// News to the clients that gave an address.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub(crate) struct Webhooks {
    /// Lets addresses be http:// on this machine, for trying out.
    #[config(env = "SWITCHD_WEBHOOKS_ALLOW_LOOPBACK", default = false)]
    pub(crate) allow_loopback: bool,

    /// Lets addresses lie on private networks, such as the one between ministries.
    #[config(env = "SWITCHD_WEBHOOKS_ALLOW_PRIVATE", default = false)]
    pub(crate) allow_private: bool,
}

/// What is written to standard error.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub(crate) struct Log {
    /// error, warn, info, debug or trace; or by module, such as "info,connectors=debug". SIGHUP reads it again.
    #[config(env = "SWITCHD_LOG_LEVEL", default = "info")]
    pub(crate) level: String,

    /// "json" for machines, "text" for people.
    #[config(env = "SWITCHD_LOG_FORMAT", default = "json")]
    pub(crate) format: String,
}

/// How the switch ends on SIGTERM.
#[derive(Debug, Clone, Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub(crate) struct Shutdown {
    /// How long payments in hand are waited for. What is not known then is taken back after the next start.
    #[config(env = "SWITCHD_SHUTDOWN_DRAIN_MS", default = 45_000)]
    pub(crate) drain_ms: u64,
}

#[cfg(test)]
mod tests {
    use confique::meta::{FieldKind, Meta};

    use super::*;

    /// The names of the variables follow from the keys, and the head of the file says how.
    fn template() -> String {
        let whole = confique::toml::template::<Settings>(confique::toml::FormatOptions::default());
        let mut text = String::new();
        let mut lines = whole.lines().peekable();
        while let Some(line) = lines.next() {
            if line.starts_with("# Can also be specified") {
                lines.next_if_eq(&"#");
            } else {
                text.extend([line, "\n"]);
            }
        }
        text
    }

    #[test]
    fn the_file_says_what_the_code_does() {
        crate::golden::check("config/switchd.toml", &template());
    }

    #[test]
    fn an_environment_variable_is_named_after_its_key() {
        fn walk(path: &str, meta: &Meta) {
            for field in meta.fields {
                let key =
                    if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
                assert!(!field.doc.is_empty(), "{key} is not explained");
                match field.kind {
                    FieldKind::Nested { meta } => walk(&key, meta),
                    FieldKind::Leaf { env, .. } => assert_eq!(env, Some(&*read::variable(&key)), "{key}"),
                }
            }
        }
        walk("", &Settings::META);
    }
}
