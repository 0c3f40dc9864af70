//! Statements, reports and notifications of an account: entries, balances, totals. Constant memory.

use super::super::error::{At, Fault};
use super::amount::{Money, Quantity};
use super::report::Tally;
use super::{Leaf, Place, fault};

/// The statements of a document, one at a time.
#[derive(Debug, Default)]
pub(super) struct Statements {
    /// camt.053 alone tells all that happened between two balances.
    is_complete: bool,
    document_pages: Pages,
    statement: Statement,
    balance: Balance,
    entry: Entry,
}

/// Whether all of it is in here. Pages left out mean that it is.
#[derive(Clone, Copy, Debug, Default)]
struct Pages {
    is_part: bool,
}

impl Pages {
    fn leaf(&mut self, name: &str, text: &str) {
        match name {
            "PgNb" => self.is_part |= text.trim().trim_start_matches('0') != "1",
            "LastPgInd" => self.is_part |= !matches!(text.trim(), "true" | "1"),
            _ => {}
        }
    }
}

/// What is kept of a statement.
#[derive(Debug, Default)]
struct Statement {
    pages: Pages,
    opening: Option<Money>,
    previous: Option<Money>,
    closing: Option<(Money, At)>,
    closing_day: Day,
    /// More than one balance of a kind: the statement is of several days, or of several accounts in one.
    is_mixed: bool,
    counts: Counts,
    /// What the booked entries come to, and how much of it is of value only after the closing balance.
    booked: Quantity,
    booked_later: Quantity,
    entries_booked: u64,
    totals: [Total; 3],
}

/// Entries and their sum, for all, the credits, the debits.
#[derive(Debug, Default)]
struct Counts {
    numbers: [u64; 3],
    sums: [Quantity; 3],
}

/// What the summary says.
#[derive(Debug, Default)]
struct Total {
    number: Option<u64>,
    sum: Option<Quantity>,
    path: String,
}

/// The first ten characters of a date or a point in time.
type Day = [u8; 10];

#[derive(Debug, Default)]
struct Balance {
    code: [u8; 4],
    money: Option<Money>,
    is_debit: bool,
    day: Day,
    at: Option<At>,
}

#[derive(Debug, Default)]
struct Entry {
    money: Option<Money>,
    is_debit: bool,
    is_booked: bool,
    value_day: Day,
}

impl Statements {
    pub(super) fn of(message: &str) -> Self {
        Self { is_complete: message.starts_with("camt.053"), ..Self::default() }
    }

