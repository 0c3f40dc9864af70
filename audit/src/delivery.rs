//! News of ended payments: what waits in the outbox is true, and what receivers took is all that
//! happened and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use serde::Deserialize;

use crate::cases::Case;
use crate::money::amount;
use crate::report::{Check, Report};
use crate::source::Source;
use crate::{AuditError, lines};

const WAITING: &str = "SELECT x.id, x.client_id, x.payment_id, x.state, o.state, u.at, b.client_id
     FROM outbox x LEFT JOIN outcome o ON o.payment_id = x.payment_id
     LEFT JOIN unwind u ON u.payment_id = x.payment_id
     LEFT JOIN payment p ON p.id = x.payment_id LEFT JOIN bill b ON b.id = p.bill_id ORDER BY x.id";

/// What is not delivered yet.
pub(crate) struct Outbox {
    /// The words that wait, by payment.
    waiting: HashMap<i64, BTreeSet<String>>,
    wrong: Vec<String>,
}

impl Outbox {
    pub(crate) async fn read(source: &mut Source) -> Result<Self, AuditError> {
        let mut outbox = Self { waiting: HashMap::new(), wrong: Vec::new() };
        let take = |row: &crate::source::Row<'_>| {
            let (event, client, payment, says) = (row.int(0)?, row.int(1)?, row.int(2)?, row.text(3)?);
            let (is, unwound, owner) = (row.maybe_text(4)?, row.maybe_int(5)?, row.maybe_int(6)?);
            let is_true = is.as_deref() == Some(says.as_str()) || unwound.is_some() && says == "REVERSED";
            if !is_true {
                let is = is.unwrap_or_else(|| "not ended".to_owned());
                outbox.wrong.push(format!("event {event} will tell that payment {payment} is {says}, and it is {is}: an owner learns what did not happen"));
            }
            if owner != Some(client) {
                outbox.wrong.push(format!("event {event} of payment {payment} will be told to client {client}, who does not own its bill"));
            }
            outbox.waiting.entry(payment).or_default().insert(says);
            Ok(())
        };
        source.each(WAITING, &[], take).await?;
        Ok(outbox)
    }

    fn waits(&self, payment: i64, word: &str) -> bool {
        self.waiting.get(&payment).is_some_and(|words| words.contains(word))
    }

    pub(crate) fn close(self, report: &mut Report) {
        for sentence in self.wrong {
            report.found(Check::Outbox, sentence);
        }
        if report.options.settled {
            for (payment, words) in self.waiting.into_iter().collect::<BTreeMap<_, _>>() {
                let (name, words) =
                    (report.payment(payment), words.into_iter().collect::<Vec<_>>().join(", "));
                report.found(
                    Check::Outbox,
                    format!("the news that {name} is {words} still waits: all should have been delivered"),
                );
            }
        }
    }
}

#[derive(Deserialize)]
struct Line {
    event: String,
    #[serde(rename = "type")]
    kind: String,
    payment: String,
}

/// What receivers took.
pub(crate) struct Deliveries {
    /// Whether there is a log at all.
    known: bool,
    /// The words that were taken, by payment.
    taken: HashMap<i64, BTreeSet<String>>,
}

impl Deliveries {
    pub(crate) fn read(files: &[PathBuf], report: &mut Report) -> Result<Self, AuditError> {
        let mut taken: HashMap<i64, BTreeSet<String>> = HashMap::new();
        let mut events: HashMap<String, (String, String)> = HashMap::new();
        let mut wrong = Vec::new();
        let numbers = report.numbers.clone();
        for file in files {
            let mut number = 0;
            let unreadable = lines::each(file, |line: Line| {
                number += 1;
                let said = (line.kind.clone(), line.payment.clone());
                let first = events.entry(line.event.clone()).or_insert_with(|| said.clone());
                if *first != said {
                    wrong.push(format!(
                        "event {} told {} of {} and then {} of {}: one event, two contents",
                        line.event, first.0, first.1, said.0, said.1
                    ));
                }
                match numbers.as_ref().and_then(|numbers| numbers.read("pay", &line.payment)) {
                    Some(payment) => {
                        let word = line.kind.trim_start_matches("payment.").to_ascii_uppercase();
                        taken.entry(payment).or_default().insert(word);
                    }
                    None => wrong.push(format!(
                        "event {} told of {}, which is no number of ours",
                        line.event, line.payment
                    )),
                }
            })?;
            report.counts.deliveries += number;
            report.unreadable(file, unreadable);
        }
        wrong.into_iter().for_each(|sentence| report.found(Check::Delivery, sentence));
        Ok(Self { known: !files.is_empty(), taken })
    }

    pub(crate) fn compare(&mut self, case: &Case, outbox: &Outbox, report: &mut Report) {
        let Some(payment) = case.payment.as_ref().filter(|_| self.known) else { return };
        let taken = self.taken.remove(&payment.id).unwrap_or_default();
        let (name, money) =
            (report.payment(payment.id), amount(payment.amount_minor.into(), &payment.currency));
        let was = case.outcome.as_ref().map(|outcome| outcome.state.as_str());
        let happened: BTreeSet<&str> =
            was.into_iter().chain(case.end()).filter(|word| *word != "REFUSED").collect();
        for word in taken.iter().filter(|word| !happened.contains(word.as_str())) {
            let is = case.end().unwrap_or("still open");
            report.found(
                Check::Delivery,
                format!("a receiver was told that {name} of {money} is {word}, and it is {is}"),
            );
        }
        let at = case.unwound_at.or(case.outcome.as_ref().map(|outcome| outcome.at));
        let Some(bill) = payment.bill.as_ref().filter(|bill| bill.owner_subscribes) else { return };
        if at.is_none_or(|at| report.options.is_fresh(at)) {
            return;
        }
        for word in
            happened.into_iter().filter(|word| !taken.contains(*word) && !outbox.waits(payment.id, word))
        {
            let owner = bill.owner;
            report.found(Check::Delivery, format!("{name} of {money} is {word}, and the owner of its bill (client {owner}) was never told: the news was lost"));
        }
    }

    pub(crate) fn close(self, report: &mut Report) {
        for (payment, words) in self.taken.into_iter().collect::<BTreeMap<_, _>>() {
            let (name, words) = (report.payment(payment), words.into_iter().collect::<Vec<_>>().join(", "));
            report.found(
                Check::Delivery,
                format!("a receiver was told that {name} is {words}, and there is no such payment"),
            );
        }
    }
}
