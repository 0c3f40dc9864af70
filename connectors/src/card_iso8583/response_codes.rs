//! What a card host's response codes mean (ISO 8583:1987 field 39): one table.
//!
//! Three rows decide money. *Approved* moves it, *declined* does not, and everything that says the host could not
//! find out is *unknown*: the attempt is taken back. A code that is not listed is a decline with its raw code kept.

use switch_core::connector::{Decline, DeclineReason};

use DeclineReason::{CardNotAccepted, InsufficientFunds, LimitExceeded, NotPermitted, Rejected};
use Meaning::{Approved, Declined, Unknown};

/// What a code says about the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It moved.
    Approved,
    /// It did not and will not.
    Declined(DeclineReason),
    /// Nobody knows yet.
    Unknown,
}

/// Code, meaning, and the standard's words.
#[rustfmt::skip]
pub const TABLE: [(&str, Meaning, &str); 53] = [
    ("00", Approved,                    "approved"),
    ("01", Declined(NotPermitted),      "refer to card issuer"),
    ("02", Declined(NotPermitted),      "refer to card issuer, special condition"),
    ("03", Declined(Rejected),          "invalid merchant"),
    ("04", Declined(CardNotAccepted),   "pick up card"),
    ("05", Declined(NotPermitted),      "do not honour"),
    ("06", Unknown,                     "error"),
    ("07", Declined(CardNotAccepted),   "pick up card, special condition"),
    ("08", Approved,                    "honour with identification"),
    ("09", Unknown,                     "request in progress"),
    ("10", Approved,                    "approved for a partial amount: refused by the amount check"),
    ("11", Approved,                    "approved, VIP"),
    ("12", Declined(Rejected),          "invalid transaction"),
    ("13", Declined(Rejected),          "invalid amount"),
    ("14", Declined(CardNotAccepted),   "invalid card number"),
    ("15", Declined(CardNotAccepted),   "no such issuer"),
    ("19", Declined(NotPermitted),      "re-enter transaction"),
    ("21", Declined(NotPermitted),      "no action taken"),
    ("25", Declined(Rejected),          "unable to locate record"),
    ("30", Declined(Rejected),          "format error"),
    ("31", Declined(CardNotAccepted),   "bank not supported by switch"),
    ("33", Declined(CardNotAccepted),   "expired card, pick up"),
    ("34", Declined(CardNotAccepted),   "suspected fraud, pick up"),
    ("36", Declined(CardNotAccepted),   "restricted card, pick up"),
    ("38", Declined(CardNotAccepted),   "PIN tries exceeded, pick up"),
    ("39", Declined(CardNotAccepted),   "no credit account"),
    ("40", Declined(NotPermitted),      "function not supported"),
    ("41", Declined(CardNotAccepted),   "lost card"),
    ("43", Declined(CardNotAccepted),   "stolen card"),
    ("51", Declined(InsufficientFunds), "not sufficient funds"),
    ("52", Declined(CardNotAccepted),   "no current account"),
    ("53", Declined(CardNotAccepted),   "no savings account"),
    ("54", Declined(CardNotAccepted),   "expired card"),
    ("55", Declined(NotPermitted),      "incorrect PIN"),
    ("56", Declined(CardNotAccepted),   "no card record"),
    ("57", Declined(NotPermitted),      "not permitted to cardholder"),
    ("58", Declined(NotPermitted),      "not permitted to terminal"),
    ("59", Declined(CardNotAccepted),   "suspected fraud"),
    ("61", Declined(LimitExceeded),     "exceeds amount limit"),
    ("62", Declined(CardNotAccepted),   "restricted card"),
    ("63", Declined(Rejected),          "security violation"),
    ("64", Declined(Rejected),          "original amount incorrect"),
    ("65", Declined(LimitExceeded),     "exceeds frequency limit"),
    ("68", Unknown,                     "response received too late"),
    ("75", Declined(CardNotAccepted),   "PIN tries exceeded"),
    ("76", Declined(Rejected),          "original does not match"),
    ("77", Declined(Rejected),          "original does not match"),
    ("78", Declined(Rejected),          "original not found"),
    ("91", Unknown,                     "issuer or switch inoperative"),
    ("92", Unknown,                     "no route to the issuer"),
    ("94", Unknown,                     "duplicate transmission: the first one's answer is not known here"),
    ("95", Unknown,                     "reconcile error"),
    ("96", Unknown,                     "system malfunction"),
];

/// Answers to a reversal that say: not now, try again. All others that are not accepted are refusals.
pub const REVERSAL_RETRY: [&str; 8] = ["06", "09", "68", "91", "92", "94", "95", "96"];

/// What a code means; a code that is not listed is a decline.
#[must_use]
pub fn meaning(code: &str) -> Meaning {
    TABLE.iter().find(|(known, ..)| *known == code).map_or(Declined(NotPermitted), |(_, meaning, _)| *meaning)
}

/// A decline with its raw code.
#[must_use]
pub fn decline(reason: DeclineReason, code: &str) -> Decline {
    Decline { reason, code: code.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_once_and_in_order() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn only_four_codes_approve_and_unavailability_never_does() {
        let approving: Vec<&str> =
            TABLE.iter().filter(|(_, meaning, _)| *meaning == Approved).map(|(code, ..)| *code).collect();
        assert_eq!(approving, ["00", "08", "10", "11"]);
        for code in ["06", "09", "68", "91", "92", "94", "96"] {
            assert_eq!(meaning(code), Unknown, "{code}");
        }
        for code in ["", "0", "000", "ZZ", "99", "0 "] {
            assert_eq!(meaning(code), Declined(NotPermitted), "{code:?}");
        }
    }
}
