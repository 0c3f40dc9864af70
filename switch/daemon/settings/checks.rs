//! Values that contradict each other or would be unsafe. The start ends here, with a sentence that
//! says what to write instead; nothing has been opened yet.

use std::net::SocketAddr;

use switch_store::DbOptions;

use super::{Loaded, SettingsError};

type Verdict = Result<(), SettingsError>;

impl Loaded {
    /// Every check, in the order of the file.
    pub(super) fn check(&self) -> Verdict {
        self.check_nodes()?;
        self.check_words()?;
        self.check_database()?;
        self.check_listeners()?;
        self.check_vault()?;
        self.check_audit()?;
        self.check_sso()
    }

    fn check_sso(&self) -> Verdict {
        let sso = &self.settings.sso;
        if !is_origin(&sso.issuer) {
            return Err(self.wrong(
                "sso.issuer",
                "must be https:// and a host in small letters, with nothing behind it; http:// only for \
                 localhost, 127.0.0.1 or [::1]",
            ));
        }
        if !(60..=3_600).contains(&sso.access_token_s) {
            return Err(self.wrong("sso.access_token_s", "must be 60 to 3600"));
        }
        if !(1..=60).contains(&sso.application_days) {
            return Err(self.wrong("sso.application_days", "must be 1 to 60"));
        }
        Ok(())
    }

    fn check_audit(&self) -> Verdict {
        let audit = &self.settings.audit;
        if !(1..=60).contains(&audit.seal_every_s) {
            return Err(self.wrong("audit.seal_every_s", "must be 1 to 60"));
        }
        if !(audit.seal_every_s..=86_400).contains(&audit.unsealed_max_s) {
            return Err(self.wrong("audit.unsealed_max_s", "must be audit.seal_every_s to 86400"));
        }
        Ok(())
    }

    fn check_nodes(&self) -> Verdict {
        let s = &self.settings;
        if !(1..=switch_core::id::NODES_MAX).contains(&s.nodes) {
            return Err(self.wrong("nodes", "must be 1 to 64"));
        }
        if s.node >= s.nodes {
            return Err(self.wrong("node", format!("must be below nodes, which is {}", s.nodes)));
        }
        if s.nodes > 1 && s.database.url.starts_with("sqlite:") {
            return Err(self.wrong(
                "nodes",
                "SQLite serves one node; several need PostgreSQL, so set database.url or nodes = 1",
            ));
        }
        if !(1..=64).contains(&s.worker_threads) {
            return Err(self.wrong("worker_threads", "must be 1 to 64"));
        }
        if !(1..=1_000_000).contains(&s.in_flight_max) {
            return Err(self.wrong("in_flight_max", "must be 1 to 1000000"));
        }
        Ok(())
    }

    fn check_words(&self) -> Verdict {
        let s = &self.settings;
        if jiff::tz::TimeZone::get(&s.time_zone).is_err() {
            return Err(self.wrong("time_zone", format!("there is no time zone \"{}\"", s.time_zone)));
        }
        if !matches!(s.pan_mode.as_str(), "none" | "vault") {
            return Err(self.wrong("pan_mode", "must be \"none\" or \"vault\""));
        }
        if !matches!(s.log.format.as_str(), "json" | "text") {
            return Err(self.wrong("log.format", "must be \"json\" or \"text\""));
        }
        if s.log.level.parse::<tracing_subscriber::filter::EnvFilter>().is_err() {
            return Err(self.wrong("log.level", "must be error, warn, info, debug or trace"));
        }
        Ok(())
    }

    fn check_database(&self) -> Verdict {
        let database = &self.settings.database;
        if !matches!(database.journal.as_str(), "group" | "plain") {
            return Err(self.wrong("database.journal", "must be \"group\" or \"plain\""));
        }
        let is_sqlite = database.url.strip_prefix("sqlite:").is_some_and(|path| !path.is_empty());
        let rest =
            ["postgres://", "postgresql://"].iter().find_map(|scheme| database.url.strip_prefix(scheme));
        match rest {
            None if !is_sqlite => {
                return Err(
                    self.wrong("database.url", "must be \"sqlite:FILE\" or \"postgres://user@host/name\"")
                );
            }
            Some(rest) if has_password(rest) => {
                return Err(self.wrong(
                    "database.url",
                    "holds a password: write it into a file and name that in database.password_file",
                ));
            }
            Some(_) | None => {}
        }
        let options = DbOptions { url: database.url.clone(), connections: database.connections };
        if options.check().is_err() {
            return Err(self.wrong("database.url", "cannot be understood: postgres://user@host/name"));
        }
        if is_sqlite && database.password_file.is_some() {
            return Err(self.wrong("database.password_file", "SQLite has no password"));
        }
        if !(1..=1000).contains(&database.connections) {
            return Err(self.wrong("database.connections", "must be 1 to 1000"));
        }
        Ok(())
    }

    fn check_listeners(&self) -> Verdict {
        let (http, ops) = (&self.settings.http, &self.settings.ops);
        let has_tls = match (&http.tls.cert, &http.tls.key) {
            (Some(_), Some(_)) => true,
            (None, None) => false,
            (Some(_), None) => return Err(self.wrong("http.tls.cert", "has no key: set http.tls.key too")),
            (None, Some(_)) => {
                return Err(self.wrong("http.tls.key", "has no certificate: set http.tls.cert too"));
            }
        };
        if !has_tls && !http.allow_plaintext && !is_own(http.listen) {
            return Err(self.wrong(
                "http.listen",
                format!(
                    "{} can be reached from other machines and there is no TLS: set http.tls.cert and http.tls.key, \
                     or say http.allow_plaintext = true when something in front of it encrypts",
                    http.listen
                ),
            ));
        }
        if !(1024..=16 * 1024 * 1024).contains(&http.body_max_bytes) {
            return Err(self.wrong("http.body_max_bytes", "must be 1024 to 16777216"));
        }
        if !ops.allow_remote && !is_own(ops.listen) {
            return Err(self.wrong(
                "ops.listen",
                format!(
                    "{} can be reached from other machines and tells them what the switch does: listen on 127.0.0.1, \
                     or say ops.allow_remote = true when only monitoring reaches that network",
                    ops.listen
                ),
            ));
        }
        if http.listen == ops.listen && http.listen.port() != 0 {
            return Err(self.wrong("ops.listen", "must be another address than http.listen"));
        }
        Ok(())
    }

    fn check_vault(&self) -> Verdict {
        let (mode, vault) = (self.settings.pan_mode.as_str(), &self.settings.vault);
        if mode == "vault" && vault.key_file.is_none() {
            return Err(self.wrong("pan_mode", "\"vault\" needs a key: set vault.key_file"));
        }
        if mode == "none" && vault.key_file.is_some() {
            return Err(self.wrong("vault.key_file", "has no use while pan_mode is \"none\""));
        }
        if !(60..=86_400).contains(&vault.card_ttl_s) {
            return Err(self.wrong("vault.card_ttl_s", "must be 60 to 86400"));
        }
        Ok(())
    }
}

/// Whether only this machine reaches it.
fn is_own(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// `user:password@host` or `?password=`.
/// `https://host` or `https://host:port`; `http://` only where nobody can listen on the way.
fn is_origin(text: &str) -> bool {
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let own = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    match scheme {
        "https" => own || !name.is_empty() && name.bytes().all(plain),
        "http" => own,
        _ => false,
    }
}

fn has_password(after_scheme: &str) -> bool {
    let authority = after_scheme.split(['/', '?']).next().unwrap_or("");
    let in_authority = authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    in_authority || after_scheme.contains("password=")
}
