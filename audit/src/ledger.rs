//! Accounts and their sums, recomputed from single entries: per currency, per account with a floor,
//! and per business date against what the payments of the date say.

use std::collections::BTreeMap;

use crate::AuditError;
use crate::cases::{Case, Transfer};
use crate::money::amount;
use crate::report::{Check, Report};
use crate::rules::UNWIND_SEQ;
use crate::source::Source;

const ACCOUNTS: &str = "SELECT a.id, a.code, a.currency, f.floor_minor, f.balance_minor
     FROM account a LEFT JOIN floored_balance f ON f.account_id = a.id ORDER BY a.id";
const STRAY_FLOORS: &str = "SELECT f.account_id, f.balance_minor FROM floored_balance f
     WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = f.account_id)";

struct Account {
    code: String,
    currency: String,
    floor: Option<(i64, i64)>,
    balance: i128,
}

/// A family of accounts, a currency and a business date.
type Window = (String, String, i64);

/// The sums so far.
pub(crate) struct Ledger {
    accounts: BTreeMap<i64, Account>,
    /// Floors of accounts that do not exist.
    strays: Vec<(i64, i64)>,
    moved: BTreeMap<Window, i128>,
    said: BTreeMap<Window, i128>,
}

impl Ledger {
    pub(crate) async fn read(source: &mut Source) -> Result<Self, AuditError> {
        let accounts = source.all(ACCOUNTS, &[], |row| {
            let floor = row.maybe_int(3)?.zip(row.maybe_int(4)?);
            Ok((row.int(0)?, Account { code: row.text(1)?, currency: row.text(2)?, floor, balance: 0 }))
        });
        let accounts = accounts.await?.into_iter().collect();
        let strays = source.all(STRAY_FLOORS, &[], |row| Ok((row.int(0)?, row.int(1)?))).await?;
        Ok(Self { accounts, strays, moved: BTreeMap::new(), said: BTreeMap::new() })
    }

    /// The code of an account, or what stands for one that does not exist.
    pub(crate) fn code(&self, account: i64) -> &str {
        self.accounts.get(&account).map_or("an account that does not exist", |account| &account.code)
    }

    /// Adds the entries of a case, and what the case says they should be.
    pub(crate) fn take_in(&mut self, case: &Case, report: &mut Report) {
        for transfer in &case.transfers {
            report.counts.transfers += 1;
            self.check_entry(transfer, report);
            if transfer.moves_money() {
                let minor = i128::from(transfer.amount_minor);
                *report.counts.moved_minor.entry(transfer.currency.clone()).or_default() += minor;
                self.enter(case, transfer, transfer.debit, -minor);
                self.enter(case, transfer, transfer.credit, minor);
            }
        }
        self.expect(case);
    }

    fn check_entry(&self, transfer: &Transfer, report: &mut Report) {
        let (name, money) = (transfer.name(), amount(transfer.amount_minor.into(), &transfer.currency));
        if transfer.amount_minor <= 0 || transfer.debit == transfer.credit {
            report.found(
                Check::Balance,
                format!("{name} of {money} moves nothing from one account to another"),
            );
        }
        for (side, id) in [("debits", transfer.debit), ("credits", transfer.credit)] {
            match self.accounts.get(&id) {
                None => report.found(
                    Check::Balance,
                    format!("{name} {side} {money} to account {id}, which does not exist: debits and credits differ by {money}"),
                ),
                Some(account) if account.currency != transfer.currency => report.found(
                    Check::Balance,
                    format!("{name} {side} {money} to {}, an account in {}", account.code, account.currency),
                ),
                Some(_) => {}
            }
        }
    }

    fn enter(&mut self, case: &Case, transfer: &Transfer, account: i64, minor: i128) {
        let Some(account) = self.accounts.get_mut(&account) else { return };
        account.balance += minor;
        if case.payment.is_some() {
            let window = (family(&account.code), transfer.currency.clone(), transfer.business_date);
            *self.moved.entry(window).or_default() += minor;
        }
    }

    /// What a payment says must have moved, from the payment, its bill and its outcome alone.
    fn expect(&mut self, case: &Case) {
        let (Some(payment), Some(outcome)) = (&case.payment, &case.outcome) else { return };
        let Some(bill) = payment.bill.as_ref().filter(|_| outcome.state == "PAID") else { return };
        if case.unwound_at.is_some() && case.transfers.iter().any(|t| t.seq >= UNWIND_SEQ) {
            return;
        }
        let giver = match &outcome.connector {
            Some(connector) => format!("receivable:{connector}"),
            None => format!("float:{}", payment.client),
        };
        let minor = i128::from(payment.amount_minor);
        for (family, minor) in [(giver, -minor), (format!("payable:{}", bill.department), minor)] {
            let window = (family, payment.currency.clone(), payment.business_date);
            *self.said.entry(window).or_default() += minor;
        }
    }

    /// Says what the sums show.
    pub(crate) fn close(self, report: &mut Report) {
        let mut totals: BTreeMap<&str, i128> = BTreeMap::new();
        for account in self.accounts.values() {
            *totals.entry(&account.currency).or_default() += account.balance;
        }
        for (currency, total) in totals.into_iter().filter(|(_, total)| *total != 0) {
            let money = amount(total, currency);
            report.found(Check::Balance, format!("all accounts in {currency} together hold {money} instead of nothing: debits and credits differ"));
        }
        for account in self.accounts.values() {
            account.check_floor(report);
        }
        for (account, minor) in &self.strays {
            report.found(
                Check::Floor,
                format!("account {account} does not exist and has a balance of {minor} minor units"),
            );
        }
        let mut windows: Vec<&Window> = self.moved.keys().chain(self.said.keys()).collect();
        windows.sort();
        windows.dedup();
        for window in windows {
            let of = |sums: &BTreeMap<Window, i128>| sums.get(window).copied().unwrap_or(0);
            let (moved, said) = (of(&self.moved), of(&self.said));
            if moved != said {
                let (family, currency, date) = window;
                let sentence = format!(
                    "{family} on business date {date}: the ledger moved {}, and the payments of that date say {}: {} apart",
                    amount(moved, currency),
                    amount(said, currency),
                    amount((moved - said).abs(), currency)
                );
                report.found(Check::BusinessDate, sentence);
            }
        }
    }
}

impl Account {
    fn check_floor(&self, report: &mut Report) {
        let (code, is) = (&self.code, amount(self.balance, &self.currency));
        let Some((floor, stored)) = self.floor else {
            if code.starts_with("float:") {
                report.found(
                    Check::Floor,
                    format!("{code} holds {is} and has no stored balance: it can be overdrawn"),
                );
            }
            return;
        };
        if i128::from(stored) != self.balance {
            let sentence = format!(
                "{code} says that it holds {}, and its entries say {is}: {} apart",
                amount(stored.into(), &self.currency),
                amount((i128::from(stored) - self.balance).abs(), &self.currency)
            );
            report.found(Check::Floor, sentence);
        }
        if self.balance < i128::from(floor) {
            let floor = amount(floor.into(), &self.currency);
            report.found(Check::Floor, format!("{code} holds {is}, below its floor of {floor}"));
        }
    }
}

/// `payable:MOI` of `payable:MOI:main:ILS`: as much of an account as a payment tells.
fn family(code: &str) -> String {
    code.splitn(3, ':').take(2).collect::<Vec<_>>().join(":")
}
