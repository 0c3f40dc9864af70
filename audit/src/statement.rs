//! The daily statement: what a business date holds, signed, so that years later anybody with the
//! database can say which row or sum is not what it was. `docs/audit.md` has the form.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::chain::{Chain, hex, is_signed};
use crate::money::amount;
use crate::report::{Check, Report};
use crate::source::{Row, Source};
use crate::{AuditError, Options};

const KIND: &str = "switchd statement 1";

// Rows of a date as they were at a moment. What is written later (a payment of the date that was still
// open) has a later time and is not in it.
const PAYMENTS: &str =
    "SELECT id, client_id, key, fingerprint, bill_id, method, channel, amount_minor, currency, card_id,
            created_at, business_date
     FROM payment WHERE business_date = $1 AND created_at <= $2 ORDER BY id";
const OUTCOMES: &str =
    "SELECT o.payment_id, o.state, o.reason, o.connector, o.attempt_id, o.stan, o.approval_code,
            o.response_code, o.answer_status, o.answer_body, o.at
     FROM outcome o JOIN payment p ON p.id = o.payment_id
     WHERE p.business_date = $1 AND o.at <= $2 ORDER BY o.payment_id";
const UNWINDS: &str =
    "SELECT u.payment_id, u.reason, u.at FROM unwind u JOIN payment p ON p.id = u.payment_id
     WHERE p.business_date = $1 AND u.at <= $2 ORDER BY u.payment_id";
const TRANSFERS: &str = "SELECT cause, seq, kind, debit, credit, amount_minor, currency, at, business_date
     FROM transfer WHERE business_date = $1 AND at <= $2 ORDER BY cause, seq";
const SUMS: &str = "SELECT a.code, a.currency,
            CAST(COALESCE(SUM(CASE WHEN m.business_date < $1 THEN m.amount ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN m.business_date = $1 AND m.amount < 0 THEN -m.amount ELSE 0 END), 0) AS BIGINT),
            CAST(COALESCE(SUM(CASE WHEN m.business_date = $1 AND m.amount > 0 THEN m.amount ELSE 0 END), 0) AS BIGINT)
     FROM (SELECT credit AS account, amount_minor AS amount, business_date, at FROM transfer WHERE kind IN ('POST', 'BOOK')
           UNION ALL
           SELECT debit, -amount_minor, business_date, at FROM transfer WHERE kind IN ('POST', 'BOOK')) AS m
     JOIN account a ON a.id = m.account
     WHERE m.at <= $2 AND m.business_date <= $1 GROUP BY a.code, a.currency ORDER BY a.code";
const ENDS: &str = "SELECT CASE WHEN u.payment_id IS NOT NULL THEN 'REVERSED' WHEN o.state IS NULL THEN 'OPEN' ELSE o.state END,
            p.currency, COUNT(*), CAST(SUM(p.amount_minor) AS BIGINT)
     FROM payment p
     LEFT JOIN outcome o ON o.payment_id = p.id AND o.at <= $2
     LEFT JOIN unwind u ON u.payment_id = p.id AND u.at <= $2
     WHERE p.business_date = $1 AND p.created_at <= $2 GROUP BY 1, 2 ORDER BY 1, 2";
const HEAD: &str = "SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1";
const ENTRY: &str = "SELECT seq, hash FROM audit_log WHERE seq = $1";

/// One account on the date, minor units. Credits less debits is what it owes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccountDay {
    code: String,
    currency: String,
    opening_minor: i64,
    debits_minor: i64,
    credits_minor: i64,
    closing_minor: i64,
}

/// Payments of the date that ended alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ended {
    state: String,
    currency: String,
    count: i64,
    amount_minor: i64,
}

/// A row: its table and key, and the first 16 digits of the SHA-256 of its form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RowDigest {
    row: String,
    digest: String,
}

/// The end of the audit log when the statement was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChainEnd {
    count: i64,
    head: String,
}

/// A business date. Its JSON has the fields in this order and no spaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    kind: String,
    /// `YYYYMMDD`.
    business_date: i64,
    /// What was written until then is in it, unix milliseconds.
    as_of_ms: i64,
    accounts: Vec<AccountDay>,
    payments: Vec<Ended>,
    audit_log: ChainEnd,
    /// SHA-256 over the digests of all rows, in their order.
    digest: String,
    rows: Vec<RowDigest>,
}

#[derive(Serialize, Deserialize)]
struct Signature {
    key: String,
    value: String,
}

