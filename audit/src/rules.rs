//! What must be true of one payment at every moment, read off its rows.

use crate::AuditError;
use crate::cases::{Attempt, Case, Payment, Transfer};
use crate::ledger::Ledger;
use crate::money::amount;
use crate::report::{Check, OpenWork, Report};
use crate::source::Source;

/// From this position on a transfer undoes a payment.
pub(crate) const UNWIND_SEQ: i64 = 1000;

const PAID_TWICE: &str = "SELECT p.bill_id, MIN(p.id), MAX(p.id), COUNT(*) FROM outcome o
     JOIN payment p ON p.id = o.payment_id LEFT JOIN unwind u ON u.payment_id = p.id
     WHERE o.state = 'PAID' AND u.payment_id IS NULL AND p.bill_id IS NOT NULL
     GROUP BY p.bill_id HAVING COUNT(*) > 1 ORDER BY p.bill_id";
const STRAY_CLAIMS: &str =
    "SELECT c.bill_id, c.payment_id FROM bill_claim c LEFT JOIN payment p ON p.id = c.payment_id
     WHERE c.payment_id IS NOT NULL AND (p.id IS NULL OR p.bill_id IS NULL OR p.bill_id <> c.bill_id)
     ORDER BY c.bill_id";

pub(crate) fn check(case: &Case, ledger: &Ledger, report: &mut Report) {
    let Some(payment) = &case.payment else {
        return without_a_payment(case, ledger, report);
    };
    *report.counts.payments.entry(case.end().unwrap_or("OPEN").to_owned()).or_default() += 1;
    let who = Who { case, payment, name: report.payment(payment.id), money: money(payment) };
    who.end(report);
    who.rows(report);
    who.promises(report);
    who.posting(report);
    who.claim(report);
    who.vault(report);
    if let Some(open) = &case.open {
        who.open(open, report);
    }
}

fn money(payment: &Payment) -> String {
    amount(payment.amount_minor.into(), &payment.currency)
}

/// Rows under a number that no payment has.
fn without_a_payment(case: &Case, ledger: &Ledger, report: &mut Report) {
    let id = case.id;
    for transfer in &case.transfers {
        let is_top_up = transfer.kind == "BOOK"
            && ledger.code(transfer.debit).starts_with("bank:")
            && ledger.code(transfer.credit).starts_with("float:");
        if !is_top_up {
            let (name, money) = (transfer.name(), amount(transfer.amount_minor.into(), &transfer.currency));
            let sentence = format!(
                "{name} ({}) of {money} has no payment {id} and is no top-up of a float: money without a cause",
                transfer.kind
            );
            report.found(Check::Cause, sentence);
        }
    }
    let rows = [
        case.outcome.as_ref().map(|outcome| format!("an outcome {}", outcome.state)),
        case.open.as_ref().map(|open| format!("an open attempt {}", open.state)),
        case.unwound_at.map(|_| "a reversal of cash".to_owned()),
    ];
    for row in rows.into_iter().flatten() {
        let name = report.payment(id);
        report.found(Check::End, format!("there is {row} of {name}, and no such payment: its row was lost"));
    }
}

/// A payment and how sentences name it.
struct Who<'a> {
    case: &'a Case,
    payment: &'a Payment,
    name: String,
    money: String,
}

