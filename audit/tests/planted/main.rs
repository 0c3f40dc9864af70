//! Damage planted in real databases, and the sentence the auditor says about it. A healthy database
//! with one payment of each kind comes first: about that it says nothing.

#[expect(dead_code, reason = "the store's own suite uses the rest of the bed")]
#[path = "../../../switch/store/tests/conformance/bed.rs"]
mod bed;
mod world;

use switch_audit::Check;

use crate::world::{Damage, World};

/// Runs each table on both engines.
macro_rules! suite {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() { super::$story("sqlite").await; })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() { super::$story("postgres").await; })+
        }
    };
}

suite! {
    nothing_is_said_about_a_healthy_switch,
    what_a_kill_leaves_open_is_listed_and_not_accused,
    ledger, payments, bills, vault_and_outbox, books, histories, deliveries, audit_log, statements,
    any_flipped_column_of_the_audit_log_is_found,
}

async fn nothing_is_said_about_a_healthy_switch(engine: &str) {
    let world = World::new(engine).await;
    let report = world.audit(&Damage::default()).await;
    assert_eq!(report.findings, [], "{report}");
    let open: Vec<_> = report.open.iter().map(|work| work.state.as_str()).collect();
    assert_eq!(open, ["IN_DOUBT", "REVIEW", "REVERSING"]);
    let states: Vec<_> = report.counts.payments.iter().map(|(state, n)| format!("{n} {state}")).collect();
    assert_eq!(states, ["2 DECLINED", "1 FAILED", "2 OPEN", "2 PAID", "1 REFUSED", "3 REVERSED"]);
    assert_eq!((report.counts.transfers, report.counts.moved_minor["ILS"]), (16, 1_000_000 + 4 * 5_000));
    assert_eq!((report.counts.sales, report.counts.answers, report.counts.deliveries), (5, 6, 7));
    world.clear_away().await;
}

async fn what_a_kill_leaves_open_is_listed_and_not_accused(engine: &str) {
    let world = World::new(engine).await;
    let report = world.audit(&Damage::default()).await;
    let sentence = &report.open[0].sentence;
    let expected =
        world.fill("payment {open} ({open:public}) of 50.00 ILS: IN_DOUBT, at card for 10 min, with node 1");
    assert_eq!(*sentence, expected);
    assert!(
        report.open[2].sentence.contains("a late approval being taken back"),
        "{}",
        report.open[2].sentence
    );
    world.clear_away().await;
}

/// Plants each damage in a database of its own and looks for its sentence.
async fn planted(engine: &str, table: &[Damage]) {
    for damage in table {
        let world = World::new(engine).await;
        world.plant(damage).await;
        let report = world.audit(damage).await;
        let expected = world.fill(damage.says);
        let found = report
            .findings
            .iter()
            .any(|finding| Some(finding.check) == damage.check && finding.sentence.contains(&expected));
        assert!(found, "nobody says [{:?}] {expected}\nafter {:?}\nbut:\n{report}", damage.check, damage.sql);
        world.clear_away().await;
    }
}

fn sql(check: Check, sql: &'static [&'static str], says: &'static str) -> Damage {
    Damage { check: Some(check), sql, says, ..Damage::default() }
}

