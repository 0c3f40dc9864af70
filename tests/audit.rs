//! `switchd audit` and the audit log as an operator sees them: the real program, a real database of
//! either engine, exit codes and sentences.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use sqlx::AssertSqlSafe;

use crate::rig::books;
use crate::rig::database::Database;
use crate::support::{GOOD_CARD, Plan, SWITCHD, Switch, eventually};

/// A switch on a database of either engine, and another way into that.
struct Audited {
    switch: Switch,
    url: String,
}

impl Audited {
    async fn start(engine: &str, name: &str, plan: Plan) -> Self {
        if engine == "sqlite" {
            let switch = Switch::start_with(plan).await;
            let url = format!("sqlite:{}", switch.folder.path().join("switch.db").display());
            return Self { switch, url };
        }
        let database = Database::create(engine, name, Path::new("unused")).await;
        let plan = plan.with("database", format!("url = \"{}\"", database.url));
        Self { switch: Switch::start_with(plan).await, url: database.url }
    }

    /// SQL of the test's own, past the switch.
    async fn run(&self, sql: &str) {
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            let db = rusqlite::Connection::open(path).expect("the database opens");
            db.busy_timeout(Duration::from_secs(5)).expect("a timeout");
            db.execute_batch(sql).expect(sql);
        } else {
            use sqlx::{Connection, Executor};
            let mut db = sqlx::PgConnection::connect(&self.url).await.expect("connects");
            db.execute(AssertSqlSafe(sql.to_owned())).await.expect(sql);
        }
    }

    /// `act subject` of each entry of the audit log, seals left out.
    async fn entries(&self) -> Vec<String> {
        let sql =
            "SELECT act || ' ' || subject || ': ' || detail FROM audit_log WHERE act <> 'seal' ORDER BY seq";
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            let db = rusqlite::Connection::open(path).expect("the database opens");
            let mut read = db.prepare(sql).expect(sql);
            let rows = read.query_map([], |row| row.get(0)).expect(sql);
            rows.collect::<Result<_, _>>().expect(sql)
        } else {
            use sqlx::Connection;
            let mut db = sqlx::PgConnection::connect(&self.url).await.expect("connects");
            sqlx::query_scalar(sql).fetch_all(&mut db).await.expect(sql)
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.switch.folder.path().join(name)
    }

    /// `switchd audit` with these words.
    fn audit(&self, words: &[&str]) -> Said {
        let mut command = Command::new(SWITCHD);
        command.arg("audit").arg("--config").arg(self.file("switchd.toml")).args(words);
        Said::of(&command.output().expect("the program runs"))
    }
}

/// What a command said.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// Lifts what keeps a table append-only, as the owner of the database can.
fn unguarded(engine: &str, table: &str) -> String {
    match engine {
        "sqlite" => format!("DROP TRIGGER {table}_keeps; DROP TRIGGER {table}_stays;"),
        _ => format!("DROP TRIGGER {table}_keeps ON {table};"),
    }
}

macro_rules! suite {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $story() { super::$story("sqlite").await; })+
        }
        mod postgres {
            $(#[tokio::test] async fn $story() { super::$story("postgres").await; })+
        }
    };
}

suite! {
    an_audit_says_what_does_not_agree,
    a_statement_shows_what_was_changed_after_it,
    the_log_tells_who_did_what,
    a_log_that_cannot_be_sealed_makes_the_switch_not_ready,
}

