//! A switch under test: the real program on a free port with a database of its own, and a sandbox
//! card host in the test's process, so that its book can be read and its faults commanded.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use connectors::card_iso8583::CardSettings;
use connectors::card_iso8583::sandbox::{CardHost, HostSettings};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// The program under test.
pub(crate) const SWITCHD: &str = env!("CARGO_BIN_EXE_switchd");
/// A published test number that the sandbox approves.
pub(crate) const GOOD_CARD: &str = "4111111111111111";
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("switchd-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file that only its owner may read.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().expect("inside the folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its own file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What differs from the usual switch under test.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// `[section]` and its keys, in the order of the file; `""` is the top.
    pub(crate) settings: Vec<(&'static str, String)>,
    /// Time-out of the card link.
    pub(crate) response_timeout_ms: u64,
    /// Whether the card host may be asked what became of a payment.
    pub(crate) enquiry: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self { settings: Vec::new(), response_timeout_ms: 5_000, enquiry: true }
    }
}

impl Plan {
    /// The same with one more setting.
    pub(crate) fn with(mut self, section: &'static str, line: impl Into<String>) -> Self {
        self.settings.push((section, line.into()));
        self
    }

    fn section(&self, name: &str, usual: &[&str]) -> String {
        let mut lines: Vec<String> = usual.iter().map(|line| (*line).to_owned()).collect();
        for (_, line) in self.settings.iter().filter(|(section, _)| *section == name) {
            let key = line.split('=').next().map(str::trim).unwrap_or_default().to_owned();
            lines.retain(|usual| usual.split('=').next().map(str::trim) != Some(&key));
            if !line.trim_end().ends_with("= unset") {
                lines.push(line.clone());
            }
        }
        let head = if name.is_empty() || lines.is_empty() { String::new() } else { format!("[{name}]\n") };
        head + &lines.iter().map(|line| format!("{line}\n")).collect::<String>()
    }

    /// The text of the settings.
    pub(crate) fn text(&self) -> String {
        let catalogue = format!("catalogue = [\"{ROOT}/config/services/sandbox.toml\"]");
        let top = ["pan_mode = \"vault\"", &catalogue, "connectors = [\"card.toml\"]"];
        self.section("", &top)
            + &self.section("database", &["url = \"sqlite:switch.db\"", "migrate = true"])
            + &self.section("http", &["listen = \"127.0.0.1:0\""])
            + &self.section("http.tls", &[])
            + &self.section("ops", &["listen = \"127.0.0.1:0\""])
            + &self.section("ids", &[])
            + &self.section("vault", &["key_file = \"vault.key\""])
            + &self.section("audit", &[])
            + &self.section("sso", &["access_token_s = 3600", "spool = \"spool\""])
            + &self.section("webhooks", &[])
            + &self.section("log", &[])
            + &self.section("shutdown", &[])
    }
}

/// Writes everything a switch needs into a folder; its settings.
pub(crate) fn furnish(folder: &Folder, plan: &Plan, card_host: &str) -> PathBuf {
    folder.write("ids.key", &"42".repeat(16));
    folder.write("vault.key", &format!("test {}", "17".repeat(32)));
    folder.write("audit.key", &format!("test {}", "2a".repeat(32)));
    // As the rig writes it: a database of the rig holds keys that were sealed under this name.
    folder.write("sso.key", &format!("rig {}", "3b".repeat(32)));
    folder.write("card.toml", &card_settings(plan, card_host));
    folder.write("switchd.toml", &plan.text())
}

fn card_settings(plan: &Plan, address: &str) -> String {
    let text = std::fs::read_to_string(format!("{ROOT}/config/connectors/card-sandbox.toml"));
    let mut text = text.expect("the sandbox's settings");
    if !plan.enquiry {
        // The last table of the file.
        text.truncate(text.find("[enquiry]").expect("the sandbox may be asked"));
    }
    text.replace("127.0.0.1:7583", address)
        .replace(
            "response_timeout_ms = 30_000",
            &format!("response_timeout_ms = {}", plan.response_timeout_ms),
        )
        .replace("backoff_ms = [5_000,", "backoff_ms = [100, 500,")
        .replace("reconnect_max_ms = 30_000", "reconnect_max_ms = 300")
}