async fn ledger(engine: &str) {
    use Check::{Balance, BusinessDate, Cause, Floor, Posting, Promise};
    planted(engine, &[
        sql(Posting, &["UPDATE transfer SET amount_minor = 4000 WHERE cause = {paid} AND seq = 2"],
            "transfer {paid}/2 (POST) is of 40.00 ILS, and payment {paid} ({paid:public}) is of 50.00 ILS: 10.00 ILS lost"),
        sql(Posting, &["UPDATE transfer SET amount_minor = 6000 WHERE cause = {paid} AND seq = 2"],
            "10.00 ILS too much"),
        sql(Posting, &["UPDATE transfer SET currency = 'JOD' WHERE cause = {paid}"],
            "transfer {paid}/1 (PENDING) is of 5.000 JOD, and payment {paid} ({paid:public}) is of 50.00 ILS: another currency"),
        sql(Balance, &["UPDATE transfer SET currency = 'JOD' WHERE cause = {paid} AND seq = 2"],
            "transfer {paid}/2 debits 5.000 JOD to receivable:card:ILS, an account in ILS"),
        sql(Balance, &["UPDATE transfer SET credit = 77 WHERE cause = {paid} AND seq = 2"],
            "transfer {paid}/2 credits 50.00 ILS to account 77, which does not exist"),
        sql(Balance, &["UPDATE transfer SET credit = 77 WHERE cause = {paid} AND seq = 2"],
            "all accounts in ILS together hold -50.00 ILS instead of nothing"),
        sql(
            Balance,
            &["{unchecked}UPDATE transfer SET credit = debit WHERE cause = {paid} AND seq = 2"],
            "transfer {paid}/2 of 50.00 ILS moves nothing from one account to another",
        ),
sql(Floor, &["UPDATE floored_balance SET balance_minor = 995001"],
            "float:2:ILS says that it holds 9950.01 ILS, and its entries say 9950.00 ILS: 0.01 ILS apart"),
        sql(Floor, &["INSERT INTO transfer VALUES (900, 1, 'BOOK', {float}, {bank}, 2000000, 'ILS', 1, 20261122)"],
            "float:2:ILS holds -10050.00 ILS, below its floor of 0.00 ILS"),
        sql(Floor, &["DELETE FROM floored_balance"],
            "float:2:ILS holds 9950.00 ILS and has no stored balance: it can be overdrawn"),
        sql(Floor, &["INSERT INTO account VALUES (78, 'x', 'ILS')", "INSERT INTO floored_balance VALUES (78, 0, 5)", "{orphan-floor}"],
            "has a balance of 5 minor units"),
        sql(Cause, &["INSERT INTO transfer VALUES (900, 1, 'BOOK', {receivable}, {payable}, 5000, 'ILS', 1, 20261122)"],
            "transfer 900/1 (BOOK) of 50.00 ILS has no payment 900 and is no top-up of a float: money without a cause"),
        sql(Promise, &["DELETE FROM transfer WHERE cause = {declined} AND seq = 2"],
            "transfer {declined}/1 promises 50.00 ILS for payment {declined} ({declined:public}), which is DECLINED: the promise was never posted or voided"),
        sql(Promise, &["UPDATE transfer SET debit = {bank} WHERE cause = {declined} AND seq = 2"],
            "transfer {declined}/2 (VOID) ends the promise transfer {declined}/1 of 50.00 ILS with another amount or other accounts"),
        sql(Promise, &["DELETE FROM transfer WHERE cause = {paid} AND seq = 1"],
            "transfer {paid}/2 (POST) of 50.00 ILS ends a promise that was never made"),
        sql(Promise, &["INSERT INTO transfer SELECT cause, 2, 'VOID', debit, credit, amount_minor, currency, at, business_date FROM transfer WHERE cause = {open}"],
            "transfer {open}/2 (VOID) ended the promise transfer {open}/1 of 50.00 ILS, and its attempt is still open"),
        sql(Promise, &["UPDATE open_attempt SET credit = {bank} WHERE payment_id = {open}"],
            "transfer {open}/1 promises 50.00 ILS for payment {open} ({open:public}), which is IN_DOUBT: the promise was never posted or voided"),
        sql(Promise, &["DELETE FROM transfer WHERE cause = {open}"],
            "payment {open} ({open:public}) of 50.00 ILS has an open attempt (IN_DOUBT) and no promise"),
        sql(BusinessDate, &["UPDATE transfer SET business_date = 20261123 WHERE cause = {paid} AND seq = 2"],
            "transfer {paid}/2 (POST) of 50.00 ILS is booked under 20261123, and payment {paid} ({paid:public}) under 20261122"),
        sql(BusinessDate, &["UPDATE transfer SET credit = {bank} WHERE cause = {paid}"],
            "payable:MOI on business date 20261122: the ledger moved 50.00 ILS, and the payments of that date say 100.00 ILS: 50.00 ILS apart"),
    ]).await;
}

