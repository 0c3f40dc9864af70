//! A small switch with one payment of each kind, written by the store as the engine writes it, the
//! files of its neighbours, and ways to damage all of them.

use std::collections::HashMap;
use std::path::PathBuf;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use switch_audit::{Book, Check, Options, Report};
use switch_core::attempt::AttemptState;
use switch_core::connector::{Method, ReversalReason};
use switch_core::id::{AttemptId, EventId, PublicIds, Rrn};
use switch_core::ledger::{Transfer, TransferKind, UNWIND_SEQ};
use switch_core::payment::{Payment, PaymentState};
use switch_store::attempt;
use switch_store::audit_log::{self, Act, Entry, Head};
use switch_store::cash::{self, CashIntake, CashVerdict};
use switch_store::journal::{Intake, IntakeVerdict};
use switch_store::outbox::{self, News};

use crate::bed::{AGENT, Bed, MINISTRY, NOW, TODAY, ils};

pub(crate) const IDS_KEY: [u8; 16] = [0x42; 16];
const APPEND_ONLY: &[&str] = &["payment", "outcome", "answer", "transfer", "unwind", "evidence", "audit_log"];

pub(crate) const SEAL_SEED: [u8; 32] = [0x2a; 32];

fn seal_key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&SEAL_SEED).expect("a seed")
}

/// What is done to a healthy switch, and what must be said about it. `{paid}` stands for the number of
/// the paid payment, `{paid:bill}`, `{paid:key}`, `{paid:rrn}` and `{paid:public}` for what belongs to it.
#[derive(Default)]
pub(crate) struct Damage {
    pub(crate) sql: &'static [&'static str],
    /// Lines of the book: `NUMBER STATE MINOR`, and a fourth word for another sale of the same number.
    pub(crate) book: &'static [&'static str],
    /// A payment whose lines the host's book has lost.
    pub(crate) without_book_of: &'static str,
    pub(crate) history: &'static [&'static str],
    pub(crate) deliveries: &'static [&'static str],
    pub(crate) settled: bool,
    pub(crate) check: Option<Check>,
    pub(crate) says: &'static str,
}

/// The switch and its payments.
pub(crate) struct World {
    pub(crate) bed: Bed,
    payments: HashMap<&'static str, Payment>,
    folder: PathBuf,
}

impl World {
    pub(crate) async fn new(engine: &str) -> Self {
        let bed = if engine == "sqlite" { Bed::sqlite().await } else { Bed::postgres().await };
        let name = format!(
            "audit-{}-{}-{engine}",
            std::process::id(),
            bed.url.replace(|c: char| !c.is_alphanumeric(), "")
        );
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        bed.raw
            .run("UPDATE client SET webhook_url = 'https://example.org/' WHERE id = 1")
            .await
            .expect("a subscriber");
        let mut world = Self { bed, payments: HashMap::new(), folder };
        world.top_up().await;
        for (name, state) in [
            ("paid", PaymentState::Paid),
            ("declined", PaymentState::Declined),
            ("reversed", PaymentState::Reversed),
            ("failed", PaymentState::Failed),
        ] {
            world.card(name, Some(state)).await;
        }
        world.card("open", None).await;
        world.advance("open", &AttemptState::InDoubt(ReversalReason::Timeout)).await;
        world.card("review", None).await;
        world.advance("review", &AttemptState::Review { reason: ReversalReason::Timeout, sends: 3 }).await;
        world.rearmed().await;
        world.refused().await;
        world.cash("cash").await;
        world.cash("unwound").await;
        world.unwind("unwound").await;
        world.tombstone().await;
        world.log().await;
        world.neighbours();
        world
    }

    async fn top_up(&self) {
        let bed = &self.bed;
        let transfer = Transfer {
            cause: bed.id(),
            seq: 1,
            kind: TransferKind::Book,
            debit: bed.bank,
            credit: bed.float,
            amount: ils(1_000_000),
            at: NOW,
            business_date: TODAY,
        };
        let mut tx = bed.db.begin().await.expect("begins");
        assert!(switch_store::ledger::book_floored(&mut tx, &transfer, bed.float).await.expect("booked"));
        tx.commit().await.expect("commits");
    }

