//! Account numbers: the check digits of an IBAN (ISO 13616, ISO 7064 mod 97-10).

use super::super::error::{At, Fault};
use super::report::Tally;
use super::{Place, fault};

/// The IBANs of a message.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    right: u64,
    /// Where the first with wrong check digits stands.
    wrong: Option<At>,
}

impl Accounts {
    pub(super) fn see(&mut self, iban: &str, place: Place<'_>, tally: &mut Tally) {
        if has_right_check_digits(iban) {
            self.right += 1;
            return;
        }
        let (path, line) = place();
        tally.warn(&path, "the check digits of the IBAN are wrong");
        self.wrong.get_or_insert(At { path, line });
    }

    /// Banks send each other numbers they have checked: one wrong among right ones is a slip or a forgery. Where none is
    /// right the sender does not use check digits, which is told as a warning; so is a wrong one in an order of a
    /// customer, whose bank answers for that one transaction (AC01), or in a statement about others.
    pub(super) fn check(&mut self) -> Result<(), Fault> {
        match self.wrong.take() {
            Some(at) if self.right > 0 => {
                Err(Fault { at: Some(at), ..fault("the check digits of the IBAN are wrong") })
            }
            _ => Ok(()),
        }
    }
}

/// The country and check digits move to the end, letters count from 10; the rest of a division by 97 is 1.
fn has_right_check_digits(iban: &str) -> bool {
    let Some((head, tail)) = iban.split_at_checked(4) else { return false };
    let rest = tail.bytes().chain(head.bytes()).try_fold(0_u32, |rest, c| match c {
        b'0'..=b'9' => Some((rest * 10 + u32::from(c - b'0')) % 97),
        b'A'..=b'Z' => Some((rest * 100 + u32::from(c - b'A') + 10) % 97),
        b'a'..=b'z' => Some((rest * 100 + u32::from(c - b'a') + 10) % 97),
        _ => None,
    });
    rest == Some(1)
}

#[cfg(test)]
mod tests {
    use super::has_right_check_digits;

    #[test]
    fn check_digits() {
        #[rustfmt::skip]
        let table = [
            ("PS29PALS000000000000123456789", true),
            ("PS92PALS000000000400123456702", true),
            ("GB82WEST12345698765432", true),
            ("GB28WEST12345698765432", false),
            ("GB82WEST12345698765423", false),
            ("PS29", false),
            ("", false),
            ("PS2é9", false),
        ];
        for (iban, right) in table {
            assert_eq!(has_right_check_digits(iban), right, "{iban}");
        }
    }
}
