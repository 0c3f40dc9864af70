//! What people type: each is read or refused, and what is read says the same when it is read again.

use codecs::amount::Decimal;
use codecs::iban::Iban;
use codecs::national_id::{CheckDigit, NationalId};
use codecs::phone::{Phone, Prefixes};

/// Reads a text as each of them. True when it is any.
pub fn small(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut accepted = false;
    if let Ok(iban) = Iban::parse_typed(&text) {
        assert_eq!(Iban::parse(iban.as_str()), Ok(iban));
        assert_eq!(Iban::parse_typed(&iban.printed()), Ok(iban));
        assert_eq!(Iban::of_bban(iban.country(), iban.bban()), Ok(iban));
        assert!(!format!("{iban:?}").contains(iban.account()), "an account is never printed");
        accepted = true;
    } else {
        assert!(Iban::parse(&text).is_err(), "strict takes nothing that lenient refuses");
    }
    if let Ok((id, warning)) = NationalId::parse(&text, CheckDigit::Warn) {
        assert_eq!(NationalId::parse(&text, CheckDigit::Require).is_ok(), warning.is_none());
        assert_eq!(NationalId::parse(id.as_str(), CheckDigit::Warn), Ok((id, warning)));
        assert!(!format!("{id} {id:?}").contains(id.as_str()), "a number is never printed");
        accepted = true;
    }
    let prefixes = Prefixes::with_extra(["50", "52"]).expect("two digits each");
    if let Ok(phone) = Phone::parse(&text, &prefixes) {
        assert_eq!(Phone::parse(&phone.e164(), &prefixes), Ok(phone));
        assert!(phone.is_same_subscriber(&phone) && phone.e164().len() == 13);
        accepted = true;
    } else {
        assert!(Phone::parse(&text, &Prefixes::default()).is_err(), "more operators refuse nothing");
    }
    if let Ok(amount) = Decimal::parse_typed(&text) {
        assert_eq!(Decimal::parse_typed(&amount.to_string()), Ok(amount));
        assert!(amount.units() >= 0, "what is typed is never negative");
        accepted = true;
    }
    accepted
}
