//! Settings that are wrong stop the start with one sentence: file, line, key, and what to write.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::{Folder, Plan, SWITCHD, furnish};

fn check_config(config: &Path, environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(SWITCHD);
    command.args(["check-config", "--config"]).arg(config).envs(environment.iter().copied());
    command.output().expect("the program runs")
}

/// The sentence a start ends with.
fn sentence(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert_eq!(text.lines().count(), 1, "one sentence: {text}");
    text
}

#[test]
fn each_mistake_is_told_with_its_line_and_its_key() {
    let set = |section, line: &str| Plan::default().with(section, line);
    for (plan, place, says) in [
        (set("", "nodes = 0"), "line 4, nodes", "must be 1 to 64"),
        (set("", "node = 1"), "line 4, node", "must be below nodes"),
        (set("", "nodes = 2"), "line 4, nodes", "SQLite serves one node"),
        (set("", "worker_threads = 0"), "line 4, worker_threads", "must be 1 to 64"),
        (set("", "worker_threads = \"two\""), "line 4, worker_threads", "invalid type: string \"two\""),
        (set("", "in_flight_max = 0"), "line 4, in_flight_max", "must be 1 to"),
        (set("", "time_zone = \"Asia/Jenin\""), "line 4, time_zone", "there is no time zone \"Asia/Jenin\""),
        (set("", "pan_mode = \"clear\""), "line 3, pan_mode", "must be \"none\" or \"vault\""),
        (set("", "pan_mode = \"none\""), "vault.key_file", "has no use while pan_mode is \"none\""),
        (set("vault", "key_file = unset"), "pan_mode", "\"vault\" needs a key: set vault.key_file"),
        (set("vault", "key_file = \"nowhere.key\""), "vault.key_file", "nowhere.key cannot be read"),
        (
            set("vault", "key_file = \"card.toml\""),
            "vault.key_file",
            "must have lines of a name and 64 hexadecimal",
        ),
        (set("vault", "card_ttl_s = 1"), "vault.card_ttl_s", "must be 60 to 86400"),
        (set("ids", "key_file = \"nowhere.key\""), "ids.key_file", "nowhere.key cannot be read"),
        (set("ids", "key_file = \"vault.key\""), "ids.key_file", "must be 32 hexadecimal digits"),
        (set("audit", "key_file = \"nowhere.key\""), "audit.key_file", "nowhere.key cannot be read"),
        (set("sso", "key_file = \"nowhere.key\""), "sso.key_file", "nowhere.key cannot be read"),
        (set("sso", "key_file = \"ids.key\""), "sso.key_file", "must have lines of a name and 64 hex"),
        (set("sso", "issuer = \"http://id.example.ps\""), "sso.issuer", "must be https:// and a host"),
        (set("sso", "issuer = \"https://id.example.ps/\""), "sso.issuer", "must be https:// and a host"),
        (set("sso", "access_token_s = 59"), "sso.access_token_s", "must be 60 to 3600"),
        (set("sso", "application_days = 0"), "sso.application_days", "must be 1 to 60"),
        (set("audit", "key_file = \"ids.key\""), "audit.key_file", "must have lines of a name and 64 hex"),
        (set("audit", "seal_every_s = 61"), "audit.seal_every_s", "must be 1 to 60"),
        (set("audit", "unsealed_max_s = 59"), "audit.unsealed_max_s", "must be audit.seal_every_s to 86400"),
        (set("", "catalogue = [\"nowhere.toml\"]"), "catalogue", "nowhere.toml: No such file"),
        (set("", "catalogue = [\"card.toml\"]"), "catalogue", "card.toml: line"),
        (set("", "connectors = [\"nowhere.toml\"]"), "connectors", "nowhere.toml: cannot be read"),
        (set("", "connectors = [\"switchd.toml\"]"), "connectors", "missing field `kind`"),
        (set("", "colour = \"red\""), "line 4, colour", "unknown field `colour`"),
        (set("http", "lisen = \"127.0.0.1:1\""), "line 9, lisen", "unknown field `lisen`"),
        (set("http", "listen = \"here\""), "line 8, listen", "invalid socket address"),
        (set("http", "listen = \"0.0.0.0:8080\""), "line 8, http.listen", "say http.allow_plaintext = true"),
        (set("http", "listen = \"[::]:8080\""), "line 8, http.listen", "say http.allow_plaintext = true"),
        (set("http", "body_max_bytes = 1"), "http.body_max_bytes", "must be 1024 to"),
        (set("http.tls", "cert = \"a.crt\""), "http.tls.cert", "has no key: set http.tls.key"),
        (set("http.tls", "key = \"a.key\""), "http.tls.key", "has no certificate: set http.tls.cert"),
        (set("ops", "listen = \"10.0.0.1:9090\""), "ops.listen", "say ops.allow_remote = true"),
        (set("database", "url = \"mysql://x\""), "database.url", "must be \"sqlite:FILE\" or"),
        (set("database", "url = \"postgres://u:p@h/d\""), "database.url", "holds a password"),
        (set("database", "url = \"postgres://h/d?password=p\""), "database.url", "holds a password"),
        (set("database", "url = \"postgres://h:port/d\""), "database.url", "cannot be understood"),
        (set("database", "password_file = \"x\""), "database.password_file", "SQLite has no password"),
        (set("database", "connections = 0"), "database.connections", "must be 1 to 1000"),
        (set("log", "format = \"xml\""), "log.format", "must be \"json\" or \"text\""),
        (set("log", "level = \"loud=9\""), "log.level", "must be error, warn"),
        (set("shutdown", "drain_ms = -1"), "drain_ms", "invalid value"),
    ] {
        let folder = Folder::new();
        let config = furnish(&folder, &plan, "127.0.0.1:1");
        let told = sentence(&check_config(&config, &[]));
        let shown = std::fs::read_to_string(&config).expect("it was written");
        assert!(told.contains("switchd.toml") && told.contains(place), "{place} is not in: {told}{shown}");
        assert!(told.contains(says), "{says} is not in: {told}{shown}");
    }
}