async fn an_audit_says_what_does_not_agree(engine: &str) {
    let audited = Audited::start(engine, "audit_says", Plan::default()).await;
    let switch = &audited.switch;
    let (bill, card) = (switch.bill("A-1").await, switch.card(GOOD_CARD).await);
    let paid = switch.pay("audited-payment-1", &bill, &card).await;
    assert_eq!(paid.told(), "201 PAID");
    let id = paid.field("id");
    let line = |entry| serde_json::to_string(&entry).expect("plain values") + "\n";
    let book: String = switch.host().book().entries().into_iter().map(line).collect();
    switch.folder.write("book.jsonl", &book);
    switch.folder.write(
        "history.jsonl",
        &format!("{{\"key\":\"audited-payment-1\",\"payment\":\"{id}\",\"status\":\"PAID\"}}\n"),
    );
    let (book, history) = (audited.file("book.jsonl"), audited.file("history.jsonl"));
    let book = format!("card-sandbox={}", book.display());
    let files = ["--book", &book, "--history", history.to_str().expect("text"), "--settled"];

    // While the switch runs.
    let said = audited.audit(&files);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.starts_with("1 payments (1 PAID), 2 transfers\nmoved: 50.00 ILS\n"), "{}", said.out);
    assert!(said.out.ends_with("\nno differences\n"), "{}", said.out);

    // A book that knows nothing of it.
    switch.folder.write("book.jsonl", "");
    let said = audited.audit(&files);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("differences: 1\n"), "{}", said.out);
    assert!(
        said.out.contains(&format!(
            "({id}) is PAID in the database, and the host's book has no approval for RRN "
        ))
    );
    assert!(said.out.contains(": 50.00 ILS recorded without money"), "{}", said.out);

    // One row of money, changed by who owns the database.
    audited
        .run(&(unguarded(engine, "transfer") + "UPDATE transfer SET amount_minor = 4900 WHERE seq = 2"))
        .await;
    let said = audited.audit(&[]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("/2 (POST) is of 49.00 ILS, and payment "), "{}", said.out);
    assert!(said.out.contains(&format!("({id}) is of 50.00 ILS: 1.00 ILS lost")), "{}", said.out);

    for (words, says) in [
        (vec!["--book", "nowhere.jsonl"], "nowhere.jsonl: No such file"),
        (vec!["--date", "2026-13-01"], "is no YYYY-MM-DD"),
        (vec!["--date", "2999-01-01"], "has not begun"),
        (vec!["--verify", "nowhere.json"], "nowhere.json: No such file"),
        (vec!["--date", "2026-01-01", "--verify", "x"], "cannot be used with"),
        (vec!["--unknown"], "unexpected argument"),
    ] {
        let said = audited.audit(&words);
        assert!(said.code == Some(2) && said.err.contains(says), "{words:?}: {said:?}");
    }
    switch.folder.write(
        "switchd.toml",
        &Plan::default().with("database", "url = \"postgres://127.0.0.1:1/none\"").text(),
    );
    let said = audited.audit(&[]);
    assert!(said.code == Some(2) && said.err.contains("the database: "), "{said:?}");
}