    async fn card(&mut self, name: &'static str, end: Option<PaymentState>) -> Intake {
        let (bed, bill) = (&self.bed, self.bed.bill().await);
        let intake = bed.intake(&bed.key(), &bill);
        let journal = bed.journal().await;
        let copy =
            Intake { payment: intake.payment.clone(), bill: intake.bill, attempt: intake.attempt.clone() };
        assert_eq!(journal.intake(copy).await.expect("a verdict"), IntakeVerdict::Taken);
        if let Some(state) = end {
            // Delivered since: nothing is left in the outbox.
            journal.end(bed.ending(&intake, state)).await.expect("it ends");
        }
        self.payments.insert(name, intake.payment.clone());
        intake
    }

    async fn advance(&self, name: &str, next: &AttemptState) {
        let mut tx = self.bed.db.begin().await.expect("begins");
        assert!(attempt::advance(&mut tx, self.payments[name].id, 0, next, NOW).await.expect("advances"));
        tx.commit().await.expect("commits");
    }

    /// Declined, approved late, being taken back.
    async fn rearmed(&mut self) {
        let intake = self.card("rearmed", Some(PaymentState::Declined)).await;
        let mut armed = intake.attempt.clone();
        armed.state = AttemptState::Reversing { reason: ReversalReason::LateApproval, sends: 1 };
        let mut tx = self.bed.db.begin().await.expect("begins");
        assert!(attempt::rearm(&mut tx, &armed).await.expect("armed"));
        tx.commit().await.expect("commits");
    }

    /// Asked for the bill that is paid.
    async fn refused(&mut self) {
        let bed = &self.bed;
        let mut bill = bed.new_bill();
        bill.id = self.payments["paid"].bill.expect("it has one");
        // It may also have asked for another amount.
        bill.amount = ils(4_000);
        let intake = bed.intake(&bed.key(), &bill);
        self.payments.insert("refused", intake.payment.clone());
        let verdict = bed.journal().await.intake(intake).await;
        assert_eq!(verdict.expect("a verdict"), IntakeVerdict::BillTaken);
    }

    fn booked(&self, p: &Payment, back: bool) -> Transfer {
        let bed = &self.bed;
        let (debit, credit) = if back { (bed.payable, bed.float) } else { (bed.float, bed.payable) };
        let (seq, kind) = (if back { UNWIND_SEQ } else { 1 }, TransferKind::Book);
        Transfer { cause: p.id.0, seq, kind, debit, credit, amount: p.amount, at: NOW, business_date: TODAY }
    }

    async fn cash(&mut self, name: &'static str) {
        let bed = &self.bed;
        let bill = bed.bill().await;
        let payment = bed.payment(&bed.key(), &bill, Method::Cash);
        let intake = CashIntake {
            payment: &payment,
            bill: bill.id,
            transfer: self.booked(&payment, false),
            approval_code: "ABC123",
        };
        let mut tx = bed.db.begin().await.expect("begins");
        assert_eq!(cash::pay(&mut tx, &intake).await.expect("a verdict"), CashVerdict::Paid);
        if name == "cash" {
            let (event, client) = (EventId(bed.id()), MINISTRY);
            let news = News { event, client, payment: payment.id, state: PaymentState::Paid, at: NOW };
            outbox::publish(&mut tx, &news).await.expect("published");
        }
        tx.commit().await.expect("commits");
        self.payments.insert(name, payment);
    }

    async fn unwind(&self, name: &str) {
        let payment = &self.payments[name];
        let mut tx = self.bed.db.begin().await.expect("begins");
        let back = self.booked(payment, true);
        let done = cash::unwind(&mut tx, payment.id, payment.bill, &back, self.bed.float).await;
        assert!(done.expect("a verdict"));
        tx.commit().await.expect("commits");
    }

    async fn tombstone(&mut self) {
        let bed = &self.bed;
        let mut payment = bed.payment(&bed.key(), &bed.new_bill(), Method::Cash);
        payment.bill = None;
        assert_eq!(payment.client, AGENT);
        let mut tx = bed.db.begin().await.expect("begins");
        assert!(cash::tombstone(&mut tx, &payment).await.expect("a verdict"));
        tx.commit().await.expect("commits");
        self.payments.insert("tombstone", payment);
    }