#[test]
fn what_comes_from_the_environment_is_told_by_its_variable() {
    let folder = Folder::new();
    let config = furnish(&folder, &Plan::default(), "127.0.0.1:1");
    assert!(check_config(&config, &[("SWITCHD_WORKER_THREADS", "2")]).status.success());
    for (name, value, says) in [
        (
            "SWITCHD_WORKER_THREADS",
            "0",
            "environment variable SWITCHD_WORKER_THREADS (worker_threads): must be",
        ),
        ("SWITCHD_WORKER_THREADS", "many", "SWITCHD_WORKER_THREADS"),
        (
            "SWITCHD_WORKER_TREADS",
            "2",
            "environment variable SWITCHD_WORKER_TREADS: is the name of no setting",
        ),
        ("SWITCHD_HTTP_LISTEN", "0.0.0.0:80", "SWITCHD_HTTP_LISTEN (http.listen)"),
    ] {
        let told = sentence(&check_config(&config, &[(name, value)]));
        assert!(told.contains(says), "{says} is not in: {told}");
    }
}

#[test]
fn a_secret_that_everybody_can_read_is_none() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let config = furnish(&folder, &Plan::default(), "127.0.0.1:1");
    let key = folder.path().join("vault.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("its own file");
    let told = sentence(&check_config(&config, &[]));
    assert!(told.contains("vault.key can be read by every user of the machine: chmod 600"), "{told}");
}

#[test]
fn the_credentials_of_systemd_come_first() {
    let (folder, credentials) = (Folder::new(), Folder::new());
    let config = furnish(&folder, &Plan::default(), "127.0.0.1:1");
    std::fs::remove_file(folder.path().join("ids.key")).expect("it was there");
    sentence(&check_config(&config, &[]));
    // LoadCredential= of a folder puts the name of the folder before the name of the file.
    credentials.write("switchd_ids.key", &"42".repeat(16));
    let handed_over = credentials.path().to_str().expect("a path");
    assert!(check_config(&config, &[("CREDENTIALS_DIRECTORY", handed_over)]).status.success());
}

#[test]
fn the_committed_settings_start_a_switch_that_takes_no_cards() {
    let folder = Folder::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let copy =
        |name: &str| folder.write(name, &std::fs::read_to_string(root.join(name)).expect("it is committed"));
    copy("services/sandbox.toml");
    let config = copy("switchd.toml");
    let told = sentence(&check_config(&config, &[]));
    assert!(told.contains("ids.key_file (not set, default): the secret"), "{told}");
    folder.write("ids.key", &"42".repeat(16));
    let told = sentence(&check_config(&config, &[]));
    assert!(told.contains("audit.key_file (not set, default): the secret"), "{told}");
    folder.write("audit.key", &format!("2026 {}", "2a".repeat(32)));
    folder.write("sso.key", &format!("2026 {}", "3b".repeat(32)));
    let checked = check_config(&config, &[]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn a_schema_that_is_behind_is_not_touched_unasked() {
    let folder = Folder::new();
    let config = furnish(&folder, &Plan::default().with("database", "migrate = false"), "127.0.0.1:1");
    let run = |words: &[&str]| {
        let output = Command::new(SWITCHD).args(words).arg("--config").arg(&config).output();
        let output = output.expect("the program runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, told) = run(&["serve"]);
    assert_eq!(code, Some(1));
    assert!(told.contains("run `switchd migrate`"), "{told}");
    assert_eq!(run(&["migrate", "--check"]).0, Some(1));
    assert_eq!(run(&["migrate"]).0, Some(0));
    assert_eq!(run(&["migrate", "--check"]).0, Some(0));
    assert_eq!(run(&["client", "add", "portal"]).0, Some(0));
    let (code, told) = run(&["client", "add", "portal"]);
    assert!(code == Some(1) && told.contains("the name portal is in use"), "{told}");
    let (code, told) = run(&["client", "add", "other", "--webhook", "http://127.0.0.1/"]);
    assert!(code == Some(1) && told.contains("is not https"), "{told}");
}
