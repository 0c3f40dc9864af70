//! Mobile numbers: the vectors, the forms people type, operators a site adds.

use codecs::phone::{Phone, PhoneError, PrefixError, Prefixes};
use proptest::prelude::*;

use crate::support::{golden, list, text};

fn parse(text: &str) -> Result<Phone, PhoneError> {
    Phone::parse(text, &Prefixes::default())
}

#[test]
fn numbers_are_read_as_the_vectors_say() {
    for vector in list(&golden("ps/phone-vectors.json"), "vectors") {
        let read = parse(text(&vector["input"])).map(|phone| phone.e164());
        assert_eq!(read.ok().as_deref(), vector["e164"].as_str(), "{vector}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    use PhoneError::{AnotherCountry, BadCharacter, Empty, PrefixNotAccepted, WrongLength};
    #[rustfmt::skip]
    let table = [
        ("",                     Err(Empty)),
        ("+",                    Err(Empty)),
        (" \u{200F}",            Err(Empty)),
        ("abc",                  Err(BadCharacter(1))),
        ("0599+123456",          Err(BadCharacter(5))),
        ("++970599123456",       Err(BadCharacter(2))),
        ("0599.123456",          Err(BadCharacter(5))),
        ("059912345",            Err(WrongLength(9))),
        ("05991234567",          Err(WrongLength(11))),
        ("599123456",            Err(WrongLength(9))),
        ("+9700599123456",       Err(WrongLength(13))),
        ("00970059912345678901", Err(WrongLength(18))),
        ("+962791234567",        Err(AnotherCountry)),
        ("00962791234567",       Err(AnotherCountry)),
        ("+12",                  Err(AnotherCountry)),
        ("+970299123456",        Err(PrefixNotAccepted)),
        ("0509123456",           Err(PrefixNotAccepted)),
        ("022951234 5",          Err(PrefixNotAccepted)),
        ("00972 599 123 456",    Ok("+972599123456")),
        ("972599123456",         Ok("+972599123456")),
        ("\u{202A}+970\u{00A0}59\u{2011}9123456\u{202C}", Ok("+970599123456")),
        ("۰۵۶۹۱۲۳۴۵۶",           Ok("+970569123456")),
    ];
    for (typed, expected) in table {
        let read = parse(typed).map(|phone| phone.e164());
        assert_eq!(read.as_deref(), expected.as_ref().map(|e164| *e164), "{typed:?}");
    }
}

#[test]
fn a_site_may_accept_other_operators() {
    let prefixes = Prefixes::with_extra(["50", "52"]).expect("good prefixes");
    let read = |text| Phone::parse(text, &prefixes).map(|phone| phone.e164());
    assert_eq!(read("0509123456"), Ok("+970509123456".into()));
    assert_eq!(read("+972 52 912 3456"), Ok("+972529123456".into()));
    assert_eq!(read("0549123456"), Err(PhoneError::PrefixNotAccepted));
    assert_eq!(read("0599123456"), Ok("+970599123456".into()));
    for wrong in ["5", "052", "02", "5x", "٥٢"] {
        assert_eq!(Prefixes::with_extra([wrong]), Err(PrefixError), "{wrong:?}");
    }
}

#[test]
fn a_subscriber_is_the_last_nine_digits() {
    let (a, b, c) = (parse("0599123456"), parse("+972599123456"), parse("0569123456"));
    let (Ok(a), Ok(b), Ok(c)) = (a, b, c) else { panic!("good numbers") };
    assert!(a.is_same_subscriber(&b) && !a.is_same_subscriber(&c) && a != b);
    assert_eq!(format!("{b} {b:?}"), "+972*******56 Phone(+972*******56)");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// However blanks and hyphens are put in, the number is the same.
    #[test]
    fn marks_between_digits_change_nothing(national in "5[69][0-9]{7}", at in 1..10_usize, mark in "[ \u{200E}-]{1,3}") {
        let mut typed = format!("0{national}");
        typed.insert_str(at, &mark);
        prop_assert_eq!(parse(&typed).map(|phone| phone.e164()), Ok(format!("+970{national}")));
    }

    #[test]
    fn arbitrary_text_is_read_or_refused(text in ".{0,30}") {
        if let Ok(phone) = parse(&text) {
            prop_assert_eq!(parse(&phone.e164()), Ok(phone));
        }
    }
}