/// A running program whose lines on standard error are kept.
pub(crate) struct Program {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    lines: mpsc::Receiver<String>,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stderr = child.stderr.take().expect("it is piped");
        let (told, lines) = mpsc::sync_channel(10_000);
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                kept.lock().expect("nobody panics holding it").push(line.clone());
                let _ = told.try_send(line);
            }
        });
        Self { child, log, lines }
    }

    /// Waits for a line of the log that has this message.
    pub(crate) fn wait_for(&self, message: &str) -> Value {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let left = give_up.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line = line.unwrap_or_else(|_| panic!("no {message:?} in its log:\n{}", self.log()));
            let entry: Value = serde_json::from_str(&line).unwrap_or_default();
            if entry["message"] == message {
                return entry;
            }
        }
    }

    /// Everything it wrote so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("nobody panics holding it").join("\n")
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.expect("kill is there").success());
    }

    /// Waits for its end; its exit code.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status.code();
            }
            assert!(Instant::now() < give_up, "it does not end:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks until the answer is yes.
pub(crate) async fn eventually(what: &str, ask: impl AsyncFn() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !ask().await {
        assert!(Instant::now() < give_up, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A switch with its card host.
pub(crate) struct Switch {
    pub(crate) program: Program,
    pub(crate) folder: Folder,
    pub(crate) host: Option<CardHost>,
    pub(crate) http: String,
    pub(crate) ops: String,
    pub(crate) credentials: Credentials,
    /// An access token of the client, good for an hour.
    pub(crate) token: String,
    client: reqwest::Client,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A field of the body as text.
    pub(crate) fn field(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {self:?}")).to_owned()
    }

    /// Status and code of a problem, or status and state of anything else.
    pub(crate) fn told(&self) -> String {
        let json: Value = serde_json::from_str(&self.text).unwrap_or_default();
        let word = json["code"].as_str().or(json["status"].as_str()).unwrap_or("-");
        format!("{} {word}", self.status)
    }
}

impl Switch {
    pub(crate) async fn start() -> Self {
        Self::start_with(Plan::default()).await
    }

    pub(crate) async fn start_with(plan: Plan) -> Self {
        let folder = Folder::new();
        let settings = CardSettings::from_toml(&card_settings(&plan, "127.0.0.1:1")).expect("its settings");
        let host = CardHost::start(HostSettings::twin_of(&settings, "127.0.0.1:0")).expect("a card host");
        let config = furnish(&folder, &plan, &host.address().to_string());
        Self::start_in(folder, &config, Some(host)).await
    }

    async fn start_in(folder: Folder, config: &Path, host: Option<CardHost>) -> Self {
        let credentials = add_client(config, "portal");
        let program = Program::start(Command::new(SWITCHD).args(["serve", "--config"]).arg(config));
        let ready = program.wait_for("ready");
        let address = |key: &str| ready[key].as_str().expect("an address").to_owned();
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let scheme = if ready["tls"] == true { "https" } else { "http" };
        let http = format!("{scheme}://{}", address("http"));
        let ops = format!("http://{}", address("ops"));
        let token =
            if scheme == "http" { access_token(&client, &http, &credentials).await } else { String::new() };
        let switch = Self { program, folder, host, http, ops, credentials, token, client };
        eventually("the link is up", async || {
            switch.ops("/readyz?verbose").await.text.contains("connector card-sandbox: ok")
        })
        .await;
        switch
    }

    pub(crate) fn host(&self) -> &CardHost {
        self.host.as_ref().expect("it was not stopped")
    }

    /// An access token of another client of the same switch.
    pub(crate) async fn another_client(&self, name: &str) -> String {
        let credentials = add_client(&self.folder.path().join("switchd.toml"), name);
        access_token(&self.client, &self.http, &credentials).await
    }

    /// An access token of the usual client with these scopes only, as they stand in a form.
    pub(crate) async fn token_for(&self, scopes: &str) -> String {
        let asked = self
            .client
            .post(format!("{}/oidc/token", self.http))
            .basic_auth(&self.credentials.id, Some(&self.credentials.secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("grant_type=client_credentials&scope={scopes}"));
        reply(asked).await.field("access_token")
    }

    pub(crate) async fn ops(&self, path: &str) -> Reply {
        reply(self.client.get(format!("{}{path}", self.ops))).await
    }

    /// A request with the usual credentials and nothing else.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.http));
        request.bearer_auth(&self.token).header("accept-language", "en")
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        reply(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        reply(self.request(Method::POST, path).json(body)).await
    }

    /// A payment as the caller wrote it.
    pub(crate) async fn pay_raw(&self, key: &str, body: impl Into<String>) -> Reply {
        let request = self.request(Method::POST, "/v1/payments").header("idempotency-key", key);
        reply(request.header("content-type", "application/json").body(body.into())).await
    }

    pub(crate) async fn pay(&self, key: &str, bill: &str, card: &str) -> Reply {
        self.pay_raw(key, json!({ "bill": bill, "method": "card", "card": card }).to_string()).await
    }

    /// A bill over 50.00 ILS; its number.
    pub(crate) async fn bill(&self, reference: &str) -> String {
        let made = self.post("/v1/bills", &bill_body(reference)).await;
        assert_eq!(made.told(), "201 OPEN", "{made:?}");
        made.field("id")
    }

    /// A token of a card.
    pub(crate) async fn card(&self, pan: &str) -> String {
        let kept = self.post("/v1/cards", &json!({ "pan": pan, "expiry": "2912" })).await;
        assert_eq!(kept.status, 201, "{kept:?}");
        kept.field("token")
    }
}

/// A bill as a department asks for it.
pub(crate) fn bill_body(reference: &str) -> Value {
    json!({
        "department": "MOI", "service": "PASS-REN", "reference": reference,
        "payer": { "kind": "passport", "number": "TEST-0001" },
        "amount": { "amount": "50.00", "currency": "ILS" },
    })
}

/// `client_id` and `client_secret`.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// A new client of a switch; its credentials.
pub(crate) fn add_client(config: &Path, name: &str) -> Credentials {
    let made = Command::new(SWITCHD).args(["client", "add", name, "--config"]).arg(config).output();
    let made = made.expect("the program runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    printed(&String::from_utf8(made.stdout).expect("text"))
}

/// The credentials among what `switchd client add` printed.
pub(crate) fn printed(text: &str) -> Credentials {
    let mut lines = text.lines().map(str::to_owned);
    let mut next = || lines.next().expect("a line each");
    Credentials { id: next(), secret: next() }
}

/// An access token of a client, with every scope it may have.
pub(crate) async fn access_token(client: &reqwest::Client, http: &str, credentials: &Credentials) -> String {
    let asked = client
        .post(format!("{http}/oidc/token"))
        .basic_auth(&credentials.id, Some(&credentials.secret))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials");
    reply(asked).await.field("access_token")
}

/// Sends a request; its answer.
pub(crate) async fn reply(request: RequestBuilder) -> Reply {
    let answer = request.send().await.expect("an answer");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Reply { status, headers, text: answer.text().await.expect("text") }
}

/// Headers from pairs.
pub(crate) fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header"))
    };
    let mut map = HeaderMap::new();
    for (name, value) in pairs.iter().map(pair) {
        map.append(name, value);
    }
    map
}
