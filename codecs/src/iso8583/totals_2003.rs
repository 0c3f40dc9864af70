//! The totals of ISO 8583:2003: six packed amounts and counts in field 74, each amount with its currency.

use super::draft::Draft;
use super::message::Message;
use super::money::{Signed, padded, parse_2003, text_2003};
use super::spec::Profile;
use super::totals::{Total, Totals};
use super::view::{ViewError, number};

impl Totals {
    pub(super) fn read_2003(&mut self, message: &Message<'_>) -> Result<(), ViewError> {
        let profile = message.profile();
        if let Some(text) = message.text(74) {
            let wrong = |problem| ViewError::new(profile, 74, "", problem);
            let (parts, rest) = text.as_bytes().as_chunks::<26>();
            if parts.len() != 6 || !rest.is_empty() || !text.bytes().all(|c| c.is_ascii_digit()) {
                return Err(wrong("is not six packed amounts and numbers"));
            }
            for (at, _) in parts.iter().enumerate() {
                let part =
                    |from: usize, to: usize| text.get(26 * at + from..26 * at + to).unwrap_or_default();
                let (amount, count) = (part(0, 16), part(16, 26));
                let total = self.packed_mut(at);
                total.count = number(count);
                // An amount that is not used may have no currency: it is zeros.
                let unused = amount.bytes().all(|digit| digit == b'0');
                if unused {
                    total.amount = Some(0);
                    continue;
                }
                let amount = parse_2003(profile, 74, amount)?;
                total.amount = Some(amount.minor);
                if self.currency.is_some_and(|known| Some(known) != amount.currency) {
                    return Err(wrong("has amounts of several currencies"));
                }
                self.currency = amount.currency;
            }
        }
        if let Some(text) = message.text(97) {
            let net = parse_2003(profile, 97, &text)?;
            if self.currency.is_some_and(|known| Some(known) != net.currency) {
                return Err(ViewError::new(profile, 97, "currency", "is another than in field 74"));
            }
            self.currency = net.currency;
            self.net = net.sign.map(|sign| Signed { sign, minor: net.minor });
        }
        Ok(())
    }

    pub(super) fn write_2003(&self, profile: &Profile, draft: &mut Draft<'_>) -> Result<(), ViewError> {
        let wrong = |n, problem| ViewError::new(profile, n, "", problem);
        if self.settlement.is_some() {
            return Err(wrong(66, "is no settlement code in this edition"));
        }
        let said = self.packed().iter().any(|total| **total != Total::default());
        if !said && self.net.is_none() {
            return Ok(());
        }
        let currency = self.currency.ok_or_else(|| wrong(74, "has no currency"))?;
        if said {
            let mut text = String::with_capacity(156);
            for total in self.packed() {
                let amount = text_2003(currency, total.amount.unwrap_or(0), 12);
                let both = amount.zip(padded(total.count.unwrap_or(0), 10));
                let (amount, count) = both.ok_or_else(|| wrong(74, "has too many digits"))?;
                text.push_str(&amount);
                text.push_str(&count);
            }
            draft.set(74, text);
        }
        if let Some(net) = self.net {
            let head = text_2003(currency, 0, 1).and_then(|head| head.get(..4).map(str::to_owned));
            let both = head.zip(net.text(16)).ok_or_else(|| wrong(97, "has too many digits"))?;
            draft.set(97, both.0 + &both.1);
        }
        Ok(())
    }

    /// In the order of field 74 of 2003.
    const fn packed(&self) -> [&Total; 6] {
        [
            &self.credits,
            &self.credit_chargebacks,
            &self.credit_reversals,
            &self.debits,
            &self.debit_chargebacks,
            &self.debit_reversals,
        ]
    }

    const fn packed_mut(&mut self, at: usize) -> &mut Total {
        match at {
            0 => &mut self.credits,
            1 => &mut self.credit_chargebacks,
            2 => &mut self.credit_reversals,
            3 => &mut self.debits,
            4 => &mut self.debit_chargebacks,
            _ => &mut self.debit_reversals,
        }
    }
}
