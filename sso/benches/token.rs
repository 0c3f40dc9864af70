//! How many requests a second the token endpoint answers over HTTP on loopback, commits durable, beside
//! what the same server does with an empty request and what the same keys sign without any server.
//!
//! ```text
//! cargo bench -p sso --bench token               # SQLite
//! tests/run pg cargo bench -p sso --bench token  # and PostgreSQL
//! ```
#![expect(clippy::print_stdout, reason = "it is a report")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sqlx::{AssertSqlSafe, PgPool};
use sso::chance::Chance;
use sso::client::{Client, ClientAuthentication, ClientName, Grant, Profile, Registration};
use sso::jose::Algorithm;
use sso::key::{KeyVault, SigningKey, SoftwareVault};
use sso::oidc::granted::Granted;
use sso::oidc::refresh_token;
use sso::seal::{Sealer, digest};
use sso::settings::Settings;
use sso::store::client;
use sso::store::family::{self, Family};
use sso::{Parts, Sso};
use switch_core::clock::{BusinessDate, Clock, Timestamp};
use switch_core::id::PublicIds;
use switch_store::journal::Journal;
use switch_store::{Db, DbOptions, schema};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const CONNECTIONS: usize = 64;
const SECONDS: u64 = 5;
const CLIENT: &str = "till";
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789a";

struct Wall;

impl Clock for Wall {
    #[expect(clippy::disallowed_methods, reason = "the bench reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        Timestamp(i64::try_from(since.as_millis()).expect("fits"))
    }

    fn business_date(&self, _: Timestamp) -> BusinessDate {
        BusinessDate(20_261_122)
    }
}

struct Machine;

impl Chance for Machine {
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("random bytes");
    }
}

fn main() {
    // cargo test runs benches too, with this argument missing.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let raw = raw_signatures();
        println!("{:<42} {raw:>9.0} /s", "ES256 signatures, two threads, no server");
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-token");
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).expect("a folder");
        measure("SQLite", &format!("sqlite:{}", folder.join("switch.db").display())).await;
        std::fs::remove_dir_all(&folder).expect("the folder goes");
        if let Ok(server) = std::env::var("SWITCHD_TEST_POSTGRES") {
            let admin = PgPool::connect(&server).await.expect("the server answers");
            for sql in ["DROP DATABASE IF EXISTS bench_token", "CREATE DATABASE bench_token"] {
                sqlx::query(AssertSqlSafe(sql)).execute(&admin).await.expect("the server does it");
            }
            measure("PostgreSQL", &server.replacen("///postgres", "///bench_token", 1)).await;
        }
    });
}