async fn payments(engine: &str) {
    use Check::{Bill, End, Open, Posting};
    let open = |check, sql: &'static [&'static str], says| Damage {
        check: Some(check),
        sql,
        says,
        ..Damage::default()
    };
    planted(engine, &[
        sql(Posting, &["DELETE FROM transfer WHERE cause = {paid} AND kind = 'POST'"],
            "payment {paid} ({paid:public}) is PAID in the database, and nothing was posted: 50.00 ILS missing from the ledger"),
        sql(Posting, &["UPDATE transfer SET kind = 'POST' WHERE cause = {declined} AND kind = 'VOID'"],
            "transfer {declined}/2 (POST) moves 50.00 ILS for payment {declined} ({declined:public}), which is DECLINED: money recorded that nobody paid"),
        sql(Posting, &["INSERT INTO transfer SELECT cause, seq + 2, kind, debit, credit, amount_minor, currency, at, business_date FROM transfer WHERE cause = {paid}"],
            "transfer {paid}/4 (POST) moves 50.00 ILS for payment {paid} ({paid:public}) once more: doubled in the ledger"),
        sql(Posting, &["DELETE FROM transfer WHERE cause = {unwound} AND seq = 1000"],
            "payment {unwound} ({unwound:public}) was taken back, and nothing was moved back: 50.00 ILS withheld from the agent"),
        sql(Posting, &["UPDATE transfer SET debit = {receivable} WHERE cause = {unwound} AND seq = 1000"],
            "transfer {unwound}/1000 moves 50.00 ILS of payment {unwound} ({unwound:public}) back between other accounts than it came from"),
        sql(Posting, &["INSERT INTO transfer SELECT cause, 1001, kind, debit, credit, amount_minor, currency, at, business_date FROM transfer WHERE cause = {unwound} AND seq = 1000"],
            "transfer {unwound}/1001 moves 50.00 ILS of payment {unwound} ({unwound:public}) back once more: doubled"),
        sql(Posting, &["INSERT INTO transfer VALUES ({cash}, 1000, 'BOOK', {payable}, {float}, 5000, 'ILS', 1, 20261122)"],
            "transfer {cash}/1000 moves 50.00 ILS of payment {cash} ({cash:public}) back, which was never taken back: lost"),
        sql(End, &["DELETE FROM open_attempt WHERE payment_id = {open}"],
            "payment {open} ({open:public}) of 50.00 ILS has neither an outcome nor an open attempt: nobody will ever end it"),
        sql(End, &["INSERT INTO outcome (payment_id, state, at) VALUES ({open}, 'PAID', 1)"],
            "payment {open} ({open:public}) of 50.00 ILS is PAID and still has an open attempt (IN_DOUBT)"),
        sql(End, &["UPDATE open_attempt SET reason = 'timeout' WHERE payment_id = {rearmed}"],
            "payment {rearmed} ({rearmed:public}) of 50.00 ILS is DECLINED and still has an open attempt (REVERSING)"),
        sql(End, &["INSERT INTO unwind VALUES ({paid}, 'x', 1)"],
            "payment {paid} ({paid:public}) of 50.00 ILS was taken back as cash and was no paid cash payment"),
        sql(End, &["DELETE FROM payment WHERE id = {paid}"],
            "there is an outcome PAID of payment {paid} ({paid:public}), and no such payment: its row was lost"),
        sql(End, &["DELETE FROM payment WHERE id = {open}"],
            "there is an open attempt IN_DOUBT of payment {open} ({open:public}), and no such payment"),
        sql(End, &["INSERT INTO unwind VALUES (900, 'x', 1)"],
            "there is a reversal of cash of payment 900"),
        sql(Bill, &["UPDATE bill SET amount_minor = 7000 WHERE id = {paid:bill}"],
            "payment {paid} ({paid:public}) is of 50.00 ILS, and its bill {paid:bill} asks 70.00 ILS"),
        open(Open, &["UPDATE open_attempt SET sent_at = sent_at - 90000000 WHERE payment_id = {open}"],
            "payment {open} ({open:public}) of 50.00 ILS: IN_DOUBT, at card for 25 h 10 min, with node 1: open for too long, and no person is named"),
        Damage { settled: true, ..open(Open, &[], "payment {review} ({review:public}) of 50.00 ILS: REVIEW, at card for 10 min, with node 1: all should have ended") },
    ]).await;
}