async fn a_statement_shows_what_was_changed_after_it(engine: &str) {
    let audited = Audited::start(engine, "audit_statement", Plan::default()).await;
    let date = "2026-11-01";
    let rows = |amount: u32| {
        format!(
            "INSERT INTO transfer SELECT 11, 1, 'BOOK', a.id, b.id, {amount}, 'ILS', 1777000000000, 20261101
             FROM account a, account b WHERE a.code LIKE 'bank:%' AND b.code LIKE 'float:%'"
        )
    };
    let agent = Command::new(SWITCHD)
        .args(["agent", "add", "a", "--terminal", "TERM0001", "--float", "100.00", "--config"])
        .arg(audited.file("switchd.toml"))
        .output();
    assert!(agent.expect("the program runs").status.success());
    audited.run(&(rows(2_500) + ";UPDATE floored_balance SET balance_minor = 12500")).await;

    let file = audited.file("statement.json");
    let file = file.to_str().expect("text");
    let made = audited.audit(&["--date", date, "--out", file]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.err.ends_with("\nno differences\n"), "{}", made.err);
    let text = std::fs::read_to_string(file).expect("it was written");
    assert!(
        text.contains("\"opening_minor\":0,\"debits_minor\":0,\"credits_minor\":2500,\"closing_minor\":2500"),
        "{text}"
    );
    let entries = audited.entries().await;
    let last = entries.last().expect("entries");
    assert!(last.starts_with("statement 2026-11-01: SHA-256 "), "{last}");

    let said = audited.audit(&["--verify", file]);
    assert_eq!(said.code, Some(0), "{said:?}");
    audited
        .run(&(unguarded(engine, "transfer") + "UPDATE transfer SET amount_minor = 2400 WHERE cause = 11"))
        .await;
    let said = audited.audit(&["--verify", file]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for sentence in [
        "transfer 11/1 is not what it was when the statement of 20261101 was signed: it was changed (now 24.00 ILS)",
        "on 20261101: the statement says closing 25.00 ILS, and the rows say 24.00 ILS: 1.00 ILS apart",
    ] {
        assert!(said.out.contains(sentence), "{sentence} is not in {}", said.out);
    }
    std::fs::write(file, text.replace("2500", "2400")).expect("a file");
    let said = audited.audit(&["--verify", file]);
    assert!(said.out.contains("the signature of the statement of 20261101 is wrong"), "{said:?}");
}

async fn the_log_tells_who_did_what(engine: &str) {
    let plan = Plan { response_timeout_ms: 300, enquiry: false, ..Plan::default() };
    let mut audited = Audited::start(engine, "audit_log", plan).await;
    let switch = &audited.switch;
    let (bill, card) = (switch.bill("L-1").await, switch.card("4000000000000077").await);
    let unknown = switch.pay("reversal-is-refused", &bill, &card).await;
    let alarm = format!("alarm {}: reversal_refused", unknown.field("id"));
    eventually("the alarm is written down", async || audited.entries().await.contains(&alarm)).await;

    audited.switch.program.signal("TERM");
    assert_eq!(audited.switch.program.ended().await, Some(0));
    let entries = audited.entries().await;
    let acts: Vec<_> = entries.iter().map(|entry| entry.split(':').next().unwrap_or_default()).collect();
    let migrated = if engine == "sqlite" { vec!["migrate schema"] } else { vec![] };
    let expected = [
        migrated,
        vec!["client add portal", "start switchd"],
        vec![alarm.split(':').next().expect("a subject")],
        vec!["stop switchd"],
    ];
    assert_eq!(acts, expected.concat(), "{entries:?}");
    assert!(!entries.join("\n").contains("4000000000000077"), "{entries:?}");

    let report = switch_audit::audit(&books::options(&audited.url)).await.expect("it can be read");
    assert!(report.is_clean(), "{report}");
    assert!(report.counts.seals >= 2 && report.counts.unsealed == 0, "at the start and at the end: {report}");
}

async fn a_log_that_cannot_be_sealed_makes_the_switch_not_ready(engine: &str) {
    let plan = Plan::default().with("audit", "seal_every_s = 1").with("audit", "unsealed_max_s = 1");
    let audited = Audited::start(engine, "audit_unsealed", plan).await;
    let ready = async || audited.switch.ops("/readyz?verbose").await;
    eventually("it is ready", async || ready().await.text.contains("seals: ok")).await;
    audited
        .run(match engine {
            "sqlite" => {
                "CREATE TRIGGER full BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'it is full'); END"
            }
            _ => "CREATE TRIGGER a_full BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION keep_row()",
        })
        .await;
    let (bill, card) = (audited.switch.bill("S-1").await, audited.switch.card(GOOD_CARD).await);
    let (early, late) = ("paid-while-it-was-sealed", "asked-for-while-it-was-not");
    let paid = audited.switch.pay(early, &bill, &card).await;
    eventually("it is not ready", async || ready().await.status == 503).await;
    let refused = audited
        .switch
        .pay(late, &audited.switch.bill("S-2").await, &audited.switch.card(GOOD_CARD).await)
        .await;
    assert_eq!(refused.told(), "503 audit-log-not-sealed");
    // What was done is told as before.
    assert_eq!(audited.switch.pay(early, &bill, &card).await.text, paid.text);
    assert!(ready().await.text.contains("seals: overdue\n"), "{}", ready().await.text);
    let metrics = audited.switch.ops("/metrics").await.text;
    let age = metrics.lines().find_map(|line| line.strip_prefix("switchd_audit_seal_age_seconds "));
    assert!(age.expect("a gauge").parse::<f64>().expect("a number") > 1.0, "{age:?}");
    assert!(audited.switch.program.log().contains("the audit log could not be sealed"));
    audited
        .run(if engine == "sqlite" { "DROP TRIGGER full" } else { "DROP TRIGGER a_full ON audit_log" })
        .await;
    eventually("it is ready again", async || ready().await.status == 200).await;
}
