//! The life of the daemon: TLS, signals, draining, readiness, what is logged, and the demo.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use futures_util::future::join;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;

use crate::support::{
    Folder, GOOD_CARD, Plan, Program, SWITCHD, Switch, access_token, add_client, bill_body, eventually,
    furnish, reply,
};

#[tokio::test]
async fn a_termination_ends_what_was_begun_and_nothing_else() {
    let mut switch = Switch::start().await;
    let (bill, card) = (switch.bill("L-1").await, switch.card(GOOD_CARD).await);
    let before = switch.host().counters().messages_in.get();
    switch.host().faults().service_time = Duration::from_millis(1200);
    let paying = switch.pay("under-way-when-told", &bill, &card);
    let ending = async {
        eventually("the sale is on the wire", async || switch.host().counters().messages_in.get() > before)
            .await;
        switch.program.signal("TERM");
        eventually("it is not ready any more", async || switch.ops("/readyz").await.status == 503).await;
        let fresh = reqwest::Client::builder().no_proxy().build().expect("a client");
        assert!(fresh.get(format!("{}/", switch.http)).send().await.is_err(), "no new connection is taken");
    };
    let (paid, ()) = join(paying, ending).await;
    assert_eq!(paid.told(), "201 PAID", "what was under way ends as it should");
    assert_eq!(switch.program.ended().await, Some(0), "{}", switch.program.log());
    assert_eq!(switch.host().book().summary().standing(), 1);
    assert!(switch.program.log().contains("\"message\":\"drained\""), "{}", switch.program.log());
}

#[tokio::test]
async fn nothing_secret_is_logged() {
    let plan = Plan { response_timeout_ms: 300, ..Plan::default() }.with("log", "level = \"trace\"");
    let mut switch = Switch::start_with(plan).await;
    let mut body = bill_body("N-1");
    body["payer"] = json!({ "kind": "national_id", "number": "400000006" });
    let made = switch.post("/v1/bills", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
    for (i, pan) in [GOOD_CARD, "4000000000000010", "4000000000000341"].into_iter().enumerate() {
        let (bill, card) = (switch.bill(&format!("N-{i}x")).await, switch.card(pan).await);
        switch.pay(&format!("a-logged-payment-{i}"), &bill, &card).await;
    }
    switch.program.signal("TERM");
    switch.program.ended().await;
    let log = switch.program.log();
    assert!(log.lines().count() > 20, "at this level there is something to look at");
    let (secret, token) = (switch.credentials.secret.as_str(), switch.token.as_str());
    for canary in [
        GOOD_CARD,
        "4000000000000010",
        "4000000000000341",
        "400000006",
        secret,
        token,
        &"42".repeat(16),
        &"17".repeat(32),
    ] {
        assert!(!log.contains(canary), "{canary} is in the log");
    }
}

/// A certificate of its own making for this machine, written where the settings look.
fn certify(folder: &Folder) -> reqwest::Certificate {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".into(), "127.0.0.1".into()]).expect("a certificate");
    folder.write("tls.crt", &cert.pem());
    folder.write("tls.key", &signing_key.serialize_pem());
    reqwest::Certificate::from_pem(cert.pem().as_bytes()).expect("PEM")
}

fn trusting(root: &reqwest::Certificate) -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy().tls_certs_only([root.clone()])
}

#[tokio::test]
async fn tls_is_1_3_and_a_hangup_reads_the_certificate_again() {
    let folder = Folder::new();
    let plan = Plan::default()
        .with("", "connectors = []")
        .with("http.tls", "cert = \"tls.crt\"")
        .with("http.tls", "key = \"tls.key\"");
    let config = furnish(&folder, &plan, "127.0.0.1:1");
    let first = certify(&folder);
    let credentials = add_client(&config, "portal");
    let program = Program::start(Command::new(SWITCHD).args(["serve", "--config"]).arg(&config));
    let url =
        format!("https://{}/v1/methods", program.wait_for("ready")["http"].as_str().expect("an address"));
    let issuer = url.trim_end_matches("/v1/methods");
    let token = access_token(&trusting(&first).build().expect("a client"), issuer, &credentials).await;
    let ask = async |client: reqwest::ClientBuilder| {
        client.build().expect("a client").get(&url).bearer_auth(&token).send().await
    };
    assert_eq!(ask(trusting(&first)).await.expect("trusted").status().as_u16(), 200);
    let old = trusting(&first).tls_version_max(reqwest::tls::Version::TLS_1_2);
    assert!(ask(old).await.is_err(), "TLS 1.2 is refused");
    let plain = url.replace("https", "http");
    assert!(
        trusting(&first).build().expect("a client").get(plain).send().await.is_err(),
        "and so is plaintext"
    );

    let second = certify(&folder);
    program.signal("HUP");
    program.wait_for("certificates and log level were read again");
    assert!(ask(trusting(&first)).await.is_err(), "the old certificate is gone");
    assert_eq!(ask(trusting(&second)).await.expect("trusted").status().as_u16(), 200);
    folder.write("tls.crt", "no certificate");
    program.signal("HUP");
    program.wait_for("the certificate in use stays");
    assert_eq!(ask(trusting(&second)).await.expect("trusted").status().as_u16(), 200);
}

