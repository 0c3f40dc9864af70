//! What clients were told against the database: an acknowledged payment is there, and a final answer
//! is final.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::cases::Case;
use crate::money::amount;
use crate::report::{Check, Report};
use crate::{AuditError, lines};

const FINAL: &[&str] = &["PAID", "DECLINED", "REVERSED", "FAILED"];
const OPEN: &[&str] = &["PENDING", "PROCESSING", "MANUAL_REVIEW"];

#[derive(Deserialize)]
struct Line {
    key: String,
    status: String,
    #[serde(default)]
    client: Option<String>,
    #[serde(default)]
    bill: Option<String>,
    #[serde(default)]
    payment: Option<String>,
}

/// What was told under one key.
#[derive(Default)]
struct Told {
    client: Option<String>,
    bill: Option<String>,
    payment: Option<String>,
    /// Final words, each once, in the order they were told.
    ends: Vec<String>,
}

/// What was told, by key.
pub(crate) struct History(HashMap<String, Told>);

impl History {
    pub(crate) fn read(files: &[PathBuf], report: &mut Report) -> Result<Self, AuditError> {
        let mut told: HashMap<String, Told> = HashMap::new();
        let mut answers = 0;
        for file in files {
            let unreadable = lines::each(file, |line: Line| {
                answers += 1;
                let is_final = FINAL.contains(&line.status.as_str());
                if !is_final && !OPEN.contains(&line.status.as_str()) {
                    return;
                }
                let told = told.entry(line.key).or_default();
                told.client = line.client.or(told.client.take());
                told.bill = line.bill.or(told.bill.take());
                told.payment = line.payment.or(told.payment.take());
                if is_final && !told.ends.contains(&line.status) {
                    told.ends.push(line.status);
                }
            })?;
            report.unreadable(file, unreadable);
        }
        report.counts.answers += answers;
        Ok(Self(told))
    }

    pub(crate) fn compare(&mut self, case: &Case, report: &mut Report) {
        let Some(payment) = &case.payment else { return };
        let is_its = |told: &&Told| told.client.is_none() || told.client == payment.client_name;
        if self.0.get(&payment.key).filter(is_its).is_none() {
            return;
        }
        let Some(told) = self.0.remove(&payment.key) else { return };
        let (name, key) = (report.payment(payment.id), &payment.key);
        let money = amount(payment.amount_minor.into(), &payment.currency);
        if let Some((numbers, said)) = report.numbers.as_ref().zip(told.payment.as_deref())
            && numbers.read("pay", said) != Some(payment.id)
        {
            report.found(
                Check::History,
                format!("key {key} was answered with payment {said}, and stands for {name} ({money})"),
            );
        }
        // Cash that was paid may be taken back: both were true when they were told.
        let was = case.outcome.as_ref().map(|outcome| outcome.state.as_str());
        let is = case.end();
        for end in told.ends.iter().filter(|end| Some(end.as_str()) != is && Some(end.as_str()) != was) {
            let is = is.unwrap_or("still open");
            let what = if end == "PAID" {
                "an acknowledged payment was lost"
            } else {
                "a final answer was not final"
            };
            report.found(
                Check::History,
                format!("a client was told {end} for key {key}, and {name} of {money} is {is}: {what}"),
            );
        }
        if told.ends.len() > 1 && case.unwound_at.is_none() {
            let ends = told.ends.join(" and then ");
            report.found(
                Check::History,
                format!(
                    "a client was told {ends} for key {key} ({name}, {money}): a final answer was not final"
                ),
            );
        }
    }

    /// What is left was acknowledged and is nowhere.
    pub(crate) fn close(self, report: &mut Report) {
        let mut left: Vec<_> = self.0.into_iter().collect();
        left.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (key, told) in left {
            let word = told.ends.first().map_or("that it is pending", String::as_str);
            let bill = told.bill.map(|bill| format!(" (bill {bill})")).unwrap_or_default();
            report.found(
                Check::History,
                format!("a client was told {word} for key {key}{bill}, and no payment has that key: an acknowledged payment was lost"),
            );
        }
    }
}