    pub(super) fn start(&mut self, inner: &[&'static str], tally: &mut Tally) {
        match inner {
            ["Stmt" | "Rpt" | "Ntfctn"] => {
                self.statement = Statement { pages: self.document_pages, ..Statement::default() };
                tally.statements += 1;
            }
            [_, "Bal"] => self.balance = Balance::default(),
            [_, "Ntry"] => self.entry = Entry::default(),
            _ => {}
        }
    }

    pub(super) fn leaf(
        &mut self,
        inner: &[&'static str],
        leaf: Leaf<'_>,
        place: Place<'_>,
    ) -> Result<(), Fault> {
        let text = leaf.text;
        match inner {
            ["GrpHdr", "MsgPgntn", name] => self.document_pages.leaf(name, text),
            [_, "StmtPgntn" | "RptPgntn" | "NtfctnPgntn", name] => self.statement.pages.leaf(name, text),
            [_, "Bal", rest @ ..] => self.balance.leaf(rest, leaf, place),
            [_, "TxsSummry", which @ ("TtlNtries" | "TtlCdtNtries" | "TtlDbtNtries"), name] => {
                let which = usize::from(*which == "TtlCdtNtries") + 2 * usize::from(*which == "TtlDbtNtries");
                self.statement.totals[which].leaf(name, text, place);
            }
            [_, "Ntry", rest @ ..] => self.entry.leaf(rest, leaf),
            _ => {}
        }
        Ok(())
    }

    pub(super) fn end(&mut self, inner: &[&'static str], tally: &mut Tally) -> Result<(), Fault> {
        match inner {
            [_, "Bal"] => self.statement.take_balance(std::mem::take(&mut self.balance)),
            [_, "Ntry"] => {
                let entry = std::mem::take(&mut self.entry);
                tally.count += 1;
                let Some(money) = entry.money else { return Ok(()) };
                tally.sums.add(money)?;
                if entry.is_debit {
                    tally.debit.add(money)?
                } else {
                    tally.credit.add(money)?
                }
                self.statement.take_entry(&entry, money)?;
            }
            ["Stmt" | "Rpt" | "Ntfctn"] => {
                let mut statement = std::mem::take(&mut self.statement);
                if self.is_complete && !statement.pages.is_part {
                    statement.check_balances()?;
                    statement.check_totals(tally);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Balance {
    fn leaf(&mut self, rest: &[&str], leaf: Leaf<'_>, place: Place<'_>) {
        match rest {
            ["Tp", "CdOrPrtry", "Cd"] => self.code = leaf.text.as_bytes().try_into().unwrap_or_default(),
            ["Amt"] => {
                self.money = leaf.money;
                let (path, line) = place();
                self.at = Some(At { path, line });
            }
            ["CdtDbtInd"] => self.is_debit = leaf.text == "DBIT",
            ["Dt", _] => self.day = day(leaf.text),
            _ => {}
        }
    }
}

impl Entry {
    fn leaf(&mut self, rest: &[&str], leaf: Leaf<'_>) {
        match rest {
            ["Amt"] => self.money = leaf.money,
            ["CdtDbtInd"] => self.is_debit = leaf.text == "DBIT",
            ["Sts"] | ["Sts", "Cd"] => self.is_booked = leaf.text == "BOOK",
            ["ValDt", _] => self.value_day = day(leaf.text),
            _ => {}
        }
    }
}

impl Total {
    fn leaf(&mut self, name: &str, text: &str, place: Place<'_>) {
        match name {
            "NbOfNtries" => self.number = text.parse().ok(),
            "Sum" => self.sum = Quantity::read(text.trim()),
            _ => return,
        }
        if self.path.is_empty() {
            self.path = place().0;
        }
    }
}

impl Statement {
    fn take_balance(&mut self, balance: Balance) {
        let (Some(mut money), Some(at)) = (balance.money, balance.at) else { return };
        if balance.is_debit {
            money.quantity = money.quantity.negated();
        }
        match &balance.code {
            b"OPBD" => self.is_mixed |= self.opening.replace(money).is_some(),
            b"PRCD" => self.is_mixed |= self.previous.replace(money).is_some(),
            b"CLBD" => {
                self.is_mixed |= self.closing.replace((money, at)).is_some();
                self.closing_day = balance.day;
            }
            _ => {}
        }
    }

    fn take_entry(&mut self, entry: &Entry, money: Money) -> Result<(), Fault> {
        for which in [0, 1 + usize::from(entry.is_debit)] {
            self.counts.numbers[which] += 1;
            self.counts.sums[which].add(money.quantity)?;
        }
        if !entry.is_booked {
            return Ok(());
        }
        self.entries_booked += 1;
        self.is_mixed |= self.closing.as_ref().is_some_and(|(closing, _)| closing.currency != money.currency);
        let signed = if entry.is_debit { money.quantity.negated() } else { money.quantity };
        self.booked.add(signed)?;
        if entry.value_day > self.closing_day {
            self.booked_later.add(signed)?;
        }
        Ok(())
    }

    /// Opening balance and booked entries make the closing balance. Some banks leave out of it what is of value only
    /// on a later day; both are taken. Without entries it is a notice of balances, which need not follow each other.
    fn check_balances(&mut self) -> Result<(), Fault> {
        let (Some(opening), Some((closing, at))) = (self.opening.or(self.previous), self.closing.take())
        else {
            return Ok(());
        };
        if self.is_mixed || self.entries_booked == 0 || opening.currency != closing.currency {
            return Ok(());
        }
        let mut with_all = opening.quantity;
        with_all.add(self.booked)?;
        let mut without_later = with_all;
        without_later.add(self.booked_later.negated())?;
        if closing.quantity == with_all || closing.quantity == without_later {
            return Ok(());
        }
        Err(Fault {
            at: Some(at),
            ..fault("the closing balance is not the opening one with the booked entries")
        })
    }

    /// Summaries are written by hand more often than balances: what differs is told, not refused.
    fn check_totals(&self, tally: &mut Tally) {
        for (total, (number, sum)) in
            self.totals.iter().zip(self.counts.numbers.iter().zip(&self.counts.sums))
        {
            let differs = total.number.is_some_and(|said| said != *number)
                || total.sum.is_some_and(|said| said != *sum);
            if differs {
                tally.warn(&total.path, "the summary says something else than the entries");
            }
        }
    }
}

fn day(text: &str) -> Day {
    text.trim().as_bytes().get(..10).and_then(|day| day.try_into().ok()).unwrap_or_default()
}