async fn bills(engine: &str) {
    use Check::{Bill, Claim};
    planted(engine, &[
        sql(Bill, &["UPDATE payment SET bill_id = {paid:bill} WHERE id = {cash}"],
            "bill {paid:bill} is paid 2 times, by payment {paid} ({paid:public}) and by payment {cash} ({cash:public}): a citizen paid twice"),
        sql(Claim, &["DELETE FROM bill_claim WHERE bill_id = {paid:bill}"],
            "bill {paid:bill} of payment {paid} ({paid:public}) (PAID, 50.00 ILS) is claimed by nobody: it could be paid twice"),
        sql(Claim, &["UPDATE bill_claim SET payment_id = NULL WHERE bill_id = {paid:bill}"],
            "is claimed by its withdrawal: it could be paid twice"),
        sql(Claim, &["DELETE FROM bill_claim WHERE bill_id = {open:bill}"],
            "bill {open:bill} of payment {open} ({open:public}) (IN_DOUBT, 50.00 ILS) is claimed by nobody"),
        sql(Claim, &["INSERT INTO bill_claim VALUES ({declined:bill}, {declined}, 1)"],
            "bill {declined:bill} is claimed by payment {declined} ({declined:public}) (50.00 ILS), which is DECLINED: it can never be paid"),
        sql(Claim, &["INSERT INTO bill_claim VALUES ({declined:bill}, {paid}, 1)"],
            "bill {declined:bill} is claimed by payment {paid} ({paid:public}), which is no payment of it: it can never be paid"),
    ]).await;
}

async fn vault_and_outbox(engine: &str) {
    use Check::{Outbox, Vault};
    planted(engine, &[
        sql(Vault, &["INSERT INTO card VALUES (55, 1, 'k', {blob}, {blob}, 1)", "UPDATE payment SET card_id = 55 WHERE id = {paid}"],
            "the vault still holds card 55 of payment {paid} ({paid:public}), which is PAID"),
        sql(Outbox, &["UPDATE outbox SET state = 'DECLINED' WHERE payment_id = {cash}"],
            "will tell that payment {cash} is DECLINED, and it is PAID: an owner learns what did not happen"),
        sql(Outbox, &["UPDATE outbox SET payment_id = {open} WHERE payment_id = {cash}"],
            "will tell that payment {open} is PAID, and it is not ended"),
        sql(Outbox, &["UPDATE outbox SET client_id = 2"],
            "of payment {cash} will be told to client 2, who does not own its bill"),
        Damage { settled: true, ..sql(Outbox, &[], "the news that payment {cash} ({cash:public}) is PAID still waits") },
    ]).await;
}

async fn books(engine: &str) {
    use Check::{Book, File};
    let book = |check, lines: &'static [&'static str], says| Damage {
        check: Some(check),
        book: lines,
        says,
        ..Damage::default()
    };
    planted(engine, &[
        Damage { without_book_of: "paid", ..book(Book, &[],
            "payment {paid} ({paid:public}) is PAID in the database, and the host's book has no approval for RRN {paid:rrn}: 50.00 ILS recorded without money") },
        book(Book, &["{paid} reversed 5000"],
            "payment {paid} ({paid:public}) is PAID in the database, and the host's book says reversed for RRN {paid:rrn}: 50.00 ILS recorded without money"),
        book(Book, &["{paid} approved 4000"],
            "payment {paid} ({paid:public}) is PAID with 50.00 ILS, and the host's book approved 40.00 ILS for RRN {paid:rrn}"),
        sql(Book, &["UPDATE outcome SET approval_code = '999999' WHERE payment_id = {paid}"],
            "payment {paid} ({paid:public}) (50.00 ILS) has approval code 999999, and the host's book 123456 for RRN {paid:rrn}"),
        book(Book, &["{declined} approved 5000"],
            "the host's book holds an approval of 50.00 ILS for RRN {declined:rrn}, and payment {declined} ({declined:public}) is DECLINED: 50.00 ILS taken from a citizen for nothing"),
        book(Book, &["{reversed} approved 5000"], "and payment {reversed} ({reversed:public}) is REVERSED"),
        book(Book, &["{paid} approved 5000 again"],
            "the host's book holds 2 approvals of payment {paid} ({paid:public}) (RRN {paid:rrn} and {paid:rrn}): 50.00 ILS taken more than once"),
        Damage { sql: &["UPDATE payment SET bill_id = {paid:bill} WHERE id = {declined}"], ..book(Book, &["{declined} approved 5000"],
            "the host's book holds approvals of payment {paid} ({paid:public}) and payment {declined} ({declined:public}) for one bill, {paid:bill}: a citizen was charged twice") },
        book(Book, &["900 approved 5000"],
            "the host's book holds an approval of 50.00 ILS for RRN 0000000000P0, and no payment has that reference: 50.00 ILS taken from a citizen and recorded nowhere"),
        book(File, &["garbage"], "book.jsonl has 1 line(s) that nobody can read"),
    ]).await;
}

