//! Reconciliation: the counts and amounts two sides compare at the end of a day.
//!
//! 1987 and 1993 write them in fields 74 to 90 and 97, 1993 chargebacks in 105 to 108, 2003 all of them packed in
//! field 74. Whether a reversal counts for the side it is named after or against it differs between networks, so the
//! net amount is checked only against the reading the caller names.

use super::draft::Draft;
use super::message::Message;
use super::money::{Signed, currency, padded};
use super::spec::Profile;
use super::view::{ViewError, digits, number};
use crate::iso4217::Currency;

/// How many, and how much in minor units. `None` is what the message does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Transactions.
    pub count: Option<u64>,
    /// Their sum.
    pub amount: Option<u64>,
}

/// What a reconciliation message says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Fields 74 and 86.
    pub credits: Total,
    /// Fields 75 and 87.
    pub credit_reversals: Total,
    /// Fields 76 and 88.
    pub debits: Total,
    /// Fields 77 and 89.
    pub debit_reversals: Total,
    /// Fields 107 and 105 (not in 1987).
    pub credit_chargebacks: Total,
    /// Fields 108 and 106 (not in 1987).
    pub debit_chargebacks: Total,
    /// Counts of what moves no money.
    pub others: OtherCounts,
    /// Fees (1987 only).
    pub fees: Fees,
    /// Field 97.
    pub net: Option<Signed>,
    /// Field 50; in 2003 of the amounts themselves.
    pub currency: Option<Currency>,
    /// Field 66 (1987 only).
    pub settlement: Option<SettlementCode>,
}

/// Counts beside the credits and debits; 2003 has no fields for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OtherCounts {
    /// Field 78.
    pub transfers: Option<u64>,
    /// Field 79.
    pub transfer_reversals: Option<u64>,
    /// Field 80.
    pub inquiries: Option<u64>,
    /// Field 81.
    pub authorisations: Option<u64>,
    /// Field 82 of 1993.
    pub inquiry_reversals: Option<u64>,
    /// Field 83 of 1993.
    pub payments: Option<u64>,
    /// Field 84 of 1993.
    pub payment_reversals: Option<u64>,
    /// Field 85 of 1993.
    pub fee_collections: Option<u64>,
    /// Field 90 of 1993.
    pub authorisation_reversals: Option<u64>,
}

/// Fees of 1987 in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fees {
    /// Field 82.
    pub credit_processing: Option<u64>,
    /// Field 83.
    pub credit_transaction: Option<u64>,
    /// Field 84.
    pub debit_processing: Option<u64>,
    /// Field 85.
    pub debit_transaction: Option<u64>,
}

/// Field 66 of 1987: how the comparison ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettlementCode {
    /// 1
    InBalance,
    /// 2
    OutOfBalance,
    /// 3
    Error,
    /// Another digit.
    Other(u8),
}

/// What the amounts in fields 87 and 89 do to the net amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reversals {
    /// A credit reversal is an entry that credits: it counts with the credits.
    AsNamed,
    /// A credit reversal takes a credit back: it counts against the credits.
    TakenBack,
}

impl SettlementCode {
    /// From the digit.
    #[must_use]
    pub const fn of(digit: u8) -> Self {
        match digit {
            1 => SettlementCode::InBalance,
            2 => SettlementCode::OutOfBalance,
            3 => SettlementCode::Error,
            other => SettlementCode::Other(other),
        }
    }

    /// The digit.
    #[must_use]
    pub const fn digit(self) -> u8 {
        match self {
            SettlementCode::InBalance => 1,
            SettlementCode::OutOfBalance => 2,
            SettlementCode::Error => 3,
            SettlementCode::Other(other) => other,
        }
    }
}

/// A figure: its name, the field it stands in, how many digits it has, in which editions, and its place.
struct Figure {
    name: &'static str,
    field: u8,
    len: usize,
    editions: &'static [u8],
    place: Place,
}

type Place = fn(&mut Totals) -> &mut Option<u64>;

const fn figure(name: &'static str, field: u8, len: usize, editions: &'static [u8], place: Place) -> Figure {
    Figure { name, field, len, editions, place }
}

/// 2003 packs the first twelve into field 74.
const PACKED: usize = 12;

#[rustfmt::skip]
const FIGURES: [Figure; 25] = [
    figure("credits, number",                  74, 10, &[0, 1], |t| &mut t.credits.count),
    figure("credits, amount",                  86, 16, &[0, 1], |t| &mut t.credits.amount),
    figure("credit reversals, number",         75, 10, &[0, 1], |t| &mut t.credit_reversals.count),
    figure("credit reversals, amount",         87, 16, &[0, 1], |t| &mut t.credit_reversals.amount),
    figure("debits, number",                   76, 10, &[0, 1], |t| &mut t.debits.count),
    figure("debits, amount",                   88, 16, &[0, 1], |t| &mut t.debits.amount),
    figure("debit reversals, number",          77, 10, &[0, 1], |t| &mut t.debit_reversals.count),
    figure("debit reversals, amount",          89, 16, &[0, 1], |t| &mut t.debit_reversals.amount),
    figure("credit chargebacks, number",      107, 10, &[1],    |t| &mut t.credit_chargebacks.count),
    figure("credit chargebacks, amount",      105, 16, &[1],    |t| &mut t.credit_chargebacks.amount),
    figure("debit chargebacks, number",       108, 10, &[1],    |t| &mut t.debit_chargebacks.count),
    figure("debit chargebacks, amount",       106, 16, &[1],    |t| &mut t.debit_chargebacks.amount),
    figure("transfers, number",                78, 10, &[0, 1], |t| &mut t.others.transfers),
    figure("transfer reversals, number",       79, 10, &[0, 1], |t| &mut t.others.transfer_reversals),
    figure("inquiries, number",                80, 10, &[0, 1], |t| &mut t.others.inquiries),
    figure("authorisations, number",           81, 10, &[0, 1], |t| &mut t.others.authorisations),
    figure("inquiry reversals, number",        82, 10, &[1],    |t| &mut t.others.inquiry_reversals),
    figure("payments, number",                 83, 10, &[1],    |t| &mut t.others.payments),
    figure("payment reversals, number",        84, 10, &[1],    |t| &mut t.others.payment_reversals),
    figure("fee collections, number",          85, 10, &[1],    |t| &mut t.others.fee_collections),
    figure("authorisation reversals, number",  90, 10, &[1],    |t| &mut t.others.authorisation_reversals),
    figure("credits, processing fees",         82, 12, &[0],    |t| &mut t.fees.credit_processing),
    figure("credits, transaction fees",        83, 12, &[0],    |t| &mut t.fees.credit_transaction),
    figure("debits, processing fees",          84, 12, &[0],    |t| &mut t.fees.debit_processing),
    figure("debits, transaction fees",         85, 12, &[0],    |t| &mut t.fees.debit_transaction),
];