#[tokio::test]
async fn operators_see_readiness_and_metrics() {
    let switch = Switch::start().await;
    let (bill, card) = (switch.bill("O-1").await, switch.card(GOOD_CARD).await);
    switch.pay("a-counted-payment-1", &bill, &card).await;
    assert_eq!(switch.ops("/livez").await.text, "ok\n");
    let ready = switch.ops("/readyz?verbose").await.text;
    for line in ["database: ok", "migrations: ok", "connector card-sandbox: ok", "ready: ok"] {
        assert!(ready.contains(line), "{ready}");
    }
    let page = switch.ops("/metrics").await.text;
    for line in [
        "switchd_build_info{version=\"0.1.0\"} 1",
        "switchd_payments_total{state=\"paid\"} 1",
        "switchd_payment_seconds_count 1",
        "switchd_in_flight 0",
        "switchd_in_doubt{state=\"in_doubt\"} 0",
        "switchd_connector_up{connector=\"card-sandbox\"} 1",
        "switchd_outbox_oldest_age_seconds 0",
        "switchd_journal_commands_total 2",
        "switchd_shed_total 0",
        "process_resident_memory_bytes ",
    ] {
        assert!(page.lines().any(|found| found.starts_with(line)), "no {line} in\n{page}");
    }
    assert!(!page.contains(&bill) && !page.contains("pay_"), "no numbers of things in labels");
    assert_eq!(switch.ops("/v1/bills").await.status, 404, "the API is not here");
    assert_eq!(switch.get("/metrics").await.status, 404, "and this is not there");
}

#[tokio::test]
async fn the_demo_starts_twice_on_the_same_data_and_what_it_prints_works() {
    let folder = Folder::new();
    // Held together, so that they differ; free again for the demo.
    let held: Vec<_> = (0..4).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    let number = |port: &TcpListener| port.local_addr().expect("an address").port().to_string();
    let ports: Vec<String> = held.iter().map(number).collect();
    drop(held);
    let data = folder.path().join("demo");
    for round in 0..2 {
        let printed = folder.path().join(format!("printed-{round}"));
        let out = std::fs::File::create(&printed).expect("a file");
        let mut child = Command::new(SWITCHD)
            .arg("demo")
            .arg("--data")
            .arg(&data)
            .args([
                "--http-port",
                &ports[0],
                "--ops-port",
                &ports[1],
                "--pos-port",
                &ports[2],
                "--card-port",
                &ports[3],
            ])
            .stdout(Stdio::from(out))
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the program starts");
        let guide = async || std::fs::read_to_string(&printed).unwrap_or_default();
        eventually("the guide is printed", async || guide().await.contains("Test cards of the sandbox"))
            .await;
        let text = guide().await;
        let asked = text
            .lines()
            .find_map(|line| line.strip_prefix("TOKEN=$(curl -s -u "))
            .expect("a token to ask for");
        let (id, secret) =
            asked.split(' ').next().and_then(|pair| pair.split_once(':')).expect("credentials");
        let credentials = crate::support::Credentials { id: id.into(), secret: secret.into() };
        let curl = text.lines().find(|line| line.starts_with("curl -i ")).expect("a payment to paste");
        let parts: Vec<&str> = curl.split('\'').collect();
        let header = |part: &str| part.split_once(": ").map(|(_, value)| value.to_owned()).expect("a header");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let url = parts[0].split(' ').nth(2).expect("an address");
        assert!(parts[0].contains("\"Authorization: Bearer $TOKEN\""), "{curl}");
        let token = access_token(&client, url.trim_end_matches("/v1/payments"), &credentials).await;
        let pay = async || {
            let request = client.post(url).bearer_auth(&token);
            let request =
                request.header("content-type", header(parts[1])).header("idempotency-key", header(parts[3]));
            reply(request.body(parts[5].to_owned())).await
        };
        let (first, second) = (pay().await, pay().await);
        assert_eq!(first.told(), "201 PAID", "{first:?}");
        assert_eq!((second.header("idempotent-replayed"), &second.text), (Some("true"), &first.text));

        let frames: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("echo ")?.split(' ').next()).collect();
        let pos = format!("127.0.0.1:{}", ports[2]);
        let mut answers = Vec::new();
        for frame in frames.iter().chain([&frames[0]]) {
            answers.push(exchange(&pos, frame).await);
        }
        let [paid, repeated, reversed, late] = answers.try_into().expect("four answers");
        assert!(paid.starts_with("0210") && repeated == paid, "{paid} {repeated}");
        assert!(reversed.starts_with("0430"), "{reversed}");
        assert_ne!(late, paid, "after its reversal it is declined");

        let stopped = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(stopped.expect("kill is there").success());
        let ended =
            tokio::task::spawn_blocking(move || child.wait()).await.expect("it ends").expect("it is ours");
        assert_eq!(ended.code(), Some(0));
    }
}

/// Sends frames as `xxd -r -p | nc` does; the last answer, without what changes with the clock.
async fn exchange(address: &str, hex: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
    stream.write_all(&codecs::hex::decode(hex.as_bytes()).expect("hexadecimal")).await.expect("it reads");
    let mut last = Vec::new();
    for _ in 0..2 {
        let length = stream.read_u16().await.expect("an answer");
        last = vec![0; length.into()];
        stream.read_exact(&mut last).await.expect("the whole of it");
    }
    String::from_utf8(last).expect("a printable dialect")
}
