//! What clients were told against the database: an acknowledged payment is there, and a final answer
//! is final.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use serde::Deserialize;

use crate::cases::{Case, Payment};
use crate::money::amount;
use crate::report::{Check, Report};
use crate::{AuditError, lines};

const FINAL: &[&str] = &["PAID", "DECLINED", "REVERSED", "FAILED"];
const OPEN: &[&str] = &["PENDING", "PROCESSING", "MANUAL_REVIEW"];

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    key: Option<String>,
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
    bill: Option<String>,
    payment: Option<String>,
    /// Final words, each once, in the order they were told.
    ends: Vec<String>,
}

/// A key, and whose it is where that was told.
type Key = (String, Option<String>);

/// What was told.
pub(crate) struct History {
    by_key: HashMap<Key, Told>,
    /// Final words of bills whose key was not kept.
    by_bill: BTreeMap<i64, BTreeSet<String>>,
}

impl History {
    pub(crate) fn read(files: &[PathBuf], report: &mut Report) -> Result<Self, AuditError> {
        let mut history = Self { by_key: HashMap::new(), by_bill: BTreeMap::new() };
        let numbers = report.numbers.clone();
        let (mut answers, mut strangers) = (0, Vec::new());
        for file in files {
            let unreadable = lines::each(file, |line: Line| {
                answers += 1;
                let is_final = FINAL.contains(&line.status.as_str());
                if !is_final && !OPEN.contains(&line.status.as_str()) {
                    return;
                }
                let Some(key) = line.key else {
                    let bill = line.bill.unwrap_or_default();
                    match numbers.as_ref().and_then(|numbers| numbers.read("bil", &bill)) {
                        Some(bill) if is_final => {
                            history.by_bill.entry(bill).or_default().insert(line.status);
                        }
                        Some(_) => {}
                        None => strangers.push((bill, line.status)),
                    }
                    return;
                };
                let told = history.by_key.entry((key, line.client)).or_default();
                told.bill = line.bill.or(told.bill.take());
                told.payment = line.payment.or(told.payment.take());
                if is_final && !told.ends.contains(&line.status) {
                    told.ends.push(line.status);
                }
            })?;
            report.unreadable(file, unreadable);
        }
        for (bill, status) in strangers {
            let sentence =
                format!("a client was told {status} for bill \"{bill}\", which is no number of ours");
            report.found(Check::History, sentence);
        }
        report.counts.answers += answers;
        Ok(history)
    }

    pub(crate) fn compare(&mut self, case: &Case, report: &mut Report) {
        let Some(payment) = &case.payment else { return };
        let was = case.outcome.as_ref().map(|outcome| outcome.state.as_str());
        if let Some(words) = payment.bill_id.and_then(|bill| self.by_bill.get_mut(&bill)) {
            words.retain(|word| Some(word.as_str()) != was && Some(word.as_str()) != case.end());
        }
        let named = self.by_key.remove(&(payment.key.clone(), payment.client_name.clone()));
        let nameless = self.by_key.remove(&(payment.key.clone(), None));
        for told in named.into_iter().chain(nameless) {
            compare_key(case, payment, &told, report);
        }
    }

    /// What is left was acknowledged and is nowhere.
    pub(crate) fn close(self, report: &mut Report) {
        for (bill, word) in
            self.by_bill.into_iter().flat_map(|(bill, words)| words.into_iter().map(move |w| (bill, w)))
        {
            let name =
                report.numbers.as_ref().map_or_else(|| bill.to_string(), |numbers| numbers.show("bil", bill));
            let what = if word == "PAID" {
                "an acknowledged payment was lost"
            } else {
                "a final answer was not final"
            };
            report.found(
                Check::History,
                format!("a client was told {word} for bill {name}, and no payment of it ended so: {what}"),
            );
        }
        let mut left: Vec<_> = self.by_key.into_iter().collect();
        left.sort_by(|(a, _), (b, _)| a.cmp(b));
        for ((key, _), told) in left {
            let word = told.ends.first().map_or("that it is pending", String::as_str);
            let bill = told.bill.map(|bill| format!(" (bill {bill})")).unwrap_or_default();
            report.found(
                Check::History,
                format!("a client was told {word} for key {key}{bill}, and no payment has that key: an acknowledged payment was lost"),
            );
        }
    }
}

fn compare_key(case: &Case, payment: &Payment, told: &Told, report: &mut Report) {
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
        let what =
            if end == "PAID" { "an acknowledged payment was lost" } else { "a final answer was not final" };
        report.found(
            Check::History,
            format!("a client was told {end} for key {key}, and {name} of {money} is {is}: {what}"),
        );
    }
    if told.ends.len() > 1 && case.unwound_at.is_none() {
        let ends = told.ends.join(" and then ");
        report.found(
            Check::History,
            format!("a client was told {ends} for key {key} ({name}, {money}): a final answer was not final"),
        );
    }
}
