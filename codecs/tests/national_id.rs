//! Identity numbers: the vectors, the setting of the check digit, and what is never printed.

use codecs::national_id::{CheckDigit, NationalId, NationalIdError, Warning};
use proptest::prelude::*;

use crate::support::{golden, list, text};

#[test]
fn numbers_are_read_as_the_vectors_say() {
    for vector in list(&golden("ps/national-id-vectors.json"), "vectors") {
        let read = NationalId::parse(text(&vector["id"]), CheckDigit::Require);
        assert_eq!(read.is_ok(), vector["valid"] != false, "{vector}");
        if let Ok((id, warning)) = read {
            assert_eq!(warning, None);
            assert_eq!(NationalId::parse(id.as_str(), CheckDigit::Require), Ok((id, None)));
        }
    }
}

#[test]
fn what_is_wrong_is_said() {
    use NationalIdError::{AllZeros, BadCharacter, Empty, WrongCheckDigit, WrongLength};
    #[rustfmt::skip]
    let table = [
        ("800123458",    Err(WrongCheckDigit),   Ok(Some(Warning))),
        ("800213457",    Err(WrongCheckDigit),   Ok(Some(Warning))),
        ("800123457",    Ok(None),               Ok(None)),
        (" 800123457\n", Ok(None),               Ok(None)),
        ("۸۰۰۱۲۳۴۵۷",    Ok(None),               Ok(None)),
        ("\u{200F}٨٠٠١٢٣٤٥٧\u{200F}", Ok(None),  Ok(None)),
        ("",             Err(Empty),             Err(Empty)),
        (" \u{200E} ",   Err(Empty),             Err(Empty)),
        ("8001234",      Err(WrongLength(7)),    Err(WrongLength(7))),
        ("8001234570",   Err(WrongLength(10)),   Err(WrongLength(10))),
        ("80012345A",    Err(BadCharacter(9)),   Err(BadCharacter(9))),
        ("800 123457",   Err(BadCharacter(4)),   Err(BadCharacter(4))),
        ("8001२3457",    Err(BadCharacter(5)),   Err(BadCharacter(5))),
        ("000000000",    Err(AllZeros),          Err(AllZeros)),
    ];
    for (id, required, warned) in table {
        let read = |check| NationalId::parse(id, check).map(|(_, warning)| warning);
        assert_eq!((read(CheckDigit::Require), read(CheckDigit::Warn)), (required, warned), "{id:?}");
    }
    let (id, _) = NationalId::parse("800123457", CheckDigit::Require).expect("a good number");
    assert_eq!(format!("{id} {id:?}"), "*******57 NationalId(*******57)");
    assert_eq!((id.as_str(), CheckDigit::default()), ("800123457", CheckDigit::Warn));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Of ten numbers that differ in one digit, one has the right check digit.
    #[test]
    fn one_wrong_digit_is_always_found(number in "[1-9][0-9]{8}", at in 0..9_usize) {
        let right = (0..10).filter(|digit| {
            let mut other = number.clone();
            other.replace_range(at..=at, &digit.to_string());
            NationalId::parse(&other, CheckDigit::Require).is_ok()
        });
        prop_assert_eq!(right.count(), 1);
    }

    #[test]
    fn arbitrary_text_is_read_or_refused(text in ".{0,20}") {
        if let Ok((id, _)) = NationalId::parse(&text, CheckDigit::Warn) {
            prop_assert!(id.as_str().bytes().all(|digit| digit.is_ascii_digit()));
        }
    }
}
