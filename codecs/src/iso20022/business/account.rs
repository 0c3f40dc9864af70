//! Account numbers: what is wrong with an IBAN (ISO 13616), and when that refuses a message.

use super::super::error::{At, Fault};
use super::report::Tally;
use super::{Place, fault};
use crate::iban::{Iban, IbanError};

/// The IBANs of a message.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    right: u64,
    /// The first that is wrong, and where it stands.
    wrong: Option<(IbanError, At)>,
}

impl Accounts {
    pub(super) fn see(&mut self, text: &str, place: Place<'_>, tally: &mut Tally) {
        let Err(error) = Iban::parse(text) else {
            self.right += 1;
            return;
        };
        let (path, line) = place();
        tally.warn(&path, error.to_string());
        // Countries join the registry; one we do not know yet is no fault of the sender.
        if !matches!(error, IbanError::UnknownCountry) {
            self.wrong.get_or_insert((error, At { path, line }));
        }
    }

    /// Banks send each other numbers they have checked: one wrong among right ones is a slip or a forgery. Where none is
    /// right the sender does not use check digits, which is told as a warning; so is a wrong one in an order of a
    /// customer, whose bank answers for that one transaction (AC01), or in a statement about others.
    pub(super) fn check(&mut self) -> Result<(), Fault> {
        match self.wrong.take() {
            Some((error, at)) if self.right > 0 => Err(Fault { at: Some(at), ..fault(error.to_string()) }),
            _ => Ok(()),
        }
    }
}