async fn histories(engine: &str) {
    use Check::History;
    let told = |lines: &'static [&'static str], says| Damage {
        check: Some(History),
        history: lines,
        says,
        ..Damage::default()
    };
    planted(engine, &[
        told(&[r#"{"key":"{declined:key}","status":"PAID"}"#],
            "a client was told PAID for key {declined:key}, and payment {declined} ({declined:public}) of 50.00 ILS is DECLINED: an acknowledged payment was lost"),
        told(&[r#"{"key":"{paid:key}","status":"DECLINED"}"#],
            "a client was told DECLINED for key {paid:key}, and payment {paid} ({paid:public}) of 50.00 ILS is PAID: a final answer was not final"),
        told(&[r#"{"key":"{paid:key}","status":"DECLINED"}"#],
            "a client was told PAID and then DECLINED for key {paid:key} (payment {paid} ({paid:public}), 50.00 ILS): a final answer was not final"),
        told(&[r#"{"key":"{open:key}","status":"PAID"}"#], "is still open: an acknowledged payment was lost"),
        told(&[r#"{"key":"nobody's","bill":"bil_1","status":"PAID"}"#],
            "a client was told PAID for key nobody's (bill bil_1), and no payment has that key: an acknowledged payment was lost"),
        told(&[r#"{"key":"nobody's","status":"PENDING"}"#], "a client was told that it is pending for key nobody's"),
        told(&[r#"{"key":"{paid:key}","client":"agent","status":"PAID"}"#],
            "for key {paid:key}, and no payment has that key"),
        told(&[r#"{"key":"{paid:key}","payment":"{cash:public}","status":"PAID"}"#],
            "key {paid:key} was answered with payment {cash:public}, and stands for payment {paid} ({paid:public}) (50.00 ILS)"),
        told(&[r#"{"bill":"{declined:billpublic}","status":"PAID"}"#],
            "a client was told PAID for bill {declined:billpublic}, and no payment of it ended so: an acknowledged payment was lost"),
        told(&[r#"{"bill":"bil_1","status":"PAID"}"#], "a client was told PAID for bill \"bil_1\", which is no number of ours"),
sql(History, &["UPDATE outcome SET state = 'FAILED' WHERE payment_id = {paid}"],
            "a client was told PAID for key {paid:key}, and payment {paid} ({paid:public}) of 50.00 ILS is FAILED"),
    ]).await;
}

async fn deliveries(engine: &str) {
    use Check::Delivery;
    let took = |lines: &'static [&'static str], says| Damage {
        check: Some(Delivery),
        deliveries: lines,
        says,
        ..Damage::default()
    };
    planted(engine, &[
        sql(Delivery, &["DELETE FROM outbox WHERE payment_id = {cash}"],
            "payment {cash} ({cash:public}) of 50.00 ILS is PAID, and the owner of its bill (client 1) was never told: the news was lost"),
        took(&[r#"{"event":"evt_9","type":"payment.declined","payment":"{paid:public}"}"#],
            "a receiver was told that payment {paid} ({paid:public}) of 50.00 ILS is DECLINED, and it is PAID"),
        took(&[r#"{"event":"evt_9","type":"payment.paid","payment":"{open:public}"}"#],
            "a receiver was told that payment {open} ({open:public}) of 50.00 ILS is PAID, and it is still open"),
        took(&[r#"{"event":"evt_{paid}","type":"payment.declined","payment":"{declined:public}"}"#],
            "event evt_{paid} told payment.paid of {paid:public} and then payment.declined of {declined:public}: one event, two contents"),
        took(&[r#"{"event":"evt_9","type":"payment.paid","payment":"pay_1"}"#],
            "event evt_9 told of pay_1, which is no number of ours"),
        took(&[r#"{"event":"evt_9","type":"payment.paid","payment":"{nobody:public}"}"#],
            "a receiver was told that payment 900 ({nobody:public}) is PAID, and there is no such payment"),
    ]).await;
}

async fn audit_log(engine: &str) {
    use Check::{Chain, Seal};
    planted(engine, &[
        sql(Chain, &["UPDATE audit_log SET detail = 'y' WHERE seq = 2"],
            "entry 2 of the audit log (alarm by node 1) is not what was hashed when it was written: it was changed"),
        sql(Chain, &["DELETE FROM audit_log WHERE seq = 2"],
            "entry 3 of the audit log (alarm by node 1) follows entry 1: entries between them were removed"),
        sql(Chain, &["UPDATE audit_log SET hash = (SELECT hash FROM audit_log WHERE seq = 1) WHERE seq = 2"],
            "entry 3 of the audit log (alarm by node 1) does not follow the entry before it: one of them was changed"),
        sql(Seal, &["UPDATE audit_log SET subject = '2' WHERE seq = 4"],
            "entry 4 of the audit log (seal by node 1) is no seal on what comes before it: it seals 3 entries"),
        sql(Seal, &["UPDATE audit_log SET detail = REPLACE(detail, '\"signature\":\"', '\"signature\":\"00') WHERE seq = 4"],
            "entry 4 of the audit log (seal by node 1) is no seal on what comes before it: its signature is wrong"),
    ]).await;
}

/// Every column of every entry, in a real database; every byte is flipped beside the code.
async fn any_flipped_column_of_the_audit_log_is_found(engine: &str) {
    let world = World::new(engine).await;
    world.plant(&Damage::default()).await;
    for seq in 1..=5 {
        for column in ["at", "actor", "act", "subject", "detail", "previous", "hash"] {
            let (change, back) = match (column, world.bed.is_sqlite()) {
                ("at", _) => ("at + 1".to_owned(), "at - 1".to_owned()),
                ("previous" | "hash", true) => {
                    (format!("CAST({column} || x'00' AS BLOB)"), format!("substr({column}, 1, 32)"))
                }
                ("previous" | "hash", false) => (
                    format!("set_byte({column}, 7, get_byte({column}, 7) # 1)"),
                    format!("set_byte({column}, 7, get_byte({column}, 7) # 1)"),
                ),
                _ => (format!("{column} || 'x'"), format!("substr({column}, 1, LENGTH({column}) - 1)")),
            };
            let set = async |value: &str| {
                let sql = format!("UPDATE audit_log SET {column} = {value} WHERE seq = {seq}");
                world.bed.raw.run(&sql).await.expect(&sql);
            };
            set(&change).await;
            let report = world.audit(&Damage::default()).await;
            assert!(report.findings.iter().any(|f| f.check == Check::Chain), "{column} of {seq}: {report}");
            set(&back).await;
        }
    }
    if world.bed.is_sqlite() {
        // What no text is: the other engine refuses to keep it.
        world
            .bed
            .raw
            .run("UPDATE audit_log SET actor = CAST(x'ff' AS TEXT) WHERE seq = 5")
            .await
            .expect("kept");
        let report = world.audit(&Damage::default()).await;
        let said = &report.findings[0].sentence;
        assert!(
            said.starts_with("after entry 4 of the audit log: the database holds what nothing can read"),
            "{said}"
        );
        world.bed.raw.run("UPDATE audit_log SET actor = 'node 1' WHERE seq = 5").await.expect("kept");
    }
    let report = world.audit(&Damage::default()).await;
    assert!(report.is_clean(), "{report}");
    assert_eq!((report.counts.entries, report.counts.seals, report.counts.unsealed), (5, 1, 1));
    world.clear_away().await;
}

/// A signed statement, damage, and what a verification says.
async fn statements(engine: &str) {
    use Check::{Chain, Statement};
    let after = |check, sql: &'static [&'static str], says| Damage {
        check: Some(check),
        sql,
        says,
        ..Damage::default()
    };
    for damage in [
        Damage::default(),
        // Paid later: its rows are younger than the statement.
        after(
            Statement,
            &[
                "INSERT INTO transfer SELECT cause, 2, 'POST', debit, credit, amount_minor, currency, at + 86400000, business_date FROM transfer WHERE cause = {open}",
            ],
            "",
        ),
        after(
            Statement,
            &["UPDATE transfer SET amount_minor = 4000 WHERE cause = {paid} AND seq = 2"],
            "transfer {paid}/2 is not what it was when the statement of 20261122 was signed: it was changed (now 40.00 ILS)",
        ),
        after(
            Statement,
            &["UPDATE transfer SET amount_minor = 4000 WHERE cause = {paid} AND seq = 2"],
            "payable:MOI:main:ILS on 20261122: the statement says closing 100.00 ILS, and the rows say 90.00 ILS: 10.00 ILS apart",
        ),
        after(
            Statement,
            &["DELETE FROM transfer WHERE cause = {paid} AND seq = 2"],
            "transfer {paid}/2 is in the statement of 20261122 and not in the database: it was removed or moved to another date",
        ),
        after(
            Statement,
            &[
                "INSERT INTO transfer SELECT cause, 4, kind, debit, credit, amount_minor, currency, at, business_date FROM transfer WHERE cause = {paid} AND seq = 2",
            ],
            "transfer {paid}/4 is dated before the statement of 20261122 and is not in it: it was put in later (50.00 ILS)",
        ),
        after(
            Statement,
            &["UPDATE transfer SET business_date = 20261121 WHERE cause = {cash}"],
            "float:2:ILS on 20261122: the statement says opening 0.00 ILS, and the rows say -50.00 ILS",
        ),
        after(
            Statement,
            &["UPDATE outcome SET state = 'FAILED' WHERE payment_id = {paid}"],
            "outcome {paid} is not what it was when the statement of 20261122 was signed: it was changed (now FAILED)",
        ),
        after(
            Statement,
            &["UPDATE outcome SET state = 'FAILED' WHERE payment_id = {paid}"],
            "payments of 20261122: the statement says 2 DECLINED of 100.00 ILS",
        ),
        after(
            Statement,
            &["UPDATE payment SET key = 'another' WHERE id = {paid}"],
            "payment {paid} is not what it was when the statement of 20261122 was signed: it was changed (now 50.00 ILS)",
        ),
        after(
            Statement,
            &["DELETE FROM unwind"],
            "unwind {unwound} is in the statement of 20261122 and not in the database",
        ),
        after(
            Chain,
            &["DELETE FROM audit_log WHERE seq > 3"],
            "when the statement was signed, and has not any more",
        ),
    ] {
        let world = World::new(engine).await;
        let options = world.options();
        let as_of_ms = options.now_ms;
        let made = switch_audit::statement(&options, 20_261_122, as_of_ms).await.expect("it can be read");
        let text = made.signed(&world::SEAL_SEED).expect("a key");
        world.plant(&damage).await;
        let report = switch_audit::verify(&options, text.as_bytes()).await.expect("it can be read");
        let expected = world.fill(damage.says);
        let found =
            |f: &switch_audit::Finding| Some(f.check) == damage.check && f.sentence.contains(&expected);
        if damage.says.is_empty() {
            assert_eq!(report.findings, [], "{:?}", damage.sql);
        } else {
            assert!(report.findings.iter().any(found), "nobody says {expected}\nbut:\n{report}");
        }
        world.clear_away().await;
    }
}