impl Who<'_> {
    /// How it stands, in a word.
    fn state(&self) -> &str {
        self.case.end().unwrap_or_else(|| self.case.open.as_ref().map_or("nothing", |open| &open.state))
    }

    fn end(&self, report: &mut Report) {
        let (name, money) = (&self.name, &self.money);
        match (self.case.end(), &self.case.open) {
            (None, None) => report.found(
                Check::End,
                format!(
                    "{name} of {money} has neither an outcome nor an open attempt: nobody will ever end it"
                ),
            ),
            (Some(end), Some(open)) if !self.case.takes_late_approval_back() => report.found(
                Check::End,
                format!(
                    "{name} of {money} is {end} and still has an open attempt ({}), which is no late approval \
                     being taken back: its money may be taken back or moved once more",
                    open.state
                ),
            ),
            _ => {}
        }
        let was_paid = self.case.outcome.as_ref().is_some_and(|outcome| outcome.state == "PAID");
        if self.case.unwound_at.is_some() && !(was_paid && self.payment.method == "cash") {
            report.found(
                Check::End,
                format!("{name} of {money} was taken back as cash and was no paid cash payment"),
            );
        }
        // What was refused may have asked for anything.
        if let Some(bill) = self.payment.bill.as_ref().filter(|_| self.case.end() != Some("REFUSED"))
            && (bill.amount_minor, &bill.currency) != (self.payment.amount_minor, &self.payment.currency)
        {
            let asked = amount(bill.amount_minor.into(), &bill.currency);
            report.found(Check::Bill, format!("{name} is of {money}, and its bill {} asks {asked}", bill.id));
        }
    }

    /// Every transfer of a payment is of its amount and its date.
    fn rows(&self, report: &mut Report) {
        let payment = self.payment;
        for transfer in &self.case.transfers {
            if (transfer.amount_minor, &transfer.currency) != (payment.amount_minor, &payment.currency) {
                let moved = amount(transfer.amount_minor.into(), &transfer.currency);
                let less = i128::from(payment.amount_minor) - i128::from(transfer.amount_minor);
                let what = match (transfer.currency == payment.currency, less > 0) {
                    (true, true) => format!("{} lost", amount(less, &payment.currency)),
                    (true, false) => format!("{} too much", amount(-less, &payment.currency)),
                    (false, _) => "another currency".to_owned(),
                };
                report.found(
                    Check::Posting,
                    format!(
                        "{} ({}) is of {moved}, and {} is of {}: {what}",
                        transfer.name(),
                        transfer.kind,
                        self.name,
                        self.money
                    ),
                );
            }
            if transfer.business_date != payment.business_date {
                report.found(
                    Check::BusinessDate,
                    format!(
                        "{} ({}) of {} is booked under {}, and {} under {}",
                        transfer.name(),
                        transfer.kind,
                        self.money,
                        transfer.business_date,
                        self.name,
                        payment.business_date
                    ),
                );
            }
        }
    }

    /// A promise is followed by its one end, or is the one of the open attempt.
    fn promises(&self, report: &mut Report) {
        let transfers = &self.case.transfers;
        let same = |a: &Transfer, b: &Transfer| {
            (a.debit, a.credit, a.amount_minor, &a.currency)
                == (b.debit, b.credit, b.amount_minor, &b.currency)
        };
        let ends = |t: &Transfer| t.kind == "POST" || t.kind == "VOID";
        let at = |seq: i64| transfers.iter().find(|t| t.seq == seq);
        for promise in transfers.iter().filter(|t| t.kind == "PENDING") {
            let (name, money) = (promise.name(), amount(promise.amount_minor.into(), &promise.currency));
            let mine = |open: &Attempt| {
                open.number * 2 - 1 == promise.seq
                    && (open.debit, open.credit) == (promise.debit, promise.credit)
            };
            let is_open = self.case.outcome.is_none() && self.case.open.as_ref().is_some_and(mine);
            let sentence = match at(promise.seq + 1).filter(|t| ends(t)) {
                Some(end) if !same(promise, end) => {
                    format!(
                        "{} ({}) ends the promise {name} of {money} with another amount or other accounts",
                        end.name(),
                        end.kind
                    )
                }
                Some(end) if is_open => {
                    format!(
                        "{} ({}) ended the promise {name} of {money}, and its attempt is still open",
                        end.name(),
                        end.kind
                    )
                }
                None if !is_open => {
                    format!(
                        "{name} promises {money} for {}, which is {}: the promise was never posted or voided",
                        self.name,
                        self.state()
                    )
                }
                Some(_) | None => continue,
            };
            report.found(Check::Promise, sentence);
        }
        for end in transfers.iter().filter(|t| ends(t)) {
            if at(end.seq - 1).is_none_or(|t| t.kind != "PENDING") {
                let money = amount(end.amount_minor.into(), &end.currency);
                let sentence =
                    format!("{} ({}) of {money} ends a promise that was never made", end.name(), end.kind);
                report.found(Check::Promise, sentence);
            }
        }
        if let (None, Some(open)) = (&self.case.outcome, &self.case.open) {
            let promised = at(open.number * 2 - 1).is_some_and(|t| t.kind == "PENDING");
            if !promised {
                let sentence = format!(
                    "{} of {} has an open attempt ({}) and no promise: its money would be moved unrecorded",
                    self.name, self.money, open.state
                );
                report.found(Check::Promise, sentence);
            }
        }
    }

    /// PAID and moved, once; taken back and moved back, once; else nothing moved.
    fn posting(&self, report: &mut Report) {
        let case = self.case;
        let state = case.outcome.as_ref().map(|outcome| outcome.state.as_str());
        let (moved, back): (Vec<_>, Vec<_>) =
            case.transfers.iter().filter(|t| t.moves_money()).partition(|t| t.seq < UNWIND_SEQ);
        let (name, money) = (&self.name, &self.money);
        match (state == Some("PAID"), moved.as_slice()) {
            (true, []) => report.found(
                Check::Posting,
                format!(
                    "{name} is PAID in the database, and nothing was posted: {money} missing from the ledger"
                ),
            ),
            (false, [first, ..]) => report.found(
                Check::Posting,
                format!(
                    "{} ({}) moves {money} for {name}, which is {}: money recorded that nobody paid",
                    first.name(),
                    first.kind,
                    self.state()
                ),
            ),
            (_, [_, second, ..]) => report.found(
                Check::Posting,
                format!(
                    "{} ({}) moves {money} for {name} once more: doubled in the ledger",
                    second.name(),
                    second.kind
                ),
            ),
            _ => {}
        }
        match (case.unwound_at.is_some(), back.as_slice()) {
            (true, []) => report.found(
                Check::Posting,
                format!("{name} was taken back, and nothing was moved back: {money} withheld from the agent"),
            ),
            (true, [back])
                if moved.first().is_some_and(|t| (t.debit, t.credit) != (back.credit, back.debit)) =>
            {
                report.found(
                    Check::Posting,
                    format!(
                        "{} moves {money} of {name} back between other accounts than it came from",
                        back.name()
                    ),
                );
            }
            (false, [back, ..]) => report.found(
                Check::Posting,
                format!("{} moves {money} of {name} back, which was never taken back: lost", back.name()),
            ),
            (true, [_, second, ..]) => report.found(
                Check::Posting,
                format!("{} moves {money} of {name} back once more: doubled", second.name()),
            ),
            _ => {}
        }
    }

    fn claim(&self, report: &mut Report) {
        let Some(bill) = self.payment.bill_id else { return };
        let (name, money, state) = (&self.name, &self.money, self.state());
        let ought = self.case.is_paid() || self.case.outcome.is_none() && self.case.open.is_some();
        let holder = self.payment.claim;
        let holds = holder == Some(Some(self.payment.id));
        if ought && !holds {
            let who = match holder {
                None => "nobody".to_owned(),
                Some(None) => "its withdrawal".to_owned(),
                Some(Some(other)) => report.payment(other),
            };
            let sentence = format!(
                "bill {bill} of {name} ({state}, {money}) is claimed by {who}: it could be paid twice"
            );
            report.found(Check::Claim, sentence);
        } else if holds && !ought {
            let sentence =
                format!("bill {bill} is claimed by {name} ({money}), which is {state}: it can never be paid");
            report.found(Check::Claim, sentence);
        }
    }

    fn vault(&self, report: &mut Report) {
        let ended = self.case.end().is_some_and(|end| end != "REFUSED");
        if let (true, true, Some(card)) = (ended, self.payment.card_is_kept, self.payment.card) {
            let sentence =
                format!("the vault still holds card {card} of {}, which is {}", self.name, self.state());
            report.found(Check::Vault, sentence);
        }
    }

    fn open(&self, open: &Attempt, report: &mut Report) {
        let age_ms = report.options.now_ms.saturating_sub(open.sent_at);
        let late = if self.case.outcome.is_some() { ", a late approval being taken back" } else { "" };
        let sentence = format!(
            "{} of {}: {}{late}, at {} for {}, with node {}",
            self.name,
            self.money,
            open.state,
            open.connector,
            age(age_ms),
            open.node
        );
        if report.options.settled {
            report.found(Check::Open, format!("{sentence}: all should have ended"));
        } else if age_ms > report.options.resolve_within_ms && open.state != "REVIEW" {
            report.found(Check::Open, format!("{sentence}: open for too long, and no person is named"));
        }
        let work = OpenWork { payment: self.payment.id, state: open.state.clone(), age_ms, sentence };
        report.open.push(work);
    }
}

/// `3 h 05 min`, `12 s`.
fn age(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, minutes) => format!("{hours} h {minutes:02} min"),
    }
}

/// What can only be seen from the bill.
pub(crate) async fn check_bills(source: &mut Source, report: &mut Report) -> Result<(), AuditError> {
    let twice = |row: &crate::source::Row<'_>| Ok((row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?));
    for (bill, first, last, times) in source.all(PAID_TWICE, &[], twice).await? {
        let (first, last) = (report.payment(first), report.payment(last));
        let sentence =
            format!("bill {bill} is paid {times} times, by {first} and by {last}: a citizen paid twice");
        report.found(Check::Bill, sentence);
    }
    let stray = |row: &crate::source::Row<'_>| Ok((row.int(0)?, row.int(1)?));
    for (bill, payment) in source.all(STRAY_CLAIMS, &[], stray).await? {
        let payment = report.payment(payment);
        let sentence =
            format!("bill {bill} is claimed by {payment}, which is no payment of it: it can never be paid");
        report.found(Check::Claim, sentence);
    }
    Ok(())
}