/// A statement as it is kept: one line.
#[derive(Serialize, Deserialize)]
struct Signed {
    statement: Statement,
    signature: Signature,
}

impl Statement {
    fn message(&self) -> Result<Vec<u8>, AuditError> {
        let json = serde_json::to_string(self).map_err(|error| AuditError::Unreadable(error.to_string()))?;
        Ok(format!("{KIND}\n{json}").into_bytes())
    }

    /// The statement with the signature of an Ed25519 seed: one line of JSON and a line feed.
    ///
    /// # Errors
    /// [`AuditError::Usage`] when the seed is no key.
    pub fn signed(self, seed: &[u8; 32]) -> Result<String, AuditError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        let pair = pair.map_err(|_| AuditError::Usage("the signing key is no key of Ed25519".into()))?;
        let value = hex(pair.sign(&self.message()?).as_ref());
        let signature = Signature { key: hex(pair.public_key().as_ref()), value };
        let signed = Signed { statement: self, signature };
        let json =
            serde_json::to_string(&signed).map_err(|error| AuditError::Unreadable(error.to_string()))?;
        Ok(json + "\n")
    }
}

/// Makes the statement of a business date (`YYYYMMDD`) from raw rows.
///
/// # Errors
/// [`AuditError`] when the database cannot be read.
pub async fn statement(options: &Options, date: i64, as_of_ms: i64) -> Result<Statement, AuditError> {
    let mut source = Source::open(&options.database).await?;
    let drawn = Drawn::up(&mut source, date, as_of_ms).await?;
    source.close().await?;
    Ok(drawn.statement)
}

/// Holds a signed statement against the database: its form, its signature, then every row and sum.
///
/// # Errors
/// [`AuditError`] when the database cannot be read, or the text is no statement at all.
pub async fn verify(options: &Options, text: &[u8]) -> Result<Report, AuditError> {
    let mut report = Report::new(options);
    let signed = check_signature(text, &mut report)?;
    let mut source = Source::open(&options.database).await?;
    let then = &signed.statement;
    let now = Drawn::up(&mut source, then.business_date, then.as_of_ms).await?;
    compare_rows(then, &now, &mut report);
    compare_sums(then, &now.statement, &mut report);
    compare_chain(&mut source, &then.audit_log, &mut report).await?;
    Chain::check(&mut source, &mut report).await?;
    source.close().await?;
    Ok(report)
}

/// The statement of a text whose form and signature were looked at.
fn check_signature(text: &[u8], report: &mut Report) -> Result<Signed, AuditError> {
    let not = |why: String| AuditError::Usage(format!("this is no statement: {why}"));
    let signed: Signed = serde_json::from_slice(text).map_err(|error| not(error.to_string()))?;
    let again = serde_json::to_string(&signed).map_err(|error| not(error.to_string()))? + "\n";
    let Signature { key, value } = &signed.signature;
    let known = report.options.seal_keys.iter().any(|known| hex(known) == *key);
    let date = signed.statement.business_date;
    if again.as_bytes() != text || signed.statement.kind != KIND {
        report.found(
            Check::Statement,
            format!("the statement of {date} is not in its one form: it was changed after it was signed"),
        );
    }
    if !known && !report.options.seal_keys.is_empty() {
        report.found(
            Check::Statement,
            format!("the statement of {date} is signed with the key {key}, which is not known"),
        );
    }
    if !is_signed(key, value, &signed.statement.message()?) {
        report.found(
            Check::Statement,
            format!("the signature of the statement of {date} is wrong: it was changed after it was signed"),
        );
    }
    Ok(signed)
}

/// A statement, and what its rows are about.
struct Drawn {
    statement: Statement,
    about: BTreeMap<String, String>,
}

/// A row while it is drawn up.
struct Form {
    text: Vec<u8>,
}

impl Form {
    fn field(&mut self, value: Option<String>) {
        match value {
            Some(value) => self.text.extend(format!("{}:{value},", value.len()).bytes()),
            None => self.text.push(b'-'),
        }
    }
}

/// Columns of a table in their order: `i` a number, `t` text, `b` bytes as hexadecimal digits.
struct Table {
    name: &'static str,
    sql: &'static str,
    columns: &'static [u8],
    /// Columns of the key.
    keys: usize,
    /// Where the amount stands, and behind it the currency.
    amount: Option<usize>,
}

