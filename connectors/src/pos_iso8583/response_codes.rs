//! What a terminal is told (ISO 8583:1987 fields 39 and 44): one table. Every refusal has its own code.

use switch_core::agent::CashRefusal;

/// Done.
pub const APPROVED: &str = "00";
/// A field is missing or malformed; field 44 names it.
pub const FORMAT_ERROR: &str = "30";
/// This message is none we take, or the link has not signed on.
pub const NOT_PERMITTED: &str = "58";
/// A processing code or message type the switch does not offer.
pub const NOT_OFFERED: &str = "40";
/// The message authentication code is wrong.
pub const SECURITY_VIOLATION: &str = "63";

/// Response code and the words of field 44, at most 25 characters.
#[must_use]
pub fn refusal(refusal: CashRefusal) -> (&'static str, &'static str) {
    match refusal {
        CashRefusal::UnknownTerminal => ("58", "terminal not registered"),
        CashRefusal::UnknownBill => ("25", "no such bill"),
        CashRefusal::BillPaid => ("21", "bill is paid"),
        CashRefusal::BillInPayment => ("09", "bill is being paid"),
        CashRefusal::BillCancelled => ("57", "bill withdrawn"),
        CashRefusal::BillExpired => ("54", "bill expired"),
        CashRefusal::AmountDiffers => ("13", "amount is not what is due"),
        CashRefusal::AmountAboveLimit => ("61", "above terminal limit"),
        CashRefusal::FloatShort => ("51", "float too low"),
        CashRefusal::KeyReused => ("94", "trace number used before"),
        CashRefusal::AlreadyReversed => ("12", "was reversed before"),
        CashRefusal::TooLateToReverse => ("79", "too late to reverse"),
        CashRefusal::Unavailable => ("91", "try again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_own_code_and_fits_its_field() {
        let codes: Vec<&str> = CashRefusal::ALL.iter().map(|what| refusal(*what).0).collect();
        for (i, code) in codes.iter().enumerate() {
            assert!(*code != APPROVED && !codes[..i].contains(code), "{code}");
        }
        assert!(CashRefusal::ALL.iter().all(|what| refusal(*what).1.len() <= 25));
    }
}
