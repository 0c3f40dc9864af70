//! What a partial reversal leaves: the replacement amounts of 1987 (field 95) and the original ones of 1993 and 2003
//! (field 30), where the replacement is field 4 itself.

use super::draft::Draft;
use super::message::Message;
use super::money::{Amount, Signed, padded, parse_2003, text_2003};
use super::spec::Profile;
use super::view::{ViewError, digits, number};
use crate::iso4217::Currency;

/// Field 95 of 1987: what the amounts should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplacementAmounts {
    /// Instead of field 4, in its minor units.
    pub transaction: u64,
    /// Instead of field 5.
    pub settlement: u64,
    /// Instead of field 28.
    pub transaction_fee: Signed,
    /// Instead of field 29.
    pub settlement_fee: Signed,
}

impl ReplacementAmounts {
    /// Of a message of 1987; `None` when it carries none.
    ///
    /// # Errors
    /// Names the part that is no amount; in another edition field 95 is something else.
    pub fn read(message: &Message<'_>) -> Result<Option<Self>, ViewError> {
        let profile = message.profile();
        check_edition(profile)?;
        let Some(text) = message.text(95) else { return Ok(None) };
        let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
        let wrong = |part| move || ViewError::new(profile, 95, part, "is not an amount");
        Ok(Some(ReplacementAmounts {
            transaction: number(part(0..12)).ok_or_else(wrong("transaction"))?,
            settlement: number(part(12..24)).ok_or_else(wrong("settlement"))?,
            transaction_fee: Signed::parse(part(24..33)).ok_or_else(wrong("transaction fee"))?,
            settlement_fee: Signed::parse(part(33..42)).ok_or_else(wrong("settlement fee"))?,
        }))
    }

    /// Sets field 95.
    ///
    /// # Errors
    /// Names the amount that has too many digits; in another edition field 95 is something else.
    pub fn write(&self, profile: &Profile, draft: &mut Draft<'_>) -> Result<(), ViewError> {
        check_edition(profile)?;
        let too_long = |part| move || ViewError::new(profile, 95, part, "has too many digits");
        draft.set(
            95,
            [
                padded(self.transaction, 12).ok_or_else(too_long("transaction"))?,
                padded(self.settlement, 12).ok_or_else(too_long("settlement"))?,
                self.transaction_fee.text(8).ok_or_else(too_long("transaction fee"))?,
                self.settlement_fee.text(8).ok_or_else(too_long("settlement fee"))?,
            ]
            .concat(),
        );
        Ok(())
    }
}

fn check_edition(profile: &Profile) -> Result<(), ViewError> {
    match profile.mti_version() {
        0 => Ok(()),
        _ => Err(ViewError::new(profile, 95, "", "is not replacement amounts in this edition")),
    }
}

/// Field 30 of 1993 and 2003: what the amounts of the original were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginalAmounts {
    /// Field 4 of the original, in minor units.
    pub transaction: u64,
    /// Its field 5.
    pub reconciliation: u64,
    /// The currencies of both, which only 2003 says here.
    pub currencies: Option<(Currency, Currency)>,
}

impl OriginalAmounts {
    /// Of a message of 1993 or 2003; `None` when it carries none.
    ///
    /// # Errors
    /// A part that is no amount; in 1987 field 30 is a fee.
    pub fn read(message: &Message<'_>) -> Result<Option<Self>, ViewError> {
        let profile = message.profile();
        let wrong = |problem| ViewError::new(profile, 30, "", problem);
        if profile.mti_version() == 0 {
            return Err(wrong("is a fee in this edition"));
        }
        let Some(text) = digits(message, 30)? else { return Ok(None) };
        let (first, second) = text.split_at(text.len() / 2);
        if profile.mti_version() == 1 {
            let both = number(first).zip(number(second));
            let (transaction, reconciliation) = both.ok_or_else(|| wrong("is not two amounts"))?;
            return Ok(Some(OriginalAmounts { transaction, reconciliation, currencies: None }));
        }
        let Amount { minor: transaction, currency: from, .. } = parse_2003(profile, 30, first)?;
        // What has no reconciliation amount has zeros, and no currency is 000.
        let empty = second.bytes().all(|digit| digit == b'0');
        let to = if empty { None } else { Some(parse_2003(profile, 30, second)?) };
        let currencies = from.zip(to.map_or(from, |amount| amount.currency));
        let reconciliation = to.map_or(0, |amount| amount.minor);
        Ok(Some(OriginalAmounts { transaction, reconciliation, currencies }))
    }

    /// Sets field 30.
    ///
    /// # Errors
    /// An amount of too many digits, or in 2003 without its currency; in 1987 field 30 is a fee.
    pub fn write(&self, profile: &Profile, draft: &mut Draft<'_>) -> Result<(), ViewError> {
        let wrong = |problem| ViewError::new(profile, 30, "", problem);
        let text = match (profile.mti_version(), self.currencies) {
            (0, _) => return Err(wrong("is a fee in this edition")),
            (1, _) => padded(self.transaction, 12).zip(padded(self.reconciliation, 12)),
            (_, None) => return Err(wrong("has no currency")),
            (_, Some((from, to))) => {
                text_2003(from, self.transaction, 12).zip(text_2003(to, self.reconciliation, 12))
            }
        };
        let (first, second) = text.ok_or_else(|| wrong("has too many digits"))?;
        draft.set(30, first + &second);
        Ok(())
    }
}