const TABLES: &[Table] = &[
    Table { name: "payment", sql: PAYMENTS, columns: b"iitbittitiii", keys: 1, amount: Some(7) },
    Table { name: "outcome", sql: OUTCOMES, columns: b"itttiittiti", keys: 1, amount: None },
    Table { name: "unwind", sql: UNWINDS, columns: b"iti", keys: 1, amount: None },
    Table { name: "transfer", sql: TRANSFERS, columns: b"iitiiitii", keys: 2, amount: Some(5) },
];

impl Drawn {
    async fn up(source: &mut Source, date: i64, as_of_ms: i64) -> Result<Self, AuditError> {
        let values = [date, as_of_ms];
        let (mut rows, mut about, mut digest) = (Vec::new(), BTreeMap::new(), Sha256::new());
        for table in TABLES {
            let take = |row: &Row<'_>| {
                let (name, form) = table.form(row)?;
                let whole = Sha256::digest(&form.text);
                digest.update(whole);
                let what = match table.amount {
                    Some(at) => amount(row.int(at)?.into(), &row.text(at + 1)?),
                    None => row.text(1)?,
                };
                about.insert(name.clone(), what);
                rows.push(RowDigest { row: name, digest: hex(&whole[..8]) });
                Ok(())
            };
            source.each(table.sql, &values, take).await?;
        }
        let sums = |row: &Row<'_>| {
            let (opening_minor, debits_minor, credits_minor) = (row.int(2)?, row.int(3)?, row.int(4)?);
            let closing_minor = opening_minor - debits_minor + credits_minor;
            let (code, currency) = (row.text(0)?, row.text(1)?);
            Ok(AccountDay { code, currency, opening_minor, debits_minor, credits_minor, closing_minor })
        };
        let ends = |row: &Row<'_>| {
            let (state, currency) = (row.text(0)?, row.text(1)?);
            Ok(Ended { state, currency, count: row.int(2)?, amount_minor: row.int(3)? })
        };
        let mut audit_log = ChainEnd { count: 0, head: hex(&[0; 32]) };
        let accounts = source.all(SUMS, &values, sums).await?;
        let payments = source.all(ENDS, &values, ends).await?;
        for (count, hash) in source.all(HEAD, &[], |row| Ok((row.int(0)?, row.bytes(1)?))).await? {
            audit_log = ChainEnd { count, head: hex(&hash) };
        }
        let digest = hex(&digest.finalize());
        let kind = KIND.to_owned();
        let statement =
            Statement { kind, business_date: date, as_of_ms, accounts, payments, audit_log, digest, rows };
        Ok(Self { statement, about })
    }
}

impl Table {
    /// The name of a row and its form: each column a netstring, or `-` for NULL.
    fn form(&self, row: &Row<'_>) -> Result<(String, Form), AuditError> {
        let mut form = Form { text: Vec::new() };
        let mut key = Vec::new();
        for (at, kind) in self.columns.iter().enumerate() {
            let value = match kind {
                b'i' => row.maybe_int(at)?.map(|number| number.to_string()),
                b't' => row.maybe_text(at)?,
                _ => row.maybe_bytes(at)?.map(|bytes| hex(&bytes)),
            };
            if at < self.keys {
                key.extend(value.clone());
            }
            form.field(value);
        }
        Ok((format!("{} {}", self.name, key.join("/")), form))
    }
}

fn compare_rows(then: &Statement, now: &Drawn, report: &mut Report) {
    let of = |statement: &Statement| -> BTreeMap<String, String> {
        statement.rows.iter().map(|row| (row.row.clone(), row.digest.clone())).collect()
    };
    let (was, is) = (of(then), of(&now.statement));
    let date = then.business_date;
    let about = |row: &str| now.about.get(row).map_or("", String::as_str);
    for (row, digest) in &was {
        match is.get(row) {
            None => report.found(Check::Statement, format!("{row} is in the statement of {date} and not in the database: it was removed or moved to another date")),
            Some(found) if found != digest => report.found(
                Check::Statement,
                format!("{row} is not what it was when the statement of {date} was signed: it was changed (now {})", about(row)),
            ),
            Some(_) => {}
        }
    }
    for row in is.keys().filter(|row| !was.contains_key(*row)) {
        let sentence = format!(
            "{row} is dated before the statement of {date} and is not in it: it was put in later ({})",
            about(row)
        );
        report.found(Check::Statement, sentence);
    }
    if was == is && then.digest != now.statement.digest {
        report.found(Check::Statement, format!("the digest over all rows of {date} is another"));
    }
}

