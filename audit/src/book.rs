//! The book of a card host against the database: what is PAID was approved there, what was approved
//! there is PAID or being taken back, and nothing was approved twice.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::cases::Case;
use crate::money::{amount, letters};
use crate::numbers::rrn;
use crate::report::{Check, Report};
use crate::{AuditError, Book, lines};

#[derive(Deserialize)]
struct Line {
    rrn: String,
    stan: u32,
    transmitted: u64,
    terminal: String,
    state: String,
    amount_minor: i64,
    currency: String,
    #[serde(default)]
    approval_code: String,
}

/// A sale as the host knows it.
struct Sale {
    state: String,
    amount_minor: i64,
    currency: String,
    approval_code: String,
}

impl Sale {
    fn money(&self) -> String {
        amount(self.amount_minor.into(), &self.currency)
    }
}

/// The last state of every sale.
pub(crate) struct HostBook {
    connector: Option<String>,
    sales: HashMap<String, Vec<Sale>>,
    /// Payments whose approval stands, by bill.
    charged: BTreeMap<i64, Vec<i64>>,
}

impl HostBook {
    pub(crate) fn read(book: &Book, report: &mut Report) -> Result<Self, AuditError> {
        let mut last: HashMap<(String, u32, u64, String), Sale> = HashMap::new();
        let unreadable = lines::each(&book.file, |line: Line| {
            let sale = Sale {
                state: line.state,
                amount_minor: line.amount_minor,
                currency: letters(&line.currency).to_owned(),
                approval_code: line.approval_code,
            };
            last.insert((line.rrn, line.stan, line.transmitted, line.terminal), sale);
        })?;
        report.unreadable(&book.file, unreadable);
        report.counts.sales += last.len() as u64;
        let mut sales: HashMap<String, Vec<Sale>> = HashMap::new();
        for ((rrn, ..), sale) in last {
            sales.entry(rrn).or_default().push(sale);
        }
        Ok(Self { connector: book.connector.clone(), sales, charged: BTreeMap::new() })
    }

    pub(crate) fn compare(&mut self, case: &Case, report: &mut Report) {
        let Some(payment) = case.payment.as_ref().filter(|payment| payment.method != "cash") else { return };
        let outcome = case.outcome.as_ref();
        let connector = outcome.and_then(|outcome| outcome.connector.as_deref());
        let connector = connector.or(case.open.as_ref().map(|open| open.connector.as_str()));
        let is_elsewhere = self.connector.is_some() && connector != self.connector.as_deref();
        let (name, money) =
            (report.payment(payment.id), amount(payment.amount_minor.into(), &payment.currency));
        // The first attempt has the payment's number; the one that decided has its own.
        let decided = outcome.and_then(|outcome| outcome.attempt);
        let mut attempts = vec![payment.id];
        attempts.extend(decided);
        attempts.extend(case.open.as_ref().map(|open| open.id));
        attempts.sort_unstable();
        attempts.dedup();

        let mut standing = Vec::new();
        let mut known: BTreeMap<i64, Vec<Sale>> = BTreeMap::new();
        for attempt in attempts {
            let sales = self.sales.remove(&rrn(attempt)).unwrap_or_default();
            let approved = sales.iter().filter(|sale| sale.state == "approved").count();
            standing.extend(std::iter::repeat_n(attempt, approved));
            known.insert(attempt, sales);
        }
        if standing.len() > 1 {
            let references: Vec<String> = standing.iter().map(|attempt| rrn(*attempt)).collect();
            report.found(
                Check::Book,
                format!(
                    "the host's book holds {} approvals of {name} (RRN {}): {money} taken more than once",
                    standing.len(),
                    references.join(" and ")
                ),
            );
        }
        if let (false, Some(bill)) = (standing.is_empty(), payment.bill_id) {
            self.charged.entry(bill).or_default().push(payment.id);
        }
        if case.is_paid() {
            let is_fresh = outcome.is_some_and(|outcome| report.options.is_fresh(outcome.at));
            let Some(attempt) = decided.filter(|_| !is_fresh && !is_elsewhere) else { return };
            let approval = outcome.and_then(|outcome| outcome.approval_code.as_deref());
            compare_paid(
                known.get(&attempt).map_or(&[], Vec::as_slice),
                &Paid { name, money, attempt, approval, payment },
                report,
            );
        } else if let Some(attempt) = standing.first()
            && case.open.is_none()
        {
            let end = case.end().unwrap_or("without an end");
            report.found(
                Check::Book,
                format!(
                    "the host's book holds an approval of {money} for RRN {}, and {name} is {end}: {money} taken \
                     from a citizen for nothing",
                    rrn(*attempt)
                ),
            );
        }
    }

    /// What is left belongs to nobody.
    pub(crate) fn close(self, report: &mut Report) {
        for (bill, payments) in self.charged.iter().filter(|(_, payments)| payments.len() > 1) {
            let names: Vec<String> = payments.iter().map(|id| report.payment(*id)).collect();
            let sentence = format!(
                "the host's book holds approvals of {} for one bill, {bill}: a citizen was charged twice",
                names.join(" and ")
            );
            report.found(Check::Book, sentence);
        }
        let mut left: Vec<_> = self.sales.into_iter().collect();
        left.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (rrn, sales) in left {
            for sale in sales.iter().filter(|sale| sale.state == "approved") {
                let money = sale.money();
                let sentence = format!(
                    "the host's book holds an approval of {money} for RRN {rrn}, and no payment has that reference: {money} taken from a citizen and recorded nowhere"
                );
                report.found(Check::Book, sentence);
            }
        }
    }
}

/// A paid payment and how sentences name it.
struct Paid<'a> {
    name: String,
    money: String,
    attempt: i64,
    approval: Option<&'a str>,
    payment: &'a crate::cases::Payment,
}

fn compare_paid(sales: &[Sale], paid: &Paid<'_>, report: &mut Report) {
    let Paid { name, money, .. } = paid;
    let rrn = rrn(paid.attempt);
    let approved = sales.iter().find(|sale| sale.state == "approved");
    let sentence = match (approved, sales.first()) {
        (Some(sale), _) => {
            let same = (sale.amount_minor, sale.currency.as_str())
                == (paid.payment.amount_minor, paid.payment.currency.as_str());
            let codes_differ = paid.approval.is_some_and(|code| code.trim() != sale.approval_code.trim());
            if !same {
                let theirs = sale.money();
                format!("{name} is PAID with {money}, and the host's book approved {theirs} for RRN {rrn}")
            } else if codes_differ {
                let ours = paid.approval.unwrap_or_default();
                format!(
                    "{name} ({money}) has approval code {ours}, and the host's book {} for RRN {rrn}",
                    sale.approval_code
                )
            } else {
                return;
            }
        }
        (None, Some(sale)) => format!(
            "{name} is PAID in the database, and the host's book says {} for RRN {rrn}: {money} recorded without money",
            sale.state
        ),
        (None, None) => format!(
            "{name} is PAID in the database, and the host's book has no approval for RRN {rrn}: {money} recorded without money"
        ),
    };
    report.found(Check::Book, sentence);
}