    /// Three entries of the audit log, a seal over them, and one that is not sealed yet.
    async fn log(&self) {
        let entry = |act, subject: &str, detail: String| Entry {
            at: NOW,
            actor: "node 1".into(),
            act,
            subject: subject.into(),
            detail,
        };
        let mut tx = self.bed.db.begin().await.expect("begins");
        for (act, subject) in [(Act::Start, "switchd"), (Act::Alarm, "pay_1"), (Act::Alarm, "pay_2")] {
            audit_log::append(&mut tx, &entry(act, subject, "x".into())).await.expect("appended");
        }
        let key = seal_key();
        let seal = |head: &Head| {
            let (count, hash) = (head.seq, audit_log::hex(&head.hash));
            let signature = key.sign(format!("switchd seal 1\n{count}\n{hash}\n").as_bytes());
            let (public, signature) =
                (audit_log::hex(key.public_key().as_ref()), audit_log::hex(signature.as_ref()));
            let detail =
                format!(r#"{{"count":{count},"head":"{hash}","key":"{public}","signature":"{signature}"}}"#);
            entry(Act::Seal, &count.to_string(), detail)
        };
        audit_log::append_behind(&mut tx, seal).await.expect("appended");
        audit_log::append(&mut tx, &entry(Act::Alarm, "pay_3", "x".into())).await.expect("appended");
        tx.commit().await.expect("commits");
    }

    /// What the card host, the clients and the receiver of news keep.
    fn neighbours(&self) {
        self.write(
            "book.jsonl",
            &[
                "{paid} approved 5000",
                "{declined} declined 5000",
                "{reversed} approved 5000",
                "{reversed} reversed 5000",
                "{open} approved 5000",
                "{rearmed} approved 5000",
            ],
        );
        self.write(
            "history.jsonl",
            &[
                r#"{"key":"{paid:key}","client":"moi","payment":"{paid:public}","status":"PENDING"}"#,
                r#"{"key":"{paid:key}","status":"PAID"}"#,
                r#"{"key":"{declined:key}","status":"DECLINED"}"#,
                r#"{"key":"{open:key}","status":"PENDING"}"#,
                r#"{"bill":"{paid:billpublic}","status":"PAID"}"#,
                r#"{"key":"{refused:key}","status":"bill-not-payable"}"#,
            ],
        );
        self.write("deliveries.jsonl", &[]);
        let told = [
            ("paid", "paid"),
            ("declined", "declined"),
            ("reversed", "reversed"),
            ("failed", "failed"),
            ("rearmed", "declined"),
            ("unwound", "paid"),
            ("unwound", "reversed"),
        ];
        let lines: Vec<String> = told.iter().map(|(name, kind)| {
            let event = if *name == *kind { String::new() } else { format!("-{kind}") };
            format!(r#"{{"event":"evt_{{{name}}}{event}","type":"payment.{kind}","payment":"{{{name}:public}}"}}"#)
        }).collect();
        self.write("deliveries.jsonl", &lines.iter().map(String::as_str).collect::<Vec<_>>());
    }

    /// Adds lines to a file of a neighbour.
    fn write(&self, file: &str, lines: &[&str]) {
        let path = self.folder.join(file);
        let mut text = std::fs::read_to_string(&path).unwrap_or_default();
        for line in lines {
            let line = self.fill(line);
            text += &if file == "book.jsonl" { sale(&line) } else { line };
            text.push('\n');
        }
        std::fs::write(path, text).expect("a file");
    }

    /// Puts numbers in for names.
    pub(crate) fn fill(&self, text: &str) -> String {
        let public = PublicIds::new(IDS_KEY);
        let mut text = text.to_owned();
        for (name, p) in &self.payments {
            let bill = p.bill.map_or(0, |bill| bill.0);
            for (word, value) in [
                ("", p.id.0.to_string()),
                (":bill", bill.to_string()),
                (":billpublic", public.show("bil", bill)),
                (":key", p.key.as_str().to_owned()),
                (":rrn", Rrn::of(AttemptId(p.id.0)).as_str().to_owned()),
                (":public", public.show("pay", p.id.0)),
            ] {
                text = text.replace(&format!("{{{name}{word}}}"), &value);
            }
        }
        let blob = if self.bed.is_sqlite() { "x'00'" } else { "'\\x00'::bytea" };
        for (name, id) in [
            ("receivable", self.bed.receivable),
            ("payable", self.bed.payable),
            ("float", self.bed.float),
            ("bank", self.bed.bank),
        ] {
            text = text.replace(&format!("{{{name}}}"), &id.0.to_string());
        }
        text.replace("{blob}", blob).replace("{nobody:public}", &public.show("pay", 900))
    }

    /// Does the damage, past all triggers.
    pub(crate) async fn plant(&self, damage: &Damage) {
        self.drop_guards().await;
        for statement in damage.sql {
            let statement = match *statement {
                // A row that its foreign key would refuse.
                "{orphan-floor}" if self.bed.is_sqlite() => {
                    "PRAGMA foreign_keys = OFF; DELETE FROM account WHERE id = 78; PRAGMA foreign_keys = ON"
                        .to_owned()
                }
                "{orphan-floor}" => {
                    self.run("ALTER TABLE floored_balance DROP CONSTRAINT floored_balance_account_id_fkey")
                        .await;
                    "DELETE FROM account WHERE id = 78".to_owned()
                }
                // A row that the table's own checks would refuse.
                other => match other.strip_prefix("{unchecked}") {
                    Some(sql) if self.bed.is_sqlite() => {
                        let (on, off) =
                            ("PRAGMA ignore_check_constraints = 1", "PRAGMA ignore_check_constraints = 0");
                        format!("{on}; {}; {off}", self.fill(sql))
                    }
                    Some(sql) => {
                        self.run("ALTER TABLE transfer DROP CONSTRAINT transfer_check").await;
                        self.fill(sql)
                    }
                    None => self.fill(other),
                },
            };
            self.run(&statement).await;
        }
        if !damage.without_book_of.is_empty() {
            let path = self.folder.join("book.jsonl");
            let text = std::fs::read_to_string(&path).expect("the book");
            let lost = self.fill(&format!("{{{}:rrn}}", damage.without_book_of));
            let left: String =
                text.lines().filter(|line| !line.contains(&lost)).map(|line| format!("{line}\n")).collect();
            std::fs::write(path, left).expect("the book");
        }
        self.write("book.jsonl", damage.book);
        self.write("history.jsonl", damage.history);
        self.write("deliveries.jsonl", damage.deliveries);
    }

    async fn drop_guards(&self) {
        if !self.bed.is_sqlite() {
            for table in APPEND_ONLY {
                self.run(&format!("DROP TRIGGER {table}_keeps ON {table}")).await;
            }
            return;
        }
        for table in APPEND_ONLY {
            self.run(&format!("DROP TRIGGER {table}_keeps")).await;
            self.run(&format!("DROP TRIGGER {table}_stays")).await;
        }
    }

    async fn run(&self, sql: &str) {
        self.bed.raw.run(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    pub(crate) fn options(&self) -> Options {
        let mut options = Options::new(&self.bed.url, NOW.0 + 600_000);
        options.books = vec![Book { connector: Some("card".into()), file: self.folder.join("book.jsonl") }];
        options.histories = vec![self.folder.join("history.jsonl")];
        options.deliveries = vec![self.folder.join("deliveries.jsonl")];
        options.ids_key = Some(IDS_KEY);
        options.seal_keys = vec![seal_key().public_key().as_ref().try_into().expect("32 bytes")];
        options
    }

    pub(crate) async fn audit(&self, damage: &Damage) -> Report {
        let mut options = self.options();
        options.settled = damage.settled;
        switch_audit::audit(&options).await.expect("it can be read")
    }

    pub(crate) async fn clear_away(self) {
        std::fs::remove_dir_all(&self.folder).expect("the folder can go");
        self.bed.clear_away().await;
    }
}

/// A line of the book from `NUMBER STATE MINOR`.
fn sale(words: &str) -> String {
    let words: Vec<&str> = words.split(' ').collect();
    let [number, state, minor, again @ ..] = words.as_slice() else { return words.join(" ") };
    let rrn = Rrn::of(AttemptId(number.parse().expect("a number")));
    let (stan, code) = (1 + again.len(), if *state == "declined" { "" } else { "123456" });
    format!(
        r#"{{"at_ms":1,"state":"{state}","rrn":"{}","stan":{stan},"transmitted":1122103105,"terminal":"T","amount_minor":{minor},"currency":"376","code":"00","approval_code":"{code}","sales":1,"reversals":0}}"#,
        rrn.as_str()
    )
}