fn compare_sums(then: &Statement, now: &Statement, report: &mut Report) {
    let date = then.business_date;
    let accounts = |s: &Statement| -> BTreeMap<String, AccountDay> {
        s.accounts.iter().map(|account| (account.code.clone(), account.clone())).collect()
    };
    let (was, is) = (accounts(then), accounts(now));
    let codes: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    for code in codes {
        for (what, part) in [
            ("opening", (|a| a.opening_minor) as fn(&AccountDay) -> i64),
            ("debits", |a| a.debits_minor),
            ("credits", |a| a.credits_minor),
            ("closing", |a| a.closing_minor),
        ] {
            let (was, is) = (was.get(code), is.get(code));
            let currency = was.or(is).map_or("", |account| account.currency.as_str());
            let (said, found) = (was.map_or(0, part), is.map_or(0, part));
            if said != found {
                let sentence = format!(
                    "{code} on {date}: the statement says {what} {}, and the rows say {}: {} apart",
                    amount(said.into(), currency),
                    amount(found.into(), currency),
                    amount((i128::from(said) - i128::from(found)).abs(), currency)
                );
                report.found(Check::Statement, sentence);
            }
        }
    }
    if then.payments != now.payments {
        let words = |s: &Statement| {
            let of = |e: &Ended| {
                format!("{} {} of {}", e.count, e.state, amount(e.amount_minor.into(), &e.currency))
            };
            s.payments.iter().map(of).collect::<Vec<_>>().join(", ")
        };
        let sentence = format!(
            "payments of {date}: the statement says {}, and the rows say {}",
            words(then),
            words(now)
        );
        report.found(Check::Statement, sentence);
    }
}

async fn compare_chain(source: &mut Source, then: &ChainEnd, report: &mut Report) -> Result<(), AuditError> {
    let found = source.all(ENTRY, &[then.count], |row| row.bytes(1)).await?;
    if then.count > 0 && found.first().is_none_or(|hash| hex(hash) != then.head) {
        report.found(Check::Chain, format!("the audit log had {} entries ending in {} when the statement was signed, and has not any more", then.count, then.head));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed() -> String {
        let account = AccountDay {
            code: "float:2:ILS".into(),
            currency: "ILS".into(),
            opening_minor: 1_000_000,
            debits_minor: 5_000,
            credits_minor: 0,
            closing_minor: 995_000,
        };
        let row = |row: &str| RowDigest { row: row.into(), digest: "0123456789abcdef".into() };
        let statement = Statement {
            kind: KIND.into(),
            business_date: 20_261_122,
            as_of_ms: 1_795_343_465_250,
            accounts: vec![account],
            payments: vec![Ended {
                state: "PAID".into(),
                currency: "ILS".into(),
                count: 1,
                amount_minor: 5_000,
            }],
            audit_log: ChainEnd { count: 7, head: hex(&[9; 32]) },
            digest: hex(&[8; 32]),
            rows: vec![row("payment 12"), row("outcome 12"), row("transfer 12/1"), row("transfer 12/2")],
        };
        statement.signed(&[7; 32]).expect("a key")
    }

    fn said(text: &[u8]) -> Result<usize, AuditError> {
        let mut options = Options::new("sqlite:none", 0);
        let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed");
        options.seal_keys = vec![key.public_key().as_ref().try_into().expect("32 bytes")];
        let mut report = Report::new(&options);
        check_signature(text, &mut report)?;
        Ok(report.findings.len())
    }

    #[test]
    fn any_flipped_byte_of_a_statement_is_found() {
        let text = signed();
        assert_eq!(said(text.as_bytes()).expect("a statement"), 0);
        let mut flips = 0;
        for place in 0..text.len() {
            for bit in [0, 5, 7] {
                let mut changed = text.clone().into_bytes();
                changed[place] ^= 1 << bit;
                assert!(said(&changed).map_or(true, |found| found > 0), "byte {place}, bit {bit}");
                flips += 1;
            }
        }
        assert!(flips > 1_000, "{flips} flips");
        for other in [text.replace(':', ": "), text.trim_end().to_owned(), format!("{text}\n")] {
            assert!(said(other.as_bytes()).expect("still JSON") > 0, "another form of the same: {other}");
        }
    }

    #[test]
    fn a_statement_of_a_stranger_is_none() {
        let mut report = Report::new(&Options { seal_keys: vec![[1; 32]], ..Options::new("sqlite:none", 0) });
        check_signature(signed().as_bytes(), &mut report).expect("a statement");
        assert!(report.findings[0].sentence.contains("which is not known"), "{report}");
    }
}
