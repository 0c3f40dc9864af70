//! Messages that order payments: counts, control sums, settlement totals, amounts above zero, nothing twice.
//!
//! pacs.003, .004, .008 and .009 between banks; pain.001, .008 and .013 from customers, whose transactions stand in
//! blocks with totals of their own.

use std::collections::HashSet;

use super::super::error::{At, Fault};
use super::amount::{Money, Quantity};
use super::report::Tally;
use super::{Leaf, Place, fault};

/// A value of a group, and where it stands.
#[derive(Debug)]
struct Noted<T> {
    value: T,
    at: At,
}

/// What a group says of its transactions, and what they are.
#[derive(Debug, Default)]
struct Group {
    count_said: Option<Noted<Option<u64>>>,
    sum_said: Option<Noted<Option<Quantity>>>,
    total_said: Option<Noted<Money>>,
    count: u64,
    sum: Quantity,
}

/// The transaction being read.
#[derive(Debug, Default)]
struct Transaction {
    instruction: String,
    end_to_end: String,
}

/// The orders of a message.
#[derive(Debug)]
pub(super) struct Orders {
    is_interbank: bool,
    /// A return of a whole group names no transactions.
    is_group_return: bool,
    whole: Group,
    block: Group,
    transaction: Transaction,
    seen: HashSet<(&'static str, String)>,
}

impl Orders {
    pub(super) fn interbank() -> Self {
        Self {
            is_interbank: true,
            is_group_return: false,
            whole: Group::default(),
            block: Group::default(),
            transaction: Transaction::default(),
            seen: HashSet::new(),
        }
    }

    pub(super) fn of_customer() -> Self {
        Self { is_interbank: false, ..Self::interbank() }
    }

    pub(super) fn is_interbank(&self) -> bool {
        self.is_interbank
    }

    pub(super) fn start(&mut self, inner: &[&'static str], tally: &mut Tally) {
        if self.is_transaction(inner) {
            self.whole.count += 1;
            self.block.count += 1;
            tally.count += 1;
            self.transaction = Transaction::default();
        } else if let ["PmtInf"] = inner {
            self.block = Group::default();
        }
    }

    fn is_transaction(&self, inner: &[&str]) -> bool {
        match inner {
            ["CdtTrfTxInf" | "DrctDbtTxInf" | "TxInf"] => self.is_interbank,
            ["PmtInf", "CdtTrfTxInf" | "DrctDbtTxInf" | "CdtTrfTx"] => !self.is_interbank,
            _ => false,
        }
    }

    pub(super) fn leaf(
        &mut self,
        inner: &[&'static str],
        leaf: Leaf<'_>,
        place: Place<'_>,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        match inner {
            ["GrpHdr", name] => return self.whole_leaf(name, leaf, place),
            ["PmtInf", name] => return self.block.leaf(name, leaf, place),
            _ => {}
        }
        let depth = if self.is_interbank { 1 } else { 2 };
        let Some((transaction, rest)) = inner.split_at_checked(depth) else { return Ok(()) };
        if !self.is_transaction(transaction) {
            return Ok(());
        }
        match (rest, leaf.money) {
            (["IntrBkSttlmAmt" | "RtrdIntrBkSttlmAmt"], Some(money)) => self.ordered(money, tally),
            (["InstdAmt"] | ["Amt", "InstdAmt"] | ["Amt", "EqvtAmt", "Amt"], Some(money))
                if !self.is_interbank =>
            {
                self.ordered(money, tally)
            }
            (["InstdAmt" | "RtrdInstdAmt"], Some(money)) => above_zero(money),
            (["RtrId"], _) => self.once("RtrId", leaf.text),
            (["PmtId", name @ ("TxId" | "UETR")], _) => self.once(name, leaf.text),
            (["PmtId", "InstrId"], _) => {
                self.transaction.instruction = leaf.text.to_owned();
                Ok(())
            }
            (["PmtId", "EndToEndId"], _) => {
                self.transaction.end_to_end = leaf.text.to_owned();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn whole_leaf(&mut self, name: &str, leaf: Leaf<'_>, place: Place<'_>) -> Result<(), Fault> {
        match (name, leaf.money) {
            ("TtlIntrBkSttlmAmt" | "TtlRtrdIntrBkSttlmAmt", Some(money)) => {
                self.whole.total_said = Some(noted(money, place));
                above_zero(money)
            }
            ("GrpRtr", _) => {
                self.is_group_return = matches!(leaf.text.trim(), "true" | "1");
                Ok(())
            }
            _ => self.whole.leaf(name, leaf, place),
        }
    }

    /// An amount to be moved: above zero, in the currency of the total (rule TotalInterbankSettlementAmount).
    fn ordered(&mut self, money: Money, tally: &mut Tally) -> Result<(), Fault> {
        above_zero(money)?;
        if self.whole.total_said.as_ref().is_some_and(|total| total.value.currency != money.currency) {
            return Err(fault("the currency is another than that of the total of the group"));
        }
        self.whole.sum.add(money.quantity)?;
        self.block.sum.add(money.quantity)?;
        tally.sums.add(money)
    }

    /// The same identification twice is the same payment twice.
    fn once(&mut self, name: &'static str, text: &str) -> Result<(), Fault> {
        if self.seen.insert((name, text.to_owned())) {
            return Ok(());
        }
        Err(fault("the same identification as that of another transaction of the message"))
    }

    pub(super) fn end(&mut self, inner: &[&'static str]) -> Result<(), Fault> {
        match inner {
            ["PmtInf"] if !self.is_interbank => self.block.check(),
            [.., "PmtId"] if self.is_transaction(&inner[..inner.len() - 1]) => {
                let Transaction { instruction, end_to_end } = std::mem::take(&mut self.transaction);
                if instruction.is_empty() || end_to_end.is_empty() {
                    return Ok(());
                }
                self.once("PmtId", &format!("{instruction}\n{end_to_end}"))
            }
            // The message itself ends.
            [] if self.is_group_return && self.whole.count == 0 => Ok(()),
            [] => self.whole.check(),
            _ => Ok(()),
        }
    }
}

impl Group {
    fn leaf(&mut self, name: &str, leaf: Leaf<'_>, place: Place<'_>) -> Result<(), Fault> {
        match name {
            "NbOfTxs" => self.count_said = Some(noted(leaf.text.parse().ok(), place)),
            "CtrlSum" => self.sum_said = Some(noted(Quantity::read(leaf.text.trim()), place)),
            _ => {}
        }
        Ok(())
    }

    /// Rules NumberOfTransactions, ControlSum and TotalInterbankSettlementAmount of the message definition reports.
    fn check(&mut self) -> Result<(), Fault> {
        let at = |at: At, reason| Err(Fault { at: Some(at), ..fault(reason) });
        if let Some(said) = self.count_said.take_if(|said| said.value != Some(self.count)) {
            return at(said.at, "the number of transactions is another than there are");
        }
        if let Some(said) = self.sum_said.take_if(|said| said.value != Some(self.sum)) {
            return at(said.at, "the control sum is another than that of the transactions");
        }
        if let Some(said) = self.total_said.take_if(|said| said.value.quantity != self.sum) {
            return at(said.at, "the total is another than the sum of the transactions");
        }
        Ok(())
    }
}

fn noted<T>(value: T, place: Place<'_>) -> Noted<T> {
    let (path, line) = place();
    Noted { value, at: At { path, line } }
}

fn above_zero(money: Money) -> Result<(), Fault> {
    if money.quantity > Quantity::ZERO { Ok(()) } else { Err(fault("a payment of nothing")) }
}