impl Totals {
    /// What `message` says.
    ///
    /// # Errors
    /// A figure that is no number, a currency that is none, in 2003 amounts of several currencies.
    pub fn read(message: &Message<'_>) -> Result<Self, ViewError> {
        let profile = message.profile();
        let edition = profile.mti_version();
        let mut totals = Totals::default();
        for figure in &FIGURES {
            if figure.editions.contains(&edition)
                && let Some(text) = digits(message, figure.field)?
            {
                let wrong = || ViewError::new(profile, figure.field, "", "is not a number");
                *(figure.place)(&mut totals) = Some(number(&text).ok_or_else(wrong)?);
            }
        }
        if edition == 2 {
            totals.read_2003(message)?;
            return Ok(totals);
        }
        totals.currency = currency(message, 50)?;
        if let Some(text) = message.text(97) {
            let wrong = || ViewError::new(profile, 97, "", "is not an amount");
            totals.net = Some(Signed::parse(&text).ok_or_else(wrong)?);
        }
        if edition == 0
            && let Some(text) = digits(message, 66)?
        {
            totals.settlement = text.parse().ok().map(SettlementCode::of);
        }
        Ok(totals)
    }

    /// Sets the fields of what is said.
    ///
    /// # Errors
    /// A figure the edition has no field or too few digits for; in 2003 amounts without currency.
    pub fn write(&self, profile: &Profile, draft: &mut Draft<'_>) -> Result<(), ViewError> {
        let edition = profile.mti_version();
        for (at, figure) in FIGURES.iter().enumerate() {
            let Some(value) = (*self).figure(figure) else { continue };
            let wrong = |problem| ViewError::new(profile, figure.field, figure.name, problem);
            let is_packed = edition == 2 && at < PACKED;
            if !is_packed && !figure.editions.contains(&edition) {
                return Err(wrong("has no field in this edition"));
            }
            if !is_packed {
                draft.set(
                    figure.field,
                    padded(value, figure.len).ok_or_else(|| wrong("has too many digits"))?,
                );
            }
        }
        let wrong = |n, problem| ViewError::new(profile, n, "", problem);
        if edition == 2 {
            return self.write_2003(profile, draft);
        }
        if let Some(currency) = self.currency {
            draft.set(50, format!("{:03}", currency.number()));
        }
        if let Some(net) = self.net {
            draft.set(97, net.text(16).ok_or_else(|| wrong(97, "has too many digits"))?);
        }
        match self.settlement {
            Some(code) if edition == 0 => drop(draft.set_number(66, code.digit().into())),
            Some(_) => return Err(wrong(66, "is no settlement code in this edition")),
            None => {}
        }
        Ok(())
    }

    /// The net amount that the four sums give under a reading; `None` beyond the range of a number.
    #[must_use]
    pub fn computed_net(&self, reversals: Reversals) -> Option<Signed> {
        let sum = |total: Total| i64::try_from(total.amount.unwrap_or(0)).ok();
        let (credits, debits) = (sum(self.credits)?, sum(self.debits)?);
        let (back_credits, back_debits) = (sum(self.credit_reversals)?, sum(self.debit_reversals)?);
        let reversed = back_credits.checked_sub(back_debits)?;
        let gross = credits.checked_sub(debits)?;
        let net = match reversals {
            Reversals::AsNamed => gross.checked_add(reversed)?,
            Reversals::TakenBack => gross.checked_sub(reversed)?,
        };
        Some(Signed::of_net(net))
    }

    /// The names of the figures that both sides say and say differently; nothing when they are in balance.
    pub fn differences(&self, other: &Totals) -> impl Iterator<Item = &'static str> {
        let (own, theirs) = (*self, *other);
        let figures = FIGURES.iter().filter_map(move |figure| {
            let both = own.figure(figure).zip(theirs.figure(figure));
            both.filter(|(own, theirs)| own != theirs).map(|_| figure.name)
        });
        let net = self.net.zip(other.net).filter(|(own, theirs)| own.net() != theirs.net());
        let money = self.currency.zip(other.currency).filter(|(own, theirs)| own != theirs);
        figures.chain(net.map(|_| "net amount")).chain(money.map(|_| "currency"))
    }

    fn figure(mut self, figure: &Figure) -> Option<u64> {
        *(figure.place)(&mut self)
    }
}