fn raw_signatures() -> f64 {
    let vault = SoftwareVault::new(Arc::new(Sealer::new(&[("k1".into(), [7; 32])]).expect("a key")));
    let made = vault.make(1, Algorithm::Es256).expect("makes");
    let key = SigningKey { row: 1, algorithm: Algorithm::Es256, handle: made.handle };
    let (count, began) = (AtomicU64::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while began.elapsed() < Duration::from_secs(2) {
                    vault.sign(&key, &[1; 400]).expect("signs");
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    count.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

async fn measure(engine: &str, url: &str) {
    let db = Db::open(&DbOptions { url: url.to_owned(), connections: 8 }).await.expect("opens");
    schema::migrate(&db, sso::store::STEPS).await.expect("the schema is made");
    let journal = Journal::start(&db).await.expect("the writer that empties the log");
    let sealer = Arc::new(Sealer::new(&[("k1".into(), [7; 32])]).expect("a key"));
    let sso = Sso::new(Parts {
        db,
        clock: Arc::new(Wall),
        chance: Arc::new(Machine),
        vault: Arc::new(SoftwareVault::new(Arc::clone(&sealer))),
        sealer,
        public_ids: PublicIds::new([9; 16]),
        settings: Settings::new("http://127.0.0.1"),
    });
    sso.rotate_keys().await.expect("keys are made");
    let tokens = furnish(&sso).await;
    let app = sso.router().merge(axum::Router::new().route("/no-op", post(async || "{}")));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move { axum::serve(listener, app).await });

    let empty = |_: usize, _: &str| ("/no-op".to_owned(), "grant_type=none".to_owned());
    let noop = run(&address.to_string(), empty).await;
    report(engine, "an empty request", &noop, &noop);
    let of_client = |_: usize, _: &str| {
        ("/oidc/token".to_owned(), "grant_type=client_credentials&scope=bills%3Aread".to_owned())
    };
    report(engine, "client_credentials", &run(&address.to_string(), of_client).await, &noop);
    let rotate = move |number: usize, before: &str| {
        let token = between(before, "\"refresh_token\":\"").unwrap_or(&tokens[number]);
        ("/oidc/token".to_owned(), format!("grant_type=refresh_token&refresh_token={token}"))
    };
    report(engine, "refresh_token, rotated each time", &run(&address.to_string(), rotate).await, &noop);
    server.abort();
    drop(journal);
    sso.db.close().await;
}

fn between<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split('"').next()
}

/// A client and a family for each connection.
async fn furnish(sso: &Arc<Sso>) -> Vec<String> {
    let registration = Registration {
        client_name: ClientName::default(),
        profile: Profile::Baseline,
        token_endpoint_auth_method: ClientAuthentication::ClientSecretBasic,
        grant_types: vec![Grant::RefreshToken, Grant::ClientCredentials],
        scopes: vec!["openid".into(), "bills:read".into()],
        redirect_uris: vec!["https://rp.example/back".into()],
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        jwks: None,
        tls_client_auth_subject_dn: None,
        sector_identifier: None,
        id_token_signed_response_alg: "ES256".into(),
        dpop_bound_access_tokens: false,
        require_pushed_authorization_requests: false,
        department: None,
        consent_is_implied: false,
    };
    let secret_digest = Some(digest(SECRET));
    let till = Client { id: CLIENT.into(), registration, secret_digest, api_client: None, version: 1 };
    let now = sso.now();
    let mut tx = sso.db.begin().await.expect("begins");
    assert!(client::add(&mut tx, &till, now).await.expect("added"));
    let mut tokens = Vec::new();
    for _ in 0..CONNECTIONS {
        let id = sso.new_id();
        let (token, secret) = refresh_token::make(sso, id);
        let granted = Granted {
            client: CLIENT.into(),
            account: None,
            session: None,
            scopes: vec!["bills:read".into()],
            claims: serde_json::Value::Null,
            resources: Vec::new(),
            nonce: None,
            level: 0,
            methods: String::new(),
            authenticated_at: 0,
        };
        let family = Family {
            id,
            granted,
            bound_to: String::new(),
            secret_digest: Some(secret),
            created_at: now,
            ends_at: now.plus_ms(86_400_000),
        };
        family::add(&mut tx, &[&family]).await.expect("added");
        tokens.push(token);
    }
    tx.commit().await.expect("commits");
    tokens
}

struct Figures {
    per_second: f64,
    waits_us: Vec<u64>,
}

fn report(engine: &str, what: &str, figures: &Figures, noop: &Figures) {
    let at =
        |share: f64| figures.waits_us[((figures.waits_us.len() - 1) as f64 * share) as usize] as f64 / 1000.0;
    println!(
        "{:<42} {:>9.0} /s   p50 {:>6.2} ms   p99 {:>6.2} ms   {:>5.1} % of an empty request",
        format!("{engine}, {what}"),
        figures.per_second,
        at(0.5),
        at(0.99),
        100.0 * figures.per_second / noop.per_second,
    );
}

/// Keeps each connection busy with one request after the other.
async fn run(
    address: &str,
    request: impl Fn(usize, &str) -> (String, String) + Clone + Send + 'static,
) -> Figures {
    let began = Instant::now();
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|number| tokio::spawn(one_connection(address.to_owned(), number, request.clone(), began)))
        .collect();
    let mut waits_us = Vec::new();
    for task in tasks {
        waits_us.extend(task.await.expect("a connection that ends"));
    }
    let per_second = waits_us.len() as f64 / began.elapsed().as_secs_f64();
    waits_us.sort_unstable();
    Figures { per_second, waits_us }
}

async fn one_connection(
    address: String,
    number: usize,
    request: impl Fn(usize, &str) -> (String, String),
    began: Instant,
) -> Vec<u64> {
    let mut stream = TcpStream::connect(&address).await.expect("connects");
    stream.set_nodelay(true).expect("set");
    let credentials = STANDARD.encode(format!("{CLIENT}:{SECRET}"));
    let (mut waits, mut answer) = (Vec::new(), String::new());
    while began.elapsed() < Duration::from_secs(SECONDS) {
        let (path, body) = request(number, &answer);
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic {credentials}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let asked = Instant::now();
        stream.write_all((head + &body).as_bytes()).await.expect("sent");
        answer = read_answer(&mut stream).await;
        waits.push(asked.elapsed().as_micros() as u64);
    }
    waits
}

async fn read_answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::with_capacity(2_048);
    loop {
        assert_ne!(stream.read_buf(&mut bytes).await.expect("read"), 0, "the server hung up");
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.and_then(|text| text.parse().ok()).expect("a length");
        if body.len() >= length {
            assert!(head.starts_with("HTTP/1.1 200"), "{text}");
            return body.to_owned();
        }
    }
}
